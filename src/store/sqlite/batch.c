#include "store/sqlite/batch.h"

#include "store/sqlite/fts.h"

#include <string.h>

#define THREAD_IDS_MAX 64

static void free_op(gpointer pointer)
{
    struct batch_op *op = pointer;
    mail_flags_clear(&op->flags);
    g_free(op->reason);
    g_clear_pointer(&op->marks, store_remote_mailbox_free);
    g_clear_pointer(&op->summary, g_bytes_unref);
    g_clear_pointer(&op->packed, g_bytes_unref);
    terms_clear(&op->terms);
    g_free(op->emailid);
    mail_report_free(op->report);
    g_free(op->answer_to);
    g_clear_pointer(&op->from, g_ptr_array_unref);
    g_clear_pointer(&op->to, g_ptr_array_unref);
    g_clear_pointer(&op->thread_ids, g_array_unref);
    g_free(op);
}

void store_index_clear(struct store_index *index)
{
    char *texts[] = {index->subject,   index->from,    index->to,     index->cc,
                     index->bcc,       index->body,    index->quoted, index->other,
                     index->filenames, index->contents};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    *index = (struct store_index){0};
}

struct store_batch *store_batch_new(struct store *store, int64_t account)
{
    struct store_batch *batch = g_new0(struct store_batch, 1);
    batch->store = store;
    batch->account = account;
    batch->ops = g_ptr_array_new_with_free_func(free_op);
    batch->places = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    batch->words = g_array_new(FALSE, FALSE, sizeof(struct batch_words));
    batch->unkept = g_array_new(FALSE, FALSE, sizeof(struct batch_unkept));
    return batch;
}

void store_batch_free(struct store_batch *batch)
{
    if (batch == NULL)
        return;
    if (batch->job != NULL)
        store_batch_finish(batch, NULL, NULL);
    g_array_unref(batch->words);
    g_array_unref(batch->unkept);
    g_ptr_array_unref(batch->ops);
    g_hash_table_destroy(batch->places);
    g_free(batch);
}

static const struct batch_unkept *unkept_of(const struct store_batch *batch, int64_t mailbox)
{
    for (guint i = batch->unkept->len; i > 0; i--) {
        const struct batch_unkept *unkept =
            &g_array_index(batch->unkept, struct batch_unkept, i - 1);
        if (unkept->mailbox == mailbox)
            return unkept;
    }
    return NULL;
}

void store_batch_keeps(struct store_batch *batch, int64_t mailbox, bool keywords,
                       uint32_t permanent_bits)
{
    const uint32_t keepable =
        MAIL_ANSWERED | MAIL_FORWARDED | MAIL_MDN_SENT | MAIL_JUNK | MAIL_NOT_JUNK;
    const struct batch_unkept unkept = {mailbox, !keywords,
                                        keywords ? 0 : keepable & ~permanent_bits};
    const struct batch_unkept *known = unkept_of(batch, mailbox);
    if (known == NULL || known->keywords != unkept.keywords || known->bits != unkept.bits)
        g_array_append_val(batch->unkept, unkept);
}

void batch_keep_unkept(const struct store_batch *batch, int64_t mailbox, struct mail_flags *flags,
                       const struct mail_flags *known)
{
    const struct batch_unkept *unkept = unkept_of(batch, mailbox);
    if (unkept == NULL)
        return;
    flags->bits |= known->bits & unkept->bits;
    for (char **word = known->keywords; unkept->keywords && word != NULL && *word != NULL; word++)
        mail_flags_set(flags, *word, true);
}

static struct batch_op *add_op(struct store_batch *batch, enum batch_kind kind, int64_t mailbox,
                               uint32_t uid)
{
    struct batch_op *op = g_new0(struct batch_op, 1);
    op->kind = kind;
    op->mailbox = mailbox;
    op->uid = uid;
    g_ptr_array_add(batch->ops, op);
    batch->bytes += sizeof *op;
    return op;
}

