/* What a server tells besides the answers of the selected mailbox: NOTIFY, NAMESPACE and QUOTA. */
#include "imap/client.h"
#include "imap_script.h"
#include <string.h>

#define XOAUTH2 "dXNlcj1tZQFhdXRoPUJlYXJlciBUT0tFTgEB"

static bool do_notify(struct imap_client *client, GString *out, GError **error)
{
    struct imap_recorder events = {out, 0, 0};
    imap_recorder_listen(client, &events);
    bool good = imap_recorder_notify(client, &events, error);
    for (bool news = false; good && strstr(out->str, "overflow") == NULL;)
        good = imap_idle_read(client, &news, error);
    good = good && imap_notify_end(client, error);
    imap_client_set_events(client, NULL);
    return good;
}

static void notify_tells_of_every_mailbox(void)
{
    static const char *const lines[] =
        {CAPS("NOTIFY CONDSTORE"),
         "C: P1 NOTIFY SET STATUS (selected (MessageNew MessageExpunge FlagChange)) (personal "
         "(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))",
         "R: * STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 1 UNSEEN 0 HIGHESTMODSEQ 7)\r\n",
         "R: * STATUS \"a b\" (UIDNEXT 4 UIDVALIDITY 1 HIGHESTMODSEQ 2)\r\nP1 OK x\r\n",
         "R: * STATUS \"a b\" (UIDNEXT 5 HIGHESTMODSEQ 3)\r\n* 4 EXISTS\r\n",
         "R: * LIST (\\Subscribed) \"/\" new (\"OLDNAME\" (\"old\"))\r\n",
         "R: * LIST (\\NonExistent) \"/\" gone\r\n",
         "R: * OK [NOTIFICATIONOVERFLOW] too much\r\n",
         "C: P2 NOTIFY NONE",
         "R: * STATUS INBOX (MESSAGES 4)\r\nP2 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, do_notify),
                 "<status INBOX 3 9 7><part a b 0 4 2><part a b 0 5 3><exists 4><folder new 1 1>"
                 "<folder gone 0 0><overflow><part INBOX 4 0 0>");
    static const char *const none[] = {CAPS("NOTIFY"), NULL};
    imap_told_failed(imap_script_run(none, do_notify), ERROR_INVALID);
}

static bool do_find_namespaces(struct imap_client *client, GString *out, GError **error)
{
    static const char *const names[] = {"INBOX",     "INBOX.Sent", "Sent",       "shared",
                                        "shared.hr", "sharedhr",   "shared.a.b", NULL};
    struct secret *token = secret_new("TOKEN", 5);
    bool good = imap_login_oauth(client, "me", token, error);
    secret_free(token);
    for (size_t i = 0; good && names[i] != NULL; i++) {
        const struct imap_namespace *item = imap_client_namespace_of(client, names[i]);
        g_string_append_printf(out, "%s;", item != NULL ? item->prefix : "-");
    }
    return good;
}

static void a_mailbox_lies_in_the_namespace_of_the_longest_prefix(void)
{
    static const char *const lines[] =
        {CAPS("SASL-IR AUTH=XOAUTH2"),
         "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
         "S: P1 OK [CAPABILITY IMAP4rev1 NAMESPACE] in",
         "C: P2 NAMESPACE",
         "R: * NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"shared.\" \".\")(\"shared.a.\" \".\"))\r\n"
         "P2 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, do_find_namespaces),
                 "-;INBOX.;-;shared.;shared.;-;shared.a.;");
}

static bool do_ask_quotas(struct imap_client *client, GString *out, GError **error)
{
    static const char *const of[] = {"octets", "messages", "mailboxes"};
    g_autoptr(GPtrArray) quotas = imap_quotas(client, "INBOX", error);
    for (guint i = 0; quotas != NULL && i < quotas->len; i++) {
        const struct imap_quota *quota = quotas->pdata[i];
        g_string_append_printf(out, "%s: %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " %s;",
                               quota->root, quota->used, quota->limit, of[quota->of]);
    }
    return quotas != NULL;
}

