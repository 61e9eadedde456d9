/* What the sync engine asks: UIDs, pending messages, totals. */
#include "store/sqlite/engine.h"

bool store_sync_mailbox_counts(struct store *store, int64_t mailbox, uint32_t *local,
                               uint32_t *pending, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    *local =
        (uint32_t)DB_NUMBER(&reader->main, &cause, 0,
                            "SELECT count(*) FROM remote WHERE mailbox = ? AND skipped IS NULL",
                            I(mailbox));
    *pending = (uint32_t)DB_NUMBER(
        &reader->main, &cause, 0,
        "SELECT count(*) FROM email JOIN remote ON remote.email = email.id WHERE email.account ="
        " (SELECT account FROM mailbox WHERE id = ?1) AND state = 0 AND wanted >= 0 AND"
        " remote.mailbox = ?1",
        I(mailbox));
    reader_end(store, reader);
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

GArray *store_sync_messages(struct store *store, int64_t mailbox, uint32_t first_uid,
                            uint32_t last_uid, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GArray *messages = g_array_new(FALSE, TRUE, sizeof(struct store_remote_message));
    sqlite3_stmt *row = DB_QUERY(&reader->main, &cause,
                                 "SELECT uid, remote.bits, email, state, skipped IS NOT NULL, "
                                 "remote.words IS NOT NULL"
                                 " FROM remote LEFT JOIN email ON email.id = remote.email WHERE "
                                 "mailbox = ? AND uid BETWEEN ? AND ?"
                                 " ORDER BY uid",
                                 I(mailbox), I(first_uid), I(last_uid));
    while (db_step(&reader->main, row, &cause)) {
        struct store_remote_message message = {.uid = (uint32_t)db_int(row, 0),
                                               .flag_bits = (uint32_t)db_int(row, 1),
                                               .email = db_int(row, 2),
                                               .state = (uint8_t)db_int(row, 3),
                                               .skipped = db_int(row, 4) != 0,
                                               .has_keywords = db_int(row, 5) != 0};
        g_array_append_val(messages, message);
    }
    reader_end(store, reader);
    if (cause == NULL)
        return messages;
    g_propagate_error(error, cause);
    g_array_unref(messages);
    return NULL;
}

char **store_sync_remote_keywords(struct store *store, int64_t mailbox, uint32_t uid)
{
    char **words = NULL;
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row = DB_QUERY(&reader->main, NULL,
                                 "SELECT words FROM remote WHERE mailbox = ? AND uid = ? AND words"
                                 " IS NOT NULL",
                                 I(mailbox), I(uid));
    if (db_step(&reader->main, row, NULL)) {
        words = g_strsplit(db_text(row, 0), " ", -1);
        db_done(row);
    }
    reader_end(store, reader);
    return words;
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
    if (cause == NULL)
        return pending;
    g_propagate_error(error, cause);
    g_array_unref(pending);
    return NULL;
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
