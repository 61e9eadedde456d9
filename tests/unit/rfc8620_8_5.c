/* RFC 8620, 8.5: what a hostile client sends is refused as the RFC says, or answered, in bounded
 * time and memory. Each row is one call; the clock is the processor's, so that a busy machine does
 * not fail it. */
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"

#include <sys/resource.h>
#include <time.h>

#define SECONDS_MAX 10
#define MEGABYTES_MAX 1000 /* the sanitiser's share too */
#define MAILS 20
#define MAILBOXES 40

/* Arguments besides accountId, in JSON with ' for ", where <item|count|between> stands for many
 * items, one # in it for a running number. */
struct attack {
    const char *name, *method, *args;
    const char *error; /* of the method; NULL: it answers */
};

static const struct attack attacks[] = {
    /* Lists of what is wanted. */
    {"/rfc8620/8.5/ids", "Email/get", "{'ids': [<'e#'|100000|,>]}", "requestTooLarge"},
    {"/rfc8620/8.5/ids-of-threads", "Thread/get", "{'ids': [<'t#'|100000|,>]}", "requestTooLarge"},
    {"/rfc8620/8.5/ids-of-mailboxes", "Mailbox/get", "{'ids': [<'x#'|100000|,>]}",
     "requestTooLarge"},
    {"/rfc8620/8.5/ids-of-blobs", "Email/parse", "{'blobIds': [<'b#'|100000|,>]}",
     "requestTooLarge"},
    {"/rfc8620/8.5/ids-to-copy", "Blob/copy",
     "{'fromAccountId': 'a1', 'blobIds': [<'b#'|100000|,>]}", "requestTooLarge"},
    {"/rfc8620/8.5/ids-of-views", "EmailView/get", "{'ids': [<'e#'|100000|,>]}", "requestTooLarge"},
    {"/rfc8620/8.5/ids-of-snippets", "SearchSnippet/get",
     "{'filter': {'text': 'a'}, 'emailIds': [<'e#'|100000|,>]}", "requestTooLarge"},
    {"/rfc8620/8.5/long-ids", "Email/get", "{'ids': ['<e|3000000|>']}", NULL},
    {"/rfc8620/8.5/header-properties", "Email/get", "{'properties': [<'header:X-#:all'|100000|,>]}",
     "requestTooLarge"},
    {"/rfc8620/8.5/header-properties-of-parts", "Email/get",
     "{'properties': ['bodyStructure'], 'bodyProperties': [<'header:X-#'|100000|,>]}",
     "requestTooLarge"},
    {"/rfc8620/8.5/one-property-again-and-again", "Email/get", "{'properties': [<'id'|120000|,>]}",
     "requestTooLarge"},
    {"/rfc8620/8.5/properties-of-mailboxes", "Mailbox/get", "{'properties': [<'name'|120000|,>]}",
     "requestTooLarge"},
    {"/rfc8620/8.5/unknown-property", "Thread/get", "{'ids': [], 'properties': ['<x|5000000|>']}",
     "invalidArguments"},
    /* Filters and sorts. */
    {"/rfc8620/8.5/conditions", "Email/query",
     "{'filter': {'operator': 'OR', 'conditions': [<{'minSize': #}|90000|,>]}}",
     "unsupportedFilter"},
    {"/rfc8620/8.5/conditions-on-mailboxes", "Mailbox/query",
     "{'filter': {'operator': 'OR', 'conditions': [<{'name': 'n#'}|90000|,>]}}",
     "unsupportedFilter"},
    {"/rfc8620/8.5/conditions-on-submissions", "EmailSubmission/query",
     "{'filter': {'operator': 'NOT', 'conditions': [<{'undoStatus': 'x#'}|90000|,>]}}",
     "unsupportedFilter"},
    {"/rfc8620/8.5/ids-in-a-filter", "EmailSubmission/query",
     "{'filter': {'emailIds': [<'e#'|100000|,>]}}", "unsupportedFilter"},
    {"/rfc8620/8.5/mailboxes-in-a-filter", "Email/query",
     "{'filter': {'inMailboxOtherThan': [<'m#'|100000|,>]}}", "invalidArguments"},
    {"/rfc8620/8.5/nested-filter", "Email/query",
     "{'filter': <{'operator': 'NOT', 'conditions': [|25|>{'minSize': 1}<]}|25|>}",
     "unsupportedFilter"},
    {"/rfc8620/8.5/nested-filter-of-mailboxes", "Mailbox/query",
     "{'filter': <{'operator': 'NOT', 'conditions': [|25|>{'name': 'a'}<]}|25|>}",
     "unsupportedFilter"},
    {"/rfc8620/8.5/filter-that-is-none", "Mailbox/query", "{'filter': {'operator': 'AND'}}",
     "invalidArguments"},
    {"/rfc8620/8.5/operator-that-is-none", "EmailSubmission/query",
     "{'filter': {'operator': 'XOR', 'conditions': []}}", "invalidArguments"},
    {"/rfc8620/8.5/condition-that-is-none", "EmailSubmission/query", "{'filter': {'other': 1}}",
     "unsupportedFilter"},
    {"/rfc8620/8.5/words", "Email/query", "{'filter': {'text': '<w# |100000|>'}}",
     "unsupportedFilter"},
    {"/rfc8620/8.5/a-phrase", "Email/query", "{'filter': {'body': '\\'<w# |100000|>\\''}}", NULL},
    {"/rfc8620/8.5/a-word", "Email/query", "{'filter': {'subject': '<w|3000000|>'}}", NULL},
    {"/rfc8620/8.5/words-of-a-snippet", "SearchSnippet/get",
     "{'filter': {'text': '<w# |100000|>'}, 'emailIds': ['e1']}", "unsupportedFilter"},
    {"/rfc8620/8.5/a-phrase-of-a-snippet", "SearchSnippet/get",
     "{'filter': {'text': '\\'<w# |100000|>\\''}, 'emailIds': ['e1']}", NULL},
    {"/rfc8620/8.5/a-header-s-text", "Email/query",
     "{'filter': {'header': ['Subject', '<x|3000000|>']}}", "unsupportedFilter"},
    {"/rfc8620/8.5/a-mailbox-s-name", "Mailbox/query", "{'filter': {'name': '<x|3000000|>'}}",
     NULL},
    {"/rfc8620/8.5/sorts", "Email/query", "{'sort': [<{'property': 'size'}|90000|,>]}",
     "unsupportedSort"},
    {"/rfc8620/8.5/sorts-of-mailboxes", "Mailbox/query",
     "{'sort': [<{'property': 'name'}|90000|,>]}", "unsupportedSort"},
    /* Enormous numbers. */
    {"/rfc8620/8.5/position", "Email/query",
     "{'position': 9007199254740991, 'limit': 9007199254740991}", NULL},
    {"/rfc8620/8.5/anchor-offset", "Mailbox/query",
     "{'anchor': 'm1', 'anchorOffset': 9007199254740991}", NULL},
    {"/rfc8620/8.5/anchor-offset-below", "Email/query",
     "{'anchor': 'e1', 'anchorOffset': -9007199254740991}", NULL},
    {"/rfc8620/8.5/size", "Email/query", "{'filter': {'minSize': 9223372036854775807}}",
     "invalidArguments"},
    {"/rfc8620/8.5/date", "Email/query", "{'filter': {'after': '9999-12-31T23:59:59Z'}}", NULL},
    {"/rfc8620/8.5/no-date", "Email/query", "{'filter': {'after': '<9|120000|>-12-31T23:59:59Z'}}",
     "invalidArguments"},
    {"/rfc8620/8.5/state", "Email/changes", "{'sinceState': '18446744073709551615'}",
     "cannotCalculateChanges"},
    {"/rfc8620/8.5/long-state", "Email/changes", "{'sinceState': '<9|120000|>'}",
     "cannotCalculateChanges"},
    {"/rfc8620/8.5/changes", "Email/changes", "{'sinceState': '1', 'maxChanges': 9007199254740991}",
     NULL},
    {"/rfc8620/8.5/query-changes", "Email/queryChanges",
     "{'sinceQueryState': '1', 'maxChanges': 9007199254740991, 'upToId': '<e|120000|>'}", NULL},
    /* What is to be changed. */
    {"/rfc8620/8.5/creations", "Email/set", "{'create': {<'c#': {}|100000|,>}}", "requestTooLarge"},
    {"/rfc8620/8.5/updates", "Mailbox/set", "{'update': {<'m#': {}|100000|,>}}", "requestTooLarge"},
    {"/rfc8620/8.5/destructions", "Mailbox/set", "{'destroy': [<'m#'|100000|,>]}",
     "requestTooLarge"},
    {"/rfc8620/8.5/paths", "Email/set", "{'update': {'e1': {<'keywords/k#': true|100000|,>}}}",
     NULL},
    {"/rfc8620/8.5/paths-of-mailboxes", "Email/set",
     "{'update': {'e1': {<'mailboxIds/m#': true|100000|,>}}}", NULL},
    {"/rfc8620/8.5/keywords", "Email/set",
     "{'update': {'e1': {'keywords': {<'k#': true|100000|,>}}}}", NULL},
    {"/rfc8620/8.5/mailboxes", "Email/set",
     "{'update': {'e1': {'mailboxIds': {<'m#': true|100000|,>}}}}", NULL},
    {"/rfc8620/8.5/paths-of-a-mailbox", "Mailbox/set",
     "{'update': {'m1': {<'x#/a/b': 1|100000|,>}}}", NULL},
    {"/rfc8620/8.5/wrong-properties", "Mailbox/set", "{'update': {'m1': {<'x#': 1|100000|,>}}}",
     NULL},
    {"/rfc8620/8.5/wrong-properties-created", "Mailbox/set",
     "{'create': {'m': {<'x#': 1|100000|,>}}}", NULL},
    {"/rfc8620/8.5/wrong-properties-of-an-identity", "Identity/set",
     "{'create': {'m': {<'x#': 1|100000|,>}}}", NULL},
    {"/rfc8620/8.5/a-long-path", "Mailbox/set", "{'update': {'m1': {'</|3000000|>': 1}}}", NULL},
    {"/rfc8620/8.5/a-long-path-of-an-identity", "Identity/set",
     "{'update': {'i1': {'</|3000000|>': 1}}}", NULL},
    {"/rfc8620/8.5/a-long-path-of-an-email", "Email/set", "{'update': {'e1': {'</|3000000|>': 1}}}",
     NULL},
    {"/rfc8620/8.5/a-long-keyword", "Email/set",
     "{'update': {'e1': {'keywords/<k|3000000|>': true}}}", NULL},
    {"/rfc8620/8.5/a-long-name", "Mailbox/set", "{'create': {'m': {'name': '<n|3000000|>'}}}",
     NULL},
    /* A draft. */
    {"/rfc8620/8.5/keywords-of-a-draft", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, 'keywords': {<'k#': true|100000|,>}}}}", NULL},
    {"/rfc8620/8.5/mailboxes-of-a-draft", "Email/set",
     "{'create': {'d': {'mailboxIds': {<'m#': true|100000|,>}}}}", NULL},
    {"/rfc8620/8.5/headers-of-a-draft", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, <'header:X-#': 'v'|100000|,>}}}", NULL},
    {"/rfc8620/8.5/one-header-of-a-draft", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, 'header:X:all': [<'v'|100000|,>]}}}", NULL},
    {"/rfc8620/8.5/recipients-of-a-draft", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, 'to': [<{'email': 'a@b'}|90000|,>]}}}", NULL},
    {"/rfc8620/8.5/message-ids-of-a-draft", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, 'references': [<'a@b'|100000|,>]}}}", NULL},
    {"/rfc8620/8.5/texts-of-a-draft", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, 'bodyValues': {<'k#': {'value': "
     "'v'}|90000|,>}, 'textBody': [{'partId': 'k1', 'type': 'text/plain'}]}}}",
     NULL},
    {"/rfc8620/8.5/attachments-of-a-draft", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, 'attachments': [<{'blobId': 'b1'}|90000|,>]}}}",
     NULL},
    {"/rfc8620/8.5/parts-of-a-draft", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, 'bodyStructure': {'type': 'multipart/mixed', "
     "'subParts': [<{'type': 'multipart/mixed'}|90000|,>]}}}}",
     NULL},
    {"/rfc8620/8.5/headers-of-a-part", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, 'bodyValues': {'k': {'value': 'v'}},"
     " 'bodyStructure': {'type': 'text/plain', 'partId': 'k', <'header:X-#': 'v'|100000|,>}}}}",
     NULL},
    {"/rfc8620/8.5/languages-of-a-draft", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, 'attachments': [{'blobId': 'b1', 'language': "
     "[<'d#'|100000|,>]}]}}}",
     NULL},
    {"/rfc8620/8.5/a-draft-s-subject", "Email/set",
     "{'create': {'d': {'mailboxIds': {'m1': true}, 'subject': '<ü|1000000|>'}}}", NULL},
    /* Copies, imports, submissions. */
    {"/rfc8620/8.5/copies", "Email/copy",
     "{'fromAccountId': 'a2', 'create': {<'c#': {}|100000|,>}}", "requestTooLarge"},
    {"/rfc8620/8.5/imports", "Email/import", "{'emails': {<'c#': {}|100000|,>}}",
     "requestTooLarge"},
    {"/rfc8620/8.5/keywords-of-an-import", "Email/import",
     "{'emails': {'k': {'blobId': 'b1', 'mailboxIds': {'m1': true}, 'keywords': {<'k#': "
     "true|100000|,>}}}}",
     NULL},
    {"/rfc8620/8.5/recipients", "EmailSubmission/set",
     "{'create': {'s': {'emailId': 'e1', 'identityId': 'i1', 'envelope': {'mailFrom': {'email': "
     "'ann@mail.example'}, 'rcptTo': [<{'email': 'a@b'}|90000|,>]}}}}",
     NULL},
    {"/rfc8620/8.5/parameters", "EmailSubmission/set",
     "{'create': {'s': {'emailId': 'e1', 'identityId': 'i1', 'envelope': {'mailFrom': {'email': "
     "'ann@mail.example', 'parameters': {<'P#': 'x'|100000|,>}}, 'rcptTo': [{'email': 'a@b'}]}}}}",
     NULL},
    {"/rfc8620/8.5/updates-on-success", "EmailSubmission/set",
     "{'onSuccessUpdateEmail': {<'s#': {}|100000|,>}}", "requestTooLarge"},
    {"/rfc8620/8.5/destructions-on-success", "EmailSubmission/set",
     "{'onSuccessDestroyEmail': [<'s#'|100000|,>]}", "requestTooLarge"},
    {"/rfc8620/8.5/names-of-accounts", "Email/get", "{'accountId': '<a|3000000|>', 'ids': []}",
     "accountNotFound"},
    {"/rfc8620/8.5/unknown-arguments", "Email/get", "{'ids': [], <'x#': 1|100000|,>}",
     "invalidArguments"},
};

/* --- writing them out --- */

static void repeat(GString *out, const char *item, size_t length, long count, char between)
{
    const char *sign = memchr(item, '#', length);
    size_t before = sign != NULL ? (size_t)(sign - item) : length;

    for (long i = 1; i <= count; i++) {
        if (i > 1 && between != '>')
            g_string_append_c(out, between);
        g_string_append_len(out, item, (gssize)before);
        if (sign == NULL)
            continue;
        g_string_append_printf(out, "%ld", i);
        g_string_append_len(out, sign + 1, (gssize)(length - before - 1));
    }
}

static char *expand(const char *template)
{
    GString *out = g_string_new(NULL);

    while (*template != '\0') {
        const char *bar = strchr(template, '|');

        if (*template != '<') {
            g_string_append_c(out, *template ++);
            continue;
        }
        template ++;
        const char *second = strchr(bar + 1, '|');
        repeat(out, template, (size_t)(bar - template), strtol(bar + 1, NULL, 10), second[1]);
        template = strchr(second, '>') + 1;
    }
    return g_string_free(out, FALSE);
}

/* --- holding them to their bounds --- */

static struct jmap_fixture fixture;

static void open_fixture(void)
{
    struct mail_fixture *m = &fixture.m;

    jmap_fixture_open(&fixture);
    for (uint32_t i = 1; i <= MAILS; i++) {
        g_autofree char *mail =
            g_strdup_printf("From: joe%u@example.org\nSubject: number %u\nX-Own: %u\n\nhello w%u\n",
                            i, i, i, i);

        jmap_fixture_put(&fixture, m->inbox, i, 0, 1000 + i, mail);
    }
    for (unsigned i = 0; i < MAILBOXES; i++) {
        g_autofree char *name = g_strdup_printf("Folder %u", i);

        mail_mailbox(m, name, MAIL_ROLE_NONE);
    }
}

static double processor_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static char *request_of(const char *calls)
{
    return g_strconcat("{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\","
                       "\"urn:ietf:params:jmap:submission\",\"urn:postroom:manage\"],"
                       "\"methodCalls\":",
                       calls, "}", NULL);
}

/* The answer to a body, within bounds. (transfer full) */
static json_t *ask(const char *body, int *status)
{
    double begun = processor_seconds(), took;
    json_t *answer = jmap_fixture_send(&fixture, fixture.m.user, body, strlen(body), status);
    struct rusage usage;

    took = processor_seconds() - begun;
    getrusage(RUSAGE_SELF, &usage);
    g_test_message("%zu bytes, %.2f s, %ld MB at most so far", strlen(body), took,
                   usage.ru_maxrss / 1024);
    if (took > SECONDS_MAX || usage.ru_maxrss / 1024 > MEGABYTES_MAX)
        g_test_fail_printf("%.2f s, %ld MB", took, usage.ru_maxrss / 1024);
    return answer;
}

static json_t *ask_calls(const char *calls, int *status)
{
    g_autofree char *body = request_of(calls);

    return ask(body, status);
}

static void test_attack(gconstpointer data)
{
    const struct attack *attack = data;
    g_autofree char *args = expand(attack->args);
    g_autofree char *calls = NULL;
    json_t *answer;
    const char *error;
    int status;

    g_strdelimit(args, "'", '"');
    calls = strstr(args, "\"accountId\"") != NULL
                ? g_strdup_printf("[[\"%s\",%s,\"0\"]]", attack->method, args)
                : g_strdup_printf("[[\"%s\",{\"accountId\":\"a1\",%s,\"0\"]]", attack->method,
                                  args + 1);
    answer = ask_calls(calls, &status);
    if (status != 200)
        g_error("%s: %s", attack->name, json_dumps(answer, 0));
    error = json_string_value(json_object_get(jmap_at(answer, "methodResponses/0/1"), "type"));
    if (g_strcmp0(error, attack->error) != 0)
        g_test_fail_printf("expected %s, got %s", attack->error, error);
    json_decref(answer);
}

/* The whole request is refused, with this problem. */
static void expect_refused(const char *body, const char *type, const char *limit)
{
    g_autofree char *full = g_strconcat("urn:ietf:params:jmap:error:", type, NULL);
    int status;
    json_t *answer = ask(body, &status);

    g_assert_cmpint(status, ==, 400);
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, full);
    g_assert_cmpstr(json_string_value(json_object_get(answer, "limit")), ==, limit);
    json_decref(answer);
}

static void expect_calls_refused(const char *template, const char *type, const char *limit)
{
    g_autofree char *calls = expand(template);
    g_autofree char *body = NULL;

    g_strdelimit(calls, "'", '"');
    body = request_of(calls);
    expect_refused(body, type, limit);
}

static void test_requests(void)
{
    g_autofree char *capabilities =
        expand("{\"using\":[<\"urn:ietf:params:jmap:core\"|100000|,>],\"methodCalls\":[]}");
    g_autofree char *unknown = expand("{\"using\":[\"<u|3000000|>\"],\"methodCalls\":[]}");
    g_autofree char *doubled = expand("{\"using\":[],\"methodCalls\":[],\"createdIds\":{<\"k#\":"
                                      "\"e1\"|100000|,>,\"k99999\":\"e2\"}}");
    int status;

    expect_calls_refused("[<['Core/echo',{},'#']|5000|,>]", "limit", "maxCallsInRequest");
    expect_calls_refused("[['Core/echo',{'a':[<{}|3000000|,>]},'0']]", "limit", "maxSizeRequest");
    expect_calls_refused("[['Core/echo',{'a':[<{}|200000|,>]},'0']]", "limit", "maxSizeRequest");
    expect_calls_refused("[['Core/echo',{'a':[<0|4000000|,>]},'0']]", "limit", "maxSizeRequest");
    expect_calls_refused("[['Core/echo',{'a':<[|4000000|><]|4000000|>},'0']]", "notJSON", NULL);
    expect_calls_refused("[['Core/echo',{'a':<{'a':|1000000|>1<}|1000000|>},'0']]", "notJSON",
                         NULL);
    expect_calls_refused("[['Core/echo',{'a':<9|3000000|>},'0']]", "notJSON", NULL);
    expect_calls_refused("[['Core/echo',{'a':1e<9|9000|>},'0']]", "notJSON", NULL);
    expect_calls_refused("[['Email/query',{'accountId':'a1','filter':<{'operator':'NOT',"
                         "'conditions':[|1000|>{}<]}|1000|>},'0']]",
                         "notJSON", NULL);
    expect_refused(doubled, "notJSON", NULL);
    expect_refused(unknown, "unknownCapability", NULL);
    json_decref(ask(capabilities, &status));
    g_assert_cmpint(status, ==, 200);
}

/* Bytes that are no UTF-8: overlong, surrogates, beyond Unicode, cut short. */
static void test_no_utf8(void)
{
    static const char *const bytes[] = {
        "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bytes); i++) {
        g_autofree char *value = g_strdup_printf("[['Core/echo',{'a':'%s'},'0']]", bytes[i]);
        g_autofree char *key = g_strdup_printf("[['Core/echo',{'%s':1},'0']]", bytes[i]);

        expect_calls_refused(value, "notJSON", NULL);
        expect_calls_refused(key, "notJSON", NULL);
    }
    expect_calls_refused("[['Core/echo',{'a':'\\ud800'},'0']]", "notJSON", NULL);
}

/* Each reference walks all of a long list, and finds nothing there that would count. */
static void test_many_walks(void)
{
    g_autofree char *calls = expand("[[\"Core/echo\",{\"a\":[<{\"b\":[]}|80000|,>]},\"0\"],"
                                    "[\"Core/echo\",{<\"@x#\":{\"resultOf\":\"0\",\"name\":"
                                    "\"Core/echo\",\"path\":\"/a/*/b\"}|15000|,>},\"1\"]]");
    int status;
    json_t *answer;

    g_strdelimit(calls, "@", '#'); /* which in a template is a running number */
    answer = ask_calls(calls, &status);
    g_assert_cmpint(status, ==, 200);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/type"), ==, "invalidResultReference");
    json_decref(answer);
}

/* To itself, to a later call, to each other: nothing is there yet. */
static void test_loops(void)
{
    g_autofree char *calls =
        g_strdup("[['Core/echo',{'#a':{'resultOf':'0','name':'Core/echo','path':'/a'}},'0'],"
                 "['Core/echo',{'#a':{'resultOf':'2','name':'Core/echo','path':'/a'}},'1'],"
                 "['Core/echo',{'#a':{'resultOf':'1','name':'Core/echo','path':'/a'}},'2'],"
                 "['Email/set',{'accountId':'a1','update':{'#k':{}},'create':{'l':{"
                 "'mailboxIds':{'#l':true}}}},'3']]");
    int status;
    json_t *answer;

    g_strdelimit(calls, "'", '"');
    answer = ask_calls(calls, &status);
    g_assert_cmpint(status, ==, 200);
    for (int i = 0; i < 3; i++) {
        g_autofree char *path = g_strdup_printf("methodResponses/%d/1/type", i);

        g_assert_cmpstr(jmap_text_at(answer, path), ==, "invalidResultReference");
    }
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/3/1/notUpdated/#k/type"), ==, "notFound");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/3/1/notCreated/l/type"), ==,
                    "invalidProperties");
    json_decref(answer);
}

