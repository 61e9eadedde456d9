/* What goes over a WebSocket (RFC 8887, 4.3): the requests and answers of RFC 8620 with a type and
 * an id, and what is said about notifications. */
#include "jmap/jmap.h"

#include "jmap/engine/engine.h"

#include <string.h>

#define TYPES_MAX 64

/* An object's text with its type and the request's id in front. An error always has an id, if null.
 */
static GBytes *with_type(GBytes *object, bool is_error, const json_t *id)
{
    json_t *head =
        json_pack(is_error ? "{s: s, s: O?}" : "{s: s, s: O*}", "@type",
                  is_error ? "RequestError" : "Response", "requestId", (json_t *)(uintptr_t)id);
    char *text = json_dumps(head, JSON_COMPACT);
    size_t length, head_length = strlen(text) - 1; /* without its last brace */
    const char *rest = g_bytes_get_data(object, &length);
    GByteArray *whole = g_byte_array_sized_new((guint)(head_length + length));

    g_byte_array_append(whole, (const guint8 *)text, (guint)head_length);
    g_byte_array_append(whole, (const guint8 *)",", 1);
    g_byte_array_append(whole, (const guint8 *)rest + 1, (guint)length - 1);
    free(text);
    json_decref(head);
    return g_byte_array_free_to_bytes(whole);
}

static void answer(struct jmap_message *message, GBytes *object, int status, const json_t *id)
{
    message->answer = with_type(object, status != 200, id);
    g_bytes_unref(object);
}

static void refuse(struct jmap_message *message, const json_t *id, const char *detail)
{
    answer(message,
           jmap_problem("urn:ietf:params:jmap:error:notRequest", 400, "This is not a JMAP request.",
                        detail, NULL),
           400, id);
}

/* dataTypes: what is not known will not change. false: it is no list of names. */
static bool read_types(const json_t *list, char ***types)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    json_t *item;
    size_t i;

    *types = NULL;
    if (list == NULL || json_is_null(list))
        return true;
    if (!json_is_array(list) || json_array_size(list) > TYPES_MAX)
        return false;
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item))
            return false;
        g_strv_builder_add(names, json_string_value(item));
    }
    *types = g_strv_builder_end(names);
    return true;
}

static void read_enable(const json_t *body, struct jmap_message *message)
{
    const json_t *state = json_object_get(body, "pushState");

    if (!read_types(json_object_get(body, "dataTypes"), &message->types))
        refuse(message, NULL, "\"dataTypes\" is not a list of types.");
    else if (state != NULL && !json_is_null(state) && !json_is_string(state))
        refuse(message, NULL, "\"pushState\" is not a string.");
    else
        message->push = true;
    message->push_state = g_strdup(json_string_value(state));
}

static void run(struct jmap *jmap, struct store_principal *principal, json_t *body,
                const json_t *id, struct jmap_message *message)
{
    int64_t user = store_principal_user(principal);
    int status = 400;
    GBytes *response;

    if (!jmap_gauge_enter(jmap->gauge, JMAP_GAUGE_REQUEST, user)) {
        answer(message, jmap_request_too_many(), status, id);
        return;
    }
    response = jmap_request_run(jmap, principal, body, &status);
    jmap_gauge_leave(jmap->gauge, JMAP_GAUGE_REQUEST, user);
    answer(message, response, status, id);
}

static void read_message(struct jmap *jmap, struct store_principal *principal, json_t *body,
                         struct jmap_message *message)
{
    const char *type = json_string_value(json_object_get(body, "@type"));
    const json_t *id = json_object_get(body, "id");

    if (id != NULL && !json_is_string(id))
        refuse(message, NULL, "\"id\" is not a string.");
    else if (g_strcmp0(type, "Request") == 0)
        run(jmap, principal, body, id, message);
    else if (g_strcmp0(type, "WebSocketPushEnable") == 0)
        read_enable(body, message);
    else if (g_strcmp0(type, "WebSocketPushDisable") != 0)
        refuse(message, id, "Its \"@type\" is none of those of RFC 8887.");
}

void jmap_handle_message(struct jmap *jmap, struct store_principal *principal, const char *text,
                         size_t length, struct jmap_message *message)
{
    GBytes *refusal = NULL;
    json_t *body = jmap_request_parse(text, length, &refusal);

    *message = (struct jmap_message){0};
    if (body == NULL)
        answer(message, refusal, 400, NULL);
    else
        read_message(jmap, principal, body, message);
    json_decref(body);
}

void jmap_message_clear(struct jmap_message *message)
{
    g_bytes_unref(message->answer);
    g_strfreev(message->types);
    g_free(message->push_state);
    *message = (struct jmap_message){0};
}
