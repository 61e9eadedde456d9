/* Strict JSON from providers: one depth limit, no duplicate keys, no surprises (SECURITY.md 14). */
#ifndef POSTROOM_OAUTH_JSON_H
#define POSTROOM_OAUTH_JSON_H

#include <jansson.h>
#include <stddef.h>

#define OAUTH_JSON_MAX ((size_t)256 * 1024)

/* An object, or NULL for anything else: broken, deeper than 64, larger than OAUTH_JSON_MAX, with
 * duplicate keys. (transfer full) */
json_t *oauth_json_object(const char *text, size_t length);
/* A member that is a non-empty string without NUL; else NULL. Owned by the object. */
const char *oauth_json_text(const json_t *object, const char *name);
/* Overwrites the characters of a string member, so that a token does not stay in freed memory. */
void oauth_json_wipe(json_t *object, const char *name);

#endif
