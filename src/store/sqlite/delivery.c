#include "store/sqlite/people.h"
#include "store/sqlite/push.h"

#include "base/clock.h"
#include "store/delivery.h"

#include <string.h>

void store_delivery_free(struct store_delivery *delivery)
{
    if (delivery == NULL)
        return;
    store_principal_unref(delivery->principal);
    secret_free(delivery->url);
    secret_free(delivery->p256dh);
    secret_free(delivery->auth);
    secret_wipe_string(delivery->code);
    g_strfreev(delivery->types);
    g_free(delivery);
}

/* A principal as it was when the subscription was made. */
static struct store_principal *principal_of(sqlite3_stmt *row)
{
    bool session = sqlite3_column_type(row, 1) != SQLITE_NULL;
    bool token = sqlite3_column_type(row, 2) != SQLITE_NULL;
    /* A session's epoch is its user's: a new password ends all of them. */
    struct store_principal *principal =
        principal_new(db_int(row, 0), db_text(row, 4), db_int(row, 5) != 0,
                      db_int(row, session ? 6 : 3),
                      session ? DOOR_SESSION
                      : token ? DOOR_TOKEN
                              : DOOR_PASSWORD);
    if (session && sqlite3_column_bytes(row, 1) == SESSION_HASH_BYTES)
        memcpy(principal->session, sqlite3_column_blob(row, 1), SESSION_HASH_BYTES);
    principal->token = db_int(row, 2);
    return principal;
}

static struct store_delivery *load(struct db *db, int64_t id, GBytes **sealed, GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(db, error,
                 "SELECT user.id, session, token, push.epoch, email, admin, user.epoch, target,"
                 " code, state, expires, types, push.created, told FROM push JOIN user ON"
                 " user.id = push.user WHERE push.id = ?",
                 I(id));
    if (!db_step(db, row, error))
        return NULL;
    struct store_delivery *delivery = g_new0(struct store_delivery, 1);
    delivery->id = id;
    delivery->principal = principal_of(row);
    *sealed = db_bytes_copy(row, 7);
    delivery->code = db_text_copy(row, 8);
    delivery->sent = db_int(row, 9) != PUSH_NEW;
    delivery->verified = db_int(row, 9) == PUSH_VERIFIED;
    delivery->ends = db_int(row, 10);
    delivery->types = push_types(db_text(row, 11));
    int64_t unverified = db_int(row, 12) + STORE_PUSH_UNVERIFIED;
    if (!delivery->verified)
        delivery->ends = delivery->ends != 0 ? MIN(delivery->ends, unverified) : unverified;
    delivery->told = (uint64_t)db_int(row, 13);
    db_done(row);
    return delivery;
}

struct store_delivery *store_delivery(struct store *store, int64_t id, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GBytes) sealed = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    struct store_delivery *delivery = load(&reader->main, id, &sealed, &cause);
    bool good = delivery != NULL && (delivery->ends == 0 || delivery->ends > clock_wall()) &&
                principal_valid(&reader->main, delivery->principal);
    reader_end(store, reader);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return NULL;
    }
    if (good &&
        push_unseal(store, id, sealed, &delivery->url, &delivery->p256dh, &delivery->auth, NULL))
        return delivery;
    if (delivery != NULL)
        store_delivery_drop(store, id, NULL);
    store_delivery_free(delivery);
    error_set(error, ERROR_NOT_FOUND, "the push subscription has ended");
    return NULL;
}

GArray *store_deliveries(struct store *store, GError **error)
{
    return reader_numbers(store, "SELECT id FROM push ORDER BY id", NULL, 0, error);
}

uint64_t store_delivery_state(struct store *store)
{
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return 0;
    int64_t state = db_number(&reader->main, "SELECT modseq FROM meta", NULL, 0, 0, NULL);
    reader_end(store, reader);
    return (uint64_t)state;
}

struct delivery_write {
    int64_t id, told;
};

static bool mark_sent(struct tx *tx, void *arg, GError **error)
{
    const struct delivery_write *write = arg;
    return DB_RUN(tx->db, error, "UPDATE push SET state = ? WHERE id = ? AND state = ?",
                  I(PUSH_SENT), I(write->id), I(PUSH_NEW));
}

bool store_delivery_sent(struct store *store, int64_t id, GError **error)
{
    struct delivery_write write = {.id = id};
    return store_write(store, STORE_LANE_INTERACTIVE, mark_sent, &write, error);
}

static bool mark_told(struct tx *tx, void *arg, GError **error)
{
    const struct delivery_write *write = arg;
    return DB_RUN(tx->db, error, "UPDATE push SET told = ? WHERE id = ?", I(write->told),
                  I(write->id));
}

bool store_delivery_told(struct store *store, int64_t id, uint64_t state, GError **error)
{
    struct delivery_write write = {.id = id, .told = (int64_t)state};
    return store_write(store, STORE_LANE_BULK, mark_told, &write, error);
}

static bool drop(struct tx *tx, void *arg, GError **error)
{
    const struct delivery_write *write = arg;
    return DB_RUN(tx->db, error, "DELETE FROM push WHERE id = ?", I(write->id));
}

bool store_delivery_drop(struct store *store, int64_t id, GError **error)
{
    struct delivery_write write = {.id = id};
    return store_write(store, STORE_LANE_INTERACTIVE, drop, &write, error);
}
