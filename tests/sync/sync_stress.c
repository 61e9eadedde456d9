/* Many accounts at once, live, on one store and one pool: mail comes in, people read and move it,
 * accounts are poked, paused and let go while the server cuts connections. Made for the thread
 * sanitiser, and for what only shows when everything happens together. In the end all that is left
 * agrees with its server. STRESS_SECONDS makes it longer. */
#include "world.h"

#include "base/clock.h"
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE 3

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define ACCOUNTS 12
#else
#define ACCOUNTS 24
#endif

struct mailbox {
    int64_t account;
    struct model *model;
    char *login;
    bool dropped;
};

struct stress {
    struct stage stage;
    struct world world;
    struct sync_manager *manager;
    struct mailbox mailboxes[ACCOUNTS];
    atomic_bool stopping;
    atomic_uint changes;
};

static void link_one(struct stress *stress, unsigned at, int64_t user)
{
    g_autoptr(GError) error = NULL;
    struct mailbox *mailbox = &stress->mailboxes[at];
    mailbox->login = g_strdup_printf("user%u@mail.example", at);
    mailbox->model = model_server_add(stress->stage.server, mailbox->login,
                                      (enum model_profile)(at % MODEL_PROFILES));
    struct secret *password = secret_new("a long password", 15);
    struct store_link link = {.address = mailbox->login,
                              .user = user,
                              .imap_host = "127.0.0.1",
                              .imap_port = model_server_port(stress->stage.server),
                              .imap_security = "plain",
                              .imap_login = mailbox->login,
                              .operator_hosts = true,
                              .password = password};
    bool relinked;
    mailbox->account = store_link(stress->world.store, &link, &relinked, &error);
    g_assert_no_error(error);
    secret_free(password);
}

/* As app wires it: what the store has for the engine pokes it. */
static void on_change(int64_t account, unsigned types, void *arg)
{
    struct stress *stress = arg;
    if ((types & STORE_INTENT) != 0 && account != 0)
        sync_manager_poke(stress->manager, account);
}

static struct store_access *access_of(struct stress *stress, const struct mailbox *mailbox)
{
    return store_access_for_operator(stress->world.store, mailbox->account, NULL);
}

/* --- what people and servers do */

static void deliver(struct mailbox *mailbox, GRand *rand)
{
    static atomic_uint last;
    g_autofree char *id = g_strdup_printf("s%u@x", atomic_fetch_add(&last, 1));
    model_lock(mailbox->model);
    guint at = (guint)g_rand_int_range(rand, 0, (gint32)mailbox->model->folders->len);
    model_deliver(mailbox->model, mailbox->model->folders->pdata[at], id, NULL, NULL);
    model_unlock(mailbox->model);
}

static void expunge(struct mailbox *mailbox, GRand *rand)
{
    model_lock(mailbox->model);
    struct model_folder *folder = mailbox->model->folders->pdata[0];
    if (folder->messages->len > 5) {
        guint at = (guint)g_rand_int_range(rand, 0, (gint32)folder->messages->len);
        const struct model_message *message = folder->messages->pdata[at];
        model_expunge(mailbox->model, folder, message->uid);
    }
    model_unlock(mailbox->model);
}

/* Reads or moves one of the newest. */
static void handle(struct stress *stress, const struct mailbox *mailbox, GRand *rand)
{
    struct store_access *access = access_of(stress, mailbox);
    struct store_query query = {.limit = 5};
    struct store_query_result result = {0};
    g_autoptr(GPtrArray) folders = access != NULL ? store_mailboxes(access, NULL, NULL) : NULL;
    if (folders != NULL && folders->len > 1 && store_query(access, &query, &result, NULL) &&
        result.ids->len > 0) {
        guint pick = (guint)g_rand_int_range(rand, 0, (gint32)result.ids->len);
        guint goal = (guint)g_rand_int_range(rand, 0, (gint32)folders->len);
        g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof(int64_t));
        g_array_append_val(to, ((const struct store_mailbox *)folders->pdata[goal])->id);
        struct store_email_patch patch = {.add = {.bits = MAIL_SEEN},
                                          .replace_mailboxes = g_rand_boolean(rand),
                                          .mailboxes = to};
        struct store_set *set = store_set_new(access, 0);
        store_set_update(set, g_array_index(result.ids, int64_t, pick), &patch);
        store_set_commit(set, NULL, NULL, NULL);
        store_set_free(set);
    }
    store_query_result_clear(&result);
    store_access_free(access);
}

static void pause_and_go_on(struct stress *stress, const struct mailbox *mailbox)
{
    for (int on = 1; on >= 0; on--) {
        store_account_pause(stress->world.store, mailbox->account, on != 0, NULL);
        sync_manager_poke(stress->manager, mailbox->account);
    }
}

static void one_change(struct stress *stress, struct mailbox *mailbox, GRand *rand)
{
    switch (g_rand_int_range(rand, 0, 40)) {
    case 0:
        if (g_rand_int_range(rand, 0, 8) == 0)
            model_server_cut(stress->stage.server);
        return;
    case 1:
    case 2:
        pause_and_go_on(stress, mailbox);
        return;
    case 3:
        /* A session that ends comes back with the next poke. */
        sync_manager_drop(stress->manager, mailbox->account);
        sync_manager_poke(stress->manager, mailbox->account);
        return;
    case 4:
    case 5:
        expunge(mailbox, rand);
        return;
    case 6:
    case 7:
        sync_manager_poke(stress->manager, mailbox->account);
        return;
    default:
        if (g_rand_boolean(rand))
            deliver(mailbox, rand);
        else
            handle(stress, mailbox, rand);
    }
}

