/* RFC 8621, 1: capabilities, push and ids. */
#include "jmap_fixture.h"

#include "store/store.h"

#define MAIL "urn:ietf:params:jmap:mail"
#define SUBMISSION "urn:ietf:params:jmap:submission"

static json_t *session(struct jmap_fixture *t)
{
    json_t *object = jmap_session(t->jmap, t->m.user, NULL);

    g_assert_nonnull(object);
    return object;
}

static void test_capabilities_are_empty(struct jmap_fixture *t)
{
    json_t *object = session(t);

    jmap_assert_json(jmap_at(object, "capabilities/" MAIL), "{}");
    jmap_assert_json(jmap_at(object, "capabilities/" SUBMISSION), "{}");
    json_decref(object);
}

static void test_mail(struct jmap_fixture *t)
{
    json_t *object = session(t), *mail = jmap_at(object, "accounts/a1/accountCapabilities/" MAIL),
           *sorts = jmap_at(mail, "emailQuerySortOptions"), *sort;
    size_t i;

    g_assert_cmpint(jmap_number_at(mail, "maxMailboxesPerEmail"), ==, 500);
    g_assert_cmpint(jmap_number_at(mail, "maxMailboxDepth"), >, 0);
    g_assert_cmpint(jmap_number_at(mail, "maxSizeMailboxName"), >=, 100);
    g_assert_cmpint(jmap_number_at(mail, "maxSizeAttachmentsPerEmail"), >, 0);
    g_assert_true(json_is_true(jmap_at(mail, "mayCreateTopLevelMailbox")));
    /* What is announced is supported. */
    json_array_foreach(sorts, i, sort)
    {
        json_t *answer = jmap_fixture_call(t, "Email/query",
                                           "{'sort': [{'property': '%s', 'keyword': '$seen'}]}",
                                           json_string_value(sort));

        g_assert_true(jmap_has(answer, "ids"));
        json_decref(answer);
    }
    json_decref(object);
}

static void test_names_as_long_as_announced(struct jmap_fixture *t)
{
    json_t *object = session(t);
    int64_t max =
        jmap_number_at(object, "accounts/a1/accountCapabilities/" MAIL "/maxSizeMailboxName");
    g_autofree char *fits = g_strnfill((gsize)max, 'n'), *over = g_strnfill((gsize)max + 1, 'n');
    json_t *answer =
        jmap_fixture_call(t, "Mailbox/set",
                          "{'create': {'a': {'name': '%s'}, 'b': {'name': '%s'}}}", fits, over);

    g_assert_true(jmap_has(answer, "created/a/id"));
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/b/type"), ==, "invalidProperties");
    json_decref(answer);
    json_decref(object);
}

static void test_submission(struct jmap_fixture *t)
{
    json_t *object = session(t),
           *submission = jmap_at(object, "accounts/a1/accountCapabilities/" SUBMISSION);

    g_assert_cmpint(jmap_number_at(submission, "maxDelayedSend"), >, 0);
    /* EHLO names with their arguments. */
    g_assert_true(json_is_array(jmap_at(submission, "submissionExtensions/FUTURERELEASE")));
    g_assert_true(json_is_array(jmap_at(submission, "submissionExtensions/DSN")));
    json_decref(object);
}

/* A person's own account has no mail, and says so; a method on it is refused. */
static void test_types_of_accounts(struct jmap_fixture *t)
{
    json_t *object = session(t), *accounts = jmap_at(object, "accounts"), *account;
    const char *id;

    json_object_foreach(accounts, id, account)
    {
        json_t *capabilities = jmap_at(account, "accountCapabilities");
        json_t *answer = jmap_fixture_call(t, "Mailbox/get", "{'accountId': '%s'}", id);

        g_assert_true((json_object_get(capabilities, MAIL) != NULL) == jmap_has(answer, "list"));
        json_decref(answer);
    }
    json_decref(object);
}

/* --- push --- */

/* The states that a client hears of after something was done; "" for none. */
static json_t *states(struct jmap_fixture *t, struct jmap_told *told)
{
    json_t *change =
        jmap_fixture_change(t, t->m.user, t->m.account, jmap_told_types(t, told), NULL);

    return change != NULL ? change : json_object();
}

static void expect_types(struct jmap_fixture *t, struct jmap_told *told, const char *wanted)
{
    json_t *change = states(t, told);
    json_t *map = json_object_size(change) > 0 ? jmap_at(change, "changed/a1") : NULL;
    g_auto(GStrv) names = g_strsplit(wanted, " ", -1);

    for (size_t i = 0; names[i] != NULL; i++)
        if (json_object_get(map, names[i]) == NULL)
            g_error("%s is missing in %s", names[i], json_dumps(change, 0));
    g_assert_cmpuint(json_object_size(map), ==, g_strv_length(names));
    json_decref(change);
}

