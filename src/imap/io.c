/* Reading responses and sending commands: what every verb is made of. */
#include "imap/client_private.h"

#include "base/clock.h"

#include <string.h>

#define IN_SIZE 65536
/* A bulk FETCH goes on as long as this much comes within each patience, up to so many of them. */
#define STRETCH_BYTES 65536
#define STRETCH_TIMES 60
#define GARBAGE_MAX 20
/* Responses within one verb: more than any mailbox has messages, and an end to a server that talks
 * without one, however fast it does. */
#define RESPONSES_MAX (4 * 1024 * 1024)
/* After BYE only the end of the stream is still of interest, or a tagged reply. */
#define FAREWELL_MS 2000
#define LAST_WORDS_MS 500

bool imap_client_begin(struct imap_client *client, GError **error)
{
    if (client->dead || client->farewell != NULL) {
        imap_farewell_error(error, client->farewell);
        return false;
    }
    client->garbage = 0;
    client->responses = 0;
    g_clear_pointer(&client->warning, g_free);
    client->deadline = MIN(clock_in_ms(client->patience_ms), client->not_after);
    client->latest = clock_in_ms(client->patience_ms > INT64_MAX / STRETCH_TIMES
                                     ? INT64_MAX
                                     : client->patience_ms * STRETCH_TIMES);
    client->stretched_at = conn_bytes_in(client->conn);
    return true;
}

void imap_client_command(struct imap_client *client, struct imap_command *command, const char *name)
{
    imap_command_init(command, ++client->last_tag, client->capabilities, name);
}

static void stretch(struct imap_client *client)
{
    uint64_t in = conn_bytes_in(client->conn);
    if (in - client->stretched_at < STRETCH_BYTES)
        return;
    client->stretched_at = in;
    client->deadline = MIN(clock_in_ms(client->patience_ms), client->latest);
}

bool imap_client_fill(struct imap_client *client, int64_t deadline, GError **error)
{
    if (client->in == NULL)
        client->in = g_malloc(IN_SIZE);
    ssize_t n = conn_read(client->conn, client->in, IN_SIZE, deadline, error);
    client->in_at = 0;
    client->in_length = n > 0 ? (size_t)n : 0;
    if (n == 0)
        imap_farewell_error(error, client->farewell);
    return n > 0;
}

static void take_capabilities(struct imap_client *client, const struct imap_response *response)
{
    bool code = response->code.kind == IMAP_CODE_CAPABILITY;
    if (response->kind != IMAP_CAPABILITY && !code)
        return;
    client->capabilities = code ? response->code.capabilities : response->capabilities;
    client->capabilities_known = true;
    client->exchange = client->exchange || response->exchange;
}

static void take_farewell(struct imap_client *client, const char *text)
{
    if (client->farewell == NULL)
        client->farewell = g_strdup(text);
    client->deadline = MIN(client->deadline, clock_in_ms(FAREWELL_MS));
    client->latest = client->deadline;
}

/* False when the stream makes no sense. */
static bool take_note(struct imap_client *client, const struct imap_response *response,
                      GError **error)
{
    take_capabilities(client, response);
    if (response->condition == IMAP_BYE)
        take_farewell(client, response->text);
    if (client->warning == NULL &&
        (response->condition == IMAP_NO || response->condition == IMAP_BAD) &&
        imap_reply_is_warning(response->text))
        client->warning = g_strdup(response->text);
    if (response->kind != IMAP_GARBAGE)
        return true;
    if (imap_reply_is_farewell(response->text)) {
        take_farewell(client, response->text);
        imap_farewell_error(error, client->farewell);
        return false;
    }
    if (++client->garbage <= GARBAGE_MAX)
        return true;
    error_set(error, ERROR_PROTOCOL, "the mail server sends what is not IMAP: %.100s",
              response->text);
    return false;
}

static bool talks_without_end(struct imap_client *client, GError **error)
{
    if (++client->responses <= RESPONSES_MAX)
        return false;
    error_set(error, ERROR_PROTOCOL, "the mail server talks without end");
    return true;
}

const struct imap_response *imap_client_next_buffered(struct imap_client *client, GError **error)
{
    const struct imap_response *response = NULL;
    size_t used = 0;
    if (client->in_at == client->in_length)
        return NULL;
    enum imap_parse result = imap_parser_feed(client->parser, client->in + client->in_at,
                                              client->in_length - client->in_at, &used, &response);
    client->in_at += used;
    if (result == IMAP_PARSE_BAD)
        error_set(error, ERROR_PROTOCOL, "the mail server sends what is not IMAP: %s",
                  imap_parser_why(client->parser));
    bool good = result == IMAP_PARSE_OK && !talks_without_end(client, error) &&
                take_note(client, response, error);
    if (result == IMAP_PARSE_BAD || (result == IMAP_PARSE_OK && !good))
        client->dead = true;
    return good ? response : NULL;
}

