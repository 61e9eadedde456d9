/* Notes, to-dos, and conversations that people put together and take apart. */
#include "store_mailbox_fixture.h"

#include "store/organise.h"

static void put(struct mail_fixture *m, uint32_t uid, const char *id, const char *parent,
                const char *subject)
{
    const struct mail_spec spec = {.mailbox = m->inbox,
                                   .uid = uid,
                                   .id = id,
                                   .parent = parent,
                                   .subject = subject,
                                   .received_at = 1000 + uid};
    mail_put(m, &spec);
}

static int64_t thread_of(struct mail_fixture *m, int64_t email)
{
    struct store_email *one = mail_get(m, email);
    int64_t thread = one != NULL ? one->thread : 0;
    store_email_free(one);
    return thread;
}

/* The email by its Message-ID, public id of now; 0: none. */
static int64_t find(struct mail_fixture *m, const char *id)
{
    g_autoptr(GArray) ids = mail_ids(m, 0);
    int64_t found = 0;
    for (guint i = 0; i < ids->len && found == 0; i++) {
        struct store_email *email = mail_get(m, g_array_index(ids, int64_t, i));
        if (g_strcmp0(email->summary->message_id, id) == 0)
            found = email->id;
        store_email_free(email);
    }
    return found;
}

static int64_t note(struct mail_fixture *m, enum store_type type, int64_t email, const char *text)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_WRITE);
    int64_t id =
        store_note_create(access, type, email, 0, &(struct store_note_text){.text = text}, &error);
    g_assert_no_error(error);
    store_access_free(access);
    return id;
}

static GPtrArray *notes(struct mail_fixture *m, enum store_type type, int64_t thread)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_READ);
    GPtrArray *list =
        store_notes(access, type, &(struct store_notes_asked){.thread = thread}, NULL, &error);
    g_assert_no_error(error);
    store_access_free(access);
    return list;
}

static guint count_notes(struct mail_fixture *m, int64_t thread)
{
    g_autoptr(GPtrArray) list = notes(m, STORE_NOTE, thread);
    return list->len;
}

static int64_t split(struct mail_fixture *m, int64_t email)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_WRITE);
    struct store_moved *moved = NULL;
    int64_t thread = store_thread_split(access, &email, 1, &moved, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(moved->emails->len, ==, 1);
    g_assert_cmpint(thread_of(m, g_array_index(moved->emails, int64_t, 0)), ==, thread);
    g_assert_null(mail_get(m, email)); /* its id was renewed */
    store_moved_free(moved);
    store_access_free(access);
    return thread;
}

static int64_t merge(struct mail_fixture *m, int64_t a, int64_t b)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_WRITE);
    GPtrArray *moved = NULL;
    int64_t threads[] = {a, b};
    int64_t thread = store_threads_merge(access, threads, 2, &moved, &error);
    g_assert_no_error(error);
    g_ptr_array_unref(moved);
    store_access_free(access);
    return thread;
}

static void check_counts(struct mail_fixture *m)
{
    g_autofree char *wrong = store_check_counts(m->f.store, m->account);
    g_assert_cmpstr(wrong, ==, NULL);
}

/* --- where notes go */

static void test_a_note_stays_when_its_email_goes(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "a@x", NULL, "lamps");
    put(&m, 2, "b@x", "a@x", "lamps");
    int64_t thread = thread_of(&m, find(&m, "a@x"));
    note(&m, STORE_NOTE, find(&m, "b@x"), "call them");
    mail_vanish(&m, m.inbox, 2);
    mail_sweep(&m);
    mail_sweep(&m);
    g_assert_cmpint(find(&m, "b@x"), ==, 0);
    g_autoptr(GPtrArray) list = notes(&m, STORE_NOTE, thread);
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_cmpint(((struct store_note *)list->pdata[0])->email, ==, find(&m, "a@x"));
    /* All of it goes, and comes back: under new UIDs, as new emails. */
    mail_vanish(&m, m.inbox, 1);
    mail_sweep(&m);
    mail_sweep(&m);
    g_assert_cmpuint(mail_count(&m, 0), ==, 0);
    put(&m, 7, "a@x", NULL, "lamps");
    g_assert_cmpuint(count_notes(&m, thread_of(&m, find(&m, "a@x"))), ==, 1);
    check_counts(&m);
    mail_close(&m);
}

