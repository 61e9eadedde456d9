/* A store with one mailbox account, fed with real messages, and JMAP over it. */
#ifndef POSTROOM_TESTS_UNIT_JMAP_FIXTURE_H
#define POSTROOM_TESTS_UNIT_JMAP_FIXTURE_H

#include "store_mailbox_fixture.h"

#include "jmap/jmap.h"

struct jmap_fixture {
    struct mail_fixture m;
    struct jmap *jmap;
    json_t *providers; /* what the providers hook answers */
};

void jmap_fixture_open(struct jmap_fixture *t);
void jmap_fixture_close(struct jmap_fixture *t);

/* A message as a server has it: LF becomes CRLF. The email's id. */
int64_t jmap_fixture_put(struct jmap_fixture *t, int64_t mailbox, uint32_t uid, uint32_t bits,
                         int64_t received_at, const char *message);
/* The same, headers only. */
int64_t jmap_fixture_put_pending(struct jmap_fixture *t, int64_t mailbox, uint32_t uid,
                                 int64_t received_at, const char *message);

/* Sends a body as it is; the answer, parsed, and its status. */
json_t *jmap_fixture_send(struct jmap_fixture *t, struct store_principal *who, const char *body,
                          size_t length, int *status);
/* JSON with ' for ", printf-style. */
json_t *jmap_fixture_json(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Method calls (such JSON) with every capability in use; the whole answer. */
json_t *jmap_fixture_ask(struct jmap_fixture *t, struct store_principal *who, const char *format,
                         ...) G_GNUC_PRINTF(3, 4);
/* A whole request (such JSON, not looked at) as the fixture's user, which must be answered. */
json_t *jmap_fixture_request(struct jmap_fixture *t, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* One call as the fixture's user: the arguments of its first response; "error" objects too. */
json_t *jmap_fixture_call(struct jmap_fixture *t, const char *method, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* A value by its path "list/0/id"; fails the test when it is not there. "~1" stands for "/". */
json_t *jmap_at(json_t *value, const char *path);
const char *jmap_text_at(json_t *value, const char *path);
int64_t jmap_number_at(json_t *value, const char *path);
bool jmap_has(json_t *value, const char *path);
/* value equals such JSON, whatever the order of members. */
void jmap_assert_json(json_t *value, const char *json);

/* A case that begins with a fixture of its own; its name is that of its section (docs/jmap.md). */
struct jmap_case {
    const char *name;
    void (*run)(struct jmap_fixture *t);
};
/* Adds them to the test program; cases outlive it. */
void jmap_fixture_cases(const struct jmap_case *cases, size_t count);
/* One call must fail with this error of the method. */
void jmap_expect_error(struct jmap_fixture *t, const char *type, const char *method,
                       const char *format, ...) G_GNUC_PRINTF(4, 5);
/* The state that a /get of the type tells. (transfer full) */
char *jmap_state_of(struct jmap_fixture *t, const char *type);
/* Uploads as the fixture's user; the blob's id. (transfer full) */
char *jmap_fixture_upload(struct jmap_fixture *t, const char *type, const char *bytes,
                          size_t length);
/* Runs SQL on the store's file, for what has no other way in yet. */
void jmap_fixture_sql(struct jmap_fixture *t, const char *sql);

/* A StateChange of one account's change. */
json_t *jmap_fixture_change(struct jmap_fixture *t, struct store_principal *who, int64_t account,
                            unsigned bits, const char *const *types);
/* What a listener of the store hears, from begin to end. */
struct jmap_told {
    GMutex mutex;
    unsigned types;
};
void jmap_told_begin(struct jmap_fixture *t, struct jmap_told *told);
/* The types it was told of since this was asked last. */
unsigned jmap_told_types(struct jmap_fixture *t, struct jmap_told *told);
void jmap_told_end(struct jmap_fixture *t, struct jmap_told *told);
/* Gives another person rights to the fixture's account. */
void jmap_fixture_share(struct jmap_fixture *t, struct store_principal *who, unsigned rights);

#endif
