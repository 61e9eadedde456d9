/* The shapes of RFC 8620, RFC 8621 and docs/api.md, as far as the page uses them. */
export type Id = string;
export type UTCDate = string;

export interface Address {
  readonly name: string | null;
  readonly email: string;
}

export interface Mailbox {
  readonly id: Id;
  readonly name: string;
  readonly parentId: Id | null;
  readonly role: string | null;
  readonly sortOrder: number;
  readonly totalEmails: number;
  readonly unreadEmails: number;
  readonly totalThreads: number;
  readonly unreadThreads: number;
  readonly isSubscribed: boolean;
  readonly myRights: MailboxRights;
}

/* RFC 8621, 2. */
export interface MailboxRights {
  readonly mayReadItems: boolean;
  readonly mayAddItems: boolean;
  readonly mayRemoveItems: boolean;
  readonly maySetSeen: boolean;
  readonly maySetKeywords: boolean;
  readonly mayCreateChild: boolean;
  readonly mayRename: boolean;
  readonly mayDelete: boolean;
  readonly maySubmit: boolean;
}

export type EmailState = "ready" | "pending" | "unreadable";

/* What a row of the list needs of one email. */
export interface EmailSummary {
  readonly id: Id;
  readonly threadId: Id;
  readonly mailboxIds: Readonly<Record<Id, true>>;
  readonly keywords: Readonly<Record<string, true>>;
  readonly hasAttachment: boolean;
  readonly from: readonly Address[] | null;
  readonly to: readonly Address[] | null;
  readonly subject: string | null;
  readonly receivedAt: UTCDate;
  readonly preview: string;
  readonly size: number;
  readonly "postroom:state"?: EmailState;
  /* Of its conversation. */
  readonly "postroom:notes"?: number;
  readonly "postroom:todos"?: { readonly open: number; readonly due: string | null } | null;
}

/* What the reader and an answer need. */
export interface EmailDetail extends EmailSummary {
  readonly blobId: Id;
  readonly cc: readonly Address[] | null;
  readonly bcc: readonly Address[] | null;
  readonly replyTo: readonly Address[] | null;
  readonly sentAt: string | null;
  readonly messageId: readonly string[] | null;
  readonly inReplyTo: readonly string[] | null;
  readonly references: readonly string[] | null;
}

export interface BodyPart {
  readonly partId: string | null;
  readonly blobId: Id | null;
  readonly size: number;
  readonly name: string | null;
  readonly type: string;
  readonly cid: string | null;
  readonly disposition: string | null;
}

export interface EmailBody {
  readonly id: Id;
  readonly htmlBody: readonly BodyPart[];
  readonly textBody: readonly BodyPart[];
  readonly attachments: readonly BodyPart[];
  readonly bodyValues: Readonly<Record<string, { readonly value: string; readonly isTruncated: boolean }>>;
}

export interface ViewAttachment {
  readonly blobId: Id;
  readonly name: string | null;
  readonly type: string;
  readonly charset: string | null;
  readonly size: number;
  readonly inline: boolean;
}

/* Whom removed images would have told that the mail was read. */
export interface Tracker {
  readonly name: string | null;
  readonly host: string;
  readonly count: number;
}

export type Answer = "accepted" | "declined" | "tentative" | "delegated" | "needs-action";

export interface Attendee {
  readonly name: string | null;
  readonly email: string;
  readonly answer: Answer;
  readonly optional: boolean;
  readonly room: boolean;
}

export interface Recurrence {
  readonly frequency: "yearly" | "monthly" | "weekly" | "daily" | "hourly" | "minutely" | "secondly";
  readonly interval: number;
  readonly count: number;
  readonly until: string | null;
  readonly days: readonly number[];
  readonly ordinal: number;
  readonly monthDays: readonly number[];
  readonly months: readonly number[];
  readonly moreDates: boolean;
}

