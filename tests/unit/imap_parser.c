#include "imap/parser.h"

#include "imap/client.h"
#include "imap_describe.h"

#include <string.h>

/* Server bytes, and what the parser must make of them. */
struct dialogue {
    const char *name, *bytes, *expected;
};

static const struct dialogue dialogues[] = {
    {"greeting", "* OK [CAPABILITY IMAP4rev1 IDLE] ready {5}\r\n",
     "untagged OK code=7,0 caps=2 text=ready {5}\n"},
    {"exchange-capabilities",
     "* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT "
     "CLIENTACCESSRULES CHILDREN IDLE NAMESPACE LITERAL+\r\nA1 OK CAPABILITY completed.\r\n",
     "capability caps=280aa0f\ntagged OK tag=A1 text=CAPABILITY completed.\n"},
    {"select",
     "* 172 EXISTS\r\n* 1 RECENT\r\n* OK [UNSEEN 12] Message 12 is first unseen\r\n"
     "* OK [UIDVALIDITY 3857529045] UIDs valid\r\n* OK [UIDNEXT 4392] Predicted next UID\r\n"
     "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
     "* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] Limited\r\n"
     "* OK [HIGHESTMODSEQ 715194045007] Highest\r\nA142 OK [READ-WRITE] SELECT completed\r\n",
     "exists 172\nother\nuntagged OK code=27,12 text=Message 12 is first unseen\n"
     "untagged OK code=25,3857529045 text=UIDs valid\n"
     "untagged OK code=24,4392 text=Predicted next UID\nflags flags=800f\n"
     "untagged OK code=19,0 flags=8001 any text=Limited\n"
     "untagged OK code=11,715194045007 text=Highest\n"
     "tagged OK tag=A142 code=21,0 text=SELECT completed\n"},
    {"code-without-ok", "* [UIDNEXT 5] next\r\n[UIDVALIDITY 6] valid\r\n",
     "untagged OK code=24,5 text=next\nuntagged OK code=25,6 text=valid\n"},
    {"server-unavailable", "Server Unavailable. 15\r\n", "garbage text=Server Unavailable. 15\n"},
    {"empty-copyuid",
     "A1 OK [COPYUID 14  ] done\r\nA2 OK [COPYUID 38505 304,319:320 3956:3958] x\r\n",
     "tagged OK tag=A1 code=9,14 text=done\n"
     "tagged OK tag=A2 code=9,38505 set=304,319:320 target=3956:3958 text=x\n"},
    {"appenduid", "A003 OK [APPENDUID 38505 3955] APPEND completed\r\n",
     "tagged OK tag=A003 code=3,38505 set=3955 text=APPEND completed\n"},
    {"modified", "d105 OK [MODIFIED 7,9] Conditional STORE failed\r\n",
     "tagged OK tag=d105 code=14,0 set=7,9 text=Conditional STORE failed\n"},
    {"badcharset", "A1 NO [BADCHARSET (US-ASCII \"a]b\")] no\r\n",
     "tagged NO tag=A1 code=6,0 text=no\n"},
    {"open-bracket", "* OK [ALERT text without an end\r\n* NO [ALERT\r\n",
     "untagged OK text=[ALERT text without an end\nuntagged NO text=[ALERT\n"},
    {"list",
     "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent \\\"x\\\\y\"\r\n* LIST () NIL {5}\r\na\"b c\r\n"
     "* LSUB (\\Noselect) \".\" a.b\r\n* LIST (\\NonExistent) \"/\" INBOX (\"CHILDINFO\" "
     "(\"X\"))\r\n",
     "list list attributes=8 role=3 delimiter=47 name=Sent \"x\\y\n"
     "list list attributes=0 role=0 delimiter=0 name=a\"b c\n"
     "list lsub attributes=1 role=0 delimiter=46 name=a.b\n"
     "list list attributes=3 role=0 delimiter=47 name=INBOX\n"},
    {"unquoted-names",
     "* LIST (\\HasNoChildren) \"/\" My \x01\x07"
     "Folder (x)\r\n",
     "list list attributes=8 role=0 delimiter=47 name=My \x01\x07"
     "Folder (x)\n"},
    {"status",
     "* STATUS \"a b\" (MESSAGES 231 UIDNEXT 44292 UIDVALIDITY 7 UNSEEN 3 HIGHESTMODSEQ 99)\r\n"
     "* STATUS a b (MAILBOXID (M1) MESSAGES 1)\r\n",
     "status a b given=1f messages=231 uidnext=44292 uidvalidity=7 unseen=3 modseq=99\n"
     "status a b given=1 messages=1 uidnext=0 uidvalidity=0 unseen=0 modseq=0 mailboxid=M1\n"},
    {"namespace",
     "* NAMESPACE ((\"INBOX.\" \".\")(\"#mh/\" \"/\" \"X-PARAM\" (\"FLAG1\" \"FLAG2\"))) NIL "
     "((\"shared.\" NIL))\r\n* NAMESPACE NIL ((\"\" \"/\") (\"~\" \"/\")) NIL\r\n"
     "* namespace ((a))\r\n* NAMESPACE ((\"a\" \"/\"\r\n* NAMESPACE\r\n",
     "namespace 0<INBOX.>46 0<#mh/>47 2<shared.>0\nnamespace 1<>47 1<~>47\nother\nother\nother\n"},
    {"quota",
     "* QUOTA \"\" (STORAGE 10 512)\r\n* quota {4}\r\na\"(b (MESSAGE 42 1000 storage 0 0)\r\n"
     "* QUOTA NIL ()\r\n* QUOTAROOT INBOX \"#user/alice\" !partition/sda4\r\n"
     "* QUOTAROOT \"a b\"\r\n* QUOTAROOT {1}\r\nx {2}\r\n\xff( y\r\n",
     "quota <> STORAGE=10/512\nquota <a\"(b> MESSAGE=42/1000 storage=0/0\nquota <NIL>\n"
     "quotaroot <#user/alice> <!partition/sda4>\nquotaroot\nquotaroot <\xff(> <y>\n"},
    {"quota-odd",
     "* QUOTA a (STORAGE -1 5 MESSAGE 1 9223372036854775807 X 9223372036854775808 1 Y 1 2x)\r\n"
     "* QUOTA a (A 1 1 B 1 1 C 1 1 D 1 1 E 1 1 F 1 1 G 1 1)\r\n"
     "* QUOTAROOT m a b c d e f\r\n"
     "* QUOTA a\r\n* QUOTA\r\n* QUOTA a (STORAGE 1)\r\n* QUOTA a (STORAGE 1 (2))\r\n"
     "* QUOTA a (STORAGE 1 2\r\n* QUOTA a (STORAGE 1 2) b\r\n* QUOTA (a) (b 1 2)\r\n"
     "* QUOTAROOT\r\n* QUOTAROOT m (a)\r\n* 3 QUOTA a ()\r\n",
     "quota <a> MESSAGE=1/9223372036854775807\n"
     "quota <a> A=1/1 B=1/1 C=1/1 D=1/1 E=1/1 F=1/1\nquotaroot <a> <b> <c> <d>\n"
     "other\nother\nother\nother\nother\nother\nother\nother\nother\nother\n"},
    {"status-odd-names",
     "* STATUS My (old) mail (UIDNEXT 3)\r\n* STATUS {3}\r\na(b (MAILBOXID () MESSAGES 2)\r\n"
     "* STATUS (MESSAGES 1)\r\n* STATUS a\r\n* STATUS \"a\" (MAILBOXID M1)\r\n",
     "status My (old) mail given=2 messages=0 uidnext=3 uidvalidity=0 unseen=0 modseq=0\n"
     "status a(b given=1 messages=2 uidnext=0 uidvalidity=0 unseen=0 modseq=0\n"
     "other\nother\nother\n"},
    {"esearch",
     "* ESEARCH (TAG \"P1\") UID ALL 4:18,21 MODSEQ 917162500\r\n* ESEARCH (TAG P2) UID\r\n"
     "* ESEARCH UID COUNT 5 ALL 7 X-NEW (a (b))\r\n* ESEARCH\r\n* ESEARCH (TAG\r\n* ESEARCH UID ALL"
     "\r\n",
     "esearch tag=P1 4:18,21\nesearch tag=P2 \nesearch 7\nesearch \nother\nother\n"},
    {"mailboxid", "* OK [MAILBOXID (F2212ea87-6097)] Ok\r\n* OK [MAILBOXID F] Ok\r\n",
     "untagged OK code=29,0 id=F2212ea87-6097 text=Ok\nuntagged OK code=29,0 text=Ok\n"},
    {"notify", "* OK [NOTIFICATIONOVERFLOW] too many\r\n* STATUS box (UIDNEXT 9 MESSAGES 3)\r\n",
     "untagged OK code=30,0 text=too many\n"
     "status box given=3 messages=3 uidnext=9 uidvalidity=0 unseen=0 modseq=0\n"},
    {"search", "* SEARCH\r\n* SEARCH 2 84 882\r\n* SEARCH 2 5 (MODSEQ 917162500)\r\n* SEARCH 0\r\n",
     "search\nsearch 2 84 882\nsearch 2 5\nother\n"},
    {"vanished", "* VANISHED (EARLIER) 41,43:116\r\n* VANISHED 405\r\n* VANISHED\r\n",
     "vanished earlier 41,43:116\nvanished 405\nother\n"},
    {"expunge", "* 44 EXPUNGE\r\n* 0 EXPUNGE\r\n* 4294967296 EXISTS\r\n",
     "expunge 44\nother\nother\n"},
    {"fetch-flags",
     "* 12 FETCH (FLAGS (\\Seen $Forwarded Work b Work a) UID 5 MODSEQ (624140003) RFC822.SIZE "
     "44827 "
     "INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" EMAILID (M6d99))\r\n",
     "fetch 12 uid=5 flags=11:a,b,work date=837596665 size=44827 modseq=624140003 emailid=M6d99\n"},
    {"fetch-gmail",
     "* 1 FETCH (X-GM-MSGID 1278455344230334865 X-GM-LABELS (\"\\\\Inbox\" {3}\r\na b) UID 3)\r\n",
     "fetch 1 uid=3 emailid=1278455344230334865\n"},
    {"fetch-body",
     "* 2 FETCH (UID 9 BODY[HEADER.FIELDS (\"From\" To)] {6}\r\nA: b\r\n BODY[] {3}\r\nabc FLAGS "
     "())\r\n",
     "<stream 1 6>\n<stream 2 3>\nfetch 2 uid=9 flags=0 header=stream(6,ba7816bf) "
     "body=stream(3,ba7816bf)\n"},
    {"fetch-forms",
     "* 2 FETCH (BODY[] NIL UID 9)\r\n* 3 FETCH (BODY[]<0> \"a\\\"b\" UID 10)\r\n"
     "* 4 FETCH (RFC822 {0}\r\n UID 11)\r\n* 5 FETCH (BODY[1.2] {2}\r\n)) BINARY[1] ~{2}\r\n\x01)"
     " BODY[TEXT] \"x\" UID 12)\r\n* 6 FETCH ()\r\n",
     "fetch 2 uid=9 body=NIL\nfetch 3 uid=10 body=a\"b\n<stream 2 0>\n"
     "fetch 4 uid=11 body=stream(0,e3b0c442)\n<stream 0 2>\n<stream 0 2>\nfetch 5 uid=12\nfetch 6 "
     "uid=0\n"},
    {"fetch-structures",
     "* 1 FETCH (BODYSTRUCTURE ((NIL NIL NIL NIL NIL \"7BIT\" 0)(NIL \"alternative\" \"inline\" "
     "(NIL "
     "NIL))) ENVELOPE (NIL \"s\" ((NIL NIL {1}\r\n( \".MISSING-HOST-NAME.\"))) UID 4)\r\n",
     "fetch 1 uid=4\n"},
    {"fetch-structures-unasked",
     "* 12 FETCH (ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700\" \"s {4}\" ((\"T G\" NIL \"gray\" "
     "\"x\")) "
     "NIL NIL ((NIL NIL \"i\" {4}\r\na(b\")) NIL NIL NIL \"<B@x>\") BODY (\"TEXT\" \"PLAIN\" "
     "(\"CHARSET\" "
     "\"x\") NIL NIL \"7BIT\" 9 1) UID 4 BODYSTRUCTURE ((\"MESSAGE\" \"RFC822\" NIL NIL NIL "
     "\"7BIT\" 9 "
     "(NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 2 1) 3)"
     "(\"A\" \"PDF\" (\"NAME\" {5}\r\na.pdf) NIL NIL \"BASE64\" 554 NIL (\"ATTACHMENT\" "
     "(\"FILENAME\" "
     "\"a \\\"b\\\".pdf\")) NIL) \"MIXED\" (\"BOUNDARY\" \"=_x\") NIL (\"en\" \"de\") NIL) FLAGS "
     "(\\Seen))\r\n",
     "fetch 12 uid=4 flags=1\n"},
    {"fetch-broken",
     "* 1 FETCH (UID 4 FLAGS (\\Seen)\r\n* 2 FETCH UID 3\r\n* 3 FETCH (UID x)\r\n* 0 FETCH (UID "
     "3)\r\n",
     "other\nother\nother\nother\n"},
    {"continuations", "+ idling\r\n+\r\n+ \r\n+OK POP3\r\n",
     "continue text=idling\ncontinue\ncontinue\ncontinue text=OK POP3\n"},
    {"bye",
     "* BYE Session invalidated - AccessTokenExpired\r\n* BYE Connection is closed. 13\r\n* "
     "PREAUTH hi\r\n",
     "untagged BYE text=Session invalidated - AccessTokenExpired\n"
     "untagged BYE text=Connection is closed. 13\nuntagged PREAUTH text=hi\n"},
    {"bare-line-feeds", "* 1 EXISTS\n\n\r\n* 2 EXISTS\r\n", "exists 1\nexists 2\n"},
    {"garbage", "HTTP/1.1 400 Bad Request\r\n220 mail ESMTP\r\n*\r\n* \r\n* )(\r\n",
     "garbage text=HTTP/1.1 400 Bad Request\ngarbage text=220 mail ESMTP\nother\nother\nother\n"},
    {"unfinished", "* 1 FETCH (BODY[] {10}\r\nabc", "<stream 2 10>\nMORE\n"},
};

