#include "smtp/smtp.h"

#include "base/clock.h"
#include "smtp/internal.h"
#include "smtp/wire.h"

#include <string.h>

#define CHUNK 65536
#define SLOWEST_BYTES_PER_SECOND 8192
#define FINAL_PATIENCE_MS                                                                          \
    (5 * 60 * 1000) /* RFC 5321, 4.5.3.2.6 asks for ten; people wait for it                        \
                     */
#define PARAMETER_MAX 500
/* Recipients named before the first reply is read. */
#define GROUP 100

void smtp_result_clear(struct smtp_result *result)
{
    g_free(result->enhanced);
    g_free(result->reply);
    g_free(result->queued_id);
    *result = (struct smtp_result){.code = 0};
}

bool smtp_verify(const struct smtp_server *server, struct smtp_result *result, GError **error)
{
    struct smtp smtp = {.server = server, .result = result};
    *result = (struct smtp_result){.code = 0};
    bool ok = smtp_open(&smtp, error);
    smtp_close(&smtp);
    return ok;
}

/* Printable ASCII without space, as parameters are. */
static bool parameter_is_valid(const char *value)
{
    if (value == NULL)
        return true;
    size_t length = strlen(value);
    for (size_t i = 0; i < length; i++)
        if (value[i] <= 32 || value[i] >= 127)
            return false;
    return length > 0 && length <= PARAMETER_MAX;
}

static bool message_is_valid(const struct smtp_message *message, GError **error)
{
    bool ok = smtp_address_is_valid(message->mail_from, true) && message->recipient_count > 0 &&
              parameter_is_valid(message->ret) &&
              (message->envid == NULL || strlen(message->envid) <= PARAMETER_MAX);
    for (size_t i = 0; ok && i < message->recipient_count; i++) {
        const struct smtp_recipient *recipient = &message->recipients[i];
        ok = smtp_address_is_valid(recipient->address, false) &&
             parameter_is_valid(recipient->notify) &&
             (recipient->orcpt == NULL || strlen(recipient->orcpt) <= PARAMETER_MAX);
    }
    if (!ok)
        error_set(error, ERROR_INVALID, "an address or parameter that cannot be sent");
    return ok;
}

static bool has_eight_bit(const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((data[i] & 0x80) != 0)
            return true;
    return false;
}

/* The length of the header section: up to the first empty line. */
static size_t header_length(const char *data, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++)
        if (data[i] == '\n' && (data[i + 1] == '\n' || data[i + 1] == '\r'))
            return i;
    return length;
}

/* RFC 6531, 3.4: addresses or headers in UTF-8 need SMTPUTF8. */
static bool is_international(const struct smtp_message *message)
{
    size_t length;
    const char *data = g_bytes_get_data(message->data, &length);
    if (!g_str_is_ascii(message->mail_from) || has_eight_bit(data, header_length(data, length)))
        return true;
    for (size_t i = 0; i < message->recipient_count; i++)
        if (!g_str_is_ascii(message->recipients[i].address))
            return true;
    return false;
}

/* The address as this server can take it; ERROR_SMTP_PERMANENT when it cannot. (transfer full) */
static char *address_for(const struct smtp *smtp, const char *address, GError **error)
{
    char *form = smtp_address_form(address, smtp->offers.smtputf8);
    if (form == NULL)
        error_set(error, ERROR_SMTP_PERMANENT,
                  "the server does not take international addresses (SMTPUTF8)");
    return form;
}

static bool say_mail_from(struct smtp *smtp, const struct smtp_message *message, GError **error)
{
    uint64_t size = smtp_wire_size(message->data);
    if (smtp->offers.size > 0 && size > smtp->offers.size) {
        smtp->result->code = 0; /* no reply decides this */
        g_clear_pointer(&smtp->result->reply, g_free);
        g_clear_pointer(&smtp->result->enhanced, g_free);
        error_set(error, ERROR_MESSAGE_TOO_LARGE,
                  "the message has %" G_GUINT64_FORMAT
                  " bytes, the server takes %" G_GUINT64_FORMAT,
                  size, smtp->offers.size);
        return false;
    }
    size_t length;
    const char *data = g_bytes_get_data(message->data, &length);
    g_autofree char *from = address_for(smtp, message->mail_from, error);
    if (from == NULL)
        return false;
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "MAIL FROM:<%s>", from);
    if (smtp->offers.size > 0)
        g_string_append_printf(line, " SIZE=%" G_GUINT64_FORMAT, size);
    if (smtp->offers.eight_bit && has_eight_bit(data, length))
        g_string_append(line, " BODY=8BITMIME");
    if (smtp->offers.smtputf8 && is_international(message))
        g_string_append(line, " SMTPUTF8");
    if (smtp->offers.dsn && message->ret != NULL)
        g_string_append_printf(line, " RET=%s", message->ret);
    if (smtp->offers.dsn && message->envid != NULL) {
        g_autofree char *envid = smtp_xtext(message->envid);
        g_string_append_printf(line, " ENVID=%s", envid);
    }
    return smtp_command(smtp, error, "%s", line->str);
}

