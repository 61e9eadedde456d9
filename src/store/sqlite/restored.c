/* What a store out of a backup must forget, hold back and ask anew before it goes on. */
#include "store/sqlite/seal.h"

#include "store/backup.h"

/* Clients may have seen states and ids that were given out after the backup: new ones begin far
 * beyond them, so that nobody takes another object for theirs. */
#define JUMP (INT64_C(1) << 32)

static GArray *ids_of(struct store *store, const char *sql, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return g_array_new(FALSE, FALSE, sizeof(int64_t));
    GArray *ids = db_numbers(&reader->main, sql, NULL, 0, error);
    reader_end(store, reader);
    return ids;
}

/* What was waiting then has most likely been sent since; Sent may not tell. */
static bool hold_submissions(struct store *store, unsigned *count, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        ids_of(store, "SELECT id FROM submission WHERE state <= 2 ORDER BY id", &cause);
    for (guint i = 0; i < ids->len && cause == NULL; i++)
        if (store_outbox_mark(store, g_array_index(ids, int64_t, i), STORE_SEND_FAILED, 0, NULL,
                              "restored", NULL, NULL, &cause))
            *count += 1;
    return error_settle(error, cause);
}

/* An old change of flags would undo newer ones: the server's flags count. */
static bool drop_flag_changes(struct store *store, unsigned *count, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids = ids_of(store, "SELECT id FROM intent WHERE kind = 0", &cause);
    for (guint i = 0; i < ids->len && cause == NULL; i++)
        if (store_intent_refused(store, g_array_index(ids, int64_t, i), NULL, &cause))
            *count += 1;
    return error_settle(error, cause);
}

static bool renew(struct tx *tx, void *arg, GError **error)
{
    struct store *store = tx->store;
    (void)arg;
    /* A move, copy or upload of then may have been carried out since: its journal says that it was
     * begun, so the whole target is looked at first. Removals are by UID and cannot hit another. */
    static const char *const statements[] = {
        ("UPDATE intent SET journal = 'from 0 0', next_attempt = 0 WHERE kind IN (1, 2, 4) AND"
         " journal IS NULL"),
        "UPDATE mailbox SET checked_at = 0, reconciled_at = 0",
        "DELETE FROM watch",
        "UPDATE account SET next_attempt = 0",
        "DELETE FROM session",
        "DELETE FROM invitation",
        "DELETE FROM push", /* what was destroyed since does not come back */
        "DELETE FROM log",
        /* Mail that came before was answered by who ran then. */
        "DELETE FROM vacation_due",
        "DELETE FROM vacation_wait",
        "UPDATE vacation SET since = unixepoch()",
        ("INSERT INTO audit(at, user, actor, act, account) VALUES(unixepoch(), 0, 'operator',"
         " 'backup.restore', 0)"),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++)
        if (!db_run(tx->db, statements[i], NULL, 0, error))
            return false;
    store->next_id += JUMP;
    store->next_blob += JUMP;
    return DB_RUN(tx->db, error,
                  "UPDATE meta SET modseq = modseq + ?1, next_id = next_id + ?1,"
                  " next_blob = next_blob + ?1",
                  I(JUMP)) &&
           db_run(tx->db,
                  "UPDATE state SET modseq = (SELECT modseq FROM meta), floor = (SELECT modseq FROM"
                  " meta), rows = 0",
                  NULL, 0, error) &&
           db_run(tx->db,
                  "INSERT INTO sqlite_sequence(name, seq) SELECT name, 0 FROM sqlite_schema WHERE"
                  " type = 'table' AND sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM"
                  " sqlite_sequence)",
                  NULL, 0, error) &&
           DB_RUN(tx->db, error, "UPDATE sqlite_sequence SET seq = seq + ?", I(JUMP));
}

/* What a row of secrets holds that the present key file does not open. */
static unsigned unopened(struct store *store, sqlite3_stmt *row)
{
    unsigned count = 0;
    static const char *const kinds[] = {"refresh", "password"};
    for (int i = 0; i < 2; i++) {
        g_autoptr(GBytes) sealed = db_bytes_copy(row, 3 + i);
        struct secret *plain = unseal_credential(store, sealed, db_int(row, 0), db_int(row, 1),
                                                 kinds[i], db_text(row, 2), NULL);
        count += sealed != NULL && plain == NULL;
        secret_free(plain);
    }
    return count;
}

static bool count_sealed(struct store *store, unsigned *count, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    sqlite3_stmt *row =
        db_query(&reader->main, "SELECT account, user, origin, refresh, password FROM credential",
                 NULL, 0, &cause);
    while (db_step(&reader->main, row, &cause))
        *count += unopened(store, row);
    row =
        db_query(&reader->main, "SELECT name, secret_origin FROM provider WHERE secret IS NOT NULL",
                 NULL, 0, &cause);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    while (db_step(&reader->main, row, &cause)) {
        g_ptr_array_add(names, db_text_copy(row, 0));
        g_ptr_array_add(names, db_text_copy(row, 1));
    }
    reader_end(store, reader);
    for (guint i = 0; i + 1 < names->len; i += 2) {
        struct store_provider *provider =
            store_provider(store, names->pdata[i], names->pdata[i + 1], NULL);
        *count += provider == NULL;
        store_provider_free(provider);
    }
    return error_settle(error, cause);
}

bool store_restored(struct store *store, struct store_restored *result, GError **error)
{
    *result = (struct store_restored){0};
    return hold_submissions(store, &result->submissions, error) &&
           drop_flag_changes(store, &result->changes, error) &&
           store_write(store, STORE_LANE_INTERACTIVE, renew, NULL, error) &&
           count_sealed(store, &result->sealed, error);
}
