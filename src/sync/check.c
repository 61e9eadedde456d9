#include "sync/check.h"

#include "imap/quirks.h"
#include "smtp/smtp.h"
#include "sync/estimate.h"
#include "sync/session.h"

#include <string.h>

#define ESTIMATE_MS 20000
#define SAID_MAX 200
#define FOLDERS_MAX 10000

struct checking {
    struct sync_manager *manager;
    const struct sync_check *check;
    const struct store_sync_account *config;
    struct imap_client *imap;
    GPtrArray *listed; /* struct imap_mailbox_info that may hold mail */
    int64_t began;     /* of the row under way */
    bool bad;
};

struct store_sync_account *sync_check_account(struct sync_manager *manager, int64_t account,
                                              GError **error)
{
    return session_account(manager, account, error);
}

struct secret *sync_check_secret(struct sync_manager *manager,
                                 const struct store_sync_account *account, bool force,
                                 int64_t *expires, struct cancel *cancel, GError **error)
{
    return session_secret(manager, account, force, expires, cancel, error);
}

uint64_t sync_bytes_a_day(struct sync_manager *manager, const struct store_sync_account *account)
{
    struct sync_host *host = session_host(manager, account);
    uint64_t most = sync_host_limits(host)->bytes_a_day;
    sync_host_unref(host);
    return most;
}

/* --- rows */

static void begin(struct checking *checking, const char *check)
{
    checking->began = clock_now();
    checking->check->tell(check, SYNC_CHECK_RUNNING, 0, NULL, NULL, checking->check->arg);
}

/* evidence (transfer full). */
static void end(struct checking *checking, const char *check, enum sync_check_state state,
                json_t *evidence, const GError *problem)
{
    int64_t spent = (clock_now() - checking->began) / 1000;
    checking->bad = checking->bad || state == SYNC_CHECK_BAD;
    checking->check->tell(check, state, spent, evidence, problem, checking->check->arg);
    json_decref(evidence);
}

static void skip(struct checking *checking, const char *check)
{
    checking->began = clock_now();
    end(checking, check, SYNC_CHECK_SKIPPED, NULL, NULL);
}

/* What a server said: bounded, one line, valid UTF-8; NULL gives null. */
static json_t *said(const char *text)
{
    if (text == NULL || *text == '\0')
        return json_null();
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *clean = g_string_new(NULL);
    size_t count = 0;
    for (char *c = valid; *c != '\0' && count < SAID_MAX; c = g_utf8_next_char(c), count++) {
        gunichar one = g_utf8_get_char(c);
        g_string_append_unichar(clean, g_unichar_isprint(one) ? one : ' ');
    }
    json_t *string = json_string(clean->str);
    g_string_free(clean, TRUE);
    return string;
}

static char *place(const char *host, uint16_t port)
{
    return g_strdup_printf(strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
}

/* --- IMAP */

static enum imap_security security_of(const char *word)
{
    if (g_strcmp0(word, "starttls") == 0)
        return IMAP_STARTTLS;
    return g_strcmp0(word, "plain") == 0 ? IMAP_PLAIN : IMAP_TLS;
}

static bool sign_in(struct checking *checking, GError **error)
{
    const struct store_sync_account *config = checking->config;
    struct net_dial dial;
    session_dial(&dial, checking->manager, config, false, checking->check->cancel);
    checking->imap = imap_client_open(&dial, security_of(config->imap_security), error);
    if (checking->imap == NULL)
        return false;
    imap_client_set_patience(checking->imap,
                             MIN(20000, checking->manager->config.tuning.patience_ms));
    return config->provider != NULL
               ? imap_login_oauth(checking->imap, config->login, checking->check->secret, error)
               : imap_login_password(checking->imap, config->imap_login, checking->check->secret,
                                     error);
}

static bool check_imap(struct checking *checking, bool told)
{
    const struct store_sync_account *config = checking->config;
    g_autoptr(GError) problem = NULL;
    g_autofree char *where = place(config->imap_host, config->imap_port);
    if (told)
        begin(checking, "imap");
    bool ok = sign_in(checking, &problem);
    /* Signed in, the last words are about something else. */
    const char *words =
        !ok && checking->imap != NULL ? imap_client_last_text(checking->imap) : NULL;
    if (told || !ok)
        end(checking, told ? "imap" : "start", ok ? SYNC_CHECK_OK : SYNC_CHECK_BAD,
            json_pack("{s:s, s:s, s:o}", "server", where, "security", config->imap_security, "said",
                      said(words)),
            problem);
    return ok;
}

/* --- folders */

static bool has_role(const GPtrArray *listed, enum mail_role role)
{
    for (guint i = 0; i < listed->len; i++)
        if (((const struct imap_mailbox_info *)listed->pdata[i])->role == role)
            return true;
    return false;
}

/* By name, where no folder claims a role: as the session will. */
static void name_roles(struct checking *checking)
{
    unsigned claimed = 0;
    for (guint i = 0; i < checking->listed->len; i++)
        claimed |= 1U << ((const struct imap_mailbox_info *)checking->listed->pdata[i])->role;
    for (guint i = 0; i < checking->listed->len; i++) {
        struct imap_mailbox_info *info = checking->listed->pdata[i];
        bool top = info->delimiter == 0 || strchr(info->name, info->delimiter) == NULL ||
                   g_ascii_strncasecmp(info->name, "INBOX", 5) == 0;
        const char *last = info->delimiter != 0 ? strrchr(info->name, info->delimiter) : NULL;
        enum mail_role role = imap_role_of_name(last != NULL ? last + 1 : info->name);
        if (info->role == MAIL_ROLE_NONE && top && (claimed & (1U << role)) == 0)
            info->role = role;
    }
}

static bool list(struct checking *checking, GError **error)
{
    checking->listed = imap_list_status(checking->imap, error);
    if (checking->listed == NULL)
        return false;
    bool exchange = imap_client_quirks(checking->imap)->named_folders;
    for (guint i = checking->listed->len; i > 0; i--) {
        const struct imap_mailbox_info *info = checking->listed->pdata[i - 1];
        bool mail = info->selectable && !info->non_existent &&
                    !(exchange && imap_is_non_mail_name(info->name));
        if (!mail || i > FOLDERS_MAX)
            g_ptr_array_remove_index(checking->listed, i - 1);
    }
    name_roles(checking);
    return true;
}

static json_t *extensions_of(uint32_t capabilities)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } known[] = {
        {IMAP_CAP_IDLE, "IDLE"},
        {IMAP_CAP_NOTIFY, "NOTIFY"},
        {IMAP_CAP_MOVE, "MOVE"},
        {IMAP_CAP_UIDPLUS, "UIDPLUS"},
        {IMAP_CAP_CONDSTORE, "CONDSTORE"},
        {IMAP_CAP_QRESYNC, "QRESYNC"},
        {IMAP_CAP_SPECIAL_USE, "SPECIAL-USE"},
        {IMAP_CAP_QUOTA, "QUOTA"},
    };
    json_t *names = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if ((capabilities & known[i].bit) != 0)
            json_array_append_new(names, json_string(known[i].name));
    return names;
}

