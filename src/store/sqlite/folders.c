/* Mailbox/set: what a person changes of the folders. It is seen here at once; folder intents carry
 * it to the server (folder_intents.c, folder_end.c). */
#include "store/sqlite/batch.h"

#include "base/clock.h"
#include "store/sqlite/quotas.h"

#include <string.h>

#define PATH_MAX_BYTES 1000

struct change {
    const struct store_access *access;
    int64_t account, id;
    const struct store_mailbox_patch *patch;
    const char *property;
    bool remove_emails;
};

struct folder {
    int64_t id, parent;
    char *name, *path;
    enum mail_role role;
    enum folder_place place;
    char delimiter;
    bool subscribed;
};

static struct change change_of(const struct store_access *access, int64_t id,
                               const struct store_mailbox_patch *patch)
{
    return (struct change){.access = access,
                           .account = store_access_account(access),
                           .id = id,
                           .patch = patch};
}

static void folder_clear(struct folder *folder)
{
    g_free(folder->name);
    g_free(folder->path);
    *folder = (struct folder){0};
}

enum folder_place mailbox_place(struct tx *tx, int64_t mailbox)
{
    return (enum folder_place)DB_NUMBER(tx->db, NULL, FOLDER_THERE,
                                        "SELECT place FROM mailbox WHERE id = ?", I(mailbox));
}

bool mailbox_is_below(struct tx *tx, int64_t mailbox, int64_t above)
{
    return DB_NUMBER(tx->db, NULL, 0,
                     "WITH RECURSIVE up(id) AS (SELECT ?1 UNION SELECT parent FROM mailbox JOIN up"
                     " USING(id) WHERE parent <> 0) SELECT EXISTS(SELECT 1 FROM up WHERE id = ?2)",
                     I(mailbox), I(above)) == 1;
}

bool folder_change_waits(struct tx *tx, int64_t account, int64_t mailbox,
                         enum store_folder_change change)
{
    return DB_NUMBER(tx->db, NULL, 0,
                     "SELECT EXISTS(SELECT 1 FROM folder_intent WHERE account = ?1 AND kind = ?2"
                     " AND (?3 = 0 OR mailbox = ?3))",
                     I(account), I(change), I(mailbox)) == 1;
}

static bool refuse(struct change *change, enum error_code code, const char *property,
                   const char *why, GError **error)
{
    change->property = property;
    error_set(error, code, "%s", why);
    return false;
}

/* Of this account, and not deleted. */
static bool load_folder(struct tx *tx, const struct change *change, int64_t id,
                        struct folder *folder, GError **error)
{
    GError *cause = NULL;
    *folder = (struct folder){0};
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause,
                 "SELECT parent, name, path, role, place, delimiter, subscribed FROM"
                 " mailbox WHERE id = ? AND account = ? AND place <> ?",
                 I(id), I(change->account), I(FOLDER_LEAVING));
    if (db_step(tx->db, row, &cause)) {
        *folder = (struct folder){.id = id,
                                  .parent = db_int(row, 0),
                                  .name = db_text_copy(row, 1),
                                  .path = db_text_copy(row, 2),
                                  .role = (enum mail_role)db_int(row, 3),
                                  .place = (enum folder_place)db_int(row, 4),
                                  .delimiter = (char)db_int(row, 5),
                                  .subscribed = db_int(row, 6) != 0};
        db_done(row);
        return true;
    }
    if (cause == NULL)
        error_set(&cause, ERROR_NOT_FOUND, "no such mailbox");
    g_propagate_error(error, cause);
    return false;
}

/* --- paths */

/* The path of a name below a parent. (transfer full) */
static char *path_below(struct tx *tx, int64_t parent, char delimiter, const char *name,
                        GError **error)
{
    char *path = NULL;
    if (parent == 0)
        return g_strdup(name);
    sqlite3_stmt *row = DB_QUERY(tx->db, error, "SELECT path FROM mailbox WHERE id = ?", I(parent));
    if (db_step(tx->db, row, error)) {
        path = g_strdup_printf("%s%c%s", db_text(row, 0), delimiter, name);
        db_done(row);
    }
    return path != NULL ? path : g_strdup(name);
}

