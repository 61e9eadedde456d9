#include "base/mail.h"

#include <string.h>

static const struct {
    uint32_t bit;
    const char *keyword;
} keyword_bits[] = {
    {MAIL_SEEN, "$seen"},   {MAIL_ANSWERED, "$answered"},   {MAIL_FLAGGED, "$flagged"},
    {MAIL_DRAFT, "$draft"}, {MAIL_FORWARDED, "$forwarded"}, {MAIL_MDN_SENT, "$mdnsent"},
    {MAIL_JUNK, "$junk"},   {MAIL_NOT_JUNK, "$notjunk"},
};

static const char *const role_names[MAIL_ROLES] = {
    [MAIL_ROLE_INBOX] = "inbox",
    [MAIL_ROLE_DRAFTS] = "drafts",
    [MAIL_ROLE_SENT] = "sent",
    [MAIL_ROLE_TRASH] = "trash",
    [MAIL_ROLE_JUNK] = "junk",
    [MAIL_ROLE_ARCHIVE] = "archive",
    [MAIL_ROLE_ALL] = "all",
    [MAIL_ROLE_FLAGGED] = "flagged",
    [MAIL_ROLE_IMPORTANT] = "important",
};

void mail_addresses_clear(struct mail_addresses *addresses)
{
    for (size_t i = 0; i < addresses->count; i++) {
        g_free(addresses->items[i].name);
        g_free(addresses->items[i].email);
    }
    g_clear_pointer(&addresses->items, g_free);
    addresses->count = 0;
}

void mail_addresses_add(struct mail_addresses *addresses, const char *name, const char *email)
{
    addresses->items = g_renew(struct mail_address, addresses->items, addresses->count + 1);
    addresses->items[addresses->count++] = (struct mail_address){g_strdup(name), g_strdup(email)};
}

struct mail_summary *mail_summary_new(void)
{
    struct mail_summary *summary = g_new0(struct mail_summary, 1);
    summary->sent_at = INT64_MIN;
    return summary;
}

void mail_summary_free(struct mail_summary *summary)
{
    if (summary == NULL)
        return;
    g_free(summary->message_id);
    g_free(summary->original_id);
    g_strfreev(summary->in_reply_to);
    g_strfreev(summary->references);
    g_free(summary->subject);
    g_free(summary->base_subject);
    mail_addresses_clear(&summary->from);
    mail_addresses_clear(&summary->sender);
    mail_addresses_clear(&summary->reply_to);
    mail_addresses_clear(&summary->to);
    mail_addresses_clear(&summary->cc);
    mail_addresses_clear(&summary->bcc);
    g_free(summary->preview);
    g_free(summary);
}

struct mail_report *mail_report_copy(const struct mail_report *report)
{
    struct mail_report *copy;

    if (report == NULL)
        return NULL;
    copy = g_memdup2(report, sizeof *report);
    copy->message_id = g_strdup(report->message_id);
    copy->envelope_id = g_strdup(report->envelope_id);
    copy->items = g_new0(struct mail_report_recipient, report->count);
    for (size_t i = 0; i < report->count; i++) {
        copy->items[i] = report->items[i];
        copy->items[i].original = g_strdup(report->items[i].original);
        copy->items[i].final = g_strdup(report->items[i].final);
        copy->items[i].reply = g_strdup(report->items[i].reply);
    }
    return copy;
}

void mail_report_free(struct mail_report *report)
{
    if (report == NULL)
        return;
    for (size_t i = 0; i < report->count; i++) {
        g_free(report->items[i].original);
        g_free(report->items[i].final);
        g_free(report->items[i].reply);
    }
    g_free(report->items);
    g_free(report->message_id);
    g_free(report->envelope_id);
    g_free(report);
}

void mail_flags_clear(struct mail_flags *flags)
{
    g_clear_pointer(&flags->keywords, g_strfreev);
    flags->bits = 0;
}

