#include "store/sqlite/emails.h"

#include "base/clock.h"

void store_intent_free(struct store_intent *intent)
{
    if (intent == NULL)
        return;
    g_free(intent->raw_mailbox);
    g_free(intent->raw_target);
    mail_flags_clear(&intent->add);
    mail_flags_clear(&intent->remove);
    g_free(intent->message_id);
    g_free(intent->journal);
    g_free(intent);
}

static void free_intent(gpointer intent)
{
    store_intent_free(intent);
}

static struct store_intent *intent_of_row(sqlite3_stmt *row)
{
    struct store_intent *intent = g_new0(struct store_intent, 1);
    intent->id = db_int(row, 0);
    intent->email = db_int(row, 1);
    intent->kind = (enum store_intent_kind)db_int(row, 2);
    intent->mailbox = db_int(row, 3);
    intent->target = db_int(row, 4);
    flags_from(&intent->add, (uint32_t)db_int(row, 5), db_text(row, 6));
    flags_from(&intent->remove, (uint32_t)db_int(row, 7), db_text(row, 8));
    intent->journal = db_text_copy(row, 9);
    intent->attempts = (int)db_int(row, 10);
    intent->received_at = db_int(row, 11);
    intent->uid = (uint32_t)db_int(row, 12);
    intent->uidvalidity = (uint32_t)db_int(row, 13);
    intent->raw_mailbox = db_text_copy(row, 14);
    intent->raw_target = db_text_copy(row, 15);
    struct mail_summary *summary =
        summary_unpack(sqlite3_column_blob(row, 16), (size_t)sqlite3_column_bytes(row, 16));
    intent->message_id = g_strdup(summary->message_id);
    mail_summary_free(summary);
    intent->size = (uint64_t)db_int(row, 17);
    intent->estimate = (uint64_t)db_int(row, 18);
    intent->kept = db_int(row, 19);
    intent->kept_uidvalidity = (uint32_t)db_int(row, 20);
    intent->kept_uid = (uint32_t)db_int(row, 21);
    return intent;
}

/* What intent_of_row reads. */
#define INTENTS                                                                                    \
    "SELECT intent.id, intent.email, kind, intent.mailbox, target, add_bits, add_words,"           \
    " remove_bits, remove_words, journal, attempts, email.received_at, remote.uid,"                \
    " source.uidvalidity, source.raw_name, goal.raw_name, summary.data, email.size,"               \
    " email.estimate, stay.mailbox, place.uidvalidity, stay.uid FROM intent"                       \
    " JOIN email ON email.id = intent.email"                                                       \
    " LEFT JOIN summary ON summary.email = intent.email"                                           \
    " LEFT JOIN remote ON remote.email = intent.email AND remote.mailbox = intent.mailbox"         \
    " LEFT JOIN mailbox AS source ON source.id = intent.mailbox"                                   \
    " LEFT JOIN mailbox AS goal ON goal.id = intent.target"                                        \
    " LEFT JOIN remote AS stay ON kind = 3 AND stay.email = intent.email AND stay.mailbox ="       \
    " (SELECT min(member.mailbox) FROM member JOIN remote USING (email, mailbox) WHERE"            \
    " member.email = intent.email AND member.mailbox <> intent.mailbox)"                           \
    " LEFT JOIN mailbox AS place ON place.id = stay.mailbox"

/* All rows, and the reader goes back. Takes cause. */
static GPtrArray *take_intents(struct store *store, struct reader *reader, sqlite3_stmt *row,
                               GError *cause, GError **error)
{
    GPtrArray *intents = g_ptr_array_new_with_free_func(free_intent);
    while (db_step(&reader->main, row, &cause))
        g_ptr_array_add(intents, intent_of_row(row));
    reader_end(store, reader);
    return db_settle_list(intents, cause, error);
}

/* Those whose message is not on the server yet wait, unless their step may have been taken: then
 * the session looks for its effect. */
GPtrArray *store_intents(struct store *store, int64_t account, size_t limit, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row = DB_QUERY(
        &reader->main, &cause,
        INTENTS
        " WHERE intent.account = ? AND next_attempt <= ? AND coalesce(source.place, 0) <> ?3 AND"
        " coalesce(goal.place, 0) <> ?3 AND (kind = ? OR remote.uid IS NOT NULL"
        " OR journal IS NOT NULL)"
        " AND NOT EXISTS(SELECT 1 FROM intent AS before WHERE before.email = intent.email AND"
        " before.id < intent.id AND before.next_attempt > ?2 AND before.kind <> 0)"
        " AND (kind <> ? OR (email.bits & ?) = 0 OR NOT EXISTS(SELECT 1 FROM intent AS before"
        " WHERE before.account = intent.account AND before.id < intent.id AND before.kind = ?"
        " AND before.target = intent.mailbox)) ORDER BY intent.id LIMIT ?",
        I(account), I(clock_wall()), I(FOLDER_NEW), I(STORE_INTENT_APPEND), I(STORE_INTENT_EXPUNGE),
        I(MAIL_DRAFT), I(STORE_INTENT_APPEND), I(limit));
    return take_intents(store, reader, row, cause, error);
}

