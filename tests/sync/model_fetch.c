/* The model's SELECT, FETCH and SEARCH, and what it tells unasked. */
#include "model.h"

#include <string.h>
#include <time.h>

guint model_view_seq(const struct model_connection *c, uint32_t uid)
{
    for (guint i = 0; i < c->view->len; i++)
        if (g_array_index(c->view, struct model_view, i).uid == uid)
            return i + 1;
    return 0;
}

static void add_to_view(struct model_connection *c, const struct model_message *message)
{
    struct model_view item = {message->uid, message->modseq};
    g_array_append_val(c->view, item);
}

void model_view_reset(struct model_connection *c)
{
    g_array_set_size(c->view, 0);
    for (guint i = 0; c->selected != NULL && i < c->selected->messages->len; i++)
        add_to_view(c, c->selected->messages->pdata[i]);
}

static void tell_gone(struct model_connection *c)
{
    for (guint i = c->view->len; i > 0; i--) {
        uint32_t uid = g_array_index(c->view, struct model_view, i - 1).uid;
        if (model_message(c->selected, uid) != NULL)
            continue;
        if (c->qresync)
            g_string_append_printf(c->out, "* VANISHED %u\r\n", uid);
        else
            g_string_append_printf(c->out, "* %u EXPUNGE\r\n", i);
        g_array_remove_index(c->view, i - 1);
    }
}

static void put_flags(struct model_connection *c, guint seq, const struct model_message *message)
{
    g_string_append_printf(c->out, "* %u FETCH (UID %u FLAGS ", seq, message->uid);
    model_flags_text(c->out, &message->flags);
    if (c->condstore)
        g_string_append_printf(c->out, " MODSEQ (%" G_GUINT64_FORMAT ")", message->modseq);
    g_string_append(c->out, ")\r\n");
}

void model_tell(struct model_connection *c)
{
    tell_gone(c);
    guint before = c->view->len;
    for (guint i = 0; i < c->selected->messages->len; i++) {
        const struct model_message *message = c->selected->messages->pdata[i];
        guint seq = model_view_seq(c, message->uid);
        if (seq == 0) {
            add_to_view(c, message);
            continue;
        }
        struct model_view *item = &g_array_index(c->view, struct model_view, seq - 1);
        if (item->modseq != message->modseq)
            put_flags(c, seq, message);
        item->modseq = message->modseq;
    }
    if (c->view->len != before)
        g_string_append_printf(c->out, "* %u EXISTS\r\n", c->view->len);
}

/* --- SELECT */

static void put_vanished(struct model_connection *c, uint64_t since)
{
    g_autoptr(GString) set = g_string_new(NULL);
    for (guint i = 0; i < c->selected->gone->len; i++) {
        const struct model_gone *gone = &g_array_index(c->selected->gone, struct model_gone, i);
        if (gone->modseq > since)
            g_string_append_printf(set, "%s%u", set->len > 0 ? "," : "", gone->uid);
    }
    if (set->len > 0)
        g_string_append_printf(c->out, "* VANISHED (EARLIER) %s\r\n", set->str);
}

static void put_resync(struct model_connection *c, struct model_command *command)
{
    model_skip(command, MODEL_OPEN);
    uint64_t uidvalidity = g_ascii_strtoull(model_next(command), NULL, 10);
    uint64_t since = g_ascii_strtoull(model_next(command), NULL, 10);
    if (uidvalidity != c->selected->uidvalidity)
        return;
    put_vanished(c, since);
    for (guint i = 0; i < c->selected->messages->len; i++) {
        const struct model_message *message = c->selected->messages->pdata[i];
        if (message->modseq > since)
            put_flags(c, i + 1, message);
    }
}

static void put_codes(struct model_connection *c)
{
    const struct model_folder *folder = c->selected;
    g_string_append(c->out, "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)\r\n");
    g_string_append_printf(c->out,
                           "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted "
                           "\\Draft%s)] kept\r\n",
                           c->model->profile == MODEL_EXCHANGE ? " $MDNSent" : " \\*");
    g_string_append_printf(c->out, "* %u EXISTS\r\n* 0 RECENT\r\n", folder->messages->len);
    g_string_append_printf(c->out, "* OK [UIDVALIDITY %u] ok\r\n* OK [UIDNEXT %u] ok\r\n",
                           folder->uidvalidity, folder->uidnext);
    if (model_has(c->model, "CONDSTORE"))
        g_string_append_printf(c->out, "* OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT "] ok\r\n",
                               model_highest(folder));
}

