import { useId, useState, type FormEvent } from "react";
import type { Editor } from "@tiptap/core";
import { useT } from "../../i18n/i18n.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { focusText } from "./focus-text.ts";
import { linkTarget } from "./link-target.ts";

const EXAMPLE = "https://";

interface Props {
  readonly editor: Editor;
  readonly onClose: () => void;
}

/* A link's text and where it leads; of the link that the cursor stands in, those it has. */
export function LinkDialog({ editor, onClose }: Props) {
  const t = useT();
  const id = useId();
  const [start] = useState(() => {
    const href = String(editor.getAttributes("link")["href"] ?? "");
    if (href) editor.commands.extendMarkRange("link");
    const { from, to } = editor.state.selection;
    return { href, text: editor.state.doc.textBetween(from, to, " "), plain: from === to };
  });
  const [href, setHref] = useState(start.href);
  const [text, setText] = useState(start.text);
  const [wrong, setWrong] = useState(false);
  const done = (): void => {
    onClose();
    setTimeout(() => !editor.isDestroyed && focusText(editor));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const target = linkTarget(href);
    if (target === null) {
      setWrong(true);
      return;
    }
    const shown = text.trim() || href.trim();
    const kept = shown === start.text && !start.plain;
    if (kept) editor.chain().setLink({ href: target }).run();
    else editor.chain().insertContent({ type: "text", text: shown, marks: [{ type: "link", attrs: { href: target } }] }).unsetMark("link").run();
    done();
  };
  const remove = (): void => {
    editor.chain().unsetLink().run();
    done();
  };
  return (
    <Dialog title={t("compose.link")} onClose={done} footer={<>
      {start.href && <Button onClick={remove}>{t("compose.linkRemove")}</Button>}
      <Button kind="primary" type="submit" form={`${id}-form`}>{t("compose.linkInsert")}</Button>
    </>}>
      <form id={`${id}-form`} className="link-form" onSubmit={submit}>
        <label htmlFor={`${id}-href`}>{t("compose.linkPrompt")}</label>
        <input id={`${id}-href`} className="field" value={href} dir="ltr" data-autofocus onChange={(event) => { setHref(event.target.value); setWrong(false); }}
          aria-invalid={wrong} aria-describedby={wrong ? `${id}-wrong` : undefined} placeholder={EXAMPLE} />
        {wrong && <p id={`${id}-wrong`} className="field-error" role="alert">{t("compose.linkWrong")}</p>}
        <label htmlFor={`${id}-text`}>{t("compose.linkText")}</label>
        <input id={`${id}-text`} className="field" value={text} dir="auto" onChange={(event) => setText(event.target.value)} />
      </form>
    </Dialog>
  );
}
