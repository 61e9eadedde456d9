/* What a session does, for the people who want to know (docs/api.md, "Sync log"): an event, numbers
 * and problem codes; never what a mail, an address or a folder is called. */
#include "sync/session.h"

#include <jansson.h>

#define OFTEN 3
#define SELDOM 16

void sync_note_fields(struct sync_manager *manager, int64_t account, const char *event,
                      const GError *problem, const struct log_field *fields, size_t count)
{
    if (manager->config.note == NULL)
        return;
    json_t *details = json_object();
    for (size_t i = 0; i < count; i++)
        if (fields[i].text == NULL)
            json_object_set_new(details, fields[i].name, json_integer(fields[i].number));
        else
            json_object_set_new(details, fields[i].name, json_string(fields[i].text));
    if (problem != NULL)
        json_object_set_new(details, "problem", json_string(error_problem(problem)));
    char *text = json_object_size(details) > 0 ? json_dumps(details, JSON_COMPACT) : NULL;
    manager->config.note(account, event, text, manager->config.arg);
    free(text);
    json_decref(details);
}

void session_note_connected(struct session *session)
{
    /* Connections that end with their token come back all day long. */
    if (!session->told_connected)
        sync_note_fields(session->manager, session->account, "connected", NULL, NULL, 0);
    session->told_connected = true;
    session->told_problem = NULL;
}

void session_note_rest(struct session *session, const GError *problem, int64_t pause_ms)
{
    const char *code = error_problem(problem);
    bool again = g_strcmp0(session->told_problem, code) == 0;
    session->told_connected = false;
    session->told_problem = code;
    /* A server that is down for days is not worth an entry for every attempt. */
    if (again && session->backoff.failures > OFTEN && session->backoff.failures % SELDOM != 0)
        return;
    SYNC_NOTE(session->manager, session->account,
              error_is(problem, ERROR_THROTTLED) ? "throttled"
              : pause_ms == 0                    ? "stopped"
                                                 : "failed",
              problem, LOG_INT("seconds", (pause_ms + 999) / 1000));
}

void session_note_pass(struct session *session, const GError *problem)
{
    const struct sync_result *done = &session->working;
    bool first = !session->was_idle;
    if (!first && problem == NULL && session->carried == 0 &&
        done->fetched + done->flags_changed + done->removed == 0)
        return;
    guint folders = 0;
    for (guint i = 0; session->mailboxes != NULL && i < session->mailboxes->len; i++)
        folders += ((const struct store_remote_mailbox *)session->mailboxes->pdata[i])->sync;
    SYNC_NOTE(session->manager, session->account, first ? "first-pass" : "pass", problem,
              LOG_INT("fetched", done->fetched), LOG_INT("bytes", done->bytes),
              LOG_INT("flags", done->flags_changed), LOG_INT("removed", done->removed),
              LOG_INT("carried", session->carried), LOG_INT("folders", folders));
    session->carried = 0;
}
