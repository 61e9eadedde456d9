import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronDown, ChevronUp, Ellipsis, Image as ImageIcon, Maximize2, Minimize2, Paperclip, Trash2, Type, X } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useLayoutEffect, useRef, useState, type DragEvent, type KeyboardEvent, type RefObject } from "react";
import { useDesk } from "../../app/context.ts";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import { refreshLists } from "../../mail/cache.ts";
import { failureOf } from "../../mail/failures.ts";
import { linkedQuery } from "../../mail/queries.ts";
import { lazyAhead } from "../../ui/ahead.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Menu, type MenuItem } from "../../ui/Menu.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { confirmFirst } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { attachDropped, hasAttachable } from "./attach-dropped.ts";
import { Attachments } from "./Attachments.tsx";
import { closeLetter, composerHasOpened, setWindow, useLetters, type Letter, type OpenLetter } from "./composer-store.ts";
import { MailEditor, useMailEditor } from "./Editor.tsx";
import { HeaderFields } from "./HeaderFields.tsx";
import { inlineAddress, showInline } from "./inline-images.ts";
import { useLetterState, type LetterState, type SaveState } from "./letter-state.ts";
import { isUnformatted, textOfLetter } from "./plain-text.ts";
import { SendControls } from "./SendControls.tsx";
import { useSend } from "./sending.ts";
import { ToolbarSlot } from "./slots.tsx";
import { sizeLimits, useUploads, type SizeLimits } from "./uploads.ts";
import { textToHtml } from "../../mail/answers.ts";
import "../../styles/compose.css";

/* What is seldom wanted, and not before one has begun. */
const FormatTools = lazyAhead(() => import("./EditorTools.tsx").then((module) => module.FormatTools));
const LinkDialog = lazyAhead(() => import("./LinkDialog.tsx").then((module) => module.LinkDialog));
const SimilarDraft = lazy(() => import("./SimilarDraft.tsx").then((module) => ({ default: module.SimilarDraft })));

const STATUS: Readonly<Record<SaveState, MessageId | null>> = {
  clean: null, dirty: null, saving: "compose.saving", saved: "compose.saved", failed: "compose.unsaved", offline: "compose.keptHere",
};

function titleOf(letter: Letter): MessageId {
  if (letter.answered) return letter.answered.keyword === "$forwarded" ? "action.forward" : "action.reply";
  return letter.draftId === null ? "compose.new" : "row.draft";
}

function useLimits(accountId: string): SizeLimits {
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount)).data?.find((one) => one.id === accountId);
  return sizeLimits(linked, desk.maxUpload);
}

/* The editor, the letter's fields and its files, which need each other: the editor calls what is there when it calls. */
function useWriting(letter: Letter) {
  const t = useT();
  const [linking, setLinking] = useState(false);
  const hooks = useRef({ touch: () => undefined as void, files: (_files: readonly File[], _inline: boolean) => undefined as void, send: () => undefined as void });
  const editor = useMailEditor({
    html: showInline(letter.html, letter.accountId, letter.attachments), quote: letter.quote?.html ?? null,
    placeholder: t("compose.placeholder"), label: t("compose.body"), autoFocus: letter.to.length > 0 && letter.format === "html",
    onChange: () => hooks.current.touch(), onFiles: (files, inline) => hooks.current.files(files, inline), onSend: () => hooks.current.send(), onLink: () => setLinking(true),
  });
  const state = useLetterState(letter, editor);
  const { accountId, format } = state.fields;
  const limits = useLimits(accountId);
  const uploads = useUploads(accountId, limits.file, state.changeAttachments);
  const addFiles = useCallback((files: readonly File[], inline: boolean) => {
    const within = inline && format === "html";
    uploads.add(files, within, within ? (done) => editor?.chain().setImage({ src: inlineAddress(accountId, done), alt: "" }).run() : undefined);
  }, [uploads, editor, accountId, format]);
  const sending = useSend(letter, state);
  hooks.current = { touch: state.touch, files: addFiles, send: () => void sending.send() };
  const { saveQuietly } = state;
  useEffect(() => () => saveQuietly(), [saveQuietly]);
  /* At once: the editor's own way waits for a frame, in which the first letters would be lost. */
  useLayoutEffect(() => {
    if (!editor || editor.isDestroyed) return;
    if (letter.to.length > 0 && letter.format === "html") editor.view.focus();
    composerHasOpened();
  }, [editor, letter]);
  return { editor, state, limits, uploads, addFiles, linking, setLinking, ...sending };
}

