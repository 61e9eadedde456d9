/* Lists that a client keeps by queryChanges alone, while mail comes, goes, moves and changes: they
 * are what a fresh query says, for every kind of filter and sort. */
#include "store_mailbox_fixture.h"

#define ROUNDS 60
#define LISTS_MAX 32
#define PREFIX 7

struct list {
    struct store_query query;
    struct store_sort sort[2];
    GArray *ids;    /* the whole of it */
    GArray *prefix; /* the beginning of it */
    uint64_t state;
};

struct message {
    struct mail_spec spec;
    bool gone;
};

struct world {
    struct mail_fixture m;
    struct list lists[LISTS_MAX];
    guint count;
    GArray *messages; /* struct message */
    GRand *rand;
};

static int pick(struct world *w, int limit)
{
    return g_rand_int_range(w->rand, 0, limit);
}

/* --- lists */

static struct list *add_list(struct world *w, struct store_filter *filter, bool collapse)
{
    g_assert_cmpuint(w->count, <, LISTS_MAX);
    struct list *list = &w->lists[w->count++];
    list->query = (struct store_query){.filter = filter,
                                       .sort = list->sort,
                                       .limit = 100000,
                                       .calculate_total = w->count % 2 == 0,
                                       .collapse_threads = collapse};
    return list;
}

static void sort_by(struct list *list, enum store_sort_by by, bool ascending, const char *keyword)
{
    list->sort[list->query.sort_count++] =
        (struct store_sort){.by = by, .ascending = ascending, .keyword = keyword};
}

static void add_filtered(struct world *w)
{
    struct mail_fixture *m = &w->m;
    for (int collapse = 0; collapse < 2; collapse++) {
        add_list(w, NULL, collapse);
        add_list(w, filter_in(m->inbox), collapse);
        add_list(w, filter_text(STORE_NOT_KEYWORD, "$seen"), collapse);
        add_list(w, filter_words(STORE_TEXT, "apple"), collapse);
        add_list(w, filter_text(STORE_SOME_IN_THREAD, "$flagged"), collapse);
        add_list(w, filter_number(STORE_AFTER, 500), collapse);
    }
    add_list(w, filter_text(STORE_ALL_IN_THREAD, "$seen"), false);
    add_list(w, filter_text(STORE_NONE_IN_THREAD, "$seen"), false);
    add_list(w, filter_mailbox(STORE_IN_MAILBOX_OTHER_THAN, m->inbox), false);
    add_list(w, filter_number(STORE_MIN_SIZE, 80), false);
    add_list(w, filter_text(STORE_HEADER, "x-test"), false);
    add_list(w,
             filter_join(STORE_AND, filter_in(m->inbox),
                         filter_join(STORE_NOT, filter_words(STORE_SUBJECT, "one"), NULL)),
             false);
    add_list(w,
             filter_join(STORE_OR, filter_words(STORE_BODY, "berry"),
                         filter_text(STORE_HAS_KEYWORD, "blue")),
             false);
}

static void add_sorted(struct world *w)
{
    sort_by(add_list(w, NULL, false), STORE_BY_RECEIVED_AT, true, NULL);
    sort_by(add_list(w, NULL, true), STORE_BY_SIZE, true, NULL);
    struct list *list = add_list(w, filter_in(w->m.inbox), false);
    sort_by(list, STORE_BY_SUBJECT, true, NULL);
    sort_by(list, STORE_BY_RECEIVED_AT, true, NULL);
    sort_by(add_list(w, NULL, false), STORE_BY_KEYWORD, false, "$flagged");
    sort_by(add_list(w, NULL, true), STORE_BY_SOME_IN_THREAD, false, "$seen");
    sort_by(add_list(w, NULL, false), STORE_BY_ALL_IN_THREAD, true, "$seen");
}

/* --- edits */

static const char *const bodies[] = {"red apple pie", "green berry", "apple and berry without end",
                                     "plain"};
static const char *const subjects[] = {"one", "two", "three"};

