#include "matrix.h"
#include "script.h"

#include <stdlib.h>
#include <string.h>

static const struct scenario *tables[] = {scenarios_in, scenarios_out, scenarios_folders,
                                          scenarios_sending};

static const char *const profile_names[MODEL_PROFILES] = {"exchange", "qresync", "objectid",
                                                          "plain"};

static struct stage stage;
static unsigned scenarios_run, interruptions_run, red;
/* Every how many-th step is interrupted; 1 (the soak): all. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static unsigned stride = 50;
#else
static unsigned stride = 10;
#endif

/* What a straight run took. */
struct steps {
    unsigned commits, mutations, commands, posted;
};

struct begun {
    const struct scenario *scenario;
    struct world world;
    struct snapshot snapshot;
    char *ids, *places;
    char **there; /* at first, the command, what happens before it; the last two may be missing */
    bool happened;
    struct steps steps;
};

static void in_between(void *arg, const char *line)
{
    struct begun *begun = arg;
    g_autofree char *plain = g_strdup(line);
    g_auto(GStrv) pieces = g_strsplit(plain, "\"", -1);
    g_autofree char *bare = g_strjoinv("", pieces);
    g_autofree char *wanted = g_strstrip(g_strdup(begun->there[1]));
    if (begun->happened || !g_str_has_prefix(g_strchug(bare), wanted))
        return;
    begun->happened = true;
    script_there(&begun->world, begun->there[2]);
}

static void listen_between(struct begun *begun)
{
    bool some = g_strv_length(begun->there) == 3;
    begun->happened = !some;
    model_server_between(stage.server, some ? in_between : NULL, begun);
}

static void complain(const struct begun *begun, const char *how, const char *observed,
                     const char *expected)
{
    red++;
    g_printerr("# RED %s on %s, %s:\n#   observed %s\n#   expected %s\n", begun->scenario->name,
               profile_names[begun->world.model->profile], how, observed, expected);
}

/* Mails that are once before and once after keep their ids. */
static char *lost_id(const char *before, const char *after)
{
    g_auto(GStrv) old = g_strsplit(before, "\n", -1);
    g_auto(GStrv) new = g_strsplit(after, "\n", -1);
    for (char **line = old; *line != NULL; line++) {
        gsize length = (gsize)(strcspn(*line, " ") + 1);
        unsigned was = 0, is = 0;
        bool kept = false;
        for (char **other = old; *other != NULL; other++)
            was += strncmp(*other, *line, length) == 0;
        for (char **other = new; *other != NULL; other++) {
            is += strncmp(*other, *line, length) == 0;
            kept = kept || strcmp(*other, *line) == 0;
        }
        if (was == 1 && is == 1 && !kept)
            return g_strdup_printf("another id of %.*s", (int)length - 1, *line);
    }
    return NULL;
}

/* Bodies fetched that were here before. */
static char *fetched_again(const struct begun *begun)
{
    g_auto(GStrv) old = g_strsplit(begun->ids, "\n", -1);
    for (char **line = old; *line != NULL; line++) {
        g_autofree char *id = g_strndup(*line, strcspn(*line, " "));
        int before = GPOINTER_TO_INT(g_hash_table_lookup(begun->snapshot.model->fetched, id));
        int now = GPOINTER_TO_INT(g_hash_table_lookup(begun->world.model->fetched, id));
        if (now > before)
            return g_strdup_printf("%s was downloaded again", id);
    }
    return NULL;
}

/* Is it all as this end says? With how: complains of what is not. */
static bool is_at(struct begun *begun, const char *end, const char *how)
{
    struct world *world = &begun->world;
    g_auto(GStrv) parts = g_strsplit(end, " | ", 2);
    g_autofree char *outbox = script_of_outbox(world);
    const char *wanted_outbox = parts[0] != NULL && parts[1] != NULL ? parts[1] : "";
    for (int server = 0; server < 2; server++) {
        g_autofree char *wanted = script_normal(world, parts[0] != NULL ? parts[0] : "", server);
        g_autofree char *found = server ? script_of_server(world) : script_of_jmap(world);
        if (strcmp(wanted, found) == 0)
            continue;
        g_autofree char *where = g_strdup_printf("%s, %s", how, server ? "there" : "here");
        if (how != NULL)
            complain(begun, where, found, wanted);
        return false;
    }
    if (strcmp(outbox, wanted_outbox) == 0)
        return true;
    if (how != NULL)
        complain(begun, how, outbox, wanted_outbox);
    return false;
}

/* The end that is meant, or one of the others where an interruption may lead to them. */
static bool check_states(struct begun *begun, const char *how, bool interrupted)
{
    g_auto(GStrv) ends = g_strsplit(begun->scenario->end, " || ", -1);
    for (char **end = ends; interrupted && ends[0] != NULL && *end != NULL; end++)
        if (is_at(begun, *end, NULL))
            return true;
    return is_at(begun, ends[0] != NULL ? ends[0] : "", how);
}

