#include "text/internal.h"
#include "text/text.h"

#include <pthread.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

static const UNormalizer2 *compat_fold, *compose, *decompose;
static struct fold_entry table[FOLD_TABLE];

/* Letters that no normal form takes apart, apostrophes, and the Hebrew letters that look otherwise
 * at the end of a word: who types מסמך also means מסמכים. */
static const struct {
    UChar from;
    const char *to;
} plain_letters[] = {{0x131, "i"}, {0xe6, "ae"},  {0x153, "oe"}, {0xf8, "o"},  {0x142, "l"},
                     {0x111, "d"}, {0xf0, "d"},   {0xfe, "th"},  {0x127, "h"}, {0x2019, "'"},
                     {0x2bc, "'"}, {0x2018, "'"}, {0x2b9, "'"},  {0x5da, "כ"}, {0x5dd, "מ"},
                     {0x5df, "נ"}, {0x5e3, "פ"},  {0x5e5, "צ"}};

/* Marks that only colour a letter: accents, Hebrew points, Arabic vowels and the stretcher. In
 * other scripts marks are letters in all but name (Thai, Hindi) and stay. */
bool fold_is_mark(int c)
{
    if (c == 0x5be || c == 0x5c0 || c == 0x5c3 || c == 0x5c6)
        return false; /* Hebrew signs that part words: בית־ספר */
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x591 && c <= 0x5c7) || (c >= 0x610 && c <= 0x61a) ||
           (c >= 0x64b && c <= 0x65f) || c == 0x670 || c == 0x640 || (c >= 0x1ab0 && c <= 0x1aff) ||
           (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0x20d0 && c <= 0x20ff) ||
           (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xfe20 && c <= 0xfe2f) || c == 0xad ||
           c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfb1e || c == 0xfeff;
}

/* й and ї are letters of their own; ё is not (as Ukrainian and Russian dictionaries sort). */
static bool mark_is_kept(UChar base, UChar mark)
{
    return (mark == 0x306 && (base == 0x438 || base == 0x443)) || (mark == 0x308 && base == 0x456);
}

static int drop_marks(UChar *text, int length)
{
    int used = 0;
    for (int i = 0; i < length; i++) {
        if (fold_is_mark(text[i]) && !(used > 0 && mark_is_kept(text[used - 1], text[i])))
            continue;
        text[used++] = text[i];
    }
    return used;
}

static size_t put_plain(UChar c, char *out, size_t room)
{
    for (size_t i = 0; i < G_N_ELEMENTS(plain_letters); i++)
        if (plain_letters[i].from == c && strlen(plain_letters[i].to) <= room) {
            memcpy(out, plain_letters[i].to, strlen(plain_letters[i].to));
            return strlen(plain_letters[i].to);
        }
    return 0;
}

static size_t to_utf8(const UChar *text, int length, char *out, size_t room)
{
    size_t used = 0;
    for (int i = 0; i < length;) {
        size_t plain = put_plain(text[i], out + used, room - used);
        if (plain > 0) {
            used += plain;
            i++;
            continue;
        }
        UChar32 c = 0;
        U16_NEXT(text, i, length, c);
        char utf8[6];
        size_t n = (size_t)g_unichar_to_utf8(U_IS_SURROGATE(c) ? 0xfffd : (gunichar)c, utf8);
        if (used + n > room)
            break;
        memcpy(out + used, utf8, n);
        used += n;
    }
    return used;
}

enum { RUN = 256 };

static size_t fold_small(const UChar *text, int length, char *out, size_t room)
{
    UChar folded[RUN * 4], apart[RUN * 6];
    UErrorCode status = U_ZERO_ERROR;
    int n = unorm2_normalize(compat_fold, text, length, folded, G_N_ELEMENTS(folded), &status);
    n = unorm2_normalize(decompose, folded, n, apart, G_N_ELEMENTS(apart), &status);
    if (U_FAILURE(status))
        return to_utf8(text, length, out, room);
    n = drop_marks(apart, n);
    n = unorm2_normalize(compose, apart, n, folded, G_N_ELEMENTS(folded), &status);
    return U_FAILURE(status) ? to_utf8(apart, n, out, room) : to_utf8(folded, n, out, room);
}

static void make_entry(UChar32 c)
{
    struct fold_entry *entry = &table[c];
    UChar text = (UChar)c;
    if (fold_is_mark(c)) {
        entry->kind = CLASS_MARK;
        return;
    }
    int8_t type = u_charType(c);
    bool apostrophe = c == 0x2bc || c == 0x2b9; /* letters to Unicode, signs as people type them */
    bool word =
        !apostrophe && (u_isalnum(c) || type == U_MODIFIER_LETTER || type == U_NON_SPACING_MARK);
    entry->kind = word ? CLASS_WORD : CLASS_OTHER;
    entry->length = (unsigned char)fold_small(&text, 1, entry->utf8, sizeof entry->utf8);
}

static void make_table(void)
{
    UErrorCode status = U_ZERO_ERROR;
    compat_fold = unorm2_getNFKCCasefoldInstance(&status);
    compose = unorm2_getNFCInstance(&status);
    decompose = unorm2_getNFDInstance(&status);
    if (U_FAILURE(status))
        g_error("text: ICU's data is missing (%s)", u_errorName(status));
    for (UChar32 c = 0; c < FOLD_TABLE; c++)
        make_entry(c);
}

const struct fold_entry *fold_table(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_table);
    return table;
}

size_t fold_run(const unsigned short *text, int length, char *out, size_t room)
{
    fold_table();
    size_t used = 0;
    for (int at = 0; at < length && used < room;) {
        int n = MIN(length - at, RUN);
        if (at + n < length)
            U16_SET_CP_START(text, at, n);
        if (n <= 0)
            break;
        used += fold_small(text + at, n, out + used, room - used);
        at += n;
    }
    return used;
}

static void fold_rest(const char *utf8, size_t length, GString *out)
{
    int need = 0;
    UErrorCode status = U_ZERO_ERROR;
    g_autofree UChar *wide = g_new(UChar, length + 1);
    u_strFromUTF8WithSub(wide, (int)length + 1, &need, utf8, (int)length, 0xfffd, NULL, &status);
    if (U_FAILURE(status))
        return;
    size_t room = (size_t)need * 12 + 16;
    g_autofree char *folded = g_malloc(room);
    g_string_append_len(out, folded, (gssize)fold_run(wide, need, folded, room));
}

char *text_fold(const char *utf8)
{
    const struct fold_entry *entries = fold_table();
    GString *out = g_string_sized_new(strlen(utf8) + 8);
    const char *at = utf8;
    for (; *at > 0; at++)
        g_string_append_len(out, entries[(unsigned char)*at].utf8,
                            entries[(unsigned char)*at].length);
    if (*at != '\0')
        fold_rest(at, MIN(strlen(at), (size_t)1 << 24), out);
    return g_string_free(out, FALSE);
}