static const char *select_folder(struct model_connection *c, struct model_command *command,
                                 bool read_only)
{
    const char *name = model_next(command);
    struct model_folder *folder = name != NULL ? model_folder(c->model, name) : NULL;
    if (c->selected != NULL && c->qresync)
        g_string_append(c->out, "* OK [CLOSED] left\r\n");
    c->selected = folder;
    c->read_only = read_only;
    if (folder == NULL)
        return "NO [NONEXISTENT] no such mailbox";
    model_view_reset(c);
    put_codes(c);
    if (model_skip(command, MODEL_OPEN)) {
        const char *parameter = model_next(command);
        if (!model_has(c->model, "CONDSTORE") || parameter == NULL)
            return "BAD Command Argument Error. 11";
        if (g_ascii_strcasecmp(parameter, "QRESYNC") == 0) {
            if (!c->qresync)
                return "BAD QRESYNC was not enabled";
            put_resync(c, command);
        }
        c->condstore = true;
    }
    return read_only ? "OK [READ-ONLY] completed." : "OK [READ-WRITE] completed.";
}

const char *model_verb_select(struct model_connection *c, struct model_command *command)
{
    return select_folder(c, command, false);
}

const char *model_verb_examine(struct model_connection *c, struct model_command *command)
{
    return select_folder(c, command, true);
}

/* --- FETCH */

static GBytes *content_of(const struct model_message *message)
{
    static const char substitute[] =
        "From: system\r\nSubject: Retrieval using the IMAP4 protocol failed for the following "
        "message: 7\r\n\r\nThe server couldn't retrieve the message.\r\n";
    if (message->substitute)
        return g_bytes_new_static(substitute, sizeof substitute - 1);
    return g_bytes_ref(message->raw);
}

static gsize header_length(const char *data, gsize size)
{
    const char *end = g_strstr_len(data, (gssize)size, "\r\n\r\n");
    return end != NULL ? (gsize)(end - data) + 4 : size;
}

static void put_literal(GString *out, const char *data, gsize size)
{
    g_string_append_printf(out, "{%" G_GSIZE_FORMAT "}\r\n", size);
    g_string_append_len(out, data, (gssize)size);
}

static void put_body(struct model_connection *c, const struct model_message *message)
{
    g_autoptr(GBytes) content = content_of(message);
    gsize size;
    const char *data = g_bytes_get_data(content, &size);
    int times = GPOINTER_TO_INT(g_hash_table_lookup(c->model->fetched, message->id));
    g_hash_table_replace(c->model->fetched, g_strdup(message->id), GINT_TO_POINTER(times + 1));
    c->model->counts.bodies++;
    g_string_append(c->out, "BODY[] ");
    put_literal(c->out, data, size);
}

/* All of the header stands for the fields asked for. */
static void put_header(struct model_connection *c, const char *item,
                       const struct model_message *message)
{
    gsize size;
    const char *data = g_bytes_get_data(message->raw, &size);
    const char *section = strchr(item, '[');
    g_string_append_printf(c->out, "BODY%s ", section);
    put_literal(c->out, data, header_length(data, size));
}

static void put_date(GString *out, int64_t date)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(date);
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autofree char *clock = g_date_time_format(time, "%Y %H:%M:%S +0000");
    g_string_append_printf(out, "INTERNALDATE \"%2d-%s-%s\"", g_date_time_get_day_of_month(time),
                           months[g_date_time_get_month(time) - 1], clock);
}

static void put_item(struct model_connection *c, const char *item,
                     const struct model_message *message)
{
    bool estimated = c->model->profile == MODEL_EXCHANGE;
    g_autofree char *upper = g_ascii_strup(item, -1);
    if (strcmp(upper, "UID") == 0)
        g_string_append_printf(c->out, "UID %u", message->uid);
    else if (strcmp(upper, "INTERNALDATE") == 0)
        put_date(c->out, message->date);
    else if (strcmp(upper, "RFC822.SIZE") == 0)
        g_string_append_printf(c->out, "RFC822.SIZE %" G_GSIZE_FORMAT,
                               g_bytes_get_size(message->raw) + (estimated ? 137 : 0));
    else if (strcmp(upper, "EMAILID") == 0)
        g_string_append_printf(c->out, "EMAILID (M%u)", message->emailid);
    else if (strcmp(upper, "MODSEQ") == 0)
        g_string_append_printf(c->out, "MODSEQ (%" G_GUINT64_FORMAT ")", message->modseq);
    else if (strcmp(upper, "BODY.PEEK[]") == 0)
        put_body(c, message);
    else if (g_str_has_prefix(upper, "BODY.PEEK[HEADER"))
        put_header(c, item, message);
    else {
        g_string_append(c->out, "FLAGS ");
        model_flags_text(c->out, &message->flags);
    }
}

