#include "store/templates.h"

#include "store/sqlite/emails.h"
#include "store/sqlite/people.h"

void store_template_file_free(struct store_template_file *file)
{
    if (file == NULL)
        return;
    g_free(file->name);
    g_free(file->type);
    g_free(file);
}

void store_template_free(struct store_template *template)
{
    if (template == NULL)
        return;
    g_free(template->author);
    g_free(template->data);
    g_ptr_array_unref(template->files);
    g_free(template);
}

static void free_file(gpointer file)
{
    store_template_file_free(file);
}

static void free_template(gpointer template)
{
    store_template_free(template);
}

static int64_t user_of(const struct store_access *access)
{
    return store_principal_user(store_access_principal(access));
}

/* --- reading */

/* ?1: the person. */
#define IS_VISIBLE                                                                                 \
    " (author = ?1 OR audience = -1 OR (audience > 0 AND EXISTS(SELECT 1 FROM access WHERE user =" \
    " ?1 AND account = audience)))"

static struct store_template *template_of_row(sqlite3_stmt *row,
                                              const struct store_principal *principal)
{
    struct store_template *template = g_new0(struct store_template, 1);
    template->id = db_int(row, 0);
    template->audience = db_int(row, 1);
    template->data = db_text_copy(row, 2);
    template->author = db_text_copy(row, 3);
    template->may_edit = principal->admin || db_int(row, 4) == principal->user;
    template->files = g_ptr_array_new_with_free_func(free_file);
    return template;
}

static void load_files(struct db *db, struct store_template *template, GError **error)
{
    sqlite3_stmt *row = DB_QUERY(db, error,
                                 "SELECT blob, name, type, size FROM template_file WHERE template ="
                                 " ? ORDER BY place",
                                 I(template->id));
    while (db_step(db, row, error)) {
        struct store_template_file *file = g_new0(struct store_template_file, 1);
        *file = (struct store_template_file){db_int(row, 0), db_text_copy(row, 1),
                                             db_text_copy(row, 2), (uint64_t)db_int(row, 3)};
        g_ptr_array_add(template->files, file);
    }
}

GPtrArray *store_templates(const struct store_access *access, uint64_t *state, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *templates = g_ptr_array_new_with_free_func(free_template);
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT template.id, audience, data, email, author FROM template LEFT JOIN user ON"
                 " user.id = author WHERE" IS_VISIBLE " ORDER BY template.id",
                 I(user_of(access)));
    while (db_step(&reader->main, row, &cause))
        g_ptr_array_add(templates, template_of_row(row, store_access_principal(access)));
    for (guint i = 0; i < templates->len && cause == NULL; i++)
        load_files(&reader->main, templates->pdata[i], &cause);
    if (state != NULL)
        *state = access_state(&reader->main, access, STORE_TEMPLATE);
    reader_end(store, reader);
    return db_settle_list(templates, cause, error);
}

GBytes *store_template_bytes(const struct store_access *access, int64_t template, int64_t blob,
                             GError **error)
{
    GError *cause = NULL;
    GBytes *bytes = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    int64_t found = DB_NUMBER(&reader->main, &cause, 0,
                              "SELECT blob FROM template_file JOIN template ON template.id ="
                              " template WHERE template = ?2 AND blob = ?3 AND" IS_VISIBLE,
                              I(user_of(access)), I(template), I(blob));
    if (found != 0 && cause == NULL)
        bytes = blob_load(store, reader, found, &cause);
    else if (cause == NULL)
        error_set(&cause, ERROR_NOT_FOUND, "no such file");
    reader_end(store, reader);
    if (cause != NULL)
        g_propagate_error(error, cause);
    return bytes;
}

/* --- writing */

struct template_write {
    const struct store_access *access;
    const struct store_template_write *what; /* NULL: it goes */
    GBytes **packed;                         /* of each part; NULL: one that is kept */
    int64_t id;
};

/* Who sees it: the persons of an audience, and the author. */
static GHashTable *people_of(struct tx *tx, int64_t author, int64_t audience, GError **error)
{
    GHashTable *people = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GArray) ids =
        audience == STORE_TEMPLATE_EVERYBODY
            ? DB_NUMBERS(tx->db, error, "SELECT id FROM user WHERE id <> ?", I(author))
            : DB_NUMBERS(tx->db, error, "SELECT user FROM access WHERE account = ?", I(audience));
    for (guint i = 0; i < ids->len; i++)
        g_hash_table_add(people, g_memdup2(&g_array_index(ids, int64_t, i), sizeof(int64_t)));
    if (author != 0)
        g_hash_table_add(people, g_memdup2(&author, sizeof author));
    return people;
}

