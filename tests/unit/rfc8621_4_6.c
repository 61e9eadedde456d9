/* RFC 8621, 4.6 to 4.9: Email/set, copy, import and parse, beyond jmap_email_set.c, jmap_copy.c and
 * jmap_email_get.c. */
#include "jmap_fixture.h"

#define EMAIL "e%" G_GINT64_FORMAT
#define BOX "m%" G_GINT64_FORMAT

/* --- 4.6 --- */

static json_t *create(struct jmap_fixture *t, const char *properties)
{
    return jmap_fixture_call(t, "Email/set",
                             "{'create': {'k': {'mailboxIds': {'" BOX "': true}%s}}}", t->m.drafts,
                             properties);
}

/* The created email with these properties. */
static json_t *created(struct jmap_fixture *t, const char *properties, const char *wanted)
{
    json_t *answer = create(t, properties), *got, *email;

    if (!jmap_has(answer, "created/k/id"))
        g_error("%s: %s", properties, json_dumps(answer, 0));
    got = jmap_fixture_call(t, "Email/get",
                            "{'ids': ['%s'], 'properties': [%s], 'fetchAllBodyValues': true}",
                            jmap_text_at(answer, "created/k/id"), wanted);
    email = json_incref(jmap_at(got, "list/0"));
    json_decref(got);
    json_decref(answer);
    return email;
}

/* created: what the server set, and nothing else. */
static void test_created_properties(struct jmap_fixture *t)
{
    static const char *const names[] = {"id", "blobId", "threadId", "size"};
    json_t *answer = create(t, ", 'subject': 'x', 'keywords': {'$draft': true}");
    json_t *object = jmap_at(answer, "created/k");

    g_assert_cmpuint(json_object_size(object), ==, G_N_ELEMENTS(names));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_true(jmap_has(object, names[i]));
    json_decref(answer);
}

/* Message-ID and Date are made where they are missing, and kept where they are given. */
static void test_generated_headers(struct jmap_fixture *t)
{
    json_t *email = created(t, ", 'from': [{'email': 'ann@mail.example'}]",
                            "'messageId', 'sentAt', 'header:Message-ID', 'header:Date'");
    const char *raw = jmap_text_at(email, "header:Message-ID");

    g_assert_true(g_str_has_prefix(raw, " <"));
    g_assert_true(g_str_has_suffix(raw, "@mail.example>"));
    g_assert_true(json_is_string(jmap_at(email, "header:Date")));
    json_decref(email);
    email = created(t, ", 'messageId': ['own@x.example'], 'sentAt': '2020-01-02T03:04:05+02:00'",
                    "'messageId', 'sentAt'");
    jmap_assert_json(jmap_at(email, "messageId"), "['own@x.example']");
    jmap_assert_json(jmap_at(email, "sentAt"), "'2020-01-02T03:04:05+02:00'");
    json_decref(email);
}

/* A half-finished draft: what is no valid address yet is kept, as well as a header can. */
static void test_half_finished(struct jmap_fixture *t)
{
    json_t *email = created(t, ", 'header:To:asRaw': ' bob, al', 'subject': ''",
                            "'header:To:asRaw', 'header:To'");

    g_assert_cmpstr(jmap_text_at(email, "header:To:asRaw"), ==, " bob, al");
    json_decref(email);
}

/* What was set in a form is had in it, however it was written down. */
static void expect_kept(struct jmap_fixture *t, const char *property, const char *value)
{
    g_autofree char *given = g_strdup_printf(", '%s': %s", property, value);
    g_autofree char *wanted = g_strdup_printf("'%s'", property);
    json_t *email = created(t, given, wanted);

    jmap_assert_json(jmap_at(email, property), value);
    json_decref(email);
}

