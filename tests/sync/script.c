#include "script_parts.h"

#include "state.h"

#include "base/clock.h"
#include "imap/client.h"
#include "sync/intake.h"
#include "sync/session.h"

#include <sqlite3.h>
#include <string.h>

static const char *const standard[] = {"INBOX", "Drafts", "Sent", "Trash"};

#define SYSTEM_FLAGS (MAIL_SEEN | MAIL_ANSWERED | MAIL_FLAGGED | MAIL_DRAFT | MAIL_DELETED)

/* The name in scripts of a folder with this raw name. */
static char *plain_name(const struct model *model, const char *raw)
{
    for (gsize i = 0; i < G_N_ELEMENTS(standard); i++) {
        g_autofree char *known = model_raw_name(model, standard[i]);
        if (strcmp(known, raw) == 0)
            return g_strdup(standard[i]);
    }
    return imap_utf7_decode(raw);
}

void script_only_kept(const struct world *world, struct mail_flags *flags)
{
    if (world->model->profile != MODEL_EXCHANGE)
        return;
    flags->bits &= SYSTEM_FLAGS;
    g_clear_pointer(&flags->keywords, g_strfreev);
}

bool script_is_missing(const struct world *world, const char *what)
{
    if (!world->lenient)
        g_error("the script speaks of %s, which is not there", what);
    return true;
}

void script_each(struct world *world, const char *ops, void (*fn)(struct world *world, char *op))
{
    g_auto(GStrv) list = g_strsplit(ops != NULL ? ops : "", ";", -1);
    for (char **op = list; *op != NULL; op++)
        if (*g_strstrip(*op) != '\0')
            fn(world, *op);
}

/* --- here */

/* All mailboxes of the account. */
static GPtrArray *mailboxes_here(struct world *world)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *list = store_sync_mailboxes(world->store, world->account, &error);
    g_assert_no_error(error);
    return list;
}

static const struct store_mailbox *parent_here(const GPtrArray *mailboxes,
                                               const struct store_mailbox *mailbox)
{
    for (guint i = 0; mailbox->parent != 0 && i < mailboxes->len; i++) {
        const struct store_mailbox *parent = mailboxes->pdata[i];
        if (parent->id == mailbox->parent)
            return parent;
    }
    return NULL;
}

/* Of a mailbox, with those above it; NULL: it is below itself. */
static char *path_here(const GPtrArray *mailboxes, const struct store_mailbox *mailbox)
{
    char *path = g_strdup(mailbox->name);
    guint levels = 0;
    while ((mailbox = parent_here(mailboxes, mailbox)) != NULL) {
        g_autofree char *below = path;
        path = levels++ < mailboxes->len ? g_strconcat(mailbox->name, "/", below, NULL) : NULL;
        if (path == NULL)
            return NULL;
    }
    return path;
}

char *script_circle(struct world *world)
{
    struct store_access *access = world_access(world);
    g_autoptr(GPtrArray) list = store_mailboxes(access, NULL, NULL);
    char *problem = NULL;
    for (guint i = 0; problem == NULL && i < list->len; i++) {
        const struct store_mailbox *mailbox = list->pdata[i];
        g_autofree char *path = path_here(list, mailbox);
        if (path == NULL)
            problem = g_strdup_printf("%s is below itself", mailbox->name);
    }
    store_access_free(access);
    return problem;
}

static int64_t mailbox_here(struct world *world, const char *name)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = world_access(world);
    g_autoptr(GPtrArray) list = store_mailboxes(access, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *raw = model_raw_name(world->model, name);
    g_autofree char *wanted = imap_utf7_decode(raw);
    int64_t found = 0;
    for (guint i = 0; i < list->len; i++) {
        const struct store_mailbox *mailbox = list->pdata[i];
        g_autofree char *path = path_here(list, mailbox);
        if (path != NULL && g_ascii_strcasecmp(path, wanted) == 0)
            found = mailbox->id;
    }
    store_access_free(access);
    if (found == 0)
        script_is_missing(world, name);
    return found;
}

