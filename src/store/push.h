/* Push subscriptions (RFC 8620, 7.2) as the person sees them who made them. A subscription is tied
 * to the credentials it was made with, a session, an API token or the password, and goes with them;
 * nobody else sees it. Its address and keys are sealed and never given back. */
#ifndef POSTROOM_STORE_PUSH_H
#define POSTROOM_STORE_PUSH_H

#include "store/access.h"

/* Limits for one person: subscriptions at once, and made in an hour (RFC 8620, 8.6). */
#define STORE_PUSH_MAX 32
#define STORE_PUSH_HOURLY 60
/* Where the credentials do not end by themselves, a subscription does: seconds. */
#define STORE_PUSH_LIFE (30 * INT64_C(86400))
/* One that was never verified is forgotten: seconds. */
#define STORE_PUSH_UNVERIFIED INT64_C(86400)

struct store_push {
    int64_t id;
    char *device;    /* deviceClientId */
    char *code;      /* the verification code once it was given back; NULL until then */
    int64_t expires; /* seconds since 1970; 0: with its session */
    char **types;    /* NULL: all */
};
void store_push_free(struct store_push *push);

struct store_push_new {
    const char *device;
    const struct secret *url;
    const struct secret *p256dh, *auth; /* base64, or NULL both */
    const char *const *types;
    int64_t expires; /* 0: none asked for */
};
/* (transfer full), with what was made of expires; the code is never in it. NULL with
 * ERROR_TOO_LARGE: the person has STORE_PUSH_MAX; ERROR_THROTTLED: has made STORE_PUSH_HOURLY
 * lately; ERROR_FORBIDDEN: the credentials ended. */
struct store_push *store_push_create(struct store *store, const struct store_principal *principal,
                                     const struct store_push_new *create, GError **error);
/* Those of these credentials that have not expired, by id. (transfer full) */
GPtrArray *store_pushes(struct store *store, const struct store_principal *principal,
                        GError **error);

struct store_push_change {
    const char *code; /* NULL: not given */
    bool sets_expires, sets_types;
    int64_t expires;          /* 0: null was asked for */
    const char *const *types; /* NULL: all */
};
/* ERROR_NOT_FOUND; ERROR_INVALID: this is not the code, and nothing was changed. *expires: what was
 * made of it. */
bool store_push_update(struct store *store, const struct store_principal *principal, int64_t id,
                       const struct store_push_change *change, int64_t *expires, GError **error);
bool store_push_destroy(struct store *store, const struct store_principal *principal, int64_t id,
                        GError **error);

#endif
