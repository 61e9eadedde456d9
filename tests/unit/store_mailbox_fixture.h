/* An account with mailboxes and simple messages, for the tests of the store. */
#ifndef POSTROOM_TESTS_UNIT_STORE_MAILBOX_FIXTURE_H
#define POSTROOM_TESTS_UNIT_STORE_MAILBOX_FIXTURE_H

#include "store_filters.h"
#include "store_fixture.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdlib.h>

#define MAIL_PASSWORD "password of user" /* as fixture_user has it */

struct mail_fixture {
    struct fixture f;
    struct store_principal *user;
    int64_t account;
    int64_t inbox, archive, trash, drafts, sent;
};

static inline int64_t mail_mailbox(struct mail_fixture *m, const char *name, enum mail_role role)
{
    g_autoptr(GError) error = NULL;
    struct store_remote_mailbox mailbox = {.raw_name = g_strdup(name),
                                           .name = g_strdup(name),
                                           .delimiter = '/',
                                           .role = role,
                                           .selectable = true,
                                           .subscribed = true,
                                           .sync = true,
                                           .uidvalidity = 7,
                                           .headers_done = true};
    g_assert_true(store_sync_mailbox_put(m->f.store, m->account, &mailbox, &error));
    g_assert_no_error(error);
    g_free(mailbox.raw_name);
    g_free(mailbox.name);
    return mailbox.id;
}

/* What every fixture begins as is made once a program and copied: most of the time would go into
 * hashing a password, and waiting for the disk. */
static struct mail_fixture mail_template;

static inline void mail_template_remove(void)
{
    fixture_remove_tree(mail_template.f.directory);
    g_clear_pointer(&mail_template.f.directory, g_free);
}

/* The same password, hashed with as little work as can be. */
static inline void mail_template_hash_cheaply(void)
{
    char hash[crypto_pwhash_STRBYTES];
    sqlite3 *db = NULL;
    g_autofree char *path =
        g_build_filename(mail_template.f.directory, "data", "postroom.db", NULL);
    g_assert_cmpint(crypto_pwhash_str(hash, MAIL_PASSWORD, strlen(MAIL_PASSWORD),
                                      crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN),
                    ==, 0);
    g_autofree char *sql = g_strdup_printf("UPDATE user SET password = '%s'", hash);
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
}

static inline void mail_template_make(void)
{
    struct mail_fixture *m = &mail_template;
    fixture_open(&m->f);
    m->user = fixture_user(&m->f, "ann@example.org");
    m->account = fixture_account(&m->f, m->user, "ann@mail.example", "password");
    m->inbox = mail_mailbox(m, "INBOX", MAIL_ROLE_INBOX);
    m->archive = mail_mailbox(m, "Archive", MAIL_ROLE_ARCHIVE);
    m->trash = mail_mailbox(m, "Trash", MAIL_ROLE_TRASH);
    m->drafts = mail_mailbox(m, "Drafts", MAIL_ROLE_DRAFTS);
    m->sent = mail_mailbox(m, "Sent", MAIL_ROLE_SENT);
    g_clear_pointer(&m->user, store_principal_unref);
    fixture_stop(&m->f);
    mail_template_hash_cheaply();
    atexit(mail_template_remove);
}

static inline struct store_principal *mail_sign_in(struct mail_fixture *m)
{
    g_autoptr(GError) error = NULL;
    struct secret *password = secret_new(MAIL_PASSWORD, strlen(MAIL_PASSWORD));
    struct store_principal *user =
        store_sign_in_password(m->f.store, "ann@example.org", password, &error);
    g_assert_no_error(error);
    secret_free(password);
    return user;
}

static inline void mail_open_reading(struct mail_fixture *m,
                                     void (*read_words)(GBytes *raw, struct store_index *index))
{
    g_autoptr(GError) error = NULL;
    if (mail_template.f.directory == NULL)
        mail_template_make();
    *m = mail_template;
    m->f = (struct fixture){.directory = g_dir_make_tmp("postroom-store-XXXXXX", &error),
                            .read_words = read_words};
    g_assert_no_error(error);
    fixture_copy_tree(mail_template.f.directory, m->f.directory);
    fixture_start(&m->f);
    m->user = mail_sign_in(m);
}

static inline void mail_open(struct mail_fixture *m)
{
    mail_open_reading(m, NULL);
}

static inline void mail_close(struct mail_fixture *m)
{
    store_principal_unref(m->user);
    fixture_close(&m->f);
}

static inline struct store_access *mail_access(struct mail_fixture *m, enum store_right right)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = store_authorise(m->f.store, m->user, m->account, right, &error);
    g_assert_no_error(error);
    return access;
}

/* How many emails the filter finds; takes it. */
static inline guint mail_found(struct mail_fixture *m, struct store_filter *filter)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_READ);
    struct store_query query = {.filter = filter, .limit = 1000};
    struct store_query_result result = {0};
    g_assert_true(store_query(access, &query, &result, &error));
    g_assert_no_error(error);
    guint count = result.ids->len;
    store_query_result_clear(&result);
    store_filter_free(filter);
    store_access_free(access);
    return count;
}

