/* What one mailbox may take of its server: connections at once, and bytes a day. */
#include "script.h"
#include "state.h"

#include "base/clock.h"
#include "sync/session.h"

#include <pthread.h>
#include <string.h>

/* How long to wait for what must come; the machine may be slow. */
#define PATIENCE_S 120
#define DAY_S INT64_C(86400)
#define BIG 80000
#define MOST 4 /* connections */
#define THREADS 6
#define VISITS 40

struct live {
    struct stage stage;
    struct world world;
    struct sync_manager *manager;
};

static void start(struct live *live, const struct sync_limits *limits)
{
    struct sync_config config;
    g_autoptr(GError) error = NULL;
    stage_open(&live->stage);
    world_open(&live->world, &live->stage, MODEL_QRESYNC);
    script_start(&live->world, "INBOX: a; Work: b");
    world_config(&live->world, &config);
    config.live = true;
    config.tuning.backoff_ms = 20;
    for (int i = 0; i < SYNC_PROFILES; i++)
        config.limits[i] = *limits;
    live->manager = sync_manager_new(&config);
    sync_manager_start(live->manager, &error);
    g_assert_no_error(error);
}

static void finish(struct live *live)
{
    sync_manager_free(live->manager);
    world_close(&live->world);
    stage_close(&live->stage);
}

static bool is_here(struct live *live, const char *id)
{
    g_autofree char *text = script_of_jmap(&live->world);
    return strstr(text, id) != NULL;
}

static uint64_t bodies_here(struct live *live)
{
    g_autoptr(GError) error = NULL;
    uint64_t ready = 0, bytes = 0, pending = 0;
    store_sync_totals(live->world.store, live->world.account, &ready, &bytes, &pending, &bytes,
                      &error);
    g_assert_no_error(error);
    return ready;
}

static void wait_for(struct live *live, const char *id, uint64_t bodies)
{
    for (int i = 0; i < PATIENCE_S * 100 && (!is_here(live, id) || bodies_here(live) < bodies);
         i++) {
        sync_manager_poke(live->manager, live->world.account);
        g_usleep(10000);
    }
    g_assert_true(is_here(live, id));
    g_assert_cmpuint(bodies_here(live), ==, bodies);
}

/* --- bytes */

static void deliver_big(struct live *live, const char *id)
{
    struct model *model = live->world.model;
    g_autoptr(GBytes) text = model_text(id);
    g_autoptr(GByteArray) raw = g_byte_array_new();
    gsize length;
    const guint8 *data = g_bytes_get_data(text, &length);
    g_byte_array_append(raw, data, (guint)length);
    for (int i = 0; i < BIG / 10; i++)
        g_byte_array_append(raw, (const guint8 *)"12345678\r\n", 10);
    g_autoptr(GBytes) whole = g_bytes_new(raw->data, raw->len);
    const struct mail_flags none = {0};
    model_lock(model);
    model_deliver(model, model_folder(model, "INBOX"), NULL, whole, &none);
    model_unlock(model);
}

/* In one process: what was over the limit is fetched when the next day begins, no sooner. */
static void a_day_ends_at_midnight(void)
{
    struct live live = {0};
    start(&live, &(struct sync_limits){.bytes_a_day = BIG});
    wait_for(&live, "a", 2);
    world_skip(DAY_S - clock_wall() % DAY_S + 3600); /* a whole day is ahead */
    deliver_big(&live, "big");
    wait_for(&live, "big", 3); /* it is what uses the day up */
    for (int day = 0; day < 2; day++) {
        g_autofree char *id = g_strdup_printf("next%d", day);
        uint64_t bodies = bodies_here(&live);
        deliver_big(&live, id);
        wait_for(&live, id, bodies);
        world_skip(DAY_S - clock_wall() % DAY_S - 600);
        g_autofree char *evening = g_strdup_printf("evening%d", day);
        g_autofree char *op = g_strdup_printf("deliver %s INBOX", evening);
        script_there(&live.world, op);
        wait_for(&live, evening, bodies);
        world_skip(DAY_S - clock_wall() % DAY_S + 1);
        wait_for(&live, evening, bodies + 2);
    }
    finish(&live);
}

/* --- connections */

struct visitor {
    struct live *live;
    unsigned let_in, turned_away;
};

/* As a sender does it that looks for a copy in Sent. */
static void *visit(void *arg)
{
    struct visitor *visitor = arg;
    struct sync_manager *manager = visitor->live->manager;
    struct cancel *cancel = cancel_new();
    for (int i = 0; i < VISITS; i++) {
        g_autoptr(GError) error = NULL;
        struct store_sync_account *account =
            session_account(manager, visitor->live->world.account, &error);
        g_assert_no_error(error);
        struct imap_client *imap = session_extra_begin(manager, account, cancel, &error);
        if (imap != NULL) {
            struct imap_status status;
            g_assert_true(imap_status(imap, "INBOX", &status, &error));
            visitor->let_in++;
        } else {
            g_assert_true(error_is(error, ERROR_THROTTLED));
            visitor->turned_away++;
            g_usleep(1000);
        }
        session_extra_end(manager, account->id, imap);
        store_sync_account_free(account);
    }
    cancel_unref(cancel);
    return NULL;
}

/* While mail comes, is changed here and sent for by others. */
static void a_mailbox_has_four_connections(void)
{
    struct live live = {0};
    start(&live, &(struct sync_limits){.per_minute = 100000});
    pthread_t threads[THREADS];
    struct visitor visitors[THREADS];
    for (int i = 0; i < THREADS; i++) {
        visitors[i] = (struct visitor){.live = &live};
        pthread_create(&threads[i], NULL, visit, &visitors[i]);
    }
    wait_for(&live, "a", 2);
    for (unsigned i = 0; i < 10; i++) {
        g_autofree char *id = g_strdup_printf("new%u", i);
        g_autofree char *op = g_strdup_printf("deliver %s INBOX", id);
        g_autofree char *change = g_strdup_printf("flag %s +F; move %s INBOX Work", id, id);
        script_there(&live.world, op);
        wait_for(&live, id, 3 + i);
        script_here(&live.world, change);
        sync_manager_poke(live.manager, live.world.account);
    }
    unsigned let_in = 0, turned_away = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        let_in += visitors[i].let_in;
        turned_away += visitors[i].turned_away;
    }
    model_lock(live.world.model);
    unsigned most = live.world.model->counts.most_at_once;
    model_unlock(live.world.model);
    g_test_message("%u at once, %u let in, %u turned away", most, let_in, turned_away);
    g_assert_cmpuint(most, <=, MOST);
    g_assert_cmpuint(most, >=, 2);
    g_assert_cmpuint(let_in, >, 0);
    finish(&live);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/limits/midnight", a_day_ends_at_midnight);
    g_test_add_func("/sync/limits/connections", a_mailbox_has_four_connections);
    return g_test_run();
}