static void test_notes_of_merged_threads_are_together(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "a@x", NULL, "lamps");
    put(&m, 2, "c@x", "b@x", "lamps");
    note(&m, STORE_NOTE, find(&m, "a@x"), "one");
    note(&m, STORE_NOTE, find(&m, "c@x"), "two");
    /* What was missing ties them. */
    put(&m, 3, "b@x", "a@x", "lamps");
    g_assert_cmpuint(count_notes(&m, thread_of(&m, find(&m, "a@x"))), ==, 2);
    g_assert_cmpuint(count_notes(&m, thread_of(&m, find(&m, "c@x"))), ==, 2);
    mail_close(&m);
}

static int64_t rows_in(struct mail_fixture *m, const char *table)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;
    g_autofree char *path = g_build_filename(m->f.directory, "data", "postroom.db", NULL);
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", table);
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &row, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_ROW);
    int64_t count = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
    return count;
}

static int64_t split(struct mail_fixture *m, int64_t email);

static void test_all_goes_with_the_account(void)
{
    static const char *const tables[] = {"note", "regroup", "apart", "ref"};
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "a@x", NULL, "lamps");
    put(&m, 2, "b@x", "a@x", "lamps");
    note(&m, STORE_NOTE, find(&m, "a@x"), "one");
    split(&m, find(&m, "b@x"));
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        g_assert_cmpint(rows_in(&m, tables[i]), >, 0);
    g_assert_true(store_account_remove(m.f.store, m.account, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        g_assert_cmpint(rows_in(&m, tables[i]), ==, 0);
    mail_close(&m);
}

/* --- taking apart and putting together */

static void test_a_split_holds(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "a@x", NULL, "lamps");
    put(&m, 2, "b@x", "a@x", "lamps");
    put(&m, 3, "c@x", "a@x", "lamps");
    note(&m, STORE_NOTE, find(&m, "b@x"), "of b");
    note(&m, STORE_NOTE, find(&m, "c@x"), "of c");
    int64_t old = thread_of(&m, find(&m, "a@x")), fresh = split(&m, find(&m, "b@x"));
    g_assert_cmpint(fresh, !=, old);
    g_assert_cmpuint(count_notes(&m, old), ==, 1);
    g_assert_cmpuint(count_notes(&m, fresh), ==, 1);
    /* A reply that names both follows the nearer one, and ties nothing. */
    struct mail_spec reply = {.mailbox = m.inbox,
                              .uid = 4,
                              .id = "d@x",
                              .subject = "lamps",
                              .received_at = 2000};
    struct store_batch *batch = store_batch_new(m.f.store, m.account);
    struct mail_summary *summary = mail_summary_of(&reply);
    summary->references = g_strsplit("a@x b@x", " ", -1);
    const struct store_batch_message message = {.mailbox = m.inbox,
                                                .uidvalidity = 7,
                                                .uid = 4,
                                                .received_at = 2000,
                                                .size = 100,
                                                .summary = summary};
    store_batch_message(batch, &message);
    mail_commit(batch);
    store_batch_free(batch);
    mail_summary_free(summary);
    g_assert_cmpint(thread_of(&m, find(&m, "d@x")), ==, fresh);
    g_assert_cmpint(thread_of(&m, find(&m, "c@x")), ==, old);
    put(&m, 5, "e@x", "c@x", "lamps");
    g_assert_cmpint(thread_of(&m, find(&m, "e@x")), ==, old);
    /* It is brought anew: it belongs where it was put. */
    mail_vanish(&m, m.inbox, 2);
    mail_sweep(&m);
    mail_sweep(&m);
    put(&m, 9, "b@x", "a@x", "lamps");
    g_assert_cmpint(thread_of(&m, find(&m, "b@x")), ==, fresh);
    check_counts(&m);
    /* Only a person puts them together again; then all is as before. */
    g_assert_cmpint(merge(&m, old, fresh), ==, old);
    g_assert_cmpuint(count_notes(&m, old), ==, 2);
    put(&m, 10, "f@x", "b@x", "lamps");
    g_assert_cmpint(thread_of(&m, find(&m, "f@x")), ==, old);
    check_counts(&m);
    mail_close(&m);
}

static void test_a_merge_holds(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "a@x", NULL, "lamps");
    put(&m, 2, "b@x", NULL, "tables");
    int64_t a = thread_of(&m, find(&m, "a@x")), b = thread_of(&m, find(&m, "b@x"));
    note(&m, STORE_TODO, find(&m, "b@x"), "answer");
    g_assert_cmpint(merge(&m, b, a), ==, a);
    put(&m, 3, "c@x", "b@x", "tables");
    g_assert_cmpint(thread_of(&m, find(&m, "c@x")), ==, a);
    g_autoptr(GPtrArray) todos = notes(&m, STORE_TODO, a);
    g_assert_cmpuint(todos->len, ==, 1);
    check_counts(&m);
    mail_close(&m);
}