/* Tells those of people of a change; others: who sees it besides, before or after it. */
static void tell(struct tx *tx, GHashTable *people, GHashTable *others, int64_t id,
                 enum change_kind kind)
{
    GHashTableIter iter;
    gpointer person;
    g_hash_table_iter_init(&iter, people);
    while (g_hash_table_iter_next(&iter, &person, NULL)) {
        bool both = others != NULL && g_hash_table_contains(others, person);
        if (both && kind == CHANGE_DESTROYED)
            continue;
        tx_change(tx, LOG_USER(*(const int64_t *)person), STORE_TEMPLATE, id,
                  both ? CHANGE_UPDATED : kind);
    }
}

static bool check_audience(const struct template_write *write, GError **error)
{
    int64_t audience = write->what->audience;
    if (audience <= 0 || (access_rights(write->access, audience) & STORE_WRITE) != 0)
        return true;
    error_set(error, ERROR_FORBIDDEN, "not an account that you may write in");
    return false;
}

/* Takes the files from a template, and their blobs when nothing else has them; those that
 * put_files() is putting there stay. */
static bool drop_files(struct tx *tx, int64_t template, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) blobs =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT blob FROM template_file WHERE template = ? AND place >= 0", I(template));
    if (cause == NULL)
        DB_RUN(tx->db, &cause, "DELETE FROM template_file WHERE template = ? AND place >= 0",
               I(template));
    for (guint i = 0; i < blobs->len && cause == NULL; i++)
        blob_ref(tx, g_array_index(blobs, int64_t, i), -1, &cause);
    return error_settle(error, cause);
}

static bool drop(struct tx *tx, int64_t template, GError **error)
{
    return drop_files(tx, template, error) &&
           DB_RUN(tx->db, error, "DELETE FROM template WHERE id = ?", I(template));
}

bool templates_leave(struct tx *tx, int64_t user, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) own =
        DB_NUMBERS(tx->db, &cause, "SELECT id FROM template WHERE author = ? AND audience = 0",
                   I(user));
    for (guint i = 0; i < own->len && cause == NULL; i++)
        drop(tx, g_array_index(own, int64_t, i), &cause);
    return error_settle(error, cause);
}

/* The files as they are to be: kept ones first get another reference, so that none is lost when
 * the old rows go. */
static bool put_files(struct tx *tx, const struct template_write *write, GError **error)
{
    GError *cause = NULL;
    int64_t sum = 0;
    for (size_t i = 0; i < write->what->count && cause == NULL; i++) {
        const struct store_template_part *part = &write->what->parts[i];
        int64_t blob = part->blob, size = 0;
        if (part->bytes == NULL) {
            size = DB_NUMBER(tx->db, &cause, -1,
                             "SELECT size FROM template_file WHERE template = ? AND blob = ?",
                             I(write->id), I(blob));
            if (cause == NULL && size < 0)
                error_set(&cause, ERROR_INVALID, "no such file");
            if (cause == NULL)
                blob_ref(tx, blob, 1, &cause);
        } else {
            size = (int64_t)g_bytes_get_size(part->bytes);
            blob = tx_new_blob(tx);
            blob_insert(tx, blob, 0, 0, part->type, (uint64_t)size, write->packed[i], 1, &cause);
        }
        sum += size;
        if (cause == NULL)
            DB_RUN(tx->db, &cause,
                   "INSERT INTO template_file(template, place, blob, name, type, size) VALUES(?, ?,"
                   " ?, ?, ?, ?)",
                   I(write->id), I(-1 - (int64_t)i), I(blob), T(part->name), T(part->type),
                   I(size));
    }
    if (cause == NULL && sum > STORE_TEMPLATE_BYTES_MAX)
        error_set(&cause, ERROR_TOO_LARGE, "the files are too large together");
    return error_settle(error, cause) && drop_files(tx, write->id, error) &&
           DB_RUN(tx->db, error,
                  "UPDATE template_file SET place = -1 - place WHERE template = ? AND place < 0",
                  I(write->id));
}

