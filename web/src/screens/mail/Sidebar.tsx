import { useQuery } from "@tanstack/react-query";
import { AtSign, ChevronDown, CircleAlert, Keyboard, LogOut, PenLine, PlugZap, Plus, Settings2, UserRound } from "lucide-react";
import { useState } from "react";
import { useDesk, type MailAccount } from "../../app/context.ts";
import { ACCOUNTS, LINKING, navigate, settingsRoute, type MailRoute } from "../../app/router.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatNumber } from "../../i18n/format.ts";
import type { LinkedAccount, Mailbox } from "../../jmap/types.ts";
import { badgeOf, orderMailboxes, roleName } from "../../mail/mailboxes.ts";
import { linkedQuery, mailboxesQuery } from "../../mail/queries.ts";
import { Brand } from "../../ui/Brand.tsx";
import { Button } from "../../ui/Button.tsx";
import { Link } from "../../ui/Link.tsx";
import { Menu, type MenuItem } from "../../ui/Menu.tsx";
import { LanguageMenu, ThemeMenu } from "../../ui/Preferences.tsx";
import { composeNew } from "../compose/composer-store.ts";
import { ProgressLine } from "./ProgressLine.tsx";
import { MailboxIcon } from "./MailboxIcon.tsx";

interface MailboxLinkProps {
  readonly accountId: string;
  readonly mailbox: Mailbox;
  readonly depth: number;
  readonly current: boolean;
  readonly onNavigate: () => void;
}

function MailboxLink({ accountId, mailbox, depth, current, onNavigate }: MailboxLinkProps) {
  const t = useT();
  const locale = useLocale();
  const role = roleName(mailbox.role);
  const badge = badgeOf(mailbox);
  return (
    <li>
      <Link className="mailbox" aria-current={current ? "page" : undefined} onClick={onNavigate} data-unread={badge > 0 && mailbox.role !== "drafts"}
        style={{ paddingInlineStart: `${10 + Math.min(depth, 6) * 14}px` }}
        to={{ screen: "mail", accountId, mailboxId: mailbox.id, threadId: null, text: "", only: "all" }}>
        <MailboxIcon role={mailbox.role} />
        <bdi className="mailbox-name">{role ? t(role) : mailbox.name}</bdi>
        {badge > 0 && (
          <span className="mailbox-badge">
            <span aria-hidden>{formatNumber(badge, locale)}</span>
            <span className="visually-hidden">{t(mailbox.role === "drafts" ? "mailbox.draftCount" : "mailbox.unreadCount", { count: badge })}</span>
          </span>
        )}
      </Link>
    </li>
  );
}

interface AccountSectionProps {
  readonly account: MailAccount;
  readonly linked: LinkedAccount | undefined;
  readonly route: MailRoute;
  readonly onNavigate: () => void;
}

function AccountSection({ account, linked, route, onNavigate }: AccountSectionProps) {
  const t = useT();
  const locale = useLocale();
  const [open, setOpen] = useState(true);
  const mailboxes = useQuery(mailboxesQuery(account.id)).data ?? [];
  const troubled = linked?.state === "needs-relink" || linked?.state === "error";
  return (
    <section className="account" aria-label={account.address}>
      <button type="button" className="account-head" aria-expanded={open} title={account.address} onClick={() => setOpen(!open)}>
        <ChevronDown size={14} aria-hidden className={open ? "chevron" : "chevron chevron-closed"} />
        <bdi>{account.address}</bdi>
        {troubled && <CircleAlert size={15} className="account-alert" aria-label={t("account.troubled")} />}
      </button>
      {linked?.progress && <ProgressLine progress={linked.progress} state={linked.state} />}
      {open && (
        <ul className="mailboxes">
          {orderMailboxes(mailboxes, locale).map(({ mailbox, depth }) => (
            <MailboxLink key={mailbox.id} accountId={account.id} mailbox={mailbox} depth={depth} onNavigate={onNavigate}
              current={route.accountId === account.id && route.mailboxId === mailbox.id} />
          ))}
        </ul>
      )}
    </section>
  );
}

function UserMenu({ onKeys }: { readonly onKeys: () => void }) {
  const t = useT();
  const desk = useDesk();
  const items: MenuItem[] = [
    { key: "accounts", label: t("menu.accounts"), icon: AtSign, onSelect: () => navigate(ACCOUNTS) },
    { key: "settings", label: t("menu.settings"), icon: Settings2, onSelect: () => navigate(settingsRoute("general")) },
    ...(desk.user.admin ? [{ key: "microsoft", label: t("menu.microsoft"), icon: PlugZap, onSelect: () => navigate(settingsRoute("microsoft")) }] : []),
    { key: "keys", label: t("keys.title"), icon: Keyboard, onSelect: onKeys },
    { key: "out", label: t("menu.signOut"), icon: LogOut, separated: true, onSelect: desk.signOut },
  ];
  return (
    <Menu label={t("menu.label")} items={items} placement="above-start" trigger={({ expanded, toggle, controls }) => (
      <button type="button" className="user-button" aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} title={desk.user.email} onClick={toggle}>
        <UserRound size={16} aria-hidden /><bdi>{desk.user.email}</bdi>
      </button>
    )} />
  );
}

interface Props {
  readonly route: MailRoute;
  readonly onNavigate: () => void;
  readonly onKeys: () => void;
}

export function Sidebar({ route, onNavigate, onKeys }: Props) {
  const t = useT();
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount)).data ?? [];
  return (
    <nav className="sidebar" aria-label={t("sidebar.label")}>
      <div className="sidebar-top">
        <Brand />
        {!desk.online && <span className="offline" role="status">{t("app.offline")}</span>}
      </div>
      <Button kind="primary" icon={PenLine} className="compose-button" onClick={() => { onNavigate(); composeNew(route.accountId); }}>{t("compose.new")}</Button>
      <div className="sidebar-accounts">
        {desk.accounts.map((account) => (
          <AccountSection key={account.id} account={account} route={route} onNavigate={onNavigate}
            linked={linked.find((one) => one.id === account.id)} />
        ))}
        <button type="button" className="add-account" onClick={() => navigate(LINKING)}><Plus size={16} aria-hidden />{t("account.add")}</button>
      </div>
      <div className="sidebar-foot">
        <UserMenu onKeys={onKeys} />
        <LanguageMenu placement="above-start" />
        <ThemeMenu placement="above-start" />
      </div>
    </nav>
  );
}
