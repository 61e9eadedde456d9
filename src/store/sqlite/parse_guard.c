/* Which messages are being parsed, in a small mapped file: what is still there at the next start
 * was being parsed when the program died (SECURITY.md 9). A mapping survives kill -9 without a
 * write. */
#include "store/sqlite/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS 4096

struct slot {
    int64_t mailbox;
    uint32_t uidvalidity, uid;
    uint32_t deaths; /* of earlier runs */
    uint32_t active; /* so many parse it now */
};

struct parse_guard {
    pthread_mutex_t lock;
    struct slot *slots;
};

struct parse_guard *parse_guard_open(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "parsing", NULL);
    size_t size = SLOTS * sizeof(struct slot);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    void *map = MAP_FAILED;
    /* Reserved, not sparse: a full disk must not kill the program at a write to the mapping. */
    if (fd >= 0 && posix_fallocate(fd, 0, (off_t)size) == 0)
        map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (map == MAP_FAILED) {
        error_set(error, code == ENOSPC ? ERROR_DISK_FULL : ERROR_STORE, "cannot map %s: %s", path,
                  g_strerror(code));
        return NULL;
    }
    struct parse_guard *guard = g_new0(struct parse_guard, 1);
    pthread_mutex_init(&guard->lock, NULL);
    guard->slots = map;
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &guard->slots[i];
        slot->deaths += slot->active != 0;
        slot->active = 0;
    }
    return guard;
}

void parse_guard_close(struct parse_guard *guard)
{
    if (guard == NULL)
        return;
    munmap(guard->slots, SLOTS * sizeof(struct slot));
    pthread_mutex_destroy(&guard->lock);
    g_free(guard);
}

static bool is_free(const struct slot *slot)
{
    return slot->active == 0 && slot->deaths == 0;
}

/* The message's slot, else a free one, else NULL. */
static struct slot *slot_of(struct parse_guard *guard, int64_t mailbox, uint32_t uidvalidity,
                            uint32_t uid)
{
    uint64_t mixed = ((uint64_t)mailbox << 32 ^ uid) * UINT64_C(0x9E3779B97F4A7C15);
    struct slot *unused = NULL;
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &guard->slots[((mixed >> 40) + i) % SLOTS];
        if (!is_free(slot) && slot->mailbox == mailbox && slot->uidvalidity == uidvalidity &&
            slot->uid == uid)
            return slot;
        if (is_free(slot) && unused == NULL)
            unused = slot;
        /* Slots are freed anywhere, so an empty one does not end the search; 64 are enough. */
        if (i >= 64 && unused != NULL)
            break;
    }
    return unused;
}

unsigned store_parse_deaths(struct store *store, int64_t mailbox, uint32_t uidvalidity,
                            uint32_t uid)
{
    struct parse_guard *guard = store->guard;
    pthread_mutex_lock(&guard->lock);
    const struct slot *slot = slot_of(guard, mailbox, uidvalidity, uid);
    unsigned deaths = slot != NULL && !is_free(slot) ? slot->deaths : 0;
    pthread_mutex_unlock(&guard->lock);
    return deaths;
}

unsigned store_parse_begin(struct store *store, int64_t mailbox, uint32_t uidvalidity, uint32_t uid)
{
    struct parse_guard *guard = store->guard;
    unsigned deaths = 0;
    pthread_mutex_lock(&guard->lock);
    struct slot *slot = slot_of(guard, mailbox, uidvalidity, uid);
    if (slot != NULL) {
        deaths = slot->deaths;
        slot->mailbox = mailbox;
        slot->uidvalidity = uidvalidity;
        slot->uid = uid;
        slot->active++;
    }
    pthread_mutex_unlock(&guard->lock);
    return deaths;
}

void store_parse_end(struct store *store, int64_t mailbox, uint32_t uidvalidity, uint32_t uid)
{
    struct parse_guard *guard = store->guard;
    pthread_mutex_lock(&guard->lock);
    struct slot *slot = slot_of(guard, mailbox, uidvalidity, uid);
    if (slot != NULL && slot->active > 0)
        slot->active--;
    if (slot != NULL && slot->active == 0)
        slot->deaths = 0;
    pthread_mutex_unlock(&guard->lock);
}
