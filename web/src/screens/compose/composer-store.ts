import { useSyncExternalStore } from "react";
import type { Address, Id } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { showToast } from "../../ui/toasts.ts";

export type AnswerKind = "reply" | "replyAll" | "forward";

export interface DraftAttachment {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /* null while it is being uploaded. */
  readonly blobId: Id | null;
  readonly cid: string | null;
  readonly inline: boolean;
}

/* The HTML an answer quotes: kept as it is, and sent as it is. */
export interface QuotedHtml {
  readonly html: string;
}

/* What a composer starts from. */
export interface Letter {
  readonly key: number;
  readonly accountId: Id;
  /* The draft in the mailbox that this continues, replaced at each save. */
  readonly draftId: Id | null;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly subject: string;
  /* The person's own text. */
  readonly html: string;
  readonly quote: QuotedHtml | null;
  readonly attachments: readonly DraftAttachment[];
  readonly inReplyTo: readonly string[] | null;
  readonly references: readonly string[] | null;
  /* What the mail that is answered gets once this has gone out. */
  readonly answered: { readonly emailId: Id; readonly keyword: "$answered" | "$forwarded" } | null;
  readonly identityId: Id | null;
}

export type NewLetter = Partial<Omit<Letter, "key" | "accountId">> & Pick<Letter, "accountId">;

let letter: Letter | null = null;
let nextKey = 1;
let openEmail: { readonly accountId: Id; readonly emailId: Id } | null = null;
let opening = false;
const listeners = new Set<() => void>();

function publish(next: Letter | null): void {
  letter = next;
  opening = next !== null;
  for (const listener of listeners) listener();
}

/* The one that is open saves itself when it goes, so a new one may take its place. */
export function openLetter(start: NewLetter): void {
  publish({
    draftId: null, to: [], cc: [], bcc: [], subject: "", html: "", quote: null, attachments: [],
    inReplyTo: null, references: null, answered: null, identityId: null, ...start, key: nextKey++,
  });
}

export function closeComposer(): void {
  publish(null);
}

export function useComposer(): Letter | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => letter);
}

export function composeNew(accountId: Id): void {
  openLetter({ accountId });
}

/* What the reader shows, so that r, a and f know what they answer. */
export function setOpenEmail(email: typeof openEmail): void {
  openEmail = email;
}

/* A letter is asked for and not on screen yet: what is typed now is meant for it, not for the list. */
export function isComposerOpening(): boolean {
  return opening;
}

export function composerHasOpened(): void {
  opening = false;
}

async function attempt(job: () => Promise<void>): Promise<void> {
  opening = true;
  try {
    await job();
  } catch (error) {
    opening = false;
    showToast({ ...failureOf(error), tone: "problem" });
  }
}

/* Answers are put together in the composer's chunk: quoting needs the sanitiser. */
export async function answer(kind: AnswerKind, accountId: Id, emailId: Id): Promise<void> {
  await attempt(async () => {
    const { prepareAnswer } = await import("./prepare.ts");
    openLetter(await prepareAnswer(kind, accountId, emailId));
  });
}

export function answerOpenEmail(kind: AnswerKind): void {
  if (openEmail) void answer(kind, openEmail.accountId, openEmail.emailId);
}

export async function openDraft(accountId: Id, emailId: Id): Promise<void> {
  await attempt(async () => {
    const { prepareDraft } = await import("./prepare.ts");
    openLetter(await prepareDraft(accountId, emailId));
  });
}
