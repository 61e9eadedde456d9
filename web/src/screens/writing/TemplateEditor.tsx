import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Editor } from "@tiptap/react";
import { Braces, Paperclip, X } from "lucide-react";
import { useId, useRef, useState, type FormEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { i18n, regionalLocale, useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { formatBytes, formatDay } from "../../i18n/format.ts";
import { upload } from "../../jmap/blobs.ts";
import { identitiesQuery } from "../../mail/queries.ts";
import { MOST_FILES, saveTemplate, type Template, type TemplateContent, type TemplateFile } from "../../mail/templates.ts";
import { fillHtml, fillText, knownValues, KNOWN_VARIABLES, questionsIn, variablesIn, type KnownVariable, type VariableValues } from "../../mail/variables.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Menu, type MenuItem } from "../../ui/Menu.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { ask } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { focusText } from "../compose/focus-text.ts";
import { useChange } from "./change.ts";
import { LazyRichField, Preview } from "./fields.tsx";

const LABELS: Readonly<Record<KnownVariable, MessageId>> = {
  "recipient.name": "writing.varRecipientName", "recipient.firstName": "writing.varRecipientFirstName", "recipient.address": "writing.varRecipientAddress",
  "sender.name": "writing.varSenderName", "sender.firstName": "writing.varSenderFirstName", "sender.address": "writing.varSenderAddress", "date": "writing.varDate",
};

function VariableMenu({ insert }: { readonly insert: (variable: string) => void }) {
  const t = useT();
  const question = async (): Promise<void> => {
    const typed = (await ask({ title: "writing.varAsk", field: "writing.varAskField", action: "writing.varInsert" }))?.replace(/[{}<>|]/g, "").trim();
    if (typed) insert(`{{ask: ${typed.slice(0, 100)}}}`);
  };
  const items: MenuItem[] = [
    ...KNOWN_VARIABLES.map((name): MenuItem => ({ key: name, label: t(LABELS[name]), onSelect: () => insert(`{{${name}}}`) })),
    { key: "ask", label: t("writing.varAskItem"), separated: true, onSelect: () => void question() },
  ];
  return (
    <Menu label={t("writing.variable")} items={items} placement="below-end" trigger={({ expanded, toggle, controls }) => (
      <Button kind="plain" icon={Braces} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle}>{t("writing.variable")}</Button>
    )} />
  );
}

/* What the preview puts in: a made-up recipient, the person, today. */
function useSample(): VariableValues {
  const t = useT();
  const desk = useDesk();
  const locale = useLocale();
  const account = desk.accounts[0];
  const own = useQuery({ ...identitiesQuery(account?.id ?? ""), enabled: account !== undefined }).data?.[0];
  return {
    known: knownValues({ name: t("writing.sampleName"), email: "robin@example.org" }, { name: own?.name || desk.user.email, email: own?.email ?? desk.user.email }, formatDay(new Date().toISOString(), locale)),
    asked: {},
  };
}

interface FilesProps {
  readonly files: readonly TemplateFile[];
  readonly onChange: (update: (now: readonly TemplateFile[]) => readonly TemplateFile[]) => void;
}

function Files({ files, onChange }: FilesProps) {
  const t = useT();
  const desk = useDesk();
  const locale = useLocale();
  const picker = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(0);
  const add = async (chosen: readonly File[]): Promise<void> => {
    setBusy((now) => now + chosen.length);
    for (const file of chosen) {
      try {
        if (file.size > desk.maxUpload) throw new Error(formatBytes(desk.maxUpload, regionalLocale(i18n.locale)));
        const blob = await upload(desk.userAccount, file, () => undefined).done;
        onChange((now) => [...now, { blobId: blob.blobId, name: file.name, type: file.type || "application/octet-stream", size: file.size }].slice(0, MOST_FILES));
      } catch (error) {
        showToast({ text: "compose.uploadFailed", values: { name: file.name }, tone: "problem", detail: error instanceof Error ? error.message : null });
      }
      setBusy((now) => now - 1);
    }
  };
  return (
    <div className="field">
      <span>{t("writing.attachments")}</span>
      {files.length > 0 && (
        <ul className="composer-attachments writing-files">
          {files.map((file) => (
            <li key={file.blobId} className="composer-attachment">
              <Paperclip size={14} aria-hidden /><bdi>{file.name}</bdi><small>{formatBytes(file.size, locale)}</small>
              <IconButton label={t("compose.removeAttachment", { name: file.name })} icon={X} onClick={() => onChange((now) => now.filter((one) => one !== file))} />
            </li>
          ))}
        </ul>
      )}
      <div><Button icon={Paperclip} disabled={busy > 0 || files.length >= MOST_FILES} onClick={() => picker.current?.click()}>{t("compose.attach")}</Button></div>
      <input ref={picker} type="file" multiple hidden onChange={(event) => { void add([...(event.target.files ?? [])]); event.target.value = ""; }} />
    </div>
  );
}

interface Props {
  readonly template: Template | null;
  readonly categories: readonly string[];
  readonly onClose: () => void;
}

const EMPTY: TemplateContent = { name: "", category: "", subject: "", html: "", sharedWith: null, attachments: [] };

function contentOf(template: Template | null): TemplateContent {
  if (template === null) return EMPTY;
  const { name, category, subject, html, sharedWith, attachments } = template;
  return { name, category, subject, html, sharedWith, attachments };
}

function Sharing({ value, onChange }: { readonly value: string | null; readonly onChange: (value: string | null) => void }) {
  const t = useT();
  const { accounts } = useDesk();
  return (
    <label className="field">
      <span>{t("writing.shared")}</span>
      <select className="input" value={value ?? ""} onChange={(event) => onChange(event.target.value || null)}>
        <option value="">{t("writing.sharedNobody")}</option>
        <option value="everybody">{t("writing.sharedEverybody")}</option>
        {accounts.filter((one) => !one.readOnly || one.id === value).map((one) => <option key={one.id} value={one.id}>{t("writing.sharedAccount", { address: one.address })}</option>)}
      </select>
    </label>
  );
}

/* It comes at the end of a form that may be longer than the window. */
const bringIntoView = (node: HTMLElement | null): void => node?.scrollIntoView({ block: "nearest" });

function SamplePreview({ content }: { readonly content: TemplateContent }) {
  const t = useT();
  const sample = useSample();
  const asked = Object.fromEntries(questionsIn(content.subject, content.html).map((question) => [question, `[${question}]`]));
  const values = { ...sample, asked };
  return (
    <div className="writing-sample" ref={bringIntoView}>
      <strong dir="auto">{fillText(content.subject, values) || t("writing.noSubject")}</strong>
      <Preview html={fillHtml(content.html, values)} title={t("writing.preview")} />
    </div>
  );
}

export function TemplateEditor({ template, categories, onClose }: Props) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const form = useId();
  const [content, setContent] = useState(() => contentOf(template));
  const [previewed, setPreviewed] = useState(false);
  const subject = useRef<HTMLInputElement>(null);
  const put = (update: Partial<TemplateContent>): void => setContent((before) => ({ ...before, ...update }));
  const unknown = [...new Set(variablesIn(`${content.subject} ${content.html}`).filter((one) => one.kind === "unknown").map((one) => one.raw))];
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const trimmed = { ...content, name: content.name.trim(), category: content.category.trim(), subject: content.subject.trim() };
    if (await change.run(() => saveTemplate(client, desk.userAccount, template?.id ?? null, trimmed), "writing.saved", { overQuota: "writing.templateTooLarge", tooLarge: "writing.templateTooLarge" })) onClose();
  };
  const insertInto = (editor: Editor) => (variable: string): void => { editor.commands.insertContent(variable); focusText(editor); };
  return (
    <Dialog wide title={t(template ? "writing.templateEdit" : "writing.templateNew")} onClose={onClose} footer={
      <>
        <Button aria-expanded={previewed} onClick={() => setPreviewed(!previewed)}>{t(previewed ? "writing.previewHide" : "writing.preview")}</Button>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button kind="primary" type="submit" form={form} disabled={change.busy}>{t("writing.save")}</Button>
      </>
    }>
      <form id={form} className="writing-form" onSubmit={(event) => void submit(event)}>
        <div className="writing-pair">
          <label className="field"><span>{t("writing.name")}</span><input className="input" required maxLength={100} value={content.name} data-autofocus dir="auto" autoComplete="off" onChange={(event) => put({ name: event.target.value })} /></label>
          <label className="field"><span>{t("writing.category")}</span><input className="input" maxLength={50} value={content.category} list={`${form}-categories`} dir="auto" autoComplete="off" onChange={(event) => put({ category: event.target.value })} />
            <datalist id={`${form}-categories`}>{categories.map((one) => <option key={one} value={one} />)}</datalist></label>
        </div>
        <label className="field"><span>{t("compose.subject")}</span><input ref={subject} className="input" maxLength={300} value={content.subject} dir="auto" onChange={(event) => put({ subject: event.target.value })} /></label>
        <div className="field"><span>{t("compose.body")}</span><LazyRichField variables label={t("compose.body")} html={template?.html ?? ""} onChange={(html) => put({ html })} tools={(editor) => <VariableMenu insert={insertInto(editor)} />} /></div>
        {unknown.length > 0 && <Notice tone="hint">{t("writing.varUnknown", { names: unknown.join(" ") })}</Notice>}
        <Files files={content.attachments} onChange={(update) => setContent((before) => ({ ...before, attachments: update(before.attachments) }))} />
        <Sharing value={content.sharedWith} onChange={(sharedWith) => put({ sharedWith })} />
        {previewed && <SamplePreview content={content} />}
      </form>
    </Dialog>
  );
}
