import { MockError, type Args, type Method, type MethodContext } from "./method.ts";
import { addEmail, record, type Change, type MockAccount, type MockAddress, type MockEmail, type MockMailbox } from "./world.ts";

function accountOf(args: Args, context: MethodContext): MockAccount {
  const id = String(args["accountId"]);
  const account = context.accounts.includes(id) ? context.world.accounts.get(id) : undefined;
  if (!account) throw new MockError("accountNotFound");
  return account;
}

function getList<T extends { id: string }>(args: Args, all: readonly T[], state: string, max: number): Args {
  const ids = args["ids"] as string[] | null | undefined;
  if (ids && new Set(ids).size > max) throw new MockError("requestTooLarge");
  const byId = new Map(all.map((one) => [one.id, one]));
  const list = ids ? [...new Set(ids)].flatMap((id) => byId.get(id) ?? []) : all;
  return { accountId: args["accountId"], state, list, notFound: ids ? ids.filter((id) => !byId.has(id)) : [] };
}

function mailboxView(account: MockAccount, mailbox: MockMailbox): Args & { id: string } {
  const emails = [...account.emails.values()].filter((email) => email.mailboxIds[mailbox.id]);
  const unread = emails.filter((email) => !email.keywords["$seen"] && !email.keywords["$draft"]);
  return {
    ...mailbox, isSubscribed: true, totalEmails: emails.length, unreadEmails: unread.length,
    totalThreads: new Set(emails.map((email) => email.threadId)).size, unreadThreads: new Set(unread.map((email) => email.threadId)).size,
    myRights: { mayReadItems: true, mayAddItems: true, mayRemoveItems: true, maySetSeen: true, maySetKeywords: true, mayCreateChild: false, mayRename: false, mayDelete: false, maySubmit: true },
  };
}

const EMAIL_PROPERTIES = new Set(["id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo", "subject", "sentAt", "hasAttachment", "preview", "bodyValues", "textBody", "htmlBody", "attachments", "bodyStructure", "postroom:state", "postroom:notes", "postroom:todos"]);

function bodyPart(email: MockEmail, partId: string, type: string, value: string): Args {
  return { partId, blobId: `${email.blobId}-${partId}`, size: value.length, name: null, type, cid: null, disposition: null };
}

function emailView(email: MockEmail, args: Args): Args & { id: string } {
  const wanted = (args["properties"] as string[] | undefined) ?? ["id", "threadId", "mailboxIds", "keywords", "subject", "from", "to", "receivedAt", "preview"];
  const unknown = wanted.find((property) => !EMAIL_PROPERTIES.has(property) && !property.startsWith("header:"));
  if (unknown) throw new MockError("invalidArguments", `no property ${unknown}`);
  const html = email.html === null ? null : email.html.replace(/mail-image\/chart/g, "cid:chart@example");
  const textPart = email.text === null ? null : bodyPart(email, "t", "text/plain", email.text);
  const htmlPart = html === null ? null : bodyPart(email, "h", "text/html", html);
  const bodyValues: Args = {};
  if (textPart && args["fetchTextBodyValues"]) bodyValues["t"] = { value: email.text, isEncodingProblem: false, isTruncated: false };
  if (htmlPart && args["fetchHTMLBodyValues"]) bodyValues["h"] = { value: html, isEncodingProblem: false, isTruncated: false };
  const all: Args = {
    ...email, "postroom:state": email.state, "postroom:notes": 0, "postroom:todos": null, hasAttachment: email.parts.some((part) => part.disposition === "attachment"),
    htmlBody: [htmlPart ?? textPart].filter(Boolean), textBody: [textPart ?? htmlPart].filter(Boolean), attachments: email.parts, bodyValues, sender: null,
  };
  return { id: email.id, ...Object.fromEntries(wanted.map((property) => [property, all[property] ?? null])) };
}

function changes(type: string): Method {
  return (args, context) => {
    const account = accountOf(args, context);
    const since = Number(args["sinceState"]);
    if (!Number.isInteger(since) || since < account.oldest || since > account.state) throw new MockError("cannotCalculateChanges");
    const seen = new Map<string, Change["kind"]>();
    for (const change of account.log) {
      if (change.type !== type || change.state <= since) continue;
      const before = seen.get(change.id);
      if (before === "created" && change.kind === "destroyed") seen.delete(change.id);
      else if (before !== "created") seen.set(change.id, change.kind);
    }
    const of = (kind: Change["kind"]): string[] => [...seen].filter(([, found]) => found === kind).map(([id]) => id);
    return { accountId: account.id, oldState: String(since), newState: String(account.state), hasMoreChanges: false, created: of("created"), updated: of("updated"), destroyed: of("destroyed") };
  };
}

