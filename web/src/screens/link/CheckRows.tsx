import { Ban, CircleAlert, CircleCheck, CircleDashed, LoaderCircle, TriangleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useLocale, useT, type MessageId, type Translate } from "../../i18n/i18n.ts";
import { formatBytes, formatStartDay, formatNumber, sentences } from "../../i18n/format.ts";
import type { AccountCheck, CheckName, CheckRow, CheckState, Evidence } from "../../mail/accounts.ts";
import { problemText } from "../../mail/problems.ts";
import { isEverything } from "./plain-servers.ts";

const LOOKS: Readonly<Record<CheckState | "waiting", { readonly icon: LucideIcon; readonly label: MessageId }>> = {
  running: { icon: LoaderCircle, label: "check.state.running" },
  ok: { icon: CircleCheck, label: "check.state.ok" },
  warn: { icon: TriangleAlert, label: "check.state.warn" },
  bad: { icon: CircleAlert, label: "check.state.bad" },
  skipped: { icon: Ban, label: "check.state.skipped" },
  waiting: { icon: CircleDashed, label: "check.state.waiting" },
};

const NAMES: Readonly<Record<CheckName, MessageId>> = {
  address: "check.address", authorise: "check.authorise", token: "check.token", imap: "check.imap", folders: "check.folders", smtp: "check.smtp", start: "check.start",
};

const OAUTH: readonly CheckName[] = ["address", "authorise", "token", "imap", "folders", "smtp", "start"];
const PLAIN: readonly CheckName[] = ["address", "imap", "folders", "smtp", "start"];

const text = (evidence: Evidence, key: string): string => (typeof evidence[key] === "string" ? evidence[key] : "");
const number = (evidence: Evidence, key: string): number => (typeof evidence[key] === "number" ? evidence[key] : 0);
const list = (evidence: Evidence, key: string): string[] => (Array.isArray(evidence[key]) ? evidence[key].map(String) : []);

const ROLES: Readonly<Record<string, MessageId>> = {
  inbox: "mailbox.inbox", drafts: "mailbox.drafts", sent: "mailbox.sent", trash: "mailbox.trash", junk: "mailbox.junk", archive: "mailbox.archive",
};

function roleNames(roles: readonly string[], t: Translate, locale: string): string {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(roles.flatMap((role) => (ROLES[role] ? [t(ROLES[role])] : [])));
}

function sinceOf(evidence: Evidence): string | null {
  const since = number(evidence, "since");
  return since > 0 ? new Date(since * 1000).toISOString() : null;
}

/* What was found, as a sentence. */
function found(row: CheckRow, t: Translate, locale: string): string {
  const evidence = row.evidence ?? {};
  switch (row.check) {
    case "address": return t("check.address.found", { imap: text(evidence, "imap"), smtp: text(evidence, "smtp") });
    case "authorise": return t("check.authorise.found", { login: text(evidence, "login") });
    case "token": return t("check.token.found", { count: list(evidence, "scopes").length, address: text(evidence, "address") });
    case "imap": return t("check.imap.found", { server: text(evidence, "server") });
    case "folders": {
      const missing = list(evidence, "missing");
      const base = t("check.folders.found", { count: number(evidence, "folders"), roles: roleNames(list(evidence, "roles"), t, locale) });
      return missing.length > 0 ? sentences([base, t("check.folders.missing", { roles: roleNames(missing, t, locale) })], locale) : base;
    }
    case "smtp": return t("check.smtp.found", { server: text(evidence, "server") });
    case "start": {
      const since = sinceOf(evidence);
      const id: MessageId = evidence["complete"] === false ? "check.start.atLeast" : "check.start.found";
      const values = { messages: formatNumber(number(evidence, "messages"), locale), size: formatBytes(number(evidence, "bytes"), locale) };
      return isEverything(since) ? t(id, values) : sentences([t(id, values), t("check.start.since", { date: formatStartDay(since!, locale) })], locale);
    }
  }
}

/* For Details: what the server said, the permissions, the extensions; never translated. */
function raw(row: CheckRow): string[] {
  const evidence = row.evidence ?? {};
  const code = number(evidence, "code");
  return [
    row.problem?.detail ?? "", row.problem ? row.problem.code : "", [code || "", text(evidence, "said")].join(" ").trim(),
    list(evidence, "scopes").join(" "), list(evidence, "extensions").join(" "),
  ].filter((line, at, lines) => line !== "" && lines.indexOf(line) === at);
}

export function formatTook(milliseconds: number, locale: string): string {
  const seconds = milliseconds >= 1000;
  return new Intl.NumberFormat(locale, { style: "unit", unit: seconds ? "second" : "millisecond", unitDisplay: "short", maximumFractionDigits: seconds ? 1 : 0 })
    .format(seconds ? milliseconds / 1000 : milliseconds);
}

function Details({ row }: { readonly row: CheckRow }) {
  const t = useT();
  const lines = raw(row);
  if (lines.length === 0) return null;
  return (
    <details className="check-details">
      <summary>{t("common.details")}</summary>
      {lines.map((line) => <code key={line} dir="ltr">{line}</code>)}
    </details>
  );
}

interface RowProps {
  readonly name: string;
  readonly state: CheckState | "waiting";
  readonly took?: string | null;
  /* Where another word than that of a check fits its state. */
  readonly label?: MessageId;
  readonly children?: ReactNode;
}

/* A line of the way to a mailbox. */
export function CheckLine({ name, state, took, label = LOOKS[state].label, children }: RowProps) {
  const t = useT();
  const { icon: Icon } = LOOKS[state];
  return (
    <li className={`check check-${state}`}>
      <Icon size={18} aria-hidden className={state === "running" ? "spinning" : undefined} />
      <div className="check-text">
        <span className="check-head"><strong>{name}</strong><span className="check-state">{t(label)}</span>{took && <span className="check-took">{took}</span>}</span>
        {children}
      </div>
    </li>
  );
}

function Row({ name, row }: { readonly name: CheckName; readonly row: CheckRow | undefined }) {
  const t = useT();
  const locale = useLocale();
  const state = row?.state ?? "waiting";
  const done = state === "ok" || state === "warn" || state === "bad";
  const problem = row?.problem ? problemText(row.problem, t) : null;
  return (
    <CheckLine name={t(NAMES[name])} state={state} took={done && row ? formatTook(row.milliseconds, locale) : null}>
      {row && !problem && done && row.evidence && <span>{found(row, t, locale)}</span>}
      {problem && <strong className="check-problem">{problem.title}</strong>}
      {problem && <span>{problem.action}</span>}
      {row && done && <Details row={row} />}
    </CheckLine>
  );
}

interface Props {
  readonly check: AccountCheck | undefined;
  readonly oauth: boolean;
  readonly busy: boolean;
  /* The start date that was agreed to: an amount that was counted from another day is left out. */
  readonly since?: string | null;
  readonly children?: ReactNode;
}

/* Every check of it in its order, those to come too. */
export function CheckRows({ check, oauth, busy, since, children }: Props) {
  const t = useT();
  const counted = check?.rows.find((row) => row.check === "start")?.evidence;
  const outdated = since !== undefined && counted != null && sinceOf(counted)?.slice(0, 10) !== since?.slice(0, 10);
  return (
    <ul className="checks" aria-label={t("check.title")} aria-live="polite" aria-busy={busy}>
      {(oauth ? OAUTH : PLAIN).filter((name) => name !== "start" || !outdated).map((name) => <Row key={name} name={name} row={check?.rows.find((row) => row.check === name)} />)}
      {children}
    </ul>
  );
}
