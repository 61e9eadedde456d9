/* Whom an automatic answer to a message may go to: RFC 3834, 2 and 4. */
#include "mime/internal.h"

#include <string.h>

#define ADDRESS_MAX 254

struct reading {
    char *return_path, *from; /* raw values of the last field; NULL: there is none */
    bool refused;
};

static bool value_begins(const char *value, const char *word)
{
    size_t length = strlen(word);
    value += strspn(value, " \t\r\n");
    return g_ascii_strncasecmp(value, word, length) == 0 &&
           (value[length] == '\0' || strchr(" \t\r\n;,(", value[length]) != NULL);
}

/* Comments aside: "no" is the one keyword for what a person wrote. */
static bool is_automatic(const char *value)
{
    return !value_begins(value, "no");
}

static bool is_bulk(const char *value)
{
    return value_begins(value, "bulk") || value_begins(value, "junk") ||
           value_begins(value, "list");
}

/* Exchange's own way: "OOF, AutoReply" or "All". */
static bool is_suppressed(const char *value)
{
    g_autofree char *folded = g_ascii_strdown(value, -1);
    return strstr(folded, "all") != NULL || strstr(folded, "oof") != NULL ||
           strstr(folded, "autoreply") != NULL;
}

static bool is_yes(const char *value)
{
    return value_begins(value, "yes");
}

static bool is_anything(const char *value)
{
    (void)value;
    return true;
}

/* A bounce, or a word that something was read. */
static bool is_report(const char *value)
{
    return value_begins(value, "multipart/report");
}

/* Fields that forbid an answer by what they say. */
static const struct {
    const char *name;
    bool (*forbids)(const char *value);
} signs[] = {
    {"Auto-Submitted", is_automatic}, {"Precedence", is_bulk},
    {"Content-Type", is_report},      {"X-Auto-Response-Suppress", is_suppressed},
    {"X-Autoreply", is_anything},     {"X-Autorespond", is_anything},
    {"X-Spam-Flag", is_yes},          {"X-Spam-Status", is_yes},
};

static bool is_of_a_list(const struct field *field)
{
    return field->name_length > 5 && g_ascii_strncasecmp(field->name, "List-", 5) == 0;
}

static void read_field(struct reading *reading, const struct field *field)
{
    g_autofree char *value = NULL;
    reading->refused = reading->refused || is_of_a_list(field);
    for (size_t i = 0; i < G_N_ELEMENTS(signs) && !reading->refused; i++) {
        if (!field_is(field, signs[i].name))
            continue;
        g_free(value);
        value = field_value(field, NULL);
        reading->refused = signs[i].forbids(value);
    }
    /* The last server put its Return-Path on top. */
    if (field_is(field, "Return-Path") && reading->return_path == NULL)
        reading->return_path = field_value(field, NULL);
    if (field_is(field, "From") && reading->from == NULL)
        reading->from = field_value(field, NULL);
}

/* --- addresses */

/* Names of programs, and of places that no person reads. A name may go on behind "+", "-" or "="
 * (bounce+123, bounces-list). */
static bool is_a_program(const char *local)
{
    static const char *const names[] = {"mailer-daemon", "postmaster",   "noreply",
                                        "no-reply",      "no_reply",     "no.reply",
                                        "donotreply",    "do-not-reply", "do_not_reply",
                                        "do.not.reply",  "bounce",       "bounces",
                                        "listserv",      "majordomo",    "mailman",
                                        "owner",         "notification", "notifications",
                                        "daemon"};
    static const char *const ends[] = {"-request", "-owner",    "-bounce",
                                       "-bounces", "-relay",    "-errors-to",
                                       "-noreply", "-no-reply", "-unsubscribe"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        size_t length = strlen(names[i]);
        if (strncmp(local, names[i], length) == 0 &&
            (local[length] == '\0' || strchr("+-=", local[length]) != NULL))
            return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
        if (g_str_has_suffix(local, ends[i]))
            return true;
    return false;
}

static bool is_answerable(const char *address)
{
    const char *at = strrchr(address, '@');
    if (at == NULL || at == address || at[1] == '\0' || strlen(address) > ADDRESS_MAX)
        return false;
    for (const char *c = address; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("<>()[]\\,;:\"", *c) != NULL)
            return false;
    g_autofree char *local = g_ascii_strdown(address, at - address);
    return !is_a_program(local);
}

/* The one address of a field's value (transfer full), or NULL. */
static char *only_address(const char *raw)
{
    struct mail_addresses list = {0};
    char *address = NULL;
    if (raw != NULL)
        mime_form_addresses(raw, &list);
    if (list.count == 1 && list.items[0].email != NULL && is_answerable(list.items[0].email))
        address = g_strdup(list.items[0].email);
    mail_addresses_clear(&list);
    return address;
}

/* RFC 5321, 4.4: "<address>" (transfer full); NULL for anything else, "<>" too. */
static char *path_address(const char *raw)
{
    g_autofree char *path = raw != NULL ? g_strstrip(text_unfold(raw)) : g_strdup("");
    size_t length = strlen(path);
    if (length > 2 && path[0] == '<' && path[length - 1] == '>') {
        path[length - 1] = '\0';
        memmove(path, path + 1, length - 1);
    }
    return is_answerable(path) ? g_steal_pointer(&path) : NULL;
}

char *mime_answer_to(const struct mime_mail *mail)
{
    struct reading reading = {0};
    struct field field;
    size_t at = 0;
    if (mail->part_count == 0)
        return NULL;
    while (!reading.refused && field_next(mail->data, mail->parts[0].header_end, &at, &field))
        read_field(&reading, &field);
    g_autofree char *from = only_address(reading.from);
    char *address = reading.refused || from == NULL ? NULL : path_address(reading.return_path);
    g_free(reading.return_path);
    g_free(reading.from);
    return address;
}
