#include "store/oversight.h"

#include "store/sqlite/people.h"

#include "base/clock.h"

bool store_may_oversee(struct store *store, const struct store_principal *principal,
                       int64_t account, bool change, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    bool valid = principal_valid(&reader->main, principal);
    bool admin = people_is_admin(&reader->main, principal);
    bool exists = DB_NUMBER(&reader->main, NULL, 0,
                            "SELECT 1 FROM account WHERE id = ? AND removing = 0", I(account)) == 1;
    unsigned rights =
        (unsigned)DB_NUMBER(&reader->main, NULL, 0,
                            "SELECT rights FROM access WHERE user = ? AND account = ?",
                            I(principal->user), I(account));
    reader_end(store, reader);
    bool sees = valid && exists && (admin || (rights & STORE_READ) != 0);
    if (sees && (!change || admin || (rights & STORE_WRITE) != 0))
        return true;
    if (sees)
        error_set(error, ERROR_FORBIDDEN, "this account may be read only");
    else
        error_set(error, ERROR_NOT_FOUND, "no such account");
    return false;
}

/* --- the sync log */

void store_sync_note_free(struct store_sync_note *note)
{
    if (note == NULL)
        return;
    g_free(note->event);
    g_free(note->details);
    g_free(note);
}

static void free_note(gpointer note)
{
    store_sync_note_free(note);
}

static bool forget_notes(struct tx *tx, int64_t account, GError **error)
{
    return DB_RUN(tx->db, error,
                  "DELETE FROM sync_log WHERE account = ?1 AND (at < ?2 OR id <= (SELECT id FROM"
                  " sync_log WHERE account = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?3))",
                  I(account), I(clock_wall() - STORE_SYNC_LOG_LIFE), I(STORE_SYNC_LOG_MAX));
}

static bool add_notes(struct tx *tx, void *arg, GError **error)
{
    const GPtrArray *notes = arg;
    g_autoptr(GHashTable) touched = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < notes->len; i++) {
        struct store_sync_note *note = notes->pdata[i];
        if (!DB_RUN(tx->db, error,
                    "INSERT INTO sync_log(account, at, event, details) SELECT id, ?2, ?3, ?4 FROM"
                    " account WHERE id = ?1 AND removing = 0",
                    I(note->account), I(note->at), T(note->event), T(note->details)))
            return false;
        g_hash_table_add(touched, &note->account);
    }
    GHashTableIter iter;
    gpointer account;
    g_hash_table_iter_init(&iter, touched);
    while (g_hash_table_iter_next(&iter, &account, NULL))
        if (!forget_notes(tx, *(const int64_t *)account, error))
            return false;
    return true;
}

bool store_sync_notes_add(struct store *store, const GPtrArray *notes, GError **error)
{
    return notes->len == 0 ||
           store_write(store, STORE_LANE_BULK, add_notes, (void *)(uintptr_t)notes, error);
}

GPtrArray *store_sync_notes(struct store *store, int64_t account, uint64_t position, size_t limit,
                            uint64_t *total, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *notes = g_ptr_array_new_with_free_func(free_note);
    *total = (uint64_t)DB_NUMBER(&reader->main, &cause, 0,
                                 "SELECT count(*) FROM sync_log WHERE account = ?", I(account));
    sqlite3_stmt *row = DB_QUERY(&reader->main, &cause,
                                 "SELECT id, account, at, event, details FROM sync_log WHERE"
                                 " account = ? ORDER BY id DESC LIMIT ? OFFSET ?",
                                 I(account), I(limit), I(MIN(position, STORE_SYNC_LOG_MAX)));
    while (db_step(&reader->main, row, &cause)) {
        struct store_sync_note *note = g_new0(struct store_sync_note, 1);
        *note = (struct store_sync_note){.id = db_int(row, 0),
                                         .account = db_int(row, 1),
                                         .at = db_int(row, 2),
                                         .event = db_text_copy(row, 3),
                                         .details = db_text_copy(row, 4)};
        g_ptr_array_add(notes, note);
    }
    reader_end(store, reader);
    return db_settle_list(notes, cause, error);
}

/* --- checks */

struct check_write {
    int64_t account, at;
    const char *result;
};

static bool write_check(struct tx *tx, void *arg, GError **error)
{
    const struct check_write *write = arg;
    return DB_RUN(tx->db, error,
                  "INSERT INTO account_check(account, at, result) SELECT id, ?2, ?3 FROM account"
                  " WHERE id = ?1 AND removing = 0 ON CONFLICT DO UPDATE SET at = ?2, result = ?3",
                  I(write->account), I(write->at), T(write->result)) &&
           (db_changes(tx->db) == 0 ||
            tx_account_changed(tx, write->account, CHANGE_UPDATED, error));
}

bool store_account_checked(struct store *store, int64_t account, const char *result, int64_t at,
                           GError **error)
{
    struct check_write write = {account, at, result};
    return store_write(store, STORE_LANE_BULK, write_check, &write, error);
}