static void test_what_cannot_be_regrouped(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    struct store_moved *one = NULL;
    GPtrArray *many = NULL;
    mail_open(&m);
    put(&m, 1, "a@x", NULL, "lamps");
    put(&m, 2, "b@x", NULL, "tables");
    int64_t emails[] = {find(&m, "a@x"), find(&m, "b@x")};
    int64_t threads[] = {thread_of(&m, emails[0]), 999999};
    struct store_access *access = mail_access(&m, STORE_WRITE);
    g_assert_cmpint(store_thread_split(access, emails, 1, &one, &error), ==, 0);
    g_assert_true(error_is(error, ERROR_INVALID));
    g_clear_error(&error);
    g_assert_cmpint(store_thread_split(access, emails, 2, &one, &error), ==, 0);
    g_assert_true(error_is(error, ERROR_INVALID));
    g_clear_error(&error);
    g_assert_cmpint(store_threads_merge(access, threads, 2, &many, &error), ==, 0);
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    g_clear_error(&error);
    store_access_free(access);
    access = mail_access(&m, STORE_READ);
    g_assert_cmpint(store_threads_merge(access, threads, 2, &many, &error), ==, 0);
    g_assert_true(error_is(error, ERROR_FORBIDDEN));
    store_access_free(access);
    mail_close(&m);
}

static struct store_tie *tie_of(GPtrArray *ties, int64_t email)
{
    for (guint i = 0; i < ties->len; i++)
        if (((struct store_tie *)ties->pdata[i])->email == email)
            return ties->pdata[i];
    g_error("no tie");
}

static void test_ties_say_why(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "a@x", NULL, "lamps");
    put(&m, 2, "b@x", "a@x", "lamps");
    put(&m, 3, "c@x", "gone@x", "lamps");
    put(&m, 4, "d@x", "gone@x", "lamps");
    put(&m, 5, "e@x", NULL, "tables");
    int64_t a = thread_of(&m, find(&m, "a@x"));
    merge(&m, a, thread_of(&m, find(&m, "c@x")));
    merge(&m, a, thread_of(&m, find(&m, "e@x")));
    struct store_access *access = mail_access(&m, STORE_READ);
    g_autoptr(GPtrArray) ties = store_thread_ties(access, a, NULL);
    g_assert_cmpuint(ties->len, ==, 5);
    g_assert_cmpint(tie_of(ties, find(&m, "a@x"))->kind, ==, STORE_TIE_FIRST);
    g_assert_false(tie_of(ties, find(&m, "a@x"))->by_person);
    struct store_tie *b = tie_of(ties, find(&m, "b@x")), *d = tie_of(ties, find(&m, "d@x"));
    g_assert_cmpint(b->kind, ==, STORE_TIE_REFERENCE);
    g_assert_cmpint(b->to, ==, find(&m, "a@x"));
    g_assert_cmpint(d->kind, ==, STORE_TIE_SHARED);
    g_assert_cmpint(d->to, ==, find(&m, "c@x"));
    g_assert_true(d->by_person);
    g_assert_false(d->was_split);
    g_assert_cmpstr(d->user_name, ==, "ann@example.org");
    struct store_tie *e = tie_of(ties, find(&m, "e@x"));
    g_assert_cmpint(e->kind, ==, STORE_TIE_NONE);
    g_assert_true(e->by_person);
    store_access_free(access);
    mail_close(&m);
}

/* --- nothing is ever lost: random splits, merges, mail that comes and goes */

#define EMAILS 40
#define STEPS 400

struct world {
    struct mail_fixture m;
    GRand *rand;
    uint32_t uid[EMAILS]; /* 0: not there */
    uint32_t next;
    int64_t notes[STEPS];
    int at[STEPS]; /* the number of the email that it was put at */
    guint count;
};

static char *id_of(int number)
{
    return g_strdup_printf("m%d@x", number);
}

static int64_t email_of(struct world *w, int number)
{
    g_autofree char *id = id_of(number);
    return find(&w->m, id);
}

static void bring(struct world *w, int number)
{
    g_autofree char *id = id_of(number), *parent = id_of(number / 2);
    w->uid[number] = ++w->next;
    put(&w->m, w->next, id, number % 5 == 0 ? NULL : parent, number % 2 != 0 ? "odd" : "even");
}

static void take(struct world *w, int number)
{
    mail_vanish(&w->m, w->m.inbox, w->uid[number]);
    w->uid[number] = 0;
    mail_sweep(&w->m);
    mail_sweep(&w->m);
}

