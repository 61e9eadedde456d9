#include "jmap/manage/problem.h"
#include "jmap/methods.h"
#include "store/people.h"

/* FleetAccount of docs/api.md: the state of every account, for administrators, and no mail. */

static const char *const properties[] = {
    "id",       "address", "owner",    "provider",    "providerType", "state",
    "problem",  "since",   "lastSync", "nextAttempt", "canSend",      "sendProblem",
    "progress", "emails",  "bytes",    "pending",     "sharedWith",   NULL,
};

static json_t *object_of(const struct store_fleet_account *account)
{
    const struct store_account_view *view = account->view;
    json_t *object =
        json_pack("{s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: o}", "id", jmap_id('a', view->id),
                  "address", jmap_json_text(view->address), "owner", jmap_json_text(account->owner),
                  "provider", jmap_json_text(view->provider), "providerType",
                  jmap_json_text(view->provider_type), "state", jmap_json_text(view->state),
                  "problem", jmap_problem_json(view->problem, view->detail, view->problem_at),
                  "since", jmap_json_utc_or_null(view->since));

    json_object_set_new(object, "lastSync", jmap_json_utc_or_null(view->last_sync));
    json_object_set_new(object, "nextAttempt", jmap_json_utc_or_null(view->next_attempt));
    json_object_set_new(object, "canSend", json_boolean(view->send_problem == NULL));
    json_object_set_new(object, "sendProblem",
                        jmap_problem_json(view->send_problem, view->send_detail, 0));
    json_object_set_new(object, "progress", jmap_progress_json(&view->progress));
    json_object_set_new(object, "emails", json_integer((json_int_t)account->emails));
    json_object_set_new(object, "bytes", json_integer((json_int_t)account->bytes));
    json_object_set_new(object, "pending", json_integer((json_int_t)view->progress.pending));
    json_object_set_new(object, "sharedWith", json_integer((json_int_t)account->shared));
    return object;
}

void jmap_fleet_account_get(struct jmap_call *call)
{
    g_autoptr(GPtrArray) accounts = NULL;
    struct jmap_get get;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_get_begin(call, properties, 'a', &get))
        return;
    accounts =
        store_fleet(call->request->jmap->config.store, call->request->principal, &state, &error);
    if (accounts == NULL) {
        jmap_get_fail(call, &get, error);
        return;
    }
    for (size_t i = 0; i < accounts->len; i++) {
        const struct store_fleet_account *one = g_ptr_array_index(accounts, i);

        if (jmap_get_wants(&get, one->view->id))
            jmap_get_add(call, &get, one->view->id, object_of(one));
    }
    jmap_get_end(call, &get, &state);
}

void jmap_fleet_account_changes(struct jmap_call *call)
{
    jmap_changes_run_whole(call, store_fleet_changes, 'a');
}
