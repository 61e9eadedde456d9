/* The search language of people (docs/search.md): what it compiles to, and where it points at
 * mistakes; then through Search/parse and Email/query. */
#include "jmap_fixture.h"

#include "jmap/search/search.h"
#include "text/text.h"

/* 2026-11-22 12:00 in Berlin, which is two hours ahead in summer. */
#define NOW 1795345200
#define BERLIN "Europe/Berlin"

struct world {
    struct store_mailbox boxes[8];
    GPtrArray *list;
    struct search_scope scope;
};

static void world_open(struct world *w)
{
    static const struct {
        const char *name;
        int64_t parent;
        enum mail_role role;
    } boxes[] = {
        {"INBOX", 0, MAIL_ROLE_INBOX},   {"Gelöschte Elemente", 0, MAIL_ROLE_TRASH},
        {"Projekte", 0, MAIL_ROLE_NONE}, {"Straße", 3, MAIL_ROLE_NONE},
        {"Lampen", 3, MAIL_ROLE_NONE},   {"Archiv", 0, MAIL_ROLE_ARCHIVE},
        {"Lampen", 0, MAIL_ROLE_NONE},   {"Sent Items", 0, MAIL_ROLE_SENT},
    };
    w->list = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(boxes); i++) {
        w->boxes[i] = (struct store_mailbox){.id = (int64_t)i + 1,
                                             .parent = boxes[i].parent,
                                             .name = (char *)(uintptr_t)boxes[i].name,
                                             .role = boxes[i].role};
        g_ptr_array_add(w->list, &w->boxes[i]);
    }
    w->scope = (struct search_scope){.mailboxes = w->list, .zone = BERLIN, .now = NOW};
}

static void expect(const struct search_scope *scope, const char *text, const char *json)
{
    struct jmap_search_problem problem;
    json_t *filter = search_compile(scope, text, &problem), *wanted = jmap_fixture_json("%s", json);

    if (filter == NULL)
        g_error("%s: %s at %zu: %s", text, problem.code, problem.position, problem.advice);
    if (!json_equal(filter, wanted))
        g_error("%s: %s", text, json_dumps(filter, 0));
    g_assert_null(problem.code);
    json_decref(filter);
    json_decref(wanted);
}

static void every_term_has_its_condition(void)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"", "{}"},
        {"  ", "{}"},
        {"invoice", "{'text': 'invoice'}"},
        {"Über", "{'text': 'Über'}"},
        {"inv*", "{'text': 'inv*'}"},
        {"'tis", "{'text': '\\u0027tis'}"},
        {"\"annual report\"", "{'text': '\\\"annual report\\\"'}"},
        {"“annual report”", "{'text': '\\\"annual report\\\"'}"},
        {"„Zweiter Stock“", "{'text': '\\\"Zweiter Stock\\\"'}"},
        {"\"annual rep*\"", "{'text': '\\\"annual rep\\\"*'}"},
        {"\"annual rep\"*", "{'text': '\\\"annual rep\\\"*'}"},
        {"צה\"ל", "{'text': 'צה\\\"ל'}"},
        {"\"צה\"ל היום\"", "{'text': '\\\"צה\\\\\\\"ל היום\\\"'}"},
        {"from:anna", "{'from': 'anna'}"},
        {"FROM:anna", "{'from': 'anna'}"},
        {"from: anna", "{'from': 'anna'}"},
        {"from：安娜", "{'from': '安娜'}"},
        {"to:a@b.example", "{'to': 'a@b.example'}"},
        {"cc:x", "{'cc': 'x'}"},
        {"bcc:x", "{'bcc': 'x'}"},
        {"subject:\"Second order\"", "{'subject': '\\\"Second order\\\"'}"},
        {"body:x", "{'body': 'x'}"},
        {"filename:plan.pdf", "{'postroom:filename': 'plan.pdf'}"},
        {"has:attachment", "{'hasAttachment': true}"},
        {"is:unread", "{'notKeyword': '$seen'}"},
        {"is:Read", "{'hasKeyword': '$seen'}"},
        {"is:flagged", "{'hasKeyword': '$flagged'}"},
        {"is:answered", "{'hasKeyword': '$answered'}"},
        {"is:draft", "{'hasKeyword': '$draft'}"},
        {"label:Work", "{'hasKeyword': 'work'}"},
        {"larger:5M", "{'minSize': 5000000}"},
        {"larger:5MB", "{'minSize': 5000000}"},
        {"smaller:300k", "{'maxSize': 300000}"},
        {"smaller:1234", "{'maxSize': 1234}"},
        {"https://example.org/a:b", "{'text': 'https://example.org/a:b'}"},
        {"10:30", "{'text': '10:30'}"},
        {"re: x", "{'operator': 'AND', 'conditions': [{'text': 're:'}, {'text': 'x'}]}"},
        {"!!!", "{'text': '!!!'}"},
        {"a & b", "{'operator': 'AND', 'conditions': [{'text': 'a'}, {'text': 'b'}]}"},
    };
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect(&w.scope, cases[i].text, cases[i].json);
    g_ptr_array_unref(w.list);
}

