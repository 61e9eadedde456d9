#include "store/sqlite/emails.h"

#include "store/sqlite/dictionary.h"
#include "store/sqlite/pack.h"
#include "store/sqlite/people.h"
#include "store/sqlite/unpack.h"

#include "base/clock.h"

#define PIECE ((gsize)1024 * 1024)
/* What a dictionary saves of a longer message is next to nothing. */
#define DICTIONARY_USEFUL ((gsize)256 * 1024)

GBytes *blob_pack(struct store *store, int64_t account, GBytes *raw)
{
    gsize length = 0;
    const void *bytes = g_bytes_get_data(raw, &length);
    struct dictionary *dictionary =
        length <= DICTIONARY_USEFUL ? dictionary_for(store, account, DICTIONARY_MAIL, bytes, length)
                                    : NULL;
    GBytes *packed = pack_message(store->directory, bytes, length, dictionary_packs(dictionary));
    dictionary_unref(dictionary);
    return packed;
}

/* SQLite would copy it as a whole to make a row of it. */
static bool insert_in_pieces(struct tx *tx, int64_t id, GBytes *packed, GError **error)
{
    gsize length = 0;
    const char *bytes = g_bytes_get_data(packed, &length);
    sqlite3_blob *blob = NULL;
    if (!DB_RUN(tx->blobs, error, "INSERT INTO raw(id, data) VALUES(?, zeroblob(?))", I(id),
                I((int64_t)length)))
        return false;
    int code = sqlite3_blob_open(tx->blobs->handle, "main", "raw", "data", id, 1, &blob);
    for (gsize at = 0; code == SQLITE_OK && at < length;) {
        int piece = (int)MIN(PIECE, length - at);
        code = sqlite3_blob_write(blob, bytes + at, piece, (int)at);
        pack_used(bytes + at, (size_t)piece);
        at += (gsize)piece;
    }
    bool ok = code == SQLITE_OK || db_fail(tx->blobs, "large message", error);
    sqlite3_blob_close(blob);
    return ok;
}

static bool insert_raw(struct tx *tx, int64_t id, GBytes *packed, GError **error)
{
    if (g_bytes_get_size(packed) > PACK_LARGE)
        return insert_in_pieces(tx, id, packed, error);
    return DB_RUN(tx->blobs, error, "INSERT INTO raw(id, data) VALUES(?, ?)", I(id), B(packed));
}

bool blob_insert(struct tx *tx, int64_t id, int64_t account, int64_t user, const char *type,
                 uint64_t size, GBytes *packed, int refs, GError **error)
{
    return insert_raw(tx, id, packed, error) &&
           DB_RUN(tx->db, error,
                  "INSERT INTO blob(id, account, user, size, type, created, refs)"
                  " VALUES(?, ?, ?, ?, ?, ?, ?)",
                  I(id), I(account), I(user), I(size), T(type), I(clock_wall()), I(refs));
}

bool blob_ref(struct tx *tx, int64_t blob, int delta, GError **error)
{
    if (blob == 0)
        return true;
    return DB_RUN(tx->db, error, "UPDATE blob SET refs = refs + ? WHERE id = ?", I(delta),
                  I(blob)) &&
           DB_RUN(tx->db, error,
                  "INSERT OR IGNORE INTO blob_trash SELECT id FROM blob WHERE id = ? AND refs = 0"
                  " AND ? < 0",
                  I(blob), I(delta)) &&
           (delta < 0 || DB_RUN(tx->db, error, "DELETE FROM blob_trash WHERE id = ?", I(blob)));
}

static bool take_pieces(struct unpacker *unpacker, sqlite3_blob *blob, GError **error)
{
    g_autofree char *piece = g_malloc(PIECE);
    bool ok = true;
    for (int at = 0, left = sqlite3_blob_bytes(blob), length; ok && left > 0;
         at += length, left -= length) {
        length = MIN((int)PIECE, left);
        ok = sqlite3_blob_read(blob, piece, length, at) == SQLITE_OK;
        if (!ok)
            error_set(error, ERROR_STORE, "a stored message cannot be read");
        ok = ok && unpacker_take(unpacker, piece, (size_t)length, error);
    }
    return ok;
}

/* SQLite would have it in memory as a whole to give it out. */
static bool take_large(struct unpacker *unpacker, struct db *blobs, int64_t id, GError **error)
{
    sqlite3_blob *blob = NULL;
    bool ok = sqlite3_blob_open(blobs->handle, "main", "raw", "data", id, 0, &blob) == SQLITE_OK
                  ? take_pieces(unpacker, blob, error)
                  : db_fail(blobs, "large message", error);
    sqlite3_blob_close(blob);
    return ok;
}

GBytes *blob_load(struct store *store, struct reader *reader, int64_t blob, GError **error)
{
    return blob_load_from(store, &reader->main, &reader->blobs, blob, error);
}

