#include "store/sqlite/engine.h"

#include <sodium.h>
#include <string.h>

/* Each entry brings the file from the version before to its own; a published entry never changes.
 */
static const char *const people_1 =
    "CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK(id = 1), modseq INTEGER NOT NULL,"
    " next_id INTEGER NOT NULL, next_blob INTEGER NOT NULL, hash_key BLOB NOT NULL) STRICT;"
    "CREATE TABLE user(id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE COLLATE "
    "NOCASE,"
    " password TEXT NOT NULL, admin INTEGER NOT NULL, epoch INTEGER NOT NULL, created INTEGER NOT "
    "NULL) STRICT;"
    "CREATE TABLE session(hash BLOB PRIMARY KEY, user INTEGER NOT NULL REFERENCES user ON DELETE "
    "CASCADE,"
    " created INTEGER NOT NULL, used INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX session_user ON session(user);"
    "CREATE TABLE token(id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE,"
    " user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, name TEXT, created INTEGER NOT NULL,"
    " used INTEGER NOT NULL) STRICT;"
    "CREATE INDEX token_user ON token(user);"
    "CREATE TABLE provider(name TEXT PRIMARY KEY, type TEXT NOT NULL, client_id TEXT, tenant TEXT,"
    " cloud TEXT, authority TEXT, graph TEXT, imap TEXT, smtp TEXT, scope_prefix TEXT, ca_file "
    "TEXT,"
    " secret BLOB, secret_origin TEXT, secret_expires INTEGER NOT NULL, problem TEXT,"
    " problem_detail TEXT) STRICT, WITHOUT ROWID;"
    "CREATE TABLE account(id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL,"
    " address TEXT NOT NULL COLLATE NOCASE, display_name TEXT, provider TEXT REFERENCES provider,"
    " tid TEXT, oid TEXT, login TEXT, imap_host TEXT, imap_port INTEGER NOT NULL, imap_security "
    "TEXT,"
    " imap_login TEXT, smtp_host TEXT, smtp_port INTEGER NOT NULL, smtp_security TEXT, smtp_login "
    "TEXT,"
    " ca_file TEXT, operator_hosts INTEGER NOT NULL DEFAULT 0, since INTEGER NOT NULL,"
    " paused INTEGER NOT NULL DEFAULT 0,"
    " state TEXT NOT NULL DEFAULT 'linking', problem TEXT, detail TEXT, problem_at INTEGER NOT "
    "NULL DEFAULT 0,"
    " last_sync INTEGER NOT NULL DEFAULT 0, next_attempt INTEGER NOT NULL DEFAULT 0,"
    " send_problem TEXT, send_detail TEXT, removing INTEGER NOT NULL DEFAULT 0,"
    " ready INTEGER NOT NULL DEFAULT 0, ready_bytes INTEGER NOT NULL DEFAULT 0,"
    " pending INTEGER NOT NULL DEFAULT 0, pending_bytes INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX account_address ON account(address);"
    "CREATE TABLE access(user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,"
    " account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE, rights INTEGER NOT NULL,"
    " PRIMARY KEY(user, account)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX access_account ON access(account);"
    "CREATE TABLE credential(account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,"
    " user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, login TEXT, scopes TEXT,"
    " refresh BLOB, access BLOB, access_expires INTEGER NOT NULL DEFAULT 0, password BLOB,"
    " origin TEXT NOT NULL, linked INTEGER NOT NULL, PRIMARY KEY(account, user)) STRICT, WITHOUT "
    "ROWID;"
    "CREATE INDEX credential_user ON credential(user);"
    "CREATE TABLE identity(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL"
    " REFERENCES account ON DELETE CASCADE, name TEXT, email TEXT NOT NULL, text_signature TEXT,"
    " html_signature TEXT, may_delete INTEGER NOT NULL) STRICT;"
    "CREATE INDEX identity_account ON identity(account);"
    "CREATE TABLE log(account INTEGER NOT NULL, type INTEGER NOT NULL, modseq INTEGER NOT NULL,"
    " id INTEGER NOT NULL, kind INTEGER NOT NULL, PRIMARY KEY(account, type, modseq)) STRICT, "
    "WITHOUT ROWID;"
    "CREATE TABLE state(account INTEGER NOT NULL, type INTEGER NOT NULL, modseq INTEGER NOT NULL,"
    " floor INTEGER NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY(account, type)) STRICT, WITHOUT "
    "ROWID;";

