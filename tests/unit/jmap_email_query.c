/* RFC 8621, 4.4 and 5: Email/query, SearchSnippet/get. */
#include "jmap_fixture.h"

struct corpus {
    struct jmap_fixture t;
    int64_t hello, invoice, reply, html;
};

static void corpus_open(struct corpus *c)
{
    jmap_fixture_open(&c->t);
    c->hello = jmap_fixture_put(&c->t, c->t.m.inbox, 1, 0, 1000,
                                "From: Zoe <zoe@example.org>\nTo: ann@mail.example\n"
                                "Message-ID: <h@x>\nSubject: Hello there\n\n"
                                "A greeting from the \xc3\xbc"
                                "berground train.\n");
    c->invoice = jmap_fixture_put(&c->t, c->t.m.inbox, 2, MAIL_SEEN | MAIL_FLAGGED, 2000,
                                  "From: Bob <bob@example.org>\nTo: ann@mail.example\n"
                                  "Message-ID: <i@x>\nSubject: Invoice 42\n\n"
                                  "Please pay <b>soon</b> & well, says the invoice clerk.\n");
    c->reply = jmap_fixture_put(&c->t, c->t.m.archive, 3, MAIL_SEEN, 3000,
                                "From: Amy <amy@example.org>\nTo: ann@mail.example\n"
                                "Message-ID: <r@x>\nReferences: <h@x>\nSubject: Re: Hello there\n"
                                "X-Kind: special VALUE\n\nAnswer.\n");
    c->html = jmap_fixture_put(&c->t, c->t.m.trash, 4, 0, 4000,
                               "From: Mia <mia@example.org>\nTo: ann@mail.example\n"
                               "Message-ID: <w@x>\nSubject: Web\nContent-Type: text/html\n\n"
                               "<p>Business buses</p>\n");
}

static void expect(struct corpus *c, const char *args, const int64_t *ids, size_t count)
{
    json_t *answer = jmap_fixture_call(&c->t, "Email/query", "%s", args);
    json_t *list = json_object_get(answer, "ids");

    if (json_array_size(list) != count)
        g_error("%s: %s", args, json_dumps(answer, 0));
    for (size_t i = 0; i < count; i++) {
        g_autofree char *id = g_strdup_printf("e%" G_GINT64_FORMAT, ids[i]);

        if (strcmp(json_string_value(json_array_get(list, i)), id) != 0)
            g_error("%s: %s", args, json_dumps(answer, 0));
    }
    g_assert_true(json_is_true(jmap_at(answer, "canCalculateChanges")));
    json_decref(answer);
}

