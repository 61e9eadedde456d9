#include "imap/client_private.h"

#include "base/clock.h"

#include <string.h>

/* RFC 7162, 4: a command line should stay below 8192 bytes. */
#define SET_BYTES 7800
/* What is asked for ahead of the answers, so that no round trip lies between two parts: as much as
 * a fast and long line holds (1 Gbit/s, 50 ms), and commands that the server need not keep back. */
#define AHEAD_BYTES (UINT64_C(6) * 1024 * 1024)
#define AHEAD_COMMANDS 24
#define AHEAD_TEXT (3 * 8192)
/* A set of which nothing is known: three of them go ahead. */
#define SET_WEIGHT (AHEAD_BYTES / 3)

#define HEADER_FIELDS                                                                              \
    "Date From Sender Reply-To To Cc Bcc Subject Message-ID In-Reply-To References "               \
    "X-Microsoft-Original-Message-ID"
#define ID_FIELDS "Message-ID X-Microsoft-Original-Message-ID"

/* One command. */
struct part {
    const char *raw_name; /* SELECT; or NULL */
    uint32_t since_uidvalidity;
    uint64_t since_modseq;
    char *set; /* UID FETCH */
    unsigned what;
    uint64_t bytes;
    size_t ask;
    bool ends;      /* with it the ask is complete */
    bool holds;     /* the next SELECT waits for it */
    GArray *ranges; /* SELECT: of all sets asked for in the folder; owned */
    struct imap_command command;
    size_t text;       /* bytes of the command as it was sent */
    bool made, failed; /* failed: answered before it was complete */
};

struct job {
    unsigned what;
    uint64_t changed_since;
    const struct imap_fetch_hands *hands;
    GArray *parts; /* struct part */
    guint sent, done;
    guint held;      /* sent and not done, and the next SELECT waits for them */
    uint64_t ahead;  /* bytes of those sent and not done */
    size_t text;     /* bytes of their commands */
    GString *unsent; /* commands that go out together, before the next answer is read */
    GArray *first_ranges;
    const GArray *ranges; /* of the folder that is selected */
    const char *refused;  /* the folder whose SELECT was */
    GError *first;        /* of several errors */
    bool stopped;         /* by fetched: what comes is dropped */
    bool astray;          /* by opened: the same */
    bool enough;          /* by done: what was asked for comes, no more is asked for */
};

static bool fits(const struct imap_client *client, unsigned wanted,
                 const struct imap_fetch_data *fetch)
{
    if ((wanted & IMAP_FETCH_FLAGS) != 0 && !fetch->has_flags)
        return false;
    if ((wanted & (IMAP_FETCH_HEADER | IMAP_FETCH_IDS)) != 0 &&
        (!fetch->header.given || fetch->header.nil))
        return false;
    if ((wanted & IMAP_FETCH_BODY) == 0)
        return true;
    return fetch->body.given && (!fetch->body.nil || client->bodies.body.too_large);
}

/* A server may begin with the next command before it says that one is done (RFC 3501, 5.5; Dovecot
 * does). */
static bool answers(const struct job *job, const struct imap_client *client,
                    const struct imap_fetch_data *fetch)
{
    bool fit = false;
    for (guint i = job->done; i < job->sent && !fit; i++) {
        const struct part *part = &g_array_index(job->parts, struct part, i);
        if (part->raw_name != NULL)
            break;
        fit = fits(client, part->what, fetch);
    }
    return fit && fetch->uid != 0 && imap_ranges_have(job->ranges, fetch->uid);
}

static GBytes *section_bytes(struct imap_client *client, const struct imap_fetch_section *section,
                             struct imap_body *body)
{
    if (!section->given || section->nil)
        return NULL;
    if (section->streamed)
        return imap_bodies_take(&client->bodies, body);
    return g_bytes_new(section->text, (gsize)section->length);
}

