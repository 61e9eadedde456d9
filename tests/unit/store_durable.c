/* Crashes, full disks, removal without traces, many threads. */
#include "store_mailbox_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- kill -9 */

/* Writes messages and tells each acknowledged one through the pipe, until it is killed. */
static void write_for_ever(struct mail_fixture *m, int fd)
{
    for (uint32_t uid = 1;; uid++) {
        g_autofree char *id = g_strdup_printf("n%u@x", uid);
        g_autofree char *body = g_strnfill(2000, 'a');
        mail_put(m, &(struct mail_spec){.mailbox = m->inbox,
                                        .uid = uid,
                                        .id = id,
                                        .body = body,
                                        .received_at = uid});
        if (write(fd, &uid, sizeof uid) != sizeof uid)
            _exit(1);
    }
}

static uint32_t run_and_kill(struct mail_fixture *m, int milliseconds, bool command)
{
    int fds[2];
    uint32_t acknowledged = 0, uid;
    fixture_stop(&m->f);
    g_assert_cmpint(pipe(fds), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        close(fds[0]);
        fixture_start(&m->f);
        if (command)
            store_ends_soon(m->f.store);
        write_for_ever(m, fds[1]);
    }
    close(fds[1]);
    g_usleep((gulong)milliseconds * 1000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(fds[0], &uid, sizeof uid) == sizeof uid)
        acknowledged = uid;
    close(fds[0]);
    fixture_start(&m->f);
    return acknowledged;
}

static void nothing_acknowledged_is_lost_by_kill_9(void)
{
    for (int round = 0; round < 8; round++) {
        struct mail_fixture m;
        mail_open(&m);
        uint32_t acknowledged = run_and_kill(&m, 60 + 37 * round, round % 2 == 1);
        g_autoptr(GArray) here = store_sync_messages(m.f.store, m.inbox, 1, UINT32_MAX, NULL);
        g_assert_cmpuint(here->len, >=, acknowledged);
        g_assert_cmpuint(here->len, <=, acknowledged + 1);
        for (guint i = 0; i < here->len; i++) {
            const struct store_remote_message *one =
                &g_array_index(here, struct store_remote_message, i);
            g_autoptr(GBytes) raw = store_sync_raw(m.f.store, one->email, NULL);
            g_assert_nonnull(raw);
        }
        g_autofree char *counts = store_check_counts(m.f.store, m.account);
        g_autofree char *damage = store_check(m.f.store);
        g_assert_cmpstr(counts, ==, NULL);
        g_assert_cmpstr(damage, ==, NULL);
        mail_close(&m);
    }
}

/* --- the logs of a command */

/* Bytes that cannot be packed into fewer. */
static void write_much(struct mail_fixture *m, uint32_t messages)
{
    GRand *rand = g_rand_new_with_seed(1);
    for (uint32_t uid = 1; uid <= messages; uid++) {
        g_autofree char *id = g_strdup_printf("n%u@x", uid);
        g_autofree char *body = g_malloc0(200001);
        for (int i = 0; i < 200000; i++)
            body[i] = (char)g_rand_int_range(rand, 'A', 'z');
        mail_put(m, &(struct mail_spec){.mailbox = m->inbox, .uid = uid, .id = id, .body = body});
    }
    g_rand_free(rand);
}

static int64_t length_of(const struct mail_fixture *m, const char *name)
{
    GStatBuf found;
    g_autofree char *path = g_build_filename(m->f.directory, "data", name, NULL);
    return g_stat(path, &found) == 0 ? found.st_size : -1;
}

/* Before it is closed: a slow machine has its time. */
static void a_command_empties_its_logs_while_it_works(void)
{
    struct mail_fixture m;
    mail_open(&m);
    store_ends_soon(m.f.store);
    int64_t before = length_of(&m, "blobs.db");
    write_much(&m, 30);
    for (int i = 0; i < 6000 && length_of(&m, "blobs.db") < before + 2 * 1024 * 1024; i++)
        g_usleep(10000);
    g_assert_cmpint(length_of(&m, "blobs.db"), >=, before + 2 * 1024 * 1024);
    fixture_reopen(&m.f);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, 30);
    g_autofree char *damage = store_check(m.f.store);
    g_assert_cmpstr(damage, ==, NULL);
    mail_close(&m);
}

