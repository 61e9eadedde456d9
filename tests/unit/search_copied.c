/* Whatever word a reader copies out of a mail finds that mail: the words of the index, as mail
 * comes in, held against filters, as clients write them. */
#include "corpus.h"
#include "jmap/email/filter.h"
#include "jmap/engine/engine.h"
#include "mime/mime.h"
#include "store/summary_words.h"
#include "sync/sync.h"
#include "text/text.h"

#include <string.h>

#define MAIL_BYTES 1000000
#define SHOWN_BYTES 100000
#define WORD_BYTES 800 /* a copied word has fewer words than a term may have */
#define EVERY 3        /* of the mails */

struct held {
    const char *name;
    struct store_index index;
    GHashTable *tried;
};

static bool finds(const struct store_index *index, const char *text)
{
    const struct jmap_request request = {.using = JMAP_CORE | JMAP_MAIL};
    struct store_filter *filter = NULL;
    const char *error = NULL;
    json_t *json = json_pack("{s:s}", "text", text);
    g_assert_true(jmap_email_filter_read(&request, json, &filter, &error));
    bool found = summary_words_match(index, filter);
    store_filter_free(filter);
    json_decref(json);
    return found;
}

static bool has_words(const char *text)
{
    g_auto(GStrv) words = text_query_words(text);
    return words[0] != NULL;
}

static char *in_quotes(const char *word)
{
    g_auto(GStrv) slashes = g_strsplit(word, "\\", -1);
    g_autofree char *slashed = g_strjoinv("\\\\", slashes);
    g_auto(GStrv) quotes = g_strsplit(slashed, "\"", -1);
    g_autofree char *escaped = g_strjoinv("\\\"", quotes);
    return g_strdup_printf("\"%s\"", escaped);
}

/* Bare, and as a phrase; what begins with a quote is no bare word. */
static void hold(struct held *held, const char *word)
{
    if (strlen(word) > WORD_BYTES || g_hash_table_contains(held->tried, word) || !has_words(word))
        return;
    g_hash_table_add(held->tried, g_strdup(word));
    g_autofree char *phrase = in_quotes(word);
    if ((word[0] != '"' && word[0] != '\'' && !finds(&held->index, word)) ||
        !finds(&held->index, phrase))
        g_error("%s is not found by %s", held->name, word);
}

static void hold_all(struct held *held, const char *text)
{
    g_auto(GStrv) words = g_regex_split_simple("\\s+", text, G_REGEX_OPTIMIZE, 0);
    for (char **word = words; word != NULL && *word != NULL; word++)
        hold(held, *word);
}

static void hold_parts(struct held *held, struct mime_mail *mail, const int *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t index = (size_t)list[i];
        bool page = strcmp(mime_part(mail, index)->type, "text/html") == 0;
        if (!page && strcmp(mime_part(mail, index)->type, "text/plain") != 0)
            continue;
        g_autofree char *text = mime_part_text(mail, index, SHOWN_BYTES, NULL);
        g_autofree char *shown = page ? mime_html_to_text(text, -1, SHOWN_BYTES) : NULL;
        hold_all(held, shown != NULL ? shown : text);
    }
}

static void hold_addresses(struct held *held, const struct mail_addresses *list)
{
    for (size_t i = 0; i < list->count; i++) {
        hold_all(held, list->items[i].name != NULL ? list->items[i].name : "");
        hold_all(held, list->items[i].email != NULL ? list->items[i].email : "");
    }
}

static void hold_mail(const char *name, GBytes *raw)
{
    struct held held = {.name = name,
                        .tried = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    struct mime_mail *mail = mime_parse(raw);
    struct mail_summary *summary = mime_summary(mail);
    size_t texts = 0, pages = 0;
    sync_read_words(raw, &held.index);
    const int *text_list = mime_text_body(mail, &texts), *page_list = mime_html_body(mail, &pages);
    g_autofree char *names = mime_file_names(mail);
    hold_all(&held, summary->subject != NULL ? summary->subject : "");
    hold_addresses(&held, &summary->from);
    hold_addresses(&held, &summary->to);
    hold_addresses(&held, &summary->cc);
    hold_all(&held, names);
    hold_parts(&held, mail, text_list, texts);
    hold_parts(&held, mail, page_list, pages);
    g_hash_table_unref(held.tried);
    store_index_clear(&held.index);
    mail_summary_free(summary);
    mime_mail_free(mail);
}

static void words_of_real_mail_find_it(void)
{
    const char *folder = corpus_folder();
    if (folder == NULL)
        return;
    mime_set_converter(text_to_utf8);
    g_autoptr(GPtrArray) mails = corpus_mails(folder);
    g_assert_cmpuint(mails->len, >, 1000);
    for (guint i = 0; i < mails->len; i += EVERY) {
        const struct corpus_mail *mail = mails->pdata[i];
        if (g_bytes_get_size(mail->bytes) <= MAIL_BYTES)
            hold_mail(mail->name, mail->bytes);
    }
}

/* What such words look like in the languages of the product, and what trips breakers. */
static void words_of_every_kind_find_their_mail(void)
{
    static const char *const bodies[] = {
        "İstanbul'da ISTANBUL ıstanbul istanbul Diyarbakır’a",
        "Straße GROẞE Größe Müller-Lüdenscheidt Grüße",
        "שָׁלוֹם \"שלום\" צה״ל ד״ר ג'ירפה וכו' בית־ספר ב-5 ה\"שלום\"",
        "п'ять п’ять пʼять 'слово' ʼслово` Об’єкт-1",
        "我们在北京大学学习。发票号码：12345678，（金额）￥1,234.56元 iPhone15手机 王小明",
        "繁體中文電子郵件 東京に行きます。レポート_最終版.docx ﾃｽﾄ ファイル・名",
        "L’été d’accord, naïve cœur ¿Dónde? ¡Mañana! façade résumé",
        "تقرير_نهائي.pdf العُنْوان:الاجتماع. غدا،بعد ١٢٣٫٤ "
        "می‌خواهم",
        "한국어 보고서_최종.hwp 제목:회의 이메일을",
        "ภาษาไทย_ทดสอบ.pdf สวัสดีครับ กรุงเทพฯ หน้าๆ हिन्दी_दस्तावेज़",
        "🎉Party🎉 ❤️ 👩🏽‍🚀 🇺🇦 1️⃣ ™ ½ x² H₂O",
        "ann@mail.example <bob.o'neill+tag@mail-2.example> https://host.example:8443/a_b?c=d&e#f",
        "RE-2024/00123 report_final_v2.pdf C++ C# .NET node.js e-mail 1,234.56 -5% don't a&b "
        "v2.0-rc1",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *plain =
            g_strdup_printf("Content-Type: text/plain; charset=utf-8\n\n%s\n", bodies[i]);
        g_autofree char *other =
            g_strdup_printf("Content-Type: multipart/alternative; boundary=b\n\n--b\n\nSee the "
                            "page.\n--b\n"
                            "Content-Type: text/html; charset=utf-8\n\n<p>%s</p>\n--b--\n",
                            bodies[i]);
        g_autoptr(GBytes) first = g_bytes_new_static(plain, strlen(plain));
        g_autoptr(GBytes) second = g_bytes_new_static(other, strlen(other));
        hold_mail(bodies[i], first);
        hold_mail(bodies[i], second);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/search/copied/kinds", words_of_every_kind_find_their_mail);
    g_test_add_func("/search/copied/real-mail", words_of_real_mail_find_it);
    return g_test_run();
}