export interface Invitation {
  readonly method: "request" | "cancel" | "reply" | "counter" | "publish" | "add" | "refresh" | "decline-counter";
  readonly uid: string | null;
  readonly sequence: number;
  readonly stamp: UTCDate | null;
  readonly summary: string | null;
  readonly location: string | null;
  readonly description: string | null;
  readonly comment: string | null;
  readonly status: "confirmed" | "tentative" | "cancelled" | null;
  readonly allDay: boolean;
  readonly start: UTCDate | null;
  readonly end: UTCDate | null;
  readonly startLocal: string | null;
  readonly endLocal: string | null;
  readonly timeZone: string | null;
  readonly instance: string | null;
  readonly organizer: Attendee | null;
  readonly attendees: readonly Attendee[];
  readonly attendeesTotal: number;
  readonly recurrence: Recurrence | null;
}

export interface EmailView {
  readonly id: Id;
  readonly html: string | null;
  readonly text: string | null;
  /* First line and how many, of those that quote earlier mail. */
  readonly quotes: readonly (readonly [number, number])[];
  readonly blockedRemote: number;
  readonly trackersRemoved: number;
  readonly trackers: readonly Tracker[];
  readonly calendar: Invitation | null;
  readonly attachments: readonly ViewAttachment[];
  readonly state: EmailState;
}

export interface Identity {
  readonly id: Id;
  readonly name: string;
  readonly email: string;
  readonly textSignature: string;
  readonly htmlSignature: string;
  readonly replyTo: readonly Address[] | null;
  readonly bcc: readonly Address[] | null;
  readonly mayDelete?: boolean;
  /* null: its address is proven to be one of the mailbox (docs/api.md, Writing). */
  readonly "postroom:verification"?: Verification | null;
}

export interface Verification {
  readonly state: "pending" | "refused";
  readonly sentAt: UTCDate;
  readonly problem: string | null;
  readonly reply: string | null;
}

/* RFC 8621, 7, with what docs/api.md adds. */
export interface Submission {
  readonly id: Id;
  readonly identityId: Id;
  readonly emailId: Id;
  readonly sendAt: UTCDate;
  readonly undoStatus: "pending" | "final" | "canceled";
  readonly deliveryStatus: Readonly<Record<string, { readonly smtpReply: string; readonly delivered: "queued" | "yes" | "no" | "unknown"; readonly displayed: string }>> | null;
  readonly "postroom:problem": string | null;
  readonly "postroom:nextAttempt": UTCDate | null;
}

export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly action: string;
  readonly detail?: string | null;
  readonly at?: UTCDate | null;
}

export interface Progress {
  readonly phase: "folders" | "headers" | "messages";
  readonly messagesDone: number;
  readonly messagesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly bytesPerSecond: number;
  readonly secondsLeft: number | null;
  readonly pending: number;
}

/* What was changed here, and the server would not take: it was undone. */
export type RefusedChange = "flags" | "move" | "copy" | "delete" | "append" | "create-folder" | "rename-folder" | "delete-folder" | "subscribe";

export interface Refusal {
  readonly change: RefusedChange;
  readonly name: string | null;
  readonly mailboxId: Id | null;
  readonly emailId: Id | null;
  readonly problem: Problem;
}

export type AccountState = "linking" | "syncing" | "idle" | "retrying" | "paused" | "needs-relink" | "error";

export interface LinkedAccount {
  readonly id: Id;
  readonly address: string;
  readonly provider: string | null;
  readonly providerType: "microsoft" | "google" | null;
  readonly state: AccountState;
  readonly problem: Problem | null;
  readonly since: UTCDate | null;
  readonly lastSync: UTCDate | null;
  readonly nextAttempt: UTCDate | null;
  readonly progress: Progress | null;
  /* Who linked it, and what one may do in it. */
  readonly isOwner: boolean;
  readonly owner: string | null;
  readonly access: "read" | "work" | "send";
  readonly canSend: boolean;
  readonly sendProblem: Problem | null;
  /* Octets that its server takes of one message, where it says. */
  readonly maxSizeMessage: number | null;
  readonly refused: readonly Refusal[];
  /* Mails whose attachments are not searchable yet. */
  readonly unreadAttachments: number;
  /* Attachments that were tried and cannot be read. */
  readonly unreadableAttachments: number;
  /* Nothing is fetched before a person agreed to the start date. */
  readonly awaitsStart: boolean;
}