/* --- a full disk */

static void a_full_disk_loses_nothing_and_says_so(void)
{
    struct mail_fixture m;
    mail_open(&m);
    g_autoptr(GError) error = NULL;
    struct rlimit before, small;
    guint kept = 0;
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 1, .id = "a@x"});
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){(rlim_t)3 * 1024 * 1024, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    GRand *rand = g_rand_new_with_seed(1);
    for (uint32_t uid = 2; uid < 200 && error == NULL; uid++) {
        struct store_batch *batch = store_batch_new(m.f.store, m.account);
        g_autofree char *id = g_strdup_printf("n%u@x", uid);
        g_autofree char *body = g_malloc0(200001);
        for (int i = 0; i < 200000; i++)
            body[i] = (char)g_rand_int_range(rand, 'a', 'z');
        mail_add(batch,
                 &(struct mail_spec){.mailbox = m.inbox, .uid = uid, .id = id, .body = body});
        if (store_batch_commit(batch, STORE_LANE_BULK, NULL, &error))
            kept = uid;
        store_batch_free(batch);
    }
    g_rand_free(rand);
    g_assert_true(error_is(error, ERROR_DISK_FULL));
    setrlimit(RLIMIT_FSIZE, &before);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, kept);
    /* Space again: it goes on, in this run and in the next. */
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 500, .id = "later@x"});
    fixture_reopen(&m.f);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, kept + 1);
    g_autofree char *counts = store_check_counts(m.f.store, m.account);
    g_assert_cmpstr(counts, ==, NULL);
    mail_close(&m);
}

static void assert_state(struct mail_fixture *m, const char *state, const char *problem)
{
    struct store_account_status *status = store_account_status(m->f.store, m->account, NULL);
    struct store_sync_account *account = store_sync_account(m->f.store, m->account, NULL);
    g_assert_cmpstr(status->view->state, ==, state);
    g_assert_cmpstr(status->view->problem, ==, problem);
    g_assert_cmpstr(account->state, ==, state);
    store_sync_account_free(account);
    store_account_status_free(status);
}

