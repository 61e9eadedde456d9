#include "imap/client.h"

#include "imap_script.h"

#include <poll.h>
#include <string.h>

static bool do_list(struct imap_client *client, GString *out, GError **error)
{
    g_autoptr(GPtrArray) infos = imap_list(client, error);
    for (guint i = 0; infos != NULL && i < infos->len; i++) {
        const struct imap_mailbox_info *info = infos->pdata[i];
        g_string_append_printf(out, "%s|%s|%c|%s%s%s%s;", info->raw_name, info->name,
                               info->delimiter, info->selectable ? "S" : "",
                               info->subscribed ? "s" : "", info->has_children ? "c" : "",
                               info->role != MAIL_ROLE_NONE ? mail_role_name(info->role) : "");
    }
    return infos != NULL;
}

static void list_tells_names_roles_and_subscriptions(void)
{
    static const char *const lines[] =
        {CAPS("LIST-EXTENDED SPECIAL-USE"),
         "C: P1 LIST \"\" \"*\" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)",
         "S: * LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX",
         "S: * LIST (\\Sent) \"/\" \"Entw&APw-rfe &- mehr\"",
         "S: * LIST (\\Noselect \\HasChildren) \"/\" {3}",
         "S: a\"b",
         "S: P1 OK done",
         NULL};
    imap_told_is(imap_script_run(lines, do_list),
                 "INBOX|INBOX|/|Ssinbox;"
                 "Entw&APw-rfe &- mehr|Entwürfe & mehr|/|Ssent;a\"b|a\"b|/|c;");
}

/* RFC 5465, 5.4: a name that goes is told by LIST too, also while another LIST is answered. */
static void names_that_do_not_exist_are_no_folders(void)
{
    static const char *const lines[] =
        {CAPS("LIST-EXTENDED SPECIAL-USE"),
         "C: P1 LIST \"\" \"*\" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)",
         "S: * LIST (\\NonExistent) \"/\" Again",
         "S: * LIST (\\Subscribed) \"/\" INBOX",
         "S: * LIST () \"/\" Work",
         "S: * LIST (\\NonExistent) \"/\" Gone",
         "S: * LIST (\\NonExistent \\Subscribed) \"/\" Top",
         "S: * LIST (\\Junk) \"/\" Again",
         "S: * LIST () \"/\" Top/Below",
         "S: * LIST (\\NonExistent) \"/\" Work",
         "S: P1 OK done",
         NULL};
    imap_told_is(imap_script_run(lines, do_list),
                 "Again|Again|/|Sjunk;INBOX|INBOX|/|Ssinbox;Top|Top|/|s;Top/Below|Top/Below|/|S;");
}

static void lsub_tells_subscriptions_where_list_cannot(void)
{
    static const char *const lines[] = {CAPS("IDLE"),
                                        "C: P1 LIST \"\" \"*\"",
                                        "C: P2 LSUB \"\" \"*\"",
                                        "S: * LIST () \"/\" INBOX",
                                        "S: * LIST () \"/\" Other",
                                        "S: P1 OK done",
                                        "S: * LSUB () \"/\" Other",
                                        "S: * LSUB () \"/\" Gone",
                                        "S: P2 OK done",
                                        NULL};
    imap_told_is(imap_script_run(lines, do_list), "INBOX|INBOX|/|Sinbox;Other|Other|/|Ss;");
}

static bool do_select(struct imap_client *client, GString *out, GError **error)
{
    struct imap_selected selected;
    if (!imap_select(client, "a \"b\"", false, 0, 0, &selected, error))
        return false;
    g_string_append_printf(out, "%u %u %u %" G_GUINT64_FORMAT " %x %d %d", selected.exists,
                           selected.uidvalidity, selected.uidnext, selected.highestmodseq,
                           selected.permanent_bits, selected.permanent_keywords,
                           selected.read_only);
    return true;
}

static void select_tells_what_the_mailbox_is(void)
{
    static const char *const lines[] =
        {CAPS("CONDSTORE"),
         "C: P1 SELECT \"a \\\"b\\\"\" (CONDSTORE)",
         "R: * FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n* 17 EXISTS\r\n",
         "R: * OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 30] x\r\n* OK [HIGHESTMODSEQ 77] x\r\n",
         "S: P1 OK [READ-WRITE] done",
         NULL};
    imap_told_is(imap_script_run(lines, do_select), "17 5 30 77 1 1 0");
}

