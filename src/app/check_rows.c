#include "app/check_rows.h"

#include "app/mailurl.h"
#include "base/clock.h"
#include "oauth/provider.h"
#include "store/oversight.h"

#include <string.h>

struct check_job {
    int64_t account;
    bool only_start, has_since;
    int64_t since;
    /* Settings that are tried: */
    struct store_sync_account *config; /* or NULL */
    struct secret *secret;
};

void check_job_free(struct check_job *job)
{
    if (job == NULL)
        return;
    store_sync_account_free(job->config);
    secret_free(job->secret);
    g_free(job);
}

int64_t check_job_account(const struct check_job *job)
{
    return job->account;
}

bool check_job_is_partial(const struct check_job *job)
{
    return job->only_start || job->has_since;
}

struct check_job *check_job_of_account(int64_t account)
{
    struct check_job *job = g_new0(struct check_job, 1);
    job->account = account;
    return job;
}

/* --- arguments */

static bool bad(const char **property, const char *name, GError **error, const char *text)
{
    *property = name;
    error_set(error, ERROR_INVALID, "%s: %s", name, text);
    return false;
}

static bool take_account(struct app *app, const struct store_principal *principal,
                         struct check_job *job, const char *id, const char **property,
                         GError **error)
{
    if (id[0] != 'a' || !g_ascii_string_to_signed(id + 1, 10, 1, INT64_MAX, &job->account, NULL))
        return bad(property, "account", error, "the id of a linked account is wanted");
    *property = "account";
    return store_may_oversee(app->store, principal, job->account, true, error);
}

static bool take_server(struct check_job *job, const json_t *args, const char *name,
                        const char *protocol, const char **property, GError **error)
{
    struct mail_url url = {0};
    const char *address = job->config->address;
    bool imap = strcmp(protocol, "imap") == 0;
    *property = name;
    if (!mail_url_parse(json_string_value(json_object_get(args, name)), protocol, false, &url,
                        error)) {
        mail_url_clear(&url);
        return false;
    }
    char *login = g_strdup(url.login != NULL ? url.login : address);
    *(imap ? &job->config->imap_host : &job->config->smtp_host) = g_strdup(url.host);
    *(imap ? &job->config->imap_port : &job->config->smtp_port) = url.port;
    *(imap ? &job->config->imap_login : &job->config->smtp_login) = login;
    *(imap ? &job->config->imap_security : &job->config->smtp_security) =
        g_strdup(mail_url_security_word(&url));
    mail_url_clear(&url);
    return true;
}

static bool take_settings(struct check_job *job, const json_t *args, const char **property,
                          GError **error)
{
    const char *address = json_string_value(json_object_get(args, "address"));
    const json_t *password = json_object_get(args, "password");
    if (address == NULL || strchr(address, '@') == NULL || strlen(address) > 320)
        return bad(property, "address", error, "an e-mail address is wanted");
    if (!json_is_string(password) || json_string_length(password) == 0)
        return bad(property, "password", error, "a password is wanted");
    job->config = g_new0(struct store_sync_account, 1);
    job->config->address = g_strdup(address);
    job->config->state = g_strdup("linking");
    job->secret = secret_new(json_string_value(password), json_string_length(password));
    return take_server(job, args, "imapUrl", "imap", property, error) &&
           take_server(job, args, "smtpUrl", "smtp", property, error);
}

static bool take_since(struct check_job *job, const json_t *args, const char **property,
                       GError **error)
{
    const char *since = json_string_value(json_object_get(args, "since"));
    job->has_since = since != NULL;
    return since == NULL || app_parse_date(since, &job->since) ||
           bad(property, "since", error, "a date is wanted");
}

struct check_job *check_job_new(struct app *app, const struct store_principal *principal,
                                const json_t *args, const char **property, GError **error)
{
    struct check_job *job = g_new0(struct check_job, 1);
    const char *id = json_string_value(json_object_get(args, "account"));
    job->only_start = json_is_true(json_object_get(args, "onlyStart"));
    if ((id != NULL ? take_account(app, principal, job, id, property, error)
                    : take_settings(job, args, property, error)) &&
        take_since(job, args, property, error))
        return job;
    check_job_free(job);
    return NULL;
}