static void check_all_splits(const struct dialogue *dialogue)
{
    size_t length = strlen(dialogue->bytes);
    g_autofree char *whole = imap_describe(dialogue->bytes, length, length, &imap_limits_default);
    g_assert_cmpstr(whole, ==, dialogue->expected);
    for (size_t step = 1; step < length; step++) {
        g_autofree char *split = imap_describe(dialogue->bytes, length, step, &imap_limits_default);
        g_assert_cmpstr(split, ==, whole);
    }
}

static void a_dialogue_reads_the_same_however_it_is_split(gconstpointer data)
{
    check_all_splits(data);
}

/* A response made of a prefix, `count` times a piece, and a suffix. */
static char *repeat(const char *prefix, const char *piece, size_t count, const char *suffix)
{
    GString *text = g_string_new(prefix);
    for (size_t i = 0; i < count; i++)
        g_string_append(text, piece);
    g_string_append(text, suffix);
    return g_string_free(text, FALSE);
}

static char *describe(const char *bytes)
{
    return imap_describe(bytes, strlen(bytes), 4096, &imap_limits_default);
}

static void an_endless_line_is_refused(void)
{
    g_autofree char *bytes = repeat("* OK ", "xxxxxxxxxxxxxxxx", 5000, "");
    g_autofree char *said = describe(bytes);
    g_assert_cmpstr(said, ==, "BAD response too long\n");
}

