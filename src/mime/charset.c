#include "mime/internal.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

static mime_converter *converter;
static bool as_named;

void mime_set_converter(mime_converter *convert)
{
    converter = convert;
}

void mime_read_charsets_as_named(bool only)
{
    as_named = only;
}

bool charsets_are_as_named(void)
{
    return as_named;
}

/* What senders mean by a name, where it is wider than what the name says (as browsers do). */
static const struct {
    const char *name, *meant;
} aliases[] = {
    {"utf8", "UTF-8"},
    {"unicode-1-1-utf-8", "UTF-8"},
    {"ascii", "windows-1252"},
    {"us-ascii", "windows-1252"},
    {"ansi_x3.4-1968", "windows-1252"},
    {"iso-8859-1", "windows-1252"},
    {"iso8859-1", "windows-1252"},
    {"iso_8859-1", "windows-1252"},
    {"latin1", "windows-1252"},
    {"latin-1", "windows-1252"},
    {"cp1252", "windows-1252"},
    {"cp-1252", "windows-1252"},
    {"gb2312", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"x-gbk", "GB18030"},
    {"gbk", "GB18030"},
    {"cn-gb", "GB18030"},
    {"big5", "CP950"},
    {"x-x-big5", "CP950"},
    {"cn-big5", "CP950"},
    {"ks_c_5601-1987", "CP949"},
    {"ks_c_5601", "CP949"},
    {"ks_c_5601-1989", "CP949"},
    {"euc-kr", "CP949"},
    {"korean", "CP949"},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"sjis", "CP932"},
    {"x-sjis", "CP932"},
    {"windows-31j", "CP932"},
    {"iso-2022-jp", "ISO-2022-JP-3"},
    {"iso-8859-9", "windows-1254"},
    {"iso-8859-11", "windows-874"},
    {"tis-620", "windows-874"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"iso-8859-8-e", "ISO-8859-8"},
    {"logical", "ISO-8859-8"},
    {"visual", "ISO-8859-8"},
    {"x-mac-roman", "MACINTOSH"},
    {"x-mac-cyrillic", "MAC-CYRILLIC"},
    {"x-unicode-2-0-utf-7", "UTF-7"},
    {"unicode-1-1-utf-7", "UTF-7"},
};

static bool is_ascii(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] <= 0)
            return false;
    return true;
}

