import type { Editor } from "@tiptap/core";
import { Suspense } from "react";
import type { ChangeAttachments } from "../writing/use-signature.ts";
import { lazyAhead } from "../../ui/ahead.ts";
import type { Letter } from "./composer-store.ts";
import type { Fields } from "./letter-state.ts";
import type { Sender } from "./senders.ts";

const WritingTools = lazyAhead(() => import("../writing/WritingTools.tsx").then((module) => module.WritingTools));

/* What stands beside the composer's own tools may use: templates, signatures. */
export interface SlotProps {
  readonly letter: Letter;
  readonly fields: Fields;
  readonly sender: Sender | null;
  /* null while the letter is written in plain text: then change({ text }) is how to write into it. */
  readonly editor: Editor | null;
  readonly change: (update: Partial<Fields>, quietly?: boolean) => void;
  readonly changeAttachments: ChangeAttachments;
}

/* In the row of tools, between the files and the menu. */
export function ToolbarSlot({ letter, fields, sender, editor, change, changeAttachments }: SlotProps) {
  return (
    <Suspense>
      <WritingTools editor={editor} accountId={fields.accountId} identity={sender?.accountId === fields.accountId ? sender.identity : null} text={fields.text} to={fields.to} subject={fields.subject}
        isAnswer={letter.answered !== null || letter.inReplyTo !== null} isContinued={letter.draftId !== null || letter.recovered} onChange={change} changeAttachments={changeAttachments} />
    </Suspense>
  );
}
