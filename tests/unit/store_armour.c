/* Base64 that is stored as the bytes it stands for: every message comes back byte for byte, large
 * ones too, and what was damaged is refused. */
#include "store_mailbox_fixture.h"

#include "corpus.h"

#include "store/sqlite/armour.h"

#include <sqlite3.h>
#include <zstd.h>

/* --- segments alone */

static void check_same(const void *one, size_t one_length, const void *other, size_t other_length)
{
    g_assert_cmpuint(one_length, ==, other_length);
    g_assert_cmpint(memcmp(one, other, one_length), ==, 0);
}

/* What is kept of a message; checks that it gives the message back. */
static GByteArray *keep(const void *bytes, size_t length)
{
    static struct armour_cutter cutter;
    struct armour_segment segment;
    struct armour_restored restored;
    GByteArray *kept = g_byte_array_new();
    /* An exact copy, so that a read past the end is seen. */
    g_autofree char *copy = g_memdup2(bytes, length);
    g_autofree char *again = g_malloc(length + 1);
    armour_cutter_init(&cutter, copy, length);
    while (armour_cut(&cutter, &segment)) {
        g_byte_array_append(kept, segment.head, (guint)segment.head_length);
        g_byte_array_append(kept, segment.bytes, (guint)segment.length);
    }
    g_assert_cmpuint(kept->len, <=, armour_bound(length));
    g_assert_true(armour_restore(kept->data, kept->len, again, length, &restored));
    g_assert_cmpuint(restored.used, ==, kept->len);
    check_same(again, restored.written, bytes, length);
    return kept;
}

static size_t kept_length(const GString *message)
{
    GByteArray *kept = keep(message->str, message->len);
    size_t length = kept->len;
    g_byte_array_unref(kept);
    return length;
}

static void random_bytes(GRand *random, void *bytes, size_t length)
{
    uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++)
        at[i] = (uint8_t)g_rand_int(random);
}

/* Lines of base64 of random bytes; the last one without its end. */
static void add_lines(GString *out, GRand *random, size_t length, size_t width, const char *end)
{
    g_autofree guchar *bytes = g_malloc(length + 1);
    random_bytes(random, bytes, length);
    g_autofree char *text = g_base64_encode(bytes, length);
    size_t left = strlen(text);
    for (const char *at = text; left > 0;) {
        size_t line = MIN(width, left);
        g_string_append_len(out, at, (gssize)line);
        at += line;
        left -= line;
        if (left > 0)
            g_string_append(out, end);
    }
}

static void test_takes_lines_of_any_length(void)
{
    GRand *random = g_rand_new_with_seed(1);
    static const size_t widths[] = {16, 60, 64, 72, 76, 192, 1000, 1020};
    static const char *const ends[] = {"\n", "\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(ends); k++) {
            for (size_t length = 20000; length < 20003; length++) {
                g_autoptr(GString) message = g_string_new("Subject: x");
                g_string_append_printf(message, "%s%s", ends[k], ends[k]);
                add_lines(message, random, length, widths[i], ends[k]);
                g_string_append_printf(message, "%s--mark--%s", ends[k], ends[k]);
                g_assert_cmpuint(kept_length(message), <, length + 40);
            }
        }
    }
    g_rand_free(random);
}

static void test_leaves_what_is_not_canonical(void)
{
    static const char *const texts[] = {
        "",
        "\n",
        "\r\n\r\n",
        "=",
        "QUJD",
        "QUJDREVGR0hJSktMTU5PUFFS\nQUJDREVGR0hJSktMTU5PUFFS\nQUJDREVGR0hJSktMTU5PUFFS\n",
        "QUJD\nQUJD\nQUJD\nQUJD\nQUJD\n",
        "QUJDREVGR0hJSktMTU5PUFFS\r\nQUJDREVGR0hJSktMTU5PUFFS\nQUJDREVGR0hJSktMTU5PUFFS\r\n"
        "QUJDREVGR0hJSktMTU5PUFFS\nQUJDREVGR0hJSktMTU5PUFFS\r\nQUJDREVGR0hJSktMTU5PUFFS\n",
        "QUJDREVGR0hJSktMTU5PUFE=\nQUJDREVGR0hJSktMTU5PUFE=\nQUJDREVGR0hJSktMTU5PUFE=\n"
        "QUJDREVGR0hJSktMTU5PUFE=\nQUJDREVGR0hJSktMTU5PUFE=\n",
        "QUJDREVGR0hJSktMTU5PUFFS \nQUJDREVGR0hJSktMTU5PUFFS \nQUJDREVGR0hJSktMTU5PUFFS \n"
        "QUJDREVGR0hJSktMTU5PUFFS \nQUJDREVGR0hJSktMTU5PUFFS \n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GString) message = g_string_new(texts[i]);
        g_assert_cmpuint(kept_length(message), >=, message->len);
    }
}