char *store_account_check(struct store *store, int64_t account, int64_t *at, GError **error)
{
    char *result = NULL;
    GError *cause = NULL;
    *at = 0;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause, "SELECT at, result FROM account_check WHERE account = ?",
                 I(account));
    if (db_step(&reader->main, row, &cause)) {
        *at = db_int(row, 0);
        result = db_text_copy(row, 1);
        db_done(row);
    }
    reader_end(store, reader);
    error_settle(error, cause);
    return result;
}

GArray *store_accounts_unchecked(struct store *store, int64_t before, size_t limit, GError **error)
{
    const struct db_value values[] = {I(before), I(limit)};
    return reader_numbers(store,
                          "SELECT account.id FROM account LEFT JOIN account_check ON"
                          " account_check.account = account.id WHERE removing = 0 AND paused = 0"
                          " AND setup = 0 AND coalesce(account_check.at, 0) < ?"
                          " ORDER BY coalesce(account_check.at, 0), account.id LIMIT ?",
                          values, G_N_ELEMENTS(values), error);
}

/* --- set-ups */

struct setup_write {
    int64_t account, since;
};

static bool write_set_up(struct tx *tx, void *arg, GError **error)
{
    const struct setup_write *write = arg;
    if (!DB_RUN(tx->db, error,
                "UPDATE account SET setup = 0, paused = 0, since = ?2, state = 'linking' WHERE"
                " id = ?1 AND removing = 0 AND setup <> 0",
                I(write->account), I(write->since)))
        return false;
    if (db_changes(tx->db) == 0)
        return true;
    tx_tell(tx, write->account, STORE_INTENT);
    return tx_account_changed(tx, write->account, CHANGE_UPDATED, error);
}

bool store_account_set_up(struct store *store, int64_t account, int64_t since, GError **error)
{
    struct setup_write write = {account, since};
    return store_write(store, STORE_LANE_INTERACTIVE, write_set_up, &write, error);
}

GArray *store_accounts_left(struct store *store, int64_t before, GError **error)
{
    const struct db_value values[] = {I(before)};
    return reader_numbers(store,
                          "SELECT id FROM account WHERE removing = 0 AND setup BETWEEN 1 AND ?",
                          values, G_N_ELEMENTS(values), error);
}

/* --- resync */

bool store_account_resync(struct store *store, int64_t account, GError **error)
{
    const struct db_value values[] = {I(account)};
    g_autoptr(GArray) mailboxes =
        reader_numbers(store, "SELECT id FROM mailbox WHERE account = ? AND place = 0 AND gone = 0",
                       values, G_N_ELEMENTS(values), error);
    for (guint i = 0; mailboxes != NULL && i < mailboxes->len; i++)
        if (!store_sync_mailbox_reset(store, account, g_array_index(mailboxes, int64_t, i), 0,
                                      error))
            return false;
    return mailboxes != NULL && store_sync_reconcile_all(store, account, error);
}

/* --- more about one account */

void store_account_facts_clear(struct store_account_facts *facts)
{
    g_clear_pointer(&facts->linkers, g_ptr_array_unref);
    g_clear_pointer(&facts->sharers, g_ptr_array_unref);
}

static void load_people(struct db *db, int64_t account, int64_t user,
                        struct store_account_facts *facts, GError **error)
{
    sqlite3_stmt *row = DB_QUERY(db, error,
                                 "SELECT user.id, email, EXISTS(SELECT 1 FROM credential WHERE"
                                 " credential.account = ?1 AND credential.user = user.id) FROM"
                                 " access JOIN user ON user.id = access.user WHERE"
                                 " access.account = ?1 ORDER BY email",
                                 I(account));
    while (db_step(db, row, error)) {
        bool linked = db_int(row, 2) != 0;
        if (db_int(row, 0) == user)
            facts->is_own = linked;
        else
            g_ptr_array_add(linked ? facts->linkers : facts->sharers, db_text_copy(row, 1));
    }
}

bool store_account_facts(struct store *store, int64_t account, int64_t user,
                         struct store_account_facts *facts, GError **error)
{
    GError *cause = NULL;
    *facts = (struct store_account_facts){.linkers = g_ptr_array_new_with_free_func(g_free),
                                          .sharers = g_ptr_array_new_with_free_func(g_free)};
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    facts->unsent = (uint64_t)
        DB_NUMBER(&reader->main, &cause, 0,
                  "SELECT count(*) FROM submission WHERE account = ? AND state IN (?, ?, ?)",
                  I(account), I(STORE_SEND_PENDING), I(STORE_SEND_SENDING),
                  I(STORE_SEND_UNCERTAIN));
    sqlite3_stmt *row = DB_QUERY(&reader->main, &cause,
                                 "SELECT day, bytes FROM traffic WHERE account = ?", I(account));
    if (db_step(&reader->main, row, &cause)) {
        facts->traffic_day = db_int(row, 0);
        facts->traffic = (uint64_t)db_int(row, 1);
        db_done(row);
    }
    load_people(&reader->main, account, user, facts, &cause);
    reader_end(store, reader);
    return error_settle(error, cause);
}
