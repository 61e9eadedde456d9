#include "jmap/email/draft.h"
#include "jmap/email/store_item.h"
#include "jmap/methods.h"
#include "jmap/record/label.h"
#include "store/organise.h"

/* RFC 8621, 4.7; RFC 8620, 5.4. */

/* Messages wait as uploads until they are committed, and the quota of uploads is small. */
#define COMMIT_AFTER ((uint64_t)32 * 1024 * 1024)

struct copy {
    const char *key;
    int64_t original;
    size_t item;
};
/* One that is stored; key as long as the call. */
struct done {
    const char *key;
    struct store_carried carried;
};
struct run {
    struct jmap_call *call;
    struct store_access *from;
    GPtrArray *originals; /* of struct store_email */
    struct store_set *set;
    GArray *copies; /* of struct copy: those of set */
    GArray *done;   /* of struct done */
    struct jmap_label_copy *labels;
    uint64_t condition, old_state, new_state;
    bool committed, moved;   /* moved: the originals will go, as far as can be told */
    uint64_t bytes, waiting; /* copied in all, and since the last commit */
    json_t *created, *not_created;
    json_t *destroy; /* originals of what was copied: id -> true */
};

/* --- one email --- */

static const struct store_email *find_original(const struct run *run, const json_t *object)
{
    int64_t id =
        jmap_id_find(run->call->request, 'e', json_string_value(json_object_get(object, "id")));

    for (size_t i = 0; id != 0 && i < run->originals->len; i++) {
        const struct store_email *email = g_ptr_array_index(run->originals, i);

        if (email->id == id)
            return email;
    }
    return NULL;
}

/* NULL: its message can be copied now. */
static json_t *original_problem(struct run *run, const struct store_email *original)
{
    if (original->state == STORE_EMAIL_PENDING || original->blob == 0) {
        store_email_want(run->from, original->id);
        return jmap_set_error("serverUnavailable", "the message is not here as a whole yet");
    }
    if (original->state == STORE_EMAIL_UNREADABLE)
        return jmap_set_error("invalidEmail", "the message cannot be read");
    return NULL;
}

static json_t *keep(struct run *run, const char *key, const struct store_email *original,
                    GArray *mailboxes, const struct mail_flags *flags, int64_t received_at)
{
    struct copy copy = {.key = key, .original = original->id};
    GError *error = NULL;
    g_autoptr(GBytes) message = NULL;
    bool changed;
    int64_t blob;

    if (!jmap_copy_allows(&run->bytes, original->size))
        return jmap_set_error("rateLimit", "copy the rest in further calls");
    message = store_blob(run->from, original->blob, &error);
    if (message == NULL)
        return jmap_set_error_of(error, NULL);
    message = jmap_email_without_receipts(message, &changed);
    blob = store_blob_put(run->call->access, message, "message/rfc822", &error);
    if (blob == 0)
        return jmap_set_error_of(error, NULL);
    run->waiting += g_bytes_get_size(message);
    copy.item = jmap_email_store(run->set, 0, blob, message, mailboxes, flags, received_at);
    g_array_append_val(run->copies, copy);
    return NULL;
}

/* Labels of the other account have keywords of their own. */
static void copy_flags(const struct run *run, const struct store_email *original,
                       struct mail_flags *flags)
{
    mail_flags_copy(flags, &original->flags);
    jmap_label_copy_translate(run->labels, original->account, flags);
}

static json_t *copy_one(struct run *run, const char *key, json_t *object)
{
    static const char *const names[] = {"id", "mailboxIds", "keywords", "receivedAt", NULL};
    const struct store_email *original = find_original(run, object);
    g_autoptr(GPtrArray) bad = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) mailboxes = NULL;
    struct mail_flags flags = {0};
    json_t *error = NULL;
    int64_t received_at;

    if (!json_is_string(json_object_get(object, "id")))
        return jmap_invalid_property("id", "the id of the email to copy");
    if (original == NULL)
        return jmap_set_error("notFound", NULL);
    received_at = original->received_at;
    jmap_email_check(object, names, &received_at, bad);
    jmap_email_membership(run->call, object, &mailboxes, &flags, bad, &error);
    if (json_object_get(object, "keywords") == NULL)
        copy_flags(run, original, &flags);
    if (error == NULL && bad->len > 0)
        error = jmap_email_bad_properties(bad);
    if (error == NULL)
        error = original_problem(run, original);
    if (error == NULL)
        error = keep(run, key, original, mailboxes, &flags, received_at);
    if (error == NULL)
        jmap_label_copy_want(run->labels, original->account, &flags);
    mail_flags_clear(&flags);
    return error;
}

