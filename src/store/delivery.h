/* Push subscriptions as the one sees them who delivers (src/http/push.h). */
#ifndef POSTROOM_STORE_DELIVERY_H
#define POSTROOM_STORE_DELIVERY_H

#include "base/secret.h"
#include "store/push.h"

struct store_delivery {
    int64_t id;
    struct store_principal *principal; /* whose credentials it was made with; valid when loaded */
    struct secret *url;
    struct secret *p256dh, *auth; /* base64, or NULL both */
    char *code;
    bool sent, verified; /* the code went out; it came back */
    char **types;        /* NULL: all */
    int64_t ends;        /* seconds since 1970; nothing is sent from then on. 0: with its session */
    uint64_t told;       /* state up to which the receiver heard of changes */
};
void store_delivery_free(struct store_delivery *delivery);
/* A subscription that may be delivered to now; one that expired, whose credentials ended or which
 * the key file does not open is destroyed here. (transfer full) or NULL with ERROR_NOT_FOUND. */
struct store_delivery *store_delivery(struct store *store, int64_t id, GError **error);
/* Ids of all. (transfer full) int64_t */
GArray *store_deliveries(struct store *store, GError **error);
/* The code went out: it is never sent again. */
bool store_delivery_sent(struct store *store, int64_t id, GError **error);
/* The receiver heard of what changed up to this state. */
bool store_delivery_told(struct store *store, int64_t id, uint64_t state, GError **error);
/* The newest state of all accounts. */
uint64_t store_delivery_state(struct store *store);
/* The receiver wants no more. */
bool store_delivery_drop(struct store *store, int64_t id, GError **error);

#endif
