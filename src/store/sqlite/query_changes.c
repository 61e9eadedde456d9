/* Email/queryChanges (RFC 8620, 5.6). The change log says which emails may have come, gone or
 * changed their place; all of them are removed, and added again where they are now. With threads
 * in play every email of a thread that changed is one of them. */
#include "store/sqlite/query.h"

/* An email's place in the lists of all accounts. */
struct place {
    int64_t account, ord;
};

struct differ {
    struct listing listing;
    GError *error; /* of reading the log */
    const struct store_query *asked;
    struct store_query_changes *out;
    struct store_changes log;
    bool of_threads, constant;
    GHashTable *fresh;       /* ids of created emails: they were in no list */
    GHashTable *removed;     /* ids, those of out->removed */
    GHashTable *touched;     /* struct place of emails shown now -> id */
    int64_t lowest, highest; /* ord, of touched */
    GHashTable *threads;     /* touched ones */
    GHashTable *listed;      /* threads met, when they are collapsed */
    struct place stop;       /* of up_to; account 0: none */
    size_t max;
    uint64_t count;
    bool count_all, stopped, too_many;
};

static bool is_of_threads(const struct store_filter *filter)
{
    for (guint i = 0; filter->children != NULL && i < filter->children->len; i++)
        if (is_of_threads(filter->children->pdata[i]))
            return true;
    return filter->kind == STORE_ALL_IN_THREAD || filter->kind == STORE_SOME_IN_THREAD ||
           filter->kind == STORE_NONE_IN_THREAD;
}

/* Size, words and attachments are not: they come with the message. */
static bool is_constant(const struct store_filter *filter)
{
    for (guint i = 0; filter->children != NULL && i < filter->children->len; i++)
        if (!is_constant(filter->children->pdata[i]))
            return false;
    return filter->kind == STORE_AND || filter->kind == STORE_OR || filter->kind == STORE_NOT ||
           filter->kind == STORE_BEFORE || filter->kind == STORE_AFTER ||
           filter->kind == STORE_NEVER;
}

static void classify(struct differ *differ)
{
    const struct store_query *asked = differ->asked;
    differ->of_threads =
        asked->collapse_threads || (asked->filter != NULL && is_of_threads(asked->filter));
    differ->constant = asked->filter == NULL || is_constant(asked->filter);
    for (size_t i = 0; i < asked->sort_count; i++) {
        enum store_sort_by by = asked->sort[i].by;
        differ->constant = differ->constant && by == STORE_BY_RECEIVED_AT;
        if (by == STORE_BY_ALL_IN_THREAD || by == STORE_BY_SOME_IN_THREAD)
            differ->of_threads = true;
    }
}

static void add_number(GHashTable *set, int64_t number)
{
    g_hash_table_add(set, g_memdup2(&number, sizeof number));
}

static void remove_id(struct differ *differ, int64_t id)
{
    if (g_hash_table_contains(differ->fresh, &id) || g_hash_table_contains(differ->removed, &id))
        return;
    add_number(differ->removed, id);
    g_array_append_val(differ->out->removed, id);
}

static guint place_hash(gconstpointer pointer)
{
    const struct place *place = pointer;
    return g_int64_hash(&place->ord) * 31 + g_int64_hash(&place->account);
}

static gboolean place_equal(gconstpointer left, gconstpointer right)
{
    const struct place *a = left, *b = right;
    return a->ord == b->ord && a->account == b->account;
}

static void touch(struct differ *differ, int64_t id, struct place place)
{
    g_hash_table_insert(differ->touched, g_memdup2(&place, sizeof place),
                        g_memdup2(&id, sizeof id));
    differ->lowest = MIN(differ->lowest, place.ord);
    differ->highest = MAX(differ->highest, place.ord);
    remove_id(differ, id);
}

/* An email that was created or changed. */
static void touch_id(struct differ *differ, int64_t id)
{
    struct db *db = &differ->listing.reader->main;
    int64_t account, internal = access_email(db, differ->listing.access, id, &account);
    sqlite3_stmt *row =
        DB_QUERY(db, &differ->error, "SELECT ord, thread FROM email WHERE id = ?", I(internal));
    if (!db_step(db, row, &differ->error))
        return;
    if (differ->of_threads)
        add_number(differ->threads, db_int(row, 1));
    touch(differ, id, (struct place){account, db_int(row, 0)});
    db_done(row);
}

