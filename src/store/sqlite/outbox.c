#include "store/sqlite/aliases.h"
#include "store/sqlite/contacts.h"
#include "store/sqlite/submissions.h"

#include "base/clock.h"

struct store_submission *store_outbox_next(struct store *store, int64_t account, int64_t now,
                                           int64_t *wake, GError **error)
{
    GError *cause = NULL;
    struct store_submission *next = NULL;
    struct reader *reader = reader_begin(store, error);
    if (wake != NULL)
        *wake = 0;
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row = DB_QUERY(&reader->main, &cause,
                                 SUBMISSION_COLUMNS
                                 " WHERE submission.account = ? AND submission.state <= 2 AND"
                                 " next_attempt <= ? ORDER BY next_attempt, submission.id LIMIT 1",
                                 I(account), I(now));
    if (db_step(&reader->main, row, &cause)) {
        next = submission_of_row(row);
        db_done(row);
    }
    if (wake != NULL)
        *wake = DB_NUMBER(&reader->main, &cause, 0,
                          "SELECT min(next_attempt) FROM submission WHERE account = ? AND state <="
                          " 2 AND next_attempt > ?",
                          I(account), I(now));
    reader_end(store, reader);
    if (cause != NULL)
        g_propagate_error(error, cause);
    return next;
}

GArray *store_outbox_recent(struct store *store, int64_t account, int64_t since, GError **error)
{
    return reader_numbers(store,
                          "SELECT handed_over FROM submission WHERE account = ? AND handed_over >= "
                          "?"
                          " ORDER BY handed_over",
                          DB_VALUES(I(account), I(since)), error);
}

struct mark_write {
    int64_t id, next_attempt;
    enum store_send_state state;
    const char *reply, *problem, *rcpt_replies, *alias_id;
    const struct store_access *access; /* of the caller; NULL: the sync engine */
    bool cancel;
};

struct mark_row {
    int64_t account, email, blob;
    enum store_send_state state;
    bool files;
};

static bool load_row(struct tx *tx, const struct mark_write *write, struct mark_row *out,
                     GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(tx->db, error,
                 "SELECT account, email, blob, state, files FROM submission WHERE id = ?",
                 I(write->id));
    bool found = db_step(tx->db, row, error);
    if (found) {
        *out = (struct mark_row){db_int(row, 0), db_int(row, 1), db_int(row, 2),
                                 (enum store_send_state)db_int(row, 3), db_int(row, 4) != 0};
        db_done(row);
    }
    if (found && write->access != NULL)
        return access_require_in(write->access, out->account, STORE_SEND, error);
    if (!found && error != NULL && *error == NULL)
        error_set(error, ERROR_NOT_FOUND, "no such submission");
    return found;
}

/* What was not sent goes back to the drafts, if the client had put it into Sent already. */
static bool back_to_drafts(struct tx *tx, struct email_row *row, GError **error)
{
    int64_t sent = DB_NUMBER(tx->db, error, 0,
                             "SELECT mailbox.id FROM member JOIN mailbox ON mailbox.id ="
                             " member.mailbox WHERE email = ? AND role = ?",
                             I(row->id), I(MAIL_ROLE_SENT));
    int64_t drafts =
        DB_NUMBER(tx->db, error, 0, "SELECT id FROM mailbox WHERE account = ? AND role = ? LIMIT 1",
                  I(row->account), I(MAIL_ROLE_DRAFTS));
    struct mail_flags flags = {0};
    if (sent == 0 || drafts == 0 || row->thread == 0)
        return true;
    mail_flags_copy(&flags, &row->flags);
    flags.bits |= MAIL_DRAFT;
    bool ok = email_set_flags(tx, row, &flags, error) && email_add_member(tx, row, drafts, error) &&
              email_remove_member(tx, row, sent, error);
    mail_flags_clear(&flags);
    return ok;
}

