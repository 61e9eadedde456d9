import type { Editor } from "@tiptap/core";
import { keymap } from "@tiptap/pm/keymap";
import { addColumnAfter, addRowAfter, deleteColumn, deleteRow, deleteTable, goToNextCell, tableEditing } from "@tiptap/pm/tables";

/* What tables need beyond their nodes, loaded with the first table. */
export const TABLE_COMMANDS = { addRow: addRowAfter, addColumn: addColumnAfter, deleteRow, deleteColumn, deleteTable } as const;
export type TableCommand = keyof typeof TABLE_COMMANDS;

/* Cells are selected as cells, pasted into as cells, and Tab goes from one to the next. */
export function editTables(editor: Editor): void {
  const keys = keymap({ Tab: goToNextCell(1), "Shift-Tab": goToNextCell(-1) });
  editor.registerPlugin(tableEditing());
  editor.registerPlugin(keys, (added, before) => [added, ...before]);
}
