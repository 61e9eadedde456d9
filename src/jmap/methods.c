#include "jmap/methods.h"

#include "jmap/organise/note.h"
#include "jmap/record/record.h"

#define OPTIONAL JMAP_ARG_OPTIONAL
#define NULLABLE (JMAP_ARG_OPTIONAL | JMAP_ARG_NULLABLE)

#define ACCOUNT                                                                                    \
    {                                                                                              \
        "accountId", JMAP_ARG_STRING, 0                                                            \
    }
#define IDS                                                                                        \
    {                                                                                              \
        "ids", JMAP_ARG_STRINGS, NULLABLE                                                          \
    }
#define PROPERTIES                                                                                 \
    {                                                                                              \
        "properties", JMAP_ARG_STRINGS, NULLABLE                                                   \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, JMAP_ARG_STRING, 0                                                                   \
    }
/* RFC 8621, 4.2 and 4.9: what Email/get and Email/parse share. */
#define BODY_ARGUMENTS                                                                             \
    {"bodyProperties", JMAP_ARG_STRINGS, OPTIONAL},                                                \
        {"fetchTextBodyValues", JMAP_ARG_BOOLEAN, OPTIONAL},                                       \
        {"fetchHTMLBodyValues", JMAP_ARG_BOOLEAN, OPTIONAL},                                       \
        {"fetchAllBodyValues", JMAP_ARG_BOOLEAN, OPTIONAL},                                        \
    {                                                                                              \
        "maxBodyValueBytes", JMAP_ARG_UNSIGNED, OPTIONAL                                           \
    }
/* RFC 8620, 5.5. */
#define QUERY_ARGUMENTS                                                                            \
    {"filter", JMAP_ARG_OBJECT, NULLABLE}, {"sort", JMAP_ARG_OBJECTS, NULLABLE},                   \
        {"position", JMAP_ARG_INT, OPTIONAL}, {"anchor", JMAP_ARG_STRING, NULLABLE},               \
        {"anchorOffset", JMAP_ARG_INT, OPTIONAL}, {"limit", JMAP_ARG_UNSIGNED, NULLABLE},          \
    {                                                                                              \
        "calculateTotal", JMAP_ARG_BOOLEAN, OPTIONAL                                               \
    }
/* RFC 8620, 5.6. */
#define QUERY_CHANGES_ARGUMENTS                                                                    \
    {"filter", JMAP_ARG_OBJECT, NULLABLE}, {"sort", JMAP_ARG_OBJECTS, NULLABLE},                   \
        {"sinceQueryState", JMAP_ARG_STRING, 0}, {"maxChanges", JMAP_ARG_UNSIGNED, NULLABLE},      \
        {"upToId", JMAP_ARG_STRING, NULLABLE},                                                     \
    {                                                                                              \
        "calculateTotal", JMAP_ARG_BOOLEAN, OPTIONAL                                               \
    }
/* RFC 8620, 5.3. */
#define SET_ARGUMENTS                                                                              \
    {"ifInState", JMAP_ARG_STRING, NULLABLE}, {"create", JMAP_ARG_OBJECT_MAP, NULLABLE},           \
        {"update", JMAP_ARG_OBJECT_MAP, NULLABLE},                                                 \
    {                                                                                              \
        "destroy", JMAP_ARG_STRINGS, NULLABLE                                                      \
    }

static const struct jmap_arg get_args[] = {ACCOUNT, IDS, PROPERTIES, END};
static const struct jmap_arg changes_args[] = {
    ACCOUNT,
    {"sinceState", JMAP_ARG_STRING, 0},
    {"maxChanges", JMAP_ARG_UNSIGNED, NULLABLE},
    END,
};
static const struct jmap_arg set_args[] = {ACCOUNT, SET_ARGUMENTS, END};
static const struct jmap_arg query_args[] = {ACCOUNT, QUERY_ARGUMENTS, END};
static const struct jmap_arg query_changes_args[] = {ACCOUNT, QUERY_CHANGES_ARGUMENTS, END};

