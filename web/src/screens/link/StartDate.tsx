import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useDesk } from "../../app/context.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { formatBytes, formatNumber } from "../../i18n/format.ts";
import { checkQuery, rowOf, runCheck, type CheckOf } from "../../mail/accounts.ts";
import { Button } from "../../ui/Button.tsx";
import { dayBefore, EVERYTHING, today } from "./plain-servers.ts";

const SPANS: readonly { readonly label: MessageId; readonly days: number }[] = [
  { label: "link.lastMonth", days: 30 }, { label: "link.lastQuarter", days: 91 }, { label: "link.lastYear", days: 365 },
];
const PAUSE = 500;

/* How much there is since a day, asked of the server a moment after it was chosen. */
function Estimate({ of, since }: { readonly of: CheckOf; readonly since: string }) {
  const t = useT();
  const locale = useLocale();
  const desk = useDesk();
  const [id, setId] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  const check = useQuery(checkQuery(desk.userAccount, id)).data;
  useEffect(() => {
    let current = true;
    setId(null);
    setFailed(false);
    const timer = setTimeout(() => {
      runCheck(desk.userAccount, { ...of, since: `${since}T00:00:00Z`, onlyStart: true }).then(
        (run) => { if (current) setId(run); }, () => { if (current) setFailed(true); });
    }, PAUSE);
    return () => { current = false; clearTimeout(timer); };
  }, [desk.userAccount, of, since]);
  const row = rowOf(check, "start");
  const evidence = row?.evidence;
  if (failed || row?.state === "bad") return <span>{t("link.estimateFailed")}</span>;
  if (!evidence || check?.state !== "done") return <span>{t("link.estimating")}</span>;
  const values = { messages: formatNumber(Number(evidence["messages"]), locale), size: formatBytes(Number(evidence["bytes"]), locale) };
  return <span>{t(evidence["complete"] === false ? "check.start.atLeast" : "check.start.found", values)}</span>;
}

interface Props {
  readonly of: CheckOf;
  readonly since: string;
  readonly onSince: (since: string) => void;
}

export function StartDate({ of, since, onSince }: Props) {
  const t = useT();
  const valid = since !== "" && since <= today();
  return (
    <div className="start-date">
      <label className="field">
        <span>{t("link.since")}</span>
        <input className="input since-input" type="date" value={since} max={today()} required onChange={(event) => onSince(event.target.value)} />
      </label>
      <span className="since-spans">
        {SPANS.map((span) => <Button key={span.days} kind="plain" aria-pressed={since === dayBefore(span.days)} onClick={() => onSince(dayBefore(span.days))}>{t(span.label)}</Button>)}
        <Button kind="plain" aria-pressed={since === EVERYTHING} onClick={() => onSince(EVERYTHING)}>{t("link.everything")}</Button>
      </span>
      <p className="start-estimate" role="status">{valid ? <Estimate of={of} since={since} /> : t("link.sinceInvalid")}</p>
      <p className="muted">{t("link.sinceHint")}</p>
    </div>
  );
}
