#include "jmap/jmap.h"

#include "jmap/engine/engine.h"

static GBytes *refuse(int *status, int code, const char *title, const char *detail,
                      const char *limit)
{
    *status = code;
    return jmap_problem(limit != NULL ? "urn:ietf:params:jmap:error:limit" : "about:blank", code,
                        title, detail, limit);
}

static GBytes *refuse_error(int *status, GError *error)
{
    GBytes *answer;

    if (error_is(error, ERROR_NOT_FOUND))
        answer = refuse(status, 404, "There is no such account.", NULL, NULL);
    else if (error_is(error, ERROR_FORBIDDEN))
        answer = refuse(status, 403, "This account is read-only for you.", NULL, NULL);
    else if (error_is(error, ERROR_TOO_LARGE))
        answer = refuse(status, 413, "The file is too large.", "See maxSizeUpload in the session.",
                        "maxSizeUpload");
    else
        answer = refuse(status, 500, error_title(error_problem(error)),
                        error_action(error_problem(error)), NULL);
    g_error_free(error);
    return answer;
}

bool jmap_type_is_sound(const char *type)
{
    for (const char *c = type; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return strchr(type, '/') != NULL && strlen(type) <= 255;
}

static GBytes *keep(struct jmap *jmap, struct store_principal *principal, const char *account,
                    const char *type, GBytes *body, int *status)
{
    GError *error = NULL;
    struct store_access *access = jmap_account_open(jmap, principal, account, STORE_WRITE, &error);
    int64_t blob;

    if (access == NULL)
        return refuse_error(status, error);
    blob = store_blob_put(access, body, type, &error);
    store_access_free(access);
    if (blob == 0)
        return refuse_error(status, error);
    *status = 201;
    return jmap_json_bytes(json_pack("{s: s, s: o, s: o, s: I}", "accountId", account, "blobId",
                                     jmap_id('b', blob), "type", jmap_json_text(type), "size",
                                     (json_int_t)g_bytes_get_size(body)));
}

GBytes *jmap_upload(struct jmap *jmap, struct store_principal *principal, const char *account,
                    const char *type, GBytes *body, int *status)
{
    int64_t user = store_principal_user(principal);
    GBytes *answer;

    if (type == NULL || !jmap_type_is_sound(type))
        type = "application/octet-stream";
    if (g_bytes_get_size(body) > jmap->config.max_size_upload)
        return refuse(status, 413, "The file is too large.", "See maxSizeUpload in the session.",
                      "maxSizeUpload");
    if (!jmap_gauge_enter(jmap->gauge, JMAP_GAUGE_UPLOAD, user))
        return refuse(status, 429, "Too many uploads at once.", "Wait for one to end.",
                      "maxConcurrentUpload");
    answer = keep(jmap, principal, account, type, body, status);
    jmap_gauge_leave(jmap->gauge, JMAP_GAUGE_UPLOAD, user);
    return answer;
}
