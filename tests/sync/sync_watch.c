/* What others do to INBOX, and with NOTIFY to any folder, at any moment of a pass is seen without
 * another look: a live session ends each pass in IDLE, and nothing may fall between its last
 * comparison and the first thing that IDLE tells. Each test changes the mailbox just before one of
 * the commands of a pass, one after the other, with every other way of noticing put off for hours.
 */
#include "script.h"

#include "base/clock.h"

#include <time.h>

#define FOREVER_MS INT64_C(36000000)
#define PATIENCE (60 * CLOCK_SECOND)
#define MOMENTS 40
#define MOMENTS_MIN 3 /* LIST, SELECT, IDLE at least */

struct watching {
    struct stage stage;
    struct world world;
    struct sync_manager *manager;
    const char *edit;
    atomic_int until; /* commands until the edit */
};

static void between(void *arg, const char *line)
{
    (void)line;
    struct watching *watching = arg;
    if (atomic_fetch_sub(&watching->until, 1) == 1)
        script_there(&watching->world, watching->edit);
}

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
}

static void start(struct watching *watching, enum model_profile profile, bool notifies)
{
    stage_open(&watching->stage);
    world_open(&watching->world, &watching->stage, profile);
    watching->world.model->more = notifies ? " NOTIFY" : NULL;
    script_start(&watching->world, "INBOX: a b(S) c; Work: d");
    struct sync_config config = {.store = watching->world.store,
                                 .exec = watching->stage.exec,
                                 .spool_dir = watching->world.directory,
                                 .tuning = {.poll_ms = FOREVER_MS,
                                            .calm_ms = FOREVER_MS,
                                            .compare_ms = FOREVER_MS,
                                            .idle_ms = FOREVER_MS},
                                 .live = true};
    watching->manager = sync_manager_new(&config);
    g_assert_true(sync_manager_start(watching->manager, NULL));
}

static void stop(struct watching *watching)
{
    model_server_between(watching->stage.server, NULL, NULL);
    sync_manager_free(watching->manager);
    world_close(&watching->world);
    stage_close(&watching->stage);
}

static void pass(struct watching *watching)
{
    struct sync_result result = {0};
    g_autoptr(GError) error = NULL;
    g_assert_true(
        sync_manager_pass(watching->manager, watching->world.account, NULL, &result, &error));
    g_assert_cmpstr(result.error, ==, NULL);
}

/* Both sides agree, before long. */
static char *wait_for_agreement(struct watching *watching)
{
    int64_t until = clock_now() + PATIENCE;
    char *differs = script_disagreement(&watching->world);
    while (differs != NULL && clock_now() < until) {
        g_free(differs);
        rest();
        differs = script_disagreement(&watching->world);
    }
    return differs;
}

static void edit_at_every_moment(struct watching *watching, const char *const *edits)
{
    for (int moment = 1; moment <= MOMENTS; moment++) {
        watching->edit = edits[(moment - 1) % 2];
        atomic_store(&watching->until, moment);
        pass(watching);
        /* The pass is answered before the session idles: its last commands are on their way. */
        for (int64_t until = clock_now() + CLOCK_SECOND / 5;
             atomic_load(&watching->until) > 0 && clock_now() < until;)
            rest();
        if (atomic_exchange(&watching->until, 0) > 0) {
            g_assert_cmpint(moment, >, MOMENTS_MIN);
            return;
        }
        g_autofree char *differs = wait_for_agreement(watching);
        if (differs != NULL)
            g_error("%s before command %d of a pass: %s", watching->edit, moment, differs);
    }
}

static void try_edits(enum model_profile profile, bool notifies, const char *const (*edits)[2],
                      size_t count)
{
    struct watching watching = {0};
    start(&watching, profile, notifies);
    model_server_between(watching.stage.server, between, &watching);
    g_autofree char *differs = wait_for_agreement(&watching);
    g_assert_null(differs);
    for (size_t i = 0; i < count; i++)
        edit_at_every_moment(&watching, edits[i]);
    stop(&watching);
}

static void test_edits(gconstpointer profile)
{
    static const char *const edits[][2] = {
        {"flag INBOX a +F", "flag INBOX a -F"},
        {"deliver e INBOX", "expunge INBOX e"},
    };
    try_edits((enum model_profile)GPOINTER_TO_INT(profile), false, edits, G_N_ELEMENTS(edits));
}

static void test_everywhere(void)
{
    static const char *const edits[][2] = {
        {"flag INBOX a +F", "flag INBOX a -F"},      {"flag Work d +F", "flag Work d -F"},
        {"deliver e Work", "expunge Work e"},        {"move INBOX b Work", "move Work b INBOX"},
        {"create Job; deliver g Job", "delete Job"}, {"rename Work Task", "rename Task Work"},
    };
    try_edits(MODEL_QRESYNC, true, edits, G_N_ELEMENTS(edits));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        int profile;
    } tests[] = {
        {"/sync/watch/exchange", MODEL_EXCHANGE},
        {"/sync/watch/qresync", MODEL_QRESYNC},
    };
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_data_func(tests[i].path, GINT_TO_POINTER(tests[i].profile), test_edits);
    g_test_add_func("/sync/watch/notify", test_everywhere);
    return g_test_run();
}