static void add_id(const struct store *store, GArray *ids, const char *id)
{
    int64_t hash = id_hash(store, id);
    if (id[0] != '\0' && !ids_hold(ids, hash))
        g_array_append_val(ids, hash);
}

GArray *batch_thread_ids(const struct store *store, const struct mail_summary *summary)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    guint count = summary->references != NULL ? g_strv_length(summary->references) : 0;
    if (summary->message_id != NULL)
        add_id(store, ids, summary->message_id);
    if (summary->original_id != NULL)
        add_id(store, ids, summary->original_id);
    for (char **id = summary->in_reply_to; id != NULL && *id != NULL && ids->len < 16; id++)
        add_id(store, ids, *id);
    /* The first and the last ones tell the most; the last is the nearest. */
    for (guint i = count; i > 0; i--)
        if (i == 1 || count - i < THREAD_IDS_MAX)
            add_id(store, ids, summary->references[i - 1]);
    return ids;
}

int64_t batch_msgid(const struct store *store, const struct mail_summary *summary,
                    int64_t received_at, uint64_t size)
{
    if (summary->message_id != NULL && summary->message_id[0] != '\0')
        return id_hash(store, summary->message_id);
    g_autofree char *stand_in =
        g_strdup_printf("\n%" G_GINT64_FORMAT "\n%" G_GUINT64_FORMAT "\n%s", received_at, size,
                        summary->subject != NULL ? summary->subject : "");
    return id_hash(store, stand_in);
}

int64_t batch_subject(const struct store *store, const struct mail_summary *summary)
{
    return id_hash(store, summary->base_subject != NULL ? summary->base_subject : "");
}

static void prepare_raw(struct store *store, int64_t account, struct batch_op *op,
                        const struct store_batch_message *message)
{
    op->has_raw = true;
    op->packed = blob_pack(store, account, message->raw);
    op->report = mail_report_copy(message->report);
    op->answer_to = g_strdup(message->answer_to);
    op->unread = message->unread;
    if (message->index != NULL)
        terms_make(account, message->index, &op->terms);
}

struct batch_op *store_batch_prepare(struct store *store, int64_t account,
                                     const struct store_batch_message *message)
{
    const struct mail_summary *summary = message->summary;
    struct batch_op *op = g_new0(struct batch_op, 1);
    op->kind = BATCH_MESSAGE;
    op->mailbox = message->mailbox;
    op->uid = message->uid;
    op->uidvalidity = message->uidvalidity;
    mail_flags_copy(&op->flags, &message->flags);
    op->received_at = message->received_at;
    op->size = message->size;
    op->summary = summary_pack(summary);
    op->attachment = summary->has_attachment;
    op->emailid = g_strdup(message->emailid);
    op->msgid = batch_msgid(store, summary, message->received_at, message->size);
    op->original = summary->original_id != NULL ? id_hash(store, summary->original_id) : 0;
    op->subject = batch_subject(store, summary);
    op->thread_ids = batch_thread_ids(store, summary);
    op->unreadable = message->unreadable;
    op->from = contacts_of((const struct mail_addresses *const[]){&summary->from}, 1);
    op->to = contacts_of((const struct mail_addresses *const[]){&summary->to, &summary->cc,
                                                                &summary->bcc},
                         3);
    if (message->raw != NULL)
        prepare_raw(store, account, op, message);
    return op;
}

static size_t op_bytes(const struct batch_op *op)
{
    size_t bytes = sizeof *op + g_bytes_get_size(op->summary);
    if (op->packed != NULL)
        bytes += g_bytes_get_size(op->packed);
    return op->terms.text != NULL ? bytes + strlen(op->terms.text) : bytes;
}

void store_batch_add(struct store_batch *batch, struct batch_op *op)
{
    g_ptr_array_add(batch->ops, op);
    batch->bytes += op_bytes(op);
}

void store_batch_message(struct store_batch *batch, const struct store_batch_message *message)
{
    store_batch_add(batch, store_batch_prepare(batch->store, batch->account, message));
}

