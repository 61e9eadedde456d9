import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { useT } from "../i18n/i18n.ts";
import { Brand } from "./Brand.tsx";
import { Link } from "./Link.tsx";
import { LanguageMenu, ThemeMenu } from "./Preferences.tsx";

/* The frame of the pages beside the mail. */
export function PageFrame({ children }: { readonly children: ReactNode }) {
  const t = useT();
  return (
    <div className="page">
      <header className="page-head">
        <Link className="page-back" to={{ screen: "home" }}><ArrowLeft size={18} aria-hidden className="directional" />{t("common.toMail")}</Link>
        <Brand />
        <span className="page-head-tools"><LanguageMenu placement="below-end" /><ThemeMenu placement="below-end" /></span>
      </header>
      <main className="page-body">{children}</main>
    </div>
  );
}
