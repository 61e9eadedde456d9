import { requestJson, type JsonRequest } from "./http.ts";
import { BLOB, CORE, MAIL, MANAGE, SUBMISSION, VACATION, type Id, type SetError, type SetResponse } from "./types.ts";

export type Invocation = readonly [name: string, args: Readonly<Record<string, unknown>>, callId: string];

interface JmapResponse {
  readonly methodResponses: readonly Invocation[];
  readonly sessionState: string;
  readonly createdIds?: Readonly<Record<Id, Id>>;
}

/* A method answered with "error" (RFC 8620, 3.6.2). */
export class MethodError extends Error {
  readonly type: string;
  readonly description: string | null;
  /* All arguments of the error. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(type: string, description: string | null, details: Readonly<Record<string, unknown>> = {}) {
    super(description ?? type);
    this.name = "MethodError";
    this.type = type;
    this.description = description;
    this.details = details;
  }
}

/* One record of a /set was refused (RFC 8620, 5.3). */
export class RefusedError extends Error {
  readonly refusal: SetError;

  constructor(refusal: SetError) {
    super(refusal.description ?? refusal.type);
    this.name = "RefusedError";
    this.refusal = refusal;
  }
}

/* Throws the first of what was refused. */
export function assertAccepted({ notCreated, notUpdated, notDestroyed }: Pick<SetResponse, "notCreated" | "notUpdated" | "notDestroyed">): void {
  const refused = [notCreated, notUpdated, notDestroyed].flatMap((map) => Object.values(map ?? {}))[0];
  if (refused) throw new RefusedError(refused);
}

/* A reference to an earlier result of the same request (RFC 8620, 3.7). */
export function resultOf(callId: string, name: string, path: string): Record<string, string> {
  return { resultOf: callId, name, path };
}

/* The answers of one request, by call id. A call may have several (an implicit Email/set after EmailSubmission/set). */
export class Results {
  readonly #responses: readonly Invocation[];

  constructor(responses: readonly Invocation[]) {
    this.#responses = responses;
  }

  get<T>(callId: string): T {
    const found = this.#responses.find((response) => response[2] === callId);
    if (!found) throw new MethodError("serverFail", `no answer to call ${callId}`);
    if (found[0] === "error") throw methodError(found[1]);
    return found[1] as T;
  }

  /* undefined: the call failed, or was not answered. */
  tryGet<T>(callId: string): T | undefined {
    const found = this.#responses.find((response) => response[2] === callId);
    return found && found[0] !== "error" ? (found[1] as T) : undefined;
  }

  /* The first refused method anywhere, for requests that must succeed as a whole. */
  assertNoError(): this {
    const failed = this.#responses.find((response) => response[0] === "error");
    if (failed) throw methodError(failed[1]);
    return this;
  }
}

function methodError(args: Readonly<Record<string, unknown>>): MethodError {
  const description = args["description"];
  return new MethodError(String(args["type"] ?? "serverFail"), typeof description === "string" ? description : null, args);
}

/* Of the types that are not of mail. */
const TYPE_CAPABILITY: Readonly<Record<string, string>> = {
  EmailSubmission: SUBMISSION, Identity: SUBMISSION, Provider: MANAGE, LinkedAccount: MANAGE, AccountHealth: MANAGE, AccountCheck: MANAGE,
  Autoconfig: MANAGE, SyncLogEntry: MANAGE, EmailView: MANAGE, Search: MANAGE, Preferences: MANAGE, Label: MANAGE, SavedSearch: MANAGE,
  ContactGroup: MANAGE, TrustedSender: MANAGE, Note: MANAGE, Todo: MANAGE, Person: MANAGE, Conversation: MANAGE, ProviderTest: MANAGE,
  User: MANAGE, UserSession: MANAGE, UserIdentity: MANAGE, ApiToken: MANAGE, AccountShare: MANAGE, AuditEntry: MANAGE,
  FleetAccount: MANAGE, Contact: MANAGE, HiddenContact: MANAGE, VacationResponse: VACATION, Signature: MANAGE, Template: MANAGE, Blob: BLOB,
};

export function capabilitiesFor(calls: readonly Invocation[]): string[] {
  const using = new Set<string>([CORE]);
  for (const [name, args] of calls) {
    using.add(TYPE_CAPABILITY[name.slice(0, name.indexOf("/"))] ?? MAIL);
    /* They tell whether an address is proven. */
    if (name.startsWith("Identity/")) using.add(MANAGE);
    const properties = args["properties"];
    const vendor = Array.isArray(properties) && properties.some((property) => String(property).startsWith("postroom:"));
    if (vendor) using.add(MANAGE);
    if (args["onSuccessUpdateEmail"]) using.add(MAIL);
  }
  return [...using];
}

export type RequestOptions = Pick<JsonRequest, "signal" | "keepalive">;

export async function jmap(calls: readonly Invocation[], options: RequestOptions = {}): Promise<Results> {
  const response = await requestJson<JmapResponse>("jmap", {
    ...options,
    method: "POST",
    body: { using: capabilitiesFor(calls), methodCalls: calls },
  });
  return new Results(response.methodResponses);
}

/* One call, one answer. */
export async function jmapOne<T>(name: string, args: Readonly<Record<string, unknown>>, options: RequestOptions = {}): Promise<T> {
  return (await jmap([[name, args, "0"]], options)).get<T>("0");
}
