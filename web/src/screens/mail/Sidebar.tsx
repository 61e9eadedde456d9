import { useQueries, useQuery } from "@tanstack/react-query";
import { AtSign, ChevronDown, CircleAlert, Eye, FolderPlus, Keyboard, LogOut, PenLine, PlugZap, Plus, Settings2, UserRound } from "lucide-react";
import { Suspense, useCallback, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { lazyPage } from "../../app/lazy-page.ts";
import { useDesk, type MailAccount } from "../../app/context.ts";
import { ACCOUNTS, LINKING, navigate, settingsRoute, type MailRoute } from "../../app/router.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import type { Id, LinkedAccount, Mailbox } from "../../jmap/types.ts";
import { orderMailboxes, type MailboxNode } from "../../mail/mailboxes.ts";
import { usePreferences } from "../../mail/preferences.ts";
import { linkedQuery, mailboxesQuery } from "../../mail/queries.ts";
import { Brand } from "../../ui/Brand.tsx";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Menu, type MenuItem } from "../../ui/Menu.tsx";
import { LanguageMenu, ThemeMenu } from "../../ui/Preferences.tsx";
import { composeNew } from "../compose/composer-store.ts";
import { DropVoice } from "../desk/DropVoice.tsx";
import { SIDEBAR_GROUPS } from "../desk/slots.ts";
import type { FolderQuestion } from "./FolderDialog.tsx";
import { MailboxLink } from "./MailboxLink.tsx";
import type { MailboxMenuPlace } from "./MailboxMenu.tsx";
import { OutboxLink } from "../compose/OutboxLink.tsx";
import { ProgressLine } from "./ProgressLine.tsx";
import { fold, treeEntry, useFolded } from "./sidebar-state.ts";

const FolderDialog = lazyPage(() => import("./FolderDialog.tsx").then((module) => module.FolderDialog));
const MailboxMenu = lazyPage(() => import("./MailboxMenu.tsx").then((module) => module.MailboxMenu));

interface PartProps {
  readonly route: MailRoute;
  readonly onNavigate: () => void;
  readonly onMenu: (accountId: Id, mailbox: Mailbox, x: number, y: number) => void;
}

function Head({ entry, label, title, children }: { readonly entry: string; readonly label: string; readonly title?: string; readonly children?: ReactNode }) {
  const open = !useFolded().has(entry);
  return (
    <div className="account-line">
      <button type="button" className="account-head" aria-expanded={open} title={title ?? label} onClick={() => fold(entry, open)}>
        <ChevronDown size={14} aria-hidden className={open ? "chevron" : "chevron chevron-closed"} />
        <bdi>{label}</bdi>
      </button>
      {children}
    </div>
  );
}

/* The mailboxes whose parents are all unfolded. */
function shownNodes(nodes: readonly MailboxNode[], accountId: Id, folded: ReadonlySet<string>): readonly (MailboxNode & { readonly below: boolean })[] {
  const shown: (MailboxNode & { readonly below: boolean })[] = [];
  let hidden = Infinity;
  nodes.forEach((node, index) => {
    if (node.depth > hidden) return;
    hidden = folded.has(treeEntry(accountId, node.mailbox.id)) ? node.depth : Infinity;
    shown.push({ ...node, below: (nodes[index + 1]?.depth ?? 0) > node.depth });
  });
  return shown;
}

/* What all accounts have: their inboxes together, and so on. */
function UnifiedSection({ route, onNavigate, onMenu }: PartProps) {
  const t = useT();
  const locale = useLocale();
  const { userAccount } = useDesk();
  const folded = useFolded();
  const mailboxes = useQuery(mailboxesQuery(userAccount)).data ?? [];
  const roles = orderMailboxes(mailboxes.filter((mailbox) => mailbox.role !== null), locale);
  return (
    <section className="account" aria-label={t("unified.name")}>
      <Head entry={userAccount} label={t("unified.name")} />
      {!folded.has(userAccount) && (
        <ul className="mailboxes">
          {roles.map(({ mailbox }) => <MailboxLink key={mailbox.id} accountId={userAccount} mailbox={mailbox} depth={0} route={route} onNavigate={onNavigate} onMenu={onMenu} />)}
        </ul>
      )}
    </section>
  );
}

function Favourites({ route, onNavigate, onMenu }: PartProps) {
  const t = useT();
  const { accounts, userAccount } = useDesk();
  const { favourites } = usePreferences();
  const folded = useFolded();
  const ids = [userAccount, ...accounts.map((account) => account.id)];
  const all = useQueries({ queries: ids.map((id) => mailboxesQuery(id)) });
  const entries = favourites.flatMap((entry) => {
    const [accountId = "", mailboxId = ""] = entry.split("/");
    const mailbox = all[ids.indexOf(accountId)]?.data?.find((one) => one.id === mailboxId);
    const address = accounts.find((account) => account.id === accountId)?.address;
    return mailbox ? [{ entry, accountId, mailbox, hint: address ?? t("unified.name") }] : [];
  });
  if (entries.length === 0) return null;
  return (
    <section className="account" aria-label={t("favourites.name")}>
      <Head entry="favourites" label={t("favourites.name")} />
      {!folded.has("favourites") && (
        <ul className="mailboxes">
          {entries.map(({ entry, accountId, mailbox, hint }) => (
            <MailboxLink key={entry} accountId={accountId} mailbox={mailbox} depth={0} route={route} onNavigate={onNavigate} onMenu={onMenu} {...(accounts.length > 1 ? { hint } : {})} />
          ))}
        </ul>
      )}
    </section>
  );
}

