/* RFC 8620, 5.5 with RFC 8621, 4.4: windows, sorts and conditions of Email/query beyond those of
 * jmap_email_query.c. */
#include "jmap_fixture.h"

#define COUNT 6

struct corpus {
    struct jmap_fixture t;
    int64_t ids[COUNT]; /* newest last */
};

static const char *const messages[COUNT] = {
    "From: Zoe <zoe@example.org>\nTo: ann@mail.example\nDate: Sat, 3 Jan 2026 00:00:00 +0000\n"
    "Message-ID: <a@x>\nSubject: Re: cherry\n\ntext\n",
    "From: bob@example.org\nTo: Zed <zed@example.org>\nDate: Fri, 2 Jan 2026 00:00:00 +0000\n"
    "Message-ID: <b@x>\nSubject: apple\nX-Name: =?utf-8?q?Caf=C3=A9_au?=\n =?utf-8?q?_lait?=\n\n"
    "a longer text that makes this the largest of all messages in this test\n",
    "From: Amy <xavier@example.org>\nTo: Bea <bea@example.org>, Abe <abe@example.org>\n"
    "Cc: carol@example.org\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMessage-ID: <c@x>\n"
    "Subject: banana\n\ntext\n",
    "From: amy@example.org\nTo: ann@mail.example\nBcc: dora@example.org\n"
    "Date: Sun, 4 Jan 2026 00:00:00 +0000\nMessage-ID: <d@x>\nReferences: <a@x>\n"
    "Subject: cherry\n\ntext\n",
    "To: ann@mail.example\nDate: Mon, 5 Jan 2026 00:00:00 +0000\nMessage-ID: <e@x>\n"
    "Subject: dates\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"
    "Content-Type: image/png\nContent-Disposition: attachment; filename=p.png\n\nPNG\n--b--\n",
    "From: Max <max@example.org>\nTo: ann@mail.example\nDate: Tue, 6 Jan 2026 00:00:00 +0000\n"
    "Message-ID: <f@x>\nSubject: elderberry\n\ntext\n",
};
static const uint32_t flags[COUNT] = {MAIL_SEEN, MAIL_FLAGGED, 0, 0, MAIL_SEEN, 0};

static void corpus_open(struct corpus *c)
{
    jmap_fixture_open(&c->t);
    for (uint32_t i = 0; i + 1 < COUNT; i++)
        c->ids[i] =
            jmap_fixture_put(&c->t, c->t.m.inbox, i + 1, flags[i], 1000 * (i + 1), messages[i]);
    c->ids[COUNT - 1] =
        jmap_fixture_put_pending(&c->t, c->t.m.inbox, COUNT, 1000 * COUNT, messages[COUNT - 1]);
}

/* wanted: letters of the messages, "fed"; a position after it, "fed@2". %e: the third one's id. */
static void expect(struct corpus *c, const char *args, const char *wanted)
{
    g_autofree char *third = g_strdup_printf("'e%" G_GINT64_FORMAT "'", c->ids[2]);
    g_auto(GStrv) pieces = g_strsplit(args, "%e", -1);
    g_autofree char *full = g_strjoinv(third, pieces);
    json_t *answer = jmap_fixture_call(&c->t, "Email/query", "{%s}", full), *item;
    g_autoptr(GString) got = g_string_new(NULL);
    size_t i;

    json_array_foreach(json_object_get(answer, "ids"), i,
                       item) for (int j = 0; j < COUNT;
                                  j++) if (g_ascii_strtoll(json_string_value(item) + 1, NULL, 10) ==
                                           c->ids[j]) g_string_append_c(got, (char)('a' + j));
    if (strchr(wanted, '@') != NULL)
        g_string_append_printf(got, "@%d", (int)jmap_number_at(answer, "position"));
    if (strcmp(got->str, wanted) != 0)
        g_error("%s: %s, not %s", full, got->str, wanted);
    json_decref(answer);
}

