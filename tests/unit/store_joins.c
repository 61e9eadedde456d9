/* Which message on the server is which email here: moves, drafts, sent copies. */
#include "store_mailbox_fixture.h"

static void set_mailboxes(struct mail_fixture *m, int64_t id, int64_t mailbox)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_WRITE);
    struct store_set *set = store_set_new(access, 0);
    g_autoptr(GArray) mailboxes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct store_email_patch patch = {.replace_mailboxes = true, .mailboxes = mailboxes};
    g_array_append_val(mailboxes, mailbox);
    if (mailbox != 0)
        store_set_update(set, id, &patch);
    else
        store_set_destroy(set, id);
    g_assert_true(store_set_commit(set, NULL, NULL, &error));
    g_assert_no_error(error);
    g_assert_null(store_set_error(set, 0, NULL));
    store_set_free(set);
    store_access_free(access);
}

static int64_t create_draft(struct mail_fixture *m, const char *id)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_WRITE);
    struct store_set *set = store_set_new(access, 0);
    g_autoptr(GBytes) raw = g_bytes_new("draft", 5);
    g_autoptr(GArray) mailboxes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(mailboxes, m->drafts);
    struct mail_summary *summary = mail_summary_of(&(struct mail_spec){.id = id});
    struct store_new_email email = {.blob = store_blob_put(access, raw, NULL, &error),
                                    .summary = summary,
                                    .flags = {.bits = MAIL_DRAFT | MAIL_SEEN},
                                    .mailboxes = mailboxes,
                                    .received_at = 5000,
                                    .size = 5};
    store_set_create(set, &email);
    g_assert_true(store_set_commit(set, NULL, NULL, &error));
    int64_t created = store_set_created(set, 0)->id;
    mail_summary_free(summary);
    store_set_free(set);
    store_access_free(access);
    return created;
}

static GPtrArray *intents(struct mail_fixture *m)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *list = store_intents(m->f.store, m->account, 100, &error);
    g_assert_no_error(error);
    return list;
}

static void finish(struct mail_fixture *m, const struct store_intent *intent, uint32_t uid)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(store_intent_begin(m->f.store, intent->id, "x", &error));
    g_assert_true(store_intent_done(m->f.store, intent->id, 7, uid, &error));
    g_assert_no_error(error);
}

/* In inbox (UID 1) and archive (UID 12), and to be in archive alone. */
static int64_t open_with_one_of_two_to_go(struct mail_fixture *m)
{
    mail_open(m);
    mail_put(m, &(struct mail_spec){.mailbox = m->inbox, .uid = 1, .id = "a@x"});
    int64_t id = mail_only(m, m->inbox);
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_WRITE);
    struct store_set *set = store_set_new(access, 0);
    g_autoptr(GArray) both = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct store_email_patch patch = {.replace_mailboxes = true, .mailboxes = both};
    g_array_append_val(both, m->inbox);
    g_array_append_val(both, m->archive);
    store_set_update(set, id, &patch);
    g_assert_true(store_set_commit(set, NULL, NULL, &error));
    store_set_free(set);
    store_access_free(access);
    g_autoptr(GPtrArray) copy = intents(m);
    finish(m, copy->pdata[0], 12);
    set_mailboxes(m, id, m->archive);
    return id;
}

