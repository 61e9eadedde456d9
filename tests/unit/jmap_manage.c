/* The vendor's types of docs/api.md: Provider, LinkedAccount, EmailView; images and push. */
#include "jmap_fixture.h"

#include "base/clock.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

static json_t *as(struct jmap_fixture *t, struct store_principal *who, const char *method,
                  const char *args)
{
    json_t *json = jmap_fixture_json("%s", args), *answer, *result;
    char *text;

    json_object_set_new(json, "accountId",
                        json_sprintf("u%" G_GINT64_FORMAT, store_principal_user(who)));
    text = json_dumps(json, 0);
    answer = jmap_fixture_ask(t, who, "[['%s', %s, '0']]", method, text);
    result = json_incref(jmap_at(answer, "methodResponses/0/1"));
    free(text);
    json_decref(json);
    json_decref(answer);
    return result;
}

static struct store_principal *admin(struct jmap_fixture *t)
{
    struct secret *password = secret_new("password of admin", 17);
    struct store_principal *principal;

    g_assert_cmpint(store_user_add(t->m.f.store, "root@example.org", password, true, NULL), >, 0);
    principal = store_sign_in_password(t->m.f.store, "root@example.org", password, NULL);
    secret_free(password);
    return principal;
}

static void test_providers(void)
{
    struct jmap_fixture t;
    struct store_principal *root;
    json_t *answer;

    jmap_fixture_open(&t);
    root = admin(&t);
    answer = as(&t, t.m.user, "Provider/set", "{'create': {'k': {'name': 'microsoft'}}}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "forbidden");
    json_decref(answer);
    answer =
        as(&t, root, "Provider/set",
           "{'create': {'k': {'name': 'microsoft', 'clientSecret': 'x'}, 'bad': {'name': 'A/b'},"
           " 'worse': {'name': 'x', 'tenant': 'y'}}}");
    g_assert_cmpstr(jmap_text_at(answer, "created/k/id"), ==, "microsoft");
    g_assert_cmpstr(jmap_text_at(answer, "created/k/redirectUri"), ==,
                    "http://localhost/oauth/microsoft/callback");
    jmap_assert_json(jmap_at(answer, "notCreated/bad/properties"), "['name']");
    jmap_assert_json(jmap_at(answer, "notCreated/worse/properties"), "['tenant']");
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), !=, jmap_text_at(answer, "newState"));
    json_decref(answer);
    answer = as(&t, root, "Provider/get", "{'ids': ['microsoft', 'none']}");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/redirectWarning"), ==, "not-https");
    g_assert_true(json_is_null(jmap_at(answer, "list/0/clientSecret")));
    jmap_assert_json(jmap_at(answer, "notFound"), "['none']");
    json_decref(answer);
    answer = as(&t, t.m.user, "Provider/get", "{'ids': null}");
    jmap_assert_json(jmap_at(answer, "list"),
                     "[{'id': 'microsoft', 'name': 'microsoft', 'ready': true}]");
    json_decref(answer);
    store_principal_unref(root);
    jmap_fixture_close(&t);
}

