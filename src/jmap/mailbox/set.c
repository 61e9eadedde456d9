#include "jmap/mailbox/exchange.h"
#include "jmap/methods.h"

/* RFC 8621, 2.5. */

/* How often names are tried again that others of the call had: a chain in the worst order needs one
 * for each, and each costs a write. */
#define ROUNDS 32

struct run {
    struct jmap_call *call;
    struct jmap_set answer;
    GPtrArray *blocked; /* keys of updates that failed by the name or the place, borrowed */
};

static const char *const settable[] = {
    "name", "parentId", "role", "sortOrder", "isSubscribed", NULL,
};

/* --- properties: each is NULL, or says what is wrong with the value --- */

static const char *take_name(const json_t *value, struct store_mailbox_patch *patch)
{
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
        return "a name is a text";
    patch->has_name = true;
    patch->name = json_string_value(value);
    return NULL;
}

static const char *take_parent(struct run *run, const json_t *value,
                               struct store_mailbox_patch *patch)
{
    patch->has_parent = true;
    patch->parent =
        json_is_null(value) ? 0 : jmap_id_find(run->call->request, 'm', json_string_value(value));
    return patch->parent != 0 || json_is_null(value) ? NULL : "no such mailbox";
}

static const char *take_role(const json_t *value, struct store_mailbox_patch *patch)
{
    const char *word = json_string_value(value);

    patch->has_role = true;
    patch->role = word != NULL ? mail_role_of_name(word) : MAIL_ROLE_NONE;
    if (json_is_null(value))
        return NULL;
    /* Lower case (RFC 8621, 2): it is kept as it was sent, or refused. */
    return word != NULL && g_strcmp0(mail_role_name(patch->role), word) == 0 ? NULL
                                                                             : "no such role";
}

static const char *take_order(const json_t *value, struct store_mailbox_patch *patch)
{
    patch->has_sort_order = true;
    if (json_is_null(value)) /* the default (RFC 8621, 2) */
        return NULL;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > INT32_MAX)
        return "a number from 0 to 2^31-1";
    patch->sort_order = (uint32_t)json_integer_value(value);
    return NULL;
}

static const char *take_subscribed(const json_t *value, struct store_mailbox_patch *patch)
{
    patch->has_subscribed = true;
    patch->subscribed = json_is_true(value);
    return json_is_boolean(value) ? NULL : "true or false";
}

static const char *take(struct run *run, const char *name, const json_t *value,
                        struct store_mailbox_patch *patch)
{
    if (strcmp(name, "name") == 0)
        return take_name(value, patch);
    if (strcmp(name, "parentId") == 0)
        return take_parent(run, value, patch);
    if (strcmp(name, "role") == 0)
        return take_role(value, patch);
    if (strcmp(name, "sortOrder") == 0)
        return take_order(value, patch);
    if (strcmp(name, "isSubscribed") == 0)
        return take_subscribed(value, patch);
    return "not a property that can be set";
}

/* What the object says; or a SetError that names all that is wrong, with what is in bad already.
 * Takes bad. */
static json_t *read_patch(struct run *run, json_t *object, json_t *bad,
                          struct store_mailbox_patch *patch)
{
    const char *name, *why = json_array_size(bad) > 0 ? "not a property that can be set" : NULL;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        const char *wrong = take(run, name, value, patch);

        if (wrong == NULL)
            continue;
        json_array_append_new(bad, json_string(name));
        why = why != NULL ? why : wrong;
    }
    if (why != NULL)
        return jmap_invalid_properties(bad, why);
    json_decref(bad);
    return NULL;
}

static bool is_plain(json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (!g_strv_contains(settable, name))
            return false;
    }
    return true;
}

/* The changes that a PatchObject makes (transfer full), or NULL with a SetError. Those that cannot
 * be made are added to bad. */
static json_t *changes_of(struct run *run, int64_t id, json_t *object, json_t *bad, json_t **error)
{
    json_t *current, *changes;

    if (is_plain(object))
        return json_incref(object);
    current = jmap_mailbox_one(run->call, id);
    changes = current != NULL ? jmap_patch_changes(current, object, settable, bad) : NULL;
    if (changes == NULL)
        *error = jmap_set_error(current != NULL ? "invalidPatch" : "notFound", NULL);
    json_decref(current);
    return changes;
}

/* Conflicts are SetErrors of their own (RFC 8621, 2.5). */
static json_t *set_error(GError *error, const char *property)
{
    bool named = error_is(error, ERROR_CONFLICT) && property != NULL;
    json_t *result = named ? jmap_set_error(property, error->message) : NULL;

    if (!named)
        return jmap_set_error_of(error, property);
    g_error_free(error);
    return result;
}

/* The name as it is kept, where that is not as it came. */
static void tell_name(json_t *object, const struct store_mailbox_patch *patch)
{
    g_autofree char *kept =
        patch->has_name ? g_utf8_normalize(patch->name, -1, G_NORMALIZE_NFC) : NULL;

    if (kept != NULL && strcmp(kept, patch->name) != 0)
        json_object_set_new(object, "name", jmap_json_text(kept));
}

/* --- create --- */

