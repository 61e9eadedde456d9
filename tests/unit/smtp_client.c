/* Whole conversations with a scripted server. A script is a list of lines:
 *   "S:text"  the server says text and CRLF        "s:text" says it without a line end
 *   "C:text"  the client must say exactly this     "TLS"    a handshake
 *   "DATA"    takes lines until the final dot      "CUT"    hangs up
 *   "SLOW:text" says it byte by byte               "FLOOD:text" says it until nobody listens
 * and the connection stays open after the last one. */
#include "smtp/smtp.h"

#include "base/clock.h"
#include "peer.h"

#include <glib.h>
#include <string.h>

#define EHLO "S:220 smtp.example.org ready", "C:EHLO client.example"
#define OFFERS                                                                                     \
    "S:250-smtp.example.org hello", "S:250-SIZE 100000", "S:250-PIPELINING", "S:250-DSN",          \
        "S:250-AUTH LOGIN XOAUTH2", "S:250-8BITMIME", "S:250 SMTPUTF8"
#define SECURED EHLO, "S:250-hello", "S:250 STARTTLS", "C:STARTTLS", "S:220 go", "TLS"
/* user=ada@example.org ^A auth=Bearer token ^A ^A */
#define XOAUTH2 "dXNlcj1hZGFAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgdG9rZW4BAQ=="
#define SIGNED_IN "C:AUTH XOAUTH2", "S:334 ", "C:" XOAUTH2, "S:235 2.7.0 Authentication successful"
#define OPENED EHLO, OFFERS, SIGNED_IN

struct script {
    const char *const *lines;
    GString *data;
    char *mismatch; /* what the client said instead */
};

static bool take_data(struct peer_stream *stream, GString *data)
{
    for (;;) {
        g_autofree char *line = peer_read_line(stream);
        if (line == NULL)
            return false;
        if (strcmp(line, ".") == 0)
            return true;
        g_string_append_printf(data, "%s\n", line);
    }
}

static bool expect_line(struct peer_stream *stream, struct script *script, const char *wanted)
{
    g_autofree char *line = peer_read_line(stream);
    if (g_strcmp0(line, wanted) == 0)
        return true;
    script->mismatch = g_strdup_printf("wanted \"%s\", got \"%s\"", wanted, line);
    return false;
}

static bool flood(struct peer_stream *stream, const char *text)
{
    while (peer_say(stream, text))
        continue;
    return false;
}

static bool play_line(struct peer_stream *stream, struct script *script, const char *line)
{
    g_autofree char *text =
        g_strconcat(strchr(line, ':') ? strchr(line, ':') + 1 : "", "\r\n", NULL);
    if (g_str_has_prefix(line, "S:"))
        return peer_say(stream, text);
    if (g_str_has_prefix(line, "s:"))
        return peer_say(stream, line + 2);
    if (g_str_has_prefix(line, "SLOW:"))
        return peer_say_slowly(stream, text);
    if (g_str_has_prefix(line, "FLOOD:"))
        return flood(stream, line + 6);
    if (g_str_has_prefix(line, "C:"))
        return expect_line(stream, script, line + 2);
    if (strcmp(line, "TLS") == 0)
        return peer_tls(stream, "localhost");
    if (strcmp(line, "DATA") == 0)
        return take_data(stream, script->data);
    return false; /* CUT */
}

static void serve_script(struct peer_stream *stream, void *arg)
{
    struct script *script = arg;
    for (size_t i = 0; script->lines[i] != NULL; i++)
        if (!play_line(stream, script, script->lines[i]))
            return;
    peer_drain(stream);
}

/* A conversation and how it must end: error -1 for success. */
struct dialogue {
    const char *name;
    enum smtp_security security;
    enum smtp_auth auth;
    const char *lines[24];
    int error;
    int code;
    bool handed_over;
};

struct outcome {
    struct smtp_result result;
    GError *error;
    GString *data;
};

