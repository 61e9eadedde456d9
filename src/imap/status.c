/* STATUS of one mailbox, of many at once, and beside LIST. */
#include "imap/client_private.h"

#include <string.h>

/* Mailboxes asked for before the first answer is read. */
#define AT_ONCE 64

void imap_command_status_items(struct imap_client *client, struct imap_command *command)
{
    imap_command_word(command, "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN");
    if (imap_client_can(client, IMAP_CAP_CONDSTORE))
        imap_command_word(command, "HIGHESTMODSEQ");
    if (imap_client_can(client, IMAP_CAP_OBJECTID))
        imap_command_word(command, "MAILBOXID");
    g_string_append_c(command->text, ')');
}

struct imap_status imap_status_of_data(const struct imap_status_data *data)
{
    return (struct imap_status){.messages = data->messages,
                                .uidnext = data->uidnext,
                                .uidvalidity = data->uidvalidity,
                                .unseen = data->unseen,
                                .highestmodseq = data->highestmodseq};
}

bool imap_mailbox_take_status(GHashTable *by_name, const struct imap_status_data *status)
{
    g_autofree char *raw = g_strndup(status->name, status->name_length);
    struct imap_mailbox_info *info = g_hash_table_lookup(by_name, raw);
    if (info == NULL)
        return false;
    info->has_status = true;
    info->status = imap_status_of_data(status);
    g_free(info->mailboxid);
    info->mailboxid = g_strdup(status->mailboxid);
    return true;
}

struct asking {
    const char *raw_name;
    bool known;
    struct imap_status status;
    char *mailboxid;
};

/* An unasked STATUS (NOTIFY) of another mailbox may come between. */
static bool take_status(struct imap_client *client, const struct imap_response *response, void *arg)
{
    struct asking *asking = arg;
    (void)client;
    if (response->kind != IMAP_STATUS)
        return false;
    const struct imap_status_data *data = &response->status;
    bool inbox = g_ascii_strcasecmp(asking->raw_name, "INBOX") == 0 && data->name_length == 5 &&
                 g_ascii_strncasecmp(data->name, "INBOX", 5) == 0;
    bool same = strlen(asking->raw_name) == data->name_length &&
                memcmp(asking->raw_name, data->name, data->name_length) == 0;
    if (!same && !inbox)
        return false;
    asking->known = true;
    asking->status = imap_status_of_data(data);
    g_free(asking->mailboxid);
    asking->mailboxid = g_strdup(data->mailboxid);
    return true;
}

static void start_status(struct imap_client *client, struct imap_step *step, struct asking *asking,
                         const char *raw_name)
{
    *asking = (struct asking){.raw_name = raw_name};
    *step = (struct imap_step){.verb = {.untagged = take_status, .arg = asking}};
    imap_client_command(client, &step->command, "STATUS");
    imap_command_string(&step->command, raw_name);
    imap_command_status_items(client, &step->command);
}

bool imap_status(struct imap_client *client, const char *raw_name, struct imap_status *status,
                 GError **error)
{
    struct asking asking;
    struct imap_step step;
    start_status(client, &step, &asking, raw_name);
    bool good = imap_client_run(client, &step.command, &step.verb, error);
    *status = asking.status;
    g_free(asking.mailboxid);
    return good;
}

/* What ends the asking, though the connection lives: a server that wants to be left alone. */
static bool ends_all(const GError *error)
{
    return error != NULL && error_scope(error) != ERROR_SCOPE_MAILBOX &&
           !error_is(error, ERROR_SERVER_NO) && !error_is(error, ERROR_SERVER_BAD);
}

/* At most AT_ONCE of them; tell is called for each that was answered. */
static bool ask_some(struct imap_client *client, const char *const *raw_names, size_t count,
                     void (*tell)(size_t index, struct asking *asking, void *arg), void *arg,
                     GError **error)
{
    struct imap_step steps[AT_ONCE];
    struct asking asking[AT_ONCE];
    for (size_t i = 0; i < count; i++)
        start_status(client, &steps[i], &asking[i], raw_names[i]);
    bool good = imap_client_run_steps(client, steps, count, error);
    for (size_t i = 0; i < count; i++) {
        if (good && ends_all(steps[i].error)) {
            g_propagate_error(error, g_steal_pointer(&steps[i].error));
            good = false;
        }
        if (steps[i].error == NULL && asking[i].known)
            tell(i, &asking[i], arg);
        g_clear_error(&steps[i].error);
        g_free(asking[i].mailboxid);
    }
    return good;
}

static void tell_asked(size_t index, struct asking *asking, void *arg)
{
    struct imap_status_of *asked = arg;
    asked[index].known = true;
    asked[index].status = asking->status;
}

bool imap_statuses(struct imap_client *client, struct imap_status_of *asked, size_t count,
                   GError **error)
{
    for (size_t i = 0; i < count; i++)
        asked[i].known = false;
    for (size_t at = 0; at < count; at += AT_ONCE) {
        const char *names[AT_ONCE];
        size_t part = MIN(count - at, AT_ONCE);
        for (size_t i = 0; i < part; i++)
            names[i] = asked[at + i].raw_name;
        if (!ask_some(client, names, part, tell_asked, asked + at, error))
            return false;
    }
    return true;
}

static void tell_info(size_t index, struct asking *asking, void *arg)
{
    struct imap_mailbox_info *const *infos = arg;
    infos[index]->has_status = true;
    infos[index]->status = asking->status;
    infos[index]->mailboxid = g_steal_pointer(&asking->mailboxid);
}

bool imap_mailbox_ask_statuses(struct imap_client *client, GPtrArray *infos, GError **error)
{
    for (guint at = 0; at < infos->len;) {
        struct imap_mailbox_info *asked[AT_ONCE];
        const char *names[AT_ONCE];
        size_t part = 0;
        for (; at < infos->len && part < AT_ONCE; at++) {
            struct imap_mailbox_info *info = infos->pdata[at];
            if (!info->selectable)
                continue;
            asked[part] = info;
            names[part++] = info->raw_name;
        }
        if (part > 0 && !ask_some(client, names, part, tell_info, asked, error))
            return false;
    }
    return true;
}
