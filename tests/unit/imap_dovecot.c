/* The IMAP client against a real server. imap_dovecot.mjs starts the server and says in the
 * environment where it is: IMAP_HOST, IMAP_PORT, IMAP_SECURITY (tls, starttls), IMAP_CA,
 * IMAP_LOGIN, IMAP_TOKEN or IMAP_PASSWORD. Without them everything is skipped. */
#include "imap/client.h"
#include "imap/quirks.h"

#include "base/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

static struct imap_client *dial(void)
{
    const char *security = g_getenv("IMAP_SECURITY");
    struct net_dial own = {.host = g_getenv("IMAP_HOST"),
                           .port = (uint16_t)atoi(g_getenv("IMAP_PORT")),
                           .ca_file = g_getenv("IMAP_CA"),
                           .class = NET_OPERATOR,
                           .deadline = clock_in_ms(10000)};
    g_autoptr(GError) error = NULL;
    struct imap_client *client =
        imap_client_open(&own, strcmp(security, "starttls") == 0 ? IMAP_STARTTLS : IMAP_TLS,
                         &error);
    g_assert_no_error(error);
    g_assert_true(conn_is_tls(imap_client_conn(client)));
    return client;
}

static bool sign_in(struct imap_client *client, const char *suffix, GError **error)
{
    bool oauth = g_getenv("IMAP_TOKEN") != NULL;
    g_autofree char *plain =
        g_strconcat(g_getenv(oauth ? "IMAP_TOKEN" : "IMAP_PASSWORD"), suffix, NULL);
    struct secret *secret = secret_new(plain, strlen(plain));
    bool good = oauth ? imap_login_oauth(client, g_getenv("IMAP_LOGIN"), secret, error)
                      : imap_login_password(client, g_getenv("IMAP_LOGIN"), secret, error);
    secret_free(secret);
    return good;
}

static struct imap_client *open_client(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *client = dial();
    sign_in(client, "", &error);
    g_assert_no_error(error);
    imap_id(client, "Postroom", "test", &error);
    g_assert_no_error(error);
    return client;
}

/* NULL, and the test is passed over: the server has none. */
static struct imap_client *open_qresync(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *client = open_client();
    uint32_t enabled = 0;
    imap_enable(client, IMAP_CAP_QRESYNC, &enabled, &error);
    g_assert_no_error(error);
    if (enabled != 0)
        return client;
    g_test_skip("the server has no QRESYNC");
    imap_client_logout(client);
    return NULL;
}

static struct imap_selected select_mailbox(struct imap_client *client, const char *raw_name)
{
    g_autoptr(GError) error = NULL;
    struct imap_selected selected = {0};
    imap_select(client, raw_name, false, 0, 0, &selected, &error);
    g_assert_no_error(error);
    return selected;
}

static void a_wrong_secret_is_refused(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *client = dial();
    g_assert_false(sign_in(client, "x", &error));
    bool oauth = g_getenv("IMAP_TOKEN") != NULL;
    int refused = oauth ? ERROR_LOGIN_REFUSED : ERROR_PASSWORD_REFUSED;
    g_assert_error(error, POSTROOM_ERROR, refused);
    imap_client_free(client);
}

static void the_list_has_an_inbox(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *client = open_client();
    g_autoptr(GPtrArray) infos = imap_list(client, &error);
    g_assert_no_error(error);
    unsigned inboxes = 0;
    for (guint i = 0; i < infos->len; i++)
        inboxes += ((struct imap_mailbox_info *)infos->pdata[i])->role == MAIL_ROLE_INBOX;
    g_assert_cmpuint(inboxes, ==, 1);
    g_assert_cmpuint(infos->len, >, 1);
    imap_client_logout(client);
}

static const struct imap_mailbox_info *info_named(GPtrArray *infos, const char *raw_name)
{
    for (guint i = 0; i < infos->len; i++) {
        const struct imap_mailbox_info *info = infos->pdata[i];
        if (strcmp(info->raw_name, raw_name) == 0)
            return info;
    }
    return NULL;
}

