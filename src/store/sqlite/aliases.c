#include "store/sqlite/aliases.h"

#include "base/clock.h"

#include <sodium.h>
#include <string.h>

static bool count_sent(struct tx *tx, int64_t account, GError **error)
{
    GError *cause = NULL;
    int64_t now = clock_wall();
    DB_RUN(tx->db, &cause, "DELETE FROM alias_sent WHERE account = ? AND at <= ?", I(account),
           I(now - STORE_DAY));
    int64_t sent = DB_NUMBER(tx->db, &cause, 0, "SELECT count(*) FROM alias_sent WHERE account = ?",
                             I(account));
    if (cause == NULL && sent >= STORE_PROOFS_PER_DAY)
        error_set(&cause, ERROR_THROTTLED, "too many such mails today");
    if (cause == NULL)
        DB_RUN(tx->db, &cause, "INSERT INTO alias_sent(account, at) VALUES(?, ?)", I(account),
               I(now));
    return error_settle(error, cause);
}

/* A submission of no email: nobody sees it, and it goes when it has ended. 0 on error. */
static int64_t submit(struct tx *tx, int64_t account, const char *email,
                      const struct alias_proof *proof, GError **error)
{
    int64_t now = clock_wall(), blob = tx_new_blob(tx);
    tx_tell(tx, account, STORE_INTENT);
    if (!blob_insert(tx, blob, account, 0, NULL, g_bytes_get_size(proof->proof->raw), proof->packed,
                     1, error) ||
        !DB_RUN(tx->db, error,
                "INSERT INTO submission(account, identity, email, public, thread, blob, message_id,"
                " mail_from, rcpt_to, send_at, state, attempts, next_attempt, changed) VALUES(?1,"
                " 0, 0, 0, 0, ?2, ?3, ?4, ?4, ?5, 0, 0, ?5, ?5)",
                I(account), I(blob), T(proof->proof->message_id), T(email), I(now)))
        return 0;
    return sqlite3_last_insert_rowid(tx->db->handle);
}

bool alias_begin(struct tx *tx, int64_t account, int64_t identity, const char *email,
                 const struct alias_proof *proof, GError **error)
{
    int64_t submission =
        count_sent(tx, account, error) ? submit(tx, account, email, proof, error) : 0;
    return submission != 0 &&
           DB_RUN(tx->db, error,
                  "INSERT OR REPLACE INTO alias(identity, account, code, msgid, sent_at,"
                  " submission) VALUES(?, ?, ?, ?, ?, ?)",
                  I(identity), I(account), T(proof->proof->code),
                  I(id_hash(tx->store, proof->proof->message_id)), I(clock_wall()), I(submission));
}

bool alias_sending_ended(struct tx *tx, int64_t account, int64_t submission, const char *problem,
                         const char *reply, GError **error)
{
    GError *cause = NULL;
    int64_t identity = DB_NUMBER(tx->db, &cause, 0,
                                 "SELECT identity FROM alias WHERE submission = ?", I(submission));
    if (identity != 0 && problem != NULL) {
        DB_RUN(tx->db, &cause,
               "UPDATE alias SET refused = 1, problem = ?, reply = ? WHERE identity = ?",
               T(problem), T(reply), I(identity));
        tx_change(tx, account, STORE_IDENTITY, identity, CHANGE_UPDATED);
    }
    return error_settle(error, cause);
}

/* All of the account that have the address are proven with one. */
static bool prove(struct tx *tx, int64_t account, int64_t identity, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT identity FROM alias WHERE identity IN (SELECT id FROM identity WHERE"
                   " account = ?1 AND email = (SELECT email FROM identity WHERE id = ?2) COLLATE"
                   " NOCASE)",
                   I(account), I(identity));
    for (guint i = 0; i < ids->len && cause == NULL; i++) {
        int64_t id = g_array_index(ids, int64_t, i);
        DB_RUN(tx->db, &cause, "DELETE FROM alias WHERE identity = ?", I(id));
        tx_change(tx, account, STORE_IDENTITY, id, CHANGE_UPDATED);
    }
    return error_settle(error, cause);
}

/* What the provider files of its own as sent proves nothing. */
static bool is_delivery(enum mail_role role)
{
    return role == MAIL_ROLE_INBOX || role == MAIL_ROLE_JUNK || role == MAIL_ROLE_ARCHIVE ||
           role == MAIL_ROLE_NONE;
}

