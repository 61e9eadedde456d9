/* Signed addresses of images in mails (docs/api.md, EmailView). */
#ifndef POSTROOM_JMAP_IMAGE_H
#define POSTROOM_JMAP_IMAGE_H

#include "jmap/jmap.h"

/* "mail-image/<token>" for an inline part's blob id, or a remote URL; the other is NULL. The
 * address stays the same for a day, so that a browser's cache can serve it. NULL for an address too
 * long to be one. (transfer full) */
char *jmap_image_address(struct jmap *jmap, const struct store_access *access, const char *blob,
                         const char *remote);
/* The type of a raster image by its first bytes; NULL for anything else. */
const char *jmap_image_type(GBytes *bytes);

#endif
