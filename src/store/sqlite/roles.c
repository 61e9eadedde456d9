/* The role that a person chose for a mailbox. */
#include "store/sqlite/emails.h"

bool mailbox_role_is_chosen(struct tx *tx, int64_t mailbox)
{
    return DB_NUMBER(tx->db, NULL, 0, "SELECT role_set IS NOT NULL FROM mailbox WHERE id = ?",
                     I(mailbox)) == 1;
}

/* Whoever else has it loses it, and does not get it back by its name. */
static bool take_away(struct tx *tx, int64_t account, int64_t mailbox, enum mail_role role,
                      GError **error)
{
    int64_t other =
        role == MAIL_ROLE_NONE
            ? 0
            : DB_NUMBER(tx->db, error, 0,
                        "SELECT id FROM mailbox WHERE account = ? AND role = ? AND id <> ?",
                        I(account), I(role), I(mailbox));
    if (other == 0)
        return true;
    tx_change(tx, account, STORE_MAILBOX, other, CHANGE_UPDATED);
    return DB_RUN(tx->db, error,
                  "UPDATE mailbox SET role = 0, role_set = CASE WHEN role_set IS NULL THEN NULL "
                  "ELSE"
                  " 0 END, sort_order = ? WHERE id = ?",
                  I(mailbox_sort_order(MAIL_ROLE_NONE)), I(other));
}

bool mailbox_choose_role(struct tx *tx, int64_t account, int64_t mailbox, enum mail_role role,
                         GError **error)
{
    int64_t known =
        DB_NUMBER(tx->db, error, -1, "SELECT role FROM mailbox WHERE id = ? AND account = ?",
                  I(mailbox), I(account));
    if (known < 0) {
        if (error != NULL && *error == NULL)
            error_set(error, ERROR_NOT_FOUND, "no such mailbox");
        return false;
    }
    if (role >= MAIL_ROLES || role == MAIL_ROLE_INBOX || known == MAIL_ROLE_INBOX) {
        error_set(error, ERROR_INVALID, "INBOX has its role from the protocol");
        return false;
    }
    tx_change(tx, account, STORE_MAILBOX, mailbox, CHANGE_UPDATED);
    if (!take_away(tx, account, mailbox, role, error) ||
        !DB_RUN(tx->db, error,
                "UPDATE mailbox SET role = ?1, role_set = ?1, sort_order = ?2 WHERE id = ?3",
                I(role), I(mailbox_sort_order(role)), I(mailbox)))
        return false;
    /* The trash counts by rules of its own (RFC 8621, 2). */
    bool recount = known != (int64_t)role && (known == MAIL_ROLE_TRASH || role == MAIL_ROLE_TRASH);
    return !recount || counts_recount_account(tx, account, error);
}

struct choice {
    int64_t account, mailbox;
    enum mail_role role;
};

static bool choose(struct tx *tx, void *arg, GError **error)
{
    const struct choice *choice = arg;
    return mailbox_choose_role(tx, choice->account, choice->mailbox, choice->role, error);
}

bool store_mailbox_set_role(const struct store_access *access, int64_t mailbox, enum mail_role role,
                            GError **error)
{
    struct choice choice = {store_access_account(access), mailbox, role};
    return access_require(access, STORE_WRITE, error) &&
           store_write(store_access_store(access), STORE_LANE_INTERACTIVE, choose, &choice, error);
}
