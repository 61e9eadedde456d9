#include "jmap/methods.h"

/* RFC 8621, 2.1. */

static const char *const properties[] = {
    "id",           "name",         "parentId",      "role",     "sortOrder",    "totalEmails",
    "unreadEmails", "totalThreads", "unreadThreads", "myRights", "isSubscribed", NULL,
};

json_t *jmap_mailbox_rights(const struct store_mailbox *mailbox)
{
    bool may_write = mailbox->rights & STORE_WRITE;
    bool items = may_write && mailbox->selectable;
    bool is_ours = may_write && mailbox->role != MAIL_ROLE_INBOX && !mailbox->fixed;

    return json_pack("{s: b, s: b, s: b, s: b, s: b, s: b, s: b, s: b, s: b}", "mayReadItems", 1,
                     "mayAddItems", items, "mayRemoveItems", items, "maySetSeen", items,
                     "maySetKeywords", items, "mayCreateChild",
                     may_write && mailbox->may_have_children && !mailbox->fixed, "mayRename",
                     is_ours, "mayDelete", is_ours, "maySubmit",
                     items && (mailbox->rights & STORE_SEND));
}

static json_t *mailbox_object(const struct store_mailbox *mailbox, json_t *my_rights)
{
    json_t *parent = mailbox->parent != 0 ? jmap_id('m', mailbox->parent) : json_null();

    return json_pack("{s: o, s: o, s: o, s: o, s: I, s: I, s: I, s: I, s: I, s: o, s: b}", "id",
                     jmap_id('m', mailbox->id), "name", jmap_json_text(mailbox->name), "parentId",
                     parent, "role", jmap_json_text(mail_role_name(mailbox->role)), "sortOrder",
                     (json_int_t)mailbox->sort_order, "totalEmails",
                     (json_int_t)mailbox->total_emails, "unreadEmails",
                     (json_int_t)mailbox->unread_emails, "totalThreads",
                     (json_int_t)mailbox->total_threads, "unreadThreads",
                     (json_int_t)mailbox->unread_threads, "myRights", my_rights, "isSubscribed",
                     mailbox->subscribed);
}

json_t *jmap_mailbox_one(struct jmap_call *call, int64_t id)
{
    g_autoptr(GPtrArray) mailboxes = store_mailboxes(call->access, NULL, NULL);

    for (size_t i = 0; mailboxes != NULL && i < mailboxes->len; i++) {
        const struct store_mailbox *mailbox = g_ptr_array_index(mailboxes, i);

        if (mailbox->id == id)
            return mailbox_object(mailbox, jmap_mailbox_rights(mailbox));
    }
    return NULL;
}

void jmap_mailbox_get(struct jmap_call *call)
{
    g_autoptr(GPtrArray) mailboxes = NULL;
    struct jmap_get get;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_get_begin(call, properties, 'm', &get))
        return;
    mailboxes = store_mailboxes(call->access, &state, &error);
    if (mailboxes == NULL) {
        jmap_get_fail(call, &get, error);
        return;
    }
    for (size_t i = 0; i < mailboxes->len; i++) {
        const struct store_mailbox *mailbox = g_ptr_array_index(mailboxes, i);

        if (jmap_get_wants(&get, mailbox->id))
            jmap_get_add(call, &get, mailbox->id,
                         mailbox_object(mailbox, jmap_mailbox_rights(mailbox)));
    }
    jmap_get_end(call, &get, &state);
}
