#include "text/internal.h"
#include "text/text.h"

#include <string.h>

#define HITS_MAX 64
#define TERMS_MAX 64
#define TERM_WORDS_MAX 32
/* What belongs to one character, at most: more marks than that on a letter are no writing. */
#define CLUSTER_OCTETS_MAX 64
#define MARKS_OCTETS (strlen("<mark></mark>"))

struct hit {
    size_t start, end; /* bytes */
    guint term;
};

struct term {
    char **words;
    guint count;
    bool prefix;
};

/* The last words seen, for terms of several. */
struct seen {
    char word[WORD_BYTES_MAX];
    size_t length, start;
};

struct search {
    struct term terms[TERMS_MAX];
    guint term_count;
    struct seen seen[TERM_WORDS_MAX];
    guint count;
    GArray *hits;
};

static void add_term(struct search *search, const char *text)
{
    struct term *term = &search->terms[search->term_count];
    size_t length = strlen(text);
    bool prefix = length > 1 && text[length - 1] == '*';
    g_autofree char *bare = g_strndup(text, length - prefix);
    *term = (struct term){.words = g_strsplit(bare, " ", -1), .prefix = prefix};
    term->count = g_strv_length(term->words);
    if (term->count > 0 && term->count <= TERM_WORDS_MAX && *bare != '\0')
        search->term_count++;
    else
        g_strfreev(term->words);
}

static bool is_word(const struct seen *seen, const char *wanted, bool prefix)
{
    size_t length = strlen(wanted);
    return (prefix ? seen->length >= length : seen->length == length) &&
           memcmp(seen->word, wanted, length) == 0;
}

/* The term's words are the last ones seen; where they begin. */
static bool ends_here(const struct search *search, const struct term *term, size_t *start)
{
    if (term->count > search->count)
        return false;
    for (guint i = 0; i < term->count; i++) {
        const struct seen *seen = &search->seen[(search->count - 1 - i) % TERM_WORDS_MAX];
        if (!is_word(seen, term->words[term->count - 1 - i], term->prefix && i == 0))
            return false;
        *start = seen->start;
    }
    return true;
}

/* A hit within another is none of its own. */
static void add_hit(GArray *hits, const struct hit *hit)
{
    while (hits->len > 0 && g_array_index(hits, struct hit, hits->len - 1).start >= hit->start)
        g_array_set_size(hits, hits->len - 1);
    if (hits->len == 0 || g_array_index(hits, struct hit, hits->len - 1).end < hit->end)
        g_array_append_val(hits, *hit);
}

static bool note_word(const char *word, size_t length, size_t start, size_t end, void *arg)
{
    struct search *search = arg;
    struct seen *seen = &search->seen[search->count++ % TERM_WORDS_MAX];
    memcpy(seen->word, word, length);
    seen->length = length;
    seen->start = start;
    for (guint i = 0; i < search->term_count; i++) {
        struct hit hit = {.end = end, .term = i};
        if (ends_here(search, &search->terms[i], &hit.start))
            add_hit(search->hits, &hit);
    }
    return search->hits->len < HITS_MAX;
}

static size_t next_char(const char *text, size_t length, size_t at)
{
    at++;
    while (at < length && ((unsigned char)text[at] & 0xc0) == 0x80)
        at++;
    return at;
}

static bool is_joiner(gunichar c)
{
    return c == 0x200d;
}

/* A vowel or an end of a Korean syllable that came in pieces, the Thai and the Lao vowel am. */
static bool is_later_piece(gunichar c)
{
    return (c >= 0x1160 && c <= 0x11ff) || (c >= 0xd7b0 && c <= 0xd7ff) || c == 0xe33 || c == 0xeb3;
}

/* Stands on the character before it: marks, variation selectors, tones of skin, tags. */
static bool belongs_before(gunichar c)
{
    return c >= 0x300 && (g_unichar_ismark(c) || is_joiner(c) || c == 0x200c || is_later_piece(c) ||
                          (c >= 0x1f3fb && c <= 0x1f3ff) || (c >= 0xe0020 && c <= 0xe007f));
}

static bool is_regional(gunichar c)
{
    return c >= 0x1f1e6 && c <= 0x1f1ff;
}

/* Flags are pairs, counted from where the row of them begins. */
static bool is_second_of_flag(const char *text, size_t at)
{
    bool odd = false;
    const char *before = text + at;
    if (!is_regional(g_utf8_get_char(before)))
        return false;
    while (before > text && is_regional(g_utf8_get_char(g_utf8_prev_char(before)))) {
        before = g_utf8_prev_char(before);
        odd = !odd;
    }
    return odd;
}

/* Behind the character at `at` and all that belongs to it: accents, points, the parts of a flag or
 * of a family. */
static size_t next_cluster(const char *text, size_t length, size_t at)
{
    gunichar before = g_utf8_get_char(text + at);
    size_t next = next_char(text, length, at);
    bool flag = is_regional(before);
    while (next < length && next - at < CLUSTER_OCTETS_MAX) {
        gunichar c = g_utf8_get_char(text + next);
        if (!belongs_before(c) && !is_joiner(before) && !(flag && is_regional(c)))
            break;
        flag = flag && !is_regional(c);
        before = c;
        next = next_char(text, length, next);
    }
    return next;
}

