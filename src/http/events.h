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

/* Answers a request of jmap/eventsource. */
void events_serve(struct events *events, struct http_request *request);

#endif
