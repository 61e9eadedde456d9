/* Mozilla's autoconfig files, read with GLib's parser of simple XML, which knows no entities of a
 * document's own; and what is known without asking anybody. */
#include "app/autoconfig.h"

#include "net/dns.h"

#include <string.h>

#define DEPTH_MAX 32
#define TEXT_MAX 512

void autoconfig_servers_clear(struct autoconfig_servers *servers)
{
    g_free(servers->imap.host);
    g_free(servers->smtp.host);
    *servers = (struct autoconfig_servers){0};
}

/* --- the table */

struct known {
    const char *domains; /* separated by spaces */
    const char *imap, *smtp;
    uint16_t smtp_port;
    bool app_password;
    const char *oauth;
};

static const struct known table[] = {
    {"outlook.com hotmail.com live.com msn.com outlook.de outlook.fr hotmail.de hotmail.co.uk",
     "outlook.office365.com", "smtp.office365.com", 587, false, "microsoft"},
    {"gmail.com googlemail.com", "imap.gmail.com", "smtp.gmail.com", 465, true, "google"},
    {"yahoo.com ymail.com rocketmail.com yahoo.de yahoo.co.uk yahoo.com.tr", "imap.mail.yahoo.com",
     "smtp.mail.yahoo.com", 465, true, NULL},
    {"icloud.com me.com mac.com", "imap.mail.me.com", "smtp.mail.me.com", 587, true, NULL},
    {"gmx.de gmx.net gmx.at gmx.ch", "imap.gmx.net", "mail.gmx.net", 465, false, NULL},
    {"gmx.com", "imap.gmx.com", "mail.gmx.com", 465, false, NULL},
    {"web.de", "imap.web.de", "smtp.web.de", 587, false, NULL},
    {"t-online.de", "secureimap.t-online.de", "securesmtp.t-online.de", 465, true, NULL},
    {"ukr.net", "imap.ukr.net", "smtp.ukr.net", 465, true, NULL},
    {"i.ua", "imap.i.ua", "smtp.i.ua", 465, true, NULL},
    {"163.com", "imap.163.com", "smtp.163.com", 465, true, NULL},
    {"126.com", "imap.126.com", "smtp.126.com", 465, true, NULL},
    {"qq.com foxmail.com", "imap.qq.com", "smtp.qq.com", 465, true, NULL},
    {"mynet.com", "imap.mynet.com", "smtp.mynet.com", 465, false, NULL},
    {"yandex.com yandex.ru yandex.com.tr", "imap.yandex.com", "smtp.yandex.com", 465, true, NULL},
    {"fastmail.com fastmail.fm", "imap.fastmail.com", "smtp.fastmail.com", 465, true, NULL},
    {"aol.com", "imap.aol.com", "smtp.aol.com", 465, true, NULL},
    {"walla.co.il walla.com", "imap.walla.co.il", "out.walla.co.il", 587, false, NULL},
};

bool autoconfig_known(const char *domain, struct autoconfig_servers *servers)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_auto(GStrv) domains = g_strsplit(table[i].domains, " ", -1);
        if (!g_strv_contains((const char *const *)domains, domain))
            continue;
        *servers = (struct autoconfig_servers){
            .imap = {g_strdup(table[i].imap), 993, "tls"},
            .smtp = {g_strdup(table[i].smtp), table[i].smtp_port,
                     table[i].smtp_port == 465 ? "tls" : "starttls"},
            .app_password = table[i].app_password,
            .oauth = table[i].oauth,
        };
        return true;
    }
    return false;
}

const char *autoconfig_of_exchanger(const char *host)
{
    static const struct {
        const char *end, *oauth;
    } exchangers[] = {
        {".mail.protection.outlook.com", "microsoft"},
        {".mx.microsoft", "microsoft"},
        {".olc.protection.outlook.com", "microsoft"},
        {".mail.protection.partner.outlook.cn", "microsoft"},
        {".l.google.com", "google"},
        {".google.com", "google"},
        {".googlemail.com", "google"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(exchangers); i++)
        if (g_str_has_suffix(host, exchangers[i].end))
            return exchangers[i].oauth;
    return NULL;
}

/* --- the document */

struct reading {
    unsigned depth;
    bool is_config;
    enum { READING_NOTHING, READING_IMAP, READING_SMTP } server;
    GString *text;
    struct autoconfig_server now;
    char *login;
    struct autoconfig_servers *found;
};

static const char *attribute(const char **names, const char **values, const char *name)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return values[i];
    return "";
}

