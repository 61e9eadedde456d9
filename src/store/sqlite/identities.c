#include "store/sqlite/aliases.h"

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
    g_free(identity->proof_problem);
    g_free(identity->proof_reply);
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
                                 " reply_to, bcc, may_delete, alias.identity, refused, sent_at,"
                                 " problem, reply FROM identity LEFT JOIN alias ON alias.identity ="
                                 " id WHERE identity.account = ? ORDER BY id",
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
                                            .may_delete = db_int(row, 7) != 0,
                                            .proof = db_int(row, 8) == 0   ? STORE_PROOF_GIVEN
                                                     : db_int(row, 9) != 0 ? STORE_PROOF_REFUSED
                                                                           : STORE_PROOF_PENDING,
                                            .proof_sent_at = db_int(row, 10),
                                            .proof_problem = db_text_copy(row, 11),
                                            .proof_reply = db_text_copy(row, 12)};
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
    return db_settle_list(identities, cause, error);
}

/* --- set */

struct identity_write {
    int64_t account, id;
    const char *email;
    const struct store_identity_patch *patch;
    struct alias_proof proof; /* its proof NULL: none */
};

/* *ours: the address is the account's, or proven. */
static bool check_create(struct tx *tx, const struct identity_write *write, int64_t *ours,
                         GError **error)
{
    GError *cause = NULL;
    *ours = DB_NUMBER(tx->db, &cause, 0,
                      "SELECT 1 FROM account WHERE id = ?1 AND address = ?2 UNION SELECT 1 FROM"
                      " identity LEFT JOIN alias ON alias.identity = id WHERE identity.account = ?1"
                      " AND email = ?2 COLLATE NOCASE AND alias.identity IS NULL",
                      I(write->account), T(write->email));
    int64_t count = DB_NUMBER(tx->db, &cause, 0, "SELECT count(*) FROM identity WHERE account = ?",
                              I(write->account));
    if (cause != NULL)
        g_propagate_error(error, cause);
    else if (*ours == 0 && write->proof.proof == NULL)
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
    int64_t ours = 0;
    if (!check_create(tx, write, &ours, error) ||
        !DB_RUN(tx->db, error,
                "INSERT INTO identity(account, name, email, text_signature, html_signature,"
                " reply_to, bcc, may_delete) VALUES(?1, coalesce(?2, ''), ?3, coalesce(?4, ''),"
                " coalesce(?5, ''), ?6, ?7, 1)",
                I(write->account), T(patch->name), T(write->email), T(patch->text_signature),
                T(patch->html_signature), T(patch->reply_to), T(patch->bcc)))
        return false;
    write->id = sqlite3_last_insert_rowid(tx->db->handle);
    tx_change(tx, write->account, STORE_IDENTITY, write->id, CHANGE_CREATED);
    return ours != 0 ||
           alias_begin(tx, write->account, write->id, write->email, &write->proof, error);
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
                              const struct store_identity_patch *patch,
                              const struct store_proof *proof, GError **error)
{
    g_autoptr(GBytes) packed = proof != NULL ? blob_pack(store_access_store(access),
                                                         store_access_account(access), proof->raw)
                                             : NULL;
    struct identity_write write = {.email = email, .patch = patch, .proof = {proof, packed}};
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

/* --- signatures */

struct sign_write {
    int64_t user, id;
    const struct store_signature *signature, *instead_of;
};

static bool sign(struct tx *tx, void *arg, GError **error)
{
    const struct sign_write *write = arg;
    const struct store_signature *old = write->instead_of;
    GError *cause = NULL;
    int64_t account =
        DB_NUMBER(tx->db, &cause, 0,
                  "SELECT account FROM identity JOIN account ON account.id = identity.account WHERE"
                  " identity.id = ?1 AND owner = ?2 AND (?3 IS NULL OR (text_signature = ?3 AND"
                  " html_signature = ?4)) AND (text_signature <> ?5 OR html_signature <> ?6)",
                  I(write->id), I(write->user), T(old != NULL ? old->text : NULL),
                  T(old != NULL ? old->html : NULL), T(write->signature->text),
                  T(write->signature->html));
    if (account != 0 && cause == NULL) {
        DB_RUN(tx->db, &cause,
               "UPDATE identity SET text_signature = ?, html_signature = ? WHERE id = ?",
               T(write->signature->text), T(write->signature->html), I(write->id));
        tx_change(tx, account, STORE_IDENTITY, write->id, CHANGE_UPDATED);
    }
    return error_settle(error, cause);
}

bool store_identity_sign(const struct store_access *access, int64_t id,
                         const struct store_signature *signature,
                         const struct store_signature *instead_of, GError **error)
{
    struct sign_write write = {store_principal_user(store_access_principal(access)), id, signature,
                               instead_of};
    return store_write(store_access_store(access), STORE_LANE_INTERACTIVE, sign, &write, error);
}
