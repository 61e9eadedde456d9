/* Commands on their way together. */
#include "imap/client_private.h"

#include "base/clock.h"

/* Sent and not answered. A server reads on while it answers, but what it has to keep for us is kept
 * small. */
#define WINDOW 32
/* The same in bytes; a command alone may be longer. */
#define WINDOW_BYTES 16384

struct run {
    struct imap_client *client;
    struct imap_step *steps;
    size_t count, sent, done;
    int64_t begun;
    const struct imap_step
        *last; /* the one talked about last: a connection that ended did so there */
};

/* One that waits for a "+" would take the answers of those before it for its own. */
static bool goes_alone(const struct imap_step *step)
{
    return step->command.waits->len > 0 || step->command.tail != NULL ||
           step->command.invalid != NULL;
}

static void send_alone(struct run *run)
{
    struct imap_step *step = &run->steps[run->sent++];
    run->last = step;
    imap_client_send(run->client, &step->command, &step->verb, &step->error);
}

/* As many as may go, in one write: one packet, one TLS record. */
static void send_together(struct run *run)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct imap_step *first = &run->steps[run->sent];
    while (run->sent < run->count && run->sent - run->done < WINDOW &&
           !goes_alone(&run->steps[run->sent]) && text->len < WINDOW_BYTES) {
        const struct imap_step *step = &run->steps[run->sent++];
        g_string_append_len(text, step->command.text->str, (gssize)step->command.text->len);
        g_string_append(text, "\r\n");
    }
    run->last = first;
    imap_client_write(run->client, text->str, text->len, &first->error);
}

/* Half of the window is answered before more is sent, so that commands go in groups. */
static bool may_send(const struct run *run)
{
    size_t under_way = run->sent - run->done;
    if (run->sent == run->count)
        return false;
    return under_way == 0 || (under_way <= WINDOW / 2 && !goes_alone(&run->steps[run->sent]));
}

static void read_answer(struct run *run)
{
    struct imap_step *step = &run->steps[run->done++];
    run->last = step;
    bool sent = step->error == NULL; /* else it was answered before it was complete, or not sent */
    if (sent && imap_client_finish(run->client, &step->command, &step->verb, &step->error) &&
        run->done == 1)
        imap_client_answered(run->client, run->begun);
    if (imap_client_is_usable(run->client)) /* patience is for each answer */
        imap_client_begin(run->client, NULL);
}

static void move_on(struct run *run)
{
    if (!may_send(run))
        read_answer(run);
    else if (goes_alone(&run->steps[run->sent]))
        send_alone(run);
    else
        send_together(run);
}

static GError *failure_of(const struct run *run)
{
    if (run->last != NULL && run->last->error != NULL)
        return g_error_copy(run->last->error);
    GError *error = NULL;
    imap_farewell_error(&error, run->client->farewell);
    return error;
}

bool imap_client_run_steps(struct imap_client *client, struct imap_step *steps, size_t count,
                           GError **error)
{
    struct run run = {.client = client, .steps = steps, .count = count, .begun = clock_now()};
    GError *failed = NULL;
    bool begun = imap_client_begin(client, &failed);
    while (begun && !client->dead && run.done < count)
        move_on(&run);
    if (begun && client->dead)
        failed = failure_of(&run);
    for (size_t i = run.done; failed != NULL && i < count; i++)
        if (steps[i].error == NULL)
            steps[i].error = g_error_copy(failed);
    for (size_t i = 0; i < count; i++)
        imap_command_clear(&steps[i].command);
    imap_client_rest(client);
    if (failed == NULL)
        return true;
    g_propagate_error(error, failed);
    return false;
}
