#include "store/sqlite/people.h"

#include "store/attachments.h"
#include "store/people.h"
#include "store/sqlite/quotas.h"

#include "base/clock.h"

#include <string.h>

/* Progress changes many times between two changes of the rows: the state of LinkedAccount is
 * the modseq with a count of progress reports below it. */
#define TICK_BITS 20
#define TICK_MASK ((UINT64_C(1) << TICK_BITS) - 1)

void store_account_view_free(struct store_account_view *view)
{
    if (view == NULL)
        return;
    char *texts[] = {view->address,     view->display_name, view->provider, view->provider_type,
                     view->state,       view->problem,      view->detail,   view->send_problem,
                     view->send_detail, view->owner};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(view);
}

static void free_view(gpointer view)
{
    store_account_view_free(view);
}

void progress_entry_free(void *pointer)
{
    struct progress_entry *entry = pointer;
    g_free(entry->unwritten.state);
    g_free(entry->unwritten.detail);
    g_free(entry);
}

char *progress_unwritten_state(struct store *store, int64_t account)
{
    pthread_mutex_lock(&store->progress_lock);
    struct progress_entry *entry = g_hash_table_lookup(store->progress, &account);
    char *state = entry != NULL ? g_strdup(entry->unwritten.state) : NULL;
    pthread_mutex_unlock(&store->progress_lock);
    return state;
}

/* progress_lock is held. */
static struct progress_entry *progress_entry_of(struct store *store, int64_t account)
{
    struct progress_entry *entry = g_hash_table_lookup(store->progress, &account);
    if (entry == NULL) {
        entry = g_new0(struct progress_entry, 1);
        entry->told_at = clock_now() - CLOCK_SECOND;
        g_hash_table_insert(store->progress, g_memdup2(&account, sizeof account), entry);
    }
    return entry;
}

static void replace_text(char **text, const char *with)
{
    g_free(*text);
    *text = g_strdup(with);
}

static void show_unwritten(struct store_account_view *view, const struct progress_entry *entry)
{
    if (strcmp(view->state, "paused") != 0)
        replace_text(&view->state, entry->unwritten.state);
    replace_text(&view->problem, entry->unwritten.problem);
    replace_text(&view->detail, entry->unwritten.detail);
    view->problem_at = entry->unwritten.at;
    view->next_attempt = entry->unwritten.next_attempt;
}

static struct store_account_view *view_of_row(struct store *store, sqlite3_stmt *row)
{
    struct store_account_view *view = g_new0(struct store_account_view, 1);
    view->id = db_int(row, 0);
    view->address = db_text_copy(row, 1);
    view->display_name = db_text_copy(row, 2);
    view->provider = db_text_copy(row, 3);
    view->provider_type = db_text_copy(row, 4);
    view->rights = (unsigned)db_int(row, 5);
    view->state = g_strdup(db_int(row, 6) != 0 ? "paused" : db_text(row, 7));
    view->problem = db_text_copy(row, 8);
    view->detail = db_text_copy(row, 9);
    view->problem_at = db_int(row, 10);
    view->since = db_int(row, 11);
    view->last_sync = db_int(row, 12);
    view->next_attempt = db_int(row, 13);
    view->send_problem = db_text_copy(row, 14);
    view->send_detail = db_text_copy(row, 15);
    view->unread_attachments = (uint64_t)db_int(row, 17);
    view->unreadable_attachments = (uint64_t)db_int(row, 18);
    view->awaits_start = db_int(row, 19) != 0;
    view->size_limit = (uint64_t)db_int(row, 20);
    view->size_limit_at = db_int(row, 21);
    pthread_mutex_lock(&store->progress_lock);
    struct progress_entry *entry = g_hash_table_lookup(store->progress, &view->id);
    if (entry != NULL)
        view->progress = entry->progress;
    if (entry != NULL && entry->unwritten.state != NULL)
        show_unwritten(view, entry);
    pthread_mutex_unlock(&store->progress_lock);
    if (view->progress.phase == NULL)
        view->progress.pending = (uint64_t)db_int(row, 16);
    return view;
}

#define VIEW_COLUMNS                                                                               \
    "account.id, address, display_name, account.provider, provider.type, rights, paused, state,"   \
    " account.problem, detail, problem_at, since, last_sync, next_attempt, send_problem,"          \
    " send_detail, pending, (SELECT count(*) FROM attachment WHERE attachment.account = "          \
    "account.id AND unreadable = 0), (SELECT sum(unreadable) FROM attachment WHERE "               \
    "attachment.account = account.id AND unreadable > 0), setup, size_limit,"                      \
    " size_limit_at"