static void a_search_may_be_longer_than_a_line(void)
{
    g_autofree char *bytes = repeat("* SEARCH", " 1234567", 50000, "\r\n");
    g_autofree char *said = describe(bytes);
    g_assert_cmpuint(strlen(said), ==, strlen("search\n") + 50000 * 8);
    g_autofree char *at_once = imap_describe(bytes, strlen(bytes), SIZE_MAX, &imap_limits_default);
    g_assert_cmpstr(at_once, ==, said);
    g_autofree char *endless = repeat("* SEARCH", " 1234567", 3000000, "");
    g_autofree char *refused = describe(endless);
    g_assert_cmpstr(refused, ==, "BAD response too long\n");
}

static void lists_may_be_32_deep_and_no_deeper(void)
{
    g_autofree char *open = repeat("* 1 FETCH (BODYSTRUCTURE ", "(", 32, "");
    g_autofree char *good = repeat(open, ")", 32, " UID 7)\r\n");
    g_autofree char *said = describe(good);
    g_assert_cmpstr(said, ==, "fetch 1 uid=7\n");
    g_autofree char *deep = repeat("* 1 FETCH (X ", "(", 33, "\r\n");
    g_autofree char *refused = describe(deep);
    g_assert_cmpstr(refused, ==, "BAD lists too deep\n");
    g_autofree char *abyss = repeat("* 1 FETCH (X ", "(", 60000, "\r\n");
    g_autofree char *also = describe(abyss);
    g_assert_cmpstr(also, ==, "BAD lists too deep\n");
}

