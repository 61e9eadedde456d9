#include "base/keyring.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define FORMAT_BYTE 1
#define HEAD_BYTES (1 + sizeof(uint32_t) + NONCE_BYTES)
#define KEYS_MAX 64
#define FILE_MAX 8192

struct key {
    uint32_t id;
    uint8_t bytes[KEY_BYTES];
};

struct keyring {
    size_t count;
    struct key keys[KEYS_MAX];
};

static bool parse_line(const char *line, struct key *key)
{
    char *end = NULL;
    guint64 id = g_ascii_strtoull(line, &end, 10);
    if (id == 0 || id > UINT32_MAX || end == line || *end != ':')
        return false;
    size_t length = 0;
    key->id = (uint32_t)id;
    return sodium_base642bin(key->bytes, KEY_BYTES, end + 1, strlen(end + 1), " \t\r", &length,
                             NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           length == KEY_BYTES;
}

static bool parse_file(struct keyring *ring, char *text, const char *path, GError **error)
{
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (*line == '\0' || *line == '#')
            continue;
        if (ring->count == KEYS_MAX || !parse_line(line, &ring->keys[ring->count])) {
            error_set(error, ERROR_CRYPTO,
                      "%s: not a Postroom key file; restore it from where it is kept safe", path);
            return false;
        }
        ring->count++;
    }
    if (ring->count == 0)
        error_set(error, ERROR_CRYPTO,
                  "%s: the key file holds no key; restore it from where it is kept safe", path);
    return ring->count > 0;
}

static bool write_keys(int fd, const struct keyring *ring, GError **error)
{
    for (size_t i = 0; i < ring->count; i++) {
        char encoded[sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)];
        sodium_bin2base64(encoded, sizeof encoded, ring->keys[i].bytes, KEY_BYTES,
                          sodium_base64_VARIANT_ORIGINAL);
        int written = dprintf(fd, "%u:%s\n", ring->keys[i].id, encoded);
        sodium_memzero(encoded, sizeof encoded);
        if (written < 0) {
            error_set(error, ERROR_INVALID, "cannot write the key file: %s", g_strerror(errno));
            return false;
        }
    }
    if (fsync(fd) < 0) {
        error_set(error, ERROR_INVALID, "cannot write the key file: %s", g_strerror(errno));
        return false;
    }
    return true;
}

/* Written beside and linked into place, so that a crash leaves either no key file or a whole one.
 */
static bool store_keys(const char *path, const struct keyring *ring, bool replace, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);
    if (g_mkdir_with_parents(directory, 0700) < 0) {
        error_set(error, ERROR_INVALID, "%s: %s", directory, g_strerror(errno));
        return false;
    }
    g_autofree char *temporary = g_strdup_printf("%s.new.%d", path, (int)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_set(error, ERROR_INVALID, "%s: %s", temporary, g_strerror(errno));
        return false;
    }
    bool ok = write_keys(fd, ring, error);
    close(fd);
    if (ok && (replace ? rename(temporary, path) : link(temporary, path)) < 0 &&
        (replace || errno != EEXIST)) {
        error_set(error, ERROR_INVALID, "%s: %s", path, g_strerror(errno));
        ok = false;
    }
    unlink(temporary);
    int dir = ok ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dir >= 0) {
        fsync(dir);
        close(dir);
    }
    return ok;
}

static void add_fresh_key(struct keyring *ring)
{
    memmove(&ring->keys[1], &ring->keys[0], ring->count * sizeof ring->keys[0]);
    uint32_t highest = 0;
    for (size_t i = 1; i <= ring->count; i++)
        highest = MAX(highest, ring->keys[i].id);
    ring->keys[0].id = highest + 1;
    randombytes_buf(ring->keys[0].bytes, KEY_BYTES);
    ring->count++;
}

static bool read_private(const char *path, char text[FILE_MAX + 1], GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    bool ok = false;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        error_set(error, ERROR_INVALID, "key file %s: %s", path,
                  fd < 0 ? g_strerror(errno) : "not a regular file");
    else if ((st.st_mode & 0077) != 0)
        error_set(error, ERROR_INVALID, "key file %s may be read by others; run: chmod 600 %s",
                  path, path);
    else {
        ssize_t got = read(fd, text, FILE_MAX);
        text[got > 0 ? got : 0] = '\0';
        ok = got > 0;
        if (!ok)
            error_set(error, ERROR_INVALID,
                      "key file %s is empty; restore it from where it is kept safe", path);
    }
    if (fd >= 0)
        close(fd);
    return ok;
}

