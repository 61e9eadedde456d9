#include "app/checks.h"

#include "app/check_rows.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/oversight.h"

#include <stdlib.h>
#include <string.h>

#define WORKERS 6
#define RESERVED 4 /* of them for those that somebody waits for */
#define STACK_BYTES (512 * 1024)
#define RUNS_MAX 64
#define RUNS_OF_ONE 4
#define KEPT_S (10 * 60)
#define NIGHT_WAKE_MS 60000
#define NIGHT_FIRST 1
#define NIGHT_END 5
#define NIGHT_BATCH 16
#define DAY_S 86400
/* A set-up that nobody ended is taken away after so long. */
#define LEFT_S DAY_S

struct run {
    struct checks *checks;
    char *id;
    int64_t user, account; /* account 0: settings that are tried */
    bool whole;            /* its result is kept */
    struct check_job *job;
    struct cancel *cancel;
    json_t *rows; /* under the mutex, as what follows */
    int64_t started, ended;
    unsigned refs;
};

struct checks {
    struct app *app;
    struct exec *exec;
    struct exec_task *night;
    pthread_mutex_t mutex;
    GHashTable *runs; /* id -> struct run */
    int64_t next;
    bool stopping;
};

/* With the mutex held. */
static void run_unref(struct run *run)
{
    if (--run->refs > 0)
        return;
    check_job_free(run->job);
    cancel_unref(run->cancel);
    json_decref(run->rows);
    g_free(run->id);
    g_free(run);
}

static void run_release(gpointer run)
{
    run_unref(run);
}

/* --- rows, told by the worker */

static const char *word_of(enum sync_check_state state)
{
    static const char *const words[] = {"running", "ok", "warn", "bad", "skipped"};
    return words[state];
}

static json_t *problem_json(const GError *problem)
{
    if (problem == NULL)
        return json_null();
    const char *code = error_problem(problem);
    g_autofree char *detail = g_utf8_make_valid(problem->message, -1);
    return json_pack("{s:s, s:s, s:s, s:s}", "code", code, "title", error_title(code), "action",
                     error_action(code), "detail", detail);
}

static void tell(const char *check, enum sync_check_state state, int64_t milliseconds,
                 json_t *evidence, const GError *problem, void *arg)
{
    struct run *run = arg;
    json_t *row,
        *now = json_pack("{s:s, s:s, s:I, s:o, s:O}", "check", check, "state", word_of(state),
                         "milliseconds", (json_int_t)milliseconds, "problem", problem_json(problem),
                         "evidence", evidence != NULL ? evidence : json_null());
    size_t i;
    bool known = false;
    pthread_mutex_lock(&run->checks->mutex);
    json_array_foreach(run->rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "check")), check) != 0)
            continue;
        json_array_set(run->rows, i, now);
        known = true;
    }
    if (!known)
        json_array_append(run->rows, now);
    pthread_mutex_unlock(&run->checks->mutex);
    json_decref(now);
}

/* --- what a whole check of an account changes */

static const char *state_of_row(const json_t *rows, const char *check)
{
    json_t *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "check")), check) == 0)
            return json_string_value(json_object_get(row, "state"));
    }
    return "skipped";
}

static unsigned count_bad(const json_t *rows)
{
    unsigned bad = 0;
    json_t *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        bad += strcmp(json_string_value(json_object_get(row, "state")), "bad") == 0;
    }
    return bad;
}

/* What stopped the session may be over. */
static void wake_session(struct app *app, int64_t account)
{
    g_autoptr(GError) error = NULL;
    struct store_account_status *status = store_account_status(app->store, account, &error);
    const char *state = status != NULL ? status->view->state : "";
    bool stands = strcmp(state, "retrying") == 0 || strcmp(state, "error") == 0 ||
                  strcmp(state, "needs-relink") == 0;
    store_account_status_free(status);
    if (stands)
        app_restart_account(app, account);
}

static void keep_result(struct run *run, const json_t *rows)
{
    struct app *app = run->checks->app;
    char *text = json_dumps(rows, JSON_COMPACT);
    unsigned bad = count_bad(rows);
    g_autofree char *details = g_strdup_printf("{\"bad\":%u}", bad);
    store_account_checked(app->store, run->account, text, run->ended, NULL);
    app_note(run->account, "checked", details, app);
    LOG_INFO("account.checked", LOG_INT("account", run->account), LOG_INT("bad", bad));
    if (strcmp(state_of_row(rows, "imap"), "ok") == 0)
        wake_session(app, run->account);
    free(text);
}

