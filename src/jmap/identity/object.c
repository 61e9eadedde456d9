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

json_t *jmap_identity_object(const struct store_identity *identity)
{
    return json_pack("{s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: b}", "id",
                     jmap_id('i', identity->id), "name", jmap_json_text(or_empty(identity->name)),
                     "email", jmap_json_text(or_empty(identity->email)), "replyTo",
                     addresses(identity->reply_to), "bcc", addresses(identity->bcc),
                     "textSignature", jmap_json_text(or_empty(identity->text_signature)),
                     "htmlSignature", jmap_json_text(or_empty(identity->html_signature)),
                     "mayDelete", identity->may_delete);
}
