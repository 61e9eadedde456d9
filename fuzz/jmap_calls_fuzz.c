/* Method calls that reach deep: each call begins as a valid one of a list, and the input's bytes
 * say which, who asks, and what in it is changed. What must hold after any request is checked: the
 * answer's form, that nobody sees or changes another's mail, and that counts and changes agree with
 * what a query says. */
#include "fuzz.h"

#include "jmap_calls_words.h"
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

#define CALLS_MAX 5
#define CHANGES_MAX 12
#define DEPTH_MAX 5
#define WRITES_MAX 200  /* requests that changed something before the store is made anew */
#define CANARY "quagga" /* stands in every mail of the first account, and no request says it */

static struct jmap_fixture fixture;
static struct store_principal *stranger, *reader;
static unsigned writes;

static const json_int_t numbers[] =
    {0, 1, -1, 2, 5, 255, 4294967296, 9007199254740991, -9007199254740991, 9223372036854775807};

/* --- the input, byte by byte: 0 beyond its end --- */

struct bytes {
    const uint8_t *at;
    size_t left;
};

static unsigned next(struct bytes *in, size_t choices)
{
    unsigned byte = 0;

    if (in->left > 0) {
        byte = *in->at++;
        in->left--;
    }
    return byte % (unsigned)choices;
}

/* --- values and changes --- */

static json_t *any_text(struct bytes *in)
{
    const char *text = texts[next(in, G_N_ELEMENTS(texts))];

    return json_string(text);
}

static json_t *any_value(struct bytes *in, unsigned depth)
{
    unsigned kind = next(in, depth < DEPTH_MAX ? 9 : 7), count;
    json_t *value;

    if (kind < 3)
        return any_text(in);
    if (kind < 4)
        return json_boolean(next(in, 2));
    if (kind < 5)
        return json_null();
    if (kind < 6)
        return json_integer(numbers[next(in, G_N_ELEMENTS(numbers))]);
    if (kind < 7)
        return json_real(0.5);
    count = next(in, 5);
    value = kind < 8 ? json_array() : json_object();
    for (unsigned i = 0; i < count; i++) {
        if (kind < 8)
            json_array_append_new(value, any_value(in, depth + 1));
        else
            json_object_set_new(value, keys[next(in, G_N_ELEMENTS(keys))],
                                any_value(in, depth + 1));
    }
    return value;
}

static void change_array(struct bytes *in, json_t *array)
{
    size_t at = next(in, json_array_size(array) + 1);

    switch (next(in, 3)) {
    case 0:
        json_array_insert_new(array, at, any_value(in, 0));
        break;
    case 1:
        json_array_remove(array, at);
        break;
    default:
        if (at < json_array_size(array))
            json_array_set_new(array, at, any_value(in, 0));
    }
}

static const char *nth_key(json_t *object, unsigned n)
{
    void *at = json_object_iter(object);

    while (at != NULL && n-- > 0)
        at = json_object_iter_next(object, at);
    return at != NULL ? json_object_iter_key(at) : NULL;
}

static void change_object(struct bytes *in, json_t *object)
{
    const char *old = nth_key(object, next(in, json_object_size(object) + 1));

    switch (next(in, 3)) {
    case 0:
        json_object_set_new(object, keys[next(in, G_N_ELEMENTS(keys))], any_value(in, 0));
        break;
    case 1:
        if (old != NULL)
            json_object_del(object, old);
        break;
    default:
        if (old != NULL)
            json_object_set_new(object, old, any_value(in, 0));
    }
}

/* Goes down some way and changes what it finds there. */
static void change(struct bytes *in, json_t *value)
{
    for (unsigned depth = next(in, 6); depth > 0; depth--) {
        json_t *child = NULL;

        if (json_is_array(value))
            child = json_array_get(value, next(in, json_array_size(value) + 1));
        else if (json_object_size(value) > 0)
            child = json_object_get(value, nth_key(value, next(in, json_object_size(value))));
        if (!json_is_array(child) && !json_is_object(child))
            break;
        value = child;
    }
    if (json_is_array(value))
        change_array(in, value);
    else if (json_is_object(value))
        change_object(in, value);
}

