/* HTTP requests to others, over libcurl: OAuth, Graph, images of mails. Blocking; any thread;
 * deadlines and cancel.
 *
 * Names are resolved by net (bounded threads, deadline) and the connection is made to those very
 * addresses, so what was checked is what is dialled. Environment variables about proxies are
 * ignored: only the policy's proxy and the request's own count, and it is net that speaks to them.
 * Certificates are always verified. Nothing here logs. */
#ifndef POSTROOM_HTTPC_HTTPC_H
#define POSTROOM_HTTPC_HTTPC_H

#include "base/error.h"
#include "base/secret.h"
#include "net/conn.h"

#include <glib.h>

struct httpc_request {
    const char *method;          /* "GET" or "POST" */
    const char *url;             /* http or https, without user:password; never logged whole */
    const char *const *headers;  /* "Name: value", NULL-terminated, or NULL; no secrets */
    const struct secret *bearer; /* Authorization: Bearer, or NULL; not sent on to another origin */
    const struct secret *body;   /* POST body (it may hold secrets), or NULL */
    const char *content_type;
    const char *ca_file;  /* PEM file trusted besides the system's; NULL: the system's only */
    enum net_class class; /* NET_USER: the address is checked at connect time, after every redirect
                             too */
    const struct net_policy *policy;
    const char *proxy;  /* as in struct net_dial */
    unsigned redirects; /* how many are followed, of a GET, never from https to http; 0: none. A
                           redirect that is not followed is an answer */
    size_t answer_max;  /* larger answers fail with ERROR_TOO_LARGE; 0: 1 MiB */
    int64_t deadline;
    struct cancel *cancel;
};

struct httpc_answer {
    int status;
    char *content_type;     /* or NULL */
    int64_t retry_after_ms; /* from Retry-After (seconds or date); 0: none */
    int64_t date; /* the server's Date, seconds since 1970; 0: none (for the clock check) */
    GBytes *body; /* may hold secrets: wiped by clear when it is the last reference */
};
void httpc_answer_clear(struct httpc_answer *answer);

/* Once, before threads. */
void httpc_init(void);

/* True when an answer with any status came; the caller clears it. False: the answer is empty, and
 * the error is ERROR_INVALID (the URL), ERROR_DNS, ERROR_UNREACHABLE, ERROR_CLOSED, ERROR_TIMEOUT,
 * ERROR_TLS, ERROR_ADDRESS_FORBIDDEN, ERROR_PROXY_…, ERROR_TOO_LARGE, ERROR_CANCELLED or
 * ERROR_PROTOCOL; its text names host and cause, never path or query. */
bool httpc_perform(const struct httpc_request *request, struct httpc_answer *answer,
                   GError **error);

/* Whether a request could be made to this https address; nothing is resolved. ERROR_INVALID. */
bool httpc_url_check(const char *url, GError **error);

/* application/x-www-form-urlencoded from pairs { name, value, name, value, NULL }; a pair whose
 * value is NULL cannot be expressed: end the list before it. (transfer full) */
struct secret *httpc_form(const char *const *names_and_values);
/* Percent-encodes one query value. (transfer full) */
char *httpc_escape(const char *value);

#endif
