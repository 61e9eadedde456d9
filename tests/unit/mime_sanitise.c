#include "corpus.h"
#include "html_check.h"
#include "mime/mime.h"

#include <jansson.h>
#include <string.h>

static char *no_image(const char *cid, const char *remote, void *arg)
{
    g_ptr_array_add(arg, g_strdup(cid != NULL ? cid : remote));
    return cid != NULL ? g_strdup_printf("mail-image/%s", cid) : NULL;
}

static struct mime_sanitised sanitise(const char *html, GPtrArray *asked)
{
    struct mime_sanitise options = {.image_url = no_image, .arg = asked};
    struct mime_sanitised result;
    mime_sanitise(html, -1, &options, &result);
    return result;
}

static void assert_body(const char *html, const char *expected)
{
    g_autofree char *clean = html_check_clean(html);
    g_autofree char *whole = g_strdup_printf("<div class=\"postroom-mail\">%s</div>", expected);
    g_assert_cmpstr(clean, ==, whole);
}

static void harmless_html_stays(void)
{
    assert_body("<p>Hello <b>you</b></p>", "<p>Hello <b>you</b></p>");
    assert_body("<table><tr><td bgcolor=red>x",
                "<table><tbody><tr><td bgcolor=\"red\">x</td></tr></tbody></table>");
    assert_body("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c");
    assert_body("<p dir=rtl>שלום</p>", "<p dir=\"rtl\">שלום</p>");
}

static void script_and_forms_go(void)
{
    assert_body("a<script>alert(1)</script>b", "ab");
    assert_body("<form action=x>a<input value=y><button>c</button></form>", "ac");
    assert_body("<b onclick=alert(1) onmouseover='x'>a</b>", "<b>a</b>");
    assert_body("<base href=//evil/><a href=x>a</a>", "<a>a</a>");
    assert_body("a<svg><script>1</script><text>x</text></svg>b", "ab");
    assert_body("a<svg onload=1>b", "ab");
    assert_body("<object data=x>y</object><iframe src=x>z</iframe>", "");
    assert_body("<meta http-equiv=refresh content='0;url=x'><link rel=stylesheet href=x>a", "a");
}

static void links_are_absolute_and_open_outside(void)
{
    static const char good[] = " target=\"_blank\" rel=\"noopener noreferrer\"";
    g_autofree char *web = g_strdup_printf("<a href=\"https://a.test/b?c=1&amp;d\"%s>x</a>", good);
    assert_body("<a href='https://a.test/b?c=1&d' target=_self>x</a>", web);
    g_autofree char *mail = g_strdup_printf("<a href=\"mailto:a@b.test\"%s>x</a>", good);
    assert_body("<a href=mailto:a@b.test>x</a>", mail);
    static const char *const bad[] = {"javascript:alert(1)",
                                      "JaVa\tScript:alert(1)",
                                      "/oauth/microsoft/start",
                                      "relative",
                                      "#anchor",
                                      "data:text/html,x",
                                      "vbscript:x",
                                      "&#106;avascript:x",
                                      "file:///etc/passwd",
                                      "https:\\\\evil",
                                      "\x01javascript:x",
                                      "blob:https://a/b"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *html = g_strdup_printf("<a href=\"%s\">x</a>", bad[i]);
        assert_body(html, "<a>x</a>");
    }
}

static void remote_images_wait_and_trackers_go(void)
{
    g_autoptr(GPtrArray) asked = g_ptr_array_new_with_free_func(g_free);
    struct mime_sanitised result =
        sanitise("<img src=https://a.test/1.png><img src='//a.test/2.png'>"
                 "<img src=https://t.test/p.gif width=1 height=1>"
                 "<img src=https://t.test/q.gif style='display:none'>"
                 "<td background='https://a.test/3.png'><p "
                 "style='background:url(https://a.test/4.png)'>",
                 asked);
    g_assert_cmpuint(result.blocked_remote, ==, 4);
    g_assert_cmpuint(result.trackers, ==, 2);
    g_assert_cmpuint(asked->len, ==, 0);
    g_assert_null(strstr(result.html, "a.test"));
    g_assert_null(strstr(result.html, "t.test"));
    mime_sanitised_clear(&result);
}

static void assert_tracker(const struct mime_sanitised *result, guint at, const char *host,
                           const char *name, unsigned count)
{
    g_assert_cmpuint(result->tracked->len, >, at);
    const struct mime_tracker *tracker = &g_array_index(result->tracked, struct mime_tracker, at);
    g_assert_cmpstr(tracker->host, ==, host);
    g_assert_cmpstr(tracker->name, ==, name);
    g_assert_cmpuint(tracker->count, ==, count);
}