static json_t *make_request(struct bytes *in)
{
    json_t *calls = json_array();
    unsigned count = 1 + next(in, CALLS_MAX);

    for (unsigned i = 0; i < count; i++) {
        json_t *call = jmap_fixture_json("%s", starts[next(in, G_N_ELEMENTS(starts))]);
        unsigned changes = next(in, CHANGES_MAX);

        for (unsigned j = 0; j < changes; j++)
            change(in, json_array_get(call, 1));
        json_array_append_new(call, json_sprintf("%u", i));
        json_array_append_new(calls, call);
    }
    return json_pack("{s: [s, s, s, s, s, s], s: o, s: {}}", "using", "urn:ietf:params:jmap:core",
                     "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission",
                     "urn:postroom:manage", "urn:ietf:params:jmap:quota",
                     "urn:ietf:params:jmap:blob", "methodCalls", calls, "createdIds");
}

/* --- what must hold --- */

#define require(holds) require_that(holds, #holds, __LINE__)

static void require_that(bool holds, const char *what, int line)
{
    if (!holds) {
        fprintf(stderr, "line %d: %s does not hold\n", line, what);
        abort();
    }
}

/* Every call has its answer, in order, and says what it must (RFC 8620, 3.4). */
static void require_form(json_t *request, json_t *answer)
{
    json_t *calls = json_object_get(request, "methodCalls"), *response;
    size_t call = 0, i;

    require(json_is_string(json_object_get(answer, "sessionState")));
    require(json_is_object(json_object_get(answer, "createdIds")));
    json_array_foreach(json_object_get(answer, "methodResponses"), i, response)
    {
        const char *id = json_string_value(json_array_get(response, 2));
        const char *name = json_string_value(json_array_get(response, 0));

        require(json_array_size(response) == 3 && name != NULL && id != NULL);
        require(json_is_object(json_array_get(response, 1)));
        if (call == 0 || (size_t)atoi(id) != call - 1)
            call++;
        require((size_t)atoi(id) == call - 1);
        require(strcmp(name, "error") != 0 ||
                json_is_string(json_object_get(json_array_get(response, 1), "type")));
    }
    require(call == json_array_size(calls));
}

/* The answer holds nothing of the first account's mail. */
static void require_private(json_t *answer)
{
    char *told = json_dumps(answer, 0);

    require(strstr(told, CANARY) == NULL);
    free(told);
}

static bool may(struct store_principal *who, enum store_right right)
{
    struct store_access *access =
        store_authorise(fixture.m.f.store, who, fixture.m.account, right, NULL);
    bool granted = access != NULL;

    store_access_free(access);
    return granted;
}

/* The state of one type of the first account. */
static uint64_t state_of(enum store_type type)
{
    struct store_access *access = mail_access(&fixture.m, STORE_READ);
    uint64_t state = store_state(access, type);

    store_access_free(access);
    return state;
}

static guint count_of(const struct store_access *access, int64_t mailbox, bool threads, bool unread)
{
    struct store_filter *all = filter_join(STORE_AND, filter_in(mailbox), NULL);
    struct store_query query = {.filter = all, .limit = 5000, .collapse_threads = threads};
    struct store_query_result result = {0};
    guint count;

    if (unread) {
        g_ptr_array_add(all->children, filter_text(STORE_NOT_KEYWORD, "$seen"));
        g_ptr_array_add(all->children, filter_text(STORE_NOT_KEYWORD, "$draft"));
    }
    require(store_query(access, &query, &result, NULL));
    count = result.ids->len;
    store_query_result_clear(&result);
    store_filter_free(all);
    return count;
}

/* Counts are always what a query says (RFC 8621, 2). */
static void require_counts(void)
{
    struct store_access *access = mail_access(&fixture.m, STORE_READ);
    g_autoptr(GPtrArray) mailboxes = store_mailboxes(access, NULL, NULL);

    require(mailboxes != NULL);
    for (guint i = 0; i < mailboxes->len; i++) {
        const struct store_mailbox *mailbox = mailboxes->pdata[i];

        require(mailbox->total_emails == count_of(access, mailbox->id, false, false));
        require(mailbox->total_threads == count_of(access, mailbox->id, true, false));
        require(mailbox->unread_emails == count_of(access, mailbox->id, false, true));
    }
    store_access_free(access);
}

