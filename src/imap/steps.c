/* Commands on their way together. */
#include "imap/client_private.h"

/* Sent and not answered. A server reads on while it answers, but what it has to keep for us is kept
 * small. */
#define WINDOW 32

/* A command that waits for a "+" would take the answers of those before it for its own. */
static bool may_send(const struct imap_step *step, size_t under_way)
{
    return under_way == 0 || (under_way < WINDOW && step->command.waits->len == 0);
}

/* One command out, or one answer in. The step it was about. */
static struct imap_step *move_on(struct imap_client *client, struct imap_step *steps, size_t count,
                                 size_t *sent, size_t *done)
{
    if (*sent < count && may_send(&steps[*sent], *sent - *done)) {
        struct imap_step *step = &steps[(*sent)++];
        imap_client_send(client, &step->command, &step->verb, &step->error);
        return step;
    }
    struct imap_step *step = &steps[(*done)++];
    if (step->error == NULL) /* else it was not sent, or was answered before it was complete */
        imap_client_finish(client, &step->command, &step->verb, &step->error);
    if (imap_client_is_usable(client)) /* patience is for each answer */
        imap_client_begin(client, NULL);
    return step;
}

static GError *failure_of(struct imap_client *client, const struct imap_step *last)
{
    if (last != NULL && last->error != NULL)
        return g_error_copy(last->error);
    GError *error = NULL;
    imap_farewell_error(&error, client->farewell);
    return error;
}

bool imap_client_run_steps(struct imap_client *client, struct imap_step *steps, size_t count,
                           GError **error)
{
    GError *failed = NULL;
    const struct imap_step *last = NULL;
    size_t sent = 0, done = 0;
    bool begun = imap_client_begin(client, &failed);
    while (begun && !client->dead && done < count)
        last = move_on(client, steps, count, &sent, &done);
    if (begun && client->dead)
        failed = failure_of(client, last);
    for (size_t i = done; failed != NULL && i < count; i++)
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
