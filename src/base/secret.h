/* A password, token or key in memory: wiped on release, never printed. */
#ifndef POSTROOM_BASE_SECRET_H
#define POSTROOM_BASE_SECRET_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define SECRET_FILE_MAX 65536

struct secret;

/* A copy of length bytes, with a NUL behind them. (transfer full) */
struct secret *secret_new(const void *bytes, size_t length);
struct secret *secret_copy(const struct secret *secret);
/* The first line of a file, without its line end; an unreadable or empty file is an error
 * (ERROR_INVALID) that names it. Pipes work too. (transfer full) or NULL. */
struct secret *secret_read_file(const char *path, GError **error);
/* Wipes and frees; NULL is allowed. */
void secret_free(struct secret *secret);

/* NUL-terminated, owned by the secret. The name is long so that a reader notices it. */
const char *secret_reveal(const struct secret *secret);
size_t secret_length(const struct secret *secret);
/* In constant time for equal lengths. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* Wipes a plain string and frees it; NULL is allowed. */
void secret_wipe_string(char *string);

#endif
