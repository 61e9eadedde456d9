/* What people made of conversations goes along when mail goes to another account (Email/copy;
 * docs/api.md, "Organising"). */
#include "jmap_fixture.h"

/* The fixture's account, and another one of the same person, which Carl does not see. */
struct two {
    struct jmap_fixture t;
    struct store_principal *carl;
    int64_t to, inbox, sent; /* the other account and its mailboxes */
};

#define MAIL(id, refs, subject)                                                                    \
    "Message-ID: <" id ">\nReferences: " refs "\nFrom: Bea <bea@example.org>\nSubject: " subject   \
    "\n\nSome text.\n"

static void two_open(struct two *w)
{
    int64_t own;

    jmap_fixture_open(&w->t);
    own = w->t.m.account;
    w->to = fixture_account(&w->t.m.f, w->t.m.user, "ann@second.example", "password");
    w->t.m.account = w->to;
    w->inbox = mail_mailbox(&w->t.m, "INBOX", MAIL_ROLE_INBOX);
    w->sent = mail_mailbox(&w->t.m, "Sent", MAIL_ROLE_SENT);
    w->t.m.account = own;
    w->carl = fixture_user(&w->t.m.f, "carl@example.org");
    jmap_fixture_share(&w->t, w->carl, STORE_READ | STORE_WRITE);
}

static void two_close(struct two *w)
{
    store_principal_unref(w->carl);
    jmap_fixture_close(&w->t);
}

static json_t *ask(struct two *w, int64_t account, const char *method, const char *args)
{
    json_t *whole = jmap_fixture_ask(&w->t, w->t.m.user,
                                     "[['%s', {'accountId': 'a%" G_GINT64_FORMAT "', %s}, '0']]",
                                     method, account, args);
    json_t *answer = json_incref(jmap_at(whole, "methodResponses/0/1"));

    json_decref(whole);
    return answer;
}

static char *text_of(json_t *answer, const char *path)
{
    char *text = g_strdup(jmap_text_at(answer, path));

    json_decref(answer);
    return text;
}

static char *put(struct two *w, int64_t mailbox, uint32_t uid, const char *message)
{
    return g_strdup_printf("e%" G_GINT64_FORMAT,
                           jmap_fixture_put(&w->t, mailbox, uid, 0, 1000 + uid, message));
}

static char *thread_of(struct two *w, int64_t account, const char *email)
{
    g_autofree char *args = g_strdup_printf("'ids': ['%s'], 'properties': ['threadId']", email);

    return text_of(ask(w, account, "Email/get", args), "list/0/threadId");
}

/* Copies emails (a list of ids, by commas) between the accounts; the whole answer. */
static json_t *copy_between(struct two *w, int64_t from, int64_t to, int64_t mailbox,
                            const char *emails, const char *more)
{
    g_autoptr(GString) create = g_string_new("");
    g_auto(GStrv) ids = g_strsplit(emails, ",", -1);

    for (size_t i = 0; ids[i] != NULL; i++)
        g_string_append_printf(create,
                               "%s'k%zu': {'id': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT
                               "': true}}",
                               i > 0 ? ", " : "", i, ids[i], mailbox);
    return jmap_fixture_ask(&w->t, w->t.m.user,
                            "[['Email/copy', {'accountId': 'a%" G_GINT64_FORMAT
                            "', 'fromAccountId': 'a%" G_GINT64_FORMAT "', 'create': {%s}%s}, '0']]",
                            to, from, create->str, more);
}

/* The copies' ids. (transfer full) */
static char **taken(json_t *whole, size_t count, bool moved)
{
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();

    for (size_t i = 0; i < count; i++) {
        g_autofree char *path = g_strdup_printf("methodResponses/0/1/created/k%zu/id", i);

        g_strv_builder_add(ids, jmap_text_at(whole, path));
    }
    if (moved)
        g_assert_cmpuint(json_array_size(jmap_at(whole, "methodResponses/1/1/destroyed")), ==,
                         count);
    json_decref(whole);
    return g_strv_builder_end(ids);
}

static char **move(struct two *w, const char *emails)
{
    return taken(copy_between(w, w->t.m.account, w->to, w->inbox, emails,
                              ", 'onSuccessDestroyOriginal': true"),
                 1 + (strchr(emails, ',') != NULL), true);
}

