/* A TCP proxy that adds a delay to each direction and takes away no throughput, for measuring over
 * a long line on one machine:  delay_proxy TARGET_PORT DELAY_MS [trace]
 *
 * Prints the port it listens on, and for each connection that ends a line: bytes up, bytes down,
 * and how often the client spoke after it had been answered (its round trips, set-up apart). With
 * trace, each of these goes to standard error too: when, how long the line was silent before, and
 * the bytes down since the last.
 * Loopback only. A connection begins to pass data after a whole round trip, since the handshake of
 * TCP itself cannot be held back. Ends when its standard input does. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65536
#define QUEUED_MAX (64 * 1024 * 1024)
#define PAIRS_MAX 64
#define NEVER INT64_MAX

struct chunk {
    int64_t due;
    size_t at, length;
    char bytes[CHUNK];
};

struct way {
    int from, to;
    GQueue *queue; /* struct chunk, by time */
    size_t queued;
    uint64_t bytes;
    bool ended, closed, blocked;
};

struct pair {
    struct way up, down;
    int64_t starts_at;
    unsigned turns;
    bool answered; /* the client has heard something since it spoke last */
    int64_t heard_at;
    uint64_t down_at_turn;
};

static bool tracing;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void set_up(int fd)
{
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        perror("delay_proxy");
        exit(1);
    }
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static struct pair *accept_pair(int listener, uint16_t target, int64_t delay)
{
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        return NULL;
    struct sockaddr_in address = loopback(target);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
        close(server);
        close(client);
        return NULL;
    }
    set_up(client);
    set_up(server);
    struct pair *pair = g_new0(struct pair, 1);
    pair->up = (struct way){.from = client, .to = server, .queue = g_queue_new()};
    pair->down = (struct way){.from = server, .to = client, .queue = g_queue_new()};
    pair->starts_at = pair->heard_at = now_ns() + 2 * delay;
    pair->answered = true;
    return pair;
}

static void free_pair(struct pair *pair)
{
    printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %u\n", pair->up.bytes, pair->down.bytes,
           pair->turns);
    fflush(stdout);
    g_queue_free_full(pair->up.queue, g_free);
    g_queue_free_full(pair->down.queue, g_free);
    close(pair->up.from);
    close(pair->down.from);
    g_free(pair);
}

/* True when bytes came. */
static bool read_some(struct way *way, int64_t delay)
{
    struct chunk *chunk = g_malloc(sizeof *chunk);
    ssize_t n = read(way->from, chunk->bytes, sizeof chunk->bytes);
    if (n > 0) {
        chunk->at = 0;
        chunk->length = (size_t)n;
        chunk->due = now_ns() + delay;
        way->queued += chunk->length;
        way->bytes += chunk->length;
        g_queue_push_tail(way->queue, chunk);
        return true;
    }
    g_free(chunk);
    if (n == 0 || errno != EAGAIN)
        way->ended = true;
    return false;
}

/* True when bytes arrived at the other end. */
static bool write_due(struct way *way, int64_t now)
{
    bool any = false;
    way->blocked = false;
    for (struct chunk *chunk = g_queue_peek_head(way->queue);
         chunk != NULL && chunk->due <= now && !way->blocked;
         chunk = g_queue_peek_head(way->queue)) {
        ssize_t n =
            send(way->to, chunk->bytes + chunk->at, chunk->length - chunk->at, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            way->blocked = true;
        } else if (n < 0) {
            way->ended = way->closed = true;
            return any;
        } else {
            any = true;
            way->queued -= (size_t)n;
            chunk->at += (size_t)n;
            if (chunk->at == chunk->length)
                g_free(g_queue_pop_head(way->queue));
        }
    }
    if (way->ended && !way->closed && g_queue_is_empty(way->queue)) {
        shutdown(way->to, SHUT_WR);
        way->closed = true;
    }
    return any;
}

