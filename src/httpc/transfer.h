/* One request to one address, without redirects: the only file that drives libcurl. */
#ifndef POSTROOM_HTTPC_TRANSFER_H
#define POSTROOM_HTTPC_TRANSFER_H

#include "httpc/httpc.h"

/* Where a request goes, taken apart. Strings owned. */
struct httpc_target {
    char *url;    /* normalised, with the host in ASCII */
    char *host;   /* ASCII; an IPv6 literal without brackets */
    char *origin; /* "https://host:port" */
    uint16_t port;
    bool tls;
    bool literal; /* the host is an address */
};
void httpc_target_clear(struct httpc_target *target);

/* Parses url, relative to base when base is not NULL. ERROR_INVALID for another scheme, for user
 * information and for anything that is no URL. */
bool httpc_target_parse(struct httpc_target *target, const char *base, const char *url,
                        GError **error);

struct httpc_hop {
    const struct httpc_request *request;
    const struct httpc_target *target;
    bool with_bearer;
    size_t answer_max;
};

/* Performs one hop; *location gets the Location header, absolute or not, or NULL. (transfer full)
 */
bool httpc_transfer(const struct httpc_hop *hop, struct httpc_answer *answer, char **location,
                    GError **error);

#endif
