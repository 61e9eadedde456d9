#include "imap/response.h"

#include <string.h>

static const struct {
    const char *word;
    enum imap_code_kind kind;
} codes[] = {
    {"ALERT", IMAP_CODE_ALERT},
    {"APPENDUID", IMAP_CODE_APPENDUID},
    {"AUTHENTICATIONFAILED", IMAP_CODE_AUTHENTICATIONFAILED},
    {"AUTHORIZATIONFAILED", IMAP_CODE_AUTHORIZATIONFAILED},
    {"BADCHARSET", IMAP_CODE_BADCHARSET},
    {"CAPABILITY", IMAP_CODE_CAPABILITY},
    {"CLOSED", IMAP_CODE_CLOSED},
    {"COPYUID", IMAP_CODE_COPYUID},
    {"EXPIRED", IMAP_CODE_EXPIRED},
    {"HIGHESTMODSEQ", IMAP_CODE_HIGHESTMODSEQ},
    {"INUSE", IMAP_CODE_INUSE},
    {"LIMIT", IMAP_CODE_LIMIT},
    {"MODIFIED", IMAP_CODE_MODIFIED},
    {"NOMODSEQ", IMAP_CODE_NOMODSEQ},
    {"NONEXISTENT", IMAP_CODE_NONEXISTENT},
    {"OVERQUOTA", IMAP_CODE_OVERQUOTA},
    {"PARSE", IMAP_CODE_PARSE},
    {"PERMANENTFLAGS", IMAP_CODE_PERMANENTFLAGS},
    {"READ-ONLY", IMAP_CODE_READ_ONLY},
    {"READ-WRITE", IMAP_CODE_READ_WRITE},
    {"TOOBIG", IMAP_CODE_TOOBIG},
    {"TRYCREATE", IMAP_CODE_TRYCREATE},
    {"UIDNEXT", IMAP_CODE_UIDNEXT},
    {"UIDVALIDITY", IMAP_CODE_UIDVALIDITY},
    {"UNAVAILABLE", IMAP_CODE_UNAVAILABLE},
    {"UNSEEN", IMAP_CODE_UNSEEN},
    {"ALREADYEXISTS", IMAP_CODE_ALREADYEXISTS},
    {"MAILBOXID", IMAP_CODE_MAILBOXID},
    {"NOTIFICATIONOVERFLOW", IMAP_CODE_NOTIFICATIONOVERFLOW},
};

static enum imap_code_kind code_of(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
        if (g_ascii_strcasecmp(word, codes[i].word) == 0)
            return codes[i].kind;
    return IMAP_CODE_OTHER;
}

static void parse_capabilities(struct imap_line *line)
{
    struct imap_value word;
    while (imap_scan_word(&line->scan, "]", &word))
        line->response->code.capabilities |= imap_capability_of_word(word.text);
}

/* Sets may be missing: "[COPYUID 14  ]" (docs/internals/exchange.md). */
static const char *parse_set(struct imap_line *line)
{
    struct imap_value word;
    return imap_scan_word(&line->scan, "]", &word) ? word.text : "";
}

static void parse_arguments(struct imap_line *line)
{
    struct imap_code *code = &line->response->code;
    code->set = code->target = "";
    switch (code->kind) {
    case IMAP_CODE_CAPABILITY:
        parse_capabilities(line);
        break;
    case IMAP_CODE_APPENDUID:
    case IMAP_CODE_COPYUID:
        if (!imap_scan_number(&line->scan, &code->number))
            break;
        code->set = parse_set(line);
        if (code->kind == IMAP_CODE_COPYUID)
            code->target = parse_set(line);
        break;
    case IMAP_CODE_MODIFIED:
        code->set = parse_set(line);
        break;
    case IMAP_CODE_HIGHESTMODSEQ:
    case IMAP_CODE_UIDNEXT:
    case IMAP_CODE_UIDVALIDITY:
    case IMAP_CODE_UNSEEN:
        if (!imap_scan_number(&line->scan, &code->number))
            code->kind = IMAP_CODE_OTHER;
        break;
    case IMAP_CODE_PERMANENTFLAGS:
        if (!imap_response_parse_flags(line, &code->flags, &code->any_keyword))
            code->kind = IMAP_CODE_OTHER;
        break;
    case IMAP_CODE_MAILBOXID:
        code->objectid = imap_response_parse_objectid(line);
        break;
    default:
        break;
    }
}

/* Passes over whatever is left of the code, quoted strings with a "]" in them too. */
static bool skip_to_bracket(struct imap_scan *scan)
{
    bool quoted = false;
    for (int c = imap_scan_peek(scan); c >= 0; c = imap_scan_peek(scan)) {
        imap_scan_advance(scan);
        if (c == ']' && !quoted)
            return true;
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && quoted)
            imap_scan_advance(scan);
    }
    return false;
}

void imap_response_parse_text(struct imap_line *line)
{
    imap_scan_spaces(&line->scan);
    char *start = line->scan.at;
    struct imap_value word;
    if (imap_scan_peek(&line->scan) == '[' &&
        memchr(line->scan.at, ']', (size_t)(line->scan.end - line->scan.at)) != NULL) {
        imap_scan_advance(&line->scan);
        if (imap_scan_word(&line->scan, "]", &word)) {
            line->response->code.kind = code_of(word.text);
            parse_arguments(line);
        }
        if (!skip_to_bracket(&line->scan)) {
            line->response->code = (struct imap_code){.kind = IMAP_CODE_NONE};
            imap_scan_restart(&line->scan, start);
        }
    }
    imap_scan_spaces(&line->scan);
    line->response->text = imap_scan_rest(&line->scan);
}
