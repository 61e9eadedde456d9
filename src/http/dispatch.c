#include "http/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/access.h"

#include <string.h>
#include <unistd.h>

#define HEADER_MEMORY (32u * 1024)
#define STACK_BYTES (256u * 1024)
#define LINGER_MS 3000
#define LINGER_MAX 256
#define BODY_SECONDS 60
#define DISCARD_MAX (16u * 1024 * 1024)
#define BODY_SLOWEST 4096 /* bytes a second */

/* How many segments of the route's path the request has in front; -1: it is not this route. */
static int match(const struct http_route *route, const struct http_request *request)
{
    g_auto(GStrv) parts = g_strsplit(route->path, "/", -1);
    bool prefix = route->path[0] == '\0' || g_str_has_suffix(route->path, "/");
    guint count = g_strv_length(parts);
    if (prefix && count > 0)
        count--; /* the empty part behind the slash */
    if (request->segments->len < count || (!prefix && request->segments->len != count))
        return -1;
    for (guint i = 0; i < count; i++)
        if (strcmp(parts[i], request->segments->pdata[i]) != 0)
            return -1;
    return (int)count * 2 + !prefix;
}

static bool method_fits(const struct http_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

/* Finds the route by path first, so that a wrong method is not answered by the page. */
static bool find_route(struct http_request *request)
{
    int best = -1;
    bool fits = false;
    for (guint i = 0; i < request->server->routes->len; i++) {
        const struct http_route *route =
            &g_array_index(request->server->routes, struct http_route, i);
        int score = match(route, request);
        if (score < best || score < 0 || (score == best && fits))
            continue;
        best = score;
        request->route = route;
        fits = method_fits(route, request->method);
    }
    if (best > 1)
        g_ptr_array_remove_range(request->segments, 0, (guint)best / 2);
    if (best >= 0)
        cors_allow(request);
    if (best >= 0 && cors_preflight(request))
        return false;
    if (!fits && best >= 0)
        http_set_header(request, "Allow", request->route->method);
    if (!fits)
        http_respond_problem(request, best < 0 ? 404 : 405,
                             best < 0 ? "There is nothing at this address."
                                      : "This address does not take that method.",
                             "Check the address.");
    return fits;
}

/* Of the share of who was let in, or of all. */
static bool reserve(struct http_request *request, uint64_t bytes)
{
    bool fits = share_take(request->server->bodies, request->holder, bytes);
    request->reserved += fits ? bytes : 0;
    return fits;
}

static void respond_refused(struct http_request *request, unsigned status)
{
    if (status == 413 && request->route->limit != NULL) {
        http_respond_json(request, 413,
                          json_pack("{s:s, s:i, s:s, s:s, s:s}", "type",
                                    "urn:ietf:params:jmap:error:limit", "status", 413, "limit",
                                    request->route->limit, "title", "The request is too large.",
                                    "detail", "See its limit in the session."));
        http_set_header(request, "Content-Type", "application/problem+json");
        return;
    }
    if (status == 413) {
        http_respond_problem(request, 413, "The request is too large.",
                             "Send less at once; the server's limits stand in its settings.");
        return;
    }
    http_set_header(request, "Retry-After", "5");
    http_respond_problem(request, status, "The server is busy.", "Try again in a few seconds.");
}

/* What the headers alone decide; false when the answer is set. */
static bool judge(struct http_request *request)
{
    int64_t length;
    bool framed = request_framing(request, &length);
    request->has_body = length > 0 || length == -2 || !framed;
    if (!framed || !request_split(request)) {
        http_set_header(request, "Connection", "close");
        http_respond_problem(request, 400, "The request is not valid HTTP.",
                             "This is a fault of the program that sent it.");
        return false;
    }
    if (!find_route(request))
        return false;
    request->body_deadline =
        clock_in_ms((BODY_SECONDS + MAX(length, 0) / BODY_SLOWEST) * (int64_t)1000);
    if (length > 0 && (uint64_t)length > request->route->body_max) {
        respond_refused(request, 413);
        return false;
    }
    return true;
}

/* Gives the request back to the library; the caller must not touch it any more. */
static void hand_back(struct http_request *request, enum request_state state)
{
    struct http_server *server = request->server;
    struct MHD_Connection *connection = request->connection;
    request->state = state;
    /* In this order: the server waits for the number before it stops the daemon. Not under the
     * mutex: the library tells the end of an upgraded connection (on_completed, which takes it)
     * with the lock held that resuming takes. */
    MHD_resume_connection(connection);
    pthread_mutex_lock(&server->mutex);
    server->working--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->mutex);
}

static void admit_job(void *arg)
{
    struct http_request *request = arg;
    struct http_server *server = request->server;
    bool admitted =
        server->admit != NULL && server->admit(request, request->route->door, server->admit_arg);
    if (admitted && request->principal != NULL)
        request->holder = store_principal_user(request->principal);
    hand_back(request, admitted ? REQUEST_ADMITTED : REQUEST_ANSWERED);
}

static void submit(struct http_request *request, struct exec *exec, void (*job)(void *arg))
{
    if (exec_submit(exec, EXEC_INTERACTIVE, job, request))
        return;
    respond_refused(request, 503);
    hand_back(request, REQUEST_ANSWERED);
}

/* A handler of a route that has workers of its own. */
static void own_job(void *arg)
{
    struct http_request *request = arg;
    request->route->handle(request, request->route->arg);
    hand_back(request, REQUEST_ANSWERED);
}

static void handler_job(void *arg)
{
    struct http_request *request = arg;
    struct http_server *server = request->server;
    request->route->handle(request, request->route->arg);
    struct http_request *next = turns_end(server->turns, request->holder);
    if (next != NULL)
        submit(next, server->exec, handler_job);
    hand_back(request, REQUEST_ANSWERED);
}

