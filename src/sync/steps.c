#include "sync/steps.h"

#include <string.h>

#define SIZE_TOLERANCE 1024 /* sizes of Exchange are estimates */

static enum out_step next_of_flags(const struct out_state *state)
{
    if (!state->journalled)
        return OUT_JOURNAL;
    if (state->adds && !state->added)
        return OUT_ADD_FLAGS;
    if (state->removes && !state->removed)
        return OUT_REMOVE_FLAGS;
    /* A server says OK to flags of a message that is gone. */
    return state->looked ? OUT_DONE : OUT_LOOK;
}

static enum out_step next_of_removal(const struct out_state *state)
{
    if (!state->deleted)
        return OUT_MARK_DELETED;
    return state->can_expunge && !state->expunged ? OUT_EXPUNGE : OUT_DONE;
}

/* Somebody may have taken away what is kept: then this is the last there is. */
static enum out_step next_of_expunge(const struct out_state *state)
{
    if (state->keeps && !state->looked)
        return OUT_LOOK;
    if (state->keeps && state->target == OUT_ABSENT)
        return OUT_DONE;
    return state->journalled ? next_of_removal(state) : OUT_JOURNAL;
}

static enum out_step act(const struct out_state *state)
{
    switch (state->kind) {
    case STORE_INTENT_APPEND:
        return OUT_APPEND;
    case STORE_INTENT_MOVE:
        return state->can_move ? OUT_MOVE : OUT_COPY;
    default:
        return OUT_COPY;
    }
}

/* It is in the target: what is left to do. */
static enum out_step finish(const struct out_state *state)
{
    if (state->kind == STORE_INTENT_APPEND)
        return state->adds && !state->flagged ? OUT_FLAG : OUT_DONE;
    bool moved = state->kind == STORE_INTENT_COPY || state->source == OUT_ABSENT ||
                 (state->acted && state->can_move);
    return moved ? OUT_DONE : next_of_removal(state);
}

/* The server took the step without telling where the message is. */
static enum out_step after_act(const struct out_state *state)
{
    bool must_know = state->kind == STORE_INTENT_APPEND
                         ? state->adds
                         : state->kind == STORE_INTENT_MOVE && !state->can_move;
    if (!must_know)
        return OUT_DONE;
    if (!state->looked)
        return OUT_LOOK;
    /* What was not copied must not be deleted. */
    return state->kind == STORE_INTENT_APPEND || state->source == OUT_ABSENT ? OUT_DONE
                                                                             : OUT_FAILED;
}

static enum out_step next_of_transfer(const struct out_state *state)
{
    if (state->begun && !state->looked)
        return OUT_LOOK;
    if (state->target == OUT_PRESENT)
        return finish(state);
    if (state->acted)
        return after_act(state);
    /* Moved on, or taken away, by somebody else. */
    if (state->kind != STORE_INTENT_APPEND && state->source == OUT_ABSENT)
        return OUT_DONE;
    if (state->journalled)
        return act(state);
    bool twice = act(state) != OUT_MOVE;
    return state->begun && state->doubtful && twice ? OUT_WAIT : OUT_JOURNAL;
}

enum out_step out_next(const struct out_state *state)
{
    switch (state->kind) {
    case STORE_INTENT_FLAGS:
        return next_of_flags(state);
    case STORE_INTENT_EXPUNGE:
        return next_of_expunge(state);
    case STORE_INTENT_MOVE:
    case STORE_INTENT_COPY:
    case STORE_INTENT_APPEND:
        break;
    }
    return next_of_transfer(state);
}

void out_took(struct out_state *state, enum out_step step)
{
    switch (step) {
    case OUT_LOOK:
        state->looked = true;
        break;
    case OUT_JOURNAL:
        state->journalled = true;
        break;
    case OUT_ADD_FLAGS:
        state->added = true;
        break;
    case OUT_REMOVE_FLAGS:
        state->removed = true;
        break;
    case OUT_APPEND:
    case OUT_COPY:
    case OUT_MOVE:
        /* What was seen before the step says nothing any more. */
        state->acted = true;
        state->looked = state->begun = false;
        state->source = state->target = OUT_UNKNOWN;
        break;
    case OUT_FLAG:
        state->flagged = true;
        break;
    case OUT_MARK_DELETED:
        state->deleted = true;
        break;
    case OUT_EXPUNGE:
        state->expunged = true;
        break;
    case OUT_WAIT:
    case OUT_DONE:
    case OUT_FAILED:
        break;
    }
}

bool out_leaves_deleted(const struct out_state *state)
{
    return state->deleted && !state->expunged;
}

bool out_settles(const GError *refusal)
{
    enum error_scope scope = error_scope(refusal);
    return scope == ERROR_SCOPE_MESSAGE || scope == ERROR_SCOPE_MAILBOX ||
           (scope == ERROR_SCOPE_CALL && !error_is(refusal, ERROR_CANCELLED));
}

char *out_mark_write(const struct out_mark *mark)
{
    if (mark->looks == 0)
        return g_strdup_printf("from %u %u", mark->uidvalidity, mark->uidnext);
    return g_strdup_printf("from %u %u looked %u", mark->uidvalidity, mark->uidnext, mark->looks);
}

