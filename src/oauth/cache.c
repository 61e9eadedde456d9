#include "oauth/oauth.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <string.h>

#define MARGIN_SECONDS 300
#define SHORT_LIFE_SECONDS 1200
#define STILL_GOOD_SECONDS 30
#define FORCE_PAUSE_MS 10000
#define FAIL_PAUSE_MS 2000
#define FAIL_PAUSE_MAX_MS (10 * 60 * 1000)
#define WAIT_SLICE_MS 200

/* One account's token. Guarded by the cache's mutex; `busy` marks the one thread that talks to the
 * provider without it. */
struct entry {
    struct secret *token;
    int64_t expires_at, margin; /* wall clock seconds; seconds */
    int64_t refreshed;          /* monotonic; 0: never by us */
    GError *failure;            /* what the last attempt ended with; NULL: well */
    int64_t quiet_until;        /* monotonic: nobody asks the provider again before */
    bool busy;
    bool forgotten; /* out of the table: who waited for it starts anew */
    unsigned refs;  /* the table, and threads inside oauth_token_get */
};

struct oauth_cache {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    GHashTable *entries; /* int64_t -> struct entry */
    struct oauth_vault vault;
    const struct net_policy *policy;
};

static void entry_unref(struct entry *entry)
{
    if (--entry->refs > 0)
        return;
    secret_free(entry->token);
    g_clear_error(&entry->failure);
    g_free(entry);
}

static void drop_value(gpointer value)
{
    struct entry *entry = value;
    entry->forgotten = true;
    entry_unref(entry);
}

struct oauth_cache *oauth_cache_new(const struct oauth_vault *vault,
                                    const struct net_policy *policy)
{
    struct oauth_cache *cache = g_new0(struct oauth_cache, 1);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&cache->mutex, NULL);
    pthread_cond_init(&cache->changed, &clock);
    pthread_condattr_destroy(&clock);
    cache->entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, drop_value);
    cache->vault = *vault;
    cache->policy = policy;
    return cache;
}

void oauth_cache_free(struct oauth_cache *cache)
{
    if (cache == NULL)
        return;
    g_hash_table_unref(cache->entries);
    pthread_cond_destroy(&cache->changed);
    pthread_mutex_destroy(&cache->mutex);
    g_free(cache);
}

static struct entry *entry_ref(struct oauth_cache *cache, int64_t account)
{
    struct entry *entry = g_hash_table_lookup(cache->entries, &account);
    if (entry == NULL) {
        entry = g_new0(struct entry, 1);
        entry->refs = 1;
        entry->margin = MARGIN_SECONDS;
        g_hash_table_insert(cache->entries, g_memdup2(&account, sizeof account), entry);
    }
    entry->refs++;
    return entry;
}

static void wait_a_little(struct oauth_cache *cache)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_SLICE_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(&cache->changed, &cache->mutex, &until);
}

/* Waits until no other thread talks to the provider for this account. */
static bool wait_turn(struct oauth_cache *cache, struct entry *entry, struct cancel *cancel,
                      GError **error)
{
    while (entry->busy) {
        if (cancel_is_triggered(cancel)) {
            error_set(error, ERROR_CANCELLED, "cancelled while waiting for a token");
            return false;
        }
        wait_a_little(cache);
    }
    return true;
}

static bool lives(const struct entry *entry, int64_t seconds)
{
    return entry->token != NULL && entry->expires_at > clock_wall() + seconds;
}

/* A provider whose tokens live for minutes only (tests, strict policies) would otherwise be asked
 * each time. */
static int64_t margin_for(int64_t lifetime)
{
    return lifetime < SHORT_LIFE_SECONDS ? lifetime / 4 : MARGIN_SECONDS;
}

static void note_failure(struct entry *entry, const GError *failure)
{
    int64_t pause = error_retry_after_ms(failure);
    pause = CLAMP(pause, FAIL_PAUSE_MS, FAIL_PAUSE_MAX_MS);
    g_clear_error(&entry->failure);
    if (error_is(failure, ERROR_CANCELLED))
        return;
    entry->failure = g_error_copy(failure);
    entry->quiet_until = clock_in_ms(pause);
}

struct attempt {
    bool force;
    bool refreshed;
    struct oauth_tokens tokens;
};

