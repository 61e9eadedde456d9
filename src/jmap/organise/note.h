/* Notes and to-dos (docs/api.md, "Organising"): two types with the same methods. */
#ifndef POSTROOM_JMAP_ORGANISE_NOTE_H
#define POSTROOM_JMAP_ORGANISE_NOTE_H

#include "jmap/engine/engine.h"
#include "store/organise.h"

/* Of the call's method: STORE_NOTE or STORE_TODO, and the letter of its ids. */
enum store_type jmap_note_type(const struct jmap_call *call);
char jmap_note_prefix(enum store_type type);
/* As clients see it. (transfer full) */
json_t *jmap_note_object(const struct jmap_call *call, const struct store_note *note);
/* Note/get and Todo/get: besides ids, "threadIds" for those of some conversations. */
void jmap_note_get(struct jmap_call *call);
void jmap_note_changes(struct jmap_call *call);
void jmap_note_query(struct jmap_call *call);
void jmap_note_set(struct jmap_call *call);

void jmap_person_get(struct jmap_call *call);
void jmap_conversation_ties(struct jmap_call *call);
void jmap_conversation_merge(struct jmap_call *call);
void jmap_conversation_split(struct jmap_call *call);

#endif
