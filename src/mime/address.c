#include "mime/internal.h"

#include <string.h>

/* Addresses by a loop over one string, without recursion: "g:g:g:…" stays a loop. */
struct reader {
    const char *at;
    GString *phrase;  /* words before < or : */
    GString *spec;    /* what stands in < > */
    GString *comment; /* the last ( ) */
    bool has_spec, has_phrase, has_comment, quoted, blank;
    bool in_group;
    GPtrArray *groups;
};

static void group_free(gpointer data)
{
    struct mime_group *group = data;
    g_free(group->name);
    mail_addresses_clear(&group->addresses);
    g_free(group);
}

static struct mime_group *group_open(struct reader *r, char *name)
{
    struct mime_group *group = g_new0(struct mime_group, 1);
    group->name = name;
    g_ptr_array_add(r->groups, group);
    return group;
}

static void reader_reset(struct reader *r)
{
    g_string_truncate(r->phrase, 0);
    g_string_truncate(r->spec, 0);
    g_string_truncate(r->comment, 0);
    r->has_spec = r->has_phrase = r->has_comment = r->quoted = r->blank = false;
}

/* Decoded and trimmed; NULL when nothing is left. Words in quotes are decoded too: strictly they
 * should not be, but half the world's mailers write them so. */
static char *name_of(const char *raw)
{
    char *name = mime_form_text(raw);
    g_strstrip(name);
    if (*name == '\0')
        g_clear_pointer(&name, g_free);
    return name;
}

/* The last blank outside of quotes, or NULL. */
static const char *last_blank(const char *phrase)
{
    const char *blank = NULL;
    bool quoted = false;
    for (; *phrase != '\0'; phrase++) {
        quoted ^= *phrase == '"';
        if (*phrase == ' ' && !quoted)
            blank = phrase;
    }
    return blank;
}

/* "John Doe john@example.org": the last word is the address. */
static void split_bare(struct reader *r)
{
    g_strchomp(r->phrase->str);
    r->phrase->len = strlen(r->phrase->str);
    const char *space = last_blank(r->phrase->str);
    if (r->quoted || space == NULL || strchr(space, '@') == NULL) {
        g_string_assign(r->spec, r->phrase->str);
        g_string_truncate(r->phrase, 0);
        return;
    }
    g_string_assign(r->spec, space + 1);
    g_string_truncate(r->phrase, (gsize)(space - r->phrase->str));
}

static struct mail_addresses *target(struct reader *r)
{
    struct mime_group *last =
        r->groups->len > 0 ? g_ptr_array_index(r->groups, r->groups->len - 1) : NULL;
    if (last == NULL || (!r->in_group && last->name != NULL))
        last = group_open(r, NULL);
    return &last->addresses;
}

static void mailbox_finish(struct reader *r)
{
    if (!r->has_spec && r->has_phrase) {
        split_bare(r);
    }
    g_strstrip(r->spec->str);
    if ((r->has_spec || r->has_phrase) && (r->spec->str[0] != '\0' || r->phrase->len > 0)) {
        g_autofree char *name = name_of(r->phrase->str);
        if (name == NULL && r->has_comment)
            name = name_of(r->comment->str);
        g_autofree char *email = words_decode(r->spec->str);
        mail_addresses_add(target(r), name, email);
    }
    reader_reset(r);
}

static void read_comment(struct reader *r)
{
    unsigned depth = 1;
    g_string_truncate(r->comment, 0);
    for (r->at++; *r->at != '\0' && depth > 0; r->at++) {
        if (*r->at == '\\' && r->at[1] != '\0')
            r->at++;
        else if (*r->at == '(')
            depth++;
        else if (*r->at == ')' && --depth == 0)
            continue;
        g_string_append_c(r->comment, *r->at);
    }
    r->has_comment = true;
}

static void phrase_gap(struct reader *r)
{
    if (r->blank && r->phrase->len > 0)
        g_string_append_c(r->phrase, ' ');
    r->blank = false;
    r->has_phrase = true;
}

/* A quoted string's content, without quotes; as a local part ("a b"@c) it keeps them. */
static void read_quoted(struct reader *r)
{
    phrase_gap(r);
    gsize start = r->phrase->len;
    const char *from = r->at;
    for (r->at++; *r->at != '\0' && *r->at != '"'; r->at++) {
        if (*r->at == '\\' && r->at[1] != '\0')
            r->at++;
        g_string_append_c(r->phrase, *r->at);
    }
    if (*r->at == '"')
        r->at++;
    if (*r->at == '@') {
        g_string_truncate(r->phrase, start);
        g_string_append_len(r->phrase, from, r->at - from);
    } else {
        r->quoted = true;
    }
}

