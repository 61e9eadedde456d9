/* Threads that turn raw messages into what the store keeps: few, for all accounts together, so that
 * a first sync uses every core while its session goes on fetching. */
#ifndef POSTROOM_SYNC_PARSERS_H
#define POSTROOM_SYNC_PARSERS_H

#include <stddef.h>

struct parsers;

/* budget: bytes of messages that may wait or be worked on at a time. The threads are made with the
 * first work. (transfer full) */
struct parsers *parsers_new(unsigned threads, size_t budget);
/* After everything that was given is done. */
void parsers_free(struct parsers *parsers);
/* Has fn(arg) run soon on one of the threads. What does not fit the budget is run by the caller
 * before this returns, which holds back the one who brings too much. Of what is larger than all of
 * the budget there is one at a time, beside it: who brings another waits. Any thread. */
void parsers_run(struct parsers *parsers, size_t bytes, void (*fn)(void *arg), void *arg);

#endif
