#include "net/internal.h"

#include "base/clock.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

/* Contexts hold the trusted certificates (megabytes for the system's), so connections share them.
 */
#define CONTEXTS_MAX 16

struct context {
    char *ca_file; /* NULL: the system's only */
    struct timespec changed;
    SSL_CTX *ssl;
};

static struct {
    pthread_mutex_t mutex;
    struct context list[CONTEXTS_MAX];
    size_t count, next_out;
} contexts = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static pthread_once_t bio_once = PTHREAD_ONCE_INIT;
static BIO_METHOD *bio_method;

/* The text of OpenSSL's oldest queued error, and an empty queue. */
static const char *openssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return reason == NULL ? "no reason given" : reason;
}

/* A socket BIO of our own: OpenSSL's raises SIGPIPE, and does not count bytes. */
static int bio_read(BIO *bio, char *buffer, size_t size, size_t *done)
{
    short wait = 0;
    ssize_t n = conn_socket_read(BIO_get_data(bio), buffer, size, &wait, NULL);
    BIO_clear_retry_flags(bio);
    if (n < 0 && wait != 0)
        BIO_set_retry_read(bio);
    if (n == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    *done = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static int bio_write(BIO *bio, const char *data, size_t length, size_t *done)
{
    short wait = 0;
    ssize_t n = conn_socket_write(BIO_get_data(bio), data, length, &wait, NULL);
    BIO_clear_retry_flags(bio);
    if (n < 0 && wait != 0)
        BIO_set_retry_write(bio);
    *done = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)number, (void)pointer;
    if (command == BIO_CTRL_EOF)
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_PUSH || command == BIO_CTRL_POP;
}

static void bio_method_make(void)
{
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "postroom conn");
    if (bio_method == NULL || BIO_meth_set_read_ex(bio_method, bio_read) != 1 ||
        BIO_meth_set_write_ex(bio_method, bio_write) != 1 ||
        BIO_meth_set_ctrl(bio_method, bio_ctrl) != 1)
        g_error("OpenSSL cannot be set up");
}

static SSL_CTX *context_make(const char *ca_file, GError **error)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_client_method());
    if (ssl == NULL || SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1 ||
        !tls_trust_system(ssl)) {
        error_set(error, ERROR_TLS, "OpenSSL: %s", openssl_reason());
        SSL_CTX_free(ssl);
        return NULL;
    }
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ssl, 0);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, tls_verify, NULL);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    if (ca_file != NULL && SSL_CTX_load_verify_locations(ssl, ca_file, NULL) != 1) {
        error_set(error, ERROR_TLS, "CA file %s: %s", ca_file, openssl_reason());
        SSL_CTX_free(ssl);
        return NULL;
    }
    ERR_clear_error();
    return ssl;
}

