#include "store/sqlite/emails.h"

#include "store/sqlite/fts.h"
#include "store/sqlite/notes.h"

#include "base/clock.h"

/* What a preview takes, at most, while it has only ASCII. */
#define PREVIEW_ROOM ((gsize)258)

void email_row_clear(struct email_row *row)
{
    mail_flags_clear(&row->flags);
    g_clear_pointer(&row->emailid, g_free);
}

bool ids_hold(const GArray *ids, int64_t id)
{
    for (guint i = 0; i < ids->len; i++)
        if (g_array_index(ids, int64_t, i) == id)
            return true;
    return false;
}

bool email_load(struct tx *tx, int64_t id, struct email_row *row, GError **error)
{
    sqlite3_stmt *s = DB_QUERY(tx->db, error,
                               "SELECT id, account, public, thread, ord, received_at, size,"
                               " estimate, blob, state, bits, words, attachment, msgid, alias,"
                               "  subject, emailid, orphan FROM email WHERE id = ?",
                               I(id));
    *row = (struct email_row){0};
    if (!db_step(tx->db, s, error))
        return false;
    int64_t *numbers[] = {&row->id,     &row->account,  &row->public_id,
                          &row->thread, &row->ord,      &row->received_at,
                          &row->size,   &row->estimate, &row->blob};
    for (int i = 0; i < (int)G_N_ELEMENTS(numbers); i++)
        *numbers[i] = db_int(s, i);
    row->state = (enum store_email_state)db_int(s, 9);
    flags_from(&row->flags, (uint32_t)db_int(s, 10), db_text(s, 11));
    row->attachment = db_int(s, 12) != 0;
    row->msgid = db_int(s, 13);
    row->alias = db_int(s, 14);
    row->subject = db_int(s, 15);
    row->emailid = db_text_copy(s, 16);
    row->orphan = db_int(s, 17);
    db_done(s);
    return true;
}

int64_t email_of_public(struct db *db, int64_t account, int64_t public_id)
{
    int64_t id = DB_NUMBER(db, NULL, 0,
                           "SELECT id FROM email WHERE id = ?1 AND public = ?1 AND account = ?2 AND"
                           " thread > 0",
                           I(public_id), I(account));
    if (id != 0)
        return id;
    return DB_NUMBER(db, NULL, 0,
                     "SELECT id FROM email WHERE public = ? AND public <> id AND account = ? AND"
                     " thread > 0",
                     I(public_id), I(account));
}

static sqlite3_stmt *rows_from(struct tx *tx, int64_t account, int64_t ord, int step)
{
    return step > 0 ? DB_QUERY(tx->db, NULL,
                               "SELECT ord, received_at FROM email WHERE account = ? AND ord >= ?"
                               " ORDER BY ord",
                               I(account), I(ord))
                    : DB_QUERY(tx->db, NULL,
                               "SELECT ord, received_at FROM email WHERE account = ? AND ord <= ?"
                               " ORDER BY ord DESC",
                               I(account), I(ord));
}

/* Is there a row next to it, from `from` on, that belongs to the other side of it? */
static bool is_crossed(struct tx *tx, const struct email_row *row, int64_t from, int step)
{
    sqlite3_stmt *next = rows_from(tx, row->account, from, step);
    if (!db_step(tx->db, next, NULL))
        return false;
    int64_t time = db_int(next, 1);
    db_done(next);
    return step > 0 ? time < row->received_at : time > row->received_at;
}

/* The place from `from` on, up or down, that leaves behind all rows of its second and those that it
 * must leave behind; -1: the row that comes then leaves no room. */
static int64_t place_beyond(struct tx *tx, const struct email_row *row, int64_t from, int step)
{
    int64_t ord = from;
    sqlite3_stmt *next = rows_from(tx, row->account, from, step);
    while (db_step(tx->db, next, NULL)) {
        int64_t at = db_int(next, 0), time = db_int(next, 1);
        if (step > 0 ? time > row->received_at : time < row->received_at) {
            ord = at == ord ? -1 : ord;
            db_done(next);
            break;
        }
        ord = at + step;
    }
    return ord;
}

