#include "imap/set.h"

#include "imap/client.h"

#include <string.h>

static bool take_uid(const char **at, uint32_t *uid)
{
    if (**at == '*') {
        (*at)++;
        *uid = UINT32_MAX;
        return true;
    }
    uint64_t value = 0;
    const char *start = *at;
    for (; g_ascii_isdigit(**at) && value <= UINT32_MAX; (*at)++)
        value = value * 10 + (uint64_t)(**at - '0');
    *uid = (uint32_t)value;
    return *at > start && value > 0 && value <= UINT32_MAX;
}

bool imap_set_next(const char **at, struct imap_range *range)
{
    const char *p = *at;
    if (!take_uid(&p, &range->first))
        return false;
    range->last = range->first;
    if (*p == ':') {
        p++;
        if (!take_uid(&p, &range->last))
            return false;
    }
    if (*p == ',' && p[1] != '\0')
        p++;
    else if (*p != '\0')
        return false;
    if (range->first > range->last) {
        uint32_t last = range->first;
        range->first = range->last;
        range->last = last;
    }
    *at = p;
    return true;
}

bool imap_set_is_valid(const char *set)
{
    struct imap_range range;
    const char *at = set;
    while (imap_set_next(&at, &range))
        ;
    return at != set && *at == '\0';
}

static gint compare_ranges(gconstpointer a, gconstpointer b)
{
    const struct imap_range *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

GArray *imap_set_ranges(const char *set)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(struct imap_range));
    struct imap_range range;
    for (const char *at = set; imap_set_next(&at, &range);) {
        if (range.last == UINT32_MAX) /* "7:*" means the last message too, though its UID be 5 */
            range.first = 1;
        g_array_append_val(ranges, range);
    }
    g_array_sort(ranges, compare_ranges);
    for (guint i = 1; i < ranges->len; i++) { /* so that the last one before a UID decides */
        struct imap_range *here = &g_array_index(ranges, struct imap_range, i);
        const struct imap_range *before = here - 1;
        here->last = MAX(here->last, before->last);
    }
    return ranges;
}

bool imap_ranges_have(const GArray *ranges, uint32_t uid)
{
    guint low = 0, high = ranges->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(ranges, struct imap_range, middle).first <= uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && uid <= g_array_index(ranges, struct imap_range, low - 1).last;
}

GArray *imap_set_expand(const char *set, size_t max)
{
    if (!imap_set_is_valid(set))
        return NULL;
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    struct imap_range range;
    for (const char *at = set; imap_set_next(&at, &range);) {
        if ((uint64_t)range.last - range.first >= max - uids->len) {
            g_array_free(uids, TRUE);
            return NULL;
        }
        for (uint32_t uid = range.first;; uid++) {
            g_array_append_val(uids, uid);
            if (uid == range.last)
                break;
        }
    }
    return uids;
}

char *imap_uid_set(const uint32_t *uids, size_t count, size_t max_bytes, size_t *used)
{
    GString *set = g_string_new(NULL);
    size_t i = 0;
    while (i < count) {
        size_t last = i;
        while (last + 1 < count &&
               (uids[last + 1] == uids[last] || uids[last + 1] == uids[last] + 1))
            last++;
        char text[32];
        if (uids[last] == uids[i])
            g_snprintf(text, sizeof text, "%u", uids[i]);
        else
            g_snprintf(text, sizeof text, "%u:%u", uids[i], uids[last]);
        if (set->len > 0 && set->len + 1 + strlen(text) > max_bytes)
            break;
        if (set->len > 0)
            g_string_append_c(set, ',');
        g_string_append(set, text);
        i = last + 1;
    }
    if (used != NULL)
        *used = i;
    return g_string_free(set, FALSE);
}
