/* Mozilla's autoconfig files, as hostile as they may be, and the table of well-known domains. */
#include "app/autoconfig.h"

#include <string.h>

#define IMAP                                                                                       \
    "<incomingServer type='imap'><hostname> IMAP.Example.org </hostname><port>993</port>"          \
    "<socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>"
#define SMTP                                                                                       \
    "<outgoingServer type='smtp'><hostname>smtp.example.org</hostname><port>587</port>"            \
    "<socketType>STARTTLS</socketType></outgoingServer>"
#define CONFIG(inner)                                                                              \
    "<?xml version='1.0' encoding='UTF-8'?><clientConfig version='1.1'><emailProvider "            \
    "id='x'>" inner "</emailProvider></clientConfig>"

static bool reads(const char *xml)
{
    struct autoconfig_servers servers;
    bool good = autoconfig_read(xml, strlen(xml), &servers);
    autoconfig_servers_clear(&servers);
    return good;
}

static void the_first_servers_that_are_protected_count(void)
{
    struct autoconfig_servers servers;
    const char *xml = "\xef\xbb\xbf" CONFIG(
        "<incomingServer type='pop3'><hostname>pop.example.org</hostname><port>995</port>"
        "<socketType>SSL</socketType></incomingServer>"
        "<incomingServer type='imap'><hostname>open.example.org</hostname><port>143</port>"
        "<socketType>plain</socketType></incomingServer>" IMAP
        "<incomingServer type='imap'><hostname>late.example.org</hostname><port>993</port>"
        "<socketType>SSL</socketType></incomingServer>" SMTP);
    g_assert_true(autoconfig_read(xml, strlen(xml), &servers));
    g_assert_cmpstr(servers.imap.host, ==, "imap.example.org");
    g_assert_cmpuint(servers.imap.port, ==, 993);
    g_assert_cmpstr(servers.imap.security, ==, "tls");
    g_assert_cmpstr(servers.smtp.host, ==, "smtp.example.org");
    g_assert_cmpstr(servers.smtp.security, ==, "starttls");
    g_assert_true(servers.local_login);
    autoconfig_servers_clear(&servers);
}

static void what_is_no_configuration_is_none(void)
{
    static const char *const others[] = {
        "",
        "<html><body>Not found</body></html>",
        CONFIG(IMAP),
        CONFIG(SMTP),
        "<clientConfig><emailProvider>" IMAP SMTP,
        "<other>" IMAP SMTP "</other>",
        CONFIG("<incomingServer type='imap'><hostname>a b</hostname><port>993</port>"
               "<socketType>SSL</socketType></incomingServer>" SMTP),
        CONFIG("<incomingServer type='imap'><hostname>user@evil.example</hostname><port>993</port>"
               "<socketType>SSL</socketType></incomingServer>" SMTP),
        CONFIG("<incomingServer type='imap'><hostname>a.example</hostname><port>99999</port>"
               "<socketType>SSL</socketType></incomingServer>" SMTP),
        "<!DOCTYPE x [<!ENTITY a 'imap.example.org'>]>" CONFIG(
            "<incomingServer type='imap'><hostname>&a;</hostname><port>993</port>"
            "<socketType>SSL</socketType></incomingServer>" SMTP),
    };
    g_assert_true(reads(CONFIG(IMAP SMTP)));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (reads(others[i]))
            g_error("taken as a configuration: %s", others[i]);
}

static void deep_and_long_documents_end(void)
{
    GString *deep = g_string_new("<clientConfig>"), *longer = g_string_new("<clientConfig>");
    for (int i = 0; i < 100000; i++)
        g_string_append(deep, "<a>");
    g_assert_false(reads(deep->str));
    g_string_append(longer, "<incomingServer type='imap'><hostname>");
    for (int i = 0; i < 100000; i++)
        g_string_append(longer, "aaaaaaaa");
    g_string_append(longer, "</hostname></incomingServer></clientConfig>");
    g_assert_false(reads(longer->str));
    g_string_free(deep, TRUE);
    g_string_free(longer, TRUE);
}

static void the_table_knows_domains_and_exchangers(void)
{
    struct autoconfig_servers servers;
    g_assert_true(autoconfig_known("ymail.com", &servers));
    g_assert_cmpstr(servers.imap.host, ==, "imap.mail.yahoo.com");
    g_assert_true(servers.app_password);
    autoconfig_servers_clear(&servers);
    g_assert_false(autoconfig_known("mail.com.evil.example", &servers));
    g_assert_false(autoconfig_known("", &servers));
    g_assert_cmpstr(autoconfig_of_exchanger("x.mail.protection.outlook.com"), ==, "microsoft");
    g_assert_cmpstr(autoconfig_of_exchanger("aspmx.l.google.com"), ==, "google");
    g_assert_null(autoconfig_of_exchanger("outlook.com.evil.example"));
    g_assert_null(autoconfig_of_exchanger("notgoogle.com"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/app/autoconfig/the-first-servers-that-are-protected-count",
                    the_first_servers_that_are_protected_count);
    g_test_add_func("/app/autoconfig/what-is-no-configuration-is-none",
                    what_is_no_configuration_is_none);
    g_test_add_func("/app/autoconfig/deep-and-long-documents-end", deep_and_long_documents_end);
    g_test_add_func("/app/autoconfig/the-table-knows-domains-and-exchangers",
                    the_table_knows_domains_and_exchangers);
    return g_test_run();
}
