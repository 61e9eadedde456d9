#include "jmap/email/object.h"
#include "jmap/methods.h"

/* RFC 8621, 4.9. */

/* NULL: the bodies are over the request's budget. null: no header field at all, so no message. */
static json_t *parse_one(struct jmap_call *call, const char *blob, GBytes *message,
                         const struct jmap_email_want *want)
{
    struct mime_mail *mail = mime_parse(message);
    struct mail_summary *summary = mime_summary(mail);
    const struct jmap_email_source source = {
        .summary = summary,
        .mail = mail,
        .blob = blob,
        .size = g_bytes_get_size(message),
    };
    size_t fields;
    json_t *object;

    (void)mime_headers(mail, -1, &fields);
    object = fields > 0 ? jmap_email_object(&source, want, &call->request->budget) : json_null();

    mail_summary_free(summary);
    mime_mail_free(mail);
    return object;
}

static json_t *or_null(json_t *value)
{
    return json_object_size(value) + json_array_size(value) > 0 ? value : json_null();
}

static void answer(struct jmap_call *call, json_t *parsed, json_t *not_parsable, json_t *not_found)
{
    json_t *object = jmap_answer(call);

    json_object_set(object, "parsed", or_null(parsed));
    json_object_set(object, "notParsable", or_null(not_parsable));
    json_object_set(object, "notFound", or_null(not_found));
    jmap_respond(call, object);
}

static void parse_all(struct jmap_call *call, const struct jmap_email_want *want)
{
    json_t *parsed = json_object(), *not_parsable = json_array(), *not_found = json_array();
    json_t *item;
    size_t i;
    bool ok = true;

    json_array_foreach(jmap_arg(call, "blobIds"), i, item)
    {
        const char *id = jmap_id_resolve(call->request, json_string_value(item));
        g_autoptr(GBytes) message = NULL;
        json_t *object;

        ok = !jmap_is_spent(call->request);
        if (!ok)
            break;
        message = jmap_blob_load(call->request->jmap, call->access, id, NULL);
        if (message == NULL) {
            json_array_append(not_found, item);
        } else if ((object = parse_one(call, id, message, want)) == NULL) {
            ok = false;
            break;
        } else if (json_is_null(object)) {
            json_array_append(not_parsable, item);
        } else {
            json_object_set_new(parsed, json_string_value(item), object);
        }
    }
    if (ok)
        answer(call, parsed, not_parsable, not_found);
    else
        jmap_fail(call, "requestTooLarge", "this is too much for one request");
    json_decref(parsed);
    json_decref(not_parsable);
    json_decref(not_found);
}

void jmap_email_parse(struct jmap_call *call)
{
    struct jmap_email_want want;

    if (json_array_size(jmap_arg(call, "blobIds")) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", NULL);
        return;
    }
    if (!jmap_email_want_read(call, true, &want))
        return;
    parse_all(call, &want);
    jmap_email_want_clear(&want);
}
