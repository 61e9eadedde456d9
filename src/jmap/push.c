#include "jmap/jmap.h"

#include "jmap/engine/engine.h"

static const struct {
    enum store_type type, state_of;
    const char *name;
} pushed[] = {
    {STORE_MAILBOX, STORE_MAILBOX, "Mailbox"},
    {STORE_EMAIL, STORE_EMAIL, "Email"},
    {STORE_THREAD, STORE_THREAD, "Thread"},
    {STORE_IDENTITY, STORE_IDENTITY, "Identity"},
    {STORE_SUBMISSION, STORE_SUBMISSION, "EmailSubmission"},
    {STORE_EMAIL_DELIVERY, STORE_EMAIL, "EmailDelivery"},
};

static bool wanted(const char *const *types, const char *name)
{
    return types == NULL || g_strv_contains(types, name);
}

unsigned jmap_state_bits(const char *const *types)
{
    unsigned bits = STORE_ACCESS;

    for (size_t i = 0; i < G_N_ELEMENTS(pushed); i++)
        if (wanted(types, pushed[i].name))
            bits |= pushed[i].type;
    return wanted(types, "LinkedAccount") ? bits | STORE_LINKED_ACCOUNT : bits;
}

static void add_account(json_t *changed, const struct store_access *access, unsigned bits,
                        const char *const *types)
{
    json_t *states = json_object();
    g_autofree char *id = g_strdup_printf("a%" G_GINT64_FORMAT, store_access_account(access));

    for (size_t i = 0; i < G_N_ELEMENTS(pushed); i++)
        if ((bits & pushed[i].type) && wanted(types, pushed[i].name))
            json_object_set_new(states, pushed[i].name,
                                jmap_state(store_state(access, pushed[i].state_of)));
    if (json_object_size(states) > 0)
        json_object_set(changed, id, states);
    json_decref(states);
}

static void add_linked(json_t *changed, struct jmap *jmap, const struct store_principal *principal,
                       const char *const *types)
{
    g_autofree char *id = g_strdup_printf("u%" G_GINT64_FORMAT, store_principal_user(principal));
    uint64_t state = 0;

    if (!wanted(types, "LinkedAccount"))
        return;
    if (store_accounts_state(jmap->config.store, principal, &state, NULL))
        json_object_set_new(changed, id, json_pack("{s: o}", "LinkedAccount", jmap_state(state)));
}

json_t *jmap_state_change(struct jmap *jmap, struct store_principal *principal, int64_t account,
                          unsigned changed, const char *const *types)
{
    struct store *store = jmap->config.store;
    json_t *map;
    struct store_access *access = NULL;

    if (!store_principal_is_valid(store, principal))
        return NULL;
    if (account != 0) {
        access = store_authorise(store, principal, account, STORE_READ, NULL);
        if (access == NULL)
            return NULL;
    }
    map = json_object();
    if (access != NULL)
        add_account(map, access, changed, types);
    store_access_free(access);
    if (changed & (STORE_LINKED_ACCOUNT | STORE_ACCESS))
        add_linked(map, jmap, principal, types);
    if (json_object_size(map) == 0) {
        json_decref(map);
        return NULL;
    }
    return json_pack("{s: s, s: o}", "@type", "StateChange", "changed", map);
}
