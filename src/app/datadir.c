#include "app/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int datadir_lock(const char *directory, bool *held, GError **error)
{
    *held = false;
    if (g_mkdir_with_parents(directory, 0700) < 0) {
        error_set(error, ERROR_INVALID, "data directory %s: %s", directory, g_strerror(errno));
        return -1;
    }
    g_autofree char *path = g_build_filename(directory, "lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        error_set(error, ERROR_INVALID, "%s: %s", path, g_strerror(errno));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    *held = errno == EWOULDBLOCK;
    if (!*held)
        error_set(error, ERROR_INVALID, "%s: %s", path, g_strerror(errno));
    close(fd);
    return -1;
}

char *datadir_socket_path(const char *directory, GError **error)
{
    char *path = g_build_filename(directory, "control", NULL);
    if (strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path))
        return path;
    error_set(error, ERROR_INVALID,
              "%s: the path of the data directory is too long for a Unix socket", directory);
    g_free(path);
    return NULL;
}

/* --- restoring */

#define RESTORING "restoring"
#define RESTORED "restored"

/* In this order: a log never meets a file that it does not belong to. */
static const char *const files[] = {"blobs.db-wal",    "blobs.db-shm",    "blobs.db",   "parsing",
                                    "postroom.db-wal", "postroom.db-shm", "postroom.db"};

bool datadir_has_data(const char *directory)
{
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(directory, files[i], NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return true;
    }
    return false;
}

static bool failed(const char *path, GError **error)
{
    error_set(error, ERROR_STORE, "%s: %s", path, g_strerror(errno));
    return false;
}

void datadir_drop_restoring(const char *directory)
{
    g_autofree char *place = g_build_filename(directory, RESTORING, NULL);
    GDir *dir = g_dir_open(place, 0, NULL);
    for (const char *name = dir != NULL ? g_dir_read_name(dir) : NULL; name != NULL;
         name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(place, name, NULL);
        unlink(path);
    }
    if (dir != NULL)
        g_dir_close(dir);
    rmdir(place);
}

char *datadir_restoring(const char *directory, GError **error)
{
    char *place = g_build_filename(directory, RESTORING, NULL);
    datadir_drop_restoring(directory);
    if (mkdir(place, 0700) == 0)
        return place;
    failed(place, error);
    g_free(place);
    return NULL;
}

static bool sync_directory(const char *directory, GError **error)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        failed(directory, error);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Moves a file if it is there. */
static bool move_file(const char *from, const char *to, const char *name, GError **error)
{
    g_autofree char *source = g_build_filename(from, name, NULL);
    g_autofree char *target = g_build_filename(to, name, NULL);
    return rename(source, target) == 0 || errno == ENOENT || failed(target, error);
}

/* The main file goes in last: as long as it waits in RESTORED, what lies in its place is old. */
static bool swap(const char *directory, const char *restored, GError **error)
{
    g_autofree char *aside = g_build_filename(directory, DATADIR_ASIDE, NULL);
    g_autofree char *mark = g_build_filename(restored, "postroom.db", NULL);
    g_autofree char *blobs = g_build_filename(restored, "blobs.db", NULL);
    bool main_waits = g_file_test(mark, G_FILE_TEST_EXISTS);
    bool blobs_wait = g_file_test(blobs, G_FILE_TEST_EXISTS);
    if (datadir_has_data(directory) && main_waits && mkdir(aside, 0700) != 0 && errno != EEXIST)
        return failed(aside, error);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        bool of_blobs = g_str_has_prefix(files[i], "blobs.db");
        if ((of_blobs ? blobs_wait : main_waits) && !move_file(directory, aside, files[i], error))
            return false;
    }
    if (!move_file(restored, directory, "blobs.db", error) || !sync_directory(directory, error) ||
        !move_file(restored, directory, "postroom.db", error) || !sync_directory(directory, error))
        return false;
    g_autofree char *rest = g_build_filename(restored, "parsing", NULL);
    unlink(rest);
    return rmdir(restored) == 0 || failed(restored, error);
}

bool datadir_settle(const char *directory, GError **error)
{
    g_autofree char *restored = g_build_filename(directory, RESTORED, NULL);
    datadir_drop_restoring(directory);
    return !g_file_test(restored, G_FILE_TEST_IS_DIR) || swap(directory, restored, error);
}

bool datadir_take_restored(const char *directory, GError **error)
{
    g_autofree char *place = g_build_filename(directory, RESTORING, NULL);
    g_autofree char *restored = g_build_filename(directory, RESTORED, NULL);
    g_autofree char *main_log = g_build_filename(place, "postroom.db-wal", NULL);
    g_autofree char *blobs_log = g_build_filename(place, "blobs.db-wal", NULL);
    if (g_file_test(main_log, G_FILE_TEST_EXISTS) || g_file_test(blobs_log, G_FILE_TEST_EXISTS)) {
        error_set(error, ERROR_STORE, "the restored files are still in use");
        return false;
    }
    if (!sync_directory(place, error))
        return false;
    if (rename(place, restored) != 0)
        return failed(restored, error);
    return sync_directory(directory, error) && datadir_settle(directory, error);
}
