/* The request engine (RFC 8620, 3): what every method file builds on. One request is handled by one
 * thread from start to end; nothing here is shared between requests but struct jmap. */
#ifndef POSTROOM_JMAP_ENGINE_ENGINE_H
#define POSTROOM_JMAP_ENGINE_ENGINE_H

#include "base/clock.h"
#include "jmap/jmap.h"
#include "store/mail.h"

/* Limits, as announced by the session (RFC 8620, 2). */
#define JMAP_MAX_SIZE_UPLOAD 50000000
#define JMAP_MAX_SIZE_REQUEST 10000000
#define JMAP_MAX_CONCURRENT_REQUESTS 10
#define JMAP_MAX_CONCURRENT_UPLOADS 4
#define JMAP_MAX_CALLS 32
#define JMAP_MAX_OBJECTS 500    /* maxObjectsInGet and maxObjectsInSet */
#define JMAP_MAX_DEPTH 64       /* of JSON, in and by reference (SECURITY.md 14) */
#define JMAP_MAX_PROPERTIES 100 /* named in one list; a header's form is one too */
#define JMAP_MAX_PATHS 500      /* of one patch */
#define JMAP_MAX_FILTER_DEPTH 20
#define JMAP_MAX_FILTER_NODES 400
#define JMAP_MAX_VALUES 500000 /* in one request: a few bytes of JSON take hundreds here */
#define JMAP_MAX_QUERY 5000
#define JMAP_MAX_CHANGES 10000
#define JMAP_MAX_QUERY_CHANGES 50000 /* removed and added */
#define JMAP_MAX_MESSAGE 75000000    /* a composed message, after encoding */
#define JMAP_MAX_RECIPIENTS 500
#define JMAP_MAX_KEYWORDS STORE_KEYWORDS_MAX
#define JMAP_MAX_MAILBOXES 500                      /* of one email, named at once */
#define JMAP_MAX_COPY ((uint64_t)256 * 1024 * 1024) /* bytes that one call copies */
#define JMAP_MAX_DATA_SOURCES 256                   /* of one blob */
#define JMAP_MAX_SIGNATURE (256 * 1024)
#define JMAP_MAX_DELAY (366 * INT64_C(86400)) /* seconds a submission may wait */
/* Weight (jmap_weigh) of all that references, bodies and headers bring into one request's answers;
 * after twice as much of answers no further call is begun. */
#define JMAP_MAX_RESPONSE (64 * 1024 * 1024)
#define JMAP_MAX_WORK (30 * CLOCK_SECOND) /* of a processor, for one request */

enum jmap_capability {
    JMAP_CORE = 1,
    JMAP_MAIL = 2,
    JMAP_SUBMISSION = 4,
    JMAP_MANAGE = 8,
    JMAP_VACATION = 16,
    JMAP_WEBSOCKET = 32,
    JMAP_QUOTA = 64,
    JMAP_BLOB = 128
};
/* The URI of one of them. */
const char *jmap_capability_name(enum jmap_capability capability);

/* Which accounts a method works on. */
enum jmap_scope {
    JMAP_SCOPE_NONE,    /* takes no account: Core/echo */
    JMAP_SCOPE_MAILBOX, /* a linked mailbox, "a<n>" */
    JMAP_SCOPE_USER,    /* the signed-in person's own account, "u<n>" */
    JMAP_SCOPE_MAIL,    /* either: the person's own spans all their mailboxes (docs/jmap.md) */
};

enum jmap_arg_kind {
    JMAP_ARG_STRING,
    JMAP_ARG_BOOLEAN,
    JMAP_ARG_INT,
    JMAP_ARG_UNSIGNED,
    JMAP_ARG_STRINGS,
    JMAP_ARG_OBJECT,
    JMAP_ARG_OBJECTS,   /* an array of them */
    JMAP_ARG_OBJECT_MAP /* an object whose members are objects */
};
enum { JMAP_ARG_OPTIONAL = 1, JMAP_ARG_NULLABLE = 2 };
/* One argument of a method; tables of them end with a NULL name. */
struct jmap_arg {
    const char *name;
    enum jmap_arg_kind kind;
    unsigned flags;
};

struct jmap_call;
struct jmap_method {
    const char *name;
    enum jmap_capability capability;
    enum jmap_scope scope;
    enum store_right right;      /* of the account; for a user's own account it is not asked */
    const struct jmap_arg *args; /* NULL: any */
    void (*run)(struct jmap_call *call);
};
/* The table of all methods. */
const struct jmap_method *jmap_methods(size_t *count);

