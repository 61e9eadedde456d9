/* Header properties "header:{name}[:as{form}][:all]" (RFC 8621, 4.1.2 and 4.1.3). */
#ifndef POSTROOM_JMAP_EMAIL_HEADER_H
#define POSTROOM_JMAP_EMAIL_HEADER_H

#include "mime/mime.h"

#include <jansson.h>

enum jmap_form {
    JMAP_FORM_RAW = 1,
    JMAP_FORM_TEXT = 2,
    JMAP_FORM_ADDRESSES = 4,
    JMAP_FORM_GROUPED = 8,
    JMAP_FORM_MESSAGE_IDS = 16,
    JMAP_FORM_DATE = 32,
    JMAP_FORM_URLS = 64,
};

struct jmap_header_property {
    char *property; /* as it was written */
    char *field;
    enum jmap_form form;
    bool all;
};

/* NULL when it is no header property, or in a form that is forbidden for its field. (transfer full)
 */
struct jmap_header_property *jmap_header_property_parse(const char *property);
void jmap_header_property_free(struct jmap_header_property *property);

/* A field that holds addresses and nothing else. */
bool jmap_header_is_addresses(const char *field);

/* A raw value in a form. (transfer full) */
json_t *jmap_header_form(enum jmap_form form, const char *raw);
/* Its value among headers: of the last such field, or an array of all. (transfer full) */
json_t *jmap_header_value(const struct jmap_header_property *property,
                          const struct mime_header *headers, size_t count);
/* EmailHeader[]. (transfer full) */
json_t *jmap_header_list(const struct mime_header *headers, size_t count);
/* Sets all of properties (struct jmap_header_property *), within a budget as jmap_put. */
bool jmap_header_put(json_t *object, const GPtrArray *properties, const struct mime_header *headers,
                     size_t count, size_t *budget);

#endif
