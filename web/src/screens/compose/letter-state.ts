import { useQueries, useQueryClient } from "@tanstack/react-query";
import type { Editor } from "@tiptap/react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useDesk } from "../../app/context.ts";
import type { Address, Id, Identity } from "../../jmap/types.ts";
import { refreshLists } from "../../mail/cache.ts";
import { failureOf } from "../../mail/failures.ts";
import { byRole } from "../../mail/mailboxes.ts";
import { identitiesQuery, mailboxesQuery } from "../../mail/queries.ts";
import { showToast } from "../../ui/toasts.ts";
import { contentOf } from "./Editor.tsx";
import type { DraftAttachment, Letter, NewLetter } from "./composer-store.ts";
import { destroyDraft, saveDraft, type DraftMail } from "./draft-mail.ts";
import { hideInline } from "./inline-images.ts";

export interface Fields {
  readonly accountId: Id;
  readonly identityId: Id | null;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly subject: string;
  readonly attachments: readonly DraftAttachment[];
}

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

function useDraftsMailbox(accountId: Id): { readonly draftsId: Id | null; readonly sentId: Id | null; readonly known: boolean } {
  const client = useQueryClient();
  const [boxes, setBoxes] = useState<{ readonly draftsId: Id | null; readonly sentId: Id | null; readonly known: boolean }>({ draftsId: null, sentId: null, known: false });
  useEffect(() => {
    let current = true;
    client.ensureQueryData(mailboxesQuery(accountId)).then((mailboxes) => {
      if (current) setBoxes({ draftsId: byRole(mailboxes, "drafts")?.id ?? null, sentId: byRole(mailboxes, "sent")?.id ?? null, known: true });
    }, () => undefined);
    return () => { current = false; };
  }, [client, accountId]);
  return boxes;
}

/* The letter being written: its fields, and saving it to Drafts by itself. */
export function useLetterState(letter: Letter, editor: Editor | null) {
  const client = useQueryClient();
  const senders = useSenders();
  const [fields, setFields] = useState(() => fieldsOf(letter));
  const [saveState, setSaveState] = useState<SaveState>("clean");
  const boxes = useDraftsMailbox(fields.accountId);
  const sender = senders.find((one) => one.accountId === fields.accountId && (fields.identityId === null || one.identity.id === fields.identityId)) ?? null;
  const latest = useRef({ fields, boxes, sender, editor });
  latest.current = { fields, boxes, sender, editor };
  /* The stored draft and the account it is in; changed by saving only. */
  const stored = useRef<{ accountId: Id; id: Id | null }>({ accountId: letter.accountId, id: letter.draftId });
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const revision = useRef({ now: 0, saved: 0 });

  const touch = useCallback(() => {
    revision.current.now += 1;
    setSaveState("dirty");
  }, []);
  const change = useCallback((update: Partial<Fields>) => {
    setFields((now) => ({ ...now, ...update }));
    touch();
  }, [touch]);
  const changeAttachments = useCallback((update: (now: readonly DraftAttachment[]) => readonly DraftAttachment[]) => {
    setFields((now) => ({ ...now, attachments: update(now.attachments) }));
    touch();
  }, [touch]);

  const compose = useCallback((): DraftMail => {
    const { fields: now, sender: from, editor: text } = latest.current;
    const content = text && !text.isDestroyed ? contentOf(text) : { html: letter.html, quoted: letter.quote !== null, text: "" };
    return {
      accountId: now.accountId, draftId: stored.current.accountId === now.accountId ? stored.current.id : null,
      identity: from?.identity ?? null, to: now.to, cc: now.cc, bcc: now.bcc, subject: now.subject,
      ownHtml: hideInline(content.html, now.attachments), quoteHtml: content.quoted ? (letter.quote?.html ?? null) : null,
      attachments: now.attachments.filter((one) => one.blobId !== null),
      inReplyTo: letter.inReplyTo, references: letter.references, answered: letter.answered,
    };
  }, [letter]);

  /* Saves one after the other, since each replaces the draft that the one before has made. */
  const save = useCallback((): Promise<Id | null> => {
    const run = async (): Promise<Id | null> => {
      const { draftsId } = latest.current.boxes;
      if (revision.current.saved === revision.current.now && stored.current.id !== null) return stored.current.id;
      if (draftsId === null) return null;
      const mail = compose();
      const at = revision.current.now;
      setSaveState("saving");
      const left = stored.current.accountId !== mail.accountId ? stored.current : null;
      const saved = await saveDraft(mail, draftsId);
      stored.current = { accountId: mail.accountId, id: saved.id };
      revision.current.saved = at;
      if (left?.id) await destroyDraft(left.accountId, left.id);
      if (saved.blobIds) setFields((now) => ({ ...now, attachments: renewBlobs(now.attachments, mail.attachments, saved.blobIds!) }));
      setSaveState(revision.current.now === at ? "saved" : "dirty");
      return saved.id;
    };
    const job = queue.current.then(run);
    queue.current = job.catch(() => undefined);
    return job;
  }, [compose]);

  const saveQuietly = useCallback(() => {
    if (revision.current.now === revision.current.saved) return;
    save().catch((error: unknown) => {
      setSaveState("failed");
      showToast({ ...failureOf(error), tone: "problem" });
    });
  }, [save]);

  useEffect(() => {
    if (saveState !== "dirty") return;
    const timer = setTimeout(saveQuietly, SAVE_DELAY);
    return () => clearTimeout(timer);
  }, [saveState, fields, saveQuietly]);

  const discard = useCallback(async () => {
    revision.current.saved = revision.current.now;
    await queue.current;
    const { accountId, id } = stored.current;
    stored.current = { accountId, id: null };
    if (id !== null) await destroyDraft(accountId, id);
    await refreshLists(client, accountId);
  }, [client]);

  /* The letter as it can be opened again, after an undone sending. */
  const snapshot = useCallback((draftId: Id | null): NewLetter => {
    const mail = compose();
    return {
      accountId: mail.accountId, draftId, identityId: latest.current.fields.identityId, to: mail.to, cc: mail.cc, bcc: mail.bcc, subject: mail.subject, html: mail.ownHtml,
      quote: mail.quoteHtml === null ? null : { html: mail.quoteHtml }, attachments: latest.current.fields.attachments,
      inReplyTo: mail.inReplyTo, references: mail.references, answered: mail.answered,
    };
  }, [compose]);

  return useMemo(() => ({ fields, change, changeAttachments, touch, save, saveQuietly, saveState, discard, snapshot, senders, sender, boxes }),
    [fields, change, changeAttachments, touch, save, saveQuietly, saveState, discard, snapshot, senders, sender, boxes]);
}

export type LetterState = ReturnType<typeof useLetterState>;

function renewBlobs(now: readonly DraftAttachment[], saved: readonly DraftAttachment[], blobIds: readonly Id[]): readonly DraftAttachment[] {
  const fresh = new Map(saved.map((one, index) => [one.key, blobIds[index]!]));
  return now.map((one) => (fresh.has(one.key) ? { ...one, blobId: fresh.get(one.key)! } : one));
}
