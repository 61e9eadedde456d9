/* NAMESPACE (RFC 2342): the response, and what the client keeps of it. */
#include "imap/client_private.h"
#include "imap/response.h"

#include <string.h>

/* '("prefix" "delimiter" extension (…))' */
static bool parse_one(struct imap_line *line, enum imap_space space)
{
    struct imap_response *response = line->response;
    struct imap_value prefix, delimiter;
    if (!imap_scan_take(&line->scan, '(') || !imap_scan_string(&line->scan, &prefix) ||
        prefix.kind != IMAP_VALUE_TEXT || !imap_scan_string(&line->scan, &delimiter) ||
        delimiter.kind == IMAP_VALUE_STREAMED)
        return false;
    bool one = delimiter.kind == IMAP_VALUE_TEXT && delimiter.length == 1;
    if (response->namespace_count < IMAP_NAMESPACES_MAX)
        response->namespaces[response->namespace_count++] =
            (struct imap_namespace_data){.prefix = prefix.text,
                                         .delimiter = one ? delimiter.text[0] : '\0',
                                         .space = (unsigned char)space};
    while (imap_scan_peek(&line->scan) != ')')
        if (!imap_scan_skip(&line->scan))
            return false;
    return imap_scan_take(&line->scan, ')');
}

bool imap_response_parse_namespace(struct imap_line *line)
{
    line->response->kind = IMAP_NAMESPACE;
    for (int space = IMAP_SPACE_PERSONAL; space <= IMAP_SPACE_SHARED; space++) {
        if (!imap_scan_take(&line->scan, '(')) {
            if (!imap_scan_skip(&line->scan)) /* NIL */
                return false;
            continue;
        }
        while (!imap_scan_take(&line->scan, ')'))
            if (!parse_one(line, (enum imap_space)space))
                return false;
    }
    return true;
}

static void clear_namespace(gpointer item)
{
    g_free(((struct imap_namespace *)item)->prefix);
}

bool imap_client_take_namespaces(struct imap_client *client, const struct imap_response *response,
                                 void *arg)
{
    (void)arg;
    if (response->kind != IMAP_NAMESPACE)
        return false;
    g_clear_pointer(&client->namespaces, g_array_unref);
    client->namespaces = g_array_new(FALSE, FALSE, sizeof(struct imap_namespace));
    g_array_set_clear_func(client->namespaces, clear_namespace);
    for (size_t i = 0; i < response->namespace_count; i++) {
        const struct imap_namespace_data *data = &response->namespaces[i];
        struct imap_namespace item = {(enum imap_space)data->space, data->delimiter,
                                      g_strdup(data->prefix)};
        g_array_append_val(client->namespaces, item);
    }
    return true;
}

const struct imap_namespace *imap_client_namespaces(const struct imap_client *client, size_t *count)
{
    *count = client->namespaces != NULL ? client->namespaces->len : 0;
    return *count > 0 ? (const struct imap_namespace *)(const void *)client->namespaces->data
                      : NULL;
}

/* The root of a namespace may be listed by itself: "shared" of "shared.". */
static bool is_below(const char *raw_name, const struct imap_namespace *item)
{
    size_t length = strlen(item->prefix);
    if (strncmp(raw_name, item->prefix, length) == 0)
        return true;
    return length > 1 && item->delimiter != '\0' && item->prefix[length - 1] == item->delimiter &&
           strlen(raw_name) == length - 1 && strncmp(raw_name, item->prefix, length - 1) == 0;
}

const struct imap_namespace *imap_client_namespace_of(const struct imap_client *client,
                                                      const char *raw_name)
{
    const struct imap_namespace *best = NULL;
    size_t count = 0;
    const struct imap_namespace *list = imap_client_namespaces(client, &count);
    if (g_ascii_strcasecmp(raw_name, "INBOX") == 0)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (is_below(raw_name, &list[i]) &&
            (best == NULL || strlen(list[i].prefix) > strlen(best->prefix)))
            best = &list[i];
    return best;
}
