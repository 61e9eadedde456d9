#include "store/sqlite/seal.h"

#include "store/sqlite/audit.h"
#include "store/sqlite/proxies.h"

#include "base/clock.h"

void store_provider_free(struct store_provider *provider)
{
    if (provider == NULL)
        return;
    char *texts[] = {provider->name,           provider->type,         provider->client_id,
                     provider->tenant,         provider->cloud,        provider->authority,
                     provider->graph,          provider->imap,         provider->smtp,
                     provider->ca_file,        provider->scope_prefix, provider->problem,
                     provider->problem_detail, provider->proxy,        provider->sign_in};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    secret_free(provider->client_secret);
    secret_free(provider->second_secret);
    secret_free(provider->proxy_password);
    g_free(provider);
}

static void free_provider(gpointer provider)
{
    store_provider_free(provider);
}

#define PROVIDERS INT64_C(0) /* the change log's account of providers */

static const char *const slots[] = {"client-secret", "second-secret"};

static char *associated_of(const char *name, int slot, const char *origin)
{
    return g_strdup_printf("provider/%s/%s|%s", name, slots[slot], origin);
}

struct provider_write {
    const struct store_provider *provider;
    const char *origin, *name;
    const GError *problem;
    bool first;
};

/* The secrets to keep: new ones, the stored ones, or none. */
static bool secrets_to_store(struct tx *tx, const struct provider_write *write, GBytes *sealed[2],
                             GError **error)
{
    const struct store_provider *provider = write->provider;
    const struct secret *given[] = {provider->client_secret, provider->second_secret};
    bool moved = false;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, error,
                 "SELECT secret, second_secret, secret_origin FROM provider WHERE name = ?",
                 T(provider->name));
    if (db_step(tx->db, row, error)) {
        bool same = g_strcmp0(db_text(row, 2), write->origin) == 0;
        for (int slot = 0; slot < 2; slot++)
            if (given[slot] == NULL && !(slot == 1 && (provider->drop_second || !same)))
                sealed[slot] = db_bytes_copy(row, slot);
        moved = sealed[0] != NULL && !same;
        db_done(row);
    }
    for (int slot = 0; slot < 2; slot++) {
        g_autofree char *associated = associated_of(provider->name, slot, write->origin);
        if (given[slot] != NULL)
            sealed[slot] = keyring_seal(tx->store->keyring, given[slot], associated);
    }
    if (!moved)
        return true;
    error_set(error, ERROR_INVALID, "the sign-in address changed: enter the client secret again");
    return false;
}

static bool put_provider(struct tx *tx, void *arg, GError **error)
{
    const struct provider_write *write = arg;
    const struct store_provider *p = write->provider;
    GBytes *sealed[2] = {NULL, NULL};
    g_autofree char *owner = g_strconcat("provider/", p->name, NULL);
    bool ok = secrets_to_store(tx, write, sealed, error) &&
              proxies_put(tx, owner, p->proxy, p->proxy_password, error);
    if (ok)
        tx_change(tx, PROVIDERS, STORE_LINKED_ACCOUNT, 0, CHANGE_UPDATED);
    ok = ok &&
         DB_RUN(tx->db, error,
                "INSERT INTO provider(name, type, client_id, tenant, cloud, authority, graph, "
                "imap, smtp,"
                " scope_prefix, ca_file, secret, secret_origin, secret_expires, second_secret,"
                " second_expires, sign_in)"
                " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17) ON CONFLICT "
                "DO UPDATE SET type=?2,"
                " client_id=?3, tenant=?4, cloud=?5, authority=?6, graph=?7, imap=?8, smtp=?9,"
                " scope_prefix=?10, ca_file=?11, secret=?12, secret_origin=?13, secret_expires=?14,"
                " problem=NULL, problem_detail=NULL, second_secret=?15, second_expires=?16, "
                "sign_in=?17,"
                " second_taken=CASE WHEN ?15 IS NULL OR ?15 IS NOT second_secret OR ?12 IS NOT "
                "secret THEN 0"
                " ELSE second_taken END",
                T(p->name), T(p->type), T(p->client_id), T(p->tenant), T(p->cloud), T(p->authority),
                T(p->graph), T(p->imap), T(p->smtp), T(p->scope_prefix), T(p->ca_file),
                B(sealed[0]), T(sealed[0] != NULL || sealed[1] != NULL ? write->origin : NULL),
                I(p->secret_expires), B(sealed[1]), I(sealed[1] != NULL ? p->second_expires : 0),
                T(p->sign_in != NULL ? p->sign_in : "off"));
    g_clear_pointer(&sealed[0], g_bytes_unref);
    g_clear_pointer(&sealed[1], g_bytes_unref);
    return ok;
}

