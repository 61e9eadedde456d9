/* Mailbox names and UID sets: any bytes are taken, and what is valid comes back as it was. */
#include "fuzz.h"
#include "imap/client.h"
#include "imap/set.h"

#include <stdlib.h>
#include <string.h>

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_name(const char *text)
{
    g_autofree char *decoded = imap_utf7_decode(text);
    check(g_utf8_validate(decoded, -1, NULL));
    g_autofree char *encoded = imap_utf7_encode(text);
    check(g_str_is_ascii(encoded));
    g_autofree char *back = imap_utf7_decode(encoded);
    check(!g_utf8_validate(text, -1, NULL) || strcmp(back, text) == 0);
    imap_role_of_name(text);
    imap_is_non_mail_name(text);
}

static void check_set(const char *text)
{
    g_autoptr(GArray) ranges = imap_set_ranges(text);
    g_autoptr(GArray) uids = imap_set_expand(text, 4096);
    if (uids == NULL)
        return;
    check(imap_set_is_valid(text) && uids->len <= 4096);
    for (guint i = 0; i < uids->len; i++)
        check(imap_ranges_have(ranges, g_array_index(uids, uint32_t, i)));
    size_t used = 0;
    g_autofree char *again =
        imap_uid_set((const uint32_t *)(const void *)uids->data, uids->len, SIZE_MAX, &used);
    check(used == uids->len && (used == 0 || imap_set_is_valid(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    check_name(text);
    check_set(text);
    return 0;
}
