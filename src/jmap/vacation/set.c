#include "jmap/methods.h"
#include "jmap/vacation/object.h"

/* RFC 8621, 8.2: there is one object, which is neither created nor destroyed (RFC 8620, 5.3). */

struct run {
    struct jmap_call *call;
    struct jmap_set answer;
};

static json_t *create(void *arg, const char *key, json_t *object)
{
    (void)arg;
    (void)key;
    (void)object;
    return jmap_set_error("singleton", NULL);
}

static json_t *put(const struct run *run, json_t *object, json_t *bad)
{
    struct store_vacation vacation;
    json_t *refusal = NULL;
    GError *error = NULL;

    jmap_vacation_read(object, &vacation, bad);
    if (json_array_size(bad) > 0)
        refusal = jmap_invalid_properties(json_incref(bad), NULL);
    else if (!store_vacation_set(run->call->access, &vacation, &error))
        refusal = jmap_set_error_of(error, NULL);
    store_vacation_clear(&vacation);
    return refusal;
}

static json_t *change(const struct run *run, json_t *current, json_t *patch)
{
    static const char *const settable[] = {"isEnabled", "fromDate", "toDate", "subject",
                                           "textBody",  "htmlBody", NULL};
    json_t *bad = json_array(), *refusal;
    json_t *changes = jmap_patch_changes(current, patch, settable, bad);

    if (changes == NULL) {
        refusal = jmap_set_error("invalidPatch", NULL);
    } else {
        json_object_update(current, changes);
        refusal = put(run, current, bad);
    }
    json_decref(changes);
    json_decref(bad);
    return refusal;
}

static json_t *update(void *arg, const char *key, json_t *patch)
{
    struct run *run = arg;
    struct store_vacation vacation;
    GError *error = NULL;
    json_t *current, *refusal;

    if (strcmp(key, VACATION_ID) != 0)
        return jmap_set_error("notFound", NULL);
    if (!store_vacation(run->call->access, &vacation, NULL, &error)) {
        store_vacation_clear(&vacation);
        return jmap_set_error_of(error, NULL);
    }
    current = jmap_vacation_object(&vacation);
    store_vacation_clear(&vacation);
    refusal = change(run, current, patch);
    json_decref(current);
    if (refusal == NULL)
        json_object_set_new(run->answer.updated, key, json_null());
    return refusal;
}

static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    (void)arg;
    (void)unused;
    return jmap_set_error(strcmp(key, VACATION_ID) == 0 ? "singleton" : "notFound", NULL);
}

void jmap_vacation_set(struct jmap_call *call)
{
    struct run run = {.call = call};
    uint64_t before;

    if (!jmap_set_open(call, STORE_VACATION, &run.answer, &before))
        return;
    jmap_set_carry_out(call, &run.answer, create, update, destroy, &run);
    jmap_set_close(call, STORE_VACATION, &run.answer, before);
}
