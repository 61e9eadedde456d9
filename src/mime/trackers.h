/* Who learns that a mail was read; only the sanitiser includes this. */
#ifndef POSTROOM_MIME_TRACKERS_H
#define POSTROOM_MIME_TRACKERS_H

#include <stdbool.h>

#define TRACKER_HOST_MAX 253

/* The host of an http(s) address, in lower case. (transfer full), NULL: it has none. */
char *tracker_host(const char *url);
/* The service that the host belongs to; NULL: none that is known. *is_certain: the address is one
 * by which that service counts readers, whatever the picture's size. */
const char *tracker_service(const char *url, const char *host, bool *is_certain);

#endif
