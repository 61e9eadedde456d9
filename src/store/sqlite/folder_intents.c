/* Folder intents as the sync engine carries them out: strictly in their order, since one may build
 * on another. */
#include "store/sqlite/engine.h"

#include "base/clock.h"

void store_folder_intent_free(struct store_folder_intent *intent)
{
    if (intent == NULL)
        return;
    g_free(intent->raw_name);
    g_free(intent->name);
    g_free(intent->raw_parent);
    g_free(intent);
}

static struct store_folder_intent *intent_of_row(sqlite3_stmt *row)
{
    struct store_folder_intent *intent = g_new0(struct store_folder_intent, 1);
    *intent = (struct store_folder_intent){.id = db_int(row, 0),
                                           .mailbox = db_int(row, 1),
                                           .change = (enum store_folder_change)db_int(row, 2),
                                           .name = db_text_copy(row, 3),
                                           .on = db_int(row, 4) != 0,
                                           .begun = db_int(row, 5) != 0,
                                           .attempts = (int)db_int(row, 6),
                                           .raw_name = db_text_copy(row, 7),
                                           .raw_parent = db_text_copy(row, 8),
                                           .delimiter = (char)db_int(row, 9),
                                           .selectable = db_int(row, 10) != 0};
    /* Made here: the name is a stand-in. */
    if (intent->raw_name != NULL && intent->raw_name[0] == '\001')
        g_clear_pointer(&intent->raw_name, g_free);
    return intent;
}

static bool messages_wait(struct db *db, const struct store_folder_intent *intent, GError **error)
{
    return intent->change == STORE_FOLDER_DELETE &&
           DB_NUMBER(db, error, 1,
                     "SELECT EXISTS(SELECT 1 FROM intent WHERE (mailbox = ?1 OR target = ?1) AND"
                     " account = (SELECT account FROM mailbox WHERE id = ?1))",
                     I(intent->mailbox)) != 0;
}

struct store_folder_intent *store_folder_next(struct store *store, int64_t account, GError **error)
{
    GError *cause = NULL;
    struct store_folder_intent *next = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    bool due = false;
    sqlite3_stmt *row = DB_QUERY(
        &reader->main, &cause,
        "SELECT folder_intent.id, mailbox, kind, folder_intent.name, yes, begun, attempts,"
        " own.raw_name, above.raw_name, own.delimiter, own.selectable, next_attempt <= ?2 FROM"
        " folder_intent JOIN mailbox AS own ON own.id = folder_intent.mailbox LEFT JOIN mailbox AS"
        " above ON above.id = folder_intent.parent WHERE folder_intent.account = ?1 ORDER BY"
        " folder_intent.id LIMIT 1",
        I(account), I(clock_wall()));
    if (db_step(&reader->main, row, &cause)) {
        next = intent_of_row(row);
        due = db_int(row, 11) != 0;
        db_done(row);
    }
    due = due && cause == NULL && !messages_wait(&reader->main, next, &cause);
    reader_end(store, reader);
    if (cause != NULL)
        g_propagate_error(error, cause);
    if (cause != NULL || !due)
        g_clear_pointer(&next, store_folder_intent_free);
    return next;
}

struct step {
    int64_t id, next_attempt;
};

static bool begin(struct tx *tx, void *arg, GError **error)
{
    const struct step *step = arg;
    return DB_RUN(tx->db, error, "UPDATE folder_intent SET begun = 1 WHERE id = ?", I(step->id));
}

bool store_folder_begin(struct store *store, int64_t intent, GError **error)
{
    struct step step = {.id = intent};
    return store_write(store, STORE_LANE_INTERACTIVE, begin, &step, error);
}

static bool retry(struct tx *tx, void *arg, GError **error)
{
    const struct step *step = arg;
    return DB_RUN(tx->db, error,
                  "UPDATE folder_intent SET next_attempt = ?, attempts = attempts + 1 WHERE id = ?",
                  I(step->next_attempt), I(step->id));
}

bool store_folder_retry(struct store *store, int64_t intent, int64_t next_attempt, GError **error)
{
    struct step step = {.id = intent, .next_attempt = next_attempt};
    return store_write(store, STORE_LANE_INTERACTIVE, retry, &step, error);
}