static void test_forms_kept(struct jmap_fixture *t)
{
    static const char *const people = "[{'name': '\u00c4', 'email': 'a@x.example'},"
                                      " {'name': '=?utf-8?q?b?=', 'email': 'b@x.example'},"
                                      " {'name': 'c, d', 'email': '\u0430@\u0431.example'}]";
    g_autofree char *groups =
        g_strdup_printf("[{'name': '\u00dc', 'addresses': %s}, {'name': null, 'addresses': %s}]",
                        people, people);
    g_autofree char *both = g_strdup_printf("[%s, %s]", people, people);

    expect_kept(t, "to", people);
    expect_kept(t, "header:To:asAddresses", people);
    expect_kept(t, "header:To:asGroupedAddresses", groups);
    expect_kept(t, "header:X-A:asAddresses", people);
    expect_kept(t, "header:X-A:asGroupedAddresses", groups);
    expect_kept(t, "header:Resent-To:asAddresses:all", both);
    expect_kept(t, "header:X-A:asText", "'=?utf-8?q?x?= caf\u00e9'");
    expect_kept(t, "header:X-A:asText", "'=?utf-8?q?x?= a  b'");
    expect_kept(t, "header:X-A:asText:all", "['a', '\u00e4']");
    expect_kept(t, "header:X-A:asMessageIds", "['a@b', 'c@d']");
    expect_kept(t, "header:X-A:asURLs", "['mailto:a@b', 'http://x/']");
    expect_kept(t, "header:X-A:asDate:all", "['2020-01-02T03:04:05-01:30']");
}

/* A raw value is what stands behind the colon: nothing in it is encoded once more. */
static void test_raw_kept(struct jmap_fixture *t)
{
    json_t *email;

    expect_kept(t, "header:X-A", "' =?utf-8?Q?caf=C3=A9?= and  \\\"quotes\\\"'");
    expect_kept(t, "header:X-A:all", "[' a', ' b']");
    email = created(t,
                    ", 'header:Subject': ' =?utf-8?Q?caf=C3=A9?=',"
                    " 'header:To': ' =?utf-8?Q?=C3=84?= <a@x.example>',"
                    " 'header:Cc': ' \u00c4 <a@x.example>, \u0430@\u0431.example'",
                    "'subject', 'to', 'cc'");
    g_assert_cmpstr(jmap_text_at(email, "subject"), ==, "caf\xc3\xa9");
    jmap_assert_json(jmap_at(email, "to"), "[{'name': '\u00c4', 'email': 'a@x.example'}]");
    jmap_assert_json(jmap_at(email, "cc"), "[{'name': '\u00c4', 'email': 'a@x.example'},"
                                           " {'name': null, 'email': '\u0430@\u0431.example'}]");
    json_decref(email);
    email = created(t, ", 'subject': 'a\\tb \\u00e9'", "'subject'"); /* no word joins the next */
    g_assert_cmpstr(jmap_text_at(email, "subject"), ==, "a b \xc3\xa9");
    json_decref(email);
}

/* Only the outermost part's fields are the message's. */
static void test_fields_of_inner_parts(struct jmap_fixture *t)
{
    json_t *email =
        created(t,
                ", 'header:X-A': ' outer', 'bodyValues': {'t': {'value': 'x'}}, 'bodyStructure':"
                " {'type': 'multipart/mixed', 'subParts': [{'partId': 't', 'header:X-A': ' "
                "inner'}]}",
                "'header:X-A:all', 'bodyStructure'], 'bodyProperties': ['header:X-A'");

    jmap_assert_json(jmap_at(email, "header:X-A:all"), "[' outer']");
    g_assert_cmpstr(jmap_text_at(email, "bodyStructure/subParts/0/header:X-A"), ==, " inner");
    json_decref(email);
}