static void touch_ids(struct differ *differ, const GArray *ids)
{
    for (guint i = 0; i < ids->len && differ->error == NULL; i++)
        touch_id(differ, g_array_index(ids, int64_t, i));
}

/* Threads that gained or lost emails. The log of a transaction has them after its emails, so those
 * of the transaction that made the state stand before the next email. */
static bool log_threads(struct differ *differ, int64_t account, uint64_t since, GError **error)
{
    struct db *db = &differ->listing.reader->main;
    int64_t floor =
        DB_NUMBER(db, &differ->error, 0, "SELECT floor FROM state WHERE account = ? AND type = ?",
                  I(account), I(STORE_THREAD));
    if ((int64_t)since < floor) {
        error_set(error, ERROR_CANNOT_CALCULATE,
                  "the log of threads does not reach back to that state");
        return false;
    }
    sqlite3_stmt *row =
        DB_QUERY(db, &differ->error,
                 "SELECT id FROM log WHERE account = ?1 AND type = ?2 AND modseq > (SELECT"
                 " min(modseq) FROM log WHERE account = ?1 AND type = ?3 AND modseq > ?4)",
                 I(account), I(STORE_THREAD), I(STORE_EMAIL), I((int64_t)since));
    while (db_step(db, row, &differ->error))
        add_number(differ->threads, db_int(row, 0));
    return true;
}

static bool log_all_threads(struct differ *differ, uint64_t since, GError **error)
{
    const GArray *accounts = store_access_accounts(differ->listing.access);
    for (guint i = 0; i < accounts->len; i++)
        if (!log_threads(differ, g_array_index(accounts, int64_t, i), since, error))
            return false;
    return true;
}

static void touch_threads(struct differ *differ)
{
    struct db *db = &differ->listing.reader->main;
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, differ->threads);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        sqlite3_stmt *row = DB_QUERY(db, &differ->error,
                                     "SELECT public, ord, account FROM email WHERE thread = ? AND"
                                     " thread > 0",
                                     I(*(const int64_t *)key));
        while (db_step(db, row, &differ->error))
            if (access_rights(differ->listing.access, db_int(row, 2)) != 0)
                touch(differ, db_int(row, 0), (struct place){db_int(row, 2), db_int(row, 1)});
    }
}

/* Fills removed and touched. */
static bool read_log(struct differ *differ, uint64_t since, GError **error)
{
    struct listing *listing = &differ->listing;
    if (!access_changes(&listing->reader->main, listing->access, STORE_EMAIL, since, 0,
                        &differ->log, error))
        return false;
    const struct store_changes *log = &differ->log;
    differ->out->new_state = log->new_state;
    for (guint i = 0; i < log->created->len; i++)
        add_number(differ->fresh, g_array_index(log->created, int64_t, i));
    for (guint i = 0; i < log->destroyed->len; i++)
        remove_id(differ, g_array_index(log->destroyed, int64_t, i));
    touch_ids(differ, log->created);
    if (!differ->constant)
        touch_ids(differ, log->updated);
    if (!differ->of_threads)
        return true;
    if (log->created->len + log->updated->len + log->destroyed->len > 0 &&
        !log_all_threads(differ, since, error))
        return false;
    touch_threads(differ);
    return true;
}

static void find_stop(struct differ *differ, int64_t up_to)
{
    struct place place;
    if (up_to != 0 && differ->constant &&
        listing_find(&differ->listing, up_to, &place.account, &place.ord))
        differ->stop = place;
}

/* An email at its place in the list of now. false: the rest does not matter. */
static bool visit(struct query *query, struct candidate *candidate, void *arg)
{
    struct differ *differ = arg;
    struct store_query_changes *out = differ->out;
    if (!query_first_of_thread(query, differ->listed, candidate))
        return true;
    uint64_t index = differ->count++;
    const struct place place = {query->account, candidate->ord};
    const int64_t *id = g_hash_table_lookup(differ->touched, &place);
    if (id != NULL && !differ->stopped) {
        const struct store_query_added added = {*id, index};
        g_array_append_val(out->added, added);
        differ->too_many = out->removed->len + out->added->len > differ->max;
    }
    differ->stopped = differ->stopped || place_equal(&place, &differ->stop);
    if (differ->stopped)
        listing_only_count(query->listing);
    return !differ->too_many && (!differ->stopped || differ->count_all);
}

