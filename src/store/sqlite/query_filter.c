#include "store/sqlite/query.h"

#include "store/sqlite/notes.h"
#include "store/sqlite/unified.h"

#include <string.h>

struct store_filter *store_filter_new(enum store_filter_kind kind)
{
    struct store_filter *filter = g_new0(struct store_filter, 1);
    filter->kind = kind;
    return filter;
}

static void free_child(gpointer filter, gpointer unused)
{
    (void)unused;
    store_filter_free(filter);
}

void store_filter_free(struct store_filter *filter)
{
    if (filter == NULL)
        return;
    if (filter->children != NULL) {
        g_ptr_array_set_free_func(filter->children, NULL);
        g_ptr_array_foreach(filter->children, free_child, NULL);
        g_ptr_array_unref(filter->children);
    }
    g_clear_pointer(&filter->ids, g_array_unref);
    g_free(filter->text);
    g_strfreev(filter->words);
    g_free(filter);
}

static guint child_count(const struct store_filter *filter)
{
    return filter->children != NULL ? filter->children->len : 0;
}

const GArray *query_mailboxes(struct query *query, const struct store_filter *filter)
{
    if (query->real == NULL)
        return filter->ids;
    GArray *ids = g_hash_table_lookup(query->real, filter);
    if (ids == NULL) {
        ids = unified_real(&query->reader->main, query->account, filter->ids, &query->error);
        g_hash_table_insert(query->real, (void *)(uintptr_t)filter, ids);
    }
    return ids;
}

/* One mailbox to walk; false: it takes a test. */
static bool plan_mailbox(struct query *query, const struct store_filter *filter)
{
    const GArray *ids = query_mailboxes(query, filter);
    if (ids != NULL && ids->len == 0)
        query->never = true;
    else if (ids != NULL && ids->len == 1 && query->mailbox == 0)
        query->mailbox = g_array_index(ids, int64_t, 0);
    else
        return false;
    return true;
}

/* Turns conditions that a stream can carry into the plan; the rest is tested email by email. */
static void plan_condition(struct query *query, const struct store_filter *filter)
{
    switch (filter->kind) {
    case STORE_NEVER:
        query->never = true;
        return;
    case STORE_IN_MAILBOX:
        if (plan_mailbox(query, filter))
            return;
        break;
    case STORE_BEFORE:
        /* What has run over into other seconds still counts: see is_before. */
        query->last = MIN(query->last, ORD_BEHIND(filter->number));
        break;
    case STORE_AFTER:
        query->first = MAX(query->first, ORD_FIRST_OF(filter->number));
        break;
    case STORE_NOT_KEYWORD:
        query->unseen = query->unseen || g_ascii_strcasecmp(filter->text, "$seen") == 0;
        break;
    case STORE_HAS_KEYWORD:
        query->flagged = query->flagged || g_ascii_strcasecmp(filter->text, "$flagged") == 0;
        query->worded = query->worded || mail_flag_of_keyword(filter->text) == 0;
        break;
    case STORE_HAS_NOTE:
    case STORE_NOTE_TEXT:
    case STORE_TODO_IS:
        query_notes_plan(query, filter);
        break;
    default:
        break;
    }
    g_ptr_array_add(query->tests, (void *)(uintptr_t)filter);
}

void query_plan(struct query *query, const struct store_filter *filter)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (filter == NULL)
        return;
    if (filter->kind == STORE_AND) {
        for (guint i = 0; i < child_count(filter); i++)
            query_plan(query, filter->children->pdata[i]);
    } else if (query_text_expression(query, filter, text)) {
        if (query->match->len > 0)
            g_string_append(query->match, " AND ");
        g_string_append_printf(query->match, "(%s)", text->str);
        g_ptr_array_add(query->worded_by, (void *)(uintptr_t)filter);
        query->beginnings = query->beginnings || query_has_beginning(filter);
        if (query_has_phrase(filter))
            g_ptr_array_add(filter->kind == STORE_OR ? query->tests : query->phrases,
                            (void *)(uintptr_t)filter);
    } else {
        plan_condition(query, filter);
    }
}

