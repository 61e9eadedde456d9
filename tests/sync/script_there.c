/* What others change, in words: script.h. */
#include "script_parts.h"

#include "state.h"

#include <stdlib.h>
#include <string.h>

/* A folder that is not there is made; of a random script INBOX does instead. */
static struct model_folder *folder_there(struct world *world, const char *name)
{
    g_autofree char *raw = model_raw_name(world->model, name);
    struct model_folder *folder = model_folder(world->model, raw);
    if (folder == NULL && world->lenient)
        return model_folder(world->model, "INBOX");
    return folder != NULL ? folder : model_create(world->model, raw);
}

void script_start(struct world *world, const char *text)
{
    g_autoptr(GPtrArray) state = state_parse(text);
    model_lock(world->model);
    for (guint i = 0; i < state->len; i++) {
        const struct state_folder *folder = state->pdata[i];
        struct model_folder *there = folder_there(world, folder->name);
        for (guint k = 0; k < folder->mails->len; k++) {
            struct state_mail *mail = folder->mails->pdata[k];
            script_only_kept(world, &mail->flags);
            model_deliver(world->model, there, mail->id, NULL, &mail->flags);
        }
    }
    model_unlock(world->model);
}

static void flag_there(struct world *world, struct model_message *message, char **words)
{
    for (; *words != NULL; words++) {
        struct mail_flags flags;
        state_take_flags(*words + 1, &flags);
        script_only_kept(world, &flags);
        model_flag(world->model, message, &flags, **words == '+');
        mail_flags_clear(&flags);
    }
}

static void deliver(struct world *world, char **words)
{
    struct mail_flags flags = {0};
    const char *id = strcmp(words[1], "_") == 0 ? "" : words[1];
    if (words[3] != NULL)
        state_take_flags(words[3], &flags);
    script_only_kept(world, &flags);
    model_deliver(world->model, folder_there(world, words[2]), id, NULL, &flags);
    mail_flags_clear(&flags);
}

/* "?" is whichever folder has it. */
static struct model_folder *folder_with(struct world *world, const char *name, const char *id)
{
    g_autofree char *raw = model_raw_name(world->model, name);
    if (strcmp(name, "?") != 0)
        return model_folder(world->model, raw);
    bool marks = !model_has(world->model, "UIDPLUS");
    for (guint i = 0; i < world->model->folders->len; i++) {
        const struct model_message *found = model_message_of(world->model->folders->pdata[i], id);
        /* What waits to be expunged is nobody's business any more. */
        if (found != NULL && !(marks && (found->flags.bits & MAIL_DELETED) != 0))
            return world->model->folders->pdata[i];
    }
    return NULL;
}

static void one_message_there(struct world *world, char **words)
{
    struct model *model = world->model;
    struct model_folder *folder = folder_with(world, words[1], words[2]);
    struct model_message *message = folder != NULL ? model_message_of(folder, words[2]) : NULL;
    if (message == NULL)
        script_is_missing(world, words[2]);
    else if (strcmp(words[0], "flag") == 0)
        flag_there(world, message, words + 3);
    else if (strcmp(words[0], "nodata") == 0)
        message->no_data = true;
    else if (strcmp(words[0], "substitute") == 0)
        message->substitute = true;
    else if (strcmp(words[0], "expunge") == 0)
        model_expunge(model, folder, message->uid);
    else {
        model_copy_to(model, message, folder_there(world, words[3]));
        if (strcmp(words[0], "move") == 0)
            model_expunge(model, folder, message->uid);
    }
}

/* Something in it or below only awaits an EXPUNGE: under another name, where no UIDVALIDITY that is
 * known tells which folder it is, it is a mail again. */
static bool has_marked(struct model *model, const char *raw)
{
    g_autofree char *below = g_strconcat(raw, "/", NULL);
    for (guint i = 0; i < model->folders->len && !model_has(model, "UIDPLUS"); i++) {
        const struct model_folder *folder = model->folders->pdata[i];
        if (strcmp(folder->name, raw) != 0 && !g_str_has_prefix(folder->name, below))
            continue;
        for (guint k = 0; k < folder->messages->len; k++)
            if ((((struct model_message *)folder->messages->pdata[k])->flags.bits & MAIL_DELETED) !=
                0)
                return true;
    }
    return false;
}