static void read_angle(struct reader *r)
{
    const char *from = r->at + 1;
    if (r->has_spec) { /* <a><b>: the first stays */
        r->at += strcspn(r->at, ">,;");
        r->at += *r->at == '>' ? 1 : 0;
        return;
    }
    const char *p = from;
    for (bool quoted = false; *p != '\0' && (quoted || (*p != '>' && *p != '<')); p++) {
        if (*p == '\\' && p[1] != '\0')
            p++;
        else if (*p == '"')
            quoted = !quoted;
    }
    r->at = *p == '>' ? p + 1 : p;
    if (*from == '@') { /* source route: <@a,@b:c@d> */
        const char *colon = memchr(from, ':', (size_t)(p - from));
        from = colon != NULL ? colon + 1 : from;
    }
    for (bool quoted = false; from < p; from++) {
        quoted ^= *from == '"';
        if (*from != ' ' || quoted)
            g_string_append_c(r->spec, *from);
    }
    r->has_spec = true;
}

static void read_colon(struct reader *r)
{
    r->at++;
    if (r->in_group || r->has_spec || !r->has_phrase || strchr(r->phrase->str, '@') != NULL) {
        if (r->has_phrase && !r->has_spec && strchr(r->phrase->str, '@') == NULL)
            reader_reset(r); /* a group within a group: its name is dropped, its members stay */
        return;
    }
    char *name = name_of(r->phrase->str);
    group_open(r, name != NULL ? name : g_strdup(""));
    r->in_group = true;
    reader_reset(r);
}

static void read_atom(struct reader *r)
{
    size_t length = strcspn(r->at, " ()<>,;:\"");
    if (length == 0) { /* a stray ) or > */
        r->at++;
        return;
    }
    if (r->has_spec) { /* words behind <…> are noise */
        r->at += length;
        return;
    }
    char last = r->phrase->len > 0 ? r->phrase->str[r->phrase->len - 1] : '\0';
    bool dotted = (*r->at == '.' || last == '.') && strchr(r->phrase->str, '@') != NULL;
    bool joins = *r->at == '@' || last == '@' || dotted;
    if (joins)
        r->blank = false;
    phrase_gap(r);
    g_string_append_len(r->phrase, r->at, (gssize)length);
    r->at += length;
}

static void read_next(struct reader *r)
{
    switch (*r->at) {
    case ' ':
        r->blank = true;
        r->at++;
        break;
    case ',':
        mailbox_finish(r);
        r->at++;
        break;
    case ';':
        mailbox_finish(r);
        r->in_group = false;
        r->at++;
        break;
    case '(':
        read_comment(r);
        break;
    case '"':
        read_quoted(r);
        break;
    case '<':
        read_angle(r);
        break;
    case ':':
        read_colon(r);
        break;
    default:
        read_atom(r);
    }
}

GPtrArray *mime_form_grouped(const char *raw)
{
    g_autofree char *flat = text_unfold(raw);
    struct reader r = {.at = flat,
                       .phrase = g_string_new(NULL),
                       .spec = g_string_new(NULL),
                       .comment = g_string_new(NULL),
                       .groups = g_ptr_array_new_with_free_func(group_free)};
    while (*r.at != '\0')
        read_next(&r);
    mailbox_finish(&r);
    g_string_free(r.phrase, TRUE);
    g_string_free(r.spec, TRUE);
    g_string_free(r.comment, TRUE);
    return r.groups;
}

void mime_form_addresses(const char *raw, struct mail_addresses *out)
{
    g_autoptr(GPtrArray) groups = mime_form_grouped(raw);
    size_t count = 0;
    for (guint i = 0; i < groups->len; i++)
        count += ((struct mime_group *)g_ptr_array_index(groups, i))->addresses.count;
    out->count = count;
    out->items = count > 0 ? g_new(struct mail_address, count) : NULL;
    size_t at = 0;
    for (guint i = 0; i < groups->len; i++) {
        struct mime_group *group = g_ptr_array_index(groups, i);
        if (group->addresses.count == 0 || out->items == NULL)
            continue;
        memcpy(out->items + at, group->addresses.items,
               group->addresses.count * sizeof(struct mail_address));
        at += group->addresses.count;
        g_clear_pointer(&group->addresses.items, g_free); /* the strings moved */
        group->addresses.count = 0;
    }
}
