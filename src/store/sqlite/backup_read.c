/* Reading a backup into new files. The stream is anyone's: SECURITY.md 17. */
#include "store/sqlite/backup_file.h"
#include "store/sqlite/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Larger messages are written piece by piece. */
#define WHOLE_MAX ((uint64_t)1024 * 1024)

static const char *const hostile_script = "PRAGMA trusted_schema=OFF;"
                                          "PRAGMA cell_size_check=ON;"
                                          "PRAGMA query_only=ON;";

static const char *const blobs_script =
    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;"
    "CREATE TABLE raw(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT; BEGIN";

static bool damaged(GError **error, const char *what)
{
    error_set(error, ERROR_INVALID, "the backup is damaged: %s", what);
    return false;
}

static bool read_head(struct backup_stream *stream, struct store_backup_result *result,
                      GError **error)
{
    char magic[sizeof BACKUP_MAGIC] = "";
    uint64_t format = 0, version = 0, created = 0;
    g_autoptr(GError) cause = NULL;
    if (!backup_read(stream, magic, strlen(BACKUP_MAGIC), &cause) ||
        strcmp(magic, BACKUP_MAGIC) != 0) {
        error_set(error, ERROR_INVALID, "this is not a backup of Postroom");
        return false;
    }
    if (!backup_read_number(stream, &format, 4, error) ||
        !backup_read_number(stream, &version, 4, error) ||
        !backup_read_number(stream, &created, 8, error))
        return false;
    result->created = (int64_t)created;
    if (format == BACKUP_FORMAT && version <= (uint64_t)schema_version())
        return true;
    error_set(error, ERROR_INVALID,
              "the backup was made by a newer Postroom; install that version and restore it there");
    return false;
}

static bool read_main(struct backup_stream *stream, const char *path, GError **error)
{
    uint64_t left = 0;
    g_autofree uint8_t *piece = g_malloc(BACKUP_PIECE);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0;
    if (!ok)
        error_set(error, ERROR_STORE, "%s: %s", path, g_strerror(errno));
    ok = ok && backup_read_number(stream, &left, 8, error);
    while (ok && left > 0) {
        size_t part = (size_t)MIN(left, BACKUP_PIECE);
        ok = backup_read(stream, piece, part, error) && backup_put(fd, piece, part, error);
        left -= part;
    }
    if (ok && fsync(fd) != 0) {
        error_set(error, ERROR_STORE, "%s: %s", path, g_strerror(errno));
        ok = false;
    }
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool put_large(struct backup_stream *stream, struct db *db, int64_t id, uint64_t size,
                      GError **error)
{
    sqlite3_blob *blob = NULL;
    g_autofree uint8_t *piece = g_malloc(BACKUP_PIECE);
    if (!DB_RUN(db, error, "INSERT INTO raw(id, data) VALUES(?, zeroblob(?))", I(id), I(size)))
        return false;
    if (sqlite3_blob_open(db->handle, "main", "raw", "data", id, 1, &blob) != SQLITE_OK)
        return db_fail(db, "writing a message", error);
    bool ok = true;
    for (uint64_t at = 0; ok && at < size;) {
        size_t part = (size_t)MIN(size - at, BACKUP_PIECE);
        ok = backup_read(stream, piece, part, error) &&
             (sqlite3_blob_write(blob, piece, (int)part, (int)at) == SQLITE_OK ||
              db_fail(db, "writing a message", error));
        at += part;
    }
    sqlite3_blob_close(blob);
    return ok;
}

static bool put_blob(struct backup_stream *stream, struct db *db, int64_t id, GError **error)
{
    uint64_t size = 0;
    if (!backup_read_number(stream, &size, 8, error))
        return false;
    if (size > BACKUP_MESSAGE_MAX)
        return damaged(error, "a message has no sensible size");
    if (size > WHOLE_MAX)
        return put_large(stream, db, id, size, error);
    g_autofree uint8_t *bytes = g_malloc((size_t)size + 1);
    return backup_read(stream, bytes, (size_t)size, error) &&
           DB_RUN(db, error, "INSERT INTO raw(id, data) VALUES(?, ?)", I(id),
                  R(bytes, (size_t)size));
}

static bool read_blobs(struct backup_stream *stream, const char *path, uint64_t *count,
                       GError **error)
{
    struct db db;
    uint64_t id = 0, last = 0;
    if (!db_open_blobs(&db, path, error))
        return false;
    bool ok = db_script(&db, blobs_script, error);
    while (ok && (ok = backup_read_number(stream, &id, 8, error)) && id != 0) {
        ok = (id > last && id <= (uint64_t)G_MAXINT64) || damaged(error, "messages out of order");
        ok = ok && put_blob(stream, &db, (int64_t)id, error);
        last = id;
        *count += 1;
    }
    ok = ok && db_script(&db, "COMMIT", error);
    db_close(&db);
    return ok;
}

/* A file of ours has tables and indexes only; nothing in it runs by itself. */
static bool check_main(const char *path, GError **error)
{
    struct db db;
    g_autoptr(GError) cause = NULL;
    if (!db_open(&db, path, true, &cause))
        return damaged(error, "the main file does not open");
    bool ok = db_script(&db, hostile_script, &cause);
    sqlite3_stmt *row = ok ? db_query(&db, "PRAGMA quick_check(1)", NULL, 0, &cause) : NULL;
    ok = db_step(&db, row, &cause) && g_strcmp0(db_text(row, 0), "ok") == 0;
    db_done(row);
    ok =
        ok && db_number(&db, "SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger')",
                        NULL, 0, -1, &cause) == 0;
    int64_t version = db_number(&db, "PRAGMA user_version", NULL, 0, -1, &cause);
    ok = ok && version >= 1 && version <= schema_version() && cause == NULL;
    db_close(&db);
    return ok || damaged(error, "the main file is not sound");
}

static bool make_durable(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        error_set(error, ERROR_STORE, "%s: %s", path, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

bool store_backup_read(int fd, const char *directory, const struct store_backup_watch *watch,
                       struct store_backup_result *result, GError **error)
{
    g_autofree char *main_path = g_build_filename(directory, "postroom.db", NULL);
    g_autofree char *blobs_path = g_build_filename(directory, "blobs.db", NULL);
    struct backup_stream stream;
    *result = (struct store_backup_result){0};
    backup_stream_init(&stream, fd, watch);
    off_t size = lseek(fd, 0, SEEK_END);
    if (size > 0 && lseek(fd, 0, SEEK_SET) == 0)
        stream.total = (uint64_t)size;
    bool ok = read_head(&stream, result, error) && read_main(&stream, main_path, error) &&
              read_blobs(&stream, blobs_path, &result->messages, error) &&
              backup_read_end(&stream, error) && check_main(main_path, error) &&
              make_durable(main_path, error) && make_durable(blobs_path, error) &&
              make_durable(directory, error);
    result->bytes = stream.done;
    backup_stream_clear(&stream);
    return ok;
}
