#include "base/error.h"

#include <string.h>

#define ERROR_TEXT_MAX 500

struct error_row {
    const char *problem;
    enum error_scope scope;
    enum error_retry retry;
    const char *title;
    const char *action;
};

static const struct error_row rows[ERROR_CODES] = {
    [ERROR_INTERNAL] =
        {"internal", ERROR_SCOPE_CALL, ERROR_RETRY_LATER, "Something went wrong inside Postroom.",
         "Try again. If it happens again, tell your administrator the time it happened."},
    [ERROR_INVALID] = {"invalid", ERROR_SCOPE_CALL, ERROR_RETRY_NEVER, "The request is not valid.",
                       "Correct what is named and try again."},
    [ERROR_NOT_FOUND] = {"not-found", ERROR_SCOPE_CALL, ERROR_RETRY_NEVER, "It is not here.",
                         "It may have been removed. Reload the page."},
    [ERROR_FORBIDDEN] = {"forbidden", ERROR_SCOPE_CALL, ERROR_RETRY_NEVER, "You may not do this.",
                         "Ask an administrator for access."},
    [ERROR_CONFLICT] = {"conflict", ERROR_SCOPE_CALL, ERROR_RETRY_NOW,
                        "It has changed in the meantime.", "Reload and try again."},
    [ERROR_TOO_LARGE] = {"too-large", ERROR_SCOPE_CALL, ERROR_RETRY_NEVER,
                         "It is larger than Postroom allows.", "Make it smaller and try again."},
    [ERROR_CANNOT_CALCULATE] = {"cannot-calculate", ERROR_SCOPE_CALL, ERROR_RETRY_NEVER,
                                "The changes since then are no longer known.", "Reload the page."},
    [ERROR_CANCELLED] = {"cancelled", ERROR_SCOPE_CALL, ERROR_RETRY_NOW, "It was stopped.",
                         "Start it again when you wish."},
    [ERROR_STORE] = {"store", ERROR_SCOPE_HERE, ERROR_RETRY_LATER,
                     "Postroom could not read or write its data.",
                     "Tell your administrator to look at the data directory (postroom doctor)."},
    [ERROR_DISK_FULL] =
        {"disk-full", ERROR_SCOPE_HERE, ERROR_RETRY_LATER,
         "The disk of the Postroom server is full.",
         "Nothing is lost. Tell your administrator to free space; syncing then goes on by itself."},
    [ERROR_CRYPTO] =
        {"key-mismatch", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK,
         "The stored sign-in does not open: the key file or the server settings have changed.",
         "Restore the right key file, or link the mailbox again."},
    [ERROR_TIMEOUT] = {"server-unreachable", ERROR_SCOPE_SERVER, ERROR_RETRY_LATER,
                       "The mail server did not answer in time.",
                       "Postroom tries again by itself. Check the network if it lasts."},
    [ERROR_DNS] = {"server-unreachable", ERROR_SCOPE_SERVER, ERROR_RETRY_LATER,
                   "The mail server's name is not known.",
                   "Check the server name for typing errors; Postroom tries again by itself."},
    [ERROR_UNREACHABLE] =
        {"server-unreachable", ERROR_SCOPE_SERVER, ERROR_RETRY_LATER,
         "The mail server cannot be reached.",
         "Postroom tries again by itself. Check host, port and firewall if it lasts."},
    [ERROR_CLOSED] = {"server-unreachable", ERROR_SCOPE_SERVER, ERROR_RETRY_NOW,
                      "The mail server closed the connection.",
                      "Postroom connects again by itself."},
    [ERROR_TLS] = {"tls-untrusted", ERROR_SCOPE_SERVER, ERROR_RETRY_LATER,
                   "The mail server's certificate cannot be trusted.",
                   "Check the server name; for a private authority give its CA file."},
    [ERROR_ADDRESS_FORBIDDEN] =
        {"address-forbidden", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_ADMIN,
         "That server has a private address, which Postroom does not connect to.",
         "An administrator can allow the network in the configuration."},
    [ERROR_PROTOCOL] =
        {"server-garbage", ERROR_SCOPE_SERVER, ERROR_RETRY_LATER,
         "The mail server answered something that makes no sense.",
         "Postroom tries again later. Check that host and port are those of a mail server."},
    [ERROR_THROTTLED] = {"throttled", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_LATER,
                         "The provider asks us to go slower.",
                         "Nothing to do: Postroom waits as long as asked and goes on."},
    [ERROR_PROXY_UNREACHABLE] =
        {"proxy-unreachable", ERROR_SCOPE_SERVER, ERROR_RETRY_LATER,
         "The outbound proxy cannot be reached.",
         "Postroom tries again by itself. Administrator: check the proxy and its address."},
    [ERROR_PROXY_LOGIN] =
        {"proxy-login-refused", ERROR_SCOPE_SERVER, ERROR_RETRY_LATER,
         "The outbound proxy refuses the sign-in.",
         "Administrator: check the proxy's user name and password; Postroom tries again by "
         "itself."},
    [ERROR_PROXY_REFUSED] =
        {"proxy-refused", ERROR_SCOPE_SERVER, ERROR_RETRY_LATER,
         "The outbound proxy does not connect to that server.",
         "Administrator: allow host and port at the proxy; Postroom tries again by itself."},
    [ERROR_PROXY_NONSENSE] =
        {"proxy-nonsense", ERROR_SCOPE_SERVER, ERROR_RETRY_LATER,
         "The outbound proxy answers something that makes no sense.",
         "Administrator: check that its address and kind (http or socks5) are right."},
    [ERROR_DAILY_LIMIT] = {"daily-limit", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_LATER,
                           "The provider gives no more of this mailbox's mail today.",
                           "Nothing to do: new mail keeps coming, older mail follows tomorrow."},
    [ERROR_SERVER_NO] = {"server-refused", ERROR_SCOPE_MAILBOX, ERROR_RETRY_NEVER,
                         "The mail server refused the request.", "See Details for its own words."},
    [ERROR_SERVER_BAD] = {"server-refused", ERROR_SCOPE_MAILBOX, ERROR_RETRY_LATER,
                          "The mail server did not accept the request.",
                          "See Details for its own words."},
    [ERROR_MAILBOX_GONE] = {"mailbox-gone", ERROR_SCOPE_MAILBOX, ERROR_RETRY_NOW,
                            "The folder no longer exists on the server.", "Reload the page."},
    [ERROR_MESSAGE_GONE] = {"message-gone", ERROR_SCOPE_MESSAGE, ERROR_RETRY_NEVER,
                            "The message no longer exists on the server.", "Reload the page."},
    [ERROR_FOLDER_NOT_EMPTY] = {"folder-not-empty", ERROR_SCOPE_MAILBOX, ERROR_RETRY_NEVER,
                                "The folder holds messages on the server that are not shown here.",
                                "Wait until they are here, or delete the folder elsewhere."},
    [ERROR_FOLDER_REFUSED] =
        {"folder-refused", ERROR_SCOPE_MAILBOX, ERROR_RETRY_LATER,
         "The mail server does not open a folder.",
         "Postroom tries again by itself; the other folders are kept up to date. See Details for "
         "which."},
    [ERROR_OVER_QUOTA] = {"mailbox-full", ERROR_SCOPE_MAILBOX, ERROR_RETRY_NEVER,
                          "The mailbox is full: the mail server takes no more.",
                          "Delete mail, or ask for more room; then try again."},
    [ERROR_COUNTS_DIFFER] = {"counts-differ", ERROR_SCOPE_MAILBOX, ERROR_RETRY_LATER,
                             "A folder does not yet hold the same messages here as on the server.",
                             "Postroom compares it again by itself. See Details for which."},
    [ERROR_LOGIN_REFUSED] =
        {"imap-refused", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_LATER,
         "The mail server refuses the sign-in although the provider granted it.",
         "Postroom tries again. If it lasts, ask your administrator whether IMAP is on for this "
         "mailbox."},
    [ERROR_PASSWORD_REFUSED] = {"password-refused", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK,
                                "The mail server refuses user name or password.",
                                "Enter the password again; many providers want an app password."},
    [ERROR_TOKEN_EXPIRED] = {"token-expired", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_NOW,
                             "The session ended with its token.",
                             "Postroom connects again by itself."},
    [ERROR_NOT_CONNECTED] = {"connected-not-authorised", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_LATER,
                             "The sign-in is right, but it does not open this mailbox.",
                             "Check that IMAP is on, that the mailbox has a licence, and that the "
                             "right person signed in."},
    [ERROR_IMAP_OFF] =
        {"imap-off", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_ADMIN,
         "IMAP is switched off for this mailbox.",
         "Ask your administrator to switch IMAP on (Microsoft 365 admin centre, Mail, Manage email "
         "apps); for Outlook.com: Settings, Mail, Forwarding and IMAP."},
    [ERROR_SMTP_AUTH_OFF] = {"smtp-auth-off", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_ADMIN,
                             "Mail can be read but not sent: authenticated SMTP is switched off.",
                             "Ask your administrator to switch on Authenticated SMTP for this "
                             "mailbox (Microsoft 365 admin centre, Mail, Manage email apps)."},
    [ERROR_SMTP_REFUSED] =
        {"smtp-refused", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_LATER,
         "The outgoing mail server refuses the sign-in.",
         "Link the mailbox again; if that does not help, ask your administrator about SMTP.Send."},
    [ERROR_SEND_AS_DENIED] = {"send-as-denied", ERROR_SCOPE_MESSAGE, ERROR_RETRY_NEVER,
                              "This mailbox may not send with that From address.",
                              "Choose another From address, or ask for the right Send As."},
    [ERROR_RECIPIENT_REFUSED] = {"recipient-refused", ERROR_SCOPE_MESSAGE, ERROR_RETRY_NEVER,
                                 "The mail server refuses a recipient.",
                                 "Check the addresses and send again."},
    [ERROR_MESSAGE_TOO_LARGE] = {"message-too-large", ERROR_SCOPE_MESSAGE, ERROR_RETRY_NEVER,
                                 "The message is larger than the mail server takes.",
                                 "Send smaller attachments, or a link to them."},
    [ERROR_SMTP_TEMPORARY] = {"smtp-later", ERROR_SCOPE_MESSAGE, ERROR_RETRY_LATER,
                              "The mail server cannot take the message now.",
                              "Postroom tries again by itself."},
    [ERROR_SMTP_PERMANENT] = {"smtp-failed", ERROR_SCOPE_MESSAGE, ERROR_RETRY_NEVER,
                              "The mail server refuses the message.",
                              "See Details for its own words."},
    [ERROR_RESTORED] =
        {"restored", ERROR_SCOPE_MESSAGE, ERROR_RETRY_NEVER,
         "Postroom was restored from a backup that was made before this message was sent.",
         "It may have gone out already: look in Sent before you send it again."},
    [ERROR_UNCERTAIN] = {"uncertain", ERROR_SCOPE_MESSAGE, ERROR_RETRY_LATER,
                         "The connection broke while the message was handed over.",
                         "Postroom looks in Sent whether it went out before it tries again."},
    [ERROR_DECLINED] =
        {"declined", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK,
         "You declined the permissions; nothing was linked.",
         "Try again and accept, or ask your administrator what the permissions are for."},
    [ERROR_ADMIN_CONSENT] =
        {"admin-consent", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_ADMIN,
         "Your organisation lets only administrators approve applications.",
         "Ask your administrator to open the admin consent link of the Microsoft settings page."},
    [ERROR_CONSENT_NEEDED] = {"consent-needed", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK,
                              "The permissions have changed.", "Sign in again and approve them."},
    [ERROR_WRONG_ACCOUNT] = {"wrong-account", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK,
                             "You signed in with another account than the one you wanted to link.",
                             "Start again and choose the right account; nothing was linked."},
    [ERROR_WRONG_TENANT] = {"wrong-tenant", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK,
                            "This account belongs to another organisation or is of another type.",
                            "Choose another account, or ask your administrator to allow its type."},
    [ERROR_BLOCKED_BY_POLICY] =
        {"blocked-by-policy", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_ADMIN,
         "Your organisation's policy blocks this application.",
         "Ask your administrator to look at Conditional Access and the app assignment."},
    [ERROR_MFA_REQUIRED] = {"mfa-required", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK,
                            "The provider wants an extra verification.", "Sign in again."},
    [ERROR_ACCOUNT_DISABLED] = {"account-disabled", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_ADMIN,
                                "The account is disabled.", "Ask your administrator."},
    [ERROR_ACCESS_REVOKED] = {"access-revoked", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK,
                              "Access was revoked or the password was changed.",
                              "Sign in again; the mail kept here stays."},
    [ERROR_SIGN_IN_EXPIRED] = {"sign-in-expired", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK,
                               "The sign-in has expired.",
                               "Sign in again; the mail kept here stays."},
    [ERROR_LINK_EXPIRED] = {"link-expired", ERROR_SCOPE_CALL, ERROR_RETRY_NOW,
                            "The link has expired or was used twice.", "Start linking again."},
    [ERROR_NO_REFRESH_TOKEN] =
        {"no-refresh-token", ERROR_SCOPE_APP, ERROR_RETRY_ADMIN,
         "The provider gave no lasting permission (offline_access).",
         "Ask your administrator to add the permission offline_access to the app registration."},
    [ERROR_SCOPES_MISSING] = {"scopes-missing", ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK,
                              "Not all permissions that are needed were granted.",
                              "Link again and approve all of them; the administrator finds the "
                              "list on the Microsoft settings page."},
    [ERROR_APP_UNKNOWN] = {"app-unknown", ERROR_SCOPE_APP, ERROR_RETRY_ADMIN,
                           "The provider does not know this application there.",
                           "Administrator: check Client ID and tenant; for a single-tenant app "
                           "enter the tenant's id."},
    [ERROR_APP_SECRET_WRONG] =
        {"app-secret-wrong", ERROR_SCOPE_APP, ERROR_RETRY_ADMIN, "The client secret is wrong.",
         "Administrator: paste the Value of the client secret, not its Secret ID."},
    [ERROR_APP_SECRET_EXPIRED] = {"app-secret-expired", ERROR_SCOPE_APP, ERROR_RETRY_ADMIN,
                                  "The client secret has expired.",
                                  "Administrator: create a new client secret and enter its Value; "
                                  "nobody needs to link again."},
    [ERROR_APP_MISCONFIGURED] = {"app-misconfigured", ERROR_SCOPE_APP, ERROR_RETRY_ADMIN,
                                 "The app registration is not set up as Postroom needs it.",
                                 "Administrator: use platform Web and check the permissions; "
                                 "Details name the provider's words."},
    [ERROR_REDIRECT_MISMATCH] = {"redirect-mismatch", ERROR_SCOPE_APP, ERROR_RETRY_ADMIN,
                                 "The redirect URI is not registered.",
                                 "Administrator: add the exact redirect URI of the Microsoft "
                                 "settings page under platform Web."},
    [ERROR_PROVIDER_UNREACHABLE] =
        {"provider-unreachable", ERROR_SCOPE_APP, ERROR_RETRY_LATER,
         "The sign-in service cannot be reached.",
         "Postroom tries again by itself. Check the server's network if it lasts."},
    [ERROR_PROVIDER_ERROR] = {"provider-error", ERROR_SCOPE_APP, ERROR_RETRY_LATER,
                              "The sign-in service reports a fault of its own.",
                              "Postroom tries again by itself."},
};

