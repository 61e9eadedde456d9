/* Messages that come from the server, and how JMAP sees them. */
#include "store_mailbox_fixture.h"

#include <sqlite3.h>

static void a_message_is_listed_read_and_found(void)
{
    struct mail_fixture m;
    mail_open(&m);
    g_autoptr(GError) error = NULL;
    mail_put(&m, &(struct mail_spec){m.inbox, 1, "a@x", NULL, "Hello", "the body", 0, 1000, true,
                                     NULL});
    struct store_email *email = mail_get(&m, mail_only(&m, m.inbox));
    g_assert_cmpint(email->state, ==, STORE_EMAIL_PENDING);
    g_assert_cmpstr(email->summary->subject, ==, "Hello");
    g_assert_cmpint(email->blob, ==, 0);
    store_email_free(email);
    g_autoptr(GArray) pending = store_sync_pending(m.f.store, m.account, 10, &error);
    g_assert_cmpuint(pending->len, ==, 1);
    g_assert_cmpuint(g_array_index(pending, struct store_pending, 0).uid, ==, 1);
    struct store_batch_result result =
        mail_put(&m, &(struct mail_spec){m.inbox, 1, "a@x", NULL, "Hello", "the body", 0, 1000,
                                         false, NULL});
    g_assert_cmpuint(result.completed, ==, 1);
    email = mail_get(&m, mail_only(&m, m.inbox));
    g_assert_cmpint(email->state, ==, STORE_EMAIL_READY);
    struct store_access *access = mail_access(&m, STORE_READ);
    g_autoptr(GBytes) raw = store_blob(access, email->blob, &error);
    g_assert_no_error(error);
    g_assert_nonnull(
        g_strstr_len(g_bytes_get_data(raw, NULL), (gssize)g_bytes_get_size(raw), "the body"));
    uint64_t ready, ready_bytes, still, still_bytes;
    g_assert_true(store_sync_totals(m.f.store, m.account, &ready, &ready_bytes, &still,
                                    &still_bytes, &error));
    g_assert_cmpuint(ready, ==, 1);
    g_assert_cmpuint(ready_bytes, ==, g_bytes_get_size(raw));
    g_assert_cmpuint(still, ==, 0);
    g_assert_cmpuint(still_bytes, ==, 0);
    g_autoptr(GPtrArray) mailboxes = store_mailboxes(access, NULL, &error);
    const struct store_mailbox *inbox = mailboxes->pdata[0];
    g_assert_cmpuint(inbox->total_emails, ==, 1);
    g_assert_cmpuint(inbox->unread_threads, ==, 1);
    store_access_free(access);
    store_email_free(email);
    mail_close(&m);
}

static void threads_follow_references_and_subject(void)
{
    struct mail_fixture m;
    mail_open(&m);
    g_autoptr(GError) error = NULL;
    /* The middle one comes last and merges two threads: ids are renewed. */
    mail_put(&m, &(struct mail_spec){m.inbox, 1, "a@x", NULL, "Plan", NULL, 0, 1000, false, NULL});
    int64_t first = mail_only(&m, m.inbox);
    mail_put(&m, &(struct mail_spec){m.sent, 1, "c@x", "b@x", "Plan", NULL, MAIL_SEEN, 3000, false,
                                     NULL});
    int64_t third = mail_only(&m, m.sent);
    mail_put(&m,
             &(struct mail_spec){m.inbox, 2, "other@x", "a@x", "Else", NULL, 0, 2500, false, NULL});
    struct store_access *access = mail_access(&m, STORE_READ);
    uint64_t before = store_state(access, STORE_EMAIL);
    mail_put(&m, &(struct mail_spec){m.inbox, 3, "b@x", "a@x", "Plan", NULL, 0, 2000, false, NULL});
    struct store_email *email = mail_get(&m, first);
    g_assert_nonnull(email);
    g_autoptr(GArray) ids = store_thread_emails(access, email->thread, &error);
    g_assert_cmpuint(ids->len, ==, 3);
    g_assert_cmpint(g_array_index(ids, int64_t, 0), ==, first);
    g_assert_cmpint(g_array_index(ids, int64_t, 2), !=, third);
    g_assert_null(mail_get(&m, third));
    struct store_changes changes;
    g_assert_true(store_changes(access, STORE_EMAIL, before, 0, &changes, &error));
    g_assert_cmpuint(changes.created->len, ==, 2);
    g_assert_cmpuint(changes.destroyed->len, ==, 1);
    g_assert_cmpint(g_array_index(changes.destroyed, int64_t, 0), ==, third);
    store_changes_clear(&changes);
    store_email_free(email);
    store_access_free(access);
    mail_close(&m);
}

static struct store_remote_mailbox *mailbox_named(GPtrArray *mailboxes, const char *name)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        struct store_remote_mailbox *mailbox = mailboxes->pdata[i];
        if (strcmp(mailbox->name, name) == 0)
            return mailbox;
    }
    return NULL;
}

