#include "corpus.h"

#include <stdbool.h>
#include <string.h>

const char *corpus_folder(void)
{
    const char *folder = g_getenv("POSTROOM_CORPUS");
    g_autofree char *manifest =
        folder != NULL ? g_build_filename(folder, "MANIFEST.tsv", NULL) : NULL;
    if (manifest != NULL && g_file_test(manifest, G_FILE_TEST_EXISTS))
        return folder;
    g_test_skip("no mail corpus: POSTROOM_CORPUS names no folder with a MANIFEST.tsv");
    return NULL;
}

GBytes *corpus_file(const char *folder, const char *path)
{
    g_autofree char *whole = g_build_filename(folder, path, NULL);
    char *bytes = NULL;
    gsize length = 0;
    if (!g_file_get_contents(whole, &bytes, &length, NULL))
        return NULL;
    return g_bytes_new_take(bytes, length);
}

static void mail_free(gpointer data)
{
    struct corpus_mail *mail = data;
    g_free(mail->name);
    g_bytes_unref(mail->bytes);
    g_free(mail);
}

static void add(GPtrArray *mails, char *name, GBytes *bytes)
{
    struct corpus_mail *mail = g_new(struct corpus_mail, 1);
    *mail = (struct corpus_mail){name, bytes};
    g_ptr_array_add(mails, mail);
}

/* Members of an mbox, cut at each "From " that follows an empty line. */
static void add_mbox(GPtrArray *mails, const char *path, GBytes *file)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(file, &size);
    size_t start = 0;
    unsigned number = 0;
    for (size_t at = 0; at < size;) {
        const char *lf = memchr(data + at, '\n', size - at);
        size_t next = lf != NULL ? (size_t)(lf - data) + 1 : size;
        bool blank = data[at] == '\n' || (data[at] == '\r' && next == at + 2);
        bool from = next + 5 < size && memcmp(data + next, "From ", 5) == 0;
        if ((blank && from) || next == size) {
            add(mails, g_strdup_printf("%s#%u", path, ++number),
                g_bytes_new_from_bytes(file, start, next - start));
            start = next;
        }
        at = next;
    }
}

static void add_line(GPtrArray *mails, const char *folder, const char *line)
{
    g_auto(GStrv) fields = g_strsplit(line, "\t", 8);
    if (g_strv_length(fields) < 5 || strcmp(fields[3], "message") != 0)
        return;
    g_autofree char *path = g_build_filename(fields[0], fields[1], fields[2], NULL);
    GBytes *file = corpus_file(folder, path);
    if (file == NULL)
        return;
    gsize size = 0;
    const char *data = g_bytes_get_data(file, &size);
    if (size > 5 && memcmp(data, "From ", 5) == 0) {
        add_mbox(mails, path, file);
        g_bytes_unref(file);
    } else {
        add(mails, g_steal_pointer(&path), file);
    }
}

GPtrArray *corpus_mails(const char *folder)
{
    g_autoptr(GBytes) manifest = corpus_file(folder, "MANIFEST.tsv");
    g_autofree char *text = g_strndup(g_bytes_get_data(manifest, NULL), g_bytes_get_size(manifest));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GPtrArray *mails = g_ptr_array_new_with_free_func(mail_free);
    for (size_t i = 1; lines[i] != NULL; i++)
        add_line(mails, folder, lines[i]);
    return mails;
}
