/* Exact counts of mailboxes (RFC 8621, 2), kept thread by thread: what a touched thread counted
 * before the transaction is taken off, what it counts at its end is put on. */
#include "store/sqlite/engine.h"

struct thread_state {
    GArray *counts; /* struct thread_count */
    int64_t emails;
    bool unread_outside_trash, unread_in_trash;
};

bool counts_unread(uint32_t bits)
{
    return (bits & (MAIL_SEEN | MAIL_DRAFT)) == 0;
}

static struct thread_count *count_of(GArray *counts, int64_t mailbox)
{
    for (guint i = 0; i < counts->len; i++) {
        struct thread_count *count = &g_array_index(counts, struct thread_count, i);
        if (count->mailbox == mailbox)
            return count;
    }
    struct thread_count fresh = {.mailbox = mailbox};
    g_array_append_val(counts, fresh);
    return &g_array_index(counts, struct thread_count, counts->len - 1);
}

/* Rows come grouped by email: whether it is in the trash, and elsewhere, is known at its end. */
struct email_place {
    int64_t email;
    bool unread, in_trash, elsewhere;
};

static void close_email(struct thread_state *state, const struct email_place *place)
{
    if (place->email == 0)
        return;
    state->emails++;
    if (!place->unread)
        return;
    state->unread_in_trash = state->unread_in_trash || place->in_trash;
    state->unread_outside_trash = state->unread_outside_trash || place->elsewhere;
}

static bool load_state(struct tx *tx, int64_t thread, struct thread_state *state, GArray *trashes,
                       GError **error)
{
    GError *cause = NULL;
    struct email_place place = {0};
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause,
                 "SELECT email.id, email.bits, member.mailbox, mailbox.role FROM email"
                 " JOIN member ON member.email = email.id JOIN mailbox ON mailbox.id = "
                 "member.mailbox WHERE email.thread = ? ORDER BY email.id",
                 I(thread));
    while (db_step(tx->db, row, &cause)) {
        int64_t email = db_int(row, 0), mailbox = db_int(row, 2);
        if (email != place.email) {
            close_email(state, &place);
            place = (struct email_place){.email = email,
                                         .unread = counts_unread((uint32_t)db_int(row, 1))};
        }
        bool trash = db_int(row, 3) == MAIL_ROLE_TRASH;
        place.in_trash = place.in_trash || trash;
        place.elsewhere = place.elsewhere || !trash;
        struct thread_count *count = count_of(state->counts, mailbox);
        count->emails++;
        count->unread += place.unread;
        count->threads = 1;
        if (trash && trashes != NULL)
            g_array_append_val(trashes, mailbox);
    }
    close_email(state, &place);
    return error_settle(error, cause);
}

static bool contains(const GArray *ids, int64_t id)
{
    for (guint i = 0; i < ids->len; i++)
        if (g_array_index(ids, int64_t, i) == id)
            return true;
    return false;
}

/* The counts of one thread now. */
static bool count_thread(struct tx *tx, int64_t thread, struct thread_state *state, GError **error)
{
    g_autoptr(GArray) trashes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!load_state(tx, thread, state, trashes, error))
        return false;
    for (guint i = 0; i < state->counts->len; i++) {
        struct thread_count *count = &g_array_index(state->counts, struct thread_count, i);
        count->unread_threads = contains(trashes, count->mailbox) ? state->unread_in_trash
                                                                  : state->unread_outside_trash;
    }
    return true;
}

struct thread_touch *counts_touch(struct tx *tx, int64_t account, int64_t thread, bool is_new,
                                  GError **error)
{
    struct thread_state state = {.counts = g_array_new(FALSE, TRUE, sizeof(struct thread_count))};
    if (!is_new && !count_thread(tx, thread, &state, error)) {
        g_array_unref(state.counts);
        return NULL;
    }
    struct thread_touch *touch = g_new0(struct thread_touch, 1);
    touch->account = account;
    touch->before = state.counts;
    touch->emails_before = state.emails;
    return touch;
}

void counts_touch_free(struct thread_touch *touch)
{
    g_array_unref(touch->before);
    g_free(touch);
}

struct mailbox_delta {
    int64_t account;
    struct thread_count count;
};