/* All that the server set, and the defaults of what was not given. */
static json_t *created_object(struct run *run, int64_t id, const struct store_mailbox_patch *patch)
{
    const struct store_mailbox made = {.selectable = true,
                                       .may_have_children = true,
                                       .rights =
                                           STORE_WRITE |
                                           (jmap_may(run->call, STORE_SEND) ? STORE_SEND : 0u)};
    json_t *object = json_pack("{s: o, s: i, s: i, s: i, s: i, s: o}", "id", jmap_id('m', id),
                               "totalEmails", 0, "unreadEmails", 0, "totalThreads", 0,
                               "unreadThreads", 0, "myRights", jmap_mailbox_rights(&made));

    if (!patch->has_parent)
        json_object_set_new(object, "parentId", json_null());
    if (!patch->has_role)
        json_object_set_new(object, "role", json_null());
    if (!patch->has_sort_order)
        json_object_set_new(object, "sortOrder", json_integer(0));
    if (!patch->has_subscribed)
        json_object_set_new(object, "isSubscribed", json_true());
    tell_name(object, patch);
    return object;
}

static json_t *create(struct run *run, const char *key, json_t *object)
{
    struct store_mailbox_patch patch = {0};
    const char *property = NULL;
    GError *error = NULL;
    json_t *refusal = read_patch(run, object, json_array(), &patch), *created;
    int64_t id;

    if (refusal != NULL)
        return refusal;
    if (!patch.has_name)
        return jmap_invalid_property("name", "a mailbox has a name");
    id = store_mailbox_create(run->call->access, &patch, &property, &error);
    if (id == 0)
        return set_error(error, property);
    created = created_object(run, id, &patch);
    jmap_id_created(run->call->request, key, json_object_get(created, "id"));
    json_object_set_new(run->answer.created, key, created);
    return NULL;
}

/* It names a parent that this very call creates, and has not yet. */
static bool waits_for_parent(const struct run *run, const json_t *creations, const json_t *object)
{
    const char *parent = json_string_value(json_object_get(object, "parentId"));

    return parent != NULL && parent[0] == '#' && json_object_get(creations, parent + 1) != NULL &&
           json_object_get(run->answer.created, parent + 1) == NULL &&
           json_object_get(run->answer.not_created, parent + 1) == NULL;
}

/* Parents before their children; what names each other in a circle fails at the end. */
static void create_all(struct run *run)
{
    json_t *creations = jmap_arg(run->call, "create"), *object, *error;
    const char *key;
    bool progress = true, last = false;

    while (progress || !last) {
        last = !progress;
        progress = false;
        json_object_foreach(creations, key, object)
        {
            bool is_done = json_object_get(run->answer.created, key) != NULL ||
                           json_object_get(run->answer.not_created, key) != NULL;

            if (is_done || (!last && waits_for_parent(run, creations, object)))
                continue;
            progress = true;
            error = create(run, key, object);
            if (error != NULL)
                json_object_set_new(run->answer.not_created, key, error);
        }
    }
}

/* --- update --- */

static json_t *update_checked(struct run *run, int64_t number, json_t *changes, json_t *bad,
                              json_t *told, bool *blocked)
{
    struct store_mailbox_patch patch = {0};
    const char *property = NULL;
    GError *error = NULL;
    json_t *refusal = read_patch(run, changes, bad, &patch);

    if (refusal != NULL)
        return refusal;
    if (store_mailbox_update(run->call->access, number, &patch, &property, &error)) {
        tell_name(told, &patch);
        return NULL;
    }
    *blocked = error_is(error, ERROR_INVALID) &&
               (g_strcmp0(property, "name") == 0 || g_strcmp0(property, "parentId") == 0);
    return set_error(error, property);
}

static json_t *update(struct run *run, const char *key, json_t *object, bool *blocked)
{
    const char *id = jmap_id_resolve(run->call->request, key);
    int64_t number = jmap_id_find(run->call->request, 'm', key);
    json_t *error = NULL, *told, *bad, *changes;

    *blocked = false;
    if (number == 0)
        return jmap_set_error("notFound", NULL);
    if (jmap_set_destroys(run->call, id))
        return jmap_set_error("willDestroy", NULL);
    bad = json_array();
    changes = changes_of(run, number, object, bad, &error);
    if (changes == NULL) {
        json_decref(bad);
        return error;
    }
    told = json_object();
    error = update_checked(run, number, changes, bad, told, blocked);
    if (error == NULL)
        json_object_set(run->answer.updated, id, json_object_size(told) > 0 ? told : json_null());
    json_decref(told);
    json_decref(changes);
    return error;
}

/* One after the other; again those whose name or place another of them had, since it may have given
 * it up. */
