/* What a carried out, or refused, folder intent makes of the folders. */
#include "store/sqlite/batch.h"

#include <string.h>

struct ending {
    int64_t id;
    const char *raw_name;
    const GError *reason;
};

struct row {
    int64_t account, mailbox, old_parent;
    enum store_folder_change kind;
    char *old_name;
    bool on;
};

/* false without error: it is gone. */
static bool load(struct tx *tx, int64_t id, struct row *out, GError **error)
{
    *out = (struct row){0};
    sqlite3_stmt *row = DB_QUERY(tx->db, error,
                                 "SELECT account, mailbox, kind, old_name, old_parent, yes FROM"
                                 " folder_intent WHERE id = ?",
                                 I(id));
    if (!db_step(tx->db, row, error))
        return false;
    *out = (struct row){.account = db_int(row, 0),
                        .mailbox = db_int(row, 1),
                        .kind = (enum store_folder_change)db_int(row, 2),
                        .old_name = db_text_copy(row, 3),
                        .old_parent = db_int(row, 4),
                        .on = db_int(row, 5) != 0};
    db_done(row);
    return true;
}

/* --- done */

/* The server gave the name away: a row that still has it is of a folder that is gone. */
static bool free_raw_name(struct tx *tx, const struct row *row, const char *raw_name,
                          GError **error)
{
    int64_t stale = DB_NUMBER(tx->db, error, 0,
                              "SELECT id FROM mailbox WHERE account = ? AND raw_name = ? AND id <>"
                              " ?",
                              I(row->account), T(raw_name), I(row->mailbox));
    if (stale == 0)
        return true;
    if (mailbox_place(tx, stale) != FOLDER_LEAVING)
        tx_change(tx, row->account, STORE_MAILBOX, stale, CHANGE_DESTROYED);
    return mailbox_forget(tx, row->account, stale, error);
}

/* Its name on the server; those below it follow. */
static bool set_raw_name(struct tx *tx, const struct row *row, const char *raw_name, GError **error)
{
    GError *cause = NULL;
    g_autofree char *old = NULL;
    char delimiter = '\0';
    sqlite3_stmt *s =
        DB_QUERY(tx->db, &cause, "SELECT raw_name, delimiter FROM mailbox WHERE id = ?",
                 I(row->mailbox));
    if (db_step(tx->db, s, &cause)) {
        old = db_text_copy(s, 0);
        delimiter = (char)db_int(s, 1);
        db_done(s);
    }
    g_autofree char *prefix = g_strdup_printf("%s%c", old, delimiter);
    if (cause == NULL && free_raw_name(tx, row, raw_name, &cause) &&
        DB_RUN(tx->db, &cause,
               "UPDATE mailbox SET raw_name = ?, place = CASE place WHEN 1 THEN 0 ELSE place END"
               " WHERE id = ?",
               T(raw_name), I(row->mailbox)) &&
        delimiter != '\0' && old != NULL)
        DB_RUN(tx->db, &cause,
               "UPDATE OR IGNORE mailbox SET raw_name = ?1 || substr(raw_name, length(?4) + 1) "
               "WHERE account"
               " = ?2 AND id <> ?3 AND substr(raw_name, 1, length(?5)) = ?5",
               T(raw_name), I(row->account), I(row->mailbox), T(old), T(prefix));
    return error_settle(error, cause);
}

static bool done(struct tx *tx, void *arg, GError **error)
{
    const struct ending *ending = arg;
    struct row row;
    GError *cause = NULL;
    if (load(tx, ending->id, &row, &cause) &&
        DB_RUN(tx->db, &cause, "DELETE FROM folder_intent WHERE id = ?", I(ending->id))) {
        /* Messages may wait for it. */
        tx_tell(tx, row.account, STORE_INTENT);
        if (row.kind == STORE_FOLDER_DELETE)
            mailbox_forget(tx, row.account, row.mailbox, &cause);
        else if (ending->raw_name != NULL)
            set_raw_name(tx, &row, ending->raw_name, &cause);
    }
    g_free(row.old_name);
    return error_settle(error, cause);
}

bool store_folder_done(struct store *store, int64_t intent, const char *raw_name, GError **error)
{
    struct ending ending = {.id = intent, .raw_name = raw_name};
    return store_write(store, STORE_LANE_INTERACTIVE, done, &ending, error);
}

int64_t folder_adopt(struct tx *tx, int64_t account, const char *path, const char *raw_name,
                     GError **error)
{
    int64_t id = DB_NUMBER(tx->db, error, 0,
                           "SELECT id FROM mailbox WHERE account = ? AND path = ? AND place = ?",
                           I(account), T(path), I(FOLDER_NEW));
    if (id == 0)
        return 0;
    struct row row = {.account = account, .mailbox = id};
    bool ok = set_raw_name(tx, &row, raw_name, error) &&
              DB_RUN(tx->db, error, "DELETE FROM folder_intent WHERE mailbox = ? AND kind = ?",
                     I(id), I(STORE_FOLDER_CREATE));
    return ok ? id : 0;
}

