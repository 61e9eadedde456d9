import type { MessageId } from "../i18n/i18n.ts";
import type { Id, Mailbox } from "../jmap/types.ts";

export const ROLE_ORDER = ["inbox", "drafts", "sent", "archive", "junk", "trash"] as const;
export type Role = (typeof ROLE_ORDER)[number];

const ROLE_NAMES: Readonly<Record<Role, MessageId>> = {
  inbox: "mailbox.inbox",
  drafts: "mailbox.drafts",
  sent: "mailbox.sent",
  archive: "mailbox.archive",
  junk: "mailbox.junk",
  trash: "mailbox.trash",
};

export interface MailboxNode {
  readonly mailbox: Mailbox;
  readonly depth: number;
}

export function roleName(role: string | null): MessageId | null {
  return role !== null && role in ROLE_NAMES ? ROLE_NAMES[role as Role] : null;
}

export function byRole(mailboxes: readonly Mailbox[], role: Role): Mailbox | undefined {
  return mailboxes.find((mailbox) => mailbox.role === role);
}

function rank(mailbox: Mailbox): number {
  const index = ROLE_ORDER.indexOf(mailbox.role as Role);
  return index >= 0 ? index : ROLE_ORDER.length;
}

/* Special mailboxes first, then by sortOrder and name, children beneath their parents; a loop of parents is cut. */
export function orderMailboxes(mailboxes: readonly Mailbox[], locale: string): MailboxNode[] {
  const known = new Set(mailboxes.map((mailbox) => mailbox.id));
  const compare = (a: Mailbox, b: Mailbox): number =>
    rank(a) - rank(b) || a.sortOrder - b.sortOrder || a.name.localeCompare(b.name, locale);
  const children = new Map<Id | null, Mailbox[]>();
  for (const mailbox of mailboxes) {
    const parent = mailbox.parentId !== null && known.has(mailbox.parentId) && rank(mailbox) === ROLE_ORDER.length
      ? mailbox.parentId : null;
    const list = children.get(parent);
    if (list) list.push(mailbox);
    else children.set(parent, [mailbox]);
  }
  const ordered: MailboxNode[] = [];
  const visit = (parent: Id | null, depth: number): void => {
    if (depth > 20) return;
    for (const mailbox of (children.get(parent) ?? []).sort(compare)) {
      ordered.push({ mailbox, depth });
      visit(mailbox.id, depth + 1);
    }
  };
  visit(null, 0);
  const seen = new Set(ordered.map((node) => node.mailbox.id));
  return [...ordered, ...mailboxes.filter((mailbox) => !seen.has(mailbox.id)).map((mailbox) => ({ mailbox, depth: 0 }))];
}

/* What the badge shows: unread mail where unread means something, drafts by their number. */
export function badgeOf(mailbox: Mailbox): number {
  if (mailbox.role === "drafts") return mailbox.totalEmails;
  if (mailbox.role === "sent" || mailbox.role === "trash") return 0;
  return mailbox.unreadEmails;
}

export function isOutgoing(mailbox: Mailbox | undefined): boolean {
  return mailbox?.role === "sent" || mailbox?.role === "drafts";
}

/* "Projects/Lamps": where a mailbox stands in its tree. */
export function mailboxPath(mailboxes: readonly Mailbox[], mailbox: Mailbox): string {
  const byId = new Map(mailboxes.map((one) => [one.id, one]));
  const names: string[] = [];
  const seen = new Set<Id>();
  for (let at: Mailbox | undefined = mailbox; at && !seen.has(at.id); at = at.parentId === null ? undefined : byId.get(at.parentId)) {
    seen.add(at.id);
    names.unshift(at.name);
  }
  return names.join("/");
}

/* Whether one mailbox is another, or stands anywhere below it. */
export function isWithin(mailboxes: readonly Mailbox[], mailbox: Mailbox, ancestor: Id): boolean {
  const byId = new Map(mailboxes.map((one) => [one.id, one]));
  const seen = new Set<Id>();
  for (let at: Mailbox | undefined = mailbox; at && !seen.has(at.id); at = at.parentId === null ? undefined : byId.get(at.parentId)) {
    if (at.id === ancestor) return true;
    seen.add(at.id);
  }
  return false;
}