#define VIEW_END 22 /* the first column after them */

uint64_t accounts_tick(struct store *store)
{
    pthread_mutex_lock(&store->progress_lock);
    uint64_t tick = store->progress_tick & TICK_MASK;
    pthread_mutex_unlock(&store->progress_lock);
    return tick;
}

uint64_t accounts_state(int64_t modseq, uint64_t tick)
{
    return (uint64_t)modseq << TICK_BITS | tick;
}

uint64_t accounts_state_modseq(uint64_t state)
{
    return state >> TICK_BITS;
}

static uint64_t linked_state(struct db *db, const struct store_principal *principal, uint64_t tick)
{
    return log_state(db, LOG_USER(principal->user), STORE_LINKED_ACCOUNT, NULL) << TICK_BITS | tick;
}

GPtrArray *store_accounts_of(struct store *store, const struct store_principal *principal,
                             uint64_t *state, GError **error)
{
    GError *cause = NULL;
    uint64_t tick = accounts_tick(store);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *views = g_ptr_array_new_with_free_func(free_view);
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT " VIEW_COLUMNS ", owner = user OR EXISTS(SELECT 1 FROM credential WHERE"
                 " credential.account = account.id AND credential.user = access.user), (SELECT "
                 "email"
                 " FROM user WHERE user.id = owner)"
                 " FROM access JOIN account ON account.id = access.account LEFT JOIN"
                 " provider ON provider.name = account.provider WHERE user = ? AND removing = 0"
                 " ORDER BY account.id",
                 I(principal->user));
    while (db_step(&reader->main, row, &cause)) {
        struct store_account_view *view = view_of_row(store, row);
        view->is_own = db_int(row, VIEW_END) != 0;
        view->owner = db_text_copy(row, VIEW_END + 1);
        g_ptr_array_add(views, view);
    }
    if (state != NULL)
        *state = linked_state(&reader->main, principal, tick);
    reader_end(store, reader);
    return db_settle_list(views, cause, error);
}

bool store_accounts_state(struct store *store, const struct store_principal *principal,
                          uint64_t *state, GError **error)
{
    uint64_t tick = accounts_tick(store);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    *state = linked_state(&reader->main, principal, tick);
    reader_end(store, reader);
    return true;
}

static bool holds(const GArray *ids, int64_t id)
{
    for (guint i = 0; i < ids->len; i++)
        if (g_array_index(ids, int64_t, i) == id)
            return true;
    return false;
}

/* Accounts whose progress was reported since: after a restart that is not known, and all count. */
static void add_progressed(struct store *store, struct db *db, int64_t user, uint64_t since,
                           uint64_t tick, struct store_changes *changes)
{
    if (since == tick)
        return;
    sqlite3_stmt *row =
        DB_QUERY(db, NULL, "SELECT DISTINCT account FROM access WHERE ?1 = 0 OR user = ?1",
                 I(user));
    while (db_step(db, row, NULL)) {
        int64_t account = db_int(row, 0);
        pthread_mutex_lock(&store->progress_lock);
        struct progress_entry *entry = g_hash_table_lookup(store->progress, &account);
        bool moved = since > tick || (entry != NULL && entry->tick > since);
        pthread_mutex_unlock(&store->progress_lock);
        if (moved && !holds(changes->updated, account) && !holds(changes->created, account))
            g_array_append_val(changes->updated, account);
    }
}

void accounts_progressed(struct store *store, struct db *db, uint64_t since, uint64_t tick,
                         struct store_changes *changes)
{
    add_progressed(store, db, 0, since & TICK_MASK, tick, changes);
}

bool store_accounts_changes(struct store *store, const struct store_principal *principal,
                            uint64_t since, struct store_changes *changes, GError **error)
{
    uint64_t tick = accounts_tick(store);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL) {
        *changes = (struct store_changes){0};
        return false;
    }
    bool ok = log_changes(&reader->main, LOG_USER(principal->user), STORE_LINKED_ACCOUNT,
                          since >> TICK_BITS, 0, changes, error);
    if (ok) {
        add_progressed(store, &reader->main, principal->user, since & TICK_MASK, tick, changes);
        changes->old_state = since;
        changes->new_state = (changes->new_state << TICK_BITS) | tick;
        changes->counts_only = false;
    }
    reader_end(store, reader);
    return ok;
}

