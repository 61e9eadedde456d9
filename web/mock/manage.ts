import { MockError, type Args, type Method, type MethodContext } from "./method.ts";
import { linkedAccount } from "./seed.ts";
import { makeAccount, type World } from "./world.ts";

function own(args: Args, context: MethodContext): void {
  if (args["accountId"] !== context.userId) throw new MockError("accountNotFound");
}

export function notifyLinked(world: World, userAccount: string): void {
  world.linkedState += 1;
  world.onChange({ [userAccount]: { LinkedAccount: String(world.linkedState) } });
}

const PUBLIC = ["id", "type", "name", "ready"];
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const providerGet: Method = (args, context) => {
  own(args, context);
  const list = [...context.world.providers.values()].map((provider) =>
    context.admin ? { ...provider, clientSecret: null } : Object.fromEntries(PUBLIC.map((key) => [key, provider[key]])));
  return { accountId: args["accountId"], state: String(context.world.providerState), list, notFound: [] };
};

function storeProvider(world: World, id: string, change: Args): void {
  const { clientSecret, ...plain } = change;
  const next = { ...(world.providers.get(id) ?? { id, name: id, type: "microsoft", redirectUri: `http://localhost:8025/oauth/${id}/callback`, redirectWarning: null }), ...plain } as Args;
  if (next["clientId"] && !GUID.test(String(next["clientId"]))) throw new MockError("invalidProperties", "clientId is not a GUID");
  if (typeof clientSecret === "string") next["hasClientSecret"] = true;
  next["ready"] = Boolean(next["clientId"]) && next["hasClientSecret"] === true;
  next["problem"] = null;
  world.providers.set(id, next);
  world.providerState += 1;
}

const providerSet: Method = (args, context) => {
  own(args, context);
  if (!context.admin) throw new MockError("forbidden");
  const created: Args = {}, updated: Args = {}, notCreated: Args = {}, notUpdated: Args = {};
  const attempt = (failed: Args, key: string, job: () => void): void => {
    try { job(); } catch (error) { failed[key] = { type: error instanceof MockError ? error.type : "serverFail", description: String(error) }; }
  };
  for (const [key, spec] of Object.entries((args["create"] as Record<string, Args> | null) ?? {}))
    attempt(notCreated, key, () => { const id = String(spec["name"]); storeProvider(context.world, id, spec); created[key] = { id }; });
  for (const [id, change] of Object.entries((args["update"] as Record<string, Args> | null) ?? {}))
    attempt(notUpdated, id, () => { storeProvider(context.world, id, change); updated[id] = null; });
  for (const id of (args["destroy"] as string[] | null) ?? []) context.world.providers.delete(id);
  return { accountId: args["accountId"], oldState: null, newState: String(context.world.providerState), created, updated, notCreated, notUpdated, destroyed: args["destroy"] ?? [] };
};

const linkedGet: Method = (args, context) => {
  own(args, context);
  const list = [...context.world.linked.values()].filter((account) => context.accounts.includes(String(account["id"])));
  return { accountId: args["accountId"], state: String(context.world.linkedState), list, notFound: [] };
};

const linkedSet: Method = (args, context) => {
  own(args, context);
  const { world } = context;
  const user = [...world.users.values()].find((one) => `u${one.id}` === context.userId)!;
  const created: Args = {}, updated: Args = {}, notCreated: Args = {}, notUpdated: Args = {};
  for (const [key, spec] of Object.entries((args["create"] as Record<string, Args> | null) ?? {})) {
    if (spec["password"] === "wrong") { notCreated[key] = { type: "invalidProperties", properties: ["password"], description: "the server refused the password" }; continue; }
    const id = `a${world.nextId++}`;
    const account = makeAccount(id, String(spec["address"]), String(spec["address"]));
    world.accounts.set(id, account);
    world.linked.set(id, linkedAccount(account, { provider: null, providerType: null, since: spec["since"], state: "idle" }));
    user.accounts.push(id);
    created[key] = { id };
  }
  for (const [id, change] of Object.entries((args["update"] as Record<string, Args> | null) ?? {})) {
    const account = world.linked.get(id);
    if (!account || !context.accounts.includes(id)) { notUpdated[id] = { type: "notFound" }; continue; }
    const { paused, ...rest } = change;
    Object.assign(account, rest, typeof paused === "boolean" ? { state: paused ? "paused" : "idle" } : {});
    updated[id] = null;
  }
  const destroyed = ((args["destroy"] as string[] | null) ?? []).filter((id) => context.accounts.includes(id));
  for (const id of destroyed) {
    world.linked.delete(id);
    world.accounts.delete(id);
    user.accounts = user.accounts.filter((one) => one !== id);
  }
  notifyLinked(world, context.userId);
  return { accountId: args["accountId"], oldState: null, newState: String(world.linkedState), created, updated, destroyed, notCreated, notUpdated, notDestroyed: {} };
};

/* Every check goes well at once. */
const CHECKS = ["address", "imap", "folders", "smtp", "start"];

const checkGet: Method = (args, context) => {
  own(args, context);
  const rows = CHECKS.map((check) => ({ check, state: "ok", milliseconds: 12, problem: null, evidence: check === "start" ? { since: 0, messages: 12, bytes: 34_567, folders: 3, complete: true } : {} }));
  const list = ((args["ids"] as string[] | null) ?? []).map((id) => ({ id, account: id.startsWith("a") ? id : null, state: "done", startedAt: "2026-01-01T00:00:00Z", endedAt: "2026-01-01T00:00:01Z", rows }));
  return { accountId: args["accountId"], state: null, list, notFound: [] };
};

const healthGet: Method = (args, context) => {
  own(args, context);
  const list = ((args["ids"] as string[] | null) ?? []).flatMap((id) => {
    const account = context.world.linked.get(id);
    return account ? [{ ...account, owner: null, emails: 3, bytes: 4_096, pending: 0, unsent: 0, bytesToday: 0, bytesADay: null, folders: [], quotas: [], maxSizeMessage: null, maxSizeMessageAt: null, mayChange: true, isOwn: true, linkedBy: [], sharedWith: [] }] : [];
  });
  return { accountId: args["accountId"], state: null, list, notFound: [] };
};

export const manageMethods: Record<string, Method> = {
  "Provider/get": providerGet,
  "Provider/set": providerSet,
  "AccountCheck/run": (args, context) => {
    own(args, context);
    return { accountId: args["accountId"], id: typeof args["account"] === "string" && args["onlyStart"] !== true ? args["account"] : "k1" };
  },
  "AccountCheck/get": checkGet,
  "AccountHealth/get": healthGet,
  "Autoconfig/find": (args, context) => {
    own(args, context);
    return { accountId: args["accountId"], address: args["address"], state: "done", source: null, providerType: null, imap: null, smtp: null, loginIsLocalPart: false, appPassword: false, tried: [] };
  },
  "SyncLogEntry/query": (args, context) => {
    own(args, context);
    return { accountId: args["accountId"], position: 0, total: 0, list: [] };
  },
  "LinkedAccount/get": linkedGet,
  "LinkedAccount/changes": (args, context) => {
    own(args, context);
    if (Number(args["sinceState"]) > context.world.linkedState) throw new MockError("cannotCalculateChanges");
    return { accountId: args["accountId"], oldState: args["sinceState"], newState: String(context.world.linkedState), hasMoreChanges: false, created: [], updated: [...context.world.linked.keys()], destroyed: [] };
  },
  "LinkedAccount/set": linkedSet,
};
