/* VacationResponse (RFC 8621, 8), and whom it is sent to (RFC 3834). What is to be answered is
 * noted in the transaction that stores the message, together with the sender, who gets no second
 * answer for a while. The answer and its place in the outbox are one transaction too: so each is
 * sent once, whatever crashes in between. */
#include "store/sqlite/vacation.h"

#include "base/clock.h"
#include "store/sqlite/notices.h"
#include "store/sqlite/submissions.h"

#include <string.h>

#define TOLD_S (STORE_VACATION_DAYS * STORE_DAY)
/* Older mail is not answered: it was brought here by something else than its delivery. */
#define AGE_MAX_S STORE_DAY
#define WRITTEN_AGE_MAX_S (7 * STORE_DAY)
/* Answers of an account in a day: forged senders are many. */
#define DAILY_MAX 300

void store_vacation_clear(struct store_vacation *vacation)
{
    g_free(vacation->subject);
    g_free(vacation->text);
    g_free(vacation->html);
    *vacation = (struct store_vacation){0};
}

/* --- the settings */

#define COLUMNS "SELECT enabled, from_date, to_date, subject, text, html FROM vacation"

static int64_t date_of(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? INT64_MIN : db_int(row, column);
}

static bool load(struct db *db, int64_t account, struct store_vacation *out, GError **error)
{
    GError *cause = NULL;
    *out = (struct store_vacation){.from = INT64_MIN, .to = INT64_MIN};
    sqlite3_stmt *row = DB_QUERY(db, &cause, COLUMNS " WHERE account = ?", I(account));
    if (db_step(db, row, &cause)) {
        *out = (struct store_vacation){.enabled = db_int(row, 0) != 0,
                                       .from = date_of(row, 1),
                                       .to = date_of(row, 2),
                                       .subject = db_text_copy(row, 3),
                                       .text = db_text_copy(row, 4),
                                       .html = db_text_copy(row, 5)};
        db_done(row);
    }
    return error_settle(error, cause);
}

bool store_vacation(const struct store_access *access, struct store_vacation *vacation,
                    uint64_t *state, GError **error)
{
    struct store *store = store_access_store(access);
    int64_t account = store_access_account(access);
    struct reader *reader = reader_begin(store, error);
    *vacation = (struct store_vacation){0};
    if (reader == NULL)
        return false;
    bool ok = load(&reader->main, account, vacation, error);
    if (state != NULL)
        *state = log_state(&reader->main, account, STORE_VACATION, NULL);
    reader_end(store, reader);
    return ok;
}

struct set_write {
    int64_t account;
    const struct store_vacation *vacation;
};

static struct db_value date_value(int64_t date)
{
    return date == INT64_MIN ? N(0) : I(date);
}

static bool set(struct tx *tx, void *arg, GError **error)
{
    const struct set_write *write = arg;
    const struct store_vacation *v = write->vacation;
    tx_change(tx, write->account, STORE_VACATION, 1, CHANGE_UPDATED);
    return DB_RUN(tx->db, error,
                  "INSERT INTO vacation(account, enabled, from_date, to_date, subject, text, html,"
                  " since) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET"
                  " since = iif(enabled = 0 AND ?2 = 1, ?8, since), enabled = ?2, from_date = ?3,"
                  " to_date = ?4, subject = ?5, text = ?6, html = ?7",
                  I(write->account), I(v->enabled), date_value(v->from), date_value(v->to),
                  T(v->subject), T(v->text), T(v->html), I(clock_wall()));
}

bool store_vacation_set(const struct store_access *access, const struct store_vacation *vacation,
                        GError **error)
{
    struct set_write write = {store_access_account(access), vacation};
    return access_require(access, STORE_SEND, error) &&
           store_write(store_access_store(access), STORE_LANE_INTERACTIVE, set, &write, error);
}

/* --- what is answered */