type Writing = ReturnType<typeof useWriting>;

/* Files and mails let fall anywhere on the composer, unless the editor has taken them already. */
function useDropping({ addFiles, state }: Writing) {
  const [dropping, setDropping] = useState(false);
  return {
    "data-dropping": dropping,
    onDragOver: (event: DragEvent): void => {
      if (!hasAttachable(event.dataTransfer)) return;
      event.preventDefault();
      setDropping(true);
    },
    onDragLeave: (event: DragEvent): void => { if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false); },
    onDrop: (event: DragEvent): void => {
      setDropping(false);
      if (event.defaultPrevented || !hasAttachable(event.dataTransfer)) return;
      event.preventDefault();
      if (event.dataTransfer.files.length > 0) addFiles([...event.dataTransfer.files], false);
      else attachDropped(event.dataTransfer, state.fields.accountId).then((added) => state.changeAttachments((now) => [...now, ...added]), (error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
    },
  };
}

function PlainEditor({ state, send, focus }: { readonly state: LetterState; readonly send: () => void; readonly focus: boolean }) {
  const t = useT();
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    if (!focus) return;
    area.current?.focus();
    area.current?.setSelectionRange(0, 0);
  }, [focus]);
  return (
    <textarea ref={area} className="composer-plain" aria-label={t("compose.body")} placeholder={t("compose.placeholder")} dir="auto" spellCheck value={state.fields.text}
      onChange={(event) => state.change({ text: event.target.value })}
      onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); } }} />
  );
}

/* To plain text and back; what is lost by it is asked for first. */
function useFormatSwitch(letter: Letter, { state, editor }: Writing) {
  return async (): Promise<void> => {
    const { fields, content, change } = state;
    if (fields.format === "text") {
      editor?.commands.setContent(`<p>${textToHtml(fields.text)}</p>`);
      change({ format: "html", text: "" });
      return;
    }
    const { html, quoted } = content();
    const plain = isUnformatted(html) && !quoted && !fields.attachments.some((one) => one.inline);
    if (!plain && !(await confirmFirst({ title: "compose.toPlain", text: "compose.toPlainText", action: "compose.toPlain" }))) return;
    change({ format: "text", text: textOfLetter(html, quoted ? (letter.quote?.html ?? null) : null), attachments: fields.attachments.filter((one) => !one.inline) });
  };
}

interface ToolsProps {
  readonly letter: Letter;
  readonly writing: Writing;
  readonly onDiscard: () => void;
  readonly onReplyTo: () => void;
}

function MoreMenu({ letter, writing, onReplyTo }: Omit<ToolsProps, "onDiscard">) {
  const t = useT();
  const { fields, change } = writing.state;
  const switchFormat = useFormatSwitch(letter, writing);
  const items: MenuItem[] = [
    { key: "plain", label: t("compose.plainText"), checked: fields.format === "text", onSelect: () => void switchFormat() },
    { key: "high", label: t("compose.priorityHigh"), checked: fields.priority === "high", separated: true, onSelect: () => change({ priority: fields.priority === "high" ? "normal" : "high" }) },
    { key: "low", label: t("compose.priorityLow"), checked: fields.priority === "low", onSelect: () => change({ priority: fields.priority === "low" ? "normal" : "low" }) },
    { key: "receipt", label: t("compose.receipt"), checked: fields.receipt, onSelect: () => change({ receipt: !fields.receipt }) },
    { key: "replyTo", label: t("compose.replyTo"), separated: true, onSelect: onReplyTo },
  ];
  return <Menu label={t("compose.more")} placement="above-start" items={items} trigger={({ expanded, toggle, controls }) => (
    <IconButton label={t("compose.more")} icon={Ellipsis} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle} />
  )} />;
}

