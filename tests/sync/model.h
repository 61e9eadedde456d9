/* A model of an IMAP server, for tests: folders and messages in memory, behind the real protocol on
 * a loopback socket. It counts what changes it, and can die just before or just after the effect of
 * any command that does.
 *
 * One thread serves all connections. Tests change mailboxes through the functions below, from any
 * thread: each takes the server's mutex. */
#ifndef POSTROOM_TESTS_SYNC_MODEL_H
#define POSTROOM_TESTS_SYNC_MODEL_H

#include "base/mail.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum model_profile {
    MODEL_EXCHANGE, /* no CONDSTORE, no keywords, estimated sizes, localised names */
    MODEL_QRESYNC,  /* Dovecot-like */
    MODEL_OBJECTID, /* the same with EMAILID */
    MODEL_PLAIN,    /* IMAP4rev1 alone: no UIDPLUS, no MOVE, no IDLE */
    MODEL_PROFILES,
};

struct model_message {
    uint32_t uid;
    unsigned emailid; /* copies of one message share it */
    char *id;         /* Message-ID without brackets; "" when it has none */
    char *renamed;    /* what its Message-ID is by now, where the service replaced it; or NULL */
    GBytes *raw;
    struct mail_flags flags;
    int64_t date;
    uint64_t modseq;
    bool no_data;    /* FETCH answers OK without data */
    bool substitute; /* "Retrieval using the IMAP4 protocol failed" */
};

struct model_folder {
    char *name; /* raw */
    uint32_t uidvalidity, uidnext;
    GPtrArray *messages; /* ascending by UID */
    GArray *gone;        /* struct model_gone */
    bool subscribed, reserved;
    enum mail_role role; /* told by SPECIAL-USE where that is offered */
};

struct model_gone {
    uint32_t uid;
    uint64_t modseq;
};

/* A reply instead of the answer: for commands that begin with `command`, so many times. */
struct model_rule {
    char *command; /* "UID MOVE", "CREATE" … */
    char *reply;   /* "NO [CANNOT] no"; "!text": the bare text without a tag, then the end; "": OK
                      without any effect or data; "late": the end, and the effect MODEL_LATE_MS later,
                      which is within   doubt; "later": the same, and doubt is shorter */
    int times;     /* negative: always */
};

#define MODEL_LATE_MS 50
struct model_late;

/* What the submission service (model_smtp.h) does with what it takes. */
struct model_post {
    bool files;          /* a copy of it in Sent */
    bool renames;        /* with another Message-ID */
    int64_t delay;       /* seconds until then */
    GHashTable *arrived; /* Message-ID -> how many times it was taken */
    GPtrArray *copies;   /* to be filed */
};

struct model_counts {
    unsigned commands, mutations, bodies, logins;
    unsigned most_at_once; /* connections that are signed in */
};

struct model {
    enum model_profile profile;
    const char *more;   /* a capability besides those of the profile: " NOTIFY"; or NULL. Static */
    const char *quotas; /* what GETQUOTAROOT tells, with " QUOTA". Static */
    GPtrArray *folders; /* struct model_folder */
    uint64_t modseq;
    uint32_t last_uidvalidity;
    unsigned last_emailid;
    int64_t clock; /* INTERNALDATE of the next message */
    GPtrArray *rules;
    enum { MODEL_COPYUID, MODEL_COPYUID_NONE, MODEL_COPYUID_EMPTY } copyuid;
    struct model_counts counts;
    struct model_post post;
    struct model_late *late; /* what "late" left to do; or NULL */
    GHashTable *fetched;     /* Message-ID -> how many times its body was */
    struct model_server *server;
};

/* When the server dies. Mutation k: the k-th command that changes a mailbox, from 1; 0: never.
 * smtp: the same of the submission service's commands. */
struct model_death {
    unsigned mutation, command, smtp;
    bool after; /* the effect took place */
    bool cut;   /* only the connection is cut; the server lives on */
};

typedef void model_died_fn(void *arg);

struct model_server *model_server_start(void);
void model_server_stop(struct model_server *server);
uint16_t model_server_port(const struct model_server *server);
/* The mailbox of a login; any password is right. */
struct model *model_server_add(struct model_server *server, const char *login,
                               enum model_profile profile);
/* Counts begin at 0 again. died is called on the server's thread with its mutex held. */
void model_server_arm(struct model_server *server, const struct model_death *death,
                      model_died_fn *died, void *arg);
/* All connections are cut; new ones too, until it is armed again. */
void model_server_die(struct model_server *server);
/* Cuts what is open; the server lives on. */
void model_server_cut(struct model_server *server);
bool model_server_is_dead(struct model_server *server);
/* Called before each command, without the mutex: edits that happen during a pass. line: the command
 * from its name on, up to a literal. */
typedef void model_between_fn(void *arg, const char *line);
void model_server_between(struct model_server *server, model_between_fn *fn, void *arg);
void model_lock(struct model *model);
/* Idling connections are told. */
void model_unlock(struct model *model);

/* --- what is in it; with the mutex held */