#define EXPECT(c, args, ...)                                                                       \
    expect((c), (args), (const int64_t[]){__VA_ARGS__},                                            \
           sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void expect_error(struct corpus *c, const char *args, const char *type)
{
    json_t *answer = jmap_fixture_call(&c->t, "Email/query", "%s", args);

    if (g_strcmp0(json_string_value(json_object_get(answer, "type")), type) != 0)
        g_error("%s: %s", args, json_dumps(answer, 0));
    json_decref(answer);
}

static void test_conditions(void)
{
    struct corpus c;
    g_autofree char *in_inbox = NULL, *not_trash = NULL;

    corpus_open(&c);
    in_inbox = g_strdup_printf("{'filter': {'inMailbox': 'm%" G_GINT64_FORMAT "'}}", c.t.m.inbox);
    not_trash = g_strdup_printf("{'filter': {'inMailboxOtherThan': ['m%" G_GINT64_FORMAT
                                "', 'm%" G_GINT64_FORMAT "']}}",
                                c.t.m.trash, c.t.m.archive);
    EXPECT(&c, "{}", c.html, c.reply, c.invoice, c.hello);
    EXPECT(&c, "{'filter': {}}", c.html, c.reply, c.invoice, c.hello);
    EXPECT(&c, in_inbox, c.invoice, c.hello);
    EXPECT(&c, not_trash, c.invoice, c.hello);
    expect(&c, "{'filter': {'inMailbox': 'nonsense'}}", NULL, 0);
    EXPECT(&c, "{'filter': {'before': '1970-01-01T00:33:20Z'}}", c.hello);
    EXPECT(&c, "{'filter': {'before': '1970-01-01T00:16:40.5Z'}}", c.hello);
    EXPECT(&c, "{'filter': {'after': '1970-01-01T00:33:20Z'}}", c.html, c.reply, c.invoice);
    EXPECT(&c, "{'filter': {'hasKeyword': '$FLAGGED'}}", c.invoice);
    EXPECT(&c, "{'filter': {'notKeyword': '$seen'}}", c.html, c.hello);
    EXPECT(&c, "{'filter': {'someInThreadHaveKeyword': '$seen'}}", c.reply, c.invoice, c.hello);
    EXPECT(&c, "{'filter': {'allInThreadHaveKeyword': '$seen'}}", c.invoice);
    EXPECT(&c, "{'filter': {'noneInThreadHaveKeyword': '$seen'}}", c.html);
    EXPECT(&c, "{'filter': {'hasAttachment': false}}", c.html, c.reply, c.invoice, c.hello);
    expect(&c, "{'filter': {'minSize': 100000}}", NULL, 0);
    EXPECT(&c, "{'filter': {'maxSize': 100000, 'hasKeyword': '$flagged'}}", c.invoice);
    EXPECT(&c, "{'filter': {'header': ['X-Kind']}}", c.reply);
    EXPECT(&c, "{'filter': {'header': ['x-kind', 'special value']}}", c.reply);
    expect(&c, "{'filter': {'header': ['x-kind', 'other']}}", NULL, 0);
    jmap_fixture_close(&c.t);
}

/* However many words: each of them must be there. */
static void expect_all_terms(struct corpus *c)
{
    GString *words = g_string_new("{'filter': {'text': '");

    for (int i = 0; i < 150; i++)
        g_string_append(words, "greeting ");
    g_string_append(words, "train'}}");
    EXPECT(c, words->str, c->hello);
    g_string_replace(words, "train'", "invoice'", 0);
    expect(c, words->str, NULL, 0);
    g_string_free(words, TRUE);
}

static void test_text(void)
{
    struct corpus c;

    corpus_open(&c);
    EXPECT(&c, "{'filter': {'text': 'invoice'}}", c.invoice);
    EXPECT(&c, "{'filter': {'text': 'INVOICE please'}}", c.invoice);
    expect(&c, "{'filter': {'text': 'invoice train'}}", NULL, 0);
    EXPECT(&c, "{'filter': {'text': 'UBERGROUND'}}", c.hello);
    EXPECT(&c, "{'filter': {'text': 'bus'}}", c.html);
    expect(&c, "{'filter': {'text': '\\\"bus\\\"'}}", NULL, 0);
    EXPECT(&c, "{'filter': {'text': '\\\"says the\\\"'}}", c.invoice);
    expect(&c, "{'filter': {'text': '\\\"the says\\\"'}}", NULL, 0);
    EXPECT(&c, "{'filter': {'subject': 'hello'}}", c.reply, c.hello);
    EXPECT(&c, "{'filter': {'from': 'bob'}}", c.invoice);
    EXPECT(&c, "{'filter': {'body': 'answer'}}", c.reply);
    EXPECT(&c, "{'filter': {'text': '   '}}", c.html, c.reply, c.invoice, c.hello);
    expect(&c, "{'filter': {'text': '!!!'}}", NULL, 0);
    EXPECT(&c, "{'filter': {'text': 'invoice !'}}", c.invoice);
    expect_all_terms(&c);
    jmap_fixture_close(&c.t);
}

/* The one that is shown need not be the one that is read. */
static void test_alternatives(void)
{
    struct corpus c;
    int64_t news;

    corpus_open(&c);
    news = jmap_fixture_put(&c.t, c.t.m.inbox, 9, 0, 9000,
                            "From: Eve <eve@example.org>\nMessage-ID: <n@x>\nSubject: News\n"
                            "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n"
                            "Use a newer program.\n--b\nContent-Type: text/html\n\n"
                            "<p>The <b>w</b>allaby is here.</p>\n--b--\n");
    EXPECT(&c, "{'filter': {'text': 'wallaby'}}", news);
    EXPECT(&c, "{'filter': {'body': 'newer program'}}", news);
    EXPECT(&c, "{'filter': {'body': '\\\"the wallaby is\\\"'}}", news);
    expect(&c, "{'filter': {'subject': 'wallaby'}}", NULL, 0);
    jmap_fixture_close(&c.t);
}

/* One character of Chinese is as much as a word; one letter is not. */
static void test_one_character(void)
{
    struct corpus c;
    int64_t mail;

    corpus_open(&c);
    mail = jmap_fixture_put(&c.t, c.t.m.inbox, 9, 0, 9000,
                            "From: Eve <eve@example.org>\nMessage-ID: <n@x>\nSubject: one\n"
                            "Content-Type: text/plain; charset=utf-8\n\n"
                            "\u6211\u6536\u5230\u7535\u5b50\u90ae\u4ef6\n");
    EXPECT(&c, "{'filter': {'text': '\u90ae'}}", mail);
    EXPECT(&c, "{'filter': {'text': '\u90ae\u4ef6'}}", mail);
    expect(&c, "{'filter': {'text': '\\\"\u90ae\\\"'}}", NULL, 0);
    expect(&c, "{'filter': {'text': 'w'}}", NULL, 0);
    jmap_fixture_close(&c.t);
}

/* What an HTML part shows is found, titles too, and nothing else of its markup. */
static void test_shown(void)
{
    static const char *const hidden[] = {"inhead", "instyle", "inscript", "incomment", "inclass"};
    struct corpus c;
    int64_t page;

    corpus_open(&c);
    page = jmap_fixture_put(&c.t, c.t.m.inbox, 7, 0, 5000,
                            "Content-Type: text/html\n\n<html><head><title>inhead</title><style>"
                            ".instyle{}</style><script>inscript()</script></head><body><!-- "
                            "incomment --><p class=inclass title='in title'>shown<img alt=inalt "
                            "title=beside></p></body></html>\n");
    for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++) {
        g_autofree char *filter = g_strdup_printf("{'filter': {'body': '%s'}}", hidden[i]);

        expect(&c, filter, NULL, 0);
    }
    EXPECT(&c, "{'filter': {'body': 'shown'}}", page);
    EXPECT(&c, "{'filter': {'text': 'inalt'}}", page);
    EXPECT(&c, "{'filter': {'body': '\\\"in title\\\" beside'}}", page);
    jmap_fixture_close(&c.t);
}