/* --- all of them --- */

static void take_result(struct run *run, const struct copy *copy)
{
    const char *property = NULL;
    const GError *error = store_set_error(run->set, copy->item, &property);
    g_autofree char *original = g_strdup_printf("e%" G_GINT64_FORMAT, copy->original);
    const struct store_email *created;
    struct done done = {.key = copy->key, .carried.original = copy->original};
    json_t *object;

    if (error != NULL) {
        json_object_set_new(run->not_created, copy->key,
                            jmap_set_error_of(g_error_copy(error), property));
        return;
    }
    created = store_set_created(run->set, copy->item);
    done.carried.copy = created->id;
    g_array_append_val(run->done, done);
    object = jmap_email_created(created);
    jmap_id_created(run->call->request, copy->key, json_object_get(object, "id"));
    json_object_set_new(run->created, copy->key, object);
    json_object_set_new(run->destroy, original, json_true());
}

/* false: answered. */
static bool commit(struct run *run)
{
    GError *error = NULL;
    uint64_t before;

    if (!store_set_commit(run->set, &before, &run->new_state, &error)) {
        jmap_set_commit_failed(run->call, run->committed, error);
        return false;
    }
    if (!run->committed)
        run->old_state = before;
    run->committed = true;
    for (size_t i = 0; i < run->copies->len; i++)
        take_result(run, &g_array_index(run->copies, struct copy, i));
    store_set_free(run->set);
    run->set = store_set_new(run->call->access, 0);
    g_array_set_size(run->copies, 0);
    run->waiting = 0;
    return true;
}

static bool copy_all(struct run *run)
{
    const char *key;
    json_t *object, *error;

    json_object_foreach(jmap_arg(run->call, "create"), key, object)
    {
        error = copy_one(run, key, object);
        if (error != NULL)
            json_object_set_new(run->not_created, key, error);
        if (run->waiting > COMMIT_AFTER && !commit(run))
            return false;
    }
    return (run->committed && run->copies->len == 0) || commit(run);
}

/* The id that it has by now, and its conversation. */
static void tell_carried(struct run *run, const struct done *done)
{
    json_t *object = json_object_get(run->created, done->key);

    if (done->carried.thread == 0)
        return;
    json_object_set_new(object, "id", jmap_id('e', done->carried.copy_now));
    json_object_set_new(object, "threadId", jmap_id('t', done->carried.thread));
    jmap_id_created(run->call->request, done->key, json_object_get(object, "id"));
}

/* What people made of the conversations goes along; false: answered, and nothing may be destroyed.
 */
static bool carry(struct run *run)
{
    g_autofree struct store_carried *pairs = g_new0(struct store_carried, MAX(run->done->len, 1));
    GError *error = NULL;

    for (guint i = 0; i < run->done->len; i++)
        pairs[i] = g_array_index(run->done, struct done, i).carried;
    if (run->done->len > 0 &&
        !store_carry(run->from, run->call->access, pairs, run->done->len, run->moved, &error)) {
        jmap_set_commit_failed(run->call, true, error);
        return false;
    }
    for (guint i = 0; i < run->done->len; i++) {
        struct done *done = &g_array_index(run->done, struct done, i);

        done->carried = pairs[i];
        tell_carried(run, done);
    }
    jmap_label_copy_end(run->labels);
    if (run->done->len > 0)
        run->new_state = store_state(run->call->access, STORE_EMAIL);
    return true;
}

static void answer(struct run *run)
{
    json_t *object = jmap_copy_answer(run->call);

    json_object_set_new(object, "oldState", jmap_state(run->old_state));
    json_object_set_new(object, "newState", jmap_state(run->new_state));
    json_object_set(object, "created", jmap_or_null(run->created));
    json_object_set(object, "notCreated", jmap_or_null(run->not_created));
    jmap_respond(run->call, object);
}