/* Exchange gives this for an item it cannot show (docs/internals/exchange.md). */
static bool is_substitute(const struct imap_client *client, GBytes *body)
{
    static const char subject[] = "Subject: Retrieval using the IMAP4 protocol failed";
    size_t length = 0;
    const char *bytes = g_bytes_get_data(body, &length);
    if (!client->exchange || length == 0)
        return false;
    const char *end = memmem(bytes, length, "\r\n\r\n", 4);
    size_t header = end != NULL ? (size_t)(end - bytes) : length;
    const char *at = memmem(bytes, header, subject, strlen(subject));
    return at != NULL && (at == bytes || at[-1] == '\n');
}

/* What the caller does with a message must not count against the server's time; flags take none
 * worth the look at the clock. */
static bool call(struct imap_client *client, const struct job *job,
                 const struct imap_fetched *fetched)
{
    if (fetched->header == NULL && fetched->body == NULL)
        return job->hands->fetched(fetched, job->hands->arg);
    int64_t before = clock_now();
    bool more = job->hands->fetched(fetched, job->hands->arg);
    int64_t spent = clock_now() - before;
    if (client->deadline < CLOCK_NEVER - spent)
        client->deadline += spent;
    if (client->latest < CLOCK_NEVER - spent)
        client->latest += spent;
    return more;
}

static void hand_over(struct imap_client *client, struct job *job,
                      const struct imap_response *response)
{
    const struct imap_fetch_data *fetch = &response->fetch;
    struct imap_fetched fetched = imap_fetched_flags(response);
    fetched.body_too_large = fetch->body.streamed && client->bodies.body.too_large;
    fetched.header = section_bytes(client, &fetch->header, &client->bodies.header);
    fetched.body =
        fetched.body_too_large ? NULL : section_bytes(client, &fetch->body, &client->bodies.body);
    fetched.substitute = fetched.body != NULL && is_substitute(client, fetched.body);
    if (client->bodies.error == NULL && !call(client, job, &fetched))
        job->stopped = true;
    g_bytes_unref(fetched.header);
    g_bytes_unref(fetched.body);
}

static bool is_taking(const struct imap_client *client, const struct job *job)
{
    return !job->stopped && !job->astray && client->bodies.error == NULL;
}

static bool take_fetch(struct imap_client *client, const struct imap_response *response, void *arg)
{
    struct job *job = arg;
    if (response->kind != IMAP_FETCH)
        return false;
    bool own = answers(job, client, &response->fetch);
    if (own && is_taking(client, job))
        hand_over(client, job, response);
    imap_bodies_reset(&client->bodies);
    client->bodies.wanted = is_taking(client, job);
    return own;
}

static void put_items(struct imap_client *client, struct imap_command *command, unsigned what)
{
    imap_command_word(command, "(UID");
    if ((what & IMAP_FETCH_FLAGS) != 0)
        imap_command_word(command, "FLAGS");
    if ((what & IMAP_FETCH_INTERNALDATE) != 0)
        imap_command_word(command, "INTERNALDATE");
    if ((what & IMAP_FETCH_SIZE) != 0)
        imap_command_word(command, "RFC822.SIZE");
    if ((what & IMAP_FETCH_EMAILID) != 0 && imap_client_can(client, IMAP_CAP_OBJECTID))
        imap_command_word(command, "EMAILID");
    else if ((what & IMAP_FETCH_EMAILID) != 0 && imap_client_can(client, IMAP_CAP_X_GM_EXT_1))
        imap_command_word(command, "X-GM-MSGID");
    if ((what & IMAP_FETCH_MODSEQ) != 0 && imap_client_can(client, IMAP_CAP_CONDSTORE))
        imap_command_word(command, "MODSEQ");
    if ((what & IMAP_FETCH_HEADER) != 0)
        imap_command_word(command, "BODY.PEEK[HEADER.FIELDS (" HEADER_FIELDS ")]");
    if ((what & IMAP_FETCH_IDS) != 0)
        imap_command_word(command, "BODY.PEEK[HEADER.FIELDS (" ID_FIELDS ")]");
    if ((what & IMAP_FETCH_BODY) != 0)
        imap_command_word(command, "BODY.PEEK[]");
    g_string_append_c(command->text, ')');
}

