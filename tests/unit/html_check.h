/* An independent reading of sanitised HTML: gumbo's tree of it, checked against what must never be
 * there. Aborts the test with the offending piece. */
#ifndef POSTROOM_TEST_HTML_CHECK_H
#define POSTROOM_TEST_HTML_CHECK_H

/* Sanitises html with and without consent and checks both. */
void html_check_sanitised(const char *html);
/* The sanitised form, with images at https://img.test/…; (transfer full) */
char *html_check_clean(const char *html);

#endif
