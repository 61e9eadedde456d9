/* Questions to name servers that getaddrinfo cannot ask: SRV and MX records (RFC 2782, RFC 1035).
 */
#ifndef POSTROOM_NET_DNS_H
#define POSTROOM_NET_DNS_H

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Name servers ("192.0.2.53", "127.0.0.1:5300", "2001:db8::53", "[fe80::1%eth0]:5300"; the zone is
 * an interface's name or number, RFC 4007) that are asked instead of the system's, for everything
 * but "localhost"; NULL: the system's. Once, before threads; copied. ERROR_INVALID. */
bool net_dns_servers(const char *const *servers, GError **error);

enum net_dns_type { NET_DNS_SRV, NET_DNS_MX };

struct net_dns_record {
    uint16_t priority, weight, port; /* MX: weight and port are 0 */
    char *target;                    /* lower case, without a dot at the end */
};
void net_dns_record_free(struct net_dns_record *record);
/* At most 20, the preferred one first; a record whose target is no host name ("." too) is left out.
 * Empty: there are none. NULL with ERROR_DNS. Blocking, some seconds at most. Any thread.
 * (transfer full) with free func. */
GPtrArray *net_dns_records(const char *name, enum net_dns_type type, GError **error);

/* A host name as it may stand in a configuration: letters, digits, hyphens and dots. */
bool net_dns_is_host(const char *name);

#endif
