#include "jmap/manage/listed.h"
#include "jmap/methods.h"

/* ProviderTest of docs/api.md: what a test of a provider's settings has found so far. */

static const char *const properties[] = {"id", "providerId", "done", "startedAt", "rows", NULL};

static json_t *load(struct jmap_call *call, GError **error)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    json_t *list, *test;
    size_t i;

    if (!store_principal_is_admin(call->request->principal)) {
        error_set(error, ERROR_FORBIDDEN, "only administrators test providers");
        return NULL;
    }
    if (hooks->provider_tests == NULL) {
        error_set(error, ERROR_INTERNAL, "tests are not wired");
        return NULL;
    }
    list = hooks->provider_tests(hooks->arg);
    json_array_foreach(list, i, test)
    {
        int64_t at = json_integer_value(json_object_get(test, "at"));

        json_object_set_new(test, "startedAt", jmap_json_utc(at));
        json_object_del(test, "at");
    }
    return list;
}

static json_t *create(struct jmap_call *call, json_t *object, json_t **created)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    GError *error = NULL;
    bool ok = true;
    const char *provider = jmap_listed_text(object, "providerId", &ok);
    int64_t id;

    if (!ok || provider == NULL || json_object_size(object) != 1)
        return jmap_invalid_property("providerId", NULL);
    id = hooks->provider_test != NULL ? hooks->provider_test(provider, hooks->arg, &error) : 0;
    if (id == 0 && error_is(error, ERROR_THROTTLED)) {
        g_error_free(error);
        return jmap_set_error("rateLimit", "two tests are running already");
    }
    if (id == 0)
        return jmap_set_error_of(error, NULL);
    *created = json_pack("{s: o}", "id", jmap_id('p', id));
    return NULL;
}

static const struct jmap_listed type = {properties, load, create, NULL, NULL};

void jmap_provider_test_get(struct jmap_call *call)
{
    jmap_listed_get(call, &type);
}

void jmap_provider_test_set(struct jmap_call *call)
{
    jmap_listed_set(call, &type);
}
