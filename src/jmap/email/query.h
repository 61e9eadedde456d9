/* The arguments that Email/query and Email/queryChanges share (RFC 8621, 4.4 and 4.5). */
#ifndef POSTROOM_JMAP_EMAIL_QUERY_H
#define POSTROOM_JMAP_EMAIL_QUERY_H

#include "jmap/engine/engine.h"

#define JMAP_EMAIL_SORTS_MAX 8

struct jmap_email_query {
    struct store_query query; /* without its window; points into the rest */
    struct store_sort sort[JMAP_EMAIL_SORTS_MAX];
    struct store_filter *filter;
};
/* false: answered. */
bool jmap_email_query_read(struct jmap_call *call, struct jmap_email_query *out);
/* The changes of such a list cannot be calculated: one more email may move all others. */
bool jmap_email_query_is_by_relevance(const struct store_query *query);
void jmap_email_query_clear(struct jmap_email_query *query);

#endif