struct error_extra {
    int64_t retry_after_ms;
};

/* GLib's macro wants these names. */
typedef struct error_extra ErrorPrivate;
static void error_private_init(ErrorPrivate *extra)
{
    extra->retry_after_ms = 0;
}
static void error_private_copy(const ErrorPrivate *from, ErrorPrivate *to)
{
    *to = *from;
}
static void error_private_clear(ErrorPrivate *extra)
{
    extra->retry_after_ms = 0;
}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual" /* inside GLib's macro */
G_DEFINE_EXTENDED_ERROR(Error, error)
#pragma GCC diagnostic pop

static const struct error_row *row_of(const GError *error)
{
    if (error == NULL || error->domain != POSTROOM_ERROR || error->code < 0 ||
        error->code >= ERROR_CODES)
        return &rows[ERROR_INTERNAL];
    return &rows[error->code];
}

enum error_scope error_scope(const GError *error)
{
    return row_of(error)->scope;
}

enum error_retry error_retry(const GError *error)
{
    return row_of(error)->retry;
}

const char *error_problem(const GError *error)
{
    return row_of(error)->problem;
}

const char *error_cause(const GError *error)
{
    return row_of(error)->title;
}

const char *error_next_step(const GError *error)
{
    return row_of(error)->action;
}