GBytes *blob_load_from(struct store *store, struct db *main, struct db *blobs, int64_t blob,
                       GError **error)
{
    GBytes *bytes = NULL;
    GError *cause = NULL;
    sqlite3_stmt *row = DB_QUERY(blobs, &cause,
                                 "SELECT CASE WHEN length(data) <= ?2 THEN data END FROM raw"
                                 " WHERE id = ?1",
                                 I(blob), I(PACK_LARGE));
    if (db_step(blobs, row, &cause)) {
        struct unpacker *unpacker = unpacker_new(store, main);
        bool ok = sqlite3_column_type(row, 0) == SQLITE_NULL
                      ? take_large(unpacker, blobs, blob, &cause)
                      : unpacker_take(unpacker, sqlite3_column_blob(row, 0),
                                      (size_t)sqlite3_column_bytes(row, 0), &cause);
        bytes = ok ? unpacker_end(unpacker, &cause) : NULL;
        unpacker_free(unpacker);
        db_done(row);
    } else if (cause == NULL) {
        error_set(&cause, ERROR_NOT_FOUND, "no such blob");
    }
    if (cause != NULL)
        g_propagate_error(error, cause);
    return bytes;
}

/* --- as JMAP sees them */

struct put_write {
    const struct store_access *access;
    GBytes *packed;
    const char *type;
    uint64_t size;
    int64_t id;
};

static bool blob_remove(struct tx *tx, int64_t blob, GError **error)
{
    return DB_RUN(tx->db, error, "DELETE FROM blob WHERE id = ?", I(blob)) &&
           DB_RUN(tx->db, error, "DELETE FROM blob_trash WHERE id = ?", I(blob)) &&
           DB_RUN(tx->blobs, error, "DELETE FROM raw WHERE id = ?", I(blob));
}

/* The oldest that no mail uses go for the new one (RFC 8620, 6). */
static bool make_room_for(struct tx *tx, int64_t user, int64_t size, GError **error)
{
    GError *cause = NULL;
    int64_t used =
        DB_NUMBER(tx->db, &cause, 0,
                  "SELECT coalesce(sum(size), 0) FROM blob WHERE user = ? AND refs = 0", I(user));
    while (cause == NULL && used + size > UPLOAD_QUOTA) {
        int64_t oldest = DB_NUMBER(tx->db, &cause, 0,
                                   "SELECT id FROM blob WHERE user = ? AND refs = 0"
                                   " ORDER BY created, id LIMIT 1",
                                   I(user));
        if (oldest == 0 && cause == NULL)
            error_set(&cause, ERROR_TOO_LARGE, "larger than all uploads may be together");
        else
            used -= DB_NUMBER(tx->db, &cause, 0, "SELECT size FROM blob WHERE id = ?", I(oldest));
        if (cause == NULL)
            blob_remove(tx, oldest, &cause);
    }
    return error_settle(error, cause);
}

static bool put_blob(struct tx *tx, void *arg, GError **error)
{
    struct put_write *write = arg;
    int64_t user =
        write->access != NULL ? store_principal_user(store_access_principal(write->access)) : 0;
    if (!make_room_for(tx, user, (int64_t)write->size, error))
        return false;
    write->id = tx_new_blob(tx);
    return blob_insert(tx, write->id, store_access_account(write->access), user, write->type,
                       write->size, write->packed, 0, error);
}

int64_t store_blob_put(const struct store_access *access, GBytes *bytes, const char *type,
                       GError **error)
{
    struct put_write write = {.access = access, .type = type, .size = g_bytes_get_size(bytes)};
    if (!access_require(access, STORE_WRITE, error))
        return 0;
    if (write.size > (uint64_t)UNPACK_MAX / 2) {
        error_set(error, ERROR_TOO_LARGE, "a blob may have 512 MB");
        return 0;
    }
    write.packed = blob_pack(store_access_store(access), store_access_account(access), bytes);
    bool ok =
        store_write(store_access_store(access), STORE_LANE_INTERACTIVE, put_blob, &write, error);
    g_bytes_unref(write.packed);
    return ok ? write.id : 0;
}

GBytes *store_blob(const struct store_access *access, int64_t blob, GError **error)
{
    GBytes *bytes = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    /* What was uploaded to the unified account is of no other, and of nobody else. */
    int64_t account = DB_NUMBER(&reader->main, NULL, -1,
                                "SELECT account FROM blob WHERE id = ? AND ((refs > 0 AND account >"
                                " 0) OR user = ?)",
                                I(blob), I(store_principal_user(store_access_principal(access))));
    if (account == store_access_account(access) || access_rights(access, account) != 0)
        bytes = blob_load(store, reader, blob, error);
    else
        error_set(error, ERROR_NOT_FOUND, "no such blob");
    reader_end(store, reader);
    return bytes;
}

GArray *store_blob_emails(const struct store_access *access, const GArray *blobs, size_t most,
                          GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < blobs->len && ids->len < most && cause == NULL; i++) {
        g_autoptr(GArray) found =
            DB_NUMBERS(&reader->main, &cause,
                       "SELECT public FROM email WHERE blob = ? AND account = ? AND thread > 0",
                       I(g_array_index(blobs, int64_t, i)), I(store_access_account(access)));
        g_array_append_vals(ids, found->data, (guint)MIN(found->len, most - ids->len));
    }
    reader_end(store, reader);
    return db_settle_array(ids, cause, error);
}

GBytes *store_sync_raw(struct store *store, int64_t email, GError **error)
{
    GBytes *bytes = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    int64_t blob =
        DB_NUMBER(&reader->main, NULL, 0, "SELECT blob FROM email WHERE id = ?", I(email));
    if (blob != 0)
        bytes = blob_load(store, reader, blob, error);
    else
        error_set(error, ERROR_NOT_FOUND, "the message is not here");
    reader_end(store, reader);
    return bytes;
}
