#include "app/hooks_accounts.h"

#include "app/autoconfig.h"
#include "app/checks.h"
#include "base/clock.h"
#include "store/oversight.h"
#include "store/people.h"
#include "sync/check.h"

#include <string.h>

#define DAY_S 86400

static bool bad(const char **property, const char *name, GError **error, const char *text)
{
    *property = name;
    error_set(error, ERROR_INVALID, "%s: %s", name, text);
    return false;
}

static json_t *date_json(int64_t seconds)
{
    if (seconds == 0)
        return json_null();
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *text = date != NULL ? g_date_time_format(date, "%Y-%m-%dT%H:%M:%SZ") : NULL;
    return text != NULL ? json_string(text) : json_null();
}

static json_t *text_json(const char *text)
{
    g_autofree char *valid = text != NULL ? g_utf8_make_valid(text, -1) : NULL;
    return valid != NULL ? json_string(valid) : json_null();
}

/* --- LinkedAccount/set */

static int64_t hook_create(const struct store_principal *principal, const json_t *object,
                           const char **property, void *arg, GError **error)
{
    struct app *app = arg;
    struct app_password_account account = {
        .address = json_string_value(json_object_get(object, "address")),
        .imap_url = json_string_value(json_object_get(object, "imapUrl")),
        .smtp_url = json_string_value(json_object_get(object, "smtpUrl")),
        .user = store_principal_user(principal),
    };
    const json_t *password = json_object_get(object, "password");
    const json_t *since = json_object_get(object, "since");
    if (!json_is_string(password) || json_string_length(password) == 0) {
        bad(property, "password", error, "a password is wanted");
        return 0;
    }
    if (json_is_string(since) && !app_parse_date(json_string_value(since), &account.since)) {
        bad(property, "since", error, "a date is wanted");
        return 0;
    }
    struct secret *secret = secret_new(json_string_value(password), json_string_length(password));
    account.password = secret;
    int64_t id = app_account_add(app, &account, property, error);
    secret_free(secret);
    if (id != 0)
        store_audit_note(app->store, principal, "account.link", id, NULL, "password");
    return id;
}

static bool resync(struct app *app, int64_t account, GError **error)
{
    if (app->sync != NULL)
        sync_manager_drop(app->sync, account);
    app_note(account, "resync", NULL, app);
    return store_account_resync(app->store, account, error);
}

static bool take_since(struct app *app, int64_t account, const json_t *value, const json_t *patch,
                       const char **property, GError **error)
{
    int64_t since = 0;
    if (!json_is_null(value) &&
        !(json_is_string(value) && app_parse_date(json_string_value(value), &since)))
        return bad(property, "since", error, "a date or null is wanted");
    if (json_is_false(json_object_get(patch, "awaitsStart")) &&
        !store_account_set_up(app->store, account, since, error))
        return false;
    return store_account_since(app->store, account, since, error);
}

static bool take_change(const struct store_access *access, const char *key, const json_t *value,
                        const json_t *patch, const char **property, struct app *app, GError **error)
{
    int64_t account = store_access_account(access);
    if (strcmp(key, "paused") == 0)
        return json_is_boolean(value)
                   ? store_account_pause(app->store, account, json_is_true(value), error)
                   : bad(property, key, error, "true or false is wanted");
    if (strcmp(key, "since") == 0)
        return take_since(app, account, value, patch, property, error);
    if (strcmp(key, "awaitsStart") == 0)
        return (json_is_false(value) && json_object_get(patch, "since") != NULL) ||
               bad(property, key, error, "it can only end, with a start date");
    if (strcmp(key, "resync") == 0)
        return json_is_true(value) ? resync(app, account, error)
                                   : bad(property, key, error, "true is wanted");
    if (strcmp(key, "refused") == 0)
        return json_is_array(value) && json_array_size(value) == 0
                   ? store_refusals_clear(access, INT64_MAX, error)
                   : bad(property, key, error, "it can only be emptied");
    return bad(property, key, error, "this property cannot be changed");
}

static bool hook_update(const struct store_access *access, const json_t *patch,
                        const char **property, void *arg, GError **error)
{
    struct app *app = arg;
    const char *key;
    json_t *value;
    bool ok = true;
    json_object_foreach((json_t *)(uintptr_t)patch, key, value)
    {
        ok = ok && take_change(access, key, value, patch, property, app, error);
    }
    if (app->sync != NULL)
        sync_manager_poke(app->sync, store_access_account(access));
    return ok;
}