static void test_linked_accounts(void)
{
    struct jmap_fixture t;
    struct store_principal *other;
    json_t *answer, *before;
    g_autofree char *foreign = NULL, *own = NULL, *destroy = NULL;
    g_autoptr(GError) problem = NULL;

    jmap_fixture_open(&t);
    other = fixture_user(&t.m.f, "bob@example.org");
    foreign =
        g_strdup_printf("{'update': {'a%" G_GINT64_FORMAT "': {'paused': true}}}", t.m.account);
    own = g_strdup_printf("{'update': {'a%" G_GINT64_FORMAT "': {'paused': true}, 'x': {}}}",
                          t.m.account);
    destroy = g_strdup_printf("{'destroy': ['a%" G_GINT64_FORMAT "']}", t.m.account);
    error_set(&problem, ERROR_SMTP_AUTH_OFF, "535 5.7.139 off");
    g_assert_true(store_sync_send_problem(t.m.f.store, t.m.account, problem, NULL));
    before = as(&t, t.m.user, "LinkedAccount/get", "{'ids': null}");
    g_assert_cmpstr(jmap_text_at(before, "list/0/address"), ==, "ann@mail.example");
    g_assert_cmpstr(jmap_text_at(before, "list/0/state"), ==, "linking");
    g_assert_true(json_is_false(jmap_at(before, "list/0/canSend")));
    g_assert_cmpstr(jmap_text_at(before, "list/0/sendProblem/code"), ==, "smtp-auth-off");
    g_assert_true(json_is_null(jmap_at(before, "list/0/problem")));
    answer = as(&t, other, "LinkedAccount/get", "{'ids': null}");
    jmap_assert_json(jmap_at(answer, "list"), "[]");
    json_decref(answer);
    answer = as(&t, other, "LinkedAccount/set", foreign);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notUpdated")), ==, 1);
    json_decref(answer);
    answer = as(&t, other, "LinkedAccount/set", destroy);
    g_assert_true(json_is_null(jmap_at(answer, "destroyed")));
    json_decref(answer);
    answer = as(&t, t.m.user, "LinkedAccount/set", own);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 1);
    g_assert_cmpstr(jmap_text_at(answer, "notUpdated/x/type"), ==, "notFound");
    json_decref(answer);
    answer = as(&t, t.m.user, "LinkedAccount/set", destroy);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "destroyed")), ==, 1);
    json_decref(answer);
    answer = as(&t, t.m.user, "LinkedAccount/get", "{'ids': null}");
    jmap_assert_json(jmap_at(answer, "list"), "[]");
    g_assert_cmpstr(jmap_text_at(answer, "state"), !=, jmap_text_at(before, "state"));
    json_decref(answer);
    json_decref(before);
    store_principal_unref(other);
    jmap_fixture_close(&t);
}

/* --- the reader's view --- */

static const char page[] =
    "From: a@b.example\nSubject: page\nMessage-ID: <page@x>\nMIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=m\n\n"
    "--m\nContent-Type: multipart/related; boundary=r\n\n"
    "--r\nContent-Type: text/html; charset=utf-8\n\n"
    "<p onclick=\"evil()\">Hi</p><script>evil()</script><img src=\"cid:dot@x\">"
    "<img src=\"cid:svg@x\"><img src=\"https://tracker.example/a.png\" width=\"300\" "
    "height=\"200\">\n"
    "--r\nContent-Type: image/png\nContent-ID: <dot@x>\nContent-Transfer-Encoding: base64\n\n"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E\n"
    "rkJggg==\n"
    "--r\nContent-Type: image/png\nContent-ID: <svg@x>\n\n"
    "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>evil()</script></svg>\n"
    "--r--\n"
    "--m\nContent-Type: application/pdf; name=\"a.pdf\"\n"
    "Content-Disposition: attachment; filename=\"a.pdf\"\n\nxx\n"
    "--m--\n";

static char *token_after(const char *html, unsigned skip)
{
    const char *at = html;

    for (unsigned i = 0; i <= skip && at != NULL; i++) {
        at = strstr(at, "mail-image/");
        at = at != NULL ? at + strlen("mail-image/") : NULL;
    }
    return at != NULL ? g_strndup(at, strcspn(at, "\"' >")) : NULL;
}

static json_t *view(struct jmap_fixture *t, int64_t id, bool remote)
{
    json_t *answer = jmap_fixture_call(t, "EmailView/get",
                                       "{'ids': ['e%" G_GINT64_FORMAT "'], 'remoteImages': %s}", id,
                                       remote ? "true" : "false");
    json_t *object = json_incref(jmap_at(answer, "list/0"));

    json_decref(answer);
    return object;
}

