#include "store/sqlite/armour.h"

#include <pthread.h>
#include <string.h>

#define KIND_BITS 2
#define NOT_BASE64 0xff

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static uint8_t value_of[256];
static char pair_of[4096][2];

static void fill_tables(void)
{
    memset(value_of, NOT_BASE64, sizeof value_of);
    for (unsigned i = 0; i < 64; i++)
        value_of[(uint8_t)alphabet[i]] = (uint8_t)i;
    for (unsigned i = 0; i < 4096; i++) {
        pair_of[i][0] = alphabet[i >> 6];
        pair_of[i][1] = alphabet[i & 63];
    }
}

static void need_tables(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_tables);
}

static size_t end_length(enum armour_kind kind)
{
    return kind == ARMOUR_CRLF ? 2 : 1;
}

/* --- from the message */

/* Four characters at a time, as long as they are of the alphabet; answers how many were. */
static size_t decode(const char *text, size_t count, uint8_t *out)
{
    const uint8_t *in = (const uint8_t *)text;
    size_t at = 0;
    for (; at + 4 <= count; at += 4, out += 3) {
        unsigned a = value_of[in[at]], b = value_of[in[at + 1]], c = value_of[in[at + 2]],
                 d = value_of[in[at + 3]];
        if ((a | b | c | d) > 63)
            break;
        out[0] = (uint8_t)(a << 2 | b >> 4);
        out[1] = (uint8_t)(b << 4 | c >> 2);
        out[2] = (uint8_t)(c << 6 | d);
    }
    return at;
}

/* Four characters of which the last or the last two are padding, and the bits that belong to no
 * byte are zero: the number of bytes, else 0. */
static size_t decode_padded(const char *text, uint8_t *out)
{
    const uint8_t *in = (const uint8_t *)text;
    unsigned a = value_of[in[0]], b = value_of[in[1]], c = value_of[in[2]];
    if ((a | b) > 63 || in[3] != '=')
        return 0;
    out[0] = (uint8_t)(a << 2 | b >> 4);
    out[1] = (uint8_t)(b << 4 | c >> 2);
    if (in[2] == '=')
        return (b & 15) == 0 ? 1 : 0;
    return c <= 63 && (c & 3) == 0 ? 2 : 0;
}

static bool ends_here(const struct armour_cutter *cutter, size_t at, enum armour_kind kind)
{
    const char *bytes = cutter->bytes + at;
    size_t left = cutter->length - at;
    if (kind == ARMOUR_CRLF)
        return left >= 2 && bytes[0] == '\r' && bytes[1] == '\n';
    return left >= 1 && bytes[0] == '\n';
}

/* The last line: shorter, or padded; what ends it stays text. */
static size_t take_last_line(struct armour_cutter *cutter, size_t at, size_t width)
{
    const char *text = cutter->bytes + at;
    size_t left = cutter->length - at, most = width < left ? width : left;
    uint8_t *out = cutter->room + cutter->decoded;
    size_t taken = decode(text, most, out), bytes = taken / 4 * 3;
    if (taken == width)
        return 0;
    if (most - taken >= 4) {
        size_t padded = decode_padded(text + taken, out + bytes);
        taken += padded > 0 ? 4 : 0;
        bytes += padded;
    }
    if (taken < left && text[taken] != '\r' && text[taken] != '\n')
        return 0;
    cutter->decoded += bytes;
    return taken;
}

/* The first line's length, when a second one of its length may follow. */
static bool may_begin(const struct armour_cutter *cutter, size_t at, size_t *width,
                      enum armour_kind *kind)
{
    const char *text = cutter->bytes + at;
    size_t left = cutter->length - at,
           most = left < ARMOUR_LINE_MAX + 2 ? left : ARMOUR_LINE_MAX + 2;
    if (left == 0 || value_of[(uint8_t)text[0]] == NOT_BASE64)
        return false;
    const char *newline = memchr(text, '\n', most);
    if (newline == NULL)
        return false;
    *width = (size_t)(newline - text);
    *kind = *width > 0 && newline[-1] == '\r' ? ARMOUR_CRLF : ARMOUR_LF;
    *width -= *kind == ARMOUR_CRLF ? 1 : 0;
    size_t line = *width + end_length(*kind);
    return *width % 4 == 0 && *width >= ARMOUR_LINE_MIN && *width <= ARMOUR_LINE_MAX &&
           left >= 2 * line && ends_here(cutter, at + line + *width, *kind);
}

