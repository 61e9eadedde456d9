#include "text/internal.h"
#include "text/text.h"

#include <pthread.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

/* Scripts below U+0600 (Latin, Greek, Cyrillic, Armenian, Hebrew) part their words by blanks and
 * signs: a table says what each character is and folds to, many times faster than a break iterator.
 * All above goes to ICU, whose dictionaries know Chinese, Japanese and Thai. */
struct walk {
    const char *text;
    size_t length;
    words_function *found;
    void *arg;
    char word[WORD_BYTES_MAX];
    size_t used, start;
    bool open, stopped;
};

/* The character at *at, which moves behind it; bad bytes count as U+FFFD, one at a time. */
static UChar32 decode(const char *text, size_t length, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text + *at;
    size_t left = length - *at;
    if (p[0] < 0x80 || (p[0] >= 0xc2 && p[0] < 0xe0 && left > 1 && (p[1] & 0xc0) == 0x80)) {
        *at += p[0] < 0x80 ? 1 : 2;
        return p[0] < 0x80 ? p[0] : (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    }
    gunichar c = g_utf8_get_char_validated(text + *at, (gssize)left);
    bool bad = c == (gunichar)-1 || c == (gunichar)-2 || c == 0;
    *at += bad ? 1 : (unsigned char)g_utf8_skip[p[0]];
    return bad ? 0xfffd : (UChar32)c;
}

static void emit(struct walk *w, size_t end)
{
    if (w->open && w->used > 0 && !w->stopped)
        w->stopped = !w->found(w->word, w->used, w->start, end, w->arg);
    w->open = false;
    w->used = 0;
}

static void append(struct walk *w, const char *bytes, size_t length, size_t start)
{
    if (!w->open) {
        w->open = true;
        w->start = start;
        w->used = 0;
    }
    if (w->used + length <= WORD_BYTES_MAX) {
        memcpy(w->word + w->used, bytes, length);
        w->used += length;
    }
}

/* The character behind `at`, 0 at the end; bad bytes count as U+FFFD. */
static UChar32 peek(const struct walk *w, size_t at)
{
    return at < w->length ? decode(w->text, w->length, &at) : 0;
}

static bool is_hebrew(UChar32 c)
{
    return c >= 0x5d0 && c <= 0x5f2;
}

static bool is_cyrillic(UChar32 c)
{
    return c >= 0x400 && c <= 0x52f;
}

static bool is_apostrophe(UChar32 c)
{
    return c == '\'' || c == 0x2019 || c == 0x2bc || c == 0x2018 || c == 0x2b9 || c == 0x60 ||
           c == 0xb4 || c == 0x201b || c == 0x2032 || c == 0xff07;
}

/* Signs inside a word that do not part it: п'ять (kept as '), צה"ל and ג'ירפה (dropped). */
static bool joins(struct walk *w, UChar32 before, UChar32 sign, size_t next)
{
    UChar32 after = peek(w, next);
    bool gershayim = sign == '"' || sign == 0x5f4 || sign == 0x5f3 ||
                     (sign >= 0x201c && sign <= 0x201f) || sign == 0x2033;
    if (is_hebrew(before) && is_hebrew(after))
        return gershayim || is_apostrophe(sign);
    /* Gershayim typed as two apostrophes. */
    if (is_hebrew(before) && is_apostrophe(sign) && after == sign)
        return is_hebrew(peek(w, next + U8_LENGTH(sign)));
    if (is_apostrophe(sign) && is_cyrillic(before) && is_cyrillic(after)) {
        append(w, "'", 1, 0);
        return true;
    }
    return false;
}

/* и or і with a mark of its own, when the letter came in two pieces. */
static bool compose_mark(struct walk *w, UChar32 before, UChar32 mark)
{
    char *last = w->word + w->used - 2;
    const char *whole = NULL;
    if (w->used >= 2 && mark == 0x306 && (before == 0x438 || before == 0x418))
        whole = "й";
    else if (w->used >= 2 && mark == 0x306 && (before == 0x443 || before == 0x423))
        whole = "ў";
    else if (w->used >= 2 && mark == 0x308 && (before == 0x456 || before == 0x406))
        whole = "ї";
    if (whole == NULL)
        return false;
    memcpy(last, whole, 2);
    return true;
}

static pthread_key_t breaker_key;

static void close_breaker(void *breaker)
{
    ubrk_close(breaker);
}

static void make_key(void)
{
    pthread_key_create(&breaker_key, close_breaker);
}

/* One iterator a thread: opening one costs more than breaking a mail. */
static UBreakIterator *breaker(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    UBreakIterator *it = pthread_getspecific(breaker_key);
    if (it == NULL) {
        UErrorCode status = U_ZERO_ERROR;
        it = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
        if (U_FAILURE(status))
            g_error("text: no word breaker (%s)", u_errorName(status));
        pthread_setspecific(breaker_key, it);
    }
    return it;
}

enum { RUN_UNITS = 2048, RUN_KEPT_BACK = 16 /* words */ };

struct run {
    UChar units[RUN_UNITS + 2];
    size_t offsets[RUN_UNITS + 3]; /* of each unit in the source */
    int count;
};

/* Letters above the table that belong to its scripts: ế, ẞ, ﬁ, שׁ in one piece, full-width A. Words
 * of ICU's own scripts end at them. */
static bool is_plain_letter(UChar32 c)
{
    bool block = (c >= 0x1c80 && c <= 0x1c8f) || (c >= 0x1d00 && c <= 0x1dbf) ||
                 (c >= 0x1e00 && c <= 0x1fff) || (c >= 0x2c60 && c <= 0x2c7f) ||
                 (c >= 0xa640 && c <= 0xa69f) || (c >= 0xa720 && c <= 0xa7ff) ||
                 (c >= 0xfb00 && c <= 0xfb4f) || (c >= 0xff10 && c <= 0xff5a) || c == 0x212a ||
                 c == 0x212b;
    return block && u_isalnum(c);
}

/* ICU keeps words together that a low line or a full stop parts in other scripts: file_name.pdf is
 * three words in any. */
static bool is_sign(UChar32 c)
{
    return c < FOLD_TABLE ? fold_table()[c].kind == CLASS_OTHER : u_ispunct(c);
}

/* Collects text for ICU: until a character of the table's scripts that makes words. */
static size_t collect(struct walk *w, size_t at, struct run *run)
{
    const struct fold_entry *table = fold_table();
    run->count = 0;
    while (at < w->length && run->count < RUN_UNITS) {
        size_t next = at;
        UChar32 c = decode(w->text, w->length, &next);
        if ((c < FOLD_TABLE && (table[c].kind == CLASS_WORD || c == '\n')) || is_plain_letter(c))
            break;
        if (is_sign(c))
            c = ' ';
        if (U_IS_SUPPLEMENTARY(c)) {
            run->offsets[run->count] = at;
            run->units[run->count++] = U16_LEAD(c);
        }
        run->offsets[run->count] = at;
        run->units[run->count++] = U_IS_SUPPLEMENTARY(c) ? U16_TRAIL(c) : (UChar)c;
        at = next;
    }
    run->offsets[run->count] = at;
    return at;
}

static bool is_han(UChar c)
{
    return (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff);
}

static bool is_han_word(const UChar *units, int from, int to)
{
    while (from < to && is_han(units[from]))
        from++;
    return from == to;
}

/* The dictionary has this whole piece as one word. */
static bool is_one_word(const UChar *units, int count)
{
    UErrorCode status = U_ZERO_ERROR;
    if (count < 2)
        return true;
    ubrk_setText(breaker(), units, count, &status);
    return ubrk_first(breaker()) == 0 && ubrk_next(breaker()) == count;
}

static void emit_run(struct walk *w, const struct run *run, int from, int to)
{
    char folded[WORD_BYTES_MAX];
    size_t length = fold_run(run->units + from, to - from, folded, sizeof folded);
    append(w, folded, length, run->offsets[from]);
    emit(w, run->offsets[to]);
}

/* The dictionary knows long words, and people search for their parts: 公司 in 有限公司, 邮件 in
 * 电子邮件. So a long one comes apart where both halves are words; in query and index alike. */
static void emit_han(struct walk *w, const struct run *run, int from, int to)
{
    static const int heads[] = {2, 1, 3, 4};
    while (to - from > 2) {
        int head = 0;
        for (size_t i = 0; head == 0 && i < G_N_ELEMENTS(heads); i++)
            if (heads[i] < to - from && is_one_word(run->units + from, heads[i]) &&
                is_one_word(run->units + from + heads[i], to - from - heads[i]))
                head = heads[i];
        if (head == 0)
            break;
        emit_run(w, run, from, from + head);
        from += head;
    }
    emit_run(w, run, from, to);
}

/* Of the older signs only those that are pictures: ™ is no emoji where words are meant. */
static bool is_emoji(const struct run *run, int at)
{
    UChar32 c = 0;
    U16_GET(run->units, 0, at, run->count, c);
    return u_hasBinaryProperty(c, c < 0x2600 ? UCHAR_EMOJI_PRESENTATION : UCHAR_EMOJI);
}

/* Where ICU's words of a run begin and end, in pairs, emoji among them; how many numbers. */
static int break_run(const struct run *run, int *bounds)
{
    UErrorCode status = U_ZERO_ERROR;
    int count = 0;
    UBreakIterator *it = breaker();
    ubrk_setText(it, run->units, run->count, &status);
    int from = ubrk_first(it);
    for (int to = ubrk_next(it); to != UBRK_DONE; from = to, to = ubrk_next(it)) {
        if (ubrk_getRuleStatus(it) < UBRK_WORD_NONE_LIMIT && !is_emoji(run, from))
            continue;
        bounds[count++] = from;
        bounds[count++] = to;
    }
    return count;
}

/* ICU's words of a run. One that touches the run's edge is complete, since runs end at other
 * scripts; where a run is full, its last words are left for the next. */
static size_t walk_complex(struct walk *w, size_t at)
{
    struct run run;
    int bounds[2 * RUN_UNITS + 4];
    size_t end = collect(w, at, &run);
    if (end == at)
        return at + 1;
    int count = break_run(&run, bounds);
    if (run.count >= RUN_UNITS && count > 2 * RUN_KEPT_BACK) {
        count -= 2 * RUN_KEPT_BACK;
        end = run.offsets[bounds[count]];
    }
    for (int i = 0; i < count && !w->stopped; i += 2) {
        if (bounds[i + 1] - bounds[i] > 2 && is_han_word(run.units, bounds[i], bounds[i + 1]))
            emit_han(w, &run, bounds[i], bounds[i + 1]);
        else
            emit_run(w, &run, bounds[i], bounds[i + 1]);
    }
    return end;
}

static bool append_plain(struct walk *w, UChar32 c, size_t at)
{
    UChar unit = (UChar)c;
    char folded[16];
    if (!is_plain_letter(c))
        return false;
    append(w, folded, fold_run(&unit, 1, folded, sizeof folded), at);
    return true;
}

static size_t walk_ascii(struct walk *w, size_t at, const struct fold_entry *table)
{
    const char *text = w->text;
    size_t start = at;
    while (at < w->length && text[at] > 0 && table[(unsigned char)text[at]].kind == CLASS_WORD)
        at++;
    if (!w->open) {
        w->open = true;
        w->start = start;
        w->used = 0;
    }
    size_t n = MIN(at - start, WORD_BYTES_MAX - w->used);
    for (size_t i = 0; i < n; i++)
        w->word[w->used + i] = table[(unsigned char)text[start + i]].utf8[0];
    w->used += n;
    return at;
}

/* One character that is no ASCII letter; returns where the next one starts. */
static size_t walk_other(struct walk *w, size_t at, UChar32 *before, const struct fold_entry *table)
{
    size_t next = at;
    UChar32 c = decode(w->text, w->length, &next);
    if (w->open && joins(w, *before, c, next))
        return next;
    if (append_plain(w, c, at)) {
        *before = c;
        return next;
    }
    bool mark = c >= FOLD_TABLE && fold_is_mark(c);
    if (c >= FOLD_TABLE && !mark && !(c >= 0x2000 && c <= 0x206f)) {
        emit(w, at);
        *before = 0;
        return walk_complex(w, at);
    }
    unsigned kind = mark ? CLASS_MARK : c < FOLD_TABLE ? table[c].kind : CLASS_OTHER;
    if (kind == CLASS_WORD)
        append(w, table[c].utf8, table[c].length, at);
    else if (kind == CLASS_OTHER)
        emit(w, at);
    else if (w->open)
        compose_mark(w, *before, c);
    if (kind != CLASS_MARK)
        *before = c;
    return next;
}

void words_walk(const char *utf8, size_t length, words_function *found, void *arg)
{
    const struct fold_entry *table = fold_table();
    struct walk w = {.text = utf8,
                     .length = MIN(length, (size_t)1 << 30),
                     .found = found,
                     .arg = arg};
    UChar32 before = 0;
    size_t at = 0;
    while (at < w.length && !w.stopped) {
        unsigned char c = (unsigned char)utf8[at];
        if (c < 0x80 && table[c].kind == CLASS_WORD) {
            at = walk_ascii(&w, at, table);
            before = (unsigned char)utf8[at - 1];
        } else if (c < 0x80 && c != '\'' && c != '"' && c != '`') {
            emit(&w, at++);
            before = c;
        } else {
            at = walk_other(&w, at, &before, table);
        }
    }
    emit(&w, w.length);
}

struct joined {
    GString *out;
    size_t left;
};

static bool join_word(const char *word, size_t length, size_t start, size_t end, void *arg)
{
    (void)start;
    (void)end;
    struct joined *joined = arg;
    if (joined->out->len > 0)
        g_string_append_c(joined->out, ' ');
    g_string_append_len(joined->out, word, (gssize)length);
    return --joined->left > 0;
}

char *text_index_words(const char *utf8, gssize length, size_t max_words)
{
    size_t size = length >= 0 ? (size_t)length : strlen(utf8);
    struct joined joined = {g_string_sized_new(size + 16), max_words > 0 ? max_words : SIZE_MAX};
    words_walk(utf8, size, join_word, &joined);
    return g_string_free(joined.out, FALSE);
}

#define TEXT_OF(number) G_STRINGIFY(number)

const char *text_version(void)
{
    return TEXT_OF(TEXT_VERSION) " ICU " U_ICU_VERSION;
}

#define QUERY_WORDS_MAX 32

char **text_query_words(const char *utf8)
{
    g_autofree char *joined = text_index_words(utf8, -1, QUERY_WORDS_MAX);
    return g_strsplit(joined, " ", *joined != '\0' ? -1 : 1);
}
