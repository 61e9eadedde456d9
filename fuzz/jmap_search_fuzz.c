/* What people may write into the search box: it compiles to a filter that Email/query can read, or
 * the mistake is pointed at within the text. */
#include "fuzz.h"

#include "jmap/email/filter.h"
#include "jmap/search/search.h"

#include <stdlib.h>
#include <string.h>

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_filter(const json_t *filter)
{
    const struct jmap_request request = {.using = JMAP_CORE | JMAP_MAIL | JMAP_MANAGE};
    struct store_filter *read = NULL;
    const char *type = NULL;

    /* Some have more conditions than a filter may; none has a wrong one. */
    if (!jmap_email_filter_read(&request, (json_t *)(uintptr_t)filter, &read, &type))
        check(strcmp(type, "unsupportedFilter") == 0);
    store_filter_free(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store_mailbox inbox = {.id = 1, .name = "INBOX", .role = MAIL_ROLE_INBOX},
                         child = {.id = 2, .parent = 1, .name = "Straße"};
    g_autoptr(GPtrArray) mailboxes = g_ptr_array_new();
    g_autofree char *bytes = g_strndup((const char *)data, size);
    g_autofree char *text = g_utf8_make_valid(bytes, -1);
    struct search_scope scope = {.mailboxes = mailboxes, .zone = "Europe/Kiev", .now = 1795345200};
    struct jmap_search_problem problem;

    g_ptr_array_add(mailboxes, &inbox);
    g_ptr_array_add(mailboxes, &child);
    scope.inside = size % 2 == 0 ? 0 : 1;
    json_t *filter = search_compile(&scope, text, &problem);
    check((filter == NULL) == (problem.code != NULL));
    if (filter != NULL)
        check_filter(filter);
    else
        check(problem.position + problem.length <= (size_t)g_utf8_strlen(text, -1) &&
              problem.advice != NULL);
    json_decref(filter);
    jmap_search_problem_clear(&problem);
    return 0;
}
