/* The languages on offer. A further one is a line here, a folder in locales/ and a line each in i18n.ts and AntdFrame.tsx. */
export interface Language {
  readonly code: LanguageCode;
  readonly name: string;
  readonly direction: "ltr" | "rtl";
}

export type LanguageCode = "en" | "zh" | "de" | "tr" | "uk" | "he";

export const LANGUAGES: readonly Language[] = [
  { code: "en", name: "English", direction: "ltr" },
  { code: "zh", name: "中文", direction: "ltr" },
  { code: "de", name: "Deutsch", direction: "ltr" },
  { code: "tr", name: "Türkçe", direction: "ltr" },
  { code: "uk", name: "Українська", direction: "ltr" },
  { code: "he", name: "עברית", direction: "rtl" },
];

const STORAGE_KEY = "postroom.language";

export function isLanguageCode(value: string): value is LanguageCode {
  return LANGUAGES.some((language) => language.code === value);
}

export function languageOf(code: string): Language {
  return LANGUAGES.find((language) => language.code === code) ?? LANGUAGES[0]!;
}

/* What the person chose, else the first language of the browser that we have, else English. */
export function preferredLanguage(stored: string | null, browser: readonly string[]): LanguageCode {
  if (stored !== null && isLanguageCode(stored)) return stored;
  for (const tag of browser) {
    const code = tag.toLowerCase().split("-")[0] ?? "";
    if (code === "iw") return "he";
    if (isLanguageCode(code)) return code;
  }
  return "en";
}

export function storedLanguage(): string | null {
  return localStorage.getItem(STORAGE_KEY);
}

export function storeLanguage(code: LanguageCode): void {
  localStorage.setItem(STORAGE_KEY, code);
}

/* Told when another window of the page has stored a choice. */
export function whenLanguageStored(listener: () => void): void {
  addEventListener("storage", (event) => {
    if (event.key === STORAGE_KEY || event.key === null) listener();
  });
}
