/* Random operations on both sides of a simulated mail server, with steps cut short as by a crash:
 * at the end both sides agree, nothing is doubled, and on the way counts, changes and queries are
 * what a naive recount says. */
#include "store_mailbox_fixture.h"

#define BOXES 5
#define MESSAGES 4000

struct message {
    int box; /* index, -1: gone */
    uint32_t uid, bits;
    int number;
    int64_t received_at;
};

struct world {
    struct mail_fixture m;
    int64_t boxes[BOXES];
    uint32_t uidnext[BOXES];
    struct message messages[MESSAGES]; /* on the server */
    int count, numbers;
    GRand *rand;
    GHashTable *replica; /* ids that a client knows by /changes alone */
    uint64_t state;
};

static int pick(struct world *w, int limit)
{
    return g_rand_int_range(w->rand, 0, limit);
}

static int box_of(const struct world *w, int64_t mailbox)
{
    for (int i = 0; i < BOXES; i++)
        if (w->boxes[i] == mailbox)
            return i;
    return -1;
}

static struct message *server_add(struct world *w, int box, int number, uint32_t bits,
                                  int64_t received_at)
{
    g_assert_cmpint(w->count, <, MESSAGES);
    struct message *message = &w->messages[w->count++];
    *message = (struct message){box, ++w->uidnext[box], bits, number, received_at};
    return message;
}

static struct message *server_find(struct world *w, int box, uint32_t uid)
{
    for (int i = 0; i < w->count; i++)
        if (w->messages[i].box == box && w->messages[i].uid == uid)
            return &w->messages[i];
    return NULL;
}

static struct message *server_find_number(struct world *w, int box, int number)
{
    for (int i = 0; i < w->count; i++)
        if (w->messages[i].box == box && w->messages[i].number == number)
            return &w->messages[i];
    return NULL;
}

static struct message *server_any(struct world *w)
{
    for (int tries = 0; tries < 20 && w->count > 0; tries++) {
        struct message *message = &w->messages[pick(w, w->count)];
        if (message->box >= 0)
            return message;
    }
    return NULL;
}

/* Three in four are in threads of four numbers. */
static void put(struct world *w, struct store_batch *batch, const struct message *message)
{
    g_autofree char *id = g_strdup_printf("n%d@x", message->number);
    g_autofree char *parent = g_strdup_printf("n%d@x", message->number / 4 * 4);
    g_autofree char *body = g_strdup_printf("word%d common", message->number);
    struct mail_spec spec = {.mailbox = w->boxes[message->box],
                             .uid = message->uid,
                             .id = id,
                             .parent = message->number % 4 == 0 ? NULL : parent,
                             .subject = message->number % 16 < 12 ? "thread" : "other",
                             .body = body,
                             .bits = message->bits,
                             .received_at = message->received_at,
                             .pending = pick(w, 4) == 0};
    mail_add(batch, &spec);
}

static bool known(GArray *here, uint32_t uid)
{
    for (guint i = 0; i < here->len; i++)
        if (g_array_index(here, struct store_remote_message, i).uid == uid)
            return true;
    return false;
}

static bool is_pending(const GArray *pending, int64_t email)
{
    for (guint i = 0; i < pending->len; i++)
        if (g_array_index(pending, struct store_pending, i).email == email)
            return true;
    return false;
}

static void pass_box(struct world *w, int box)
{
    g_autoptr(GArray) pending = store_sync_pending(w->m.f.store, w->m.account, SIZE_MAX >> 1, NULL);
    struct store_batch *batch = store_batch_new(w->m.f.store, w->m.account);
    g_autoptr(GArray) here = store_sync_messages(w->m.f.store, w->boxes[box], 1, UINT32_MAX, NULL);
    for (guint i = 0; i < here->len; i++) {
        const struct store_remote_message *one =
            &g_array_index(here, struct store_remote_message, i);
        struct message *message = server_find(w, box, one->uid);
        struct mail_flags flags = {.bits = message != NULL ? message->bits : 0};
        if (message == NULL)
            store_batch_vanished(batch, w->boxes[box], one->uid);
        else if (is_pending(pending, one->email))
            put(w, batch, message);
        else
            store_batch_flags(batch, w->boxes[box], one->uid, &flags);
    }
    for (int i = 0; i < w->count; i++)
        if (w->messages[i].box == box && !known(here, w->messages[i].uid))
            put(w, batch, &w->messages[i]);
    mail_commit(batch);
    store_batch_free(batch);
}

