/* RFC 8621, 4.6 and 4.8: Email/set, Email/import. */
#include "jmap_fixture.h"

static json_t *create(struct jmap_fixture *t, const char *properties)
{
    return jmap_fixture_call(t, "Email/set",
                             "{'create': {'k': {'mailboxIds': {'m%" G_GINT64_FORMAT "': true}%s}}}",
                             t->m.drafts, properties);
}

/* The created email with some properties. */
static json_t *created(struct jmap_fixture *t, const char *properties, const char *get)
{
    json_t *answer = create(t, properties), *got, *email;

    if (!jmap_has(answer, "created/k/id"))
        g_error("%s: %s", properties, json_dumps(answer, 0));
    got = jmap_fixture_call(t, "Email/get", "{'ids': ['%s']%s}",
                            jmap_text_at(answer, "created/k/id"), get);
    email = json_incref(jmap_at(got, "list/0"));
    g_assert_cmpstr(jmap_text_at(got, "state"), ==, jmap_text_at(answer, "newState"));
    json_decref(got);
    json_decref(answer);
    return email;
}

static char *download(struct jmap_fixture *t, const char *blob)
{
    g_autofree char *account = g_strdup_printf("a%" G_GINT64_FORMAT, t->m.account);
    g_autoptr(GBytes) bytes = jmap_download(t->jmap, t->m.user, account, blob, NULL);
    gsize size;
    const char *data;

    g_assert_nonnull(bytes);
    data = g_bytes_get_data(bytes, &size);
    return g_strndup(data, size);
}

static void expect_draft_headers(json_t *email)
{
    jmap_assert_json(jmap_at(email, "from"),
                     "[{'name': 'J\\u00f6rg', 'email': 'ann@mail.example'}]");
    jmap_assert_json(jmap_at(email, "bcc"), "[{'name': null, 'email': 'eve@example.org'}]");
    jmap_assert_json(jmap_at(email, "subject"), "'Gr\\u00fc\\u00dfe'");
    jmap_assert_json(jmap_at(email, "references"), "['zero@x', 'one@x']");
    jmap_assert_json(jmap_at(email, "keywords"), "{'$draft': true, 'own': true}");
    jmap_assert_json(jmap_at(email, "receivedAt"), "'2020-01-02T03:04:05Z'");
    jmap_assert_json(jmap_at(email, "header:X-Own:asText"), "'caf\\u00e9'");
}