export type Cloud = "global" | "usgov" | "dod" | "china" | "custom";

export interface Provider {
  readonly id: Id;
  readonly type: "microsoft" | "google";
  readonly name: string;
  readonly ready: boolean;
  readonly problem?: Problem | null;
  readonly clientId?: string | null;
  readonly tenant?: string | null;
  readonly hasClientSecret?: boolean;
  readonly secretExpires?: UTCDate | null;
  readonly hasSecondSecret?: boolean;
  readonly secondSecretExpires?: UTCDate | null;
  readonly secondSecretTakenAt?: UTCDate | null;
  readonly signIn?: "off" | "linked" | "tenant";
  readonly cloud?: Cloud;
  readonly authority?: string | null;
  readonly graph?: string | null;
  readonly imap?: string | null;
  readonly smtp?: string | null;
  readonly scopePrefix?: string | null;
  readonly caFile?: string | null;
  readonly proxy?: string | null;
  readonly redirectUri?: string;
  readonly redirectWarning?: "not-https" | null;
  readonly adminConsentUrl?: string | null;
}

export interface SessionAccount {
  readonly name: string;
  readonly isPersonal: boolean;
  readonly isReadOnly: boolean;
  readonly accountCapabilities: Readonly<Record<string, unknown>>;
}

export interface JmapSession {
  readonly username: string;
  readonly accounts: Readonly<Record<Id, SessionAccount>>;
  readonly primaryAccounts: Readonly<Record<string, Id>>;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly apiUrl: string;
  readonly state: string;
}

export interface SetError {
  readonly type: string;
  readonly description?: string | null;
  readonly properties?: readonly string[];
}

export interface SetResponse {
  readonly accountId: Id;
  readonly oldState: string | null;
  readonly newState: string;
  readonly created?: Readonly<Record<string, { readonly id: Id } & Record<string, unknown>>> | null;
  readonly updated?: Readonly<Record<Id, unknown>> | null;
  readonly destroyed?: readonly Id[] | null;
  readonly notCreated?: Readonly<Record<string, SetError>> | null;
  readonly notUpdated?: Readonly<Record<Id, SetError>> | null;
  readonly notDestroyed?: Readonly<Record<Id, SetError>> | null;
}

export interface GetResponse<T> {
  readonly accountId: Id;
  readonly state: string;
  readonly list: readonly T[];
  readonly notFound: readonly Id[];
}

/* RFC 8621, 5: HTML whose only element is <mark>. */
export interface SearchSnippet {
  readonly emailId: Id;
  readonly subject: string | null;
  readonly preview: string | null;
}

export interface QueryResponse {
  readonly accountId: Id;
  readonly queryState: string;
  readonly position: number;
  readonly ids: readonly Id[];
  readonly total?: number;
}

export interface ChangesResponse {
  readonly accountId: Id;
  readonly oldState: string;
  readonly newState: string;
  readonly hasMoreChanges: boolean;
  readonly created: readonly Id[];
  readonly updated: readonly Id[];
  readonly destroyed: readonly Id[];
}

export interface StateChange {
  readonly "@type": "StateChange";
  readonly changed: Readonly<Record<Id, Readonly<Record<string, string>>>>;
}

export interface UploadedBlob {
  readonly accountId: Id;
  readonly blobId: Id;
  readonly type: string;
  readonly size: number;
}

export const CORE = "urn:ietf:params:jmap:core";
export const MAIL = "urn:ietf:params:jmap:mail";
export const SUBMISSION = "urn:ietf:params:jmap:submission";
export const VACATION = "urn:ietf:params:jmap:vacationresponse";
export const BLOB = "urn:ietf:params:jmap:blob";
export const MANAGE = "urn:postroom:manage";
