/* postroom sync and postroom search. */
#include "app/command.h"

#include "base/clock.h"
#include "jmap/jmap.h"
#include "store/mail.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- sync
 * -------------------------------------------------------------------------------------------------------------
 */

struct pass {
    struct command_call *call;
    int64_t account;
    char *address;
    struct sync_result result;
    pthread_mutex_t mutex;
    bool finished;
};

static void *run_pass(void *arg)
{
    struct pass *pass = arg;
    g_autoptr(GError) error = NULL;
    struct sync_result result = {0};
    if (!sync_manager_pass(pass->call->app->sync, pass->account, pass->call->cancel, &result,
                           &error) &&
        result.error == NULL)
        result.error = g_strdup(error->message);
    pthread_mutex_lock(&pass->mutex);
    pass->result = result;
    pass->finished = true;
    pthread_mutex_unlock(&pass->mutex);
    return NULL;
}

static void draw_progress(struct pass *pass)
{
    struct store_account_status *status =
        store_account_status(pass->call->app->store, pass->account, NULL);
    if (status == NULL)
        return;
    const struct store_progress *p = &status->view->progress;
    if (p->phase != NULL && p->messages_total > 0) {
        int width = (int)(30 * p->messages_done / p->messages_total);
        fprintf(pass->call->err,
                "\r%s  %-8s [%.*s%.*s] %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT
                "  %.1f MB  %" G_GUINT64_FORMAT " s left \033[K",
                pass->address, p->phase, width, "##############################", 30 - width,
                "..............................", p->messages_done, p->messages_total,
                (double)p->bytes_done / 1e6, p->seconds_left);
        fflush(pass->call->err);
    }
    store_account_status_free(status);
}

static bool is_finished(struct pass *pass)
{
    pthread_mutex_lock(&pass->mutex);
    bool finished = pass->finished;
    pthread_mutex_unlock(&pass->mutex);
    return finished;
}

static void sync_one(struct pass *pass)
{
    pthread_t thread;
    bool terminal = isatty(fileno(pass->call->err));
    pthread_mutex_init(&pass->mutex, NULL);
    if (!terminal || pthread_create(&thread, NULL, run_pass, pass) != 0) {
        run_pass(pass);
    } else {
        while (!is_finished(pass)) {
            nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
            draw_progress(pass);
        }
        pthread_join(thread, NULL);
        fputs("\r\033[K", pass->call->err);
    }
    pthread_mutex_destroy(&pass->mutex);
}

static bool all_accounts(struct command_call *call, GArray *ids, GPtrArray *names, GError **error)
{
    g_autoptr(GPtrArray) all = store_account_statuses(call->app->store, error);
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const struct store_account_status *status = all->pdata[i];
        g_array_append_val(ids, status->view->id);
        g_ptr_array_add(names, g_strdup(status->view->address));
    }
    return all != NULL;
}

static bool chosen_accounts(struct command_call *call, GArray **ids, GPtrArray *names,
                            GError **error)
{
    *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (call->args[0] == NULL)
        return all_accounts(call, *ids, names, error);
    for (char **arg = call->args; *arg != NULL; arg++) {
        int64_t id = store_account_of_address(call->app->store, *arg, error);
        if (id == 0)
            return false;
        g_array_append_val(*ids, id);
        g_ptr_array_add(names, g_strdup(*arg));
    }
    return true;
}

static json_t *result_json(const struct pass *pass)
{
    json_t *errors = json_array();
    if (pass->result.error != NULL)
        json_array_append_new(errors, json_string(pass->result.error));
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:o}", "email", pass->address, "fetched",
                     (json_int_t)pass->result.fetched, "bytes", (json_int_t)pass->result.bytes,
                     "flagsChanged", (json_int_t)pass->result.flags_changed, "removed",
                     (json_int_t)pass->result.removed, "seconds", pass->result.seconds, "errors",
                     errors);
}

/* Where no server does it beside. */
static void read_attachments(struct command_call *call)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *program = attach_program();
    const struct attach_config config = {.store = call->app->store, .program = program};
    if (call->app->attach == NULL && program != NULL && !attach_run(&config, call->cancel, &error))
        command_print(call->err, "postroom: %s\n", error->message);
}