/* Someone moved the one that was to stay, or took it away: the other is the last there is. */
static void the_last_of_two_is_not_expunged(void)
{
    for (int begun = 0; begun < 2; begun++) {
        struct mail_fixture m;
        int64_t id = open_with_one_of_two_to_go(&m);
        g_autoptr(GPtrArray) before = intents(&m);
        g_assert_cmpuint(before->len, ==, 1);
        const struct store_intent *expunge = before->pdata[0];
        g_assert_cmpint(expunge->kind, ==, STORE_INTENT_EXPUNGE);
        g_assert_cmpint(expunge->mailbox, ==, m.inbox);
        g_assert_cmpint(expunge->kept, ==, m.archive);
        g_assert_cmpuint(expunge->kept_uid, ==, 12);
        g_assert_cmpuint(expunge->kept_uidvalidity, ==, 7);
        if (begun)
            g_assert_true(store_intent_begin(m.f.store, expunge->id, "begun", NULL));
        mail_vanish(&m, m.archive, 12);
        mail_sweep(&m);
        g_assert_cmpint(mail_only(&m, m.archive), ==, id);
        g_assert_cmpuint(mail_count(&m, m.inbox), ==, 0);
        g_autoptr(GPtrArray) after = intents(&m);
        const struct store_intent *last = after->pdata[after->len - 1];
        g_assert_cmpuint(after->len, ==, begun ? 2 : 1);
        g_assert_cmpint(last->kind, ==, begun ? STORE_INTENT_APPEND : STORE_INTENT_MOVE);
        g_assert_cmpint(last->target, ==, m.archive);
        mail_close(&m);
    }
}

static void a_destroyed_email_has_nothing_kept(void)
{
    struct mail_fixture m;
    int64_t id = open_with_one_of_two_to_go(&m);
    set_mailboxes(&m, id, 0);
    g_autoptr(GPtrArray) list = intents(&m);
    g_assert_cmpuint(list->len, ==, 2);
    for (guint i = 0; i < list->len; i++)
        g_assert_cmpint(((const struct store_intent *)list->pdata[i])->kept, ==, 0);
    mail_close(&m);
}

/* On its way into a folder that is deleted here, and gone there: the message is still where it
 * was, and to be destroyed like the others of the folder. */
static void a_folder_deleted_under_a_move_leaves_nothing(void)
{
    struct mail_fixture m;
    const char *property = NULL;
    g_autoptr(GError) error = NULL;
    mail_open(&m);
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 1, .id = "a@x"});
    int64_t plans = mail_mailbox(&m, "Plans", MAIL_ROLE_NONE);
    set_mailboxes(&m, mail_only(&m, m.inbox), plans);
    g_autoptr(GPtrArray) moves = intents(&m);
    g_assert_true(store_intent_begin(m.f.store, ((struct store_intent *)moves->pdata[0])->id,
                                     "from 7 1", NULL));
    struct store_access *access = mail_access(&m, STORE_WRITE);
    g_assert_true(store_mailbox_destroy(access, plans, true, &property, &error));
    g_assert_no_error(error);
    store_access_free(access);
    g_assert_true(store_sync_mailbox_remove(m.f.store, m.account, plans, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(mail_count(&m, 0), ==, 0);
    g_autoptr(GPtrArray) left = intents(&m);
    g_assert_cmpuint(left->len, ==, 1);
    g_assert_cmpint(((struct store_intent *)left->pdata[0])->kind, ==, STORE_INTENT_EXPUNGE);
    g_assert_cmpint(((struct store_intent *)left->pdata[0])->mailbox, ==, m.inbox);
    mail_close(&m);
}

static void toggling_back_leaves_nothing_to_do(void)
{
    struct mail_fixture m;
    mail_open(&m);
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 1, .id = "a@x"});
    int64_t id = mail_only(&m, m.inbox);
    set_mailboxes(&m, id, m.archive);
    g_autoptr(GPtrArray) moved = intents(&m);
    g_assert_cmpuint(moved->len, ==, 1);
    const struct store_intent *move = moved->pdata[0];
    g_assert_cmpint(move->kind, ==, STORE_INTENT_MOVE);
    g_assert_cmpstr(move->raw_mailbox, ==, "INBOX");
    g_assert_cmpstr(move->raw_target, ==, "Archive");
    g_assert_cmpuint(move->uid, ==, 1);
    g_assert_cmpuint(move->uidvalidity, ==, 7);
    g_assert_cmpstr(move->message_id, ==, "a@x");
    set_mailboxes(&m, id, m.inbox);
    g_autoptr(GPtrArray) none = intents(&m);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_false(store_intent_begin(m.f.store, move->id, "x", NULL));
    mail_close(&m);
}

