#include "http/http.h"

#include "base/clock.h"
#include "http/internal.h"

#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#define QUEUE_MAX (256u * 1024)
#define QUIET_SECONDS                                                                              \
    25 /* a comment goes out when nothing else did: proxies cut silent streams                     \
        */

struct http_stream {
    atomic_int refs;
    pthread_mutex_t mutex;
    struct MHD_Connection *connection; /* NULL once it is gone */
    GString *queue;
    bool suspended, closed;
    unsigned ping_seconds;
    int64_t last_sent, last_event;
};

struct http_stream *stream_new(struct http_request *request)
{
    struct http_stream *stream = g_new0(struct http_stream, 1);
    atomic_init(&stream->refs, 1);
    pthread_mutex_init(&stream->mutex, NULL);
    stream->connection = request->connection;
    stream->queue = g_string_new(":\n\n"); /* so that the client sees the headers at once */
    stream->last_sent = stream->last_event = clock_now();
    return stream;
}

struct http_stream *http_stream_ref(struct http_stream *stream)
{
    atomic_fetch_add(&stream->refs, 1);
    return stream;
}

void http_stream_unref(struct http_stream *stream)
{
    if (stream == NULL || atomic_fetch_sub(&stream->refs, 1) != 1)
        return;
    pthread_mutex_destroy(&stream->mutex);
    g_string_free(stream->queue, TRUE);
    g_free(stream);
}

/* With the mutex held. */
static void wake(struct http_stream *stream)
{
    if (!stream->suspended || stream->connection == NULL)
        return;
    stream->suspended = false;
    MHD_resume_connection(stream->connection);
}

/* The library's thread asks for bytes. With none there, the connection sleeps until wake. */
static ssize_t stream_read(void *arg, uint64_t position, char *buffer, size_t max)
{
    struct http_stream *stream = arg;
    ssize_t n = 0;
    (void)position;
    pthread_mutex_lock(&stream->mutex);
    if (stream->queue->len > 0) {
        n = (ssize_t)MIN(stream->queue->len, max);
        memcpy(buffer, stream->queue->str, (size_t)n);
        g_string_erase(stream->queue, 0, n);
    } else if (stream->closed) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->mutex);
    return n;
}

static void stream_gone(void *arg)
{
    struct http_stream *stream = arg;
    pthread_mutex_lock(&stream->mutex);
    stream->connection = NULL;
    stream->closed = true;
    pthread_mutex_unlock(&stream->mutex);
    http_stream_unref(stream);
}

struct MHD_Response *stream_response(struct http_stream *stream)
{
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, stream_read,
                                             http_stream_ref(stream), stream_gone);
}

/* With the mutex held. */
static bool append(struct http_stream *stream, const char *text)
{
    if (stream->closed)
        return false;
    if (stream->queue->len + strlen(text) > QUEUE_MAX) {
        g_string_truncate(stream->queue, 0);
        stream->closed = true;
    } else {
        g_string_append(stream->queue, text);
        stream->last_sent = clock_now();
    }
    wake(stream);
    return !stream->closed;
}

bool http_stream_send(struct http_stream *stream, const char *event, const char *data,
                      const char *id)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (id != NULL)
        g_string_append_printf(text, "id: %s\n", id);
    if (event != NULL)
        g_string_append_printf(text, "event: %s\ndata: %s\n", event, data);
    g_string_append_c(text, '\n');
    pthread_mutex_lock(&stream->mutex);
    bool sent = append(stream, text->str);
    if (event != NULL)
        stream->last_event = clock_now();
    pthread_mutex_unlock(&stream->mutex);
    return sent;
}

void http_stream_ping(struct http_stream *stream, unsigned seconds)
{
    pthread_mutex_lock(&stream->mutex);
    stream->ping_seconds = seconds;
    stream->last_event = clock_now();
    pthread_mutex_unlock(&stream->mutex);
}

/* With the mutex held. The library does not look at a connection that sleeps, so it would learn
 * only by the next ping that the page was closed, and somebody who goes from page to page would
 * soon have all the streams that one person may have. */
static bool peer_has_left(const struct http_stream *stream)
{
    if (!stream->suspended || stream->connection == NULL)
        return false;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(stream->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd socket = {.fd = info == NULL ? -1 : info->connect_fd, .events = POLLRDHUP};
    return poll(&socket, 1, 0) > 0 && (socket.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void stream_tick(struct http_stream *stream, int64_t now)
{
    pthread_mutex_lock(&stream->mutex);
    unsigned ping = stream->ping_seconds;
    if (peer_has_left(stream)) {
        g_string_truncate(stream->queue, 0);
        stream->closed = true;
        wake(stream);
    } else if (ping > 0 && now - stream->last_event >= ping * CLOCK_SECOND) {
        g_autofree char *text = g_strdup_printf("event: ping\ndata: {\"interval\":%u}\n\n", ping);
        stream->last_event = now;
        (void)append(stream, text);
    } else if (now - stream->last_sent >= QUIET_SECONDS * CLOCK_SECOND) {
        (void)append(stream, ":\n\n");
    }
    pthread_mutex_unlock(&stream->mutex);
}

void http_stream_close(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    stream->closed = true;
    wake(stream);
    pthread_mutex_unlock(&stream->mutex);
}

void stream_abort(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    g_string_truncate(stream->queue, 0);
    stream->closed = true;
    wake(stream);
    pthread_mutex_unlock(&stream->mutex);
}

bool http_stream_is_open(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    bool open = !stream->closed;
    pthread_mutex_unlock(&stream->mutex);
    return open;
}
