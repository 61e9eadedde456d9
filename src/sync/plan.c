#include "sync/plan.h"

bool sync_is_renewed(const struct sync_marks *last, const struct sync_marks *now)
{
    if (last->uidvalidity == 0)
        return now->uidvalidity != 0;
    return last->uidvalidity != now->uidvalidity ||
           (now->uidnext != 0 && now->uidnext < last->uidnext);
}

static bool same_marks(const struct sync_marks *a, const struct sync_marks *b)
{
    return a->uidvalidity == b->uidvalidity && a->uidnext == b->uidnext && a->exists == b->exists &&
           a->modseq == b->modseq;
}

enum sync_way sync_way_choose(const struct sync_situation *situation)
{
    const struct sync_marks *last = &situation->last, *now = &situation->now;
    if (situation->whole || !situation->complete || sync_is_renewed(last, now))
        return SYNC_WAY_WHOLE;
    if (last->modseq == 0 || now->modseq == 0)
        return SYNC_WAY_WINDOWS;
    /* A server that lost its mod-sequences cannot say what changed. */
    if (now->modseq < last->modseq)
        return SYNC_WAY_WHOLE;
    if (same_marks(last, now))
        return SYNC_WAY_NONE;
    return situation->qresync ? SYNC_WAY_QRESYNC : SYNC_WAY_CONDSTORE;
}

static int by_first(const void *a, const void *b)
{
    uint32_t x = ((const struct sync_range *)a)->first, y = ((const struct sync_range *)b)->first;
    return x < y ? -1 : x > y;
}

/* Sorted ranges, asked for ascending UIDs. */
struct gone {
    struct sync_range *ranges;
    size_t count, at;
    uint32_t reach; /* the highest last of those passed */
};

static void gone_init(struct gone *gone, const struct sync_range *ranges, size_t count)
{
    *gone = (struct gone){.ranges = g_memdup2(ranges, count * sizeof *ranges), .count = count};
    if (count > 0)
        qsort(gone->ranges, count, sizeof *gone->ranges, by_first);
}

static bool gone_holds(struct gone *gone, uint32_t uid)
{
    for (; gone->at < gone->count && gone->ranges[gone->at].first <= uid; gone->at++)
        gone->reach = MAX(gone->reach, gone->ranges[gone->at].last);
    return gone->at > 0 && gone->reach >= uid;
}

/* What is on its way out by a step of ours, asked for ascending UIDs. */
struct leaving {
    const struct store_step *steps;
    size_t count, at;
};

static bool is_leaving(struct leaving *leaving, uint32_t uid)
{
    bool found = false;
    while (leaving->at < leaving->count && leaving->steps[leaving->at].uid < uid)
        leaving->at++;
    for (size_t i = leaving->at; i < leaving->count && leaving->steps[i].uid == uid; i++) {
        const struct store_step *step = &leaving->steps[i];
        found = found || step->kind == STORE_INTENT_EXPUNGE ||
                (step->kind == STORE_INTENT_MOVE && step->begun);
    }
    return found;
}

static void plan_gone(struct sync_plan *plan, struct leaving *leaving, uint32_t uid)
{
    g_array_append_val(is_leaving(leaving, uid) ? plan->ended : plan->vanished, uid);
}

/* The first one past at that is greater than the one before: what a server says twice counts once.
 */
static size_t next_uid(const struct sync_remote *remote, size_t at)
{
    uint32_t before = at > 0 ? remote->uids[at - 1] : 0;
    while (at < remote->uid_count && remote->uids[at] <= before)
        at++;
    return at;
}

static void plan_membership(struct sync_plan *plan, const struct store_remote_message *local,
                            size_t local_count, const struct sync_remote *remote,
                            struct leaving *leaving)
{
    struct gone gone;
    size_t l = 0, r = next_uid(remote, 0);
    gone_init(&gone, remote->vanished, remote->vanished_count);
    while (l < local_count || r < remote->uid_count) {
        bool here = r == remote->uid_count || (l < local_count && local[l].uid <= remote->uids[r]);
        bool there = l == local_count || (r < remote->uid_count && remote->uids[r] <= local[l].uid);
        uint32_t uid = here ? local[l].uid : remote->uids[r];
        bool is_gone = gone_holds(&gone, uid);
        if (here && (is_gone || (!there && remote->whole)))
            plan_gone(plan, leaving, uid);
        else if (!here && !is_gone)
            g_array_append_val(plan->fresh, uid);
        l += here;
        r = there ? next_uid(remote, r + 1) : r;
    }
    g_free(gone.ranges);
}