/* Suspends the request for a worker; the caller then must not look at it any more. False, and
 * answered with 503, when there is no worker any more. */
static bool suspend(struct http_request *request, enum request_state state)
{
    struct http_server *server = request->server;
    pthread_mutex_lock(&server->mutex);
    bool open = !server->stopping;
    server->working += open;
    pthread_mutex_unlock(&server->mutex);
    if (open) {
        request->state = state;
        MHD_suspend_connection(request->connection);
        return true;
    }
    respond_refused(request, 503);
    request->state = REQUEST_ANSWERED;
    return false;
}

/* As suspend. */
static bool handle(struct http_request *request)
{
    struct http_server *server = request->server;
    if (!suspend(request, REQUEST_HANDLING))
        return false;
    if (request->route->exec != NULL)
        submit(request, request->route->exec, own_job);
    else if (turns_begin(server->turns, request->holder, request))
        submit(request, server->exec, handler_job);
    return true;
}

/* True when a worker has it now. */
static bool begin(struct http_request *request)
{
    if (!judge(request))
        request->state = REQUEST_ANSWERED;
    else if (request->route->door == HTTP_DOOR_OPEN)
        request->state = REQUEST_BODY;
    else if (suspend(request, REQUEST_ADMITTING)) {
        submit(request, request->server->exec, admit_job);
        return true;
    }
    return false;
}

void server_linger(struct http_server *server, int fd)
{
    pthread_mutex_lock(&server->mutex);
    if (server->lingering->len < LINGER_MAX && !server->stopping) {
        struct late_close entry = {.fd = dup(fd), .until = clock_in_ms(LINGER_MS)};
        if (entry.fd >= 0)
            g_array_append_val(server->lingering, entry);
    }
    pthread_mutex_unlock(&server->mutex);
}

static void linger(struct http_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != NULL)
        server_linger(request->server, info->connect_fd);
}

static enum MHD_Result take_body(struct http_request *request, const char *data, size_t *length)
{
    size_t n = *length;
    *length = 0;
    if (clock_now() > request->body_deadline)
        return MHD_NO;
    if (request->refused == 0 && request->body->len + (uint64_t)n > request->route->body_max)
        request->refused = 413;
    else if (request->refused == 0 && !reserve(request, n))
        request->refused = 503;
    if (request->refused == 0)
        g_byte_array_append(request->body, (const guint8 *)data, (guint)n);
    /* The answer can only follow the whole body, so a chunked one that goes on and on is cut. */
    request->discarded += request->refused == 0 ? 0 : n;
    return request->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
}

/* The library has read the headers: everything up to asking for the body. */
static enum MHD_Result pass_headers(struct http_request *request)
{
    if (request->state == REQUEST_NEW && begin(request))
        return MHD_YES;
    if (request->state == REQUEST_ADMITTED)
        request->state = REQUEST_BODY;
    request->past_headers = true;
    if (request->state != REQUEST_ANSWERED || !request->has_body)
        return MHD_YES;
    linger(request);
    return reply_queue(request);
}

/* The whole request is here. */
static enum MHD_Result pass_end(struct http_request *request)
{
    if (request->refused == 0 && share_is_full(request->server->answers, request->holder))
        request->refused = 503; /* before anything is done that could not be told */
    if (request->state == REQUEST_BODY && request->refused != 0) {
        respond_refused(request, request->refused);
        request->state = REQUEST_ANSWERED;
    }
    if (request->state == REQUEST_BODY && handle(request))
        return MHD_YES;
    return reply_queue(request);
}

static enum MHD_Result proceed(struct http_request *request, const char *data, size_t *length)
{
    if (!request->past_headers)
        return pass_headers(request);
    if (*length > 0)
        return take_body(request, data, length);
    return pass_end(request);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *length, void **context)
{
    struct http_request *request = *context;
    (void)arg, (void)url, (void)version;
    if (request->method == NULL) {
        link_wait(request->server, connection, false);
        request_read(request, connection, method);
    }
    return proceed(request, data, length);
}

static void *on_uri(void *arg, const char *uri, struct MHD_Connection *connection)
{
    struct http_server *server = arg;
    (void)connection;
    pthread_mutex_lock(&server->mutex);
    server->requests++;
    pthread_mutex_unlock(&server->mutex);
    return request_new(server, uri);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct http_server *server = arg;
    struct http_request *request = *context;
    (void)code;
    if (request == NULL)
        return;
    link_wait(server, connection, true);
    *context = NULL;
    LOG_DEBUG("http.request", LOG_STR("method", request->method),
              LOG_STR("route", request->route == NULL ? "" : request->route->path),
              LOG_INT("status", request->status));
    share_give(server->bodies, request->holder, request->reserved);
    share_give(server->answers, request->holder, request->answered);
    request_free(request);
    pthread_mutex_lock(&server->mutex);
    server->requests--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->mutex);
}

struct MHD_Daemon *server_daemon(struct http_server *server)
{
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, server->listener, NULL},
        {MHD_OPTION_THREAD_POOL_SIZE, server->threads, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, server->connections, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, server->per_address, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, server->idle_seconds, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_MEMORY, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                                MHD_ALLOW_UPGRADE,
                            0, NULL, NULL, on_request, server, MHD_OPTION_URI_LOG_CALLBACK, on_uri,
                            server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
                            MHD_OPTION_NOTIFY_CONNECTION, link_notify, server, MHD_OPTION_ARRAY,
                            options, MHD_OPTION_END);
}
