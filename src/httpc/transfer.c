#include "httpc/transfer.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADERS_MAX ((size_t)64 * 1024)
#define POLL_SLICE_MS 1000

/* What the callbacks of one transfer share. */
struct transfer {
    const struct httpc_hop *hop;
    const char *proxy; /* NULL: direct */
    int through;       /* the connection through the proxy, until libcurl takes it; or -1 */
    uint8_t *data;
    size_t length, capacity;
    size_t header_bytes;
    bool too_large, forbidden;
    char *location;
    struct httpc_answer *answer;
    char message[CURL_ERROR_SIZE];
};

static void free_wiped(uint8_t *data, size_t size)
{
    if (data != NULL)
        explicit_bzero(data, size);
    g_free(data);
}

struct wiped {
    uint8_t *data;
    size_t size;
};

static void wiped_free(gpointer pointer)
{
    struct wiped *wiped = pointer;
    free_wiped(wiped->data, wiped->size);
    g_free(wiped);
}

/* Grows by hand rather than by realloc, which would leave a copy of a token behind. */
static void reserve(struct transfer *transfer, size_t more)
{
    if (transfer->length + more <= transfer->capacity)
        return;
    size_t capacity = MAX(transfer->capacity * 2, transfer->length + more);
    capacity = MAX(capacity, (size_t)8192);
    uint8_t *data = g_malloc(capacity);
    if (transfer->length > 0)
        memcpy(data, transfer->data, transfer->length);
    free_wiped(transfer->data, transfer->capacity);
    transfer->data = data;
    transfer->capacity = capacity;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t length = size * count;
    if (length > transfer->hop->answer_max - transfer->length) {
        transfer->too_large = true;
        return 0;
    }
    reserve(transfer, length);
    memcpy(transfer->data + transfer->length, bytes, length);
    transfer->length += length;
    return length;
}

static char *header_value(const char *line, size_t length, const char *name)
{
    size_t skip = strlen(name);
    if (length <= skip || g_ascii_strncasecmp(line, name, skip) != 0)
        return NULL;
    return g_strstrip(g_strndup(line + skip, length - skip));
}

static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t length = size * count;
    transfer->header_bytes += length;
    if (transfer->header_bytes > HEADERS_MAX) {
        transfer->too_large = true;
        return 0;
    }
    char *location = header_value(bytes, length, "Location:");
    if (location != NULL) {
        g_free(transfer->location);
        transfer->location = location;
    }
    g_autofree char *date = header_value(bytes, length, "Date:");
    if (date != NULL) {
        time_t when = curl_getdate(date, NULL);
        transfer->answer->date = when > 0 ? (int64_t)when : 0;
    }
    return length;
}

/* The last gate before a connection: the very address that is dialled (SECURITY.md 5). */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = arg;
    const struct httpc_request *request = transfer->hop->request;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    if (transfer->proxy != NULL) {
        int through = transfer->through;
        transfer->through = -1;
        return through;
    }
    if (request->class == NET_USER && !net_address_allowed(&address->addr, request->policy)) {
        transfer->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool address_text(const struct addrinfo *address, char *text, size_t size)
{
    return getnameinfo(address->ai_addr, address->ai_addrlen, text, (socklen_t)size, NULL, 0,
                       NI_NUMERICHOST) == 0;
}

/* Appends "1.2.3.4" or "[::1]"; addresses that a USER request may not reach are left out. */
static void append_address(struct transfer *transfer, GString *list, const struct addrinfo *address)
{
    const struct httpc_request *request = transfer->hop->request;
    char text[NI_MAXHOST];
    if (request->class == NET_USER && !net_address_allowed(address->ai_addr, request->policy)) {
        transfer->forbidden = true;
        return;
    }
    if (!address_text(address, text, sizeof text) || strchr(text, '%') != NULL)
        return;
    if (list->len > 0)
        g_string_append_c(list, ',');
    g_string_append_printf(list, address->ai_family == AF_INET6 ? "[%s]" : "%s", text);
}

/* The addresses to dial, "a,b,[c]", or NULL with an error. */
static char *resolve_target(struct transfer *transfer, GError **error)
{
    const struct httpc_request *request = transfer->hop->request;
    const struct httpc_target *target = transfer->hop->target;
    struct addrinfo *found = NULL;
    if (net_resolve(target->host, target->port, request->deadline, request->cancel, &found,
                    error) != 0)
        return NULL;
    GString *list = g_string_new(NULL);
    for (const struct addrinfo *a = found; a != NULL; a = a->ai_next)
        append_address(transfer, list, a);
    net_resolve_free(found);
    if (list->len > 0)
        return g_string_free(list, FALSE);
    g_string_free(list, TRUE);
    error_set(error, transfer->forbidden ? ERROR_ADDRESS_FORBIDDEN : ERROR_DNS,
              transfer->forbidden ? "%s: the address is not public" : "%s: no usable address",
              target->host);
    return NULL;
}

/* libcurl gets a connection that stands: net speaks to proxies, for mail and HTTP alike. */
static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
    const struct transfer *transfer = arg;
    (void)fd;
    (void)purpose;
    return transfer->proxy != NULL ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK;
}

