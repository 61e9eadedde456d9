/* RFC 8621, 4.1, 4.2, 4.3 and 4.9: Email/get, Email/changes, Email/parse. */
#include "jmap_fixture.h"

static const char rich[] =
    "From: \"  J\\\"oe \" <joe@example.org>\n"
    "To: Team: ann@mail.example, =?UTF-8?Q?J=C3=B6rg?= <j@example.org>;\n"
    "Subject: =?UTF-8?B?R3LDvMOfZQ==?= to\n you\n"
    "Message-ID: <rich@example.org>\n"
    "In-Reply-To: <first@example.org>\n"
    "References: <zero@example.org> <first@example.org>\n"
    "Date: Mon, 05 Feb 2024 10:20:30 +0200\n"
    "List-Unsubscribe: <mailto:off@example.org>, <https://example.org/off>\n"
    "X-Twice: first\n"
    "X-Twice: second\n"
    "MIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=\"out\"\n"
    "\n"
    "--out\n"
    "Content-Type: multipart/alternative; boundary=\"in\"\n"
    "\n"
    "--in\n"
    "Content-Type: text/plain; charset=utf-8\n"
    "Content-Transfer-Encoding: quoted-printable\n"
    "\n"
    "Hall=C3=B6chen world\n"
    "--in\n"
    "Content-Type: text/html; charset=utf-8\n"
    "\n"
    "<p>Hello <a href=\"https://example.org/\">world</a></p>\n"
    "--in--\n"
    "--out\n"
    "Content-Type: image/png; name=\"dot.png\"\n"
    "Content-Disposition: attachment; filename=\"dot.png\"\n"
    "Content-ID: <dot@example.org>\n"
    "Content-Transfer-Encoding: base64\n"
    "\n"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E\n"
    "rkJggg==\n"
    "--out\n"
    "Content-Type: message/rfc822\n"
    "\n"
    "From: inner@example.org\n"
    "Subject: inside\n"
    "\n"
    "inner text\n"
    "--out--\n";

static int64_t put_rich(struct jmap_fixture *t)
{
    return jmap_fixture_put(t, t->m.inbox, 1, MAIL_SEEN | MAIL_FLAGGED, 1707121230, rich);
}

static json_t *get_one(struct jmap_fixture *t, int64_t id, const char *more)
{
    json_t *answer =
        jmap_fixture_call(t, "Email/get", "{'ids': ['e%" G_GINT64_FORMAT "']%s}", id, more);
    json_t *object = json_incref(jmap_at(answer, "list/0"));

    json_decref(answer);
    return object;
}

static void expect(json_t *object, const char *path, const char *wanted)
{
    json_t *value = jmap_at(object, path), *expected = jmap_fixture_json("%s", wanted);

    if (!json_equal(value, expected))
        g_error("%s: expected %s, got %s", path, wanted, json_dumps(value, JSON_ENCODE_ANY));
    json_decref(expected);
}

static void test_default_properties(void)
{
    struct jmap_fixture t;
    json_t *email;
    g_autofree char *mailboxes = NULL;

    jmap_fixture_open(&t);
    email = get_one(&t, put_rich(&t), "");
    g_assert_cmpuint(json_object_size(email), ==, 24);
    expect(email, "messageId", "['rich@example.org']");
    expect(email, "inReplyTo", "['first@example.org']");
    expect(email, "references", "['zero@example.org', 'first@example.org']");
    expect(email, "from", "[{'name': 'J\\\"oe', 'email': 'joe@example.org'}]");
    expect(email, "to",
           "[{'name': null, 'email': 'ann@mail.example'},"
           " {'name': 'J\\u00f6rg', 'email': 'j@example.org'}]");
    expect(email, "cc", "null");
    expect(email, "subject", "'Gr\\u00fc\\u00dfe to you'");
    expect(email, "sentAt", "'2024-02-05T10:20:30+02:00'");
    expect(email, "receivedAt", "'2024-02-05T08:20:30Z'");
    expect(email, "keywords", "{'$seen': true, '$flagged': true}");
    expect(email, "hasAttachment", "true");
    expect(email, "bodyValues", "{}");
    g_assert_false(jmap_has(email, "postroom:state"));
    mailboxes = g_strdup_printf("{'m%" G_GINT64_FORMAT "': true}", t.m.inbox);
    expect(email, "mailboxIds", mailboxes);
    expect(email, "textBody/0/type", "'text/plain'");
    expect(email, "htmlBody/0/type", "'text/html'");
    expect(email, "attachments/0/type", "'image/png'");
    expect(email, "attachments/0/name", "'dot.png'");
    expect(email, "attachments/0/cid", "'dot@example.org'");
    expect(email, "attachments/0/disposition", "'attachment'");
    expect(email, "attachments/1/type", "'message/rfc822'");
    g_assert_cmpuint(json_object_size(jmap_at(email, "attachments/0")), ==, 10);
    json_decref(email);
    jmap_fixture_close(&t);
}

