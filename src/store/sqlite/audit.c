#include "store/sqlite/audit.h"

#include "store/people.h"

#include "base/clock.h"

#include <string.h>

#define HOUR INT64_C(3600)
#define TEXT_MAX_BYTES 400
#define PRUNE_EVERY 64
#define PRUNE_SLICE 500
#define READS_MAX 100000
#define READ_ACT "mail.read"

/* --- adding */

/* Rows beyond the retention go, a slice at a time. */
static bool prune(struct tx *tx, GError **error)
{
    int64_t oldest = clock_wall() - tx->store->audit_days * STORE_DAY;
    return DB_RUN(tx->db, error,
                  "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 ORDER BY at"
                  " LIMIT ?2)",
                  I(oldest), I(PRUNE_SLICE)) &&
           DB_RUN(tx->db, error,
                  "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id <= (SELECT max(id)"
                  " FROM audit) - ?1 ORDER BY id LIMIT ?2)",
                  I(tx->store->audit_rows), I(PRUNE_SLICE));
}

/* Texts may come from outside: bounded, and one line. (transfer full) or NULL. */
static char *clean(const char *text)
{
    if (text == NULL || text[0] == '\0')
        return NULL;
    char *copy = g_utf8_make_valid(text, (gssize)strnlen(text, TEXT_MAX_BYTES));
    for (char *at = copy; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    return copy;
}

bool audit_add(struct tx *tx, const struct audit_row *row, GError **error)
{
    g_autofree char *subject = clean(row->subject);
    g_autofree char *detail = clean(row->detail);
    if (!DB_RUN(tx->db, error,
                "INSERT INTO audit(at, user, actor, act, account, address, subject, detail)"
                " VALUES(?1, ?2, coalesce(?3, (SELECT email FROM user WHERE id = ?2)), ?4, ?5,"
                " (SELECT address FROM account WHERE id = ?5), ?6, ?7)",
                I(clock_wall()), I(row->user), T(row->actor), T(row->act), I(row->account),
                T(subject), T(detail)))
        return false;
    return sqlite3_last_insert_rowid(tx->db->handle) % PRUNE_EVERY != 0 || prune(tx, error);
}

bool audit_act(struct tx *tx, const struct store_principal *principal, const char *act,
               int64_t account, const char *subject, const char *detail, GError **error)
{
    const struct audit_row row = {.user = principal->user,
                                  .actor = principal->email,
                                  .act = act,
                                  .account = account,
                                  .subject = subject,
                                  .detail = detail};
    return audit_add(tx, &row, error);
}

static bool note(struct tx *tx, void *arg, GError **error)
{
    return audit_add(tx, arg, error);
}

void store_audit_note(struct store *store, const struct store_principal *principal, const char *act,
                      int64_t account, const char *subject, const char *detail)
{
    struct audit_row row = {.user = principal->user,
                            .actor = principal->email,
                            .act = act,
                            .account = account,
                            .subject = subject,
                            .detail = detail};
    store_write(store, STORE_LANE_INTERACTIVE, note, &row, NULL);
}

void store_audit_operator(struct store *store, const char *act, const char *subject,
                          const char *detail)
{
    struct audit_row row = {.actor = "operator", .act = act, .subject = subject, .detail = detail};
    store_write(store, STORE_LANE_INTERACTIVE, note, &row, NULL);
}

static bool note_refused(struct tx *tx, void *arg, GError **error)
{
    struct audit_row *row = arg;
    GError *cause = NULL;
    struct audit_row kept = *row;
    if (people_user_of(tx->db, row->subject != NULL ? row->subject : "", &cause) == 0)
        kept.subject = NULL;
    if (cause == NULL)
        audit_add(tx, &kept, &cause);
    return error_settle(error, cause);
}

void store_audit_refused(struct store *store, const char *email, const char *act,
                         const char *detail)
{
    struct audit_row row = {.act = act, .subject = email, .detail = detail};
    store_write(store, STORE_LANE_BULK, note_refused, &row, NULL);
}

/* --- reads in others' mailboxes */

struct audit_reads {
    pthread_mutex_t mutex;
    GHashTable *noted; /* set of "user account", for the hour */
    int64_t hour;
};

struct audit_reads *audit_reads_new(void)
{
    struct audit_reads *reads = g_new0(struct audit_reads, 1);
    pthread_mutex_init(&reads->mutex, NULL);
    reads->noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return reads;
}

void audit_reads_free(struct audit_reads *reads)
{
    if (reads == NULL)
        return;
    g_hash_table_unref(reads->noted);
    pthread_mutex_destroy(&reads->mutex);
    g_free(reads);
}

/* True for the first read of the hour. */
static bool is_first(struct audit_reads *reads, int64_t user, int64_t account, int64_t hour)
{
    char *key = g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, user, account);
    pthread_mutex_lock(&reads->mutex);
    if (reads->hour != hour || g_hash_table_size(reads->noted) >= READS_MAX)
        g_hash_table_remove_all(reads->noted);
    reads->hour = hour;
    bool first = g_hash_table_add(reads->noted, key);
    pthread_mutex_unlock(&reads->mutex);
    return first;
}