static void a_move_joins_by_uid_or_by_message_id(void)
{
    for (int told = 0; told < 2; told++) {
        struct mail_fixture m;
        mail_open(&m);
        mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 1, .id = "a@x"});
        int64_t id = mail_only(&m, m.inbox);
        set_mailboxes(&m, id, m.archive);
        g_autoptr(GPtrArray) list = intents(&m);
        finish(&m, list->pdata[0], told ? 12 : 0);
        struct store_batch_result result =
            mail_put(&m, &(struct mail_spec){.mailbox = m.archive, .uid = 12, .id = "a@x"});
        g_assert_cmpuint(result.created, ==, 0);
        g_assert_cmpint(mail_only(&m, m.archive), ==, id);
        g_assert_cmpuint(mail_count(&m, 0), ==, 1);
        mail_close(&m);
    }
}

static void a_move_by_others_keeps_the_email(void)
{
    struct mail_fixture m;
    mail_open(&m);
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 1, .id = "a@x", .received_at = 9});
    int64_t id = mail_only(&m, m.inbox);
    mail_vanish(&m, m.inbox, 1);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, 1);
    mail_put(&m, &(struct mail_spec){.mailbox = m.trash, .uid = 4, .id = "a@x", .received_at = 9});
    g_assert_cmpint(mail_only(&m, m.trash), ==, id);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, 0);
    mail_vanish(&m, m.trash, 4);
    mail_sweep(&m);
    g_assert_cmpuint(mail_count(&m, 0), ==, 0);
    mail_close(&m);
}

static void new_uids_of_a_mailbox_keep_its_emails(void)
{
    struct mail_fixture m;
    mail_open(&m);
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 1, .id = "a@x", .received_at = 9});
    int64_t id = mail_only(&m, m.inbox);
    g_assert_true(store_sync_mailbox_reset(m.f.store, m.account, m.inbox, 7, NULL));
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 77, .id = "a@x", .received_at = 9});
    mail_sweep(&m);
    g_assert_cmpint(mail_only(&m, m.inbox), ==, id);
    mail_close(&m);
}

static void a_draft_appended_twice_is_one_email(void)
{
    struct mail_fixture m;
    mail_open(&m);
    int64_t id = create_draft(&m, "d@x");
    g_autoptr(GPtrArray) list = intents(&m);
    g_assert_cmpuint(list->len, ==, 1);
    const struct store_intent *append = list->pdata[0];
    g_assert_cmpint(append->kind, ==, STORE_INTENT_APPEND);
    g_assert_cmpuint(append->add.bits, ==, MAIL_DRAFT | MAIL_SEEN);
    g_autoptr(GBytes) raw = store_sync_raw(m.f.store, append->email, NULL);
    g_assert_cmpuint(g_bytes_get_size(raw), ==, 5);
    /* The answer to APPEND was lost: the message shows up. */
    g_assert_true(store_intent_begin(m.f.store, append->id, "sent", NULL));
    fixture_reopen(&m.f);
    mail_put(&m, &(struct mail_spec){.mailbox = m.drafts,
                                     .uid = 3,
                                     .id = "d@x",
                                     .bits = MAIL_DRAFT | MAIL_SEEN,
                                     .pending = true});
    g_assert_cmpint(mail_only(&m, m.drafts), ==, id);
    g_autoptr(GPtrArray) none = intents(&m);
    g_assert_cmpuint(none->len, ==, 0);
    mail_close(&m);
}