/* How many have all of these words, or with prefix words that begin so. */
static inline guint mail_found_words(struct mail_fixture *m, const char *words, bool prefix)
{
    struct store_filter *filter = filter_words(STORE_TEXT, words);
    filter->prefix = prefix;
    return mail_found(m, filter);
}

struct mail_spec {
    int64_t mailbox;
    uint32_t uid;
    const char *id, *parent, *subject, *body;
    uint32_t bits;
    int64_t received_at;
    bool pending;
    const char *keyword;
};

static inline struct mail_summary *mail_summary_of(const struct mail_spec *spec)
{
    struct mail_summary *summary = mail_summary_new();
    const char *subject = spec->subject != NULL ? spec->subject : "subject";
    summary->message_id = g_strdup(spec->id);
    if (spec->parent != NULL) {
        summary->references = g_new0(char *, 2);
        summary->references[0] = g_strdup(spec->parent);
    }
    summary->subject = g_strdup(subject);
    summary->base_subject = g_utf8_casefold(subject, -1);
    mail_addresses_add(&summary->from, "Bea", "bea@example.org");
    mail_addresses_add(&summary->to, NULL, "ann@mail.example");
    summary->sent_at = spec->received_at;
    if (!spec->pending)
        summary->preview = g_strdup(spec->body);
    return summary;
}

static inline void mail_add(struct store_batch *batch, const struct mail_spec *spec)
{
    struct mail_summary *summary = mail_summary_of(spec);
    const char *body = spec->body != NULL ? spec->body : "some words";
    g_autofree char *text =
        g_strdup_printf("Message-ID: <%s>\r\nSubject: %s\r\nX-Test: yes\r\n\r\n%s",
                        spec->id != NULL ? spec->id : "none", summary->subject, body);
    g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));
    struct store_index index = {0};
    fixture_words(raw, &index);
    struct store_batch_message message = {.mailbox = spec->mailbox,
                                          .uidvalidity = 7,
                                          .uid = spec->uid,
                                          .flags = {.bits = spec->bits},
                                          .received_at = spec->received_at,
                                          .size = strlen(text),
                                          .summary = summary,
                                          .raw = spec->pending ? NULL : raw,
                                          .index = spec->pending ? NULL : &index};
    if (spec->keyword != NULL)
        mail_flags_set(&message.flags, spec->keyword, true);
    store_batch_message(batch, &message);
    mail_flags_clear(&message.flags);
    store_index_clear(&index);
    mail_summary_free(summary);
}

static inline struct store_batch_result mail_commit(struct store_batch *batch)
{
    g_autoptr(GError) error = NULL;
    struct store_batch_result result;
    bool ok = store_batch_commit(batch, STORE_LANE_BULK, &result, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    return result;
}

static inline struct store_batch_result mail_put(struct mail_fixture *m,
                                                 const struct mail_spec *spec)
{
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    mail_add(batch, spec);
    struct store_batch_result result = mail_commit(batch);
    store_batch_free(batch);
    return result;
}

static inline void mail_sweep(struct mail_fixture *m)
{
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    store_batch_round(batch);
    store_batch_sweep(batch);
    mail_commit(batch);
    store_batch_free(batch);
}

static inline void mail_vanish(struct mail_fixture *m, int64_t mailbox, uint32_t uid)
{
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    store_batch_vanished(batch, mailbox, uid);
    mail_commit(batch);
    store_batch_free(batch);
}

static inline void mail_flags(struct mail_fixture *m, int64_t mailbox, uint32_t uid, uint32_t bits)
{
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    struct mail_flags flags = {.bits = bits};
    store_batch_flags(batch, mailbox, uid, &flags);
    mail_commit(batch);
    store_batch_free(batch);
}

/* Public ids in a mailbox, newest first; 0: everywhere. */
static inline GArray *mail_ids(struct mail_fixture *m, int64_t mailbox)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_READ);
    struct store_filter *filter = mailbox != 0 ? filter_in(mailbox) : NULL;
    struct store_query query = {.filter = filter, .limit = 1000};
    struct store_query_result result;
    g_assert_true(store_query(access, &query, &result, &error));
    g_assert_no_error(error);
    store_filter_free(filter);
    store_access_free(access);
    return result.ids;
}

static inline int64_t mail_only(struct mail_fixture *m, int64_t mailbox)
{
    g_autoptr(GArray) ids = mail_ids(m, mailbox);
    g_assert_cmpuint(ids->len, ==, 1);
    return g_array_index(ids, int64_t, 0);
}

static inline guint mail_count(struct mail_fixture *m, int64_t mailbox)
{
    g_autoptr(GArray) ids = mail_ids(m, mailbox);
    return ids->len;
}

static inline struct store_email *mail_get(struct mail_fixture *m, int64_t id)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_READ);
    g_autoptr(GPtrArray) emails =
        store_emails(access, &id, 1,
                     STORE_EMAIL_SUMMARY | STORE_EMAIL_FLAGS | STORE_EMAIL_MAILBOXES, NULL, &error);
    g_assert_no_error(error);
    store_access_free(access);
    return emails->len == 1 ? g_ptr_array_steal_index(emails, 0) : NULL;
}

#endif
