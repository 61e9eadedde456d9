#include "imap/response.h"

#include <string.h>

static bool parse_section_value(struct imap_line *line, enum imap_section section)
{
    struct imap_value value;
    if (!imap_scan_string(&line->scan, &value))
        return false;
    if (value.kind == IMAP_VALUE_STREAMED) /* the sink was told this one */
        section = value.literal->section;
    struct imap_fetch_data *fetch = &line->response->fetch;
    struct imap_fetch_section *to = section == IMAP_SECTION_BODY     ? &fetch->body
                                    : section == IMAP_SECTION_HEADER ? &fetch->header
                                                                     : NULL;
    if (to == NULL)
        return true;
    *to = (struct imap_fetch_section){.given = true,
                                      .nil = value.kind == IMAP_VALUE_NIL,
                                      .streamed = value.kind == IMAP_VALUE_STREAMED,
                                      .text = value.text,
                                      .length = value.length};
    return true;
}

/* What stands between "BODY[" and "]<0>". */
static bool parse_section_name(struct imap_scan *scan, enum imap_section *section)
{
    imap_scan_advance(scan);
    const char *name = scan->at;
    while (imap_scan_peek(scan) >= 0 && imap_scan_peek(scan) != ']')
        imap_scan_advance(scan);
    size_t length = (size_t)(scan->at - name);
    *section = length == 0                                                  ? IMAP_SECTION_BODY
               : length >= 6 && g_ascii_strncasecmp(name, "HEADER", 6) == 0 ? IMAP_SECTION_HEADER
                                                                            : IMAP_SECTION_OTHER;
    struct imap_value origin;
    if (imap_scan_peek(scan) != ']')
        return false;
    imap_scan_advance(scan);
    return imap_scan_peek(scan) != '<' || imap_scan_word(scan, "", &origin);
}

static bool parse_uid(struct imap_line *line)
{
    uint64_t number = 0;
    if (!imap_scan_number(&line->scan, &number) || number == 0 || number > UINT32_MAX)
        return false;
    line->response->fetch.uid = (uint32_t)number;
    return true;
}

static bool parse_flags(struct imap_line *line)
{
    line->response->fetch.has_flags = true;
    return imap_response_parse_flags(line, &line->response->fetch.flags, NULL);
}

static bool parse_internal_date(struct imap_line *line)
{
    struct imap_value value;
    if (!imap_scan_string(&line->scan, &value))
        return false;
    if (value.kind == IMAP_VALUE_TEXT)
        line->response->fetch.internal_date = imap_date_parse(value.text);
    return true;
}

static bool parse_size(struct imap_line *line)
{
    uint64_t number = 0;
    if (!imap_scan_number(&line->scan, &number))
        return imap_scan_skip(&line->scan);
    line->response->fetch.size = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
    return true;
}

static bool parse_modseq(struct imap_line *line)
{
    return imap_scan_take(&line->scan, '(') &&
           imap_scan_number(&line->scan, &line->response->fetch.modseq) &&
           imap_scan_take(&line->scan, ')');
}

static bool parse_emailid(struct imap_line *line)
{
    struct imap_value value;
    if (!imap_scan_take(&line->scan, '('))
        return imap_scan_skip(&line->scan);
    if (!imap_scan_word(&line->scan, "", &value))
        return false;
    line->response->fetch.emailid = value.text;
    return imap_scan_take(&line->scan, ')');
}

static bool parse_gm_msgid(struct imap_line *line)
{
    struct imap_value value;
    if (!imap_scan_word(&line->scan, "", &value))
        return imap_scan_skip(&line->scan);
    if (line->response->fetch.emailid == NULL)
        line->response->fetch.emailid = value.text;
    return true;
}

static bool parse_rfc822(struct imap_line *line)
{
    return parse_section_value(line, IMAP_SECTION_BODY);
}

static bool parse_rfc822_header(struct imap_line *line)
{
    return parse_section_value(line, IMAP_SECTION_HEADER);
}

static const struct {
    const char *word;
    bool (*parse)(struct imap_line *line);
} items[] = {
    {"UID", parse_uid},
    {"FLAGS", parse_flags},
    {"INTERNALDATE", parse_internal_date},
    {"RFC822.SIZE", parse_size},
    {"MODSEQ", parse_modseq},
    {"EMAILID", parse_emailid},
    {"X-GM-MSGID", parse_gm_msgid},
    {"RFC822", parse_rfc822},
    {"RFC822.HEADER", parse_rfc822_header},
};

/* Items that are not wanted, in whatever form, are passed over (docs/internals/exchange.md: broken
 * BODYSTRUCTUREs). */
static bool parse_item(struct imap_line *line, const char *word)
{
    if (imap_scan_peek(&line->scan) == '[') {
        enum imap_section section;
        if (!parse_section_name(&line->scan, &section))
            return false;
        if (g_ascii_strcasecmp(word, "BODY") != 0)
            section = IMAP_SECTION_OTHER;
        return parse_section_value(line, section);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(items); i++)
        if (g_ascii_strcasecmp(word, items[i].word) == 0)
            return items[i].parse(line);
    return imap_scan_skip(&line->scan);
}

bool imap_response_parse_fetch(struct imap_line *line)
{
    line->response->kind = IMAP_FETCH;
    if (!imap_scan_take(&line->scan, '('))
        return false;
    struct imap_value word;
    while (imap_scan_word(&line->scan, "[", &word))
        if (!parse_item(line, word.text))
            return false;
    return imap_scan_take(&line->scan, ')');
}