static const char *const mail_1 =
    "CREATE TABLE mailbox(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL"
    " REFERENCES account, parent INTEGER NOT NULL, name TEXT NOT NULL, raw_name TEXT NOT NULL,"
    " path TEXT NOT NULL, delimiter INTEGER NOT NULL, role INTEGER NOT NULL, sort_order INTEGER "
    "NOT NULL,"
    " subscribed INTEGER NOT NULL, selectable INTEGER NOT NULL, sync INTEGER NOT NULL,"
    " uidvalidity INTEGER NOT NULL, uidnext INTEGER NOT NULL, highestmodseq INTEGER NOT NULL,"
    " server_count INTEGER NOT NULL, skipped INTEGER NOT NULL, checked_at INTEGER NOT NULL,"
    " headers_done INTEGER NOT NULL, total_emails INTEGER NOT NULL DEFAULT 0,"
    " unread_emails INTEGER NOT NULL DEFAULT 0, total_threads INTEGER NOT NULL DEFAULT 0,"
    " unread_threads INTEGER NOT NULL DEFAULT 0, UNIQUE(account, raw_name)) STRICT;"
    /* thread 0: hidden, its messages on the server are still to be expunged. ord: the order by
     * received_at, unique in the account, and the row number in the account's word index. */
    "CREATE TABLE email(id INTEGER PRIMARY KEY, account INTEGER NOT NULL, public INTEGER NOT NULL,"
    " thread INTEGER NOT NULL, ord INTEGER NOT NULL, received_at INTEGER NOT NULL, size INTEGER "
    "NOT NULL,"
    " estimate INTEGER NOT NULL, blob INTEGER, state INTEGER NOT NULL, wanted INTEGER NOT NULL "
    "DEFAULT 0,"
    " bits INTEGER NOT NULL, words TEXT, attachment INTEGER NOT NULL, msgid INTEGER, alias INTEGER,"
    " subject INTEGER NOT NULL, emailid TEXT, orphan INTEGER NOT NULL DEFAULT 0,"
    " indexed INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE UNIQUE INDEX email_ord ON email(account, ord);"
    "CREATE INDEX email_thread ON email(thread);"
    "CREATE INDEX email_public ON email(public) WHERE public <> id;"
    "CREATE INDEX email_pending ON email(account, wanted, ord) WHERE state = 0 AND wanted >= 0;"
    "CREATE INDEX email_emailid ON email(account, emailid) WHERE emailid IS NOT NULL;"
    "CREATE INDEX email_words ON email(account, ord) WHERE words IS NOT NULL;"
    "CREATE INDEX email_flagged ON email(account, ord) WHERE (bits & 4) <> 0;"
    "CREATE INDEX email_orphan ON email(account) WHERE orphan <> 0;"
    "CREATE TABLE summary(email INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE words(email INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE member(mailbox INTEGER NOT NULL, ord INTEGER NOT NULL, email INTEGER NOT NULL,"
    " thread INTEGER NOT NULL, bits INTEGER NOT NULL, PRIMARY KEY(mailbox, ord)) STRICT, WITHOUT "
    "ROWID;"
    "CREATE INDEX member_email ON member(email);"
    "CREATE INDEX member_unseen ON member(mailbox, ord) WHERE (bits & 1) = 0;"
    "CREATE TABLE remote(mailbox INTEGER NOT NULL, uid INTEGER NOT NULL, email INTEGER,"
    " bits INTEGER NOT NULL, words TEXT, skipped TEXT, PRIMARY KEY(mailbox, uid)) STRICT, WITHOUT "
    "ROWID;"
    "CREATE INDEX remote_email ON remote(email) WHERE email IS NOT NULL;";

