/* postroom doctor and postroom provider test: what is well, what is not, and what to do. */
#include "app/command.h"
#include "app/probe.h"
#include "base/clock.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define CLOCK_SKEW_MAX_S 120
#define FREE_BYTES_MIN (512ULL * 1024 * 1024)

static void examine_config(struct probe *exam)
{
    const struct config *config = exam->app->config;
    struct stat st;
    probe_note(exam, "config", "ok", "%s; data in %s",
               config->file != NULL ? config->file : "no configuration file", config->data);
    if (stat(config->data, &st) == 0 && (st.st_mode & 0077) != 0)
        probe_note(exam, "data", "bad", "others may read %s; run: chmod 700 %s", config->data,
                   config->data);
    g_autofree char *key = g_canonicalize_filename(config->key_file, NULL);
    g_autofree char *data = g_strconcat(config->data, "/", NULL);
    if (g_str_has_prefix(key, data))
        probe_note(exam, "key", "warn",
                   "the key file lies in the data directory: a thief of the data has the key too");
    else
        probe_note(exam, "key", "ok", "%s; keep a copy apart from the backups", key);
}

static void examine_data(struct probe *exam)
{
    struct statvfs disk;
    g_autofree char *problem = store_check(exam->app->store);
    if (problem != NULL)
        probe_note(exam, "data", "bad", "%s", problem);
    else
        probe_note(exam, "data", "ok", "the data files are sound");
    if (statvfs(exam->app->config->data, &disk) != 0)
        return;
    unsigned long long left = (unsigned long long)disk.f_bavail * disk.f_frsize;
    probe_note(exam, "disk", left < FREE_BYTES_MIN ? "bad" : "ok", "%.1f GB free",
               (double)left / 1e9);
}

/* The rows of one provider go under its name. */
static void examine_provider(struct probe *exam, const struct store_provider *settings)
{
    struct probe probe;
    probe_init(&probe, exam->app, exam->cancel);
    probe_provider(&probe, settings);
    for (guint i = 0; i < probe.rows->len; i++) {
        const struct probe_row *row = probe.rows->pdata[i];
        g_autofree char *check = g_strdup_printf("provider %s: %s", settings->name, row->check);
        probe_note(exam, check, row->state, "%s", row->text);
    }
    if (probe.skew_known) {
        exam->skew = probe.skew;
        exam->skew_known = true;
    }
    probe_clear(&probe);
}

static void examine_network(struct probe *exam)
{
    if (exam->app->policy.proxy_url != NULL)
        probe_proxy(exam, "proxy", exam->app->policy.proxy_url);
    g_autoptr(GPtrArray) providers = store_providers(exam->app->store, NULL);
    for (guint i = 0; providers != NULL && i < providers->len; i++)
        examine_provider(exam, providers->pdata[i]);
    if (providers != NULL && providers->len == 0)
        probe_note(exam, "providers", "warn", "none is set up; see docs/microsoft.md");
}

static void examine_clock(struct probe *exam)
{
    if (!exam->skew_known)
        probe_note(exam, "clock", "warn", "no provider to compare with");
    else if (llabs((long long)exam->skew) > CLOCK_SKEW_MAX_S)
        probe_note(exam, "clock", "bad", "off by %lld s against the provider: set the clock",
                   (long long)exam->skew);
    else
        probe_note(exam, "clock", "ok", "agrees with the provider's within %d s", CLOCK_SKEW_MAX_S);
}

static void examine_problem(struct probe *exam, const char *check, const char *problem,
                            const char *detail)
{
    if (problem == NULL)
        return;
    g_autofree char *text = command_problem(problem, detail);
    probe_note(exam, check, "bad", "%s", text);
}

static void examine_problems(struct probe *exam, const char *check,
                             const struct store_account_view *view)
{
    examine_problem(exam, check, view->problem, view->detail);
    examine_problem(exam, check, view->send_problem, view->send_detail);
}

