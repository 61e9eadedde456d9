#include "app/config.h"

#include "base/proxy.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_FILE "/etc/postroom/postroom.conf"

enum kind { TEXT, LIST, YES_NO, NUMBER, SECONDS, MEGABYTES };

struct key {
    const char *section, *name;
    enum kind kind;
    size_t offset;
};

/* What a kind of provider bears. */
#define LIMITS(section, profile)                                                                   \
    {section, "sign_ins", NUMBER, offsetof(struct config, limits[profile].sign_ins)},              \
        {section, "per_minute", NUMBER, offsetof(struct config, limits[profile].per_minute)},      \
        {section, "connections", NUMBER, offsetof(struct config, limits[profile].connections)},    \
        {section, "idle", SECONDS, offsetof(struct config, limits[profile].idle_s)},               \
    {                                                                                              \
        section, "megabytes_a_day", MEGABYTES,                                                     \
            offsetof(struct config, limits[profile].bytes_a_day)                                   \
    }

static const struct key keys[] = {
    {"server", "data", TEXT, offsetof(struct config, data)},
    {"server", "listen", TEXT, offsetof(struct config, listen)},
    {"server", "public_url", TEXT, offsetof(struct config, public_url)},
    {"server", "key_file", TEXT, offsetof(struct config, key_file)},
    {"server", "log_level", TEXT, offsetof(struct config, log_level)},
    {"server", "metrics", TEXT, offsetof(struct config, metrics_from)},
    {"server", "browser_origins", LIST, offsetof(struct config, browser_origins)},
    {"server", "workers", NUMBER, offsetof(struct config, workers)},
    {"audit", "days", NUMBER, offsetof(struct config, audit_days)},
    {"network", "proxy", TEXT, offsetof(struct config, proxy)},
    {"network", "proxy_password_file", TEXT, offsetof(struct config, proxy_password_file)},
    {"network", "allowed", LIST, offsetof(struct config, allowed_networks)},
    {"network", "dns_servers", LIST, offsetof(struct config, dns_servers)},
    {"push", "ca_file", TEXT, offsetof(struct config, push_ca_file)},
    {"mail", "guess_charsets", YES_NO, offsetof(struct config, guess_charsets)},
    {"sync", "poll", SECONDS, offsetof(struct config, poll_s)},
    {"sync", "calm", SECONDS, offsetof(struct config, calm_s)},
    {"sync", "compare", SECONDS, offsetof(struct config, compare_s)},
    {"sync", "idle", SECONDS, offsetof(struct config, idle_s)},
    {"sync", "patience", SECONDS, offsetof(struct config, patience_s)},
    {"sync", "doubt", SECONDS, offsetof(struct config, doubt_s)},
    {"sync", "check", SECONDS, offsetof(struct config, check_s)},
    LIMITS("exchange", SYNC_EXCHANGE),
    LIMITS("gmail", SYNC_GMAIL),
    LIMITS("plain", SYNC_PLAIN),
};

static char **split_list(const char *value)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) parts = g_strsplit_set(value, ";, ", -1);
    for (char **part = parts; *part != NULL; part++)
        if (**part != '\0')
            g_strv_builder_add(builder, *part);
    return g_strv_builder_end(builder);
}

static bool put(struct config *config, const struct key *key, const char *value, GError **error)
{
    void *field = (char *)config + key->offset;
    gint64 number = 0;
    switch (key->kind) {
    case TEXT:
        g_free(*(char **)field);
        *(char **)field = g_strdup(value);
        return true;
    case LIST:
        g_strfreev(*(char ***)field);
        *(char ***)field = split_list(value);
        return true;
    case YES_NO:
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
            error_set(error, ERROR_INVALID, "[%s] %s = \"%s\": yes or no is wanted", key->section,
                      key->name, value);
            return false;
        }
        *(bool *)field = strcmp(value, "yes") == 0;
        return true;
    case NUMBER:
    case SECONDS:
    case MEGABYTES:
        if (!g_ascii_string_to_signed(value, 10, 1, 1000000, &number, NULL)) {
            error_set(error, ERROR_INVALID,
                      "[%s] %s = \"%s\": a number from 1 to 1000000 is wanted", key->section,
                      key->name, value);
            return false;
        }
        if (key->kind == NUMBER)
            *(int *)field = (int)number;
        else
            *(int64_t *)field = key->kind == MEGABYTES ? number * 1000000 : number;
        return true;
    }
    return true;
}

