/* What the sources of smtp share; nobody else but its tests includes it. */
#ifndef POSTROOM_SMTP_INTERNAL_H
#define POSTROOM_SMTP_INTERNAL_H

#include "smtp/smtp.h"

#define SMTP_LINE_MAX 4096
#define SMTP_LINES_MAX 100

/* Where in the conversation a reply came: the same code means different things. */
enum smtp_stage {
    SMTP_STAGE_GREETING,
    SMTP_STAGE_EHLO,
    SMTP_STAGE_AUTH,
    SMTP_STAGE_MAIL,
    SMTP_STAGE_RCPT,
    SMTP_STAGE_DATA /* the DATA command and the end of the data */
};

/* What EHLO announced; forgotten at STARTTLS. */
struct smtp_offers {
    bool starttls, pipelining, dsn, smtputf8, eight_bit, plain, login, xoauth2;
    uint64_t size; /* 0: no limit told */
};

struct smtp {
    const struct smtp_server *server;
    struct smtp_result *result;
    struct conn *conn;
    struct smtp_offers offers;
    bool in_data; /* what is said now is a line of the message */
    char buffer[SMTP_LINE_MAX];
    size_t begin, end; /* of what was read but not used */
};

/* Connects, reads the greeting, says EHLO, secures and signs in. */
bool smtp_open(struct smtp *smtp, GError **error);
/* QUIT without waiting for its answer, and away. */
void smtp_close(struct smtp *smtp);

/* Sends one line; the format holds no line end. ERROR_INVALID when the line would hold one. */
bool smtp_command(struct smtp *smtp, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Reads one reply into the result and returns its text, the lines parted by \n, code in
 * result->code; NULL on error. RFC 5321, 4.2. (transfer full) */
char *smtp_reply(struct smtp *smtp, int64_t deadline, GError **error);
/* The deadline of an ordinary reply. */
int64_t smtp_patience(const struct smtp *smtp);
/* Reads a reply that must have this code; anything else becomes the error of its class. */
bool smtp_expect(struct smtp *smtp, enum smtp_stage stage, int code, GError **error);
/* Sets the error for the refusal in the result. */
void smtp_refused(const struct smtp *smtp, enum smtp_stage stage, GError **error);
/* Nothing the server sent waits to be read. */
bool smtp_nothing_waits(const struct smtp *smtp);

bool smtp_authenticate(struct smtp *smtp, GError **error);

/* The meaning of a refusal (code 400 to 599, anything else is ERROR_PROTOCOL); enhanced may be
 * NULL.
 */
enum error_code smtp_classify(enum smtp_stage stage, enum smtp_auth auth, int code,
                              const char *enhanced, const char *text);

#endif
