#include "store/sqlite/seal.h"

#include "store/sqlite/proxies.h"
#include "store/sqlite/push.h"

static char *associated_of(int64_t account, int64_t user, const char *kind, const char *origin)
{
    return g_strdup_printf("credential/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "/%s|%s", account,
                           user, kind, origin);
}

GBytes *seal_credential(const struct store *store, const struct secret *secret, int64_t account,
                        int64_t user, const char *kind, const char *origin)
{
    if (secret == NULL)
        return NULL;
    g_autofree char *associated = associated_of(account, user, kind, origin);
    return keyring_seal(store->keyring, secret, associated);
}

struct secret *unseal_credential(const struct store *store, GBytes *sealed, int64_t account,
                                 int64_t user, const char *kind, const char *origin, GError **error)
{
    if (sealed == NULL)
        return NULL;
    g_autofree char *associated = associated_of(account, user, kind, origin);
    return keyring_open(store->keyring, sealed, associated, error);
}

char *seal_password_origin(const char *imap_host, int imap_port, const char *imap_security,
                           const char *smtp_host, int smtp_port, const char *smtp_security)
{
    return g_strdup_printf("imap %s:%d %s smtp %s:%d %s", imap_host != NULL ? imap_host : "",
                           imap_port, imap_security != NULL ? imap_security : "",
                           smtp_host != NULL ? smtp_host : "", smtp_port,
                           smtp_security != NULL ? smtp_security : "");
}

/* --- after a rotation of the key file */

struct sealed_row {
    int64_t account, user;
    char *provider, *origin;
    GBytes *values[3];
};

static const char *const kinds[3] = {"refresh", "access", "password"};

static void free_row(gpointer pointer)
{
    struct sealed_row *row = pointer;
    g_free(row->provider);
    g_free(row->origin);
    for (int i = 0; i < 3; i++)
        g_clear_pointer(&row->values[i], g_bytes_unref);
    g_free(row);
}

static GPtrArray *load_rows(struct tx *tx, GError **error)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(free_row);
    sqlite3_stmt *row =
        db_query(tx->db,
                 "SELECT account, user, NULL, origin, refresh, access, password FROM credential"
                 " UNION ALL SELECT 0, 0, name, secret_origin, secret, second_secret, NULL FROM"
                 " provider WHERE secret IS NOT NULL OR second_secret IS NOT NULL",
                 NULL, 0, error);
    while (db_step(tx->db, row, error)) {
        struct sealed_row *sealed = g_new0(struct sealed_row, 1);
        sealed->account = db_int(row, 0);
        sealed->user = db_int(row, 1);
        sealed->provider = db_text_copy(row, 2);
        sealed->origin = db_text_copy(row, 3);
        for (int i = 0; i < 3; i++)
            sealed->values[i] = db_bytes_copy(row, 4 + i);
        g_ptr_array_add(rows, sealed);
    }
    return rows;
}

/* true: *value is a new one. */
static bool reseal_value(const struct store *store, const struct sealed_row *row, int kind,
                         GBytes **value, GError **error)
{
    g_autofree char *associated =
        row->provider != NULL
            ? g_strdup_printf("provider/%s/%s|%s", row->provider,
                              kind == 0 ? "client-secret" : "second-secret", row->origin)
            : associated_of(row->account, row->user, kinds[kind], row->origin);
    if (*value == NULL || keyring_id_of(*value) == keyring_current(store->keyring))
        return false;
    struct secret *plain = keyring_open(store->keyring, *value, associated, error);
    if (plain == NULL)
        return false;
    g_bytes_unref(*value);
    *value = keyring_seal(store->keyring, plain, associated);
    secret_free(plain);
    return true;
}

static bool write_row(struct tx *tx, const struct sealed_row *row, GError **error)
{
    if (row->provider != NULL)
        return DB_RUN(tx->db, error,
                      "UPDATE provider SET secret = ?, second_secret = ? WHERE name = ?",
                      B(row->values[0]), B(row->values[1]), T(row->provider));
    return DB_RUN(tx->db, error,
                  "UPDATE credential SET refresh = ?, access = ?, password = ? WHERE account = ?"
                  " AND user = ?",
                  B(row->values[0]), B(row->values[1]), B(row->values[2]), I(row->account),
                  I(row->user));
}

static bool reseal_all(struct tx *tx, void *arg, GError **error)
{
    int64_t *count = arg;
    GError *cause = NULL;
    g_autoptr(GPtrArray) rows = load_rows(tx, &cause);
    *count = 0;
    for (guint i = 0; i < rows->len && cause == NULL; i++) {
        struct sealed_row *row = rows->pdata[i];
        int changed = 0;
        for (int kind = 0; kind < 3 && cause == NULL; kind++)
            changed += reseal_value(tx->store, row, kind, &row->values[kind], &cause);
        if (changed > 0 && cause == NULL)
            write_row(tx, row, &cause);
        *count += changed;
    }
    if (cause == NULL)
        return proxies_reseal(tx, count, error) && push_reseal(tx, count, error);
    g_propagate_error(error, cause);
    return false;
}

int64_t store_reseal(struct store *store, GError **error)
{
    int64_t count = 0;
    return store_write(store, STORE_LANE_INTERACTIVE, reseal_all, &count, error) ? count : -1;
}
