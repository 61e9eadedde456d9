#include "sync/estimate.h"

#include "base/clock.h"

#define FOLDERS_MAX 200
/* Of a folder with more, the sizes of so many evenly spread messages stand for all. */
#define SAMPLE 64

struct sizes {
    uint64_t bytes;
    unsigned count;
};

static bool take_size(const struct imap_fetched *fetched, void *arg)
{
    struct sizes *sizes = arg;
    sizes->bytes += fetched->size;
    sizes->count++;
    return true;
}

/* Every so many-th of the UIDs. (transfer full) */
static char *sample_of(const GArray *uids)
{
    guint step = MAX(1, (uids->len + SAMPLE - 1) / SAMPLE);
    g_autoptr(GArray) some = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    size_t used = 0;
    for (guint i = 0; i < uids->len; i += step)
        g_array_append_val(some, g_array_index(uids, uint32_t, i));
    return imap_uid_set((const uint32_t *)(const void *)some->data, some->len, 7000, &used);
}

static bool add_folder(struct imap_client *imap, const char *raw_name, int64_t since,
                       struct estimate *estimate, GError **error)
{
    struct imap_selected selected;
    struct sizes sizes = {0};
    if (!imap_select(imap, raw_name, true, 0, 0, &selected, error))
        return false;
    g_autoptr(GArray) uids =
        since != 0 ? imap_search_since(imap, since, error) : imap_search(imap, "ALL", error);
    if (uids == NULL)
        return false;
    estimate->folders++;
    estimate->messages += uids->len;
    if (uids->len == 0)
        return true;
    g_autofree char *set = sample_of(uids);
    if (!imap_fetch(imap, set, IMAP_FETCH_SIZE, 0, take_size, &sizes, error))
        return false;
    if (sizes.count > 0)
        estimate->bytes += sizes.bytes * uids->len / sizes.count;
    estimate->sampled = estimate->sampled || sizes.count < uids->len;
    return true;
}

/* Where one folder shows all mail, only what that leaves out counts besides. */
static bool counts(const struct imap_mailbox_info *info, bool has_all)
{
    if (!info->selectable || info->non_existent || (info->has_status && info->status.messages == 0))
        return false;
    if (info->role == MAIL_ROLE_FLAGGED || info->role == MAIL_ROLE_IMPORTANT)
        return !has_all;
    return !has_all || info->role == MAIL_ROLE_ALL || info->role == MAIL_ROLE_JUNK ||
           info->role == MAIL_ROLE_TRASH;
}

bool estimate_make(struct imap_client *imap, const GPtrArray *listed, int64_t since,
                   int64_t deadline, struct estimate *estimate, GError **error)
{
    bool has_all = false;
    *estimate = (struct estimate){.complete = true};
    for (guint i = 0; i < listed->len; i++)
        has_all =
            has_all || ((const struct imap_mailbox_info *)listed->pdata[i])->role == MAIL_ROLE_ALL;
    for (guint i = 0; i < listed->len; i++) {
        const struct imap_mailbox_info *info = listed->pdata[i];
        g_autoptr(GError) refused = NULL;
        if (!counts(info, has_all))
            continue;
        if (estimate->folders >= FOLDERS_MAX || clock_now() >= deadline) {
            estimate->complete = false;
            break;
        }
        if (add_folder(imap, info->raw_name, since, estimate, &refused))
            continue;
        estimate->complete = false;
        if (!imap_client_is_usable(imap) || error_scope(refused) == ERROR_SCOPE_SERVER) {
            g_propagate_error(error, g_steal_pointer(&refused));
            return false;
        }
    }
    return true;
}
