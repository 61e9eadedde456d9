/* The outbox of one account: what is due goes out one by one, as fast as the provider takes it,
 * over one connection as long as there is more. */
#include "sync/sender.h"

#include "base/log.h"
#include "sync/vacation.h"

/* Messages of one run: then others get the worker. */
#define RUN_MAX 10
#define FAILED_S 30
#define MINUTE_S 60
/* A sender that finds no place at its host comes again. */
#define AGAIN_MS 500

static unsigned pace_now(const struct sender *sender, const struct outbox_pace *pace)
{
    unsigned slow = outbox_slow_pace(pace);
    unsigned now = clock_now() < sender->slow_until ? slow : pace->per_minute;
    return MIN(now, OUTBOX_MINUTE_MAX);
}

/* 0 when another may go now; else when. */
static int64_t paced_until(const struct sender *sender, const struct outbox_pace *pace)
{
    unsigned rate = pace_now(sender, pace);
    if (sender->sent_count < rate)
        return 0;
    int64_t free_at =
        sender->sent_at[(sender->sent_count - rate) % OUTBOX_MINUTE_MAX] + MINUTE_S * CLOCK_SECOND;
    return free_at > clock_now() ? free_at : 0;
}

static void count_sent(struct sender *sender, int64_t at)
{
    sender->sent_at[sender->sent_count % OUTBOX_MINUTE_MAX] = at;
    sender->sent_count++;
}

/* What went out before this program began counts as well, by whole seconds: as the later end of
 * each. A clock that was set back must not keep anything for longer than the minute. */
static bool recall_sent(struct sender *sender, GError **error)
{
    if (sender->sent_at != NULL)
        return true;
    int64_t wall = clock_wall(), now = clock_now();
    g_autoptr(GArray) times =
        store_outbox_recent(sender->manager->config.store, sender->account, wall - MINUTE_S, error);
    if (times == NULL)
        return false;
    sender->sent_at = g_new0(int64_t, OUTBOX_MINUTE_MAX);
    for (guint i = 0; i < times->len; i++) {
        int64_t ago = wall - g_array_index(times, int64_t, i) - 1;
        count_sent(sender, now - MAX(ago, 0) * CLOCK_SECOND);
    }
    return true;
}

/* One host that hangs holds at most half of the workers: the others go on. True: there is room. */
static bool take_place(struct sender *sender, struct sender_line *line)
{
    struct sync_manager *manager = sender->manager;
    if (line->place != NULL)
        return true;
    g_autofree char *place =
        g_strdup_printf("%s:%u", line->account->smtp_host, line->account->smtp_port);
    pthread_mutex_lock(&manager->mutex);
    unsigned now = GPOINTER_TO_UINT(g_hash_table_lookup(manager->sending, place));
    bool may = now < MAX(manager->config.workers / 2, 1);
    if (may)
        g_hash_table_replace(manager->sending, g_strdup(place), GUINT_TO_POINTER(now + 1));
    pthread_mutex_unlock(&manager->mutex);
    line->place = may ? g_steal_pointer(&place) : NULL;
    return may;
}

static void leave_place(struct sender *sender, struct sender_line *line)
{
    struct sync_manager *manager = sender->manager;
    if (line->place == NULL)
        return;
    pthread_mutex_lock(&manager->mutex);
    unsigned now = GPOINTER_TO_UINT(g_hash_table_lookup(manager->sending, line->place));
    if (now > 1)
        g_hash_table_replace(manager->sending, g_strdup(line->place), GUINT_TO_POINTER(now - 1));
    else
        g_hash_table_remove(manager->sending, line->place);
    pthread_mutex_unlock(&manager->mutex);
    g_clear_pointer(&line->place, g_free);
}

/* What came of one turn. */
struct turn {
    bool again;       /* there may be more to do at once */
    int64_t deadline; /* else when; monotonic */
};

static bool take_turn(struct sender *sender, struct sender_line *line, struct turn *turn,
                      GError **error)
{
    struct store *store = sender->manager->config.store;
    int64_t wake = 0;
    turn->again = false;
    if (!vacation_answer(store, sender->account, &turn->again, error))
        return false;
    struct store_submission *next =
        store_outbox_next(store, sender->account, clock_wall(), &wake, error);
    if (next == NULL && turn->again)
        return true;
    turn->again = false;
    if (next == NULL) {
        turn->deadline = wake != 0 ? clock_in_ms(MAX(wake - clock_wall(), 1) * 1000) : CLOCK_NEVER;
        return error == NULL || *error == NULL;
    }
    if (line->account == NULL)
        line->account = session_account(sender->manager, sender->account, error);
    bool ok = line->account != NULL && recall_sent(sender, error);
    if (ok) {
        struct outbox_pace pace = outbox_pace_of(line->account->kind);
        turn->deadline = sender_is_uncertain(next) ? 0 : paced_until(sender, &pace);
        if (turn->deadline == 0 && !take_place(sender, line))
            turn->deadline = clock_in_ms(AGAIN_MS);
        turn->again = turn->deadline == 0;
        if (turn->again && !sender_is_uncertain(next))
            count_sent(sender, clock_now());
        ok = !turn->again || sender_attempt(sender, line, next, error);
    }
    store_submission_free(next);
    return ok;
}

struct exec_verdict sender_run(void *arg, unsigned woke)
{
    struct sender *sender = arg;
    struct sender_line line = {0};
    struct exec_verdict verdict = {.next = EXEC_PARK,
                                   .lane = EXEC_NOTIFY,
                                   .fd = -1,
                                   .deadline = CLOCK_NEVER};
    struct turn turn = {.again = true};
    g_autoptr(GError) error = NULL;
    if ((woke & EXEC_WOKE_STOP) != 0)
        cancel_trigger(sender->cancel);
    for (int i = 0; i < RUN_MAX && turn.again && error == NULL; i++)
        if (cancel_is_triggered(sender->cancel) || !take_turn(sender, &line, &turn, &error))
            break;
    leave_place(sender, &line);
    sender_line_close(&line);
    if (cancel_is_triggered(sender->cancel)) {
        verdict.next = EXEC_DONE;
    } else if (error != NULL) {
        LOG_WARN("outbox.failed", LOG_INT("account", sender->account), LOG_ERR(error));
        verdict.deadline = clock_in_ms(FAILED_S * 1000);
    } else if (turn.again) {
        verdict.next = EXEC_AGAIN;
    } else {
        verdict.deadline = turn.deadline;
    }
    return verdict;
}