static void test_draft(void)
{
    struct jmap_fixture t;
    g_autofree char *file = NULL, *inlined = NULL, *raw = NULL, *back = NULL;
    g_autofree char *properties = NULL;
    json_t *email;

    jmap_fixture_open(&t);
    file = jmap_fixture_upload(&t, "application/pdf", "%PDF-1.4 \xff binary", 17);
    inlined = jmap_fixture_upload(&t, "image/gif", "GIF89a------", 12);
    properties = g_strdup_printf(
        ", 'keywords': {'$draft': true, 'Own': true},"
        " 'from': [{'name': 'J\\u00f6rg', 'email': 'ann@mail.example'}],"
        " 'to': [{'email': 'bob@example.org'}], 'bcc': [{'email': 'eve@example.org'}],"
        " 'subject': 'Gr\\u00fc\\u00dfe', 'inReplyTo': ['one@x'], 'references': ['zero@x', "
        "'one@x'],"
        " 'header:X-Own:asText': 'caf\\u00e9', 'receivedAt': '2020-01-02T03:04:05Z',"
        " 'textBody': [{'partId': 't', 'type': 'text/plain'}],"
        " 'htmlBody': [{'partId': 'h', 'type': 'text/html'}],"
        " 'bodyValues': {'t': {'value': 'Hall\\u00f6chen\\nthere'},"
        "   'h': {'value': '<p>Hi <img src=\\\"cid:i@x\\\"></p>', 'isTruncated': false}},"
        " 'attachments': [{'blobId': '%s', 'type': 'application/pdf', 'name': "
        "'r\\u00e9sum\\u00e9.pdf'},"
        "   {'blobId': '%s', 'type': 'image/gif', 'cid': 'i@x', 'disposition': 'inline'}]",
        file, inlined);
    email =
        created(&t, properties,
                ", 'properties': ['from', 'bcc', 'subject', 'inReplyTo', 'references', 'sentAt',"
                " 'messageId', 'keywords', 'receivedAt', 'header:X-Own:asText', 'blobId',"
                " 'bodyStructure', 'textBody', 'htmlBody', 'attachments', 'bodyValues',"
                " 'preview', 'hasAttachment', 'size'], 'fetchAllBodyValues': true");
    expect_draft_headers(email);
    jmap_assert_json(jmap_at(email, "hasAttachment"), "true");
    jmap_assert_json(jmap_at(email, "bodyStructure/type"), "'multipart/mixed'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/0/type"), "'multipart/alternative'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/0/subParts/1/type"),
                     "'multipart/related'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/1/name"), "'r\\u00e9sum\\u00e9.pdf'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/1/disposition"), "'attachment'");
    g_assert_true(g_str_has_suffix(jmap_text_at(email, "messageId/0"), "@mail.example"));
    g_assert_true(json_is_string(jmap_at(email, "sentAt")));
    g_assert_cmpstr(json_string_value(
                        json_object_get(json_object_get(jmap_at(email, "bodyValues"),
                                                        jmap_text_at(email, "textBody/0/partId")),
                                        "value")),
                    ==,
                    "Hall\xc3\xb6"
                    "chen\nthere");
    back = download(&t, jmap_text_at(email, "bodyStructure/subParts/1/blobId"));
    g_assert_cmpmem(back, 17, "%PDF-1.4 \xff binary", 17);
    raw = download(&t, jmap_text_at(email, "blobId"));
    g_assert_cmpint(jmap_number_at(email, "size"), ==, strlen(raw));
    for (const char *c = raw; *c != '\0'; c++)
        g_assert_true(*c > 0 && (*c != '\n' || c[-1] == '\r'));
    json_decref(email);
    jmap_fixture_close(&t);
}

static void test_empty_draft(void)
{
    struct jmap_fixture t;
    json_t *email;

    jmap_fixture_open(&t);
    email = created(&t, "", ", 'properties': ['textBody', 'subject', 'messageId', 'keywords']");
    jmap_assert_json(jmap_at(email, "subject"), "null");
    jmap_assert_json(jmap_at(email, "keywords"), "{}");
    jmap_assert_json(jmap_at(email, "textBody/0/type"), "'text/plain'");
    g_assert_true(json_is_array(jmap_at(email, "messageId")));
    json_decref(email);
    jmap_fixture_close(&t);
}

