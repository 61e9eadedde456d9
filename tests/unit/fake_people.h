/* A stand-in for sign-in in the store: one user, one password, one token, sessions in memory. */
#ifndef POSTROOM_TESTS_FAKE_PEOPLE_H
#define POSTROOM_TESTS_FAKE_PEOPLE_H

#include "store/admin.h"

/* How often a password was really checked. */
int fake_password_checks(void);
/* Ends everything: principals are no longer valid, sessions and tokens are gone. */
void fake_revoke_all(void);
void fake_restore(void);
struct store *fake_store(void);

#define FAKE_EMAIL "ada@example.org"
#define FAKE_PASSWORD "correct horse"
#define FAKE_TOKEN "pr_token_of_ada"

#endif
