/* What `provider test` and `doctor` look at: each step of the way to a provider, with its plain
 * cause. Nobody signs in and nothing is sent. */
#ifndef POSTROOM_APP_PROBE_H
#define POSTROOM_APP_PROBE_H

#include "app/app.h"

struct probe_row {
    char *check;         /* "imap" */
    const char *state;   /* "ok", "warn", "bad" */
    char *text;          /* what was found, and what to do */
    const char *problem; /* the code of what is wrong, or NULL. Static */
};

struct probe {
    struct app *app;
    struct cancel *cancel;
    GPtrArray *rows; /* of struct probe_row */
    int64_t skew;    /* of our clock against the provider's, seconds */
    bool skew_known;
    bool in_steps; /* reaching the sign-in service, TLS and discovery are rows of their own */
    void (*noted)(const struct probe_row *row, void *arg); /* told of each row at once, or NULL */
    void *noted_arg;
};
void probe_init(struct probe *probe, struct app *app, struct cancel *cancel);
void probe_clear(struct probe *probe);
bool probe_is_bad(const struct probe *probe);

void probe_note(struct probe *probe, const char *check, const char *state, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Settings, proxy, sign-in service, Graph, client id and secret, IMAP, SMTP. Blocking, up to
 * a minute. */
void probe_provider(struct probe *probe, const struct store_provider *settings);
/* A proxy answers at its address; url with or without its password. */
void probe_proxy(struct probe *probe, const char *check, const char *url);

#endif
