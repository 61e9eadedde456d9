#include "store/summary.h"

#include <string.h>

#define LIST_MAX 100000

/* --- writing */

static void put_number(GByteArray *out, uint64_t number)
{
    guint8 bytes[10];
    guint count = 0;
    do {
        bytes[count] = (guint8)(number & 0x7f);
        number >>= 7;
        bytes[count++] |= (guint8)(number != 0 ? 0x80 : 0);
    } while (number != 0);
    g_byte_array_append(out, bytes, count);
}

/* NULL is 0, a text its length + 1. */
static void put_text(GByteArray *out, const char *text)
{
    put_number(out, text != NULL ? strlen(text) + 1 : 0);
    if (text != NULL)
        g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
}

static void put_list(GByteArray *out, char **list)
{
    put_number(out, list != NULL ? g_strv_length(list) + 1 : 0);
    for (char **item = list; item != NULL && *item != NULL; item++)
        put_text(out, *item);
}

static void put_addresses(GByteArray *out, const struct mail_addresses *addresses)
{
    put_number(out, addresses->count);
    for (size_t i = 0; i < addresses->count; i++) {
        put_text(out, addresses->items[i].name);
        put_text(out, addresses->items[i].email);
    }
}

/* Mostly the end of the subject in lower case: then an odd number says where that begins. Else a
 * text, its length + 1 doubled before it; NULL is 0. */
static void put_base(GByteArray *out, const char *base, const char *subject)
{
    size_t length = base != NULL ? strlen(base) : 0, longer = subject != NULL ? strlen(subject) : 0;
    if (base != NULL && subject != NULL && longer >= length) {
        g_autofree char *end = g_ascii_strdown(subject + longer - length, -1);
        if (strcmp(end, base) == 0) {
            put_number(out, (longer - length) * 2 + 1);
            return;
        }
    }
    put_number(out, base != NULL ? (length + 1) * 2 : 0);
    if (base != NULL)
        g_byte_array_append(out, (const guint8 *)base, (guint)length);
}

GBytes *summary_pack(const struct mail_summary *summary)
{
    GByteArray *out = g_byte_array_sized_new(256);
    put_number(out, 1);
    put_text(out, summary->message_id);
    put_list(out, summary->in_reply_to);
    put_list(out, summary->references);
    put_text(out, summary->subject);
    put_base(out, summary->base_subject, summary->subject);
    put_addresses(out, &summary->from);
    put_addresses(out, &summary->sender);
    put_addresses(out, &summary->reply_to);
    put_addresses(out, &summary->to);
    put_addresses(out, &summary->cc);
    put_addresses(out, &summary->bcc);
    put_number(out, (uint64_t)summary->sent_at);
    put_number(out, (uint64_t)summary->sent_offset + 10000);
    put_text(out, summary->preview);
    put_number(out, summary->has_attachment);
    put_number(out, summary->hollow);
    return g_byte_array_free_to_bytes(out);
}

/* --- reading */

struct cursor {
    const uint8_t *at, *end;
};

static uint64_t get_number(struct cursor *cursor)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
        uint8_t byte = *cursor->at++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            break;
    }
    return number;
}

static char *get_bytes(struct cursor *cursor, uint64_t length)
{
    length = MIN(length, (uint64_t)(cursor->end - cursor->at));
    char *text = g_strndup((const char *)cursor->at, length);
    cursor->at += length;
    return text;
}

static char *get_text(struct cursor *cursor)
{
    uint64_t length = get_number(cursor);
    return length > 0 ? get_bytes(cursor, length - 1) : NULL;
}

static char *get_base(struct cursor *cursor, const char *subject)
{
    uint64_t number = get_number(cursor);
    if (number == 0)
        return NULL;
    if (number % 2 == 0)
        return get_bytes(cursor, number / 2 - 1);
    if (subject == NULL || number / 2 > strlen(subject))
        return NULL;
    return g_ascii_strdown(subject + number / 2, -1);
}

