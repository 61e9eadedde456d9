#include "imap/client.h"

#include "base/clock.h"
#include "imap/client_private.h"
#include "imap/quirks.h"

#include <string.h>

#define PATIENCE_MS 60000
#define LOGOUT_MS 1000

static struct imap_client *make(struct conn *conn, int64_t deadline)
{
    struct imap_client *client = g_new0(struct imap_client, 1);
    client->conn = conn;
    client->patience_ms = PATIENCE_MS;
    client->deadline = client->latest = client->not_after = deadline;
    client->round_trip = CLOCK_NEVER;
    imap_bodies_init(&client->bodies);
    struct imap_sink sink = {imap_bodies_begin, imap_bodies_data, &client->bodies};
    client->parser = imap_parser_new(&imap_limits_default, &sink);
    return client;
}

void imap_client_free(struct imap_client *client)
{
    if (client == NULL)
        return;
    conn_free(client->conn);
    imap_parser_free(client->parser);
    imap_bodies_clear(&client->bodies);
    g_clear_pointer(&client->namespaces, g_array_unref);
    g_free(client->mailboxid);
    g_strfreev(client->permanent_keywords);
    g_free(client->in);
    g_free(client->last_text);
    g_free(client->farewell);
    g_free(client->warning);
    g_free(client);
}

static bool read_greeting(struct imap_client *client, GError **error)
{
    const struct imap_response *response = imap_client_next(client, false, error);
    if (response == NULL)
        return false;
    if (response->kind == IMAP_UNTAGGED && response->condition == IMAP_BYE) {
        imap_farewell_error(error, client->farewell);
        return false;
    }
    if (response->kind != IMAP_UNTAGGED ||
        (response->condition != IMAP_OK && response->condition != IMAP_PREAUTH)) {
        if (response->kind == IMAP_UNTAGGED)
            imap_reply_error(error, "greeting", response->condition, response->code.kind,
                             response->text, ERROR_PROTOCOL);
        else
            error_set(error, ERROR_PROTOCOL, "this is not a mail server that speaks IMAP: %.100s",
                      response->text != NULL ? response->text : "");
        return false;
    }
    client->preauth = response->condition == IMAP_PREAUTH;
    client->exchange = strstr(response->text, "Microsoft Exchange") != NULL;
    return true;
}

static void take_nothing(struct imap_client *client)
{
    client->capabilities = 0;
    client->capabilities_known = false;
}

bool imap_client_learn_capabilities(struct imap_client *client, GError **error)
{
    if (client->capabilities_known)
        return true;
    struct imap_command command;
    imap_client_command(client, &command, "CAPABILITY");
    return imap_client_run(client, &command, NULL, error);
}

/* SECURITY.md 11: nothing that came before TLS is believed. */
static bool start_tls(struct imap_client *client, const struct net_dial *dial, GError **error)
{
    if (client->preauth) {
        error_set(error, ERROR_TLS, "the server signs us in before TLS (PREAUTH)");
        return false;
    }
    if (!imap_client_learn_capabilities(client, error))
        return false;
    if (!imap_client_can(client, IMAP_CAP_STARTTLS)) {
        error_set(error, ERROR_TLS, "the server does not offer STARTTLS");
        return false;
    }
    struct imap_command command;
    imap_client_command(client, &command, "STARTTLS");
    if (!imap_client_run(client, &command, NULL, error))
        return false;
    if (client->in_at < client->in_length || !imap_parser_is_empty(client->parser)) {
        error_set(error, ERROR_TLS, "the server sent more after STARTTLS, before TLS began");
        return false;
    }
    take_nothing(client);
    return conn_start_tls(client->conn, dial->ca_file, dial->deadline, error);
}

static bool greet(struct imap_client *client, const struct net_dial *dial,
                  enum imap_security security, GError **error)
{
    bool good = read_greeting(client, error) &&
                (security != IMAP_STARTTLS || start_tls(client, dial, error)) &&
                imap_client_learn_capabilities(client, error);
    client->not_after = CLOCK_NEVER;
    return good;
}

struct imap_client *imap_client_open(const struct net_dial *dial, enum imap_security security,
                                     GError **error)
{
    struct net_dial own = *dial;
    own.tls = security == IMAP_TLS;
    struct conn *conn = conn_dial(&own, error);
    if (conn == NULL)
        return NULL;
    struct imap_client *client = make(conn, dial->deadline);
    if (greet(client, &own, security, error))
        return client;
    imap_client_free(client);
    return NULL;
}

struct imap_client *imap_client_new(struct conn *conn, int64_t deadline, GError **error)
{
    struct imap_client *client = make(conn, deadline);
    if (greet(client, NULL, IMAP_PLAIN, error))
        return client;
    imap_client_free(client);
    return NULL;
}

void imap_client_logout(struct imap_client *client)
{
    if (client == NULL)
        return;
    client->patience_ms = MIN(client->patience_ms, LOGOUT_MS);
    if (imap_idle_end(client, NULL)) {
        struct imap_command command;
        imap_client_command(client, &command, "LOGOUT");
        imap_client_run(client, &command, NULL, NULL);
    }
    imap_client_free(client);
}

void imap_client_set_patience(struct imap_client *client, int64_t milliseconds)
{
    client->patience_ms = milliseconds;
}

uint32_t imap_client_capabilities(const struct imap_client *client)
{
    return client->capabilities;
}

const char *imap_client_last_text(const struct imap_client *client)
{
    return client->last_text != NULL ? client->last_text : "";
}

struct conn *imap_client_conn(struct imap_client *client)
{
    return client->conn;
}

int64_t imap_client_round_trip(const struct imap_client *client)
{
    return client->round_trip;
}

bool imap_client_is_usable(const struct imap_client *client)
{
    return !client->dead && client->farewell == NULL;
}

void imap_client_set_limits(struct imap_client *client, uint64_t body_max, uint64_t spool_over,
                            const char *spool_dir)
{
    client->bodies.body_max = body_max;
    client->bodies.spool_over = spool_over;
    g_free(client->bodies.spool_dir);
    client->bodies.spool_dir = g_strdup(spool_dir);
}

void imap_client_set_events(struct imap_client *client, const struct imap_events *events)
{
    client->events = events != NULL ? *events : (struct imap_events){0};
}

bool imap_client_may_park(const struct imap_client *client)
{
    return imap_client_is_usable(client) && client->in_at == client->in_length &&
           imap_parser_is_empty(client->parser) && conn_may_park(client->conn);
}

static const struct imap_quirks plain = {.name = "plain",
                                         .exact_sizes = true,
                                         .append_keywords = true,
                                         .append_keeps_flagged = true};
static const struct imap_quirks exchange = {.name = "exchange", .named_folders = true};
static const struct imap_quirks gmail = {.name = "gmail",
                                         .exact_sizes = true,
                                         .append_keywords = true,
                                         .append_keeps_flagged = true,
                                         .labels = true};

const struct imap_quirks *imap_client_quirks(const struct imap_client *client)
{
    if (imap_client_can(client, IMAP_CAP_X_GM_EXT_1))
        return &gmail;
    if (client->exchange && !imap_client_can(client, IMAP_CAP_CONDSTORE))
        return &exchange;
    return &plain;
}