#define ROW "SELECT id, thread, bits, size, received_at, blob, attachment, state, words FROM email"

bool query_load_row(struct query *query, struct candidate *candidate)
{
    struct db *db = &query->reader->main;
    if (candidate->has_row)
        return true;
    sqlite3_stmt *row =
        candidate->email != 0
            ? DB_QUERY(db, &query->error, ROW " WHERE id = ? AND thread > 0", I(candidate->email))
            : DB_QUERY(db, &query->error, ROW " WHERE account = ? AND ord = ? AND thread > 0",
                       I(query->account), I(candidate->ord));
    if (!db_step(db, row, &query->error))
        return false;
    candidate->email = db_int(row, 0);
    candidate->thread = db_int(row, 1);
    candidate->bits = (uint32_t)db_int(row, 2);
    candidate->size = db_int(row, 3);
    candidate->received_at = db_int(row, 4);
    candidate->blob = db_int(row, 5);
    candidate->attachment = db_int(row, 6) != 0;
    g_free(query->candidate_words);
    candidate->state = (enum store_email_state)db_int(row, 7);
    query->candidate_words = db_text_copy(row, 8);
    candidate->words = query->candidate_words;
    candidate->has_row = true;
    db_done(row);
    return true;
}

bool query_has_keyword(struct query *query, struct candidate *candidate, const char *keyword)
{
    uint32_t bit = mail_flag_of_keyword(keyword);
    if (bit != 0 && candidate->email != 0)
        return (candidate->bits & bit) != 0;
    if (!query_load_row(query, candidate))
        return false;
    if (bit != 0)
        return (candidate->bits & bit) != 0;
    g_autofree char *folded = g_ascii_strdown(keyword, -1);
    return flags_words_has(candidate->words, folded);
}

bool query_thread_has(struct query *query, int64_t thread, const char *keyword, bool all)
{
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT " %d %s", thread, all, keyword);
    int known = GPOINTER_TO_INT(g_hash_table_lookup(query->thread_bits, key));
    if (known != 0)
        return known == 1;
    struct db *db = &query->reader->main;
    uint32_t bit = mail_flag_of_keyword(keyword);
    g_autofree char *folded = g_ascii_strdown(keyword, -1);
    unsigned with = 0, without = 0;
    sqlite3_stmt *row =
        DB_QUERY(db, &query->error, "SELECT bits, words FROM email WHERE thread = ?", I(thread));
    while (db_step(db, row, &query->error)) {
        bool has =
            bit != 0 ? (db_int(row, 0) & bit) != 0 : flags_words_has(db_text(row, 1), folded);
        with += has;
        without += !has;
    }
    bool answer = with > 0 && (!all || without == 0);
    g_hash_table_insert(query->thread_bits, g_steal_pointer(&key), GINT_TO_POINTER(answer ? 1 : 2));
    return answer;
}

static bool in_mailboxes(struct query *query, const struct store_filter *filter, int64_t ord)
{
    const GArray *ids = query_mailboxes(query, filter);
    for (guint i = 0; ids != NULL && i < ids->len; i++)
        if (DB_NUMBER(&query->reader->main, &query->error, 0,
                      "SELECT 1 FROM member JOIN mailbox ON mailbox.id = member.mailbox WHERE"
                      " mailbox = ? AND ord = ? AND account = ?",
                      I(g_array_index(ids, int64_t, i)), I(ord), I(query->account)) == 1)
            return true;
    return false;
}

static bool in_others(struct query *query, const struct store_filter *filter,
                      struct candidate *candidate)
{
    if (candidate->email == 0 && !query_load_row(query, candidate))
        return false;
    const GArray *ids = query_mailboxes(query, filter);
    g_autoptr(GArray) members =
        email_members(&query->reader->main, candidate->email, &query->error);
    for (guint i = 0; i < members->len; i++)
        if (ids == NULL || !ids_hold(ids, g_array_index(members, int64_t, i)))
            return true;
    return false;
}

