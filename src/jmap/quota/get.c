#include "jmap/methods.h"
#include "jmap/quota/list.h"

/* RFC 9425, 4.1 and 4.2. */

static const char *const properties[] = {
    "id",    "resourceType", "used",      "hardLimit",   "scope", "name",
    "types", "warnLimit",    "softLimit", "description", NULL,
};

/* The mail server tells of no limits but the hard one. What a quota is of needs no words in any
 * language: it is the address of its account. */
static json_t *object_of(const struct store_quota *quota)
{
    return json_pack("{s: o, s: s, s: o, s: o, s: s, s: o, s: [s], s: n, s: n, s: o}", "id",
                     jmap_id('q', quota->id), "resourceType", jmap_quota_resource_type(quota),
                     "used", jmap_json_unsigned(quota->used), "hardLimit",
                     jmap_json_unsigned(quota->limit), "scope", JMAP_QUOTA_SCOPE, "name",
                     jmap_json_text(jmap_quota_name(quota)), "types", jmap_quota_type(quota),
                     "warnLimit", "softLimit", "description", jmap_json_text(quota->address));
}

void jmap_quota_get(struct jmap_call *call)
{
    g_autoptr(GPtrArray) quotas = NULL;
    struct jmap_get get;
    uint64_t state = 0;

    if (!jmap_get_begin(call, properties, 'q', &get))
        return;
    quotas = jmap_quota_all(call, &state);
    if (quotas == NULL) {
        jmap_get_clear(&get);
        return;
    }
    for (size_t i = 0; i < quotas->len; i++) {
        const struct store_quota *quota = g_ptr_array_index(quotas, i);

        if (jmap_get_wants(&get, quota->id))
            jmap_get_add(call, &get, quota->id, object_of(quota));
    }
    jmap_get_end(call, &get, &state);
}
