/* sync/steps.h: what is carried out, against a server of three numbers that is cut off at every
 * step. */
#include "sync/steps.h"

#include <string.h>

/* One message of ours in a source, and what the target shows of it. */
struct server {
    bool in_source, marked_deleted;
    unsigned in_target;
    bool tells;           /* COPYUID, APPENDUID */
    bool flag_is_dropped; /* APPEND loses \Flagged, as at Exchange */
    bool flagged, kept_flags_added, kept_flags_removed;
};

struct run {
    struct server server;
    bool journalled; /* in the store */
    unsigned looks;  /* there too */
    bool left_deleted;
    unsigned steps;
};

struct scene {
    enum store_intent_kind kind;
    bool move, uidplus, tells, adds, removes;
    bool gone; /* somebody took it away before we came */
};

static struct out_state start(const struct scene *scene, const struct run *run)
{
    return (struct out_state){.kind = scene->kind,
                              .can_move = scene->move,
                              .can_expunge = scene->uidplus,
                              .adds = scene->adds,
                              .removes = scene->removes,
                              .begun = run->journalled,
                              .doubtful = run->looks < OUT_LOOKS};
}

static void take_copy(struct run *run, struct out_state *state, bool removes)
{
    g_assert_true(run->journalled);
    if (!run->server.in_source)
        return;
    run->server.in_target++;
    run->server.in_source = !removes;
    if (run->server.tells)
        state->target = OUT_PRESENT;
}

static void take_append(struct run *run, struct out_state *state)
{
    g_assert_true(run->journalled);
    run->server.in_target++;
    run->server.flagged = state->adds && !run->server.flag_is_dropped;
    if (run->server.tells)
        state->target = OUT_PRESENT;
}

static void take(struct run *run, struct out_state *state, enum out_step step)
{
    struct server *server = &run->server;
    out_took(state, step);
    switch (step) {
    case OUT_LOOK:
        state->source = server->in_source ? OUT_PRESENT : OUT_ABSENT;
        state->target = server->in_target > 0 ? OUT_PRESENT : OUT_ABSENT;
        break;
    case OUT_JOURNAL:
        run->journalled = true;
        run->looks = 0;
        break;
    case OUT_ADD_FLAGS:
        server->kept_flags_added = true;
        break;
    case OUT_REMOVE_FLAGS:
        server->kept_flags_removed = true;
        break;
    case OUT_APPEND:
        take_append(run, state);
        break;
    case OUT_COPY:
        take_copy(run, state, false);
        break;
    case OUT_MOVE:
        take_copy(run, state, true);
        break;
    case OUT_FLAG:
        server->flagged = true;
        break;
    case OUT_MARK_DELETED:
        server->marked_deleted = true;
        break;
    case OUT_EXPUNGE:
        g_assert_true(server->marked_deleted);
        server->in_source = false;
        break;
    case OUT_WAIT:
    case OUT_DONE:
    case OUT_FAILED:
        g_assert_not_reached();
    }
}

/* Until the end, or until steps are used up; what was not journalled is forgotten then. */
static bool go_on(const struct scene *scene, struct run *run, unsigned steps)
{
    struct out_state state = start(scene, run);
    for (unsigned i = 0; i < steps; i++) {
        enum out_step step = out_next(&state);
        g_assert_cmpint(step, !=, OUT_FAILED);
        if (step == OUT_EXPUNGE)
            g_assert_true(scene->uidplus);
        if (step == OUT_MOVE)
            g_assert_true(scene->move);
        if (step == OUT_DONE) {
            run->left_deleted = out_leaves_deleted(&state);
            run->steps = i;
            return true;
        }
        if (step == OUT_WAIT) { /* and once more, later */
            g_assert_cmpuint(++run->looks, <=, OUT_LOOKS);
            state = start(scene, run);
            continue;
        }
        take(run, &state, step);
    }
    return false;
}