static uint64_t states_of(struct world *world)
{
    struct store_access *access = world_access(world);
    uint64_t sum = store_state(access, STORE_EMAIL) + store_state(access, STORE_MAILBOX) +
                   store_state(access, STORE_THREAD);
    store_access_free(access);
    return sum;
}

/* A second run changes nothing on either side. */
static bool check_second(struct begun *begun, const char *how)
{
    struct world *world = &begun->world;
    uint64_t before = states_of(world);
    unsigned mutations = world->model->counts.mutations, bodies = world->model->counts.bodies;
    g_autofree char *outbox = script_of_outbox(world);
    if (world->sends)
        world_send(world);
    g_autofree char *problem = world_pass(world);
    g_autofree char *outbox_now = script_of_outbox(world);
    g_autofree char *observed = NULL;
    if (problem != NULL)
        observed = g_strdup(problem);
    else if (world->model->counts.mutations != mutations)
        observed = g_strdup("a second run changes the server");
    else if (world->model->counts.bodies != bodies)
        observed = g_strdup("a second run downloads mail");
    else if (states_of(world) != before)
        observed = g_strdup("a second run changes the store");
    else if (strcmp(outbox, outbox_now) != 0)
        observed = g_strdup_printf("a second run sends: %s", outbox_now);
    if (observed == NULL)
        return true;
    complain(begun, how, observed, "nothing");
    return false;
}

static bool check(struct begun *begun, const char *how, bool interrupted)
{
    struct world *world = &begun->world;
    g_autofree char *differs = script_disagreement(world);
    g_autofree char *ids = script_ids(world);
    g_autofree char *lost =
        (begun->scenario->flags & NEW_IDS) != 0 ? NULL : lost_id(begun->ids, ids);
    g_autofree char *again =
        (begun->scenario->flags & REFETCHES) != 0 ? NULL : fetched_again(begun);
    if (!check_states(begun, how, interrupted))
        return false;
    g_autofree char *places = script_places(world);
    if (lost == NULL && (begun->scenario->flags & SAME_FOLDERS) != 0)
        lost = lost_id(begun->places, places);
    const char *observed = differs != NULL ? differs : lost != NULL ? lost : again;
    if (observed == NULL)
        return check_second(begun, how);
    complain(begun, how, observed, "agreement");
    return false;
}

/* The two sides as the interesting pass finds them. */
static void begin(struct begun *begun, const struct scenario *scenario, enum model_profile profile)
{
    struct world *world = &begun->world;
    *begun = (struct begun){.scenario = scenario};
    if ((scenario->flags & (PROVIDER | PERSONAL | LATE)) != 0)
        world_open_provider(world, &stage, profile);
    else
        world_open(world, &stage, profile);
    world->sends = (scenario->flags & POSTS) != 0;
    world->model->post.renames = (scenario->flags & PERSONAL) != 0;
    world->model->post.delay = (scenario->flags & LATE) != 0 ? 20 : 0;
    script_start(world, scenario->start);
    g_autofree char *problem = world_pass(&begun->world);
    if (problem != NULL)
        g_error("%s: the first sync fails: %s", scenario->name, problem);
    begun->ids = script_ids(&begun->world);
    begun->places = script_places(&begun->world);
    script_here(&begun->world, scenario->here);
    begun->there = g_strsplit(scenario->there, " ! ", 3);
    if (begun->there[0] != NULL)
        script_there(&begun->world, begun->there[0]);
    world_save(&begun->world, &begun->snapshot);
}

static void end(struct begun *begun)
{
    snapshot_clear(&begun->snapshot);
    world_close(&begun->world);
    g_free(begun->ids);
    g_free(begun->places);
    g_strfreev(begun->there);
}

/* What happens behind a pass is for the next one. */
static char *settle(struct begun *begun)
{
    char *problem = script_settle(&begun->world);
    if (problem != NULL || g_strv_length(begun->there) != 3)
        return problem;
    return script_settle(&begun->world);
}

static bool straight(struct begun *begun)
{
    struct world *world = &begun->world;
    listen_between(begun);
    g_autofree char *problem = settle(begun);
    model_server_between(stage.server, NULL, NULL);
    begun->steps =
        (struct steps){atomic_load(&world->commits),
                       world->model->counts.mutations - begun->snapshot.model->counts.mutations,
                       world->model->counts.commands - begun->snapshot.model->counts.commands,
                       model_smtp_commands(stage.smtp)};
    if (problem == NULL && !begun->happened)
        problem = g_strdup_printf("there was no %s", begun->there[1]);
    if (problem == NULL)
        return check(begun, "straight", false);
    complain(begun, "straight", problem, "no problem");
    return false;
}

