/* What a provider or a browser may say to src/oauth: error bodies, redirect words, id_tokens. The
 * first byte chooses which. Whatever comes, it ends in one of our errors or in a whole identity. */
#include "fuzz.h"

#include "oauth/classify.h"
#include "oauth/code.h"
#include "oauth/idtoken.h"
#include "oauth/provider.h"

#include <stdlib.h>
#include <string.h>

static struct oauth_provider provider = {
    .client_id = (char[]){"c0ffee1a-5e2b-4d6f-8a37-1b9c4e7d2f60"},
    .tenant = (char[]){"common"},
    .authority = (char[]){"https://login.example"},
};

static void check_error(const GError *error, int aadsts, const char *correlation)
{
    if (error == NULL || error->domain != POSTROOM_ERROR || aadsts < 0 || aadsts > 99999999)
        abort();
    if (correlation[0] != '\0' && !oauth_is_guid(correlation))
        abort();
    if (!g_utf8_validate(error->message, -1, NULL))
        abort();
}

static void fuzz_body(const char *text, size_t length, int status)
{
    struct secret *secret = secret_new("canary", 6);
    const struct secret *const secrets[] = {secret, NULL};
    for (int stage = OAUTH_STAGE_REDIRECT; stage <= OAUTH_STAGE_REFRESH; stage++) {
        int aadsts = -1;
        char correlation[40];
        g_autoptr(GError) error = NULL;
        oauth_classify_body((enum oauth_stage)stage, status, text, length, 0, secrets, &aadsts,
                            correlation, &error);
        check_error(error, aadsts, correlation);
        if (strstr(error->message, "canary") != NULL)
            abort();
    }
    secret_free(secret);
}

static void fuzz_words(const char *text)
{
    int aadsts = -1;
    char correlation[40];
    g_autoptr(GError) error = NULL;
    struct oauth_words words = {.error = text, .description = text};
    oauth_classify_words(OAUTH_STAGE_REDIRECT, &words, &aadsts, correlation, &error);
    check_error(error, aadsts, correlation);
}

static void fuzz_token(const char *token, enum oauth_type type)
{
    struct oauth_expected expected = {&provider, "https://login.example/{tenantid}/v2.0", "n",
                                      1000};
    struct oauth_identity identity;
    g_autoptr(GError) error = NULL;
    provider.type = type;
    bool good = oauth_idtoken_check(token, &expected, &identity, &error);
    if (good != (error == NULL))
        abort();
    if (good && (identity.tid == NULL || identity.oid == NULL))
        abort();
    if (good && type == OAUTH_MICROSOFT && !oauth_is_guid(identity.tid))
        abort();
    oauth_identity_clear(&identity);
}

static void fuzz_claims(const char *text, size_t length, enum oauth_type type)
{
    g_autofree char *claims = oauth_base64url((const uint8_t *)text, length);
    g_autofree char *token = g_strdup_printf("a.%s.b", claims);
    fuzz_token(token, type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 400, 401, 429, 500};
    if (size < 1)
        return 0;
    g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
    enum oauth_type type = (data[0] & 8) != 0 ? OAUTH_GOOGLE : OAUTH_MICROSOFT;
    switch (data[0] & 3) {
    case 0:
        fuzz_body((const char *)data + 1, size - 1,
                  statuses[(size_t)(data[0] >> 4) % G_N_ELEMENTS(statuses)]);
        break;
    case 1:
        fuzz_words(text);
        break;
    case 2:
        fuzz_token(text, type);
        break;
    default:
        fuzz_claims((const char *)data + 1, size - 1, type);
    }
    return 0;
}
