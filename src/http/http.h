/* The HTTP server: routes, requests, answers, event streams, over libmicrohttpd.
 *
 * The library's threads only move bytes. A request's headers are judged first: framing, size, then
 * sign-in (on a worker, before the body is read); then the body is read up to the route's limit,
 * the request is suspended, its handler runs on a worker and answers by exactly one of the
 * http_respond functions. */
#ifndef POSTROOM_HTTP_HTTP_H
#define POSTROOM_HTTP_HTTP_H

#include "base/error.h"
#include "exec/exec.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct http_server;
struct http_request;
struct http_stream;
struct store_principal;

struct http_config {
    const char *listen;     /* "127.0.0.1:8025", "[::1]:0" */
    const char *public_url; /* absolute, without a slash at the end; its path is where we live */
    struct exec *exec;      /* borrowed; freed after the server was stopped */
    unsigned threads;       /* that move bytes; 0: 2 */
    unsigned connections;   /* in all; 0: 2000 */
    unsigned connections_per_address; /* 0: 200; not counted when trusted_proxies are set, or when
                                         only this machine can connect */
    unsigned idle_seconds;            /* of a silent connection; 0: 60 */
    unsigned turns;                   /* requests of one person that workers serve at once; 0: 12 */
    uint64_t body_budget;             /* bytes of all bodies under way; 0: 256 MiB. Over it: 503 */
    uint64_t answer_budget; /* of answers that clients are slow to read; 0: 1 GiB. Over it: 503 */
    const char *const *trusted_proxies; /* networks whose X-Forwarded-For counts; NULL-terminated;
                                           NULL: this machine */
    const char *const *browser_origins; /* whose pages may use the API with a token or password
                                           ("https://mail.example"); NULL: everybody's */
    const char *frame_ancestors; /* CSP sources that may embed the page, e.g. "https://crm.example";
                                    NULL: none */
};

/* Starts listening. (transfer full) or NULL with ERROR_INVALID (the address or URL) or
 * ERROR_UNREACHABLE (the port is taken). Routes must be added before http_server_open. */
struct http_server *http_server_new(const struct http_config *config, GError **error);
/* Begins to serve. */
bool http_server_open(struct http_server *server, GError **error);
/* Takes no more, ends streams, waits for handlers, closes connections, frees. NULL is allowed. */
void http_server_free(struct http_server *server);
uint16_t http_server_port(const struct http_server *server);
/* The path below which we live: "/" or "/mail/". Owned by the server. */
const char *http_server_base(const struct http_server *server);
/* "https://host" of the public URL, for Origin. Owned by the server. */
const char *http_server_origin(const struct http_server *server);
bool http_server_is_https(const struct http_server *server);

/* --- routes
 * ----------------------------------------------------------------------------------------- */

enum http_door {
    HTTP_DOOR_OPEN,   /* anyone; Origin is not checked */
    HTTP_DOOR_LOGIN,  /* anyone, from our own Origin */
    HTTP_DOOR_CALL,   /* signed in; by cookie, a POST needs the CSRF header and our Origin */
    HTTP_DOOR_API,    /* as a call; pages of other origins too, but these not by cookie */
    HTTP_DOOR_SOCKET, /* signed in; a page only from our Origin, and by cookie not without one */
    HTTP_DOOR_BROWSE, /* signed in by cookie only: navigation and images */
    HTTP_DOOR_VISIT,  /* navigation by anyone, with who is signed in by cookie */
};

typedef void http_handler_fn(struct http_request *request, void *arg);

struct http_route {
    const char *method; /* "GET" (serves HEAD too) or "POST" */
    const char *path;   /* below the base, without a leading slash; with one at the end it is a
                           prefix, "" is everything else. The longest match counts */
    enum http_door door;
    uint64_t body_max; /* a longer body: 413, by its Content-Length before it is read */
    http_handler_fn *handle;
    void *arg;
    struct exec *exec; /* where the handler runs; NULL: the server's, EXEC_INTERACTIVE */
    const char *limit; /* what JMAP calls body_max, for the problem (RFC 8620, 3.6.1); NULL: none */
};

/* Copies the route; its strings are borrowed for ever. Before http_server_open. */
void http_route(struct http_server *server, const struct http_route *route);

/* Who asks? Called on a worker for every route that is not HTTP_DOOR_OPEN, before the body is read.
 * True: goes on (http_request_set_principal was called if needed). False: it has responded. */