/* --- a little that asks for very much --- */

#define LONG_MAILS 50
#define LONG_HEADER 60000

static void put_long_headers(void)
{
    g_autofree char *value = g_strnfill(LONG_HEADER, 'v');

    for (uint32_t i = 1; i <= LONG_MAILS; i++) {
        g_autofree char *mail =
            g_strdup_printf("From: joe%u@example.org\nSubject: long %u\nX-Long: %s\n\nhello\n", i,
                            i, value);

        jmap_fixture_put(&fixture, fixture.m.archive, i, 0, 5000 + i, mail);
    }
}

/* "header:X-Long", "header:X-LONG", …: so many names of one field. */
static char *long_header_names(unsigned count)
{
    GString *names = g_string_new(NULL);

    for (unsigned i = 0; i < count; i++) {
        char name[] = "x-long";

        for (size_t k = 0; k < strlen(name); k++)
            if (i >> k & 1)
                name[k] = g_ascii_toupper(name[k]);
        g_string_append_printf(names, "%s'header:%s%s'", i > 0 ? "," : "", name,
                               i & 1 << 6 ? ":asText" : "");
    }
    return g_string_free(names, FALSE);
}

/* Of each email, and of each part, hundreds of megabytes. */
static void test_long_headers(void)
{
    g_autofree char *names = long_header_names(JMAP_MAX_PROPERTIES);
    g_autofree char *of_emails = g_strdup_printf("'properties':[%s]", names);
    g_autofree char *of_parts =
        g_strdup_printf("'properties':['bodyStructure'],'bodyProperties':[%s]", names);
    const char *const wanted[] = {of_emails, of_parts};

    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_autofree char *calls =
            g_strdup_printf("[['Email/query',{'accountId':'a1','filter':{'subject':'long'}},'0'],"
                            "['Email/get',{'accountId':'a1','#ids':{'resultOf':'0','name':'Email/"
                            "query',"
                            "'path':'/ids'},%s},'1']]",
                            wanted[i]);
        int status;
        json_t *answer;

        g_strdelimit(calls, "'", '"');
        answer = ask_calls(calls, &status);
        g_assert_cmpint(status, ==, 200);
        g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/0/1/ids")), ==,
                         LONG_MAILS);
        g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/type"), ==, "requestTooLarge");
        json_decref(answer);
    }
}

