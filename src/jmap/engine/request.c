#include "jmap/engine/engine.h"
#include "jmap/session.h"
#include "store/people.h"

#include "base/json_text.h"
#include "base/log.h"

#define SAFE_INTEGER 9007199254740991.0
#define ERROR_PREFIX "urn:ietf:params:jmap:error:"

static const struct {
    enum jmap_capability bit;
    const char *name;
} capabilities[] = {
    {JMAP_CORE, "urn:ietf:params:jmap:core"},
    {JMAP_MAIL, "urn:ietf:params:jmap:mail"},
    {JMAP_SUBMISSION, "urn:ietf:params:jmap:submission"},
    {JMAP_MANAGE, "urn:postroom:manage"},
    {JMAP_VACATION, "urn:ietf:params:jmap:vacationresponse"},
    {JMAP_WEBSOCKET, "urn:ietf:params:jmap:websocket"},
    {JMAP_QUOTA, "urn:ietf:params:jmap:quota"},
    {JMAP_BLOB, "urn:ietf:params:jmap:blob"},
};

const char *jmap_capability_name(enum jmap_capability capability)
{
    size_t i = 0;

    while (capabilities[i].bit != capability)
        i++;
    return capabilities[i].name;
}

static bool is_plain_string(const json_t *value)
{
    return json_is_string(value) && !jmap_json_has_nul(value);
}

static bool is_invocation(const json_t *call)
{
    return json_is_array(call) && json_array_size(call) == 3 &&
           is_plain_string(json_array_get(call, 0)) && json_is_object(json_array_get(call, 1)) &&
           is_plain_string(json_array_get(call, 2));
}

static bool strings_in(const json_t *array)
{
    size_t i;
    json_t *item;

    json_array_foreach(array, i, item)
    {
        if (!is_plain_string(item))
            return false;
    }
    return json_is_array(array);
}

/* NULL when the body is a Request object (RFC 8620, 3.3), else what is wrong with it. */
static const char *request_problem(json_t *body)
{
    json_t *created = json_object_get(body, "createdIds"), *calls, *value;
    const char *key;
    size_t i;

    if (!json_is_object(body))
        return "The request is not an object.";
    if (!strings_in(json_object_get(body, "using")))
        return "\"using\" is not an array of strings.";
    calls = json_object_get(body, "methodCalls");
    if (!json_is_array(calls))
        return "\"methodCalls\" is not an array.";
    json_array_foreach(calls, i, value)
    {
        if (!is_invocation(value))
            return "A method call is not a name, an object of arguments and an id.";
    }
    if (created != NULL && !json_is_object(created))
        return "\"createdIds\" is not an object.";
    json_object_foreach(created, key, value)
    {
        if (!is_plain_string(value))
            return "\"createdIds\" holds something that is no id.";
    }
    return NULL;
}

/* Bits of the capabilities; false with the first unknown one. */
static bool read_using(const json_t *list, unsigned *bits, const char **unknown)
{
    size_t i;
    json_t *item;

    *bits = 0;
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(item);
        size_t known = 0;

        while (known < G_N_ELEMENTS(capabilities) && strcmp(capabilities[known].name, name) != 0)
            known++;
        if (known == G_N_ELEMENTS(capabilities)) {
            *unknown = name;
            return false;
        }
        *bits |= capabilities[known].bit;
    }
    return true;
}

static GBytes *refuse(int *status, const char *type, const char *title, const char *detail,
                      const char *limit)
{
    g_autofree char *full = g_strconcat(ERROR_PREFIX, type, NULL);

    *status = 400;
    return jmap_problem(full, 400, title, detail, limit);
}

/* --- one call --- */

static const struct jmap_method *find_method(const struct jmap_request *request, const char *name)
{
    size_t count;
    const struct jmap_method *methods = jmap_methods(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(methods[i].name, name) == 0)
            return (request->using & methods[i].capability) ? &methods[i] : NULL;
    return NULL;
}

static void fail_account(struct jmap_call *call, GError *error)
{
    if (error_is(error, ERROR_NOT_FOUND)) {
        jmap_fail(call, "accountNotFound", NULL);
        g_error_free(error);
    } else if (error_is(error, ERROR_FORBIDDEN)) {
        jmap_fail(call, jmap_may(call, STORE_WRITE) ? "forbidden" : "accountReadOnly", NULL);
        g_error_free(error);
    } else {
        jmap_fail_error(call, error);
    }
}

/* Methods for either kind of account take both; the other kind is told apart from one that is not
 * there. */
static bool is_supported(const struct jmap_call *call)
{
    bool is_user = jmap_id_parse('u', call->account) != 0;

    return call->method->scope == JMAP_SCOPE_MAIL ||
           is_user == (call->method->scope == JMAP_SCOPE_USER);
}

