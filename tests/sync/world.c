#include "world.h"

#include "base/clock.h"
#include "base/log.h"
#include "oauth/oauth.h"
#include "sync/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* In memory where the machine has such a place: thousands of stores are opened. */
static char *private_directory(void)
{
    char *path = g_strdup("/dev/shm/postroom-sync-XXXXXX");
    if (g_mkdtemp(path) != NULL)
        return path;
    g_free(path);
    g_autoptr(GError) error = NULL;
    path = g_dir_make_tmp("postroom-sync-XXXXXX", &error);
    g_assert_no_error(error);
    return path;
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    g_clear_pointer(&dir, g_dir_close);
    g_remove(path);
}

static void copy_tree(const char *from, const char *to)
{
    GDir *dir = g_dir_open(from, 0, NULL);
    if (dir == NULL) {
        gsize length = 0;
        g_autofree char *data = NULL;
        g_assert_true(g_file_get_contents(from, &data, &length, NULL));
        FILE *file = fopen(to, "wb");
        g_assert_nonnull(file);
        g_assert_cmpuint(fwrite(data, 1, length, file), ==, length);
        fclose(file);
        g_assert_cmpint(g_chmod(to, 0600), ==, 0);
        return;
    }
    g_assert_true(g_mkdir(to, 0700) == 0 || errno == EEXIST);
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        copy_tree(source, target);
    }
    g_dir_close(dir);
}

/* How far the clocks are ahead, in seconds. */
static atomic_llong ahead, monotonic_ahead;

static int64_t shifted_monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((int64_t)now.tv_sec + atomic_load(&monotonic_ahead)) * CLOCK_SECOND +
           now.tv_nsec / 1000;
}

static int64_t shifted_wall(void)
{
    return (int64_t)time(NULL) + atomic_load(&ahead);
}

static bool may_commit(bool durable, void *arg)
{
    struct world *world = arg;
    if (atomic_load(&world->died))
        return false;
    unsigned at = durable ? atomic_load(&world->commits) : atomic_fetch_add(&world->commits, 1) + 1;
    if (at != world->die_at_commit || durable != world->die_after)
        return true;
    atomic_store(&world->died, true);
    model_server_die(world->stage->server);
    return false;
}

static void server_died(void *arg)
{
    struct world *world = arg;
    atomic_store(&world->died, true);
}

static void open_store(struct world *world)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *key = g_build_filename(world->directory, "key", NULL);
    g_autofree char *data = g_build_filename(world->directory, "data", NULL);
    world->keyring = keyring_load(key, true, &error);
    g_assert_no_error(error);
    struct store_config config = {.directory = data,
                                  .keyring = world->keyring,
                                  .read_words = sync_read_words,
                                  .may_commit = may_commit,
                                  .may_commit_arg = world};
    world->store = store_open(&config, &error);
    g_assert_no_error(error);
    g_assert_nonnull(world->store);
}

static void close_store(struct world *world)
{
    g_clear_pointer(&world->store, store_close);
    g_clear_pointer(&world->keyring, keyring_free);
}

static void link_account(struct world *world)
{
    g_autoptr(GError) error = NULL;
    struct secret *password = secret_new("a long password", 15);
    int64_t user = store_user_add(world->store, "ann@example.org", password, false, &error);
    g_assert_no_error(error);
    struct store_link link = {.address = WORLD_LOGIN,
                              .display_name = "Ann",
                              .user = user,
                              .imap_host = "127.0.0.1",
                              .imap_port = model_server_port(world->stage->server),
                              .imap_security = "plain",
                              .imap_login = WORLD_LOGIN,
                              .smtp_host = "127.0.0.1",
                              .smtp_port = model_smtp_port(world->stage->smtp),
                              .smtp_security = "plain",
                              .smtp_login = WORLD_LOGIN,
                              .operator_hosts = true,
                              .password = password};
    bool relinked;
    store_link(world->store, &link, &relinked, &error);
    g_assert_no_error(error);
    secret_free(password);
}

