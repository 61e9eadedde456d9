/* Notes and to-dos (store/organise.h). */
#include "store/sqlite/notes.h"

#include "base/clock.h"

/* Of a thread whose emails must be told anew, so many of the newest. */
#define TOLD_MAX 1000

void store_note_free(struct store_note *note)
{
    if (note == NULL)
        return;
    g_free(note->text);
    g_free(note->author_name);
    g_free(note);
}

static void free_note(gpointer note)
{
    store_note_free(note);
}

/* --- reading */

#define COLUMNS                                                                                    \
    "SELECT note.id, note.account, note.type, note.thread, coalesce(email.public, 0), text, "      \
    "author,"                                                                                      \
    " author_name, created, updated, due, person, done, done_by FROM note LEFT JOIN email ON"      \
    " email.id = note.email AND email.thread > 0"

static struct store_note *note_of_row(sqlite3_stmt *row)
{
    struct store_note *note = g_new0(struct store_note, 1);
    *note = (struct store_note){.id = db_int(row, 0),
                                .account = db_int(row, 1),
                                .type = (enum store_type)db_int(row, 2),
                                .thread = db_int(row, 3),
                                .email = db_int(row, 4),
                                .text = db_text_copy(row, 5),
                                .author = db_int(row, 6),
                                .author_name = db_text_copy(row, 7),
                                .created = db_int(row, 8),
                                .updated = db_int(row, 9),
                                .due = db_int(row, 10),
                                .person = db_int(row, 11),
                                .done = db_int(row, 12),
                                .done_by = db_int(row, 13)};
    return note;
}

static sqlite3_stmt *rows_of(struct db *db, int64_t account, enum store_type type,
                             const struct store_notes_asked *asked, GError **error)
{
    int64_t limit = asked->limit != 0 ? (int64_t)asked->limit : STORE_NOTES_LISTED;
    if (asked->id != 0)
        return DB_QUERY(db, error, COLUMNS " WHERE note.id = ? AND note.account = ? AND type = ?",
                        I(asked->id), I(account), I(type));
    if (asked->thread != 0)
        return DB_QUERY(db, error,
                        COLUMNS " WHERE note.thread = ? AND note.account = ? AND type = ? AND"
                                " (done = 0 OR NOT ?) ORDER BY note.id DESC LIMIT ?",
                        I(asked->thread), I(account), I(type), I(asked->open_only), I(limit));
    return DB_QUERY(db, error,
                    COLUMNS " WHERE note.account = ? AND type = ? AND (done = 0 OR NOT ?)"
                            " ORDER BY note.id DESC LIMIT ?",
                    I(account), I(type), I(asked->open_only), I(limit));
}

static int compare_notes(gconstpointer left, gconstpointer right)
{
    const struct store_note *a = *(struct store_note *const *)left;
    const struct store_note *b = *(struct store_note *const *)right;
    return (a->id > b->id) - (a->id < b->id);
}

GPtrArray *store_notes(const struct store_access *access, enum store_type type,
                       const struct store_notes_asked *asked, uint64_t *state, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *notes = g_ptr_array_new_with_free_func(free_note);
    const GArray *accounts = store_access_accounts(access);
    for (guint i = 0; i < accounts->len && cause == NULL; i++) {
        sqlite3_stmt *row =
            rows_of(&reader->main, g_array_index(accounts, int64_t, i), type, asked, &cause);
        while (db_step(&reader->main, row, &cause))
            g_ptr_array_add(notes, note_of_row(row));
    }
    if (state != NULL)
        *state = access_state(&reader->main, access, type);
    reader_end(store, reader);
    g_ptr_array_sort(notes, compare_notes);
    return db_settle_list(notes, cause, error);
}

/* --- what changes with them */

/* Lists show marks and filter by them: emails of the thread are told as changed. */
static bool tell_emails(struct tx *tx, int64_t account, int64_t thread, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT public FROM email WHERE thread = ? ORDER BY ord DESC LIMIT ?", I(thread),
                   I(TOLD_MAX));
    for (guint i = 0; cause == NULL && i < ids->len; i++)
        tx_change(tx, account, STORE_EMAIL, g_array_index(ids, int64_t, i), CHANGE_UPDATED);
    return error_settle(error, cause);
}

