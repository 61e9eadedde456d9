#include "store/sqlite/engine.h"

void store_mailbox_free(struct store_mailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    g_free(mailbox->name);
    g_free(mailbox);
}

static void free_mailbox(gpointer mailbox)
{
    store_mailbox_free(mailbox);
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

GPtrArray *store_mailboxes(const struct store_access *access, uint64_t *state, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *mailboxes = g_ptr_array_new_with_free_func(free_mailbox);
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT id, parent, name, role, sort_order, subscribed, selectable AND (sync OR"
                 " gone), total_emails,"
                 " unread_emails, total_threads, unread_threads, delimiter FROM mailbox WHERE"
                 " account = ? AND place <> ? ORDER BY id",
                 I(store_access_account(access)), I(FOLDER_LEAVING));
    while (db_step(&reader->main, row, &cause))
        g_ptr_array_add(mailboxes, mailbox_of_row(row));
    if (state != NULL)
        *state = log_state(&reader->main, store_access_account(access), STORE_MAILBOX, NULL);
    reader_end(store, reader);
    if (cause == NULL)
        return mailboxes;
    g_propagate_error(error, cause);
    g_ptr_array_unref(mailboxes);
    return NULL;
}

uint64_t store_state(const struct store_access *access, enum store_type type)
{
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return 0;
    uint64_t state = log_state(&reader->main, store_access_account(access), type, NULL);
    reader_end(store, reader);
    return state;
}

bool store_changes(const struct store_access *access, enum store_type type, uint64_t since,
                   size_t max, struct store_changes *changes, GError **error)
{
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    *changes = (struct store_changes){0};
    if (reader == NULL)
        return false;
    bool ok =
        log_changes(&reader->main, store_access_account(access), type, since, max, changes, error);
    reader_end(store, reader);
    return ok;
}