/* Emails of a mailbox; 0: of all. */
static GPtrArray *emails_here(struct world *world, int64_t mailbox)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = world_access(world);
    struct store_filter *filter = store_filter_new(STORE_IN_MAILBOX);
    filter->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(filter->ids, mailbox);
    struct store_query query = {.filter = mailbox != 0 ? filter : NULL, .limit = 100000};
    struct store_query_result result = {0};
    store_query(access, &query, &result, &error);
    g_assert_no_error(error);
    GPtrArray *emails =
        store_emails(access, (const int64_t *)(const void *)result.ids->data, result.ids->len,
                     STORE_EMAIL_SUMMARY | STORE_EMAIL_FLAGS | STORE_EMAIL_MAILBOXES, NULL, &error);
    g_assert_no_error(error);
    store_query_result_clear(&result);
    store_filter_free(filter);
    store_access_free(access);
    return emails;
}

/* ID or ID@FOLDER. */
static int64_t email_here(struct world *world, const char *word)
{
    g_auto(GStrv) parts = g_strsplit(word, "@", 2);
    int64_t mailbox = parts[1] != NULL ? mailbox_here(world, parts[1]) : 0;
    g_autoptr(GPtrArray) emails = emails_here(world, mailbox);
    for (guint i = 0; i < emails->len; i++) {
        const struct store_email *email = emails->pdata[i];
        if (g_strcmp0(email->summary->message_id, parts[0]) == 0)
            return email->id;
    }
    script_is_missing(world, word);
    return 0;
}

struct change {
    struct world *world;
    struct store_access *access;
    struct store_set *set;
};

static void change_begin(struct change *change, struct world *world)
{
    change->world = world;
    change->access = world_access(world);
    change->set = store_set_new(change->access, 0);
}

static void change_end(struct change *change)
{
    g_autoptr(GError) error = NULL;
    store_set_commit(change->set, NULL, NULL, &error);
    g_assert_no_error(error);
    store_set_free(change->set);
    store_access_free(change->access);
}

static GArray *mailboxes_named(struct world *world, char **names, guint count)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < count && names[i] != NULL; i++) {
        int64_t id = mailbox_here(world, names[i]);
        g_array_append_val(ids, id);
    }
    return ids;
}

static void create_here(struct change *change, const char *id, const char *folder,
                        const char *flags)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) raw = model_text(id);
    struct sync_parsed parsed = {0};
    sync_parse(raw, &parsed);
    int64_t mailbox = mailbox_here(change->world, folder);
    g_autoptr(GArray) mailboxes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(mailboxes, mailbox);
    struct store_new_email email = {.blob = store_blob_put(change->access, raw, "message/rfc822",
                                                           &error),
                                    .summary = parsed.summary,
                                    .mailboxes = mailboxes,
                                    .received_at = 1760000000,
                                    .size = g_bytes_get_size(raw),
                                    .message = raw};
    g_assert_no_error(error);
    state_take_flags(flags, &email.flags);
    store_set_create(change->set, &email);
    mail_flags_clear(&email.flags);
    sync_parsed_clear(&parsed);
}

static void flag_here(struct change *change, char **words)
{
    struct store_email_patch patch = {0};
    int64_t id = email_here(change->world, words[1]);
    for (char **word = words + 2; *word != NULL; word++) {
        struct mail_flags *to = **word == '+' ? &patch.add : &patch.remove;
        mail_flags_clear(to);
        state_take_flags(*word + 1, to);
    }
    store_set_update(change->set, id, &patch);
    mail_flags_clear(&patch.add);
    mail_flags_clear(&patch.remove);
}

static void place_here(struct change *change, char **words)
{
    struct world *world = change->world;
    bool puts = strcmp(words[0], "put") == 0, moves = strcmp(words[0], "move") == 0;
    bool drops = strcmp(words[0], "drop") == 0;
    g_autoptr(GArray) whole = mailboxes_named(world, words + 2, puts ? 10 : 0);
    g_autoptr(GArray) from = mailboxes_named(world, words + 2, moves || drops ? 1 : 0);
    g_autoptr(GArray) to = mailboxes_named(world, words + (moves ? 3 : 2), puts || drops ? 0 : 1);
    struct store_email_patch patch = {.replace_mailboxes = puts,
                                      .mailboxes = whole,
                                      .mailboxes_add = to,
                                      .mailboxes_remove = from};
    store_set_update(change->set, email_here(world, words[1]), &patch);
}