void store_sync_progress(struct store *store, int64_t account,
                         const struct store_progress *progress)
{
    int64_t now = clock_now();
    bool tell = false;
    pthread_mutex_lock(&store->progress_lock);
    struct progress_entry *entry = progress_entry_of(store, account);
    bool phase_changed = g_strcmp0(entry->progress.phase, progress->phase) != 0;
    entry->progress = *progress;
    entry->tick = ++store->progress_tick & TICK_MASK;
    if (now - entry->told_at >= CLOCK_SECOND || (phase_changed && progress->phase == NULL)) {
        entry->told_at = now;
        tell = true;
    }
    pthread_mutex_unlock(&store->progress_lock);
    if (tell)
        listeners_tell_one(store, account, STORE_LINKED_ACCOUNT);
}

void store_attachments_told(struct store *store, int64_t account)
{
    pthread_mutex_lock(&store->progress_lock);
    progress_entry_of(store, account)->tick = ++store->progress_tick & TICK_MASK;
    pthread_mutex_unlock(&store->progress_lock);
    listeners_tell_one(store, account, STORE_LINKED_ACCOUNT);
}

bool progress_is_first_sync(struct store *store, int64_t account)
{
    pthread_mutex_lock(&store->progress_lock);
    struct progress_entry *entry = g_hash_table_lookup(store->progress, &account);
    bool under_way = entry != NULL && entry->progress.phase != NULL;
    pthread_mutex_unlock(&store->progress_lock);
    return under_way;
}

/* --- settings */

struct account_write {
    int64_t account, number;
    const char *state;
    const GError *problem;
};

static bool require_account(struct tx *tx, int64_t account, GError **error)
{
    if (DB_NUMBER(tx->db, error, 0, "SELECT 1 FROM account WHERE id = ? AND removing = 0",
                  I(account)) == 1)
        return true;
    if (error != NULL && *error == NULL)
        error_set(error, ERROR_NOT_FOUND, "no such account");
    return false;
}

static bool write_state(struct tx *tx, void *arg, GError **error)
{
    const struct account_write *write = arg;
    const GError *problem = write->problem;
    bool idle = strcmp(write->state, "idle") == 0;
    return require_account(tx, write->account, error) &&
           DB_RUN(tx->db, error,
                  "UPDATE account SET state = ?2, next_attempt = ?3, problem_at = CASE WHEN ?4 IS"
                  " NULL THEN 0 WHEN problem IS ?4 THEN problem_at ELSE ?6 END, problem = ?4,"
                  " detail = ?5, last_sync = CASE ?7 WHEN 1 THEN ?6 ELSE last_sync END WHERE id ="
                  " ?1",
                  I(write->account), T(write->state), I(write->number),
                  T(problem != NULL ? error_problem(problem) : NULL),
                  T(problem != NULL ? problem->message : NULL), I(clock_wall()), I(idle)) &&
           tx_account_changed(tx, write->account, CHANGE_UPDATED, error);
}

/* state NULL: what is stored is true again. */
static void keep_unwritten(struct store *store, const struct account_write *write)
{
    const GError *problem = write->problem;
    pthread_mutex_lock(&store->progress_lock);
    struct progress_entry *entry = progress_entry_of(store, write->account);
    bool tell = write->state != NULL || entry->unwritten.state != NULL;
    replace_text(&entry->unwritten.state, write->state);
    replace_text(&entry->unwritten.detail, problem != NULL ? problem->message : NULL);
    entry->unwritten.problem = problem != NULL ? error_problem(problem) : NULL;
    entry->unwritten.at = clock_wall();
    entry->unwritten.next_attempt = write->number;
    if (tell)
        entry->tick = ++store->progress_tick & TICK_MASK;
    pthread_mutex_unlock(&store->progress_lock);
    if (tell)
        listeners_tell_one(store, write->account, STORE_LINKED_ACCOUNT);
}

bool store_sync_state(struct store *store, int64_t account, const char *state,
                      const GError *problem, int64_t next_attempt, GError **error)
{
    struct account_write write = {account, next_attempt, state, problem};
    GError *cause = NULL;
    if (store_write(store, STORE_LANE_INTERACTIVE, write_state, &write, &cause)) {
        keep_unwritten(store, &(struct account_write){.account = account});
        return true;
    }
    if (error_is(cause, ERROR_DISK_FULL) || error_is(cause, ERROR_STORE))
        keep_unwritten(store, &write);
    g_propagate_error(error, cause);
    return false;
}

void store_sync_state_passing(struct store *store, int64_t account, const char *state)
{
    keep_unwritten(store, &(struct account_write){.account = account, .state = state});
}

