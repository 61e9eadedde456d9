#include "store/sqlite/proxies.h"

void store_sync_account_free(struct store_sync_account *account)
{
    if (account == NULL)
        return;
    char *texts[] = {account->address,    account->login,         account->provider,
                     account->imap_host,  account->smtp_host,     account->ca_file,
                     account->state,      account->imap_security, account->smtp_security,
                     account->imap_login, account->smtp_login};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    secret_wipe_string(account->proxy);
    g_free(account);
}

GArray *store_sync_accounts(struct store *store, GError **error)
{
    return reader_numbers(store,
                          "SELECT a.id FROM account a LEFT JOIN mailbox m ON m.account = a.id"
                          " LEFT JOIN watch w ON w.mailbox = m.id WHERE a.removing = 0 GROUP BY"
                          " a.id ORDER BY coalesce(max(w.changed_at), 0) DESC, a.id",
                          NULL, 0, error);
}

static struct store_sync_account *account_of_row(sqlite3_stmt *row)
{
    struct store_sync_account *account = g_new0(struct store_sync_account, 1);
    char **texts[] = {&account->address,       &account->login,         &account->provider,
                      &account->imap_host,     &account->smtp_host,     &account->ca_file,
                      &account->imap_security, &account->smtp_security, &account->imap_login,
                      &account->smtp_login,    &account->state};
    account->id = db_int(row, 0);
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
        *texts[i] = db_text_copy(row, i + 1);
    account->imap_port = (uint16_t)db_int(row, 12);
    account->smtp_port = (uint16_t)db_int(row, 13);
    account->since = db_int(row, 14);
    account->paused = db_int(row, 15) != 0;
    account->operator_hosts = account->provider != NULL || db_int(row, 16) != 0;
    account->send_refused = db_int(row, 17) != 0;
    account->quota_asked = db_int(row, 18);
    account->quota_tight = db_int(row, 19) != 0;
    return account;
}

struct store_sync_account *store_sync_account(struct store *store, int64_t account, GError **error)
{
    GError *cause = NULL;
    struct store_sync_account *found = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT id, address, login, provider, imap_host, smtp_host, ca_file,"
                 " imap_security, smtp_security, imap_login, smtp_login, state, imap_port,"
                 " smtp_port, since, paused, operator_hosts, send_problem IS NOT NULL, quota_asked,"
                 " EXISTS(SELECT 1 FROM quota WHERE account = account.id AND used >= hard_limit -"
                 " hard_limit / 20) FROM account WHERE id = ? AND removing = 0",
                 I(account));
    if (db_step(&reader->main, row, &cause)) {
        found = account_of_row(row);
        db_done(row);
        g_autofree char *owner = g_strdup_printf("account/%" G_GINT64_FORMAT, account);
        proxies_url(store, &reader->main, owner, &found->proxy, &cause);
    }
    reader_end(store, reader);
    char *unwritten = found != NULL ? progress_unwritten_state(store, account) : NULL;
    if (unwritten != NULL) {
        g_free(found->state);
        found->state = unwritten;
    }
    if (cause == NULL && found == NULL)
        error_set(&cause, ERROR_NOT_FOUND, "no such account");
    if (cause == NULL)
        return found;
    g_propagate_error(error, cause);
    store_sync_account_free(found);
    return NULL;
}