/* A structure of the client's own is kept as it is. */
static void test_body_structure(void)
{
    struct jmap_fixture t;
    g_autofree char *file = NULL, *properties = NULL, *text = NULL;
    json_t *email;

    jmap_fixture_open(&t);
    file = jmap_fixture_upload(&t, "image/png", "\x89PNG\r\n\x1a\n--------", 16);
    properties = g_strdup_printf(
        ", 'bodyValues': {'a': {'value': 'one\\nFrom two\\n.\\n'}, 'c': {'value': "
        "'BEGIN:VCALENDAR'}},"
        " 'bodyStructure': {'type': 'multipart/mixed', 'header:X-Out': ' outer', 'subParts': ["
        "  {'partId': 'a', 'type': 'text/plain', 'disposition': 'inline', 'name': 'a.txt'},"
        "  {'type': 'multipart/report', 'subParts': [{'blobId': '%s', 'type': 'image/png',"
        "    'header:X-In:asText': 'in\\u00fcner', 'language': ['de', 'en'],"
        "    'location': 'https://example.org/x', 'cid': 'p@x'}]},"
        "  {'partId': 'c', 'type': 'text/calendar', 'name': 'c.ics'}]}",
        file);
    email = created(&t, properties,
                    ", 'properties': ['bodyStructure', 'header:X-Out'], 'bodyProperties': ['type',"
                    " 'name', 'disposition', 'cid', 'language', 'location', 'charset', 'blobId',"
                    " 'header:X-In:asText', 'size']");
    jmap_assert_json(jmap_at(email, "header:X-Out"), "' outer'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/0/name"), "'a.txt'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/0/disposition"), "'inline'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/1/type"), "'multipart/report'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/1/subParts/0/header:X-In:asText"),
                     "'in\\u00fcner'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/1/subParts/0/language"),
                     "['de', 'en']");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/1/subParts/0/location"),
                     "'https://example.org/x'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/1/subParts/0/cid"), "'p@x'");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/1/subParts/0/disposition"), "null");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/1/subParts/0/size"), "16");
    jmap_assert_json(jmap_at(email, "bodyStructure/subParts/2/charset"), "'utf-8'");
    text = download(&t, jmap_text_at(email, "bodyStructure/subParts/0/blobId"));
    g_assert_cmpstr(text, ==, "one\r\nFrom two\r\n.");
    json_decref(email);
    jmap_fixture_close(&t);
}

static void expect_refused(struct jmap_fixture *t, const char *properties, const char *property)
{
    json_t *answer = create(t, properties);

    if (!jmap_has(answer, "notCreated/k/properties/0") ||
        strcmp(jmap_text_at(answer, "notCreated/k/type"), "invalidProperties") != 0 ||
        strcmp(jmap_text_at(answer, "notCreated/k/properties/0"), property) != 0)
        g_error("%s: %s", properties, json_dumps(answer, 0));
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, jmap_text_at(answer, "newState"));
    json_decref(answer);
}

