/* Email/set: items in one transaction, each with its own result; the intents follow from the plan
 * (plan.c). */
#include "store/sqlite/batch.h"

#include "store/sqlite/fts.h"
#include "store/sqlite/quotas.h"
#include "store/sqlite/submissions.h"
#include "store/sqlite/unified.h"

enum set_kind { SET_UPDATE, SET_CREATE, SET_DESTROY };
struct set_item {
    enum set_kind kind;
    int64_t id;
    struct store_email_patch patch; /* copies */
    /* of a create: */
    struct mail_flags flags;
    GArray *mailboxes;
    int64_t account;
    GBytes *summary;
    struct terms terms; /* text NULL: none */
    bool attachment, unread;
    int64_t blob, received_at, msgid, subject;
    uint64_t size;
    GArray *thread_ids;
    /* the result: */
    GError *error;
    const char *property;
    struct store_email created;
};
struct store_set {
    const struct store_access *access;
    struct store *store;
    uint64_t if_in_state, old_state, new_state;
    GPtrArray *items;
};

static void free_item(gpointer pointer)
{
    struct set_item *item = pointer;
    mail_flags_clear(&item->patch.flags);
    mail_flags_clear(&item->patch.add);
    mail_flags_clear(&item->patch.remove);
    g_clear_pointer(&item->patch.mailboxes, g_array_unref);
    g_clear_pointer(&item->patch.mailboxes_add, g_array_unref);
    g_clear_pointer(&item->patch.mailboxes_remove, g_array_unref);
    mail_flags_clear(&item->flags);
    g_clear_pointer(&item->mailboxes, g_array_unref);
    g_clear_pointer(&item->summary, g_bytes_unref);
    terms_clear(&item->terms);
    g_clear_pointer(&item->thread_ids, g_array_unref);
    g_clear_error(&item->error);
    g_free(item);
}

struct store_set *store_set_new(const struct store_access *access, uint64_t if_in_state)
{
    struct store_set *set = g_new0(struct store_set, 1);
    set->access = access;
    set->store = store_access_store(access);
    set->if_in_state = if_in_state;
    set->items = g_ptr_array_new_with_free_func(free_item);
    return set;
}

void store_set_free(struct store_set *set)
{
    if (set == NULL)
        return;
    g_ptr_array_unref(set->items);
    g_free(set);
}

static struct set_item *add_item(struct store_set *set, enum set_kind kind, int64_t id)
{
    struct set_item *item = g_new0(struct set_item, 1);
    item->kind = kind;
    item->id = id;
    g_ptr_array_add(set->items, item);
    return item;
}

static GArray *copy_ids(const GArray *ids)
{
    GArray *copy = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; ids != NULL && i < ids->len; i++)
        if (!ids_hold(copy, g_array_index(ids, int64_t, i)))
            g_array_append_val(copy, g_array_index(ids, int64_t, i));
    return copy;
}

size_t store_set_update(struct store_set *set, int64_t id, const struct store_email_patch *patch)
{
    struct set_item *item = add_item(set, SET_UPDATE, id);
    item->patch.replace_flags = patch->replace_flags;
    item->patch.replace_mailboxes = patch->replace_mailboxes;
    mail_flags_copy(&item->patch.flags, &patch->flags);
    mail_flags_copy(&item->patch.add, &patch->add);
    mail_flags_copy(&item->patch.remove, &patch->remove);
    item->patch.mailboxes = copy_ids(patch->mailboxes);
    item->patch.mailboxes_add = copy_ids(patch->mailboxes_add);
    item->patch.mailboxes_remove = copy_ids(patch->mailboxes_remove);
    return set->items->len - 1;
}

/* Read as every other message is; where nothing reads, it is not indexed. */
static void read_terms(const struct store *store, int64_t account, GBytes *message,
                       struct terms *terms)
{
    struct store_index index = {0};
    if (store->read_words == NULL || message == NULL)
        return;
    store->read_words(message, &index);
    terms_make(account, &index, terms);
    store_index_clear(&index);
}

size_t store_set_create(struct store_set *set, const struct store_new_email *email)
{
    struct set_item *item = add_item(set, SET_CREATE, 0);
    mail_flags_copy(&item->flags, &email->flags);
    item->flags.bits &= ~(uint32_t)MAIL_DELETED;
    item->mailboxes = copy_ids(email->mailboxes);
    item->account = email->account != 0 ? email->account : store_access_account(set->access);
    item->summary = summary_pack(email->summary);
    item->attachment = email->summary->has_attachment;
    item->unread = email->unread;
    item->blob = email->blob;
    item->received_at = email->received_at;
    item->size = email->size;
    item->msgid = batch_msgid(set->store, email->summary, email->received_at, email->size);
    item->subject = batch_subject(set->store, email->summary);
    item->thread_ids = batch_thread_ids(set->store, email->summary);
    read_terms(set->store, item->account, email->message, &item->terms);
    return set->items->len - 1;
}