static void trackers_are_named_by_host(void)
{
    g_autoptr(GPtrArray) asked = g_ptr_array_new_with_free_func(g_free);
    struct mime_sanitised result =
        sanitise("<img src=https://us1.LIST-manage.com/track/open.php?u=1>"
                 "<img src=https://us1.list-manage.com/track/open.php?u=2 width=600 height=90>"
                 "<img src='https://x@own.test:8443/p.gif' width=1 height=1>"
                 "<img src=https://us1.list-manage.com/logo.png>"
                 "<img src=https://notlist-manage.com/track/open.php>"
                 "<img src='https://ct.sendgrid.net/pic.png' width=1 height=1>",
                 asked);
    g_assert_cmpuint(result.trackers, ==, 4);
    g_assert_cmpuint(result.blocked_remote, ==, 2);
    assert_tracker(&result, 0, "us1.list-manage.com", "Mailchimp", 2);
    assert_tracker(&result, 1, "own.test", NULL, 1);
    assert_tracker(&result, 2, "ct.sendgrid.net", "SendGrid", 1);
    mime_sanitised_clear(&result);
}

static void hosts_of_trackers_are_bounded(void)
{
    g_autoptr(GPtrArray) asked = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) html = g_string_new(NULL);
    for (int i = 0; i < 500; i++)
        g_string_append_printf(html, "<img src=https://t%d.test/p width=1 height=1>", i);
    struct mime_sanitised result = sanitise(html->str, asked);
    g_assert_cmpuint(result.trackers, ==, 500);
    g_assert_cmpuint(result.tracked->len, ==, MIME_TRACKERS_MAX);
    mime_sanitised_clear(&result);
}

static void inline_images_are_asked_for(void)
{
    g_autoptr(GPtrArray) asked = g_ptr_array_new_with_free_func(g_free);
    struct mime_sanitised result =
        sanitise("<img src='cid:a%40b'><img src=image001.png><img "
                 "src='data:image/svg+xml;base64,AAAA'>"
                 "<img src='data:image/png;base64,AAAA'><img src=/oauth/start>",
                 asked);
    g_assert_cmpuint(asked->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(asked, 0), ==, "a@b");
    g_assert_cmpstr(g_ptr_array_index(asked, 1), ==, "image001.png");
    g_assert_nonnull(strstr(result.html, "src=\"mail-image/a@b\""));
    g_assert_nonnull(strstr(result.html, "src=\"data:image/png;base64,AAAA\""));
    g_assert_null(strstr(result.html, "svg"));
    g_assert_null(strstr(result.html, "oauth"));
    mime_sanitised_clear(&result);
}

static void styles_keep_what_is_known(void)
{
    assert_body("<p style='color:red;position:fixed;top:0;background:url(x) #fff'>x</p>",
                "<p style=\"color:red;background:#fff\">x</p>");
    assert_body("<p style='width:expression(alert(1));color:r\\65 d;-moz-binding:x'>x</p>",
                "<p>x</p>");
    assert_body("<style>@import 'x';p.a,#b{color:red;background:url(//x)} "
                "@font-face{src:url(x)}</style>x",
                "<style>.postroom-mail p.m-a,.postroom-mail #m-b{color:red}\n</style>x");
    assert_body("<style>@media only screen and "
                "(max-width:600px){.w{width:100%!important}}</style>x",
                "<style>@media only screen and (max-width:600px){\n.postroom-mail "
                ".m-w{width:100%!important}\n}\n</style>x");
    assert_body("<style>a[href^='x']{color:red} p:has(b){color:red} b{color:\\0 }</style>x", "x");
    assert_body("<style>p{color:red}</style", "<style>.postroom-mail p{color:red}\n</style>");
}

static void names_cannot_clobber(void)
{
    assert_body("<img id=body name=createElement class='a b'>",
                "<img id=\"m-body\" class=\"m-a m-b\">");
    assert_body("<div id='x y\"'>a</div>", "<div id=\"m-x\">a</div>");
}

static void body_attributes_move_to_the_frame(void)
{
    g_autofree char *clean =
        html_check_clean("<body bgcolor=#eeeeee text=black style='margin:3px'>x");
    g_assert_cmpstr(clean, ==,
                    "<div class=\"postroom-mail\" "
                    "style=\"margin:3px;background-color:#eeeeee;color:black\">x</div>");
}

