/* The unified account of a person with an account of their own, a second one, and one shared for
 * reading. */
#ifndef POSTROOM_TESTS_UNIT_JMAP_THREE_H
#define POSTROOM_TESTS_UNIT_JMAP_THREE_H

#include "jmap_fixture.h"

struct three {
    struct jmap_fixture t; /* its account is a1, of the person u1 */
    struct mail_fixture second, shared;
    struct store_principal *owner; /* of shared */
    int64_t own_email, second_email, shared_email;
};

static inline int64_t put(struct three *w, struct mail_fixture *m, int64_t mailbox, int64_t at,
                          const char *message)
{
    struct mail_fixture own = w->t.m;
    int64_t id;

    w->t.m = *m;
    id = jmap_fixture_put(&w->t, mailbox, (uint32_t)at, 0, at, message);
    w->t.m = own;
    return id;
}

static inline void share(struct three *w, struct store_principal *who, unsigned rights)
{
    struct mail_fixture own = w->t.m;

    w->t.m = w->shared;
    jmap_fixture_share(&w->t, who, rights);
    w->t.m = own;
}

static inline void another(struct three *w, struct mail_fixture *m, struct store_principal *who,
                           const char *address)
{
    *m = w->t.m;
    m->user = who;
    m->account = fixture_account(&w->t.m.f, who, address, "password");
    m->inbox = mail_mailbox(m, "INBOX", MAIL_ROLE_INBOX);
    m->archive = mail_mailbox(m, "Old", MAIL_ROLE_ARCHIVE);
    m->sent = mail_mailbox(m, "Sent", MAIL_ROLE_SENT);
}

static inline void three_open(struct three *w)
{
    *w = (struct three){0};
    jmap_fixture_open(&w->t);
    w->owner = fixture_user(&w->t.m.f, "owner@example.org");
    another(w, &w->second, w->t.m.user, "second@mail.example");
    another(w, &w->shared, w->owner, "shared@mail.example");
    share(w, w->t.m.user, STORE_READ);
    w->own_email = put(w, &w->t.m, w->t.m.inbox, 3000,
                       "From: Ann <ann@mail.example>\nTo: x@y.example\nSubject: own plum\n"
                       "Message-ID: <own@x>\nDate: Thu, 1 Jan 1970 00:50:00 +0000\n\nplum\n");
    w->second_email = put(w, &w->second, w->second.inbox, 2000,
                          "From: s@y.example\nSubject: second\nMessage-ID: <s@x>\n\nplum cake\n");
    w->shared_email = put(w, &w->shared, w->shared.inbox, 1000,
                          "From: h@y.example\nSubject: shared\nMessage-ID: <h@x>\n\npear\n");
}

static inline void three_close(struct three *w)
{
    store_principal_unref(w->owner);
    jmap_fixture_close(&w->t);
}

/* The arguments of the only response. args: members besides accountId, in braces. */
static inline json_t *ask(struct three *w, const char *method, const char *args)
{
    return jmap_fixture_call(&w->t, method, "{'accountId': 'u1'%s%s}", args[0] != '\0' ? ", " : "",
                             args);
}

G_GNUC_PRINTF(3, 4)
static inline json_t *askf(struct three *w, const char *method, const char *format, ...)
{
    va_list args;
    g_autofree char *text = NULL;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return ask(w, method, text);
}

static inline void expect_error(struct three *w, const char *type, const char *method,
                                const char *args)
{
    json_t *answer = ask(w, method, args);

    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, type);
    json_decref(answer);
}

/* The list or map at path has so many members. Takes the answer. */
static inline void expect_size(json_t *answer, const char *path, size_t size)
{
    const json_t *value = jmap_at(answer, path);

    g_assert_cmpuint(json_array_size(value) + json_object_size(value), ==, size);
    json_decref(answer);
}

/* The same for a text. */
static inline void expect_text(json_t *answer, const char *path, const char *text)
{
    g_assert_cmpstr(jmap_text_at(answer, path), ==, text);
    json_decref(answer);
}

static inline json_t *mailbox_named(json_t *list, const char *name)
{
    json_t *item, *found = NULL;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (strcmp(jmap_text_at(item, "name"), name) == 0)
            found = item;
    }
    g_assert_nonnull(found);
    return found;
}

static inline char *id_of(char prefix, int64_t number)
{
    return g_strdup_printf("%c%" G_GINT64_FORMAT, prefix, number);
}

static inline char *state_of(struct three *w, const char *type)
{
    g_autofree char *method = g_strconcat(type, "/get", NULL);
    json_t *answer = ask(w, method, "'ids': []");
    char *state = g_strdup(jmap_text_at(answer, "state"));

    json_decref(answer);
    return state;
}

/* The SetError's type of an update of one email, or "" when it was carried out. */
static inline char *update(struct three *w, int64_t email, const char *patch)
{
    g_autofree char *id = id_of('e', email);
    json_t *answer = askf(w, "Email/set", "'update': {'%s': {%s}}", id, patch);
    json_t *error = json_object_get(jmap_at(answer, "notUpdated"), id);
    char *type = g_strdup(error != NULL ? jmap_text_at(error, "type") : "");

    json_decref(answer);
    return type;
}

static inline void expect_update(struct three *w, int64_t email, const char *patch,
                                 const char *type)
{
    g_autofree char *got = update(w, email, patch);

    g_assert_cmpstr(got, ==, type);
}

static inline bool is_in(struct three *w, const char *account, int64_t email, const char *mailbox)
{
    json_t *answer = jmap_fixture_call(&w->t, "Email/get",
                                       "{'accountId': '%s', 'ids': ['e%" G_GINT64_FORMAT
                                       "'], 'properties': ['mailboxIds']}",
                                       account, email);
    bool in = json_object_get(jmap_at(answer, "list/0/mailboxIds"), mailbox) != NULL;

    json_decref(answer);
    return in;
}

struct three_case {
    const char *name;
    void (*run)(struct three *w);
};

static inline void three_run_case(gconstpointer data)
{
    const struct three_case *one = data;
    struct three w;

    three_open(&w);
    one->run(&w);
    three_close(&w);
}

static inline int three_run(int argc, char **argv, const struct three_case *cases, size_t count)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < count; i++)
        g_test_add_data_func(cases[i].name, &cases[i], three_run_case);
    return g_test_run();
}

#endif