/* Plays the script against smtp_verify (message NULL) or smtp_send. */
static struct outcome play_lines(const struct dialogue *dialogue, const char *const *lines,
                                 struct smtp_message *message)
{
    struct outcome outcome = {.data = g_string_new(NULL)};
    struct script script = {lines, outcome.data, NULL};
    struct peer *peer = peer_start(serve_script, &script);
    struct secret *secret = secret_new("token", 5);
    struct smtp_server server = {.dial = {.host = "localhost",
                                          .port = peer_port(peer),
                                          .ca_file = peer_ca_file(),
                                          .class = NET_OPERATOR,
                                          .deadline = clock_in_ms(20000)},
                                 .security = dialogue->security,
                                 .auth = dialogue->auth,
                                 .login = "ada@example.org",
                                 .secret = secret,
                                 .helo = "client.example",
                                 .reply_ms = 20000};
    if (g_str_has_prefix(dialogue->name, "timeout"))
        server.reply_ms = 400;
    bool ok = message == NULL ? smtp_verify(&server, &outcome.result, &outcome.error)
                              : smtp_send(&server, message, &outcome.result, &outcome.error);
    peer_stop(peer);
    secret_free(secret);
    g_test_message("%s: %s", dialogue->name, ok ? "ok" : outcome.error->message);
    g_assert_cmpstr(script.mismatch, ==, NULL);
    g_assert_cmpint(ok, ==, outcome.error == NULL);
    return outcome;
}

static struct outcome play(const struct dialogue *dialogue, struct smtp_message *message)
{
    return play_lines(dialogue, dialogue->lines, message);
}

static void check_and_clear(const struct dialogue *dialogue, struct outcome *outcome)
{
    if (dialogue->error < 0)
        g_assert_no_error(outcome->error);
    else
        g_assert_true(error_is(outcome->error, (enum error_code)dialogue->error));
    g_assert_cmpint(outcome->result.code, ==, dialogue->code);
    g_assert_cmpint(outcome->result.handed_over, ==, dialogue->handed_over);
    if (outcome->error != NULL)
        g_assert_null(strstr(outcome->error->message, "token"));
    smtp_result_clear(&outcome->result);
    g_clear_error(&outcome->error);
    g_string_free(outcome->data, TRUE);
}