static void dates_are_days_where_the_reader_is(void)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"after:2026-11-22", "{'after': '2026-11-21T23:00:00Z'}"},
        {"before:2026-07-01", "{'before': '2026-06-30T22:00:00Z'}"},
        {"before:2026-11", "{'before': '2026-10-31T23:00:00Z'}"},
        {"after:2026", "{'after': '2025-12-31T23:00:00Z'}"},
        {"after:2026-3-1", "{'after': '2026-02-28T23:00:00Z'}"},
        {"after:today", "{'after': '2026-11-21T23:00:00Z'}"},
        {"before:yesterday", "{'before': '2026-11-20T23:00:00Z'}"},
        {"after:7d", "{'after': '2026-11-14T23:00:00Z'}"},
        {"after:2w", "{'after': '2026-11-07T23:00:00Z'}"},
        {"after:22d", "{'after': '2026-10-30T23:00:00Z'}"},
        {"after:3m", "{'after': '2026-08-21T22:00:00Z'}"},
        {"after:11m", "{'after': '2025-12-21T23:00:00Z'}"},
        {"after:1y", "{'after': '2025-11-21T23:00:00Z'}"},
        {"on:2026-10-25", "{'after': '2026-10-24T22:00:00Z', 'before': '2026-10-25T23:00:00Z'}"},
        {"on:2026-02", "{'after': '2026-01-31T23:00:00Z', 'before': '2026-02-28T23:00:00Z'}"},
        {"on:yesterday", "{'after': '2026-11-20T23:00:00Z', 'before': '2026-11-21T23:00:00Z'}"},
    };
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect(&w.scope, cases[i].text, cases[i].json);
    w.scope.zone = "No/Such";
    expect(&w.scope, "after:2026-11-22", "{'after': '2026-11-22T00:00:00Z'}");
    w.scope.zone = "../../etc/passwd\xff";
    expect(&w.scope, "after:2026-11-22", "{'after': '2026-11-22T00:00:00Z'}");
    g_ptr_array_unref(w.list);
}

