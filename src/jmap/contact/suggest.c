#include "jmap/methods.h"
#include "store/contacts.h"

#define TEXT_OCTETS 500
#define LIMIT 10

/* Contact/suggest (docs/api.md): people of past mail whose name or address goes on as was typed. */
void jmap_contact_suggest(struct jmap_call *call)
{
    const char *text = jmap_arg_string(call, "text");
    int64_t limit = jmap_arg_int(call, "limit", LIMIT);
    g_autoptr(GPtrArray) contacts = NULL;
    GError *error = NULL;
    json_t *answer, *list = json_array();

    if (strlen(text) > TEXT_OCTETS) {
        json_decref(list);
        jmap_fail(call, "invalidArguments", "text is too long");
        return;
    }
    contacts = store_contacts(call->access, text, (size_t)MIN(limit, STORE_SUGGEST_MAX), &error);
    if (contacts == NULL) {
        json_decref(list);
        jmap_fail_error(call, error);
        return;
    }
    for (guint i = 0; i < contacts->len; i++) {
        const struct store_contact *contact = contacts->pdata[i];

        json_array_append_new(list, json_pack("{s:o, s:o, s:b, s:b, s:o}", "name",
                                              jmap_json_text(contact->name), "email",
                                              jmap_json_text(contact->email), "wrote",
                                              contact->wrote, "automatic", contact->automatic,
                                              "lastAt", jmap_json_utc(contact->last)));
    }
    answer = jmap_answer(call);
    json_object_set_new(answer, "list", list);
    jmap_respond(call, answer);
}
