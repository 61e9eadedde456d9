/* Which addresses a user's host may have, and how names are resolved. */
#include "net/conn.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netdb.h>
#include <pthread.h>
#include <string.h>

struct address_case {
    const char *address;
    bool allowed;
};

static const struct address_case address_cases[] = {
    {"8.8.8.8", true},
    {"40.99.201.2", true},
    {"172.15.255.255", true},
    {"172.32.0.1", true},
    {"100.63.255.255", true},
    {"100.128.0.1", true},
    {"2603:1026::1", true},
    {"2a00:1450:4001::6d", true},
    {"64:ff9b::808:808", true},
    {"0.0.0.0", false},
    {"0.1.2.3", false},
    {"10.0.0.1", false},
    {"100.64.0.1", false},
    {"100.127.255.255", false},
    {"127.0.0.1", false},
    {"127.255.255.254", false},
    {"169.254.169.254", false},
    {"172.16.0.1", false},
    {"172.31.255.255", false},
    {"192.0.0.8", false},
    {"192.0.2.7", false},
    {"192.168.1.1", false},
    {"198.18.0.1", false},
    {"198.51.100.9", false},
    {"203.0.113.9", false},
    {"224.0.0.1", false},
    {"239.255.255.250", false},
    {"240.0.0.1", false},
    {"255.255.255.255", false},
    {"::", false},
    {"::1", false},
    {"::127.0.0.1", false},
    {"::ffff:127.0.0.1", false},
    {"::ffff:10.1.2.3", false},
    {"::ffff:169.254.169.254", false},
    {"::ffff:8.8.8.8", true},
    {"64:ff9b::7f00:1", false},
    {"64:ff9b:1::1", false},
    {"100::1", false},
    {"2001::1", false},
    {"2001:db8::1", false},
    {"2002:7f00:1::", false},
    {"3fff::1", false},
    {"fc00::1", false},
    {"fd12:3456::1", false},
    {"fe80::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
};

static void to_sockaddr(const char *text, struct sockaddr_storage *storage)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    memset(storage, 0, sizeof(*storage));
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        memcpy(storage, &v4, sizeof(v4));
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        memcpy(storage, &v6, sizeof(v6));
    else
        g_error("bad case %s", text);
}

static bool allowed(const char *text, const struct net_policy *policy)
{
    struct sockaddr_storage storage;
    to_sockaddr(text, &storage);
    return net_address_allowed((struct sockaddr *)&storage, policy);
}

static void only_public_addresses_are_allowed(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(address_cases); i++) {
        g_test_message("%s", address_cases[i].address);
        g_assert_cmpint(allowed(address_cases[i].address, NULL), ==, address_cases[i].allowed);
    }
}

static void an_unknown_family_is_refused(void)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNIX};
    g_assert_false(net_address_allowed((struct sockaddr *)&storage, NULL));
}

static void the_policy_opens_named_networks_only(void)
{
    char *networks[] = {g_strdup("10.1.0.0/16"), g_strdup("fd00:1::/33"), g_strdup("::1"),
                        g_strdup("10.2.3.4/33"), g_strdup("nonsense"),    NULL};
    struct net_policy policy = {.allowed_networks = networks};
    g_assert_true(allowed("10.1.255.1", &policy));
    g_assert_true(allowed("::ffff:10.1.0.1", &policy));
    g_assert_false(allowed("10.2.3.4", &policy));
    g_assert_true(allowed("fd00:1::1", &policy));
    g_assert_false(allowed("fd00:1:8000::1", &policy));
    g_assert_true(allowed("::1", &policy));
    g_assert_false(allowed("127.0.0.1", &policy));
    for (char **at = networks; *at != NULL; at++)
        g_free(*at);
}

static void literals_and_localhost_resolve(void)
{
    static const char *const hosts[] = {"127.0.0.1", "::1", "[::1]", "localhost"};
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autoptr(GError) error = NULL;
        struct addrinfo *list = NULL;
        g_assert_cmpint(net_resolve(hosts[i], 993, clock_in_ms(20000), NULL, &list, &error), ==, 0);
        g_assert_no_error(error);
        struct sockaddr_in6 first = {.sin6_family = AF_UNSPEC};
        memcpy(&first, list->ai_addr, list->ai_addrlen);
        g_assert_cmpint(ntohs(first.sin6_port), ==, 993); /* the same place in both families */
        net_resolve_free(list);
    }
}

static void names_that_cannot_be_are_invalid(void)
{
    static const char *const hosts[] = {"",    "a b", "evil\r\nhost", "-x.example",
                                        "a/b", "x@y", "\xff"};
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autoptr(GError) error = NULL;
        struct addrinfo *list = NULL;
        g_assert_cmpint(net_resolve(hosts[i], 25, clock_in_ms(20000), NULL, &list, &error), ==, -1);
        g_assert_true(error_is(error, ERROR_INVALID));
        g_assert_null(list);
    }
}

static void a_lookup_ends_at_its_deadline(void)
{
    g_autoptr(GError) error = NULL;
    struct addrinfo *list = NULL;
    g_assert_cmpint(net_resolve("deadline.invalid", 25, clock_now(), NULL, &list, &error), ==, -1);
    g_assert_true(error_is(error, ERROR_TIMEOUT));
}

static void a_cancelled_lookup_returns_at_once(void)
{
    g_autoptr(GError) error = NULL;
    struct addrinfo *list = NULL;
    struct cancel *cancel = cancel_new();
    cancel_trigger(cancel);
    g_assert_cmpint(net_resolve("cancel.invalid", 25, CLOCK_NEVER, cancel, &list, &error), ==, -1);
    g_assert_true(error_is(error, ERROR_CANCELLED));
    cancel_unref(cancel);
}

static void *resolve_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 50; i++) {
        struct addrinfo *list = NULL;
        if (net_resolve("localhost", 80, clock_in_ms(20000), NULL, &list, NULL) == 0)
            net_resolve_free(list);
    }
    return NULL;
}

static void many_threads_share_lookups(void)
{
    pthread_t threads[16];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, resolve_many, NULL), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/address/public-only", only_public_addresses_are_allowed);
    g_test_add_func("/net/address/unknown-family", an_unknown_family_is_refused);
    g_test_add_func("/net/address/policy", the_policy_opens_named_networks_only);
    g_test_add_func("/net/resolve/literals", literals_and_localhost_resolve);
    g_test_add_func("/net/resolve/invalid", names_that_cannot_be_are_invalid);
    g_test_add_func("/net/resolve/deadline", a_lookup_ends_at_its_deadline);
    g_test_add_func("/net/resolve/cancel", a_cancelled_lookup_returns_at_once);
    g_test_add_func("/net/resolve/many", many_threads_share_lookups);
    return g_test_run();
}
