/* Whether server and store say the same, and whether anything is left to do. */
#include "script.h"

#include <sqlite3.h>
#include <string.h>

#define SYSTEM_FLAGS (MAIL_SEEN | MAIL_ANSWERED | MAIL_FLAGGED | MAIL_DRAFT | MAIL_DELETED)

/* Rows that a finished sync leaves none of. */
static const struct {
    const char *what, *sql;
} leftovers[] = {
    {"intents", "SELECT count(*) FROM intent"},
    {"intents of folders", "SELECT count(*) FROM folder_intent"},
    {"expectations", "SELECT count(*) FROM expect"},
    {"orphans", "SELECT count(*) FROM email WHERE orphan <> 0"},
    {"hidden emails", "SELECT count(*) FROM email WHERE thread = 0"},
    {"emails nowhere", "SELECT count(*) FROM email WHERE id NOT IN (SELECT email FROM member)"},
    {"emails not on the server",
     "SELECT count(*) FROM email WHERE id NOT IN (SELECT email FROM remote WHERE email NOT NULL)"},
    {"remotes of nothing",
     "SELECT count(*) FROM remote WHERE email IS NOT NULL AND email NOT IN (SELECT id FROM email)"},
    {"members without a remote",
     "SELECT count(*) FROM member WHERE NOT EXISTS(SELECT 1 FROM remote WHERE remote.email ="
     " member.email AND remote.mailbox = member.mailbox)"},
    {"remotes without a member",
     "SELECT count(*) FROM remote WHERE email IS NOT NULL AND NOT EXISTS(SELECT 1 FROM member WHERE"
     " remote.email = member.email AND remote.mailbox = member.mailbox)"},
    {"pending emails", "SELECT count(*) FROM email WHERE state = 0 AND wanted >= 0"},
    {"mails without blob", "SELECT count(*) FROM email WHERE state <> 0 AND blob NOT IN (SELECT id"
                           " FROM blob)"},
};

static sqlite3 *open_data(const struct world *world)
{
    g_autofree char *path = g_build_filename(world->directory, "data", "postroom.db", NULL);
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    return db;
}

static int number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK || sqlite3_step(row) != SQLITE_ROW)
        g_error("%s: %s", sql, sqlite3_errmsg(db));
    int number = sqlite3_column_int(row, 0);
    sqlite3_finalize(row);
    return number;
}

static char *left_over(const struct world *world)
{
    sqlite3 *db = open_data(world);
    char *found = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(leftovers) && found == NULL; i++) {
        int number = number_of(db, leftovers[i].sql);
        if (number != 0)
            found = g_strdup_printf("%d %s are left", number, leftovers[i].what);
    }
    sqlite3_close(db);
    return found;
}

/* In random changes also what a change behind the pass left to be carried. */
static bool waits(const struct world *world)
{
    sqlite3 *db = open_data(world);
    if (world->lenient && number_of(db, "SELECT count(*) FROM intent") > 0) {
        sqlite3_close(db);
        return true;
    }
    bool waiting = number_of(db, "SELECT (SELECT count(*) FROM expect) +"
                                 " (SELECT count(*) FROM email WHERE orphan <> 0) +"
                                 " (SELECT count(*) FROM submission WHERE state <= 2)") > 0;
    sqlite3_close(db);
    return waiting;
}

/* What the server still goes on with has taken effect. */
static bool let_it_end(struct world *world)
{
    model_lock(world->model);
    bool late = world->model->late != NULL;
    model_unlock(world->model);
    if (late)
        g_usleep((gulong)MODEL_LATE_MS * 1000);
    return late;
}

char *script_settle(struct world *world)
{
    char *problem = NULL;
    for (int i = 0; i < (world->sends ? 30 : 5); i++) {
        g_free(problem);
        if (world->sends)
            world_send(world);
        problem = world_pass(world);
        if (atomic_load(&world->died) || (problem == NULL && !let_it_end(world) && !waits(world)))
            break;
        if (world->sends)
            world_wait(world, i > 12 ? INT64_C(15) << (i - 12) : 0);
    }
    return problem;
}