static const struct {
    const char *properties, *property;
} constraints[] = {
    {", 'headers': []", "headers"},
    {", 'id': 'e1'", "id"},
    {", 'blobId': 'b1'", "blobId"},
    {", 'threadId': 't1'", "threadId"},
    {", 'size': 1", "size"},
    {", 'preview': 'x'", "preview"},
    {", 'hasAttachment': false", "hasAttachment"},
    {", 'nonsense': 1", "nonsense"},
    {", 'from': [{'email': 'a@x.example'}], 'header:From': 'a@x.example'", "header:From"},
    {", 'header:from:asAddresses': [], 'header:FROM': 'x'", "header:FROM"},
    {", 'header:From:asDate': null", "header:From:asDate"},
    {", 'header:Content-Type': 'text/plain'", "header:Content-Type"},
    {", 'header:Content-X': 'text/plain'", "header:Content-X"},
    {", 'keywords': {'a b': true}", "keywords"},
    {", 'keywords': {'a': false}", "keywords"},
    {", 'keywords': []", "keywords"},
    {", 'receivedAt': 'now'", "receivedAt"},
    {", 'sentAt': 'now'", "sentAt"},
    {", 'messageId': ['a@x', 'b@x']", "messageId"},
    {", 'messageId': ['a@x>\\r\\nX: y']", "messageId"},
    {", 'subject': 'a\\r\\nBcc: eve@example.org'", "subject"},
    {", 'subject': 'a\\nb'", "subject"},
    {", 'subject': 'a\\u0000b'", "subject"},
    {", 'to': [{'email': 'a@x.example\\r\\nRCPT TO'}]", "to"},
    {", 'to': [{'name': 'a\\u0000', 'email': 'a@x.example'}]", "to"},
    {", 'to': 'a@x.example'", "to"},
    {", 'to': [{'email': '<a@x.example>, <b@x.example>'}]", "to"},
    {", 'header:X-A': 'a\\r\\nX-B: c'", "header:X-A"},
    {", 'header:X-A:asText:all': 'a'", "header:X-A:asText:all"},
    {", 'textBody': []", "textBody"},
    {", 'textBody': [{'partId': 't'}]", "textBody"},
    {", 'bodyValues': {'t': {'value': 'x'}}, 'textBody': [{'partId': 't'}, {'partId': 't'}]",
     "textBody"},
    {", 'bodyValues': {'t': {'value': 'x'}}, 'textBody': [{'partId': 't', 'type': "
     "'text/html'}]",
     "textBody"},
    {", 'bodyValues': {'t': {'value': 'x'}}, 'htmlBody': [{'partId': 't', 'type': "
     "'text/plain'}]",
     "htmlBody"},
    {", 'bodyValues': {'t': {'value': 'x'}},"
     " 'textBody': [{'partId': 't', 'charset': 'utf-8'}]",
     "textBody"},
    {", 'bodyValues': {'t': {'value': 'x'}}, 'textBody': [{'partId': 't', 'size': 1}]", "textBody"},
    {", 'bodyValues': {'t': {'value': 'x'}},"
     " 'textBody': [{'partId': 't', 'header:Content-Transfer-Encoding': '7bit'}]",
     "textBody"},
    {", 'bodyValues': {'t': {'value': 'x'}}, 'textBody': [{'partId': 't', 'headers': []}]",
     "textBody"},
    {", 'bodyValues': {'t': {'value': 'x', 'isTruncated': true}},"
     " 'textBody': [{'partId': 't'}]",
     "bodyValues"},
    {", 'bodyValues': {'t': {'value': 'x', 'isEncodingProblem': true}},"
     " 'textBody': [{'partId': 't'}]",
     "bodyValues"},
    /* Of no part, too. */
    {", 'bodyValues': {'t': {'value': 'x'}, 'u': {'value': 'y', 'isTruncated': true}},"
     " 'textBody': [{'partId': 't'}]",
     "bodyValues"},
    {", 'bodyValues': []", "bodyValues"},
    /* Two properties of a part for one field, in either order. */
    {", 'bodyValues': {'t': {'value': 'x'}}, 'textBody': [{'partId': 't', 'language': ['de'],"
     " 'header:Content-Language': ' en'}]",
     "textBody"},
    {", 'bodyValues': {'t': {'value': 'x'}}, 'textBody': [{'partId': 't',"
     " 'header:Content-Language': ' en', 'language': ['de']}]",
     "textBody"},
    {", 'bodyValues': {'t': {'value': 'x'}}, 'textBody': [{'partId': 't',"
     " 'header:content-location': ' x:', 'location': 'y:'}]",
     "textBody"},
    /* The only part is the message. */
    {", 'header:X-A': ' a', 'bodyValues': {'t': {'value': 'x'}}, 'htmlBody': [{'partId': 't',"
     " 'header:x-a': ' b'}]",
     "htmlBody"},
    {", 'bodyValues': {'t': {'value': 'x'}}, 'bodyStructure': {'partId': 't', 'type':"
     " 'text/plain'}, 'textBody': [{'partId': 't'}]",
     "bodyStructure"},
    {", 'subject': 'x', 'bodyValues': {'t': {'value': 'x'}}, 'bodyStructure': {'partId': 't',"
     " 'type': 'text/plain', 'header:Subject': 'y'}",
     "bodyStructure"},
    {", 'bodyStructure': {'type': 'multipart/mixed'}", "bodyStructure"},
    {", 'bodyStructure': {'type': 'multipart/mixed', 'subParts': []}", "bodyStructure"},
    {", 'bodyStructure': {'type': 'text/plain'}", "bodyStructure"},
    {", 'bodyStructure': 7", "bodyStructure"},
    {", 'attachments': [{'type': 'image/png'}]", "attachments"},
    {", 'bodyValues': {'t': {'value': 'x'}},"
     " 'attachments': [{'partId': 't', 'type': 'text/plain', 'blobId': 'b1'}]",
     "attachments"},
    {", 'bodyValues': {'t': {'value': 'x'}},"
     " 'attachments': [{'partId': 't', 'type': 'text/plain', 'name': 'a\\r\\nb'}]",
     "attachments"},
    {", 'bodyValues': {'t': {'value': 'x'}},"
     " 'attachments': [{'partId': 't', 'type': 'text/x; name=y'}]",
     "type"},
    {", 'bodyValues': {'t': {'value': 'x'}},"
     " 'bodyStructure': {'type': 'multipart/x\\\"y', 'subParts': [{'partId': 't'}]}",
     "type"},
};