/* The text of a blob is read by the charset that it is said to have. */
static void test_charset_of_a_blob(struct jmap_fixture *t)
{
    g_autofree char *blob = jmap_fixture_upload(t, "text/plain", "\xf0\xd2\xc9", 3);
    g_autofree char *properties =
        g_strdup_printf(", 'attachments': [{'blobId': '%s', 'type': 'text/plain', 'charset':"
                        " 'koi8-u', 'name': 'x.txt'}]",
                        blob);
    g_autofree char *wrong =
        g_strdup_printf(", 'attachments': [{'blobId': '%s', 'charset': 'a; b'}]", blob);
    json_t *email = created(t, properties, "'attachments', 'bodyValues'"), *value, *answer;

    g_assert_cmpstr(jmap_text_at(email, "attachments/0/charset"), ==, "koi8-u");
    g_assert_cmpstr(jmap_text_at(email, "attachments/0/name"), ==, "x.txt");
    value = json_object_iter_value(json_object_iter(jmap_at(email, "bodyValues")));
    g_assert_cmpstr(jmap_text_at(value, "value"), ==, "\xd0\x9f\xd1\x80\xd0\xb8");
    json_decref(email);
    answer = create(t, wrong);
    jmap_assert_json(jmap_at(answer, "notCreated/k/properties"), "['attachments']");
    json_decref(answer);
}

/* A part's size is that of the blob, whatever was said. */
static void test_size_of_a_blob(struct jmap_fixture *t)
{
    g_autofree char *blob = jmap_fixture_upload(t, "image/png", "\x89PNG\r\n\x1a\n--", 10);
    g_autofree char *properties =
        g_strdup_printf(", 'attachments': [{'blobId': '%s', 'type': 'image/png', 'size': 77}]",
                        blob);
    json_t *email = created(t, properties, "'attachments'");

    g_assert_cmpint(jmap_number_at(email, "attachments/0/size"), ==, 10);
    json_decref(email);
}

/* All wrong properties of a new email are named, and of a patch. */
static void test_all_that_is_wrong(struct jmap_fixture *t)
{
    static const char *const wrong[] = {"keywords", "receivedAt", "subject", "headers", "size"};
    int64_t id = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Subject: one\n\nx\n");
    g_autofree char *path = g_strdup_printf("notUpdated/" EMAIL "/properties", id);
    json_t *answer = create(t, ", 'keywords': 7, 'receivedAt': 'now', 'subject': 8, 'headers': [],"
                               " 'size': 9");
    json_t *named = jmap_at(answer, "notCreated/k/properties");

    g_assert_cmpuint(json_array_size(named), ==, G_N_ELEMENTS(wrong));
    json_decref(answer);
    answer = jmap_fixture_call(t, "Email/set",
                               "{'update': {'" EMAIL "': {'keywords/a b': true, 'mailboxIds/x':"
                               " true, 'subject': 'two', 'nonsense': 1, 'size': 9}}}",
                               id);
    jmap_assert_json(jmap_at(answer, path),
                     "['keywords/a b', 'mailboxIds/x', 'nonsense', 'subject', 'size']");
    json_decref(answer);
}

/* Adds keywords "k<from>" and so on; the SetError's type, or NULL. (transfer full) */
static char *add_keywords(struct jmap_fixture *t, int64_t id, int from, int to)
{
    g_autofree char *path = g_strdup_printf("notUpdated/" EMAIL "/type", id), *type = NULL;
    g_autoptr(GString) patch = g_string_new(NULL);
    json_t *answer;

    for (int i = from; i < to; i++)
        g_string_append_printf(patch, "%s'keywords/k%d': true", i > from ? ", " : "", i);
    answer = jmap_fixture_call(t, "Email/set", "{'update': {'" EMAIL "': {%s}}}", id, patch->str);
    if (jmap_has(answer, path))
        type = g_strdup(jmap_text_at(answer, path));
    json_decref(answer);
    return g_steal_pointer(&type);
}

/* Not little by little either. */
static void test_keywords_add_up(struct jmap_fixture *t)
{
    int64_t id = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Subject: one\n\nx\n");
    g_autofree char *type = NULL;

    g_assert_null(add_keywords(t, id, 0, 60));
    g_assert_null(add_keywords(t, id, 60, 100));
    type = add_keywords(t, id, 90, 101);
    g_assert_cmpstr(type, ==, "tooManyKeywords");
    json_decref(
        jmap_fixture_call(t, "Email/set", "{'update': {'" EMAIL "': {'keywords/k7': null}}}", id));
    g_assert_null(add_keywords(t, id, 100, 101));
}

