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
    {STORE_QUOTA, "Quota"},
    {STORE_PREFERENCES, "Preferences"},
    {STORE_LABEL, "Label"},
    {STORE_SAVED_SEARCH, "SavedSearch"},
    {STORE_CONTACT_GROUP, "ContactGroup"},
    {STORE_TRUSTED_SENDER, "TrustedSender"},
    {STORE_HIDDEN_CONTACT, "HiddenContact"},
    {STORE_NOTE, "Note"},
    {STORE_TODO, "Todo"},
    {STORE_SIGNATURE, "Signature"},
    {STORE_TEMPLATE, "Template"},
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

/* Adds states to what is told of an account. */
static void add_states(json_t *changed, const char *account, json_t *states)
{
    json_t *known = json_object_get(changed, account);

    if (known != NULL)
        json_object_update(known, states);
    else if (json_object_size(states) > 0)
        json_object_set(changed, account, states);
    json_decref(states);
}

static char *user_account(const struct store_principal *principal)
{
    return g_strdup_printf("u%" G_GINT64_FORMAT, store_principal_user(principal));
}

static void add_account(json_t *changed, const char *account, const struct store_access *access,
                        unsigned bits, const char *const *types)
{
    json_t *states = json_object();

    for (size_t i = 0; i < G_N_ELEMENTS(pushed); i++)
        if ((bits & pushed[i].type) && wanted(types, pushed[i].name))
            json_object_set_new(states, pushed[i].name,
                                jmap_state(store_state(access, pushed[i].type)));
    add_states(changed, account, states);
}

static void add_linked(json_t *changed, struct jmap *jmap, const struct store_principal *principal,
                       const char *const *types)
{
    g_autofree char *id = user_account(principal);
    uint64_t state = 0;

    if (!wanted(types, "LinkedAccount"))
        return;
    if (store_accounts_state(jmap->config.store, principal, &state, NULL))
        add_states(changed, id, json_pack("{s: o}", "LinkedAccount", jmap_state(state)));
}

/* What changes in any account, or in which they are, changes the unified one. */
static void add_unified(json_t *changed, struct jmap *jmap, struct store_principal *principal,
                        unsigned bits, const char *const *types)
{
    g_autofree char *id = user_account(principal);
    struct store_access *access = store_authorise_all(jmap->config.store, principal, NULL);

    if (bits & STORE_ACCESS)
        for (size_t i = 0; i < G_N_ELEMENTS(pushed); i++)
            bits |= pushed[i].type;
    if (access != NULL)
        add_account(changed, id, access, bits, types);
    store_access_free(access);
}

/* Takes the map; NULL when it is empty. */
static json_t *state_change(json_t *map)
{
    if (json_object_size(map) > 0)
        return json_pack("{s: s, s: o}", "@type", "StateChange", "changed", map);
    json_decref(map);
    return NULL;
}

/* What of a change concerns the person's own account: of one that they may not see, or no longer,
 * that access changed. */
static unsigned add_change(json_t *map, struct jmap *jmap, struct store_principal *principal,
                           const struct jmap_changed *change, const char *const *types)
{
    g_autofree char *id = g_strdup_printf("a%" G_GINT64_FORMAT, change->account);
    struct store_access *access;

    if (change->account == 0 || change->account == -store_principal_user(principal))
        return change->bits;
    access = store_authorise(jmap->config.store, principal, change->account, STORE_READ, NULL);
    if (access == NULL)
        return change->bits & STORE_ACCESS;
    add_account(map, id, access, change->bits, types);
    store_access_free(access);
    return change->bits;
}

json_t *jmap_state_changes(struct jmap *jmap, struct store_principal *principal,
                           const struct jmap_changed *list, size_t count, const char *const *types)
{
    json_t *map;
    unsigned bits = 0;

    if (!store_principal_is_valid(jmap->config.store, principal))
        return NULL;
    map = json_object();
    for (size_t i = 0; i < count; i++)
        bits |= add_change(map, jmap, principal, &list[i], types);
    if (bits != 0)
        add_unified(map, jmap, principal, bits, types);
    if (bits & (STORE_LINKED_ACCOUNT | STORE_ACCESS))
        add_linked(map, jmap, principal, types);
    return state_change(map);
}

GArray *jmap_changed_since(struct jmap *jmap, struct store_principal *principal, uint64_t since)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct jmap_changed));
    struct store_access *access = store_authorise_all(jmap->config.store, principal, NULL);
    g_autoptr(GArray) changed = access != NULL ? store_changed_since(access, since, NULL) : NULL;

    for (size_t i = 0; changed != NULL && i < changed->len; i++) {
        const struct store_changed *one = &g_array_index(changed, struct store_changed, i);
        struct jmap_changed change = {one->account, one->types & STORE_ACCESS};

        for (size_t k = 0; k < G_N_ELEMENTS(pushed); k++)
            if (one->types & pushed[k].type)
                change.bits |= pushed[k].type;
        if (change.bits != 0)
            g_array_append_val(list, change);
    }
    store_access_free(access);
    return list;
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
    unsigned bits = 0;

    for (size_t i = 0; i < list->len; i++)
        bits |=
            add_change(map, jmap, principal, &g_array_index(list, struct jmap_changed, i), types);
    if (bits != 0)
        add_unified(map, jmap, principal, bits, types);
    store_accounts_state(jmap->config.store, principal, &linked_now, NULL);
    if (!known || linked != linked_now)
        add_linked(map, jmap, principal, types);
    return state_change(map);
}
