#include "store/sqlite/unified.h"

#define ROLE_ID(role) (-(int64_t)(role))
#define ACCOUNT_ID(account) (-(INT64_C(64) + (account)))

/* They are always there, so that they need no log of their own; others are rare, and their mail
 * is seen in the members' mailboxes. */
static const struct {
    enum mail_role role;
    const char *name;
} roles[UNIFIED_ROLES] = {
    {MAIL_ROLE_INBOX, "Inbox"}, {MAIL_ROLE_DRAFTS, "Drafts"}, {MAIL_ROLE_SENT, "Sent"},
    {MAIL_ROLE_TRASH, "Trash"}, {MAIL_ROLE_JUNK, "Junk"},     {MAIL_ROLE_ARCHIVE, "Archive"},
};

bool unified_has_role(enum mail_role role)
{
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++)
        if (roles[i].role == role)
            return true;
    return false;
}

static struct store_mailbox *mailbox_of_row(sqlite3_stmt *row)
{
    struct store_mailbox *mailbox = g_new0(struct store_mailbox, 1);
    mailbox->id = db_int(row, 0);
    mailbox->parent = db_int(row, 1);
    mailbox->name = db_text_copy(row, 2);
    mailbox->role = (enum mail_role)db_int(row, 3);
    mailbox->sort_order = (uint32_t)db_int(row, 4);
    mailbox->subscribed = db_int(row, 5) != 0;
    mailbox->selectable = db_int(row, 6) != 0;
    mailbox->total_emails = (uint32_t)db_int(row, 7);
    mailbox->unread_emails = (uint32_t)db_int(row, 8);
    mailbox->total_threads = (uint32_t)db_int(row, 9);
    mailbox->unread_threads = (uint32_t)db_int(row, 10);
    mailbox->may_have_children = db_int(row, 11) != 0;
    return mailbox;
}

static void list_account(struct db *db, const struct store_access *access, int64_t account,
                         GPtrArray *mailboxes, GError **error)
{
    unsigned rights = access_rights(access, account);
    int64_t user = store_principal_user(store_access_principal(access));
    sqlite3_stmt *row =
        DB_QUERY(db, error,
                 "SELECT id, parent, name, role, sort_order, CASE WHEN ?3 THEN subscribed ELSE"
                 " EXISTS(SELECT 1 FROM subscription WHERE user = ?4 AND mailbox = mailbox.id) END,"
                 " selectable AND (sync OR gone), total_emails,"
                 " unread_emails, total_threads, unread_threads, delimiter FROM mailbox WHERE"
                 " account = ?1 AND place <> ?2 ORDER BY id",
                 I(account), I(FOLDER_LEAVING), I(access_is_own(db, access, account)), I(user));
    while (db_step(db, row, error)) {
        struct store_mailbox *mailbox = mailbox_of_row(row);
        mailbox->account = account;
        mailbox->rights = rights;
        g_ptr_array_add(mailboxes, mailbox);
    }
}

/* --- the unified account's own */

static struct store_mailbox *new_role(size_t index)
{
    struct store_mailbox *mailbox = g_new0(struct store_mailbox, 1);
    mailbox->id = ROLE_ID(roles[index].role);
    mailbox->name = g_strdup(roles[index].name);
    mailbox->role = roles[index].role;
    mailbox->sort_order = mailbox_sort_order(roles[index].role);
    mailbox->subscribed = mailbox->selectable = mailbox->fixed = true;
    mailbox->rights = STORE_READ;
    return mailbox;
}

/* Two accounts may have one address, but mailboxes beside each other no equal names. */
static char *parent_name(struct db *db, int64_t account, GHashTable *names, GError **error)
{
    sqlite3_stmt *row = DB_QUERY(db, error, "SELECT address FROM account WHERE id = ?", I(account));
    g_autofree char *address = db_step(db, row, error) ? db_text_copy(row, 0) : NULL;
    db_done(row);
    if (address != NULL && !g_hash_table_contains(names, address))
        return g_steal_pointer(&address);
    return g_strdup_printf("%s (a%" G_GINT64_FORMAT ")", address != NULL ? address : "", account);
}

