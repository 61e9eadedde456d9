#include "store/sqlite/notes.h"

#define SLICE 200 /* emails in one transaction */

struct removal {
    int64_t account, from, next; /* ord */
    const char *keyword;
    bool more;
};

static bool take_off(struct tx *tx, int64_t email, const char *keyword, GError **error)
{
    struct email_row row;
    struct mail_flags flags = {0};
    GError *cause = NULL;
    if (email_load(tx, email, &row, &cause)) {
        mail_flags_copy(&flags, &row.flags);
        mail_flags_set(&flags, keyword, false);
        if (email_set_flags(tx, &row, &flags, &cause))
            email_settle(tx, email, &cause);
        mail_flags_clear(&flags);
    }
    email_row_clear(&row);
    return error_settle(error, cause);
}

/* The next emails by their place that have it: it is a word among others in a column. */
static bool remove_slice(struct tx *tx, void *arg, GError **error)
{
    struct removal *removal = arg;
    GError *cause = NULL;
    int64_t from = removal->from;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause,
                                 "SELECT id, ord FROM email WHERE account = ? AND ord >= ? AND"
                                 " words IS NOT NULL AND instr(' ' || words || ' ', ' ' || ? || ' "
                                 "') > 0 ORDER BY ord LIMIT ?",
                                 I(removal->account), I(from), T(removal->keyword), I(SLICE));
    while (db_step(tx->db, row, &cause)) {
        int64_t id = db_int(row, 0);
        g_array_append_val(ids, id);
        from = db_int(row, 1) + 1;
    }
    for (guint i = 0; i < ids->len && cause == NULL; i++)
        take_off(tx, g_array_index(ids, int64_t, i), removal->keyword, &cause);
    removal->more = ids->len == SLICE;
    removal->next = from;
    return error_settle(error, cause);
}

bool store_keyword_remove(const struct store_access *access, const char *keyword, GError **error)
{
    g_autofree char *folded = g_ascii_strdown(keyword, -1);
    struct removal removal = {.account = store_access_account(access),
                              .keyword = folded,
                              .more = true};
    if (!access_require(access, STORE_WRITE, error))
        return false;
    for (; removal.more; removal.from = removal.next)
        if (!store_write(store_access_store(access), STORE_LANE_BULK, remove_slice, &removal,
                         error))
            return false;
    return true;
}
