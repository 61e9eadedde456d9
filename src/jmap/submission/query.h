/* The list that EmailSubmission/query and EmailSubmission/queryChanges are about (RFC 8621, 7.3).
 */
#ifndef POSTROOM_JMAP_SUBMISSION_QUERY_H
#define POSTROOM_JMAP_SUBMISSION_QUERY_H

#include "jmap/engine/engine.h"

/* All ids that filter and sort of the arguments give. (transfer full), or NULL: answered. */
GArray *jmap_submission_list(struct jmap_call *call, uint64_t *state);

#endif
