/* The configuration: one INI file, each key with an environment variable POSTROOM_<SECTION>_<KEY>
 * that wins over it. */
#ifndef POSTROOM_APP_CONFIG_H
#define POSTROOM_APP_CONFIG_H

#include "base/error.h"
#include "sync/hosts.h"

#include <glib.h>
#include <stdint.h>

struct config {
    char *file;                /* the file that was read; NULL: none */
    char *data;                /* [server] data: the data directory */
    char *listen;              /* [server] listen: ADDR:PORT */
    char *public_url;          /* [server] public_url; NULL: made of the address listened to */
    char *key_file;            /* [server] key_file: outside the data directory */
    char *log_level;           /* [server] log_level: debug, info, warn, error */
    char *proxy;               /* [network] proxy: base/proxy.h */
    char *proxy_password_file; /* [network] proxy_password_file */
    char **allowed_networks;   /* [network] allowed: networks that users' mail hosts may be in */
    char **dns_servers;        /* [network] dns_servers: asked instead of the system's */
    char *push_ca_file;        /* [push] ca_file: trusted besides the system's */
    char *metrics_from;        /* [server] metrics: who may read /metrics; "loopback" or "all" */
    char **browser_origins; /* [server] browser_origins: whose pages may use the API; NULL: all */
    bool guess_charsets;    /* [mail] guess_charsets */
    int workers;            /* [server] workers */
    int audit_days;         /* [audit] days: how long acts are remembered */
    /* [sync] of these names: seconds */
    int64_t poll_s, calm_s, compare_s, idle_s, patience_s, doubt_s, check_s;
    /* [exchange], [gmail], [plain]: sign_ins, per_minute, connections, idle, megabytes_a_day */
    struct sync_limits limits[SYNC_PROFILES];
};

/* Reads the file (NULL: /etc/postroom/postroom.conf when it is there) and the environment. A key
 * that is not known is ERROR_INVALID, with its name. (transfer full) */
struct config *config_load(const char *file, GError **error);
/* The proxy for all with its password, to dial with; *url NULL: none. (transfer full):
 * secret_wipe_string. */
bool config_proxy(const struct config *config, char **url, GError **error);
void config_free(struct config *config);

#endif
