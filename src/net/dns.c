#include "net/dns.h"

#include "net/internal.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <net/if.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 16384
#define RECORDS_MAX 20
#define SERVERS_MAX 3
#define RETRY_SECONDS 2
#define TRIES 2

union server {
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static struct {
    union server servers[SERVERS_MAX];
    int count;
} own; /* library set-up */

/* "fe80::1%eth0" or "fe80::1%2": where a link-local address is one (RFC 4007 11). Changes text. */
static bool parse_six(char *text, struct sockaddr_in6 *server)
{
    char *zone = strchr(text, '%');
    guint64 scope = 0;
    if (zone != NULL) {
        *zone++ = '\0';
        scope = if_nametoindex(zone);
        if (scope == 0 && !g_ascii_string_to_unsigned(zone, 10, 1, UINT32_MAX, &scope, NULL))
            return false;
    }
    *server = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)scope};
    return inet_pton(AF_INET6, text, &server->sin6_addr) == 1;
}

/* The address without its port and brackets, which stay in text. (transfer full) or NULL. */
static char *split_port(const char *text, guint64 *port)
{
    const char *colon = strchr(text, ':'), *end = NULL;
    *port = 53;
    if (text[0] == '[') {
        end = strchr(text++, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return NULL;
        colon = end[1] == ':' ? end + 1 : NULL;
    } else if (colon != NULL && strchr(colon + 1, ':') != NULL) { /* bare IPv6 */
        colon = NULL;
    }
    if (colon != NULL && !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, port, NULL))
        return NULL;
    if (end == NULL)
        end = colon;
    return end != NULL ? g_strndup(text, (gsize)(end - text)) : g_strdup(text);
}

static bool parse_server(const char *text, union server *server)
{
    guint64 port;
    g_autofree char *address = split_port(text, &port);
    if (address == NULL)
        return false;
    if (strchr(address, ':') != NULL) {
        bool ok = parse_six(address, &server->six);
        server->six.sin6_port = htons((uint16_t)port);
        return ok;
    }
    server->four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return text[0] != '[' && inet_pton(AF_INET, address, &server->four.sin_addr) == 1;
}

bool net_dns_servers(const char *const *servers, GError **error)
{
    own.count = 0;
    for (int i = 0; servers != NULL && servers[i] != NULL; i++) {
        if (i < SERVERS_MAX && parse_server(servers[i], &own.servers[i])) {
            own.count++;
            continue;
        }
        error_set(error, ERROR_INVALID,
                  "[network] dns_servers: at most %d like 192.0.2.53, 127.0.0.1:5300 or "
                  "[2001:db8::53]:5300",
                  SERVERS_MAX);
        return false;
    }
    return true;
}

bool net_dns_is_own(const char *name)
{
    return own.count > 0 && strcmp(name, "localhost") != 0;
}

bool net_dns_is_host(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= 253 && name[0] != '-' && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
               length &&
           strstr(name, "..") == NULL;
}

/* The C library keeps IPv6 servers beside its list: an entry without a family stands for one. Its
 * copies are freed by res_nclose; a count of none has it take the list anew. */
static bool use_own(struct __res_state *state)
{
    for (int i = 0; i < own.count; i++) {
        struct sockaddr_in6 **place = &state->_u._ext.nsaddrs[i];
        state->nsaddr_list[i] = own.servers[i].four;
        if (own.servers[i].four.sin_family == AF_INET)
            continue;
        if (*place == NULL && (*place = calloc(1, sizeof **place)) == NULL)
            return false;
        **place = own.servers[i].six;
        state->nsaddr_list[i].sin_family = 0;
    }
    if (own.count > 0) {
        state->nscount = own.count;
        state->_u._ext.nscount = 0;
    }
    return true;
}

/* The answer's length, 0: there is no such record; -1 with ERROR_DNS. */
static int ask(const char *name, int type, unsigned char *answer, GError **error)
{
    struct __res_state state = {0};
    bool ready = res_ninit(&state) == 0;
    if (!ready || !use_own(&state)) {
        if (ready)
            res_nclose(&state);
        error_set(error, ERROR_DNS, "the resolver cannot be set up");
        return -1;
    }
    state.options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
    state.retrans = RETRY_SECONDS;
    state.retry = TRIES;
    int length = res_nquery(&state, name, ns_c_in, type, answer, ANSWER_MAX);
    bool none = length < 0 && (state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA);
    if (length < 0 && !none)
        error_set(error, ERROR_DNS, "%s: the name server does not answer", name);
    res_nclose(&state);
    return none ? 0 : MIN(length, ANSWER_MAX);
}

