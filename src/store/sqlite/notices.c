/* Mails that Postroom itself writes: submissions of no email, which nobody sees in a mailbox. */
#include "store/sqlite/notices.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/pack.h"
#include "store/sqlite/submissions.h"

#include "base/clock.h"

bool notices_submit(struct tx *tx, const struct store_notice *notice, GBytes *packed,
                    GError **error)
{
    int64_t now = clock_wall(), blob = tx_new_blob(tx);
    tx_tell(tx, notice->account, STORE_INTENT);
    return blob_insert(tx, blob, notice->account, 0, NULL, g_bytes_get_size(notice->raw), packed, 1,
                       error) &&
           DB_RUN(tx->db, error,
                  "INSERT INTO submission(account, identity, email, public, thread, blob,"
                  " message_id, mail_from, rcpt_to, envelope, send_at, state, attempts,"
                  " next_attempt, changed) VALUES(?1, 0, 0, 0, 0, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?7,"
                  " ?7)",
                  I(notice->account), I(blob), T(notice->message_id), T(notice->from),
                  T(notice->to), T(notice->envelope), I(now));
}

struct notice_write {
    const struct store_notice *notice;
    GBytes *packed;
};

static bool queue(struct tx *tx, void *arg, GError **error)
{
    const struct notice_write *write = arg;
    const struct store_reminder *once = write->notice->once;
    if (once == NULL)
        return notices_submit(tx, write->notice, write->packed, error);
    if (!DB_RUN(tx->db, error,
                "INSERT OR IGNORE INTO reminder(provider, about, day, days, at)"
                " VALUES(?, ?, ?, ?, ?)",
                T(once->provider), T(once->about), I(once->day), I(once->days), I(clock_wall())))
        return false;
    const struct audit_row row = {.actor = "postroom",
                                  .act = "provider.reminder",
                                  .subject = write->notice->to,
                                  .detail = once->provider};
    return db_changes(tx->db) == 0 ||
           (audit_add(tx, &row, error) && notices_submit(tx, write->notice, write->packed, error));
}

bool store_notice_queue(struct store *store, const struct store_notice *notice, GError **error)
{
    struct notice_write write = {.notice = notice};
    g_autoptr(GBytes) packed = blob_pack(store, notice->account, notice->raw);
    write.packed = packed;
    return store_write(store, STORE_LANE_INTERACTIVE, queue, &write, error);
}

bool store_reminder_is_sent(struct store *store, const struct store_reminder *reminder)
{
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return true;
    int64_t sent =
        DB_NUMBER(&reader->main, NULL, 1,
                  "SELECT EXISTS(SELECT 1 FROM reminder WHERE provider = ? AND about = ?"
                  " AND day = ? AND days <= ?)",
                  T(reminder->provider), T(reminder->about), I(reminder->day), I(reminder->days));
    reader_end(store, reader);
    return sent != 0;
}

bool store_notice_sender(struct store *store, int64_t user, struct store_notice_sender *sender,
                         GError **error)
{
    *sender = (struct store_notice_sender){0};
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, error,
                 "SELECT account.id, address FROM account JOIN credential ON credential.account ="
                 " account.id JOIN user ON user.id = credential.user WHERE removing = 0 AND paused"
                 " = 0 AND send_problem IS NULL AND state NOT IN ('linking', 'needs-relink', "
                 "'error') AND"
                 " user.disabled = 0 AND (user.id = ?1 OR (?1 = 0 AND user.admin = 1)) ORDER BY"
                 " account.id LIMIT 1",
                 I(user));
    if (db_step(&reader->main, row, error)) {
        sender->account = db_int(row, 0);
        sender->address = db_text_copy(row, 1);
        db_done(row);
    }
    reader_end(store, reader);
    return sender->account != 0;
}

static void free_reader(gpointer pointer)
{
    struct store_notice_reader *reader = pointer;
    g_free(reader->address);
    g_free(reader->language);
    g_free(reader);
}

GPtrArray *store_notice_administrators(struct store *store)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(free_reader);
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return list;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, NULL,
                 "SELECT email, (SELECT json_extract(data, '$.language') FROM record WHERE owner ="
                 " -user.id AND type = ? AND json_valid(data)) FROM user WHERE admin = 1 AND"
                 " disabled = 0 ORDER BY id",
                 I(STORE_PREFERENCES));
    while (db_step(&reader->main, row, NULL)) {
        struct store_notice_reader *one = g_new0(struct store_notice_reader, 1);
        one->address = db_text_copy(row, 0);
        one->language = db_text_copy(row, 1);
        g_ptr_array_add(list, one);
    }
    reader_end(store, reader);
    return list;
}

char *store_user_address(struct store *store, int64_t user)
{
    char *address = NULL;
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, NULL, "SELECT email FROM user WHERE id = ?", I(user));
    if (db_step(&reader->main, row, NULL)) {
        address = db_text_copy(row, 0);
        db_done(row);
    }
    reader_end(store, reader);
    return address;
}
