/* A store in a private directory, for the tests of the store. */
#ifndef POSTROOM_TESTS_UNIT_STORE_FIXTURE_H
#define POSTROOM_TESTS_UNIT_STORE_FIXTURE_H

#include "store/admin.h"
#include "store/sync.h"

#include <glib/gstdio.h>
#include <string.h>

struct fixture {
    char *directory;
    struct keyring *keyring;
    struct store *store;
    int64_t changes_kept;
    void (*read_words)(GBytes *raw, struct store_index *index); /* NULL: fixture_words */
};

/* How the messages of mail_add and of other tests of the store read. */
static inline void fixture_words(GBytes *raw, struct store_index *index)
{
    gsize length = 0;
    const char *bytes = g_bytes_get_data(raw, &length);
    g_autofree char *text = g_strndup(bytes, length);
    char *body = strstr(text, "\r\n\r\n"), *subject = strstr(text, "Subject: ");
    if (body != NULL && subject != NULL) {
        g_autofree char *line = g_strndup(subject + 9, strcspn(subject + 9, "\r"));
        index->subject = g_utf8_casefold(line, -1);
        index->from = g_strdup("bea bea@example.org");
    }
    index->body = g_strdup(body != NULL ? body + 4 : text);
}

static inline void fixture_start(struct fixture *f)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *key = g_build_filename(f->directory, "key", NULL);
    g_autofree char *data = g_build_filename(f->directory, "data", NULL);
    f->keyring = keyring_load(key, true, &error);
    g_assert_no_error(error);
    struct store_config config = {.directory = data,
                                  .keyring = f->keyring,
                                  .changes_kept = f->changes_kept,
                                  .read_words =
                                      f->read_words != NULL ? f->read_words : fixture_words};
    f->store = store_open(&config, &error);
    g_assert_no_error(error);
    g_assert_nonnull(f->store);
}

static inline void fixture_open_reading(struct fixture *f,
                                        void (*read_words)(GBytes *raw, struct store_index *index))
{
    g_autoptr(GError) error = NULL;
    *f = (struct fixture){.directory = g_dir_make_tmp("postroom-store-XXXXXX", &error),
                          .read_words = read_words};
    g_assert_no_error(error);
    fixture_start(f);
}

static inline void fixture_open(struct fixture *f)
{
    fixture_open_reading(f, NULL);
}

static inline void fixture_stop(struct fixture *f)
{
    store_close(f->store);
    keyring_free(f->keyring);
    f->store = NULL;
    f->keyring = NULL;
}

static inline void fixture_reopen(struct fixture *f)
{
    fixture_stop(f);
    fixture_start(f);
}

static inline void fixture_remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    if (dir != NULL) {
        const char *name;
        while ((name = g_dir_read_name(dir)) != NULL) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            fixture_remove_tree(child);
        }
        g_dir_close(dir);
    }
    g_remove(path);
}

static inline void fixture_copy_file(const char *from, const char *to)
{
    gsize length = 0;
    g_autofree char *data = NULL;
    g_assert_true(g_file_get_contents(from, &data, &length, NULL));
    FILE *file = fopen(to, "wb");
    g_assert_nonnull(file);
    g_assert_cmpuint(fwrite(data, 1, length, file), ==, length);
    g_assert_cmpint(fclose(file), ==, 0);
    g_assert_cmpint(g_chmod(to, 0600), ==, 0);
}

/* Into a directory that is there. */
static inline void fixture_copy_tree(const char *from, const char *to)
{
    GDir *dir = g_dir_open(from, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        if (!g_file_test(source, G_FILE_TEST_IS_DIR)) {
            fixture_copy_file(source, target);
            continue;
        }
        g_assert_cmpint(g_mkdir(target, 0700), ==, 0);
        fixture_copy_tree(source, target);
    }
    g_dir_close(dir);
}

static inline void fixture_close(struct fixture *f)
{
    fixture_stop(f);
    fixture_remove_tree(f->directory);
    g_free(f->directory);
}

static inline struct store_principal *fixture_user(struct fixture *f, const char *email)
{
    g_autoptr(GError) error = NULL;
    struct secret *password = secret_new("password of user", 16);
    g_assert_cmpint(store_user_add(f->store, email, password, false, &error), >, 0);
    g_assert_no_error(error);
    struct store_principal *principal = store_sign_in_password(f->store, email, password, &error);
    g_assert_no_error(error);
    secret_free(password);
    return principal;
}

static inline int64_t fixture_link(struct fixture *f, struct store_principal *principal,
                                   const char *address, const char *password, bool *relinked)
{
    g_autoptr(GError) error = NULL;
    struct secret *secret = secret_new(password, strlen(password));
    struct store_link link = {.address = address,
                              .display_name = "A Person",
                              .user = store_principal_user(principal),
                              .imap_host = "imap.example",
                              .imap_port = 993,
                              .imap_security = "tls",
                              .imap_login = address,
                              .smtp_host = "smtp.example",
                              .smtp_port = 587,
                              .smtp_security = "starttls",
                              .smtp_login = address,
                              .password = secret};
    int64_t account = store_link(f->store, &link, relinked, &error);
    g_assert_no_error(error);
    secret_free(secret);
    return account;
}

static inline int64_t fixture_account(struct fixture *f, struct store_principal *principal,
                                      const char *address, const char *password)
{
    bool relinked = true;
    int64_t account = fixture_link(f, principal, address, password, &relinked);
    g_assert_false(relinked);
    return account;
}

#endif
