#include "jmap/methods.h"
#include "jmap/submission/object.h"

#include "mime/mime.h"

/* RFC 8621, 7.5. */

struct run {
    struct jmap_call *call;
    struct jmap_set answer;
    GPtrArray *identities;
    GHashTable *done; /* submission id as text -> email id, gint64 *: what onSuccess may name */
    uint64_t old_state, new_state;
};

static void remember(struct run *run, int64_t submission, int64_t email)
{
    g_hash_table_replace(run->done, g_strdup_printf("s%" G_GINT64_FORMAT, submission),
                         g_memdup2(&email, sizeof(email)));
}

/* --- create --- */

static const struct store_identity *find_identity(const struct run *run, int64_t id)
{
    for (size_t i = 0; i < run->identities->len; i++) {
        const struct store_identity *identity = g_ptr_array_index(run->identities, i);

        if (identity->id == id)
            return identity;
    }
    return NULL;
}

/* invalidEmail naming these; NULL: none. Takes them. */
static json_t *invalid_email(json_t *properties)
{
    json_t *error = json_array_size(properties) > 0 ? jmap_set_error("invalidEmail", NULL) : NULL;

    if (error != NULL)
        json_object_set(error, "properties", properties);
    json_decref(properties);
    return error;
}

/* invalidEmail naming all that makes the message one that cannot be sent; NULL: it can. */
static json_t *email_problem(const struct run *run, const struct store_email *email)
{
    uint64_t said = store_size_limit(run->call->access, email);
    uint64_t most = said > 0 ? MIN(said, JMAP_MAX_MESSAGE) : JMAP_MAX_MESSAGE;
    const struct mail_summary *summary = email->summary;
    json_t *properties = json_array(), *error = NULL;

    if (summary->from.count == 0)
        json_array_append_new(properties, json_string("from"));
    if (summary->from.count > 1 && summary->sender.count == 0)
        json_array_append_new(properties, json_string("sender"));
    if (summary->sender.count > 1)
        json_array_append_new(properties, json_string("sender"));
    if (summary->sent_at == INT64_MIN)
        json_array_append_new(properties, json_string("sentAt"));
    if (summary->message_id == NULL)
        json_array_append_new(properties, json_string("messageId"));
    if (json_array_size(properties) > 0) {
        error = jmap_set_error("invalidEmail", NULL);
        json_object_set(error, "properties", properties);
    } else if (email->state != STORE_EMAIL_READY) {
        error = jmap_set_error("invalidEmail", "the message is not here as a whole yet");
        json_object_set(error, "properties", properties);
    } else if (email->size > most) {
        error = jmap_set_error("tooLarge", NULL);
        json_object_set_new(error, "maxSize", json_integer((json_int_t)most));
    }
    json_decref(properties);
    return error;
}

static size_t fields_named(const struct mime_mail *mail, const char *name)
{
    size_t count, found = 0;
    const struct mime_header *headers = mime_headers(mail, -1, &count);

    for (size_t i = 0; i < count; i++)
        found += g_ascii_strcasecmp(headers[i].name, name) == 0;
    return found;
}

/* RFC 5322, 3.6: what stands in a message once at most. Of two, people would see another than the
 * one that was looked at. */
static json_t *check_fields(const struct run *run, const struct store_email *email)
{
    static const char *const once[][2] = {{"From", "from"},
                                          {"Sender", "sender"},
                                          {"Reply-To", "replyTo"},
                                          {"To", "to"},
                                          {"Cc", "cc"},
                                          {"Bcc", "bcc"},
                                          {"Message-ID", "messageId"},
                                          {"In-Reply-To", "inReplyTo"},
                                          {"References", "references"},
                                          {"Subject", "subject"},
                                          {"Date", "sentAt"}};
    struct jmap *jmap = run->call->request->jmap;
    GError *problem = NULL;
    struct jmap_mail *mail = jmap_mail_take(jmap, run->call->access, email->blob, &problem);
    json_t *properties = json_array();

    if (mail == NULL) {
        json_decref(properties);
        return jmap_set_error_of(problem, NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(once); i++)
        if (fields_named(mail->mail, once[i][0]) > 1)
            json_array_append_new(properties, json_string(once[i][1]));
    jmap_mail_give(jmap, mail);
    return invalid_email(properties);
}

static bool are_valid(const struct mail_addresses *addresses)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (!jmap_address_is_valid(addresses->items[i].email))
            return false;
    return true;
}

