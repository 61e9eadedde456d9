/* RFC 8621, 3 and 4: threads, what an Email is made of, and lists of them. */
#include "jmap_fixture.h"

#define ID "e%" G_GINT64_FORMAT
#define BOX "m%" G_GINT64_FORMAT

static uint32_t next_uid;

static int64_t put(struct jmap_fixture *t, const char *message)
{
    next_uid++;
    return jmap_fixture_put(t, t->m.inbox, next_uid, 0, 1000 + next_uid, message);
}

static json_t *get(struct jmap_fixture *t, int64_t id, const char *arguments)
{
    json_t *answer = jmap_fixture_call(t, "Email/get", "{'ids': ['" ID "'], %s}", id, arguments);
    json_t *email = json_incref(jmap_at(answer, "list/0"));

    json_decref(answer);
    return email;
}

/* --- 4.1.1 --- */

static void test_metadata(struct jmap_fixture *t)
{
    static const char message[] = "Subject: x\n\nbody\n";
    int64_t id =
        jmap_fixture_put(t, t->m.inbox, 1, MAIL_SEEN | MAIL_ANSWERED | MAIL_DRAFT, 1000, message);
    g_autofree char *boxes = g_strdup_printf("{'" BOX "': true}", t->m.inbox);
    json_t *email = get(t, id, "'properties': null");
    g_autoptr(GBytes) raw =
        jmap_download(t->jmap, t->m.user, "a1", jmap_text_at(email, "blobId"), NULL);

    jmap_assert_json(jmap_at(email, "mailboxIds"), boxes);
    jmap_assert_json(jmap_at(email, "keywords"),
                     "{'$seen': true, '$answered': true, '$draft': true}");
    g_assert_cmpstr(jmap_text_at(email, "receivedAt"), ==, "1970-01-01T00:16:40Z");
    g_assert_cmpint(jmap_number_at(email, "size"), ==, (int64_t)g_bytes_get_size(raw));
    g_assert_true(g_str_has_prefix(jmap_text_at(email, "threadId"), "t"));
    json_decref(email);
}

/* Case folded; a value other than true and characters that IMAP has no place for are refused. */
static void test_keywords(struct jmap_fixture *t)
{
    static const char *const bad[] = {"a b", "a(", "a)", "a{", "a]", "a%", "a*", "\\u0007", ""};
    int64_t id = put(t, "Subject: x\n\nbody\n");
    json_t *answer = jmap_fixture_call(t, "Email/set",
                                       "{'update': {'" ID
                                       "': {'keywords': {'$SEEN': true, 'Project-X': true}}}}",
                                       id);
    json_t *email;

    json_decref(answer);
    email = get(t, id, "'properties': ['keywords']");
    jmap_assert_json(jmap_at(email, "keywords"), "{'$seen': true, 'project-x': true}");
    json_decref(email);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *path = g_strdup_printf("notUpdated/" ID "/type", id);

        answer =
            jmap_fixture_call(t, "Email/set", "{'update': {'" ID "': {'keywords': {'%s': true}}}}",
                              id, bad[i]);
        g_assert_cmpstr(jmap_text_at(answer, path), ==, "invalidProperties");
        json_decref(answer);
    }
}

/* What is marked \Deleted on the server by us is not seen, and not counted. */
static void test_always_in_a_mailbox(struct jmap_fixture *t)
{
    int64_t id = put(t, "Subject: x\n\nbody\n");
    g_autofree char *path = g_strdup_printf("notUpdated/" ID "/type", id);
    json_t *answer =
        jmap_fixture_call(t, "Email/set", "{'update': {'" ID "': {'mailboxIds': {}}}}", id);

    g_assert_cmpstr(jmap_text_at(answer, path), ==, "invalidProperties");
    json_decref(answer);
    answer =
        jmap_fixture_call(t, "Email/set", "{'update': {'" ID "': {'mailboxIds/" BOX "': null}}}",
                          id, t->m.inbox);
    g_assert_cmpstr(jmap_text_at(answer, path), ==, "invalidProperties");
    json_decref(answer);
}

/* --- 4.1.4 --- */

