#include "store/sqlite/emails.h"

#include "store/sqlite/dictionary.h"
#include "store/sqlite/pack.h"
#include "store/sqlite/people.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

/* Above this a message is unpacked into a file without a name, not into memory. */
#define FILE_BACKED (1024 * 1024)
#define PIECE ((gsize)1024 * 1024)
/* What a dictionary saves of a longer message is next to nothing. */
#define DICTIONARY_USEFUL ((gsize)256 * 1024)
#define BLOB_MAX (INT64_C(1) << 30)

GBytes *blob_pack(struct store *store, int64_t account, GBytes *raw)
{
    gsize length = 0;
    const void *bytes = g_bytes_get_data(raw, &length);
    struct dictionary *dictionary =
        length <= DICTIONARY_USEFUL ? dictionary_newest(store, account, DICTIONARY_MAIL) : NULL;
    GBytes *packed = pack_large(store->directory, bytes, length, dictionary_packs(dictionary));
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

struct mapping {
    void *map;
    size_t length;
};

static void unmap(gpointer pointer)
{
    struct mapping *mapping = pointer;
    munmap(mapping->map, mapping->length);
    g_free(mapping);
}

/* In a file without a name. */
static GBytes *map_file(struct store *store, size_t length, GError **error)
{
    int fd = open(store->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        fd = memfd_create("blob", MFD_CLOEXEC);
    void *map = MAP_FAILED;
    int code = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)length);
    if (code == 0)
        map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (map == MAP_FAILED) {
        error_set(error, code == ENOSPC ? ERROR_DISK_FULL : ERROR_STORE,
                  "cannot unpack a large message: %s", g_strerror(code));
        return NULL;
    }
    struct mapping *mapping = g_new(struct mapping, 1);
    *mapping = (struct mapping){map, length};
    return g_bytes_new_with_free_func(map, length, unmap, mapping);
}

/* Room for what a frame, of which this is the beginning, holds; *to is where it begins. */
static GBytes *make_room(struct store *store, const void *packed, size_t packed_length, void **to,
                         GError **error)
{
    unsigned long long length = ZSTD_getFrameContentSize(packed, packed_length);
    if (length > (unsigned long long)BLOB_MAX) {
        error_set(error, ERROR_STORE, "a stored message is damaged");
        return NULL;
    }
    GBytes *bytes = length > FILE_BACKED ? map_file(store, (size_t)length, error)
                                         : g_bytes_new_take(g_malloc(length + 1), (size_t)length);
    if (bytes != NULL)
        *to = (void *)(uintptr_t)g_bytes_get_data(bytes, NULL);
    return bytes;
}

static GBytes *unpack(struct store *store, struct db *main, const void *packed,
                      size_t packed_length, GError **error)
{
    void *to = NULL;
    GBytes *bytes = make_room(store, packed, packed_length, &to, error);
    if (bytes == NULL ||
        dictionary_unpack(store, main, packed, packed_length, to, g_bytes_get_size(bytes), error))
        return bytes;
    g_bytes_unref(bytes);
    return NULL;
}

static bool unpack_piece(ZSTD_DCtx *context, const void *piece, size_t length, ZSTD_outBuffer *out)
{
    ZSTD_inBuffer in = {piece, length, 0};
    size_t code = 1;
    while (in.pos < in.size && code != 0 && !ZSTD_isError(code))
        code = ZSTD_decompressStream(context, out, &in);
    return in.pos == in.size && !ZSTD_isError(code);
}

/* One too large for a dictionary to be of use. */
static GBytes *unpack_pieces(struct store *store, sqlite3_blob *blob, ZSTD_DCtx *context,
                             GError **error)
{
    g_autofree char *piece = g_malloc(PIECE);
    GBytes *bytes = NULL;
    ZSTD_outBuffer out = {0};
    bool ok = true;
    for (int at = 0, left = sqlite3_blob_bytes(blob), length; ok && left > 0;
         at += length, left -= length) {
        length = MIN((int)PIECE, left);
        ok = sqlite3_blob_read(blob, piece, length, at) == SQLITE_OK;
        if (ok && at == 0) {
            bytes = make_room(store, piece, (size_t)length, &out.dst, error);
            if (bytes == NULL)
                return NULL;
            out.size = g_bytes_get_size(bytes);
        }
        ok = ok && unpack_piece(context, piece, (size_t)length, &out);
    }
    if (ok && out.pos == out.size)
        return bytes;
    error_set(error, ERROR_STORE, "a stored message is damaged");
    g_clear_pointer(&bytes, g_bytes_unref);
    return NULL;
}

/* SQLite would have it in memory as a whole to give it out. */
static GBytes *load_in_pieces(struct store *store, struct db *blobs, int64_t id, GError **error)
{
    sqlite3_blob *blob = NULL;
    GBytes *bytes = NULL;
    if (sqlite3_blob_open(blobs->handle, "main", "raw", "data", id, 0, &blob) == SQLITE_OK) {
        ZSTD_DCtx *context = ZSTD_createDCtx();
        bytes = unpack_pieces(store, blob, context, error);
        ZSTD_freeDCtx(context);
    } else {
        db_fail(blobs, "large message", error);
    }
    sqlite3_blob_close(blob);
    return bytes;
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
        if (sqlite3_column_type(row, 0) == SQLITE_NULL)
            bytes = load_in_pieces(store, blobs, blob, &cause);
        else
            bytes = unpack(store, main, sqlite3_column_blob(row, 0),
                           (size_t)sqlite3_column_bytes(row, 0), &cause);
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
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
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
    if (write.size > (uint64_t)BLOB_MAX / 2) {
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
    if (DB_NUMBER(&reader->main, NULL, 0,
                  "SELECT 1 FROM blob WHERE id = ? AND account = ? AND (refs > 0 OR user = ?)",
                  I(blob), I(store_access_account(access)),
                  I(store_principal_user(store_access_principal(access)))) == 1)
        bytes = blob_load(store, reader, blob, error);
    else
        error_set(error, ERROR_NOT_FOUND, "no such blob");
    reader_end(store, reader);
    return bytes;
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
