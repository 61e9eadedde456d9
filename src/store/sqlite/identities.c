#include "store/sqlite/engine.h"

void store_identity_free(struct store_identity *identity)
{
    if (identity == NULL)
        return;
    g_free(identity->name);
    g_free(identity->email);
    g_free(identity->text_signature);
    g_free(identity->html_signature);
    g_free(identity->reply_to);
    g_free(identity->bcc);
    g_free(identity);
}

static void free_identity(gpointer identity)
{
    store_identity_free(identity);
}

static void list_account(struct db *db, int64_t account, GPtrArray *identities, GError **error)
{
    sqlite3_stmt *row = DB_QUERY(db, error,
                                 "SELECT id, name, email, text_signature, html_signature,"
                                 " reply_to, bcc, may_delete FROM identity WHERE account = ?"
                                 " ORDER BY id",
                                 I(account));
    while (db_step(db, row, error)) {
        struct store_identity *identity = g_new0(struct store_identity, 1);
        *identity = (struct store_identity){.id = db_int(row, 0),
                                            .account = account,
                                            .name = db_text_copy(row, 1),
                                            .email = db_text_copy(row, 2),
                                            .text_signature = db_text_copy(row, 3),
                                            .html_signature = db_text_copy(row, 4),
                                            .reply_to = db_text_copy(row, 5),
                                            .bcc = db_text_copy(row, 6),
                                            .may_delete = db_int(row, 7) != 0};
        g_ptr_array_add(identities, identity);
    }
}

GPtrArray *store_identities(const struct store_access *access, uint64_t *state, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *identities = g_ptr_array_new_with_free_func(free_identity);
    const GArray *accounts = store_access_accounts(access);
    for (guint i = 0; i < accounts->len; i++)
        list_account(&reader->main, g_array_index(accounts, int64_t, i), identities, &cause);
    if (state != NULL)
        *state = access_state(&reader->main, access, STORE_IDENTITY);
    reader_end(store, reader);
    if (cause == NULL)
        return identities;
    g_propagate_error(error, cause);
    g_ptr_array_unref(identities);
    return NULL;
}

/* --- set */

struct identity_write {
    int64_t account, id;
    const char *email;
    const struct store_identity_patch *patch;
};

static bool check_create(struct tx *tx, const struct identity_write *write, GError **error)
{
    GError *cause = NULL;
    int64_t ours =
        DB_NUMBER(tx->db, &cause, 0, "SELECT 1 FROM account WHERE id = ? AND address = ?",
                  I(write->account), T(write->email));
    int64_t count = DB_NUMBER(tx->db, &cause, 0, "SELECT count(*) FROM identity WHERE account = ?",
                              I(write->account));
    if (cause != NULL)
        g_propagate_error(error, cause);
    else if (ours == 0)
        error_set(error, ERROR_FORBIDDEN, "not an address of this account");
    else if (count >= STORE_IDENTITIES_MAX)
        error_set(error, ERROR_TOO_LARGE, "too many identities");
    else
        return true;
    return false;
}

static bool create(struct tx *tx, void *arg, GError **error)
{
    struct identity_write *write = arg;
    const struct store_identity_patch *patch = write->patch;
    if (!check_create(tx, write, error) ||
        !DB_RUN(tx->db, error,
                "INSERT INTO identity(account, name, email, text_signature, html_signature,"
                " reply_to, bcc, may_delete) VALUES(?1, coalesce(?2, ''), ?3, coalesce(?4, ''),"
                " coalesce(?5, ''), ?6, ?7, 1)",
                I(write->account), T(patch->name), T(write->email), T(patch->text_signature),
                T(patch->html_signature), T(patch->reply_to), T(patch->bcc)))
        return false;
    write->id = sqlite3_last_insert_rowid(tx->db->handle);
    tx_change(tx, write->account, STORE_IDENTITY, write->id, CHANGE_CREATED);
    return true;
}

static bool missing(GError **error)
{
    error_set(error, ERROR_NOT_FOUND, "no such identity");
    return false;
}

static bool update(struct tx *tx, void *arg, GError **error)
{
    const struct identity_write *write = arg;
    const struct store_identity_patch *patch = write->patch;
    if (!DB_RUN(tx->db, error,
                "UPDATE identity SET name = coalesce(?3, name),"
                " text_signature = coalesce(?4, text_signature),"
                " html_signature = coalesce(?5, html_signature),"
                " reply_to = CASE ?6 WHEN 1 THEN ?7 ELSE reply_to END,"
                " bcc = CASE ?8 WHEN 1 THEN ?9 ELSE bcc END WHERE id = ?1 AND account = ?2",
                I(write->id), I(write->account), T(patch->name), T(patch->text_signature),
                T(patch->html_signature), I(patch->has_reply_to), T(patch->reply_to),
                I(patch->has_bcc), T(patch->bcc)))
        return false;
    if (db_changes(tx->db) == 0)
        return missing(error);
    tx_change(tx, write->account, STORE_IDENTITY, write->id, CHANGE_UPDATED);
    return true;
}

static bool destroy(struct tx *tx, void *arg, GError **error)
{
    const struct identity_write *write = arg;
    GError *cause = NULL;
    int64_t may_delete = DB_NUMBER(tx->db, &cause, -1,
                                   "SELECT may_delete FROM identity WHERE id = ? AND account = ?",
                                   I(write->id), I(write->account));
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    if (may_delete < 0)
        return missing(error);
    if (may_delete == 0) {
        error_set(error, ERROR_FORBIDDEN, "the identity of the account's own address stays");
        return false;
    }
    tx_change(tx, write->account, STORE_IDENTITY, write->id, CHANGE_DESTROYED);
    return DB_RUN(tx->db, error, "DELETE FROM identity WHERE id = ?", I(write->id));
}

static bool run(const struct store_access *access, tx_fn *fn, struct identity_write *write,
                GError **error)
{
    write->account = store_access_account(access);
    return access_require(access, STORE_SEND, error) &&
           store_write(store_access_store(access), STORE_LANE_INTERACTIVE, fn, write, error);
}

int64_t store_identity_create(const struct store_access *access, const char *email,
                              const struct store_identity_patch *patch, GError **error)
{
    struct identity_write write = {.email = email, .patch = patch};
    return run(access, create, &write, error) ? write.id : 0;
}

bool store_identity_update(const struct store_access *access, int64_t id,
                           const struct store_identity_patch *patch, GError **error)
{
    struct identity_write write = {.id = id, .patch = patch};
    return run(access, update, &write, error);
}

bool store_identity_destroy(const struct store_access *access, int64_t id, GError **error)
{
    struct identity_write write = {.id = id};
    return run(access, destroy, &write, error);
}
