/* Which lines are quoted: what mail programs write over an older mail in the six languages, and the
 * corpus's answer keys. */
#include "corpus.h"
#include "mime/mime.h"

#include <string.h>

/* Every program's text: an own line, what announces the quotation, the quotation. */
static const char *const announced[] = {
    "On Mon, 4 May 2020 at 10:11, Ann Lee <ann@lee.test> wrote:\n> old\n",
    "On Mon, 4 May 2020 at 10:11, A Rather Long Name of Somebody\n<ann@lee.test> wrote:\n> old\n",
    "Am Mo., 4. Mai 2020 um 10:11 Uhr schrieb Ann Lee <ann@lee.test>:\n> old\n",
    "Ann Lee <ann@lee.test> schrieb am Mo., 4. Mai 2020 um\n10:11 Uhr:\n> old\n",
    "Ann Lee <ann@lee.test>, 4 May 2020 Pzt, 10:11 tarihinde şunu yazdı:\n> old\n",
    "пн, 4 трав. 2020 р. о 10:11 Ann Lee <ann@lee.test> пише:\n> old\n",
    "пн, 4 трав. 2020 р. о 10:11 Дуже Довге Імʼя Людини\n<ann@lee.test> пише:\n> old\n",
    ("\u202bבתאריך יום ב׳, 4 במאי 2020 ב-10:11 מאת \u202aAnn\u202c\u200f "
     "<\u202aann@lee.test\u202c>:\u202c\n> old\n"),
    "ב-4 במאי 2020, בשעה 10:11, Ann Lee <ann@lee.test> כתב/ה:\n> old\n",
    "Ann Lee <ann@lee.test> 于2020年5月4日周一 上午10:11写道：\n> old\n",
    "Ann Lee <ann@lee.test> 於 2020年5月4日 週一 上午10:11寫道：\n> old\n",
    "-----Original Message-----\nFrom: Ann\nold\n",
    "-----Ursprüngliche Nachricht-----\nVon: Ann\nold\n",
    "-----Orijinal İleti-----\nKimden: Ann\nold\n",
    "-----Оригінальне повідомлення-----\nold\n",
    "-----הודעה מקורית-----\nold\n",
    "------------------ 原始邮件 ------------------\nold\n",
    "From: Ann Lee\nSent: Monday\nTo: Bob\nSubject: x\n\nold\n",
    "Von: Ann Lee\nGesendet: Montag\nAn: Bob\nBetreff: x\n\nold\n",
    "Kimden: Ann Lee\nGönderildi: Pazartesi\nKime: Bob\nKonu: x\n\nold\n",
    "Від: Ann Lee\nНадіслано: понеділок\nКому: Bob\nТема: x\n\nold\n",
    "מאת: Ann Lee\nנשלח: יום שני\nאל: Bob\nנושא: x\n\nold\n",
    "发件人: Ann Lee\n发送时间: 2020年5月4日\n收件人: Bob\n主题: x\n\nold\n",
    "寄件者： Ann Lee\n寄件日期： 2020年5月4日\n收件者： Bob\n主旨： x\n\nold\n",
    "________________________________\nFrom: Ann\nSent: Monday\nTo: Bob\n\nold\n",
};

static void announcements_fold_with_what_they_announce(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(announced); i++) {
        g_autofree char *text = g_strconcat("Thank you, agreed.\n\n", announced[i], NULL);
        g_autoptr(GArray) lines = mime_quoted_lines(text);
        unsigned all = 0;
        for (const char *p = announced[i]; *p != '\0'; p++)
            all += *p == '\n' ? 1 : 0;
        if (lines->len != 1)
            g_test_message("%s: %u quotations", announced[i], lines->len);
        g_assert_cmpuint(lines->len, ==, 1);
        g_assert_cmpuint(g_array_index(lines, struct mime_lines, 0).first, ==, 2);
        g_assert_cmpuint(g_array_index(lines, struct mime_lines, 0).count, ==, all);
    }
}