static void split_any(struct world *w, int number)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(&w->m, STORE_WRITE);
    g_autoptr(GArray) all =
        store_thread_emails(access, thread_of(&w->m, email_of(w, number)), &error);
    guint from = (guint)g_rand_int_range(w->rand, 0, (gint32)all->len);
    struct store_moved *moved = NULL;
    if (from > 0)
        g_assert_cmpint(store_thread_split(access, &g_array_index(all, int64_t, from),
                                           all->len - from, &moved, &error),
                        !=, 0);
    g_assert_no_error(error);
    store_moved_free(moved);
    store_access_free(access);
}

static void step(struct world *w)
{
    int number = g_rand_int_range(w->rand, 0, EMAILS), other;
    int what = g_rand_int_range(w->rand, 0, 8);
    if (w->uid[number] == 0) {
        bring(w, number);
    } else if (what == 0) {
        take(w, number);
    } else if (what < 3) {
        split_any(w, number);
    } else if (what < 5) {
        other = g_rand_int_range(w->rand, 0, EMAILS);
        int64_t a = thread_of(&w->m, email_of(w, number));
        int64_t b = w->uid[other] != 0 ? thread_of(&w->m, email_of(w, other)) : a;
        if (a != b)
            merge(&w->m, a, b);
    } else {
        w->at[w->count] = number;
        w->notes[w->count++] =
            note(&w->m, what == 5 ? STORE_TODO : STORE_NOTE, email_of(w, number), "kept");
    }
}

/* Every one is there, and stands in the conversation of the email that it names. */
static void check_notes(struct world *w)
{
    guint found = 0;
    for (int type = 0; type < 2; type++) {
        g_autoptr(GPtrArray) all = notes(&w->m, type == 0 ? STORE_NOTE : STORE_TODO, 0);
        found += all->len;
        for (guint i = 0; i < all->len; i++) {
            const struct store_note *one = all->pdata[i];
            if (one->email != 0)
                g_assert_cmpint(thread_of(&w->m, one->email), ==, one->thread);
        }
    }
    g_assert_cmpuint(found, ==, w->count);
}

static void test_nothing_is_lost(void)
{
    struct world w = {.rand = g_rand_new_with_seed((guint32)g_test_rand_int())};
    mail_open(&w.m);
    for (int i = 0; i < STEPS; i++) {
        step(&w);
        if (i % 20 == 19) {
            check_notes(&w);
            check_counts(&w.m);
        }
    }
    /* All mail is there again: every note is seen in a conversation. */
    for (int i = 0; i < EMAILS; i++)
        if (w.uid[i] == 0)
            bring(&w, i);
    guint seen = 0;
    g_autoptr(GHashTable) threads =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (int i = 0; i < EMAILS; i++) {
        int64_t thread = thread_of(&w.m, email_of(&w, i));
        if (!g_hash_table_add(threads, g_memdup2(&thread, sizeof thread)))
            continue;
        g_autoptr(GPtrArray) list = notes(&w.m, STORE_NOTE, thread);
        g_autoptr(GPtrArray) todos = notes(&w.m, STORE_TODO, thread);
        seen += list->len + todos->len;
    }
    g_assert_cmpuint(seen, ==, w.count);
    g_rand_free(w.rand);
    mail_close(&w.m);
}

/* --- searching */

static void test_search(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "a@x", NULL, "lamps");
    put(&m, 2, "b@x", "a@x", "lamps");
    put(&m, 3, "c@x", NULL, "tables");
    note(&m, STORE_NOTE, find(&m, "a@x"), "Remember the Überweisung");
    note(&m, STORE_TODO, find(&m, "c@x"), "pay the carpenter");
    g_assert_cmpuint(mail_found(&m, filter_number(STORE_HAS_NOTE, 1)), ==, 2);
    g_assert_cmpuint(mail_found(&m, filter_number(STORE_HAS_NOTE, 0)), ==, 1);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_NOTE_TEXT, "uberweisung")), ==, 2);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_NOTE_TEXT, "lamps")), ==, 0);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_TEXT, "uberweisung")), ==, 2);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_TEXT, "lamps uberweisung")), ==, 2);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_TEXT, "carpenter")), ==, 1);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_SUBJECT, "carpenter")), ==, 0);
    /* Found in the message and in the note: once. */
    note(&m, STORE_NOTE, find(&m, "a@x"), "some lamps");
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_TEXT, "some")), ==, 3);
    g_assert_cmpuint(mail_found(&m, filter_join(STORE_AND, filter_in(m.inbox),
                                                filter_words(STORE_TEXT, "uberweisung"))),
                     ==, 2);
    g_assert_cmpuint(mail_found(&m, filter_join(STORE_AND, filter_in(m.archive),
                                                filter_words(STORE_TEXT, "uberweisung"))),
                     ==, 0);
    mail_close(&m);
}

