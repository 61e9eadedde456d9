import type { EmailSummary, Id, Mailbox } from "../jmap/types.ts";

/* A PatchObject of RFC 8620, 5.3, limited to what an email's membership and keywords need. */
export type EmailPatch = Readonly<Record<string, true | null>>;
export type EmailPatches = ReadonlyMap<Id, EmailPatch>;

/* JSON pointer escapes (RFC 6901). */
export function pointer(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

export function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

export function keywordPatch(keyword: string, on: boolean): EmailPatch {
  return { [`keywords/${pointer(keyword)}`]: on ? true : null };
}

export function movePatch(from: readonly Id[], to: Id): EmailPatch {
  const patch: Record<string, true | null> = {};
  for (const id of from) if (id !== to) patch[`mailboxIds/${pointer(id)}`] = null;
  patch[`mailboxIds/${pointer(to)}`] = true;
  return patch;
}

export function applyPatch<T extends EmailSummary>(email: T, patch: EmailPatch): T {
  const keywords: Record<string, true> = { ...email.keywords };
  const mailboxIds: Record<Id, true> = { ...email.mailboxIds };
  for (const [path, value] of Object.entries(patch)) {
    const slash = path.indexOf("/");
    const target = path.slice(0, slash) === "keywords" ? keywords : mailboxIds;
    const key = unescapePointer(path.slice(slash + 1));
    if (value === null) delete target[key];
    else target[key] = true;
  }
  return { ...email, keywords, mailboxIds };
}

/* What puts the email back as it was before the patch. */
export function invertPatch(before: EmailSummary, patch: EmailPatch): EmailPatch {
  const inverse: Record<string, true | null> = {};
  for (const path of Object.keys(patch)) {
    const slash = path.indexOf("/");
    const source = path.slice(0, slash) === "keywords" ? before.keywords : before.mailboxIds;
    inverse[path] = source[unescapePointer(path.slice(slash + 1))] ? true : null;
  }
  return inverse;
}

/* Drops what would change nothing; null when nothing is left. */
export function effectivePatch(email: EmailSummary, patch: EmailPatch): EmailPatch | null {
  const left = Object.entries(patch).filter(([path, value]) => {
    const slash = path.indexOf("/");
    const source = path.slice(0, slash) === "keywords" ? email.keywords : email.mailboxIds;
    return (value === true) !== (source[unescapePointer(path.slice(slash + 1))] === true);
  });
  return left.length > 0 ? Object.fromEntries(left) : null;
}

/* The unread and total counts after an email changed from one shape to another; the server's own count follows by push. */
export function countsAfter(mailbox: Mailbox, before: EmailSummary, after: EmailSummary | null): Mailbox {
  const member = (email: EmailSummary | null): number => (email?.mailboxIds[mailbox.id] ? 1 : 0);
  const unread = (email: EmailSummary | null): number =>
    email?.mailboxIds[mailbox.id] && !email.keywords["$seen"] && !email.keywords["$draft"] ? 1 : 0;
  const total = member(after) - member(before);
  const news = unread(after) - unread(before);
  if (total === 0 && news === 0) return mailbox;
  return {
    ...mailbox,
    totalEmails: Math.max(0, mailbox.totalEmails + total),
    unreadEmails: Math.max(0, mailbox.unreadEmails + news),
  };
}
