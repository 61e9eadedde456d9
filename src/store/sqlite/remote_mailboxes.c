#include "store/sqlite/batch.h"

#include <string.h>

void store_remote_mailbox_free(struct store_remote_mailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    g_free(mailbox->raw_name);
    g_free(mailbox->name);
    g_free(mailbox->object_id);
    g_free(mailbox);
}

static void free_remote_mailbox(gpointer mailbox)
{
    store_remote_mailbox_free(mailbox);
}

GPtrArray *store_sync_mailboxes(struct store *store, int64_t account, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *mailboxes = g_ptr_array_new_with_free_func(free_remote_mailbox);
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT id, raw_name, path, delimiter, role, selectable, subscribed, sync AND"
                 " place <> 2,"
                 " uidvalidity, uidnext, highestmodseq, server_count, skipped, checked_at,"
                 " headers_done, exists_there, object_id, seen_email, gone, reconciled_at,"
                 " role_set IS NOT NULL FROM mailbox WHERE account = ? AND place <> 1 ORDER BY id",
                 I(account));
    while (db_step(&reader->main, row, &cause)) {
        struct store_remote_mailbox *mailbox = g_new0(struct store_remote_mailbox, 1);
        *mailbox = (struct store_remote_mailbox){.id = db_int(row, 0),
                                                 .raw_name = db_text_copy(row, 1),
                                                 .name = db_text_copy(row, 2),
                                                 .delimiter = (char)db_int(row, 3),
                                                 .role = (enum mail_role)db_int(row, 4),
                                                 .selectable = db_int(row, 5) != 0,
                                                 .subscribed = db_int(row, 6) != 0,
                                                 .sync = db_int(row, 7) != 0,
                                                 .uidvalidity = (uint32_t)db_int(row, 8),
                                                 .uidnext = (uint32_t)db_int(row, 9),
                                                 .highestmodseq = (uint64_t)db_int(row, 10),
                                                 .server_count = (uint32_t)db_int(row, 11),
                                                 .skipped = (uint32_t)db_int(row, 12),
                                                 .checked_at = db_int(row, 13),
                                                 .headers_done = db_int(row, 14) != 0,
                                                 .exists = (uint32_t)db_int(row, 15),
                                                 .object_id = db_text_copy(row, 16),
                                                 .seen_email = db_int(row, 17),
                                                 .gone = db_int(row, 18) != 0,
                                                 .reconciled_at = db_int(row, 19),
                                                 .role_chosen = db_int(row, 20) != 0};
        g_ptr_array_add(mailboxes, mailbox);
    }
    reader_end(store, reader);
    return db_settle_list(mailboxes, cause, error);
}

struct mailbox_write {
    int64_t account;
    struct store_remote_mailbox *mailbox;
    int64_t id;
    uint32_t uidvalidity;
};

/* The path's last level, and the path above it (NULL at the top). */
static char *last_level(const char *path, char delimiter, char **above)
{
    const char *last = delimiter != '\0' ? strrchr(path, delimiter) : NULL;
    *above = NULL;
    if (last == NULL || last == path || last[1] == '\0')
        return g_strdup(path);
    *above = g_strndup(path, (gsize)(last - path));
    return g_strdup(last + 1);
}

uint32_t mailbox_sort_order(enum mail_role role)
{
    switch (role) {
    case MAIL_ROLE_INBOX:
        return 1;
    case MAIL_ROLE_DRAFTS:
        return 2;
    case MAIL_ROLE_SENT:
        return 3;
    case MAIL_ROLE_ARCHIVE:
        return 4;
    case MAIL_ROLE_JUNK:
        return 5;
    case MAIL_ROLE_TRASH:
        return 6;
    default:
        return 10;
    }
}

/* Children listed before their parent find it now. */
static bool adopt_children(struct tx *tx, int64_t account, int64_t parent, const char *path,
                           char delimiter, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) children = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autofree char *prefix = g_strdup_printf("%s%c", path, delimiter);
    sqlite3_stmt *row = delimiter == '\0'
                            ? NULL
                            : DB_QUERY(tx->db, &cause,
                                       "SELECT id, substr(path, length(?2) + 1) FROM mailbox WHERE"
                                       " account = ?1 AND substr(path, 1, length(?2)) = ?2 AND"
                                       " parent <> ?3",
                                       I(account), T(prefix), I(parent));
    while (db_step(tx->db, row, &cause)) {
        int64_t id = db_int(row, 0);
        const char *rest = db_text(row, 1);
        if (rest != NULL && rest[0] != '\0' && strchr(rest, delimiter) == NULL)
            g_array_append_val(children, id);
    }
    for (guint i = 0; i < children->len && cause == NULL; i++) {
        int64_t id = g_array_index(children, int64_t, i);
        if (mailbox_is_below(tx, parent, id))
            continue;
        tx_change(tx, account, STORE_MAILBOX, id, CHANGE_UPDATED);
        DB_RUN(tx->db, &cause, "UPDATE mailbox SET parent = ? WHERE id = ?", I(parent), I(id));
    }
    return error_settle(error, cause);
}