static void submit(struct change *change, int64_t email, int64_t after)
{
    g_autoptr(GError) error = NULL;
    char from[] = WORLD_LOGIN, to[] = "bea@example.org";
    char *recipients[] = {to, NULL};
    g_autoptr(GPtrArray) identities = store_identities(change->access, NULL, &error);
    g_assert_no_error(error);
    const struct store_identity *identity = identities->pdata[0];
    struct store_submission submission = {.identity = identity->id,
                                          .email = email,
                                          .mail_from = from,
                                          .rcpt_to = recipients,
                                          .send_at = clock_wall() + after};
    store_submission_create(change->access, &submission, NULL, NULL, NULL, &error);
    g_assert_no_error(error);
}

/* As EmailSubmission/set with onSuccessUpdateEmail does it: two transactions. */
static void send_here(struct change *change, char **words)
{
    struct world *world = change->world;
    char sent[] = "Sent", *to[] = {sent, NULL};
    int64_t email = email_here(world, words[1]);
    submit(change, email, words[2] != NULL ? atoi(words[2]) : 0);
    g_autoptr(GArray) mailboxes = mailboxes_named(world, to, 1);
    struct store_email_patch patch = {.replace_mailboxes = true,
                                      .mailboxes = mailboxes,
                                      .add = {.bits = MAIL_SEEN},
                                      .remove = {.bits = MAIL_DRAFT}};
    store_set_update(change->set, email, &patch);
}

/* The last one of this message that may be. */
static void cancel_here(struct change *change, const char *word)
{
    g_autoptr(GError) error = NULL;
    int64_t email = email_here(change->world, word);
    g_autoptr(GPtrArray) submissions = store_submissions(change->access, NULL, 0, NULL, &error);
    for (guint i = 0; i < submissions->len; i++) {
        const struct store_submission *submission = submissions->pdata[i];
        if (submission->email == email && submission->state == STORE_SEND_PENDING) {
            store_submission_cancel(change->access, submission->id, &error);
            break;
        }
    }
    g_assert_no_error(error);
}

static void change_mail(struct world *world, char **words)
{
    static const char *const places[] = {"move", "put", "add", "drop", NULL};
    struct change change;
    change_begin(&change, world);
    if (strcmp(words[0], "flag") == 0)
        flag_here(&change, words);
    else if (g_strv_contains(places, words[0]))
        place_here(&change, words);
    else if (strcmp(words[0], "destroy") == 0)
        store_set_destroy(change.set, email_here(world, words[1]));
    else if (strcmp(words[0], "send") == 0)
        send_here(&change, words);
    else if (strcmp(words[0], "cancel") == 0)
        cancel_here(&change, words[1]);
    else if (strcmp(words[0], "draft") == 0)
        create_here(&change, words[1], "Drafts", "SD");
    else if (strcmp(words[0], "redraft") == 0) {
        create_here(&change, words[2], "Drafts", "SD");
        store_set_destroy(change.set, email_here(world, words[1]));
    } else if (strcmp(words[0], "import") == 0)
        create_here(&change, words[1], words[2], words[3] != NULL ? words[3] : "");
    else
        g_error("no such thing as: %s", words[0]);
    change_end(&change);
}

/* The parent's id and the last level of a path. */
static void take_path(struct world *world, const char *path, struct store_mailbox_patch *patch)
{
    const char *slash = strrchr(path, '/');
    g_autofree char *above = slash != NULL ? g_strndup(path, (gsize)(slash - path)) : NULL;
    patch->has_name = patch->has_parent = true;
    patch->name = slash != NULL ? slash + 1 : path;
    patch->parent = above != NULL ? mailbox_here(world, above) : 0;
}

static bool change_folder(struct world *world, char **words, GError **error)
{
    struct store_access *access = world_access(world);
    struct store_mailbox_patch patch = {0};
    const char *property = NULL;
    bool creates = strcmp(words[0], "create") == 0, ok;
    int64_t id = creates ? 0 : mailbox_here(world, words[1]);
    if (creates || strcmp(words[0], "rename") == 0)
        take_path(world, creates ? words[1] : words[2], &patch);
    if (creates)
        ok = store_mailbox_create(access, &patch, &property, error) != 0;
    else if (strcmp(words[0], "delete") == 0)
        ok = store_mailbox_destroy(access, id, true, &property, error);
    else {
        patch.has_subscribed = strcmp(words[0], "rename") != 0;
        patch.subscribed = strcmp(words[0], "subscribe") == 0;
        ok = store_mailbox_update(access, id, &patch, &property, error);
    }
    store_access_free(access);
    return ok;
}

