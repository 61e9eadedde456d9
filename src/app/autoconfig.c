#include "app/autoconfig.h"

#include "app/checks.h"
#include "base/clock.h"
#include "httpc/httpc.h"
#include "net/dns.h"

#include <string.h>

#define PATIENCE_MS 6000
#define ANSWER_MAX 65536
#define REDIRECTS 2
#define KEPT_S 300
#define LOOKUPS_MAX 200
#define LOOKUPS_OF_ONE 30 /* in a minute */

/* In the order in which they count. */
enum source { SOURCE_TABLE, SOURCE_MX, SOURCE_AUTOCONFIG, SOURCE_WELL_KNOWN, SOURCE_SRV, SOURCES };
static const char *const source_names[] = {"table", "mx", "autoconfig", "well-known", "srv"};

enum found { FOUND_RUNNING, FOUND_NONE, FOUND_FAILED, FOUND_THERE };
static const char *const found_words[] = {"running", "none", "failed", "found"};

struct finding {
    enum found found;
    struct autoconfig_servers servers;
    const char *problem; /* problem code; static */
};

struct lookup {
    struct autoconfig *autoconfig;
    char *key, *address, *domain;
    int64_t user, began;
    int64_t deadline;
    struct finding findings[SOURCES]; /* under the mutex */
    unsigned refs;
};

struct task {
    struct lookup *lookup;
    enum source source;
};

struct autoconfig {
    struct app *app;
    pthread_mutex_t mutex;
    GHashTable *lookups; /* key -> struct lookup */
};

/* With the mutex held, or by the last one. */
static void lookup_unref(gpointer pointer)
{
    struct lookup *lookup = pointer;
    if (--lookup->refs > 0)
        return;
    for (int i = 0; i < SOURCES; i++)
        autoconfig_servers_clear(&lookup->findings[i].servers);
    g_free(lookup->key);
    g_free(lookup->address);
    g_free(lookup->domain);
    g_free(lookup);
}

/* --- the sources; each fills what it found */

static void ask_web(const struct lookup *lookup, const char *before, const char *behind,
                    struct finding *finding)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *email = httpc_escape(lookup->address);
    g_autofree char *url = g_strconcat("https://", before, lookup->domain, behind,
                                       "/mail/config-v1.1.xml?emailaddress=", email, NULL);
    struct httpc_answer answer = {0};
    const struct httpc_request request = {.method = "GET",
                                          .url = url,
                                          .class = NET_USER,
                                          .policy = &lookup->autoconfig->app->policy,
                                          .redirects = REDIRECTS,
                                          .answer_max = ANSWER_MAX,
                                          .deadline = lookup->deadline};
    finding->found = FOUND_NONE;
    if (!httpc_perform(&request, &answer, &error)) {
        /* That there is no such name or server is the usual case. */
        bool absent = error_is(error, ERROR_DNS) || error_is(error, ERROR_UNREACHABLE);
        finding->found = absent ? FOUND_NONE : FOUND_FAILED;
        finding->problem = error_problem(error);
        return;
    }
    size_t length = 0;
    const char *xml =
        answer.status == 200 && answer.body != NULL ? g_bytes_get_data(answer.body, &length) : NULL;
    if (xml != NULL && autoconfig_read(xml, length, &finding->servers))
        finding->found = FOUND_THERE;
    httpc_answer_clear(&answer);
}

static bool take_srv(const char *service, const char *domain, const char *security,
                     struct autoconfig_server *server, struct finding *finding)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("%s._tcp.%s", service, domain);
    if (server->host != NULL)
        return true;
    g_autoptr(GPtrArray) records = net_dns_records(name, NET_DNS_SRV, &error);
    if (records == NULL) {
        finding->problem = error_problem(error);
        return false;
    }
    if (records->len > 0) {
        const struct net_dns_record *first = records->pdata[0];
        *server = (struct autoconfig_server){g_strdup(first->target), first->port, security};
    }
    return true;
}

