import type { Editor } from "@tiptap/core";

/* Back into the text, at once and in sight: the editor's own focus() alone comes a frame later, and a letter typed until then would go astray. */
export function focusText(editor: Editor): void {
  editor.commands.focus();
  editor.view.focus();
}
