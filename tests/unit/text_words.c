#include "text/text.h"

#include <pthread.h>
#include <string.h>

static void assert_words(const char *text, const char *expected)
{
    g_autofree char *words = text_index_words(text, -1, 0);
    g_assert_cmpstr(words, ==, expected);
}

static void latin_words_part_at_blanks_and_signs(void)
{
    assert_words("Hello, World! don't", "hello world don t");
    assert_words("john.doe@example.com 2024-05-01", "john doe example com 2024 05 01");
    assert_words("", "");
    assert_words("  ... !!", "");
}

static void the_four_turkish_i_fold_alike(void)
{
    assert_words("ISPARTA Isparta isparta ısparta İsparta",
                 "isparta isparta isparta isparta isparta");
    assert_words("İstanbul'da", "istanbul da");
}

static void accents_and_case_go(void)
{
    assert_words("Straße Über naïve ÉCOLE Ångström", "strasse uber naive ecole angstrom");
    assert_words("u\xcc\x88"
                 "ber",
                 "uber");
    assert_words("ＦＵＬＬ１２３", "full123");
}

static void ukrainian_apostrophes_are_one_and_letters_stay(void)
{
    assert_words("п'ять п’ять пʼять п′ять п＇ять", "п'ять п'ять п'ять п'ять п'ять");
    assert_words("Їжак йод ІНШИЙ", "їжак йод інший");
    assert_words("и\xcc\x86од", "йод");
    assert_words("ʼслово' `друге´ Donʼt", "слово друге don t");
}

static void hebrew_points_and_inner_quotes_go(void)
{
    assert_words("שָׁלוֹם שלום", "שלומ שלומ");
    assert_words("צה\"ל צה״ל ג'ירפה", "צהל צהל גירפה");
    assert_words("צה”ל צה“ל צה''ל צה’’ל ד׳ 'צה'", "צהל צהל צהל צהל ד צה");
    assert_words("בית־ספר", "בית ספר");
    assert_words("\xef\xac\xaa"
                 "לום",
                 "שלומ");
}

/* So that the beginning מסמך finds מסמכים. */
static void hebrew_final_letters_are_as_others(void)
{
    assert_words("מסמך מסמכים", "מסמכ מסמכימ");
    assert_words("ארץ כסף שולחן", "ארצ כספ שולחנ");
}

static void letters_in_one_piece_are_as_others(void)
{
    assert_words("Việt Nam, GROẞE ﬁnance", "viet nam grosse finance");
    assert_words("ＡbＣ \u212bngstrom", "abc angstrom");
    assert_words("soft\u00adhyphen zero\u200bwidth \ufeffmark", "softhyphen zerowidth mark");
}

/* As in Latin: ICU alone would keep names of files and hasty sentences in one piece. */
static void signs_part_words_in_all_scripts(void)
{
    assert_words("تقرير_نهائي.pdf اجتماع.غدا", "تقرير نهايي pdf اجتماع غدا");
    assert_words("レポート_最終.docx メール・アドレス", "レポート 最終 docx メール アドレス");
    assert_words("보고서_최종.hwp 제목:회의", "보고서 최종 hwp 제목 회의");
    assert_words("ไทย_ไทย รายงาน.pdf", "ไทย ไทย รายงาน pdf");
    assert_words("报告_最终.pdf", "报告 最终 pdf");
}

static void emoji_are_words(void)
{
    assert_words("🎉Party🎉🎉 time", "🎉 party 🎉 🎉 time");
    assert_words("❤\ufe0f 🇺🇦🇩🇪 👩🏽\u200d🚀",
                 "❤ 🇺🇦 🇩🇪 👩🏽🚀");
    assert_words("→ ● Lamp™ © 1️⃣ #", "lamp 1");
}

