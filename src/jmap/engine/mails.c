#include "jmap/engine/engine.h"

#include "mime/mime.h"

#include <pthread.h>

#define MAILS_MAX 32
#define MAILS_BYTES_MAX (64 * 1024 * 1024)
#define NESTING_MAX 8

/* Mails that were parsed lately: opening a mail asks for body, view and images one after the other.
 * A parsed mail belongs to one thread at a time, so it leaves the cache while in use. */
struct entry {
    struct jmap_mail *mail;
    size_t bytes;
};
struct jmap_mails {
    pthread_mutex_t mutex;
    GQueue entries; /* of struct entry, the latest first */
    size_t bytes;
};

static void mail_free(struct jmap_mail *mail)
{
    mime_mail_free(mail->mail);
    g_free(mail->key);
    g_free(mail);
}

struct jmap_mails *jmap_mails_new(void)
{
    struct jmap_mails *mails = g_new0(struct jmap_mails, 1);

    pthread_mutex_init(&mails->mutex, NULL);
    g_queue_init(&mails->entries);
    return mails;
}

static void drop_last(struct jmap_mails *mails)
{
    struct entry *entry = g_queue_pop_tail(&mails->entries);

    mails->bytes -= entry->bytes;
    mail_free(entry->mail);
    g_free(entry);
}

void jmap_mails_free(struct jmap_mails *mails)
{
    if (mails == NULL)
        return;
    while (mails->entries.length > 0)
        drop_last(mails);
    pthread_mutex_destroy(&mails->mutex);
    g_free(mails);
}

static struct jmap_mail *take_cached(struct jmap_mails *mails, const char *key)
{
    struct jmap_mail *found = NULL;

    pthread_mutex_lock(&mails->mutex);
    for (GList *link = mails->entries.head; link != NULL; link = link->next) {
        struct entry *entry = link->data;

        if (strcmp(entry->mail->key, key) != 0)
            continue;
        found = entry->mail;
        mails->bytes -= entry->bytes;
        g_queue_delete_link(&mails->entries, link);
        g_free(entry);
        break;
    }
    pthread_mutex_unlock(&mails->mutex);
    return found;
}

/* Blobs that no email holds yet are their uploader's alone (RFC 8620, 6.1): the key names the
 * person too. */
static char *mail_key(const struct store_access *access, int64_t blob)
{
    return g_strdup_printf("%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
                           store_principal_user(store_access_principal(access)),
                           store_access_account(access), blob);
}

struct jmap_mail *jmap_mail_take(struct jmap *jmap, const struct store_access *access, int64_t blob,
                                 GError **error)
{
    g_autofree char *key = mail_key(access, blob);
    struct jmap_mail *mail = take_cached(jmap->mails, key);
    g_autoptr(GBytes) raw = NULL;

    if (mail != NULL)
        return mail;
    raw = store_blob(access, blob, error);
    if (raw == NULL)
        return NULL;
    mail = g_new0(struct jmap_mail, 1);
    mail->mail = mime_parse(raw);
    mail->bytes = g_bytes_get_size(raw) + 4096;
    mail->blob = blob;
    mail->key = g_steal_pointer(&key);
    return mail;
}

void jmap_mail_give(struct jmap *jmap, struct jmap_mail *mail)
{
    struct jmap_mails *mails = jmap->mails;
    struct entry *entry;

    if (mail == NULL)
        return;
    if (mail->bytes > MAILS_BYTES_MAX / 2) {
        mail_free(mail);
        return;
    }
    entry = g_new0(struct entry, 1);
    entry->mail = mail;
    entry->bytes = mail->bytes;
    pthread_mutex_lock(&mails->mutex);
    g_queue_push_head(&mails->entries, entry);
    mails->bytes += entry->bytes;
    while (mails->entries.length > MAILS_MAX || mails->bytes > MAILS_BYTES_MAX)
        drop_last(mails);
    pthread_mutex_unlock(&mails->mutex);
}

/* --- blobs --- */

char *jmap_blob_part_id(const char *blob, const char *part_id)
{
    char *id = g_strconcat(blob, "-", part_id, NULL);

    return g_strdelimit(id, ".", '_');
}

static GBytes *not_found(GError **error)
{
    error_set(error, ERROR_NOT_FOUND, "no such blob");
    return NULL;
}

static GBytes *part_bytes(struct mime_mail *mail, const char *token, GError **error)
{
    g_autofree char *part_id = g_strdelimit(g_strdup(token), "_", '.');
    int index = mime_find_part(mail, part_id);

    return index < 0 ? not_found(error) : mime_part_bytes(mail, (size_t)index, 0);
}

static GBytes *first_part(struct jmap *jmap, const struct store_access *access, int64_t blob,
                          const char *token, GError **error)
{
    struct jmap_mail *mail = jmap_mail_take(jmap, access, blob, error);
    GBytes *bytes;

    if (mail == NULL)
        return NULL;
    bytes = part_bytes(mail->mail, token, error);
    jmap_mail_give(jmap, mail);
    return bytes;
}

GBytes *jmap_blob_load(struct jmap *jmap, const struct store_access *access, const char *id,
                       GError **error)
{
    g_auto(GStrv) tokens = g_strsplit(id != NULL ? id : "", "-", NESTING_MAX + 1);
    unsigned count = g_strv_length(tokens);
    int64_t blob = jmap_id_parse('b', tokens[0]);
    g_autoptr(GBytes) bytes = NULL;

    if (blob == 0 || count > NESTING_MAX)
        return not_found(error);
    /* The store says whether it is there for this person now, also when it is in the cache. */
    bytes = store_blob(access, blob, error);
    if (bytes == NULL)
        return NULL;
    for (unsigned i = 1; i < count; i++) {
        GBytes *inner;

        if (i == 1) {
            inner = first_part(jmap, access, blob, tokens[i], error);
        } else {
            struct mime_mail *mail = mime_parse(bytes);

            inner = part_bytes(mail, tokens[i], error);
            mime_mail_free(mail);
        }
        if (inner == NULL)
            return NULL;
        g_bytes_unref(bytes);
        bytes = inner;
    }
    return g_steal_pointer(&bytes);
}
