#include "base/cancel.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct cancel {
    atomic_int refs;
    atomic_bool triggered;
    pthread_mutex_t mutex; /* guards the making, ringing and closing of fd */
    atomic_int fd;         /* -1: nobody has waited yet, or since cancel_rest */
};

struct cancel *cancel_new(void)
{
    struct cancel *cancel = g_new0(struct cancel, 1);
    atomic_init(&cancel->refs, 1);
    atomic_init(&cancel->triggered, false);
    atomic_init(&cancel->fd, -1);
    pthread_mutex_init(&cancel->mutex, NULL);
    return cancel;
}

struct cancel *cancel_ref(struct cancel *cancel)
{
    if (cancel != NULL)
        atomic_fetch_add(&cancel->refs, 1);
    return cancel;
}

void cancel_unref(struct cancel *cancel)
{
    if (cancel == NULL || atomic_fetch_sub(&cancel->refs, 1) != 1)
        return;
    cancel_rest(cancel);
    pthread_mutex_destroy(&cancel->mutex);
    g_free(cancel);
}

/* With the mutex held. */
static void ring(const struct cancel *cancel)
{
    int fd = atomic_load(&cancel->fd);
    while (fd >= 0 && eventfd_write(fd, 1) < 0 && errno == EINTR)
        ;
}

void cancel_trigger(struct cancel *cancel)
{
    if (cancel == NULL || atomic_exchange(&cancel->triggered, true))
        return;
    pthread_mutex_lock(&cancel->mutex);
    ring(cancel);
    pthread_mutex_unlock(&cancel->mutex);
}

bool cancel_is_triggered(const struct cancel *cancel)
{
    return cancel != NULL && atomic_load(&cancel->triggered);
}

int cancel_fd(struct cancel *cancel)
{
    if (cancel == NULL || atomic_load(&cancel->fd) >= 0)
        return cancel != NULL ? atomic_load(&cancel->fd) : -1;
    pthread_mutex_lock(&cancel->mutex);
    if (atomic_load(&cancel->fd) < 0) {
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
            g_error("eventfd: %s", g_strerror(errno));
        atomic_store(&cancel->fd, fd);
        if (atomic_load(&cancel->triggered))
            ring(cancel);
    }
    pthread_mutex_unlock(&cancel->mutex);
    return atomic_load(&cancel->fd);
}

void cancel_rest(struct cancel *cancel)
{
    if (cancel == NULL)
        return;
    pthread_mutex_lock(&cancel->mutex);
    int fd = atomic_exchange(&cancel->fd, -1);
    if (fd >= 0)
        close(fd);
    pthread_mutex_unlock(&cancel->mutex);
}
