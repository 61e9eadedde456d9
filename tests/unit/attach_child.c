/* A child for one attachment: whatever it does, its caller goes on. */
#include "attach/child.h"
#include "attach/known.h"
#include "documents.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#define AT_ONCE_MS 60000
#define SOON_MS 300

static const char *fault_program(void)
{
    return g_getenv("POSTROOM_FAULT");
}

static enum child_end run(const char *program, const char *kind, GBytes *bytes, int64_t patience_ms,
                          char **text)
{
    struct child_input input = {kind, NULL, bytes};
    enum child_end end = child_read(program, &input, patience_ms, NULL, text);
    g_bytes_unref(bytes);
    /* Nobody is left behind. */
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
    g_assert_cmpint(errno, ==, ECHILD);
    return end;
}

static enum child_end run_fault(const char *wish, int64_t patience_ms)
{
    g_autofree char *text = NULL;
    enum child_end end =
        run(fault_program(), "text", g_bytes_new(wish, strlen(wish)), patience_ms, &text);
    g_assert_true((end == CHILD_READ) == (text != NULL));
    return end;
}

static void test_reads(void)
{
    static const char *const lines[] = {"confined", NULL};
    const char *program = g_getenv("POSTROOM_EXTRACT");
    g_autofree char *pdf = NULL, *word = NULL, *none = NULL;
    g_assert_cmpint(run(program, "pdf", document_pdf(lines), AT_ONCE_MS, &pdf), ==, CHILD_READ);
    g_assert_cmpstr(g_strstrip(pdf), ==, "confined");
    g_assert_cmpint(run(program, "office",
                        document_zip("word/document.xml", DOCUMENT_WORD("shut in"), NULL),
                        AT_ONCE_MS, &word),
                    ==, CHILD_READ);
    g_assert_cmpstr(g_strstrip(word), ==, "shut in");
    g_assert_cmpint(run(program, "pdf", g_bytes_new_static("%PDF-", 5), AT_ONCE_MS, &none), ==,
                    CHILD_UNREADABLE);
    g_assert_cmpint(run(program, "text", g_bytes_new_static("", 0), AT_ONCE_MS, &none), ==,
                    CHILD_UNREADABLE);
}

static void test_is_given_nothing(void)
{
    g_autofree char *text = NULL;
    g_assert_cmpint(run(fault_program(), "text", g_bytes_new_static("look", 4), AT_ONCE_MS, &text),
                    ==, CHILD_READ);
    g_assert_cmpstr(text, ==, "3 open, 0 variables");
}

static void test_faults(void)
{
    g_assert_cmpint(run_fault("fine", AT_ONCE_MS), ==, CHILD_READ);
    g_assert_cmpint(run_fault("die", AT_ONCE_MS), ==, CHILD_UNREADABLE);
    g_assert_cmpint(run_fault("refuse", AT_ONCE_MS), ==, CHILD_UNREADABLE);
    g_assert_cmpint(run_fault("flood", AT_ONCE_MS), ==, CHILD_UNREADABLE);
    g_assert_cmpint(run_fault("garbage", AT_ONCE_MS), ==, CHILD_UNREADABLE);
    g_assert_cmpint(run_fault("loose", AT_ONCE_MS), ==, CHILD_FAILED);
    g_assert_cmpint(run_fault("hang", SOON_MS), ==, CHILD_UNREADABLE);
}

static void test_hangs_with_its_end_closed(void)
{
    g_assert_cmpint(run_fault("close", AT_ONCE_MS), ==, CHILD_UNREADABLE);
}

static void test_no_program(void)
{
    g_autofree char *text = NULL;
    g_assert_cmpint(run("/no/such/program", "text", g_bytes_new_static("x", 1), AT_ONCE_MS, &text),
                    ==, CHILD_FAILED);
}

static void test_cancelled(void)
{
    struct cancel *cancel = cancel_new();
    g_autoptr(GBytes) bytes = g_bytes_new_static("hang", 4);
    struct child_input input = {"text", NULL, bytes};
    g_autofree char *text = NULL;
    cancel_trigger(cancel);
    g_assert_cmpint(child_read(fault_program(), &input, AT_ONCE_MS, cancel, &text), ==,
                    CHILD_CANCELLED);
    cancel_unref(cancel);
}

static void test_known(void)
{
    struct known *known = known_new();
    g_autoptr(GBytes) one = g_bytes_new_static("one", 3), two = g_bytes_new_static("two", 3);
    const char *text = NULL;
    known_of_account(known, 1);
    g_assert_false(known_find(known, "pdf", one, &text));
    known_add(known, "pdf", one, "words");
    known_add(known, "pdf", two, NULL);
    g_assert_true(known_find(known, "pdf", one, &text));
    g_assert_cmpstr(text, ==, "words");
    g_assert_false(known_find(known, "text", one, &text));
    g_assert_true(known_find(known, "pdf", two, &text));
    g_assert_null(text);
    known_of_account(known, 2);
    g_assert_false(known_find(known, "pdf", one, &text));
    known_free(known);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attach/child/reads", test_reads);
    g_test_add_func("/attach/child/is-given-nothing", test_is_given_nothing);
    g_test_add_func("/attach/child/faults", test_faults);
    g_test_add_func("/attach/child/hangs-with-its-end-closed", test_hangs_with_its_end_closed);
    g_test_add_func("/attach/child/no-program", test_no_program);
    g_test_add_func("/attach/child/cancelled", test_cancelled);
    g_test_add_func("/attach/known", test_known);
    return g_test_run();
}
