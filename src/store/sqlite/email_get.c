#include "store/sqlite/unified.h"

void store_email_free(struct store_email *email)
{
    if (email == NULL)
        return;
    mail_summary_free(email->summary);
    mail_flags_clear(&email->flags);
    g_clear_pointer(&email->mailboxes, g_array_unref);
    g_free(email);
}

static void free_email(gpointer email)
{
    store_email_free(email);
}

static bool load_summary(struct db *db, struct store_email *email, int64_t id, bool attachment,
                         GError **error)
{
    sqlite3_stmt *row = DB_QUERY(db, error, "SELECT data FROM summary WHERE email = ?", I(id));
    bool found = db_step(db, row, error);
    email->summary =
        found ? summary_unpack(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0))
              : mail_summary_new();
    email->summary->has_attachment = attachment;
    db_done(row);
    return found;
}

static void load_notes(struct db *db, struct store_email *email, GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(db, error,
                 "SELECT count(*) FILTER (WHERE type = ?2), count(*) FILTER (WHERE type = ?3 AND"
                 " done = 0), coalesce(min(due) FILTER (WHERE type = ?3 AND done = 0 AND due > 0),"
                 " 0) FROM note WHERE thread = ?1",
                 I(email->thread), I(STORE_NOTE), I(STORE_TODO));
    if (!db_step(db, row, error))
        return;
    email->notes = (unsigned)db_int(row, 0);
    email->todos = (unsigned)db_int(row, 1);
    email->due = db_int(row, 2);
    db_done(row);
}

static struct store_email *load_email(struct db *db, const struct store_access *access,
                                      int64_t public_id, unsigned parts, GError **error)
{
    int64_t account, id = access_email(db, access, public_id, &account);
    if (id == 0)
        return NULL;
    sqlite3_stmt *row = DB_QUERY(db, error,
                                 "SELECT thread, blob, state, received_at, size, bits, words,"
                                 " attachment FROM email WHERE id = ?",
                                 I(id));
    if (!db_step(db, row, error))
        return NULL;
    struct store_email *email = g_new0(struct store_email, 1);
    email->id = public_id;
    email->account = account;
    email->thread = db_int(row, 0);
    email->blob = db_int(row, 1);
    email->state = (enum store_email_state)db_int(row, 2);
    email->received_at = db_int(row, 3);
    email->size = (uint64_t)db_int(row, 4);
    if ((parts & STORE_EMAIL_FLAGS) != 0)
        flags_from(&email->flags, (uint32_t)db_int(row, 5), db_text(row, 6));
    bool attachment = db_int(row, 7) != 0;
    db_done(row);
    if ((parts & STORE_EMAIL_SUMMARY) != 0)
        load_summary(db, email, id, attachment, error);
    if ((parts & STORE_EMAIL_MAILBOXES) != 0)
        email->mailboxes = email_members(db, id, error);
    if ((parts & STORE_EMAIL_NOTES) != 0)
        load_notes(db, email, error);
    if (email->mailboxes != NULL && access_is_unified(access))
        unified_add_roles(db, email->mailboxes, error);
    return email;
}

GPtrArray *store_emails(const struct store_access *access, const int64_t *ids, size_t count,
                        unsigned parts, uint64_t *state, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *emails = g_ptr_array_new_with_free_func(free_email);
    for (size_t i = 0; i < count && cause == NULL; i++) {
        struct store_email *email = load_email(&reader->main, access, ids[i], parts, &cause);
        if (email != NULL)
            g_ptr_array_add(emails, email);
    }
    if (state != NULL)
        *state = access_state(&reader->main, access, STORE_EMAIL);
    reader_end(store, reader);
    return db_settle_list(emails, cause, error);
}

struct want {
    const struct store_access *access;
    int64_t id;
};

static bool want_email(struct tx *tx, void *arg, GError **error)
{
    const struct want *want = arg;
    int64_t account, id = access_email(tx->db, want->access, want->id, &account);
    if (!DB_RUN(tx->db, error,
                "UPDATE email SET wanted = 1 WHERE id = ? AND state = 0 AND wanted = 0", I(id)))
        return false;
    if (db_changes(tx->db) > 0)
        tx_tell(tx, account, STORE_INTENT);
    return true;
}

void store_email_want(const struct store_access *access, int64_t id)
{
    struct want want = {access, id};
    store_write(store_access_store(access), STORE_LANE_INTERACTIVE, want_email, &want, NULL);
}
