#include "http/jmap_socket.h"

#include "http/socket.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 10000000u /* maxSizeRequest of the session */
#define SOCKETS_PER_USER 32u

struct jmap_sockets {
    struct http_sockets *sockets;
    struct jmap *jmap;
    struct store *store;
    struct events *events;
    pthread_mutex_t mutex; /* guards counts */
    GHashTable *counts;    /* user (gint64 *) -> number of sockets */
};

/* One listening to changes, from an Enable to the next one, a Disable or the end. */
struct ear {
    atomic_int refs;
    atomic_bool open;
    struct http_socket *socket;
};

/* One connection. */
struct talk {
    struct jmap_sockets *sockets;
    struct store_principal *principal;
    struct ear *ear; /* NULL: no notifications are wanted */
};

/* --- notifications -----------------------------------------------------------------------------
 */

static void ear_release(void *arg)
{
    struct ear *ear = arg;
    if (atomic_fetch_sub(&ear->refs, 1) != 1)
        return;
    http_socket_unref(ear->socket);
    g_free(ear);
}

/* RFC 8887, 4.3.5.1. */
static void ear_tell(void *arg, const json_t *change, const char *id)
{
    struct ear *ear = arg;
    if (change == NULL || !atomic_load(&ear->open))
        return;
    json_t *copy = json_copy((json_t *)(uintptr_t)change);
    if (id != NULL)
        json_object_set_new(copy, "pushState", json_string(id));
    char *text = json_dumps(copy, JSON_COMPACT);
    if (text != NULL && !http_socket_send(ear->socket, text, strlen(text)))
        atomic_store(&ear->open, false);
    free(text);
    json_decref(copy);
}

static bool ear_is_open(void *arg)
{
    struct ear *ear = arg;
    return atomic_load(&ear->open);
}

/* Who may no longer listen is closed by the socket itself. */
static void ear_end(void *arg)
{
    struct ear *ear = arg;
    atomic_store(&ear->open, false);
}

static void stop_listening(struct talk *talk)
{
    if (talk->ear == NULL)
        return;
    atomic_store(&talk->ear->open, false);
    ear_release(g_steal_pointer(&talk->ear));
    events_sweep(talk->sockets->events);
}

static const char too_many[] =
    "{\"@type\":\"RequestError\",\"requestId\":null,\"type\":\"urn:ietf:params:jmap:error:limit\","
    "\"limit\":\"maxConcurrentRequests\",\"status\":400,\"title\":\"Too many pages listen to "
    "changes.\","
    "\"detail\":\"Close some of them.\"}";

static void listen(struct talk *talk, struct http_socket *socket,
                   const struct jmap_message *message)
{
    struct ear *ear = g_new0(struct ear, 1);
    struct event_sink sink = {ear_tell, ear_is_open, ear_end, ear_release, ear};
    atomic_init(&ear->refs, 2); /* the talk's and the sink's */
    atomic_init(&ear->open, true);
    ear->socket = http_socket_ref(socket);
    talk->ear = ear;
    if (!events_listen(talk->sockets->events, talk->principal, (const char *const *)message->types,
                       message->push_state, &sink))
        (void)http_socket_send(socket, too_many, strlen(too_many));
}

/* --- one connection ----------------------------------------------------------------------------
 */

static void on_text(struct http_socket *socket, const char *text, size_t length, void *arg)
{
    struct talk *talk = arg;
    struct jmap_message message;
    jmap_handle_message(talk->sockets->jmap, talk->principal, text, length, &message);
    if (message.answer != NULL) {
        gsize size;
        const char *answer = g_bytes_get_data(message.answer, &size);
        (void)http_socket_send(socket, answer, size);
    } else {
        stop_listening(talk);
        if (message.push)
            listen(talk, socket, &message);
    }
    jmap_message_clear(&message);
}

static bool may_stay(void *arg)
{
    struct talk *talk = arg;
    return store_principal_is_valid(talk->sockets->store, talk->principal);
}

/* Counts one more or less of a person's sockets; false: there are too many. */
static bool count(struct jmap_sockets *sockets, int64_t user, int step)
{
    gint64 key = user;
    pthread_mutex_lock(&sockets->mutex);
    unsigned now = GPOINTER_TO_UINT(g_hash_table_lookup(sockets->counts, &key));
    bool fits = step < 0 || now < SOCKETS_PER_USER;
    if (fits && now + (unsigned)step > 0)
        g_hash_table_replace(sockets->counts, g_memdup2(&key, sizeof(key)),
                             GUINT_TO_POINTER(now + (unsigned)step));
    else if (fits)
        g_hash_table_remove(sockets->counts, &key);
    pthread_mutex_unlock(&sockets->mutex);
    return fits;
}

static void on_closed(void *arg)
{
    struct talk *talk = arg;
    stop_listening(talk);
    (void)count(talk->sockets, store_principal_user(talk->principal), -1);
    store_principal_unref(talk->principal);
    g_free(talk);
}

void jmap_sockets_serve(struct jmap_sockets *sockets, struct http_request *request)
{
    static const struct http_socket_calls calls = {on_text, may_stay, on_closed};
    struct store_principal *principal = http_request_principal(request);
    if (!count(sockets, store_principal_user(principal), 1)) {
        http_set_header(request, "Retry-After", "30");
        http_respond_problem(request, 503, "Too many connections are open.",
                             "Close some of the pages that are open.");
        return;
    }
    struct talk *talk = g_new0(struct talk, 1);
    *talk = (struct talk){.sockets = sockets, .principal = store_principal_ref(principal)};
    http_respond_socket(sockets->sockets, request, "jmap", MESSAGE_MAX, &calls, talk);
}

/* --- all of them -------------------------------------------------------------------------------
 */

struct jmap_sockets *jmap_sockets_new(struct http_server *server, struct jmap *jmap,
                                      struct store *store, struct events *events)
{
    struct jmap_sockets *sockets = g_new0(struct jmap_sockets, 1);
    sockets->sockets = http_sockets_new(server);
    sockets->jmap = jmap;
    sockets->store = store;
    sockets->events = events;
    sockets->counts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    pthread_mutex_init(&sockets->mutex, NULL);
    return sockets;
}

void jmap_sockets_stop(struct jmap_sockets *sockets)
{
    http_sockets_stop(sockets->sockets);
}

void jmap_sockets_free(struct jmap_sockets *sockets)
{
    http_sockets_free(sockets->sockets);
    g_hash_table_unref(sockets->counts);
    pthread_mutex_destroy(&sockets->mutex);
    g_free(sockets);
}
