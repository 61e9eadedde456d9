#include "mime/compose.h"
#include "mime/internal.h"

#include <string.h>

#define LINE 76
#define WORD_ROOM 45 /* bytes of text in an encoded word: 60 as base64, 75 with its frame */

/* Length of the line that is being written. */
static size_t column(const GString *out)
{
    const char *lf = out->len > 0 ? memrchr(out->str, '\n', out->len) : NULL;
    return lf != NULL ? (size_t)(out->str + out->len - lf - 1) : out->len;
}

static void fold_before(GString *out, size_t length)
{
    if (column(out) + 1 + length > LINE && column(out) > 1)
        g_string_append(out, "\r\n ");
    else
        g_string_append_c(out, ' ');
}

static bool is_plain(const char *text)
{
    size_t run = 0;
    if (strstr(text, "=?") != NULL || *text == ' ')
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < ' ' || *p >= 0x7f || (*p == ' ' && (p[1] == ' ' || p[1] == '\0')))
            return false;
        run = *p == ' ' ? 0 : run + 1;
        if (run > 400)
            return false;
    }
    return true;
}

/* Bytes of whole characters that fit one encoded word. */
static size_t word_length(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        size_t next = (unsigned char)g_utf8_skip[(unsigned char)text[length]];
        if (length + next > WORD_ROOM)
            break;
        length += next;
    }
    return length;
}

/* Quoted-printable where most is ASCII, since people read raw headers; else base64. */
static bool prefers_q(const char *text)
{
    size_t high = 0, all = 0;
    for (; *text != '\0'; text++, all++)
        high += *text < 0 || strchr("=?_", *text) != NULL ? 1 : 0;
    return high * 6 < all;
}

static size_t q_word_length(const char *text)
{
    size_t length = 0, cost = 0;
    while (text[length] != '\0') {
        size_t next = (unsigned char)g_utf8_skip[(unsigned char)text[length]];
        bool plain = g_ascii_isalnum(text[length]) || text[length] == ' ';
        cost += plain ? 1 : next * 3;
        if (cost > 60)
            break;
        length += next;
    }
    return length;
}

static void write_q(GString *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (g_ascii_isalnum(text[i]))
            g_string_append_c(out, text[i]);
        else if (text[i] == ' ')
            g_string_append_c(out, '_');
        else
            g_string_append_printf(out, "=%02X", (unsigned char)text[i]);
    }
}

static void write_words(GString *out, const char *text)
{
    bool q = prefers_q(text);
    while (*text != '\0') {
        size_t length = q ? q_word_length(text) : word_length(text);
        GString *word = g_string_new(q ? "=?UTF-8?Q?" : "=?UTF-8?B?");
        if (q) {
            write_q(word, text, length);
        } else {
            g_autofree char *encoded = g_base64_encode((const guchar *)text, length);
            g_string_append(word, encoded);
        }
        g_string_append(word, "?=");
        fold_before(out, word->len);
        g_string_append_len(out, word->str, (gssize)word->len);
        g_string_free(word, TRUE);
        text += length;
    }
}

/* Words folded at blanks. */
static void write_plain(GString *out, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        fold_before(out, length);
        g_string_append_len(out, text, (gssize)length);
        text += length + (text[length] == ' ' ? 1 : 0);
    }
}

void write_unstructured(GString *out, const char *name, const char *text)
{
    g_autofree char *line = g_strdelimit(g_strdup(text), "\t", ' '); /* none in an encoded word */
    g_string_append_printf(out, "%s:", name);
    if (is_plain(line))
        write_plain(out, line);
    else
        write_words(out, line);
    g_string_append(out, "\r\n");
}

static bool is_atoms(const char *name)
{
    for (const char *p = name; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr(" !#$%&'*+-/^_`{|}~", *p) == NULL)
            return false;
    return true;
}

static void write_display_name(GString *out, const char *name)
{
    if (!is_plain(name) || strlen(name) > 200) {
        write_words(out, name);
        return;
    }
    if (is_atoms(name)) {
        write_plain(out, name);
        return;
    }
    GString *quoted = g_string_new("\"");
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_c(quoted, '\\');
        g_string_append_c(quoted, *p);
    }
    g_string_append_c(quoted, '"');
    fold_before(out, quoted->len);
    g_string_append_len(out, quoted->str, (gssize)quoted->len);
    g_string_free(quoted, TRUE);
}