static void assert_end(const struct scene *scene, const struct run *run)
{
    const struct server *server = &run->server;
    bool removes = scene->kind == STORE_INTENT_MOVE || scene->kind == STORE_INTENT_EXPUNGE;
    bool copies = scene->kind == STORE_INTENT_MOVE || scene->kind == STORE_INTENT_COPY;
    if (scene->kind == STORE_INTENT_FLAGS) {
        g_assert_cmpint(server->kept_flags_added, ==, scene->adds);
        g_assert_cmpint(server->kept_flags_removed, ==, scene->removes);
        return;
    }
    if (scene->kind == STORE_INTENT_APPEND || (copies && !scene->gone))
        g_assert_cmpuint(server->in_target, ==, 1);
    else
        g_assert_cmpuint(server->in_target, ==, 0);
    if (scene->kind == STORE_INTENT_APPEND)
        g_assert_cmpint(server->flagged, ==, scene->adds);
    if (!removes)
        g_assert_cmpint(server->in_source, ==, !scene->gone);
    else if (scene->uidplus || scene->move)
        g_assert_true(!server->in_source || scene->kind == STORE_INTENT_EXPUNGE || !scene->uidplus);
    if (removes && scene->uidplus)
        g_assert_false(server->in_source);
    if (removes && server->in_source)
        g_assert_true(server->marked_deleted && run->left_deleted);
}

static struct run fresh(const struct scene *scene)
{
    return (struct run){
        .server = {.in_source = !scene->gone, .tells = scene->tells, .flag_is_dropped = true}};
}

/* Cut off after each number of steps, up to three times in a row, then to the end; and once more:
 * nothing may happen that changes the end. */
static void run_scene(const struct scene *scene)
{
    for (unsigned first = 0; first < 9; first++)
        for (unsigned second = 0; second < 9; second++)
            for (unsigned third = 0; third < 9; third++) {
                struct run run = fresh(scene);
                bool done = go_on(scene, &run, first) || go_on(scene, &run, second) ||
                            go_on(scene, &run, third) || go_on(scene, &run, 20);
                g_assert_true(done);
                assert_end(scene, &run);
            }
}

static void test_every_cut(void)
{
    for (unsigned bits = 0; bits < 64; bits++)
        for (enum store_intent_kind kind = STORE_INTENT_FLAGS; kind <= STORE_INTENT_APPEND; kind++)
            run_scene(&(struct scene){.kind = kind,
                                      .move = (bits & 1) != 0,
                                      .uidplus = (bits & 2) != 0,
                                      .tells = (bits & 4) != 0,
                                      .adds = (bits & 8) != 0,
                                      .removes = (bits & 16) != 0,
                                      .gone = kind != STORE_INTENT_APPEND && (bits & 32) != 0});
}

/* Every state there is: the rules that hold in each of them. */
static void test_every_state(void)
{
    for (unsigned bits = 0; bits < 1U << 14; bits++)
        for (int at = 0; at < 9 * 5; at++) {
            struct out_state state = {
                .kind = (enum store_intent_kind)(at / 9),
                .source = (enum out_presence)(at % 3),
                .target = (enum out_presence)(at / 3 % 3),
                .can_move = (bits & 1) != 0,
                .can_expunge = (bits & 2) != 0,
                .adds = (bits & 4) != 0,
                .removes = (bits & 8) != 0,
                .begun = (bits & 16) != 0,
                .looked = (bits & 32) != 0,
                .journalled = (bits & 64) != 0,
                .acted = (bits & 128) != 0,
                .added = (bits & 256) != 0,
                .removed = (bits & 512) != 0,
                .flagged = (bits & 1024) != 0,
                .deleted = (bits & 2048) != 0,
                .expunged = (bits & 4096) != 0,
                .doubtful = (bits & 8192) != 0,
            };
            enum out_step step = out_next(&state);
            bool acts = step == OUT_APPEND || step == OUT_COPY || step == OUT_MOVE;
            if (step == OUT_WAIT)
                g_assert_true(state.begun && state.looked && state.doubtful && !state.acted);
            if (acts) {
                g_assert_true(state.journalled);
                g_assert_true(!state.begun || state.looked);
                g_assert_cmpint(state.target, !=, OUT_PRESENT);
                g_assert_false(state.acted);
            }
            if (step == OUT_EXPUNGE)
                g_assert_true(state.can_expunge && state.deleted);
            if (step == OUT_MARK_DELETED && state.kind == STORE_INTENT_MOVE)
                g_assert_cmpint(state.target, ==, OUT_PRESENT);
            if (step == OUT_MOVE)
                g_assert_true(state.can_move);
        }
}

static void test_ok_that_copied_nothing(void)
{
    struct out_state state = {.kind = STORE_INTENT_MOVE,
                              .can_expunge = true,
                              .journalled = true,
                              .acted = true,
                              .looked = true,
                              .source = OUT_PRESENT,
                              .target = OUT_ABSENT};
    g_assert_cmpint(out_next(&state), ==, OUT_FAILED);
}

