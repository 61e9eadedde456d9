import type { Editor } from "@tiptap/core";
import { addColumnAfter, addRowAfter, deleteColumn, deleteRow, deleteTable, tableEditing } from "@tiptap/pm/tables";

/* What tables need beyond their nodes, loaded with the first table. */
export const TABLE_COMMANDS = { addRow: addRowAfter, addColumn: addColumnAfter, deleteRow, deleteColumn, deleteTable } as const;
export type TableCommand = keyof typeof TABLE_COMMANDS;

/* Cells are selected as cells, and pasted into as cells. */
export function editTables(editor: Editor): void {
  editor.registerPlugin(tableEditing());
}