typedef bool http_admit_fn(struct http_request *request, enum http_door door, void *arg);
void http_server_admit(struct http_server *server, http_admit_fn *fn, void *arg);

/* --- requests: valid until the handler returns
 * ------------------------------------------------------ */

struct http_server *http_request_server(const struct http_request *request);
const char *http_request_method(const struct http_request *request);
/* The nth segment of the path behind the route's own path, decoded; NULL when there are fewer. */
const char *http_request_segment(const struct http_request *request, size_t n);
size_t http_request_segments(const struct http_request *request);
/* NULL when there is none; names of headers in any case. */
const char *http_request_query(struct http_request *request, const char *name);
const char *http_request_header(const struct http_request *request, const char *name);
/* (transfer full) or NULL. */
char *http_request_cookie(const struct http_request *request, const char *name);
/* The media type of the body in lower case, without parameters; "" when none was given. */
char *http_request_content_type(const struct http_request *request);
GBytes *http_request_body(struct http_request *request); /* borrowed, never NULL */
/* The client's address, by trusted proxies' word. */
const char *http_request_address(const struct http_request *request);
/* The request came from this machine itself, not through a proxy. */
bool http_request_is_local(const struct http_request *request);
/* It comes from a page whose origin may use this route (HTTP_DOOR_API), ours included. */
bool http_request_may_cross(const struct http_request *request);
/* Parses the body as JSON with depth 64 and no duplicate keys (SECURITY.md 14); NULL when it is not
 * that. (transfer full) */
json_t *http_request_json(struct http_request *request);

/* Set by whoever admits. csrf may be NULL. */
void http_request_set_principal(struct http_request *request, struct store_principal *principal,
                                const char *csrf);
struct store_principal *http_request_principal(const struct http_request *request); /* borrowed */
const char *http_request_csrf(const struct http_request *request);

/* --- answers
 * ----------------------------------------------------------------------------------------- */

/* A header of the answer, before or after http_respond; replaces the default of that name. "":
 * none.
 */
void http_set_header(struct http_request *request, const char *name, const char *value);
void http_respond_bytes(struct http_request *request, unsigned status, const char *type,
                        GBytes *body);
/* (transfer full) json */
void http_respond_json(struct http_request *request, unsigned status, json_t *json);
void http_respond_empty(struct http_request *request, unsigned status);
/* RFC 7807: title is a plain sentence, detail the next step. */
void http_respond_problem(struct http_request *request, unsigned status, const char *title,
                          const char *detail);
/* The problem of an error: status by its code, title and next step from base/error.h. */
void http_respond_error(struct http_request *request, const GError *error);
/* location is a path below the base ("link/done?account=a1") or an absolute URL of a provider. */
void http_respond_redirect(struct http_request *request, const char *location);

/* --- event streams (text/event-stream)
 * --------------------------------------------------------------- */

/* Answers with a stream. The caller owns one reference. */
struct http_stream *http_respond_stream(struct http_request *request);
struct http_stream *http_stream_ref(struct http_stream *stream);
void http_stream_unref(struct http_stream *stream);
/* Sends an event ping with {"interval":seconds} when no event was sent for so long; 0: only
 * comments, which keep proxies awake. */
void http_stream_ping(struct http_stream *stream, unsigned seconds);
/* Queues an event with an id, or NULL: the one before stays; data has no line ends; event NULL:
 * only the id is told. From any thread, never blocks. False when the client is gone or reads so
 * slowly that 256 KiB wait for it: the stream is then closed. */
bool http_stream_send(struct http_stream *stream, const char *event, const char *data,
                      const char *id);
/* Ends it after what is queued. */
void http_stream_close(struct http_stream *stream);
bool http_stream_is_open(struct http_stream *stream);

/* --- parts that are ready to be added
 * ---------------------------------------------------------------- */

/* GET healthz, and metrics for requests of this machine itself (everybody with metrics_open).
 * metrics gives Prometheus text, (transfer full). */
void http_add_health(struct http_server *server, char *(*metrics)(void *arg), void *arg,
                     bool metrics_open);
/* The page: files of the GResource below prefix ("/postroom/web"), index.html with {{BASE}} and
 * {{NONCE}} filled for every path that is not a file. */
void http_add_page(struct http_server *server, const char *prefix);

#endif
