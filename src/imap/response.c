#include "imap/response.h"

#include <string.h>

/* RFC 8474, 7. */
#define OBJECTID_MAX 255

static const struct {
    const char *word;
    enum imap_condition condition;
} conditions[] = {
    {"OK", IMAP_OK},   {"NO", IMAP_NO},           {"BAD", IMAP_BAD},
    {"BYE", IMAP_BYE}, {"PREAUTH", IMAP_PREAUTH},
};

static enum imap_condition condition_of(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(conditions); i++)
        if (g_ascii_strcasecmp(word, conditions[i].word) == 0)
            return conditions[i].condition;
    return IMAP_NONE;
}

static bool parse_capabilities(struct imap_line *line)
{
    static const char *const exchange_words[] = {"CLIENTACCESSRULES", "BACKENDAUTHENTICATE",
                                                 "CLIENTNETWORKPRESENCELOCATION"};
    struct imap_value word;
    while (imap_scan_word(&line->scan, "", &word)) {
        line->response->capabilities |= imap_capability_of_word(word.text);
        for (size_t i = 0; i < G_N_ELEMENTS(exchange_words); i++)
            if (g_ascii_strcasecmp(word.text, exchange_words[i]) == 0)
                line->response->exchange = true;
    }
    return imap_scan_at_end(&line->scan);
}

static bool parse_capability(struct imap_line *line)
{
    line->response->kind = IMAP_CAPABILITY;
    return parse_capabilities(line);
}

static bool parse_enabled(struct imap_line *line)
{
    line->response->kind = IMAP_ENABLED;
    return parse_capabilities(line);
}

static const struct {
    const char *word;
    uint32_t attribute;
    enum mail_role role;
} list_attributes[] = {
    {"\\Noselect", IMAP_LIST_NOSELECT, MAIL_ROLE_NONE},
    {"\\NonExistent", IMAP_LIST_NONEXISTENT | IMAP_LIST_NOSELECT, MAIL_ROLE_NONE},
    {"\\HasChildren", IMAP_LIST_HASCHILDREN, MAIL_ROLE_NONE},
    {"\\HasNoChildren", IMAP_LIST_HASNOCHILDREN, MAIL_ROLE_NONE},
    {"\\Subscribed", IMAP_LIST_SUBSCRIBED, MAIL_ROLE_NONE},
    {"\\Inbox", 0, MAIL_ROLE_INBOX},
    {"\\All", 0, MAIL_ROLE_ALL},
    {"\\AllMail", 0, MAIL_ROLE_ALL},
    {"\\Archive", 0, MAIL_ROLE_ARCHIVE},
    {"\\Drafts", 0, MAIL_ROLE_DRAFTS},
    {"\\Flagged", 0, MAIL_ROLE_FLAGGED},
    {"\\Starred", 0, MAIL_ROLE_FLAGGED},
    {"\\Important", 0, MAIL_ROLE_IMPORTANT},
    {"\\Junk", 0, MAIL_ROLE_JUNK},
    {"\\Spam", 0, MAIL_ROLE_JUNK},
    {"\\Sent", 0, MAIL_ROLE_SENT},
    {"\\Trash", 0, MAIL_ROLE_TRASH},
};

static bool parse_list_attributes(struct imap_line *line)
{
    if (!imap_scan_take(&line->scan, '('))
        return false;
    struct imap_value word;
    while (imap_scan_word(&line->scan, "", &word)) {
        for (size_t i = 0; i < G_N_ELEMENTS(list_attributes); i++) {
            if (g_ascii_strcasecmp(word.text, list_attributes[i].word) != 0)
                continue;
            line->response->list.attributes |= list_attributes[i].attribute;
            if (list_attributes[i].role != MAIL_ROLE_NONE)
                line->response->list.role = list_attributes[i].role;
        }
    }
    return imap_scan_take(&line->scan, ')');
}

