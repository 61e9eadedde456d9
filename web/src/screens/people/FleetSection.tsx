import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useDeferredValue, useMemo, useRef, useState } from "react";
import { useDesk } from "../../app/context.ts";
import { formatAgo, formatBytes, formatNumber } from "../../i18n/format.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import type { AccountState } from "../../jmap/types.ts";
import { hasProblem, sortFleet, useFleet, type FleetAccount, type FleetColumn } from "../../mail/fleet.ts";
import { problemText } from "../../mail/problems.ts";
import { Link } from "../../ui/Link.tsx";
import { Loaded, Title } from "./parts.tsx";

const ROW_HEIGHT = 56;
const TONES: Readonly<Record<AccountState, string>> = { "idle": "good", "syncing": "busy", "linking": "busy", "retrying": "wait", "paused": "wait", "needs-relink": "bad", "error": "bad" };
const COLUMNS: readonly (readonly [column: FleetColumn, label: MessageId, number: boolean])[] = [
  ["address", "fleet.mailbox", false], ["owner", "fleet.owner", false], ["state", "fleet.state", false], ["problem", "fleet.problem", false],
  ["lastSync", "fleet.lastSync", false], ["emails", "fleet.emails", true], ["pending", "fleet.pending", true], ["rate", "fleet.rate", true],
];

interface Order {
  readonly column: FleetColumn;
  readonly descending: boolean;
}

function Head({ order, onOrder }: { readonly order: Order; readonly onOrder: (order: Order) => void }) {
  const t = useT();
  return (
    <div className="fleet-row fleet-head" role="row">
      {COLUMNS.map(([column, label, number]) => {
        const current = order.column === column;
        const Arrow = order.descending ? ArrowDown : ArrowUp;
        return (
          <div key={column} role="columnheader" className={number ? "fleet-number" : undefined} aria-sort={current ? (order.descending ? "descending" : "ascending") : "none"}>
            <button type="button" onClick={() => onOrder({ column, descending: current ? !order.descending : number })}>{t(label)}{current && <Arrow size={13} aria-hidden />}</button>
          </div>
        );
      })}
    </div>
  );
}

/* What is wrong, in a plain sentence, and until when a provider asked to be left alone. */
function ProblemCell({ account }: { readonly account: FleetAccount }) {
  const t = useT();
  const locale = useLocale();
  const problem = account.problem ?? account.sendProblem;
  if (!problem) return null;
  const text = problemText(problem, t);
  const wait = account.problem?.code === "throttled" && account.nextAttempt;
  return (
    <div className="fleet-cut" title={`${text.title} ${text.action}${problem.detail ? ` (${problem.detail})` : ""}`}>
      <span className="fleet-problem">{text.title}</span>{wait && <small className="muted"> {t("fleet.nextAttempt", { when: formatAgo(account.nextAttempt!, locale) })}</small>}
    </div>
  );
}

function Line({ account, top }: { readonly account: FleetAccount; readonly top: number }) {
  const t = useT();
  const locale = useLocale();
  const rate = account.progress?.bytesPerSecond ?? 0;
  return (
    <div className="fleet-row fleet-line" role="row" style={{ transform: `translateY(${top}px)` }} data-address={account.address}>
      <div role="cell" className="fleet-cut" dir="auto"><Link to={{ screen: "account-health", accountId: account.id }}><bdi>{account.address}</bdi></Link>{account.sharedWith > 0 && <span className="tag">{t("fleet.shared", { count: account.sharedWith })}</span>}</div>
      <div role="cell" className="fleet-cut muted" dir="auto"><bdi>{account.owner}</bdi></div>
      <div role="cell"><span className={`state state-${TONES[account.state]}`}>{t(`state.${account.state}`)}</span></div>
      <div role="cell"><ProblemCell account={account} /></div>
      <div role="cell" className="muted">{account.lastSync ? formatAgo(account.lastSync, locale) : t("people.never")}</div>
      <div role="cell" className="fleet-number">{formatNumber(account.emails, locale)}</div>
      <div role="cell" className="fleet-number">{account.pending > 0 ? formatNumber(account.pending, locale) : ""}</div>
      <div role="cell" className="fleet-number">{rate > 0 ? t("fleet.perSecond", { size: formatBytes(rate, locale) }) : ""}</div>
    </div>
  );
}

function Grid({ accounts, order, onOrder }: { readonly accounts: readonly FleetAccount[]; readonly order: Order; readonly onOrder: (order: Order) => void }) {
  const t = useT();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: accounts.length, estimateSize: () => ROW_HEIGHT, overscan: 12, getScrollElement: () => scroller.current });
  return (
    <div className="fleet">
      <div className="fleet-scroll" ref={scroller} tabIndex={0} role="region" aria-label={t("fleet.title")}>
        <div className="fleet-grid" role="table" aria-label={t("fleet.title")} aria-rowcount={accounts.length + 1}>
          <Head order={order} onOrder={onOrder} />
          <div className="fleet-space" role="rowgroup" style={{ blockSize: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => <Line key={accounts[item.index]!.id} account={accounts[item.index]!} top={item.start} />)}
          </div>
        </div>
      </div>
    </div>
  );
}

function Board({ all }: { readonly all: ReadonlyMap<string, FleetAccount> }) {
  const t = useT();
  const locale = useLocale();
  const [order, setOrder] = useState<Order>({ column: "state", descending: false });
  const [onlyProblems, setOnlyProblems] = useState(false);
  const [text, setText] = useState("");
  const words = useDeferredValue(text.trim().toLowerCase());
  const rows = useMemo(() => {
    const kept = [...all.values()].filter((account) => (!onlyProblems || hasProblem(account)) && (!words || `${account.address} ${account.owner ?? ""}`.toLowerCase().includes(words)));
    return sortFleet(kept, order.column, order.descending);
  }, [all, onlyProblems, words, order]);
  const troubled = useMemo(() => [...all.values()].filter(hasProblem).length, [all]);
  return (
    <>
      <div className="people-filters">
        <label className="field"><span>{t("fleet.find")}</span><input className="input" type="search" value={text} onChange={(event) => setText(event.target.value)} dir="auto" /></label>
        <label className="check-line"><input type="checkbox" checked={onlyProblems} onChange={(event) => setOnlyProblems(event.target.checked)} /><span>{t("fleet.onlyProblems")}</span></label>
        <p className="muted people-filters-end" role="status">{t("fleet.count", { all: formatNumber(all.size, locale), troubled: formatNumber(troubled, locale) })}</p>
      </div>
      {rows.length > 0 ? <Grid accounts={rows} order={order} onOrder={setOrder} /> : <p className="muted">{t(all.size === 0 ? "fleet.none" : "fleet.noneMatch")}</p>}
    </>
  );
}

export function FleetSection() {
  const desk = useDesk();
  const fleet = useFleet(desk.userAccount);
  return (
    <>
      <Title heading="fleet.title" lead="fleet.lead" />
      <Loaded query={fleet}>{(data) => <Board all={data.accounts} />}</Loaded>
    </>
  );
}
