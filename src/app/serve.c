#include "app/serve.h"

#include "app/app.h"
#include "app/control.h"
#include "app/datadir.h"
#include "app/hooks.h"
#include "app/link.h"
#include "app/notices.h"
#include "app/previews.h"
#include "app/signin.h"
#include "base/log.h"
#include "http/auth.h"
#include "http/http.h"
#include "http/jmap_routes.h"
#include "http/push.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HTTP_STACK_BYTES (1024 * 1024)
/* At least: one person has 12 for requests (http/turns.h), and 10 for what comes over WebSockets
 * (maxConcurrentRequests). */
#define HTTP_WORKERS 24
#define BINDING_COOKIE "postroom_oauth"

struct server {
    struct app *app;
    struct exec *http_exec;
    struct oauth_flows *flows;
    struct jmap *jmap;
    struct http_server *http;
    struct http_auth *auth;
    struct http_jmap *routes;
    struct push *push;
    struct control *control;
    struct notices *notices;
};

/* --- linking ------------------------------------------------------------------------------------
 */

static void link_request_fill(struct link_request *link, struct http_request *request,
                              const char *cookie)
{
    *link = (struct link_request){
        .principal = http_request_principal(request),
        .session = cookie,
        .provider = http_request_segment(request, 0),
        .login_hint = http_request_query(request, "login_hint"),
        .since = http_request_query(request, "since"),
        .account = http_request_query(request, "account"),
        .hold = http_request_query(request, "hold") != NULL,
        .state = http_request_query(request, "state"),
        .code = http_request_query(request, "code"),
        .error = http_request_query(request, "error"),
        .error_description = http_request_query(request, "error_description"),
    };
}

/* --- signing in by a provider ------------------------------------------------------------------
 */

/* Only this browser has it, and only for as long as an authorization may take. Lax, since Strict is
 * lost on the way back. */
static void set_binding(struct http_request *request, const char *binding)
{
    const struct http_server *http = http_request_server(request);
    g_autofree char *cookie =
        g_strdup_printf(BINDING_COOKIE "=%s; Path=%soauth/; Max-Age=600; HttpOnly; SameSite=Lax%s",
                        binding, http_server_base(http),
                        http_server_is_https(http) ? "; Secure" : "");
    http_set_header(request, "Set-Cookie", cookie);
}

static char *begin_sign_in(struct server *server, struct http_request *request,
                           enum oauth_purpose purpose)
{
    g_autofree char *session = http_request_cookie(request, HTTP_SESSION_COOKIE);
    g_autofree char *fresh = oauth_binding_new();
    const struct signin_request signin = {
        .principal = http_request_principal(request),
        .binding = purpose == OAUTH_IDENTITY && session != NULL ? session : fresh,
        .provider = http_request_segment(request, 0),
        .purpose = purpose,
        .invitation = purpose == OAUTH_SIGN_IN ? http_request_query(request, "invitation") : NULL,
    };
    if (purpose == OAUTH_SIGN_IN)
        set_binding(request, fresh);
    return signin_start(server->app, server->flows, &signin);
}

static char *end_sign_in(struct server *server, struct http_request *request,
                         enum oauth_purpose purpose)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *binding =
        http_request_cookie(request,
                            purpose == OAUTH_IDENTITY ? HTTP_SESSION_COOKIE : BINDING_COOKIE);
    struct store_principal *entered = NULL;
    const struct signin_request signin = {
        .principal = http_request_principal(request),
        .binding = binding != NULL ? binding : "",
        .provider = http_request_segment(request, 0),
        .purpose = purpose,
        .state = http_request_query(request, "state"),
        .code = http_request_query(request, "code"),
        .error = http_request_query(request, "error"),
        .error_description = http_request_query(request, "error_description"),
    };
    char *url = signin_finish(server->app, server->flows, &signin, &entered);
    if (entered != NULL)
        http_auth_enter(server->auth, request, entered, "microsoft", &error);
    store_principal_unref(entered);
    return url;
}

/* NULL: the address is of a link. */
static char *sign_in_step(struct server *server, struct http_request *request)
{
    const char *step = http_request_segment(request, 1);
    if (http_request_segments(request) != 2)
        return NULL;
    if (strcmp(step, "sign-in") == 0)
        return begin_sign_in(server, request, OAUTH_SIGN_IN);
    if (strcmp(step, "identity") == 0 && http_request_principal(request) != NULL)
        return begin_sign_in(server, request, OAUTH_IDENTITY);
    if (strcmp(step, "callback") != 0)
        return NULL;
    enum oauth_purpose purpose =
        oauth_flow_purpose(server->flows, http_request_query(request, "state"));
    g_autofree char *binding = http_request_cookie(request, BINDING_COOKIE);
    /* A state that is used up or unknown: whoever began to sign in is told so as one who does. */
    if (purpose == OAUTH_LINK && binding != NULL && http_request_principal(request) == NULL)
        purpose = OAUTH_SIGN_IN;
    return purpose == OAUTH_LINK ? NULL : end_sign_in(server, request, purpose);
}