static int64_t first_free(struct tx *tx, const struct email_row *row, int64_t from)
{
    int64_t ord = from;
    sqlite3_stmt *next = rows_from(tx, row->account, from, 1);
    while (db_step(tx->db, next, NULL)) {
        if (db_int(next, 0) != ord) {
            db_done(next);
            break;
        }
        ord++;
    }
    return ord;
}

/* By received_at: the next place up, or else down, between those received before and after. Where
 * there is no room left, the next free one. Many of one second tend to come in a row, and then the
 * search begins where the last one ended. */
static int64_t free_ord(struct tx *tx, const struct email_row *row)
{
    struct place_hint *hint = &tx->store->place;
    bool in_a_row = hint->account == row->account && hint->received_at == row->received_at;
    int64_t second = ORD_OF(row->received_at), ord = -1;
    int step = in_a_row ? hint->step : 1;
    if (in_a_row)
        ord = place_beyond(tx, row, hint->ord + step, step);
    if (ord < 0 && !is_crossed(tx, row, second - 1, -1))
        ord = place_beyond(tx, row, second, step = 1);
    if (ord < 0 && !is_crossed(tx, row, second, 1))
        ord = place_beyond(tx, row, second - 1, step = -1);
    if (ord < 0)
        ord = first_free(tx, row, second);
    *hint = (struct place_hint){row->account, row->received_at, ord, step};
    return ord;
}

static void count_totals(struct tx *tx, const struct email_row *row, int sign)
{
    if (row->state == STORE_EMAIL_PENDING)
        tx_totals(tx, row->account, 0, 0, sign, sign * row->size);
    else
        tx_totals(tx, row->account, sign, sign * row->size, 0, 0);
}

/* A summary grows by the beginning of the text when the message comes. In a first sync every row
 * would grow after the pages are full, which leaves them half empty: so it has room from the first.
 */
static GBytes *with_room(const struct email_row *row, GBytes *summary)
{
    gsize length = 0;
    const void *bytes = g_bytes_get_data(summary, &length);
    if (row->state != STORE_EMAIL_PENDING)
        return g_bytes_ref(summary);
    uint8_t *more = g_malloc0(length + PREVIEW_ROOM);
    memcpy(more, bytes, length);
    return g_bytes_new_take(more, length + PREVIEW_ROOM);
}

bool email_insert(struct tx *tx, struct email_row *row, GBytes *summary, const int64_t *thread_ids,
                  size_t thread_id_count, GError **error)
{
    g_autofree char *words = flags_words(&row->flags);
    g_autoptr(GBytes) data = with_room(row, summary);
    row->id = row->public_id = tx_new_id(tx);
    row->ord = free_ord(tx, row);
    if (!thread_assign(tx, row->account, row->id, thread_ids, thread_id_count, row->subject,
                       &row->thread, error))
        return false;
    tx_change(tx, row->account, STORE_EMAIL, row->public_id, CHANGE_CREATED);
    count_totals(tx, row, 1);
    return DB_RUN(tx->db, error,
                  "INSERT INTO email(id, account, public, thread, ord, received_at, size, estimate,"
                  " blob, state, bits, words, attachment, msgid, subject, emailid)"
                  " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                  I(row->id), I(row->account), I(row->public_id), I(row->thread), I(row->ord),
                  I(row->received_at), I(row->size), I(row->estimate), N(row->blob), I(row->state),
                  I(row->flags.bits), T(words), I(row->attachment), I(row->msgid), I(row->subject),
                  T(row->emailid)) &&
           DB_RUN(tx->db, error, "INSERT INTO summary(email, data) VALUES(?, ?)", I(row->id),
                  B(data));
}

bool email_add_member(struct tx *tx, const struct email_row *row, int64_t mailbox, GError **error)
{
    tx_change(tx, row->account, STORE_EMAIL, row->public_id, CHANGE_UPDATED);
    return tx_touch_thread(tx, row->account, row->thread, false, error) &&
           DB_RUN(tx->db, error,
                  "INSERT OR IGNORE INTO member(mailbox, ord, email, thread, bits)"
                  " VALUES(?, ?, ?, ?, ?)",
                  I(mailbox), I(row->ord), I(row->id), I(row->thread), I(row->flags.bits));
}

