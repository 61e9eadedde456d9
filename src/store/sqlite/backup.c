/* Writing a backup while the store is in use. */
#include "store/sqlite/backup_file.h"
#include "store/sqlite/engine.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES_A_STEP 1024

/* Both files as they were at one moment. */
struct snapshot {
    struct db main, blobs;
};

static bool hold(struct db *db, GError **error)
{
    if (!sqlite3_get_autocommit(db->handle))
        db_script(db, "ROLLBACK", NULL);
    /* The first read is what takes the snapshot. */
    return db_script(db, "BEGIN; SELECT count(*) FROM sqlite_schema", error);
}

/* In the writer thread, where no commit is under way: messages are committed before what points at
 * them, and go before it, so that two moments would not do. */
static bool hold_both(struct tx *tx, void *arg, GError **error)
{
    struct snapshot *snapshot = arg;
    (void)tx;
    return hold(&snapshot->main, error) && hold(&snapshot->blobs, error);
}

static bool snapshot_open(struct store *store, struct snapshot *snapshot, GError **error)
{
    g_autofree char *main_path = g_build_filename(store->directory, "postroom.db", NULL);
    g_autofree char *blobs_path = g_build_filename(store->directory, "blobs.db", NULL);
    return db_open(&snapshot->main, main_path, true, error) &&
           db_open(&snapshot->blobs, blobs_path, true, error) &&
           store_write(store, STORE_LANE_INTERACTIVE, hold_both, snapshot, error);
}

static void snapshot_close(struct snapshot *snapshot)
{
    db_close(&snapshot->main);
    db_close(&snapshot->blobs);
}

static bool copy_pages(struct db *from, sqlite3 *to, const struct backup_stream *stream,
                       GError **error)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from->handle, "main");
    int code = copy != NULL ? SQLITE_OK : SQLITE_ERROR;
    bool stopped = false;
    while (code == SQLITE_OK && !stopped) {
        code = sqlite3_backup_step(copy, PAGES_A_STEP);
        stopped = stream->watch != NULL && stream->watch->progress != NULL &&
                  !stream->watch->progress(0, stream->total, stream->watch->arg);
    }
    if (copy != NULL)
        sqlite3_backup_finish(copy);
    if (stopped)
        error_set(error, ERROR_CANCELLED, "stopped");
    else if (code != SQLITE_DONE)
        error_set(error, (code & 0xff) == SQLITE_FULL ? ERROR_DISK_FULL : ERROR_STORE,
                  "copying the main file: %s", sqlite3_errstr(code));
    return !stopped && code == SQLITE_DONE;
}

/* A copy of the main file without a name, so that a crash leaves nothing behind. Returns its
 * descriptor or -1. */
static int copy_main(struct store *store, struct snapshot *snapshot,
                     const struct backup_stream *stream, GError **error)
{
    g_autofree char *path = g_build_filename(store->directory, "backup.tmp", NULL);
    sqlite3 *to = NULL;
    unlink(path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        error_set(error, ERROR_STORE, "%s: %s", path, g_strerror(errno));
        return -1;
    }
    bool ok = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
                  SQLITE_OK &&
              sqlite3_exec(to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL,
                           NULL) == SQLITE_OK;
    unlink(path);
    if (!ok)
        error_set(error, ERROR_STORE, "%s: %s", path, sqlite3_errmsg(to));
    ok = ok && copy_pages(&snapshot->main, to, stream, error);
    sqlite3_close_v2(to);
    if (ok)
        return fd;
    close(fd);
    return -1;
}

static bool write_main(struct backup_stream *stream, int fd, GError **error)
{
    struct stat st;
    g_autofree uint8_t *piece = g_malloc(BACKUP_PIECE);
    if (fstat(fd, &st) != 0 || lseek(fd, 0, SEEK_SET) != 0 ||
        !backup_write_number(stream, (uint64_t)st.st_size, 8, error))
        return false;
    for (off_t left = st.st_size; left > 0;) {
        ssize_t n = read(fd, piece, (size_t)MIN((off_t)BACKUP_PIECE, left));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            error_set(error, ERROR_STORE, "reading the copy of the main file: %s",
                      g_strerror(errno));
            return false;
        }
        left -= n;
        if (!backup_write(stream, piece, (size_t)n, error))
            return false;
    }
    return true;
}

