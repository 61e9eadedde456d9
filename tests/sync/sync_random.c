/* Random changes on both sides, before passes, during them, and with crashes between: in the end
 * both sides agree, nobody's mail is lost, and nothing is doubled. A failing world prints the
 * shortest list of steps that still fails; SYNC_STEPS=file runs such a list. */
#include "script.h"

#include "state.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_OF_WORLD 20
#define SHRINK_TRIES 300

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ROUNDS 100
#else
#define ROUNDS 1000
#endif

static const char *const profile_names[MODEL_PROFILES] = {"exchange", "qresync", "objectid",
                                                          "plain"};
static const char *const folders[] = {"INBOX", "INBOX", "Work", "Old", "Trash", "Drafts"};
/* Those that come, go and change their names; not all of them are there at any time. */
static const char *const movable[] = {"Work", "Old", "Job", "Work/Sub", "Old/Sub", "Job/Sub"};
static const char *const flags[] = {"+S", "-S", "+F", "-F", "+A", "+SF", "-SF", "+$work", "-$work"};

static struct stage stage;

/* --- making steps up */

struct maker {
    GRand *rand;
    GPtrArray *steps; /* char *: "there …", "here …", "pass", "during N …", "check" … */
    unsigned made;    /* messages so far */
    bool doubles;     /* may make copies */
    bool renews;      /* may change UIDVALIDITY */
    bool builds;      /* may make, rename and delete folders */
    unsigned few;     /* how many of the last messages are changed */
};

static const char *one_of(struct maker *maker, const char *const *list, gsize count)
{
    return list[g_rand_int_range(maker->rand, 0, (gint32)count)];
}
#define PICK(maker, list) one_of(maker, list, G_N_ELEMENTS(list))

