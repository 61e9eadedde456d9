import type { Address, EmailSummary, Id, SearchSnippet } from "../jmap/types.ts";

/* One row of the list: a thread as seen from a mailbox or a search. */
export interface Conversation {
  /* What tells the row from all others: the thread's id, or its one email's where mails are listed one by one. */
  readonly key: Id;
  readonly threadId: Id;
  /* The email the query found: the newest of the thread that is in the view. */
  readonly leadId: Id;
  /* All emails of the thread, oldest first; one by one: the lead alone. */
  readonly emails: readonly EmailSummary[];
  /* Of a search: where the lead has the words. */
  readonly snippet?: SearchSnippet;
}

export interface ConversationFacts {
  readonly subject: string;
  readonly date: string;
  readonly preview: string;
  readonly unread: boolean;
  readonly flagged: boolean;
  readonly hasAttachment: boolean;
  readonly hasDraft: boolean;
  readonly pending: boolean;
  readonly answered: boolean;
}

function byDate(a: EmailSummary, b: EmailSummary): number {
  return a.receivedAt === b.receivedAt ? a.id.localeCompare(b.id) : a.receivedAt < b.receivedAt ? -1 : 1;
}

/*
 * Rows from the ids a query gave, in its order, and whatever emails of their threads are known.
 * A server that ignores collapseThreads yields several ids of one thread: the first one leads.
 */
export function groupConversations(ids: readonly Id[], emails: readonly EmailSummary[]): Conversation[] {
  const byId = new Map(emails.map((email) => [email.id, email]));
  const byThread = new Map<Id, EmailSummary[]>();
  for (const email of byId.values()) {
    const thread = byThread.get(email.threadId);
    if (thread) thread.push(email);
    else byThread.set(email.threadId, [email]);
  }
  const rows = new Map<Id, Conversation>();
  for (const id of ids) {
    const lead = byId.get(id);
    if (!lead || rows.has(lead.threadId)) continue;
    const thread = [...(byThread.get(lead.threadId) ?? [lead])].sort(byDate);
    rows.set(lead.threadId, { key: lead.threadId, threadId: lead.threadId, leadId: id, emails: thread });
  }
  return [...rows.values()];
}

/* A row for each email. */
export function singleRows(ids: readonly Id[], emails: readonly EmailSummary[]): Conversation[] {
  const byId = new Map(emails.map((email) => [email.id, email]));
  return ids.flatMap((id) => {
    const email = byId.get(id);
    return email ? [{ key: id, threadId: email.threadId, leadId: id, emails: [email] }] : [];
  });
}

export function leadOf(conversation: Conversation): EmailSummary {
  return conversation.emails.find((email) => email.id === conversation.leadId) ?? conversation.emails.at(-1)!;
}

export function isUnread(email: EmailSummary): boolean {
  return !email.keywords["$seen"] && !email.keywords["$draft"];
}

export function factsOf(conversation: Conversation): ConversationFacts {
  const lead = leadOf(conversation);
  const { emails } = conversation;
  const first = emails.find((email) => email.subject);
  return {
    subject: (emails.length > 1 ? first?.subject : lead.subject) ?? "",
    date: lead.receivedAt,
    preview: lead.preview,
    unread: emails.some(isUnread),
    flagged: emails.some((email) => email.keywords["$flagged"]),
    hasAttachment: emails.some((email) => email.hasAttachment),
    hasDraft: emails.some((email) => email.keywords["$draft"]),
    pending: lead["postroom:state"] === "pending",
    answered: emails.some((email) => email.keywords["$answered"]),
  };
}

export function displayName(address: Address): string {
  const name = address.name?.trim();
  return name ? name : address.email;
}

/* "Doe, Jane" and "Jane Doe" both give Jane; an address gives its local part. */
export function shortName(address: Address): string {
  const name = address.name?.trim() ?? "";
  if (!name || name.includes("@")) return address.email.split("@")[0] ?? address.email;
  const comma = name.indexOf(",");
  const first = comma > 0 ? name.slice(comma + 1).trim() : name;
  return first.split(/\s+/)[0] || name;
}

export interface Participant {
  readonly address: Address;
  readonly me: boolean;
  readonly unread: boolean;
}

/*
 * Who takes part, for a row: the writers in order of appearance, one entry each; in Sent and Drafts whom it goes to.
 */
export function participantsOf(conversation: Conversation, own: string, outgoing: boolean): Participant[] {
  const people = new Map<string, Participant>();
  const add = (address: Address, unread: boolean): void => {
    const key = address.email.toLowerCase();
    const known = people.get(key);
    people.set(key, { address: known?.address ?? address, me: key === own.toLowerCase(), unread: unread || !!known?.unread });
  };
  if (outgoing) {
    for (const address of leadOf(conversation).to ?? []) add(address, false);
  } else {
    for (const email of conversation.emails)
      if (!email.keywords["$draft"]) for (const address of email.from ?? []) add(address, isUnread(email));
  }
  return [...people.values()];
}

export function initialsOf(address: Address): string {
  const words = displayName(address).replace(/[^\p{L}\p{N}\s@.]/gu, " ").trim().split(/[\s.@]+/).filter(Boolean);
  const letters = [words[0], words.length > 1 && !displayName(address).includes("@") ? words.at(-1) : undefined];
  return letters.map((word) => (word ? [...word][0] : "")).join("").toLocaleUpperCase() || "?";
}

/* A steady hue per address, so that people keep their colour. */
export function hueOf(address: Address): number {
  let hash = 7;
  for (const character of address.email.toLowerCase()) hash = (hash * 31 + character.charCodeAt(0)) % 3600;
  return hash % 360;
}
