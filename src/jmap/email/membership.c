#include "jmap/email/draft.h"

/* mailboxIds and keywords of an object that is to be made (RFC 8621, 4.1.1). */

static bool read_mailboxes(const struct jmap_call *call, json_t *object, GArray *mailboxes)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        int64_t id = jmap_id_find(call->request, 'm', key);

        if (id == 0 || !json_is_true(value))
            return false;
        if (!jmap_ids_contain(mailboxes, id))
            g_array_append_val(mailboxes, id);
    }
    return json_is_object(object) && mailboxes->len > 0;
}

static bool read_keywords(json_t *object, struct mail_flags *flags)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        if (!json_is_true(value) || !mail_keyword_is_valid(key))
            return false;
        mail_flags_set(flags, key, true);
    }
    return object == NULL || json_is_object(object) || json_is_null(object);
}

bool jmap_email_membership(const struct jmap_call *call, json_t *object, GArray **mailboxes,
                           struct mail_flags *flags, GPtrArray *bad, json_t **error)
{
    json_t *keywords = json_object_get(object, "keywords");
    guint before = bad->len;

    *mailboxes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (json_object_size(keywords) > JMAP_MAX_KEYWORDS) {
        *error = jmap_set_error("tooManyKeywords", NULL);
        return false;
    }
    if (json_object_size(json_object_get(object, "mailboxIds")) > JMAP_MAX_MAILBOXES) {
        *error = jmap_set_error("tooManyMailboxes", NULL);
        return false;
    }
    if (!read_mailboxes(call, json_object_get(object, "mailboxIds"), *mailboxes))
        g_ptr_array_add(bad, g_strdup("mailboxIds"));
    if (!read_keywords(keywords, flags))
        g_ptr_array_add(bad, g_strdup("keywords"));
    return bad->len == before;
}

bool jmap_email_received_at(const json_t *object, int64_t *received_at)
{
    const json_t *value = json_object_get(object, "receivedAt");

    return value == NULL || json_is_null(value) ||
           jmap_date_parse(json_string_value(value), true, received_at, NULL);
}

void jmap_email_check(json_t *object, const char *const *names, int64_t *received_at,
                      GPtrArray *bad)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        if (!g_strv_contains(names, key))
            g_ptr_array_add(bad, g_strdup(key));
    }
    if (!jmap_email_received_at(object, received_at))
        g_ptr_array_add(bad, g_strdup("receivedAt"));
}
