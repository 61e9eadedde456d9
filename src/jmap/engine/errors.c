#include "jmap/engine/engine.h"

#include "base/log.h"

void jmap_respond(struct jmap_call *call, json_t *arguments)
{
    json_array_append_new(call->request->responses,
                          json_pack("[s, o, s]", call->method->name, arguments, call->id));
}

json_t *jmap_answer(const struct jmap_call *call)
{
    if (call->account == NULL)
        return json_object();
    return json_pack("{s: s}", "accountId", call->account);
}

void jmap_fail(struct jmap_call *call, const char *type, const char *description)
{
    json_t *error = json_pack("{s: s}", "type", type);

    if (description != NULL)
        json_object_set_new(error, "description", jmap_json_text(description));
    jmap_fail_with(call, error);
}

void jmap_fail_with(struct jmap_call *call, json_t *error)
{
    json_array_append_new(call->request->responses,
                          json_pack("[s, o, s]", "error", error, call->id));
}

/* The method-level error (RFC 8620, 3.6.2 and 5) that stands for one of ours. */
static const char *method_error_type(const GError *error)
{
    static const struct {
        enum error_code code;
        const char *type;
    } types[] = {
        {ERROR_CONFLICT, "stateMismatch"},      {ERROR_CANNOT_CALCULATE, "cannotCalculateChanges"},
        {ERROR_FORBIDDEN, "forbidden"},         {ERROR_INVALID, "invalidArguments"},
        {ERROR_NOT_FOUND, "accountNotFound"},   {ERROR_TOO_LARGE, "requestTooLarge"},
        {ERROR_THROTTLED, "serverUnavailable"}, {ERROR_TIMEOUT, "serverUnavailable"},
        {ERROR_CANCELLED, "serverUnavailable"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (error_is(error, types[i].code))
            return types[i].type;
    return "serverFail";
}

void jmap_fail_error(struct jmap_call *call, GError *error)
{
    const char *type = method_error_type(error);

    if (strcmp(type, "serverFail") == 0) {
        LOG_WARN("jmap.failed", LOG_STR("method", call->method->name), LOG_ERR(error));
        jmap_fail(call, type, error_title(error_problem(error)));
    } else {
        jmap_fail(call, type, NULL);
    }
    g_error_free(error);
}

json_t *jmap_set_error(const char *type, const char *description)
{
    json_t *error = json_pack("{s: s}", "type", type);

    if (description != NULL)
        json_object_set_new(error, "description", jmap_json_text(description));
    return error;
}

json_t *jmap_invalid_properties(json_t *properties, const char *description)
{
    json_t *error = jmap_set_error("invalidProperties", description);

    json_object_set_new(error, "properties", properties);
    return error;
}

json_t *jmap_invalid_property(const char *property, const char *description)
{
    return jmap_invalid_properties(json_pack("[o]", jmap_json_text(property)), description);
}

json_t *jmap_set_error_of(GError *error, const char *property)
{
    json_t *result;

    if (error_is(error, ERROR_INVALID) && property != NULL) {
        result = jmap_invalid_property(property, error->message);
    } else if (error_is(error, ERROR_INVALID)) {
        result = jmap_set_error("invalidProperties", error->message);
        json_object_set_new(result, "properties", json_array());
    } else if (error_is(error, ERROR_NOT_FOUND)) {
        result = jmap_set_error("notFound", NULL);
    } else if (error_is(error, ERROR_FORBIDDEN) || error_is(error, ERROR_CONFLICT)) {
        result = jmap_set_error("forbidden", error->message);
    } else if (error_is(error, ERROR_TOO_LARGE)) {
        result = jmap_set_error("overQuota", NULL);
    } else if (error_is(error, ERROR_OVER_QUOTA)) {
        result = jmap_set_error("overQuota", error->message);
    } else {
        LOG_WARN("jmap.item_failed", LOG_ERR(error));
        result = jmap_set_error("serverFail", error_title(error_problem(error)));
    }
    g_error_free(error);
    return result;
}

GBytes *jmap_problem(const char *type, int status, const char *title, const char *detail,
                     const char *limit)
{
    json_t *problem =
        json_pack("{s: s, s: i, s: s}", "type", type, "status", status, "title", title);

    if (detail != NULL)
        json_object_set_new(problem, "detail", jmap_json_text(detail));
    if (limit != NULL)
        json_object_set_new(problem, "limit", json_string(limit));
    return jmap_json_bytes(problem);
}
