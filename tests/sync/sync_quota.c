/* When a mail server is asked for its quotas, and what becomes of its answers. */
#include "script.h"

#include <string.h>

#define ROOM                                                                                       \
    "* QUOTAROOT INBOX \"User quota\"\r\n* QUOTA \"User quota\" (STORAGE 10 100 MESSAGE 3 9)\r\n"
#define MORE "* QUOTAROOT INBOX \"User quota\"\r\n* QUOTA \"User quota\" (STORAGE 20 100)\r\n"
#define TIGHT "* QUOTAROOT INBOX \"User quota\"\r\n* QUOTA \"User quota\" (STORAGE 96 100)\r\n"

static struct stage stage;

struct asking {
    struct world world;
    atomic_uint times;
};

static void count(void *arg, const char *line)
{
    struct asking *asking = arg;
    atomic_fetch_add(&asking->times, strstr(line, "GETQUOTA") != NULL);
}

static void set_quotas(struct asking *asking, const char *quotas)
{
    struct model *model = asking->world.model;
    model_lock(model);
    model->more = quotas != NULL ? " QUOTA" : NULL;
    model->quotas = quotas;
    model_unlock(model);
}

static void start(struct asking *asking, const char *quotas)
{
    *asking = (struct asking){0};
    world_open(&asking->world, &stage, MODEL_QRESYNC);
    model_server_between(stage.server, count, asking);
    script_start(&asking->world, "INBOX: a b; Work: c");
    set_quotas(asking, quotas);
}

static void finish(struct asking *asking)
{
    model_server_between(stage.server, NULL, NULL);
    world_close(&asking->world);
}

/* What was asked in one pass. */
static unsigned pass(struct asking *asking)
{
    unsigned before = atomic_load(&asking->times);
    g_autofree char *problem = world_pass(&asking->world);
    g_assert_null(problem);
    return atomic_load(&asking->times) - before;
}

static unsigned pass_after(struct asking *asking, const char *ops)
{
    script_there(&asking->world, ops);
    return pass(asking);
}

static void expect_known(struct asking *asking, const char *wanted)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    uint64_t state = 0;
    struct store_access *access = world_access(&asking->world);
    g_autoptr(GPtrArray) quotas = store_quotas(access, &state, &error);
    store_access_free(access);
    g_assert_no_error(error);
    for (guint i = 0; i < quotas->len; i++) {
        const struct store_quota *quota = quotas->pdata[i];
        g_string_append_printf(text, "%s %d %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT ";",
                               quota->root, (int)quota->of, quota->used, quota->limit);
    }
    g_assert_cmpstr(text->str, ==, wanted);
}

/* A resync soon after another costs no round trip more. */
static void it_is_asked_seldom(void)
{
    struct asking asking;
    start(&asking, ROOM);
    g_assert_cmpuint(pass(&asking), ==, 1);
    expect_known(&asking, "User quota 0 10240/102400;User quota 1 3/9;");
    g_assert_cmpuint(pass(&asking), ==, 0);
    g_assert_cmpuint(pass_after(&asking, "deliver d INBOX"), ==, 0);
    set_quotas(&asking, MORE);
    world_skip(601);
    g_assert_cmpuint(pass(&asking), ==, 0);
    g_assert_cmpuint(pass_after(&asking, "deliver e INBOX"), ==, 1);
    expect_known(&asking, "User quota 0 20480/102400;");
    world_skip(601);
    script_here(&asking.world, "flag a +S");
    g_assert_cmpuint(pass(&asking), ==, 0);
    script_here(&asking.world, "destroy a");
    g_assert_cmpuint(pass(&asking), ==, 1);
    world_skip(3601);
    g_assert_cmpuint(pass(&asking), ==, 1);
    finish(&asking);
}

/* Where little room is left, what is shown follows what happens. */
static void a_nearly_full_mailbox_is_asked_after_each_change(void)
{
    struct asking asking;
    start(&asking, TIGHT);
    g_assert_cmpuint(pass(&asking), ==, 1);
    g_assert_cmpuint(pass(&asking), ==, 0);
    g_assert_cmpuint(pass_after(&asking, "deliver d INBOX"), ==, 1);
    set_quotas(&asking, ROOM);
    g_assert_cmpuint(pass_after(&asking, "expunge INBOX d"), ==, 1);
    g_assert_cmpuint(pass_after(&asking, "expunge INBOX a"), ==, 0);
    finish(&asking);
}

static void a_refusal_is_told_and_asked_about(void)
{
    struct asking asking;
    g_autoptr(GError) error = NULL;
    start(&asking, ROOM);
    g_assert_cmpuint(pass(&asking), ==, 1);
    set_quotas(&asking, TIGHT);
    script_here(&asking.world, "import m INBOX S");
    g_assert_cmpuint(pass_after(&asking,
                                "refuse APPEND|NO [OVERQUOTA] Quota exceeded (mailbox is full)|1"),
                     ==, 1);
    expect_known(&asking, "User quota 0 98304/102400;");
    struct store_access *access = world_access(&asking.world);
    g_autoptr(GPtrArray) refusals = store_refusals(access, &error);
    store_access_free(access);
    g_assert_cmpuint(refusals->len, ==, 1);
    g_assert_cmpstr(((const struct store_refusal *)refusals->pdata[0])->problem, ==,
                    "mailbox-full");
    g_assert_cmpuint(pass(&asking), ==, 0);
    finish(&asking);
}

/* A server that refuses the question, or dies of it, is not asked at once again, and what is known
 * stays. */
static void the_question_keeps_no_pass_from_its_end(gconstpointer reply)
{
    struct asking asking;
    g_autofree char *rule = g_strdup_printf("refuse GETQUOTAROOT|%s|-1", (const char *)reply);
    start(&asking, ROOM);
    g_assert_cmpuint(pass(&asking), ==, 1);
    world_skip(3601);
    script_there(&asking.world, rule);
    g_free(world_pass(&asking.world)); /* a connection that ended may be told */
    g_assert_cmpuint(atomic_load(&asking.times), ==, 2);
    expect_known(&asking, "User quota 0 10240/102400;User quota 1 3/9;");
    g_assert_cmpuint(pass_after(&asking, "deliver d INBOX"), ==, 0);
    finish(&asking);
}

static void a_server_without_quotas_has_none(void)
{
    struct asking asking;
    start(&asking, ROOM);
    g_assert_cmpuint(pass(&asking), ==, 1);
    set_quotas(&asking, NULL);
    g_assert_cmpuint(pass(&asking), ==, 0);
    expect_known(&asking, "");
    finish(&asking);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    stage_open(&stage);
    g_test_add_func("/sync/quota/seldom", it_is_asked_seldom);
    g_test_add_func("/sync/quota/nearly-full", a_nearly_full_mailbox_is_asked_after_each_change);
    g_test_add_func("/sync/quota/refusal", a_refusal_is_told_and_asked_about);
    g_test_add_data_func("/sync/quota/not-told", "NO [NOPERM] not for you",
                         the_question_keeps_no_pass_from_its_end);
    g_test_add_data_func("/sync/quota/ends-connection", "!* BYE what was that",
                         the_question_keeps_no_pass_from_its_end);
    g_test_add_func("/sync/quota/none", a_server_without_quotas_has_none);
    int status = g_test_run();
    stage_close(&stage);
    return status;
}
