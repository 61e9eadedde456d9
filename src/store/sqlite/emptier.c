/* What was committed goes from the write-ahead logs into the files while a command still waits for
 * its server: the rest is soon done when the store closes. Connections of its own, which neither
 * wait for the writer nor keep it waiting. */
#include "store/sqlite/engine.h"

#include <sys/stat.h>

/* Longer logs are the writer's: it can empty one to the end, and begin it anew. */
#define LOG_MOST (INT64_C(16) * 1024 * 1024)
/* A commit that comes meanwhile waits for the same disk. */
#define LOG_WORTH (INT64_C(3) * 1024 * 1024)
#define FILES 2

struct emptier {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool wanted, stopping;
    struct log {
        char *path;
        struct db file;
        int64_t emptied; /* its length when it was emptied last */
    } logs[FILES];
};

static void empty(struct log *log)
{
    struct stat found;
    if (stat(log->path, &found) != 0 || found.st_size - log->emptied < LOG_WORTH ||
        found.st_size > LOG_MOST)
        return;
    log->emptied = found.st_size;
    db_script(&log->file, "PRAGMA wal_checkpoint(PASSIVE)", NULL);
}

static void *emptier_main(void *arg)
{
    struct emptier *emptier = arg;
    pthread_setname_np(pthread_self(), "store emptier");
    pthread_mutex_lock(&emptier->lock);
    while (!emptier->stopping) {
        if (!emptier->wanted) {
            pthread_cond_wait(&emptier->changed, &emptier->lock);
            continue;
        }
        emptier->wanted = false;
        pthread_mutex_unlock(&emptier->lock);
        for (int i = 0; i < FILES; i++)
            empty(&emptier->logs[i]);
        pthread_mutex_lock(&emptier->lock);
    }
    pthread_mutex_unlock(&emptier->lock);
    return NULL;
}

/* After each commit, on the writer thread. */
static void hear_commit(int64_t account, unsigned types, void *arg)
{
    struct emptier *emptier = arg;
    (void)account;
    (void)types;
    pthread_mutex_lock(&emptier->lock);
    emptier->wanted = true;
    pthread_cond_signal(&emptier->changed);
    pthread_mutex_unlock(&emptier->lock);
}

static void release(struct emptier *emptier)
{
    for (int i = 0; i < FILES; i++) {
        db_close(&emptier->logs[i].file);
        g_free(emptier->logs[i].path);
    }
    pthread_cond_destroy(&emptier->changed);
    pthread_mutex_destroy(&emptier->lock);
    g_free(emptier);
}

void store_ends_soon(struct store *store)
{
    static const char *const names[FILES] = {"postroom.db", "blobs.db"};
    struct emptier *emptier = g_new0(struct emptier, 1);
    bool ok = true;
    pthread_mutex_init(&emptier->lock, NULL);
    pthread_cond_init(&emptier->changed, NULL);
    for (int i = 0; i < FILES; i++) {
        g_autofree char *path = g_build_filename(store->directory, names[i], NULL);
        emptier->logs[i].path = g_strconcat(path, "-wal", NULL);
        ok = ok && db_open_log(&emptier->logs[i].file, path, NULL);
    }
    if (!ok || pthread_create(&emptier->thread, NULL, emptier_main, emptier) != 0) {
        release(emptier); /* the end takes longer, no more */
        return;
    }
    store->emptier = emptier;
    store_listen(store, hear_commit, emptier);
}

void emptier_stop(struct store *store)
{
    struct emptier *emptier = store->emptier;
    if (emptier == NULL)
        return;
    store_unlisten(store, hear_commit, emptier);
    pthread_mutex_lock(&emptier->lock);
    emptier->stopping = true;
    pthread_cond_signal(&emptier->changed);
    pthread_mutex_unlock(&emptier->lock);
    pthread_join(emptier->thread, NULL);
    release(emptier);
    store->emptier = NULL;
}