/* What was sent is a draft no more. It may have been moved away or destroyed meanwhile. */
static bool on_to_sent(struct tx *tx, struct email_row *row, GError **error)
{
    int64_t drafts = DB_NUMBER(tx->db, error, 0,
                               "SELECT mailbox.id FROM member JOIN mailbox ON mailbox.id ="
                               " member.mailbox WHERE email = ? AND role = ?",
                               I(row->id), I(MAIL_ROLE_DRAFTS));
    int64_t sent =
        DB_NUMBER(tx->db, error, 0, "SELECT id FROM mailbox WHERE account = ? AND role = ? LIMIT 1",
                  I(row->account), I(MAIL_ROLE_SENT));
    struct mail_flags flags = {0};
    if (drafts == 0 || row->thread == 0)
        return true;
    mail_flags_copy(&flags, &row->flags);
    flags.bits &= ~(uint32_t)MAIL_DRAFT;
    bool ok = email_set_flags(tx, row, &flags, error) &&
              (sent == 0 || (email_add_member(tx, row, sent, error) &&
                             email_remove_member(tx, row, drafts, error)));
    mail_flags_clear(&flags);
    return ok;
}

/* Whom it went to. */
static bool learn_recipients(struct tx *tx, const struct email_row *email, GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(tx->db, error, "SELECT data FROM summary WHERE email = ?", I(email->id));
    if (!db_step(tx->db, row, error))
        return true;
    struct mail_summary *summary =
        summary_unpack(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0));
    db_done(row);
    g_autoptr(GPtrArray) people =
        contacts_of((const struct mail_addresses *const[]){&summary->to, &summary->cc,
                                                           &summary->bcc},
                    3);
    mail_summary_free(summary);
    return contacts_learn(tx, email->account, people, true, clock_wall(), error);
}

static bool was_sent(struct tx *tx, int64_t email)
{
    return DB_NUMBER(tx->db, NULL, 1,
                     "SELECT EXISTS(SELECT 1 FROM submission WHERE email = ? AND state <= ?)",
                     I(email), I(STORE_SEND_SENT)) != 0;
}

static bool follow_email(struct tx *tx, const struct mark_write *write, const struct mark_row *row,
                         GError **error)
{
    struct email_row email;
    GError *cause = NULL;
    if (write->alias_id != NULL)
        DB_RUN(tx->db, &cause, "UPDATE email SET alias = ? WHERE id = ?",
               I(id_hash(tx->store, write->alias_id)), I(row->email));
    if (cause == NULL && email_load(tx, row->email, &email, &cause)) {
        bool is_lost = write->state == STORE_SEND_FAILED || write->state == STORE_SEND_CANCELLED;
        bool ok = write->state != STORE_SEND_SENT || learn_recipients(tx, &email, &cause);
        if (ok && write->state == STORE_SEND_SENT && row->files)
            ok = on_to_sent(tx, &email, &cause);
        else if (is_lost && !was_sent(tx, row->email))
            ok = back_to_drafts(tx, &email, &cause);
        if (ok)
            email_settle(tx, row->email, &cause);
        email_row_clear(&email);
    }
    return error_settle(error, cause);
}

/* One of no email goes when it has ended. */
static bool end_hidden(struct tx *tx, const struct mark_row *row, const struct mark_write *write,
                       GError **error)
{
    const char *problem = write->state == STORE_SEND_SENT ? NULL
                          : write->problem != NULL        ? write->problem
                                                          : "server";
    return alias_sending_ended(tx, row->account, write->id, problem, write->reply, error) &&
           DB_RUN(tx->db, error, "DELETE FROM submission WHERE id = ?", I(write->id));
}

