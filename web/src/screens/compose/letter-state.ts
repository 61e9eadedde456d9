import { useQueryClient } from "@tanstack/react-query";
import type { Editor } from "@tiptap/react";
import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from "react";
import { useDesk } from "../../app/context.ts";
import { NetworkProblem } from "../../jmap/http.ts";
import type { Id } from "../../jmap/types.ts";
import { refreshLists } from "../../mail/cache.ts";
import { failureOf } from "../../mail/failures.ts";
import { byRole } from "../../mail/mailboxes.ts";
import { mailboxesQuery } from "../../mail/queries.ts";
import { showToast } from "../../ui/toasts.ts";
import { noteDraft, type DraftAttachment, type Letter, type NewLetter } from "./composer-store.ts";
import { destroyDraft, newAttempt, saveDraft, settle, type DraftMail, type Stored } from "./draft-mail.ts";
import { watchDraft, type DraftWatch } from "./draft-tabs.ts";
import { contentOf } from "./Editor.tsx";
import { hideInline } from "./inline-images.ts";
import { dropCopy, holdCopy, keepCopy } from "./local-copy.ts";
import { chooseSender, useSenders, type Sender } from "./senders.ts";

export type Fields = Pick<Letter, "accountId" | "identityId" | "to" | "cc" | "bcc" | "subject" | "attachments" | "format" | "text" | "replyTo" | "priority" | "receipt">;

export type SaveState = "clean" | "dirty" | "saving" | "saved" | "failed" | "offline";

const SAVE_DELAY = 2_500;
/* A letter with large files is not sent to the mailbox again with each sentence. */
const LARGE = 2_000_000;
const SAVE_DELAY_LARGE = 20_000;
const COPY_DELAY = 400;