static const char forwarded[] =
    "Content-Type: multipart/mixed; boundary=a\n\n"
    "--a\nContent-Type: text/plain\nContent-Disposition: inline\n\nA\n"
    "--a\nContent-Type: multipart/mixed; boundary=b\n\n"
    "--b\nContent-Type: multipart/alternative; boundary=c\n\n"
    "--c\nContent-Type: multipart/mixed; boundary=d\n\n"
    "--d\nContent-Type: text/plain\nContent-Disposition: inline\n\nB\n"
    "--d\nContent-Type: image/jpeg\nContent-Disposition: inline\n\nC\n"
    "--d\nContent-Type: text/plain\nContent-Disposition: inline\n\nD\n--d--\n"
    "--c\nContent-Type: multipart/related; boundary=e\n\n"
    "--e\nContent-Type: text/html\n\nE\n"
    "--e\nContent-Type: image/jpeg\n\nF\n--e--\n--c--\n"
    "--b\nContent-Type: image/jpeg\nContent-Disposition: attachment\n\nG\n"
    "--b\nContent-Type: application/x-excel\n\nH\n"
    "--b\nContent-Type: message/rfc822\n\nSubject: J\n\nJ\n--b--\n"
    "--a\nContent-Type: text/plain\nContent-Disposition: inline\n\nK\n--a--\n";

/* The letters that the parts of a list hold; an attached message is J. */
static char *letters(struct jmap_fixture *t, json_t *list)
{
    GString *out = g_string_new(NULL);
    json_t *part;
    size_t i;

    json_array_foreach(list, i, part)
    {
        g_autoptr(GBytes) bytes =
            jmap_download(t->jmap, t->m.user, "a1", jmap_text_at(part, "blobId"), NULL);
        const char *type = jmap_text_at(part, "type");

        g_assert_false(jmap_has(part, "subParts"));
        g_string_append_c(out, strcmp(type, "message/rfc822") == 0
                                   ? 'J'
                                   : ((const char *)g_bytes_get_data(bytes, NULL))[0]);
    }
    return g_string_free(out, FALSE);
}

static void test_rfc_example(struct jmap_fixture *t)
{
    static const char *const lists[][2] = {{"textBody", "ABCDK"},
                                           {"htmlBody", "AEK"},
                                           {"attachments", "CFGHJ"}};
    json_t *email = get(t, put(t, forwarded), "'properties': null");

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autofree char *found = letters(t, jmap_at(email, lists[i][0]));

        g_assert_cmpstr(found, ==, lists[i][1]);
    }
    g_assert_true(json_is_true(jmap_at(email, "hasAttachment")));
    json_decref(email);
}

static void test_part_properties(struct jmap_fixture *t)
{
    json_t *email = get(t,
                        put(t, "Content-Type: multipart/mixed; boundary=a\n\n"
                               "--a\n\nno type\n"
                               "--a\nContent-Type: text/plain\n\nno charset\n"
                               "--a\nContent-Type: TEXT/Html (note); charset=\"UTF-8\"\n"
                               "Content-Language: de, en-GB\nContent-Location: https://x.example/\n"
                               "Content-Id: (c) <id@x>\n\n<p>x</p>\n"
                               "--a\nContent-Type: application/pdf; name=\"old.pdf\"\n"
                               "Content-Disposition: ATTACHMENT (c);"
                               " filename*=utf-8''caf%C3%A9.pdf\n"
                               "Content-Transfer-Encoding: base64\n\nSGVsbG8=\n"
                               "--a\nContent-Type: image/png; name=\"=?utf-8?q?=C3=A9?=.png\"\n\nx"
                               "\n--a--\n"),
                        "'properties': ['bodyStructure'], 'bodyProperties': ['partId', 'size',"
                        " 'name', 'type', 'charset', 'disposition', 'cid', 'language', 'location',"
                        " 'subParts', 'header:content-TYPE']");
    json_t *parts = jmap_at(email, "bodyStructure/subParts");

    jmap_assert_json(jmap_at(email, "bodyStructure/partId"), "null");
    g_assert_cmpstr(jmap_text_at(parts, "0/type"), ==, "text/plain");
    g_assert_cmpstr(jmap_text_at(parts, "0/charset"), ==, "us-ascii");
    jmap_assert_json(jmap_at(parts, "0/header:content-TYPE"), "null");
    g_assert_cmpstr(jmap_text_at(parts, "1/charset"), ==, "us-ascii");
    g_assert_cmpstr(jmap_text_at(parts, "2/type"), ==, "text/html");
    g_assert_cmpstr(jmap_text_at(parts, "2/charset"), ==, "UTF-8");
    jmap_assert_json(jmap_at(parts, "2/language"), "['de', 'en-GB']");
    g_assert_cmpstr(jmap_text_at(parts, "2/location"), ==, "https://x.example/");
    g_assert_cmpstr(jmap_text_at(parts, "2/cid"), ==, "id@x");
    jmap_assert_json(jmap_at(parts, "2/subParts"), "null");
    g_assert_cmpstr(jmap_text_at(parts, "3/name"), ==, "caf\xc3\xa9.pdf");
    g_assert_cmpstr(jmap_text_at(parts, "3/disposition"), ==, "attachment");
    jmap_assert_json(jmap_at(parts, "3/charset"), "null");
    g_assert_cmpint(jmap_number_at(parts, "3/size"), ==, 5);
    g_assert_cmpstr(jmap_text_at(parts, "4/name"), ==, "\xc3\xa9.png");
    json_decref(email);
}