/* Everything that may stand at the end of a run, where it is decided what is still of it. */
static void test_ends_of_runs(void)
{
    static const char *const lasts[] = {
        "",
        "QUJD",
        "QUI=",
        "QUJ=",
        "QQ==",
        "QR==",
        "Q===",
        "====",
        "QUI",
        "QU",
        "Q",
        "QUJDQQ==QUJD",
        "QUJDREVGR0hJSktMTU5PUFE=",
        "QUJDREVGR0hJSktMTU5PUQ==",
        "QUJD====",
        "QUJDREVGR0hJSktMTU5PUFFS",
        "QUJDREVGR0hJSktMTU5PUFFSQUJD",
        "--mark",
        "QUJD-",
        "QQ==-",
        "QUJD ",
        "\xff\xfe",
    };
    static const char *const ends[] = {"", "\n", "\r\n", "\r", "\r\r\n", "\n\n", "\r\n\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(lasts); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(ends); k++) {
            for (int crlf = 0; crlf < 2; crlf++) {
                g_autoptr(GString) message = g_string_new(NULL);
                for (int line = 0; line < 8; line++)
                    g_string_append_printf(message, "QUJDREVGR0hJSktMTU5PUFFS%s",
                                           crlf ? "\r\n" : "\n");
                g_string_append_printf(message, "%s%s", lasts[i], ends[k]);
                g_assert_cmpuint(kept_length(message), <, message->len);
            }
        }
    }
}

/* Runs and texts of all lengths one after the other, each some bytes damaged. */
static void test_any_mixture(void)
{
    GRand *random = g_rand_new_with_seed(2);
    for (int round = 0; round < 300; round++) {
        g_autoptr(GString) message = g_string_new(NULL);
        int parts = g_rand_int_range(random, 1, 12);
        for (int i = 0; i < parts; i++) {
            static const char *const ends[] = {"\n", "\r\n", "\r"};
            const char *end = ends[g_rand_int_range(random, 0, 3)];
            size_t width = (size_t)g_rand_int_range(random, 1, 30) * 4;
            size_t length = (size_t)g_rand_int_range(random, 0, round % 10 == 0 ? 200000 : 3000);
            add_lines(message, random, length, width, end);
            g_string_append(message, g_rand_boolean(random) ? end : "--mark");
        }
        int damage = g_rand_int_range(random, 0, 20);
        for (int i = 0; i < damage && message->len > 0; i++)
            message->str[g_rand_int_range(random, 0, (gint32)message->len)] =
                "=\r\nQ- \xff"[g_rand_int_range(random, 0, 8)];
        kept_length(message);
    }
    g_rand_free(random);
}

static void test_refuses_what_is_damaged(void)
{
    static const struct {
        const char *kept;
        size_t length;
    } bad[] = {
        {"\x00", 1}, /* nothing */
        {"\x07"
         "x",
         2}, /* a kind that there is not */
        {"\x0d\x00"
         "abc",
         5}, /* lines of no length */
        {"\xff\xff\xff\x7f"
         "abc",
         7},                         /* too much */
        {"\x80\x80\x80\x80\x00", 5}, /* a number that does not end */
        {"\x10"
         "abcd",
         5}, /* more than there is room for */
        {"\x0d\x01"
         "abc",
         5}, /* the same, of a run */
    };
    struct armour_restored restored;
    char room[3];
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(armour_restore(bad[i].kept, bad[i].length, room, sizeof room, &restored));
    /* Whole segments are written, and the rest is asked for again. */
    g_assert_true(armour_restore("\x08"
                                 "ab\x10"
                                 "cd",
                                 6, room, sizeof room, &restored));
    g_assert_cmpuint(restored.used, ==, 3);
    g_assert_cmpuint(restored.written, ==, 2);
}