static void terms_are_joined(void)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"a b", "{'operator': 'AND', 'conditions': [{'text': 'a'}, {'text': 'b'}]}"},
        {"a AND b", "{'operator': 'AND', 'conditions': [{'text': 'a'}, {'text': 'b'}]}"},
        {"a (b c)",
         "{'operator': 'AND', 'conditions': [{'text': 'a'}, {'text': 'b'}, {'text': 'c'}]}"},
        {"a OR b", "{'operator': 'OR', 'conditions': [{'text': 'a'}, {'text': 'b'}]}"},
        {"a or b",
         "{'operator': 'AND', 'conditions': [{'text': 'a'}, {'text': 'or'}, {'text': 'b'}]}"},
        {"a b OR c",
         "{'operator': 'OR', 'conditions': [{'operator': 'AND', 'conditions': [{'text': 'a'},"
         " {'text': 'b'}]}, {'text': 'c'}]}"},
        {"a (b OR c)",
         "{'operator': 'AND', 'conditions': [{'text': 'a'}, {'operator': 'OR', 'conditions':"
         " [{'text': 'b'}, {'text': 'c'}]}]}"},
        {"-a", "{'operator': 'NOT', 'conditions': [{'text': 'a'}]}"},
        {"NOT a", "{'operator': 'NOT', 'conditions': [{'text': 'a'}]}"},
        {"NOT -a", "{'text': 'a'}"},
        {"-(a OR b)",
         "{'operator': 'NOT', 'conditions': [{'operator': 'OR', 'conditions': [{'text': 'a'},"
         " {'text': 'b'}]}]}"},
        {"-from:a", "{'operator': 'NOT', 'conditions': [{'from': 'a'}]}"},
        {"e-mail", "{'text': 'e-mail'}"},
        {"a - b", "{'operator': 'AND', 'conditions': [{'text': 'a'}, {'text': 'b'}]}"},
        {"from:(anna OR \"b c\")",
         "{'operator': 'OR', 'conditions': [{'from': 'anna'}, {'from': '\\\"b c\\\"'}]}"},
        {"(a)", "{'text': 'a'}"},
        {"（a）", "{'text': 'a'}"},
        {"\"OR\"", "{'text': '\\\"OR\\\"'}"},
    };
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect(&w.scope, cases[i].text, cases[i].json);
    g_ptr_array_unref(w.list);
}

static void mailboxes_have_roles_and_names(void)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"in:inbox", "{'inMailbox': 'm1'}"},
        {"in:Posteingang", "{'inMailbox': 'm1'}"},
        {"in:\"דואר נכנס\"", "{'inMailbox': 'm1'}"},
        {"in:收件箱", "{'inMailbox': 'm1'}"},
        {"in:\"gelen kutusu\"", "{'inMailbox': 'm1'}"},
        {"in:Вхідні", "{'inMailbox': 'm1'}"},
        {"in:trash", "{'inMailbox': 'm2'}"},
        {"in:Papierkorb", "{'inMailbox': 'm2'}"},
        {"in:\"GELOSCHTE elemente\"", "{'inMailbox': 'm2'}"},
        {"in:strasse", "{'inMailbox': 'm4'}"},
        {"in:projekte/strasse", "{'inMailbox': 'm4'}"},
        {"in:Projekte/Lampen", "{'inMailbox': 'm5'}"},
        {"in:lampen",
         "{'operator': 'OR', 'conditions': [{'inMailbox': 'm5'}, {'inMailbox': 'm7'}]}"},
        {"in:stra", "{'inMailbox': 'm4'}"},
        {"in:arşiv", "{'inMailbox': 'm6'}"},
        {"in:(inbox OR sent)",
         "{'operator': 'OR', 'conditions': [{'inMailbox': 'm1'}, {'inMailbox': 'm8'}]}"},
        {"in:anywhere", "{}"},
    };
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect(&w.scope, cases[i].text, cases[i].json);
    w.scope.inside = 9;
    expect(&w.scope, "", "{'inMailbox': 'm9'}");
    expect(&w.scope, "a",
           "{'operator': 'AND', 'conditions': [{'inMailbox': 'm9'}, {'text': 'a'}]}");
    expect(&w.scope, "in:inbox", "{'inMailbox': 'm1'}");
    expect(&w.scope, "in:all", "{}");
    g_ptr_array_unref(w.list);
}

