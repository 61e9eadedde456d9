#include "jmap/session.h"

#include "jmap/engine/engine.h"

#include <string.h>

static json_t *core_capability(const struct jmap *jmap)
{
    return json_pack("{s: I, s: i, s: i, s: i, s: i, s: i, s: i, s: [s, s]}", "maxSizeUpload",
                     (json_int_t)jmap->config.max_size_upload, "maxConcurrentUpload",
                     JMAP_MAX_CONCURRENT_UPLOADS, "maxSizeRequest", JMAP_MAX_SIZE_REQUEST,
                     "maxConcurrentRequests", JMAP_MAX_CONCURRENT_REQUESTS, "maxCallsInRequest",
                     JMAP_MAX_CALLS, "maxObjectsInGet", JMAP_MAX_OBJECTS, "maxObjectsInSet",
                     JMAP_MAX_OBJECTS, "collationAlgorithms", "i;ascii-casemap",
                     "i;unicode-casemap");
}

/* RFC 8621, 1.3.1. */
static json_t *mail_capability(const struct jmap *jmap, bool writable)
{
    json_t *sorts = json_pack("[s, s, s, s, s, s, s, s, s, s]", "receivedAt", "sentAt", "size",
                              "from", "to", "subject", "hasKeyword", "allInThreadHaveKeyword",
                              "someInThreadHaveKeyword", "postroom:relevance");

    return json_pack("{s: i, s: i, s: i, s: I, s: o, s: b}", "maxMailboxesPerEmail",
                     JMAP_MAX_MAILBOXES, "maxMailboxDepth", STORE_MAILBOX_DEPTH_MAX,
                     "maxSizeMailboxName", STORE_MAILBOX_NAME_MAX, "maxSizeAttachmentsPerEmail",
                     (json_int_t)jmap->config.max_size_upload, "emailQuerySortOptions", sorts,
                     "mayCreateTopLevelMailbox", writable);
}

/* RFC 8621, 1.3.2. Delayed sending is our own doing, whatever the provider's server offers. */
static json_t *submission_capability(void)
{
    return json_pack("{s: I, s: {s: [], s: []}}", "maxDelayedSend", (json_int_t)JMAP_MAX_DELAY,
                     "submissionExtensions", "FUTURERELEASE", "DSN");
}

/* RFC 9404, 3.1. */
static json_t *blob_capability(const struct jmap *jmap)
{
    return json_pack("{s: I, s: i, s: [s, s, s], s: [s, s, s]}", "maxSizeBlobSet",
                     (json_int_t)jmap->config.max_size_upload, "maxDataSources",
                     JMAP_MAX_DATA_SOURCES, "supportedTypeNames", "Email", "Mailbox", "Thread",
                     "supportedDigestAlgorithms", "sha", "sha-256", "sha-512");
}

static void offer(json_t *capabilities, enum jmap_capability capability, json_t *terms)
{
    json_object_set_new(capabilities, jmap_capability_name(capability), terms);
}

/* What every account of mail takes. */
static json_t *mail_capabilities(const struct jmap *jmap, bool writable)
{
    json_t *capabilities = json_object();

    offer(capabilities, JMAP_CORE, json_object());
    offer(capabilities, JMAP_MAIL, mail_capability(jmap, writable));
    offer(capabilities, JMAP_MANAGE, json_object());
    offer(capabilities, JMAP_QUOTA, json_object());
    return capabilities;
}

static json_t *mailbox_account(const struct jmap *jmap, const struct store_account_view *view)
{
    bool writable = view->rights & STORE_WRITE;
    json_t *capabilities = mail_capabilities(jmap, writable);

    if (view->rights & STORE_SEND)
        offer(capabilities, JMAP_SUBMISSION, submission_capability());
    offer(capabilities, JMAP_VACATION, json_object());
    offer(capabilities, JMAP_BLOB, blob_capability(jmap));
    return json_pack("{s: o, s: b, s: b, s: o}", "name", jmap_json_text(view->address),
                     "isPersonal", view->is_own, "isReadOnly", !writable, "accountCapabilities",
                     capabilities);
}

/* The unified account: all that the person may see. What may be changed in it is told by its
 * mailboxes. */
static json_t *user_account(const struct jmap *jmap)
{
    json_t *capabilities = mail_capabilities(jmap, false);

    offer(capabilities, JMAP_SUBMISSION, submission_capability());
    return json_pack("{s: s, s: b, s: b, s: o}", "name", "All accounts", "isPersonal", 1,
                     "isReadOnly", 0, "accountCapabilities", capabilities);
}