static void mailboxes_form_a_tree_in_any_order(void)
{
    struct mail_fixture m;
    mail_open(&m);
    g_autoptr(GError) error = NULL;
    int64_t child = mail_mailbox(&m, "Work/Deep", MAIL_ROLE_NONE);
    int64_t parent = mail_mailbox(&m, "Work", MAIL_ROLE_NONE);
    g_assert_cmpint(mail_mailbox(&m, "Work", MAIL_ROLE_NONE), ==, parent);
    struct store_access *access = mail_access(&m, STORE_READ);
    uint64_t before = 0;
    g_autoptr(GPtrArray) mailboxes = store_mailboxes(access, &before, &error);
    for (guint i = 0; i < mailboxes->len; i++) {
        const struct store_mailbox *mailbox = mailboxes->pdata[i];
        if (mailbox->id != child)
            continue;
        g_assert_cmpint(mailbox->parent, ==, parent);
        g_assert_cmpstr(mailbox->name, ==, "Deep");
    }
    mail_put(&m, &(struct mail_spec){.mailbox = child, .uid = 1, .id = "a@x"});
    g_assert_true(store_sync_mailbox_remove(m.f.store, m.account, child, &error));
    g_assert_cmpuint(mail_count(&m, 0), ==, 1); /* it may have been moved before */
    mail_sweep(&m);
    g_assert_cmpuint(mail_count(&m, 0), ==, 0);
    struct store_changes changes;
    g_assert_true(store_changes(access, STORE_MAILBOX, before, 0, &changes, &error));
    g_assert_cmpuint(changes.destroyed->len, ==, 1);
    store_changes_clear(&changes);
    store_access_free(access);
    mail_close(&m);
}

static void a_skipped_message_is_counted_and_not_asked_for_again(void)
{
    struct mail_fixture m;
    mail_open(&m);
    g_autoptr(GError) error = NULL;
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 1, .id = "a@x", .pending = true});
    struct store_batch *batch = store_batch_new(m.f.store, m.account);
    store_batch_skipped(batch, m.inbox, 7, 1, "too large");
    store_batch_skipped(batch, m.inbox, 7, 2, "no header");
    mail_commit(batch);
    store_batch_free(batch);
    g_autoptr(GArray) pending = store_sync_pending(m.f.store, m.account, 10, &error);
    g_assert_cmpuint(pending->len, ==, 0);
    g_autoptr(GPtrArray) mailboxes = store_sync_mailboxes(m.f.store, m.account, &error);
    g_assert_cmpuint(mailbox_named(mailboxes, "INBOX")->skipped, ==, 2);
    g_autoptr(GArray) messages = store_sync_messages(m.f.store, m.inbox, 1, 10, &error);
    g_assert_cmpuint(messages->len, ==, 2);
    g_assert_true(g_array_index(messages, struct store_remote_message, 1).skipped);
    mail_close(&m);
}

static void the_trash_counts_by_itself(void)
{
    struct mail_fixture m;
    mail_open(&m);
    g_autoptr(GError) error = NULL;
    /* RFC 8621, 2: an unread email in the trash, a read one of its thread in the inbox. */
    mail_put(&m, &(struct mail_spec){.mailbox = m.trash, .uid = 1, .id = "a@x"});
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox,
                                     .uid = 1,
                                     .id = "b@x",
                                     .parent = "a@x",
                                     .bits = MAIL_SEEN});
    struct store_access *access = mail_access(&m, STORE_READ);
    g_autoptr(GPtrArray) mailboxes = store_mailboxes(access, NULL, &error);
    for (guint i = 0; i < mailboxes->len; i++) {
        const struct store_mailbox *mailbox = mailboxes->pdata[i];
        if (mailbox->id == m.trash || mailbox->id == m.inbox)
            g_assert_cmpuint(mailbox->unread_threads, ==, mailbox->id == m.trash ? 1 : 0);
    }
    store_access_free(access);
    mail_close(&m);
}

/* SQLite keeps what a transaction changed until it is told that it may spill. */
static void a_large_blob_passes_through_little_memory(void)
{
    enum { LARGE = 40 * 1024 * 1024, LITTLE = 20 * 1024 * 1024 };
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    g_autoptr(GRand) noise = g_rand_new_with_seed(3);
    guint32 *numbers = g_malloc(LARGE);
    for (size_t i = 0; i < LARGE / sizeof *numbers; i++)
        numbers[i] = g_rand_int(noise);
    g_autoptr(GBytes) bytes = g_bytes_new_take(numbers, LARGE);
    mail_open(&m);
    struct store_access *access = mail_access(&m, STORE_WRITE);
    sqlite3_memory_highwater(1);
    int64_t blob = store_blob_put(access, bytes, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) back = store_blob(access, blob, &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(back, bytes));
    g_assert_cmpint(sqlite3_memory_highwater(0), >, 0);
    g_assert_cmpint(sqlite3_memory_highwater(0), <, LITTLE);
    store_access_free(access);
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/mail/message", a_message_is_listed_read_and_found);
    g_test_add_func("/store/mail/threads", threads_follow_references_and_subject);
    g_test_add_func("/store/mail/mailboxes", mailboxes_form_a_tree_in_any_order);
    g_test_add_func("/store/mail/skipped", a_skipped_message_is_counted_and_not_asked_for_again);
    g_test_add_func("/store/mail/large", a_large_blob_passes_through_little_memory);
    g_test_add_func("/store/mail/trash", the_trash_counts_by_itself);
    return g_test_run();
}
