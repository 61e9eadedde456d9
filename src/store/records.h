/* Small records of people's own making: preferences, labels, saved searches and the like. What one
 * holds is JSON to whoever speaks of it (src/jmap/record) and text here. */
#ifndef POSTROOM_STORE_RECORDS_H
#define POSTROOM_STORE_RECORDS_H

#include "store/access.h"

struct store_record {
    int64_t id;      /* that no two records share, of whatever type */
    int64_t account; /* whose it is; 0: the person's own */
    char *data;
};
void store_record_free(struct store_record *record);

/* What is written of one. Borrowed. */
struct store_record_text {
    const char *data;
    const char *key; /* what no other record of the type and owner may have, or NULL */
};

/* Of a type of STORE_PERSONAL those of the handle's person, of another type those of the accounts
 * behind the handle; by id. state may be NULL. (transfer full) with free func. */
GPtrArray *store_records(const struct store_access *access, enum store_type type, uint64_t *state,
                         GError **error);
/* (transfer full) or NULL with ERROR_NOT_FOUND. */
struct store_record *store_record(const struct store_access *access, enum store_type type,
                                  int64_t id, GError **error);
/* The writing ones need STORE_WRITE where the type is an account's, and the handle is of that one
 * account. most: how many the owner may have (ERROR_TOO_LARGE). ERROR_CONFLICT: the key is taken.
 * Returns the id, 0 on error. */
int64_t store_record_create(const struct store_access *access, enum store_type type,
                            const struct store_record_text *text, unsigned most, GError **error);
/* before: the data that the change was made from; ERROR_CANNOT_CALCULATE when it is another by now.
 * ERROR_CONFLICT, ERROR_NOT_FOUND. */
bool store_record_update(const struct store_access *access, enum store_type type, int64_t id,
                         const char *before, const struct store_record_text *text, GError **error);
bool store_record_destroy(const struct store_access *access, enum store_type type, int64_t id,
                          GError **error);

#endif