/* RFC 8314: TLS from the start is preferred. */
static void ask_srv(const struct lookup *lookup, struct finding *finding)
{
    struct autoconfig_servers *servers = &finding->servers;
    const char *domain = lookup->domain;
    bool asked = take_srv("_imaps", domain, "tls", &servers->imap, finding) &&
                 take_srv("_imap", domain, "starttls", &servers->imap, finding) &&
                 take_srv("_submissions", domain, "tls", &servers->smtp, finding) &&
                 take_srv("_submission", domain, "starttls", &servers->smtp, finding);
    bool both = servers->imap.host != NULL && servers->smtp.host != NULL;
    finding->found = both ? FOUND_THERE : asked ? FOUND_NONE : FOUND_FAILED;
    if (!both)
        autoconfig_servers_clear(servers);
}

static void ask_mx(const struct lookup *lookup, struct finding *finding)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) records = net_dns_records(lookup->domain, NET_DNS_MX, &error);
    finding->found = records != NULL ? FOUND_NONE : FOUND_FAILED;
    finding->problem = records != NULL ? NULL : error_problem(error);
    for (guint i = 0; records != NULL && i < records->len && finding->servers.oauth == NULL; i++)
        finding->servers.oauth =
            autoconfig_of_exchanger(((const struct net_dns_record *)records->pdata[i])->target);
    if (finding->servers.oauth == NULL)
        return;
    /* Its own servers are those of its big domain. */
    const char *oauth = finding->servers.oauth;
    autoconfig_known(strcmp(oauth, "google") == 0 ? "gmail.com" : "outlook.com", &finding->servers);
    finding->found = FOUND_THERE;
}

static void work(void *arg)
{
    struct task *task = arg;
    struct lookup *lookup = task->lookup;
    struct finding finding = {0};
    if (task->source == SOURCE_AUTOCONFIG)
        ask_web(lookup, "autoconfig.", "", &finding);
    else if (task->source == SOURCE_WELL_KNOWN)
        ask_web(lookup, "", "/.well-known/autoconfig", &finding);
    else if (task->source == SOURCE_SRV)
        ask_srv(lookup, &finding);
    else
        ask_mx(lookup, &finding);
    pthread_mutex_t *mutex = &lookup->autoconfig->mutex;
    pthread_mutex_lock(mutex);
    lookup->findings[task->source] = finding;
    lookup_unref(lookup);
    pthread_mutex_unlock(mutex);
    g_free(task);
}

/* --- asking */

static char *domain_of(const char *address)
{
    const char *at = strrchr(address, '@');
    g_autofree char *ascii =
        at != NULL && at != address && strlen(address) <= 320 && g_utf8_validate(address, -1, NULL)
            ? g_hostname_to_ascii(at + 1)
            : NULL;
    if (ascii == NULL || strchr(ascii, '.') == NULL || !net_dns_is_host(ascii) ||
        g_hostname_is_ip_address(ascii))
        return NULL;
    return g_ascii_strdown(ascii, -1);
}

static gboolean is_old(gpointer key, gpointer value, gpointer now)
{
    (void)key;
    return ((const struct lookup *)value)->began + KEPT_S * CLOCK_SECOND < *(const int64_t *)now;
}

/* With the mutex held: this person may look for one more. */
static bool has_room(struct autoconfig *autoconfig, int64_t user)
{
    GHashTableIter iter;
    gpointer value;
    unsigned recent = 0;
    int64_t now = clock_now();
    g_hash_table_foreach_remove(autoconfig->lookups, is_old, &now);
    g_hash_table_iter_init(&iter, autoconfig->lookups);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct lookup *lookup = value;
        recent += lookup->user == user && lookup->began + 60 * CLOCK_SECOND > now;
    }
    return recent < LOOKUPS_OF_ONE && g_hash_table_size(autoconfig->lookups) < LOOKUPS_MAX;
}

static void begin(struct lookup *lookup)
{
    struct finding *table = &lookup->findings[SOURCE_TABLE];
    table->found = autoconfig_known(lookup->domain, &table->servers) ? FOUND_THERE : FOUND_NONE;
    for (int source = SOURCE_TABLE + 1; source < SOURCES; source++) {
        struct task *task = g_new(struct task, 1);
        *task = (struct task){lookup, (enum source)source};
        lookup->refs++;
        if (table->found != FOUND_THERE &&
            checks_submit(lookup->autoconfig->app->checks, work, task))
            continue;
        lookup->findings[source].found = FOUND_NONE;
        lookup->refs--;
        g_free(task);
    }
}