/* Opens the account the call names; false: answered. */
static bool open_account(struct jmap_call *call)
{
    struct jmap_request *request = call->request;
    bool supported;
    GError *error = NULL;

    if (call->method->scope == JMAP_SCOPE_NONE)
        return true;
    supported = is_supported(call);
    call->access = jmap_account_open(request->jmap, request->principal, call->account,
                                     supported ? call->method->right : STORE_READ, &error);
    if (call->access == NULL)
        fail_account(call, error);
    else if (!supported)
        jmap_fail(call, "accountNotSupportedByMethod", NULL);
    return call->access != NULL && supported;
}

/* NUL bytes pass only inside what a /set judges item by item, and in an echo. */
static bool strings_are_sound(const struct jmap_call *call)
{
    const char *key;
    json_t *value;

    if (call->method->args == NULL)
        return true;
    json_object_foreach(call->args, key, value)
    {
        if (strcmp(key, "create") != 0 && strcmp(key, "update") != 0 && jmap_json_has_nul(value))
            return false;
    }
    return true;
}

/* What is asked of each of many objects is bounded too. */
static bool lists_are_short(const struct jmap_call *call)
{
    static const char *const lists[] = {"properties", "bodyProperties"};

    for (size_t i = 0; call->method->args != NULL && i < G_N_ELEMENTS(lists); i++)
        if (json_array_size(jmap_arg(call, lists[i])) > JMAP_MAX_PROPERTIES)
            return false;
    return true;
}

/* Whoever reads mail of an account that another linked is noted (store/people.h). */
static void note_read(const struct jmap_call *call)
{
    const GArray *accounts = call->access != NULL ? store_access_accounts(call->access) : NULL;
    static const char *const reads[] = {"Email/get",         "Email/query",        "Email/parse",
                                        "SearchSnippet/get", "EmailView/get",      "Thread/get",
                                        "Email/copy",        "Email/queryChanges", NULL};

    if (accounts == NULL || !g_strv_contains(reads, call->method->name))
        return;
    for (guint i = 0; i < accounts->len; i++)
        store_audit_read(call->access, g_array_index(accounts, int64_t, i));
}

static void run_checked(struct jmap_call *call)
{
    g_autofree char *problem = NULL;

    if (call->method->args != NULL && !jmap_args_check(call->args, call->method->args, &problem)) {
        jmap_fail(call, "invalidArguments", problem);
        return;
    }
    if (!strings_are_sound(call)) {
        jmap_fail(call, "invalidArguments", "a string holds a NUL character");
        return;
    }
    if (!lists_are_short(call)) {
        jmap_fail(call, "requestTooLarge", "too many properties in one call");
        return;
    }
    call->account = jmap_arg_string(call, "accountId");
    if (open_account(call)) {
        note_read(call);
        call->method->run(call);
    }
    store_access_free(call->access);
}

static void run_call(struct jmap_request *request, const char *name, json_t *args, const char *id)
{
    struct jmap_method unknown = {.name = name};
    struct jmap_call call = {.request = request, .id = id, .method = find_method(request, name)};
    const char *error;

    if (call.method == NULL) {
        call.method = &unknown;
        jmap_fail(&call, "unknownMethod", NULL);
        return;
    }
    call.args = jmap_refs_resolve(request, args, &error);
    if (call.args == NULL) {
        jmap_fail(&call, error, NULL);
        return;
    }
    run_checked(&call);
    json_decref(call.args);
}

void jmap_call_implicit(struct jmap_call *call, const char *method, json_t *arguments)
{
    unsigned using = call->request->using;

    /* What a method of one capability does to a type of another is part of the first. */
    call->request->using |= JMAP_MAIL;
    run_call(call->request, method, arguments, call->id);
    call->request->using = using;
    json_decref(arguments);
}

/* A request that took more than its share is not cut short where it has changed something: the
 * calls that follow are not begun, and may be sent again. */
static void run_next(struct jmap_request *request, const char *name, json_t *args, const char *id)
{
    const struct jmap_method unknown = {.name = name};
    struct jmap_call call = {.request = request, .id = id, .method = &unknown};
    size_t before = json_array_size(request->responses);

    if (jmap_is_spent(request))
        jmap_fail(&call, "serverUnavailable", "the calls before it took too long: send it alone");
    else
        run_call(request, name, args, id);
    for (size_t i = before; i < json_array_size(request->responses); i++)
        jmap_weigh(json_array_get(request->responses, i), UINT_MAX, &request->answerable);
}

/* --- the request --- */

