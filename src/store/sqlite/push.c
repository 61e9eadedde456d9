#include "store/sqlite/push.h"

#include "store/sqlite/people.h"

#include "base/clock.h"
#include "store/push.h"

#include <sodium.h>
#include <string.h>

#define CODE_BYTES 24
#define HOUR 3600

/* The rows that were made with the very credentials of a principal: parameters 1 to 3. */
#define MINE "user = ?1 AND session IS ?2 AND token IS ?3"
#define CREDENTIALS(p)                                                                             \
    I((p)->user),                                                                                  \
        (p)->door == DOOR_SESSION ? R((p)->session, SESSION_HASH_BYTES)                            \
                                  : (struct db_value){DB_NULL, 0, NULL, 0},                        \
        N((p)->door == DOOR_TOKEN ? (p)->token : 0)

void store_push_free(struct store_push *push)
{
    if (push == NULL)
        return;
    g_free(push->device);
    secret_wipe_string(push->code);
    g_strfreev(push->types);
    g_free(push);
}

static void free_push(gpointer push)
{
    store_push_free(push);
}

char **push_types(const char *text)
{
    return text != NULL ? g_strsplit(text, ",", -1) : NULL;
}

static char *join_types(const char *const *types)
{
    return types != NULL ? g_strjoinv(",", (char **)(uintptr_t)types) : NULL;
}

/* A session ends by itself, so what was asked for is kept; other credentials do not (RFC 8620,
 * 7.2). */
static int64_t settle_expiry(const struct store_principal *principal, int64_t asked, int64_t now)
{
    if (principal->door == DOOR_SESSION)
        return asked;
    return asked == 0 ? now + STORE_PUSH_LIFE : MIN(asked, now + STORE_PUSH_LIFE);
}

/* --- sealing --- */

static char *associated_of(int64_t id)
{
    return g_strdup_printf("push/%" G_GINT64_FORMAT "/target", id);
}

GBytes *push_seal(const struct store *store, int64_t id, const struct secret *url,
                  const struct secret *p256dh, const struct secret *auth)
{
    g_autofree char *associated = associated_of(id);
    char *text = g_strjoin("\n", secret_reveal(url), p256dh != NULL ? secret_reveal(p256dh) : NULL,
                           p256dh != NULL ? secret_reveal(auth) : NULL, NULL);
    struct secret *plain = secret_new(text, strlen(text));
    GBytes *sealed = keyring_seal(store->keyring, plain, associated);
    secret_free(plain);
    secret_wipe_string(text);
    return sealed;
}

/* The next line of *text as a secret; NULL at the end. */
static struct secret *take_line(const char **text)
{
    if (*text == NULL)
        return NULL;
    const char *end = strchr(*text, '\n');
    struct secret *line = secret_new(*text, end != NULL ? (size_t)(end - *text) : strlen(*text));
    *text = end != NULL ? end + 1 : NULL;
    return line;
}

bool push_unseal(const struct store *store, int64_t id, GBytes *sealed, struct secret **url,
                 struct secret **p256dh, struct secret **auth, GError **error)
{
    g_autofree char *associated = associated_of(id);
    struct secret *plain = keyring_open(store->keyring, sealed, associated, error);
    if (plain == NULL)
        return false;
    const char *text = secret_reveal(plain);
    *url = take_line(&text);
    *p256dh = take_line(&text);
    *auth = take_line(&text);
    secret_free(plain);
    return true;
}

static bool reseal_one(struct tx *tx, int64_t id, int64_t *count, GError **error)
{
    GError *cause = NULL;
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause, "SELECT target FROM push WHERE id = ?", I(id));
    g_autoptr(GBytes) sealed = db_step(tx->db, row, &cause) ? db_bytes_copy(row, 0) : NULL;
    if (sealed == NULL || keyring_id_of(sealed) == keyring_current(tx->store->keyring)) {
        if (sealed != NULL)
            db_done(row);
        if (cause != NULL)
            g_propagate_error(error, cause);
        return cause == NULL;
    }
    db_done(row);
    g_autofree char *associated = associated_of(id);
    struct secret *plain = keyring_open(tx->store->keyring, sealed, associated, error);
    if (plain == NULL)
        return false;
    g_autoptr(GBytes) fresh = keyring_seal(tx->store->keyring, plain, associated);
    secret_free(plain);
    *count += 1;
    return DB_RUN(tx->db, error, "UPDATE push SET target = ? WHERE id = ?", B(fresh), I(id));
}

