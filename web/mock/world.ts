/* The mock's mail: a handful of conversations that show every case of the page, in memory. */
export interface MockAddress { name: string | null; email: string }

export interface MockPart {
  partId: string; blobId: string; type: string; name: string | null; size: number; cid: string | null; disposition: string | null;
}

export interface MockEmail {
  id: string; threadId: string; blobId: string;
  mailboxIds: Record<string, true>; keywords: Record<string, true>;
  from: MockAddress[] | null; to: MockAddress[] | null; cc: MockAddress[] | null; bcc: MockAddress[] | null; replyTo: MockAddress[] | null;
  subject: string | null; receivedAt: string; sentAt: string; preview: string; size: number;
  messageId: string[]; inReplyTo: string[] | null; references: string[] | null;
  text: string | null; html: string | null; parts: MockPart[];
  blockedRemote: number; trackers: number; state: "ready" | "pending" | "unreadable";
}

export interface MockMailbox { id: string; name: string; parentId: string | null; role: string | null; sortOrder: number }

export interface Change { type: string; id: string; kind: "created" | "updated" | "destroyed"; state: number }

export interface MockAccount {
  id: string; address: string; displayName: string;
  mailboxes: Map<string, MockMailbox>; emails: Map<string, MockEmail>;
  submissions: Map<string, Record<string, unknown>>;
  state: number; log: Change[]; oldest: number;
}

export interface MockBlob { type: string; bytes: Uint8Array }

export interface World {
  users: Map<string, { id: string; email: string; password: string; admin: boolean; accounts: string[] }>;
  accounts: Map<string, MockAccount>;
  linked: Map<string, Record<string, unknown>>;
  linkedState: number;
  providers: Map<string, Record<string, unknown>>;
  providerState: number;
  blobs: Map<string, MockBlob>;
  now: () => Date;
  nextId: number;
  onChange: (changed: Record<string, Record<string, string>>) => void;
  /* Makes the next /set of these emails fail, as a provider's refusal would. */
  refuse: Map<string, { type: string; description: string }>;
  maxObjectsInGet: number;
}

export function record(world: World, account: MockAccount, changes: Omit<Change, "state">[]): void {
  account.state += 1;
  for (const change of changes) account.log.push({ ...change, state: account.state });
  const types = new Set(changes.map((change) => change.type));
  if (types.has("Email")) { types.add("Mailbox"); types.add("Thread"); }
  const state = String(account.state);
  world.onChange({ [account.id]: Object.fromEntries([...types].map((type) => [type, state])) });
}

export interface MailSpec {
  from: MockAddress; to: MockAddress[]; cc?: MockAddress[]; subject: string; text?: string; html?: string; daysAgo: number; thread?: string;
  mailbox?: string; keywords?: string[]; parts?: (Omit<MockPart, "blobId" | "size"> & { bytes: Uint8Array })[];
  blockedRemote?: number; trackers?: number; state?: MockEmail["state"];
}

function previewOf(spec: MailSpec): string {
  const text = spec.text ?? (spec.html ?? "").replace(/<style[\s\S]*?<\/style>/g, "").replace(/<[^>]+>/g, " ").replace(/&nbsp;/g, " ");
  return text.split("\n").filter((line) => !line.startsWith(">")).join(" ").replace(/\s+/g, " ").trim().slice(0, 200);
}

export function addEmail(world: World, account: MockAccount, spec: MailSpec): MockEmail {
  const id = `M${world.nextId++}`;
  const parts = (spec.parts ?? []).map((part, index) => {
    const blobId = `B${id}-${index}`;
    world.blobs.set(blobId, { type: part.type, bytes: part.bytes });
    return { partId: part.partId, blobId, type: part.type, name: part.name, size: part.bytes.length, cid: part.cid, disposition: part.disposition };
  });
  const date = new Date(world.now().getTime() - spec.daysAgo * 86_400_000).toISOString().replace(/\.\d+/, "");
  const earlier = [...account.emails.values()].filter((email) => email.threadId === spec.thread).at(-1);
  const email: MockEmail = {
    id, threadId: spec.thread ?? `T${id}`, blobId: `B${id}`,
    mailboxIds: { [spec.mailbox ?? "mb1"]: true }, keywords: Object.fromEntries((spec.keywords ?? []).map((keyword) => [keyword, true as const])),
    from: [spec.from], to: spec.to, cc: spec.cc ?? null, bcc: null, replyTo: null,
    subject: spec.subject, receivedAt: date, sentAt: date, preview: previewOf(spec), size: 2_000 + (spec.html ?? spec.text ?? "").length + parts.reduce((sum, part) => sum + part.size, 0),
    messageId: [`${id.toLowerCase()}@example.org`], inReplyTo: earlier ? earlier.messageId : null,
    references: earlier ? [...(earlier.references ?? []), ...earlier.messageId] : null,
    text: spec.text ?? null, html: spec.html ?? null, parts,
    blockedRemote: spec.blockedRemote ?? 0, trackers: spec.trackers ?? 0, state: spec.state ?? "ready",
  };
  account.emails.set(id, email);
  record(world, account, [{ type: "Email", id, kind: "created" }]);
  return email;
}

export function makeAccount(id: string, address: string, displayName: string): MockAccount {
  const boxes: [string, string | null, string | null][] = [
    ["Inbox", "inbox", null], ["Drafts", "drafts", null], ["Sent Items", "sent", null], ["Archive", "archive", null],
    ["Junk Email", "junk", null], ["Deleted Items", "trash", null], ["Projects", null, null], ["Harbour wall", null, "mb7"], ["Invoices", null, null],
  ];
  const mailboxes = new Map(boxes.map(([name, role, parentId], index) => {
    const mailboxId = `mb${index + 1}`;
    return [mailboxId, { id: mailboxId, name, parentId, role, sortOrder: index }];
  }));
  return { id, address, displayName, mailboxes, emails: new Map(), submissions: new Map(), state: 0, log: [], oldest: 0 };
}

export function makeWorld(): World {
  return {
    users: new Map(), accounts: new Map(), linked: new Map(), linkedState: 1, providers: new Map(), providerState: 1,
    blobs: new Map(), now: () => new Date(), nextId: 1, onChange: () => undefined, refuse: new Map(), maxObjectsInGet: 500,
  };
}