static void test_header_properties(void)
{
    struct jmap_fixture t;
    json_t *email;

    jmap_fixture_open(&t);
    email = get_one(&t, put_rich(&t),
                    ", 'properties': ['header:x-TWICE', 'header:X-Twice:all', 'header:X-None',"
                    " 'header:X-None:all', 'header:Subject:asText',"
                    " 'header:To:asGroupedAddresses', 'header:List-Unsubscribe:asURLs',"
                    " 'header:Date:asDate', 'header:From:asAddresses:all',"
                    " 'header:References:asMessageIds', 'header:X-Twice:asDate', 'headers']");
    expect(email, "header:x-TWICE", "' second'");
    expect(email, "header:X-Twice:all", "[' first', ' second']");
    expect(email, "header:X-None", "null");
    expect(email, "header:X-None:all", "[]");
    expect(email, "header:Subject:asText", "'Gr\\u00fc\\u00dfe to you'");
    expect(email, "header:To:asGroupedAddresses",
           "[{'name': 'Team', 'addresses': [{'name': null, 'email': 'ann@mail.example'},"
           " {'name': 'J\\u00f6rg', 'email': 'j@example.org'}]}]");
    expect(email, "header:List-Unsubscribe:asURLs",
           "['mailto:off@example.org', 'https://example.org/off']");
    expect(email, "header:Date:asDate", "'2024-02-05T10:20:30+02:00'");
    expect(email, "header:From:asAddresses:all",
           "[[{'name': 'J\\\"oe', 'email': 'joe@example.org'}]]");
    expect(email, "header:References:asMessageIds", "['zero@example.org', 'first@example.org']");
    expect(email, "header:X-Twice:asDate", "null");
    expect(email, "headers/8/name", "'X-Twice'");
    expect(email, "headers/8/value", "' first'");
    json_decref(email);
    jmap_fixture_close(&t);
}

static void test_wrong_properties(void)
{
    static const char *const wrong[] = {
        "nonsense",           "header:",
        "header:From:asDate", "header:Date:asText",
        "header:X:asNone",    "header:Received:asText",
        "header:X:all:asRaw", "header:X:all:more",
        "header:A b",         "Subject",
        "header:To:asURLs",   "header:List-Post:asAddresses",
    };
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        json_t *answer =
            jmap_fixture_call(&t, "Email/get", "{'ids': [], 'properties': ['%s']}", wrong[i]);

        if (g_strcmp0(json_string_value(json_object_get(answer, "type")), "invalidArguments") != 0)
            g_error("%s was taken", wrong[i]);
        json_decref(answer);
    }
    jmap_fixture_close(&t);
}

static void test_structure(void)
{
    struct jmap_fixture t;
    json_t *email;

    jmap_fixture_open(&t);
    email = get_one(&t, put_rich(&t),
                    ", 'properties': ['bodyStructure'], 'bodyProperties': ['partId', 'blobId',"
                    " 'type', 'size', 'charset', 'header:Content-ID', 'headers']");
    expect(email, "bodyStructure/type", "'multipart/mixed'");
    expect(email, "bodyStructure/partId", "null");
    expect(email, "bodyStructure/blobId", "null");
    expect(email, "bodyStructure/subParts/0/type", "'multipart/alternative'");
    expect(email, "bodyStructure/subParts/0/subParts/1/type", "'text/html'");
    expect(email, "bodyStructure/subParts/1/header:Content-ID", "' <dot@example.org>'");
    expect(email, "bodyStructure/subParts/1/headers/0/name", "'Content-Type'");
    expect(email, "bodyStructure/subParts/0/subParts/0/charset", "'utf-8'");
    g_assert_false(jmap_has(email, "bodyStructure/subParts/2/subParts"));
    g_assert_cmpint(jmap_number_at(email, "bodyStructure/subParts/1/size"), ==, 70);
    json_decref(email);
    jmap_fixture_close(&t);
}

static void expect_value(struct jmap_fixture *t, int64_t id, const char *args, bool html,
                         const char *value, bool truncated)
{
    json_t *email = get_one(t, id, args);
    const char *part = jmap_text_at(email, html ? "htmlBody/0/partId" : "textBody/0/partId");
    json_t *found = json_object_get(jmap_at(email, "bodyValues"), part);

    if (value == NULL) {
        g_assert_null(found);
    } else {
        g_assert_cmpstr(jmap_text_at(found, "value"), ==, value);
        g_assert_true(json_is_true(jmap_at(found, "isTruncated")) == truncated);
        g_assert_true(json_is_false(jmap_at(found, "isEncodingProblem")));
    }
    json_decref(email);
}

