import { Languages, SunMoon } from "lucide-react";
import { chooseTheme, useThemeChoice, type ThemeChoice } from "../app/theme.ts";
import { activateLanguage, useLocale, useT, type MessageId } from "../i18n/i18n.ts";
import { LANGUAGES, storeLanguage, type LanguageCode } from "../i18n/languages.ts";
import { IconButton } from "./Button.tsx";
import { Menu, type MenuItem } from "./Menu.tsx";

const THEMES: readonly { readonly key: ThemeChoice; readonly label: MessageId }[] = [
  { key: "system", label: "theme.system" },
  { key: "light", label: "theme.light" },
  { key: "dark", label: "theme.dark" },
];

export function switchLanguage(code: LanguageCode): void {
  storeLanguage(code);
  void activateLanguage(code);
}

type Placement = "below-end" | "above-start";

export function LanguageMenu({ placement }: { readonly placement: Placement }) {
  const t = useT();
  const locale = useLocale();
  const items: MenuItem[] = LANGUAGES.map((language) => ({
    key: language.code, label: language.name, checked: language.code === locale.split("-")[0], onSelect: () => switchLanguage(language.code),
  }));
  return (
    <Menu label={t("language.label")} items={items} placement={placement} trigger={({ expanded, toggle, controls }) => (
      <IconButton label={t("language.label")} icon={Languages} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle} />
    )} />
  );
}

export function ThemeMenu({ placement }: { readonly placement: Placement }) {
  const t = useT();
  const choice = useThemeChoice();
  const items: MenuItem[] = THEMES.map((theme) => ({
    key: theme.key, label: t(theme.label), checked: theme.key === choice, onSelect: () => chooseTheme(theme.key),
  }));
  return (
    <Menu label={t("theme.label")} items={items} placement={placement} trigger={({ expanded, toggle, controls }) => (
      <IconButton label={t("theme.label")} icon={SunMoon} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle} />
    )} />
  );
}
