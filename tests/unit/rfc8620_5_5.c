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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8620/5.5/windows", test_windows);
    g_test_add_func("/rfc8621/4.4.2/sorts", test_sorts);
    g_test_add_func("/rfc8621/4.4.1/every-condition", test_conditions);
    g_test_add_func("/rfc8621/4.4.1/encoded-headers", test_headers);
    g_test_add_func("/rfc8621/4.4.1/mail-without-its-message", test_pending);
    return g_test_run();
}
