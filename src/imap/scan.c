#include "imap/scan.h"

int imap_scan_peek(const struct imap_scan *scan)
{
    if (scan->held >= 0)
        return scan->held;
    return scan->at < scan->end ? (unsigned char)*scan->at : -1;
}

void imap_scan_advance(struct imap_scan *scan)
{
    scan->held = -1;
    if (scan->at < scan->end)
        scan->at++;
}

void imap_scan_spaces(struct imap_scan *scan)
{
    while (imap_scan_peek(scan) == ' ')
        imap_scan_advance(scan);
}

bool imap_scan_take(struct imap_scan *scan, char wanted)
{
    imap_scan_spaces(scan);
    if (imap_scan_peek(scan) != (unsigned char)wanted)
        return false;
    imap_scan_advance(scan);
    return true;
}

bool imap_scan_at_end(struct imap_scan *scan)
{
    imap_scan_spaces(scan);
    return imap_scan_peek(scan) < 0;
}

static void put_back_held(struct imap_scan *scan)
{
    if (scan->held >= 0 && scan->at < scan->end)
        *scan->at = (char)scan->held;
    scan->held = -1;
}

static void terminate_here(struct imap_scan *scan)
{
    if (scan->at < scan->end)
        scan->held = (unsigned char)*scan->at;
    *scan->at = '\0';
}

char *imap_scan_rest(struct imap_scan *scan)
{
    put_back_held(scan);
    char *rest = scan->at;
    scan->at = scan->end;
    *scan->end = '\0';
    return rest;
}

void imap_scan_restart(struct imap_scan *scan, char *at)
{
    put_back_held(scan);
    scan->at = at;
    for (char *p = at; p < scan->end; p++)
        if (*p == '\0')
            *p = ' ';
}

static bool count_token(struct imap_scan *scan)
{
    if (scan->tokens_left == 0) {
        scan->too_much = "too many words in one response";
        return false;
    }
    scan->tokens_left--;
    return true;
}

static bool ends_word(int c, const char *stops)
{
    if (c < 0 || c == ' ' || c == '(' || c == ')')
        return true;
    for (; *stops != '\0'; stops++) /* mostly none: no call for each character */
        if (c == (unsigned char)*stops)
            return true;
    return false;
}

bool imap_scan_word(struct imap_scan *scan, const char *stops, struct imap_value *value)
{
    imap_scan_spaces(scan);
    if (ends_word(imap_scan_peek(scan), stops) || !count_token(scan))
        return false;
    put_back_held(scan);
    *value = (struct imap_value){.kind = IMAP_VALUE_TEXT, .text = scan->at};
    while (scan->at < scan->end && !ends_word((unsigned char)*scan->at, stops))
        scan->at++;
    value->length = (size_t)(scan->at - value->text);
    terminate_here(scan);
    return true;
}

static bool take_quoted(struct imap_scan *scan, struct imap_value *value)
{
    imap_scan_advance(scan);
    char *out = scan->at;
    *value = (struct imap_value){.kind = IMAP_VALUE_TEXT, .quoted = true, .text = out};
    while (scan->at < scan->end && *scan->at != '"') {
        if (*scan->at == '\\' && scan->at + 1 < scan->end)
            scan->at++;
        *out++ = *scan->at++;
    }
    bool closed = scan->at < scan->end;
    imap_scan_advance(scan);
    value->length = (size_t)(out - value->text);
    *out = '\0';
    return closed;
}

static const struct imap_literal *literal_here(struct imap_scan *scan)
{
    size_t offset = (size_t)(scan->at - scan->line);
    while (scan->literal_next < scan->literal_count &&
           scan->literals[scan->literal_next].marker < offset)
        scan->literal_next++;
    if (scan->literal_next < scan->literal_count &&
        scan->literals[scan->literal_next].marker == offset)
        return &scan->literals[scan->literal_next];
    return NULL;
}

static bool take_literal(struct imap_scan *scan, const struct imap_literal *literal,
                         struct imap_value *value)
{
    scan->held = -1;
    scan->at = scan->line + literal->data;
    if (literal->streamed) {
        *value = (struct imap_value){.kind = IMAP_VALUE_STREAMED,
                                     .length = literal->length,
                                     .literal = literal};
        return true;
    }
    *value = (struct imap_value){.kind = IMAP_VALUE_TEXT,
                                 .quoted = true,
                                 .text = scan->at,
                                 .length = literal->length};
    scan->at += literal->length;
    terminate_here(scan);
    return true;
}

bool imap_scan_string(struct imap_scan *scan, struct imap_value *value)
{
    imap_scan_spaces(scan);
    const struct imap_literal *literal = literal_here(scan);
    if (literal != NULL)
        return count_token(scan) && take_literal(scan, literal, value);
    if (imap_scan_peek(scan) == '"')
        return count_token(scan) && take_quoted(scan, value);
    if (!imap_scan_word(scan, "", value))
        return false;
    if (value->length == 3 && g_ascii_strcasecmp(value->text, "NIL") == 0)
        value->kind = IMAP_VALUE_NIL;
    return true;
}

bool imap_scan_number(struct imap_scan *scan, uint64_t *number)
{
    imap_scan_spaces(scan);
    uint64_t value = 0;
    bool any = false;
    for (int c = imap_scan_peek(scan); c >= '0' && c <= '9'; c = imap_scan_peek(scan)) {
        uint64_t digit = (uint64_t)(c - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
        any = true;
        imap_scan_advance(scan);
    }
    *number = value;
    return any;
}

bool imap_scan_skip(struct imap_scan *scan)
{
    unsigned depth = 0;
    do {
        imap_scan_spaces(scan);
        int c = imap_scan_peek(scan);
        struct imap_value ignored;
        if (c < 0)
            return false;
        if (c == '(') {
            if (++depth > scan->depth_max) {
                scan->too_much = "lists too deep";
                return false;
            }
            if (!count_token(scan))
                return false;
            imap_scan_advance(scan);
        } else if (c == ')') {
            if (depth == 0)
                return false;
            depth--;
            imap_scan_advance(scan);
        } else if (!imap_scan_string(scan, &ignored)) {
            return false;
        }
    } while (depth > 0);
    return true;
}