static void link_at_provider(struct world *world)
{
    g_autoptr(GError) error = NULL;
    struct secret *word = secret_new("a long password", 15);
    int64_t user = store_user_add(world->store, "ann@example.org", word, false, &error);
    g_assert_no_error(error);
    struct store_provider provider = {.name = (char *)"outlook",
                                      .type = (char *)"microsoft",
                                      .client_id = (char *)"client",
                                      .tenant = (char *)"common",
                                      .client_secret = word};
    store_provider_put(world->store, &provider, "https://login.example", &error);
    g_assert_no_error(error);
    struct store_link link = {.address = WORLD_LOGIN,
                              .display_name = "Ann",
                              .user = user,
                              .provider = "outlook",
                              .tid = "t",
                              .oid = "o",
                              .login = WORLD_LOGIN,
                              .scopes = "",
                              .refresh_token = word,
                              .token_origin = "https://login.example",
                              .operator_hosts = true};
    bool relinked;
    store_link(world->store, &link, &relinked, &error);
    g_assert_no_error(error);
    secret_free(word);
}

/* The provider's hosts. */
static bool settle(struct store_sync_account *account, void *arg, GError **error)
{
    const struct world *world = arg;
    (void)error;
    char **const texts[] = {&account->imap_host, &account->smtp_host, &account->imap_security,
                            &account->smtp_security};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*texts[i]);
        *texts[i] = g_strdup(i < 2 ? "127.0.0.1" : "plain");
    }
    account->imap_port = model_server_port(world->stage->server);
    account->smtp_port = model_smtp_port(world->stage->smtp);
    account->kind = STORE_KIND_MICROSOFT;
    return true;
}

/* A token that never ends. */
static bool load_token(int64_t account, struct oauth_provider **provider,
                       struct oauth_tokens *tokens, void *arg, GError **error)
{
    (void)account;
    (void)arg;
    (void)error;
    *provider = NULL;
    tokens->access_token = secret_new("token", 5);
    tokens->expires_at = INT64_C(1) << 40;
    return true;
}

void stage_open(struct stage *stage)
{
    struct exec_config config = {.workers = 3, .reserved = 1, .stack_bytes = 1024 * 1024};
    struct world world = {.stage = stage};
    const struct oauth_vault vault = {.load = load_token};
    clock_override(shifted_monotonic, shifted_wall);
    if (g_getenv("SYNC_LOG") == NULL)
        log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
    stage->exec = exec_new(&config);
    stage->server = model_server_start();
    stage->smtp = model_smtp_start(stage->server);
    stage->tokens = oauth_cache_new(&vault, NULL);
    stage->directory = private_directory();
    for (int i = 0; i < 2; i++) {
        stage->blank[i] = g_build_filename(stage->directory, i == 0 ? "own" : "provider", NULL);
        g_assert_cmpint(g_mkdir(stage->blank[i], 0700), ==, 0);
        world.directory = stage->blank[i];
        open_store(&world);
        (i == 0 ? link_account : link_at_provider)(&world);
        close_store(&world);
    }
}

void stage_close(struct stage *stage)
{
    exec_free(stage->exec);
    model_smtp_stop(stage->smtp);
    model_server_stop(stage->server);
    oauth_cache_free(stage->tokens);
    remove_tree(stage->directory);
    g_free(stage->blank[0]);
    g_free(stage->blank[1]);
    g_free(stage->directory);
}

static void find_account(struct world *world)
{
    g_autoptr(GError) error = NULL;
    world->account = store_account_of_address(world->store, WORLD_LOGIN, &error);
    g_assert_no_error(error);
}

static void open_world(struct world *world, struct stage *stage, enum model_profile profile,
                       const char *blank)
{
    const struct model_death never = {0};
    *world = (struct world){.stage = stage};
    world->directory = g_build_filename(stage->directory, "world", NULL);
    world->model = model_server_add(stage->server, WORLD_LOGIN, profile);
    model_smtp_arm(stage->smtp, world->model, &never, NULL, NULL);
    copy_tree(blank, world->directory);
    open_store(world);
    find_account(world);
}

void world_open(struct world *world, struct stage *stage, enum model_profile profile)
{
    open_world(world, stage, profile, stage->blank[0]);
}

void world_open_provider(struct world *world, struct stage *stage, enum model_profile profile)
{
    open_world(world, stage, profile, stage->blank[1]);
    world->model->post.files = true;
}

