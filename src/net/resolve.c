#include "net/conn.h"

#include "base/clock.h"
#include "net/internal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* getaddrinfo cannot be interrupted, so it runs on threads of its own, and whoever waits may leave.
 * Callers of the same name share one lookup: a hung name holds one thread, however many ask. */
#define RESOLVER_THREADS 8
#define RESOLVER_QUEUE_MAX 256
#define RESOLVER_IDLE_SECONDS 5
#define RESOLVER_STACK (256 * 1024)
#define ADDRESSES_MAX 16

struct waiter {
    int fd; /* an eventfd, written when the lookup is done */
    struct waiter *next;
};

struct lookup {
    struct lookup *next; /* in the queue */
    char *name;
    bool done;
    int status; /* of getaddrinfo */
    struct addrinfo *list;
    struct waiter *waiters;
    unsigned refs; /* callers, and the queue or the thread */
};

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct lookup *first, **last; /* not yet begun */
    GHashTable *by_name;          /* name -> lookup not yet done */
    unsigned threads, idle, queued;
} resolver = {.mutex = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

void net_resolve_free(struct addrinfo *result)
{
    while (result != NULL) {
        struct addrinfo *next = result->ai_next;
        g_free(result->ai_addr);
        g_free(result);
        result = next;
    }
}

/* A copy with our own memory, so that one lookup can serve many callers. */
static struct addrinfo *list_copy(const struct addrinfo *from, int port)
{
    struct addrinfo *first = NULL, **link = &first;
    for (int n = 0; from != NULL && n < ADDRESSES_MAX; from = from->ai_next, n++) {
        if (from->ai_family != AF_INET && from->ai_family != AF_INET6)
            continue;
        struct addrinfo *copy = g_new0(struct addrinfo, 1);
        copy->ai_family = from->ai_family;
        copy->ai_socktype = SOCK_STREAM;
        copy->ai_addrlen = from->ai_addrlen;
        copy->ai_addr = g_memdup2(from->ai_addr, from->ai_addrlen);
        if (port >= 0 && copy->ai_family == AF_INET)
            ((struct sockaddr_in *)(void *)copy->ai_addr)->sin_port = htons((uint16_t)port);
        else if (port >= 0)
            ((struct sockaddr_in6 *)(void *)copy->ai_addr)->sin6_port = htons((uint16_t)port);
        *link = copy;
        link = &copy->ai_next;
    }
    return first;
}

static int look_up(const char *name, int flags, struct addrinfo **list)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *raw = NULL;
    if ((flags & AI_NUMERICHOST) == 0 && net_dns_is_own(name))
        return net_dns_look_up(name, list);
    int status = getaddrinfo(name, "0", &hints, &raw);
    if (status != 0)
        return status;
    *list = list_copy(raw, -1);
    freeaddrinfo(raw);
    return *list == NULL ? EAI_NONAME : 0;
}

/* With the mutex held. */
static void lookup_unref(struct lookup *lookup)
{
    if (--lookup->refs > 0)
        return;
    net_resolve_free(lookup->list);
    g_free(lookup->name);
    g_free(lookup);
}

/* With the mutex held: tells everyone who waits. */
static void lookup_finish(struct lookup *lookup, int status, struct addrinfo *list)
{
    lookup->done = true;
    lookup->status = status;
    lookup->list = list;
    g_hash_table_remove(resolver.by_name, lookup->name);
    for (struct waiter *w = lookup->waiters; w != NULL; w = w->next)
        (void)eventfd_write(w->fd, 1);
    lookup_unref(lookup);
}

static struct lookup *queue_pop(void)
{
    struct lookup *lookup = resolver.first;
    if (lookup == NULL)
        return NULL;
    resolver.first = lookup->next;
    if (resolver.first == NULL)
        resolver.last = &resolver.first;
    resolver.queued--;
    return lookup;
}

/* With the mutex held: false after a while without work. */
static bool wait_for_work(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RESOLVER_IDLE_SECONDS;
    resolver.idle++;
    int status = 0;
    while (resolver.first == NULL && status != ETIMEDOUT)
        status = pthread_cond_timedwait(&resolver.work, &resolver.mutex, &until);
    resolver.idle--;
    return resolver.first != NULL;
}

