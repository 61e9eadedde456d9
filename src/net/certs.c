/* Certificates are parsed anew for each connection, into hundreds of small blocks, and OpenSSL
 * keeps those of the peer as long as the connection lives. Ten thousand mailboxes on one host need
 * them once: those that were trusted before are put in the place of their equals, before the chain
 * is verified as ever. */
#include "net/internal.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

#define KEPT_MAX 64
#define DIGEST_SIZE 32

struct kept {
    unsigned char digest[DIGEST_SIZE]; /* SHA-256 of all of it, signature included */
    X509 *certificate;
};

static struct {
    pthread_mutex_t mutex;
    struct kept list[KEPT_MAX];
    size_t count, next_out;
} kept = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool digest_of(const X509 *certificate, unsigned char digest[DIGEST_SIZE])
{
    unsigned length = 0;
    return X509_digest(certificate, EVP_sha256(), digest, &length) == 1 && length == DIGEST_SIZE;
}

/* With the mutex held. NULL: not kept. */
static X509 *find(const unsigned char digest[DIGEST_SIZE])
{
    for (size_t i = 0; i < kept.count; i++)
        if (memcmp(kept.list[i].digest, digest, DIGEST_SIZE) == 0)
            return kept.list[i].certificate;
    return NULL;
}

/* The kept equals take the places of what the peer sent. */
static void share(STACK_OF(X509) * sent)
{
    for (int i = 0; i < sk_X509_num(sent); i++) {
        unsigned char digest[DIGEST_SIZE];
        X509 *own = sk_X509_value(sent, i);
        if (!digest_of(own, digest))
            continue;
        pthread_mutex_lock(&kept.mutex);
        X509 *known = find(digest);
        if (known != NULL)
            X509_up_ref(known);
        pthread_mutex_unlock(&kept.mutex);
        if (known == NULL)
            continue;
        (void)sk_X509_set(sent, i, known);
        X509_free(own);
    }
}

/* With the mutex held: the oldest makes room. */
static void put(X509 *certificate, const unsigned char digest[DIGEST_SIZE])
{
    bool full = kept.count == KEPT_MAX;
    struct kept *slot = &kept.list[full ? kept.next_out++ % KEPT_MAX : kept.count++];
    X509_free(slot->certificate);
    X509_up_ref(certificate);
    slot->certificate = certificate;
    memcpy(slot->digest, digest, DIGEST_SIZE);
}

/* Only of a chain that was trusted; what else came along is not kept. */
static void keep(const STACK_OF(X509) * chain)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        unsigned char digest[DIGEST_SIZE];
        X509 *certificate = sk_X509_value(chain, i);
        if (!digest_of(certificate, digest))
            continue;
        pthread_mutex_lock(&kept.mutex);
        if (find(digest) == NULL)
            put(certificate, digest);
        pthread_mutex_unlock(&kept.mutex);
    }
}

int tls_verify(X509_STORE_CTX *context, void *arg)
{
    (void)arg;
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(context);
    if (sent != NULL && sk_X509_num(sent) > 0) {
        share(sent);
        X509_STORE_CTX_set_cert(context, sk_X509_value(sent, 0));
    }
    int status = X509_verify_cert(context);
    if (status > 0)
        keep(X509_STORE_CTX_get0_chain(context));
    return status;
}
