#include "base/error.h"

#include <string.h>

static void every_code_has_a_sentence_and_a_next_step(void)
{
    for (int code = 0; code < ERROR_CODES; code++) {
        g_autoptr(GError) error = NULL;
        error_set(&error, (enum error_code)code, "x");
        g_assert_nonnull(error_problem(error));
        g_assert_cmpstr(error_title(error_problem(error)), !=, "");
        g_assert_cmpstr(error_action(error_problem(error)), !=, "");
    }
}

static void control_characters_never_reach_the_text(void)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, ERROR_PROTOCOL, "a\r\nb%c", 27);
    g_assert_cmpstr(error->message, ==, "a  b ");
}

static void retry_after_travels_with_the_error(void)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, ERROR_THROTTLED, "slow");
    error_set_retry_after_ms(error, 90000);
    g_autoptr(GError) copy = g_error_copy(error);
    g_assert_cmpint(error_retry_after_ms(copy), ==, 90000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/sentences", every_code_has_a_sentence_and_a_next_step);
    g_test_add_func("/error/control-characters", control_characters_never_reach_the_text);
    g_test_add_func("/error/retry-after", retry_after_travels_with_the_error);
    return g_test_run();
}