static void test_body_values(void)
{
    struct jmap_fixture t;
    int64_t id;
    json_t *email;

    jmap_fixture_open(&t);
    id = put_rich(&t);
    expect_value(&t, id, ", 'fetchTextBodyValues': true", false,
                 "Hall\xc3\xb6"
                 "chen world",
                 false);
    expect_value(&t, id, ", 'fetchTextBodyValues': true", true, NULL, false);
    expect_value(&t, id, ", 'fetchHTMLBodyValues': true", true,
                 "<p>Hello <a href=\"https://example.org/\">world</a></p>", false);
    expect_value(&t, id, ", 'fetchAllBodyValues': true, 'maxBodyValueBytes': 5", false, "Hall",
                 true);
    expect_value(&t, id, ", 'fetchAllBodyValues': true, 'maxBodyValueBytes': 6", false,
                 "Hall\xc3\xb6", true);
    expect_value(&t, id, ", 'fetchHTMLBodyValues': true, 'maxBodyValueBytes': 20", true,
                 "<p>Hello ", true);
    email = get_one(&t, id, ", 'fetchAllBodyValues': true");
    g_assert_cmpuint(json_object_size(jmap_at(email, "bodyValues")), ==, 2);
    json_decref(email);
    jmap_fixture_close(&t);
}

static GBytes *download(struct jmap_fixture *t, const char *blob)
{
    g_autofree char *account = g_strdup_printf("a%" G_GINT64_FORMAT, t->m.account);

    return jmap_download(t->jmap, t->m.user, account, blob, NULL);
}

static void test_blobs(void)
{
    struct jmap_fixture t;
    json_t *email, *parsed;
    g_autofree char *inner = NULL, *inner_part = NULL, *path = NULL;
    g_autoptr(GBytes) image = NULL, raw = NULL, message = NULL, text = NULL;
    static const char *const weird[] = {"",        "b",
                                        "b1-",     "b1--1",
                                        "b1-99",   "b1-1.",
                                        "b1-_",    "e1",
                                        "b0",      "b1-1-1-1-1-1-1-1-1",
                                        "b1/1",    "b-1",
                                        "b1-%s%n", "b1-1_1_1_1_1"};

    jmap_fixture_open(&t);
    email = get_one(&t, put_rich(&t), "");
    raw = download(&t, jmap_text_at(email, "blobId"));
    g_assert_cmpuint(g_bytes_get_size(raw), ==, jmap_number_at(email, "size"));
    image = download(&t, jmap_text_at(email, "attachments/0/blobId"));
    g_assert_cmpuint(g_bytes_get_size(image), ==, 70);
    inner = g_strdup(jmap_text_at(email, "attachments/1/blobId"));
    for (const char *c = inner; *c != '\0'; c++)
        g_assert_true(g_ascii_isalnum(*c) || *c == '-' || *c == '_');
    message = download(&t, inner);
    g_assert_true(g_str_has_prefix(g_bytes_get_data(message, NULL), "From: inner@"));
    parsed = jmap_fixture_call(&t, "Email/parse",
                               "{'blobIds': ['%s', 'b999'], 'fetchTextBodyValues': true}", inner);
    path = g_strdup_printf("parsed/%s/textBody/0/blobId", inner);
    inner_part = g_strdup(jmap_text_at(parsed, path));
    text = download(&t, inner_part);
    g_assert_cmpmem(g_bytes_get_data(text, NULL), 10, "inner text", 10);
    jmap_assert_json(jmap_at(parsed, "notFound"), "['b999']");
    jmap_assert_json(jmap_at(parsed, "notParsable"), "null");
    json_decref(parsed);
    for (size_t i = 0; i < G_N_ELEMENTS(weird); i++)
        g_assert_null(download(&t, weird[i]));
    json_decref(email);
    jmap_fixture_close(&t);
}

static void test_parse(void)
{
    struct jmap_fixture t;
    json_t *email, *parsed, *inside;

    jmap_fixture_open(&t);
    email = get_one(&t, put_rich(&t), "");
    parsed = jmap_fixture_call(&t, "Email/parse", "{'blobIds': ['%s']}",
                               jmap_text_at(email, "attachments/1/blobId"));
    inside =
        json_object_get(jmap_at(parsed, "parsed"), jmap_text_at(email, "attachments/1/blobId"));
    g_assert_cmpuint(json_object_size(inside), ==, 17);
    expect(inside, "subject", "'inside'");
    expect(inside, "preview", "'inner text'");
    g_assert_false(jmap_has(inside, "id"));
    json_decref(parsed);
    parsed = jmap_fixture_call(&t, "Email/parse",
                               "{'blobIds': ['%s'], 'properties': ['id', 'keywords', 'subject']}",
                               jmap_text_at(email, "blobId"));
    inside = json_object_get(jmap_at(parsed, "parsed"), jmap_text_at(email, "blobId"));
    expect(inside, "id", "null");
    expect(inside, "keywords", "null");
    json_decref(parsed);
    json_decref(email);
    jmap_fixture_close(&t);
}

