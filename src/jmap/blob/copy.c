#include "jmap/methods.h"

/* RFC 8620, 6.3. */

struct run {
    struct jmap_call *call;
    struct store_access *from;
    uint64_t bytes;
    json_t *copied, *not_copied;
};

/* The SetError, or NULL. */
static json_t *copy(struct run *run, const char *key)
{
    struct jmap_request *request = run->call->request;
    GError *error = NULL;
    g_autoptr(GBytes) bytes =
        jmap_blob_load(request->jmap, run->from, jmap_id_resolve(request, key), &error);
    int64_t blob;

    if (bytes == NULL)
        return jmap_set_error_of(error, NULL);
    if (!jmap_copy_allows(&run->bytes, g_bytes_get_size(bytes)))
        return jmap_set_error("rateLimit", "copy the rest in further calls");
    blob = store_blob_put(run->call->access, bytes, NULL, &error);
    if (blob == 0)
        return jmap_set_error_of(error, NULL);
    json_object_set_new(run->copied, key, jmap_id('b', blob));
    return NULL;
}

static void run_all(struct run *run)
{
    json_t *answer = jmap_copy_answer(run->call), *item;
    size_t i;

    json_array_foreach(jmap_arg(run->call, "blobIds"), i, item)
    {
        const char *key = json_string_value(item);
        json_t *error = NULL;

        if (json_object_get(run->copied, key) == NULL)
            error = copy(run, key);
        if (error != NULL)
            json_object_set_new(run->not_copied, key, error);
    }
    json_object_set(answer, "copied", jmap_or_null(run->copied));
    json_object_set(answer, "notCopied", jmap_or_null(run->not_copied));
    jmap_respond(run->call, answer);
}

void jmap_blob_copy(struct jmap_call *call)
{
    struct run run = {.call = call};

    if (json_array_size(jmap_arg(call, "blobIds")) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many blobs in one call");
        return;
    }
    run.from = jmap_copy_from(call);
    if (run.from == NULL)
        return;
    run.copied = json_object();
    run.not_copied = json_object();
    run_all(&run);
    store_access_free(run.from);
    json_decref(run.copied);
    json_decref(run.not_copied);
}
