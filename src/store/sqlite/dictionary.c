#include "store/sqlite/dictionary.h"

#include "store/sqlite/pack.h"

#include "base/clock.h"
#include "base/log.h"

/* With fewer messages there is too little to learn from; a newer one is trained when there are so
 * many times more. */
#define FIRST_AT 300
#define TRY_EVERY 100
#define GROWTH 8
/* Dictionaries in memory, at most; one takes about half a megabyte for packing. */
#define CACHED 12
/* Accounts whose first messages are kept in memory to learn from, at most; one that stands still
 * for so long gives way. Others learn from what is stored, which in a first sync is later. */
#define LEARNING 4
#define LEARNING_WAIT (60 * CLOCK_SECOND)

struct dictionary {
    int64_t id, account;
    gatomicrefcount refs;
    ZSTD_CDict *packs;
    ZSTD_DDict *unpacks;
    uint64_t used; /* tick of the last use */
};

/* What is known of an account. */
struct known {
    int64_t account;
    int64_t newest[DICTIONARY_KINDS]; /* row; 0: none */
    int64_t emails;                   /* messages packed for it, roughly */
    int64_t next_at;                  /* a dictionary is trained at so many */
    int64_t trained_at;               /* 0: never */
    bool training;
};

/* The beginnings of what was packed for an account so far; account 0: nobody learns. */
struct learning {
    int64_t account;
    int64_t used; /* clock_now() */
    struct learn_samples samples[DICTIONARY_KINDS];
};

/* The lock is never held while a reader is waited for: who has a reader may wait for the lock. */
struct dictionaries {
    pthread_mutex_t lock;
    GHashTable *known;  /* account -> struct known */
    GHashTable *cached; /* id -> struct dictionary */
    uint64_t tick;
    struct learning learning[LEARNING];
};

static void unref(void *dictionary)
{
    dictionary_unref(dictionary);
}

struct dictionaries *dictionaries_new(void)
{
    struct dictionaries *all = g_new0(struct dictionaries, 1);
    pthread_mutex_init(&all->lock, NULL);
    all->known = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    all->cached = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, unref);
    return all;
}

static void stop_learning(struct learning *learning)
{
    for (int kind = 0; kind < DICTIONARY_KINDS; kind++)
        learn_samples_clear(&learning->samples[kind]);
    learning->account = 0;
}

void dictionaries_free(struct dictionaries *all)
{
    for (int i = 0; i < LEARNING; i++)
        stop_learning(&all->learning[i]);
    g_hash_table_destroy(all->known);
    g_hash_table_destroy(all->cached);
    pthread_mutex_destroy(&all->lock);
    g_free(all);
}

static gboolean is_of(gpointer id, gpointer dictionary, gpointer account)
{
    (void)id;
    return ((struct dictionary *)dictionary)->account == *(int64_t *)account;
}

void dictionaries_forget(struct dictionaries *all, int64_t account)
{
    pthread_mutex_lock(&all->lock);
    g_hash_table_remove(all->known, &account);
    g_hash_table_foreach_remove(all->cached, is_of, &account);
    for (int i = 0; i < LEARNING; i++)
        if (all->learning[i].account == account)
            stop_learning(&all->learning[i]);
    pthread_mutex_unlock(&all->lock);
}

void dictionary_unref(struct dictionary *dictionary)
{
    if (dictionary == NULL || !g_atomic_ref_count_dec(&dictionary->refs))
        return;
    ZSTD_freeCDict(dictionary->packs);
    ZSTD_freeDDict(dictionary->unpacks);
    g_free(dictionary);
}

const ZSTD_CDict *dictionary_packs(const struct dictionary *dictionary)
{
    return dictionary != NULL ? dictionary->packs : NULL;
}

const ZSTD_DDict *dictionary_unpacks(const struct dictionary *dictionary)
{
    return dictionary != NULL ? dictionary->unpacks : NULL;
}

/* --- those in memory; the lock is held */

static void drop_oldest(struct dictionaries *all)
{
    GHashTableIter iter;
    gpointer value;
    const struct dictionary *oldest = NULL;
    g_hash_table_iter_init(&iter, all->cached);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct dictionary *one = value;
        if (oldest == NULL || one->used < oldest->used)
            oldest = one;
    }
    if (oldest != NULL)
        g_hash_table_remove(all->cached, &oldest->id);
}

static struct dictionary *find(struct dictionaries *all, int64_t id)
{
    struct dictionary *dictionary = g_hash_table_lookup(all->cached, &id);
    if (dictionary == NULL)
        return NULL;
    dictionary->used = ++all->tick;
    g_atomic_ref_count_inc(&dictionary->refs);
    return dictionary;
}