static void full_pass(struct world *w)
{
    int first = pick(w, BOXES);
    for (int i = 0; i < BOXES; i++)
        pass_box(w, (first + i) % BOXES);
    mail_sweep(&w->m);
}

static int number_of(const struct store_intent *intent)
{
    return intent->message_id != NULL ? atoi(intent->message_id + 1) : -1;
}

/* Does it on the server, if that was not done already; returns the UID in the target. */
static uint32_t carry_out(struct world *w, const struct store_intent *intent)
{
    int box = box_of(w, intent->mailbox), target = box_of(w, intent->target);
    struct message *message = intent->uid != 0 ? server_find(w, box, intent->uid) : NULL;
    struct message *there = target >= 0 && intent->journal != NULL
                                ? server_find_number(w, target, number_of(intent))
                                : NULL;
    if (there != NULL && intent->kind != STORE_INTENT_FLAGS) {
        if (intent->kind == STORE_INTENT_MOVE && message != NULL)
            message->box = -1;
        return there->uid;
    }
    switch (intent->kind) {
    case STORE_INTENT_FLAGS:
        if (message != NULL)
            message->bits = (message->bits | intent->add.bits) & ~intent->remove.bits;
        return 0;
    case STORE_INTENT_EXPUNGE:
        if (message != NULL)
            message->box = -1;
        return 0;
    case STORE_INTENT_APPEND:
        return server_add(w, target, number_of(intent), intent->add.bits, intent->received_at)->uid;
    case STORE_INTENT_COPY:
    case STORE_INTENT_MOVE: {
        if (message == NULL)
            return 0;
        struct message copy = *message;
        if (intent->kind == STORE_INTENT_MOVE)
            message->box = -1;
        return server_add(w, target, copy.number, copy.bits, copy.received_at)->uid;
    }
    }
    return 0;
}

static guint carry_out_intents(struct world *w, bool may_crash)
{
    g_autoptr(GError) error = NULL;
    struct store *store = w->m.f.store;
    g_autoptr(GPtrArray) intents = store_intents(store, w->m.account, 1000, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < intents->len; i++) {
        const struct store_intent *intent = intents->pdata[i];
        if (!store_intent_begin(store, intent->id, "begun", &error)) {
            g_assert_true(error_is(error, ERROR_NOT_FOUND));
            g_clear_error(&error);
            continue;
        }
        if (may_crash && pick(w, 8) == 0)
            continue;
        uint32_t uid = carry_out(w, intent);
        if (may_crash && pick(w, 8) == 0)
            continue;
        g_assert_true(store_intent_done(store, intent->id, 7, pick(w, 3) == 0 ? 0 : uid, &error));
    }
    return intents->len;
}

static void change_server(struct world *w)
{
    struct message *message = server_any(w);
    int what = pick(w, 6);
    if (what <= 1 || message == NULL) {
        server_add(w, pick(w, 2), w->numbers++, pick(w, 2) ? MAIL_SEEN : 0,
                   1000000 + pick(w, 1000));
    } else if (what == 2) {
        message->bits ^= 1u << pick(w, 3);
    } else if (what == 3) {
        message->box = -1;
    } else {
        struct message copy = *message;
        message->box = -1;
        server_add(w, pick(w, BOXES), copy.number, copy.bits, copy.received_at);
    }
}

static int64_t any_id(struct world *w)
{
    g_autoptr(GArray) ids = mail_ids(&w->m, 0);
    return ids->len > 0 ? g_array_index(ids, int64_t, pick(w, (int)ids->len)) : 0;
}

static void add_draft(struct world *w, struct store_set *set, struct store_access *access)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *id = g_strdup_printf("n%d@x", w->numbers);
    g_autoptr(GBytes) raw = g_bytes_new(id, strlen(id));
    struct mail_spec spec = {.id = id, .subject = "draft", .received_at = 1000000 + pick(w, 1000)};
    struct mail_summary *summary = mail_summary_of(&spec);
    int64_t blob = store_blob_put(access, raw, NULL, &error);
    g_assert_no_error(error);
    w->numbers++;
    g_autoptr(GArray) mailboxes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(mailboxes, w->boxes[3]);
    struct store_new_email email = {.blob = blob,
                                    .summary = summary,
                                    .flags = {.bits = MAIL_DRAFT | MAIL_SEEN},
                                    .mailboxes = mailboxes,
                                    .received_at = spec.received_at,
                                    .size = strlen(id),
                                    .message = raw};
    store_set_create(set, &email);
    mail_summary_free(summary);
}

