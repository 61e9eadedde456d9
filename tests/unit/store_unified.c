/* The unified account against its members: random mail in several accounts, of which one comes and
 * goes; lists, windows, counts and changes are what the members' own make together. ROUNDS=n. */
#include "store_mailbox_fixture.h"

#include <stdlib.h>

/* Seconds: what runs over its second (ORD_RUN_OVER) crosses no other then. */
#define APART 60

#define ACCOUNTS 4
#define BOXES 4 /* inbox, archive, trash, and one without a role */

struct world {
    struct mail_fixture of[ACCOUNTS]; /* the same store and person, another account each */
    struct store_principal *owner;    /* of the last account, shared with the person */
    int64_t boxes[ACCOUNTS][BOXES];
    uint32_t uidnext[ACCOUNTS][BOXES];
    bool shared;
    int numbers;
    GRand *rand;
    /* A client of the unified account. */
    GHashTable *replica;
    uint64_t state, boxes_state;
    GArray *list; /* of watched, at list_state */
    uint64_t list_state;
};

static const enum mail_role box_roles[BOXES] = {MAIL_ROLE_INBOX, MAIL_ROLE_ARCHIVE, MAIL_ROLE_TRASH,
                                                MAIL_ROLE_NONE};
/* RFC 8621, 2: the numbers of roles in the unified account. */
static const int64_t role_boxes[] = {-MAIL_ROLE_INBOX, -MAIL_ROLE_ARCHIVE, -MAIL_ROLE_TRASH};

static int pick(struct world *w, int limit)
{
    return g_rand_int_range(w->rand, 0, limit);
}

static struct store *store_of(const struct world *w)
{
    return w->of[0].f.store;
}

static struct store_access *unified(struct world *w)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = store_authorise_all(store_of(w), w->of[0].user, &error);
    g_assert_no_error(error);
    return access;
}

static int members(const struct world *w)
{
    return w->shared ? ACCOUNTS : ACCOUNTS - 1;
}

/* --- the world */

static void link_shared(struct world *w)
{
    bool relinked = false;
    int64_t account =
        fixture_link(&w->of[0].f, w->of[0].user, "last@mail.example", "shared password", &relinked);
    g_assert_true(relinked);
    g_assert_cmpint(account, ==, w->of[ACCOUNTS - 1].account);
    w->shared = true;
}

static void unlink_shared(struct world *w)
{
    bool removed = true;
    g_assert_true(store_unlink(store_of(w), w->of[ACCOUNTS - 1].account,
                               store_principal_user(w->of[0].user), &removed, NULL));
    g_assert_false(removed);
    w->shared = false;
}

