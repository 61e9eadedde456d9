import { useQueryClient } from "@tanstack/react-query";
import { Maximize2, Minimize2, Paperclip, Trash2, X } from "lucide-react";
import { useCallback, useEffect, useId, useLayoutEffect, useRef, useState, type DragEvent, type KeyboardEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { formatBytes } from "../../i18n/format.ts";
import type { Address } from "../../jmap/types.ts";
import { isAddress, mentionsAttachment } from "../../mail/answers.ts";
import { cachedEmails, refreshLists } from "../../mail/cache.ts";
import { failureOf } from "../../mail/failures.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { confirmFirst } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { closeComposer, composerHasOpened, useComposer, type Letter } from "./composer-store.ts";
import { contentOf, FormatTools, MailEditor, useMailEditor } from "./Editor.tsx";
import { inlineAddress, showInline } from "./inline-images.ts";
import { useLetterState, type Fields, type LetterState, type SaveState } from "./letter-state.ts";
import { sendSoon } from "./outbox.ts";
import { RecipientField } from "./RecipientField.tsx";
import { useUploads } from "./uploads.ts";

const STATUS: Readonly<Record<SaveState, MessageId | null>> = {
  clean: null, dirty: null, saving: "compose.saving", saved: "compose.saved", failed: "compose.unsaved",
};

/* Everybody the lists have shown, newest first: enough to complete a recipient while typing. */
function useKnownPeople(accountId: string): readonly Address[] {
  const client = useQueryClient();
  const [people] = useState(() => {
    const known = new Map<string, Address>();
    for (const email of cachedEmails(client, accountId).values())
      for (const address of [...(email.from ?? []), ...(email.to ?? [])])
        if (isAddress(address.email) && !known.has(address.email.toLowerCase())) known.set(address.email.toLowerCase(), address);
    return [...known.values()].slice(0, 200);
  });
  return people;
}

function FromField({ letter, state }: { readonly letter: Letter; readonly state: LetterState }) {
  const t = useT();
  const id = useId();
  const { fields, senders, sender, change } = state;
  /* An answer stays in its account; so does a letter whose files are already there. */
  const bound = letter.answered !== null || letter.inReplyTo !== null || fields.attachments.length > 0;
  const choices = bound ? senders.filter((one) => one.accountId === fields.accountId) : senders;
  if (choices.length < 2) return null;
  const keyOf = (accountId: string, identityId: string): string => `${accountId} ${identityId}`;
  return (
    <div className="composer-field">
      <label htmlFor={id}>{t("compose.from")}</label>
      <select id={id} value={sender ? keyOf(sender.accountId, sender.identity.id) : ""}
        onChange={(event) => {
          const chosen = choices.find((one) => keyOf(one.accountId, one.identity.id) === event.target.value);
          if (chosen) change({ accountId: chosen.accountId, identityId: chosen.identity.id });
        }}>
        {choices.map((one) => (
          <option key={keyOf(one.accountId, one.identity.id)} value={keyOf(one.accountId, one.identity.id)}>
            {one.identity.name ? `${one.identity.name} <${one.identity.email}>` : one.identity.email}
          </option>
        ))}
      </select>
    </div>
  );
}

function HeaderFields({ letter, state }: { readonly letter: Letter; readonly state: LetterState }) {
  const t = useT();
  const { fields, change } = state;
  const people = useKnownPeople(letter.accountId);
  const [more, setMore] = useState({ cc: letter.cc.length > 0, bcc: letter.bcc.length > 0 });
  return (
    <div className="composer-fields">
      <FromField letter={letter} state={state} />
      <div className="composer-recipients">
        <RecipientField label={t("compose.to")} value={fields.to} onChange={(to) => change({ to })} autoFocus={letter.to.length === 0} suggestions={people} />
        {(!more.cc || !more.bcc) && (
          <span className="composer-more">
            {!more.cc && <Button kind="plain" aria-label={t("compose.showCc")} onClick={() => setMore({ ...more, cc: true })}>{t("compose.cc")}</Button>}
            {!more.bcc && <Button kind="plain" aria-label={t("compose.showBcc")} onClick={() => setMore({ ...more, bcc: true })}>{t("compose.bcc")}</Button>}
          </span>
        )}
      </div>
      {more.cc && <RecipientField label={t("compose.cc")} value={fields.cc} onChange={(cc) => change({ cc })} suggestions={people} />}
      {more.bcc && <RecipientField label={t("compose.bcc")} value={fields.bcc} onChange={(bcc) => change({ bcc })} suggestions={people} />}
      <div className="composer-field composer-subject">
        <input value={fields.subject} onChange={(event) => change({ subject: event.target.value })} placeholder={t("compose.subject")} aria-label={t("compose.subject")} dir="auto" />
      </div>
    </div>
  );
}

interface AttachmentListProps {
  readonly fields: Fields;
  readonly progress: Readonly<Record<string, number>>;
  readonly onRemove: (key: string) => void;
}

function AttachmentList({ fields, progress, onRemove }: AttachmentListProps) {
  const t = useT();
  const locale = useLocale();
  const shown = fields.attachments.filter((one) => !one.inline);
  if (shown.length === 0) return null;
  return (
    <ul className="composer-attachments">
      {shown.map((one) => (
        <li key={one.key} className="composer-attachment">
          <Paperclip size={14} aria-hidden />
          <bdi>{one.name}</bdi>
          <small>{one.blobId === null ? `${Math.round((progress[one.key] ?? 0) * 100)} %` : formatBytes(one.size, locale)}</small>
          <IconButton label={t("compose.removeAttachment", { name: one.name })} icon={X} onClick={() => onRemove(one.key)} />
          {one.blobId === null && <span className="upload-bar" style={{ inlineSize: `${(progress[one.key] ?? 0) * 100}%` }} role="progressbar"
            aria-label={one.name} aria-valuenow={Math.round((progress[one.key] ?? 0) * 100)} aria-valuemin={0} aria-valuemax={100} />}
        </li>
      ))}
    </ul>
  );
}

/* What keeps a letter from being sent, if anything does. */
function objection(fields: Fields, state: LetterState): { readonly text: MessageId; readonly values?: Record<string, string> } | null {
  const all = [...fields.to, ...fields.cc, ...fields.bcc];
  if (all.length === 0) return { text: "compose.noRecipients" };
  const bad = all.find((address) => !isAddress(address.email));
  if (bad) return { text: "compose.invalidRecipient", values: { address: bad.email } };
  if (fields.attachments.some((one) => one.blobId === null)) return { text: "compose.uploading" };
  if (state.sender === null) return { text: "compose.cannotSend" };
  if (state.boxes.draftsId === null) return { text: "compose.noDrafts" };
  return null;
}

/* What people forget, asked for once before the mail goes. */
async function nothingForgotten(fields: Fields, text: string): Promise<boolean> {
  if (!fields.subject.trim() && !(await confirmFirst({ title: "compose.noSubject", text: "compose.noSubjectText", action: "compose.sendAnyway" }))) return false;
  if (fields.attachments.length > 0 || !mentionsAttachment(text)) return true;
  return confirmFirst({ title: "compose.attachmentForgotten", text: "compose.attachmentForgottenText", action: "compose.sendAnyway" });
}

function useSend(letter: Letter, state: LetterState, text: () => string) {
  const client = useQueryClient();
  const [complaint, setComplaint] = useState<ReturnType<typeof objection>>(null);
  const [busy, setBusy] = useState(false);
  const send = async (): Promise<void> => {
    /* Leaving the recipient field takes what is typed there, and that has to be seen first. */
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    await new Promise((resolve) => setTimeout(resolve));
    await sendNow.current();
  };
  const sendNow = useRef(async (): Promise<void> => undefined);
  sendNow.current = async () => {
    const { fields, sender, boxes } = state;
    const found = objection(fields, state);
    setComplaint(found);
    if (found || busy || sender === null || boxes.draftsId === null) return;
    if (!(await nothingForgotten(fields, text()))) return;
    setBusy(true);
    try {
      state.touch();
      const emailId = await state.save();
      if (emailId === null) throw new Error("the draft was not saved");
      const snapshot = state.snapshot(emailId);
      closeComposer();
      sendSoon(client, { accountId: fields.accountId, emailId, identityId: sender.identity.id, draftsId: boxes.draftsId, sentId: boxes.sentId, answered: letter.answered }, snapshot);
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
      setBusy(false);
    }
  };
  return { send, busy, complaint };
}

function titleOf(letter: Letter): MessageId {
  if (letter.answered) return letter.answered.keyword === "$forwarded" ? "action.forward" : "action.reply";
  return letter.draftId === null ? "compose.new" : "row.draft";
}

/* The editor, the letter's fields and its files, which need each other: the editor calls what is there when it calls. */
function useWriting(letter: Letter) {
  const t = useT();
  const desk = useDesk();
  const hooks = useRef({ touch: () => undefined as void, files: (_files: readonly File[], _inline: boolean) => undefined as void, send: () => undefined as void });
  const editor = useMailEditor({
    html: showInline(letter.html, letter.accountId, letter.attachments), quote: letter.quote?.html ?? null,
    placeholder: t("compose.placeholder"), label: t("compose.body"), autoFocus: letter.to.length > 0,
    onChange: () => hooks.current.touch(), onFiles: (files, inline) => hooks.current.files(files, inline), onSend: () => hooks.current.send(),
  });
  const state = useLetterState(letter, editor);
  const uploads = useUploads(state.fields.accountId, desk.maxUpload, state.changeAttachments);
  const addFiles = useCallback((files: readonly File[], inline: boolean) => {
    uploads.add(files, inline, inline ? (done) => editor?.chain().focus().setImage({ src: inlineAddress(state.fields.accountId, done) }).run() : undefined);
  }, [uploads, editor, state.fields.accountId]);
  const sending = useSend(letter, state, () => (editor ? contentOf(editor).text : ""));
  hooks.current = { touch: state.touch, files: addFiles, send: () => void sending.send() };
  const { saveQuietly } = state;
  useEffect(() => () => saveQuietly(), [saveQuietly]);
  /* At once: the editor's own way waits for a frame, in which the first letters would be lost. */
  useLayoutEffect(() => {
    if (!editor || editor.isDestroyed) return;
    if (letter.to.length > 0) editor.view.focus();
    composerHasOpened();
  }, [editor, letter]);
  return { editor, state, uploads, addFiles, ...sending };
}

/* Files let fall anywhere on the composer, unless the editor has taken them already. */
function useDropping(addFiles: (files: readonly File[], inline: boolean) => void) {
  const [dropping, setDropping] = useState(false);
  return {
    "data-dropping": dropping,
    onDragOver: (event: DragEvent): void => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      setDropping(true);
    },
    onDragLeave: (event: DragEvent): void => { if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false); },
    onDrop: (event: DragEvent): void => {
      setDropping(false);
      if (event.defaultPrevented || event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      addFiles([...event.dataTransfer.files], false);
    },
  };
}