static void test_operators(void)
{
    struct corpus c;

    corpus_open(&c);
    EXPECT(&c,
           "{'filter': {'operator': 'OR', 'conditions': [{'text': 'invoice'},"
           " {'text': 'web'}]}}",
           c.html, c.invoice);
    EXPECT(&c,
           "{'filter': {'operator': 'NOT', 'conditions': [{'text': 'invoice'},"
           " {'hasKeyword': '$seen'}]}}",
           c.html, c.hello);
    EXPECT(&c,
           "{'filter': {'operator': 'AND', 'conditions': [{'hasKeyword': '$seen'},"
           " {'operator': 'NOT', 'conditions': [{'hasKeyword': '$flagged'}]}]}}",
           c.reply);
    EXPECT(&c, "{'filter': {'operator': 'AND', 'conditions': []}}", c.html, c.reply, c.invoice,
           c.hello);
    expect(&c, "{'filter': {'operator': 'OR', 'conditions': []}}", NULL, 0);
    EXPECT(&c, "{'filter': {'operator': 'OR', 'conditions': [{}]}}", c.html, c.reply, c.invoice,
           c.hello);
    expect(&c, "{'filter': {'operator': 'NOT', 'conditions': [{}]}}", NULL, 0);
    jmap_fixture_close(&c.t);
}