/* Each person has accounts of their own to change; the server cuts those of all. */
struct person {
    struct stress *stress;
    unsigned number;
    pthread_t thread;
};

static void *live(void *arg)
{
    struct person *person = arg;
    struct stress *stress = person->stress;
    GRand *rand = g_rand_new_with_seed(person->number + 1);
    while (!atomic_load(&stress->stopping)) {
        unsigned at = (unsigned)g_rand_int_range(rand, 0, ACCOUNTS / PEOPLE) * PEOPLE;
        one_change(stress, &stress->mailboxes[at + person->number], rand);
        atomic_fetch_add(&stress->changes, 1);
    }
    g_rand_free(rand);
    return NULL;
}

/* --- the end */

static bool agrees(struct stress *stress, struct mailbox *mailbox)
{
    g_autoptr(GPtrArray) here = store_sync_mailboxes(stress->world.store, mailbox->account, NULL);
    bool same = true;
    model_lock(mailbox->model);
    same = here->len == mailbox->model->folders->len;
    for (guint i = 0; i < here->len && same; i++) {
        const struct store_remote_mailbox *known = here->pdata[i];
        struct model_folder *there = model_folder(mailbox->model, known->raw_name);
        g_autoptr(GArray) rows =
            store_sync_messages(stress->world.store, known->id, 1, UINT32_MAX, NULL);
        same = there != NULL && rows->len == there->messages->len;
        for (guint k = 0; k < rows->len && same; k++)
            same = g_array_index(rows, struct store_remote_message, k).uid ==
                   ((const struct model_message *)there->messages->pdata[k])->uid;
    }
    model_unlock(mailbox->model);
    return same;
}

static void settle(struct stress *stress, struct mailbox *mailbox)
{
    for (int i = 0; i < 30 && !agrees(stress, mailbox); i++) {
        struct sync_result result = {0};
        sync_manager_pass(stress->manager, mailbox->account, NULL, &result, NULL);
        if (result.error != NULL)
            g_test_message("%s: %s", mailbox->login, result.error);
        sync_result_clear(&result);
    }
    g_assert_true(agrees(stress, mailbox));
    g_autofree char *counts = store_check_counts(stress->world.store, mailbox->account);
    g_assert_null(counts);
}

static void start(struct stress *stress)
{
    g_autoptr(GError) error = NULL;
    stage_open(&stress->stage);
    world_open(&stress->world, &stress->stage, MODEL_QRESYNC);
    struct secret *password = secret_new("a long password", 15);
    int64_t user = store_user_add(stress->world.store, "bob@example.org", password, false, &error);
    g_assert_no_error(error);
    secret_free(password);
    for (unsigned at = 0; at < ACCOUNTS; at++)
        link_one(stress, at, user);
    struct sync_config config = {.store = stress->world.store,
                                 .exec = stress->stage.exec,
                                 .spool_dir = stress->world.directory,
                                 .tuning = {.poll_ms = 50,
                                            .compare_ms = 100,
                                            .idle_ms = 200,
                                            .doubt_ms = 1,
                                            .backoff_ms = 20},
                                 .live = true};
    stress->manager = sync_manager_new(&config);
    store_listen(stress->world.store, on_change, stress);
    sync_manager_start(stress->manager, &error);
    g_assert_no_error(error);
}

static void finish(struct stress *stress)
{
    for (unsigned at = 0; at < ACCOUNTS; at++)
        settle(stress, &stress->mailboxes[at]);
    /* Some go while the rest live on. */
    for (unsigned at = 0; at < ACCOUNTS; at += 4) {
        sync_manager_drop(stress->manager, stress->mailboxes[at].account);
        g_assert_true(
            store_account_remove(stress->world.store, stress->mailboxes[at].account, NULL));
    }
    store_unlisten(stress->world.store, on_change, stress);
    sync_manager_free(stress->manager);
    for (unsigned at = 0; at < ACCOUNTS; at++)
        g_free(stress->mailboxes[at].login);
    world_close(&stress->world);
    stage_close(&stress->stage);
}

static void everything_at_once(void)
{
    const char *text = g_getenv("STRESS_SECONDS");
    int64_t until = clock_in_ms((text != NULL ? atoi(text) : 3) * INT64_C(1000));
    struct stress stress = {0};
    struct person people[PEOPLE];
    start(&stress);
    for (unsigned i = 0; i < PEOPLE; i++) {
        people[i] = (struct person){.stress = &stress, .number = i};
        g_assert_cmpint(pthread_create(&people[i].thread, NULL, live, &people[i]), ==, 0);
    }
    while (clock_now() < until)
        g_usleep(20000);
    atomic_store(&stress.stopping, true);
    for (unsigned i = 0; i < PEOPLE; i++)
        pthread_join(people[i].thread, NULL);
    g_print("# %u changes to %d accounts\n", atomic_load(&stress.changes), ACCOUNTS);
    finish(&stress);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/stress", everything_at_once);
    return g_test_run();
}