static void make_fetch(struct imap_client *client, struct imap_command *command,
                       const struct job *job, const struct part *part)
{
    imap_client_command(client, command, "UID FETCH");
    imap_command_set(command, part->set);
    put_items(client, command, part->what);
    if (job->changed_since == 0 || !imap_client_can(client, IMAP_CAP_CONDSTORE))
        return;
    imap_command_word(command, "(CHANGEDSINCE");
    imap_command_number(command, job->changed_since);
    if ((client->enabled & IMAP_CAP_QRESYNC) != 0)
        imap_command_word(command, "VANISHED");
    g_string_append_c(command->text, ')');
}

/* --- what is to be said */

static struct part *add_part(struct job *job, const struct part *part, char *set)
{
    g_array_append_val(job->parts, *part);
    struct part *added = &g_array_index(job->parts, struct part, job->parts->len - 1);
    added->set = set;
    return added;
}

/* Cuts "1,2,3" at commas. */
static void add_set(struct job *job, const struct imap_fetch_ask *ask, size_t index)
{
    const char *set = ask->uid_set;
    const struct part part = {.what = ask->what != 0 ? ask->what : job->what,
                              .bytes = ask->bytes / (strlen(set) / SET_BYTES + 1),
                              .ask = index};
    while (strlen(set) > SET_BYTES) {
        const char *comma = memrchr(set, ',', SET_BYTES);
        if (comma == NULL)
            break;
        add_part(job, &part, g_strndup(set, (gsize)(comma - set)));
        set = comma + 1;
    }
    struct part *last = add_part(job, &part, g_strdup(set));
    last->ends = true;
    last->holds = ask->holds;
}

/* Behind all else of the folder that is selected. */
static void insert_set(struct job *job, const struct imap_fetch_ask *ask)
{
    const struct part part = {.set = (char *)(uintptr_t)ask->uid_set,
                              .what = ask->what,
                              .bytes = ask->bytes};
    guint at = job->sent;
    while (at < job->parts->len && g_array_index(job->parts, struct part, at).raw_name == NULL)
        at++;
    g_array_insert_val(job->parts, at, part);
}

/* Of the sets asked for in one folder: from the first on, up to the next SELECT. */
static GArray *ranges_of(const struct imap_fetch_ask *asks, size_t count, size_t first)
{
    g_autoptr(GString) whole = g_string_new(NULL);
    for (size_t i = first; i < count && (i == first || asks[i].raw_name == NULL); i++)
        if (asks[i].uid_set != NULL)
            g_string_append_printf(whole, "%s%s", whole->len > 0 ? "," : "", asks[i].uid_set);
    return imap_set_ranges(whole->str);
}

static void add_parts(struct job *job, const struct imap_fetch_ask *asks, size_t count)
{
    job->parts = g_array_new(FALSE, FALSE, sizeof(struct part));
    for (size_t i = 0; i < count; i++) {
        if (asks[i].raw_name != NULL)
            add_part(job,
                     &(struct part){.raw_name = asks[i].raw_name,
                                    .since_uidvalidity = asks[i].since_uidvalidity,
                                    .since_modseq = asks[i].since_modseq,
                                    .ask = i,
                                    .ends = asks[i].uid_set == NULL,
                                    .ranges = ranges_of(asks, count, i)},
                     NULL);
        if (asks[i].uid_set != NULL)
            add_set(job, &asks[i], i);
    }
    job->first_ranges = ranges_of(asks, count, 0);
    job->ranges = job->first_ranges;
}

static void free_parts(struct job *job)
{
    for (guint i = 0; i < job->parts->len; i++) {
        struct part *part = &g_array_index(job->parts, struct part, i);
        if (part->made)
            imap_command_clear(&part->command);
        if (part->ranges != NULL)
            g_array_free(part->ranges, TRUE);
        g_free(part->set);
    }
    g_string_free(job->unsent, TRUE);
    g_array_free(job->parts, TRUE);
    g_array_free(job->first_ranges, TRUE);
}

