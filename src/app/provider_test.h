/* Tests of a provider's settings that the page starts and looks at while they run: no worker of the
 * web server waits for them. Thread-safe. */
#ifndef POSTROOM_APP_PROVIDER_TEST_H
#define POSTROOM_APP_PROVIDER_TEST_H

#include "app/app.h"

#include <jansson.h>

struct provider_tests;
struct provider_tests *provider_tests_new(struct app *app);
/* Cancels those under way and waits for them. NULL is allowed. */
void provider_tests_free(struct provider_tests *tests);
/* Begins one; its number, 0 with ERROR_NOT_FOUND (no such provider) or ERROR_THROTTLED. */
int64_t provider_tests_start(struct provider_tests *tests, const char *provider, GError **error);
/* Array of ProviderTest (docs/api.md), those of the last while. (transfer full) */
json_t *provider_tests_list(struct provider_tests *tests);

#endif
