#include "jmap/methods.h"
#include "store/people.h"

/* AuditEntry of docs/api.md: what was done by whom, newest first. Nothing changes in it, so there
 * are no changes to ask for; its state is the newest entry's number. */

static const char *const properties[] = {"id",      "at",      "userId",
                                         "actor",   "act",     "linkedAccountId",
                                         "address", "subject", "detail",
                                         NULL};

static json_t *id_or_null(char prefix, int64_t id)
{
    return id != 0 ? jmap_id(prefix, id) : json_null();
}

static json_t *object_of(const struct store_audit_entry *entry)
{
    return json_pack("{s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: o}", "id",
                     jmap_id('l', entry->id), "at", jmap_json_utc(entry->at), "userId",
                     id_or_null('u', entry->user), "actor", jmap_json_text(entry->actor), "act",
                     jmap_json_text(entry->act), "linkedAccountId", id_or_null('a', entry->account),
                     "address", jmap_json_text(entry->address), "subject",
                     jmap_json_text(entry->subject), "detail", jmap_json_text(entry->detail));
}

static uint64_t state_of(struct jmap_call *call)
{
    const struct store_audit_filter all = {0};
    g_autoptr(GArray) newest = store_audit_query(call->request->jmap->config.store,
                                                 call->request->principal, &all, 0, 1, NULL, NULL);

    return newest != NULL && newest->len > 0 ? (uint64_t)g_array_index(newest, int64_t, 0) : 0;
}

void jmap_audit_entry_get(struct jmap_call *call)
{
    g_autoptr(GPtrArray) entries = NULL;
    struct jmap_get get;
    GError *error = NULL;
    uint64_t state = state_of(call);

    if (!jmap_get_begin(call, properties, 'l', &get))
        return;
    if (get.ids == NULL) { /* the log may be long */
        jmap_get_clear(&get);
        jmap_fail(call, "requestTooLarge", "name the ids");
        return;
    }
    entries = store_audit_get(call->request->jmap->config.store, call->request->principal, get.ids,
                              &error);
    if (entries == NULL) {
        jmap_get_fail(call, &get, error);
        return;
    }
    for (size_t i = 0; i < entries->len; i++) {
        const struct store_audit_entry *entry = g_ptr_array_index(entries, i);

        jmap_get_add(call, &get, entry->id, object_of(entry));
    }
    jmap_get_end(call, &get, &state);
}

static bool read_date(const json_t *value, int64_t *seconds)
{
    return json_is_string(value) && jmap_date_bound(json_string_value(value), seconds);
}

/* false: *problem is the member's name. */
static bool read_filter(const struct jmap_call *call, struct store_audit_filter *filter,
                        const char **problem)
{
    json_t *object = jmap_arg(call, "filter"), *value;
    const char *key;

    json_object_foreach(object, key, value)
    {
        const char *text = json_string_value(value);
        bool good = false;

        *problem = key;
        if (strcmp(key, "userId") == 0)
            good = (filter->user = jmap_id_parse('u', text != NULL ? text : "")) > 0;
        else if (strcmp(key, "linkedAccountId") == 0)
            good = (filter->account = jmap_id_parse('a', text != NULL ? text : "")) > 0;
        else if (strcmp(key, "act") == 0)
            good = (filter->act = text) != NULL && text[0] != '\0';
        else if (strcmp(key, "after") == 0)
            good = read_date(value, &filter->after);
        else if (strcmp(key, "before") == 0)
            good = read_date(value, &filter->before);
        if (!good)
            return false;
    }
    return true;
}

static json_t *ids_of(const GArray *list)
{
    json_t *ids = json_array();

    for (size_t i = 0; i < list->len; i++)
        json_array_append_new(ids, jmap_id('l', g_array_index(list, int64_t, i)));
    return ids;
}

void jmap_audit_entry_query(struct jmap_call *call)
{
    struct store_audit_filter filter = {0};
    const char *problem = NULL;
    int64_t position = jmap_arg_int(call, "position", 0);
    bool clamped, wants_total = jmap_arg_bool(call, "calculateTotal");
    size_t limit = jmap_query_limit(call, &clamped);
    uint64_t total = 0, state = state_of(call);
    GError *error = NULL;
    GArray *ids;
    json_t *answer;

    if (!read_filter(call, &filter, &problem) || json_array_size(jmap_arg(call, "sort")) > 0 ||
        jmap_arg(call, "anchor") != NULL || position < 0) {
        jmap_fail(call, problem != NULL ? "unsupportedFilter" : "invalidArguments", problem);
        return;
    }
    ids = store_audit_query(call->request->jmap->config.store, call->request->principal, &filter,
                            (size_t)position, limit, wants_total ? &total : NULL, &error);
    if (ids == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    answer = jmap_answer(call);
    json_object_set_new(answer, "queryState", jmap_state(state));
    json_object_set_new(answer, "canCalculateChanges", json_false());
    json_object_set_new(answer, "position", json_integer(position));
    json_object_set_new(answer, "ids", ids_of(ids));
    if (wants_total)
        json_object_set_new(answer, "total", json_integer((json_int_t)total));
    if (clamped)
        json_object_set_new(answer, "limit", json_integer((json_int_t)limit));
    g_array_unref(ids);
    jmap_respond(call, answer);
}
