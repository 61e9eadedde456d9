#include "imap/client_private.h"

#include <string.h>

static uint32_t narrow(uint64_t number)
{
    return number > UINT32_MAX ? 0 : (uint32_t)number;
}

static void keep_permanent(struct imap_client *client, const struct mail_flags *flags, bool any)
{
    client->selected.permanent_bits = flags->bits;
    client->selected.permanent_keywords = any;
    g_strfreev(client->permanent_keywords);
    client->permanent_keywords = flags->keywords != NULL ? g_strdupv(flags->keywords) : NULL;
}

static void take_code(struct imap_client *client, const struct imap_code *code)
{
    struct imap_selected *selected = &client->selected;
    switch (code->kind) {
    case IMAP_CODE_UIDVALIDITY:
        selected->uidvalidity = narrow(code->number);
        break;
    case IMAP_CODE_UIDNEXT:
        selected->uidnext = narrow(code->number);
        break;
    case IMAP_CODE_HIGHESTMODSEQ:
        selected->highestmodseq = code->number;
        break;
    case IMAP_CODE_NOMODSEQ:
        selected->highestmodseq = 0;
        break;
    case IMAP_CODE_PERMANENTFLAGS:
        keep_permanent(client, &code->flags, code->any_keyword);
        break;
    case IMAP_CODE_MAILBOXID:
        g_free(client->mailboxid);
        client->mailboxid = g_strdup(code->objectid);
        break;
    case IMAP_CODE_READ_ONLY:
        selected->read_only = true;
        break;
    default:
        break;
    }
}

/* FETCH and VANISHED of a QRESYNC go on to the events; EXISTS is part of the answer. */
static bool take_selected(struct imap_client *client, const struct imap_response *response,
                          void *arg)
{
    (void)arg;
    if (response->kind == IMAP_UNTAGGED && response->code.kind == IMAP_CODE_CLOSED) {
        /* RFC 7162, 3.2.11: what came before was of the mailbox left. */
        client->selected = (struct imap_selected){.permanent_bits = ~UINT32_C(0)};
        imap_client_tell(client, response);
        return true;
    }
    if (response->kind == IMAP_UNTAGGED) {
        take_code(client, &response->code);
        return true;
    }
    if (response->kind != IMAP_EXISTS)
        return response->kind == IMAP_FLAGS;
    client->selected.exists = response->number;
    return true;
}

static void take_reply(struct imap_client *client, const struct imap_response *response, void *arg)
{
    (void)arg;
    take_code(client, &response->code);
}

static void put_parameters(struct imap_client *client, struct imap_command *command,
                           uint32_t since_uidvalidity, uint64_t since_modseq)
{
    if (since_modseq != 0 && (client->enabled & IMAP_CAP_QRESYNC) != 0) {
        imap_command_word(command, "(QRESYNC (");
        g_string_append_printf(command->text, "%u %" G_GUINT64_FORMAT "))", since_uidvalidity,
                               since_modseq);
    } else if (imap_client_can(client, IMAP_CAP_CONDSTORE)) {
        imap_command_word(command, "(CONDSTORE)");
    }
}

bool imap_select(struct imap_client *client, const char *raw_name, bool read_only,
                 uint32_t since_uidvalidity, uint64_t since_modseq, struct imap_selected *selected,
                 GError **error)
{
    struct imap_verb verb = {.untagged = take_selected, .tagged = take_reply, .bulk = true};
    struct imap_command command;
    g_autoptr(GError) inner = NULL;
    imap_client_command(client, &command, read_only ? "EXAMINE" : "SELECT");
    imap_command_string(&command, raw_name);
    put_parameters(client, &command, since_uidvalidity, since_modseq);
    g_clear_pointer(&client->permanent_keywords, g_strfreev);
    g_clear_pointer(&client->mailboxid, g_free);
    /* Without PERMANENTFLAGS all flags can be stored (RFC 3501, 7.1). */
    client->selected =
        (struct imap_selected){.permanent_bits = ~UINT32_C(0), .read_only = read_only};
    if (imap_client_run(client, &command, &verb, &inner)) {
        *selected = client->selected;
        return true;
    }
    if (error_is(inner, ERROR_SERVER_NO) && imap_client_knows_gone(client, raw_name))
        inner->code = ERROR_MAILBOX_GONE;
    g_propagate_error(error, g_steal_pointer(&inner));
    return false;
}

const char *imap_client_mailboxid(const struct imap_client *client)
{
    return client->mailboxid;
}

bool imap_unselect(struct imap_client *client, GError **error)
{
    struct imap_command command;
    if (imap_client_can(client, IMAP_CAP_UNSELECT)) {
        imap_client_command(client, &command, "UNSELECT");
        return imap_client_run(client, &command, NULL, error);
    }
    /* Going elsewhere leaves the mailbox without the expunge that CLOSE means. */
    struct imap_selected ignored;
    return imap_select(client, "INBOX", true, 0, 0, &ignored, error);
}

bool imap_noop(struct imap_client *client, GError **error)
{
    struct imap_command command;
    imap_client_command(client, &command, "NOOP");
    return imap_client_run(client, &command, NULL, error);
}
