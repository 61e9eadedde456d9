#include "mime/compose.h"

#include <string.h>

static bool is_line_safe(const char *value)
{
    return value == NULL || (strpbrk(value, "\r\n") == NULL && g_utf8_validate(value, -1, NULL));
}

static bool check(const char *value, const char *property, GError **error)
{
    if (is_line_safe(value))
        return true;
    error_set(error, ERROR_INVALID, "%s: a line break, or bytes that are no UTF-8", property);
    return false;
}

/* What would end the address early, or hide another one behind it. A quoted local part may hold it.
 */
static bool is_address_safe(const char *email)
{
    const char *at = email;
    if (*at == '"') {
        for (at++; *at != '\0' && *at != '"'; at++)
            if (*at == '\\' && at[1] != '\0')
                at++;
        if (*at++ != '"')
            return false;
    }
    const char *domain = strrchr(at, '@');
    for (; *at != '\0'; at++) {
        bool literal = (*at == '[' || *at == ']' || *at == ':') && domain != NULL && at > domain;
        if ((*at >= 0 && *at <= ' ') || *at == 0x7f)
            return false;
        if (strchr("()<>,;:\\\"[]", *at) != NULL && !literal)
            return false;
    }
    return true;
}

static bool check_addresses(const struct mail_addresses *list, const char *property, GError **error)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *email = list->items[i].email;
        if (!check(list->items[i].name, property, error) || !check(email, property, error))
            return false;
        if (email == NULL || *email == '\0' || strlen(email) > 900 || !is_address_safe(email)) {
            error_set(error, ERROR_INVALID, "%s: not an address", property);
            return false;
        }
    }
    return true;
}

static bool is_id(const char *id)
{
    size_t length = strlen(id);
    if (length == 0 || length > 900)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((id[i] >= 0 && id[i] <= ' ') || id[i] == 0x7f || id[i] == '<' || id[i] == '>')
            return false;
    return true;
}

static bool check_ids(char *const *ids, const char *property, GError **error)
{
    for (; ids != NULL && *ids != NULL; ids++) {
        if (!check(*ids, property, error))
            return false;
        if (!is_id(*ids)) {
            error_set(error, ERROR_INVALID, "%s: not a message id", property);
            return false;
        }
    }
    return true;
}

static bool check_name(const char *name, GError **error)
{
    bool good = name != NULL && *name != '\0' && strlen(name) < 200;
    for (const char *p = name; good && *p != '\0'; p++)
        good = *p > ' ' && *p < 0x7f && *p != ':';
    if (!good)
        error_set(error, ERROR_INVALID, "headers: not a header name");
    return good;
}

static bool is_type(const char *type)
{
    const char *slash = strchr(type, '/');
    if (slash == NULL || slash == type || slash[1] == '\0' || strlen(type) > 127)
        return false;
    for (const char *p = type; *p != '\0'; p++)
        if (*p <= ' ' || *p >= 0x7f || strchr("()<>@,;:\\\"[]?=", *p) != NULL ||
            (*p == '/' && p != slash))
            return false;
    return true;
}

static bool check_attachment(const struct mime_attachment *attachment, size_t index, GError **error)
{
    g_autofree char *name = g_strdup_printf("attachments/%zu/name", index);
    g_autofree char *type = g_strdup_printf("attachments/%zu/type", index);
    g_autofree char *cid = g_strdup_printf("attachments/%zu/cid", index);
    if (!check(attachment->name, name, error) || !check(attachment->cid, cid, error))
        return false;
    if (attachment->type != NULL && !is_type(attachment->type)) {
        error_set(error, ERROR_INVALID, "%s: not a media type", type);
        return false;
    }
    if (attachment->cid != NULL && !is_id(attachment->cid)) {
        error_set(error, ERROR_INVALID, "%s: not a content id", cid);
        return false;
    }
    return true;
}

static bool check_summary(const struct mail_summary *summary, GError **error)
{
    char *const message_id[] = {summary->message_id, NULL};
    return check(summary->subject, "subject", error) && check_ids(message_id, "messageId", error) &&
           check_ids(summary->in_reply_to, "inReplyTo", error) &&
           check_ids(summary->references, "references", error) &&
           check_addresses(&summary->from, "from", error) &&
           check_addresses(&summary->sender, "sender", error) &&
           check_addresses(&summary->reply_to, "replyTo", error) &&
           check_addresses(&summary->to, "to", error) &&
           check_addresses(&summary->cc, "cc", error) &&
           check_addresses(&summary->bcc, "bcc", error);
}

bool check_draft(const struct mime_draft *draft, GError **error)
{
    if (!check_summary(draft->summary, error))
        return false;
    for (size_t i = 0; i < draft->extra_count; i++)
        if (!check_name(draft->extra[i].name, error) ||
            !check(draft->extra[i].value, "headers", error))
            return false;
    for (size_t i = 0; i < draft->attachment_count; i++)
        if (!check_attachment(&draft->attachments[i], i, error))
            return false;
    return true;
}
