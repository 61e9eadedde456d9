#include "base/clock.h"
#include "base/secret.h"
#include "jmap/methods.h"
#include "jmap/push_subscription/object.h"

/* RFC 8620, 7.2.2: no account and no states. */

#define DEVICE_MAX 255
#define URL_MAX 2048
#define KEY_MAX 128
#define TYPES_MAX 64
#define TYPE_MAX 64

struct run {
    struct jmap_call *call;
    struct store *store;
    const struct store_principal *principal;
    struct jmap_set answer;
};

/* --- values --- */

/* A string of 1 to max bytes without control characters. */
static bool is_text(const json_t *value, size_t max)
{
    const char *text = json_string_value(value);

    if (text == NULL || text[0] == '\0' || json_string_length(value) > max ||
        strlen(text) != json_string_length(value))
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

/* null: 0. */
static bool read_expires(const json_t *value, int64_t *expires)
{
    *expires = 0;
    return value == NULL || json_is_null(value) ||
           jmap_date_parse(json_string_value(value), true, expires, NULL);
}

/* null: NULL; names borrowed from value. An empty list is one empty name, which no type has. */
static bool read_types(const json_t *value, GPtrArray **types)
{
    json_t *item;
    size_t i;

    *types = NULL;
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_array(value) || json_array_size(value) > TYPES_MAX)
        return false;
    *types = g_ptr_array_new();
    json_array_foreach(value, i, item)
    {
        if (!is_text(item, TYPE_MAX) || strchr(json_string_value(item), ',') != NULL)
            return false;
        g_ptr_array_add(*types, (gpointer)(uintptr_t)json_string_value(item));
    }
    if (json_array_size(value) == 0)
        g_ptr_array_add(*types, (gpointer)(uintptr_t) "");
    g_ptr_array_add(*types, NULL);
    return true;
}

static const char *const *names_of(const GPtrArray *types)
{
    return types != NULL ? (const char *const *)types->pdata : NULL;
}

static struct secret *secret_of(const json_t *value)
{
    return value != NULL ? secret_new(json_string_value(value), json_string_length(value)) : NULL;
}

/* --- create --- */

static bool are_keys(const json_t *keys)
{
    return keys == NULL || json_is_null(keys) ||
           (json_is_object(keys) && json_object_size(keys) == 2 &&
            is_text(json_object_get(keys, "p256dh"), KEY_MAX) &&
            is_text(json_object_get(keys, "auth"), KEY_MAX));
}

/* A member of a new subscription; the code is sent to the address first. */
static bool is_sound(const char *name, const json_t *value)
{
    g_autoptr(GPtrArray) types = NULL;
    int64_t expires;

    if (strcmp(name, "deviceClientId") == 0)
        return is_text(value, DEVICE_MAX);
    if (strcmp(name, "url") == 0)
        return is_text(value, URL_MAX);
    if (strcmp(name, "keys") == 0)
        return are_keys(value);
    if (strcmp(name, "expires") == 0)
        return read_expires(value, &expires) && (expires == 0 || expires > clock_wall());
    if (strcmp(name, "types") == 0)
        return read_types(value, &types);
    return strcmp(name, "verificationCode") == 0 && json_is_null(value);
}