/* However long a text without blanks is, words break as in a short one. */
static void long_chinese_breaks_as_short_does(void)
{
    static const char sentence[] = "请查收附件采购订单";
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) expected = g_string_new(NULL);
    g_autofree char *once = text_index_words(sentence, -1, 0);
    for (int i = 0; i < 1000; i++) {
        g_string_append(text, sentence);
        g_string_append_printf(expected, "%s%s", i > 0 ? " " : "", once);
    }
    assert_words(text->str, expected->str);
}

static void chinese_is_broken_by_the_dictionary(void)
{
    assert_words("我们在北京大学学习。今天天气很好", "我们 在 北京 大学 学习 今天 天气 很好");
    assert_words("iPhone手机15元", "iphone 手机 15 元");
    assert_words("电子邮件 有限公司 副总理 巧克力", "电子 邮件 有限 公司 副 总理 巧克力");
    assert_words("中华人民共和国", "中华 人民 共和 国");
    assert_words("繁體中文電子郵件", "繁體 中文 電子 郵件");
}

static void thai_and_japanese_come_apart(void)
{
    assert_words("ภาษาไทย", "ภาษา ไทย");
    assert_words("東京に行きます", "東京 に 行き ます");
}

static void long_words_are_cut_and_counted(void)
{
    g_autofree char *giant = g_strnfill(1000, 'A');
    g_autofree char *words = text_index_words(giant, -1, 0);
    g_assert_cmpuint(strlen(words), ==, 64);
    g_autofree char *three = text_index_words("a b c d e", -1, 3);
    g_assert_cmpstr(three, ==, "a b c");
    GString *wide = g_string_new(NULL);
    for (int i = 0; i < 100; i++)
        g_string_append(wide, "ж");
    g_autofree char *cut = text_index_words(wide->str, -1, 0);
    g_assert_cmpuint(strlen(cut), ==, 64);
    g_assert_true(g_utf8_validate(cut, -1, NULL));
    g_string_free(wide, TRUE);
}

static void bad_bytes_part_words(void)
{
    assert_words("ab\xff\xfe"
                 "cd",
                 "ab cd");
    assert_words("\xe4\xbd", "");
    g_autofree char *inner = text_index_words("a\0b", 3, 0);
    g_assert_cmpstr(inner, ==, "a b");
}

/* The index puts capitals before words (store/sqlite/terms.h). */
static void no_word_has_a_capital(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (gunichar c = 1; c < 0x20000; c++) {
        if (c >= 0xd800 && c < 0xe000)
            continue;
        g_string_append_unichar(text, c);
        g_string_append_c(text, '\n');
    }
    g_autofree char *words = text_index_words(text->str, (gssize)text->len, 0);
    g_assert_cmpuint(strlen(words), >, 100000);
    for (const char *c = words; *c != '\0'; c++)
        g_assert_false(g_ascii_isupper(*c));
}

static void query_and_index_agree(void)
{
    static const char *const texts[] = {"İstanbul'da", "Grüße an Ö", "п’ять",
                                        "北京大学",    "a-b_c",      "שָׁלוֹם"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *index = text_index_words(texts[i], -1, 0);
        g_auto(GStrv) query = text_query_words(texts[i]);
        g_autofree char *joined = g_strjoinv(" ", query);
        g_assert_cmpstr(joined, ==, index);
    }
    g_auto(GStrv) none = text_query_words(" ,; ");
    g_assert_null(none[0]);
    g_autofree char *many = g_strnfill(200, 'x');
    for (size_t i = 1; i < 200; i += 2)
        many[i] = ' ';
    g_auto(GStrv) capped = text_query_words(many);
    g_assert_cmpuint(g_strv_length(capped), ==, 32);
}

static void folding_compares_whole_texts(void)
{
    g_autofree char *a = text_fold("Ünal ÇELİK");
    g_autofree char *b = text_fold("unal celik");
    g_assert_cmpstr(a, ==, b);
    g_autofree char *c = text_fold("STRASSE");
    g_autofree char *d = text_fold("Straße");
    g_assert_cmpstr(c, ==, d);
}