struct keyring *keyring_load(const char *path, bool create, GError **error)
{
    if (sodium_init() < 0) {
        error_set(error, ERROR_CRYPTO, "libsodium cannot start");
        return NULL;
    }
    struct keyring *ring = g_new0(struct keyring, 1);
    if (create && access(path, F_OK) < 0 && errno == ENOENT) {
        add_fresh_key(ring);
        bool stored = store_keys(path, ring, false, error);
        sodium_memzero(ring, sizeof *ring);
        if (!stored) {
            keyring_free(ring);
            return NULL;
        }
    }
    char text[FILE_MAX + 1];
    bool ok = read_private(path, text, error) && parse_file(ring, text, path, error);
    sodium_memzero(text, sizeof text);
    if (ok)
        return ring;
    keyring_free(ring);
    return NULL;
}

void keyring_free(struct keyring *keyring)
{
    if (keyring == NULL)
        return;
    sodium_memzero(keyring, sizeof *keyring);
    g_free(keyring);
}

bool keyring_rotate(const char *path, GError **error)
{
    struct keyring *ring = keyring_load(path, false, error);
    if (ring == NULL)
        return false;
    bool ok = ring->count < KEYS_MAX;
    if (!ok)
        error_set(error, ERROR_TOO_LARGE,
                  "%s holds %d keys; remove the oldest that seal nothing any more", path, KEYS_MAX);
    else
        add_fresh_key(ring);
    ok = ok && store_keys(path, ring, true, error);
    keyring_free(ring);
    return ok;
}

uint32_t keyring_current(const struct keyring *keyring)
{
    return keyring->keys[0].id;
}

uint32_t keyring_id_of(GBytes *sealed)
{
    gsize size = 0;
    const uint8_t *data = g_bytes_get_data(sealed, &size);
    if (size < HEAD_BYTES + TAG_BYTES || data[0] != FORMAT_BYTE)
        return 0;
    uint32_t id;
    memcpy(&id, data + 1, sizeof id);
    return GUINT32_FROM_LE(id);
}

GBytes *keyring_seal(const struct keyring *keyring, const struct secret *plain,
                     const char *associated)
{
    const struct key *key = &keyring->keys[0];
    size_t size = HEAD_BYTES + secret_length(plain) + TAG_BYTES;
    uint8_t *out = g_malloc(size);
    uint32_t id = GUINT32_TO_LE(key->id);
    out[0] = FORMAT_BYTE;
    memcpy(out + 1, &id, sizeof id);
    uint8_t *nonce = out + 1 + sizeof id;
    randombytes_buf(nonce, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + HEAD_BYTES, NULL,
                                               (const uint8_t *)secret_reveal(plain),
                                               secret_length(plain), (const uint8_t *)associated,
                                               strlen(associated), NULL, nonce, key->bytes);
    return g_bytes_new_take(out, size);
}

static const struct key *find_key(const struct keyring *keyring, uint32_t id)
{
    for (size_t i = 0; i < keyring->count; i++)
        if (keyring->keys[i].id == id)
            return &keyring->keys[i];
    return NULL;
}

struct secret *keyring_open(const struct keyring *keyring, GBytes *sealed, const char *associated,
                            GError **error)
{
    gsize size = 0;
    const uint8_t *data = g_bytes_get_data(sealed, &size);
    uint32_t id = keyring_id_of(sealed);
    const struct key *key = id != 0 ? find_key(keyring, id) : NULL;
    if (key == NULL) {
        error_set(error, ERROR_CRYPTO, "%s: sealed with key %u, which is not in the key file",
                  associated, id);
        return NULL;
    }
    size_t length = size - HEAD_BYTES - TAG_BYTES;
    uint8_t *plain = g_malloc(length + 1);
    struct secret *secret = NULL;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, data + HEAD_BYTES,
                                                   size - HEAD_BYTES, (const uint8_t *)associated,
                                                   strlen(associated), data + 1 + sizeof id,
                                                   key->bytes) == 0)
        secret = secret_new(plain, length);
    else
        error_set(error, ERROR_CRYPTO, "%s: the sealed value does not open here", associated);
    sodium_memzero(plain, length);
    g_free(plain);
    return secret;
}

void keyring_derive(const struct keyring *keyring, const char *purpose, uint8_t out[32])
{
    /* From the oldest key, so that a rotation does not sign everybody out. */
    const struct key *key = &keyring->keys[keyring->count - 1];
    char context[crypto_kdf_CONTEXTBYTES] = {0};
    memcpy(context, purpose, strnlen(purpose, sizeof context));
    crypto_kdf_derive_from_key(out, 32, 1, context, key->bytes);
}
