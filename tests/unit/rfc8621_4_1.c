/* RFC 8621, 4.1: the properties of an Email, as Email/get tells them. */
#include "jmap_fixture.h"

/* Puts a message and gets one thing of it: a property, or a path below "list/0". */
static json_t *get(struct jmap_fixture *t, const char *message, const char *arguments)
{
    static uint32_t uid;
    int64_t id = jmap_fixture_put(t, t->m.inbox, ++uid, 0, 1000, message);
    json_t *answer =
        jmap_fixture_call(t, "Email/get", "{'ids': ['e%" G_GINT64_FORMAT "'], %s}", id, arguments);
    json_t *email = json_incref(jmap_at(answer, "list/0"));

    json_decref(answer);
    return email;
}

/* What a property says of a header field. wanted: JSON with ' for ", or \x01 for its quotes. */
static void expect_header(struct jmap_fixture *t, const char *fields, const char *property,
                          const char *wanted)
{
    g_autofree char *message = g_strconcat(fields, "\n\nbody\n", NULL);
    g_autofree char *arguments = g_strdup_printf("'properties': ['%s']", property);
    json_t *email = get(t, message, arguments);
    json_t *value = json_object_get(email, property);
    char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    g_autofree char *expected = g_strdelimit(g_strdup(wanted), "'", '"');

    if (g_strcmp0(text, expected) != 0)
        g_error("%s of %s: %s, not %s", property, fields, text, expected);
    free(text);
    json_decref(email);
}

static void test_raw(struct jmap_fixture *t)
{
    expect_header(t, "X-A: one", "header:X-A", "' one'");
    expect_header(t, "X-A:one", "header:X-A:asRaw", "'one'");
    expect_header(t, "X-A:  two\n\tlines", "header:X-A", "'  two\\r\\n\\tlines'");
    expect_header(t, "X-A: =?utf-8?q?a?=", "header:X-A", "' =?utf-8?q?a?='");
    expect_header(t, "X-A: caf\xc3\xa9", "header:X-A", "' caf\xc3\xa9'");
}

static void test_raw_is_utf8(struct jmap_fixture *t)
{
    static uint8_t bytes[] = "X-A: \xff\xfe\x80 end\n\nbody\n";
    json_t *email = get(t, (const char *)bytes, "'properties': ['header:X-A', 'headers']");
    const char *value = jmap_text_at(email, "header:X-A");

    g_assert_true(g_utf8_validate(value, -1, NULL));
    g_assert_true(g_str_has_suffix(value, " end"));
    json_decref(email);
}