static bool mark(struct tx *tx, void *arg, GError **error)
{
    const struct mark_write *write = arg;
    struct mark_row row;
    if (!load_row(tx, write, &row, error))
        return false;
    if (write->cancel && row.email == 0) {
        error_set(error, ERROR_NOT_FOUND, "no such submission");
        return false;
    }
    if (write->cancel && row.state != STORE_SEND_PENDING) {
        error_set(error, ERROR_CONFLICT, "sending has begun");
        return false;
    }
    if (!write->cancel && row.state == STORE_SEND_CANCELLED) {
        error_set(error, ERROR_CONFLICT, "it was cancelled");
        return false;
    }
    /* An attempt counts once: when its data is out, or when it failed before. */
    bool counts = write->state == STORE_SEND_SENDING ||
                  (row.state == STORE_SEND_PENDING && write->problem != NULL);
    bool was_open = row.state <= STORE_SEND_UNCERTAIN;
    bool is_open = write->state <= STORE_SEND_UNCERTAIN;
    if (row.email != 0)
        tx_change(tx, row.account, STORE_SUBMISSION, write->id, CHANGE_UPDATED);
    tx_tell(tx, row.account, STORE_INTENT);
    return DB_RUN(tx->db, error,
                  "UPDATE submission SET state = ?2, next_attempt = ?3, reply = coalesce(?4,"
                  " reply), problem = ?5, rcpt_replies = coalesce(?6, rcpt_replies), alias_id ="
                  " coalesce(?7, alias_id), attempts = attempts + ?9, changed = ?8,"
                  " handed_over = iif(?2 = 1, ?8, handed_over) WHERE id ="
                  " ?1",
                  I(write->id), I(write->state), I(write->next_attempt), T(write->reply),
                  T(write->problem), T(write->rcpt_replies), T(write->alias_id), I(clock_wall()),
                  I(counts)) &&
           (!was_open || is_open || blob_ref(tx, row.blob, -1, error)) &&
           (row.email != 0 ? follow_email(tx, write, &row, error)
                           : is_open || end_hidden(tx, &row, write, error));
}

bool store_outbox_mark(struct store *store, int64_t submission, enum store_send_state state,
                       int64_t next_attempt, const char *reply, const char *problem,
                       const char *rcpt_replies, const char *alias_id, GError **error)
{
    struct mark_write write = {.id = submission,
                               .state = state,
                               .next_attempt = next_attempt,
                               .reply = reply,
                               .problem = problem,
                               .rcpt_replies = rcpt_replies,
                               .alias_id = alias_id};
    return store_write(store, STORE_LANE_INTERACTIVE, mark, &write, error);
}

bool store_submission_cancel(const struct store_access *access, int64_t id, GError **error)
{
    struct mark_write write = {.id = id,
                               .state = STORE_SEND_CANCELLED,
                               .access = access,
                               .cancel = true};
    return access_require(access, STORE_SEND, error) &&
           store_write(store_access_store(access), STORE_LANE_INTERACTIVE, mark, &write, error);
}

bool outbox_call_off(struct tx *tx, int64_t email, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT id FROM submission WHERE email = ? AND state = ? AND files <> 0",
                   I(email), I(STORE_SEND_PENDING));
    for (guint i = 0; i < ids->len && cause == NULL; i++) {
        struct mark_write write = {.id = g_array_index(ids, int64_t, i),
                                   .state = STORE_SEND_CANCELLED,
                                   .cancel = true};
        mark(tx, &write, &cause);
    }
    return error_settle(error, cause);
}

bool store_outbox_message(struct store *store, int64_t submission, int64_t *email,
                          char **message_id, GBytes **raw, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    int64_t blob = 0;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT email, message_id, blob FROM submission WHERE id = ?", I(submission));
    g_autofree char *id = NULL;
    if (db_step(&reader->main, row, &cause)) {
        *email = db_int(row, 0);
        id = db_text_copy(row, 1);
        blob = db_int(row, 2);
        db_done(row);
    } else if (cause == NULL) {
        error_set(&cause, ERROR_NOT_FOUND, "no such submission");
    }
    if (cause == NULL)
        *raw = blob_load(store, reader, blob, &cause);
    reader_end(store, reader);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    *message_id = g_steal_pointer(&id);
    return true;
}