/* --- loading */

static struct dictionary *read_row(struct db *main, int64_t id, GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(main, error, "SELECT account, data FROM dictionary WHERE id = ?", I(id));
    if (!db_step(main, row, error))
        return NULL;
    struct dictionary *dictionary = g_new0(struct dictionary, 1);
    const void *data = sqlite3_column_blob(row, 1);
    size_t length = (size_t)sqlite3_column_bytes(row, 1);
    dictionary->id = id;
    dictionary->account = db_int(row, 0);
    g_atomic_ref_count_init(&dictionary->refs);
    dictionary->packs = ZSTD_createCDict(data, length, PACK_LEVEL);
    dictionary->unpacks = ZSTD_createDDict(data, length);
    db_done(row);
    if (dictionary->packs != NULL && dictionary->unpacks != NULL &&
        ZSTD_getDictID_fromDDict(dictionary->unpacks) == id + DICTIONARY_FIRST)
        return dictionary;
    dictionary_unref(dictionary);
    return NULL;
}

/* NULL without an error: there is no such row, or it is damaged. */
static struct dictionary *load(struct dictionaries *all, struct db *main, int64_t id,
                               GError **error)
{
    pthread_mutex_lock(&all->lock);
    struct dictionary *dictionary = find(all, id);
    pthread_mutex_unlock(&all->lock);
    if (dictionary != NULL)
        return dictionary;
    dictionary = read_row(main, id, error);
    if (dictionary == NULL)
        return NULL;
    pthread_mutex_lock(&all->lock);
    if (g_hash_table_size(all->cached) >= CACHED)
        drop_oldest(all);
    dictionary->used = ++all->tick;
    g_atomic_ref_count_inc(&dictionary->refs);
    g_hash_table_replace(all->cached, &dictionary->id, dictionary);
    pthread_mutex_unlock(&all->lock);
    return dictionary;
}

/* --- unpacking */

struct dictionary *dictionary_of(struct store *store, struct db *main, unsigned number,
                                 GError **error)
{
    GError *cause = NULL;
    struct dictionary *dictionary =
        number > DICTIONARY_FIRST
            ? load(store->dictionaries, main, number - DICTIONARY_FIRST, &cause)
            : NULL;
    if (cause != NULL)
        g_propagate_error(error, cause);
    else if (dictionary == NULL)
        error_set(error, ERROR_STORE, "what a stored message was packed with is missing");
    return dictionary;
}

bool dictionary_unpack(struct store *store, struct db *main, const void *packed,
                       size_t packed_length, void *out, size_t length, GError **error)
{
    unsigned number = ZSTD_getDictID_fromFrame(packed, packed_length);
    struct dictionary *dictionary = NULL;
    if (number != 0) {
        dictionary = dictionary_of(store, main, number, error);
        if (dictionary == NULL)
            return false;
    }
    ZSTD_DCtx *context = ZSTD_createDCtx();
    bool ok = ZSTD_decompress_usingDDict(context, out, length, packed, packed_length,
                                         dictionary_unpacks(dictionary)) == length;
    ZSTD_freeDCtx(context);
    dictionary_unref(dictionary);
    if (!ok)
        error_set(error, ERROR_STORE, "what is stored is damaged");
    return ok;
}

/* --- packing */

static int64_t next_training(int64_t trained_at)
{
    return trained_at > 0 ? trained_at * GROWTH : FIRST_AT;
}

/* (transfer full) */
static struct known *read_known(struct store *store, int64_t account)
{
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return NULL;
    struct known *known = g_new0(struct known, 1);
    known->account = account;
    known->emails =
        DB_NUMBER(&reader->main, NULL, 0, "SELECT ready FROM account WHERE id = ?", I(account));
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, NULL,
                 "SELECT id, kind, emails FROM dictionary WHERE account = ? ORDER BY id",
                 I(account));
    while (db_step(&reader->main, row, NULL)) {
        int64_t kind = db_int(row, 1);
        if (kind >= 0 && kind < DICTIONARY_KINDS)
            known->newest[kind] = db_int(row, 0);
        known->trained_at = MAX(known->trained_at, db_int(row, 2));
    }
    reader_end(store, reader);
    known->next_at = next_training(known->trained_at);
    return known;
}