static void a_draft_destroyed_in_time_is_never_appended(void)
{
    struct mail_fixture m;
    mail_open(&m);
    set_mailboxes(&m, create_draft(&m, "d@x"), 0);
    g_autoptr(GPtrArray) none = intents(&m);
    g_assert_cmpuint(none->len, ==, 0);
    /* One whose APPEND is under way is expunged when it shows up. */
    int64_t second = create_draft(&m, "e@x");
    g_autoptr(GPtrArray) list = intents(&m);
    g_assert_true(
        store_intent_begin(m.f.store, ((struct store_intent *)list->pdata[0])->id, "x", NULL));
    set_mailboxes(&m, second, 0);
    g_assert_cmpuint(mail_count(&m, 0), ==, 0);
    mail_put(&m, &(struct mail_spec){.mailbox = m.drafts, .uid = 4, .id = "e@x"});
    g_assert_cmpuint(mail_count(&m, 0), ==, 0);
    g_autoptr(GPtrArray) expunge = intents(&m);
    g_assert_cmpuint(expunge->len, ==, 1);
    g_assert_cmpint(((struct store_intent *)expunge->pdata[0])->kind, ==, STORE_INTENT_EXPUNGE);
    mail_close(&m);
}

static void flags_merge_three_ways(void)
{
    struct mail_fixture m;
    mail_open(&m);
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 1, .id = "a@x"});
    int64_t id = mail_only(&m, m.inbox);
    struct store_access *access = mail_access(&m, STORE_WRITE);
    struct store_set *set = store_set_new(access, 0);
    struct store_email_patch patch = {.add = {.bits = MAIL_SEEN}};
    store_set_update(set, id, &patch);
    g_assert_true(store_set_commit(set, NULL, NULL, NULL));
    /* Someone flags it meanwhile, and \Deleted is nobody's keyword: ours is kept, theirs is taken.
     */
    mail_flags(&m, m.inbox, 1, MAIL_FLAGGED | MAIL_DELETED);
    struct store_email *email = mail_get(&m, id);
    g_assert_cmpuint(email->flags.bits, ==, MAIL_SEEN | MAIL_FLAGGED);
    store_email_free(email);
    g_autoptr(GPtrArray) list = intents(&m);
    g_assert_cmpuint(list->len, ==, 1);
    const struct store_intent *intent = list->pdata[0];
    g_assert_cmpuint(intent->add.bits, ==, MAIL_SEEN);
    g_assert_cmpuint(intent->remove.bits, ==, 0);
    GError *reason = g_error_new_literal(POSTROOM_ERROR, ERROR_SERVER_NO, "read-only");
    g_assert_true(store_intent_refused(m.f.store, intent->id, reason, NULL));
    email = mail_get(&m, id);
    g_assert_cmpuint(email->flags.bits, ==, MAIL_FLAGGED);
    store_email_free(email);
    g_error_free(reason);
    store_set_free(set);
    store_access_free(access);
    mail_close(&m);
}

static void a_refused_destroy_brings_the_email_back(void)
{
    struct mail_fixture m;
    mail_open(&m);
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 1, .id = "a@x", .body = "zebra"});
    int64_t id = mail_only(&m, m.inbox);
    set_mailboxes(&m, id, 0);
    g_assert_cmpuint(mail_count(&m, 0), ==, 0);
    g_autoptr(GPtrArray) list = intents(&m);
    g_assert_true(
        store_intent_refused(m.f.store, ((struct store_intent *)list->pdata[0])->id, NULL, NULL));
    g_assert_cmpint(mail_only(&m, m.inbox), !=, id);
    g_autofree char *problem = store_check_counts(m.f.store, m.account);
    g_assert_cmpstr(problem, ==, NULL);
    mail_close(&m);
}

/* --- sent copies */