static void change(struct jmap_fixture *t, const char *method, const char *args)
{
    json_t *answer = jmap_fixture_call(t, method, "%s", args);

    g_assert_false(jmap_has(answer, "type"));
    json_decref(answer);
}

static void test_push_of_each_type(struct jmap_fixture *t)
{
    struct jmap_told told;
    g_autofree char *draft = g_strdup_printf("{'create': {'d': {'mailboxIds': {'m%" G_GINT64_FORMAT
                                             "': true}, 'subject': 'x'}}}",
                                             t->m.drafts);

    jmap_told_begin(t, &told);
    change(t, "Mailbox/set", "{'create': {'m': {'name': 'New'}}}");
    expect_types(t, &told, "Mailbox");
    change(t, "Email/set", draft);
    expect_types(t, &told, "Email Mailbox Thread EmailDelivery");
    change(t, "VacationResponse/set", "{'update': {'singleton': {'subject': 'x'}}}");
    expect_types(t, &told, "VacationResponse");
    change(t, "Identity/set", "{'update': {'i1': {'name': 'x'}}}");
    expect_types(t, &told, "Identity");
    jmap_told_end(t, &told);
}

static char *delivery_state(struct jmap_fixture *t)
{
    static const char *const types[] = {"EmailDelivery", NULL};
    json_t *answer = jmap_fixture_change(t, t->m.user, t->m.account, ~0U, types);
    char *state = g_strdup(jmap_text_at(answer, "changed/a1/EmailDelivery"));

    g_assert_cmpuint(json_object_size(jmap_at(answer, "changed/a1")), ==, 1);
    json_decref(answer);
    return state;
}

/* Its state changes with each new email, and with nothing else. */
static void test_delivery(struct jmap_fixture *t)
{
    g_autofree char *none = delivery_state(t), *first = NULL, *flagged = NULL, *second = NULL;
    g_autofree char *read = NULL, *gone = NULL;
    int64_t id = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Subject: one\n\nx\n");

    first = delivery_state(t);
    g_assert_cmpstr(first, !=, none);
    mail_flags(&t->m, t->m.inbox, 1, MAIL_SEEN);
    flagged = delivery_state(t);
    g_assert_cmpstr(flagged, ==, first);
    read =
        g_strdup_printf("{'update': {'e%" G_GINT64_FORMAT "': {'keywords/$flagged': true}}}", id);
    change(t, "Email/set", read);
    gone = g_strdup_printf("{'destroy': ['e%" G_GINT64_FORMAT "']}", id);
    change(t, "Email/set", gone);
    g_free(flagged);
    flagged = delivery_state(t);
    g_assert_cmpstr(flagged, ==, first);
    jmap_fixture_put(t, t->m.archive, 2, 0, 2000, "Subject: two\n\nx\n");
    second = delivery_state(t);
    g_assert_cmpstr(second, !=, first);
}

/* What a client missed while it was away: EmailDelivery only where mail came. */
static void test_delivery_missed(struct jmap_fixture *t)
{
    static const char *const types[] = {"Email", "EmailDelivery", NULL};
    g_autofree char *before = NULL;
    json_t *missed;

    jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Subject: one\n\nx\n");
    before = jmap_push_id(t->jmap, t->m.user, store_told(t->m.f.store));
    mail_flags(&t->m, t->m.inbox, 1, MAIL_SEEN);
    missed = jmap_push_missed(t->jmap, t->m.user, before, store_told(t->m.f.store), types);
    g_assert_true(jmap_has(missed, "changed/a1/Email"));
    g_assert_false(jmap_has(missed, "changed/a1/EmailDelivery"));
    json_decref(missed);
    jmap_fixture_put(t, t->m.inbox, 2, 0, 2000, "Subject: two\n\nx\n");
    missed = jmap_push_missed(t->jmap, t->m.user, before, store_told(t->m.f.store), types);
    g_assert_true(jmap_has(missed, "changed/a1/EmailDelivery"));
    json_decref(missed);
}

static const struct jmap_case cases[] = {
    {"/rfc8621/1.3/empty-in-the-session", test_capabilities_are_empty},
    {"/rfc8621/1.3.1/mail", test_mail},
    {"/rfc8621/1.3.1/longest-name", test_names_as_long_as_announced},
    {"/rfc8621/1.3.2/submission", test_submission},
    {"/rfc8621/1.4/types-of-accounts", test_types_of_accounts},
    {"/rfc8621/1.5/every-type", test_push_of_each_type},
    {"/rfc8621/1.5/email-delivery", test_delivery},
    {"/rfc8621/1.5/email-delivery-missed", test_delivery_missed},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
