/* RFC 9404: blob management. */
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"

#define BLOB "urn:ietf:params:jmap:blob"
#define FOX "The quick brown fox jumped over the lazy dog."

/* A blob of text, by creation id "k"; its id. (transfer full) */
static char *make(struct jmap_fixture *t, const char *text)
{
    json_t *answer =
        jmap_fixture_call(t, "Blob/upload", "{'create': {'k': {'data': [{'data:asText': '%s'}]}}}",
                          text);
    char *id = g_strdup(jmap_text_at(answer, "created/k/id"));

    json_decref(answer);
    return id;
}

/* Of one blob; (transfer full). */
static json_t *get(struct jmap_fixture *t, const char *blob, const char *more)
{
    json_t *answer = jmap_fixture_call(t, "Blob/get", "{'ids': ['%s']%s}", blob, more);
    json_t *object = json_incref(jmap_at(answer, "list/0"));

    json_decref(answer);
    json_object_del(object, "id");
    return object;
}

static void expect(struct jmap_fixture *t, const char *blob, const char *more, const char *json)
{
    json_t *object = get(t, blob, more);

    jmap_assert_json(object, json);
    json_decref(object);
}

/* A creation of these sources must fail so. */
static void refuse(struct jmap_fixture *t, const char *type, const char *sources)
{
    json_t *answer =
        jmap_fixture_call(t, "Blob/upload", "{'create': {'k': {'data': %s}}}", sources);

    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, type);
    g_assert_true(json_is_null(jmap_at(answer, "created")));
    json_decref(answer);
}

/* --- 3 */

static void test_capability(struct jmap_fixture *t)
{
    json_t *session = jmap_session(t->jmap, t->m.user, NULL);

    jmap_assert_json(jmap_at(session, "capabilities/" BLOB), "{}");
    jmap_assert_json(jmap_at(session, "accounts/a1/accountCapabilities/" BLOB),
                     "{'maxSizeBlobSet': 50000000, 'maxDataSources': 256, 'supportedTypeNames':"
                     " ['Email', 'Mailbox', 'Thread'], 'supportedDigestAlgorithms':"
                     " ['sha', 'sha-256', 'sha-512']}");
    g_assert_cmpstr(jmap_text_at(session, "primaryAccounts/" BLOB), ==, "a1");
    json_decref(session);
}

static void test_not_used(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_request(t, "{'using': ['urn:ietf:params:jmap:core'],"
                                             " 'methodCalls': [['Blob/get', {'accountId': 'a1',"
                                             " 'ids': []}, '0']]}");

    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/type"), ==, "unknownMethod");
    json_decref(answer);
}

/* --- 4.1 */

/* The first example. */
static void test_base64(struct jmap_fixture *t)
{
    json_t *answer =
        jmap_fixture_call(t, "Blob/upload",
                          "{'create': {'1': {'data': [{'data:asBase64': "
                          "'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQMAAAAl21bKAAAAA1BMVEX/"
                          "AAAZ4gk3AAAAAXRSTlN/gFy0ywAAAApJ"
                          "REFUeJxjYgAAAAYAAzY3fKgAAAAASUVORK5CYII='}], 'type': 'image/png'}}}");

    g_assert_cmpint(jmap_number_at(answer, "created/1/size"), ==, 95);
    g_assert_cmpstr(jmap_text_at(answer, "created/1/type"), ==, "image/png");
    g_assert_true(json_is_null(jmap_at(answer, "notCreated")));
    json_decref(answer);
}

/* The second: sources one after the other, of blobs that the same request made. */
static void test_joined(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Blob/upload', {'accountId': 'a1', 'create': {'b4': {'data': [{'data:asText': '" FOX
        "'}]}}}, 'S4'], ['Blob/upload', {'accountId': 'a1', 'create': {'cat': {'data': ["
        "{'data:asText': 'How'}, {'blobId': '#b4', 'length': 7, 'offset': 3},"
        "{'data:asText': 'was t'}, {'blobId': '#b4', 'length': 1, 'offset': 1},"
        "{'data:asBase64': 'YXQ/'}]}}}, 'CAT'], ['Blob/get', {'accountId': 'a1',"
        " 'properties': ['data:asText', 'size'], 'ids': ['#cat']}, 'G4']]");

    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/2/1/list/0/data:asText"), ==,
                    "How quick was that?");
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/2/1/list/0/size"), ==, 19);
    json_decref(answer);
}