static void test_constraints(void)
{
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    for (size_t i = 0; i < G_N_ELEMENTS(constraints); i++)
        expect_refused(&t, constraints[i].properties, constraints[i].property);
    jmap_fixture_close(&t);
}

static void test_create_mailboxes(void)
{
    static const char *const wrong[] = {
        "{}",
        "{'mailboxIds': {}}",
        "{'mailboxIds': null}",
        "{'mailboxIds': {'m1': false}}",
        "{'mailboxIds': {'x': true}}",
        "{'mailboxIds': {'#none': true}}",
        "{'mailboxIds': {'m99999': true}}",
    };
    struct jmap_fixture t;
    json_t *answer;

    jmap_fixture_open(&t);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        answer = jmap_fixture_call(&t, "Email/set", "{'create': {'k': %s}}", wrong[i]);
        g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "invalidProperties");
        jmap_assert_json(jmap_at(answer, "notCreated/k/properties"), "['mailboxIds']");
        g_assert_true(json_is_null(jmap_at(answer, "created")));
        json_decref(answer);
    }
    answer = create(&t, ", 'attachments': [{'blobId': 'b777', 'type': 'a/b'},"
                        " {'blobId': 'x', 'type': 'a/b'}]");
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "blobNotFound");
    jmap_assert_json(jmap_at(answer, "notCreated/k/notFound"), "['b777', 'x']");
    json_decref(answer);
    jmap_fixture_close(&t);
}

/* --- update and destroy --- */

static int64_t put_one(struct jmap_fixture *t)
{
    return jmap_fixture_put(t, t->m.inbox, 1, MAIL_SEEN, 1000,
                            "From: a@b.example\nSubject: one\nMessage-ID: <o@x>\n\nx\n");
}

/* NULL: it is taken; else the SetError's type. */
static void expect_update(struct jmap_fixture *t, int64_t id, const char *patch, const char *type)
{
    json_t *answer =
        jmap_fixture_call(t, "Email/set", "{'update': {'e%" G_GINT64_FORMAT "': %s}}", id, patch);
    g_autofree char *updated = g_strdup_printf("updated/e%" G_GINT64_FORMAT, id);
    g_autofree char *refused = g_strdup_printf("notUpdated/e%" G_GINT64_FORMAT "/type", id);

    if (type == NULL
            ? !jmap_has(answer, updated)
            : !jmap_has(answer, refused) || strcmp(jmap_text_at(answer, refused), type) != 0)
        g_error("%s: %s", patch, json_dumps(answer, 0));
    json_decref(answer);
}

static void expect_now(struct jmap_fixture *t, int64_t id, const char *property, const char *json)
{
    json_t *answer =
        jmap_fixture_call(t, "Email/get",
                          "{'ids': ['e%" G_GINT64_FORMAT "'], 'properties': ['%s']}", id, property);
    g_autofree char *path = g_strconcat("list/0/", property, NULL);

    jmap_assert_json(jmap_at(answer, path), json);
    json_decref(answer);
}