void sync_keep_unsupported(struct mail_flags *flags, uint32_t known_bits, const char *known_words,
                           bool keeps_keywords, uint32_t permanent_bits)
{
    const uint32_t keepable =
        MAIL_ANSWERED | MAIL_FORWARDED | MAIL_MDN_SENT | MAIL_JUNK | MAIL_NOT_JUNK;
    if (keeps_keywords)
        return;
    flags->bits |= known_bits & keepable & ~permanent_bits;
    if (known_words == NULL || known_words[0] == '\0')
        return;
    g_auto(GStrv) words = g_strsplit(known_words, " ", -1);
    for (char **word = words; *word != NULL; word++)
        mail_flags_set(flags, *word, true);
}

static bool differs(const struct mail_flags *flags, const struct store_remote_message *local)
{
    g_autofree char *words = flags->keywords != NULL && flags->keywords[0] != NULL
                                 ? g_strjoinv(" ", flags->keywords)
                                 : NULL;
    const char *known = local->words != NULL && local->words[0] != '\0' ? local->words : NULL;
    return flags->bits != local->flag_bits || g_strcmp0(words, known) != 0;
}

static void plan_change(struct sync_plan *plan, const struct store_remote_message *local,
                        const struct sync_seen *seen, const struct sync_remote *remote)
{
    struct sync_change change = {.uid = seen->uid};
    mail_flags_copy(&change.flags, &seen->flags);
    sync_keep_unsupported(&change.flags, local->flag_bits, local->words, remote->keeps_keywords,
                          remote->permanent_bits);
    if (differs(&change.flags, local))
        g_array_append_val(plan->changed, change);
    else
        mail_flags_clear(&change.flags);
}

static bool holds(const GArray *uids, guint *at, uint32_t uid)
{
    while (*at < uids->len && g_array_index(uids, uint32_t, *at) < uid)
        (*at)++;
    return *at < uids->len && g_array_index(uids, uint32_t, *at) == uid;
}

static void plan_flags(struct sync_plan *plan, const struct store_remote_message *local,
                       size_t local_count, const struct sync_remote *remote)
{
    size_t l = 0;
    guint vanished = 0, ended = 0;
    uint32_t last = 0;
    for (size_t s = 0; s < remote->seen_count && l < local_count; s++) {
        const struct sync_seen *seen = &remote->seen[s];
        while (l < local_count && local[l].uid < seen->uid)
            l++;
        bool known = l < local_count && local[l].uid == seen->uid && !local[l].skipped;
        /* Told twice: the second was later, and so is told again when it matters. */
        if (known && seen->uid != last && !holds(plan->vanished, &vanished, seen->uid) &&
            !holds(plan->ended, &ended, seen->uid))
            plan_change(plan, &local[l], seen, remote);
        last = seen->uid;
    }
}

static void clear_change(gpointer change)
{
    mail_flags_clear(&((struct sync_change *)change)->flags);
}

void sync_plan_make(struct sync_plan *plan, const struct store_remote_message *local,
                    size_t local_count, const struct sync_remote *remote,
                    const struct store_step *pending, size_t pending_count)
{
    struct leaving leaving = {pending, pending_count, 0};
    plan->fresh = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    plan->vanished = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    plan->ended = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    plan->changed = g_array_new(FALSE, FALSE, sizeof(struct sync_change));
    g_array_set_clear_func(plan->changed, clear_change);
    plan_membership(plan, local, local_count, remote, &leaving);
    plan_flags(plan, local, local_count, remote);
}

void sync_plan_clear(struct sync_plan *plan)
{
    g_clear_pointer(&plan->fresh, g_array_unref);
    g_clear_pointer(&plan->vanished, g_array_unref);
    g_clear_pointer(&plan->ended, g_array_unref);
    g_clear_pointer(&plan->changed, g_array_unref);
}

bool sync_plan_is_empty(const struct sync_plan *plan)
{
    return plan->fresh->len + plan->vanished->len + plan->ended->len + plan->changed->len == 0;
}