function FilePicker({ named, icon, accept, onFiles }: { readonly named: MessageId; readonly icon: typeof Paperclip; readonly accept?: string; readonly onFiles: (files: readonly File[]) => void }) {
  const t = useT();
  const picker = useRef<HTMLInputElement>(null);
  return <>
    <IconButton label={t(named)} icon={icon} onClick={() => picker.current?.click()} />
    <input ref={picker} type="file" multiple hidden accept={accept} onChange={(event) => { onFiles([...(event.target.files ?? [])]); event.target.value = ""; }} />
  </>;
}

function ComposerTools({ letter, writing, onDiscard, onReplyTo }: ToolsProps) {
  const t = useT();
  const { editor, state, addFiles, send, busy, setLinking } = writing;
  const [formatting, setFormatting] = useState(true);
  const rich = state.fields.format === "html" && editor !== null;
  return (
    <footer className="composer-foot">
      {rich && formatting && <Suspense fallback={<div className="format-tools" />}><FormatTools editor={editor} onLink={() => setLinking(true)} /></Suspense>}
      <div className="composer-tools">
        <SendControls busy={busy} onSend={(sendAt) => void send(sendAt)} />
        {rich && <IconButton label={t("compose.format")} icon={Type} aria-pressed={formatting} onClick={() => setFormatting(!formatting)} />}
        <FilePicker named="compose.attach" icon={Paperclip} onFiles={(files) => addFiles(files, false)} />
        {rich && <FilePicker named="compose.picture" icon={ImageIcon} accept="image/png,image/jpeg,image/gif,image/webp" onFiles={(files) => addFiles(files, true)} />}
        <ToolbarSlot letter={letter} fields={state.fields} sender={state.sender} editor={rich ? editor : null} change={state.change} changeAttachments={state.changeAttachments} />
        <MoreMenu letter={letter} writing={writing} onReplyTo={onReplyTo} />
        <span className="composer-tools-space" />
        <IconButton label={t("compose.discard")} icon={Trash2} onClick={onDiscard} />
      </div>
    </footer>
  );
}

function Notes({ letter, writing }: { readonly letter: Letter; readonly writing: Writing }) {
  const t = useT();
  const { state, complaint } = writing;
  return <>
    {complaint && <div className="composer-note"><Notice tone="problem">{t(complaint.text, complaint.values)}</Notice></div>}
    {state.elsewhere && <div className="composer-note"><Notice tone="hint">{t(state.elsewhere === "open" ? "compose.openElsewhere" : "compose.changedElsewhere")}</Notice></div>}
    <Suspense fallback={null}><SimilarDraft letter={letter} state={state} /></Suspense>
    {state.boxes.known && state.boxes.draftsId === null && <div className="composer-note"><Notice tone="problem">{t("compose.noDrafts")}</Notice></div>}
  </>;
}

