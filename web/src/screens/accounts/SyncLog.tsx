import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useDesk } from "../../app/context.ts";
import { useLocale, useT, type MessageId, type MessageValues, type Translate } from "../../i18n/i18n.ts";
import { formatBytes, formatDuration, formatFullDate, formatNumber, sentences } from "../../i18n/format.ts";
import { LOG_PAGE, logQuery, type HealthFolder, type SyncLogEntry } from "../../mail/accounts.ts";
import { problemText } from "../../mail/problems.ts";
import { folderName } from "./account-words.ts";
import { Button } from "../../ui/Button.tsx";

const EVENTS: Readonly<Record<string, MessageId>> = {
  "connected": "log.connected", "paused": "log.paused", "resync": "log.resync", "first-pass": "log.firstPass", "pass": "log.pass",
  "failed": "log.failed", "throttled": "log.throttled", "stopped": "log.stopped", "daily-limit": "log.dailyLimit", "skipped": "log.skipped",
  "healed": "log.healed", "renumbered": "log.renumbered", "refused": "log.refused", "send-refused": "log.sendRefused", "sent": "log.sent",
  "not-sent": "log.notSent", "checked": "log.checked",
};
const BAD: ReadonlySet<string> = new Set(["failed", "stopped", "refused", "send-refused", "not-sent"]);

function valuesOf(entry: SyncLogEntry, folders: readonly HealthFolder[], t: Translate, locale: string): MessageValues {
  const { details } = entry;
  const count = (key: string): number => Number(details[key] ?? 0);
  const mailbox = details["mailbox"];
  const code = details["problem"];
  const folder = folders.find((one) => one.mailboxId === `m${mailbox}`);
  const problem = typeof code === "string" ? problemText({ code }, t).title : "";
  return {
    fetched: count("fetched"), flags: count("flags"), removed: count("removed"), carried: count("carried"), messages: count("messages"), recipients: count("recipients"), bad: count("bad"),
    differed: count("missing") + count("surplus") + count("astray"),
    folders: formatNumber(count("folders"), locale), size: formatBytes(count("bytes"), locale), problem,
    time: count("seconds") > 0 ? formatDuration(count("seconds"), locale) : formatDuration(1, locale),
    folder: folder ? folderName(folder, t) : t("log.someFolder"),
  };
}

function sentence(entry: SyncLogEntry, folders: readonly HealthFolder[], t: Translate, locale: string): string {
  const id = EVENTS[entry.event];
  if (!id) return entry.event;
  const values = valuesOf(entry, folders, t, locale);
  const more = (entry.event === "pass" || entry.event === "first-pass") && values["problem"] ? [String(values["problem"])] : [];
  return sentences([t(id, values), ...more], locale);
}

/* What syncing did, newest first, in plain words. */
export function SyncLog({ accountId, folders }: { readonly accountId: string; readonly folders: readonly HealthFolder[] }) {
  const t = useT();
  const locale = useLocale();
  const desk = useDesk();
  const [count, setCount] = useState(LOG_PAGE);
  const log = useQuery({ ...logQuery(desk.userAccount, accountId, count), placeholderData: (before) => before }).data;
  return (
    <section className="card">
      <h2>{t("log.title")}</h2>
      <p className="muted">{t("log.lead")}</p>
      {log && log.list.length === 0 && <p>{t("log.empty")}</p>}
      <ol className="sync-log">
        {log?.list.map((entry) => (
          <li key={entry.id} className={BAD.has(entry.event) ? "log-bad" : undefined}>
            <time dateTime={entry.at}>{formatFullDate(entry.at, locale)}</time>
            <span>{sentence(entry, folders, t, locale)}</span>
          </li>
        ))}
      </ol>
      {log && log.total > log.list.length && <Button onClick={() => setCount(count + LOG_PAGE)}>{t("log.more")}</Button>}
    </section>
  );
}
