/* LIST, LSUB and the verbs that change mailboxes. */
#include "imap/client_private.h"

#include <string.h>

#define MAILBOXES_MAX 100000

void imap_mailbox_info_free(struct imap_mailbox_info *info)
{
    if (info == NULL)
        return;
    g_free(info->raw_name);
    g_free(info->name);
    g_free(info->mailboxid);
    g_free(info);
}

char *imap_client_decode_name(const struct imap_client *client, const char *raw_name)
{
    bool utf8 = (client->enabled & IMAP_CAP_UTF8) != 0;
    return utf8 ? g_utf8_make_valid(raw_name, -1) : imap_utf7_decode(raw_name);
}

char *imap_client_encode_name(const struct imap_client *client, const char *name)
{
    bool utf8 = (client->enabled & IMAP_CAP_UTF8) != 0;
    return utf8 ? g_strdup(name) : imap_utf7_encode(name);
}

static bool is_inbox(const char *name)
{
    return g_ascii_strcasecmp(name, "INBOX") == 0;
}

static struct imap_mailbox_info *info_of(const struct imap_client *client,
                                         const struct imap_list_data *list)
{
    struct imap_mailbox_info *info = g_new0(struct imap_mailbox_info, 1);
    info->raw_name = g_strndup(list->name, list->name_length);
    info->name = imap_client_decode_name(client, info->raw_name);
    info->delimiter = list->delimiter;
    info->non_existent = (list->attributes & IMAP_LIST_NONEXISTENT) != 0;
    info->selectable = (list->attributes & IMAP_LIST_NOSELECT) == 0 && !info->non_existent;
    info->has_children = (list->attributes & IMAP_LIST_HASCHILDREN) != 0;
    info->subscribed = (list->attributes & IMAP_LIST_SUBSCRIBED) != 0;
    info->role = is_inbox(info->raw_name) ? MAIL_ROLE_INBOX : list->role;
    return info;
}

struct listing {
    GPtrArray *infos;
    GHashTable *by_name; /* raw name -> info, borrowed */
};

/* With NOTIFY a name may come or go while the list is told: the last word counts. */
static void list_again(struct imap_mailbox_info *known, struct imap_mailbox_info *again)
{
    known->subscribed = known->subscribed || again->subscribed;
    known->non_existent = again->non_existent;
    known->selectable = again->selectable;
    known->has_children = again->has_children;
    known->role = again->role != MAIL_ROLE_NONE ? again->role : known->role;
}

static bool take_listed(struct imap_client *client, const struct imap_response *response, void *arg)
{
    struct listing *listing = arg;
    if (response->kind == IMAP_STATUS)
        return imap_mailbox_take_status(listing->by_name, &response->status);
    if (response->kind != IMAP_LIST)
        return false;
    g_autofree char *raw = g_strndup(response->list.name, response->list.name_length);
    struct imap_mailbox_info *known = g_hash_table_lookup(listing->by_name, raw);
    if (known != NULL && response->list.lsub) {
        known->subscribed = true;
    } else if (known != NULL) {
        struct imap_mailbox_info *again = info_of(client, &response->list);
        list_again(known, again);
        imap_mailbox_info_free(again);
    } else if (!response->list.lsub && listing->infos->len < MAILBOXES_MAX) {
        struct imap_mailbox_info *info = info_of(client, &response->list);
        g_ptr_array_add(listing->infos, info);
        g_hash_table_insert(listing->by_name, info->raw_name, info);
    }
    return true;
}

static void put_return_options(struct imap_client *client, struct imap_command *command,
                               bool with_status)
{
    if (!imap_client_can(client, IMAP_CAP_LIST_EXTENDED))
        return;
    imap_command_word(command, "RETURN (SUBSCRIBED CHILDREN");
    if (imap_client_can(client, IMAP_CAP_SPECIAL_USE))
        imap_command_word(command, "SPECIAL-USE");
    if (with_status && imap_client_can(client, IMAP_CAP_LIST_STATUS)) {
        imap_command_word(command, "STATUS");
        imap_command_status_items(client, command);
    }
    g_string_append_c(command->text, ')');
}

static void start_list(struct imap_client *client, struct imap_step *step, const char *name,
                       struct listing *listing)
{
    imap_client_command(client, &step->command, name);
    imap_command_string(&step->command, "");
    imap_command_string(&step->command, "*");
    step->verb = (struct imap_verb){.untagged = take_listed, .arg = listing};
}

/* Subscriptions are asked for apart where LIST cannot tell them; both go out at once. */
static bool list_all(struct imap_client *client, struct listing *listing, bool with_status,
                     GError **error)
{
    struct imap_step steps[2] = {0};
    bool apart = !imap_client_can(client, IMAP_CAP_LIST_EXTENDED);
    start_list(client, &steps[0], "LIST", listing);
    put_return_options(client, &steps[0].command, with_status);
    if (apart)
        start_list(client, &steps[1], "LSUB", listing);
    bool alive = imap_client_run_steps(client, steps, apart ? 2 : 1, error);
    bool listed = alive && steps[0].error == NULL;
    if (alive && !listed)
        g_propagate_error(error, g_steal_pointer(&steps[0].error));
    g_clear_error(&steps[0].error);
    g_clear_error(&steps[1].error); /* subscriptions are worth no failure */
    return listed;
}

