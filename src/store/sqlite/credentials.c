#include "store/sqlite/seal.h"

#include "base/clock.h"

void store_credential_clear(struct store_credential *credential)
{
    g_free(credential->provider);
    g_free(credential->login);
    g_free(credential->scopes);
    secret_free(credential->refresh_token);
    secret_free(credential->access_token);
    *credential = (struct store_credential){0};
}

/* The credential that works for an account: the one linked last. */
#define CREDENTIAL_ROW                                                                             \
    "SELECT credential.user, account.provider, coalesce(credential.login, account.login), scopes," \
    " refresh, access, access_expires, password, origin FROM credential JOIN account ON"           \
    " account.id = credential.account WHERE account.id = ? AND removing = 0"                       \
    " ORDER BY linked DESC, credential.user LIMIT 1"

struct credential_row {
    int64_t user;
    GBytes *refresh, *access, *password;
    char *origin;
};

static void clear_row(struct credential_row *row)
{
    g_clear_pointer(&row->refresh, g_bytes_unref);
    g_clear_pointer(&row->access, g_bytes_unref);
    g_clear_pointer(&row->password, g_bytes_unref);
    g_free(row->origin);
}

static bool load_row(struct store *store, int64_t account, struct store_credential *credential,
                     struct credential_row *out, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    *credential = (struct store_credential){0};
    *out = (struct credential_row){0};
    if (reader == NULL)
        return false;
    sqlite3_stmt *row = DB_QUERY(&reader->main, NULL, CREDENTIAL_ROW, I(account));
    bool found = db_step(&reader->main, row, NULL);
    if (found) {
        out->user = db_int(row, 0);
        credential->provider = db_text_copy(row, 1);
        credential->login = db_text_copy(row, 2);
        credential->scopes = db_text_copy(row, 3);
        out->refresh = db_bytes_copy(row, 4);
        out->access = db_bytes_copy(row, 5);
        credential->access_expires = db_int(row, 6);
        out->password = db_bytes_copy(row, 7);
        out->origin = db_text_copy(row, 8);
        db_done(row);
    } else {
        error_set(error, ERROR_NOT_FOUND, "the account has no credential");
    }
    reader_end(store, reader);
    return found;
}

char *store_credential_provider(struct store *store, int64_t account, GError **error)
{
    struct store_credential credential;
    struct credential_row row;
    char *provider = NULL;
    if (load_row(store, account, &credential, &row, error)) {
        provider = g_strdup(credential.provider);
        if (provider == NULL)
            error_set(error, ERROR_NOT_FOUND, "the account signs in with a password");
    }
    store_credential_clear(&credential);
    clear_row(&row);
    return provider;
}

bool store_credential_load(struct store *store, int64_t account, const char *token_origin,
                           struct store_credential *credential, GError **error)
{
    struct credential_row row;
    GError *cause = NULL;
    if (load_row(store, account, credential, &row, &cause)) {
        credential->refresh_token = unseal_credential(store, row.refresh, account, row.user,
                                                      "refresh", token_origin, &cause);
        if (cause == NULL)
            credential->access_token = unseal_credential(store, row.access, account, row.user,
                                                         "access", token_origin, &cause);
    }
    clear_row(&row);
    if (cause == NULL)
        return true;
    store_credential_clear(credential);
    g_propagate_error(error, cause);
    return false;
}

struct keep_write {
    int64_t account, access_expires;
    const char *origin, *scopes;
    const struct secret *refresh, *access;
};

static bool keep(struct tx *tx, void *arg, GError **error)
{
    const struct keep_write *write = arg;
    GError *cause = NULL;
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause, CREDENTIAL_ROW, I(write->account));
    int64_t user = db_step(tx->db, row, &cause) ? db_int(row, 0) : 0;
    bool same = user != 0 && g_strcmp0(db_text(row, 8), write->origin) == 0;
    db_done(row);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    if (user == 0 || !same) {
        error_set(error, user == 0 ? ERROR_NOT_FOUND : ERROR_CRYPTO,
                  user == 0
                      ? "the account has no credential"
                      : "the tokens belong to another sign-in address: link the mailbox anew");
        return false;
    }
    g_autoptr(GBytes) refresh =
        seal_credential(tx->store, write->refresh, write->account, user, "refresh", write->origin);
    g_autoptr(GBytes) access =
        seal_credential(tx->store, write->access, write->account, user, "access", write->origin);
    return DB_RUN(tx->db, error,
                  "UPDATE credential SET refresh = coalesce(?3, refresh), access = ?4,"
                  " access_expires = ?5, scopes = coalesce(?6, scopes) WHERE account = ?1 AND"
                  " user = ?2",
                  I(write->account), I(user), B(refresh), B(access), I(write->access_expires),
                  T(write->scopes));
}

bool store_credential_keep(struct store *store, int64_t account, const char *token_origin,
                           const struct secret *refresh_token, const struct secret *access_token,
                           int64_t access_expires, const char *scopes, GError **error)
{
    struct keep_write write = {account, access_expires, token_origin,
                               scopes,  refresh_token,  access_token};
    return store_write(store, STORE_LANE_INTERACTIVE, keep, &write, error);
}

struct secret *store_sync_password(struct store *store, int64_t account, GError **error)
{
    struct store_credential credential;
    struct credential_row row = {0};
    struct secret *password = NULL;
    struct store_sync_account *where = store_sync_account(store, account, error);
    if (where == NULL)
        return NULL;
    if (load_row(store, account, &credential, &row, error)) {
        g_autofree char *origin =
            seal_password_origin(where->imap_host, where->imap_port, where->imap_security,
                                 where->smtp_host, where->smtp_port, where->smtp_security);
        password =
            unseal_credential(store, row.password, account, row.user, "password", origin, error);
        if (password == NULL && row.password == NULL)
            error_set(error, ERROR_NOT_FOUND, "the account has no password");
    }
    store_credential_clear(&credential);
    clear_row(&row);
    store_sync_account_free(where);
    return password;
}
