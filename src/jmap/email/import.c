#include "jmap/email/draft.h"
#include "jmap/email/store_item.h"
#include "jmap/methods.h"

#include "base/clock.h"

/* RFC 8621, 4.8. */

struct import {
    const char *key;
    size_t item;
};
struct membership {
    GArray *mailboxes;
    struct mail_flags flags;
};
struct run {
    struct jmap_call *call;
    struct store_set *set;
    GArray *imports;
    json_t *created, *not_created;
};

/* The date of the most recent Received header; now when there is none. */
static int64_t date_of(GBytes *message)
{
    struct mime_mail *mail = mime_parse(message);
    size_t count;
    const struct mime_header *headers = mime_headers(mail, -1, &count);
    int64_t seconds = clock_wall();
    int offset;

    for (size_t i = 0; i < count; i++) {
        const char *date;

        if (g_ascii_strcasecmp(headers[i].name, "Received") != 0)
            continue;
        date = strrchr(headers[i].value, ';');
        if (date == NULL || !mime_form_date(date + 1, &seconds, &offset))
            seconds = clock_wall();
        break;
    }
    mime_mail_free(mail);
    return seconds;
}

static bool is_message(GBytes *bytes)
{
    struct mime_mail *mail = mime_parse(bytes);
    size_t fields;

    (void)mime_headers(mail, -1, &fields);
    mime_mail_free(mail);
    return fields > 0;
}

/* A part of a mail, or what was left of one, becomes a blob of its own, since an email holds a
 * whole one. */
static int64_t whole_blob(struct jmap_call *call, const char *id, bool changed, GBytes *message,
                          GError **error)
{
    int64_t blob = changed ? 0 : jmap_id_parse('b', id);

    return blob != 0 ? blob : store_blob_put(call->access, message, "message/rfc822", error);
}

/* The message of one; NULL, and the property is bad. (transfer full) */
static GBytes *read_message(const struct run *run, const char *id, GPtrArray *bad)
{
    GBytes *message = jmap_blob_load(run->call->request->jmap, run->call->access, id, NULL);

    if (message == NULL)
        g_ptr_array_add(bad, g_strdup("blobId"));
    return message;
}

/* Takes the message. */
static json_t *import_checked(struct run *run, const char *key, const char *id, GBytes *whole,
                              struct membership *membership, int64_t received_at)
{
    struct import import = {.key = key};
    GError *error = NULL;
    bool changed = false;
    g_autoptr(GBytes) message = whole;
    int64_t blob;

    if (!is_message(message))
        return jmap_set_error("invalidEmail", "the blob has no header field: it is no message");
    if (received_at == INT64_MIN)
        received_at = date_of(message);
    message = jmap_email_without_receipts(message, &changed);
    blob = whole_blob(run->call, id, changed, message, &error);
    if (blob == 0)
        return jmap_set_error_of(error, NULL);
    import.item = jmap_email_store(run->set, 0, blob, message, membership->mailboxes,
                                   &membership->flags, received_at);
    g_array_append_val(run->imports, import);
    return NULL;
}

static json_t *import_one(struct run *run, const char *key, json_t *object)
{
    static const char *const names[] = {"blobId", "mailboxIds", "keywords", "receivedAt", NULL};
    g_autoptr(GPtrArray) bad = g_ptr_array_new_with_free_func(g_free);
    const char *id =
        jmap_id_resolve(run->call->request, json_string_value(json_object_get(object, "blobId")));
    GBytes *message = read_message(run, id, bad);
    int64_t received_at = INT64_MIN; /* not given */
    struct membership membership = {0};
    json_t *error = NULL;

    jmap_email_check(object, names, &received_at, bad);
    jmap_email_membership(run->call, object, &membership.mailboxes, &membership.flags, bad, &error);
    if (error == NULL && bad->len > 0)
        error = jmap_email_bad_properties(bad);
    if (error == NULL)
        error = import_checked(run, key, id, g_steal_pointer(&message), &membership, received_at);
    g_clear_pointer(&message, g_bytes_unref);
    g_array_unref(membership.mailboxes);
    mail_flags_clear(&membership.flags);
    return error;
}

static void take_results(struct run *run)
{
    for (size_t i = 0; i < run->imports->len; i++) {
        const struct import *import = &g_array_index(run->imports, struct import, i);
        const char *property = NULL;
        const GError *error = store_set_error(run->set, import->item, &property);
        json_t *object;

        if (error != NULL) {
            json_object_set_new(run->not_created, import->key,
                                jmap_set_error_of(g_error_copy(error), property));
            continue;
        }
        object = jmap_email_created(store_set_created(run->set, import->item));
        jmap_id_created(run->call->request, import->key, json_object_get(object, "id"));
        json_object_set_new(run->created, import->key, object);
    }
}

static void run_all(struct run *run, json_t *emails)
{
    const char *key;
    json_t *object, *error, *answer;
    uint64_t old_state, new_state;
    GError *failure = NULL;

    json_object_foreach(emails, key, object)
    {
        error = import_one(run, key, object);
        if (error != NULL)
            json_object_set_new(run->not_created, key, error);
    }
    if (!store_set_commit(run->set, &old_state, &new_state, &failure)) {
        jmap_fail_error(run->call, failure);
        return;
    }
    take_results(run);
    answer = jmap_answer(run->call);
    json_object_set_new(answer, "oldState", jmap_state(old_state));
    json_object_set_new(answer, "newState", jmap_state(new_state));
    json_object_set(answer, "created", jmap_or_null(run->created));
    json_object_set(answer, "notCreated", jmap_or_null(run->not_created));
    jmap_respond(run->call, answer);
}

void jmap_email_import(struct jmap_call *call)
{
    json_t *emails = jmap_arg(call, "emails");
    const char *condition = jmap_arg_string(call, "ifInState");
    uint64_t state = 0;
    struct run run;

    if (json_object_size(emails) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", NULL);
        return;
    }
    if (condition != NULL &&
        (!jmap_state_parse(condition, &state) || state != store_state(call->access, STORE_EMAIL))) {
        jmap_fail(call, "stateMismatch", NULL);
        return;
    }
    run = (struct run){call, store_set_new(call->access, state),
                       g_array_new(FALSE, FALSE, sizeof(struct import)), json_object(),
                       json_object()};
    run_all(&run, emails);
    store_set_free(run.set);
    g_array_unref(run.imports);
    json_decref(run.created);
    json_decref(run.not_created);
}