struct out_mark out_mark_read(const char *journal)
{
    struct out_mark mark = {0};
    g_auto(GStrv) words = g_strsplit(journal != NULL ? journal : "", " ", 6);
    guint64 uidvalidity = 0, uidnext = 0, looks = 0;
    guint count = g_strv_length(words);
    bool looked = count == 5 && strcmp(words[3], "looked") == 0 &&
                  g_ascii_string_to_unsigned(words[4], 10, 0, OUT_LOOKS, &looks, NULL);
    if ((count == 3 || looked) && strcmp(words[0], "from") == 0 &&
        g_ascii_string_to_unsigned(words[1], 10, 0, UINT32_MAX, &uidvalidity, NULL) &&
        g_ascii_string_to_unsigned(words[2], 10, 0, UINT32_MAX, &uidnext, NULL))
        mark = (struct out_mark){(uint32_t)uidvalidity, (uint32_t)uidnext, (unsigned)looks};
    return mark;
}

uint32_t out_mark_first(const struct out_mark *mark, uint32_t uidvalidity)
{
    return mark->uidnext != 0 && mark->uidvalidity == uidvalidity ? mark->uidnext : 1;
}

void out_seen_clear(struct out_seen *seen)
{
    g_clear_pointer(&seen->message_id, g_free);
}

static bool near(uint64_t a, uint64_t b)
{
    return (a > b ? a - b : b - a) < SIZE_TOLERANCE;
}

/* How well it fits, 0: not at all. */
static unsigned likeness(const struct out_seen *seen, const struct store_intent *intent)
{
    bool size = seen->size == intent->size || seen->size == intent->estimate;
    bool date = seen->received_at == intent->received_at;
    if (g_strcmp0(seen->message_id, intent->message_id) != 0)
        return 0;
    if (seen->message_id == NULL)
        return !date ? 0 : size ? 3 : near(seen->size, intent->size) ? 1 : 0;
    if (size || date)
        return size && date ? 4 : size ? 3 : 2;
    return near(seen->size, intent->size) ? 1 : 0;
}

static bool is_anothers(const struct out_seen *seen, unsigned like,
                        const struct store_intent *intent, const GPtrArray *rivals)
{
    for (guint i = 0; rivals != NULL && i < rivals->len; i++) {
        const struct store_intent *rival = rivals->pdata[i];
        if (rival->id != intent->id && rival->target == intent->target &&
            likeness(seen, rival) > like)
            return true;
    }
    return false;
}

uint32_t out_match(GArray *seen, const struct store_intent *intent, const GPtrArray *rivals)
{
    struct out_seen *best = NULL;
    unsigned most = 0;
    for (guint i = 0; i < seen->len; i++) {
        struct out_seen *item = &g_array_index(seen, struct out_seen, i);
        unsigned like = item->taken ? 0 : likeness(item, intent);
        if (like <= most || is_anothers(item, like, intent, rivals))
            continue;
        best = item;
        most = like;
    }
    if (best == NULL)
        return 0;
    best->taken = true;
    return best->uid;
}

static bool same_change(const struct store_intent *a, const struct store_intent *b)
{
    return a->kind == b->kind && a->mailbox == b->mailbox && a->target == b->target &&
           a->uidvalidity == b->uidvalidity && (a->uid == 0) == (b->uid == 0) &&
           a->kept == b->kept && a->kept_uidvalidity == b->kept_uidvalidity &&
           g_strcmp0(a->journal, b->journal) == 0 &&
           (a->kind != STORE_INTENT_FLAGS ||
            (mail_flags_equal(&a->add, &b->add) && mail_flags_equal(&a->remove, &b->remove)));
}

size_t out_lot(const GPtrArray *intents, const bool *settled, size_t first, size_t max, size_t *lot)
{
    const struct store_intent *head = intents->pdata[first];
    /* An APPEND carries a message of its own: nothing is saved by a lot. */
    size_t most = head->kind == STORE_INTENT_APPEND ? 1 : max;
    size_t count = 0;
    g_autoptr(GHashTable) waiting = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (size_t i = first; i < intents->len && count < most; i++) {
        struct store_intent *intent = intents->pdata[i];
        if (settled[i])
            continue;
        if (same_change(head, intent) && !g_hash_table_contains(waiting, &intent->email))
            lot[count++] = i;
        g_hash_table_add(waiting, &intent->email);
    }
    return count;
}

/* --- folders */

static bool was_carried_out(const struct out_folder *folder)
{
    if (folder->acted)
        return true;
    if (!folder->looked)
        return false;
    if (folder->change == STORE_FOLDER_CREATE)
        return folder->new_there;
    /* A folder that is gone under both names is nobody's to rename. */
    return !folder->old_there;
}

enum out_folder_step out_folder_next(const struct out_folder *folder)
{
    if (folder->begun && !folder->looked && folder->change != STORE_FOLDER_SUBSCRIBE)
        return OUT_FOLDER_LOOK;
    if (!folder->begun && !folder->journalled)
        return OUT_FOLDER_JOURNAL;
    if (folder->change == STORE_FOLDER_SUBSCRIBE)
        return folder->subscribed ? OUT_FOLDER_DONE : OUT_FOLDER_SUBSCRIBE;
    if (!was_carried_out(folder))
        return folder->change == STORE_FOLDER_CREATE   ? OUT_FOLDER_CREATE
               : folder->change == STORE_FOLDER_RENAME ? OUT_FOLDER_RENAME
                                                       : OUT_FOLDER_DELETE;
    bool subscribes = folder->change == STORE_FOLDER_CREATE && folder->on && !folder->subscribed;
    return subscribes ? OUT_FOLDER_SUBSCRIBE : OUT_FOLDER_DONE;
}
