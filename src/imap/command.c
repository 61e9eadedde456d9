#include "imap/command.h"

#include "imap/client.h"

#include <string.h>

#define QUOTED_MAX 1024
/* RFC 7888: LITERAL- allows this much without waiting. */
#define LITERAL_MINUS_MAX 4096
/* A larger message waits for the server's "+" even when it need not, so that a refusal comes before
 * the upload. */
#define EAGER_MESSAGE_MAX (1024 * 1024)

static const struct {
    uint32_t bit;
    const char *word;
} flag_words[] = {
    {MAIL_SEEN, "\\Seen"},       {MAIL_ANSWERED, "\\Answered"}, {MAIL_FLAGGED, "\\Flagged"},
    {MAIL_DRAFT, "\\Draft"},     {MAIL_DELETED, "\\Deleted"},   {MAIL_FORWARDED, "$Forwarded"},
    {MAIL_MDN_SENT, "$MDNSent"}, {MAIL_JUNK, "$Junk"},          {MAIL_NOT_JUNK, "$NotJunk"},
};

void imap_command_init(struct imap_command *command, unsigned tag, uint32_t capabilities,
                       const char *name)
{
    *command = (struct imap_command){.capabilities = capabilities, .name = name};
    g_snprintf(command->tag, sizeof command->tag, "P%u", tag);
    command->text = g_string_sized_new(128);
    command->waits = g_array_new(FALSE, FALSE, sizeof(size_t));
    g_string_append_printf(command->text, "%s %s", command->tag, name);
}

void imap_command_clear(struct imap_command *command)
{
    explicit_bzero(command->text->str, command->text->allocated_len);
    g_string_free(command->text, TRUE);
    g_array_free(command->waits, TRUE);
}

void imap_command_word(struct imap_command *command, const char *word)
{
    g_string_append_c(command->text, ' ');
    g_string_append(command->text, word);
}

void imap_command_number(struct imap_command *command, uint64_t number)
{
    g_string_append_printf(command->text, " %" G_GUINT64_FORMAT, number);
}

static bool fits_quotes(const char *text, size_t length)
{
    if (length > QUOTED_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return true;
}

static bool may_send_at_once(const struct imap_command *command, size_t length)
{
    return (command->capabilities & IMAP_CAP_LITERAL_PLUS) != 0 ||
           ((command->capabilities & IMAP_CAP_LITERAL_MINUS) != 0 && length <= LITERAL_MINUS_MAX);
}

static void begin_literal(struct imap_command *command, size_t length, bool at_once)
{
    g_string_append_printf(command->text, " {%zu%s}\r\n", length, at_once ? "+" : "");
    size_t offset = command->text->len;
    if (!at_once)
        g_array_append_val(command->waits, offset);
}

void imap_command_string(struct imap_command *command, const char *text)
{
    size_t length = strlen(text);
    if (!fits_quotes(text, length)) {
        begin_literal(command, length, may_send_at_once(command, length));
        g_string_append_len(command->text, text, (gssize)length);
        return;
    }
    g_string_append(command->text, " \"");
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\')
            g_string_append_c(command->text, '\\');
        g_string_append_c(command->text, text[i]);
    }
    g_string_append_c(command->text, '"');
}

void imap_command_set(struct imap_command *command, const char *set)
{
    if (*set == '\0' || strspn(set, "0123456789,:*") != strlen(set))
        command->invalid = "not a set of UIDs";
    else
        imap_command_word(command, set);
}

void imap_command_flags(struct imap_command *command, const struct mail_flags *flags)
{
    const char *separator = " (";
    for (size_t i = 0; i < G_N_ELEMENTS(flag_words); i++) {
        if ((flags->bits & flag_words[i].bit) == 0)
            continue;
        g_string_append_printf(command->text, "%s%s", separator, flag_words[i].word);
        separator = " ";
    }
    for (size_t i = 0; flags->keywords != NULL && flags->keywords[i] != NULL; i++) {
        if (!mail_keyword_is_valid(flags->keywords[i])) {
            command->invalid = "not a keyword";
            return;
        }
        g_string_append_printf(command->text, "%s%s", separator, flags->keywords[i]);
        separator = " ";
    }
    g_string_append(command->text, *separator == ' ' && separator[1] == '(' ? " ()" : ")");
}

static const char *month_of(GDateTime *date)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return months[g_date_time_get_month(date) - 1];
}

static GDateTime *date_of(struct imap_command *command, int64_t seconds)
{
    GDateTime *date = g_date_time_new_from_unix_utc(seconds);
    if (date == NULL || g_date_time_get_year(date) > 9999) {
        command->invalid = "not a date";
        g_clear_pointer(&date, g_date_time_unref);
    }
    return date;
}

void imap_command_date_time(struct imap_command *command, int64_t seconds)
{
    g_autoptr(GDateTime) date = date_of(command, seconds);
    if (date != NULL)
        g_string_append_printf(command->text, " \"%2d-%s-%04d %02d:%02d:%02d +0000\"",
                               g_date_time_get_day_of_month(date), month_of(date),
                               g_date_time_get_year(date), g_date_time_get_hour(date),
                               g_date_time_get_minute(date), g_date_time_get_second(date));
}

void imap_command_date(struct imap_command *command, int64_t seconds)
{
    g_autoptr(GDateTime) date = date_of(command, seconds);
    if (date != NULL)
        g_string_append_printf(command->text, " %d-%s-%04d", g_date_time_get_day_of_month(date),
                               month_of(date), g_date_time_get_year(date));
}

void imap_command_criteria(struct imap_command *command, const char *criteria)
{
    size_t length = strlen(criteria);
    /* A "}" at the end could announce a literal. */
    if (length == 0 || criteria[length - 1] == '}')
        command->invalid = "not a search";
    for (size_t i = 0; i < length; i++)
        if (criteria[i] < 0x20 || criteria[i] > 0x7e)
            command->invalid = "only ASCII can be searched for";
    imap_command_word(command, criteria);
}

void imap_command_reserve(struct imap_command *command, size_t bytes)
{
    size_t length = command->text->len;
    g_string_set_size(command->text, length + bytes);
    g_string_set_size(command->text, length);
}

void imap_command_initial_response(struct imap_command *command, const char *base64)
{
    imap_command_reserve(command, strlen(base64) + 16);
    imap_command_word(command, *base64 != '\0' ? base64 : "=");
}

void imap_command_message(struct imap_command *command, GBytes *message)
{
    size_t length = g_bytes_get_size(message);
    if (length > 0 && memchr(g_bytes_get_data(message, NULL), '\0', length) != NULL)
        command->invalid = "a message must not contain NUL bytes";
    begin_literal(command, length,
                  length <= EAGER_MESSAGE_MAX && may_send_at_once(command, length));
    command->tail = message;
}
