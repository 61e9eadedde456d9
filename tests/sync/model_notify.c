/* NOTIFY (RFC 5465): a connection that asked is told of the folders that it has not selected. QUOTA
 * (RFC 9208). */
#include "model.h"

#include <string.h>

struct told {
    uint32_t uidvalidity, uidnext, messages;
    uint64_t highest;
    bool subscribed;
};

static struct told told_of(const struct model_folder *folder)
{
    return (struct told){folder->uidvalidity, folder->uidnext, folder->messages->len,
                         model_highest(folder), folder->subscribed};
}

static bool is_told(const struct told *told, const struct told *now)
{
    return told->uidvalidity == now->uidvalidity && told->uidnext == now->uidnext &&
           told->messages == now->messages && told->highest == now->highest;
}

static void remember(struct model_connection *c, const struct model_folder *folder)
{
    struct told now = told_of(folder);
    g_hash_table_replace(c->told, g_strdup(folder->name), g_memdup2(&now, sizeof now));
}

const char *model_verb_notify(struct model_connection *c, struct model_command *command)
{
    const char *word = model_next(command);
    g_clear_pointer(&c->told, g_hash_table_unref);
    if (g_strcmp0(word, "NONE") == 0)
        return "OK NOTIFY completed.";
    if (g_strcmp0(word, "SET") != 0)
        return "BAD NOTIFY what?";
    bool status = g_strcmp0(model_next(command), "STATUS") == 0;
    c->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < c->model->folders->len; i++) {
        struct model_folder *folder = c->model->folders->pdata[i];
        if (status && folder != c->selected)
            model_put_status(c, folder);
        remember(c, folder);
    }
    return "OK NOTIFY completed.";
}

const char *model_verb_getquotaroot(struct model_connection *c, struct model_command *command)
{
    (void)command;
    g_string_append(c->out, c->model->quotas);
    return "OK GETQUOTAROOT completed.";
}

static void put_name(struct model_connection *c, const char *name, const char *attributes)
{
    g_string_append_printf(c->out, "* LIST (%s) \"/\" ", attributes);
    model_put_string(c->out, name);
    g_string_append(c->out, "\r\n");
}

static void tell_names(struct model_connection *c)
{
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, c->told);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (model_folder(c->model, name) != NULL)
            continue;
        put_name(c, name, "\\NonExistent");
        g_hash_table_iter_remove(&iter);
    }
    for (guint i = 0; i < c->model->folders->len; i++) {
        const struct model_folder *folder = c->model->folders->pdata[i];
        const struct told *told = g_hash_table_lookup(c->told, folder->name);
        if (told == NULL || told->subscribed != folder->subscribed)
            put_name(c, folder->name, folder->subscribed ? "\\Subscribed" : "");
    }
}

void model_tell_all(struct model_connection *c)
{
    if (c->selected != NULL)
        model_tell(c);
    if (c->told == NULL)
        return;
    tell_names(c);
    for (guint i = 0; i < c->model->folders->len; i++) {
        struct model_folder *folder = c->model->folders->pdata[i];
        const struct told *told = g_hash_table_lookup(c->told, folder->name), now = told_of(folder);
        if (folder != c->selected && (told == NULL || !is_told(told, &now)))
            model_put_status(c, folder);
        remember(c, folder);
    }
}