bool email_remove_member(struct tx *tx, const struct email_row *row, int64_t mailbox,
                         GError **error)
{
    tx_change(tx, row->account, STORE_EMAIL, row->public_id, CHANGE_UPDATED);
    return tx_touch_thread(tx, row->account, row->thread, false, error) &&
           DB_RUN(tx->db, error, "DELETE FROM member WHERE mailbox = ? AND ord = ?", I(mailbox),
                  I(row->ord));
}

GArray *email_members(struct db *db, int64_t email, GError **error)
{
    return DB_NUMBERS(db, error, "SELECT mailbox FROM member WHERE email = ? ORDER BY mailbox",
                      I(email));
}

GArray *email_remotes(struct db *db, int64_t email, GError **error)
{
    return DB_NUMBERS(db, error, "SELECT mailbox FROM remote WHERE email = ? ORDER BY mailbox",
                      I(email));
}

bool email_set_flags(struct tx *tx, struct email_row *row, const struct mail_flags *flags,
                     GError **error)
{
    if (mail_flags_equal(&row->flags, flags))
        return true;
    bool counts_change = counts_unread(row->flags.bits) != counts_unread(flags->bits);
    if (row->thread > 0)
        tx_change(tx, row->account, STORE_EMAIL, row->public_id, CHANGE_UPDATED);
    if (row->thread > 0 && counts_change &&
        !tx_touch_thread(tx, row->account, row->thread, false, error))
        return false;
    bool bits_changed = row->flags.bits != flags->bits;
    struct mail_flags copy = {0};
    mail_flags_copy(&copy, flags);
    mail_flags_clear(&row->flags);
    row->flags = copy;
    g_autofree char *words = flags_words(&row->flags);
    if (!DB_RUN(tx->db, error, "UPDATE email SET bits = ?, words = ? WHERE id = ?",
                I(row->flags.bits), T(words), I(row->id)))
        return false;
    if (!bits_changed)
        return true;
    g_autoptr(GArray) mailboxes = email_members(tx->db, row->id, error);
    for (guint i = 0; i < mailboxes->len; i++)
        if (!DB_RUN(tx->db, error, "UPDATE member SET bits = ? WHERE mailbox = ? AND ord = ?",
                    I(row->flags.bits), I(g_array_index(mailboxes, int64_t, i)), I(row->ord)))
            return false;
    return true;
}

bool email_hide(struct tx *tx, struct email_row *row, GError **error)
{
    if (row->thread == 0)
        return true;
    g_autoptr(GArray) mailboxes = email_members(tx->db, row->id, error);
    if (!tx_touch_thread(tx, row->account, row->thread, true, error) ||
        !notes_leave(tx, row, error))
        return false;
    for (guint i = 0; i < mailboxes->len; i++)
        if (!DB_RUN(tx->db, error, "DELETE FROM member WHERE mailbox = ? AND ord = ?",
                    I(g_array_index(mailboxes, int64_t, i)), I(row->ord)))
            return false;
    tx_change(tx, row->account, STORE_EMAIL, row->public_id, CHANGE_DESTROYED);
    row->thread = 0;
    return DB_RUN(tx->db, error, "UPDATE email SET thread = 0, orphan = 0 WHERE id = ?",
                  I(row->id)) &&
           DB_RUN(tx->db, error, "DELETE FROM attachment WHERE email = ?", I(row->id));
}

bool email_show(struct tx *tx, struct email_row *row, const GArray *mailboxes, GError **error)
{
    row->public_id = tx_new_id(tx);
    row->thread = row->public_id;
    tx_touch_new_thread(tx, row->account, row->thread);
    tx_change(tx, row->account, STORE_EMAIL, row->public_id, CHANGE_CREATED);
    if (!DB_RUN(tx->db, error, "UPDATE email SET thread = ?, public = ? WHERE id = ?",
                I(row->thread), I(row->public_id), I(row->id)) ||
        !notes_follow(tx, row->account, row->id, row->thread, error))
        return false;
    /* It left the queue when it was hidden. */
    if (row->attachment && row->blob != 0 &&
        !attachments_queue(tx, row->account, row->id, row->ord, error))
        return false;
    for (guint i = 0; i < mailboxes->len; i++)
        if (!email_add_member(tx, row, g_array_index(mailboxes, int64_t, i), error))
            return false;
    return true;
}

