#include "oauth/classify.h"

#include "oauth/json.h"
#include "oauth/provider.h"

#include <string.h>

#define DESCRIPTION_MAX 300

struct code_row {
    int aadsts;
    enum error_code code;
};

/* Facts 1.6, row by row. */
static const struct code_row code_rows[] = {
    {50011, ERROR_REDIRECT_MISMATCH},
    {900971, ERROR_REDIRECT_MISMATCH},
    {500112, ERROR_REDIRECT_MISMATCH},
    {700016, ERROR_APP_UNKNOWN},
    {90002, ERROR_APP_UNKNOWN},
    {900023, ERROR_APP_UNKNOWN},
    {50194, ERROR_APP_UNKNOWN},
    {9002331, ERROR_APP_UNKNOWN},
    {9002332, ERROR_APP_UNKNOWN},
    {7000215, ERROR_APP_SECRET_WRONG},
    {7000222, ERROR_APP_SECRET_EXPIRED},
    {7000218, ERROR_APP_MISCONFIGURED},
    {700025, ERROR_APP_MISCONFIGURED},
    {650053, ERROR_APP_MISCONFIGURED},
    {70011, ERROR_APP_MISCONFIGURED},
    {28000, ERROR_APP_MISCONFIGURED},
    {28003, ERROR_APP_MISCONFIGURED},
    {500011, ERROR_APP_MISCONFIGURED},
    {65004, ERROR_DECLINED},
    {90094, ERROR_ADMIN_CONSENT},
    {90095, ERROR_ADMIN_CONSENT},
    {65001, ERROR_CONSENT_NEEDED},
    {50020, ERROR_WRONG_TENANT},
    {50034, ERROR_WRONG_TENANT},
    {500208, ERROR_WRONG_TENANT},
    {50057, ERROR_ACCOUNT_DISABLED},
    {50076, ERROR_MFA_REQUIRED},
    {50079, ERROR_MFA_REQUIRED},
    {50074, ERROR_MFA_REQUIRED},
    {50078, ERROR_MFA_REQUIRED},
    {50158, ERROR_MFA_REQUIRED},
    {53003, ERROR_BLOCKED_BY_POLICY},
    {53000, ERROR_BLOCKED_BY_POLICY},
    {53001, ERROR_BLOCKED_BY_POLICY},
    {53002, ERROR_BLOCKED_BY_POLICY},
    {50105, ERROR_BLOCKED_BY_POLICY},
    {530034, ERROR_BLOCKED_BY_POLICY},
    {50173, ERROR_ACCESS_REVOKED},
    {50132, ERROR_ACCESS_REVOKED},
    {50133, ERROR_ACCESS_REVOKED},
    {50089, ERROR_ACCESS_REVOKED},
    {70008, ERROR_SIGN_IN_EXPIRED},
    {700082, ERROR_SIGN_IN_EXPIRED},
    {70043, ERROR_SIGN_IN_EXPIRED},
    {700084, ERROR_SIGN_IN_EXPIRED},
    {70000, ERROR_SIGN_IN_EXPIRED},
    {54005, ERROR_LINK_EXPIRED},
    {501481, ERROR_LINK_EXPIRED},
    {700005, ERROR_LINK_EXPIRED},
    {90055, ERROR_THROTTLED},
    {90024, ERROR_THROTTLED},
    {50196, ERROR_THROTTLED},
    {90006, ERROR_PROVIDER_ERROR},
};

struct word_row {
    const char *word;
    enum error_code code;
};

/* What the OAuth word alone says (RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6). */
static const struct word_row word_rows[] = {
    {"temporarily_unavailable", ERROR_PROVIDER_ERROR},
    {"server_error", ERROR_PROVIDER_ERROR},
    {"invalid_grant", ERROR_SIGN_IN_EXPIRED},
    {"invalid_client", ERROR_APP_SECRET_WRONG},
    {"unauthorized_client", ERROR_APP_UNKNOWN},
    {"access_denied", ERROR_DECLINED},
    {"consent_required", ERROR_CONSENT_NEEDED},
    {"interaction_required", ERROR_MFA_REQUIRED},
    {"login_required", ERROR_MFA_REQUIRED},
    {"account_selection_required", ERROR_MFA_REQUIRED},
    {"invalid_scope", ERROR_APP_MISCONFIGURED},
    {"invalid_request", ERROR_APP_MISCONFIGURED},
    {"invalid_resource", ERROR_APP_MISCONFIGURED},
    {"unsupported_grant_type", ERROR_APP_MISCONFIGURED},
    {"unsupported_response_type", ERROR_APP_MISCONFIGURED},
    {"redirect_uri_mismatch", ERROR_REDIRECT_MISMATCH},
    {"admin_policy_enforced", ERROR_BLOCKED_BY_POLICY},
    {"org_internal", ERROR_WRONG_TENANT},
};

static bool by_number(int aadsts, enum error_code *code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(code_rows); i++) {
        if (code_rows[i].aadsts == aadsts) {
            *code = code_rows[i].code;
            return true;
        }
    }
    return false;
}

static enum error_code by_word(const struct oauth_words *words)
{
    /* Google names an unknown client with the same word as a wrong secret. */
    if (g_strcmp0(words->error, "invalid_client") == 0 && words->description != NULL &&
        strstr(words->description, "client was not found") != NULL)
        return ERROR_APP_UNKNOWN;
    for (size_t i = 0; i < G_N_ELEMENTS(word_rows); i++)
        if (g_strcmp0(word_rows[i].word, words->error) == 0)
            return word_rows[i].code;
    return ERROR_PROVIDER_ERROR;
}