static void test_windows(void)
{
    struct corpus c;

    corpus_open(&c);
    expect(&c, "'position': 2, 'limit': 2", "dc@2");
    expect(&c, "'position': -2", "ba@4");
    expect(&c, "'position': -3, 'limit': 1", "c@3");
    expect(&c, "'position': -60, 'limit': 2", "fe@0");
    expect(&c, "'position': 6", "@6");
    expect(&c, "'anchor': %e, 'limit': 2", "cb@3");
    expect(&c, "'anchor': %e, 'position': 5, 'limit': 2", "cb@3");
    expect(&c, "'anchor': %e, 'anchorOffset': -2, 'limit': 2", "ed@1");
    expect(&c, "'anchor': %e, 'anchorOffset': 1", "ba@4");
    expect(&c, "'anchor': %e, 'anchorOffset': -60, 'limit': 1", "f@0");
    expect(&c, "'anchor': %e, 'anchorOffset': 60", "@6");
    expect(&c, "'anchorOffset': 3, 'limit': 1", "f@0");
    expect(&c, "'sort': [{'property': 'receivedAt'}], 'anchor': %e, 'anchorOffset': 1", "def@3");
    expect(&c, "'sort': [{'property': 'size'}], 'position': -1", "b@5");
    expect(&c, "'collapseThreads': true, 'position': -2", "cb@3");
    jmap_fixture_close(&c.t);
}

static void test_sorts(void)
{
    struct corpus c;

    corpus_open(&c);
    expect(&c, "'sort': [{'property': 'sentAt'}]", "cbadef");
    expect(&c, "'sort': [{'property': 'sentAt', 'isAscending': false}]", "fedabc");
    expect(&c, "'sort': [{'property': 'from'}]", "ecdbfa");
    expect(&c, "'sort': [{'property': 'to'}, {'property': 'receivedAt'}]", "adefcb");
    expect(&c, "'sort': [{'property': 'subject'}, {'property': 'receivedAt'}]", "bcadef");
    expect(&c, "'sort': [{'property': 'hasKeyword', 'keyword': '$seen'}]", "fdcbea");
    expect(&c,
           "'sort': [{'property': 'hasKeyword', 'keyword': '$SEEN', 'isAscending': false},"
           " {'property': 'receivedAt'}]",
           "aebcdf");
    expect(&c,
           "'sort': [{'property': 'someInThreadHaveKeyword', 'keyword': '$seen',"
           " 'isAscending': false}]",
           "edafcb");
    expect(&c,
           "'sort': [{'property': 'allInThreadHaveKeyword', 'keyword': '$seen',"
           " 'isAscending': false}, {'property': 'sentAt'}]",
           "ecbadf");
    jmap_fixture_close(&c.t);
}

static void test_conditions(void)
{
    struct corpus c;

    corpus_open(&c);
    expect(&c, "'filter': {'from': 'xavier'}", "c");
    expect(&c, "'filter': {'to': 'abe'}", "c");
    expect(&c, "'filter': {'cc': 'carol'}", "c");
    expect(&c, "'filter': {'bcc': 'dora'}", "d");
    expect(&c, "'filter': {'text': 'dora'}", "d");
    expect(&c, "'filter': {'hasAttachment': true}", "e");
    expect(&c, "'filter': {'allInThreadHaveKeyword': '$seen'}", "e");
    expect(&c, "'filter': {'someInThreadHaveKeyword': '$seen'}", "eda");
    expect(&c, "'filter': {'noneInThreadHaveKeyword': '$seen'}", "fcb");
    expect(&c, "'filter': {'before': '1970-01-01T00:33:20Z'}", "a");
    expect(&c, "'filter': {'after': '1970-01-01T01:23:20Z'}", "fe");
    expect(&c, "'filter': {'from': 'amy', 'notKeyword': '$flagged'}", "dc");
    jmap_fixture_close(&c.t);
}

