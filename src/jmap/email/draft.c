#include "jmap/email/draft.h"

#include "base/clock.h"

void jmap_draft_init(struct jmap_draft *draft, const struct jmap_call *call, json_t *object)
{
    *draft = (struct jmap_draft){
        .call = call,
        .object = object,
        .summary = mail_summary_new(),
        .headers = g_array_new(FALSE, FALSE, sizeof(struct mime_header)),
        .fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .bad = g_ptr_array_new_with_free_func(g_free),
        .missing = json_array(),
    };
    draft->summary->sent_at = INT64_MIN;
}

void jmap_draft_clear(struct jmap_draft *draft)
{
    for (size_t i = 0; i < draft->headers->len; i++) {
        const struct mime_header *header = &g_array_index(draft->headers, struct mime_header, i);

        g_free((char *)(uintptr_t)header->name);
        g_free((char *)(uintptr_t)header->value);
    }
    g_array_unref(draft->headers);
    mail_summary_free(draft->summary);
    g_hash_table_unref(draft->fields);
    jmap_draft_part_free(draft->body);
    g_ptr_array_unref(draft->bad);
    json_decref(draft->missing);
}

void jmap_draft_bad(struct jmap_draft *draft, const char *property)
{
    g_ptr_array_add(draft->bad, g_strdup(property));
}

json_t *jmap_email_bad_properties(const GPtrArray *bad)
{
    json_t *error = jmap_set_error("invalidProperties", NULL), *list = json_array();

    for (size_t i = 0; i < bad->len; i++)
        json_array_append_new(list, jmap_json_text(g_ptr_array_index(bad, i)));
    json_object_set_new(error, "properties", list);
    return error;
}

/* Properties that are neither header nor body, and are read elsewhere. */
static bool is_elsewhere(const char *property)
{
    static const char *const names[] = {"mailboxIds",    "keywords",    "receivedAt",
                                        "bodyStructure", "bodyValues",  "textBody",
                                        "htmlBody",      "attachments", NULL};

    return g_strv_contains(names, property);
}

static void add_defaults(struct jmap_draft *draft, const char *fallback_from)
{
    struct mail_summary *summary = draft->summary;
    const char *from = summary->from.count > 0 ? summary->from.items[0].email : fallback_from;

    if (summary->message_id == NULL && !g_hash_table_contains(draft->fields, "message-id"))
        summary->message_id = mime_new_message_id(from);
    if (summary->sent_at == INT64_MIN && !g_hash_table_contains(draft->fields, "date")) {
        summary->sent_at = clock_wall();
        summary->sent_offset = 0;
    }
}

/* The fields, by mime, up to its own MIME-Version. */
static GString *write_fields(struct jmap_draft *draft, char **problem)
{
    static const char version[] = "MIME-Version: 1.0\r\n";
    const struct mime_draft options = {
        .summary = draft->summary,
        .extra = (const struct mime_header *)(void *)draft->headers->data,
        .extra_count = draft->headers->len,
        .text = "",
        .keep_bcc = true,
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) message = mime_compose(&options, &error);
    const char *data;
    gsize size;

    if (message == NULL) {
        g_auto(GStrv) halves = g_strsplit(error->message, ":", 2);

        *problem = g_strdup(halves[0]);
        return NULL;
    }
    data = g_bytes_get_data(message, &size);
    return g_string_new_len(data, g_strstr_len(data, (gssize)size, version) - data +
                                      (gssize)strlen(version));
}

static GBytes *write_message(struct jmap_draft *draft, json_t **error)
{
    g_autofree char *problem = NULL;
    GString *out = write_fields(draft, &problem);

    if (out == NULL || !jmap_draft_write(draft->body, out, &problem)) {
        *error = jmap_invalid_property(problem, "not valid in a message");
        if (out != NULL)
            g_string_free(out, TRUE);
        return NULL;
    }
    if (out->len <= JMAP_MAX_MESSAGE)
        return g_string_free_to_bytes(out);
    g_string_free(out, TRUE);
    *error = jmap_set_error("tooLarge", "the message is larger than this server takes");
    return NULL;
}

GBytes *jmap_draft_message(struct jmap_draft *draft, const char *fallback_from, json_t **error)
{
    const char *key;
    json_t *value;

    json_object_foreach(draft->object, key, value)
    {
        if (!is_elsewhere(key))
            jmap_draft_read_header(draft, key, value);
    }
    jmap_draft_read_body(draft);
    if (draft->bytes > JMAP_MAX_MESSAGE) {
        *error = jmap_set_error("tooLarge", "the attachments are larger than this server takes");
        return NULL;
    }
    if (draft->bad->len > 0) {
        *error = jmap_email_bad_properties(draft->bad);
        return NULL;
    }
    if (json_array_size(draft->missing) > 0) {
        *error = jmap_set_error("blobNotFound", NULL);
        json_object_set(*error, "notFound", draft->missing);
        return NULL;
    }
    add_defaults(draft, fallback_from);
    return write_message(draft, error);
}
