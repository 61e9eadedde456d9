/* RFC 8620, 6: binary data. */
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"

#define HUGE_UPLOAD "209715200" /* 200 MiB: three are more than the quota of unused uploads */

static char *load(struct jmap_fixture *t, const char *blob)
{
    g_autoptr(GBytes) bytes = jmap_download(t->jmap, t->m.user, "a1", blob, NULL);
    gsize size;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &size) : NULL;

    return data != NULL ? g_strndup(data, size) : NULL;
}

static char *upload(struct jmap_fixture *t, const char *text)
{
    return jmap_fixture_upload(t, "text/plain", text, strlen(text));
}

/* As if it were larger than a test should write, and older. */
static void pretend(struct jmap_fixture *t, const char *blob, int age)
{
    g_autofree char *sql =
        g_strdup_printf("UPDATE blob SET size = " HUGE_UPLOAD ", created = created - %d WHERE"
                        " id = %" G_GINT64_FORMAT,
                        age, jmap_id_parse('b', blob));

    jmap_fixture_sql(t, sql);
}

static void test_bytes_stay(struct jmap_fixture *t)
{
    g_autofree char *first = upload(t, "the same"), *second = upload(t, "another");
    g_autofree char *got = load(t, first), *other = load(t, second);

    g_assert_cmpstr(got, ==, "the same");
    g_assert_cmpstr(other, ==, "another");
}

/* Over the quota the oldest that nothing uses go, and no more than must. */
static void test_the_oldest_go(struct jmap_fixture *t)
{
    g_autofree char *used = upload(t, "From: a@b.example\r\n\r\nused\r\n");
    g_autofree char *newer = upload(t, "newer"), *older = upload(t, "older"), *last = NULL;
    g_autofree char *gone = NULL, *kept = NULL, *still = NULL, *there = NULL;
    json_t *answer =
        jmap_fixture_call(t, "Email/import",
                          "{'emails': {'k': {'blobId': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT
                          "': true}}}}",
                          used, t->m.inbox);

    g_assert_true(jmap_has(answer, "created/k/id"));
    json_decref(answer);
    pretend(t, used, 5000);
    pretend(t, newer, 1000);
    pretend(t, older, 2000);
    last = upload(t, "last");
    gone = load(t, older);
    g_assert_cmpstr(gone, ==, "older"); /* two of them fit */
    g_clear_pointer(&gone, g_free);
    pretend(t, last, 0);
    g_free(upload(t, "over"));
    gone = load(t, older), kept = load(t, newer), still = load(t, used), there = load(t, last);
    g_assert_null(gone);
    g_assert_cmpstr(kept, ==, "newer");
    g_assert_nonnull(still);
    g_assert_cmpstr(there, ==, "last");
}

/* A blob of the account, of an upload or of a mail's part, may be attached to a new email. */
static void test_any_blob_may_be_used(struct jmap_fixture *t)
{
    g_autofree char *blob = upload(t, "attached");
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Email/set', {'accountId': 'a1', 'create': {'k': {'mailboxIds': {'m%" G_GINT64_FORMAT
        "': true}, 'attachments': [{'blobId': '%s', 'type': 'text/csv', 'name': 'x.csv'}]}}},"
        "  '0'],"
        " ['Email/get', {'accountId': 'a1', 'ids': ['#k'], 'properties': ['attachments']}, '1']]",
        t->m.drafts, blob);
    g_autofree char *got =
        load(t, jmap_text_at(answer, "methodResponses/1/1/list/0/attachments/0/blobId"));

    g_assert_cmpstr(got, ==, "attached");
    json_decref(answer);
}

/* What loses its last use in a call may still be used by it: the new draft takes the attachment of
 * the one that it replaces. */
static void test_a_blob_outlives_the_call(struct jmap_fixture *t)
{
    g_autofree char *blob = upload(t, "attached"), *got = NULL;
    json_t *first = jmap_fixture_ask(
        t, t->m.user,
        "[['Email/set', {'accountId': 'a1', 'create': {'k': {'mailboxIds': {'m%" G_GINT64_FORMAT
        "': true}, 'attachments': [{'blobId': '%s', 'type': 'text/csv'}]}}}, '0'],"
        " ['Email/get', {'accountId': 'a1', 'ids': ['#k'], 'properties': ['attachments']}, '1']]",
        t->m.drafts, blob);
    json_t *second =
        jmap_fixture_ask(t, t->m.user,
                         "[['Email/set', {'accountId': 'a1', 'destroy': ['%s'], 'create': {'n': "
                         "{'mailboxIds': {'m%" G_GINT64_FORMAT
                         "': true}, 'attachments': [{'blobId': '%s', 'type': 'text/csv'}]}}}, '0'],"
                         " ['Email/get', {'accountId': 'a1', 'ids': ['#n'], 'properties': "
                         "['attachments']}, '1']]",
                         jmap_text_at(first, "methodResponses/0/1/created/k/id"), t->m.drafts,
                         jmap_text_at(first, "methodResponses/1/1/list/0/attachments/0/blobId"));

    g_assert_cmpuint(json_array_size(jmap_at(second, "methodResponses/0/1/destroyed")), ==, 1);
    got = load(t, jmap_text_at(second, "methodResponses/1/1/list/0/attachments/0/blobId"));
    g_assert_cmpstr(got, ==, "attached");
    json_decref(second);
    json_decref(first);
}

static const struct jmap_case cases[] = {
    {"/rfc8620/6/a-blob-outlives-the-call", test_a_blob_outlives_the_call},
    {"/rfc8620/6/any-blob-may-be-used", test_any_blob_may_be_used},
    {"/rfc8620/6/the-oldest-unused-uploads-go", test_the_oldest_go},
    {"/rfc8620/6.1/bytes-of-a-blob-stay", test_bytes_stay},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