static void words_are_counted(void)
{
    g_autofree char *many = repeat("* FLAGS (", "a ", 8000, ")\r\n");
    g_autofree char *said = describe(many);
    g_assert_cmpstr(said, ==, "flags flags=0:a\n");
    g_autofree char *too_many = repeat("* FLAGS (", "a ", 8200, ")\r\n");
    g_autofree char *refused = describe(too_many);
    g_assert_cmpstr(refused, ==, "BAD too many words in one response\n");
}

static void announced_literals_are_not_believed(void)
{
    g_autofree char *name = describe("* LIST () \"/\" {4294967295}\r\nabc");
    g_assert_cmpstr(name, ==, "BAD literal too large\n");
    g_autofree char *body = describe("* 1 FETCH (BODY[] {4294967296}\r\nabc");
    g_assert_cmpstr(body, ==, "BAD literal too large\n");
    g_autofree char *absurd = describe("* 1 FETCH (BODY[] {99999999999999999999999}\r\nabc");
    g_assert_cmpstr(absurd, ==, "BAD literal too large\n");
    g_autofree char *allowed = describe("* 1 FETCH (BODY[] {4294967295}\r\nabc");
    g_assert_cmpstr(allowed, ==, "<stream 2 4294967295>\nMORE\n");
}

static void nothing_is_read_after_bad(void)
{
    struct imap_parser *parser = imap_parser_new(&imap_limits_default, NULL);
    const struct imap_response *response = NULL;
    size_t used = 0;
    static const char bad[] = "* LIST () \"/\" {4294967295}\r\n";
    g_assert_cmpint(imap_parser_feed(parser, bad, sizeof bad - 1, &used, &response), ==,
                    IMAP_PARSE_BAD);
    g_assert_cmpint(imap_parser_feed(parser, "* 1 EXISTS\r\n", 12, &used, &response), ==,
                    IMAP_PARSE_BAD);
    g_assert_cmpuint(used, ==, 0);
    imap_parser_free(parser);
}