static void test_digest(struct jmap_fixture *t)
{
    json_t *email = get(t,
                        put(t, "Content-Type: multipart/digest; boundary=a\n\n"
                               "--a\n\nSubject: inner\n\nx\n--a--\n"),
                        "'properties': ['bodyStructure']");

    g_assert_cmpstr(jmap_text_at(email, "bodyStructure/subParts/0/type"), ==, "message/rfc822");
    json_decref(email);
}

static void expect_value(struct jmap_fixture *t, const char *message, const char *wanted,
                         bool problem)
{
    json_t *email = get(t, put(t, message),
                        "'properties': ['bodyValues', 'textBody'], 'fetchAllBodyValues': true");
    json_t *value =
        json_object_get(jmap_at(email, "bodyValues"), jmap_text_at(email, "textBody/0/partId"));

    g_assert_cmpstr(jmap_text_at(value, "value"), ==, wanted);
    g_assert_true(json_is_true(jmap_at(value, "isEncodingProblem")) == problem);
    g_assert_true(json_is_false(jmap_at(value, "isTruncated")));
    json_decref(email);
}

static void test_values(struct jmap_fixture *t)
{
    expect_value(t, "Content-Type: text/plain; charset=iso-8859-1\n\ncaf\xe9\ntwo\n",
                 "caf\xc3\xa9\ntwo\n", false);
    expect_value(t, "Content-Type: text/plain; charset=utf-8\n\nbad \xff end\n",
                 "bad \xef\xbf\xbd end\n", true);
    expect_value(t,
                 "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
                 "Y2Fmw6k=\n",
                 "caf\xc3\xa9", false);
    expect_value(t, "Content-Type: text/plain; charset=x-nobody-knows\n\nplain\n", "plain\n", true);
    expect_value(t, "Content-Transfer-Encoding: x-unknown\n\nas it is\n", "as it is\n", true);
}

/* At most so many octets, whole characters, and no half of a tag. */
static void test_truncation(struct jmap_fixture *t)
{
    static const char text[] = "Content-Type: text/plain; charset=utf-8\n\n"
                               "a\xc3\xa9\xe5\x91\xa8\xf0\x9f\x98\x80z\n";
    static const char html[] = "Content-Type: text/html; charset=utf-8\n\n"
                               "<p>ab<a title=\"x > y\" href='x:'>c</a> 1 < 2</p>\n";
    const char *const messages[] = {text, html};

    for (size_t m = 0; m < G_N_ELEMENTS(messages); m++) {
        int64_t id = put(t, messages[m]);

        for (unsigned max = 1; max < 60; max++) {
            g_autofree char *arguments =
                g_strdup_printf("'properties': ['bodyValues'], 'fetchAllBodyValues': true, "
                                "'maxBodyValueBytes': %u",
                                max);
            json_t *email = get(t, id, arguments);
            json_t *value = json_object_iter_value(json_object_iter(jmap_at(email, "bodyValues")));
            const char *cut = jmap_text_at(value, "value"), *open = strrchr(cut, '<');

            g_assert_cmpuint(strlen(cut), <=, max);
            g_assert_true(g_utf8_validate(cut, -1, NULL));
            g_assert_null(strstr(cut, "\xef\xbf\xbd"));
            g_assert_true(json_is_true(jmap_at(value, "isTruncated")) ==
                          (strcmp(cut, strstr(messages[m], "\n\n") + 2) != 0));
            if (m == 1 && open != NULL && open[1] != ' ')
                g_assert_true(g_str_has_prefix(open, "<a ") ? strstr(open, "x:'>") != NULL
                                                            : strchr(open, '>') != NULL);
            json_decref(email);
        }
    }
}