void world_close(struct world *world)
{
    const struct model_death never = {0};
    close_store(world);
    model_smtp_arm(world->stage->smtp, NULL, &never, NULL, NULL);
    remove_tree(world->directory);
    g_free(world->directory);
}

void world_restart(struct world *world)
{
    close_store(world);
    world->die_at_commit = 0;
    const struct model_death never = {0};
    /* Until both are disarmed they may die of what came last on a connection that was left, and the
     * submission server takes the other one with it. */
    model_smtp_arm(world->stage->smtp, world->model, &never, server_died, world);
    model_server_arm(world->stage->server, &never, server_died, world);
    atomic_store(&world->died, false);
    atomic_store(&world->commits, 0);
    open_store(world);
}

void world_arm(struct world *world, unsigned commit, bool after, const struct model_death *death)
{
    world->die_at_commit = commit;
    world->die_after = after;
    atomic_store(&world->commits, 0);
    model_server_arm(world->stage->server, death, death->cut ? NULL : server_died, world);
    model_smtp_arm(world->stage->smtp, world->model, death, server_died, world);
}

void world_skip(int64_t seconds)
{
    atomic_fetch_add(&ahead, seconds);
    atomic_fetch_add(&monotonic_ahead, seconds);
}

void world_config(struct world *world, struct sync_config *config)
{
    *config = (struct sync_config){.store = world->store,
                                   .exec = world->stage->exec,
                                   .tokens = world->stage->tokens,
                                   .spool_dir = world->directory,
                                   .settle = settle,
                                   .tuning = {.doubt_ms = MAX(world->doubt_ms, 1),
                                              .near_ms = world->near_ms},
                                   .arg = world};
}

static struct sync_manager *new_manager(struct world *world)
{
    struct sync_config config;
    world_config(world, &config);
    return sync_manager_new(&config);
}

void world_send(struct world *world)
{
    struct sync_manager *manager = new_manager(world);
    struct sender sender = {.manager = manager, .account = world->account, .cancel = cancel_new()};
    while (sender_run(&sender, 0).next == EXEC_AGAIN)
        ;
    cancel_unref(sender.cancel);
    g_free(sender.sent_at);
    sync_manager_free(manager);
}

void world_wait(struct world *world, int64_t least_s)
{
    g_autoptr(GError) error = NULL;
    int64_t wake = 0, now = clock_wall(), due = model_post_due(world->model);
    store_submission_free(store_outbox_next(world->store, world->account, now, &wake, &error));
    g_assert_no_error(error);
    int64_t until = wake == 0 || (due != 0 && due < wake) ? due : wake;
    atomic_fetch_add(&ahead, MAX(least_s, until != 0 ? until - now : 3601));
    model_post_file(world->model);
}

char *world_pass(struct world *world)
{
    g_autoptr(GError) error = NULL;
    struct sync_manager *manager = new_manager(world);
    struct sync_result result = {0};
    bool ok = sync_manager_pass(manager, world->account, NULL, &result, &error);
    char *problem = ok ? g_strdup(result.error) : g_strdup(error->message);
    sync_result_clear(&result);
    sync_manager_free(manager);
    return problem;
}

void world_save(struct world *world, struct snapshot *snapshot)
{
    snapshot->directory = g_strconcat(world->directory, "-saved", NULL);
    snapshot->clock = atomic_load(&ahead);
    close_store(world);
    copy_tree(world->directory, snapshot->directory);
    model_lock(world->model);
    snapshot->model = model_copy(world->model);
    model_unlock(world->model);
    world_restart(world);
}

void world_load(struct world *world, const struct snapshot *snapshot)
{
    close_store(world);
    remove_tree(world->directory);
    copy_tree(snapshot->directory, world->directory);
    model_lock(world->model);
    model_assign(world->model, snapshot->model);
    model_unlock(world->model);
    atomic_store(&ahead, snapshot->clock);
    world_restart(world);
}

void snapshot_clear(struct snapshot *snapshot)
{
    remove_tree(snapshot->directory);
    g_free(snapshot->directory);
    model_free(snapshot->model);
}

struct store_access *world_access(struct world *world)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = store_access_for_operator(world->store, world->account, &error);
    g_assert_no_error(error);
    return access;
}