static const struct jmap_arg mailbox_query_args[] = {
    ACCOUNT,
    QUERY_ARGUMENTS,
    {"sortAsTree", JMAP_ARG_BOOLEAN, OPTIONAL},
    {"filterAsTree", JMAP_ARG_BOOLEAN, OPTIONAL},
    END,
};
static const struct jmap_arg mailbox_query_changes_args[] = {
    ACCOUNT,
    QUERY_CHANGES_ARGUMENTS,
    {"sortAsTree", JMAP_ARG_BOOLEAN, OPTIONAL},
    {"filterAsTree", JMAP_ARG_BOOLEAN, OPTIONAL},
    END,
};
static const struct jmap_arg mailbox_set_args[] = {
    ACCOUNT,
    SET_ARGUMENTS,
    {"onDestroyRemoveEmails", JMAP_ARG_BOOLEAN, OPTIONAL},
    END,
};
static const struct jmap_arg email_get_args[] = {ACCOUNT, IDS, PROPERTIES, BODY_ARGUMENTS, END};
static const struct jmap_arg email_query_args[] = {
    ACCOUNT,
    QUERY_ARGUMENTS,
    {"collapseThreads", JMAP_ARG_BOOLEAN, OPTIONAL},
    END,
};
static const struct jmap_arg email_query_changes_args[] = {
    ACCOUNT,
    QUERY_CHANGES_ARGUMENTS,
    {"collapseThreads", JMAP_ARG_BOOLEAN, OPTIONAL},
    END,
};
/* RFC 8620, 5.4. */
static const struct jmap_arg email_copy_args[] = {
    ACCOUNT,
    {"fromAccountId", JMAP_ARG_STRING, 0},
    {"ifFromInState", JMAP_ARG_STRING, NULLABLE},
    {"ifInState", JMAP_ARG_STRING, NULLABLE},
    {"create", JMAP_ARG_OBJECT_MAP, 0},
    {"onSuccessDestroyOriginal", JMAP_ARG_BOOLEAN, OPTIONAL},
    {"destroyFromIfInState", JMAP_ARG_STRING, NULLABLE},
    END,
};
static const struct jmap_arg blob_copy_args[] = {
    ACCOUNT,
    {"fromAccountId", JMAP_ARG_STRING, 0},
    {"blobIds", JMAP_ARG_STRINGS, 0},
    END,
};
/* RFC 9404, 4. */
static const struct jmap_arg blob_upload_args[] = {
    ACCOUNT,
    {"create", JMAP_ARG_OBJECT_MAP, 0},
    END,
};
static const struct jmap_arg blob_get_args[] = {
    ACCOUNT,
    {"ids", JMAP_ARG_STRINGS, 0},
    PROPERTIES,
    {"offset", JMAP_ARG_UNSIGNED, NULLABLE},
    {"length", JMAP_ARG_UNSIGNED, NULLABLE},
    END,
};
static const struct jmap_arg blob_lookup_args[] = {
    ACCOUNT,
    {"typeNames", JMAP_ARG_STRINGS, 0},
    {"ids", JMAP_ARG_STRINGS, 0},
    END,
};
static const struct jmap_arg email_import_args[] = {
    ACCOUNT,
    {"ifInState", JMAP_ARG_STRING, NULLABLE},
    {"emails", JMAP_ARG_OBJECT_MAP, 0},
    END,
};
static const struct jmap_arg email_parse_args[] = {
    ACCOUNT, {"blobIds", JMAP_ARG_STRINGS, 0}, PROPERTIES, BODY_ARGUMENTS, END,
};
static const struct jmap_arg snippet_args[] = {
    ACCOUNT,
    {"filter", JMAP_ARG_OBJECT, NULLABLE},
    {"emailIds", JMAP_ARG_STRINGS, 0},
    END,
};
static const struct jmap_arg search_args[] = {
    ACCOUNT,
    {"text", JMAP_ARG_STRING, 0},
    {"inMailbox", JMAP_ARG_STRING, NULLABLE},
    {"filter", JMAP_ARG_OBJECT, NULLABLE},
    {"timeZone", JMAP_ARG_STRING, NULLABLE},
    END,
};
static const struct jmap_arg suggest_args[] = {
    ACCOUNT,
    {"text", JMAP_ARG_STRING, 0},
    {"limit", JMAP_ARG_UNSIGNED, OPTIONAL},
    END,
};
static const struct jmap_arg submission_set_args[] = {
    ACCOUNT,
    SET_ARGUMENTS,
    {"onSuccessUpdateEmail", JMAP_ARG_OBJECT_MAP, NULLABLE},
    {"onSuccessDestroyEmail", JMAP_ARG_STRINGS, NULLABLE},
    END,
};
/* RFC 8620, 7.2: without an account and without states. */
static const struct jmap_arg push_get_args[] = {IDS, PROPERTIES, END};
static const struct jmap_arg push_set_args[] = {
    {"create", JMAP_ARG_OBJECT_MAP, NULLABLE},
    {"update", JMAP_ARG_OBJECT_MAP, NULLABLE},
    {"destroy", JMAP_ARG_STRINGS, NULLABLE},
    END,
};
/* Of our own (docs/api.md, "Organising"). */
static const struct jmap_arg note_get_args[] = {
    ACCOUNT, IDS, PROPERTIES, {"threadIds", JMAP_ARG_STRINGS, NULLABLE}, END,
};
static const struct jmap_arg ties_args[] = {ACCOUNT, {"threadId", JMAP_ARG_STRING, 0}, END};
static const struct jmap_arg merge_args[] = {ACCOUNT, {"threadIds", JMAP_ARG_STRINGS, 0}, END};
static const struct jmap_arg split_args[] = {ACCOUNT, {"emailIds", JMAP_ARG_STRINGS, 0}, END};
static const struct jmap_arg template_attach_args[] = {
    ACCOUNT,
    {"templateId", JMAP_ARG_STRING, 0},
    END,
};
static const struct jmap_arg email_view_args[] = {
    ACCOUNT,
    {"ids", JMAP_ARG_STRINGS, 0},
    PROPERTIES,
    {"remoteImages", JMAP_ARG_BOOLEAN, OPTIONAL},
    {"plainText", JMAP_ARG_BOOLEAN, OPTIONAL},
    END,
};

