/* Commands about linked mailboxes. */
#include "app/command.h"

#include <jansson.h>
#include <string.h>

static int64_t user_of(struct command_call *call, const char *email, GError **error)
{
    g_autoptr(GPtrArray) users = store_users(call->app->store, error);
    for (guint i = 0; users != NULL && i < users->len; i++) {
        const struct store_user *user = users->pdata[i];
        if (g_ascii_strcasecmp(user->email, email) == 0)
            return user->id;
    }
    if (users != NULL)
        error_set(error, ERROR_NOT_FOUND, "there is no user %s; see: postroom user list", email);
    return 0;
}

int command_account_add(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    const char *property = NULL;
    if (options->owner == NULL || options->imap == NULL || options->smtp == NULL) {
        fprintf(call->err, "postroom account add: --owner, --imap and --smtp are needed\n");
        return 2;
    }
    g_autofree char *ca_file =
        options->ca_file != NULL ? command_path(call, options->ca_file) : NULL;
    struct app_password_account account = {
        .address = call->args[0],
        .imap_url = options->imap,
        .smtp_url = options->smtp,
        .ca_file = ca_file,
        .by_operator = true,
    };
    if (options->since != NULL && !app_parse_date(options->since, &account.since)) {
        fprintf(call->err, "postroom: \"%s\" is no date like 2026-01-31\n", options->since);
        return 1;
    }
    struct secret *proxy_password = NULL;
    bool ok = command_proxy(call, options, &account.proxy, &proxy_password, &error);
    account.proxy_password = proxy_password;
    account.user = ok ? user_of(call, options->owner, &error) : 0;
    struct secret *password =
        account.user != 0 ? command_secret(call, options->password_file, "Password", &error) : NULL;
    account.password = password;
    int64_t id = password != NULL ? app_account_add(call->app, &account, &property, &error) : 0;
    secret_free(password);
    secret_free(proxy_password);
    if (id == 0)
        return command_fail(call, error);
    fprintf(call->out, "linked %s\n", call->args[0]);
    return 0;
}

int command_account_set(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    const char *address = NULL;
    struct secret *password = NULL;
    if (options->proxy == NULL) {
        fprintf(call->err, "postroom account set: --proxy is needed\n");
        return 2;
    }
    int64_t id = store_account_of_address(call->app->store, call->args[0], &error);
    bool ok = id != 0 && command_proxy(call, options, &address, &password, &error) &&
              app_account_proxy(call->app, id, address, password, &error);
    secret_free(password);
    if (!ok)
        return command_fail(call, error);
    fprintf(call->out, "%s: proxy %s\n", call->args[0], options->proxy);
    return 0;
}

static json_t *number_or_null(int64_t seconds)
{
    if (seconds == 0)
        return json_null();
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *text = g_date_time_format_iso8601(date);
    return json_string(text);
}

static json_t *error_json(const char *problem, const char *detail)
{
    if (problem == NULL)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s?}", "code", problem, "title", error_title(problem),
                     "action", error_action(problem), "detail", detail);
}

static json_t *mailbox_json(const struct store_mailbox_status *mailbox)
{
    return json_pack("{s:s, s:s?, s:b, s:I, s:I, s:I, s:I, s:o, s:{s:I, s:I, s:I}}", "name",
                     mailbox->name, "role", mail_role_name(mailbox->role), "synced",
                     mailbox->synced, "serverCount", (json_int_t)mailbox->server_count,
                     "localCount", (json_int_t)mailbox->local_count, "pending",
                     (json_int_t)mailbox->pending, "skipped", (json_int_t)mailbox->skipped,
                     "reconciledAt", number_or_null(mailbox->reconciled_at), "differed", "missing",
                     (json_int_t)mailbox->missing, "surplus", (json_int_t)mailbox->surplus,
                     "astray", (json_int_t)mailbox->astray);
}

static const char *quota_unit(const struct store_quota *quota)
{
    static const char *const units[] = {[STORE_QUOTA_OCTETS] = "bytes",
                                        [STORE_QUOTA_EMAILS] = "emails",
                                        [STORE_QUOTA_MAILBOXES] = "folders"};
    return units[quota->of];
}

static json_t *quotas_json(const GPtrArray *quotas)
{
    json_t *list = json_array();
    for (guint i = 0; i < quotas->len; i++) {
        const struct store_quota *quota = quotas->pdata[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I}", "name", quota->root, "of",
                                              quota_unit(quota), "used", (json_int_t)quota->used,
                                              "limit", (json_int_t)quota->limit));
    }
    return list;
}

