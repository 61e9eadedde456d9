#include "jmap/email/draft.h"
#include "jmap/email/home.h"
#include "jmap/email/patch.h"
#include "jmap/email/store_item.h"
#include "jmap/methods.h"

#include "base/clock.h"

/* RFC 8621, 4.6. */

enum kind { CREATE, UPDATE, DESTROY };
/* An item that waits for the commit. */
struct pending {
    enum kind kind;
    const char *key; /* as in the arguments */
    size_t item;
};
struct run {
    struct jmap_call *call;
    struct jmap_set answer;
    struct store_set *set;
    GArray *pending;    /* of struct pending */
    uint64_t condition; /* state, 0: none */
    uint64_t old_state, new_state;
    bool committed;
};

static void note(struct run *run, enum kind kind, const char *key, size_t item)
{
    struct pending pending = {kind, key, item};

    g_array_append_val(run->pending, pending);
}

/* A blob of the account where the email is made; 0: *error. */
static int64_t put_blob(struct run *run, int64_t account, GBytes *message, GError **error)
{
    const struct jmap_request *request = run->call->request;
    struct store_access *access = store_authorise(request->jmap->config.store, request->principal,
                                                  account, STORE_WRITE, error);
    int64_t blob = access != NULL ? store_blob_put(access, message, "message/rfc822", error) : 0;

    store_access_free(access);
    return blob;
}

/* The SetError, or NULL when the item waits for the commit. */
static json_t *keep_message(struct run *run, const char *key, const struct jmap_draft *draft,
                            GBytes *message, GArray *mailboxes, const struct mail_flags *flags,
                            int64_t received_at)
{
    GError *error = NULL;
    int64_t account = jmap_email_home(run->call, mailboxes, &draft->summary->from), blob;

    if (account == 0)
        return jmap_invalid_property("mailboxIds", "they and From do not tell one account");
    blob = put_blob(run, account, message, &error);
    if (blob == 0)
        return jmap_set_error_of(error, NULL);
    note(run, CREATE, key,
         jmap_email_store(run->set, account, blob, message, mailboxes, flags, received_at));
    return NULL;
}

static json_t *create(void *arg, const char *key, json_t *object)
{
    struct run *run = arg;
    struct jmap_draft draft;
    struct mail_flags flags = {0};
    g_autoptr(GArray) mailboxes = NULL;
    g_autoptr(GBytes) message = NULL;
    const char *person = store_principal_email(run->call->request->principal);
    json_t *error = NULL;
    int64_t received_at = clock_wall();

    if (jmap_is_spent(run->call->request))
        return jmap_set_error("rateLimit", "create the rest in further calls");
    jmap_draft_init(&draft, run->call, object);
    jmap_email_membership(run->call, object, &mailboxes, &flags, draft.bad, &error);
    if (!jmap_email_received_at(object, &received_at))
        jmap_draft_bad(&draft, "receivedAt");
    if (error == NULL)
        message = jmap_draft_message(&draft, person, &error);
    if (message != NULL)
        error = keep_message(run, key, &draft, message, mailboxes, &flags, received_at);
    mail_flags_clear(&flags);
    jmap_draft_clear(&draft);
    return error;
}

static json_t *update(void *arg, const char *key, json_t *patch_json)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    int64_t number = jmap_id_parse('e', id);
    struct store_email_patch patch;
    json_t *error = NULL;

    if (number == 0)
        return jmap_set_error("notFound", NULL);
    if (jmap_set_destroys(run->call, id))
        return jmap_set_error("willDestroy", NULL);
    if (jmap_email_patch_read(run->call, number, patch_json, &patch, &error))
        note(run, UPDATE, key, store_set_update(run->set, number, &patch));
    jmap_email_patch_clear(&patch);
    return error;
}

static void begin_set(struct run *run)
{
    run->set = store_set_new(run->call->access, run->condition);
    g_array_set_size(run->pending, 0);
}

/* --- results --- */

static void take_failure(struct run *run, const struct pending *pending, json_t *error)
{
    json_t *to[] = {run->answer.not_created, run->answer.not_updated, run->answer.not_destroyed};

    json_object_set_new(to[pending->kind], pending->key, error);
}

