import type { Editor } from "@tiptap/core";
import { FileText, Signature as SignatureIcon } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { createPortal } from "react-dom";
import { navigate, settingsRoute } from "../../app/router.ts";
import { formatDay } from "../../i18n/format.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import type { Address, Id, Identity } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { cleanOwnHtml } from "../../mail/signatures.ts";
import { attachFiles } from "../../mail/templates.ts";
import { htmlToText } from "../../mail/answers.ts";
import { knownValues } from "../../mail/variables.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Menu, type MenuItem } from "../../ui/Menu.tsx";
import { showToast } from "../../ui/toasts.ts";
import type { DraftAttachment } from "../compose/composer-store.ts";
import { pictureParts } from "./inline-pictures.ts";
import { templatePlace } from "./signature-node.ts";
import { withTemplate } from "./signature-text.ts";
import type { FilledTemplate } from "./TemplateDialog.tsx";
import { useSignature, type ChangeAttachments, type SignatureChoice } from "./use-signature.ts";

const TemplateDialog = lazy(() => import("./TemplateDialog.tsx").then((module) => ({ default: module.TemplateDialog })));

/* What the composer's letter is to these tools. */
export interface WritingToolsProps {
  /* null: it is written in plain text. */
  readonly editor: Editor | null;
  readonly text: string;
  readonly accountId: Id;
  readonly identity: Identity | null;
  readonly isAnswer: boolean;
  readonly isContinued: boolean;
  readonly to: readonly Address[];
  readonly subject: string;
  readonly onChange: (update: { readonly subject?: string; readonly text?: string }, quietly?: boolean) => void;
  readonly changeAttachments: ChangeAttachments;
}

let nextKey = 1;

async function insertTemplate(letter: WritingToolsProps, { template, subject, html }: FilledTemplate): Promise<void> {
  const { editor, accountId } = letter;
  const [shown, files] = await Promise.all([
    editor ? pictureParts(cleanOwnHtml(html), accountId) : Promise.resolve({ html: "", parts: [] }),
    template.attachments.length > 0 ? attachFiles(accountId, template.id) : Promise.resolve([]),
  ]);
  if (editor?.isDestroyed) return;
  const attached = files.map((file): DraftAttachment => ({ ...file, key: `template-${nextKey++}`, cid: null, inline: false }));
  if (shown.parts.length + attached.length > 0) letter.changeAttachments((now) => [...now, ...shown.parts, ...attached]);
  if (editor && shown.html) editor.chain().insertContentAt(templatePlace(editor), shown.html).focus().run();
  if (!editor) letter.onChange({ text: withTemplate(letter.text, htmlToText(cleanOwnHtml(html))) });
  if (subject && !letter.subject.trim()) letter.onChange({ subject });
}

function SignatureMenu({ choice }: { readonly choice: SignatureChoice }) {
  const t = useT();
  const [, render] = useState(0);
  const current = choice.current();
  const items: MenuItem[] = [
    ...choice.all.map((one): MenuItem => ({ key: one.id, label: one.name, checked: one.id === current, onSelect: () => choice.choose(one) })),
    { key: "none", label: t("letter.noSignature"), checked: current === null, onSelect: () => choice.choose(null) },
    { key: "manage", label: t("letter.manageSignatures"), separated: true, onSelect: () => navigate(settingsRoute("signatures")) },
  ];
  return (
    <Menu label={t("letter.signature")} items={items} placement="above-start" trigger={({ expanded, toggle, controls }) => (
      <IconButton label={t("letter.signature")} icon={SignatureIcon} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls}
        onClick={() => { render((now) => now + 1); toggle(); }} />
    )} />
  );
}

/* Alt+Shift+T in the letter, or anywhere in the page while it is the only one. */
function useKey(place: RefObject<HTMLElement | null>, open: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.code !== "KeyT" || !event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
      const mine = place.current?.closest(".composer");
      if (!mine?.contains(document.activeElement) && document.querySelectorAll(".composer").length > 1) return;
      event.preventDefault();
      open();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [place, open]);
}

/* Signature and template of a letter: two buttons for the composer's foot. */
export function WritingTools(props: WritingToolsProps) {
  const t = useT();
  const locale = useLocale();
  const { editor, accountId, identity, isAnswer, isContinued, changeAttachments, to, text, onChange } = props;
  const place = useRef<HTMLSpanElement>(null);
  const [picking, setPicking] = useState(false);
  const signature = useSignature({ editor, accountId, identity, kind: isAnswer ? "answer" : "new", isContinued, changeAttachments, text, onText: (now, quietly) => onChange({ text: now }, quietly) });
  const open = useCallback(() => setPicking(true), []);
  useKey(place, open);
  const known = knownValues(to[0] ?? null, identity ? { name: identity.name, email: identity.email } : null, formatDay(new Date().toISOString(), locale));
  const insert = (filled: FilledTemplate): void => {
    setPicking(false);
    insertTemplate(props, filled).catch((error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
  };
  return (
    <span ref={place} className="writing-tools">
      <IconButton label={t("letter.insertTemplate")} shortcut="Alt+Shift+T" icon={FileText} onClick={open} />
      <SignatureMenu choice={signature} />
      {picking && createPortal(
        /* Keys in it are not the letter's. */
        <div onKeyDown={(event) => event.stopPropagation()}>
          <Suspense fallback={null}><TemplateDialog known={known} onInsert={insert} onClose={() => { setPicking(false); editor?.commands.focus(); }} /></Suspense>
        </div>, document.body)}
    </span>
  );
}