static bool offers_sign_in(const char *provider, void *arg)
{
    return signin_is_on(arg, provider);
}

static void handle_oauth(struct http_request *request, void *arg)
{
    struct server *server = arg;
    struct link_request link;
    const char *step = http_request_segment(request, 1);
    g_autofree char *elsewhere = sign_in_step(server, request);
    if (elsewhere != NULL || http_request_principal(request) == NULL) {
        http_respond_redirect(request,
                              elsewhere != NULL ? elsewhere : "link/failed?code=not-signed-in");
        return;
    }
    g_autofree char *cookie = http_request_cookie(request, "postroom_session");
    link_request_fill(&link, request, cookie != NULL ? cookie : "");
    g_autofree char *url = NULL;
    /* An administrator's consent comes back here too, without a code: it only shows the settings
     * again. */
    if (http_request_query(request, "admin_consent") != NULL)
        url = g_strdup_printf("%s/settings/microsoft", server->app->public_url);
    else if (http_request_segments(request) == 2 && strcmp(step, "start") == 0)
        url = link_start(server->app, server->flows, &link);
    else if (http_request_segments(request) == 2 && strcmp(step, "callback") == 0)
        url = link_finish(server->app, server->flows, &link);
    if (url != NULL)
        http_respond_redirect(request, url);
    else
        http_respond_problem(request, 404, "There is nothing here.", "Go back to the start page.");
}

/* --- metrics
 * --------------------------------------------------------------------------------------- */

/* Numbers only: no address of anybody (SECURITY.md 16). */
static const char *const states[] = {"linking", "syncing",      "idle", "retrying",
                                     "paused",  "needs-relink", "error"};

struct sums {
    unsigned accounts[G_N_ELEMENTS(states)];
    uint64_t emails, bytes;
};

static void add_up(const char *state, uint64_t emails, uint64_t bytes, void *arg)
{
    struct sums *sums = arg;
    sums->emails += emails;
    sums->bytes += bytes;
    for (size_t k = 0; k < G_N_ELEMENTS(states); k++)
        sums->accounts[k] += strcmp(states[k], state) == 0;
}

static char *metrics(void *arg)
{
    struct server *server = arg;
    struct sums sums = {0};
    store_account_states(server->app->store, add_up, &sums, NULL);
    GString *text = g_string_new("# TYPE postroom_accounts gauge\n");
    for (size_t k = 0; k < G_N_ELEMENTS(states); k++)
        g_string_append_printf(text, "postroom_accounts{state=\"%s\"} %u\n", states[k],
                               sums.accounts[k]);
    struct exec_stats work;
    exec_stats(server->app->exec, &work);
    g_string_append_printf(
        text,
        "# TYPE postroom_emails gauge\npostroom_emails %" G_GUINT64_FORMAT
        "\n# TYPE postroom_mail_bytes gauge\npostroom_mail_bytes %" G_GUINT64_FORMAT
        "\n# TYPE postroom_mailboxes_live gauge\npostroom_mailboxes_live %u"
        "\n# TYPE postroom_tasks_parked gauge\npostroom_tasks_parked %u\n"
        "# TYPE postroom_task_runs_total counter\npostroom_task_runs_total %" G_GUINT64_FORMAT "\n",
        sums.emails, sums.bytes, sync_manager_live(server->app->sync), work.parked, work.runs);
    return g_string_free(text, FALSE);
}

/* --- starting and stopping
 * ------------------------------------------------------------------------- */

static void server_stop(struct server *server)
{
    control_stop(server->control);
    notices_stop(server->notices);
    push_free(server->push);
    http_jmap_stop(server->routes);
    http_server_free(server->http);
    http_jmap_free(server->routes);
    http_auth_free(server->auth);
    jmap_free(server->jmap);
    oauth_flows_free(server->flows);
    if (server->http_exec != NULL)
        exec_free(server->http_exec);
    app_close(server->app);
}

static bool start_http(struct server *server, GError **error)
{
    struct app *app = server->app;
    struct http_config http = {
        .listen = app->config->listen,
        .public_url = app->public_url,
        .exec = server->http_exec,
        .browser_origins = (const char *const *)app->config->browser_origins,
    };
    server->http = http_server_new(&http, error);
    if (server->http == NULL)
        return false;
    struct jmap_config jmap = {.store = app->store,
                               .keyring = app->keyring,
                               .public_url = app->public_url};
    hooks_fill(&jmap.hooks, app);
    server->jmap = jmap_new(&jmap);
    server->flows = oauth_flows_new();
    server->auth = http_auth_add(server->http, app->store, app->keyring);
    http_auth_offers(server->auth, offers_sign_in, app);
    server->routes = http_jmap_add(server->http, server->jmap, app->store, &app->policy);
    previews_offer(server->routes, app);
    const struct push_config push = {.jmap = server->jmap,
                                     .store = app->store,
                                     .policy = &app->policy,
                                     .ca_file = app->config->push_ca_file};
    server->push = push_new(&push);
    const struct http_route oauth = {.method = "GET",
                                     .path = "oauth/",
                                     .door = HTTP_DOOR_VISIT,
                                     .handle = handle_oauth,
                                     .arg = server};
    http_route(server->http, &oauth);
    http_add_health(server->http, metrics, server,
                    g_strcmp0(app->config->metrics_from, "all") == 0);
    http_add_page(server->http, "/postroom/web");
    return http_server_open(server->http, error);
}