/* Looks for a run that begins here; answers where to look next when there is none. */
static bool find_run(struct armour_cutter *cutter, size_t at, size_t *next)
{
    size_t width = 0, lines = 0, bytes_each = 0, end = at;
    enum armour_kind kind = ARMOUR_TEXT;
    *next = at;
    if (!may_begin(cutter, at, &width, &kind))
        return false;
    bytes_each = width / 4 * 3;
    cutter->decoded = 0;
    while (cutter->length - end >= width + end_length(kind) &&
           cutter->decoded + bytes_each <= ARMOUR_SEGMENT && ends_here(cutter, end + width, kind) &&
           decode(cutter->bytes + end, width, cutter->room + cutter->decoded) == width) {
        cutter->decoded += bytes_each;
        end += width + end_length(kind);
        lines++;
    }
    *next = end;
    if (lines < ARMOUR_LINES_MIN)
        return false;
    if (cutter->decoded + bytes_each <= ARMOUR_SEGMENT)
        end += take_last_line(cutter, end, width);
    cutter->run = at;
    cutter->run_end = end;
    cutter->kind = kind;
    cutter->width = (uint8_t)(width / 4);
    return true;
}

/* The end of the line that `at` is in, no further than `limit`; *within: it goes on there. */
static size_t line_end(const struct armour_cutter *cutter, size_t at, size_t limit, bool *within)
{
    const char *newline = at < limit ? memchr(cutter->bytes + at, '\n', limit - at) : NULL;
    *within = newline == NULL;
    return newline != NULL ? (size_t)(newline - cutter->bytes) + 1 : limit;
}

/* Where the text ends that begins at `at`: before a run, or where there is enough of it. */
static size_t text_end(struct armour_cutter *cutter)
{
    size_t at = cutter->at, left = cutter->length - at,
           limit = at + (left < ARMOUR_SEGMENT ? left : ARMOUR_SEGMENT);
    while (at < limit) {
        size_t next = at;
        if (!cutter->within && find_run(cutter, at, &next))
            return at;
        /* Lines that were too few for a run cannot be the beginning of another. */
        if (next > limit)
            next = limit;
        cutter->within = next == limit && cutter->bytes[limit - 1] != '\n';
        at = next > at ? next : line_end(cutter, at, limit, &cutter->within);
    }
    return limit;
}

static void write_head(struct armour_segment *segment, uint8_t width)
{
    size_t number = segment->length << KIND_BITS | segment->kind, used = 0;
    for (; number > 127; number >>= 7)
        segment->head[used++] = (uint8_t)(number | 128);
    segment->head[used++] = (uint8_t)number;
    if (segment->kind != ARMOUR_TEXT)
        segment->head[used++] = width;
    segment->head_length = used;
}

void armour_cutter_init(struct armour_cutter *cutter, const void *bytes, size_t length)
{
    need_tables();
    cutter->bytes = bytes;
    cutter->length = length;
    cutter->at = cutter->run = cutter->run_end = cutter->decoded = 0;
    cutter->within = false;
}

bool armour_cut(struct armour_cutter *cutter, struct armour_segment *segment)
{
    if (cutter->at == cutter->length)
        return false;
    size_t end = cutter->run_end > 0 ? cutter->run : text_end(cutter);
    if (end > cutter->at) {
        segment->kind = ARMOUR_TEXT;
        segment->bytes = cutter->bytes + cutter->at;
        segment->length = end - cutter->at;
    } else {
        end = cutter->run_end;
        cutter->run_end = 0;
        cutter->within = cutter->bytes[end - 1] != '\n';
        segment->kind = cutter->kind;
        segment->bytes = cutter->room;
        segment->length = cutter->decoded;
    }
    cutter->at = segment->end = end;
    write_head(segment, cutter->width);
    return true;
}

