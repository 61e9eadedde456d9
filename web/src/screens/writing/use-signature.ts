import { useQuery } from "@tanstack/react-query";
import type { Editor } from "@tiptap/core";
import { useCallback, useEffect, useRef, type RefObject } from "react";
import { useDesk } from "../../app/context.ts";
import type { Id, Identity } from "../../jmap/types.ts";
import { htmlToText } from "../../mail/answers.ts";
import { failureOf } from "../../mail/failures.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { signatureFor, signaturesQuery, type ChosenSignature, type LetterKind, type Signature } from "../../mail/signatures.ts";
import { showToast } from "../../ui/toasts.ts";
import type { DraftAttachment } from "../compose/composer-store.ts";
import { pictureParts } from "./inline-pictures.ts";
import { findSignature, isUnchanged, putSignature, removeSignature, signatureHtml } from "./signature-node.ts";
import { signatureIn, withSignature } from "./signature-text.ts";

/* quietly: it is no change of the person's, which would be saved. */
export type ChangeAttachments = (update: (now: readonly DraftAttachment[]) => readonly DraftAttachment[], quietly?: boolean) => void;

/* The letter that a signature is put into. */
export interface Signed {
  /* null: it is written in plain text. */
  readonly editor: Editor | null;
  readonly text: string;
  readonly onText: (text: string, quietly: boolean) => void;
  readonly accountId: Id;
  readonly identity: Identity | null;
  readonly kind: LetterKind;
  /* It was written on before: it has its signature, or none on purpose. */
  readonly isContinued: boolean;
  readonly changeAttachments: ChangeAttachments;
}

function textOf(signature: ChosenSignature): string {
  return signature.text || htmlToText(signature.html);
}

async function putHtml(letter: Signed, editor: Editor, signature: ChosenSignature, quietly: boolean): Promise<void> {
  const { html, parts } = await pictureParts(signatureHtml(signature), letter.accountId);
  if (editor.isDestroyed) return;
  if (parts.length > 0) letter.changeAttachments((now) => [...now, ...parts], quietly);
  putSignature(editor, signature, html, quietly);
}

/* What is there: "none", "changed" by the person, or as it was put in. put: what was put into a plain text last. */
function stateOf({ editor, text }: Signed, put: string | null): "none" | "changed" | "unchanged" {
  if (editor) {
    const found = findSignature(editor);
    return !found ? "none" : isUnchanged(editor, found) ? "unchanged" : "changed";
  }
  const now = signatureIn(text);
  return now === null ? "none" : now === put ? "unchanged" : "changed";
}

function replace(letter: Signed, put: RefObject<string | null>, signature: ChosenSignature | null, quietly: boolean): void {
  const { editor } = letter;
  if (editor) {
    const found = findSignature(editor);
    if (signature) putHtml(letter, editor, signature, quietly).catch((error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
    else if (found) removeSignature(editor, found);
    return;
  }
  put.current = signature ? textOf(signature).trimEnd() : null;
  letter.onText(withSignature(letter.text, put.current), quietly);
}

/* Whether the linked account is this person's, so that its identities are in step with their signatures. */
function useIsOwn(accountId: Id): boolean | undefined {
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount)).data;
  return linked && desk.accounts.some((one) => one.id === accountId && !one.readOnly);
}

export interface SignatureChoice {
  readonly all: readonly Signature[];
  /* null: none. */
  readonly choose: (signature: Signature | null) => void;
  /* The id of the one that is there, null: none; of a plain text it is known while it is unchanged. */
  readonly current: () => string | null;
}

/* Puts the default signature of the address into a letter that begins, and exchanges it, unless it was changed, when another address is chosen. */
export function useSignature(letter: Signed): SignatureChoice {
  const desk = useDesk();
  const { data: all } = useQuery(signaturesQuery(desk.userAccount));
  const isOwn = useIsOwn(letter.accountId);
  const latest = useRef(letter);
  latest.current = letter;
  const put = useRef<string | null>(null);
  /* For which identity one was put in by itself: undefined before the first. */
  const done = useRef<{ readonly identity: Id; readonly had: boolean } | undefined>(undefined);
  const { editor, identity, isContinued } = letter;
  useEffect(() => {
    if (editor?.isDestroyed || !identity || !all || isOwn === undefined || done.current?.identity === identity.id) return;
    const before = done.current;
    const wanted = signatureFor(latest.current.kind, identity, all, isOwn);
    const state = stateOf(latest.current, put.current);
    done.current = { identity: identity.id, had: wanted !== null };
    const mayPut = before === undefined ? !isContinued && state === "none" : state === "unchanged" || (state === "none" && !before.had);
    if (mayPut && (wanted !== null || state !== "none")) replace(latest.current, put, wanted, before === undefined);
  }, [editor, identity, all, isOwn, isContinued]);
  const choose = useCallback((signature: Signature | null) => replace(latest.current, put, signature, false), []);
  const current = useCallback(() => {
    const { editor: now, text } = latest.current;
    if (now) return now.isDestroyed ? null : String(findSignature(now)?.node.attrs["signature"] ?? "") || null;
    const there = signatureIn(text);
    return there === null ? null : (all?.find((one) => textOf(one).trimEnd() === there)?.id ?? "own");
  }, [all]);
  return { all: all ?? [], choose, current };
}
