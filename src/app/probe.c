#include "app/probe.h"

#include "base/clock.h"
#include "base/proxy.h"
#include "httpc/httpc.h"
#include "imap/client.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 10000
#define LINE_MAX_BYTES 1024
#define SOON_SECONDS (INT64_C(30) * 86400)

static void row_free(gpointer pointer)
{
    struct probe_row *row = pointer;
    g_free(row->check);
    g_free(row->text);
    g_free(row);
}

void probe_init(struct probe *probe, struct app *app, struct cancel *cancel)
{
    *probe = (struct probe){.app = app, .cancel = cancel};
    probe->rows = g_ptr_array_new_with_free_func(row_free);
}

void probe_clear(struct probe *probe)
{
    g_ptr_array_unref(probe->rows);
}

bool probe_is_bad(const struct probe *probe)
{
    for (guint i = 0; i < probe->rows->len; i++)
        if (strcmp(((const struct probe_row *)probe->rows->pdata[i])->state, "bad") == 0)
            return true;
    return false;
}

/* Takes text. */
static void add_row(struct probe *probe, const char *check, const char *state, char *text,
                    const char *problem)
{
    struct probe_row *row = g_new(struct probe_row, 1);
    *row = (struct probe_row){g_strdup(check), state, text, problem};
    g_ptr_array_add(probe->rows, row);
    if (probe->noted != NULL)
        probe->noted(row, probe->noted_arg);
}

void probe_note(struct probe *probe, const char *check, const char *state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_row(probe, check, state, g_strdup_vprintf(format, args), NULL);
    va_end(args);
}

static void note_error(struct probe *probe, const char *check, const char *where,
                       const GError *error)
{
    add_row(probe, check, "bad",
            g_strdup_printf("%s: %s %s (%s)", where, error_cause(error), error_next_step(error),
                            error->message),
            error_problem(error));
}

/* --- the way there */

struct place {
    const char *check, *host, *ca_file, *proxy;
    uint16_t port;
    bool tls;
};

static struct net_dial dial_of(const struct probe *probe, const struct place *place)
{
    return (struct net_dial){.host = place->host,
                             .port = place->port,
                             .tls = place->tls,
                             .ca_file = place->ca_file,
                             .class = NET_OPERATOR,
                             .policy = &probe->app->policy,
                             .proxy = place->proxy,
                             .deadline = clock_in_ms(PATIENCE_MS),
                             .cancel = probe->cancel};
}

/* Name, connection and TLS, each with its own row when it fails. (transfer full) or NULL. */
static struct conn *reach(struct probe *probe, const struct place *place)
{
    g_autofree char *where = g_strdup_printf("%s:%u", place->host, place->port);
    g_autoptr(GError) error = NULL;
    struct net_dial dial = dial_of(probe, place);
    struct conn *conn = conn_dial(&dial, &error);
    if (conn == NULL)
        note_error(probe, place->check, where, error);
    return conn;
}

void probe_proxy(struct probe *probe, const char *check, const char *url)
{
    struct proxy proxy;
    g_autoptr(GError) error = NULL;
    if (!proxy_parse(url, &proxy, &error)) {
        probe_note(probe, check, "bad", "%s", error->message);
        return;
    }
    struct place place = {.host = proxy.host, .port = proxy.port, .proxy = PROXY_DIRECT};
    struct net_dial dial = dial_of(probe, &place);
    struct conn *conn = conn_dial(&dial, &error);
    if (conn == NULL)
        probe_note(probe, check, "bad", "%s:%u does not take connections: %s", proxy.host,
                   proxy.port, error->message);
    else
        probe_note(probe, check, "ok",
                   "%s:%u takes connections; names of servers are resolved there", proxy.host,
                   proxy.port);
    conn_free(conn);
    proxy_clear(&proxy);
}

/* --- HTTP */

