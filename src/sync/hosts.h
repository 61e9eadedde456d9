/* The mail hosts that sessions talk to: who may connect next, and how many workers one host may
 * hold. A session that may not go on yet waits here parked, without a thread, and is poked. */
#ifndef POSTROOM_SYNC_HOSTS_H
#define POSTROOM_SYNC_HOSTS_H

#include "base/error.h"
#include "exec/exec.h"
#include "sync/gate.h"

/* What a kind of provider bears; one table in hosts.c, docs/configuration.md. */
struct sync_limits {
    unsigned sign_ins;    /* under way at once */
    unsigned per_minute;  /* connections begun in a minute */
    unsigned connections; /* of one mailbox at once */
    int64_t idle_s;       /* IDLE is renewed after it */
    uint64_t bytes_a_day; /* of one mailbox; 0: no limit */
    unsigned notified;    /* mailboxes of one host that are told of every folder by NOTIFY */
};

enum sync_profile { SYNC_EXCHANGE, SYNC_GMAIL, SYNC_PLAIN, SYNC_PROFILES };

/* Who asks. Zeroed at first; owned by the asker, used by one thread at a time. */
struct sync_waiter {
    struct exec_task *task;   /* poked when its turn has come; borrowed */
    struct sync_host *host;   /* where it waits or goes; NULL: nowhere */
    struct sync_waiter *next; /* under the table's mutex, as all that follows */
    struct sync_waiter **link;
    enum { WAITER_AWAY, WAITER_QUEUED, WAITER_INSIDE } sign_in, seat;
    bool listening; /* has a place with sync_host_listen */
    bool connected; /* while it is queued for a worker */
};

struct sync_hosts;
struct sync_host;

/* workers: of exec; one host may hold half of them. overrides: 0 in a field takes the table's.
 * (transfer full) */
struct sync_hosts *sync_hosts_new(struct exec *exec, unsigned workers,
                                  const struct sync_limits overrides[SYNC_PROFILES]);
/* Nobody may wait, and exec is still there. */
void sync_hosts_free(struct sync_hosts *hosts);

/* The host of that name and port; the profile counts when it is new. Drop with sync_host_unref. */
struct sync_host *sync_hosts_get(struct sync_hosts *hosts, const char *name, uint16_t port,
                                 enum sync_profile profile);
void sync_host_unref(struct sync_host *host);
const struct sync_limits *sync_host_limits(const struct sync_host *host);

/* Asks to connect and sign in. True: go, and say sync_host_signed_in. False: queued, the task is
 * poked when it should ask again. urgent: before all others, and at once when the host is down. */
bool sync_host_sign_in(struct sync_waiter *waiter, bool urgent);
/* How it ended: NULL, or the problem. One of the host's own makes it count as down. */
void sync_host_signed_in(struct sync_waiter *waiter, const GError *problem);
/* A command on an open connection failed. */
void sync_host_failed(struct sync_host *host, const GError *problem);
/* When the host is down: true, with why (transfer full) and when it is tried next (base/clock.h,
 * CLOCK_NEVER: right now). */
bool sync_host_is_down(struct sync_host *host, GError **why, int64_t *next);

/* Asks for one of the workers that the host may hold, for the run that follows. True: take it, and
 * give it back with sync_host_rest. False: queued as above. */
bool sync_host_work(struct sync_waiter *waiter, bool urgent);
void sync_host_rest(struct sync_waiter *waiter);

/* Asks for, or confirms, one of the places of those that are told of every folder by NOTIFY. False:
 * there is none. A quiet one has to make room while others are turned away. */
bool sync_host_listen(struct sync_waiter *waiter, bool quiet);
void sync_host_unlisten(struct sync_waiter *waiter);

/* Leaves all queues and gives back what was granted. */
void sync_host_leave(struct sync_waiter *waiter);

#endif