static void op_here(struct world *world, char *op)
{
    static const char *const of_folders[] = {"create",    "rename",      "delete",
                                             "subscribe", "unsubscribe", NULL};
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = g_strsplit(op, " ", -1);
    if (!g_strv_contains(of_folders, words[0]))
        change_mail(world, words);
    else if (!change_folder(world, words, &error) && !world->lenient)
        g_error("%s: %s", op, error->message);
}

void script_here(struct world *world, const char *ops)
{
    script_each(world, ops, op_here);
}

/* --- both */

char *script_of_server(struct world *world)
{
    g_autoptr(GPtrArray) state = state_new();
    struct model *model = world->model;
    model_lock(model);
    for (guint i = 0; i < model->folders->len; i++) {
        const struct model_folder *there = model->folders->pdata[i];
        g_autofree char *name = plain_name(model, there->name);
        struct state_folder *folder = state_folder(state, name);
        for (guint k = 0; k < there->messages->len; k++) {
            const struct model_message *message = there->messages->pdata[k];
            bool waits = (message->flags.bits & MAIL_DELETED) != 0 && !model_has(model, "UIDPLUS");
            if (!waits)
                state_add(folder, message->id, &message->flags);
        }
    }
    model_unlock(model);
    return state_text(state);
}

char *script_of_jmap(struct world *world)
{
    g_autoptr(GPtrArray) state = state_new();
    g_autoptr(GPtrArray) mailboxes = mailboxes_here(world);
    for (guint i = 0; i < mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = mailboxes->pdata[i];
        g_autofree char *name = plain_name(world->model, mailbox->raw_name);
        struct state_folder *folder = state_folder(state, name);
        g_autoptr(GPtrArray) emails = emails_here(world, mailbox->id);
        for (guint k = 0; k < emails->len; k++) {
            const struct store_email *email = emails->pdata[k];
            const char *id = email->summary->message_id;
            state_add(folder, id != NULL ? id : "", &email->flags);
        }
    }
    return state_text(state);
}

char **script_mails_here(struct world *world, const char *folder)
{
    GPtrArray *ids = g_ptr_array_new();
    int64_t mailbox = mailbox_here(world, folder);
    g_autoptr(GPtrArray) emails = emails_here(world, mailbox);
    for (guint i = 0; mailbox != 0 && i < emails->len; i++) {
        const struct store_email *email = emails->pdata[i];
        const char *id = email->summary->message_id;
        g_ptr_array_add(ids, g_strdup(id != NULL ? id : ""));
    }
    g_ptr_array_add(ids, NULL);
    return (char **)g_ptr_array_free(ids, FALSE);
}

char *script_normal(struct world *world, const char *text, bool server)
{
    g_autoptr(GPtrArray) state = state_parse(text);
    for (gsize i = 0; i < G_N_ELEMENTS(standard); i++)
        state_folder(state, standard[i]);
    for (guint i = 0; i < state->len; i++) {
        const struct state_folder *folder = state->pdata[i];
        for (guint k = 0; k < folder->mails->len; k++) {
            struct state_mail *mail = folder->mails->pdata[k];
            if (server)
                script_only_kept(world, &mail->flags);
            else
                mail->flags.bits &= ~(uint32_t)MAIL_DELETED;
        }
    }
    return state_text(state);
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *ids_of(struct world *world, bool with_mailboxes)
{
    g_autoptr(GPtrArray) emails = emails_here(world, 0);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < emails->len; i++) {
        const struct store_email *email = emails->pdata[i];
        GString *line = g_string_new(email->summary->message_id);
        g_string_append_printf(line, " %" G_GINT64_FORMAT, email->id);
        for (guint k = 0; with_mailboxes && k < email->mailboxes->len; k++)
            g_string_append_printf(line, "/%" G_GINT64_FORMAT,
                                   g_array_index(email->mailboxes, int64_t, k));
        g_ptr_array_add(lines, g_string_free(line, FALSE));
    }
    g_ptr_array_sort(lines, by_text);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

char *script_ids(struct world *world)
{
    return ids_of(world, false);
}

char *script_places(struct world *world)
{
    return ids_of(world, true);
}
