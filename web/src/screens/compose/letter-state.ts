import { useQueries, useQueryClient } from "@tanstack/react-query";
import type { Editor } from "@tiptap/react";
import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from "react";
import { useDesk } from "../../app/context.ts";
import type { Id, Identity } from "../../jmap/types.ts";
import { refreshLists } from "../../mail/cache.ts";
import { failureOf } from "../../mail/failures.ts";
import { byRole } from "../../mail/mailboxes.ts";
import { identitiesQuery, mailboxesQuery } from "../../mail/queries.ts";
import { showToast } from "../../ui/toasts.ts";
import { contentOf } from "./Editor.tsx";
import type { DraftAttachment, Letter, NewLetter } from "./composer-store.ts";
import { destroyDraft, saveDraft, type DraftMail } from "./draft-mail.ts";
import { hideInline } from "./inline-images.ts";

export type Fields = Pick<Letter, "accountId" | "identityId" | "to" | "cc" | "bcc" | "subject" | "attachments">;

export type SaveState = "clean" | "dirty" | "saving" | "saved" | "failed";

const SAVE_DELAY = 2_500;

/* Where a letter can be sent from: every identity of every account the person reaches. */
export interface Sender {
  readonly accountId: Id;
  readonly identity: Identity;
}

export function useSenders(): readonly Sender[] {
  const desk = useDesk();
  return useQueries({
    queries: desk.accounts.map((account) => identitiesQuery(account.id)),
    combine: (results) => results.flatMap((result, index) =>
      (result.data ?? []).map((identity) => ({ accountId: desk.accounts[index]!.id, identity }))),
  });
}

function fieldsOf(letter: Letter): Fields {
  const { accountId, identityId, to, cc, bcc, subject, attachments } = letter;
  return { accountId, identityId, to, cc, bcc, subject, attachments };
}

interface Boxes {
  readonly draftsId: Id | null;
  readonly sentId: Id | null;
  readonly known: boolean;
}

function useBoxes(accountId: Id): Boxes {
  const client = useQueryClient();
  const [boxes, setBoxes] = useState<Boxes>({ draftsId: null, sentId: null, known: false });
  useEffect(() => {
    let current = true;
    client.ensureQueryData(mailboxesQuery(accountId)).then((mailboxes) => {
      if (current) setBoxes({ draftsId: byRole(mailboxes, "drafts")?.id ?? null, sentId: byRole(mailboxes, "sent")?.id ?? null, known: true });
    }, () => undefined);
    return () => { current = false; };
  }, [client, accountId]);
  return boxes;
}

/* What the letter is at this moment, for whatever runs later than the render. */
interface Now {
  readonly fields: Fields;
  readonly boxes: Boxes;
  readonly sender: Sender | null;
  readonly editor: Editor | null;
}

/* The stored draft and the account it is in. */
interface Stored {
  readonly accountId: Id;
  readonly id: Id | null;
}

function mailOf(letter: Letter, { fields, sender, editor }: Now, stored: Stored): DraftMail {
  const content = editor && !editor.isDestroyed ? contentOf(editor) : { html: letter.html, quoted: letter.quote !== null, text: "" };
  return {
    accountId: fields.accountId, draftId: stored.accountId === fields.accountId ? stored.id : null,
    identity: sender?.identity ?? null, to: fields.to, cc: fields.cc, bcc: fields.bcc, subject: fields.subject,
    ownHtml: hideInline(content.html, fields.attachments), quoteHtml: content.quoted ? (letter.quote?.html ?? null) : null,
    attachments: fields.attachments.filter((one) => one.blobId !== null),
    inReplyTo: letter.inReplyTo, references: letter.references, answered: letter.answered,
  };
}

type RenewBlobs = (sent: readonly DraftAttachment[], blobIds: readonly Id[]) => void;

