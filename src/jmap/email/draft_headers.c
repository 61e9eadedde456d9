#include "jmap/email/draft.h"
#include "jmap/email/header.h"

/* A value that may stand in a header field: SECURITY.md 10. */
static const char *safe_string(const json_t *value)
{
    const char *text = json_string_value(value);

    if (text == NULL || strlen(text) != json_string_length(value) || strpbrk(text, "\r\n") != NULL)
        return NULL;
    return text;
}

static void add_header(GArray *headers, const char *field, char *value)
{
    struct mime_header header = {g_strdup(field), value};

    g_array_append_val(headers, header);
}

/* --- JSON to values --- */

static bool read_addresses(const json_t *list, struct mail_addresses *out)
{
    size_t i;
    json_t *item;

    if (!json_is_array(list) || json_array_size(list) > 2 * JMAP_MAX_RECIPIENTS)
        return false;
    json_array_foreach(list, i, item)
    {
        json_t *name = json_object_get(item, "name");
        const char *email = safe_string(json_object_get(item, "email"));

        if (email == NULL || (name != NULL && !json_is_null(name) && safe_string(name) == NULL))
            return false;
        mail_addresses_add(out, json_string_value(name), email);
    }
    return true;
}

static char **read_strings(const json_t *list)
{
    g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
    size_t i;
    json_t *item;

    if (!json_is_array(list))
        return NULL;
    json_array_foreach(list, i, item)
    {
        const char *text = safe_string(item);

        if (text == NULL || strpbrk(text, "<> \t") != NULL || text[0] == '\0')
            return NULL;
        g_ptr_array_add(strings, g_strdup(text));
    }
    g_ptr_array_add(strings, NULL);
    return (char **)g_ptr_array_steal(strings, NULL);
}

/* --- values to raw headers --- */

/* RFC 2047 words of at most 75 characters; the text is cut between characters. */
static void write_encoded(GString *out, const char *text)
{
    while (*text != '\0') {
        size_t length = strlen(text);
        g_autofree char *encoded = NULL;

        if (length > 42)
            for (length = 42; length > 1 && ((unsigned char)text[length] & 0xc0) == 0x80;)
                length--;
        encoded = g_base64_encode((const guchar *)text, length);
        g_string_append_printf(out, "=?utf-8?B?%s?=", encoded);
        text += length;
        if (*text != '\0')
            g_string_append_c(out, ' ');
    }
}

/* An unstructured field, so that it reads back as the same text. */
static void write_text(GString *out, const char *value)
{
    g_autofree char *text = g_strdelimit(g_strdup(value), "\t", ' ');

    if (g_str_is_ascii(text) && strstr(text, "=?") == NULL && text[0] != ' ' &&
        !g_str_has_suffix(text, " "))
        g_string_append(out, text);
    else
        write_encoded(out, text);
}

static void write_phrase(GString *out, const char *text)
{
    if (!g_str_is_ascii(text) || strstr(text, "=?") != NULL) {
        write_encoded(out, text);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
}

static void write_addresses(GString *out, const struct mail_addresses *addresses)
{
    for (size_t i = 0; i < addresses->count; i++) {
        const struct mail_address *address = &addresses->items[i];

        if (i > 0)
            g_string_append(out, ", ");
        if (address->name == NULL || address->name[0] == '\0') {
            g_string_append(out, address->email);
            continue;
        }
        write_phrase(out, address->name);
        g_string_append_printf(out, " <%s>", address->email);
    }
}

static bool write_address_list(GString *out, const json_t *value)
{
    struct mail_addresses addresses = {0};
    bool ok = read_addresses(value, &addresses);

    if (ok)
        write_addresses(out, &addresses);
    mail_addresses_clear(&addresses);
    return ok;
}

static bool write_groups(GString *out, const json_t *value)
{
    size_t i;
    json_t *group;

    if (!json_is_array(value))
        return false;
    json_array_foreach(value, i, group)
    {
        json_t *name = json_object_get(group, "name");

        if (i > 0)
            g_string_append(out, ", ");
        if (safe_string(name) != NULL) {
            write_phrase(out, json_string_value(name));
            g_string_append(out, ": ");
        } else if (name != NULL && !json_is_null(name)) {
            return false;
        }
        if (!write_address_list(out, json_object_get(group, "addresses")))
            return false;
        if (json_is_string(name))
            g_string_append_c(out, ';');
    }
    return true;
}

static bool write_bracketed(GString *out, const json_t *value, const char *between)
{
    g_auto(GStrv) strings = read_strings(value);

    if (strings == NULL)
        return false;
    for (size_t i = 0; strings[i] != NULL; i++)
        g_string_append_printf(out, "%s<%s>", i > 0 ? between : "", strings[i]);
    return true;
}

static bool write_date(GString *out, const json_t *value)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t seconds;
    int offset;
    g_autoptr(GDateTime) when = NULL;

    if (!jmap_date_parse(json_string_value(value), false, &seconds, &offset))
        return false;
    when = g_date_time_new_from_unix_utc(seconds + (int64_t)offset * 60);
    if (when == NULL)
        return false;
    g_string_append_printf(out, "%s, %02d %s %04d %02d:%02d:%02d %c%02d%02d",
                           days[g_date_time_get_day_of_week(when) - 1],
                           g_date_time_get_day_of_month(when),
                           months[g_date_time_get_month(when) - 1], g_date_time_get_year(when),
                           g_date_time_get_hour(when), g_date_time_get_minute(when),
                           g_date_time_get_second(when), offset < 0 ? '-' : '+', ABS(offset) / 60,
                           ABS(offset) % 60);
    return true;
}

