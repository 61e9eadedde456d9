/* The name servers of the configuration, asked over loopback. */
#include "net/dns.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    int fd;
    uint16_t port;
    pthread_t thread;
};

/* Answers each question with one MX record, 10 mail.example; an empty datagram ends it. */
static void *serve(void *arg)
{
    static const unsigned char record[] = {0xc0, 12,  0,   15,  0,   1,   0,   0,   0,   60,
                                           0,    16,  0,   10,  4,   'm', 'a', 'i', 'l', 7,
                                           'e',  'x', 'a', 'm', 'p', 'l', 'e', 0};
    struct server *server = arg;
    unsigned char packet[1024];
    struct sockaddr_storage from;
    for (;;) {
        socklen_t length = sizeof from;
        ssize_t got = recvfrom(server->fd, packet, 512, 0, (struct sockaddr *)&from, &length);
        if (got <= NS_HFIXEDSZ)
            return NULL;
        size_t end = NS_HFIXEDSZ;
        while (packet[end] != 0)
            end += packet[end] + 1u;
        end += 5;
        packet[2] = 0x81, packet[3] = 0x80;
        memset(packet + 6, 0, 6);
        packet[7] = 1;
        memcpy(packet + end, record, sizeof record);
        (void)sendto(server->fd, packet, end + sizeof record, 0, (struct sockaddr *)&from, length);
    }
}

static bool server_open(struct server *server, int family)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *address =
        family == AF_INET6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
    socklen_t length = family == AF_INET6 ? sizeof six : sizeof four;
    server->fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (server->fd < 0 || bind(server->fd, address, length) != 0)
        return false;
    g_assert_cmpint(getsockname(server->fd, address, &length), ==, 0);
    server->port = ntohs(family == AF_INET6 ? six.sin6_port : four.sin_port);
    g_assert_cmpint(pthread_create(&server->thread, NULL, serve, server), ==, 0);
    return true;
}

static void server_close(struct server *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
}

static void asks(int family, const char *format)
{
    struct server server;
    g_autoptr(GError) error = NULL;
    if (!server_open(&server, family)) {
        g_test_skip("no such loopback here");
        return;
    }
    char port[8];
    g_snprintf(port, sizeof port, "%u", server.port);
    GString *text = g_string_new(format);
    g_string_replace(text, "PORT", port, 1);
    const char *const servers[] = {text->str, NULL};
    g_assert_true(net_dns_servers(servers, &error));
    g_autoptr(GPtrArray) records = net_dns_records("lamps.example", NET_DNS_MX, &error);
    g_assert_no_error(error);
    g_assert_nonnull(records);
    g_assert_cmpuint(records->len, ==, 1);
    const struct net_dns_record *record = records->pdata[0];
    g_assert_cmpstr(record->target, ==, "mail.example");
    g_assert_cmpuint(record->priority, ==, 10);
    g_assert_true(net_dns_servers(NULL, &error));
    g_string_free(text, TRUE);
    server_close(&server);
}

static void four(void)
{
    asks(AF_INET, "127.0.0.1:PORT");
}

static void six(void)
{
    asks(AF_INET6, "[::1]:PORT");
}

static void six_by_zone_name(void)
{
    asks(AF_INET6, "[::1%lo]:PORT");
}

static void six_by_zone_number(void)
{
    asks(AF_INET6, "[::1%1]:PORT");
}

static void forms(void)
{
    static const char *const good[] = {"192.0.2.53",     "192.0.2.53:5300",   "2001:db8::53",
                                       "[2001:db8::53]", "[2001:db8::1]:53",  "fe80::1%lo",
                                       "fe80::1%1",      "[fe80::1%lo]:5300", "::1"};
    static const char *const wrong[] = {"",
                                        "ns.example",
                                        "192.0.2",
                                        "[192.0.2.53]:53",
                                        "[::1",
                                        "[::1]x",
                                        "[::1]:",
                                        "[::1]:0",
                                        "[::1]:66000",
                                        "fe80::1%",
                                        "fe80::1%no such",
                                        "192.0.2.53:",
                                        "::1::2",
                                        "192.0.2.53%lo",
                                        "[]:53"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        const char *const servers[] = {good[i], NULL};
        g_test_message("%s", good[i]);
        g_assert_true(net_dns_servers(servers, &error));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        const char *const servers[] = {wrong[i], NULL};
        g_test_message("%s", wrong[i]);
        g_assert_false(net_dns_servers(servers, &error));
        g_assert_true(error_is(error, ERROR_INVALID));
    }
    const char *const many[] = {"::1", "::1", "127.0.0.1", "::1", NULL};
    g_autoptr(GError) error = NULL;
    g_assert_false(net_dns_servers(many, &error));
    g_assert_true(net_dns_servers(NULL, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/dns/ipv4", four);
    g_test_add_func("/net/dns/ipv6", six);
    g_test_add_func("/net/dns/ipv6-zone-name", six_by_zone_name);
    g_test_add_func("/net/dns/ipv6-zone-number", six_by_zone_number);
    g_test_add_func("/net/dns/forms", forms);
    return g_test_run();
}