static bool server_start(struct server *server, GError **error)
{
    struct exec_config workers = {.workers =
                                      (unsigned)MAX(server->app->config->workers, HTTP_WORKERS),
                                  .reserved = 2,
                                  .stack_bytes = HTTP_STACK_BYTES};
    server->http_exec = exec_new(&workers);
    app_start_sync(server->app, true);
    app_start_checks(server->app);
    app_start_attach(server->app);
    return start_http(server, error) &&
           (server->control = control_start(server->app, error)) != NULL &&
           sync_manager_start(server->app->sync, error) &&
           (server->notices = notices_start(server->app)) != NULL;
}

/* A port that is free now; 0 when there is none. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    unsigned port = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        port = ntohs(address.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

/* Redirect URIs are made of the public URL, so port 0 must be settled before it; without a URL it
 * is localhost at the port. */
static void settle_addresses(struct config *config)
{
    const char *colon = strrchr(config->listen, ':');
    if (colon != NULL && strcmp(colon, ":0") == 0) {
        char *listen =
            g_strdup_printf("%.*s:%u", (int)(colon - config->listen), config->listen, free_port());
        g_free(config->listen);
        config->listen = listen;
        colon = strrchr(listen, ':');
    }
    if (config->public_url == NULL)
        config->public_url =
            g_strdup_printf("http://localhost:%s", colon != NULL ? colon + 1 : "8480");
}

static void wait_for_signal(void)
{
    sigset_t set;
    int got = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigwait(&set, &got);
    LOG_INFO("server.stopping", LOG_INT("signal", got));
}

/* Before any thread starts, so that only sigwait sees them. */
static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int say(const GError *error)
{
    fprintf(stderr, "postroom serve: %s\n", error->message);
    return 1;
}

static int serve(struct config *config)
{
    g_autoptr(GError) error = NULL;
    struct server server = {0};
    bool served = false;
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++)
        if (g_strcmp0(config->log_level, levels[i]) == 0)
            log_set_level((enum log_level)i);
    int lock = control_take(config->data, &served, &error);
    if (lock < 0) {
        if (served)
            error_set(&error, ERROR_CONFLICT, "another Postroom has the data directory %s",
                      config->data);
        config_free(config);
        return say(error);
    }
    if (!datadir_settle(config->data, &error)) {
        config_free(config);
        return say(error);
    }
    settle_addresses(config);
    g_autofree char *listen = g_strdup(config->listen);
    server.app = app_open(config, lock, &error);
    bool ok = server.app != NULL && server_start(&server, &error);
    if (ok) {
        printf("Postroom listens on %s, public address %s\n", listen, server.app->public_url);
        fflush(stdout);
        LOG_INFO("server.started", LOG_INT("port", http_server_port(server.http)));
        wait_for_signal();
    }
    int status = ok ? 0 : say(error);
    server_stop(&server);
    return status;
}

int serve_main(int argc, char **argv)
{
    char *file = NULL, *data = NULL, *listen = NULL, *url = NULL;
    const GOptionEntry entries[] = {
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &file, "configuration file", "FILE"},
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &data, "data directory", "DIR"},
        {"listen", 0, 0, G_OPTION_ARG_STRING, &listen, "address and port", "ADDR:PORT"},
        {"public-url", 0, 0, G_OPTION_ARG_STRING, &url, "what browsers use", "URL"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GError) error = NULL;
    GOptionContext *context = g_option_context_new("- run the server");
    g_option_context_add_main_entries(context, entries, NULL);
    bool ok = g_option_context_parse(context, &argc, &argv, &error) && argc == 1;
    g_option_context_free(context);
    if (!ok) {
        fprintf(stderr, "postroom serve: %s; see: postroom serve --help\n",
                error != NULL ? error->message : "it takes no arguments");
        return 2;
    }
    block_signals();
    struct config *config = config_load(file, &error);
    if (config == NULL)
        return say(error);
    char **const fields[] = {&config->data, &config->listen, &config->public_url};
    char *values[] = {data != NULL ? g_canonicalize_filename(data, NULL) : NULL, listen, url};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (values[i] == NULL)
            continue;
        g_free(*fields[i]);
        *fields[i] = values[i];
    }
    g_free(data);
    g_free(file);
    size_t length = config->public_url != NULL ? strlen(config->public_url) : 0;
    if (length > 0 && config->public_url[length - 1] == '/')
        config->public_url[length - 1] = '\0';
    return serve(config);
}