/* --- rows */

struct row {
    const char *check;
    int64_t began;
    sync_check_fn *tell;
    void *arg;
};

static struct row begin(const char *check, sync_check_fn *tell, void *arg)
{
    tell(check, SYNC_CHECK_RUNNING, 0, NULL, NULL, arg);
    return (struct row){check, clock_now(), tell, arg};
}

/* evidence (transfer full). */
static bool end(const struct row *row, json_t *evidence, const GError *problem)
{
    row->tell(row->check, problem == NULL ? SYNC_CHECK_OK : SYNC_CHECK_BAD,
              (clock_now() - row->began) / 1000, evidence, problem, row->arg);
    json_decref(evidence);
    return problem == NULL;
}

static char *place(const char *host, uint16_t port)
{
    return host != NULL ? g_strdup_printf("%s:%u", host, port) : NULL;
}

/* Where the mailbox is. (transfer full) or NULL: bad. */
static struct store_sync_account *check_address(const struct check_job *job, struct app *app,
                                                sync_check_fn *tell, void *arg)
{
    g_autoptr(GError) problem = NULL;
    struct row row = begin("address", tell, arg);
    struct store_sync_account *config = sync_check_account(app->sync, job->account, &problem);
    if (config == NULL) {
        end(&row, NULL, problem);
        return NULL;
    }
    g_autofree char *imap = place(config->imap_host, config->imap_port);
    g_autofree char *smtp = place(config->smtp_host, config->smtp_port);
    end(&row,
        json_pack("{s:s, s:s?, s:s, s:s?}", "address", config->address, "provider",
                  config->provider, "imap", imap, "smtp", smtp),
        NULL);
    return config;
}

static json_t *words(const char *text)
{
    json_t *list = json_array();
    g_auto(GStrv) parts = g_strsplit(text != NULL ? text : "", " ", 64);
    for (char **part = parts; *part != NULL; part++)
        if (**part != '\0')
            json_array_append_new(list, json_string(*part));
    return list;
}

/* The permission is there, and opens. scopes (out, transfer full). */
static bool check_authorised(const struct check_job *job, struct app *app,
                             const struct oauth_provider *provider, char **scopes,
                             sync_check_fn *tell, void *arg)
{
    g_autoptr(GError) problem = NULL;
    struct store_credential credential = {0};
    struct row row = begin("authorise", tell, arg);
    g_autofree char *origin = app_credential_origin(provider);
    json_t *evidence = NULL;
    if (store_credential_load(app->store, job->account, origin, &credential, &problem)) {
        evidence = json_pack("{s:s, s:s?}", "provider", provider->name, "login", credential.login);
        *scopes = g_strdup(credential.scopes);
        if (credential.refresh_token == NULL)
            error_set(&problem, ERROR_NO_REFRESH_TOKEN, "no refresh token is kept");
    }
    store_credential_clear(&credential);
    return end(&row, evidence, problem);
}

static struct secret *check_token(const struct store_sync_account *config, struct app *app,
                                  const struct oauth_provider *provider, const char *scopes,
                                  struct cancel *cancel, sync_check_fn *tell, void *arg)
{
    g_autoptr(GError) problem = NULL;
    int64_t expires = 0;
    struct row row = begin("token", tell, arg);
    struct secret *token = sync_check_secret(app->sync, config, true, &expires, cancel, &problem);
    g_autofree char *missing = oauth_missing_scopes(provider, scopes != NULL ? scopes : "");
    if (token != NULL && missing != NULL)
        error_set(&problem, ERROR_SCOPES_MISSING, "not granted: %s", missing);
    end(&row,
        json_pack("{s:o, s:o, s:s?, s:s, s:I}", "scopes", words(scopes), "missing", words(missing),
                  "login", config->login, "address", config->address, "expires",
                  (json_int_t)expires),
        problem);
    return token;
}

/* --- a linked account */

struct told {
    struct app *app;
    int64_t account;
    sync_check_fn *tell;
    void *arg;
};

/* What signing in to send says holds for the account from now on; a server that is away for a
 * moment says nothing about sending. */
