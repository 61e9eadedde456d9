/* An IMAP4rev1 client (RFC 3501, with the extensions below): verbs that read like the RFC's
 * dialogue.
 *
 * Blocking style over net/conn; one thread at a time. The parser underneath (imap/parser.h) does no
 * I/O, has limits, and is fed byte by byte in tests. A verb that fails with ERROR_CLOSED,
 * ERROR_TIMEOUT, ERROR_PROTOCOL, ERROR_CANCELLED, ERROR_TLS or ERROR_TOKEN_EXPIRED leaves the
 * connection unusable, and other failures may, when the server hung up as well:
 * imap_client_is_usable tells; free the client. Untagged EXISTS, EXPUNGE, VANISHED and FETCH that
 * arrive at any time are handed to the events.
 *
 * Any verb may fail with ERROR_THROTTLED (see error_retry_after_ms), ERROR_NOT_CONNECTED,
 * ERROR_UNREACHABLE (the server says that it is unavailable), ERROR_SERVER_NO or ERROR_SERVER_BAD.
 * UID sets given to verbs other than imap_fetch should stay below 8000 bytes (imap_uid_set). */
#ifndef POSTROOM_IMAP_CLIENT_H
#define POSTROOM_IMAP_CLIENT_H

#include "base/error.h"
#include "base/mail.h"
#include "base/secret.h"
#include "net/conn.h"

enum imap_capability {
    IMAP_CAP_SASL_IR = 1 << 0,
    IMAP_CAP_IDLE = 1 << 1,
    IMAP_CAP_UIDPLUS = 1 << 2,
    IMAP_CAP_MOVE = 1 << 3,
    IMAP_CAP_CONDSTORE = 1 << 4,
    IMAP_CAP_QRESYNC = 1 << 5,
    IMAP_CAP_SPECIAL_USE = 1 << 6,
    IMAP_CAP_LIST_EXTENDED = 1 << 7,
    IMAP_CAP_LIST_STATUS = 1 << 8,
    IMAP_CAP_NAMESPACE = 1 << 9,
    IMAP_CAP_ENABLE = 1 << 10,
    IMAP_CAP_LITERAL_PLUS = 1 << 11,
    IMAP_CAP_LITERAL_MINUS = 1 << 12,
    IMAP_CAP_ID = 1 << 13,
    IMAP_CAP_OBJECTID = 1 << 14,
    IMAP_CAP_UNSELECT = 1 << 15,
    IMAP_CAP_UTF8 = 1 << 16,
    IMAP_CAP_ESEARCH = 1 << 17,
    IMAP_CAP_STARTTLS = 1 << 18,
    IMAP_CAP_LOGINDISABLED = 1 << 19,
    IMAP_CAP_NOTIFY = 1 << 20,
    IMAP_CAP_COMPRESS = 1 << 21,
    IMAP_CAP_X_GM_EXT_1 = 1 << 22,
    IMAP_CAP_AUTH_PLAIN = 1 << 23,
    IMAP_CAP_AUTH_LOGIN = 1 << 24,
    IMAP_CAP_AUTH_XOAUTH2 = 1 << 25,
    IMAP_CAP_AUTH_OAUTHBEARER = 1 << 26,
    IMAP_CAP_STATUS_SIZE = 1 << 27,
    IMAP_CAP_APPENDLIMIT = 1 << 28,
    IMAP_CAP_QUOTA = 1 << 29,
};

enum imap_security { IMAP_TLS, IMAP_STARTTLS, IMAP_PLAIN };

struct imap_client;

/* Dials, reads the greeting, STARTTLS when asked (capabilities asked anew), CAPABILITY. A PREAUTH
 * greeting is refused with STARTTLS. dial->tls is ignored: security says it. (transfer full) or
 * NULL. */
struct imap_client *imap_client_open(const struct net_dial *dial, enum imap_security security,
                                     GError **error);