static bool create(struct tx *tx, void *arg, GError **error)
{
    struct template_write *write = arg;
    GError *cause = NULL;
    int64_t user = user_of(write->access);
    write->id = 0;
    int64_t count =
        DB_NUMBER(tx->db, &cause, 0, "SELECT count(*) FROM template WHERE author = ?", I(user));
    if (cause == NULL && count >= STORE_TEMPLATES_MAX)
        error_set(&cause, ERROR_TOO_LARGE, "too many of them");
    if (!error_settle(error, cause) || !check_audience(write, error) ||
        !DB_RUN(tx->db, error, "INSERT INTO template(author, audience, data) VALUES(?, ?, ?)",
                I(user), I(write->what->audience), T(write->what->data)))
        return false;
    write->id = sqlite3_last_insert_rowid(tx->db->handle);
    g_autoptr(GHashTable) people = people_of(tx, user, write->what->audience, error);
    tell(tx, people, NULL, write->id, CHANGE_CREATED);
    return put_files(tx, write, error);
}

/* It is there for the person, and theirs to change. */
static bool find(struct tx *tx, const struct template_write *write, int64_t *author,
                 int64_t *audience, GError **error)
{
    const struct store_principal *principal = store_access_principal(write->access);
    GError *cause = NULL;
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause,
                                 "SELECT author, audience FROM template WHERE id = ?2"
                                 " AND" IS_VISIBLE,
                                 I(principal->user), I(write->id));
    bool found = db_step(tx->db, row, &cause);
    if (found) {
        *author = db_int(row, 0);
        *audience = db_int(row, 1);
        db_done(row);
    }
    if (!found && cause == NULL)
        error_set(&cause, ERROR_NOT_FOUND, "no such template");
    if (found && *author != principal->user && !principal->admin)
        error_set(&cause, ERROR_FORBIDDEN, "only its author and administrators change it");
    return error_settle(error, cause);
}

static bool update(struct tx *tx, void *arg, GError **error)
{
    const struct template_write *write = arg;
    int64_t author = 0, audience = 0;
    if (!find(tx, write, &author, &audience, error) ||
        (audience != write->what->audience && !check_audience(write, error)))
        return false;
    g_autoptr(GHashTable) before = people_of(tx, author, audience, error);
    g_autoptr(GHashTable) after = people_of(tx, author, write->what->audience, error);
    tell(tx, before, after, write->id, CHANGE_DESTROYED);
    tell(tx, after, before, write->id, CHANGE_CREATED);
    return DB_RUN(tx->db, error, "UPDATE template SET audience = ?, data = ? WHERE id = ?",
                  I(write->what->audience), T(write->what->data), I(write->id)) &&
           put_files(tx, write, error);
}

static bool destroy(struct tx *tx, void *arg, GError **error)
{
    const struct template_write *write = arg;
    int64_t author = 0, audience = 0;
    if (!find(tx, write, &author, &audience, error))
        return false;
    g_autoptr(GHashTable) people = people_of(tx, author, audience, error);
    tell(tx, people, NULL, write->id, CHANGE_DESTROYED);
    return drop(tx, write->id, error);
}

static bool run(struct template_write *write, tx_fn *fn, GError **error)
{
    struct store *store = store_access_store(write->access);
    size_t count = write->what != NULL ? write->what->count : 0;
    write->packed = g_new0(GBytes *, count + 1);
    for (size_t i = 0; i < count; i++)
        if (write->what->parts[i].bytes != NULL)
            write->packed[i] = blob_pack(store, 0, write->what->parts[i].bytes);
    bool ok = store_write(store, STORE_LANE_INTERACTIVE, fn, write, error);
    for (size_t i = 0; i < count; i++)
        g_clear_pointer(&write->packed[i], g_bytes_unref);
    g_free(write->packed);
    return ok;
}

int64_t store_template_create(const struct store_access *access,
                              const struct store_template_write *write, GError **error)
{
    struct template_write job = {.access = access, .what = write};
    return run(&job, create, error) ? job.id : 0;
}

bool store_template_update(const struct store_access *access, int64_t id,
                           const struct store_template_write *write, GError **error)
{
    struct template_write job = {.access = access, .what = write, .id = id};
    return run(&job, update, error);
}

bool store_template_destroy(const struct store_access *access, int64_t id, GError **error)
{
    struct template_write job = {.access = access, .id = id};
    return run(&job, destroy, error);
}