static const struct dialogue verify_dialogues[] = {
    {"plain xoauth2", SMTP_PLAIN, SMTP_AUTH_XOAUTH2, {OPENED, "C:QUIT"}, -1, 235, false},
    {"tls", SMTP_TLS, SMTP_AUTH_XOAUTH2, {"TLS", OPENED, "C:QUIT"}, -1, 235, false},
    {"starttls",
     SMTP_STARTTLS,
     SMTP_AUTH_XOAUTH2,
     {SECURED, "C:EHLO client.example", OFFERS, SIGNED_IN, "C:QUIT"},
     -1,
     235,
     false},
    {"byte by byte",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {"SLOW:220-one", "SLOW:220-two", "SLOW:220 three", "C:EHLO client.example", "SLOW:250 x"},
     -1,
     250,
     false},
    {"starttls missing",
     SMTP_STARTTLS,
     SMTP_AUTH_XOAUTH2,
     {EHLO, OFFERS, "C:QUIT"},
     ERROR_TLS,
     250,
     false},
    {"starttls injection",
     SMTP_STARTTLS,
     SMTP_AUTH_XOAUTH2,
     {EHLO, "S:250-x", "S:250 STARTTLS", "C:STARTTLS", "s:220 go\r\n250 AUTH PLAIN\r\n", "TLS"},
     ERROR_TLS,
     220,
     false},
    {"starttls refused",
     SMTP_STARTTLS,
     SMTP_AUTH_XOAUTH2,
     {EHLO, "S:250-x", "S:250 STARTTLS", "C:STARTTLS", "S:454 4.7.0 not now", "C:QUIT"},
     ERROR_SMTP_TEMPORARY,
     454,
     false},
    {"offers before tls are forgotten",
     SMTP_STARTTLS,
     SMTP_AUTH_XOAUTH2,
     {EHLO, "S:250-x", "S:250-STARTTLS", "S:250 AUTH XOAUTH2", "C:STARTTLS", "S:220 go", "TLS",
      "C:EHLO client.example", "S:250 nothing", "C:QUIT"},
     ERROR_SMTP_REFUSED,
     250,
     false},
    {"exchange refuses at once",
     SMTP_PLAIN,
     SMTP_AUTH_XOAUTH2,
     {EHLO, OFFERS, "C:AUTH XOAUTH2", "S:334 ", "C:" XOAUTH2,
      "S:535 5.7.3 Authentication unsuccessful [host]", "C:QUIT"},
     ERROR_SMTP_REFUSED,
     535,
     false},
    {"gmail explains in a challenge first",
     SMTP_PLAIN,
     SMTP_AUTH_XOAUTH2,
     {EHLO, OFFERS, "C:AUTH XOAUTH2", "S:334 ", "C:" XOAUTH2,
      "S:334 eyJzdGF0dXMiOiI0MDEifQ==", "C:", "S:535-5.7.8 not", "S:535 5.7.8 accepted", "C:QUIT"},
     ERROR_SMTP_REFUSED,
     535,
     false},
    {"smtp auth is off",
     SMTP_PLAIN,
     SMTP_AUTH_XOAUTH2,
     {EHLO, OFFERS, "C:AUTH XOAUTH2", "S:334 ", "C:" XOAUTH2,
      "S:535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
      "Tenant.",
      "C:QUIT"},
     ERROR_SMTP_AUTH_OFF,
     535,
     false},
    {"password by PLAIN",
     SMTP_PLAIN,
     SMTP_AUTH_PASSWORD,
     {EHLO, "S:250-x", "S:250 AUTH PLAIN LOGIN",
      "C:AUTH PLAIN AGFkYUBleGFtcGxlLm9yZwB0b2tlbg==", "S:235 2.7.0 ok", "C:QUIT"},
     -1,
     235,
     false},
    {"password by LOGIN",
     SMTP_PLAIN,
     SMTP_AUTH_PASSWORD,
     {EHLO, "S:250-x", "S:250 AUTH=LOGIN LOGIN", "C:AUTH LOGIN", "S:334 VXNlcm5hbWU6",
      "C:YWRhQGV4YW1wbGUub3Jn", "S:334 UGFzc3dvcmQ6", "C:dG9rZW4=", "S:535 5.7.8 wrong", "C:QUIT"},
     ERROR_PASSWORD_REFUSED,
     535,
     false},
    {"not offered",
     SMTP_PLAIN,
     SMTP_AUTH_PASSWORD,
     {EHLO, "S:250-x", "S:250 AUTH XOAUTH2"},
     ERROR_SMTP_REFUSED,
     250,
     false},
    {"busy",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {"S:421 4.3.2 later", "C:QUIT"},
     ERROR_THROTTLED,
     421,
     false},
    {"hangs up", SMTP_PLAIN, SMTP_AUTH_NONE, {"CUT"}, ERROR_CLOSED, 0, false},
    {"hangs up in a reply",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {"s:220-half", "CUT"},
     ERROR_CLOSED,
     0,
     false},
    {"timeout", SMTP_PLAIN, SMTP_AUTH_NONE, {"s:220-half"}, ERROR_TIMEOUT, 0, false},
    {"garbage", SMTP_PLAIN, SMTP_AUTH_NONE, {"S:\x80\xff\x01 binary"}, ERROR_PROTOCOL, 0, false},
    {"an http server",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {"S:HTTP/1.1 400 Bad Request"},
     ERROR_PROTOCOL,
     0,
     false},
    {"codes that change",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {"S:220-a", "S:250 b"},
     ERROR_PROTOCOL,
     0,
     false},
    {"endless lines",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {"FLOOD:220-again\r\n"},
     ERROR_PROTOCOL,
     0,
     false},
    {"an endless line", SMTP_PLAIN, SMTP_AUTH_NONE, {"FLOOD:220 x"}, ERROR_PROTOCOL, 0, false},
};

static void verification_conversations(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(verify_dialogues); i++) {
        struct outcome outcome = play(&verify_dialogues[i], NULL);
        check_and_clear(&verify_dialogues[i], &outcome);
    }
}

static GBytes *bytes(const char *text)
{
    return g_bytes_new_static(text, strlen(text));
}