static void nul_bytes_do_no_harm(void)
{
    static const char bytes[] =
        "* LIST (\0) \"/\" \"a\0b\"\r\n* OK \0x\r\nA\0 OK\r\n* FLAGS (\0a b)\r\n";
    g_autofree char *whole =
        imap_describe(bytes, sizeof bytes - 1, sizeof bytes, &imap_limits_default);
    for (size_t step = 1; step < sizeof bytes; step++) {
        g_autofree char *split = imap_describe(bytes, sizeof bytes - 1, step, &imap_limits_default);
        g_assert_cmpstr(split, ==, whole);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(dialogues); i++) {
        g_autofree char *path = g_strdup_printf("/imap/parser/dialogue/%s", dialogues[i].name);
        g_test_add_data_func(path, &dialogues[i], a_dialogue_reads_the_same_however_it_is_split);
    }
    g_test_add_func("/imap/parser/endless-line", an_endless_line_is_refused);
    g_test_add_func("/imap/parser/long-search", a_search_may_be_longer_than_a_line);
    g_test_add_func("/imap/parser/depth", lists_may_be_32_deep_and_no_deeper);
    g_test_add_func("/imap/parser/words", words_are_counted);
    g_test_add_func("/imap/parser/announced-literals", announced_literals_are_not_believed);
    g_test_add_func("/imap/parser/after-bad", nothing_is_read_after_bad);
    g_test_add_func("/imap/parser/nul", nul_bytes_do_no_harm);
    return g_test_run();
}