size_t store_set_destroy(struct store_set *set, int64_t id)
{
    add_item(set, SET_DESTROY, id);
    return set->items->len - 1;
}

static bool refuse(struct set_item *item, enum error_code code, const char *property,
                   const char *why)
{
    error_set(&item->error, code, "%s", why);
    item->property = property;
    return true;
}

/* All are mailboxes of the account that may hold mail. */
static bool mailboxes_exist(struct tx *tx, int64_t account, const GArray *mailboxes)
{
    for (guint i = 0; i < mailboxes->len; i++)
        if (DB_NUMBER(tx->db, NULL, 0,
                      "SELECT 1 FROM mailbox WHERE id = ? AND account = ? AND selectable = 1 AND"
                      " (sync OR gone) AND place <> ?",
                      I(g_array_index(mailboxes, int64_t, i)), I(account), I(FOLDER_LEAVING)) != 1)
            return false;
    return true;
}

static bool keywords_valid(const struct mail_flags *flags)
{
    for (char **word = flags->keywords; word != NULL && *word != NULL; word++)
        if (!mail_keyword_is_valid(*word))
            return false;
    return true;
}

/* In the unified account the mailbox of a role means the account's own of that role. why: it has
 * none to put the email into. (transfer full) */
static GArray *real_ids(struct tx *tx, const struct store_set *set, int64_t account,
                        const GArray *asked, const char **why)
{
    if (!access_is_unified(set->access))
        return copy_ids(asked);
    g_autoptr(GArray) real = unified_real(tx->db, account, asked, NULL);
    if (why != NULL && real->len < asked->len)
        *why = "the email's account has no mailbox of that role";
    return copy_ids(real);
}

static GArray *wanted_mailboxes(struct tx *tx, const struct store_set *set, int64_t account,
                                const struct store_email_patch *patch, const GArray *now,
                                const char **why)
{
    g_autoptr(GArray) all = real_ids(tx, set, account, patch->mailboxes, why);
    g_autoptr(GArray) add = real_ids(tx, set, account, patch->mailboxes_add, why);
    g_autoptr(GArray) remove = real_ids(tx, set, account, patch->mailboxes_remove, NULL);
    GArray *wanted = copy_ids(patch->replace_mailboxes ? all : now);
    for (guint i = 0; i < add->len; i++)
        if (!ids_hold(wanted, g_array_index(add, int64_t, i)))
            g_array_append_val(wanted, g_array_index(add, int64_t, i));
    for (guint i = wanted->len; i > 0; i--)
        if (ids_hold(remove, g_array_index(wanted, int64_t, i - 1)))
            g_array_remove_index(wanted, i - 1);
    return wanted;
}

/* What is wrong with them; NULL: nothing. */
static const char *mailboxes_problem(struct tx *tx, const struct store_set *set, int64_t account,
                                     const GArray *wanted)
{
    if (wanted->len == 0)
        return "an email is in at least one mailbox";
    if (mailboxes_exist(tx, account, wanted))
        return NULL;
    for (guint i = 0; i < wanted->len; i++) {
        int64_t other = DB_NUMBER(tx->db, NULL, 0, "SELECT account FROM mailbox WHERE id = ?",
                                  I(g_array_index(wanted, int64_t, i)));
        if (other != account && access_rights(set->access, other) != 0)
            return "that mailbox is of another account: Email/copy brings an email there";
    }
    return "no such mailbox";
}

static bool move_members(struct tx *tx, const struct email_row *row, const GArray *now,
                         const GArray *wanted, GError **error)
{
    for (guint i = 0; i < wanted->len; i++) {
        int64_t mailbox = g_array_index(wanted, int64_t, i);
        if (!ids_hold(now, mailbox) && !email_add_member(tx, row, mailbox, error))
            return false;
    }
    for (guint i = 0; i < now->len; i++) {
        int64_t mailbox = g_array_index(now, int64_t, i);
        if (!ids_hold(wanted, mailbox) && !email_remove_member(tx, row, mailbox, error))
            return false;
    }
    return true;
}