/* How many there are of them. */
static unsigned tell_notes(struct tx *tx, int64_t account, const char *sql, int64_t value,
                           GError **error)
{
    unsigned count = 0;
    sqlite3_stmt *row = db_query(tx->db, sql, (const struct db_value[]){I(value)}, 1, error);
    for (; db_step(tx->db, row, error); count++)
        tx_change(tx, account, (enum store_type)db_int(row, 1), db_int(row, 0), CHANGE_UPDATED);
    return count;
}

#define AT_EMAIL "SELECT id, type FROM note WHERE email = ?"

bool notes_leave(struct tx *tx, const struct email_row *row, GError **error)
{
    GError *cause = NULL;
    if (tell_notes(tx, row->account, AT_EMAIL, row->id, &cause) > 0 && cause == NULL)
        DB_RUN(tx->db, &cause,
               "UPDATE note SET email = coalesce((SELECT id FROM email WHERE email.thread = ?1 AND"
               " id <> ?2 ORDER BY ord LIMIT 1), email) WHERE email = ?2",
               I(row->thread), I(row->id));
    return error_settle(error, cause);
}

bool notes_follow(struct tx *tx, int64_t account, int64_t email, int64_t thread, GError **error)
{
    GError *cause = NULL;
    if (tell_notes(tx, account, AT_EMAIL, email, &cause) > 0 && cause == NULL)
        DB_RUN(tx->db, &cause, "UPDATE note SET thread = ? WHERE email = ?", I(thread), I(email));
    return error_settle(error, cause);
}

bool notes_merge(struct tx *tx, int64_t account, int64_t from, int64_t into, GError **error)
{
    static const char *const of_thread = "SELECT id, type FROM note WHERE thread = ?";
    GError *cause = NULL;
    if (tell_notes(tx, account, of_thread, from, &cause) > 0 && cause == NULL &&
        DB_RUN(tx->db, &cause, "UPDATE note SET thread = ? WHERE thread = ?", I(into), I(from)))
        tell_emails(tx, account, into, &cause);
    return error_settle(error, cause);
}

static bool carry_one(struct tx *tx, const struct notes_way *way, int64_t id, int64_t type,
                      int64_t into, GError **error)
{
    if (!DB_RUN(tx->db, error,
                "INSERT INTO note(account, type, email, thread, text, author, author_name, created,"
                " updated, due, person, done, done_by) SELECT ?2, type, ?3, ?4, text, author,"
                " author_name, created, updated, due, CASE WHEN person IN (SELECT user FROM access"
                " WHERE account = ?2) THEN person ELSE 0 END, done, done_by FROM note WHERE id ="
                " ?1",
                I(id), I(way->into_account), I(into), I(way->into_thread)))
        return false;
    tx_change(tx, way->into_account, (enum store_type)type,
              sqlite3_last_insert_rowid(tx->db->handle), CHANGE_CREATED);
    tx_change(tx, way->account, (enum store_type)type, id, CHANGE_DESTROYED);
    return DB_RUN(tx->db, error, "DELETE FROM note WHERE id = ?", I(id));
}

bool notes_carry(struct tx *tx, const struct notes_way *way, int64_t email, int64_t into,
                 GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) notes = g_array_new(FALSE, FALSE, 2 * sizeof(int64_t));
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause,
                 "SELECT id, type FROM note WHERE thread = ?1 AND ?2 IN (0, email) AND account = ?3"
                 " ORDER BY id",
                 I(way->thread), I(email), I(way->account));
    while (db_step(tx->db, row, &cause)) {
        int64_t pair[2] = {db_int(row, 0), db_int(row, 1)};
        g_array_append_vals(notes, pair, 1);
    }
    for (guint i = 0; i < notes->len && cause == NULL; i++) {
        const int64_t *pair = (const int64_t *)(const void *)notes->data + 2 * (size_t)i;
        carry_one(tx, way, pair[0], pair[1], into, &cause);
    }
    if (notes->len > 0 && cause == NULL && tell_emails(tx, way->account, way->thread, &cause))
        tell_emails(tx, way->into_account, way->into_thread, &cause);
    return error_settle(error, cause);
}

/* --- writing */

struct note_write {
    const struct store_access *access;
    enum store_type type;
    int64_t id, account, email, thread;
    const struct store_note_text *text;
};

static bool refuse(GError **error, enum error_code code, const char *why)
{
    error_set(error, code, "%s", why);
    return false;
}

