#include "jmap_fixture.h"

#include "jmap/email/draft.h"
#include "mime/mime.h"
#include "text/text.h"

#include <sqlite3.h>

static json_t *providers_hook(bool admin, void *arg, GError **error)
{
    struct jmap_fixture *t = arg;

    (void)admin;
    (void)error;
    return json_deep_copy(t->providers);
}

static bool provider_set_hook(const char *name, bool create, const json_t *patch,
                              const char **property, void *arg, GError **error)
{
    struct jmap_fixture *t = arg;

    (void)create;
    if (patch != NULL && json_object_get(patch, "tenant") != NULL) {
        *property = "tenant";
        error_set(error, ERROR_INVALID, "not a tenant");
        return false;
    }
    json_array_append_new(t->providers, json_pack("{s: s, s: s, s: b}", "name", name, "clientId",
                                                  "secret-ish", "ready", 1));
    return true;
}

static char *redirect_hook(const char *provider, const char **warning, void *arg)
{
    (void)arg;
    *warning = "not-https";
    return g_strconcat("http://localhost/oauth/", provider, "/callback", NULL);
}

static bool update_hook(const struct store_access *access, const json_t *patch,
                        const char **property, void *arg, GError **error)
{
    (void)access;
    (void)arg;
    if (json_object_get(patch, "paused") != NULL)
        return true;
    *property = "state";
    error_set(error, ERROR_INVALID, "server-set");
    return false;
}

static bool destroy_hook(const struct store_access *access, void *arg, GError **error)
{
    struct jmap_fixture *t = arg;

    return store_account_remove(t->m.f.store, store_access_account(access), error);
}

static bool push_check_hook(const char *url, const char *p256dh, const char *auth,
                            const char **property, void *arg, GError **error)
{
    (void)auth;
    (void)arg;
    *property = g_str_has_prefix(url, "https://") ? "keys" : "url";
    if (strcmp(*property, "keys") == 0 && g_strcmp0(p256dh, "bad") != 0)
        return true;
    error_set(error, ERROR_INVALID, "not usable");
    return false;
}

static void read_words(GBytes *raw, struct store_index *index)
{
    struct mime_mail *mail = mime_parse(raw);
    struct mail_summary *summary = mime_summary(mail);
    g_autofree char *quoted = NULL, *names = mime_file_names(mail);
    g_autofree char *body = mime_plain_text(mail, 100000, &quoted);
    g_autofree char *other = mime_passed_over_text(mail, 100000);

    *index = (struct store_index){
        .body = text_index_words(body, -1, 0),
        .quoted = quoted != NULL ? text_index_words(quoted, -1, 0) : NULL,
        .other = text_index_words(other, -1, 0),
        .filenames = text_index_words(names, -1, 0),
    };
    store_index_headers(summary, index);
    mail_summary_free(summary);
    mime_mail_free(mail);
}

static json_t *health_hook(const struct store_principal *principal, int64_t account, void *arg,
                           GError **error)
{
    (void)principal, (void)account, (void)arg;
    error_set(error, ERROR_NOT_FOUND, "no such account");
    return NULL;
}

static char *check_run_hook(const struct store_principal *principal, const json_t *args,
                            const char **property, void *arg, GError **error)
{
    (void)principal, (void)args, (void)property, (void)arg, (void)error;
    return g_strdup("k1");
}

static json_t *check_get_hook(const struct store_principal *principal, const char *id, void *arg,
                              GError **error)
{
    (void)principal, (void)id, (void)arg;
    error_set(error, ERROR_NOT_FOUND, "no such check");
    return NULL;
}

static json_t *autoconfig_hook(const struct store_principal *principal, const char *address,
                               void *arg, GError **error)
{
    (void)principal, (void)arg, (void)error;
    return json_pack("{s: s}", "address", address);
}

static json_t *sync_log_hook(const struct store_principal *principal, int64_t account,
                             uint64_t position, size_t limit, uint64_t *total, void *arg,
                             GError **error)
{
    (void)principal, (void)account, (void)position, (void)limit, (void)arg, (void)error;
    *total = 0;
    return json_array();
}

