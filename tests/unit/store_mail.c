/* Messages that come from the server, and how JMAP sees them. */
#include "store_mailbox_fixture.h"

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/mail/message", a_message_is_listed_read_and_found);
    g_test_add_func("/store/mail/threads", threads_follow_references_and_subject);
    return g_test_run();
}
