#include "jmap/jmap.h"

#include "jmap/engine/engine.h"

static const struct {
    enum store_type type;
    const char *name;
} pushed[] = {
    {STORE_MAILBOX, "Mailbox"},
    {STORE_EMAIL, "Email"},
    {STORE_THREAD, "Thread"},
    {STORE_IDENTITY, "Identity"},
    {STORE_SUBMISSION, "EmailSubmission"},
    {STORE_VACATION, "VacationResponse"},
    {STORE_EMAIL_DELIVERY, "EmailDelivery"},
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
    g_autofree char *id = g_strdup_printf("a%" G_GINT64_FORMAT, store_access_account(access));
    json_t *states = json_object();

    for (size_t i = 0; i < G_N_ELEMENTS(pushed); i++)
        if ((bits & pushed[i].type) && wanted(types, pushed[i].name))
            json_object_set_new(states, pushed[i].name,
                                jmap_state(store_state(access, pushed[i].type)));
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

/* Takes the map; NULL when it is empty. */
static json_t *state_change(json_t *map)
{
    if (json_object_size(map) > 0)
        return json_pack("{s: s, s: o}", "@type", "StateChange", "changed", map);
    json_decref(map);
    return NULL;
}

static void add_change(json_t *map, struct jmap *jmap, struct store_principal *principal,
                       const struct jmap_changed *change, const char *const *types)
{
    struct store_access *access = NULL;

    if (change->account != 0)
        access = store_authorise(jmap->config.store, principal, change->account, STORE_READ, NULL);
    if (access != NULL)
        add_account(map, access, change->bits, types);
    store_access_free(access);
}

json_t *jmap_state_changes(struct jmap *jmap, struct store_principal *principal,
                           const struct jmap_changed *list, size_t count, const char *const *types)
{
    json_t *map;
    unsigned linked = 0;

    if (!store_principal_is_valid(jmap->config.store, principal))
        return NULL;
    map = json_object();
    for (size_t i = 0; i < count; i++) {
        add_change(map, jmap, principal, &list[i], types);
        linked |= list[i].bits;
    }
    if (linked & (STORE_LINKED_ACCOUNT | STORE_ACCESS))
        add_linked(map, jmap, principal, types);
    return state_change(map);
}

GArray *jmap_changed_since(struct jmap *jmap, struct store_principal *principal, uint64_t since)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct jmap_changed));
    g_autoptr(GPtrArray) views = store_accounts_of(jmap->config.store, principal, NULL, NULL);

    for (size_t i = 0; views != NULL && i < views->len; i++) {
        const struct store_account_view *view = g_ptr_array_index(views, i);
        struct jmap_changed change = {.account = view->id};
        struct store_access *access =
            store_authorise(jmap->config.store, principal, view->id, STORE_READ, NULL);

        for (size_t k = 0; access != NULL && k < G_N_ELEMENTS(pushed); k++)
            if (store_state(access, pushed[k].type) > since)
                change.bits |= pushed[k].type;
        store_access_free(access);
        if (change.bits != 0)
            g_array_append_val(list, change);
    }
    return list;
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
    return state_change(map);
}

/* --- what was missed --- */

char *jmap_push_id(struct jmap *jmap, const struct store_principal *principal, uint64_t told)
{
    uint64_t linked = 0;

    store_accounts_state(jmap->config.store, principal, &linked, NULL);
    return g_strdup_printf("%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, told, linked);
}

/* false: none of ours. */
static bool read_id(const char *id, uint64_t *since, uint64_t *linked)
{
    g_auto(GStrv) parts = g_strsplit(id, "-", 3);

    return g_strv_length(parts) == 2 && jmap_state_parse(parts[0], since) &&
           jmap_state_parse(parts[1], linked);
}

json_t *jmap_push_missed(struct jmap *jmap, struct store_principal *principal, const char *id,
                         uint64_t told, const char *const *types)
{
    uint64_t since = 0, linked = 0, linked_now = 0;
    bool known = read_id(id, &since, &linked) && since <= told;
    g_autoptr(GArray) list = jmap_changed_since(jmap, principal, known ? since : 0);
    json_t *map = json_object();

    for (size_t i = 0; i < list->len; i++)
        add_change(map, jmap, principal, &g_array_index(list, struct jmap_changed, i), types);
    store_accounts_state(jmap->config.store, principal, &linked_now, NULL);
    if (!known || linked != linked_now)
        add_linked(map, jmap, principal, types);
    return state_change(map);
}