static void add(struct maker *maker, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add(struct maker *maker, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(maker->steps, g_strdup_vprintf(format, args));
    va_end(args);
}

static char *some_id(struct maker *maker)
{
    unsigned first = maker->made > maker->few ? maker->made - maker->few : 0;
    return g_strdup_printf("m%u", (unsigned)g_rand_int_range(maker->rand, (gint32)first,
                                                             (gint32)maker->made + 1));
}

static const char *some_folder(struct maker *maker)
{
    return maker->builds && g_rand_boolean(maker->rand) ? PICK(maker, movable)
                                                        : PICK(maker, folders);
}

/* True: it made a change of folders, of which one in six is. */
static bool change_folders(struct maker *maker, const char *prefix)
{
    if (!maker->builds || g_rand_int_range(maker->rand, 0, 6) != 0)
        return false;
    const char *folder = PICK(maker, movable);
    switch (g_rand_int_range(maker->rand, 0, 6)) {
    case 0:
    case 1:
        add(maker, "%s create %s", prefix, folder);
        return true;
    case 2:
        add(maker, "%s delete %s", prefix, folder);
        return true;
    case 3:
        add(maker, "%s %s %s", prefix, g_rand_boolean(maker->rand) ? "subscribe" : "unsubscribe",
            folder);
        return true;
    default:
        add(maker, "%s rename %s %s", prefix, folder, PICK(maker, movable));
        return true;
    }
}

static void change_there(struct maker *maker, const char *prefix)
{
    if (change_folders(maker, prefix))
        return;
    g_autofree char *id = some_id(maker);
    const char *folder = some_folder(maker), *flag = PICK(maker, flags);
    switch (g_rand_int_range(maker->rand, 0, 12)) {
    case 0:
    case 1:
    case 2:
        add(maker, "%s deliver m%u %s", prefix, ++maker->made, folder);
        return;
    case 3:
    case 4:
    case 5:
        add(maker, "%s flag ? %s %s", prefix, id, flag);
        return;
    case 6:
    case 7:
        add(maker, "%s move ? %s %s", prefix, id, folder);
        return;
    case 8:
        add(maker, "%s expunge ? %s", prefix, id);
        return;
    case 9:
        add(maker, "%s deliver m%u %s S", prefix, ++maker->made, folder);
        return;
    case 10:
        if (maker->renews && g_rand_int_range(maker->rand, 0, 6) == 0)
            add(maker, "%s renew %s", prefix, folder);
        return;
    default:
        if (maker->doubles)
            add(maker, "%s copy ? %s %s", prefix, id, folder);
        return;
    }
}

static void change_here(struct maker *maker)
{
    if (change_folders(maker, "here"))
        return;
    g_autofree char *id = some_id(maker);
    const char *folder = some_folder(maker), *flag = PICK(maker, flags);
    switch (g_rand_int_range(maker->rand, 0, 12)) {
    case 0:
    case 1:
    case 2:
    case 3:
        add(maker, "here flag %s %s", id, flag);
        return;
    case 4:
    case 5:
    case 6:
        add(maker, "here put %s %s", id, folder);
        return;
    case 7:
        add(maker, "here destroy %s", id);
        return;
    case 8:
        add(maker, "here draft m%u", ++maker->made);
        return;
    case 9:
        add(maker, "here import m%u %s S", ++maker->made, folder);
        return;
    case 10:
        add(maker, "here redraft %s m%u", id, maker->made + 1);
        maker->made++;
        return;
    default:
        if (maker->doubles)
            add(maker, "here add %s %s", id, folder);
        return;
    }
}

static void make_pass(struct maker *maker)
{
    int at = g_rand_int_range(maker->rand, 1, 12);
    const char *when = g_rand_boolean(maker->rand) ? "after" : "before";
    switch (g_rand_int_range(maker->rand, 0, 6)) {
    case 0:
        add(maker, "die-commit %d %s", at, when);
        return;
    case 1:
        add(maker, "die-change %d %s", 1 + at / 3, when);
        return;
    case 2:
        add(maker, "cut-change %d %s", 1 + at / 3, when);
        return;
    case 3: {
        g_autofree char *prefix = g_strdup_printf("during %d", at * 4);
        change_there(maker, prefix);
        add(maker, "pass");
        return;
    }
    default:
        add(maker, "pass");
    }
}

static GPtrArray *make_steps(unsigned seed, unsigned rounds)
{
    struct maker maker = {.rand = g_rand_new_with_seed(seed),
                          .steps = g_ptr_array_new_with_free_func(g_free)};
    maker.doubles = g_rand_int_range(maker.rand, 0, 3) == 0;
    /* Without UIDPLUS a mail that left stays with its mark, by its UID: new UIDs bring it back. */
    maker.renews = seed % MODEL_PROFILES != MODEL_PLAIN;
    maker.builds = g_rand_boolean(maker.rand);
    /* Of two, each is in several places that both sides change. */
    maker.few = maker.doubles && g_rand_boolean(maker.rand) ? 2 : 8;
    add(&maker, "profile %s", profile_names[seed % MODEL_PROFILES]);
    add(&maker, "there create Work");
    add(&maker, "there create Old");
    for (unsigned round = 0; round < rounds; round++) {
        for (int n = g_rand_int_range(maker.rand, 0, 4); n > 0; n--)
            change_there(&maker, "there");
        for (int n = g_rand_int_range(maker.rand, 0, 4); n > 0; n--)
            change_here(&maker);
        make_pass(&maker);
        /* What one pass left half done is changed again before the next. */
        if (round + 1 < rounds && g_rand_int_range(maker.rand, 0, 3) == 0)
            continue;
        add(&maker, round % 4 == 3 ? "check twice" : "check");
    }
    g_rand_free(maker.rand);
    return maker.steps;
}

/* --- carrying them out */

struct during {
    struct world *world;
    unsigned commands;
    GPtrArray *at;      /* borrowed steps "during N …" */
    GHashTable *doomed; /* the run's */
};

struct run {
    struct world world;
    struct during during;
    GHashTable *doomed, *doubled; /* ids somebody destroyed, or copied */
    bool settled;                 /* nothing is half done */
};

/* A folder is deleted: what is in it goes with it. */
static void doom_folder(GHashTable *doomed, const char *text, const char *name)
{
    g_autoptr(GPtrArray) state = state_parse(text);
    const struct state_folder *folder = state_folder(state, name);
    for (guint i = 0; i < folder->mails->len; i++) {
        const struct state_mail *mail = folder->mails->pdata[i];
        g_hash_table_add(doomed, g_strdup(mail->id));
    }
}

static void doom_there(struct world *world, GHashTable *doomed, const char *ops)
{
    g_auto(GStrv) words = g_strsplit(ops + strspn(ops, " "), " ", -1);
    if (g_strcmp0(words[0], "delete") != 0)
        return;
    g_autofree char *there = script_of_server(world);
    doom_folder(doomed, there, words[1]);
}

static void in_between(void *arg, const char *line)
{
    struct during *during = arg;
    (void)line;
    during->commands++;
    for (guint i = 0; i < during->at->len; i++) {
        char *end;
        if (strtoul((const char *)during->at->pdata[i] + strlen("during "), &end, 10) !=
            during->commands)
            continue;
        doom_there(during->world, during->doomed, end);
        script_there(during->world, end);
    }
}

/* What the step does to a mail that the end is judged by. */
static void note(struct run *run, const char *step)
{
    static const char *const dooming[] = {"expunge", "destroy", "redraft", NULL};
    static const char *const doubling[] = {"copy", "add", NULL};
    g_auto(GStrv) words = g_strsplit(step, " ", -1);
    char **verb = words + (strcmp(words[0], "during") == 0 ? 2 : 1);
    if (words[0] == NULL || *verb == NULL || verb[1] == NULL)
        return;
    if (g_str_has_prefix(step, "here delete ")) {
        g_auto(GStrv) ids = script_mails_here(&run->world, verb[1]);
        for (char **id = ids; *id != NULL; id++)
            g_hash_table_add(run->doomed, g_strdup(*id));
    }
    const char *id = strcmp(verb[1], "?") == 0 ? verb[2] : verb[1];
    if (g_strv_contains(dooming, *verb))
        g_hash_table_add(run->doomed, g_strdup(id));
    /* Without MOVE ours is a copy and a deletion: who moves the mail between them, doubles it. */
    bool torn = (strcmp(words[0], "during") == 0 || !run->settled) && strcmp(*verb, "move") == 0 &&
                run->world.model->profile == MODEL_PLAIN;
    if (torn || g_strv_contains(doubling, *verb))
        g_hash_table_add(run->doubled, g_strdup(id));
}

static void pass(struct run *run, const char *step)
{
    struct world *world = &run->world;
    struct model_death death = {0};
    unsigned commit = 0;
    unsigned at = (unsigned)atoi(step + strcspn(step, " "));
    death.after = g_str_has_suffix(step, "after");
    if (g_str_has_prefix(step, "die-commit"))
        commit = at;
    else if (*step != 'p')
        death.mutation = at;
    death.cut = g_str_has_prefix(step, "cut-");
    world_arm(world, commit, death.after, &death);
    run->during.commands = 0;
    model_server_between(stage.server, run->during.at->len > 0 ? in_between : NULL, &run->during);
    g_free(world_pass(world));
    model_server_between(stage.server, NULL, NULL);
    g_ptr_array_set_size(run->during.at, 0);
    run->settled = false;
    if (*step != 'p')
        world_restart(world);
}

static unsigned times_in(const char *state, const char *id)
{
    g_autofree char *pattern = g_strdup_printf(" %s", id);
    unsigned times = 0;
    for (const char *at = state; (at = strstr(at, pattern)) != NULL; at += strlen(pattern))
        times += strchr(" (;", at[strlen(pattern)]) != NULL;
    return times;
}

static char *lost_or_doubled(struct run *run, GPtrArray *steps, guint until, const char *state)
{
    for (guint i = 0; i < until; i++) {
        g_auto(GStrv) words = g_strsplit(steps->pdata[i], " ", -1);
        char **verb = words + (strcmp(words[0], "during") == 0 ? 2 : 1);
        if (*verb == NULL || strcmp(*verb, "deliver") != 0 || strcmp(words[0], "during") == 0)
            continue;
        unsigned times = times_in(state, verb[1]);
        if (times == 0 && !g_hash_table_contains(run->doomed, verb[1]))
            return g_strdup_printf("%s is lost", verb[1]);
        if (times > 1 && !g_hash_table_contains(run->doubled, verb[1]))
            return g_strdup_printf("%s is there %u times", verb[1], times);
    }
    return NULL;
}

static uint64_t states_of(struct world *world)
{
    struct store_access *access = world_access(world);
    uint64_t sum = store_state(access, STORE_EMAIL) + store_state(access, STORE_MAILBOX);
    store_access_free(access);
    return sum;
}

static char *idle_pass(struct world *world)
{
    uint64_t before = states_of(world);
    unsigned mutations = world->model->counts.mutations;
    char *problem = world_pass(world);
    if (problem == NULL && world->model->counts.mutations != mutations)
        return g_strdup("a second run changes the server");
    if (problem == NULL && states_of(world) != before)
        return g_strdup("a second run changes the store");
    return problem;
}

/* NULL, or what is wrong. */
static char *check(struct run *run, GPtrArray *steps, guint until, bool twice)
{
    struct world *world = &run->world;
    char *problem = script_settle(world);
    run->settled = true;
    if (problem == NULL)
        problem = script_disagreement(world);
    g_autofree char *jmap = script_of_jmap(world);
    g_autofree char *server = script_of_server(world);
    /* A \Deleted that somebody moves along with the mail is no keyword here. */
    g_autofree char *there = script_normal(world, server, false);
    g_autofree char *here = script_normal(world, jmap, true);
    if (problem == NULL && strcmp(there, here) != 0)
        problem = g_strdup_printf("there %s\n#   here  %s", there, here);
    if (problem == NULL)
        problem = lost_or_doubled(run, steps, until, there);
    return problem == NULL && twice ? idle_pass(world) : problem;
}

static void begin(struct run *run, const char *profile)
{
    int which = 0;
    while (which < MODEL_PROFILES - 1 && strcmp(profile, profile_names[which]) != 0)
        which++;
    world_open(&run->world, &stage, (enum model_profile)which);
    run->world.lenient = true;
    run->settled = true;
    run->doomed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    run->during = (struct during){&run->world, 0, g_ptr_array_new(), run->doomed};
    run->doubled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void finish(struct run *run)
{
    world_close(&run->world);
    g_ptr_array_unref(run->during.at);
    g_hash_table_unref(run->doomed);
    g_hash_table_unref(run->doubled);
}

/* All of them, or until one check fails: NULL, or what is wrong; *failed: the step. */
static char *run_steps(GPtrArray *steps, guint *failed)
{
    struct run run = {0};
    char *wrong = NULL;
    begin(&run, (const char *)steps->pdata[0] + strlen("profile "));
    for (guint i = 1; i < steps->len && wrong == NULL; i++) {
        const char *step = steps->pdata[i];
        note(&run, step);
        *failed = i;
        if (g_str_has_prefix(step, "there ")) {
            doom_there(&run.world, run.doomed, step + strlen("there "));
            script_there(&run.world, step + strlen("there "));
        } else if (g_str_has_prefix(step, "here "))
            script_here(&run.world, step + strlen("here "));
        else if (g_str_has_prefix(step, "during "))
            g_ptr_array_add(run.during.at, steps->pdata[i]);
        else if (g_str_has_prefix(step, "check"))
            wrong = check(&run, steps, i, strcmp(step, "check twice") == 0);
        else
            pass(&run, step);
        if (wrong == NULL)
            wrong = script_circle(&run.world);
    }
    finish(&run);
    return wrong;
}

/* --- shrinking */

static GPtrArray *without(const GPtrArray *steps, guint first, guint count)
{
    GPtrArray *rest = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < steps->len; i++)
        if (i < first || i >= first + count)
            g_ptr_array_add(rest, g_strdup(steps->pdata[i]));
    return rest;
}

/* The same failure, by its first word, with as few steps as can be found. */
static GPtrArray *shrink(GPtrArray *steps, char **wrong)
{
    unsigned tries = 0;
    for (guint size = steps->len / 2; size > 0; size /= 2)
        for (guint at = 1; at + size < steps->len && tries < SHRINK_TRIES;) {
            guint failed = 0;
            GPtrArray *fewer = without(steps, at, size);
            char *still = run_steps(fewer, &failed);
            tries++;
            if (still == NULL) {
                g_ptr_array_unref(fewer);
                at += size;
                continue;
            }
            g_ptr_array_set_size(fewer, (gint)failed + 1);
            g_free(*wrong);
            *wrong = still;
            g_ptr_array_unref(steps);
            steps = fewer;
        }
    return steps;
}

static void report(unsigned seed, const GPtrArray *steps, const char *wrong)
{
    g_printerr("# RED seed %u: %s\n", seed, wrong);
    for (guint i = 0; i < steps->len; i++)
        g_printerr("#   %s\n", (const char *)steps->pdata[i]);
}

static unsigned number(const char *name, unsigned otherwise)
{
    const char *text = g_getenv(name);
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void random_changes_end_in_agreement(void)
{
    unsigned seed = number("SYNC_SEED", 1), rounds = number("SYNC_ROUNDS", ROUNDS), red = 0;
    unsigned done = 0;
    for (; done < rounds && red < 5; done += ROUNDS_OF_WORLD, seed++) {
        guint failed = 0;
        GPtrArray *steps = make_steps(seed, ROUNDS_OF_WORLD);
        char *wrong = run_steps(steps, &failed);
        if (wrong != NULL) {
            red++;
            g_ptr_array_set_size(steps, (gint)failed + 1);
            steps = shrink(steps, &wrong);
            report(seed, steps, wrong);
        }
        g_free(wrong);
        g_ptr_array_unref(steps);
    }
    g_print("# %u rounds, %u red\n", done, red);
    g_assert_cmpuint(red, ==, 0);
}

/* Lists that were red once, for a profile that is put before them. */
static const char *const once_red[] = {
    /* The move found nothing, and the copy that was given up was the last there was. */
    "there create Work\nthere deliver m1 INBOX\ncheck\nthere move ? m1 Trash\n"
    "here add m1 Trash\ndie-commit 2 after\nhere put m1 Work\npass\ncheck",
    /* What an earlier try had marked \Deleted was copied with its mark. */
    "there create Work\nhere draft m1\ncheck\nhere put m1 Work\ncut-change 2 after\n"
    "there expunge ? m1\ncheck",
    /* A copy that was given up was believed to be the mail, which others had moved. */
    "there create Work\nthere deliver m1 INBOX\ncheck\nhere add m1 Work\n"
    "cut-change 1 before\nhere drop m1 Work\nthere move INBOX m1 INBOX\ncheck",
    /* Flags of a mail that was gone, and was destroyed here then. */
    "there deliver m1 Trash\nthere flag ? m1 +S\ncheck\nthere expunge ? m1\nhere flag m1 -SF\n"
    "die-commit 2 after\nhere redraft m1 m2\ncheck",
    /* Its folder was deleted while it was on its way out. */
    "there create Work\nhere import m1 Work S\ncheck\nhere import m2 Work S\nhere put m1 INBOX\n"
    "die-commit 3 after\nthere delete Work\ncheck",
    /* In two folders, given up in one, while others move what was to stay in the other. */
    "there create Work\nthere deliver m1 INBOX\ncheck\nhere add m1 Work\ncheck\n"
    "there move Work m1 INBOX\nhere put m1 Work\ncheck",
    "there create Work\nthere create Old\nthere deliver m1 INBOX\ncheck\nhere add m1 Work\n"
    "check\nthere move INBOX m1 Old\nhere put m1 INBOX\ndie-change 1 after\ncheck",
    /* Two folders, one moved below the other there and the other below the one here. */
    "there create Work\nthere create Old\ncheck\nthere rename Work Old/Sub\n"
    "here rename Old Work/Sub\ndie-commit 5 after\ncheck twice",
    "there create Work\nthere create Old\ncheck\nthere rename Work Old/Sub\n"
    "here rename Old Work/Sub\npass\ncheck twice",
};

static void run_text(const char *text)
{
    guint failed = 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GPtrArray) steps = g_ptr_array_new();
    for (char **line = lines; *line != NULL; line++)
        g_ptr_array_add(steps, *line + strspn(*line, "# "));
    g_autofree char *wrong = run_steps(steps, &failed);
    if (wrong != NULL)
        report(0, steps, wrong);
    g_assert_null(wrong);
}

static void what_was_red_once(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(once_red); i++)
        for (int profile = 0; profile < MODEL_PROFILES; profile++) {
            g_autofree char *text =
                g_strdup_printf("profile %s\n%s", profile_names[profile], once_red[i]);
            run_text(text);
        }
}

static void steps_of_a_file(void)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(g_getenv("SYNC_STEPS"), &text, NULL, NULL));
    run_text(g_strstrip(text));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    stage_open(&stage);
    g_test_add_func("/sync/once-red", what_was_red_once);
    g_test_add_func("/sync/random", g_getenv("SYNC_STEPS") != NULL
                                        ? steps_of_a_file
                                        : random_changes_end_in_agreement);
    int status = g_test_run();
    stage_close(&stage);
    return status;
}
