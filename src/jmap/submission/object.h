/* EmailSubmission objects as JSON, and envelopes from it (RFC 8621, 7). */
#ifndef POSTROOM_JMAP_SUBMISSION_OBJECT_H
#define POSTROOM_JMAP_SUBMISSION_OBJECT_H

#include "jmap/engine/engine.h"

/* NULL-terminated. */
extern const char *const jmap_submission_properties[];
/* The whole object. (transfer full) */
json_t *jmap_submission_object(const struct store_submission *submission);
/* "pending", "final" or "canceled". */
const char *jmap_submission_undo_status(const struct store_submission *submission);

/* Fills mail_from, rcpt_to, envelope_json and send_at of submission from an envelope object, or
 * from the email when it is NULL. identities: what the account may send as; identity: the chosen
 * one. (transfer full) a SetError, or NULL. */
json_t *jmap_envelope_read(json_t *envelope, const struct mail_summary *email,
                           const struct store_identity *identity, const GPtrArray *identities,
                           struct store_submission *submission);
/* Local part and domain, without anything that would end the command or the header field it stands
 * in (SECURITY.md 10). */
bool jmap_address_is_valid(const char *address);
/* One of the identities covers the address. */
bool jmap_identities_allow(const GPtrArray *identities, const char *address);

/* Takes away what only clients that use the vendor capability are told. */
void jmap_submission_trim(json_t *object);

#endif
