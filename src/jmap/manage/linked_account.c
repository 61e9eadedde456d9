#include "jmap/manage/problem.h"
#include "jmap/methods.h"

/* LinkedAccount of docs/api.md; its ids are the mailboxes' account ids. */

static const char *const properties[] = {
    "id",
    "address",
    "provider",
    "providerType",
    "state",
    "problem",
    "since",
    "lastSync",
    "nextAttempt",
    "progress",
    "canSend",
    "sendProblem",
    "maxSizeMessage",
    "refused",
    "unreadAttachments",
    "unreadableAttachments",
    "awaitsStart",
    "isOwner",
    "access",
    "owner",
    NULL,
};

json_t *jmap_problem_json(const char *code, const char *detail, int64_t at)
{
    if (code == NULL)
        return json_null();
    return json_pack("{s: o, s: s, s: s, s: o, s: o}", "code", jmap_json_text(code), "title",
                     error_title(code), "action", error_action(code), "detail",
                     jmap_json_text(detail), "at", jmap_json_utc_or_null(at));
}

json_t *jmap_progress_json(const struct store_progress *now)
{
    if (now->phase == NULL)
        return json_null();
    /* How long it takes is not known before something came. */
    json_t *left =
        now->bytes_per_second > 0 ? json_integer((json_int_t)now->seconds_left) : json_null();
    return json_pack("{s: s, s: I, s: I, s: I, s: I, s: I, s: o, s: I}", "phase", now->phase,
                     "messagesDone", (json_int_t)now->messages_done, "messagesTotal",
                     (json_int_t)now->messages_total, "bytesDone", (json_int_t)now->bytes_done,
                     "bytesTotal", (json_int_t)now->bytes_total, "bytesPerSecond",
                     (json_int_t)now->bytes_per_second, "secondsLeft", left, "pending",
                     (json_int_t)now->pending);
}

/* What the server refused of the changes made here, newest first. */
static json_t *refused(struct jmap_call *call, int64_t account)
{
    json_t *list = json_array();
    struct store_access *access =
        store_authorise(call->request->jmap->config.store, call->request->principal, account,
                        STORE_READ, NULL);
    g_autoptr(GPtrArray) refusals = access != NULL ? store_refusals(access, NULL) : NULL;

    for (size_t i = 0; refusals != NULL && i < refusals->len; i++) {
        const struct store_refusal *one = g_ptr_array_index(refusals, i);
        json_array_append_new(list,
                              json_pack("{s: s, s: o, s: o, s: o, s: o}", "change", one->change,
                                        "name", jmap_json_text(one->name), "mailboxId",
                                        one->mailbox != 0 ? jmap_id('m', one->mailbox)
                                                          : json_null(),
                                        "emailId",
                                        one->email != 0 ? jmap_id('e', one->email) : json_null(),
                                        "problem",
                                        jmap_problem_json(one->problem, one->detail, one->at)));
    }
    store_access_free(access);
    return list;
}

static json_t *account_object(struct jmap_call *call, const struct store_account_view *view)
{
    bool can_send = (view->rights & STORE_SEND) && view->send_problem == NULL;

    json_t *object = json_pack(
        "{s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: b, s: o, s: o, s: I, s: I,"
        " s: b}",
        "id", jmap_id('a', view->id), "address", jmap_json_text(view->address), "provider",
        jmap_json_text(view->provider), "providerType", jmap_json_text(view->provider_type),
        "state", jmap_json_text(view->state), "problem",
        jmap_problem_json(view->problem, view->detail, view->problem_at), "since",
        jmap_json_utc_or_null(view->since), "lastSync", jmap_json_utc_or_null(view->last_sync),
        "nextAttempt", jmap_json_utc_or_null(view->next_attempt), "progress",
        jmap_progress_json(&view->progress), "canSend", can_send, "sendProblem",
        jmap_problem_json(view->send_problem, view->send_detail, 0), "refused",
        refused(call, view->id), "unreadAttachments", (json_int_t)view->unread_attachments,
        "unreadableAttachments", (json_int_t)view->unreadable_attachments, "awaitsStart",
        view->awaits_start);
    json_object_set_new(object, "maxSizeMessage",
                        view->size_limit > 0 ? jmap_json_unsigned(view->size_limit) : json_null());
    json_object_set_new(object, "isOwner", json_boolean(view->is_own));
    json_object_set_new(object, "owner", jmap_json_text(view->owner));
    json_object_set_new(object, "access",
                        json_string((view->rights & STORE_SEND) != 0    ? "send"
                                    : (view->rights & STORE_WRITE) != 0 ? "work"
                                                                        : "read"));
    return object;
}