/* RFC 8621, 4.4.1: encoded words are decoded before a text is looked for. */
static void test_headers(void)
{
    struct corpus c;

    corpus_open(&c);
    expect(&c, "'filter': {'header': ['x-name']}", "b");
    expect(&c, "'filter': {'header': ['X-Name', 'CAF\xc3\x89 AU lait']}", "b");
    expect(&c, "'filter': {'header': ['X-Name', 'utf-8']}", "");
    expect(&c, "'filter': {'header': ['Subject', 'an']}", "c");
    jmap_fixture_close(&c.t);
}

static void test_pending(void)
{
    struct corpus c;

    corpus_open(&c);
    expect(&c, "'filter': {'subject': 'elder'}", "f");
    expect(&c, "'filter': {'from': 'max', 'text': 'elderberry'}", "f");
    expect(&c, "'filter': {'to': 'ann'}, 'limit': 2", "fe");
    expect(&c, "'filter': {'to': 'ann'}, 'position': -2", "da");
    expect(&c, "'filter': {'body': 'text'}", "edcba");
    jmap_fixture_close(&c.t);
}

/* --- what every /query answers --- */

static void test_answers(struct jmap_fixture *t)
{
    static const char *const methods[] = {"Email/query", "Mailbox/query", "EmailSubmission/query"};
    json_t *made = jmap_fixture_ask(
        t, t->m.user,
        "[['Email/set', {'accountId': 'a1', 'create': {'d': {'mailboxIds': {'m%" G_GINT64_FORMAT
        "': true}, 'from': [{'email': 'ann@mail.example'}], 'to': [{'email': 'b@example.org'}]}}},"
        " '0'], ['EmailSubmission/set', {'accountId': 'a1', 'create': {'s': {'emailId': '#d',"
        " 'identityId': 'i1'}}}, '1']]",
        t->m.drafts);

    g_assert_true(jmap_has(made, "methodResponses/1/1/created/s/id"));
    json_decref(made);
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        json_t *all = jmap_fixture_call(t, methods[i], "{'calculateTotal': true, 'limit': 100}");
        json_t *again = jmap_fixture_call(t, methods[i], "{'limit': null}"), *one;
        size_t total = json_array_size(jmap_at(all, "ids"));

        g_assert_cmpuint(total, >, 0);
        g_assert_cmpint(jmap_number_at(all, "total"), ==, total);
        g_assert_false(jmap_has(all, "limit")); /* the one that was asked for */
        g_assert_false(jmap_has(again, "total"));
        g_assert_cmpint(jmap_number_at(again, "limit"), >, 0); /* null was set to ours */
        g_assert_true(json_equal(jmap_at(all, "ids"), jmap_at(again, "ids")));
        g_assert_cmpstr(jmap_text_at(all, "queryState"), ==, jmap_text_at(again, "queryState"));
        one = jmap_fixture_call(t, methods[i],
                                "{'anchor': '%s', 'position': 7000, 'limit': 1, 'anchorOffset':"
                                " -3}",
                                jmap_text_at(all, "ids/0"));
        g_assert_cmpint(jmap_number_at(one, "position"), ==, 0);
        g_assert_cmpuint(json_array_size(jmap_at(one, "ids")), ==, 1);
        json_decref(one);
        one = jmap_fixture_call(t, methods[i], "{'position': 7000, 'anchorOffset': 5}");
        jmap_assert_json(jmap_at(one, "ids"), "[]");
        json_decref(one);
        jmap_expect_error(t, "anchorNotFound", methods[i], "{'anchor': 'x999'}");
        jmap_expect_error(t, "invalidArguments", methods[i], "{'limit': -1}");
        jmap_expect_error(t, "unsupportedSort", methods[i], "{'sort': [{'property': 'none'}]}");
        jmap_expect_error(t, "unsupportedFilter", methods[i], "{'filter': {'none': 1}}");
        jmap_expect_error(t, "invalidArguments", methods[i],
                          "{'filter': {'operator': 'and', 'conditions': []}}");
        json_decref(again);
        json_decref(all);
    }
}

