import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useDesk } from "../../app/context.ts";
import { navigate } from "../../app/router.ts";
import { setMailTitle } from "../../app/title.ts";
import { translate, useLocale, useT } from "../../i18n/i18n.ts";
import type { Id } from "../../jmap/types.ts";
import { isListening } from "../../jmap/push.ts";
import { watchArrivals, type Arrival } from "../../mail/arrivals.ts";
import { displayName } from "../../mail/conversations.ts";
import { byRole } from "../../mail/mailboxes.ts";
import { mailboxesQuery } from "../../mail/queries.ts";
import { cachedMailboxMap } from "../../mail/unified.ts";
import { setWritable } from "../compose/composer-store.ts";
import { isChosen, permission, playSound } from "./notify.ts";

const ICON_DOT = "%3Ccircle cx='25' cy='7' r='7' fill='%23e5484d' stroke='white' stroke-width='2'/%3E";

/* The tab's picture with a dot while there is unread mail. */
function markIcon(marked: boolean): void {
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (!link) return;
  const plain = link.href.replace(ICON_DOT, "");
  const next = marked ? plain.replace(/%3C\/svg%3E$/, `${ICON_DOT}%3C/svg%3E`) : plain;
  if (next !== link.href) link.href = next;
}

/* Unread mail of all inboxes: in the title, on the tab's picture, and on the installed program's. */
function useBadge(): void {
  const t = useT();
  const locale = useLocale();
  const { accounts } = useDesk();
  const unread = useQueries({
    queries: accounts.map((account) => mailboxesQuery(account.id)),
    combine: (results) => results.reduce((sum, { data }) => sum + (data ? (byRole(data, "inbox")?.unreadEmails ?? 0) : 0), 0),
  });
  useEffect(() => {
    setMailTitle(unread > 0 ? t("app.titleUnread", { count: unread }) : "Postroom");
    markIcon(unread > 0);
    if ("setAppBadge" in navigator) void (unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()).catch(() => undefined);
  }, [unread, t, locale]);
}

const MOST_AT_ONCE = 4;

function senderOf(arrival: Arrival): string {
  const from = arrival.from?.[0];
  return from ? displayName(from) : translate("row.noSender");
}

/* One notification for each mail, whatever number of tabs there are: the tab that listens for all shows it, and its tag replaces it. */
function notify(arrivals: readonly Arrival[], openMail: (arrival: Arrival) => void): void {
  if (!isListening() || !isChosen("notify") || permission() !== "granted") return;
  playSound();
  if (document.visibilityState === "visible" && document.hasFocus()) return;
  const shown = arrivals.slice(0, MOST_AT_ONCE);
  for (const arrival of shown) {
    const note = new Notification(senderOf(arrival), { body: arrival.subject || translate("row.noSubject"), tag: `postroom-${arrival.id}` });
    note.onclick = () => {
      window.focus();
      note.close();
      openMail(arrival);
    };
  }
  if (arrivals.length > shown.length)
    new Notification("Postroom", { body: translate("arrival.more", { count: arrivals.length - shown.length }), tag: "postroom-more" });
}

/* Where letters can be written, for whatever asks for one. */
function useWritable(): void {
  const { accounts } = useDesk();
  useEffect(() => setWritable(accounts.filter((account) => account.maySend).map((account) => account.id)), [accounts]);
}

/* What tells of new mail wherever one is: the badge, a notification, and words for those who listen. */
export function Signals() {
  const t = useT();
  const client = useQueryClient();
  const { userAccount } = useDesk();
  const [said, setSaid] = useState("");
  useBadge();
  useWritable();
  useEffect(() => {
    const openMail = (arrival: Arrival, inbox: Id): void => {
      const accountId = cachedMailboxMap(client).accountOf(arrival);
      const own = accountId === null ? undefined : byRole(client.getQueryData(mailboxesQuery(accountId).queryKey) ?? [], "inbox");
      navigate({ screen: "mail", accountId: accountId ?? userAccount, mailboxId: own?.id ?? inbox, threadId: arrival.threadId, emailId: arrival.id, text: "", only: "all" });
    };
    return watchArrivals(userAccount, (arrivals, inbox) => {
      const [first] = arrivals;
      setSaid(arrivals.length === 1 && first ? t("arrival.one", { sender: senderOf(first), subject: first.subject || t("row.noSubject") }) : t("arrival.many", { count: arrivals.length }));
      notify(arrivals, (arrival) => openMail(arrival, inbox));
    });
  }, [client, userAccount, t]);
  return <div className="visually-hidden" role="status" aria-live="polite" data-arrivals>{said}</div>;
}
