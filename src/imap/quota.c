/* QUOTA (RFC 9208, RFC 2087): the responses, and the verb. */
#include "imap/client_private.h"
#include "imap/response.h"

#include <string.h>

/* Names are shown to people; nobody gives longer ones. */
#define ROOT_MAX 255

/* --- the responses */

/* A word where a number belongs; *good becomes false when it is none, or has more than 63 bits. */
static bool parse_number(struct imap_line *line, uint64_t *number, bool *good)
{
    struct imap_value word;
    if (!imap_scan_word(&line->scan, "", &word))
        return false;
    if (!g_ascii_string_to_unsigned(word.text, 10, 0, INT64_MAX, number, NULL))
        *good = false;
    return true;
}

/* "STORAGE 10 512". */
static bool parse_resource(struct imap_line *line)
{
    struct imap_quota_data *quota = &line->response->quota;
    struct imap_value name;
    uint64_t used = 0, limit = 0;
    bool good = true;
    if (!imap_scan_word(&line->scan, "", &name) || !parse_number(line, &used, &good) ||
        !parse_number(line, &limit, &good))
        return false;
    if (!good || quota->resource_count == IMAP_QUOTA_RESOURCES_MAX)
        return true;
    quota->resources[quota->resource_count].name = name.text;
    quota->resources[quota->resource_count].used = used;
    quota->resources[quota->resource_count++].limit = limit;
    return true;
}

static bool parse_root(struct imap_line *line)
{
    struct imap_quota_data *quota = &line->response->quota;
    struct imap_value root;
    if (!imap_scan_string(&line->scan, &root) || root.kind == IMAP_VALUE_STREAMED)
        return false;
    if (quota->root_count < IMAP_QUOTA_ROOTS_MAX)
        quota->roots[quota->root_count++] = root.text;
    return true;
}

bool imap_response_parse_quota(struct imap_line *line)
{
    line->response->kind = IMAP_QUOTA;
    if (!parse_root(line) || !imap_scan_take(&line->scan, '('))
        return false;
    while (!imap_scan_take(&line->scan, ')'))
        if (!parse_resource(line))
            return false;
    return imap_scan_at_end(&line->scan);
}

bool imap_response_parse_quotaroot(struct imap_line *line)
{
    struct imap_value mailbox;
    line->response->kind = IMAP_QUOTAROOT;
    if (!imap_scan_string(&line->scan, &mailbox) || mailbox.kind == IMAP_VALUE_STREAMED)
        return false;
    while (!imap_scan_at_end(&line->scan))
        if (!parse_root(line))
            return false;
    return true;
}

/* --- the verb */

void imap_quota_free(struct imap_quota *quota)
{
    if (quota == NULL)
        return;
    g_free(quota->root);
    g_free(quota);
}

static void free_quota(gpointer quota)
{
    imap_quota_free(quota);
}

struct asking {
    GPtrArray *quotas; /* struct imap_quota */
    GPtrArray *roots;  /* of the mailbox, as on the wire */
    GPtrArray *told;   /* those whose limits came */
};

static bool holds(const GPtrArray *names, const char *name)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)(uintptr_t)names, name, g_str_equal, NULL);
}

/* False: known already, too long, or one too many. */
static bool add_name(GPtrArray *names, const char *name)
{
    if (names->len >= IMAP_QUOTA_ROOTS_MAX || strlen(name) > ROOT_MAX || holds(names, name))
        return false;
    g_ptr_array_add(names, g_strdup(name));
    return true;
}

static uint64_t octets_of(uint64_t kibibytes)
{
    return kibibytes > INT64_MAX / 1024 ? INT64_MAX : kibibytes * 1024;
}

static void take_quota(struct asking *asking, const struct imap_quota_data *data)
{
    static const char *const names[] = {[IMAP_QUOTA_STORAGE] = "STORAGE",
                                        [IMAP_QUOTA_MESSAGE] = "MESSAGE",
                                        [IMAP_QUOTA_MAILBOX] = "MAILBOX"};
    unsigned seen = 0;
    if (!add_name(asking->told, data->roots[0]))
        return;
    for (size_t i = 0; i < data->resource_count; i++) {
        unsigned of = 0;
        while (of < G_N_ELEMENTS(names) &&
               g_ascii_strcasecmp(data->resources[i].name, names[of]) != 0)
            of++;
        if (of == G_N_ELEMENTS(names) || (seen & 1U << of) != 0)
            continue;
        bool storage = of == IMAP_QUOTA_STORAGE;
        uint64_t used = data->resources[i].used, limit = data->resources[i].limit;
        struct imap_quota *quota = g_new0(struct imap_quota, 1);
        quota->root = g_utf8_make_valid(data->roots[0], -1);
        quota->of = of;
        quota->used = storage ? octets_of(used) : used;
        quota->limit = storage ? octets_of(limit) : limit;
        g_ptr_array_add(asking->quotas, quota);
        seen |= 1U << of;
    }
}

static bool take(struct imap_client *client, const struct imap_response *response, void *arg)
{
    struct asking *asking = arg;
    (void)client;
    if (response->kind == IMAP_QUOTA)
        take_quota(asking, &response->quota);
    else if (response->kind == IMAP_QUOTAROOT)
        for (size_t i = 0; i < response->quota.root_count; i++)
            add_name(asking->roots, response->quota.roots[i]);
    else
        return false;
    return true;
}

static bool ask(struct imap_client *client, const char *verb, const char *name,
                struct asking *asking, GError **error)
{
    const struct imap_verb own = {.untagged = take, .arg = asking};
    struct imap_command command;
    imap_client_command(client, &command, verb);
    imap_command_string(&command, name);
    return imap_client_run(client, &command, &own, error);
}

/* One root that is not told of leaves the others. */
static bool ask_rest(struct imap_client *client, struct asking *asking, GError **error)
{
    for (guint i = 0; i < asking->roots->len; i++) {
        g_autoptr(GError) refusal = NULL;
        if (holds(asking->told, asking->roots->pdata[i]) ||
            ask(client, "GETQUOTA", asking->roots->pdata[i], asking, &refusal) ||
            (imap_client_is_usable(client) && error_scope(refusal) == ERROR_SCOPE_MAILBOX))
            continue;
        g_propagate_error(error, g_steal_pointer(&refusal));
        return false;
    }
    return true;
}

GPtrArray *imap_quotas(struct imap_client *client, const char *raw_name, GError **error)
{
    if (!imap_client_can(client, IMAP_CAP_QUOTA)) {
        error_set(error, ERROR_INVALID, "the server has no QUOTA");
        return NULL;
    }
    struct asking asking = {g_ptr_array_new_with_free_func(free_quota),
                            g_ptr_array_new_with_free_func(g_free),
                            g_ptr_array_new_with_free_func(g_free)};
    bool good =
        ask(client, "GETQUOTAROOT", raw_name, &asking, error) && ask_rest(client, &asking, error);
    g_ptr_array_unref(asking.roots);
    g_ptr_array_unref(asking.told);
    if (good)
        return asking.quotas;
    g_ptr_array_unref(asking.quotas);
    return NULL;
}