static bool answers(struct probe *probe, const char *check, const char *url,
                    const struct oauth_provider *provider, int *status)
{
    g_autoptr(GError) error = NULL;
    struct httpc_answer answer = {0};
    struct httpc_request request = {.method = "GET",
                                    .url = url,
                                    .ca_file = provider->ca_file,
                                    .class = NET_OPERATOR,
                                    .policy = &probe->app->policy,
                                    .proxy = provider->proxy,
                                    .deadline = clock_in_ms(PATIENCE_MS),
                                    .cancel = probe->cancel};
    bool in_steps = probe->in_steps && strcmp(check, "sign-in") == 0;
    bool there = httpc_perform(&request, &answer, &error);
    bool untrusted = !there && error_is(error, ERROR_TLS);
    if (in_steps && (there || untrusted))
        probe_note(probe, "reach", "ok", "%s takes connections", provider->authority);
    if (in_steps && there)
        probe_note(probe, "tls", "ok", "its certificate is trusted");
    if (!there) {
        add_row(probe,
                !in_steps   ? check
                : untrusted ? "tls"
                            : "reach",
                "bad",
                g_strdup_printf("%s %s", error->message,
                                untrusted ? "; for a private authority give its CA file"
                                : error_is(error, ERROR_DNS)
                                    ? "; check the address for typing errors"
                                    : "; check address, firewall and proxy"),
                error_problem(error));
        return false;
    }
    *status = answer.status;
    if (answer.date != 0) {
        probe->skew = clock_wall() - answer.date;
        probe->skew_known = true;
    }
    httpc_answer_clear(&answer);
    return true;
}

static bool probe_discovery(struct probe *probe, const struct oauth_provider *provider)
{
    int status = 0;
    bool google = provider->type == OAUTH_GOOGLE;
    g_autofree char *url =
        google ? g_strconcat(provider->authority, "/.well-known/openid-configuration", NULL)
               : g_strdup_printf("%s/%s/v2.0/.well-known/openid-configuration", provider->authority,
                                 provider->tenant);
    if (!answers(probe, "sign-in", url, provider, &status))
        return false;
    const char *check = probe->in_steps ? "discovery" : "sign-in";
    if (status == 200)
        probe_note(probe, check, "ok", "%s answers", provider->authority);
    else
        add_row(probe, check, "bad",
                g_strdup_printf("%s answers %d for the tenant %s: check authority and tenant",
                                provider->authority, status, provider->tenant),
                "tenant-unknown");
    return status == 200;
}

static void probe_graph(struct probe *probe, const struct oauth_provider *provider)
{
    int status = 0;
    if (provider->type == OAUTH_GOOGLE)
        return;
    g_autofree char *url = g_strconcat(provider->graph, "/v1.0/me", NULL);
    if (answers(probe, "graph", url, provider, &status))
        probe_note(probe, "graph", "ok", "%s answers", provider->graph);
}

/* Each secret by itself, or the second would hide what is wrong with the first. */
static void probe_secret(struct probe *probe, const struct oauth_provider *provider,
                         const char *check, struct secret *secret)
{
    g_autoptr(GError) error = NULL;
    struct oauth_provider alone = *provider;
    alone.client_secret = secret;
    alone.second_secret = NULL;
    if (oauth_client_check(&alone, &probe->app->policy, probe->cancel, &error))
        probe_note(probe, check, "ok", "the service knows the client id and takes the secret");
    else
        note_error(probe, check, "client id and secret", error);
}

static void probe_client(struct probe *probe, const struct oauth_provider *provider)
{
    probe_secret(probe, provider, "client", provider->client_secret);
    if (provider->second_secret != NULL)
        probe_secret(probe, provider, "second-secret", provider->second_secret);
}

/* --- mail */

static void probe_imap(struct probe *probe, const struct oauth_provider *provider)
{
    g_autoptr(GError) error = NULL;
    struct place place = {.host = provider->imap_host,
                          .port = provider->imap_port,
                          .ca_file = provider->ca_file,
                          .proxy = provider->proxy};
    struct net_dial dial = dial_of(probe, &place);
    struct imap_client *imap = imap_client_open(&dial, IMAP_TLS, &error);
    g_autofree char *where = g_strdup_printf("%s:%u", place.host, place.port);
    if (imap != NULL)
        probe_note(probe, "imap", "ok", "%s greets, with TLS", where);
    else
        note_error(probe, "imap", where, error);
    imap_client_free(imap);
}

