/* The system's trusted certificates: what OpenSSL's default trusts, and no more, but read when an
 * issuer is asked for. Parsing the whole bundle takes 20 ms, much of what a command takes that
 * finds nothing to do; the directory with a file for each is asked first. */
#include "net/internal.h"

#include <openssl/err.h>
#include <pthread.h>

struct bundle {
    pthread_mutex_t mutex;
    bool loaded;
};

static X509_LOOKUP_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static int bundle_new(X509_LOOKUP *lookup)
{
    struct bundle *bundle = g_new0(struct bundle, 1);
    pthread_mutex_init(&bundle->mutex, NULL);
    return X509_LOOKUP_set_method_data(lookup, bundle);
}

static void bundle_free(X509_LOOKUP *lookup)
{
    struct bundle *bundle = X509_LOOKUP_get_method_data(lookup);
    pthread_mutex_destroy(&bundle->mutex);
    g_free(bundle);
}

/* A bundle that cannot be read trusts nobody, as by default. */
static void load_once(X509_LOOKUP *lookup)
{
    struct bundle *bundle = X509_LOOKUP_get_method_data(lookup);
    const char *file = getenv(X509_get_default_cert_file_env());
    pthread_mutex_lock(&bundle->mutex);
    if (!bundle->loaded) {
        ERR_set_mark();
        X509_load_cert_crl_file(lookup, file != NULL ? file : X509_get_default_cert_file(),
                                X509_FILETYPE_PEM);
        ERR_pop_to_mark();
        bundle->loaded = true;
    }
    pthread_mutex_unlock(&bundle->mutex);
}

/* Asked only for what the store does not have yet. What is found is the store's, as OpenSSL's own
 * lookups give it. */
static int bundle_find(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name,
                       X509_OBJECT *found)
{
    X509_STORE *store = X509_LOOKUP_get_store(lookup);
    if (type != X509_LU_X509)
        return 0;
    load_once(lookup);
    X509_STORE_lock(store);
    const X509_OBJECT *object =
        X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), type, name);
    X509 *certificate = object != NULL ? X509_OBJECT_get0_X509(object) : NULL;
    X509_STORE_unlock(store);
    if (certificate == NULL || X509_OBJECT_set1_X509(found, certificate) != 1)
        return 0;
    X509_free(certificate); /* the caller adds a reference of its own */
    return 1;
}

static void make_method(void)
{
    method = X509_LOOKUP_meth_new("the system's bundle");
    if (method == NULL || X509_LOOKUP_meth_set_new_item(method, bundle_new) != 1 ||
        X509_LOOKUP_meth_set_free(method, bundle_free) != 1 ||
        X509_LOOKUP_meth_set_get_by_subject(method, bundle_find) != 1)
        g_error("OpenSSL cannot be set up");
}

bool tls_trust_system(SSL_CTX *ssl)
{
    pthread_once(&method_once, make_method);
    return SSL_CTX_set_default_verify_dir(ssl) == 1 &&
           X509_STORE_add_lookup(SSL_CTX_get_cert_store(ssl), method) != NULL;
}
