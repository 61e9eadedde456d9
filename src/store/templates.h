/* Templates of mail: what they say is JSON to whoever speaks of them (src/jmap/template) and text
 * here; their files are kept with them. */
#ifndef POSTROOM_STORE_TEMPLATES_H
#define POSTROOM_STORE_TEMPLATES_H

#include "store/access.h"

#define STORE_TEMPLATES_MAX 500                              /* of one author */
#define STORE_TEMPLATE_FILES_MAX 20                          /* of one template */
#define STORE_TEMPLATE_BYTES_MAX (INT64_C(25) * 1024 * 1024) /* of all its files */
#define STORE_TEMPLATE_EVERYBODY (-1)

struct store_template_file {
    int64_t blob; /* of no account: store_blob() does not know it */
    char *name, *type;
    uint64_t size;
};
struct store_template {
    int64_t id;
    int64_t audience; /* besides the author: 0: nobody; STORE_TEMPLATE_EVERYBODY; an account: those
                         who see it */
    char *author;     /* their address, or NULL: they are gone */
    bool may_edit;    /* its author, and an administrator */
    char *data;
    GPtrArray *files; /* struct store_template_file */
};
void store_template_free(struct store_template *template);
void store_template_file_free(struct store_template_file *file);

/* All that the handle's person may see, by id; the handle is the unified one. state may be NULL.
 * (transfer full) with free func. */
GPtrArray *store_templates(const struct store_access *access, uint64_t *state, GError **error);
/* The bytes of a file of a template that the person may see. (transfer full); ERROR_NOT_FOUND. */
GBytes *store_template_bytes(const struct store_access *access, int64_t template, int64_t blob,
                             GError **error);

/* A file of a template about to be written: one that it has already (bytes NULL), or a new one.
 * Borrowed. */
struct store_template_part {
    int64_t blob;
    GBytes *bytes;
    const char *name, *type;
};
struct store_template_write {
    int64_t audience;
    const char *data;
    const struct store_template_part *parts;
    size_t count;
};
/* ERROR_TOO_LARGE: STORE_TEMPLATES_MAX, or the files are too large; ERROR_FORBIDDEN: an account
 * that the person may not write in, or another's template. Returns the id, 0 on error. */
int64_t store_template_create(const struct store_access *access,
                              const struct store_template_write *write, GError **error);
/* ERROR_NOT_FOUND besides. */
bool store_template_update(const struct store_access *access, int64_t id,
                           const struct store_template_write *write, GError **error);
bool store_template_destroy(const struct store_access *access, int64_t id, GError **error);

#endif