static bool dial_proxy(struct transfer *transfer, GError **error)
{
    const struct httpc_request *request = transfer->hop->request;
    struct net_dial dial = {.host = transfer->hop->target->host,
                            .port = transfer->hop->target->port,
                            .class = request->class,
                            .policy = request->policy,
                            .proxy = transfer->proxy,
                            .deadline = request->deadline,
                            .cancel = request->cancel};
    transfer->through = net_dial_socket(&dial, error);
    return transfer->through >= 0;
}

/* Pins the connection to checked addresses; behind a proxy to any, since it stands already. */
static bool pin_addresses(struct transfer *transfer, CURL *easy, struct curl_slist **list,
                          GError **error)
{
    const struct httpc_target *target = transfer->hop->target;
    if (transfer->proxy != NULL && !dial_proxy(transfer, error))
        return false;
    if (target->literal)
        return true;
    g_autofree char *addresses =
        transfer->proxy != NULL ? g_strdup("0.0.0.0") : resolve_target(transfer, error);
    if (addresses == NULL)
        return false;
    g_autofree char *entry = g_strdup_printf("%s:%u:%s", target->host, target->port, addresses);
    *list = curl_slist_append(NULL, entry);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, *list);
    return true;
}

static struct curl_slist *make_headers(const struct httpc_hop *hop)
{
    const struct httpc_request *request = hop->request;
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
        list = curl_slist_append(list, request->headers[i]);
    if (request->content_type != NULL) {
        g_autofree char *type = g_strdup_printf("Content-Type: %s", request->content_type);
        list = curl_slist_append(list, type);
    }
    if (hop->with_bearer) {
        char *line = g_strdup_printf("Authorization: Bearer %s", secret_reveal(request->bearer));
        list = curl_slist_append(list, line);
        secret_wipe_string(line);
    }
    return list;
}

static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *item = list; item != NULL; item = item->next)
        explicit_bzero(item->data, strlen(item->data));
    curl_slist_free_all(list);
}

static void set_safety(struct transfer *transfer, CURL *easy)
{
    const struct httpc_request *request = transfer->hop->request;
    curl_easy_setopt(easy, CURLOPT_URL, transfer->hop->target->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Postroom");
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
    /* The system's bundle may be named by the environment: for mail servers, so for these. */
    const char *ca_file = request->ca_file != NULL ? request->ca_file : getenv("SSL_CERT_FILE");
    if (ca_file != NULL && *ca_file != '\0')
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    /* An empty string switches the environment's proxies off. */
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_sockopt);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_body(const struct httpc_request *request, CURL *easy)
{
    if (strcmp(request->method, "POST") != 0) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    size_t length = request->body != NULL ? secret_length(request->body) : 0;
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                     request->body != NULL ? secret_reveal(request->body) : "");
}

static enum error_code code_of(const struct transfer *transfer, CURLcode result)
{
    if (transfer->too_large)
        return ERROR_TOO_LARGE;
    if (transfer->forbidden && result == CURLE_COULDNT_CONNECT)
        return ERROR_ADDRESS_FORBIDDEN;
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return ERROR_DNS;
    case CURLE_COULDNT_CONNECT:
        return ERROR_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return ERROR_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_INITFAILED:
        return ERROR_TLS;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return ERROR_CLOSED;
    case CURLE_URL_MALFORMAT:
        return ERROR_INVALID;
    case CURLE_OUT_OF_MEMORY:
        return ERROR_INTERNAL;
    default:
        return ERROR_PROTOCOL;
    }
}