/* With the mutex held. */
static struct lookup *lookup_of(struct autoconfig *autoconfig, int64_t user, const char *address,
                                GError **error)
{
    g_autofree char *domain = domain_of(address);
    if (domain == NULL) {
        error_set(error, ERROR_INVALID, "an e-mail address is wanted");
        return NULL;
    }
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT " %s", user, address);
    struct lookup *lookup = g_hash_table_lookup(autoconfig->lookups, key);
    if (lookup != NULL)
        return lookup;
    if (!has_room(autoconfig, user)) {
        error_set(error, ERROR_THROTTLED, "too many addresses were looked up");
        return NULL;
    }
    lookup = g_new0(struct lookup, 1);
    lookup->autoconfig = autoconfig;
    lookup->key = g_steal_pointer(&key);
    lookup->address = g_strdup(address);
    lookup->domain = g_steal_pointer(&domain);
    lookup->user = user;
    lookup->began = clock_now();
    lookup->deadline = clock_in_ms(PATIENCE_MS);
    lookup->refs = 1;
    g_hash_table_insert(autoconfig->lookups, lookup->key, lookup);
    begin(lookup);
    return lookup;
}

/* --- the answer */

static json_t *server_json(const struct autoconfig_server *server)
{
    if (server->host == NULL)
        return json_null();
    return json_pack("{s:s, s:i, s:s}", "host", server->host, "port", (int)server->port, "security",
                     server->security);
}

/* The one that counts: what is found, once nothing better can come. -1: none yet. */
static int best_of(const struct lookup *lookup, bool *running)
{
    int best = -1;
    /* A name server that does not answer is not waited for. */
    bool late = clock_now() > lookup->deadline + CLOCK_SECOND;
    *running = false;
    for (int i = 0; i < SOURCES; i++) {
        if (best < 0 && !*running && lookup->findings[i].found == FOUND_THERE)
            best = i;
        *running = *running || (best < 0 && !late && lookup->findings[i].found == FOUND_RUNNING);
    }
    return best;
}

static json_t *tried_json(const struct lookup *lookup)
{
    json_t *tried = json_array();
    for (int i = 0; i < SOURCES; i++)
        json_array_append_new(tried, json_pack("{s:s, s:s, s:s?}", "source", source_names[i],
                                               "state", found_words[lookup->findings[i].found],
                                               "problem", lookup->findings[i].problem));
    return tried;
}

static json_t *answer_of(const struct lookup *lookup)
{
    static const struct autoconfig_servers nothing;
    bool running = false;
    int best = best_of(lookup, &running);
    const struct autoconfig_servers *servers =
        best >= 0 ? &lookup->findings[best].servers : &nothing;
    return json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:o, s:b, s:b, s:o}", "address", lookup->address,
                     "state", running ? "running" : "done", "source",
                     best >= 0 ? source_names[best] : NULL, "providerType", servers->oauth, "imap",
                     server_json(&servers->imap), "smtp", server_json(&servers->smtp),
                     "loginIsLocalPart", servers->local_login, "appPassword", servers->app_password,
                     "tried", tried_json(lookup));
}

json_t *autoconfig_find(struct autoconfig *autoconfig, int64_t user, const char *address,
                        GError **error)
{
    pthread_mutex_lock(&autoconfig->mutex);
    const struct lookup *lookup = lookup_of(autoconfig, user, address, error);
    json_t *answer = lookup != NULL ? answer_of(lookup) : NULL;
    pthread_mutex_unlock(&autoconfig->mutex);
    return answer;
}

struct autoconfig *autoconfig_new(struct app *app)
{
    struct autoconfig *autoconfig = g_new0(struct autoconfig, 1);
    autoconfig->app = app;
    pthread_mutex_init(&autoconfig->mutex, NULL);
    autoconfig->lookups = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lookup_unref);
    return autoconfig;
}

void autoconfig_free(struct autoconfig *autoconfig)
{
    if (autoconfig == NULL)
        return;
    g_hash_table_unref(autoconfig->lookups);
    pthread_mutex_destroy(&autoconfig->mutex);
    g_free(autoconfig);
}