static char **move_back(struct two *w, const char *emails)
{
    return taken(copy_between(w, w->to, w->t.m.account, w->t.m.inbox, emails,
                              ", 'onSuccessDestroyOriginal': true"),
                 1 + (strchr(emails, ',') != NULL), true);
}

static void write_at(struct two *w, const char *type, const char *email, const char *text)
{
    g_autofree char *method = g_strconcat(type, "/set", NULL), *args = NULL;
    bool todo = strcmp(type, "Todo") == 0;

    args = g_strdup_printf("'create': {'k': {'emailId': '%s', 'text': '%s'%s}}", email, text,
                           todo ? ", 'due': '2030-02-03'" : "");
    g_free(text_of(ask(w, w->t.m.account, method, args), "created/k/id"));
}

/* Notes or to-dos of an account. (transfer full) */
static json_t *all(struct two *w, int64_t account, const char *type)
{
    g_autofree char *method = g_strconcat(type, "/get", NULL);

    return ask(w, account, method, "'ids': null");
}

static void expect_count(struct two *w, int64_t account, const char *type, size_t count)
{
    json_t *got = all(w, account, type);

    g_assert_cmpuint(json_array_size(jmap_at(got, "list")), ==, count);
    json_decref(got);
}

static void check_counts(struct two *w)
{
    const int64_t accounts[] = {w->t.m.account, w->to};

    for (size_t i = 0; i < G_N_ELEMENTS(accounts); i++) {
        g_autofree char *wrong = store_check_counts(w->t.m.f.store, accounts[i]);

        g_assert_cmpstr(wrong, ==, NULL);
    }
}

/* --- notes and to-dos */

static void test_a_moved_conversation_keeps_them(struct two *w)
{
    g_autofree char *a = put(w, w->t.m.inbox, 1, MAIL("a@x", "", "lamps")), *both = NULL;
    g_autofree char *b = put(w, w->t.m.inbox, 2, MAIL("b@x", "<a@x>", "Re: lamps"));
    g_autofree char *there = NULL, *carl = NULL;
    g_auto(GStrv) copies = NULL;
    json_t *note, *todo, *moved, *answer;

    write_at(w, "Note", b, "call them");
    write_at(w, "Todo", a, "order");
    todo = all(w, w->t.m.account, "Todo");
    carl = g_strdup_printf("'update': {'%s': {'personId': 'u%" G_GINT64_FORMAT "'}}",
                           jmap_text_at(todo, "list/0/id"), store_principal_user(w->carl));
    json_decref(todo);
    answer = ask(w, w->t.m.account, "Todo/set", carl);
    g_assert_true(jmap_has(answer, "updated"));
    json_decref(answer);
    note = all(w, w->t.m.account, "Note");
    todo = all(w, w->t.m.account, "Todo");
    both = g_strconcat(a, ",", b, NULL);
    copies = move(w, both);
    there = thread_of(w, w->to, copies[0]);
    moved = all(w, w->to, "Note");
    g_assert_cmpuint(json_array_size(jmap_at(moved, "list")), ==, 1);
    g_assert_cmpstr(jmap_text_at(moved, "list/0/threadId"), ==, there);
    g_assert_cmpstr(jmap_text_at(moved, "list/0/emailId"), ==, copies[1]);
    static const char *const kept[] = {"list/0/text", "list/0/author", "list/0/authorId",
                                       "list/0/createdAt", "list/0/updatedAt"};
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++)
        g_assert_cmpstr(jmap_text_at(moved, kept[i]), ==, jmap_text_at(note, kept[i]));
    json_decref(moved);
    moved = all(w, w->to, "Todo");
    g_assert_cmpstr(jmap_text_at(moved, "list/0/text"), ==, "order");
    g_assert_cmpstr(jmap_text_at(moved, "list/0/due"), ==, "2030-02-03");
    /* Who does not see the account has nothing to do there. */
    g_assert_true(json_is_string(jmap_at(todo, "list/0/personId")));
    g_assert_true(json_is_null(jmap_at(moved, "list/0/personId")));
    json_decref(moved);
    json_decref(todo);
    json_decref(note);
    expect_count(w, w->t.m.account, "Note", 0);
    expect_count(w, w->t.m.account, "Todo", 0);
    check_counts(w);
}