static const struct key *find(const char *section, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static bool read_file(struct config *config, const char *file, GError **error)
{
    g_autoptr(GKeyFile) ini = g_key_file_new();
    g_autoptr(GError) bad = NULL;
    if (!g_key_file_load_from_file(ini, file, G_KEY_FILE_NONE, &bad)) {
        error_set(error, ERROR_INVALID, "%s: %s", file, bad->message);
        return false;
    }
    config->file = g_strdup(file);
    g_auto(GStrv) sections = g_key_file_get_groups(ini, NULL);
    for (char **section = sections; *section != NULL; section++) {
        g_auto(GStrv) names = g_key_file_get_keys(ini, *section, NULL, NULL);
        for (char **name = names; name != NULL && *name != NULL; name++) {
            const struct key *key = find(*section, *name);
            g_autofree char *value = g_key_file_get_string(ini, *section, *name, NULL);
            if (key == NULL) {
                error_set(error, ERROR_INVALID,
                          "%s: [%s] %s is no key of Postroom; see docs/configuration.md", file,
                          *section, *name);
                return false;
            }
            if (!put(config, key, value != NULL ? value : "", error))
                return false;
        }
    }
    if (config->proxy == NULL || *config->proxy == '\0' || proxy_setting_check(config->proxy, &bad))
        return true;
    error_set(error, ERROR_INVALID, "%s: [network] proxy: %s%s", file, bad->message,
              strchr(config->proxy, '@') != NULL ? " ([network] proxy_password_file)" : "");
    return false;
}

bool config_proxy(const struct config *config, char **url, GError **error)
{
    struct proxy proxy;
    struct secret *password = NULL;
    *url = NULL;
    if (config->proxy == NULL || *config->proxy == '\0' || strcmp(config->proxy, PROXY_DIRECT) == 0)
        return true;
    g_autoptr(GError) bad = NULL;
    if (!proxy_parse(config->proxy, &proxy, &bad)) {
        error_set(error, ERROR_INVALID, "[network] proxy: %s", bad->message);
        return false;
    }
    bool apart = config->proxy_password_file != NULL && *config->proxy_password_file != '\0';
    if (apart && (proxy.user == NULL || proxy.password != NULL))
        error_set(&bad, ERROR_INVALID,
                  "[network] proxy_password_file needs a proxy address with a user name and "
                  "without a password");
    else if (apart)
        password = secret_read_file(config->proxy_password_file, &bad);
    proxy_clear(&proxy);
    if (bad != NULL)
        g_propagate_error(error, g_steal_pointer(&bad));
    else
        *url = proxy_with_password(config->proxy, password);
    secret_free(password);
    return *url != NULL;
}

static bool read_environment(struct config *config, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *joined = g_strdup_printf("POSTROOM_%s_%s", keys[i].section, keys[i].name);
        g_autofree char *variable = g_ascii_strup(joined, -1);
        const char *value = g_getenv(variable);
        if (value != NULL && !put(config, &keys[i], value, error))
            return false;
    }
    return true;
}

static void put_defaults(struct config *config)
{
    bool root = geteuid() == 0;
    config->data = root ? g_strdup("/var/lib/postroom")
                        : g_build_filename(g_get_user_data_dir(), "postroom", NULL);
    config->key_file =
        root ? g_strdup("/etc/postroom/postroom.key")
             : g_build_filename(g_get_user_config_dir(), "postroom", "postroom.key", NULL);
    config->listen = g_strdup("127.0.0.1:8480");
    config->log_level = g_strdup("info");
    config->metrics_from = g_strdup("loopback");
    config->workers = 16;
    config->check_s = 86400;
    config->guess_charsets = true;
}

struct config *config_load(const char *file, GError **error)
{
    struct config *config = g_new0(struct config, 1);
    put_defaults(config);
    bool ok = true;
    if (file != NULL || g_file_test(DEFAULT_FILE, G_FILE_TEST_IS_REGULAR))
        ok = read_file(config, file != NULL ? file : DEFAULT_FILE, error);
    if (ok && read_environment(config, error))
        return config;
    config_free(config);
    return NULL;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    g_free(config->file);
    g_free(config->data);
    g_free(config->listen);
    g_free(config->public_url);
    g_free(config->key_file);
    g_free(config->log_level);
    secret_wipe_string(config->proxy);
    g_free(config->proxy_password_file);
    g_strfreev(config->allowed_networks);
    g_strfreev(config->dns_servers);
    g_strfreev(config->browser_origins);
    g_free(config->push_ca_file);
    g_free(config->metrics_from);
    g_free(config);
}