void jmap_fixture_open(struct jmap_fixture *t)
{
    struct jmap_config config = {.public_url = "https://mail.example/post"};

    mail_open_reading(&t->m, read_words);
    t->providers = json_array();
    config.store = t->m.f.store;
    config.keyring = t->m.f.keyring;
    config.hooks = (struct jmap_hooks){
        .arg = t,
        .redirect_uri = redirect_hook,
        .provider_set = provider_set_hook,
        .providers = providers_hook,
        .account_update = update_hook,
        .account_destroy = destroy_hook,
        .push_check = push_check_hook,
        .account_health = health_hook,
        .account_check_run = check_run_hook,
        .account_check_get = check_get_hook,
        .autoconfig = autoconfig_hook,
        .sync_log = sync_log_hook,
    };
    t->jmap = jmap_new(&config);
}

void jmap_fixture_close(struct jmap_fixture *t)
{
    jmap_free(t->jmap);
    json_decref(t->providers);
    mail_close(&t->m);
}

/* --- mails --- */

static GBytes *with_crlf(const char *message)
{
    GString *out = g_string_new(NULL);

    for (const char *c = message; *c != '\0'; c++)
        g_string_append(out, *c == '\n' ? "\r\n" : (const char[]){*c, '\0'});
    return g_string_free_to_bytes(out);
}

static int64_t newest_of(struct jmap_fixture *t, GArray *before)
{
    g_autoptr(GArray) after = mail_ids(&t->m, 0);

    for (guint i = 0; i < after->len; i++) {
        int64_t id = g_array_index(after, int64_t, i);
        bool known = false;

        for (guint j = 0; j < before->len; j++)
            known = known || g_array_index(before, int64_t, j) == id;
        if (!known)
            return id;
    }
    return 0;
}

static int64_t put(struct jmap_fixture *t, struct store_batch_message *message, GBytes *raw,
                   bool pending)
{
    struct store_batch *batch = store_batch_new(t->m.f.store, t->m.account);
    struct mime_mail *mail = mime_parse(raw);
    struct mail_summary *summary = mime_summary(mail);
    struct store_index index;
    g_autofree char *answer_to = pending ? NULL : mime_answer_to(mail);
    g_autoptr(GArray) before = mail_ids(&t->m, 0);

    read_words(raw, &index);
    message->summary = summary;
    message->raw = pending ? NULL : raw;
    message->index = pending ? NULL : &index;
    message->size = g_bytes_get_size(raw);
    message->report = pending ? NULL : mime_report(mail);
    message->answer_to = answer_to;
    store_batch_message(batch, message);
    mail_report_free((struct mail_report *)(uintptr_t)message->report);
    mail_commit(batch);
    store_batch_free(batch);
    store_index_clear(&index);
    mail_summary_free(summary);
    mime_mail_free(mail);
    return newest_of(t, before);
}

int64_t jmap_fixture_put(struct jmap_fixture *t, int64_t mailbox, uint32_t uid, uint32_t bits,
                         int64_t received_at, const char *message)
{
    g_autoptr(GBytes) raw = with_crlf(message);
    struct store_batch_message item = {.mailbox = mailbox, .uidvalidity = 7, .uid = uid};

    item.flags.bits = bits;
    item.received_at = received_at;
    return put(t, &item, raw, false);
}

int64_t jmap_fixture_put_pending(struct jmap_fixture *t, int64_t mailbox, uint32_t uid,
                                 int64_t received_at, const char *message)
{
    g_autoptr(GBytes) raw = with_crlf(message);
    struct store_batch_message item = {.mailbox = mailbox, .uidvalidity = 7, .uid = uid};

    item.received_at = received_at;
    return put(t, &item, raw, true);
}

/* --- requests --- */

json_t *jmap_fixture_send(struct jmap_fixture *t, struct store_principal *who, const char *body,
                          size_t length, int *status)
{
    g_autoptr(GBytes) answer = jmap_handle(t->jmap, who, body, length, status);
    gsize size;
    const char *text = g_bytes_get_data(answer, &size);
    json_error_t error;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

    if (json == NULL)
        g_error("no JSON: %s in %.*s", error.text, (int)size, text);
    return json;
}

G_GNUC_PRINTF(1, 0)
static json_t *json_of(const char *format, va_list arguments)
{
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    json_error_t error;
    json_t *json;

    g_strdelimit(text, "'", '"');
    json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (json == NULL)
        g_error("the test's JSON: %s in %s", error.text, text);
    return json;
}