static void test_of_a_part_goes_what_stands_at_it(struct two *w)
{
    g_autofree char *a = put(w, w->t.m.inbox, 1, MAIL("a@x", "", "lamps"));
    g_autofree char *b = put(w, w->t.m.inbox, 2, MAIL("b@x", "<a@x>", "Re: lamps"));
    g_auto(GStrv) first = NULL, second = NULL;
    json_t *got;

    write_at(w, "Note", a, "stays");
    write_at(w, "Note", b, "goes");
    first = move(w, b);
    got = all(w, w->to, "Note");
    g_assert_cmpuint(json_array_size(jmap_at(got, "list")), ==, 1);
    g_assert_cmpstr(jmap_text_at(got, "list/0/text"), ==, "goes");
    json_decref(got);
    got = all(w, w->t.m.account, "Note");
    g_assert_cmpuint(json_array_size(jmap_at(got, "list")), ==, 1);
    g_assert_cmpstr(jmap_text_at(got, "list/0/emailId"), ==, a);
    json_decref(got);
    second = move(w, a);
    expect_count(w, w->to, "Note", 2);
    check_counts(w);
}

/* One's own answers stay in Sent. */
static void test_it_goes_whole_when_only_sent_mail_stays(struct two *w)
{
    g_autofree char *a = put(w, w->t.m.sent, 1, MAIL("a@x", "", "lamps"));
    g_autofree char *b = put(w, w->t.m.inbox, 1, MAIL("b@x", "<a@x>", "Re: lamps"));
    g_auto(GStrv) copies = NULL;

    write_at(w, "Note", a, "call them");
    copies = move(w, b);
    expect_count(w, w->to, "Note", 1);
    expect_count(w, w->t.m.account, "Note", 0);
}

static void test_a_copy_leaves_them(struct two *w)
{
    g_autofree char *a = put(w, w->t.m.inbox, 1, MAIL("a@x", "", "lamps"));
    g_auto(GStrv) copies = NULL, more = NULL;

    write_at(w, "Note", a, "call them");
    copies = taken(copy_between(w, w->t.m.account, w->to, w->inbox, a, ""), 1, false);
    expect_count(w, w->t.m.account, "Note", 1);
    expect_count(w, w->to, "Note", 0);
    /* Nor do they go when the originals will not. */
    more = taken(copy_between(w, w->t.m.account, w->to, w->inbox, a,
                              ", 'onSuccessDestroyOriginal': true, 'destroyFromIfInState': '1'"),
                 1, false);
    expect_count(w, w->t.m.account, "Note", 1);
}

/* Who may only read there takes nothing away. */
static void test_a_reader_leaves_them(struct two *w)
{
    g_autofree char *a = put(w, w->t.m.inbox, 1, MAIL("a@x", "", "lamps"));
    int64_t own = w->t.m.account;
    json_t *whole;

    write_at(w, "Note", a, "call them");
    jmap_fixture_share(&w->t, w->carl, STORE_READ);
    w->t.m.account = w->to;
    jmap_fixture_share(&w->t, w->carl, STORE_READ | STORE_WRITE);
    w->t.m.account = own;
    whole = jmap_fixture_ask(&w->t, w->carl,
                             "[['Email/copy', {'accountId': 'a%" G_GINT64_FORMAT
                             "', 'fromAccountId': 'a%" G_GINT64_FORMAT
                             "', 'create': {'k': {'id': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT
                             "': true}}}, 'onSuccessDestroyOriginal': true}, '0']]",
                             w->to, own, a, w->inbox);
    g_assert_true(jmap_has(whole, "methodResponses/0/1/created/k/id"));
    json_decref(whole);
    expect_count(w, own, "Note", 1);
    expect_count(w, w->to, "Note", 0);
}

