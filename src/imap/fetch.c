#include "imap/client_private.h"

#include "base/clock.h"

#include <string.h>

/* RFC 7162, 4: a command line should stay below 8192 bytes. */
#define SET_BYTES 7800
/* Commands on their way at once, so that the next part of a long set needs no round trip. */
#define WINDOW 3

#define HEADER_FIELDS                                                                              \
    "Date From Sender Reply-To To Cc Bcc Subject Message-ID In-Reply-To References "               \
    "X-Microsoft-Original-Message-ID"

struct job {
    unsigned what;
    uint64_t changed_since;
    GArray *ranges; /* of the whole set */
    imap_fetch_fn *fn;
    imap_fetch_done_fn *done; /* or NULL */
    void *arg;
    bool stopped;  /* by fn: what comes is dropped */
    bool enough;   /* by done: what was asked for comes, no more is asked for */
    char **parts;  /* the sets, in pieces that fit a command */
    size_t *ended; /* by part: how many of the sets are complete with it */
    size_t told;   /* sets that done was told of */
};

static bool answers(const struct job *job, const struct imap_client *client,
                    const struct imap_fetch_data *fetch)
{
    if (fetch->uid == 0 || !imap_ranges_have(job->ranges, fetch->uid))
        return false;
    if ((job->what & IMAP_FETCH_FLAGS) != 0 && !fetch->has_flags)
        return false;
    if ((job->what & IMAP_FETCH_HEADER) != 0 && (!fetch->header.given || fetch->header.nil))
        return false;
    if ((job->what & IMAP_FETCH_BODY) == 0)
        return true;
    return fetch->body.given && (!fetch->body.nil || client->bodies.body.too_large);
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

/* What the caller does with a message must not count against the server's time. */
static bool call(struct imap_client *client, const struct job *job,
                 const struct imap_fetched *fetched)
{
    int64_t before = clock_now();
    bool more = job->fn(fetched, job->arg);
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

static bool take_fetch(struct imap_client *client, const struct imap_response *response, void *arg)
{
    struct job *job = arg;
    if (response->kind != IMAP_FETCH)
        return false;
    bool own = answers(job, client, &response->fetch);
    bool taking = !job->stopped && client->bodies.error == NULL;
    if (own && taking)
        hand_over(client, job, response);
    imap_bodies_reset(&client->bodies);
    client->bodies.wanted = !job->stopped && client->bodies.error == NULL;
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
    if ((what & IMAP_FETCH_BODY) != 0)
        imap_command_word(command, "BODY.PEEK[]");
    g_string_append_c(command->text, ')');
}

static void make_command(struct imap_client *client, struct imap_command *command,
                         const struct job *job, const char *set)
{
    imap_client_command(client, command, "UID FETCH");
    imap_command_set(command, set);
    put_items(client, command, job->what);
    if (job->changed_since == 0 || !imap_client_can(client, IMAP_CAP_CONDSTORE))
        return;
    imap_command_word(command, "(CHANGEDSINCE");
    imap_command_number(command, job->changed_since);
    if ((client->enabled & IMAP_CAP_QRESYNC) != 0)
        imap_command_word(command, "VANISHED");
    g_string_append_c(command->text, ')');
}

/* Cuts "1,2,3" at commas. */
static void cut_set(GPtrArray *parts, const char *set)
{
    while (strlen(set) > SET_BYTES) {
        const char *comma = memrchr(set, ',', SET_BYTES);
        if (comma == NULL)
            break;
        g_ptr_array_add(parts, g_strndup(set, (gsize)(comma - set)));
        set = comma + 1;
    }
    g_ptr_array_add(parts, g_strdup(set));
}

static void cut_sets(struct job *job, const char *const *sets)
{
    GPtrArray *parts = g_ptr_array_new();
    GArray *ended = g_array_new(FALSE, FALSE, sizeof(size_t));
    for (size_t i = 0; sets[i] != NULL; i++) {
        cut_set(parts, sets[i]);
        while (ended->len < parts->len)
            g_array_append_val(ended, i);
        g_array_index(ended, size_t, ended->len - 1) = i + 1;
    }
    g_ptr_array_add(parts, NULL);
    job->parts = (char **)g_ptr_array_free(parts, FALSE);
    job->ended = (size_t *)(void *)g_array_free(ended, FALSE);
}

/* Keeps the first of several errors. */
static void keep_first(GError **first, GError *error)
{
    if (*first == NULL)
        *first = error;
    else
        g_error_free(error);
}

/* Patience is for each part. */
static void tell_done(struct imap_client *client, struct job *job, size_t ended)
{
    for (; job->told < ended; job->told++)
        if (job->done != NULL && !job->stopped && !job->done(job->told, job->arg))
            job->enough = true;
    if (imap_client_is_usable(client))
        imap_client_begin(client, NULL);
}

/* Sends the parts, some ahead of the answers. The first failure, or NULL; (transfer full). */
static GError *run_parts(struct imap_client *client, struct job *job)
{
    struct imap_verb verb = {.untagged = take_fetch, .arg = job, .bulk = true};
    struct imap_command commands[WINDOW];
    GError *first = NULL;
    size_t sent = 0, done = 0;
    bool more = true;
    while (!client->dead && (done < sent || more)) {
        GError *error = NULL;
        more = job->parts[sent] != NULL && !job->stopped && !job->enough && first == NULL;
        if (more && sent - done < WINDOW) {
            struct imap_command *command = &commands[sent % WINDOW];
            make_command(client, command, job, job->parts[sent]);
            sent++;
            imap_client_send(client, command, &verb, &error);
        } else if (done < sent) {
            bool good = imap_client_finish(client, &commands[done % WINDOW], &verb, &error);
            imap_command_clear(&commands[done % WINDOW]);
            if (good && first == NULL)
                tell_done(client, job, job->ended[done]);
            done++;
        }
        if (error != NULL)
            keep_first(&first, error);
    }
    for (; done < sent; done++)
        imap_command_clear(&commands[done % WINDOW]);
    return first;
}

static bool run_job(struct imap_client *client, struct job *job, const char *const *sets,
                    GError **error)
{
    for (size_t i = 0; sets[i] != NULL; i++) {
        if (imap_set_is_valid(sets[i]))
            continue;
        error_set(error, ERROR_INVALID, "UID FETCH: not a set of UIDs");
        return false;
    }
    if (!imap_client_begin(client, error))
        return false;
    g_autofree char *whole = g_strjoinv(",", (char **)(uintptr_t)sets);
    job->ranges = imap_set_ranges(whole);
    cut_sets(job, sets);
    client->bodies.wanted = true;
    GError *failed = run_parts(client, job);
    client->bodies.wanted = false;
    imap_bodies_reset(&client->bodies);
    imap_client_rest(client);
    g_array_free(job->ranges, TRUE);
    g_strfreev(job->parts);
    g_free(job->ended);
    if (client->bodies.error != NULL) {
        g_clear_error(&failed);
        failed = g_steal_pointer(&client->bodies.error);
    }
    if (failed == NULL && job->stopped)
        error_set(&failed, ERROR_CANCELLED, "stopped");
    if (failed == NULL)
        return true;
    g_propagate_error(error, failed);
    return false;
}

bool imap_fetch(struct imap_client *client, const char *uid_set, unsigned what,
                uint64_t changed_since, imap_fetch_fn *fn, void *arg, GError **error)
{
    const char *const sets[] = {uid_set, NULL};
    struct job job = {.what = what, .changed_since = changed_since, .fn = fn, .arg = arg};
    return run_job(client, &job, sets, error);
}

bool imap_fetch_sets(struct imap_client *client, const char *const *uid_sets, unsigned what,
                     imap_fetch_fn *fn, imap_fetch_done_fn *done, void *arg, GError **error)
{
    struct job job = {.what = what, .fn = fn, .done = done, .arg = arg};
    return run_job(client, &job, uid_sets, error);
}
