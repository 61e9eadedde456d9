/* What other parsers and people say the corpus's mails contain, against what mime reads from them.
 * A few keys record another parser's taste; the shares below are what was reached, so that a step
 * back shows. */
#include "corpus.h"
#include "mime/mime.h"
#include "text/text.h"

#include <jansson.h>
#include <string.h>

struct score {
    unsigned right, all;
};

static void note(struct score *score, bool right, const char *name, const char *what,
                 const char *want, const char *got)
{
    score->all++;
    score->right += right ? 1 : 0;
    if (!right && g_getenv("POSTROOM_KEYS") != NULL)
        g_test_message("%s: %s: wanted «%.300s», got «%.300s»", name, what, want, got);
}

static void assert_share(const struct score *score, const char *what, unsigned percent)
{
    g_test_message("%s: %u of %u as the key says", what, score->right, score->all);
    g_assert_cmpuint(score->all, >, 0);
    g_assert_cmpuint(score->right * 100, >=, score->all * percent);
}

typedef void key_function(const char *folder, const char *name, struct score *score);

static void each_file(const char *path, const char *suffix, key_function *check,
                      struct score *score)
{
    const char *corpus = corpus_folder();
    g_autofree char *folder = corpus != NULL ? g_build_filename(corpus, path, NULL) : NULL;
    g_autoptr(GDir) dir = folder != NULL ? g_dir_open(folder, 0, NULL) : NULL;
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(name, suffix))
            check(folder, name, score);
}