/* In force for mail received then: after it was switched on, and between its dates. */
static bool is_on(struct tx *tx, int64_t account, int64_t received_at, GError **error)
{
    int64_t oldest = clock_wall() - AGE_MAX_S;
    return received_at >= oldest &&
           DB_NUMBER(tx->db, error, 0,
                     "SELECT 1 FROM vacation WHERE account = ?1 AND enabled = 1 AND ?2 >= since AND"
                     " (from_date IS NULL OR ?2 >= from_date) AND (to_date IS NULL OR ?2 < "
                     "to_date)",
                     I(account), I(received_at)) == 1;
}

/* Spelled in any case, or with a "+detail" of its own. */
static bool is_own(const char *own, const char *address)
{
    const char *at = own != NULL ? strrchr(own, '@') : NULL;
    const char *other_at = address != NULL ? strrchr(address, '@') : NULL;
    if (at == NULL || other_at == NULL || g_ascii_strcasecmp(at, other_at) != 0)
        return false;
    size_t length = (size_t)(at - own), other = (size_t)(other_at - address);
    return other >= length && g_ascii_strncasecmp(own, address, length) == 0 &&
           (other == length || address[length] == '+');
}

static bool names(const struct mail_addresses *list, const char *own)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_own(own, list->items[i].email))
            return true;
    return false;
}

/* RFC 3834, 2: it was sent to a person, by another one, and just now. */
static bool is_personal(struct tx *tx, const struct batch_op *op, int64_t account, GError **error)
{
    gsize size = 0;
    const void *packed = g_bytes_get_data(op->summary, &size);
    struct mail_summary *summary = summary_unpack(packed, size);
    bool is_new =
        summary->sent_at == INT64_MIN || summary->sent_at >= op->received_at - WRITTEN_AGE_MAX_S;
    bool personal = false;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, error, "SELECT address FROM account WHERE id = ?", I(account));
    if (db_step(tx->db, row, error)) {
        const char *own = db_text(row, 0);
        personal =
            is_new && !is_own(own, op->answer_to) && !names(&summary->from, own) &&
            (names(&summary->to, own) || names(&summary->cc, own) || names(&summary->bcc, own));
        db_done(row);
    }
    mail_summary_free(summary);
    return personal;
}

/* Notes that the sender is told; false: they were not long ago, or too many others were. */
static bool tell(struct tx *tx, int64_t account, const char *address, GError **error)
{
    int64_t now = clock_wall();
    if (!DB_RUN(tx->db, error, "DELETE FROM vacation_told WHERE account = ? AND at <= ?",
                I(account), I(now - TOLD_S)))
        return false;
    int64_t today = DB_NUMBER(tx->db, error, DAILY_MAX,
                              "SELECT count(*) FROM vacation_told WHERE account = ? AND at > ?",
                              I(account), I(now - STORE_DAY));
    if (today >= DAILY_MAX ||
        !DB_RUN(tx->db, error,
                "INSERT OR IGNORE INTO vacation_told(account, address, at) VALUES(?, ?, ?)",
                I(account), T(address), I(now)))
        return false;
    return db_changes(tx->db) == 1;
}

static bool consider(struct tx *tx, const struct batch_op *op, const struct email_row *row,
                     GError **error)
{
    GError *cause = NULL;
    bool due = op->answer_to != NULL && !op->unreadable && (row->flags.bits & MAIL_JUNK) == 0 &&
               is_on(tx, row->account, row->received_at, &cause) &&
               is_personal(tx, op, row->account, &cause) &&
               tell(tx, row->account, op->answer_to, &cause);
    if (due && cause == NULL) {
        DB_RUN(tx->db, &cause,
               "INSERT INTO vacation_due(account, address, summary) VALUES(?, ?, ?)",
               I(row->account), T(op->answer_to), B(op->summary));
        tx_tell(tx, row->account, STORE_INTENT);
    }
    return error_settle(error, cause);
}