static void ordinary_text_stays(void)
{
    static const char *const texts[] = {
        "On Monday we meet at 10:\n\n- first\n- second\n",
        "Dear Bob,\n\nAnn wrote: see you at 5\n",
        "From: here to there it is 5 miles.\nSubject: none\n",
        "--- a/file\n+++ b/file\n@@ -1 +1 @@\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "> all of it\n> is a quotation\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\nx\n",
        "",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GArray) lines = mime_quoted_lines(texts[i]);
        g_assert_cmpuint(lines->len, ==, 0);
    }
}

static void answers_between_quotations_stay(void)
{
    g_autoptr(GArray) lines = mime_quoted_lines("Hello\n> one\n> two\nyes\n\n> three\nno\n");
    g_assert_cmpuint(lines->len, ==, 2);
    g_assert_cmpuint(g_array_index(lines, struct mime_lines, 0).first, ==, 1);
    g_assert_cmpuint(g_array_index(lines, struct mime_lines, 0).count, ==, 2);
    g_assert_cmpuint(g_array_index(lines, struct mime_lines, 1).first, ==, 5);
    g_assert_cmpuint(g_array_index(lines, struct mime_lines, 1).count, ==, 1);
}

static char *no_image(const char *cid, const char *remote, void *arg)
{
    (void)cid, (void)remote, (void)arg;
    return NULL;
}

/* What an HTML mail says outside of its quotations. (transfer full) */
static char *own_of_html(const char *html)
{
    const struct mime_sanitise options = {.image_url = no_image};
    struct mime_sanitised clean;
    mime_sanitise(html, -1, &options, &clean);
    const char *quote = strstr(clean.html, "<div class=\"postroom-quote\">");
    g_autofree char *front =
        quote != NULL ? g_strndup(clean.html, (gsize)(quote - clean.html)) : g_strdup(clean.html);
    g_autofree char *style_less = g_strdup(front);
    char *style = strstr(style_less, "<style>"), *end = strstr(style_less, "</style>");
    if (style != NULL && end != NULL)
        memmove(style, end, strlen(end) + 1);
    char *text = mime_html_to_text(style_less, -1, 0);
    mime_sanitised_clear(&clean);
    return g_strstrip(text);
}

static void html_is_folded_by_words_too(void)
{
    static const char *const pages[] = {
        "<p>Own</p><p>-----Original Message-----<br>From: A<br></p><p>old</p>",
        "<div>Own</div><div><b>From:</b> A &lt;a@b.test&gt;<br><b>Sent:</b> Monday<br><b>To:</b> "
        "B<br><b>Subject:</b> x</div><div>old</div>",
        "<p>Own</p><p><b>Von:</b> A<br><b>Gesendet:</b> Montag<br><b>An:</b> B<br></p><p>old</p>",
        "<p>Own</p><p>发件人： A<br>发送时间： 2020<br>收件人： B<br></p><p>old</p>",
        "<p>Own</p><hr><div><p>Від: A<br>Надіслано: 1<br>Кому: B</p>old</div>",
        "<div>Own</div><div>On 4 May 2020, Ann &lt;a@b.test&gt; wrote:</div><br>"
        "<blockquote>old</blockquote>",
        "<div>Own</div><div dir=rtl>בתאריך 4 במאי 2020 מאת Ann &lt;a@b.test&gt;:</div>"
        "<blockquote>old</blockquote>",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_autofree char *own = own_of_html(pages[i]);
        g_assert_cmpstr(own, ==, "Own");
    }
}

/* --- the corpus's keys */

static char *read_text(const char *folder, const char *name)
{
    g_autoptr(GBytes) bytes = corpus_file(folder, name);
    if (bytes == NULL)
        return NULL;
    char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    return g_strdelimit(text, "\r", ' ');
}

static char *squeezed(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \n\t", -1);
    GString *out = g_string_new(NULL);
    for (char **word = words; *word != NULL; word++)
        if (**word != '\0')
            g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", *word);
    return g_string_free(out, FALSE);
}

/* The lines outside of the quotations, without a signature, which the keys take away as well: a
 * reader sees those. */