/* What goes to the trash is not sent any more. */
static bool call_off_in_trash(struct tx *tx, int64_t email, const GArray *now, const GArray *wanted,
                              GError **error)
{
    GError *cause = NULL;
    for (guint i = 0; i < wanted->len && cause == NULL; i++) {
        int64_t mailbox = g_array_index(wanted, int64_t, i);
        if (!ids_hold(now, mailbox) && mailbox_role(tx->db, mailbox, &cause) == MAIL_ROLE_TRASH)
            outbox_call_off(tx, email, &cause);
    }
    return error_settle(error, cause);
}

static size_t keyword_count(const struct mail_flags *flags)
{
    return (size_t)__builtin_popcount(flags->bits) +
           (flags->keywords != NULL ? g_strv_length(flags->keywords) : 0);
}

/* It may keep as many as it has. */
static bool too_many_keywords(const struct mail_flags *before, const struct mail_flags *after)
{
    return keyword_count(after) > MAX(STORE_KEYWORDS_MAX, keyword_count(before));
}

static bool patch_email(struct tx *tx, struct store_set *set, struct set_item *item,
                        struct email_row *row, GError **error)
{
    const struct store_email_patch *patch = &item->patch;
    struct mail_flags flags = {0};
    GError *cause = NULL;
    const char *why = NULL;
    g_autoptr(GArray) now = email_members(tx->db, row->id, &cause);
    g_autoptr(GArray) wanted = wanted_mailboxes(tx, set, row->account, patch, now, &why);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    if (why == NULL)
        why = mailboxes_problem(tx, set, row->account, wanted);
    if (why != NULL)
        return refuse(item, ERROR_INVALID, "mailboxIds", why);
    mail_flags_copy(&flags, patch->replace_flags ? &patch->flags : &row->flags);
    flags_apply(&flags, &patch->add, &patch->remove);
    flags.bits &= ~(uint32_t)MAIL_DELETED;
    bool ok = true;
    if (!keywords_valid(&flags))
        refuse(item, ERROR_INVALID, "keywords", "not a valid keyword");
    else if (too_many_keywords(&row->flags, &flags))
        refuse(item, ERROR_TOO_LARGE, "keywords", "too many keywords");
    else
        ok = call_off_in_trash(tx, row->id, now, wanted, error) &&
             email_set_flags(tx, row, &flags, error) && move_members(tx, row, now, wanted, error) &&
             email_settle(tx, row->id, error);
    mail_flags_clear(&flags);
    return ok;
}

static bool destroy_email(struct tx *tx, struct email_row *row, GError **error)
{
    return outbox_call_off(tx, row->id, error) && email_hide(tx, row, error) &&
           email_settle(tx, row->id, error);
}

static bool change_email(struct tx *tx, struct store_set *set, struct set_item *item,
                         GError **error)
{
    struct email_row row;
    GError *cause = NULL;
    int64_t account, id = access_email(tx->db, set->access, item->id, &account);
    if (id == 0)
        return refuse(item, ERROR_NOT_FOUND, NULL, "no such email");
    if (!access_require_in(set->access, account, STORE_WRITE, NULL))
        return refuse(item, ERROR_FORBIDDEN, NULL, "its account may be read only");
    if (email_load(tx, id, &row, &cause)) {
        if (item->kind == SET_UPDATE)
            patch_email(tx, set, item, &row, &cause);
        else
            destroy_email(tx, &row, &cause);
    }
    email_row_clear(&row);
    return error_settle(error, cause);
}

/* Beside what the set has made in this account already. */
static bool has_room(struct tx *tx, const struct store_set *set, const struct set_item *item)
{
    uint64_t octets = item->size, emails = 1;
    for (guint i = 0; set->items->pdata[i] != item; i++) {
        const struct set_item *other = set->items->pdata[i];
        if (other->kind != SET_CREATE || other->error != NULL || other->account != item->account)
            continue;
        octets += other->size;
        emails++;
    }
    return quotas_leave_room(tx->db, item->account, STORE_QUOTA_OCTETS, octets) &&
           quotas_leave_room(tx->db, item->account, STORE_QUOTA_EMAILS, emails);
}

