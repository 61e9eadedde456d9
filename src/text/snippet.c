#include "text/internal.h"
#include "text/text.h"

#include <string.h>

#define HITS_MAX 2000

struct hit {
    size_t start, end; /* bytes */
};

struct search {
    const char *const *words;
    GArray *hits;
};

static bool is_wanted(const char *word, size_t length, const char *const *words)
{
    for (; *words != NULL; words++) {
        size_t wanted = strlen(*words);
        if (wanted > 1 && (*words)[wanted - 1] == '*') {
            if (length >= wanted - 1 && memcmp(word, *words, wanted - 1) == 0)
                return true;
        } else if (length == wanted && memcmp(word, *words, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool note_hit(const char *word, size_t length, size_t start, size_t end, void *arg)
{
    struct search *search = arg;
    if (!is_wanted(word, length, search->words))
        return true;
    struct hit hit = {start, end};
    g_array_append_val(search->hits, hit);
    return search->hits->len < HITS_MAX;
}

/* Moves `at` by up to count characters, backward or forward, within [0, length]. */
static size_t step_back(const char *text, size_t at, size_t count)
{
    while (at > 0 && count > 0) {
        at--;
        while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
            at--;
        count--;
    }
    return at;
}

static size_t step_forward(const char *text, size_t length, size_t at, size_t count)
{
    while (at < length && count > 0) {
        at++;
        while (at < length && ((unsigned char)text[at] & 0xc0) == 0x80)
            at++;
        count--;
    }
    return at;
}

/* The first of the hits whose window of max characters holds most hits. */
static guint best_hit(const char *text, size_t length, const GArray *hits, size_t max)
{
    guint best = 0, most = 0;
    for (guint i = 0; i < hits->len; i++) {
        size_t end =
            step_forward(text, length, g_array_index(hits, struct hit, i).start, max * 3 / 4);
        guint count = 0;
        for (guint k = i; k < hits->len && count < 20; k++)
            count += g_array_index(hits, struct hit, k).end <= end ? 1 : 0;
        if (count > most) {
            most = count;
            best = i;
        }
        if (count >= 20)
            break;
    }
    return best;
}

/* The window starts behind a blank, if one is near. */
static size_t start_at_word(const char *text, size_t start, size_t hit)
{
    if (start == 0)
        return 0;
    for (size_t i = start; i < hit && i < start + 24; i++)
        if (text[i] == ' ' || text[i] == '\n')
            return i + 1;
    return start;
}

struct writer {
    GString *out;
    size_t left; /* characters */
    bool space;
};

static void put_char(struct writer *w, const char *at, size_t length)
{
    if (w->left == 0)
        return;
    w->left--;
    if (length > 1)
        g_string_append_len(w->out, at, (gssize)length);
    else if (*at == '<')
        g_string_append(w->out, "&lt;");
    else if (*at == '>')
        g_string_append(w->out, "&gt;");
    else if (*at == '&')
        g_string_append(w->out, "&amp;");
    else if (*at == '"')
        g_string_append(w->out, "&quot;");
    else if (*at == '\'')
        g_string_append(w->out, "&#39;");
    else
        g_string_append_c(w->out, *at);
}

static void put_text(struct writer *w, const char *text, size_t from, size_t to)
{
    while (from < to && w->left > 0) {
        size_t next = step_forward(text, to, from, 1);
        unsigned char c = (unsigned char)text[from];
        bool blank = c <= ' ' || c == 0x7f;
        if (!blank) {
            if (w->space && w->out->len > 0)
                put_char(w, " ", 1);
            put_char(w, text + from, next - from);
        }
        w->space = blank || (w->space && blank);
        from = next;
    }
}

static char *write_window(const char *text, size_t length, const GArray *hits, guint first,
                          size_t max)
{
    const struct hit *hit = &g_array_index(hits, struct hit, first);
    size_t start = start_at_word(text, step_back(text, hit->start, max / 4), hit->start);
    struct writer w = {g_string_new(NULL), max, false};
    if (start > 0)
        put_char(&w, "…", strlen("…"));
    size_t at = start;
    for (guint i = 0; i < hits->len && w.left > 0; i++) {
        hit = &g_array_index(hits, struct hit, i);
        if (hit->start < at)
            continue;
        put_text(&w, text, at, hit->start);
        if (w.space && w.out->len > 0 && w.left > 1)
            put_char(&w, " ", 1);
        w.space = false;
        if (w.left == 0)
            break;
        g_string_append(w.out, "<mark>");
        put_text(&w, text, hit->start, hit->end);
        g_string_append(w.out, "</mark>");
        at = hit->end;
    }
    put_text(&w, text, at, length);
    return g_string_free(w.out, FALSE);
}

char *text_snippet(const char *utf8, const char *const *words, size_t max_chars)
{
    const char *bad = NULL;
    g_autofree char *valid = g_utf8_validate(utf8, -1, &bad) ? NULL : g_utf8_make_valid(utf8, -1);
    const char *text = valid != NULL ? valid : utf8;
    size_t length = strlen(text);
    struct search search = {words, g_array_new(FALSE, FALSE, sizeof(struct hit))};
    words_walk(text, length, note_hit, &search);
    char *snippet = NULL;
    if (search.hits->len > 0 && max_chars > 0)
        snippet = write_window(text, length, search.hits,
                               best_hit(text, length, search.hits, max_chars), max_chars);
    g_array_free(search.hits, TRUE);
    return snippet;
}
