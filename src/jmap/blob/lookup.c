#include "jmap/methods.h"

#include <string.h>

/* RFC 9404, 4.3: a blob is looked for by the message that it is, or is a part of. */

enum { MAILBOXES, THREADS, EMAILS, TYPES };
static const struct {
    const char *name;
    char prefix;
} types[TYPES] = {{"Mailbox", 'm'}, {"Thread", 't'}, {"Email", 'e'}};

static int type_of(const char *name)
{
    int type = 0;

    while (type < TYPES && strcmp(types[type].name, name) != 0)
        type++;
    return type;
}

/* false: answered. wanted: by type. */
static bool read_types(struct jmap_call *call, bool *wanted)
{
    json_t *item;
    size_t i;

    json_array_foreach(jmap_arg(call, "typeNames"), i, item)
    {
        int type = type_of(json_string_value(item));

        if (type == TYPES || !(call->request->using & JMAP_MAIL)) {
            jmap_fail(call, "unknownDataType", json_string_value(item));
            return false;
        }
        wanted[type] = true;
    }
    return true;
}

static void add_id(json_t *ids, char prefix, int64_t number)
{
    json_t *id = jmap_id(prefix, number), *known;
    size_t i;

    json_array_foreach(ids, i, known)
    {
        if (json_equal(known, id)) {
            json_decref(id);
            return;
        }
    }
    json_array_append_new(ids, id);
}

static void add_email(json_t *lists[TYPES], const struct store_email *email)
{
    add_id(lists[EMAILS], types[EMAILS].prefix, email->id);
    add_id(lists[THREADS], types[THREADS].prefix, email->thread);
    for (guint i = 0; i < email->mailboxes->len; i++)
        add_id(lists[MAILBOXES], types[MAILBOXES].prefix,
               g_array_index(email->mailboxes, int64_t, i));
}

static json_t *matches_of(const char *id, int64_t blob, const GPtrArray *emails, const bool *wanted)
{
    json_t *lists[TYPES] = {json_array(), json_array(), json_array()}, *matched = json_object();

    for (guint i = 0; i < emails->len && blob != 0; i++) {
        const struct store_email *email = emails->pdata[i];

        if (email->blob == blob)
            add_email(lists, email);
    }
    for (int type = 0; type < TYPES; type++) {
        if (wanted[type])
            json_object_set(matched, types[type].name, lists[type]);
        json_decref(lists[type]);
    }
    return json_pack("{s: s, s: o}", "id", id, "matchedIds", matched);
}

/* The message that holds a blob: "b7-2" is a part of "b7". 0: there is no such blob. */
static int64_t message_of(const struct jmap_call *call, const json_t *item)
{
    const struct jmap_request *request = call->request;
    const char *id = jmap_id_resolve(request, json_string_value(item));
    g_autofree char *whole = id != NULL ? g_strndup(id, strcspn(id, "-")) : NULL;
    g_autoptr(GBytes) part = NULL;

    if (whole != NULL && strlen(whole) < strlen(id)) {
        part = jmap_blob_load(request->jmap, call->access, id, NULL);
        if (part == NULL)
            return 0;
    }
    return jmap_id_parse('b', whole);
}

/* One for each of "ids", or NULL: answered. */
static GArray *messages_of(struct jmap_call *call)
{
    g_autoptr(GArray) blobs = g_array_new(FALSE, FALSE, sizeof(int64_t));
    json_t *item;
    size_t i;

    json_array_foreach(jmap_arg(call, "ids"), i, item)
    {
        int64_t blob;

        if (!jmap_may_go_on(call))
            return NULL;
        blob = message_of(call, item);
        g_array_append_val(blobs, blob);
    }
    return g_steal_pointer(&blobs);
}

static GPtrArray *emails_of(const struct jmap_call *call, const GArray *blobs, GError **error)
{
    g_autoptr(GArray) ids = store_blob_emails(call->access, blobs, JMAP_MAX_OBJECTS, error);

    if (ids == NULL)
        return NULL;
    return store_emails(call->access, (const int64_t *)(void *)ids->data, ids->len,
                        STORE_EMAIL_MAILBOXES, NULL, error);
}

static void answer(struct jmap_call *call, const GArray *blobs, const GPtrArray *emails,
                   const bool *wanted)
{
    json_t *answer = jmap_answer(call), *list = json_array(), *item;
    size_t i;

    json_array_foreach(jmap_arg(call, "ids"), i, item)
    {
        const char *given = json_string_value(item);
        const char *id = jmap_id_resolve(call->request, given);

        json_array_append_new(list, matches_of(id != NULL ? id : given,
                                               g_array_index(blobs, int64_t, i), emails, wanted));
    }
    json_object_set_new(answer, "list", list);
    jmap_respond(call, answer);
}

void jmap_blob_lookup(struct jmap_call *call)
{
    g_autoptr(GArray) blobs = NULL;
    g_autoptr(GPtrArray) emails = NULL;
    bool wanted[TYPES] = {false};
    GError *error = NULL;

    if (!read_types(call, wanted))
        return;
    if (json_array_size(jmap_arg(call, "ids")) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many blobs in one call");
        return;
    }
    blobs = messages_of(call);
    if (blobs == NULL)
        return;
    emails = emails_of(call, blobs, &error);
    if (emails == NULL)
        jmap_fail_error(call, error);
    else
        answer(call, blobs, emails, wanted);
}