/* Raw as it is but for UTF-8, which not every server on a message's way takes. */
static void write_raw_text(GString *out, const char *text)
{
    if (g_str_is_ascii(text))
        g_string_append(out, text);
    else
        write_encoded(out, text + strspn(text, " "));
}

/* One field's raw value in a form; NULL when the JSON is not of it. (transfer full) */
static char *raw_value(enum jmap_form form, const json_t *value)
{
    GString *out = g_string_new(NULL);
    bool ok = false;

    switch (form) {
    case JMAP_FORM_RAW:
        ok = safe_string(value) != NULL;
        if (ok)
            write_raw_text(out, json_string_value(value));
        break;
    case JMAP_FORM_TEXT:
        ok = safe_string(value) != NULL;
        if (ok)
            write_text(out, json_string_value(value));
        break;
    case JMAP_FORM_ADDRESSES:
        ok = write_address_list(out, value);
        break;
    case JMAP_FORM_GROUPED:
        ok = write_groups(out, value);
        break;
    case JMAP_FORM_MESSAGE_IDS:
        ok = write_bracketed(out, value, " ");
        break;
    case JMAP_FORM_URLS:
        ok = write_bracketed(out, value, ", ");
        break;
    case JMAP_FORM_DATE:
        ok = write_date(out, value);
        break;
    }
    return g_string_free(out, !ok);
}

/* One field of a property. UTF-8 among addresses is written anew, name by name: encoded as a whole
 * they would be none. (transfer full) */
static char *field_of(const struct jmap_header_property *property, const json_t *value)
{
    const char *text = safe_string(value);
    json_t *groups;
    char *raw;

    if (property->form != JMAP_FORM_RAW || text == NULL || g_str_is_ascii(text) ||
        !jmap_header_is_addresses(property->field))
        return raw_value(property->form, value);
    groups = jmap_header_form(JMAP_FORM_GROUPED, text);
    raw = raw_value(JMAP_FORM_GROUPED, groups);
    json_decref(groups);
    return raw;
}

/* All fields of one property. */
static bool add_property(GArray *headers, const struct jmap_header_property *property,
                         const json_t *value)
{
    size_t i;
    json_t *item;

    if (!property->all) {
        char *raw = json_is_null(value) ? NULL : field_of(property, value);

        if (raw != NULL)
            add_header(headers, property->field, raw);
        return raw != NULL || json_is_null(value);
    }
    if (!json_is_array(value) || json_array_size(value) > 100)
        return false;
    json_array_foreach(value, i, item)
    {
        char *raw = field_of(property, item);

        if (raw == NULL)
            return false;
        add_header(headers, property->field, raw);
    }
    return true;
}

/* --- the convenience properties --- */

static bool address_slot(struct mail_summary *summary, const char *field,
                         struct mail_addresses **slot)
{
    const struct {
        const char *field;
        struct mail_addresses *slot;
    } slots[] = {
        {"from", &summary->from}, {"sender", &summary->sender}, {"reply-to", &summary->reply_to},
        {"to", &summary->to},     {"cc", &summary->cc},         {"bcc", &summary->bcc},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(slots); i++)
        if (strcmp(slots[i].field, field) == 0) {
            *slot = slots[i].slot;
            return true;
        }
    return false;
}