static void test_errors(void)
{
    struct corpus c;
    GString *deep = g_string_new("{'hasKeyword': 'a'}"), *wide = g_string_new("{'text': 'a'}");

    corpus_open(&c);
    expect_error(&c, "{'filter': {'nonsense': 1}}", "unsupportedFilter");
    expect_error(&c, "{'filter': {'before': 'yesterday'}}", "invalidArguments");
    expect_error(&c, "{'filter': {'before': '2024-01-01T00:00:00+01:00'}}", "invalidArguments");
    expect_error(&c, "{'filter': {'operator': 'XOR', 'conditions': []}}", "invalidArguments");
    expect_error(&c, "{'filter': {'operator': 'AND'}}", "invalidArguments");
    expect_error(&c, "{'filter': {'hasKeyword': 'a b'}}", "invalidArguments");
    expect_error(&c, "{'filter': {'header': []}}", "invalidArguments");
    expect_error(&c, "{'sort': [{'property': 'nonsense'}]}", "unsupportedSort");
    expect_error(&c, "{'sort': [{'property': 'from', 'collation': 'x'}]}", "unsupportedSort");
    expect_error(&c, "{'sort': [{'isAscending': true}]}", "invalidArguments");
    expect_error(&c, "{'sort': [{'property': 'hasKeyword'}]}", "invalidArguments");
    expect_error(&c, "{'anchor': 'e12345'}", "anchorNotFound");
    expect_error(&c, "{'anchor': 'x'}", "anchorNotFound");
    for (int i = 0; i < 22; i++) {
        g_string_prepend(deep, "{'operator': 'NOT', 'conditions': [");
        g_string_append(deep, "]}");
    }
    g_string_prepend(deep, "{'filter': ");
    g_string_append(deep, "}");
    expect_error(&c, deep->str, "unsupportedFilter");
    for (int i = 0; i < 600; i++)
        g_string_append(wide, ", {'text': 'a'}");
    g_string_prepend(wide, "{'filter': {'operator': 'OR', 'conditions': [");
    g_string_append(wide, "]}}");
    expect_error(&c, wide->str, "unsupportedFilter");
    g_string_free(deep, TRUE);
    g_string_free(wide, TRUE);
    jmap_fixture_close(&c.t);
}

static void test_sort(void)
{
    struct corpus c;
    int64_t twin;

    corpus_open(&c);
    EXPECT(&c, "{'sort': [{'property': 'receivedAt'}]}", c.hello, c.invoice, c.reply, c.html);
    EXPECT(&c, "{'sort': [{'property': 'from'}]}", c.reply, c.invoice, c.html, c.hello);
    EXPECT(&c,
           "{'sort': [{'property': 'subject', 'collation': 'i;unicode-casemap'},"
           " {'property': 'receivedAt', 'isAscending': false}]}",
           c.reply, c.hello, c.invoice, c.html);
    EXPECT(&c,
           "{'sort': [{'property': 'hasKeyword', 'keyword': '$flagged', 'isAscending': false},"
           " {'property': 'receivedAt'}]}",
           c.invoice, c.hello, c.reply, c.html);
    /* Those of one second are told apart by what comes behind. */
    twin = jmap_fixture_put(&c.t, c.t.m.inbox, 9, 0, 4000, "From: Al <al@x.example>\n\nx\n");
    EXPECT(&c, "{'sort': [{'property': 'receivedAt'}, {'property': 'from'}]}", c.hello, c.invoice,
           c.reply, twin, c.html);
    EXPECT(&c,
           "{'sort': [{'property': 'receivedAt', 'isAscending': false},"
           " {'property': 'from', 'isAscending': false}]}",
           c.html, twin, c.reply, c.invoice, c.hello);
    EXPECT(&c,
           "{'sort': [{'property': 'hasKeyword', 'keyword': '$seen'}, {'property': 'receivedAt',"
           " 'isAscending': false}, {'property': 'size'}]}",
           twin, c.html, c.hello, c.reply, c.invoice);
    jmap_fixture_close(&c.t);
}

