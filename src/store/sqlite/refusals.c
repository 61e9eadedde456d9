/* Changes that the server refused: undone here, and told to people until they have read it. */
#include "store/sqlite/engine.h"

#include "base/clock.h"
#include "store/summary.h"

void store_refusal_free(struct store_refusal *refusal)
{
    if (refusal == NULL)
        return;
    g_free(refusal->change);
    g_free(refusal->name);
    g_free(refusal->problem);
    g_free(refusal->detail);
    g_free(refusal);
}

static void free_refusal(gpointer refusal)
{
    store_refusal_free(refusal);
}

/* What a person knows it by. (transfer full) or NULL */
static char *name_of(struct tx *tx, int64_t mailbox, int64_t email, GError **error)
{
    char *name = NULL;
    sqlite3_stmt *row =
        email != 0 ? DB_QUERY(tx->db, error, "SELECT data FROM summary WHERE email = ?", I(email))
                   : DB_QUERY(tx->db, error, "SELECT name FROM mailbox WHERE id = ?", I(mailbox));
    if (!db_step(tx->db, row, error))
        return NULL;
    if (email != 0) {
        struct mail_summary *summary =
            summary_unpack(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0));
        name = g_strdup(summary->subject);
        mail_summary_free(summary);
    } else {
        name = db_text_copy(row, 0);
    }
    db_done(row);
    return name;
}

bool refusal_add(struct tx *tx, int64_t account, const char *change, int64_t mailbox, int64_t email,
                 const GError *reason, GError **error)
{
    g_autofree char *name = name_of(tx, mailbox, email, NULL);
    return DB_RUN(tx->db, error,
                  "INSERT INTO refusal(account, change, mailbox, email, name, problem, detail, at)"
                  " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                  I(account), T(change), I(mailbox), I(email), T(name), T(error_problem(reason)),
                  T(reason->message), I(clock_wall())) &&
           DB_RUN(tx->db, error,
                  "DELETE FROM refusal WHERE account = ?1 AND id <= (SELECT id FROM refusal WHERE"
                  " account = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                  I(account), I(STORE_REFUSALS_MAX)) &&
           tx_account_changed(tx, account, CHANGE_UPDATED, error);
}

GPtrArray *store_refusals(const struct store_access *access, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *refusals = g_ptr_array_new_with_free_func(free_refusal);
    sqlite3_stmt *row = DB_QUERY(
        &reader->main, &cause,
        "SELECT refusal.id, change, coalesce(mailbox.id, 0), coalesce(public, 0), refusal.name,"
        " problem, detail, at FROM refusal LEFT JOIN mailbox ON mailbox.id = refusal.mailbox AND"
        " place <> 2 LEFT JOIN email ON email.id = refusal.email AND thread > 0"
        " WHERE refusal.account = ? ORDER BY refusal.id DESC",
        I(store_access_account(access)));
    while (db_step(&reader->main, row, &cause)) {
        struct store_refusal *refusal = g_new0(struct store_refusal, 1);
        *refusal = (struct store_refusal){.id = db_int(row, 0),
                                          .change = db_text_copy(row, 1),
                                          .mailbox = db_int(row, 2),
                                          .email = db_int(row, 3),
                                          .name = db_text_copy(row, 4),
                                          .problem = db_text_copy(row, 5),
                                          .detail = db_text_copy(row, 6),
                                          .at = db_int(row, 7)};
        g_ptr_array_add(refusals, refusal);
    }
    reader_end(store, reader);
    return db_settle_list(refusals, cause, error);
}

struct clearing {
    int64_t account, up_to;
};

static bool clear_refusals(struct tx *tx, void *arg, GError **error)
{
    const struct clearing *clearing = arg;
    return DB_RUN(tx->db, error, "DELETE FROM refusal WHERE account = ? AND id <= ?",
                  I(clearing->account), I(clearing->up_to)) &&
           (db_changes(tx->db) == 0 ||
            tx_account_changed(tx, clearing->account, CHANGE_UPDATED, error));
}

bool store_refusals_clear(const struct store_access *access, int64_t up_to, GError **error)
{
    struct clearing clearing = {store_access_account(access), up_to};
    return access_require(access, STORE_WRITE, error) &&
           store_write(store_access_store(access), STORE_LANE_INTERACTIVE, clear_refusals,
                       &clearing, error);
}
