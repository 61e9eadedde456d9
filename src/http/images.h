/* Images of mails by signed addresses: inline parts from the store, remote ones fetched by the
 * server, so that a reader's address and cookies never reach a sender. */
#ifndef POSTROOM_HTTP_IMAGES_H
#define POSTROOM_HTTP_IMAGES_H

#include "http/http.h"
#include "jmap/jmap.h"
#include "net/conn.h"

struct bytes_cache;
struct cancel;

/* Answers a request of mail-image/{token}. Blocks as long as a remote server takes. What a person
 * had fetched is kept in the cache, for them alone. */
void images_serve(struct http_request *request, struct jmap *jmap, const struct net_policy *policy,
                  struct bytes_cache *cache, struct cancel *cancel);

#endif
