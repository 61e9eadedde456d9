#include "imap/client.h"
#include "imap/parser.h"

static const struct {
    const char *word;
    uint32_t bits;
} capabilities[] = {
    {"SASL-IR", IMAP_CAP_SASL_IR},
    {"IDLE", IMAP_CAP_IDLE},
    {"UIDPLUS", IMAP_CAP_UIDPLUS},
    {"MOVE", IMAP_CAP_MOVE},
    {"CONDSTORE", IMAP_CAP_CONDSTORE},
    /* RFC 7162, 3.2.3: QRESYNC says CONDSTORE too. */
    {"QRESYNC", IMAP_CAP_QRESYNC | IMAP_CAP_CONDSTORE},
    {"SPECIAL-USE", IMAP_CAP_SPECIAL_USE},
    {"LIST-EXTENDED", IMAP_CAP_LIST_EXTENDED},
    {"LIST-STATUS", IMAP_CAP_LIST_STATUS},
    {"NAMESPACE", IMAP_CAP_NAMESPACE},
    {"ENABLE", IMAP_CAP_ENABLE},
    {"LITERAL+", IMAP_CAP_LITERAL_PLUS},
    {"LITERAL-", IMAP_CAP_LITERAL_MINUS},
    {"ID", IMAP_CAP_ID},
    {"OBJECTID", IMAP_CAP_OBJECTID},
    {"UNSELECT", IMAP_CAP_UNSELECT},
    {"UTF8=ACCEPT", IMAP_CAP_UTF8},
    {"UTF8=ONLY", IMAP_CAP_UTF8},
    {"ESEARCH", IMAP_CAP_ESEARCH},
    {"STARTTLS", IMAP_CAP_STARTTLS},
    {"LOGINDISABLED", IMAP_CAP_LOGINDISABLED},
    {"NOTIFY", IMAP_CAP_NOTIFY},
    {"COMPRESS=DEFLATE", IMAP_CAP_COMPRESS},
    {"X-GM-EXT-1", IMAP_CAP_X_GM_EXT_1},
    {"AUTH=PLAIN", IMAP_CAP_AUTH_PLAIN},
    {"AUTH=LOGIN", IMAP_CAP_AUTH_LOGIN},
    {"AUTH=XOAUTH2", IMAP_CAP_AUTH_XOAUTH2},
    {"AUTH=OAUTHBEARER", IMAP_CAP_AUTH_OAUTHBEARER},
    {"STATUS=SIZE", IMAP_CAP_STATUS_SIZE},
    {"APPENDLIMIT", IMAP_CAP_APPENDLIMIT},
    {"QUOTA", IMAP_CAP_QUOTA},
};

uint32_t imap_capability_of_word(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++)
        if (g_ascii_strcasecmp(word, capabilities[i].word) == 0)
            return capabilities[i].bits;
    if (g_ascii_strncasecmp(word, "APPENDLIMIT=", 12) == 0)
        return IMAP_CAP_APPENDLIMIT;
    return 0;
}