/* One reply; its code, or 0. feature (may be NULL): told whether a line has the word. */
static int smtp_reply(struct conn *conn, const char *word, bool *found)
{
    char line[LINE_MAX_BYTES];
    int64_t deadline = clock_in_ms(PATIENCE_MS);
    for (int lines = 0; lines < 100; lines++) {
        size_t length = 0;
        do
            if (length + 1 >= sizeof line || conn_read(conn, line + length, 1, deadline, NULL) != 1)
                return 0;
        while (line[length++] != '\n');
        line[length] = '\0';
        if (word != NULL && length > 4 && g_ascii_strncasecmp(line + 4, word, strlen(word)) == 0)
            *found = true;
        if (length > 3 && line[3] != '-')
            return atoi(line);
    }
    return 0;
}

static bool smtp_say(struct conn *conn, const char *line)
{
    return conn_write(conn, line, strlen(line), clock_in_ms(PATIENCE_MS), NULL);
}

static const char *smtp_dialogue(struct conn *conn, const char *ca_file, GError **error)
{
    bool offered = false;
    if (smtp_reply(conn, NULL, NULL) != 220)
        return "it does not greet like a mail server";
    if (conn_is_tls(conn))
        return NULL;
    if (!smtp_say(conn, "EHLO postroom.invalid\r\n") ||
        smtp_reply(conn, "STARTTLS", &offered) != 250 || !offered)
        return "it does not offer STARTTLS";
    if (!smtp_say(conn, "STARTTLS\r\n") || smtp_reply(conn, NULL, NULL) != 220)
        return "it refuses STARTTLS";
    return conn_start_tls(conn, ca_file, clock_in_ms(PATIENCE_MS), error)
               ? NULL
               : "its certificate cannot be trusted; for a private authority give its CA file";
}

static void probe_smtp(struct probe *probe, const struct oauth_provider *provider)
{
    g_autoptr(GError) error = NULL;
    struct place place = {.check = "smtp",
                          .host = provider->smtp_host,
                          .port = provider->smtp_port,
                          .ca_file = provider->ca_file,
                          .proxy = provider->proxy,
                          .tls = provider->smtp_port == 465};
    struct conn *conn = reach(probe, &place);
    if (conn == NULL)
        return;
    const char *problem = smtp_dialogue(conn, provider->ca_file, &error);
    if (problem == NULL)
        probe_note(probe, "smtp", "ok", "%s:%u greets, with TLS", place.host, place.port);
    else
        probe_note(probe, "smtp", "bad", "%s:%u: %s%s%s", place.host, place.port, problem,
                   error != NULL ? ": " : "", error != NULL ? error->message : "");
    conn_free(conn);
}

/* --- a provider */

static void probe_settings(struct probe *probe, const struct store_provider *settings)
{
    if (settings->problem != NULL)
        probe_note(probe, "settings", "warn", "last seen: %s %s", error_title(settings->problem),
                   error_action(settings->problem));
    if (settings->secret_expires != 0 && settings->secret_expires < clock_wall())
        add_row(probe, "settings", "bad",
                g_strdup("the client secret has expired: create a new one"), "app-secret-expired");
    else if (settings->secret_expires != 0 &&
             settings->secret_expires < clock_wall() + SOON_SECONDS)
        add_row(probe, "settings", "warn",
                g_strdup("the client secret expires within 30 days: create a new one"),
                "app-secret-expires");
}

void probe_provider(struct probe *probe, const struct store_provider *settings)
{
    g_autoptr(GError) error = NULL;
    struct oauth_provider *provider = app_provider(probe->app, settings->name, &error);
    probe_settings(probe, settings);
    if (provider == NULL) {
        probe_note(probe, "settings", "bad", "%s %s (%s)", error_cause(error),
                   error_next_step(error), error->message);
        return;
    }
    const char *proxy = net_proxy_of(&probe->app->policy, provider->proxy);
    if (proxy != NULL)
        probe_proxy(probe, "proxy", proxy);
    if (probe_discovery(probe, provider))
        probe_client(probe, provider);
    probe_graph(probe, provider);
    probe_imap(probe, provider);
    probe_smtp(probe, provider);
    oauth_provider_free(provider);
}