static void finish(struct run *run)
{
    struct checks *checks = run->checks;
    pthread_mutex_lock(&checks->mutex);
    run->ended = clock_wall();
    json_t *rows = json_deep_copy(run->rows);
    pthread_mutex_unlock(&checks->mutex);
    bool cancelled = cancel_is_triggered(run->cancel);
    if (run->whole && !cancelled)
        keep_result(run, rows);
    json_decref(rows);
    pthread_mutex_lock(&checks->mutex);
    if (run->whole || cancelled)
        g_hash_table_remove(checks->runs, run->id);
    run_unref(run);
    pthread_mutex_unlock(&checks->mutex);
}

static void run_work(void *arg)
{
    struct run *run = arg;
    check_job_run(run->job, run->checks->app, run->cancel, tell, run);
    finish(run);
}

/* --- asking */

static gboolean is_old(gpointer id, gpointer value, gpointer now)
{
    const struct run *run = value;
    (void)id;
    return run->ended != 0 && run->ended + KEPT_S < *(const int64_t *)now;
}

/* With the mutex held: how many of this person's run. One that tries settings gives way to the
 * next. */
static unsigned make_room(struct checks *checks, int64_t user, bool trial)
{
    GHashTableIter iter;
    gpointer value;
    unsigned running = 0;
    int64_t now = clock_wall();
    g_hash_table_foreach_remove(checks->runs, is_old, &now);
    g_hash_table_iter_init(&iter, checks->runs);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct run *run = value;
        if (run->user != user || run->ended != 0)
            continue;
        running++;
        if (trial && !run->whole)
            cancel_trigger(run->cancel);
    }
    return running;
}

static struct run *run_new(struct checks *checks, int64_t user, struct check_job *job)
{
    struct run *run = g_new0(struct run, 1);
    run->checks = checks;
    run->user = user;
    run->account = check_job_account(job);
    run->whole = run->account != 0 && !check_job_is_partial(job);
    run->job = job;
    run->cancel = cancel_new();
    run->rows = json_array();
    run->started = clock_wall();
    run->id = run->whole ? g_strdup_printf("a%" G_GINT64_FORMAT, run->account)
                         : g_strdup_printf("k%" G_GINT64_FORMAT, ++checks->next);
    run->refs = 2; /* the table's and the worker's */
    return run;
}

/* Takes the job. user 0: nobody asked. */
static char *start(struct checks *checks, int64_t user, struct check_job *job, GError **error)
{
    char *id = NULL;
    g_autofree char *whole = check_job_account(job) != 0 && !check_job_is_partial(job)
                                 ? g_strdup_printf("a%" G_GINT64_FORMAT, check_job_account(job))
                                 : NULL;
    struct run *run = NULL;
    pthread_mutex_lock(&checks->mutex);
    if (whole != NULL && g_hash_table_contains(checks->runs, whole)) {
        id = g_strdup(whole);
    } else if (checks->stopping || g_hash_table_size(checks->runs) >= RUNS_MAX ||
               (user != 0 && make_room(checks, user, whole == NULL) >= RUNS_OF_ONE)) {
        error_set(error, ERROR_THROTTLED, "too many checks are under way");
    } else {
        run = run_new(checks, user, job);
        g_hash_table_insert(checks->runs, run->id, run);
        id = g_strdup(run->id);
    }
    pthread_mutex_unlock(&checks->mutex);
    if (run == NULL)
        check_job_free(job);
    else if (!exec_submit(checks->exec, user != 0 ? EXEC_INTERACTIVE : EXEC_BULK, run_work, run))
        finish(run);
    return id;
}

char *checks_run(struct checks *checks, const struct store_principal *principal, const json_t *args,
                 const char **property, GError **error)
{
    struct check_job *job = check_job_new(checks->app, principal, args, property, error);
    return job != NULL ? start(checks, store_principal_user(principal), job, error) : NULL;
}

/* --- looking */

static json_t *date(int64_t seconds)
{
    if (seconds == 0)
        return json_null();
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *text = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
    return json_string(text);
}

/* rows (transfer full). */
static json_t *check_json(const char *id, int64_t account, int64_t started, int64_t ended,
                          json_t *rows)
{
    g_autofree char *of = g_strdup_printf("a%" G_GINT64_FORMAT, account);
    return json_pack("{s:s, s:s?, s:s, s:o, s:o, s:o}", "id", id, "account",
                     account != 0 ? of : NULL, "state", ended != 0 ? "done" : "running",
                     "startedAt", date(started), "endedAt", date(ended), "rows", rows);
}