struct read_write {
    int64_t user, account, hour;
};

static bool note_read(struct tx *tx, void *arg, GError **error)
{
    const struct read_write *write = arg;
    return DB_RUN(tx->db, error,
                  "INSERT OR IGNORE INTO audit(at, user, actor, act, account, address) SELECT ?3,"
                  " ?1, (SELECT email FROM user WHERE id = ?1), '" READ_ACT "', id, address FROM"
                  " account WHERE id = ?2 AND owner <> ?1 AND NOT EXISTS(SELECT 1 FROM credential"
                  " WHERE account = ?2 AND user = ?1)",
                  I(write->user), I(write->account), I(write->hour));
}

void store_audit_read(const struct store_access *access, int64_t account)
{
    struct store *store = store_access_store(access);
    const struct store_principal *principal = store_access_principal(access);
    int64_t hour = clock_wall() / HOUR * HOUR;
    struct read_write write = {principal->user, account, hour};
    if (principal->door == DOOR_OPERATOR ||
        !is_first(store->audit_reads, principal->user, account, hour))
        return;
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return;
    bool own = access_is_own(&reader->main, access, account);
    reader_end(store, reader);
    if (!own)
        store_write(store, STORE_LANE_BULK, note_read, &write, NULL);
}

/* --- asking */

void store_audit_entry_free(struct store_audit_entry *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->actor);
    g_free(entry->act);
    g_free(entry->address);
    g_free(entry->subject);
    g_free(entry->detail);
    g_free(entry);
}

static void free_entry(gpointer entry)
{
    store_audit_entry_free(entry);
}

/* ?1: 0 for an administrator, else the person; ?2 … ?7: the filter. */
#define VISIBLE                                                                                    \
    " (?1 = 0 OR user = ?1 OR (account <> 0 AND account IN (SELECT account FROM credential WHERE"  \
    " credential.user = ?1)))"
#define MATCHES                                                                                    \
    VISIBLE " AND (?2 = 0 OR user = ?2) AND (?3 = 0 OR account = ?3) AND (?4 = 0 OR at >= ?4) AND" \
            " (?5 = 0 OR at < ?5) AND (?6 IS NULL OR act = ?6 OR substr(act, 1, ?7) = ?6)"

#define FILTER_VALUES(only, filter, prefix)                                                        \
    I(only), I((filter)->user), I((filter)->account), I((filter)->after), I((filter)->before),     \
        T((filter)->act), I(prefix)

static int64_t only_whom(struct db *db, const struct store_principal *principal)
{
    return people_is_admin(db, principal) ? 0 : principal->user;
}

/* The length of an act's beginning; -1: it is a whole act. */
static int64_t prefix_of(const char *act)
{
    return act != NULL && g_str_has_suffix(act, ".") ? (int64_t)strlen(act) : -1;
}

GArray *store_audit_query(struct store *store, const struct store_principal *principal,
                          const struct store_audit_filter *filter, size_t position, size_t limit,
                          uint64_t *total, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (people_require(&reader->main, principal, &cause)) {
        int64_t only = only_whom(&reader->main, principal), prefix = prefix_of(filter->act);
        g_array_unref(ids);
        ids = DB_NUMBERS(&reader->main, &cause,
                         "SELECT id FROM audit WHERE" MATCHES " ORDER BY id DESC LIMIT ?8 OFFSET"
                         " ?9",
                         FILTER_VALUES(only, filter, prefix), I(limit), I(position));
        if (total != NULL)
            *total = (uint64_t)DB_NUMBER(&reader->main, &cause, 0,
                                         "SELECT count(*) FROM audit WHERE" MATCHES,
                                         FILTER_VALUES(only, filter, prefix));
    }
    reader_end(store, reader);
    return db_settle_array(ids, cause, error);
}

static void load_entry(struct db *db, int64_t only, int64_t id, GPtrArray *entries, GError **error)
{
    sqlite3_stmt *row = DB_QUERY(db, error,
                                 "SELECT id, at, user, account, actor, act, address, subject,"
                                 " detail FROM audit WHERE id = ?2 AND" VISIBLE,
                                 I(only), I(id));
    if (!db_step(db, row, error))
        return;
    struct store_audit_entry *entry = g_new0(struct store_audit_entry, 1);
    entry->id = db_int(row, 0);
    entry->at = db_int(row, 1);
    entry->user = db_int(row, 2);
    entry->account = db_int(row, 3);
    char **const texts[] = {&entry->actor, &entry->act, &entry->address, &entry->subject,
                            &entry->detail};
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
        *texts[i] = db_text_copy(row, i + 4);
    g_ptr_array_add(entries, entry);
    db_done(row);
}

GPtrArray *store_audit_get(struct store *store, const struct store_principal *principal,
                           const GArray *ids, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *entries = g_ptr_array_new_with_free_func(free_entry);
    if (people_require(&reader->main, principal, &cause)) {
        int64_t only = only_whom(&reader->main, principal);
        for (guint i = 0; i < ids->len && cause == NULL; i++)
            load_entry(&reader->main, only, g_array_index(ids, int64_t, i), entries, &cause);
    }
    reader_end(store, reader);
    return db_settle_list(entries, cause, error);
}
