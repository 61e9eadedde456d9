/* The handlers of all methods, one a file; their table is in methods.c. Each answers its call. */
#ifndef POSTROOM_JMAP_METHODS_H
#define POSTROOM_JMAP_METHODS_H

#include "jmap/engine/engine.h"

void jmap_core_echo(struct jmap_call *call);
void jmap_blob_copy(struct jmap_call *call);
void jmap_blob_upload(struct jmap_call *call);
void jmap_blob_get(struct jmap_call *call);
void jmap_blob_lookup(struct jmap_call *call);

void jmap_mailbox_get(struct jmap_call *call);
void jmap_mailbox_changes(struct jmap_call *call);
void jmap_mailbox_query(struct jmap_call *call);
void jmap_mailbox_query_changes(struct jmap_call *call);
void jmap_mailbox_set(struct jmap_call *call);
/* myRights (RFC 8621, 2). (transfer full) */
json_t *jmap_mailbox_rights(const struct store_mailbox *mailbox);
/* A Mailbox with all its properties (transfer full); NULL when there is none. */
json_t *jmap_mailbox_one(struct jmap_call *call, int64_t id);

void jmap_template_attach(struct jmap_call *call);
void jmap_template_changes(struct jmap_call *call);
void jmap_template_get(struct jmap_call *call);
void jmap_template_set(struct jmap_call *call);
void jmap_thread_get(struct jmap_call *call);
void jmap_thread_changes(struct jmap_call *call);

void jmap_email_get(struct jmap_call *call);
void jmap_email_changes(struct jmap_call *call);
void jmap_email_query(struct jmap_call *call);
void jmap_email_query_changes(struct jmap_call *call);
void jmap_email_set(struct jmap_call *call);
void jmap_email_copy(struct jmap_call *call);
void jmap_email_import(struct jmap_call *call);
void jmap_email_parse(struct jmap_call *call);

void jmap_snippet_get(struct jmap_call *call);
void jmap_search_parse(struct jmap_call *call);
void jmap_contact_suggest(struct jmap_call *call);

void jmap_identity_get(struct jmap_call *call);
void jmap_identity_changes(struct jmap_call *call);
void jmap_identity_set(struct jmap_call *call);

void jmap_submission_get(struct jmap_call *call);
void jmap_submission_changes(struct jmap_call *call);
void jmap_submission_query(struct jmap_call *call);
void jmap_submission_query_changes(struct jmap_call *call);
void jmap_submission_set(struct jmap_call *call);

void jmap_vacation_get(struct jmap_call *call);
void jmap_vacation_set(struct jmap_call *call);

void jmap_quota_get(struct jmap_call *call);
void jmap_quota_changes(struct jmap_call *call);
void jmap_quota_query(struct jmap_call *call);
void jmap_quota_query_changes(struct jmap_call *call);

void jmap_push_subscription_get(struct jmap_call *call);
void jmap_push_subscription_set(struct jmap_call *call);

void jmap_provider_get(struct jmap_call *call);
void jmap_provider_set(struct jmap_call *call);
void jmap_account_health_get(struct jmap_call *call);
void jmap_account_check_get(struct jmap_call *call);
void jmap_account_check_run(struct jmap_call *call);
void jmap_autoconfig_find(struct jmap_call *call);
void jmap_sync_log_query(struct jmap_call *call);
void jmap_linked_account_get(struct jmap_call *call);
void jmap_linked_account_changes(struct jmap_call *call);
void jmap_linked_account_set(struct jmap_call *call);
void jmap_email_view_get(struct jmap_call *call);
void jmap_provider_test_get(struct jmap_call *call);
void jmap_provider_test_set(struct jmap_call *call);

void jmap_user_get(struct jmap_call *call);
void jmap_user_set(struct jmap_call *call);
void jmap_user_invite(struct jmap_call *call);
void jmap_user_session_get(struct jmap_call *call);
void jmap_user_session_set(struct jmap_call *call);
void jmap_api_token_get(struct jmap_call *call);
void jmap_api_token_set(struct jmap_call *call);
void jmap_user_identity_get(struct jmap_call *call);
void jmap_user_identity_set(struct jmap_call *call);
void jmap_account_share_get(struct jmap_call *call);
void jmap_account_share_set(struct jmap_call *call);
void jmap_audit_entry_get(struct jmap_call *call);
void jmap_audit_entry_query(struct jmap_call *call);
void jmap_fleet_account_get(struct jmap_call *call);
void jmap_fleet_account_changes(struct jmap_call *call);

#endif
