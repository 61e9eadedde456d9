#include "jmap/methods.h"

#include <sodium.h>
#include <string.h>

/* RFC 9404, 4.1. */

struct run {
    struct jmap_call *call;
    json_t *created;
    uint64_t bytes; /* of all blobs that this call made */
};

static json_t *bad_data(const char *description)
{
    return jmap_invalid_property("data", description);
}

/* The SetError, or NULL; so do all the others here. */
static json_t *add_text(GByteArray *out, const json_t *value)
{
    g_byte_array_append(out, (const guint8 *)json_string_value(value),
                        (guint)json_string_length(value));
    return NULL;
}

static json_t *add_base64(GByteArray *out, const json_t *value)
{
    size_t length = json_string_length(value), written = 0;
    guint before = out->len;
    const char *end = NULL;

    g_byte_array_set_size(out, before + (guint)(length / 4 * 3 + 3));
    if (sodium_base642bin(out->data + before, out->len - before, json_string_value(value), length,
                          NULL, &written, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != json_string_value(value) + length)
        return bad_data("data:asBase64 is no base64");
    g_byte_array_set_size(out, before + (guint)written);
    return NULL;
}

/* An UnsignedInt or null, which is missing. */
static bool take_number(const json_t *source, const char *name, size_t missing, size_t *number)
{
    const json_t *value = json_object_get(source, name);

    *number = missing;
    if (value == NULL || json_is_null(value))
        return true;
    *number = (size_t)MAX(json_integer_value(value), 0);
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static json_t *add_blob(const struct run *run, GByteArray *out, const json_t *source, size_t most)
{
    struct jmap_request *request = run->call->request;
    const char *id = json_string_value(json_object_get(source, "blobId"));
    g_autoptr(GBytes) bytes =
        jmap_blob_load(request->jmap, run->call->access, jmap_id_resolve(request, id), NULL);
    size_t size, offset, length;
    const guint8 *octets;

    if (bytes == NULL)
        return jmap_set_error("blobNotFound", "one of the sources is not there");
    octets = g_bytes_get_data(bytes, &size);
    if (!take_number(source, "offset", 0, &offset) || offset > size ||
        !take_number(source, "length", size - offset, &length) || length > size - offset)
        return bad_data("offset and length are not within the blob");
    if (length > most)
        return jmap_set_error("tooLarge", NULL);
    g_byte_array_append(out, octets + offset, (guint)length);
    return NULL;
}

/* Exactly one kind of source, and nothing else in it but what belongs to that. */
static json_t *check_source(const json_t *source)
{
    bool is_blob = json_is_string(json_object_get(source, "blobId"));
    unsigned kinds = 0;
    const char *name;
    json_t *value;

    if (!json_is_object(source))
        return bad_data("a source is an object");
    json_object_foreach((json_t *)(uintptr_t)source, name, value)
    {
        bool is_kind = strcmp(name, "data:asText") == 0 || strcmp(name, "data:asBase64") == 0 ||
                       strcmp(name, "blobId") == 0;
        bool is_range = is_blob && (strcmp(name, "offset") == 0 || strcmp(name, "length") == 0);

        if (!is_kind && !is_range)
            return bad_data("a source has something that belongs to none");
        kinds += is_kind && json_is_string(value);
    }
    return kinds == 1 ? NULL : bad_data("a source is exactly one of text, base64 and a blob");
}

static json_t *add_source(const struct run *run, GByteArray *out, const json_t *source, size_t most)
{
    json_t *error = check_source(source), *value;

    if (error != NULL)
        return error;
    if (json_is_string(value = json_object_get(source, "data:asText")))
        error = add_text(out, value);
    else if (json_is_string(value = json_object_get(source, "data:asBase64")))
        error = add_base64(out, value);
    else
        error = add_blob(run, out, source, most - out->len);
    return error == NULL && out->len > most ? jmap_set_error("tooLarge", NULL) : error;
}

static json_t *collect(const struct run *run, const json_t *sources, GByteArray *out)
{
    size_t most = run->call->request->jmap->config.max_size_upload, i;
    json_t *source, *error = NULL;

    if (!json_is_array(sources))
        return bad_data("a list of sources");
    if (json_array_size(sources) > JMAP_MAX_DATA_SOURCES)
        return jmap_set_error("tooLarge", "too many sources");
    json_array_foreach(sources, i, source)
    {
        if (jmap_is_spent(run->call->request))
            error = jmap_set_error("rateLimit", "this is too much for one request");
        if (error == NULL)
            error = add_source(run, out, source, most);
        if (error != NULL)
            return error;
    }
    return NULL;
}

static json_t *keep(struct run *run, const char *key, const char *type, GByteArray *octets)
{
    GError *error = NULL;
    int64_t size = octets->len, blob;
    g_autoptr(GBytes) bytes = NULL;
    json_t *made;

    if (!jmap_copy_allows(&run->bytes, octets->len))
        return jmap_set_error("rateLimit", "make the rest in further calls");
    bytes = g_byte_array_free_to_bytes(g_byte_array_ref(octets));
    blob = store_blob_put(run->call->access, bytes, type, &error);
    if (blob == 0)
        return jmap_set_error_of(error, NULL);
    made = json_pack("{s: o, s: o, s: I}", "id", jmap_id('b', blob), "type", jmap_json_text(type),
                     "size", (json_int_t)size);
    jmap_id_created(run->call->request, key, json_object_get(made, "id"));
    json_object_set_new(run->created, key, made);
    return NULL;
}

static json_t *create(void *arg, const char *key, json_t *object)
{
    struct run *run = arg;
    const json_t *type = json_object_get(object, "type");
    g_autoptr(GByteArray) octets = NULL;
    const char *name;
    json_t *value, *error;

    json_object_foreach(object, name, value)
    {
        if (strcmp(name, "data") != 0 && strcmp(name, "type") != 0)
            return jmap_invalid_property(name, NULL);
    }
    if (type != NULL && !json_is_null(type) &&
        (!json_is_string(type) || !jmap_type_is_sound(json_string_value(type))))
        return jmap_invalid_property("type", "no media type");
    octets = g_byte_array_new();
    error = collect(run, json_object_get(object, "data"), octets);
    return error != NULL ? error : keep(run, key, json_string_value(type), octets);
}

void jmap_blob_upload(struct jmap_call *call)
{
    struct run run = {.call = call};
    json_t *answer, *not_created;

    if (json_object_size(jmap_arg(call, "create")) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many blobs in one call");
        return;
    }
    run.created = json_object();
    not_created = json_object();
    jmap_set_each(jmap_arg(call, "create"), create, &run, not_created);
    answer = jmap_answer(call);
    json_object_set(answer, "created", jmap_or_null(run.created));
    json_object_set(answer, "notCreated", jmap_or_null(not_created));
    jmap_respond(call, answer);
    json_decref(run.created);
    json_decref(not_created);
}