void write_addresses(GString *out, const char *name, const struct mail_addresses *addresses)
{
    if (addresses->count == 0)
        return;
    g_string_append_printf(out, "%s:", name);
    for (size_t i = 0; i < addresses->count; i++) {
        const struct mail_address *address = &addresses->items[i];
        bool named = address->name != NULL && address->name[0] != '\0';
        if (named)
            write_display_name(out, address->name);
        fold_before(out, strlen(address->email) + 3);
        g_string_append_printf(out, named ? "<%s>" : "%s", address->email);
        if (i + 1 < addresses->count)
            g_string_append_c(out, ',');
    }
    g_string_append(out, "\r\n");
}

void write_ids(GString *out, const char *name, const char *const *ids)
{
    if (ids == NULL || *ids == NULL)
        return;
    g_string_append_printf(out, "%s:", name);
    for (; *ids != NULL; ids++) {
        fold_before(out, strlen(*ids) + 2);
        g_string_append_printf(out, "<%s>", *ids);
    }
    g_string_append(out, "\r\n");
}

void write_date(GString *out, int64_t seconds, int offset_minutes)
{
    static const char days[] = "MonTueWedThuFriSatSun";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int offset = CLAMP(offset_minutes, -24 * 60 + 1, 24 * 60 - 1);
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds + (int64_t)offset * 60);
    if (date == NULL)
        return;
    g_string_append_printf(out, "Date: %.3s, %d %.3s %04d %02d:%02d:%02d %c%02d%02d\r\n",
                           days + 3 * (g_date_time_get_day_of_week(date) - 1),
                           g_date_time_get_day_of_month(date),
                           months + 3 * (g_date_time_get_month(date) - 1),
                           g_date_time_get_year(date), g_date_time_get_hour(date),
                           g_date_time_get_minute(date), g_date_time_get_second(date),
                           offset < 0 ? '-' : '+', ABS(offset) / 60, ABS(offset) % 60);
}

/* A line can carry it as it is: encoded words and UTF-8 (RFC 6532) were meant so. */
static bool is_raw(const char *value)
{
    size_t run = 0;
    for (const char *p = value; *p != '\0'; p++) {
        run = *p == ' ' ? 0 : run + 1;
        if ((*p >= 0 && *p < ' ' && *p != '\t') || *p == 0x7f || run > 900)
            return false;
    }
    return true;
}

void write_raw(GString *out, const char *name, const char *value)
{
    value += strspn(value, " ");
    if (!is_raw(value)) {
        write_unstructured(out, name, value);
        return;
    }
    g_string_append_printf(out, "%s:", name);
    write_plain(out, value);
    g_string_append(out, "\r\n");
}

static void write_param_piece(GString *out, const char *piece)
{
    g_string_append_c(out, ';');
    fold_before(out, strlen(piece));
    g_string_append(out, piece);
}

/* RFC 2231: name*0*=utf-8''%E2…; name*1*=… */
static void write_param_encoded(GString *out, const char *name, const char *value)
{
    bool split = strlen(value) > 18;
    for (unsigned number = 0; *value != '\0' || number == 0; number++) {
        GString *piece = g_string_new(name);
        if (split)
            g_string_append_printf(piece, "*%u", number);
        g_string_append(piece, number == 0 ? "*=utf-8''" : "*=");
        for (; *value != '\0' && (!split || piece->len < 60); value++) {
            if (g_ascii_isalnum(*value) || strchr("-._~", *value) != NULL)
                g_string_append_c(piece, *value);
            else
                g_string_append_printf(piece, "%%%02X", (unsigned char)*value);
        }
        write_param_piece(out, piece->str);
        g_string_free(piece, TRUE);
    }
}

void write_param(GString *out, const char *name, const char *value)
{
    bool plain = strlen(value) <= 60 && strstr(value, "=?") == NULL;
    for (const char *p = value; *p != '\0'; p++)
        plain = plain && *p >= ' ' && *p < 0x7f && *p != '"' && *p != '\\' && *p != '%';
    if (!plain) {
        write_param_encoded(out, name, value);
        return;
    }
    g_autofree char *piece = g_strdup_printf("%s=\"%s\"", name, value);
    write_param_piece(out, piece);
}
