/* Pages of other origins as API clients (the Fetch standard's CORS protocol): they sign in by
 * Authorization, which only a script can add, and never by cookie; no answer allows credentials. */
#include "http/internal.h"

#include <string.h>

#define PREFLIGHT_SECONDS "86400"

/* What of an answer a script may read besides the headers that are always readable. */
#define EXPOSED "Retry-After, Location, Content-Disposition, WWW-Authenticate"

static bool is_listed(const struct http_server *server, const char *origin)
{
    char **list = server->browser_origins;
    for (size_t i = 0; list[i] != NULL; i++)
        if (g_ascii_strcasecmp(list[i], origin) == 0)
            return true;
    return false;
}

bool http_request_may_cross(const struct http_request *request)
{
    const char *origin = http_request_header(request, "origin");
    return origin != NULL && request->route->door == HTTP_DOOR_API &&
           (request->server->browser_origins == NULL || is_listed(request->server, origin));
}

void cors_allow(struct http_request *request)
{
    bool any = request->server->browser_origins == NULL;
    if (!any)
        http_set_header(request, "Vary", "Origin");
    if (!http_request_may_cross(request))
        return;
    http_set_header(request, "Access-Control-Allow-Origin",
                    any ? "*" : http_request_header(request, "origin"));
    http_set_header(request, "Access-Control-Expose-Headers", EXPOSED);
}

bool cors_preflight(struct http_request *request)
{
    if (strcmp(request->method, "OPTIONS") != 0 || !http_request_may_cross(request) ||
        http_request_header(request, "access-control-request-method") == NULL)
        return false;
    http_respond_empty(request, 204);
    cors_allow(request);
    http_set_header(request, "Access-Control-Allow-Methods", request->route->method);
    http_set_header(request, "Access-Control-Allow-Headers",
                    "Authorization, Content-Type, Last-Event-ID");
    http_set_header(request, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
    return true;
}