bool folder_place_below(struct tx *tx, int64_t account, int64_t mailbox, const char *name,
                        int64_t parent, GError **error)
{
    GError *cause = NULL;
    g_autofree char *old_path = NULL;
    char delimiter = '\0';
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT path, delimiter FROM mailbox WHERE id = ?", I(mailbox));
    if (db_step(tx->db, row, &cause)) {
        old_path = db_text_copy(row, 0);
        delimiter = (char)db_int(row, 1);
        db_done(row);
    }
    g_autofree char *path = path_below(tx, parent, delimiter, name, &cause);
    g_autofree char *old_prefix = g_strdup_printf("%s%c", old_path, delimiter);
    tx_change(tx, account, STORE_MAILBOX, mailbox, CHANGE_UPDATED);
    if (cause == NULL &&
        DB_RUN(tx->db, &cause, "UPDATE mailbox SET name = ?, parent = ?, path = ? WHERE id = ?",
               T(name), I(parent), T(path), I(mailbox)) &&
        delimiter != '\0' && old_path != NULL)
        DB_RUN(tx->db, &cause,
               "UPDATE mailbox SET path = ?1 || substr(path, ?2) WHERE account = ?3 AND"
               " substr(path, 1, length(?4)) = ?4",
               T(path), I(g_utf8_strlen(old_path, -1) + 1), I(account), T(old_prefix));
    return error_settle(error, cause);
}

/* --- checks */

/* As it is kept; NULL: not a name. (transfer full) */
static char *clean_name(const char *name, char delimiter)
{
    g_autofree char *clean = name != NULL ? g_utf8_normalize(name, -1, G_NORMALIZE_NFC) : NULL;
    if (clean == NULL || clean[0] == '\0' || strlen(clean) > STORE_MAILBOX_NAME_MAX)
        return NULL;
    for (char *at = clean; *at != '\0'; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)) || *at == delimiter)
            return NULL;
    /* Servers strip blanks, silently: then it would be another folder. */
    g_autofree char *stripped = g_strstrip(g_strdup(clean));
    return strcmp(stripped, clean) == 0 ? g_steal_pointer(&clean) : NULL;
}

static bool parent_is_valid(struct tx *tx, struct change *change, int64_t mailbox, int64_t parent,
                            GError **error)
{
    int depth = 0;
    for (int64_t at = parent; at != 0; depth++) {
        struct folder folder;
        GError *missing = NULL;
        if (at == mailbox || depth >= STORE_MAILBOX_DEPTH_MAX)
            return refuse(change, ERROR_INVALID, "parentId",
                          at == mailbox ? "a mailbox cannot be below itself" : "too deep", error);
        if (!load_folder(tx, change, at, &folder, &missing)) {
            g_clear_error(&missing);
            return refuse(change, ERROR_INVALID, "parentId", "no such mailbox", error);
        }
        at = folder.parent;
        bool flat = folder.delimiter == '\0';
        folder_clear(&folder);
        if (flat)
            return refuse(change, ERROR_INVALID, "parentId", "the server's folders have no levels",
                          error);
    }
    return true;
}

static bool place_is_free(struct tx *tx, struct change *change, int64_t mailbox, int64_t parent,
                          const char *name, GError **error)
{
    bool inbox = parent == 0 && g_ascii_strcasecmp(name, "INBOX") == 0;
    if (!inbox && DB_NUMBER(tx->db, error, 0,
                            "SELECT EXISTS(SELECT 1 FROM mailbox WHERE account = ? AND parent = ?"
                            " AND name = ? AND id <> ?)",
                            I(change->account), I(parent), T(name), I(mailbox)) == 0)
        return true;
    return refuse(change, ERROR_INVALID, "name", "there is a mailbox of this name already", error);
}

static bool role_is_free(struct tx *tx, struct change *change, int64_t mailbox, enum mail_role role,
                         GError **error)
{
    if (role == MAIL_ROLE_NONE)
        return true;
    if (role != MAIL_ROLE_INBOX &&
        DB_NUMBER(tx->db, error, 0,
                  "SELECT EXISTS(SELECT 1 FROM mailbox WHERE account = ? AND role = ? AND id <> ?"
                  " AND place <> ?)",
                  I(change->account), I(role), I(mailbox), I(FOLDER_LEAVING)) == 0)
        return true;
    return refuse(change, ERROR_INVALID, "role", "another mailbox has this role", error);
}

/* --- intents */

struct wish {
    enum store_folder_change kind;
    const char *name, *old_name;
    int64_t parent, old_parent;
    bool on;
};

static bool add_intent(struct tx *tx, const struct change *change, int64_t mailbox,
                       const struct wish *wish, GError **error)
{
    tx_tell(tx, change->account, STORE_INTENT);
    return DB_RUN(tx->db, error,
                  "INSERT INTO folder_intent(account, mailbox, kind, name, parent, old_name,"
                  " old_parent, yes, created) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  I(change->account), I(mailbox), I(wish->kind), T(wish->name), I(wish->parent),
                  T(wish->old_name), I(wish->old_parent), I(wish->on), I(clock_wall()));
}