/* What was there, less what was destroyed, with what was created, is what is there now. */
static void require_changes(uint64_t since, GArray *before)
{
    struct store_access *access = mail_access(&fixture.m, STORE_READ);
    g_autoptr(GArray) after = mail_ids(&fixture.m, 0);
    struct store_changes changes = {0};

    require(store_changes(access, STORE_EMAIL, since, 0, &changes, NULL));
    for (guint i = 0; i < before->len; i++) {
        int64_t id = g_array_index(before, int64_t, i);

        require(jmap_ids_contain(after, id) != jmap_ids_contain(changes.destroyed, id));
    }
    for (guint i = 0; i < after->len; i++) {
        int64_t id = g_array_index(after, int64_t, i);

        require(jmap_ids_contain(before, id) != jmap_ids_contain(changes.created, id));
    }
    store_changes_clear(&changes);
    store_access_free(access);
}

/* --- running --- */

static void close_store(void)
{
    store_principal_unref(stranger);
    store_principal_unref(reader);
    jmap_fixture_close(&fixture);
}

static void open_store(void)
{
    static const char mail[] =
        "From: \"Joe\" <joe@example.org>\nTo: Team: ann@mail.example;\nSubject: hello " CANARY "\n"
        "Message-ID: <one@example.org>\nDate: Mon, 05 Feb 2024 10:20:30 +0200\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
        "hello world zanzibar " CANARY "\n--b\nContent-Type: text/html\n\n<p>" CANARY
        " <img src=\"cid:x\"></p>\n--b\nContent-Type: image/gif\nContent-ID: <x>\n\nGIF89a--\n"
        "--b\nContent-Type: message/rfc822\n\nSubject: inner " CANARY "\n\ninside\n--b--\n";
    struct mail_fixture *m = &fixture.m;

    jmap_fixture_open(&fixture);
    jmap_fixture_put(&fixture, m->inbox, 1, MAIL_SEEN, 1000, mail);
    jmap_fixture_put(&fixture, m->inbox, 2, 0, 2000,
                     "From: a@b.example\nReferences: <one@example.org>\nSubject: Re: hello " CANARY
                     "\n\nsecond " CANARY "\n");
    jmap_fixture_put(&fixture, m->archive, 3, MAIL_DRAFT, 3000, "Subject: " CANARY "\n\nthird\n");
    jmap_fixture_put_pending(&fixture, m->archive, 4, 4000, "Subject: later " CANARY "\n\nx\n");
    stranger = fixture_user(&m->f, "bob@example.org");
    reader = fixture_user(&m->f, "eve@example.org");
    fixture_account(&m->f, stranger, "bob@mail.example", "password");
    jmap_fixture_share(&fixture, reader, STORE_READ);
    writes = 0;
}

static json_t *send(struct store_principal *who, json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT);
    int status = 0;
    json_t *answer = jmap_fixture_send(&fixture, who, text, strlen(text), &status);

    require(status == 200);
    free(text);
    return answer;
}

static void run(struct bytes *in)
{
    static const enum store_type types[] = {STORE_EMAIL, STORE_MAILBOX, STORE_IDENTITY,
                                            STORE_SUBMISSION};
    struct store_principal *who =
        (struct store_principal *[]){fixture.m.user, stranger, reader, fixture.m.user}[next(in, 4)];
    json_t *request = make_request(in), *answer;
    g_autoptr(GArray) before = mail_ids(&fixture.m, 0);
    uint64_t states[G_N_ELEMENTS(types)];
    bool changed = false;

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        states[i] = state_of(types[i]);
    answer = send(who, request);
    require_form(request, answer);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        changed = changed || state_of(types[i]) != states[i];
    require(!changed || who == fixture.m.user);
    if (who == stranger)
        require_private(answer);
    require_changes(states[0], before);
    if (changed)
        require_counts();
    writes += changed;
    if (may(stranger, STORE_READ) || may(reader, STORE_WRITE)) {
        /* The owner let them in: nothing says any more what they may not see or do. */
        require(who == fixture.m.user);
        writes = WRITES_MAX + 1;
    }
    json_decref(answer);
    json_decref(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};

    if (fixture.jmap == NULL) {
        open_store();
        atexit(close_store);
    } else if (writes > WRITES_MAX) {
        close_store();
        open_store();
    }
    run(&in);
    return 0;
}