enum error_code error_code_of(const char *problem)
{
    for (int i = 0; problem != NULL && i < ERROR_CODES; i++)
        if (strcmp(rows[i].problem, problem) == 0)
            return (enum error_code)i;
    return ERROR_INTERNAL;
}

const char *error_title(const char *problem)
{
    return rows[error_code_of(problem)].title;
}

const char *error_action(const char *problem)
{
    return rows[error_code_of(problem)].action;
}

bool error_is(const GError *error, enum error_code code)
{
    return error != NULL && error->domain == POSTROOM_ERROR && error->code == (int)code;
}

int64_t error_retry_after_ms(const GError *error)
{
    if (error == NULL || error->domain != POSTROOM_ERROR)
        return 0;
    return error_get_private(error)->retry_after_ms;
}

void error_set_retry_after_ms(GError *error, int64_t milliseconds)
{
    if (error != NULL && error->domain == POSTROOM_ERROR)
        error_get_private(error)->retry_after_ms = milliseconds;
}

void error_set(GError **error, enum error_code code, const char *format, ...)
{
    if (error == NULL)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *raw = g_strdup_vprintf(format, args);
    va_end(args);
    if (strlen(raw) > ERROR_TEXT_MAX)
        raw[ERROR_TEXT_MAX] = '\0';
    g_autofree char *text = g_utf8_make_valid(raw, -1);
    for (char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    g_set_error_literal(error, POSTROOM_ERROR, (int)code, text);
}

bool error_settle(GError **error, GError *cause)
{
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}
