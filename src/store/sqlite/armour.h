/* Base64 in a message as the bytes it stands for, so that zstd sees these; and back, byte for byte.
 *
 * A message is cut into segments. A run is lines of base64 of one length, all ending in LF or all
 * in CRLF, of which the last may be shorter, with nothing in them that two texts could share: so
 * there is one way to write it again. All else is text, which stays as it is.
 *
 * As it is kept each segment begins with its number of bytes n and its kind, (n << 2 | kind), seven
 * bits a byte, lowest first, the highest bit set in all but the last. A run then has one byte, the
 * fourth part of its lines' length. n bytes follow. What is left of a run after its full lines is
 * its last line, whose end is not the run's. Pure, any thread. */
#ifndef POSTROOM_STORE_SQLITE_ARMOUR_H
#define POSTROOM_STORE_SQLITE_ARMOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A segment's bytes as they are kept, at most, and what stands before them. */
#define ARMOUR_SEGMENT ((size_t)64 * 1024)
#define ARMOUR_HEAD ((size_t)4)
/* Characters of a line of a run, and lines that are worth a segment. */
#define ARMOUR_LINE_MIN 16
#define ARMOUR_LINE_MAX 1020
#define ARMOUR_LINES_MIN 4

enum armour_kind { ARMOUR_TEXT, ARMOUR_LF, ARMOUR_CRLF };

/* Cuts a message; the bytes are not copied. */
struct armour_cutter {
    const char *bytes;
    size_t length;
    size_t at;      /* before this everything is cut */
    size_t run;     /* where the run begins that was found; it ends at `run_end` */
    size_t run_end; /* 0: none was found */
    bool within;    /* `at` is in the middle of a line */
    enum armour_kind kind;
    uint8_t width;
    size_t decoded;
    uint8_t room[ARMOUR_SEGMENT];
};

struct armour_segment {
    uint8_t head[ARMOUR_HEAD + 1];
    size_t head_length;
    enum armour_kind kind;
    const void *bytes; /* as they are kept; until the cutter moves on */
    size_t length;
    size_t end; /* offset in the message of what follows */
};

void armour_cutter_init(struct armour_cutter *cutter, const void *bytes, size_t length);
/* False: that was all. Reads a segment ahead, no more. */
bool armour_cut(struct armour_cutter *cutter, struct armour_segment *segment);

/* What a message of that length becomes, at most. */
size_t armour_bound(size_t length);

struct armour_restored {
    size_t used;    /* of what is kept: whole segments */
    size_t written; /* of the message */
};
/* Writes again as many segments as are there as a whole; ARMOUR_HEAD + 1 + ARMOUR_SEGMENT bytes
 * hold one for certain. False: these bytes are no such thing, or more than there is room for. */
bool armour_restore(const void *kept, size_t length, void *room, size_t room_length,
                    struct armour_restored *restored);

#endif
