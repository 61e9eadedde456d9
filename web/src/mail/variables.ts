import type { Address } from "../jmap/types.ts";
import { escapeHtml } from "./answers.ts";

/*
 * Variables of templates: {{recipient.name}}, with a fallback {{recipient.firstName|there}}, and those that are asked
 * for on insertion, {{ask: Offer number}}. What has no value stays as it is, for the person to see.
 */
export const KNOWN_VARIABLES = [
  "recipient.name", "recipient.firstName", "recipient.address", "sender.name", "sender.firstName", "sender.address", "date",
] as const;
export type KnownVariable = (typeof KNOWN_VARIABLES)[number];

export interface Variable {
  readonly raw: string;
  readonly kind: "known" | "ask" | "unknown";
  /* What it is the value of: one of KNOWN_VARIABLES, or the question. */
  readonly name: string;
  readonly fallback: string | null;
}

const VARIABLE = /\{\{\s*([^{}<>]{1,120}?)\s*\}\}/g;

function decode(text: string): string {
  return text.replaceAll("&nbsp;", " ").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

function read(raw: string, inner: string): Variable {
  const bar = inner.indexOf("|");
  const fallback = bar < 0 ? null : inner.slice(bar + 1).trim();
  const name = (bar < 0 ? inner : inner.slice(0, bar)).trim();
  const question = /^ask\s*:\s*(.+)$/i.exec(name)?.[1];
  if (question !== undefined) return { raw, kind: "ask", name: question, fallback };
  const known = KNOWN_VARIABLES.find((one) => one.toLowerCase() === name.toLowerCase());
  return { raw, kind: known ? "known" : "unknown", name: known ?? name, fallback };
}

/* Each that stands in a text or in HTML, as often as it does. */
export function variablesIn(text: string): Variable[] {
  return [...text.matchAll(VARIABLE)].map((match) => read(match[0], decode(match[1]!)));
}

/* What is asked for when these are inserted, each once, in order. */
export function questionsIn(...texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap(variablesIn).filter((one) => one.kind === "ask").map((one) => one.name))];
}

/* Those that are left in what is about to be sent. */
export function leftVariables(...texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap(variablesIn).map((one) => one.raw))];
}

export interface VariableValues {
  readonly known: Readonly<Partial<Record<KnownVariable, string>>>;
  readonly asked: Readonly<Record<string, string>>;
}

function valueOf(variable: Variable, values: VariableValues): string | null {
  const given = variable.kind === "ask" ? values.asked[variable.name]
    : variable.kind === "known" ? values.known[variable.name as KnownVariable] : undefined;
  return given?.trim() ? given : variable.fallback;
}

function fill(text: string, values: VariableValues, write: (value: string) => string): string {
  return text.replace(VARIABLE, (raw: string, inner: string) => {
    const value = valueOf(read(raw, decode(inner)), values);
    return value === null ? raw : write(value);
  });
}

export function fillText(text: string, values: VariableValues): string {
  return fill(text, values, (value) => value);
}

export function fillHtml(html: string, values: VariableValues): string {
  return fill(html, values, escapeHtml);
}

const TITLES = /^(?:dr|prof|mr|mrs|ms|mx|herr|frau|sir|dipl|ing|mag|bay|bayan|пан|пані|ד"ר|פרופ'?)\.?$/iu;

/* "Weiß, Clara" and "Dr. Clara Weiß" are Clara; a name in one piece is taken as a whole. */
export function firstName(name: string | null): string {
  const plain = (name ?? "").replace(/^["']|["']$/g, "").replace(/\s*\([^)]*\)\s*/g, " ").trim();
  if (!plain || plain.includes("@")) return "";
  const comma = plain.indexOf(",");
  const given = comma > 0 ? plain.slice(comma + 1) : plain;
  const words = given.trim().split(/\s+/).filter((word) => !TITLES.test(word));
  return words[0] ?? plain;
}

export function knownValues(recipient: Address | null, sender: Address | null, date: string): VariableValues["known"] {
  const nameOf = (address: Address | null): string => address?.name?.trim() ?? "";
  return {
    "recipient.name": nameOf(recipient), "recipient.firstName": firstName(nameOf(recipient)), "recipient.address": recipient?.email ?? "",
    "sender.name": nameOf(sender), "sender.firstName": firstName(nameOf(sender)), "sender.address": sender?.email ?? "",
    date,
  };
}
