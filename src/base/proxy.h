/* The address of an outbound proxy as an administrator writes it: "http://host:port" (CONNECT) or
 * "socks5://host:port" ("socks5h" is the same), with "user@" or "user:password@" in front of the
 * host, percent-encoded. Pure; any thread. */
#ifndef POSTROOM_BASE_PROXY_H
#define POSTROOM_BASE_PROXY_H

#include "base/error.h"
#include "base/secret.h"

/* A setting that means: no proxy, whatever the wider setting says. */
#define PROXY_DIRECT "direct"

enum proxy_kind { PROXY_HTTP, PROXY_SOCKS5 };

struct proxy {
    enum proxy_kind kind;
    char *host, *user, *password; /* user and password may be NULL */
    uint16_t port;
};

/* False with ERROR_INVALID, which repeats nothing of the address: it may hold a password. */
bool proxy_parse(const char *url, struct proxy *proxy, GError **error);
void proxy_clear(struct proxy *proxy);

/* For settings: "direct" or an address without a password, or ERROR_INVALID. */
bool proxy_setting_check(const char *setting, GError **error);
/* The address with the password (or NULL) in it, to dial with; "direct" stays. NULL for NULL.
 * (transfer full): secret_wipe_string. */
char *proxy_with_password(const char *setting, const struct secret *password);

#endif
