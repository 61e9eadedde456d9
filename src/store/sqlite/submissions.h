/* Rows of the outbox. */
#ifndef POSTROOM_STORE_SQLITE_SUBMISSIONS_H
#define POSTROOM_STORE_SQLITE_SUBMISSIONS_H

#include "store/sqlite/emails.h"

/* The email's public id and thread are those it has now; of one that is gone, those it had. */
#define SUBMISSION_COLUMNS                                                                         \
    "SELECT submission.id, identity, CASE WHEN email.thread > 0 THEN email.public ELSE"            \
    " submission.public END, CASE WHEN email.thread > 0 THEN email.thread ELSE submission.thread"  \
    " END, mail_from, rcpt_to, envelope, send_at, submission.state, attempts, next_attempt,"       \
    " reply, problem, rcpt_replies, handed_over, reported, files FROM submission"                  \
    " LEFT JOIN email ON email.id = submission.email"
struct store_submission *submission_of_row(sqlite3_stmt *row);

/* --- outbox.c */
/* Cancels what is still to send of an email that is a draft until then (postroom:moveToSent). */
bool outbox_call_off(struct tx *tx, int64_t email, GError **error);

/* --- reports.c */
/* A notification that came as this blob; report NULL: none. What is about no submission is left. */
bool report_take(struct tx *tx, int64_t account, const struct mail_report *report, int64_t blob,
                 GError **error);
/* Fills outcomes, dsn_blobs and mdn_blobs. */
void reports_load(struct db *db, struct store_submission *submission, GError **error);

#endif
