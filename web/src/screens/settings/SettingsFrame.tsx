import { AtSign } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { useDesk } from "../../app/context.ts";
import { ACCOUNTS, settingsRoute, type Route } from "../../app/router.ts";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import { Link } from "../../ui/Link.tsx";
import { PageFrame } from "../../ui/PageFrame.tsx";
import { SECTIONS, type Section } from "./sections.ts";

interface Entry extends Pick<Section, "key" | "label" | "icon"> {
  readonly to: Route;
}

const ACCOUNTS_ENTRY: Entry = { key: "accounts", label: "menu.accounts", icon: AtSign, to: ACCOUNTS };

function entriesFor(whom: Section["for"]): Entry[] {
  return SECTIONS.filter((section) => section.for === whom).map((section) => ({ ...section, to: settingsRoute(section.key) }));
}

function Group({ heading, entries, current }: { readonly heading: MessageId; readonly entries: readonly Entry[]; readonly current: string }) {
  const t = useT();
  return (
    <>
      <h2>{t(heading)}</h2>
      <ul>
        {entries.map(({ key, label, icon: Icon, to }) => (
          <li key={key}><Link to={to} aria-current={key === current ? "page" : undefined}><Icon size={16} aria-hidden />{t(label)}</Link></li>
        ))}
      </ul>
    </>
  );
}

/* Whatever can be set, with the list of it beside it; current: the key of a section, or "accounts". */
export function SettingsFrame({ current, children }: { readonly current: string; readonly children: ReactNode }) {
  const t = useT();
  const desk = useDesk();
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const list = nav.current, open = list?.querySelector<HTMLElement>("a[aria-current]");
    if (!list || !open) return;
    /* Where it is one line, as on a telephone that is turned, what is open may be out of sight. */
    const show = (): void => { if (list.scrollWidth > list.clientWidth) open.scrollIntoView({ block: "nearest", inline: "center" }); };
    const observer = new ResizeObserver(show);
    observer.observe(list);
    return () => observer.disconnect();
  }, [current]);
  const shown = [ACCOUNTS_ENTRY, ...entriesFor("person"), ...entriesFor("organisation")].find(({ key }) => key === current);
  return (
    <PageFrame title={t(shown?.label ?? "settings.title")}>
      <div className="settings-frame">
        <nav ref={nav} className="settings-nav" aria-label={t("settings.title")}>
          <Group heading="settings.yours" entries={[...entriesFor("person"), ACCOUNTS_ENTRY]} current={current} />
          {desk.user.admin && <Group heading="settings.organisation" entries={entriesFor("organisation")} current={current} />}
        </nav>
        <div className="settings-content">{children}</div>
      </div>
    </PageFrame>
  );
}