struct jmap {
    struct jmap_config config; /* its public_url is a copy */
    char *terms;               /* what the session says to everybody */
    struct jmap_mails *mails;
    struct jmap_gauge *gauge;
};

struct jmap_request {
    struct jmap *jmap;
    struct store_principal *principal;
    unsigned using;     /* enum jmap_capability bits */
    json_t *responses;  /* array of invocations */
    json_t *created;    /* creation id -> id */
    size_t budget;      /* that references, bodies and headers may still take */
    size_t answerable;  /* that answers may still come to when the next call begins */
    int64_t worked_max; /* of clock_worked(), see JMAP_MAX_WORK */
};

/* One method call under way. */
struct jmap_call {
    struct jmap_request *request;
    const struct jmap_method *method;
    json_t *args;   /* references resolved, types checked */
    const char *id; /* the method call id */
    const char *account;
    struct store_access *access; /* NULL of JMAP_SCOPE_NONE */
};

/* A body in two steps. The first gives NULL with the problem in *refusal (transfer full), or JSON
 * within bounds; the second answers with *status as jmap_handle. */
json_t *jmap_request_parse(const char *text, size_t length, GBytes **refusal);
GBytes *jmap_request_run(struct jmap *jmap, struct store_principal *principal, json_t *body,
                         int *status);
/* The problem of maxConcurrentRequests. (transfer full) */
GBytes *jmap_request_too_many(void);

/* --- bounds --- */

/* Takes the weight of a value, about the memory it holds, from a budget. false: that is used up, or
 * the value is deeper than depth. */
bool jmap_weigh(json_t *value, unsigned depth, size_t *budget);
/* Sets a member (transfer full), and takes its weight from a budget; false: that is used up. */
bool jmap_put(json_t *object, const char *name, json_t *value, size_t *budget);
/* The request took all its time, or answered all it may: nothing more is begun. */
bool jmap_is_spent(const struct jmap_request *request);
/* Asked before each of many objects; false: it is spent, and so answered. */
bool jmap_may_go_on(struct jmap_call *call);

/* --- answers --- */

/* Adds a response under the method's name; arguments (transfer full). */
void jmap_respond(struct jmap_call *call, json_t *arguments);
/* {"accountId": …}, or {} of a method without one, to build an answer on. (transfer full) */
json_t *jmap_answer(const struct jmap_call *call);
/* Adds an error response (RFC 8620, 3.6.2). description may be NULL. */
void jmap_fail(struct jmap_call *call, const char *type, const char *description);
/* The same with arguments of its own, "type" among them. (transfer full) */
void jmap_fail_with(struct jmap_call *call, json_t *error);
/* The same for an error of the store or a hook; consumes error. What it says of the inside is
 * logged, not answered. */
void jmap_fail_error(struct jmap_call *call, GError *error);
/* Calls a method implicitly (RFC 8621, 7.5): arguments (transfer full). */
void jmap_call_implicit(struct jmap_call *call, const char *method, json_t *arguments);

/* SetErrors (RFC 8620, 5.3). (transfer full) */
json_t *jmap_set_error(const char *type, const char *description);
/* invalidProperties naming one property. */
json_t *jmap_invalid_property(const char *property, const char *description);
/* Consumes error; property may be NULL. */
json_t *jmap_set_error_of(GError *error, const char *property);
/* Problem details (RFC 7807, RFC 8620, 3.6.1) as text; limit may be NULL. */
GBytes *jmap_problem(const char *type, int status, const char *title, const char *detail,
                     const char *limit);

/* --- arguments --- */

/* Holds args against a table; *problem (transfer full) says what is wrong. */
bool jmap_args_check(const json_t *args, const struct jmap_arg *table, char **problem);
/* NULL when missing or null. Owned by the arguments. */
const char *jmap_arg_string(const struct jmap_call *call, const char *name);
json_t *jmap_arg(const struct jmap_call *call, const char *name);
bool jmap_arg_bool(const struct jmap_call *call, const char *name);
int64_t jmap_arg_int(const struct jmap_call *call, const char *name, int64_t missing);
/* A string anywhere in value holds a NUL byte. */
bool jmap_json_has_nul(const json_t *value);

/* Result references (RFC 8620, 3.7). The arguments with all of them resolved (transfer full), or
 * NULL with the type of the error in *error. */
