#include "http/http.h"

#include "base/clock.h"
#include "http/internal.h"
#include "net/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define BODY_BUDGET (256u * 1024 * 1024)
#define ANSWER_BUDGET (1024u * 1024 * 1024)
#define TURNS 12        /* more than maxConcurrentRequests, of which more are refused */
#define GOODBYE_MS 2000 /* how long answers under way may still take when the server stops */

static const char *const loopback[] = {"127.0.0.0/8", "::1", NULL};

struct part {
    void *data;
    GDestroyNotify release;
};

static void part_free(void *data)
{
    struct part *part = data;
    part->release(part->data);
    g_free(part);
}

void server_keep(struct http_server *server, void *data, GDestroyNotify release)
{
    struct part *part = g_new0(struct part, 1);
    *part = (struct part){data, release};
    g_ptr_array_add(server->parts, part);
}

/* "127.0.0.1:8025" or "[::1]:8025". */
static bool parse_listen(const char *text, char **host, char **port)
{
    const char *colon = text == NULL ? NULL : strrchr(text, ':');
    if (colon == NULL || colon == text || colon[1] == '\0')
        return false;
    bool bracketed = text[0] == '[' && colon[-1] == ']';
    *host = bracketed ? g_strndup(text + 1, (size_t)(colon - text - 2))
                      : g_strndup(text, (size_t)(colon - text));
    *port = g_strdup(colon + 1);
    return bracketed || strchr(*host, ':') == NULL;
}

static int listen_on(const struct addrinfo *address)
{
    int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, 512) == 0)
        return fd;
    int failure = errno;
    close(fd);
    errno = failure;
    return -1;
}

static bool open_listener(struct http_server *server, const char *where, GError **error)
{
    g_autofree char *host = NULL;
    g_autofree char *port = NULL;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    if (!parse_listen(where, &host, &port) || getaddrinfo(host, port, &hints, &list) != 0) {
        error_set(error, ERROR_INVALID, "cannot listen on \"%s\": write ADDRESS:PORT", where);
        return false;
    }
    server->listener = listen_on(list);
    freeaddrinfo(list);
    if (server->listener < 0) {
        error_set(error, ERROR_UNREACHABLE, "cannot listen on %s: %s", where, g_strerror(errno));
        return false;
    }
    struct sockaddr_in6 bound = {.sin6_family = AF_UNSPEC}; /* the port's place is IPv4's too */
    socklen_t size = sizeof(bound);
    (void)getsockname(server->listener, (struct sockaddr *)&bound, &size);
    server->port = ntohs(bound.sin6_port);
    if (net_address_in((struct sockaddr *)&bound, loopback))
        server->per_address = 0; /* a reverse proxy's connections are everybody's */
    return true;
}

static bool read_public_url(struct http_server *server, const char *url, GError **error)
{
    g_autofree char *scheme = NULL, *host = NULL, *path = NULL;
    int port = -1;
    bool parsed = url != NULL && g_uri_split(url, G_URI_FLAGS_NONE, &scheme, NULL, &host, &port,
                                             &path, NULL, NULL, NULL);
    bool fits = parsed && host != NULL && host[0] != '\0' &&
                (g_strcmp0(scheme, "http") == 0 || g_strcmp0(scheme, "https") == 0);
    if (!fits) {
        error_set(error, ERROR_INVALID, "the public URL must be http://… or https://…");
        return false;
    }
    server->https = strcmp(scheme, "https") == 0;
    bool usual = port < 0 || port == (server->https ? 443 : 80);
    bool v6 = strchr(host, ':') != NULL;
    g_autofree char *low = g_ascii_strdown(host, -1);
    g_autofree char *suffix = usual ? g_strdup("") : g_strdup_printf(":%d", port);
    server->origin = g_strconcat(scheme, v6 ? "://[" : "://", low, v6 ? "]" : "", suffix, NULL);
    bool slash = path == NULL || g_str_has_suffix(path, "/");
    server->base = g_strconcat(path == NULL || path[0] == '\0' ? "/" : path,
                               slash || path[0] == '\0' ? "" : "/", NULL);
    return true;
}