void jmap_linked_account_get(struct jmap_call *call)
{
    g_autoptr(GPtrArray) views = NULL;
    struct jmap_get get;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_get_begin(call, properties, 'a', &get))
        return;
    views = store_accounts_of(call->request->jmap->config.store, call->request->principal, &state,
                              &error);
    if (views == NULL) {
        jmap_get_fail(call, &get, error);
        return;
    }
    for (size_t i = 0; i < views->len; i++) {
        const struct store_account_view *view = g_ptr_array_index(views, i);

        if (jmap_get_wants(&get, view->id))
            jmap_get_add(call, &get, view->id, account_object(call, view));
    }
    jmap_get_end(call, &get, &state);
}

void jmap_linked_account_changes(struct jmap_call *call)
{
    jmap_changes_run_whole(call, store_accounts_changes, 'a');
}

/* --- LinkedAccount/set --- */

struct run {
    struct jmap_call *call;
    struct jmap_set answer;
};

static json_t *create(void *arg, const char *key, json_t *object)
{
    struct run *run = arg;
    struct jmap_call *call = run->call;
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    const char *property = NULL;
    GError *error = NULL;
    int64_t account;
    json_t *created;

    if (hooks->account_create == NULL)
        return jmap_set_error("serverFail", "linking is not wired");
    if (jmap_json_has_nul(object))
        return jmap_invalid_property("address", "a string holds a NUL character");
    account =
        hooks->account_create(call->request->principal, object, &property, hooks->arg, &error);
    if (account == 0)
        return jmap_set_error_of(error, property);
    created = json_pack("{s: o}", "id", jmap_id('a', account));
    jmap_id_created(call->request, key, json_object_get(created, "id"));
    json_object_set_new(run->answer.created, key, created);
    return NULL;
}

/* Changes (patch) or unlinks (NULL) one account, with the right to it. */
static json_t *change(struct jmap_call *call, const char *id, const json_t *patch)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    const char *property = NULL;
    GError *error = NULL;
    struct store_access *access;
    bool ok = false;

    if (patch != NULL ? hooks->account_update == NULL : hooks->account_destroy == NULL)
        return jmap_set_error("serverFail", "accounts are not wired");
    if (patch != NULL && jmap_json_has_nul(patch))
        return jmap_invalid_property("since", "a string holds a NUL character");
    access =
        jmap_account_open(call->request->jmap, call->request->principal, id, STORE_WRITE, &error);
    if (access != NULL && patch != NULL)
        ok = hooks->account_update(access, patch, &property, hooks->arg, &error);
    else if (access != NULL)
        ok = hooks->account_destroy(access, hooks->arg, &error);
    store_access_free(access);
    return ok ? NULL : jmap_set_error_of(error, property);
}

static json_t *update(void *arg, const char *key, json_t *patch)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    json_t *error = jmap_set_destroys(run->call, id) ? jmap_set_error("willDestroy", NULL)
                                                     : change(run->call, id, patch);

    if (error == NULL)
        json_object_set_new(run->answer.updated, id, json_null());
    return error;
}

static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    json_t *error = change(run->call, id, NULL);

    (void)unused;
    if (error == NULL)
        json_array_append_new(run->answer.destroyed, json_string(id));
    return error;
}

static uint64_t accounts_state(const struct jmap_call *call)
{
    uint64_t state = 0;

    store_accounts_state(call->request->jmap->config.store, call->request->principal, &state, NULL);
    return state;
}

void jmap_linked_account_set(struct jmap_call *call)
{
    const char *condition = jmap_arg_string(call, "ifInState");
    uint64_t before = accounts_state(call), wanted;
    g_autofree char *old_state = g_strdup_printf("%" G_GUINT64_FORMAT, before);
    g_autofree char *new_state = NULL;
    struct run run = {.call = call};

    if (condition != NULL && (!jmap_state_parse(condition, &wanted) || wanted != before)) {
        jmap_fail(call, "stateMismatch", NULL);
        return;
    }
    if (!jmap_set_begin(call, &run.answer))
        return;
    jmap_set_carry_out(call, &run.answer, create, update, destroy, &run);
    new_state = g_strdup_printf("%" G_GUINT64_FORMAT, accounts_state(call));
    jmap_set_answer(call, &run.answer, old_state, new_state);
}