static void test_empty(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_call(t, "Blob/upload", "{'create': {'k': {'data': []}}}");
    g_autofree char *id = g_strdup(jmap_text_at(answer, "created/k/id"));

    g_assert_cmpint(jmap_number_at(answer, "created/k/size"), ==, 0);
    expect(t, id, "", "{'data:asText': '', 'size': 0}");
    json_decref(answer);
}

static void test_bad_sources(struct jmap_fixture *t)
{
    g_autofree char *blob = make(t, "0123456789");
    g_autofree char *whole = g_strdup_printf("[{'blobId': '%s', 'offset': 10}]", blob);
    g_autofree char *beyond = g_strdup_printf("[{'blobId': '%s', 'offset': 11}]", blob);
    g_autofree char *longer = g_strdup_printf("[{'blobId': '%s', 'length': 11}]", blob);
    g_autofree char *negative = g_strdup_printf("[{'blobId': '%s', 'offset': -1}]", blob);
    json_t *answer;

    refuse(t, "invalidProperties", "[{'data:asBase64': 'YXQ'}]");
    refuse(t, "invalidProperties", "[{'data:asBase64': 'YX Q='}]");
    refuse(t, "invalidProperties", "[{'data:asBase64': 'YXQ=YXQ='}]");
    refuse(t, "invalidProperties", "[{}]");
    refuse(t, "invalidProperties", "[{'data:asText': null}]");
    refuse(t, "invalidProperties", "['text']");
    refuse(t, "invalidProperties", "{'data:asText': 'a'}");
    refuse(t, "invalidProperties", "[{'data:asText': 'a', 'data:asBase64': 'YXQ/'}]");
    refuse(t, "invalidProperties", "[{'data:asText': 'a', 'offset': 0}]");
    refuse(t, "invalidProperties", "[{'data:asText': 'a', 'url': 'https://x.example'}]");
    refuse(t, "blobNotFound", "[{'blobId': 'b99'}]");
    refuse(t, "blobNotFound", "[{'blobId': '#nothing'}]");
    refuse(t, "invalidProperties", beyond);
    refuse(t, "invalidProperties", longer);
    refuse(t, "invalidProperties", negative);
    answer = jmap_fixture_call(t, "Blob/upload", "{'create': {'k': {'data': %s}}}", whole);
    g_assert_cmpint(jmap_number_at(answer, "created/k/size"), ==, 0);
    json_decref(answer);
}

static void test_bad_objects(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_call(
        t, "Blob/upload",
        "{'create': {'a': {'data': [], 'size': 1}, 'b': {'data': [], 'type': 'a\\r\\nB: c'},"
        " 'c': {}, 'd': {'data': [], 'type': 3}, 'e': {'data': [], 'type': null}}}");

    jmap_assert_json(jmap_at(answer, "notCreated/a/properties"), "['size']");
    jmap_assert_json(jmap_at(answer, "notCreated/b/properties"), "['type']");
    jmap_assert_json(jmap_at(answer, "notCreated/c/properties"), "['data']");
    jmap_assert_json(jmap_at(answer, "notCreated/d/properties"), "['type']");
    g_assert_true(json_is_null(jmap_at(answer, "created/e/type")));
    json_decref(answer);
}

/* A few bytes of request can ask for much: the blob's size and the number of sources are bounded.
 */
static void test_bounds(struct jmap_fixture *t)
{
    g_autofree char *mega = g_strnfill(1000000, 'x');
    g_autofree char *blob = jmap_fixture_upload(t, "text/plain", mega, 1000000);
    g_autoptr(GString) sources = g_string_new("[");

    for (unsigned i = 0; i < 51; i++)
        g_string_append_printf(sources, "%s{'blobId': '%s'}", i > 0 ? "," : "", blob);
    g_string_append(sources, "]");
    refuse(t, "tooLarge", sources->str);
    g_string_assign(sources, "[");
    for (unsigned i = 0; i < JMAP_MAX_DATA_SOURCES + 1; i++)
        g_string_append_printf(sources, "%s{'data:asText': ''}", i > 0 ? "," : "");
    g_string_append(sources, "]");
    refuse(t, "tooLarge", sources->str);
}