static void test_update_keywords(void)
{
    struct jmap_fixture t;
    int64_t id;

    jmap_fixture_open(&t);
    id = put_one(&t);
    expect_update(&t, id, "{'keywords/$flagged': true, 'keywords/Own~1x': true}", NULL);
    expect_now(&t, id, "keywords", "{'$seen': true, '$flagged': true, 'own/x': true}");
    expect_update(&t, id, "{'keywords/$seen': null, 'keywords/none': null}", NULL);
    expect_now(&t, id, "keywords", "{'$flagged': true, 'own/x': true}");
    expect_update(&t, id, "{'keywords': {'$answered': true}}", NULL);
    expect_now(&t, id, "keywords", "{'$answered': true}");
    expect_update(&t, id, "{'keywords': null}", NULL);
    expect_now(&t, id, "keywords", "{}");
    expect_update(&t, id, "{'keywords/a': false}", "invalidProperties");
    expect_update(&t, id, "{'keywords/a b': true}", "invalidProperties");
    expect_update(&t, id, "{'keywords/': true}", "invalidProperties");
    expect_update(&t, id, "{'keywords/a/b': true}", "invalidPatch");
    expect_update(&t, id, "{'keywords/a~2': true}", "invalidPatch");
    expect_update(&t, id, "{'keywords': {}, 'keywords/a': true}", "invalidPatch");
    expect_update(&t, id, "{'from/0/email': 'x'}", "invalidPatch");
    expect_now(&t, id, "keywords", "{}");
    jmap_fixture_close(&t);
}

static void test_too_many_keywords(void)
{
    struct jmap_fixture t;
    GString *patch = g_string_new("{'keywords': {'k': true");
    int64_t id;

    jmap_fixture_open(&t);
    id = put_one(&t);
    for (int i = 0; i < 100; i++)
        g_string_append_printf(patch, ", 'k%d': true", i);
    g_string_append(patch, "}}");
    expect_update(&t, id, patch->str, "tooManyKeywords");
    g_string_free(patch, TRUE);
    jmap_fixture_close(&t);
}

static void test_update_mailboxes(void)
{
    struct jmap_fixture t;
    g_autofree char *move = NULL, *both = NULL, *last = NULL, *whole = NULL, *conflict = NULL;
    int64_t id;

    jmap_fixture_open(&t);
    id = put_one(&t);
    move = g_strdup_printf("{'mailboxIds/m%" G_GINT64_FORMAT
                           "': null, 'mailboxIds/m%" G_GINT64_FORMAT "': true}",
                           t.m.inbox, t.m.archive);
    both = g_strdup_printf("{'m%" G_GINT64_FORMAT "': true}", t.m.archive);
    last = g_strdup_printf("{'mailboxIds/m%" G_GINT64_FORMAT "': null}", t.m.archive);
    whole = g_strdup_printf("{'mailboxIds': {'m%" G_GINT64_FORMAT "': true}}", t.m.trash);
    conflict =
        g_strdup_printf("{'mailboxIds': {'m1': true}, 'mailboxIds/m%" G_GINT64_FORMAT "': true}",
                        t.m.trash);
    expect_update(&t, id, move, NULL);
    expect_now(&t, id, "mailboxIds", both);
    expect_update(&t, id, last, "invalidProperties");
    expect_update(&t, id, "{'mailboxIds': {}}", "invalidProperties");
    expect_update(&t, id, "{'mailboxIds': null}", "invalidProperties");
    expect_update(&t, id, "{'mailboxIds/m9999': true}", "invalidProperties");
    expect_update(&t, id, "{'mailboxIds/x': true}", "invalidProperties");
    expect_update(&t, id, "{'mailboxIds/x': null}", NULL);
    expect_update(&t, id, conflict, "invalidPatch");
    expect_now(&t, id, "mailboxIds", both);
    expect_update(&t, id, whole, NULL);
    jmap_fixture_close(&t);
}

