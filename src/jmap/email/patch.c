#include "jmap/email/patch.h"

#include "jmap/email/want.h"

struct reading {
    struct jmap_call *call;
    struct store_email_patch *patch;
    json_t *others; /* names of properties that may not change */
    json_t *bad;    /* names of those that are wrong */
    json_t *error;
    bool whole_keywords, single_keywords, whole_mailboxes, single_mailboxes;
    size_t keywords;
};

static void invalid(struct reading *reading, const char *property)
{
    json_t *last = json_array_get(reading->bad, json_array_size(reading->bad) - 1);

    if (g_strcmp0(json_string_value(last), property) != 0)
        json_array_append_new(reading->bad, json_string(property));
}

static void invalid_patch(struct reading *reading)
{
    json_decref(reading->error);
    reading->error = jmap_set_error("invalidPatch", NULL);
}

static void replace_keywords(struct reading *reading, json_t *value)
{
    const char *key;
    json_t *item;

    reading->whole_keywords = reading->patch->replace_flags = true;
    reading->keywords += json_object_size(value);
    if (reading->keywords > JMAP_MAX_KEYWORDS)
        return;
    if (!json_is_object(value) && !json_is_null(value))
        invalid(reading, "keywords");
    json_object_foreach(value, key, item)
    {
        if (!json_is_true(item) || !mail_keyword_is_valid(key))
            invalid(reading, "keywords");
        else
            mail_flags_set(&reading->patch->flags, key, true);
    }
}

static void patch_keyword(struct reading *reading, const char *property, const char *keyword,
                          const json_t *value)
{
    reading->single_keywords = true;
    if (!mail_keyword_is_valid(keyword) || (!json_is_true(value) && !json_is_null(value)))
        invalid(reading, property);
    else if (json_is_true(value))
        mail_flags_set(&reading->patch->add, keyword, true);
    else
        mail_flags_set(&reading->patch->remove, keyword, true);
    reading->keywords += json_is_true(value);
}

static void add_number(GArray **array, int64_t number)
{
    if (*array == NULL)
        *array = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!jmap_ids_contain(*array, number))
        g_array_append_val(*array, number);
}

static void replace_mailboxes(struct reading *reading, json_t *value)
{
    const char *key;
    json_t *item;

    reading->whole_mailboxes = reading->patch->replace_mailboxes = true;
    if (json_object_size(value) > JMAP_MAX_MAILBOXES && reading->error == NULL)
        reading->error = jmap_set_error("tooManyMailboxes", NULL);
    if (reading->error != NULL)
        return;
    json_object_foreach(value, key, item)
    {
        int64_t id = jmap_id_find(reading->call->request, 'm', key);

        if (id == 0 || !json_is_true(item))
            invalid(reading, "mailboxIds");
        else
            add_number(&reading->patch->mailboxes, id);
    }
    if (reading->patch->mailboxes == NULL)
        invalid(reading, "mailboxIds");
}

static void patch_mailbox(struct reading *reading, const char *property, const char *text,
                          const json_t *value)
{
    int64_t id = jmap_id_find(reading->call->request, 'm', text);

    reading->single_mailboxes = true;
    if (json_is_true(value) && id != 0)
        add_number(&reading->patch->mailboxes_add, id);
    else if (!json_is_null(value))
        invalid(reading, property);
    else if (id != 0)
        add_number(&reading->patch->mailboxes_remove, id);
}

static void read_one(struct reading *reading, const char *pointer, json_t *value)
{
    g_auto(GStrv) tokens = g_strsplit(pointer, "/", 4);
    unsigned count = g_strv_length(tokens);
    bool keywords, mailboxes;

    for (unsigned i = 0; i < count; i++) {
        if (!jmap_pointer_unescape(tokens[i])) {
            invalid_patch(reading);
            return;
        }
    }
    keywords = count > 0 && strcmp(tokens[0], "keywords") == 0;
    mailboxes = count > 0 && strcmp(tokens[0], "mailboxIds") == 0;
    if (count == 0 || count > 2 || (count == 2 && !keywords && !mailboxes))
        invalid_patch(reading);
    else if (keywords && count == 1)
        replace_keywords(reading, value);
    else if (keywords)
        patch_keyword(reading, pointer, tokens[1], value);
    else if (mailboxes && count == 1)
        replace_mailboxes(reading, value);
    else if (mailboxes)
        patch_mailbox(reading, pointer, tokens[1], value);
    else
        json_array_append_new(reading->others, json_string(pointer));
}

/* Those of names that are properties at all. (transfer full) */
static json_t *known_of(struct reading *reading, json_t *names)
{
    json_t *known = json_array(), *name;
    size_t i;

    json_array_foreach(names, i, name)
    {
        json_t *one = json_pack("[O]", name);
        struct jmap_email_want want;

        if (jmap_email_want_list(reading->call, one, &want)) {
            jmap_email_want_clear(&want);
            json_array_append(known, name);
        } else {
            invalid(reading, json_string_value(name));
        }
        json_decref(one);
    }
    return known;
}

/* What cannot change may be sent as it is (RFC 8620, 5.3). */
static void compare_others(struct reading *reading, int64_t id, json_t *json)
{
    json_t *known = known_of(reading, reading->others), *current = NULL, *name;
    struct jmap_email_want want;
    size_t i;

    if (json_array_size(known) > 0 && jmap_email_want_list(reading->call, known, &want)) {
        current = jmap_email_one(reading->call, id, &want);
        if (current == NULL)
            reading->error = jmap_set_error("notFound", NULL);
        jmap_email_want_clear(&want);
    }
    json_array_foreach(known, i, name)
    {
        const char *property = json_string_value(name);

        if (!json_equal(json_object_get(current, property), json_object_get(json, property)))
            invalid(reading, property);
    }
    json_decref(current);
    json_decref(known);
}

bool jmap_email_patch_read(struct jmap_call *call, int64_t id, json_t *json,
                           struct store_email_patch *patch, json_t **error)
{
    struct reading reading = {.call = call,
                              .patch = patch,
                              .others = json_array(),
                              .bad = json_array()};
    const char *key;
    json_t *value;

    *patch = (struct store_email_patch){0};
    if (json_object_size(json) > JMAP_MAX_PATHS)
        invalid_patch(&reading);
    else
        json_object_foreach(json, key, value) read_one(&reading, key, value);
    if ((reading.whole_keywords && reading.single_keywords) ||
        (reading.whole_mailboxes && reading.single_mailboxes))
        invalid_patch(&reading);
    if (reading.keywords > JMAP_MAX_KEYWORDS && reading.error == NULL)
        reading.error = jmap_set_error("tooManyKeywords", NULL);
    if (reading.error == NULL)
        compare_others(&reading, id, json);
    if (reading.error == NULL && json_array_size(reading.bad) > 0)
        reading.error = jmap_invalid_properties(json_incref(reading.bad), NULL);
    json_decref(reading.bad);
    json_decref(reading.others);
    *error = reading.error;
    return reading.error == NULL;
}

void jmap_email_patch_clear(struct store_email_patch *patch)
{
    GArray *arrays[] = {patch->mailboxes, patch->mailboxes_add, patch->mailboxes_remove};

    mail_flags_clear(&patch->flags);
    mail_flags_clear(&patch->add);
    mail_flags_clear(&patch->remove);
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        if (arrays[i] != NULL)
            g_array_unref(arrays[i]);
    *patch = (struct store_email_patch){0};
}
