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

static bool is_base64url(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isalnum(text[i]) && text[i] != '-' && text[i] != '_')
            return false;
    return length > 0 && length % 4 != 1;
}

char *oauth_base64url_decode(const char *text, size_t length, size_t *out_length)
{
    if (!is_base64url(text, length))
        return NULL;
    g_autofree char *standard = g_malloc(length + 4);
    for (size_t i = 0; i < length; i++)
        standard[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    while (length % 4 != 0)
        standard[length++] = '=';
    standard[length] = '\0';
    g_autofree guchar *raw = g_base64_decode(standard, out_length);
    char *bytes = g_malloc(*out_length + 1);
    memcpy(bytes, raw, *out_length);
    bytes[*out_length] = '\0';
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