void mail_flags_copy(struct mail_flags *to, const struct mail_flags *from)
{
    char **keywords = g_strdupv(from->keywords);
    uint32_t bits = from->bits;
    mail_flags_clear(to);
    to->bits = bits;
    to->keywords = keywords;
}

bool mail_flags_equal(const struct mail_flags *a, const struct mail_flags *b)
{
    static const char *const none[] = {NULL};
    return a->bits == b->bits &&
           g_strv_equal(a->keywords != NULL ? (const char *const *)a->keywords : none,
                        b->keywords != NULL ? (const char *const *)b->keywords : none);
}

static size_t word_position(const struct mail_flags *flags, const char *word, bool *found)
{
    size_t i = 0;
    int order = 1;
    for (; flags->keywords != NULL && flags->keywords[i] != NULL; i++) {
        order = strcmp(flags->keywords[i], word);
        if (order >= 0)
            break;
    }
    *found = flags->keywords != NULL && flags->keywords[i] != NULL && order == 0;
    return i;
}

static void add_word(struct mail_flags *flags, size_t at, char *word)
{
    size_t count = flags->keywords != NULL ? g_strv_length(flags->keywords) : 0;
    flags->keywords = g_renew(char *, flags->keywords, count + 2);
    memmove(flags->keywords + at + 1, flags->keywords + at, (count - at) * sizeof(char *));
    flags->keywords[at] = word;
    flags->keywords[count + 1] = NULL;
}

static void remove_word(struct mail_flags *flags, size_t at)
{
    size_t count = g_strv_length(flags->keywords);
    g_free(flags->keywords[at]);
    memmove(flags->keywords + at, flags->keywords + at + 1, (count - at) * sizeof(char *));
    if (count == 1)
        g_clear_pointer(&flags->keywords, g_strfreev);
}

void mail_flags_set(struct mail_flags *flags, const char *keyword, bool on)
{
    uint32_t bit = mail_flag_of_keyword(keyword);
    if (bit != 0) {
        flags->bits = on ? flags->bits | bit : flags->bits & ~bit;
        return;
    }
    bool found = false;
    g_autofree char *word = g_ascii_strdown(keyword, -1);
    size_t at = word_position(flags, word, &found);
    if (on && !found)
        add_word(flags, at, g_steal_pointer(&word));
    else if (!on && found)
        remove_word(flags, at);
}

bool mail_flags_has(const struct mail_flags *flags, const char *keyword)
{
    uint32_t bit = mail_flag_of_keyword(keyword);
    if (bit != 0)
        return (flags->bits & bit) != 0;
    bool found = false;
    g_autofree char *word = g_ascii_strdown(keyword, -1);
    word_position(flags, word, &found);
    return found;
}

uint32_t mail_flag_of_keyword(const char *keyword)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keyword_bits); i++)
        if (g_ascii_strcasecmp(keyword, keyword_bits[i].keyword) == 0)
            return keyword_bits[i].bit;
    return 0;
}

const char *mail_flag_keyword(uint32_t bit)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keyword_bits); i++)
        if (keyword_bits[i].bit == bit)
            return keyword_bits[i].keyword;
    return NULL;
}

bool mail_keyword_is_valid(const char *keyword)
{
    size_t length = strlen(keyword);
    if (length < 1 || length > 255)
        return false;
    for (size_t i = 0; i < length; i++)
        if (keyword[i] < 0x21 || keyword[i] > 0x7e || strchr("(){]%*\"\\", keyword[i]) != NULL)
            return false;
    return true;
}

const char *mail_role_name(enum mail_role role)
{
    return role > MAIL_ROLE_NONE && role < MAIL_ROLES ? role_names[role] : NULL;
}

enum mail_role mail_role_of_name(const char *name)
{
    for (int i = 1; name != NULL && i < MAIL_ROLES; i++)
        if (g_ascii_strcasecmp(name, role_names[i]) == 0)
            return (enum mail_role)i;
    return MAIL_ROLE_NONE;
}
