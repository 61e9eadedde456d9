/* A web server of the tests' own over peer.h: one request a connection, answered by a function. */
#ifndef POSTROOM_TESTS_HTTP_PEER_H
#define POSTROOM_TESTS_HTTP_PEER_H

#include "peer.h"

#include <glib.h>
#include <pthread.h>

struct http_request {
    char *line;    /* "POST /token HTTP/1.1" */
    char *headers; /* lines joined by \n */
    char *body;
};

/* Writes a whole answer. Runs on the peer's thread. */
typedef void http_answer_fn(struct peer_stream *stream, const struct http_request *request,
                            void *arg);

struct http_peer {
    struct peer *peer;
    http_answer_fn *answer;
    void *arg;
    bool tls;
    const char *tls_name; /* of the certificate; "localhost" unless a test changes it */
    int requests;         /* g_atomic_int */
};

void http_peer_start(struct http_peer *server, http_answer_fn *answer, void *arg, bool tls);
void http_peer_stop(struct http_peer *server);
/* "http://127.0.0.1:port" or "https://localhost:port" and the path; freed by the caller. */
char *http_peer_url(const struct http_peer *server, const char *path);
/* An answer with a JSON body. */
void http_peer_json(struct peer_stream *stream, int status, const char *headers, const char *json);

#endif