struct http_server *http_server_new(const struct http_config *config, GError **error)
{
    struct http_server *server = g_new0(struct http_server, 1);
    server->exec = config->exec;
    server->listener = -1;
    server->threads = config->threads > 0 ? config->threads : 2;
    server->connections = config->connections > 0 ? config->connections : 2000;
    server->per_address =
        config->connections_per_address > 0 ? config->connections_per_address : 200;
    server->idle_seconds = config->idle_seconds > 0 ? config->idle_seconds : 60;
    server->turns = turns_new(config->turns > 0 ? config->turns : TURNS);
    server->bodies = share_new(config->body_budget > 0 ? config->body_budget : BODY_BUDGET);
    server->answers = share_new(config->answer_budget > 0 ? config->answer_budget : ANSWER_BUDGET);
    bool named = config->trusted_proxies != NULL && config->trusted_proxies[0] != NULL;
    const char *const *trusted =
        config->trusted_proxies != NULL ? config->trusted_proxies : loopback;
    server->trusted_proxies = g_strdupv((char **)(uintptr_t)trusted);
    if (named)
        server->per_address = 0;
    server->browser_origins = g_strdupv((char **)(uintptr_t)config->browser_origins);
    server->frame_ancestors =
        g_strdup(config->frame_ancestors == NULL ? "'none'" : config->frame_ancestors);
    server->routes = g_array_new(FALSE, TRUE, sizeof(struct http_route));
    server->streams = g_ptr_array_new();
    server->links = g_hash_table_new_full(NULL, NULL, g_free, NULL);
    server->lingering = g_array_new(FALSE, FALSE, sizeof(struct late_close));
    server->parts = g_ptr_array_new_with_free_func(part_free);
    pthread_mutex_init(&server->mutex, NULL);
    pthread_cond_init(&server->changed, NULL);
    if (read_public_url(server, config->public_url, error) &&
        open_listener(server, config->listen, error))
        return server;
    http_server_free(server);
    return NULL;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

const char *http_server_base(const struct http_server *server)
{
    return server->base;
}

const char *http_server_origin(const struct http_server *server)
{
    return server->origin;
}

bool http_server_is_https(const struct http_server *server)
{
    return server->https;
}

void http_route(struct http_server *server, const struct http_route *route)
{
    g_array_append_val(server->routes, *route);
}

void http_server_admit(struct http_server *server, http_admit_fn *fn, void *arg)
{
    server->admit = fn;
    server->admit_arg = arg;
}

struct http_stream *http_respond_stream(struct http_request *request)
{
    struct http_server *server = request->server;
    struct http_stream *stream = stream_new(request);
    struct MHD_Response *reply = stream_response(stream);
    if (request->reply != NULL)
        MHD_destroy_response(request->reply);
    request->reply = reply;
    request->status = 200;
    http_set_header(request, "Content-Type", "text/event-stream");
    http_set_header(request, "X-Accel-Buffering", "no");
    pthread_mutex_lock(&server->mutex);
    g_ptr_array_add(server->streams, http_stream_ref(stream));
    bool stopping = server->stopping;
    pthread_mutex_unlock(&server->mutex);
    if (stopping)
        http_stream_close(stream);
    return stream;
}

/* With the mutex held. */
static void close_lingering(struct http_server *server, int64_t now)
{
    for (guint i = server->lingering->len; i > 0; i--) {
        struct late_close *linger = &g_array_index(server->lingering, struct late_close, i - 1);
        if (linger->until > now)
            continue;
        close(linger->fd);
        g_array_remove_index_fast(server->lingering, i - 1);
    }
}

static void *ref_stream(const void *stream, void *unused)
{
    (void)unused;
    return http_stream_ref((struct http_stream *)(uintptr_t)stream);
}

static void unref_stream(void *stream)
{
    http_stream_unref(stream);
}

/* With the mutex held. To be used without it: their mutexes are held while the library's lock is
 * taken, and that while this one is (hand_back in dispatch.c). */
static GPtrArray *streams_of(struct http_server *server)
{
    GPtrArray *streams = g_ptr_array_copy(server->streams, ref_stream, NULL);
    g_ptr_array_set_free_func(streams, unref_stream);
    return streams;
}

/* With the mutex held, but not all the time: sends pings and forgets streams that ended. */
static void tick_streams(struct http_server *server, int64_t now)
{
    g_autoptr(GPtrArray) streams = streams_of(server);
    pthread_mutex_unlock(&server->mutex);
    for (guint i = streams->len; i > 0; i--) {
        stream_tick(streams->pdata[i - 1], now);
        if (http_stream_is_open(streams->pdata[i - 1]))
            g_ptr_array_remove_index_fast(streams, i - 1);
    }
    pthread_mutex_lock(&server->mutex);
    for (guint i = 0; i < streams->len; i++) {
        g_ptr_array_remove_fast(server->streams, streams->pdata[i]);
        http_stream_unref(streams->pdata[i]);
    }
}

static void *tick(void *arg)
{
    struct http_server *server = arg;
    pthread_mutex_lock(&server->mutex);
    while (!server->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 1;
        (void)pthread_cond_timedwait(&server->changed, &server->mutex, &until);
        tick_streams(server, clock_now());
        close_lingering(server, clock_now());
        links_tick(server, clock_now());
    }
    pthread_mutex_unlock(&server->mutex);
    return NULL;
}

/* With the mutex held: waits until the condition's number is 0 or the time is over. */
static void wait_for_zero(struct http_server *server, const unsigned *number, int64_t deadline)
{
    while (*number > 0 && clock_now() < deadline) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 20 * 1000 * 1000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        (void)pthread_cond_timedwait(&server->changed, &server->mutex, &until);
    }
}

