/* The end of a round: what it did not show again goes. To take an email's words out of the index
 * its message is read once more (fts.h), which takes a while with a large one: so the caller's
 * thread reads some, and the writer, which everybody waits for, lets those go in one transaction.
 */
#include "store/sqlite/batch.h"

#include "store/sqlite/reading.h"

#include "base/clock.h"

#include <string.h>

/* Of one transaction: emails, and bytes of their words. */
#define SLICE 100
#define SLICE_BYTES ((size_t)4 * 1024 * 1024)
/* A provider files its copy of a sent message within seconds; after this the store stops waiting
 * and has its own copy put there. */
#define SENT_COPY_WAIT 3600
/* A message of ours that a whole pass over all mailboxes did not show, is not there. The first
 * sweep may end a pass that began before. */
#define EXPECT_SWEEPS 2

/* Copies of sent messages that did not come: the store's own is appended instead. */
static bool give_up_sent_copies(struct tx *tx, int64_t account, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT DISTINCT expect.email FROM expect JOIN submission ON submission.email ="
                   " expect.email WHERE submission.account = ? AND state = 3 AND copy = 0 AND "
                   "since "
                   "< ?",
                   I(account), I(clock_wall() - SENT_COPY_WAIT));
    for (guint i = 0; i < ids->len && cause == NULL; i++) {
        int64_t email = g_array_index(ids, int64_t, i);
        if (DB_RUN(tx->db, &cause, "UPDATE submission SET copy = 2 WHERE email = ?", I(email)) &&
            DB_RUN(tx->db, &cause, "DELETE FROM expect WHERE email = ?", I(email)))
            email_settle(tx, email, &cause);
    }
    return error_settle(error, cause);
}

/* What we moved went away while we did; what we appended is put there anew. */
static bool give_up_expectations(struct tx *tx, int64_t account, GError **error)
{
    GError *cause = NULL;
    DB_RUN(tx->db, &cause,
           "UPDATE expect SET sweeps = sweeps + 1 WHERE kind <> 2 AND email IN (SELECT email FROM"
           " loose WHERE account = ?)",
           I(account));
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT DISTINCT expect.email FROM expect JOIN email ON email.id = expect.email"
                   " WHERE account = ? AND sweeps >= ?",
                   I(account), I(EXPECT_SWEEPS));
    for (guint i = 0; i < ids->len && cause == NULL; i++) {
        int64_t email = g_array_index(ids, int64_t, i);
        if (DB_RUN(tx->db, &cause,
                   "UPDATE email SET orphan_round = 0, orphan = (SELECT mailbox FROM expect WHERE "
                   "email = ?1 AND kind"
                   " = 0 LIMIT 1) WHERE id = ?1 AND thread > 0 AND EXISTS(SELECT 1 FROM expect"
                   " WHERE email = ?1 AND kind = 0) AND NOT EXISTS(SELECT 1 FROM remote WHERE email"
                   " = ?1)",
                   I(email)) &&
            DB_RUN(tx->db, &cause, "DELETE FROM expect WHERE email = ? AND sweeps >= ?", I(email),
                   I(EXPECT_SWEEPS)))
            email_settle(tx, email, &cause);
    }
    return error_settle(error, cause);
}

/* A sent message that was destroyed here before the provider's copy of it was seen. */
static bool forget_hidden(struct tx *tx, int64_t account, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT DISTINCT expect.email FROM expect JOIN email ON email.id = expect.email"
                   " WHERE account = ? AND thread = 0 AND since < ?",
                   I(account), I(clock_wall() - STORE_DAY));
    for (guint i = 0; i < ids->len && cause == NULL; i++) {
        int64_t email = g_array_index(ids, int64_t, i);
        if (DB_RUN(tx->db, &cause, "DELETE FROM expect WHERE email = ?", I(email)))
            email_settle(tx, email, &cause);
    }
    return error_settle(error, cause);
}

/* Folders that were deleted there, once nothing of them may be found elsewhere any more. */
static bool drop_gone_mailboxes(struct tx *tx, int64_t account, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT id FROM mailbox WHERE account = ?1 AND gone <> ?2 AND NOT EXISTS(SELECT "
                   "1"
                   " FROM email WHERE email.account = ?1 AND orphan <> 0 AND orphan = mailbox.id)",
                   I(account), I(0));
    for (guint i = 0; i < ids->len && cause == NULL; i++)
        mailbox_drop(tx, account, g_array_index(ids, int64_t, i), &cause);
    return error_settle(error, cause);
}

/* Its draft went, but it is being sent, or was and is yet to be filed: it is a mail of ours, that
 * nobody's change of the draft takes away. */
static bool is_going_out(struct tx *tx, int64_t email)
{
    return DB_NUMBER(tx->db, NULL, 1,
                     "SELECT EXISTS(SELECT 1 FROM email JOIN submission ON submission.email ="
                     " email.id WHERE email.id = ?1 AND email.thread > 0 AND (submission.state <"
                     " ?2 OR (submission.state = ?2 AND EXISTS(SELECT 1 FROM member JOIN mailbox ON"
                     " mailbox.id = member.mailbox WHERE member.email = ?1 AND mailbox.role = ?3 "
                     "AND"
                     " mailbox.id <> email.orphan))))",
                     I(email), I(STORE_SEND_SENT), I(MAIL_ROLE_SENT)) != 0;
}

