/* Message encryption for Web Push (RFC 8291): one record of aes128gcm (RFC 8188), for which a new
 * key pair and salt are made each time. The cryptography is OpenSSL's. Any thread. */
#ifndef POSTROOM_HTTPC_WEBPUSH_H
#define POSTROOM_HTTPC_WEBPUSH_H

#include "base/error.h"
#include "base/secret.h"

#define WEBPUSH_POINT 65 /* an uncompressed point of P-256 */
#define WEBPUSH_AUTH 16
/* A push service takes 4096 bytes of body (RFC 8030, 7.2): that much of it is the message. */
#define WEBPUSH_PLAIN_MAX 3993

/* The receiver's keys. The caller wipes them. */
struct webpush_keys {
    uint8_t p256dh[WEBPUSH_POINT];
    uint8_t auth[WEBPUSH_AUTH];
};

/* From URL-safe base64 with or without padding. ERROR_INVALID when one has another length, or when
 * the first is no point on the curve. */
bool webpush_keys_parse(struct webpush_keys *keys, const char *p256dh, const char *auth,
                        GError **error);

/* What is made anew for each message: given by tests, so that a result can be compared. */
struct webpush_chance {
    uint8_t private_key[32];
    uint8_t public_key[WEBPUSH_POINT];
    uint8_t salt[16];
};

/* The body of a request with Content-Encoding: aes128gcm; chance is NULL but in tests. (transfer
 * full) or NULL with ERROR_TOO_LARGE, ERROR_CRYPTO. */
struct secret *webpush_encrypt(const struct webpush_keys *keys, const struct secret *plain,
                               const struct webpush_chance *chance, GError **error);

#endif
