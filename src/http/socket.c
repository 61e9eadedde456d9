#include "http/socket.h"

#include "base/clock.h"
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#include <wslay/wslay.h>

#define KEY_BYTES 16
#define TICK (30 * CLOCK_SECOND)
#define SILENCE (90 * CLOCK_SECOND) /* pings are answered sooner by any client that is there */
#define STALL (60 * CLOCK_SECOND)   /* of a client that does not read */
#define RETRY (CLOCK_SECOND / 50)   /* until a full connection is tried again */
#define GOODBYE (2 * CLOCK_SECOND)
#define OUTBOX_MAX ((size_t)256 * 1024) /* notices that wait; an answer is no notice */

struct http_sockets {
    struct http_server *server;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    GPtrArray *open; /* of struct http_socket, borrowed */
    bool stopped;
};

struct http_socket {
    atomic_int refs;
    struct http_sockets *sockets;
    const struct http_socket_calls *calls;
    void *arg;
    size_t max;
    /* Of the task alone. */
    int fd;
    struct MHD_UpgradeResponseHandle *handle;
    wslay_event_context_ptr frames;
    GByteArray *extra; /* read by the library before the upgrade */
    GQueue *inbox;     /* GBytes: whole messages that wait for their turn */
    int64_t user;      /* whose share has what follows */
    uint64_t reserved; /* of the server's bodies */
    uint64_t answered; /* of its answers */
    int64_t heard, progress, ticked, closing_since;
    bool broken, closing;
    pthread_mutex_t mutex; /* guards what follows */
    GQueue *outbox;        /* GBytes */
    size_t outbox_bytes;
    bool closed;
    struct exec_task *task;
};

struct http_socket *http_socket_ref(struct http_socket *socket)
{
    atomic_fetch_add(&socket->refs, 1);
    return socket;
}

static void free_bytes(void *bytes)
{
    g_bytes_unref(bytes);
}

void http_socket_unref(struct http_socket *socket)
{
    if (socket == NULL || atomic_fetch_sub(&socket->refs, 1) != 1)
        return;
    if (socket->frames != NULL)
        wslay_event_context_free(socket->frames);
    exec_task_unref(socket->task);
    g_byte_array_unref(socket->extra);
    g_queue_free_full(socket->inbox, free_bytes);
    g_queue_free_full(socket->outbox, free_bytes);
    pthread_mutex_destroy(&socket->mutex);
    g_free(socket);
}

/* --- frames ------------------------------------------------------------------------------------
 */

static bool has_output(const struct http_socket *socket)
{
    return wslay_event_get_queued_msg_count(socket->frames) > 0;
}

static void close_with(struct http_socket *socket, uint16_t code)
{
    if (!socket->closing)
        (void)wslay_event_queue_close(socket->frames, code, NULL, 0);
    socket->closing = true;
    socket->closing_since = clock_now();
}