/* --- SRV and MX */

void net_dns_record_free(struct net_dns_record *record)
{
    if (record == NULL)
        return;
    g_free(record->target);
    g_free(record);
}

static void free_record(gpointer record)
{
    net_dns_record_free(record);
}

static void take_record(const ns_msg *message, const ns_rr *rr, enum net_dns_type type,
                        GPtrArray *records)
{
    const unsigned char *data = ns_rr_rdata(*rr);
    unsigned fixed = type == NET_DNS_SRV ? 6 : 2;
    char target[NS_MAXDNAME];
    if (ns_rr_rdlen(*rr) <= fixed ||
        ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + fixed, target,
                           sizeof target) < 0 ||
        !net_dns_is_host(target))
        return;
    struct net_dns_record *record = g_new0(struct net_dns_record, 1);
    record->priority = (uint16_t)ns_get16(data);
    if (type == NET_DNS_SRV) {
        record->weight = (uint16_t)ns_get16(data + 2);
        record->port = (uint16_t)ns_get16(data + 4);
    }
    record->target = g_ascii_strdown(target, -1);
    g_ptr_array_add(records, record);
}

static gint by_preference(gconstpointer a, gconstpointer b)
{
    const struct net_dns_record *x = *(struct net_dns_record *const *)a;
    const struct net_dns_record *y = *(struct net_dns_record *const *)b;
    if (x->priority != y->priority)
        return x->priority < y->priority ? -1 : 1;
    return x->weight > y->weight ? -1 : x->weight < y->weight;
}

GPtrArray *net_dns_records(const char *name, enum net_dns_type type, GError **error)
{
    g_autofree unsigned char *answer = g_malloc(ANSWER_MAX);
    int wanted = type == NET_DNS_SRV ? ns_t_srv : ns_t_mx;
    int length = ask(name, wanted, answer, error);
    ns_msg message;
    if (length < 0)
        return NULL;
    GPtrArray *records = g_ptr_array_new_with_free_func(free_record);
    if (length == 0 || ns_initparse(answer, length, &message) != 0)
        return records;
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && records->len < RECORDS_MAX; i++) {
        ns_rr rr;
        if (ns_parserr(&message, ns_s_an, i, &rr) == 0 && ns_rr_type(rr) == (ns_type)wanted)
            take_record(&message, &rr, type, records);
    }
    g_ptr_array_sort(records, by_preference);
    return records;
}

/* --- addresses */

static struct addrinfo **take_address(const ns_rr *rr, struct addrinfo **link)
{
    bool four = ns_rr_type(*rr) == ns_t_a;
    if (ns_rr_rdlen(*rr) != (four ? 4 : 16))
        return link;
    struct addrinfo *one = g_new0(struct addrinfo, 1);
    one->ai_family = four ? AF_INET : AF_INET6;
    one->ai_socktype = SOCK_STREAM;
    one->ai_addrlen = four ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    one->ai_addr = g_malloc0(one->ai_addrlen);
    one->ai_addr->sa_family = (sa_family_t)one->ai_family;
    if (four)
        memcpy(&((struct sockaddr_in *)(void *)one->ai_addr)->sin_addr, ns_rr_rdata(*rr), 4);
    else
        memcpy(&((struct sockaddr_in6 *)(void *)one->ai_addr)->sin6_addr, ns_rr_rdata(*rr), 16);
    *link = one;
    return &one->ai_next;
}

int net_dns_look_up(const char *name, struct addrinfo **list)
{
    static const int types[] = {ns_t_aaaa, ns_t_a};
    g_autofree unsigned char *answer = g_malloc(ANSWER_MAX);
    struct addrinfo **link = list;
    bool answered = false;
    *list = NULL;
    for (size_t t = 0; t < G_N_ELEMENTS(types); t++) {
        int length = ask(name, types[t], answer, NULL);
        ns_msg message;
        answered = answered || length >= 0;
        if (length <= 0 || ns_initparse(answer, length, &message) != 0)
            continue;
        for (int i = 0; i < ns_msg_count(message, ns_s_an) && i < RECORDS_MAX; i++) {
            ns_rr rr;
            if (ns_parserr(&message, ns_s_an, i, &rr) == 0 && ns_rr_type(rr) == (ns_type)types[t])
                link = take_address(&rr, link);
        }
    }
    return *list != NULL ? 0 : answered ? EAI_NONAME : EAI_AGAIN;
}
