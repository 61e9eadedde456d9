#include "jmap/identity/object.h"
#include "jmap/identity/proof.h"
#include "jmap/methods.h"
#include "jmap/submission/object.h"

/* RFC 8621, 6.3. Signatures are kept as they came: an htmlSignature is made safe where it is shown,
 * like any mail (SECURITY.md 6, 7). */

#define NAME_MAX_OCTETS 1000

struct run {
    struct jmap_call *call;
    struct jmap_set answer;
};

/* An object or a patch being read. */
struct reading {
    struct store_identity_patch patch; /* borrows from the object and from here */
    char *reply_to, *bcc;
    json_t *bad;      /* names of wrong properties */
    const char *code; /* of a proof that a person typed, or NULL */
    bool again;       /* another proof is to be sent */
    bool is_patch, too_large, wrong_path;
};

static void reading_clear(struct reading *reading)
{
    free(reading->reply_to);
    free(reading->bcc);
    json_decref(reading->bad);
}

/* --- values --- */

static bool has_nul(const json_t *value)
{
    return strlen(json_string_value(value)) != json_string_length(value);
}

/* What goes into a header field. */
static bool is_line(const json_t *value)
{
    if (!json_is_string(value) || json_string_length(value) > NAME_MAX_OCTETS || has_nul(value))
        return false;
    for (const char *c = json_string_value(value); *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    return true;
}

/* {"name": …, "email": …} from item, or NULL when it is no EmailAddress. (transfer full) */
static json_t *read_address(json_t *item)
{
    json_t *name = json_object_get(item, "name"), *email = json_object_get(item, "email");
    size_t known = (name != NULL) + (email != NULL);

    if (json_object_size(item) != known || !json_is_string(email) || has_nul(email) ||
        !jmap_address_is_valid(json_string_value(email)))
        return NULL;
    if (name != NULL && !json_is_null(name) && !is_line(name))
        return NULL;
    return json_pack("{s: O?, s: O}", "name", name, "email", email);
}

/* As text for the store; NULL for null. false: no list of addresses. */
static bool read_addresses(json_t *value, char **text)
{
    json_t *list, *item;
    size_t i;

    if (json_is_null(value))
        return true;
    if (!json_is_array(value) || json_array_size(value) > JMAP_MAX_RECIPIENTS)
        return false;
    list = json_array();
    json_array_foreach(value, i, item)
    {
        json_t *address = read_address(item);

        if (address == NULL) {
            json_decref(list);
            return false;
        }
        json_array_append_new(list, address);
    }
    *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return true;
}

/* A patch says null for the default (RFC 8620, 5.3). */
static bool read_name(const json_t *value, bool is_patch, const char **name)
{
    bool is_default = is_patch && json_is_null(value);

    *name = is_default ? "" : json_string_value(value);
    return is_default || is_line(value);
}

static bool read_signature(struct reading *reading, const json_t *value, const char **signature)
{
    bool is_default = reading->is_patch && json_is_null(value);

    *signature = is_default ? "" : json_string_value(value);
    reading->too_large = reading->too_large || json_string_length(value) > JMAP_MAX_SIGNATURE;
    return is_default || (json_is_string(value) && !has_nul(value));
}

/* {"code": …} or {"again": true}. */
static bool read_verification(struct reading *reading, json_t *value)
{
    reading->code = json_string_value(json_object_get(value, "code"));
    reading->again = json_is_true(json_object_get(value, "again"));
    return reading->is_patch && json_object_size(value) == 1 &&
           (reading->again || (reading->code != NULL && !has_nul(json_object_get(value, "code"))));
}

static bool read_property(struct reading *reading, const char *name, json_t *value)
{
    struct store_identity_patch *patch = &reading->patch;

    if (strcmp(name, "name") == 0)
        return read_name(value, reading->is_patch, &patch->name);
    if (strcmp(name, "textSignature") == 0)
        return read_signature(reading, value, &patch->text_signature);
    if (strcmp(name, "htmlSignature") == 0)
        return read_signature(reading, value, &patch->html_signature);
    if (strcmp(name, "replyTo") == 0) {
        patch->has_reply_to = true;
        return read_addresses(value, &reading->reply_to);
    }
    if (strcmp(name, "bcc") == 0) {
        patch->has_bcc = true;
        return read_addresses(value, &reading->bcc);
    }
    return strcmp(name, JMAP_IDENTITY_VERIFICATION) == 0 && read_verification(reading, value);
}

/* The SetError of what was read, or NULL. */
static json_t *problem(struct reading *reading)
{
    json_t *error;

    reading->patch.reply_to = reading->reply_to;
    reading->patch.bcc = reading->bcc;
    if (reading->wrong_path)
        return jmap_set_error("invalidPatch", NULL);
    if (json_array_size(reading->bad) > 0) {
        error = jmap_set_error("invalidProperties", NULL);
        json_object_set(error, "properties", reading->bad);
        return error;
    }
    return reading->too_large ? jmap_set_error("tooLarge", "a signature is too long") : NULL;
}

static void note_bad(struct reading *reading, const char *name)
{
    json_array_append_new(reading->bad, jmap_json_text(name));
}

/* --- what became of it --- */

/* The identity as it is now; NULL when there is none. (transfer full) */
static json_t *load(struct run *run, int64_t id)
{
    g_autoptr(GPtrArray) identities = store_identities(run->call->access, NULL, NULL);

    for (size_t i = 0; identities != NULL && i < identities->len; i++) {
        const struct store_identity *identity = g_ptr_array_index(identities, i);

        if (identity->id == id)
            return jmap_identity_object(run->call, identity);
    }
    return NULL;
}

/* --- create --- */

static json_t *read_creation(struct reading *reading, json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (strcmp(name, "email") != 0 && !read_property(reading, name, value))
            note_bad(reading, name);
    }
    value = json_object_get(object, "email");
    if (!json_is_string(value) || has_nul(value))
        note_bad(reading, "email");
    return problem(reading);
}