function fieldsOf(letter: Letter): Fields {
  const { accountId, identityId, to, cc, bcc, subject, attachments, format, text, replyTo, priority, receipt } = letter;
  return { accountId, identityId, to, cc, bcc, subject, attachments, format, text, replyTo, priority, receipt };
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

type Content = ReturnType<typeof contentOf>;

/* What stands in the editor; the last of it once the editor is gone. */
function useContent(letter: Letter, now: RefObject<Now>) {
  const last = useRef<Content>({ html: letter.html, quoted: letter.quote !== null, text: "" });
  return useCallback((): Content => {
    const { editor } = now.current;
    if (editor && !editor.isDestroyed) last.current = contentOf(editor);
    return last.current;
  }, [now]);
}

function mailOf(letter: Letter, { fields, sender }: Now, stored: Stored, content: Content): DraftMail {
  return {
    ...fields, draftId: stored.accountId === fields.accountId ? stored.id : null, identity: sender?.identity ?? null,
    replyTo: fields.replyTo.length > 0 ? fields.replyTo : (sender?.identity.replyTo ?? []),
    ownHtml: hideInline(content.html, fields.attachments), quoteHtml: content.quoted ? (letter.quote?.html ?? null) : null,
    attachments: fields.attachments.filter((one) => one.blobId !== null),
    inReplyTo: letter.inReplyTo, references: letter.references, answered: letter.answered,
  };
}

/* The letter as it can be opened again: after an undone sending, or from its copy. */
function snapshotOf(letter: Letter, { fields }: Now, { accountId, id, unanswered }: Stored, content: Content): NewLetter {
  return {
    ...fields, draftId: accountId === fields.accountId ? id : null, unanswered, html: hideInline(content.html, fields.attachments), quote: content.quoted ? letter.quote : null,
    attachments: fields.attachments.filter((one) => one.blobId !== null), inReplyTo: letter.inReplyTo, references: letter.references,
    answered: letter.answered, copyId: letter.copyId, writtenTo: letter.writtenTo,
  };
}

/* A copy on this machine, soon after each change; it goes when the mailbox has the letter. */
function useLocalCopy(letter: Letter, snapshot: () => NewLetter) {
  const { userAccount } = useDesk();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const released = useRef(false);
  useEffect(() => holdCopy(letter.copyId), [letter]);
  const keep = useCallback((): Promise<void> => {
    if (timer.current) clearTimeout(timer.current);
    timer.current = null;
    if (released.current) return Promise.resolve();
    return keepCopy({ id: letter.copyId, userAccount, savedAt: Date.now(), letter: snapshot() }).catch(() => undefined);
  }, [letter, snapshot, userAccount]);
  const keepSoon = useCallback(() => { timer.current ??= setTimeout(() => void keep(), COPY_DELAY); }, [keep]);
  const drop = useCallback(async () => {
    if (timer.current) clearTimeout(timer.current);
    timer.current = null;
    await dropCopy(letter.copyId).catch(() => undefined);
  }, [letter]);
  /* Somebody else looks after the copy from now on. */
  const release = useCallback(() => {
    released.current = true;
    if (timer.current) clearTimeout(timer.current);
    timer.current = null;
  }, []);
  return useMemo(() => ({ keep, keepSoon, drop, release }), [keep, keepSoon, drop, release]);
}

/* Whether the same draft is open in another page of this browser, or was changed elsewhere. */
function useDraftWatch(letter: Letter) {
  const [elsewhere, setElsewhere] = useState<"open" | "changed" | null>(null);
  const watch = useRef<DraftWatch | null>(null);
  useEffect(() => {
    const made = watchDraft(letter.copyId, (open) => setElsewhere(open ? "open" : null));
    watch.current = made;
    made.follow(letter.accountId, letter.draftId);
    return () => made.close();
  }, [letter]);
  const follow = useCallback((accountId: Id, draftId: Id | null, wasGone: boolean) => {
    watch.current?.follow(accountId, draftId);
    noteDraft(letter.key, accountId, draftId);
    if (wasGone) setElsewhere("changed");
  }, [letter]);
  return { elsewhere, follow };
}

type RenewBlobs = (sent: readonly DraftAttachment[], blobIds: readonly Id[]) => void;

interface SavingParts {
  readonly letter: Letter;
  readonly now: RefObject<Now>;
  readonly content: () => Content;
  readonly renew: RenewBlobs;
  readonly follow: (accountId: Id, draftId: Id | null, wasGone: boolean) => void;
  readonly copy: ReturnType<typeof useLocalCopy>;
  readonly stored: RefObject<Stored>;
}

/* Keeps the letter in Drafts: by itself after a pause, and when asked to. */
function useSaving({ letter, now, content, renew, follow, copy, stored }: SavingParts) {
  const client = useQueryClient();
  const [saveState, setSaveState] = useState<SaveState>(letter.recovered ? "dirty" : "clean");
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const revision = useRef({ now: letter.recovered ? 1 : 0, saved: 0 });
  const touch = useCallback(() => {
    revision.current.now += 1;
    const { unanswered } = stored.current;
    if (unanswered) stored.current = { ...stored.current, unanswered: { ...unanswered, isOutrun: true } };
    setSaveState("dirty");
    copy.keepSoon();
  }, [copy, stored]);
  const store = useCallback(async (): Promise<Id | null> => {
    const { draftsId } = now.current.boxes;
    if (revision.current.saved === revision.current.now && stored.current.id !== null) return stored.current.id;
    if (draftsId === null) return null;
    setSaveState("saving");
    const before = stored.current = await settle(stored.current);
    const mail = mailOf(letter, now.current, before, content());
    const at = revision.current.now;
    const left = before.accountId !== mail.accountId ? before : null;
    const attempt = newAttempt(mail);
    stored.current = { ...before, unanswered: attempt };
    await copy.keep();
    const saved = await saveDraft(mail, draftsId, attempt);
    stored.current = { accountId: mail.accountId, id: saved.id, unanswered: null };
    revision.current.saved = at;
    follow(mail.accountId, saved.id, saved.wasGone);
    if (left?.id) await destroyDraft(left.accountId, left.id);
    if (saved.blobIds) renew(mail.attachments, saved.blobIds);
    const isLatest = revision.current.now === at;
    if (isLatest) await copy.drop();
    setSaveState(isLatest ? "saved" : "dirty");
    return saved.id;
  }, [letter, now, content, renew, follow, copy, stored]);
  /* One after the other, since each replaces the draft that the one before has made. */
  const save = useCallback((): Promise<Id | null> => {
    content();
    const job = queue.current.then(store);
    queue.current = job.catch(() => undefined);
    return job;
  }, [store, content]);
  const saveQuietly = useCallback(() => {
    if (revision.current.now === revision.current.saved) return;
    save().catch((error: unknown) => {
      void copy.keep();
      if (error instanceof NetworkProblem) {
        setSaveState("offline");
        return;
      }
      setSaveState("failed");
      showToast({ ...failureOf(error), tone: "problem" });
    });
  }, [save, copy]);
  /* The letter is on its way out: nothing of it is saved any more, whatever was typed since. */
  const release = useCallback(() => {
    revision.current.saved = revision.current.now;
    copy.release();
  }, [copy]);
  const discard = useCallback(async () => {
    revision.current.saved = revision.current.now;
    copy.release();
    await copy.drop();
    await queue.current;
    const { accountId, id } = await settle(stored.current);
    stored.current = { accountId, id: null, unanswered: null };
    if (id !== null) await destroyDraft(accountId, id);
    await refreshLists(client, accountId);
  }, [client, copy, stored]);
  return { saveState, touch, save, saveQuietly, discard, release };
}

/* Saves a while after a change, and as soon as the server is there again. */
function useAutomaticSaving(saveState: SaveState, fields: Fields, saveQuietly: () => void): void {
  const large = fields.attachments.reduce((sum, one) => sum + one.size, 0) > LARGE;
  useEffect(() => {
    if (saveState !== "dirty" && saveState !== "offline") return;
    const timer = setTimeout(saveQuietly, saveState === "offline" ? 10_000 : large ? SAVE_DELAY_LARGE : SAVE_DELAY);
    return () => clearTimeout(timer);
  }, [saveState, fields, large, saveQuietly]);
}

/* The letter being written: its fields, and saving it to Drafts by itself. */
export function useLetterState(letter: Letter, editor: Editor | null) {
  const senders = useSenders();
  const [fields, setFields] = useState(() => fieldsOf(letter));
  const boxes = useBoxes(fields.accountId);
  const sender = chooseSender(senders, fields.accountId, fields.identityId, letter.writtenTo);
  const now = useRef<Now>({ fields, boxes, sender, editor });
  now.current = { fields, boxes, sender, editor };
  const stored = useRef<Stored>({ accountId: letter.accountId, id: letter.draftId, unanswered: letter.unanswered });
  const content = useContent(letter, now);
  const snapshot = useCallback((): NewLetter => snapshotOf(letter, now.current, stored.current, content()), [letter, content]);
  const draftId = useCallback(() => stored.current.id, []);
  const copy = useLocalCopy(letter, snapshot);
  const { elsewhere, follow } = useDraftWatch(letter);
  const renew = useCallback<RenewBlobs>((sent, blobIds) => {
    setFields((before) => ({ ...before, attachments: renewBlobs(before.attachments, sent, blobIds) }));
  }, []);
  const { saveState, touch, save, saveQuietly, discard, release } = useSaving({ letter, now, content, renew, follow, copy, stored });
  /* quietly: it is no change of the person's, which would be saved. */
  const change = useCallback((update: Partial<Fields>, quietly = false) => {
    setFields((before) => ({ ...before, ...update }));
    if (!quietly) touch();
  }, [touch]);
  const changeAttachments = useCallback((update: (before: readonly DraftAttachment[]) => readonly DraftAttachment[], quietly = false) => {
    setFields((before) => ({ ...before, attachments: update(before.attachments) }));
    if (!quietly) touch();
  }, [touch]);
  useAutomaticSaving(saveState, fields, saveQuietly);
  return useMemo(() => ({ fields, change, changeAttachments, touch, save, saveQuietly, saveState, discard, release, snapshot, content, draftId, copy, elsewhere, senders, sender, boxes }),
    [fields, change, changeAttachments, touch, save, saveQuietly, saveState, discard, release, snapshot, content, draftId, copy, elsewhere, senders, sender, boxes]);
}

export type LetterState = ReturnType<typeof useLetterState>;

function renewBlobs(now: readonly DraftAttachment[], saved: readonly DraftAttachment[], blobIds: readonly Id[]): readonly DraftAttachment[] {
  const fresh = new Map(saved.map((one, index) => [one.key, blobIds[index]!]));
  return now.map((one) => (fresh.has(one.key) ? { ...one, blobId: fresh.get(one.key)! } : one));
}