/* Cut off, and the server is still at work on it. */
static void test_what_comes_after_a_look(void)
{
    const struct scene scene = {.kind = STORE_INTENT_APPEND, .tells = true};
    for (unsigned looks = 0; looks <= OUT_LOOKS + 1; looks++) {
        struct run run = fresh(&scene);
        run.journalled = true;
        for (unsigned i = 0; i < looks; i++) {
            struct out_state state = start(&scene, &run);
            g_assert_cmpint(out_next(&state), ==, OUT_LOOK);
            take(&run, &state, OUT_LOOK);
            enum out_step next = out_next(&state);
            g_assert_cmpint(next, ==, i < OUT_LOOKS ? OUT_WAIT : OUT_JOURNAL);
            run.looks = MIN(run.looks + 1, OUT_LOOKS);
        }
        run.server.in_target = 1;
        g_assert_true(go_on(&scene, &run, 20));
        g_assert_cmpuint(run.server.in_target, ==, 1);
    }
}

static void test_steps_of_a_fresh_move(void)
{
    struct run run = fresh(&(struct scene){.tells = true});
    struct scene scene = {.kind = STORE_INTENT_MOVE, .move = true, .uidplus = true, .tells = true};
    g_assert_true(go_on(&scene, &run, 20));
    g_assert_cmpuint(run.steps, ==, 2); /* the journal and UID MOVE */
    run = fresh(&(struct scene){.tells = true});
    scene.move = false;
    g_assert_true(go_on(&scene, &run, 20));
    g_assert_cmpuint(run.steps, ==, 4); /* journal, COPY, \Deleted, UID EXPUNGE */
}

/* What is to stay elsewhere must still be there. */
static void test_expunge_of_what_is_kept_elsewhere(void)
{
    for (int there = 0; there < 2; there++) {
        struct out_state state = {.kind = STORE_INTENT_EXPUNGE, .can_expunge = true, .keeps = true};
        g_assert_cmpint(out_next(&state), ==, OUT_LOOK);
        out_took(&state, OUT_LOOK);
        state.target = there ? OUT_PRESENT : OUT_ABSENT;
        g_assert_cmpint(out_next(&state), ==, there ? OUT_JOURNAL : OUT_DONE);
    }
}

static void test_marks(void)
{
    struct out_mark mark = {17, 42, 0};
    g_autofree char *text = out_mark_write(&mark);
    struct out_mark back = out_mark_read(text);
    g_assert_cmpuint(back.uidvalidity, ==, 17);
    g_assert_cmpuint(back.uidnext, ==, 42);
    g_assert_cmpuint(out_mark_first(&back, 17), ==, 42);
    g_assert_cmpuint(out_mark_first(&back, 18), ==, 1);
    g_assert_cmpuint(back.looks, ==, 0);
    mark.looks = 2;
    g_autofree char *looked = out_mark_write(&mark);
    back = out_mark_read(looked);
    g_assert_cmpuint(out_mark_first(&back, 17), ==, 42);
    g_assert_cmpuint(back.looks, ==, 2);
    static const char *const bad[] = {NULL,
                                      "",
                                      "begun",
                                      "from",
                                      "from 1",
                                      "from 1 2 3",
                                      "from a b",
                                      "from 4294967296 1",
                                      "from -1 2",
                                      "from 7 7 looked 9",
                                      "from 7 7 saw 1"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        back = out_mark_read(bad[i]);
        g_assert_cmpuint(out_mark_first(&back, 0), ==, 1);
    }
}

static void add_seen(GArray *seen, uint32_t uid, const char *id, int64_t at, uint64_t size)
{
    struct out_seen item = {.uid = uid,
                            .message_id = g_strdup(id),
                            .received_at = at,
                            .size = size};
    g_array_append_val(seen, item);
}

static void clear_seen(gpointer seen)
{
    out_seen_clear(seen);
}

static void test_matches(void)
{
    g_autoptr(GArray) seen = g_array_new(FALSE, TRUE, sizeof(struct out_seen));
    g_array_set_clear_func(seen, clear_seen);
    add_seen(seen, 5, "a@x", 10, 100);
    add_seen(seen, 6, "a@x", 10, 200);
    add_seen(seen, 7, NULL, 30, 5000);
    add_seen(seen, 8, "b@x", 30, 5000);
    char id[] = "a@x";
    struct store_intent a = {.message_id = id, .received_at = 1, .size = 2007, .estimate = 2007};
    g_assert_cmpuint(out_match(seen, &a, NULL), ==, 0); /* another's, neither as old nor as long */
    a.size = 200;
    g_assert_cmpuint(out_match(seen, &a, NULL), ==, 6); /* the size tells twins apart */
    a.received_at = 10;
    g_assert_cmpuint(out_match(seen, &a, NULL), ==, 5); /* a size may be an estimate */
    g_assert_cmpuint(out_match(seen, &a, NULL), ==, 0); /* each is taken once */
    struct store_intent nameless = {.received_at = 30, .size = 5100, .estimate = 5100};
    g_assert_cmpuint(out_match(seen, &nameless, NULL), ==, 7);
    g_assert_cmpuint(out_match(seen, &nameless, NULL), ==, 0); /* b@x has a name */
}

