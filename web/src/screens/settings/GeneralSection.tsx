import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { isLanguageCode, LANGUAGES } from "../../i18n/languages.ts";
import { chooseTheme, useThemeChoice, type ThemeChoice } from "../../app/theme.ts";
import { NotificationSettings } from "../desk/NotificationSettings.tsx";
import { MailtoCard } from "../writing/MailtoCard.tsx";
import { switchLanguage } from "../../ui/Preferences.tsx";

const THEMES: readonly (readonly [ThemeChoice, MessageId])[] = [["system", "theme.system"], ["light", "theme.light"], ["dark", "theme.dark"]];

function isTheme(value: string): value is ThemeChoice {
  return THEMES.some(([theme]) => theme === value);
}

export function GeneralSection() {
  const t = useT();
  const language = useLocale().split("-")[0] ?? "en";
  const theme = useThemeChoice();
  return (
    <>
      <div className="page-title"><div><h1>{t("settings.general")}</h1><p>{t("settings.generalLead")}</p></div></div>
      <div className="cards">
        <section className="card">
          <label className="field">
            <span>{t("language.label")}</span>
            <select className="input" value={language} onChange={(event) => { if (isLanguageCode(event.target.value)) switchLanguage(event.target.value); }}>
              {LANGUAGES.map(({ code, name }) => <option key={code} value={code} lang={code}>{name}</option>)}
            </select>
          </label>
          <label className="field">
            <span>{t("theme.label")}</span>
            <select className="input" value={theme} onChange={(event) => { if (isTheme(event.target.value)) chooseTheme(event.target.value); }}>
              {THEMES.map(([key, label]) => <option key={key} value={key}>{t(label)}</option>)}
            </select>
          </label>
        </section>
        <NotificationSettings />
        <MailtoCard />
      </div>
    </>
  );
}
