#include "oauth/oauth.h"

#include "base/clock.h"
#include "base/log.h"
#include "http_peer.h"
#include "httpc/httpc.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define THREADS 16
#define MAIL_SCOPES                                                                                \
    "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send"

static int64_t ahead_seconds; /* tests move the clock */

static int64_t clock_of(clockid_t id, int64_t *microseconds)
{
    struct timespec now;
    clock_gettime(id, &now);
    *microseconds = now.tv_nsec / 1000;
    return now.tv_sec + __atomic_load_n(&ahead_seconds, __ATOMIC_RELAXED);
}

static int64_t monotonic(void)
{
    int64_t rest;
    int64_t seconds = clock_of(CLOCK_MONOTONIC, &rest);
    return seconds * CLOCK_SECOND + rest;
}

static int64_t wall(void)
{
    int64_t rest;
    return clock_of(CLOCK_REALTIME, &rest);
}

/* A provider that answers as told, and a store of one credential. */
struct fixture {
    struct http_peer server;
    struct oauth_cache *cache;
    pthread_mutex_t mutex;
    int status, lifetime, delay_ms;
    int held; /* the answer waits until it is 0 */
    const char *headers, *failure, *scopes;
    bool rotates;
    int refreshed;
    char *last_body;
    /* the vault */
    char *refresh_token, *access_token;
    int64_t expires_at;
    int loads, keeps;
    bool broken_load, broken_keep;
};

static void answer(struct peer_stream *stream, const struct http_request *request, void *arg)
{
    struct fixture *f = arg;
    pthread_mutex_lock(&f->mutex);
    g_free(f->last_body);
    f->last_body = g_strdup(request->body);
    int status = f->status, number = ++f->refreshed, delay = f->delay_ms;
    g_autofree char *rotated =
        f->rotates ? g_strdup_printf(",\"refresh_token\":\"rt%d\"", number) : g_strdup("");
    g_autofree char *good =
        g_strdup_printf("{\"token_type\":\"Bearer\",\"access_token\":\"at%d\",\"expires_in\":%d,"
                        "\"scope\":\"%s\"%s}",
                        number, f->lifetime, f->scopes, rotated);
    const char *headers = f->headers, *failure = f->failure;
    pthread_mutex_unlock(&f->mutex);
    g_usleep((gulong)delay * 1000);
    while (g_atomic_int_get(&f->held) != 0)
        g_usleep(1000);
    http_peer_json(stream, status, headers, status == 200 ? good : failure);
}

static struct oauth_provider *make_provider(const struct fixture *f)
{
    struct oauth_provider *provider = g_new0(struct oauth_provider, 1);
    provider->name = g_strdup("microsoft");
    provider->client_id = g_strdup("c0ffee1a-5e2b-4d6f-8a37-1b9c4e7d2f60");
    provider->client_secret = secret_new("se+cret", 7);
    provider->authority = http_peer_url(&f->server, "");
    oauth_provider_fill(provider, "custom");
    return provider;
}

static bool load(int64_t account, struct oauth_provider **provider, struct oauth_tokens *tokens,
                 void *arg, GError **error)
{
    struct fixture *f = arg;
    pthread_mutex_lock(&f->mutex);
    bool good = account == 1 && !f->broken_load;
    f->loads++;
    if (good) {
        *provider = make_provider(f);
        if (f->access_token != NULL)
            tokens->access_token = secret_new(f->access_token, strlen(f->access_token));
        if (f->refresh_token != NULL)
            tokens->refresh_token = secret_new(f->refresh_token, strlen(f->refresh_token));
        tokens->expires_at = f->expires_at;
    }
    pthread_mutex_unlock(&f->mutex);
    if (!good)
        error_set(error, ERROR_NOT_FOUND, "no such account");
    return good;
}

static bool keep(int64_t account, const struct oauth_tokens *tokens, void *arg, GError **error)
{
    struct fixture *f = arg;
    g_assert_cmpint(account, ==, 1);
    pthread_mutex_lock(&f->mutex);
    f->keeps++;
    bool good = !f->broken_keep;
    if (good) {
        g_free(f->access_token);
        f->access_token = g_strdup(secret_reveal(tokens->access_token));
        if (tokens->refresh_token != NULL) {
            g_free(f->refresh_token);
            f->refresh_token = g_strdup(secret_reveal(tokens->refresh_token));
        }
        f->expires_at = tokens->expires_at;
    }
    pthread_mutex_unlock(&f->mutex);
    if (!good)
        error_set(error, ERROR_DISK_FULL, "full");
    return good;
}