static void *resolver_main(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&resolver.mutex);
    while (resolver.first != NULL || wait_for_work()) {
        struct lookup *lookup = queue_pop();
        pthread_mutex_unlock(&resolver.mutex);
        struct addrinfo *list = NULL;
        int status = look_up(lookup->name, 0, &list);
        pthread_mutex_lock(&resolver.mutex);
        lookup_finish(lookup, status, list);
    }
    resolver.threads--;
    pthread_mutex_unlock(&resolver.mutex);
    return NULL;
}

/* With the mutex held. */
static bool thread_start(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, RESOLVER_STACK);
    bool started = pthread_create(&thread, &attributes, resolver_main, NULL) == 0;
    pthread_attr_destroy(&attributes);
    if (started)
        resolver.threads++;
    return started || resolver.threads > 0;
}

/* With the mutex held: joins the lookup of this name or queues one; NULL when too many wait. */
static struct lookup *lookup_get(const char *name)
{
    if (resolver.by_name == NULL) {
        resolver.by_name = g_hash_table_new(g_str_hash, g_str_equal);
        resolver.last = &resolver.first;
    }
    struct lookup *lookup = g_hash_table_lookup(resolver.by_name, name);
    if (lookup != NULL) {
        lookup->refs++;
        return lookup;
    }
    if (resolver.queued >= RESOLVER_QUEUE_MAX)
        return NULL;
    if (resolver.idle <= resolver.queued && resolver.threads < RESOLVER_THREADS && !thread_start())
        return NULL;
    lookup = g_new0(struct lookup, 1);
    lookup->name = g_strdup(name);
    lookup->refs = 2;
    g_hash_table_insert(resolver.by_name, lookup->name, lookup);
    *resolver.last = lookup;
    resolver.last = &lookup->next;
    resolver.queued++;
    pthread_cond_signal(&resolver.work);
    return lookup;
}

/* With the mutex held; waits without it. */
static bool lookup_wait(struct lookup *lookup, int64_t deadline, struct cancel *cancel,
                        GError **error)
{
    struct waiter self = {.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .next = lookup->waiters};
    if (self.fd < 0) {
        error_set(error, ERROR_INTERNAL, "eventfd: %s", g_strerror(errno));
        return false;
    }
    lookup->waiters = &self;
    pthread_mutex_unlock(&resolver.mutex);
    bool in_time = net_wait(self.fd, POLLIN, deadline, cancel, error);
    pthread_mutex_lock(&resolver.mutex);
    struct waiter **link = &lookup->waiters;
    while (*link != &self)
        link = &(*link)->next;
    *link = self.next;
    close(self.fd);
    return in_time;
}

static int resolve_on_thread(const char *name, uint16_t port, int64_t deadline,
                             struct cancel *cancel, struct addrinfo **result, GError **error)
{
    pthread_mutex_lock(&resolver.mutex);
    struct lookup *lookup = lookup_get(name);
    if (lookup == NULL) {
        pthread_mutex_unlock(&resolver.mutex);
        error_set(error, ERROR_DNS, "too many names are being looked up");
        return -1;
    }
    bool in_time = lookup->done || lookup_wait(lookup, deadline, cancel, error);
    int status = in_time ? lookup->status : 0;
    if (in_time && status == 0)
        *result = list_copy(lookup->list, port);
    lookup_unref(lookup);
    pthread_mutex_unlock(&resolver.mutex);
    if (status != 0)
        error_set(error, ERROR_DNS, "%s: %s", name, gai_strerror(status));
    return in_time && status == 0 ? 0 : -1;
}

int net_resolve(const char *host, uint16_t port, int64_t deadline, struct cancel *cancel,
                struct addrinfo **result, GError **error)
{
    *result = NULL;
    g_autofree char *name = net_host_ascii(host, error);
    if (name == NULL || !net_in_time(deadline, cancel, error))
        return -1;
    if (!net_host_is_literal(name))
        return resolve_on_thread(name, port, deadline, cancel, result, error);
    struct addrinfo *list = NULL;
    int status = look_up(name, AI_NUMERICHOST, &list);
    if (status != 0) {
        error_set(error, ERROR_DNS, "%s: %s", name, gai_strerror(status));
        return -1;
    }
    *result = list_copy(list, port);
    net_resolve_free(list);
    return 0;
}
