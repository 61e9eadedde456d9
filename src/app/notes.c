/* Entries of the sync log on their way into the store: those who write them do not wait. */
#include "app/app.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/oversight.h"

/* More than so many wait only while the disk does not take them. */
#define WAITING_MAX 5000

static void free_note(gpointer note)
{
    store_sync_note_free(note);
}

void app_notes_open(struct app *app)
{
    g_mutex_init(&app->notes_lock);
    app->notes = g_ptr_array_new_with_free_func(free_note);
}

static void write_now(struct app *app)
{
    g_autoptr(GError) error = NULL;
    g_mutex_lock(&app->notes_lock);
    g_autoptr(GPtrArray) notes = app->notes;
    app->notes = g_ptr_array_new_with_free_func(free_note);
    app->notes_scheduled = false;
    g_mutex_unlock(&app->notes_lock);
    if (!store_sync_notes_add(app->store, notes, &error))
        LOG_INFO("sync-log.lost", LOG_INT("entries", notes->len), LOG_ERR(error));
}

static void write_notes(void *arg)
{
    write_now(arg);
}

void app_note(int64_t account, const char *event, const char *details, void *arg)
{
    struct app *app = arg;
    struct store_sync_note *note = g_new0(struct store_sync_note, 1);
    *note = (struct store_sync_note){.account = account,
                                     .at = clock_wall(),
                                     .event = g_strdup(event),
                                     .details = g_strdup(details)};
    g_mutex_lock(&app->notes_lock);
    bool schedule = !app->notes_scheduled;
    if (app->notes->len < WAITING_MAX)
        g_ptr_array_add(app->notes, note);
    else
        store_sync_note_free(note);
    app->notes_scheduled = true;
    g_mutex_unlock(&app->notes_lock);
    if (schedule && !exec_submit(app->exec, EXEC_BULK, write_notes, app)) {
        g_mutex_lock(&app->notes_lock);
        app->notes_scheduled = false; /* app_close writes them */
        g_mutex_unlock(&app->notes_lock);
    }
}

void app_notes_close(struct app *app)
{
    if (app->notes == NULL)
        return;
    if (app->store != NULL)
        write_now(app);
    g_ptr_array_unref(app->notes);
    g_mutex_clear(&app->notes_lock);
}