json_t *jmap_refs_resolve(struct jmap_request *request, json_t *args, const char **error);

/* What a PatchObject (RFC 8620, 5.3) makes of an object that has all its properties: the settable
 * ones that it names, with their whole new values, null for one that is to have its default
 * (transfer full). NULL: invalidPatch. Names that are no property, or one that cannot be set and
 * would become another, are added to bad, an array. settable ends with NULL. */
json_t *jmap_patch_changes(json_t *current, json_t *patch, const char *const *settable,
                           json_t *bad);
/* invalidProperties naming all of them; takes properties. description may be NULL. */
json_t *jmap_invalid_properties(json_t *properties, const char *description);

/* One token of a JSON Pointer (RFC 6901, 4), in place; false: no valid escape. */
bool jmap_pointer_unescape(char *token);

/* --- ids --- */

/* "e12" -> 12; 0 when it is none of that kind. Never fails otherwise, whatever the text. "m-1" ->
 * -1: mailboxes that only the unified account has. */
int64_t jmap_id_parse(char prefix, const char *text);
json_t *jmap_id(char prefix, int64_t number);
/* The id behind a creation reference "#x", or text itself; NULL when nothing was created by that
 * name. Owned by the request. */
const char *jmap_id_resolve(const struct jmap_request *request, const char *text);
/* Both of the above. */
int64_t jmap_id_find(const struct jmap_request *request, char prefix, const char *text);
/* Remembers a creation (RFC 8620, 3.3). */
void jmap_id_created(struct jmap_request *request, const char *creation, json_t *id);
/* A state string; false when it is none of ours. */
bool jmap_state_parse(const char *text, uint64_t *state);
json_t *jmap_state(uint64_t state);

/* --- the standard methods --- */

/* Numbers of "ids" without doubles; what is no id of the kind goes to not_found. false: answered
 * with requestTooLarge. *ids NULL: all are wanted. (transfer full) */
bool jmap_get_ids(struct jmap_call *call, const char *argument, char prefix, GArray **ids,
                  json_t *not_found);
bool jmap_ids_contain(const GArray *ids, int64_t number);
/* Adds those of ids (NULL: none) that were not found. */
void jmap_get_missing(const GArray *ids, const GArray *found, char prefix, json_t *not_found);
/* Checks "properties" against the known ones; false: answered with invalidArguments. */
bool jmap_properties_check(struct jmap_call *call, const char *const *known);
/* Takes away from object what "properties" does not name; the id stays. */
void jmap_properties_apply(const struct jmap_call *call, json_t *object);
/* Answers a /get. state NULL: a type without states. list and not_found (transfer full). */
void jmap_get_answer(struct jmap_call *call, const uint64_t *state, json_t *list,
                     json_t *not_found);

/* The answer of a /get by "ids", filled object by object. */
struct jmap_get {
    GArray *ids; /* numbers; NULL: all are wanted */
    GArray *found;
    json_t *list, *not_found;
    bool trims; /* to the properties asked for */
    char prefix;
};
/* "properties" held against known (NULL: the method sees to them) and "ids" read; false: answered.
 */
bool jmap_get_begin(struct jmap_call *call, const char *const *known, char prefix,
                    struct jmap_get *get);
void jmap_get_clear(struct jmap_get *get);
bool jmap_get_wants(const struct jmap_get *get, int64_t id);
/* Adds one that is wanted; object (transfer full). */
void jmap_get_add(struct jmap_call *call, struct jmap_get *get, int64_t id, json_t *object);
/* Answers and clears; those of ids that were not added are not found. */
void jmap_get_end(struct jmap_call *call, struct jmap_get *get, const uint64_t *state);
/* Answers with an error instead, which it consumes. */
void jmap_get_fail(struct jmap_call *call, struct jmap_get *get, GError *error);

/* The whole of a /changes on a type of the store. */
void jmap_changes_run(struct jmap_call *call, enum store_type type, char prefix);
/* *since and *max of the arguments; false: answered. */
bool jmap_changes_arguments(struct jmap_call *call, uint64_t *since, size_t *max);
/* A kind of /changes that is read at once, whatever number there is: more than maxChanges cannot be
 * calculated. */
typedef bool jmap_changes_fn(struct store *store, const struct store_principal *principal,
                             uint64_t since, struct store_changes *changes, GError **error);