/* Over an open conn (taken), for tests. */
struct imap_client *imap_client_new(struct conn *conn, int64_t deadline, GError **error);
/* Drops the connection; NULL is allowed. */
void imap_client_free(struct imap_client *client);
/* LOGOUT within a second, then free. */
void imap_client_logout(struct imap_client *client);

/* Every verb after this must end within it; default 60 s each. A bulk answer (imap_fetch,
 * imap_select) may take longer, as long as at least 64 KiB come within each patience, up to 60
 * times of it. */
void imap_client_set_patience(struct imap_client *client, int64_t milliseconds);

/* The quickest that a command was answered on this connection, in microseconds; CLOCK_NEVER: none
 * was yet. */
int64_t imap_client_round_trip(const struct imap_client *client);
/* False: nothing more can be said over this connection. */
bool imap_client_is_usable(const struct imap_client *client);
uint32_t imap_client_capabilities(const struct imap_client *client);
const char *imap_client_last_text(
    const struct imap_client *client); /* text of the last tagged reply, for "Details" */
struct conn *imap_client_conn(struct imap_client *client);

/* What is said together with the questions that follow a sign-in, where the server knows ID (RFC
 * 2971) and ENABLE (capability bits, RFC 5161); a refusal of it is no failure. The strings must
 * outlive the sign-in. */
void imap_client_introduce(struct imap_client *client, const char *name, const char *version,
                           uint32_t enable);

/* Sign-in. OAuth: XOAUTH2 (initial response with SASL-IR, else two steps; an empty line after a
 * JSON challenge) or OAUTHBEARER where only that is offered. Password: AUTH=PLAIN, else LOGIN
 * unless LOGINDISABLED. Capabilities are asked again unless the reply gave them, and NAMESPACE (or
 * LIST "" "") is tried, in one round trip, so that "authenticated but not connected" shows here.
 * ERROR_LOGIN_REFUSED, ERROR_PASSWORD_REFUSED, ERROR_NOT_CONNECTED, ERROR_THROTTLED,
 * ERROR_TOKEN_EXPIRED. */
bool imap_login_oauth(struct imap_client *client, const char *login, const struct secret *token,
                      GError **error);
bool imap_login_password(struct imap_client *client, const char *login,
                         const struct secret *password, GError **error);

/* The same apart; ENABLE returns what is enabled as capability bits. */
bool imap_id(struct imap_client *client, const char *name, const char *version, GError **error);
bool imap_enable(struct imap_client *client, uint32_t wanted, uint32_t *enabled, GError **error);

/* RFC 2342: whose mailboxes lie below a prefix. */
enum imap_space { IMAP_SPACE_PERSONAL, IMAP_SPACE_OTHERS, IMAP_SPACE_SHARED };
struct imap_namespace {
    enum imap_space space;
    char delimiter; /* 0: none */
    char *prefix;   /* raw, with the delimiter behind it: "INBOX."; often "" */
};
/* What the server said of them at sign-in, in its order; *count 0 where it said nothing. Valid as
 * long as the client. */
const struct imap_namespace *imap_client_namespaces(const struct imap_client *client,
                                                    size_t *count);
/* The one that a mailbox lies in: that of the longest prefix; or NULL. INBOX lies in none. */
const struct imap_namespace *imap_client_namespace_of(const struct imap_client *client,
                                                      const char *raw_name);

struct imap_status {
    uint32_t messages, uidnext, uidvalidity, unseen;
    uint64_t highestmodseq; /* 0: no CONDSTORE */
};

struct imap_mailbox_info {
    char *raw_name; /* as on the wire, after unquoting: the name to use in commands */
    char *name;     /* decoded (modified UTF-7 or UTF-8) full path, UTF-8 */
    char delimiter; /* 0: none */
    bool selectable, has_children, non_existent, subscribed;
    enum mail_role role; /* by SPECIAL-USE attributes only; MAIL_ROLE_INBOX for INBOX */
    bool has_status;     /* of imap_list_status only, and where the server told it */
    struct imap_status status;
    char *mailboxid; /* of imap_list_status only: OBJECTID's, which a RENAME keeps; or NULL */
};
void imap_mailbox_info_free(struct imap_mailbox_info *info);

