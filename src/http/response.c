#include "http/http.h"

#include "http/internal.h"

#include <string.h>

/* Every answer has these unless the handler set its own: nothing may be framed, sniffed, run or
 * kept by accident. */
static const char *const defaults[][2] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {"X-Frame-Options", "DENY"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
};

/* "content-type" and "Content-Type" are one header: the first letters are upper case. */
static char *canonical(const char *name)
{
    char *out = g_ascii_strdown(name, -1);
    bool start = true;
    for (char *p = out; *p != '\0'; p++) {
        if (start)
            *p = g_ascii_toupper(*p);
        start = *p == '-';
    }
    return out;
}

void http_set_header(struct http_request *request, const char *name, const char *value)
{
    g_autofree char *clean = g_strdup(value);
    for (char *p = clean; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    g_hash_table_replace(request->reply_headers, canonical(name), g_steal_pointer(&clean));
}

static void free_bytes(void *bytes)
{
    g_bytes_unref(bytes);
}

static void set_reply(struct http_request *request, unsigned status, struct MHD_Response *reply)
{
    if (request->reply != NULL)
        MHD_destroy_response(request->reply);
    request->reply = reply;
    request->status = status;
}

void reply_upgrade(struct http_request *request, struct MHD_Response *reply, GDestroyNotify abandon,
                   void *arg)
{
    set_reply(request, 101, reply);
    request->abandon = abandon;
    request->upgrade = arg;
}

void request_upgraded(struct http_request *request)
{
    request->abandon = NULL;
}

void http_respond_bytes(struct http_request *request, unsigned status, const char *type,
                        GBytes *body)
{
    size_t length;
    const void *data = g_bytes_get_data(body, &length);
    void *unchanged = (void *)(uintptr_t)data; /* the library only reads it */
    set_reply(request, status,
              MHD_create_response_from_buffer_with_free_callback_cls(length, unchanged, free_bytes,
                                                                     g_bytes_ref(body)));
    http_set_header(request, "Content-Type", type);
    share_give(request->server->answers, request->holder, request->answered);
    share_add(request->server->answers, request->holder, length);
    request->answered = length;
}

void http_respond_json(struct http_request *request, unsigned status, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL) {
        http_respond_problem(request, 500, "The answer could not be written.", "Try again.");
        return;
    }
    g_autoptr(GBytes) body = g_bytes_new_with_free_func(text, strlen(text), free, text);
    http_respond_bytes(request, status, "application/json", body);
}

void http_respond_empty(struct http_request *request, unsigned status)
{
    g_autoptr(GBytes) nothing = g_bytes_new_static("", 0);
    http_respond_bytes(request, status, "text/plain", nothing);
    g_hash_table_remove(request->reply_headers, "Content-Type");
}

void http_respond_problem(struct http_request *request, unsigned status, const char *title,
                          const char *detail)
{
    http_respond_json(request, status,
                      json_pack("{s:s, s:i, s:s, s:s}", "type", "about:blank", "status",
                                (int)status, "title", title, "detail", detail));
    http_set_header(request, "Content-Type", "application/problem+json");
}

static unsigned status_of(const GError *error)
{
    static const struct {
        enum error_code code;
        unsigned status;
    } rows[] = {
        {ERROR_INVALID, 400},     {ERROR_NOT_FOUND, 404},
        {ERROR_FORBIDDEN, 403},   {ERROR_CONFLICT, 409},
        {ERROR_TOO_LARGE, 413},   {ERROR_DISK_FULL, 507},
        {ERROR_THROTTLED, 429},   {ERROR_PASSWORD_REFUSED, 401},
        {ERROR_TIMEOUT, 504},     {ERROR_DNS, 502},
        {ERROR_UNREACHABLE, 502}, {ERROR_CLOSED, 502},
        {ERROR_TLS, 502},         {ERROR_PROTOCOL, 502},
        {ERROR_CANCELLED, 503},   {ERROR_ADDRESS_FORBIDDEN, 403},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (error_is(error, rows[i].code))
            return rows[i].status;
    return 500;
}

void http_respond_error(struct http_request *request, const GError *error)
{
    const char *problem = error_problem(error);
    unsigned status = status_of(error);
    if (status == 429) {
        int64_t wait_ms = MAX(error_retry_after_ms(error), 1000);
        g_autofree char *seconds = g_strdup_printf("%" G_GINT64_FORMAT, (wait_ms + 999) / 1000);
        http_set_header(request, "Retry-After", seconds);
    }
    http_respond_problem(request, status, error_title(problem), error_action(problem));
}

void http_respond_redirect(struct http_request *request, const char *location)
{
    bool absolute = g_str_has_prefix(location, "https://") || g_str_has_prefix(location, "http://");
    g_autofree char *url =
        absolute ? g_strdup(location) : g_strconcat(request->server->base, location, NULL);
    http_respond_empty(request, 303);
    http_set_header(request, "Location", url);
}

static void add_header(void *name, void *value, void *reply)
{
    if (*(const char *)value != '\0') /* an empty one stands for none */
        (void)MHD_add_response_header(reply, name, value);
}

enum MHD_Result reply_queue(struct http_request *request)
{
    if (request->reply == NULL)
        http_respond_problem(request, 500, "Something went wrong inside Postroom.",
                             "Try again; if it lasts, look into the server's log.");
    for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++)
        if (!g_hash_table_contains(request->reply_headers, defaults[i][0]))
            http_set_header(request, defaults[i][0], defaults[i][1]);
    g_hash_table_foreach(request->reply_headers, add_header, request->reply);
    return MHD_queue_response(request->connection, request->status, request->reply);
}