static guint found_todo(struct mail_fixture *m, int64_t from, int64_t before, int64_t person,
                        bool done)
{
    struct store_filter *filter = store_filter_new(STORE_TODO_IS);
    filter->todo.due_from = from;
    filter->todo.due_before = before;
    filter->todo.person = person;
    filter->todo.done = done;
    return mail_found(m, filter);
}

static void test_search_todos(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    mail_open(&m);
    put(&m, 1, "a@x", NULL, "lamps");
    put(&m, 2, "b@x", NULL, "tables");
    int64_t self = store_principal_user(m.user);
    struct store_access *access = mail_access(&m, STORE_WRITE);
    struct store_note_text text = {.text = "do it",
                                   .has_due = true,
                                   .due = 20261122,
                                   .has_person = true,
                                   .person = self};
    int64_t id = store_note_create(access, STORE_TODO, find(&m, "a@x"), 0, &text, &error);
    g_assert_no_error(error);
    note(&m, STORE_TODO, find(&m, "b@x"), "some time");
    g_assert_cmpuint(found_todo(&m, 0, 0, 0, false), ==, 2);
    g_assert_cmpuint(found_todo(&m, 0, 20261123, 0, false), ==, 1);
    g_assert_cmpuint(found_todo(&m, 0, 20261122, 0, false), ==, 0);
    g_assert_cmpuint(found_todo(&m, 20261122, 0, self, false), ==, 1);
    g_assert_cmpuint(found_todo(&m, 0, 0, self + 1, false), ==, 0);
    text = (struct store_note_text){.has_done = true, .done = true};
    g_assert_true(store_note_update(access, STORE_TODO, id, &text, &error));
    g_assert_cmpuint(found_todo(&m, 0, 0, self, false), ==, 0);
    g_assert_cmpuint(found_todo(&m, 0, 0, self, true), ==, 1);
    /* A person who does not see the account. */
    text = (struct store_note_text){.has_person = true, .person = 12345};
    g_assert_false(store_note_update(access, STORE_TODO, id, &text, &error));
    g_assert_true(error_is(error, ERROR_INVALID));
    store_access_free(access);
    mail_close(&m);
}

/* --- keywords */

static void test_keyword_is_taken_off_all(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    mail_open(&m);
    struct store_batch *batch = store_batch_new(m.f.store, m.account);
    for (uint32_t uid = 1; uid <= 450; uid++) {
        g_autofree char *id = g_strdup_printf("m%u@x", uid);
        mail_add(batch, &(struct mail_spec){.mailbox = m.inbox,
                                            .uid = uid,
                                            .id = id,
                                            .received_at = uid,
                                            .keyword = uid % 3 == 0 ? "worker" : "work"});
    }
    mail_commit(batch);
    store_batch_free(batch);
    g_assert_cmpuint(mail_found(&m, filter_text(STORE_HAS_KEYWORD, "work")), ==, 300);
    struct store_access *access = mail_access(&m, STORE_WRITE);
    g_assert_true(store_keyword_remove(access, "Work", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(mail_found(&m, filter_text(STORE_HAS_KEYWORD, "work")), ==, 0);
    g_assert_cmpuint(mail_found(&m, filter_text(STORE_HAS_KEYWORD, "worker")), ==, 150);
    store_access_free(access);
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/organise/note-stays-when-its-email-goes",
                    test_a_note_stays_when_its_email_goes);
    g_test_add_func("/store/organise/notes-of-merged-threads",
                    test_notes_of_merged_threads_are_together);
    g_test_add_func("/store/organise/all-goes-with-the-account", test_all_goes_with_the_account);
    g_test_add_func("/store/organise/split-holds", test_a_split_holds);
    g_test_add_func("/store/organise/merge-holds", test_a_merge_holds);
    g_test_add_func("/store/organise/what-cannot-be-regrouped", test_what_cannot_be_regrouped);
    g_test_add_func("/store/organise/ties-say-why", test_ties_say_why);
    g_test_add_func("/store/organise/nothing-is-lost", test_nothing_is_lost);
    g_test_add_func("/store/organise/search", test_search);
    g_test_add_func("/store/organise/search-todos", test_search_todos);
    g_test_add_func("/store/organise/keyword-is-taken-off-all", test_keyword_is_taken_off_all);
    return g_test_run();
}