/* The mark below the text is what is pointed at. */
static void mistakes_are_pointed_at(void)
{
    static const struct {
        const char *text, *mark, *code;
    } cases[] = {
        {"a \"b c", "  ^^^^", "unclosed-quote"},
        {"a (b", "  ^", "unclosed-group"},
        {"a) b", " ^", "unexpected-close"},
        {"()", "^^", "empty-group"},
        {"a OR", "  ^^", "nothing-after"},
        {"OR a", "^^", "nothing-before"},
        {"a OR OR b", "  ^^", "nothing-after"},
        {"a AND", "  ^^^", "nothing-after"},
        {"a NOT", "  ^^^", "nothing-after"},
        {"(a OR )", "   ^^", "nothing-after"},
        {"x from:", "  ^^^^^", "empty-field"},
        {"x from: (", "        ^", "unclosed-group"},
        {"ä form:anna", "  ^^^^^", "unknown-field"},
        {"has:wings", "    ^^^^^", "unknown-has"},
        {"is:blue", "   ^^^^", "unknown-is"},
        {"after:2026-13-01", "      ^^^^^^^^^^", "bad-date"},
        {"after:2026-02-30", "      ^^^^^^^^^^", "bad-date"},
        {"after:soon", "      ^^^^", "bad-date"},
        {"after:7x", "      ^^", "bad-date"},
        {"larger:big", "       ^^^", "bad-size"},
        {"larger:5X", "       ^^", "bad-size"},
        {"larger:99999999999999999999", "       ^^^^^^^^^^^^^^^^^^^^", "bad-size"},
        {"larger:-1", "       ^^", "bad-size"},
        {"label:\"two words\"", "      ^^^^^^^^^^^", "bad-label"},
        {"in:nowhere", "   ^^^^^^^", "unknown-mailbox"},
        {"((((((a))))))", "     ^", "too-deep"},
    };
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct jmap_search_problem problem;
        json_t *filter = search_compile(&w.scope, cases[i].text, &problem);
        size_t spaces = strspn(cases[i].mark, " ");

        if (filter != NULL)
            g_error("%s: %s", cases[i].text, json_dumps(filter, 0));
        if (strcmp(problem.code, cases[i].code) != 0 || problem.position != spaces ||
            problem.length != strlen(cases[i].mark) - spaces)
            g_error("%s: %s %zu+%zu", cases[i].text, problem.code, problem.position,
                    problem.length);
        g_assert_cmpuint(strlen(problem.advice), >, 10);
        jmap_search_problem_clear(&problem);
    }
    g_ptr_array_unref(w.list);
}

static void searches_are_bounded(void)
{
    struct jmap_search_problem problem;
    g_autoptr(GString) many = g_string_new(NULL);
    g_autofree char *giant = g_strnfill(SEARCH_BYTES_MAX + 1, 'a');
    struct world w;

    world_open(&w);
    for (int i = 0; i < SEARCH_TERMS_MAX + 1; i++)
        g_string_append(many, "a ");
    g_assert_null(search_compile(&w.scope, many->str, &problem));
    g_assert_cmpstr(problem.code, ==, "too-many");
    jmap_search_problem_clear(&problem);
    g_assert_null(search_compile(&w.scope, giant, &problem));
    g_assert_cmpstr(problem.code, ==, "too-long");
    jmap_search_problem_clear(&problem);
    g_string_truncate(many, 0);
    for (int i = 0; i < 900; i++)
        g_string_append(many, "NOT ");
    g_assert_null(search_compile(&w.scope, many->str, &problem));
    jmap_search_problem_clear(&problem);
    g_ptr_array_unref(w.list);
}

/* --- through the API */

static void the_filter_goes_into_a_query(struct jmap_fixture *t)
{
    int64_t wanted = jmap_fixture_put(t, t->m.inbox, 1, MAIL_FLAGGED, 1700000000,
                                      "From: Anna <anna@example.org>\nMessage-ID: <1@x>\n"
                                      "Subject: Lampe\n\nDie Straßenlampe leuchtet.\n");
    jmap_fixture_put(t, t->m.archive, 2, MAIL_FLAGGED, 1700000001,
                     "From: Anna <anna@example.org>\nMessage-ID: <2@x>\nSubject: Lampe\n\nx\n");
    jmap_fixture_put(t, t->m.inbox, 3, 0, 1700000002,
                     "From: Bob <bob@example.org>\nMessage-ID: <3@x>\nSubject: Lampe\n\nx\n");
    g_autofree char *account = g_strdup_printf("a%" G_GINT64_FORMAT, t->m.account);
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Search/parse', {'accountId': '%s', 'text': 'from:anna lampe -bob after:2020',"
        " 'inMailbox': 'm%" G_GINT64_FORMAT "', 'filter': {'hasKeyword': '$flagged'}}, 's'],"
        " ['Email/query', {'accountId': '%s', '#filter': {'resultOf': 's', 'name':"
        " 'Search/parse', 'path': '/filter'}}, 'q']]",
        account, t->m.inbox, account);
    g_assert_cmpint(json_array_size(jmap_at(answer, "methodResponses/1/1/ids")), ==, 1);
    g_autofree char *id = g_strdup_printf("e%" G_GINT64_FORMAT, wanted);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/ids/0"), ==, id);
    json_decref(answer);
}