/* Two of one Message-ID are under way, and one of them has come. */
static void test_rivals(void)
{
    char id[] = "a@x";
    struct store_intent first = {.id = 1, .target = 3, .message_id = id, .received_at = 10};
    struct store_intent second = {.id = 2, .target = 3, .message_id = id, .received_at = 10};
    first.size = first.estimate = 100;
    second.size = second.estimate = 200;
    g_autoptr(GPtrArray) rivals = g_ptr_array_new();
    g_ptr_array_add(rivals, &first);
    g_ptr_array_add(rivals, &second);
    g_autoptr(GArray) seen = g_array_new(FALSE, TRUE, sizeof(struct out_seen));
    g_array_set_clear_func(seen, clear_seen);
    add_seen(seen, 5, "a@x", 10, 200);
    g_assert_cmpuint(out_match(seen, &first, rivals), ==, 0); /* it is the second's */
    g_assert_cmpuint(out_match(seen, &second, rivals), ==, 5);
    add_seen(seen, 6, "a@x", 10, 150); /* estimated: as much the one's as the other's */
    g_assert_cmpuint(out_match(seen, &first, rivals), ==, 6);
    add_seen(seen, 7, "a@x", 10, 200);
    second.target = 4;
    g_assert_cmpuint(out_match(seen, &first, rivals), ==, 7); /* that goes elsewhere */
}

static struct store_intent *intent(int64_t email, enum store_intent_kind kind, int64_t mailbox,
                                   int64_t target)
{
    struct store_intent *made = g_new0(struct store_intent, 1);
    made->email = email;
    made->kind = kind;
    made->mailbox = mailbox;
    made->target = target;
    made->uid = (uint32_t)email;
    return made;
}

static void test_lots(void)
{
    g_autoptr(GPtrArray) intents = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(intents, intent(1, STORE_INTENT_MOVE, 1, 2));
    g_ptr_array_add(intents, intent(2, STORE_INTENT_MOVE, 1, 3));
    g_ptr_array_add(intents, intent(3, STORE_INTENT_COPY, 1, 4));
    g_ptr_array_add(intents, intent(3, STORE_INTENT_MOVE, 1, 2)); /* after its copy */
    g_ptr_array_add(intents, intent(4, STORE_INTENT_MOVE, 1, 2));
    bool settled[5] = {false};
    size_t lot[5];
    g_assert_cmpuint(out_lot(intents, settled, 0, 5, lot), ==, 2);
    g_assert_cmpuint(lot[0], ==, 0);
    g_assert_cmpuint(lot[1], ==, 4);
    settled[0] = settled[4] = settled[2] = true;
    g_assert_cmpuint(out_lot(intents, settled, 3, 5, lot), ==, 1);
    g_ptr_array_add(intents, intent(5, STORE_INTENT_APPEND, 0, 2));
    g_ptr_array_add(intents, intent(6, STORE_INTENT_APPEND, 0, 2));
    bool none[7] = {false};
    g_assert_cmpuint(out_lot(intents, none, 5, 5, lot), ==, 1);
    g_assert_cmpuint(out_lot(intents, none, 0, 1, lot), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/steps/every-cut", test_every_cut);
    g_test_add_func("/sync/steps/every-state", test_every_state);
    g_test_add_func("/sync/steps/kept-elsewhere", test_expunge_of_what_is_kept_elsewhere);
    g_test_add_func("/sync/steps/ok-that-copied-nothing", test_ok_that_copied_nothing);
    g_test_add_func("/sync/steps/fresh-move", test_steps_of_a_fresh_move);
    g_test_add_func("/sync/steps/what-comes-after-a-look", test_what_comes_after_a_look);
    g_test_add_func("/sync/steps/marks", test_marks);
    g_test_add_func("/sync/steps/matches", test_matches);
    g_test_add_func("/sync/steps/rivals", test_rivals);
    g_test_add_func("/sync/steps/lots", test_lots);
    return g_test_run();
}