/* In the order of received_at nothing beyond the last touched one matters. */
static bool visit_direct(struct query *query, struct candidate *candidate, void *arg)
{
    struct differ *differ = arg;
    bool ascending = false;
    query_is_direct(differ->asked, &ascending);
    if (ascending ? candidate->ord > differ->highest : candidate->ord < differ->lowest) {
        if (!differ->count_all)
            return false;
        differ->stopped = true;
    }
    return visit(query, candidate, arg);
}

static void list(struct differ *differ)
{
    bool ascending = false, direct = query_is_direct(differ->asked, &ascending);
    if (g_hash_table_size(differ->touched) == 0 && !differ->count_all)
        return;
    if (direct) {
        listing_walk(&differ->listing, ascending, visit_direct, differ);
        return;
    }
    uint64_t matches = 0;
    g_autoptr(GArray) sorted = listing_sorted(&differ->listing, differ->asked, SIZE_MAX, &matches);
    for (guint i = 0; i < sorted->len; i++) {
        struct candidate *candidate = &g_array_index(sorted, struct candidate, i);
        if (!visit(candidate->query, candidate, differ))
            break;
    }
}

static bool run(struct differ *differ, uint64_t since, int64_t up_to, GError **error)
{
    const struct store_query *asked = differ->asked;
    struct store_query_changes *out = differ->out;
    classify(differ);
    if (!read_log(differ, since, error))
        return false;
    find_stop(differ, up_to);
    bool known = asked->calculate_total && listing_total(&differ->listing, asked, &out->total);
    differ->count_all = asked->calculate_total && !known;
    differ->too_many = out->removed->len > differ->max;
    if (!differ->too_many && differ->error == NULL)
        list(differ);
    if (!known)
        out->total = differ->count;
    out->has_total = asked->calculate_total && (known || !differ->listing.exhausted);
    if (differ->too_many)
        error_set(error, ERROR_TOO_LARGE, "there are more changes of the list");
    else if (differ->listing.incomplete)
        error_set(error, ERROR_CANNOT_CALCULATE, "this filter takes too long");
    return !differ->too_many && !differ->listing.incomplete;
}

static GHashTable *number_set(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

bool store_query_changes(const struct store_access *access, const struct store_query *asked,
                         uint64_t since, int64_t up_to, size_t max,
                         struct store_query_changes *changes, GError **error)
{
    struct differ differ = {.asked = asked, .out = changes, .max = max, .lowest = INT64_MAX};
    *changes = (struct store_query_changes){.removed = g_array_new(FALSE, FALSE, sizeof(int64_t)),
                                            .added = g_array_new(FALSE, FALSE,
                                                                 sizeof(struct store_query_added))};
    if (!listing_open(&differ.listing, access, asked, error))
        return false;
    differ.fresh = number_set();
    differ.removed = number_set();
    differ.threads = number_set();
    differ.listed = asked->collapse_threads ? number_set() : NULL;
    differ.touched = g_hash_table_new_full(place_hash, place_equal, g_free, g_free);
    bool ok = run(&differ, since, up_to, error);
    if (differ.error != NULL) {
        g_clear_error(error);
        g_propagate_error(error, differ.error);
        ok = false;
    }
    store_changes_clear(&differ.log);
    g_hash_table_destroy(differ.fresh);
    g_hash_table_destroy(differ.removed);
    g_hash_table_destroy(differ.threads);
    g_hash_table_destroy(differ.touched);
    g_clear_pointer(&differ.listed, g_hash_table_destroy);
    return listing_close(&differ.listing, ok, error);
}

void store_query_changes_clear(struct store_query_changes *changes)
{
    g_clear_pointer(&changes->removed, g_array_unref);
    g_clear_pointer(&changes->added, g_array_unref);
}