json_t *jmap_fixture_json(const char *format, ...)
{
    va_list arguments;
    json_t *json;

    va_start(arguments, format);
    json = json_of(format, arguments);
    va_end(arguments);
    return json;
}

static json_t *ask(struct jmap_fixture *t, struct store_principal *who, json_t *calls)
{
    json_t *request =
        json_pack("{s: [s, s, s, s, s, s, s], s: o}", "using", "urn:ietf:params:jmap:core",
                  "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission",
                  "urn:postroom:manage", "urn:ietf:params:jmap:vacationresponse",
                  "urn:ietf:params:jmap:quota", "urn:ietf:params:jmap:blob", "methodCalls", calls);
    char *text = json_dumps(request, JSON_COMPACT);
    int status;
    json_t *answer = jmap_fixture_send(t, who, text, strlen(text), &status);

    if (status != 200)
        g_error("status %d for %s", status, text);
    free(text);
    json_decref(request);
    return answer;
}

json_t *jmap_fixture_ask(struct jmap_fixture *t, struct store_principal *who, const char *format,
                         ...)
{
    va_list arguments;
    json_t *calls;

    va_start(arguments, format);
    calls = json_of(format, arguments);
    va_end(arguments);
    return ask(t, who, calls);
}

json_t *jmap_fixture_request(struct jmap_fixture *t, const char *format, ...)
{
    g_autofree char *body = NULL;
    va_list arguments;
    int status;
    json_t *answer;

    va_start(arguments, format);
    body = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_strdelimit(body, "'", '"');
    answer = jmap_fixture_send(t, t->m.user, body, strlen(body), &status);
    g_assert_cmpint(status, ==, 200);
    return answer;
}

json_t *jmap_fixture_call(struct jmap_fixture *t, const char *method, const char *format, ...)
{
    va_list arguments;
    json_t *args, *answer, *result;

    va_start(arguments, format);
    args = json_of(format, arguments);
    va_end(arguments);
    if (json_object_get(args, "accountId") == NULL)
        json_object_set_new(args, "accountId", json_sprintf("a%" G_GINT64_FORMAT, t->m.account));
    answer = ask(t, t->m.user, json_pack("[[s, o, s]]", method, args, "0"));
    result = json_incref(jmap_at(answer, "methodResponses/0/1"));
    json_decref(answer);
    return result;
}

/* --- looking --- */

static json_t *walk(json_t *value, const char *path)
{
    g_auto(GStrv) tokens = g_strsplit(path, "/", -1);

    for (size_t i = 0; tokens[i] != NULL && value != NULL; i++) {
        g_auto(GStrv) pieces = g_strsplit(tokens[i], "~1", -1);
        g_autofree char *token = g_strjoinv("/", pieces);

        value = json_is_array(value) ? json_array_get(value, (size_t)atoi(token))
                                     : json_object_get(value, token);
    }
    return value;
}

json_t *jmap_at(json_t *value, const char *path)
{
    json_t *found = walk(value, path);

    if (found == NULL)
        g_error("no %s in %s", path, json_dumps(value, 0));
    return found;
}

const char *jmap_text_at(json_t *value, const char *path)
{
    json_t *found = jmap_at(value, path);

    if (!json_is_string(found))
        g_error("%s is no string in %s", path, json_dumps(value, 0));
    return json_string_value(found);
}

int64_t jmap_number_at(json_t *value, const char *path)
{
    json_t *found = jmap_at(value, path);

    g_assert_true(json_is_integer(found));
    return json_integer_value(found);
}

bool jmap_has(json_t *value, const char *path)
{
    return walk(value, path) != NULL;
}

void jmap_assert_json(json_t *value, const char *text)
{
    json_t *wanted = jmap_fixture_json("%s", text);

    if (!json_equal(value, wanted))
        g_error("expected %s\ngot %s", text, json_dumps(value, JSON_ENCODE_ANY));
    json_decref(wanted);
}

/* --- people --- */

void jmap_fixture_sql(struct jmap_fixture *t, const char *sql)
{
    g_autofree char *path = g_build_filename(t->m.f.directory, "data", "postroom.db", NULL);
    char *problem = NULL;
    sqlite3 *db;

    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    sqlite3_exec(db, sql, NULL, NULL, &problem);
    g_assert_cmpstr(problem, ==, NULL);
    sqlite3_close(db);
}