static bool write_send_problem(struct tx *tx, void *arg, GError **error)
{
    const struct account_write *write = arg;
    const GError *problem = write->problem;
    const char *code = problem != NULL ? error_problem(problem) : NULL;
    if (!DB_RUN(tx->db, error,
                "UPDATE account SET send_problem = ?2, send_detail = ?3 WHERE id = ?1 AND"
                " (send_problem IS NOT ?2 OR send_detail IS NOT ?3)",
                I(write->account), T(code), T(problem != NULL ? problem->message : NULL)))
        return false;
    return db_changes(tx->db) == 0 || tx_account_changed(tx, write->account, CHANGE_UPDATED, error);
}

bool store_sync_send_problem(struct store *store, int64_t account, const GError *problem,
                             GError **error)
{
    struct account_write write = {.account = account, .problem = problem};
    return store_write(store, STORE_LANE_INTERACTIVE, write_send_problem, &write, error);
}

static bool write_pause(struct tx *tx, void *arg, GError **error)
{
    const struct account_write *write = arg;
    return require_account(tx, write->account, error) &&
           DB_RUN(tx->db, error, "UPDATE account SET paused = ? WHERE id = ?", I(write->number),
                  I(write->account)) &&
           tx_account_changed(tx, write->account, CHANGE_UPDATED, error);
}

bool store_account_pause(struct store *store, int64_t account, bool paused, GError **error)
{
    struct account_write write = {.account = account, .number = paused};
    return store_write(store, STORE_LANE_INTERACTIVE, write_pause, &write, error);
}

static bool write_since(struct tx *tx, void *arg, GError **error)
{
    const struct account_write *write = arg;
    return require_account(tx, write->account, error) &&
           DB_RUN(tx->db, error, "UPDATE account SET since = ? WHERE id = ?", I(write->number),
                  I(write->account)) &&
           DB_RUN(tx->db, error, "UPDATE mailbox SET headers_done = 0 WHERE account = ?",
                  I(write->account)) &&
           tx_account_changed(tx, write->account, CHANGE_UPDATED, error);
}

bool store_account_since(struct store *store, int64_t account, int64_t since, GError **error)
{
    struct account_write write = {.account = account, .number = since};
    return store_write(store, STORE_LANE_INTERACTIVE, write_since, &write, error);
}

int64_t store_account_of_address(struct store *store, const char *address, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return 0;
    int64_t account =
        DB_NUMBER(&reader->main, NULL, 0,
                  "SELECT id FROM account WHERE address = ? AND removing = 0 ORDER BY id LIMIT 1",
                  T(address));
    reader_end(store, reader);
    if (account == 0)
        error_set(error, ERROR_NOT_FOUND, "no mailbox with this address is linked");
    return account;
}

/* --- status for the commands */

static void free_mailbox_status(gpointer pointer)
{
    struct store_mailbox_status *mailbox = pointer;
    g_free(mailbox->name);
    g_free(mailbox);
}

void store_account_status_free(struct store_account_status *status)
{
    if (status == NULL)
        return;
    store_account_view_free(status->view);
    g_free(status->owner);
    g_ptr_array_unref(status->mailboxes);
    g_ptr_array_unref(status->quotas);
    g_free(status);
}

static void free_status(gpointer status)
{
    store_account_status_free(status);
}

static void load_mailbox_statuses(struct db *db, struct store_account_status *status,
                                  GError **error)
{
    sqlite3_stmt *row = DB_QUERY(
        db, error,
        "SELECT path, role, server_count, (SELECT count(*) FROM remote WHERE mailbox = mailbox.id"
        " AND remote.skipped IS NOT NULL), (SELECT count(*) FROM remote WHERE mailbox ="
        " mailbox.id AND remote.skipped IS NULL), (SELECT count(*) FROM email JOIN remote ON"
        " remote.email = email.id WHERE email.account = mailbox.account AND email.state = 0 AND"
        " wanted >= 0 AND remote.mailbox = mailbox.id), reconciled_at, missing, surplus, astray,"
        " sync OR gone, id FROM mailbox WHERE account = ? AND place = 0 ORDER BY path",
        I(status->view->id));
    while (db_step(db, row, error)) {
        struct store_mailbox_status *mailbox = g_new0(struct store_mailbox_status, 1);
        mailbox->name = db_text_copy(row, 0);
        mailbox->role = (enum mail_role)db_int(row, 1);
        mailbox->skipped = (uint32_t)db_int(row, 3);
        mailbox->server_count = (uint32_t)MAX(db_int(row, 2) - db_int(row, 3), 0);
        mailbox->local_count = (uint32_t)db_int(row, 4);
        mailbox->pending = (uint32_t)db_int(row, 5);
        mailbox->reconciled_at = db_int(row, 6);
        mailbox->missing = (uint32_t)db_int(row, 7);
        mailbox->surplus = (uint32_t)db_int(row, 8);
        mailbox->astray = (uint32_t)db_int(row, 9);
        mailbox->synced = db_int(row, 10) != 0;
        mailbox->id = db_int(row, 11);
        g_ptr_array_add(status->mailboxes, mailbox);
    }
}

