/* Notes and to-dos of conversations, and conversations that people put together or take apart
 * (docs/internals/store.md, "Organising"). A note stands at one email, by its internal number, and
 * belongs to the conversation that this email is in: it goes where the email goes, and to another
 * email of the conversation when that one is gone. */
#ifndef POSTROOM_STORE_ORGANISE_H
#define POSTROOM_STORE_ORGANISE_H

#include "store/mail.h"

#define STORE_NOTE_TEXT_MAX 20000 /* octets */
#define STORE_TODO_TEXT_MAX 1000
#define STORE_NOTES_MAX 200 /* notes, and to-dos, of one conversation */

/* A note (type STORE_NOTE) or a to-do (STORE_TODO). */
struct store_note {
    int64_t id, account;
    enum store_type type;
    int64_t thread;
    int64_t email; /* that it stands at, public; 0: none of the conversation is here any more */
    char *text;
    int64_t author;    /* user */
    char *author_name; /* as they were called then */
    int64_t created, updated;
    /* of a to-do: */
    int64_t due;    /* yyyymmdd; 0: none */
    int64_t person; /* user who is to do it; 0: none */
    int64_t done;   /* when it was done; 0: it is open */
    int64_t done_by;
};
void store_note_free(struct store_note *note);

/* Which; zero: any. */
struct store_notes_asked {
    int64_t id, thread;
    bool open_only;
    size_t limit; /* newest first; 0: STORE_NOTES_LISTED */
};
#define STORE_NOTES_LISTED 5000
/* By id. state may be NULL. (transfer full) with free func. */
GPtrArray *store_notes(const struct store_access *access, enum store_type type,
                       const struct store_notes_asked *asked, uint64_t *state, GError **error);

/* What is written of one. Borrowed. */
struct store_note_text {
    const char *text; /* NULL on update: stays */
    bool has_due, has_person, has_done;
    int64_t due, person;
    bool done;
};
/* At an email, or at the first of a thread (email 0). ERROR_NOT_FOUND: no such conversation;
 * ERROR_TOO_LARGE: it has too many; ERROR_INVALID: the person does not see the account.
 * Needs STORE_WRITE in the email's account. Returns the id, 0 on error. */
int64_t store_note_create(const struct store_access *access, enum store_type type, int64_t email,
                          int64_t thread, const struct store_note_text *text, GError **error);
/* A note is changed by its author only, a to-do by who may write. ERROR_NOT_FOUND,
 * ERROR_FORBIDDEN. */
bool store_note_update(const struct store_access *access, enum store_type type, int64_t id,
                       const struct store_note_text *text, GError **error);
/* A note goes by its author, or by who linked the account. */
bool store_note_destroy(const struct store_access *access, enum store_type type, int64_t id,
                        GError **error);

/* People who may see accounts behind the handle. */
struct store_viewer {
    int64_t user;
    char *name;
    GArray *accounts; /* int64_t: those behind the handle that they see */
};
void store_viewer_free(struct store_viewer *person);
/* By name. (transfer full) with free func. */
GPtrArray *store_viewers(const struct store_access *access, GError **error);

/* --- conversations */

#define STORE_MERGE_MAX 50   /* conversations at once */
#define STORE_SPLIT_MAX 5000 /* emails of one that is put together or taken apart */
#define STORE_APART_MAX 200  /* conversations that one was taken apart from */

/* Emails that came into another thread, with new public ids (RFC 8621, 4.1.1). */
struct store_moved {
    int64_t from;   /* the thread they were in */
    GArray *emails; /* int64_t, public ids of now, by received_at */
};
void store_moved_free(struct store_moved *moved);
/* All of them become one: the id of that thread, and in *moved (transfer full, struct store_moved)
 * what came from the others. They are of one account, which needs STORE_WRITE. 0 with
 * ERROR_NOT_FOUND, ERROR_INVALID (fewer than two, or of several accounts), ERROR_TOO_LARGE. */
int64_t store_threads_merge(const struct store_access *access, const int64_t *threads, size_t count,
                            GPtrArray **moved, GError **error);
/* Emails of one thread become a thread of their own, its id. What replies to them follows them,
 * and nothing but store_threads_merge puts the two together again. ERROR_INVALID: not of one
 * thread, or all of it. */
int64_t store_thread_split(const struct store_access *access, const int64_t *emails, size_t count,
                           struct store_moved **moved, GError **error);

/* An email and its copy in another account, public ids. */
struct store_carried {
    int64_t original, copy;
    int64_t copy_now, thread; /* out: the copy's id and thread by then; thread 0: as before */
};
/* What people made of conversations goes along to the copies of their emails: those of one
 * conversation are one, and those that were taken apart are not. moved: the originals are about to
 * go, and what stands at them goes along too; all notes of a conversation do when nothing stays of
 * it but in Sent, Drafts, Trash and Junk. That needs STORE_WRITE in the account that they leave,
 * where they stay otherwise. from may be the handle to all accounts. */
bool store_carry(const struct store_access *from, const struct store_access *to,
                 struct store_carried *pairs, size_t count, bool moved, GError **error);

/* What ties an email to the conversation that it is in. */
enum store_tie_kind {
    STORE_TIE_FIRST,     /* the others are tied to it */
    STORE_TIE_REPLY,     /* its In-Reply-To names the other */
    STORE_TIE_REFERENCE, /* its References name the other */
    STORE_TIE_NAMED,     /* the other names it */
    STORE_TIE_SHARED,    /* both name an email that is not here */
    STORE_TIE_NONE       /* nothing but what people did, or what is gone */
};
struct store_tie {
    int64_t email, to; /* public ids; to 0: none */
    enum store_tie_kind kind;
    bool same_subject; /* as the other, but for "Re:" and the like */
    /* What people did with it last. */
    bool by_person, was_split;
    int64_t user, at;
    char *user_name; /* NULL: gone since */
};
void store_tie_free(struct store_tie *tie);
/* By received_at; none: no such thread. (transfer full) with free func. */
GPtrArray *store_thread_ties(const struct store_access *access, int64_t thread, GError **error);

/* Takes a keyword off all emails of the handle's account that have it, in batches of their own:
 * what was done before a failure stays. Needs STORE_WRITE. */
bool store_keyword_remove(const struct store_access *access, const char *keyword, GError **error);

#endif
