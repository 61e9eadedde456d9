#include "jmap/submission/object.h"

#include "base/clock.h"

#define ADDRESS_MAX 320

bool jmap_address_is_valid(const char *address)
{
    const char *at = address != NULL ? strrchr(address, '@') : NULL;

    if (at == NULL || at == address || at[1] == '\0' || strlen(address) > ADDRESS_MAX)
        return false;
    for (const char *c = address; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("<>()[],;:\\\"", *c) != NULL ||
            (*c == '@' && c != at))
            return false;
    return at[1] != '.' && strstr(at, "..") == NULL;
}

static bool identity_allows(const struct store_identity *identity, const char *address)
{
    const char *at = strrchr(address, '@');

    if (identity->email == NULL || identity->proof != STORE_PROOF_GIVEN)
        return false;
    if (g_str_has_prefix(identity->email, "*@"))
        return at != NULL && g_ascii_strcasecmp(at, identity->email + 1) == 0;
    return g_ascii_strcasecmp(identity->email, address) == 0;
}

bool jmap_identities_allow(const GPtrArray *identities, const char *address)
{
    for (size_t i = 0; address != NULL && i < identities->len; i++)
        if (identity_allows(g_ptr_array_index(identities, i), address))
            return true;
    return false;
}

/* --- parameters --- */

static bool is_one_of(const char *value, const char *const *words)
{
    for (; value != NULL && *words != NULL; words++)
        if (g_ascii_strcasecmp(value, *words) == 0)
            return true;
    return false;
}

static bool is_printable(const char *value, size_t max)
{
    if (value == NULL || strlen(value) > max)
        return false;
    for (const char *c = value; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return true;
}

/* RFC 3461, 4.1: NEVER alone, or some of the others. */
static bool notify_is_valid(const char *value)
{
    static const char *const events[] = {"SUCCESS", "FAILURE", "DELAY", NULL};
    g_auto(GStrv) words = g_strsplit(value != NULL ? value : "", ",", 4);

    if (words[0] == NULL)
        return false;
    if (words[1] == NULL && g_ascii_strcasecmp(words[0], "NEVER") == 0)
        return true;
    for (size_t i = 0; words[i] != NULL; i++)
        if (!is_one_of(words[i], events))
            return false;
    return true;
}

/* RFC 4865: HOLDFOR in seconds, HOLDUNTIL a date; carried out by our own outbox. */
static bool read_hold(const char *name, const char *value, int64_t *send_at)
{
    int64_t now = clock_wall(), until;

    if (value == NULL)
        return false;
    if (g_ascii_strcasecmp(name, "HOLDFOR") == 0) {
        guint64 seconds;

        if (!g_ascii_string_to_unsigned(value, 10, 0, JMAP_MAX_DELAY, &seconds, NULL))
            return false;
        until = now + (int64_t)seconds;
    } else if (!jmap_date_parse(value, false, &until, NULL)) {
        return false;
    }
    *send_at = MAX(now, until);
    return until <= now + JMAP_MAX_DELAY;
}

static bool from_parameter(const char *name, const char *value, int64_t *send_at)
{
    static const char *const returns[] = {"FULL", "HDRS", NULL};

    if (g_ascii_strcasecmp(name, "HOLDFOR") == 0 || g_ascii_strcasecmp(name, "HOLDUNTIL") == 0)
        return read_hold(name, value, send_at);
    if (g_ascii_strcasecmp(name, "RET") == 0)
        return is_one_of(value, returns);
    return g_ascii_strcasecmp(name, "ENVID") == 0 && is_printable(value, 100);
}

/* RFC 3461, 4.2: an address type and the address as it was first given. */
static bool orcpt_is_valid(const char *value)
{
    const char *semicolon = value != NULL ? strchr(value, ';') : NULL;

    if (semicolon == NULL || semicolon == value || semicolon[1] == '\0')
        return false;
    for (const char *c = value; c < semicolon; c++)
        if (!g_ascii_isalnum(*c) && *c != '-')
            return false;
    return is_printable(value, 500);
}

static bool to_parameter(const char *name, const char *value)
{
    if (g_ascii_strcasecmp(name, "NOTIFY") == 0)
        return notify_is_valid(value);
    return g_ascii_strcasecmp(name, "ORCPT") == 0 && orcpt_is_valid(value);
}

/* send_at NULL: those of a recipient. */
static bool parameters_are_valid(json_t *parameters, int64_t *send_at)
{
    const char *name;
    json_t *value;
    bool held = false;

    if (parameters == NULL || json_is_null(parameters))
        return true;
    if (!json_is_object(parameters))
        return false;
    json_object_foreach(parameters, name, value)
    {
        const char *text = json_string_value(value);

        if (!json_is_string(value) && !json_is_null(value))
            return false;
        if (send_at == NULL ? !to_parameter(name, text) : !from_parameter(name, text, send_at))
            return false;
        if (g_ascii_strncasecmp(name, "HOLD", 4) == 0 && held)
            return false;
        held = held || g_ascii_strncasecmp(name, "HOLD", 4) == 0;
    }
    return true;
}

/* --- recipients --- */

struct recipients {
    GPtrArray *list;
    GHashTable *seen; /* lower case */
    json_t *invalid;
};

static void add_recipient(struct recipients *to, const char *address)
{
    char *folded;

    if (!jmap_address_is_valid(address)) {
        json_array_append_new(to->invalid, jmap_json_text(address != NULL ? address : ""));
        return;
    }
    folded = g_ascii_strdown(address, -1);
    if (g_hash_table_add(to->seen, folded))
        g_ptr_array_add(to->list, g_strdup(address));
}

/* Consumes to. */
static json_t *finish_recipients(struct recipients *to, struct store_submission *submission)
{
    json_t *error = NULL;

    if (json_array_size(to->invalid) > 0) {
        error = jmap_set_error("invalidRecipients", NULL);
        json_object_set(error, "invalidRecipients", to->invalid);
    } else if (to->list->len == 0) {
        error = jmap_set_error("noRecipients", NULL);
    } else if (to->list->len > JMAP_MAX_RECIPIENTS) {
        error = jmap_set_error("tooManyRecipients", NULL);
        json_object_set_new(error, "maxRecipients", json_integer(JMAP_MAX_RECIPIENTS));
    } else {
        g_ptr_array_add(to->list, NULL);
        submission->rcpt_to = (char **)g_ptr_array_steal(to->list, NULL);
    }
    g_ptr_array_unref(to->list);
    g_hash_table_unref(to->seen);
    json_decref(to->invalid);
    return error;
}

static struct recipients recipients_new(void)
{
    return (struct recipients){
        .list = g_ptr_array_new_with_free_func(g_free),
        .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .invalid = json_array(),
    };
}

/* --- given --- */

static bool members_are(json_t *object, const char *first, const char *second)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        if (strcmp(key, first) != 0 && strcmp(key, second) != 0)
            return false;
    }
    return json_is_object(object) && json_object_get(object, first) != NULL;
}

