import { Extension } from "@tiptap/core";
import type { Node as ProseNode } from "@tiptap/pm/model";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";
import { variablesIn } from "../../mail/variables.ts";

/* checked: those that no template may have are told from the others; else whatever is left is to be filled in. */
function marks(doc: ProseNode, checked: boolean): DecorationSet {
  const found: Decoration[] = [];
  doc.descendants((node, position) => {
    if (!node.isText || !node.text?.includes("{{")) return;
    let at = 0;
    for (const variable of variablesIn(node.text)) {
      at = node.text.indexOf(variable.raw, at);
      const wrong = !checked || variable.kind === "unknown";
      found.push(Decoration.inline(position + at, position + at + variable.raw.length, { class: wrong ? "variable variable-left" : "variable" }));
      at += variable.raw.length;
    }
  });
  return DecorationSet.create(doc, found);
}

/* Variables that stand in the text are seen: in a template for what they are, in a letter as what is still to be filled in. */
export function variableMarks(checked: boolean) {
  return Extension.create({
    name: "variableMarks",
    addProseMirrorPlugins: () => {
      const key = new PluginKey<DecorationSet>("variableMarks");
      return [new Plugin<DecorationSet>({
        key,
        state: {
          init: (_, state) => marks(state.doc, checked),
          apply: (transaction, before) => (transaction.docChanged ? marks(transaction.doc, checked) : before),
        },
        props: { decorations: (state) => key.getState(state) },
      })];
    },
  });
}
