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
    assert_snippet("אבא שָׁלוֹם לך", "שלומ", 100, "אבא <mark>שָׁלוֹם</mark> לך");
}

static void prefixes_end_in_a_star(void)
{
    assert_snippet("Rechnungen hier", "rechnung*", 100, "<mark>Rechnungen</mark> hier");
    assert_snippet("Rechnungen hier", "rechnung", 100, NULL);
}

static void phrases_are_marked_whole_and_only_in_order(void)
{
    assert_snippet("the annual report of this annual plan, report it", "annual report", 200,
                   "the <mark>annual report</mark> of this annual plan, report it");
    assert_snippet("two lamps, a lamp stand", "lamp sta*", 100,
                   "two lamps, a <mark>lamp stand</mark>");
    assert_snippet("电子邮件和北京大学", "北京 大学", 100, "电子邮件和<mark>北京大学</mark>");
    assert_snippet("report annual", "annual report", 100, NULL);
    const char *const both[] = {"annual report", "report", NULL};
    g_autofree char *once = text_snippet("annual report, report", both, 100);
    g_assert_cmpstr(once, ==, "<mark>annual report</mark>, <mark>report</mark>");
}

static void the_place_with_most_terms_is_shown(void)
{
    g_autoptr(GString) text = g_string_new("lamp lamp lamp");
    for (int i = 0; i < 200; i++)
        g_string_append(text, " word");
    g_string_append(text, " lamp and order");
    const char *const terms[] = {"lamp", "order", NULL};
    g_autofree char *snippet = text_snippet(text->str, terms, 120);
    g_assert_nonnull(strstr(snippet, "<mark>lamp</mark> and <mark>order</mark>"));
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
    for (size_t max = 1; max < 300; max += 7) {
        g_autofree char *snippet = text_snippet(text->str, words, max);
        g_assert_cmpuint(strlen(snippet), <=, max);
        g_assert_true(g_utf8_validate(snippet, -1, NULL));
    }
    g_autofree char *wide = text_snippet(text->str, words, 200);
    g_assert_nonnull(strstr(wide, "<mark>ціль</mark> <mark>ціль</mark>"));
    g_assert_true(g_str_has_prefix(wide, "…"));
}

/* Half a word would be marked as if it had been looked for; the first is better than none. */
static void a_hit_without_room_is_left_out(void)
{
    assert_snippet("lamp and lamplight", "lamp*", 40, "<mark>lamp</mark> and ");
    assert_snippet("lamplight", "lamp*", 18, "<mark>lampl</mark>");
}

/* What stands for signs is longer than they are. */
static void signs_leave_room_for_the_hit(void)
{
    g_autofree char *quotes = g_strnfill(100, '"');
    g_autofree char *text = g_strconcat(quotes, "lamp", NULL);
    const char *const words[] = {"lamp", NULL};
    for (size_t max = 60; max < 260; max++) {
        g_autofree char *snippet = text_snippet(text, words, max);
        g_assert_nonnull(strstr(snippet, "&quot;<mark>lamp</mark>"));
        g_assert_cmpuint(strlen(snippet), <=, max);
    }
}

/* Whatever the room, what is shown ends and begins with whole characters. */
static void characters_keep_what_belongs_to_them(void)
{
    static const char *const clusters[] =
        {"e\u0301", "שָׁ",  "👩🏽‍🚀",   "🇺🇦", "n\u0308\u0331",
         "कि",      "ทำ", "\u1112\u1161\u11ab"};
    for (size_t i = 0; i < G_N_ELEMENTS(clusters); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (int n = 0; n < 60; n++)
            g_string_append(text, clusters[i]);
        g_string_append(text, " hit ");
        for (int n = 0; n < 60; n++)
            g_string_append(text, clusters[i]);
        const char *const words[] = {"hit", NULL};
        for (size_t max = 60; max < 200; max++) {
            g_autofree char *snippet = text_snippet(text->str, words, max);
            g_auto(GStrv) parts = g_strsplit(snippet, clusters[i], -1);
            g_autofree char *rest = g_strjoinv("", parts);
            g_auto(GStrv) words_left = g_strsplit(rest, " ", -1);
            g_autofree char *bare = g_strjoinv("", words_left);
            g_assert_cmpstr(bare, ==, "…<mark>hit</mark>");
        }
    }
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
    g_test_add_func("/text/snippet/phrase", phrases_are_marked_whole_and_only_in_order);
    g_test_add_func("/text/snippet/terms", the_place_with_most_terms_is_shown);
    g_test_add_func("/text/snippet/clusters", characters_keep_what_belongs_to_them);
    g_test_add_func("/text/snippet/half", a_hit_without_room_is_left_out);
    g_test_add_func("/text/snippet/signs", signs_leave_room_for_the_hit);
    g_test_add_func("/text/snippet/window", the_window_is_bounded_around_the_hits);
    g_test_add_func("/text/snippet/broken", broken_text_is_repaired);
    g_test_add_func("/text/convert", charsets_become_utf8);
    return g_test_run();
}