/* Exchange sends names with control characters, and some servers names with spaces, unquoted (facts
 * sheet, 3): an unquoted name is all that follows, but for extended data (RFC 5258). */
static void parse_list_name(struct imap_line *line)
{
    struct imap_list_data *list = &line->response->list;
    imap_scan_spaces(&line->scan);
    struct imap_value value;
    char *start = line->scan.at;
    int first = imap_scan_peek(&line->scan);
    if ((first == '"' || first == '{') && imap_scan_string(&line->scan, &value) && value.quoted) {
        list->name = value.text;
        list->name_length = value.length;
        return;
    }
    imap_scan_restart(&line->scan, start);
    char *rest = imap_scan_rest(&line->scan);
    char *extended = strstr(rest, " (\"");
    if (extended != NULL)
        *extended = '\0';
    list->name = rest;
    list->name_length = strlen(rest);
}

static bool parse_list(struct imap_line *line)
{
    line->response->kind = IMAP_LIST;
    struct imap_value delimiter;
    if (!parse_list_attributes(line) || !imap_scan_string(&line->scan, &delimiter) ||
        delimiter.kind == IMAP_VALUE_STREAMED)
        return false;
    if (delimiter.kind == IMAP_VALUE_TEXT && delimiter.length == 1)
        line->response->list.delimiter = delimiter.text[0];
    parse_list_name(line);
    return line->response->list.name_length > 0;
}

static bool parse_lsub(struct imap_line *line)
{
    line->response->list.lsub = true;
    return parse_list(line);
}

static uint32_t clamp_32(uint64_t number)
{
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static void take_status_number(struct imap_status_data *status, const char *word, uint64_t number)
{
    if (g_ascii_strcasecmp(word, "MESSAGES") == 0) {
        status->messages = clamp_32(number);
        status->given |= IMAP_STATUS_MESSAGES;
    } else if (g_ascii_strcasecmp(word, "UIDNEXT") == 0) {
        status->uidnext = clamp_32(number);
        status->given |= IMAP_STATUS_UIDNEXT;
    } else if (g_ascii_strcasecmp(word, "UIDVALIDITY") == 0) {
        status->uidvalidity = clamp_32(number);
        status->given |= IMAP_STATUS_UIDVALIDITY;
    } else if (g_ascii_strcasecmp(word, "UNSEEN") == 0) {
        status->unseen = clamp_32(number);
        status->given |= IMAP_STATUS_UNSEEN;
    } else if (g_ascii_strcasecmp(word, "HIGHESTMODSEQ") == 0) {
        status->highestmodseq = number;
        status->given |= IMAP_STATUS_HIGHESTMODSEQ;
    }
}

const char *imap_response_parse_objectid(struct imap_line *line)
{
    struct imap_value word;
    if (!imap_scan_take(&line->scan, '('))
        return NULL;
    const char *id = imap_scan_word(&line->scan, "", &word) ? word.text : NULL;
    return imap_scan_take(&line->scan, ')') && id != NULL && word.length <= OBJECTID_MAX ? id
                                                                                         : NULL;
}

static bool parse_status_items(struct imap_line *line)
{
    struct imap_status_data *status = &line->response->status;
    struct imap_value word;
    while (imap_scan_word(&line->scan, "", &word)) {
        uint64_t number = 0;
        if (g_ascii_strcasecmp(word.text, "MAILBOXID") == 0) {
            status->mailboxid = imap_response_parse_objectid(line);
        } else if (imap_scan_number(&line->scan, &number)) {
            take_status_number(status, word.text, number);
        } else if (!imap_scan_skip(&line->scan)) {
            return false;
        }
    }
    return imap_scan_take(&line->scan, ')');
}

/* The bytes of an unquoted name with spaces: up to the parenthesis that closes with the line. */
static size_t unquoted_name_length(const char *text, size_t length)
{
    unsigned depth = 0;
    size_t open = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '(' && depth++ == 0)
            open = i;
        else if (text[i] == ')' && depth > 0)
            depth--;
    }
    while (open > 0 && text[open - 1] == ' ')
        open--;
    return open;
}

