/* /query over a list that is known as a whole (RFC 8620, 5.5): its filter and sort are judged
 * before they are used, whatever is in the list, and then held against object by object. */
#ifndef POSTROOM_JMAP_ENGINE_MATCHING_H
#define POSTROOM_JMAP_ENGINE_MATCHING_H

#include "jmap/engine/engine.h"

/* What the value of a condition is. */
enum jmap_condition_kind {
    JMAP_CONDITION_TEXT,
    JMAP_CONDITION_TEXT_OR_NULL,
    JMAP_CONDITION_BOOLEAN,
    JMAP_CONDITION_TEXTS,
    JMAP_CONDITION_DATE, /* UTCDate */
};
struct jmap_condition {
    const char *name;
    enum jmap_condition_kind kind;
};
/* Does the object meet one condition of a filter that was judged? */
typedef bool jmap_condition_fn(const void *object, const char *name, const json_t *value);
/* Does it meet the filter, one that was judged? NULL: all do. */
bool jmap_filter_holds(json_t *filter, jmap_condition_fn *holds, const void *object);
/* Does a name, folded already (text_fold), have this text anywhere? */
bool jmap_text_contains(const char *folded, const json_t *value);

struct jmap_comparator {
    const char *property; /* borrowed from the arguments */
    bool ascending;
    bool collates; /* false: "collation" is none that the session announces */
    enum text_collation collation;
};
/* One Comparator; the type of error, or NULL. What is asked of a text only when it collates. */
const char *jmap_comparator_read(const json_t *json, struct jmap_comparator *out);
/* A property that may be sorted by. */
struct jmap_sortable {
    const char *name;
    bool is_text;
};
#define JMAP_SORTS_MAX 8
struct jmap_sort {
    struct jmap_comparator by[JMAP_SORTS_MAX];
    size_t count;
};
/* "filter" and "sort" of the arguments, held against what there is (each ends with a NULL name):
 * the form and size of the filter, its conditions and the types of their values, and what is
 * sorted by. False: answered with the error of what may not be used. */
bool jmap_list_judge(struct jmap_call *call, const struct jmap_condition *conditions,
                     const struct jmap_sortable *sortable, struct jmap_sort *sort);

#endif