static void test_view(void)
{
    struct jmap_fixture t;
    json_t *shown, *with_remote;
    const char *html;
    int64_t id;

    jmap_fixture_open(&t);
    id = jmap_fixture_put(&t, t.m.inbox, 1, 0, 1000, page);
    shown = view(&t, id, false);
    html = jmap_text_at(shown, "html");
    g_assert_null(strstr(html, "evil"));
    g_assert_null(strstr(html, "tracker.example"));
    g_assert_nonnull(strstr(html, "mail-image/"));
    g_assert_cmpint(jmap_number_at(shown, "blockedRemote"), ==, 1);
    g_assert_true(json_is_null(jmap_at(shown, "text")));
    g_assert_cmpstr(jmap_text_at(shown, "state"), ==, "ready");
    g_assert_cmpuint(json_array_size(jmap_at(shown, "attachments")), ==, 3);
    g_assert_true(json_is_true(jmap_at(shown, "attachments/0/inline")));
    g_assert_cmpstr(jmap_text_at(shown, "attachments/2/name"), ==, "a.pdf");
    g_assert_true(json_is_false(jmap_at(shown, "attachments/2/inline")));
    with_remote = view(&t, id, true);
    g_assert_null(strstr(jmap_text_at(with_remote, "html"), "tracker.example"));
    g_assert_nonnull(strstr(jmap_text_at(with_remote, "html"), "mail-image/"));
    g_assert_cmpint(jmap_number_at(with_remote, "blockedRemote"), ==, 0);
    json_decref(with_remote);
    json_decref(shown);
    jmap_fixture_close(&t);
}

/* What one who reads text only would see, of the same mail; and whom the picture would have told.
 */
static void test_plain_view(void)
{
    struct jmap_fixture t;
    json_t *answer;
    int64_t id;

    jmap_fixture_open(&t);
    id = jmap_fixture_put(&t, t.m.inbox, 1, 0, 1000,
                          "From: a@b.example\nContent-Type: text/html\n\n<p>Hello</p>"
                          "<img src=\"https://x.list-manage.com/track/open.php?u=1\">"
                          "<blockquote>old</blockquote>");
    answer = jmap_fixture_call(&t, "EmailView/get",
                               "{'ids': ['e%" G_GINT64_FORMAT "'], 'plainText': true}", id);
    g_assert_true(json_is_null(jmap_at(answer, "list/0/html")));
    g_assert_nonnull(strstr(jmap_text_at(answer, "list/0/text"), "Hello"));
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list/0/quotes")), ==, 1);
    json_decref(answer);
    answer = jmap_fixture_call(&t, "EmailView/get", "{'ids': ['e%" G_GINT64_FORMAT "']}", id);
    g_assert_cmpint(jmap_number_at(answer, "list/0/trackersRemoved"), ==, 1);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/trackers/0/name"), ==, "Mailchimp");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/trackers/0/host"), ==, "x.list-manage.com");
    g_assert_true(json_is_null(jmap_at(answer, "list/0/calendar")));
    json_decref(answer);
    jmap_fixture_close(&t);
}

static void test_invitation(void)
{
    struct jmap_fixture t;
    json_t *answer;
    int64_t id;

    jmap_fixture_open(&t);
    id = jmap_fixture_put(&t, t.m.inbox, 1, 0, 1000,
                          "From: a@b.example\nContent-Type: text/calendar; method=REQUEST\n\n"
                          "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:u\nSUMMARY:Plan\n"
                          "DTSTART:20260104T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=SU\n"
                          "ORGANIZER;CN=Ann:mailto:ann@b.example\n"
                          "ATTENDEE;PARTSTAT=DECLINED:mailto:bob@b.example\n"
                          "END:VEVENT\nEND:VCALENDAR\n");
    answer = jmap_fixture_call(&t, "EmailView/get", "{'ids': ['e%" G_GINT64_FORMAT "']}", id);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/calendar/summary"), ==, "Plan");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/calendar/start"), ==, "2026-01-04T10:00:00Z");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/calendar/end"), ==, "2026-01-04T11:00:00Z");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/calendar/organizer/name"), ==, "Ann");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/calendar/attendees/0/answer"), ==, "declined");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/calendar/recurrence/frequency"), ==, "weekly");
    g_assert_cmpint(jmap_number_at(answer, "list/0/calendar/recurrence/days/0"), ==, 0);
    json_decref(answer);
    jmap_fixture_close(&t);
}

/* Names and sizes of a zip file's members, one a line. Reading, the library wants a locale. */
static char *members_of(GBytes *zip)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    GString *out = g_string_new(NULL);
    gsize length;
    const void *data = g_bytes_get_data(zip, &length);

    g_assert_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
    archive_read_support_format_zip(archive);
    g_assert_cmpint(archive_read_open_memory(archive, data, length), ==, ARCHIVE_OK);
    while (archive_read_next_header(archive, &entry) == ARCHIVE_OK)
        g_string_append_printf(out, "%s %d\n", archive_entry_pathname_utf8(entry),
                               (int)archive_entry_size(entry));
    archive_read_free(archive);
    return g_string_free(out, FALSE);
}

