#include "jmap/jmap.h"

#include "jmap/engine/engine.h"

#include "mime/mime.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#define FILES_MAX 500
#define BYTES_MAX ((size_t)256 * 1024 * 1024)

struct bundle {
    struct archive *archive;
    GByteArray *out;
    GHashTable *names; /* taken ones, case folded */
    size_t bytes;
    unsigned files;
};

/* Pictures that stand in the text are no files to the reader. */
static bool is_file(const struct mime_part *part)
{
    bool is_picture = part->cid != NULL && g_str_has_prefix(part->type, "image/");

    return !is_picture || g_strcmp0(part->disposition, "attachment") == 0;
}

static bool take_name(struct bundle *bundle, const char *name)
{
    g_autofree char *folded = g_utf8_casefold(name, -1);

    return g_hash_table_add(bundle->names, g_steal_pointer(&folded));
}

/* The part's own name, or "name (2).pdf" where another has it. (transfer full) */
static char *free_name(struct bundle *bundle, const struct mime_part *part)
{
    g_autofree char *own =
        g_strdup(part->name != NULL && part->name[0] != '\0' ? part->name : "attachment");
    const char *dot;
    int stem;

    g_strdelimit(own, "/\\:", '_');
    if (strcmp(own, ".") == 0 || strcmp(own, "..") == 0)
        own[0] = '_';
    if (take_name(bundle, own))
        return g_steal_pointer(&own);
    dot = strrchr(own, '.');
    stem = dot != NULL && dot != own ? (int)(dot - own) : (int)strlen(own);
    for (unsigned i = 2;; i++) {
        g_autofree char *name = g_strdup_printf("%.*s (%u)%s", stem, own, i, own + stem);

        if (take_name(bundle, name))
            return g_steal_pointer(&name);
    }
}

static la_ssize_t append(struct archive *archive, void *arg, const void *data, size_t length)
{
    struct bundle *bundle = arg;

    (void)archive;
    g_byte_array_append(bundle->out, data, (guint)length);
    return (la_ssize_t)length;
}

static bool bundle_open(struct bundle *bundle)
{
    *bundle = (struct bundle){.archive = archive_write_new(), .out = g_byte_array_new()};
    bundle->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return archive_write_set_format_zip(bundle->archive) == ARCHIVE_OK &&
           archive_write_set_options(bundle->archive,
                                     "zip:compression=store,zip:hdrcharset=UTF-8") == ARCHIVE_OK &&
           archive_write_set_bytes_in_last_block(bundle->archive, 1) == ARCHIVE_OK &&
           archive_write_open(bundle->archive, bundle, NULL, append, NULL) == ARCHIVE_OK;
}

static bool bundle_add(struct bundle *bundle, struct mime_mail *mail, size_t index)
{
    g_autoptr(GBytes) bytes = mime_part_bytes(mail, index, BYTES_MAX - bundle->bytes + 1);
    g_autofree char *name = free_name(bundle, mime_part(mail, index));
    struct archive_entry *entry = archive_entry_new2(bundle->archive);
    gsize length = 0;
    const void *data = g_bytes_get_data(bytes, &length);
    bool good;

    bundle->bytes += length;
    archive_entry_set_pathname_utf8(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)length);
    good = bundle->bytes <= BYTES_MAX && ++bundle->files <= FILES_MAX &&
           archive_write_header(bundle->archive, entry) >= ARCHIVE_WARN &&
           (length == 0 || archive_write_data(bundle->archive, data, length) == (la_ssize_t)length);
    archive_entry_free(entry);
    return good;
}

/* The zip file, or NULL: too large, or nothing to put into it. (transfer full) */
static GBytes *bundle_of(struct mime_mail *mail)
{
    struct bundle bundle;
    size_t count;
    const int *indices = mime_attachments(mail, &count);
    bool good = bundle_open(&bundle);

    for (size_t i = 0; good && i < count; i++)
        if (is_file(mime_part(mail, (size_t)indices[i])))
            good = bundle_add(&bundle, mail, (size_t)indices[i]);
    good = good && archive_write_close(bundle.archive) == ARCHIVE_OK && bundle.files > 0;
    archive_write_free(bundle.archive);
    g_hash_table_unref(bundle.names);
    if (good)
        return g_byte_array_free_to_bytes(bundle.out);
    g_byte_array_unref(bundle.out);
    return NULL;
}

/* "b<n>" of a whole message; 0: something else. */
static int64_t message_of(const char *blob)
{
    char *end = NULL;
    gint64 number;

    if (blob == NULL || blob[0] != 'b' || !g_ascii_isdigit(blob[1]))
        return 0;
    number = g_ascii_strtoll(blob + 1, &end, 10);
    return *end == '\0' ? number : 0;
}

static GBytes *bundle_message(struct jmap *jmap, const struct store_access *access,
                              const char *blob, GError **error)
{
    /* Loading says whether this person may see it now; the cache does not ask. */
    g_autoptr(GBytes) raw = jmap_blob_load(jmap, access, blob, error);
    struct jmap_mail *mail;
    GBytes *bundle;

    if (raw == NULL)
        return NULL;
    mail = jmap_mail_take(jmap, access, message_of(blob), error);
    if (mail == NULL)
        return NULL;
    bundle = bundle_of(mail->mail);
    jmap_mail_give(jmap, mail);
    if (bundle == NULL)
        error_set(error, ERROR_NOT_FOUND, "no attachments, or too many");
    return bundle;
}

GBytes *jmap_download_attachments(struct jmap *jmap, struct store_principal *principal,
                                  const char *account, const char *blob, GError **error)
{
    GError *failure = NULL;
    struct store_access *access = jmap_account_open(jmap, principal, account, STORE_READ, &failure);
    GBytes *bytes = NULL;

    if (access != NULL && message_of(blob) > 0)
        bytes = bundle_message(jmap, access, blob, &failure);
    store_access_free(access);
    if (bytes == NULL)
        jmap_download_refuse(failure, error);
    g_clear_error(&failure);
    return bytes;
}