static bool create_email(struct tx *tx, struct store_set *set, struct set_item *item,
                         GError **error)
{
    const char *why = NULL;
    int64_t account = item->account;
    g_autoptr(GArray) mailboxes = real_ids(tx, set, account, item->mailboxes, &why);
    struct email_row row = {.account = account,
                            .received_at = item->received_at,
                            .size = (int64_t)item->size,
                            .estimate = (int64_t)item->size,
                            .blob = item->blob,
                            .state = STORE_EMAIL_READY,
                            .flags = item->flags,
                            .attachment = item->attachment,
                            .msgid = item->msgid,
                            .subject = item->subject};
    if (!access_require_in(set->access, account, STORE_WRITE, NULL))
        return refuse(item, ERROR_FORBIDDEN, NULL, "its account may be read only");
    if (why == NULL)
        why = mailboxes_problem(tx, set, account, mailboxes);
    if (why != NULL)
        return refuse(item, ERROR_INVALID, "mailboxIds", why);
    if (!keywords_valid(&item->flags))
        return refuse(item, ERROR_INVALID, "keywords", "not a valid keyword");
    if (DB_NUMBER(tx->db, NULL, 0, "SELECT 1 FROM blob WHERE id = ? AND account = ?", I(item->blob),
                  I(account)) != 1)
        return refuse(item, ERROR_NOT_FOUND, "blobId", "no such blob");
    if (!has_room(tx, set, item))
        return refuse(item, ERROR_OVER_QUOTA, NULL, "the mail server has no room for it");
    if (!blob_ref(tx, item->blob, 1, error) ||
        !email_insert(tx, &row, item->summary,
                      (const int64_t *)(const void *)item->thread_ids->data, item->thread_ids->len,
                      error))
        return false;
    for (guint i = 0; i < mailboxes->len; i++)
        if (!email_add_member(tx, &row, g_array_index(mailboxes, int64_t, i), error))
            return false;
    if (item->terms.text != NULL && !fts_add(tx, row.account, row.id, row.ord, &item->terms, error))
        return false;
    if (item->unread && !attachments_queue(tx, row.account, row.id, row.ord, error))
        return false;
    item->created = (struct store_email){.id = row.public_id,
                                         .thread = row.thread,
                                         .blob = row.blob,
                                         .state = row.state,
                                         .received_at = row.received_at,
                                         .size = item->size};
    tx_change(tx, row.account, STORE_EMAIL_DELIVERY, row.public_id, CHANGE_CREATED);
    return email_settle(tx, row.id, error);
}

static bool run_item(struct tx *tx, struct store_set *set, struct set_item *item, GError **error)
{
    g_clear_error(&item->error);
    item->property = NULL;
    return item->kind == SET_CREATE ? create_email(tx, set, item, error)
                                    : change_email(tx, set, item, error);
}

static bool ask_where_full(struct tx *tx, const struct store_set *set, GError **error)
{
    for (guint i = 0; i < set->items->len; i++) {
        const struct set_item *item = set->items->pdata[i];
        if (item->error != NULL && error_is(item->error, ERROR_OVER_QUOTA) &&
            !quotas_ask_anew(tx, item->account, error))
            return false;
    }
    return true;
}

static bool commit(struct tx *tx, void *arg, GError **error)
{
    struct store_set *set = arg;
    set->old_state = access_state(tx->db, set->access, STORE_EMAIL);
    if (set->old_state == 0 || (set->if_in_state != 0 && set->if_in_state != set->old_state)) {
        if (error != NULL && *error == NULL)
            error_set(error, set->old_state == 0 ? ERROR_NOT_FOUND : ERROR_CONFLICT,
                      set->old_state == 0 ? "no such account" : "the state is another one by now");
        return false;
    }
    for (guint i = 0; i < set->items->len; i++)
        if (!run_item(tx, set, set->items->pdata[i], error))
            return false;
    /* The log is written in this transaction, so its states are told by it. */
    if (!ask_where_full(tx, set, error) || !tx_finish(tx, error))
        return false;
    tx_written(tx);
    set->new_state = access_state(tx->db, set->access, STORE_EMAIL);
    return set->new_state != 0;
}

bool store_set_commit(struct store_set *set, uint64_t *old_state, uint64_t *new_state,
                      GError **error)
{
    if (!access_require(set->access, STORE_WRITE, error) ||
        !store_write(set->store, STORE_LANE_INTERACTIVE, commit, set, error))
        return false;
    if (old_state != NULL)
        *old_state = set->old_state;
    if (new_state != NULL)
        *new_state = set->new_state;
    return true;
}

const GError *store_set_error(const struct store_set *set, size_t item, const char **property)
{
    const struct set_item *found = set->items->pdata[item];
    if (property != NULL)
        *property = found->property;
    return found->error;
}

const struct store_email *store_set_created(const struct store_set *set, size_t item)
{
    const struct set_item *found = set->items->pdata[item];
    return found->kind == SET_CREATE && found->error == NULL ? &found->created : NULL;
}