/* Sharing has no page yet, so the test writes the row that it will write. */
json_t *jmap_fixture_change(struct jmap_fixture *t, struct store_principal *who, int64_t account,
                            unsigned bits, const char *const *types)
{
    const struct jmap_changed changed = {account, bits};

    return jmap_state_changes(t->jmap, who, &changed, 1, types);
}

void jmap_fixture_share(struct jmap_fixture *t, struct store_principal *who, unsigned rights)
{
    g_autofree char *sql = g_strdup_printf("INSERT OR REPLACE INTO access(user, account, rights) "
                                           "VALUES(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT
                                           ", %u); DELETE FROM access WHERE rights = 0;"
                                           "UPDATE meta SET modseq = modseq + 1;"
                                           "INSERT OR REPLACE INTO state SELECT -%" G_GINT64_FORMAT
                                           ", %d, modseq, 0, 0 FROM meta;",
                                           store_principal_user(who), t->m.account, rights,
                                           store_principal_user(who), STORE_ACCESS);

    jmap_fixture_sql(t, sql);
}

/* --- cases --- */

static void run_case(gconstpointer data)
{
    const struct jmap_case *one = data;
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    one->run(&t);
    jmap_fixture_close(&t);
}

void jmap_fixture_cases(const struct jmap_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        g_test_add_data_func(cases[i].name, &cases[i], run_case);
}

void jmap_expect_error(struct jmap_fixture *t, const char *type, const char *method,
                       const char *format, ...)
{
    g_autofree char *args = NULL;
    va_list arguments;
    json_t *answer;

    va_start(arguments, format);
    args = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    answer = jmap_fixture_call(t, method, "%s", args);
    if (g_strcmp0(json_string_value(json_object_get(answer, "type")), type) != 0)
        g_error("%s %s: expected %s, got %s", method, args, type, json_dumps(answer, 0));
    json_decref(answer);
}

char *jmap_state_of(struct jmap_fixture *t, const char *type)
{
    g_autofree char *method = g_strconcat(type, "/get", NULL);
    json_t *answer = jmap_fixture_call(t, method, "{'ids': []}");
    char *state = g_strdup(jmap_text_at(answer, "state"));

    json_decref(answer);
    return state;
}

char *jmap_fixture_upload(struct jmap_fixture *t, const char *type, const char *bytes,
                          size_t length)
{
    g_autoptr(GBytes) body = g_bytes_new(bytes, length);
    g_autofree char *account = g_strdup_printf("a%" G_GINT64_FORMAT, t->m.account);
    int status = 0;
    g_autoptr(GBytes) answer = jmap_upload(t->jmap, t->m.user, account, type, body, &status);
    json_t *json = json_loadb(g_bytes_get_data(answer, NULL), g_bytes_get_size(answer), 0, NULL);
    char *blob;

    g_assert_cmpint(status, ==, 201);
    g_assert_cmpstr(jmap_text_at(json, "type"), ==, type);
    g_assert_cmpint(jmap_number_at(json, "size"), ==, length);
    blob = g_strdup(jmap_text_at(json, "blobId"));
    json_decref(json);
    return blob;
}

/* --- listeners --- */

static void note(int64_t account, unsigned types, void *arg)
{
    struct jmap_told *told = arg;

    (void)account;
    g_mutex_lock(&told->mutex);
    told->types |= types;
    g_mutex_unlock(&told->mutex);
}

void jmap_told_begin(struct jmap_fixture *t, struct jmap_told *told)
{
    told->types = 0;
    g_mutex_init(&told->mutex);
    store_listen(t->m.f.store, note, told);
}

unsigned jmap_told_types(struct jmap_fixture *t, struct jmap_told *told)
{
    unsigned types;

    store_told(t->m.f.store);
    g_mutex_lock(&told->mutex);
    types = told->types;
    told->types = 0;
    g_mutex_unlock(&told->mutex);
    return types;
}

void jmap_told_end(struct jmap_fixture *t, struct jmap_told *told)
{
    store_unlisten(t->m.f.store, note, told);
    g_mutex_clear(&told->mutex);
}
