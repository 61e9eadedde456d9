import { useSyncExternalStore } from "react";
import type { MessageId, MessageValues } from "../i18n/i18n.ts";

/* A question that stops what was asked for until it is answered. */
export interface Question {
  readonly title: MessageId;
  readonly text?: MessageId;
  readonly values?: MessageValues;
  /* What the button says that goes on. */
  readonly action: MessageId;
  readonly danger?: boolean;
  /* The name of the field to fill in, when the answer is a text. */
  readonly field?: MessageId;
}

export interface OpenQuestion extends Question {
  readonly key: number;
  readonly answer: (given: string | null) => void;
}

let open: OpenQuestion | null = null;
let nextKey = 1;
const listeners = new Set<() => void>();

function publish(question: OpenQuestion | null): void {
  open = question;
  for (const listener of listeners) listener();
}

/* The text that was typed, or null when the person would rather not. One question at a time: a new one takes the old one back. */
export function ask(question: Question): Promise<string | null> {
  open?.answer(null);
  return new Promise((resolve) => {
    const key = nextKey++;
    publish({ ...question, key, answer: (given) => {
      if (open?.key === key) publish(null);
      resolve(given);
    } });
  });
}

export async function confirmFirst(question: Omit<Question, "field">): Promise<boolean> {
  return (await ask(question)) !== null;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useQuestion(): OpenQuestion | null {
  return useSyncExternalStore(subscribe, () => open);
}
