/* Base64 that is stored as bytes. The first byte chooses: a message, which must come back from what
 * is kept of it, byte for byte; or what is kept, any bytes, read as it comes in pieces, into room
 * that may be too small. */
#include "fuzz.h"
#include "store/sqlite/armour.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void fuzz_message(const uint8_t *bytes, size_t length)
{
    static struct armour_cutter cutter;
    struct armour_segment segment;
    struct armour_restored restored;
    size_t used = 0, end = 0;
    g_autofree uint8_t *kept = g_malloc(armour_bound(length));
    g_autofree uint8_t *again = g_malloc(length + 1);
    armour_cutter_init(&cutter, bytes, length);
    while (armour_cut(&cutter, &segment)) {
        require(segment.end > end && segment.length <= ARMOUR_SEGMENT);
        require(used + segment.head_length + segment.length <= armour_bound(length));
        memcpy(kept + used, segment.head, segment.head_length);
        memcpy(kept + used + segment.head_length, segment.bytes, segment.length);
        used += segment.head_length + segment.length;
        end = segment.end;
    }
    require(end == length);
    require(armour_restore(kept, used, again, length, &restored));
    require(restored.used == used && restored.written == length);
    require(memcmp(again, bytes, length) == 0);
}

static void fuzz_kept(const uint8_t *bytes, size_t length, size_t room_length, size_t step)
{
    g_autofree uint8_t *room = g_malloc(room_length + 1);
    struct armour_restored restored;
    size_t at = 0, written = 0;
    for (size_t there = MIN(step, length);; there = MIN(there + step, length)) {
        if (!armour_restore(bytes + at, there - at, room + written, room_length - written,
                            &restored))
            return;
        require(restored.used <= there - at && restored.written <= room_length - written);
        at += restored.used;
        written += restored.written;
        if (there == length)
            break;
    }
    /* What comes of any bytes is a message like others. */
    fuzz_message(room, written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    if (data[0] % 2 == 0)
        fuzz_message(data + 1, size - 1);
    else
        fuzz_kept(data + 3, size - 3, (size_t)data[1] << (data[0] >> 5), (size_t)data[2] + 1);
    return 0;
}