static void test_window(void)
{
    struct corpus c;
    g_autofree char *anchored = NULL, *before = NULL;
    json_t *answer;

    corpus_open(&c);
    EXPECT(&c, "{'position': 1, 'limit': 2}", c.reply, c.invoice);
    EXPECT(&c, "{'position': -2}", c.invoice, c.hello);
    EXPECT(&c, "{'position': -100, 'limit': 1}", c.html);
    expect(&c, "{'position': 100}", NULL, 0);
    expect(&c, "{'limit': 0}", NULL, 0);
    anchored = g_strdup_printf("{'anchor': 'e%" G_GINT64_FORMAT "', 'limit': 2, 'position': 77}",
                               c.invoice);
    before = g_strdup_printf("{'anchor': 'e%" G_GINT64_FORMAT "', 'anchorOffset': -1, 'limit': 2}",
                             c.invoice);
    EXPECT(&c, anchored, c.invoice, c.hello);
    EXPECT(&c, before, c.reply, c.invoice);
    EXPECT(&c, "{'collapseThreads': true}", c.html, c.reply, c.invoice);
    answer = jmap_fixture_call(&c.t, "Email/query",
                               "{'calculateTotal': true, 'limit': 1, 'position': 2,"
                               " 'collapseThreads': true}");
    g_assert_cmpint(jmap_number_at(answer, "total"), ==, 3);
    g_assert_cmpint(jmap_number_at(answer, "position"), ==, 2);
    g_assert_false(jmap_has(answer, "limit"));
    json_decref(answer);
    answer = jmap_fixture_call(&c.t, "Email/query", "{}");
    g_assert_cmpint(jmap_number_at(answer, "limit"), ==, 5000);
    g_assert_false(jmap_has(answer, "total"));
    json_decref(answer);
    jmap_fixture_close(&c.t);
}

static void test_snippets(void)
{
    struct corpus c;
    json_t *answer;

    corpus_open(&c);
    answer = jmap_fixture_call(&c.t, "SearchSnippet/get",
                               "{'filter': {'text': 'invoice'}, 'emailIds': ['e%" G_GINT64_FORMAT
                               "', 'e%" G_GINT64_FORMAT "', 'e999']}",
                               c.invoice, c.hello);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/subject"), ==, "<mark>Invoice</mark> 42");
    g_assert_nonnull(strstr(jmap_text_at(answer, "list/0/preview"),
                            "&lt;b&gt;soon&lt;/b&gt; &amp; well, says the <mark>invoice</mark>"));
    g_assert_cmpuint(strlen(jmap_text_at(answer, "list/0/preview")), <=, 255);
    g_assert_true(json_is_null(jmap_at(answer, "list/1/subject")));
    g_assert_true(json_is_null(jmap_at(answer, "list/1/preview")));
    jmap_assert_json(jmap_at(answer, "notFound"), "['e999']");
    json_decref(answer);
    answer =
        jmap_fixture_call(&c.t, "SearchSnippet/get",
                          "{'filter': {'subject': 'inv'}, 'emailIds': ['e%" G_GINT64_FORMAT "']}",
                          c.invoice);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/subject"), ==, "<mark>Invoice</mark> 42");
    g_assert_true(json_is_null(jmap_at(answer, "list/0/preview")));
    jmap_assert_json(jmap_at(answer, "notFound"), "null");
    json_decref(answer);
    jmap_fixture_close(&c.t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8621/4.4.1/conditions", test_conditions);
    g_test_add_func("/rfc8621/4.4.1/text", test_text);
    g_test_add_func("/rfc8621/4.4.1/alternatives", test_alternatives);
    g_test_add_func("/rfc8621/4.4.1/one-character", test_one_character);
    g_test_add_func("/rfc8621/4.4.1/shown", test_shown);
    g_test_add_func("/rfc8621/4.4.1/operators", test_operators);
    g_test_add_func("/rfc8621/4.4.1/errors", test_errors);
    g_test_add_func("/rfc8621/4.4.2/sort", test_sort);
    g_test_add_func("/rfc8620/5.5/window", test_window);
    g_test_add_func("/rfc8621/5.1/snippets", test_snippets);
    return g_test_run();
}
