#include "mime/internal.h"

#include <string.h>

enum { NOT64 = 0xff, SKIP = 0xfe, PAD = 0xfd };

static uint8_t value64(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0' + 52);
    if (c == '+' || c == '/')
        return c == '+' ? 62 : 63;
    if (c == '=')
        return PAD;
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' ? SKIP : NOT64;
}

static const uint8_t *table64(void)
{
    static uint8_t table[256];
    static gsize ready;
    if (g_once_init_enter(&ready)) {
        for (unsigned c = 0; c < 256; c++)
            table[c] = value64((uint8_t)c);
        g_once_init_leave(&ready, 1);
    }
    return table;
}

enum encoding encoding_of_name(const char *value, size_t length)
{
    while (length > 0 && g_ascii_isspace(*value)) {
        value++;
        length--;
    }
    size_t n = 0;
    while (n < length && !g_ascii_isspace(value[n]) && value[n] != ';' && value[n] != '(')
        n++;
    static const struct {
        const char *name;
        enum encoding encoding;
    } names[] = {
        {"7bit", ENCODING_NONE},     {"8bit", ENCODING_NONE},           {"binary", ENCODING_NONE},
        {"base64", ENCODING_BASE64}, {"7-bit", ENCODING_NONE},          {"8-bit", ENCODING_NONE},
        {"x-uuencode", ENCODING_UU}, {"quoted-printable", ENCODING_QP}, {"uuencode", ENCODING_UU},
        {"x-uue", ENCODING_UU},
    };
    if (n == 0)
        return ENCODING_NONE;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strlen(names[i].name) == n && g_ascii_strncasecmp(value, names[i].name, n) == 0)
            return names[i].encoding;
    return ENCODING_UNKNOWN;
}

static void put(GByteArray *out, const uint8_t *bytes, size_t length)
{
    if (out != NULL && length > 0)
        g_byte_array_append(out, bytes, (guint)length);
}

/* What is left when base64 ends in mid-group. */
static size_t finish64(uint32_t bits, unsigned have, GByteArray *out, bool *problem)
{
    uint8_t tail[2] = {(uint8_t)(bits >> (have == 2 ? 4 : 10)), (uint8_t)(bits >> 2)};
    if (have == 0)
        return 0;
    if (have == 1) {
        *problem = true;
        return 0;
    }
    put(out, tail, have - 1);
    return have - 1;
}

static size_t decode_base64(const char *in, size_t length, size_t max, GByteArray *out,
                            bool *problem)
{
    const uint8_t *table = table64();
    uint8_t buffer[3072];
    size_t fill = 0, total = 0;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < length && (max == 0 || total + fill < max); i++) {
        uint8_t value = table[(uint8_t)in[i]];
        if (value < 64) {
            bits = bits << 6 | value;
            if (++have < 4)
                continue;
            buffer[fill++] = (uint8_t)(bits >> 16);
            buffer[fill++] = (uint8_t)(bits >> 8);
            buffer[fill++] = (uint8_t)bits;
            have = 0;
            if (fill == sizeof buffer) {
                put(out, buffer, fill);
                total += fill;
                fill = 0;
            }
        } else if (value == PAD) { /* base64 pieces may be joined end to end */
            put(out, buffer, fill);
            total += fill + finish64(bits, have, out, problem);
            fill = 0;
            have = 0;
        } else if (value == NOT64) {
            *problem = true;
        }
    }
    put(out, buffer, fill);
    return total + fill + finish64(bits, have, out, problem);
}

/* Blanks at the end of a quoted-printable line were added on the way (RFC 2045, 6.7 rule 3). */
static size_t line_without_blanks(const char *in, size_t start, size_t end)
{
    while (end > start && (in[end - 1] == ' ' || in[end - 1] == '\t'))
        end--;
    return end;
}

