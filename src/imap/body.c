#include "imap/body.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX (UINT64_C(150) * 1024 * 1024)
#define SPOOL_OVER (UINT64_C(1024) * 1024)
/* A longer header is cut: what is wanted of it is small. */
#define HEADER_MAX (256 * 1024)
/* Memory grows with what arrives, not with what was announced. */
#define FIRST_ROOM (64 * 1024)

void imap_bodies_init(struct imap_bodies *bodies)
{
    *bodies = (struct imap_bodies){.body_max = BODY_MAX, .spool_over = SPOOL_OVER};
    bodies->header.fd = bodies->body.fd = -1;
}

static void reset(struct imap_body *body)
{
    g_free(body->memory);
    if (body->fd >= 0)
        close(body->fd);
    *body = (struct imap_body){.fd = -1};
}

void imap_bodies_reset(struct imap_bodies *bodies)
{
    reset(&bodies->header);
    reset(&bodies->body);
}

void imap_bodies_clear(struct imap_bodies *bodies)
{
    imap_bodies_reset(bodies);
    g_clear_pointer(&bodies->spool_dir, g_free);
    g_clear_error(&bodies->error);
}

static void fail(struct imap_bodies *bodies, const char *what)
{
    int number = errno;
    if (bodies->error == NULL)
        error_set(&bodies->error,
                  number == ENOSPC || number == EDQUOT ? ERROR_DISK_FULL : ERROR_STORE,
                  "%s in %s: %s", what,
                  bodies->spool_dir != NULL ? bodies->spool_dir : g_get_tmp_dir(),
                  g_strerror(number));
}

static int open_spool(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    g_autofree char *path = g_build_filename(dir, "postroom-XXXXXX", NULL);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

bool imap_bodies_begin(enum imap_section section, uint64_t length, void *arg)
{
    struct imap_bodies *bodies = arg;
    if (!bodies->wanted || section == IMAP_SECTION_OTHER)
        return false;
    struct imap_body *body = section == IMAP_SECTION_BODY ? &bodies->body : &bodies->header;
    reset(body);
    body->keep = HEADER_MAX;
    if (section == IMAP_SECTION_HEADER)
        return true;
    body->too_large = length > bodies->body_max;
    body->keep = (size_t)length;
    if (body->too_large)
        return false;
    if (length > bodies->spool_over) {
        body->fd = open_spool(bodies->spool_dir != NULL ? bodies->spool_dir : g_get_tmp_dir());
        if (body->fd < 0)
            fail(bodies, "cannot make a file");
        return body->fd >= 0;
    }
    body->room = MIN((size_t)length, FIRST_ROOM);
    body->memory = g_malloc(body->room + 1);
    return true;
}

static void write_spool(struct imap_bodies *bodies, struct imap_body *body, const char *bytes,
                        size_t length)
{
    while (length > 0) {
        ssize_t n = write(body->fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fail(bodies, "cannot write");
            close(body->fd);
            body->fd = -1;
            body->keep = 0;
            return;
        }
        body->length += (size_t)n;
        bytes += n;
        length -= (size_t)n;
    }
}

static void add_memory(struct imap_body *body, const char *bytes, size_t length)
{
    if (body->length + length > body->room) {
        body->room = MIN(body->keep, MAX(2 * body->room, body->length + length));
        body->memory = g_realloc(body->memory, body->room + 1);
    }
    memcpy(body->memory + body->length, bytes, length);
    body->length += length;
}

void imap_bodies_data(enum imap_section section, const char *bytes, size_t length, void *arg)
{
    struct imap_bodies *bodies = arg;
    struct imap_body *body = section == IMAP_SECTION_BODY ? &bodies->body : &bodies->header;
    size_t take = body->keep > body->length ? MIN(length, body->keep - body->length) : 0;
    if (take == 0)
        return;
    if (body->fd >= 0)
        write_spool(bodies, body, bytes, take);
    else
        add_memory(body, bytes, take);
}

static GBytes *map_spool(struct imap_bodies *bodies, struct imap_body *body)
{
    g_autoptr(GError) error = NULL;
    GMappedFile *mapped = g_mapped_file_new_from_fd(body->fd, FALSE, &error);
    if (mapped == NULL) {
        fail(bodies, "cannot map a file");
        return NULL;
    }
    GBytes *bytes = g_mapped_file_get_bytes(mapped);
    g_mapped_file_unref(mapped);
    return bytes;
}

GBytes *imap_bodies_take(struct imap_bodies *bodies, struct imap_body *body)
{
    GBytes *bytes = NULL;
    if (body->fd >= 0)
        bytes = map_spool(bodies, body);
    else if (bodies->error == NULL && !body->too_large)
        bytes = g_bytes_new_take(g_steal_pointer(&body->memory), body->length);
    reset(body);
    return bytes;
}
