/* What the sync engine asks: UIDs, pending messages, totals. */
#include "store/sqlite/batch.h"
#include "store/sqlite/engine.h"

static void clear_message(gpointer message)
{
    g_free(((struct store_remote_message *)message)->words);
}

static bool add_messages(struct reader *reader, int64_t mailbox,
                         const struct store_uid_range *range, GArray *messages, GError **error)
{
    GError *cause = NULL;
    sqlite3_stmt *row = DB_QUERY(&reader->main, &cause,
                                 "SELECT uid, bits, email, skipped IS NOT NULL, words FROM remote"
                                 " WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid",
                                 I(mailbox), I(range->first), I(range->last));
    while (db_step(&reader->main, row, &cause)) {
        struct store_remote_message message = {.uid = (uint32_t)db_int(row, 0),
                                               .flag_bits = (uint32_t)db_int(row, 1),
                                               .email = db_int(row, 2),
                                               .skipped = db_int(row, 3) != 0,
                                               .words = db_text_copy(row, 4)};
        g_array_append_val(messages, message);
    }
    if (cause != NULL)
        g_propagate_error(error, cause);
    return cause == NULL;
}

GArray *store_sync_messages_in(struct store *store, int64_t mailbox,
                               const struct store_uid_range *ranges, size_t count, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GArray *messages = g_array_new(FALSE, TRUE, sizeof(struct store_remote_message));
    g_array_set_clear_func(messages, clear_message);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++)
        ok = add_messages(reader, mailbox, &ranges[i], messages, error);
    reader_end(store, reader);
    if (ok)
        return messages;
    g_array_unref(messages);
    return NULL;
}

GArray *store_sync_messages(struct store *store, int64_t mailbox, uint32_t first_uid,
                            uint32_t last_uid, GError **error)
{
    const struct store_uid_range range = {first_uid, last_uid};
    return store_sync_messages_in(store, mailbox, &range, 1, error);
}

bool store_sync_knows_ids(struct store *store, int64_t account, const char *const *ids,
                          size_t count, bool *known, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    for (size_t i = 0; i < count && cause == NULL; i++)
        known[i] = DB_NUMBER(&reader->main, &cause, 1,
                             "SELECT EXISTS(SELECT 1 FROM ref WHERE account = ?1 AND hash = ?2) OR"
                             " EXISTS(SELECT 1 FROM loose WHERE account = ?1 AND msgid = ?2)",
                             I(account), I(id_hash(store, ids[i]))) != 0;
    reader_end(store, reader);
    return error_settle(error, cause);
}

int64_t store_sync_newest_email(struct store *store, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return -1;
    int64_t newest =
        db_number(&reader->main, "SELECT coalesce(max(id), 0) FROM email", NULL, 0, -1, &cause);
    reader_end(store, reader);
    if (cause != NULL)
        g_propagate_error(error, cause);
    return newest;
}

uint32_t store_sync_message_count(struct store *store, int64_t mailbox, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return UINT32_MAX;
    int64_t count = DB_NUMBER(&reader->main, &cause, UINT32_MAX,
                              "SELECT count(*) FROM remote WHERE mailbox = ?", I(mailbox));
    reader_end(store, reader);
    if (cause != NULL)
        g_propagate_error(error, cause);
    return (uint32_t)count;
}

GArray *store_sync_uids_apart(struct store *store, int64_t mailbox, uint32_t every, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint32_t uid = 0;;) {
        uid = (uint32_t)DB_NUMBER(&reader->main, &cause, 0,
                                  "SELECT uid FROM remote WHERE mailbox = ? AND uid > ?"
                                  " ORDER BY uid LIMIT 1 OFFSET ?",
                                  I(mailbox), I(uid), I(uid == 0 ? every : every - 1));
        if (uid == 0)
            break;
        g_array_append_val(uids, uid);
    }
    reader_end(store, reader);
    return db_settle_array(uids, cause, error);
}

bool store_sync_message_is(struct store *store, int64_t mailbox, uint32_t uid,
                           const struct mail_summary *summary, int64_t received_at, GError **error)
{
    GError *cause = NULL;
    if (summary->message_id == NULL || summary->message_id[0] == '\0')
        return false;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    int64_t found = DB_NUMBER(&reader->main, &cause, 0,
                              "SELECT 1 FROM remote JOIN email ON email.id = remote.email WHERE"
                              " remote.mailbox = ?1 AND remote.uid = ?2 AND email.received_at = ?3"
                              " AND (email.msgid = ?4 OR email.alias = ?4)",
                              I(mailbox), I(uid), I(received_at),
                              I(batch_msgid(store, summary, received_at, 0)));
    reader_end(store, reader);
    if (cause != NULL)
        g_propagate_error(error, cause);
    return found == 1;
}

GArray *store_sync_steps(struct store *store, int64_t mailbox, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GArray *steps = g_array_new(FALSE, TRUE, sizeof(struct store_step));
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT remote.uid, kind, journal IS NOT NULL FROM intent JOIN remote ON"
                 " remote.email = intent.email AND remote.mailbox = intent.mailbox WHERE"
                 " intent.account = (SELECT account FROM mailbox WHERE id = ?1) AND intent.mailbox "
                 "="
                 " ?1 ORDER BY remote.uid",
                 I(mailbox));
    while (db_step(&reader->main, row, &cause)) {
        struct store_step step = {.uid = (uint32_t)db_int(row, 0),
                                  .kind = (enum store_intent_kind)db_int(row, 1),
                                  .begun = db_int(row, 2) != 0};
        g_array_append_val(steps, step);
    }
    reader_end(store, reader);
    return db_settle_array(steps, cause, error);
}

GArray *store_sync_pending(struct store *store, int64_t account, size_t limit, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GArray *pending = g_array_new(FALSE, TRUE, sizeof(struct store_pending));
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT email.id, remote.mailbox, min(remote.uid), email.size, wanted FROM email"
                 " JOIN remote ON remote.email = email.id WHERE account = ? AND state = 0 AND"
                 " wanted >= 0 AND thread > 0 AND remote.skipped IS NULL GROUP BY wanted, ord"
                 " ORDER BY wanted DESC, ord DESC LIMIT ?",
                 I(account), I(limit));
    while (db_step(&reader->main, row, &cause)) {
        struct store_pending one = {.email = db_int(row, 0),
                                    .mailbox = db_int(row, 1),
                                    .uid = (uint32_t)db_int(row, 2),
                                    .size = (uint64_t)db_int(row, 3),
                                    .wanted = db_int(row, 4) > 0};
        g_array_append_val(pending, one);
    }
    reader_end(store, reader);
    return db_settle_array(pending, cause, error);
}

bool store_sync_totals(struct store *store, int64_t account, uint64_t *ready, uint64_t *ready_bytes,
                       uint64_t *pending, uint64_t *pending_bytes, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT ready, ready_bytes, pending, pending_bytes FROM account WHERE id = ?",
                 I(account));
    bool found = db_step(&reader->main, row, &cause);
    if (found) {
        uint64_t *out[] = {ready, ready_bytes, pending, pending_bytes};
        for (int i = 0; i < 4; i++)
            *out[i] = (uint64_t)MAX(db_int(row, i), 0);
        db_done(row);
    } else if (cause == NULL) {
        error_set(&cause, ERROR_NOT_FOUND, "no such account");
    }
    reader_end(store, reader);
    if (cause != NULL)
        g_propagate_error(error, cause);
    return found;
}