static bool insert_mailbox(struct tx *tx, struct mailbox_write *write, const char *name,
                           int64_t parent, GError **error)
{
    const struct store_remote_mailbox *m = write->mailbox;
    if (!DB_RUN(tx->db, error,
                "INSERT INTO mailbox(account, parent, name, raw_name, path, delimiter, role,"
                " sort_order, subscribed, selectable, sync, uidvalidity, uidnext, highestmodseq,"
                " server_count, skipped, checked_at, headers_done)"
                " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                I(write->account), I(parent), T(name), T(m->raw_name), T(m->name), I(m->delimiter),
                I(m->role), I(mailbox_sort_order(m->role)), I(m->subscribed), I(m->selectable),
                I(m->sync), I(m->uidvalidity), I(m->uidnext), I(m->highestmodseq),
                I(m->server_count), I(m->skipped), I(m->checked_at), I(m->headers_done)))
        return false;
    write->id = sqlite3_last_insert_rowid(tx->db->handle);
    tx_change(tx, write->account, STORE_MAILBOX, write->id, CHANGE_CREATED);
    return true;
}

enum mail_role mailbox_role(struct db *db, int64_t mailbox, GError **error)
{
    return (enum mail_role)DB_NUMBER(db, error, 0, "SELECT role FROM mailbox WHERE id = ?",
                                     I(mailbox));
}

bool mailbox_role_changed(struct tx *tx, int64_t account, int64_t mailbox, enum mail_role from,
                          enum mail_role to, GError **error)
{
    if (from == to)
        return true;
    /* In the unified account its emails are in another mailbox now, all at once: nobody can go on
     * from what was before. */
    if (DB_NUMBER(tx->db, error, 0, "SELECT EXISTS(SELECT 1 FROM member WHERE mailbox = ?)",
                  I(mailbox)) == 1 &&
        !tx_access_changed(tx, account, error))
        return false;
    /* The trash counts by rules of its own (RFC 8621, 2). */
    bool recount = from == MAIL_ROLE_TRASH || to == MAIL_ROLE_TRASH;
    return !recount || counts_recount_account(tx, account, error);
}

/* A person chose its role. */
static bool role_is_chosen(struct tx *tx, int64_t mailbox)
{
    return DB_NUMBER(tx->db, NULL, 0, "SELECT role_set IS NOT NULL FROM mailbox WHERE id = ?",
                     I(mailbox)) == 1;
}

static bool update_mailbox(struct tx *tx, struct mailbox_write *write, int64_t id, const char *name,
                           int64_t parent, GError **error)
{
    const struct store_remote_mailbox *m = write->mailbox;
    enum mail_role role = m->role;
    int64_t known =
        DB_NUMBER(tx->db, error, -1, "SELECT role FROM mailbox WHERE id = ? AND account = ?", I(id),
                  I(write->account));
    if (known >= 0 && role_is_chosen(tx, id))
        role = (enum mail_role)known;
    if (known < 0) {
        if (error != NULL && *error == NULL)
            error_set(error, ERROR_NOT_FOUND, "no such mailbox");
        return false;
    }
    write->id = id;
    if (mailbox_place(tx, id) == FOLDER_LEAVING)
        return true;
    /* What a person changed here and is still to be carried out wins. */
    bool ours = folder_change_waits(tx, write->account, 0, STORE_FOLDER_RENAME) &&
                DB_NUMBER(tx->db, NULL, 0, "SELECT 1 FROM mailbox WHERE id = ? AND raw_name = ?",
                          I(id), T(m->raw_name)) == 1;
    if (ours || folder_change_waits(tx, write->account, id, STORE_FOLDER_SUBSCRIBE))
        return true;
    if (!DB_RUN(tx->db, error,
                "UPDATE mailbox SET parent = ?2, name = ?3, raw_name = ?4, path = ?5, delimiter ="
                " ?6, role = ?7, sort_order = coalesce(sort_set, ?8), subscribed = ?9, selectable ="
                " ?10, sync = ?11, gone = 0 WHERE id = ?1 AND (gone <> 0 OR parent IS NOT ?2 OR "
                "name IS NOT ?3 OR "
                "raw_name IS NOT ?4 OR"
                " path IS NOT ?5 OR delimiter IS NOT ?6 OR role IS NOT ?7 OR subscribed IS NOT ?9"
                " OR selectable IS NOT ?10 OR sync IS NOT ?11)",
                I(id), I(parent), T(name), T(m->raw_name), T(m->name), I(m->delimiter), I(role),
                I(mailbox_sort_order(role)), I(m->subscribed), I(m->selectable), I(m->sync)))
        return false;
    if (db_changes(tx->db) == 0)
        return true;
    tx_change(tx, write->account, STORE_MAILBOX, id, CHANGE_UPDATED);
    return mailbox_role_changed(tx, write->account, id, (enum mail_role)known, role, error);
}

