import { ArrowLeft } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { setPageTitle } from "../app/title.ts";
import { useT } from "../i18n/i18n.ts";
import { Brand } from "./Brand.tsx";
import { Link } from "./Link.tsx";
import { LanguageMenu, ThemeMenu } from "./Preferences.tsx";

interface Props {
  /* What the window is called while the page is shown. */
  readonly title: string;
  readonly children: ReactNode;
}

/* The frame of the pages beside the mail. Its content has the focus at first, so that whoever comes by keyboard goes on from there. */
export function PageFrame({ title, children }: Props) {
  const t = useT();
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    setPageTitle(title);
    return () => setPageTitle(null);
  }, [title]);
  useEffect(() => {
    if (!main.current?.contains(document.activeElement) && !document.querySelector("dialog[open], .ant-modal")) main.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className="page">
      <header className="page-head">
        <Link className="page-back" to={{ screen: "home" }}><ArrowLeft size={18} aria-hidden className="directional" />{t("common.toMail")}</Link>
        <Brand />
        <span className="page-head-tools"><LanguageMenu placement="below-end" /><ThemeMenu placement="below-end" /></span>
      </header>
      <main className="page-body" ref={main} tabIndex={-1}>{children}</main>
    </div>
  );
}
