#include "app/previews.h"

#include "attach/preview.h"

static GBytes *page(GBytes *bytes, const char *type, const char *name, unsigned number,
                    unsigned width, unsigned *pages, struct cancel *cancel, void *arg,
                    GError **error)
{
    const struct app *app = arg;
    const struct preview_file file = {bytes, type, name, NULL};
    return preview_page(app->extract, &file, number, width, cancel, pages, error);
}

static GBytes *text(GBytes *bytes, const char *type, const char *name, const char *charset,
                    struct cancel *cancel, void *arg, GError **error)
{
    const struct app *app = arg;
    const struct preview_file file = {bytes, type, name, charset};
    return preview_text(app->extract, &file, cancel, error);
}

void previews_offer(struct http_jmap *routes, struct app *app)
{
    const struct preview_maker maker = {page, text, app};
    if (app->extract != NULL)
        http_jmap_previews(routes, &maker);
}