bool store_provider_put(struct store *store, const struct store_provider *provider,
                        const char *secret_origin, GError **error)
{
    struct provider_write write = {.provider = provider, .origin = secret_origin};
    if (provider->name == NULL || provider->type == NULL || secret_origin == NULL) {
        error_set(error, ERROR_INVALID, "a provider has a name, a type and a sign-in address");
        return false;
    }
    return store_write(store, STORE_LANE_INTERACTIVE, put_provider, &write, error);
}

#define PROVIDER_COLUMNS                                                                           \
    "SELECT name, type, client_id, tenant, cloud, authority, graph, imap, smtp, scope_prefix,"     \
    " ca_file, secret IS NOT NULL, secret_expires, problem, problem_detail, secret,"               \
    " (SELECT address FROM proxy WHERE owner = 'provider/' || name), second_secret,"               \
    " second_expires, second_taken, sign_in FROM provider"

static struct store_provider *provider_of_row(sqlite3_stmt *row)
{
    struct store_provider *provider = g_new0(struct store_provider, 1);
    char **texts[] = {&provider->name,         &provider->type,   &provider->client_id,
                      &provider->tenant,       &provider->cloud,  &provider->authority,
                      &provider->graph,        &provider->imap,   &provider->smtp,
                      &provider->scope_prefix, &provider->ca_file};
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
        *texts[i] = db_text_copy(row, i);
    provider->has_secret = db_int(row, 11) != 0;
    provider->secret_expires = db_int(row, 12);
    provider->problem = db_text_copy(row, 13);
    provider->problem_detail = db_text_copy(row, 14);
    provider->proxy = db_text_copy(row, 16);
    provider->has_second = db_text(row, 17) != NULL;
    provider->second_expires = db_int(row, 18);
    provider->second_taken = db_int(row, 19);
    provider->sign_in = db_text_copy(row, 20);
    return provider;
}

static bool open_secrets(struct store *store, struct store_provider *provider, const char *origin,
                         GBytes *first, GBytes *second, GError **error)
{
    g_autofree char *of_first = associated_of(provider->name, 0, origin);
    g_autofree char *of_second = associated_of(provider->name, 1, origin);
    if (first != NULL &&
        (provider->client_secret = keyring_open(store->keyring, first, of_first, error)) == NULL)
        return false;
    return second == NULL || (provider->second_secret =
                                  keyring_open(store->keyring, second, of_second, error)) != NULL;
}

struct store_provider *store_provider(struct store *store, const char *name,
                                      const char *secret_origin, GError **error)
{
    struct store_provider *provider = NULL;
    g_autoptr(GBytes) sealed = NULL;
    g_autoptr(GBytes) second = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row = DB_QUERY(&reader->main, NULL, PROVIDER_COLUMNS " WHERE name = ?", T(name));
    if (db_step(&reader->main, row, NULL)) {
        provider = provider_of_row(row);
        sealed = db_bytes_copy(row, 15);
        second = db_bytes_copy(row, 17);
        db_done(row);
    }
    reader_end(store, reader);
    if (provider == NULL) {
        error_set(error, ERROR_NOT_FOUND, "no provider has this name");
        return NULL;
    }
    if (secret_origin == NULL ||
        open_secrets(store, provider, secret_origin, sealed, second, error))
        return provider;
    store_provider_free(provider);
    return NULL;
}

