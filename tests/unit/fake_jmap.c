/* What http_jmap.c's stand-in for the engine says that no test changes. */
#include "fake_people.h"
#include "http/jmap_routes.h"

#include <string.h>

char *jmap_push_id(struct jmap *jmap, const struct store_principal *principal, uint64_t at)
{
    (void)jmap, (void)principal;
    return g_strdup_printf("%d-0", (int)at);
}

json_t *jmap_push_missed(struct jmap *jmap, struct store_principal *principal, const char *id,
                         uint64_t at, const char *const *types)
{
    (void)jmap, (void)principal, (void)at, (void)types;
    if (strcmp(id, "7-0") == 0)
        return NULL;
    return json_pack("{s:s, s:{s:{s:s}}}", "@type", "StateChange", "changed", "a1", "Email",
                     "missed");
}

json_t *jmap_session(struct jmap *jmap, struct store_principal *principal, GError **error)
{
    (void)jmap, (void)principal, (void)error;
    return json_pack("{s:s}", "username", FAKE_EMAIL);
}

GBytes *jmap_handle(struct jmap *jmap, struct store_principal *principal, const void *body,
                    size_t length, int *status)
{
    (void)jmap, (void)principal;
    *status = length > 2 ? 200 : 400;
    return g_bytes_new(body, length);
}

/* "push" and "quiet" are about notifications; any other text is its own answer. */
void jmap_handle_message(struct jmap *jmap, struct store_principal *principal, const char *text,
                         size_t length, struct jmap_message *message)
{
    (void)jmap, (void)principal;
    g_autofree char *copy = g_strndup(text, length);
    *message = (struct jmap_message){.push = strcmp(copy, "push") == 0};
    if (!message->push && strcmp(copy, "quiet") != 0)
        message->answer = g_bytes_new(text, length);
}

void jmap_message_clear(struct jmap_message *message)
{
    g_bytes_unref(message->answer);
}

GBytes *jmap_download(struct jmap *jmap, struct store_principal *principal, const char *account,
                      const char *blob, GError **error)
{
    (void)jmap, (void)principal;
    if (strcmp(account, "a1") == 0 && strcmp(blob, "b1") == 0)
        return g_bytes_new_static("bytes", 5);
    error_set(error, ERROR_NOT_FOUND, "no");
    return NULL;
}

GBytes *jmap_download_attachments(struct jmap *jmap, struct store_principal *principal,
                                  const char *account, const char *blob, GError **error)
{
    return jmap_download(jmap, principal, account, blob, error);
}

json_t *jmap_state_changes(struct jmap *jmap, struct store_principal *principal,
                           const struct jmap_changed *list, size_t count, const char *const *types)
{
    (void)jmap, (void)principal;
    json_t *changed = json_object();
    for (size_t i = 0; i < count; i++) {
        g_autofree char *id = g_strdup_printf("a%d", (int)list[i].account);
        if (list[i].account != 2 && (types == NULL || g_strv_contains(types, "Email")))
            json_object_set_new(changed, id, json_pack("{s:i}", "Email", (int)list[i].bits));
    }
    return json_pack("{s:s, s:o}", "@type", "StateChange", "changed", changed);
}

unsigned jmap_state_bits(const char *const *types)
{
    return types == NULL ? ~0u : STORE_EMAIL | STORE_MAILBOX;
}

void jmap_image_clear(struct jmap_image *image)
{
    g_free(image->remote_url);
    g_clear_pointer(&image->bytes, g_bytes_unref);
    g_free(image->type);
}
