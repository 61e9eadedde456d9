#include "text/text.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#define DECOMPOSED_MAX 32 /* UTF-16 units; Unicode's longest has 18 */

static const struct {
    const char *name;
    enum text_collation collation;
} named[] = {
    {"i;ascii-casemap", TEXT_COLLATE_ASCII},
    {"i;unicode-casemap", TEXT_COLLATE_UNICODE},
};

bool text_collation_of(const char *name, enum text_collation *collation)
{
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++)
        if (strcmp(named[i].name, name) == 0) {
            *collation = named[i].collation;
            return true;
        }
    return false;
}

/* Decomposed character by character: RFC 5051 does not put marks in order. */
static void put_decomposed(const UNormalizer2 *compat, UChar32 c, GString *key)
{
    UChar parts[DECOMPOSED_MAX];
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = unorm2_getDecomposition(compat, c, parts, DECOMPOSED_MAX, &status);
    if (length < 0 || U_FAILURE(status)) {
        g_string_append_unichar(key, (gunichar)c);
        return;
    }
    for (int32_t i = 0; i < length;) {
        UChar32 part = 0;
        U16_NEXT(parts, i, length, part);
        g_string_append_unichar(key, (gunichar)part);
    }
}

/* RFC 5051, 2. */
static char *unicode_key(const char *utf8)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *compat = unorm2_getNFKDInstance(&status);
    g_autofree char *valid = g_utf8_make_valid(utf8, -1);
    GString *key = g_string_sized_new(strlen(valid) + 8);
    if (U_FAILURE(status))
        return g_string_free(key, FALSE);
    for (char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        if ((unsigned char)*at < 0x80)
            g_string_append_c(key, g_ascii_toupper(*at));
        else
            put_decomposed(compat, u_totitle((UChar32)g_utf8_get_char(at)), key);
    }
    return g_string_free(key, FALSE);
}

char *text_collation_key(enum text_collation collation, const char *utf8)
{
    switch (collation) {
    case TEXT_COLLATE_ASCII: /* RFC 4790, 9.2.1 */
        return g_ascii_strup(utf8, -1);
    case TEXT_COLLATE_UNICODE:
        return unicode_key(utf8);
    default:
        return text_fold(utf8);
    }
}