static void set_up(struct fixture *f, const void *data)
{
    (void)data;
    memset(f, 0, sizeof *f);
    pthread_mutex_init(&f->mutex, NULL);
    f->status = 200;
    f->lifetime = 3600;
    f->headers = "";
    f->failure = "{\"error\":\"invalid_grant\",\"error_codes\":[50173]}";
    f->scopes = MAIL_SCOPES;
    f->rotates = true;
    f->refresh_token = g_strdup("rt0");
    http_peer_start(&f->server, answer, f, false);
    struct oauth_vault vault = {load, keep, f};
    f->cache = oauth_cache_new(&vault, NULL);
}

static void tear_down(struct fixture *f, const void *data)
{
    (void)data;
    oauth_cache_free(f->cache);
    http_peer_stop(&f->server);
    pthread_mutex_destroy(&f->mutex);
    g_free(f->last_body);
    g_free(f->refresh_token);
    g_free(f->access_token);
}

static void gets(struct fixture *f, bool force, const char *expected)
{
    g_autoptr(GError) error = NULL;
    int64_t expires_at = 0;
    struct secret *token = oauth_token_get(f->cache, 1, force, NULL, &expires_at, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(secret_reveal(token), ==, expected);
    g_assert_cmpint(expires_at, >, wall());
    secret_free(token);
}

static void refuses(struct fixture *f, bool force, int code)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(oauth_token_get(f->cache, 1, force, NULL, NULL, &error));
    g_assert_error(error, POSTROOM_ERROR, code);
}

static void move_clock(int64_t seconds)
{
    __atomic_add_fetch(&ahead_seconds, seconds, __ATOMIC_RELAXED);
}

static void a_stored_token_is_used_while_it_lives(struct fixture *f, const void *data)
{
    (void)data;
    f->access_token = g_strdup("stored");
    f->expires_at = wall() + 600;
    gets(f, false, "stored");
    gets(f, false, "stored");
    g_assert_cmpint(f->loads, ==, 1);
    g_assert_cmpint(f->refreshed, ==, 0);
    move_clock(301);
    gets(f, false, "at1");
    g_assert_nonnull(strstr(f->last_body, "grant_type=refresh_token"));
    g_assert_nonnull(strstr(f->last_body, "refresh_token=rt0"));
    g_assert_nonnull(strstr(f->last_body, "client_secret=se%2Bcret"));
    g_assert_null(strstr(f->last_body, "User.Read"));
    g_assert_cmpstr(f->refresh_token, ==, "rt1");
}

static void an_answer_without_refresh_token_keeps_the_old(struct fixture *f, const void *data)
{
    (void)data;
    f->rotates = false;
    gets(f, false, "at1");
    g_assert_cmpstr(f->refresh_token, ==, "rt0");
}

static void *get_in_thread(void *arg)
{
    struct fixture *f = arg;
    struct secret *token = oauth_token_get(f->cache, 1, false, NULL, NULL, NULL);
    char *text = token != NULL ? g_strdup(secret_reveal(token)) : NULL;
    secret_free(token);
    return text;
}

static void get_in_many_threads(struct fixture *f, const char *expected)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, get_in_thread, f);
    for (int i = 0; i < THREADS; i++) {
        void *text = NULL;
        pthread_join(threads[i], &text);
        g_assert_cmpstr(text, ==, expected);
        g_free(text);
    }
}

static void many_threads_cause_one_refresh(struct fixture *f, const void *data)
{
    (void)data;
    f->delay_ms = 100;
    get_in_many_threads(f, "at1");
    g_assert_cmpint(f->refreshed, ==, 1);
    g_assert_cmpint(f->keeps, ==, 1);
}

static void many_threads_share_one_refusal(struct fixture *f, const void *data)
{
    (void)data;
    f->delay_ms = 100;
    f->status = 400;
    get_in_many_threads(f, NULL);
    g_assert_cmpint(f->refreshed, ==, 1);
    g_assert_cmpint(f->keeps, ==, 0);
    refuses(f, true, ERROR_ACCESS_REVOKED);
    g_assert_cmpint(f->refreshed, ==, 1);
}

static void retry_after_is_honoured(struct fixture *f, const void *data)
{
    (void)data;
    f->status = 429;
    f->headers = "Retry-After: 60\r\n";
    f->failure = "{}";
    refuses(f, false, ERROR_THROTTLED);
    f->status = 200;
    move_clock(59);
    refuses(f, true, ERROR_THROTTLED);
    g_assert_cmpint(f->refreshed, ==, 1);
    move_clock(2);
    gets(f, false, "at2");
}

static void an_outage_does_not_take_a_living_token(struct fixture *f, const void *data)
{
    (void)data;
    f->access_token = g_strdup("stored");
    f->expires_at = wall() + 400;
    gets(f, false, "stored");
    f->status = 503;
    move_clock(200);
    gets(f, false, "stored");
    g_assert_cmpint(f->refreshed, ==, 1);
    move_clock(190);
    refuses(f, false, ERROR_PROVIDER_ERROR);
}