/* LIST "" "*" (with RETURN (SPECIAL-USE SUBSCRIBED) where offered). (transfer full) array with free
 * func. */
GPtrArray *imap_list(struct imap_client *client, GError **error);

/* The same, and the STATUS of every selectable mailbox: in one round trip with LIST-STATUS (RFC
 * 5819), else in two. */
GPtrArray *imap_list_status(struct imap_client *client, GError **error);

bool imap_status(struct imap_client *client, const char *raw_name, struct imap_status *status,
                 GError **error);

struct imap_status_of {
    const char *raw_name; /* in; borrowed */
    bool known;           /* out; false: the server refused this one */
    struct imap_status status;
};
/* STATUS of many, asked for without waiting for each answer. False when the connection failed or
 * the server wants to be left alone (ERROR_THROTTLED): what came before is filled in. */
bool imap_statuses(struct imap_client *client, struct imap_status_of *asked, size_t count,
                   GError **error);

struct imap_selected {
    uint32_t exists, uidvalidity, uidnext;
    uint64_t highestmodseq;  /* 0: NOMODSEQ or no CONDSTORE */
    uint32_t permanent_bits; /* enum mail_flag bits that can be stored */
    bool permanent_keywords; /* \* : keywords can be stored */
    bool read_only;
};
/* SELECT or EXAMINE. With CONDSTORE when offered; with QRESYNC (enabled before) when since_modseq
 * != 0: then vanished UIDs and changed flags come to the events. ERROR_MAILBOX_GONE when it does
 * not exist. */
bool imap_select(struct imap_client *client, const char *raw_name, bool read_only,
                 uint32_t since_uidvalidity, uint64_t since_modseq, struct imap_selected *selected,
                 GError **error);
bool imap_unselect(struct imap_client *client, GError **error);
/* MAILBOXID (OBJECTID, RFC 8474) of the selected mailbox, or NULL; valid until the next SELECT. */
const char *imap_client_mailboxid(const struct imap_client *client);

enum imap_fetch_what {
    IMAP_FETCH_FLAGS = 1 << 0,
    IMAP_FETCH_INTERNALDATE = 1 << 1,
    IMAP_FETCH_SIZE = 1 << 2,    /* an estimate at Exchange: never allocate or compare by it */
    IMAP_FETCH_HEADER = 1 << 3,  /* BODY.PEEK[HEADER.FIELDS (…those of mail_summary…)] */
    IMAP_FETCH_BODY = 1 << 4,    /* BODY.PEEK[] */
    IMAP_FETCH_EMAILID = 1 << 5, /* where OBJECTID is offered */
    IMAP_FETCH_MODSEQ = 1 << 6,
    IMAP_FETCH_IDS = 1 << 7, /* instead of _HEADER: only the fields of Message-IDs, as header */
};

/* One FETCH response. Valid inside the callback only; steal by taking a reference of the GBytes. */
struct imap_fetched {
    uint32_t seq, uid; /* uid 0: the server did not say */
    bool has_flags;
    struct mail_flags flags;
    int64_t internal_date; /* seconds since 1970; INT64_MIN: not given */
    uint32_t size;
    uint64_t modseq;
    const char *emailid; /* or NULL */
    GBytes *header;      /* or NULL */
    GBytes *body;        /* or NULL; big ones are backed by an unlinked file, not by memory */
    bool body_too_large; /* over the client's limit: skipped on the wire, body is NULL */
    bool substitute; /* body is Exchange's "Retrieval … failed", not the message: skip, mark */
};
/* Return false to stop taking (the rest is read and dropped, the verb then fails with
 * ERROR_CANCELLED; here the connection stays usable). Must not call verbs of the same client. */
typedef bool imap_fetch_fn(const struct imap_fetched *fetched, void *arg);