/* Whatever the number says: these pass by themselves, and nobody is asked to do anything. */
static bool is_passing(const struct oauth_words *words)
{
    return words->status == 429 || words->status >= 500 ||
           g_strcmp0(words->error, "temporarily_unavailable") == 0 ||
           g_strcmp0(words->error, "server_error") == 0;
}

/* A code that is no longer good means "start again"; a refresh token means "sign in again". */
static enum error_code for_stage(enum oauth_stage stage, enum error_code code,
                                 const struct oauth_words *words)
{
    bool grant = g_strcmp0(words->error, "invalid_grant") == 0;
    if (stage == OAUTH_STAGE_CODE &&
        (code == ERROR_SIGN_IN_EXPIRED || (grant && code == ERROR_ACCESS_REVOKED)))
        return ERROR_LINK_EXPIRED;
    if (stage == OAUTH_STAGE_REFRESH && code == ERROR_LINK_EXPIRED)
        return ERROR_SIGN_IN_EXPIRED;
    if (stage == OAUTH_STAGE_REFRESH && code == ERROR_DECLINED)
        return ERROR_BLOCKED_BY_POLICY;
    return code;
}

static enum error_code choose(enum oauth_stage stage, const struct oauth_words *words, int aadsts)
{
    enum error_code code = ERROR_PROVIDER_ERROR;
    bool known = by_number(aadsts, &code);
    if (is_passing(words))
        return words->status == 429 || (known && code == ERROR_THROTTLED) ? ERROR_THROTTLED
                                                                          : ERROR_PROVIDER_ERROR;
    if (known)
        return for_stage(stage, code, words);
    if (g_strcmp0(words->suberror, "consent_required") == 0)
        return ERROR_CONSENT_NEEDED;
    if (g_strcmp0(words->suberror, "basic_action") == 0)
        return ERROR_MFA_REQUIRED;
    return for_stage(stage, by_word(words), words);
}

/* "AADSTS50011: …" -> 50011 */
static int number_in(const char *description)
{
    const char *at = description != NULL ? strstr(description, "AADSTS") : NULL;
    if (at == NULL)
        return 0;
    guint64 number = g_ascii_strtoull(at + strlen("AADSTS"), NULL, 10);
    return number <= 99999999 ? (int)number : 0;
}

static void copy_correlation(const struct oauth_words *words, char correlation[40])
{
    static const char label[] = "Correlation ID: ";
    char guid[37] = "";
    const char *from = words->correlation;
    if (from == NULL && words->description != NULL) {
        from = strstr(words->description, label);
        from = from != NULL ? from + strlen(label) : NULL;
    }
    if (from != NULL)
        g_strlcpy(guid, from, sizeof guid);
    g_strlcpy(correlation, oauth_is_guid(guid) ? guid : "", 40);
}

/* The first line, without the identifiers that follow it. */
static char *short_description(const char *description)
{
    if (description == NULL)
        return g_strdup("no description");
    size_t length = strcspn(description, "\r\n");
    const char *trace = strstr(description, " Trace ID:");
    if (trace != NULL)
        length = MIN(length, (size_t)(trace - description));
    return g_strndup(description, MIN(length, (size_t)DESCRIPTION_MAX));
}

void oauth_classify_words(enum oauth_stage stage, const struct oauth_words *words, int *aadsts,
                          char correlation[40], GError **error)
{
    int number = words->aadsts != 0 ? words->aadsts : number_in(words->description);
    char id[40];
    copy_correlation(words, id);
    if (aadsts != NULL)
        *aadsts = number;
    if (correlation != NULL)
        g_strlcpy(correlation, id, sizeof id);
    g_autofree char *text = short_description(words->description);
    GError *made = NULL;
    error_set(&made, choose(stage, words, number), "%s (HTTP %d): %s%s%s",
              words->error != NULL ? words->error : "no error word", words->status, text,
              id[0] != '\0' ? " Correlation ID: " : "", id);
    error_set_retry_after_ms(made, words->retry_after_ms);
    g_propagate_error(error, made);
}

/* Decoded text is compared, so that a JSON escape hides nothing. */
static bool repeats_secret(const char *text, const struct secret *const *secrets)
{
    for (size_t i = 0; text != NULL && secrets != NULL && secrets[i] != NULL; i++)
        if (secret_length(secrets[i]) > 0 && strstr(text, secret_reveal(secrets[i])) != NULL)
            return true;
    return false;
}

void oauth_classify_body(enum oauth_stage stage, int status, const char *json, size_t length,
                         int64_t retry_after_ms, const struct secret *const *secrets, int *aadsts,
                         char correlation[40], GError **error)
{
    json_t *body = oauth_json_object(json, length);
    struct oauth_words words = {
        .status = status,
        .error = oauth_json_text(body, "error"),
        .suberror = oauth_json_text(body, "suberror"),
        .description = oauth_json_text(body, "error_description"),
        .correlation = oauth_json_text(body, "correlation_id"),
        .retry_after_ms = retry_after_ms,
    };
    if (repeats_secret(words.description, secrets))
        words.description = "the answer is not quoted";
    if (repeats_secret(words.error, secrets))
        words.error = "unknown";
    json_int_t number = json_integer_value(json_array_get(json_object_get(body, "error_codes"), 0));
    words.aadsts = number > 0 && number <= 99999999 ? (int)number : 0;
    oauth_classify_words(stage, &words, aadsts, correlation, error);
    json_decref(body);
}

void oauth_classify(int status, const char *json, size_t length, int64_t retry_after_ms,
                    int *aadsts, char correlation[40], GError **error)
{
    oauth_classify_body(OAUTH_STAGE_REFRESH, status, json, length, retry_after_ms, NULL, aadsts,
                        correlation, error);
}
