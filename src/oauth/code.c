#include "oauth/code.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#define RANDOM_MAX 64

char *oauth_base64url(const uint8_t *bytes, size_t length)
{
    char *text = g_base64_encode(bytes, length);
    size_t end = 0;
    for (char *p = text; *p != '\0' && *p != '='; p++, end++)
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
    text[end] = '\0';
    return text;
}

char *oauth_random_word(size_t bytes)
{
    uint8_t raw[RANDOM_MAX];
    g_assert(bytes <= sizeof raw);
    if (getrandom(raw, bytes, 0) != (ssize_t)bytes)
        g_error("no randomness");
    char *word = oauth_base64url(raw, bytes);
    explicit_bzero(raw, sizeof raw);
    return word;
}

/* The six bits of a character, or -1. */
static int bits_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool is_base64url(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bits_of(text[i]) < 0)
            return false;
    return length > 0 && length % 4 != 1;
}

char *oauth_base64url_decode(const char *text, size_t length, size_t *out_length)
{
    if (!is_base64url(text, length))
        return NULL;
    char *bytes = g_malloc(length);
    uint32_t window = 0;
    size_t count = 0;
    for (size_t i = 0, held = 0; i < length; i++) {
        window = (window << 6) | (uint32_t)bits_of(text[i]);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[count++] = (char)(window >> held);
        }
    }
    bytes[count] = '\0'; /* three quarters of the length at most, so there is room */
    *out_length = count;
    return bytes;
}

char *oauth_challenge(const char *verifier)
{
    uint8_t digest[32];
    gsize length = sizeof digest;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)verifier, (gssize)strlen(verifier));
    g_checksum_get_digest(sum, digest, &length);
    g_checksum_free(sum);
    return oauth_base64url(digest, length);
}
