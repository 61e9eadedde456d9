#include "jmap/methods.h"
#include "jmap/template/object.h"

/* RFC 8620, 5.1 and 5.2. */

void jmap_template_get(struct jmap_call *call)
{
    g_autoptr(GPtrArray) templates = NULL;
    struct jmap_get get;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_get_begin(call, jmap_template_properties, 'l', &get))
        return;
    templates = store_templates(call->access, &state, &error);
    if (templates == NULL) {
        jmap_get_fail(call, &get, error);
        return;
    }
    for (guint i = 0; i < templates->len; i++) {
        const struct store_template *template = templates->pdata[i];

        if (jmap_get_wants(&get, template->id))
            jmap_get_add(call, &get, template->id, jmap_template_object(template));
    }
    jmap_get_end(call, &get, &state);
}

void jmap_template_changes(struct jmap_call *call)
{
    jmap_changes_run(call, STORE_TEMPLATE, 'l');
}