static void take_success(struct run *run, const struct pending *pending)
{
    json_t *object;

    switch (pending->kind) {
    case CREATE:
        object = jmap_email_created(store_set_created(run->set, pending->item));
        jmap_id_created(run->call->request, pending->key, json_object_get(object, "id"));
        json_object_set_new(run->answer.created, pending->key, object);
        break;
    case UPDATE:
        json_object_set_new(run->answer.updated, jmap_id_resolve(run->call->request, pending->key),
                            json_null());
        break;
    case DESTROY:
        json_array_append_new(run->answer.destroyed,
                              json_string(jmap_id_resolve(run->call->request, pending->key)));
        break;
    }
}

static void take_result(struct run *run, const struct pending *pending)
{
    const char *property = NULL;
    const GError *error = store_set_error(run->set, pending->item, &property);

    if (error != NULL && error_is(error, ERROR_TOO_LARGE) && g_strcmp0(property, "keywords") == 0)
        take_failure(run, pending, jmap_set_error("tooManyKeywords", NULL));
    else if (error != NULL)
        take_failure(run, pending, jmap_set_error_of(g_error_copy(error), property));
    else
        take_success(run, pending);
}

/* false: answered with a method error; nothing was done. */
static bool commit(struct run *run)
{
    GError *error = NULL;
    uint64_t old_state;

    if (!store_set_commit(run->set, &old_state, &run->new_state, &error)) {
        jmap_set_commit_failed(run->call, run->committed, error);
        return false;
    }
    if (!run->committed)
        run->old_state = old_state;
    run->committed = true;
    run->condition = 0;
    for (size_t i = 0; i < run->pending->len; i++)
        take_result(run, &g_array_index(run->pending, struct pending, i));
    return true;
}

/* --- the call --- */

/* An update or destroy names something that this very call creates. */
static bool refers_to_creation(const struct jmap_call *call)
{
    json_t *create_json = jmap_arg(call, "create"), *item;
    const char *key;
    size_t i;

    json_object_foreach(jmap_arg(call, "update"), key, item)
    {
        if (key[0] == '#' && json_object_get(create_json, key + 1) != NULL)
            return true;
    }
    json_array_foreach(jmap_arg(call, "destroy"), i, item)
    {
        key = json_string_value(item);
        if (key[0] == '#' && json_object_get(create_json, key + 1) != NULL)
            return true;
    }
    return false;
}

static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    struct run *run = arg;
    int64_t number = jmap_id_find(run->call->request, 'e', key);

    (void)unused;
    if (number == 0)
        return jmap_set_error("notFound", NULL);
    note(run, DESTROY, key, store_set_destroy(run->set, number));
    return NULL;
}

static void gather_changes(struct run *run)
{
    jmap_set_each(jmap_arg(run->call, "update"), update, run, run->answer.not_updated);
    jmap_set_each_destroy(run->call, destroy, run, run->answer.not_destroyed);
}

static bool run_all(struct run *run)
{
    begin_set(run);
    jmap_set_each(jmap_arg(run->call, "create"), create, run, run->answer.not_created);
    if (refers_to_creation(run->call)) {
        if (!commit(run))
            return false;
        store_set_free(run->set);
        begin_set(run);
    }
    gather_changes(run);
    return commit(run);
}

/* false: answered. */
static bool read_condition(struct run *run)
{
    const char *text = jmap_arg_string(run->call, "ifInState");
    uint64_t current;

    if (text == NULL)
        return true;
    current = store_state(run->call->access, STORE_EMAIL);
    if (jmap_state_parse(text, &run->condition) && run->condition == current)
        return true;
    jmap_fail(run->call, "stateMismatch", NULL);
    return false;
}

void jmap_email_set(struct jmap_call *call)
{
    struct run run = {.call = call};
    g_autofree char *old_state = NULL, *new_state = NULL;

    if (!read_condition(&run) || !jmap_set_begin(call, &run.answer))
        return;
    run.pending = g_array_new(FALSE, FALSE, sizeof(struct pending));
    if (run_all(&run)) {
        old_state = g_strdup_printf("%" G_GUINT64_FORMAT, run.old_state);
        new_state = g_strdup_printf("%" G_GUINT64_FORMAT, run.new_state);
        jmap_set_answer(call, &run.answer, old_state, new_state);
    }
    jmap_set_clear(&run.answer);
    store_set_free(run.set);
    g_array_unref(run.pending);
}