int command_sync(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) ids = NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    if (!chosen_accounts(call, &ids, names, &error))
        return command_fail(call, error);
    if (call->app->sync == NULL)
        app_start_sync(call->app, false);
    json_t *list = json_array();
    int status = 0;
    for (guint i = 0; i < ids->len && !cancel_is_triggered(call->cancel); i++) {
        struct pass pass = {.call = call,
                            .account = g_array_index(ids, int64_t, i),
                            .address = names->pdata[i]};
        if (options->full && !store_sync_reconcile_all(call->app->store, pass.account, &error)) {
            json_decref(list);
            return command_fail(call, error);
        }
        sync_one(&pass);
        json_array_append_new(list, result_json(&pass));
        if (pass.result.error != NULL) {
            command_print(call->err, "postroom: %s: %s\n", pass.address, pass.result.error);
            status = 1;
        } else if (!options->json)
            fprintf(call->out,
                    "%s: %" G_GUINT64_FORMAT " fetched (%.1f MB), %" G_GUINT64_FORMAT
                    " flags changed, %" G_GUINT64_FORMAT " removed, %.1f s\n",
                    pass.address, pass.result.fetched, (double)pass.result.bytes / 1e6,
                    pass.result.flags_changed, pass.result.removed, pass.result.seconds);
        sync_result_clear(&pass.result);
    }
    read_attachments(call);
    json_t *all = json_pack("{s:o}", "accounts", list);
    if (options->json) {
        json_dumpf(all, call->out, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
        fputc('\n', call->out);
    }
    json_decref(all);
    return status;
}

/* --- search
 * ------------------------------------------------------------------------------------------------------------
 */

static void print_rows(struct command_call *call, const struct store_access *access,
                       const GArray *ids)
{
    g_autoptr(GPtrArray) emails =
        store_emails(access, (const int64_t *)ids->data, ids->len, STORE_EMAIL_SUMMARY, NULL, NULL);
    for (guint i = 0; emails != NULL && i < emails->len; i++) {
        const struct store_email *email = emails->pdata[i];
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(email->received_at);
        g_autofree char *when =
            date != NULL ? g_date_time_format(date, "%Y-%m-%d %H:%M") : g_strdup("?");
        const struct mail_addresses *from = &email->summary->from;
        const char *sender = from->count > 0 ? (from->items[0].name != NULL ? from->items[0].name
                                                                            : from->items[0].email)
                                             : "";
        command_print(call->out, "e%" G_GINT64_FORMAT "  %s  %s  %s\n", email->id, when, sender,
                      email->summary->subject != NULL ? email->summary->subject : "");
    }
}

static void print_ids(struct command_call *call, const struct store_query_result *result, double ms)
{
    json_t *ids = json_array();
    for (guint i = 0; i < result->ids->len; i++)
        json_array_append_new(ids, json_sprintf("e%lld",
                                                (long long)g_array_index(result->ids, int64_t, i)));
    json_t *total = result->has_total ? json_integer((json_int_t)result->total) : json_null();
    json_t *all = json_pack("{s:o, s:o, s:f}", "total", total, "ids", ids, "ms", ms);
    json_dumpf(all, call->out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    fputc('\n', call->out);
    json_decref(all);
}

/* One line for scripts; on a terminal the place is shown too. */
static int print_problem(struct command_call *call, const char *text,
                         const struct jmap_search_problem *problem)
{
    command_print(call->err, "postroom: character %zu of the search: %s\n", problem->position + 1,
                  problem->advice);
    if (!isatty(fileno(call->err)))
        return 2;
    command_print(call->err, "  %s\n", text);
    fprintf(call->err, "  %*s", (int)problem->position, "");
    for (size_t i = 0; i < MAX(problem->length, 1); i++)
        fputc('^', call->err);
    fputc('\n', call->err);
    return 2;
}

static int search(struct command_call *call, const struct command_options *options,
                  const struct store_access *access, const struct store_filter *filter)
{
    g_autoptr(GError) error = NULL;
    struct store_query query = {.filter = filter,
                                .limit = (size_t)MAX(options->limit, 0),
                                .calculate_total = true};
    struct store_query_result result = {0};
    int64_t started = clock_now();
    bool ok = store_query(access, &query, &result, &error);
    double ms = (double)(clock_now() - started) / 1000;
    if (ok && options->json) {
        print_ids(call, &result, ms);
    } else if (ok) {
        print_rows(call, access, result.ids);
        fprintf(call->out, "%s%" G_GUINT64_FORMAT " found in %.1f ms\n",
                result.has_total ? "" : "at least ", result.total, ms);
    }
    store_query_result_clear(&result);
    return ok ? 0 : command_fail(call, error);
}

int command_search(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    int64_t id = store_account_of_address(call->app->store, call->args[0], &error);
    struct store_access *access =
        id != 0 ? store_access_for_operator(call->app->store, id, &error) : NULL;
    if (access == NULL)
        return command_fail(call, error);
    struct jmap_search_problem problem = {0};
    struct store_filter *filter = NULL;
    int status = 0;
    if (jmap_search_filter(access, call->args[1], &filter, &problem, &error))
        status = search(call, options, access, filter);
    else
        status = problem.code != NULL ? print_problem(call, call->args[1], &problem)
                                      : command_fail(call, error);
    jmap_search_problem_clear(&problem);
    store_filter_free(filter);
    store_access_free(access);
    return status;
}
