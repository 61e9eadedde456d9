/* A small HTTP client for tests: raw bytes out, raw bytes in. */
#ifndef POSTROOM_TESTS_WEB_CLIENT_H
#define POSTROOM_TESTS_WEB_CLIENT_H

#include <stddef.h>
#include <stdint.h>

int web_connect(uint16_t port);
void web_send(int fd, const char *text);
/* Everything until the server closes; freed by the caller. */
char *web_read_all(int fd);
/* Reads until text has arrived; returns what came. */
char *web_read_until(int fd, const char *text);
/* Sends and reads until the end; the request should say Connection: close. */
char *web_exchange(uint16_t port, const char *request);
/* "GET path" with further headers ("A: b\r\n" or ""), Connection: close. */
char *web_get(uint16_t port, const char *path, const char *headers);
/* A POST with a body of this type. */
char *web_post(uint16_t port, const char *path, const char *headers, const char *type,
               const char *body);
/* Asks for leave, as browsers do for pages of other origins. */
char *web_preflight(uint16_t port, const char *path, const char *headers);
/* Headers of a browser that shows such a page. */
#define WEB_AFAR "Origin: https://client.example\r\nSec-Fetch-Site: cross-site\r\n"
/* The status of an answer; 0 when it is none. */
int web_status(const char *answer);
/* A header's value, freed by the caller; NULL when it is missing. */
char *web_header(const char *answer, const char *name);
/* NULL: it must be missing. */
void web_expect_header(const char *answer, const char *name, const char *value);
/* Points into the answer. */
const char *web_body(const char *answer);

#endif