static bool has_listed_child(const GPtrArray *infos, const struct imap_mailbox_info *parent)
{
    size_t length = strlen(parent->raw_name);
    for (guint i = 0; i < infos->len && parent->delimiter != 0; i++) {
        const struct imap_mailbox_info *info = infos->pdata[i];
        if (!info->non_existent && strncmp(info->raw_name, parent->raw_name, length) == 0 &&
            info->raw_name[length] == parent->delimiter)
            return true;
    }
    return false;
}

/* What does not exist is kept only as a parent of what does. At most so many are looked at: more
 * come from nobody who means well. */
static void drop_non_existent(GPtrArray *infos)
{
    guint left = 1000;
    for (guint i = infos->len; i > 0; i--) {
        const struct imap_mailbox_info *info = infos->pdata[i - 1];
        if (!info->non_existent)
            continue;
        if (left == 0 || !has_listed_child(infos, info))
            g_ptr_array_remove_index(infos, i - 1);
        left -= left > 0;
    }
}

static GPtrArray *list(struct imap_client *client, bool with_status, GError **error)
{
    struct listing listing = {.infos = g_ptr_array_new_with_free_func(
                                  (GDestroyNotify)imap_mailbox_info_free),
                              .by_name = g_hash_table_new(g_str_hash, g_str_equal)};
    bool good = list_all(client, &listing, with_status, error);
    bool apart = !imap_client_can(client, IMAP_CAP_LIST_STATUS | IMAP_CAP_LIST_EXTENDED);
    if (good && with_status && apart)
        good = imap_mailbox_ask_statuses(client, listing.infos, error);
    g_hash_table_unref(listing.by_name);
    drop_non_existent(listing.infos);
    if (good)
        return listing.infos;
    g_ptr_array_unref(listing.infos);
    return NULL;
}

GPtrArray *imap_list(struct imap_client *client, GError **error)
{
    return list(client, false, error);
}

GPtrArray *imap_list_status(struct imap_client *client, GError **error)
{
    return list(client, true, error);
}

struct probe {
    const char *raw_name;
    bool found;
};

static bool take_probed(struct imap_client *client, const struct imap_response *response, void *arg)
{
    struct probe *probe = arg;
    (void)client;
    if (response->kind != IMAP_LIST)
        return false;
    bool same = strlen(probe->raw_name) == response->list.name_length &&
                memcmp(probe->raw_name, response->list.name, response->list.name_length) == 0;
    if (same && (response->list.attributes & IMAP_LIST_NONEXISTENT) == 0)
        probe->found = true;
    return true;
}

bool imap_client_knows_gone(struct imap_client *client, const char *raw_name)
{
    struct probe probe = {raw_name, is_inbox(raw_name)};
    struct imap_verb verb = {.untagged = take_probed, .arg = &probe};
    struct imap_command command;
    imap_client_command(client, &command, "LIST");
    imap_command_string(&command, "");
    imap_command_string(&command, raw_name);
    return imap_client_run(client, &command, &verb, NULL) && !probe.found;
}

/* A new name that is not modified UTF-7 yet ("R&D", "Entwürfe") is encoded; one that is stays. */
static void put_new_name(struct imap_client *client, struct imap_command *command, const char *name)
{
    g_autofree char *decoded = imap_client_decode_name(client, name);
    g_autofree char *again = imap_client_encode_name(client, decoded);
    g_autofree char *encoded = imap_client_encode_name(client, name);
    imap_command_string(command, strcmp(again, name) == 0 ? name : encoded);
}

bool imap_create(struct imap_client *client, const char *raw_name, GError **error)
{
    struct imap_command command;
    imap_client_command(client, &command, "CREATE");
    put_new_name(client, &command, raw_name);
    return imap_client_run(client, &command, NULL, error);
}

bool imap_rename(struct imap_client *client, const char *raw_from, const char *raw_to,
                 GError **error)
{
    struct imap_command command;
    imap_client_command(client, &command, "RENAME");
    imap_command_string(&command, raw_from);
    put_new_name(client, &command, raw_to);
    return imap_client_run(client, &command, NULL, error);
}

bool imap_delete(struct imap_client *client, const char *raw_name, GError **error)
{
    struct imap_command command;
    imap_client_command(client, &command, "DELETE");
    imap_command_string(&command, raw_name);
    return imap_client_run(client, &command, NULL, error);
}

bool imap_subscribe(struct imap_client *client, const char *raw_name, bool on, GError **error)
{
    struct imap_command command;
    imap_client_command(client, &command, on ? "SUBSCRIBE" : "UNSUBSCRIBE");
    imap_command_string(&command, raw_name);
    return imap_client_run(client, &command, NULL, error);
}
