import { MockError, type Args, type Method, type MethodContext } from "./method.ts";
import { manageMethods } from "./manage.ts";
import { recordMethods } from "./records.ts";
import { mailMethods } from "./mail.ts";
import type { World } from "./world.ts";

export { MockError };

/* The request engine of RFC 8620, 3: calls in order, result references, creation ids, method errors. */
const METHODS: Record<string, Method> = { "Core/echo": (args) => args, ...mailMethods, ...manageMethods, ...recordMethods };
const OWNERS: readonly (readonly [RegExp, string])[] = [
  [/^(?:EmailSubmission|Identity)\//, "urn:ietf:params:jmap:submission"],
  [/^(?:Provider|LinkedAccount|AccountHealth|AccountCheck|Autoconfig|SyncLogEntry|EmailView|Search|Preferences|Label|SavedSearch|ContactGroup|TrustedSender|Signature|Template)\//, "urn:postroom:manage"],
  [/^VacationResponse\//, "urn:ietf:params:jmap:vacationresponse"],
  [/^(?:Email|Mailbox|Thread|SearchSnippet)\//, "urn:ietf:params:jmap:mail"],
  [/^Core\//, "urn:ietf:params:jmap:core"],
];

function walk(value: unknown, parts: readonly string[]): unknown {
  if (parts.length === 0) return value;
  const [head, ...rest] = parts;
  if (Array.isArray(value)) {
    if (head === "*") return value.flatMap((item) => { const found = walk(item, rest); return Array.isArray(found) ? found : [found]; });
    return walk(value[Number(head)], rest);
  }
  if (typeof value === "object" && value !== null && head! in value) return walk((value as Args)[head!], rest);
  throw new MockError("invalidResultReference", `no ${head}`);
}

function resolve(args: Args, done: readonly [string, Args, string][]): Args {
  const result: Args = {};
  for (const [key, value] of Object.entries(args)) {
    if (!key.startsWith("#")) {
      result[key] = value;
      continue;
    }
    const reference = value as { resultOf: string; name: string; path: string };
    if (key.slice(1) in args) throw new MockError("invalidArguments", "both forms of an argument");
    const source = done.find((answer) => answer[2] === reference.resultOf && answer[0] === reference.name);
    if (!source) throw new MockError("invalidResultReference");
    result[key.slice(1)] = walk(source[1], reference.path.split("/").slice(1));
  }
  return result;
}

export interface JmapRequest { using?: unknown; methodCalls?: unknown }

export function handleRequest(world: World, user: { id: string; admin: boolean; accounts: string[] }, request: JmapRequest): Args {
  if (!Array.isArray(request.using) || !Array.isArray(request.methodCalls)) throw new MockError("urn:ietf:params:jmap:error:notRequest");
  const using = request.using as string[];
  const done: [string, Args, string][] = [];
  const createdIds = new Map<string, string>();
  for (const [name, args, callId] of request.methodCalls as [string, Args, string][]) {
    const extra: [string, Args, string][] = [];
    const context: MethodContext = {
      world, userId: `u${user.id}`, admin: user.admin, accounts: user.accounts, createdIds, also: (also, answer) => extra.push([also, answer, callId]),
    };
    try {
      const method = METHODS[name];
      const owner = OWNERS.find(([pattern]) => pattern.test(name))?.[1];
      if (!method || !owner || !using.includes(owner)) throw new MockError("unknownMethod", name);
      const vendor = ((args["properties"] as string[] | undefined) ?? []).some((property) => property.startsWith("postroom:"));
      if (vendor && !using.includes("urn:postroom:manage")) throw new MockError("invalidArguments", "vendor property without its capability");
      done.push([name, method(resolve(args, done), context), callId], ...extra);
    } catch (error) {
      const known = error instanceof MockError ? error : new MockError("serverFail", String(error));
      done.push(["error", { type: known.type, description: known.message, ...known.details }, callId]);
    }
  }
  return { methodResponses: done, sessionState: "s1" };
}

export function sessionObject(world: World, user: { id: string; email: string; accounts: string[] }): Args {
  const limits = { maxSizeUpload: 50_000_000, maxConcurrentUpload: 4, maxSizeRequest: 10_000_000, maxConcurrentRequests: 8, maxCallsInRequest: 32, maxObjectsInGet: world.maxObjectsInGet, maxObjectsInSet: 500, collationAlgorithms: [] };
  const mail = { "urn:ietf:params:jmap:core": {}, "urn:ietf:params:jmap:mail": { maxMailboxesPerEmail: null, maxMailboxDepth: null, maxSizeMailboxName: 255, maxSizeAttachmentsPerEmail: 36_700_160, emailQuerySortOptions: ["receivedAt"], mayCreateTopLevelMailbox: false }, "urn:ietf:params:jmap:submission": { maxDelayedSend: 0, submissionExtensions: {} }, "urn:postroom:manage": {} };
  const own = `u${user.id}`;
  const accounts: Args = { [own]: { name: user.email, isPersonal: true, isReadOnly: false, accountCapabilities: { "urn:ietf:params:jmap:core": {}, "urn:postroom:manage": {} } } };
  for (const id of user.accounts) accounts[id] = { name: world.accounts.get(id)?.address, isPersonal: true, isReadOnly: false, accountCapabilities: mail };
  const first = user.accounts[0];
  return {
    capabilities: { "urn:ietf:params:jmap:core": limits, "urn:ietf:params:jmap:mail": {}, "urn:ietf:params:jmap:submission": {}, "urn:postroom:manage": {} },
    accounts, primaryAccounts: { "urn:postroom:manage": own, ...(first ? { "urn:ietf:params:jmap:mail": first, "urn:ietf:params:jmap:submission": first } : {}) },
    username: user.email, apiUrl: "jmap", downloadUrl: "jmap/download/{accountId}/{blobId}/{name}?type={type}", uploadUrl: "jmap/upload/{accountId}/",
    eventSourceUrl: "jmap/eventsource?types={types}&closeafter={closeafter}&ping={ping}", state: `s-${user.accounts.join("-")}`,
  };
}