static void tell_and_keep(const char *check, enum sync_check_state state, int64_t milliseconds,
                          json_t *evidence, const GError *problem, void *arg)
{
    const struct told *told = arg;
    told->tell(check, state, milliseconds, evidence, problem, told->arg);
    bool speaks = state == SYNC_CHECK_OK ||
                  (state == SYNC_CHECK_BAD && error_scope(problem) != ERROR_SCOPE_SERVER &&
                   !error_is(problem, ERROR_CANCELLED) && !error_is(problem, ERROR_THROTTLED));
    if (strcmp(check, "smtp") == 0 && speaks)
        store_sync_send_problem(told->app->store, told->account, problem, NULL);
}

static struct secret *secret_of(const struct check_job *job, struct app *app,
                                const struct store_sync_account *config, struct cancel *cancel,
                                sync_check_fn *tell, void *arg, GError **error)
{
    if (config->provider == NULL || job->only_start)
        return sync_check_secret(app->sync, config, false, NULL, cancel, error);
    struct oauth_provider *provider = app_provider(app, config->provider, error);
    g_autofree char *scopes = NULL;
    struct secret *secret = NULL;
    if (provider != NULL && check_authorised(job, app, provider, &scopes, tell, arg))
        secret = check_token(config, app, provider, scopes, cancel, tell, arg);
    oauth_provider_free(provider);
    return secret;
}

static void quiet(const char *check, enum sync_check_state state, int64_t milliseconds,
                  json_t *evidence, const GError *problem, void *arg)
{
    (void)check, (void)state, (void)milliseconds, (void)evidence, (void)problem, (void)arg;
}

static void skip_servers(const struct check_job *job, const GError *problem, sync_check_fn *tell,
                         void *arg)
{
    static const char *const checks[] = {"imap", "folders", "smtp", "start"};
    if (problem != NULL)
        tell(job->only_start ? "start" : "imap", SYNC_CHECK_BAD, 0, NULL, problem, arg);
    for (size_t i = problem != NULL ? 1 : 0; i < G_N_ELEMENTS(checks) && !job->only_start; i++)
        tell(checks[i], SYNC_CHECK_SKIPPED, 0, NULL, NULL, arg);
}

static void run_linked(const struct check_job *job, struct app *app, struct cancel *cancel,
                       sync_check_fn *tell, void *arg)
{
    g_autoptr(GError) problem = NULL;
    struct told told = {app, job->account, tell, arg};
    struct store_sync_account *config =
        check_address(job, app, job->only_start ? quiet : tell, arg);
    struct secret *secret =
        config != NULL ? secret_of(job, app, config, cancel, tell, arg, &problem) : NULL;
    if (secret == NULL) {
        skip_servers(job, problem, tell, arg);
    } else {
        const struct sync_check check = {.config = config,
                                         .secret = secret,
                                         .since = job->has_since ? job->since : config->since,
                                         .only_start = job->only_start,
                                         .cancel = cancel,
                                         .tell = tell_and_keep,
                                         .arg = &told};
        sync_check_run(app->sync, &check);
    }
    secret_free(secret);
    store_sync_account_free(config);
}

static void run_tried(const struct check_job *job, struct app *app, struct cancel *cancel,
                      sync_check_fn *tell, void *arg)
{
    const struct store_sync_account *config = job->config;
    struct row row = begin("address", job->only_start ? quiet : tell, arg);
    g_autofree char *imap = place(config->imap_host, config->imap_port);
    g_autofree char *smtp = place(config->smtp_host, config->smtp_port);
    end(&row,
        json_pack("{s:s, s:n, s:s?, s:s?}", "address", config->address, "provider", "imap", imap,
                  "smtp", smtp),
        NULL);
    const struct sync_check check = {.config = config,
                                     .secret = job->secret,
                                     .since = job->since,
                                     .only_start = job->only_start,
                                     .cancel = cancel,
                                     .tell = tell,
                                     .arg = arg};
    sync_check_run(app->sync, &check);
}

void check_job_run(struct check_job *job, struct app *app, struct cancel *cancel,
                   sync_check_fn *tell, void *arg)
{
    if (job->account != 0)
        run_linked(job, app, cancel, tell, arg);
    else
        run_tried(job, app, cancel, tell, arg);
}