static void a_refused_refresh_counts_at_once(struct fixture *f, const void *data)
{
    (void)data;
    f->access_token = g_strdup("stored");
    f->expires_at = wall() + 400;
    gets(f, false, "stored");
    f->status = 400;
    move_clock(200);
    refuses(f, false, ERROR_ACCESS_REVOKED);
}

static void force_refreshes_once(struct fixture *f, const void *data)
{
    (void)data;
    f->access_token = g_strdup("stored");
    f->expires_at = wall() + 3600;
    gets(f, false, "stored");
    gets(f, true, "at1");
    gets(f, true, "at1");
    g_assert_cmpint(f->refreshed, ==, 1);
    move_clock(11);
    gets(f, true, "at2");
}

static void short_lives_are_used_for_three_quarters(struct fixture *f, const void *data)
{
    (void)data;
    f->lifetime = 40;
    gets(f, false, "at1");
    move_clock(25);
    gets(f, false, "at1");
    move_clock(7);
    gets(f, false, "at2");
}

static void forgetting_reads_the_store_again(struct fixture *f, const void *data)
{
    (void)data;
    gets(f, false, "at1");
    g_free(f->access_token);
    f->access_token = g_strdup("relinked");
    gets(f, false, "at1");
    oauth_token_forget(f->cache, 1);
    oauth_token_forget(f->cache, 99);
    gets(f, false, "relinked");
}

static void what_cannot_be_kept_is_not_given(struct fixture *f, const void *data)
{
    (void)data;
    f->broken_keep = true;
    refuses(f, false, ERROR_DISK_FULL);
    f->broken_keep = false;
    move_clock(3);
    gets(f, false, "at2");
}

static void missing_pieces_are_named(struct fixture *f, const void *data)
{
    (void)data;
    f->broken_load = true;
    refuses(f, false, ERROR_NOT_FOUND);
    f->broken_load = false;
    move_clock(3);
    f->scopes = "https://outlook.office.com/IMAP.AccessAsUser.All";
    refuses(f, false, ERROR_SCOPES_MISSING);
    move_clock(3);
    g_clear_pointer(&f->refresh_token, g_free);
    refuses(f, false, ERROR_SIGN_IN_EXPIRED);
}

static void *force_in_thread(void *arg)
{
    struct fixture *f = arg;
    secret_free(oauth_token_get(f->cache, 1, true, NULL, NULL, NULL));
    return NULL;
}

static void who_waits_can_be_cancelled(struct fixture *f, const void *data)
{
    (void)data;
    g_atomic_int_set(&f->held, 1);
    pthread_t slow;
    pthread_create(&slow, NULL, force_in_thread, f);
    while (g_atomic_int_get(&f->server.requests) == 0)
        g_usleep(1000);
    struct cancel *cancel = cancel_new();
    cancel_trigger(cancel);
    g_autoptr(GError) error = NULL;
    g_assert_null(oauth_token_get(f->cache, 1, false, cancel, NULL, &error));
    g_assert_error(error, POSTROOM_ERROR, ERROR_CANCELLED);
    g_atomic_int_set(&f->held, 0); /* it did not wait for the answer: that comes only now */
    pthread_join(slow, NULL);
    cancel_unref(cancel);
}

static void forgetting_waits_for_a_refresh(struct fixture *f, const void *data)
{
    (void)data;
    f->delay_ms = 200;
    pthread_t slow;
    pthread_create(&slow, NULL, force_in_thread, f);
    while (g_atomic_int_get(&f->server.requests) == 0)
        g_usleep(1000);
    oauth_token_forget(f->cache, 1);
    g_assert_cmpint(f->keeps, ==, 1);
    pthread_join(slow, NULL);
}

#define TEST(path, function)                                                                       \
    g_test_add("/oauth/cache/" path, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    httpc_init();
    clock_override(monotonic, wall);
    log_set_level(LOG_LEVEL_ERROR);
    TEST("stored", a_stored_token_is_used_while_it_lives);
    TEST("no-rotation", an_answer_without_refresh_token_keeps_the_old);
    TEST("single-flight", many_threads_cause_one_refresh);
    TEST("shared-refusal", many_threads_share_one_refusal);
    TEST("retry-after", retry_after_is_honoured);
    TEST("outage", an_outage_does_not_take_a_living_token);
    TEST("refusal", a_refused_refresh_counts_at_once);
    TEST("force", force_refreshes_once);
    TEST("short-lives", short_lives_are_used_for_three_quarters);
    TEST("forget", forgetting_reads_the_store_again);
    TEST("keep-fails", what_cannot_be_kept_is_not_given);
    TEST("missing", missing_pieces_are_named);
    TEST("cancel", who_waits_can_be_cancelled);
    TEST("forget-waits", forgetting_waits_for_a_refresh);
    return g_test_run();
}