static void a_mailbox_that_is_gone_is_told_apart(void)
{
    static const char *const code[] = {CAPS("IDLE"), "C: P1 SELECT \"a \\\"b\\\"\"",
                                       "S: P1 NO [NONEXISTENT] no", NULL};
    imap_told_failed(imap_script_run(code, do_select), ERROR_MAILBOX_GONE);
    static const char *const probe[] = {CAPS("IDLE"),        "C: P1 SELECT \"a \\\"b\\\"\"",
                                        "S: P1 NO nicht da", "C: P2 LIST \"\" \"a \\\"b\\\"\"",
                                        "S: P2 OK done",     NULL};
    imap_told_failed(imap_script_run(probe, do_select), ERROR_MAILBOX_GONE);
    static const char *const there[] = {CAPS("IDLE"),
                                        "C: P1 SELECT \"a \\\"b\\\"\"",
                                        "S: P1 NO nicht erlaubt",
                                        "C: P2 LIST \"\" \"a \\\"b\\\"\"",
                                        "S: * LIST () \"/\" \"a \\\"b\\\"\"",
                                        "S: P2 OK done",
                                        NULL};
    imap_told_failed(imap_script_run(there, do_select), ERROR_SERVER_NO);
}

static bool do_search(struct imap_client *client, GString *out, GError **error)
{
    GArray *found[3] = {imap_search_message_id(client, "a\"b@c", error),
                        imap_search_since(client, 837596665, error),
                        imap_search(client, "UNSEEN", error)};
    for (size_t i = 0; i < 3; i++) {
        for (guint k = 0; found[i] != NULL && k < found[i]->len; k++)
            g_string_append_printf(out, "%u ", g_array_index(found[i], uint32_t, k));
        g_string_append_c(out, ';');
        g_clear_pointer(&found[i], g_array_unref);
    }
    return error == NULL || *error == NULL;
}

static void search_answers_ascending_without_doubles(void)
{
    static const char *const lines[] = {CAPS("IDLE"),
                                        "C: P1 UID SEARCH HEADER MESSAGE-ID \"<a\\\"b@c>\"",
                                        "R: * SEARCH 9 3\r\n* SEARCH 3 4\r\nP1 OK done\r\n",
                                        "C: P2 UID SEARCH SINCE 16-Jul-1996",
                                        "R: * SEARCH\r\nP2 OK done\r\n",
                                        "C: P3 UID SEARCH UNSEEN",
                                        "R: P3 OK done\r\n",
                                        NULL};
    imap_told_is(imap_script_run(lines, do_search), "3 4 9 ;;;");
}

static bool do_injections(struct imap_client *client, GString *out, GError **error)
{
    static const char *const bad[] = {"ALL\r\nP9 DELETE x", "SUBJECT {5}", "SUBJECT {5+}", "ü", ""};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) own = NULL;
        g_assert_null(imap_search(client, bad[i], &own));
        g_assert_error(own, POSTROOM_ERROR, ERROR_INVALID);
    }
    g_autoptr(GError) set = NULL, keyword = NULL;
    g_assert_false(imap_expunge(client, "1\r\nP9 LOGOUT", &set));
    g_assert_error(set, POSTROOM_ERROR, ERROR_INVALID);
    char *words[] = {(char[]){"a) b"}, NULL};
    struct mail_flags flags = {0, words};
    g_autoptr(GBytes) message = g_bytes_new_static("x", 1);
    g_assert_false(imap_append(client, "x", &flags, 0, message, NULL, NULL, &keyword));
    g_assert_error(keyword, POSTROOM_ERROR, ERROR_INVALID);
    (void)out;
    return imap_delete(client, "a\r\nP9 LOGOUT", error);
}

static void arguments_cannot_break_out(void)
{
    static const char *const lines[] = {CAPS("UIDPLUS LITERAL-"),
                                        "N: P8 DELETE {12+}\r\na\r\nP9 LOGOUT",
                                        "C: ", "S: P8 OK done", NULL};
    imap_told_is(imap_script_run(lines, do_injections), "");
}

static bool do_store(struct imap_client *client, GString *out, GError **error)
{
    struct imap_selected selected;
    struct mail_flags flags = {0};
    GArray *modified = NULL;
    if (!imap_select(client, "INBOX", false, 0, 0, &selected, error))
        return false;
    mail_flags_set(&flags, "$seen", true);
    mail_flags_set(&flags, "$forwarded", true);
    mail_flags_set(&flags, "work", true);
    mail_flags_set(&flags, "kept", true);
    bool good = imap_store(client, "3,5", true, &flags, 12, &modified, error);
    for (guint i = 0; modified != NULL && i < modified->len; i++)
        g_string_append_printf(out, "%u ", g_array_index(modified, uint32_t, i));
    g_clear_pointer(&modified, g_array_unref);
    flags.bits = MAIL_FORWARDED;
    g_clear_pointer(&flags.keywords, g_strfreev);
    good = good && imap_store(client, "3", false, &flags, 0, NULL, error);
    mail_flags_clear(&flags);
    return good;
}