static void test_pending(void)
{
    struct jmap_fixture t;
    json_t *email;
    g_autoptr(GArray) pending = NULL;
    int64_t id;

    jmap_fixture_open(&t);
    id = jmap_fixture_put_pending(&t, t.m.inbox, 1, 1000, rich);
    email = get_one(&t, id, ", 'properties': ['subject', 'from', 'blobId', 'postroom:state']");
    expect(email, "postroom:state", "'pending'");
    expect(email, "subject", "'Gr\\u00fc\\u00dfe to you'");
    expect(email, "blobId", "null");
    json_decref(email);
    pending = store_sync_pending(t.m.f.store, t.m.account, 10, NULL);
    g_assert_false(g_array_index(pending, struct store_pending, 0).wanted);
    g_array_unref(pending);
    email = get_one(&t, id, ", 'fetchTextBodyValues': true");
    expect(email, "textBody", "[]");
    expect(email, "bodyValues", "{}");
    json_decref(email);
    pending = store_sync_pending(t.m.f.store, t.m.account, 10, NULL);
    g_assert_true(g_array_index(pending, struct store_pending, 0).wanted);
    jmap_fixture_close(&t);
}

/* The vendor's property exists for those who asked for the vendor's capability. */
static void test_vendor_property_needs_using(void)
{
    struct jmap_fixture t;
    json_t *answer;

    jmap_fixture_open(&t);
    g_assert_cmpint(t.m.account, ==, 1);
    answer = jmap_fixture_request(&t, "{'using': ['urn:ietf:params:jmap:mail'], 'methodCalls': "
                                      "[['Email/get', {'accountId': 'a1', 'ids': [], 'properties': "
                                      "['postroom:state']}, '0']]}");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/type"), ==, "invalidArguments");
    json_decref(answer);
    jmap_fixture_close(&t);
}

static void test_changes(void)
{
    struct jmap_fixture t;
    json_t *before, *answer;
    int64_t first, second;

    jmap_fixture_open(&t);
    first = put_rich(&t);
    before = jmap_fixture_call(&t, "Email/get", "{'ids': []}");
    second = jmap_fixture_put(&t, t.m.inbox, 2, 0, 1000, "From: a@b.example\n\nx\n");
    mail_flags(&t.m, t.m.inbox, 1, 0);
    answer = jmap_fixture_call(&t, "Email/changes", "{'sinceState': '%s'}",
                               jmap_text_at(before, "state"));
    g_assert_cmpint(g_ascii_strtoll(jmap_text_at(answer, "created/0") + 1, NULL, 10), ==, second);
    g_assert_cmpint(g_ascii_strtoll(jmap_text_at(answer, "updated/0") + 1, NULL, 10), ==, first);
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Email/changes", "{'sinceState': '%s', 'maxChanges': 1}",
                               jmap_text_at(before, "state"));
    g_assert_true(json_is_true(jmap_at(answer, "hasMoreChanges")));
    json_decref(answer);
    json_decref(before);
    jmap_fixture_close(&t);
}

static void test_too_many(void)
{
    struct jmap_fixture t;
    GString *ids = g_string_new("'e1'");
    json_t *answer;

    jmap_fixture_open(&t);
    for (int i = 0; i < 500; i++)
        g_string_append_printf(ids, ", 'e%d'", i + 2);
    answer = jmap_fixture_call(&t, "Email/get", "{'ids': [%s]}", ids->str);
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "requestTooLarge");
    json_decref(answer);
    put_rich(&t);
    answer = jmap_fixture_call(&t, "Email/get", "{'ids': null, 'properties': ['id']}");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 1);
    json_decref(answer);
    g_string_free(ids, TRUE);
    jmap_fixture_close(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8621/4.2/default-properties", test_default_properties);
    g_test_add_func("/rfc8621/4.1.3/header-properties", test_header_properties);
    g_test_add_func("/rfc8621/4.1.3/wrong-properties", test_wrong_properties);
    g_test_add_func("/rfc8621/4.1.4/structure", test_structure);
    g_test_add_func("/rfc8621/4.1.4/body-values", test_body_values);
    g_test_add_func("/rfc8621/4.2/pending", test_pending);
    g_test_add_func("/rfc8621/4.2/vendor-property", test_vendor_property_needs_using);
    g_test_add_func("/rfc8620/5.1/too-many-ids", test_too_many);
    g_test_add_func("/rfc8620/6.2/blobs-of-parts", test_blobs);
    g_test_add_func("/rfc8621/4.9/parse", test_parse);
    g_test_add_func("/rfc8621/4.3/changes", test_changes);
    return g_test_run();
}
