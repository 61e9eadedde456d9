#include "jmap/organise/note.h"

/* How conversations are put together (docs/api.md, "Organising"). */

static const char *kind_name(enum store_tie_kind kind)
{
    static const char *const names[] = {
        [STORE_TIE_FIRST] = "first",          [STORE_TIE_REPLY] = "inReplyTo",
        [STORE_TIE_REFERENCE] = "references", [STORE_TIE_NAMED] = "namedBy",
        [STORE_TIE_SHARED] = "shared",        [STORE_TIE_NONE] = "none",
    };
    return names[kind];
}

static json_t *by_person(const struct store_tie *tie)
{
    if (!tie->by_person)
        return json_null();
    return json_pack("{s: s, s: o, s: o, s: o}", "act", tie->was_split ? "split" : "merge",
                     "personId", jmap_id('u', tie->user), "person", jmap_json_text(tie->user_name),
                     "at", jmap_json_utc(tie->at));
}

void jmap_conversation_ties(struct jmap_call *call)
{
    int64_t thread = jmap_id_find(call->request, 't', jmap_arg_string(call, "threadId"));
    GError *error = NULL;
    g_autoptr(GPtrArray) ties = store_thread_ties(call->access, thread, &error);
    json_t *answer, *list;

    if (ties == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    if (ties->len == 0) {
        jmap_fail(call, "notFound", NULL);
        return;
    }
    answer = jmap_answer(call);
    list = json_array();
    for (guint i = 0; i < ties->len; i++) {
        const struct store_tie *tie = ties->pdata[i];

        json_array_append_new(list, json_pack("{s: o, s: s, s: o, s: b, s: o}", "emailId",
                                              jmap_id('e', tie->email), "tie", kind_name(tie->kind),
                                              "toEmailId",
                                              tie->to != 0 ? jmap_id('e', tie->to) : json_null(),
                                              "sameSubject", tie->same_subject, "byPerson",
                                              by_person(tie)));
    }
    json_object_set_new(answer, "threadId", jmap_id('t', thread));
    json_object_set_new(answer, "ties", list);
    jmap_respond(call, answer);
}

/* Ids of an argument; those that are none become one that nothing has. (transfer full) */
static GArray *read_ids(const struct jmap_call *call, const char *name, char prefix)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    json_t *item;
    size_t i;

    json_array_foreach(jmap_arg(call, name), i, item)
    {
        int64_t id = jmap_id_find(call->request, prefix, json_string_value(item));

        id = id > 0 ? id : INT64_MAX;
        g_array_append_val(ids, id);
    }
    return ids;
}

static json_t *id_list(const GArray *ids)
{
    json_t *list = json_array();

    for (guint i = 0; i < ids->len; i++)
        json_array_append_new(list, jmap_id('e', g_array_index(ids, int64_t, i)));
    return list;
}

static void fail(struct jmap_call *call, GError *error)
{
    const char *type = error_is(error, ERROR_NOT_FOUND)   ? "notFound"
                       : error_is(error, ERROR_INVALID)   ? "invalidArguments"
                       : error_is(error, ERROR_TOO_LARGE) ? "requestTooLarge"
                       : error_is(error, ERROR_FORBIDDEN) ? "accountReadOnly"
                                                          : NULL;

    if (type == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    jmap_fail(call, type, error->message);
    g_error_free(error);
}

void jmap_conversation_merge(struct jmap_call *call)
{
    g_autoptr(GArray) ids = read_ids(call, "threadIds", 't');
    GPtrArray *moved = NULL;
    GError *error = NULL;
    int64_t thread = store_threads_merge(call->access, (const int64_t *)(void *)ids->data, ids->len,
                                         &moved, &error);
    json_t *answer, *list;

    if (thread == 0) {
        fail(call, error);
        return;
    }
    answer = jmap_answer(call);
    list = json_array();
    for (guint i = 0; i < moved->len; i++) {
        const struct store_moved *one = moved->pdata[i];

        json_array_append_new(list,
                              json_pack("{s: o, s: o}", "fromThreadId", jmap_id('t', one->from),
                                        "emailIds", id_list(one->emails)));
    }
    g_ptr_array_unref(moved);
    json_object_set_new(answer, "threadId", jmap_id('t', thread));
    json_object_set_new(answer, "moved", list);
    jmap_respond(call, answer);
}

void jmap_conversation_split(struct jmap_call *call)
{
    g_autoptr(GArray) ids = read_ids(call, "emailIds", 'e');
    struct store_moved *moved = NULL;
    GError *error = NULL;
    int64_t thread = store_thread_split(call->access, (const int64_t *)(void *)ids->data, ids->len,
                                        &moved, &error);
    json_t *answer;

    if (thread == 0) {
        fail(call, error);
        return;
    }
    answer = jmap_answer(call);
    json_object_set_new(answer, "threadId", jmap_id('t', thread));
    json_object_set_new(answer, "fromThreadId", jmap_id('t', moved->from));
    json_object_set_new(answer, "emailIds", id_list(moved->emails));
    store_moved_free(moved);
    jmap_respond(call, answer);
}

/* --- Person/get: who may see the accounts --- */

static const char *const person_properties[] = {"id", "name", "isSelf", "accountIds", NULL};

void jmap_person_get(struct jmap_call *call)
{
    int64_t self = store_principal_user(store_access_principal(call->access));
    g_autoptr(GPtrArray) people = NULL;
    struct jmap_get get;
    GError *error = NULL;

    if (!jmap_get_begin(call, person_properties, 'u', &get))
        return;
    people = store_viewers(call->access, &error);
    if (people == NULL) {
        jmap_get_fail(call, &get, error);
        return;
    }
    for (guint i = 0; i < people->len; i++) {
        const struct store_viewer *person = people->pdata[i];
        json_t *accounts;

        if (!jmap_get_wants(&get, person->user))
            continue;
        accounts = json_array();
        for (guint k = 0; k < person->accounts->len; k++)
            json_array_append_new(accounts,
                                  jmap_id('a', g_array_index(person->accounts, int64_t, k)));
        jmap_get_add(call, &get, person->user,
                     json_pack("{s: o, s: o, s: b, s: o}", "id", jmap_id('u', person->user), "name",
                               jmap_json_text(person->name), "isSelf", person->user == self,
                               "accountIds", accounts));
    }
    jmap_get_end(call, &get, NULL);
}