static char *own_lines(const char *text)
{
    g_autoptr(GArray) quoted = mime_quoted_lines(text);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *own = g_string_new(NULL);
    guint next = 0;
    for (unsigned i = 0; lines[i] != NULL; i++) {
        const struct mime_lines *range =
            next < quoted->len ? &g_array_index(quoted, struct mime_lines, next) : NULL;
        if (range != NULL && i >= range->first + range->count)
            range = ++next < quoted->len ? &g_array_index(quoted, struct mime_lines, next) : NULL;
        if (range != NULL && i >= range->first)
            continue;
        g_autofree char *line = g_strstrip(g_strdup(lines[i]));
        bool sent_from = g_str_has_prefix(line, "Sent from") || g_str_has_prefix(line, "Sendt fra");
        if (strcmp(line, "--") == 0 || sent_from || g_str_has_prefix(line, "ᐧ") ||
            g_str_has_prefix(line, "Envoyé depuis"))
            break;
        g_string_append_printf(own, "%s\n", line);
    }
    return g_string_free(own, FALSE);
}

static void assert_keys(const char *folder, const char *inputs, unsigned percent)
{
    g_autofree char *place = g_build_filename(folder, inputs, NULL);
    g_autoptr(GDir) dir = g_dir_open(place, 0, NULL);
    unsigned right = 0, all = 0;
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *key_name = g_build_filename("..", "trimmed", name, NULL);
        g_autofree char *text = read_text(place, name), *key = read_text(place, key_name);
        if (text == NULL || key == NULL)
            continue;
        g_autofree char *lines = own_lines(text);
        g_autofree char *got = squeezed(lines), *want = squeezed(key);
        all++;
        right += strcmp(got, want) == 0 ? 1 : 0;
        if (strcmp(got, want) != 0)
            g_test_message("%s: wanted «%.200s», got «%.200s»", name, want, got);
    }
    g_test_message("%s: %u of %u as the key says", inputs, right, all);
    g_assert_cmpuint(all, >, 0);
    g_assert_cmpuint(right * 100, >=, all * percent);
}

static void corpus_replies_match(void)
{
    const char *corpus = corpus_folder();
    if (corpus == NULL)
        return;
    g_autofree char *folder =
        g_build_filename(corpus, "reply-quoting/discourse-email_reply_trimmer", NULL);
    assert_keys(folder, "emails", 85);
}

/* The replies of talon's pages all begin so, and all they quote is older. */
static void corpus_pages_match(void)
{
    static const char *const pages[] = {
        "html_replies/gmail.html",           "html_replies/ms_outlook_2003.html",
        "html_replies/ms_outlook_2007.html", "reply-separated-by-hr.html",
        "OLK_SRC_BODY_SECTION.html",
    };
    const char *corpus = corpus_folder();
    unsigned right = 0;
    for (size_t i = 0; corpus != NULL && i < G_N_ELEMENTS(pages); i++) {
        g_autofree char *folder = g_build_filename(corpus, "reply-quoting/mailgun-talon", NULL);
        g_autofree char *html = read_text(folder, pages[i]);
        g_assert_nonnull(html);
        g_autofree char *own = own_of_html(html);
        g_autofree char *got = squeezed(own);
        bool good = strlen(got) > 0 && strlen(got) < 120 && strstr(got, "wrote") == NULL &&
                    strstr(got, "From:") == NULL;
        right += good ? 1 : 0;
        g_test_message("%s: «%.300s»", pages[i], got);
    }
    if (corpus != NULL)
        g_assert_cmpuint(right, ==, G_N_ELEMENTS(pages));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mime/quotes/announced", announcements_fold_with_what_they_announce);
    g_test_add_func("/mime/quotes/ordinary", ordinary_text_stays);
    g_test_add_func("/mime/quotes/between", answers_between_quotations_stay);
    g_test_add_func("/mime/quotes/html", html_is_folded_by_words_too);
    g_test_add_func("/mime/quotes/corpus-replies", corpus_replies_match);
    g_test_add_func("/mime/quotes/corpus-pages", corpus_pages_match);
    return g_test_run();
}