static void arrive(struct world *w)
{
    const int64_t boxes[] = {w->m.inbox, w->m.archive, w->m.trash};
    guint number = w->messages->len;
    struct message message = {
        .spec = {.mailbox = boxes[pick(w, 3)],
                 .uid = number + 1,
                 .id = g_strdup_printf("m%u@x", number),
                 .parent = number > 0 && pick(w, 2) == 0
                               ? g_strdup_printf("m%d@x", pick(w, (int)number + 2))
                               : NULL,
                 .subject = subjects[pick(w, 3)],
                 .body = bodies[pick(w, 4)],
                 .bits = (pick(w, 2) ? MAIL_SEEN : 0) | (pick(w, 4) == 0 ? MAIL_FLAGGED : 0),
                 .received_at = pick(w, 1000),
                 .pending = pick(w, 3) == 0,
                 .keyword = pick(w, 4) == 0 ? "blue" : NULL}};
    mail_put(&w->m, &message.spec);
    g_array_append_val(w->messages, message);
}

/* The message of one whose header came before. */
static void complete(struct world *w, struct message *message)
{
    message->spec.pending = false;
    mail_put(&w->m, &message->spec);
}

static void edit_here(struct world *w)
{
    g_autoptr(GArray) ids = mail_ids(&w->m, 0);
    struct store_access *access = mail_access(&w->m, STORE_WRITE);
    struct store_set *set = store_set_new(access, 0);
    struct store_email_patch patch = {0};
    if (ids->len > 0) {
        int64_t id = g_array_index(ids, int64_t, pick(w, (int)ids->len));
        int what = pick(w, 5);
        patch.mailboxes_add = g_array_new(FALSE, FALSE, sizeof(int64_t));
        if (what == 0)
            g_array_append_val(patch.mailboxes_add, w->m.inbox);
        else if (what == 1)
            g_array_append_val(patch.mailboxes_add, w->m.archive);
        else if (what == 2)
            patch.remove.bits = MAIL_SEEN;
        else
            patch.add.bits = MAIL_SEEN | MAIL_FLAGGED;
        if (what == 4)
            store_set_destroy(set, id);
        else
            store_set_update(set, id, &patch);
        g_array_unref(patch.mailboxes_add);
    }
    g_assert_true(store_set_commit(set, NULL, NULL, NULL));
    store_set_free(set);
    store_access_free(access);
}

static void edit(struct world *w)
{
    struct message *message = w->messages->len > 0 ? &g_array_index(w->messages, struct message,
                                                                    pick(w, (int)w->messages->len))
                                                   : NULL;
    int what = pick(w, 8);
    if (message == NULL || message->gone || what < 3)
        arrive(w);
    else if (what == 3)
        complete(w, message);
    else if (what == 4)
        mail_flags(&w->m, message->spec.mailbox, message->spec.uid, pick(w, 2) ? MAIL_SEEN : 0);
    else if (what == 5) {
        mail_vanish(&w->m, message->spec.mailbox, message->spec.uid);
        message->gone = true;
    } else
        edit_here(w);
}

/* --- the client */

static GArray *fresh(struct world *w, struct list *list, uint64_t *state, uint64_t *total)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(&w->m, STORE_READ);
    struct store_query_result result;
    g_assert_true(store_query(access, &list->query, &result, &error));
    g_assert_no_error(error);
    store_access_free(access);
    *state = result.state;
    *total = result.total;
    return result.ids;
}

static void take_away(GArray *ids, const GArray *removed)
{
    for (guint i = ids->len; i > 0; i--)
        for (guint j = 0; j < removed->len; j++)
            if (g_array_index(ids, int64_t, i - 1) == g_array_index(removed, int64_t, j)) {
                g_array_remove_index(ids, i - 1);
                break;
            }
}

/* What RFC 8620, 5.6 tells a client to do. */
static void apply(GArray *ids, const struct store_query_changes *changes)
{
    take_away(ids, changes->removed);
    for (guint i = 0; i < changes->added->len; i++) {
        const struct store_query_added *added =
            &g_array_index(changes->added, struct store_query_added, i);
        g_assert_true(i == 0 || added->index > added[-1].index);
        if (added->index <= ids->len)
            g_array_insert_val(ids, (guint)added->index, added->id);
    }
}