static bool say_rcpt(struct smtp *smtp, const struct smtp_recipient *recipient, const char *address,
                     GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "RCPT TO:<%s>", address);
    if (smtp->offers.dsn && recipient->notify != NULL)
        g_string_append_printf(line, " NOTIFY=%s", recipient->notify);
    if (smtp->offers.dsn && recipient->orcpt != NULL) {
        g_autofree char *orcpt = smtp_xtext(recipient->orcpt);
        g_string_append_printf(line, " ORCPT=%s", orcpt);
    }
    return smtp_command(smtp, error, "%s", line->str);
}

/* Says RCPT, unless the server cannot take such an address: the recipient has its code then. */
static bool ask_recipient(struct smtp *smtp, struct smtp_recipient *recipient, GError **error)
{
    g_autofree char *address = smtp_address_form(recipient->address, smtp->offers.smtputf8);
    if (address != NULL)
        return say_rcpt(smtp, recipient, address, error);
    recipient->code = 553; /* as a server would say it, RFC 6531, 3.5 */
    recipient->reply = g_strdup("5.6.7 The server takes no international addresses");
    return true;
}

/* False only when the conversation cannot go on; a refused recipient is told in its code. */
static bool hear_recipient(struct smtp *smtp, struct smtp_recipient *recipient, GError **error)
{
    if (recipient->code != 0)
        return true;
    g_autofree char *text = smtp_reply(smtp, smtp_patience(smtp), error);
    if (text == NULL)
        return false;
    recipient->code = smtp->result->code;
    recipient->reply = g_strdup(smtp->result->reply);
    if (recipient->code == 421 || recipient->code < 200 ||
        (recipient->code >= 300 && recipient->code < 400)) {
        smtp_refused(smtp, SMTP_STAGE_RCPT, error);
        return false;
    }
    return true;
}

static bool is_taken(const struct smtp_recipient *recipient)
{
    return recipient->code >= 200 && recipient->code < 300;
}

/* Nobody was taken: temporary if all are, else what the first lasting refusal means. */
static void all_refused(struct smtp *smtp, const struct smtp_message *message, GError **error)
{
    const struct smtp_recipient *decider = &message->recipients[0];
    for (size_t i = 0; decider->code < 500 && i < message->recipient_count; i++)
        if (message->recipients[i].code >= 500)
            decider = &message->recipients[i];
    smtp->result->code = decider->code;
    g_free(smtp->result->reply);
    g_free(smtp->result->enhanced);
    smtp->result->reply = g_strdup(decider->reply);
    const char *space = strchr(decider->reply, ' ');
    bool enhanced = space != NULL && g_ascii_isdigit(decider->reply[0]) && decider->reply[1] == '.';
    smtp->result->enhanced =
        enhanced ? g_strndup(decider->reply, (size_t)(space - decider->reply)) : NULL;
    smtp_refused(smtp, SMTP_STAGE_RCPT, error);
}

/* MAIL, or nothing for those after the first group. */
static bool begin_group(struct smtp *smtp, const struct smtp_message *message, bool first,
                        GError **error)
{
    return !first || (say_mail_from(smtp, message, error) &&
                      (smtp->offers.pipelining || smtp_expect(smtp, SMTP_STAGE_MAIL, 250, error)));
}

/* MAIL and RCPT: in groups of one round trip each with PIPELINING (RFC 2920), else one by one. DATA
 * stays apart, since a server may say 354 though it took no recipient. */
static bool send_envelope(struct smtp *smtp, struct smtp_message *message, GError **error)
{
    size_t taken = 0, group = smtp->offers.pipelining ? GROUP : 1;
    for (size_t first = 0; first < message->recipient_count; first += group) {
        size_t end = MIN(first + group, message->recipient_count);
        if (!begin_group(smtp, message, first == 0, error))
            return false;
        for (size_t i = first; i < end; i++)
            if (!ask_recipient(smtp, &message->recipients[i], error))
                return false;
        if (first == 0 && smtp->offers.pipelining &&
            !smtp_expect(smtp, SMTP_STAGE_MAIL, 250, error))
            return false;
        for (size_t i = first; i < end; i++) {
            if (!hear_recipient(smtp, &message->recipients[i], error))
                return false;
            taken += is_taken(&message->recipients[i]);
        }
    }
    if (taken == 0)
        all_refused(smtp, message, error);
    return taken > 0;
}

/* Collects pieces, so that a packet is not a line. */
struct writer {
    struct conn *conn;
    int64_t deadline;
    GError **error;
    GByteArray *pending;
};

static bool writer_flush(struct writer *writer)
{
    bool ok = conn_write(writer->conn, writer->pending->data, writer->pending->len,
                         writer->deadline, writer->error);
    g_byte_array_set_size(writer->pending, 0);
    return ok;
}

