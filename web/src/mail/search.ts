import type { MessageId } from "../i18n/i18n.ts";
import { MethodError } from "../jmap/client.ts";

/* What the server could not understand of a search (docs/search.md), and what to do about it. */
export interface SearchMistake {
  readonly before: string;
  readonly word: string;
  readonly after: string;
  readonly advice: MessageId;
}

const ADVICE: Readonly<Record<string, MessageId>> = {
  "unclosed-quote": "mistake.quote",
  "unclosed-group": "mistake.parenthesis",
  "unexpected-close": "mistake.parenthesis",
  "empty-group": "mistake.emptyGroup",
  "nothing-before": "mistake.operator",
  "nothing-after": "mistake.operator",
  "empty-field": "mistake.emptyField",
  "unknown-field": "mistake.field",
  "unknown-has": "mistake.has",
  "unknown-is": "mistake.state",
  "bad-date": "mistake.date",
  "bad-size": "mistake.size",
  "bad-label": "mistake.label",
  "bad-due": "mistake.due",
  "unknown-person": "mistake.person",
  "unknown-mailbox": "mistake.mailbox",
  "many-mailboxes": "mistake.manyMailboxes",
};

/* The server counts characters, not the halves of them that strings here have. */
export function searchMistakeOf(error: unknown, text: string): SearchMistake | null {
  if (!(error instanceof MethodError) || error.type !== "invalidSearch") return null;
  const characters = [...text];
  const position = Number(error.details["position"] ?? 0);
  const end = position + Number(error.details["length"] ?? 0);
  return {
    before: characters.slice(0, position).join(""),
    word: characters.slice(position, end).join(""),
    after: characters.slice(end).join(""),
    advice: ADVICE[String(error.details["code"])] ?? "mistake.tooLong",
  };
}

export interface Piece {
  readonly text: string;
  readonly marked: boolean;
}

const ENTITIES: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };

/* A search snippet (RFC 8621, 5) as plain pieces: it is text with marks, and never becomes HTML here. */
export function snippetPieces(snippet: string): Piece[] {
  let marked = false;
  const pieces: Piece[] = [];
  for (const part of snippet.split(/(<\/?mark>)/)) {
    if (/^<\/?mark>$/.test(part)) marked = !part.startsWith("</");
    else if (part) pieces.push({ text: part.replace(/&(?:lt|gt|quot|amp|#39);/g, (entity) => ENTITIES[entity] ?? entity), marked });
  }
  return pieces;
}