/* The first hit of the window that has most of the terms, then most hits. */
static guint best_hit(const GArray *hits, size_t window)
{
    guint best = 0, most = 0;
    for (guint i = 0; i < hits->len; i++) {
        size_t end = g_array_index(hits, struct hit, i).start + window;
        guint64 terms = 0;
        guint count = 0;
        for (guint k = i; k < hits->len && g_array_index(hits, struct hit, k).end <= end; k++) {
            terms |= (guint64)1 << g_array_index(hits, struct hit, k).term;
            count++;
        }
        guint worth = (guint)__builtin_popcountll(terms) * 1000 + count;
        if (worth > most) {
            most = worth;
            best = i;
        }
    }
    return best;
}

static const char *escape_of(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* So much text before the hit leaves it in sight where a line of a list shows the beginning. */
#define COLUMNS_BEFORE 34

/* Some text before the hit: from behind a blank if one is near, never within a character. */
static size_t window_start(const char *text, size_t hit, size_t octets)
{
    size_t start = hit, used = 0;
    for (int columns = 0; start > 0 && columns < COLUMNS_BEFORE && used < octets;) {
        size_t after = start;
        start = (size_t)(g_utf8_prev_char(text + start) - text);
        const char *escape = escape_of(text[start]);
        used += escape != NULL ? strlen(escape) : after - start;
        columns += g_unichar_iswide(g_utf8_get_char(text + start)) ? 2 : 1;
    }
    if (start == 0)
        return 0;
    for (size_t i = start; i < hit && i < start + 16; i++)
        if (text[i] == ' ' || text[i] == '\n')
            return i + 1;
    size_t at = start;
    while (at < hit && (belongs_before(g_utf8_get_char(text + at)) ||
                        is_joiner(g_utf8_get_char(g_utf8_prev_char(text + at)))))
        at = next_char(text, hit, at);
    return is_second_of_flag(text, at) ? next_char(text, hit, at) : at;
}

struct writer {
    GString *out;
    size_t left;  /* octets */
    size_t shown; /* characters of text */
    bool space;   /* one is due before the next character */
};

static bool put(struct writer *w, const char *bytes, size_t length)
{
    if (length > w->left) {
        w->left = 0;
        return false;
    }
    g_string_append_len(w->out, bytes, (gssize)length);
    w->left -= length;
    return true;
}

static bool put_space(struct writer *w)
{
    bool due = w->space && w->shown > 0;
    w->space = false;
    return !due || put(w, " ", 1);
}

static bool put_cluster(struct writer *w, const char *at, size_t length)
{
    const char *escape = escape_of(*at);
    bool whole = w->left >= (escape != NULL ? strlen(escape) + length - 1 : length);
    if (!whole)
        w->left = 0;
    w->shown += whole;
    return whole && (escape == NULL || put(w, escape, strlen(escape))) &&
           put(w, at + (escape != NULL), length - (escape != NULL));
}

/* False: not all of it had room. */
static bool put_text(struct writer *w, const char *text, size_t from, size_t to)
{
    bool whole = true;
    while (from < to && whole) {
        size_t next = next_cluster(text, to, from);
        unsigned char c = (unsigned char)text[from];
        if (c <= ' ' || c == 0x7f)
            w->space = true;
        else
            whole = put_space(w) && put_cluster(w, text + from, next - from);
        from = next;
    }
    return whole;
}

/* A hit that has no room is left out, since half a word is none; but the first is shown as far as
 * it goes. */
static void put_hit(struct writer *w, const char *text, const struct hit *hit, bool first)
{
    put_space(w);
    if (w->left <= MARKS_OCTETS) {
        w->left = 0;
        return;
    }
    w->left -= MARKS_OCTETS;
    size_t before = w->out->len;
    g_string_append(w->out, "<mark>");
    size_t inside = w->out->len;
    bool whole = put_text(w, text, hit->start, hit->end);
    w->space = false;
    if (w->out->len == inside || (!whole && !first))
        g_string_truncate(w->out, before);
    else
        g_string_append(w->out, "</mark>");
}

static char *write_window(const char *text, size_t length, const GArray *hits, guint first,
                          size_t max)
{
    struct writer w = {.out = g_string_new(NULL), .left = max};
    const struct hit *hit = &g_array_index(hits, struct hit, first);
    size_t at = window_start(text, hit->start, max / 4);
    if (at > 0)
        put(&w, "…", strlen("…"));
    bool marked = false;
    for (guint i = 0; i < hits->len && w.left > 0; i++) {
        hit = &g_array_index(hits, struct hit, i);
        if (hit->start < at)
            continue;
        put_text(&w, text, at, hit->start);
        put_hit(&w, text, hit, !marked);
        marked = true;
        at = hit->end;
    }
    put_text(&w, text, at, length);
    return g_string_free(w.out, FALSE);
}

char *text_snippet(const char *utf8, const char *const *terms, size_t max_octets)
{
    g_autofree char *valid = g_utf8_validate(utf8, -1, NULL) ? NULL : g_utf8_make_valid(utf8, -1);
    const char *text = valid != NULL ? valid : utf8;
    size_t length = strlen(text);
    struct search *search = g_new0(struct search, 1);
    char *snippet = NULL;
    search->hits = g_array_new(FALSE, FALSE, sizeof(struct hit));
    for (; *terms != NULL && search->term_count < TERMS_MAX; terms++)
        add_term(search, *terms);
    words_walk(text, length, note_word, search);
    if (search->hits->len > 0)
        snippet = write_window(text, length, search->hits,
                               best_hit(search->hits, max_octets * 3 / 4), max_octets);
    for (guint i = 0; i < search->term_count; i++)
        g_strfreev(search->terms[i].words);
    g_array_free(search->hits, TRUE);
    g_free(search);
    return snippet;
}
