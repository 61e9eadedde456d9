/* New messages come as a whole where the folder is looked at, unless they may be known. */
#include "script.h"

#define NEAR_MS 600000

static struct stage stage;

static unsigned times_fetched(struct world *world, const char *id)
{
    model_lock(world->model);
    unsigned times = GPOINTER_TO_UINT(g_hash_table_lookup(world->model->fetched, id));
    model_unlock(world->model);
    return times;
}

/* What one pass asks of the server after this happened there. */
static unsigned commands_after(struct world *world, const char *ops)
{
    script_there(world, ops);
    unsigned before = world->model->counts.commands;
    g_autofree char *problem = world_pass(world);
    g_assert_null(problem);
    g_autofree char *differs = script_disagreement(world);
    g_assert_null(differs);
    return world->model->counts.commands - before;
}

static void whole_messages(gconstpointer profile)
{
    struct world world;
    world_open(&world, &stage, GPOINTER_TO_INT(profile));
    world.near_ms = NEAR_MS;
    script_start(&world, "INBOX: a b; Work: c; Drafts: d");
    g_autofree char *problem = world_pass(&world);
    g_assert_null(problem);
    g_autofree char *again = world_pass(&world); /* from now on no look is the first */
    g_assert_null(again);
    unsigned flag = commands_after(&world, "flag INBOX a +S");
    /* Neither the folder is selected again for it, nor is it asked for twice. */
    g_assert_cmpuint(commands_after(&world, "deliver e INBOX"), ==, flag + 1);
    g_assert_cmpuint(times_fetched(&world, "e"), ==, 1);
    /* It was seen in its new folder first, or is lost in the old one: no matter. */
    unsigned moved = commands_after(&world, "move INBOX e Work; move Work c INBOX");
    g_assert_cmpuint(times_fetched(&world, "e") + times_fetched(&world, "c"), ==, 2);
    g_assert_cmpuint(moved, <, 4 * flag);
    world_close(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    stage_open(&stage);
    g_test_add_data_func("/sync/news/exchange", GINT_TO_POINTER(MODEL_EXCHANGE), whole_messages);
    g_test_add_data_func("/sync/news/qresync", GINT_TO_POINTER(MODEL_QRESYNC), whole_messages);
    g_test_add_data_func("/sync/news/objectid", GINT_TO_POINTER(MODEL_OBJECTID), whole_messages);
    int status = g_test_run();
    stage_close(&stage);
    return status;
}
