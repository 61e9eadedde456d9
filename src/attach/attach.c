#include "attach/attach.h"

#include "attach/known.h"
#include "attach/words.h"
#include "base/clock.h"
#include "base/log.h"

#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

/* Emails of one transaction. */
#define BATCH_EMAILS 8
/* After each batch the thread rests so many times as long as it took. */
#define REST 1
#define REST_MAX_MS 5000
/* When the store or a child cannot be had. */
#define FAILED_MS 30000
/* In case nobody tells. */
#define LOOK_MS 20000

struct attach {
    struct attach_config config;
    struct cancel *cancel;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool poked; /* attachments are to be read */
    bool moved; /* an account's state or progress changed since the last look at the queue */
    bool held;  /* a first sync holds some back: its end is to be heard of */
};

/* What is to be written of a batch. */
struct batch {
    struct store_attached list[BATCH_EMAILS];
    char *words[BATCH_EMAILS];
    size_t count;
};

static void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        g_free(batch->words[i]);
}

static void read_batch(struct words_reader *reader, int64_t account, const GArray *emails,
                       struct batch *batch)
{
    for (guint i = 0; i < emails->len; i++) {
        int64_t email = g_array_index(emails, int64_t, i);
        char **words = &batch->words[batch->count];
        unsigned unreadable = 0;
        if (words_read(reader, account, email, words, &unreadable) == WORDS_STOP)
            break;
        batch->list[batch->count++] = (struct store_attached){email, *words, unreadable};
    }
}

/* One batch. *any: something was done, and more may wait; *held: some wait for a first sync to end.
 */
static bool step(struct words_reader *reader, bool *any, bool *held, GError **error)
{
    struct store *store = reader->config->store;
    int64_t account = 0;
    struct batch batch = {.count = 0};
    *any = false;
    g_autoptr(GArray) emails = store_attachments_next(store, BATCH_EMAILS, &account, error);
    *held = account < 0;
    if (emails == NULL)
        return false;
    if (emails->len == 0)
        return true;
    read_batch(reader, account, emails, &batch);
    bool ok = batch.count == 0 || store_attachments_put(store, batch.list, batch.count, error);
    *any = ok && batch.count > 0;
    batch_clear(&batch);
    if (*any)
        store_attachments_told(store, account);
    if (ok && reader->failed) {
        error_set(error, ERROR_STORE, "attachments cannot be read: %s does not run here",
                  reader->config->program);
        return false;
    }
    return ok;
}

/* Until poked, stopped, or so long. held: the end of a first sync counts too. */
static void rest(struct attach *attach, bool held, int64_t milliseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += (milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&attach->lock);
    attach->held = held;
    while (!attach->poked && !(held && attach->moved) && !cancel_is_triggered(attach->cancel) &&
           pthread_cond_timedwait(&attach->changed, &attach->lock, &until) == 0)
        ;
    attach->poked = attach->moved = attach->held = false;
    pthread_mutex_unlock(&attach->lock);
}

/* Whatever wakes the thread, this pause is kept: it is the others' share. */
static void pause_for(struct attach *attach, int64_t milliseconds)
{
    struct pollfd wait = {.fd = cancel_fd(attach->cancel), .events = POLLIN};
    poll(&wait, 1, (int)milliseconds);
}

static void *run(void *arg)
{
    struct attach *attach = arg;
    struct words_reader reader = {&attach->config, attach->cancel, known_new(), false};
    /* Linux gives each thread a niceness of its own. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), 19);
    while (!cancel_is_triggered(attach->cancel)) {
        g_autoptr(GError) error = NULL;
        int64_t begun = clock_now();
        bool any = false, held = false;
        if (!step(&reader, &any, &held, &error)) {
            LOG_WARN("attachments.failed", LOG_ERR(error));
            pause_for(attach, FAILED_MS);
        } else if (any) {
            pause_for(attach, MIN(REST * (clock_now() - begun) / 1000, REST_MAX_MS));
        } else {
            rest(attach, held, LOOK_MS);
        }
    }
    known_free(reader.known);
    return NULL;
}

static void on_change(int64_t account, unsigned types, void *arg)
{
    struct attach *attach = arg;
    (void)account;
    pthread_mutex_lock(&attach->lock);
    attach->poked = attach->poked || (types & STORE_UNREAD) != 0;
    attach->moved = attach->moved || (types & STORE_LINKED_ACCOUNT) != 0;
    if (attach->poked || (attach->held && attach->moved))
        pthread_cond_signal(&attach->changed);
    pthread_mutex_unlock(&attach->lock);
}

struct attach *attach_new(const struct attach_config *config)
{
    struct attach *attach = g_new0(struct attach, 1);
    pthread_condattr_t monotonic;
    attach->config = *config;
    attach->cancel = cancel_new();
    pthread_mutex_init(&attach->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&attach->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    store_listen(config->store, on_change, attach);
    if (pthread_create(&attach->thread, NULL, run, attach) != 0)
        g_error("cannot start a thread");
    return attach;
}

void attach_free(struct attach *attach)
{
    if (attach == NULL)
        return;
    store_unlisten(attach->config.store, on_change, attach);
    pthread_mutex_lock(&attach->lock);
    cancel_trigger(attach->cancel);
    pthread_cond_signal(&attach->changed);
    pthread_mutex_unlock(&attach->lock);
    pthread_join(attach->thread, NULL);
    cancel_unref(attach->cancel);
    pthread_cond_destroy(&attach->changed);
    pthread_mutex_destroy(&attach->lock);
    g_free(attach);
}

bool attach_run(const struct attach_config *config, struct cancel *cancel, GError **error)
{
    struct words_reader reader = {config, cancel, known_new(), false};
    bool ok = true, any = true, held = false;
    while (ok && any && !cancel_is_triggered(cancel))
        ok = step(&reader, &any, &held, error);
    known_free(reader.known);
    return ok;
}

char *attach_program(void)
{
    /* As installed, as built. */
    static const char *const places[] = {"../libexec/postroom/postroom-extract", "postroom-extract",
                                         "src/extract/postroom-extract"};
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self != NULL ? g_path_get_dirname(self) : NULL;
    for (size_t i = 0; folder != NULL && i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_build_filename(folder, places[i], NULL);
        if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            return g_canonicalize_filename(path, NULL);
    }
    return NULL;
}
