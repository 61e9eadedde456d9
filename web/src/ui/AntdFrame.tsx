import { ConfigProvider, theme } from "antd";
import type { Locale } from "antd/es/locale";
import { useEffect, useState, type ReactNode } from "react";
import { useDark } from "../app/theme.ts";
import { useLocale } from "../i18n/i18n.ts";
import { languageOf, type LanguageCode } from "../i18n/languages.ts";

const loaders: Readonly<Record<LanguageCode, () => Promise<{ default: Locale }>>> = {
  en: () => import("antd/locale/en_US"),
  de: () => import("antd/locale/de_DE"),
  tr: () => import("antd/locale/tr_TR"),
  he: () => import("antd/locale/he_IL"),
  zh: () => import("antd/locale/zh_CN"),
  uk: () => import("antd/locale/uk_UA"),
};

function nonce(): string {
  return document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.nonce ?? "";
}

/* The words on a filled button are white in the dark too, which the lighter blue of links would not carry; on one without a filling they are that blue. */
const DARK_BUTTON = {
  colorPrimary: "#4767d9", colorPrimaryHover: "#3f5dcb", colorPrimaryActive: "#3854bd",
  defaultHoverColor: "#86a0ff", defaultHoverBorderColor: "#86a0ff", defaultActiveColor: "#93a9ff", defaultActiveBorderColor: "#93a9ff",
};

/* Ant Design in our colours, direction and language. Only the forms and the administration load it. */
export function AntdFrame({ children }: { readonly children: ReactNode }) {
  const language = languageOf(useLocale().split("-")[0] ?? "en");
  const dark = useDark();
  const [locale, setLocale] = useState<Locale | null>();
  useEffect(() => {
    let current = true;
    loaders[language.code]().then((module) => { if (current) setLocale(module.default); }, () => { if (current) setLocale((known) => known ?? null); });
    return () => { current = false; };
  }, [language.code]);
  /* Ant Design mounts everything anew when its texts come later, and what has been typed by then would be gone. */
  if (locale === undefined) return null;
  return (
    <ConfigProvider direction={language.direction} {...(locale ? { locale } : {})} csp={{ nonce: nonce() }} button={{ autoInsertSpace: false }}
      theme={{
        components: { Button: dark ? DARK_BUTTON : {} },
        algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
        token: {
          colorPrimaryHover: dark ? "#86a0ff" : "#2b48ae", colorError: dark ? "#ff9c93" : "#b3261e", colorPrimary: dark ? "#6f8cf5" : "#3556c8", colorLink: dark ? "#93a9ff" : "#3556c8", borderRadius: 8, controlHeight: 36, fontFamily: "inherit", motion: false,
          colorBgContainer: dark ? "#1b1d21" : "#ffffff", colorBgElevated: dark ? "#24272c" : "#ffffff", colorBorder: dark ? "#5d6372" : "#8a90a0",
          colorTextDescription: dark ? "#969cab" : "#646b7a", colorTextPlaceholder: dark ? "#8b91a0" : "#6c7382",
        },
      }}>
      {children}
    </ConfigProvider>
  );
}
