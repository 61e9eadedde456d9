#include "base/secret.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

struct secret {
    size_t length;
    char bytes[];
};

struct secret *secret_new(const void *bytes, size_t length)
{
    struct secret *secret = g_malloc(sizeof *secret + length + 1);
    secret->length = length;
    if (length > 0)
        memcpy(secret->bytes, bytes, length);
    secret->bytes[length] = '\0';
    return secret;
}

struct secret *secret_copy(const struct secret *secret)
{
    return secret != NULL ? secret_new(secret->bytes, secret->length) : NULL;
}

struct secret *secret_read_file(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        error_set(error, ERROR_INVALID, "%s: %s", path, g_strerror(errno));
        return NULL;
    }
    char buffer[SECRET_FILE_MAX + 1];
    struct secret *secret = NULL;
    ssize_t got = read(fd, buffer, SECRET_FILE_MAX);
    buffer[got > 0 ? got : 0] = '\0';
    size_t length = strcspn(buffer, "\r\n");
    if (got <= 0 || length == 0)
        error_set(error, ERROR_INVALID, "%s: the file is empty; put the secret on its first line",
                  path);
    else
        secret = secret_new(buffer, length);
    sodium_memzero(buffer, sizeof buffer);
    close(fd);
    return secret;
}

void secret_free(struct secret *secret)
{
    if (secret == NULL)
        return;
    sodium_memzero(secret->bytes, secret->length);
    g_free(secret);
}

const char *secret_reveal(const struct secret *secret)
{
    return secret->bytes;
}

size_t secret_length(const struct secret *secret)
{
    return secret->length;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return a->length == b->length && sodium_memcmp(a->bytes, b->bytes, a->length) == 0;
}

void secret_wipe_string(char *string)
{
    if (string == NULL)
        return;
    sodium_memzero(string, strlen(string));
    g_free(string);
}
