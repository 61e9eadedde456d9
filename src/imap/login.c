#include "imap/client_private.h"

#include <string.h>

/* A server may ask again after the answer (the JSON of a refused token); more is not to be
 * followed. */
#define CHALLENGES_MAX 4

struct sasl {
    const char *answer; /* base64, NULL once it was given */
    const char *after;  /* to any further challenge */
    unsigned challenges;
};

static bool answer_challenge(struct imap_client *client, const char *text, void *arg,
                             GError **error)
{
    struct sasl *sasl = arg;
    (void)text;
    if (++sasl->challenges > CHALLENGES_MAX) {
        client->dead = true;
        error_set(error, ERROR_PROTOCOL, "the server asks for more and more at sign-in");
        return false;
    }
    const char *answer = sasl->answer != NULL ? sasl->answer : sasl->after;
    sasl->answer = NULL;
    return imap_client_write(client, answer, strlen(answer), error) &&
           imap_client_write(client, "\r\n", 2, error);
}

static void forget_capabilities(struct imap_client *client)
{
    client->capabilities_known = false;
}

/* What a refused sign-in is called, where the server said nothing better. */
static void name_refusal(GError *error, enum error_code refusal)
{
    if (error_is(error, ERROR_SERVER_NO) ||
        (error_is(error, ERROR_SERVER_BAD) && refusal == ERROR_LOGIN_REFUSED))
        error->code = (int)refusal;
}

static bool may_sign_in(struct imap_client *client, GError **error)
{
    if (!client->preauth)
        return true;
    error_set(error, ERROR_PROTOCOL, "the server signed us in as somebody already (PREAUTH)");
    return false;
}

/* AUTHENTICATE with an answer of base64, with it in the command where that is offered (RFC 4959).
 */
static bool authenticate(struct imap_client *client, const char *name, const char *base64,
                         const char *after, enum error_code refusal, GError **error)
{
    struct sasl sasl = {base64, after, 0};
    struct imap_verb verb = {.challenged = answer_challenge, .arg = &sasl};
    struct imap_command command;
    g_autoptr(GError) inner = NULL;
    imap_client_command(client, &command, name);
    if (imap_client_can(client, IMAP_CAP_SASL_IR)) {
        imap_command_initial_response(&command, base64);
        sasl.answer = NULL;
    }
    forget_capabilities(client);
    if (imap_client_run(client, &command, &verb, &inner))
        return true;
    name_refusal(inner, refusal);
    g_propagate_error(error, g_steal_pointer(&inner));
    return false;
}

static void put_id(struct imap_client *client, struct imap_command *command, const char *name,
                   const char *version)
{
    imap_client_command(client, command, "ID");
    imap_command_word(command, "(\"name\"");
    imap_command_string(command, name);
    imap_command_word(command, "\"version\"");
    imap_command_string(command, version);
    g_string_append_c(command->text, ')');
}

static bool take_enabled(struct imap_client *client, const struct imap_response *response,
                         void *arg)
{
    (void)arg;
    if (response->kind != IMAP_ENABLED)
        return false;
    client->enabled |= response->capabilities;
    return true;
}

/* The words of what is wanted, offered, and not enabled yet. False: there are none. */
static bool put_enable(struct imap_client *client, struct imap_step *step, uint32_t wanted)
{
    static const struct {
        uint32_t bit;
        const char *word;
    } words[] = {{IMAP_CAP_QRESYNC, "QRESYNC"},
                 {IMAP_CAP_CONDSTORE, "CONDSTORE"},
                 {IMAP_CAP_UTF8, "UTF8=ACCEPT"}};
    bool any = false;
    imap_client_command(client, &step->command, "ENABLE");
    step->verb = (struct imap_verb){.untagged = take_enabled};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if ((wanted & words[i].bit) == 0 || (client->enabled & words[i].bit) != 0 ||
            !imap_client_can(client, words[i].bit | IMAP_CAP_ENABLE))
            continue;
        imap_command_word(&step->command, words[i].word);
        any = true;
    }
    if (!any)
        imap_command_clear(&step->command);
    return any;
}

/* "Authenticated but not connected" shows at the first command that is asked of the mailbox:
 * docs/internals/exchange.md. */
static void put_probe(struct imap_client *client, struct imap_command *command)
{
    bool names = imap_client_can(client, IMAP_CAP_NAMESPACE);
    imap_client_command(client, command, names ? "NAMESPACE" : "LIST");
    if (names)
        return;
    imap_command_string(command, "");
    imap_command_string(command, "");
}

/* All that is to be said and asked after sign-in goes out at once: one round trip. Only what nobody
 * knew before, that the server has ENABLE, costs another. */
static bool look_around(struct imap_client *client, GError **error)
{
    struct imap_step steps[4] = {0};
    size_t count = 0, must = 0;
    const struct imap_hello *hello = &client->hello;
    if (!client->capabilities_known)
        imap_client_command(client, &steps[count++].command, "CAPABILITY");
    steps[count].verb.untagged = imap_client_take_namespaces;
    put_probe(client, &steps[count++].command);
    must = count;
    if (hello->name != NULL && imap_client_can(client, IMAP_CAP_ID))
        put_id(client, &steps[count++].command, hello->name, hello->version);
    if (put_enable(client, &steps[count], hello->enable))
        count++;
    GError *failed = NULL, *first = NULL;
    imap_client_run_steps(client, steps, count, &failed);
    for (size_t i = 0; i < count; i++) {
        if (first == NULL && i < must)
            first = g_steal_pointer(&steps[i].error);
        g_clear_error(&steps[i].error);
    }
    if (first == NULL)
        first = g_steal_pointer(&failed);
    g_clear_error(&failed);
    if (first == NULL)
        return imap_enable(client, hello->enable, NULL, error);
    g_propagate_error(error, first);
    return false;
}