GPtrArray *store_providers(struct store *store, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GError *cause = NULL;
    GPtrArray *providers = g_ptr_array_new_with_free_func(free_provider);
    sqlite3_stmt *row = db_query(&reader->main, PROVIDER_COLUMNS " ORDER BY name", NULL, 0, &cause);
    while (db_step(&reader->main, row, &cause))
        g_ptr_array_add(providers, provider_of_row(row));
    reader_end(store, reader);
    return db_settle_list(providers, cause, error);
}

static bool set_problem(struct tx *tx, void *arg, GError **error)
{
    const struct provider_write *write = arg;
    tx_change(tx, PROVIDERS, STORE_LINKED_ACCOUNT, 0, CHANGE_UPDATED);
    return DB_RUN(tx->db, error,
                  "UPDATE provider SET problem = ?, problem_detail = ? WHERE name = ?",
                  T(write->problem != NULL ? error_problem(write->problem) : NULL),
                  T(write->problem != NULL ? write->problem->message : NULL), T(write->name));
}

bool store_provider_problem(struct store *store, const char *name, const GError *problem,
                            GError **error)
{
    struct provider_write write = {.name = name, .problem = problem};
    return store_write(store, STORE_LANE_INTERACTIVE, set_problem, &write, error);
}

static bool take_second(struct tx *tx, void *arg, GError **error)
{
    struct provider_write *write = arg;
    if (!DB_RUN(tx->db, error,
                "UPDATE provider SET second_taken = ? WHERE name = ? AND second_taken = 0 AND"
                " second_secret IS NOT NULL",
                I(clock_wall()), T(write->name)))
        return false;
    write->first = db_changes(tx->db) > 0;
    const struct audit_row row = {.actor = "postroom",
                                  .act = "provider.second-secret",
                                  .subject = write->name};
    if (!write->first)
        return true;
    tx_change(tx, PROVIDERS, STORE_LINKED_ACCOUNT, 0, CHANGE_UPDATED);
    return audit_add(tx, &row, error);
}

bool store_provider_second_taken(struct store *store, const char *name)
{
    struct provider_write write = {.name = name};
    return store_write(store, STORE_LANE_INTERACTIVE, take_second, &write, NULL) && write.first;
}

static bool remove_provider(struct tx *tx, void *arg, GError **error)
{
    const struct provider_write *write = arg;
    GError *cause = NULL;
    int64_t accounts = DB_NUMBER(tx->db, &cause, 0,
                                 "SELECT count(*) FROM account WHERE provider = ?", T(write->name));
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    if (accounts > 0) {
        error_set(error, ERROR_CONFLICT, "%d linked mailboxes use this provider", (int)accounts);
        return false;
    }
    tx_change(tx, PROVIDERS, STORE_LINKED_ACCOUNT, 0, CHANGE_UPDATED);
    if (!DB_RUN(tx->db, error, "DELETE FROM provider WHERE name = ?", T(write->name)))
        return false;
    if (db_changes(tx->db) > 0)
        return DB_RUN(tx->db, error, "DELETE FROM proxy WHERE owner = 'provider/' || ?",
                      T(write->name));
    error_set(error, ERROR_NOT_FOUND, "no provider has this name");
    return false;
}

bool store_provider_remove(struct store *store, const char *name, GError **error)
{
    struct provider_write write = {.name = name};
    return store_write(store, STORE_LANE_INTERACTIVE, remove_provider, &write, error);
}

uint64_t store_providers_state(struct store *store)
{
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return 1;
    uint64_t state = log_state(&reader->main, PROVIDERS, STORE_LINKED_ACCOUNT, NULL);
    reader_end(store, reader);
    return MAX(state, 1);
}
