/* imaps://user%40x@host:993, imap+starttls://…, imap://… and the same for smtp
 * (docs/configuration.md). */
#ifndef POSTROOM_APP_MAILURL_H
#define POSTROOM_APP_MAILURL_H

#include "base/error.h"
#include "imap/client.h"

#include <stdint.h>

struct mail_url {
    char *host, *login; /* login NULL: the address is it */
    uint16_t port;
    enum imap_security security; /* for smtp alike */
};

/* protocol is "imap" or "smtp". Plain ones are for loopback, and only for the machine's
 * administrator. ERROR_INVALID says what is wrong. */
bool mail_url_parse(const char *text, const char *protocol, bool by_operator, struct mail_url *url,
                    GError **error);
void mail_url_clear(struct mail_url *url);
/* "tls", "starttls", "plain" */
const char *mail_url_security_word(const struct mail_url *url);

#endif