/* account 0: all. */
static GPtrArray *load_statuses(struct store *store, int64_t account, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *statuses = g_ptr_array_new_with_free_func(free_status);
    sqlite3_stmt *row = DB_QUERY(
        &reader->main, &cause,
        "SELECT " VIEW_COLUMNS ", user.email, ready + pending, ready_bytes FROM (SELECT *, 7 AS"
        " rights FROM account) AS account LEFT JOIN provider ON provider.name = account.provider"
        " LEFT JOIN user ON user.id = owner WHERE removing = 0 AND (?1 = 0 OR account.id = ?1)"
        " ORDER BY account.id",
        I(account));
    while (db_step(&reader->main, row, &cause)) {
        struct store_account_status *status = g_new0(struct store_account_status, 1);
        status->view = view_of_row(store, row);
        status->owner = db_text_copy(row, VIEW_END);
        status->emails = (uint64_t)db_int(row, VIEW_END + 1);
        status->bytes = (uint64_t)db_int(row, VIEW_END + 2);
        status->mailboxes = g_ptr_array_new_with_free_func(free_mailbox_status);
        status->quotas = quotas_new();
        g_ptr_array_add(statuses, status);
    }
    for (guint i = 0; i < statuses->len && cause == NULL; i++) {
        struct store_account_status *status = statuses->pdata[i];
        load_mailbox_statuses(&reader->main, status, &cause);
        quotas_list(&reader->main, status->view->id, status->quotas, &cause);
    }
    reader_end(store, reader);
    return db_settle_list(statuses, cause, error);
}

struct store_account_status *store_account_status(struct store *store, int64_t account,
                                                  GError **error)
{
    g_autoptr(GPtrArray) statuses = load_statuses(store, account, error);
    if (statuses == NULL)
        return NULL;
    if (account != 0 && statuses->len == 1)
        return g_ptr_array_steal_index(statuses, 0);
    error_set(error, ERROR_NOT_FOUND, "no such account");
    return NULL;
}

GPtrArray *store_account_statuses(struct store *store, GError **error)
{
    return load_statuses(store, 0, error);
}

static void free_fleet_account(gpointer account)
{
    store_fleet_account_free(account);
}

GPtrArray *accounts_fleet(struct store *store, struct db *db, GError **error)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(free_fleet_account);
    sqlite3_stmt *row =
        db_query(db,
                 "SELECT " VIEW_COLUMNS ", user.email, ready + pending, ready_bytes, (SELECT"
                 " count(*) FROM access WHERE access.account = account.id AND access.user <> owner"
                 " AND NOT EXISTS(SELECT 1 FROM credential WHERE credential.account = account.id"
                 " AND credential.user = access.user)) FROM (SELECT *, 7 AS rights FROM account)"
                 " AS account LEFT JOIN provider ON provider.name = account.provider LEFT JOIN user"
                 " ON user.id = owner WHERE removing = 0 ORDER BY account.id",
                 NULL, 0, error);
    while (db_step(db, row, error)) {
        struct store_fleet_account *one = g_new0(struct store_fleet_account, 1);
        one->view = view_of_row(store, row);
        one->owner = db_text_copy(row, VIEW_END);
        one->emails = (uint64_t)db_int(row, VIEW_END + 1);
        one->bytes = (uint64_t)db_int(row, VIEW_END + 2);
        one->shared = (unsigned)db_int(row, VIEW_END + 3);
        g_ptr_array_add(list, one);
    }
    return list;
}

bool store_account_states(struct store *store, store_state_fn *tell, void *arg, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    sqlite3_stmt *row = db_query(&reader->main,
                                 "SELECT id, CASE paused WHEN 0 THEN state ELSE 'paused' END,"
                                 " ready + pending, ready_bytes FROM account WHERE removing = 0",
                                 NULL, 0, &cause);
    while (db_step(&reader->main, row, &cause)) {
        int64_t account = db_int(row, 0);
        const char *state = db_text(row, 1);
        pthread_mutex_lock(&store->progress_lock);
        const struct progress_entry *entry = g_hash_table_lookup(store->progress, &account);
        if (entry != NULL && entry->unwritten.state != NULL && strcmp(state, "paused") != 0)
            state = entry->unwritten.state;
        tell(state, (uint64_t)db_int(row, 2), (uint64_t)db_int(row, 3), arg);
        pthread_mutex_unlock(&store->progress_lock);
    }
    reader_end(store, reader);
    return error_settle(error, cause);
}