/* Loads the credential and refreshes it when it must be; without the mutex. */
static bool renew(struct oauth_cache *cache, int64_t account, struct cancel *cancel,
                  struct attempt *attempt, GError **error)
{
    struct oauth_provider *provider = NULL;
    struct oauth_tokens stored = {0}, fresh = {0};
    if (!cache->vault.load(account, &provider, &stored, cache->vault.arg, error))
        return false;
    bool good = true;
    bool usable = !attempt->force && stored.access_token != NULL &&
                  stored.expires_at > clock_wall() + MARGIN_SECONDS;
    if (usable) {
        attempt->tokens = stored;
        memset(&stored, 0, sizeof stored);
    } else if (stored.refresh_token == NULL) {
        error_set(error, ERROR_SIGN_IN_EXPIRED, "there is no refresh token");
        good = false;
    } else {
        good = oauth_refresh(provider, stored.refresh_token, cache->policy, cancel, &fresh, error);
        good = good && cache->vault.keep(account, &fresh, cache->vault.arg, error);
        attempt->refreshed = good;
        attempt->tokens = fresh;
    }
    oauth_tokens_clear(&stored);
    oauth_provider_free(provider);
    return good;
}

static void take_result(struct entry *entry, struct attempt *attempt)
{
    secret_free(entry->token);
    entry->token = g_steal_pointer(&attempt->tokens.access_token);
    entry->expires_at = attempt->tokens.expires_at;
    entry->margin = MARGIN_SECONDS;
    g_clear_error(&entry->failure);
    if (attempt->refreshed) {
        entry->margin = margin_for(entry->expires_at - clock_wall());
        entry->refreshed = clock_now();
    }
}

/* The one attempt for all who wait. Called and left with the mutex held. */
static void attempt_once(struct oauth_cache *cache, int64_t account, struct entry *entry,
                         bool force, struct cancel *cancel, GError **error)
{
    struct attempt attempt = {.force = force};
    GError *failure = NULL;
    entry->busy = true;
    pthread_mutex_unlock(&cache->mutex);
    bool good = renew(cache, account, cancel, &attempt, &failure);
    pthread_mutex_lock(&cache->mutex);
    entry->busy = false;
    if (good) {
        take_result(entry, &attempt);
    } else {
        LOG_WARN("oauth.token", LOG_INT("account", account), LOG_ERR(failure));
        note_failure(entry, failure);
        g_propagate_error(error, failure);
    }
    oauth_tokens_clear(&attempt.tokens);
    pthread_cond_broadcast(&cache->changed);
}

/* The server refused a token that has not expired: one refresh may help, a second at once will not
 * and may be the doing of another thread that was refused too. */
static bool force_counts(const struct entry *entry)
{
    return entry->refreshed == 0 || clock_now() - entry->refreshed > FORCE_PAUSE_MS * 1000;
}

/* With the mutex held and nobody busy: the entry's token is good when true. */
static bool settle(struct oauth_cache *cache, int64_t account, struct entry *entry, bool force,
                   struct cancel *cancel, GError **error)
{
    bool forced = force && force_counts(entry);
    if (!forced && lives(entry, entry->margin))
        return true;
    g_autoptr(GError) failure = NULL;
    if (entry->failure != NULL && clock_now() < entry->quiet_until)
        failure = g_error_copy(entry->failure);
    else
        attempt_once(cache, account, entry, forced, cancel, &failure);
    if (failure == NULL)
        return true;
    /* A provider that is down does not stop a session whose token still lives. */
    if (error_retry(failure) == ERROR_RETRY_LATER && !force && lives(entry, STILL_GOOD_SECONDS))
        return true;
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

/* The entry of an account that nobody is busy with, referenced; NULL when cancelled. */
static struct entry *entry_turn(struct oauth_cache *cache, int64_t account, struct cancel *cancel,
                                GError **error)
{
    for (;;) {
        struct entry *entry = entry_ref(cache, account);
        bool turn = wait_turn(cache, entry, cancel, error);
        if (turn && !entry->forgotten)
            return entry;
        entry_unref(entry);
        if (!turn)
            return NULL;
    }
}

struct secret *oauth_token_get(struct oauth_cache *cache, int64_t account, bool force,
                               struct cancel *cancel, int64_t *expires_at, GError **error)
{
    struct secret *token = NULL;
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = entry_turn(cache, account, cancel, error);
    if (entry != NULL && settle(cache, account, entry, force, cancel, error)) {
        token = secret_copy(entry->token);
        if (expires_at != NULL)
            *expires_at = entry->expires_at;
    }
    if (entry != NULL)
        entry_unref(entry);
    pthread_mutex_unlock(&cache->mutex);
    return token;
}

void oauth_token_forget(struct oauth_cache *cache, int64_t account)
{
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = g_hash_table_lookup(cache->entries, &account);
    while (entry != NULL && entry->busy) {
        wait_a_little(cache);
        entry = g_hash_table_lookup(cache->entries, &account);
    }
    if (entry != NULL)
        g_hash_table_remove(cache->entries, &account);
    pthread_mutex_unlock(&cache->mutex);
}
