/* Folders are looked at as a whole once a day, two at a time, and not before: a live session under
 * clocks that jump. The server changes flags behind its own mod-sequences, so that nothing but such
 * a look can find it. */
#include "script.h"

#include "base/clock.h"
#include "state.h"

#include <string.h>

#define FOLDERS 6
#define HOUR 3600
/* How long to wait for what must come; the machine may be slow. */
#define PATIENCE_S 120

struct day {
    struct stage stage;
    struct world world;
    struct sync_manager *manager;
    unsigned delivered;
};

static void start(struct day *day)
{
    struct sync_config config;
    g_autoptr(GError) error = NULL;
    stage_open(&day->stage);
    world_open(&day->world, &day->stage, MODEL_QRESYNC);
    script_start(&day->world, "INBOX: a; Drafts: b; Sent: c; Trash: d; Work: e; Old: f");
    g_autofree char *problem = world_pass(&day->world);
    g_assert_null(problem);
    world_config(&day->world, &config);
    config.live = true;
    config.tuning.backoff_ms = 20;
    day->manager = sync_manager_new(&config);
    sync_manager_start(day->manager, &error);
    g_assert_no_error(error);
}

static void finish(struct day *day)
{
    sync_manager_free(day->manager);
    world_close(&day->world);
    stage_close(&day->stage);
}

/* Folders in which a mail of the beginning has this flag here. */
static unsigned folders_with(struct day *day, const char *flag)
{
    unsigned folders = 0;
    g_autofree char *text = script_of_jmap(&day->world);
    g_autoptr(GPtrArray) state = state_parse(text);
    for (guint i = 0; i < state->len; i++) {
        const struct state_folder *folder = state->pdata[i];
        bool has = false;
        for (guint k = 0; k < folder->mails->len; k++) {
            const struct state_mail *mail = folder->mails->pdata[k];
            has = has || (strlen(mail->id) == 1 && mail_flags_has(&mail->flags, flag));
        }
        folders += has;
    }
    return folders;
}

static void wait_for_folders(struct day *day, const char *flag, unsigned count)
{
    for (int i = 0; i < PATIENCE_S * 100 && folders_with(day, flag) < count; i++) {
        sync_manager_poke(day->manager, day->world.account);
        g_usleep(10000);
    }
    g_assert_cmpuint(folders_with(day, flag), >=, count);
}

/* A mail comes and is seen here: the session is awake, and did what is due. */
static void see_a_mail(struct day *day)
{
    bool seen = false;
    g_autofree char *op = g_strdup_printf("deliver new%u INBOX", ++day->delivered);
    g_autofree char *word = g_strdup_printf("new%u", day->delivered);
    script_there(&day->world, op);
    for (int i = 0; i < PATIENCE_S * 100 && !seen; i++) {
        sync_manager_poke(day->manager, day->world.account);
        g_usleep(10000);
        g_autofree char *text = script_of_jmap(&day->world);
        seen = strstr(text, word) != NULL;
    }
    g_assert_true(seen);
}

/* All mails get it, and no mod-sequence tells. */
static void damage(struct day *day, uint32_t flag)
{
    struct model *model = day->world.model;
    model_lock(model);
    for (guint i = 0; i < model->folders->len; i++) {
        struct model_folder *folder = model->folders->pdata[i];
        for (guint k = 0; k < folder->messages->len; k++)
            ((struct model_message *)folder->messages->pdata[k])->flags.bits |= flag;
    }
    model_unlock(model);
}

/* The day's work: two folders, a minute later two more … */
static void all_in_their_turn(struct day *day, const char *flag)
{
    for (unsigned done = 2; done <= FOLDERS; done += 2) {
        int64_t begun = clock_now();
        wait_for_folders(day, flag, done);
        see_a_mail(day);
        unsigned now = folders_with(day, flag);
        /* On a machine so slow that the minute passed by itself nothing can be said. */
        if (clock_now() - begun < 30 * CLOCK_SECOND)
            g_assert_cmpuint(now, ==, done);
        world_skip(61);
        sync_manager_poke(day->manager, day->world.account);
    }
}

static void named(struct day *day)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = store_sync_mailboxes(day->world.store, day->world.account, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < list->len; i++) {
        const struct store_remote_mailbox *mailbox = list->pdata[i];
        g_assert_cmpint(clock_wall() - mailbox->reconciled_at, <, HOUR);
    }
}

static void each_folder_is_looked_at_once_a_day(void)
{
    struct day day = {0};
    start(&day);
    see_a_mail(&day);
    damage(&day, MAIL_FLAGGED);
    see_a_mail(&day);
    g_assert_cmpuint(folders_with(&day, "$flagged"), ==, 0);
    world_skip(19 * HOUR);
    see_a_mail(&day);
    g_assert_cmpuint(folders_with(&day, "$flagged"), ==, 0);
    world_skip(5 * HOUR + 60);
    sync_manager_poke(day.manager, day.world.account);
    all_in_their_turn(&day, "$flagged");
    named(&day);
    damage(&day, MAIL_ANSWERED);
    see_a_mail(&day);
    g_assert_cmpuint(folders_with(&day, "$answered"), ==, 0);
    world_skip(24 * HOUR + 60);
    sync_manager_poke(day.manager, day.world.account);
    all_in_their_turn(&day, "$answered");
    named(&day);
    finish(&day);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/daily", each_folder_is_looked_at_once_a_day);
    return g_test_run();
}