static bool hook_destroy(const struct store_access *access, void *arg, GError **error)
{
    struct app *app = arg;
    int64_t account = store_access_account(access);
    const struct store_principal *principal = store_access_principal(access);
    int64_t user = store_principal_user(principal);
    g_autofree char *tid = NULL, *oid = NULL, *address = NULL;
    bool removed = false;
    store_link_identity(app->store, account, &tid, &oid, &address, NULL);
    if (app->sync != NULL)
        sync_manager_drop(app->sync, account);
    oauth_token_forget(app->tokens, account);
    bool ok = store_unlink(app->store, account, user, &removed, error);
    if (ok)
        store_audit_note(app->store, principal, "account.unlink", 0, address,
                         removed ? "removed" : NULL);
    /* Others still have it: the session goes on with a credential of theirs. */
    if (app->sync != NULL && !removed)
        sync_manager_poke(app->sync, account);
    return ok;
}

/* --- AccountHealth/get */

static json_t *problem_json(const char *code, const char *detail, int64_t at)
{
    if (code == NULL)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "code", code, "title", error_title(code),
                     "action", error_action(code), "detail", text_json(detail), "at",
                     date_json(at));
}

static json_t *folders_json(const GPtrArray *mailboxes)
{
    json_t *list = json_array();
    for (guint i = 0; i < mailboxes->len; i++) {
        const struct store_mailbox_status *mailbox = mailboxes->pdata[i];
        g_autofree char *id = g_strdup_printf("m%" G_GINT64_FORMAT, mailbox->id);
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:s?, s:b, s:I, s:I, s:I, s:I, s:o, s:I}",
                                        "mailboxId", id, "name", text_json(mailbox->name), "role",
                                        mail_role_name(mailbox->role), "synced", mailbox->synced,
                                        "serverCount", (json_int_t)mailbox->server_count,
                                        "localCount", (json_int_t)mailbox->local_count, "pending",
                                        (json_int_t)mailbox->pending, "skipped",
                                        (json_int_t)mailbox->skipped, "comparedAt",
                                        date_json(mailbox->reconciled_at), "differed",
                                        (json_int_t)mailbox->missing + mailbox->surplus +
                                            mailbox->astray));
    }
    return list;
}

static json_t *quotas_json(const GPtrArray *quotas)
{
    static const char *const kinds[] = {"octets", "emails", "mailboxes"};
    json_t *list = json_array();
    for (guint i = 0; i < quotas->len; i++) {
        const struct store_quota *quota = quotas->pdata[i];
        json_array_append_new(list,
                              json_pack("{s:o, s:s, s:I, s:I}", "name", text_json(quota->root),
                                        "of", kinds[quota->of], "used", (json_int_t)quota->used,
                                        "limit", (json_int_t)quota->limit));
    }
    return list;
}

/* Of what the server says nothing: null. */
static json_t *size_json(uint64_t octets)
{
    return octets > 0 ? json_integer((json_int_t)MIN(octets, (UINT64_C(1) << 53) - 1))
                      : json_null();
}

static json_t *people_json(const GPtrArray *people)
{
    json_t *list = json_array();
    for (guint i = 0; i < people->len; i++)
        json_array_append_new(list, text_json(people->pdata[i]));
    return list;
}

static json_t *url_json(const char *protocol, const char *security, const char *login,
                        const char *address, const char *host, uint16_t port)
{
    if (host == NULL)
        return json_null();
    bool tls = g_strcmp0(security, "tls") == 0, starttls = g_strcmp0(security, "starttls") == 0;
    g_autofree char *user = login != NULL && g_strcmp0(login, address) != 0
                                ? g_uri_escape_string(login, NULL, FALSE)
                                : NULL;
    g_autofree char *url =
        g_strdup_printf("%s%s://%s%s%s:%u", protocol,
                        tls        ? "s"
                        : starttls ? "+starttls"
                                   : "",
                        user != NULL ? user : "", user != NULL ? "@" : "", host, port);
    return json_string(url);
}

/* Where it is, as far as that is known while its provider is set up. */
static void add_servers(struct app *app, int64_t account, json_t *health)
{
    struct store_sync_account *config = sync_check_account(app->sync, account, NULL);
    json_object_set_new(health, "bytesADay", json_null());
    if (config == NULL)
        return;
    json_object_set_new(health, "imapUrl",
                        url_json("imap", config->imap_security, config->imap_login, config->address,
                                 config->imap_host, config->imap_port));
    json_object_set_new(health, "smtpUrl",
                        url_json("smtp", config->smtp_security, config->smtp_login, config->address,
                                 config->smtp_host, config->smtp_port));
    uint64_t most = sync_bytes_a_day(app->sync, config);
    if (most != 0)
        json_object_set_new(health, "bytesADay", json_integer((json_int_t)most));
    store_sync_account_free(config);
}