static void world_open(struct world *w, uint32_t seed)
{
    *w = (struct world){.rand = g_rand_new_with_seed(seed)};
    mail_open(&w->of[0]);
    w->owner = fixture_user(&w->of[0].f, "owner@example.org");
    for (int i = 1; i < ACCOUNTS; i++) {
        g_autofree char *address = i + 1 < ACCOUNTS ? g_strdup_printf("n%d@mail.example", i)
                                                    : g_strdup("last@mail.example");
        w->of[i] = w->of[0];
        w->of[i].account =
            fixture_account(&w->of[0].f, i + 1 < ACCOUNTS ? w->of[0].user : w->owner, address,
                            i + 1 < ACCOUNTS ? "password" : "shared password");
    }
    for (int i = 0; i < ACCOUNTS; i++)
        for (int box = 0; box < BOXES; box++) {
            static const char *const names[BOXES] = {"INBOX", "Archive", "Trash", "Things"};
            w->boxes[i][box] = mail_mailbox(&w->of[i], names[box], box_roles[box]);
        }
    link_shared(w);
    w->replica = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

static void world_close(struct world *w)
{
    g_hash_table_destroy(w->replica);
    g_clear_pointer(&w->list, g_array_unref);
    g_rand_free(w->rand);
    store_principal_unref(w->owner);
    mail_close(&w->of[0]);
}

static void put_mail(struct world *w)
{
    int account = pick(w, ACCOUNTS), box = pick(w, BOXES), number = ++w->numbers;
    static const char *const bodies[] = {"apple", "apple pear", "pear", "plum"};
    static const uint32_t bits[] = {0, MAIL_SEEN, MAIL_FLAGGED, MAIL_SEEN | MAIL_ANSWERED};
    g_autofree char *id = g_strdup_printf("m%d@example.org", number);
    g_autofree char *parent = g_strdup_printf("m%d@example.org", 1 + pick(w, number));
    g_autofree char *subject = g_strdup_printf("%c", 'a' + pick(w, 4));
    const struct mail_spec spec = {.mailbox = w->boxes[account][box],
                                   .uid = ++w->uidnext[account][box],
                                   .id = id,
                                   .parent = pick(w, 2) ? parent : NULL,
                                   .subject = subject,
                                   .body = bodies[pick(w, 4)],
                                   .bits = bits[pick(w, 4)],
                                   .received_at = 1000000 + pick(w, 40) * APART,
                                   .pending = pick(w, 8) == 0,
                                   .keyword = pick(w, 5) == 0 ? "todo" : NULL};
    mail_put(&w->of[account], &spec);
}

/* --- lists */

static GArray *ask(const struct store_access *access, const struct store_query *query,
                   struct store_query_result *result)
{
    g_autoptr(GError) error = NULL;
    bool ok = store_query(access, query, result, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    return result->ids;
}

static struct store_filter *leaf(struct world *w)
{
    static const enum store_filter_kind kinds[] =
        {STORE_IN_MAILBOX,     STORE_IN_MAILBOX,  STORE_IN_MAILBOX_OTHER_THAN,
         STORE_BEFORE,         STORE_AFTER,       STORE_MIN_SIZE,
         STORE_HAS_KEYWORD,    STORE_NOT_KEYWORD, STORE_ALL_IN_THREAD,
         STORE_SOME_IN_THREAD, STORE_TEXT,        STORE_SUBJECT};
    static const char *const keywords[] = {"$seen", "$flagged", "todo"};
    struct store_filter *filter = store_filter_new(kinds[pick(w, G_N_ELEMENTS(kinds))]);
    filter->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t box = pick(w, 2) ? role_boxes[pick(w, 3)] : w->boxes[pick(w, ACCOUNTS)][pick(w, BOXES)];
    g_array_append_val(filter->ids, box);
    filter->number =
        filter->kind == STORE_MIN_SIZE ? 60 + pick(w, 20) : 1000000 + pick(w, 40) * APART;
    filter->text = g_strdup(keywords[pick(w, 3)]);
    filter->words = g_strsplit(filter->kind == STORE_TEXT ? "apple" : "b", " ", -1);
    return filter;
}

static struct store_filter *random_filter(struct world *w, int depth)
{
    static const enum store_filter_kind joins[] = {STORE_AND, STORE_AND, STORE_OR, STORE_NOT};
    if (depth == 0 || pick(w, 2) == 0)
        return leaf(w);
    struct store_filter *filter = store_filter_new(joins[pick(w, 4)]);
    filter->children = g_ptr_array_new();
    for (int i = 1 + pick(w, 3); i > 0; i--)
        g_ptr_array_add(filter->children, random_filter(w, depth - 1));
    return filter;
}

/* The filter as it is in a member: there are its own mailboxes only. */
static struct store_filter *for_member(const struct world *w, const struct store_filter *filter,
                                       int account)
{
    struct store_filter *own = store_filter_new(filter->kind);
    own->number = filter->number;
    own->text = g_strdup(filter->text);
    own->words = g_strdupv(filter->words);
    own->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; filter->ids != NULL && i < filter->ids->len; i++) {
        int64_t id = g_array_index(filter->ids, int64_t, i);
        for (int box = 0; box < BOXES && id < 0; box++)
            if (-id == (int64_t)box_roles[box])
                id = w->boxes[account][box];
        g_array_append_val(own->ids, id);
    }
    if (filter->children != NULL)
        own->children = g_ptr_array_new();
    for (guint i = 0; filter->children != NULL && i < filter->children->len; i++)
        g_ptr_array_add(own->children, for_member(w, filter->children->pdata[i], account));
    return own;
}

/* Those of list that are in the set, in its order. */
static GArray *only(const GArray *list, GHashTable *set)
{
    GArray *some = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < list->len; i++)
        if (g_hash_table_contains(set, &g_array_index(list, int64_t, i)))
            g_array_append_val(some, g_array_index(list, int64_t, i));
    return some;
}

static void assert_same(const GArray *a, const GArray *b)
{
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++)
        g_assert_cmpint(g_array_index(a, int64_t, i), ==, g_array_index(b, int64_t, i));
}

