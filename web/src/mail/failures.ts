import type { MessageId, MessageValues } from "../i18n/i18n.ts";
import { MethodError, RefusedError } from "../jmap/client.ts";
import { HttpProblem, NetworkProblem } from "../jmap/http.ts";

/* The mail's text is not here yet, so it can be neither quoted nor forwarded. */
export class PendingError extends Error {}

export interface Failure {
  readonly text: MessageId;
  readonly values?: MessageValues;
  readonly detail: string | null;
}

const REFUSALS: Readonly<Record<string, MessageId>> = {
  forbidden: "refusal.forbidden",
  overQuota: "refusal.overQuota",
  tooLarge: "refusal.tooLarge",
  rateLimit: "refusal.rateLimit",
  notFound: "refusal.notFound",
  invalidProperties: "refusal.invalid",
  invalidPatch: "refusal.invalid",
  invalidArguments: "refusal.invalid",
  tooManyMailboxes: "refusal.tooManyMailboxes",
  tooManyKeywords: "refusal.tooManyKeywords",
  blobNotFound: "refusal.blobNotFound",
  forbiddenFrom: "refusal.forbiddenFrom",
  forbiddenMailFrom: "refusal.forbiddenFrom",
  forbiddenToSend: "refusal.forbiddenToSend",
  invalidRecipients: "refusal.invalidRecipients",
  noRecipients: "refusal.noRecipients",
  tooManyRecipients: "refusal.tooManyRecipients",
  invalidEmail: "refusal.invalidEmail",
  lastAdministrator: "refusal.lastAdministrator",
  alreadyExists: "refusal.alreadyExists",
  accountReadOnly: "refusal.readOnly",
  accountNotFound: "refusal.notFound",
  unsupportedFilter: "refusal.unsupportedFilter",
  serverUnavailable: "refusal.unavailable",
  serverFail: "refusal.serverFail",
  requestTooLarge: "refusal.tooLarge",
};

/* A plain sentence for anything that can go wrong between here and the server; raw text goes to Details. */
export function failureOf(error: unknown): Failure {
  if (error instanceof PendingError) return { text: "refusal.pending", detail: null };
  if (error instanceof NetworkProblem) return { text: "refusal.offline", detail: null };
  if (error instanceof MethodError)
    return { text: REFUSALS[error.type] ?? "refusal.serverFail", detail: describe(error.type, error.description) };
  if (error instanceof RefusedError) {
    const { type, description } = error.refusal;
    return { text: REFUSALS[type] ?? "refusal.serverFail", detail: describe(type, description ?? null) };
  }
  if (error instanceof HttpProblem) return httpFailure(error);
  return { text: "refusal.serverFail", detail: error instanceof Error ? error.message : null };
}

function httpFailure(error: HttpProblem): Failure {
  const detail = [error.title, error.detail].filter(Boolean).join(" ") || `HTTP ${error.status}`;
  if (error.status === 401) return { text: "refusal.signedOut", detail };
  if (error.status === 403) return { text: "refusal.forbidden", detail };
  if (error.status === 413) return { text: "refusal.tooLarge", detail };
  if (error.status === 429) return { text: "refusal.rateLimit", detail };
  return { text: error.status >= 500 ? "refusal.serverFail" : "refusal.invalid", detail };
}

function describe(type: string, description: string | null): string {
  return description ? `${type}: ${description}` : type;
}