bool alias_arrived(struct tx *tx, int64_t account, enum mail_role role, int64_t msgid,
                   int64_t original, GError **error)
{
    GError *cause = NULL;
    if (!is_delivery(role))
        return true;
    int64_t identity =
        DB_NUMBER(tx->db, &cause, 0,
                  "SELECT identity FROM alias WHERE account = ?1 AND msgid IN (?2, ?3) LIMIT 1",
                  I(account), I(msgid), I(original != 0 ? original : msgid));
    if (identity != 0 && cause == NULL)
        prove(tx, account, identity, &cause);
    return error_settle(error, cause);
}

/* --- asked for by a person */

struct proof_write {
    int64_t account, id;
    struct alias_proof proof;
    const char *code;
    enum error_code outcome; /* of a code: 0, or what is to be told after the try was counted */
};

/* The address of an identity that is still to be proven. (transfer full) */
static char *unproven(struct tx *tx, const struct proof_write *write, GError **error)
{
    GError *cause = NULL;
    char *email = NULL;
    bool pending = false;
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause,
                                 "SELECT email, alias.identity FROM identity LEFT JOIN alias ON"
                                 " alias.identity = id WHERE id = ? AND identity.account = ?",
                                 I(write->id), I(write->account));
    if (db_step(tx->db, row, &cause)) {
        email = db_text_copy(row, 0);
        pending = db_int(row, 1) != 0;
        db_done(row);
    }
    if (cause == NULL && email == NULL)
        error_set(&cause, ERROR_NOT_FOUND, "no such identity");
    else if (cause == NULL && !pending)
        error_set(&cause, ERROR_CONFLICT, "the address is proven already");
    if (cause == NULL)
        return email;
    g_propagate_error(error, cause);
    g_free(email);
    return NULL;
}

static bool prove_again(struct tx *tx, void *arg, GError **error)
{
    const struct proof_write *write = arg;
    g_autofree char *email = unproven(tx, write, error);
    if (email == NULL)
        return false;
    tx_change(tx, write->account, STORE_IDENTITY, write->id, CHANGE_UPDATED);
    return alias_begin(tx, write->account, write->id, email, &write->proof, error);
}

bool store_identity_prove(const struct store_access *access, int64_t id,
                          const struct store_proof *proof, GError **error)
{
    struct store *store = store_access_store(access);
    struct proof_write write = {.account = store_access_account(access), .id = id};
    if (!access_require(access, STORE_SEND, error))
        return false;
    g_autoptr(GBytes) packed = blob_pack(store, write.account, proof->raw);
    write.proof = (struct alias_proof){proof, packed};
    return store_write(store, STORE_LANE_INTERACTIVE, prove_again, &write, error);
}

static bool is_same(const char *code, const char *typed)
{
    return strlen(code) == strlen(typed) && sodium_memcmp(code, typed, strlen(code)) == 0;
}

static bool try_code(struct tx *tx, void *arg, GError **error)
{
    struct proof_write *write = arg;
    GError *cause = NULL;
    g_autofree char *email = unproven(tx, write, error), *code = NULL;
    int64_t tries = 0;
    if (email == NULL)
        return false;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT code, tries FROM alias WHERE identity = ?", I(write->id));
    if (db_step(tx->db, row, &cause)) {
        code = db_text_copy(row, 0);
        tries = db_int(row, 1);
        db_done(row);
    }
    write->outcome = tries >= STORE_PROOF_TRIES                    ? ERROR_OVER_QUOTA
                     : code != NULL && !is_same(code, write->code) ? ERROR_INVALID
                                                                   : 0;
    if (cause == NULL && write->outcome == 0)
        prove(tx, write->account, write->id, &cause);
    else if (cause == NULL)
        DB_RUN(tx->db, &cause, "UPDATE alias SET tries = tries + 1 WHERE identity = ?",
               I(write->id));
    return error_settle(error, cause);
}

bool store_identity_verify(const struct store_access *access, int64_t id, const char *code,
                           GError **error)
{
    struct proof_write write = {.account = store_access_account(access), .id = id, .code = code};
    if (!access_require(access, STORE_SEND, error) ||
        !store_write(store_access_store(access), STORE_LANE_INTERACTIVE, try_code, &write, error))
        return false;
    if (write.outcome != 0)
        error_set(error, write.outcome, "%s",
                  write.outcome == ERROR_INVALID ? "another code was sent"
                                                 : "tried too often; have a new one sent");
    return write.outcome == 0;
}