static void *break_often(void *expected)
{
    for (int i = 0; i < 300; i++) {
        g_autofree char *words = text_index_words("我们在北京大学 and Grüße", -1, 0);
        g_assert_cmpstr(words, ==, expected);
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void)
{
    pthread_t threads[4];
    g_autofree char *expected = text_index_words("我们在北京大学 and Grüße", -1, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, break_often, expected), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
}

/* Each as it is named (RFC 4790, RFC 5051); what is no UTF-8 has a key too. */
static void test_collations(void)
{
    static const struct {
        enum text_collation collation;
        const char *text, *key;
    } rows[] = {
        {TEXT_COLLATE_ASCII, "aZ_\xc3\xa4", "AZ_\xc3\xa4"},
        {TEXT_COLLATE_UNICODE, "aZ_", "AZ_"},
        {TEXT_COLLATE_UNICODE, "\xc3\xa4", "A\xcc\x88"},
        {TEXT_COLLATE_UNICODE, "\xc3\x9f", "\xc3\x9f"},   /* no title case of one letter */
        {TEXT_COLLATE_UNICODE, "\xc7\x86", "Dz\xcc\x8c"}, /* \u01c6: its title case is \u01c5 */
        {TEXT_COLLATE_UNICODE, "\xef\xac\x81", "fi"},     /* decomposed after that */
        {TEXT_COLLATE_UNICODE, "\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8"}, /* Hangul */
        {TEXT_COLLATE_UNICODE, "\xff", "\xef\xbf\xbd"},
        {TEXT_COLLATE_FOLDED, "\xc3\x84\xc3\x9f", "ass"},
        {TEXT_COLLATE_UNICODE, "", ""},
    };
    enum text_collation collation;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *key = text_collation_key(rows[i].collation, rows[i].text);

        g_assert_cmpstr(key, ==, rows[i].key);
    }
    g_assert_true(text_collation_of("i;ascii-casemap", &collation));
    g_assert_cmpint(collation, ==, TEXT_COLLATE_ASCII);
    g_assert_true(text_collation_of("i;unicode-casemap", &collation));
    g_assert_cmpint(collation, ==, TEXT_COLLATE_UNICODE);
    g_assert_false(text_collation_of("i;octet", &collation));
    g_assert_false(text_collation_of("", &collation));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/collations", test_collations);
    g_test_add_func("/text/words/latin", latin_words_part_at_blanks_and_signs);
    g_test_add_func("/text/words/turkish", the_four_turkish_i_fold_alike);
    g_test_add_func("/text/words/accents", accents_and_case_go);
    g_test_add_func("/text/words/ukrainian", ukrainian_apostrophes_are_one_and_letters_stay);
    g_test_add_func("/text/words/hebrew", hebrew_points_and_inner_quotes_go);
    g_test_add_func("/text/words/hebrew-final", hebrew_final_letters_are_as_others);
    g_test_add_func("/text/words/signs", signs_part_words_in_all_scripts);
    g_test_add_func("/text/words/emoji", emoji_are_words);
    g_test_add_func("/text/words/pieces", letters_in_one_piece_are_as_others);
    g_test_add_func("/text/words/long-chinese", long_chinese_breaks_as_short_does);
    g_test_add_func("/text/words/chinese", chinese_is_broken_by_the_dictionary);
    g_test_add_func("/text/words/thai-japanese", thai_and_japanese_come_apart);
    g_test_add_func("/text/words/limits", long_words_are_cut_and_counted);
    g_test_add_func("/text/words/bad-bytes", bad_bytes_part_words);
    g_test_add_func("/text/words/query", query_and_index_agree);
    g_test_add_func("/text/words/fold", folding_compares_whole_texts);
    g_test_add_func("/text/words/threads", threads_do_not_disturb_each_other);
    g_test_add_func("/text/words/capitals", no_word_has_a_capital);
    return g_test_run();
}