/* That the notes leave is a change of the emails, which the client's state does not know. */
static void test_a_condition_holds(struct two *w)
{
    g_autofree char *a = put(w, w->t.m.inbox, 1, MAIL("a@x", "", "lamps")), *state = NULL;
    g_autofree char *more = NULL;
    g_auto(GStrv) copies = NULL;

    write_at(w, "Note", a, "call them");
    state = jmap_state_of(&w->t, "Email");
    more =
        g_strdup_printf(", 'onSuccessDestroyOriginal': true, 'destroyFromIfInState': '%s'", state);
    copies = taken(copy_between(w, w->t.m.account, w->to, w->inbox, a, more), 1, true);
    expect_count(w, w->to, "Note", 1);
}

/* --- how mail is grouped */

static void test_merged_ones_stay_together(struct two *w)
{
    g_autofree char *a = put(w, w->t.m.inbox, 1, MAIL("a@x", "", "lamps"));
    g_autofree char *b = put(w, w->t.m.inbox, 2, MAIL("c@x", "", "glass"));
    g_autofree char *ta = thread_of(w, w->t.m.account, a), *tb = thread_of(w, w->t.m.account, b);
    g_autofree char *merge = g_strdup_printf("'threadIds': ['%s', '%s']", ta, tb), *now = NULL;
    g_autofree char *t1 = NULL, *t2 = NULL, *t3 = NULL, *t4 = NULL, *ties = NULL;
    g_auto(GStrv) first = NULL, second = NULL, third = NULL, fourth = NULL;
    json_t *got = ask(w, w->t.m.account, "Conversation/merge", merge);

    now = g_strdup(jmap_text_at(got, "moved/0/emailIds/0"));
    json_decref(got);
    first = move(w, a);
    second = move(w, now);
    t1 = thread_of(w, w->to, first[0]);
    t2 = thread_of(w, w->to, second[0]);
    g_assert_cmpstr(t1, ==, t2);
    /* And who did that is known still. */
    ties = g_strdup_printf("'threadId': '%s'", t1);
    got = ask(w, w->to, "Conversation/ties", ties);
    g_assert_cmpstr(jmap_text_at(got, "ties/1/byPerson/act"), ==, "merge");
    json_decref(got);
    /* One after the other, they come back together. */
    third = move_back(w, first[0]);
    fourth = move_back(w, second[0]);
    t3 = thread_of(w, w->t.m.account, third[0]);
    t4 = thread_of(w, w->t.m.account, fourth[0]);
    g_assert_cmpstr(t3, ==, t4);
    check_counts(w);
}

static void test_split_ones_stay_apart(struct two *w)
{
    g_autofree char *a = put(w, w->t.m.inbox, 1, MAIL("a@x", "", "lamps")), *both = NULL;
    g_autofree char *b = put(w, w->t.m.inbox, 2, MAIL("b@x", "<a@x>", "Re: lamps"));
    g_autofree char *split = g_strdup_printf("'emailIds': ['%s']", b), *t1 = NULL, *t2 = NULL;
    g_autofree char *reply = NULL, *t3 = NULL, *now = NULL;
    g_auto(GStrv) copies = NULL;
    int64_t own = w->t.m.account;

    now = text_of(ask(w, own, "Conversation/split", split), "emailIds/0");
    both = g_strconcat(a, ",", now, NULL);
    copies = move(w, both);
    t1 = thread_of(w, w->to, copies[0]);
    t2 = thread_of(w, w->to, copies[1]);
    g_assert_cmpstr(t1, !=, t2);
    /* What names both follows the one that it answers. */
    w->t.m.account = w->to;
    reply = put(w, w->inbox, 9, MAIL("d@x", "<a@x> <b@x>", "Re: lamps"));
    w->t.m.account = own;
    t3 = thread_of(w, w->to, reply);
    g_assert_cmpstr(t3, ==, t2);
    g_free(t1);
    t1 = thread_of(w, w->to, copies[0]);
    g_assert_cmpstr(t3, !=, t1);
    check_counts(w);
}

