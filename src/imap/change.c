/* STORE, COPY, MOVE, EXPUNGE. */
#include "imap/client_private.h"

#include <string.h>

static bool keeps_keyword(const struct imap_client *client, const char *keyword)
{
    if (client->selected.permanent_keywords)
        return true;
    return client->permanent_keywords != NULL &&
           g_strv_contains((const char *const *)client->permanent_keywords, keyword);
}

/* The flags that the mailbox keeps; (transfer full) contents. */
static struct mail_flags storable(const struct imap_client *client, const struct mail_flags *flags)
{
    const uint32_t system = MAIL_SEEN | MAIL_ANSWERED | MAIL_FLAGGED | MAIL_DRAFT | MAIL_DELETED;
    uint32_t kept = client->selected.permanent_bits;
    if (client->selected.permanent_keywords)
        kept |= ~system;
    struct mail_flags out = {.bits = flags->bits & kept};
    for (size_t i = 0; flags->keywords != NULL && flags->keywords[i] != NULL; i++)
        if (keeps_keyword(client, flags->keywords[i]))
            mail_flags_set(&out, flags->keywords[i], true);
    return out;
}

static void take_modified(struct imap_client *client, const struct imap_response *response,
                          void *arg)
{
    GArray **modified = arg;
    (void)client;
    if (response->code.kind == IMAP_CODE_MODIFIED && modified != NULL)
        *modified = imap_set_expand(response->code.set, IMAP_UIDS_MAX);
}

bool imap_store(struct imap_client *client, const char *uid_set, bool add,
                const struct mail_flags *flags, uint64_t unchanged_since, GArray **modified,
                GError **error)
{
    if (modified != NULL)
        *modified = NULL;
    struct mail_flags kept = storable(client, flags);
    if (kept.bits == 0 && kept.keywords == NULL)
        return true;
    struct imap_verb verb = {.tagged = take_modified, .arg = modified};
    struct imap_command command;
    imap_client_command(client, &command, "UID STORE");
    imap_command_set(&command, uid_set);
    if (unchanged_since != 0 && imap_client_can(client, IMAP_CAP_CONDSTORE)) {
        imap_command_word(&command, "(UNCHANGEDSINCE");
        imap_command_number(&command, unchanged_since);
        g_string_append_c(command.text, ')');
    }
    imap_command_word(&command, add ? "+FLAGS.SILENT" : "-FLAGS.SILENT");
    imap_command_flags(&command, &kept);
    mail_flags_clear(&kept);
    return imap_client_run(client, &command, &verb, error);
}

void imap_copied_clear(struct imap_copied *copied)
{
    g_clear_pointer(&copied->source, g_array_unref);
    g_clear_pointer(&copied->target, g_array_unref);
    copied->uidvalidity = 0;
}

/* Sets that do not pair up, or are empty (docs/internals/exchange.md), say nothing. */
static void take_copyuid(const struct imap_response *response, struct imap_copied *copied)
{
    if (copied == NULL || response->code.kind != IMAP_CODE_COPYUID || response->code.number == 0 ||
        response->code.number > UINT32_MAX)
        return;
    struct imap_copied found = {.uidvalidity = (uint32_t)response->code.number};
    found.source = imap_set_expand(response->code.set, IMAP_UIDS_MAX);
    found.target = imap_set_expand(response->code.target, IMAP_UIDS_MAX);
    bool pairs =
        found.source != NULL && found.target != NULL && found.source->len == found.target->len;
    if (!pairs) {
        imap_copied_clear(&found);
        return;
    }
    if (copied->source == NULL) {
        *copied = found;
        return;
    }
    /* A MOVE may tell in several responses (RFC 6851, 4.3). */
    g_array_append_vals(copied->source, found.source->data, found.source->len);
    g_array_append_vals(copied->target, found.target->data, found.target->len);
    imap_copied_clear(&found);
}

/* RFC 6851: MOVE says COPYUID in an untagged OK. */
static bool take_copied(struct imap_client *client, const struct imap_response *response, void *arg)
{
    (void)client;
    if (response->kind != IMAP_UNTAGGED)
        return false;
    take_copyuid(response, arg);
    return true;
}

static void take_copied_reply(struct imap_client *client, const struct imap_response *response,
                              void *arg)
{
    (void)client;
    take_copyuid(response, arg);
}

static bool transfer(struct imap_client *client, const char *name, const char *uid_set,
                     const char *raw_target, struct imap_copied *copied, GError **error)
{
    struct imap_verb verb = {.untagged = take_copied, .tagged = take_copied_reply, .arg = copied};
    struct imap_command command;
    if (copied != NULL)
        *copied = (struct imap_copied){0};
    imap_client_command(client, &command, name);
    imap_command_set(&command, uid_set);
    imap_command_string(&command, raw_target);
    if (imap_client_run(client, &command, &verb, error))
        return true;
    if (copied != NULL)
        imap_copied_clear(copied);
    return false;
}

bool imap_copy(struct imap_client *client, const char *uid_set, const char *raw_target,
               struct imap_copied *copied, GError **error)
{
    return transfer(client, "UID COPY", uid_set, raw_target, copied, error);
}

bool imap_move(struct imap_client *client, const char *uid_set, const char *raw_target,
               struct imap_copied *copied, GError **error)
{
    if (imap_client_can(client, IMAP_CAP_MOVE))
        return transfer(client, "UID MOVE", uid_set, raw_target, copied, error);
    if (copied != NULL)
        *copied = (struct imap_copied){0};
    error_set(error, ERROR_INVALID, "the server has no MOVE");
    return false;
}

bool imap_expunge(struct imap_client *client, const char *uid_set, GError **error)
{
    struct imap_command command;
    if (!imap_client_can(client, IMAP_CAP_UIDPLUS)) {
        error_set(error, ERROR_INVALID, "the server has no UIDPLUS");
        return false;
    }
    imap_client_command(client, &command, "UID EXPUNGE");
    imap_command_set(&command, uid_set);
    return imap_client_run(client, &command, NULL, error);
}
