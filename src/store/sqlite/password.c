#include "store/sqlite/people.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define HASHINGS_AT_ONCE 2
#define HASHING_WAIT_SECONDS 5

static bool hashing_begin(struct store *store, GError **error)
{
    struct timespec until;
    int code = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += HASHING_WAIT_SECONDS;
    pthread_mutex_lock(&store->hashing_lock);
    while (store->hashing >= HASHINGS_AT_ONCE && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&store->hashing_free, &store->hashing_lock, &until);
    bool ok = store->hashing < HASHINGS_AT_ONCE;
    store->hashing += ok;
    pthread_mutex_unlock(&store->hashing_lock);
    if (!ok)
        error_set(error, ERROR_THROTTLED, "too many sign-ins at once");
    return ok;
}

static void hashing_end(struct store *store)
{
    pthread_mutex_lock(&store->hashing_lock);
    store->hashing--;
    pthread_cond_signal(&store->hashing_free);
    pthread_mutex_unlock(&store->hashing_lock);
}

char *people_hash_password(struct store *store, const struct secret *password, GError **error)
{
    char hash[crypto_pwhash_STRBYTES];
    if (!hashing_begin(store, error))
        return NULL;
    int code =
        crypto_pwhash_str(hash, secret_reveal(password), secret_length(password),
                          crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE);
    hashing_end(store);
    if (code == 0)
        return g_strdup(hash);
    error_set(error, ERROR_INTERNAL, "not enough memory to hash a password");
    return NULL;
}

bool people_check_password(struct store *store, const char *hash, const struct secret *password,
                           bool *matches, GError **error)
{
    *matches = false;
    if (!hashing_begin(store, error))
        return false;
    if (hash != NULL && hash[0] != '\0') {
        *matches =
            crypto_pwhash_str_verify(hash, secret_reveal(password), secret_length(password)) == 0;
    } else {
        uint8_t key[32], salt[crypto_pwhash_SALTBYTES] = {0};
        /* Same work as a real check, so that time does not tell who exists. */
        if (crypto_pwhash(key, sizeof key, secret_reveal(password), secret_length(password), salt,
                          crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                          crypto_pwhash_ALG_ARGON2ID13) == 0)
            sodium_memzero(key, sizeof key);
    }
    hashing_end(store);
    return true;
}

void people_hash(const struct store *store, const char *purpose, const char *value,
                 uint8_t out[SESSION_HASH_BYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, store->session_key, sizeof store->session_key,
                            SESSION_HASH_BYTES);
    crypto_generichash_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
    crypto_generichash_update(&state, (const unsigned char *)value, strlen(value));
    crypto_generichash_final(&state, out, SESSION_HASH_BYTES);
}

char *people_random(size_t bytes)
{
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    g_autofree uint8_t *raw = g_malloc(bytes);
    size_t size = sodium_base64_encoded_len(bytes, variant);
    char *text = g_malloc(size);
    randombytes_buf(raw, bytes);
    sodium_bin2base64(text, size, raw, bytes, variant);
    sodium_memzero(raw, bytes);
    return text;
}

bool people_is_address(const char *email)
{
    if (email == NULL || strlen(email) > 254 || !g_utf8_validate(email, -1, NULL))
        return false;
    const char *at = strrchr(email, '@');
    if (at == NULL || at == email || at[1] == '\0')
        return false;
    for (const char *p = email; *p != '\0'; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("<>,;\"()[]\\", *p) != NULL)
            return false;
    return true;
}