/* Takes from the whole object what the client said just so. */
static json_t *without_given(json_t *whole, json_t *given)
{
    const char *name;
    json_t *value;

    json_object_foreach(given, name, value)
    {
        if (json_equal(json_object_get(whole, name), value))
            json_object_del(whole, name);
    }
    return whole;
}

/* An address that may be proven to be one of the mailbox: for those who know of proofs. */
static bool is_alias(const struct run *run, const char *email)
{
    return (run->call->request->using & JMAP_MANAGE) != 0 && jmap_address_is_valid(email) &&
           strchr(email, '*') == NULL;
}

static int64_t put_alias(struct run *run, const char *email,
                         const struct store_identity_patch *patch, GError **error)
{
    struct jmap_proof proof = {0};
    int64_t id = 0;

    if (jmap_proof_write(run->call, email, &proof, error)) {
        struct store_proof borrowed = jmap_proof_borrow(&proof);

        id = store_identity_create(run->call->access, email, patch, &borrowed, error);
    }
    jmap_proof_clear(&proof);
    return id;
}

/* Takes error. */
static json_t *refusal(GError *error)
{
    json_t *result;

    if (error_is(error, ERROR_FORBIDDEN))
        result = jmap_set_error("forbiddenFrom", "not an address of this account");
    else if (error_is(error, ERROR_THROTTLED))
        result = jmap_set_error("rateLimit", error->message);
    else
        return jmap_set_error_of(error, NULL);
    g_error_free(error);
    return result;
}

static json_t *put(struct run *run, const char *key, json_t *object,
                   const struct store_identity_patch *patch)
{
    const char *email = json_string_value(json_object_get(object, "email"));
    GError *error = NULL;
    int64_t id = store_identity_create(run->call->access, email, patch, NULL, &error);
    json_t *created;

    if (id == 0 && error_is(error, ERROR_FORBIDDEN) && is_alias(run, email)) {
        g_clear_error(&error);
        id = put_alias(run, email, patch, &error);
    }
    if (id == 0)
        return refusal(error);
    created = load(run, id);
    if (created == NULL) /* somebody was quick to destroy it */
        created = json_pack("{s: o}", "id", jmap_id('i', id));
    jmap_id_created(run->call->request, key, json_object_get(created, "id"));
    json_object_set_new(run->answer.created, key, without_given(created, object));
    return NULL;
}