function matches(email: MockEmail, filter: Args): boolean {
  for (const [key, value] of Object.entries(filter)) {
    if (key === "inMailbox" && !email.mailboxIds[String(value)]) return false;
    if (key === "hasKeyword" && !email.keywords[String(value)]) return false;
    if (key === "notKeyword" && email.keywords[String(value)]) return false;
    if (key === "text") {
      const people = [email.from, email.to, email.cc].flatMap((list) => list ?? []).map((one) => `${one.name ?? ""} ${one.email}`);
      const text = [email.subject, email.text, email.html, ...people].join(" ").toLocaleLowerCase();
      if (!String(value).toLocaleLowerCase().split(/\s+/).every((word) => text.includes(word))) return false;
    }
    if (!["inMailbox", "hasKeyword", "notKeyword", "text"].includes(key)) throw new MockError("unsupportedFilter", key);
  }
  return true;
}

/* Of the search language only words, and one mistake to point at. */
const searchParse: Method = (args, context) => {
  const account = accountOf(args, context);
  const text = String(args["text"]);
  const wrong = /\b[a-z]+:\S*/.exec(text);
  if (wrong) throw new MockError("invalidSearch", "no such field", { code: "unknown-field", position: [...text.slice(0, wrong.index)].length, length: wrong[0].length });
  const inMailbox = args["inMailbox"] as string | null;
  return { accountId: account.id, filter: { ...(args["filter"] as Args | null), ...(inMailbox === null ? {} : { inMailbox }), text } };
};

const snippetGet: Method = (args, context) => {
  const account = accountOf(args, context);
  const words = String((args["filter"] as Args)["text"]).split(/\s+/).filter(Boolean).map((word) => word.replace(/[^\p{L}\p{N}]/gu, "\\$&"));
  const list = (args["emailIds"] as string[]).map((id) => {
    const subject = account.emails.get(id)?.subject?.replace(new RegExp(words.join("|"), "giu"), "<mark>$&</mark>");
    return { emailId: id, subject: subject?.includes("<mark>") ? subject : null, preview: null };
  });
  return { accountId: account.id, list, notFound: null };
};

const emailQuery: Method = (args, context) => {
  const account = accountOf(args, context);
  const filter = (args["filter"] as Args | null) ?? {};
  let hits = [...account.emails.values()].filter((email) => matches(email, filter));
  hits.sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));
  if (args["collapseThreads"]) {
    const threads = new Set<string>();
    hits = hits.filter((email) => !threads.has(email.threadId) && threads.add(email.threadId));
  }
  const position = Number(args["position"] ?? 0);
  const limit = Number(args["limit"] ?? 256);
  return {
    accountId: account.id, queryState: String(account.state), canCalculateChanges: false, position,
    ids: hits.slice(position, position + limit).map((email) => email.id), ...(args["calculateTotal"] ? { total: hits.length } : {}),
  };
};

function applyPatch(email: MockEmail, patch: Args): void {
  for (const [path, value] of Object.entries(patch)) {
    const [head, ...rest] = path.split("/");
    const key = rest.join("/").replaceAll("~1", "/").replaceAll("~0", "~");
    if (head !== "keywords" && head !== "mailboxIds") throw new MockError("invalidProperties", path);
    if (rest.length === 0) email[head] = value as Record<string, true>;
    else if (value === null) delete email[head][key];
    else email[head][key] = true;
  }
  if (Object.keys(email.mailboxIds).length === 0) throw new MockError("invalidProperties", "an email needs a mailbox");
}