struct model *model_new(enum model_profile profile);
/* Everything of it, for a crash that leaves the server as it was. (transfer full) */
struct model *model_copy(const struct model *model);
void model_assign(struct model *model, const struct model *from);
void model_free(struct model *model);
/* A role's folder as this profile names it ("Trash" is "Gelöschte Elemente"); others as they are.
 * Raw names, (transfer full). */
char *model_raw_name(const struct model *model, const char *name);

struct model_folder *model_folder(struct model *model, const char *raw_name);
struct model_folder *model_create(struct model *model, const char *raw_name);
bool model_delete(struct model *model, const char *raw_name);
bool model_has_children(const struct model *model, const struct model_folder *folder);
/* With its children. */
bool model_rename(struct model *model, const char *raw_from, const char *raw_to);
/* Another UIDVALIDITY and other UIDs. Who has it selected, has not any more. */
void model_renew(struct model *model, struct model_folder *old);

struct model_message *model_message(struct model_folder *folder, uint32_t uid);
/* The newest with this Message-ID, or NULL. */
struct model_message *model_message_of(struct model_folder *folder, const char *id);
/* raw NULL: a short one is made of the id. Takes a copy of the flags. */
struct model_message *model_deliver(struct model *model, struct model_folder *folder,
                                    const char *id, GBytes *raw, const struct mail_flags *flags);
struct model_message *model_copy_to(struct model *model, const struct model_message *message,
                                    struct model_folder *target);
void model_expunge(struct model *model, struct model_folder *folder, uint32_t uid);
void model_flag(struct model *model, struct model_message *message, const struct mail_flags *flags,
                bool on);
GBytes *model_text(const char *id);

void model_refuse(struct model *model, const char *command, const char *reply, int times);
/* The reply of the rule for this command, which counts as used; or NULL. */
const char *model_refusal(struct model *model, const char *command);
/* What stands in the header, without its brackets; "": none. (transfer full) */
char *model_id_of(GBytes *raw);

/* --- inside of it: model_serve.c, model_words.c, model_mail.c, model_fetch.c */

struct model_view {
    uint32_t uid;
    uint64_t modseq;
};

struct model_connection {
    struct model_server *server;
    int fd;
    GString *in, *out;
    gsize continued;     /* how far "+" was said for a literal of the command */
    struct model *model; /* signed in */
    struct model_folder *selected;
    GArray *view; /* struct model_view: what the client was told */
    bool condstore, qresync, read_only, idling, closing, asked_sasl;
    GHashTable *told; /* raw name -> what NOTIFY told of it; NULL: it was not asked to */
    char *idle_tag;
};

/* A command, tokenised. */
struct model_word {
    char *text;
    gsize length;
    enum { MODEL_ATOM, MODEL_STRING, MODEL_OPEN, MODEL_CLOSE } kind;
};

struct model_command {
    char *tag;
    char *name;      /* upper case, "UID " before it where it was */
    GPtrArray *args; /* struct model_word */
    guint at;
};

/* Where the command at the start of the buffer ends; 0: not whole yet. Says "+" for literals. */
gsize model_command_end(struct model_connection *c);
void model_command_read(struct model_connection *c, gsize length, struct model_command *command);
void model_command_clear(struct model_command *command);
const char *model_next(struct model_command *command);
/* NULL: end. */
const struct model_word *model_peek(const struct model_command *command);
bool model_skip(struct model_command *command, int kind);
void model_flags_text(GString *out, const struct mail_flags *flags);
/* Reads "(\Seen x)"; false: there is none. */
bool model_take_flags(struct model_command *command, struct mail_flags *flags);
bool model_set_holds(const char *set, uint32_t number, uint32_t largest);
bool model_has(const struct model *model, const char *capability);

/* What a command answers: text after the tag, or NULL for a rule's silence. */
typedef const char *model_verb_fn(struct model_connection *c, struct model_command *command);
model_verb_fn model_verb_list, model_verb_lsub, model_verb_status, model_verb_select,
    model_verb_examine, model_verb_fetch, model_verb_store, model_verb_copy, model_verb_move,
    model_verb_expunge, model_verb_search, model_verb_append, model_verb_create, model_verb_delete,
    model_verb_rename, model_verb_subscribe, model_verb_unsubscribe;
/* model_late.c: the connection's command takes effect behind its end, before the first command of
 * anybody that comes late enough. */
void model_late_keep(struct model_connection *c, model_verb_fn *verb);
void model_late_take(struct model *model);
void model_late_clear(struct model *model);
/* Tells the client what happened to its mailbox. */
void model_tell(struct model_connection *c);
/* model_notify.c: and to the others, if it asked. */
model_verb_fn model_verb_notify, model_verb_getquotaroot;
void model_tell_all(struct model_connection *c);
void model_view_reset(struct model_connection *c);
guint model_view_seq(const struct model_connection *c, uint32_t uid);
void model_put_string(GString *out, const char *text);
void model_put_status(struct model_connection *c, struct model_folder *folder);
uint64_t model_highest(const struct model_folder *folder);

#endif
