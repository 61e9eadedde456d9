#include "base/clock.h"
#include "jmap/email/filter.h"
#include "jmap/methods.h"
#include "jmap/search/search.h"
#include "store/organise.h"
#include "store/records.h"

#include <string.h>

/* Search/parse (docs/search.md): a person's search as a filter for Email/query and
 * SearchSnippet/get. */

static void free_label(gpointer pointer)
{
    struct search_label *label = pointer;

    g_free(label->name);
    g_free(label->keyword);
    g_free(label);
}

/* Of the accounts behind the handle. (transfer full) */
static GPtrArray *load_labels(const struct store_access *access, GError **error)
{
    g_autoptr(GPtrArray) records = store_records(access, STORE_LABEL, NULL, error);
    GPtrArray *labels = g_ptr_array_new_with_free_func(free_label);

    for (guint i = 0; records != NULL && i < records->len; i++) {
        const struct store_record *record = records->pdata[i];
        json_t *data = json_loads(record->data, 0, NULL);
        const char *name = json_string_value(json_object_get(data, "name")),
                   *keyword = json_string_value(json_object_get(data, "keyword"));

        if (name != NULL && keyword != NULL && mail_keyword_is_valid(keyword)) {
            struct search_label *label = g_new0(struct search_label, 1);

            *label = (struct search_label){g_strdup(name), g_ascii_strdown(keyword, -1)};
            g_ptr_array_add(labels, label);
        }
        json_decref(data);
    }
    return labels;
}

static json_t *compile(const struct store_access *access, const char *text, const char *zone,
                       int64_t inside, struct jmap_search_problem *problem, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GPtrArray) mailboxes = store_mailboxes(access, NULL, &cause);
    g_autoptr(GPtrArray) labels = cause == NULL ? load_labels(access, &cause) : NULL;
    g_autoptr(GPtrArray) people = cause == NULL ? store_viewers(access, &cause) : NULL;
    struct search_scope scope = {.mailboxes = mailboxes,
                                 .labels = labels,
                                 .people = people,
                                 .self = store_principal_user(store_access_principal(access)),
                                 .zone = zone,
                                 .now = clock_wall(),
                                 .inside = inside};

    *problem = (struct jmap_search_problem){0};
    if (cause == NULL)
        return search_compile(&scope, text, problem);
    g_propagate_error(error, cause);
    return NULL;
}

/* An error of its own: "invalidSearch", with the place. Takes problem's texts. */
static void fail(struct jmap_call *call, struct jmap_search_problem *problem)
{
    json_t *arguments =
        json_pack("{s:s, s:s, s:I, s:I}", "type", "invalidSearch", "code", problem->code,
                  "position", (json_int_t)problem->position, "length", (json_int_t)problem->length);

    json_object_set_new(arguments, "word", jmap_json_text(problem->word));
    json_object_set_new(arguments, "description", jmap_json_text(problem->advice));
    jmap_fail_with(call, arguments);
    jmap_search_problem_clear(problem);
}

/* What must hold besides, of the arguments. */
static json_t *with_rest(json_t *filter, json_t *rest)
{
    if (rest == NULL || json_object_size(rest) == 0)
        return filter;
    return json_pack("{s:s, s:[O, o]}", "operator", "AND", "conditions", rest, filter);
}

void jmap_search_parse(struct jmap_call *call)
{
    const char *inside = jmap_arg_string(call, "inMailbox"),
               *zone = jmap_arg_string(call, "timeZone");
    struct jmap_search_problem problem;
    GError *error = NULL;
    json_t *filter, *answer;

    filter =
        compile(call->access, jmap_arg_string(call, "text"), zone != NULL ? zone : "Etc/UTC",
                inside != NULL ? jmap_id_find(call->request, 'm', inside) : 0, &problem, &error);
    if (error != NULL) {
        jmap_fail_error(call, error);
    } else if (filter == NULL) {
        fail(call, &problem);
    } else {
        answer = jmap_answer(call);
        json_object_set_new(answer, "filter", with_rest(filter, jmap_arg(call, "filter")));
        jmap_respond(call, answer);
    }
}

bool jmap_search_filter(const struct store_access *access, const char *text,
                        struct store_filter **filter, struct jmap_search_problem *problem,
                        GError **error)
{
    const struct jmap_request nobody = {.using = JMAP_CORE | JMAP_MAIL | JMAP_MANAGE};
    const char *type = NULL;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_t *json = compile(access, valid, NULL, 0, problem, error);
    bool ok = json != NULL;

    *filter = NULL;
    if (ok && !jmap_email_filter_read(&nobody, json, filter, &type)) {
        error_set(error, ERROR_INVALID, "the search is too large");
        ok = false;
    }
    json_decref(json);
    return ok;
}