static const struct jmap_arg check_run_args[] = {
    ACCOUNT,
    {"account", JMAP_ARG_STRING, NULLABLE},
    {"address", JMAP_ARG_STRING, NULLABLE},
    {"imapUrl", JMAP_ARG_STRING, NULLABLE},
    {"smtpUrl", JMAP_ARG_STRING, NULLABLE},
    {"password", JMAP_ARG_STRING, NULLABLE},
    {"since", JMAP_ARG_STRING, NULLABLE},
    {"onlyStart", JMAP_ARG_BOOLEAN, OPTIONAL},
    END,
};
static const struct jmap_arg autoconfig_args[] = {ACCOUNT, {"address", JMAP_ARG_STRING, 0}, END};
static const struct jmap_arg sync_log_args[] = {
    ACCOUNT,
    {"account", JMAP_ARG_STRING, 0},
    {"position", JMAP_ARG_UNSIGNED, OPTIONAL},
    {"limit", JMAP_ARG_UNSIGNED, NULLABLE},
    END,
};

static const struct jmap_arg invite_args[] = {
    ACCOUNT,
    {"id", JMAP_ARG_STRING, 0},
    {"send", JMAP_ARG_BOOLEAN, OPTIONAL},
    {"language", JMAP_ARG_STRING, NULLABLE},
    END,
};