static void quotes_are_wrapped_once(void)
{
    assert_body("a<blockquote type=cite>b<blockquote>c</blockquote></blockquote>",
                "a<div class=\"postroom-quote\"><blockquote "
                "type=\"cite\">b<blockquote>c</blockquote>"
                "</blockquote></div>");
    assert_body("a<div class=gmail_quote>b<blockquote class=gmail_quote>c</blockquote></div>d",
                "a<div class=\"postroom-quote\"><div class=\"m-gmail_quote\">b"
                "<blockquote class=\"m-gmail_quote\">c</blockquote></div></div>d");
    assert_body("<p>a</p><hr><div id=divRplyFwdMsg>From: x</div><div>old</div>",
                "<p>a</p><hr><div class=\"postroom-quote\"><div id=\"m-divRplyFwdMsg\">From: "
                "x</div>"
                "<div>old</div></div>");
    assert_body("<div class=moz-cite-prefix>On x "
                "wrote:</div><blockquote>q</blockquote><p>below</p>",
                "<div class=\"postroom-quote\"><div class=\"m-moz-cite-prefix\">On x wrote:</div>"
                "<blockquote>q</blockquote></div><p>below</p>");
    assert_body("<p>a</p><div><div style='border:none;border-top:solid #E1E1E1 "
                "1.0pt'><p><b>Von:</b> x</p></div></div><p>old</p>",
                "<p>a</p><div class=\"postroom-quote\"><div><div "
                "style=\"border:none;border-top:solid #E1E1E1 1.0pt\">"
                "<p><b>Von:</b> x</p></div></div><p>old</p></div>");
}

/* Payloads that came alive on the second reading in other sanitisers. */
static const char *const payloads[] = {
    "<math><mtext><table><mglyph><style><!--</style><b title=\"--&gt;&lt;img onerror=1&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<p id=\"</title><img src=x onerror=alert(1)>\">",
    "<listing>&lt;img onerror=alert(1) src=x&gt;</listing>",
    "<table><a href=x><table><a href=y>z",
    "<a><b><a><p><b><i></a></b>x<table><b><tr><i>y",
    "<p><table><tr><td><p></table></p>x",
    "<style><style></style>&lt;/style&gt;<img src=x onerror=1>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
    "<textarea><img src=x onerror=1></textarea>",
    "<xmp><script>x</script></xmp>",
    "<plaintext><script>x",
    "<!--><img src=x onerror=1>-->",
    "<!--!><img src=x onerror=1>-->",
    "<![CDATA[<img src=x onerror=1>]]>",
    "<img alt=\"`><img src=x onerror=1>\">",
    "<div style=\"font-family:'foo&#92;27;x:expression(alert(1));'\">x</div>",
    "<pre>\n\n\nx</pre>",
    "<li><li><p><li><ul></li><li>x",
    "<td><tr>x",
    "<b><i></b></i>x<u></b>",
    "<nobr><nobr><p><nobr>",
    "<a href='x:y'><a href=\"javas&#x09;cript:alert(1)\">",
    "<ruby><rt><ruby><rp>",
    "<h1><h2>x</h1>",
    "<dd><dt><p><dd>",
    "<table><caption><table><td>",
    "<font><p><font></font><table><font><td>",
    "\xff\xfe<b\x00>x",
    "<b\fonclick=1>",
};

static void mutations_settle(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(payloads); i++)
        html_check_sanitised(payloads[i]);
}

static size_t check_lines(const char *folder, const char *path)
{
    size_t count = 0;
    g_autoptr(GBytes) file = corpus_file(folder, path);
    g_autofree char *text = g_strndup(g_bytes_get_data(file, NULL), g_bytes_get_size(file));
    html_check_sanitised(text);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++, count++)
        html_check_sanitised(*line);
    return count;
}

static void lists_of_vectors_come_out_clean(void)
{
    const char *folder = corpus_folder();
    if (folder == NULL)
        return;
    size_t count = check_lines(folder, "html-safety/payloadbox-xss-list/xss-payload-list.txt");
    count += check_lines(folder, "html-safety/naughty-strings/blns.txt");
    g_assert_cmpuint(count, >, 7000);
}

static void other_sanitisers_vectors_come_out_clean(void)
{
    const char *folder = corpus_folder();
    if (folder == NULL)
        return;
    g_autofree char *path =
        g_build_filename(folder, "html-safety/dompurify-vectors/expect.json", NULL);
    json_t *vectors = json_load_file(path, 0, NULL);
    g_assert_cmpuint(json_array_size(vectors), >, 200);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *payload = json_object_get(json_array_get(vectors, i), "payload");
        html_check_sanitised(json_string_value(payload));
    }
    json_decref(vectors);
}