/* Keeps the letter in Drafts: by itself after a pause, and when asked to. */
function useSaving(letter: Letter, now: RefObject<Now>, renew: RenewBlobs) {
  const client = useQueryClient();
  const [saveState, setSaveState] = useState<SaveState>("clean");
  const stored = useRef<Stored>({ accountId: letter.accountId, id: letter.draftId });
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const revision = useRef({ now: 0, saved: 0 });
  const touch = useCallback(() => {
    revision.current.now += 1;
    setSaveState("dirty");
  }, []);
  const store = useCallback(async (): Promise<Id | null> => {
    const { draftsId } = now.current.boxes;
    if (revision.current.saved === revision.current.now && stored.current.id !== null) return stored.current.id;
    if (draftsId === null) return null;
    const mail = mailOf(letter, now.current, stored.current);
    const at = revision.current.now;
    setSaveState("saving");
    const left = stored.current.accountId !== mail.accountId ? stored.current : null;
    const saved = await saveDraft(mail, draftsId);
    stored.current = { accountId: mail.accountId, id: saved.id };
    revision.current.saved = at;
    if (left?.id) await destroyDraft(left.accountId, left.id);
    if (saved.blobIds) renew(mail.attachments, saved.blobIds);
    setSaveState(revision.current.now === at ? "saved" : "dirty");
    return saved.id;
  }, [letter, now, renew]);
  /* One after the other, since each replaces the draft that the one before has made. */
  const save = useCallback((): Promise<Id | null> => {
    const job = queue.current.then(store);
    queue.current = job.catch(() => undefined);
    return job;
  }, [store]);
  const saveQuietly = useCallback(() => {
    if (revision.current.now === revision.current.saved) return;
    save().catch((error: unknown) => {
      setSaveState("failed");
      showToast({ ...failureOf(error), tone: "problem" });
    });
  }, [save]);
  const discard = useCallback(async () => {
    revision.current.saved = revision.current.now;
    await queue.current;
    const { accountId, id } = stored.current;
    stored.current = { accountId, id: null };
    if (id !== null) await destroyDraft(accountId, id);
    await refreshLists(client, accountId);
  }, [client]);
  return { saveState, stored, touch, save, saveQuietly, discard };
}

/* The letter being written: its fields, and saving it to Drafts by itself. */
export function useLetterState(letter: Letter, editor: Editor | null) {
  const senders = useSenders();
  const [fields, setFields] = useState(() => fieldsOf(letter));
  const boxes = useBoxes(fields.accountId);
  const sender = senders.find((one) => one.accountId === fields.accountId && (fields.identityId === null || one.identity.id === fields.identityId)) ?? null;
  const now = useRef<Now>({ fields, boxes, sender, editor });
  now.current = { fields, boxes, sender, editor };
  const renew = useCallback<RenewBlobs>((sent, blobIds) => {
    setFields((before) => ({ ...before, attachments: renewBlobs(before.attachments, sent, blobIds) }));
  }, []);
  const { saveState, stored, touch, save, saveQuietly, discard } = useSaving(letter, now, renew);
  const change = useCallback((update: Partial<Fields>) => {
    setFields((before) => ({ ...before, ...update }));
    touch();
  }, [touch]);
  const changeAttachments = useCallback((update: (before: readonly DraftAttachment[]) => readonly DraftAttachment[]) => {
    setFields((before) => ({ ...before, attachments: update(before.attachments) }));
    touch();
  }, [touch]);
  useEffect(() => {
    if (saveState !== "dirty") return;
    const timer = setTimeout(saveQuietly, SAVE_DELAY);
    return () => clearTimeout(timer);
  }, [saveState, fields, saveQuietly]);
  /* The letter as it can be opened again, after an undone sending. */
  const snapshot = useCallback((draftId: Id | null): NewLetter => {
    const { ownHtml, quoteHtml, draftId: _, identity: __, ...mail } = mailOf(letter, now.current, stored.current);
    return {
      ...mail, draftId, identityId: now.current.fields.identityId, html: ownHtml,
      quote: quoteHtml === null ? null : { html: quoteHtml }, attachments: now.current.fields.attachments,
    };
  }, [letter, stored]);
  return useMemo(() => ({ fields, change, changeAttachments, touch, save, saveQuietly, saveState, discard, snapshot, senders, sender, boxes }),
    [fields, change, changeAttachments, touch, save, saveQuietly, saveState, discard, snapshot, senders, sender, boxes]);
}

export type LetterState = ReturnType<typeof useLetterState>;

function renewBlobs(now: readonly DraftAttachment[], saved: readonly DraftAttachment[], blobIds: readonly Id[]): readonly DraftAttachment[] {
  const fresh = new Map(saved.map((one, index) => [one.key, blobIds[index]!]));
  return now.map((one) => (fresh.has(one.key) ? { ...one, blobId: fresh.get(one.key)! } : one));
}
