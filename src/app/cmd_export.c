/* postroom export: a mailbox as a Maildir++, every message byte for byte. Folder names come from
 * mail servers and are anyone's: no name that leaves its directory can be made of them. */
#include "app/command.h"
#include "base/clock.h"
#include "imap/client.h"
#include "store/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "postroom-export"
#define DEPTH_MAX 64
#define NAME_MAX_BYTES 200
#define EMAILS_AT_ONCE 256
#define TELL_EVERY_MICROSECONDS 200000

struct export
{
    struct command_call *call;
    struct store_access *access;
    char *directory;
    GPtrArray *mailboxes;
    GHashTable *names; /* taken */
    uint64_t written, kept, pending;
    int64_t tell_at;
};

static bool fail(const char *path, GError **error)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    error_set(error, full ? ERROR_DISK_FULL : ERROR_INVALID, "%s: %s", path, g_strerror(errno));
    return false;
}

/* --- names */

static const struct store_mailbox *mailbox_of(const struct export *export, int64_t id)
{
    for (guint i = 0; i < export->mailboxes->len; i++) {
        const struct store_mailbox *mailbox = export->mailboxes->pdata[i];
        if (mailbox->id == id)
            return mailbox;
    }
    return NULL;
}

/* One level, as Maildir++ servers write it; the dot parts levels, the slash directories. */
static void append_level(GString *out, const char *name)
{
    g_autofree char *encoded = imap_utf7_encode(name);
    g_string_append_c(out, '.');
    if (*encoded == '\0')
        g_string_append_c(out, '_');
    for (const char *c = encoded; *c != '\0'; c++)
        if (*c == '.')
            g_string_append(out, "&AC4-");
        else if (*c == '/')
            g_string_append(out, "&AC8-");
        else
            g_string_append_c(out, *c);
}

static char *full_name(const struct export *export, const struct store_mailbox *mailbox)
{
    const struct store_mailbox *levels[DEPTH_MAX];
    size_t depth = 0;
    for (; mailbox != NULL && depth < DEPTH_MAX; mailbox = mailbox_of(export, mailbox->parent))
        levels[depth++] = mailbox;
    GString *name = g_string_new(NULL);
    while (depth > 0)
        append_level(name, levels[--depth]->name);
    return g_string_free(name, FALSE);
}

/* The directory of a mailbox under the export's; "." for INBOX. (transfer full) */
static char *directory_name(struct export *export, const struct store_mailbox *mailbox)
{
    if (mailbox->role == MAIL_ROLE_INBOX && mailbox->parent == 0)
        return g_strdup(".");
    char *name = full_name(export, mailbox);
    if (strlen(name) > NAME_MAX_BYTES) {
        g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
        g_free(name);
        name = g_strdup_printf(".long-%.16s", hash);
    }
    while (g_hash_table_contains(export->names, name)) {
        char *other = g_strconcat(name, "_", NULL);
        g_free(name);
        name = other;
    }
    g_hash_table_add(export->names, g_strdup(name));
    return name;
}

/* --- files */