/* What somebody whom the account is shared with wishes to see; the server is not told. */
static bool keep_subscription(struct tx *tx, const struct change *change, bool on, GError **error)
{
    const char *sql = on ? "INSERT OR IGNORE INTO subscription(user, mailbox) VALUES(?, ?)"
                         : "DELETE FROM subscription WHERE user = ? AND mailbox = ?";
    int64_t user = store_principal_user(store_access_principal(change->access));
    return DB_RUN(tx->db, error, sql, I(user), I(change->id));
}

/* --- create */

/* The delimiter of new folders at the top level; 0 also where names have no levels. */
static bool top_delimiter(struct tx *tx, struct change *change, char *delimiter, GError **error)
{
    int64_t found = DB_NUMBER(tx->db, error, -1,
                              "SELECT delimiter FROM mailbox WHERE account = ? AND place <> ? ORDER"
                              " BY role <> ? LIMIT 1",
                              I(change->account), I(FOLDER_LEAVING), I(MAIL_ROLE_INBOX));
    if (found < 0)
        return refuse(change, ERROR_FORBIDDEN, NULL, "the folders of this mailbox are not here yet",
                      error);
    *delimiter = (char)found;
    return true;
}

static bool insert_folder(struct tx *tx, struct change *change, const char *name, char delimiter,
                          GError **error)
{
    const struct store_mailbox_patch *patch = change->patch;
    enum mail_role role = patch->has_role ? patch->role : MAIL_ROLE_NONE;
    bool subscribed = !patch->has_subscribed || patch->subscribed;
    g_autofree char *path = path_below(tx, patch->parent, delimiter, name, error);
    /* Until the server has it: a name that no server has. */
    g_autofree char *raw = g_strdup_printf("\001%" G_GINT64_FORMAT, tx_new_id(tx));
    if (strlen(path) > PATH_MAX_BYTES)
        return refuse(change, ERROR_INVALID, "name", "the whole path is too long", error);
    if (!DB_RUN(tx->db, error,
                "INSERT INTO mailbox(account, parent, name, raw_name, path, delimiter, role,"
                " sort_order, subscribed, selectable, sync, uidvalidity, uidnext, highestmodseq,"
                " server_count, skipped, checked_at, headers_done, role_set, sort_set, place)"
                " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1, 0, 0, 0, 0, 0, 0, 0, ?, ?, ?)",
                I(change->account), I(patch->parent), T(name), T(raw), T(path), I(delimiter),
                I(role), I(patch->sort_order), I(subscribed), N(role), I(patch->sort_order),
                I(FOLDER_NEW)))
        return false;
    change->id = sqlite3_last_insert_rowid(tx->db->handle);
    tx_change(tx, change->account, STORE_MAILBOX, change->id, CHANGE_CREATED);
    struct wish wish = {.kind = STORE_FOLDER_CREATE,
                        .name = name,
                        .parent = patch->parent,
                        .on = subscribed};
    return (access_is_own(tx->db, change->access, change->account) ||
            keep_subscription(tx, change, subscribed, error)) &&
           add_intent(tx, change, change->id, &wish, error);
}

static bool create_folder(struct tx *tx, void *arg, GError **error)
{
    struct change *change = arg;
    const struct store_mailbox_patch *patch = change->patch;
    char delimiter;
    change->property = NULL;
    if (!top_delimiter(tx, change, &delimiter, error))
        return false;
    g_autofree char *name = clean_name(patch->name, delimiter);
    if (name == NULL)
        return refuse(change, ERROR_INVALID, "name", "not a name for a mailbox", error);
    if (!quotas_leave_room(tx->db, change->account, STORE_QUOTA_MAILBOXES, 1))
        return refuse(change, ERROR_OVER_QUOTA, NULL, "the mail server takes no more folders",
                      error);
    return parent_is_valid(tx, change, 0, patch->parent, error) &&
           place_is_free(tx, change, 0, patch->parent, name, error) &&
           (!patch->has_role || role_is_free(tx, change, 0, patch->role, error)) &&
           insert_folder(tx, change, name, delimiter, error);
}

static bool ask_anew(struct tx *tx, void *arg, GError **error)
{
    const struct change *change = arg;
    return quotas_ask_anew(tx, change->account, error);
}

int64_t store_mailbox_create(const struct store_access *access,
                             const struct store_mailbox_patch *patch, const char **property,
                             GError **error)
{
    struct change change = change_of(access, 0, patch);
    struct store *store = store_access_store(access);
    GError *cause = NULL;
    bool ok = access_require(access, STORE_WRITE, &cause) &&
              store_write(store, STORE_LANE_INTERACTIVE, create_folder, &change, &cause);
    *property = change.property;
    if (ok)
        return change.id;
    if (error_is(cause, ERROR_OVER_QUOTA))
        store_write(store, STORE_LANE_INTERACTIVE, ask_anew, &change, NULL);
    g_propagate_error(error, cause);
    return 0;
}