static void update_some(struct run *run, bool gives_up_role)
{
    g_autoptr(GHashTable) settled = g_hash_table_new(g_str_hash, g_str_equal);
    bool progress = true;

    for (int round = 0; progress && round < ROUNDS; round++) {
        const char *key;
        json_t *object;

        progress = false;
        json_object_foreach(jmap_arg(run->call, "update"), key, object)
        {
            json_t *role = json_object_get(object, "role"), *error;
            bool blocked;

            if ((role != NULL && json_is_null(role)) != gives_up_role ||
                g_hash_table_contains(settled, key))
                continue;
            error = update(run, key, object, &blocked);
            if (error == NULL)
                json_object_del(run->answer.not_updated, key);
            else
                json_object_set_new(run->answer.not_updated, key, error);
            progress = progress || error == NULL;
            if (!blocked)
                g_hash_table_add(settled, (gpointer)(uintptr_t)key);
            else if (!g_ptr_array_find(run->blocked, key, NULL))
                g_ptr_array_add(run->blocked, (gpointer)(uintptr_t)key);
        }
    }
}

/* What one of them asks for; NULL: that is no circle's fault. (transfer full): the texts of *change
 * are in it. */
static json_t *read_blocked(struct run *run, const char *key, struct store_mailbox_change *change)
{
    json_t *error = NULL, *bad = json_array(), *changes;

    *change = (struct store_mailbox_change){.id = jmap_id_find(run->call->request, 'm', key)};
    changes = changes_of(run, change->id, json_object_get(jmap_arg(run->call, "update"), key), bad,
                         &error);
    if (changes == NULL)
        json_decref(bad);
    else
        error = read_patch(run, changes, bad, &change->patch);
    if (error != NULL)
        g_clear_pointer(&changes, json_decref);
    json_decref(error);
    return changes;
}

static void tell_exchanged(struct run *run, const char *key,
                           const struct store_mailbox_patch *patch)
{
    json_t *told = json_object();

    tell_name(told, patch);
    json_object_del(run->answer.not_updated, key);
    json_object_set(run->answer.updated, jmap_id_resolve(run->call->request, key),
                    json_object_size(told) > 0 ? told : json_null());
    json_decref(told);
}

static void drop_json(gpointer json)
{
    json_decref(json);
}

/* Names that go round: none of these can be first (RFC 8620, 5.3). */
static void exchange_blocked(struct run *run)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(drop_json);
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(struct store_mailbox_change));
    g_autofree bool *done = g_new0(bool, run->blocked->len + 1);

    for (guint i = 0; i < run->blocked->len; i++) {
        const char *key = run->blocked->pdata[i];
        struct store_mailbox_change change = {0};
        json_t *changes = json_object_get(run->answer.not_updated, key) != NULL
                              ? read_blocked(run, key, &change)
                              : NULL;

        if (changes == NULL)
            continue;
        g_ptr_array_add(keys, (gpointer)(uintptr_t)key);
        g_ptr_array_add(texts, changes);
        g_array_append_val(list, change);
    }
    if (list->len > 1)
        jmap_mailbox_exchange(run->call->access, list, done);
    for (guint i = 0; i < list->len; i++)
        if (done[i])
            tell_exchanged(run, keys->pdata[i],
                           &g_array_index(list, struct store_mailbox_change, i).patch);
}

/* A role is given up before another mailbox takes it. */
static void update_all(struct run *run)
{
    run->blocked = g_ptr_array_new();
    update_some(run, true);
    update_some(run, false);
    exchange_blocked(run);
    g_ptr_array_unref(run->blocked);
}

/* --- destroy --- */

static json_t *destroy(struct run *run, const char *key, bool *has_child)
{
    const char *property = NULL;
    GError *error = NULL;
    int64_t number = jmap_id_find(run->call->request, 'm', key);
    bool remove_emails = jmap_arg_bool(run->call, "onDestroyRemoveEmails");

    *has_child = false;
    if (number == 0)
        return jmap_set_error("notFound", NULL);
    if (store_mailbox_destroy(run->call->access, number, remove_emails, &property, &error)) {
        json_array_append_new(run->answer.destroyed,
                              json_string(jmap_id_resolve(run->call->request, key)));
        return NULL;
    }
    *has_child = g_strcmp0(property, "mailboxHasChild") == 0;
    return set_error(error, property);
}

/* Children before their parents, in whatever order they are named. */
static void destroy_all(struct run *run)
{
    g_autoptr(GHashTable) settled = g_hash_table_new(g_str_hash, g_str_equal);
    bool progress = true;

    while (progress) {
        json_t *item;
        size_t i;

        progress = false;
        json_array_foreach(jmap_arg(run->call, "destroy"), i, item)
        {
            const char *key = json_string_value(item);
            bool has_child;
            json_t *error;

            if (g_hash_table_contains(settled, key))
                continue;
            error = destroy(run, key, &has_child);
            if (error == NULL)
                json_object_del(run->answer.not_destroyed, key);
            else
                json_object_set_new(run->answer.not_destroyed, key, error);
            progress = progress || error == NULL;
            if (!has_child)
                g_hash_table_add(settled, (gpointer)(uintptr_t)key);
        }
    }
}

void jmap_mailbox_set(struct jmap_call *call)
{
    struct run run = {.call = call};
    uint64_t before;

    if (!jmap_set_open(call, STORE_MAILBOX, &run.answer, &before))
        return;
    create_all(&run);
    update_all(&run);
    destroy_all(&run);
    jmap_set_close(call, STORE_MAILBOX, &run.answer, before);
}
