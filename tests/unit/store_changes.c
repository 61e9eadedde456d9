/* Changes on their way out: many at once, drafts in order, what stays there marked \Deleted, and
 * the attempts of the outbox. */
#include "store_mailbox_fixture.h"

static GPtrArray *intents(struct mail_fixture *m)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *found = store_intents(m->f.store, m->account, 100, &error);
    g_assert_no_error(error);
    return found;
}

static void destroy_all(struct mail_fixture *m, GArray *ids)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_WRITE);
    struct store_set *set = store_set_new(access, 0);
    for (guint i = 0; i < ids->len; i++)
        store_set_destroy(set, g_array_index(ids, int64_t, i));
    g_assert_true(store_set_commit(set, NULL, NULL, &error));
    g_assert_no_error(error);
    store_set_free(set);
    store_access_free(access);
}

static void end(struct mail_fixture *m, int64_t intent, bool left_deleted)
{
    g_autoptr(GError) error = NULL;
    struct store_intent_end ending = {.intent = intent, .left_deleted = left_deleted};
    g_assert_true(store_intent_begin(m->f.store, intent, "begun", &error));
    g_assert_true(store_intents_done(m->f.store, &ending, 1, &error));
    g_assert_no_error(error);
}

/* No UIDPLUS: it stays there with \Deleted, and must not come back as new mail. */
static void what_is_left_deleted_is_hidden(void)
{
    struct mail_fixture m;
    mail_open(&m);
    const struct mail_spec spec = {.mailbox = m.inbox,
                                   .uid = 1,
                                   .id = "a@x",
                                   .received_at = 1000,
                                   .body = "one"};
    mail_put(&m, &spec);
    g_autoptr(GArray) ids = mail_ids(&m, m.inbox);
    destroy_all(&m, ids);
    g_autoptr(GPtrArray) waiting = intents(&m);
    g_assert_cmpuint(waiting->len, ==, 1);
    end(&m, ((struct store_intent *)waiting->pdata[0])->id, true);
    g_autoptr(GArray) known = store_sync_messages(m.f.store, m.inbox, 1, UINT32_MAX, NULL);
    g_assert_cmpuint(known->len, ==, 1); /* known, so a comparison does not fetch it */
    mail_flags(&m, m.inbox, 1, MAIL_DELETED | MAIL_SEEN);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, 0);
    /* Somebody takes the mark off: the next comparison finds a message that is not known. */
    mail_flags(&m, m.inbox, 1, MAIL_SEEN);
    g_autoptr(GArray) left = store_sync_messages(m.f.store, m.inbox, 1, UINT32_MAX, NULL);
    g_assert_cmpuint(left->len, ==, 0);
    mail_put(&m, &spec);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, 1);
    mail_close(&m);
}

static void a_superseded_one_of_many_is_told(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    mail_open(&m);
    for (uint32_t uid = 1; uid <= 3; uid++) {
        g_autofree char *id = g_strdup_printf("%u@x", uid);
        mail_put(&m, &(struct mail_spec){.mailbox = m.inbox,
                                         .uid = uid,
                                         .id = id,
                                         .received_at = 1000 + uid});
    }
    g_autoptr(GArray) ids = mail_ids(&m, m.inbox);
    destroy_all(&m, ids);
    g_autoptr(GPtrArray) waiting = intents(&m);
    g_assert_cmpuint(waiting->len, ==, 3);
    int64_t numbers[3];
    bool begun[3] = {false};
    for (guint i = 0; i < 3; i++)
        numbers[i] = ((struct store_intent *)waiting->pdata[i])->id;
    mail_vanish(&m, m.inbox, ((struct store_intent *)waiting->pdata[1])->uid);
    g_assert_true(store_intents_begin(m.f.store, numbers, 3, "begun", begun, &error));
    g_assert_no_error(error);
    g_assert_true(begun[0] && !begun[1] && begun[2]);
    mail_close(&m);
}

static int64_t add_draft(struct mail_fixture *m, const char *id)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_WRITE);
    g_autofree char *text = g_strdup_printf("Message-ID: <%s>\r\nSubject: draft\r\n\r\nx", id);
    g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));
    int64_t blob = store_blob_put(access, raw, "message/rfc822", &error);
    g_assert_no_error(error);
    g_autoptr(GArray) mailboxes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(mailboxes, m->drafts);
    struct mail_spec spec = {.id = id, .subject = "draft", .received_at = 2000, .body = "x"};
    struct mail_summary *summary = mail_summary_of(&spec);
    struct store_new_email email = {.blob = blob,
                                    .summary = summary,
                                    .flags = {.bits = MAIL_DRAFT},
                                    .mailboxes = mailboxes,
                                    .received_at = 2000,
                                    .size = strlen(text)};
    struct store_set *set = store_set_new(access, 0);
    size_t item = store_set_create(set, &email);
    g_assert_true(store_set_commit(set, NULL, NULL, &error));
    int64_t made = store_set_created(set, item)->id;
    store_set_free(set);
    mail_summary_free(summary);
    store_access_free(access);
    return made;
}