/* The shape is promised in docs/configuration.md: scripts depend on it. */
static json_t *status_json(struct command_call *call, const struct store_account_status *status)
{
    const struct store_account_view *view = status->view;
    json_t *mailboxes = json_array();
    for (guint i = 0; i < status->mailboxes->len; i++) {
        const struct store_mailbox_status *mailbox = status->mailboxes->pdata[i];
        json_array_append_new(mailboxes, mailbox_json(mailbox));
    }
    g_autofree char *owner = app_proxy_owner(view->id);
    g_autofree char *proxy = store_proxy_address(call->app->store, owner);
    return json_pack("{s:s, s:s?, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:s?, "
                     "s:s?}",
                     "email", view->address, "provider", view->provider, "state", view->state,
                     "error", error_json(view->problem, view->detail), "sendError",
                     error_json(view->send_problem, view->send_detail), "emails",
                     (json_int_t)status->emails, "bytes", (json_int_t)status->bytes,
                     "unreadAttachments", (json_int_t)view->unread_attachments,
                     "unreadableAttachments", (json_int_t)view->unreadable_attachments, "lastSync",
                     number_or_null(view->last_sync), "nextAttempt",
                     number_or_null(view->next_attempt), "mailboxes", mailboxes, "quotas",
                     quotas_json(status->quotas), "owner", status->owner, "proxy", proxy);
}

int command_account_list(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = store_account_statuses(call->app->store, &error);
    if (all == NULL)
        return command_fail(call, error);
    json_t *list = json_array();
    for (guint i = 0; i < all->len; i++) {
        const struct store_account_status *status = all->pdata[i];
        if (options->json)
            json_array_append_new(list, status_json(call, status));
        else
            fprintf(call->out, "%-32s %-12s %8" G_GUINT64_FORMAT " emails  %s\n",
                    status->view->address, status->view->state, status->emails,
                    status->view->problem != NULL ? error_title(status->view->problem) : "");
    }
    if (options->json)
        command_print_json(call, list);
    else
        json_decref(list);
    return 0;
}

static void print_problem(struct command_call *call, const char *problem, const char *detail)
{
    if (problem == NULL)
        return;
    g_autofree char *text = command_problem(problem, detail);
    command_print(call->out, "  %s\n", text);
}

static void print_mailbox(struct command_call *call, const struct store_mailbox_status *mailbox)
{
    if (mailbox->synced)
        command_print(call->out, "  %-32s %8u %8u %8u%s\n", mailbox->name, mailbox->server_count,
                      mailbox->local_count, mailbox->pending,
                      mailbox->skipped > 0 ? "  some were skipped" : "");
    else
        command_print(call->out, "  %-32s not synced\n", mailbox->name);
}

static void print_quota(struct command_call *call, const struct store_quota *quota)
{
    command_print(call->out,
                  "  quota%s%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " %s used (%.0f %%)\n",
                  quota->root[0] != '\0' ? " " : "", quota->root, quota->used, quota->limit,
                  quota_unit(quota),
                  quota->limit > 0 ? 100.0 * (double)quota->used / (double)quota->limit : 100.0);
}

static void print_status(struct command_call *call, const struct store_account_status *status)
{
    const struct store_account_view *view = status->view;
    fprintf(call->out, "%s: %s, %" G_GUINT64_FORMAT " emails, %" G_GUINT64_FORMAT " bytes\n",
            view->address, view->state, status->emails, status->bytes);
    if (view->unread_attachments > 0)
        fprintf(call->out, "  attachments of %" G_GUINT64_FORMAT " emails are not searchable yet\n",
                view->unread_attachments);
    if (view->unreadable_attachments > 0)
        fprintf(call->out,
                "  %" G_GUINT64_FORMAT " attachments cannot be read, and are found by name only\n",
                view->unreadable_attachments);
    print_problem(call, view->problem, view->detail);
    print_problem(call, view->send_problem, view->send_detail);
    if (view->next_attempt != 0) {
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(view->next_attempt);
        g_autofree char *when = g_date_time_format(date, "%Y-%m-%d %H:%M:%S");
        fprintf(call->out, "  next attempt: %s\n", when);
    }
    for (guint i = 0; i < status->quotas->len; i++)
        print_quota(call, status->quotas->pdata[i]);
    fprintf(call->out, "  %-32s %8s %8s %8s\n", "folder", "server", "here", "pending");
    for (guint i = 0; i < status->mailboxes->len; i++)
        print_mailbox(call, status->mailboxes->pdata[i]);
}

int command_account_status(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    int64_t id = store_account_of_address(call->app->store, call->args[0], &error);
    struct store_account_status *status =
        id != 0 ? store_account_status(call->app->store, id, &error) : NULL;
    if (status == NULL)
        return command_fail(call, error);
    if (options->json)
        command_print_json(call, status_json(call, status));
    else
        print_status(call, status);
    store_account_status_free(status);
    return 0;
}

int command_account_remove(struct command_call *call, const struct command_options *options)
{
    (void)options;
    g_autoptr(GError) error = NULL;
    int64_t id = store_account_of_address(call->app->store, call->args[0], &error);
    if (id == 0)
        return command_fail(call, error);
    if (call->app->sync != NULL)
        sync_manager_drop(call->app->sync, id);
    oauth_token_forget(call->app->tokens, id);
    if (!store_account_remove(call->app->store, id, &error))
        return command_fail(call, error);
    fprintf(call->out, "removed %s and everything of it\n", call->args[0]);
    return 0;
}
