#include "jmap/email/filter.h"

#include "mime/mime.h"
#include "text/text.h"

#define SAFE_INTEGER ((INT64_C(1) << 53) - 1) /* RFC 8620, 1.3 */
#define HEADER_TEXT_MAX 1000                  /* octets, sought in each message */
#define PREFIX_LEAST 2 /* characters of a word before it matches longer ones */

struct reading {
    const struct jmap_request *request;
    unsigned nodes;
    const char *error;
};

static struct store_filter *fail(struct reading *reading, const char *error)
{
    if (reading->error == NULL)
        reading->error = error;
    return NULL;
}

static struct store_filter *node(struct reading *reading, enum store_filter_kind kind)
{
    reading->nodes++;
    return store_filter_new(kind);
}

static void add_child(struct store_filter *parent, struct store_filter *child)
{
    if (parent->children == NULL)
        parent->children = g_ptr_array_new_with_free_func((GDestroyNotify)store_filter_free);
    g_ptr_array_add(parent->children, child);
}

/* --- text --- */

struct term {
    char *text;
    bool quoted, starred;
};

/* It is long enough that longer words are meant too. One Chinese character, or one emoji, says as
 * much as a word. */
static bool is_beginning(const char *word)
{
    return g_unichar_iswide(g_utf8_get_char(word)) || g_utf8_strlen(word, -1) >= PREFIX_LEAST;
}

/* One term of a search: a phrase in quotes, or what stands between spaces. */
static void add_term(struct store_filter *all, enum store_filter_kind kind, const struct term *term)
{
    g_auto(GStrv) words = text_query_words(term->text);
    struct store_filter *filter;
    guint count = g_strv_length(words);

    if (count == 0)
        return;
    filter = store_filter_new(kind);
    filter->phrase = count > 1;
    filter->prefix = term->starred || (!term->quoted && is_beginning(words[count - 1]));
    filter->words = g_steal_pointer(&words);
    add_child(all, filter);
}

/* Reads the next term; RFC 8621, 4.4.1: matched quotes make a phrase, in which a backslash escapes.
 * A star behind it makes its last word a beginning. false at the end. */
static bool next_term(const char **text, struct term *out)
{
    GString *term;
    const char *c = *text;
    bool quoted;
    char quote;

    while (g_ascii_isspace(*c))
        c++;
    if (*c == '\0')
        return false;
    term = g_string_new(NULL);
    quote = *c == '"' || *c == '\'' ? *c : '\0';
    quoted = quote != '\0' && strchr(c + 1, quote) != NULL;
    for (c += quoted; *c != '\0'; c++) {
        if (quoted ? *c == quote : g_ascii_isspace(*c))
            break;
        if (quoted && *c == '\\' && c[1] != '\0')
            c++;
        g_string_append_c(term, *c);
    }
    c += quoted && *c != '\0';
    *out = (struct term){.quoted = quoted, .starred = quoted && *c == '*'};
    *text = c + out->starred;
    if (!quoted)
        out->starred = term->len > 0 && term->str[term->len - 1] == '*';
    out->text = g_string_free(term, FALSE);
    return true;
}

/* NULL when the text is blank, which matches everything. Each term counts as a node: all of them
 * must be there, so none may be left out. */
static struct store_filter *text_filter(struct reading *reading, enum store_filter_kind kind,
                                        const char *text)
{
    struct store_filter *all = store_filter_new(STORE_AND), *only;
    struct term term;
    bool any = false;

    reading->nodes += 4;
    while (reading->nodes <= JMAP_MAX_FILTER_NODES && next_term(&text, &term)) {
        any = true;
        reading->nodes++;
        add_term(all, kind, &term);
        g_free(term.text);
    }
    if (all->children == NULL) {
        store_filter_free(all);
        return any ? store_filter_new(STORE_NEVER) : NULL;
    }
    if (all->children->len > 1)
        return all;
    only = g_ptr_array_steal_index(all->children, 0);
    store_filter_free(all);
    return only;
}

/* --- conditions --- */

