#include "jmap/email/header.h"

#include "jmap/engine/engine.h"

/* Fields that RFC 5322 and RFC 2369 define may be had in these forms besides Raw; any other field
 * in all of them (RFC 8621, 4.1.2). */
static const struct {
    const char *field;
    unsigned forms;
} known_fields[] = {
    {"Subject", JMAP_FORM_TEXT},
    {"Comments", JMAP_FORM_TEXT},
    {"Keywords", JMAP_FORM_TEXT},
    {"From", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Sender", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Reply-To", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"To", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Cc", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Bcc", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Resent-From", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Resent-Sender", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Resent-Reply-To", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Resent-To", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Resent-Cc", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Resent-Bcc", JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED},
    {"Message-ID", JMAP_FORM_MESSAGE_IDS},
    {"In-Reply-To", JMAP_FORM_MESSAGE_IDS},
    {"References", JMAP_FORM_MESSAGE_IDS},
    {"Resent-Message-ID", JMAP_FORM_MESSAGE_IDS},
    {"Date", JMAP_FORM_DATE},
    {"Resent-Date", JMAP_FORM_DATE},
    {"List-Help", JMAP_FORM_URLS},
    {"List-Unsubscribe", JMAP_FORM_URLS},
    {"List-Subscribe", JMAP_FORM_URLS},
    {"List-Post", JMAP_FORM_URLS},
    {"List-Owner", JMAP_FORM_URLS},
    {"List-Archive", JMAP_FORM_URLS},
    {"Received", 0},
    {"Return-Path", 0},
};

static unsigned forms_of(const char *field)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known_fields); i++)
        if (g_ascii_strcasecmp(known_fields[i].field, field) == 0)
            return known_fields[i].forms | JMAP_FORM_RAW;
    return ~0u;
}

bool jmap_header_is_addresses(const char *field)
{
    return forms_of(field) == (JMAP_FORM_RAW | JMAP_FORM_ADDRESSES | JMAP_FORM_GROUPED);
}

static bool form_of_name(const char *name, enum jmap_form *form)
{
    static const struct {
        const char *name;
        enum jmap_form form;
    } forms[] = {
        {"asRaw", JMAP_FORM_RAW},
        {"asText", JMAP_FORM_TEXT},
        {"asAddresses", JMAP_FORM_ADDRESSES},
        {"asGroupedAddresses", JMAP_FORM_GROUPED},
        {"asMessageIds", JMAP_FORM_MESSAGE_IDS},
        {"asDate", JMAP_FORM_DATE},
        {"asURLs", JMAP_FORM_URLS},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (strcmp(forms[i].name, name) == 0) {
            *form = forms[i].form;
            return true;
        }
    }
    return false;
}

static bool field_name_is_valid(const char *field)
{
    for (const char *c = field; *c != '\0'; c++)
        if (*c < 33 || *c > 126)
            return false;
    return field[0] != '\0' && strlen(field) <= 255;
}

struct jmap_header_property *jmap_header_property_parse(const char *property)
{
    g_auto(GStrv) tokens = NULL;
    struct jmap_header_property parsed = {.form = JMAP_FORM_RAW};
    unsigned next = 2;

    if (!g_str_has_prefix(property, "header:"))
        return NULL;
    tokens = g_strsplit(property, ":", 5);
    if (!field_name_is_valid(tokens[1]))
        return NULL;
    if (tokens[next] != NULL && g_str_has_prefix(tokens[next], "as")) {
        if (!form_of_name(tokens[next], &parsed.form))
            return NULL;
        next++;
    }
    if (tokens[next] != NULL && strcmp(tokens[next], "all") == 0) {
        parsed.all = true;
        next++;
    }
    if (tokens[next] != NULL || (forms_of(tokens[1]) & parsed.form) == 0)
        return NULL;
    parsed.property = g_strdup(property);
    parsed.field = g_strdup(tokens[1]);
    return g_memdup2(&parsed, sizeof(parsed));
}

void jmap_header_property_free(struct jmap_header_property *property)
{
    if (property == NULL)
        return;
    g_free(property->property);
    g_free(property->field);
    g_free(property);
}

static json_t *strings_json(char **strings)
{
    json_t *list = json_array();

    for (size_t i = 0; strings[i] != NULL; i++)
        json_array_append_new(list, jmap_json_text(strings[i]));
    return list;
}

static json_t *addresses_json(const char *raw)
{
    struct mail_addresses addresses = {0};
    json_t *list;

    mime_form_addresses(raw, &addresses);
    list = jmap_json_addresses(&addresses);
    mail_addresses_clear(&addresses);
    return list;
}

static json_t *grouped_json(const char *raw)
{
    g_autoptr(GPtrArray) groups = mime_form_grouped(raw);
    json_t *list = json_array();

    for (size_t i = 0; i < groups->len; i++) {
        const struct mime_group *group = g_ptr_array_index(groups, i);

        json_array_append_new(list, json_pack("{s: o, s: o}", "name", jmap_json_text(group->name),
                                              "addresses", jmap_json_addresses(&group->addresses)));
    }
    return list;
}

static json_t *date_json(const char *raw)
{
    int64_t seconds;
    int offset;

    return mime_form_date(raw, &seconds, &offset) ? jmap_json_date(seconds, offset) : json_null();
}

json_t *jmap_header_form(enum jmap_form form, const char *raw)
{
    g_auto(GStrv) strings = NULL;
    g_autofree char *text = NULL;

    switch (form) {
    case JMAP_FORM_RAW:
        return jmap_json_text(raw);
    case JMAP_FORM_TEXT:
        text = mime_form_text(raw);
        return jmap_json_text(text);
    case JMAP_FORM_ADDRESSES:
        return addresses_json(raw);
    case JMAP_FORM_GROUPED:
        return grouped_json(raw);
    case JMAP_FORM_DATE:
        return date_json(raw);
    case JMAP_FORM_MESSAGE_IDS:
        strings = mime_form_message_ids(raw);
        return strings != NULL ? strings_json(strings) : json_null();
    case JMAP_FORM_URLS:
        strings = mime_form_urls(raw);
        return strings != NULL ? strings_json(strings) : json_null();
    }
    return json_null();
}

json_t *jmap_header_value(const struct jmap_header_property *property,
                          const struct mime_header *headers, size_t count)
{
    const struct mime_header *last = NULL;
    json_t *all = property->all ? json_array() : NULL;

    for (size_t i = 0; i < count; i++) {
        if (g_ascii_strcasecmp(headers[i].name, property->field) != 0)
            continue;
        last = &headers[i];
        if (all != NULL)
            json_array_append_new(all, jmap_header_form(property->form, last->value));
    }
    if (all != NULL)
        return all;
    return last != NULL ? jmap_header_form(property->form, last->value) : json_null();
}

json_t *jmap_header_list(const struct mime_header *headers, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list,
                              json_pack("{s: o, s: o}", "name", jmap_json_text(headers[i].name),
                                        "value", jmap_json_text(headers[i].value)));
    return list;
}

bool jmap_header_put(json_t *object, const GPtrArray *properties, const struct mime_header *headers,
                     size_t count, size_t *budget)
{
    for (size_t i = 0; i < properties->len; i++) {
        const struct jmap_header_property *property = g_ptr_array_index(properties, i);

        if (!jmap_put(object, property->property, jmap_header_value(property, headers, count),
                      budget))
            return false;
    }
    return true;
}