/* --- update */

static bool rename_folder(struct tx *tx, struct change *change, const struct folder *folder,
                          GError **error)
{
    const struct store_mailbox_patch *patch = change->patch;
    int64_t parent = patch->has_parent ? patch->parent : folder->parent;
    g_autofree char *name =
        patch->has_name ? clean_name(patch->name, folder->delimiter) : g_strdup(folder->name);
    if (name == NULL)
        return refuse(change, ERROR_INVALID, "name", "not a name for a mailbox", error);
    if (strcmp(name, folder->name) == 0 && parent == folder->parent)
        return true;
    if (folder->role == MAIL_ROLE_INBOX)
        return refuse(change, ERROR_FORBIDDEN, NULL, "the inbox keeps its name", error);
    if (!parent_is_valid(tx, change, folder->id, parent, error) ||
        !place_is_free(tx, change, folder->id, parent, name, error) ||
        !folder_place_below(tx, change->account, folder->id, name, parent, error))
        return false;
    struct wish wish = {.kind = STORE_FOLDER_RENAME,
                        .name = name,
                        .parent = parent,
                        .old_name = folder->name,
                        .old_parent = folder->parent};
    return add_intent(tx, change, folder->id, &wish, error);
}

static bool correct_role(struct tx *tx, struct change *change, const struct folder *folder,
                         GError **error)
{
    enum mail_role role = change->patch->role;
    if (role == folder->role)
        return true;
    if (folder->role == MAIL_ROLE_INBOX)
        return refuse(change, ERROR_INVALID, "role", "the inbox keeps its role", error);
    tx_change(tx, change->account, STORE_MAILBOX, folder->id, CHANGE_UPDATED);
    return role_is_free(tx, change, folder->id, role, error) &&
           DB_RUN(tx->db, error, "UPDATE mailbox SET role = ?, role_set = ? WHERE id = ?", I(role),
                  I(role != MAIL_ROLE_NONE ? (int)role : -(int)folder->role), I(folder->id)) &&
           mailbox_role_changed(tx, change->account, folder->id, folder->role, role, error);
}

static bool set_order(struct tx *tx, const struct change *change, GError **error)
{
    tx_change(tx, change->account, STORE_MAILBOX, change->id, CHANGE_UPDATED);
    return DB_RUN(tx->db, error, "UPDATE mailbox SET sort_order = ?1, sort_set = ?1 WHERE id = ?2",
                  I(change->patch->sort_order), I(change->id));
}

static bool subscribe(struct tx *tx, const struct change *change, const struct folder *folder,
                      GError **error)
{
    bool on = change->patch->subscribed;
    bool own = access_is_own(tx->db, change->access, change->account);
    if (own && on == folder->subscribed)
        return true;
    tx_change(tx, change->account, STORE_MAILBOX, folder->id, CHANGE_UPDATED);
    if (!own)
        return keep_subscription(tx, change, on, error);
    return DB_RUN(tx->db, error, "UPDATE mailbox SET subscribed = ? WHERE id = ?", I(on),
                  I(folder->id)) &&
           add_intent(tx, change, folder->id,
                      &(struct wish){.kind = STORE_FOLDER_SUBSCRIBE, .on = on}, error);
}

static bool update_folder(struct tx *tx, void *arg, GError **error)
{
    struct change *change = arg;
    const struct store_mailbox_patch *patch = change->patch;
    struct folder folder;
    change->property = NULL;
    if (!load_folder(tx, change, change->id, &folder, error))
        return false;
    bool ok =
        ((!patch->has_name && !patch->has_parent) || rename_folder(tx, change, &folder, error)) &&
        (!patch->has_role || correct_role(tx, change, &folder, error)) &&
        (!patch->has_sort_order || set_order(tx, change, error)) &&
        (!patch->has_subscribed || subscribe(tx, change, &folder, error));
    folder_clear(&folder);
    return ok;
}

bool store_mailbox_update(const struct store_access *access, int64_t id,
                          const struct store_mailbox_patch *patch, const char **property,
                          GError **error)
{
    struct change change = change_of(access, id, patch);
    bool ok = access_require(access, STORE_WRITE, error) &&
              store_write(store_access_store(access), STORE_LANE_INTERACTIVE, update_folder,
                          &change, error);
    *property = change.property;
    return ok;
}

/* --- update of several whose names go round */

