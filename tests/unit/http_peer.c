#include "http_peer.h"

#include <string.h>

static void read_body(struct peer_stream *stream, struct http_request *request)
{
    const char *found = strcasestr(request->headers, "content-length:");
    size_t length = found != NULL ? (size_t)g_ascii_strtoull(found + 15, NULL, 10) : 0;
    request->body = g_malloc0(length + 1);
    if (length > 0)
        peer_read_exactly(stream, request->body, length);
}

static void read_headers(struct peer_stream *stream, struct http_request *request)
{
    GString *lines = g_string_new(NULL);
    for (;;) {
        char *line = peer_read_line(stream);
        bool last = line == NULL || line[0] == '\0';
        if (!last)
            g_string_append_printf(lines, "%s\n", line);
        g_free(line);
        if (last)
            break;
    }
    request->headers = g_string_free(lines, FALSE);
}

static void serve(struct peer_stream *stream, void *arg)
{
    struct http_peer *server = arg;
    struct http_request request = {0};
    if (server->tls && !peer_tls(stream, server->tls_name))
        return;
    request.line = peer_read_line(stream);
    if (request.line == NULL)
        return;
    read_headers(stream, &request);
    read_body(stream, &request);
    g_atomic_int_inc(&server->requests);
    server->answer(stream, &request, server->arg);
    g_free(request.line);
    g_free(request.headers);
    g_free(request.body);
}

void http_peer_start(struct http_peer *server, http_answer_fn *answer, void *arg, bool tls)
{
    *server = (struct http_peer){.answer = answer, .arg = arg, .tls = tls, .tls_name = "localhost"};
    server->peer = peer_start(serve, server);
}

void http_peer_stop(struct http_peer *server)
{
    peer_stop(server->peer);
}

char *http_peer_url(const struct http_peer *server, const char *path)
{
    return g_strdup_printf(server->tls ? "https://localhost:%u%s" : "http://127.0.0.1:%u%s",
                           peer_port(server->peer), path);
}

void http_peer_json(struct peer_stream *stream, int status, const char *headers, const char *json)
{
    g_autofree char *text =
        g_strdup_printf("HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\n%s"
                        "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                        status, headers, strlen(json), json);
    peer_say(stream, text);
}
