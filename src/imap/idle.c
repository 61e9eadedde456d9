#include "imap/client_private.h"

#include "base/clock.h"

#include <string.h>

/* Up to the "+" of IDLE. */
static bool await_idling(struct imap_client *client, const struct imap_command *command,
                         GError **error)
{
    for (;;) {
        const struct imap_response *response = imap_client_next(client, false, error);
        if (response == NULL)
            return false;
        if (response->kind == IMAP_CONTINUE)
            return true;
        if (response->kind == IMAP_TAGGED && strcmp(response->tag, command->tag) == 0) {
            imap_reply_error(error, "IDLE", response->condition, response->code.kind,
                             response->text, ERROR_SERVER_NO);
            return false;
        }
        imap_client_tell(client, response);
    }
}

bool imap_idle_begin(struct imap_client *client, GError **error)
{
    struct imap_command command;
    if (client->idle_tag[0] != '\0')
        return true;
    if (!imap_client_can(client, IMAP_CAP_IDLE)) {
        error_set(error, ERROR_INVALID, "the server has no IDLE");
        return false;
    }
    imap_client_command(client, &command, "IDLE");
    bool good = imap_client_begin(client, error) &&
                imap_client_send(client, &command, NULL, error) &&
                await_idling(client, &command, error);
    if (good)
        g_strlcpy(client->idle_tag, command.tag, sizeof client->idle_tag);
    imap_command_clear(&command);
    if (good && client->in_at == client->in_length)
        imap_client_rest(client);
    return good;
}

bool imap_notify(struct imap_client *client, const struct imap_notices *notices, GError **error)
{
    struct imap_command command;
    if (!imap_client_can(client, IMAP_CAP_NOTIFY | IMAP_CAP_CONDSTORE)) {
        error_set(error, ERROR_INVALID, "the server has no NOTIFY that tells of flags");
        return false;
    }
    imap_client_command(client, &command, "NOTIFY");
    client->notices = *notices;
    imap_command_word(&command, "SET STATUS (selected (MessageNew MessageExpunge FlagChange))");
    imap_command_word(&command, "(personal (MessageNew MessageExpunge FlagChange MailboxName "
                                "SubscriptionChange))");
    bool good = imap_client_run(client, &command, NULL, error);
    if (!good)
        client->notices = (struct imap_notices){0};
    return good;
}

bool imap_notify_end(struct imap_client *client, GError **error)
{
    struct imap_command command;
    imap_client_command(client, &command, "NOTIFY");
    imap_command_word(&command, "NONE");
    bool good = imap_client_run(client, &command, NULL, error);
    client->notices = (struct imap_notices){0};
    return good;
}

/* Takes what was read. False on failure. */
static bool drain(struct imap_client *client, bool *news, GError **error)
{
    g_autoptr(GError) inner = NULL;
    const struct imap_response *response;
    while ((response = imap_client_next_buffered(client, &inner)) != NULL) {
        if (response->kind == IMAP_TAGGED && strcmp(response->tag, client->idle_tag) == 0) {
            client->idle_tag[0] = '\0'; /* the server ended it: the caller has to act */
            *news = true;
        } else if (imap_client_tell(client, response)) {
            *news = true;
        }
    }
    if (inner == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&inner));
    return false;
}

bool imap_idle_read(struct imap_client *client, bool *news, GError **error)
{
    *news = false;
    if (!imap_client_begin(client, error) || !drain(client, news, error))
        return false;
    for (;;) {
        g_autoptr(GError) inner = NULL;
        if (imap_client_fill(client, clock_now(), &inner)) {
            if (!drain(client, news, error))
                return false;
            continue;
        }
        if (error_is(inner, ERROR_TIMEOUT) && client->farewell == NULL) {
            imap_client_rest(client);
            return true;
        }
        client->dead = true;
        if (client->farewell != NULL && !error_is(inner, ERROR_CANCELLED))
            imap_farewell_error(error, client->farewell);
        else
            g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
}

bool imap_idle_end(struct imap_client *client, GError **error)
{
    if (client->idle_tag[0] == '\0')
        return true;
    struct imap_command command = {.name = "IDLE"};
    g_strlcpy(command.tag, client->idle_tag, sizeof command.tag);
    client->idle_tag[0] = '\0';
    return imap_client_begin(client, error) && imap_client_write(client, "DONE\r\n", 6, error) &&
           imap_client_finish(client, &command, NULL, error);
}