static bool writer_sink(void *arg, const char *data, size_t length)
{
    struct writer *writer = arg;
    while (length > 0) {
        size_t part = MIN(length, CHUNK);
        g_byte_array_append(writer->pending, (const guint8 *)data, (guint)part);
        data += part;
        length -= part;
        if (writer->pending->len >= CHUNK && !writer_flush(writer))
            return false;
    }
    return true;
}

static bool send_body(struct smtp *smtp, GBytes *data, GError **error)
{
    smtp->in_data = true;
    int64_t patience = smtp->server->reply_ms > 0 ? smtp->server->reply_ms : FINAL_PATIENCE_MS;
    int64_t slowest = (int64_t)(g_bytes_get_size(data) / SLOWEST_BYTES_PER_SECOND) * 1000;
    struct writer writer = {.conn = smtp->conn,
                            .deadline = clock_in_ms(patience + slowest),
                            .error = error,
                            .pending = g_byte_array_sized_new(CHUNK * 2)};
    bool ok = smtp_wire_write(data, writer_sink, &writer) && writer_flush(&writer);
    g_byte_array_unref(writer.pending);
    return ok;
}

/* Personal Outlook replaces the Message-ID and says the new one (docs/internals/exchange.md). */
static char *find_message_id(const char *reply)
{
    const char *open = strchr(reply, '<');
    const char *close = open == NULL ? NULL : strchr(open, '>');
    if (close == NULL)
        return NULL;
    g_autofree char *id = g_strndup(open + 1, (size_t)(close - open - 1));
    bool looks_like_one = strchr(id, '@') != NULL && strpbrk(id, " \t<") == NULL;
    return looks_like_one ? g_steal_pointer(&id) : NULL;
}

/* From the final dot on, only the server knows: without its answer the end is uncertain. */
static bool hand_over(struct smtp *smtp, const struct smtp_message *message, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (message->before_final_dot != NULL && !message->before_final_dot(message->arg, error))
        return false;
    int64_t patience = smtp->server->reply_ms > 0 ? smtp->server->reply_ms : FINAL_PATIENCE_MS;
    int64_t deadline = clock_in_ms(patience);
    smtp->result->handed_over = true;
    g_autofree char *text = NULL;
    if (conn_write(smtp->conn, ".\r\n", 3, deadline, &failure))
        text = smtp_reply(smtp, deadline, &failure);
    smtp->in_data = text == NULL;
    if (text == NULL) {
        smtp->result->code = 0;
        error_set(error, ERROR_UNCERTAIN, "no answer after the message was handed over: %s",
                  failure->message);
        return false;
    }
    if (smtp->result->code == 250) {
        smtp->result->queued_id = find_message_id(smtp->result->reply);
        return true;
    }
    smtp_refused(smtp, SMTP_STAGE_DATA, error);
    return false;
}

/* Over an open connection. */
static bool send_message(struct smtp *smtp, struct smtp_message *message, GError **error)
{
    return send_envelope(smtp, message, error) && smtp_command(smtp, error, "DATA") &&
           smtp_expect(smtp, SMTP_STAGE_DATA, 354, error) &&
           send_body(smtp, message->data, error) && hand_over(smtp, message, error);
}

/* Nothing is known of the message yet. */
static bool prepare(struct smtp_message *message, struct smtp_result *result, GError **error)
{
    *result = (struct smtp_result){.code = 0};
    if (!message_is_valid(message, error))
        return false;
    for (size_t i = 0; i < message->recipient_count; i++) {
        message->recipients[i].code = 0;
        g_clear_pointer(&message->recipients[i].reply, g_free);
    }
    return true;
}

bool smtp_send(const struct smtp_server *server, struct smtp_message *message,
               struct smtp_result *result, GError **error)
{
    struct smtp smtp = {.server = server, .result = result};
    if (!prepare(message, result, error))
        return false;
    bool ok = smtp_open(&smtp, error) && send_message(&smtp, message, error);
    smtp_close(&smtp);
    return ok;
}

struct smtp_client {
    struct smtp smtp;
};

struct smtp_client *smtp_client_open(const struct smtp_server *server, struct smtp_result *result,
                                     GError **error)
{
    struct smtp_client *client = g_new0(struct smtp_client, 1);
    client->smtp.server = server;
    client->smtp.result = result;
    *result = (struct smtp_result){.code = 0};
    if (smtp_open(&client->smtp, error))
        return client;
    smtp_client_free(client);
    return NULL;
}

bool smtp_client_send(struct smtp_client *client, struct smtp_message *message,
                      struct smtp_result *result, GError **error)
{
    client->smtp.result = result;
    return prepare(message, result, error) && send_message(&client->smtp, message, error);
}

void smtp_client_free(struct smtp_client *client)
{
    if (client == NULL)
        return;
    smtp_close(&client->smtp);
    g_free(client);
}