static void become_microsoft(struct mail_fixture *m)
{
    g_autoptr(GError) error = NULL;
    struct store_provider provider = {.name = (char[]){"microsoft"}, .type = (char[]){"microsoft"}};
    g_assert_true(store_provider_put(m->f.store, &provider, "https://login.example", &error));
    struct store_link link = {.address = "ann@corp.example",
                              .user = store_principal_user(m->user),
                              .provider = "microsoft",
                              .tid = "t",
                              .oid = "o",
                              .token_origin = "https://login.example"};
    m->account = store_link(m->f.store, &link, NULL, &error);
    g_assert_no_error(error);
    m->inbox = mail_mailbox(m, "INBOX", MAIL_ROLE_INBOX);
    m->drafts = mail_mailbox(m, "Drafts", MAIL_ROLE_DRAFTS);
    m->sent = mail_mailbox(m, "Sent Items", MAIL_ROLE_SENT);
}

static int64_t submit(struct mail_fixture *m, int64_t email)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_SEND);
    g_autoptr(GPtrArray) identities = store_identities(access, NULL, &error);
    char *rcpt[] = {(char[]){"bob@example.org"}, NULL};
    struct store_submission submission = {.identity =
                                              ((struct store_identity *)identities->pdata[0])->id,
                                          .email = email,
                                          .mail_from = (char[]){"ann@corp.example"},
                                          .rcpt_to = rcpt};
    uint64_t before, after;
    g_assert_true(store_submission_create(access, &submission, NULL, &before, &after, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(after, >, before);
    store_access_free(access);
    return submission.id;
}

static void mark(struct mail_fixture *m, int64_t submission, enum store_send_state state,
                 const char *alias)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(
        store_outbox_mark(m->f.store, submission, state, 0, "250 ok", NULL, NULL, alias, &error));
    g_assert_no_error(error);
}

static void a_sent_message_has_one_copy(void)
{
    for (int replaced = 0; replaced < 2; replaced++) {
        struct mail_fixture m;
        mail_open(&m);
        become_microsoft(&m);
        int64_t id = create_draft(&m, "d@x");
        g_autoptr(GPtrArray) list = intents(&m);
        finish(&m, list->pdata[0], 21);
        int64_t submission = submit(&m, id);
        set_mailboxes(&m, id, m.sent);
        g_autoptr(GPtrArray) waiting = intents(&m);
        g_assert_cmpuint(waiting->len, ==, 0);
        int64_t wake = 0;
        struct store_submission *next =
            store_outbox_next(m.f.store, m.account, G_MAXINT64, &wake, NULL);
        g_assert_cmpint(next->id, ==, submission);
        store_submission_free(next);
        mark(&m, submission, STORE_SEND_SENDING, NULL);
        fixture_reopen(&m.f);
        next = store_outbox_next(m.f.store, m.account, G_MAXINT64, &wake, NULL);
        g_assert_cmpint(next->state, ==, STORE_SEND_UNCERTAIN);
        store_submission_free(next);
        mark(&m, submission, STORE_SEND_SENT, replaced ? "new@service" : NULL);
        g_autoptr(GPtrArray) expunge = intents(&m);
        g_assert_cmpuint(expunge->len, ==, 1);
        g_assert_cmpint(((struct store_intent *)expunge->pdata[0])->kind, ==, STORE_INTENT_EXPUNGE);
        mail_put(&m, &(struct mail_spec){.mailbox = m.sent,
                                         .uid = 5,
                                         .id = replaced ? "new@service" : "d@x",
                                         .bits = MAIL_SEEN});
        g_assert_cmpint(mail_only(&m, m.sent), ==, id);
        g_assert_cmpuint(mail_count(&m, 0), ==, 1);
        /* Filed elsewhere and back, it is an ordinary message. */
        finish(&m, expunge->pdata[0], 0);
        set_mailboxes(&m, id, m.inbox);
        set_mailboxes(&m, id, m.sent);
        g_autoptr(GPtrArray) flags_only = intents(&m);
        for (guint i = 0; i < flags_only->len; i++)
            g_assert_cmpint(((struct store_intent *)flags_only->pdata[i])->kind, ==,
                            STORE_INTENT_FLAGS);
        mail_close(&m);
    }
}