static const struct dialogue send_dialogues[] = {
    {"whole message",
     SMTP_PLAIN,
     SMTP_AUTH_XOAUTH2,
     {OPENED, "C:MAIL FROM:<ada@example.org> SIZE=27 RET=HDRS ENVID=id+2B1", "S:250 2.1.0 ok",
      "C:RCPT TO:<bob@example.net> NOTIFY=FAILURE ORCPT=rfc822;bob+2Bx@example.net",
      "S:250 2.1.5 ok", "C:DATA", "S:354 go", "DATA",
      "S:250 2.0.0 OK <AM0PR01@prod.outlook.com> [Hostname=AM0.outlook.com]", "C:QUIT"},
     -1,
     250,
     true},
    {"refused recipient",
     SMTP_PLAIN,
     SMTP_AUTH_XOAUTH2,
     {OPENED, "C:MAIL FROM:<ada@example.org> SIZE=27 RET=HDRS ENVID=id+2B1", "S:250 ok",
      "C:RCPT TO:<bob@example.net> NOTIFY=FAILURE ORCPT=rfc822;bob+2Bx@example.net",
      "S:550 5.1.1 nobody", "C:QUIT"},
     ERROR_RECIPIENT_REFUSED,
     550,
     false},
    {"temporarily refused recipient",
     SMTP_PLAIN,
     SMTP_AUTH_XOAUTH2,
     {OPENED, "C:MAIL FROM:<ada@example.org> SIZE=27 RET=HDRS ENVID=id+2B1", "S:250 ok",
      "C:RCPT TO:<bob@example.net> NOTIFY=FAILURE ORCPT=rfc822;bob+2Bx@example.net",
      "S:450 4.2.0 greylisted", "C:QUIT"},
     ERROR_SMTP_TEMPORARY,
     450,
     false},
    {"envelope in one round trip",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {EHLO, "S:250-x", "S:250 PIPELINING", "C:MAIL FROM:<ada@example.org>",
      "C:RCPT TO:<bob@example.net>", "S:250 ok", "S:550 5.1.1 nobody", "C:QUIT"},
     ERROR_RECIPIENT_REFUSED,
     550,
     false},
    {"sender refused with recipients under way",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {EHLO, "S:250-x", "S:250 PIPELINING", "C:MAIL FROM:<ada@example.org>",
      "C:RCPT TO:<bob@example.net>", "S:432 4.3.2 Concurrent connections", "S:503 5.5.1 no",
      "C:QUIT"},
     ERROR_THROTTLED,
     432,
     false},
    {"send as denied after data",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {EHLO, "S:250 x", "C:MAIL FROM:<ada@example.org>", "S:250 ok", "C:RCPT TO:<bob@example.net>",
      "S:250 ok", "C:DATA", "S:354 go", "DATA", "S:554 5.2.252 SendAsDenied; no", "C:QUIT"},
     ERROR_SEND_AS_DENIED,
     554,
     true},
    {"too large by announcement",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {EHLO, "S:250-x", "S:250 SIZE 26", "C:QUIT"},
     ERROR_MESSAGE_TOO_LARGE,
     0,
     false},
    {"throttled sender",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {EHLO, "S:250 x", "C:MAIL FROM:<ada@example.org>", "S:432 4.3.2 Concurrent connections",
      "C:QUIT"},
     ERROR_THROTTLED,
     432,
     false},
    {"data refused",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {EHLO, "S:250 x", "C:MAIL FROM:<ada@example.org>", "S:250 ok", "C:RCPT TO:<bob@example.net>",
      "S:250 ok", "C:DATA", "S:451 4.3.0 disk", "C:QUIT"},
     ERROR_SMTP_TEMPORARY,
     451,
     false},
    {"cut after the final dot",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {EHLO, "S:250 x", "C:MAIL FROM:<ada@example.org>", "S:250 ok", "C:RCPT TO:<bob@example.net>",
      "S:250 ok", "C:DATA", "S:354 go", "DATA", "CUT"},
     ERROR_UNCERTAIN,
     0,
     true},
    {"timeout after the final dot",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {EHLO, "S:250 x", "C:MAIL FROM:<ada@example.org>", "S:250 ok", "C:RCPT TO:<bob@example.net>",
      "S:250 ok", "C:DATA", "S:354 go", "DATA"},
     ERROR_UNCERTAIN,
     0,
     true},
    {"hangs up before data",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {EHLO, "S:250 x", "C:MAIL FROM:<ada@example.org>", "S:250 ok", "CUT"},
     ERROR_CLOSED,
     250,
     false},
    {"421 at a recipient",
     SMTP_PLAIN,
     SMTP_AUTH_NONE,
     {EHLO, "S:250 x", "C:MAIL FROM:<ada@example.org>", "S:250 ok", "C:RCPT TO:<bob@example.net>",
      "S:421 4.4.2 bye"},
     ERROR_THROTTLED,
     421,
     false},
};

