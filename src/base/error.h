/* One error domain for the whole program.
 *
 * The code says three things at once: the scope that is hurt, whether trying again can help, and
 * which plain sentence a person is shown (its problem code, the same words as in docs/api.md).
 * The GError's message is for the log's reader and for "Details": it may quote a server, never a
 * token or a mail. */
#ifndef POSTROOM_BASE_ERROR_H
#define POSTROOM_BASE_ERROR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum error_scope {
    ERROR_SCOPE_CALL,    /* this call only: bad input, cancelled */
    ERROR_SCOPE_MESSAGE, /* one message; the mailbox goes on */
    ERROR_SCOPE_MAILBOX, /* one mailbox; the account goes on */
    ERROR_SCOPE_ACCOUNT, /* the account stops */
    ERROR_SCOPE_SERVER,  /* the host, so every account on it */
    ERROR_SCOPE_APP,     /* the provider's registration, so every account of that provider */
    ERROR_SCOPE_HERE,    /* this program's own disk or data */
};

enum error_retry {
    ERROR_RETRY_NEVER,  /* the same call will fail again */
    ERROR_RETRY_NOW,    /* on a new connection, at once */
    ERROR_RETRY_LATER,  /* with backoff, or after error_retry_after_ms() */
    ERROR_RETRY_RELINK, /* after a person signed in again */
    ERROR_RETRY_ADMIN,  /* after the administrator changed something */
};

enum error_code {
    ERROR_INTERNAL,
    ERROR_INVALID, /* the caller's argument or request */
    ERROR_NOT_FOUND,
    ERROR_FORBIDDEN,
    ERROR_CONFLICT,         /* ifInState, or a unique name taken */
    ERROR_TOO_LARGE,        /* over a limit of ours */
    ERROR_CANNOT_CALCULATE, /* state older than the change log */
    ERROR_CANCELLED,
    ERROR_STORE,
    ERROR_DISK_FULL,
    ERROR_CRYPTO, /* a sealed value does not open: wrong key or swapped row */
    /* network */
    ERROR_TIMEOUT,
    ERROR_DNS,
    ERROR_UNREACHABLE,
    ERROR_CLOSED, /* the peer hung up */
    ERROR_TLS,
    ERROR_ADDRESS_FORBIDDEN, /* a USER connection to a non-public address */
    ERROR_PROTOCOL,          /* garbage from the server */
    ERROR_THROTTLED,
    /* the outbound proxy */
    ERROR_PROXY_UNREACHABLE,
    ERROR_PROXY_LOGIN,    /* it refuses user name or password, or wants one */
    ERROR_PROXY_REFUSED,  /* it does not connect to that server */
    ERROR_PROXY_NONSENSE, /* it does not speak the protocol */
    ERROR_DAILY_LIMIT,    /* the provider's bytes of the day are used up */
    /* IMAP and SMTP */
    ERROR_SERVER_NO, /* a tagged NO without better meaning */
    ERROR_SERVER_BAD,
    ERROR_MAILBOX_GONE,
    ERROR_MESSAGE_GONE,
    ERROR_FOLDER_NOT_EMPTY, /* it holds messages that are not shown here */
    ERROR_FOLDER_REFUSED,   /* the server does not open it; the others are kept alike */
    ERROR_OVER_QUOTA,       /* no room is left in the mailbox */
    ERROR_COUNTS_DIFFER,    /* other messages here than there, although all was compared */
    ERROR_LOGIN_REFUSED,    /* OAuth login refused by IMAP */
    ERROR_PASSWORD_REFUSED,
    ERROR_TOKEN_EXPIRED, /* the session ended with its token */
    ERROR_NOT_CONNECTED, /* "authenticated but not connected" */
    ERROR_IMAP_OFF,
    ERROR_SMTP_AUTH_OFF,
    ERROR_SMTP_REFUSED,
    ERROR_SEND_AS_DENIED,
    ERROR_RECIPIENT_REFUSED,
    ERROR_MESSAGE_TOO_LARGE,
    ERROR_SMTP_TEMPORARY,
    ERROR_SMTP_PERMANENT,
    ERROR_RESTORED,  /* held back since a backup was restored */
    ERROR_UNCERTAIN, /* the connection ended after the message was handed over */
    /* OAuth */
    ERROR_DECLINED,
    ERROR_ADMIN_CONSENT,
    ERROR_CONSENT_NEEDED,
    ERROR_WRONG_ACCOUNT,
    ERROR_WRONG_TENANT,
    ERROR_BLOCKED_BY_POLICY,
    ERROR_MFA_REQUIRED,
    ERROR_ACCOUNT_DISABLED,
    ERROR_ACCESS_REVOKED,
    ERROR_SIGN_IN_EXPIRED,
    ERROR_LINK_EXPIRED,
    ERROR_NO_REFRESH_TOKEN,
    ERROR_SCOPES_MISSING,
    ERROR_APP_UNKNOWN,
    ERROR_APP_SECRET_WRONG,
    ERROR_APP_SECRET_EXPIRED,
    ERROR_APP_MISCONFIGURED,
    ERROR_REDIRECT_MISMATCH,
    ERROR_PROVIDER_UNREACHABLE,
    ERROR_PROVIDER_ERROR,
    ERROR_CODES
};

#define POSTROOM_ERROR (error_quark())
GQuark error_quark(void);

enum error_scope error_scope(const GError *error);
enum error_retry error_retry(const GError *error);

/* The problem code of docs/api.md ("smtp-auth-off"), its plain cause and its next step, in
 * English. Static strings, never NULL; an error of another domain counts as ERROR_INTERNAL. */
const char *error_problem(const GError *error);
const char *error_title(const char *problem);
const char *error_action(const char *problem);

/* The plain cause and the next step of this very error; several errors share a problem code. */
const char *error_cause(const GError *error);
const char *error_next_step(const GError *error);

/* The code behind a problem code that was stored; ERROR_INTERNAL when it is unknown. */
enum error_code error_code_of(const char *problem);

bool error_is(const GError *error, enum error_code code);

/* How long the server asked us to wait, in milliseconds; 0 when it said nothing. */
int64_t error_retry_after_ms(const GError *error);
void error_set_retry_after_ms(GError *error, int64_t milliseconds);

/* g_set_error for our domain. Control characters in the text are escaped, and it is cut at 500
 * bytes. */
void error_set(GError **error, enum error_code code, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Ends a function that gathered its error in a variable of its own: cause is handed to the caller;
 * answers whether there was none. Takes cause, which may be NULL. */
bool error_settle(GError **error, GError *cause);

#endif
