/* The log of what was done: rows are added in the transaction of the act itself. */
#ifndef POSTROOM_STORE_SQLITE_AUDIT_H
#define POSTROOM_STORE_SQLITE_AUDIT_H

#include "store/sqlite/people.h"

struct audit_row {
    int64_t user;      /* who did it; 0: nobody who is signed in */
    const char *actor; /* their address then; NULL: the user's, or none */
    const char *act;
    int64_t account; /* 0: none; its address is noted too */
    const char *subject, *detail;
};
bool audit_add(struct tx *tx, const struct audit_row *row, GError **error);
/* An act of the principal in this transaction. */
bool audit_act(struct tx *tx, const struct store_principal *principal, const char *act,
               int64_t account, const char *subject, const char *detail, GError **error);

/* Whose reads were noted in this hour, so that a read costs nothing. Thread-safe. */
struct audit_reads;
struct audit_reads *audit_reads_new(void);
void audit_reads_free(struct audit_reads *reads);

#endif