static json_t *health_of(const struct store_account_status *status,
                         const struct store_account_facts *facts)
{
    const struct store_account_view *view = status->view;
    g_autofree char *id = g_strdup_printf("a%" G_GINT64_FORMAT, view->id);
    bool today = facts->traffic_day == clock_wall() / DAY_S;
    json_t *health =
        json_pack("{s:s, s:o, s:o, s:s?, s:s?, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "id", id,
                  "address", text_json(view->address), "owner", text_json(status->owner),
                  "provider", view->provider, "providerType", view->provider_type, "state",
                  view->state, "awaitsStart", view->awaits_start, "problem",
                  problem_json(view->problem, view->detail, view->problem_at), "sendProblem",
                  problem_json(view->send_problem, view->send_detail, 0), "since",
                  date_json(view->since), "lastSync", date_json(view->last_sync), "nextAttempt",
                  date_json(view->next_attempt));
    json_t *counts =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "emails", (json_int_t)status->emails,
                  "bytes", (json_int_t)status->bytes, "unsent", (json_int_t)facts->unsent,
                  "bytesToday", (json_int_t)(today ? facts->traffic : 0), "unreadAttachments",
                  (json_int_t)view->unread_attachments, "unreadableAttachments",
                  (json_int_t)view->unreadable_attachments, "pending",
                  (json_int_t)view->progress.pending);
    json_object_update(health, counts);
    json_decref(counts);
    json_object_set_new(health, "folders", folders_json(status->mailboxes));
    json_object_set_new(health, "quotas", quotas_json(status->quotas));
    json_object_set_new(health, "maxSizeMessage", size_json(view->size_limit));
    json_object_set_new(health, "maxSizeMessageAt", date_json(view->size_limit_at));
    return health;
}

static json_t *hook_health(const struct store_principal *principal, int64_t account, void *arg,
                           GError **error)
{
    struct app *app = arg;
    struct store_account_facts facts = {0};
    if (!store_may_oversee(app->store, principal, account, false, error))
        return NULL;
    bool may_change = store_may_oversee(app->store, principal, account, true, NULL);
    struct store_account_status *status = store_account_status(app->store, account, error);
    json_t *health = NULL;
    if (status != NULL &&
        store_account_facts(app->store, account, store_principal_user(principal), &facts, error)) {
        health = health_of(status, &facts);
        add_servers(app, account, health);
        json_object_set_new(health, "mayChange", json_boolean(may_change));
        json_object_set_new(health, "isOwn", json_boolean(facts.is_own));
        json_object_set_new(health, "linkedBy",
                            may_change ? people_json(facts.linkers) : json_array());
        json_object_set_new(health, "sharedWith",
                            may_change ? people_json(facts.sharers) : json_array());
    }
    store_account_facts_clear(&facts);
    store_account_status_free(status);
    return health;
}

/* --- AccountCheck */

static char *hook_check_run(const struct store_principal *principal, const json_t *args,
                            const char **property, void *arg, GError **error)
{
    struct app *app = arg;
    return checks_run(app->checks, principal, args, property, error);
}

static json_t *hook_check_get(const struct store_principal *principal, const char *id, void *arg,
                              GError **error)
{
    struct app *app = arg;
    return checks_get(app->checks, principal, id, error);
}

static json_t *hook_autoconfig(const struct store_principal *principal, const char *address,
                               void *arg, GError **error)
{
    struct app *app = arg;
    return autoconfig_find(app->autoconfig, store_principal_user(principal), address, error);
}

/* --- SyncLogEntry */

static json_t *hook_sync_log(const struct store_principal *principal, int64_t account,
                             uint64_t position, size_t limit, uint64_t *total, void *arg,
                             GError **error)
{
    struct app *app = arg;
    if (!store_may_oversee(app->store, principal, account, false, error))
        return NULL;
    g_autoptr(GPtrArray) notes =
        store_sync_notes(app->store, account, position, limit, total, error);
    if (notes == NULL)
        return NULL;
    json_t *list = json_array();
    for (guint i = 0; i < notes->len; i++) {
        const struct store_sync_note *note = notes->pdata[i];
        g_autofree char *id = g_strdup_printf("g%" G_GINT64_FORMAT, note->id);
        json_t *details = note->details != NULL ? json_loads(note->details, 0, NULL) : NULL;
        json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:o}", "id", id, "at",
                                              date_json(note->at), "event", note->event, "details",
                                              details != NULL ? details : json_object()));
    }
    return list;
}

void hooks_fill_accounts(struct jmap_hooks *hooks)
{
    hooks->account_create = hook_create;
    hooks->account_update = hook_update;
    hooks->account_destroy = hook_destroy;
    hooks->account_health = hook_health;
    hooks->account_check_run = hook_check_run;
    hooks->account_check_get = hook_check_get;
    hooks->autoconfig = hook_autoconfig;
    hooks->sync_log = hook_sync_log;
}