static ssize_t would_block(struct http_socket *socket)
{
    wslay_event_set_error(socket->frames, WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static ssize_t failed(struct http_socket *socket)
{
    socket->broken = true;
    wslay_event_set_error(socket->frames, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

/* Nothing more is read while a message or an answer waits. */
static ssize_t read_some(wslay_event_context_ptr frames, uint8_t *buffer, size_t length, int flags,
                         void *arg)
{
    struct http_socket *socket = arg;
    (void)frames, (void)flags;
    if (!g_queue_is_empty(socket->inbox) || has_output(socket))
        return would_block(socket);
    if (socket->extra->len > 0) {
        size_t n = MIN(length, socket->extra->len);
        memcpy(buffer, socket->extra->data, n);
        g_byte_array_remove_range(socket->extra, 0, (guint)n);
        return (ssize_t)n;
    }
    ssize_t n = recv(socket->fd, buffer, length, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return would_block(socket);
    if (n <= 0)
        return failed(socket);
    socket->heard = clock_now();
    return n;
}

static ssize_t write_some(wslay_event_context_ptr frames, const uint8_t *data, size_t length,
                          int flags, void *arg)
{
    struct http_socket *socket = arg;
    (void)frames, (void)flags;
    ssize_t n = send(socket->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return would_block(socket);
    if (n < 0)
        return failed(socket);
    socket->progress = clock_now();
    return n;
}

/* What a frame announces counts like a body. */
static void on_frame(wslay_event_context_ptr frames,
                     const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
    struct http_socket *socket = arg;
    (void)frames;
    if (frame->payload_length > socket->max)
        return; /* wslay closes it */
    struct http_server *server = socket->sockets->server;
    if (!share_is_full(server->answers, socket->user) &&
        share_take(server->bodies, socket->user, frame->payload_length))
        socket->reserved += frame->payload_length;
    else
        close_with(socket, 1013); /* try again later */
}

static void on_message(wslay_event_context_ptr frames,
                       const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct http_socket *socket = arg;
    (void)frames;
    if (message->opcode == WSLAY_TEXT_FRAME && !socket->closing)
        g_queue_push_tail(socket->inbox, g_bytes_new(message->msg, message->msg_length));
    else if (message->opcode == WSLAY_BINARY_FRAME)
        close_with(socket, WSLAY_CODE_UNSUPPORTED_DATA);
}

/* --- its life ----------------------------------------------------------------------------------
 */

/* What the client has read is nobody's any more. */
static void settle_answers(struct http_socket *socket)
{
    if (has_output(socket) || socket->answered == 0)
        return;
    share_give(socket->sockets->server->answers, socket->user, socket->answered);
    socket->answered = 0;
}

static void take_outbox(struct http_socket *socket)
{
    pthread_mutex_lock(&socket->mutex);
    bool overrun = socket->closed;
    while (!g_queue_is_empty(socket->outbox)) {
        g_autoptr(GBytes) text = g_queue_pop_head(socket->outbox);
        gsize length;
        const uint8_t *data = g_bytes_get_data(text, &length);
        struct wslay_event_msg message = {WSLAY_TEXT_FRAME, data, length};
        (void)wslay_event_queue_msg(socket->frames, &message);
        share_add(socket->sockets->server->answers, socket->user, length);
        socket->answered += length;
    }
    socket->outbox_bytes = 0;
    pthread_mutex_unlock(&socket->mutex);
    if (overrun && !socket->closing)
        socket->broken = true;
}

/* One message, then its answer. */
static void serve_one(struct http_socket *socket)
{
    if (g_queue_is_empty(socket->inbox) || has_output(socket) || socket->closing)
        return;
    g_autoptr(GBytes) text = g_queue_pop_head(socket->inbox);
    gsize length;
    const char *data = g_bytes_get_data(text, &length);
    if (!socket->calls->may_stay(socket->arg))
        close_with(socket, WSLAY_CODE_POLICY_VIOLATION);
    else
        socket->calls->text(socket, data == NULL ? "" : data, length, socket->arg);
    if (g_queue_is_empty(socket->inbox)) {
        share_give(socket->sockets->server->bodies, socket->user, socket->reserved);
        socket->reserved = 0;
    }
    take_outbox(socket);
}

static void tick(struct http_socket *socket, int64_t now)
{
    if (now - socket->ticked < TICK || socket->closing)
        return;
    socket->ticked = now;
    struct wslay_event_msg ping = {WSLAY_PING, NULL, 0};
    if (!socket->calls->may_stay(socket->arg))
        close_with(socket, WSLAY_CODE_POLICY_VIOLATION);
    else if (now - socket->heard > SILENCE)
        socket->broken = true;
    else if (!has_output(socket))
        (void)wslay_event_queue_msg(socket->frames, &ping);
}

static bool is_over(const struct http_socket *socket, int64_t now)
{
    bool stalled = has_output(socket) && now - socket->progress > STALL;
    bool left = socket->closing && now - socket->closing_since > GOODBYE;
    return socket->broken || stalled || left ||
           (wslay_event_get_close_sent(socket->frames) && !has_output(socket));
}

static struct exec_verdict run(void *arg, unsigned woke)
{
    struct http_socket *socket = arg;
    int64_t now = clock_now();
    if ((woke & EXEC_WOKE_STOP) != 0)
        close_with(socket, WSLAY_CODE_GOING_AWAY);
    if (!has_output(socket))
        socket->progress = now;
    take_outbox(socket);
    if (!socket->broken && wslay_event_recv(socket->frames) != 0)
        socket->broken = true;
    serve_one(socket);
    tick(socket, now);
    if (!socket->broken && wslay_event_send(socket->frames) != 0)
        socket->broken = true;
    settle_answers(socket);
    now = clock_now();
    if (is_over(socket, now) || (woke & EXEC_WOKE_STOP) != 0)
        return (struct exec_verdict){EXEC_DONE, EXEC_INTERACTIVE, -1, CLOCK_NEVER};
    if (has_output(socket))
        return (struct exec_verdict){EXEC_PARK, EXEC_INTERACTIVE, -1, now + RETRY};
    if (!g_queue_is_empty(socket->inbox))
        return (struct exec_verdict){EXEC_AGAIN, EXEC_INTERACTIVE, -1, CLOCK_NEVER};
    int64_t due = socket->closing ? now + GOODBYE : socket->ticked + TICK;
    return (struct exec_verdict){EXEC_PARK, EXEC_INTERACTIVE, socket->fd, due};
}

/* Out of the list, and the connection back to the library. */
static void on_done(void *arg)
{
    struct http_socket *socket = arg;
    struct http_sockets *sockets = socket->sockets;
    pthread_mutex_lock(&socket->mutex);
    socket->closed = true;
    pthread_mutex_unlock(&socket->mutex);
    socket->calls->closed(socket->arg);
    share_give(sockets->server->bodies, socket->user, socket->reserved);
    share_give(sockets->server->answers, socket->user, socket->answered);
    (void)shutdown(socket->fd, SHUT_WR);
    server_linger(sockets->server, socket->fd);
    (void)MHD_upgrade_action(socket->handle, MHD_UPGRADE_ACTION_CLOSE);
    pthread_mutex_lock(&sockets->mutex);
    g_ptr_array_remove_fast(sockets->open, socket);
    pthread_cond_broadcast(&sockets->changed);
    pthread_mutex_unlock(&sockets->mutex);
    http_socket_unref(socket);
}

bool http_socket_send(struct http_socket *socket, const char *text, size_t length)
{
    pthread_mutex_lock(&socket->mutex);
    /* One of any size may wait, so that an answer can be long. */
    bool fits = socket->outbox_bytes == 0 || socket->outbox_bytes + length <= OUTBOX_MAX;
    if (!fits)
        socket->closed = true;
    bool open = !socket->closed;
    if (open) {
        g_queue_push_tail(socket->outbox, g_bytes_new(text, length));
        socket->outbox_bytes += length;
    }
    struct exec_task *task = open || !fits ? socket->task : NULL;
    pthread_mutex_unlock(&socket->mutex);
    if (task != NULL)
        exec_task_poke(task, EXEC_INTERACTIVE);
    return open;
}

/* --- the handshake -----------------------------------------------------------------------------
 */

static bool has_token(const char *list, const char *token)
{
    g_auto(GStrv) items = g_strsplit(list == NULL ? "" : list, ",", 32);
    for (char **item = items; *item != NULL; item++)
        if (g_ascii_strcasecmp(g_strstrip(*item), token) == 0)
            return true;
    return false;
}

static bool key_is_valid(const char *key)
{
    gsize length = 0;
    if (key == NULL || strlen(key) != 24)
        return false;
    guchar *bytes = g_base64_decode(key, &length);
    g_free(bytes);
    return length == KEY_BYTES;
}

/* RFC 6455, 4.2.1. False: answered. */
static bool judge(struct http_request *request, const char *protocol)
{
    const char *version = http_request_header(request, "sec-websocket-version");
    if (!has_token(http_request_header(request, "upgrade"), "websocket") ||
        !has_token(http_request_header(request, "connection"), "upgrade")) {
        http_set_header(request, "Upgrade", "websocket");
        http_respond_problem(request, 426, "This address speaks WebSocket.",
                             "Open it with a WebSocket client.");
    } else if (g_strcmp0(version, "13") != 0) {
        http_set_header(request, "Sec-WebSocket-Version", "13");
        http_respond_problem(request, 426, "This version of WebSocket is not spoken here.",
                             "Use version 13.");
    } else if (!key_is_valid(http_request_header(request, "sec-websocket-key"))) {
        http_respond_problem(request, 400, "The WebSocket handshake has no valid key.",
                             "This is a fault of the program that sent it.");
    } else if (!has_token(http_request_header(request, "sec-websocket-protocol"), protocol)) {
        http_respond_problem(request, 400, "The WebSocket subprotocol is not known here.",
                             "Ask for the subprotocol that the session's capability is for.");
    } else {
        return true;
    }
    return false;
}

static char *accept_of(const char *key)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    guint8 digest[20];
    gsize length = sizeof digest;
    g_checksum_update(sum, (const guchar *)key, -1);
    g_checksum_update(sum, (const guchar *)"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
    g_checksum_get_digest(sum, digest, &length);
    return g_base64_encode(digest, length);
}

/* Both mutexes are held until all is in its place: the first run and a stop wait for it. */
static bool start(struct http_socket *socket)
{
    struct http_sockets *sockets = socket->sockets;
    pthread_mutex_lock(&sockets->mutex);
    pthread_mutex_lock(&socket->mutex);
    if (!sockets->stopped)
        socket->task = exec_task_start(sockets->server->exec, EXEC_INTERACTIVE, run,
                                       http_socket_ref(socket), on_done);
    bool started = socket->task != NULL;
    socket->closed = !started;
    if (started)
        g_ptr_array_add(sockets->open, socket);
    else if (!sockets->stopped)
        http_socket_unref(socket); /* not the last one */
    pthread_mutex_unlock(&socket->mutex);
    pthread_mutex_unlock(&sockets->mutex);
    return started;
}

static void begin(struct http_socket *socket)
{
    if (start(socket))
        return;
    socket->calls->closed(socket->arg);
    (void)MHD_upgrade_action(socket->handle, MHD_UPGRADE_ACTION_CLOSE);
}

/* The library's thread: the connection is ours now. */
static void on_upgrade(void *arg, struct MHD_Connection *connection, void *context,
                       const char *extra, size_t extra_length, MHD_socket fd,
                       struct MHD_UpgradeResponseHandle *handle)
{
    struct http_socket *socket = arg;
    (void)connection, (void)context;
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = read_some,
        .send_callback = write_some,
        .on_frame_recv_start_callback = on_frame,
        .on_msg_recv_callback = on_message,
    };
    int on = 1;
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    socket->fd = fd;
    socket->handle = handle;
    g_byte_array_append(socket->extra, (const guint8 *)extra, (guint)extra_length);
    if (wslay_event_context_server_init(&socket->frames, &callbacks, socket) != 0)
        g_error("no memory for a WebSocket");
    wslay_event_config_set_max_recv_msg_length(socket->frames, socket->max);
    socket->heard = socket->progress = socket->ticked = clock_now();
    request_upgraded(context);
    begin(socket);
    http_socket_unref(socket);
}

/* The connection ended before the upgrade. */
static void abandon(void *arg)
{
    struct http_socket *socket = arg;
    socket->calls->closed(socket->arg);
    http_socket_unref(socket);
}

void http_respond_socket(struct http_sockets *sockets, struct http_request *request,
                         const char *protocol, size_t max, const struct http_socket_calls *calls,
                         void *arg)
{
    if (!judge(request, protocol)) {
        calls->closed(arg);
        return;
    }
    struct http_socket *socket = g_new0(struct http_socket, 1);
    *socket = (struct http_socket){.sockets = sockets,
                                   .calls = calls,
                                   .arg = arg,
                                   .max = max,
                                   .user = request->holder};
    atomic_init(&socket->refs, 1);
    pthread_mutex_init(&socket->mutex, NULL);
    socket->extra = g_byte_array_new();
    socket->inbox = g_queue_new();
    socket->outbox = g_queue_new();
    g_autofree char *accept = accept_of(http_request_header(request, "sec-websocket-key"));
    reply_upgrade(request, MHD_create_response_for_upgrade(on_upgrade, socket), abandon, socket);
    http_set_header(request, "Upgrade", "websocket");
    http_set_header(request, "Sec-WebSocket-Accept", accept);
    http_set_header(request, "Sec-WebSocket-Protocol", protocol);
}

struct http_sockets *http_sockets_new(struct http_server *server)
{
    struct http_sockets *sockets = g_new0(struct http_sockets, 1);
    sockets->server = server;
    sockets->open = g_ptr_array_new();
    pthread_mutex_init(&sockets->mutex, NULL);
    pthread_cond_init(&sockets->changed, NULL);
    return sockets;
}

void http_sockets_stop(struct http_sockets *sockets)
{
    pthread_mutex_lock(&sockets->mutex);
    sockets->stopped = true;
    for (guint i = 0; i < sockets->open->len; i++) {
        struct http_socket *socket = sockets->open->pdata[i];
        exec_task_stop(socket->task);
    }
    while (sockets->open->len > 0)
        pthread_cond_wait(&sockets->changed, &sockets->mutex);
    pthread_mutex_unlock(&sockets->mutex);
}

void http_sockets_free(struct http_sockets *sockets)
{
    g_ptr_array_unref(sockets->open);
    pthread_cond_destroy(&sockets->changed);
    pthread_mutex_destroy(&sockets->mutex);
    g_free(sockets);
}
