#include "smtp/internal.h"

#include <string.h>

#define ANY_STAGE 0u
#define AT(stage) (1u << (stage))

/* What servers say, and what it means for us; the first row that fits counts. A row fits when its
 * code (0: any), the enhanced code's beginning, the text and the stage do. */
struct row {
    int code;
    const char *enhanced; /* NULL: any or none */
    const char *text;     /* somewhere in the reply, in any case; NULL: any */
    unsigned stages;
    enum error_code error;
};

static const struct row rows[] = {
    /* Exchange Online: SMTP AUTH switched off for the tenant or the mailbox; also for OAuth. */
    {535, "5.7.139", "SmtpClientAuthentication", ANY_STAGE, ERROR_SMTP_AUTH_OFF},
    {535, "5.7.139", "basic authentication is disabled", ANY_STAGE, ERROR_SMTP_AUTH_OFF},
    {550, "5.7.30", NULL, ANY_STAGE, ERROR_SMTP_AUTH_OFF},
    {535, "5.7.139", "locked by your organization", ANY_STAGE, ERROR_BLOCKED_BY_POLICY},
    {535, "5.7.139", "security defaults", ANY_STAGE, ERROR_BLOCKED_BY_POLICY},
    {535, "5.7.139", "locked", ANY_STAGE, ERROR_ACCOUNT_DISABLED},
    {535, "5.7.139", "disabled", ANY_STAGE, ERROR_ACCOUNT_DISABLED},
    {535, "5.7.139", NULL, ANY_STAGE, ERROR_BLOCKED_BY_POLICY},
    {530, "5.7.57", NULL, ANY_STAGE, ERROR_SMTP_REFUSED},
    {530, NULL, "authentic", ANY_STAGE, ERROR_SMTP_REFUSED},
    /* Too many connections or too fast. */
    {432, NULL, NULL, ANY_STAGE, ERROR_THROTTLED},
    {0, NULL, "STOREDRV.ClientSubmit; sender thread limit", ANY_STAGE, ERROR_THROTTLED},
    {0, NULL, "Concurrent connections limit", ANY_STAGE, ERROR_THROTTLED},
    {421, NULL, NULL, ANY_STAGE, ERROR_THROTTLED},
    {451, "4.7.", NULL, ANY_STAGE, ERROR_THROTTLED},
    {454, NULL, NULL, AT(SMTP_STAGE_AUTH), ERROR_SMTP_TEMPORARY},
    /* A From address that this mailbox may not use. */
    {0, "5.2.252", NULL, ANY_STAGE, ERROR_SEND_AS_DENIED},
    {0, NULL, "SendAsDenied", ANY_STAGE, ERROR_SEND_AS_DENIED},
    {550, "5.7.60", NULL, ANY_STAGE, ERROR_SEND_AS_DENIED},
    /* Size (RFC 1870, RFC 3463): 552 5.2.2 is a full mailbox, which smaller attachments mend as
     * little as 452 4.3.1. */
    {0, "5.3.4", NULL, ANY_STAGE, ERROR_MESSAGE_TOO_LARGE},
    {0, "5.2.3", NULL, ANY_STAGE, ERROR_MESSAGE_TOO_LARGE},
    {0, NULL, "MessageSizeExceeded", ANY_STAGE, ERROR_MESSAGE_TOO_LARGE},
    {552, "5.2.2", NULL, AT(SMTP_STAGE_RCPT), ERROR_RECIPIENT_REFUSED},
    {552, "5.2.2", NULL, ANY_STAGE, ERROR_SMTP_PERMANENT},
    {552, NULL, NULL, AT(SMTP_STAGE_MAIL) | AT(SMTP_STAGE_DATA), ERROR_MESSAGE_TOO_LARGE},
    /* Blocked outbound and reputation. */
    {550, "5.1.8", NULL, ANY_STAGE, ERROR_SMTP_PERMANENT},
    {550, "5.7.708", NULL, ANY_STAGE, ERROR_SMTP_PERMANENT},
    {550, "5.7.750", NULL, ANY_STAGE, ERROR_SMTP_PERMANENT},
};

static bool contains(const char *text, const char *part)
{
    g_autofree char *low_text = g_ascii_strdown(text, -1);
    g_autofree char *low_part = g_ascii_strdown(part, -1);
    return strstr(low_text, low_part) != NULL;
}

/* "5.7.1" is not the beginning of "5.7.139", unless the row ends in a dot. */
static bool enhanced_fits(const char *wanted, const char *enhanced)
{
    if (enhanced == NULL || !g_str_has_prefix(enhanced, wanted))
        return false;
    return enhanced[strlen(wanted)] == '\0' || g_str_has_suffix(wanted, ".");
}

static bool row_fits(const struct row *row, enum smtp_stage stage, int code, const char *enhanced,
                     const char *text)
{
    return (row->code == 0 || row->code == code) &&
           (row->enhanced == NULL || enhanced_fits(row->enhanced, enhanced)) &&
           (row->text == NULL || contains(text, row->text)) &&
           (row->stages == ANY_STAGE || (row->stages & AT(stage)) != 0);
}

enum error_code smtp_classify(enum smtp_stage stage, enum smtp_auth auth, int code,
                              const char *enhanced, const char *text)
{
    if (code < 400 || code > 599)
        return ERROR_PROTOCOL;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (row_fits(&rows[i], stage, code, enhanced, text))
            return rows[i].error;
    if (code < 500)
        return ERROR_SMTP_TEMPORARY;
    if (stage == SMTP_STAGE_AUTH && auth == SMTP_AUTH_PASSWORD)
        return ERROR_PASSWORD_REFUSED;
    if (stage <= SMTP_STAGE_AUTH)
        return ERROR_SMTP_REFUSED;
    return stage == SMTP_STAGE_RCPT ? ERROR_RECIPIENT_REFUSED : ERROR_SMTP_PERMANENT;
}