/* Another's upload is not there, as it is not for a download. */
static void test_foreign_source(struct jmap_fixture *t)
{
    struct store_principal *reader = fixture_user(&t->m.f, "eve@example.org");
    g_autofree char *blob = make(t, "mine alone");
    json_t *answer;

    jmap_fixture_share(t, reader, STORE_READ | STORE_WRITE);
    answer = jmap_fixture_ask(t, reader,
                              "[['Blob/upload', {'accountId': 'a1', 'create': {'k': {'data':"
                              " [{'blobId': '%s'}]}}}, '0'], ['Blob/get', {'accountId': 'a1',"
                              " 'ids': ['%s']}, '1']]",
                              blob, blob);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/notCreated/k/type"), ==,
                    "blobNotFound");
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/list"), "[]");
    json_decref(answer);
    store_principal_unref(reader);
}

/* --- 4.2 */

/* The first example of the section, with its digests. */
static void test_get(struct jmap_fixture *t)
{
    g_autofree char *blob = make(t, FOX);
    json_t *answer = jmap_fixture_call(t, "Blob/get",
                                       "{'ids': ['%s', 'not-a-blob'], 'properties':"
                                       " ['data:asText', 'digest:sha', 'size']}",
                                       blob);

    g_assert_cmpstr(jmap_text_at(answer, "list/0/id"), ==, blob);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/data:asText"), ==, FOX);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/digest:sha"), ==, "wIVPufsDxBzOOALLDSIFKebu+U4=");
    g_assert_cmpint(jmap_number_at(answer, "list/0/size"), ==, 45);
    jmap_assert_json(jmap_at(answer, "notFound"), "['not-a-blob']");
    json_decref(answer);
    expect(t, blob,
           ", 'properties': ['data:asText', 'digest:sha', 'digest:sha-256', 'size'], 'offset': 4,"
           " 'length': 9",
           "{'data:asText': 'quick bro', 'digest:sha': 'QiRAPtfyX8K6tm1iOAtZ87Xj3Ww=',"
           " 'digest:sha-256': 'gdg9INW7lwHK6OQ9u0dwDz2ZY/gubi0En0xlFpKt0OA=', 'size': 45}");
}

static void test_ranges(struct jmap_fixture *t)
{
    g_autofree char *blob = make(t, "hello world");

    expect(t, blob, "", "{'data:asText': 'hello world', 'size': 11}");
    expect(t, blob, ", 'offset': 6", "{'data:asText': 'world', 'size': 11}");
    expect(t, blob, ", 'offset': 6, 'length': 5", "{'data:asText': 'world', 'size': 11}");
    expect(t, blob, ", 'offset': 6, 'length': 6",
           "{'data:asText': 'world', 'size': 11, 'isTruncated': true}");
    expect(t, blob, ", 'offset': 11", "{'data:asText': '', 'size': 11}");
    expect(t, blob, ", 'offset': 12", "{'data:asText': '', 'size': 11, 'isTruncated': true}");
    expect(t, blob, ", 'offset': null, 'length': 0", "{'data:asText': '', 'size': 11}");
    expect(t, blob, ", 'properties': ['size'], 'offset': 9007199254740991",
           "{'size': 11, 'isTruncated': true}");
}

/* The last example: octets that are no UTF-8. */
static void test_encoding(struct jmap_fixture *t)
{
    json_t *answer =
        jmap_fixture_call(t, "Blob/upload",
                          "{'create': {'k': {'data': [{'data:asBase64':"
                          " 'VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wZWQgb3ZlciB0aGUggYEgZG9nLg=='}]}}}");
    g_autofree char *blob = g_strdup(jmap_text_at(answer, "created/k/id"));

    json_decref(answer);
    expect(t, blob, "",
           "{'data:asBase64': 'VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wZWQgb3ZlciB0aGUggYEgZG9nLg==',"
           " 'isEncodingProblem': true, 'size': 43}");
    expect(t, blob, ", 'properties': ['data:asText', 'size']",
           "{'data:asText': null, 'isEncodingProblem': true, 'size': 43}");
    expect(t, blob, ", 'properties': ['data:asBase64']",
           "{'data:asBase64': 'VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wZWQgb3ZlciB0aGUggYEgZG9nLg=='}");
    expect(t, blob, ", 'offset': 0, 'length': 5", "{'data:asText': 'The q', 'size': 43}");
}