static size_t decode_qp_line(const char *in, size_t end, GByteArray *out, bool *soft, bool *problem)
{
    size_t total = 0;
    *soft = end > 0 && in[end - 1] == '=';
    end -= *soft ? 1 : 0;
    for (size_t i = 0; i < end;) {
        const char *sign = memchr(in + i, '=', end - i);
        size_t plain = sign != NULL ? (size_t)(sign - in) - i : end - i;
        put(out, (const uint8_t *)in + i, plain);
        total += plain;
        i += plain;
        if (i >= end)
            break;
        int high = i + 2 < end ? g_ascii_xdigit_value(in[i + 1]) : -1;
        int low = i + 2 < end ? g_ascii_xdigit_value(in[i + 2]) : -1;
        unsigned value = high >= 0 && low >= 0 ? (unsigned)high << 4 | (unsigned)low : '=';
        uint8_t byte = (uint8_t)value;
        *problem |= high < 0 || low < 0;
        put(out, &byte, 1);
        total++;
        i += high >= 0 && low >= 0 ? 3 : 1;
    }
    return total;
}

static size_t decode_qp(const char *in, size_t length, size_t max, GByteArray *out, bool *problem)
{
    size_t total = 0;
    for (size_t at = 0; at < length && (max == 0 || total < max);) {
        const char *lf = memchr(in + at, '\n', length - at);
        size_t stop = lf != NULL ? (size_t)(lf - in) : length;
        size_t next = lf != NULL ? stop + 1 : length;
        size_t text = stop > at && lf != NULL && in[stop - 1] == '\r' ? stop - 1 : stop;
        size_t end = lf != NULL ? line_without_blanks(in, at, text) : text;
        bool soft = false;
        total += decode_qp_line(in + at, end - at, out, &soft, problem);
        if (!soft && next > text) {
            put(out, (const uint8_t *)in + text, next - text);
            total += next - text;
        }
        at = next;
    }
    return total;
}

static size_t decode_uu_line(const char *line, size_t length, GByteArray *out)
{
    size_t want = (size_t)((line[0] - ' ') & 63), got = 0;
    for (size_t i = 1; i + 3 < length && got < want; i += 4) {
        unsigned v[4];
        for (size_t k = 0; k < 4; k++)
            v[k] = (unsigned)(line[i + k] - ' ') & 63;
        uint8_t bytes[3] = {(uint8_t)(v[0] << 2 | v[1] >> 4), (uint8_t)(v[1] << 4 | v[2] >> 2),
                            (uint8_t)(v[2] << 6 | v[3])};
        size_t n = MIN((size_t)3, want - got);
        put(out, bytes, n);
        got += n;
    }
    return got;
}

static size_t decode_uu(const char *in, size_t length, size_t max, GByteArray *out, bool *problem)
{
    size_t total = 0;
    bool inside = false;
    for (size_t at = 0; at < length && (max == 0 || total < max);) {
        const char *lf = memchr(in + at, '\n', length - at);
        size_t stop = lf != NULL ? (size_t)(lf - in) : length;
        size_t n = stop > at && in[stop - 1] == '\r' ? stop - at - 1 : stop - at;
        if (!inside)
            inside = n > 6 && memcmp(in + at, "begin ", 6) == 0;
        else if (n >= 3 && memcmp(in + at, "end", 3) == 0)
            return total;
        else if (n > 0)
            total += decode_uu_line(in + at, n, out);
        at = stop + 1;
    }
    *problem = true;
    return total;
}

size_t decode_bytes(enum encoding encoding, const char *in, size_t length, size_t max,
                    GByteArray *out, bool *problem)
{
    bool ignored = false;
    problem = problem != NULL ? problem : &ignored;
    guint before = out != NULL ? out->len : 0;
    size_t total = 0;
    switch (encoding) {
    case ENCODING_BASE64:
        total = decode_base64(in, length, max, out, problem);
        break;
    case ENCODING_QP:
        total = decode_qp(in, length, max, out, problem);
        break;
    case ENCODING_UU:
        total = decode_uu(in, length, max, out, problem);
        break;
    case ENCODING_UNKNOWN:
        *problem = true; /* fall through */
    case ENCODING_NONE:
    default:
        total = max > 0 ? MIN(length, max) : length;
        put(out, (const uint8_t *)in, total);
    }
    if (max > 0 && total > max) {
        total = max;
        if (out != NULL)
            g_byte_array_set_size(out, before + (guint)max);
    }
    return total;
}
