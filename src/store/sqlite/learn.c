#include "store/sqlite/learn.h"

#include "store/sqlite/armour.h"
#include "store/sqlite/pack.h"

#include <stdint.h>
#include <string.h>
#include <zdict.h>

#define DICTIONARY_BYTES ((size_t)64 * 1024)
/* Of them the tables of codes and the number have this, at most. */
#define TABLES_BYTES ((size_t)1024)
/* A dictionary is that much smaller than what it is made of, else it only repeats it. */
#define SAMPLE_RATIO 16
#define DICTIONARY_LEAST ((size_t)8 * 1024)
/* A run of base64 that is longer is an attachment, not text. */
#define ATTACHMENT_BYTES ((size_t)4 * 1024)

/* Pieces that the dictionary is made of have so many bytes, at most. */
#define PIECE_BYTES ((size_t)512)
/* What is counted: strings of so many bytes, by their hash. */
#define STRING_BYTES ((size_t)8)
#define HASH_BITS 18
#define HASHES ((size_t)1 << HASH_BITS)
/* Pieces are taken from so many times fewer parts of the samples than there are pieces. */
#define PIECES_OF_PART 4

void learn_samples_init(struct learn_samples *samples)
{
    samples->bytes = g_byte_array_new();
    samples->sizes = g_array_new(FALSE, FALSE, sizeof(size_t));
}

void learn_samples_clear(struct learn_samples *samples)
{
    g_clear_pointer(&samples->bytes, g_byte_array_unref);
    g_clear_pointer(&samples->sizes, g_array_unref);
}

void learn_add(struct learn_samples *samples, const void *bytes, size_t length)
{
    length = MIN(length, LEARN_SAMPLE);
    if (length == 0)
        return;
    g_byte_array_append(samples->bytes, bytes, (guint)length);
    g_array_append_val(samples->sizes, length);
}

void learn_add_message(struct learn_samples *samples, const void *bytes, size_t length)
{
    struct armour_cutter *cutter = g_new(struct armour_cutter, 1);
    struct armour_segment segment;
    size_t sample = 0;
    armour_cutter_init(cutter, bytes, length);
    while (sample < LEARN_SAMPLE && armour_cut(cutter, &segment)) {
        if (segment.kind != ARMOUR_TEXT && segment.length > ATTACHMENT_BYTES)
            continue;
        size_t part = MIN(segment.length, LEARN_SAMPLE - sample);
        g_byte_array_append(samples->bytes, segment.bytes, (guint)part);
        sample += part;
    }
    if (sample > 0)
        g_array_append_val(samples->sizes, sample);
    g_free(cutter);
}

/* --- the pieces that have most of what many samples have */

struct counts {
    uint32_t samples[HASHES]; /* how many other samples have such a string; 0 once it is taken */
    uint32_t last[HASHES];    /* the sample it was last met in, from 1 */
    uint32_t here[HASHES];    /* how often it is in the piece that is looked at */
};

static size_t hash_of(const uint8_t *string)
{
    uint64_t number = 0;
    memcpy(&number, string, STRING_BYTES);
    return (size_t)((number * UINT64_C(0xcf1bbcdcb7a56463)) >> (64 - HASH_BITS));
}

static void count_strings(const struct learn_samples *samples, struct counts *counts)
{
    const uint8_t *bytes = samples->bytes->data;
    for (guint i = 0; i < samples->sizes->len; i++) {
        size_t size = g_array_index(samples->sizes, size_t, i);
        for (size_t at = 0; at + STRING_BYTES <= size; at++) {
            size_t hash = hash_of(bytes + at);
            if (counts->last[hash] == i + 1)
                continue;
            if (counts->last[hash] != 0)
                counts->samples[hash]++;
            counts->last[hash] = i + 1;
        }
        bytes += size;
    }
}

/* Where strings begin: the first, and behind the last. */
struct piece {
    size_t from, to;
};

/* The piece of this part whose strings, each counted once, are in the most samples; without what is
 * worth nothing at both ends. Empty when nothing is worth anything. */
static struct piece best_piece(struct counts *counts, const uint8_t *bytes, struct piece part)
{
    struct piece best = {part.from, part.from}, now = best;
    uint64_t most = 0, worth = 0;
    for (; now.to < part.to; now.to++) {
        size_t hash = hash_of(bytes + now.to);
        if (counts->here[hash]++ == 0)
            worth += counts->samples[hash];
        if (now.to - now.from + STRING_BYTES > PIECE_BYTES) {
            hash = hash_of(bytes + now.from++);
            if (--counts->here[hash] == 0)
                worth -= counts->samples[hash];
        }
        if (worth > most) {
            most = worth;
            best = (struct piece){now.from, now.to + 1};
        }
    }
    for (; now.from < now.to; now.from++)
        counts->here[hash_of(bytes + now.from)] = 0;
    while (best.from < best.to && counts->samples[hash_of(bytes + best.from)] == 0)
        best.from++;
    while (best.from < best.to && counts->samples[hash_of(bytes + best.to - 1)] == 0)
        best.to--;
    return best;
}

/* Fills the room from its end, since what is nearest to a message costs least to name; answers how
 * much is left at its beginning. */
static size_t fill(struct counts *counts, const struct learn_samples *samples, uint8_t *room,
                   size_t size)
{
    const uint8_t *bytes = samples->bytes->data;
    size_t strings = samples->bytes->len - STRING_BYTES + 1;
    size_t parts = MAX(size / PIECE_BYTES / PIECES_OF_PART, 1), each = strings / parts;
    size_t left = size, empty = 0;
    for (size_t i = 0; left > STRING_BYTES && empty < parts; i = (i + 1) % parts) {
        struct piece piece = best_piece(counts, bytes, (struct piece){i * each, (i + 1) * each});
        empty = piece.from < piece.to ? 0 : empty + 1;
        if (empty > 0)
            continue;
        size_t length = MIN(piece.to - piece.from + STRING_BYTES - 1, left);
        left -= length;
        memcpy(room + left, bytes + piece.from, length);
        for (size_t at = piece.from; at < piece.to; at++)
            counts->samples[hash_of(bytes + at)] = 0;
    }
    return left;
}

GBytes *learn_dictionary(const struct learn_samples *samples)
{
    size_t size = MIN(DICTIONARY_BYTES, samples->bytes->len / SAMPLE_RATIO);
    if (size < DICTIONARY_LEAST)
        return NULL;
    g_autofree struct counts *counts = g_new0(struct counts, 1);
    g_autofree uint8_t *pieces = g_malloc(size);
    g_autofree uint8_t *room = g_malloc(size);
    count_strings(samples, counts);
    size_t free_before = fill(counts, samples, pieces, size - TABLES_BYTES);
    ZDICT_params_t params = {.compressionLevel = PACK_LEVEL};
    size_t used = ZDICT_finalizeDictionary(room, size, pieces + free_before,
                                           size - TABLES_BYTES - free_before, samples->bytes->data,
                                           (const size_t *)(void *)samples->sizes->data,
                                           samples->sizes->len, params);
    return ZDICT_isError(used) ? NULL : g_bytes_new(room, used);
}
