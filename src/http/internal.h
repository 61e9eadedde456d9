/* What the sources of http share; nobody else includes it. */
#ifndef POSTROOM_HTTP_INTERNAL_H
#define POSTROOM_HTTP_INTERNAL_H

#include "http/http.h"
#include "http/share.h"
#include "http/turns.h"

#include <microhttpd.h>
#include <pthread.h>
#include <sys/socket.h>

#define HTTP_JSON_DEPTH 64

/* Whose turn it is. The library's thread and a worker never hold a request at the same time. */
enum request_state {
    REQUEST_NEW,       /* the library has the headers */
    REQUEST_ADMITTING, /* suspended: a worker asks who it is */
    REQUEST_ADMITTED,  /* resumed: the body comes next */
    REQUEST_BODY,
    REQUEST_HANDLING, /* suspended: the handler runs */
    REQUEST_ANSWERED, /* resumed: the answer goes out */
};

struct http_request {
    struct http_server *server;
    struct MHD_Connection *connection;
    enum request_state state;
    const struct http_route *route;
    char *target; /* as it came, without scheme and host */
    char *method;
    GHashTable *headers; /* lower-case name -> value */
    bool ambiguous;      /* a header that decides on framing or identity came twice */
    GPtrArray *segments; /* decoded, behind the route's path */
    GHashTable *query;   /* made when first asked for */
    char *address;
    bool forwarded, local;
    GByteArray *body;
    GBytes *whole_body;
    int64_t holder;    /* whose share has what follows: the person's number, 0: nobody's */
    uint64_t reserved; /* of the server's bodies */
    uint64_t answered; /* of its answers */
    bool has_body;
    bool past_headers; /* the library asked for the body, or for the answer of a request without one
                        */
    unsigned refused;  /* 413 or 503 while the body was read; 0: not */
    uint64_t discarded;
    int64_t body_deadline;
    struct store_principal *principal;
    char *csrf;
    struct MHD_Response *reply;
    unsigned status;
    GHashTable *reply_headers; /* canonical name -> value */
    GDestroyNotify abandon;    /* of what waits for the upgrade; NULL: nothing does */
    void *upgrade;
};

/* A connection refused in the middle of its body stays open for a moment: closing it with bytes
 * unread resets it, and the client would lose the answer. */
struct late_close {
    int fd;
    int64_t until;
};

/* A client's connection. While it waits, which is also while it dribbles a request's headers, the
 * clock runs: the library itself only minds silence. */
struct link {
    int fd;
    bool waiting;
    int64_t since;
};

struct http_server {
    struct exec *exec;
    struct MHD_Daemon *daemon;
    int listener;
    uint16_t port;
    char *base, *origin;
    bool https;
    unsigned threads, connections, per_address, idle_seconds;
    struct share *bodies, *answers; /* bytes of both that are under way */
    struct turns *turns;
    char **trusted_proxies;
    char *frame_ancestors;
    char **browser_origins; /* NULL: any */
    GArray *routes;         /* struct http_route, fixed after open */
    http_admit_fn *admit;
    void *admit_arg;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    unsigned requests; /* alive */
    unsigned working;  /* with a worker */
    bool stopping;
    GPtrArray *streams; /* open ones, one reference each */
    GArray *lingering;  /* struct late_close */
    GHashTable *links;  /* set of struct link */
    pthread_t ticker;
    bool ticking;
    GPtrArray *parts; /* owned by the server: struct part */
};

/* The library's daemon, serving; NULL when it cannot start. */
struct MHD_Daemon *server_daemon(struct http_server *server);

/* The connection's state, as the library reports it. */
void link_notify(void *server, struct MHD_Connection *connection, void **context,
                 enum MHD_ConnectionNotificationCode code);
void link_wait(struct http_server *server, struct MHD_Connection *connection, bool waiting);
/* With the mutex held: cuts those that have waited too long. */
void links_tick(struct http_server *server, int64_t now);

/* Something that lives as long as the server. */
void server_keep(struct http_server *server, void *part, GDestroyNotify release);

struct http_request *request_new(struct http_server *server, const char *uri);
void request_free(struct http_request *request);
/* Copies headers and address from the connection. */
void request_read(struct http_request *request, struct MHD_Connection *connection,
                  const char *method);
/* Splits the path; false when it cannot be a path. Sets segments for the whole path. */
bool request_split(struct http_request *request);
/* The declared body length; -1: none, -2: chunked. False when the framing is ambiguous. */
bool request_framing(const struct http_request *request, int64_t *length);

/* Keeps a socket open for a moment beyond the library's close. */
void server_linger(struct http_server *server, int fd);

/* Answers with 101. abandon is called when the connection ends before it is another protocol's. */
void reply_upgrade(struct http_request *request, struct MHD_Response *reply, GDestroyNotify abandon,
                   void *arg);
/* It is now. */
void request_upgraded(struct http_request *request);

/* The answer with all its headers. */
enum MHD_Result reply_queue(struct http_request *request);

/* Says in the answer, whatever it will be, whose pages may read it. */
void cors_allow(struct http_request *request);
/* Answers the question that a browser asks before a request of another origin; false: it is none.
 */
bool cors_preflight(struct http_request *request);

/* Streams: the reply's reader, and the server's ticks. */
struct MHD_Response *stream_response(struct http_stream *stream);
struct http_stream *stream_new(struct http_request *request);
/* At most once a second; sends what is due. */
void stream_tick(struct http_stream *stream, int64_t now);
/* Ends it at once, whatever is queued. */
void stream_abort(struct http_stream *stream);

/* A media type as in RFC 9110, 8.3.1, without parameters: token/token. */
bool http_is_media_type(const char *type);
/* The same, and perhaps parameters: token=token. */
bool http_is_content_type(const char *type);

#endif
