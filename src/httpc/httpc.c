#include "httpc/httpc.h"

#include "httpc/transfer.h"

#include <curl/curl.h>
#include <string.h>

#define ANSWER_MAX_DEFAULT ((size_t)1024 * 1024)

void httpc_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void httpc_answer_clear(struct httpc_answer *answer)
{
    g_free(answer->content_type);
    if (answer->body != NULL)
        g_bytes_unref(answer->body);
    memset(answer, 0, sizeof *answer);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Moves target to where the answer points. ERROR_PROTOCOL for a bad or unencrypted next address. */
static bool follow(struct httpc_target *target, const char *location, GError **error)
{
    struct httpc_target next;
    g_autoptr(GError) why = NULL;
    if (!httpc_target_parse(&next, target->url, location, &why)) {
        error_set(error, ERROR_PROTOCOL, "%s: redirects to a bad address", target->host);
        return false;
    }
    if (target->tls && !next.tls) {
        error_set(error, ERROR_PROTOCOL, "%s: redirects from https to http", target->host);
        httpc_target_clear(&next);
        return false;
    }
    httpc_target_clear(target);
    *target = next;
    return true;
}

static bool perform_hops(const struct httpc_request *request, struct httpc_target *target,
                         struct httpc_answer *answer, GError **error)
{
    g_autofree char *origin = g_strdup(target->origin);
    unsigned allowed = strcmp(request->method, "GET") == 0 ? request->redirects : 0;
    unsigned left = allowed;
    for (;;) {
        struct httpc_hop hop = {
            .request = request,
            .target = target,
            .with_bearer = request->bearer != NULL && strcmp(origin, target->origin) == 0,
            .answer_max = request->answer_max != 0 ? request->answer_max : ANSWER_MAX_DEFAULT,
        };
        g_autofree char *location = NULL;
        if (!httpc_transfer(&hop, answer, &location, error))
            return false;
        if (!is_redirect(answer->status) || allowed == 0 || location == NULL)
            return true;
        if (left == 0) {
            error_set(error, ERROR_PROTOCOL, "%s: redirects too often", target->host);
            return false;
        }
        left--;
        httpc_answer_clear(answer);
        if (!follow(target, location, error))
            return false;
    }
}

bool httpc_perform(const struct httpc_request *request, struct httpc_answer *answer, GError **error)
{
    memset(answer, 0, sizeof *answer);
    struct httpc_target target;
    if (!httpc_target_parse(&target, NULL, request->url, error))
        return false;
    bool good = perform_hops(request, &target, answer, error);
    if (!good)
        httpc_answer_clear(answer);
    httpc_target_clear(&target);
    return good;
}
