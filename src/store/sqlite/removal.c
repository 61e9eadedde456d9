#include "store/sqlite/removal.h"

#include "store/sqlite/dictionary.h"
#include "store/sqlite/fts.h"

#include "base/clock.h"
#include "base/log.h"

#define SLICE 500
/* Taking words out of the index takes longer than taking rows out. */
#define WORDS_SLICE 50
#define TIDY_PAGES 250
/* account.removing: the account's words are gone from the index at once. */
#define WITHOUT_WORDS 2

bool removal_mark(struct tx *tx, int64_t account, GError **error)
{
    return tx_access_changed(tx, account, error) &&
           tx_account_changed(tx, account, CHANGE_DESTROYED, error) &&
           DB_RUN(tx->db, error, "DELETE FROM access WHERE account = ?", I(account)) &&
           DB_RUN(tx->db, error, "DELETE FROM credential WHERE account = ?", I(account)) &&
           DB_RUN(tx->db, error, "UPDATE account SET removing = 1 WHERE id = ?", I(account));
}

struct removal {
    int64_t account, user;
    bool more;
    bool wordless; /* its words are gone from the index */
    int pages;     /* of the index, for a step of tidying it */
    bool last;     /* unlinking: nobody else reaches the account */
};

static bool each_id(struct db *db, const GArray *ids, const char *const *statements, GError **error)
{
    for (guint i = 0; i < ids->len; i++)
        for (const char *const *sql = statements; *sql != NULL; sql++)
            if (!db_run(db, *sql, (const struct db_value[]){I(g_array_index(ids, int64_t, i))}, 1,
                        error))
                return false;
    return true;
}

static bool forget_words(struct tx *tx, void *arg, GError **error)
{
    struct removal *removal = arg;
    GError *cause = NULL;
    int64_t how = DB_NUMBER(tx->db, &cause, 0, "SELECT removing FROM account WHERE id = ?",
                            I(removal->account));
    removal->wordless = how == WITHOUT_WORDS;
    if (cause == NULL && how != 0 && !removal->wordless &&
        fts_forget_all(tx, removal->account, &removal->wordless, &cause) && removal->wordless)
        DB_RUN(tx->db, &cause, "UPDATE account SET removing = ? WHERE id = ?", I(WITHOUT_WORDS),
               I(removal->account));
    return error_settle(error, cause);
}

static bool forget_words_of(struct tx *tx, const struct removal *removal, const GArray *emails,
                            GError **error)
{
    for (guint i = 0; i < emails->len && !removal->wordless; i++) {
        GError *cause = NULL;
        if (fts_remove(tx, g_array_index(emails, int64_t, i), NULL, &cause))
            continue;
        g_propagate_error(error, cause);
        return false;
    }
    return true;
}

static bool tidy_words(struct tx *tx, void *arg, GError **error)
{
    struct removal *removal = arg;
    bool ok = fts_tidy(tx, removal->account, removal->pages, &removal->more, error);
    removal->pages = TIDY_PAGES;
    return ok;
}

static const char *const email_statements[] = {"DELETE FROM summary WHERE email = ?",
                                               "DELETE FROM words WHERE email = ?",
                                               "DELETE FROM expect WHERE email = ?",
                                               "DELETE FROM attachment WHERE email = ?",
                                               "DELETE FROM email WHERE id = ?",
                                               NULL};
static const char *const blob_statements[] = {"DELETE FROM blob WHERE id = ?", NULL};
static const char *const raw_statements[] = {"DELETE FROM raw WHERE id = ?", NULL};

static bool remove_slice(struct tx *tx, void *arg, GError **error)
{
    struct removal *removal = arg;
    GError *cause = NULL;
    g_autoptr(GArray) emails =
        DB_NUMBERS(tx->db, &cause, "SELECT id FROM email WHERE account = ? LIMIT ?",
                   I(removal->account), I(removal->wordless ? SLICE : WORDS_SLICE));
    /* Words are derived from the messages, which go after them. */
    g_autoptr(GArray) blobs =
        DB_NUMBERS(tx->db, &cause, "SELECT id FROM blob WHERE account = ? LIMIT ?",
                   I(removal->account), I(removal->wordless || emails->len == 0 ? SLICE : 0));
    removal->more = emails->len > 0 || blobs->len > 0;
    if (cause == NULL && forget_words_of(tx, removal, emails, &cause) &&
        each_id(tx->db, emails, email_statements, &cause) &&
        each_id(tx->db, blobs, blob_statements, &cause))
        each_id(tx->blobs, blobs, raw_statements, &cause);
    return error_settle(error, cause);
}

static bool remove_rest(struct tx *tx, void *arg, GError **error)
{
    const struct removal *removal = arg;
    static const char *const statements[] =
        {"DELETE FROM member WHERE mailbox IN (SELECT id FROM mailbox WHERE account = ?)",
         "DELETE FROM remote WHERE mailbox IN (SELECT id FROM mailbox WHERE account = ?)",
         "DELETE FROM mailbox WHERE account = ?",
         "DELETE FROM ref WHERE account = ?",
         "DELETE FROM loose WHERE account = ?",
         "DELETE FROM intent WHERE account = ?",
         "DELETE FROM folder_intent WHERE account = ?",
         "DELETE FROM refusal WHERE account = ?",
         "DELETE FROM submission WHERE account = ?",
         "DELETE FROM proxy WHERE owner = 'account/' || ?",
         "DELETE FROM dictionary WHERE account = ?",
         "DELETE FROM note WHERE account = ?",
         "DELETE FROM regroup WHERE account = ?",
         "DELETE FROM apart WHERE account = ?",
         "DELETE FROM carried WHERE ?1 IN (account, into_account)",
         "DELETE FROM account WHERE id = ?",
         NULL};
    for (const char *const *sql = statements; *sql != NULL; sql++)
        if (!db_run(tx->db, *sql, (const struct db_value[]){I(removal->account)}, 1, error))
            return false;
    return log_remove_account(tx, removal->account, error);
}