/* Every member's part of the list is the member's own list; nothing else is in it. */
static void compare_members(struct world *w, const struct store_query *query, const GArray *list)
{
    guint sum = 0;
    for (int i = 0; i < members(w); i++) {
        struct store_access *access = mail_access(&w->of[i], STORE_READ);
        struct store_query own = *query;
        struct store_query_result result;
        struct store_filter *filter = for_member(w, query->filter, i);
        g_autoptr(GHashTable) set = g_hash_table_new(g_int64_hash, g_int64_equal);
        own.filter = filter;
        const GArray *ids = ask(access, &own, &result);
        for (guint k = 0; k < ids->len; k++)
            g_hash_table_add(set, &g_array_index(ids, int64_t, k));
        g_autoptr(GArray) part = only(list, set);
        assert_same(part, ids);
        sum += ids->len;
        store_query_result_clear(&result);
        store_filter_free(filter);
        store_access_free(access);
    }
    g_assert_cmpuint(list->len, ==, sum);
}

/* What a sort compares; a keyword counts 0 or 1, a subject its letter. */
static int64_t key_of(const struct store_email *email, enum store_sort_by by)
{
    if (by == STORE_BY_SIZE)
        return (int64_t)email->size;
    if (by == STORE_BY_SUBJECT)
        return email->summary->subject[0];
    if (by == STORE_BY_KEYWORD)
        return (email->flags.bits & MAIL_FLAGGED) != 0;
    return email->received_at;
}

static void compare_order(const struct store_access *access, const struct store_query *query,
                          const GArray *list)
{
    g_autoptr(GPtrArray) emails =
        store_emails(access, (const int64_t *)(const void *)list->data, list->len,
                     STORE_EMAIL_SUMMARY | STORE_EMAIL_FLAGS, NULL, NULL);
    enum store_sort_by by = query->sort_count > 0 ? query->sort[0].by : STORE_BY_RECEIVED_AT;
    bool ascending = query->sort_count > 0 && query->sort[0].ascending;
    g_assert_cmpuint(emails->len, ==, list->len);
    for (guint i = 1; i < emails->len; i++) {
        int64_t before = key_of(emails->pdata[i - 1], by), after = key_of(emails->pdata[i], by);
        g_assert_true(ascending ? before <= after : before >= after);
    }
}

/* A window of any kind is a piece of the whole list. */
static void compare_window(struct world *w, const struct store_access *access,
                           const struct store_query *query, const GArray *list)
{
    struct store_query window = *query;
    struct store_query_result result;
    int64_t length = list->len, start;
    window.limit = (size_t)pick(w, 20);
    window.position = start = pick(w, (int)length + 5) - (pick(w, 3) == 0 ? (int)length / 2 : 0);
    if (length > 0 && pick(w, 3) == 0) {
        int at = pick(w, (int)length);
        window.anchor = g_array_index(list, int64_t, at);
        window.anchor_offset = pick(w, 11) - 5;
        start = at + window.anchor_offset;
    } else if (start < 0) {
        start += length;
    }
    start = CLAMP(start, 0, length);
    const GArray *ids = ask(access, &window, &result);
    guint wanted = (guint)MIN((int64_t)window.limit, length - start);
    g_assert_cmpuint(ids->len, ==, wanted);
    for (guint i = 0; i < wanted; i++)
        g_assert_cmpint(g_array_index(ids, int64_t, i), ==,
                        g_array_index(list, int64_t, (guint)start + i));
    if (query->calculate_total)
        g_assert_cmpuint(result.total, ==, length);
    store_query_result_clear(&result);
}

static void check_query(struct world *w)
{
    static const enum store_sort_by bys[] = {STORE_BY_RECEIVED_AT, STORE_BY_SIZE, STORE_BY_SUBJECT,
                                             STORE_BY_KEYWORD};
    struct store_access *access = unified(w);
    struct store_filter *filter = random_filter(w, 2);
    const struct store_sort sort = {.by = bys[pick(w, 4)],
                                    .ascending = pick(w, 2) == 0,
                                    .keyword = "$flagged"};
    const struct store_query query = {.filter = filter,
                                      .sort = &sort,
                                      .sort_count = (size_t)pick(w, 2),
                                      .limit = 100000,
                                      .collapse_threads = pick(w, 2) == 0,
                                      .calculate_total = pick(w, 2) == 0};
    struct store_query_result result;
    const GArray *list = ask(access, &query, &result);
    compare_members(w, &query, list);
    compare_order(access, &query, list);
    compare_window(w, access, &query, list);
    store_query_result_clear(&result);
    store_filter_free(filter);
    store_access_free(access);
}

