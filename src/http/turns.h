/* Turns of people at the workers: each has so many at once, and what they ask for besides waits
 * without a worker, so that one person's many requests do not fill the queue of all. Thread-safe.
 */
#ifndef POSTROOM_HTTP_TURNS_H
#define POSTROOM_HTTP_TURNS_H

#include <stdbool.h>
#include <stdint.h>

struct turns;

struct turns *turns_new(unsigned each);
/* Nothing waits any more. */
void turns_free(struct turns *turns);

/* true: it is the user's turn, until turns_end. false: what waits, borrowed, until then. user 0 is
 * nobody, and never waits. */
bool turns_begin(struct turns *turns, int64_t user, void *what);
/* What has its turn now instead, NULL: nothing waits. */
void *turns_end(struct turns *turns, int64_t user);

#endif
