#include "jmap/session.h"

#include "jmap/engine/engine.h"

static json_t *core_capability(const struct jmap *jmap)
{
    return json_pack("{s: I, s: i, s: i, s: i, s: i, s: i, s: i, s: [s]}", "maxSizeUpload",
                     (json_int_t)jmap->config.max_size_upload, "maxConcurrentUpload",
                     JMAP_MAX_CONCURRENT_UPLOADS, "maxSizeRequest", JMAP_MAX_SIZE_REQUEST,
                     "maxConcurrentRequests", JMAP_MAX_CONCURRENT_REQUESTS, "maxCallsInRequest",
                     JMAP_MAX_CALLS, "maxObjectsInGet", JMAP_MAX_OBJECTS, "maxObjectsInSet",
                     JMAP_MAX_OBJECTS, "collationAlgorithms", "i;unicode-casemap");
}

/* RFC 8621, 1.3.1. */
static json_t *mail_capability(const struct jmap *jmap, bool writable)
{
    json_t *sorts =
        json_pack("[s, s, s, s, s, s, s, s, s]", "receivedAt", "sentAt", "size", "from", "to",
                  "subject", "hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword");

    return json_pack("{s: n, s: i, s: i, s: I, s: o, s: b}", "maxMailboxesPerEmail",
                     "maxMailboxDepth", STORE_MAILBOX_DEPTH_MAX, "maxSizeMailboxName",
                     STORE_MAILBOX_NAME_MAX, "maxSizeAttachmentsPerEmail",
                     (json_int_t)jmap->config.max_size_upload, "emailQuerySortOptions", sorts,
                     "mayCreateTopLevelMailbox", writable);
}

/* RFC 8621, 1.3.2. Delayed sending is our own doing, whatever the provider's server offers. */
static json_t *submission_capability(void)
{
    return json_pack("{s: I, s: {s: [], s: []}}", "maxDelayedSend", (json_int_t)JMAP_MAX_DELAY,
                     "submissionExtensions", "FUTURERELEASE", "DSN");
}

static json_t *mailbox_account(const struct jmap *jmap, const struct store_account_view *view)
{
    bool writable = view->rights & STORE_WRITE;
    json_t *capabilities =
        json_pack("{s: {}, s: o, s: o, s: {}}", jmap_capability_names[0], jmap_capability_names[1],
                  mail_capability(jmap, writable), jmap_capability_names[2],
                  submission_capability(), jmap_capability_names[3]);

    return json_pack("{s: o, s: b, s: b, s: o}", "name", jmap_json_text(view->address),
                     "isPersonal", writable, "isReadOnly", !writable, "accountCapabilities",
                     capabilities);
}

static json_t *user_account(const struct store_principal *principal)
{
    return json_pack("{s: o, s: b, s: b, s: {s: {}, s: {}}}", "name",
                     jmap_json_text(store_principal_email(principal)), "isPersonal", 1,
                     "isReadOnly", 0, "accountCapabilities", jmap_capability_names[0],
                     jmap_capability_names[3]);
}

static json_t *accounts_object(const struct jmap *jmap, const struct store_principal *principal,
                               const GPtrArray *views)
{
    json_t *accounts = json_object();
    g_autofree char *user = g_strdup_printf("u%" G_GINT64_FORMAT, store_principal_user(principal));

    json_object_set_new(accounts, user, user_account(principal));
    for (size_t i = 0; i < views->len; i++) {
        const struct store_account_view *view = g_ptr_array_index(views, i);
        g_autofree char *id = g_strdup_printf("a%" G_GINT64_FORMAT, view->id);

        json_object_set_new(accounts, id, mailbox_account(jmap, view));
    }
    return accounts;
}

/* The first mailbox that may be written to, by id; none is right when all are others'. */
static json_t *primary_object(const struct store_principal *principal, const GPtrArray *views)
{
    json_t *primary = json_object();

    for (size_t i = 0; i < views->len; i++) {
        const struct store_account_view *view = g_ptr_array_index(views, i);

        if (!(view->rights & STORE_WRITE))
            continue;
        json_object_set_new(primary, jmap_capability_names[1], jmap_id('a', view->id));
        json_object_set_new(primary, jmap_capability_names[2], jmap_id('a', view->id));
        break;
    }
    json_object_set_new(primary, jmap_capability_names[3],
                        jmap_id('u', store_principal_user(principal)));
    return primary;
}

static void add_addresses(json_t *session, const char *base)
{
    static const struct {
        const char *name, *path;
    } addresses[] = {
        {"apiUrl", "jmap"},
        {"downloadUrl", "jmap/download/{accountId}/{blobId}/{name}?type={type}"},
        {"uploadUrl", "jmap/upload/{accountId}/"},
        {"eventSourceUrl", "jmap/eventsource?types={types}&closeafter={closeafter}&ping={ping}"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++)
        json_object_set_new(session, addresses[i].name,
                            json_sprintf("%s/%s", base, addresses[i].path));
}

/* Without "state". */
static json_t *session_object(struct jmap *jmap, struct store_principal *principal, GError **error)
{
    uint64_t state;
    g_autoptr(GPtrArray) views = store_accounts_of(jmap->config.store, principal, &state, error);
    json_t *session;

    if (views == NULL)
        return NULL;
    session = json_pack("{s: {s: o, s: {}, s: {}, s: {}}, s: o, s: o, s: o}", "capabilities",
                        jmap_capability_names[0], core_capability(jmap), jmap_capability_names[1],
                        jmap_capability_names[2], jmap_capability_names[3], "accounts",
                        accounts_object(jmap, principal, views), "primaryAccounts",
                        primary_object(principal, views), "username",
                        jmap_json_text(store_principal_email(principal)));
    add_addresses(session, jmap->config.public_url);
    return session;
}

static char *state_of(const json_t *session)
{
    char *text = json_dumps(session, JSON_COMPACT | JSON_SORT_KEYS);
    char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

    free(text);
    hash[16] = '\0';
    return hash;
}

json_t *jmap_session(struct jmap *jmap, struct store_principal *principal, GError **error)
{
    json_t *session = session_object(jmap, principal, error);
    g_autofree char *state = NULL;

    if (session == NULL)
        return NULL;
    state = state_of(session);
    json_object_set_new(session, "state", json_string(state));
    return session;
}

char *jmap_session_state(struct jmap *jmap, struct store_principal *principal)
{
    json_t *session = session_object(jmap, principal, NULL);
    char *state;

    if (session == NULL)
        return g_strdup("unknown");
    state = state_of(session);
    json_decref(session);
    return state;
}
