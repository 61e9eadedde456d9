#include "mime/internal.h"

#include <string.h>

/* One encoded word: "=?" charset ["*" language] "?" B|Q "?" text "?=". */
struct word {
    const char *charset, *text;
    size_t charset_length, text_length;
    char kind;
    const char *end;
};

static bool word_parse(const char *at, struct word *out)
{
    if (at[0] != '=' || at[1] != '?')
        return false;
    const char *charset = at + 2;
    const char *mark = charset;
    while (*mark > ' ' && *mark < 127 && *mark != '?')
        mark++;
    if (*mark != '?' || mark == charset || mark - charset > 60 || mark[1] == '\0' || mark[2] != '?')
        return false;
    out->charset = charset;
    out->charset_length = (size_t)(mark - charset);
    const char *star = memchr(charset, '*', out->charset_length);
    if (star != NULL)
        out->charset_length = (size_t)(star - charset);
    out->kind = g_ascii_toupper(mark[1]);
    out->text = mark + 3;
    const char *stop = out->text;
    while (*stop != '\0' && *stop != '?' && *stop != ' ' && *stop != '\t')
        stop++;
    out->text_length = (size_t)(stop - out->text);
    out->end = stop + 2;
    return stop[0] == '?' && stop[1] == '=' && (out->kind == 'B' || out->kind == 'Q');
}

static void word_bytes(const struct word *word, GByteArray *out)
{
    if (word->kind == 'B') {
        decode_bytes(ENCODING_BASE64, word->text, word->text_length, 0, out, NULL);
        return;
    }
    for (size_t i = 0; i < word->text_length; i++) {
        uint8_t byte = (uint8_t)word->text[i];
        if (byte == '_') {
            byte = ' ';
        } else if (byte == '=' && i + 2 < word->text_length) {
            int high = g_ascii_xdigit_value(word->text[i + 1]);
            int low = g_ascii_xdigit_value(word->text[i + 2]);
            if (high >= 0 && low >= 0) {
                byte = (uint8_t)(high << 4 | low);
                i += 2;
            }
        }
        g_byte_array_append(out, &byte, 1);
    }
}

static void append_without_controls(GString *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p = utf8_next(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0))
            g_string_append_unichar(out, c);
    }
}

static bool same_charset(const struct word *a, const struct word *b)
{
    return a->charset_length == b->charset_length &&
           g_ascii_strncasecmp(a->charset, b->charset, a->charset_length) == 0;
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/* A run of encoded words, blanks between them dropped (RFC 2047, 6.2). Neighbours in one charset
 * are joined before they are read, since many senders split characters. NULL: unknown charset. */
static const char *run_decode(const char *at, struct word *word, GString *out)
{
    for (;;) {
        struct word first = *word;
        g_autofree char *charset = g_strndup(first.charset, first.charset_length);
        if (!charset_is_known(charset))
            return NULL;
        GByteArray *bytes = g_byte_array_new();
        const char *end = at;
        bool more = true;
        while (more && same_charset(&first, word)) {
            word_bytes(word, bytes);
            end = word->end;
            more = word_parse(skip_blanks(end), word);
        }
        g_autofree char *text =
            charset_to_utf8(charset, (const char *)bytes->data, bytes->len, NULL);
        g_byte_array_unref(bytes);
        append_without_controls(out, text);
        if (!more)
            return end;
        at = end;
    }
}

static bool may_start(const char *text, const char *at)
{
    return at == text || strchr(" \t(\"", at[-1]) != NULL;
}

static bool may_end(const char *end)
{
    return *end == '\0' || strchr(" \t)\",", *end) != NULL;
}

/* The run behind `at`, when it stands where RFC 2047 lets one stand. */
static const char *try_run(const char *text, const char *at, GString *out)
{
    struct word word;
    if (!may_start(text, at) || !word_parse(at, &word))
        return NULL;
    gsize before = out->len;
    const char *end = run_decode(at, &word, out);
    if (end != NULL && may_end(end))
        return end;
    g_string_truncate(out, before);
    return NULL;
}

char *words_decode(const char *text)
{
    const char *sign = strstr(text, "=?");
    if (sign == NULL)
        return g_strdup(text);
    GString *out = g_string_new(NULL);
    const char *at = text;
    for (; sign != NULL; sign = strstr(sign, "=?")) {
        g_string_append_len(out, at, sign - at);
        at = sign;
        const char *end = try_run(text, sign, out);
        if (end != NULL)
            at = end;
        sign = end != NULL ? end : sign + 2;
    }
    g_string_append(out, at);
    return g_string_free(out, FALSE);
}

char *text_unfold(const char *raw)
{
    while (*raw == ' ' || *raw == '\t' || *raw == '\r' || *raw == '\n')
        raw++;
    char *out = g_malloc(strlen(raw) + 1);
    size_t used = 0;
    for (; *raw != '\0'; raw++)
        if (*raw == '\t')
            out[used++] = ' ';
        else if (*raw != '\r' && *raw != '\n')
            out[used++] = *raw;
    out[used] = '\0';
    return out;
}

static bool all_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0)
            return false;
    return true;
}

char *mime_form_text(const char *raw)
{
    g_autofree char *flat = text_unfold(raw);
    char *text = words_decode(flat);
    if (all_ascii(text))
        return text;
    char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);
    if (normal == NULL)
        normal = charset_to_utf8(NULL, text, strlen(text), NULL);
    g_free(text);
    return normal;
}
