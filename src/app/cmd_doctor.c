/* postroom doctor: looks at configuration, data, clock, network, every provider and account, and
 * says what to do. */
#include "app/command.h"

#include "base/clock.h"
#include "httpc/httpc.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define CLOCK_SKEW_MAX_S 120
#define FREE_BYTES_MIN (512ULL * 1024 * 1024)
#define PATIENCE_MS 10000

struct examination {
    struct command_call *call;
    json_t *rows;
    bool bad;
    int64_t skew; /* of our clock against the providers', seconds */
    bool skew_known;
};

static void note(struct examination *exam, const char *check, const char *state, const char *format,
                 ...) G_GNUC_PRINTF(4, 5);
static void note(struct examination *exam, const char *check, const char *state, const char *format,
                 ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    exam->bad = exam->bad || strcmp(state, "bad") == 0;
    json_array_append_new(exam->rows, json_pack("{s:s, s:s, s:s}", "check", check, "state", state,
                                                "text", text));
}

static void examine_config(struct examination *exam)
{
    const struct config *config = exam->call->app->config;
    struct stat st;
    note(exam, "config", "ok", "%s; data in %s",
         config->file != NULL ? config->file : "no configuration file", config->data);
    if (stat(config->data, &st) == 0 && (st.st_mode & 0077) != 0)
        note(exam, "data", "bad", "others may read %s; run: chmod 700 %s", config->data,
             config->data);
    g_autofree char *key = g_canonicalize_filename(config->key_file, NULL);
    g_autofree char *data = g_strconcat(config->data, "/", NULL);
    if (g_str_has_prefix(key, data))
        note(exam, "key", "warn",
             "the key file lies in the data directory: a thief of the data has the key too");
    else
        note(exam, "key", "ok", "%s; keep a copy apart from the backups", key);
}

static void examine_data(struct examination *exam)
{
    struct app *app = exam->call->app;
    struct statvfs disk;
    g_autofree char *problem = store_check(app->store);
    if (problem != NULL)
        note(exam, "data", "bad", "%s", problem);
    else
        note(exam, "data", "ok", "the data files are sound");
    if (statvfs(app->config->data, &disk) != 0)
        return;
    unsigned long long left = (unsigned long long)disk.f_bavail * disk.f_frsize;
    note(exam, "disk", left < FREE_BYTES_MIN ? "bad" : "ok", "%.1f GB free", (double)left / 1e9);
}

static void examine_discovery(struct examination *exam, const struct oauth_provider *provider)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *url = g_strdup_printf("%s/%s/v2.0/.well-known/openid-configuration",
                                           provider->authority, provider->tenant);
    struct httpc_request request = {.method = "GET",
                                    .url = url,
                                    .ca_file = provider->ca_file,
                                    .class = NET_OPERATOR,
                                    .policy = &exam->call->app->policy,
                                    .deadline = clock_in_ms(PATIENCE_MS)};
    struct httpc_answer answer = {0};
    g_autofree char *check = g_strdup_printf("provider %s", provider->name);
    if (!httpc_perform(&request, &answer, &error))
        note(exam, check, "bad", "%s: %s", provider->authority, error->message);
    else if (answer.status != 200)
        note(exam, check, "bad", "%s answers %d for tenant %s: check authority and tenant",
             provider->authority, answer.status, provider->tenant);
    else
        note(exam, check, "ok", "%s answers", provider->authority);
    if (answer.date != 0) {
        exam->skew = clock_wall() - answer.date;
        exam->skew_known = true;
    }
    httpc_answer_clear(&answer);
}

static void examine_providers(struct examination *exam)
{
    struct app *app = exam->call->app;
    g_autoptr(GPtrArray) providers = store_providers(app->store, NULL);
    for (guint i = 0; providers != NULL && i < providers->len; i++) {
        const struct store_provider *row = providers->pdata[i];
        g_autoptr(GError) error = NULL;
        g_autofree char *check = g_strdup_printf("provider %s", row->name);
        if (row->problem != NULL)
            note(exam, check, "bad", "%s %s", error_title(row->problem),
                 error_action(row->problem));
        if (row->secret_expires != 0 && row->secret_expires < clock_wall() + INT64_C(30) * 86400)
            note(exam, check, "warn", "the client secret expires within 30 days: create a new one");
        struct oauth_provider *provider = app_provider(app, row->name, &error);
        if (provider == NULL)
            note(exam, check, "bad", "%s", error->message);
        else if (provider->type == OAUTH_MICROSOFT)
            examine_discovery(exam, provider);
        oauth_provider_free(provider);
    }
    if (providers != NULL && providers->len == 0)
        note(exam, "providers", "warn", "none is set up; see docs/microsoft.md");
}

static void examine_clock(struct examination *exam)
{
    if (!exam->skew_known)
        note(exam, "clock", "warn", "no provider to compare with");
    else if (llabs((long long)exam->skew) > CLOCK_SKEW_MAX_S)
        note(exam, "clock", "bad", "off by %lld s against the provider: set the clock",
             (long long)exam->skew);
    else
        note(exam, "clock", "ok", "agrees with the provider's within %d s", CLOCK_SKEW_MAX_S);
}

static void examine_accounts(struct examination *exam)
{
    g_autoptr(GPtrArray) all = store_account_statuses(exam->call->app->store, NULL);
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const struct store_account_status *status = all->pdata[i];
        const struct store_account_view *view = status->view;
        g_autofree char *check = g_strdup_printf("account %s", view->address);
        if (view->problem != NULL)
            note(exam, check, "bad", "%s %s", error_title(view->problem),
                 error_action(view->problem));
        if (view->send_problem != NULL)
            note(exam, check, "bad", "%s %s", error_title(view->send_problem),
                 error_action(view->send_problem));
        guint differing = 0;
        for (guint k = 0; k < status->mailboxes->len; k++) {
            const struct store_mailbox_status *mailbox = status->mailboxes->pdata[k];
            differing += mailbox->server_count != mailbox->local_count + mailbox->skipped;
        }
        if (differing > 0)
            note(exam, check, "warn", "%u folders differ from the server's counts", differing);
        else if (view->problem == NULL && view->send_problem == NULL)
            note(exam, check, "ok", "%s, %" G_GUINT64_FORMAT " emails", view->state,
                 status->emails);
    }
}

int command_doctor(struct command_call *call, const struct command_options *options)
{
    struct examination exam = {.call = call, .rows = json_array()};
    examine_config(&exam);
    examine_data(&exam);
    examine_providers(&exam);
    examine_clock(&exam);
    examine_accounts(&exam);
    if (options->json)
        command_print_json(call, json_pack("{s:b, s:O}", "ok", !exam.bad, "checks", exam.rows));
    size_t i;
    json_t *row;
    json_array_foreach(exam.rows, i, row)
    {
        if (!options->json)
            fprintf(call->out, "%-5s %-28s %s\n", json_string_value(json_object_get(row, "state")),
                    json_string_value(json_object_get(row, "check")),
                    json_string_value(json_object_get(row, "text")));
    }
    json_decref(exam.rows);
    if (exam.bad)
        fprintf(call->err, "postroom: something is wrong; see above\n");
    return exam.bad ? 1 : 0;
}
