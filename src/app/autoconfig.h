/* Where a mailbox's servers are, found out from its address: a few well-known domains, the
 * provider's own description (Mozilla's autoconfig), SRV records (RFC 6186, RFC 8314), and whose MX
 * it is. All of it is USER-scoped (SECURITY.md 5), https only, and ends within some seconds. */
#ifndef POSTROOM_APP_AUTOCONFIG_H
#define POSTROOM_APP_AUTOCONFIG_H

#include "app/app.h"

#include <jansson.h>

struct autoconfig;
/* After the app's checks, whose workers it uses; they end before it is freed. */
struct autoconfig *autoconfig_new(struct app *app);
void autoconfig_free(struct autoconfig *autoconfig);

/* Autoconfig/find for a person: begins to look, or tells what was found so far; asked again until
 * its state is "done". What was found is remembered for some minutes. ERROR_INVALID: no address;
 * ERROR_THROTTLED. (transfer full) or NULL. Any thread. */
json_t *autoconfig_find(struct autoconfig *autoconfig, int64_t user, const char *address,
                        GError **error);

/* --- for its own sources and their tests */

struct autoconfig_server {
    char *host; /* NULL: none */
    uint16_t port;
    const char *security; /* "tls", "starttls" */
};
struct autoconfig_servers {
    struct autoconfig_server imap, smtp;
    bool local_login;  /* the login name is what stands before the @ */
    bool app_password; /* the provider wants a password made for programs */
    const char *oauth; /* "microsoft", "google": signing in there is what it wants; or NULL */
};
void autoconfig_servers_clear(struct autoconfig_servers *servers);
/* The table of well-known domains. False: not in it. */
bool autoconfig_known(const char *domain, struct autoconfig_servers *servers);
/* Whose mail exchanger this is: "microsoft", "google" or NULL. */
const char *autoconfig_of_exchanger(const char *host);
/* clientConfig of Mozilla's format, version 1.1, hostile: the first IMAP and the first SMTP server
 * that are reached with TLS or STARTTLS. False: there are none, or it is no such document. */
bool autoconfig_read(const char *xml, size_t length, struct autoconfig_servers *servers);

#endif
