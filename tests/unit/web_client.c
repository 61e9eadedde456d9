#include "web_client.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int web_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

void web_send(int fd, const char *text)
{
    for (size_t length = strlen(text); length > 0;) {
        ssize_t n = send(fd, text, length, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

static char *read_text(int fd, const char *until)
{
    GString *all = g_string_new(NULL);
    char buffer[4096];
    ssize_t n;
    while ((until == NULL || strstr(all->str, until) == NULL) &&
           (n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
        g_string_append_len(all, buffer, n);
    return g_string_free(all, FALSE);
}

char *web_read_all(int fd)
{
    char *all = read_text(fd, NULL);
    close(fd);
    return all;
}

char *web_read_until(int fd, const char *text)
{
    return read_text(fd, text);
}

char *web_exchange(uint16_t port, const char *request)
{
    int fd = web_connect(port);
    web_send(fd, request);
    return web_read_all(fd);
}

char *web_get(uint16_t port, const char *path, const char *headers)
{
    g_autofree char *request =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\n\r\n", path, headers);
    return web_exchange(port, request);
}

char *web_post(uint16_t port, const char *path, const char *headers, const char *type,
               const char *body)
{
    g_autofree char *request =
        g_strdup_printf("POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Type: %s\r\n"
                        "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                        path, headers, type, strlen(body), body);
    return web_exchange(port, request);
}

int web_status(const char *answer)
{
    return g_str_has_prefix(answer, "HTTP/1.1 ") ? (int)g_ascii_strtoll(answer + 9, NULL, 10) : 0;
}

char *web_header(const char *answer, const char *name)
{
    g_autofree char *wanted = g_strdup_printf("\r\n%s: ", name);
    const char *body = web_body(answer);
    const char *found = strstr(answer, wanted);
    if (found == NULL || found > body)
        return NULL;
    found += strlen(wanted);
    return g_strndup(found, strcspn(found, "\r"));
}

const char *web_body(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end == NULL ? "" : end + 4;
}

char *web_preflight(uint16_t port, const char *path, const char *headers)
{
    g_autofree char *request =
        g_strdup_printf("OPTIONS %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", path,
                        headers);
    return web_exchange(port, request);
}

void web_expect_header(const char *answer, const char *name, const char *value)
{
    g_autofree char *is = web_header(answer, name);
    g_assert_cmpstr(is, ==, value);
}
