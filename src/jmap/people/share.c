#include "jmap/manage/listed.h"
#include "jmap/methods.h"
#include "store/people.h"

#include <string.h>

/* AccountShare of docs/api.md: who may see which linked mailbox. Its id is "a<n>-u<n>". */

static const char *const properties[] = {
    "id",     "linkedAccountId", "userId",    "address",   "email",
    "access", "isOwner",         "grantedBy", "grantedAt", NULL,
};

static const struct {
    const char *word;
    unsigned rights;
} words[] = {
    {"read", STORE_READ},
    {"work", STORE_READ | STORE_WRITE},
    {"send", STORE_READ | STORE_WRITE | STORE_SEND},
};

static const char *word_of(unsigned rights)
{
    for (size_t i = G_N_ELEMENTS(words); i > 0; i--)
        if ((rights & words[i - 1].rights) == words[i - 1].rights)
            return words[i - 1].word;
    return NULL;
}

/* 0: no such word. */
static unsigned rights_of(const json_t *word)
{
    for (size_t i = 0; json_is_string(word) && i < G_N_ELEMENTS(words); i++)
        if (strcmp(json_string_value(word), words[i].word) == 0)
            return words[i].rights;
    return 0;
}

static char *id_of(int64_t account, int64_t user)
{
    return g_strdup_printf("a%" G_GINT64_FORMAT "-u%" G_GINT64_FORMAT, account, user);
}

static bool parse_id(const char *id, int64_t *account, int64_t *user)
{
    g_auto(GStrv) parts = g_strsplit(id, "-", 3);

    if (g_strv_length(parts) != 2)
        return false;
    *account = jmap_id_parse('a', parts[0]);
    *user = jmap_id_parse('u', parts[1]);
    return *account > 0 && *user > 0;
}

static json_t *object_of(const struct store_share *share)
{
    g_autofree char *id = id_of(share->account, share->user);

    return json_pack("{s: s, s: o, s: o, s: o, s: o, s: o, s: b, s: o, s: o}", "id", id,
                     "linkedAccountId", jmap_id('a', share->account), "userId",
                     jmap_id('u', share->user), "address", jmap_json_text(share->address), "email",
                     jmap_json_text(share->email), "access", jmap_json_text(word_of(share->rights)),
                     "isOwner", (int)share->owner, "grantedBy", jmap_json_text(share->granted_by),
                     "grantedAt", jmap_json_utc_or_null(share->granted_at));
}

static json_t *load(struct jmap_call *call, GError **error)
{
    g_autoptr(GPtrArray) shares =
        store_shares(call->request->jmap->config.store, call->request->principal, error);
    json_t *list;

    if (shares == NULL)
        return NULL;
    list = json_array();
    for (size_t i = 0; i < shares->len; i++)
        json_array_append_new(list, object_of(g_ptr_array_index(shares, i)));
    return list;
}

/* rights 0: taken away. */
static json_t *change(struct jmap_call *call, int64_t account, int64_t user, unsigned rights)
{
    GError *error = NULL;

    if (store_share_set(call->request->jmap->config.store, call->request->principal, account, user,
                        rights, &error))
        return NULL;
    return jmap_set_error_of(error, NULL);
}

static json_t *create(struct jmap_call *call, json_t *object, json_t **created)
{
    const struct jmap_request *request = call->request;
    bool ok = true;
    int64_t account = jmap_id_find(request, 'a', jmap_listed_text(object, "linkedAccountId", &ok));
    int64_t user = jmap_id_find(request, 'u', jmap_listed_text(object, "userId", &ok));
    unsigned rights = rights_of(json_object_get(object, "access"));
    g_autofree char *id = id_of(account, user);
    json_t *error;

    if (!ok || account <= 0)
        return jmap_invalid_property("linkedAccountId", NULL);
    if (user <= 0)
        return jmap_invalid_property("userId", NULL);
    if (rights == 0)
        return jmap_invalid_property("access", NULL);
    error = change(call, account, user, rights);
    if (error == NULL)
        *created = json_pack("{s: s}", "id", id);
    return error;
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch)
{
    int64_t account, user;
    const char *key;
    json_t *value;

    if (!parse_id(id, &account, &user))
        return jmap_set_error("notFound", NULL);
    json_object_foreach(patch, key, value)
    {
        if (strcmp(key, "access") != 0 || rights_of(value) == 0)
            return jmap_invalid_property(key, NULL);
    }
    value = json_object_get(patch, "access");
    return value == NULL ? NULL : change(call, account, user, rights_of(value));
}

static json_t *destroy(struct jmap_call *call, const char *id)
{
    int64_t account, user;

    if (!parse_id(id, &account, &user))
        return jmap_set_error("notFound", NULL);
    return change(call, account, user, 0);
}

static const struct jmap_listed type = {properties, load, create, update, destroy};

void jmap_account_share_get(struct jmap_call *call)
{
    jmap_listed_get(call, &type);
}

void jmap_account_share_set(struct jmap_call *call)
{
    jmap_listed_set(call, &type);
}