struct fetch {
    GPtrArray *items; /* borrowed words */
    uint64_t changed_since;
    bool vanished, bodies;
};

static bool item_is_known(const struct model *model, const char *item)
{
    static const char *const known[] = {"UID",         "INTERNALDATE", "RFC822.SIZE",
                                        "BODY.PEEK[]", "FLAGS",        NULL};
    g_autofree char *upper = g_ascii_strup(item, -1);
    if (strcmp(upper, "EMAILID") == 0)
        return model_has(model, "OBJECTID");
    if (strcmp(upper, "MODSEQ") == 0)
        return model_has(model, "CONDSTORE");
    return g_strv_contains(known, upper) || g_str_has_prefix(upper, "BODY.PEEK[HEADER");
}

/* False: what this server does not know. */
static bool take_fetch(struct model_connection *c, struct model_command *command,
                       struct fetch *fetch)
{
    bool list = model_skip(command, MODEL_OPEN);
    do {
        const char *item = model_next(command);
        if (item == NULL || !item_is_known(c->model, item))
            return false;
        fetch->bodies = fetch->bodies || g_ascii_strcasecmp(item, "BODY.PEEK[]") == 0;
        g_ptr_array_add(fetch->items, (gpointer)(uintptr_t)item);
    } while (list && !model_skip(command, MODEL_CLOSE));
    if (!model_skip(command, MODEL_OPEN))
        return true;
    if (!model_has(c->model, "CONDSTORE"))
        return false;
    c->condstore = true;
    for (const char *word; (word = model_next(command)) != NULL;) {
        if (g_ascii_strcasecmp(word, "CHANGEDSINCE") == 0)
            fetch->changed_since = g_ascii_strtoull(model_next(command), NULL, 10);
        fetch->vanished = fetch->vanished || g_ascii_strcasecmp(word, "VANISHED") == 0;
    }
    return !fetch->vanished || (c->qresync && fetch->changed_since != 0);
}

static void put_fetched(struct model_connection *c, guint seq, const struct fetch *fetch,
                        const struct model_message *message)
{
    bool modseq = fetch->changed_since != 0;
    g_string_append_printf(c->out, "* %u FETCH (UID %u", seq, message->uid);
    for (guint i = 0; i < fetch->items->len; i++) {
        if (g_ascii_strcasecmp(fetch->items->pdata[i], "UID") == 0)
            continue;
        g_string_append_c(c->out, ' ');
        put_item(c, fetch->items->pdata[i], message);
    }
    if (modseq)
        g_string_append_printf(c->out, " MODSEQ (%" G_GUINT64_FORMAT ")", message->modseq);
    g_string_append(c->out, ")\r\n");
    g_array_index(c->view, struct model_view, seq - 1).modseq = message->modseq;
}

const char *model_verb_fetch(struct model_connection *c, struct model_command *command)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    struct fetch fetch = {.items = items};
    const char *set = model_next(command);
    if (set == NULL || !take_fetch(c, command, &fetch))
        return "BAD Command Argument Error. 11";
    if (fetch.vanished)
        put_vanished(c, fetch.changed_since);
    model_tell(c);
    guint count = c->selected->messages->len;
    uint32_t largest =
        count > 0 ? ((struct model_message *)c->selected->messages->pdata[count - 1])->uid : 0;
    for (guint i = 0; i < count; i++) {
        const struct model_message *message = c->selected->messages->pdata[i];
        if (message->modseq > fetch.changed_since && !(message->no_data && fetch.bodies) &&
            model_set_holds(set, message->uid, largest))
            put_fetched(c, i + 1, &fetch, message);
    }
    return "OK FETCH completed.";
}

/* --- SEARCH */

struct search {
    struct model_connection *c;
    const struct model_message *message;
    uint32_t largest;
    bool bad;
};

static int64_t date_of(const char *text)
{
    struct tm tm = {0};
    return text != NULL && strptime(text, "%d-%b-%Y", &tm) != NULL ? timegm(&tm) : 0;
}

static bool flag_matches(const struct model_message *message, const char *word, bool *known)
{
    static const struct {
        const char *word;
        uint32_t bit;
        bool set;
    } keys[] = {{"SEEN", MAIL_SEEN, true},         {"UNSEEN", MAIL_SEEN, false},
                {"DELETED", MAIL_DELETED, true},   {"UNDELETED", MAIL_DELETED, false},
                {"FLAGGED", MAIL_FLAGGED, true},   {"UNFLAGGED", MAIL_FLAGGED, false},
                {"ANSWERED", MAIL_ANSWERED, true}, {"DRAFT", MAIL_DRAFT, true}};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (g_ascii_strcasecmp(keys[i].word, word) == 0) {
            *known = true;
            return ((message->flags.bits & keys[i].bit) != 0) == keys[i].set;
        }
    *known = false;
    return false;
}

