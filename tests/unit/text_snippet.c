#include "text/text.h"

#include <string.h>

static void assert_snippet(const char *text, const char *word, size_t max, const char *expected)
{
    const char *const words[] = {word, NULL};
    g_autofree char *snippet = text_snippet(text, words, max);
    g_assert_cmpstr(snippet, ==, expected);
}

static void hits_are_marked_and_the_rest_escaped(void)
{
    assert_snippet("a <b> & Große \"x\"", "grosse", 100,
                   "a &lt;b&gt; &amp; <mark>Große</mark> &quot;x&quot;");
    assert_snippet("no such word", "other", 100, NULL);
    assert_snippet("<script>", "script", 100, "&lt;<mark>script</mark>&gt;");
}

static void chinese_and_hebrew_stay_in_order(void)
{
    assert_snippet("我们在北京大学", "北京", 100, "我们在<mark>北京</mark>大学");
    assert_snippet("אבא שָׁלוֹם לך", "שלום", 100, "אבא <mark>שָׁלוֹם</mark> לך");
}

static void prefixes_end_in_a_star(void)
{
    assert_snippet("Rechnungen hier", "rechnung*", 100, "<mark>Rechnungen</mark> hier");
    assert_snippet("Rechnungen hier", "rechnung", 100, NULL);
}

static size_t shown(const char *snippet)
{
    size_t count = 0;
    for (const char *p = snippet; *p != '\0';) {
        if (*p == '<')
            p = strchr(p, '>') + 1;
        else if (*p == '&')
            p = strchr(p, ';') + 1, count++;
        else
            p += g_utf8_skip[(unsigned char)*p], count++;
    }
    return count;
}

static void the_window_is_bounded_around_the_hits(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 500; i++)
        g_string_append(text, "слово & ");
    g_string_append(text, "ціль ціль");
    for (int i = 0; i < 500; i++)
        g_string_append(text, " кінець");
    const char *const words[] = {"ціль", NULL};
    for (size_t max = 1; max < 200; max += 7) {
        g_autofree char *snippet = text_snippet(text->str, words, max);
        g_assert_cmpuint(shown(snippet), <=, max);
        g_assert_true(g_utf8_validate(snippet, -1, NULL));
    }
    g_autofree char *wide = text_snippet(text->str, words, 100);
    g_assert_nonnull(strstr(wide, "<mark>ціль</mark> <mark>ціль</mark>"));
    g_assert_true(g_str_has_prefix(wide, "…"));
}

static void broken_text_is_repaired(void)
{
    assert_snippet("a\xff hit", "hit", 50, "a\xef\xbf\xbd <mark>hit</mark>");
}

static void charsets_become_utf8(void)
{
    bool replaced = false;
    g_autofree char *a = text_to_utf8("ibm-037", "\xc8\x85\x93\x93\x96", 5, &replaced);
    g_assert_cmpstr(a, ==, "Hello");
    g_assert_false(replaced);
    g_autofree char *b = text_to_utf8("utf-8", "a\xff", 2, &replaced);
    g_assert_cmpstr(b, ==, "a\xef\xbf\xbd");
    g_assert_true(replaced);
    g_assert_null(text_to_utf8("no-such-charset", "a", 1, &replaced));
    static const char koi8[] =
        "\xf0\xd2\xc9\xd7\xc5\xd4, \xcb\xc1\xcb \xc4\xc5\xcc\xc1? \xfc\xd4\xcf "
        "\xd4\xc5\xcb\xd3\xd4 \xce\xc1 \xd2\xd5\xd3\xd3\xcb\xcf\xcd "
        "\xd1\xda\xd9\xcb\xc5 \xc4\xcc\xd1 \xd0\xd2\xcf\xd7\xc5\xd2\xcb\xc9.";
    g_autofree char *guessed = text_to_utf8(NULL, koi8, strlen(koi8), &replaced);
    g_assert_nonnull(strstr(guessed, "Привет"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/snippet/marks", hits_are_marked_and_the_rest_escaped);
    g_test_add_func("/text/snippet/scripts", chinese_and_hebrew_stay_in_order);
    g_test_add_func("/text/snippet/prefix", prefixes_end_in_a_star);
    g_test_add_func("/text/snippet/window", the_window_is_bounded_around_the_hits);
    g_test_add_func("/text/snippet/broken", broken_text_is_repaired);
    g_test_add_func("/text/convert", charsets_become_utf8);
    return g_test_run();
}