void jmap_changes_run_whole(struct jmap_call *call, jmap_changes_fn *read, char prefix);
/* What of a type of the store changed, as the arguments ask, to clear; false: answered. */
bool jmap_changes_read(struct jmap_call *call, enum store_type type, struct store_changes *changes);
/* Answers with changes of ids of a kind. counts (transfer full): "updatedProperties" when nothing
 * else changed (RFC 8621, 2.2); NULL: the type does not tell. */
void jmap_changes_answer(struct jmap_call *call, const struct store_changes *changes, char prefix,
                         json_t *counts);

/* The answer of a /set, filled item by item. */
struct jmap_set {
    json_t *created, *updated, *destroyed;
    json_t *not_created, *not_updated, *not_destroyed;
};
/* false: answered with requestTooLarge. From now on "destroy" names each id once. */
bool jmap_set_begin(struct jmap_call *call, struct jmap_set *set);
void jmap_set_clear(struct jmap_set *set);
/* Answers; old_state may be NULL. new_state NULL: a type without states. Clears the set. */
void jmap_set_answer(struct jmap_call *call, struct jmap_set *set, const char *old_state,
                     const char *new_state);
/* The same for a type whose state is the store's and whose objects are changed one by one:
 * ifInState and the number of objects; false: answered. *before is for the answer. */
bool jmap_set_open(struct jmap_call *call, enum store_type type, struct jmap_set *set,
                   uint64_t *before);
void jmap_set_close(struct jmap_call *call, enum store_type type, struct jmap_set *set,
                    uint64_t before);
/* Carries out one create, update or destroy (object is NULL). Its SetError, or NULL. */
typedef json_t *jmap_set_one_fn(void *arg, const char *key, json_t *object);
/* For each member of objects, an argument or NULL; errors go into failed. */
void jmap_set_each(json_t *objects, jmap_set_one_fn *one, void *arg, json_t *failed);
/* For each id of "destroy". */
void jmap_set_each_destroy(const struct jmap_call *call, jmap_set_one_fn *destroy, void *arg,
                           json_t *failed);
/* All that a /set asks for one by one: creates, updates, destroys. */
void jmap_set_carry_out(const struct jmap_call *call, struct jmap_set *set, jmap_set_one_fn *create,
                        jmap_set_one_fn *update, jmap_set_one_fn *destroy, void *arg);
/* The whole destroy of one object of a /set, key its id or creation id: remove takes its number
 * away. */
typedef bool jmap_set_remove_fn(void *arg, int64_t id, GError **error);
json_t *jmap_set_destroy(const struct jmap_call *call, struct jmap_set *set, const char *key,
                         char prefix, jmap_set_remove_fn *remove, void *arg);
/* Answers that a commit failed, nothing of it done. committed: an earlier one of this call was
 * carried out, so the client is to resynchronise (RFC 8620, 3.6.2). Takes error. */
void jmap_set_commit_failed(struct jmap_call *call, bool committed, GError *error);
/* A list or map of an answer: null when it is empty. Borrowed. */
json_t *jmap_or_null(json_t *value);
/* The id behind an update's or destroy's key is also to be destroyed in this call. */
bool jmap_set_destroys(const struct jmap_call *call, const char *id);

/* The account that fromAccountId names, to read (RFC 8620, 5.4 and 6.3); (transfer full), or NULL:
 * answered. */
struct store_access *jmap_copy_from(struct jmap_call *call);
/* The answer of a copy to build on. (transfer full) */
json_t *jmap_copy_answer(const struct jmap_call *call);
/* So much may be copied in this call besides, and is counted. One always may. */
bool jmap_copy_allows(uint64_t *copied, uint64_t size);

/* /query: position, anchor and limit over a list that is complete; consumes ids. Changes can be
 * calculated where the type has a /queryChanges. */
void jmap_query_answer_list(struct jmap_call *call, uint64_t state, GArray *ids, char prefix);
/* /queryChanges (RFC 8620, 5.6): *since, and *max of removed and added; false: answered. */
bool jmap_query_changes_arguments(struct jmap_call *call, uint64_t *since, size_t *max);
void jmap_query_changes_answer(struct jmap_call *call, const struct store_query_changes *changes,
                               char prefix);
/* There are more than *max: whose limit was it? */
void jmap_query_changes_too_many(struct jmap_call *call);
/* The same over a list that is complete, ids at a state: what changed of its type (read after the
 * list, so that nothing is missed; counts as updated what may have moved for other reasons), then
 * the answer. false: answered. */
