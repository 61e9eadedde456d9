/* The planners of both directions, over any state of both sides.
 *
 * In: no UID is planned that neither side has, everything that differs is, and when the plan was
 * carried out a second one is empty. Out: the steps of an intent end, none is taken twice without a
 * look in between, nothing is deleted that was not copied, and nothing is expunged where only the
 * mark may be set. */
#include "fuzz.h"
#include "sync/plan.h"
#include "sync/steps.h"

#include <stdlib.h>

#define UIDS 64
#define STEPS_MAX 40

static void check(bool good)
{
    if (!good)
        abort();
}

struct input {
    const uint8_t *data;
    size_t size;
};

static uint8_t take(struct input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->data++;
}

/* --- in */

/* Both sides by UID: present here, there; flags. */
struct sides {
    bool here[UIDS], there[UIDS], skipped[UIDS];
    uint32_t base[UIDS], now[UIDS];
};

static void take_sides(struct input *input, struct sides *sides)
{
    for (uint32_t uid = 1; uid < UIDS; uid++) {
        uint8_t bits = take(input), flags = take(input);
        sides->here[uid] = (bits & 1) != 0;
        sides->there[uid] = (bits & 2) != 0;
        sides->skipped[uid] = (bits & 12) == 12;
        sides->base[uid] = flags & 15;
        sides->now[uid] = (bits & 16) != 0 ? (uint32_t)flags >> 4 : sides->base[uid];
    }
}

static void plan_of(const struct sides *sides, bool all_flags, GArray *seen, struct sync_plan *plan)
{
    g_autoptr(GArray) local = g_array_new(FALSE, TRUE, sizeof(struct store_remote_message));
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint32_t uid = 1; uid < UIDS; uid++) {
        struct store_remote_message row = {.uid = uid,
                                           .flag_bits = sides->base[uid],
                                           .email = uid,
                                           .skipped = sides->skipped[uid]};
        struct sync_seen item = {uid, {sides->now[uid], NULL}};
        if (sides->here[uid])
            g_array_append_val(local, row);
        if (sides->there[uid])
            g_array_append_val(uids, uid);
        if (sides->there[uid] && (all_flags || sides->now[uid] != sides->base[uid]))
            g_array_append_val(seen, item);
    }
    const struct sync_remote remote = {.whole = true,
                                       .uids = (const uint32_t *)(const void *)uids->data,
                                       .uid_count = uids->len,
                                       .seen = (const struct sync_seen *)(const void *)seen->data,
                                       .seen_count = seen->len,
                                       .keeps_keywords = true};
    sync_plan_make(plan, (const struct store_remote_message *)(const void *)local->data, local->len,
                   &remote, NULL, 0);
}

static void carry_out(struct sides *sides, const struct sync_plan *plan)
{
    for (guint i = 0; i < plan->fresh->len; i++) {
        uint32_t uid = g_array_index(plan->fresh, uint32_t, i);
        check(uid < UIDS && sides->there[uid] && !sides->here[uid]);
        sides->here[uid] = true;
        sides->skipped[uid] = false;
        sides->base[uid] = sides->now[uid];
    }
    for (guint i = 0; i < plan->vanished->len; i++) {
        uint32_t uid = g_array_index(plan->vanished, uint32_t, i);
        check(uid < UIDS && sides->here[uid] && !sides->there[uid]);
        sides->here[uid] = false;
    }
    for (guint i = 0; i < plan->changed->len; i++) {
        uint32_t uid = g_array_index(plan->changed, struct sync_change, i).uid;
        check(sides->here[uid] && sides->there[uid] && sides->base[uid] != sides->now[uid]);
        sides->base[uid] = sides->now[uid];
    }
}

