/* RFC 8887: what is said over a WebSocket, without one. */
#include "jmap_fixture.h"

static json_t *say(struct jmap_fixture *t, const char *text, struct jmap_message *message)
{
    g_autofree char *json = g_strdup(text);
    json_t *answer = NULL;

    g_strdelimit(json, "'", '"');
    jmap_handle_message(t->jmap, t->m.user, json, strlen(json), message);
    if (message->answer != NULL) {
        gsize length;
        const char *bytes = g_bytes_get_data(message->answer, &length);

        answer = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
        g_assert_nonnull(answer);
    }
    return answer;
}

static void test_capability(struct jmap_fixture *t)
{
    json_t *session = jmap_session(t->jmap, t->m.user, NULL);
    json_t *all = jmap_at(session, "capabilities");

    jmap_assert_json(json_object_get(all, "urn:ietf:params:jmap:websocket"),
                     "{'url': 'wss://mail.example/post/jmap/ws', 'supportsPush': true}");
    json_decref(session);
}

static void test_request(struct jmap_fixture *t)
{
    struct jmap_message message;
    json_t *answer = say(t,
                         "{'@type': 'Request', 'id': 'R1', 'using': ['urn:ietf:params:jmap:core', "
                         "'urn:ietf:params:jmap:websocket'], "
                         "'methodCalls': [['Core/echo', {'a': 1}, 'x']]}",
                         &message);

    g_assert_cmpstr(jmap_text_at(answer, "@type"), ==, "Response");
    g_assert_cmpstr(jmap_text_at(answer, "requestId"), ==, "R1");
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/0/1/a"), ==, 1);
    g_assert_true(jmap_has(answer, "sessionState"));
    json_decref(answer);
    jmap_message_clear(&message);
    answer = say(t, "{'@type': 'Request', 'using': [], 'methodCalls': []}", &message);
    g_assert_cmpstr(jmap_text_at(answer, "@type"), ==, "Response");
    g_assert_false(jmap_has(answer, "requestId"));
    json_decref(answer);
    jmap_message_clear(&message);
}

/* The id comes back as it was given, also where it says nothing; without one there is none. */
static void test_response(struct jmap_fixture *t)
{
    static const char *const ids[] = {"", "a b", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"};
    struct jmap_message message;
    json_t *answer;

    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *text =
            g_strdup_printf("{'@type': 'Request', 'id': '%s', 'createdIds': {'k': 'e1'}, 'using':"
                            " ['urn:ietf:params:jmap:core'], 'methodCalls': [['Core/echo', {}, "
                            "'x'],"
                            " ['None/such', {}, 'y']]}",
                            ids[i]);

        answer = say(t, text, &message);
        g_assert_cmpstr(jmap_text_at(answer, "@type"), ==, "Response");
        g_assert_cmpstr(jmap_text_at(answer, "requestId"), ==, ids[i]);
        jmap_assert_json(jmap_at(answer, "methodResponses"),
                         "[['Core/echo', {}, 'x'], ['error', {'type': 'unknownMethod'}, 'y']]");
        jmap_assert_json(jmap_at(answer, "createdIds"), "{'k': 'e1'}");
        g_assert_cmpuint(json_object_size(answer), ==, 5);
        json_decref(answer);
        jmap_message_clear(&message);
    }
}

static void expect_error(struct jmap_fixture *t, const char *text, const char *id, const char *type)
{
    g_autofree char *full = g_strconcat("urn:ietf:params:jmap:error:", type, NULL);
    struct jmap_message message;
    json_t *answer = say(t, text, &message);

    g_assert_nonnull(answer);
    g_assert_false(message.push);
    g_assert_cmpstr(jmap_text_at(answer, "@type"), ==, "RequestError");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, full);
    g_assert_cmpint(jmap_number_at(answer, "status"), ==, 400);
    g_assert_cmpstr(json_string_value(jmap_at(answer, "requestId")), ==, id);
    json_decref(answer);
    jmap_message_clear(&message);
}

static void test_errors(struct jmap_fixture *t)
{
    expect_error(t, "The quick brown fox jumps over the lazy dog.", NULL, "notJSON");
    expect_error(t, "", NULL, "notJSON");
    expect_error(t, "{'@type': 'Request', 'id': 'a', 'id': 'b'}", NULL, "notJSON");
    expect_error(t, "[]", NULL, "notRequest");
    expect_error(t, "{'using': [], 'methodCalls': [], 'id': 'x'}", "x", "notRequest");
    expect_error(t, "{'@type': 'Other', 'id': 'x'}", "x", "notRequest");
    expect_error(t, "{'@type': 'Request', 'id': 7, 'using': [], 'methodCalls': []}", NULL,
                 "notRequest");
    expect_error(t, "{'@type': 'Request', 'id': 'R2', 'using': ['x'], 'methodCalls': []}", "R2",
                 "unknownCapability");
    expect_error(t, "{'@type': 'WebSocketPushEnable', 'dataTypes': 'Email'}", NULL, "notRequest");
    expect_error(t, "{'@type': 'WebSocketPushEnable', 'dataTypes': [1]}", NULL, "notRequest");
    expect_error(t, "{'@type': 'WebSocketPushEnable', 'pushState': 1}", NULL, "notRequest");
}

static void test_push(struct jmap_fixture *t)
{
    struct jmap_message message;

    g_assert_null(say(t,
                      "{'@type': 'WebSocketPushEnable', 'dataTypes': ['Email', 'Mailbox'], "
                      "'pushState': '7-0'}",
                      &message));
    g_assert_true(message.push);
    g_assert_cmpstr(message.types[1], ==, "Mailbox");
    g_assert_cmpstr(message.push_state, ==, "7-0");
    jmap_message_clear(&message);
    g_assert_null(say(t, "{'@type': 'WebSocketPushEnable', 'dataTypes': null}", &message));
    g_assert_true(message.push);
    g_assert_null(message.types);
    g_assert_null(message.push_state);
    jmap_message_clear(&message);
    g_assert_null(say(t, "{'@type': 'WebSocketPushDisable'}", &message));
    g_assert_false(message.push);
    jmap_message_clear(&message);
}

int main(int argc, char **argv)
{
    static const struct jmap_case cases[] = {
        {"/rfc8887/3/capability", test_capability},
        {"/rfc8887/4.3.2/request", test_request},
        {"/rfc8887/4.3.3/response", test_response},
        {"/rfc8887/4.3.4/errors", test_errors},
        {"/rfc8887/4.3.5.2/enable-and-disable", test_push},
    };

    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
