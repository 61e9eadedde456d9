/* What a server tells besides the answers of the selected mailbox: NOTIFY and NAMESPACE. */
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/notices/notify", notify_tells_of_every_mailbox);
    g_test_add_func("/imap/notices/namespaces",
                    a_mailbox_lies_in_the_namespace_of_the_longest_prefix);
    return g_test_run();
}