static void check_in(struct input *input)
{
    struct sides sides = {0};
    struct sync_plan plan;
    bool all_flags = (take(input) & 1) != 0;
    take_sides(input, &sides);
    for (int pass = 0; pass < 2; pass++) {
        g_autoptr(GArray) seen = g_array_new(FALSE, FALSE, sizeof(struct sync_seen));
        plan_of(&sides, all_flags, seen, &plan);
        check(pass == 0 || sync_plan_is_empty(&plan));
        carry_out(&sides, &plan);
        sync_plan_clear(&plan);
    }
    for (uint32_t uid = 1; uid < UIDS; uid++)
        check(sides.here[uid] == sides.there[uid] &&
              (!sides.here[uid] || sides.skipped[uid] || sides.base[uid] == sides.now[uid]));
}

/* --- out */

/* One message on a server that may tell the UID or not, and lose what it was told. */
struct server {
    bool source, target, marked;
    unsigned appended; /* how many came into the target by our steps */
};

static void act(struct server *server, const struct out_state *state, enum out_step step)
{
    switch (step) {
    case OUT_APPEND:
        server->target = true;
        server->appended++;
        break;
    case OUT_COPY:
    case OUT_MOVE:
        server->appended += server->source;
        server->target = server->target || server->source;
        server->source = server->source && step == OUT_COPY;
        break;
    case OUT_MARK_DELETED:
        /* What is not in the target would be lost. */
        check(state->kind == STORE_INTENT_EXPUNGE || server->target);
        server->marked = true;
        break;
    case OUT_EXPUNGE:
        check(state->can_expunge && server->marked);
        server->source = false;
        break;
    default:
        break;
    }
}

static void note(const struct server *server, struct out_state *state, enum out_step step,
                 bool tells)
{
    out_took(state, step);
    if (step == OUT_LOOK) {
        state->source = server->source ? OUT_PRESENT : OUT_ABSENT;
        state->target = server->target ? OUT_PRESENT : OUT_ABSENT;
    }
    if (tells && server->target && (step == OUT_APPEND || step == OUT_COPY || step == OUT_MOVE))
        state->target = OUT_PRESENT;
}

static struct out_state state_of(uint8_t kind, uint8_t bits, bool begun)
{
    return (struct out_state){.kind = (enum store_intent_kind)(kind % (STORE_INTENT_APPEND + 1)),
                              .can_move = (bits & 1) != 0,
                              .can_expunge = (bits & 2) != 0,
                              .adds = (bits & 4) != 0,
                              .removes = (bits & 8) != 0,
                              .begun = begun};
}

/* Runs to the end, dying once before or after the effect of a step. */
static void check_out(struct input *input)
{
    uint8_t kind = take(input), bits = take(input), dies = take(input);
    struct server server = {.source = kind % (STORE_INTENT_APPEND + 1) != STORE_INTENT_APPEND};
    bool tells = (bits & 16) != 0, journalled = false, died = false;
    struct out_state state = state_of(kind, bits, false);
    for (unsigned taken = 0;; taken++) {
        enum out_step step = out_next(&state);
        check(taken < STEPS_MAX);
        if (step >= OUT_DONE)
            break;
        bool now = !died && taken == dies % 8;
        check(journalled || step == OUT_JOURNAL || step == OUT_LOOK);
        if (!now || (dies & 128) != 0) {
            act(&server, &state, step);
            journalled = journalled || step == OUT_JOURNAL;
        }
        died = died || now;
        if (now)
            state = state_of(kind, bits, journalled);
        else
            note(&server, &state, step, tells);
    }
    bool moved = state.kind == STORE_INTENT_MOVE || state.kind == STORE_INTENT_COPY ||
                 state.kind == STORE_INTENT_APPEND;
    check(server.appended <= 1);
    check(out_next(&state) == OUT_FAILED || !moved || server.target);
    check(state.kind != STORE_INTENT_MOVE || !server.source || server.marked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    check_out(&input);
    check_in(&input);
    g_autofree char *text = g_strndup((const char *)data, size);
    struct out_mark mark = out_mark_read(text);
    g_autofree char *written = out_mark_write(&mark);
    struct out_mark again = out_mark_read(written);
    check(again.uidvalidity == mark.uidvalidity && again.uidnext == mark.uidnext);
    return 0;
}