static void test_text(struct jmap_fixture *t)
{
    static const struct {
        const char *field, *text;
    } cases[] = {
        {"Subject: plain", "'plain'"},
        {"Subject:   led by spaces", "'led by spaces'"},
        {"Subject: folded\n here", "'folded here'"},
        {"Subject: =?utf-8?q?caf=C3=A9?=", "'caf\xc3\xa9'"},
        {"Subject: =?utf-8?b?Y2Fmw6k=?=", "'caf\xc3\xa9'"},
        {"Subject: =?iso-8859-1?Q?caf=E9?= now", "'caf\xc3\xa9 now'"},
        {"Subject: =?utf-8?q?a?= =?utf-8?q?b?=", "'ab'"},
        {"Subject: =?utf-8?q?a?=\n =?utf-8?q?b?=", "'ab'"},
        {"Subject: =?utf-8?q?a_b?=", "'a b'"},
        /* Encoded NUL and control characters are dropped. */
        {"Subject: =?utf-8?q?a=00b=07c?=", "'abc'"},
        /* An encoded word that is part of another word is none (RFC 2047, 5). */
        {"Subject: x=?utf-8?q?a?=", "'x=?utf-8?q?a?='"},
        {"Subject: =?utf-8?q?a?=x", "'=?utf-8?q?a?=x'"},
        {"Subject: =?utf-8?q?a b?=", "'=?utf-8?q?a b?='"},
        {"Subject: =?utf-8?x?a?=", "'=?utf-8?x?a?='"},
        /* NFC: e and a combining acute accent are one character. */
        {"Subject: =?utf-8?q?cafe=CC=81?=", "'caf\xc3\xa9'"},
        /* What cannot be decoded is replaced, the rest stays. */
        {"Subject: =?utf-8?q?a=FFb?= c", "'a\xef\xbf\xbd"
                                         "b c'"},
        {"Subject:", "''"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_header(t, cases[i].field, "header:Subject:asText", cases[i].text);
    expect_header(t, "Comments: =?utf-8?q?=C3=A9?=", "header:Comments:asText", "'\xc3\xa9'");
    expect_header(t, "Keywords: a, b", "header:Keywords:asText", "'a, b'");
    expect_header(t, "List-Id: The list <l.example.org>", "header:List-Id:asText",
                  "'The list <l.example.org>'");
    expect_header(t, "X-Any: =?utf-8?q?=C3=A9?=", "header:X-Any:asText", "'\xc3\xa9'");
}

#define RFC_LIST                                                                                   \
    "To: \"  James Smythe\" <james@example.com>, Friends:\n jane@example.com,"                     \
    " =?UTF-8?Q?John_Sm=C3=AEth?=\n <john@example.com>;"
#define ONE(name, email) "{'name': " name ", 'email': '" email "'}"
#define JAMES ONE("'James Smythe'", "james@example.com")
#define FRIENDS ONE("null", "jane@example.com") ", " ONE("'John Sm\xc3\xaeth'", "john@example.com")

#define A_AND_B ONE("null", "a@example.org") ", " ONE("null", "b@example.org")
#define JUST_C ONE("null", "c@example.org")
#define JUST_D ONE("null", "d@example.org")

static void test_addresses(struct jmap_fixture *t)
{
    static const struct {
        const char *field, *addresses;
    } cases[] = {
        {RFC_LIST, "[" JAMES ", " FRIENDS "]"},
        {"To: plain@example.org", "[" ONE("null", "plain@example.org") "]"},
        {"To: Ann <a@example.org>", "[" ONE("'Ann'", "a@example.org") "]"},
        {"To: Ann  B. <a@example.org>", "[" ONE("'Ann B.'", "a@example.org") "]"},
        /* A comment behind the address stands for the name that is missing. */
        {"To: a@example.org (Ann)", "[" ONE("'Ann'", "a@example.org") "]"},
        {"To: \"folded\n name \" <a@example.org>", "[" ONE("'folded name'", "a@example.org") "]"},
        {"To: \"Jo \\\\ e\" <a@example.org>", "[" ONE("'Jo \\\\ e'", "a@example.org") "]"},
        {"To: undisclosed-recipients:;", "[]"},
        {"To: =?iso-8859-1?Q?Andr=E9?= Xu <x@example.org>",
         "[" ONE("'Andr\xc3\xa9 Xu'", "x@example.org") "]"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_header(t, cases[i].field, "header:To:asAddresses", cases[i].addresses);
    expect_header(t, "X-Any: a@example.org", "header:X-Any:asAddresses",
                  "[" ONE("null", "a@example.org") "]");
}

/* Best effort: an address that is none is told all the same, and its neighbours too. */
static void test_broken_addresses(struct jmap_fixture *t)
{
    static const char *const broken[] = {
        "To: no at sign, Ann <ann@example.org>",
        "To: Ann <ann@example.org",
        "To: \"open <x@y>, Ann <ann@example.org>\n\tann@example.org",
        "To: <<>>, ann@example.org",
        "To: ,,, ann@example.org,,",
        "To: (((, ann@example.org",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autofree char *message = g_strconcat(broken[i], "\n\nbody\n", NULL);
        json_t *email = get(t, message, "'properties': ['header:To:asAddresses', 'to']"), *item;
        json_t *list = jmap_at(email, "header:To:asAddresses");
        size_t at;

        g_assert_true(json_is_array(list));
        json_array_foreach(list, at, item) g_assert_true(json_is_string(jmap_at(item, "email")));
        json_decref(email);
    }
    expect_header(t, broken[4], "header:To:asAddresses", "[" ONE("null", "ann@example.org") "]");
}

static void test_groups(struct jmap_fixture *t)
{
    expect_header(t, RFC_LIST, "header:To:asGroupedAddresses",
                  "[{'name': null, 'addresses': [" JAMES "]}, {'name': 'Friends', 'addresses': "
                  "[" FRIENDS "]}]");
    expect_header(t, "Cc: a@example.org, b@example.org, G: c@example.org;, d@example.org",
                  "header:Cc:asGroupedAddresses",
                  "[{'name': null, 'addresses': [" A_AND_B "]}, {'name': 'G', 'addresses': [" JUST_C
                  "]}, {'name': null, 'addresses': [" JUST_D "]}]");
    expect_header(t, "To: \" A \\\"group\\\" \": ;", "header:To:asGroupedAddresses",
                  "[{'name': 'A \\'group\\'', 'addresses': []}]");
    expect_header(t, "To: =?utf-8?q?caf=C3=A9?=: ;", "header:To:asGroupedAddresses",
                  "[{'name': 'caf\xc3\xa9', 'addresses': []}]");
}

static void test_message_ids(struct jmap_fixture *t)
{
    expect_header(t, "Message-ID: <a@b>", "header:Message-ID:asMessageIds", "['a@b']");
    expect_header(t, "References: <a@b> (one) <c@d>\n\t<e@f>", "header:References:asMessageIds",
                  "['a@b', 'c@d', 'e@f']");
    expect_header(t, "In-Reply-To: (a comment) <a@b> (another)", "header:In-Reply-To:asMessageIds",
                  "['a@b']");
    expect_header(t, "Resent-Message-ID: <a@b>", "header:Resent-Message-ID:asMessageIds",
                  "['a@b']");
    expect_header(t, "X-Ids: <a@b><c@d>", "header:X-Ids:asMessageIds", "['a@b', 'c@d']");
    expect_header(t, "In-Reply-To: Your message of Monday", "header:In-Reply-To:asMessageIds",
                  "null");
    expect_header(t, "References:", "header:References:asMessageIds", "null");
}

static void test_dates(struct jmap_fixture *t)
{
    expect_header(t, "Date: Thu, 30 Oct 2014 06:12:00 +0000", "header:Date:asDate",
                  "'2014-10-30T06:12:00Z'");
    expect_header(t, "Date: 30 Oct 2014 14:12:00 +0800", "header:Date:asDate",
                  "'2014-10-30T14:12:00+08:00'");
    expect_header(t, "Date: Thu, 30 Oct 2014 06:12:00 -0330 (NDT)", "header:Date:asDate",
                  "'2014-10-30T06:12:00-03:30'");
    expect_header(t, "Resent-Date: Thu, 30 Oct 2014 06:12:00 GMT", "header:Resent-Date:asDate",
                  "'2014-10-30T06:12:00Z'");
    expect_header(t, "X-When: Thu, 30 Oct 2014 06:12:00 +0000", "header:X-When:asDate",
                  "'2014-10-30T06:12:00Z'");
    /* RFC 5322, appendix A.5 and A.6: blanks and comments wherever they may be. */
    expect_header(t,
                  "Date: Thu,\n      13\n        Feb\n          1969\n      23:32\n"
                  "               -0330 (Newfoundland Time)",
                  "header:Date:asDate", "'1969-02-13T23:32:00-03:30'");
    expect_header(t, "Date: 21 Nov 97 09(comment):   55  :  06 -0600", "header:Date:asDate",
                  "'1997-11-21T09:55:06-06:00'");
    expect_header(t, "Date: 29 Feb 2000 01:02:03 EST", "header:Date:asDate",
                  "'2000-02-29T01:02:03-05:00'");
    expect_header(t, "Date: 29 Feb 1900 01:02:03 EST", "header:Date:asDate", "null");
    expect_header(t, "Date: 31 Apr 2020 00:00:00 +0000", "header:Date:asDate", "null");
    expect_header(t, "Date: yesterday", "header:Date:asDate", "null");
    expect_header(t, "Date:", "header:Date:asDate", "null");
}

static void test_urls(struct jmap_fixture *t)
{
    expect_header(t, "List-Post: <mailto:list@example.org> (Write to the list)",
                  "header:List-Post:asURLs", "['mailto:list@example.org']");
    expect_header(t, "List-Help: (web) <https://example.org/h>, <ftp://example.org/h>",
                  "header:List-Help:asURLs", "['https://example.org/h', 'ftp://example.org/h']");
    expect_header(t, "List-Archive: <https://example.org/\n a>", "header:List-Archive:asURLs",
                  "['https://example.org/a']");
    expect_header(t, "X-Urls: <https://example.org/>", "header:X-Urls:asURLs",
                  "['https://example.org/']");
    expect_header(t, "List-Post: NO", "header:List-Post:asURLs", "null");
    expect_header(t, "List-Owner:", "header:List-Owner:asURLs", "null");
}

/* --- 4.1.3 */

struct form_rule {
    const char *field, *forms; /* letters of the forms that it has, as in form_names */
};

static const char *const form_names[] = {"Text",       "Addresses", "GroupedAddresses",
                                         "MessageIds", "Date",      "URLs"};

static bool form_is_taken(struct jmap_fixture *t, const char *field, const char *form)
{
    json_t *answer =
        jmap_fixture_call(t, "Email/get", "{'ids': [], 'properties': ['header:%s:as%s']}", field,
                          form);
    bool taken = !jmap_has(answer, "type");

    if (!taken)
        g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "invalidArguments");
    json_decref(answer);
    return taken;
}

/* Each field of RFC 5322 and RFC 2369 has its own forms, others have all of them. */
static void test_forms_of_fields(struct jmap_fixture *t)
{
    static const struct form_rule rules[] = {
        {"Subject", "T"},
        {"Comments", "T"},
        {"Keywords", "T"},
        {"List-Id", "TAGMDU"},
        {"From", "AG"},
        {"Sender", "AG"},
        {"Reply-To", "AG"},
        {"To", "AG"},
        {"Cc", "AG"},
        {"bcc", "AG"},
        {"Resent-From", "AG"},
        {"Resent-Sender", "AG"},
        {"Resent-Reply-To", "AG"},
        {"Resent-To", "AG"},
        {"Resent-Cc", "AG"},
        {"Resent-Bcc", "AG"},
        {"Message-ID", "M"},
        {"In-Reply-To", "M"},
        {"REFERENCES", "M"},
        {"Resent-Message-ID", "M"},
        {"Date", "D"},
        {"Resent-Date", "D"},
        {"List-Help", "U"},
        {"List-Unsubscribe", "U"},
        {"List-Subscribe", "U"},
        {"List-Post", "U"},
        {"List-Owner", "U"},
        {"List-Archive", "U"},
        {"Received", ""},
        {"Return-Path", ""},
        {"X-Anything", "TAGMDU"},
        {"Content-Type", "TAGMDU"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        g_assert_true(form_is_taken(t, rules[i].field, "Raw"));
        for (size_t j = 0; j < G_N_ELEMENTS(form_names); j++)
            if (form_is_taken(t, rules[i].field, form_names[j]) !=
                (strchr(rules[i].forms, form_names[j][0]) != NULL))
                g_error("%s as%s", rules[i].field, form_names[j]);
    }
}

static void test_instances(struct jmap_fixture *t)
{
    static const char twice[] = "X-Two: first\nOther: x\nx-two: second\nTo: a@example.org\n"
                                "TO: b@example.org";

    expect_header(t, twice, "header:X-TWO", "' second'");
    expect_header(t, twice, "header:x-two:all", "[' first', ' second']");
    expect_header(t, twice, "header:X-Two:asText:all", "['first', 'second']");
    expect_header(t, twice, "header:To:asAddresses:all",
                  "[[" ONE("null", "a@example.org") "], [" ONE("null", "b@example.org") "]]");
    expect_header(t, twice, "header:X-None", "null");
    expect_header(t, twice, "header:X-None:asDate", "null");
    expect_header(t, twice, "header:X-None:all", "[]");
    expect_header(t, twice, "header:X-Two:asDate:all", "[null, null]");
    jmap_expect_error(t, "invalidArguments", "Email/get",
                      "{'ids': [], 'properties': ['header:X:all:asText']}");
    jmap_expect_error(t, "invalidArguments", "Email/get", "{'ids': [], 'properties': ['header:']}");
    jmap_expect_error(t, "invalidArguments", "Email/get",
                      "{'ids': [], 'properties': ['header:a b']}");
}

static void test_all_headers(struct jmap_fixture *t)
{
    json_t *email = get(t, "SUBJECT: a\nX-b: 1\nx-B: 2\n\nbody\n", "'properties': ['headers']");

    jmap_assert_json(jmap_at(email, "headers"),
                     "[{'name': 'SUBJECT', 'value': ' a'}, {'name': 'X-b', 'value': ' 1'},"
                     " {'name': 'x-B', 'value': ' 2'}]");
    json_decref(email);
}

/* Each convenience property is what the header property behind it is. */
static void test_convenience(struct jmap_fixture *t)
{
    static const char *const pairs[][2] = {
        {"messageId", "header:Message-ID:asMessageIds"},
        {"inReplyTo", "header:In-Reply-To:asMessageIds"},
        {"references", "header:References:asMessageIds"},
        {"sender", "header:Sender:asAddresses"},
        {"from", "header:From:asAddresses"},
        {"to", "header:To:asAddresses"},
        {"cc", "header:Cc:asAddresses"},
        {"bcc", "header:Bcc:asAddresses"},
        {"replyTo", "header:Reply-To:asAddresses"},
        {"subject", "header:Subject:asText"},
        {"sentAt", "header:Date:asDate"},
    };
    static const char *const messages[] = {
        "Message-ID: <m@x>\nIn-Reply-To: <i@x>\nReferences: <r@x> <i@x>\nSender: S <s@x.example>\n"
        "From: F <f@x.example>, G <g@x.example>\nTo: t@x.example\nCc: Group: c@x.example;\n"
        "Bcc: b@x.example\nReply-To: r@x.example\nSubject: =?utf-8?q?=C3=A9?=\n"
        "Date: Thu, 30 Oct 2014 14:12:00 +0800\n\nbody\n",
        "To: first@x.example\nTo: second@x.example\nSubject: one\nSubject: two\n\nbody\n",
        "X-None: of them\n\nbody\n",
        "Subject:\nDate: never\nReferences: none\n\nbody\n",
        "To: undisclosed-recipients:;\nCc:\nBcc: ;\nFrom: <>\nSender: (nobody)\nReply-To: ,\n"
        "Message-ID: no-brackets\n\nbody\n",
        "To: a@x.example\nTo: nobody:;\nMessage-ID: <a@x>\nMessage-ID: bare\n\nbody\n",
        "To: nobody:;\nTo: a@x.example\nMessage-ID: bare\nMessage-ID: <a@x>\n\nbody\n",
        /* The last counts, though an earlier one says more. */
        "Date: Thu, 30 Oct 2014 06:12:00 +0000\nDate: never\nIn-Reply-To: <a@b>\nIn-Reply-To: "
        "him\nReferences: <a@b>\nReferences: none\nSubject: one\nSubject:\n\nbody\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(pairs); j++) {
            g_autofree char *arguments =
                g_strdup_printf("'properties': ['%s', '%s']", pairs[j][0], pairs[j][1]);
            json_t *email = get(t, messages[i], arguments);

            if (!json_equal(json_object_get(email, pairs[j][0]),
                            json_object_get(email, pairs[j][1])))
                g_error("message %zu: %s", i, json_dumps(email, 0));
            json_decref(email);
        }
}

static const struct jmap_case cases[] = {
    {"/rfc8621/4.1.2.1/octets-after-the-colon", test_raw},
    {"/rfc8621/4.1.2.1/always-utf-8", test_raw_is_utf8},
    {"/rfc8621/4.1.2.2/text", test_text},
    {"/rfc8621/4.1.2.3/addresses", test_addresses},
    {"/rfc8621/4.1.2.3/best-effort", test_broken_addresses},
    {"/rfc8621/4.1.2.4/groups", test_groups},
    {"/rfc8621/4.1.2.5/message-ids", test_message_ids},
    {"/rfc8621/4.1.2.6/dates", test_dates},
    {"/rfc8621/4.1.2.7/urls", test_urls},
    {"/rfc8621/4.1.2/forms-of-each-field", test_forms_of_fields},
    {"/rfc8621/4.1.3/instances", test_instances},
    {"/rfc8621/4.1.3/all-headers-in-order", test_all_headers},
    {"/rfc8621/4.1.3/convenience-properties", test_convenience},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
