#include "net/conn.h"

#include "net/internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* A network as 16 bytes and a prefix length; IPv4 stands as ::ffff:a.b.c.d. */
struct network {
    uint8_t bytes[16];
    int bits;
};

#define V4_BITS 96

/* Special-purpose IPv4 networks (RFC 6890 and its registry): none is a public mail server's. */
static const char *const private_v4[] = {
    "0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",
    "169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",  "192.0.2.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",   NULL,
};

/* Inside 2000::/3, the only public range: protocol assignments with Teredo, documentation, 6to4. */
static const char *const private_v6[] = {
    "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", NULL,
};

static bool network_contains(const struct network *network, const uint8_t address[16])
{
    int whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->bytes, address, (size_t)whole) != 0)
        return false;
    if (rest == 0)
        return true;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return ((network->bytes[whole] ^ address[whole]) & mask) == 0;
}

static void map_v4(const void *four, uint8_t out[16])
{
    memset(out, 0, 10);
    memset(out + 10, 0xff, 2);
    memcpy(out + 12, four, 4);
}

/* "10.1.0.0/16", "::1/128" or a single address. */
static bool network_parse(const char *text, struct network *network)
{
    g_autofree char *address = g_strdup(text);
    char *slash = strchr(address, '/');
    if (slash != NULL)
        *slash = '\0';
    struct in_addr v4;
    bool four = inet_pton(AF_INET, address, &v4) == 1;
    if (four)
        map_v4(&v4, network->bytes);
    else if (inet_pton(AF_INET6, address, network->bytes) != 1)
        return false;
    network->bits = 128;
    if (slash == NULL)
        return true;
    char *end;
    long bits = strtol(slash + 1, &end, 10);
    if (end == slash + 1 || *end != '\0' || bits < 0 || bits > (four ? 32 : 128))
        return false;
    network->bits = (int)bits + (four ? V4_BITS : 0);
    return true;
}

static bool in_any(const char *const *networks, const uint8_t address[16])
{
    for (size_t i = 0; networks != NULL && networks[i] != NULL; i++) {
        struct network network;
        if (network_parse(networks[i], &network) && network_contains(&network, address))
            return true;
    }
    return false;
}

static bool in_one(const char *text, const uint8_t address[16])
{
    const char *const networks[] = {text, NULL};
    return in_any(networks, address);
}

static bool is_public(const uint8_t address[16])
{
    if (in_one("::ffff:0:0/96", address))
        return !in_any(private_v4, address);
    if (in_one("64:ff9b::/96", address)) { /* NAT64 (RFC 6052): what counts is the IPv4 inside */
        uint8_t inside[16];
        map_v4(address + 12, inside);
        return !in_any(private_v4, inside);
    }
    return in_one("2000::/3", address) && !in_any(private_v6, address);
}

/* False for families without internet addresses. */
static bool address_bytes(const struct sockaddr *address, uint8_t bytes[16])
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        map_v4(&v4.sin_addr, bytes);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        memcpy(bytes, &v6.sin6_addr, 16);
        return true;
    }
    return false;
}

bool net_address_in(const struct sockaddr *address, const char *const *networks)
{
    uint8_t bytes[16];
    return address_bytes(address, bytes) && in_any(networks, bytes);
}

bool net_address_allowed(const struct sockaddr *address, const struct net_policy *policy)
{
    uint8_t bytes[16];
    if (!address_bytes(address, bytes))
        return false;
    if (policy != NULL && in_any((const char *const *)policy->allowed_networks, bytes))
        return true;
    return is_public(bytes);
}

bool net_addresses_filter(struct addrinfo **list, const struct net_policy *policy, GError **error)
{
    struct addrinfo **link = list;
    while (*link != NULL) {
        struct addrinfo *entry = *link;
        if (net_address_allowed(entry->ai_addr, policy)) {
            link = &entry->ai_next;
            continue;
        }
        *link = entry->ai_next;
        entry->ai_next = NULL;
        net_resolve_free(entry);
    }
    if (*list != NULL)
        return true;
    error_set(error, ERROR_ADDRESS_FORBIDDEN, "the host has no public address");
    return false;
}

char *net_address_text(const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
        return g_strdup_printf("%s:%u", text, ntohs(v4.sin_port));
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof(v6));
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    return g_strdup_printf("[%s]:%u", text, ntohs(v6.sin6_port));
}

bool net_host_is_literal(const char *host)
{
    uint8_t bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

char *net_host_ascii(const char *host, GError **error)
{
    size_t length = host == NULL ? 0 : strlen(host);
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        g_autofree char *inner = g_strndup(host + 1, length - 2);
        if (net_host_is_literal(inner))
            return g_steal_pointer(&inner);
    }
    if (length > 0 && net_host_is_literal(host))
        return g_strdup(host);
    g_autofree char *ascii = length > 0 && length < 256 && g_utf8_validate(host, -1, NULL)
                                 ? g_hostname_to_ascii(host)
                                 : NULL;
    bool fits = ascii != NULL && ascii[0] != '\0' && ascii[0] != '-' && strlen(ascii) < 254;
    for (const char *p = ascii; fits && *p != '\0'; p++)
        fits = g_ascii_isalnum(*p) || *p == '-' || *p == '.' || *p == '_';
    if (fits)
        return g_steal_pointer(&ascii);
    error_set(error, ERROR_INVALID, "not a host name: %s", host == NULL ? "" : host);
    return NULL;
}
