/* What is read of each kind of document, and what hostile ones do: nothing. */
#include "documents.h"
#include "extract/extract.h"
#include "mime/readable.h"

#include <string.h>

static char *read_as(const char *kind, GBytes *bytes)
{
    gsize length = 0;
    const char *data = g_bytes_get_data(bytes, &length);
    char *text = extract_text(kind, NULL, data, length, EXTRACT_TEXT_MAX);
    g_assert_true(text == NULL || g_utf8_validate(text, -1, NULL));
    g_bytes_unref(bytes);
    return text;
}

/* The text without spaces at its ends. */
static void assert_text(const char *kind, GBytes *bytes, const char *expected)
{
    g_autofree char *text = read_as(kind, bytes);
    g_assert_nonnull(text);
    g_assert_cmpstr(g_strstrip(text), ==, expected);
}

static void assert_refused(const char *kind, GBytes *bytes)
{
    g_autofree char *text = read_as(kind, bytes);
    g_assert_null(text);
}

static void test_text(void)
{
    const struct {
        const char *charset, *bytes, *expected;
        size_t length;
    } cases[] = {
        {NULL, "Grüße", "Grüße", 7},
        {"us-ascii", "Grüße", "Grüße", 7},
        {"windows-1255", "\xf9\xec\xe5\xed", "שלום", 4},
        {"gb18030", "\xd6\xd0\xce\xc4", "中文", 4},
        {NULL, "\xff\xfeH\0i\0", "Hi", 6},
        {NULL, "\xef\xbb\xbfHi", "Hi", 5},
        {"no-such-charset",
         "na\xefve caf\xe9 cr\xe8me br\xfbl\xe9"
         "e et g\xe2teau",
         "naïve café crème brûlée et gâteau", 33},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = extract_text("text", cases[i].charset, cases[i].bytes,
                                             cases[i].length, EXTRACT_TEXT_MAX);
        g_assert_cmpstr(text, ==, cases[i].expected);
    }
}

static void test_html(void)
{
    const char *page = "<html><style>p{}</style><p title='no'>One <b>two</b> &amp; three</p>";
    assert_text("html", g_bytes_new(page, strlen(page)), "One two & three");
}

static void test_word(void)
{
    assert_text(
        "office",
        document_zip("word/document.xml",
                     "<w:document xmlns:w='urn:w'><w:body><w:p><w:r><w:t>Invoi</w:t></w:r><w:r>"
                     "<w:t>ce &amp; שלום</w:t></w:r></w:p><w:p><w:r><w:delText>gone</w:delText>"
                     "<w:instrText>PAGE</w:instrText><w:t>合同</w:t><w:tab/><w:t>two</w:t></w:r>"
                     "</w:p></w:body></w:document>",
                     "word/footnotes.xml", DOCUMENT_WORD("note"), "docProps/core.xml",
                     "<x><t>metadata</t></x>", NULL),
        "Invoice & שלום\n合同 two\n\nnote");
}

static void test_sheet(void)
{
    assert_text("office",
                document_zip("xl/workbook.xml",
                             "<workbook><sheets><sheet name='Costs'/></sheets></workbook>",
                             "xl/sharedStrings.xml",
                             "<sst><si><t>Rent</t><rPh><t>spoken</t></rPh></si></sst>",
                             "xl/worksheets/sheet1.xml",
                             "<worksheet><row><c t='s'><v>0</v></c><c><v>4711</v></c><c "
                             "t='inlineStr'><is><t>inline</t></is></c><c t='b'><v>1</v></c></row>"
                             "</worksheet>",
                             NULL),
                "Costs\n\nRent\n\n 4711 inline");
}

