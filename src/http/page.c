#include "http/http.h"

#include "http/internal.h"

#include <gio/gio.h>
#include <sodium.h>
#include <string.h>

#define NONCE_BYTES 18

struct page {
    struct http_server *server;
    char *prefix;
    pthread_mutex_t mutex;
    GHashTable *tags; /* resource path -> ETag */
};

static void page_free(void *data)
{
    struct page *page = data;
    pthread_mutex_destroy(&page->mutex);
    g_hash_table_unref(page->tags);
    g_free(page->prefix);
    g_free(page);
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".html", "text/html; charset=utf-8"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
        {".wasm", "application/wasm"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(path, types[i][0]))
            return types[i][1];
    return "application/octet-stream";
}

static GBytes *lookup(const char *path)
{
    return g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

/* (transfer full) The tag of a file, computed once. */
static char *tag_of(struct page *page, const char *path, GBytes *data)
{
    pthread_mutex_lock(&page->mutex);
    const char *tag = g_hash_table_lookup(page->tags, path);
    if (tag == NULL) {
        g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, data);
        char *made = g_strdup_printf("\"%.24s\"", sum);
        g_hash_table_insert(page->tags, g_strdup(path), made);
        tag = made;
    }
    char *copy = g_strdup(tag);
    pthread_mutex_unlock(&page->mutex);
    return copy;
}

/* NULL for names that no file of ours has. (transfer full) */
static char *resource_path(const struct page *page, struct http_request *request)
{
    GString *path = g_string_new(page->prefix);
    for (size_t i = 0; i < http_request_segments(request); i++) {
        const char *segment = http_request_segment(request, i);
        bool plain = segment[0] != '\0' && segment[0] != '.' && strchr(segment, '/') == NULL;
        if (!plain || path->len > 1024) {
            g_string_free(path, TRUE);
            return NULL;
        }
        g_string_append_printf(path, "/%s", segment);
    }
    return g_string_free(path, FALSE);
}

static bool takes_gzip(struct http_request *request)
{
    const char *header = http_request_header(request, "Accept-Encoding");
    if (header == NULL)
        return false;
    g_auto(GStrv) codings = g_strsplit(header, ",", 32);
    for (char **coding = codings; *coding != NULL; coding++) {
        g_autofree char *text = g_ascii_strdown(g_strstrip(*coding), -1);
        if (strcmp(text, "gzip") == 0 ||
            (g_str_has_prefix(text, "gzip;") && !g_str_has_suffix(text, "q=0")))
            return true;
    }
    return false;
}

static bool tag_matches(struct http_request *request, const char *tag)
{
    const char *header = http_request_header(request, "If-None-Match");
    return header != NULL && (strcmp(header, "*") == 0 || strstr(header, tag) != NULL);
}

static void serve_file(struct page *page, struct http_request *request, const char *path,
                       GBytes *data)
{
    bool hashed = g_strcmp0(http_request_segment(request, 0), "assets") == 0;
    g_autofree char *packed_path = g_strconcat(path, ".gz", NULL);
    g_autoptr(GBytes) packed = takes_gzip(request) ? lookup(packed_path) : NULL;
    g_autofree char *tag =
        packed != NULL ? tag_of(page, packed_path, packed) : tag_of(page, path, data);
    http_set_header(request, "ETag", tag);
    http_set_header(request, "Vary", "Accept-Encoding");
    http_set_header(request, "Cache-Control",
                    hashed ? "public, max-age=31536000, immutable" : "no-cache");
    if (tag_matches(request, tag)) {
        http_respond_empty(request, 304);
        return;
    }
    if (packed != NULL)
        http_set_header(request, "Content-Encoding", "gzip");
    http_respond_bytes(request, 200, type_of(path), packed != NULL ? packed : data);
}

static char *make_nonce(void)
{
    unsigned char random[NONCE_BYTES];
    randombytes_buf(random, sizeof(random));
    return g_base64_encode(random, sizeof(random));
}

static char *replace_all(const char *text, const char *what, const char *with)
{
    g_auto(GStrv) parts = g_strsplit(text, what, -1);
    return g_strjoinv(with, parts);
}

/* Scripts run by nonce only; styles have none, since the frames that show mail inherit this policy
 * (SECURITY.md 6 and 7). */
static void set_policy(struct http_request *request, const char *nonce)
{
    const char *ancestors = http_request_server(request)->frame_ancestors;
    g_autofree char *policy = g_strdup_printf(
        "default-src 'none'; script-src 'nonce-%s'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "manifest-src 'self'; media-src 'self' blob:; frame-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors %s",
        nonce, ancestors);
    http_set_header(request, "Content-Security-Policy", policy);
    if (strcmp(ancestors, "'none'") != 0) /* the old header cannot name sites: leave it out */
        http_set_header(request, "X-Frame-Options", "");
    http_set_header(request, "Cross-Origin-Opener-Policy", "same-origin");
    http_set_header(request, "Permissions-Policy",
                    "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
}

static void serve_index(struct page *page, struct http_request *request)
{
    g_autofree char *path = g_strconcat(page->prefix, "/index.html", NULL);
    g_autoptr(GBytes) raw = lookup(path);
    if (raw == NULL) {
        http_respond_problem(request, 404, "The page was not built into this program.",
                             "Build Postroom with its page: make build.");
        return;
    }
    size_t length;
    const char *data = g_bytes_get_data(raw, &length);
    g_autofree char *template = g_strndup(data, length);
    g_autofree char *nonce = make_nonce();
    g_autofree char *base = g_markup_escape_text(http_server_base(page->server), -1);
    g_autofree char *with_base = replace_all(template, "{{BASE}}", base);
    char *html = replace_all(with_base, "{{NONCE}}", nonce);
    g_autoptr(GBytes) body = g_bytes_new_take(html, strlen(html));
    set_policy(request, nonce);
    http_respond_bytes(request, 200, "text/html; charset=utf-8", body);
}

static bool looks_like_a_file(struct http_request *request)
{
    size_t count = http_request_segments(request);
    const char *last = count == 0 ? "" : http_request_segment(request, count - 1);
    return strchr(last, '.') != NULL || g_strcmp0(http_request_segment(request, 0), "assets") == 0;
}

static void serve_page(struct http_request *request, void *arg)
{
    struct page *page = arg;
    g_autofree char *path = resource_path(page, request);
    g_autofree char *index = g_strconcat(page->prefix, "/index.html", NULL);
    bool is_index = g_strcmp0(path, index) == 0;
    g_autoptr(GBytes) data =
        path == NULL || is_index || http_request_segments(request) == 0 ? NULL : lookup(path);
    if (data != NULL)
        serve_file(page, request, path, data);
    else if (path != NULL && (is_index || !looks_like_a_file(request)))
        serve_index(page, request);
    else
        http_respond_problem(request, 404, "There is nothing at this address.",
                             "Check the address.");
}

void http_add_page(struct http_server *server, const char *prefix)
{
    struct page *page = g_new0(struct page, 1);
    page->server = server;
    page->prefix = g_strdup(prefix);
    page->tags = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    pthread_mutex_init(&page->mutex, NULL);
    server_keep(server, page, page_free);
    struct http_route route = {.method = "GET", .path = "", .handle = serve_page, .arg = page};
    http_route(server, &route);
}
