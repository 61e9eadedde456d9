#include "imap/parser.h"

#include "imap/response.h"

#include <string.h>

#define BUFFER_START 1024
#define BUFFER_KEEP 65536

const struct imap_limits imap_limits_default = {
    .line_max = 64 * 1024,
    .numbers_max = 16 * 1024 * 1024,
    .stream_max = UINT32_MAX,
    .depth_max = 32,
    .tokens_max = 8192,
};

enum state { STATE_LINE, STATE_LITERAL, STATE_STREAM, STATE_BAD };

struct imap_parser {
    struct imap_limits limits;
    struct imap_sink sink;
    enum state state;
    const char *why;
    char *buffer; /* the response so far; one byte more than capacity, for a NUL */
    size_t length, capacity;
    size_t line_start; /* of the part behind the last literal */
    uint64_t left;     /* bytes of the literal that are still to come */
    bool wanted;       /* by the sink */
    enum imap_section section;
    GArray *literals; /* struct imap_literal */
    GPtrArray *words;
    GArray *numbers;
    struct imap_response response;
};

struct imap_parser *imap_parser_new(const struct imap_limits *limits, const struct imap_sink *sink)
{
    struct imap_parser *parser = g_new0(struct imap_parser, 1);
    parser->limits = *limits;
    if (sink != NULL)
        parser->sink = *sink;
    parser->literals = g_array_new(FALSE, FALSE, sizeof(struct imap_literal));
    parser->words = g_ptr_array_new();
    parser->numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    return parser;
}

void imap_parser_free(struct imap_parser *parser)
{
    if (parser == NULL)
        return;
    g_array_free(parser->literals, TRUE);
    g_ptr_array_free(parser->words, TRUE);
    g_array_free(parser->numbers, TRUE);
    g_free(parser->buffer);
    g_free(parser);
}

const char *imap_parser_why(const struct imap_parser *parser)
{
    return parser->why != NULL ? parser->why : "";
}

bool imap_parser_is_empty(const struct imap_parser *parser)
{
    return parser->state == STATE_LINE && parser->length == 0;
}

void imap_parser_shrink(struct imap_parser *parser)
{
    if (!imap_parser_is_empty(parser))
        return;
    g_clear_pointer(&parser->buffer, g_free);
    parser->capacity = 0;
    g_array_free(parser->numbers, TRUE);
    parser->numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
}

static enum imap_parse fail(struct imap_parser *parser, const char *why)
{
    parser->state = STATE_BAD;
    parser->why = why;
    return IMAP_PARSE_BAD;
}

static bool starts_with(const struct imap_parser *parser, const char *word)
{
    size_t length = strlen(word);
    return parser->length >= length && g_ascii_strncasecmp(parser->buffer, word, length) == 0;
}

static size_t limit_of(const struct imap_parser *parser)
{
    bool numbers = starts_with(parser, "* SEARCH") || starts_with(parser, "* ESEARCH") ||
                   starts_with(parser, "* VANISHED") ||
                   (!starts_with(parser, "*") && !starts_with(parser, "+") && parser->length > 0 &&
                    memchr(parser->buffer, '[', MIN(parser->length, 64)) != NULL);
    return numbers ? MAX(parser->limits.numbers_max, parser->limits.line_max)
                   : parser->limits.line_max;
}

static void put(struct imap_parser *parser, const char *bytes, size_t length)
{
    size_t needed = parser->length + length;
    if (needed > parser->capacity || parser->buffer == NULL) {
        size_t capacity = MAX(BUFFER_START, parser->capacity * 2);
        parser->capacity = MAX(capacity, needed);
        parser->buffer = g_realloc(parser->buffer, parser->capacity + 1);
    }
    if (length > 0)
        memcpy(parser->buffer + parser->length, bytes, length);
    parser->length = needed;
}

/* False when the response would become longer than it may. What kind it is, and so how long it may
 * be, shows in its beginning, which may be among these very bytes. */