static void only_flags_that_the_mailbox_keeps_are_stored(void)
{
    static const char *const lines[] =
        {CAPS("CONDSTORE"),
         "C: P1 SELECT \"INBOX\" (CONDSTORE)",
         "R: * OK [PERMANENTFLAGS (\\Seen \\Deleted kept)] x\r\nP1 OK done\r\n",
         "C: P2 UID STORE 3,5 (UNCHANGEDSINCE 12) +FLAGS.SILENT (\\Seen kept)",
         "S: P2 OK [MODIFIED 5] done",
         NULL};
    imap_told_is(imap_script_run(lines, do_store), "5 ");
}

static bool do_copy_and_move(struct imap_client *client, GString *out, GError **error)
{
    struct imap_copied copied[3] = {0};
    bool good = imap_copy(client, "1:3", "x", &copied[0], error) &&
                imap_move(client, "1:3", "x", &copied[1], error) &&
                imap_copy(client, "1:3", "x", &copied[2], error);
    for (size_t i = 0; i < 3; i++) {
        g_string_append_printf(out, "%u:", copied[i].uidvalidity);
        for (guint k = 0; copied[i].source != NULL && k < copied[i].source->len; k++)
            g_string_append_printf(out, "%u>%u ", g_array_index(copied[i].source, uint32_t, k),
                                   g_array_index(copied[i].target, uint32_t, k));
        imap_copied_clear(&copied[i]);
    }
    return good;
}

static void copies_and_moves_tell_the_new_uids(void)
{
    static const char *const lines[] = {CAPS("MOVE"),
                                        "C: P1 UID COPY 1:3 \"x\"",
                                        "S: P1 OK [COPYUID 14  ] done",
                                        "C: P2 UID MOVE 1:3 \"x\"",
                                        "R: * OK [COPYUID 7 1:2 30:31] x\r\n* OK [COPYUID 7 3 35] "
                                        "x\r\n* 1 EXPUNGE\r\nP2 OK done\r\n",
                                        "C: P3 UID COPY 1:3 \"x\"",
                                        "S: P3 OK [COPYUID 7 1:4294967295 1:4294967295] done",
                                        NULL};
    imap_told_is(imap_script_run(lines, do_copy_and_move), "0:7:1>30 2>31 3>35 0:");
}

static bool do_append(struct imap_client *client, GString *out, GError **error)
{
    struct mail_flags flags = {MAIL_SEEN | MAIL_FORWARDED, NULL};
    g_autoptr(GBytes) message = g_bytes_new_static("a: b\r\n\r\nc", 9);
    uint32_t uidvalidity = 0, uid = 0;
    bool good = imap_append(client, "Sent", &flags, 837596665, message, &uidvalidity, &uid, error);
    g_string_append_printf(out, "%u %u", uidvalidity, uid);
    return good;
}

static void append_sends_the_message_and_tells_its_uid(void)
{
    static const char *const lines[] =
        {CAPS("LITERAL+"),
         "N: P1 APPEND \"Sent\" (\\Seen $Forwarded) \"17-Jul-1996 09:44:25 +0000\" {9+}\r\n"
         "a: b\r\n\r\nc\r\n",
         "S: P1 OK [APPENDUID 5 88] done", NULL};
    imap_told_is(imap_script_run(lines, do_append), "5 88");
    static const char *const waiting[] =
        {CAPS("IDLE"),
         "C: P1 APPEND \"Sent\" (\\Seen $Forwarded) \"17-Jul-1996 09:44:25 +0000\" {9}",
         "S: + go",
         "N: a: b\r\n\r\nc\r\n",
         "S: P1 OK done",
         NULL};
    imap_told_is(imap_script_run(waiting, do_append), "0 0");
}

static void an_append_refused_before_the_message_ends_there(void)
{
    static const char *const large[] =
        {CAPS("IDLE"),
         "C: P1 APPEND \"Sent\" (\\Seen $Forwarded) \"17-Jul-1996 09:44:25 +0000\" {9}",
         "S: P1 NO Maximum size of appendable message has been exceeded", NULL};
    imap_told_failed(imap_script_run(large, do_append), ERROR_MESSAGE_TOO_LARGE);
    static const char *const gone[] =
        {CAPS("IDLE"),
         "C: P1 APPEND \"Sent\" (\\Seen $Forwarded) \"17-Jul-1996 09:44:25 +0000\" {9}",
         "S: P1 NO [TRYCREATE] no", NULL};
    imap_told_failed(imap_script_run(gone, do_append), ERROR_MAILBOX_GONE);
}