static void a_state_is_shown_although_it_cannot_be_written(void)
{
    struct mail_fixture m;
    mail_open(&m);
    struct rlimit before, none;
    g_autoptr(GError) full = NULL;
    error_set(&full, ERROR_DISK_FULL, "no room");
    g_assert_true(store_sync_state(m.f.store, m.account, "idle", NULL, 0, NULL));
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    none = (struct rlimit){0, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
    bool written = store_sync_state(m.f.store, m.account, "retrying", full, 5, NULL);
    setrlimit(RLIMIT_FSIZE, &before);
    g_assert_false(written);
    assert_state(&m, "retrying", "disk-full");
    g_assert_true(store_sync_state(m.f.store, m.account, "idle", NULL, 0, NULL));
    assert_state(&m, "idle", NULL);
    mail_close(&m);
}

/* --- nothing is left */

static bool file_holds(const char *directory, const char *name, const char *canary)
{
    g_autofree char *path = g_build_filename(directory, "data", name, NULL);
    g_autofree char *bytes = NULL;
    gsize length = 0;
    return g_file_get_contents(path, &bytes, &length, NULL) &&
           memmem(bytes, length, canary, strlen(canary)) != NULL;
}

static bool files_hold(struct mail_fixture *m, const char *canary)
{
    static const char *const names[] = {"postroom.db", "postroom.db-wal", "blobs.db",
                                        "blobs.db-wal", "parsing"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (file_holds(m->f.directory, names[i], canary))
            return true;
    return false;
}

static void a_removed_account_leaves_nothing_in_the_files(void)
{
    struct mail_fixture m;
    mail_open(&m);
    g_autoptr(GError) error = NULL;
    for (uint32_t uid = 1; uid <= 300; uid++) {
        g_autofree char *id = g_strdup_printf("canaryid%u@x", uid);
        g_autofree char *body = g_strdup_printf("canarybody%u words", uid);
        mail_put(&m, &(struct mail_spec){.mailbox = m.inbox,
                                         .uid = uid,
                                         .id = id,
                                         .subject = "canarysubject",
                                         .body = body,
                                         .keyword = uid % 10 == 0 ? "canarykeyword" : NULL});
    }
    g_assert_true(files_hold(&m, "canarysubject"));
    g_assert_true(files_hold(&m, "canarybody"));
    g_assert_true(store_account_remove(m.f.store, m.account, &error));
    g_assert_no_error(error);
    g_assert_false(files_hold(&m, "canary"));
    g_assert_false(files_hold(&m, "ann@mail.example"));
    g_assert_null(store_authorise(m.f.store, m.user, m.account, STORE_READ, NULL));
    mail_close(&m);
}

/* Accounts share tables of the word index: so many later one has the first one's. */
#define SHARED_BY 64

static void accounts_that_share_an_index_stay_apart(void)
{
    struct mail_fixture first, second;
    mail_open(&first);
    g_autoptr(GError) error = NULL;
    second = first;
    for (int i = 1; i <= SHARED_BY; i++) {
        g_autofree char *address = g_strdup_printf("other%d@mail.example", i);
        second.account = fixture_account(&first.f, first.user, address, "password");
    }
    g_assert_cmpint(second.account, ==, first.account + SHARED_BY);
    second.inbox = mail_mailbox(&second, "INBOX", MAIL_ROLE_INBOX);
    for (uint32_t uid = 1; uid <= 200; uid++) {
        g_autofree char *id = g_strdup_printf("id%u@x", uid);
        g_autofree char *body = g_strdup_printf("canarybody%u both", uid);
        struct mail_spec spec = {.mailbox = first.inbox, .uid = uid, .id = id, .body = body};
        mail_put(&first, &spec);
        spec.mailbox = second.inbox;
        spec.body = "kept both";
        mail_put(&second, &spec);
    }
    g_assert_cmpuint(mail_found_words(&first, "canary", true), ==, 200);
    g_assert_cmpuint(mail_found_words(&second, "canary", true), ==, 0);
    g_assert_cmpuint(mail_found_words(&second, "both", true), ==, 200);
    g_assert_true(store_account_remove(first.f.store, first.account, &error));
    g_assert_no_error(error);
    g_assert_false(files_hold(&first, "canary"));
    g_assert_cmpuint(mail_found_words(&second, "both", true), ==, 200);
    g_assert_cmpuint(mail_found_words(&second, "kept", true), ==, 200);
    mail_put(&second, &(struct mail_spec){.mailbox = second.inbox, .uid = 201, .body = "kept"});
    g_assert_cmpuint(mail_found_words(&second, "kept", true), ==, 201);
    mail_close(&first);
}

/* --- many threads */

struct stress {
    struct mail_fixture m;
    int stop;
    int64_t first;
};

static void *write_batches(void *arg)
{
    struct stress *stress = arg;
    for (uint32_t uid = 1; uid <= 200; uid++) {
        g_autofree char *id = g_strdup_printf("n%u@x", uid);
        mail_put(&stress->m, &(struct mail_spec){.mailbox = stress->m.inbox,
                                                 .uid = uid,
                                                 .id = id,
                                                 .body = "common words",
                                                 .received_at = uid});
    }
    __atomic_store_n(&stress->stop, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void *change_flags(void *arg)
{
    struct stress *stress = arg;
    while (__atomic_load_n(&stress->stop, __ATOMIC_ACQUIRE) == 0) {
        struct store_access *access = mail_access(&stress->m, STORE_WRITE);
        struct store_set *set = store_set_new(access, 0);
        struct store_email_patch patch = {.add = {.bits = MAIL_FLAGGED}};
        g_autoptr(GArray) ids = mail_ids(&stress->m, stress->m.inbox);
        for (guint i = 0; i < ids->len; i++)
            store_set_update(set, g_array_index(ids, int64_t, i), &patch);
        g_assert_true(store_set_commit(set, NULL, NULL, NULL));
        store_set_free(set);
        store_access_free(access);
    }
    return NULL;
}

static void *read_all(void *arg)
{
    struct stress *stress = arg;
    while (__atomic_load_n(&stress->stop, __ATOMIC_ACQUIRE) == 0) {
        g_autofree char *counts = store_check_counts(stress->m.f.store, stress->m.account);
        g_assert_cmpstr(counts, ==, NULL);
        g_autoptr(GArray) ids = mail_ids(&stress->m, 0);
        if (ids->len > 0)
            store_email_free(mail_get(&stress->m, g_array_index(ids, int64_t, 0)));
        struct store_progress progress = {.phase = "headers"};
        store_sync_progress(stress->m.f.store, stress->m.account, &progress);
    }
    return NULL;
}

static void count_calls(int64_t account, unsigned types, void *arg)
{
    (void)account;
    if ((types & STORE_EMAIL) != 0)
        __atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
}

static void threads_do_not_disturb_each_other(void)
{
    struct stress stress = {0};
    pthread_t threads[6];
    void *(*const bodies[6])(void *) = {write_batches, change_flags, change_flags,
                                        read_all,      read_all,     read_all};
    int calls = 0;
    mail_open(&stress.m);
    store_listen(stress.m.f.store, count_calls, &calls);
    for (int i = 0; i < 6; i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, bodies[i], &stress), ==, 0);
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    g_assert_cmpuint(mail_count(&stress.m, stress.m.inbox), ==, 200);
    g_assert_cmpint(__atomic_load_n(&calls, __ATOMIC_RELAXED), >=, 1);
    store_unlisten(stress.m.f.store, count_calls, &calls);
    mail_close(&stress.m);
}

static void a_newer_data_directory_is_refused(void)
{
    struct fixture f;
    g_autoptr(GError) error = NULL;
    fixture_open(&f);
    store_close(f.store);
    g_autofree char *data = g_build_filename(f.directory, "data", NULL);
    g_autofree char *path = g_build_filename(data, "postroom.db", NULL);
    /* PRAGMA user_version, as the file format has it at byte 60. */
    FILE *file = fopen(path, "r+b");
    g_assert_nonnull(file);
    g_assert_cmpint(fseek(file, 60, SEEK_SET), ==, 0);
    g_assert_cmpuint(fwrite("\0\0\1\0", 1, 4, file), ==, 4);
    fclose(file);
    struct store_config config = {.directory = data, .keyring = f.keyring};
    g_assert_null(store_open(&config, &error));
    g_assert_true(error_is(error, ERROR_STORE));
    g_assert_nonnull(strstr(error->message, "newer"));
    keyring_free(f.keyring);
    fixture_remove_tree(f.directory);
    g_free(f.directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/durable/kill", nothing_acknowledged_is_lost_by_kill_9);
    g_test_add_func("/store/durable/logs", a_command_empties_its_logs_while_it_works);
    g_test_add_func("/store/durable/full", a_full_disk_loses_nothing_and_says_so);
    g_test_add_func("/store/durable/full-state", a_state_is_shown_although_it_cannot_be_written);
    g_test_add_func("/store/durable/removed", a_removed_account_leaves_nothing_in_the_files);
    g_test_add_func("/store/durable/shared-index", accounts_that_share_an_index_stay_apart);
    g_test_add_func("/store/durable/threads", threads_do_not_disturb_each_other);
    g_test_add_func("/store/durable/newer", a_newer_data_directory_is_refused);
    return g_test_run();
}