static bool put_mailbox(struct tx *tx, void *arg, GError **error)
{
    struct mailbox_write *write = arg;
    const struct store_remote_mailbox *m = write->mailbox;
    g_autofree char *above = NULL;
    g_autofree char *name = last_level(m->name, m->delimiter, &above);
    int64_t parent = 0;
    if (above != NULL)
        parent = DB_NUMBER(tx->db, error, 0,
                           "SELECT id FROM mailbox WHERE account = ? AND path = ? LIMIT 1",
                           I(write->account), T(above));
    if (DB_NUMBER(tx->db, error, 0, "SELECT 1 FROM account WHERE id = ? AND removing = 0",
                  I(write->account)) != 1) {
        if (error != NULL && *error == NULL)
            error_set(error, ERROR_NOT_FOUND, "no such account");
        return false;
    }
    /* A session that crashed before it learnt the number finds it by the name. */
    int64_t id = m->id != 0 ? m->id
                            : DB_NUMBER(tx->db, error, 0,
                                        "SELECT id FROM mailbox WHERE account = ? AND raw_name = ?",
                                        I(write->account), T(m->raw_name));
    if (id == 0)
        id = folder_adopt(tx, write->account, m->name, m->raw_name, error);
    if (id != 0 && parent != 0 && mailbox_is_below(tx, parent, id))
        parent = 0;
    return (id == 0 ? insert_mailbox(tx, write, name, parent, error)
                    : update_mailbox(tx, write, id, name, parent, error)) &&
           adopt_children(tx, write->account, write->id, m->name, m->delimiter, error);
}

bool store_sync_mailbox_put(struct store *store, int64_t account,
                            struct store_remote_mailbox *mailbox, GError **error)
{
    struct mailbox_write write = {.account = account, .mailbox = mailbox};
    if (!store_write(store, STORE_LANE_INTERACTIVE, put_mailbox, &write, error))
        return false;
    mailbox->id = write.id;
    return true;
}

/* Every remote of the mailbox is left, as if all its messages had vanished. */
static bool leave_all(struct tx *tx, int64_t mailbox, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, 2 * sizeof(int64_t));
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT uid, coalesce(email, 0) FROM remote WHERE mailbox = ?",
                 I(mailbox));
    while (db_step(tx->db, row, &cause)) {
        int64_t pair[2] = {db_int(row, 0), db_int(row, 1)};
        g_array_append_vals(pairs, pair, 1);
    }
    for (guint i = 0; i < pairs->len && cause == NULL; i++) {
        const int64_t *pair = (const int64_t *)(const void *)pairs->data + 2 * (size_t)i;
        leave_remote(tx, mailbox, (uint32_t)pair[0], pair[1], &cause);
    }
    return error_settle(error, cause);
}

bool mailbox_drop_members(struct tx *tx, int64_t mailbox, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) emails =
        DB_NUMBERS(tx->db, &cause, "SELECT email FROM member WHERE mailbox = ?", I(mailbox));
    for (guint i = 0; i < emails->len && cause == NULL; i++) {
        struct email_row row;
        int64_t id = g_array_index(emails, int64_t, i);
        g_autoptr(GArray) members = email_members(tx->db, id, &cause);
        if (cause == NULL && email_load(tx, id, &row, &cause)) {
            if (members->len > 1 ? email_remove_member(tx, &row, mailbox, &cause)
                                 : email_hide(tx, &row, &cause))
                email_settle(tx, id, &cause);
            email_row_clear(&row);
        }
    }
    return error_settle(error, cause);
}

/* What was to come into the mailbox, to leave it and to change in it; orphans of it keep the flags
 * they are to get. What was on its way out of it is put there from here, and of what was destroyed
 * on its way into it goes what did not leave. */
static bool forget_changes(struct tx *tx, int64_t account, int64_t id, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) leaving =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT DISTINCT email FROM intent WHERE account = ?1 AND ?2 IN (mailbox,"
                   " target) AND kind <> 0 AND NOT EXISTS(SELECT 1 FROM member WHERE member.email ="
                   " intent.email AND member.mailbox = ?2)",
                   I(account), I(id));
    if (cause == NULL && DB_RUN(tx->db, &cause, "DELETE FROM expect WHERE mailbox = ?", I(id)))
        DB_RUN(tx->db, &cause,
               "DELETE FROM intent WHERE account = ?1 AND (mailbox = ?2 OR target = ?2) AND NOT"
               " (kind = 0 AND email IN (SELECT id FROM email WHERE account = ?1 AND orphan = ?2))",
               I(account), I(id));
    for (guint i = 0; i < leaving->len && cause == NULL; i++)
        email_settle(tx, g_array_index(leaving, int64_t, i), &cause);
    return error_settle(error, cause);
}