static bool check_folders(struct checking *checking)
{
    static const enum mail_role wanted[] = {MAIL_ROLE_INBOX, MAIL_ROLE_DRAFTS, MAIL_ROLE_SENT,
                                            MAIL_ROLE_TRASH, MAIL_ROLE_JUNK,   MAIL_ROLE_ARCHIVE};
    g_autoptr(GError) problem = NULL;
    begin(checking, "folders");
    if (!list(checking, &problem)) {
        end(checking, "folders", SYNC_CHECK_BAD, NULL, problem);
        return false;
    }
    json_t *found = json_array(), *missing = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        json_array_append_new(has_role(checking->listed, wanted[i]) ? found : missing,
                              json_string(mail_role_name(wanted[i])));
    /* What is missing is made when it is needed; without an inbox nothing can arrive. */
    bool inbox = has_role(checking->listed, MAIL_ROLE_INBOX);
    end(checking, "folders", inbox ? SYNC_CHECK_OK : SYNC_CHECK_WARN,
        json_pack("{s:I, s:o, s:o, s:o}", "folders", (json_int_t)checking->listed->len, "roles",
                  found, "missing", missing, "extensions",
                  extensions_of(imap_client_capabilities(checking->imap))),
        NULL);
    return true;
}

/* --- SMTP, by login only */

static void check_smtp(struct checking *checking)
{
    const struct store_sync_account *config = checking->config;
    g_autoptr(GError) problem = NULL;
    struct smtp_result result = {0};
    struct smtp_server server;
    if (config->smtp_host == NULL) {
        skip(checking, "smtp");
        return;
    }
    begin(checking, "smtp");
    session_smtp(&server, checking->manager, config, checking->check->secret,
                 checking->check->cancel);
    server.reply_ms = 20000;
    bool ok = smtp_verify(&server, &result, &problem);
    if (ok && config->id != 0)
        store_sync_size_limit(checking->manager->config.store, config->id, result.size_limit,
                              clock_wall(), NULL);
    g_autofree char *where = place(config->smtp_host, config->smtp_port);
    end(checking, "smtp", ok ? SYNC_CHECK_OK : SYNC_CHECK_BAD,
        json_pack("{s:s, s:s, s:i, s:o, s:I}", "server", where, "security", config->smtp_security,
                  "code", result.code, "said", said(result.reply), "sizeLimit",
                  (json_int_t)MIN(result.size_limit, INT64_MAX)),
        problem);
    smtp_result_clear(&result);
}

/* --- how much there is */

static void check_start(struct checking *checking)
{
    g_autoptr(GError) problem = NULL;
    struct estimate estimate;
    begin(checking, "start");
    if (checking->listed == NULL && !list(checking, &problem)) {
        end(checking, "start", SYNC_CHECK_BAD, NULL, problem);
        return;
    }
    bool ok = estimate_make(checking->imap, checking->listed, checking->check->since,
                            clock_in_ms(ESTIMATE_MS), &estimate, &problem);
    end(checking, "start", ok ? SYNC_CHECK_OK : SYNC_CHECK_WARN,
        json_pack("{s:I, s:I, s:I, s:i, s:b, s:b}", "since", (json_int_t)checking->check->since,
                  "messages", (json_int_t)estimate.messages, "bytes",
                  (json_int_t)MIN(estimate.bytes, INT64_MAX), "folders", (int)estimate.folders,
                  "complete", estimate.complete, "sampled", estimate.sampled),
        problem);
}

bool sync_check_run(struct sync_manager *manager, const struct sync_check *check)
{
    struct checking checking = {.manager = manager, .check = check, .config = check->config};
    bool in = check_imap(&checking, !check->only_start), listed = false;
    if (!check->only_start) {
        if (in)
            listed = check_folders(&checking);
        else
            skip(&checking, "folders");
        check_smtp(&checking);
    }
    if (in && (listed || check->only_start))
        check_start(&checking);
    else if (!check->only_start)
        skip(&checking, "start");
    g_clear_pointer(&checking.listed, g_ptr_array_unref);
    if (in)
        imap_client_logout(checking.imap);
    else
        imap_client_free(checking.imap);
    return !checking.bad;
}
