/* How often a folder is asked follows what happens in it, from the beginning: a live session under
 * clocks that jump. */
#include "sync/cadence.h"

#include "script.h"

#include "base/clock.h"

#include <string.h>

#define BUSY 300
#define CALM 3600
/* How long to wait for what must come; the machine may be slow. */
#define PATIENCE_S 120

struct asking {
    struct stage stage;
    struct world world;
    struct sync_manager *manager;
    atomic_uint work, old; /* how often these folders were asked for their STATUS */
};

static void count(void *arg, const char *line)
{
    struct asking *asking = arg;
    bool all = strstr(line, "LIST ") != NULL && strstr(line, " STATUS ") != NULL;
    bool one = strstr(line, "STATUS \"") != NULL;
    atomic_fetch_add(&asking->work, all || (one && strstr(line, "Work") != NULL));
    atomic_fetch_add(&asking->old, all || (one && strstr(line, "Old") != NULL));
}

static void run(struct asking *asking)
{
    struct sync_config config;
    g_autoptr(GError) error = NULL;
    world_config(&asking->world, &config);
    config.live = true;
    config.tuning.poll_ms = BUSY * 1000;
    config.tuning.calm_ms = CALM * 1000;
    asking->manager = sync_manager_new(&config);
    g_assert_true(sync_manager_start(asking->manager, &error));
    for (int i = 0; i < PATIENCE_S * 100 && sync_manager_live(asking->manager) == 0; i++)
        g_usleep(10000);
    g_assert_cmpuint(sync_manager_live(asking->manager), ==, 1);
    atomic_store(&asking->work, 0);
    atomic_store(&asking->old, 0);
}

/* A mail came into Work a minute ago; the others are of last year. The hour of the calm ones has
 * just begun. */
static void start(struct asking *asking)
{
    stage_open(&asking->stage);
    world_open(&asking->world, &asking->stage, MODEL_QRESYNC);
    int64_t account = asking->world.account;
    world_skip(sync_cadence_next(CALM, account, clock_wall()) - clock_wall() + 1);
    script_start(&asking->world, "INBOX: a; Work: b; Old: c");
    asking->world.model->clock = clock_wall() - 60;
    script_there(&asking->world, "deliver d Work");
    model_server_between(asking->stage.server, count, asking);
    run(asking);
}

static void finish(struct asking *asking)
{
    model_server_between(asking->stage.server, NULL, NULL);
    sync_manager_free(asking->manager);
    world_close(&asking->world);
    stage_close(&asking->stage);
}

static void wait_for(struct asking *asking, atomic_uint *asked)
{
    for (int i = 0; i < PATIENCE_S * 100 && atomic_load(asked) == 0; i++) {
        sync_manager_poke(asking->manager, asking->world.account);
        g_usleep(10000);
    }
    g_assert_cmpuint(atomic_load(asked), >, 0);
}

static void five_minutes_and_an_hour(struct asking *asking)
{
    world_skip(BUSY + 1);
    wait_for(asking, &asking->work);
    g_assert_cmpuint(atomic_load(&asking->old), ==, 0);
    world_skip(CALM);
    wait_for(asking, &asking->old);
}

static void a_folder_with_fresh_mail_is_asked_often(void)
{
    struct asking asking = {0};
    start(&asking);
    five_minutes_and_an_hour(&asking);
    finish(&asking);
}

/* What is calm does not become busy because the server was restarted. */
static void a_start_is_no_activity(void)
{
    struct asking asking = {0};
    start(&asking);
    sync_manager_free(asking.manager);
    run(&asking);
    five_minutes_and_an_hour(&asking);
    finish(&asking);
}

/* A change that waits is carried out when it is due, though nothing else wakes the session. */
static void what_waits_is_carried_out(void)
{
    struct asking asking = {0};
    g_autoptr(GError) error = NULL;
    stage_open(&asking.stage);
    world_open(&asking.world, &asking.stage, MODEL_QRESYNC);
    script_start(&asking.world, "INBOX: a");
    g_autofree char *problem = world_pass(&asking.world);
    g_assert_null(problem);
    script_here(&asking.world, "import m INBOX S");
    g_autoptr(GPtrArray) intents =
        store_intents(asking.world.store, asking.world.account, 10, &error);
    g_assert_cmpuint(intents->len, ==, 1);
    const struct store_intent *intent = intents->pdata[0];
    g_assert_true(
        store_intents_postpone(asking.world.store, &intent->id, 1, NULL, clock_wall() + 3, &error));
    run(&asking);
    bool there = false;
    for (int i = 0; i < PATIENCE_S * 100 && !there; i++) {
        g_usleep(10000);
        g_autofree char *text = script_of_server(&asking.world);
        there = strstr(text, "m(S)") != NULL;
    }
    g_assert_true(there);
    finish(&asking);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/cadence/fresh-mail", a_folder_with_fresh_mail_is_asked_often);
    g_test_add_func("/sync/cadence/start", a_start_is_no_activity);
    g_test_add_func("/sync/cadence/due", what_waits_is_carried_out);
    return g_test_run();
}