enum condition_type { MAILBOX, MAILBOXES, DATE, NUMBER, KEYWORD, BOOLEAN, TEXT, HEADER, TODO };
static const struct {
    const char *name;
    enum store_filter_kind kind;
    enum condition_type type;
} conditions[] = {
    {"inMailbox", STORE_IN_MAILBOX, MAILBOX},
    {"inMailboxOtherThan", STORE_IN_MAILBOX_OTHER_THAN, MAILBOXES},
    {"before", STORE_BEFORE, DATE},
    {"after", STORE_AFTER, DATE},
    {"minSize", STORE_MIN_SIZE, NUMBER},
    {"maxSize", STORE_MAX_SIZE, NUMBER},
    {"allInThreadHaveKeyword", STORE_ALL_IN_THREAD, KEYWORD},
    {"someInThreadHaveKeyword", STORE_SOME_IN_THREAD, KEYWORD},
    {"noneInThreadHaveKeyword", STORE_NONE_IN_THREAD, KEYWORD},
    {"hasKeyword", STORE_HAS_KEYWORD, KEYWORD},
    {"notKeyword", STORE_NOT_KEYWORD, KEYWORD},
    {"hasAttachment", STORE_HAS_ATTACHMENT, BOOLEAN},
    {"text", STORE_TEXT, TEXT},
    {"from", STORE_FROM, TEXT},
    {"to", STORE_TO, TEXT},
    {"cc", STORE_CC, TEXT},
    {"bcc", STORE_BCC, TEXT},
    {"subject", STORE_SUBJECT, TEXT},
    {"body", STORE_BODY, TEXT},
    {"header", STORE_HEADER, HEADER},
    {JMAP_FILTER_FILENAME, STORE_FILENAME, TEXT},
    {JMAP_FILTER_HAS_NOTE, STORE_HAS_NOTE, BOOLEAN},
    {JMAP_FILTER_NOTE, STORE_NOTE_TEXT, TEXT},
    {JMAP_FILTER_TODO, STORE_TODO_IS, TODO},
};

static struct store_filter *read_mailbox(struct reading *reading, enum store_filter_kind kind,
                                         json_t *value)
{
    struct store_filter *filter;
    int64_t id;

    if (!json_is_string(value))
        return fail(reading, "invalidArguments");
    id = jmap_id_find(reading->request, 'm', json_string_value(value));
    if (id == 0)
        return node(reading, STORE_NEVER);
    filter = node(reading, kind);
    filter->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(filter->ids, id);
    return filter;
}

static struct store_filter *read_mailboxes(struct reading *reading, enum store_filter_kind kind,
                                           json_t *value)
{
    struct store_filter *filter;
    json_t *item;
    size_t i;

    if (!json_is_array(value) || json_array_size(value) > JMAP_MAX_OBJECTS)
        return fail(reading, "invalidArguments");
    filter = node(reading, kind);
    filter->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    json_array_foreach(value, i, item)
    {
        int64_t id = jmap_id_find(reading->request, 'm', json_string_value(item));

        if (!json_is_string(item)) {
            store_filter_free(filter);
            return fail(reading, "invalidArguments");
        }
        if (id != 0)
            g_array_append_val(filter->ids, id);
    }
    return filter;
}

static struct store_filter *read_scalar(struct reading *reading, enum store_filter_kind kind,
                                        enum condition_type type, json_t *value)
{
    struct store_filter *filter;
    int64_t number = 0;
    bool ok = false;

    if (type == DATE)
        ok = jmap_date_bound(json_string_value(value), &number);
    else if (type == BOOLEAN)
        ok = json_is_boolean(value);
    else if (type == NUMBER)
        ok = json_is_integer(value) && json_integer_value(value) >= 0 &&
             json_integer_value(value) <= SAFE_INTEGER;
    if (!ok)
        return fail(reading, "invalidArguments");
    filter = node(reading, kind);
    filter->number = type == DATE     ? number
                     : type == NUMBER ? json_integer_value(value)
                                      : json_is_true(value);
    return filter;
}