/* What a server would refuse: a random script says such things. */
static bool is_refused(const struct world *world, char **words, const char *raw)
{
    struct model *model = world->model;
    const char *target = words[2] != NULL ? words[2] : words[1];
    const char *slash = strrchr(target, '/');
    g_autofree char *parent = slash != NULL ? g_strndup(target, (gsize)(slash - target)) : NULL;
    g_autofree char *below = g_strconcat(words[1], "/", NULL);
    struct model_folder *folder = model_folder(model, raw);
    if (!world->lenient)
        return false;
    if (parent != NULL && model_folder(model, parent) == NULL)
        return true;
    if (strcmp(words[0], "create") == 0)
        return folder != NULL;
    if (folder == NULL || g_str_has_prefix(target, below))
        return true;
    if (strcmp(words[0], "rename") == 0)
        return has_marked(model, words[1]);
    return strcmp(words[0], "delete") == 0 && model_has_children(model, folder);
}

static void one_folder_there(struct world *world, char **words)
{
    struct model *model = world->model;
    g_autofree char *raw = model_raw_name(model, words[1]);
    if (is_refused(world, words, raw))
        return;
    if (strcmp(words[0], "create") == 0) {
        if (model_folder(model, raw) == NULL)
            model_create(model, raw);
    } else if (strcmp(words[0], "rename") == 0) {
        g_autofree char *to = model_raw_name(model, words[2]);
        if (!model_rename(model, raw, to))
            script_is_missing(world, words[1]);
    } else if (strcmp(words[0], "delete") == 0) {
        if (!model_delete(model, raw))
            script_is_missing(world, words[1]);
    } else if (strcmp(words[0], "renew") == 0)
        model_renew(model, folder_there(world, words[1]));
    else
        folder_there(world, words[1])->subscribed = strcmp(words[0], "subscribe") == 0;
}

static void refuse(struct world *world, const char *op)
{
    g_auto(GStrv) parts = g_strsplit(op + strlen("refuse "), "|", 3);
    model_refuse(world->model, parts[0], parts[1], parts[2] != NULL ? atoi(parts[2]) : -1);
    if (strcmp(parts[1], "late") == 0)
        world->doubt_ms = 2 * MODEL_LATE_MS;
    if (strcmp(parts[1], "later") == 0)
        world->doubt_ms = MODEL_LATE_MS * 2 / 5;
}

static void refuse_smtp(struct world *world, const char *op)
{
    g_autofree char *as_rule = g_strconcat("refuse SMTP ", op + strlen("smtp "), NULL);
    refuse(world, as_rule);
}

static void op_there(struct world *world, char *op)
{
    static const char *const of_messages[] = {"flag", "nodata", "substitute", "expunge",
                                              "copy", "move",   NULL};
    static const char *const of_folders[] = {"create",    "rename",      "delete", "renew",
                                             "subscribe", "unsubscribe", NULL};
    g_auto(GStrv) words = g_strsplit(op, " ", -1);
    if (strcmp(words[0], "refuse") == 0)
        refuse(world, op);
    else if (strcmp(words[0], "smtp") == 0)
        refuse_smtp(world, op);
    else if (strcmp(words[0], "copyuid") == 0)
        world->model->copyuid =
            strcmp(words[1], "none") == 0 ? MODEL_COPYUID_NONE : MODEL_COPYUID_EMPTY;
    else if (strcmp(words[0], "deliver") == 0)
        deliver(world, words);
    else if (g_strv_contains(of_messages, words[0]))
        one_message_there(world, words);
    else if (g_strv_contains(of_folders, words[0]))
        one_folder_there(world, words);
    else
        g_error("no such thing as: %s", op);
}

void script_there(struct world *world, const char *ops)
{
    model_lock(world->model);
    script_each(world, ops, op_there);
    model_unlock(world->model);
}