static json_t *running(struct checks *checks, int64_t user, const char *id)
{
    json_t *check = NULL;
    pthread_mutex_lock(&checks->mutex);
    const struct run *run = g_hash_table_lookup(checks->runs, id);
    if (run != NULL && (run->whole || run->user == user))
        check = check_json(id, run->account, run->started, run->whole ? 0 : run->ended,
                           json_deep_copy(run->rows));
    pthread_mutex_unlock(&checks->mutex);
    return check;
}

static json_t *kept(struct checks *checks, int64_t account, const char *id, GError **error)
{
    int64_t at = 0;
    g_autofree char *text = store_account_check(checks->app->store, account, &at, error);
    json_t *rows = text != NULL ? json_loads(text, 0, NULL) : json_array();
    return check_json(id, account, at, at, rows != NULL ? rows : json_array());
}

json_t *checks_get(struct checks *checks, const struct store_principal *principal, const char *id,
                   GError **error)
{
    int64_t account = 0;
    bool linked =
        id[0] == 'a' && g_ascii_string_to_signed(id + 1, 10, 1, INT64_MAX, &account, NULL);
    if (linked && !store_may_oversee(checks->app->store, principal, account, false, error))
        return NULL;
    json_t *check = running(checks, store_principal_user(principal), id);
    if (check == NULL && linked)
        check = kept(checks, account, id, error);
    if (check == NULL && (error == NULL || *error == NULL))
        error_set(error, ERROR_NOT_FOUND, "no such check");
    return check;
}

bool checks_submit(struct checks *checks, void (*fn)(void *arg), void *arg)
{
    return exec_submit(checks->exec, EXEC_INTERACTIVE, fn, arg);
}

/* --- by themselves */

static bool is_time(int64_t every_s)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    int hour = g_date_time_get_hour(now);
    return every_s < DAY_S || (hour >= NIGHT_FIRST && hour < NIGHT_END);
}

static void check_accounts(struct checks *checks, int64_t every_s)
{
    /* At night the day is not quite over yet. */
    int64_t before = clock_wall() - (every_s < DAY_S ? every_s : every_s - DAY_S / 6);
    g_autoptr(GArray) due = store_accounts_unchecked(checks->app->store, before, NIGHT_BATCH, NULL);
    for (guint i = 0; due != NULL && i < due->len; i++)
        g_free(start(checks, 0, check_job_of_account(g_array_index(due, int64_t, i)), NULL));
}

static void take_away_left(struct checks *checks)
{
    struct app *app = checks->app;
    g_autoptr(GArray) left = store_accounts_left(app->store, clock_wall() - LEFT_S, NULL);
    for (guint i = 0; left != NULL && i < left->len; i++) {
        int64_t account = g_array_index(left, int64_t, i);
        sync_manager_drop(app->sync, account);
        oauth_token_forget(app->tokens, account);
        if (store_account_remove(app->store, account, NULL))
            LOG_INFO("account.left", LOG_INT("account", account));
    }
}

static struct exec_verdict night(void *arg, unsigned woke)
{
    struct checks *checks = arg;
    int64_t every_s = checks->app->config->check_s;
    if ((woke & EXEC_WOKE_STOP) != 0)
        return (struct exec_verdict){.next = EXEC_DONE, .fd = -1, .deadline = CLOCK_NEVER};
    if ((woke & EXEC_WOKE_DEADLINE) != 0) {
        take_away_left(checks);
        if (is_time(every_s))
            check_accounts(checks, every_s);
    }
    return (struct exec_verdict){.next = EXEC_PARK,
                                 .lane = EXEC_BULK,
                                 .fd = -1,
                                 .deadline = clock_in_ms(MIN(NIGHT_WAKE_MS, every_s * 500))};
}

/* --- life */

struct checks *checks_new(struct app *app, bool live)
{
    const struct exec_config workers = {.workers = WORKERS,
                                        .reserved = RESERVED,
                                        .stack_bytes = STACK_BYTES};
    struct checks *checks = g_new0(struct checks, 1);
    checks->app = app;
    checks->exec = exec_new(&workers);
    checks->runs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, run_release);
    pthread_mutex_init(&checks->mutex, NULL);
    if (live)
        checks->night = exec_task_start(checks->exec, EXEC_BULK, night, checks, NULL);
    return checks;
}

void checks_free(struct checks *checks)
{
    GHashTableIter iter;
    gpointer value;
    if (checks == NULL)
        return;
    pthread_mutex_lock(&checks->mutex);
    checks->stopping = true;
    g_hash_table_iter_init(&iter, checks->runs);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        cancel_trigger(((struct run *)value)->cancel);
    pthread_mutex_unlock(&checks->mutex);
    exec_free(checks->exec);
    exec_task_unref(checks->night);
    g_hash_table_unref(checks->runs);
    pthread_mutex_destroy(&checks->mutex);
    g_free(checks);
}