/* A connection that ends after BYE ends for the reason the BYE gave, or a warning before it. */
static void prefer_farewell(struct imap_client *client, GError **error)
{
    const char *reason = client->warning != NULL ? client->warning : client->farewell;
    if (reason == NULL || error == NULL)
        return;
    if (!error_is(*error, ERROR_CLOSED) && !error_is(*error, ERROR_TIMEOUT) &&
        !error_is(*error, ERROR_TLS))
        return;
    g_clear_error(error);
    imap_farewell_error(error, reason);
}

const struct imap_response *imap_client_next(struct imap_client *client, bool bulk, GError **error)
{
    g_autoptr(GError) inner = NULL;
    for (;;) {
        const struct imap_response *response = imap_client_next_buffered(client, &inner);
        if (response != NULL)
            return response;
        if (inner == NULL && imap_client_fill(client, client->deadline, &inner)) {
            if (bulk)
                stretch(client);
            continue;
        }
        client->dead = true;
        prefer_farewell(client, &inner);
        g_propagate_error(error, g_steal_pointer(&inner));
        return NULL;
    }
}

static void tell_vanished(struct imap_client *client, const struct imap_response *response)
{
    struct imap_range range;
    for (const char *at = response->set; imap_set_next(&at, &range);)
        client->events.vanished(range.first, range.last, response->earlier, client->events.arg);
}

struct imap_fetched imap_fetched_flags(const struct imap_response *response)
{
    const struct imap_fetch_data *fetch = &response->fetch;
    return (struct imap_fetched){.seq = response->number,
                                 .uid = fetch->uid,
                                 .has_flags = fetch->has_flags,
                                 .flags = fetch->flags,
                                 .internal_date = fetch->internal_date,
                                 .size = fetch->size,
                                 .modseq = fetch->modseq,
                                 .emailid = fetch->emailid};
}

static void tell_flags(struct imap_client *client, const struct imap_response *response)
{
    struct imap_fetched fetched = imap_fetched_flags(response);
    client->events.flags(&fetched, client->events.arg);
}

static bool tell_status(struct imap_client *client, const struct imap_status_data *data)
{
    const unsigned all = IMAP_STATUS_MESSAGES | IMAP_STATUS_UIDNEXT | IMAP_STATUS_UIDVALIDITY |
                         IMAP_STATUS_UNSEEN | IMAP_STATUS_HIGHESTMODSEQ;
    if (client->notices.status == NULL)
        return false;
    g_autofree char *raw_name = g_strndup(data->name, data->name_length);
    struct imap_status status = imap_status_of_data(data);
    client->notices.status(raw_name, &status, (data->given & all) == all, client->notices.arg);
    return true;
}

static bool tell_folder(struct imap_client *client, const struct imap_list_data *list)
{
    if (client->notices.folder == NULL || list->lsub)
        return false;
    g_autofree char *raw_name = g_strndup(list->name, list->name_length);
    client->notices.folder(raw_name, (list->attributes & IMAP_LIST_NONEXISTENT) == 0,
                           (list->attributes & IMAP_LIST_SUBSCRIBED) != 0, client->notices.arg);
    return true;
}

static bool tell_code(struct imap_client *client, enum imap_code_kind kind)
{
    if (kind == IMAP_CODE_NOTIFICATIONOVERFLOW && client->notices.overflow != NULL) {
        client->notices.overflow(client->notices.arg);
        return true;
    }
    bool told = kind == IMAP_CODE_CLOSED && client->events.closed != NULL;
    if (told)
        client->events.closed(client->events.arg);
    return told;
}

bool imap_client_tell(struct imap_client *client, const struct imap_response *response)
{
    switch (response->kind) {
    case IMAP_STATUS:
        return tell_status(client, &response->status);
    case IMAP_LIST:
        return tell_folder(client, &response->list);
    case IMAP_UNTAGGED:
        return tell_code(client, response->code.kind);
    case IMAP_EXISTS:
        if (client->events.exists != NULL)
            client->events.exists(response->number, client->events.arg);
        return true;
    case IMAP_EXPUNGE:
        if (client->events.expunged != NULL)
            client->events.expunged(response->number, client->events.arg);
        return true;
    case IMAP_VANISHED:
        if (client->events.vanished != NULL)
            tell_vanished(client, response);
        return true;
    case IMAP_FETCH:
        if (client->events.flags != NULL && response->fetch.has_flags)
            tell_flags(client, response);
        return response->fetch.has_flags;
    default:
        return false;
    }
}

/* True while more must be read; the tagged reply ends it. */
static bool is_reply(struct imap_client *client, const struct imap_response *response,
                     const char *tag)
{
    if (response->kind != IMAP_TAGGED || strcmp(response->tag, tag) != 0)
        return false;
    g_free(client->last_text);
    client->last_text = g_strdup(response->text);
    return true;
}

