/* What the files of the client share. Internal to imap. */
#ifndef POSTROOM_IMAP_CLIENT_PRIVATE_H
#define POSTROOM_IMAP_CLIENT_PRIVATE_H

#include "imap/body.h"
#include "imap/client.h"
#include "imap/command.h"
#include "imap/parser.h"
#include "imap/set.h"

/* UIDs that one expanded set of a server may have. */
#define IMAP_UIDS_MAX (4 * 1024 * 1024)

struct imap_hello {
    const char *name, *version; /* static; NULL: nothing is said */
    uint32_t enable;
};

struct imap_client {
    struct conn *conn;
    struct imap_parser *parser;
    char *in; /* bytes read and not parsed: in[in_at] up to in[in_length]; NULL at rest */
    size_t in_at, in_length;

    int64_t patience_ms;
    int64_t deadline;      /* of the verb that runs */
    int64_t not_after;     /* for every verb: the caller's deadline while the client is opened */
    int64_t latest;        /* a bulk FETCH moves its deadline on, but never behind this */
    uint64_t stretched_at; /* bytes read when it was moved on last */
    int64_t round_trip;    /* the shortest */

    uint32_t capabilities, enabled;
    struct imap_hello hello;
    GArray *namespaces; /* struct imap_namespace, or NULL: none were told */
    bool capabilities_known;
    bool preauth, exchange;
    bool dead; /* nothing more can be said over this connection */
    unsigned last_tag;
    unsigned garbage, responses; /* lines without sense, and all, during this verb */
    char *last_text;             /* of the last tagged reply */
    char *farewell;              /* text of a BYE, or of a line that means one; NULL: none */
    char *warning;     /* text of a NO or BAD of this verb that explains an end; NULL: none */
    char idle_tag[16]; /* "": not idling */

    struct imap_selected selected;
    char *mailboxid;           /* of the selected mailbox, or NULL */
    char **permanent_keywords; /* lower case; those besides \* that the mailbox keeps */
    struct imap_events events;
    struct imap_notices notices; /* all NULL without NOTIFY */
    struct imap_bodies bodies;
};

/* What a verb makes of what comes while it runs. Any may be NULL. */
struct imap_verb {
    /* True: the response was the verb's own; else it goes to the events. */
    bool (*untagged)(struct imap_client *client, const struct imap_response *response, void *arg);
    /* The tagged reply, whatever its condition. */
    void (*tagged)(struct imap_client *client, const struct imap_response *response, void *arg);
    /* A "+"; true: go on waiting. NULL: ignored, as needless ones are (docs/internals/exchange.md).
     */
    bool (*challenged)(struct imap_client *client, const char *text, void *arg, GError **error);
    void *arg;
    bool bulk; /* the deadline moves on while data comes */
};

/* Starts a verb: sets its deadline. False on a dead connection. */
bool imap_client_begin(struct imap_client *client, GError **error);
/* A command with the next tag. */
void imap_client_command(struct imap_client *client, struct imap_command *command,
                         const char *name);
/* Sends a command, waiting where it must. */
bool imap_client_send(struct imap_client *client, struct imap_command *command,
                      const struct imap_verb *verb, GError **error);
/* Reads up to the tagged reply. False: NO, BAD, or the connection failed. */
bool imap_client_finish(struct imap_client *client, const struct imap_command *command,
                        const struct imap_verb *verb, GError **error);
/* begin, send, finish and clear. */
bool imap_client_run(struct imap_client *client, struct imap_command *command,
                     const struct imap_verb *verb, GError **error);
/* The first answer to what was sent from begun on: for imap_client_round_trip. */
void imap_client_answered(struct imap_client *client, int64_t begun);
/* A command on its way with others, and how it ended. */
struct imap_step {
    struct imap_command command;
    struct imap_verb verb;
    GError *error; /* out: NO, BAD, or the connection failed; NULL: OK */
};
/* Sends them some ahead of their answers, and reads these in order; clears the commands. False when
 * the connection failed: *error and every step not answered say so. */
bool imap_client_run_steps(struct imap_client *client, struct imap_step *steps, size_t count,
                           GError **error);
/* select.c: SELECT among other commands. What the client knows of the selected mailbox is reset
 * when the answer is the next to be read, and not before: until then it is of the one before. */
void imap_select_command(struct imap_client *client, struct imap_command *command,
                         const char *raw_name, bool read_only, uint32_t since_uidvalidity,
                         uint64_t since_modseq);
struct imap_verb imap_select_verb(void);
void imap_select_reset(struct imap_client *client, bool read_only);
/* What a refusal (taken) means; asks LIST, so nothing else may be under way. */
void imap_select_refuse(struct imap_client *client, const char *raw_name, GError *refusal,
                        GError **error);
/* Bytes of our own, outside a command. */
bool imap_client_write(struct imap_client *client, const char *bytes, size_t length,
                       GError **error);
/* The next response; NULL on failure. What every response means for the connection (capabilities,
 * BYE) was done. */
const struct imap_response *imap_client_next(struct imap_client *client, bool bulk, GError **error);
/* The next response out of what was read already; NULL with no error when there is none. */
const struct imap_response *imap_client_next_buffered(struct imap_client *client, GError **error);
/* Reads once. False at the end and on failure. */
bool imap_client_fill(struct imap_client *client, int64_t deadline, GError **error);
/* All of a FETCH response but its sections; borrows from it. */
struct imap_fetched imap_fetched_flags(const struct imap_response *response);
/* Hands a response to the events. True when it was news. */
bool imap_client_tell(struct imap_client *client, const struct imap_response *response);
/* Gives buffers back while nothing runs. */
void imap_client_rest(struct imap_client *client);
/* Runs CAPABILITY when they are not known. */
bool imap_client_learn_capabilities(struct imap_client *client, GError **error);
bool imap_client_can(const struct imap_client *client, uint32_t capability);
/* namespace.c: a verb's untagged; keeps what NAMESPACE tells. */
bool imap_client_take_namespaces(struct imap_client *client, const struct imap_response *response,
                                 void *arg);
/* status.c: "(MESSAGES …)", what a struct imap_status wants. */
void imap_command_status_items(struct imap_client *client, struct imap_command *command);
struct imap_status imap_status_of_data(const struct imap_status_data *data);
/* A STATUS response into its struct imap_mailbox_info; by_name: raw name -> info. False: of none.
 */
bool imap_mailbox_take_status(GHashTable *by_name, const struct imap_status_data *status);
/* STATUS of every selectable one, pipelined. */
bool imap_mailbox_ask_statuses(struct imap_client *client, GPtrArray *infos, GError **error);
/* True when LIST says that a mailbox does not exist: asked after a refusal that gave no reason. */
bool imap_client_knows_gone(struct imap_client *client, const char *raw_name);

/* reply.c: the error for a refusal. what: the command; otherwise: when neither code nor text say
 * more. */
void imap_reply_error(GError **error, const char *what, enum imap_condition condition,
                      enum imap_code_kind code, const char *text, enum error_code otherwise);
/* The same for a BYE or a connection that just ended; text may be NULL. */
void imap_farewell_error(GError **error, const char *text);
/* True when an untagged NO or BAD says why a connection is about to end ("Request is throttled").
 */
bool imap_reply_is_warning(const char *text);
/* A line without tag that means BYE: "Server Unavailable. 15" (docs/internals/exchange.md). */
bool imap_reply_is_farewell(const char *text);

#endif
