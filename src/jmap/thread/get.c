#include "jmap/methods.h"

/* RFC 8621, 3.1. */

static const char *const properties[] = {"id", "emailIds", NULL};

/* All threads, when there are few enough; NULL: answered. (transfer full) */
static GArray *all_threads(struct jmap_call *call)
{
    const struct store_query query = {.limit = JMAP_MAX_OBJECTS + 1, .collapse_threads = true};
    struct store_query_result result = {0};
    g_autoptr(GPtrArray) emails = NULL;
    GArray *threads = NULL;
    GError *error = NULL;

    if (!store_query(call->access, &query, &result, &error)) {
        jmap_fail_error(call, error);
    } else if (result.ids->len > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many threads: name the ids");
    } else {
        emails = store_emails(call->access, (const int64_t *)(void *)result.ids->data,
                              result.ids->len, 0, NULL, &error);
        if (emails == NULL)
            jmap_fail_error(call, error);
    }
    for (size_t i = 0; emails != NULL && i < emails->len; i++) {
        const struct store_email *email = g_ptr_array_index(emails, i);

        if (threads == NULL)
            threads = g_array_new(FALSE, FALSE, sizeof(int64_t));
        g_array_append_val(threads, email->thread);
    }
    if (emails != NULL && threads == NULL)
        threads = g_array_new(FALSE, FALSE, sizeof(int64_t));
    store_query_result_clear(&result);
    return threads;
}

static json_t *thread_object(int64_t thread, const GArray *emails)
{
    json_t *list = json_array();

    for (size_t i = 0; i < emails->len; i++)
        json_array_append_new(list, jmap_id('e', g_array_index(emails, int64_t, i)));
    return json_pack("{s: o, s: o}", "id", jmap_id('t', thread), "emailIds", list);
}

/* false: answered. */
static bool fill(struct jmap_call *call, const GArray *ids, json_t *list, json_t *not_found)
{
    for (size_t i = 0; i < ids->len; i++) {
        int64_t thread = g_array_index(ids, int64_t, i);
        GError *error = NULL;
        g_autoptr(GArray) emails = store_thread_emails(call->access, thread, &error);

        if (emails == NULL) {
            jmap_fail_error(call, error);
            return false;
        }
        if (emails->len == 0) {
            json_array_append_new(not_found, jmap_id('t', thread));
        } else {
            json_t *object = thread_object(thread, emails);

            jmap_properties_apply(call, object);
            json_array_append_new(list, object);
        }
    }
    return true;
}

void jmap_thread_get(struct jmap_call *call)
{
    json_t *not_found = json_array(), *list = json_array();
    g_autoptr(GArray) ids = NULL;
    uint64_t state = store_state(call->access, STORE_THREAD);

    if (jmap_properties_check(call, properties) &&
        jmap_get_ids(call, "ids", 't', &ids, not_found) &&
        (ids != NULL || (ids = all_threads(call)) != NULL) && fill(call, ids, list, not_found)) {
        jmap_get_answer(call, state, list, not_found);
        return;
    }
    json_decref(list);
    json_decref(not_found);
}