static void test_preview(struct jmap_fixture *t)
{
    g_autofree char *lengthy = g_strnfill(2000, 'x');
    g_autofree char *message = g_strconcat("Subject: x\n\n", lengthy, "\n", NULL);
    json_t *email = get(t, put(t, message), "'properties': ['preview']");

    g_assert_cmpint(g_utf8_strlen(jmap_text_at(email, "preview"), -1), <=, 256);
    g_assert_cmpint(g_utf8_strlen(jmap_text_at(email, "preview"), -1), >, 100);
    json_decref(email);
    email = get(t,
                put(t, "Content-Type: text/html\n\n<style>p{}</style><p>Hello   "
                       "<b>world</b></p>\n"),
                "'properties': ['preview']");
    g_assert_cmpstr(jmap_text_at(email, "preview"), ==, "Hello world");
    json_decref(email);
}

static void expect_attachment(struct jmap_fixture *t, const char *message, bool wanted)
{
    json_t *email = get(t, put(t, message), "'properties': ['hasAttachment']");

    if (json_is_true(jmap_at(email, "hasAttachment")) != wanted)
        g_error("hasAttachment of %s", message);
    json_decref(email);
}

static void test_has_attachment(struct jmap_fixture *t)
{
#define MIXED(part) "Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--a\n" part "\n--a--\n"
    expect_attachment(t, "Subject: x\n\nx\n", false);
    expect_attachment(t, MIXED("Content-Type: application/pdf\n\nx"), true);
    expect_attachment(t, MIXED("Content-Type: text/plain\nContent-Disposition: attachment\n\nx"),
                      true);
    expect_attachment(t, MIXED("Content-Type: message/rfc822\n\nSubject: x\n\nx"), true);
    expect_attachment(t,
                      "Content-Type: multipart/alternative; boundary=a\n\n--a\n\nx\n--a\n"
                      "Content-Type: text/html\n\nx\n--a--\n",
                      false);
}

/* --- 4.2 --- */

static void test_names_as_asked(struct jmap_fixture *t)
{
    json_t *email = get(t, put(t, "Subject: x\n\nx\n"),
                        "'properties': ['header:SUBJECT', 'header:subject:asText',"
                        " 'header:suBject:all']");

    jmap_assert_json(jmap_at(email, "header:SUBJECT"), "' x'");
    jmap_assert_json(jmap_at(email, "header:subject:asText"), "'x'");
    jmap_assert_json(jmap_at(email, "header:suBject:all"), "[' x']");
    g_assert_cmpuint(json_object_size(email), ==, 4); /* and its id */
    json_decref(email);
}

/* --- 4.3 --- */

static void test_changes(struct jmap_fixture *t)
{
    g_autofree char *before = jmap_state_of(t, "Email");
    int64_t id = put(t, "Subject: x\n\nx\n");
    json_t *answer = jmap_fixture_call(t, "Email/changes", "{'sinceState': '%s'}", before);

    g_assert_cmpuint(json_array_size(jmap_at(answer, "created")), ==, 1);
    json_decref(answer);
    answer = jmap_fixture_call(t, "Email/set", "{'destroy': ['" ID "']}", id);
    json_decref(answer);
    answer = jmap_fixture_call(t, "Email/changes", "{'sinceState': '%s'}", before);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "created")), ==, 0);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "updated")), ==, 0);
    json_decref(answer);
}

/* --- 4.4 --- */

static void expect_ids(struct jmap_fixture *t, const char *arguments, const int64_t *ids,
                       size_t count)
{
    json_t *answer = jmap_fixture_call(t, "Email/query", "{%s}", arguments);

    if (json_array_size(jmap_at(answer, "ids")) != count)
        g_error("%s: %s", arguments, json_dumps(answer, 0));
    for (size_t i = 0; i < count; i++) {
        g_autofree char *path = g_strdup_printf("ids/%zu", i);

        g_assert_cmpint(g_ascii_strtoll(jmap_text_at(answer, path) + 1, NULL, 10), ==, ids[i]);
    }
    json_decref(answer);
}

/* RFC 8621, 4.4: a total is what the mailbox counts, of emails and of threads. */
static void test_totals(struct jmap_fixture *t)
{
    json_t *answer, *box;

    put(t, "Message-ID: <1@x>\nSubject: one\n\nx\n");
    put(t, "Message-ID: <2@x>\nReferences: <1@x>\nSubject: Re: one\n\nx\n");
    put(t, "Message-ID: <3@x>\nSubject: two\n\nx\n");
    box = jmap_fixture_call(t, "Mailbox/get", "{'ids': ['" BOX "']}", t->m.inbox);
    for (int collapse = 0; collapse < 2; collapse++) {
        answer = jmap_fixture_call(t, "Email/query",
                                   "{'filter': {'inMailbox': '" BOX "'}, 'calculateTotal': true,"
                                   " 'limit': 1, 'collapseThreads': %s}",
                                   t->m.inbox, collapse ? "true" : "false");
        g_assert_cmpint(jmap_number_at(answer, "total"), ==,
                        jmap_number_at(box,
                                       collapse ? "list/0/totalThreads" : "list/0/totalEmails"));
        json_decref(answer);
    }
    json_decref(box);
}

