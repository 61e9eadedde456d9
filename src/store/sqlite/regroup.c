/* Conversations that people put together or take apart (store/organise.h). What arrives later
 * follows by the table of references, where the emails that were moved stand under their new
 * thread. */
#include "store/sqlite/notes.h"

#include "base/clock.h"

void store_moved_free(struct store_moved *moved)
{
    if (moved == NULL)
        return;
    g_array_unref(moved->emails);
    g_free(moved);
}

static void free_moved(gpointer moved)
{
    store_moved_free(moved);
}

static struct store_moved *moved_new(int64_t from)
{
    struct store_moved *moved = g_new0(struct store_moved, 1);
    moved->from = from;
    moved->emails = g_array_new(FALSE, FALSE, sizeof(int64_t));
    return moved;
}

static bool refuse(GError **error, enum error_code code, const char *why)
{
    error_set(error, code, "%s", why);
    return false;
}

/* --- what people decided holds */

bool regroup_are_apart(struct tx *tx, int64_t a, int64_t b, GError **error)
{
    return DB_NUMBER(tx->db, error, 0, "SELECT 1 FROM apart WHERE a = ? AND b = ?", I(a), I(b)) ==
           1;
}

bool regroup_respect(struct tx *tx, GArray *threads, GError **error)
{
    GError *cause = NULL;
    for (guint i = 1; i < threads->len && cause == NULL;) {
        bool apart = false;
        for (guint k = 0; k < i && !apart && cause == NULL; k++)
            apart = regroup_are_apart(tx, g_array_index(threads, int64_t, i),
                                      g_array_index(threads, int64_t, k), &cause);
        if (apart)
            g_array_remove_index(threads, i);
        else
            i++;
    }
    return error_settle(error, cause);
}

bool regroup_set_apart(struct tx *tx, int64_t account, int64_t a, int64_t b, GError **error)
{
    return DB_RUN(tx->db, error,
                  "INSERT OR IGNORE INTO apart(a, b, account) VALUES(?1, ?2, ?3), (?2, ?1, ?3)",
                  I(a), I(b), I(account));
}

bool regroup_merged(struct tx *tx, int64_t from, int64_t into, GError **error)
{
    static const char *const statements[] = {
        "UPDATE OR REPLACE carried SET thread = ?2 WHERE thread = ?1",
        "UPDATE carried SET into_thread = ?2 WHERE into_thread = ?1",
        "INSERT OR IGNORE INTO apart SELECT ?2, b, account FROM apart WHERE a = ?1 AND b <> ?1 AND"
        " b <> ?2",
        "INSERT OR IGNORE INTO apart SELECT b, ?2, account FROM apart WHERE a = ?1 AND b <> ?1 AND"
        " b <> ?2",
        "INSERT OR IGNORE INTO apart SELECT ?2, ?2, account FROM apart WHERE a = ?1 AND b = ?1",
        "DELETE FROM apart WHERE b = ?1 AND a IN (SELECT b FROM apart WHERE a = ?1)",
        "DELETE FROM apart WHERE a = ?1",
    };
    const struct db_value values[] = {I(from), I(into)};
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++)
        if (!db_run(tx->db, statements[i], values, i < 5 ? 2 : 1, error))
            return false;
    return true;
}

static bool note_act(struct tx *tx, const struct store_access *access, int64_t account,
                     int64_t email, bool split, GError **error)
{
    return DB_RUN(tx->db, error,
                  "INSERT OR REPLACE INTO regroup(email, account, split, user, at)"
                  " VALUES(?, ?, ?, ?, ?)",
                  I(email), I(account), I(split),
                  I(store_principal_user(store_access_principal(access))), I(clock_wall()));
}

/* --- putting together */

struct merge {
    const struct store_access *access;
    const int64_t *threads;
    size_t count;
    int64_t account, into;
    GPtrArray *moved;
};

/* The account of a thread that is shown; 0: there is none. */
static int64_t account_of(struct tx *tx, int64_t thread)
{
    return thread <= 0 ? 0
                       : DB_NUMBER(tx->db, NULL, 0,
                                   "SELECT account FROM email WHERE thread = ? LIMIT 1", I(thread));
}

