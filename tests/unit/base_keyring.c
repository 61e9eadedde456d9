#include "base/keyring.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static char *new_path(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("postroom-test-XXXXXX", &error);
    g_assert_no_error(error);
    return g_build_filename(dir, "deep", "key", NULL);
}

static void remove_path(char *path)
{
    g_autofree char *deep = g_path_get_dirname(path);
    g_autofree char *dir = g_path_get_dirname(deep);
    g_unlink(path);
    g_rmdir(deep);
    g_rmdir(dir);
    g_free(path);
}

static void sealed_values_open_only_for_their_record(void)
{
    char *path = new_path();
    g_autoptr(GError) error = NULL;
    struct keyring *ring = keyring_load(path, true, &error);
    g_assert_no_error(error);
    struct secret *plain = secret_new("letmein", 7);
    g_autoptr(GBytes) sealed = keyring_seal(ring, plain, "credential 1 refresh https://a.example");
    struct secret *opened =
        keyring_open(ring, sealed, "credential 1 refresh https://a.example", &error);
    g_assert_no_error(error);
    g_assert_true(secret_equal(plain, opened));
    g_assert_null(keyring_open(ring, sealed, "credential 2 refresh https://a.example", &error));
    g_assert_true(error_is(error, ERROR_CRYPTO));
    g_assert_null(strstr(error->message, "letmein"));
    secret_free(opened);
    secret_free(plain);
    keyring_free(ring);
    remove_path(path);
}

static void every_changed_byte_is_noticed(void)
{
    char *path = new_path();
    struct keyring *ring = keyring_load(path, true, NULL);
    struct secret *plain = secret_new("x", 1);
    g_autoptr(GBytes) sealed = keyring_seal(ring, plain, "a");
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(sealed, &size);
    for (gsize i = 0; i < size; i++) {
        guint8 *copy = g_memdup2(data, size);
        copy[i] ^= 1;
        g_autoptr(GBytes) broken = g_bytes_new_take(copy, size);
        g_assert_null(keyring_open(ring, broken, "a", NULL));
    }
    for (gsize i = 0; i < size; i++) {
        g_autoptr(GBytes) cut = g_bytes_new(data, i);
        g_assert_null(keyring_open(ring, cut, "a", NULL));
    }
    secret_free(plain);
    keyring_free(ring);
    remove_path(path);
}

static void after_a_rotation_old_values_still_open(void)
{
    char *path = new_path();
    g_autoptr(GError) error = NULL;
    struct keyring *before = keyring_load(path, true, &error);
    struct secret *plain = secret_new("old", 3);
    g_autoptr(GBytes) sealed = keyring_seal(before, plain, "a");
    uint8_t hash_before[32], hash_after[32];
    keyring_derive(before, "session", hash_before);
    g_assert_true(keyring_rotate(path, &error));
    struct keyring *after = keyring_load(path, false, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(keyring_current(after), ==, keyring_current(before) + 1);
    struct secret *opened = keyring_open(after, sealed, "a", &error);
    g_assert_no_error(error);
    keyring_derive(after, "session", hash_after);
    g_assert_cmpmem(hash_before, 32, hash_after, 32);
    secret_free(opened);
    secret_free(plain);
    keyring_free(before);
    keyring_free(after);
    remove_path(path);
}

static void the_key_file_is_private_or_refused(void)
{
    char *path = new_path();
    g_autoptr(GError) error = NULL;
    keyring_free(keyring_load(path, true, NULL));
    struct stat st;
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    g_assert_cmpint(chmod(path, 0644), ==, 0);
    g_assert_null(keyring_load(path, true, &error));
    g_assert_nonnull(strstr(error->message, "chmod 600"));
    remove_path(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keyring/bound-to-record", sealed_values_open_only_for_their_record);
    g_test_add_func("/keyring/changed-bytes", every_changed_byte_is_noticed);
    g_test_add_func("/keyring/rotation", after_a_rotation_old_values_still_open);
    g_test_add_func("/keyring/private", the_key_file_is_private_or_refused);
    return g_test_run();
}