/* Properties that never change may be sent along when they are as they are. */
static void test_update_immutable(void)
{
    struct jmap_fixture t;
    g_autofree char *same = NULL;
    int64_t id;

    jmap_fixture_open(&t);
    id = put_one(&t);
    same = g_strdup_printf("{'id': 'e%" G_GINT64_FORMAT "', 'subject': 'one', 'messageId': ['o@x'],"
                           " 'receivedAt': '1970-01-01T00:16:40Z', 'cc': null,"
                           " 'keywords/$flagged': true}",
                           id);
    expect_update(&t, id, same, NULL);
    expect_update(&t, id, "{'subject': 'two', 'keywords/x': true}", "invalidProperties");
    expect_update(&t, id, "{'size': 1}", "invalidProperties");
    expect_update(&t, id, "{'nonsense': 1}", "invalidProperties");
    expect_now(&t, id, "keywords", "{'$seen': true, '$flagged': true}");
    expect_update(&t, 4711, "{'keywords/x': true}", "notFound");
    jmap_fixture_close(&t);
}

static void test_destroy(void)
{
    struct jmap_fixture t;
    json_t *answer;
    int64_t id;
    g_autofree char *own = NULL;

    jmap_fixture_open(&t);
    id = put_one(&t);
    own = g_strdup_printf("e%" G_GINT64_FORMAT, id);
    answer = jmap_fixture_call(&t, "Email/set",
                               "{'update': {'%s': {'keywords/a': true}}, 'destroy': ['%s', '%s',"
                               " 'e777', 'x']}",
                               own, own, own);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "destroyed")), ==, 1);
    g_assert_cmpstr(jmap_text_at(answer, "destroyed/0"), ==, own);
    g_assert_cmpstr(jmap_text_at(answer, "notDestroyed/e777/type"), ==, "notFound");
    g_assert_cmpstr(jmap_text_at(answer, "notDestroyed/x/type"), ==, "notFound");
    g_assert_cmpstr(json_string_value(
                        json_object_get(json_object_get(jmap_at(answer, "notUpdated"), own),
                                        "type")),
                    ==, "willDestroy");
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Email/get", "{'ids': ['%s']}", own);
    jmap_assert_json(jmap_at(answer, "list"), "[]");
    json_decref(answer);
    jmap_fixture_close(&t);
}

static void test_if_in_state(void)
{
    struct jmap_fixture t;
    json_t *answer, *before;
    int64_t id;
    static const char *const wrong[] = {"0", "999999", "x", ""};

    jmap_fixture_open(&t);
    id = put_one(&t);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        answer = jmap_fixture_call(&t, "Email/set",
                                   "{'ifInState': '%s', 'destroy': ['e%" G_GINT64_FORMAT "']}",
                                   wrong[i], id);
        g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "stateMismatch");
        json_decref(answer);
    }
    before = jmap_fixture_call(&t, "Email/get", "{'ids': []}");
    answer = jmap_fixture_call(&t, "Email/set",
                               "{'ifInState': '%s', 'update': {'e%" G_GINT64_FORMAT
                               "': {'keywords/x': true}}}",
                               jmap_text_at(before, "state"), id);
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, jmap_text_at(before, "state"));
    g_assert_cmpstr(jmap_text_at(answer, "newState"), !=, jmap_text_at(before, "state"));
    json_decref(answer);
    json_decref(before);
    jmap_fixture_close(&t);
}

/* What is created in a call may be changed and destroyed in it (RFC 8620, 5.3). */
static void test_creation_in_same_call(void)
{
    struct jmap_fixture t;
    json_t *answer;

    jmap_fixture_open(&t);
    answer = jmap_fixture_call(&t, "Email/set",
                               "{'create': {'a': {'mailboxIds': {'m%" G_GINT64_FORMAT
                               "': true}}, 'b': {'mailboxIds': {'m%" G_GINT64_FORMAT
                               "': true}}}, 'update': {'#a': {'keywords/x': true}},"
                               " 'destroy': ['#b', '#none']}",
                               t.m.drafts, t.m.drafts);
    g_assert_true(
        json_object_get(jmap_at(answer, "updated"), jmap_text_at(answer, "created/a/id")) != NULL);
    g_assert_cmpstr(jmap_text_at(answer, "destroyed/0"), ==, jmap_text_at(answer, "created/b/id"));
    g_assert_cmpstr(jmap_text_at(answer, "notDestroyed/#none/type"), ==, "notFound");
    json_decref(answer);
    jmap_fixture_close(&t);
}

