#include "smtp/internal.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* How long a goodbye may take. */
#define QUIT_MS 1000

/* RFC 5321, 4.1.3: a client without a name says its address. (transfer full) */
static char *own_name(const struct smtp *smtp)
{
    if (smtp->server->helo != NULL)
        return g_strdup(smtp->server->helo);
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof(storage);
    char text[INET6_ADDRSTRLEN];
    (void)getsockname(conn_fd(smtp->conn), (struct sockaddr *)&storage, &size);
    if (storage.ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, &storage, sizeof(v4));
        return g_strdup_printf("[%s]", inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text)));
    }
    if (storage.ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, &storage, sizeof(v6));
        return g_strdup_printf("[IPv6:%s]", inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text)));
    }
    return g_strdup("[127.0.0.1]");
}

static void read_auth_offer(struct smtp_offers *offers, char **words)
{
    for (char **word = words; *word != NULL; word++) {
        offers->plain = offers->plain || g_ascii_strcasecmp(*word, "PLAIN") == 0;
        offers->login = offers->login || g_ascii_strcasecmp(*word, "LOGIN") == 0;
        offers->xoauth2 = offers->xoauth2 || g_ascii_strcasecmp(*word, "XOAUTH2") == 0;
    }
}

/* One line of the EHLO answer: a keyword and its parameters; unknown ones are skipped. */
static void read_offer(struct smtp_offers *offers, const char *line)
{
    g_auto(GStrv) words = g_strsplit_set(line, " \t", 64);
    if (words[0] == NULL)
        return;
    if (g_ascii_strcasecmp(words[0], "STARTTLS") == 0)
        offers->starttls = true;
    else if (g_ascii_strcasecmp(words[0], "PIPELINING") == 0)
        offers->pipelining = true;
    else if (g_ascii_strcasecmp(words[0], "DSN") == 0)
        offers->dsn = true;
    else if (g_ascii_strcasecmp(words[0], "SMTPUTF8") == 0)
        offers->smtputf8 = true;
    else if (g_ascii_strcasecmp(words[0], "8BITMIME") == 0)
        offers->eight_bit = true;
    else if (g_ascii_strcasecmp(words[0], "SIZE") == 0 && words[1] != NULL)
        offers->size = g_ascii_strtoull(words[1], NULL, 10);
    else if (g_ascii_strcasecmp(words[0], "AUTH") == 0)
        read_auth_offer(offers, words + 1);
    else if (g_ascii_strncasecmp(words[0], "AUTH=", 5) == 0) /* an old form, still heard */
        read_auth_offer(offers, words);
}

static bool say_ehlo(struct smtp *smtp, GError **error)
{
    g_autofree char *name = own_name(smtp);
    if (!smtp_command(smtp, error, "EHLO %s", name))
        return false;
    g_autofree char *text = smtp_reply(smtp, smtp_patience(smtp), error);
    if (text == NULL)
        return false;
    if (smtp->result->code != 250) {
        smtp_refused(smtp, SMTP_STAGE_EHLO, error);
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    smtp->offers = (struct smtp_offers){.size = 0};
    for (size_t i = 1; lines[0] != NULL && lines[i] != NULL; i++)
        read_offer(&smtp->offers, lines[i]);
    smtp->result->size_limit = smtp->offers.size;
    smtp->result->dsn = smtp->offers.dsn;
    smtp->result->smtputf8 = smtp->offers.smtputf8;
    smtp->result->eight_bit = smtp->offers.eight_bit;
    return true;
}

/* RFC 3207. What was offered before is forgotten, and what was sent in advance is an attack
 * (SECURITY.md 11). */
static bool start_tls(struct smtp *smtp, GError **error)
{
    if (!smtp->offers.starttls) {
        error_set(error, ERROR_TLS, "the server does not offer STARTTLS");
        return false;
    }
    if (!smtp_command(smtp, error, "STARTTLS") || !smtp_expect(smtp, SMTP_STAGE_EHLO, 220, error))
        return false;
    if (!smtp_nothing_waits(smtp)) {
        error_set(error, ERROR_TLS, "the server sent more after STARTTLS, before TLS began");
        return false;
    }
    return conn_start_tls(smtp->conn, smtp->server->dial.ca_file, smtp_patience(smtp), error) &&
           say_ehlo(smtp, error);
}

bool smtp_open(struct smtp *smtp, GError **error)
{
    struct net_dial dial = smtp->server->dial;
    dial.tls = smtp->server->security == SMTP_TLS;
    smtp->conn = conn_dial(&dial, error);
    return smtp->conn != NULL && smtp_expect(smtp, SMTP_STAGE_GREETING, 220, error) &&
           say_ehlo(smtp, error) &&
           (smtp->server->security != SMTP_STARTTLS || start_tls(smtp, error)) &&
           smtp_authenticate(smtp, error);
}

void smtp_close(struct smtp *smtp)
{
    if (smtp->conn == NULL)
        return;
    if (!smtp->in_data && conn_may_park(smtp->conn)) /* not after an error on the stream */
        (void)conn_write(smtp->conn, "QUIT\r\n", 6, clock_in_ms(QUIT_MS), NULL);
    conn_free(smtp->conn);
    smtp->conn = NULL;
    explicit_bzero(smtp->buffer, sizeof(smtp->buffer));
}