static bool in_text(struct query *query, const struct store_filter *filter, int64_t ord)
{
    const GArray *ords = g_hash_table_lookup(query->texts, filter);
    guint low = 0, high = ords != NULL ? ords->len : 0;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        int64_t at = g_array_index(ords, int64_t, middle);
        if (at == ord)
            return true;
        if (at < ord)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool any_child(struct query *query, const struct store_filter *filter,
                      struct candidate *candidate)
{
    for (guint i = 0; i < child_count(filter); i++)
        if (query_test(query, filter->children->pdata[i], candidate))
            return true;
    return false;
}

static bool all_children(struct query *query, const struct store_filter *filter,
                         struct candidate *candidate)
{
    for (guint i = 0; i < child_count(filter); i++)
        if (!query_test(query, filter->children->pdata[i], candidate))
            return false;
    return true;
}

/* The place in the order tells, except near the time and outside the range of ord. */
static bool is_before(struct query *query, int64_t time, struct candidate *candidate)
{
    if (candidate->ord < ORD_FIRST_OF(time))
        return true;
    return query_load_row(query, candidate) && candidate->received_at < time;
}

static bool is_after(struct query *query, int64_t time, struct candidate *candidate)
{
    if (time < ORD_TIME_MAX && candidate->ord >= ORD_BEHIND(time))
        return true;
    return query_load_row(query, candidate) && candidate->received_at >= time;
}

/* Conditions on columns of the email's row. */
static bool test_row(struct query *query, const struct store_filter *filter,
                     struct candidate *candidate)
{
    if (!query_load_row(query, candidate))
        return false;
    switch (filter->kind) {
    case STORE_MIN_SIZE:
        return candidate->size >= filter->number;
    case STORE_MAX_SIZE:
        return candidate->size < filter->number;
    case STORE_HAS_ATTACHMENT:
        return candidate->attachment == (filter->number != 0);
    case STORE_ALL_IN_THREAD:
        return query_thread_has(query, candidate->thread, filter->text, true);
    case STORE_SOME_IN_THREAD:
        return query_thread_has(query, candidate->thread, filter->text, false);
    case STORE_NONE_IN_THREAD:
        return !query_thread_has(query, candidate->thread, filter->text, false);
    case STORE_HEADER:
        return query_header(query, filter, candidate);
    default:
        return false;
    }
}

bool query_test(struct query *query, const struct store_filter *filter, struct candidate *candidate)
{
    switch (filter->kind) {
    case STORE_AND:
        return all_children(query, filter, candidate);
    case STORE_OR:
        return any_child(query, filter, candidate);
    case STORE_NOT:
        return !any_child(query, filter, candidate);
    case STORE_IN_MAILBOX:
        return in_mailboxes(query, filter, candidate->ord);
    case STORE_IN_MAILBOX_OTHER_THAN:
        return in_others(query, filter, candidate);
    case STORE_HAS_KEYWORD:
        return query_has_keyword(query, candidate, filter->text);
    case STORE_NOT_KEYWORD:
        return !query_has_keyword(query, candidate, filter->text);
    case STORE_BEFORE:
        return is_before(query, filter->number, candidate);
    case STORE_AFTER:
        return is_after(query, filter->number, candidate);
    case STORE_TEXT:
    case STORE_FROM:
    case STORE_TO:
    case STORE_CC:
    case STORE_BCC:
    case STORE_SUBJECT:
    case STORE_BODY:
    case STORE_FILENAME:
        return in_text(query, filter, candidate->ord) &&
               (!query_has_phrase(filter) || query_phrase_holds(query, filter, candidate));
    case STORE_HAS_NOTE:
    case STORE_NOTE_TEXT:
    case STORE_TODO_IS:
        return query_notes_test(query, filter, candidate);
    default:
        return test_row(query, filter, candidate);
    }
}
