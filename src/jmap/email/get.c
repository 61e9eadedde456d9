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
    if (jmap_email_wants(want, JMAP_EMAIL_NOTES) || jmap_email_wants(want, JMAP_EMAIL_TODOS))
        parts |= STORE_EMAIL_NOTES;
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

/* false: answered. */
static bool fill(struct jmap_call *call, const GPtrArray *emails,
                 const struct jmap_email_want *want, struct jmap_get *get)
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
        jmap_get_add(call, get, email->id, object);
    }
    return true;
}

static void get_emails(struct jmap_call *call, const struct jmap_email_want *want)
{
    g_autoptr(GPtrArray) emails = NULL;
    struct jmap_get get;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_get_begin(call, NULL, 'e', &get))
        return;
    if (get.ids == NULL)
        get.ids = all_emails(call);
    if (get.ids == NULL) {
        jmap_get_clear(&get);
        return;
    }
    emails = store_emails(call->access, (const int64_t *)(void *)get.ids->data, get.ids->len,
                          parts_to_load(want), &state, &error);
    if (emails == NULL)
        jmap_get_fail(call, &get, error);
    else if (fill(call, emails, want, &get))
        jmap_get_end(call, &get, &state);
    else
        jmap_get_clear(&get);
}

void jmap_email_get(struct jmap_call *call)
{
    struct jmap_email_want want;

    if (!jmap_email_want_read(call, false, &want))
        return;
    get_emails(call, &want);
    jmap_email_want_clear(&want);
}