/* The role that a person chose for it may be again what the server, or its name, says of those that
 * gave it up for it. */
static bool return_role(struct tx *tx, int64_t account, int64_t id, GError **error)
{
    return DB_RUN(tx->db, error,
                  "UPDATE mailbox SET role_set = NULL WHERE account = ? AND role_set < 0 AND"
                  " role_set = (SELECT -role_set FROM mailbox WHERE id = ?)",
                  I(account), I(id));
}

bool mailbox_forget(struct tx *tx, int64_t account, int64_t id, GError **error)
{
    return leave_all(tx, id, error) && forget_changes(tx, account, id, error) &&
           DB_RUN(tx->db, error, "DELETE FROM folder_intent WHERE mailbox = ?", I(id)) &&
           mailbox_drop_members(tx, id, error) &&
           DB_RUN(tx->db, error, "UPDATE mailbox SET parent = 0 WHERE account = ? AND parent = ?",
                  I(account), I(id)) &&
           return_role(tx, account, id, error) &&
           DB_RUN(tx->db, error, "DELETE FROM mailbox WHERE id = ? AND account = ?", I(id),
                  I(account));
}

bool mailbox_drop(struct tx *tx, int64_t account, int64_t id, GError **error)
{
    tx_change(tx, account, STORE_MAILBOX, id, CHANGE_DESTROYED);
    return mailbox_drop_members(tx, id, error) &&
           DB_RUN(tx->db, error, "DELETE FROM folder_intent WHERE mailbox = ?", I(id)) &&
           DB_RUN(tx->db, error, "UPDATE mailbox SET parent = 0 WHERE account = ? AND parent = ?",
                  I(account), I(id)) &&
           return_role(tx, account, id, error) &&
           DB_RUN(tx->db, error, "DELETE FROM mailbox WHERE id = ? AND account = ?", I(id),
                  I(account));
}

static bool remove_mailbox(struct tx *tx, void *arg, GError **error)
{
    const struct mailbox_write *write = arg;
    int64_t id = write->id;
    unsigned matched = 0;
    if (mailbox_place(tx, id) == FOLDER_LEAVING) /* a person deleted it here, and it was told */
        return mailbox_forget(tx, write->account, id, error);
    int64_t since =
        DB_NUMBER(tx->db, error, 0, "SELECT seen_email FROM mailbox WHERE id = ?", I(id));
    if (!leave_all(tx, id, error) ||
        !twins_adopt(tx, NULL, write->account, id, since, &matched, error) ||
        !folder_evict(tx, write->account, id, error) ||
        !forget_changes(tx, write->account, id, error))
        return false;
    if (DB_NUMBER(tx->db, error, 0, "SELECT 1 FROM member WHERE mailbox = ? LIMIT 1", I(id)) == 0)
        return mailbox_drop(tx, write->account, id, error);
    return DB_RUN(tx->db, error,
                  "UPDATE mailbox SET gone = 1, sync = 0, uidvalidity = 0, uidnext = 0,"
                  " highestmodseq = 0, exists_there = 0, server_count = 0, skipped = 0,"
                  " headers_done = 0 WHERE id = ? AND account = ?",
                  I(id), I(write->account));
}

bool store_sync_mailbox_remove(struct store *store, int64_t account, int64_t mailbox,
                               GError **error)
{
    struct mailbox_write write = {.account = account, .id = mailbox};
    return store_write(store, STORE_LANE_BULK, remove_mailbox, &write, error);
}

static bool reset_mailbox(struct tx *tx, void *arg, GError **error)
{
    const struct mailbox_write *write = arg;
    return leave_all(tx, write->id, error) &&
           DB_RUN(tx->db, error,
                  "UPDATE mailbox SET uidvalidity = ?, uidnext = 0, highestmodseq = 0, skipped = 0,"
                  " headers_done = 0, exists_there = 0 WHERE id = ? AND account = ?",
                  I(write->uidvalidity), I(write->id), I(write->account));
}

bool store_sync_mailbox_reset(struct store *store, int64_t account, int64_t mailbox,
                              uint32_t uidvalidity, GError **error)
{
    struct mailbox_write write = {.account = account, .id = mailbox, .uidvalidity = uidvalidity};
    return store_write(store, STORE_LANE_BULK, reset_mailbox, &write, error);
}