/* A mail between them that stays would tie them. */
static void test_what_is_left_out_does_not_part_them(struct two *w)
{
    g_autofree char *a = put(w, w->t.m.inbox, 1, MAIL("a@x", "", "lamps")), *both = NULL;
    g_autofree char *b = put(w, w->t.m.sent, 1, MAIL("b@x", "<a@x>", "Re: lamps"));
    g_autofree char *c = put(w, w->t.m.inbox, 2, MAIL("c@x", "<b@x>", "Re: lamps"));
    g_autofree char *t1 = NULL, *t2 = NULL;
    g_auto(GStrv) copies = NULL;

    g_assert_nonnull(b);
    both = g_strconcat(a, ",", c, NULL);
    copies = move(w, both);
    t1 = thread_of(w, w->to, copies[0]);
    t2 = thread_of(w, w->to, copies[1]);
    g_assert_cmpstr(t1, ==, t2);
    check_counts(w);
}

/* --- labels */

static char *label(struct two *w, int64_t account, const char *object)
{
    g_autofree char *args = g_strdup_printf("'create': {'k': {%s}}", object);

    return text_of(ask(w, account, "Label/set", args), "created/k/id");
}

static void expect_keywords(struct two *w, const char *email, const char *wanted)
{
    g_autofree char *args = g_strdup_printf("'ids': ['%s'], 'properties': ['keywords']", email);
    json_t *got = ask(w, w->to, "Email/get", args);

    jmap_assert_json(jmap_at(got, "list/0/keywords"), wanted);
    json_decref(got);
}

static void test_labels_are_there_too(struct two *w)
{
    g_autofree char *a = put(w, w->t.m.inbox, 1, MAIL("a@x", "", "lamps")), *set = NULL;
    g_autofree char *fair = NULL, *urgent = NULL, *unused = NULL, *theirs = NULL;
    g_auto(GStrv) copies = NULL, again = NULL;
    json_t *got;

    fair = label(w, w->t.m.account, "'name': 'Große Messe', 'color': 'teal', 'keyword': 'fair'");
    urgent = label(w, w->t.m.account, "'name': 'Urgent', 'color': 'red', 'keyword': 'urgent'");
    unused = label(w, w->t.m.account, "'name': 'Unused', 'keyword': 'unused'");
    theirs = label(w, w->to, "'name': 'URGENT', 'color': 'pink', 'keyword': 'important-2'");
    set = g_strdup_printf("'update': {'%s': {'keywords': {'fair': true, 'urgent': true,"
                          " 'plain': true}}}",
                          a);
    json_decref(ask(w, w->t.m.account, "Email/set", set));
    again = taken(copy_between(w, w->t.m.account, w->to, w->inbox, a, ""), 1, false);
    copies = move(w, a);
    /* The label that has its name already is the label. */
    expect_keywords(w, copies[0], "{'fair': true, 'important-2': true, 'plain': true}");
    got = ask(w, w->to, "Label/get", "'ids': null, 'properties': ['name', 'color', 'keyword']");
    g_assert_cmpuint(json_array_size(jmap_at(got, "list")), ==, 2);
    g_assert_cmpstr(jmap_text_at(got, "list/0/name"), ==, "URGENT");
    g_assert_cmpstr(jmap_text_at(got, "list/0/color"), ==, "pink");
    g_assert_cmpstr(jmap_text_at(got, "list/1/name"), ==, "Große Messe");
    g_assert_cmpstr(jmap_text_at(got, "list/1/color"), ==, "teal");
    g_assert_cmpstr(jmap_text_at(got, "list/1/keyword"), ==, "fair");
    json_decref(got);
}

static const struct two_case {
    const char *name;
    void (*run)(struct two *w);
} cases[] = {
    {"/carry/moved-conversation", test_a_moved_conversation_keeps_them},
    {"/carry/part", test_of_a_part_goes_what_stands_at_it},
    {"/carry/sent-stays", test_it_goes_whole_when_only_sent_mail_stays},
    {"/carry/copy", test_a_copy_leaves_them},
    {"/carry/reader", test_a_reader_leaves_them},
    {"/carry/condition", test_a_condition_holds},
    {"/carry/merged", test_merged_ones_stay_together},
    {"/carry/split", test_split_ones_stay_apart},
    {"/carry/left-out", test_what_is_left_out_does_not_part_them},
    {"/carry/labels", test_labels_are_there_too},
};

static void run_case(gconstpointer data)
{
    const struct two_case *one = data;
    struct two w;

    two_open(&w);
    one->run(&w);
    two_close(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add_data_func(cases[i].name, &cases[i], run_case);
    return g_test_run();
}
