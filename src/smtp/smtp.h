/* Message submission (RFC 6409) over net: straight-line, one conversation a call.
 *
 * Every reply is kept: the last one as code, enhanced code and text for the log and the user. */
#ifndef POSTROOM_SMTP_SMTP_H
#define POSTROOM_SMTP_SMTP_H

#include "base/error.h"
#include "base/secret.h"
#include "net/conn.h"

#include <glib.h>

enum smtp_security {
    SMTP_TLS,
    SMTP_STARTTLS,
    SMTP_PLAIN /* loopback or explicitly allowed only */
};
enum smtp_auth { SMTP_AUTH_XOAUTH2, SMTP_AUTH_PASSWORD /* PLAIN, else LOGIN */, SMTP_AUTH_NONE };

struct smtp_server {
    struct net_dial dial; /* dial.tls is ignored: security says it */
    enum smtp_security security;
    enum smtp_auth auth;
    const char *login;           /* the UPN at Microsoft */
    const struct secret *secret; /* access token or password */
    const char *helo;            /* NULL: an address literal */
    int64_t reply_ms; /* patience for one reply; 0: 60 s, five minutes after the final dot */
};

struct smtp_recipient {
    const char *address;
    const char *notify; /* DSN NOTIFY value, or NULL */
    const char *orcpt;  /* DSN ORCPT value as "rfc822;address", or NULL */
    /* out: */
    int code;
    char *reply; /* (transfer full) the server's words about it */
};

struct smtp_message {
    const char *mail_from;
    struct smtp_recipient *recipients;
    size_t recipient_count;
    GBytes *data; /* RFC 5322 message; any line endings: written as CRLF, dot-stuffed (SECURITY.md
                     10) */
    const char *envid, *ret; /* DSN, or NULL */
    /* Called when all of the data is out and only the final dot is left: a crash before it means
     * that nothing was sent. False (with *error) gives up; the server then drops the message. May
     * be NULL. */
    bool (*before_final_dot)(void *arg, GError **error);
    void *arg;
};

struct smtp_result {
    int code;         /* of the deciding reply; 0 before any */
    char *enhanced;   /* "5.7.139" or NULL */
    char *reply;      /* all its lines without their code, joined by spaces, cut at 1000 bytes */
    char *queued_id;  /* a message id in the final 250, as personal Outlook gives, without < >; or
                         NULL */
    bool handed_over; /* the final dot was sent: after an error the end is uncertain
                         (ERROR_UNCERTAIN) */
    uint64_t size_limit; /* announced by SIZE; 0: none */
    bool dsn, smtputf8, eight_bit;
};
void smtp_result_clear(struct smtp_result *result);

/* Connects, greets, secures, signs in and quits: verification without a message. The result is
 * filled anew, also on failure; clear it afterwards. */
bool smtp_verify(const struct smtp_server *server, struct smtp_result *result, GError **error);

/* A signed-in connection, for several messages one after the other. Any thread, one at a time. */
struct smtp_client;
/* The server is borrowed until smtp_client_free. The result is filled anew. (transfer full) or
 * NULL.
 */
struct smtp_client *smtp_client_open(const struct smtp_server *server, struct smtp_result *result,
                                     GError **error);
/* As smtp_send. After a failure the connection is not to be used again: free it. */
bool smtp_client_send(struct smtp_client *client, struct smtp_message *message,
                      struct smtp_result *result, GError **error);
/* Quits, or hangs up after a failure; NULL is allowed. */
void smtp_client_free(struct smtp_client *client);

/* Sends one message. True when the server took it for at least one recipient and every refused one
 * is told in recipients[].code; with no recipient taken ERROR_RECIPIENT_REFUSED, or a temporary or
 * more telling error when all refusals are of that kind. Refusals map by the table in replies.c:
 * ERROR_SMTP_AUTH_OFF, ERROR_SMTP_REFUSED, ERROR_PASSWORD_REFUSED, ERROR_BLOCKED_BY_POLICY,
 * ERROR_ACCOUNT_DISABLED, ERROR_SEND_AS_DENIED, ERROR_MESSAGE_TOO_LARGE (also before DATA, by
 * SIZE), ERROR_THROTTLED (432, 421, 451 4.7.x), ERROR_SMTP_TEMPORARY, ERROR_SMTP_PERMANENT,
 * ERROR_PROTOCOL. Besides: ERROR_UNCERTAIN when no answer came after the final dot, ERROR_INVALID
 * (CR, LF, or what else cannot stand in an address or parameter), and those of conn. Any thread;
 * blocks. */
bool smtp_send(const struct smtp_server *server, struct smtp_message *message,
               struct smtp_result *result, GError **error);

#endif
