/* Messages that others moved, renewed UIDs, folders that went: which email is which afterwards. */
#include "store_mailbox_fixture.h"

static void mark(struct mail_fixture *m, int64_t mailbox)
{
    struct store_remote_mailbox marks = {.id = mailbox, .uidvalidity = 7, .headers_done = true};
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    store_batch_mark(batch, &marks);
    mail_commit(batch);
    store_batch_free(batch);
}

static void round_begins(struct mail_fixture *m)
{
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    store_batch_round(batch);
    mail_commit(batch);
    store_batch_free(batch);
}

static void round_ends(struct mail_fixture *m)
{
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    store_batch_sweep(batch);
    mail_commit(batch);
    store_batch_free(batch);
}

static void label(struct mail_fixture *m, int64_t id, const char *word)
{
    struct store_access *access = mail_access(m, STORE_WRITE);
    struct store_set *set = store_set_new(access, 0);
    struct store_email_patch patch = {0};
    mail_flags_set(&patch.add, word, true);
    store_set_update(set, id, &patch);
    g_assert_true(store_set_commit(set, NULL, NULL, NULL));
    mail_flags_clear(&patch.add);
    store_set_free(set);
    store_access_free(access);
}

static bool has_label(struct mail_fixture *m, int64_t id, const char *word)
{
    struct store_email *email = mail_get(m, id);
    bool has = mail_flags_has(&email->flags, word);
    store_email_free(email);
    return has;
}

static void counts_are_right(struct mail_fixture *m)
{
    g_autofree char *problem = store_check_counts(m->f.store, m->account);
    g_assert_cmpstr(problem, ==, NULL);
}

static void put(struct mail_fixture *m, int64_t mailbox, uint32_t uid, const char *id, int64_t date)
{
    mail_put(m, &(struct mail_spec){.mailbox = mailbox, .uid = uid, .id = id, .received_at = date});
}

/* What carries out our own flag changes says nothing here. */
static void carry_flags(struct mail_fixture *m)
{
    g_autoptr(GPtrArray) list = store_intents(m->f.store, m->account, 100, NULL);
    for (guint i = 0; i < list->len; i++) {
        const struct store_intent *intent = list->pdata[i];
        g_assert_true(store_intent_begin(m->f.store, intent->id, "x", NULL));
        g_assert_true(store_intent_done(m->f.store, intent->id, 7, 0, NULL));
    }
}

static void moved_and_seen_in_its_new_folder_first_it_keeps_its_id(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, m.inbox, 1, "a@x", 9);
    int64_t id = mail_only(&m, m.inbox);
    label(&m, id, "project");
    carry_flags(&m);
    mark(&m, m.inbox);
    put(&m, m.archive, 4, "a@x", 9); /* nothing tells yet that it is the same */
    g_assert_cmpuint(mail_count(&m, 0), ==, 2);
    mail_vanish(&m, m.inbox, 1);
    g_assert_cmpint(mail_only(&m, m.archive), ==, id);
    g_assert_cmpuint(mail_count(&m, 0), ==, 1);
    g_assert_false(has_label(&m, id, "project")); /* it was taken away there */
    mail_sweep(&m);
    g_assert_cmpint(mail_only(&m, m.archive), ==, id);
    counts_are_right(&m);
    mail_vanish(&m, m.archive, 4);
    mail_sweep(&m);
    g_assert_cmpuint(mail_count(&m, 0), ==, 0);
    mail_close(&m);
}

static void a_copy_of_before_is_no_move(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, m.inbox, 1, "a@x", 9);
    put(&m, m.archive, 4, "a@x", 9);
    int64_t copy = mail_only(&m, m.archive);
    mark(&m, m.inbox); /* the original was still there */
    mail_vanish(&m, m.inbox, 1);
    mail_sweep(&m);
    g_assert_cmpint(mail_only(&m, 0), ==, copy);
    mail_close(&m);
}

static void a_double_that_stays_is_not_the_one_that_went(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, m.inbox, 1, "a@x", 9);
    put(&m, m.inbox, 2, "a@x", 9);
    mail_vanish(&m, m.inbox, 1);
    put(&m, m.archive, 4, "a@x", 9);
    mail_sweep(&m);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, 1);
    g_assert_cmpuint(mail_count(&m, m.archive), ==, 1);
    g_assert_cmpint(mail_only(&m, m.archive), <, mail_only(&m, m.inbox));
    mail_close(&m);
}

static void doubles_that_are_moved_together_stay_two(void)
{
    for (int order = 0; order < 2; order++) {
        struct mail_fixture m;
        mail_open(&m);
        put(&m, m.inbox, 1, "a@x", 9);
        put(&m, m.inbox, 2, "a@x", 9);
        g_autoptr(GArray) before = mail_ids(&m, m.inbox);
        mark(&m, m.inbox);
        for (int step = 0; step < 2; step++) {
            if (step == order) {
                put(&m, m.archive, 4, "a@x", 9);
                put(&m, m.archive, 5, "a@x", 9);
            } else {
                mail_vanish(&m, m.inbox, 1);
                mail_vanish(&m, m.inbox, 2);
            }
        }
        mail_sweep(&m);
        g_autoptr(GArray) after = mail_ids(&m, m.archive);
        g_assert_cmpuint(after->len, ==, 2);
        g_assert_cmpmem(before->data, 16, after->data, 16);
        g_assert_cmpuint(mail_count(&m, 0), ==, 2);
        counts_are_right(&m);
        mail_close(&m);
    }
}

