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
static bool fill(struct jmap_call *call, struct jmap_get *get)
{
    for (size_t i = 0; i < get->ids->len; i++) {
        int64_t thread = g_array_index(get->ids, int64_t, i);
        GError *error = NULL;
        g_autoptr(GArray) emails = store_thread_emails(call->access, thread, &error);

        if (emails == NULL) {
            jmap_fail_error(call, error);
            return false;
        }
        if (emails->len > 0)
            jmap_get_add(call, get, thread, thread_object(thread, emails));
    }
    return true;
}

void jmap_thread_get(struct jmap_call *call)
{
    uint64_t state = store_state(call->access, STORE_THREAD);
    struct jmap_get get;

    if (!jmap_get_begin(call, properties, 't', &get))
        return;
    if (get.ids == NULL)
        get.ids = all_threads(call);
    if (get.ids != NULL && fill(call, &get))
        jmap_get_end(call, &get, &state);
    else
        jmap_get_clear(&get);
}