void imap_client_introduce(struct imap_client *client, const char *name, const char *version,
                           uint32_t enable)
{
    client->hello = (struct imap_hello){name, version, enable};
}

/* RFC 5801: "=" and "," of the name are escaped in a GS2 header. */
static char *gs2_name(const char *login)
{
    GString *name = g_string_new(NULL);
    for (; *login != '\0'; login++) {
        if (*login == '=')
            g_string_append(name, "=3D");
        else if (*login == ',')
            g_string_append(name, "=2C");
        else
            g_string_append_c(name, *login);
    }
    return g_string_free(name, FALSE);
}

static char *base64_and_wipe(char *plain, size_t length)
{
    char *base64 = g_base64_encode((const guchar *)plain, length);
    explicit_bzero(plain, length);
    g_free(plain);
    return base64;
}

static bool login_xoauth2(struct imap_client *client, const char *login, const struct secret *token,
                          GError **error)
{
    char *plain = g_strdup_printf("user=%s\x01"
                                  "auth=Bearer %s\x01\x01",
                                  login, secret_reveal(token));
    char *base64 = base64_and_wipe(plain, strlen(plain));
    bool good =
        authenticate(client, "AUTHENTICATE XOAUTH2", base64, "", ERROR_LOGIN_REFUSED, error);
    secret_wipe_string(base64);
    return good;
}

/* RFC 7628. */
static bool login_oauthbearer(struct imap_client *client, const char *login,
                              const struct secret *token, GError **error)
{
    g_autofree char *name = gs2_name(login);
    char *plain = g_strdup_printf("n,a=%s,\x01"
                                  "auth=Bearer %s\x01\x01",
                                  name, secret_reveal(token));
    char *base64 = base64_and_wipe(plain, strlen(plain));
    bool good = authenticate(client, "AUTHENTICATE OAUTHBEARER", base64,
                             "AQ==", ERROR_LOGIN_REFUSED, error);
    secret_wipe_string(base64);
    return good;
}

static bool is_clean(const char *text, const char *what, GError **error)
{
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            error_set(error, ERROR_INVALID, "%s contains control characters", what);
            return false;
        }
    }
    return true;
}

bool imap_login_oauth(struct imap_client *client, const char *login, const struct secret *token,
                      GError **error)
{
    if (!may_sign_in(client, error) || !is_clean(login, "the login name", error) ||
        !is_clean(secret_reveal(token), "the token", error))
        return false;
    bool good = false;
    if (imap_client_can(client, IMAP_CAP_AUTH_XOAUTH2))
        good = login_xoauth2(client, login, token, error);
    else if (imap_client_can(client, IMAP_CAP_AUTH_OAUTHBEARER))
        good = login_oauthbearer(client, login, token, error);
    else
        error_set(error, ERROR_LOGIN_REFUSED, "the server offers no sign-in with a token");
    return good && look_around(client, error);
}

/* RFC 4616. */
static bool login_plain(struct imap_client *client, const char *login,
                        const struct secret *password, GError **error)
{
    size_t length = strlen(login) + secret_length(password) + 2;
    char *plain = g_strdup_printf("%c%s%c%s", '\0', login, '\0', secret_reveal(password));
    char *base64 = base64_and_wipe(plain, length);
    bool good =
        authenticate(client, "AUTHENTICATE PLAIN", base64, "*", ERROR_PASSWORD_REFUSED, error);
    secret_wipe_string(base64);
    return good;
}

static bool login_command(struct imap_client *client, const char *login,
                          const struct secret *password, GError **error)
{
    struct imap_command command;
    g_autoptr(GError) inner = NULL;
    imap_client_command(client, &command, "LOGIN");
    imap_command_reserve(&command, 2 * (strlen(login) + secret_length(password)) + 64);
    imap_command_string(&command, login);
    imap_command_string(&command, secret_reveal(password));
    forget_capabilities(client);
    if (imap_client_run(client, &command, NULL, &inner))
        return true;
    name_refusal(inner, ERROR_PASSWORD_REFUSED);
    g_propagate_error(error, g_steal_pointer(&inner));
    return false;
}

bool imap_login_password(struct imap_client *client, const char *login,
                         const struct secret *password, GError **error)
{
    if (!may_sign_in(client, error) || !is_clean(login, "the login name", error))
        return false;
    if (strlen(secret_reveal(password)) != secret_length(password)) {
        error_set(error, ERROR_INVALID, "the password contains a NUL byte");
        return false;
    }
    bool good = false;
    if (imap_client_can(client, IMAP_CAP_AUTH_PLAIN))
        good = login_plain(client, login, password, error);
    else if (!imap_client_can(client, IMAP_CAP_LOGINDISABLED))
        good = login_command(client, login, password, error);
    else
        error_set(error, ERROR_PASSWORD_REFUSED, "the server takes no password here");
    return good && look_around(client, error);
}

bool imap_id(struct imap_client *client, const char *name, const char *version, GError **error)
{
    if (!imap_client_can(client, IMAP_CAP_ID))
        return true;
    struct imap_command command;
    put_id(client, &command, name, version);
    return imap_client_run(client, &command, NULL, error);
}

bool imap_enable(struct imap_client *client, uint32_t wanted, uint32_t *enabled, GError **error)
{
    struct imap_step step;
    bool good = !put_enable(client, &step, wanted) ||
                imap_client_run(client, &step.command, &step.verb, error);
    if (enabled != NULL)
        *enabled = client->enabled & wanted;
    return good;
}