static void quotas_are_those_of_the_mailbox(void)
{
    static const char *const lines[] =
        {CAPS("QUOTA QUOTA=RES-STORAGE"),
         "C: P1 GETQUOTAROOT \"INBOX\"",
         "R: * QUOTAROOT INBOX \"\" \"User \\\"quota\"\r\n* QUOTA \"\" (STORAGE 10 512)\r\n",
         "R: * QUOTA \"User \\\"quota\" (X-WHATEVER 1 2 message 3 4 MAILBOX 5 6 MESSAGE 7 8)\r\n",
         "R: * QUOTA \"\" (MESSAGE 9 9)\r\n* 4 EXISTS\r\nP1 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, do_ask_quotas),
                 ": 10240/524288 octets;User \"quota: 3/4 messages;User \"quota: 5/6 mailboxes;");
    static const char *const none[] =
        {CAPS("QUOTA"), "C: P1 GETQUOTAROOT \"INBOX\"",
         "R: * QUOTAROOT INBOX \"User quota\"\r\n* QUOTA \"User quota\" ()\r\nP1 OK x\r\n", NULL};
    imap_told_is(imap_script_run(none, do_ask_quotas), "");
}

/* RFC 9208, 4.1.2, wants every root's limits told with it; some servers tell the names alone. */
static void a_root_without_limits_is_asked_for_by_itself(void)
{
    static const char *const lines[] =
        {CAPS("QUOTA"),
         "C: P1 GETQUOTAROOT \"INBOX\"",
         "R: * QUOTAROOT INBOX a \"\xff\" c a\r\n* QUOTA a (STORAGE 1 2)\r\nP1 OK x\r\n",
         "C: P2 GETQUOTA {1}",
         "S: + go on",
         "N: \xff\r\n",
         "S: P2 NO [NOPERM] not yours",
         "C: P3 GETQUOTA \"c\"",
         "R: * QUOTA c (STORAGE 9223372036854775807 9007199254740993)\r\nP3 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, do_ask_quotas),
                 "a: 1024/2048 octets;c: 9223372036854775807/9223372036854775807 octets;");
}

static void a_server_may_refuse_to_tell_its_quotas(void)
{
    static const char *const refused[] = {CAPS("QUOTA"), "C: P1 GETQUOTAROOT \"INBOX\"",
                                          "S: P1 NO not for you", NULL};
    imap_told_failed(imap_script_run(refused, do_ask_quotas), ERROR_SERVER_NO);
    static const char *const without[] = {CAPS("QUOTASET"), NULL};
    imap_told_failed(imap_script_run(without, do_ask_quotas), ERROR_INVALID);
    static const char *const ended[] = {CAPS("QUOTA"),
                                        "C: P1 GETQUOTAROOT \"INBOX\"",
                                        "S: * QUOTAROOT INBOX a b",
                                        "S: P1 OK x",
                                        "C: P2 GETQUOTA \"a\"",
                                        "X:",
                                        NULL};
    imap_told_failed(imap_script_run(ended, do_ask_quotas), ERROR_CLOSED);
}

static bool do_append(struct imap_client *client, GString *out, GError **error)
{
    g_autoptr(GBytes) message = g_bytes_new_static("a\r\n", 3);
    (void)out;
    return imap_append(client, "INBOX", NULL, INT64_MIN, message, NULL, NULL, error);
}

static void a_full_mailbox_is_told_by_code_or_words(void)
{
    static const char *const replies[] = {"S: P1 NO [OVERQUOTA] Too much",
                                          "S: P1 NO Quota exceeded (mailbox for user is full)",
                                          "S: P1 NO Over quota"};
    for (size_t i = 0; i < G_N_ELEMENTS(replies); i++) {
        const char *const lines[] = {CAPS("LITERAL+"), "C: P1 APPEND \"INBOX\" {3+}",
                                     "N: a\r\n\r\n", replies[i], NULL};
        imap_told_failed(imap_script_run(lines, do_append), ERROR_OVER_QUOTA);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/quota/of-mailbox", quotas_are_those_of_the_mailbox);
    g_test_add_func("/imap/quota/root-alone", a_root_without_limits_is_asked_for_by_itself);
    g_test_add_func("/imap/quota/refused", a_server_may_refuse_to_tell_its_quotas);
    g_test_add_func("/imap/quota/full", a_full_mailbox_is_told_by_code_or_words);
    g_test_add_func("/imap/notices/notify", notify_tells_of_every_mailbox);
    g_test_add_func("/imap/notices/namespaces",
                    a_mailbox_lies_in_the_namespace_of_the_longest_prefix);
    return g_test_run();
}