static char *text_of(const char *folder, const char *name)
{
    g_autoptr(GBytes) bytes = corpus_file(folder, name);
    return bytes != NULL ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

static char *with_suffix(const char *name, const char *from, const char *to)
{
    g_autofree char *stem = g_strndup(name, strlen(name) - strlen(from));
    return g_strconcat(stem, to, NULL);
}

/* --- structure: stalwart's JSON beside each mail, which follows RFC 8621 */

static const json_t *header_value(const json_t *part, const char *name, const char *kind)
{
    const json_t *found = NULL;
    const json_t *headers = json_object_get(part, "headers");
    for (size_t i = 0; i < json_array_size(headers); i++) {
        const json_t *header = json_array_get(headers, i);
        const json_t *field = json_object_get(header, "name");
        const json_t *value = json_object_get(json_object_get(header, "value"), kind);
        if (json_is_string(field) && strcmp(json_string_value(field), name) == 0 && value != NULL)
            found = value;
    }
    return found;
}

static void check_subject(const json_t *root, const struct mail_summary *summary, const char *name,
                          struct score *score)
{
    const json_t *subject = header_value(root, "subject", "Text");
    if (json_is_string(subject))
        note(score, g_strcmp0(json_string_value(subject), summary->subject) == 0, name, "subject",
             json_string_value(subject), summary->subject);
}

static void check_from(const json_t *root, const struct mail_summary *summary, const char *name,
                       struct score *score)
{
    const json_t *list = json_object_get(header_value(root, "from", "Address"), "List");
    const json_t *address = json_object_get(json_array_get(list, 0), "address");
    const char *got = summary->from.count > 0 ? summary->from.items[0].email : NULL;
    if (json_is_string(address))
        note(score, g_strcmp0(json_string_value(address), got) == 0, name, "from",
             json_string_value(address), got);
}

static void check_count(const json_t *key, const char *list, size_t count, const char *name,
                        struct score *score)
{
    size_t wanted = json_array_size(json_object_get(key, list));
    g_autofree char *want = g_strdup_printf("%zu", wanted);
    g_autofree char *got = g_strdup_printf("%zu", count);
    note(score, wanted == count, name, list, want, got);
}

static void check_structure(const char *folder, const char *name, struct score *score)
{
    g_autofree char *key_name = with_suffix(name, ".eml", ".json");
    g_autofree char *key_path = g_build_filename(folder, key_name, NULL);
    g_autoptr(GBytes) bytes = corpus_file(folder, name);
    json_t *key = json_load_file(key_path, 0, NULL);
    if (key == NULL)
        return;
    struct mime_mail *mail = mime_parse(bytes);
    struct mail_summary *summary = mime_summary(mail);
    const json_t *root = json_array_get(json_object_get(key, "parts"), 0);
    size_t count = 0;
    check_subject(root, summary, name, score);
    check_from(root, summary, name, score);
    mime_text_body(mail, &count);
    check_count(key, "text_body", count, name, score);
    mime_html_body(mail, &count);
    check_count(key, "html_body", count, name, score);
    mime_attachments(mail, &count);
    check_count(key, "attachments", count, name, score);
    mail_summary_free(summary);
    mime_mail_free(mail);
    json_decref(key);
}

static void structures_match(void)
{
    static const char *const folders[] = {"mime/stalwart-mail-parser/rfc",
                                          "mime/stalwart-mail-parser/malformed",
                                          "mime/stalwart-mail-parser/thirdparty"};
    struct score score = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
        each_file(folders[i], ".eml", check_structure, &score);
    if (corpus_folder() != NULL)
        assert_share(&score, "structure", 78);
}

/* --- text in many charsets: mailcore2's plain text of each mail; compared by its words */

static bool has_word(const char *words, const char *word)
{
    g_autofree char *spaced = g_strdup_printf(" %s ", word);
    return strstr(words, spaced) != NULL;
}

static void check_text(const char *folder, const char *name, struct score *score)
{
    g_autofree char *key_name = with_suffix(name, ".eml", ".txt");
    g_autofree char *key = text_of(folder, key_name);
    g_autoptr(GBytes) bytes = corpus_file(folder, name);
    const char *body = key != NULL ? strstr(key, "\n\n") : NULL;
    if (body == NULL)
        return;
    struct mime_mail *mail = mime_parse(bytes);
    char *quoted = NULL;
    g_autofree char *own = mime_plain_text(mail, 0, &quoted);
    g_autofree char *whole = g_strconcat(own, " ", quoted, NULL);
    g_autofree char *words = text_index_words(whole, -1, 0);
    g_autofree char *spaced = g_strconcat(" ", words, " ", NULL);
    g_autofree char *wanted = text_index_words(body, -1, 400);
    g_auto(GStrv) each = g_strsplit(wanted, " ", -1);
    unsigned hits = 0, all = 0;
    for (char **word = each; *word != NULL; word++, all++)
        hits += has_word(spaced, *word) ? 1 : 0;
    note(score, hits * 10 >= all * 9, name, "words", wanted, words);
    g_free(quoted);
    mime_mail_free(mail);
}

static void texts_match(void)
{
    struct score score = {0};
    each_file("charsets/mailcore2-summary", ".eml", check_text, &score);
    if (corpus_folder() != NULL)
        assert_share(&score, "words of the text", 75);
}

/* --- quotations: what people say is the reply, and what the rest */

static char *squeezed(const char *text)
{
    g_autofree char *flat = g_strdup(text);
    g_strdelimit(flat, "\r\n\t", ' ');
    g_auto(GStrv) words = g_strsplit(flat, " ", -1);
    GString *out = g_string_new(NULL);
    for (char **word = words; *word != NULL; word++)
        if (**word != '\0')
            g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", *word);
    return g_string_free(out, FALSE);
}

static void check_quote(const char *folder, const char *name, struct score *score)
{
    g_autofree char *key_path = g_build_filename("..", "trimmed", name, NULL);
    g_autofree char *key = text_of(folder, key_path);
    g_autofree char *body = text_of(folder, name);
    if (key == NULL)
        return;
    g_autofree char *message =
        g_strconcat("Content-Type: text/plain; charset=utf-8\n\n", body, NULL);
    g_autoptr(GBytes) bytes = g_bytes_new_static(message, strlen(message));
    struct mime_mail *mail = mime_parse(bytes);
    char *quoted = NULL;
    g_autofree char *own = mime_plain_text(mail, 0, &quoted);
    g_autofree char *want = squeezed(key);
    g_autofree char *got = squeezed(own);
    note(score, strcmp(want, got) == 0, name, "reply", want, got);
    g_free(quoted);
    mime_mail_free(mail);
}

static void quotations_match(void)
{
    struct score score = {0};
    each_file("reply-quoting/discourse-email_reply_trimmer/emails", ".txt", check_quote, &score);
    if (corpus_folder() != NULL)
        assert_share(&score, "replies without what they quote", 73);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_set_converter(text_to_utf8);
    g_test_add_func("/mime/keys/structure", structures_match);
    g_test_add_func("/mime/keys/text", texts_match);
    g_test_add_func("/mime/keys/quotations", quotations_match);
    return g_test_run();
}
