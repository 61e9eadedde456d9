import type { EmailDetail, Mailbox } from "../../src/jmap/types.ts";

export function email(id: string, more: Partial<EmailDetail> = {}): EmailDetail {
  return {
    id, blobId: `b-${id}`, threadId: `thread-${id}`, mailboxIds: { inbox: true }, keywords: { $seen: true }, hasAttachment: false,
    from: [{ name: "Ben", email: "ben@example.org" }], to: [{ name: "Ada", email: "ada@example.org" }], cc: null, bcc: null, replyTo: null,
    subject: "Hello", receivedAt: "2026-01-01T00:00:00Z", sentAt: "2026-01-01T00:00:00Z", preview: "", size: 1,
    messageId: [`${id}@example.org`], inReplyTo: null, references: null, ...more,
  };
}

export function mailbox(id: string, more: Partial<Mailbox> = {}): Mailbox {
  return { id, name: id, parentId: null, role: null, sortOrder: 0, totalEmails: 10, unreadEmails: 3, totalThreads: 5, unreadThreads: 2, isSubscribed: true,
    myRights: { mayReadItems: true, mayAddItems: true, mayRemoveItems: true, maySetSeen: true, maySetKeywords: true, mayCreateChild: true, mayRename: true, mayDelete: true, maySubmit: true }, ...more };
}
