#include "mime/internal.h"

#include <string.h>

/* "re", "fw" and "fwd" of RFC 5256, and what the mailers of our languages and their neighbours put
 * in their place: with "AW:" left standing, an answer from a German Outlook would open a new
 * thread. */
static const char *const prefixes[] = {
    "re",        "fwd",    "fw",  "aw",   "wg",   "antw", "sv",    "vs",    "vb",    "rv",   "ynt",
    "ilt",       "i̇lt",    "cvp", "回复", "回覆", "答复", "答覆",  "转发",  "轉寄",  "轉發", "відп",
    "відповідь", "пересл", "на",  "нa",   "пер",  "השב",  "תשובה", "תגובה", "הועבר", "הע",
};

static const char *skip_blanks(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP; NULL when there is none. */
static const char *skip_blob(const char *at)
{
    if (*at != '[')
        return NULL;
    size_t length = strcspn(at + 1, "[]");
    return at[1 + length] == ']' ? skip_blanks(at + length + 2) : NULL;
}

/* Behind the colon when a subj-refwd stands here. The subject is folded already. */
static const char *skip_refwd(const char *at)
{
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        size_t length = strlen(prefixes[i]);
        if (strncmp(at, prefixes[i], length) != 0)
            continue;
        const char *next = skip_blanks(at + length);
        const char *blob = skip_blob(next);
        next = blob != NULL ? blob : next;
        if (*next == ':')
            return next + 1;
        if (strncmp(next, "：", strlen("：")) == 0)
            return next + strlen("：");
    }
    return NULL;
}

/* subj-leader = (*subj-blob subj-refwd) / WSP */
static const char *skip_leader(const char *at)
{
    if (*at == ' ')
        return skip_blanks(at);
    const char *start = at;
    for (const char *blob = at; blob != NULL; blob = skip_blob(blob))
        start = blob;
    for (const char *p = at; p != NULL && p <= start; p = skip_blob(p)) {
        const char *next = skip_refwd(p);
        if (next != NULL)
            return next;
    }
    return NULL;
}

static void cut_trailers(char *subject)
{
    for (size_t length = strlen(subject);;) {
        if (length > 0 && subject[length - 1] == ' ')
            length--;
        else if (length >= 5 && memcmp(subject + length - 5, "(fwd)", 5) == 0)
            length -= 5;
        else
            break;
        subject[length] = '\0';
    }
}

static const char *cut_leaders(const char *at)
{
    for (;;) {
        const char *next = skip_leader(at);
        if (next == NULL) {
            next = skip_blob(at);
            if (next == NULL || *next == '\0')
                return at;
        }
        at = next;
    }
}

static char *collapse(const char *subject)
{
    char *out = g_malloc(strlen(subject) + 1);
    size_t used = 0;
    for (; *subject != '\0'; subject++) {
        bool space = g_ascii_isspace(*subject);
        if (!space || used == 0 || out[used - 1] != ' ')
            out[used++] = space ? ' ' : *subject;
    }
    out[used] = '\0';
    return out;
}

static char *fold_case(const char *subject)
{
    for (const char *p = subject; *p != '\0'; p++)
        if (*p < 0)
            return g_utf8_casefold(subject, -1);
    return g_ascii_strdown(subject, -1);
}

char *mime_base_subject(const char *subject)
{
    if (subject == NULL)
        return g_strdup("");
    g_autofree char *folded = fold_case(subject);
    char *text = collapse(folded);
    for (;;) {
        cut_trailers(text);
        char *base = g_strdup(cut_leaders(text));
        g_free(text);
        size_t length = strlen(base);
        if (length < 6 || !g_str_has_prefix(base, "[fwd:") || base[length - 1] != ']')
            return base;
        text = g_strndup(base + 5, length - 6);
        g_free(base);
    }
}
