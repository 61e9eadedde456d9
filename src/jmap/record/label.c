#include "jmap/record/label.h"

#include "store/organise.h"

#include <string.h>

#define SLUG_MAX 40

static const char *keyword_of(const json_t *object)
{
    const char *keyword = json_string_value(json_object_get(object, "keyword"));

    return keyword != NULL ? keyword : "";
}

/* "$seen" and its kin say something else already. */
void jmap_label_check(json_t *object, const json_t *before, json_t *bad)
{
    const char *keyword = keyword_of(object);
    g_autofree char *folded = g_ascii_strdown(keyword, -1);

    (void)before;
    if (keyword[0] == '\0')
        return;
    if (!mail_keyword_is_valid(keyword) || mail_flag_of_keyword(folded) != 0)
        json_array_append_new(bad, json_string("keyword"));
    else
        json_object_set_new(object, "keyword", json_string(folded));
}

/* What of the name a keyword can say. */
static GString *slug_of(const char *name)
{
    GString *slug = g_string_new(NULL);

    for (const char *c = name; *c != '\0' && slug->len < SLUG_MAX; c++) {
        if (g_ascii_isalnum(*c))
            g_string_append_c(slug, g_ascii_tolower(*c));
        else if (slug->len > 0 && slug->str[slug->len - 1] != '-')
            g_string_append_c(slug, '-');
    }
    while (slug->len > 0 && slug->str[slug->len - 1] == '-')
        g_string_truncate(slug, slug->len - 1);
    if (slug->len == 0)
        g_string_append(slug, "label");
    return slug;
}

static bool is_taken(const GPtrArray *others, const char *keyword)
{
    bool taken = mail_flag_of_keyword(keyword) != 0;

    for (guint i = 0; i < others->len && !taken; i++) {
        const struct store_record *other = others->pdata[i];
        json_t *data = json_loads(other->data, 0, NULL);

        taken = strcmp(keyword_of(data), keyword) == 0;
        json_decref(data);
    }
    return taken;
}

void jmap_label_complete(json_t *object, const GPtrArray *others)
{
    g_autoptr(GString) slug = NULL;
    g_autofree char *keyword = NULL;

    if (keyword_of(object)[0] != '\0')
        return;
    slug = slug_of(json_string_value(json_object_get(object, "name")));
    keyword = g_strdup(slug->str);
    for (unsigned i = 2; is_taken(others, keyword); i++) {
        g_free(keyword);
        keyword = g_strdup_printf("%s-%u", slug->str, i);
    }
    json_object_set_new(object, "keyword", json_string(keyword));
}

bool jmap_label_leave(const struct store_access *access, const json_t *object, GError **error)
{
    const char *keyword = keyword_of(object);

    return keyword[0] == '\0' || store_keyword_remove(access, keyword, error);
}