bool push_reseal(struct tx *tx, int64_t *count, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids = db_numbers(tx->db, "SELECT id FROM push", NULL, 0, &cause);
    for (guint i = 0; i < ids->len && cause == NULL; i++)
        reseal_one(tx, g_array_index(ids, int64_t, i), count, &cause);
    return error_settle(error, cause);
}

/* --- create --- */

struct create {
    const struct store_principal *principal;
    const struct store_push_new *new;
    char *types, *code;
    int64_t id, expires;
};

/* The subscription that is one too many for this person, or made too soon. */
static bool has_room(struct tx *tx, int64_t user, int64_t now, GError **error)
{
    GError *cause = NULL;
    if (!DB_RUN(tx->db, error, "DELETE FROM push WHERE user = ? AND expires <> 0 AND expires <= ?",
                I(user), I(now)))
        return false;
    int64_t there =
        DB_NUMBER(tx->db, &cause, 0, "SELECT count(*) FROM push WHERE user = ?", I(user));
    int64_t lately =
        DB_NUMBER(tx->db, cause == NULL ? &cause : NULL, 0,
                  "SELECT made FROM push_rate WHERE user = ? AND hour = ?", I(user), I(now / HOUR));
    if (cause != NULL)
        g_propagate_error(error, cause);
    else if (there >= STORE_PUSH_MAX)
        error_set(error, ERROR_TOO_LARGE, "there are %d push subscriptions", STORE_PUSH_MAX);
    else if (lately >= STORE_PUSH_HOURLY)
        error_set(error, ERROR_THROTTLED, "too many push subscriptions were made this hour");
    else
        return true;
    return false;
}

static bool require_valid(struct tx *tx, const struct store_principal *principal, GError **error)
{
    if (principal->door != DOOR_OPERATOR && principal_valid(tx->db, principal))
        return true;
    error_set(error, ERROR_FORBIDDEN, "the sign-in is no longer valid");
    return false;
}

static bool insert(struct tx *tx, const struct create *create, int64_t now, GError **error)
{
    const struct store_principal *p = create->principal;
    g_autoptr(GBytes) sealed =
        push_seal(tx->store, create->id, create->new->url, create->new->p256dh, create->new->auth);
    return DB_RUN(tx->db, error,
                  "INSERT INTO push(user, session, token, id, epoch, device, target, code, state,"
                  " expires, types, created, told) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                  " ?11, ?12, modseq FROM meta",
                  CREDENTIALS(p), I(create->id), I(p->epoch), T(create->new->device), B(sealed),
                  T(create->code), I(PUSH_NEW), I(create->expires), T(create->types), I(now));
}

static bool create_one(struct tx *tx, void *arg, GError **error)
{
    struct create *create = arg;
    const struct store_principal *p = create->principal;
    int64_t now = clock_wall();
    if (!require_valid(tx, p, error) || !has_room(tx, p->user, now, error))
        return false;
    create->expires = settle_expiry(p, create->new->expires, now);
    create->id = tx_new_id(tx);
    if (!insert(tx, create, now, error) ||
        !DB_RUN(tx->db, error,
                "INSERT INTO push_rate VALUES(?1, ?2, 1) ON CONFLICT(user) DO UPDATE SET"
                " made = iif(hour = ?2, made + 1, 1), hour = ?2",
                I(p->user), I(now / HOUR)))
        return false;
    tx_tell(tx, 0, STORE_PUSH);
    return true;
}

struct store_push *store_push_create(struct store *store, const struct store_principal *principal,
                                     const struct store_push_new *new, GError **error)
{
    struct create create = {.principal = principal,
                            .new = new,
                            .types = join_types(new->types),
                            .code = people_random(CODE_BYTES)};
    struct store_push *push = NULL;
    if (store_write(store, STORE_LANE_INTERACTIVE, create_one, &create, error)) {
        push = g_new0(struct store_push, 1);
        push->id = create.id;
        push->device = g_strdup(new->device);
        push->expires = create.expires;
        push->types = push_types(create.types);
    }
    g_free(create.types);
    secret_wipe_string(create.code);
    return push;
}

/* --- get --- */

static struct store_push *push_of(sqlite3_stmt *row)
{
    struct store_push *push = g_new0(struct store_push, 1);
    push->id = db_int(row, 0);
    push->device = db_text_copy(row, 1);
    push->code = db_int(row, 2) == PUSH_VERIFIED ? db_text_copy(row, 3) : NULL;
    push->expires = db_int(row, 4);
    push->types = push_types(db_text(row, 5));
    return push;
}

