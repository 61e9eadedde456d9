#include "imap/client_private.h"
#include "imap/quirks.h"

struct appended {
    uint32_t uidvalidity, uid;
};

static void take_appenduid(struct imap_client *client, const struct imap_response *response,
                           void *arg)
{
    struct appended *appended = arg;
    (void)client;
    if (response->code.kind != IMAP_CODE_APPENDUID || response->code.number > UINT32_MAX)
        return;
    struct imap_range range;
    const char *at = response->code.set;
    if (!imap_set_next(&at, &range) || range.first != range.last || *at != '\0')
        return;
    appended->uidvalidity = (uint32_t)response->code.number;
    appended->uid = range.first;
}

static void put_flags(struct imap_client *client, struct imap_command *command,
                      const struct mail_flags *flags)
{
    const uint32_t system = MAIL_SEEN | MAIL_ANSWERED | MAIL_FLAGGED | MAIL_DRAFT | MAIL_DELETED;
    struct mail_flags own = *flags;
    if (!imap_client_quirks(client)->append_keywords) {
        own.bits &= system;
        own.keywords = NULL;
    }
    if (own.bits != 0 || own.keywords != NULL)
        imap_command_flags(command, &own);
}

bool imap_append(struct imap_client *client, const char *raw_name, const struct mail_flags *flags,
                 int64_t internal_date, GBytes *message, uint32_t *uidvalidity, uint32_t *uid,
                 GError **error)
{
    struct appended appended = {0, 0};
    struct imap_verb verb = {.tagged = take_appenduid, .arg = &appended};
    struct imap_command command;
    imap_client_command(client, &command, "APPEND");
    imap_command_string(&command, raw_name);
    if (flags != NULL)
        put_flags(client, &command, flags);
    if (internal_date != INT64_MIN)
        imap_command_date_time(&command, internal_date);
    imap_command_message(&command, message);
    bool good = imap_client_run(client, &command, &verb, error);
    if (uidvalidity != NULL)
        *uidvalidity = appended.uidvalidity;
    if (uid != NULL)
        *uid = appended.uid;
    return good;
}