static void sending_conversations(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(send_dialogues); i++) {
        g_autoptr(GBytes) data = bytes("Subject: x\n\nhello\n.dot\n");
        struct smtp_recipient to = {.address = "bob@example.net",
                                    .notify = "FAILURE",
                                    .orcpt = "rfc822;bob+x@example.net"};
        struct smtp_message message = {.mail_from = "ada@example.org",
                                       .recipients = &to,
                                       .recipient_count = 1,
                                       .data = data,
                                       .envid = "id+1",
                                       .ret = "HDRS"};
        struct outcome outcome = play(&send_dialogues[i], &message);
        if (outcome.error == NULL) {
            g_assert_cmpstr(outcome.data->str, ==, "Subject: x\n\nhello\n..dot\n");
            g_assert_cmpstr(outcome.result.queued_id, ==, "AM0PR01@prod.outlook.com");
            g_assert_cmpuint(outcome.result.size_limit, ==, 100000);
        }
        check_and_clear(&send_dialogues[i], &outcome);
        g_free(to.reply);
    }
}

/* More recipients than are named at once; the server answers only when it has a whole group. */
static void many_recipients_go_in_groups(void)
{
    static const struct dialogue dialogue = {"many", SMTP_PLAIN, SMTP_AUTH_NONE, {0}, -1,
                                             250,    true};
    GString *talk = g_string_new("S:220 x\nC:EHLO client.example\nS:250-x\nS:250 PIPELINING\n"
                                 "C:MAIL FROM:<ada@example.org>\n");
    struct smtp_recipient to[150] = {0};
    char names[150][24];
    for (size_t i = 0; i < 150; i++) {
        g_snprintf(names[i], sizeof names[i], "r%zu@example.net", i);
        to[i].address = names[i];
        g_string_append_printf(talk, "C:RCPT TO:<%s>\n", names[i]);
        for (size_t k = i == 99 ? 0 : 100; k <= i && (i == 99 || i == 149); k++)
            g_string_append_printf(talk, "%sS:%s\n", k == 0 ? "S:250 sender\n" : "",
                                   k == 7 ? "550 5.1.1 no" : "250 ok");
    }
    g_string_append(talk, "C:DATA\nS:354 go\nDATA\nS:250 ok\nC:QUIT");
    g_auto(GStrv) lines = g_strsplit(talk->str, "\n", -1);
    g_autoptr(GBytes) data = bytes("Subject: x\n\nhello\n");
    struct smtp_message message = {.mail_from = "ada@example.org",
                                   .recipients = to,
                                   .recipient_count = 150,
                                   .data = data};
    struct outcome outcome = play_lines(&dialogue, (const char *const *)lines, &message);
    check_and_clear(&dialogue, &outcome);
    for (size_t i = 0; i < 150; i++) {
        g_assert_cmpint(to[i].code, ==, i == 7 ? 550 : 250);
        g_free(to[i].reply);
    }
    g_string_free(talk, TRUE);
}

static void one_taken_recipient_is_enough_and_the_others_are_told(void)
{
    static const struct dialogue dialogue =
        {"one of three",
         SMTP_PLAIN,
         SMTP_AUTH_NONE,
         {EHLO, "S:250-x", "S:250-8BITMIME", "S:250 SMTPUTF8",
          "C:MAIL FROM:<ada@example.org> BODY=8BITMIME SMTPUTF8", "S:250 ok",
          "C:RCPT TO:<a@example.net>", "S:550-5.1.1 no such", "S:550 5.1.1 user",
          "C:RCPT TO:<bücher@example.net>", "S:250 ok", "C:RCPT TO:<c@example.net>",
          "S:452 4.5.3 too many", "C:DATA", "S:354 go", "DATA", "S:250 queued as 1", "C:QUIT"},
         -1,
         250,
         true};
    g_autoptr(GBytes) data = bytes("Subject: x\r\n\r\nü\r\n");
    struct smtp_recipient to[] = {{.address = "a@example.net"},
                                  {.address = "bücher@example.net"},
                                  {.address = "c@example.net", .notify = "NEVER"}};
    struct smtp_message message = {.mail_from = "ada@example.org",
                                   .recipients = to,
                                   .recipient_count = 3,
                                   .data = data};
    struct outcome outcome = play(&dialogue, &message);
    g_assert_cmpint(to[0].code, ==, 550);
    g_assert_cmpstr(to[0].reply, ==, "5.1.1 no such user");
    g_assert_cmpint(to[1].code, ==, 250);
    g_assert_cmpint(to[2].code, ==, 452);
    g_assert_null(outcome.result.queued_id);
    check_and_clear(&dialogue, &outcome);
    for (size_t i = 0; i < G_N_ELEMENTS(to); i++)
        g_free(to[i].reply);
}

