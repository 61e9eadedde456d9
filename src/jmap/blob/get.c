#include "jmap/methods.h"

#include <string.h>

/* RFC 9404, 4.2. */

static const struct {
    const char *property;
    GChecksumType type;
} digests[] = {
    {"digest:sha", G_CHECKSUM_SHA1},
    {"digest:sha-256", G_CHECKSUM_SHA256},
    {"digest:sha-512", G_CHECKSUM_SHA512},
};

static const char *const properties[] = {
    "id",   "data",       "data:asText",    "data:asBase64",
    "size", "digest:sha", "digest:sha-256", "digest:sha-512",
    NULL,
};

/* The octets that a call selects of a blob. */
struct range {
    const guchar *octets;
    size_t length;
    bool is_truncated;
};

static struct range select_range(const struct jmap_call *call, const guchar *octets, size_t size)
{
    uint64_t offset = (uint64_t)jmap_arg_int(call, "offset", 0);
    uint64_t length = (uint64_t)jmap_arg_int(call, "length", INT64_MAX);
    bool bounded = jmap_arg(call, "length") != NULL;
    struct range range = {.is_truncated = offset > size};

    offset = MIN(offset, size);
    range.is_truncated |= bounded && length > size - offset;
    range.octets = octets + offset;
    range.length = (size_t)MIN(length, size - offset);
    return range;
}

static bool asks(const struct jmap_call *call, const char *property)
{
    json_t *wanted = jmap_arg(call, "properties"), *item;
    size_t i;

    if (!json_is_array(wanted))
        return strcmp(property, "data") == 0 || strcmp(property, "size") == 0;
    json_array_foreach(wanted, i, item)
    {
        if (strcmp(json_string_value(item), property) == 0)
            return true;
    }
    return false;
}

static json_t *base64_of(const guchar *octets, size_t length)
{
    g_autofree char *text = g_base64_encode(octets, length);

    return json_string(text);
}

static json_t *digest_of(GChecksumType type, const struct range *range)
{
    g_autoptr(GChecksum) sum = g_checksum_new(type);
    guint8 digest[64];
    gsize length = sizeof digest;

    g_checksum_update(sum, range->octets, (gssize)range->length);
    g_checksum_get_digest(sum, digest, &length);
    return base64_of(digest, length);
}

/* false: over the budget; so do the others here. */
static bool put_data(const struct jmap_call *call, json_t *object, const struct range *range)
{
    size_t *budget = &call->request->budget;
    bool any = asks(call, "data"), as_text = any || asks(call, "data:asText");
    json_t *text = as_text ? json_stringn((const char *)range->octets, range->length) : NULL;
    bool is_problem = as_text && text == NULL, ok = true;

    if (text != NULL)
        ok = jmap_put(object, "data:asText", text, budget);
    else if (asks(call, "data:asText"))
        json_object_set_new(object, "data:asText", json_null());
    if (ok && (asks(call, "data:asBase64") || (any && is_problem)))
        ok = jmap_put(object, "data:asBase64", base64_of(range->octets, range->length), budget);
    if (is_problem)
        json_object_set_new(object, "isEncodingProblem", json_true());
    return ok;
}

/* NULL: over the budget. */
static json_t *object_of(const struct jmap_call *call, const char *id, GBytes *bytes)
{
    size_t size;
    const guchar *octets = g_bytes_get_data(bytes, &size);
    /* Of no octets there need be no address. */
    const struct range range =
        select_range(call, octets != NULL ? octets : (const guchar *)"", size);
    json_t *object = json_pack("{s: s}", "id", id);

    if (asks(call, "size"))
        json_object_set_new(object, "size", json_integer((json_int_t)size));
    if (range.is_truncated)
        json_object_set_new(object, "isTruncated", json_true());
    for (size_t i = 0; i < G_N_ELEMENTS(digests); i++)
        if (asks(call, digests[i].property))
            json_object_set_new(object, digests[i].property, digest_of(digests[i].type, &range));
    if (put_data(call, object, &range))
        return object;
    json_decref(object);
    return NULL;
}

/* false: answered. */
static bool get_one(struct jmap_call *call, const char *given, json_t *list, json_t *not_found)
{
    const char *id = jmap_id_resolve(call->request, given);
    g_autoptr(GBytes) bytes = NULL;
    json_t *object;

    if (!jmap_may_go_on(call))
        return false;
    bytes = jmap_blob_load(call->request->jmap, call->access, id, NULL);
    if (bytes == NULL) {
        json_array_append_new(not_found, json_string(given));
        return true;
    }
    object = object_of(call, id, bytes);
    if (object != NULL) {
        json_array_append_new(list, object);
        return true;
    }
    jmap_fail(call, "requestTooLarge", "this is too much for one request");
    return false;
}

void jmap_blob_get(struct jmap_call *call)
{
    json_t *ids = jmap_arg(call, "ids"), *list, *not_found, *item;
    bool ok = true;
    size_t i;

    if (!jmap_properties_check(call, properties))
        return;
    if (json_array_size(ids) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many blobs in one call");
        return;
    }
    list = json_array();
    not_found = json_array();
    json_array_foreach(ids, i, item)
    {
        ok = ok && get_one(call, json_string_value(item), list, not_found);
    }
    if (ok)
        jmap_get_answer(call, NULL, json_incref(list), json_incref(not_found));
    json_decref(list);
    json_decref(not_found);
}