static void test_too_many_mailboxes(struct jmap_fixture *t)
{
    GString *boxes = g_string_new(NULL);
    int64_t id = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Subject: one\n\nx\n");
    g_autofree char *path = g_strdup_printf("notUpdated/" EMAIL "/type", id);
    json_t *answer;

    g_string_printf(boxes, "'" BOX "': true", t->m.inbox);
    for (int i = 0; i < 500; i++)
        g_string_append_printf(boxes, ", 'm1%d': true", i + 1000);
    answer =
        jmap_fixture_call(t, "Email/set", "{'create': {'k': {'mailboxIds': {%s}}}}", boxes->str);
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "tooManyMailboxes");
    json_decref(answer);
    answer = jmap_fixture_call(t, "Email/set", "{'update': {'" EMAIL "': {'mailboxIds': {%s}}}}",
                               id, boxes->str);
    g_assert_cmpstr(jmap_text_at(answer, path), ==, "tooManyMailboxes");
    json_decref(answer);
    g_string_free(boxes, TRUE);
}

/* Destroyed: gone from all its mailboxes. Moved to the trash: still there. */
static void test_destroyed_everywhere(struct jmap_fixture *t)
{
    int64_t id = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Subject: one\n\nx\n");
    const int64_t boxes[] = {t->m.inbox, t->m.archive, t->m.trash};

    json_decref(jmap_fixture_call(t, "Email/set",
                                  "{'update': {'" EMAIL "': {'mailboxIds/" BOX "': true}}}", id,
                                  t->m.archive));
    json_decref(jmap_fixture_call(t, "Email/set", "{'destroy': ['" EMAIL "']}", id));
    for (size_t i = 0; i < G_N_ELEMENTS(boxes); i++) {
        json_t *answer =
            jmap_fixture_call(t, "Email/query", "{'filter': {'inMailbox': '" BOX "'}}", boxes[i]);

        g_assert_cmpuint(json_array_size(jmap_at(answer, "ids")), ==, 0);
        json_decref(answer);
    }
}

/* --- 4.8 --- */

static const char eai[] = "From: \xd0\xb0\xd0\xbd\xd0\xbd\xd0\xb0 <\xd0\xb0@\xd0\xb1.example>\r\n"
                          "To: ann@mail.example\r\nSubject: Gr\xc3\xbc\xc3\x9f"
                          "e \xe4\xbd\xa0\xe5\xa5\xbd\r\nMessage-ID: <eai@x>\r\n\r\nbody\r\n";

/* One import into the archive; more: of the EmailImport. The answer. */
static json_t *import(struct jmap_fixture *t, const char *blob, const char *more)
{
    return jmap_fixture_call(t, "Email/import",
                             "{'emails': {'k': {'blobId': '%s', 'mailboxIds': {'" BOX
                             "': true}%s}}}",
                             blob, t->m.archive, more);
}

static void test_import_eai(struct jmap_fixture *t)
{
    g_autofree char *blob = jmap_fixture_upload(t, "message/global", eai, sizeof eai - 1);
    json_t *answer = import(t, blob, ""), *email;

    email = jmap_fixture_call(t, "Email/get", "{'ids': ['%s'], 'properties': ['from', 'subject']}",
                              jmap_text_at(answer, "created/k/id"));
    g_assert_cmpstr(jmap_text_at(email, "list/0/from/0/email"), ==, "\xd0\xb0@\xd0\xb1.example");
    g_assert_cmpstr(jmap_text_at(email, "list/0/from/0/name"), ==,
                    "\xd0\xb0\xd0\xbd\xd0\xbd\xd0\xb0");
    g_assert_cmpstr(jmap_text_at(email, "list/0/subject"), ==,
                    "Gr\xc3\xbc\xc3\x9f"
                    "e \xe4\xbd\xa0\xe5\xa5\xbd");
    json_decref(email);
    json_decref(answer);
}