static void test_slides(void)
{
    assert_text("office",
                document_zip("ppt/slides/slide1.xml",
                             "<p:sld xmlns:p='p' xmlns:a='a'><a:p><a:r><a:t>Welcome</a:t></a:r>"
                             "</a:p></p:sld>",
                             "ppt/notesSlides/notesSlide1.xml",
                             "<p:notes xmlns:p='p' xmlns:a='a'><a:p><a:t>say this</a:t></a:p>"
                             "</p:notes>",
                             NULL),
                "Welcome\n\nsay this");
}

static void test_open_document(void)
{
    assert_text("office",
                document_zip("mimetype", "application/vnd.oasis.opendocument.text", "content.xml",
                             "<o:document xmlns:o='o' xmlns:t='t' xmlns:table='table'><o:body>"
                             "<o:text><t:tracked-changes><t:p>deleted</t:p></t:tracked-changes>"
                             "<t:h>Head</t:h><t:p>One<t:s/>two <t:span>three</t:span></t:p>"
                             "<table:table-row><table:table-cell><t:p>cell</t:p>"
                             "</table:table-cell></table:table-row></o:text></o:body>"
                             "</o:document>",
                             "meta.xml", "<x><p>metadata</p></x>", NULL),
                "Head\nOne two three\ncell");
}

static void test_pdf(void)
{
    static const char *const latin[] = {"The quarterly report on Rech-", "nungen of Nord-",
                                        "Ost and more", NULL};
    static const char *const chinese[] = {"季度财务报", "告已经完成", NULL};
    static const char *const hebrew[] = {"םולש ינועבר חוד", NULL};
    assert_text("pdf", document_pdf(latin),
                "The quarterly report on Rechnungen of Nord-\nOst and more");
    assert_text("pdf", document_pdf(chinese), "季度财务报告已经完成");
    assert_text("pdf", document_pdf(hebrew), "דוח רבעוני שלום");
}

/* As many Chinese programs write them. Skipped where poppler's tables are not installed. */
static void test_pdf_without_font(void)
{
    if (!g_file_test("/usr/share/poppler/cMap", G_FILE_TEST_IS_DIR)) {
        g_test_skip("poppler-data is not installed");
        return;
    }
    assert_text("pdf", document_pdf_page("BT /F2 12 Tf 50 600 Td <4E2D65877B2C4E00> Tj ET", ""),
                "中文第一");
}

static void test_pdf_refused(void)
{
    assert_refused("pdf",
                   document_pdf_page("BT /F1 12 Tf 50 600 Td (secret) Tj ET",
                                     "/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4"
                                     " /O (oooooooooooooooooooooooooooooooo)"
                                     " /U (uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu) >>"));
    assert_refused("pdf", g_bytes_new_static("%PDF-1.4\nnothing more", 21));
}

/* Cut anywhere and with bytes changed: some text, or none. */
static void test_damaged(void)
{
    static const char *const lines[] = {"damaged", "goods", NULL};
    g_autoptr(GBytes) pdf = document_pdf(lines);
    g_autoptr(GBytes) word = document_zip("word/document.xml", DOCUMENT_WORD("damaged"), NULL);
    GBytes *const documents[] = {pdf, word};
    g_autoptr(GRand) dice = g_rand_new_with_seed(4);
    for (int i = 0; i < 2; i++) {
        gsize length = 0;
        const char *data = g_bytes_get_data(documents[i], &length);
        for (gsize cut = 0; cut < length; cut += 7)
            g_free(read_as(i == 0 ? "pdf" : "office", g_bytes_new(data, cut)));
        for (int round = 0; round < 200; round++) {
            char *copy = g_memdup2(data, length);
            for (int k = 0; k < 3; k++)
                copy[g_rand_int_range(dice, 0, (gint32)length)] = (char)g_rand_int(dice);
            g_free(read_as(i == 0 ? "pdf" : "office", g_bytes_new_take(copy, length)));
        }
    }
}