/* --- mailboxes */

static uint64_t found_in(const struct store_access *access, int64_t mailbox, bool unread,
                         bool threads)
{
    struct store_filter *all = filter_join(STORE_AND, filter_in(mailbox), NULL);
    struct store_query_result result;
    for (int i = 0; unread && i < 2; i++)
        g_ptr_array_add(all->children, filter_text(STORE_NOT_KEYWORD, i == 0 ? "$seen" : "$draft"));
    const struct store_query query = {.filter = all,
                                      .limit = 100000,
                                      .collapse_threads = threads,
                                      .calculate_total = true};
    uint64_t total = ask(access, &query, &result)->len;
    g_assert_cmpuint(result.total, ==, total);
    store_query_result_clear(&result);
    store_filter_free(all);
    return total;
}

/* The counts are what queries say; roles are the unified account's own. */
static void check_counts(struct world *w)
{
    struct store_access *access = unified(w);
    g_autoptr(GPtrArray) mailboxes = store_mailboxes(access, NULL, NULL);
    int with_role = 0, above = 0;
    for (guint i = 0; i < mailboxes->len; i++) {
        const struct store_mailbox *mailbox = mailboxes->pdata[i];
        with_role += mailbox->role != MAIL_ROLE_NONE;
        above += mailbox->parent == 0 && mailbox->role == MAIL_ROLE_NONE;
        g_assert_true(mailbox->fixed);
        g_assert_true((mailbox->id < 0) == (mailbox->parent == 0));
        g_assert_cmpuint(mailbox->total_emails, ==, found_in(access, mailbox->id, false, false));
        g_assert_cmpuint(mailbox->unread_emails, ==, found_in(access, mailbox->id, true, false));
        g_assert_cmpuint(mailbox->total_threads, ==, found_in(access, mailbox->id, false, true));
    }
    g_assert_cmpint(with_role, ==, 6);
    g_assert_cmpint(above, ==, members(w));
    store_access_free(access);
}

/* --- a client that follows by /changes and /queryChanges alone */

static void keep(GHashTable *set, const GArray *ids, bool in)
{
    for (guint i = 0; i < ids->len; i++) {
        int64_t id = g_array_index(ids, int64_t, i);
        if (in)
            g_hash_table_add(set, g_memdup2(&id, sizeof id));
        else
            g_hash_table_remove(set, &id);
    }
}

static const struct store_query everything = {.limit = 100000};

static void start_over(struct world *w, const struct store_access *access)
{
    struct store_query_result result;
    g_hash_table_remove_all(w->replica);
    keep(w->replica, ask(access, &everything, &result), true);
    w->state = w->list_state = result.state;
    g_clear_pointer(&w->list, g_array_unref);
    w->list = g_array_ref(result.ids);
    store_query_result_clear(&result);
}

static bool follow(struct world *w, const struct store_access *access)
{
    bool more = true;
    while (more) {
        struct store_changes changes;
        g_autoptr(GError) error = NULL;
        size_t max = (size_t)(1 + pick(w, 9));
        bool ok = store_changes(access, STORE_EMAIL, w->state, max, &changes, &error);
        if (ok) {
            g_assert_cmpuint(changes.created->len + changes.updated->len + changes.destroyed->len,
                             <=, max);
            keep(w->replica, changes.created, true);
            keep(w->replica, changes.destroyed, false);
            g_assert_true(!changes.has_more || changes.new_state > w->state);
            w->state = changes.new_state;
        }
        more = ok && changes.has_more;
        store_changes_clear(&changes);
        if (!ok) {
            g_assert_true(error_is(error, ERROR_CANNOT_CALCULATE));
            return false;
        }
    }
    return true;
}