static void test_import(void)
{
    static const char message[] = "From: a@b.example\r\nMessage-ID: <imp@x>\r\n"
                                  "Received: from x; Tue, 6 Feb 2024 10:00:00 +0000\r\n"
                                  "Received: from y; Mon, 5 Feb 2024 10:00:00 +0000\r\n"
                                  "Subject: imported\r\n\r\nfindable words\r\n";
    struct jmap_fixture t;
    g_autofree char *blob = NULL;
    json_t *answer, *email;

    jmap_fixture_open(&t);
    blob = jmap_fixture_upload(&t, "message/rfc822", message, strlen(message));
    answer = jmap_fixture_call(
        &t, "Email/import",
        "{'emails': {'k': {'blobId': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT
        "': true}, 'keywords': {'$seen': true}}, 'none': {'blobId': 'b9999', 'mailboxIds':"
        " {'m%" G_GINT64_FORMAT "': true}}, 'bare': {'blobId': '%s'},"
        " 'more': {'blobId': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT "': true}, 'x': 1}}}",
        blob, t.m.archive, t.m.archive, blob, blob, t.m.archive);
    jmap_assert_json(jmap_at(answer, "notCreated/none/properties"), "['blobId']");
    jmap_assert_json(jmap_at(answer, "notCreated/bare/properties"), "['mailboxIds']");
    jmap_assert_json(jmap_at(answer, "notCreated/more/properties"), "['x']");
    g_assert_cmpint(jmap_number_at(answer, "created/k/size"), ==, strlen(message));
    email =
        jmap_fixture_call(&t, "Email/get",
                          "{'ids': ['%s'], 'properties': ['receivedAt', 'subject', 'keywords']}",
                          jmap_text_at(answer, "created/k/id"));
    jmap_assert_json(jmap_at(email, "list/0/receivedAt"), "'2024-02-06T10:00:00Z'");
    jmap_assert_json(jmap_at(email, "list/0/subject"), "'imported'");
    jmap_assert_json(jmap_at(email, "list/0/keywords"), "{'$seen': true}");
    json_decref(email);
    email = jmap_fixture_call(&t, "Email/query", "{'filter': {'text': 'findable'}}");
    g_assert_cmpstr(jmap_text_at(email, "ids/0"), ==, jmap_text_at(answer, "created/k/id"));
    json_decref(email);
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Email/import", "{'ifInState': '77777', 'emails': {}}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "stateMismatch");
    json_decref(answer);
    jmap_fixture_close(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8621/4.6/draft", test_draft);
    g_test_add_func("/rfc8621/4.6/empty-draft", test_empty_draft);
    g_test_add_func("/rfc8621/4.6/body-structure", test_body_structure);
    g_test_add_func("/rfc8621/4.6/constraints", test_constraints);
    g_test_add_func("/rfc8621/4.6/create-mailboxes", test_create_mailboxes);
    g_test_add_func("/rfc8621/4.6/update-keywords", test_update_keywords);
    g_test_add_func("/rfc8621/4.6/too-many-keywords", test_too_many_keywords);
    g_test_add_func("/rfc8621/4.6/update-mailboxes", test_update_mailboxes);
    g_test_add_func("/rfc8621/4.6/update-immutable", test_update_immutable);
    g_test_add_func("/rfc8621/4.6/destroy", test_destroy);
    g_test_add_func("/rfc8620/5.3/if-in-state-of-emails", test_if_in_state);
    g_test_add_func("/rfc8620/5.3/creation-in-same-call", test_creation_in_same_call);
    g_test_add_func("/rfc8621/4.8/import", test_import);
    return g_test_run();
}