static void a_mistake_is_an_error_with_its_place(struct jmap_fixture *t)
{
    g_autofree char *account = g_strdup_printf("a%" G_GINT64_FORMAT, t->m.account);
    json_t *answer =
        jmap_fixture_ask(t, t->m.user,
                         "[['Search/parse', {'accountId': '%s', 'text': 'ä is:blue'}, 's'],"
                         " ['Email/query', {'accountId': '%s', '#filter': {'resultOf': 's', 'name':"
                         " 'Search/parse', 'path': '/filter'}}, 'q']]",
                         account, account);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/type"), ==, "invalidSearch");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/code"), ==, "unknown-is");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/word"), ==, "blue");
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/0/1/position"), ==, 5);
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/0/1/length"), ==, 4);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/type"), ==, "invalidResultReference");
    json_decref(answer);
}

static void names_of_attachments_are_a_condition(struct jmap_fixture *t)
{
    jmap_fixture_put(t, t->m.inbox, 1, 0, 1000,
                     "Message-ID: <1@x>\nMIME-Version: 1.0\n"
                     "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nplan\n--b\n"
                     "Content-Type: application/pdf\n"
                     "Content-Disposition: attachment; filename=\"Entwurf.pdf\"\n\nx\n--b--\n");
    json_t *answer =
        jmap_fixture_call(t, "Email/query", "{'filter': {'postroom:filename': 'entwurf'}}");
    g_assert_cmpint(json_array_size(jmap_at(answer, "ids")), ==, 1);
    json_decref(answer);
    answer = jmap_fixture_call(t, "Email/query", "{'filter': {'postroom:filename': 'plan'}}");
    g_assert_cmpint(json_array_size(jmap_at(answer, "ids")), ==, 0);
    json_decref(answer);
}

static void put_with(struct jmap_fixture *t, uint32_t n, const char *subject, const char *body)
{
    g_autofree char *mail =
        g_strdup_printf("From: X <x@example.org>\nMessage-ID: <%u@x>\nSubject: %s\n\n%s\n", n,
                        subject, body);
    jmap_fixture_put(t, t->m.inbox, n, 0, 1000 + n, mail);
}

static void expect_order(struct jmap_fixture *t, const char *filter, const char *more,
                         const char *subjects)
{
    json_t *answer = jmap_fixture_call(t, "Email/query",
                                       "{'filter': %s, 'sort': [{'property': 'postroom:relevance',"
                                       " 'isAscending': false}]%s}",
                                       filter, more);
    g_autoptr(GString) got = g_string_new(NULL);
    json_t *id;
    size_t i;

    g_assert_false(json_is_true(jmap_at(answer, "canCalculateChanges")));
    json_array_foreach(jmap_at(answer, "ids"), i, id)
    {
        json_t *email =
            jmap_fixture_call(t, "Email/get", "{'ids': ['%s'], 'properties': ['subject']}",
                              json_string_value(id));
        g_string_append_printf(got, "%s%s", i > 0 ? "|" : "",
                               jmap_text_at(email, "list/0/subject"));
        json_decref(email);
    }
    g_assert_cmpstr(got->str, ==, subjects);
    json_decref(answer);
}

