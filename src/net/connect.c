#include "net/internal.h"

#include "base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* RFC 8305, 8: the connection attempt delay. */
#define ATTEMPT_DELAY_MS 250
#define ATTEMPTS_MAX 8

struct attempt {
    int fd;
    const struct addrinfo *address;
};

/* Connection attempts to the addresses of one host, started one after the other, the first that
 * succeeds wins. */
struct race {
    const struct addrinfo *order[ATTEMPTS_MAX];
    size_t count, next;
    struct attempt running[ATTEMPTS_MAX];
    size_t active;
    int64_t next_start;
    int last_errno;
};

/* RFC 8305, 4: families alternate, beginning with that of the first address. */
static void race_order(struct race *race, const struct addrinfo *list)
{
    int first = list == NULL ? AF_INET6 : list->ai_family;
    const struct addrinfo *same = list, *other = list;
    while (race->count < ATTEMPTS_MAX && (same != NULL || other != NULL)) {
        while (same != NULL && same->ai_family != first)
            same = same->ai_next;
        if (same != NULL) {
            race->order[race->count++] = same;
            same = same->ai_next;
        }
        while (other != NULL && other->ai_family == first)
            other = other->ai_next;
        if (other != NULL && race->count < ATTEMPTS_MAX) {
            race->order[race->count++] = other;
            other = other->ai_next;
        }
    }
}

/* Begins the next attempt; an address that fails at once leaves the field to its successor. */
static void race_start_next(struct race *race)
{
    const struct addrinfo *address = race->order[race->next++];
    race->next_start = clock_in_ms(ATTEMPT_DELAY_MS);
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (connect(fd, address->ai_addr, address->ai_addrlen) == 0 ||
                    errno == EINPROGRESS || errno == EINTR)) {
        race->running[race->active++] = (struct attempt){fd, address};
        return;
    }
    race->last_errno = errno;
    race->next_start = 0;
    if (fd >= 0)
        close(fd);
}

static void race_drop(struct race *race, size_t i)
{
    close(race->running[i].fd);
    race->running[i] = race->running[--race->active];
}

/* The index of a finished attempt that succeeded, or -1; failed ones are dropped. */
static int race_winner(struct race *race, const struct pollfd *fds)
{
    for (size_t i = race->active; i-- > 0;) {
        if (fds[i].revents == 0)
            continue;
        int failure = 0;
        socklen_t size = sizeof(failure);
        if (getsockopt(race->running[i].fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
            failure = errno;
        if (failure == 0)
            return (int)i;
        race->last_errno = failure;
        race_drop(race, i);
        race->next_start = 0;
    }
    return -1;
}

/* Waits until an attempt ends, the next is due or the call must end. */
static void race_poll(struct race *race, struct pollfd *fds, int64_t deadline,
                      struct cancel *cancel)
{
    nfds_t n = 0;
    for (; n < race->active; n++)
        fds[n] = (struct pollfd){.fd = race->running[n].fd, .events = POLLOUT};
    fds[n++] = (struct pollfd){.fd = cancel_fd(cancel), .events = POLLIN};
    int64_t until =
        race->next < race->count && race->next_start < deadline ? race->next_start : deadline;
    if (poll(fds, n, clock_poll_ms(until)) < 0)
        memset(fds, 0, n * sizeof(*fds));
}

static int race_finish(struct race *race, int winner, char **peer)
{
    int fd = winner < 0 ? -1 : race->running[winner].fd;
    if (fd >= 0) {
        *peer = net_address_text(race->running[winner].address->ai_addr);
        race->running[winner] = race->running[--race->active];
    }
    while (race->active > 0)
        race_drop(race, 0);
    return fd;
}

/* An idle line is probed, and one that gives no sign for so long is cut: where an uplink is lost
 * without a word, a session that waits in IDLE would else only see it at its renewal, half an hour
 * later. Probes are rare enough to cost ten thousand mailboxes next to nothing. */
static void set_options(int fd)
{
    const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, NET_KEEPALIVE_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, NET_KEEPALIVE_GAP_S},
        {IPPROTO_TCP, TCP_KEEPCNT, NET_KEEPALIVE_PROBES},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, NET_UNHEARD_MS},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        (void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
                         sizeof(options[i].value));
}

int net_connect(const struct addrinfo *list, int64_t deadline, struct cancel *cancel, char **peer,
                GError **error)
{
    struct race race = {.last_errno = EADDRNOTAVAIL};
    struct pollfd fds[ATTEMPTS_MAX + 1];
    int winner = -1;
    race_order(&race, list);
    while (winner < 0) {
        if (!net_in_time(deadline, cancel, error))
            return race_finish(&race, -1, peer);
        if (race.next < race.count && (race.active == 0 || clock_now() >= race.next_start)) {
            race_start_next(&race);
            continue;
        }
        if (race.active == 0) {
            error_set(error, ERROR_UNREACHABLE, "cannot connect: %s", g_strerror(race.last_errno));
            return -1;
        }
        race_poll(&race, fds, deadline, cancel);
        winner = race_winner(&race, fds);
    }
    int fd = race_finish(&race, winner, peer);
    set_options(fd);
    return fd;
}