/* With the lock, which is let go meanwhile. NULL: it cannot be read. */
static struct known *know(struct store *store, int64_t account)
{
    struct dictionaries *all = store->dictionaries;
    struct known *known = g_hash_table_lookup(all->known, &account);
    if (known != NULL)
        return known;
    pthread_mutex_unlock(&all->lock);
    struct known *fresh = read_known(store, account);
    pthread_mutex_lock(&all->lock);
    known = g_hash_table_lookup(all->known, &account);
    if (known != NULL || fresh == NULL) {
        g_free(fresh);
        return known;
    }
    g_hash_table_insert(all->known, &fresh->account, fresh);
    return fresh;
}

/* NULL: others learn. */
static struct learning *learning_of(struct dictionaries *all, int64_t account)
{
    struct learning *oldest = &all->learning[0];
    for (int i = 0; i < LEARNING; i++) {
        struct learning *one = &all->learning[i];
        if (one->account == account)
            return one;
        if (oldest->account != 0 && (one->account == 0 || one->used < oldest->used))
            oldest = one;
    }
    if (oldest->account != 0 && clock_now() - oldest->used < LEARNING_WAIT)
        return NULL;
    stop_learning(oldest);
    oldest->account = account;
    for (int kind = 0; kind < DICTIONARY_KINDS; kind++)
        learn_samples_init(&oldest->samples[kind]);
    return oldest;
}

/* With the lock. */
static void learn(struct dictionaries *all, const struct known *known, enum dictionary_kind kind,
                  const void *bytes, size_t length)
{
    struct learning *learning =
        known->trained_at == 0 && !known->training ? learning_of(all, known->account) : NULL;
    if (learning == NULL || learning->samples[kind].sizes->len >= FIRST_AT)
        return;
    learning->used = clock_now();
    if (kind == DICTIONARY_MAIL)
        learn_add_message(&learning->samples[kind], bytes, length);
    else
        learn_add(&learning->samples[kind], bytes, length);
}

/* With the lock: what was learned goes to the caller, if it is enough. */
static bool learned(struct dictionaries *all, int64_t account,
                    struct learn_samples samples[DICTIONARY_KINDS])
{
    for (int i = 0; i < LEARNING; i++) {
        struct learning *one = &all->learning[i];
        if (one->account != account)
            continue;
        bool enough = one->samples[DICTIONARY_MAIL].sizes->len >= FIRST_AT / 2;
        if (enough) {
            memcpy(samples, one->samples, sizeof one->samples);
            memset(one->samples, 0, sizeof one->samples);
        }
        stop_learning(one);
        return enough;
    }
    return false;
}

/* With the lock, which is let go meanwhile. */
static void train(struct store *store, struct known *known)
{
    struct dictionaries *all = store->dictionaries;
    GError *error = NULL;
    int64_t account = known->account, emails = known->emails;
    struct learn_samples samples[DICTIONARY_KINDS] = {0};
    bool enough = learned(all, account, samples);
    known->training = true;
    pthread_mutex_unlock(&all->lock);
    bool ok = dictionary_train(store, account, emails, enough ? samples : NULL, &error);
    for (int kind = 0; kind < DICTIONARY_KINDS; kind++)
        learn_samples_clear(&samples[kind]);
    if (!ok)
        LOG_WARN("store.dictionary-failed", LOG_INT("account", account), LOG_ERR(error));
    g_clear_error(&error);
    struct known *fresh = read_known(store, account);
    pthread_mutex_lock(&all->lock);
    known = g_hash_table_lookup(all->known, &account);
    if (known != NULL && fresh != NULL) {
        memcpy(known->newest, fresh->newest, sizeof known->newest);
        /* Nothing to learn from yet, or no room for it: later. */
        known->next_at = fresh->next_at > emails ? fresh->next_at : emails + TRY_EVERY;
        known->trained_at = fresh->trained_at;
    }
    if (known != NULL)
        known->training = false;
    g_free(fresh);
}

struct dictionary *dictionary_for(struct store *store, int64_t account, enum dictionary_kind kind,
                                  const void *bytes, size_t length)
{
    struct dictionaries *all = store->dictionaries;
    int64_t id = 0;
    if (account == 0)
        return NULL;
    pthread_mutex_lock(&all->lock);
    struct known *known = know(store, account);
    if (known != NULL)
        learn(all, known, kind, bytes, length);
    if (known != NULL && kind == DICTIONARY_MAIL && ++known->emails >= known->next_at &&
        !known->training) {
        train(store, known);
        known = g_hash_table_lookup(all->known, &account);
    }
    if (known != NULL)
        id = known->newest[kind];
    struct dictionary *dictionary = id != 0 ? find(all, id) : NULL;
    pthread_mutex_unlock(&all->lock);
    if (dictionary != NULL || id == 0)
        return dictionary;
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return NULL;
    dictionary = load(all, &reader->main, id, NULL);
    reader_end(store, reader);
    return dictionary;
}
