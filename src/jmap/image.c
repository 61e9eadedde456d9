#include "jmap/image.h"

#include "jmap/engine/engine.h"

#include "base/clock.h"

#define DAY INT64_C(86400)
#define MAC_BYTES 32
#define REMOTE_MAX 4096
#define TOKEN_MAX 8192

/* A token is base64url of a keyed hash and the claim "user account expiry kind value"; kind is "b"
 * for a blob of the account and "r" for a remote URL. */

static void mac_of(const struct jmap *jmap, const char *claim, uint8_t mac[MAC_BYTES])
{
    uint8_t key[32];
    gsize length = MAC_BYTES;
    GHmac *hmac;

    keyring_derive(jmap->config.keyring, "mailimg", key);
    hmac = g_hmac_new(G_CHECKSUM_SHA256, key, sizeof(key));
    g_hmac_update(hmac, (const guchar *)claim, (gssize)strlen(claim));
    g_hmac_get_digest(hmac, mac, &length);
    g_hmac_unref(hmac);
    explicit_bzero(key, sizeof(key));
}

static char *seal(const struct jmap *jmap, const char *claim)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    uint8_t mac[MAC_BYTES];
    char *token;

    mac_of(jmap, claim, mac);
    g_byte_array_append(bytes, mac, MAC_BYTES);
    g_byte_array_append(bytes, (const guint8 *)claim, (guint)strlen(claim));
    token = g_base64_encode(bytes->data, bytes->len);
    g_strdelimit(token, "+", '-');
    g_strdelimit(token, "/", '_');
    token[strcspn(token, "=")] = '\0';
    return token;
}

static bool is_base64url(const char *token)
{
    for (const char *c = token; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && *c != '-' && *c != '_')
            return false;
    return token[0] != '\0' && strlen(token) <= TOKEN_MAX;
}

/* The claim; NULL when it was not made here. (transfer full) */
static char *unseal(const struct jmap *jmap, const char *token)
{
    g_autofree char *padded = NULL, *claim = NULL;
    g_autofree guchar *bytes = NULL;
    uint8_t mac[MAC_BYTES], difference = 0;
    gsize length;

    if (token == NULL || !is_base64url(token))
        return NULL;
    padded = g_strconcat(token, "===", NULL);
    padded[(strlen(token) + 3) / 4 * 4] = '\0';
    g_strdelimit(padded, "-", '+');
    g_strdelimit(padded, "_", '/');
    bytes = g_base64_decode(padded, &length);
    if (length <= MAC_BYTES)
        return NULL;
    claim = g_strndup((const char *)bytes + MAC_BYTES, length - MAC_BYTES);
    if (strlen(claim) != length - MAC_BYTES)
        return NULL;
    mac_of(jmap, claim, mac);
    for (size_t i = 0; i < MAC_BYTES; i++)
        difference |= (uint8_t)(mac[i] ^ bytes[i]);
    return difference == 0 ? g_steal_pointer(&claim) : NULL;
}

char *jmap_image_address(struct jmap *jmap, const struct store_access *access, const char *blob,
                         const char *remote)
{
    int64_t expiry = (clock_wall() / DAY + 2) * DAY;
    g_autofree char *claim = NULL, *token = NULL;

    if (remote != NULL && strlen(remote) > REMOTE_MAX)
        return NULL;
    claim = g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s %s",
                            store_principal_user(store_access_principal(access)),
                            store_access_account(access), expiry, blob != NULL ? "b" : "r",
                            blob != NULL ? blob : remote);
    token = seal(jmap, claim);
    return g_strconcat("mail-image/", token, NULL);
}

const char *jmap_image_type(GBytes *bytes)
{
    static const struct {
        const char *type;
        size_t at, length;
        const char *magic;
    } types[] = {
        {"image/png", 0, 8, "\x89PNG\r\n\x1a\n"},
        {"image/jpeg", 0, 3, "\xff\xd8\xff"},
        {"image/gif", 0, 6, "GIF87a"},
        {"image/gif", 0, 6, "GIF89a"},
        {"image/webp", 8, 4, "WEBP"},
        {"image/bmp", 0, 2, "BM"},
        {"image/avif", 4, 8, "ftypavif"},
        {"image/x-icon", 0, 4, "\0\0\1\0"},
    };
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (size < types[i].at + types[i].length + 4 ||
            memcmp(data + types[i].at, types[i].magic, types[i].length) != 0)
            continue;
        if (types[i].at == 8 && memcmp(data, "RIFF", 4) != 0)
            continue;
        return types[i].type;
    }
    return NULL;
}

void jmap_image_clear(struct jmap_image *image)
{
    g_clear_pointer(&image->remote_url, g_free);
    g_clear_pointer(&image->bytes, g_bytes_unref);
    g_clear_pointer(&image->type, g_free);
}

static bool not_found(GError **error)
{
    error_set(error, ERROR_NOT_FOUND, "no such image");
    return false;
}

static bool load_part(struct jmap *jmap, const struct store_access *access, const char *blob,
                      struct jmap_image *image, GError **error)
{
    g_autoptr(GBytes) bytes = jmap_blob_load(jmap, access, blob, error);
    const char *type;

    if (bytes == NULL)
        return false;
    type = jmap_image_type(bytes);
    if (type == NULL)
        return not_found(error);
    image->bytes = g_steal_pointer(&bytes);
    image->type = g_strdup(type);
    return true;
}

bool jmap_image_resolve(struct jmap *jmap, struct store_principal *principal, const char *token,
                        struct jmap_image *image, GError **error)
{
    g_autofree char *claim = unseal(jmap, token);
    g_auto(GStrv) fields = g_strsplit(claim != NULL ? claim : "", " ", 5);
    struct store_access *access;
    int64_t account;
    bool ok = true;

    *image = (struct jmap_image){0};
    if (g_strv_length(fields) != 5 ||
        g_ascii_strtoll(fields[0], NULL, 10) != store_principal_user(principal) ||
        g_ascii_strtoll(fields[2], NULL, 10) <= clock_wall())
        return not_found(error);
    account = g_ascii_strtoll(fields[1], NULL, 10);
    access = account != 0
                 ? store_authorise(jmap->config.store, principal, account, STORE_READ, NULL)
                 : store_authorise_all(jmap->config.store, principal, NULL);
    if (access == NULL)
        return not_found(error);
    if (fields[3][0] == 'r')
        image->remote_url = g_strdup(fields[4]);
    else
        ok = load_part(jmap, access, fields[4], image, error);
    store_access_free(access);
    return ok;
}