static void an_edit_here_meanwhile_wins(void)
{
    for (int order = 0; order < 2; order++) {
        struct mail_fixture m;
        mail_open(&m);
        put(&m, m.inbox, 1, "a@x", 9);
        int64_t id = mail_only(&m, m.inbox);
        mark(&m, m.inbox);
        label(&m, id, "mine");
        if (order == 0)
            put(&m, m.archive, 4, "a@x", 9);
        mail_vanish(&m, m.inbox, 1);
        if (order == 1)
            put(&m, m.archive, 4, "a@x", 9);
        g_assert_cmpint(mail_only(&m, m.archive), ==, id);
        g_assert_true(has_label(&m, id, "mine"));
        g_autoptr(GPtrArray) list = store_intents(m.f.store, m.account, 9, NULL);
        g_assert_cmpuint(list->len, ==, 1);
        const struct store_intent *intent = list->pdata[0];
        g_assert_cmpint(intent->mailbox, ==, m.archive);
        g_assert_true(mail_flags_has(&intent->add, "mine"));
        mail_close(&m);
    }
}

static void an_edit_of_a_message_that_went_ends_quietly(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, m.inbox, 1, "a@x", 9);
    label(&m, mail_only(&m, m.inbox), "mine");
    mail_vanish(&m, m.inbox, 1);
    g_autoptr(GPtrArray) none = store_intents(m.f.store, m.account, 9, NULL);
    g_assert_cmpuint(none->len, ==, 0);
    mail_sweep(&m);
    g_assert_cmpuint(mail_count(&m, 0), ==, 0);
    unsigned all = 1, due = 1;
    g_assert_true(store_sync_loose(m.f.store, m.account, &all, &due, NULL));
    g_assert_cmpuint(all + due, ==, 0);
    mail_close(&m);
}

/* Sizes are estimates, and labels cannot be kept: Exchange. */
static void put_estimated(struct mail_fixture *m, int64_t mailbox, uint32_t uid, uint64_t size)
{
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    store_batch_keeps(batch, mailbox, false, MAIL_SEEN | MAIL_FLAGGED);
    struct mail_summary *summary = mail_summary_of(&(struct mail_spec){.id = "a@x"});
    struct store_batch_message message = {.mailbox = mailbox,
                                          .uidvalidity = 7,
                                          .uid = uid,
                                          .received_at = 9,
                                          .size = size,
                                          .summary = summary};
    store_batch_message(batch, &message);
    mail_commit(batch);
    mail_summary_free(summary);
    store_batch_free(batch);
}

static void labels_that_the_server_cannot_keep_move_along(void)
{
    for (int order = 0; order < 3; order++) {
        struct mail_fixture m;
        mail_open(&m);
        put_estimated(&m, m.inbox, 1, 5100);
        int64_t id = mail_only(&m, m.inbox);
        label(&m, id, "project");
        carry_flags(&m);
        mark(&m, m.inbox);
        int64_t now = order == 2 ? m.inbox : m.archive;
        if (order == 0)
            put_estimated(&m, now, 4, 5700); /* an estimate of another folder */
        if (order == 2) {
            g_assert_true(store_sync_mailbox_reset(m.f.store, m.account, m.inbox, 7, NULL));
        } else {
            struct store_batch *batch = store_batch_new(m.f.store, m.account);
            store_batch_keeps(batch, m.inbox, false, MAIL_SEEN | MAIL_FLAGGED);
            store_batch_vanished(batch, m.inbox, 1);
            mail_commit(batch);
            store_batch_free(batch);
        }
        if (order != 0)
            put_estimated(&m, now, 4, 5700);
        g_assert_cmpint(mail_only(&m, now), ==, id);
        g_assert_cmpuint(mail_count(&m, 0), ==, 1);
        g_assert_true(has_label(&m, id, "project"));
        g_autoptr(GPtrArray) none = store_intents(m.f.store, m.account, 9, NULL);
        g_assert_cmpuint(none->len, ==, 0);
        mail_close(&m);
    }
}

static void what_vanished_in_a_round_waits_for_the_next(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, m.inbox, 1, "a@x", 9);
    int64_t id = mail_only(&m, m.inbox);
    round_begins(&m);
    mail_vanish(&m, m.inbox, 1);
    round_ends(&m); /* the archive was looked at before it vanished here */
    g_assert_cmpint(mail_only(&m, m.inbox), ==, id);
    fixture_reopen(&m.f);
    round_begins(&m);
    put(&m, m.archive, 4, "a@x", 9);
    round_ends(&m);
    g_assert_cmpint(mail_only(&m, m.archive), ==, id);
    mail_vanish(&m, m.archive, 4);
    round_begins(&m);
    round_ends(&m);
    g_assert_cmpuint(mail_count(&m, 0), ==, 0);
    mail_close(&m);
}

