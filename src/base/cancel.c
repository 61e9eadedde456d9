#include "base/cancel.h"

#include <errno.h>
#include <glib.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct cancel {
    atomic_int refs;
    atomic_bool triggered;
    int fd;
};

struct cancel *cancel_new(void)
{
    struct cancel *cancel = g_new0(struct cancel, 1);
    atomic_init(&cancel->refs, 1);
    atomic_init(&cancel->triggered, false);
    cancel->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (cancel->fd < 0)
        g_error("eventfd: %s", g_strerror(errno));
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
    close(cancel->fd);
    g_free(cancel);
}

void cancel_trigger(struct cancel *cancel)
{
    if (cancel == NULL || atomic_exchange(&cancel->triggered, true))
        return;
    while (eventfd_write(cancel->fd, 1) < 0 && errno == EINTR)
        ;
}

bool cancel_is_triggered(const struct cancel *cancel)
{
    return cancel != NULL && atomic_load(&cancel->triggered);
}

int cancel_fd(const struct cancel *cancel)
{
    return cancel != NULL ? cancel->fd : -1;
}