/* What the last look at every message of each folder found to differ. */
static void examine_reconciliation(struct probe *exam, const char *of, const GPtrArray *mailboxes)
{
    g_autofree char *check = g_strconcat(of, ": reconciled", NULL);
    g_autoptr(GString) found = g_string_new(NULL);
    guint looked = 0, synced = 0;
    for (guint i = 0; i < mailboxes->len; i++) {
        const struct store_mailbox_status *mailbox = mailboxes->pdata[i];
        looked += mailbox->synced && mailbox->reconciled_at != 0;
        synced += mailbox->synced;
        if (mailbox->missing + mailbox->surplus + mailbox->astray > 0)
            g_string_append_printf(found, "; %s: %u missing, %u surplus, %u with other flags",
                                   mailbox->name, mailbox->missing, mailbox->surplus,
                                   mailbox->astray);
    }
    probe_note(exam, check, "ok", "%u of %u folders compared message by message%s%s", looked,
               synced, found->len > 0 ? ", differences healed" : "", found->str);
}

static void examine_attachments(struct probe *exam, const char *of,
                                const struct store_account_view *view)
{
    g_autofree char *check = g_strconcat(of, ": attachments", NULL);
    if (view->unreadable_attachments > 0)
        probe_note(exam, check, "warn",
                   "%" G_GUINT64_FORMAT " cannot be read, and are found by name only; the log names"
                   " them (attachment.unreadable)",
                   view->unreadable_attachments);
}

static void examine_account(struct probe *exam, const struct store_account_status *status)
{
    const struct store_account_view *view = status->view;
    g_autofree char *check = g_strdup_printf("account %s", view->address);
    g_autofree char *owner = app_proxy_owner(view->id);
    g_autofree char *proxy = store_proxy_address(exam->app->store, owner);
    uint64_t there = 0, here = 0;
    guint differing = 0;
    const char *first = NULL;
    examine_problems(exam, check, view);
    if (proxy != NULL && strcmp(proxy, "direct") != 0) {
        g_autofree char *of = g_strconcat(check, ": proxy", NULL);
        probe_proxy(exam, of, proxy);
    }
    for (guint k = 0; k < status->mailboxes->len; k++) {
        const struct store_mailbox_status *mailbox = status->mailboxes->pdata[k];
        bool differs = mailbox->server_count != mailbox->local_count;
        there += mailbox->server_count;
        here += mailbox->local_count;
        differing += differs;
        if (differs && first == NULL)
            first = mailbox->name;
    }
    bool ill = view->problem != NULL || view->send_problem != NULL;
    probe_note(exam, check, differing > 0 || ill ? "warn" : "ok",
               "%s, %" G_GUINT64_FORMAT " on the server, %" G_GUINT64_FORMAT " here%s%s%s",
               view->state, there, here, first != NULL ? "; they differ in " : "",
               first != NULL ? first : "", differing > 1 ? " and others" : "");
    examine_reconciliation(exam, check, status->mailboxes);
    examine_attachments(exam, check, view);
}

static void examine_accounts(struct probe *exam)
{
    g_autoptr(GPtrArray) all = store_account_statuses(exam->app->store, NULL);
    for (guint i = 0; all != NULL && i < all->len; i++)
        examine_account(exam, all->pdata[i]);
}

static int tell(struct command_call *call, const struct probe *exam, bool as_json)
{
    json_t *rows = json_array();
    bool bad = probe_is_bad(exam);
    for (guint i = 0; i < exam->rows->len; i++) {
        const struct probe_row *row = exam->rows->pdata[i];
        if (!as_json)
            command_print(call->out, "%-5s %-28s %s\n", row->state, row->check, row->text);
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "check", row->check, "state",
                                              row->state, "text", row->text));
    }
    if (as_json)
        command_print_json(call, json_pack("{s:b, s:O}", "ok", !bad, "checks", rows));
    json_decref(rows);
    if (bad)
        fprintf(call->err, "postroom: something is wrong; see above\n");
    return bad ? 1 : 0;
}

int command_doctor(struct command_call *call, const struct command_options *options)
{
    struct probe exam;
    probe_init(&exam, call->app, call->cancel);
    examine_config(&exam);
    examine_data(&exam);
    examine_network(&exam);
    examine_clock(&exam);
    examine_accounts(&exam);
    int status = tell(call, &exam, options->json);
    probe_clear(&exam);
    return status;
}

int command_provider_test(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    struct store_provider *settings = store_provider(call->app->store, call->args[0], NULL, &error);
    if (settings == NULL)
        return command_fail(call, error);
    struct probe exam;
    probe_init(&exam, call->app, call->cancel);
    probe_provider(&exam, settings);
    examine_clock(&exam);
    int status = tell(call, &exam, options->json);
    probe_clear(&exam);
    store_provider_free(settings);
    return status;
}