static bool check_merge(struct tx *tx, struct merge *merge, GError **error)
{
    merge->account = merge->into = 0;
    for (size_t i = 0; i < merge->count; i++) {
        int64_t thread = merge->threads[i], account = account_of(tx, thread);
        if (account == 0 || access_rights(merge->access, account) == 0)
            return refuse(error, ERROR_NOT_FOUND, "no such conversation");
        if (merge->account != 0 && merge->account != account)
            return refuse(error, ERROR_INVALID, "they are of different accounts");
        if (DB_NUMBER(tx->db, NULL, 0, "SELECT count(*) FROM email WHERE thread = ?", I(thread)) >
            STORE_SPLIT_MAX)
            return refuse(error, ERROR_TOO_LARGE, "the conversation is too long");
        merge->account = account;
        merge->into = merge->into == 0 ? thread : MIN(merge->into, thread);
    }
    return access_require_in(merge->access, merge->account, STORE_WRITE, error);
}

static bool merge_one(struct tx *tx, struct merge *merge, int64_t from, GError **error)
{
    GError *cause = NULL;
    struct store_moved *moved = moved_new(from);
    g_ptr_array_add(merge->moved, moved);
    g_autoptr(GArray) emails =
        DB_NUMBERS(tx->db, &cause, "SELECT id FROM email WHERE thread = ?", I(from));
    for (guint i = 0; i < emails->len && cause == NULL; i++)
        note_act(tx, merge->access, merge->account, g_array_index(emails, int64_t, i), false,
                 &cause);
    if (cause == NULL)
        thread_merge(tx, merge->account, from, merge->into, moved->emails, &cause);
    return error_settle(error, cause);
}

static bool run_merge(struct tx *tx, void *arg, GError **error)
{
    struct merge *merge = arg;
    g_ptr_array_set_size(merge->moved, 0);
    if (!check_merge(tx, merge, error) ||
        !tx_touch_thread(tx, merge->account, merge->into, true, error))
        return false;
    for (size_t i = 0; i < merge->count; i++)
        if (merge->threads[i] != merge->into && !merge_one(tx, merge, merge->threads[i], error))
            return false;
    /* What it is known by stays known when all its mail goes, and comes back. */
    return regroup_set_apart(tx, merge->account, merge->into, merge->into, error);
}

/* Each once. */
static GArray *distinct(const int64_t *ids, size_t count)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < count; i++)
        if (!ids_hold(list, ids[i]))
            g_array_append_val(list, ids[i]);
    return list;
}

int64_t store_threads_merge(const struct store_access *access, const int64_t *threads, size_t count,
                            GPtrArray **moved, GError **error)
{
    g_autoptr(GArray) list = count <= STORE_MERGE_MAX ? distinct(threads, count) : NULL;
    *moved = NULL;
    if (list == NULL || list->len < 2) {
        refuse(error, list == NULL ? ERROR_TOO_LARGE : ERROR_INVALID,
               list == NULL ? "too many conversations at once" : "it takes two conversations");
        return 0;
    }
    struct merge merge = {.access = access,
                          .threads = (const int64_t *)(void *)list->data,
                          .count = list->len,
                          .moved = g_ptr_array_new_with_free_func(free_moved)};
    if (access_require(access, STORE_WRITE, error) &&
        store_write(store_access_store(access), STORE_LANE_INTERACTIVE, run_merge, &merge, error)) {
        *moved = merge.moved;
        return merge.into;
    }
    g_ptr_array_unref(merge.moved);
    return 0;
}

/* --- taking apart */

struct split {
    const struct store_access *access;
    const int64_t *emails; /* public */
    size_t count;
    int64_t account, from, thread;
    GArray *ids; /* internal, by received_at */
    struct store_moved *moved;
};

static int compare_ords(gconstpointer left, gconstpointer right)
{
    const int64_t *a = left, *b = right;
    return (a[1] > b[1]) - (a[1] < b[1]);
}

