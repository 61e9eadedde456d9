/* The key file and what is sealed with it (XChaCha20-Poly1305, libsodium).
 *
 * The file holds one key a line, "id:base64 of 32 bytes", the first being the one that new values
 * are sealed with; older ones only open. A sealed value carries its key's id, and opens only with
 * the associated data it was sealed with: the record, the kind and the destination's origin, so
 * that a swapped row or a changed token endpoint does not open. Immutable after loading, so any
 * thread may use it. */
#ifndef POSTROOM_BASE_KEYRING_H
#define POSTROOM_BASE_KEYRING_H

#include "base/secret.h"

#include <glib.h>
#include <stdint.h>

struct keyring;

/* Loads the key file; with create, makes it (0600, exclusively, fsynced, directories 0700) when it
 * is missing. A file that others may read is refused with the command that mends it. ERROR_INVALID,
 * ERROR_CRYPTO. */
struct keyring *keyring_load(const char *path, bool create, GError **error);
void keyring_free(struct keyring *keyring);

/* Puts a new key first in the file; values sealed with older keys still open. Loads anew
 * afterwards. */
bool keyring_rotate(const char *path, GError **error);

/* The id of the key that seals now. */
uint32_t keyring_current(const struct keyring *keyring);
/* The id of the key a value was sealed with; 0 when it is not a sealed value. */
uint32_t keyring_id_of(GBytes *sealed);

/* Seals; the associated data is authenticated, not stored. (transfer full), never NULL. */
GBytes *keyring_seal(const struct keyring *keyring, const struct secret *plain,
                     const char *associated);
/* (transfer full) or NULL with ERROR_CRYPTO, which never says more than which record did not open.
 */
struct secret *keyring_open(const struct keyring *keyring, GBytes *sealed, const char *associated,
                            GError **error);

/* 32 bytes derived for a purpose ("session-id", "image-path"), for keyed hashes. Eight characters
 * at most count. */
void keyring_derive(const struct keyring *keyring, const char *purpose, uint8_t out[32]);

#endif
