#include "app/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int datadir_lock(const char *directory, bool *held, GError **error)
{
    *held = false;
    if (g_mkdir_with_parents(directory, 0700) < 0) {
        error_set(error, ERROR_INVALID, "data directory %s: %s", directory, g_strerror(errno));
        return -1;
    }
    g_autofree char *path = g_build_filename(directory, "lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        error_set(error, ERROR_INVALID, "%s: %s", path, g_strerror(errno));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    *held = errno == EWOULDBLOCK;
    if (!*held)
        error_set(error, ERROR_INVALID, "%s: %s", path, g_strerror(errno));
    close(fd);
    return -1;
}

char *datadir_socket_path(const char *directory, GError **error)
{
    char *path = g_build_filename(directory, "control", NULL);
    if (strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path))
        return path;
    error_set(error, ERROR_INVALID,
              "%s: the path of the data directory is too long for a Unix socket", directory);
    g_free(path);
    return NULL;
}
