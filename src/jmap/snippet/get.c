#include "jmap/email/filter.h"
#include "jmap/methods.h"

#include "mime/mime.h"
#include "text/text.h"

/* RFC 8621, 5.1. */

#define PREVIEW_OCTETS 255
#define TEXT_MAX (256 * 1024)

static json_t *snippet(const char *text, char **terms, size_t octets)
{
    g_autofree char *found = NULL;

    if (text != NULL && terms[0] != NULL)
        found = text_snippet(text, (const char *const *)terms, octets);
    return jmap_json_text(found);
}

/* From the alternative that is not read otherwise where only that has the words. */
static json_t *body_snippet(struct mime_mail *mail, char **terms)
{
    g_autofree char *text = mime_plain_text(mail, TEXT_MAX, NULL), *other = NULL;
    json_t *found = snippet(text, terms, PREVIEW_OCTETS);

    if (!json_is_null(found))
        return found;
    json_decref(found);
    other = mime_passed_over_text(mail, TEXT_MAX);
    return snippet(other, terms, PREVIEW_OCTETS);
}

static json_t *preview(struct jmap_call *call, const struct store_email *email, char **terms)
{
    struct jmap_mail *mail;
    json_t *found;

    if (terms[0] == NULL || email->state != STORE_EMAIL_READY)
        return json_null();
    mail = jmap_mail_take(call->request->jmap, call->access, email->blob, NULL);
    if (mail == NULL)
        return json_null();
    found = body_snippet(mail->mail, terms);
    jmap_mail_give(call->request->jmap, mail);
    return found;
}

/* false: answered. */
static bool fill(struct jmap_call *call, const GPtrArray *emails, const struct store_filter *filter,
                 GArray *found, json_t *list)
{
    g_auto(GStrv) in_subject = jmap_email_filter_terms(filter, true);
    g_auto(GStrv) in_body = jmap_email_filter_terms(filter, false);

    for (size_t i = 0; i < emails->len; i++) {
        const struct store_email *email = g_ptr_array_index(emails, i);

        if (!jmap_may_go_on(call))
            return false;
        g_array_append_val(found, email->id);
        json_array_append_new(list, json_pack("{s: o, s: o, s: o}", "emailId",
                                              jmap_id('e', email->id), "subject",
                                              snippet(email->summary->subject, in_subject, 1000),
                                              "preview", preview(call, email, in_body)));
    }
    return true;
}

static void answer(struct jmap_call *call, const GPtrArray *emails, const GArray *ids,
                   const struct store_filter *filter, json_t *not_found)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(int64_t));
    json_t *list = json_array(), *object;

    if (!fill(call, emails, filter, found, list)) {
        json_decref(list);
        return;
    }
    object = jmap_answer(call);
    jmap_get_missing(ids, found, 'e', not_found);
    json_object_set_new(object, "list", list);
    json_object_set(object, "notFound", json_array_size(not_found) > 0 ? not_found : json_null());
    jmap_respond(call, object);
}

void jmap_snippet_get(struct jmap_call *call)
{
    struct store_filter *filter = NULL;
    json_t *not_found = json_array();
    g_autoptr(GArray) ids = NULL;
    g_autoptr(GPtrArray) emails = NULL;
    GError *failure = NULL;
    const char *error;

    if (!jmap_email_filter_read(call->request, jmap_arg(call, "filter"), &filter, &error)) {
        jmap_fail(call, error, NULL);
    } else if (jmap_get_ids(call, "emailIds", 'e', &ids, not_found)) {
        emails = store_emails(call->access, (const int64_t *)(void *)ids->data, ids->len,
                              STORE_EMAIL_SUMMARY, NULL, &failure);
        if (emails != NULL)
            answer(call, emails, ids, filter, not_found);
        else
            jmap_fail_error(call, failure);
    }
    json_decref(not_found);
    store_filter_free(filter);
}