/* One more run from the same start, with this death in it. */
static bool interrupted(struct begun *begun, unsigned commit, const struct model_death *death,
                        const char *how)
{
    struct world *world = &begun->world;
    interruptions_run++;
    world_load(world, &begun->snapshot);
    listen_between(begun);
    world_arm(world, commit, commit != 0 && death->after, death);
    g_free(script_settle(world));
    world_restart(world);
    g_autofree char *problem = settle(begun);
    model_server_between(stage.server, NULL, NULL);
    /* What it would have happened before is not said any more. */
    if (!begun->happened) {
        g_clear_pointer(&problem, g_free);
        begun->happened = true;
        script_there(world, begun->there[2]);
        problem = script_settle(world);
    }
    if (problem == NULL)
        return check(begun, how, true);
    complain(begun, how, problem, "no problem");
    return false;
}

static bool interrupt_sending(struct begun *begun, unsigned every)
{
    static unsigned turn;
    bool good = true;
    for (unsigned at = 1; at <= begun->steps.posted && good; at++)
        for (int way = 0; way < 4 && good; way++) {
            const struct model_death death = {.smtp = at, .after = way & 1, .cut = way > 1};
            g_autofree char *how =
                g_strdup_printf("%s %s command %u of sending", death.cut ? "cut" : "dead",
                                death.after ? "after" : "before", at);
            if (turn++ % every == 0)
                good = interrupted(begun, 0, &death, how);
        }
    return good;
}

static void interrupt_all(struct begun *begun)
{
    static unsigned turn;
    unsigned every = begun->world.sends ? MAX(stride / 2, 1) : stride;
    bool good = interrupt_sending(begun, every);
    for (unsigned at = 1; at <= begun->steps.commits && good; at++)
        for (int after = 0; after < 2 && good; after++) {
            const struct model_death death = {.after = after};
            g_autofree char *how =
                g_strdup_printf("dead %s commit %u", after ? "after" : "before", at);
            if (turn++ % every == 0)
                good = interrupted(begun, at, &death, how);
        }
    for (unsigned at = 1; at <= begun->steps.mutations && good; at++)
        for (int way = 0; way < 4 && good; way++) {
            const struct model_death death = {.mutation = at, .after = way & 1, .cut = way > 1};
            g_autofree char *how =
                g_strdup_printf("%s %s change %u of the server", death.cut ? "cut" : "dead",
                                death.after ? "after" : "before", at);
            if (turn++ % stride == 0)
                good = interrupted(begun, 0, &death, how);
        }
}

static void interrupt_commands(struct begun *begun)
{
    bool good = true;
    for (unsigned at = 1; at <= begun->steps.commands && good; at++)
        for (int way = 0; way < 2 && good; way++) {
            const struct model_death death = {.command = at, .after = true, .cut = way};
            g_autofree char *how = g_strdup_printf("%s at command %u", way ? "cut" : "dead", at);
            good = interrupted(begun, 0, &death, how);
        }
}

static void run(const struct scenario *scenario, enum model_profile profile)
{
    struct begun begun;
    scenarios_run++;
    begin(&begun, scenario, profile);
    if (straight(&begun)) {
        interrupt_all(&begun);
        if (g_getenv("SYNC_COMMANDS") != NULL)
            interrupt_commands(&begun);
    }
    end(&begun);
}

static void the_matrix(gconstpointer data)
{
    enum model_profile profile = GPOINTER_TO_INT(data);
    const char *only = g_getenv("SYNC_ONLY");
    unsigned before = red;
    for (gsize t = 0; t < G_N_ELEMENTS(tables); t++)
        for (const struct scenario *s = tables[t]; s->name != NULL; s++)
            if ((s->profiles & 1U << profile) != 0 && (only == NULL || strstr(s->name, only)))
                run(s, profile);
    g_assert_cmpuint(red, ==, before);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    const char *step = g_getenv("SYNC_STRIDE");
    stride = step != NULL ? (unsigned)atoi(step) : stride;
    if (g_getenv("SYNC_SCENARIOS") != NULL) {
        tables[0] = scenarios_of_file(g_getenv("SYNC_SCENARIOS"));
        static const struct scenario none = {0};
        tables[1] = tables[2] = tables[3] = &none;
    }
    stage_open(&stage);
    for (int profile = 0; profile < MODEL_PROFILES; profile++) {
        g_autofree char *path = g_strdup_printf("/sync/matrix/%s", profile_names[profile]);
        g_test_add_data_func(path, GINT_TO_POINTER(profile), the_matrix);
    }
    int status = g_test_run();
    g_print("# %u scenarios, %u interruptions, %u red\n", scenarios_run, interruptions_run, red);
    stage_close(&stage);
    return status;
}