#define MAILBOX JMAP_SCOPE_MAILBOX
#define USER JMAP_SCOPE_USER
#define MAIL JMAP_SCOPE_MAIL

/* clang-format off */
static const struct jmap_method methods[] = {
    {"Core/echo", JMAP_CORE, JMAP_SCOPE_NONE, 0, NULL, jmap_core_echo},
    {"Blob/copy", JMAP_CORE, MAILBOX, STORE_WRITE, blob_copy_args, jmap_blob_copy},
    {"Blob/upload", JMAP_BLOB, MAILBOX, STORE_WRITE, blob_upload_args, jmap_blob_upload},
    {"Blob/get", JMAP_BLOB, MAILBOX, STORE_READ, blob_get_args, jmap_blob_get},
    {"Blob/lookup", JMAP_BLOB, MAILBOX, STORE_READ, blob_lookup_args, jmap_blob_lookup},
    {"PushSubscription/get", JMAP_CORE, JMAP_SCOPE_NONE, 0, push_get_args, jmap_push_subscription_get},
    {"PushSubscription/set", JMAP_CORE, JMAP_SCOPE_NONE, 0, push_set_args, jmap_push_subscription_set},

    {"Mailbox/get", JMAP_MAIL, MAIL, STORE_READ, get_args, jmap_mailbox_get},
    {"Mailbox/changes", JMAP_MAIL, MAIL, STORE_READ, changes_args, jmap_mailbox_changes},
    {"Mailbox/query", JMAP_MAIL, MAIL, STORE_READ, mailbox_query_args, jmap_mailbox_query},
    {"Mailbox/set", JMAP_MAIL, MAILBOX, STORE_WRITE, mailbox_set_args, jmap_mailbox_set},
    {"Mailbox/queryChanges", JMAP_MAIL, MAIL, STORE_READ, mailbox_query_changes_args, jmap_mailbox_query_changes},

    {"Thread/get", JMAP_MAIL, MAIL, STORE_READ, get_args, jmap_thread_get},
    {"Thread/changes", JMAP_MAIL, MAIL, STORE_READ, changes_args, jmap_thread_changes},

    {"Email/get", JMAP_MAIL, MAIL, STORE_READ, email_get_args, jmap_email_get},
    {"Email/changes", JMAP_MAIL, MAIL, STORE_READ, changes_args, jmap_email_changes},
    {"Email/query", JMAP_MAIL, MAIL, STORE_READ, email_query_args, jmap_email_query},
    {"Email/queryChanges", JMAP_MAIL, MAIL, STORE_READ, email_query_changes_args, jmap_email_query_changes},
    {"Email/set", JMAP_MAIL, MAIL, STORE_WRITE, set_args, jmap_email_set},
    {"Email/copy", JMAP_MAIL, MAILBOX, STORE_WRITE, email_copy_args, jmap_email_copy},
    {"Email/import", JMAP_MAIL, MAILBOX, STORE_WRITE, email_import_args, jmap_email_import},
    {"Email/parse", JMAP_MAIL, MAIL, STORE_READ, email_parse_args, jmap_email_parse},

    {"SearchSnippet/get", JMAP_MAIL, MAIL, STORE_READ, snippet_args, jmap_snippet_get},

    {"Identity/get", JMAP_SUBMISSION, MAIL, STORE_READ, get_args, jmap_identity_get},
    {"Identity/changes", JMAP_SUBMISSION, MAIL, STORE_READ, changes_args, jmap_identity_changes},
    {"Identity/set", JMAP_SUBMISSION, MAILBOX, STORE_SEND, set_args, jmap_identity_set},

    {"EmailSubmission/get", JMAP_SUBMISSION, MAIL, STORE_READ, get_args, jmap_submission_get},
    {"EmailSubmission/changes", JMAP_SUBMISSION, MAIL, STORE_READ, changes_args, jmap_submission_changes},
    {"EmailSubmission/query", JMAP_SUBMISSION, MAIL, STORE_READ, query_args, jmap_submission_query},
    {"EmailSubmission/queryChanges", JMAP_SUBMISSION, MAIL, STORE_READ, query_changes_args, jmap_submission_query_changes},
    {"EmailSubmission/set", JMAP_SUBMISSION, MAIL, STORE_SEND, submission_set_args, jmap_submission_set},

    {"VacationResponse/get", JMAP_VACATION, MAILBOX, STORE_READ, get_args, jmap_vacation_get},
    {"VacationResponse/set", JMAP_VACATION, MAILBOX, STORE_SEND, set_args, jmap_vacation_set},

    {"Quota/get", JMAP_QUOTA, MAIL, STORE_READ, get_args, jmap_quota_get},
    {"Quota/changes", JMAP_QUOTA, MAIL, STORE_READ, changes_args, jmap_quota_changes},
    {"Quota/query", JMAP_QUOTA, MAIL, STORE_READ, query_args, jmap_quota_query},
    {"Quota/queryChanges", JMAP_QUOTA, MAIL, STORE_READ, query_changes_args, jmap_quota_query_changes},

    {"Provider/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_provider_get},
    {"Provider/set", JMAP_MANAGE, USER, STORE_WRITE, set_args, jmap_provider_set},
    {"LinkedAccount/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_linked_account_get},
    {"LinkedAccount/changes", JMAP_MANAGE, USER, STORE_READ, changes_args, jmap_linked_account_changes},
    {"LinkedAccount/set", JMAP_MANAGE, USER, STORE_WRITE, set_args, jmap_linked_account_set},
    {"AccountHealth/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_account_health_get},
    {"AccountCheck/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_account_check_get},
    {"AccountCheck/run", JMAP_MANAGE, USER, STORE_READ, check_run_args, jmap_account_check_run},
    {"Autoconfig/find", JMAP_MANAGE, USER, STORE_READ, autoconfig_args, jmap_autoconfig_find},
    {"SyncLogEntry/query", JMAP_MANAGE, USER, STORE_READ, sync_log_args, jmap_sync_log_query},
    {"Search/parse", JMAP_MANAGE, MAIL, STORE_READ, search_args, jmap_search_parse},
    {"Preferences/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_record_get},
    {"Preferences/set", JMAP_MANAGE, USER, STORE_READ, set_args, jmap_record_set},
    {"Label/get", JMAP_MANAGE, MAIL, STORE_READ, get_args, jmap_record_get},
    {"Label/changes", JMAP_MANAGE, MAIL, STORE_READ, changes_args, jmap_record_changes},
    {"Label/set", JMAP_MANAGE, MAILBOX, STORE_WRITE, set_args, jmap_record_set},
    {"SavedSearch/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_record_get},
    {"SavedSearch/changes", JMAP_MANAGE, USER, STORE_READ, changes_args, jmap_record_changes},
    {"SavedSearch/set", JMAP_MANAGE, USER, STORE_READ, set_args, jmap_record_set},
    {"ContactGroup/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_record_get},
    {"ContactGroup/changes", JMAP_MANAGE, USER, STORE_READ, changes_args, jmap_record_changes},
    {"ContactGroup/set", JMAP_MANAGE, USER, STORE_READ, set_args, jmap_record_set},
    {"HiddenContact/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_record_get},
    {"HiddenContact/changes", JMAP_MANAGE, USER, STORE_READ, changes_args, jmap_record_changes},
    {"HiddenContact/set", JMAP_MANAGE, USER, STORE_READ, set_args, jmap_record_set},
    {"Contact/suggest", JMAP_MANAGE, MAIL, STORE_READ, suggest_args, jmap_contact_suggest},
    {"TrustedSender/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_record_get},
    {"TrustedSender/changes", JMAP_MANAGE, USER, STORE_READ, changes_args, jmap_record_changes},
    {"TrustedSender/set", JMAP_MANAGE, USER, STORE_READ, set_args, jmap_record_set},
    {"Note/get", JMAP_MANAGE, MAIL, STORE_READ, note_get_args, jmap_note_get},
    {"Note/changes", JMAP_MANAGE, MAIL, STORE_READ, changes_args, jmap_note_changes},
    {"Note/query", JMAP_MANAGE, MAIL, STORE_READ, query_args, jmap_note_query},
    {"Note/set", JMAP_MANAGE, MAIL, STORE_WRITE, set_args, jmap_note_set},
    {"Todo/get", JMAP_MANAGE, MAIL, STORE_READ, note_get_args, jmap_note_get},
    {"Todo/changes", JMAP_MANAGE, MAIL, STORE_READ, changes_args, jmap_note_changes},
    {"Todo/query", JMAP_MANAGE, MAIL, STORE_READ, query_args, jmap_note_query},
    {"Todo/set", JMAP_MANAGE, MAIL, STORE_WRITE, set_args, jmap_note_set},
    {"Person/get", JMAP_MANAGE, MAIL, STORE_READ, get_args, jmap_person_get},
    {"Conversation/ties", JMAP_MANAGE, MAIL, STORE_READ, ties_args, jmap_conversation_ties},
    {"Conversation/merge", JMAP_MANAGE, MAIL, STORE_WRITE, merge_args, jmap_conversation_merge},
    {"Conversation/split", JMAP_MANAGE, MAIL, STORE_WRITE, split_args, jmap_conversation_split},
    {"ProviderTest/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_provider_test_get},
    {"ProviderTest/set", JMAP_MANAGE, USER, STORE_WRITE, set_args, jmap_provider_test_set},
    {"User/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_user_get},
    {"User/set", JMAP_MANAGE, USER, STORE_WRITE, set_args, jmap_user_set},
    {"User/invite", JMAP_MANAGE, USER, STORE_WRITE, invite_args, jmap_user_invite},
    {"UserSession/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_user_session_get},
    {"UserSession/set", JMAP_MANAGE, USER, STORE_WRITE, set_args, jmap_user_session_set},
    {"ApiToken/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_api_token_get},
    {"ApiToken/set", JMAP_MANAGE, USER, STORE_WRITE, set_args, jmap_api_token_set},
    {"UserIdentity/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_user_identity_get},
    {"UserIdentity/set", JMAP_MANAGE, USER, STORE_WRITE, set_args, jmap_user_identity_set},
    {"AccountShare/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_account_share_get},
    {"AccountShare/set", JMAP_MANAGE, USER, STORE_WRITE, set_args, jmap_account_share_set},
    {"AuditEntry/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_audit_entry_get},
    {"AuditEntry/query", JMAP_MANAGE, USER, STORE_READ, query_args, jmap_audit_entry_query},
    {"FleetAccount/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_fleet_account_get},
    {"FleetAccount/changes", JMAP_MANAGE, USER, STORE_READ, changes_args, jmap_fleet_account_changes},
    {"Signature/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_record_get},
    {"Signature/changes", JMAP_MANAGE, USER, STORE_READ, changes_args, jmap_record_changes},
    {"Signature/set", JMAP_MANAGE, USER, STORE_READ, set_args, jmap_record_set},
    {"Template/get", JMAP_MANAGE, USER, STORE_READ, get_args, jmap_template_get},
    {"Template/changes", JMAP_MANAGE, USER, STORE_READ, changes_args, jmap_template_changes},
    {"Template/set", JMAP_MANAGE, USER, STORE_READ, set_args, jmap_template_set},
    {"Template/attach", JMAP_MANAGE, MAILBOX, STORE_WRITE, template_attach_args, jmap_template_attach},
    {"EmailView/get", JMAP_MANAGE, MAIL, STORE_READ, email_view_args, jmap_email_view_get},
};
/* clang-format on */

const struct jmap_method *jmap_methods(size_t *count)
{
    *count = G_N_ELEMENTS(methods);
    return methods;
}
