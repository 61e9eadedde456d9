#include "app/provider_test.h"

#include "app/probe.h"
#include "base/cancel.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define RUNNING_MAX 2
#define KEPT 8
#define SKEW_MAX_SECONDS 120

struct test {
    struct provider_tests *tests;
    int64_t id, started;
    struct store_provider *settings;
    json_t *rows;
    bool done;
    pthread_t thread;
    bool joined;
};

struct provider_tests {
    struct app *app;
    struct cancel *cancel;
    pthread_mutex_t mutex;
    GPtrArray *list; /* of struct test, oldest first */
    int64_t last_id;
    unsigned running;
};

static void free_test(gpointer pointer)
{
    struct test *test = pointer;
    if (!test->joined)
        pthread_join(test->thread, NULL);
    store_provider_free(test->settings);
    json_decref(test->rows);
    g_free(test);
}

struct provider_tests *provider_tests_new(struct app *app)
{
    struct provider_tests *tests = g_new0(struct provider_tests, 1);
    tests->app = app;
    tests->cancel = cancel_new();
    tests->list = g_ptr_array_new_with_free_func(free_test);
    pthread_mutex_init(&tests->mutex, NULL);
    return tests;
}

void provider_tests_free(struct provider_tests *tests)
{
    if (tests == NULL)
        return;
    cancel_trigger(tests->cancel);
    g_ptr_array_unref(tests->list);
    cancel_unref(tests->cancel);
    pthread_mutex_destroy(&tests->mutex);
    g_free(tests);
}

/* The field of the form that a row is about. */
static const char *field_of(const struct probe_row *row)
{
    static const struct {
        const char *check, *problem, *field;
    } fields[] = {
        {"settings", "app-secret-expired", "clientSecret"},
        {"client", "app-unknown", "clientId"},
        {"client", "app-secret-wrong", "clientSecret"},
        {"client", "app-secret-expired", "clientSecret"},
        {"second-secret", NULL, "secondSecret"},
        {"discovery", "tenant-unknown", "tenant"},
        {"reach", NULL, "authority"},
        {"tls", NULL, "caFile"},
        {"graph", NULL, "graph"},
        {"imap", NULL, "imap"},
        {"smtp", NULL, "smtp"},
        {"proxy", NULL, "proxy"},
    };
    for (size_t i = 0; strcmp(row->state, "bad") == 0 && i < G_N_ELEMENTS(fields); i++)
        if (strcmp(fields[i].check, row->check) == 0 &&
            (fields[i].problem == NULL || g_strcmp0(fields[i].problem, row->problem) == 0))
            return fields[i].field;
    return NULL;
}

static void noted(const struct probe_row *row, void *arg)
{
    struct test *test = arg;
    const char *field = field_of(row);
    json_t *object =
        json_pack("{s:s, s:s, s:s?, s:s?, s:s}", "check", row->check, "state", row->state,
                  "problem", row->problem, "field", field, "detail", row->text);
    pthread_mutex_lock(&test->tests->mutex);
    if (object != NULL)
        json_array_append_new(test->rows, object);
    pthread_mutex_unlock(&test->tests->mutex);
}

static void *run(void *arg)
{
    struct test *test = arg;
    struct probe probe;
    probe_init(&probe, test->tests->app, test->tests->cancel);
    probe.in_steps = true;
    probe.noted = noted;
    probe.noted_arg = test;
    probe_provider(&probe, test->settings);
    if (probe.skew_known && llabs((long long)probe.skew) > SKEW_MAX_SECONDS)
        probe_note(&probe, "clock", "bad", "off by %lld s against the provider: set the clock",
                   (long long)probe.skew);
    else if (probe.skew_known)
        probe_note(&probe, "clock", "ok", "agrees with the provider's within %d s",
                   SKEW_MAX_SECONDS);
    probe_clear(&probe);
    pthread_mutex_lock(&test->tests->mutex);
    test->done = true;
    test->tests->running--;
    pthread_mutex_unlock(&test->tests->mutex);
    return NULL;
}

/* The mutex is held. */
static void forget_old(struct provider_tests *tests)
{
    for (guint i = 0; i < tests->list->len && tests->list->len >= KEPT;) {
        const struct test *test = tests->list->pdata[i];
        if (test->done)
            g_ptr_array_remove_index(tests->list, i);
        else
            i++;
    }
}

int64_t provider_tests_start(struct provider_tests *tests, const char *provider, GError **error)
{
    struct store_provider *settings = store_provider(tests->app->store, provider, NULL, error);
    int64_t id = 0;
    if (settings == NULL)
        return 0;
    struct test *test = g_new0(struct test, 1);
    *test = (struct test){.tests = tests,
                          .started = clock_wall(),
                          .settings = settings,
                          .rows = json_array(),
                          .joined = true};
    pthread_mutex_lock(&tests->mutex);
    forget_old(tests);
    test->id = tests->last_id + 1;
    if (tests->running < RUNNING_MAX && pthread_create(&test->thread, NULL, run, test) == 0) {
        test->joined = false;
        tests->running++;
        id = tests->last_id = test->id;
        g_ptr_array_add(tests->list, test);
    }
    pthread_mutex_unlock(&tests->mutex);
    if (id != 0)
        return id;
    free_test(test);
    error_set(error, ERROR_THROTTLED, "two tests are running already");
    return 0;
}

json_t *provider_tests_list(struct provider_tests *tests)
{
    json_t *list = json_array();
    pthread_mutex_lock(&tests->mutex);
    for (guint i = 0; i < tests->list->len; i++) {
        const struct test *test = tests->list->pdata[i];
        g_autofree char *id = g_strdup_printf("p%" G_GINT64_FORMAT, test->id);
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:I, s:o}", "id", id, "providerId",
                                              test->settings->name, "done", (int)test->done, "at",
                                              (json_int_t)test->started, "rows",
                                              json_deep_copy(test->rows)));
    }
    pthread_mutex_unlock(&tests->mutex);
    return list;
}