interface AccountSectionProps extends PartProps {
  readonly account: MailAccount;
  readonly linked: LinkedAccount | undefined;
  readonly onCreate: (accountId: Id) => void;
}

function AccountSection({ account, linked, route, onNavigate, onMenu, onCreate }: AccountSectionProps) {
  const t = useT();
  const locale = useLocale();
  const folded = useFolded();
  const mailboxes = useQuery(mailboxesQuery(account.id)).data;
  const nodes = useMemo(() => orderMailboxes(mailboxes ?? [], locale), [mailboxes, locale]);
  const troubled = linked?.state === "needs-relink" || linked?.state === "error";
  return (
    <section className="account" aria-label={account.address}>
      <Head entry={account.id} label={account.address}>
        {troubled && <CircleAlert size={15} className="account-alert" aria-label={t("account.troubled")} />}
        {account.readOnly && <Eye size={15} className="account-shared" role="img" aria-label={t("account.readOnly")} />}
        {!account.readOnly && <IconButton label={t("folder.createIn", { account: account.address })} icon={FolderPlus} className="account-create" onClick={() => onCreate(account.id)} />}
      </Head>
      {linked?.progress && <ProgressLine progress={linked.progress} state={linked.state} />}
      {!folded.has(account.id) && (
        <ul className="mailboxes">
          {shownNodes(nodes, account.id, folded).map(({ mailbox, depth, below }) => (
            <MailboxLink key={mailbox.id} accountId={account.id} mailbox={mailbox} depth={depth} route={route} onNavigate={onNavigate} onMenu={onMenu}
              folded={below ? folded.has(treeEntry(account.id, mailbox.id)) : undefined} />
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

/* Arrow keys go from entry to entry, to the right and left they unfold and fold. */
function moveAmong(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || !(event.target instanceof Element) || !event.target.matches(".mailbox, .account-head")) return;
  const entries = [...event.currentTarget.querySelectorAll<HTMLElement>(".mailbox, .account-head")];
  event.preventDefault();
  entries[entries.indexOf(event.target as HTMLElement) + step]?.focus();
}

export function Sidebar({ route, onNavigate, onKeys }: Props) {
  const t = useT();
  const desk = useDesk();
  const linked = useQuery(linkedQuery(desk.userAccount)).data ?? [];
  const [menu, setMenu] = useState<MailboxMenuPlace | null>(null);
  const [question, setQuestion] = useState<FolderQuestion | null>(null);
  const opener = useRef<HTMLElement | null>(null);
  const openMenu = useCallback((accountId: Id, mailbox: Mailbox, x: number, y: number) => {
    opener.current = document.activeElement as HTMLElement | null;
    setMenu({ accountId, mailbox, x, y });
  }, []);
  const closeMenu = useCallback(() => {
    setMenu(null);
    opener.current?.focus();
  }, []);
  const part = { route, onNavigate, onMenu: openMenu };
  return (
    <nav className="sidebar" aria-label={t("sidebar.label")}>
      <div className="sidebar-top"><Brand /></div>
      <Button kind="primary" icon={PenLine} className="compose-button" onClick={() => { onNavigate(); composeNew(route.accountId); }}>{t("compose.new")}</Button>
      <OutboxLink />
      <div className="sidebar-accounts" onKeyDown={moveAmong}>
        <Favourites {...part} />
        {desk.accounts.length > 1 && <UnifiedSection {...part} />}
        {SIDEBAR_GROUPS.map((Group, index) => <Group key={index} route={route} onNavigate={onNavigate} />)}
        {desk.accounts.map((account) => (
          <AccountSection key={account.id} account={account} {...part} linked={linked.find((one) => one.id === account.id)}
            onCreate={(accountId) => setQuestion({ kind: "create", accountId, mailbox: null })} />
        ))}
        <button type="button" className="add-account" onClick={() => navigate(LINKING)}><Plus size={16} aria-hidden />{t("account.add")}</button>
      </div>
      <div className="sidebar-foot">
        <UserMenu onKeys={onKeys} />
        <LanguageMenu placement="above-start" />
        <ThemeMenu placement="above-start" />
      </div>
      {menu && <Suspense><MailboxMenu place={menu} onQuestion={setQuestion} onClose={closeMenu} /></Suspense>}
      {question && <Suspense><FolderDialog question={question} onClose={() => setQuestion(null)} /></Suspense>}
      <DropVoice />
    </nav>
  );
}
