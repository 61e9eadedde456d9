#include "store/sqlite/dictionary.h"

#include "store/sqlite/emails.h"

#define SAMPLES_MAX 400
#define MESSAGE_MAX (256 * 1024)

/* Some of the numbers, evenly. */
static GArray *pick(GArray *all)
{
    GArray *some = g_array_new(FALSE, FALSE, sizeof(int64_t));
    guint count = MIN(all->len, SAMPLES_MAX);
    for (guint i = 0; i < count; i++)
        g_array_append_val(some,
                           g_array_index(all, int64_t, (guint64)i * all->len / MAX(count, 1)));
    g_array_unref(all);
    return some;
}

static bool sample_mail(struct store *store, struct reader *reader, int64_t account,
                        struct learn_samples *samples, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) blobs =
        pick(DB_NUMBERS(&reader->main, &cause,
                        "SELECT id FROM blob WHERE account = ? AND user = 0 AND refs > 0"
                        " AND size <= ?",
                        I(account), I(MESSAGE_MAX)));
    for (guint i = 0; i < blobs->len && cause == NULL; i++) {
        /* One that went meanwhile is left out. */
        g_autoptr(GBytes) raw = blob_load(store, reader, g_array_index(blobs, int64_t, i), NULL);
        if (raw != NULL)
            learn_add_message(samples, g_bytes_get_data(raw, NULL), g_bytes_get_size(raw));
    }
    return error_settle(error, cause);
}

/* NULL without an error: there is too little to learn from. */
static GBytes *learn_stored(struct store *store, int64_t account, GError **error)
{
    struct learn_samples samples;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    learn_samples_init(&samples);
    bool ok = sample_mail(store, reader, account, &samples, error);
    reader_end(store, reader);
    GBytes *trained = ok ? learn_dictionary(&samples) : NULL;
    learn_samples_clear(&samples);
    return trained;
}

struct keeping {
    int64_t account, emails;
    GBytes *trained[DICTIONARY_KINDS];
};

/* The number stands in the fifth to eighth byte of a dictionary, little-endian (RFC 8878, 5). */
static bool keep_one(struct tx *tx, const struct keeping *keeping, int kind, GError **error)
{
    gsize length = 0;
    const void *data = g_bytes_get_data(keeping->trained[kind], &length);
    if (!DB_RUN(tx->db, error,
                "INSERT INTO dictionary(account, kind, emails, data) VALUES(?, ?, ?, x'')",
                I(keeping->account), I(kind), I(keeping->emails)))
        return false;
    int64_t id = sqlite3_last_insert_rowid(tx->db->handle);
    uint32_t number = GUINT32_TO_LE((uint32_t)(id + DICTIONARY_FIRST));
    g_autofree uint8_t *bytes = g_memdup2(data, length);
    memcpy(bytes + 4, &number, sizeof number);
    return DB_RUN(tx->db, error, "UPDATE dictionary SET data = ? WHERE id = ?", R(bytes, length),
                  I(id));
}

static bool keep(struct tx *tx, void *arg, GError **error)
{
    const struct keeping *keeping = arg;
    /* Removed meanwhile: nothing of it may stay. */
    if (DB_NUMBER(tx->db, NULL, 1, "SELECT removing FROM account WHERE id = ?",
                  I(keeping->account)) != 0)
        return true;
    for (int kind = 0; kind < DICTIONARY_KINDS; kind++)
        if (keeping->trained[kind] != NULL && !keep_one(tx, keeping, kind, error))
            return false;
    return true;
}

bool dictionary_train(struct store *store, int64_t account, int64_t emails,
                      const struct learn_samples *samples, GError **error)
{
    struct keeping keeping = {.account = account, .emails = emails};
    GError *cause = NULL;
    bool any = false;
    for (int kind = 0; kind < DICTIONARY_KINDS && cause == NULL; kind++) {
        keeping.trained[kind] = samples != NULL ? learn_dictionary(&samples[kind])
                                                : learn_stored(store, account, &cause);
        any = any || keeping.trained[kind] != NULL;
    }
    if (cause == NULL && any)
        store_write(store, STORE_LANE_INTERACTIVE, keep, &keeping, &cause);
    for (int kind = 0; kind < DICTIONARY_KINDS; kind++)
        g_clear_pointer(&keeping.trained[kind], g_bytes_unref);
    return error_settle(error, cause);
}