static void better_places_and_rarer_words_come_first(struct jmap_fixture *t)
{
    put_with(t, 1, "A quokka", "text");
    put_with(t, 2, "in the text", "the quokka sits");
    put_with(t, 3, "quoted", "Yes.\n\nOn Monday Bob wrote:\n> the quokka sits");
    put_with(t, 4, "other", "nothing here");
    expect_order(t, "{'text': 'quokka'}", "", "A quokka|in the text|quoted");
    expect_order(t, "{'text': 'quokka'}", ", 'position': 1, 'limit': 1", "in the text");
    expect_order(t, "{'text': 'quokka'}", ", 'collapseThreads': true",
                 "A quokka|in the text|quoted");
    expect_order(t, "{'hasAttachment': false}", "", "other|quoted|in the text|A quokka");
    /* In the same place the rarer word is worth more, however old. */
    for (uint32_t n = 10; n < 40; n++)
        put_with(t, n, "filler", "the lamp");
    put_with(t, 5, "rare", "a zyzzyva");
    expect_order(t, "{'operator': 'OR', 'conditions': [{'text': 'lamp'}, {'text': 'zyzzyva'}]}",
                 ", 'limit': 1", "rare");
    json_t *answer = jmap_fixture_call(t, "Email/queryChanges",
                                       "{'sinceQueryState': '1', 'sort': [{'property':"
                                       " 'postroom:relevance', 'isAscending': false}]}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "cannotCalculateChanges");
    json_decref(answer);
}

/* --- the unified account */

static void expect_unified(struct jmap_fixture *t, const char *text, size_t emails)
{
    json_t *answer =
        jmap_fixture_ask(t, t->m.user,
                         "[['Search/parse', {'accountId': 'u1', 'text': '%s', 'inMailbox': 'm-1'}, "
                         "'s'],"
                         " ['Email/query', {'accountId': 'u1', '#filter': {'resultOf': 's', 'name':"
                         " 'Search/parse', 'path': '/filter'}}, 'q']]",
                         text);

    if (json_array_size(jmap_at(answer, "methodResponses/1/1/ids")) != emails)
        g_error("%s: %s", text, json_dumps(answer, 0));
    json_decref(answer);
}

/* A role's name means the mailboxes of all accounts, an account's name its own. */
static void names_span_all_accounts(struct jmap_fixture *t)
{
    struct mail_fixture own = t->m;
    json_t *answer;

    put_with(t, 1, "own", "plum");
    t->m.account = fixture_account(&t->m.f, t->m.user, "second@mail.example", "password");
    t->m.inbox = mail_mailbox(&t->m, "INBOX", MAIL_ROLE_INBOX);
    put_with(t, 2, "second", "plum cake");
    t->m.inbox = mail_mailbox(&t->m, "Old", MAIL_ROLE_ARCHIVE);
    put_with(t, 3, "kept", "plum");
    t->m = own;
    expect_unified(t, "plum", 2);
    expect_unified(t, "plum in:anywhere", 3);
    expect_unified(t, "in:inbox", 2);
    expect_unified(t, "in:archive", 1);
    expect_unified(t, "in:old", 1);
    expect_unified(t, "in:second@mail.example", 2);
    expect_unified(t, "in:second@mail.example/inbox", 1);
    expect_unified(t, "in:second@mail.example plum -in:inbox", 1);
    answer = jmap_fixture_call(t, "Search/parse", "{'accountId': 'u1', 'text': 'in:inb'}");
    g_assert_cmpstr(jmap_text_at(answer, "filter/inMailbox"), ==, "m-1");
    json_decref(answer);
    answer = jmap_fixture_call(t, "Search/parse", "{'accountId': 'u1', 'text': 'in:nowhere'}");
    g_assert_cmpstr(jmap_text_at(answer, "code"), ==, "unknown-mailbox");
    json_decref(answer);
}

int main(int argc, char **argv)
{
    static const struct jmap_case cases[] = {
        {"/jmap/search/query", the_filter_goes_into_a_query},
        {"/jmap/search/error", a_mistake_is_an_error_with_its_place},
        {"/jmap/search/unified", names_span_all_accounts},
        {"/jmap/search/relevance", better_places_and_rarer_words_come_first},
        {"/jmap/search/filename", names_of_attachments_are_a_condition},
    };
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/search/terms", every_term_has_its_condition);
    g_test_add_func("/search/dates", dates_are_days_where_the_reader_is);
    g_test_add_func("/search/joined", terms_are_joined);
    g_test_add_func("/search/mailboxes", mailboxes_have_roles_and_names);
    g_test_add_func("/search/mistakes", mistakes_are_pointed_at);
    g_test_add_func("/search/bounds", searches_are_bounded);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