static void follow_list(struct world *w, const struct store_access *access)
{
    struct store_query_changes changes;
    g_autoptr(GError) error = NULL;
    bool ok = store_query_changes(access, &everything, w->list_state, 0, 100000, &changes, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    g_autoptr(GHashTable) removed =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    keep(removed, changes.removed, true);
    for (guint i = w->list->len; i > 0; i--)
        if (g_hash_table_contains(removed, &g_array_index(w->list, int64_t, i - 1)))
            g_array_remove_index(w->list, i - 1);
    for (guint i = 0; i < changes.added->len; i++) {
        const struct store_query_added *one =
            &g_array_index(changes.added, struct store_query_added, i);
        g_assert_cmpuint(one->index, <=, w->list->len);
        g_array_insert_val(w->list, (guint)one->index, one->id);
    }
    w->list_state = changes.new_state;
    store_query_changes_clear(&changes);
}

static void check_client(struct world *w, bool access_changed)
{
    struct store_access *access = unified(w);
    struct store_query_result result;
    g_assert_true(follow(w, access) != access_changed);
    if (access_changed)
        start_over(w, access);
    else
        follow_list(w, access);
    const GArray *ids = ask(access, &everything, &result);
    g_assert_cmpuint(g_hash_table_size(w->replica), ==, ids->len);
    for (guint i = 0; i < ids->len; i++)
        g_assert_true(g_hash_table_contains(w->replica, &g_array_index(ids, int64_t, i)));
    assert_same(w->list, ids);
    g_assert_cmpuint(result.state, ==, w->state);
    store_query_result_clear(&result);
    store_access_free(access);
}

/* --- set */

static bool is_in(const struct store_email *email, int64_t mailbox)
{
    for (guint i = 0; i < email->mailboxes->len; i++)
        if (g_array_index(email->mailboxes, int64_t, i) == mailbox)
            return true;
    return false;
}

/* Moves any email into the mailbox of a role, and says that it was read. */
static void move_one(struct world *w)
{
    struct store_access *access = unified(w);
    struct store_query_result result;
    const GArray *ids = ask(access, &everything, &result);
    if (ids->len > 0) {
        int64_t id = g_array_index(ids, int64_t, pick(w, (int)ids->len));
        int64_t to = role_boxes[pick(w, 3)];
        struct store_email_patch patch = {.replace_mailboxes = true, .add = {.bits = MAIL_SEEN}};
        struct store_set *set = store_set_new(access, 0);
        patch.mailboxes = g_array_new(FALSE, FALSE, sizeof(int64_t));
        g_array_append_val(patch.mailboxes, to);
        size_t item = store_set_update(set, id, &patch);
        g_assert_true(store_set_commit(set, NULL, NULL, NULL));
        g_assert_null(store_set_error(set, item, NULL));
        g_autoptr(GPtrArray) emails =
            store_emails(access, &id, 1, STORE_EMAIL_MAILBOXES | STORE_EMAIL_FLAGS, NULL, NULL);
        const struct store_email *email = emails->pdata[0];
        g_assert_true(is_in(email, to));
        g_assert_cmpuint(email->mailboxes->len, ==, 2); /* the role's, and the real one */
        g_assert_true((email->flags.bits & MAIL_SEEN) != 0);
        store_set_free(set);
        g_array_unref(patch.mailboxes);
    }
    store_query_result_clear(&result);
    store_access_free(access);
}

static void destroy_one(struct world *w)
{
    struct store_access *access = unified(w);
    struct store_query_result result;
    const GArray *ids = ask(access, &everything, &result);
    struct store_set *set = store_set_new(access, 0);
    if (ids->len > 0)
        store_set_destroy(set, g_array_index(ids, int64_t, pick(w, (int)ids->len)));
    g_assert_true(store_set_commit(set, NULL, NULL, NULL));
    store_set_free(set);
    store_query_result_clear(&result);
    store_access_free(access);
}

/* --- rounds */

static void run_round(struct world *w)
{
    bool access_changed = pick(w, 10) == 0;
    for (int i = pick(w, 4); i > 0; i--)
        put_mail(w);
    if (pick(w, 3) == 0)
        move_one(w);
    if (pick(w, 6) == 0)
        destroy_one(w);
    if (access_changed && w->shared)
        unlink_shared(w);
    else if (access_changed)
        link_shared(w);
    for (int i = 0; i < 3; i++)
        check_query(w);
    check_client(w, access_changed);
}

static void test_random(void)
{
    struct world w;
    const char *asked = g_getenv("ROUNDS");
    int rounds = asked != NULL ? atoi(asked) : 150;
    uint32_t seed = g_test_rand_int() & 0xffff;
    g_test_message("seed %u", seed);
    world_open(&w, seed);
    struct store_access *access = unified(&w);
    start_over(&w, access);
    store_access_free(access);
    for (int i = 0; i < rounds; i++) {
        run_round(&w);
        if (i % 20 == 0)
            check_counts(&w);
    }
    world_close(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/unified/is-what-its-members-are", test_random);
    return g_test_run();
}
