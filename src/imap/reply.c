#include "imap/client_private.h"

#include <string.h>

#define BACKOFF_MAX_MS (60 * 60 * 1000)
#define CONNECTIONS_BACKOFF_MS (60 * 1000)
#define UNAVAILABLE_BACKOFF_MS (30 * 1000)

/* Texts that say more than their codes (docs/internals/exchange.md); found anywhere, in any case.
 */
static const struct {
    const char *text;
    enum error_code code;
    int64_t wait_ms;
} texts[] = {
    {"authenticated but not connected", ERROR_NOT_CONNECTED, 0},
    {"AccessTokenExpired", ERROR_TOKEN_EXPIRED, 0},
    {"is throttled", ERROR_THROTTLED, 0},
    {"Suggested Backoff Time", ERROR_THROTTLED, 0},
    {"Too many simultaneous connections", ERROR_THROTTLED, CONNECTIONS_BACKOFF_MS},
    {"Maximum number of connections", ERROR_THROTTLED, CONNECTIONS_BACKOFF_MS},
    {"exceeded command or bandwidth limits", ERROR_THROTTLED, CONNECTIONS_BACKOFF_MS},
    {"Server Unavailable", ERROR_UNREACHABLE, UNAVAILABLE_BACKOFF_MS},
    {"not enabled for IMAP", ERROR_IMAP_OFF, 0},
    {"IMAP access is disabled", ERROR_IMAP_OFF, 0},
    {"IMAP is disabled", ERROR_IMAP_OFF, 0},
    {"Maximum size of appendable message", ERROR_MESSAGE_TOO_LARGE, 0},
    /* Exchange's word for whatever it dislikes, a line of 10,000 bytes say: it will dislike it
     * again. */
    {"Command Argument Error. 11", ERROR_SERVER_NO, 0},
};

/* Only where a mailbox was named: the same words in another reply mean something else. */
static const char *const gone_texts[] = {"doesn't exist", "does not exist", "no such mailbox",
                                         "unknown mailbox", "mailbox not found"};

/* The same where a message was to be added (RFC 2087 had no code for it). */
static const char *const full_texts[] = {"quota exceeded", "over quota"};

static const struct {
    enum imap_code_kind kind;
    enum error_code code;
} by_code[] = {
    {IMAP_CODE_NONEXISTENT, ERROR_MAILBOX_GONE}, {IMAP_CODE_TRYCREATE, ERROR_MAILBOX_GONE},
    {IMAP_CODE_LIMIT, ERROR_THROTTLED},          {IMAP_CODE_UNAVAILABLE, ERROR_UNREACHABLE},
    {IMAP_CODE_TOOBIG, ERROR_MESSAGE_TOO_LARGE}, {IMAP_CODE_ALREADYEXISTS, ERROR_CONFLICT},
    {IMAP_CODE_OVERQUOTA, ERROR_OVER_QUOTA},
};

static bool mentions(const char *text, const char *words)
{
    return strcasestr(text, words) != NULL;
}

/* "Suggested Backoff Time: 271858 milliseconds". */
static int64_t backoff_of(const char *text)
{
    static const char words[] = "Suggested Backoff Time:";
    const char *at = strcasestr(text, words);
    if (at == NULL)
        return 0;
    gint64 wait = g_ascii_strtoll(at + strlen(words), NULL, 10);
    return CLAMP(wait, 0, BACKOFF_MAX_MS);
}

static bool code_by_text(const char *text, enum error_code *code, int64_t *wait_ms)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (!mentions(text, texts[i].text))
            continue;
        *code = texts[i].code;
        *wait_ms = texts[i].wait_ms != 0 ? texts[i].wait_ms : backoff_of(text);
        return true;
    }
    return false;
}

static bool code_by_code(enum imap_code_kind kind, enum error_code *code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(by_code); i++) {
        if (by_code[i].kind == kind) {
            *code = by_code[i].code;
            return true;
        }
    }
    return false;
}

static bool names_mailbox(const char *what)
{
    static const char *const verbs[] = {"SELECT", "EXAMINE", "STATUS",   "APPEND",
                                        "DELETE", "RENAME",  "UID COPY", "UID MOVE"};
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (strcmp(what, verbs[i]) == 0)
            return true;
    return false;
}

static bool adds_message(const char *what)
{
    return strcmp(what, "APPEND") == 0 || strcmp(what, "UID COPY") == 0 ||
           strcmp(what, "UID MOVE") == 0;
}

static enum error_code code_by_condition(const char *what, enum imap_condition condition,
                                         const char *text, enum error_code otherwise)
{
    for (size_t i = 0; names_mailbox(what) && i < G_N_ELEMENTS(gone_texts); i++)
        if (condition == IMAP_NO && mentions(text, gone_texts[i]))
            return ERROR_MAILBOX_GONE;
    for (size_t i = 0; adds_message(what) && i < G_N_ELEMENTS(full_texts); i++)
        if (condition == IMAP_NO && mentions(text, full_texts[i]))
            return ERROR_OVER_QUOTA;
    return condition == IMAP_BAD ? ERROR_SERVER_BAD : otherwise;
}

static void set_with_wait(GError **error, enum error_code code, const char *what, const char *text,
                          int64_t wait_ms)
{
    error_set(error, code, "%s: %s", what, text);
    if (error != NULL && wait_ms > 0)
        error_set_retry_after_ms(*error, wait_ms);
}

void imap_reply_error(GError **error, const char *what, enum imap_condition condition,
                      enum imap_code_kind kind, const char *text, enum error_code otherwise)
{
    enum error_code code = otherwise;
    int64_t wait_ms = 0;
    if (!code_by_text(text, &code, &wait_ms) && !code_by_code(kind, &code))
        code = code_by_condition(what, condition, text, otherwise);
    set_with_wait(error, code, what, text, wait_ms);
}

void imap_farewell_error(GError **error, const char *text)
{
    enum error_code code = ERROR_CLOSED;
    int64_t wait_ms = 0;
    if (text == NULL) {
        error_set(error, ERROR_CLOSED, "the mail server closed the connection");
        return;
    }
    code_by_text(text, &code, &wait_ms);
    set_with_wait(error, code, "BYE", text, wait_ms);
}

bool imap_reply_is_warning(const char *text)
{
    enum error_code code;
    int64_t wait_ms;
    return code_by_text(text, &code, &wait_ms);
}

bool imap_reply_is_farewell(const char *text)
{
    return g_ascii_strncasecmp(text, "Server Unavailable", 18) == 0;
}
