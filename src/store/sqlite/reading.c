#include "store/sqlite/reading.h"

#include "store/sqlite/emails.h"

#define DEADLY_RUNS 2

void reading_headers(struct db *main, int64_t email, struct store_index *index)
{
    *index = (struct store_index){0};
    sqlite3_stmt *row = DB_QUERY(main, NULL, "SELECT data FROM summary WHERE email = ?", I(email));
    if (!db_step(main, row, NULL))
        return;
    struct mail_summary *summary =
        summary_unpack(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0));
    db_done(row);
    store_index_headers(summary, index);
    mail_summary_free(summary);
}

/* Messages on the server are guarded by mailbox and UID, those that are here by their number. What
 * is known of a deadly one is kept: a search may want to read it again and again. */
static bool read_message(struct store *store, int64_t email, GBytes *raw, struct store_index *index)
{
    if (store_parse_deaths(store, -email, 0, 0) >= DEADLY_RUNS)
        return false;
    store_parse_begin(store, -email, 0, 0);
    store->read_words(raw, index);
    store_parse_end(store, -email, 0, 0);
    return true;
}

void reading_settled(struct store *store, int64_t email)
{
    store_parse_end(store, -email, 0, 0);
}

bool reading_words(struct store *store, struct db *main, struct db *blobs,
                   const struct reading *reading, struct store_index *index)
{
    *index = (struct store_index){0};
    bool readable =
        reading->state == STORE_EMAIL_READY && reading->blob != 0 && store->read_words != NULL;
    g_autoptr(GBytes) raw =
        readable ? blob_load_from(store, main, blobs, reading->blob, NULL) : NULL;
    bool deadly = raw != NULL && !read_message(store, reading->email, raw, index);
    if (raw == NULL || deadly)
        reading_headers(main, reading->email, index);
    return !deadly;
}

bool reading_terms(struct store *store, struct db *main, struct db *blobs, int64_t account,
                   const struct reading *reading, struct terms *terms)
{
    struct store_index index;
    bool read = reading_words(store, main, blobs, reading, &index);
    terms_make(account, &index, terms);
    store_index_clear(&index);
    return read;
}