static void exchange_gets_no_keywords_in_append(void)
{
    static const char *const lines[] =
        {"S: * OK [CAPABILITY IMAP4rev1 LITERAL+] The Microsoft Exchange IMAP4 service is ready.",
         "N: P1 APPEND \"Sent\" (\\Seen) \"17-Jul-1996 09:44:25 +0000\" {9+}\r\na: b\r\n\r\nc\r\n",
         "S: P1 OK [APPENDUID 5 88] done", NULL};
    imap_told_is(imap_script_run(lines, do_append), "5 88");
}

static bool do_search_id(struct imap_client *client, GString *out, GError **error)
{
    g_autoptr(GArray) found = imap_search_message_id(client, "a@b", error);
    (void)out;
    return found != NULL;
}

static void what_exchange_does_not_take_is_not_offered_again(void)
{
    static const char *const disliked[] =
        {CAPS("LITERAL+"),
         "N: P1 APPEND \"Sent\" (\\Seen $Forwarded) \"17-Jul-1996 09:44:25 +0000\" {9+}\r\n"
         "a: b\r\n\r\nc\r\n",
         "S: P1 BAD Command Argument Error. 11", NULL};
    struct imap_told told = imap_script_run(disliked, do_append);
    g_assert_cmpint(error_retry(told.error), ==, ERROR_RETRY_NEVER);
    imap_told_failed(told, ERROR_SERVER_NO);
}

/* No charset is ever named, and a Message-ID beyond US-ASCII is not searched for. */
static void a_search_that_knows_no_charset_is_an_answer(void)
{
    static const char *const lines[] =
        {CAPS("IDLE"), "C: P1 UID SEARCH HEADER MESSAGE-ID \"<a@b>\"",
         "S: P1 NO [BADCHARSET (US-ASCII)] The specified charset is not supported.", NULL};
    imap_told_failed(imap_script_run(lines, do_search_id), ERROR_SERVER_NO);
}

static bool do_create_reserved(struct imap_client *client, GString *out, GError **error)
{
    (void)out;
    return imap_create(client, "Files", error);
}

static void a_reserved_name_is_a_refusal_for_good(void)
{
    static const char *const lines[] = {CAPS("IDLE"), "C: P1 CREATE \"Files\"",
                                        "S: P1 NO Folder name is reserved", NULL};
    struct imap_told told = imap_script_run(lines, do_create_reserved);
    g_assert_cmpint(error_retry(told.error), ==, ERROR_RETRY_NEVER);
    imap_told_failed(told, ERROR_SERVER_NO);
}

static void wait_readable(struct imap_client *client)
{
    struct pollfd fd = {.fd = conn_fd(imap_client_conn(client)), .events = POLLIN};
    g_assert_cmpint(poll(&fd, 1, 5000), ==, 1);
}

static bool do_idle(struct imap_client *client, GString *out, GError **error)
{
    struct imap_recorder events = {out, 0, 0};
    bool news = false;
    imap_recorder_listen(client, &events);
    if (!imap_idle_begin(client, error))
        return false;
    while (strstr(out->str, "expunged") == NULL) {
        if (imap_client_may_park(client))
            wait_readable(client);
        if (!imap_idle_read(client, &news, error))
            return false;
    }
    g_assert_true(news);
    g_assert_true(imap_client_may_park(client));
    g_assert_true(imap_idle_read(client, &news, error));
    g_assert_false(news);
    return imap_idle_end(client, error);
}

static void idle_tells_news_and_ends(void)
{
    static const char *const lines[] =
        {CAPS("IDLE"),
         "C: P1 IDLE",
         "R: * 3 EXISTS\r\n+ idling\r\n* OK Still here\r\n* 4 EXISTS\r\n",
         "R: * VANISHED 5:7\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* 1 EXPUNGE\r\n",
         "C: DONE",
         "R: * 9 EXISTS\r\nP1 OK done\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, do_idle),
                 "<exists 3><exists 4><vanished 5-7 0><flags 0 1><expunged 1>"
                 "<exists 9>");
}

static bool do_idle_to_the_end(struct imap_client *client, GString *out, GError **error)
{
    bool news = false;
    (void)out;
    if (!imap_idle_begin(client, error))
        return false;
    for (;;) {
        wait_readable(client);
        if (!imap_idle_read(client, &news, error)) {
            g_assert_false(imap_client_may_park(client));
            return false;
        }
    }
}

