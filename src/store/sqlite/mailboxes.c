#include "store/sqlite/unified.h"

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

GPtrArray *store_mailboxes(const struct store_access *access, uint64_t *state, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *mailboxes = g_ptr_array_new_with_free_func(free_mailbox);
    unified_list(&reader->main, access, mailboxes, &cause);
    if (state != NULL)
        *state = access_state(&reader->main, access, STORE_MAILBOX);
    reader_end(store, reader);
    return db_settle_list(mailboxes, cause, error);
}

uint64_t store_state(const struct store_access *access, enum store_type type)
{
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return 0;
    uint64_t state = access_state(&reader->main, access, type);
    reader_end(store, reader);
    return state;
}

/* The mailboxes of the roles need room beside what the log names. */
static bool mailbox_changes(struct db *db, const struct store_access *access, uint64_t since,
                            size_t max, struct store_changes *changes, GError **error)
{
    GError *cause = NULL;
    if (max > 0 && max <= UNIFIED_ROLES) {
        error_set(error, ERROR_CANNOT_CALCULATE, "so few changes do not go together");
        return false;
    }
    if (!access_changes(db, access, STORE_MAILBOX, since, max > 0 ? max - UNIFIED_ROLES : 0,
                        changes, error))
        return false;
    unified_add_changes(db, changes, &cause);
    return error_settle(error, cause);
}

bool store_changes(const struct store_access *access, enum store_type type, uint64_t since,
                   size_t max, struct store_changes *changes, GError **error)
{
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    *changes = (struct store_changes){0};
    if (reader == NULL)
        return false;
    struct db *db = &reader->main;
    bool ok = access_is_unified(access) && type == STORE_MAILBOX
                  ? mailbox_changes(db, access, since, max, changes, error)
                  : access_changes(db, access, type, since, max, changes, error);
    reader_end(store, reader);
    return ok;
}