/* Ids or types that are wrong: all are named. */
static void test_import_invalid(struct jmap_fixture *t)
{
    static const struct {
        const char *object, *properties;
    } rows[] = {
        {"{}", "['blobId', 'mailboxIds']"},
        {"{'blobId': 7, 'mailboxIds': 7, 'keywords': 7, 'receivedAt': 7}",
         "['blobId', 'receivedAt', 'mailboxIds', 'keywords']"},
        {"{'blobId': 'b999', 'mailboxIds': {}, 'more': 1}", "['blobId', 'more', 'mailboxIds']"},
        {"{'blobId': null, 'mailboxIds': {'m999': true}}", "['blobId']"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        json_t *answer =
            jmap_fixture_call(t, "Email/import", "{'emails': {'k': %s}}", rows[i].object);

        g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "invalidProperties");
        jmap_assert_json(jmap_at(answer, "notCreated/k/properties"), rows[i].properties);
        g_assert_true(json_is_null(jmap_at(answer, "created")));
        g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, jmap_text_at(answer, "newState"));
        json_decref(answer);
    }
}

/* receivedAt: as given, also the epoch; else that of the latest Received; else now. */
static void test_import_received_at(struct jmap_fixture *t)
{
    static const struct {
        const char *more, *headers, *wanted;
    } rows[] = {
        {", 'receivedAt': '1970-01-01T00:00:00Z'",
         "Received: from x; Tue, 6 Feb 2024 10:00:00 +0000\r\n", "1970-01-01T00:00:00Z"},
        {", 'receivedAt': null", "Received: from x; Tue, 6 Feb 2024 10:00:00 +0100\r\n",
         "2024-02-06T09:00:00Z"},
        {"", "Received: from x; no date\r\n", NULL},
        {"", "", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *message =
            g_strdup_printf("%sSubject: %zu\r\n\r\nx\r\n", rows[i].headers, i);
        g_autofree char *blob = jmap_fixture_upload(t, "message/rfc822", message, strlen(message));
        g_autoptr(GDateTime) now = g_date_time_new_now_utc(), at = NULL;
        json_t *answer = import(t, blob, rows[i].more), *email;
        const char *got;

        email = jmap_fixture_call(t, "Email/get", "{'ids': ['%s'], 'properties': ['receivedAt']}",
                                  jmap_text_at(answer, "created/k/id"));
        got = jmap_text_at(email, "list/0/receivedAt");
        if (rows[i].wanted != NULL)
            g_assert_cmpstr(got, ==, rows[i].wanted);
        at = g_date_time_new_from_iso8601(got, NULL);
        if (rows[i].wanted == NULL)
            g_assert_cmpint(ABS(g_date_time_difference(now, at)), <, 10 * G_TIME_SPAN_MINUTE);
        json_decref(email);
        json_decref(answer);
    }
}

/* The same message twice: two emails, with ids and properties of their own. */
static void test_import_twice(struct jmap_fixture *t)
{
    g_autofree char *blob = jmap_fixture_upload(t, "message/rfc822", eai, sizeof eai - 1);
    json_t *first = import(t, blob, ""), *second = import(t, blob, ", 'keywords': {'$seen': true}");
    json_t *got;

    g_assert_cmpstr(jmap_text_at(first, "created/k/id"), !=, jmap_text_at(second, "created/k/id"));
    got = jmap_fixture_call(t, "Email/get", "{'ids': ['%s'], 'properties': ['keywords']}",
                            jmap_text_at(first, "created/k/id"));
    jmap_assert_json(jmap_at(got, "list/0/keywords"), "{}");
    json_decref(got);
    json_decref(second);
    json_decref(first);
}

static void test_import_empty(struct jmap_fixture *t)
{
    g_autofree char *blob = jmap_fixture_upload(t, "message/rfc822", "", 0);
    json_t *answer = import(t, blob, "");

    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "invalidEmail");
    json_decref(answer);
}

/* --- 4.9 --- */