static void test_attachments_in_one_file(void)
{
    static const char mail[] =
        "From: a@b.example\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\ntext\n"
        "--m\nContent-Type: image/png\nContent-ID: <i>\nContent-Disposition: inline\n\np\n"
        "--m\nContent-Disposition: attachment; filename=\"a.txt\"\n\none\n"
        "--m\nContent-Disposition: attachment; filename=\"A.txt\"\n\nthree\n"
        "--m\nContent-Disposition: attachment; filename*=UTF-8''..%2F%D7%A9.txt\n\nx\n--m--\n";
    struct jmap_fixture t;
    g_autofree char *account = NULL, *blob = NULL, *members = NULL;
    GBytes *zip;
    json_t *answer;
    int64_t id;
    GError *error = NULL;

    jmap_fixture_open(&t);
    account = g_strdup_printf("a%" G_GINT64_FORMAT, t.m.account);
    id = jmap_fixture_put(&t, t.m.inbox, 1, 0, 1000, mail);
    answer = jmap_fixture_call(&t, "Email/get",
                               "{'ids': ['e%" G_GINT64_FORMAT "'], 'properties': ['blobId']}", id);
    blob = g_strdup(jmap_text_at(answer, "list/0/blobId"));
    json_decref(answer);
    zip = jmap_download_attachments(t.jmap, t.m.user, account, blob, &error);
    g_assert_no_error(error);
    members = members_of(zip);
    g_assert_cmpstr(members, ==, "a.txt 3\nA (2).txt 5\nש.txt 1\n");
    g_bytes_unref(zip);
    g_assert_null(jmap_download_attachments(t.jmap, t.m.user, account, "b99999", &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    g_clear_error(&error);
    g_assert_null(jmap_download_attachments(t.jmap, t.m.user, account, "b1-2", &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    g_clear_error(&error);
    jmap_fixture_close(&t);
}

static void test_text_view(void)
{
    struct jmap_fixture t;
    json_t *shown;
    int64_t id;

    jmap_fixture_open(&t);
    id = jmap_fixture_put(&t, t.m.inbox, 1, 0, 1000, "From: a@b.example\n\nfirst\n> quoted <b>\n");
    shown = view(&t, id, false);
    g_assert_true(json_is_null(jmap_at(shown, "html")));
    g_assert_nonnull(strstr(jmap_text_at(shown, "text"), "first\n> quoted <b>"));
    json_decref(shown);
    id = jmap_fixture_put_pending(&t, t.m.inbox, 2, 2000, "From: a@b.example\n\nfirst\n");
    shown = view(&t, id, false);
    g_assert_cmpstr(jmap_text_at(shown, "state"), ==, "pending");
    g_assert_true(json_is_null(jmap_at(shown, "text")));
    json_decref(shown);
    jmap_fixture_close(&t);
}

static int64_t shifted_wall(void)
{
    return g_get_real_time() / G_USEC_PER_SEC + 3 * 86400;
}

static void expect_no_image(struct jmap_fixture *t, struct store_principal *who, const char *token)
{
    struct jmap_image image;
    g_autoptr(GError) error = NULL;

    g_assert_false(jmap_image_resolve(t->jmap, who, token, &image, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    jmap_image_clear(&image);
}

static void test_images(void)
{
    struct jmap_fixture t;
    struct store_principal *other;
    struct jmap_image image;
    json_t *shown;
    g_autofree char *dot = NULL, *svg = NULL, *remote = NULL, *forged = NULL;
    static const char *const weird[] = {"", "x", "====", "%s%n", "AAAA", "../../x"};

    jmap_fixture_open(&t);
    other = fixture_user(&t.m.f, "bob@example.org");
    shown = view(&t, jmap_fixture_put(&t, t.m.inbox, 1, 0, 1000, page), true);
    dot = token_after(jmap_text_at(shown, "html"), 0);
    svg = token_after(jmap_text_at(shown, "html"), 1);
    remote = token_after(jmap_text_at(shown, "html"), 2);
    g_assert_true(jmap_image_resolve(t.jmap, t.m.user, dot, &image, NULL));
    g_assert_cmpstr(image.type, ==, "image/png");
    g_assert_cmpuint(g_bytes_get_size(image.bytes), ==, 70);
    g_assert_null(image.remote_url);
    jmap_image_clear(&image);
    g_assert_true(jmap_image_resolve(t.jmap, t.m.user, remote, &image, NULL));
    g_assert_cmpstr(image.remote_url, ==, "https://tracker.example/a.png");
    g_assert_null(image.bytes);
    jmap_image_clear(&image);
    expect_no_image(&t, t.m.user, svg);
    expect_no_image(&t, other, dot);
    expect_no_image(&t, other, remote);
    forged = g_strdup(dot);
    forged[strlen(forged) - 4] ^= 1;
    expect_no_image(&t, t.m.user, forged);
    for (size_t i = 0; i < G_N_ELEMENTS(weird); i++)
        expect_no_image(&t, t.m.user, weird[i]);
    clock_override(NULL, shifted_wall);
    expect_no_image(&t, t.m.user, dot);
    clock_override(NULL, NULL);
    jmap_fixture_share(&t, t.m.user, 0);
    expect_no_image(&t, t.m.user, dot);
    expect_no_image(&t, t.m.user, remote);
    json_decref(shown);
    store_principal_unref(other);
    jmap_fixture_close(&t);
}

static void test_push(void)
{
    static const char *const only_mailbox[] = {"Mailbox", NULL};
    struct jmap_fixture t;
    json_t *change, *answer;
    g_autofree char *account = NULL, *user = NULL, *state = NULL;

    jmap_fixture_open(&t);
    account = g_strdup_printf("changed/a%" G_GINT64_FORMAT, t.m.account);
    user = g_strdup_printf("changed/u%" G_GINT64_FORMAT "/LinkedAccount",
                           store_principal_user(t.m.user));
    state = g_strconcat(account, "/Email", NULL);
    change = jmap_fixture_change(&t, t.m.user, t.m.account,
                                 STORE_EMAIL | STORE_MAILBOX | STORE_LINKED_ACCOUNT, NULL);
    g_assert_cmpstr(jmap_text_at(change, "@type"), ==, "StateChange");
    g_assert_cmpuint(json_object_size(jmap_at(change, account)), ==, 2);
    answer = jmap_fixture_call(&t, "Email/get", "{'ids': []}");
    g_assert_cmpstr(jmap_text_at(change, state), ==, jmap_text_at(answer, "state"));
    json_decref(answer);
    answer = as(&t, t.m.user, "LinkedAccount/get", "{'ids': []}");
    g_assert_cmpstr(jmap_text_at(change, user), ==, jmap_text_at(answer, "state"));
    json_decref(answer);
    json_decref(change);
    change =
        jmap_fixture_change(&t, t.m.user, t.m.account, STORE_EMAIL | STORE_MAILBOX, only_mailbox);
    g_assert_cmpuint(json_object_size(jmap_at(change, account)), ==, 1);
    json_decref(change);
    g_assert_null(jmap_fixture_change(&t, t.m.user, t.m.account, STORE_EMAIL, only_mailbox));
    g_assert_null(jmap_fixture_change(&t, t.m.user, t.m.account, STORE_INTENT, NULL));
    jmap_fixture_close(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/jmap/manage/providers", test_providers);
    g_test_add_func("/jmap/manage/linked-accounts", test_linked_accounts);
    g_test_add_func("/jmap/manage/view", test_view);
    g_test_add_func("/jmap/manage/text-view", test_text_view);
    g_test_add_func("/jmap/manage/plain-view", test_plain_view);
    g_test_add_func("/jmap/manage/invitation", test_invitation);
    g_test_add_func("/jmap/manage/attachments-in-one-file", test_attachments_in_one_file);
    g_test_add_func("/jmap/manage/images", test_images);
    g_test_add_func("/rfc8620/7.1/state-change", test_push);
    return g_test_run();
}
