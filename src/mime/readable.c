#include "mime/readable.h"

#include "mime/internal.h"

#include <string.h>

#define NESTED_MAX 8
#define START_BYTES 1024
#define MIME_READABLE_ENCODED (MIME_READABLE_BYTES / 2 * 3)

struct walk {
    mime_readable_fn *fn;
    void *arg;
    unsigned count;
    bool enough;
};

static bool is_one_of(const char *word, const char *const *words)
{
    return g_strv_contains(words, word);
}

static const char *ending_of(const char *name)
{
    const char *dot = name != NULL ? strrchr(name, '.') : NULL;
    return dot != NULL ? dot + 1 : "";
}

static bool is_page(const char *type, const char *ending)
{
    static const char *const types[] = {"text/html", "text/xml", "application/xhtml+xml",
                                        "application/xml", NULL};
    static const char *const endings[] = {"html", "htm", "xhtml", "xml", NULL};
    return is_one_of(type, types) || is_one_of(ending, endings);
}

/* Text that is read as text; of what says nothing about itself the name's ending decides. */
static bool is_plain(const char *type, const char *ending)
{
    static const char *const types[] = {"application/json", "application/csv", "application/sql",
                                        "application/x-yaml", NULL};
    static const char *const endings[] = {"txt",  "text", "csv", "tsv", "md",  "log", "json",
                                          "yaml", "yml",  "ics", "vcf", "srt", NULL};
    return g_str_has_prefix(type, "text/") || is_one_of(type, types) || is_one_of(ending, endings);
}

static bool begins(const guint8 *start, size_t length, const char *magic, size_t magic_length)
{
    return length >= magic_length && memcmp(start, magic, magic_length) == 0;
}

/* Text has no NUL, but in UTF-16, which begins with its mark. */
static bool may_be_text(const guint8 *start, size_t length)
{
    return memchr(start, '\0', length) == NULL || begins(start, length, "\xff\xfe", 2) ||
           begins(start, length, "\xfe\xff", 2);
}

/* What other formats that are text throughout begin with: nobody means to find words of these. */
static bool is_other_text(const guint8 *start, size_t length)
{
    return begins(start, length, "{\\rtf", 5) || begins(start, length, "%!PS", 4) ||
           begins(start, length, "-----BEGIN ", 11);
}

/* Office documents that are encrypted are no zip but what the old formats were: nothing can be read
 * of them, which is to be told of those that say that they are new. */
static bool is_locked_office(const char *ending, const guint8 *start, size_t length)
{
    static const char *const endings[] = {"docx", "docm", "dotx", "xlsx", "xlsm",
                                          "xltx", "pptx", "pptm", "potx", NULL};
    return begins(start, length, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) &&
           is_one_of(ending, endings);
}

const char *mime_readable_kind(const char *type, const char *name, const void *bytes, size_t length)
{
    const guint8 *start = bytes;
    g_autofree char *ending = g_ascii_strdown(ending_of(name), -1);
    length = MIN(length, START_BYTES);
    if (length > 0 && memmem(start, length, "%PDF-", 5) != NULL)
        return "pdf";
    if (begins(start, length, "PK\003\004", 4) || is_locked_office(ending, start, length))
        return "office";
    if (length == 0 || !may_be_text(start, length) || is_other_text(start, length))
        return NULL;
    if (is_page(type, ending))
        return "html";
    return is_plain(type, ending) ? "text" : NULL;
}

/* Pictures, sound and film are not even looked into, nor what only programs read. */
static bool is_passed_over(const struct mime_part *part)
{
    static const char *const types[] =
        {"application/pgp-signature",   "application/pgp-keys",
         "application/pkcs7-signature", "application/x-pkcs7-signature",
         "application/pkcs7-mime",      "application/x-pkcs7-mime",
         "application/ms-tnef",         "message/delivery-status",
         "text/rfc822-headers",         NULL};
    static const char *const families[] = {"image/", "audio/", "video/", "font/", "multipart/"};
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++)
        if (g_str_has_prefix(part->type, families[i]))
            return true;
    return part->is_multipart || is_one_of(part->type, types);
}

static bool has_charset(const char *kind)
{
    return strcmp(kind, "text") == 0 || strcmp(kind, "html") == 0;
}

/* US-ASCII is also what is said where nothing was said: then the bytes tell more. */
bool mime_readable_charset(const char *name)
{
    for (const char *p = name; p != NULL && *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr("-_.:", *p) == NULL)
            return false;
    return name != NULL && name[0] != '\0' && strlen(name) <= 40 &&
           g_ascii_strcasecmp(name, "us-ascii") != 0;
}

static void walk_mail(struct walk *walk, struct mime_mail *mail, unsigned depth);

static void walk_message(struct walk *walk, struct mime_mail *mail, size_t index, unsigned depth)
{
    if (depth >= NESTED_MAX)
        return;
    g_autoptr(GBytes) bytes = mime_part_bytes(mail, index, 0);
    struct mime_mail *inner = mime_parse(bytes);
    walk_mail(walk, inner, depth + 1);
    mime_mail_free(inner);
}

static void walk_part(struct walk *walk, struct mime_mail *mail, size_t index)
{
    /* Not mime_part: it would measure what is decoded, and most of it is passed over. */
    const struct mime_part *part = &mail->parts[index].shown;
    size_t encoded = mail->parts[index].body_end - mail->parts[index].body_start;
    if (is_passed_over(part))
        return;
    g_autoptr(GBytes) start = mime_part_bytes(mail, index, START_BYTES);
    gsize length = 0;
    const guint8 *bytes = g_bytes_get_data(start, &length);
    struct mime_readable readable = {.mail = mail,
                                     .index = index,
                                     .kind =
                                         mime_readable_kind(part->type, part->name, bytes, length),
                                     .too_large = encoded > MIME_READABLE_ENCODED};
    if (readable.kind == NULL)
        return;
    g_autofree char *named =
        strcmp(readable.kind, "html") == 0 ? charset_of_html((const char *)bytes, length) : NULL;
    if (has_charset(readable.kind) && mime_readable_charset(part->charset))
        readable.charset = part->charset;
    else if (mime_readable_charset(named))
        readable.charset = named;
    walk->enough = ++walk->count > MIME_READABLE_PARTS || !walk->fn(&readable, walk->arg);
}

static void walk_mail(struct walk *walk, struct mime_mail *mail, unsigned depth)
{
    size_t count = 0;
    const int *attachments = mime_attachments(mail, &count);
    for (size_t i = 0; i < count && !walk->enough; i++) {
        size_t index = (size_t)attachments[i];
        const char *type = mail->parts[index].shown.type;
        if (strcmp(type, "message/rfc822") == 0 || strcmp(type, "message/global") == 0)
            walk_message(walk, mail, index, depth);
        else
            walk_part(walk, mail, index);
    }
}

void mime_each_readable(struct mime_mail *mail, mime_readable_fn *fn, void *arg)
{
    struct walk walk = {.fn = fn, .arg = arg};
    walk_mail(&walk, mail, 0);
}

static bool note(const struct mime_readable *readable, void *arg)
{
    (void)readable;
    *(bool *)arg = true;
    return false;
}

bool mime_has_readable(struct mime_mail *mail)
{
    bool any = false;
    mime_each_readable(mail, note, &any);
    return any;
}
