#include "store/sqlite/terms.h"

#include <string.h>

void terms_scope(int64_t account, char scope[TERMS_SCOPE_BYTES])
{
    size_t length = 0;
    /* The last byte of one is never a byte within another: no scope is the beginning of another. */
    for (; account >= 64; account /= 64)
        scope[length++] = (char)(0x80 | (account % 64));
    scope[length++] = (char)(0xc0 | account);
    scope[length] = '\0';
}

#define BODY_BIT 1U
#define QUOTED_BIT 2U
#define HEADER_BIT 4U

/* A word of the message, in place. */
struct word {
    const char *at;
    uint32_t length, fields; /* bits: where it was met */
    uint64_t hash;
};

/* The words that were met so far, each once: open addressing over `words`. */
struct word_set {
    struct word *words;
    uint32_t *slots; /* index + 1; 0: free */
    size_t count, mask;
};

struct making {
    struct word_set set;
    GString *out;
    uint64_t sum;
};

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return value ^ value >> 29;
}

static uint64_t hash_of(const char *at, size_t length)
{
    uint64_t hash = length, eight;
    for (; length >= sizeof eight; at += sizeof eight, length -= sizeof eight) {
        memcpy(&eight, at, sizeof eight);
        hash = mix(hash ^ GUINT64_FROM_LE(eight));
    }
    eight = 0;
    memcpy(&eight, at, length);
    return mix(hash ^ GUINT64_FROM_LE(eight));
}

static struct word *set_find(struct word_set *set, const char *at, size_t length)
{
    uint64_t hash = hash_of(at, length);
    size_t slot = hash & set->mask;
    for (; set->slots[slot] != 0; slot = (slot + 1) & set->mask) {
        struct word *known = &set->words[set->slots[slot] - 1];
        if (known->hash == hash && known->length == length && memcmp(known->at, at, length) == 0)
            return known;
    }
    set->words[set->count++] = (struct word){at, (uint32_t)length, 0, hash};
    set->slots[slot] = (uint32_t)set->count;
    return &set->words[set->count - 1];
}

static size_t count_words(const char *text)
{
    size_t count = 0;
    for (const char *p = text; p != NULL && *p != '\0'; p = strchr(p + 1, ' '))
        count++;
    return count;
}

/* Room for all words there may be. */
static void set_init(struct word_set *set, size_t most)
{
    size_t slots = 16;
    while (slots < 2 * most)
        slots *= 2;
    *set = (struct word_set){g_new(struct word, most + 1), g_new0(uint32_t, slots), 0, slots - 1};
}

static void put(struct making *making, const char *letter, const struct word *word)
{
    g_string_append_c(making->out, ' ');
    g_string_append(making->out, letter);
    g_string_append_len(making->out, word->at, (gssize)word->length);
    /* A sum: in which order they come does not matter. */
    making->sum += mix(word->hash + (unsigned char)letter[0]);
}

typedef void field_fn(struct making *making, const char *letter, uint32_t bit, struct word *word);

static void put_body(struct making *making, const char *letter, uint32_t bit, struct word *word)
{
    if ((word->fields & BODY_BIT) == 0)
        put(making, letter, word);
    word->fields |= bit | BODY_BIT;
}

static void put_header(struct making *making, const char *letter, uint32_t bit, struct word *word)
{
    if ((word->fields & bit) == 0)
        put(making, letter, word);
    if ((word->fields & (BODY_BIT | HEADER_BIT)) == 0)
        put(making, TERMS_HEADER, word);
    word->fields |= bit | HEADER_BIT;
}

static void put_field(struct making *making, const char *text, const char *letter, uint32_t bit,
                      field_fn *fn)
{
    for (const char *p = text; p != NULL && *p != '\0';) {
        const char *end = strchrnul(p, ' ');
        if (end > p)
            fn(making, letter, bit, set_find(&making->set, p, (size_t)(end - p)));
        p = *end == ' ' ? end + 1 : end;
    }
}

void terms_make(int64_t account, const struct store_index *index, struct terms *terms)
{
    const struct {
        const char *text, *letter;
        uint32_t bit;
        field_fn *put;
    } fields[] = {
        {index->body, "", BODY_BIT, put_body},
        {index->quoted, TERMS_QUOTED, QUOTED_BIT, put_body},
        {index->other, "", BODY_BIT, put_body},
        {index->subject, TERMS_SUBJECT, 1U << 3, put_header},
        {index->from, TERMS_FROM, 1U << 4, put_header},
        {index->to, TERMS_TO, 1U << 5, put_header},
        {index->cc, TERMS_CC, 1U << 6, put_header},
        {index->bcc, TERMS_BCC, 1U << 7, put_header},
        {index->filenames, TERMS_FILENAMES, 1U << 8, put_header},
    };
    struct making making = {.out = g_string_sized_new(1024)};
    char scope[TERMS_SCOPE_BYTES];
    size_t most = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        most += count_words(fields[i].text);
    set_init(&making.set, most);
    terms_scope(account, scope);
    g_string_append(making.out, scope);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        put_field(&making, fields[i].text, fields[i].letter, fields[i].bit, fields[i].put);
    g_free(making.set.words);
    g_free(making.set.slots);
    terms->hash = (int64_t)(mix(making.sum) & 0x7fffffff) | 1;
    terms->text = g_string_free(making.out, FALSE);
}

void terms_clear(struct terms *terms)
{
    g_clear_pointer(&terms->text, g_free);
    terms->hash = 0;
}

const char *const *terms_letters(enum store_filter_kind kind)
{
    static const char *const text[] = {"", TERMS_HEADER, TERMS_QUOTED, NULL};
    static const char *const body[] = {"", TERMS_QUOTED, NULL};
    static const char *const subject[] = {TERMS_SUBJECT, NULL}, *const from[] = {TERMS_FROM, NULL},
                             *const to[] = {TERMS_TO, NULL}, *const cc[] = {TERMS_CC, NULL},
                             *const bcc[] = {TERMS_BCC, NULL},
                             *const filenames[] = {TERMS_FILENAMES, NULL};
    switch (kind) {
    case STORE_TEXT:
        return text;
    case STORE_BODY:
        return body;
    case STORE_SUBJECT:
        return subject;
    case STORE_FROM:
        return from;
    case STORE_TO:
        return to;
    case STORE_CC:
        return cc;
    case STORE_BCC:
        return bcc;
    case STORE_FILENAME:
        return filenames;
    default:
        return NULL;
    }
}