/* --- refused */

/* Where the server has it; what it does not have at all goes into the inbox. */
static bool evict_email(struct tx *tx, int64_t account, int64_t mailbox, int64_t id, GError **error)
{
    GError *cause = NULL;
    struct email_row row = {0};
    g_autoptr(GArray) members = email_members(tx->db, id, &cause);
    g_autoptr(GArray) remotes = email_remotes(tx->db, id, &cause);
    int64_t inbox =
        DB_NUMBER(tx->db, &cause, 0, "SELECT id FROM mailbox WHERE account = ? AND role = ?",
                  I(account), I(MAIL_ROLE_INBOX));
    if (cause == NULL && email_load(tx, id, &row, &cause)) {
        bool alone = members->len <= 1;
        for (guint i = 0; alone && i < remotes->len && cause == NULL; i++)
            email_add_member(tx, &row, g_array_index(remotes, int64_t, i), &cause);
        if (cause == NULL && alone && remotes->len == 0 && inbox != 0)
            email_add_member(tx, &row, inbox, &cause);
        if (cause == NULL && email_remove_member(tx, &row, mailbox, &cause))
            email_settle(tx, id, &cause);
    }
    email_row_clear(&row);
    return error_settle(error, cause);
}

/* Some step of ours put it there, so it may turn up in a folder that has another name by now. */
static bool was_taken_there(struct tx *tx, int64_t mailbox, int64_t email, GError **error)
{
    return DB_NUMBER(tx->db, error, 0,
                     "SELECT NOT EXISTS(SELECT 1 FROM remote WHERE email = ?1) AND (EXISTS(SELECT 1"
                     " FROM expect WHERE email = ?1 AND mailbox = ?2) OR EXISTS(SELECT 1 FROM"
                     " intent WHERE email = ?1 AND target = ?2 AND journal IS NOT NULL))",
                     I(email), I(mailbox)) != 0;
}

bool folder_evict(struct tx *tx, int64_t account, int64_t mailbox, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GError) reason = NULL;
    error_set(&reason, ERROR_MAILBOX_GONE, "the target folder is gone");
    g_autoptr(GArray) emails = DB_NUMBERS(tx->db, &cause,
                                          "SELECT email FROM member JOIN email ON email.id = email"
                                          " WHERE member.mailbox = ? AND orphan = 0",
                                          I(mailbox));
    for (guint i = 0; i < emails->len && cause == NULL; i++) {
        int64_t email = g_array_index(emails, int64_t, i);
        bool taken = was_taken_there(tx, mailbox, email, &cause);
        DB_RUN(tx->db, &cause, "DELETE FROM expect WHERE email = ? AND mailbox = ?", I(email),
               I(mailbox));
        DB_RUN(tx->db, &cause, "DELETE FROM intent WHERE email = ? AND target = ?", I(email),
               I(mailbox));
        if (cause != NULL)
            break;
        if (taken) {
            if (leave_orphan(tx, email, mailbox, &cause))
                email_settle(tx, email, &cause);
        } else if (refusal_add(tx, account, "move", mailbox, email, reason, &cause)) {
            evict_email(tx, account, mailbox, email, &cause);
        }
    }
    return error_settle(error, cause);
}

static bool undo_rename(struct tx *tx, int64_t account, int64_t mailbox, GError **error);

/* The server did not take it: it never was. Nor were those made below it; those moved below it are
 * where they came from. */
static bool undo_create(struct tx *tx, int64_t account, int64_t mailbox, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) children =
        DB_NUMBERS(tx->db, &cause, "SELECT id FROM mailbox WHERE parent = ?", I(mailbox));
    for (guint i = 0; i < children->len && cause == NULL; i++) {
        int64_t child = g_array_index(children, int64_t, i);
        if (mailbox_place(tx, child) == FOLDER_NEW)
            undo_create(tx, account, child, &cause);
        else
            undo_rename(tx, account, child, &cause);
    }
    g_autoptr(GArray) emails =
        DB_NUMBERS(tx->db, &cause, "SELECT email FROM member WHERE mailbox = ?", I(mailbox));
    for (guint i = 0; i < emails->len && cause == NULL; i++)
        evict_email(tx, account, mailbox, g_array_index(emails, int64_t, i), &cause);
    if (cause == NULL) {
        if (mailbox_place(tx, mailbox) != FOLDER_LEAVING)
            tx_change(tx, account, STORE_MAILBOX, mailbox, CHANGE_DESTROYED);
        mailbox_forget(tx, account, mailbox, &cause);
    }
    return error_settle(error, cause);
}