/* UID FETCH set (what). uid_set: "1:*", "5,9:12", of any length: a long one goes out in several
 * commands, some ahead of their answers. changed_since: CONDSTORE's modifier when != 0 (with
 * QRESYNC enabled, vanished UIDs come to the events). A message whose data does not come ("OK"
 * without data, docs/internals/exchange.md) is simply not handed out. A header over 256 KiB is cut
 * there. Where OBJECTID is missing, emailid is Gmail's X-GM-MSGID, else NULL. ERROR_DISK_FULL,
 * ERROR_STORE: the spool file; the connection stays usable. */
bool imap_fetch(struct imap_client *client, const char *uid_set, unsigned what,
                uint64_t changed_since, imap_fetch_fn *fn, void *arg, GError **error);
/* SELECT or EXAMINE, and right behind it, in the same round trip, UID FETCH of the flags of the
 * uid_sets (NULL at the end): how a folder is compared where the server cannot say what changed.
 * When *selected has another UIDVALIDITY than expected, fn was given other messages than meant. A
 * fetch that fails fails the verb; the folder is selected then, if *selected_ok (out) says so. */
bool imap_select_flags(struct imap_client *client, const char *raw_name, bool read_only,
                       const char *const *uid_sets, struct imap_selected *selected,
                       bool *selected_ok, imap_fetch_fn *fn, void *arg, GError **error);

/* One set of several is complete (index): what the server has of it was handed out. Return false to
 * ask for no more: what was asked for ahead, at most two sets, still comes. */
typedef bool imap_fetch_done_fn(size_t index, void *arg);

/* The same for several sets (NULL at the end), in the order given, the next ones asked for before
 * the first is answered: no round trip lies between two of them. done may be NULL. */
bool imap_fetch_sets(struct imap_client *client, const char *const *uid_sets, unsigned what,
                     imap_fetch_fn *fn, imap_fetch_done_fn *done, void *arg, GError **error);
/* One set of a tour through folders. */
struct imap_fetch_ask {
    const char *raw_name; /* SELECT this one first; NULL: stay in that of the ask before */
    const char *uid_set;  /* NULL: only the SELECT */
    uint64_t bytes;       /* about what comes of it: how much is asked for ahead follows */
    unsigned what;        /* enum imap_fetch_what; 0: that of the tour */
    bool holds;           /* no SELECT goes out behind it before it was answered: see more */
    /* With raw_name, for QRESYNC; 0: without. What SELECT then tells goes to the events, between
     * their closed (where another folder was open) and opened. */
    uint32_t since_uidvalidity;
    uint64_t since_modseq;
};
/* The folder of asks[index] is selected: what comes from now on is of it. selected NULL: it was
 * refused. Return false when it is not what was meant: nothing of it is handed out, and no more is
 * asked for. It may be called for a folder that was asked for ahead after that. */
typedef bool imap_fetch_opened_fn(size_t index, const struct imap_selected *selected, void *arg);
/* asks[index], which holds, is complete. True: *ask (out; uid_set below 7,000 bytes, taken) is
 * asked for in its folder too, behind all else that is; of UIDs that other asks there name. done is
 * not called for it. */
typedef bool imap_fetch_more_fn(size_t index, struct imap_fetch_ask *ask, void *arg);
struct imap_fetch_hands {
    imap_fetch_fn *fetched;
    imap_fetch_done_fn *done; /* or NULL */
    imap_fetch_opened_fn *opened;
    imap_fetch_more_fn *more; /* or NULL: no ask holds */
    void *arg;
};
/* imap_fetch_sets through several folders: the next one's SELECT goes out before the last FETCH of
 * this one is answered, so that no round trip lies between them either. Ahead of the answers go
 * about 6 MB, and at most 24 commands. Fails as imap_select does where a folder is refused, and
 * with ERROR_CANCELLED when opened wanted no more. */
bool imap_fetch_tour(struct imap_client *client, const struct imap_fetch_ask *asks, size_t count,
                     unsigned what, const struct imap_fetch_hands *hands, GError **error);
