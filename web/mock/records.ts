import { type Args, type Method } from "./method.ts";
import type { World } from "./world.ts";

/* Records (docs/api.md): kept as they come, without the server's judgement. */
const TYPES = ["Preferences", "Label", "SavedSearch", "ContactGroup", "TrustedSender", "Signature", "Template", "VacationResponse"];
const kept = new WeakMap<World, Map<string, Map<string, Args>>>();

function recordsOf(world: World, accountId: string, type: string): Map<string, Args> {
  const all = kept.get(world) ?? new Map<string, Map<string, Args>>();
  kept.set(world, all);
  const key = `${accountId} ${type}`;
  const records = all.get(key) ?? new Map<string, Args>();
  all.set(key, records);
  return records;
}

function get(type: string): Method {
  return (args, context) => {
    const records = recordsOf(context.world, String(args["accountId"]), type);
    return { accountId: args["accountId"], state: String(records.size), list: [...records.values()], notFound: [] };
  };
}

function set(type: string): Method {
  return (args, context) => {
    const records = recordsOf(context.world, String(args["accountId"]), type);
    const created: Args = {}, updated: Args = {};
    for (const [key, spec] of Object.entries((args["create"] as Record<string, Args> | null) ?? {})) {
      const id = `r${context.world.nextId++}`;
      records.set(id, { ...spec, id });
      created[key] = { id };
    }
    for (const [id, change] of Object.entries((args["update"] as Record<string, Args> | null) ?? {})) {
      records.set(id, { ...records.get(id), ...change, id });
      updated[id] = null;
    }
    for (const id of (args["destroy"] as string[] | null) ?? []) records.delete(id);
    context.world.onChange({ [String(args["accountId"])]: { [type]: String(Date.now()) } });
    return { accountId: args["accountId"], oldState: null, newState: "1", created, updated, destroyed: args["destroy"] ?? [] };
  };
}

export const recordMethods: Record<string, Method> = Object.fromEntries(TYPES.flatMap((type) => [[`${type}/get`, get(type)], [`${type}/set`, set(type)]]));