static struct store_filter *read_keyword(struct reading *reading, enum store_filter_kind kind,
                                         json_t *value)
{
    struct store_filter *filter;

    if (!json_is_string(value) || !mail_keyword_is_valid(json_string_value(value)))
        return fail(reading, "invalidArguments");
    filter = node(reading, kind);
    filter->text = g_ascii_strdown(json_string_value(value), -1);
    return filter;
}

static struct store_filter *read_header(struct reading *reading, json_t *value)
{
    const char *name = json_string_value(json_array_get(value, 0));
    json_t *text = json_array_get(value, 1);
    struct store_filter *filter;

    if (!json_is_array(value) || json_array_size(value) > 2 || name == NULL ||
        (text != NULL && !json_is_string(text)))
        return fail(reading, "invalidArguments");
    if (json_string_length(text) > HEADER_TEXT_MAX)
        return fail(reading, "unsupportedFilter");
    filter = node(reading, STORE_HEADER);
    filter->text = g_strdup(name);
    filter->decode = mime_form_text;
    if (text != NULL) {
        filter->words = g_new0(char *, 2);
        filter->words[0] = g_strdup(json_string_value(text));
    }
    return filter;
}

/* {"isDone", "dueFrom", "dueBefore", "personId"}, all optional; open ones where nothing is said. */
static struct store_filter *read_todo(struct reading *reading, json_t *json)
{
    struct store_filter *filter;
    bool ok = json_is_object(json);
    const char *name;
    json_t *value;

    filter = node(reading, STORE_TODO_IS);
    json_object_foreach(json, name, value)
    {
        const char *text = json_string_value(value);
        int64_t day = text != NULL ? jmap_day_parse(text) : 0;

        if (strcmp(name, "isDone") == 0)
            ok = ok && json_is_boolean(value);
        else if (strcmp(name, "dueFrom") == 0)
            ok = (filter->todo.due_from = day) > 0 && ok;
        else if (strcmp(name, "dueBefore") == 0)
            ok = (filter->todo.due_before = day) > 0 && ok;
        else if (strcmp(name, "personId") == 0)
            ok = (filter->todo.person = text != NULL ? jmap_id_parse('u', text) : 0) > 0 && ok;
        else
            ok = false;
    }
    value = json_object_get(json, "isDone");
    filter->todo.done = json_is_true(value);
    if (ok)
        return filter;
    store_filter_free(filter);
    return fail(reading, "invalidArguments");
}

/* NULL without an error: the condition holds for everything. */
static struct store_filter *read_condition(struct reading *reading, const char *name, json_t *value)
{
    for (size_t i = 0; i < G_N_ELEMENTS(conditions); i++) {
        if (strcmp(conditions[i].name, name) != 0)
            continue;
        if (strchr(name, ':') != NULL && (reading->request->using & JMAP_MANAGE) == 0)
            break;
        switch (conditions[i].type) {
        case MAILBOX:
            return read_mailbox(reading, conditions[i].kind, value);
        case MAILBOXES:
            return read_mailboxes(reading, conditions[i].kind, value);
        case KEYWORD:
            return read_keyword(reading, conditions[i].kind, value);
        case HEADER:
            return read_header(reading, value);
        case TODO:
            return read_todo(reading, value);
        case TEXT:
            if (!json_is_string(value))
                return fail(reading, "invalidArguments");
            return text_filter(reading, conditions[i].kind, json_string_value(value));
        default:
            return read_scalar(reading, conditions[i].kind, conditions[i].type, value);
        }
    }
    return fail(reading, "unsupportedFilter");
}

static struct store_filter *unwrap(struct store_filter *all)
{
    struct store_filter *only;

    if (all->children != NULL && all->children->len > 1)
        return all;
    only = all->children != NULL ? g_ptr_array_steal_index(all->children, 0) : NULL;
    store_filter_free(all);
    return only;
}

static struct store_filter *read_conditions(struct reading *reading, json_t *json)
{
    struct store_filter *all = node(reading, STORE_AND);
    const char *key;
    json_t *value;

    json_object_foreach(json, key, value)
    {
        struct store_filter *child = read_condition(reading, key, value);

        if (child != NULL)
            add_child(all, child);
    }
    return unwrap(all);
}

static struct store_filter *read_filter(struct reading *reading, json_t *json, unsigned depth);