/* Largest body that is kept; default 150 MiB. Bodies above spool_over bytes (default 1 MiB) go to
 * an unlinked file in spool_dir. */
void imap_client_set_limits(struct imap_client *client, uint64_t body_max, uint64_t spool_over,
                            const char *spool_dir);

/* UID SEARCH, US-ASCII only; (transfer full) GArray of uint32_t, ascending. With ESEARCH the answer
 * comes as a compact set (RFC 4731); more than four million UIDs are ERROR_PROTOCOL. */
GArray *imap_search(struct imap_client *client, const char *criteria, GError **error);
/* UID SEARCH HEADER MESSAGE-ID: the id is encoded by the client. */
GArray *imap_search_message_id(struct imap_client *client, const char *message_id, GError **error);
/* SINCE date of internal date. Search knows days only, of the server's zone: up to a day and a half
 * of older messages may be among them. */
GArray *imap_search_since(struct imap_client *client, int64_t since, GError **error);

/* UID STORE ±FLAGS.SILENT; keywords are left out where the mailbox does not keep them.
 * unchanged_since: 0: none; modified: (out, may be NULL) UIDs refused by UNCHANGEDSINCE. */
bool imap_store(struct imap_client *client, const char *uid_set, bool add,
                const struct mail_flags *flags, uint64_t unchanged_since, GArray **modified,
                GError **error);

struct imap_copied {
    uint32_t uidvalidity;    /* 0: no COPYUID came */
    GArray *source, *target; /* uint32_t, pairwise; NULL without COPYUID */
};
void imap_copied_clear(struct imap_copied *copied);
/* UID MOVE where offered; the caller composes COPY + STORE + UID EXPUNGE otherwise. */
bool imap_move(struct imap_client *client, const char *uid_set, const char *raw_target,
               struct imap_copied *copied, GError **error);
bool imap_copy(struct imap_client *client, const char *uid_set, const char *raw_target,
               struct imap_copied *copied, GError **error);
/* UID EXPUNGE (UIDPLUS); without UIDPLUS ERROR_INVALID: an unguarded EXPUNGE takes others'
 * \Deleted. */
bool imap_expunge(struct imap_client *client, const char *uid_set, GError **error);
/* APPEND (literal, non-synchronising where offered). uid and uidvalidity (out) from APPENDUID, 0
 * when not told. */
bool imap_append(struct imap_client *client, const char *raw_name, const struct mail_flags *flags,
                 int64_t internal_date, GBytes *message, uint32_t *uidvalidity, uint32_t *uid,
                 GError **error);

/* Names as on the wire; a new name (of imap_create, and the target of imap_rename) may also be
 * plain UTF-8: it is encoded when it is not modified UTF-7 already. ERROR_CONFLICT when the server
 * says that it exists ([ALREADYEXISTS]). */
bool imap_create(struct imap_client *client, const char *raw_name, GError **error);
bool imap_rename(struct imap_client *client, const char *raw_from, const char *raw_to,
                 GError **error);
bool imap_delete(struct imap_client *client, const char *raw_name, GError **error);
bool imap_subscribe(struct imap_client *client, const char *raw_name, bool on, GError **error);
/* UTF-8 to modified UTF-7 (RFC 3501, 5.1.3) and back; (transfer full); back never fails: bad input
 * is kept as it is. */
char *imap_utf7_encode(const char *utf8);
char *imap_utf7_decode(const char *raw);
/* The same as this connection has it: as they are after ENABLE UTF8=ACCEPT. (transfer full) */
char *imap_client_encode_name(const struct imap_client *client, const char *name);
char *imap_client_decode_name(const struct imap_client *client, const char *raw_name);

bool imap_noop(struct imap_client *client, GError **error);

