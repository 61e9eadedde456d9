#include "sync/vacation.h"

#include "base/clock.h"
#include "base/log.h"
#include "mime/mime.h"

#include <jansson.h>
#include <string.h>

#define RUN_MAX 20
#define SUBJECT_MAX 200 /* characters of the message's own */
#define REFERENCES_MAX 20
#define HTML_TEXT_MAX (256 * 1024)

static const char default_text[] =
    "Thank you for your message. I am away and may not read it for some time.\n";

/* RFC 3834, 3.1.5; a subject that the person chose stands as it is. (transfer full) */
static char *subject_of(const struct store_vacation_due *due)
{
    const char *theirs = due->summary->subject;
    if (due->vacation.subject != NULL)
        return g_strdup(due->vacation.subject);
    if (theirs == NULL || theirs[0] == '\0')
        return g_strdup("Auto: Your message");
    g_autofree char *begin =
        g_utf8_substring(theirs, 0, MIN(g_utf8_strlen(theirs, -1), SUBJECT_MAX));
    return g_strconcat("Auto: ", begin, NULL);
}

/* RFC 5322, 3.6.4: what the message refers to, and the message. Of very many the last ones, after
 * the first. (transfer full) */
static char **references_of(const struct mail_summary *summary)
{
    char **theirs = summary->references != NULL ? summary->references : summary->in_reply_to;
    guint count = theirs != NULL ? g_strv_length(theirs) : 0;
    GPtrArray *list = g_ptr_array_new();
    if (summary->references == NULL && count > 1)
        count = 0;
    for (guint i = 0; i < count; i++)
        if (i == 0 || count - i < REFERENCES_MAX)
            g_ptr_array_add(list, g_strdup(theirs[i]));
    g_ptr_array_add(list, g_strdup(summary->message_id));
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

static struct mail_summary *head_of(const struct store_vacation_due *due, int64_t now,
                                    const char *message_id)
{
    struct mail_summary *head = mail_summary_new();
    bool has_name = due->name != NULL && due->name[0] != '\0';
    head->message_id = g_strdup(message_id);
    head->subject = subject_of(due);
    head->sent_at = now;
    mail_addresses_add(&head->from, has_name ? due->name : NULL, due->address);
    mail_addresses_add(&head->to, NULL, due->to);
    if (due->summary->message_id == NULL)
        return head;
    head->in_reply_to = g_new0(char *, 2);
    head->in_reply_to[0] = g_strdup(due->summary->message_id);
    head->references = references_of(due->summary);
    return head;
}

GBytes *vacation_compose(const struct store_vacation_due *due, int64_t now, const char *message_id,
                         GError **error)
{
    /* RFC 3834, 3.1.7; and Exchange's word for the same. */
    static const struct mime_header automatic[] = {{"Auto-Submitted", " auto-replied"},
                                                   {"X-Auto-Response-Suppress", " All"}};
    const struct store_vacation *vacation = &due->vacation;
    g_autofree char *made = NULL;
    struct mail_summary *head = head_of(due, now, message_id);
    struct mime_draft draft = {.summary = head,
                               .extra = automatic,
                               .extra_count = G_N_ELEMENTS(automatic),
                               .text = vacation->text,
                               .html = vacation->html};
    if (draft.text == NULL && draft.html != NULL)
        draft.text = made = mime_html_to_text(draft.html, -1, HTML_TEXT_MAX);
    if (draft.text == NULL)
        draft.text = default_text;
    GBytes *raw = mime_compose(&draft, error);
    mail_summary_free(head);
    return raw;
}

/* Nobody is to be told what became of it (RFC 3834, 3.3): a return path without an address is
 * refused by the servers of mailboxes. (transfer full), to be freed with free() */
static char *envelope_of(const struct store_vacation_due *due)
{
    json_t *envelope =
        json_pack("{s: {s: s}, s: [{s: s, s: {s: s}}]}", "mailFrom", "email", due->address,
                  "rcptTo", "email", due->to, "parameters", "NOTIFY", "NEVER");
    char *text = envelope != NULL ? json_dumps(envelope, JSON_COMPACT) : NULL;
    json_decref(envelope);
    return text;
}

static bool answer(struct store *store, struct store_vacation_due *due, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *message_id = mime_new_message_id(due->address);
    /* It may have been switched off since the message came. */
    g_autoptr(GBytes) raw =
        due->vacation.enabled ? vacation_compose(due, clock_wall(), message_id, &problem) : NULL;
    char *envelope = envelope_of(due);
    due->envelope = envelope;
    bool ok = store_vacation_answer(store, due, raw, message_id, error);
    if (ok)
        LOG_INFO("vacation.answer", LOG_INT("account", due->account),
                 LOG_STR("outcome", raw != NULL       ? "queued"
                                    : problem == NULL ? "switched off"
                                                      : error_problem(problem)));
    free(envelope);
    return ok;
}

bool vacation_answer(struct store *store, int64_t account, bool *more, GError **error)
{
    GError *cause = NULL;
    *more = true;
    for (int i = 0; i < RUN_MAX && *more && cause == NULL; i++) {
        struct store_vacation_due *due = store_vacation_next(store, account, &cause);
        *more = due != NULL && answer(store, due, &cause);
        store_vacation_due_free(due);
    }
    return error_settle(error, cause);
}