static void smuggled_commands_arrive_as_one_message(void)
{
    static const struct dialogue dialogue = {"smuggling",
                                             SMTP_PLAIN,
                                             SMTP_AUTH_NONE,
                                             {EHLO, "S:250 x", "C:MAIL FROM:<ada@example.org>",
                                              "S:250 ok", "C:RCPT TO:<bob@example.net>", "S:250 ok",
                                              "C:DATA", "S:354 go", "DATA", "S:250 one", "C:QUIT"},
                                             -1,
                                             250,
                                             true};
    static const char *const tricks[] = {"\n.\n",   "\n.\r\n", "\r.\r\n",     "\r\n.\r",
                                         "\r\n.\n", "\r.\r",   "\r\n.\r\r\n", "\r\r\n.\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(tricks); i++) {
        g_autofree char *text =
            g_strconcat("Subject: x\r\n\r\na", tricks[i], "MAIL FROM:<evil@example.org>\r\n", NULL);
        g_autoptr(GBytes) data = bytes(text);
        struct smtp_recipient to = {.address = "bob@example.net"};
        struct smtp_message message = {.mail_from = "ada@example.org",
                                       .recipients = &to,
                                       .recipient_count = 1,
                                       .data = data};
        struct outcome outcome = play(&dialogue, &message);
        g_assert_nonnull(strstr(outcome.data->str, "MAIL FROM:<evil@example.org>\n"));
        g_assert_nonnull(strstr(outcome.data->str, "\n..\n"));
        check_and_clear(&dialogue, &outcome);
        g_free(to.reply);
    }
}

static void a_line_end_in_an_address_never_reaches_the_server(void)
{
    struct secret *secret = secret_new("x", 1);
    struct smtp_server server = {.dial = {.host = "localhost", .port = 1}, .secret = secret};
    static const char *const bad[] = {"a@b\r\nRSET", "a@b\nRSET", "a@b>\rX"};
    g_autoptr(GBytes) data = bytes("x");
    for (size_t i = 0; i < G_N_ELEMENTS(bad) * 3; i++) {
        g_autoptr(GError) error = NULL;
        struct smtp_result result;
        const char *value = bad[i / 3];
        struct smtp_recipient to = {.address = i % 3 == 0 ? value : "a@b.example",
                                    .notify = i % 3 == 1 ? value : NULL};
        struct smtp_message message = {.mail_from = i % 3 == 2 ? value : "a@b.example",
                                       .recipients = &to,
                                       .recipient_count = 1,
                                       .data = data};
        g_assert_false(smtp_send(&server, &message, &result, &error));
        g_assert_true(error_is(error, ERROR_INVALID));
        smtp_result_clear(&result);
    }
    secret_free(secret);
}

static void a_large_message_passes(void)
{
    static const struct dialogue dialogue = {"large",
                                             SMTP_STARTTLS,
                                             SMTP_AUTH_NONE,
                                             {SECURED, "C:EHLO client.example", "S:250 x",
                                              "C:MAIL FROM:<>", "S:250 ok",
                                              "C:RCPT TO:<bob@example.net>", "S:250 ok", "C:DATA",
                                              "S:354 go", "DATA", "S:250 one", "C:QUIT"},
                                             -1,
                                             250,
                                             true};
    g_autofree char *text = g_strnfill(300000, 'x');
    for (int i = 70; i < 300000; i += 71)
        text[i] = '\n';
    g_autoptr(GBytes) data = bytes(text);
    struct smtp_recipient to = {.address = "bob@example.net"};
    struct smtp_message message = {.mail_from = "",
                                   .recipients = &to,
                                   .recipient_count = 1,
                                   .data = data};
    struct outcome outcome = play(&dialogue, &message);
    g_assert_cmpuint(outcome.data->len, ==, 300001);
    check_and_clear(&dialogue, &outcome);
    g_free(to.reply);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8621/9.4/ports-and-sign-ins", verification_conversations);
    g_test_add_func("/smtp/send", sending_conversations);
    g_test_add_func("/smtp/many-recipients", many_recipients_go_in_groups);
    g_test_add_func("/smtp/recipients", one_taken_recipient_is_enough_and_the_others_are_told);
    g_test_add_func("/smtp/smuggling", smuggled_commands_arrive_as_one_message);
    g_test_add_func("/smtp/injection", a_line_end_in_an_address_never_reaches_the_server);
    g_test_add_func("/smtp/large", a_large_message_passes);
    int status = g_test_run();
    peer_ca_remove();
    return status;
}