/* --- saying it */

/* Keeps the first of several errors. */
static void fail(struct job *job, const struct part *part, GError *error)
{
    if (job->first != NULL) {
        g_error_free(error);
        return;
    }
    job->first = error;
    job->refused = part->raw_name;
}

static struct part *next_part(struct imap_client *client, struct job *job)
{
    bool over = job->stopped || job->astray || job->enough || job->first != NULL;
    if (over || job->sent == job->parts->len)
        return NULL;
    struct part *part = &g_array_index(job->parts, struct part, job->sent);
    if (part->raw_name != NULL && job->held > 0)
        return NULL;
    if (!part->made && part->raw_name != NULL)
        imap_select_command(client, &part->command, part->raw_name, false, part->since_uidvalidity,
                            part->since_modseq);
    else if (!part->made)
        make_fetch(client, &part->command, job, part);
    part->made = true;
    return part;
}

/* One that waits for a "+" would take the answers of those before it for its own. Behind a large
 * one the line must not be silent either. */
static bool may_go(const struct job *job, const struct part *part)
{
    if (job->sent == job->done)
        return true;
    guint under_way = job->sent - job->done;
    if (job->unsent->len == 0 && under_way > AHEAD_COMMANDS / 2) /* commands go in groups */
        return false;
    return part->command.waits->len == 0 && under_way < AHEAD_COMMANDS &&
           (job->ahead < AHEAD_BYTES || under_way == 1) &&
           job->text + part->command.text->len <= AHEAD_TEXT;
}

static void send_part(struct imap_client *client, struct job *job, struct part *part)
{
    const struct imap_verb fetch = {.untagged = take_fetch, .arg = job, .bulk = true};
    const struct imap_verb select = imap_select_verb();
    GError *error = NULL;
    job->sent++;
    job->held += part->holds;
    part->text = part->command.text->len;
    job->ahead += part->bytes;
    job->text += part->text;
    if (part->command.waits->len == 0 && part->command.invalid == NULL) {
        g_string_append_len(job->unsent, part->command.text->str, (gssize)part->text);
        g_string_append(job->unsent, "\r\n");
        return;
    }
    if (imap_client_send(client, &part->command, part->raw_name != NULL ? &select : &fetch, &error))
        return;
    part->failed = true;
    fail(job, part, error);
}

/* One packet, one TLS record. */
static void send_unsent(struct imap_client *client, struct job *job)
{
    GError *error = NULL;
    if (!imap_client_write(client, job->unsent->str, job->unsent->len, &error))
        fail(job, &g_array_index(job->parts, struct part, job->sent - 1), error);
    g_string_truncate(job->unsent, 0);
}

static bool read_select(struct imap_client *client, struct job *job, const struct part *part)
{
    const struct imap_verb verb = imap_select_verb();
    GError *error = NULL;
    imap_select_reset(client, false);
    bool good = !part->failed && imap_client_finish(client, &part->command, &verb, &error);
    if (error != NULL)
        fail(job, part, error);
    job->ranges = part->ranges;
    bool meant = job->hands->opened(part->ask, good ? &client->selected : NULL, job->hands->arg);
    job->astray = job->astray || !good || !meant;
    client->bodies.wanted = is_taking(client, job);
    return good;
}

static bool read_fetch(struct imap_client *client, struct job *job, const struct part *part)
{
    const struct imap_verb verb = {.untagged = take_fetch, .arg = job, .bulk = true};
    GError *error = NULL;
    if (!part->failed && imap_client_finish(client, &part->command, &verb, &error))
        return true;
    if (error != NULL)
        fail(job, part, error);
    return false;
}