static bool sweep_orphan(struct tx *tx, int64_t email, const struct terms *terms, GError **error)
{
    struct email_row row = {0};
    GError *cause = NULL;
    if (is_going_out(tx, email)) {
        if (DB_RUN(tx->db, &cause, "UPDATE email SET orphan = 0 WHERE id = ?", I(email)) &&
            DB_RUN(tx->db, &cause, "DELETE FROM intent WHERE email = ? AND kind = ?", I(email),
                   I(STORE_INTENT_FLAGS)))
            email_settle(tx, email, &cause);
    } else if (email_load(tx, email, &row, &cause)) {
        email_delete(tx, &row, terms, &cause);
    }
    email_row_clear(&row);
    return error_settle(error, cause);
}

/* --- slices */

struct swept {
    struct reading reading;
    bool indexed;
    struct terms terms; /* of one that is */
};

struct sweep {
    struct store *store;
    int64_t account;
    GArray *emails; /* struct swept */
    bool last;
};

static void clear_swept(gpointer swept)
{
    terms_clear(&((struct swept *)swept)->terms);
}

static bool find_due(struct sweep *sweep, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(sweep->store, error);
    if (reader == NULL)
        return false;
    sqlite3_stmt *row = DB_QUERY(&reader->main, &cause,
                                 "SELECT id, blob, state, indexed <> 0 FROM email WHERE account = ?"
                                 " AND orphan <> 0 AND orphan_round = ? LIMIT ?",
                                 I(sweep->account), I(1), I(SLICE));
    while (db_step(&reader->main, row, &cause)) {
        const struct swept swept = {.reading = {db_int(row, 0), db_int(row, 1),
                                                (enum store_email_state)db_int(row, 2)},
                                    .indexed = db_int(row, 3) != 0};
        g_array_append_val(sweep->emails, swept);
    }
    reader_end(sweep->store, reader);
    return error_settle(error, cause);
}

/* A snapshot each: what is held for long keeps the log from being emptied. */
static bool read_one(struct sweep *sweep, struct swept *swept, GError **error)
{
    struct reader *reader = reader_begin(sweep->store, error);
    if (reader == NULL)
        return false;
    reading_terms(sweep->store, &reader->main, &reader->blobs, sweep->account, &swept->reading,
                  &swept->terms);
    reader_end(sweep->store, reader);
    return true;
}

static bool prepare(struct sweep *sweep, GError **error)
{
    size_t bytes = 0;
    guint ready = 0;
    g_array_set_size(sweep->emails, 0);
    if (!find_due(sweep, error))
        return false;
    for (; ready < sweep->emails->len && bytes < SLICE_BYTES; ready++) {
        struct swept *swept = &g_array_index(sweep->emails, struct swept, ready);
        if (!swept->indexed)
            continue;
        if (!read_one(sweep, swept, error))
            return false;
        bytes += strlen(swept->terms.text);
    }
    sweep->last = ready < SLICE && ready == sweep->emails->len;
    g_array_set_size(sweep->emails, ready);
    return true;
}

static bool is_due(struct tx *tx, const struct sweep *sweep, int64_t email, GError **error)
{
    return DB_NUMBER(tx->db, error, 0,
                     "SELECT 1 FROM email WHERE id = ? AND account = ? AND orphan <> 0 AND"
                     " orphan_round = ?",
                     I(email), I(sweep->account), I(1)) == 1;
}

static bool write_slice(struct tx *tx, void *arg, GError **error)
{
    const struct sweep *sweep = arg;
    GError *cause = NULL;
    for (guint i = 0; i < sweep->emails->len && cause == NULL; i++) {
        const struct swept *swept = &g_array_index(sweep->emails, struct swept, i);
        if (is_due(tx, sweep, swept->reading.email, &cause))
            sweep_orphan(tx, swept->reading.email, &swept->terms, &cause);
    }
    if (cause == NULL && sweep->last && give_up_sent_copies(tx, sweep->account, &cause) &&
        give_up_expectations(tx, sweep->account, &cause) &&
        forget_hidden(tx, sweep->account, &cause))
        drop_gone_mailboxes(tx, sweep->account, &cause);
    return error_settle(error, cause);
}

bool sweep_run(struct store *store, int64_t account, GError **error)
{
    struct sweep sweep = {store, account, g_array_new(FALSE, TRUE, sizeof(struct swept)), false};
    g_array_set_clear_func(sweep.emails, clear_swept);
    bool ok = true;
    while (ok && !sweep.last)
        ok = prepare(&sweep, error) &&
             store_write(store, STORE_LANE_BULK, write_slice, &sweep, error);
    g_array_unref(sweep.emails);
    return ok;
}

bool store_sync_loose(struct store *store, int64_t account, unsigned *all, unsigned *due,
                      GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    unsigned fresh = (unsigned)DB_NUMBER(&reader->main, &cause, 0,
                                         "SELECT count(*) FROM email WHERE account = ? AND orphan "
                                         "<> 0 AND orphan_round = 0",
                                         I(account));
    *due = (unsigned)DB_NUMBER(
        &reader->main, &cause, 0,
        "SELECT (SELECT count(*) FROM email WHERE account = ?1 AND orphan <> 0 AND orphan_round ="
        " 1) + (SELECT count(*) FROM expect JOIN mailbox ON mailbox.id = expect.mailbox WHERE"
        " account = ?1 AND (kind <> 2 OR since < ?2)) + (SELECT count(*) FROM mailbox WHERE "
        "account = ?1 AND gone"
        " <> 0)",
        I(account), I(clock_wall() - SENT_COPY_WAIT));
    *all = *due + fresh;
    reader_end(store, reader);
    return error_settle(error, cause);
}