/* Fills account, from and ids. */
static bool check_split(struct tx *tx, struct split *split, GError **error)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, 2 * sizeof(int64_t));
    split->from = split->account = 0;
    g_array_set_size(split->ids, 0);
    for (size_t i = 0; i < split->count; i++) {
        int64_t account, id = access_email(tx->db, split->access, split->emails[i], &account);
        int64_t thread = DB_NUMBER(tx->db, NULL, 0, "SELECT thread FROM email WHERE id = ?", I(id));
        int64_t pair[2] = {id,
                           DB_NUMBER(tx->db, NULL, 0, "SELECT ord FROM email WHERE id = ?", I(id))};
        if (id == 0 || thread == 0)
            return refuse(error, ERROR_NOT_FOUND, "no such email");
        if (split->from != 0 && thread != split->from)
            return refuse(error, ERROR_INVALID, "they are of different conversations");
        split->from = thread;
        split->account = account;
        g_array_append_vals(pairs, pair, 1);
    }
    g_array_sort(pairs, compare_ords);
    for (guint i = 0; i < pairs->len; i++)
        g_array_append_val(split->ids, ((const int64_t *)(const void *)pairs->data)[2 * i]);
    int64_t all =
        DB_NUMBER(tx->db, NULL, 0, "SELECT count(*) FROM email WHERE thread = ?", I(split->from));
    if (all <= (int64_t)split->ids->len)
        return refuse(error, ERROR_INVALID, "nothing of the conversation would be left");
    if (all > STORE_SPLIT_MAX ||
        DB_NUMBER(tx->db, NULL, 0, "SELECT count(*) FROM apart WHERE a = ?", I(split->from)) >=
            STORE_APART_MAX)
        return refuse(error, ERROR_TOO_LARGE, "the conversation is too long");
    return access_require_in(split->access, split->account, STORE_WRITE, error);
}

/* What names this email from now on comes into its thread. */
static bool take_refs(struct tx *tx, const struct email_row *row, int64_t from, int64_t into,
                      GError **error)
{
    const int64_t hashes[] = {row->msgid, row->alias};
    for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++)
        if (hashes[i] != 0 &&
            !DB_RUN(tx->db, error,
                    "UPDATE ref SET thread = ? WHERE account = ? AND hash = ? AND thread = ?",
                    I(into), I(row->account), I(hashes[i]), I(from)))
            return false;
    return true;
}

int64_t regroup_take(struct tx *tx, int64_t account, int64_t email, int64_t from, int64_t into,
                     GError **error)
{
    struct email_row row;
    GError *cause = NULL;
    int64_t fresh = 0;
    if (email_load(tx, email, &row, &cause)) {
        fresh = thread_take(tx, account, email, row.public_id, into, &cause);
        if (fresh != 0 && take_refs(tx, &row, from, into, &cause))
            notes_follow(tx, account, email, into, &cause);
    }
    email_row_clear(&row);
    return error_settle(error, cause) ? fresh : 0;
}

static bool split_one(struct tx *tx, struct split *split, int64_t email, GError **error)
{
    int64_t fresh = regroup_take(tx, split->account, email, split->from, split->thread, error);
    g_array_append_val(split->moved->emails, fresh);
    return fresh != 0 && note_act(tx, split->access, split->account, email, true, error);
}

static bool run_split(struct tx *tx, void *arg, GError **error)
{
    struct split *split = arg;
    if (!check_split(tx, split, error) ||
        !tx_touch_thread(tx, split->account, split->from, true, error))
        return false;
    split->thread = tx_new_id(tx);
    split->moved->from = split->from;
    g_array_set_size(split->moved->emails, 0);
    tx_touch_new_thread(tx, split->account, split->thread);
    for (guint i = 0; i < split->ids->len; i++)
        if (!split_one(tx, split, g_array_index(split->ids, int64_t, i), error))
            return false;
    /* It stays apart from what the other was taken apart from before. */
    return DB_RUN(tx->db, error,
                  "INSERT OR IGNORE INTO apart SELECT ?2, b, account FROM apart WHERE a = ?1",
                  I(split->from), I(split->thread)) &&
           DB_RUN(tx->db, error,
                  "INSERT OR IGNORE INTO apart SELECT b, ?2, account FROM apart WHERE a = ?1",
                  I(split->from), I(split->thread)) &&
           regroup_set_apart(tx, split->account, split->from, split->thread, error);
}

int64_t store_thread_split(const struct store_access *access, const int64_t *emails, size_t count,
                           struct store_moved **moved, GError **error)
{
    *moved = NULL;
    if (count == 0 || count > STORE_SPLIT_MAX) {
        refuse(error, count == 0 ? ERROR_INVALID : ERROR_TOO_LARGE, "too few emails, or too many");
        return 0;
    }
    g_autoptr(GArray) list = distinct(emails, count);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct split split = {.access = access,
                          .emails = (const int64_t *)(void *)list->data,
                          .count = list->len,
                          .ids = ids,
                          .moved = moved_new(0)};
    if (access_require(access, STORE_WRITE, error) &&
        store_write(store_access_store(access), STORE_LANE_INTERACTIVE, run_split, &split, error)) {
        *moved = split.moved;
        return split.thread;
    }
    store_moved_free(split.moved);
    return 0;
}