/* Back to the name it has on the server: that before the oldest change of it. */
static bool undo_rename(struct tx *tx, int64_t account, int64_t mailbox, GError **error)
{
    GError *cause = NULL;
    g_autofree char *name = NULL;
    int64_t parent = 0;
    sqlite3_stmt *s = DB_QUERY(tx->db, &cause,
                               "SELECT old_name, old_parent FROM folder_intent WHERE mailbox = ?"
                               " AND kind = ? ORDER BY id LIMIT 1",
                               I(mailbox), I(STORE_FOLDER_RENAME));
    if (db_step(tx->db, s, &cause)) {
        name = db_text_copy(s, 0);
        parent = db_int(s, 1);
        db_done(s);
    }
    if (cause == NULL &&
        (DB_NUMBER(tx->db, &cause, 0, "SELECT 1 FROM mailbox WHERE id = ?", I(parent)) == 0 ||
         mailbox_is_below(tx, parent, mailbox)))
        parent = 0;
    if (cause == NULL && name != NULL &&
        folder_place_below(tx, account, mailbox, name, parent, &cause))
        DB_RUN(tx->db, &cause, "DELETE FROM folder_intent WHERE mailbox = ? AND kind = ?",
               I(mailbox), I(STORE_FOLDER_RENAME));
    return error_settle(error, cause);
}

/* It is here again, with what the server has in it, and with the role that a person chose for it
 * where no other has it by now. What the server calls it the next list tells. */
static bool undo_delete(struct tx *tx, int64_t account, int64_t mailbox, GError **error)
{
    GError *cause = NULL;
    DB_RUN(tx->db, &cause,
           "UPDATE mailbox SET place = ?1, role_set = CASE WHEN role_set > 0 AND EXISTS(SELECT 1"
           " FROM mailbox AS other WHERE other.account = ?3 AND other.role = mailbox.role_set)"
           " THEN NULL ELSE role_set END WHERE id = ?2",
           I(FOLDER_THERE), I(mailbox), I(account));
    DB_RUN(tx->db, &cause, "UPDATE mailbox SET role = max(coalesce(role_set, 0), 0) WHERE id = ?",
           I(mailbox));
    tx_change(tx, account, STORE_MAILBOX, mailbox, CHANGE_CREATED);
    g_autoptr(GArray) emails =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT email FROM remote WHERE mailbox = ? AND email IS NOT NULL", I(mailbox));
    for (guint i = 0; i < emails->len && cause == NULL; i++) {
        struct email_row row = {0};
        int64_t id = g_array_index(emails, int64_t, i);
        if (email_load(tx, id, &row, &cause) && email_restore(tx, &row, &cause))
            email_settle(tx, id, &cause);
        email_row_clear(&row);
    }
    if (cause == NULL && mailbox_role(tx->db, mailbox, &cause) == MAIL_ROLE_TRASH)
        counts_recount_account(tx, account, &cause);
    return error_settle(error, cause);
}

static bool undo_subscribe(struct tx *tx, const struct row *row, GError **error)
{
    tx_change(tx, row->account, STORE_MAILBOX, row->mailbox, CHANGE_UPDATED);
    return DB_RUN(tx->db, error, "UPDATE mailbox SET subscribed = ? WHERE id = ?", I(!row->on),
                  I(row->mailbox));
}

static bool undo(struct tx *tx, const struct row *row, GError **error)
{
    switch (row->kind) {
    case STORE_FOLDER_CREATE:
        return undo_create(tx, row->account, row->mailbox, error);
    case STORE_FOLDER_RENAME:
        return undo_rename(tx, row->account, row->mailbox, error);
    case STORE_FOLDER_DELETE:
        return undo_delete(tx, row->account, row->mailbox, error);
    case STORE_FOLDER_SUBSCRIBE:
        break;
    }
    return undo_subscribe(tx, row, error);
}

static bool refused(struct tx *tx, void *arg, GError **error)
{
    static const char *const words[] = {"create-folder", "rename-folder", "delete-folder",
                                        "subscribe"};
    const struct ending *ending = arg;
    struct row row;
    GError *cause = NULL;
    if (load(tx, ending->id, &row, &cause) &&
        refusal_add(tx, row.account, words[row.kind], row.mailbox, 0, ending->reason, &cause) &&
        undo(tx, &row, &cause))
        DB_RUN(tx->db, &cause, "DELETE FROM folder_intent WHERE id = ?", I(ending->id));
    g_free(row.old_name);
    return error_settle(error, cause);
}

bool store_folder_refused(struct store *store, int64_t intent, const GError *reason, GError **error)
{
    struct ending ending = {.id = intent, .reason = reason};
    return store_write(store, STORE_LANE_INTERACTIVE, refused, &ending, error);
}