/* A draft may hold what is no address yet; what is sent may not. */
static json_t *check_addresses(const struct mail_summary *summary)
{
    const struct {
        const char *property;
        const struct mail_addresses *addresses;
    } lists[] = {
        {"sender", &summary->sender}, {"replyTo", &summary->reply_to}, {"to", &summary->to},
        {"cc", &summary->cc},         {"bcc", &summary->bcc},
    };
    json_t *properties = json_array();

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        if (!are_valid(lists[i].addresses))
            json_array_append_new(properties, json_string(lists[i].property));
    return invalid_email(properties);
}

/* Of the identity's account alone, whatever others the person has. (transfer container) */
static GPtrArray *identities_beside(const struct run *run, const struct store_identity *identity)
{
    GPtrArray *list = g_ptr_array_new();

    for (size_t i = 0; i < run->identities->len; i++) {
        struct store_identity *other = g_ptr_array_index(run->identities, i);

        if (other->account == identity->account)
            g_ptr_array_add(list, other);
    }
    return list;
}

static json_t *check_from(const GPtrArray *identities, const struct mail_summary *summary)
{
    for (size_t i = 0; i < summary->from.count; i++)
        if (!jmap_identities_allow(identities, summary->from.items[i].email))
            return jmap_set_error("forbiddenFrom", NULL);
    return NULL;
}

/* Names what a client may not set or does not exist, and references to nothing: NULL, or an error
 * that lists them all. */
static json_t *check_properties(json_t *object, const struct store_email *email,
                                const struct store_identity *identity)
{
    static const char *const settable[] = {"identityId", "emailId", "envelope",
                                           "postroom:moveToSent", NULL};
    json_t *bad = json_array(), *value;
    const char *key;

    json_object_foreach(object, key, value)
    {
        if (!g_strv_contains(settable, key))
            json_array_append_new(bad, json_string(key));
    }
    if (email == NULL)
        json_array_append_new(bad, json_string("emailId"));
    if (identity == NULL)
        json_array_append_new(bad, json_string("identityId"));
    if (json_array_size(bad) > 0)
        return jmap_invalid_properties(bad, NULL);
    json_decref(bad);
    return NULL;
}

static json_t *put(struct run *run, struct store_submission *submission)
{
    const char *property = NULL;
    GError *error = NULL;
    json_t *refusal;
    uint64_t before;

    if (store_submission_create(run->call->access, submission, &property, &before, &run->new_state,
                                &error))
        return NULL;
    if (!error_is(error, ERROR_NOT_FOUND) && !error_is(error, ERROR_FORBIDDEN))
        return jmap_set_error_of(error, property);
    if (error_is(error, ERROR_FORBIDDEN))
        refusal = jmap_set_error("forbiddenToSend", "you may not send from this account");
    else
        refusal = jmap_invalid_property(property != NULL ? property : "emailId", NULL);
    g_error_free(error);
    return refusal;
}

static json_t *fill(struct run *run, json_t *object, const struct store_email *email,
                    const struct store_identity *identity, struct store_submission *submission)
{
    g_autoptr(GPtrArray) identities = identities_beside(run, identity);
    json_t *error = email_problem(run, email);

    if (error == NULL && identity->proof != STORE_PROOF_GIVEN)
        error = jmap_set_error("forbiddenFrom", "the identity's address is still to be proven");

    if (error == NULL)
        error = check_fields(run, email);
    if (error == NULL)
        error = check_from(identities, email->summary);
    if (error == NULL)
        error = jmap_envelope_read(json_object_get(object, "envelope"), email->summary, identity,
                                   identities, submission);
    if (error == NULL)
        error = check_addresses(email->summary);
    return error != NULL ? error : put(run, submission);
}