/* account, email (its internal number) and thread, of what was asked for. */
static bool find_place(struct tx *tx, struct note_write *write, GError **error)
{
    GError *cause = NULL;
    int64_t account = 0, email = 0;
    if (write->email != 0)
        email = access_email(tx->db, write->access, write->email, &account);
    else if (write->thread > 0)
        email = DB_NUMBER(tx->db, &cause, 0,
                          "SELECT id FROM email WHERE thread = ? ORDER BY ord LIMIT 1",
                          I(write->thread));
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT account, thread FROM email WHERE id = ? AND thread > 0",
                 I(email));
    if (db_step(tx->db, row, &cause)) {
        write->account = db_int(row, 0);
        write->thread = db_int(row, 1);
        db_done(row);
    }
    if (cause != NULL || write->account == 0 || access_rights(write->access, write->account) == 0) {
        g_clear_error(&cause);
        return refuse(error, ERROR_NOT_FOUND, "no such conversation");
    }
    write->email = email;
    return access_require_in(write->access, write->account, STORE_WRITE, error);
}

/* Who is to do it sees the account. */
static bool check_person(struct tx *tx, const struct note_write *write, GError **error)
{
    if (!write->text->has_person || write->text->person == 0 ||
        DB_NUMBER(tx->db, NULL, 0, "SELECT 1 FROM access WHERE user = ? AND account = ?",
                  I(write->text->person), I(write->account)) == 1)
        return true;
    return refuse(error, ERROR_INVALID, "that person does not see the account");
}

static bool create(struct tx *tx, void *arg, GError **error)
{
    struct note_write write = *(struct note_write *)arg;
    const struct store_note_text *text = write.text;
    const struct store_principal *who = store_access_principal(write.access);
    int64_t now = clock_wall(), user = store_principal_user(who);
    if (!find_place(tx, &write, error) || !check_person(tx, &write, error))
        return false;
    if (DB_NUMBER(tx->db, NULL, 0, "SELECT count(*) FROM note WHERE thread = ? AND type = ?",
                  I(write.thread), I(write.type)) >= STORE_NOTES_MAX)
        return refuse(error, ERROR_TOO_LARGE, "the conversation has too many of them");
    if (!DB_RUN(tx->db, error,
                "INSERT INTO note(account, type, email, thread, text, author, author_name, created,"
                " updated, due, person, done, done_by) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8,"
                " ?9, ?10, ?11, ?12)",
                I(write.account), I(write.type), I(write.email), I(write.thread), T(text->text),
                I(user), T(store_principal_email(who)), I(now), I(text->due), I(text->person),
                I(text->done ? now : 0), I(text->done ? user : 0)))
        return false;
    write.id = sqlite3_last_insert_rowid(tx->db->handle);
    ((struct note_write *)arg)->id = write.id;
    tx_change(tx, write.account, write.type, write.id, CHANGE_CREATED);
    return tell_emails(tx, write.account, write.thread, error);
}

/* The row, as far as the person may see it; what it is about goes into write. */
static struct store_note *load(struct tx *tx, struct note_write *write, GError **error)
{
    struct store_note *note = NULL;
    sqlite3_stmt *row = DB_QUERY(tx->db, error, COLUMNS " WHERE note.id = ? AND type = ?",
                                 I(write->id), I(write->type));
    if (db_step(tx->db, row, error))
        note = note_of_row(row);
    db_done(row);
    if (note != NULL && access_rights(write->access, note->account) == 0)
        g_clear_pointer(&note, store_note_free);
    if (note == NULL) {
        if (error != NULL && *error == NULL)
            refuse(error, ERROR_NOT_FOUND, "no such thing");
        return NULL;
    }
    write->account = note->account;
    write->thread = note->thread;
    if (access_require_in(write->access, note->account, STORE_WRITE, error))
        return note;
    store_note_free(note);
    return NULL;
}

static bool is_author(const struct note_write *write, const struct store_note *note)
{
    return note->author == store_principal_user(store_access_principal(write->access));
}