static bool fail(const struct transfer *transfer, CURLcode result, GError **error)
{
    enum error_code code = code_of(transfer, result);
    const char *why = transfer->message[0] != '\0' ? transfer->message : curl_easy_strerror(result);
    if (code == ERROR_TOO_LARGE)
        why = "the answer is larger than allowed";
    else if (code == ERROR_ADDRESS_FORBIDDEN)
        why = "the address is not public";
    error_set(error, code, "%s: %s", transfer->hop->target->host, why);
    return false;
}

/* Drives the transfer so that the deadline and the cancel token end it at once. */
static bool run(struct transfer *transfer, CURLM *multi, GError **error)
{
    const struct httpc_request *request = transfer->hop->request;
    int cancel_descriptor = cancel_fd(request->cancel);
    struct curl_waitfd extra = {.fd = cancel_descriptor, .events = CURL_WAIT_POLLIN};
    int running = 1;
    while (running > 0) {
        if (cancel_is_triggered(request->cancel)) {
            error_set(error, ERROR_CANCELLED, "cancelled");
            return false;
        }
        int left = clock_poll_ms(request->deadline);
        if (left == 0) {
            error_set(error, ERROR_TIMEOUT, "%s: no answer in time", transfer->hop->target->host);
            return false;
        }
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            return fail(transfer, CURLE_FAILED_INIT, error);
        int slice = left < 0 || left > POLL_SLICE_MS ? POLL_SLICE_MS : left;
        if (running > 0)
            curl_multi_poll(multi, &extra, cancel_descriptor >= 0 ? 1 : 0, slice, NULL);
    }
    int queued = 0;
    const CURLMsg *message = curl_multi_info_read(multi, &queued);
    CURLcode result = message != NULL ? message->data.result : CURLE_FAILED_INIT;
    return result == CURLE_OK || fail(transfer, result, error);
}

static void take_answer(struct transfer *transfer, CURL *easy)
{
    struct httpc_answer *answer = transfer->answer;
    long status = 0;
    curl_off_t wait = 0;
    const char *type = NULL;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait);
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    answer->status = (int)status;
    answer->content_type = g_strdup(type);
    answer->retry_after_ms = wait > 0 ? (int64_t)MIN(wait, INT32_MAX) * 1000 : 0;
    struct wiped *wiped = g_new(struct wiped, 1);
    *wiped = (struct wiped){transfer->data, transfer->capacity};
    answer->body = g_bytes_new_with_free_func(transfer->data, transfer->length, wiped_free, wiped);
    transfer->data = NULL;
}

static bool perform(struct transfer *transfer, CURL *easy, CURLM *multi, GError **error)
{
    struct curl_slist *pinned = NULL;
    if (!pin_addresses(transfer, easy, &pinned, error))
        return false;
    struct curl_slist *headers = make_headers(transfer->hop);
    set_safety(transfer, easy);
    set_body(transfer->hop->request, easy);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_multi_add_handle(multi, easy);
    bool good = run(transfer, multi, error);
    if (good)
        take_answer(transfer, easy);
    curl_multi_remove_handle(multi, easy);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
    free_headers(headers);
    curl_slist_free_all(pinned);
    return good;
}

bool httpc_transfer(const struct httpc_hop *hop, struct httpc_answer *answer, char **location,
                    GError **error)
{
    struct transfer transfer = {
        .hop = hop,
        .answer = answer,
        .proxy = net_proxy_of(hop->request->policy, hop->request->proxy),
        .through = -1,
    };
    CURL *easy = curl_easy_init();
    CURLM *multi = curl_multi_init();
    bool good = false;
    if (easy == NULL || multi == NULL)
        error_set(error, ERROR_INTERNAL, "no memory for a request");
    else
        good = perform(&transfer, easy, multi, error);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    if (transfer.through >= 0)
        close(transfer.through);
    free_wiped(transfer.data, transfer.capacity);
    if (good)
        *location = g_steal_pointer(&transfer.location);
    g_free(transfer.location);
    return good;
}
