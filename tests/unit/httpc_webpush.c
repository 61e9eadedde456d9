/* Encryption of push messages: RFC 8291's own example, and what a receiver can open. */
#include "httpc/webpush.h"

#include <sodium.h>
#include <string.h>

/* RFC 8291, 5 and appendix A. */
#define PLAIN "When I grow up, I want to be a watermelon"
#define RECEIVER                                                                                   \
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define SENDER                                                                                     \
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
#define SENDER_PRIVATE "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
#define SALT "DGv6ra1nlYgDCS1FRnbzlw"
#define RESULT                                                                                     \
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"                             \
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"                             \
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"

static void decode(const char *text, uint8_t *out, size_t size)
{
    size_t length = 0;
    g_assert_cmpint(sodium_base642bin(out, size, text, strlen(text), NULL, &length, NULL,
                                      sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                    ==, 0);
    g_assert_cmpuint(length, ==, size);
}

static char *encode(const struct secret *body)
{
    size_t size =
        sodium_base64_encoded_len(secret_length(body), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = g_malloc(size);
    sodium_bin2base64(text, size, (const uint8_t *)secret_reveal(body), secret_length(body),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return text;
}

static struct webpush_keys receiver(void)
{
    struct webpush_keys keys;
    g_autoptr(GError) error = NULL;
    g_assert_true(webpush_keys_parse(&keys, RECEIVER, AUTH, &error));
    g_assert_no_error(error);
    return keys;
}

static void the_example_of_the_rfc(void)
{
    struct webpush_keys keys = receiver();
    struct webpush_chance chance;
    g_autoptr(GError) error = NULL;
    decode(SENDER_PRIVATE, chance.private_key, sizeof chance.private_key);
    decode(SENDER, chance.public_key, sizeof chance.public_key);
    decode(SALT, chance.salt, sizeof chance.salt);
    struct secret *plain = secret_new(PLAIN, strlen(PLAIN));
    struct secret *body = webpush_encrypt(&keys, plain, &chance, &error);
    g_assert_no_error(error);
    g_autofree char *text = encode(body);
    g_assert_cmpstr(text, ==, RESULT);
    secret_free(body);
    secret_free(plain);
}

static void no_two_messages_are_alike(void)
{
    struct webpush_keys keys = receiver();
    struct secret *plain = secret_new(PLAIN, strlen(PLAIN));
    struct secret *one = webpush_encrypt(&keys, plain, NULL, NULL);
    struct secret *two = webpush_encrypt(&keys, plain, NULL, NULL);
    const uint8_t *a = (const uint8_t *)secret_reveal(one);
    const uint8_t *b = (const uint8_t *)secret_reveal(two);
    g_assert_cmpuint(secret_length(one), ==, secret_length(two));
    g_assert_true(memcmp(a, b, 16) != 0);                                /* salt */
    g_assert_true(memcmp(a + 21, b + 21, WEBPUSH_POINT) != 0);           /* key pair */
    g_assert_true(memcmp(a + 86, b + 86, secret_length(one) - 86) != 0); /* record */
    secret_free(one);
    secret_free(two);
    secret_free(plain);
}

static void a_body_has_4096_bytes_at_most(void)
{
    struct webpush_keys keys = receiver();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(WEBPUSH_PLAIN_MAX + 1, 'x');
    struct secret *fits = secret_new(text, WEBPUSH_PLAIN_MAX);
    struct secret *more = secret_new(text, WEBPUSH_PLAIN_MAX + 1);
    struct secret *body = webpush_encrypt(&keys, fits, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(secret_length(body), ==, 4096);
    g_assert_null(webpush_encrypt(&keys, more, NULL, &error));
    g_assert_true(error_is(error, ERROR_TOO_LARGE));
    secret_free(body);
    secret_free(fits);
    secret_free(more);
}

static void expect_refused(const char *p256dh, const char *auth)
{
    struct webpush_keys keys;
    g_autoptr(GError) error = NULL;
    g_assert_false(webpush_keys_parse(&keys, p256dh, auth, &error));
    g_assert_true(error_is(error, ERROR_INVALID));
}

static void keys_that_are_none(void)
{
    struct webpush_keys keys;
    uint8_t point[WEBPUSH_POINT];
    char text[128];
    decode(RECEIVER, point, sizeof point);
    point[64] ^= 1; /* off the curve */
    sodium_bin2base64(text, sizeof text, point, sizeof point,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    expect_refused(text, AUTH);
    memset(point, 0, sizeof point); /* infinity, padded */
    sodium_bin2base64(text, sizeof text, point, sizeof point,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    expect_refused(text, AUTH);
    expect_refused("", AUTH);
    expect_refused(AUTH, AUTH);
    expect_refused(RECEIVER "AAAA", AUTH);
    expect_refused(RECEIVER, "");
    expect_refused(RECEIVER, AUTH "AA");
    expect_refused(RECEIVER, "BTBZMqHH6r4Tts7J/aSIgg"); /* not the URL-safe alphabet */
    g_assert_true(webpush_keys_parse(&keys, RECEIVER "=", AUTH "==", NULL)); /* padded */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8620/8.7/the-example-of-the-rfc", the_example_of_the_rfc);
    g_test_add_func("/rfc8620/8.7/no-two-messages-are-alike", no_two_messages_are_alike);
    g_test_add_func("/rfc8620/8.7/a-body-has-4096-bytes-at-most", a_body_has_4096_bytes_at_most);
    g_test_add_func("/rfc8620/8.7/keys-that-are-none", keys_that_are_none);
    return g_test_run();
}