static bool parse_status(struct imap_line *line)
{
    line->response->kind = IMAP_STATUS;
    struct imap_status_data *status = &line->response->status;
    imap_scan_spaces(&line->scan);
    struct imap_value name;
    int first = imap_scan_peek(&line->scan);
    if (first == '"' || first == '{') {
        if (!imap_scan_string(&line->scan, &name) || !name.quoted)
            return false;
        status->name = name.text;
        status->name_length = name.length;
    } else {
        status->name = line->scan.at;
        status->name_length =
            unquoted_name_length(line->scan.at, (size_t)(line->scan.end - line->scan.at));
        line->scan.at += status->name_length;
    }
    return status->name_length > 0 && imap_scan_take(&line->scan, '(') && parse_status_items(line);
}

static bool parse_search(struct imap_line *line)
{
    line->response->kind = IMAP_SEARCH;
    uint64_t number = 0;
    while (imap_scan_number(&line->scan, &number)) {
        if (number == 0 || number > UINT32_MAX)
            return false;
        uint32_t narrow = (uint32_t)number;
        g_array_append_val(line->numbers, narrow);
    }
    if (imap_scan_peek(&line->scan) == '(' && !imap_scan_skip(&line->scan)) /* (MODSEQ n) */
        return false;
    line->response->numbers = (const uint32_t *)(const void *)line->numbers->data;
    line->response->number_count = line->numbers->len;
    return imap_scan_at_end(&line->scan);
}

/* "(TAG "a") UID ALL 1:5 MODSEQ 9" (RFC 4731, 3.1). */
static bool parse_esearch(struct imap_line *line)
{
    line->response->kind = IMAP_ESEARCH;
    line->response->set = "";
    struct imap_value word;
    if (imap_scan_take(&line->scan, '(')) {
        if (!imap_scan_word(&line->scan, "", &word) || !imap_scan_string(&line->scan, &word) ||
            !imap_scan_take(&line->scan, ')'))
            return false;
        line->response->tag = word.text;
    }
    while (imap_scan_word(&line->scan, "", &word)) {
        bool all = g_ascii_strcasecmp(word.text, "ALL") == 0;
        if (g_ascii_strcasecmp(word.text, "UID") == 0)
            continue;
        if (all ? !imap_scan_word(&line->scan, "", &word) : !imap_scan_skip(&line->scan))
            return false;
        if (all)
            line->response->set = word.text;
    }
    return imap_scan_at_end(&line->scan);
}

static bool parse_flags_response(struct imap_line *line)
{
    line->response->kind = IMAP_FLAGS;
    return imap_response_parse_flags(line, &line->response->flags, NULL);
}

static bool parse_vanished(struct imap_line *line)
{
    line->response->kind = IMAP_VANISHED;
    struct imap_value word;
    if (imap_scan_take(&line->scan, '(')) {
        while (imap_scan_word(&line->scan, "", &word))
            if (g_ascii_strcasecmp(word.text, "EARLIER") == 0)
                line->response->earlier = true;
        if (!imap_scan_take(&line->scan, ')'))
            return false;
    }
    if (!imap_scan_word(&line->scan, "", &word))
        return false;
    line->response->set = word.text;
    return true;
}

static const struct {
    const char *word;
    bool (*parse)(struct imap_line *line);
} named[] = {
    {"CAPABILITY", parse_capability},
    {"ENABLED", parse_enabled},
    {"LIST", parse_list},
    {"XLIST", parse_list},
    {"LSUB", parse_lsub},
    {"NAMESPACE", imap_response_parse_namespace},
    {"STATUS", parse_status},
    {"SEARCH", parse_search},
    {"ESEARCH", parse_esearch},
    {"FLAGS", parse_flags_response},
    {"VANISHED", parse_vanished},
    {"QUOTA", imap_response_parse_quota},
    {"QUOTAROOT", imap_response_parse_quotaroot},
};