static void an_idle_that_the_server_ends_says_why(void)
{
    static const char *const token[] = {CAPS("IDLE"),
                                        "C: P1 IDLE",
                                        "S: + idling",
                                        "S: * BYE Session invalidated - AccessTokenExpired",
                                        "X:",
                                        NULL};
    imap_told_failed(imap_script_run(token, do_idle_to_the_end), ERROR_TOKEN_EXPIRED);
    static const char *const cut[] = {CAPS("IDLE"), "C: P1 IDLE", "S: + idling", "X:", NULL};
    imap_told_failed(imap_script_run(cut, do_idle_to_the_end), ERROR_CLOSED);
}

static bool do_create(struct imap_client *client, GString *out, GError **error)
{
    (void)out;
    return imap_create(client, "Entwürfe & mehr", error) &&
           imap_create(client, "Entw&APw-rfe", error) &&
           imap_rename(client, "Entw&APw-rfe", "R&D", error) &&
           imap_subscribe(client, "R&-D", true, error) && imap_create(client, "R&-D", error);
}

static void new_names_are_encoded_once(void)
{
    static const char *const lines[] = {CAPS("IDLE"),
                                        "C: P1 CREATE \"Entw&APw-rfe &- mehr\"",
                                        "S: P1 OK",
                                        "C: P2 CREATE \"Entw&APw-rfe\"",
                                        "S: P2 OK done",
                                        "C: P3 RENAME \"Entw&APw-rfe\" \"R&-D\"",
                                        "S: P3 OK done",
                                        "C: P4 SUBSCRIBE \"R&-D\"",
                                        "S: P4 OK done",
                                        "C: P5 CREATE \"R&-D\"",
                                        "S: P5 NO [ALREADYEXISTS] is there",
                                        NULL};
    imap_told_failed(imap_script_run(lines, do_create), ERROR_CONFLICT);
}

static bool do_status(struct imap_client *client, GString *out, GError **error)
{
    struct imap_status status;
    bool good = imap_status(client, "a", &status, error);
    g_string_append_printf(out, "%u %u %u %u", status.messages, status.uidnext, status.uidvalidity,
                           status.unseen);
    return good;
}

static void needless_continuations_and_odd_lines_are_passed_over(void)
{
    static const char *const lines[] =
        {CAPS("IDLE"),
         "C: P1 STATUS \"a\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
         "R: + \r\n+ what\r\nodd line\r\n* [ALERT] hm\r\nP7 OK not ours\r\n\r\n* X-ODD (1 2\r\n",
         "S: * STATUS a (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 2 UNSEEN 1)",
         "S: P1 OK done",
         NULL};
    imap_told_is(imap_script_run(lines, do_status), "3 9 2 1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/list/extended", list_tells_names_roles_and_subscriptions);
    g_test_add_func("/imap/list/nonexistent", names_that_do_not_exist_are_no_folders);
    g_test_add_func("/imap/list/lsub", lsub_tells_subscriptions_where_list_cannot);
    g_test_add_func("/imap/select/what", select_tells_what_the_mailbox_is);
    g_test_add_func("/imap/select/gone", a_mailbox_that_is_gone_is_told_apart);
    g_test_add_func("/imap/search", search_answers_ascending_without_doubles);
    g_test_add_func("/imap/encoder", arguments_cannot_break_out);
    g_test_add_func("/imap/store", only_flags_that_the_mailbox_keeps_are_stored);
    g_test_add_func("/imap/copy", copies_and_moves_tell_the_new_uids);
    g_test_add_func("/imap/append/sends", append_sends_the_message_and_tells_its_uid);
    g_test_add_func("/imap/append/refused", an_append_refused_before_the_message_ends_there);
    g_test_add_func("/imap/append/exchange", exchange_gets_no_keywords_in_append);
    g_test_add_func("/imap/append/disliked", what_exchange_does_not_take_is_not_offered_again);
    g_test_add_func("/imap/search/charset", a_search_that_knows_no_charset_is_an_answer);
    g_test_add_func("/imap/create/reserved", a_reserved_name_is_a_refusal_for_good);
    g_test_add_func("/imap/idle/news", idle_tells_news_and_ends);
    g_test_add_func("/imap/idle/end", an_idle_that_the_server_ends_says_why);
    g_test_add_func("/imap/create", new_names_are_encoded_once);
    g_test_add_func("/imap/odd-lines", needless_continuations_and_odd_lines_are_passed_over);
    return g_test_run();
}