static bool put_bytes(int fd, const void *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t n = write(fd, (const char *)bytes + at, length - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool put_file(const char *path, const void *bytes, size_t length, int64_t time,
                     GError **error)
{
    unlink(path); /* what an interrupted export left in tmp */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct timespec times[2] = {{.tv_sec = time}, {.tv_sec = time}};
    bool ok = fd >= 0 && put_bytes(fd, bytes, length) && (time == 0 || futimens(fd, times) == 0);
    if (!ok)
        fail(path, error);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool make_directory(const char *path, GError **error)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST || fail(path, error);
}

static bool make_folder(const char *path, bool inbox, GError **error)
{
    static const char *const parts[] = {"cur", "new", "tmp"};
    if (!make_directory(path, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *part = g_build_filename(path, parts[i], NULL);
        if (!make_directory(part, error))
            return false;
    }
    g_autofree char *mark = g_build_filename(path, "maildirfolder", NULL);
    return inbox || put_file(mark, "", 0, 0, error);
}

/* What is there already: name without flags -> name. (transfer full) */
static GHashTable *files_there(const char *cur, GError **error)
{
    g_autoptr(GError) cause = NULL;
    GDir *dir = g_dir_open(cur, 0, &cause);
    if (dir == NULL) {
        error_set(error, ERROR_INVALID, "%s", cause->message);
        return NULL;
    }
    GHashTable *there = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir))
        g_hash_table_insert(there, g_strndup(name, strcspn(name, ":")), g_strdup(name));
    g_dir_close(dir);
    return there;
}

static char *flags_text(const struct mail_flags *flags)
{
    static const struct {
        char letter;
        uint32_t bit;
    } letters[] = {{'D', MAIL_DRAFT},
                   {'F', MAIL_FLAGGED},
                   {'P', MAIL_FORWARDED},
                   {'R', MAIL_ANSWERED},
                   {'S', MAIL_SEEN}};
    GString *text = g_string_new(":2,");
    for (size_t i = 0; i < G_N_ELEMENTS(letters); i++)
        if ((flags->bits & letters[i].bit) != 0)
            g_string_append_c(text, letters[i].letter);
    return g_string_free(text, FALSE);
}

static bool rename_file(const char *from, const char *to, GError **error)
{
    return strcmp(from, to) == 0 || rename(from, to) == 0 || fail(to, error);
}

static bool put_message(struct export *export, const char *folder, const char *base,
                        const char *target, const struct store_email *email, GError **error)
{
    g_autoptr(GBytes) raw = store_blob(export->access, email->blob, error);
    if (raw == NULL)
        return false;
    gsize length = 0;
    const void *bytes = g_bytes_get_data(raw, &length);
    g_autofree char *temporary = g_build_filename(folder, "tmp", base, NULL);
    if (!put_file(temporary, bytes, length, email->received_at, error))
        return false;
    export->written++;
    return rename_file(temporary, target, error);
}

static bool export_email(struct export *export, const char *folder, GHashTable *there,
                         const struct store_email *email, GError **error)
{
    if (email->blob == 0) {
        export->pending++;
        return true;
    }
    g_autofree char *base =
        g_strdup_printf("%" G_GINT64_FORMAT ".e%" G_GINT64_FORMAT ".postroom,S=%" G_GUINT64_FORMAT,
                        email->received_at, email->id, email->size);
    g_autofree char *flags = flags_text(&email->flags);
    g_autofree char *name = g_strconcat(base, flags, NULL);
    g_autofree char *target = g_build_filename(folder, "cur", name, NULL);
    const char *old = g_hash_table_lookup(there, base);
    if (old == NULL)
        return put_message(export, folder, base, target, email, error);
    g_autofree char *before = g_build_filename(folder, "cur", old, NULL);
    export->kept++;
    return rename_file(before, target, error);
}

/* --- folders */

static void show(struct export *export)
{
    FILE *err = export->call->err;
    if (clock_now() < export->tell_at || isatty(fileno(err)) == 0)
        return;
    export->tell_at = clock_now() + TELL_EVERY_MICROSECONDS;
    fprintf(err, "\r%" G_GUINT64_FORMAT " messages\033[K", export->written + export->kept);
    fflush(err);
}

static bool export_some(struct export *export, const char *folder, GHashTable *there,
                        const int64_t *ids, size_t count, GError **error)
{
    g_autoptr(GPtrArray) emails =
        store_emails(export->access, ids, count, STORE_EMAIL_FLAGS, NULL, error);
    for (guint i = 0; emails != NULL && i < emails->len; i++) {
        if (cancel_is_triggered(export->call->cancel)) {
            error_set(error, ERROR_CANCELLED, "stopped");
            return false;
        }
        if (!export_email(export, folder, there, emails->pdata[i], error))
            return false;
        show(export);
    }
    return emails != NULL;
}

static bool list_emails(struct export *export, int64_t mailbox, struct store_query_result *result,
                        GError **error)
{
    struct store_filter *filter = store_filter_new(STORE_IN_MAILBOX);
    filter->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(filter->ids, mailbox);
    struct store_query query = {.filter = filter, .limit = G_MAXINT32};
    bool ok = store_query(export->access, &query, result, error);
    store_filter_free(filter);
    return ok;
}

static bool export_mailbox(struct export *export, const struct store_mailbox *mailbox,
                           GError **error)
{
    g_autofree char *name = directory_name(export, mailbox);
    bool inbox = strcmp(name, ".") == 0;
    g_autofree char *folder =
        inbox ? g_strdup(export->directory) : g_build_filename(export->directory, name, NULL);
    g_autofree char *cur = g_build_filename(folder, "cur", NULL);
    struct store_query_result result = {0};
    if (!make_folder(folder, inbox, error) || !list_emails(export, mailbox->id, &result, error))
        return false;
    GHashTable *there = files_there(cur, error);
    bool ok = there != NULL;
    for (guint at = 0; ok && at < result.ids->len; at += EMAILS_AT_ONCE)
        ok = export_some(export, folder, there, &g_array_index(result.ids, int64_t, at),
                         MIN(EMAILS_AT_ONCE, result.ids->len - at), error);
    if (there != NULL)
        g_hash_table_destroy(there);
    store_query_result_clear(&result);
    return ok;
}

/* --- the directory */

static bool is_empty(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    bool empty = dir != NULL && g_dir_read_name(dir) == NULL;
    if (dir != NULL)
        g_dir_close(dir);
    return empty;
}

/* New, empty, or an export of the same mailbox that goes on. */
static bool take_directory(const struct export *export, const char *address, GError **error)
{
    g_autofree char *mark = g_build_filename(export->directory, MARK, NULL);
    g_autofree char *wanted = g_strconcat(address, "\n", NULL);
    g_autofree char *found = NULL;
    if (g_mkdir_with_parents(export->directory, 0700) != 0)
        return fail(export->directory, error);
    if (g_file_get_contents(mark, &found, NULL, NULL) && strcmp(found, wanted) == 0)
        return true;
    if (is_empty(export->directory))
        return put_file(mark, wanted, strlen(wanted), 0, error);
    if (found != NULL)
        error_set(error, ERROR_CONFLICT, "%s holds the export of another mailbox",
                  export->directory);
    else
        error_set(error, ERROR_CONFLICT,
                  "%s is not empty and not an export of Postroom's: name a new directory",
                  export->directory);
    return false;
}

static bool run(struct export *export, const char *address, GError **error)
{
    if (!take_directory(export, address, error))
        return false;
    export->mailboxes = store_mailboxes(export->access, NULL, error);
    for (guint i = 0; export->mailboxes != NULL && i < export->mailboxes->len; i++) {
        const struct store_mailbox *mailbox = export->mailboxes->pdata[i];
        if (mailbox->selectable && !export_mailbox(export, mailbox, error))
            return false;
    }
    int fd = open(export->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && syncfs(fd) == 0;
    if (!ok)
        fail(export->directory, error);
    if (fd >= 0)
        close(fd);
    return ok && export->mailboxes != NULL;
}

static int finish(const struct export *export, bool ok, const GError *error)
{
    struct command_call *call = export->call;
    if (isatty(fileno(call->err)))
        fputs("\r\033[K", call->err);
    if (!ok)
        return command_fail(call, error);
    fprintf(call->out,
            "%s: %" G_GUINT64_FORMAT " messages written, %" G_GUINT64_FORMAT " there already\n",
            export->directory, export->written, export->kept);
    if (export->pending == 0)
        return 0;
    fprintf(call->err,
            "postroom: %" G_GUINT64_FORMAT
            " messages are not here yet; run the same command again when they are\n",
            export->pending);
    return 1;
}

int command_export(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    if (options->maildir == NULL) {
        fprintf(call->err, "postroom export: --maildir is needed\n");
        return 2;
    }
    int64_t id = store_account_of_address(call->app->store, call->args[0], &error);
    struct export export = {.call = call};
    export.access = id != 0 ? store_access_for_operator(call->app->store, id, &error) : NULL;
    if (export.access == NULL)
        return command_fail(call, error);
    export.directory = command_path(call, options->maildir);
    export.names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = run(&export, call->args[0], &error);
    int status = finish(&export, ok, error);
    if (ok)
        store_audit_operator(call->app->store, "mail.export", call->args[0], NULL);
    if (export.mailboxes != NULL)
        g_ptr_array_unref(export.mailboxes);
    g_hash_table_destroy(export.names);
    store_access_free(export.access);
    g_free(export.directory);
    return status;
}