interface ToolsProps {
  readonly writing: ReturnType<typeof useWriting>;
  readonly onDiscard: () => void;
}

function ComposerTools({ writing, onDiscard }: ToolsProps) {
  const t = useT();
  const { editor, addFiles, send, busy } = writing;
  const picker = useRef<HTMLInputElement>(null);
  return (
    <footer className="composer-tools">
      <Button kind="primary" disabled={busy} title={t("compose.sendKey")} onClick={() => void send()}>{t("compose.send")}</Button>
      {editor && <FormatTools editor={editor} />}
      <IconButton label={t("compose.attach")} icon={Paperclip} onClick={() => picker.current?.click()} />
      <input ref={picker} type="file" multiple hidden onChange={(event) => { addFiles([...(event.target.files ?? [])], false); event.target.value = ""; }} />
      <span className="composer-tools-space" />
      <IconButton label={t("compose.discard")} icon={Trash2} onClick={onDiscard} />
    </footer>
  );
}

function LetterEditor({ letter }: { readonly letter: Letter }) {
  const t = useT();
  const client = useQueryClient();
  const [large, setLarge] = useState(false);
  const writing = useWriting(letter);
  const { editor, state, uploads, send, complaint } = writing;
  const dropping = useDropping(writing.addFiles);
  const close = (): void => {
    state.saveQuietly();
    closeComposer();
    void refreshLists(client, letter.accountId);
  };
  const discard = (): void => {
    closeComposer();
    state.discard().then(() => showToast({ text: "compose.discarded" }), (error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) { event.preventDefault(); void send(); }
    else if (event.key === "Escape" && !event.defaultPrevented) { event.stopPropagation(); close(); }
  };
  const status = STATUS[state.saveState];
  return (
    <section className="composer" role="dialog" aria-label={t("compose.region")} data-large={large} onKeyDown={onKeyDown} {...dropping}>
      <header className="composer-head">
        <h2>{t(titleOf(letter))}</h2>
        <span className="composer-status" role="status">{status && t(status)}</span>
        <IconButton label={t(large ? "compose.shrink" : "compose.enlarge")} icon={large ? Minimize2 : Maximize2} onClick={() => setLarge(!large)} className="composer-size" />
        <IconButton label={t("compose.close")} icon={X} onClick={close} />
      </header>
      <HeaderFields letter={letter} state={state} />
      {complaint && <div className="composer-note"><Notice tone="problem">{t(complaint.text, complaint.values)}</Notice></div>}
      {state.boxes.known && state.boxes.draftsId === null && <div className="composer-note"><Notice tone="problem">{t("compose.noDrafts")}</Notice></div>}
      <div className="composer-scroll"><MailEditor editor={editor} /></div>
      <AttachmentList fields={state.fields} progress={uploads.progress} onRemove={uploads.remove} />
      <ComposerTools writing={writing} onDiscard={discard} />
    </section>
  );
}

export function Composer() {
  const letter = useComposer();
  return letter && <LetterEditor key={letter.key} letter={letter} />;
}
