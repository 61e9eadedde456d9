/* What a mail server says of its quotas, for the tests of RFC 9425. */
#ifndef POSTROOM_TESTS_UNIT_QUOTA_SAYS_H
#define POSTROOM_TESTS_UNIT_QUOTA_SAYS_H

#include "jmap_fixture.h"

#include "base/clock.h"

#define QUOTA "urn:ietf:params:jmap:quota"
#define KIB UINT64_C(1024)

struct say {
    const char *root;
    enum store_quota_of of;
    uint64_t used, limit;
};

static inline void tell_at(struct jmap_fixture *t, int64_t account, const struct say *list,
                           size_t count, int64_t at)
{
    g_autoptr(GPtrArray) quotas = g_ptr_array_new_with_free_func((GDestroyNotify)store_quota_free);
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < count; i++) {
        struct store_quota *quota = g_new0(struct store_quota, 1);

        *quota = (struct store_quota){.root = g_strdup(list[i].root),
                                      .of = list[i].of,
                                      .used = list[i].used,
                                      .limit = list[i].limit};
        g_ptr_array_add(quotas, quota);
    }
    store_sync_quotas(t->m.f.store, account, quotas, at, &error);
    g_assert_no_error(error);
}

/* The mail server says now that it has these, of { root, of, used, limit }. */
#define TELL(t, ...)                                                                               \
    tell_at((t), (t)->m.account, (const struct say[]){__VA_ARGS__},                                \
            sizeof((const struct say[]){__VA_ARGS__}) / sizeof(struct say), clock_wall())

static inline void tell_two(struct jmap_fixture *t)
{
    TELL(t, {"User quota", STORE_QUOTA_OCTETS, 10 * KIB, 512 * KIB},
         {"User quota", STORE_QUOTA_EMAILS, 42, 1000});
}

#endif