/* One limit that the server has set (RFC 9208), and how much of it is used. */
struct imap_quota {
    char *root; /* the quota root's name, which is opaque and may be ""; UTF-8 */
    enum { IMAP_QUOTA_STORAGE, IMAP_QUOTA_MESSAGE, IMAP_QUOTA_MAILBOX } of;
    uint64_t used, limit; /* octets of STORAGE, else how many; at most INT64_MAX */
};
void imap_quota_free(struct imap_quota *quota);
/* GETQUOTAROOT: those that hold for a mailbox, and GETQUOTA for a root that was listed without its
 * limits. Resources that no JMAP type knows are left out, and what is not limited is not told.
 * ERROR_INVALID where QUOTA is missing. (transfer full) array with free func. */
GPtrArray *imap_quotas(struct imap_client *client, const char *raw_name, GError **error);

/* What the server says unasked. Called inside verbs and imap_idle_read; must not call verbs of the
 * same client. Any may be NULL. */
struct imap_events {
    void (*exists)(uint32_t count, void *arg);
    void (*expunged)(uint32_t seq, void *arg);
    void (*vanished)(uint32_t first_uid, uint32_t last_uid, bool earlier, void *arg);
    void (*flags)(const struct imap_fetched *fetched, void *arg);
    /* [CLOSED] (RFC 7162, 3.2.11): all that came before was of the mailbox that was selected until
     * now, all that comes is of the one SELECT was asked for. */
    void (*closed)(void *arg);
    void *arg;
};
void imap_client_set_events(struct imap_client *client, const struct imap_events *events);

/* What NOTIFY tells of mailboxes that are not selected. Called like the events; none may be NULL.
 */
struct imap_notices {
    /* This mailbox is now so. Not whole: only some of it was told, and the rest is 0. */
    void (*status)(const char *raw_name, const struct imap_status *status, bool whole, void *arg);
    /* An unasked LIST: the name came, or went (not there), or its subscription changed. */
    void (*folder)(const char *raw_name, bool there, bool subscribed, void *arg);
    /* NOTIFICATIONOVERFLOW: the server gave up telling; NOTIFY is off (RFC 5465, 5.8). */
    void (*overflow)(void *arg);
    void *arg;
};

/* NOTIFY SET (RFC 5465): from now on the server tells of the selected mailbox as ever, by the
 * events, and of all other personal ones by the notices, during every verb and whether an IDLE runs
 * or not: park and call imap_idle_read as with IDLE. The status of every personal mailbox that is
 * not selected comes at once, before this returns. Flags that change elsewhere show in
 * HIGHESTMODSEQ, so CONDSTORE must be offered. ERROR_INVALID where NOTIFY or CONDSTORE is missing.
 * The caller goes back to IDLE and STATUS when it fails. */
bool imap_notify(struct imap_client *client, const struct imap_notices *notices, GError **error);
/* NOTIFY NONE: nothing is told but of the selected mailbox, as before NOTIFY. */
bool imap_notify_end(struct imap_client *client, GError **error);

/* IDLE (RFC 2177): begin, then park on conn_fd(imap_client_conn()), then read what is there without
 * blocking, then end. imap_idle_read: true with *news when an event came, or when the server ended
 * the IDLE by itself (imap_idle_end does nothing then); false when the connection ended. Buffers
 * are given back while idling. */
bool imap_idle_begin(struct imap_client *client, GError **error);
bool imap_idle_read(struct imap_client *client, bool *news, GError **error);
bool imap_idle_end(struct imap_client *client, GError **error);
/* Line buffer empty, TLS buffer empty, nothing unwritten. */
bool imap_client_may_park(const struct imap_client *client);

/* Builds "1:5,9" from sorted UIDs; at most about max_bytes long; *used says how many went in.
 * (transfer full) */
char *imap_uid_set(const uint32_t *uids, size_t count, size_t max_bytes, size_t *used);

/* The role of a folder by its name (docs/internals/exchange.md): whole name, case-insensitive, NFC;
 * the table of 19 languages (imap/roles.h). */
enum mail_role imap_role_of_name(const char *name);
/* Calendar, Contacts, Tasks, …: folders of Exchange that hold no mail, by their English or German
 * names at the top level, and what lies below them. */
bool imap_is_non_mail_name(const char *name);

#endif
