#include "jmap/email/object.h"
#include "jmap/methods.h"

/* RFC 8621, 4.2. */

/* What to load of the store for the wanted properties. */
static unsigned parts_to_load(const struct jmap_email_want *want)
{
    unsigned parts = STORE_EMAIL_SUMMARY;

    if (jmap_email_wants(want, JMAP_EMAIL_KEYWORDS))
        parts |= STORE_EMAIL_FLAGS;
    if (jmap_email_wants(want, JMAP_EMAIL_MAILBOX_IDS))
        parts |= STORE_EMAIL_MAILBOXES;
    return parts;
}

/* All ids when there are few enough; NULL: answered. (transfer full) */
static GArray *all_emails(struct jmap_call *call)
{
    const struct store_query query = {.limit = JMAP_MAX_OBJECTS + 1};
    struct store_query_result result = {0};
    GError *error = NULL;
    GArray *ids = NULL;

    if (!store_query(call->access, &query, &result, &error))
        jmap_fail_error(call, error);
    else if (result.ids->len > JMAP_MAX_OBJECTS)
        jmap_fail(call, "requestTooLarge", "too many emails: name the ids");
    else
        ids = g_array_ref(result.ids);
    store_query_result_clear(&result);
    return ids;
}

/* The parsed message, when it is wanted and here. A pending one is asked for; it comes with a
 * change of the Email. */
static struct jmap_mail *take_mail(struct jmap_call *call, const struct store_email *email,
                                   const struct jmap_email_want *want)
{
    if (!jmap_email_wants_mail(want))
        return NULL;
    if (email->state == STORE_EMAIL_PENDING)
        store_email_want(call->access, email->id);
    if (email->state != STORE_EMAIL_READY || email->blob == 0)
        return NULL;
    return jmap_mail_take(call->request->jmap, call->access, email->blob, NULL);
}

/* NULL: over the budget. */
static json_t *one_object(struct jmap_call *call, const struct store_email *email,
                          const struct jmap_email_want *want)
{
    struct jmap_mail *mail = take_mail(call, email, want);
    g_autofree char *blob =
        email->blob != 0 ? g_strdup_printf("b%" G_GINT64_FORMAT, email->blob) : NULL;
    const struct jmap_email_source source = {
        .email = email,
        .summary = email->summary,
        .mail = mail != NULL ? mail->mail : NULL,
        .blob = blob,
        .size = email->size,
    };
    json_t *object = jmap_email_object(&source, want, &call->request->budget);

    jmap_mail_give(call->request->jmap, mail);
    return object;
}

json_t *jmap_email_one(struct jmap_call *call, int64_t id, const struct jmap_email_want *want)
{
    g_autoptr(GPtrArray) emails =
        store_emails(call->access, &id, 1, parts_to_load(want), NULL, NULL);

    if (emails == NULL || emails->len == 0)
        return NULL;
    return one_object(call, g_ptr_array_index(emails, 0), want);
}

static bool fill(struct jmap_call *call, const GPtrArray *emails,
                 const struct jmap_email_want *want, GArray *found, json_t *list)
{
    for (size_t i = 0; i < emails->len; i++) {
        const struct store_email *email = g_ptr_array_index(emails, i);
        json_t *object;

        if (!jmap_may_go_on(call))
            return false;
        object = one_object(call, email, want);
        if (object == NULL) {
            jmap_fail(call, "requestTooLarge", "the bodies are too large for one request");
            return false;
        }
        g_array_append_val(found, email->id);
        json_array_append_new(list, object);
    }
    return true;
}

static void get(struct jmap_call *call, const struct jmap_email_want *want)
{
    json_t *not_found = json_array(), *list = json_array();
    g_autoptr(GArray) ids = NULL, found = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GPtrArray) emails = NULL;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_get_ids(call, "ids", 'e', &ids, not_found) ||
        (ids == NULL && (ids = all_emails(call)) == NULL))
        goto refused;
    emails = store_emails(call->access, (const int64_t *)(void *)ids->data, ids->len,
                          parts_to_load(want), &state, &error);
    if (emails == NULL) {
        jmap_fail_error(call, error);
        goto refused;
    }
    if (!fill(call, emails, want, found, list))
        goto refused;
    jmap_get_missing(ids, found, 'e', not_found);
    jmap_get_answer(call, state, list, not_found);
    return;
refused:
    json_decref(list);
    json_decref(not_found);
}

void jmap_email_get(struct jmap_call *call)
{
    struct jmap_email_want want;

    if (!jmap_email_want_read(call, false, &want))
        return;
    get(call, &want);
    jmap_email_want_clear(&want);
}
