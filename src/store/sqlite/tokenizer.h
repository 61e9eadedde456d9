/* The index's tokenizer: words come broken and folded, so it only splits at spaces. The first word
 * of a text is its scope: it is put before each of the others, and is none itself. */
#ifndef POSTROOM_STORE_SQLITE_TOKENIZER_H
#define POSTROOM_STORE_SQLITE_TOKENIZER_H

#include "base/error.h"

#include <sqlite3.h>

bool tokenizer_register(sqlite3 *handle, GError **error);

#endif