static void statuses_come_with_the_list(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *client = open_client();
    g_autoptr(GPtrArray) infos = imap_list_status(client, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < infos->len; i++) {
        const struct imap_mailbox_info *info = infos->pdata[i];
        g_assert_true(!info->selectable || info->has_status);
    }
    const struct imap_mailbox_info *inbox = info_named(infos, "INBOX");
    g_assert_nonnull(inbox);
    g_autoptr(GArray) all = NULL;
    struct imap_selected selected = select_mailbox(client, "INBOX");
    g_assert_cmpuint(inbox->status.messages, ==, selected.exists);
    g_assert_cmpuint(inbox->status.uidnext, ==, selected.uidnext);
    g_assert_cmpuint(inbox->status.uidvalidity, ==, selected.uidvalidity);
    g_assert_cmpuint(inbox->status.highestmodseq, ==, selected.highestmodseq);
    if (inbox->mailboxid != NULL)
        g_assert_cmpstr(imap_client_mailboxid(client), ==, inbox->mailboxid);
    all = imap_search(client, "ALL", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(all->len, ==, selected.exists);
    imap_client_logout(client);
}

struct sums {
    unsigned count, headers, bodies;
    uint64_t bytes;
    uint32_t last_uid;
    GBytes *body;
    struct mail_flags flags;
};

static bool add_up(const struct imap_fetched *fetched, void *arg)
{
    struct sums *sums = arg;
    sums->count++;
    sums->last_uid = fetched->uid;
    sums->headers += fetched->header != NULL && g_bytes_get_size(fetched->header) > 0;
    mail_flags_copy(&sums->flags, &fetched->flags);
    if (fetched->body == NULL)
        return true;
    sums->bodies++;
    sums->bytes += g_bytes_get_size(fetched->body);
    g_clear_pointer(&sums->body, g_bytes_unref);
    sums->body = g_bytes_ref(fetched->body);
    return true;
}

static struct sums fetch(struct imap_client *client, const char *set, unsigned what)
{
    struct sums sums = {0};
    g_autoptr(GError) error = NULL;
    imap_fetch(client, set, what, 0, add_up, &sums, &error);
    g_assert_no_error(error);
    return sums;
}

static void sums_clear(struct sums *sums)
{
    g_clear_pointer(&sums->body, g_bytes_unref);
    mail_flags_clear(&sums->flags);
}

static void all_messages_come_with_headers_and_bodies(void)
{
    struct imap_client *client = open_client();
    struct imap_selected selected = select_mailbox(client, "INBOX");
    g_assert_cmpuint(selected.exists, >, 0);
    struct sums headers = fetch(client, "1:*", IMAP_FETCH_HEADER | IMAP_FETCH_FLAGS);
    g_assert_cmpuint(headers.headers, ==, selected.exists);
    imap_client_set_limits(client, UINT32_MAX, 2048, g_get_tmp_dir()); /* spool nearly all */
    struct sums bodies = fetch(client, "1:*", IMAP_FETCH_BODY | IMAP_FETCH_FLAGS);
    imap_client_set_limits(client, UINT32_MAX, UINT32_MAX, g_get_tmp_dir());
    struct sums memory = fetch(client, "1:*", IMAP_FETCH_BODY | IMAP_FETCH_FLAGS);
    g_assert_cmpuint(bodies.bodies, ==, selected.exists);
    g_assert_cmpuint(bodies.bytes, ==, memory.bytes);
    g_assert_true(g_bytes_equal(bodies.body, memory.body));
    sums_clear(&headers);
    sums_clear(&bodies);
    sums_clear(&memory);
    imap_client_logout(client);
}

static GBytes *make_message(const char *id)
{
    g_autofree char *text =
        g_strdup_printf("From: a@example.org\r\nSubject: =?UTF-8?Q?gr=C3=BC=C3=9Fe?=\r\n"
                        "Message-ID: <%s>\r\n\r\nOne line {5}\r\n) odd \"line\r\n.\r\n",
                        id);
    return g_bytes_new(text, strlen(text));
}

static uint32_t append(struct imap_client *client, const char *raw_name, const char *id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) message = make_message(id);
    struct mail_flags flags = {MAIL_SEEN, NULL};
    uint32_t uidvalidity = 0, uid = 0;
    imap_append(client, raw_name, &flags, 1700000000, message, &uidvalidity, &uid, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(uid, >, 0);
    return uid;
}

static void what_was_appended_comes_back_byte_for_byte(void)
{
    struct imap_client *client = open_client();
    g_autoptr(GError) error = NULL;
    g_autofree char *unique = g_uuid_string_random(); /* the mailbox outlives this program */
    g_autofree char *id = g_strdup_printf("%s@postroom.test", unique);
    select_mailbox(client, "INBOX");
    uint32_t uid = append(client, "INBOX", id);
    g_autofree char *set = g_strdup_printf("%u", uid);
    struct sums sums = fetch(client, set, IMAP_FETCH_BODY | IMAP_FETCH_FLAGS);
    g_autoptr(GBytes) message = make_message(id);
    g_assert_cmpuint(sums.count, ==, 1);
    g_assert_true(g_bytes_equal(sums.body, message));
    g_assert_true(sums.flags.bits & MAIL_SEEN);
    g_autoptr(GArray) found = imap_search_message_id(client, id, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found->len, ==, 1);
    g_assert_cmpuint(g_array_index(found, uint32_t, 0), ==, uid);
    sums_clear(&sums);
    imap_client_logout(client);
}

static void store_and_check(struct imap_client *client, const char *set, bool keywords)
{
    g_autoptr(GError) error = NULL;
    struct mail_flags flags = {0};
    mail_flags_set(&flags, "$flagged", true);
    mail_flags_set(&flags, "project-x", true);
    imap_store(client, set, true, &flags, 0, NULL, &error);
    g_assert_no_error(error);
    struct sums sums = fetch(client, set, IMAP_FETCH_FLAGS);
    g_assert_true(mail_flags_has(&sums.flags, "$flagged"));
    g_assert_cmpint(mail_flags_has(&sums.flags, "project-x"), ==, keywords);
    mail_flags_clear(&flags);
    sums_clear(&sums);
}

/* Moves, or copies and expunges where MOVE is missing; the new UID. */
static uint32_t move_one(struct imap_client *client, const char *set, const char *raw_target)
{
    g_autoptr(GError) error = NULL;
    struct imap_copied copied = {0};
    bool can_move = (imap_client_capabilities(client) & IMAP_CAP_MOVE) != 0;
    if (can_move) {
        imap_move(client, set, raw_target, &copied, &error);
    } else {
        struct mail_flags deleted = {MAIL_DELETED, NULL};
        imap_copy(client, set, raw_target, &copied, &error);
        g_assert_no_error(error);
        imap_store(client, set, true, &deleted, 0, NULL, &error);
        g_assert_no_error(error);
        imap_expunge(client, set, &error);
    }
    g_assert_no_error(error);
    g_assert_nonnull(copied.target);
    g_assert_cmpuint(copied.target->len, ==, 1);
    uint32_t uid = g_array_index(copied.target, uint32_t, 0);
    imap_copied_clear(&copied);
    return uid;
}

static void flags_moves_and_folders_work(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *client = open_client();
    g_autofree char *raw = imap_client_encode_name(client, "Prüfung & Test");
    imap_create(client, raw, &error);
    g_assert_no_error(error);
    imap_subscribe(client, raw, true, &error);
    g_assert_no_error(error);
    struct imap_selected inbox = select_mailbox(client, "INBOX");
    g_autofree char *set = g_strdup_printf("%u", append(client, "INBOX", "move-1@postroom.test"));
    store_and_check(client, set, inbox.permanent_keywords);
    uint32_t uid = move_one(client, set, raw);
    select_mailbox(client, raw);
    g_autofree char *moved = g_strdup_printf("%u", uid);
    struct sums sums = fetch(client, moved, IMAP_FETCH_FLAGS | IMAP_FETCH_BODY);
    g_assert_cmpuint(sums.count, ==, 1);
    g_assert_true(mail_flags_has(&sums.flags, "$flagged"));
    sums_clear(&sums);
    struct imap_status status = {0};
    imap_unselect(client, &error);
    g_assert_no_error(error);
    imap_status(client, raw, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(status.messages, ==, 1);
    imap_delete(client, raw, &error);
    g_assert_no_error(error);
    struct imap_selected gone;
    g_assert_false(imap_select(client, raw, false, 0, 0, &gone, &error));
    g_assert_error(error, POSTROOM_ERROR, ERROR_MAILBOX_GONE);
    imap_client_logout(client);
}

static void names_cannot_break_out(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *client = open_client();
    g_autoptr(GError) refused = NULL;
    /* A server may refuse such a name, but it must see one name. */
    if (imap_create(client, "q\"b\\c\r\nP99 DELETE INBOX", &refused))
        imap_delete(client, "q\"b\\c\r\nP99 DELETE INBOX", NULL);
    if (imap_client_is_usable(client)) {
        imap_noop(client, &error);
        g_assert_no_error(error);
    }
    imap_client_free(client);
    client = open_client();
    select_mailbox(client, "INBOX");
    imap_client_logout(client);
}

static void note_exists(uint32_t count, void *arg)
{
    *(uint32_t *)arg = count;
}

static void idle_tells_of_new_mail(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *idler = open_client(), *sender = open_client();
    uint32_t exists = 0;
    struct imap_events events = {.exists = note_exists, .arg = &exists};
    struct imap_selected selected = select_mailbox(idler, "INBOX");
    imap_client_set_events(idler, &events);
    imap_idle_begin(idler, &error);
    g_assert_no_error(error);
    append(sender, "INBOX", "idle-1@postroom.test");
    for (int64_t end = clock_in_ms(20000); exists <= selected.exists && clock_now() < end;) {
        struct pollfd fd = {.fd = conn_fd(imap_client_conn(idler)), .events = POLLIN};
        bool news = false;
        if (imap_client_may_park(idler))
            poll(&fd, 1, 1000);
        imap_idle_read(idler, &news, &error);
        g_assert_no_error(error);
    }
    g_assert_cmpuint(exists, >, selected.exists);
    imap_idle_end(idler, &error);
    g_assert_no_error(error);
    g_assert_true(imap_noop(idler, NULL));
    imap_client_logout(idler);
    imap_client_logout(sender);
}

static void qresync_tells_what_happened_meanwhile(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *client = open_qresync();
    if (client == NULL)
        return;
    struct imap_selected first = select_mailbox(client, "INBOX"), again;
    g_assert_cmpuint(first.highestmodseq, >, 0);
    append(client, "INBOX", "qresync@postroom.test");
    struct sums sums = {0};
    imap_fetch(client, "1:*", IMAP_FETCH_FLAGS | IMAP_FETCH_MODSEQ, first.highestmodseq, add_up,
               &sums, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(sums.count, >=, 1);
    sums_clear(&sums);
    imap_select(client, "INBOX", false, first.uidvalidity, first.highestmodseq, &again, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(again.highestmodseq, >, first.highestmodseq);
    imap_client_logout(client);
}

struct heard {
    uint32_t vanished, flagged;
    unsigned statuses, earlier;
    uint32_t uidnext; /* of the mailbox "Notified" */
};

static void hear_vanished(uint32_t first_uid, uint32_t last_uid, bool earlier, void *arg)
{
    struct heard *heard = arg;
    heard->vanished = first_uid == last_uid ? first_uid : 0;
    heard->earlier += earlier;
}

static void hear_flags(const struct imap_fetched *fetched, void *arg)
{
    struct heard *heard = arg;
    heard->flagged = fetched->uid;
}

static void hear_status(const char *raw_name, const struct imap_status *status, bool whole,
                        void *arg)
{
    (void)whole;
    struct heard *heard = arg;
    heard->statuses++;
    if (strcmp(raw_name, "Notified") == 0)
        heard->uidnext = status->uidnext;
}

static void hear_folder(const char *raw_name, bool there, bool subscribed, void *arg)
{
    (void)raw_name, (void)there, (void)subscribed, (void)arg;
}

static void hear_overflow(void *arg)
{
    (void)arg;
    g_assert_not_reached();
}

static void flag_and_remove(const char *flag_set, const char *remove_set)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *other = open_client();
    struct mail_flags flagged = {MAIL_FLAGGED, NULL}, deleted = {MAIL_DELETED, NULL};
    select_mailbox(other, "INBOX");
    imap_store(other, flag_set, true, &flagged, 0, NULL, &error);
    g_assert_no_error(error);
    imap_store(other, remove_set, true, &deleted, 0, NULL, &error);
    g_assert_no_error(error);
    imap_expunge(other, remove_set, &error);
    g_assert_no_error(error);
    imap_client_logout(other);
}

static void qresync_names_what_vanished_and_changed(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *client = open_qresync();
    if (client == NULL)
        return;
    uint32_t kept = append(client, "INBOX", "kept@postroom.test");
    uint32_t gone = append(client, "INBOX", "gone@postroom.test");
    g_autofree char *kept_set = g_strdup_printf("%u", kept);
    g_autofree char *gone_set = g_strdup_printf("%u", gone);
    struct imap_selected before = select_mailbox(client, "INBOX"), after;
    imap_unselect(client, &error);
    g_assert_no_error(error);
    flag_and_remove(kept_set, gone_set);
    struct heard heard = {0};
    struct imap_events events = {.vanished = hear_vanished, .flags = hear_flags, .arg = &heard};
    imap_client_set_events(client, &events);
    imap_select(client, "INBOX", false, before.uidvalidity, before.highestmodseq, &after, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(heard.vanished, ==, gone);
    g_assert_cmpuint(heard.earlier, ==, 1);
    g_assert_cmpuint(heard.flagged, ==, kept);
    g_assert_cmpuint(after.exists, ==, before.exists - 1);
    imap_client_set_events(client, NULL);
    imap_client_logout(client);
}

static void read_until(struct imap_client *client, const uint32_t *uidnext, uint32_t wanted)
{
    g_autoptr(GError) error = NULL;
    for (int64_t end = clock_in_ms(20000); *uidnext < wanted && clock_now() < end;) {
        struct pollfd fd = {.fd = conn_fd(imap_client_conn(client)), .events = POLLIN};
        bool news = false;
        if (imap_client_may_park(client))
            poll(&fd, 1, 1000);
        imap_idle_read(client, &news, &error);
        g_assert_no_error(error);
    }
    g_assert_cmpuint(*uidnext, >=, wanted);
}

static void notify_tells_of_mail_in_other_mailboxes(void)
{
    g_autoptr(GError) error = NULL;
    struct imap_client *client = open_client(), *sender = open_client();
    if ((imap_client_capabilities(client) & IMAP_CAP_NOTIFY) == 0) {
        g_test_skip("the server has no NOTIFY");
        imap_client_logout(client);
        imap_client_logout(sender);
        return;
    }
    imap_create(sender, "Notified", NULL); /* there already when run again */
    struct heard heard = {0};
    struct imap_notices notices = {hear_status, hear_folder, hear_overflow, &heard};
    select_mailbox(client, "INBOX");
    imap_notify(client, &notices, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(heard.statuses, >, 1);
    g_assert_cmpuint(heard.uidnext, >, 0);
    uint32_t uid = append(sender, "Notified", "notify@postroom.test");
    read_until(client, &heard.uidnext, uid + 1);
    imap_client_logout(client);
    imap_client_logout(sender);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (g_getenv("IMAP_HOST") == NULL) {
        g_print("1..0 # SKIP run by imap_dovecot.mjs\n");
        return 0;
    }
    g_test_add_func("/imap/server/wrong-secret", a_wrong_secret_is_refused);
    g_test_add_func("/imap/server/list", the_list_has_an_inbox);
    g_test_add_func("/imap/server/list-status", statuses_come_with_the_list);
    g_test_add_func("/imap/server/fetch", all_messages_come_with_headers_and_bodies);
    g_test_add_func("/imap/server/append", what_was_appended_comes_back_byte_for_byte);
    g_test_add_func("/imap/server/move", flags_moves_and_folders_work);
    g_test_add_func("/imap/server/names", names_cannot_break_out);
    g_test_add_func("/imap/server/idle", idle_tells_of_new_mail);
    g_test_add_func("/imap/server/qresync", qresync_tells_what_happened_meanwhile);
    g_test_add_func("/imap/server/vanished", qresync_names_what_vanished_and_changed);
    g_test_add_func("/imap/server/notify", notify_tells_of_mail_in_other_mailboxes);
    return g_test_run();
}
