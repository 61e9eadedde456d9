import { CircleAlert, CircleCheck, CircleX } from "lucide-react";
import { useDesk } from "../../app/context.ts";
import { LINKING } from "../../app/router.ts";
import { useT, type MessageId, type Translate } from "../../i18n/i18n.ts";
import type { Provider } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { isProblemCode, problemText } from "../../mail/problems.ts";
import { useProviderTest, type TestRow } from "../../mail/provider-test.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Link } from "../../ui/Link.tsx";
import { showToast } from "../../ui/toasts.ts";
import { daysLeft } from "./microsoft-values.ts";

const NAMES: Readonly<Record<TestRow["check"], MessageId>> = {
  "settings": "ms.testSettings", "proxy": "ms.testProxy", "reach": "ms.testReach", "tls": "ms.testTls", "discovery": "ms.testDiscovery", "client": "ms.testClient",
  "second-secret": "ms.testSecond", "graph": "ms.testGraph", "imap": "ms.testImap", "smtp": "ms.testSmtp", "clock": "ms.testClock",
};
const ICONS = { ok: CircleCheck, warn: CircleAlert, bad: CircleX } as const;
const STATES: Readonly<Record<TestRow["state"], MessageId>> = { ok: "ms.testOk", warn: "ms.testWarn", bad: "ms.testBad" };

/* What is wrong, and what to do. */
function sentencesOf(row: TestRow, provider: Provider, t: Translate): readonly string[] {
  if (row.state === "ok") return [];
  if (row.problem === "app-secret-expires" && provider.secretExpires) return [t("ms.secretExpiresSoon", { days: daysLeft(provider.secretExpires.slice(0, 10)) })];
  if (row.problem === "tenant-unknown") return [t("ms.testTenant")];
  if (row.check === "clock") return [t("ms.testClockBad")];
  const code = row.problem ?? (row.check === "settings" && row.state === "warn" ? provider.problem?.code : null);
  if (code && isProblemCode(code)) { const text = problemText({ code }, t); return [text.title, text.action]; }
  return [t("ms.testLook")];
}

function Row({ row, provider }: { readonly row: TestRow; readonly provider: Provider }) {
  const t = useT();
  const Icon = ICONS[row.state];
  return (
    <li className="test-row" data-state={row.state} data-check={row.check}>
      <Icon size={18} aria-label={t(STATES[row.state])} />
      <div>
        <strong>{t(NAMES[row.check] ?? "ms.testSettings")}</strong>
        {sentencesOf(row, provider, t).map((sentence) => <p key={sentence}>{sentence}</p>)}
        {row.state !== "ok" && <details><summary>{t("common.details")}</summary><code dir="auto">{row.detail}</code></details>}
      </div>
    </li>
  );
}

/* What may be shown to anybody: ids and names of hosts stay out. */
function reportOf(provider: Provider, rows: readonly TestRow[]): string {
  const settings = [`type=${provider.type}`, `cloud=${provider.cloud ?? "global"}`, `tenant=${/^[0-9a-f-]{36}$|\./i.test(provider.tenant ?? "") ? "(one)" : provider.tenant ?? "common"}`,
    `clientId=${provider.clientId ? "(set)" : "(none)"}`, `secret=${provider.hasClientSecret ? "(set)" : "(none)"}`, `secretExpires=${provider.secretExpires?.slice(0, 10) ?? "-"}`,
    `secondSecret=${provider.hasSecondSecret ? "(set)" : "(none)"}`, `redirectWarning=${provider.redirectWarning ?? "none"}`, `signIn=${provider.signIn ?? "off"}`];
  const guids = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi;
  const hosts = /\b(?:https?:\/\/)?(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?(?:\/\S*)?/gi;
  const redact = (text: string): string => text.replace(guids, "<id>").replace(/[^\s@]+@[^\s@]+/g, "<address>").replace(hosts, (host) => (/microsoft|office|outlook|chinacloudapi/i.test(host) ? host : "<host>"));
  return [`Postroom, provider test, ${new Date().toISOString()}`, ...settings, ...rows.map((row) => `${row.state.toUpperCase()} ${row.check}${row.problem ? ` ${row.problem}` : ""}: ${redact(row.detail)}`)].join("\n");
}

/* Test configuration, row by row while it runs; nobody signs in, nothing is sent. */
export function TestPanel({ provider, onField }: { readonly provider: Provider; readonly onField: (field: string | null) => void }) {
  const t = useT();
  const desk = useDesk();
  const { test, busy, run } = useProviderTest(desk.userAccount, provider.id);
  const start = (): void => {
    onField(null);
    run().catch((error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
  };
  const rows = test?.rows ?? [];
  const wrong = rows.find((row) => row.field !== null);
  const good = test?.done === true && rows.every((row) => row.state !== "bad");
  return (
    <section className="card" aria-labelledby="ms-test">
      <div className="card-line"><h2 id="ms-test">{t("ms.test")}</h2><Button kind="primary" disabled={busy} onClick={start}>{t(busy ? "ms.testing" : "ms.testRun")}</Button></div>
      <p className="muted">{t("ms.testHint")}</p>
      <ul className="test-rows" aria-live="polite" aria-busy={busy}>{rows.map((row, index) => <Row key={`${row.check} ${index}`} row={row} provider={provider} />)}</ul>
      {test?.done && (
        <div className="card-line" role="status">
          <p>{t(good ? "ms.testGood" : "ms.testFailed")}</p>
          {good && <Link className="button button-quiet" to={LINKING}>{t("ms.testMailbox")}</Link>}
          {wrong?.field && <Button onClick={() => onField(wrong.field)}>{t("ms.testShowField")}</Button>}
          <span className="copy-report">{t("ms.testReport")} <CopyButton text={reportOf(provider, rows)} /></span>
        </div>
      )}
    </section>
  );
}