static bool set_message_ids(struct mail_summary *summary, const char *field, const json_t *value)
{
    char **ids = read_strings(value);

    if (ids == NULL)
        return false;
    if (strcmp(field, "in-reply-to") == 0) {
        summary->in_reply_to = ids;
    } else if (strcmp(field, "references") == 0) {
        summary->references = ids;
    } else {
        bool one = g_strv_length(ids) == 1;

        summary->message_id = one ? g_strdup(ids[0]) : NULL;
        g_strfreev(ids);
        return one;
    }
    return true;
}

/* The summary's value for a field in the form of its convenience property. */
static bool set_summary(struct mail_summary *summary, const char *field, const json_t *value)
{
    struct mail_addresses *addresses;

    if (json_is_null(value))
        return true;
    if (address_slot(summary, field, &addresses))
        return read_addresses(value, addresses);
    if (strcmp(field, "subject") == 0) {
        summary->subject = g_strdup(safe_string(value));
        return summary->subject != NULL;
    }
    if (strcmp(field, "date") == 0)
        return jmap_date_parse(json_string_value(value), false, &summary->sent_at,
                               &summary->sent_offset);
    return set_message_ids(summary, field, value);
}

static const struct {
    const char *property, *field;
    enum jmap_form form;
} conveniences[] = {
    {"messageId", "message-id", JMAP_FORM_MESSAGE_IDS},
    {"inReplyTo", "in-reply-to", JMAP_FORM_MESSAGE_IDS},
    {"references", "references", JMAP_FORM_MESSAGE_IDS},
    {"sender", "sender", JMAP_FORM_ADDRESSES},
    {"from", "from", JMAP_FORM_ADDRESSES},
    {"to", "to", JMAP_FORM_ADDRESSES},
    {"cc", "cc", JMAP_FORM_ADDRESSES},
    {"bcc", "bcc", JMAP_FORM_ADDRESSES},
    {"replyTo", "reply-to", JMAP_FORM_ADDRESSES},
    {"subject", "subject", JMAP_FORM_TEXT},
    {"sentAt", "date", JMAP_FORM_DATE},
};

/* Remembers a field; false when another property stood for it already. */
static bool claim(struct jmap_draft *draft, const char *field, const json_t *value)
{
    return json_is_null(value) || g_hash_table_add(draft->fields, g_ascii_strdown(field, -1));
}

static bool read_header_property(struct jmap_draft *draft, const char *name, const json_t *value)
{
    struct jmap_header_property *property = jmap_header_property_parse(name);
    g_autofree char *field = NULL;
    bool ok;

    if (property == NULL)
        return false;
    field = g_ascii_strdown(property->field, -1);
    ok = !g_str_has_prefix(field, "content-") && strcmp(field, "mime-version") != 0 &&
         claim(draft, field, value);
    for (size_t i = 0; ok && i < G_N_ELEMENTS(conveniences); i++) {
        if (property->all || property->form != conveniences[i].form ||
            strcmp(field, conveniences[i].field) != 0)
            continue;
        jmap_header_property_free(property);
        return set_summary(draft->summary, field, value);
    }
    ok = ok && add_property(draft->headers, property, value);
    jmap_header_property_free(property);
    return ok;
}

void jmap_draft_read_header(struct jmap_draft *draft, const char *property, json_t *value)
{
    bool ok = false;

    if (g_str_has_prefix(property, "header:")) {
        ok = read_header_property(draft, property, value);
    } else {
        for (size_t i = 0; i < G_N_ELEMENTS(conveniences); i++)
            if (strcmp(conveniences[i].property, property) == 0)
                ok = claim(draft, conveniences[i].field, value) &&
                     set_summary(draft->summary, conveniences[i].field, value);
    }
    if (!ok)
        jmap_draft_bad(draft, property);
}

bool jmap_draft_part_header(struct jmap_draft_part *part, const char *name, json_t *value)
{
    struct jmap_header_property *property = jmap_header_property_parse(name);
    g_autofree char *field = property != NULL ? g_ascii_strdown(property->field, -1) : NULL;
    bool ok = property != NULL && strcmp(field, "content-transfer-encoding") != 0 &&
              strcmp(field, "mime-version") != 0 && jmap_draft_part_claim(part, field);

    ok = ok && add_property(part->headers, property, value);
    jmap_header_property_free(property);
    return ok;
}