static struct store_mailbox *new_parent(int64_t account, char *name)
{
    struct store_mailbox *mailbox = g_new0(struct store_mailbox, 1);
    mailbox->id = ACCOUNT_ID(account);
    mailbox->name = name;
    mailbox->sort_order = 100;
    mailbox->subscribed = mailbox->fixed = true;
    mailbox->rights = STORE_READ;
    return mailbox;
}

/* Makes a member's mailbox one of the unified account, and counts it where its role is counted. */
static void adopt(struct store_mailbox *mailbox, int64_t account, struct store_mailbox **by_role)
{
    struct store_mailbox *sum = by_role[mailbox->role];
    if (sum != NULL) {
        sum->total_emails += mailbox->total_emails;
        sum->unread_emails += mailbox->unread_emails;
        sum->total_threads += mailbox->total_threads;
        sum->unread_threads += mailbox->unread_threads;
        sum->rights |= mailbox->rights;
    }
    if (mailbox->parent == 0)
        mailbox->parent = ACCOUNT_ID(account);
    mailbox->role = MAIL_ROLE_NONE;
    mailbox->fixed = true;
}

bool unified_list(struct db *db, const struct store_access *access, GPtrArray *mailboxes,
                  GError **error)
{
    GError *cause = NULL;
    const GArray *accounts = store_access_accounts(access);
    struct store_mailbox *by_role[MAIL_ROLES] = {0};
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; access_is_unified(access) && i < G_N_ELEMENTS(roles); i++) {
        by_role[roles[i].role] = new_role(i);
        g_ptr_array_add(mailboxes, by_role[roles[i].role]);
    }
    for (guint i = 0; i < accounts->len && cause == NULL; i++) {
        int64_t account = g_array_index(accounts, int64_t, i);
        guint first = mailboxes->len;
        list_account(db, access, account, mailboxes, &cause);
        if (!access_is_unified(access))
            continue;
        for (guint k = first; k < mailboxes->len; k++)
            adopt(mailboxes->pdata[k], account, by_role);
        char *name = parent_name(db, account, names, &cause);
        g_hash_table_add(names, name);
        g_ptr_array_add(mailboxes, new_parent(account, name));
    }
    return error_settle(error, cause);
}

/* --- roles and what they stand for */

GArray *unified_real(struct db *db, int64_t account, const GArray *ids, GError **error)
{
    GArray *real = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        int64_t id = g_array_index(ids, int64_t, i);
        if (id > 0) {
            g_array_append_val(real, id);
            continue;
        }
        g_autoptr(GArray) of_role = DB_NUMBERS(db, error,
                                               "SELECT id FROM mailbox WHERE account = ? AND role ="
                                               " ? AND place <> ? AND role > 0",
                                               I(account), I(-id), I(FOLDER_LEAVING));
        g_array_append_vals(real, of_role->data, of_role->len);
    }
    return real;
}

static void add_role(GArray *ids, enum mail_role role)
{
    int64_t id = ROLE_ID(role);
    if (unified_has_role(role) && !ids_hold(ids, id))
        g_array_append_val(ids, id);
}

void unified_add_roles(struct db *db, GArray *mailboxes, GError **error)
{
    guint count = mailboxes->len;
    for (guint i = 0; i < count; i++)
        add_role(mailboxes, mailbox_role(db, g_array_index(mailboxes, int64_t, i), error));
}

void unified_add_changes(struct db *db, struct store_changes *changes, GError **error)
{
    bool all = changes->created->len + changes->destroyed->len > 0 ||
               (changes->updated->len > 0 && !changes->counts_only);
    if (!all)
        unified_add_roles(db, changes->updated, error);
    for (size_t i = 0; all && i < G_N_ELEMENTS(roles); i++)
        add_role(changes->updated, roles[i].role);
    changes->counts_only = changes->counts_only && !all;
}