GPtrArray *store_intents_begun(struct store *store, int64_t account, int64_t target, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 INTENTS " WHERE intent.account = ? AND target = ? AND journal IS NOT NULL"
                         " ORDER BY intent.id",
                 I(account), I(target));
    return take_intents(store, reader, row, cause, error);
}

/* The first column of the first row. */
static bool ask_number(struct store *store, const char *sql, const struct db_value *values,
                       size_t count, int64_t *number, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    *number = db_number(&reader->main, sql, values, count, 0, &cause);
    reader_end(store, reader);
    return error_settle(error, cause);
}

bool store_intents_in_doubt(struct store *store, int64_t account, bool *in_doubt, GError **error)
{
    int64_t found = 0;
    bool ok = ask_number(store,
                         "SELECT EXISTS(SELECT 1 FROM intent WHERE account = ?1 AND target <> 0"
                         " AND journal IS NOT NULL) OR EXISTS(SELECT 1 FROM folder_intent WHERE"
                         " account = ?1 AND begun)",
                         (const struct db_value[]){I(account)}, 1, &found, error);
    *in_doubt = found != 0;
    return ok;
}

bool store_intents_next(struct store *store, int64_t account, int64_t *next, GError **error)
{
    return ask_number(store,
                      "SELECT min(next_attempt) FROM (SELECT next_attempt FROM intent WHERE account"
                      " = ?1 AND next_attempt > ?2 UNION ALL SELECT next_attempt FROM folder_intent"
                      " WHERE account = ?1 AND next_attempt > ?2)",
                      (const struct db_value[]){I(account), I(clock_wall())}, 2, next, error);
}

struct begin {
    const int64_t *ids;
    size_t count;
    const char *journal;
    bool *begun;
};

static bool begin_one(struct tx *tx, const struct begin *begin, size_t at, GError **error)
{
    GError *cause = NULL;
    int64_t email =
        DB_NUMBER(tx->db, &cause, 0, "SELECT email FROM intent WHERE id = ?", I(begin->ids[at]));
    begin->begun[at] = email != 0;
    if (cause == NULL && email != 0 &&
        DB_RUN(tx->db, &cause, "UPDATE intent SET journal = ? WHERE id = ?",
               T(begin->journal != NULL ? begin->journal : ""), I(begin->ids[at])))
        email_settle(tx, email, &cause);
    return error_settle(error, cause);
}

static bool begin_intents(struct tx *tx, void *arg, GError **error)
{
    const struct begin *begin = arg;
    for (size_t i = 0; i < begin->count; i++)
        if (!begin_one(tx, begin, i, error))
            return false;
    return true;
}

bool store_intents_begin(struct store *store, const int64_t *intents, size_t count,
                         const char *journal, bool *begun, GError **error)
{
    struct begin begin = {intents, count, journal, begun};
    return store_write(store, STORE_LANE_INTERACTIVE, begin_intents, &begin, error);
}

bool store_intent_begin(struct store *store, int64_t intent, const char *journal, GError **error)
{
    bool begun = false;
    if (!store_intents_begin(store, &intent, 1, journal, &begun, error))
        return false;
    if (!begun)
        error_set(error, ERROR_NOT_FOUND, "the intent was superseded");
    return begun;
}

struct postpone {
    const int64_t *ids;
    size_t count;
    const char *journal;
    int64_t next_attempt;
};

static bool postpone_intents(struct tx *tx, void *arg, GError **error)
{
    const struct postpone *postpone = arg;
    for (size_t i = 0; i < postpone->count; i++)
        if (!DB_RUN(tx->db, error, "UPDATE intent SET journal = ?, next_attempt = ? WHERE id = ?",
                    T(postpone->journal), I(postpone->next_attempt), I(postpone->ids[i])))
            return false;
    return true;
}

bool store_intents_postpone(struct store *store, const int64_t *intents, size_t count,
                            const char *journal, int64_t next_attempt, GError **error)
{
    struct postpone postpone = {intents, count, journal, next_attempt};
    return store_write(store, STORE_LANE_INTERACTIVE, postpone_intents, &postpone, error);
}

struct retry {
    int64_t id, next_attempt;
};

static bool retry_intent(struct tx *tx, void *arg, GError **error)
{
    const struct retry *retry = arg;
    return DB_RUN(tx->db, error,
                  "UPDATE intent SET next_attempt = ?, attempts = attempts + 1 WHERE id = ?",
                  I(retry->next_attempt), I(retry->id));
}

bool store_intent_retry(struct store *store, int64_t intent, int64_t next_attempt, GError **error)
{
    struct retry retry = {.id = intent, .next_attempt = next_attempt};
    return store_write(store, STORE_LANE_INTERACTIVE, retry_intent, &retry, error);
}
