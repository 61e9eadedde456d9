/* The model's commands about mailboxes, and those that change messages. */
#include "model.h"

#include <string.h>

#define SYSTEM_FLAGS (MAIL_SEEN | MAIL_ANSWERED | MAIL_FLAGGED | MAIL_DRAFT | MAIL_DELETED)

static const struct {
    uint32_t bit;
    const char *word;
} flag_words[] = {
    {MAIL_SEEN, "\\Seen"},       {MAIL_ANSWERED, "\\Answered"}, {MAIL_FLAGGED, "\\Flagged"},
    {MAIL_DRAFT, "\\Draft"},     {MAIL_DELETED, "\\Deleted"},   {MAIL_FORWARDED, "$Forwarded"},
    {MAIL_MDN_SENT, "$MDNSent"}, {MAIL_JUNK, "$Junk"},          {MAIL_NOT_JUNK, "$NotJunk"},
};

void model_put_string(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

void model_flags_text(GString *out, const struct mail_flags *flags)
{
    const char *space = "";
    g_string_append_c(out, '(');
    for (gsize i = 0; i < G_N_ELEMENTS(flag_words); i++)
        if ((flags->bits & flag_words[i].bit) != 0) {
            g_string_append_printf(out, "%s%s", space, flag_words[i].word);
            space = " ";
        }
    for (char **word = flags->keywords; word != NULL && *word != NULL; word++) {
        g_string_append_printf(out, "%s%s", space, *word);
        space = " ";
    }
    g_string_append_c(out, ')');
}

static void take_flag(struct mail_flags *flags, const char *word)
{
    for (gsize i = 0; i < G_N_ELEMENTS(flag_words); i++)
        if (g_ascii_strcasecmp(flag_words[i].word, word) == 0) {
            flags->bits |= flag_words[i].bit;
            return;
        }
    if (*word != '\\')
        mail_flags_set(flags, word, true);
}

bool model_take_flags(struct model_command *command, struct mail_flags *flags)
{
    *flags = (struct mail_flags){0};
    if (!model_skip(command, MODEL_OPEN))
        return false;
    while (!model_skip(command, MODEL_CLOSE))
        take_flag(flags, model_next(command));
    return true;
}

/* What the profile does not keep is taken away. */
static void only_kept(const struct model *model, struct mail_flags *flags)
{
    if (model->profile != MODEL_EXCHANGE)
        return;
    flags->bits &= SYSTEM_FLAGS | MAIL_MDN_SENT;
    g_clear_pointer(&flags->keywords, g_strfreev);
}

bool model_set_holds(const char *set, uint32_t number, uint32_t largest)
{
    g_auto(GStrv) ranges = g_strsplit(set, ",", -1);
    for (char **range = ranges; *range != NULL; range++) {
        g_auto(GStrv) ends = g_strsplit(*range, ":", 2);
        const char *to = ends[1] != NULL ? ends[1] : ends[0];
        uint64_t first = *ends[0] == '*' ? largest : g_ascii_strtoull(ends[0], NULL, 10);
        uint64_t last = *to == '*' ? largest : g_ascii_strtoull(to, NULL, 10);
        if (number >= MIN(first, last) && number <= MAX(first, last))
            return true;
    }
    return false;
}

/* UIDs of a set, ascending. */
static GArray *uids_in(const struct model_folder *folder, const char *set)
{
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    guint count = folder->messages->len;
    uint32_t largest =
        count > 0 ? ((struct model_message *)folder->messages->pdata[count - 1])->uid : 0;
    for (guint i = 0; i < count; i++) {
        const struct model_message *message = folder->messages->pdata[i];
        if (model_set_holds(set, message->uid, largest))
            g_array_append_val(uids, message->uid);
    }
    return uids;
}

/* --- mailboxes */

uint64_t model_highest(const struct model_folder *folder)
{
    uint64_t highest = 1;
    for (guint i = 0; i < folder->messages->len; i++)
        highest = MAX(highest, ((struct model_message *)folder->messages->pdata[i])->modseq);
    for (guint i = 0; i < folder->gone->len; i++)
        highest = MAX(highest, g_array_index(folder->gone, struct model_gone, i).modseq);
    return highest;
}

static guint unseen_of(const struct model_folder *folder)
{
    guint unseen = 0;
    for (guint i = 0; i < folder->messages->len; i++)
        unseen +=
            (((struct model_message *)folder->messages->pdata[i])->flags.bits & MAIL_SEEN) == 0;
    return unseen;
}

void model_put_status(struct model_connection *c, struct model_folder *folder)
{
    g_string_append(c->out, "* STATUS ");
    model_put_string(c->out, folder->name);
    g_string_append_printf(c->out, " (MESSAGES %u UIDNEXT %u UIDVALIDITY %u UNSEEN %u",
                           folder->messages->len, folder->uidnext, folder->uidvalidity,
                           unseen_of(folder));
    if (model_has(c->model, "CONDSTORE"))
        g_string_append_printf(c->out, " HIGHESTMODSEQ %" G_GUINT64_FORMAT, model_highest(folder));
    g_string_append(c->out, ")\r\n");
}

bool model_has_children(const struct model *model, const struct model_folder *folder)
{
    g_autofree char *prefix = g_strconcat(folder->name, "/", NULL);
    for (guint i = 0; i < model->folders->len; i++)
        if (g_str_has_prefix(((struct model_folder *)model->folders->pdata[i])->name, prefix))
            return true;
    return false;
}

static const char *special_use(const struct model *model, const struct model_folder *folder)
{
    static const char *const words[MAIL_ROLES] = {[MAIL_ROLE_DRAFTS] = " \\Drafts",
                                                  [MAIL_ROLE_SENT] = " \\Sent",
                                                  [MAIL_ROLE_TRASH] = " \\Trash"};
    const char *word = model_has(model, "SPECIAL-USE") ? words[folder->role] : NULL;
    return word != NULL ? word : "";
}

static void put_listed(struct model_connection *c, const char *kind,
                       const struct model_folder *folder, bool subscribed)
{
    g_string_append_printf(c->out, "* %s (%s%s%s) \"/\" ", kind,
                           model_has_children(c->model, folder) ? "\\HasChildren"
                                                                : "\\HasNoChildren",
                           special_use(c->model, folder),
                           subscribed && folder->subscribed ? " \\Subscribed" : "");
    model_put_string(c->out, folder->name);
    g_string_append(c->out, "\r\n");
}

static bool matches(const char *pattern, const char *name)
{
    if (*pattern == '\0')
        return *name == '\0';
    if (*pattern == '*' || *pattern == '%') {
        for (;; name++) {
            if (matches(pattern + 1, name))
                return true;
            if (*name == '\0' || (*pattern == '%' && *name == '/'))
                return false;
        }
    }
    return *pattern == *name && matches(pattern + 1, name + 1);
}

/* RETURN (…): whether subscriptions and STATUS are asked for. */
static void take_return(struct model_command *command, bool *subscribed, bool *status)
{
    model_next(command); /* RETURN */
    int depth = 0;
    for (const struct model_word *word; (word = model_peek(command)) != NULL;) {
        depth += word->kind == MODEL_OPEN ? 1 : word->kind == MODEL_CLOSE ? -1 : 0;
        *subscribed = *subscribed || g_ascii_strcasecmp(word->text, "SUBSCRIBED") == 0;
        *status = *status || g_ascii_strcasecmp(word->text, "STATUS") == 0;
        command->at++;
        if (depth == 0)
            return;
    }
}

const char *model_verb_list(struct model_connection *c, struct model_command *command)
{
    bool subscribed = false, status = false;
    model_next(command);
    const char *pattern = model_next(command);
    if (pattern == NULL)
        return "BAD LIST of what?";
    if (model_peek(command) != NULL) {
        if (!model_has(c->model, "LIST-EXTENDED"))
            return "BAD Command Argument Error. 11";
        take_return(command, &subscribed, &status);
    }
    if (*pattern == '\0')
        g_string_append(c->out, "* LIST (\\Noselect) \"/\" \"\"\r\n");
    for (guint i = 0; i < c->model->folders->len; i++) {
        struct model_folder *folder = c->model->folders->pdata[i];
        if (!matches(pattern, folder->name))
            continue;
        put_listed(c, "LIST", folder, subscribed);
        if (status)
            model_put_status(c, folder);
    }
    return "OK LIST completed.";
}

const char *model_verb_lsub(struct model_connection *c, struct model_command *command)
{
    (void)command;
    for (guint i = 0; i < c->model->folders->len; i++) {
        const struct model_folder *folder = c->model->folders->pdata[i];
        if (folder->subscribed)
            put_listed(c, "LSUB", folder, false);
    }
    return "OK LSUB completed.";
}

const char *model_verb_status(struct model_connection *c, struct model_command *command)
{
    const char *name = model_next(command);
    struct model_folder *folder = name != NULL ? model_folder(c->model, name) : NULL;
    if (folder == NULL)
        return "NO [NONEXISTENT] no such mailbox";
    model_put_status(c, folder);
    return "OK STATUS completed.";
}

const char *model_verb_create(struct model_connection *c, struct model_command *command)
{
    const char *name = model_next(command);
    if (c->model->profile == MODEL_EXCHANGE && g_ascii_strcasecmp(name, "Files") == 0)
        return "NO Folder name is reserved";
    if (model_folder(c->model, name) != NULL)
        return "NO [ALREADYEXISTS] Mailbox already exists";
    model_create(c->model, name)->subscribed = false;
    return "OK CREATE completed.";
}

const char *model_verb_delete(struct model_connection *c, struct model_command *command)
{
    const char *name = model_next(command);
    struct model_folder *folder = model_folder(c->model, name);
    if (folder == NULL)
        return "NO [NONEXISTENT] no such mailbox";
    if (folder->role != MAIL_ROLE_NONE || model_has_children(c->model, folder))
        return "NO [CANNOT] this mailbox stays";
    if (c->selected == folder)
        c->selected = NULL;
    model_delete(c->model, name);
    return "OK DELETE completed.";
}

const char *model_verb_rename(struct model_connection *c, struct model_command *command)
{
    const char *from = model_next(command), *to = model_next(command);
    struct model_folder *folder = model_folder(c->model, from);
    if (folder == NULL)
        return "NO [NONEXISTENT] no such mailbox";
    if (folder->role != MAIL_ROLE_NONE)
        return "NO [CANNOT] this mailbox keeps its name";
    return model_rename(c->model, from, to) ? "OK RENAME completed."
                                            : "NO [ALREADYEXISTS] Mailbox already exists";
}

static const char *subscribe(struct model_connection *c, struct model_command *command, bool on)
{
    const char *name = model_next(command);
    struct model_folder *folder = name != NULL ? model_folder(c->model, name) : NULL;
    if (folder == NULL)
        return "NO [NONEXISTENT] no such mailbox";
    folder->subscribed = on;
    return "OK done";
}

const char *model_verb_subscribe(struct model_connection *c, struct model_command *command)
{
    return subscribe(c, command, true);
}

const char *model_verb_unsubscribe(struct model_connection *c, struct model_command *command)
{
    return subscribe(c, command, false);
}

/* --- messages */

const char *model_verb_append(struct model_connection *c, struct model_command *command)
{
    static char reply[80];
    struct mail_flags flags = {0};
    const char *name = model_next(command);
    struct model_folder *folder = name != NULL ? model_folder(c->model, name) : NULL;
    if (folder == NULL)
        return "NO [TRYCREATE] no such mailbox";
    bool any = model_take_flags(command, &flags);
    bool keywords = flags.keywords != NULL || (flags.bits & ~(uint32_t)SYSTEM_FLAGS) != 0;
    if (any && keywords && c->model->profile == MODEL_EXCHANGE) {
        mail_flags_clear(&flags);
        return "BAD Command Argument Error. 11";
    }
    /* Outlook does not keep this one. */
    if (c->model->profile == MODEL_EXCHANGE)
        flags.bits &= ~(uint32_t)MAIL_FLAGGED;
    if (command->args->len - command->at > 1)
        model_next(command); /* the date */
    const struct model_word *text = model_peek(command);
    g_autoptr(GBytes) raw = g_bytes_new(text->text, text->length);
    struct model_message *message = model_deliver(c->model, folder, NULL, raw, &flags);
    mail_flags_clear(&flags);
    if (!model_has(c->model, "UIDPLUS"))
        return "OK APPEND completed.";
    g_snprintf(reply, sizeof reply, "OK [APPENDUID %u %u] APPEND completed.", folder->uidvalidity,
               message->uid);
    return reply;
}

const char *model_verb_store(struct model_connection *c, struct model_command *command)
{
    g_autoptr(GArray) uids = uids_in(c->selected, model_next(command));
    uint64_t unchanged = UINT64_MAX;
    struct mail_flags flags;
    if (model_skip(command, MODEL_OPEN)) {
        if (!model_has(c->model, "CONDSTORE"))
            return "BAD Command Argument Error. 11";
        model_next(command);
        unchanged = g_ascii_strtoull(model_next(command), NULL, 10);
        model_skip(command, MODEL_CLOSE);
    }
    const char *how = model_next(command);
    if (c->read_only || how == NULL || !model_take_flags(command, &flags))
        return "NO [CANNOT] it cannot be changed";
    only_kept(c->model, &flags);
    for (guint i = 0; i < uids->len; i++) {
        uint32_t uid = g_array_index(uids, uint32_t, i);
        struct model_message *message = model_message(c->selected, uid);
        if (message->modseq > unchanged)
            continue;
        model_flag(c->model, message, &flags, *how != '-');
        guint seq = model_view_seq(c, uid);
        if (seq == 0)
            continue;
        if (c->condstore)
            g_string_append_printf(c->out, "* %u FETCH (UID %u MODSEQ (%" G_GUINT64_FORMAT "))\r\n",
                                   seq, uid, message->modseq);
        g_array_index(c->view, struct model_view, seq - 1).modseq = message->modseq;
    }
    mail_flags_clear(&flags);
    return "OK STORE completed.";
}

static void put_uids(GString *out, const GArray *uids)
{
    for (guint i = 0; i < uids->len; i++)
        g_string_append_printf(out, "%s%u", i > 0 ? "," : "", g_array_index(uids, uint32_t, i));
}

/* "[COPYUID …] ", as the model is told to say it. */
static void put_copyuid(const struct model *model, GString *out, const struct model_folder *target,
                        const GArray *from, const GArray *to)
{
    if (!model_has(model, "UIDPLUS") || model->copyuid == MODEL_COPYUID_NONE || from->len == 0)
        return;
    g_string_append_printf(out, "[COPYUID %u ", target->uidvalidity);
    if (model->copyuid == MODEL_COPYUID_EMPTY) {
        g_string_append(out, " ] ");
        return;
    }
    put_uids(out, from);
    g_string_append_c(out, ' ');
    put_uids(out, to);
    g_string_append(out, "] ");
}

static const char *transfer(struct model_connection *c, struct model_command *command, bool moves)
{
    static char *reply;
    g_autoptr(GArray) from = uids_in(c->selected, model_next(command));
    g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    const char *name = model_next(command);
    struct model_folder *target = name != NULL ? model_folder(c->model, name) : NULL;
    if (target == NULL)
        return "NO [TRYCREATE] no such mailbox";
    for (guint i = 0; i < from->len; i++) {
        uint32_t uid = g_array_index(from, uint32_t, i);
        struct model_message *copy =
            model_copy_to(c->model, model_message(c->selected, uid), target);
        g_array_append_val(to, copy->uid);
        if (moves)
            model_expunge(c->model, c->selected, uid);
    }
    g_autoptr(GString) text = g_string_new("OK ");
    put_copyuid(c->model, text, target, from, to);
    if (moves && from->len > 0) {
        g_string_append_printf(c->out, "* %s\r\n", text->str);
        return "OK MOVE completed.";
    }
    g_free(reply);
    return reply = g_strconcat(text->str, "completed.", NULL);
}

const char *model_verb_copy(struct model_connection *c, struct model_command *command)
{
    return transfer(c, command, false);
}

const char *model_verb_move(struct model_connection *c, struct model_command *command)
{
    return transfer(c, command, true);
}

const char *model_verb_expunge(struct model_connection *c, struct model_command *command)
{
    const char *set = model_next(command);
    g_autoptr(GArray) uids = uids_in(c->selected, set != NULL ? set : "1:*");
    for (guint i = 0; i < uids->len; i++) {
        uint32_t uid = g_array_index(uids, uint32_t, i);
        if ((model_message(c->selected, uid)->flags.bits & MAIL_DELETED) != 0)
            model_expunge(c->model, c->selected, uid);
    }
    return "OK EXPUNGE completed.";
}