void store_batch_flags(struct store_batch *batch, int64_t mailbox, uint32_t uid,
                       const struct mail_flags *flags)
{
    mail_flags_copy(&add_op(batch, BATCH_FLAGS, mailbox, uid)->flags, flags);
}

void store_batch_vanished(struct store_batch *batch, int64_t mailbox, uint32_t uid)
{
    add_op(batch, BATCH_VANISHED, mailbox, uid);
}

void store_batch_skipped(struct store_batch *batch, int64_t mailbox, uint32_t uidvalidity,
                         uint32_t uid, const char *reason)
{
    struct batch_op *op = add_op(batch, BATCH_SKIPPED, mailbox, uid);
    op->uidvalidity = uidvalidity;
    op->reason = g_strdup(reason != NULL ? reason : "");
}

void store_batch_mark(struct store_batch *batch, const struct store_remote_mailbox *mailbox)
{
    struct store_remote_mailbox *marks = g_memdup2(mailbox, sizeof *mailbox);
    marks->raw_name = marks->name = NULL;
    marks->object_id = g_strdup(mailbox->object_id);
    add_op(batch, BATCH_MARK, mailbox->id, 0)->marks = marks;
}

void store_batch_round(struct store_batch *batch)
{
    add_op(batch, BATCH_ROUND, 0, 0);
}

void store_batch_sweep(struct store_batch *batch)
{
    batch->sweeps = true;
}

size_t store_batch_bytes(const struct store_batch *batch)
{
    return batch->bytes;
}

static bool load_places(struct tx *tx, struct store_batch *batch, GError **error)
{
    GError *cause = NULL;
    g_hash_table_remove_all(batch->places);
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause,
                                 "SELECT mailbox.id, uidvalidity, role, headers_done, seen_email "
                                 "FROM mailbox JOIN account ON"
                                 " account.id = mailbox.account WHERE account = ? AND removing = 0",
                                 I(batch->account));
    while (db_step(tx->db, row, &cause)) {
        struct batch_place *place = g_new0(struct batch_place, 1);
        place->id = db_int(row, 0);
        place->uidvalidity = (uint32_t)db_int(row, 1);
        place->role = (enum mail_role)db_int(row, 2);
        place->headers_done = db_int(row, 3) != 0;
        place->seen_email = db_int(row, 4);
        g_hash_table_insert(batch->places, &place->id, place);
    }
    return error_settle(error, cause);
}

/* A mailbox that was only listed so far learns its UIDVALIDITY from its first message. */
static bool learn_uidvalidity(struct tx *tx, struct batch_place *place, const struct batch_op *op,
                              GError **error)
{
    if (place == NULL || place->uidvalidity != 0 || op->uidvalidity == 0)
        return true;
    place->uidvalidity = op->uidvalidity;
    return DB_RUN(tx->db, error, "UPDATE mailbox SET uidvalidity = ? WHERE id = ?",
                  I(op->uidvalidity), I(place->id));
}

static bool apply_op(struct tx *tx, struct store_batch *batch, struct batch_op *op, GError **error)
{
    struct batch_place *place = g_hash_table_lookup(batch->places, &op->mailbox);
    if (op->kind == BATCH_ROUND)
        return batch_round(tx, batch, error);
    if (!learn_uidvalidity(tx, place, op, error))
        return false;
    /* The mailbox went, or its UIDs mean something else by now. */
    if (place == NULL || (op->uidvalidity != 0 && op->uidvalidity != place->uidvalidity))
        return true;
    switch (op->kind) {
    case BATCH_MESSAGE:
        return batch_message(tx, batch, op, error);
    case BATCH_FLAGS:
        return batch_flags(tx, batch, op, error);
    case BATCH_VANISHED:
        place->left = true;
        return batch_vanished(tx, batch, op, error);
    case BATCH_SKIPPED:
        return batch_skipped(tx, batch, op, error);
    case BATCH_MARK:
        return batch_mark(tx, batch, place, op, error);
    case BATCH_ROUND:
        break;
    }
    return true;
}