static bool write_update(struct tx *tx, const struct note_write *write,
                         const struct store_note *note, GError **error)
{
    const struct store_note_text *text = write->text;
    int64_t now = clock_wall();
    int64_t done = !text->has_done ? note->done : text->done ? MAX(note->done, 1) : 0;
    int64_t user = store_principal_user(store_access_principal(write->access));
    bool closes = done != 0 && note->done == 0;
    tx_change(tx, write->account, write->type, write->id, CHANGE_UPDATED);
    return DB_RUN(tx->db, error,
                  "UPDATE note SET text = coalesce(?, text), due = ?, person = ?, done = ?,"
                  " done_by = ?, updated = ? WHERE id = ?",
                  T(text->text), I(text->has_due ? text->due : note->due),
                  I(text->has_person ? text->person : note->person), I(closes ? now : done),
                  I(closes      ? user
                    : done != 0 ? note->done_by
                                : 0),
                  I(now), I(write->id)) &&
           (write->type != STORE_TODO || tell_emails(tx, write->account, write->thread, error));
}

static bool update(struct tx *tx, void *arg, GError **error)
{
    struct note_write write = *(struct note_write *)arg;
    struct store_note *note = load(tx, &write, error);
    if (note == NULL)
        return false;
    bool ok;
    if (write.type == STORE_NOTE && !is_author(&write, note))
        ok = refuse(error, ERROR_FORBIDDEN, "a note is changed by its author only");
    else
        ok = check_person(tx, &write, error) && write_update(tx, &write, note, error);
    store_note_free(note);
    return ok;
}

static bool destroy(struct tx *tx, void *arg, GError **error)
{
    struct note_write write = *(struct note_write *)arg;
    struct store_note *note = load(tx, &write, error);
    if (note == NULL)
        return false;
    bool may = write.type != STORE_NOTE || is_author(&write, note) ||
               access_is_own(tx->db, write.access, write.account);
    store_note_free(note);
    if (!may)
        return refuse(error, ERROR_FORBIDDEN, "a note goes by its author only");
    tx_change(tx, write.account, write.type, write.id, CHANGE_DESTROYED);
    return DB_RUN(tx->db, error, "DELETE FROM note WHERE id = ?", I(write.id)) &&
           tell_emails(tx, write.account, write.thread, error);
}

static bool run(const struct store_access *access, tx_fn *fn, struct note_write *write,
                GError **error)
{
    write->access = access;
    return access_require(access, STORE_WRITE, error) &&
           store_write(store_access_store(access), STORE_LANE_INTERACTIVE, fn, write, error);
}

int64_t store_note_create(const struct store_access *access, enum store_type type, int64_t email,
                          int64_t thread, const struct store_note_text *text, GError **error)
{
    struct note_write write = {.type = type, .email = email, .thread = thread, .text = text};
    return run(access, create, &write, error) ? write.id : 0;
}

bool store_note_update(const struct store_access *access, enum store_type type, int64_t id,
                       const struct store_note_text *text, GError **error)
{
    struct note_write write = {.type = type, .id = id, .text = text};
    return run(access, update, &write, error);
}

bool store_note_destroy(const struct store_access *access, enum store_type type, int64_t id,
                        GError **error)
{
    struct note_write write = {.type = type, .id = id};
    return run(access, destroy, &write, error);
}

/* --- people */

void store_viewer_free(struct store_viewer *person)
{
    if (person == NULL)
        return;
    g_free(person->name);
    g_array_unref(person->accounts);
    g_free(person);
}

static void free_person(gpointer person)
{
    store_viewer_free(person);
}

GPtrArray *store_viewers(const struct store_access *access, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *people = g_ptr_array_new_with_free_func(free_person);
    sqlite3_stmt *row =
        db_query(&reader->main,
                 "SELECT user.id, user.email, access.account FROM access JOIN user ON user.id ="
                 " access.user WHERE (rights & 1) <> 0 ORDER BY user.email, user.id",
                 NULL, 0, &cause);
    struct store_viewer *last = NULL;
    while (db_step(&reader->main, row, &cause)) {
        int64_t user = db_int(row, 0), account = db_int(row, 2);
        if (access_rights(access, account) == 0)
            continue;
        if (last == NULL || last->user != user) {
            last = g_new0(struct store_viewer, 1);
            last->user = user;
            last->name = db_text_copy(row, 1);
            last->accounts = g_array_new(FALSE, FALSE, sizeof(int64_t));
            g_ptr_array_add(people, last);
        }
        g_array_append_val(last->accounts, account);
    }
    reader_end(store, reader);
    return db_settle_list(people, cause, error);
}
