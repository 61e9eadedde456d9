/* Attached files to look at in the page: jmap/preview/{accountId}/{blobId}/{what}. */
#ifndef POSTROOM_HTTP_PREVIEWS_H
#define POSTROOM_HTTP_PREVIEWS_H

#include "http/http.h"
#include "jmap/jmap.h"

struct bytes_cache;
struct cancel;

/* Makes previews; wired in app. Any thread; blocks for half a minute at most. ERROR_NOT_FOUND:
 * there is none of this file. */
struct preview_maker {
    /* The page (from 1) of a PDF as PNG, and how many there are. (transfer full) */
    GBytes *(*page)(GBytes *bytes, const char *type, const char *name, unsigned page,
                    unsigned width, unsigned *pages, struct cancel *cancel, void *arg,
                    GError **error);
    /* Text as UTF-8. (transfer full) */
    GBytes *(*text)(GBytes *bytes, const char *type, const char *name, const char *charset,
                    struct cancel *cancel, void *arg, GError **error);
    void *arg;
};

/* Answers: a page as PNG with X-Postroom-Pages, or its text. */
void previews_serve(struct http_request *request, struct jmap *jmap,
                    const struct preview_maker *maker, struct bytes_cache *cache,
                    struct cancel *cancel);

#endif