static bool header_matches(struct search *search, const char *name, const char *value)
{
    const struct model_message *message = search->message;
    bool old = name != NULL && g_ascii_strcasecmp(name, "X-MICROSOFT-ORIGINAL-MESSAGE-ID") == 0;
    search->bad = search->bad || name == NULL || value == NULL ||
                  (!old && g_ascii_strcasecmp(name, "MESSAGE-ID") != 0);
    const char *id = message->renamed != NULL && !old ? message->renamed : message->id;
    if (search->bad || *id == '\0' || (old && message->renamed == NULL))
        return false;
    g_autofree char *whole = g_strdup_printf("<%s>", id);
    return strstr(whole, value) != NULL;
}

static bool key_matches(struct search *search, struct model_command *command)
{
    const struct model_message *message = search->message;
    bool known = false;
    const char *word = model_next(command);
    if (word == NULL) {
        search->bad = true;
        return false;
    }
    bool by_flag = flag_matches(message, word, &known);
    if (known)
        return by_flag;
    if (g_ascii_strcasecmp(word, "ALL") == 0)
        return true;
    if (g_ascii_strcasecmp(word, "NOT") == 0)
        return !key_matches(search, command);
    if (g_ascii_strcasecmp(word, "UID") == 0)
        return model_set_holds(model_next(command), message->uid, search->largest);
    if (g_ascii_strcasecmp(word, "SINCE") == 0)
        return message->date >= date_of(model_next(command));
    if (g_ascii_strcasecmp(word, "BEFORE") == 0)
        return message->date < date_of(model_next(command));
    if (g_ascii_strcasecmp(word, "HEADER") == 0) {
        const char *name = model_next(command);
        return header_matches(search, name, model_next(command));
    }
    search->bad = true;
    return false;
}

static void put_found(struct model_connection *c, const struct model_command *command,
                      const GArray *found, bool extended)
{
    if (extended)
        g_string_append_printf(c->out, "* ESEARCH (TAG \"%s\") UID", command->tag);
    else
        g_string_append(c->out, "* SEARCH");
    if (extended && found->len > 0)
        g_string_append(c->out, " ALL ");
    for (guint i = 0; i < found->len; i++)
        g_string_append_printf(c->out, "%s%u", extended ? (i > 0 ? "," : "") : " ",
                               g_array_index(found, uint32_t, i));
    if (extended)
        g_string_append_printf(c->out, " COUNT %u", found->len);
    g_string_append(c->out, "\r\n");
}

/* What stands before the keys. A reply when that is all. */
static const char *take_options(struct model_connection *c, struct model_command *command,
                                bool *extended)
{
    const struct model_word *word = model_peek(command);
    if (word != NULL && g_ascii_strcasecmp(word->text, "RETURN") == 0) {
        if (!model_has(c->model, "ESEARCH"))
            return "BAD Command Argument Error. 11";
        *extended = true;
        command->at++;
        while ((word = model_peek(command)) != NULL && !model_skip(command, MODEL_CLOSE))
            command->at++;
        word = model_peek(command);
    }
    if (word == NULL || g_ascii_strcasecmp(word->text, "CHARSET") != 0)
        return NULL;
    command->at++;
    const char *charset = model_next(command);
    bool ascii = charset != NULL && g_ascii_strcasecmp(charset, "US-ASCII") == 0;
    return ascii ? NULL : "NO [BADCHARSET (US-ASCII)] The specified charset is not supported.";
}

const char *model_verb_search(struct model_connection *c, struct model_command *command)
{
    bool extended = false;
    const char *reply = take_options(c, command, &extended);
    if (reply != NULL)
        return reply;
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    struct search search = {.c = c};
    guint keys = command->at, count = c->selected->messages->len;
    if (count > 0)
        search.largest = ((struct model_message *)c->selected->messages->pdata[count - 1])->uid;
    for (guint i = 0; i < count && !search.bad; i++) {
        search.message = c->selected->messages->pdata[i];
        bool matches = true;
        for (command->at = keys; model_peek(command) != NULL && !search.bad;)
            matches = key_matches(&search, command) && matches;
        if (matches)
            g_array_append_val(found, search.message->uid);
    }
    if (search.bad)
        return "BAD Command Argument Error. 11";
    put_found(c, command, found, extended);
    return "OK SEARCH completed.";
}
