#include "peer.h"

#include <arpa/inet.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
    int listener;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t mutex;
    int current; /* the connection being served, -1: none */
    bool stopping;
    atomic_int accepted;
    peer_serve_fn *serve;
    void *arg;
};

static EVP_PKEY *peer_key;
static char *ca_path;

static bool peer_take(struct peer *peer, int fd)
{
    pthread_mutex_lock(&peer->mutex);
    bool take = !peer->stopping;
    peer->current = take ? fd : -1;
    pthread_mutex_unlock(&peer->mutex);
    return take;
}

static void peer_serve_one(struct peer *peer, int fd)
{
    struct peer_stream stream = {peer, fd, NULL};
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (peer_take(peer, fd))
        peer->serve(&stream, peer->arg);
    if (stream.ssl != NULL)
        SSL_free(stream.ssl);
    (void)peer_take(peer, -1);
    close(fd);
}

static void *peer_main(void *arg)
{
    struct peer *peer = arg;
    for (;;) {
        int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        atomic_fetch_add(&peer->accepted, 1);
        peer_serve_one(peer, fd);
    }
}

struct peer *peer_start(peer_serve_fn *serve, void *arg)
{
    struct peer *peer = g_new0(struct peer, 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    signal(SIGPIPE, SIG_IGN); /* the test's own end; what is tested must not rely on it */
    peer->serve = serve;
    peer->arg = arg;
    peer->current = -1;
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_mutex_init(&peer->mutex, NULL);
    if (bind(peer->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(peer->listener, 16) != 0 ||
        getsockname(peer->listener, (struct sockaddr *)&address, &size) != 0)
        g_error("the test cannot listen on loopback");
    peer->port = ntohs(address.sin_port);
    if (pthread_create(&peer->thread, NULL, peer_main, peer) != 0)
        g_error("the test cannot start a thread");
    return peer;
}

void peer_stop(struct peer *peer)
{
    pthread_mutex_lock(&peer->mutex);
    peer->stopping = true;
    if (peer->current >= 0)
        (void)shutdown(peer->current, SHUT_RDWR);
    pthread_mutex_unlock(&peer->mutex);
    (void)shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    pthread_mutex_destroy(&peer->mutex);
    g_free(peer);
}

uint16_t peer_port(const struct peer *peer)
{
    return peer->port;
}

int peer_accepted(const struct peer *peer)
{
    return atomic_load(&peer->accepted);
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    g_assert_nonnull(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(const char *common_name, const char *alternative)
{
    static atomic_int serial = 1;
    if (peer_key == NULL)
        peer_key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *issuer = X509_NAME_new(), *subject = X509_NAME_new();
    X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC, (const unsigned char *)"Test authority",
                               -1, -1, 0);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1,
                               -1, 0);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), atomic_fetch_add(&serial, 1));
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_issuer_name(certificate, issuer);
    X509_set_subject_name(certificate, alternative == NULL ? issuer : subject);
    X509_set_pubkey(certificate, peer_key);
    if (alternative == NULL)
        add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    else
        add_extension(certificate, NID_subject_alt_name, alternative);
    g_assert_cmpint(X509_sign(certificate, peer_key, EVP_sha256()), >, 0);
    X509_NAME_free(issuer);
    X509_NAME_free(subject);
    return certificate;
}

const char *peer_ca_file(void)
{
    if (ca_path != NULL)
        return ca_path;
    int fd = g_file_open_tmp("postroom-ca-XXXXXX.pem", &ca_path, NULL);
    g_assert_cmpint(fd, >=, 0);
    FILE *file = fdopen(fd, "w");
    X509 *authority = make_certificate("Test authority", NULL);
    PEM_write_X509(file, authority);
    fclose(file);
    X509_free(authority);
    return ca_path;
}

void peer_ca_remove(void)
{
    if (ca_path != NULL)
        (void)g_unlink(ca_path);
    g_clear_pointer(&ca_path, g_free);
    g_clear_pointer(&peer_key, EVP_PKEY_free);
}

/* The same one at each connection, as a server has it. (transfer none) */
static X509 *certificate_of(const char *name)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static GHashTable *made; /* name -> X509 */
    pthread_mutex_lock(&mutex);
    if (made == NULL)
        made = g_hash_table_new(g_str_hash, g_str_equal);
    X509 *certificate = g_hash_table_lookup(made, name);
    if (certificate == NULL) {
        g_autofree char *alternative = strcmp(name, "localhost") == 0
                                           ? g_strdup("DNS:localhost,IP:127.0.0.1")
                                           : g_strdup_printf("DNS:%s", name);
        certificate = make_certificate(name, alternative);
        g_hash_table_insert(made, g_strdup(name), certificate);
    }
    pthread_mutex_unlock(&mutex);
    return certificate;
}

bool peer_tls(struct peer_stream *stream, const char *name)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, certificate_of(name));
    SSL_CTX_use_PrivateKey(context, peer_key);
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    SSL_set_fd(ssl, stream->fd);
    if (SSL_accept(ssl) == 1) {
        stream->ssl = ssl;
        return true;
    }
    SSL_free(ssl);
    return false;
}

bool peer_write(struct peer_stream *stream, const void *data, size_t length)
{
    size_t done = 0;
    const char *at = data;
    while (length > 0) {
        if (stream->ssl != NULL) {
            if (SSL_write_ex(stream->ssl, at, length, &done) != 1)
                return false;
        } else {
            ssize_t n = send(stream->fd, at, length, MSG_NOSIGNAL);
            if (n <= 0)
                return false;
            done = (size_t)n;
        }
        at += done;
        length -= done;
    }
    return true;
}

bool peer_say(struct peer_stream *stream, const char *text)
{
    return peer_write(stream, text, strlen(text));
}

bool peer_say_slowly(struct peer_stream *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        if (!peer_write(stream, text, 1))
            return false;
        g_usleep(200);
    }
    return true;
}

size_t peer_read(struct peer_stream *stream, void *buffer, size_t size)
{
    size_t done = 0;
    if (stream->ssl != NULL)
        return SSL_read_ex(stream->ssl, buffer, size, &done) == 1 ? done : 0;
    ssize_t n = recv(stream->fd, buffer, size, 0);
    return n > 0 ? (size_t)n : 0;
}

bool peer_read_exactly(struct peer_stream *stream, void *buffer, size_t size)
{
    for (size_t got = 0; got < size;) {
        size_t n = peer_read(stream, (char *)buffer + got, size - got);
        if (n == 0)
            return false;
        got += n;
    }
    return true;
}

char *peer_read_line(struct peer_stream *stream)
{
    GString *line = g_string_new(NULL);
    char byte;
    while (peer_read_exactly(stream, &byte, 1)) {
        if (byte == '\n') {
            if (line->len > 0 && line->str[line->len - 1] == '\r')
                g_string_truncate(line, line->len - 1);
            return g_string_free(line, FALSE);
        }
        g_string_append_c(line, byte);
    }
    g_string_free(line, TRUE);
    return NULL;
}

void peer_drain(struct peer_stream *stream)
{
    char buffer[4096];
    while (peer_read(stream, buffer, sizeof(buffer)) > 0)
        continue;
}