static const char *const delete_statements[] = {
    "DELETE FROM summary WHERE email = ?", "DELETE FROM words WHERE email = ?",
    "DELETE FROM loose WHERE email = ?",   "DELETE FROM expect WHERE email = ?",
    "DELETE FROM intent WHERE email = ?",  "DELETE FROM attachment WHERE email = ?",
    "DELETE FROM regroup WHERE email = ?", "DELETE FROM email WHERE id = ?",
};

bool email_delete(struct tx *tx, struct email_row *row, const struct terms *known, GError **error)
{
    if (!email_hide(tx, row, error) || !fts_remove(tx, row->id, known, error) ||
        !blob_ref(tx, row->blob, -1, error))
        return false;
    count_totals(tx, row, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(delete_statements); i++)
        if (!db_run(tx->db, delete_statements[i], (const struct db_value[]){I(row->id)}, 1, error))
            return false;
    return true;
}

bool email_expect(struct tx *tx, int64_t email, int64_t mailbox, enum expect_kind kind,
                  const struct mail_flags *flags, GError **error)
{
    g_autofree char *words = flags != NULL ? flags_words(flags) : NULL;
    return DB_RUN(tx->db, error,
                  "INSERT OR IGNORE INTO expect(email, mailbox, kind, since, bits, words)"
                  " VALUES(?, ?, ?, ?, ?, ?)",
                  I(email), I(mailbox), I(kind), I(clock_wall()),
                  flags != NULL ? I(flags->bits) : N(0), T(words));
}

/* Loose: a message that is not known yet may turn out to be this email. */
static bool write_loose(struct tx *tx, const struct email_row *row, GError **error)
{
    GError *cause = NULL;
    bool loose =
        row->orphan != 0 ||
        DB_NUMBER(tx->db, &cause, 0,
                  "SELECT EXISTS(SELECT 1 FROM expect WHERE email = ?1) OR EXISTS(SELECT 1 FROM"
                  " intent WHERE email = ?1 AND journal IS NOT NULL AND target <> 0) OR"
                  " EXISTS(SELECT 1 FROM member WHERE email = ?1 AND NOT EXISTS(SELECT 1 FROM"
                  " remote WHERE remote.email = ?1 AND remote.mailbox = member.mailbox))",
                  I(row->id)) != 0;
    if (cause == NULL)
        DB_RUN(tx->db, &cause, "DELETE FROM loose WHERE email = ?", I(row->id));
    if (cause == NULL && loose)
        DB_RUN(tx->db, &cause, "INSERT OR IGNORE INTO loose(account, msgid, email) VALUES(?, ?, ?)",
               I(row->account), I(row->msgid), I(row->id));
    if (cause == NULL && loose && row->alias != 0)
        DB_RUN(tx->db, &cause, "INSERT OR IGNORE INTO loose(account, msgid, email) VALUES(?, ?, ?)",
               I(row->account), I(row->alias), I(row->id));
    return error_settle(error, cause);
}

static bool nothing_left(struct tx *tx, int64_t email)
{
    return DB_NUMBER(tx->db, NULL, 1,
                     "SELECT EXISTS(SELECT 1 FROM remote WHERE email = ?1) OR EXISTS(SELECT 1 FROM"
                     " intent WHERE email = ?1) OR EXISTS(SELECT 1 FROM expect WHERE email = ?1)",
                     I(email)) == 0;
}

bool email_settle(struct tx *tx, int64_t email, GError **error)
{
    struct email_row row;
    GError *cause = NULL;
    if (email_load(tx, email, &row, &cause) && plan_mailboxes(tx, &row, &cause) &&
        plan_flags(tx, &row, &cause)) {
        if (row.thread == 0 && nothing_left(tx, email))
            email_delete(tx, &row, NULL, &cause);
        else
            write_loose(tx, &row, &cause);
    }
    email_row_clear(&row);
    return error_settle(error, cause);
}