static int compare_ords(gconstpointer left, gconstpointer right)
{
    const struct batch_words *a = left, *b = right;
    return a->ord < b->ord ? -1 : a->ord > b->ord;
}

static bool index_words(struct tx *tx, struct store_batch *batch, GError **error)
{
    g_autoptr(GArray) fresh = g_array_new(FALSE, FALSE, sizeof(struct batch_words));
    for (guint i = 0; i < batch->words->len; i++) {
        struct batch_words *words = &g_array_index(batch->words, struct batch_words, i);
        bool is_fresh = false;
        if (!fts_mark(tx, words->email, &words->op->terms, &is_fresh, error))
            return false;
        if (!is_fresh)
            continue;
        g_array_append_val(fresh, *words);
        if (words->op->unread &&
            !attachments_queue(tx, batch->account, words->email, words->ord, error))
            return false;
    }
    g_array_set_size(batch->words, 0);
    g_array_sort(fresh, compare_ords);
    for (guint i = 0; i < fresh->len; i++) {
        const struct batch_words *words = &g_array_index(fresh, struct batch_words, i);
        if (!fts_index(tx, batch->account, words->ord, &words->op->terms, error))
            return false;
    }
    return true;
}

static bool adopt_twins(struct tx *tx, struct store_batch *batch, GError **error)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, batch->places);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct batch_place *place = value;
        if (place->left && !twins_adopt(tx, batch, batch->account, place->id, place->seen_email,
                                        &batch->result.matched, error))
            return false;
    }
    return true;
}

/* As many as there are, unless somebody waits: each message stands on its own. */
static bool apply(struct tx *tx, void *arg, GError **error)
{
    struct store_batch *batch = arg;
    guint at = batch->at;
    if (at == 0)
        batch->result = (struct store_batch_result){0};
    g_array_set_size(batch->words, 0);
    if (!load_places(tx, batch, error))
        return false;
    for (bool yield = false; at < batch->ops->len && !yield; yield = tx_should_yield(tx)) {
        struct batch_op *op = batch->ops->pdata[at++];
        /* What is taken away must be in the index as a whole. */
        bool adds = op->kind == BATCH_MESSAGE || op->kind == BATCH_FLAGS;
        if ((!adds && !index_words(tx, batch, error)) || !apply_op(tx, batch, op, error))
            return false;
    }
    if (!index_words(tx, batch, error) || !adopt_twins(tx, batch, error))
        return false;
    batch->at = at;
    tx->again = at < batch->ops->len;
    return true;
}

bool store_batch_is_under_way(const struct store_batch *batch)
{
    return batch->job != NULL && !store_write_is_done(batch->store, batch->job);
}

void store_batch_start(struct store_batch *batch, enum store_lane lane)
{
    g_assert(batch->job == NULL);
    if (batch->ops->len > 0)
        batch->job = store_write_start(batch->store, lane, apply, batch);
}

bool store_batch_finish(struct store_batch *batch, struct store_batch_result *result,
                        GError **error)
{
    bool ok =
        batch->job == NULL || store_write_finish(batch->store, g_steal_pointer(&batch->job), error);
    if (ok && batch->sweeps) {
        ok = sweep_run(batch->store, batch->account, error);
        housekeeping_run(batch->store, NULL);
    }
    if (result != NULL)
        *result = ok ? batch->result : (struct store_batch_result){0};
    batch->result = (struct store_batch_result){0};
    g_ptr_array_set_size(batch->ops, 0);
    g_array_set_size(batch->unkept, 0);
    batch->bytes = 0;
    batch->at = 0;
    batch->sweeps = false;
    return ok;
}

bool store_batch_commit(struct store_batch *batch, enum store_lane lane,
                        struct store_batch_result *result, GError **error)
{
    store_batch_start(batch, lane);
    return store_batch_finish(batch, result, error);
}