static bool has_mailbox(struct mail_fixture *m, int64_t id)
{
    g_autoptr(GPtrArray) mailboxes = store_sync_mailboxes(m->f.store, m->account, NULL);
    for (guint i = 0; i < mailboxes->len; i++)
        if (((struct store_remote_mailbox *)mailboxes->pdata[i])->id == id)
            return true;
    return false;
}

static void mail_of_a_deleted_folder_is_found_where_it_went(void)
{
    for (int order = 0; order < 2; order++) {
        struct mail_fixture m;
        mail_open(&m);
        int64_t folder = mail_mailbox(&m, "Old", MAIL_ROLE_NONE);
        put(&m, folder, 1, "a@x", 9);
        put(&m, folder, 2, "b@x", 9);
        g_autoptr(GArray) before = mail_ids(&m, folder);
        int64_t kept = g_array_index(before, int64_t, 1);
        mark(&m, folder);
        if (order == 0)
            put(&m, m.archive, 4, "a@x", 9);
        g_assert_true(store_sync_mailbox_remove(m.f.store, m.account, folder, NULL));
        round_begins(&m);
        if (order == 1)
            put(&m, m.archive, 4, "a@x", 9);
        round_ends(&m);
        g_assert_cmpint(mail_only(&m, 0), ==, kept);
        g_assert_cmpint(mail_only(&m, m.archive), ==, kept);
        g_assert_false(has_mailbox(&m, folder));
        counts_are_right(&m);
        mail_close(&m);
    }
}

static enum mail_role role_of(struct mail_fixture *m, int64_t id)
{
    g_autoptr(GPtrArray) mailboxes = store_sync_mailboxes(m->f.store, m->account, NULL);
    for (guint i = 0; i < mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = mailboxes->pdata[i];
        if (mailbox->id == id)
            return mailbox->role;
    }
    return MAIL_ROLES;
}

static bool choose(struct store_access *access, int64_t mailbox, enum mail_role role)
{
    const char *property = NULL;
    const struct store_mailbox_patch patch = {.has_role = true, .role = role};
    return store_mailbox_update(access, mailbox, &patch, &property, NULL);
}

static void a_role_that_a_person_chose_stays(void)
{
    struct mail_fixture m;
    mail_open(&m);
    struct store_access *access = mail_access(&m, STORE_WRITE);
    int64_t bin = mail_mailbox(&m, "Bin", MAIL_ROLE_NONE);
    put(&m, bin, 1, "a@x", 9);
    g_assert_false(choose(access, bin, MAIL_ROLE_TRASH)); /* another has it */
    g_assert_true(choose(access, m.trash, MAIL_ROLE_NONE));
    g_assert_true(choose(access, bin, MAIL_ROLE_TRASH));
    g_assert_cmpint(role_of(&m, bin), ==, MAIL_ROLE_TRASH);
    g_assert_cmpint(role_of(&m, m.trash), ==, MAIL_ROLE_NONE);
    counts_are_right(&m);
    struct store_remote_mailbox listed = {.id = bin,
                                          .raw_name = (char[]){"Bin"},
                                          .name = (char[]){"Bin"},
                                          .delimiter = '/',
                                          .role = MAIL_ROLE_NONE,
                                          .selectable = true,
                                          .sync = true};
    g_assert_true(store_sync_mailbox_put(m.f.store, m.account, &listed, NULL));
    g_assert_cmpint(role_of(&m, bin), ==, MAIL_ROLE_TRASH);
    g_assert_false(choose(access, m.inbox, MAIL_ROLE_TRASH));
    g_assert_false(choose(access, bin, MAIL_ROLE_INBOX));
    g_assert_false(choose(access, 9999, MAIL_ROLE_TRASH));
    g_assert_true(choose(access, bin, MAIL_ROLE_NONE));
    g_assert_true(choose(access, m.trash, MAIL_ROLE_TRASH));
    g_assert_cmpint(role_of(&m, bin), ==, MAIL_ROLE_NONE);
    counts_are_right(&m);
    store_access_free(access);
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/found/first", moved_and_seen_in_its_new_folder_first_it_keeps_its_id);
    g_test_add_func("/store/found/copy", a_copy_of_before_is_no_move);
    g_test_add_func("/store/found/stays", a_double_that_stays_is_not_the_one_that_went);
    g_test_add_func("/store/found/doubles", doubles_that_are_moved_together_stay_two);
    g_test_add_func("/store/found/edit", an_edit_here_meanwhile_wins);
    g_test_add_func("/store/found/quiet", an_edit_of_a_message_that_went_ends_quietly);
    g_test_add_func("/store/found/labels", labels_that_the_server_cannot_keep_move_along);
    g_test_add_func("/store/found/round", what_vanished_in_a_round_waits_for_the_next);
    g_test_add_func("/store/found/deleted", mail_of_a_deleted_folder_is_found_where_it_went);
    g_test_add_func("/store/found/role", a_role_that_a_person_chose_stays);
    return g_test_run();
}
