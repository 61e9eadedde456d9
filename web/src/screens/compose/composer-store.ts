import { useSyncExternalStore } from "react";
import type { Address, Id } from "../../jmap/types.ts";
import { textToHtml } from "../../mail/answers.ts";
import { failureOf } from "../../mail/failures.ts";
import { showToast } from "../../ui/toasts.ts";
import type { Attempt } from "./draft-mail.ts";

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
  /* Of a letter whose page died before the server said what it had stored. */
  readonly unanswered: Attempt | null;
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
  /* What the mail that is answered gets once this has gone out, where it may be changed. */
  readonly answered: { readonly accountId: Id; readonly emailId: Id; readonly keyword: "$answered" | "$forwarded" } | null;
  readonly identityId: Id | null;
  readonly format: "html" | "text";
  /* Of a letter in plain text: all of it, the quotation too. */
  readonly text: string;
  readonly replyTo: readonly Address[];
  readonly priority: "normal" | "high" | "low";
  readonly receipt: boolean;
  /* Its copy on this machine (local-copy.ts). */
  readonly copyId: string;
  /* It was found again after the page had died: what is here is not in Drafts yet. */
  readonly recovered: boolean;
  /* The addresses that the answered mail came to: whoever was written to answers. */
  readonly writtenTo: readonly string[];
}

export type WindowState = "docked" | "large" | "minimised";

export interface OpenLetter {
  readonly letter: Letter;
  readonly window: WindowState;
}

/* As many windows as stand beside each other; a further one takes the place of the oldest, which is in Drafts. */
const MOST_OPEN = 3;

export type NewLetter = Partial<Omit<Letter, "key" | "accountId">> & Pick<Letter, "accountId">;

let open: readonly OpenLetter[] = [];
let nextKey = 1;
let openEmail: { readonly accountId: Id; readonly emailId: Id } | null = null;
let opening = false;
const listeners = new Set<() => void>();

const drafts = new Map<number, { readonly accountId: Id; readonly draftId: Id | null }>();

function isDraftOf(letter: Letter, accountId: Id, draftId: Id): boolean {
  const now = drafts.get(letter.key) ?? letter;
  return now.accountId === accountId && now.draftId === draftId;
}

/* Not randomUUID, which plain http lacks. */
function newCopyId(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");
}

function publish(next: readonly OpenLetter[]): void {
  open = next;
  for (const listener of listeners) listener();
}

/* One that is open saves itself when it goes, so a new one may take its place. */
export function openLetter(start: NewLetter): void {
  const again = start.draftId ? open.find(({ letter }) => isDraftOf(letter, start.accountId, start.draftId ?? "")) : undefined;
  if (again) {
    setWindow(again.letter.key, "docked");
    return;
  }
  const letter: Letter = {
    draftId: null, unanswered: null, to: [], cc: [], bcc: [], subject: "", html: "", quote: null, attachments: [],
    inReplyTo: null, references: null, answered: null, identityId: null, format: "html", text: "", replyTo: [], priority: "normal", receipt: false,
    copyId: newCopyId(), recovered: false, writtenTo: [], ...start, key: nextKey++,
  };
  opening = true;
  const others = open.slice(-(MOST_OPEN - 1)).map((one) => (one.window === "large" ? { ...one, window: "docked" as const } : one));
  publish([...others, { letter, window: "docked" }]);
}

export function closeLetter(key: number): void {
  drafts.delete(key);
  publish(open.filter(({ letter }) => letter.key !== key));
  if (open.length === 0) opening = false;
}

/* The draft that stands for a letter changes with each save. */
export function noteDraft(key: number, accountId: Id, draftId: Id | null): void {
  drafts.set(key, { accountId, draftId });
}

export function setWindow(key: number, window: WindowState): void {
  publish(open.map((one) => (one.letter.key === key ? { ...one, window } : window === "large" && one.window === "large" ? { ...one, window: "docked" } : one)));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLetters(): readonly OpenLetter[] {
  return useSyncExternalStore(subscribe, () => open);
}

export function openLetters(): readonly OpenLetter[] {
  return open;
}

/* What new letters are written in. */
let usualFormat: Letter["format"] = "html";

export function setUsualFormat(format: Letter["format"]): void {
  usualFormat = format;
}

/* The accounts that the person may send from. */
let writable: readonly Id[] = [];

export function setWritable(accountIds: readonly Id[]): void {
  writable = accountIds;
}

/* Where a letter is written that begins at this account: there, or in the first from which it can be sent. */
function writeAt(accountId: Id, write: (at: Id) => void): void {
  const at = writable.includes(accountId) ? accountId : writable[0];
  if (at === undefined) showToast({ text: "compose.nowhere", tone: "problem" });
  else write(at);
}

export function composeNew(accountId: Id): void {
  writeAt(accountId, (at) => openLetter({ accountId: at, format: usualFormat }));
}

/* A new letter that begins with a text, in whichever format the person writes. */
export function composeText(start: NewLetter, text: string): void {
  writeAt(start.accountId, (at) =>
    openLetter({ ...start, accountId: at, format: usualFormat, ...(usualFormat === "text" ? { text } : { html: text ? `<p>${textToHtml(text)}</p>` : "" }) }));
}

/* A new letter with these mails in it as they are. */
export function forwardAsAttachment(accountId: Id, emailIds: readonly Id[]): void {
  writeAt(accountId, (at) => void attempt(async () => {
    const { attachMails } = await import("./attach-dropped.ts");
    openLetter({ accountId: at, format: usualFormat, attachments: await attachMails(accountId, emailIds, at) });
  }));
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
export function answer(kind: AnswerKind, accountId: Id, emailId: Id): void {
  writeAt(accountId, (at) => void attempt(async () => {
    const { prepareAnswer } = await import("./prepare.ts");
    openLetter(await prepareAnswer({ kind, accountId, emailId, at, format: usualFormat }));
  }));
}

export function answerOpenEmail(kind: AnswerKind): void {
  if (openEmail) answer(kind, openEmail.accountId, openEmail.emailId);
}

export async function openDraft(accountId: Id, emailId: Id): Promise<void> {
  await attempt(async () => {
    const { prepareStoredDraft } = await import("./prepare.ts");
    const letter = await prepareStoredDraft(accountId, emailId);
    if (letter) openLetter(letter);
    else opening = false;
  });
}