/* What only an email of the store has is null; what was not asked for is not there. */
static void test_parse_metadata(struct jmap_fixture *t)
{
    static const char *const nulls[] = {"id", "mailboxIds", "keywords", "receivedAt", "threadId"};
    g_autofree char *blob = jmap_fixture_upload(t, "message/global", eai, sizeof eai - 1);
    json_t *answer = jmap_fixture_call(t, "Email/parse",
                                       "{'blobIds': ['%s'], 'properties': ['id', 'mailboxIds',"
                                       " 'keywords', 'receivedAt', 'threadId', 'subject', 'blobId',"
                                       " 'header:SUBJECT:asText']}",
                                       blob);
    json_t *email = json_object_get(jmap_at(answer, "parsed"), blob);

    g_assert_cmpuint(json_object_size(email), ==, 8);
    for (size_t i = 0; i < G_N_ELEMENTS(nulls); i++)
        g_assert_true(json_is_null(jmap_at(email, nulls[i])));
    g_assert_cmpstr(jmap_text_at(email, "blobId"), ==, blob);
    g_assert_cmpstr(jmap_text_at(email, "header:SUBJECT:asText"), ==,
                    jmap_text_at(email, "subject"));
    g_assert_true(json_is_null(jmap_at(answer, "notFound")));
    g_assert_true(json_is_null(jmap_at(answer, "notParsable")));
    json_decref(answer);
    jmap_expect_error(t, "invalidArguments", "Email/parse",
                      "{'blobIds': ['%s'], 'properties': ['header:From:asDate']}", blob);
}

static void test_parse_defaults(struct jmap_fixture *t)
{
    static const char *const names[] = {"messageId",  "inReplyTo",  "references", "sender",
                                        "from",       "to",         "cc",         "bcc",
                                        "replyTo",    "subject",    "sentAt",     "hasAttachment",
                                        "preview",    "bodyValues", "textBody",   "htmlBody",
                                        "attachments"};
    g_autofree char *blob = jmap_fixture_upload(t, "message/rfc822", eai, sizeof eai - 1);
    g_autofree char *empty = jmap_fixture_upload(t, "message/rfc822", "", 0);
    g_autofree char *list = g_strdup_printf("['%s']", empty);
    json_t *answer = jmap_fixture_call(t, "Email/parse",
                                       "{'blobIds': ['%s', '%s', 'b999'], 'fetchTextBodyValues': "
                                       "true, 'maxBodyValueBytes': 2}",
                                       blob, empty);
    json_t *email = json_object_get(jmap_at(answer, "parsed"), blob);

    g_assert_cmpuint(json_object_size(email), ==, G_N_ELEMENTS(names));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_true(jmap_has(email, names[i]));
    g_assert_cmpstr(jmap_text_at(email, "bodyValues/1/value"), ==, "bo");
    g_assert_true(json_is_true(jmap_at(email, "bodyValues/1/isTruncated")));
    jmap_assert_json(jmap_at(answer, "notParsable"), list);
    jmap_assert_json(jmap_at(answer, "notFound"), "['b999']");
    json_decref(answer);
}

/* --- 4 and 4.1 --- */

/* A message in pieces, for clients that know no MIME: what is encoded comes decoded. */
static void test_no_mime_needed(struct jmap_fixture *t)
{
    static const char message[] =
        "From: =?utf-8?q?J=C3=B6rg?= <j@x.example>\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\n"
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n\n--a\n"
        "Content-Type: multipart/alternative; boundary=b\n\n--b\n"
        "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable"
        "\n\nGr=FC=DFe\n--b\nContent-Type: text/html\n\n<p>hi</p>\n--b--\n--a\n"
        "Content-Type: image/png; name=p.png\nContent-Disposition: "
        "attachment\nContent-Transfer-Encoding: base64\n\niVBORw==\n"
        "--a--\n";
    int64_t id = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, message);
    json_t *answer = jmap_fixture_call(t, "Email/get",
                                       "{'ids': ['" EMAIL "'], 'fetchTextBodyValues': true}", id);
    json_t *email = jmap_at(answer, "list/0");
    g_autofree char *value =
        g_strdup_printf("bodyValues/%s/value", jmap_text_at(email, "textBody/0/partId"));

    g_assert_cmpstr(jmap_text_at(email, "from/0/name"), ==, "J\xc3\xb6rg");
    g_assert_cmpstr(jmap_text_at(email, "subject"), ==,
                    "Gr\xc3\xbc\xc3\x9f"
                    "e");
    g_assert_cmpstr(jmap_text_at(email, value), ==,
                    "Gr\xc3\xbc\xc3\x9f"
                    "e");
    g_assert_cmpstr(jmap_text_at(email, "htmlBody/0/type"), ==, "text/html");
    g_assert_cmpuint(json_array_size(jmap_at(email, "attachments")), ==, 1);
    json_decref(answer);
}