/* What the client did not send (RFC 8620, 5.3). */
static json_t *created_object(const struct store_submission *submission, const json_t *object)
{
    json_t *created = jmap_submission_object(submission), *value;
    const char *key;
    json_t *sent = json_copy((json_t *)(uintptr_t)object);

    json_object_foreach(sent, key, value)
    {
        if (!json_is_null(value))
            json_object_del(created, key);
    }
    jmap_submission_trim(created);
    json_decref(sent);
    return created;
}

static json_t *create(void *arg, const char *key, json_t *object)
{
    struct run *run = arg;
    const struct jmap_request *request = run->call->request;
    const char *email_id = json_string_value(json_object_get(object, "emailId"));
    const char *identity_id = json_string_value(json_object_get(object, "identityId"));
    const struct store_identity *identity =
        find_identity(run, jmap_id_find(request, 'i', identity_id));
    int64_t id = jmap_id_find(request, 'e', email_id);
    struct store_submission *submission;
    const struct store_email *email;
    g_autoptr(GPtrArray) emails = NULL;
    json_t *error;

    if (jmap_json_has_nul(object))
        return jmap_invalid_property("envelope", NULL);
    emails = store_emails(run->call->access, &id, 1, STORE_EMAIL_SUMMARY, NULL, NULL);
    email = emails != NULL && emails->len > 0 ? g_ptr_array_index(emails, 0) : NULL;
    error = check_properties(object, email, identity);
    if (error != NULL || email == NULL || identity == NULL)
        return error;
    submission = g_new0(struct store_submission, 1);
    submission->identity = identity->id;
    submission->email = id;
    submission->files = json_is_true(json_object_get(object, "postroom:moveToSent"));
    error = fill(run, object, email, identity, submission);
    if (error == NULL) {
        json_t *created = created_object(submission, object);

        jmap_id_created(run->call->request, key, json_object_get(created, "id"));
        json_object_set_new(run->answer.created, key, created);
        remember(run, submission->id, submission->email);
    }
    store_submission_free(submission);
    return error;
}

/* --- update --- */

static json_t *cancel(struct run *run, const struct store_submission *submission)
{
    GError *error = NULL;

    if (submission->state == STORE_SEND_CANCELLED)
        return NULL;
    if (submission->state != STORE_SEND_PENDING)
        return jmap_set_error("cannotUnsend", NULL);
    if (store_submission_cancel(run->call->access, submission->id, &error))
        return NULL;
    if (!error_is(error, ERROR_CONFLICT))
        return jmap_set_error_of(error, NULL);
    g_error_free(error);
    return jmap_set_error("cannotUnsend", NULL);
}

/* Only undoStatus changes; all else may be sent as it is. */
static json_t *apply(struct run *run, const struct store_submission *submission, json_t *patch)
{
    static const char *const settable[] = {"undoStatus", NULL};
    json_t *current = jmap_submission_object(submission), *bad = json_array(), *wanted, *error;
    json_t *changes = jmap_patch_changes(current, patch, settable, bad);
    bool cancels;

    if (changes == NULL) {
        json_decref(bad);
        json_decref(current);
        return jmap_set_error("invalidPatch", NULL);
    }
    wanted = json_object_get(changes, "undoStatus");
    cancels = g_strcmp0(json_string_value(wanted), "canceled") == 0;
    if (wanted != NULL && !cancels && !json_equal(wanted, json_object_get(current, "undoStatus")))
        json_array_append_new(bad, json_string("undoStatus"));
    error = json_array_size(bad) > 0 ? jmap_invalid_properties(json_incref(bad), NULL) : NULL;
    json_decref(bad);
    json_decref(changes);
    json_decref(current);
    return error == NULL && cancels ? cancel(run, submission) : error;
}