/* Closing saves; discarding asks where there is something to lose. */
function useLeaving(letter: Letter, { state }: Writing) {
  const client = useQueryClient();
  const close = (): void => {
    state.saveQuietly();
    closeLetter(letter.key);
    void refreshLists(client, letter.accountId);
  };
  const discard = async (): Promise<void> => {
    const { fields, content } = state;
    const empty = fields.format === "text" ? fields.text.trim() === "" : content().text.trim() === "";
    const nothing = empty && fields.attachments.length === 0 && (letter.answered !== null || !fields.subject.trim());
    if (!nothing && !(await confirmFirst({ title: "compose.discardTitle", text: "compose.discardText", action: "compose.discard", danger: true }))) return;
    closeLetter(letter.key);
    state.discard().then(() => showToast({ text: "compose.discarded" }), (error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
  };
  return { close, discard };
}

interface HeadProps {
  readonly open: OpenLetter;
  readonly state: LetterState;
  readonly onClose: () => void;
}

function Head({ open: { letter, window }, state, onClose }: HeadProps) {
  const t = useT();
  const status = STATUS[state.saveState];
  const small = window === "minimised";
  return (
    <header className="composer-head" onDoubleClick={() => setWindow(letter.key, small ? "docked" : "minimised")}>
      <h2 dir="auto">{state.fields.subject.trim() || t(titleOf(letter))}</h2>
      <span className="composer-status" role="status">{status && t(status)}</span>
      <IconButton label={t(small ? "compose.restore" : "compose.minimise")} icon={small ? ChevronUp : ChevronDown} onClick={() => setWindow(letter.key, small ? "docked" : "minimised")} className="composer-minimise" />
      <IconButton label={t(window === "large" ? "compose.shrink" : "compose.enlarge")} icon={window === "large" ? Minimize2 : Maximize2} onClick={() => setWindow(letter.key, window === "large" ? "docked" : "large")} className="composer-size" />
      <IconButton label={t("compose.close")} icon={X} onClick={onClose} />
    </header>
  );
}

/* A new window takes the focus; one that is opened again too. */
function useFocusBack(section: RefObject<HTMLElement | null>, minimised: boolean): void {
  const before = useRef(document.activeElement);
  useEffect(() => {
    const from = before.current;
    return () => { if (from instanceof HTMLElement && from.isConnected) from.focus(); };
  }, []);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current && !minimised) section.current?.querySelector<HTMLElement>(".composer-editor, .composer-plain")?.focus();
    first.current = false;
  }, [section, minimised]);
}

function LetterEditor({ open }: { readonly open: OpenLetter }) {
  const t = useT();
  const { letter, window } = open;
  const section = useRef<HTMLElement>(null);
  const [withReplyTo, setWithReplyTo] = useState(false);
  const writing = useWriting(letter);
  const { editor, state, limits, uploads, send, linking, setLinking } = writing;
  const dropping = useDropping(writing);
  const { close, discard } = useLeaving(letter, writing);
  useFocusBack(section, window === "minimised");
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target instanceof Element) || !event.currentTarget.contains(event.target) || event.target.closest("dialog")) return;
    /* The editor takes every Escape for its own, and does nothing with it. */
    const isFree = !event.defaultPrevented || (event.key === "Escape" && event.target.closest(".composer-editor") !== null);
    if (!isFree) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void send(); }
    else if (event.key === "Escape") { event.stopPropagation(); close(); }
  };
  return (
    <section ref={section} className="composer" role="dialog" aria-label={t("compose.region")} data-window={window} data-large={window === "large"} onKeyDown={onKeyDown} {...dropping}>
      <Head open={open} state={state} onClose={close} />
      <div className="composer-body" hidden={window === "minimised"}>
        <HeaderFields letter={letter} state={state} withReplyTo={withReplyTo} />
        <Notes letter={letter} writing={writing} />
        <div className="composer-scroll">
          {state.fields.format === "text" ? <PlainEditor state={state} send={() => void send()} focus={letter.to.length > 0} /> : <MailEditor editor={editor} />}
        </div>
        <Attachments attachments={state.fields.attachments} uploads={uploads} usual={limits.usual} limit={limits.limit} />
        <ComposerTools letter={letter} writing={writing} onDiscard={() => void discard()} onReplyTo={() => setWithReplyTo(true)} />
      </div>
      {linking && editor && <Suspense fallback={null}><LinkDialog editor={editor} onClose={() => setLinking(false)} /></Suspense>}
    </section>
  );
}

/* The windows beside each other, newest at the end of the line. */
export function Composer() {
  const letters = useLetters();
  return <div className="composers" data-count={letters.length}>{letters.map((open) => <LetterEditor key={open.letter.key} open={open} />)}</div>;
}
