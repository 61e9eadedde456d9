#include "http/push_post.h"

#include "base/clock.h"
#include "base/log.h"
#include "httpc/httpc.h"
#include "httpc/webpush.h"

#include <stdlib.h>
#include <string.h>

#define POST_MS 15000
#define ANSWER_MAX ((size_t)64 * 1024)
/* How long a push service keeps a message for a device that sleeps: later its client asks anyway.
 */
#define TTL_MAX INT64_C(604800)

static struct secret *encrypt(const struct store_delivery *delivery, const struct secret *plain,
                              GError **error)
{
    struct webpush_keys keys;
    struct secret *body = NULL;
    if (webpush_keys_parse(&keys, secret_reveal(delivery->p256dh), secret_reveal(delivery->auth),
                           error))
        body = webpush_encrypt(&keys, plain, NULL, error);
    explicit_bzero(&keys, sizeof keys);
    return body;
}

/* The message as it goes out. (transfer full) or NULL. */
static struct secret *body_of(const struct push_post *post, GError **error)
{
    char *text = json_dumps(post->message, JSON_COMPACT);
    struct secret *plain = secret_new(text != NULL ? text : "", text != NULL ? strlen(text) : 0);
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
    if (post->delivery->p256dh == NULL)
        return plain;
    struct secret *body = encrypt(post->delivery, plain, error);
    secret_free(plain);
    return body;
}

static bool perform(const struct push_post *post, const struct secret *body,
                    struct httpc_answer *answer, GError **error)
{
    int64_t left = post->delivery->ends != 0 ? post->delivery->ends - clock_wall() : TTL_MAX;
    g_autofree char *ttl =
        g_strdup_printf("TTL: %" G_GINT64_FORMAT, CLAMP(left, INT64_C(0), TTL_MAX));
    const char *const headers[] = {
        ttl,
        post->urgent ? "Urgency: normal" : "Urgency: low",
        post->delivery->p256dh != NULL ? "Content-Encoding: aes128gcm" : NULL,
        NULL,
    };
    const struct httpc_request request = {.method = "POST",
                                          .url = secret_reveal(post->delivery->url),
                                          .headers = headers,
                                          .body = body,
                                          .content_type = "application/json",
                                          .ca_file = post->ca_file,
                                          .class = NET_USER,
                                          .policy = post->policy,
                                          .answer_max = ANSWER_MAX,
                                          .deadline = clock_in_ms(POST_MS),
                                          .cancel = post->cancel};
    return httpc_perform(&request, answer, error);
}

void push_post(const struct push_post *post, struct push_outcome *outcome)
{
    struct httpc_answer answer = {.status = 0};
    g_autoptr(GError) error = NULL;
    struct secret *body = body_of(post, &error);
    *outcome = (struct push_outcome){.result = PUSH_FAILED};
    if (body == NULL || !perform(post, body, &answer, &error)) {
        if (!error_is(error, ERROR_CANCELLED))
            LOG_INFO("push.failed", LOG_INT("subscription", post->delivery->id), LOG_ERR(error));
    } else if (answer.status >= 200 && answer.status < 300) {
        outcome->result = PUSH_DONE;
    } else {
        LOG_INFO("push.refused", LOG_INT("subscription", post->delivery->id),
                 LOG_INT("status", answer.status));
        if (answer.status == 404 || answer.status == 410)
            outcome->result = PUSH_GONE;
        outcome->too_many = answer.status == 429;
        outcome->retry_after_ms = answer.retry_after_ms;
    }
    httpc_answer_clear(&answer);
    secret_free(body);
}