/* Patience is for each answer. */
static void read_part(struct imap_client *client, struct job *job)
{
    struct part *part = &g_array_index(job->parts, struct part, job->done);
    bool good =
        part->raw_name != NULL ? read_select(client, job, part) : read_fetch(client, job, part);
    job->done++;
    job->held -= part->holds;
    job->ahead -= part->bytes;
    job->text -= part->text;
    bool told = good && part->ends && job->first == NULL && !job->stopped && !job->astray;
    if (told && job->hands->done != NULL && !job->hands->done(part->ask, job->hands->arg))
        job->enough = true;
    struct imap_fetch_ask more = {0};
    if (told && part->holds && !job->enough && job->hands->more(part->ask, &more, job->hands->arg))
        insert_set(job, &more);
    if (imap_client_is_usable(client))
        imap_client_begin(client, NULL);
}

static void run_parts(struct imap_client *client, struct job *job)
{
    for (;;) {
        struct part *next = client->dead ? NULL : next_part(client, job);
        if (next != NULL && may_go(job, next))
            send_part(client, job, next);
        else if (!client->dead && job->unsent->len > 0)
            send_unsent(client, job);
        else if (!client->dead && job->done < job->sent)
            read_part(client, job);
        else
            break;
    }
}

/* What the job failed with, or NULL; (transfer full). */
static GError *failure_of(struct imap_client *client, struct job *job)
{
    GError *failed = NULL;
    if (client->bodies.error != NULL) {
        g_clear_error(&job->first);
        job->refused = NULL;
        job->first = g_steal_pointer(&client->bodies.error);
    }
    if (job->refused != NULL && imap_client_is_usable(client))
        imap_select_refuse(client, job->refused, g_steal_pointer(&job->first), &failed);
    if (failed == NULL)
        failed = g_steal_pointer(&job->first);
    if (failed == NULL && (job->stopped || job->astray))
        error_set(&failed, ERROR_CANCELLED, "stopped");
    return failed;
}

static bool run_job(struct imap_client *client, struct job *job, const struct imap_fetch_ask *asks,
                    size_t count, GError **error)
{
    for (size_t i = 0; i < count; i++) {
        if (asks[i].uid_set == NULL || imap_set_is_valid(asks[i].uid_set))
            continue;
        error_set(error, ERROR_INVALID, "UID FETCH: not a set of UIDs");
        return false;
    }
    if (!imap_client_begin(client, error))
        return false;
    add_parts(job, asks, count);
    job->unsent = g_string_new(NULL);
    client->bodies.wanted = true;
    run_parts(client, job);
    client->bodies.wanted = false;
    imap_bodies_reset(&client->bodies);
    imap_client_rest(client);
    free_parts(job);
    GError *failed = failure_of(client, job);
    if (failed == NULL)
        return true;
    g_propagate_error(error, failed);
    return false;
}

bool imap_fetch(struct imap_client *client, const char *uid_set, unsigned what,
                uint64_t changed_since, imap_fetch_fn *fn, void *arg, GError **error)
{
    const struct imap_fetch_ask ask = {.uid_set = uid_set, .bytes = SET_WEIGHT};
    const struct imap_fetch_hands hands = {.fetched = fn, .arg = arg};
    struct job job = {.what = what, .changed_since = changed_since, .hands = &hands};
    return run_job(client, &job, &ask, 1, error);
}

bool imap_fetch_sets(struct imap_client *client, const char *const *uid_sets, unsigned what,
                     imap_fetch_fn *fn, imap_fetch_done_fn *done, void *arg, GError **error)
{
    const struct imap_fetch_hands hands = {.fetched = fn, .done = done, .arg = arg};
    struct job job = {.what = what, .hands = &hands};
    size_t count = 0;
    while (uid_sets[count] != NULL)
        count++;
    g_autofree struct imap_fetch_ask *asks = g_new0(struct imap_fetch_ask, count + 1);
    for (size_t i = 0; i < count; i++)
        asks[i] = (struct imap_fetch_ask){.uid_set = uid_sets[i], .bytes = SET_WEIGHT};
    return run_job(client, &job, asks, count, error);
}

bool imap_fetch_tour(struct imap_client *client, const struct imap_fetch_ask *asks, size_t count,
                     unsigned what, const struct imap_fetch_hands *hands, GError **error)
{
    struct job job = {.what = what, .hands = hands};
    return run_job(client, &job, asks, count, error);
}
