/* The mail from an address to itself that proves it (store/mail.h, struct store_proof). */
#ifndef POSTROOM_JMAP_IDENTITY_PROOF_H
#define POSTROOM_JMAP_IDENTITY_PROOF_H

#include "jmap/engine/engine.h"

struct jmap_proof {
    char code[9], *message_id;
    GBytes *raw;
};
/* Writes one for the address, in the language that the person chose. false with error. */
bool jmap_proof_write(struct jmap_call *call, const char *email, struct jmap_proof *proof,
                      GError **error);
void jmap_proof_clear(struct jmap_proof *proof);
/* What the store takes; borrows. */
struct store_proof jmap_proof_borrow(const struct jmap_proof *proof);

#endif
