#include "store/sqlite/engine.h"

static char *quick_check(struct db *db, const char *name)
{
    GError *cause = NULL;
    char *problem = NULL;
    sqlite3_stmt *row = db_query(db, "PRAGMA quick_check(1)", NULL, 0, &cause);
    if (db_step(db, row, &cause)) {
        if (g_strcmp0(db_text(row, 0), "ok") != 0)
            problem =
                g_strdup_printf("%s is damaged (%s): restore a backup", name, db_text(row, 0));
        db_done(row);
    }
    if (cause != NULL)
        problem = g_strdup_printf("%s cannot be read: %s", name, cause->message);
    g_clear_error(&cause);
    return problem;
}

char *store_check(struct store *store)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, &cause);
    if (reader == NULL) {
        char *problem = g_strdup_printf("the data cannot be read: %s", cause->message);
        g_error_free(cause);
        return problem;
    }
    char *problem = quick_check(&reader->main, "postroom.db");
    if (problem == NULL &&
        DB_NUMBER(&reader->blobs, &cause, 0, "SELECT 1 FROM raw WHERE id = ?", I(0)) == 0 &&
        cause != NULL)
        problem = g_strdup_printf("blobs.db cannot be read: %s", cause->message);
    g_clear_error(&cause);
    reader_end(store, reader);
    return problem;
}

/* RFC 8621, 2, said a second time and another way than counts.c says it. */
#define RECOUNT                                                                                    \
    "SELECT id, total_emails, unread_emails, total_threads, unread_threads,"                       \
    " (SELECT count(*) FROM member WHERE mailbox = mailbox.id),"                                   \
    " (SELECT count(*) FROM member JOIN email ON email.id = member.email WHERE mailbox ="          \
    "  mailbox.id AND (email.bits & 9) = 0),"                                                      \
    " (SELECT count(DISTINCT email.thread) FROM member JOIN email ON email.id = member.email"      \
    "  WHERE mailbox = mailbox.id),"                                                               \
    " (SELECT count(DISTINCT email.thread) FROM member JOIN email ON email.id = member.email"      \
    "  WHERE mailbox = mailbox.id AND EXISTS(SELECT 1 FROM email AS other JOIN member AS place ON" \
    "  place.email = other.id JOIN mailbox AS box ON box.id = place.mailbox WHERE other.thread ="  \
    "  email.thread AND (other.bits & 9) = 0 AND (box.role = 4) = (mailbox.role = 4)))"            \
    " FROM mailbox WHERE account = ?"

G_STATIC_ASSERT(MAIL_ROLE_TRASH == 4);
G_STATIC_ASSERT((MAIL_SEEN | MAIL_DRAFT) == 9);

char *store_check_counts(struct store *store, int64_t account)
{
    char *problem = NULL;
    GError *cause = NULL;
    static const char *const names[] = {"emails", "unread emails", "threads", "unread threads"};
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return g_strdup("the data cannot be read");
    sqlite3_stmt *row = DB_QUERY(&reader->main, &cause, RECOUNT, I(account));
    while (db_step(&reader->main, row, &cause))
        for (int i = 0; i < 4 && problem == NULL; i++)
            if (db_int(row, 1 + i) != db_int(row, 5 + i))
                problem =
                    g_strdup_printf("mailbox %d keeps %d %s and has %d", (int)db_int(row, 0),
                                    (int)db_int(row, 1 + i), names[i], (int)db_int(row, 5 + i));
    int64_t bits = DB_NUMBER(&reader->main, &cause, 0,
                             "SELECT count(*) FROM member JOIN email ON email.id = member.email"
                             " WHERE email.account = ? AND (email.bits <> member.bits OR"
                             " email.thread <> member.thread OR email.ord <> member.ord)",
                             I(account));
    int64_t totals =
        DB_NUMBER(&reader->main, &cause, 0,
                  "SELECT (ready, ready_bytes, pending, pending_bytes) <> (SELECT"
                  " coalesce(sum(email.state > 0), 0), coalesce(sum(size * (email.state"
                  " > 0)), 0), coalesce(sum(email.state = 0), 0), coalesce(sum(size *"
                  " (email.state = 0)), 0) FROM email WHERE account = account.id) FROM"
                  " account WHERE id = ?",
                  I(account));
    reader_end(store, reader);
    if (problem == NULL && bits != 0)
        problem = g_strdup("members and emails differ");
    if (problem == NULL && totals != 0)
        problem = g_strdup("the account's totals differ");
    if (problem == NULL && cause != NULL)
        problem = g_strdup(cause->message);
    g_clear_error(&cause);
    return problem;
}