static void change_here(struct world *w)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(&w->m, STORE_WRITE);
    struct store_set *set = store_set_new(access, 0);
    g_autoptr(GArray) target = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(target, w->boxes[pick(w, BOXES)]);
    struct store_email_patch patch = {0};
    int64_t id = any_id(w);
    switch (pick(w, 7)) {
    case 0:
    case 1:
        patch.add.bits = 1u << pick(w, 3);
        store_set_update(set, id, &patch);
        break;
    case 2:
        patch.remove.bits = 1u << pick(w, 3);
        store_set_update(set, id, &patch);
        break;
    case 3:
        patch.replace_mailboxes = true;
        patch.mailboxes = target;
        store_set_update(set, id, &patch);
        break;
    case 4:
        patch.mailboxes_add = target;
        store_set_update(set, id, &patch);
        break;
    case 5:
        store_set_destroy(set, id);
        break;
    default:
        add_draft(w, set, access);
    }
    g_assert_true(store_set_commit(set, NULL, NULL, &error));
    g_assert_no_error(error);
    store_set_free(set);
    store_access_free(access);
}

/* A client that asks for changes only knows exactly what is there. */
static void follow_changes(struct world *w)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(&w->m, STORE_READ);
    struct store_changes changes;
    do {
        g_assert_true(
            store_changes(access, STORE_EMAIL, w->state, 1 + (size_t)pick(w, 5), &changes, &error));
        for (guint i = 0; i < changes.created->len; i++)
            g_hash_table_add(w->replica, g_memdup2(&g_array_index(changes.created, int64_t, i), 8));
        for (guint i = 0; i < changes.destroyed->len; i++)
            g_hash_table_remove(w->replica, &g_array_index(changes.destroyed, int64_t, i));
        w->state = changes.new_state;
        store_changes_clear(&changes);
    } while (changes.has_more);
    g_autoptr(GArray) ids = mail_ids(&w->m, 0);
    g_assert_cmpuint(g_hash_table_size(w->replica), ==, ids->len);
    for (guint i = 0; i < ids->len; i++)
        g_assert_true(g_hash_table_contains(w->replica, &g_array_index(ids, int64_t, i)));
    store_access_free(access);
}

static bool naive_match(struct world *w, int64_t id, int64_t mailbox, uint32_t bit, bool has)
{
    struct store_email *email = mail_get(&w->m, id);
    bool in = false;
    for (guint i = 0; i < email->mailboxes->len; i++)
        in = in || g_array_index(email->mailboxes, int64_t, i) == mailbox;
    bool match = in && ((email->flags.bits & bit) != 0) == has;
    store_email_free(email);
    return match;
}

/* A mailbox and a keyword, asked of the store and of each email. */
static void query_is_right(struct world *w)
{
    g_autoptr(GError) error = NULL;
    uint32_t bit = 1u << pick(w, 3);
    bool has = pick(w, 2) == 0;
    int64_t mailbox = w->boxes[pick(w, BOXES)];
    enum store_filter_kind kind = has ? STORE_HAS_KEYWORD : STORE_NOT_KEYWORD;
    struct store_filter *filter =
        filter_join(STORE_AND, filter_in(mailbox), filter_text(kind, mail_flag_keyword(bit)));
    struct store_query query = {.filter = filter, .limit = 1000, .calculate_total = true};
    struct store_query_result result;
    struct store_access *access = mail_access(&w->m, STORE_READ);
    g_assert_true(store_query(access, &query, &result, &error));
    g_autoptr(GArray) all = mail_ids(&w->m, 0);
    guint at = 0;
    for (guint i = 0; i < all->len; i++) {
        int64_t id = g_array_index(all, int64_t, i);
        if (!naive_match(w, id, mailbox, bit, has))
            continue;
        g_assert_cmpuint(at, <, result.ids->len);
        g_assert_cmpint(g_array_index(result.ids, int64_t, at), ==, id);
        at++;
    }
    g_assert_cmpuint(at, ==, result.ids->len);
    g_assert_cmpuint(at, ==, result.total);
    store_query_result_clear(&result);
    store_filter_free(filter);
    store_access_free(access);
}

