/* Commands about providers. */
#include "app/command.h"

#include <jansson.h>
#include <string.h>

static char *dup_nonempty(const char *text)
{
    return text != NULL && *text != '\0' ? g_strdup(text) : NULL;
}

static void take_options(struct command_call *call, struct store_provider *settings,
                         const struct command_options *options)
{
    const struct {
        char **field;
        const char *value;
    } texts[] = {
        {&settings->type, options->type},
        {&settings->client_id, options->client_id},
        {&settings->tenant, options->tenant},
        {&settings->cloud, options->cloud},
        {&settings->authority, options->authority},
        {&settings->graph, options->graph},
        {&settings->imap, options->imap},
        {&settings->smtp, options->smtp},
        {&settings->scope_prefix, options->scope_prefix},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (texts[i].value == NULL)
            continue;
        g_free(*texts[i].field);
        *texts[i].field = dup_nonempty(texts[i].value);
    }
    if (options->ca_file != NULL) {
        g_free(settings->ca_file);
        settings->ca_file = command_path(call, options->ca_file);
    }
}

static bool take_proxy(struct command_call *call, struct store_provider *settings,
                       const struct command_options *options, GError **error)
{
    const char *address = NULL;
    if (!command_proxy(call, options, &address, &settings->proxy_password, error))
        return false;
    if (options->proxy == NULL)
        return true;
    g_free(settings->proxy);
    settings->proxy = g_strdup(address);
    return true;
}

/* Options that are not given keep what is stored. */
int command_provider_set(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    const char *property = NULL;
    struct store_provider *settings = store_provider(call->app->store, call->args[0], NULL, NULL);
    bool fresh = settings == NULL;
    if (fresh && (options->type == NULL || options->client_id == NULL ||
                  options->client_secret_file == NULL)) {
        fprintf(call->err,
                "postroom: a new provider needs --type, --client-id and --client-secret-file\n");
        return 2;
    }
    if (fresh) {
        settings = g_new0(struct store_provider, 1);
        settings->name = g_strdup(call->args[0]);
    }
    take_options(call, settings, options);
    if (options->secret_expires != NULL &&
        !app_parse_date(options->secret_expires, &settings->secret_expires)) {
        fprintf(call->err, "postroom: \"%s\" is no date like 2027-01-31\n",
                options->secret_expires);
        store_provider_free(settings);
        return 1;
    }
    bool ok = true;
    if (options->client_secret_file != NULL) {
        settings->client_secret =
            command_secret(call, options->client_secret_file, "Client secret", &error);
        ok = settings->client_secret != NULL;
    }
    ok = ok && take_proxy(call, settings, options, &error) &&
         app_provider_put(call->app, settings, &property, &error);
    g_autofree char *uri = app_redirect_uri(call->app, call->args[0]);
    store_provider_free(settings);
    if (!ok)
        return command_fail(call, error);
    store_audit_operator(call->app->store, "provider.set", call->args[0], NULL);
    fprintf(call->out, "saved; register this redirect URI (platform Web): %s\n", uri);
    return 0;
}

int command_provider_list(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) providers = store_providers(call->app->store, &error);
    if (providers == NULL)
        return command_fail(call, error);
    json_t *list = json_array();
    for (guint i = 0; i < providers->len; i++) {
        const struct store_provider *provider = providers->pdata[i];
        g_autofree char *uri = app_redirect_uri(call->app, provider->name);
        if (!options->json)
            fprintf(call->out, "%s  %s  client %s  tenant %s%s%s  %s\n", provider->name,
                    provider->type, provider->client_id,
                    provider->tenant != NULL ? provider->tenant : "common",
                    provider->proxy != NULL ? "  proxy " : "",
                    provider->proxy != NULL ? provider->proxy : "",
                    provider->problem != NULL ? error_title(provider->problem) : "ready");
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:b, s:s, s:s?, s:s?}", "name",
                                        provider->name, "type", provider->type, "clientId",
                                        provider->client_id, "tenant", provider->tenant, "cloud",
                                        provider->cloud, "hasClientSecret", provider->has_secret,
                                        "redirectUri", uri, "problem", provider->problem, "proxy",
                                        provider->proxy));
    }
    if (options->json)
        command_print_json(call, list);
    else
        json_decref(list);
    return 0;
}

int command_provider_remove(struct command_call *call, const struct command_options *options)
{
    (void)options;
    g_autoptr(GError) error = NULL;
    if (!store_provider_remove(call->app->store, call->args[0], &error))
        return command_fail(call, error);
    store_audit_operator(call->app->store, "provider.remove", call->args[0], NULL);
    fprintf(call->out, "removed %s\n", call->args[0]);
    return 0;
}
