#include "store/sqlite/proxies.h"

#include "base/proxy.h"

#include <string.h>

/* A password is for one proxy: another address in the row, and it does not open (SECURITY.md 3). */
static char *associated_of(const char *owner, const char *address)
{
    return g_strdup_printf("proxy/%s|%s", owner, address);
}

static bool has_user(const char *address)
{
    struct proxy proxy;
    if (!proxy_parse(address, &proxy, NULL))
        return false;
    bool has = proxy.user != NULL;
    proxy_clear(&proxy);
    return has;
}

static bool check(const char *address, const struct secret *password, GError **error)
{
    if (!proxy_setting_check(address, error))
        return false;
    if (password == NULL || has_user(address))
        return true;
    error_set(error, ERROR_INVALID,
              "a proxy's password needs a user name in its address: http://user@host:port");
    return false;
}

bool proxies_put(struct tx *tx, const char *owner, const char *address,
                 const struct secret *password, GError **error)
{
    if (address == NULL)
        return DB_RUN(tx->db, error, "DELETE FROM proxy WHERE owner = ?", T(owner));
    if (!check(address, password, error))
        return false;
    g_autofree char *associated = associated_of(owner, address);
    g_autoptr(GBytes) sealed =
        password != NULL ? keyring_seal(tx->store->keyring, password, associated) : NULL;
    return DB_RUN(tx->db, error,
                  "INSERT INTO proxy(owner, address, password) VALUES(?1, ?2, ?3) ON CONFLICT DO"
                  " UPDATE SET password = coalesce(?3, CASE WHEN address = ?2 THEN password END),"
                  " address = ?2",
                  T(owner), T(address), B(sealed));
}

bool proxies_url(struct store *store, struct db *db, const char *owner, char **url, GError **error)
{
    GError *cause = NULL;
    g_autofree char *address = NULL;
    g_autoptr(GBytes) sealed = NULL;
    struct secret *password = NULL;
    *url = NULL;
    sqlite3_stmt *row =
        DB_QUERY(db, &cause, "SELECT address, password FROM proxy WHERE owner = ?", T(owner));
    if (db_step(db, row, &cause)) {
        address = db_text_copy(row, 0);
        sealed = db_bytes_copy(row, 1);
        db_done(row);
    }
    if (cause == NULL && sealed != NULL) {
        g_autofree char *associated = associated_of(owner, address);
        password = keyring_open(store->keyring, sealed, associated, &cause);
    }
    if (cause == NULL)
        *url = proxy_with_password(address, password);
    else
        g_propagate_error(error, cause);
    secret_free(password);
    return cause == NULL;
}

struct proxy_write {
    const char *owner, *address;
    const struct secret *password;
};

static bool put(struct tx *tx, void *arg, GError **error)
{
    const struct proxy_write *write = arg;
    return proxies_put(tx, write->owner, write->address, write->password, error);
}

bool store_proxy_put(struct store *store, const char *owner, const char *address,
                     const struct secret *password, GError **error)
{
    struct proxy_write write = {owner, address, password};
    return store_write(store, STORE_LANE_INTERACTIVE, put, &write, error);
}

char *store_proxy_address(struct store *store, const char *owner)
{
    struct reader *reader = reader_begin(store, NULL);
    char *address = NULL;
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, NULL, "SELECT address FROM proxy WHERE owner = ?", T(owner));
    if (db_step(&reader->main, row, NULL)) {
        address = db_text_copy(row, 0);
        db_done(row);
    }
    reader_end(store, reader);
    return address;
}

bool store_proxy_url(struct store *store, const char *owner, char **url, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    *url = NULL;
    if (reader == NULL)
        return false;
    bool ok = proxies_url(store, &reader->main, owner, url, error);
    reader_end(store, reader);
    return ok;
}

struct sealed_proxy {
    char *owner, *address;
    GBytes *sealed;
};

static void free_sealed(gpointer pointer)
{
    struct sealed_proxy *proxy = pointer;
    g_free(proxy->owner);
    g_free(proxy->address);
    g_bytes_unref(proxy->sealed);
    g_free(proxy);
}

static bool reseal_one(struct tx *tx, const struct sealed_proxy *proxy, GError **error)
{
    g_autofree char *associated = associated_of(proxy->owner, proxy->address);
    struct secret *plain = keyring_open(tx->store->keyring, proxy->sealed, associated, error);
    if (plain == NULL)
        return false;
    g_autoptr(GBytes) fresh = keyring_seal(tx->store->keyring, plain, associated);
    secret_free(plain);
    return DB_RUN(tx->db, error, "UPDATE proxy SET password = ? WHERE owner = ?", B(fresh),
                  T(proxy->owner));
}

bool proxies_reseal(struct tx *tx, int64_t *count, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(free_sealed);
    sqlite3_stmt *row =
        db_query(tx->db, "SELECT owner, address, password FROM proxy WHERE password IS NOT NULL",
                 NULL, 0, &cause);
    while (db_step(tx->db, row, &cause)) {
        struct sealed_proxy *proxy = g_new0(struct sealed_proxy, 1);
        *proxy = (struct sealed_proxy){db_text_copy(row, 0), db_text_copy(row, 1),
                                       db_bytes_copy(row, 2)};
        g_ptr_array_add(all, proxy);
    }
    for (guint i = 0; i < all->len && cause == NULL; i++) {
        struct sealed_proxy *proxy = all->pdata[i];
        if (keyring_id_of(proxy->sealed) == keyring_current(tx->store->keyring))
            continue;
        reseal_one(tx, proxy, &cause);
        *count += 1;
    }
    return error_settle(error, cause);
}