/* Everything matches: none of nothing. */
static struct store_filter *always(struct reading *reading)
{
    struct store_filter *filter = node(reading, STORE_NOT);

    add_child(filter, node(reading, STORE_NEVER));
    return filter;
}

static bool operator_kind(const char *name, enum store_filter_kind *kind)
{
    if (g_strcmp0(name, "AND") == 0)
        *kind = STORE_AND;
    else if (g_strcmp0(name, "OR") == 0)
        *kind = STORE_OR;
    else if (g_strcmp0(name, "NOT") == 0)
        *kind = STORE_NOT;
    else
        return false;
    return true;
}

static struct store_filter *read_operator(struct reading *reading, json_t *json, unsigned depth)
{
    enum store_filter_kind kind;
    json_t *list = json_object_get(json, "conditions"), *item;
    struct store_filter *filter;
    size_t i;

    if (!operator_kind(json_string_value(json_object_get(json, "operator")), &kind) ||
        !json_is_array(list) || json_object_size(json) != 2)
        return fail(reading, "invalidArguments");
    if (json_array_size(list) == 0)
        return kind == STORE_OR ? node(reading, STORE_NEVER) : NULL;
    filter = node(reading, kind);
    json_array_foreach(list, i, item)
    {
        struct store_filter *child = read_filter(reading, item, depth + 1);

        if (child != NULL || kind != STORE_AND)
            add_child(filter, child != NULL ? child : always(reading));
        if (reading->error != NULL)
            break;
    }
    return kind == STORE_AND ? unwrap(filter) : filter;
}

static struct store_filter *read_filter(struct reading *reading, json_t *json, unsigned depth)
{
    if (reading->error != NULL)
        return NULL;
    if (depth > JMAP_MAX_FILTER_DEPTH || reading->nodes > JMAP_MAX_FILTER_NODES)
        return fail(reading, "unsupportedFilter");
    if (!json_is_object(json))
        return fail(reading, "invalidArguments");
    if (json_object_get(json, "operator") != NULL)
        return read_operator(reading, json, depth);
    return read_conditions(reading, json);
}

bool jmap_email_filter_read(const struct jmap_request *request, json_t *json,
                            struct store_filter **filter, const char **error)
{
    struct reading reading = {.request = request};

    *filter = json != NULL ? read_filter(&reading, json, 0) : NULL;
    if (reading.error == NULL && reading.nodes > JMAP_MAX_FILTER_NODES)
        reading.error = "unsupportedFilter";
    if (reading.error == NULL)
        return true;
    store_filter_free(*filter);
    *filter = NULL;
    *error = reading.error;
    return false;
}

/* A phrase is one term; other words are one each. */
static void add_terms(const struct store_filter *filter, GPtrArray *terms)
{
    if (filter->phrase) {
        g_autofree char *phrase = g_strjoinv(" ", filter->words);

        g_ptr_array_add(terms, g_strconcat(phrase, filter->prefix ? "*" : NULL, NULL));
        return;
    }
    for (size_t i = 0; filter->words[i] != NULL; i++) {
        bool starts = filter->prefix && filter->words[i + 1] == NULL;

        g_ptr_array_add(terms, g_strconcat(filter->words[i], starts ? "*" : NULL, NULL));
    }
}

static void collect_terms(const struct store_filter *filter, bool subject, GPtrArray *terms)
{
    bool here = filter->kind == STORE_TEXT ||
                (subject ? filter->kind == STORE_SUBJECT : filter->kind == STORE_BODY);

    if (filter->kind == STORE_NOT)
        return;
    if (here && filter->words != NULL)
        add_terms(filter, terms);
    for (size_t i = 0; filter->children != NULL && i < filter->children->len; i++)
        collect_terms(g_ptr_array_index(filter->children, i), subject, terms);
}

char **jmap_email_filter_terms(const struct store_filter *filter, bool subject)
{
    GPtrArray *terms = g_ptr_array_new();

    if (filter != NULL)
        collect_terms(filter, subject, terms);
    g_ptr_array_add(terms, NULL);
    return (char **)g_ptr_array_free(terms, FALSE);
}
