/* What LinkedAccount and FleetAccount say alike of an account. */
#ifndef POSTROOM_JMAP_MANAGE_PROBLEM_H
#define POSTROOM_JMAP_MANAGE_PROBLEM_H

#include "jmap/engine/engine.h"

/* code NULL: null; at 0: unknown. (transfer full) */
json_t *jmap_problem_json(const char *code, const char *detail, int64_t at);
/* (transfer full) */
json_t *jmap_progress_json(const struct store_progress *now);

#endif