static GBytes *run_all(struct jmap_request *request, json_t *body)
{
    json_t *calls = json_object_get(body, "methodCalls"), *created, *call, *answer;
    g_autofree char *state = NULL;
    size_t i;

    created = json_object_get(body, "createdIds");
    request->responses = json_array();
    request->created = created != NULL ? json_copy(created) : json_object();
    request->budget = JMAP_MAX_RESPONSE;
    request->answerable = 2 * JMAP_MAX_RESPONSE;
    request->worked_max = clock_worked() + request->jmap->config.max_work;
    json_array_foreach(calls, i, call)
    {
        run_next(request, json_string_value(json_array_get(call, 0)), json_array_get(call, 1),
                 json_string_value(json_array_get(call, 2)));
    }
    state = jmap_session_state(request->jmap, request->principal);
    answer =
        json_pack("{s: o, s: s}", "methodResponses", request->responses, "sessionState", state);
    if (created != NULL)
        json_object_set(answer, "createdIds", request->created);
    json_decref(request->created);
    return jmap_json_bytes(answer);
}

GBytes *jmap_request_run(struct jmap *jmap, struct store_principal *principal, json_t *body,
                         int *status)
{
    struct jmap_request request = {.jmap = jmap, .principal = principal};
    const char *problem = request_problem(body), *unknown = NULL;

    if (problem != NULL)
        return refuse(status, "notRequest", "This is not a JMAP request.", problem, NULL);
    if (!read_using(json_object_get(body, "using"), &request.using, &unknown)) {
        g_autofree char *detail = g_strdup_printf("This server does not know \"%.100s\".", unknown);

        return refuse(status, "unknownCapability", "The request uses an unknown capability.",
                      detail, NULL);
    }
    if (json_array_size(json_object_get(body, "methodCalls")) > JMAP_MAX_CALLS)
        return refuse(status, "limit", "The request has too many method calls.",
                      "Send it in several parts.", "maxCallsInRequest");
    *status = 200;
    return run_all(&request, body);
}

/* An Int is one however it is written: 1.0, 1e2 (RFC 8620, 1.3). The whole is shallow. */
static json_t *settle_number(json_t *value)
{
    double number = json_real_value(value);

    if (!json_is_real(value) || !(ABS(number) <= SAFE_INTEGER) ||
        number != (double)(json_int_t)number)
        return NULL;
    return json_integer((json_int_t)number);
}

static void settle_numbers(json_t *value)
{
    json_t *item, *whole;
    const char *key;
    size_t i;

    json_array_foreach(value, i, item)
    {
        settle_numbers(item);
        whole = settle_number(item);
        if (whole != NULL)
            json_array_set_new(value, i, whole);
    }
    if (!json_is_object(value))
        return;
    json_object_foreach(value, key, item)
    {
        settle_numbers(item);
        whole = settle_number(item);
        if (whole != NULL)
            json_object_set_new(value, key, whole);
    }
}

json_t *jmap_request_parse(const char *text, size_t length, GBytes **refusal)
{
    const struct json_text_measure size = json_text_measure(text, length);
    json_error_t error;
    json_t *body;
    int status;

    if (size.depth > JMAP_MAX_DEPTH) {
        *refusal = refuse(&status, "notJSON", "The request is nested too deeply.",
                          "At most 64 levels are read.", NULL);
        return NULL;
    }
    if (size.values > JMAP_MAX_VALUES) {
        *refusal = refuse(&status, "limit", "The request is too large.",
                          "It holds too many values; send it in several parts.", "maxSizeRequest");
        return NULL;
    }
    body =
        json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (body == NULL) {
        g_autofree char *detail =
            g_strdup_printf("Line %d, column %d is not valid I-JSON.", error.line, error.column);

        *refusal = refuse(&status, "notJSON", "The request is not JSON.", detail, NULL);
    }
    settle_numbers(body);
    return body;
}

GBytes *jmap_request_too_many(void)
{
    int status;

    return refuse(&status, "limit", "Too many requests at once.",
                  "Wait for an answer before sending more.", "maxConcurrentRequests");
}

GBytes *jmap_handle(struct jmap *jmap, struct store_principal *principal, const void *text,
                    size_t length, int *status)
{
    int64_t user = store_principal_user(principal);
    GBytes *answer = NULL;
    json_t *body;

    *status = 400;
    if (length > JMAP_MAX_SIZE_REQUEST)
        return refuse(status, "limit", "The request is too large.",
                      "Send it in several parts, and files by upload.", "maxSizeRequest");
    if (!jmap_gauge_enter(jmap->gauge, JMAP_GAUGE_REQUEST, user))
        return jmap_request_too_many();
    body = jmap_request_parse(text, length, &answer);
    if (body != NULL)
        answer = jmap_request_run(jmap, principal, body, status);
    json_decref(body);
    jmap_gauge_leave(jmap->gauge, JMAP_GAUGE_REQUEST, user);
    return answer;
}
