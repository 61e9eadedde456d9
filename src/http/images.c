#include "http/images.h"

#include "base/clock.h"
#include "http/bytes_cache.h"
#include "httpc/httpc.h"
#include "store/access.h"

#include <string.h>

#define FETCH_MS 15000
#define IMAGE_MAX (10u * 1024 * 1024)
#define REDIRECTS 5

/* The type by the first bytes: what the sender's server claims does not count, and a vector image
 * could hold script. NULL for what is no raster image. */
static const char *sniff(GBytes *bytes)
{
    static const struct {
        size_t offset;
        const char *magic;
        size_t length;
        const char *type;
    } kinds[] = {
        {0, "\x89PNG\r\n\x1a\n", 8, "image/png"},
        {0, "\xff\xd8\xff", 3, "image/jpeg"},
        {0, "GIF87a", 6, "image/gif"},
        {0, "GIF89a", 6, "image/gif"},
        {8, "WEBP", 4, "image/webp"},
        {0, "BM", 2, "image/bmp"},
        {4, "ftypavif", 8, "image/avif"},
        {4, "ftypheic", 8, "image/heic"},
    };
    size_t length;
    const char *data = g_bytes_get_data(bytes, &length);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (length >= kinds[i].offset + kinds[i].length &&
            memcmp(data + kinds[i].offset, kinds[i].magic, kinds[i].length) == 0)
            return kinds[i].type;
    return NULL;
}

static void respond_image(struct http_request *request, GBytes *bytes)
{
    const char *type = bytes == NULL ? NULL : sniff(bytes);
    if (type == NULL) {
        http_respond_problem(request, 415, "This is not an image that can be shown.",
                             "Download the attachment instead, if there is one.");
        return;
    }
    http_set_header(request, "Cache-Control", "private, max-age=86400");
    http_set_header(request, "Vary", "Cookie, Authorization");
    http_set_header(request, "Content-Disposition", "inline");
    http_respond_bytes(request, 200, type, bytes);
}

/* What one person had fetched tells another that it was. */
static char *cache_key(const struct http_request *request, const char *url)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %s",
                           store_principal_user(http_request_principal(request)), url);
}

static void fetch(struct http_request *request, const char *url, const struct net_policy *policy,
                  struct bytes_cache *cache, struct cancel *cancel)
{
    g_autofree char *key = cache_key(request, url);
    g_autoptr(GBytes) known = bytes_cache_find(cache, key, NULL);
    if (known != NULL) {
        respond_image(request, known);
        return;
    }
    static const char *const headers[] = {"Accept: image/*", NULL};
    struct httpc_request outgoing = {.method = "GET",
                                     .url = url,
                                     .headers = headers,
                                     .class = NET_USER,
                                     .policy = policy,
                                     .redirects = REDIRECTS,
                                     .answer_max = IMAGE_MAX,
                                     .deadline = clock_in_ms(FETCH_MS),
                                     .cancel = cancel};
    struct httpc_answer answer = {.status = 0};
    g_autoptr(GError) error = NULL;
    if (!httpc_perform(&outgoing, &answer, &error))
        http_respond_error(request, error);
    else if (answer.status != 200)
        http_respond_problem(request, 502, "The image's server does not give it.",
                             "It may no longer exist.");
    else {
        if (answer.body != NULL && sniff(answer.body) != NULL)
            bytes_cache_put(cache, key, answer.body, 0);
        respond_image(request, answer.body);
    }
    bytes_cache_done(cache, key);
    httpc_answer_clear(&answer);
}

void images_serve(struct http_request *request, struct jmap *jmap, const struct net_policy *policy,
                  struct bytes_cache *cache, struct cancel *cancel)
{
    const char *dest = http_request_header(request, "sec-fetch-dest");
    const char *token = http_request_segment(request, 0);
    struct jmap_image image = {NULL, NULL, NULL};
    g_autoptr(GError) error = NULL;
    if (dest != NULL && strcmp(dest, "image") != 0 && strcmp(dest, "document") != 0) {
        http_respond_problem(request, 403, "This address gives images only.", "Go back.");
        return;
    }
    if (token == NULL || http_request_segments(request) != 1) {
        http_respond_problem(request, 404, "There is nothing at this address.", "Go back.");
        return;
    }
    if (!jmap_image_resolve(jmap, http_request_principal(request), token, &image, &error))
        http_respond_error(request, error);
    else if (image.bytes != NULL)
        respond_image(request, image.bytes);
    else if (image.remote_url != NULL)
        fetch(request, image.remote_url, policy, cache, cancel);
    jmap_image_clear(&image);
}