/* The same part stands in both lists where there is no alternative. */
static void test_flat_lists(struct jmap_fixture *t)
{
    int64_t id = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Subject: x\n\nonly text\n");
    json_t *answer = jmap_fixture_call(t, "Email/get",
                                       "{'ids': ['" EMAIL
                                       "'], 'properties': ['textBody', 'htmlBody', 'attachments',"
                                       " 'bodyStructure']}",
                                       id);

    g_assert_true(
        json_equal(jmap_at(answer, "list/0/textBody"), jmap_at(answer, "list/0/htmlBody")));
    jmap_assert_json(jmap_at(answer, "list/0/attachments"), "[]");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/textBody/0/partId"), ==,
                    jmap_text_at(answer, "list/0/bodyStructure/partId"));
    json_decref(answer);
}

/* What has no header field is no message: neither parsed nor imported. */
static void test_no_message(struct jmap_fixture *t)
{
    g_autofree char *blob = jmap_fixture_upload(t, "image/png", "\x89PNG\r\n\x1a\n--", 10);
    json_t *answer = jmap_fixture_call(t, "Email/parse", "{'blobIds': ['%s']}", blob);
    g_autofree char *list = g_strdup_printf("['%s']", blob);

    jmap_assert_json(jmap_at(answer, "parsed"), "null");
    jmap_assert_json(jmap_at(answer, "notParsable"), list);
    json_decref(answer);
    answer =
        jmap_fixture_call(t, "Email/import",
                          "{'emails': {'k': {'blobId': '%s', 'mailboxIds': {'" BOX "': true}}}}",
                          blob, t->m.inbox);
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "invalidEmail");
    json_decref(answer);
}

static const struct jmap_case cases[] = {
    {"/rfc8621/4/no-mime-needed", test_no_mime_needed},
    {"/rfc8621/4.1/flat-lists", test_flat_lists},
    {"/rfc8621/4.6/created-properties", test_created_properties},
    {"/rfc8621/4.6/generated-headers", test_generated_headers},
    {"/rfc8621/4.6/half-finished", test_half_finished},
    {"/rfc8621/4.6/forms-kept", test_forms_kept},
    {"/rfc8621/4.6/raw-kept", test_raw_kept},
    {"/rfc8621/4.6/fields-of-inner-parts", test_fields_of_inner_parts},
    {"/rfc8621/4.6/charset-of-a-blob", test_charset_of_a_blob},
    {"/rfc8621/4.6/size-of-a-blob", test_size_of_a_blob},
    {"/rfc8621/4.6/all-that-is-wrong", test_all_that_is_wrong},
    {"/rfc8621/4.6/keywords-add-up", test_keywords_add_up},
    {"/rfc8621/4.6/too-many-mailboxes", test_too_many_mailboxes},
    {"/rfc8621/4.6/destroyed-everywhere", test_destroyed_everywhere},
    {"/rfc8621/4.8/internationalised-headers", test_import_eai},
    {"/rfc8621/4.8/invalid-properties", test_import_invalid},
    {"/rfc8621/4.8/received-at", test_import_received_at},
    {"/rfc8621/4.8/twice", test_import_twice},
    {"/rfc8621/4.8/empty", test_import_empty},
    {"/rfc8621/4.9/metadata-is-null", test_parse_metadata},
    {"/rfc8621/4.9/defaults", test_parse_defaults},
    {"/rfc8621/4.9/not-parsable", test_no_message},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