static const gunichar cp1252[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                    0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

void utf8_append(GString *out, gunichar c)
{
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        c = 0xfffd;
    g_string_append_unichar(out, c);
}

static char *from_1252(const char *bytes, size_t length)
{
    GString *out = g_string_sized_new(length + length / 8 + 8);
    for (size_t i = 0; i < length;) {
        size_t run = i;
        while (run < length && bytes[run] > 0)
            run++;
        g_string_append_len(out, bytes + i, (gssize)(run - i));
        i = run;
        for (; i < length && bytes[i] <= 0; i++) {
            uint8_t c = (uint8_t)bytes[i];
            if (c != 0)
                g_string_append_unichar(out, c < 0xa0 ? cp1252[c - 0x80] : c);
        }
    }
    return g_string_free(out, FALSE);
}

/* UTF-8 with each bad sequence replaced, and without NUL bytes. */
static char *from_utf8(const char *bytes, size_t length, bool *problem)
{
    const char *bad = NULL;
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    if (g_utf8_validate_len(bytes, length, &bad))
        return g_strndup(bytes, length);
    GString *out = g_string_sized_new(length + 16);
    const char *end = bytes + length;
    while (bytes < end) {
        g_utf8_validate_len(bytes, (gsize)(end - bytes), &bad);
        g_string_append_len(out, bytes, bad - bytes);
        if (bad == end)
            break;
        if (*bad != '\0') {
            g_string_append(out, "\xef\xbf\xbd");
            *problem = true;
        }
        bytes = bad + 1;
        while (bytes < end && ((uint8_t)*bytes & 0xc0) == 0x80)
            bytes++;
    }
    return g_string_free(out, FALSE);
}

/* One step of iconv into out; false when it stopped at bytes it cannot read. */
static bool iconv_step(iconv_t cd, char **in, size_t *left, GByteArray *out)
{
    char buffer[8192];
    for (;;) {
        char *to = buffer;
        size_t room = sizeof buffer;
        size_t result = iconv(cd, left != NULL ? in : NULL, left, &to, &room);
        g_byte_array_append(out, (const guint8 *)buffer, (guint)(sizeof buffer - room));
        if (result != (size_t)-1)
            return true;
        if (errno != E2BIG)
            return false;
    }
}

static char *from_iconv(const char *charset, const char *bytes, size_t length, bool *problem)
{
    iconv_t cd = iconv_open("UTF-8", charset);
    if (cd == (iconv_t)-1)
        return NULL;
    GByteArray *out = g_byte_array_sized_new((guint)(length + length / 2 + 16));
    g_autofree char *copy = g_memdup2(bytes, length);
    char *in = copy;
    size_t left = length;
    while (left > 0 && !iconv_step(cd, &in, &left, out)) {
        g_byte_array_append(out, (const guint8 *)"\xef\xbf\xbd", 3);
        *problem = true;
        if (left > 0) {
            in++;
            left--;
        }
    }
    iconv_step(cd, NULL, NULL, out);
    iconv_close(cd);
    char *text = from_utf8((const char *)out->data, out->len, problem);
    g_byte_array_unref(out);
    return text;
}

static const char *meaning(const char *charset)
{
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (g_ascii_strcasecmp(charset, aliases[i].name) == 0)
            return aliases[i].meant;
    return charset;
}

/* A name from a mail is only handed on when it looks like one: iconv reads "//" as options. */
static bool name_is_sane(const char *charset)
{
    size_t length = strspn(charset, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_.:+()");
    return length > 0 && length <= 40 && charset[length] == '\0';
}

static bool has_escape(const char *bytes, size_t length)
{
    const char *esc = memmem(bytes, length, "\033$", 2);
    return esc != NULL && bytes + length - esc > 2 && (esc[2] == 'B' || esc[2] == '@');
}

static char *guess(const char *bytes, size_t length, bool *problem)
{
    if (has_escape(bytes, length)) {
        char *japanese = from_iconv("ISO-2022-JP-3", bytes, length, problem);
        if (japanese != NULL)
            return japanese;
    }
    if (g_utf8_validate_len(bytes, length, NULL))
        return from_utf8(bytes, length, problem);
    char *text = converter != NULL ? converter(NULL, bytes, length, problem) : NULL;
    return text != NULL ? text : from_1252(bytes, length);
}

/* Text of only ASCII bytes and without escapes reads the same in these. */
static bool is_ascii_compatible(const char *charset)
{
    static const char *const prefixes[] = {"utf-8", "utf8", "us-ascii", "iso-8859-", "windows-12",
                                           "koi8-", "gb",   "big5",     "euc-",      "cp125"};
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_ascii_strncasecmp(charset, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* Each byte that is no ASCII is replaced. */
static char *from_ascii(const char *bytes, size_t length, bool *problem)
{
    GString *out = g_string_sized_new(length);
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] > 0)
            g_string_append_c(out, bytes[i]);
        else if (bytes[i] != '\0')
            g_string_append(out, "\xef\xbf\xbd");
        *problem |= bytes[i] < 0;
    }
    return g_string_free(out, FALSE);
}

/* Exactly what the name says. UTF-7 is not read: it hides ASCII from filters. */
static char *convert_as_named(const char *charset, const char *bytes, size_t length, bool *problem)
{
    if (g_ascii_strcasecmp(charset, "us-ascii") == 0 || g_ascii_strcasecmp(charset, "ascii") == 0)
        return from_ascii(bytes, length, problem);
    if (g_ascii_strcasecmp(charset, "utf-8") == 0)
        return from_utf8(bytes, length, problem);
    bool hides =
        strcmp(meaning(charset), "UTF-7") == 0 || g_ascii_strcasecmp(charset, "utf-7") == 0;
    return hides || !name_is_sane(charset) ? NULL : from_iconv(charset, bytes, length, problem);
}

static char *read_as_named(const char *charset, const char *bytes, size_t length, bool *problem)
{
    bool named = charset != NULL && *charset != '\0';
    char *text = named ? convert_as_named(charset, bytes, length, problem) : NULL;
    if (text != NULL)
        return text;
    *problem |= named;
    return from_ascii(bytes, length, problem);
}

static char *convert_named(const char *charset, const char *bytes, size_t length, bool *problem)
{
    const char *meant = meaning(charset);
    if (g_ascii_strcasecmp(meant, "UTF-8") == 0) {
        char *text = from_utf8(bytes, length, problem);
        return text;
    }
    if (strcmp(meant, "windows-1252") == 0) {
        /* Mail that says ASCII or Latin-1 and is valid UTF-8 with 8-bit characters is UTF-8. */
        if (g_utf8_validate_len(bytes, length, NULL))
            return from_utf8(bytes, length, problem);
        if (g_ascii_strcasecmp(charset, "us-ascii") == 0 ||
            g_ascii_strcasecmp(charset, "ascii") == 0)
            return guess(bytes, length, problem);
        return from_1252(bytes, length);
    }
    if (!name_is_sane(meant))
        return NULL;
    char *text = from_iconv(meant, bytes, length, problem);
    if (text == NULL && converter != NULL)
        text = converter(meant, bytes, length, problem);
    return text;
}

char *charset_to_utf8(const char *charset, const char *bytes, size_t length, bool *problem)
{
    bool ignored = false;
    problem = problem != NULL ? problem : &ignored;
    if (length == 0)
        return g_strdup("");
    if (as_named)
        return read_as_named(charset, bytes, length, problem);
    if (charset == NULL || *charset == '\0')
        return guess(bytes, length, problem);
    if (is_ascii(bytes, length) && memchr(bytes, '\033', length) == NULL &&
        is_ascii_compatible(charset))
        return g_strndup(bytes, length);
    char *text = convert_named(charset, bytes, length, problem);
    if (text != NULL)
        return text;
    *problem = true;
    return guess(bytes, length, problem);
}

bool charset_is_known(const char *charset)
{
    bool problem = false;
    g_autofree char *text = !name_is_sane(charset) ? NULL
                            : as_named             ? convert_as_named(charset, "a", 1, &problem)
                                                   : convert_named(charset, "a", 1, &problem);
    return text != NULL;
}
