/* Why emails are in one conversation (store/organise.h): told anew from what their headers say, by
 * the same hashes that put them there, and from what people did. */
#include "store/sqlite/notes.h"

#define EMAILS_MAX 1000
#define IDS_MAX 100 /* of one email that are looked at, the nearest */

void store_tie_free(struct store_tie *tie)
{
    if (tie == NULL)
        return;
    g_free(tie->user_name);
    g_free(tie);
}

static void free_tie(gpointer tie)
{
    store_tie_free(tie);
}

struct mail {
    int64_t id, public_id, msgid, alias, subject;
    GArray *replies, *names; /* int64_t hashes: In-Reply-To, and References, the nearest first */
};

struct thread {
    struct store *store;
    GArray *mails;          /* struct mail, by received_at */
    GHashTable *owners;     /* hash of a Message-ID -> index + 1 */
    GHashTable *mentioners; /* hash that is named -> index + 1 of the first that names it */
};

static void clear_mail(gpointer pointer)
{
    struct mail *mail = pointer;
    g_array_unref(mail->replies);
    g_array_unref(mail->names);
}

static GArray *hashes(const struct store *store, char **ids)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(int64_t));
    guint count = ids != NULL ? g_strv_length(ids) : 0;
    for (guint i = count; i > 0 && list->len < IDS_MAX; i--) {
        int64_t hash = id_hash(store, ids[i - 1]);
        g_array_append_val(list, hash);
    }
    return list;
}

static void load_mail(struct thread *thread, sqlite3_stmt *row)
{
    struct mail_summary *summary =
        summary_unpack(sqlite3_column_blob(row, 5), (size_t)sqlite3_column_bytes(row, 5));
    struct mail mail = {.id = db_int(row, 0),
                        .public_id = db_int(row, 1),
                        .msgid = db_int(row, 2),
                        .alias = db_int(row, 3),
                        .subject = db_int(row, 4),
                        .replies = hashes(thread->store, summary->in_reply_to),
                        .names = hashes(thread->store, summary->references)};
    g_array_append_val(thread->mails, mail);
    mail_summary_free(summary);
}

static void note_first(GHashTable *table, int64_t hash, guint index)
{
    if (hash != 0 && !g_hash_table_contains(table, &hash))
        g_hash_table_insert(table, g_memdup2(&hash, sizeof hash), GUINT_TO_POINTER(index + 1));
}

static void index_mails(struct thread *thread)
{
    for (guint i = 0; i < thread->mails->len; i++) {
        const struct mail *mail = &g_array_index(thread->mails, struct mail, i);
        note_first(thread->owners, mail->msgid, i);
        note_first(thread->owners, mail->alias, i);
        for (guint k = 0; k < mail->replies->len; k++)
            note_first(thread->mentioners, g_array_index(mail->replies, int64_t, k), i);
        for (guint k = 0; k < mail->names->len; k++)
            note_first(thread->mentioners, g_array_index(mail->names, int64_t, k), i);
    }
}

/* Another email that the table has for the hash. */
static const struct mail *other(const struct thread *thread, GHashTable *table, int64_t hash,
                                guint self)
{
    guint found = GPOINTER_TO_UINT(g_hash_table_lookup(table, &hash));
    return found == 0 || found - 1 == self ? NULL
                                           : &g_array_index(thread->mails, struct mail, found - 1);
}

static const struct mail *first_of(const struct thread *thread, GHashTable *table,
                                   const GArray *ids, guint self)
{
    const struct mail *found = NULL;
    for (guint i = 0; i < ids->len && found == NULL; i++)
        found = other(thread, table, g_array_index(ids, int64_t, i), self);
    return found;
}

static const struct mail *tied_to(const struct thread *thread, guint self,
                                  enum store_tie_kind *kind)
{
    const struct mail *mail = &g_array_index(thread->mails, struct mail, self), *to;
    *kind = STORE_TIE_REPLY;
    to = first_of(thread, thread->owners, mail->replies, self);
    if (to == NULL) {
        *kind = STORE_TIE_REFERENCE;
        to = first_of(thread, thread->owners, mail->names, self);
    }
    if (to == NULL && self == 0) {
        *kind = STORE_TIE_FIRST;
        return NULL;
    }
    if (to == NULL) {
        *kind = STORE_TIE_NAMED;
        to = other(thread, thread->mentioners, mail->msgid, self);
        to = to == NULL && mail->alias != 0 ? other(thread, thread->mentioners, mail->alias, self)
                                            : to;
    }
    if (to == NULL) {
        *kind = STORE_TIE_SHARED;
        to = first_of(thread, thread->mentioners, mail->replies, self);
        to = to == NULL ? first_of(thread, thread->mentioners, mail->names, self) : to;
    }
    if (to == NULL)
        *kind = STORE_TIE_NONE;
    return to;
}

static void add_person(struct db *db, const struct mail *mail, struct store_tie *tie,
                       GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(db, error,
                 "SELECT split, user, at, email FROM (SELECT split, user AS user_id, at FROM"
                 " regroup WHERE regroup.email = ?) LEFT JOIN (SELECT id AS user, email FROM user)"
                 " ON user = user_id",
                 I(mail->id));
    if (!db_step(db, row, error))
        return;
    tie->by_person = true;
    tie->was_split = db_int(row, 0) != 0;
    tie->user = db_int(row, 1);
    tie->at = db_int(row, 2);
    tie->user_name = db_text_copy(row, 3);
    db_done(row);
}

static void load_thread(struct db *db, const struct store_access *access, struct thread *thread,
                        int64_t id, GError **error)
{
    sqlite3_stmt *row = id <= 0 ? NULL
                                : DB_QUERY(db, error,
                                           "SELECT id, public, msgid, alias, subject, data, account"
                                           " FROM email JOIN summary ON summary.email = email.id"
                                           " WHERE thread = ? ORDER BY ord LIMIT ?",
                                           I(id), I(EMAILS_MAX));
    while (db_step(db, row, error))
        if (access_rights(access, db_int(row, 6)) != 0)
            load_mail(thread, row);
    index_mails(thread);
}

GPtrArray *store_thread_ties(const struct store_access *access, int64_t id, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    struct thread thread = {.store = store,
                            .mails = g_array_new(FALSE, FALSE, sizeof(struct mail)),
                            .owners =
                                g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
                            .mentioners =
                                g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL)};
    GPtrArray *ties = g_ptr_array_new_with_free_func(free_tie);
    g_array_set_clear_func(thread.mails, clear_mail);
    load_thread(&reader->main, access, &thread, id, &cause);
    for (guint i = 0; i < thread.mails->len && cause == NULL; i++) {
        const struct mail *mail = &g_array_index(thread.mails, struct mail, i);
        struct store_tie *tie = g_new0(struct store_tie, 1);
        const struct mail *to = tied_to(&thread, i, &tie->kind);
        tie->email = mail->public_id;
        tie->to = to != NULL ? to->public_id : 0;
        tie->same_subject = to == NULL || to->subject == mail->subject;
        add_person(&reader->main, mail, tie, &cause);
        g_ptr_array_add(ties, tie);
    }
    g_array_unref(thread.mails);
    g_hash_table_destroy(thread.owners);
    g_hash_table_destroy(thread.mentioners);
    reader_end(store, reader);
    return db_settle_list(ties, cause, error);
}
