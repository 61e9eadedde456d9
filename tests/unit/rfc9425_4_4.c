/* RFC 9425, 4.4 and 4.5: Quota/query and Quota/queryChanges. */
#include "quota_says.h"

/* --- 4.4 */

static void tell_three(struct jmap_fixture *t)
{
    TELL(t, {"beta", STORE_QUOTA_OCTETS, 30, 50}, {"Alpha", STORE_QUOTA_EMAILS, 20, 50},
         {"gamma", STORE_QUOTA_MAILBOXES, 10, 50});
}

static void expect_ids(struct jmap_fixture *t, const char *args, const char *ids)
{
    json_t *answer = jmap_fixture_call(t, "Quota/query", "%s", args);

    g_test_message("%s", args);
    jmap_assert_json(jmap_at(answer, "ids"), ids);
    json_decref(answer);
}

static void test_filter(struct jmap_fixture *t)
{
    tell_three(t);
    expect_ids(t, "{}", "['q1', 'q2', 'q3']");
    expect_ids(t, "{'filter': {}}", "['q1', 'q2', 'q3']");
    expect_ids(t, "{'filter': {'name': 'MA'}}", "['q3']");
    expect_ids(t, "{'filter': {'name': 'a'}}", "['q1', 'q2', 'q3']");
    expect_ids(t, "{'filter': {'name': 'nowhere'}}", "[]");
    expect_ids(t, "{'filter': {'scope': 'account'}}", "['q1', 'q2', 'q3']");
    expect_ids(t, "{'filter': {'scope': 'domain'}}", "[]");
    expect_ids(t, "{'filter': {'resourceType': 'count'}}", "['q2', 'q3']");
    expect_ids(t, "{'filter': {'resourceType': 'Count'}}", "[]");
    expect_ids(t, "{'filter': {'type': 'Email'}}", "['q1', 'q2']");
    expect_ids(t, "{'filter': {'type': 'Mailbox', 'resourceType': 'octets'}}", "[]");
    expect_ids(t,
               "{'filter': {'operator': 'OR', 'conditions': [{'name': 'beta'}, {'operator': 'NOT',"
               " 'conditions': [{'type': 'Email'}]}]}}",
               "['q1', 'q3']");
    expect_ids(t,
               "{'filter': {'operator': 'AND', 'conditions': [{'name': 'a'}, {'type': 'Email'}]}}",
               "['q1', 'q2']");
}

static void test_sort(struct jmap_fixture *t)
{
    tell_three(t);
    expect_ids(t, "{'sort': [{'property': 'name'}]}", "['q2', 'q1', 'q3']");
    expect_ids(t, "{'sort': [{'property': 'used'}]}", "['q3', 'q2', 'q1']");
    expect_ids(t, "{'sort': [{'property': 'used', 'isAscending': false}]}", "['q1', 'q2', 'q3']");
    expect_ids(t, "{'sort': [{'property': 'name'}], 'position': 1, 'limit': 1}", "['q1']");
    expect_ids(t, "{'sort': [{'property': 'name'}], 'anchor': 'q3', 'anchorOffset': -1}",
               "['q1', 'q3']");
}

static void test_refused(struct jmap_fixture *t)
{
    jmap_expect_error(t, "unsupportedFilter", "Quota/query", "{'filter': {'used': 1}}");
    jmap_expect_error(t, "invalidArguments", "Quota/query", "{'filter': {'name': 1}}");
    jmap_expect_error(t, "invalidArguments", "Quota/query", "{'filter': {'operator': 'XOR'}}");
    jmap_expect_error(t, "unsupportedSort", "Quota/query", "{'sort': [{'property': 'hardLimit'}]}");
    jmap_expect_error(t, "invalidArguments", "Quota/query", "{'sort': [{}]}");
    jmap_expect_error(t, "anchorNotFound", "Quota/query", "{'anchor': 'q1'}");
}

/* --- 4.5 */

static char *query_state(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_call(t, "Quota/query", "{}");
    char *state = g_strdup(jmap_text_at(answer, "queryState"));

    g_assert_true(json_is_true(jmap_at(answer, "canCalculateChanges")));
    json_decref(answer);
    return state;
}

static void expect_moves(struct jmap_fixture *t, const char *since, const char *more,
                         const char *removed, const char *added)
{
    json_t *answer =
        jmap_fixture_call(t, "Quota/queryChanges",
                          "{'sinceQueryState': '%s', 'calculateTotal': true%s}", since, more);

    jmap_assert_json(jmap_at(answer, "removed"), removed);
    jmap_assert_json(jmap_at(answer, "added"), added);
    g_assert_cmpint(jmap_number_at(answer, "total"), ==, 3);
    json_decref(answer);
}

static void test_query_changes(struct jmap_fixture *t)
{
    g_autofree char *before = NULL, *middle = NULL;

    TELL(t, {"beta", STORE_QUOTA_OCTETS, 30, 50}, {"Alpha", STORE_QUOTA_EMAILS, 20, 50});
    before = query_state(t);
    tell_three(t);
    middle = query_state(t);
    expect_moves(t, before, "", "[]", "[{'id': 'q3', 'index': 2}]");
    TELL(t, {"beta", STORE_QUOTA_OCTETS, 5, 50}, {"Alpha", STORE_QUOTA_EMAILS, 20, 50},
         {"gamma", STORE_QUOTA_MAILBOXES, 10, 50});
    /* Only what is used changed: no place depends on it, but in the order by it. */
    expect_moves(t, middle, "", "[]", "[]");
    expect_moves(t, middle, ", 'sort': [{'property': 'used'}]", "['q1']",
                 "[{'id': 'q1', 'index': 0}]");
    jmap_expect_error(t, "cannotCalculateChanges", "Quota/queryChanges",
                      "{'sinceQueryState': 'x'}");
}

int main(int argc, char **argv)
{
    static const struct jmap_case cases[] = {
        {"/rfc9425/4.4/filter", test_filter},
        {"/rfc9425/4.4/sort", test_sort},
        {"/rfc9425/4.4/refused", test_refused},
        {"/rfc9425/4.5/query-changes", test_query_changes},
    };

    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
