#include "jmap/manage/listed.h"
#include "jmap/methods.h"
#include "store/people.h"

#include <string.h>

/* User of docs/api.md: who works here. */

static const char *const properties[] = {
    "id",     "email",        "name",        "role",        "state",         "createdAt", "seenAt",
    "isSelf", "invitedUntil", "hasPassword", "hasIdentity", "soleAddresses", NULL,
};

static json_t *texts(const GPtrArray *list)
{
    json_t *array = json_array();

    for (size_t i = 0; list != NULL && i < list->len; i++)
        json_array_append_new(array, jmap_json_text(g_ptr_array_index(list, i)));
    return array;
}

static const char *state_word(const struct store_person *person)
{
    return person->disabled                               ? "disabled"
           : person->has_password || person->has_identity ? "active"
                                                          : "invited";
}

static json_t *object_of(struct jmap_call *call, const struct store_person *person, bool admin)
{
    int64_t self = store_principal_user(call->request->principal);
    json_t *object = json_pack("{s: o, s: o, s: o, s: b}", "id", jmap_id('u', person->id), "email",
                               jmap_json_text(person->email), "name", jmap_json_text(person->name),
                               "isSelf", (int)(person->id == self));

    if (!admin)
        return object;
    json_object_set_new(object, "role", json_string(person->admin ? "administrator" : "member"));
    json_object_set_new(object, "state", json_string(state_word(person)));
    json_object_set_new(object, "createdAt", jmap_json_utc_or_null(person->created));
    json_object_set_new(object, "seenAt", jmap_json_utc_or_null(person->seen));
    json_object_set_new(object, "invitedUntil", jmap_json_utc_or_null(person->invited_until));
    json_object_set_new(object, "hasPassword", json_boolean(person->has_password));
    json_object_set_new(object, "hasIdentity", json_boolean(person->has_identity));
    json_object_set_new(object, "soleAddresses", texts(person->sole));
    return object;
}

static json_t *load(struct jmap_call *call, GError **error)
{
    g_autoptr(GPtrArray) people =
        store_people(call->request->jmap->config.store, call->request->principal, error);
    bool admin = store_principal_is_admin(call->request->principal);
    json_t *list;

    if (people == NULL)
        return NULL;
    list = json_array();
    for (size_t i = 0; i < people->len; i++)
        json_array_append_new(list, object_of(call, g_ptr_array_index(people, i), admin));
    return list;
}

/* -1: not given, or as it is. false: it is neither role. */
static bool read_role(const json_t *object, int *admin)
{
    const json_t *value = json_object_get(object, "role");
    const char *word = json_string_value(value);

    *admin = -1;
    if (value == NULL)
        return true;
    if (g_strcmp0(word, "administrator") == 0)
        *admin = 1;
    else if (g_strcmp0(word, "member") == 0)
        *admin = 0;
    return *admin >= 0;
}

/* The first member that is not one of names; NULL: all are. */
static const char *foreign(const json_t *object, const char *const *names)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!g_strv_contains(names, key))
            return key;
    }
    return NULL;
}

static json_t *create(struct jmap_call *call, json_t *object, json_t **created)
{
    static const char *const known[] = {"email", "name", "role", NULL};
    const char *strange = foreign(object, known), *email, *name;
    GError *error = NULL;
    bool ok = true;
    int64_t id;
    int admin;

    if (strange != NULL)
        return jmap_invalid_property(strange, NULL);
    email = jmap_listed_text(object, "email", &ok);
    if (!ok || email == NULL)
        return jmap_invalid_property("email", NULL);
    name = jmap_listed_text(object, "name", &ok);
    if (!ok)
        return jmap_invalid_property("name", NULL);
    if (!read_role(object, &admin))
        return jmap_invalid_property("role", NULL);
    id = store_person_add(call->request->jmap->config.store, call->request->principal, email, name,
                          admin == 1, &error);
    if (id == 0 && error_is(error, ERROR_CONFLICT)) {
        g_error_free(error);
        return jmap_set_error("alreadyExists", "somebody with this address is here already");
    }
    if (id == 0)
        return jmap_set_error_of(error, "email");
    *created = json_pack("{s: o}", "id", jmap_id('u', id));
    return NULL;
}

