#include "jmap/jmap.h"

#include "jmap/engine/engine.h"
#include "store/people.h"

void jmap_download_refuse(const GError *failure, GError **error)
{
    if (failure == NULL || error_is(failure, ERROR_NOT_FOUND) || error_is(failure, ERROR_FORBIDDEN))
        error_set(error, ERROR_NOT_FOUND, "no such file");
    else
        g_propagate_error(error, g_error_copy(failure));
}

GBytes *jmap_download(struct jmap *jmap, struct store_principal *principal, const char *account,
                      const char *blob, GError **error)
{
    GError *failure = NULL;
    struct store_access *access = jmap_account_open(jmap, principal, account, STORE_READ, &failure);
    GBytes *bytes = NULL;

    if (access != NULL && store_access_account(access) != 0)
        store_audit_read(access, store_access_account(access));
    if (access != NULL)
        bytes = jmap_blob_load(jmap, access, blob, &failure);
    store_access_free(access);
    if (bytes == NULL)
        jmap_download_refuse(failure, error);
    g_clear_error(&failure);
    return bytes;
}
