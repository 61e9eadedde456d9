#include "jmap/identity/object.h"

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static json_t *addresses(const char *kept)
{
    json_t *list = kept != NULL ? json_loads(kept, JSON_REJECT_DUPLICATES, NULL) : NULL;

    return list != NULL ? list : json_null();
}

/* null: its address is proven. */
static json_t *verification(const struct store_identity *identity)
{
    if (identity->proof == STORE_PROOF_GIVEN)
        return json_null();
    return json_pack("{s: s, s: o, s: o, s: o}", "state",
                     identity->proof == STORE_PROOF_PENDING ? "pending" : "refused", "sentAt",
                     jmap_json_utc(identity->proof_sent_at), "problem",
                     jmap_json_text(identity->proof_problem), "reply",
                     jmap_json_text(identity->proof_reply));
}

json_t *jmap_identity_object(const struct jmap_call *call, const struct store_identity *identity)
{
    json_t *object =
        json_pack("{s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: b}", "id",
                  jmap_id('i', identity->id), "name", jmap_json_text(or_empty(identity->name)),
                  "email", jmap_json_text(or_empty(identity->email)), "replyTo",
                  addresses(identity->reply_to), "bcc", addresses(identity->bcc), "textSignature",
                  jmap_json_text(or_empty(identity->text_signature)), "htmlSignature",
                  jmap_json_text(or_empty(identity->html_signature)), "mayDelete",
                  identity->may_delete);

    if ((call->request->using & JMAP_MANAGE) != 0)
        json_object_set_new(object, JMAP_IDENTITY_VERIFICATION, verification(identity));
    return object;
}