static bool judge(struct imap_client *client, const struct imap_command *command,
                  const struct imap_response *response, const struct imap_verb *verb,
                  GError **error)
{
    if (verb != NULL && verb->tagged != NULL)
        verb->tagged(client, response, verb->arg);
    if (response->condition == IMAP_OK)
        return true;
    imap_reply_error(error, command->name, response->condition, response->code.kind, response->text,
                     ERROR_SERVER_NO);
    return false;
}

static void hand_out(struct imap_client *client, const struct imap_response *response,
                     const struct imap_verb *verb)
{
    bool own =
        verb != NULL && verb->untagged != NULL && verb->untagged(client, response, verb->arg);
    if (!own)
        imap_client_tell(client, response);
}

bool imap_client_finish(struct imap_client *client, const struct imap_command *command,
                        const struct imap_verb *verb, GError **error)
{
    bool bulk = verb != NULL && verb->bulk;
    for (;;) {
        const struct imap_response *response = imap_client_next(client, bulk, error);
        if (response == NULL)
            return false;
        if (is_reply(client, response, command->tag))
            return judge(client, command, response, verb, error);
        if (response->kind == IMAP_CONTINUE && verb != NULL && verb->challenged != NULL) {
            if (!verb->challenged(client, response->text, verb->arg, error))
                return false;
        } else {
            hand_out(client, response, verb);
        }
    }
}

/* Up to the "+" before a literal; a refusal may come instead. */
static bool await_go_ahead(struct imap_client *client, const struct imap_command *command,
                           const struct imap_verb *verb, GError **error)
{
    for (;;) {
        const struct imap_response *response = imap_client_next(client, false, error);
        if (response == NULL)
            return false;
        if (response->kind == IMAP_CONTINUE)
            return true;
        if (is_reply(client, response, command->tag)) {
            if (judge(client, command, response, verb, error))
                error_set(error, ERROR_PROTOCOL, "%s was answered before it was complete",
                          command->name);
            return false;
        }
        hand_out(client, response, verb);
    }
}

/* Why the server hung up may stand in what it sent before. */
static void hear_last_words(struct imap_client *client, GError **error)
{
    g_autoptr(GError) end = NULL;
    client->deadline = clock_in_ms(LAST_WORDS_MS);
    while (imap_client_next(client, false, &end) != NULL)
        ;
    prefer_farewell(client, error);
}

bool imap_client_write(struct imap_client *client, const char *bytes, size_t length, GError **error)
{
    g_autoptr(GError) inner = NULL;
    if (conn_write(client->conn, bytes, length, client->deadline, &inner))
        return true;
    if (error_is(inner, ERROR_CLOSED))
        hear_last_words(client, &inner);
    client->dead = true;
    g_propagate_error(error, g_steal_pointer(&inner));
    return false;
}

static bool write_tail(struct imap_client *client, GBytes *tail, GError **error)
{
    size_t length = 0;
    const char *bytes = g_bytes_get_data(tail, &length);
    return imap_client_write(client, bytes, length, error) &&
           imap_client_write(client, "\r\n", 2, error);
}

bool imap_client_send(struct imap_client *client, struct imap_command *command,
                      const struct imap_verb *verb, GError **error)
{
    if (command->invalid != NULL) {
        error_set(error, ERROR_INVALID, "%s: %s", command->name, command->invalid);
        return false;
    }
    if (command->tail == NULL)
        g_string_append(command->text, "\r\n");
    size_t at = 0;
    for (guint i = 0; i < command->waits->len; i++) {
        size_t end = g_array_index(command->waits, size_t, i);
        if (!imap_client_write(client, command->text->str + at, end - at, error) ||
            !await_go_ahead(client, command, verb, error))
            return false;
        at = end;
    }
    if (at < command->text->len &&
        !imap_client_write(client, command->text->str + at, command->text->len - at, error))
        return false;
    return command->tail == NULL || write_tail(client, command->tail, error);
}

void imap_client_rest(struct imap_client *client)
{
    if (client->in_at == client->in_length)
        g_clear_pointer(&client->in, g_free);
    if (client->in == NULL)
        client->in_at = client->in_length = 0;
    imap_parser_shrink(client->parser);
    conn_shrink(client->conn);
}

void imap_client_answered(struct imap_client *client, int64_t begun)
{
    client->round_trip = MIN(client->round_trip, clock_now() - begun);
}

bool imap_client_run(struct imap_client *client, struct imap_command *command,
                     const struct imap_verb *verb, GError **error)
{
    int64_t begun = clock_now();
    bool done = imap_client_begin(client, error) &&
                imap_client_send(client, command, verb, error) &&
                imap_client_finish(client, command, verb, error);
    if (done)
        imap_client_answered(client, begun);
    imap_command_clear(command);
    imap_client_rest(client);
    return done;
}

bool imap_client_can(const struct imap_client *client, uint32_t capability)
{
    return (client->capabilities & capability) == capability;
}