/* The new version is refused for a day: the old one stays on the server as long. */
static void a_draft_goes_after_its_successor_came(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    mail_open(&m);
    mail_put(&m, &(struct mail_spec){.mailbox = m.drafts,
                                     .uid = 1,
                                     .id = "old@x",
                                     .bits = MAIL_DRAFT,
                                     .received_at = 1000});
    g_autoptr(GArray) old = mail_ids(&m, m.drafts);
    add_draft(&m, "new@x");
    destroy_all(&m, old);
    g_autoptr(GPtrArray) first = intents(&m);
    g_assert_cmpuint(first->len, ==, 1);
    const struct store_intent *append = first->pdata[0];
    g_assert_cmpint(append->kind, ==, STORE_INTENT_APPEND);
    g_assert_true(store_intent_retry(m.f.store, append->id, INT64_MAX / 2, &error));
    g_autoptr(GPtrArray) none = intents(&m);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_true(store_intent_begin(m.f.store, append->id, "from 7 2", &error));
    g_assert_true(store_intent_done(m.f.store, append->id, 7, 2, &error));
    g_assert_no_error(error);
    g_autoptr(GPtrArray) last = intents(&m);
    g_assert_cmpuint(last->len, ==, 1);
    g_assert_cmpint(((struct store_intent *)last->pdata[0])->kind, ==, STORE_INTENT_EXPUNGE);
    mail_close(&m);
}

static int64_t submit(struct mail_fixture *m)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_SEND);
    g_autoptr(GPtrArray) identities = store_identities(access, NULL, &error);
    g_assert_cmpuint(identities->len, >, 0);
    char from[] = "ann@mail.example", to[] = "bob@example.net";
    char *recipients[] = {to, NULL};
    struct store_submission submission = {.identity =
                                              ((struct store_identity *)identities->pdata[0])->id,
                                          .email = add_draft(m, "send@x"),
                                          .mail_from = from,
                                          .rcpt_to = recipients};
    const char *property = NULL;
    uint64_t before, after;
    g_assert_true(store_submission_create(access, &submission, &property, &before, &after, &error));
    g_assert_no_error(error);
    store_access_free(access);
    return submission.id;
}

static struct store_submission *submission(struct mail_fixture *m, int64_t id)
{
    struct store_access *access = mail_access(m, STORE_READ);
    g_autoptr(GPtrArray) found = store_submissions(access, &id, 1, NULL, NULL);
    g_assert_cmpuint(found->len, ==, 1);
    store_access_free(access);
    return g_ptr_array_steal_index(found, 0);
}

static void assert_attempts(struct mail_fixture *m, int64_t id, int attempts)
{
    struct store_submission *now = submission(m, id);
    g_assert_cmpint(now->attempts, ==, attempts);
    store_submission_free(now);
}

static bool mark(struct mail_fixture *m, int64_t id, enum store_send_state state,
                 const char *problem, GError **error)
{
    return store_outbox_mark(m->f.store, id, state, 0, NULL, problem, NULL, NULL, error);
}

static void every_failed_attempt_counts_once(void)
{
    struct mail_fixture m;
    mail_open(&m);
    int64_t id = submit(&m);
    assert_attempts(&m, id, 0);
    g_assert_true(mark(&m, id, STORE_SEND_PENDING, "smtp-later", NULL)); /* before the dot */
    assert_attempts(&m, id, 1);
    g_assert_true(mark(&m, id, STORE_SEND_SENDING, NULL, NULL));
    assert_attempts(&m, id, 2);
    g_assert_true(mark(&m, id, STORE_SEND_PENDING, "smtp-later", NULL)); /* refused at the dot */
    assert_attempts(&m, id, 2);
    g_assert_true(mark(&m, id, STORE_SEND_FAILED, "smtp-failed", NULL));
    assert_attempts(&m, id, 3);
    mail_close(&m);
}

static void what_was_cancelled_is_not_sent(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    mail_open(&m);
    int64_t id = submit(&m);
    struct store_access *access = mail_access(&m, STORE_SEND);
    g_assert_true(store_submission_cancel(access, id, &error));
    g_assert_no_error(error);
    g_assert_false(mark(&m, id, STORE_SEND_SENDING, NULL, &error));
    g_assert_true(error_is(error, ERROR_CONFLICT));
    struct store_submission *now = submission(&m, id);
    g_assert_cmpint(now->state, ==, STORE_SEND_CANCELLED);
    store_submission_free(now);
    store_access_free(access);
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/changes/left-deleted", what_is_left_deleted_is_hidden);
    g_test_add_func("/store/changes/superseded", a_superseded_one_of_many_is_told);
    g_test_add_func("/store/changes/draft", a_draft_goes_after_its_successor_came);
    g_test_add_func("/store/changes/attempts", every_failed_attempt_counts_once);
    g_test_add_func("/store/changes/cancelled", what_was_cancelled_is_not_sent);
    return g_test_run();
}