static bool append(struct imap_parser *parser, const char *bytes, size_t length)
{
    size_t room = parser->limits.line_max - MIN(parser->length, parser->limits.line_max);
    size_t head = MIN(length, room);
    put(parser, bytes, head);
    if (head < length && parser->length + (length - head) > limit_of(parser))
        return false;
    put(parser, bytes + head, length - head);
    return true;
}

/* Only untagged data carries literals; a "{5}" in a text for people is part of that text. */
static bool may_have_literals(const struct imap_parser *parser)
{
    static const char *const texts[] = {"* OK ", "* NO ", "* BAD ", "* BYE ", "* PREAUTH ", "* ["};
    if (!starts_with(parser, "* "))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (starts_with(parser, texts[i]))
            return false;
    return true;
}

/* The offset of "{n}" or "~{n}" at the end of the line, or -1; *length is UINT64_MAX when the
 * number does not fit. */
static ssize_t literal_marker(const struct imap_parser *parser, uint64_t *length)
{
    const char *line = parser->buffer;
    size_t end = parser->length;
    if (end < parser->line_start + 4 || line[end - 1] != '}' || !may_have_literals(parser))
        return -1;
    size_t at = end - 1;
    if (line[at - 1] == '+') /* no server should, some do */
        at--;
    size_t last_digit = at;
    while (at > parser->line_start && g_ascii_isdigit(line[at - 1]))
        at--;
    if (at == last_digit || at <= parser->line_start + 1 || line[at - 1] != '{')
        return -1;
    g_autofree char *digits = g_strndup(line + at, last_digit - at);
    if (!g_ascii_string_to_unsigned(digits, 10, 0, INT64_MAX, length, NULL))
        *length = UINT64_MAX;
    size_t marker = at - 1;
    if (line[marker - 1] == '~')
        marker--;
    return line[marker - 1] == ' ' || line[marker - 1] == '(' ? (ssize_t)marker : -1;
}

static bool ends_with(const char *text, size_t length, const char *word)
{
    size_t want = strlen(word);
    return length > want && g_ascii_strncasecmp(text + length - want, word, want) == 0 &&
           (text[length - want - 1] == ' ' || text[length - want - 1] == '(');
}

/* True when the literal behind marker is message data; says of which section. */
static bool is_message_data(const struct imap_parser *parser, size_t marker,
                            enum imap_section *section)
{
    const char *line = parser->buffer;
    size_t end = marker;
    while (end > 0 && line[end - 1] == ' ')
        end--;
    *section = IMAP_SECTION_BODY;
    if (ends_with(line, end, "RFC822"))
        return true;
    *section = IMAP_SECTION_HEADER;
    if (ends_with(line, end, "RFC822.HEADER"))
        return true;
    *section = IMAP_SECTION_OTHER;
    if (ends_with(line, end, "RFC822.TEXT"))
        return true;
    const char *close = end > 0 ? memrchr(line, ']', end) : NULL;
    if (close == NULL || (close != line + end - 1 && close[1] != '<'))
        return false;
    const char *open = memrchr(line, '[', (size_t)(close - line));
    if (open == NULL)
        return false;
    if (ends_with(line, (size_t)(open - line), "BODY")) {
        if (close == open + 1)
            *section = IMAP_SECTION_BODY;
        else if (g_ascii_strncasecmp(open + 1, "HEADER", 6) == 0)
            *section = IMAP_SECTION_HEADER;
        return true;
    }
    return ends_with(line, (size_t)(open - line), "BINARY");
}

static bool begin_literal(struct imap_parser *parser, size_t marker, uint64_t length)
{
    struct imap_literal literal = {.marker = marker};
    literal.streamed = is_message_data(parser, marker, &literal.section);
    if (parser->literals->len >= parser->limits.tokens_max)
        return fail(parser, "too many literals"), false;
    if (literal.streamed
            ? length > parser->limits.stream_max
            : length > parser->limits.line_max - MIN(parser->length, parser->limits.line_max))
        return fail(parser, "literal too large"), false;
    literal.data = parser->length;
    literal.length = (size_t)length;
    g_array_append_val(parser->literals, literal);
    parser->left = length;
    parser->section = literal.section;
    parser->state = literal.streamed ? STATE_STREAM : STATE_LITERAL;
    parser->wanted = literal.streamed && parser->sink.begin != NULL &&
                     parser->sink.begin(literal.section, length, parser->sink.arg);
    parser->line_start = literal.streamed ? parser->length : parser->length + literal.length;
    return true;
}