static void on_start(GMarkupParseContext *context, const char *name, const char **names,
                     const char **values, gpointer arg, GError **error)
{
    struct reading *reading = arg;
    const char *type = attribute(names, values, "type");
    (void)context;
    if (++reading->depth == 1)
        reading->is_config = strcmp(name, "clientConfig") == 0;
    if (!reading->is_config || reading->depth > DEPTH_MAX) {
        error_set(error, ERROR_INVALID, "no configuration");
        return;
    }
    g_string_truncate(reading->text, 0);
    if (strcmp(name, "incomingServer") == 0 && strcmp(type, "imap") == 0)
        reading->server = READING_IMAP;
    else if (strcmp(name, "outgoingServer") == 0 && strcmp(type, "smtp") == 0)
        reading->server = READING_SMTP;
}

static void on_text(GMarkupParseContext *context, const char *text, gsize length, gpointer arg,
                    GError **error)
{
    struct reading *reading = arg;
    (void)context, (void)error;
    if (reading->server != READING_NOTHING && reading->text->len + length <= TEXT_MAX)
        g_string_append_len(reading->text, text, (gssize)length);
}

/* The first one that can be used counts. */
static void end_server(struct reading *reading)
{
    bool imap = reading->server == READING_IMAP;
    struct autoconfig_server *into = imap ? &reading->found->imap : &reading->found->smtp;
    struct autoconfig_server *now = &reading->now;
    if (into->host == NULL && now->host != NULL && now->port != 0 && now->security != NULL) {
        *into = *now;
        now->host = NULL;
        if (imap && g_strcmp0(reading->login, "%EMAILLOCALPART%") == 0)
            reading->found->local_login = true;
    }
    g_free(now->host);
    *now = (struct autoconfig_server){0};
    g_clear_pointer(&reading->login, g_free);
    reading->server = READING_NOTHING;
}

static void on_end(GMarkupParseContext *context, const char *name, gpointer arg, GError **error)
{
    struct reading *reading = arg;
    (void)context, (void)error;
    const char *text = g_strstrip(reading->text->str);
    reading->depth--;
    if (reading->server == READING_NOTHING)
        return;
    if (strcmp(name, "hostname") == 0 && reading->now.host == NULL && net_dns_is_host(text))
        reading->now.host = g_ascii_strdown(text, -1);
    else if (strcmp(name, "port") == 0) {
        guint64 port = 0;
        g_ascii_string_to_unsigned(text, 10, 1, 65535, &port, NULL);
        reading->now.port = (uint16_t)port;
    } else if (strcmp(name, "socketType") == 0)
        reading->now.security = g_ascii_strcasecmp(text, "SSL") == 0        ? "tls"
                                : g_ascii_strcasecmp(text, "STARTTLS") == 0 ? "starttls"
                                                                            : NULL;
    else if (strcmp(name, "username") == 0 && reading->login == NULL)
        reading->login = g_strdup(text);
    else if (strcmp(name, "incomingServer") == 0 || strcmp(name, "outgoingServer") == 0)
        end_server(reading);
    g_string_truncate(reading->text, 0);
}

bool autoconfig_read(const char *xml, size_t length, struct autoconfig_servers *servers)
{
    static const GMarkupParser parser = {.start_element = on_start,
                                         .end_element = on_end,
                                         .text = on_text};
    struct reading reading = {.text = g_string_new(NULL), .found = servers};
    *servers = (struct autoconfig_servers){0};
    GMarkupParseContext *context =
        g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &reading, NULL);
    size_t mark = length >= 3 && memcmp(xml, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    bool whole = g_markup_parse_context_parse(context, xml + mark, (gssize)(length - mark), NULL) &&
                 g_markup_parse_context_end_parse(context, NULL);
    g_markup_parse_context_free(context);
    g_string_free(reading.text, TRUE);
    g_free(reading.now.host);
    g_free(reading.login);
    if (whole && servers->imap.host != NULL && servers->smtp.host != NULL)
        return true;
    autoconfig_servers_clear(servers);
    return false;
}