static void put_submission(GString *text, struct world *world, sqlite3_stmt *row)
{
    static const char *const words[] = {"pending", "sending", "unknown",
                                        "sent",    "failed",  "cancelled"};
    const char *id = (const char *)sqlite3_column_text(row, 0);
    const char *problem = (const char *)sqlite3_column_text(row, 2);
    int state = sqlite3_column_int(row, 1);
    bool uncertain = state == STORE_SEND_FAILED && g_strcmp0(problem, "uncertain") == 0;
    model_lock(world->model);
    int times = GPOINTER_TO_INT(g_hash_table_lookup(world->model->post.arrived, id));
    model_unlock(world->model);
    g_string_append_printf(text, "%s%s=%s*%d", text->len > 0 ? " " : "", id,
                           uncertain ? "uncertain" : words[state], times);
}

char *script_of_outbox(struct world *world)
{
    sqlite3 *db = open_data(world);
    sqlite3_stmt *row = NULL;
    GString *text = g_string_new(NULL);
    if (sqlite3_prepare_v2(db, "SELECT message_id, state, problem FROM submission ORDER BY id", -1,
                           &row, NULL) != SQLITE_OK)
        g_error("%s", sqlite3_errmsg(db));
    while (sqlite3_step(row) == SQLITE_ROW)
        put_submission(text, world, row);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return g_string_free(text, FALSE);
}

static bool same_flags(struct world *world, const struct store_remote_message *known,
                       const struct model_message *message)
{
    bool keywords = world->model->profile != MODEL_EXCHANGE;
    uint32_t differs = known->flag_bits ^ message->flags.bits;
    /* Its message is elsewhere by now; only the mark matters. */
    if (!model_has(world->model, "UIDPLUS") && (message->flags.bits & MAIL_DELETED) != 0)
        return (differs & MAIL_DELETED) == 0;
    if ((keywords ? differs : differs & SYSTEM_FLAGS) != 0)
        return false;
    g_auto(GStrv) words = known->words != NULL ? g_strsplit(known->words, " ", -1) : NULL;
    const struct mail_flags here = {message->flags.bits, words};
    const struct mail_flags there = {message->flags.bits, message->flags.keywords};
    return !keywords || mail_flags_equal(&here, &there);
}

/* A skipped message has a row without an email, or an email without its message. */
static char *compare_messages(struct world *world, const struct store_remote_mailbox *mailbox,
                              struct model_folder *folder)
{
    g_autoptr(GArray) known = store_sync_messages(world->store, mailbox->id, 1, UINT32_MAX, NULL);
    if (known->len != folder->messages->len)
        return g_strdup_printf("%s has %u messages there, %u here", mailbox->name,
                               folder->messages->len, known->len);
    for (guint i = 0; i < known->len; i++) {
        const struct store_remote_message *row =
            &g_array_index(known, struct store_remote_message, i);
        const struct model_message *message = folder->messages->pdata[i];
        if (row->uid != message->uid)
            return g_strdup_printf("%s has UID %u there, %u here", mailbox->name, message->uid,
                                   row->uid);
        if (!row->skipped && !same_flags(world, row, message))
            return g_strdup_printf("flags of %s differ in %s: %x there, %x here", message->id,
                                   mailbox->name, message->flags.bits, row->flag_bits);
    }
    return NULL;
}

static char *compare_folder(struct world *world, const struct store_remote_mailbox *mailbox)
{
    struct model_folder *folder = model_folder(world->model, mailbox->raw_name);
    if (folder == NULL)
        return g_strdup_printf("%s is here, but not there", mailbox->name);
    if (folder->subscribed != mailbox->subscribed)
        return g_strdup_printf("%s: subscription differs", mailbox->name);
    if (!mailbox->sync)
        return NULL;
    if (folder->uidvalidity != mailbox->uidvalidity)
        return g_strdup_printf("%s: UIDVALIDITY differs", mailbox->name);
    if (mailbox->server_count != folder->messages->len)
        return g_strdup_printf("%s: the count shown is %u, not %u", mailbox->name,
                               mailbox->server_count, folder->messages->len);
    return compare_messages(world, mailbox, folder);
}

char *script_disagreement(struct world *world)
{
    g_autoptr(GPtrArray) mailboxes = store_sync_mailboxes(world->store, world->account, NULL);
    char *found = left_over(world);
    model_lock(world->model);
    if (found == NULL && mailboxes->len != world->model->folders->len)
        found = g_strdup_printf("%u folders there, %u here", world->model->folders->len,
                                mailboxes->len);
    for (guint i = 0; i < mailboxes->len && found == NULL; i++)
        found = compare_folder(world, mailboxes->pdata[i]);
    model_unlock(world->model);
    return found != NULL ? found : store_check_counts(world->store, world->account);
}
