/* The state of every account, for administrators: no mail, no subject, no address but the account's
 * own. */
#include "store/sqlite/people.h"

#include "store/people.h"

void store_fleet_account_free(struct store_fleet_account *account)
{
    if (account == NULL)
        return;
    store_account_view_free(account->view);
    g_free(account->owner);
    g_free(account);
}

static GArray *users_of(struct db *db, GError **error)
{
    return db_numbers(db, "SELECT -id FROM user", NULL, 0, error);
}

static uint64_t fleet_state(struct db *db, uint64_t tick)
{
    int64_t modseq = DB_NUMBER(db, NULL, 0,
                               "SELECT max(modseq) FROM state WHERE type = ? AND account IN (SELECT"
                               " -id FROM user)",
                               I(STORE_LINKED_ACCOUNT));
    return accounts_state(modseq, tick);
}

GPtrArray *store_fleet(struct store *store, const struct store_principal *principal,
                       uint64_t *state, GError **error)
{
    GError *cause = NULL;
    uint64_t tick = accounts_tick(store);
    GPtrArray *list = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    if (people_require_admin(&reader->main, principal, &cause)) {
        list = accounts_fleet(store, &reader->main, &cause);
        *state = fleet_state(&reader->main, tick);
    }
    reader_end(store, reader);
    return db_settle_list(list, cause, error);
}

/* Who loses a share loses the account; it is still there. */
static void keep_existing(struct db *db, struct store_changes *changes)
{
    for (guint i = 0; i < changes->destroyed->len;) {
        int64_t account = g_array_index(changes->destroyed, int64_t, i);
        if (DB_NUMBER(db, NULL, 0, "SELECT 1 FROM account WHERE id = ? AND removing = 0",
                      I(account)) == 1) {
            g_array_append_val(changes->updated, account);
            g_array_remove_index_fast(changes->destroyed, i);
        } else {
            i++;
        }
    }
}

bool store_fleet_changes(struct store *store, const struct store_principal *principal,
                         uint64_t since, struct store_changes *changes, GError **error)
{
    uint64_t tick = accounts_tick(store);
    *changes = (struct store_changes){0};
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    GError *cause = NULL;
    g_autoptr(GArray) users = users_of(&reader->main, &cause);
    bool ok = cause == NULL && people_require_admin(&reader->main, principal, &cause) &&
              log_changes_of(&reader->main, users, 0, STORE_LINKED_ACCOUNT,
                             accounts_state_modseq(since), 0, changes, &cause);
    if (ok) {
        keep_existing(&reader->main, changes);
        accounts_progressed(store, &reader->main, since, tick, changes);
        changes->old_state = since;
        changes->new_state = accounts_state((int64_t)changes->new_state, tick);
    }
    reader_end(store, reader);
    return error_settle(error, cause);
}