static enum imap_parse finish_response(struct imap_parser *parser,
                                       const struct imap_response **response)
{
    g_array_set_size(parser->numbers, 0);
    g_ptr_array_set_size(parser->words, 0);
    struct imap_line line = {
        .scan = {.line = parser->buffer,
                 .at = parser->buffer,
                 .end = parser->buffer + parser->length,
                 .held = -1,
                 .literals = (const struct imap_literal *)(const void *)parser->literals->data,
                 .literal_count = parser->literals->len,
                 .tokens_left = parser->limits.tokens_max,
                 .depth_max = parser->limits.depth_max},
        .response = &parser->response,
        .words = parser->words,
        .numbers = parser->numbers,
    };
    bool whole = imap_response_parse(&line);
    parser->length = parser->line_start = 0;
    g_array_set_size(parser->literals, 0);
    if (!whole)
        return fail(parser, line.scan.too_much);
    *response = &parser->response;
    return IMAP_PARSE_OK;
}

/* After a line feed. MORE: the response goes on behind a literal, or the line was empty. */
static enum imap_parse end_line(struct imap_parser *parser, const struct imap_response **response)
{
    parser->length--;
    if (parser->length > parser->line_start && parser->buffer[parser->length - 1] == '\r')
        parser->length--;
    if (parser->length == 0)
        return IMAP_PARSE_MORE;
    uint64_t length = 0;
    ssize_t marker = literal_marker(parser, &length);
    if (marker < 0)
        return finish_response(parser, response);
    return begin_literal(parser, (size_t)marker, length) ? IMAP_PARSE_MORE : IMAP_PARSE_BAD;
}

static enum imap_parse feed_line(struct imap_parser *parser, const char *data, size_t length,
                                 size_t *used, const struct imap_response **response)
{
    const char *newline = memchr(data, '\n', length);
    size_t take = newline != NULL ? (size_t)(newline - data) + 1 : length;
    *used += take;
    if (!append(parser, data, take))
        return fail(parser, "response too long");
    return newline != NULL ? end_line(parser, response) : IMAP_PARSE_MORE;
}

static void feed_literal(struct imap_parser *parser, const char *data, size_t length, size_t *used)
{
    size_t take = (uint64_t)length < parser->left ? length : (size_t)parser->left;
    if (parser->state == STATE_LITERAL)
        append(parser, data, take); /* begin_literal saw that it fits */
    else if (parser->wanted && take > 0)
        parser->sink.data(parser->section, data, take, parser->sink.arg);
    *used += take;
    parser->left -= take;
    if (parser->left == 0)
        parser->state = STATE_LINE;
}

/* The previous response was the caller's until now. */
static void forget_response(struct imap_parser *parser)
{
    if (parser->length == 0 && parser->capacity > BUFFER_KEEP)
        imap_parser_shrink(parser);
}

enum imap_parse imap_parser_feed(struct imap_parser *parser, const char *data, size_t length,
                                 size_t *used, const struct imap_response **response)
{
    *used = 0;
    *response = NULL;
    forget_response(parser);
    while (parser->state != STATE_BAD && *used < length) {
        if (parser->state != STATE_LINE) {
            feed_literal(parser, data + *used, length - *used, used);
            continue;
        }
        enum imap_parse result = feed_line(parser, data + *used, length - *used, used, response);
        if (result != IMAP_PARSE_MORE)
            return result;
    }
    return parser->state == STATE_BAD ? IMAP_PARSE_BAD : IMAP_PARSE_MORE;
}