/* A thread stands where its first email of the list does, after filter and sort. */
static void test_collapse(struct jmap_fixture *t)
{
    int64_t a = put(t, "Message-ID: <1@x>\nFrom: z@x.example\nSubject: one\n\nx\n");
    int64_t b = put(t, "Message-ID: <3@x>\nFrom: m@x.example\nSubject: two\n\nx\n");
    int64_t c =
        put(t, "Message-ID: <2@x>\nReferences: <1@x>\nFrom: a@x.example\nSubject: one\n\nx\n");

    expect_ids(t, "'collapseThreads': true", (const int64_t[]){c, b}, 2);
    expect_ids(t, "'collapseThreads': true, 'sort': [{'property': 'receivedAt'}]",
               (const int64_t[]){a, b}, 2);
    expect_ids(t, "'collapseThreads': true, 'sort': [{'property': 'from'}]",
               (const int64_t[]){c, b}, 2);
    expect_ids(t, "'collapseThreads': true, 'filter': {'from': 'z'}", (const int64_t[]){a}, 1);
    expect_ids(t, "'collapseThreads': false", (const int64_t[]){c, b, a}, 3);
}

/* --- 3 --- */

static void test_threads(struct jmap_fixture *t)
{
    g_autofree char *before = jmap_state_of(t, "Thread");
    int64_t late = put(t, "Message-ID: <2@x>\nReferences: <1@x>\nSubject: Re: one\n\nx\n");
    int64_t early =
        jmap_fixture_put(t, t->m.archive, 900, 0, 10, "Message-ID: <1@x>\nSubject: one\n\nx\n");
    json_t *email = get(t, late, "'properties': ['threadId']");
    json_t *answer =
        jmap_fixture_call(t, "Thread/get", "{'ids': ['%s']}", jmap_text_at(email, "threadId"));
    g_autofree char *order = g_strdup_printf("['" ID "', '" ID "']", early, late);

    /* By receivedAt, whatever the mailbox. */
    jmap_assert_json(jmap_at(answer, "list/0/emailIds"), order);
    json_decref(answer);
    answer = jmap_fixture_call(t, "Thread/changes", "{'sinceState': '%s'}", before);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "created")), ==, 1);
    json_decref(answer);
    g_free(before);
    before = jmap_state_of(t, "Thread");
    /* A thread changes when its list does, not when its emails do. */
    answer =
        jmap_fixture_call(t, "Email/set", "{'update': {'" ID "': {'keywords/$seen': true}}}", late);
    json_decref(answer);
    answer = jmap_fixture_call(t, "Thread/changes", "{'sinceState': '%s'}", before);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "updated")), ==, 0);
    json_decref(answer);
    answer = jmap_fixture_call(t, "Email/set", "{'destroy': ['" ID "']}", early);
    json_decref(answer);
    answer = jmap_fixture_call(t, "Thread/changes", "{'sinceState': '%s'}", before);
    g_assert_cmpstr(jmap_text_at(answer, "updated/0"), ==, jmap_text_at(email, "threadId"));
    json_decref(answer);
    json_decref(email);
}

static const struct jmap_case cases[] = {
    {"/rfc8621/3.2/when-the-list-changes", test_threads},
    {"/rfc8621/4.1.1/metadata", test_metadata},
    {"/rfc8621/4.1.1/keywords", test_keywords},
    {"/rfc8621/4.1.1/always-in-a-mailbox", test_always_in_a_mailbox},
    {"/rfc8621/4.1.4/suggested-decomposition", test_rfc_example},
    {"/rfc8621/4.1.4/part-properties", test_part_properties},
    {"/rfc8621/4.1.4/digest", test_digest},
    {"/rfc8621/4.1.4/values", test_values},
    {"/rfc8621/4.1.4/preview", test_preview},
    {"/rfc8621/4.1.4/has-attachment", test_has_attachment},
    {"/rfc8621/4.2/truncation", test_truncation},
    {"/rfc8621/4.2/names-as-asked", test_names_as_asked},
    {"/rfc8621/4.3/created-and-gone", test_changes},
    {"/rfc8621/4.4/totals-are-the-counts", test_totals},
    {"/rfc8621/4.4.3/first-of-the-thread", test_collapse},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