static void context_clear(struct context *context)
{
    SSL_CTX_free(context->ssl);
    g_free(context->ca_file);
    *context = (struct context){.ca_file = NULL};
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* With the mutex held: the place of the kept context of this file, or a free one. */
static struct context *context_slot(const char *ca_file)
{
    for (size_t i = 0; i < contexts.count; i++)
        if (g_strcmp0(contexts.list[i].ca_file, ca_file) == 0)
            return &contexts.list[i];
    if (contexts.count < CONTEXTS_MAX)
        return &contexts.list[contexts.count++];
    struct context *oldest = &contexts.list[contexts.next_out++ % CONTEXTS_MAX];
    context_clear(oldest);
    return oldest;
}

/* The shared context for a CA file, made anew when the file has changed. (transfer full) */
static SSL_CTX *context_get(const char *ca_file, GError **error)
{
    struct stat status = {.st_size = 0};
    if (ca_file != NULL && stat(ca_file, &status) != 0) {
        error_set(error, ERROR_TLS, "CA file %s: %s", ca_file, g_strerror(errno));
        return NULL;
    }
    pthread_mutex_lock(&contexts.mutex);
    struct context *slot = context_slot(ca_file);
    if (slot->ssl == NULL || !same_time(slot->changed, status.st_mtim)) {
        context_clear(slot);
        slot->ca_file = g_strdup(ca_file);
        slot->changed = status.st_mtim;
        slot->ssl = context_make(ca_file, error);
    }
    SSL_CTX *ssl = slot->ssl;
    if (ssl != NULL)
        SSL_CTX_up_ref(ssl);
    pthread_mutex_unlock(&contexts.mutex);
    return ssl;
}

/* SNI and the name the certificate must carry; RFC 6066, 3 forbids literals as SNI. */
static bool set_host(SSL *ssl, const char *host)
{
    if (net_host_is_literal(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* OpenSSL takes a trailing dot for part of the name; certificates never carry it. */
    g_autofree char *name = g_strdup(host);
    size_t length = strlen(name);
    if (length > 1 && name[length - 1] == '.')
        name[length - 1] = '\0';
    return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

static SSL *ssl_make(struct conn *conn, const char *ca_file, GError **error)
{
    pthread_once(&bio_once, bio_method_make);
    SSL_CTX *context = context_get(ca_file, error);
    if (context == NULL)
        return NULL;
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    BIO *bio = BIO_new(bio_method);
    if (ssl == NULL || bio == NULL || !set_host(ssl, conn->host)) {
        error_set(error, ERROR_TLS, "OpenSSL: %s", openssl_reason());
        BIO_free(bio);
        SSL_free(ssl);
        return NULL;
    }
    BIO_set_data(bio, conn);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);
    return ssl;
}

/* What a failed call means: events to wait for, or an error and 0. */
static short tls_failed(SSL *ssl, int status, GError **error)
{
    int kind = SSL_get_error(ssl, status);
    if (kind == SSL_ERROR_WANT_READ)
        return POLLIN;
    if (kind == SSL_ERROR_WANT_WRITE)
        return POLLOUT;
    unsigned long top = ERR_peek_error();
    long verify = SSL_get_verify_result(ssl);
    if (kind == SSL_ERROR_SYSCALL || ERR_GET_REASON(top) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        error_set(error, ERROR_CLOSED, "the peer cut the TLS connection");
    else if (ERR_GET_REASON(top) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        error_set(error, ERROR_TLS, "certificate: %s", X509_verify_cert_error_string(verify));
    else
        error_set(error, ERROR_TLS, "TLS: %s", openssl_reason());
    ERR_clear_error();
    return 0;
}

bool tls_start(struct conn *conn, const char *ca_file, int64_t deadline, GError **error)
{
    conn->ssl = ssl_make(conn, ca_file, error);
    if (conn->ssl == NULL)
        return false;
    for (;;) {
        ERR_clear_error();
        int status = SSL_do_handshake(conn->ssl);
        if (status == 1)
            return true;
        short wait = tls_failed(conn->ssl, status, error);
        if (wait == 0 || !net_wait(conn->fd, wait, deadline, conn->cancel, error))
            return false;
    }
}

ssize_t tls_read(struct conn *conn, void *buffer, size_t size, short *wait, GError **error)
{
    size_t done = 0;
    ERR_clear_error();
    int status = SSL_read_ex(conn->ssl, buffer, size, &done);
    if (status == 1)
        return (ssize_t)done;
    if (SSL_get_error(conn->ssl, status) == SSL_ERROR_ZERO_RETURN)
        return 0;
    *wait = tls_failed(conn->ssl, status, error);
    return -1;
}

ssize_t tls_write(struct conn *conn, const void *data, size_t length, short *wait, GError **error)
{
    size_t done = 0;
    ERR_clear_error();
    int status = SSL_write_ex(conn->ssl, data, length, &done);
    if (status == 1)
        return (ssize_t)done;
    *wait = tls_failed(conn->ssl, status, error);
    return -1;
}

void tls_end(struct conn *conn)
{
    if (conn->ssl == NULL)
        return;
    if (!conn->failed && SSL_is_init_finished(conn->ssl))
        (void)SSL_shutdown(conn->ssl);
    ERR_clear_error();
    SSL_free(conn->ssl);
    conn->ssl = NULL;
}