static json_t *create(void *arg, const char *key, json_t *object)
{
    struct run *run = arg;
    struct reading reading = {.bad = json_array()};
    json_t *error = read_creation(&reading, object);

    if (error == NULL)
        error = put(run, key, object, &reading.patch);
    reading_clear(&reading);
    return error;
}

/* --- update --- */

/* What the server sets may be sent as it is. */
static json_t *read_update(struct reading *reading, json_t *current, json_t *patch)
{
    static const char *const fixed[] = {"id", "email", "mayDelete", JMAP_IDENTITY_VERIFICATION,
                                        NULL};
    const char *name;
    json_t *value;

    json_object_foreach(patch, name, value)
    {
        if (strchr(name, '/') != NULL)
            reading->wrong_path = true;
        else if (g_strv_contains(fixed, name) && json_equal(json_object_get(current, name), value))
            continue;
        else if (!read_property(reading, name, value))
            note_bad(reading, name);
    }
    return problem(reading);
}

/* What is now other than the patch said; null when nothing is. */
static json_t *told(struct run *run, int64_t id, json_t *patch)
{
    json_t *now = load(run, id), *result = json_object(), *value;
    const char *name;

    json_object_foreach(patch, name, value)
    {
        json_t *kept = json_object_get(now, name);

        if (kept != NULL && !json_is_null(value) && !json_equal(kept, value))
            json_object_set(result, name, kept);
    }
    json_decref(now);
    if (json_object_size(result) > 0)
        return result;
    json_decref(result);
    return json_null();
}

/* A code that was typed, or another mail that is asked for. */
static json_t *verify(struct run *run, int64_t id, const struct reading *reading,
                      const json_t *current)
{
    const char *email = json_string_value(json_object_get(current, "email"));
    struct jmap_proof proof = {0};
    GError *error = NULL;
    bool ok;

    if (reading->code == NULL && !reading->again)
        return NULL;
    if (reading->code != NULL) {
        ok = store_identity_verify(run->call->access, id, reading->code, &error);
    } else {
        ok = jmap_proof_write(run->call, email, &proof, &error);
        if (ok) {
            struct store_proof borrowed = jmap_proof_borrow(&proof);

            ok = store_identity_prove(run->call->access, id, &borrowed, &error);
        }
        jmap_proof_clear(&proof);
    }
    if (ok)
        return NULL;
    return error_is(error, ERROR_INVALID) ? jmap_set_error_of(error, JMAP_IDENTITY_VERIFICATION)
                                          : refusal(error);
}

static json_t *update_known(struct run *run, int64_t id, json_t *current, json_t *patch)
{
    struct reading reading = {.bad = json_array(), .is_patch = true};
    json_t *answer = read_update(&reading, current, patch);
    GError *error = NULL;

    if (answer == NULL && !store_identity_update(run->call->access, id, &reading.patch, &error))
        answer = jmap_set_error_of(error, NULL);
    if (answer == NULL)
        answer = verify(run, id, &reading, current);
    reading_clear(&reading);
    return answer;
}

static json_t *update(void *arg, const char *key, json_t *patch)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    int64_t number = jmap_id_parse('i', id);
    json_t *current = number != 0 ? load(run, number) : NULL, *error;

    if (current == NULL)
        return jmap_set_error("notFound", NULL);
    error = jmap_set_destroys(run->call, id) ? jmap_set_error("willDestroy", NULL)
                                             : update_known(run, number, current, patch);
    if (error == NULL)
        json_object_set_new(run->answer.updated, id, told(run, number, patch));
    json_decref(current);
    return error;
}

/* --- destroy --- */

static bool take_away(void *arg, int64_t id, GError **error)
{
    struct run *run = arg;

    return store_identity_destroy(run->call->access, id, error);
}

static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    struct run *run = arg;

    (void)unused;
    return jmap_set_destroy(run->call, &run->answer, key, 'i', take_away, run);
}

void jmap_identity_set(struct jmap_call *call)
{
    struct run run = {.call = call};
    uint64_t before;

    if (!jmap_set_open(call, STORE_IDENTITY, &run.answer, &before))
        return;
    jmap_set_carry_out(call, &run.answer, create, update, destroy, &run);
    jmap_set_close(call, STORE_IDENTITY, &run.answer, before);
}