struct exchange {
    const struct store_access *access;
    const struct store_mailbox_change *list;
    size_t count;
};

/* Gives up its name for one that is free there. */
static bool step_aside(struct tx *tx, const struct exchange *exchange, GError **error)
{
    struct store_mailbox_patch patch = {.has_name = true};
    struct change change = change_of(exchange->access, exchange->list[0].id, &patch);
    struct folder folder;
    GError *cause = NULL;
    if (!load_folder(tx, &change, change.id, &folder, error))
        return false;
    for (int i = 2; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("%s (%d)", folder.name, i);
        patch.name = name;
        change.property = NULL;
        g_clear_error(&cause);
        if (rename_folder(tx, &change, &folder, &cause) || g_strcmp0(change.property, "name") != 0)
            break;
    }
    folder_clear(&folder);
    return error_settle(error, cause);
}

static bool exchange_folders(struct tx *tx, void *arg, GError **error)
{
    const struct exchange *exchange = arg;
    if (!step_aside(tx, exchange, error))
        return false;
    for (size_t i = exchange->count; i > 0; i--) {
        const struct store_mailbox_change *one = &exchange->list[i - 1];
        struct change change = change_of(exchange->access, one->id, &one->patch);
        if (!update_folder(tx, &change, error))
            return false;
    }
    return true;
}

bool store_mailboxes_exchange(const struct store_access *access,
                              const struct store_mailbox_change *list, size_t count, GError **error)
{
    struct exchange exchange = {access, list, count};
    return access_require(access, STORE_WRITE, error) &&
           store_write(store_access_store(access), STORE_LANE_INTERACTIVE, exchange_folders,
                       &exchange, error);
}

/* --- destroy */

static bool must_stay(struct tx *tx, struct change *change, const struct folder *folder,
                      GError **error)
{
    if (folder->role == MAIL_ROLE_INBOX)
        return !refuse(change, ERROR_FORBIDDEN, NULL, "the inbox stays", error);
    if (DB_NUMBER(tx->db, error, 1,
                  "SELECT EXISTS(SELECT 1 FROM mailbox WHERE parent = ? AND account = ? AND place"
                  " <> ?)",
                  I(folder->id), I(change->account), I(FOLDER_LEAVING)) != 0)
        return !refuse(change, ERROR_CONFLICT, "mailboxHasChild", "it has mailboxes below it",
                       error);
    if (!change->remove_emails &&
        DB_NUMBER(tx->db, error, 1, "SELECT EXISTS(SELECT 1 FROM member WHERE mailbox = ?)",
                  I(folder->id)) != 0)
        return !refuse(change, ERROR_CONFLICT, "mailboxHasEmail", "it holds emails", error);
    return false;
}

/* Its CREATE was never begun: nobody else knows of it. */
static bool is_only_here(struct tx *tx, const struct folder *folder)
{
    return folder->place == FOLDER_NEW &&
           DB_NUMBER(tx->db, NULL, 1,
                     "SELECT EXISTS(SELECT 1 FROM folder_intent WHERE mailbox = ? AND begun = 1)",
                     I(folder->id)) == 0;
}

static bool destroy_folder(struct tx *tx, void *arg, GError **error)
{
    struct change *change = arg;
    struct folder folder;
    change->property = NULL;
    if (!load_folder(tx, change, change->id, &folder, error))
        return false;
    bool here = is_only_here(tx, &folder);
    bool ok = !must_stay(tx, change, &folder, error);
    if (ok) {
        tx_change(tx, change->account, STORE_MAILBOX, folder.id, CHANGE_DESTROYED);
        ok = DB_RUN(tx->db, error, "UPDATE mailbox SET place = ?, role = 0 WHERE id = ?",
                    I(FOLDER_LEAVING), I(folder.id)) &&
             mailbox_drop_members(tx, folder.id, error) &&
             (here ? mailbox_forget(tx, change->account, folder.id, error)
                   : add_intent(tx, change, folder.id, &(struct wish){.kind = STORE_FOLDER_DELETE},
                                error)) &&
             (folder.role != MAIL_ROLE_TRASH || counts_recount_account(tx, change->account, error));
    }
    folder_clear(&folder);
    return ok;
}

bool store_mailbox_destroy(const struct store_access *access, int64_t id, bool remove_emails,
                           const char **property, GError **error)
{
    struct change change = change_of(access, id, NULL);
    change.remove_emails = remove_emails;
    bool ok = access_require(access, STORE_WRITE, error) &&
              store_write(store_access_store(access), STORE_LANE_INTERACTIVE, destroy_folder,
                          &change, error);
    *property = change.property;
    return ok;
}
