#include "httpc/webpush.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <sodium.h>
#include <string.h>

#define SALT 16
#define KEY 16
#define NONCE 12
#define TAG 16
#define SHARED 32
#define RECORD 4096
/* Salt, record size, length of the key id, and the key id: our public key (RFC 8188, 2.1). */
#define HEADER (SALT + 4 + 1 + WEBPUSH_POINT)
#define DELIMITER 2 /* of the last record */

static bool decode(const char *text, uint8_t *out, size_t size)
{
    static const int variants[] = {sodium_base64_VARIANT_URLSAFE_NO_PADDING,
                                   sodium_base64_VARIANT_URLSAFE};
    for (size_t i = 0; i < G_N_ELEMENTS(variants); i++) {
        size_t length = 0;
        if (sodium_base642bin(out, size, text, strlen(text), NULL, &length, NULL, variants[i]) ==
                0 &&
            length == size)
            return true;
    }
    return false;
}

/* A key of P-256 from its parts; private_key may be NULL. NULL when the point is not on the curve.
 * (transfer full) */
static EVP_PKEY *key_from(const uint8_t *point, const uint8_t *private_key)
{
    EVP_PKEY *key = NULL;
    BIGNUM *number = private_key != NULL ? BN_bin2bn(private_key, 32, NULL) : NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *params = NULL;
    int kind = private_key != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    if (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, WEBPUSH_POINT) ==
            1 &&
        (number == NULL ||
         OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1) &&
        (params = OSSL_PARAM_BLD_to_param(builder)) != NULL && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &key, kind, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    BN_clear_free(number);
    return key;
}

static bool is_point(const uint8_t *point)
{
    EVP_PKEY *key = point[0] == POINT_CONVERSION_UNCOMPRESSED ? key_from(point, NULL) : NULL;
    EVP_PKEY_CTX *context = key != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    bool good = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

bool webpush_keys_parse(struct webpush_keys *keys, const char *p256dh, const char *auth,
                        GError **error)
{
    if (decode(p256dh, keys->p256dh, sizeof keys->p256dh) && is_point(keys->p256dh) &&
        decode(auth, keys->auth, sizeof keys->auth))
        return true;
    error_set(error, ERROR_INVALID,
              "p256dh is a point of P-256 (65 bytes) and auth has 16 bytes, in URL-safe base64");
    return false;
}

/* RFC 5869 with SHA-256. */
static bool hkdf(const uint8_t *salt, size_t salt_size, const uint8_t *secret, const void *info,
                 size_t info_size, uint8_t *out, size_t size)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
    EVP_KDF_CTX *context = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, salt_size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret, SHARED),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, info_size),
        OSSL_PARAM_construct_end(),
    };
    bool good = context != NULL && EVP_KDF_derive(context, out, size, params) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return good;
}

static bool agree(EVP_PKEY *ours, const uint8_t *theirs, uint8_t shared[SHARED])
{
    EVP_PKEY *peer = key_from(theirs, NULL);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
    size_t size = SHARED;
    bool good = peer != NULL && context != NULL && EVP_PKEY_derive_init(context) == 1 &&
                EVP_PKEY_derive_set_peer(context, peer) == 1 &&
                EVP_PKEY_derive(context, shared, &size) == 1 && size == SHARED;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    return good;
}

struct sums {
    uint8_t public_key[WEBPUSH_POINT], salt[SALT];
    uint8_t shared[SHARED], input[SHARED], key[KEY], nonce[NONCE];
};

/* Our key pair and the salt, new or given. (transfer full) or NULL. */
static EVP_PKEY *begin(struct sums *sums, const struct webpush_chance *chance)
{
    size_t size = 0;
    EVP_PKEY *ours =
        chance != NULL ? key_from(chance->public_key, chance->private_key) : EVP_EC_gen("P-256");
    bool good = ours != NULL &&
                EVP_PKEY_get_octet_string_param(ours, OSSL_PKEY_PARAM_PUB_KEY, sums->public_key,
                                                sizeof sums->public_key, &size) == 1 &&
                size == sizeof sums->public_key;
    if (chance != NULL)
        memcpy(sums->salt, chance->salt, SALT);
    else
        good = good && RAND_bytes(sums->salt, SALT) == 1;
    if (good)
        return ours;
    EVP_PKEY_free(ours);
    return NULL;
}

/* RFC 8291, 3.4. */
static bool derive(struct sums *sums, EVP_PKEY *ours, const struct webpush_keys *keys)
{
    static const char title[] = "WebPush: info", for_key[] = "Content-Encoding: aes128gcm",
                      for_nonce[] = "Content-Encoding: nonce"; /* each with its NUL */
    uint8_t info[sizeof title + 2 * WEBPUSH_POINT];
    memcpy(info, title, sizeof title);
    memcpy(info + sizeof title, keys->p256dh, WEBPUSH_POINT);
    memcpy(info + sizeof title + WEBPUSH_POINT, sums->public_key, WEBPUSH_POINT);
    return agree(ours, keys->p256dh, sums->shared) &&
           hkdf(keys->auth, WEBPUSH_AUTH, sums->shared, info, sizeof info, sums->input, SHARED) &&
           hkdf(sums->salt, SALT, sums->input, for_key, sizeof for_key, sums->key, KEY) &&
           hkdf(sums->salt, SALT, sums->input, for_nonce, sizeof for_nonce, sums->nonce, NONCE);
}

static bool seal(const struct sums *sums, const struct secret *plain, uint8_t *out)
{
    static const uint8_t delimiter = DELIMITER;
    int first = 0, second = 0, last = 0;
    int length = (int)secret_length(plain);
    const unsigned char *text = (const unsigned char *)secret_reveal(plain);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = context != NULL &&
                EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, sums->key, sums->nonce) == 1 &&
                EVP_EncryptUpdate(context, out, &first, text, length) == 1 &&
                EVP_EncryptUpdate(context, out + first, &second, &delimiter, 1) == 1 &&
                EVP_EncryptFinal_ex(context, out + first + second, &last) == 1 &&
                first + second + last == length + 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG, out + length + 1) == 1;
    EVP_CIPHER_CTX_free(context);
    return good;
}

static void put_header(const struct sums *sums, uint8_t *out)
{
    const uint8_t size[] = {0, 0, RECORD >> 8, RECORD & 0xff, WEBPUSH_POINT};
    memcpy(out, sums->salt, SALT);
    memcpy(out + SALT, size, sizeof size);
    memcpy(out + SALT + sizeof size, sums->public_key, WEBPUSH_POINT);
}

struct secret *webpush_encrypt(const struct webpush_keys *keys, const struct secret *plain,
                               const struct webpush_chance *chance, GError **error)
{
    struct sums sums;
    struct secret *body = NULL;
    if (secret_length(plain) > WEBPUSH_PLAIN_MAX) {
        error_set(error, ERROR_TOO_LARGE, "a push message has at most %d bytes", WEBPUSH_PLAIN_MAX);
        return NULL;
    }
    uint8_t out[HEADER + WEBPUSH_PLAIN_MAX + 1 + TAG];
    EVP_PKEY *ours = begin(&sums, chance);
    if (ours != NULL && derive(&sums, ours, keys) && seal(&sums, plain, out + HEADER)) {
        put_header(&sums, out);
        body = secret_new(out, HEADER + secret_length(plain) + 1 + TAG);
    } else {
        error_set(error, ERROR_CRYPTO, "a push message cannot be encrypted");
    }
    EVP_PKEY_free(ours);
    explicit_bzero(&sums, sizeof sums);
    return body;
}
