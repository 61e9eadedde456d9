/* Commands about people and their tokens, and the key file. */
#include "app/command.h"

#include <jansson.h>

static char *date_text(int64_t seconds)
{
    if (seconds == 0)
        return g_strdup("never");
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    return g_date_time_format_iso8601(date);
}

int command_user_add(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    struct secret *password = command_secret(call, options->password_file, "Password", &error);
    int64_t id = password != NULL ? store_user_add(call->app->store, call->args[0], password,
                                                   options->admin, &error)
                                  : 0;
    secret_free(password);
    if (id == 0)
        return command_fail(call, error);
    store_audit_operator(call->app->store, "user.invite", call->args[0],
                         options->admin ? "administrator" : "member");
    fprintf(call->out, "added %s%s\n", call->args[0], options->admin ? " (administrator)" : "");
    return 0;
}

int command_user_list(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) users = store_users(call->app->store, &error);
    if (users == NULL)
        return command_fail(call, error);
    json_t *list = json_array();
    for (guint i = 0; i < users->len; i++) {
        const struct store_user *user = users->pdata[i];
        if (!options->json)
            fprintf(call->out, "%s%s\n", user->email, user->admin ? "  administrator" : "");
        json_array_append_new(list,
                              json_pack("{s:s, s:b}", "email", user->email, "admin", user->admin));
    }
    if (options->json)
        command_print_json(call, list);
    else
        json_decref(list);
    return 0;
}

int command_user_passwd(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    struct secret *password = command_secret(call, options->password_file, "New password", &error);
    bool ok =
        password != NULL && store_user_password(call->app->store, call->args[0], password, &error);
    secret_free(password);
    if (!ok)
        return command_fail(call, error);
    store_audit_operator(call->app->store, "user.password", call->args[0], NULL);
    fprintf(call->out, "changed; %s is signed out everywhere\n", call->args[0]);
    return 0;
}

int command_user_remove(struct command_call *call, const struct command_options *options)
{
    (void)options;
    g_autoptr(GError) error = NULL;
    if (!store_user_remove(call->app->store, call->args[0], &error))
        return command_fail(call, error);
    store_audit_operator(call->app->store, "user.remove", call->args[0], NULL);
    fprintf(call->out, "removed %s\n", call->args[0]);
    return 0;
}

int command_token_create(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    struct secret *token = NULL;
    int64_t id = store_token_create(call->app->store, call->args[0],
                                    options->name != NULL ? options->name : "", &token, &error);
    if (id == 0)
        return command_fail(call, error);
    store_audit_operator(call->app->store, "token.create", call->args[0], options->name);
    fprintf(call->out, "%s\n", secret_reveal(token));
    fprintf(call->err, "token %" G_GINT64_FORMAT " made; it is not shown again\n", id);
    secret_free(token);
    return 0;
}

int command_token_list(struct command_call *call, const struct command_options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) tokens = store_tokens(call->app->store, &error);
    if (tokens == NULL)
        return command_fail(call, error);
    json_t *list = json_array();
    for (guint i = 0; i < tokens->len; i++) {
        const struct store_token *token = tokens->pdata[i];
        g_autofree char *used = date_text(token->last_used);
        if (!options->json)
            fprintf(call->out, "%" G_GINT64_FORMAT "  %s  %s  last used %s\n", token->id,
                    token->user, token->name, used);
        json_array_append_new(list,
                              json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)token->id, "user",
                                        token->user, "name", token->name, "lastUsed", used));
    }
    if (options->json)
        command_print_json(call, list);
    else
        json_decref(list);
    return 0;
}

int command_token_revoke(struct command_call *call, const struct command_options *options)
{
    (void)options;
    g_autoptr(GError) error = NULL;
    gint64 id = 0;
    if (!g_ascii_string_to_signed(call->args[0], 10, 1, G_MAXINT64, &id, NULL)) {
        fprintf(call->err, "postroom: \"%s\" is no token id; see: postroom token list\n",
                call->args[0]);
        return 1;
    }
    if (!store_token_revoke(call->app->store, id, &error))
        return command_fail(call, error);
    store_audit_operator(call->app->store, "token.revoke", call->args[0], NULL);
    fprintf(call->out, "revoked\n");
    return 0;
}

/* The file first, the rows then: a crash between leaves values sealed with the older key, which
 * still opens. */
int command_key_rotate(struct command_call *call, const struct command_options *options)
{
    (void)options;
    g_autoptr(GError) error = NULL;
    struct app *app = call->app;
    const char *directory = app->config->data;
    struct keyring *fresh = NULL;
    int64_t count = -1;
    if (keyring_rotate(app->config->key_file, &error))
        fresh = keyring_load(app->config->key_file, false, &error);
    if (fresh != NULL) {
        oauth_cache_free(g_steal_pointer(&app->tokens));
        store_close(g_steal_pointer(&app->store));
        keyring_free(app->keyring);
        app->keyring = fresh;
        struct store_config store = {.directory = directory,
                                     .keyring = fresh,
                                     .read_words = sync_read_words};
        app->store = store_open(&store, &error);
        count = app->store != NULL ? store_reseal(app->store, &error) : -1;
    }
    if (count < 0)
        return command_fail(call, error);
    fprintf(call->out, "key %u seals now; %" G_GINT64_FORMAT " values sealed anew\n",
            keyring_current(fresh), count);
    return 0;
}