static void add_counts(GHashTable *deltas, int64_t account, const GArray *counts, int sign)
{
    for (guint i = 0; i < counts->len; i++) {
        const struct thread_count *count = &g_array_index(counts, struct thread_count, i);
        struct mailbox_delta *delta = g_hash_table_lookup(deltas, &count->mailbox);
        if (delta == NULL) {
            delta = g_new0(struct mailbox_delta, 1);
            delta->account = account;
            delta->count.mailbox = count->mailbox;
            g_hash_table_insert(deltas, g_memdup2(&count->mailbox, sizeof count->mailbox), delta);
        }
        delta->count.emails += sign * count->emails;
        delta->count.unread += sign * count->unread;
        delta->count.threads += sign * count->threads;
        delta->count.unread_threads += sign * count->unread_threads;
    }
}

static bool finish_thread(struct tx *tx, int64_t thread, const struct thread_touch *touch,
                          GHashTable *deltas, GError **error)
{
    g_autoptr(GArray) counts = g_array_new(FALSE, TRUE, sizeof(struct thread_count));
    struct thread_state state = {.counts = counts};
    if (!count_thread(tx, thread, &state, error))
        return false;
    add_counts(deltas, touch->account, touch->before, -1);
    add_counts(deltas, touch->account, counts, 1);
    if (!touch->membership)
        return true;
    if (touch->emails_before == 0 && state.emails > 0)
        tx_change(tx, touch->account, STORE_THREAD, thread, CHANGE_CREATED);
    else if (touch->emails_before > 0 && state.emails == 0)
        tx_change(tx, touch->account, STORE_THREAD, thread, CHANGE_DESTROYED);
    else if (state.emails > 0)
        tx_change(tx, touch->account, STORE_THREAD, thread, CHANGE_UPDATED);
    if (state.emails > 0)
        return true;
    /* Nobody may join a thread that is gone. */
    return DB_RUN(tx->db, error,
                  "DELETE FROM ref WHERE thread = ?1 AND NOT EXISTS(SELECT 1 FROM note WHERE thread"
                  " = ?1) AND NOT EXISTS(SELECT 1 FROM apart WHERE a = ?1)",
                  I(thread));
}

static bool write_delta(struct tx *tx, const struct mailbox_delta *delta, GError **error)
{
    const struct thread_count *count = &delta->count;
    if (count->emails == 0 && count->unread == 0 && count->threads == 0 &&
        count->unread_threads == 0)
        return true;
    tx_change(tx, delta->account, STORE_MAILBOX, count->mailbox, CHANGE_COUNTS);
    return DB_RUN(tx->db, error,
                  "UPDATE mailbox SET total_emails = total_emails + ?, unread_emails = "
                  "unread_emails + ?, total_threads = total_threads + ?,"
                  " unread_threads = unread_threads + ? WHERE id = ?",
                  I(count->emails), I(count->unread), I(count->threads), I(count->unread_threads),
                  I(count->mailbox));
}

bool counts_finish(struct tx *tx, GError **error)
{
    g_autoptr(GHashTable) deltas =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, tx->threads);
    while (g_hash_table_iter_next(&iter, &key, &value))
        if (!finish_thread(tx, *(int64_t *)key, value, deltas, error))
            return false;
    g_hash_table_iter_init(&iter, deltas);
    while (g_hash_table_iter_next(&iter, &key, &value))
        if (!write_delta(tx, value, error))
            return false;
    return true;
}

/* Every thread is touched by the caller's change of roles: counts are made anew from nothing. */
bool counts_recount_account(struct tx *tx, int64_t account, GError **error)
{
    g_autoptr(GHashTable) deltas =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    GError *cause = NULL;
    g_autoptr(GArray) threads =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT DISTINCT thread FROM email WHERE account = ? AND thread > 0",
                   I(account));
    if (cause == NULL)
        DB_RUN(tx->db, &cause,
               "UPDATE mailbox SET total_emails = 0, unread_emails = 0, total_threads = 0,"
               " unread_threads = 0 WHERE account = ?",
               I(account));
    for (guint i = 0; i < threads->len && cause == NULL; i++) {
        g_autoptr(GArray) counts = g_array_new(FALSE, TRUE, sizeof(struct thread_count));
        struct thread_state state = {.counts = counts};
        if (count_thread(tx, g_array_index(threads, int64_t, i), &state, &cause))
            add_counts(deltas, account, counts, 1);
    }
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, deltas);
    while (cause == NULL && g_hash_table_iter_next(&iter, &key, &value))
        write_delta(tx, value, &cause);
    return error_settle(error, cause);
}
