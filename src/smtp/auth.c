#include "smtp/internal.h"

#include <string.h>

/* RFC 5321, 4.5.3.1.4: a longer command line may be refused; a response after 334 may be longer. */
#define COMMAND_LINE_MAX 510

/* Base64 of a text that holds a secret; wipe it. */
static char *encode(const char *plain, size_t length)
{
    return g_base64_encode((const guchar *)plain, length);
}

/* Sends one response line and wipes it. */
static bool respond(struct smtp *smtp, char *response, GError **error)
{
    bool ok = smtp_command(smtp, error, "%s", response);
    secret_wipe_string(response);
    return ok;
}

/* The reply after the credentials. Gmail and Dovecot explain a refusal in a challenge first, and
 * want an empty line before they refuse (RFC 7628, 3.2.3); Exchange refuses at once. */
static bool expect_success(struct smtp *smtp, GError **error)
{
    g_autofree char *text = smtp_reply(smtp, smtp_patience(smtp), error);
    if (text == NULL)
        return false;
    if (smtp->result->code == 334) {
        if (!smtp_command(smtp, error, "%s", ""))
            return false;
        g_free(text);
        text = smtp_reply(smtp, smtp_patience(smtp), error);
        if (text == NULL)
            return false;
    }
    if (smtp->result->code == 235)
        return true;
    smtp_refused(smtp, SMTP_STAGE_AUTH, error);
    return false;
}

/* In two steps always: a token does not fit a portable command line. */
static bool auth_xoauth2(struct smtp *smtp, GError **error)
{
    if (!smtp_command(smtp, error, "AUTH XOAUTH2") ||
        !smtp_expect(smtp, SMTP_STAGE_AUTH, 334, error))
        return false;
    char *plain = g_strdup_printf("user=%s\001auth=Bearer %s\001\001", smtp->server->login,
                                  secret_reveal(smtp->server->secret));
    char *response = encode(plain, strlen(plain));
    secret_wipe_string(plain);
    return respond(smtp, response, error) && expect_success(smtp, error);
}

/* RFC 4616. */
static bool auth_plain(struct smtp *smtp, GError **error)
{
    const char *login = smtp->server->login;
    const struct secret *secret = smtp->server->secret;
    size_t total = strlen(login) + secret_length(secret) + 2;
    GString *plain = g_string_sized_new(total + 1); /* never grows, so no copy stays behind */
    g_string_append_c(plain, '\0');
    g_string_append(plain, login);
    g_string_append_c(plain, '\0');
    g_string_append_len(plain, secret_reveal(secret), (gssize)secret_length(secret));
    char *response = encode(plain->str, plain->len);
    explicit_bzero(plain->str, plain->len);
    g_string_free(plain, TRUE);
    if (strlen("AUTH PLAIN ") + strlen(response) <= COMMAND_LINE_MAX) {
        char *line = g_strconcat("AUTH PLAIN ", response, NULL);
        secret_wipe_string(response);
        return respond(smtp, line, error) && expect_success(smtp, error);
    }
    if (smtp_command(smtp, error, "AUTH PLAIN") && smtp_expect(smtp, SMTP_STAGE_AUTH, 334, error))
        return respond(smtp, response, error) && expect_success(smtp, error);
    secret_wipe_string(response);
    return false;
}

/* The old way of Outlook: user name and password each after a prompt. */
static bool auth_login(struct smtp *smtp, GError **error)
{
    const struct smtp_server *server = smtp->server;
    if (!smtp_command(smtp, error, "AUTH LOGIN") ||
        !smtp_expect(smtp, SMTP_STAGE_AUTH, 334, error) ||
        !respond(smtp, encode(server->login, strlen(server->login)), error) ||
        !smtp_expect(smtp, SMTP_STAGE_AUTH, 334, error))
        return false;
    return respond(smtp, encode(secret_reveal(server->secret), secret_length(server->secret)),
                   error) &&
           expect_success(smtp, error);
}

bool smtp_authenticate(struct smtp *smtp, GError **error)
{
    const struct smtp_server *server = smtp->server;
    if (server->auth == SMTP_AUTH_NONE)
        return true;
    if (server->login == NULL || server->secret == NULL || strpbrk(server->login, "\001\r\n")) {
        error_set(error, ERROR_INVALID, "no usable login name or secret");
        return false;
    }
    if (server->auth == SMTP_AUTH_XOAUTH2 && smtp->offers.xoauth2)
        return auth_xoauth2(smtp, error);
    if (server->auth == SMTP_AUTH_PASSWORD && smtp->offers.plain)
        return auth_plain(smtp, error);
    if (server->auth == SMTP_AUTH_PASSWORD && smtp->offers.login)
        return auth_login(smtp, error);
    error_set(error, ERROR_SMTP_REFUSED, "the server does not offer %s",
              server->auth == SMTP_AUTH_XOAUTH2 ? "XOAUTH2" : "PLAIN or LOGIN");
    return false;
}