function createEmail(account: MockAccount, spec: Args, context: MethodContext): MockEmail {
  const mailboxIds = spec["mailboxIds"] as Record<string, true> | undefined;
  if (!mailboxIds || Object.keys(mailboxIds).length === 0) throw new MockError("invalidProperties", "mailboxIds");
  const values = (spec["bodyValues"] as Record<string, { value: string }> | undefined) ?? {};
  const value = (list: string): string | null => {
    const part = ((spec[list] as { partId: string }[] | undefined) ?? [])[0];
    return part ? (values[part.partId]?.value ?? null) : null;
  };
  const parts = ((spec["attachments"] as Args[] | undefined) ?? []).map((part, index) => {
    const blob = context.world.blobs.get(String(part["blobId"]));
    if (!blob) throw new MockError("blobNotFound");
    return { partId: `a${index}`, type: String(part["type"]), name: (part["name"] as string | null) ?? null, cid: (part["cid"] as string | null) ?? null, disposition: String(part["disposition"] ?? "attachment"), bytes: blob.bytes };
  });
  const references = (spec["references"] as string[] | null) ?? null;
  const thread = [...account.emails.values()].find((email) => references?.some((id) => email.messageId.includes(id)))?.threadId;
  const html = value("htmlBody");
  const text = value("textBody");
  const email = addEmail(context.world, account, {
    from: ((spec["from"] as MockAddress[] | null) ?? [])[0] ?? { name: null, email: account.address }, to: (spec["to"] as MockAddress[] | null) ?? [], cc: (spec["cc"] as MockAddress[] | null) ?? [],
    subject: String(spec["subject"] ?? ""), daysAgo: 0, ...(thread ? { thread } : {}), ...(text !== null ? { text } : {}), ...(html !== null ? { html } : {}), parts,
  });
  email.bcc = (spec["bcc"] as MockAddress[] | null) ?? null;
  email.mailboxIds = { ...mailboxIds };
  email.keywords = { ...((spec["keywords"] as Record<string, true> | undefined) ?? {}) };
  email.inReplyTo = (spec["inReplyTo"] as string[] | null) ?? null;
  email.references = references;
  return email;
}

type Outcome = Record<string, unknown>;

function attempt(into: Outcome, key: string, job: () => void): void {
  try {
    job();
  } catch (error) {
    const known = error instanceof MockError ? error : new MockError("serverFail", String(error));
    into[key] = { type: known.type, description: known.message };
  }
}

const emailSet: Method = (args, context) => {
  const account = accountOf(args, context);
  const oldState = String(account.state);
  const created: Outcome = {}, notCreated: Outcome = {}, updated: Outcome = {}, notUpdated: Outcome = {}, notDestroyed: Outcome = {};
  const destroyed: string[] = [];
  const log: Omit<Change, "state">[] = [];
  for (const [key, spec] of Object.entries((args["create"] as Record<string, Args> | null) ?? {}))
    attempt(notCreated, key, () => {
      const email = createEmail(account, spec, context);
      context.createdIds.set(key, email.id);
      created[key] = { id: email.id, blobId: email.blobId, threadId: email.threadId, size: email.size };
    });
  for (const [key, patch] of Object.entries((args["update"] as Record<string, Args> | null) ?? {}))
    attempt(notUpdated, key, () => {
      const id = key.startsWith("#") ? (context.createdIds.get(key.slice(1)) ?? key) : key;
      const refusal = context.world.refuse.get(id);
      if (refusal) throw new MockError(refusal.type, refusal.description);
      const email = account.emails.get(id);
      if (!email) throw new MockError("notFound");
      applyPatch(email, patch);
      updated[id] = null;
      log.push({ type: "Email", id, kind: "updated" });
    });
  for (const id of (args["destroy"] as string[] | null) ?? [])
    attempt(notDestroyed, id, () => {
      if (!account.emails.delete(id)) throw new MockError("notFound");
      destroyed.push(id);
      log.push({ type: "Email", id, kind: "destroyed" });
    });
  if (log.length > 0) record(context.world, account, log);
  return { accountId: account.id, oldState, newState: String(account.state), created, updated, destroyed, notCreated, notUpdated, notDestroyed };
};

const submissionSet: Method = (args, context) => {
  const account = accountOf(args, context);
  const created: Outcome = {}, notCreated: Outcome = {};
  const update: Record<string, unknown> = {};
  for (const [key, spec] of Object.entries((args["create"] as Record<string, Args> | null) ?? {}))
    attempt(notCreated, key, () => {
      const reference = String(spec["emailId"]);
      const email = account.emails.get(reference.startsWith("#") ? (context.createdIds.get(reference.slice(1)) ?? "") : reference);
      if (!email) throw new MockError("invalidProperties", "emailId");
      if (String(spec["identityId"]) !== `I${account.id}`) throw new MockError("invalidProperties", "identityId");
      if (![email.to, email.cc, email.bcc].some((list) => (list ?? []).length > 0)) throw new MockError("noRecipients");
      const id = `S${context.world.nextId++}`;
      account.submissions.set(id, { id, emailId: email.id });
      created[key] = { id, undoStatus: "final", sendAt: new Date().toISOString() };
      const patch = ((args["onSuccessUpdateEmail"] as Record<string, unknown> | null) ?? {})[`#${key}`];
      if (patch) update[email.id] = patch;
    });
  if (Object.keys(update).length > 0) context.also("Email/set", emailSet({ accountId: account.id, update }, context));
  return { accountId: account.id, oldState: "0", newState: "1", created, notCreated, updated: {}, destroyed: [] };
};

