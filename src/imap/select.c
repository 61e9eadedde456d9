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

struct imap_verb imap_select_verb(void)
{
    return (struct imap_verb){.untagged = take_selected, .tagged = take_reply, .bulk = true};
}

void imap_select_reset(struct imap_client *client, bool read_only)
{
    g_clear_pointer(&client->permanent_keywords, g_strfreev);
    g_clear_pointer(&client->mailboxid, g_free);
    /* Without PERMANENTFLAGS all flags can be stored (RFC 3501, 7.1). */
    client->selected =
        (struct imap_selected){.permanent_bits = ~UINT32_C(0), .read_only = read_only};
}

void imap_select_command(struct imap_client *client, struct imap_command *command,
                         const char *raw_name, bool read_only, uint32_t since_uidvalidity,
                         uint64_t since_modseq)
{
    imap_client_command(client, command, read_only ? "EXAMINE" : "SELECT");
    imap_command_string(command, raw_name);
    put_parameters(client, command, since_uidvalidity, since_modseq);
}

static void start_select(struct imap_client *client, struct imap_step *step, const char *raw_name,
                         bool read_only, uint32_t since_uidvalidity, uint64_t since_modseq)
{
    *step = (struct imap_step){.verb = imap_select_verb()};
    imap_select_command(client, &step->command, raw_name, read_only, since_uidvalidity,
                        since_modseq);
    imap_select_reset(client, read_only);
}

void imap_select_refuse(struct imap_client *client, const char *raw_name, GError *refusal,
                        GError **error)
{
    if (error_is(refusal, ERROR_SERVER_NO) && imap_client_knows_gone(client, raw_name))
        refusal->code = ERROR_MAILBOX_GONE;
    g_propagate_error(error, refusal);
}

bool imap_select(struct imap_client *client, const char *raw_name, bool read_only,
                 uint32_t since_uidvalidity, uint64_t since_modseq, struct imap_selected *selected,
                 GError **error)
{
    struct imap_step step;
    GError *refusal = NULL;
    start_select(client, &step, raw_name, read_only, since_uidvalidity, since_modseq);
    if (imap_client_run(client, &step.command, &step.verb, &refusal)) {
        *selected = client->selected;
        return true;
    }
    imap_select_refuse(client, raw_name, refusal, error);
    return false;
}

struct flags_taking {
    imap_fetch_fn *fn;
    void *arg;
    bool stopped;
};

static bool take_flags(struct imap_client *client, const struct imap_response *response, void *arg)
{
    struct flags_taking *taking = arg;
    (void)client;
    if (response->kind != IMAP_FETCH || !response->fetch.has_flags || response->fetch.uid == 0)
        return false;
    struct imap_fetched fetched = imap_fetched_flags(response);
    taking->stopped = taking->stopped || !taking->fn(&fetched, taking->arg);
    return true;
}

static struct imap_step *start_select_flags(struct imap_client *client, const char *raw_name,
                                            bool read_only, const char *const *uid_sets,
                                            struct flags_taking *taking, size_t *count)
{
    size_t sets = 0;
    while (uid_sets[sets] != NULL)
        sets++;
    struct imap_step *steps = g_new0(struct imap_step, sets + 1);
    start_select(client, &steps[0], raw_name, read_only, 0, 0);
    for (size_t i = 0; i < sets; i++) {
        steps[i + 1].verb = (struct imap_verb){.untagged = take_flags, .arg = taking, .bulk = true};
        imap_client_command(client, &steps[i + 1].command, "UID FETCH");
        imap_command_set(&steps[i + 1].command, uid_sets[i]);
        imap_command_word(&steps[i + 1].command, "(UID FLAGS)");
    }
    *count = sets + 1;
    return steps;
}

bool imap_select_flags(struct imap_client *client, const char *raw_name, bool read_only,
                       const char *const *uid_sets, struct imap_selected *selected,
                       bool *selected_ok, imap_fetch_fn *fn, void *arg, GError **error)
{
    struct flags_taking taking = {.fn = fn, .arg = arg};
    GError *first = NULL, *failed = NULL;
    size_t count = 0;
    g_autofree struct imap_step *steps =
        start_select_flags(client, raw_name, read_only, uid_sets, &taking, &count);
    imap_client_run_steps(client, steps, count, &failed);
    *selected_ok = steps[0].error == NULL;
    *selected = client->selected;
    for (size_t i = 0; i < count; i++) {
        if (first == NULL)
            first = g_steal_pointer(&steps[i].error);
        g_clear_error(&steps[i].error);
    }
    g_clear_error(&failed);
    if (first == NULL && taking.stopped)
        error_set(&first, ERROR_CANCELLED, "stopped");
    if (first == NULL)
        return true;
    if (*selected_ok)
        g_propagate_error(error, first);
    else
        imap_select_refuse(client, raw_name, first, error);
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