static void check_counts(struct world *w)
{
    unsigned mended = 0;
    g_autofree char *problem = store_check_counts(w->m.f.store, w->m.account);
    g_assert_cmpstr(problem, ==, NULL);
    g_assert_true(store_sync_mend(w->m.f.store, w->m.account, &mended, NULL));
    g_assert_cmpuint(mended, ==, 0); /* what is sound is left alone */
}

static int compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is in a mailbox here, as "number:bits" lines, sorted. */
static char *listing_here(struct world *w, int box)
{
    g_autoptr(GArray) ids = mail_ids(&w->m, w->boxes[box]);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < ids->len; i++) {
        struct store_email *email = mail_get(&w->m, g_array_index(ids, int64_t, i));
        g_ptr_array_add(lines,
                        g_strdup_printf("%s:%x", email->summary->message_id, email->flags.bits));
        store_email_free(email);
    }
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

static char *listing_there(struct world *w, int box)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < w->count; i++)
        if (w->messages[i].box == box)
            g_ptr_array_add(lines, g_strdup_printf("n%d@x:%x", w->messages[i].number,
                                                   w->messages[i].bits));
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

static void both_sides_agree(struct world *w)
{
    for (int i = 0; i < 12; i++) {
        guint left = carry_out_intents(w, false);
        full_pass(w);
        if (left == 0 && i >= 3)
            break;
        g_assert_cmpint(i, <, 11);
    }
    for (int box = 0; box < BOXES; box++) {
        g_autofree char *here = listing_here(w, box);
        g_autofree char *there = listing_there(w, box);
        g_assert_cmpstr(here, ==, there);
    }
}

/* Words of what is there are found; words of what is gone are not. */
static void search_is_right(struct world *w)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(&w->m, STORE_READ);
    for (int number = 0; number < w->numbers; number += 7) {
        g_autofree char *word = g_strdup_printf("word%d", number);
        struct store_filter *filter = filter_words(STORE_TEXT, word);
        struct store_query query = {.filter = filter, .limit = 50, .calculate_total = true};
        struct store_query_result result;
        g_assert_true(store_query(access, &query, &result, &error));
        uint64_t expected = 0;
        g_autoptr(GArray) ids = mail_ids(&w->m, 0);
        g_autofree char *message_id = g_strdup_printf("n%d@x", number);
        for (guint i = 0; i < ids->len; i++) {
            struct store_email *email = mail_get(&w->m, g_array_index(ids, int64_t, i));
            expected += strcmp(email->summary->message_id, message_id) == 0 &&
                        strcmp(email->summary->subject, "draft") != 0;
            store_email_free(email);
        }
        g_assert_cmpuint(result.total, ==, expected);
        store_query_result_clear(&result);
        store_filter_free(filter);
    }
    store_access_free(access);
}

static void run_world(guint32 seed, int steps)
{
    struct world *w = g_new0(struct world, 1);
    w->rand = g_rand_new_with_seed(seed);
    w->replica = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    mail_open(&w->m);
    int64_t boxes[BOXES] = {w->m.inbox, w->m.archive, w->m.trash, w->m.drafts, w->m.sent};
    memcpy(w->boxes, boxes, sizeof boxes);
    struct store_access *access = mail_access(&w->m, STORE_READ);
    w->state = store_state(access, STORE_EMAIL);
    store_access_free(access);
    for (int step = 0; step < steps; step++) {
        int what = pick(w, 10);
        if (what < 3)
            change_server(w);
        else if (what < 7)
            change_here(w);
        else if (what < 8)
            carry_out_intents(w, true);
        else if (what < 9)
            pass_box(w, pick(w, BOXES));
        else
            full_pass(w);
        check_counts(w);
        if (step % 10 == 0) {
            follow_changes(w);
            query_is_right(w);
        }
    }
    both_sides_agree(w);
    check_counts(w);
    follow_changes(w);
    search_is_right(w);
    mail_close(&w->m);
    g_hash_table_destroy(w->replica);
    g_rand_free(w->rand);
    g_free(w);
}

static void both_sides_come_to_agree(void)
{
    int worlds = g_test_slow() ? 100 : 6;
    for (int i = 0; i < worlds; i++)
        run_world((guint32)(1000 + i), 300);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/random/agree", both_sides_come_to_agree);
    return g_test_run();
}