/* NULL: none was given. Names of parameters have no case (RFC 5321, 2.4). */
static const char *envid_of(json_t *parameters)
{
    const char *name;
    json_t *value;

    json_object_foreach(parameters, name, value)
    {
        if (g_ascii_strcasecmp(name, "ENVID") == 0)
            return json_string_value(value);
    }
    return NULL;
}

static json_t *read_given(json_t *envelope, const GPtrArray *identities,
                          struct store_submission *submission)
{
    json_t *from = json_object_get(envelope, "mailFrom");
    json_t *list = json_object_get(envelope, "rcptTo"), *item;
    const char *address = json_string_value(json_object_get(from, "email"));
    struct recipients to;
    size_t i;

    if (!members_are(envelope, "mailFrom", "rcptTo") || !members_are(from, "email", "parameters") ||
        address == NULL || !json_is_array(list) ||
        !parameters_are_valid(json_object_get(from, "parameters"), &submission->send_at))
        return jmap_invalid_property("envelope", NULL);
    json_array_foreach(list, i, item)
    {
        if (!members_are(item, "email", "parameters") ||
            !json_is_string(json_object_get(item, "email")) ||
            !parameters_are_valid(json_object_get(item, "parameters"), NULL))
            return jmap_invalid_property("envelope", NULL);
    }
    if (!jmap_identities_allow(identities, address))
        return jmap_set_error("forbiddenMailFrom", NULL);
    to = recipients_new();
    json_array_foreach(list, i, item)
        add_recipient(&to, json_string_value(json_object_get(item, "email")));
    submission->mail_from = g_strdup(address);
    submission->envelope_json = json_dumps(envelope, JSON_COMPACT);
    submission->envid = g_strdup(envid_of(json_object_get(from, "parameters")));
    return finish_recipients(&to, submission);
}

/* --- generated --- */

static void add_all(struct recipients *to, const struct mail_addresses *addresses)
{
    for (size_t i = 0; i < addresses->count; i++)
        add_recipient(to, addresses->items[i].email);
}

static json_t *generate(const struct mail_summary *email, const struct store_identity *identity,
                        struct store_submission *submission)
{
    const struct mail_addresses *from = email->sender.count > 0 ? &email->sender : &email->from;
    struct recipients to = recipients_new();

    add_all(&to, &email->to);
    add_all(&to, &email->cc);
    add_all(&to, &email->bcc);
    if (from->count > 0 && from->items[0].email != NULL &&
        identity_allows(identity, from->items[0].email))
        submission->mail_from = g_strdup(from->items[0].email);
    else
        submission->mail_from = g_strdup(identity->email);
    return finish_recipients(&to, submission);
}

json_t *jmap_envelope_read(json_t *envelope, const struct mail_summary *email,
                           const struct store_identity *identity, const GPtrArray *identities,
                           struct store_submission *submission)
{
    submission->send_at = clock_wall();
    if (envelope == NULL || json_is_null(envelope))
        return generate(email, identity, submission);
    return read_given(envelope, identities, submission);
}
