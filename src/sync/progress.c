#include "sync/session.h"

void session_progress(struct session *session, const char *phase)
{
    struct store *store = session->manager->config.store;
    struct store_progress progress = {.phase = phase};
    uint64_t ready = 0, ready_bytes = 0, pending_bytes = 0;
    /* Once the first pass is over, one new mail is news and no progress. */
    if (session->was_idle || phase == NULL) {
        store_sync_progress(store, session->account, &(struct store_progress){0});
        return;
    }
    if (!store_sync_totals(store, session->account, &ready, &ready_bytes, &progress.pending,
                           &pending_bytes, NULL))
        return;
    progress.messages_done = ready;
    progress.messages_total = ready + progress.pending;
    progress.bytes_done = ready_bytes;
    progress.bytes_total = ready_bytes + pending_bytes;
    int64_t spent = clock_now() - session->rate_started;
    if (session->rate_started != 0 && spent > CLOCK_SECOND / 10)
        progress.bytes_per_second = session->rate_bytes * (uint64_t)CLOCK_SECOND / (uint64_t)spent;
    if (progress.bytes_per_second > 0)
        progress.seconds_left = pending_bytes / progress.bytes_per_second + 1;
    store_sync_progress(store, session->account, &progress);
}
