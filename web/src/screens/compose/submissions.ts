import { queryOptions, useQueries } from "@tanstack/react-query";
import { useDesk } from "../../app/context.ts";
import { jmap, resultOf } from "../../jmap/client.ts";
import type { EmailSummary, GetResponse, Id, Submission, UTCDate } from "../../jmap/types.ts";

/* How long a failure or a bounce is news. */
const NEWS_MS = 7 * 86_400_000;
const MOST = 100;

export type OutgoingState = "scheduled" | "sending" | "retrying" | "failed" | "bounced";

/* A mail on its way out, or one that did not get there. */
export interface Outgoing {
  readonly accountId: Id;
  readonly submission: Submission;
  readonly state: OutgoingState;
  readonly email: Pick<EmailSummary, "id" | "subject" | "to" | "threadId"> | null;
  /* Those that it did not reach, with what their server said. */
  readonly refused: readonly { readonly address: string; readonly reply: string }[];
}

function refusedOf(submission: Submission): Outgoing["refused"] {
  return Object.entries(submission.deliveryStatus ?? {}).filter(([, status]) => status.delivered === "no").map(([address, status]) => ({ address, reply: status.smtpReply }));
}

export function outgoingState(submission: Submission, now: number): OutgoingState | null {
  const { undoStatus, sendAt } = submission;
  const problem = submission["postroom:problem"];
  if (undoStatus === "canceled") return null;
  if (undoStatus === "pending") return problem !== null ? "retrying" : Date.parse(sendAt) > now + 60_000 ? "scheduled" : "sending";
  if (Date.parse(sendAt) < now - NEWS_MS) return null;
  const refused = refusedOf(submission).length;
  if (refused === 0) return null;
  return problem !== null && refused === Object.keys(submission.deliveryStatus ?? {}).length ? "failed" : "bounced";
}

/*
 * What there is to tell about these submissions. Of one mail only the newest counts: sent again, it has not failed any more. One
 * that was called off counts for nothing, though it was to go later than the one that took its place.
 * A failed one whose draft is gone was discarded or written anew.
 */
export function outgoingOf(accountId: Id, submissions: readonly Submission[], emails: ReadonlyMap<Id, NonNullable<Outgoing["email"]>>, now: number): readonly Outgoing[] {
  const newest = new Map<Id, Submission>();
  for (const submission of submissions) {
    if (submission.undoStatus === "canceled") continue;
    const other = newest.get(submission.emailId);
    if (!other || other.sendAt < submission.sendAt) newest.set(submission.emailId, submission);
  }
  return [...newest.values()].flatMap((submission) => {
    const state = outgoingState(submission, now), email = emails.get(submission.emailId) ?? null;
    return state === null || (state === "failed" && email === null) ? [] : [{ accountId, submission, state, email, refused: refusedOf(submission) }];
  });
}

const PROPERTIES = ["identityId", "emailId", "sendAt", "undoStatus", "deliveryStatus", "postroom:problem", "postroom:nextAttempt"];

async function fetchOutgoing(accountId: Id, signal: AbortSignal): Promise<readonly Outgoing[]> {
  const now = Date.now();
  const since: UTCDate = new Date(now - NEWS_MS).toISOString().replace(/\.\d+/, "");
  const results = await jmap([
    ["EmailSubmission/query", { accountId, filter: { after: since }, sort: [{ property: "sentAt", isAscending: false }], limit: MOST }, "query"],
    ["EmailSubmission/get", { accountId, "#ids": resultOf("query", "EmailSubmission/query", "/ids"), properties: PROPERTIES }, "submissions"],
    ["Email/get", { accountId, "#ids": resultOf("submissions", "EmailSubmission/get", "/list/*/emailId"), properties: ["id", "subject", "to", "threadId"] }, "emails"],
  ], { signal });
  const emails = new Map(results.get<GetResponse<NonNullable<Outgoing["email"]>>>("emails").list.map((email) => [email.id, email]));
  return outgoingOf(accountId, results.get<GetResponse<Submission>>("submissions").list, emails, now);
}

export const submissionsKey = (accountId: Id) => ["submissions", accountId] as const;

export function outgoingQuery(accountId: Id) {
  return queryOptions({
    queryKey: submissionsKey(accountId),
    queryFn: ({ signal }) => fetchOutgoing(accountId, signal),
    staleTime: 30_000,
    /* What is on its way is told by push; what is scheduled begins to be sent with time. */
    refetchInterval: (query) => (query.state.data?.length ? 30_000 : 300_000),
  });
}

/* Of all accounts, what goes next first. */
export function useOutgoing(): readonly Outgoing[] {
  const desk = useDesk();
  return useQueries({
    queries: desk.accounts.map((account) => outgoingQuery(account.id)),
    combine: (results) => results.flatMap((result) => result.data ?? []).sort((a, b) => (a.submission.sendAt < b.submission.sendAt ? -1 : 1)),
  });
}
