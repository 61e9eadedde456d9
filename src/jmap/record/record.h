/* Types of records (store/records.h): what each has, in tables, and the methods that all of them
 * share. A further type is an entry of types.c, its rows in methods.c, and a bit of enum store_type
 * with its name in push.c. */
#ifndef POSTROOM_JMAP_RECORD_RECORD_H
#define POSTROOM_JMAP_RECORD_RECORD_H

#include "jmap/engine/engine.h"
#include "store/records.h"

enum jmap_field_kind {
    JMAP_FIELD_LINE,      /* a text without control characters */
    JMAP_FIELD_TEXT,      /* any text */
    JMAP_FIELD_BOOLEAN,   /* */
    JMAP_FIELD_INT,       /* */
    JMAP_FIELD_WORD,      /* one of words */
    JMAP_FIELD_DATE,      /* UTCDate */
    JMAP_FIELD_ID,        /* of anything */
    JMAP_FIELD_LINES,     /* an array of lines */
    JMAP_FIELD_ADDRESSES, /* EmailAddress[] (RFC 8621, 4.1.2.3) */
    JMAP_FIELD_OBJECT     /* an object that only check knows */
};
enum {
    JMAP_FIELD_NULLABLE = 1,
    JMAP_FIELD_FIXED = 2, /* set once, when it is created */
    JMAP_FIELD_KEY = 4 /* of an owner's records no two have it alike, whatever the case; a LINE */
};

/* A property. Tables end with a NULL name. */
struct jmap_field {
    const char *name;
    enum jmap_field_kind kind;
    int64_t least, most;      /* of an INT; octets of texts; members of arrays (most) */
    const char *fallback;     /* its default as JSON; NULL: it has to be given */
    const char *const *words; /* of a WORD, ends with NULL */
    unsigned flags;
};

struct jmap_record_type {
    const char *name;
    enum store_type type;
    unsigned most;     /* that one owner may have */
    bool is_singleton; /* one object, "singleton", that is neither created nor destroyed */
    const struct jmap_field *fields;
    /* What fields do not say, of a whole object about to be kept: may complete it; names of wrong
     * properties go to bad. NULL: nothing. before: what it was, NULL of a new one. */
    void (*check)(json_t *object, const json_t *before, json_t *bad);
    /* Completes a new object that is right otherwise; others: those that there are (struct
     * store_record). NULL: nothing. */
    void (*complete)(json_t *object, const GPtrArray *others);
    /* What is to be done before one goes, whose properties these are; false: it stays. NULL:
     * nothing. */
    bool (*leave)(const struct store_access *access, const json_t *object, GError **error);
    /* What follows a change that is kept; before NULL: a new one, object NULL: one that went.
     * NULL: nothing. */
    void (*kept)(const struct jmap_call *call, const json_t *before, const json_t *object);
};

/* The type that a method is of. Never NULL for the methods below. */
const struct jmap_record_type *jmap_record_type(const struct jmap_call *call);
const struct jmap_record_type *jmap_record_type_of(enum store_type type);

/* Whether value is one that the property may have. */
bool jmap_field_takes(const struct jmap_field *field, const json_t *value);
/* An object of the type as clients see it: what is kept, defaults, "id", and "accountId" where it
 * is an account's. data NULL: all defaults. (transfer full) */
json_t *jmap_record_object(const struct jmap_record_type *type, const char *data, int64_t id,
                           int64_t account);
/* What is kept of an object (transfer full), and the key of it, or NULL (transfer full). */
char *jmap_record_data(const struct jmap_record_type *type, const json_t *object, char **key);

/* Identities of the person's own accounts have the text of their default signature, for programs
 * that know no other (RFC 8621, 6). */
void jmap_signature_kept(const struct jmap_call *call, const json_t *before, const json_t *object);

/* The standard methods of all of them (RFC 8620, 5.1 to 5.3). */
void jmap_record_get(struct jmap_call *call);
void jmap_record_changes(struct jmap_call *call);
void jmap_record_set(struct jmap_call *call);

#endif