static bool write_blob(struct backup_stream *stream, struct db *db, sqlite3_blob *blob, int64_t id,
                       uint8_t *piece, GError **error)
{
    int size = sqlite3_blob_bytes(blob);
    if (!backup_write_number(stream, (uint64_t)id, 8, error) ||
        !backup_write_number(stream, (uint64_t)size, 8, error))
        return false;
    for (int at = 0; at < size;) {
        int part = MIN((int)BACKUP_PIECE, size - at);
        if (sqlite3_blob_read(blob, piece, part, at) != SQLITE_OK)
            return db_fail(db, "reading a message", error);
        if (!backup_write(stream, piece, (size_t)part, error))
            return false;
        at += part;
    }
    return true;
}

/* Piece by piece: a message may be larger than what memory should hold. */
static bool write_blobs(struct backup_stream *stream, struct db *db, uint64_t *count,
                        GError **error)
{
    g_autofree uint8_t *piece = g_malloc(BACKUP_PIECE);
    GError *cause = NULL;
    sqlite3_blob *blob = NULL;
    sqlite3_stmt *row = db_query(db, "SELECT id FROM raw ORDER BY id", NULL, 0, &cause);
    while (cause == NULL && db_step(db, row, &cause)) {
        int64_t id = db_int(row, 0);
        int code = blob != NULL
                       ? sqlite3_blob_reopen(blob, id)
                       : sqlite3_blob_open(db->handle, "main", "raw", "data", id, 0, &blob);
        if (code != SQLITE_OK)
            db_fail(db, "opening a message", &cause);
        else if (write_blob(stream, db, blob, id, piece, &cause))
            *count += 1;
    }
    db_done(row);
    sqlite3_blob_close(blob);
    if (cause == NULL)
        return backup_write_number(stream, 0, 8, error);
    g_propagate_error(error, cause);
    return false;
}

static uint64_t file_bytes(struct db *db)
{
    return (uint64_t)db_number(db, "PRAGMA page_count", NULL, 0, 0, NULL) *
           (uint64_t)db_number(db, "PRAGMA page_size", NULL, 0, 0, NULL);
}

static bool write_all(struct store *store, struct snapshot *snapshot, struct backup_stream *stream,
                      struct store_backup_result *result, GError **error)
{
    int64_t version = db_number(&snapshot->main, "PRAGMA user_version", NULL, 0, 0, error);
    stream->total = file_bytes(&snapshot->main) + file_bytes(&snapshot->blobs);
    int fd = copy_main(store, snapshot, stream, error);
    if (fd < 0)
        return false;
    /* The main file's log may be emptied from now on. */
    db_script(&snapshot->main, "COMMIT", NULL);
    bool ok = backup_write(stream, BACKUP_MAGIC, strlen(BACKUP_MAGIC), error) &&
              backup_write_number(stream, BACKUP_FORMAT, 4, error) &&
              backup_write_number(stream, (uint64_t)version, 4, error) &&
              backup_write_number(stream, (uint64_t)result->created, 8, error) &&
              write_main(stream, fd, error);
    close(fd);
    return ok && write_blobs(stream, &snapshot->blobs, &result->messages, error) &&
           backup_write_end(stream, error);
}

bool store_backup(struct store *store, int fd, const struct store_backup_watch *watch,
                  struct store_backup_result *result, GError **error)
{
    struct snapshot snapshot = {0};
    struct backup_stream stream;
    *result = (struct store_backup_result){.created = clock_wall()};
    backup_stream_init(&stream, fd, watch);
    bool ok = snapshot_open(store, &snapshot, error) &&
              write_all(store, &snapshot, &stream, result, error);
    result->bytes = stream.done;
    snapshot_close(&snapshot);
    backup_stream_clear(&stream);
    /* The logs grew while the snapshot was held. */
    writer_request_checkpoint(store);
    return ok;
}
