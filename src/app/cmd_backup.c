/* postroom backup and postroom restore. */
#include "app/command.h"
#include "app/datadir.h"
#include "base/clock.h"
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TELL_EVERY_MICROSECONDS 200000

struct showing {
    struct command_call *call;
    const char *what;
    bool terminal;
    int64_t next;
};

static bool show(uint64_t done, uint64_t total, void *arg)
{
    struct showing *showing = arg;
    if (showing->terminal && clock_now() >= showing->next) {
        showing->next = clock_now() + TELL_EVERY_MICROSECONDS;
        fprintf(showing->call->err, "\r%s  %.1f MB of about %.1f MB\033[K", showing->what,
                (double)done / 1e6, (double)total / 1e6);
        fflush(showing->call->err);
    }
    return !cancel_is_triggered(showing->call->cancel);
}

static void show_end(struct showing *showing)
{
    if (showing->terminal)
        fputs("\r\033[K", showing->call->err);
}

/* --- backup */

static void cannot_write(const char *path, GError **error)
{
    int code = errno;
    error_set(error, ERROR_INVALID, "%s: %s%s", path, g_strerror(code),
              code == EACCES || code == EROFS || code == ENOENT
                  ? "; the server must be able to write there, or use: postroom backup - > FILE"
                  : "");
}

/* The file under a name that says it is not whole yet; what a killed backup left is taken over. */
static int open_partial(const char *partial, GError **error)
{
    struct stat st;
    int fd = open(partial, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        cannot_write(partial, error);
        return -1;
    }
    bool ours =
        fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1;
    if (!ours)
        error_set(error, ERROR_INVALID, "%s is in the way", partial);
    else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        error_set(error, ERROR_CONFLICT, "another backup is writing %s", partial);
    else if (fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0)
        return fd;
    else
        cannot_write(partial, error);
    close(fd);
    return -1;
}

static bool sync_directory_of(const char *path)
{
    g_autofree char *directory = g_path_get_dirname(path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool finish_file(int fd, const char *partial, const char *path, GError **error)
{
    if (fsync(fd) == 0 && renameat2(AT_FDCWD, partial, AT_FDCWD, path, RENAME_NOREPLACE) == 0 &&
        sync_directory_of(path))
        return true;
    if (errno == EEXIST)
        error_set(error, ERROR_CONFLICT, "%s is there already", path);
    else
        cannot_write(path, error);
    return false;
}

static bool backup_to_file(struct command_call *call, const char *path,
                           const struct store_backup_watch *watch,
                           struct store_backup_result *result, GError **error)
{
    g_autofree char *partial = g_strconcat(path, ".partial", NULL);
    struct stat st;
    if (lstat(path, &st) == 0) {
        error_set(error, ERROR_CONFLICT, "%s is there already", path);
        return false;
    }
    int fd = open_partial(partial, error);
    if (fd < 0)
        return false;
    bool ok = store_backup(call->app->store, fd, watch, result, error) &&
              finish_file(fd, partial, path, error);
    if (!ok)
        unlink(partial);
    close(fd);
    return ok;
}

int command_backup(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    bool to_output = strcmp(call->args[0], "-") == 0;
    g_autofree char *path = to_output ? NULL : command_path(call, call->args[0]);
    struct showing showing = {call, "backup", isatty(fileno(call->err)) != 0, 0};
    struct store_backup_watch watch = {show, &showing};
    struct store_backup_result result;
    (void)options;
    if (to_output && isatty(fileno(call->out))) {
        fprintf(call->err,
                "postroom backup: send the output somewhere: postroom backup - > FILE\n");
        return 2;
    }
    bool ok = to_output ? store_backup(call->app->store, fileno(call->out), &watch, &result, &error)
                        : backup_to_file(call, path, &watch, &result, &error);
    show_end(&showing);
    if (!ok)
        return command_fail(call, error);
    store_audit_operator(call->app->store, "backup.write", to_output ? "-" : path, NULL);
    fprintf(to_output ? call->err : call->out,
            "%s: %" G_GUINT64_FORMAT " messages, %.1f MB; it does not contain the key file %s\n",
            to_output ? "backup" : path, result.messages, (double)result.bytes / 1e6,
            call->app->config->key_file);
    return 0;
}

/* --- restore */

static bool check_place(const struct command_call *call, bool replace, GError **error)
{
    const char *data = call->config->data;
    g_autofree char *aside = g_build_filename(data, DATADIR_ASIDE, NULL);
    if (!datadir_has_data(data))
        return true;
    if (!replace)
        error_set(error, ERROR_CONFLICT,
                  "%s holds data already; --replace puts the backup in its place and keeps what is "
                  "there in %s",
                  data, aside);
    else if (g_file_test(aside, G_FILE_TEST_EXISTS))
        error_set(error, ERROR_CONFLICT,
                  "%s still holds what an earlier restore replaced: move it away first", aside);
    return replace && !g_file_test(aside, G_FILE_TEST_EXISTS);
}

/* Reads, checks and settles it beside the data, which nothing touches until all is well. */
static bool prepare(const struct command_call *call, int fd, const struct store_backup_watch *watch,
                    struct store_backup_result *read, struct store_restored *restored,
                    GError **error)
{
    g_autofree char *place = datadir_restoring(call->config->data, error);
    if (place == NULL || !store_backup_read(fd, place, watch, read, error))
        return false;
    struct keyring *keyring = keyring_load(call->config->key_file, true, error);
    struct store_config config = {.directory = place,
                                  .keyring = keyring,
                                  .read_words = sync_read_words};
    struct store *store = keyring != NULL ? store_open(&config, error) : NULL;
    bool ok = store != NULL && store_restored(store, restored, error);
    store_close(store);
    keyring_free(keyring);
    return ok;
}

static void tell(struct command_call *call, const struct store_backup_result *read,
                 const struct store_restored *restored)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(read->created);
    g_autofree char *date = at != NULL ? g_date_time_format_iso8601(at) : g_strdup("?");
    fprintf(call->out, "restored the backup of %s: %" G_GUINT64_FORMAT " messages\n", date,
            read->messages);
    if (restored->submissions > 0)
        fprintf(call->out,
                "%u messages that were waiting to be sent are held back: look in Sent before they "
                "are sent again\n",
                restored->submissions);
    if (restored->sealed > 0)
        fprintf(call->err,
                "postroom: %u secrets do not open with the key file %s: put back the one of that "
                "time, or enter provider secrets anew and link the mailboxes again\n",
                restored->sealed, call->config->key_file);
}

int command_restore(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = command_path(call, call->args[0]);
    struct showing showing = {call, "restore", isatty(fileno(call->err)) != 0, 0};
    struct store_backup_watch watch = {show, &showing};
    struct store_backup_result read = {0};
    struct store_restored restored = {0};
    if (!check_place(call, options->replace, &error))
        return command_fail(call, error);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        error_set(&error, ERROR_INVALID, "%s: %s", path, g_strerror(errno));
    bool ok = fd >= 0 && prepare(call, fd, &watch, &read, &restored, &error);
    if (fd >= 0)
        close(fd);
    show_end(&showing);
    ok = ok && datadir_take_restored(call->config->data, &error);
    if (!ok) {
        datadir_drop_restoring(call->config->data);
        return command_fail(call, error);
    }
    tell(call, &read, &restored);
    return 0;
}
