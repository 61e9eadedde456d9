#include "jmap/email/home.h"

#include <strings.h>

/* All that have one are of one account; 0: none of them is, -1: of several. */
static int64_t account_of_mailboxes(const struct jmap_call *call, const GArray *mailboxes)
{
    g_autoptr(GPtrArray) all = store_mailboxes(call->access, NULL, NULL);
    int64_t account = 0;

    for (size_t i = 0; all != NULL && i < all->len; i++) {
        const struct store_mailbox *mailbox = g_ptr_array_index(all, i);

        if (mailbox->account == 0 || !jmap_ids_contain(mailboxes, mailbox->id))
            continue;
        if (account != 0 && account != mailbox->account)
            return -1;
        account = mailbox->account;
    }
    return account;
}

static int64_t account_of_sender(const struct jmap_call *call, const struct mail_addresses *from)
{
    g_autoptr(GPtrArray) identities = store_identities(call->access, NULL, NULL);

    for (size_t i = 0; identities != NULL && i < identities->len && from->count > 0; i++) {
        const struct store_identity *identity = g_ptr_array_index(identities, i);
        const char *address = from->items[0].email;

        if (address != NULL && strcasecmp(identity->email, address) == 0)
            return identity->account;
    }
    return 0;
}

int64_t jmap_email_home(const struct jmap_call *call, const GArray *mailboxes,
                        const struct mail_addresses *from)
{
    int64_t account = store_access_account(call->access);

    if (account == 0)
        account = account_of_mailboxes(call, mailboxes);
    if (account == 0)
        account = account_of_sender(call, from);
    return MAX(account, 0);
}
