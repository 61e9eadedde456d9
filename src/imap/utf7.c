#include "imap/client.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Collects UTF-16 units into base64 between "&" and "-". */
struct shift {
    uint32_t bits;
    unsigned count;
    bool open;
};

static void put_unit(GString *out, struct shift *shift, uint32_t unit)
{
    if (!shift->open)
        g_string_append_c(out, '&');
    shift->open = true;
    shift->bits = shift->bits << 16 | unit;
    for (shift->count += 16; shift->count >= 6; shift->count -= 6)
        g_string_append_c(out, alphabet[shift->bits >> (shift->count - 6) & 63]);
}

static void end_shift(GString *out, struct shift *shift)
{
    if (!shift->open)
        return;
    if (shift->count > 0)
        g_string_append_c(out, alphabet[shift->bits << (6 - shift->count) & 63]);
    g_string_append_c(out, '-');
    *shift = (struct shift){0};
}

char *imap_utf7_encode(const char *utf8)
{
    g_autofree char *valid = g_utf8_make_valid(utf8, -1);
    GString *out = g_string_sized_new(strlen(valid) + 16);
    struct shift shift = {0};
    for (char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c >= 0x20 && c <= 0x7e) {
            end_shift(out, &shift);
            g_string_append_c(out, (char)c);
            if (c == '&')
                g_string_append_c(out, '-');
        } else if (c >= 0x10000) {
            put_unit(out, &shift, 0xd800 + ((c - 0x10000) >> 10));
            put_unit(out, &shift, 0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            put_unit(out, &shift, c);
        }
    }
    end_shift(out, &shift);
    return g_string_free(out, FALSE);
}

/* Takes one UTF-16 unit; false when the pair of surrogates is broken. */
static bool take_unit(GString *out, uint32_t unit, uint32_t *high)
{
    if (*high != 0) {
        if (unit < 0xdc00 || unit > 0xdfff)
            return false;
        g_string_append_unichar(out, 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00));
        *high = 0;
    } else if (unit >= 0xd800 && unit <= 0xdbff) {
        *high = unit;
    } else if ((unit >= 0xdc00 && unit <= 0xdfff) || unit == 0) {
        return false;
    } else {
        g_string_append_unichar(out, unit);
    }
    return true;
}

/* The text of "&…-", *at behind its "&"; false when it is wrong. */
static bool decode_shift(GString *out, const char **at)
{
    uint32_t bits = 0, high = 0;
    unsigned count = 0;
    for (; **at != '-'; (*at)++) {
        const char *digit = **at != '\0' ? strchr(alphabet, **at) : NULL;
        if (digit == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(digit - alphabet);
        count += 6;
        if (count < 16)
            continue;
        count -= 16;
        if (!take_unit(out, bits >> count & 0xffff, &high))
            return false;
        bits &= (1u << count) - 1;
    }
    (*at)++;
    return count < 6 && high == 0 && bits == 0;
}

char *imap_utf7_decode(const char *raw)
{
    g_autoptr(GString) out = g_string_sized_new(strlen(raw));
    for (const char *p = raw; *p != '\0';) {
        if (*p != '&') {
            if ((unsigned char)*p >= 0x80)
                return g_utf8_make_valid(raw, -1);
            g_string_append_c(out, *p++);
        } else if (p[1] == '-') {
            g_string_append_c(out, '&');
            p += 2;
        } else {
            p++;
            if (!decode_shift(out, &p))
                return g_utf8_make_valid(raw, -1);
        }
    }
    return g_strdup(out->str);
}