/* What may not be destroyed there is refused by the Email/set itself. */
static void destroy_originals(struct run *run)
{
    json_t *ids = json_array(), *condition, *value;
    const char *id;

    condition = json_incref(jmap_arg(run->call, "destroyFromIfInState"));
    /* It held until the notes left, which is a change of the emails that they stood at. */
    if (run->moved && json_is_string(condition)) {
        json_decref(condition);
        condition = jmap_state(store_state(run->from, STORE_EMAIL));
    }

    json_object_foreach(run->destroy, id, value)
    {
        json_array_append_new(ids, json_string(id));
    }
    jmap_call_implicit(run->call, "Email/set",
                       json_pack("{s: s, s: o?, s: o}", "accountId",
                                 jmap_arg_string(run->call, "fromAccountId"), "ifInState",
                                 condition, "destroy", ids));
}

/* --- the call --- */

/* What is to be copied, as it is now; false: answered. */
static bool read_originals(struct run *run)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    const char *condition = jmap_arg_string(run->call, "ifFromInState"), *key;
    uint64_t wanted = 0, state = 0;
    GError *error = NULL;
    json_t *object;

    json_object_foreach(jmap_arg(run->call, "create"), key, object)
    {
        int64_t id =
            jmap_id_find(run->call->request, 'e', json_string_value(json_object_get(object, "id")));

        if (id != 0)
            g_array_append_val(ids, id);
    }
    run->originals = store_emails(run->from, (const int64_t *)(const void *)ids->data, ids->len,
                                  STORE_EMAIL_FLAGS, &state, &error);
    if (run->originals == NULL) {
        jmap_fail_error(run->call, error);
        return false;
    }
    if (condition == NULL || (jmap_state_parse(condition, &wanted) && wanted == state))
        return true;
    jmap_fail(run->call, "stateMismatch", NULL);
    return false;
}

/* false: answered. */
static bool read_condition(struct run *run)
{
    const char *text = jmap_arg_string(run->call, "ifInState");

    if (text == NULL || (jmap_state_parse(text, &run->condition) &&
                         run->condition == store_state(run->call->access, STORE_EMAIL)))
        return true;
    jmap_fail(run->call, "stateMismatch", NULL);
    return false;
}

static bool will_move(const struct run *run)
{
    const char *condition = jmap_arg_string(run->call, "destroyFromIfInState");
    uint64_t wanted = 0;

    return jmap_arg_bool(run->call, "onSuccessDestroyOriginal") &&
           (condition == NULL || (jmap_state_parse(condition, &wanted) &&
                                  wanted == store_state(run->from, STORE_EMAIL)));
}

static void run_checked(struct run *run)
{
    run->set = store_set_new(run->call->access, run->condition);
    run->copies = g_array_new(FALSE, FALSE, sizeof(struct copy));
    run->done = g_array_new(FALSE, FALSE, sizeof(struct done));
    run->created = json_object();
    run->not_created = json_object();
    run->destroy = json_object();
    run->moved = will_move(run);
    if (copy_all(run) && carry(run)) {
        answer(run);
        if (jmap_arg_bool(run->call, "onSuccessDestroyOriginal") &&
            json_object_size(run->destroy) > 0)
            destroy_originals(run);
    }
    store_set_free(run->set);
    g_array_unref(run->copies);
    g_array_unref(run->done);
    json_decref(run->created);
    json_decref(run->not_created);
    json_decref(run->destroy);
}

/* false: answered. */
static bool read_labels(struct run *run)
{
    GError *error = NULL;

    run->labels = jmap_label_copy_new(run->from, run->call->access, &error);
    if (run->labels == NULL)
        jmap_fail_error(run->call, error);
    return run->labels != NULL;
}

void jmap_email_copy(struct jmap_call *call)
{
    struct run run = {.call = call};

    if (json_object_size(jmap_arg(call, "create")) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many emails in one call");
        return;
    }
    run.from = jmap_copy_from(call);
    if (run.from == NULL)
        return;
    if (read_condition(&run) && read_originals(&run) && read_labels(&run))
        run_checked(&run);
    jmap_label_copy_free(run.labels);
    store_access_free(run.from);
    g_clear_pointer(&run.originals, g_ptr_array_unref);
}