static json_t *check_create(json_t *object)
{
    static const char *const needed[] = {"deviceClientId", "url"};
    json_t *bad = json_array(), *value;
    const char *key;

    json_object_foreach(object, key, value)
    {
        if (!is_sound(key, value))
            json_array_append_new(bad, json_string(key));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
        if (json_object_get(object, needed[i]) == NULL)
            json_array_append_new(bad, json_string(needed[i]));
    if (json_array_size(bad) > 0)
        return jmap_invalid_properties(bad, NULL);
    json_decref(bad);
    return NULL;
}

/* Address and keys can be used (RFC 8620, 7.2; RFC 8291). */
static json_t *check_target(const struct run *run, const json_t *object)
{
    const struct jmap_hooks *hooks = &run->call->request->jmap->config.hooks;
    const json_t *keys = json_object_get(object, "keys");
    const char *property = NULL;
    GError *error = NULL;

    if (hooks->push_check == NULL)
        return jmap_set_error("serverFail", "push is not wired");
    if (hooks->push_check(json_string_value(json_object_get(object, "url")),
                          json_string_value(json_object_get(keys, "p256dh")),
                          json_string_value(json_object_get(keys, "auth")), &property, hooks->arg,
                          &error))
        return NULL;
    return jmap_set_error_of(error, property);
}

/* What the client did not send, or what was made of it (RFC 8620, 5.3). */
static json_t *created_object(const struct store_push *push, const json_t *object)
{
    static const char *const sent[] = {"deviceClientId", "types", "verificationCode"};
    json_t *created = jmap_push_object(push);

    for (size_t i = 0; i < G_N_ELEMENTS(sent); i++)
        if (json_object_get(object, sent[i]) != NULL)
            json_object_del(created, sent[i]);
    if (json_equal(json_object_get(created, "expires"), json_object_get(object, "expires")))
        json_object_del(created, "expires");
    if (json_object_get(object, "keys") == NULL)
        json_object_set_new(created, "keys", json_null());
    return created;
}

static json_t *problem_of(GError *error, const char *property)
{
    if (!error_is(error, ERROR_THROTTLED))
        return jmap_set_error_of(error, property);
    g_error_free(error);
    return jmap_set_error("rateLimit", NULL);
}

static json_t *put(struct run *run, const char *key, const json_t *object,
                   const struct store_push_new *fresh)
{
    GError *error = NULL;
    struct store_push *push = store_push_create(run->store, run->principal, fresh, &error);
    json_t *created;

    if (push == NULL)
        return problem_of(error, NULL);
    created = created_object(push, object);
    jmap_id_created(run->call->request, key, json_object_get(created, "id"));
    json_object_set_new(run->answer.created, key, created);
    store_push_free(push);
    return NULL;
}

static json_t *create(void *arg, const char *key, json_t *object)
{
    struct run *run = arg;
    const json_t *keys = json_object_get(object, "keys");
    g_autoptr(GPtrArray) types = NULL;
    struct store_push_new fresh = {0};
    struct secret *url, *p256dh, *auth;
    json_t *error = check_create(object);

    if (error == NULL)
        error = check_target(run, object);
    if (error != NULL)
        return error;
    (void)read_expires(json_object_get(object, "expires"), &fresh.expires);
    (void)read_types(json_object_get(object, "types"), &types);
    url = secret_of(json_object_get(object, "url"));
    p256dh = secret_of(json_object_get(keys, "p256dh"));
    auth = secret_of(json_object_get(keys, "auth"));
    fresh.device = json_string_value(json_object_get(object, "deviceClientId"));
    fresh.url = url;
    fresh.p256dh = p256dh;
    fresh.auth = auth;
    fresh.types = names_of(types);
    error = put(run, key, object, &fresh);
    secret_free(url);
    secret_free(p256dh);
    secret_free(auth);
    return error;
}

/* --- update --- */

static const struct store_push *find(const GPtrArray *pushes, int64_t id)
{
    for (size_t i = 0; i < pushes->len; i++) {
        const struct store_push *push = g_ptr_array_index(pushes, i);

        if (push->id == id)
            return push;
    }
    return NULL;
}

/* A member of the patch that may stand there, if only because it changes nothing. */
static json_t *check_member(const struct store_push *push, const char *key, const json_t *value)
{
    static const char *const known[] =
        {"id", "deviceClientId", "url", "keys", "verificationCode", "types", "expires", NULL};
    g_autofree char *first = g_strndup(key, strcspn(key, "/"));
    json_t *current, *same;
    bool changes;

    if (!g_strv_contains(known, first))
        return jmap_invalid_property(key, NULL);
    if (strcmp(first, "url") == 0 || strcmp(first, "keys") == 0)
        return jmap_invalid_property(first, "make a new subscription instead");
    if (strcmp(first, key) != 0)
        return jmap_set_error("invalidPatch", NULL);
    current = jmap_push_object(push);
    same = json_object_get(current, key);
    changes = !json_equal(same, (json_t *)(uintptr_t)value);
    json_decref(current);
    if (!changes || strcmp(key, "types") == 0 || strcmp(key, "expires") == 0)
        return NULL;
    if (strcmp(key, "verificationCode") == 0 && is_text(value, KEY_MAX))
        return NULL;
    return jmap_invalid_property(key, NULL);
}

static json_t *check_patch(const struct store_push *push, json_t *patch)
{
    json_t *error = NULL, *value;
    const char *key;

    json_object_foreach(patch, key, value)
    {
        if (error == NULL)
            error = check_member(push, key, value);
    }
    return error;
}

static json_t *apply(struct run *run, const char *id, const struct store_push *push, json_t *patch)
{
    json_t *expires = json_object_get(patch, "expires"), *types = json_object_get(patch, "types");
    json_t *now, *answer = NULL;
    g_autoptr(GPtrArray) names = NULL;
    struct store_push_change change = {
        .code = json_string_value(json_object_get(patch, "verificationCode")),
        .sets_expires = expires != NULL,
        .sets_types = types != NULL,
    };
    GError *error = NULL;
    int64_t settled = 0;

    if (!read_expires(expires, &change.expires))
        return jmap_invalid_property("expires", "a time in UTC is wanted");
    if (!read_types(types, &names))
        return jmap_invalid_property("types", "names of types are wanted");
    change.types = names_of(names);
    if (!store_push_update(run->store, run->principal, push->id, &change, &settled, &error))
        return problem_of(error, "verificationCode");
    now = jmap_json_utc_or_null(settled);
    if (expires != NULL && !json_equal(now, expires))
        answer = json_pack("{s: O}", "expires", now);
    json_decref(now);
    json_object_set_new(run->answer.updated, id, answer != NULL ? answer : json_null());
    return NULL;
}

static json_t *update(void *arg, const char *key, json_t *patch)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    GError *failure = NULL;
    g_autoptr(GPtrArray) pushes = NULL;
    const struct store_push *push;
    json_t *error;

    if (jmap_set_destroys(run->call, id))
        return jmap_set_error("willDestroy", NULL);
    pushes = store_pushes(run->store, run->principal, &failure);
    if (pushes == NULL)
        return problem_of(failure, NULL);
    push = find(pushes, jmap_id_parse('p', id));
    if (push == NULL)
        return jmap_set_error("notFound", NULL);
    error = check_patch(push, patch);
    return error != NULL ? error : apply(run, id, push, patch);
}

/* --- the call --- */

static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    GError *error = NULL;

    (void)unused;
    if (!store_push_destroy(run->store, run->principal, jmap_id_parse('p', id), &error))
        return problem_of(error, NULL);
    json_array_append_new(run->answer.destroyed, json_string(id));
    return NULL;
}

void jmap_push_subscription_set(struct jmap_call *call)
{
    struct run run = {.call = call,
                      .store = call->request->jmap->config.store,
                      .principal = call->request->principal};

    if (!store_principal_is_valid(run.store, run.principal))
        jmap_fail(call, "forbidden", NULL);
    else if (jmap_set_begin(call, &run.answer)) {
        jmap_set_carry_out(call, &run.answer, create, update, destroy, &run);
        jmap_set_answer(call, &run.answer, NULL, NULL);
    }
}