static char **get_list(struct cursor *cursor)
{
    uint64_t count = get_number(cursor);
    if (count == 0)
        return NULL;
    GPtrArray *list = g_ptr_array_new();
    for (uint64_t i = 1; i < count && i < LIST_MAX && cursor->at < cursor->end; i++) {
        char *text = get_text(cursor);
        g_ptr_array_add(list, text != NULL ? text : g_strdup(""));
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

static void get_addresses(struct cursor *cursor, struct mail_addresses *addresses)
{
    uint64_t count = get_number(cursor);
    count = MIN(count, (uint64_t)(cursor->end - cursor->at) / 2);
    if (count == 0)
        return;
    addresses->items = g_new0(struct mail_address, count);
    for (uint64_t i = 0; i < count; i++) {
        addresses->items[i].name = get_text(cursor);
        addresses->items[i].email = get_text(cursor);
    }
    addresses->count = count;
}

struct mail_summary *summary_unpack(const void *bytes, size_t length)
{
    struct mail_summary *summary = mail_summary_new();
    struct cursor cursor = {bytes, (const uint8_t *)bytes + length};
    if (bytes == NULL || get_number(&cursor) != 1)
        return summary;
    summary->message_id = get_text(&cursor);
    summary->in_reply_to = get_list(&cursor);
    summary->references = get_list(&cursor);
    summary->subject = get_text(&cursor);
    summary->base_subject = get_base(&cursor, summary->subject);
    get_addresses(&cursor, &summary->from);
    get_addresses(&cursor, &summary->sender);
    get_addresses(&cursor, &summary->reply_to);
    get_addresses(&cursor, &summary->to);
    get_addresses(&cursor, &summary->cc);
    get_addresses(&cursor, &summary->bcc);
    summary->sent_at = (int64_t)get_number(&cursor);
    summary->sent_offset = (int)get_number(&cursor) - 10000;
    summary->preview = get_text(&cursor);
    summary->has_attachment = get_number(&cursor) != 0;
    summary->hollow = (unsigned)get_number(&cursor); /* 0 of those kept without it */
    return summary;
}

/* --- flags */

char *flags_words(const struct mail_flags *flags)
{
    if (flags->keywords == NULL || flags->keywords[0] == NULL)
        return NULL;
    return g_strjoinv(" ", flags->keywords);
}

void flags_from(struct mail_flags *flags, uint32_t bits, const char *words)
{
    *flags = (struct mail_flags){.bits = bits};
    if (words != NULL && words[0] != '\0')
        flags->keywords = g_strsplit(words, " ", -1);
}

bool flags_words_has(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *p = words; p != NULL && length > 0 && (p = strstr(p, word)) != NULL; p += 1)
        if ((p == words || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0'))
            return true;
    return false;
}

bool flags_empty(const struct mail_flags *flags)
{
    return flags->bits == 0 && (flags->keywords == NULL || flags->keywords[0] == NULL);
}

void flags_minus(const struct mail_flags *a, const struct mail_flags *b, struct mail_flags *out)
{
    *out = (struct mail_flags){.bits = a->bits & ~b->bits};
    for (char **word = a->keywords; word != NULL && *word != NULL; word++)
        if (!mail_flags_has(b, *word))
            mail_flags_set(out, *word, true);
}

void flags_apply(struct mail_flags *to, const struct mail_flags *add,
                 const struct mail_flags *remove)
{
    to->bits = (to->bits | add->bits) & ~remove->bits;
    for (char **word = add->keywords; word != NULL && *word != NULL; word++)
        mail_flags_set(to, *word, true);
    for (char **word = remove->keywords; word != NULL && *word != NULL; word++)
        mail_flags_set(to, *word, false);
}

void flags_merge(const struct mail_flags *base, const struct mail_flags *now,
                 const struct mail_flags *pending_add, const struct mail_flags *pending_remove,
                 struct mail_flags *local)
{
    struct mail_flags added, removed, add, remove;
    flags_minus(now, base, &added);
    flags_minus(base, now, &removed);
    flags_minus(&added, pending_remove, &add);
    flags_minus(&removed, pending_add, &remove);
    flags_apply(local, &add, &remove);
    local->bits &= ~(uint32_t)MAIL_DELETED;
    mail_flags_clear(&added);
    mail_flags_clear(&removed);
    mail_flags_clear(&add);
    mail_flags_clear(&remove);
}