static bool in_steps(struct store *store, tx_fn *step, struct removal *removal, GError **error)
{
    removal->more = true;
    while (removal->more)
        if (!store_write(store, STORE_LANE_BULK, step, removal, error))
            return false;
    return true;
}

bool removal_finish(struct store *store, int64_t account, GError **error)
{
    struct removal removal = {.account = account, .pages = -TIDY_PAGES};
    if (!store_write(store, STORE_LANE_BULK, forget_words, &removal, error) ||
        !in_steps(store, remove_slice, &removal, error) ||
        (!removal.wordless && !in_steps(store, tidy_words, &removal, error)))
        return false;
    if (!store_write(store, STORE_LANE_BULK, remove_rest, &removal, error))
        return false;
    dictionaries_forget(store->dictionaries, account);
    pthread_mutex_lock(&store->progress_lock);
    g_hash_table_remove(store->progress, &account);
    pthread_mutex_unlock(&store->progress_lock);
    writer_request_checkpoint(store);
    return true;
}

static bool mark(struct tx *tx, void *arg, GError **error)
{
    const struct removal *removal = arg;
    if (DB_NUMBER(tx->db, error, 0, "SELECT 1 FROM account WHERE id = ?", I(removal->account)) == 1)
        return removal_mark(tx, removal->account, error);
    if (error != NULL && *error == NULL)
        error_set(error, ERROR_NOT_FOUND, "no such account");
    return false;
}

bool store_account_remove(struct store *store, int64_t account, GError **error)
{
    struct removal removal = {.account = account};
    return store_write(store, STORE_LANE_INTERACTIVE, mark, &removal, error) &&
           removal_finish(store, account, error);
}

static bool take_access(struct tx *tx, const struct removal *removal, GError **error)
{
    int64_t account = removal->account, user = removal->user;
    tx_change(tx, LOG_USER(user), STORE_LINKED_ACCOUNT, account, CHANGE_DESTROYED);
    return tx_access_changed(tx, account, error) &&
           DB_RUN(tx->db, error, "DELETE FROM access WHERE account = ? AND user = ?", I(account),
                  I(user)) &&
           DB_RUN(tx->db, error, "DELETE FROM credential WHERE account = ? AND user = ?",
                  I(account), I(user)) &&
           DB_RUN(tx->db, error,
                  "UPDATE account SET owner = coalesce((SELECT user FROM credential WHERE account ="
                  " ?1 ORDER BY user LIMIT 1), (SELECT user FROM access WHERE account = ?1 ORDER BY"
                  " user LIMIT 1)) WHERE id = ?1 AND owner = ?2",
                  I(account), I(user));
}

static bool unlink_user(struct tx *tx, void *arg, GError **error)
{
    struct removal *removal = arg;
    GError *cause = NULL;
    /* Those it is shared with cannot sign in to it: it goes with the last person who linked it. */
    int64_t others =
        DB_NUMBER(tx->db, &cause, 0,
                  "SELECT CASE EXISTS(SELECT 1 FROM credential WHERE account = ?1) WHEN 1 THEN"
                  " (SELECT count(*) FROM credential WHERE account = ?1 AND user <> ?2) ELSE"
                  " (SELECT count(*) FROM access WHERE account = ?1 AND user <> ?2) END",
                  I(removal->account), I(removal->user));
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    removal->last = others == 0;
    return removal->last ? mark(tx, removal, error) : take_access(tx, removal, error);
}

bool store_unlink(struct store *store, int64_t account, int64_t user, bool *removed, GError **error)
{
    struct removal removal = {.account = account, .user = user};
    if (!store_write(store, STORE_LANE_INTERACTIVE, unlink_user, &removal, error))
        return false;
    *removed = removal.last;
    return !removal.last || removal_finish(store, account, error);
}

/* Uploads that no email took within a day, and blobs whose email is gone, in slices. */
static bool sweep_blobs(struct tx *tx, void *arg, GError **error)
{
    bool *more = arg;
    GError *cause = NULL;
    DB_RUN(tx->db, &cause,
           "INSERT OR IGNORE INTO blob_trash SELECT id FROM blob WHERE refs = 0 AND created < ?",
           I(clock_wall() - STORE_DAY));
    g_autoptr(GArray) trash =
        DB_NUMBERS(tx->db, &cause, "SELECT id FROM blob_trash LIMIT ?", I(SLICE));
    static const char *const main_statements[] = {"DELETE FROM blob WHERE id = ?",
                                                  "DELETE FROM blob_trash WHERE id = ?", NULL};
    *more = trash->len == SLICE;
    if (cause == NULL && each_id(tx->db, trash, main_statements, &cause))
        each_id(tx->blobs, trash, raw_statements, &cause);
    return error_settle(error, cause);
}

bool housekeeping_run(struct store *store, GError **error)
{
    bool more = true;
    while (more)
        if (!store_write(store, STORE_LANE_BULK, sweep_blobs, &more, error))
            return false;
    return true;
}

bool housekeeping_start(struct store *store, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    g_autoptr(GArray) removing =
        db_numbers(&reader->main, "SELECT id FROM account WHERE removing <> 0", NULL, 0, &cause);
    reader_end(store, reader);
    for (guint i = 0; i < removing->len && cause == NULL; i++)
        removal_finish(store, g_array_index(removing, int64_t, i), &cause);
    if (cause == NULL)
        return housekeeping_run(store, error);
    g_propagate_error(error, cause);
    return false;
}