GPtrArray *store_pushes(struct store *store, const struct store_principal *principal,
                        GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GError *cause = NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(free_push);
    bool valid = principal->door != DOOR_OPERATOR && principal_valid(&reader->main, principal);
    if (valid) {
        sqlite3_stmt *row =
            DB_QUERY(&reader->main, &cause,
                     "SELECT id, device, state, code, expires, types FROM push WHERE " MINE
                     " AND (expires = 0 OR expires > ?4) ORDER BY id",
                     CREDENTIALS(principal), I(clock_wall()));
        while (db_step(&reader->main, row, &cause))
            g_ptr_array_add(list, push_of(row));
    }
    reader_end(store, reader);
    if (valid && cause == NULL)
        return list;
    if (cause != NULL)
        g_propagate_error(error, cause);
    else
        error_set(error, ERROR_FORBIDDEN, "the sign-in is no longer valid");
    g_ptr_array_unref(list);
    return NULL;
}

/* --- update and destroy --- */

struct update {
    const struct store_principal *principal;
    const struct store_push_change *change;
    char *types;
    int64_t id, expires;
};

static bool matches(const char *code, const char *given)
{
    size_t length = strlen(code);
    return strlen(given) == length && sodium_memcmp(code, given, length) == 0;
}

/* Loads what the row has; false with ERROR_NOT_FOUND, or ERROR_INVALID for a wrong code. */
static bool check_row(struct tx *tx, struct update *update, GError **error)
{
    GError *cause = NULL;
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause,
                                 "SELECT code, expires FROM push WHERE " MINE
                                 " AND id = ?4 AND (expires = 0 OR expires > ?5)",
                                 CREDENTIALS(update->principal), I(update->id), I(clock_wall()));
    bool found = db_step(tx->db, row, &cause), good = true;
    if (found) {
        update->expires = db_int(row, 1);
        good = update->change->code == NULL || matches(db_text(row, 0), update->change->code);
        db_done(row);
    }
    if (cause != NULL)
        g_propagate_error(error, cause);
    else if (!found)
        error_set(error, ERROR_NOT_FOUND, "no such push subscription");
    else if (!good)
        error_set(error, ERROR_INVALID, "this is not the verification code");
    return cause == NULL && found && good;
}

static bool update_one(struct tx *tx, void *arg, GError **error)
{
    struct update *update = arg;
    const struct store_push_change *change = update->change;
    if (!require_valid(tx, update->principal, error) || !check_row(tx, update, error))
        return false;
    if (change->sets_expires)
        update->expires = settle_expiry(update->principal, change->expires, clock_wall());
    tx_tell(tx, 0, STORE_PUSH);
    return DB_RUN(tx->db, error,
                  "UPDATE push SET expires = ?2, types = iif(?3, ?4, types),"
                  " state = iif(?5, ?6, state) WHERE id = ?1",
                  I(update->id), I(update->expires), I(change->sets_types), T(update->types),
                  I(change->code != NULL), I(PUSH_VERIFIED));
}

bool store_push_update(struct store *store, const struct store_principal *principal, int64_t id,
                       const struct store_push_change *change, int64_t *expires, GError **error)
{
    struct update update = {.principal = principal,
                            .change = change,
                            .types = join_types(change->types),
                            .id = id};
    bool good = store_write(store, STORE_LANE_INTERACTIVE, update_one, &update, error);
    *expires = update.expires;
    g_free(update.types);
    return good;
}

static bool destroy_one(struct tx *tx, void *arg, GError **error)
{
    const struct update *update = arg;
    if (!require_valid(tx, update->principal, error) ||
        !DB_RUN(tx->db, error, "DELETE FROM push WHERE " MINE " AND id = ?4",
                CREDENTIALS(update->principal), I(update->id)))
        return false;
    if (db_changes(tx->db) == 0) {
        error_set(error, ERROR_NOT_FOUND, "no such push subscription");
        return false;
    }
    tx_tell(tx, 0, STORE_PUSH);
    return true;
}

bool store_push_destroy(struct store *store, const struct store_principal *principal, int64_t id,
                        GError **error)
{
    struct update update = {.principal = principal, .id = id};
    return store_write(store, STORE_LANE_INTERACTIVE, destroy_one, &update, error);
}
