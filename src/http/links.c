#include "http/internal.h"

#include "base/clock.h"

void link_notify(void *arg, struct MHD_Connection *connection, void **context,
                 enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = arg;
    pthread_mutex_lock(&server->mutex);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct link *link = g_new0(struct link, 1);
        *link = (struct link){info == NULL ? -1 : info->connect_fd, true, clock_now()};
        g_hash_table_add(server->links, link);
        *context = link;
    } else if (*context !=
               NULL) { /* the descriptor is still open here, so no other has its number */
        g_hash_table_remove(server->links, *context);
        *context = NULL;
    }
    pthread_mutex_unlock(&server->mutex);
}

void link_wait(struct http_server *server, struct MHD_Connection *connection, bool waiting)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (info == NULL || info->socket_context == NULL)
        return;
    struct link *link = info->socket_context;
    pthread_mutex_lock(&server->mutex);
    link->waiting = waiting;
    link->since = clock_now();
    pthread_mutex_unlock(&server->mutex);
}

void links_tick(struct http_server *server, int64_t now)
{
    GHashTableIter at;
    void *key;
    g_hash_table_iter_init(&at, server->links);
    while (g_hash_table_iter_next(&at, &key, NULL)) {
        struct link *link = key;
        if (link->waiting && now - link->since > server->idle_seconds * CLOCK_SECOND) {
            (void)shutdown(link->fd, SHUT_RDWR);
            link->waiting = false;
        }
    }
}
