import { i18n } from "@lingui/core";
import type { Messages } from "@lingui/core";
import { useLingui } from "@lingui/react";
import { useMemo } from "react";
import type { MessageId } from "./catalogue.ts";
import { languageOf, type LanguageCode } from "./languages.ts";

export type { MessageId };
export type MessageValues = Record<string, string | number>;
export type Translate = (id: MessageId, values?: MessageValues) => string;

/* The mail's texts come at once, those of the pages beside it (settings, accounts, administration) with the first of these. */
type Part = "mail" | "pages";
type Loader = () => Promise<{ messages: Messages }>;

const loaders: Record<LanguageCode, Readonly<Record<Part, Loader>>> = {
  en: { mail: () => import("virtual:catalogue/en/mail"), pages: () => import("virtual:catalogue/en/pages") },
  de: { mail: () => import("virtual:catalogue/de/mail"), pages: () => import("virtual:catalogue/de/pages") },
  tr: { mail: () => import("virtual:catalogue/tr/mail"), pages: () => import("virtual:catalogue/tr/pages") },
  he: { mail: () => import("virtual:catalogue/he/mail"), pages: () => import("virtual:catalogue/he/pages") },
  zh: { mail: () => import("virtual:catalogue/zh/mail"), pages: () => import("virtual:catalogue/zh/pages") },
  uk: { mail: () => import("virtual:catalogue/uk/mail"), pages: () => import("virtual:catalogue/uk/pages") },
};

const wanted = new Set<Part>(["mail"]);

export { i18n };

async function messagesOf(code: LanguageCode): Promise<Messages> {
  const parts = await Promise.all([...wanted].map((part) => loaders[code][part]()));
  return Object.assign({}, ...parts.map((part) => part.messages)) as Messages;
}

export async function activateLanguage(code: LanguageCode): Promise<void> {
  const messages = await messagesOf(code);
  i18n.loadAndActivate({ locale: code, messages });
  document.documentElement.lang = code;
  document.documentElement.dir = languageOf(code).direction;
}

/* For the lazy pages: resolves when their texts are there, in this language and whichever is chosen later. */
export async function wantPages(): Promise<void> {
  if (wanted.has("pages")) return;
  const { messages } = await loaders[languageOf(i18n.locale).code].pages();
  wanted.add("pages");
  i18n.load(i18n.locale, messages);
}

/* Outside of components, for texts that are computed when something happens. */
export const translate: Translate = (id, values) => i18n._(id, values);

export function useT(): Translate {
  const { i18n: current } = useLingui();
  const locale = current.locale;
  return useMemo<Translate>(() => (id, values) => current._(id, values), [current, locale]);
}

/* For Intl: the language of the page as the person's region writes it. */
export function regionalLocale(language: string): string {
  return navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
}

export function useLocale(): string {
  return regionalLocale(useLingui().i18n.locale);
}