static void test_corpus(void)
{
    const char *folder = corpus_folder();
    if (folder == NULL)
        return;
    GPtrArray *mails = corpus_mails(folder);
    size_t all = 0, kept_all = 0;
    for (guint i = 0; i < mails->len; i++) {
        const struct corpus_mail *mail = g_ptr_array_index(mails, i);
        gsize length = 0;
        const void *bytes = g_bytes_get_data(mail->bytes, &length);
        GByteArray *kept = keep(bytes, length);
        all += length;
        kept_all += kept->len;
        g_byte_array_unref(kept);
    }
    g_test_message("%u messages: %zu of %zu bytes", mails->len, kept_all, all);
    g_assert_cmpuint(kept_all, <, all);
    g_ptr_array_unref(mails);
}

/* --- in the store */

static void check_blob(struct mail_fixture *m, int64_t blob, const GString *message)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_READ);
    g_autoptr(GBytes) raw = store_blob(access, blob, &error);
    g_assert_no_error(error);
    check_same(g_bytes_get_data(raw, NULL), g_bytes_get_size(raw), message->str, message->len);
    store_access_free(access);
}

static int64_t put_blob(struct mail_fixture *m, const GString *message)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_WRITE);
    g_autoptr(GBytes) bytes = g_bytes_new(message->str, message->len);
    int64_t blob = store_blob_put(access, bytes, "message/rfc822", &error);
    g_assert_no_error(error);
    store_access_free(access);
    return blob;
}

static sqlite3 *open_blobs(struct mail_fixture *m)
{
    sqlite3 *db = NULL;
    g_autofree char *path = g_build_filename(m->f.directory, "data", "blobs.db", NULL);
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    return db;
}

static GBytes *row_of(struct mail_fixture *m, int64_t blob)
{
    sqlite3 *db = open_blobs(m);
    sqlite3_stmt *row = NULL;
    g_assert_cmpint(sqlite3_prepare_v2(db, "SELECT data FROM raw WHERE id = ?", -1, &row, NULL), ==,
                    SQLITE_OK);
    sqlite3_bind_int64(row, 1, blob);
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_ROW);
    GBytes *bytes = g_bytes_new(sqlite3_column_blob(row, 0), (gsize)sqlite3_column_bytes(row, 0));
    sqlite3_finalize(row);
    sqlite3_close(db);
    return bytes;
}

static void set_row(struct mail_fixture *m, int64_t blob, const void *bytes, size_t length)
{
    sqlite3 *db = open_blobs(m);
    sqlite3_stmt *row = NULL;
    g_assert_cmpint(sqlite3_prepare_v2(db, "UPDATE raw SET data = ?2 WHERE id = ?1", -1, &row,
                                       NULL),
                    ==, SQLITE_OK);
    sqlite3_bind_int64(row, 1, blob);
    sqlite3_bind_blob64(row, 2, bytes, length, SQLITE_STATIC);
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_DONE);
    sqlite3_finalize(row);
    sqlite3_close(db);
}

/* In memory, of more than a block, and in a file with pieces. */
static void test_store_gives_back(void)
{
    static const size_t lengths[] = {5000, 300000, 1500000, 7000000};
    GRand *random = g_rand_new_with_seed(3);
    struct mail_fixture m;
    mail_open(&m);
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        for (int many = 0; many < 2; many++) {
            g_autoptr(GString) message = g_string_new("Subject: x\r\n\r\n");
            size_t bytes = 0, each = many ? 4000 : lengths[i];
            for (; bytes < lengths[i]; bytes += each) {
                add_lines(message, random, each, 76, "\r\n");
                g_string_append(message, "\r\n--mark\r\nContent-Type: text/plain\r\n\r\n");
            }
            int64_t blob = put_blob(&m, message);
            check_blob(&m, blob, message);
            g_autoptr(GBytes) row = row_of(&m, blob);
            g_assert_cmpuint(g_bytes_get_size(row), <, bytes + bytes / 100 + 200);
        }
    }
    g_rand_free(random);
    mail_close(&m);
}