/* What keeps an administrator from going, in a word of its own. Takes error. */
static json_t *refusal(GError *error)
{
    json_t *answer;

    if (!error_is(error, ERROR_CONFLICT))
        return jmap_set_error_of(error, NULL);
    answer = jmap_set_error("lastAdministrator", error->message);
    g_error_free(error);
    return answer;
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch)
{
    static const char *const known[] = {"name", "role", "state", NULL};
    const json_t *state = json_object_get(patch, "state");
    const char *strange = foreign(patch, known), *word = json_string_value(state);
    struct store_person_change change = {.admin = -1, .disabled = -1};
    GError *error = NULL;
    bool ok = true;

    if (strange != NULL)
        return jmap_invalid_property(strange, NULL);
    change.name = jmap_listed_text(patch, "name", &ok);
    if (!ok)
        return jmap_invalid_property("name", NULL);
    if (!read_role(patch, &change.admin))
        return jmap_invalid_property("role", NULL);
    if (state != NULL && g_strcmp0(word, "disabled") != 0 && g_strcmp0(word, "active") != 0)
        return jmap_invalid_property("state", NULL);
    if (state != NULL)
        change.disabled = strcmp(word, "disabled") == 0;
    if (store_person_update(call->request->jmap->config.store, call->request->principal,
                            jmap_id_parse('u', id), &change, &error))
        return NULL;
    return refusal(error);
}

static json_t *destroy(struct jmap_call *call, const char *id)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GError *error = NULL;

    if (!store_person_remove(call->request->jmap->config.store, call->request->principal,
                             jmap_id_parse('u', id), gone, &error))
        return refusal(error);
    if (hooks->accounts_gone != NULL)
        hooks->accounts_gone(gone, hooks->arg);
    return NULL;
}

static const struct jmap_listed type = {properties, load, create, update, destroy};

void jmap_user_get(struct jmap_call *call)
{
    jmap_listed_get(call, &type);
}

void jmap_user_set(struct jmap_call *call)
{
    if (store_principal_is_admin(call->request->principal))
        jmap_listed_set(call, &type);
    else
        jmap_fail(call, "forbidden", "only administrators manage people");
}

/* User/invite: a link to choose a password by, shown in this answer only. */
void jmap_user_invite(struct jmap_call *call)
{
    const struct jmap_config *config = &call->request->jmap->config;
    int64_t id = jmap_id_find(call->request, 'u', jmap_arg_string(call, "id")), expires = 0;
    g_autofree char *url = NULL;
    GError *error = NULL;
    bool is_reset = false, sent = false;
    char *token = NULL;
    json_t *answer;

    if (!store_person_link(config->store, call->request->principal, id, &token, &expires, &is_reset,
                           &error)) {
        jmap_fail_error(call, error);
        return;
    }
    url = g_strdup_printf("%s/invite/%s", config->public_url, token);
    secret_wipe_string(token);
    if (jmap_arg_bool(call, "send") && config->hooks.invite != NULL)
        sent = config->hooks.invite(call->request->principal, id, url, is_reset,
                                    jmap_arg_string(call, "language"), config->hooks.arg);
    answer = jmap_answer(call);
    json_object_set_new(answer, "id", jmap_id('u', id));
    json_object_set_new(answer, "url", json_string(url));
    json_object_set_new(answer, "expiresAt", jmap_json_utc(expires));
    json_object_set_new(answer, "isReset", json_boolean(is_reset));
    json_object_set_new(answer, "sent", json_boolean(sent));
    secret_wipe_string(g_steal_pointer(&url));
    jmap_respond(call, answer);
}