static bool parse_named(struct imap_line *line, const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++)
        if (g_ascii_strcasecmp(word, named[i].word) == 0)
            return named[i].parse(line);
    return false;
}

static bool parse_numbered(struct imap_line *line)
{
    uint64_t number = 0;
    struct imap_value word;
    if (!imap_scan_number(&line->scan, &number) || number > UINT32_MAX ||
        !imap_scan_word(&line->scan, "", &word))
        return false;
    line->response->number = (uint32_t)number;
    if (g_ascii_strcasecmp(word.text, "EXISTS") == 0)
        line->response->kind = IMAP_EXISTS;
    else if (g_ascii_strcasecmp(word.text, "EXPUNGE") == 0)
        line->response->kind = IMAP_EXPUNGE;
    else if (g_ascii_strcasecmp(word.text, "FETCH") == 0)
        return number > 0 && imap_response_parse_fetch(line);
    else
        return false;
    return line->response->kind == IMAP_EXISTS || number > 0;
}

static bool parse_untagged(struct imap_line *line)
{
    imap_scan_spaces(&line->scan);
    int c = imap_scan_peek(&line->scan);
    if (c == '[') { /* a response code without "OK" (docs/internals/exchange.md) */
        line->response->kind = IMAP_UNTAGGED;
        line->response->condition = IMAP_OK;
        imap_response_parse_text(line);
        return true;
    }
    if (c >= '0' && c <= '9')
        return parse_numbered(line);
    struct imap_value word;
    if (!imap_scan_word(&line->scan, "", &word))
        return false;
    line->response->condition = condition_of(word.text);
    if (line->response->condition == IMAP_NONE)
        return parse_named(line, word.text);
    line->response->kind = IMAP_UNTAGGED;
    imap_response_parse_text(line);
    return true;
}

/* "tag OK text"; or else a line that is none: "Server Unavailable. 15"
 * (docs/internals/exchange.md). */
static bool parse_tagged(struct imap_line *line)
{
    struct imap_value tag, word;
    if (!imap_scan_word(&line->scan, "", &tag) || !imap_scan_word(&line->scan, "", &word))
        return false;
    enum imap_condition condition = condition_of(word.text);
    if (condition != IMAP_OK && condition != IMAP_NO && condition != IMAP_BAD)
        return false;
    line->response->kind = IMAP_TAGGED;
    line->response->condition = condition;
    line->response->tag = tag.text;
    imap_response_parse_text(line);
    return true;
}

static void make_plain(struct imap_line *line, enum imap_kind kind, const char *text)
{
    *line->response = (struct imap_response){.kind = kind, .text = text};
}

static void parse_tagged_or_garbage(struct imap_line *line)
{
    char *start = line->scan.at;
    if (imap_scan_peek(&line->scan) == '[') {
        line->response->kind = IMAP_UNTAGGED;
        line->response->condition = IMAP_OK;
        imap_response_parse_text(line);
        return;
    }
    if (parse_tagged(line))
        return;
    imap_scan_restart(&line->scan, start);
    make_plain(line, IMAP_GARBAGE, imap_scan_rest(&line->scan));
}

bool imap_response_parse(struct imap_line *line)
{
    *line->response = (struct imap_response){.text = "", .fetch.internal_date = INT64_MIN};
    if (imap_scan_peek(&line->scan) == '+') {
        imap_scan_advance(&line->scan);
        imap_scan_spaces(&line->scan);
        make_plain(line, IMAP_CONTINUE, imap_scan_rest(&line->scan));
    } else if (imap_scan_peek(&line->scan) != '*') {
        parse_tagged_or_garbage(line);
    } else {
        imap_scan_advance(&line->scan);
        if (!parse_untagged(line))
            make_plain(line, IMAP_OTHER, "");
    }
    return line->scan.too_much == NULL;
}