static const char *const work_1 =
    "CREATE TABLE ref(account INTEGER NOT NULL, hash INTEGER NOT NULL, subject INTEGER NOT NULL,"
    " thread INTEGER NOT NULL, PRIMARY KEY(account, hash, subject)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX ref_thread ON ref(thread);"
    /* Emails that an unknown message on the server may turn out to be, by Message-ID. */
    "CREATE TABLE loose(account INTEGER NOT NULL, msgid INTEGER NOT NULL, email INTEGER NOT NULL,"
    " PRIMARY KEY(account, msgid, email)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX loose_email ON loose(email);"
    /* Mailboxes where a message will appear that is this email: a copy of ours whose UID was not
     * told, or the copy that a provider files of what was sent. */
    "CREATE TABLE expect(email INTEGER NOT NULL, mailbox INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " since INTEGER NOT NULL, sweeps INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY(email, mailbox)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE blob(id INTEGER PRIMARY KEY, account INTEGER NOT NULL, user INTEGER NOT NULL,"
    " size INTEGER NOT NULL, type TEXT, created INTEGER NOT NULL, refs INTEGER NOT NULL) STRICT;"
    "CREATE INDEX blob_account ON blob(account);"
    "CREATE INDEX blob_unused ON blob(user, created) WHERE refs = 0;"
    "CREATE TABLE blob_trash(id INTEGER PRIMARY KEY) STRICT;"
    "CREATE TABLE intent(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
    " email INTEGER NOT NULL, kind INTEGER NOT NULL, mailbox INTEGER NOT NULL, target INTEGER NOT "
    "NULL,"
    " add_bits INTEGER NOT NULL DEFAULT 0, add_words TEXT, remove_bits INTEGER NOT NULL DEFAULT 0,"
    " remove_words TEXT, journal TEXT, attempts INTEGER NOT NULL DEFAULT 0,"
    " next_attempt INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL) STRICT;"
    "CREATE INDEX intent_account ON intent(account, id);"
    "CREATE INDEX intent_email ON intent(email, id);"
    "CREATE TABLE submission(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
    " identity INTEGER NOT NULL, email INTEGER NOT NULL, public INTEGER NOT NULL, thread INTEGER "
    "NOT NULL,"
    " blob INTEGER NOT NULL, message_id TEXT, mail_from TEXT NOT NULL, rcpt_to TEXT NOT NULL,"
    " envelope TEXT, send_at INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    " next_attempt INTEGER NOT NULL, reply TEXT, problem TEXT, rcpt_replies TEXT, alias_id TEXT,"
    " copy INTEGER NOT NULL DEFAULT 0, handed_over INTEGER NOT NULL DEFAULT 0,"
    " changed INTEGER NOT NULL) STRICT;"
    "CREATE INDEX submission_account ON submission(account, id);"
    "CREATE INDEX submission_email ON submission(email);"
    "CREATE INDEX submission_due ON submission(account, next_attempt) WHERE state <= 2;";

static const char *const blobs_1 =
    "CREATE TABLE IF NOT EXISTS raw(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;";

/* What comparing folders needs. exists_there: all messages there, in scope or not. seen_email: the
 * newest email number when the folder was last compared. gone: it was deleted there, and goes here
 * after the next sweep. role_set: the role that a person chose; negative: that it gave up; NULL:
 * none was. orphan_round: the email was an orphan already when the last round over all folders
 * began. */
static const char *const folders_2 =
    "ALTER TABLE mailbox ADD COLUMN exists_there INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE mailbox ADD COLUMN object_id TEXT;"
    "ALTER TABLE mailbox ADD COLUMN seen_email INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE mailbox ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE mailbox ADD COLUMN role_set INTEGER;"
    "ALTER TABLE mailbox ADD COLUMN reconciled_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE mailbox ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE mailbox ADD COLUMN surplus INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE mailbox ADD COLUMN astray INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE email ADD COLUMN orphan_round INTEGER NOT NULL DEFAULT 0;"
    /* The flags it has there as far as we know: those of the place it was moved from. NULL: we do
     * not. */
    "ALTER TABLE expect ADD COLUMN bits INTEGER;"
    "ALTER TABLE expect ADD COLUMN words TEXT;";

/* What STATUS said last of each folder, and since when it says so; bytes that came from the
 * provider on a day. */
static const char *const watch_2 =
    "CREATE TABLE watch(mailbox INTEGER PRIMARY KEY REFERENCES mailbox ON DELETE CASCADE,"
    " uidvalidity INTEGER NOT NULL, uidnext INTEGER NOT NULL, messages INTEGER NOT NULL,"
    " unseen INTEGER NOT NULL, modseq INTEGER NOT NULL, changed_at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE traffic(account INTEGER PRIMARY KEY REFERENCES account ON DELETE CASCADE,"
    " day INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;";

/* The own outbound proxies of providers and accounts: owner is "provider/NAME" or "account/ID", the
 * password is sealed for owner and address. */
static const char *const proxies_2 =
    "CREATE TABLE proxy(owner TEXT PRIMARY KEY, address TEXT NOT NULL, password BLOB) STRICT,"
    " WITHOUT ROWID;";

/* What changing folders needs. mailbox.place: enum folder_place. mailbox.sort_set: the order that a
 * person chose; NULL: none was. folder_intent: docs/internals/store.md. refusal: changes that the
 * server refused, for people to see. */
static const char *const changes_2 =
    "ALTER TABLE mailbox ADD COLUMN place INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE mailbox ADD COLUMN sort_set INTEGER;"
    "CREATE TABLE folder_intent(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
    " mailbox INTEGER NOT NULL, kind INTEGER NOT NULL, name TEXT, parent INTEGER NOT NULL DEFAULT "
    "0,"
    " old_name TEXT, old_parent INTEGER NOT NULL DEFAULT 0, yes INTEGER NOT NULL DEFAULT 0,"
    " begun INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,"
    " next_attempt INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL) STRICT;"
    "CREATE INDEX folder_intent_account ON folder_intent(account, id);"
    "CREATE TABLE refusal(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
    " change TEXT NOT NULL, mailbox INTEGER NOT NULL, email INTEGER NOT NULL, name TEXT,"
    " problem TEXT NOT NULL, detail TEXT, at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX refusal_account ON refusal(account, id);";

/* dictionary.h. kind: enum dictionary_kind; emails: what the account held when it was trained. */
static const char *const dictionaries_2 =
    "CREATE TABLE dictionary(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, emails INTEGER NOT NULL, data BLOB NOT NULL) STRICT;"
    "CREATE INDEX dictionary_account ON dictionary(account);";

/* EmailAddress[] as JSON, or NULL. */
static const char *const identities_2 = "ALTER TABLE identity ADD COLUMN reply_to TEXT;"
                                        "ALTER TABLE identity ADD COLUMN bcc TEXT;";

/* Notifications about what was sent, and what they say of recipients: enum mail_delivered. */
static const char *const reports_2 =
    "ALTER TABLE submission ADD COLUMN reported INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE report(id INTEGER PRIMARY KEY AUTOINCREMENT, submission INTEGER NOT NULL"
    " REFERENCES submission ON DELETE CASCADE, blob INTEGER NOT NULL, disposition INTEGER NOT NULL)"
    " STRICT;"
    "CREATE INDEX report_submission ON report(submission);"
    "CREATE TABLE outcome(submission INTEGER NOT NULL REFERENCES submission ON DELETE CASCADE,"
    " address TEXT NOT NULL COLLATE NOCASE, delivered INTEGER NOT NULL, displayed INTEGER NOT NULL,"
    " reply TEXT, PRIMARY KEY(submission, address)) STRICT, WITHOUT ROWID;";

/* Push subscriptions (store/push.h). session, token: the credentials it was made with; neither: the
 * password of that epoch. target: address and keys, sealed. state: enum push_state. told: the state
 * that the receiver knows. push_rate: how many a person made in an hour. */
static const char *const push_2 =
    "CREATE TABLE push(id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES user ON DELETE "
    "CASCADE,"
    " session BLOB REFERENCES session ON DELETE CASCADE,"
    " token INTEGER REFERENCES token ON DELETE CASCADE, epoch INTEGER NOT NULL,"
    " device TEXT NOT NULL, target BLOB NOT NULL, code TEXT NOT NULL, state INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, types TEXT, created INTEGER NOT NULL, told INTEGER NOT NULL) "
    "STRICT;"
    "CREATE INDEX push_user ON push(user);"
    "CREATE INDEX push_session ON push(session) WHERE session IS NOT NULL;"
    "CREATE INDEX push_token ON push(token) WHERE token IS NOT NULL;"
    "CREATE TABLE push_rate(user INTEGER PRIMARY KEY REFERENCES user ON DELETE CASCADE,"
    " hour INTEGER NOT NULL, made INTEGER NOT NULL) STRICT;";

/* Searches read what is known of every email whose message is not here, of the skipped ones too. */
static const char *const pending_2 =
    "DROP INDEX email_pending;"
    "CREATE INDEX email_pending ON email(account, wanted, ord) WHERE state = 0;";

/* email.indexed: a hash of the terms of its message in the word index (terms.h); 0: it is to be
 * indexed. words: what stands there for it besides, since it cannot be derived from the message.
 * meta.index_version: how the index was made (reindex.c). */
static const char *const index_2 =
    "DELETE FROM words;"
    "ALTER TABLE meta ADD COLUMN index_version TEXT;"
    "CREATE INDEX email_unindexed ON email(account, ord) WHERE indexed = 0 AND state <> 0;";

/* The vacation response; since: when it was switched on. vacation_told: who was answered, and when.
 * vacation_due: messages to be answered. vacation_wait: delivered emails whose message is to come.
 */
static const char *const vacation_2 =
    "CREATE TABLE vacation(account INTEGER PRIMARY KEY REFERENCES account ON DELETE CASCADE,"
    " enabled INTEGER NOT NULL, from_date INTEGER, to_date INTEGER, subject TEXT, text TEXT,"
    " html TEXT, since INTEGER NOT NULL) STRICT;"
    "CREATE TABLE vacation_told(account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,"
    " address TEXT NOT NULL COLLATE NOCASE, at INTEGER NOT NULL, PRIMARY KEY(account, address))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE vacation_due(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL"
    " REFERENCES account ON DELETE CASCADE, address TEXT NOT NULL, summary BLOB NOT NULL) STRICT;"
    "CREATE INDEX vacation_due_account ON vacation_due(account, id);"
    "CREATE TABLE vacation_wait(email INTEGER PRIMARY KEY REFERENCES email ON DELETE CASCADE)"
    " STRICT;";

/* Mailboxes of accounts shared with them that people subscribed to (RFC 8621, 2); those of their
 * own are mailbox.subscribed, as on the server. */
static const char *const subscriptions_2 =
    "CREATE TABLE subscription(user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,"
    " mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE, PRIMARY KEY(user, mailbox))"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX subscription_mailbox ON subscription(mailbox);";

/* The ENVID that notifications name (RFC 3461), as the client gave it. */
static const char *const envelopes_2 = "ALTER TABLE submission ADD COLUMN envid TEXT;";

/* submission.files: its draft moves to Sent when it has gone out. */
static const char *const filing_2 =
    "ALTER TABLE submission ADD COLUMN files INTEGER NOT NULL DEFAULT 0;";

/* A role's mailbox is looked for in each of a person's accounts. */
static const char *const roles_2 =
    "CREATE INDEX mailbox_role ON mailbox(account, role) WHERE role > 0;";

/* Emails whose attachments are still to be read (store/attachments.h), and those of which some
 * could not be read, with how many. */
static const char *const attachments_2 =
    "CREATE TABLE attachment(email INTEGER PRIMARY KEY, account INTEGER NOT NULL,"
    " ord INTEGER NOT NULL, unreadable INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX attachment_account ON attachment(account, ord) WHERE unreadable = 0;"
    "CREATE INDEX attachment_unreadable ON attachment(account) WHERE unreadable > 0;";

/* What the mail server says of its limits; kind: enum store_quota_of. quota_asked: when it said so.
 */
static const char *const quotas_2 =
    "ALTER TABLE account ADD COLUMN quota_asked INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE quota(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL"
    " REFERENCES account ON DELETE CASCADE, root TEXT NOT NULL, kind INTEGER NOT NULL,"
    " used INTEGER NOT NULL, hard_limit INTEGER NOT NULL, UNIQUE(account, root, kind)) STRICT;";

/* store/records.h. owner: an account, or a person as the log names them (LOG_USER). */
static const char *const records_2 =
    "CREATE TABLE record(id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL,"
    " type INTEGER NOT NULL, key TEXT, data TEXT NOT NULL) STRICT;"
    "CREATE INDEX record_owner ON record(owner, type);"
    "CREATE UNIQUE INDEX record_key ON record(owner, type, key) WHERE key IS NOT NULL;";

/* setup: since when a linked account waits for the person to agree to its start date; 0: it does
 * not. The log of syncing, and the last check of each account (store/oversight.h). */
static const char *const oversight_2 =
    "ALTER TABLE account ADD COLUMN setup INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE sync_log(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL"
    " REFERENCES account ON DELETE CASCADE, at INTEGER NOT NULL, event TEXT NOT NULL,"
    " details TEXT) STRICT;"
    "CREATE INDEX sync_log_account ON sync_log(account, id);"
    "CREATE TABLE account_check(account INTEGER PRIMARY KEY REFERENCES account ON DELETE CASCADE,"
    " at INTEGER NOT NULL, result TEXT NOT NULL) STRICT;";

/* contacts.h. address: as they are compared; words: what is looked for in, folded. */
static const char *const contacts_2 =
    "CREATE TABLE contact(id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account ON"
    " DELETE CASCADE, address TEXT NOT NULL, email TEXT NOT NULL, name TEXT, words TEXT NOT NULL,"
    " sent INTEGER NOT NULL, got INTEGER NOT NULL, last INTEGER NOT NULL, automatic INTEGER NOT"
    " NULL, UNIQUE(account, address)) STRICT;";

/* Addresses that are to be proven (store/mail.h); no row: the identity's address is. msgid: a hash
 * of the Message-ID of the mail with the code. alias_sent: how many such mails went out. */
static const char *const aliases_2 =
    "CREATE TABLE alias(identity INTEGER PRIMARY KEY REFERENCES identity ON DELETE CASCADE,"
    " account INTEGER NOT NULL, refused INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL,"
    " tries INTEGER NOT NULL DEFAULT 0, msgid INTEGER NOT NULL, sent_at INTEGER NOT NULL,"
    " submission INTEGER NOT NULL, problem TEXT, reply TEXT) STRICT;"
    "CREATE INDEX alias_account ON alias(account, msgid);"
    "CREATE INDEX alias_submission ON alias(submission);"
    "CREATE TABLE alias_sent(account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,"
    " at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX alias_sent_account ON alias_sent(account);";

/* store/templates.h. audience: 0: the author alone; -1: everybody; else an account. A person's own
 * go with them (templates.c), what is shared stays. Files are blobs of no account. */
static const char *const templates_2 =
    "CREATE TABLE template(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " author INTEGER REFERENCES user ON DELETE SET NULL, audience INTEGER NOT NULL,"
    " data TEXT NOT NULL) STRICT;"
    "CREATE INDEX template_author ON template(author);"
    "CREATE INDEX template_audience ON template(audience) WHERE audience <> 0;"
    "CREATE TABLE template_file(template INTEGER NOT NULL REFERENCES template ON DELETE CASCADE,"
    " place INTEGER NOT NULL, blob INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,"
    " size INTEGER NOT NULL, PRIMARY KEY(template, place)) STRICT, WITHOUT ROWID;";

/* Notes and to-dos (store/organise.h). note.email: the internal number that it stands at, which may
 * be gone; thread: the conversation that it belongs to. due: yyyymmdd. regroup: what people did
 * with an email last. apart: threads that people took apart, both ways round; with
 * itself: one that they put together. carried: which thread of another account one has become. */
static const char *const organise_2 =
    "CREATE TABLE note(id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
    " type INTEGER NOT NULL, email INTEGER NOT NULL, thread INTEGER NOT NULL, text TEXT NOT NULL,"
    " author INTEGER NOT NULL, author_name TEXT NOT NULL, created INTEGER NOT NULL,"
    " updated INTEGER NOT NULL, due INTEGER NOT NULL DEFAULT 0, person INTEGER NOT NULL DEFAULT 0,"
    " done INTEGER NOT NULL DEFAULT 0, done_by INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX note_account ON note(account, type, id);"
    "CREATE INDEX note_thread ON note(thread);"
    "CREATE INDEX note_email ON note(email);"
    "CREATE TABLE regroup(email INTEGER PRIMARY KEY, account INTEGER NOT NULL,"
    " split INTEGER NOT NULL, user INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX regroup_account ON regroup(account);"
    "CREATE TABLE apart(a INTEGER NOT NULL, b INTEGER NOT NULL, account INTEGER NOT NULL,"
    " PRIMARY KEY(a, b)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX apart_account ON apart(account);"
    "CREATE TABLE carried(thread INTEGER NOT NULL, account INTEGER NOT NULL,"
    " into_account INTEGER NOT NULL, into_thread INTEGER NOT NULL,"
    " PRIMARY KEY(thread, into_account)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX carried_into ON carried(into_thread);";

/* People beside their passwords, and what is done here. invitation: links to choose a password by;
 * only the hash of the word is kept. sign_in: identities of a provider (SECURITY.md 15). audit:
 * rows are added and, when they are old, deleted; none is changed. */
static const char *const people_2 =
    "ALTER TABLE user ADD COLUMN name TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE user ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE session ADD COLUMN agent TEXT;"
    "ALTER TABLE session ADD COLUMN address TEXT;"
    "ALTER TABLE access ADD COLUMN granted_by TEXT;"
    "ALTER TABLE access ADD COLUMN granted_at INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE invitation(hash BLOB PRIMARY KEY, user INTEGER NOT NULL REFERENCES user ON DELETE"
    " CASCADE, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX invitation_user ON invitation(user);"
    "CREATE TABLE sign_in(provider TEXT NOT NULL, tid TEXT NOT NULL, oid TEXT NOT NULL,"
    " user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, login TEXT, linked INTEGER NOT NULL,"
    " PRIMARY KEY(provider, tid, oid)) STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX sign_in_user ON sign_in(user, provider);"
    "ALTER TABLE provider ADD COLUMN second_secret BLOB;"
    "ALTER TABLE provider ADD COLUMN second_expires INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE provider ADD COLUMN second_taken INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE provider ADD COLUMN sign_in TEXT NOT NULL DEFAULT 'off';"
    "CREATE TABLE reminder(provider TEXT NOT NULL, about TEXT NOT NULL, day INTEGER NOT NULL,"
    " days INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(provider, about, day, days)) STRICT,"
    " WITHOUT ROWID;"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
    " user INTEGER NOT NULL, actor TEXT, act TEXT NOT NULL, account INTEGER NOT NULL,"
    " address TEXT, subject TEXT, detail TEXT) STRICT;"
    "CREATE INDEX audit_user ON audit(user, id);"
    "CREATE INDEX audit_account ON audit(account, id) WHERE account <> 0;"
    "CREATE INDEX audit_at ON audit(at);"
    "CREATE UNIQUE INDEX audit_read ON audit(user, account, at) WHERE act = 'mail.read';";

/* Which emails a blob is of (RFC 9404, 4.3). */
static const char *const blobs_2 = "CREATE INDEX email_blob ON email(blob) WHERE blob IS NOT NULL;";

/* What the sending server said it takes of one message (RFC 1870), and when. 0: it says nothing. */
static const char *const size_limit_2 =
    "ALTER TABLE account ADD COLUMN size_limit INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN size_limit_at INTEGER NOT NULL DEFAULT 0;";

#define SCHEMA_VERSION 2

int64_t schema_version(void)
{
    return SCHEMA_VERSION;
}

static int64_t user_version(struct db *db, GError **error)
{
    return db_number(db, "PRAGMA user_version", NULL, 0, -1, error);
}

static bool create(struct store *store, GError **error)
{
    struct db *db = &store->main;
    uint8_t key[16];
    randombytes_buf(key, sizeof key);
    return db_script(db, "BEGIN IMMEDIATE", error) && db_script(db, people_1, error) &&
           db_script(db, mail_1, error) && db_script(db, work_1, error) &&
           DB_RUN(db, error, "INSERT INTO meta VALUES(1, 1, 1, 1, ?)", R(key, sizeof key)) &&
           db_script(db, "PRAGMA user_version=1; COMMIT", error);
}

static bool upgrade_2(struct store *store, GError **error)
{
    /* clang-format off */
    const char *const scripts[] = {
        "BEGIN IMMEDIATE",
        folders_2,
        watch_2,
        proxies_2,
        changes_2,
        dictionaries_2,
        identities_2,
        reports_2,
        push_2,
        pending_2,
        index_2,
        blobs_2,
        size_limit_2,
        vacation_2,
        attachments_2,
        subscriptions_2,
        envelopes_2,
        filing_2,
        roles_2,
        quotas_2,
        records_2,
        oversight_2,
        contacts_2,
        organise_2,
        people_2,
        aliases_2,
        templates_2,
        "PRAGMA user_version=2; COMMIT",
    };
    /* clang-format on */
    bool ok = true;
    for (size_t i = 0; i < G_N_ELEMENTS(scripts) && ok; i++)
        ok = db_script(&store->main, scripts[i], error);
    return ok;
}

static bool load_meta(struct store *store, GError **error)
{
    sqlite3_stmt *row =
        db_query(&store->main, "SELECT next_id, next_blob, hash_key, modseq FROM meta WHERE id = 1",
                 NULL, 0, error);
    if (!db_step(&store->main, row, error)) {
        if (error != NULL && *error == NULL)
            error_set(error, ERROR_STORE, "the data file lacks its counters");
        return false;
    }
    store->next_id = db_int(row, 0);
    store->next_blob = db_int(row, 1);
    store->told = (uint64_t)db_int(row, 3);
    bool ok = sqlite3_column_bytes(row, 2) == (int)sizeof store->hash_key;
    if (ok)
        memcpy(store->hash_key, sqlite3_column_blob(row, 2), sizeof store->hash_key);
    else
        error_set(error, ERROR_STORE, "the data file's hash key is damaged");
    db_done(row);
    return ok;
}

bool schema_migrate(struct store *store, GError **error)
{
    GError *cause = NULL;
    int64_t version = user_version(&store->main, &cause);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    if (version > SCHEMA_VERSION) {
        error_set(error, ERROR_STORE,
                  "the data directory was written by a newer Postroom (version %" G_GINT64_FORMAT
                  "); install that version again",
                  version);
        return false;
    }
    if (version == 0 && !create(store, error))
        return false;
    if (version < 2 && !upgrade_2(store, error))
        return false;
    if (!db_script(&store->blobs, blobs_1, error) || !load_meta(store, error))
        return false;
    /* What was being sent when the program ended may have gone out. */
    if (!DB_RUN(&store->main, error, "UPDATE submission SET state = ? WHERE state = ?",
                I(STORE_SEND_UNCERTAIN), I(STORE_SEND_SENDING)))
        return false;
    /* Blobs are committed first: those that the main file never heard of go. */
    return DB_RUN(&store->blobs, error, "DELETE FROM raw WHERE id >= ?", I(store->next_blob));
}
