#include "model_smtp.h"

#include "imap/client.h"

#include <string.h>

static void message_free(gpointer pointer)
{
    struct model_message *message = pointer;
    g_free(message->id);
    g_free(message->renamed);
    g_bytes_unref(message->raw);
    mail_flags_clear(&message->flags);
    g_free(message);
}

static struct model_message *message_copy(const struct model_message *from)
{
    struct model_message *to = g_memdup2(from, sizeof *from);
    to->id = g_strdup(from->id);
    to->renamed = g_strdup(from->renamed);
    g_bytes_ref(to->raw);
    to->flags = (struct mail_flags){0};
    mail_flags_copy(&to->flags, &from->flags);
    return to;
}

static void folder_free(gpointer pointer)
{
    struct model_folder *folder = pointer;
    g_free(folder->name);
    g_ptr_array_unref(folder->messages);
    g_array_unref(folder->gone);
    g_free(folder);
}

static struct model_folder *folder_copy(const struct model_folder *from)
{
    struct model_folder *to = g_memdup2(from, sizeof *from);
    to->name = g_strdup(from->name);
    to->gone = g_array_copy(from->gone);
    to->messages = g_ptr_array_new_with_free_func(message_free);
    for (guint i = 0; i < from->messages->len; i++)
        g_ptr_array_add(to->messages, message_copy(from->messages->pdata[i]));
    return to;
}

static void rule_free(gpointer pointer)
{
    struct model_rule *rule = pointer;
    g_free(rule->command);
    g_free(rule->reply);
    g_free(rule);
}

static const struct {
    const char *name;
    enum mail_role role;
    const char *exchange;
} standard[] = {
    {"INBOX", MAIL_ROLE_INBOX, "INBOX"},
    {"Drafts", MAIL_ROLE_DRAFTS, "Entwürfe"},
    {"Sent", MAIL_ROLE_SENT, "Gesendete Elemente"},
    {"Trash", MAIL_ROLE_TRASH, "Gelöschte Elemente"},
};

char *model_raw_name(const struct model *model, const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(standard); i++)
        if (model->profile == MODEL_EXCHANGE && strcmp(name, standard[i].name) == 0)
            return imap_utf7_encode(standard[i].exchange);
    return imap_utf7_encode(name);
}

static struct model *empty(enum model_profile profile)
{
    struct model *model = g_new0(struct model, 1);
    model->profile = profile;
    model->folders = g_ptr_array_new_with_free_func(folder_free);
    model->rules = g_ptr_array_new_with_free_func(rule_free);
    model->fetched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    model_post_init(&model->post);
    model->modseq = 10;
    model->last_uidvalidity = 1000;
    model->clock = 1750000000;
    return model;
}

struct model *model_new(enum model_profile profile)
{
    struct model *model = empty(profile);
    for (gsize i = 0; i < G_N_ELEMENTS(standard); i++) {
        g_autofree char *raw = model_raw_name(model, standard[i].name);
        model_create(model, raw)->role = standard[i].role;
    }
    return model;
}

void model_assign(struct model *model, const struct model *from)
{
    g_ptr_array_set_size(model->folders, 0);
    for (guint i = 0; i < from->folders->len; i++)
        g_ptr_array_add(model->folders, folder_copy(from->folders->pdata[i]));
    model_late_clear(model);
    g_ptr_array_set_size(model->rules, 0);
    for (guint i = 0; i < from->rules->len; i++) {
        const struct model_rule *rule = from->rules->pdata[i];
        model_refuse(model, rule->command, rule->reply, rule->times);
    }
    model->more = from->more;
    model->quotas = from->quotas;
    model->modseq = from->modseq;
    model->last_uidvalidity = from->last_uidvalidity;
    model->last_emailid = from->last_emailid;
    model->clock = from->clock;
    model->copyuid = from->copyuid;
    model->counts = from->counts;
    model_post_assign(&model->post, &from->post);
    g_hash_table_remove_all(model->fetched);
    GHashTableIter iter;
    gpointer id, times;
    g_hash_table_iter_init(&iter, from->fetched);
    while (g_hash_table_iter_next(&iter, &id, &times))
        g_hash_table_insert(model->fetched, g_strdup(id), times);
}

struct model *model_copy(const struct model *model)
{
    struct model *copy = empty(model->profile);
    model_assign(copy, model);
    return copy;
}

void model_free(struct model *model)
{
    if (model == NULL)
        return;
    model_late_clear(model);
    g_ptr_array_unref(model->folders);
    g_ptr_array_unref(model->rules);
    g_hash_table_unref(model->fetched);
    model_post_clear(&model->post);
    g_free(model);
}

struct model_folder *model_folder(struct model *model, const char *raw_name)
{
    bool inbox = g_ascii_strcasecmp(raw_name, "INBOX") == 0;
    for (guint i = 0; i < model->folders->len; i++) {
        struct model_folder *folder = model->folders->pdata[i];
        if (strcmp(folder->name, inbox ? "INBOX" : raw_name) == 0)
            return folder;
    }
    return NULL;
}

struct model_folder *model_create(struct model *model, const char *raw_name)
{
    struct model_folder *folder = g_new0(struct model_folder, 1);
    folder->name = g_strdup(raw_name);
    folder->uidvalidity = g_str_has_prefix(raw_name, "Same") ? 999 : ++model->last_uidvalidity;
    folder->uidnext = 1;
    folder->subscribed = true;
    folder->messages = g_ptr_array_new_with_free_func(message_free);
    folder->gone = g_array_new(FALSE, FALSE, sizeof(struct model_gone));
    g_ptr_array_add(model->folders, folder);
    return folder;
}

bool model_delete(struct model *model, const char *raw_name)
{
    struct model_folder *folder = model_folder(model, raw_name);
    return folder != NULL && g_ptr_array_remove(model->folders, folder);
}