static json_t *accounts_object(const struct jmap *jmap, const struct store_principal *principal,
                               const GPtrArray *views)
{
    json_t *accounts = json_object();
    g_autofree char *user = g_strdup_printf("u%" G_GINT64_FORMAT, store_principal_user(principal));

    json_object_set_new(accounts, user, user_account(jmap));
    for (size_t i = 0; i < views->len; i++) {
        const struct store_account_view *view = g_ptr_array_index(views, i);
        g_autofree char *id = g_strdup_printf("a%" G_GINT64_FORMAT, view->id);

        json_object_set_new(accounts, id, mailbox_account(jmap, view));
    }
    return accounts;
}

/* The first of their own, by id; none is right when all are others'. */
static json_t *primary_object(const struct store_principal *principal, const GPtrArray *views)
{
    json_t *primary = json_object();

    for (size_t i = 0; i < views->len; i++) {
        const struct store_account_view *view = g_ptr_array_index(views, i);

        if (!view->is_own || !(view->rights & STORE_WRITE))
            continue;
        offer(primary, JMAP_MAIL, jmap_id('a', view->id));
        offer(primary, JMAP_SUBMISSION, jmap_id('a', view->id));
        offer(primary, JMAP_VACATION, jmap_id('a', view->id));
        offer(primary, JMAP_QUOTA, jmap_id('a', view->id));
        offer(primary, JMAP_BLOB, jmap_id('a', view->id));
        break;
    }
    offer(primary, JMAP_MANAGE, jmap_id('u', store_principal_user(principal)));
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

static void sum_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text) + 1);
}

/* Changes with all that the session says. Every answer tells it, and a person may have thousands of
 * mailboxes: which those are, and whose, changes with the state of their access alone. */
static char *state_of(const struct jmap *jmap, const struct store_principal *principal,
                      uint64_t access)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint64 numbers[] = {(guint64)store_principal_user(principal), access};

    g_checksum_update(sum, (const guchar *)numbers, sizeof numbers);
    sum_text(sum, jmap->terms);
    sum_text(sum, store_principal_email(principal));
    return g_strndup(g_checksum_get_string(sum), 16);
}

/* RFC 8887, 3. */
static json_t *websocket_capability(const struct jmap *jmap)
{
    bool tls = g_str_has_prefix(jmap->config.public_url, "https:");

    return json_pack("{s: o, s: b}", "url",
                     json_sprintf("%s%s/jmap/ws", tls ? "wss" : "ws",
                                  strchr(jmap->config.public_url, ':')),
                     "supportsPush", 1);
}

static json_t *server_capabilities(const struct jmap *jmap)
{
    json_t *capabilities = json_object();

    offer(capabilities, JMAP_CORE, core_capability(jmap));
    offer(capabilities, JMAP_MAIL, json_object());
    offer(capabilities, JMAP_SUBMISSION, json_object());
    offer(capabilities, JMAP_MANAGE, json_object());
    offer(capabilities, JMAP_VACATION, json_object());
    offer(capabilities, JMAP_WEBSOCKET, websocket_capability(jmap));
    offer(capabilities, JMAP_QUOTA, json_object());
    offer(capabilities, JMAP_BLOB, json_object());
    return capabilities;
}

/* Another version of the server may say something else. */
char *jmap_session_terms(const struct jmap *jmap)
{
    json_t *terms =
        json_pack("{s: o, s: o, s: o}", "capabilities", server_capabilities(jmap), "own",
                  mail_capabilities(jmap, true), "readOnly", mail_capabilities(jmap, false));
    char *text, *copy;

    add_addresses(terms, jmap->config.public_url);
    text = json_dumps(terms, JSON_COMPACT);
    copy = g_strdup(text);
    free(text);
    json_decref(terms);
    return copy;
}

static json_t *session_object(const struct jmap *jmap, const struct store_principal *principal,
                              uint64_t access, const GPtrArray *views)
{
    g_autofree char *state = state_of(jmap, principal, access);
    json_t *session =
        json_pack("{s: o, s: o, s: o, s: o, s: s}", "capabilities", server_capabilities(jmap),
                  "accounts", accounts_object(jmap, principal, views), "primaryAccounts",
                  primary_object(principal, views), "username",
                  jmap_json_text(store_principal_email(principal)), "state", state);

    add_addresses(session, jmap->config.public_url);
    return session;
}

json_t *jmap_session(struct jmap *jmap, struct store_principal *principal, GError **error)
{
    /* First: what changes after it has another state. */
    uint64_t access = store_access_state(jmap->config.store, principal);
    g_autoptr(GPtrArray) views = store_accounts_of(jmap->config.store, principal, NULL, error);

    return views != NULL ? session_object(jmap, principal, access, views) : NULL;
}

char *jmap_session_state(struct jmap *jmap, struct store_principal *principal)
{
    return state_of(jmap, principal, store_access_state(jmap->config.store, principal));
}