static void test_bad_property(struct jmap_fixture *t)
{
    jmap_expect_error(t, "invalidArguments", "Blob/get",
                      "{'ids': [], 'properties': ['digest:md2']}");
    jmap_expect_error(t, "invalidArguments", "Blob/get", "{'ids': [], 'offset': -1}");
}

/* Many large ones are more than one answer may hold. */
static void test_budget(struct jmap_fixture *t)
{
    g_autofree char *mega = g_strnfill(4000000, 'x');
    g_autofree char *blob = jmap_fixture_upload(t, "text/plain", mega, 4000000);
    g_autoptr(GString) ids = g_string_new(NULL);

    for (unsigned i = 0; i < 40; i++)
        g_string_append_printf(ids, "%s'%s'", i > 0 ? "," : "", blob);
    jmap_expect_error(t, "requestTooLarge", "Blob/get", "{'ids': [%s]}", ids->str);
}

/* --- 4.3 */

static void test_lookup(struct jmap_fixture *t)
{
    json_t *answer;

    jmap_fixture_put(t, t->m.inbox, 1, 0, 1000,
                     "From: a@b.example\nSubject: s\nMIME-Version: 1.0\nContent-Type:"
                     " multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: image/gif\n\n"
                     "GIF\n--b--\n");
    answer = jmap_fixture_call(t, "Blob/lookup",
                               "{'typeNames': ['Mailbox', 'Thread', 'Email'], 'ids': ['b1', 'b1-2',"
                               " 'b1-9', 'b99', 'not-a-blob', '#nothing']}");
    for (unsigned i = 0; i < 6; i++) {
        g_autofree char *path = g_strdup_printf("list/%u/matchedIds", i);

        jmap_assert_json(jmap_at(answer, path),
                         i < 2 ? "{'Mailbox': ['m1'], 'Thread': ['t1'], 'Email': ['e1']}"
                               : "{'Mailbox': [], 'Thread': [], 'Email': []}");
    }
    g_assert_cmpstr(jmap_text_at(answer, "list/1/id"), ==, "b1-2");
    json_decref(answer);
    answer = jmap_fixture_call(t, "Blob/lookup", "{'typeNames': ['Thread'], 'ids': ['b1']}");
    jmap_assert_json(jmap_at(answer, "list/0/matchedIds"), "{'Thread': ['t1']}");
    json_decref(answer);
}

static void test_unknown_type(struct jmap_fixture *t)
{
    json_t *answer;

    jmap_expect_error(t, "unknownDataType", "Blob/lookup",
                      "{'typeNames': ['Email', 'Identity'], 'ids': []}");
    answer = jmap_fixture_request(t, "{'using': ['urn:ietf:params:jmap:core', '" BLOB "'],"
                                     " 'methodCalls': [['Blob/lookup', {'accountId': 'a1',"
                                     " 'typeNames': ['Email'], 'ids': []}, '0']]}");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/type"), ==, "unknownDataType");
    json_decref(answer);
}

int main(int argc, char **argv)
{
    static const struct jmap_case cases[] = {
        {"/rfc9404/3.1/capability", test_capability},
        {"/rfc9404/3.1/not-used", test_not_used},
        {"/rfc9404/4.1/base64", test_base64},
        {"/rfc9404/4.1/joined", test_joined},
        {"/rfc9404/4.1/empty", test_empty},
        {"/rfc9404/4.1/bad-sources", test_bad_sources},
        {"/rfc9404/4.1/bad-objects", test_bad_objects},
        {"/rfc9404/4.1/bounds", test_bounds},
        {"/rfc9404/4.1/foreign-source", test_foreign_source},
        {"/rfc9404/4.2/get", test_get},
        {"/rfc9404/4.2/ranges", test_ranges},
        {"/rfc9404/4.2/encoding", test_encoding},
        {"/rfc9404/4.2/bad-property", test_bad_property},
        {"/rfc9404/4.2/budget", test_budget},
        {"/rfc9404/4.3/lookup", test_lookup},
        {"/rfc9404/4.3/unknown-type", test_unknown_type},
    };

    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