static void whole_pages_come_out_clean(void)
{
    const char *folder = corpus_folder();
    g_autofree char *path =
        folder != NULL ? g_build_filename(folder, "html-safety/mimekit-html", NULL) : NULL;
    g_autoptr(GDir) dir = path != NULL ? g_dir_open(path, 0, NULL) : NULL;
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autoptr(GBytes) file = corpus_file(path, name);
        g_autofree char *text = g_strndup(g_bytes_get_data(file, NULL), g_bytes_get_size(file));
        html_check_sanitised(text);
    }
}

/* Pieces of markup in random order: what the hand-written list did not think of. */
static const char *const pieces[] = {"<b>",
                                     "</b>",
                                     "<i>",
                                     "</i>",
                                     "<a href=http://x/>",
                                     "</a>",
                                     "<p>",
                                     "</p>",
                                     "<div>",
                                     "</div>",
                                     "<table>",
                                     "</table>",
                                     "<tr>",
                                     "</tr>",
                                     "<td>",
                                     "</td>",
                                     "<th>",
                                     "<tbody>",
                                     "</tbody>",
                                     "<caption>",
                                     "<ul>",
                                     "</ul>",
                                     "<li>",
                                     "</li>",
                                     "<dl>",
                                     "<dt>",
                                     "<dd>",
                                     "<pre>",
                                     "</pre>",
                                     "\n",
                                     "text",
                                     "<br>",
                                     "</br>",
                                     "<hr>",
                                     "<h1>",
                                     "</h2>",
                                     "<font color=red>",
                                     "</font>",
                                     "<blockquote>",
                                     "</blockquote>",
                                     "<style>p{color:red}</style>",
                                     "<svg>",
                                     "</svg>",
                                     "<math>",
                                     "<select>",
                                     "<option>",
                                     "</select>",
                                     "<template>",
                                     "</template>",
                                     "<form>",
                                     "</form>",
                                     "<button>",
                                     "</button>",
                                     "<img src=cid:x>",
                                     "<col>",
                                     "<colgroup>",
                                     "</colgroup>",
                                     "<center>",
                                     "<nobr>",
                                     "<ruby>",
                                     "<rt>",
                                     "<body>",
                                     "</body>",
                                     "<html>",
                                     "<head>",
                                     "</head>",
                                     "<title>",
                                     "</title>",
                                     "<!--",
                                     "-->",
                                     "<textarea>",
                                     "</textarea>",
                                     "<div class=gmail_quote>",
                                     "<div class=moz-cite-prefix>",
                                     "<div id=divRplyFwdMsg>From: x",
                                     "&lt;"};

static void random_soup_settles(void)
{
    for (int round = 0; round < 3000; round++) {
        g_autoptr(GString) soup = g_string_new(NULL);
        int count = g_test_rand_int_range(1, 60);
        for (int i = 0; i < count; i++)
            g_string_append(soup, pieces[g_test_rand_int_range(0, (int)G_N_ELEMENTS(pieces))]);
        html_check_sanitised(soup->str);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mime/sanitise/harmless", harmless_html_stays);
    g_test_add_func("/mime/sanitise/script-and-forms", script_and_forms_go);
    g_test_add_func("/mime/sanitise/links", links_are_absolute_and_open_outside);
    g_test_add_func("/mime/sanitise/remote-images", remote_images_wait_and_trackers_go);
    g_test_add_func("/mime/sanitise/trackers", trackers_are_named_by_host);
    g_test_add_func("/mime/sanitise/trackers-bounded", hosts_of_trackers_are_bounded);
    g_test_add_func("/mime/sanitise/inline-images", inline_images_are_asked_for);
    g_test_add_func("/mime/sanitise/styles", styles_keep_what_is_known);
    g_test_add_func("/mime/sanitise/names", names_cannot_clobber);
    g_test_add_func("/mime/sanitise/body", body_attributes_move_to_the_frame);
    g_test_add_func("/mime/sanitise/quotes", quotes_are_wrapped_once);
    g_test_add_func("/mime/sanitise/mutations", mutations_settle);
    g_test_add_func("/mime/sanitise/vectors", lists_of_vectors_come_out_clean);
    g_test_add_func("/mime/sanitise/dompurify", other_sanitisers_vectors_come_out_clean);
    g_test_add_func("/mime/sanitise/pages", whole_pages_come_out_clean);
    g_test_add_func("/mime/sanitise/soup", random_soup_settles);
    return g_test_run();
}
