import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { useDesk } from "../../app/context.ts";
import { formatMoment, formatNumber } from "../../i18n/format.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { AUDIT_PAGE, csvOf, fetchAllAudit, fetchAudit, type AuditEntry, type AuditFilter } from "../../mail/audit.ts";
import { failureOf } from "../../mail/failures.ts";
import { listedQuery } from "../../mail/people.ts";
import { Button } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { Notice, Spinner } from "../../ui/Notice.tsx";
import { showToast } from "../../ui/toasts.ts";
import { ACTS, DETAILS, KINDS, PROPERTIES } from "./acts.ts";
import { Title } from "./parts.tsx";

interface Chosen {
  readonly userId: string;
  readonly act: string;
  readonly from: string;
  readonly to: string;
}

/* The day after, so that the last day is in. */
function endOf(day: string): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + 1);
  return date.toISOString();
}

function filterOf({ userId, act, from, to }: Chosen): AuditFilter {
  return { ...(userId ? { userId } : {}), ...(act ? { act } : {}), ...(from ? { after: new Date(`${from}T00:00:00`).toISOString() } : {}), ...(to ? { before: endOf(to) } : {}) };
}

function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function Filters({ chosen, onChoose }: { readonly chosen: Chosen; readonly onChoose: (chosen: Chosen) => void }) {
  const t = useT();
  const desk = useDesk();
  const people = useQuery(listedQuery("User", desk.userAccount)).data ?? [];
  const set = (part: Partial<Chosen>): void => onChoose({ ...chosen, ...part });
  return (
    <>
      <label className="field"><span>{t("audit.person")}</span><Choice value={chosen.userId} onChange={(event) => set({ userId: event.target.value })} options={[{ value: "", label: t("audit.everybody") }, ...people.map((person) => ({ value: person.id, label: person.name || person.email }))]} /></label>
      <label className="field"><span>{t("audit.act")}</span><Choice value={chosen.act} onChange={(event) => set({ act: event.target.value })} options={KINDS.map(([value, label]) => ({ value, label: t(label) }))} /></label>
      <label className="field"><span>{t("audit.from")}</span><input className="input" type="date" value={chosen.from} onChange={(event) => set({ from: event.target.value })} /></label>
      <label className="field"><span>{t("audit.to")}</span><input className="input" type="date" value={chosen.to} onChange={(event) => set({ to: event.target.value })} /></label>
    </>
  );
}

function EntryRow({ entry }: { readonly entry: AuditEntry }) {
  const t = useT();
  const locale = useLocale();
  const act = ACTS[entry.act];
  const actor = entry.actor === "operator" ? t("audit.operator") : entry.actor === "postroom" ? t("audit.itself") : entry.actor;
  const worded = (text: string, words = DETAILS): string => { const known = words[text]; return known ? t(known) : text; };
  const detailed = (detail: string): string => entry.act === "provider.set" ? new Intl.ListFormat(locale).format(detail.split(" ").map((name) => worded(name, PROPERTIES))) : worded(detail);
  return (
    <tr>
      <td className="muted">{formatMoment(entry.at, locale)}</td>
      <td><bdi>{actor ?? t("audit.nobody")}</bdi></td>
      <td className="audit-act">{act ? t(act) : entry.act}</td>
      <td>{[entry.address, entry.subject].filter(Boolean).map((text) => <div key={text}><bdi>{worded(text!)}</bdi></div>)}</td>
      <td className="muted"><bdi>{entry.detail ? detailed(entry.detail) : null}</bdi></td>
    </tr>
  );
}

function Entries({ filter }: { readonly filter: AuditFilter }) {
  const t = useT();
  const desk = useDesk();
  const locale = useLocale();
  const log = useInfiniteQuery({
    queryKey: ["people", "audit", desk.userAccount, filter],
    queryFn: ({ pageParam, signal }) => fetchAudit(desk.userAccount, filter, pageParam, AUDIT_PAGE, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => { const had = pages.reduce((sum, page) => sum + page.entries.length, 0); return last.entries.length > 0 && had < last.total ? had : undefined; },
    placeholderData: keepPreviousData,
  });
  if (log.isError) { const failure = failureOf(log.error); return <Notice tone="problem" detail={failure.detail} action={<Button onClick={() => void log.refetch()}>{t("common.retry")}</Button>}>{t(failure.text, failure.values)}</Notice>; }
  if (!log.data) return <Spinner label={t("common.loading")} />;
  const entries = log.data.pages.flatMap((page) => page.entries);
  return (
    <>
      <p className="muted" role="status">{t("audit.count", { count: log.data.pages[0]?.total ?? 0, shown: formatNumber(log.data.pages[0]?.total ?? 0, locale) })}</p>
      {entries.length > 0 && (
        <div className="table-scroll" role="region" aria-label={t("audit.title")} tabIndex={0}>
          <table className="quiet-table stacked-table audit-table">
            <thead><tr><th scope="col">{t("audit.when")}</th><th scope="col">{t("audit.person")}</th><th scope="col">{t("audit.act")}</th><th scope="col">{t("audit.about")}</th><th scope="col">{t("audit.detail")}</th></tr></thead>
            <tbody>{entries.map((entry) => <EntryRow key={entry.id} entry={entry} />)}</tbody>
          </table>
        </div>
      )}
      {log.hasNextPage && <div className="audit-more"><Button disabled={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>{t("audit.more")}</Button></div>}
    </>
  );
}

export function AuditSection() {
  const t = useT();
  const desk = useDesk();
  const [chosen, setChosen] = useState<Chosen>({ userId: "", act: "", from: "", to: "" });
  const [busy, setBusy] = useState(false);
  const filter = filterOf(chosen);
  const download = async (): Promise<void> => {
    setBusy(true);
    try {
      const head = [t("audit.when"), t("audit.person"), t("audit.act"), t("audit.mailbox"), t("audit.about"), t("audit.detail")];
      save("postroom-log.csv", csvOf(head, await fetchAllAudit(desk.userAccount, filter)));
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
    }
    setBusy(false);
  };
  return (
    <>
      <Title heading="audit.title" lead="audit.lead" />
      <div className="people-filters">
        <Filters chosen={chosen} onChoose={setChosen} />
        <div className="people-filters-end"><Button icon={Download} disabled={busy} onClick={() => void download()}>{t("audit.csv")}</Button></div>
      </div>
      <Entries filter={filter} />
    </>
  );
}