/* Lines marked by ">" and the one that announces them. */
function quotedLines(text: string | null): [number, number][] {
  const lines = (text ?? "").split("\n");
  const first = lines.findIndex((line) => line.startsWith(">"));
  if (first < 0) return [];
  const from = first > 0 && lines[first - 1]!.trim().endsWith(":") ? first - 1 : first;
  return [[from, lines.slice(first).findLastIndex((line) => line.startsWith(">")) + 1 + first - from]];
}

const viewGet: Method = (args, context) => {
  const account = accountOf(args, context);
  const views = [...account.emails.values()].map((email) => ({
    id: email.id, html: email.state === "pending" ? null : email.html, text: email.html === null && email.state !== "pending" ? email.text : null,
    quotes: quotedLines(email.html === null ? email.text : null), trackers: email.trackers ? [{ name: null, host: "pixel.example", count: email.trackers }] : [], calendar: null,
    blockedRemote: args["remoteImages"] ? 0 : email.blockedRemote, trackersRemoved: email.trackers, state: email.state,
    attachments: email.parts.map((part) => ({ blobId: part.blobId, name: part.name, type: part.type, charset: null, size: part.size, inline: part.disposition === "inline" })),
  }));
  return getList(args, views, String(account.state), context.world.maxObjectsInGet);
};

export const mailMethods: Record<string, Method> = {
  "Mailbox/get": (args, context) => {
    const account = accountOf(args, context);
    return getList(args, [...account.mailboxes.values()].map((mailbox) => mailboxView(account, mailbox)), String(account.state), 500);
  },
  "Mailbox/changes": changes("Mailbox"),
  "Thread/get": (args, context) => {
    const account = accountOf(args, context);
    const threads = new Map<string, MockEmail[]>();
    for (const email of account.emails.values()) threads.set(email.threadId, [...(threads.get(email.threadId) ?? []), email]);
    const list = [...threads].map(([id, emails]) => ({ id, emailIds: emails.sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1)).map((email) => email.id) }));
    return getList(args, list, String(account.state), context.world.maxObjectsInGet);
  },
  "Thread/changes": changes("Thread"),
  "Email/get": (args, context) => {
    const account = accountOf(args, context);
    const answer = getList(args, [...account.emails.values()], String(account.state), context.world.maxObjectsInGet);
    return { ...answer, list: (answer["list"] as MockEmail[]).map((email) => emailView(email, args)) };
  },
  "Email/query": emailQuery,
  "Search/parse": searchParse,
  "SearchSnippet/get": snippetGet,
  "Email/changes": changes("Email"),
  "Email/set": emailSet,
  "Identity/get": (args, context) => {
    const account = accountOf(args, context);
    const identity = { id: `I${account.id}`, name: account.displayName, email: account.address, replyTo: null, bcc: null, textSignature: "", htmlSignature: "", mayDelete: false };
    return getList(args, [identity], "0", 500);
  },
  "EmailSubmission/set": submissionSet,
  "EmailSubmission/query": (args, context) => {
    const account = accountOf(args, context);
    const { emailIds, undoStatus } = (args["filter"] ?? {}) as { emailIds?: string[]; undoStatus?: string };
    const ids = [...account.submissions].filter(([, one]) => (!emailIds || emailIds.includes(String(one["emailId"]))) && (!undoStatus || one["undoStatus"] === undoStatus)).map(([id]) => id);
    return { accountId: args["accountId"], queryState: String(account.state), canCalculateChanges: false, position: 0, ids };
  },
  "EmailSubmission/get": (args, context) => {
    const account = accountOf(args, context);
    return getList(args, [...account.submissions].map(([id, one]) => ({ ...one, id })), String(account.state), 500);
  },
  "EmailView/get": viewGet,
};