/* --- collations (RFC 4790) --- */

#define COLLATED 6
static const char *const names[COLLATED] = {"b", "A", "\xc3\xa4", "\xc3\x84", "Z", "_"};

/* wanted: letters of the names' places in the order that Mailbox/query and Email/query give. */
static void expect_order(struct jmap_fixture *t, const int64_t *boxes, const int64_t *mails,
                         const char *collation, const char *wanted)
{
    static const struct {
        const char *method, *property, *before;
        char prefix;
    } queries[] = {
        {"Mailbox/query", "name", "'filter': {'hasAnyRole': false}, ", 'm'},
        {"Email/query", "subject", "", 'e'},
        {"Email/query", "from", "", 'e'},
    };

    for (size_t q = 0; q < G_N_ELEMENTS(queries); q++) {
        const int64_t *ids = queries[q].prefix == 'm' ? boxes : mails;
        json_t *answer =
            jmap_fixture_call(t, queries[q].method, "{%s'sort': [{'property': '%s'%s}]}",
                              queries[q].before, queries[q].property, collation);
        g_autoptr(GString) got = g_string_new(NULL);
        json_t *item;
        size_t i;

        json_array_foreach(jmap_at(answer, "ids"), i, item)
        {
            for (int k = 0; k < COLLATED; k++)
                if (g_ascii_strtoll(json_string_value(item) + 1, NULL, 10) == ids[k])
                    g_string_append_c(got, (char)('a' + k));
        }
        if (strcmp(got->str, wanted) != 0)
            g_error("%s by %s%s: %s, not %s", queries[q].method, queries[q].property, collation,
                    got->str, wanted);
        json_decref(answer);
    }
}

/* As they are named: i;ascii-casemap knows the case of ASCII only, i;unicode-casemap that of all,
 * and takes letters apart from their marks. Ours, where none is asked for, drops marks. */
static void test_collations(struct jmap_fixture *t)
{
    int64_t boxes[COLLATED], mails[COLLATED];
    json_t *session = jmap_session(t->jmap, t->m.user, NULL);

    jmap_assert_json(jmap_at(session, "capabilities/urn:ietf:params:jmap:core/collationAlgorithms"),
                     "['i;ascii-casemap', 'i;unicode-casemap']");
    json_decref(session);
    for (uint32_t i = 0; i < COLLATED; i++) {
        g_autofree char *message =
            g_strdup_printf("From: \"%s\" <x@example.org>\nSubject: Re: %s\n\nx\n", names[i],
                            names[i]);

        boxes[i] = mail_mailbox(&t->m, names[i], MAIL_ROLE_NONE);
        /* The newest first where nothing else decides: as the mailboxes, the oldest. */
        mails[i] = jmap_fixture_put(t, t->m.inbox, i + 1, 0, 1000 - i, message);
    }
    expect_order(t, boxes, mails, ", 'collation': 'i;ascii-casemap'", "baefdc");
    expect_order(t, boxes, mails, ", 'collation': 'i;unicode-casemap'", "bcdaef");
    expect_order(t, boxes, mails, "", "fbcdae");
}

static const struct jmap_case one_account_cases[] = {
    {"/rfc8620/5.5/answers", test_answers},
    {"/rfc8620/5.5/collations-are-as-named", test_collations},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(one_account_cases, G_N_ELEMENTS(one_account_cases));
    g_test_add_func("/rfc8620/5.5/windows", test_windows);
    g_test_add_func("/rfc8621/4.4.2/sorts", test_sorts);
    g_test_add_func("/rfc8621/4.4.1/every-condition", test_conditions);
    g_test_add_func("/rfc8621/4.4.1/encoded-headers", test_headers);
    g_test_add_func("/rfc8621/4.4.1/mail-without-its-message", test_pending);
    return g_test_run();
}