/* Nothing may be suspended when the daemon stops. */
static void stop(struct http_server *server)
{
    MHD_socket listener = MHD_quiesce_daemon(server->daemon);
    pthread_mutex_lock(&server->mutex);
    server->stopping = true;
    pthread_cond_broadcast(&server->changed);
    g_autoptr(GPtrArray) streams = streams_of(server);
    pthread_mutex_unlock(&server->mutex);
    for (guint i = 0; i < streams->len; i++)
        stream_abort(streams->pdata[i]);
    pthread_mutex_lock(&server->mutex);
    wait_for_zero(server, &server->working, CLOCK_NEVER);
    wait_for_zero(server, &server->requests, clock_in_ms(GOODBYE_MS));
    pthread_mutex_unlock(&server->mutex);
    if (server->ticking)
        pthread_join(server->ticker, NULL);
    MHD_stop_daemon(server->daemon);
    if (listener != MHD_INVALID_SOCKET)
        close(listener);
}

void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    if (server->daemon != NULL)
        stop(server);
    else if (server->listener >= 0)
        close(server->listener);
    for (guint i = 0; i < server->streams->len; i++)
        http_stream_unref(server->streams->pdata[i]);
    close_lingering(server, CLOCK_NEVER);
    g_array_unref(server->lingering);
    g_hash_table_unref(server->links);
    g_ptr_array_unref(server->streams);
    g_ptr_array_unref(server->parts);
    g_array_unref(server->routes);
    turns_free(server->turns);
    share_free(server->bodies);
    share_free(server->answers);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->mutex);
    g_strfreev(server->trusted_proxies);
    g_strfreev(server->browser_origins);
    g_free(server->frame_ancestors);
    g_free(server->base);
    g_free(server->origin);
    g_free(server);
}

bool http_server_open(struct http_server *server, GError **error)
{
    server->daemon = server_daemon(server);
    if (server->daemon == NULL) {
        error_set(error, ERROR_INTERNAL, "the HTTP server cannot start");
        return false;
    }
    server->ticking = pthread_create(&server->ticker, NULL, tick, server) == 0;
    return server->ticking;
}