/* Its flags are not what became of those of the draft. */
static void the_copy_of_the_service_takes_no_flag_away(void)
{
    struct mail_fixture m;
    mail_open(&m);
    become_microsoft(&m);
    mail_put(&m, &(struct mail_spec){.mailbox = m.drafts,
                                     .uid = 21,
                                     .id = "d@x",
                                     .bits = MAIL_DRAFT | MAIL_SEEN | MAIL_FLAGGED});
    int64_t id = mail_only(&m, m.drafts);
    int64_t submission = submit(&m, id);
    set_mailboxes(&m, id, m.sent);
    mark(&m, submission, STORE_SEND_SENDING, NULL);
    mark(&m, submission, STORE_SEND_UNCERTAIN, NULL);
    mail_put(&m, &(struct mail_spec){.mailbox = m.sent, .uid = 5, .id = "d@x", .bits = MAIL_SEEN});
    g_assert_cmpint(mail_only(&m, m.sent), ==, id);
    struct store_email *email = mail_get(&m, id);
    g_assert_cmpuint(email->flags.bits & MAIL_FLAGGED, ==, MAIL_FLAGGED);
    store_email_free(email);
    mail_close(&m);
}

static void a_message_that_failed_is_a_draft_again(void)
{
    struct mail_fixture m;
    mail_open(&m);
    become_microsoft(&m);
    int64_t id = create_draft(&m, "d@x");
    g_autoptr(GPtrArray) list = intents(&m);
    finish(&m, list->pdata[0], 21);
    int64_t submission = submit(&m, id);
    set_mailboxes(&m, id, m.sent);
    mark(&m, submission, STORE_SEND_FAILED, NULL);
    g_assert_cmpint(mail_only(&m, m.drafts), ==, id);
    g_autoptr(GPtrArray) none = intents(&m);
    g_assert_cmpuint(none->len, ==, 0);
    mail_close(&m);
}

static void a_cancelled_submission_is_never_sent(void)
{
    struct mail_fixture m;
    mail_open(&m);
    int64_t submission = submit(&m, create_draft(&m, "d@x"));
    struct store_access *access = mail_access(&m, STORE_SEND);
    g_assert_true(store_submission_cancel(access, submission, NULL));
    g_assert_false(store_submission_cancel(access, submission, NULL));
    int64_t wake = 0;
    g_assert_null(store_outbox_next(m.f.store, m.account, G_MAXINT64, &wake, NULL));
    g_assert_cmpint(wake, ==, 0);
    store_access_free(access);
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/joins/toggle", toggling_back_leaves_nothing_to_do);
    g_test_add_func("/store/joins/move", a_move_joins_by_uid_or_by_message_id);
    g_test_add_func("/store/joins/last-of-two", the_last_of_two_is_not_expunged);
    g_test_add_func("/store/joins/destroyed-of-two", a_destroyed_email_has_nothing_kept);
    g_test_add_func("/store/joins/folder-deleted", a_folder_deleted_under_a_move_leaves_nothing);
    g_test_add_func("/store/joins/others", a_move_by_others_keeps_the_email);
    g_test_add_func("/store/joins/uidvalidity", new_uids_of_a_mailbox_keep_its_emails);
    g_test_add_func("/store/joins/append", a_draft_appended_twice_is_one_email);
    g_test_add_func("/store/joins/cancel", a_draft_destroyed_in_time_is_never_appended);
    g_test_add_func("/store/joins/flags", flags_merge_three_ways);
    g_test_add_func("/store/joins/refused", a_refused_destroy_brings_the_email_back);
    g_test_add_func("/store/joins/sent", a_sent_message_has_one_copy);
    g_test_add_func("/store/joins/sent-flags", the_copy_of_the_service_takes_no_flag_away);
    g_test_add_func("/store/joins/failed", a_message_that_failed_is_a_draft_again);
    g_test_add_func("/store/joins/cancelled", a_cancelled_submission_is_never_sent);
    return g_test_run();
}
