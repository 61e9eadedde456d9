#include "imap/roles.h"

#include "imap/client.h"

#include <string.h>

static void every_name_of_the_table_has_its_role(void)
{
    for (size_t i = 0; i < imap_role_name_count; i++)
        g_assert_cmpint(imap_role_of_name(imap_role_names[i].name), ==, imap_role_names[i].role);
    /* 19 languages with five folders each, at least. */
    g_assert_cmpuint(imap_role_name_count, >=, 95);
}

static void a_role_is_found_in_any_case_and_normal_form(void)
{
    g_assert_cmpint(imap_role_of_name("dELETED iTEMS"), ==, MAIL_ROLE_TRASH);
    g_assert_cmpint(imap_role_of_name("GELÖSCHTE ELEMENTE"), ==, MAIL_ROLE_TRASH);
    g_assert_cmpint(imap_role_of_name("Gelo\xcc\x88schte Elemente"), ==, MAIL_ROLE_TRASH);
    g_assert_cmpint(imap_role_of_name("НАДІСЛАНІ"), ==, MAIL_ROLE_SENT);
    g_assert_cmpint(imap_role_of_name("\xed\x95\x9c"), ==, MAIL_ROLE_NONE);
    g_autofree char *decomposed = g_utf8_normalize("보낸 편지함", -1, G_NORMALIZE_NFD);
    g_assert_cmpint(imap_role_of_name(decomposed), ==, MAIL_ROLE_SENT);
}

static void only_whole_names_have_a_role(void)
{
    static const char *const none[] = {"Deleted Items 2019", "My Deleted Items",
                                       "INBOX/Trash",        "Trash ",
                                       "Drafts/old",         "",
                                       "Gelöschte",          "\xff\xfe"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
        g_assert_cmpint(imap_role_of_name(none[i]), ==, MAIL_ROLE_NONE);
}

static void folders_without_mail_are_known(void)
{
    g_assert_true(imap_is_non_mail_name("Calendar"));
    g_assert_true(imap_is_non_mail_name("calendar/Birthdays"));
    g_assert_true(imap_is_non_mail_name("Kontakte"));
    g_assert_true(imap_is_non_mail_name("Sync Issues/Conflicts"));
    g_assert_false(imap_is_non_mail_name("INBOX/Calendar"));
    g_assert_false(imap_is_non_mail_name("Calendar of events"));
    g_assert_false(imap_is_non_mail_name("INBOX"));
}

static void modified_utf7_goes_there_and_back(void)
{
    static const char *const pairs[][2] = {
        {"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"}, /* RFC 3501, 5.1.3 */
        {"Entwürfe", "Entw&APw-rfe"},
        {"R&D", "R&-D"},
        {"a&b ü&ü", "a&-b &APw-&-&APw-"},
        {"😀", "&2D3eAA-"},
        {"tab\tend", "tab&AAk-end"},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *raw = imap_utf7_encode(pairs[i][0]);
        g_assert_cmpstr(raw, ==, pairs[i][1]);
        g_autofree char *back = imap_utf7_decode(raw);
        g_assert_cmpstr(back, ==, pairs[i][0]);
    }
}

static void any_name_survives_encoding(void)
{
    for (int round = 0; round < 2000; round++) {
        GString *name = g_string_new(NULL);
        for (int i = g_test_rand_int_range(0, 12); i > 0; i--) {
            static const gunichar ends[] = {0x80, 0x800, 0xd800, 0x110000};
            gunichar c = (gunichar)
                g_test_rand_int_range(1,
                                      (gint32)ends[g_test_rand_int_range(0, G_N_ELEMENTS(ends))]);
            if (c < 0xd800 || c > 0xdfff)
                g_string_append_unichar(name, c);
        }
        g_autofree char *raw = imap_utf7_encode(name->str);
        g_autofree char *back = imap_utf7_decode(raw);
        g_assert_true(g_str_is_ascii(raw));
        g_assert_cmpstr(back, ==, name->str);
        g_string_free(name, TRUE);
    }
}

static void what_is_no_modified_utf7_stays_as_it_is(void)
{
    static const char *const odd[] = {"a&b",   "&",    "&AP",        "&2D0-",     "&3gA-",
                                      "&AAA-", "&A!-", "R&D-Team &", "&APw-&APx", "a\x01 b"};
    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autofree char *name = imap_utf7_decode(odd[i]);
        g_assert_cmpstr(name, ==, odd[i]);
    }
    g_autofree char *utf8 = imap_utf7_decode("Entw\xc3\xbcrfe");
    g_assert_cmpstr(utf8, ==, "Entwürfe");
    g_autofree char *latin1 = imap_utf7_decode("Entw\xfcrfe");
    g_assert_true(g_utf8_validate(latin1, -1, NULL));
}

static void uid_sets_are_short_and_bounded(void)
{
    static const uint32_t uids[] = {1, 2, 3, 5, 9, 10, 4294967294u, 4294967295u};
    size_t used = 0;
    g_autofree char *all = imap_uid_set(uids, G_N_ELEMENTS(uids), 1000, &used);
    g_assert_cmpstr(all, ==, "1:3,5,9:10,4294967294:4294967295");
    g_assert_cmpuint(used, ==, G_N_ELEMENTS(uids));
    g_autofree char *some = imap_uid_set(uids, G_N_ELEMENTS(uids), 6, &used);
    g_assert_cmpstr(some, ==, "1:3,5");
    g_assert_cmpuint(used, ==, 4);
    g_autofree char *none = imap_uid_set(uids, 0, 6, &used);
    g_assert_cmpstr(none, ==, "");
    g_assert_cmpuint(used, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/roles/table", every_name_of_the_table_has_its_role);
    g_test_add_func("/imap/roles/folding", a_role_is_found_in_any_case_and_normal_form);
    g_test_add_func("/imap/roles/whole", only_whole_names_have_a_role);
    g_test_add_func("/imap/roles/non-mail", folders_without_mail_are_known);
    g_test_add_func("/imap/utf7/pairs", modified_utf7_goes_there_and_back);
    g_test_add_func("/imap/utf7/random", any_name_survives_encoding);
    g_test_add_func("/imap/utf7/odd", what_is_no_modified_utf7_stays_as_it_is);
    g_test_add_func("/imap/uid-set", uid_sets_are_short_and_bounded);
    return g_test_run();
}