static json_t *update(void *arg, const char *key, json_t *patch)
{
    struct run *run = arg;
    int64_t id = jmap_id_find(run->call->request, 's', key);
    g_autoptr(GPtrArray) found = store_submissions(run->call->access, &id, 1, NULL, NULL);
    const struct store_submission *submission;
    json_t *error;

    if (id == 0 || found == NULL || found->len == 0)
        return jmap_set_error("notFound", NULL);
    submission = g_ptr_array_index(found, 0);
    error = apply(run, submission, patch);
    if (error != NULL)
        return error;
    json_object_set_new(run->answer.updated, jmap_id_resolve(run->call->request, key), json_null());
    remember(run, submission->id, submission->email);
    return NULL;
}

/* --- destroy --- */

/* The record is what keeps a message from being sent twice: it goes with time only. */
static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    struct run *run = arg;
    int64_t id = jmap_id_find(run->call->request, 's', key);
    g_autoptr(GPtrArray) found = store_submissions(run->call->access, &id, 1, NULL, NULL);

    (void)unused;
    return jmap_set_error(found != NULL && found->len > 0 ? "forbidden" : "notFound", NULL);
}

/* --- the call --- */

/* The email of a submission that this call dealt with, as an id; NULL for others. */
static char *email_of(const struct run *run, const char *key)
{
    const char *id = jmap_id_resolve(run->call->request, key);
    const gint64 *email = id != NULL ? g_hash_table_lookup(run->done, id) : NULL;

    return email != NULL ? g_strdup_printf("e%" G_GINT64_FORMAT, *email) : NULL;
}

static void run_on_success(struct run *run)
{
    struct jmap_call *call = run->call;
    json_t *update_json = json_object(), *destroy = json_array(), *item;
    const char *key;
    size_t i;

    json_object_foreach(jmap_arg(call, "onSuccessUpdateEmail"), key, item)
    {
        g_autofree char *email = email_of(run, key);

        if (email != NULL)
            json_object_set(update_json, email, item);
    }
    json_array_foreach(jmap_arg(call, "onSuccessDestroyEmail"), i, item)
    {
        g_autofree char *email = email_of(run, json_string_value(item));

        if (email != NULL)
            json_array_append_new(destroy, json_string(email));
    }
    if (json_object_size(update_json) + json_array_size(destroy) > 0)
        jmap_call_implicit(call, "Email/set",
                           json_pack("{s: s, s: O, s: O}", "accountId", call->account, "update",
                                     update_json, "destroy", destroy));
    json_decref(update_json);
    json_decref(destroy);
}

static void run_all(struct run *run)
{
    g_autofree char *old_state = NULL, *new_state = NULL;

    jmap_set_carry_out(run->call, &run->answer, create, update, destroy, run);
    old_state = g_strdup_printf("%" G_GUINT64_FORMAT, run->old_state);
    new_state =
        g_strdup_printf("%" G_GUINT64_FORMAT, store_state(run->call->access, STORE_SUBMISSION));
    jmap_set_answer(run->call, &run->answer, old_state, new_state);
    run_on_success(run);
}

void jmap_submission_set(struct jmap_call *call)
{
    struct run run = {.call = call, .old_state = store_state(call->access, STORE_SUBMISSION)};
    const char *condition = jmap_arg_string(call, "ifInState");
    uint64_t wanted;
    GError *error = NULL;

    if (condition != NULL && (!jmap_state_parse(condition, &wanted) || wanted != run.old_state)) {
        jmap_fail(call, "stateMismatch", NULL);
        return;
    }
    if (json_object_size(jmap_arg(call, "onSuccessUpdateEmail")) > JMAP_MAX_OBJECTS ||
        json_array_size(jmap_arg(call, "onSuccessDestroyEmail")) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many objects in one call");
        return;
    }
    if (!jmap_set_begin(call, &run.answer))
        return;
    run.identities = store_identities(call->access, NULL, &error);
    if (run.identities == NULL) {
        jmap_fail_error(call, error);
        jmap_set_clear(&run.answer);
        return;
    }
    run.done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    run_all(&run);
    g_hash_table_unref(run.done);
    g_ptr_array_unref(run.identities);
}