/* A request has so much of a processor; what it has begun when that is over says so. */
static void test_time(void)
{
    const struct jmap_config config = {.store = fixture.m.f.store,
                                       .public_url = "https://mail.example",
                                       .max_work = 5000};
    struct jmap_fixture hurried = fixture;
    GString *blobs = g_string_new(NULL);
    json_t *answer, *mail = jmap_fixture_call(&fixture, "Email/query",
                                              "{'accountId':'a1','filter':{'subject':'long'}}");
    json_t *got = jmap_fixture_call(&fixture, "Email/get",
                                    "{'accountId':'a1','ids':['%s'],'properties':['blobId']}",
                                    jmap_text_at(mail, "ids/0"));

    for (int i = 0; i < JMAP_MAX_OBJECTS; i++)
        g_string_append_printf(blobs, "%s'%s'", i > 0 ? "," : "",
                               jmap_text_at(got, "list/0/blobId"));
    hurried.jmap = jmap_new(&config);
    answer = jmap_fixture_ask(&hurried, hurried.m.user,
                              "[['Core/echo',{'a':1},'0'],"
                              "['Email/parse',{'accountId':'a1','blobIds':[%s]},'1'],"
                              "['Core/echo',{},'2']]",
                              blobs->str);
    jmap_assert_json(jmap_at(answer, "methodResponses/0"), "['Core/echo',{'a':1},'0']");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/type"), ==, "requestTooLarge");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/2/1/type"), ==, "serverUnavailable");
    json_decref(answer);
    json_decref(got);
    json_decref(mail);
    jmap_free(hurried.jmap);
    g_string_free(blobs, TRUE);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    open_fixture();
    for (size_t i = 0; i < G_N_ELEMENTS(attacks); i++)
        g_test_add_data_func(attacks[i].name, &attacks[i], test_attack);
    g_test_add_func("/rfc8620/8.5/whole-requests", test_requests);
    g_test_add_func("/rfc8620/8.5/many-walks", test_many_walks);
    g_test_add_func("/rfc8620/8.5/loops", test_loops);
    put_long_headers();
    g_test_add_func("/rfc8620/8.5/long-headers", test_long_headers);
    g_test_add_func("/rfc8620/8.5/time", test_time);
    g_test_add_func("/rfc8620/8.4/no-utf-8", test_no_utf8);
    result = g_test_run();
    jmap_fixture_close(&fixture);
    return result;
}
