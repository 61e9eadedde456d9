import { useQueries } from "@tanstack/react-query";
import { useDesk } from "../../app/context.ts";
import { navigate, type MailRoute } from "../../app/router.ts";
import { useLocale, useT, type MessageId, type MessageValues } from "../../i18n/i18n.ts";
import { formatNumber } from "../../i18n/format.ts";
import { usePreferences } from "../../mail/preferences.ts";
import { countOf, keys, type ListView } from "../../mail/queries.ts";
import { withoutEach } from "../../mail/search-terms.ts";
import { isUnified } from "../../mail/unified.ts";
import { Button } from "../../ui/Button.tsx";

interface Wider {
  readonly key: string;
  readonly text: MessageId;
  readonly values?: MessageValues;
  readonly route: MailRoute;
}

const MOST_DROPPED = 5;

/* The same search with less asked of it, the nearest first. */
function widerThan(route: MailRoute, userAccount: string, several: boolean): readonly Wider[] {
  const here = { ...route, threadId: null };
  const wider: Wider[] = [];
  if (route.only !== "all") wider.push({ key: "only", text: "widen.anyState", route: { ...here, only: "all" } });
  if (route.mailboxId !== null) wider.push({ key: "folders", text: "search.everywhere", route: { ...here, mailboxId: null } });
  if (several && !isUnified(route.accountId)) wider.push({ key: "accounts", text: "search.allAccounts", route: { ...here, accountId: userAccount, mailboxId: null } });
  for (const { dropped, text } of withoutEach(route.text).slice(0, MOST_DROPPED))
    wider.push({ key: `without ${dropped}`, text: "widen.without", values: { term: dropped }, route: { ...here, text } });
  return wider;
}

/* What would find something, and how much. */
export function Widen({ route }: { readonly route: MailRoute }) {
  const t = useT();
  const locale = useLocale();
  const { userAccount, accounts } = useDesk();
  const { conversations } = usePreferences();
  const wider = widerThan(route, userAccount, accounts.length > 1);
  const counts = useQueries({
    queries: wider.map(({ route: next }) => {
      const view: ListView = { accountId: next.accountId, mailboxId: next.mailboxId, text: next.text, only: next.only, conversations, sort: "date" };
      return { queryKey: [...keys.count(view)], queryFn: ({ signal }: { signal: AbortSignal }) => countOf(view, signal), retry: false };
    }),
  });
  const useful = wider.map((one, index) => ({ ...one, asked: counts[index]! })).filter(({ asked }) => asked.isSuccess && asked.data !== 0);
  const busy = counts.some((count) => count.isPending);
  return (
    <span className="widen" role="group" aria-label={t("widen.label")} aria-busy={busy}>
      {useful.map(({ key, text, values, route: next, asked }) => (
        <Button key={key} onClick={() => navigate(next)}>
          <bdi>{t(text, values)}</bdi>
          {asked.data !== null && <span className="widen-count">{formatNumber(asked.data ?? 0, locale)}<span className="visually-hidden"> {t("widen.hits", { count: asked.data ?? 0 })}</span></span>}
        </Button>
      ))}
      {!busy && useful.length === 0 && <span>{t("widen.nothing")}</span>}
    </span>
  );
}