/* What follows raw in the name of that folder, or of one below it; NULL: it is another one. */
static const char *name_below(const struct model_folder *folder, const char *raw)
{
    gsize length = strlen(raw);
    bool is = strncmp(folder->name, raw, length) == 0 && strchr("/", folder->name[length]) != NULL;
    return is ? folder->name + length : NULL;
}

bool model_rename(struct model *model, const char *raw_from, const char *raw_to)
{
    if (model_folder(model, raw_from) == NULL)
        return false;
    for (guint pass = 0; pass < 2; pass++)
        for (guint i = 0; i < model->folders->len; i++) {
            struct model_folder *folder = model->folders->pdata[i];
            const char *below = name_below(folder, raw_from);
            if (below == NULL)
                continue;
            g_autofree char *name = g_strconcat(raw_to, below, NULL);
            if (pass == 0 && model_folder(model, name) != NULL)
                return false; /* it, or one below it, would have the name of another */
            if (pass == 1) {
                g_free(folder->name);
                folder->name = g_steal_pointer(&name);
            }
        }
    return true;
}

void model_renew(struct model *model, struct model_folder *old)
{
    guint at = 0;
    if (!g_ptr_array_find(model->folders, old, &at))
        return;
    struct model_folder *folder = folder_copy(old);
    g_ptr_array_index(model->folders, at) = folder;
    folder_free(old);
    folder->uidvalidity = ++model->last_uidvalidity;
    g_array_set_size(folder->gone, 0);
    folder->uidnext = 101;
    for (guint i = 0; i < folder->messages->len; i++) {
        struct model_message *message = folder->messages->pdata[i];
        message->uid = folder->uidnext++;
        message->modseq = ++model->modseq;
    }
}

struct model_message *model_message(struct model_folder *folder, uint32_t uid)
{
    for (guint i = 0; i < folder->messages->len; i++) {
        struct model_message *message = folder->messages->pdata[i];
        if (message->uid == uid)
            return message;
    }
    return NULL;
}

struct model_message *model_message_of(struct model_folder *folder, const char *id)
{
    for (guint i = folder->messages->len; i > 0; i--) {
        struct model_message *message = folder->messages->pdata[i - 1];
        if (strcmp(message->id, id) == 0)
            return message;
    }
    return NULL;
}

GBytes *model_text(const char *id)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "From: Bea <bea@example.org>\r\nTo: ann@mail.example\r\n");
    g_string_append_printf(text, "Subject: about %s\r\nDate: Sat, 1 Nov 2025 10:00:00 +0000\r\n",
                           id);
    if (*id != '\0')
        g_string_append_printf(text, "Message-ID: <%s>\r\n", id);
    g_string_append_printf(text, "\r\nThe text of %s.\r\n", id);
    return g_bytes_new(text->str, text->len);
}

char *model_id_of(GBytes *raw)
{
    gsize size;
    const char *data = g_bytes_get_data(raw, &size);
    g_autofree char *text = g_strndup(data, size);
    g_autoptr(GRegex) regex =
        g_regex_new("^message-id:\\s*<([^>]*)>", G_REGEX_CASELESS | G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(regex, text, 0, &match))
        return g_strdup("");
    return g_match_info_fetch(match, 1);
}

struct model_message *model_deliver(struct model *model, struct model_folder *folder,
                                    const char *id, GBytes *raw, const struct mail_flags *flags)
{
    struct model_message *message = g_new0(struct model_message, 1);
    message->raw = raw != NULL ? g_bytes_ref(raw) : model_text(id);
    message->id = id != NULL ? g_strdup(id) : model_id_of(message->raw);
    message->uid = folder->uidnext++;
    message->emailid = ++model->last_emailid;
    message->date = model->clock++;
    message->modseq = ++model->modseq;
    if (flags != NULL)
        mail_flags_copy(&message->flags, flags);
    g_ptr_array_add(folder->messages, message);
    return message;
}

struct model_message *model_copy_to(struct model *model, const struct model_message *message,
                                    struct model_folder *target)
{
    struct model_message *copy = message_copy(message);
    copy->uid = target->uidnext++;
    copy->modseq = ++model->modseq;
    g_ptr_array_add(target->messages, copy);
    return copy;
}

void model_expunge(struct model *model, struct model_folder *folder, uint32_t uid)
{
    struct model_gone gone = {uid, ++model->modseq};
    if (g_ptr_array_remove(folder->messages, model_message(folder, uid)))
        g_array_append_val(folder->gone, gone);
}

void model_flag(struct model *model, struct model_message *message, const struct mail_flags *flags,
                bool on)
{
    struct mail_flags after = {0};
    mail_flags_copy(&after, &message->flags);
    after.bits = on ? after.bits | flags->bits : after.bits & ~flags->bits;
    for (char **word = flags->keywords; word != NULL && *word != NULL; word++)
        mail_flags_set(&after, *word, on);
    if (!mail_flags_equal(&after, &message->flags))
        message->modseq = ++model->modseq;
    mail_flags_clear(&message->flags);
    message->flags = after;
}

void model_refuse(struct model *model, const char *command, const char *reply, int times)
{
    struct model_rule *rule = g_new0(struct model_rule, 1);
    rule->command = g_strdup(command);
    rule->reply = g_strdup(reply);
    rule->times = times;
    g_ptr_array_add(model->rules, rule);
}

const char *model_refusal(struct model *model, const char *command)
{
    for (guint i = 0; i < model->rules->len; i++) {
        struct model_rule *rule = model->rules->pdata[i];
        if (rule->times == 0 || !g_str_has_prefix(command, rule->command))
            continue;
        rule->times -= rule->times > 0;
        return rule->reply;
    }
    return NULL;
}
