import { i18n } from "@lingui/core";
import type { Messages } from "@lingui/core";
import { useLingui } from "@lingui/react";
import { useMemo } from "react";
import type en from "../../locales/en.json";
import { languageOf, type LanguageCode } from "./languages.ts";

/* Every text has an identifier; a wrong one does not compile. */
export type MessageId = keyof typeof en;
export type MessageValues = Record<string, string | number>;
export type Translate = (id: MessageId, values?: MessageValues) => string;

const loaders: Record<LanguageCode, () => Promise<{ messages: Messages }>> = {
  en: () => import("virtual:catalogue/en"),
  he: () => import("virtual:catalogue/he"),
};

export { i18n };

export async function activateLanguage(code: LanguageCode): Promise<void> {
  const { messages } = await loaders[code]();
  i18n.loadAndActivate({ locale: code, messages });
  document.documentElement.lang = code;
  document.documentElement.dir = languageOf(code).direction;
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
