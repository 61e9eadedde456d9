#include "attach/known.h"

#include <string.h>

#define TEXTS_BYTES ((size_t)8 * 1024 * 1024)
#define TEXTS_COUNT 2000

struct known {
    GHashTable *texts; /* kind and SHA-256 -> struct known_text */
    size_t bytes;
    int64_t account;
};

struct known_text {
    char *text; /* NULL: unreadable */
};

static void text_free(gpointer pointer)
{
    struct known_text *text = pointer;
    g_free(text->text);
    g_free(text);
}

struct known *known_new(void)
{
    struct known *known = g_new0(struct known, 1);
    known->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, text_free);
    return known;
}

void known_free(struct known *known)
{
    g_hash_table_destroy(known->texts);
    g_free(known);
}

static void forget(struct known *known)
{
    g_hash_table_remove_all(known->texts);
    known->bytes = 0;
}

void known_of_account(struct known *known, int64_t account)
{
    if (known->account != account)
        forget(known);
    known->account = account;
}

static char *key_of(const char *kind, GBytes *bytes)
{
    g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    return g_strconcat(kind, " ", sum, NULL);
}

bool known_find(struct known *known, const char *kind, GBytes *bytes, const char **text)
{
    g_autofree char *key = key_of(kind, bytes);
    const struct known_text *found = g_hash_table_lookup(known->texts, key);
    if (found != NULL)
        *text = found->text;
    return found != NULL;
}

void known_add(struct known *known, const char *kind, GBytes *bytes, const char *text)
{
    size_t size = text != NULL ? strlen(text) : 0;
    if (known->bytes + size > TEXTS_BYTES || g_hash_table_size(known->texts) >= TEXTS_COUNT)
        forget(known);
    struct known_text *fresh = g_new0(struct known_text, 1);
    fresh->text = g_strdup(text);
    known->bytes += size;
    g_hash_table_replace(known->texts, key_of(kind, bytes), fresh);
}