static void expect_limits(struct store_access *access, const struct list *list, size_t count)
{
    struct store_query_changes changes;
    g_autoptr(GError) error = NULL;
    g_assert_true(store_query_changes(access, &list->query, list->state, 0, count, &changes, NULL));
    store_query_changes_clear(&changes);
    if (count == 0)
        return;
    g_assert_false(
        store_query_changes(access, &list->query, list->state, 0, count - 1, &changes, &error));
    g_assert_true(error_is(error, ERROR_TOO_LARGE));
    store_query_changes_clear(&changes);
}

static void follow_whole(struct store_access *access, struct list *list, uint64_t total)
{
    struct store_query_changes changes;
    g_autoptr(GError) error = NULL;
    bool ok = store_query_changes(access, &list->query, list->state, 0, SIZE_MAX, &changes, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    apply(list->ids, &changes);
    if (list->query.calculate_total)
        g_assert_cmpuint(changes.total, ==, total);
    expect_limits(access, list, changes.removed->len + changes.added->len);
    store_query_changes_clear(&changes);
}

static void follow_prefix(struct store_access *access, struct list *list)
{
    struct store_query_changes changes;
    g_autoptr(GError) error = NULL;
    int64_t last =
        list->prefix->len > 0 ? g_array_index(list->prefix, int64_t, list->prefix->len - 1) : 0;
    g_assert_true(
        store_query_changes(access, &list->query, list->state, last, SIZE_MAX, &changes, &error));
    g_assert_no_error(error);
    apply(list->prefix, &changes);
    store_query_changes_clear(&changes);
}

static void expect_same(const GArray *kept, const GArray *truth, guint length, guint number)
{
    bool same = kept->len == length && truth->len >= length;
    if (!same || (length > 0 && memcmp(kept->data, truth->data, length * sizeof(int64_t)) != 0))
        g_error("list %u: %u kept, %u true", number, kept->len, truth->len);
}

static void follow(struct world *w, guint number)
{
    struct list *list = &w->lists[number];
    struct store_access *access = mail_access(&w->m, STORE_READ);
    uint64_t state, total;
    g_autoptr(GArray) truth = fresh(w, list, &state, &total);
    if (list->ids != NULL) {
        follow_whole(access, list, total);
        follow_prefix(access, list);
        expect_same(list->ids, truth, truth->len, number);
        expect_same(list->prefix, truth, list->prefix->len, number);
        g_array_unref(list->ids);
        g_array_unref(list->prefix);
    }
    list->ids = g_array_copy(truth);
    list->prefix = g_array_copy(truth);
    g_array_set_size(list->prefix, MIN(truth->len, PREFIX));
    list->state = state;
    store_access_free(access);
}

static void world_close(struct world *w)
{
    for (guint i = 0; i < w->count; i++) {
        struct list *list = &w->lists[i];
        store_filter_free((struct store_filter *)(uintptr_t)list->query.filter);
        g_array_unref(list->ids);
        g_array_unref(list->prefix);
    }
    for (guint i = 0; i < w->messages->len; i++) {
        struct mail_spec *spec = &g_array_index(w->messages, struct message, i).spec;
        g_free((char *)(uintptr_t)spec->id);
        g_free((char *)(uintptr_t)spec->parent);
    }
    g_array_unref(w->messages);
    g_rand_free(w->rand);
    mail_close(&w->m);
}

static void lists_are_kept_by_changes_alone(void)
{
    struct world w = {.messages = g_array_new(FALSE, FALSE, sizeof(struct message)),
                      .rand = g_rand_new_with_seed((guint32)g_test_rand_int())};
    const char *rounds = g_getenv("POSTROOM_ROUNDS");
    mail_open(&w.m);
    add_filtered(&w);
    add_sorted(&w);
    for (int i = 0; i < 20; i++)
        arrive(&w);
    for (int round = rounds != NULL ? atoi(rounds) : ROUNDS; round >= 0; round--) {
        for (int i = pick(&w, 5); i > 0; i--)
            edit(&w);
        if (pick(&w, 6) == 0)
            mail_sweep(&w.m);
        for (guint i = 0; i < w.count; i++)
            if (round == 0 || pick(&w, 2) == 0)
                follow(&w, i);
    }
    world_close(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/query-changes/lists", lists_are_kept_by_changes_alone);
    return g_test_run();
}
