#include "app/mailurl.h"

#include <string.h>

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || g_str_has_prefix(host, "127.") ||
           strcmp(host, "::1") == 0;
}

static bool take_scheme(const char *scheme, const char *protocol, struct mail_url *url)
{
    bool imap = strcmp(protocol, "imap") == 0;
    g_autofree char *tls = g_strconcat(protocol, "s", NULL);
    g_autofree char *starttls = g_strconcat(protocol, "+starttls", NULL);
    if (strcmp(scheme, tls) == 0) {
        url->security = IMAP_TLS;
        url->port = imap ? 993 : 465;
    } else if (strcmp(scheme, starttls) == 0) {
        url->security = IMAP_STARTTLS;
        url->port = imap ? 143 : 587;
    } else if (strcmp(scheme, protocol) == 0) {
        url->security = IMAP_PLAIN;
        url->port = imap ? 143 : 25;
    } else {
        return false;
    }
    return true;
}

bool mail_url_parse(const char *text, const char *protocol, bool by_operator, struct mail_url *url,
                    GError **error)
{
    g_autoptr(GUri) uri = text != NULL ? g_uri_parse(text, G_URI_FLAGS_HAS_PASSWORD, NULL) : NULL;
    const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;
    if (host == NULL || *host == '\0' || !take_scheme(g_uri_get_scheme(uri), protocol, url)) {
        error_set(error, ERROR_INVALID,
                  "\"%s\" is not an address like %ss://host:%d, %s+starttls://host:%d",
                  text != NULL ? text : "", protocol, strcmp(protocol, "imap") == 0 ? 993 : 465,
                  protocol, strcmp(protocol, "imap") == 0 ? 143 : 587);
        return false;
    }
    if (g_uri_get_password(uri) != NULL) {
        error_set(error, ERROR_INVALID,
                  "leave the password out of the address; give it as a password file");
        return false;
    }
    if (url->security == IMAP_PLAIN && !(by_operator && is_loopback(host))) {
        error_set(error, ERROR_INVALID,
                  "%s:// would send the password unprotected; use %ss:// or %s+starttls://",
                  protocol, protocol, protocol);
        return false;
    }
    if (g_uri_get_port(uri) > 0)
        url->port = (uint16_t)g_uri_get_port(uri);
    url->host = g_strdup(host);
    url->login = g_strdup(g_uri_get_user(uri));
    return true;
}

void mail_url_clear(struct mail_url *url)
{
    g_clear_pointer(&url->host, g_free);
    g_clear_pointer(&url->login, g_free);
}

const char *mail_url_security_word(const struct mail_url *url)
{
    return url->security == IMAP_TLS        ? "tls"
           : url->security == IMAP_STARTTLS ? "starttls"
                                            : "plain";
}