static void take_turn(struct pair *pair)
{
    int64_t now = now_ns();
    pair->turns++;
    pair->answered = false;
    if (tracing)
        fprintf(stderr,
                "%7.3f turn %3u silent %5.3f up %" G_GUINT64_FORMAT " down %" G_GUINT64_FORMAT "\n",
                (double)(now - pair->starts_at) / 1e9, pair->turns,
                (double)(now - pair->heard_at) / 1e9, pair->up.bytes,
                pair->down.bytes - pair->down_at_turn);
    pair->down_at_turn = pair->down.bytes;
}

static void work(struct pair *pair, int64_t delay)
{
    if (now_ns() < pair->starts_at)
        return;
    if (!pair->up.ended && pair->up.queued < QUEUED_MAX && read_some(&pair->up, delay) &&
        pair->answered)
        take_turn(pair);
    if (!pair->down.ended && pair->down.queued < QUEUED_MAX)
        read_some(&pair->down, delay);
    write_due(&pair->up, now_ns());
    if (write_due(&pair->down, now_ns())) {
        pair->answered = true;
        pair->heard_at = now_ns();
    }
}

static short wanted(const struct way *in, const struct way *out)
{
    short events = 0;
    if (!in->ended && in->queued < QUEUED_MAX)
        events |= POLLIN;
    if (out->blocked)
        events |= POLLOUT;
    return events;
}

static int64_t next_due(const struct pair *pair, int64_t now)
{
    if (now < pair->starts_at)
        return pair->starts_at;
    int64_t due = NEVER;
    const struct way *ways[] = {&pair->up, &pair->down};
    for (size_t i = 0; i < 2; i++) {
        const struct chunk *head = g_queue_peek_head(ways[i]->queue);
        if (head != NULL && !ways[i]->blocked)
            due = MIN(due, head->due);
    }
    return due;
}

static void wait_for(GPtrArray *pairs, int listener)
{
    struct pollfd fds[2 + 2 * PAIRS_MAX] = {{.fd = listener, .events = POLLIN},
                                            {.fd = STDIN_FILENO, .events = POLLIN}};
    nfds_t count = 2;
    int64_t now = now_ns(), due = NEVER;
    for (guint i = 0; i < pairs->len; i++) {
        const struct pair *pair = pairs->pdata[i];
        bool started = now >= pair->starts_at;
        short up = started ? wanted(&pair->up, &pair->down) : 0;
        short down = started ? wanted(&pair->down, &pair->up) : 0;
        /* Without events poll would still report the hang-up, again and again. */
        fds[count++] = (struct pollfd){.fd = up != 0 ? pair->up.from : -1, .events = up};
        fds[count++] = (struct pollfd){.fd = down != 0 ? pair->down.from : -1, .events = down};
        due = MIN(due, next_due(pair, now));
    }
    int64_t left = MAX(due - now, 0);
    struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    ppoll(fds, count, due != NEVER ? &timeout : NULL, NULL);
    if (fds[1].revents != 0)
        exit(0);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "trace") != 0)) {
        fprintf(stderr, "usage: delay_proxy TARGET_PORT DELAY_MS [trace]\n");
        return 2;
    }
    tracing = argc == 4;
    uint16_t target = (uint16_t)atoi(argv[1]);
    int64_t delay = (int64_t)(strtod(argv[2], NULL) * 1e6);
    int listener = listen_somewhere();
    set_up(listener);
    GPtrArray *pairs = g_ptr_array_new();
    for (;;) {
        struct pair *pair;
        while (pairs->len < PAIRS_MAX && (pair = accept_pair(listener, target, delay)) != NULL)
            g_ptr_array_add(pairs, pair);
        for (guint i = 0; i < pairs->len; i++) {
            pair = pairs->pdata[i];
            work(pair, delay);
            if (pair->up.closed && pair->down.closed) {
                free_pair(pair);
                g_ptr_array_remove_index_fast(pairs, i--);
            }
        }
        wait_for(pairs, listener);
    }
}
