/* Random words, base64url and PKCE (RFC 7636), for this module only. */
#ifndef POSTROOM_OAUTH_CODE_H
#define POSTROOM_OAUTH_CODE_H

#include <stddef.h>
#include <stdint.h>

/* base64url without padding of that many random bytes. (transfer full) */
char *oauth_random_word(size_t bytes);
/* base64url without padding. (transfer full) */
char *oauth_base64url(const uint8_t *bytes, size_t length);
/* The bytes behind base64url text, with a NUL after them, or NULL when it is not that.
 * (transfer full) */
char *oauth_base64url_decode(const char *text, size_t length, size_t *out_length);
/* The S256 challenge of a verifier (RFC 7636, 4.2). (transfer full) */
char *oauth_challenge(const char *verifier);

#endif