/* Only text that is cut since it is long grows; a run is so much shorter that it makes up for its
 * own head and that of the text before it. */
size_t armour_bound(size_t length)
{
    return length + ARMOUR_HEAD * (length / ARMOUR_SEGMENT + 2);
}

/* --- back */

struct head {
    size_t length;
    enum armour_kind kind;
    size_t bytes_each; /* of a full line */
    size_t used;
};

enum heading { HEADING_READ, HEADING_SHORT, HEADING_BAD };

static enum heading read_head(const uint8_t *kept, size_t left, struct head *head)
{
    size_t number = 0, at = 0;
    unsigned shift = 0;
    do {
        if (at == left)
            return HEADING_SHORT;
        if (at == ARMOUR_HEAD)
            return HEADING_BAD;
        number |= (size_t)(kept[at] & 127) << shift;
        shift += 7;
    } while (kept[at++] & 128);
    head->length = number >> KIND_BITS;
    head->kind = number & ((1 << KIND_BITS) - 1);
    if (head->kind > ARMOUR_CRLF || head->length > ARMOUR_SEGMENT || head->length == 0)
        return HEADING_BAD;
    if (head->kind != ARMOUR_TEXT) {
        if (at == left)
            return HEADING_SHORT;
        head->bytes_each = (size_t)kept[at++] * 3;
        if (head->bytes_each == 0)
            return HEADING_BAD;
    }
    head->used = at;
    return left - at >= head->length ? HEADING_READ : HEADING_SHORT;
}

static char *encode_whole(const uint8_t *in, size_t count, char *out)
{
    for (const uint8_t *end = in + count; in < end; in += 3, out += 4) {
        unsigned bits = (unsigned)in[0] << 16 | (unsigned)in[1] << 8 | in[2];
        memcpy(out, pair_of[bits >> 12], 2);
        memcpy(out + 2, pair_of[bits & 4095], 2);
    }
    return out;
}

static char *encode_last(const uint8_t *in, size_t count, char *out)
{
    size_t whole = count - count % 3;
    out = encode_whole(in, whole, out);
    if (whole == count)
        return out;
    uint8_t rest[3] = {in[whole], whole + 1 < count ? in[whole + 1] : 0, 0};
    out = encode_whole(rest, 3, out);
    out[-1] = '=';
    if (whole + 1 == count)
        out[-2] = '=';
    return out;
}

static size_t written_length(const struct head *head)
{
    if (head->kind == ARMOUR_TEXT)
        return head->length;
    size_t lines = head->length / head->bytes_each, rest = head->length % head->bytes_each;
    return lines * (head->bytes_each / 3 * 4 + end_length(head->kind)) + (rest + 2) / 3 * 4;
}

static void write_run(const struct head *head, const uint8_t *in, char *out)
{
    size_t left = head->length;
    for (; left >= head->bytes_each; left -= head->bytes_each, in += head->bytes_each) {
        out = encode_whole(in, head->bytes_each, out);
        if (head->kind == ARMOUR_CRLF)
            *out++ = '\r';
        *out++ = '\n';
    }
    encode_last(in, left, out);
}

bool armour_restore(const void *kept, size_t length, void *room, size_t room_length,
                    struct armour_restored *restored)
{
    const uint8_t *in = kept;
    char *out = room;
    struct head head;
    enum heading heading;
    need_tables();
    *restored = (struct armour_restored){0, 0};
    while ((heading = read_head(in + restored->used, length - restored->used, &head)) ==
           HEADING_READ) {
        const uint8_t *bytes = in + restored->used + head.used;
        size_t written = written_length(&head);
        if (written > room_length - restored->written)
            return false;
        if (head.kind == ARMOUR_TEXT)
            memcpy(out + restored->written, bytes, head.length);
        else
            write_run(&head, bytes, out + restored->written);
        restored->used += head.used + head.length;
        restored->written += written;
    }
    return heading == HEADING_SHORT;
}