static void test_xml_entities(void)
{
    const char *bomb =
        "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY"
        " c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><d><p><t>&c;</t></p></d>";
    const char *outside =
        "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><d><p><t>&x;</t></p></d>";
    assert_refused("office", document_zip("word/document.xml", bomb, NULL));
    assert_refused("office", document_zip("word/document.xml", outside, NULL));
    assert_text("office",
                document_zip("word/document.xml", bomb, "word/endnotes.xml", DOCUMENT_WORD("kept"),
                             NULL),
                "kept");
}

static void test_xml_depth(void)
{
    GString *deep = g_string_new(NULL);
    for (int i = 0; i < 100000; i++)
        g_string_append(deep, "<p>");
    assert_refused("office", document_zip("word/document.xml", deep->str, NULL));
    g_string_free(deep, TRUE);
}

/* 300 MB of nothing in three files: what is unpacked is bounded, and so is what comes out. */
static void test_zip_bomb(void)
{
    size_t length = (size_t)100 * 1024 * 1024;
    char *nothing = g_malloc(length + 1);
    memset(nothing, ' ', length);
    memcpy(nothing, "<t>", 3);
    nothing[length] = '\0';
    g_autoptr(GBytes) bomb = document_zip("word/document.xml", nothing, "word/footnotes.xml",
                                          nothing, "word/endnotes.xml", nothing, NULL);
    g_free(nothing);
    g_autofree char *text = read_as("office", g_bytes_ref(bomb));
    g_assert_true(text == NULL || strlen(text) <= EXTRACT_TEXT_MAX);
}

static bool read_readable(const struct mime_readable *readable, void *arg)
{
    g_autofree char *text =
        read_as(readable->kind, mime_part_bytes(readable->mail, readable->index, 0));
    unsigned *greetings = arg;
    *greetings += text != NULL && strstr(text, "SwiftMailer") != NULL;
    return true;
}

/* A mail with the same words as docx, odt and PDF, by the programs that people use, and attached to
 * it a mail with the same three. */
static void test_real_documents(void)
{
    const char *corpus = g_getenv("POSTROOM_CORPUS");
    g_autofree char *path = g_build_filename(corpus != NULL ? corpus : "",
                                             "mime/php-mime-mail-parser/issue274.eml", NULL);
    char *bytes = NULL;
    gsize length = 0;
    unsigned greetings = 0;
    if (!g_file_get_contents(path, &bytes, &length, NULL)) {
        g_test_skip("there is no corpus");
        return;
    }
    g_autoptr(GBytes) raw = g_bytes_new_take(bytes, length);
    struct mime_mail *mail = mime_parse(raw);
    mime_each_readable(mail, read_readable, &greetings);
    mime_mail_free(mail);
    g_assert_cmpuint(greetings, ==, 6);
}

static void test_zip_of_anything(void)
{
    assert_refused("office", document_zip("readme.txt", "words", NULL));
    assert_refused("office", g_bytes_new_static("PK\003\004", 4));
    assert_refused("office", g_bytes_new_static("", 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/extract/text/charsets", test_text);
    g_test_add_func("/extract/html", test_html);
    g_test_add_func("/extract/office/word", test_word);
    g_test_add_func("/extract/office/sheet", test_sheet);
    g_test_add_func("/extract/office/slides", test_slides);
    g_test_add_func("/extract/office/open-document", test_open_document);
    g_test_add_func("/extract/pdf/scripts", test_pdf);
    g_test_add_func("/extract/pdf/font-not-in-it", test_pdf_without_font);
    g_test_add_func("/extract/pdf/refused", test_pdf_refused);
    g_test_add_func("/extract/damaged", test_damaged);
    g_test_add_func("/extract/xml/entities", test_xml_entities);
    g_test_add_func("/extract/xml/depth", test_xml_depth);
    g_test_add_func("/extract/real-documents", test_real_documents);
    g_test_add_func("/extract/zip/bomb", test_zip_bomb);
    g_test_add_func("/extract/zip/of-anything", test_zip_of_anything);
    return g_test_run();
}