/* Base64 hides what repeats in it. */
static void test_store_sees_repetitions(void)
{
    struct mail_fixture m;
    g_autoptr(GString) table = g_string_new(NULL);
    g_autoptr(GString) message = g_string_new("Subject: table\r\n\r\n");
    for (int i = 0; i < 20000; i++)
        g_string_append_printf(table, "%d;%d;%d.50;paid\r\n", i, 20240000 + i % 365, i * 7 % 1000);
    g_autofree char *text = g_base64_encode((const guchar *)table->str, table->len);
    for (const char *at = text; *at != '\0'; at += MIN(strlen(at), 76))
        g_string_append_printf(message, "%.76s\r\n", at);
    g_autofree char *packed = g_malloc(ZSTD_compressBound(message->len));
    size_t before =
        ZSTD_compress(packed, ZSTD_compressBound(message->len), message->str, message->len, 3);
    mail_open(&m);
    int64_t blob = put_blob(&m, message);
    check_blob(&m, blob, message);
    g_autoptr(GBytes) row = row_of(&m, blob);
    g_assert_cmpuint(g_bytes_get_size(row), <, before / 2);
    mail_close(&m);
}

/* A frame alone, as text is stored. */
static void test_store_reads_frames(void)
{
    GRand *random = g_rand_new_with_seed(4);
    struct mail_fixture m;
    mail_open(&m);
    for (size_t length = 1000; length < 20000000; length *= 100) {
        g_autoptr(GString) message = g_string_new("Subject: x\r\n\r\n");
        add_lines(message, random, length, 76, "\r\n");
        size_t bound = ZSTD_compressBound(message->len);
        g_autofree char *frame = g_malloc(bound);
        size_t size = ZSTD_compress(frame, bound, message->str, message->len, 3);
        int64_t blob = put_blob(&m, message);
        set_row(&m, blob, frame, size);
        check_blob(&m, blob, message);
    }
    g_rand_free(random);
    mail_close(&m);
}

static void check_refused(struct mail_fixture *m, int64_t blob)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_READ);
    g_autoptr(GBytes) raw = store_blob(access, blob, &error);
    g_assert_null(raw);
    g_assert_error(error, POSTROOM_ERROR, ERROR_STORE);
    store_access_free(access);
}

static void test_store_refuses_what_is_damaged(void)
{
    GRand *random = g_rand_new_with_seed(5);
    struct mail_fixture m;
    mail_open(&m);
    g_autoptr(GString) message = g_string_new("Subject: x\r\n\r\n");
    add_lines(message, random, 30000, 76, "\r\n");
    int64_t blob = put_blob(&m, message);
    g_autoptr(GBytes) row = row_of(&m, blob);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(row, &length);
    for (size_t cut = 0; cut < length; cut += cut < 64 ? 1 : 997) {
        set_row(&m, blob, bytes, cut);
        check_refused(&m, blob);
    }
    /* The length it says, the frame's head, its content, what follows. */
    for (size_t at = 0; at < length; at += at < 16 ? 1 : 499) {
        g_autofree uint8_t *other = g_memdup2(bytes, length);
        other[at] ^= 0x55;
        set_row(&m, blob, other, length);
        check_refused(&m, blob);
    }
    g_autofree uint8_t *more = g_malloc0(length + 5);
    memcpy(more, bytes, length);
    set_row(&m, blob, more, length + 5);
    check_refused(&m, blob);
    static const uint8_t huge[] = {1, 255, 255, 255, 255, 255, 255, 255, 255, 127};
    set_row(&m, blob, huge, sizeof huge);
    check_refused(&m, blob);
    set_row(&m, blob, bytes, length);
    check_blob(&m, blob, message);
    g_rand_free(random);
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/armour/takes-lines-of-any-length", test_takes_lines_of_any_length);
    g_test_add_func("/store/armour/leaves-what-is-not-canonical",
                    test_leaves_what_is_not_canonical);
    g_test_add_func("/store/armour/ends-of-runs", test_ends_of_runs);
    g_test_add_func("/store/armour/any-mixture", test_any_mixture);
    g_test_add_func("/store/armour/refuses-what-is-damaged", test_refuses_what_is_damaged);
    g_test_add_func("/store/armour/corpus", test_corpus);
    g_test_add_func("/store/armour/store-gives-back", test_store_gives_back);
    g_test_add_func("/store/armour/store-sees-repetitions", test_store_sees_repetitions);
    g_test_add_func("/store/armour/store-reads-frames", test_store_reads_frames);
    g_test_add_func("/store/armour/store-refuses-what-is-damaged",
                    test_store_refuses_what_is_damaged);
    return g_test_run();
}
