#include "jmap/methods.h"
#include "jmap/quota/list.h"

/* RFC 9425, 4.1 and 4.2. */

static const char *const properties[] = {
    "id",    "resourceType", "used",      "hardLimit",   "scope", "name",
    "types", "warnLimit",    "softLimit", "description", NULL,
};

/* UnsignedInt (RFC 8620, 1.3). */
static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)MIN(value, (UINT64_C(1) << 53) - 1));
}

/* The mail server tells of no limits but the hard one. What a quota is of needs no words in any
 * language: it is the address of its account. */
static json_t *object_of(const struct store_quota *quota)
{
    return json_pack("{s: o, s: s, s: o, s: o, s: s, s: o, s: [s], s: n, s: n, s: o}", "id",
                     jmap_id('q', quota->id), "resourceType", jmap_quota_resource_type(quota),
                     "used", number(quota->used), "hardLimit", number(quota->limit), "scope",
                     JMAP_QUOTA_SCOPE, "name", jmap_json_text(jmap_quota_name(quota)), "types",
                     jmap_quota_type(quota), "warnLimit", "softLimit", "description",
                     jmap_json_text(quota->address));
}

void jmap_quota_get(struct jmap_call *call)
{
    json_t *not_found = json_array(), *list = json_array();
    g_autoptr(GArray) ids = NULL, found = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GPtrArray) quotas = NULL;
    uint64_t state = 0;

    if (jmap_properties_check(call, properties) && jmap_get_ids(call, "ids", 'q', &ids, not_found))
        quotas = jmap_quota_all(call, &state);
    if (quotas == NULL) {
        json_decref(list);
        json_decref(not_found);
        return;
    }
    for (size_t i = 0; i < quotas->len; i++) {
        const struct store_quota *quota = g_ptr_array_index(quotas, i);
        json_t *object;

        g_array_append_val(found, quota->id);
        if (ids != NULL && !jmap_ids_contain(ids, quota->id))
            continue;
        object = object_of(quota);
        jmap_properties_apply(call, object);
        json_array_append_new(list, object);
    }
    jmap_get_missing(ids, found, 'q', not_found);
    jmap_get_answer(call, state, list, not_found);
}
