/* Provider errors into ours, by the table in classify.c; pure. For this module only. */
#ifndef POSTROOM_OAUTH_CLASSIFY_H
#define POSTROOM_OAUTH_CLASSIFY_H

#include "oauth/oauth.h"

/* When the error came: the same word means another thing to do next. */
enum oauth_stage { OAUTH_STAGE_REDIRECT, OAUTH_STAGE_CODE, OAUTH_STAGE_REFRESH };

struct oauth_words {
    int status; /* HTTP; 0 for a redirect */
    const char *error, *suberror, *description;
    int aadsts; /* 0: look for it in the description */
    const char *correlation;
    int64_t retry_after_ms;
};

/* Sets *error, *aadsts (0: none) and correlation ("" unless it is a GUID); the latter two may be
 * NULL. */
void oauth_classify_words(enum oauth_stage stage, const struct oauth_words *words, int *aadsts,
                          char correlation[40], GError **error);
/* The same for the body of a token endpoint's answer. `secrets` (NULL-terminated, or NULL): a body
 * that repeats one of them is not quoted. */
void oauth_classify_body(enum oauth_stage stage, int status, const char *json, size_t length,
                         int64_t retry_after_ms, const struct secret *const *secrets, int *aadsts,
                         char correlation[40], GError **error);

#endif
