#include "imap/client_private.h"

#include <string.h>

#define DAY 86400

struct search {
    const char *tag;
    GArray *uids;
    bool absurd; /* a set of more UIDs than a mailbox has */
};

static void take_set(struct search *search, const char *set)
{
    if (*set == '\0')
        return;
    g_autoptr(GArray) uids = imap_set_expand(set, IMAP_UIDS_MAX);
    if (uids == NULL || uids->len > IMAP_UIDS_MAX - MIN(search->uids->len, IMAP_UIDS_MAX))
        search->absurd = true;
    else
        g_array_append_vals(search->uids, uids->data, uids->len);
}

static bool take_search(struct imap_client *client, const struct imap_response *response, void *arg)
{
    struct search *search = arg;
    (void)client;
    if (response->kind == IMAP_ESEARCH) {
        if (response->tag == NULL || strcmp(response->tag, search->tag) == 0)
            take_set(search, response->set);
        return true;
    }
    if (response->kind != IMAP_SEARCH)
        return false;
    if (response->number_count > 0 && search->uids->len <= IMAP_UIDS_MAX)
        g_array_append_vals(search->uids, response->numbers, (guint)response->number_count);
    return true;
}

static void begin_search(struct imap_client *client, struct imap_command *command)
{
    imap_client_command(client, command, "UID SEARCH");
    if (imap_client_can(client, IMAP_CAP_ESEARCH))
        imap_command_word(command, "RETURN (ALL)");
}

static gint compare_uids(gconstpointer a, gconstpointer b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void sort_once(GArray *uids)
{
    g_array_sort(uids, compare_uids);
    guint kept = 0;
    uint32_t *items = (uint32_t *)(void *)uids->data;
    for (guint i = 0; i < uids->len; i++)
        if (kept == 0 || items[i] != items[kept - 1])
            items[kept++] = items[i];
    g_array_set_size(uids, kept);
}

static GArray *run_search(struct imap_client *client, struct imap_command *command, GError **error)
{
    struct search search = {command->tag, g_array_new(FALSE, FALSE, sizeof(uint32_t)), false};
    struct imap_verb verb = {.untagged = take_search, .arg = &search};
    bool good = imap_client_run(client, command, &verb, error);
    if (good && search.absurd)
        error_set(error, ERROR_PROTOCOL, "UID SEARCH: the server names more than any mailbox has");
    if (!good || search.absurd) {
        g_array_free(search.uids, TRUE);
        return NULL;
    }
    sort_once(search.uids);
    return search.uids;
}

GArray *imap_search(struct imap_client *client, const char *criteria, GError **error)
{
    struct imap_command command;
    begin_search(client, &command);
    imap_command_criteria(&command, criteria);
    return run_search(client, &command, error);
}

GArray *imap_search_message_id(struct imap_client *client, const char *message_id, GError **error)
{
    struct imap_command command;
    bool bare = message_id[0] != '<';
    g_autofree char *whole = bare ? g_strdup_printf("<%s>", message_id) : g_strdup(message_id);
    begin_search(client, &command);
    imap_command_word(&command, "HEADER MESSAGE-ID");
    imap_command_string(&command, whole);
    if (!g_str_is_ascii(whole))
        command.invalid = "only ASCII can be searched for";
    return run_search(client, &command, error);
}

GArray *imap_search_since(struct imap_client *client, int64_t since, GError **error)
{
    struct imap_command command;
    begin_search(client, &command);
    imap_command_word(&command, "SINCE");
    /* The server's day may have begun up to 12 hours after UTC's. */
    imap_command_date(&command, since - DAY / 2);
    return run_search(client, &command, error);
}