bool jmap_query_changes_log(struct jmap_call *call, enum store_type type,
                            struct store_changes *log);
void jmap_query_changes_answer_list(struct jmap_call *call, uint64_t state, const GArray *ids,
                                    char prefix, const struct store_changes *log);
/* Limit of the arguments; *clamped when ours is smaller. */
size_t jmap_query_limit(const struct jmap_call *call, bool *clamped);

/* --- values --- */

/* A JSON string of any bytes: what is no UTF-8 is replaced. NULL gives null. (transfer full) */
json_t *jmap_json_text(const char *text);
/* UnsignedInt (RFC 8620, 1.3): as much of it as there can be. */
json_t *jmap_json_unsigned(uint64_t value);
/* UTCDate (RFC 8620, 1.4). */
json_t *jmap_json_utc(int64_t seconds);
/* null for 0. */
json_t *jmap_json_utc_or_null(int64_t seconds);
/* Date with an offset. */
json_t *jmap_json_date(int64_t seconds, int offset_minutes);
/* false: no date. utc: only with "Z". offset may be NULL. */
bool jmap_date_parse(const char *text, bool utc, int64_t *seconds, int *offset_minutes);
/* A UTCDate that whole seconds are compared with: the first of them that is not before it. */
bool jmap_date_bound(const char *text, int64_t *seconds);
/* "2026-11-22" as yyyymmdd; 0: no such day. And back, null for 0. */
int64_t jmap_day_parse(const char *text);
json_t *jmap_day_json(int64_t day);
json_t *jmap_json_addresses(const struct mail_addresses *addresses);
/* JSON as bytes; an empty object when it cannot be written. Consumes value. */
GBytes *jmap_json_bytes(json_t *value);

/* --- parsed mails and blobs --- */

struct mime_mail;
/* A message that is out on loan to one call. */
struct jmap_mail {
    struct mime_mail *mail;
    int64_t blob;
    size_t bytes;
    char *key; /* of the cache */
};
struct jmap_mails *jmap_mails_new(void);
void jmap_mails_free(struct jmap_mails *mails);
/* Parses a raw blob, or takes it from the cache. The caller has made sure that the person may see
 * it now. NULL with ERROR_NOT_FOUND. (transfer full) */
struct jmap_mail *jmap_mail_take(struct jmap *jmap, const struct store_access *access, int64_t blob,
                                 GError **error);
/* Gives it back to the cache. */
void jmap_mail_give(struct jmap *jmap, struct jmap_mail *mail);

/* "b<n>", "b<n>-<part>", "b<n>-<part>-<part>…": a part id with "_" for ".", since an id has no "."
 * (RFC 8620, 1.2); a second part is one of an attached message. (transfer full) or NULL with
 * ERROR_NOT_FOUND. */
GBytes *jmap_blob_load(struct jmap *jmap, const struct store_access *access, const char *id,
                       GError **error);
/* Sets error to what a download answers: a foreign account, a missing one and a missing file (no
 * failure) are alike to the outside. */
void jmap_download_refuse(const GError *failure, GError **error);
/* A media type that may stand in a header field. */
bool jmap_type_is_sound(const char *type);
/* The id of a part of blob (itself an id). (transfer full) */
char *jmap_blob_part_id(const char *blob, const char *part_id);

/* --- concurrency --- */

enum jmap_gauge_kind { JMAP_GAUGE_REQUEST, JMAP_GAUGE_UPLOAD };
struct jmap_gauge *jmap_gauge_new(void);
void jmap_gauge_free(struct jmap_gauge *gauge);
/* false: this person has too many of that kind under way. Else leave when done. */
bool jmap_gauge_enter(struct jmap_gauge *gauge, enum jmap_gauge_kind kind, int64_t user);
void jmap_gauge_leave(struct jmap_gauge *gauge, enum jmap_gauge_kind kind, int64_t user);

/* --- accounts --- */

/* "a<n>" of a URL or argument, with a right, or the person's own "u<n>", which is the unified
 * account: each of its mailboxes has its own rights. NULL with ERROR_NOT_FOUND or ERROR_FORBIDDEN.
 */
struct store_access *jmap_account_open(struct jmap *jmap, struct store_principal *principal,
                                       const char *account, enum store_right right, GError **error);
/* The call's person has this right to the call's account too. */
bool jmap_may(const struct jmap_call *call, enum store_right right);

#endif