bool vacation_delivered(struct tx *tx, const struct batch_op *op, const struct email_row *row,
                        GError **error)
{
    GError *cause = NULL;
    if (op->has_raw)
        return consider(tx, op, row, error);
    if (is_on(tx, row->account, row->received_at, &cause))
        DB_RUN(tx->db, &cause, "INSERT OR IGNORE INTO vacation_wait(email) VALUES(?)", I(row->id));
    return error_settle(error, cause);
}

bool vacation_completed(struct tx *tx, const struct batch_op *op, const struct email_row *row,
                        GError **error)
{
    GError *cause = NULL;
    if (!DB_RUN(tx->db, error, "DELETE FROM vacation_wait WHERE email = ?", I(row->id)))
        return false;
    if (db_changes(tx->db) == 0)
        return true;
    /* Somebody may have taken it for spam, or away, meanwhile. */
    int64_t is_there =
        DB_NUMBER(tx->db, &cause, 0,
                  "SELECT EXISTS(SELECT 1 FROM member JOIN mailbox ON mailbox.id = member.mailbox"
                  " WHERE email = ? AND role = ?)",
                  I(row->id), I(MAIL_ROLE_INBOX));
    if (cause == NULL)
        return is_there == 0 || consider(tx, op, row, error);
    g_propagate_error(error, cause);
    return false;
}

/* --- the answers */

void store_vacation_due_free(struct store_vacation_due *due)
{
    if (due == NULL)
        return;
    g_free(due->to);
    g_free(due->address);
    g_free(due->name);
    mail_summary_free(due->summary);
    store_vacation_clear(&due->vacation);
    g_free(due);
}

struct store_vacation_due *store_vacation_next(struct store *store, int64_t account, GError **error)
{
    GError *cause = NULL;
    struct store_vacation_due *due = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT vacation_due.id, vacation_due.address, summary, account.address,"
                 " (SELECT name FROM identity WHERE identity.account = account.id ORDER BY id LIMIT"
                 " 1) FROM vacation_due JOIN account ON account.id = vacation_due.account WHERE"
                 " account.id = ? ORDER BY vacation_due.id LIMIT 1",
                 I(account));
    if (db_step(&reader->main, row, &cause)) {
        due = g_new0(struct store_vacation_due, 1);
        due->id = db_int(row, 0);
        due->account = account;
        due->to = db_text_copy(row, 1);
        due->summary =
            summary_unpack(sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2));
        due->address = db_text_copy(row, 3);
        due->name = db_text_copy(row, 4);
        db_done(row);
        load(&reader->main, account, &due->vacation, &cause);
    }
    reader_end(store, reader);
    if (cause == NULL)
        return due;
    store_vacation_due_free(due);
    g_propagate_error(error, cause);
    return NULL;
}

struct answer_write {
    const struct store_vacation_due *due;
    const char *message_id;
    GBytes *raw, *packed;
};

static bool submit(struct tx *tx, const struct answer_write *write, GError **error)
{
    const struct store_vacation_due *due = write->due;
    const struct store_notice notice = {.account = due->account,
                                        .from = due->address,
                                        .to = due->to,
                                        .envelope = due->envelope,
                                        .message_id = write->message_id,
                                        .raw = write->raw};
    return notices_submit(tx, &notice, write->packed, error);
}

static bool answer(struct tx *tx, void *arg, GError **error)
{
    const struct answer_write *write = arg;
    if (!DB_RUN(tx->db, error, "DELETE FROM vacation_due WHERE id = ?", I(write->due->id)))
        return false;
    return db_changes(tx->db) == 0 || write->packed == NULL || submit(tx, write, error);
}

bool store_vacation_answer(struct store *store, const struct store_vacation_due *due, GBytes *raw,
                           const char *message_id, GError **error)
{
    struct answer_write write = {.due = due, .message_id = message_id};
    g_autoptr(GBytes) packed = raw != NULL ? blob_pack(store, due->account, raw) : NULL;
    write.packed = packed;
    write.raw = raw;
    return store_write(store, STORE_LANE_INTERACTIVE, answer, &write, error);
}
