/* Push by event source (RFC 8620, 7.3): what the store reports goes to every stream of a person who
 * may see the account, gathered for a quarter of a second, and LinkedAccount for a second. */
#ifndef POSTROOM_HTTP_EVENTS_H
#define POSTROOM_HTTP_EVENTS_H

#include "exec/exec.h"
#include "http/http.h"
#include "jmap/jmap.h"

struct events;

/* Starts listening to the store. Everything is borrowed. */
struct events *events_new(struct exec *exec, struct jmap *jmap, struct store *store);
/* Closes the streams, stops listening, waits for the task. Later requests get an ended stream. */
void events_stop(struct events *events);
void events_free(struct events *events);

/* Where changes go. All are called by one task at a time, or when it has ended. */
struct event_sink {
    /* A StateChange (NULL: nothing changed) and what names the state that it leads to, or NULL. */
    void (*tell)(void *arg, const json_t *change, const char *id);
    bool (*is_open)(void *arg);
    void (*end)(void *arg); /* nothing more will come */
    void (*release)(void *arg);
    void *arg;
};
/* Tells a person's sink of these types (NULL: all), beginning with what was missed since last_id
 * (NULL: nothing), until it is not open any more. Copies all but the sink's arg, which it releases.
 * False: that person has too many. */
bool events_listen(struct events *events, struct store_principal *principal,
                   const char *const *types, const char *last_id, const struct event_sink *sink);
/* Forgets sinks that are not open any more, soon. */
void events_sweep(struct events *events);

/* Answers a request of jmap/eventsource. */
void events_serve(struct events *events, struct http_request *request);

#endif
