/* The other order: a message that someone moved was seen in its new mailbox before it vanished from
 * the old one, and became an email of its own. The old email takes its place, with its id, labels
 * and raw message. */
#include "store/sqlite/batch.h"

struct pair {
    int64_t orphan, twin;
    unsigned alike;
};

static int best_first(gconstpointer a, gconstpointer b)
{
    const struct pair *x = a, *y = b;
    if (x->alike != y->alike)
        return x->alike > y->alike ? -1 : 1;
    return x->orphan != y->orphan ? (x->orphan < y->orphan ? -1 : 1) : x->twin < y->twin ? -1 : 1;
}

/* Only what came after the mailbox was last seen to hold the orphan can be it: an older one is a
 * copy. What is being sent, awaited or changed by us is left alone. */
static GArray *load_pairs(struct tx *tx, int64_t account, int64_t mailbox, int64_t since,
                          GError **error)
{
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(struct pair));
    sqlite3_stmt *row = DB_QUERY(
        tx->db, error,
        "SELECT old.id, twin.id, old.received_at, old.size, old.estimate, twin.received_at,"
        " twin.size, twin.estimate FROM email AS twin JOIN loose ON loose.account = twin.account"
        " AND loose.msgid = twin.msgid JOIN email AS old ON old.id = loose.email WHERE twin.id > ?1"
        " AND twin.account = ?2 AND old.orphan = ?3 AND twin.orphan <> ?3 AND twin.thread > 0 AND"
        " twin.id <> old.id AND (twin.orphan <> 0 OR EXISTS(SELECT 1 FROM remote WHERE email ="
        " twin.id)) AND NOT"
        " EXISTS(SELECT 1 FROM remote WHERE email = twin.id AND mailbox = ?3) AND NOT"
        " EXISTS(SELECT 1 FROM submission WHERE email = twin.id) AND NOT EXISTS(SELECT 1 FROM"
        " expect WHERE email = twin.id) AND NOT EXISTS(SELECT 1 FROM intent WHERE email = twin.id"
        " AND journal IS NOT NULL)",
        I(since), I(account), I(mailbox));
    while (db_step(tx->db, row, error)) {
        const struct batch_likeness old = {db_int(row, 2), db_int(row, 3), db_int(row, 4)};
        const struct batch_likeness twin = {db_int(row, 5), db_int(row, 6), db_int(row, 7)};
        struct pair pair = {db_int(row, 0), db_int(row, 1), batch_alike(&old, &twin)};
        if (pair.alike > 0)
            g_array_append_val(pairs, pair);
    }
    g_array_sort(pairs, best_first);
    return pairs;
}

/* Where the twin is seen (or, when it was moved on since, was seen), the orphan is from now on;
 * unless a person moved the orphan meanwhile. */
static bool take_places(struct tx *tx, const struct email_row *orphan, const struct email_row *twin,
                        GError **error)
{
    g_autoptr(GArray) here = email_members(tx->db, orphan->id, error);
    g_autoptr(GArray) there = email_members(tx->db, twin->id, error);
    if (!ids_hold(here, orphan->orphan))
        return true;
    for (guint i = 0; i < there->len; i++)
        if (!email_add_member(tx, orphan, g_array_index(there, int64_t, i), error))
            return false;
    return ids_hold(there, orphan->orphan) ||
           email_remove_member(tx, orphan, orphan->orphan, error);
}

struct place {
    int64_t mailbox;
    uint32_t uid;
    struct mail_flags base;
};

static void clear_place(gpointer place)
{
    mail_flags_clear(&((struct place *)place)->base);
}

/* The twin's messages on the server are the orphan's; labels that no server keeps count as there.
 */
static bool take_remotes(struct tx *tx, const struct store_batch *batch,
                         const struct email_row *orphan, int64_t twin, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(struct place));
    g_array_set_clear_func(places, clear_place);
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT mailbox, uid, bits, words FROM remote WHERE email = ?",
                 I(twin));
    while (db_step(tx->db, row, &cause)) {
        struct place place = {.mailbox = db_int(row, 0), .uid = (uint32_t)db_int(row, 1)};
        flags_from(&place.base, (uint32_t)db_int(row, 2), db_text(row, 3));
        g_array_append_val(places, place);
    }
    for (guint i = 0; i < places->len && cause == NULL; i++) {
        struct place *place = &g_array_index(places, struct place, i);
        if (batch != NULL)
            batch_keep_unkept(batch, orphan->orphan, &place->base, &orphan->flags);
        remote_insert(tx, place->mailbox, place->uid, orphan->id, &place->base, &cause);
    }
    return error_settle(error, cause);
}

static bool adopt(struct tx *tx, const struct store_batch *batch, struct email_row *orphan,
                  struct email_row *twin, GError **error)
{
    if (batch != NULL)
        batch_keep_unkept(batch, orphan->orphan, &twin->flags, &orphan->flags);
    return take_remotes(tx, batch, orphan, twin->id, error) &&
           take_places(tx, orphan, twin, error) &&
           join_orphan_flags(tx, orphan, &twin->flags, error) &&
           DB_RUN(tx->db, error,
                  "UPDATE email SET orphan = ?, orphan_round = 0, emailid = coalesce(emailid, ?)"
                  " WHERE id = ?",
                  I(twin->orphan), T(twin->emailid), I(orphan->id)) &&
           DB_RUN(tx->db, error, "DELETE FROM intent WHERE email = ?", I(twin->id)) &&
           email_hide(tx, twin, error) && email_settle(tx, twin->id, error) &&
           email_settle(tx, orphan->id, error);
}

bool twins_adopt(struct tx *tx, const struct store_batch *batch, int64_t account, int64_t mailbox,
                 int64_t since, unsigned *matched, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) pairs = load_pairs(tx, account, mailbox, since, &cause);
    for (guint i = 0; i < pairs->len && cause == NULL; i++) {
        const struct pair *pair = &g_array_index(pairs, struct pair, i);
        struct email_row orphan = {0}, twin = {0};
        /* Doubles of one message pair with each other: each is taken once. */
        if (email_load(tx, pair->orphan, &orphan, &cause) && orphan.orphan != 0 &&
            email_load(tx, pair->twin, &twin, &cause) && twin.thread > 0 &&
            adopt(tx, batch, &orphan, &twin, &cause))
            (*matched)++;
        email_row_clear(&orphan);
        email_row_clear(&twin);
    }
    return error_settle(error, cause);
}
