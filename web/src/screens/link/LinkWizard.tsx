import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, type FormEvent, type ReactNode } from "react";
import { useDesk } from "../../app/context.ts";
import { ACCOUNTS, navigate } from "../../app/router.ts";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import type { Provider } from "../../jmap/types.ts";
import { accountKeys, canFetch, checkQuery, findServers, runCheck, type CheckOf, type Servers } from "../../mail/accounts.ts";
import { isAddress } from "../../mail/answers.ts";
import { failureOf, type Failure } from "../../mail/failures.ts";
import { createPlainAccount } from "../../mail/linked.ts";
import { providersQuery } from "../../mail/queries.ts";
import { goToProvider } from "../../mail/relink.ts";
import { Button } from "../../ui/Button.tsx";
import { Link } from "../../ui/Link.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { showToast } from "../../ui/toasts.ts";
import { CheckRows } from "./CheckRows.tsx";
import { NO_SERVERS, plainIsComplete, PlainServerFields, type PlainValues } from "./PlainServerFields.tsx";
import { dayBefore, serverUrl, type ServerValues } from "./plain-servers.ts";
import { StartDate } from "./StartDate.tsx";

const PLAIN = "";
const LOOK_PAUSE = 700;

function showFromHere(heading: HTMLElement | null): void {
  heading?.scrollIntoView({ block: "center" });
}

type Finding = { readonly state: "none" } | { readonly state: "looking" } | { readonly state: "found"; readonly servers: Servers };

/* Looks for the servers of an address, a moment after it was typed. */
function useFinding(address: string): Finding {
  const desk = useDesk();
  const [finding, setFinding] = useState<Finding>({ state: "none" });
  useEffect(() => {
    setFinding({ state: "none" });
    if (!isAddress(address)) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      setFinding({ state: "looking" });
      findServers(desk.userAccount, address, abort.signal).then(
        (servers) => setFinding({ state: "found", servers }), () => { if (!abort.signal.aborted) setFinding({ state: "none" }); });
    }, LOOK_PAUSE);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [desk.userAccount, address]);
  return finding;
}

function FindingLine({ finding, plain }: { readonly finding: Finding; readonly plain: boolean }) {
  const t = useT();
  if (finding.state === "none") return null;
  if (finding.state === "looking") return <p className="field-hint" role="status">{t("link.looking")}</p>;
  const { servers } = finding;
  const failed = servers.tried.some((one) => one.state === "failed");
  const id: MessageId = servers.providerType === "microsoft" ? "link.foundMicrosoft" : servers.providerType === "google" ? "link.foundGoogle"
    : servers.imap ? "link.foundServers" : failed ? "link.foundFailed" : "link.foundNothing";
  if (!plain && servers.providerType === null && !servers.imap) return null;
  return <p className="field-hint" role="status">{t(id, { imap: servers.imap?.host ?? "", smtp: servers.smtp?.host ?? "" })}</p>;
}

interface ChoiceProps {
  readonly providers: readonly Provider[];
  readonly chosen: string;
  readonly onChosen: (id: string) => void;
}

function ProviderChoice({ providers, chosen, onChosen }: ChoiceProps) {
  const t = useT();
  const desk = useDesk();
  const option = (id: string, title: MessageId, hint: string, ready: boolean) => (
    <label key={id} className="provider-option" data-checked={chosen === id}>
      <input type="radio" name="provider" value={id} checked={chosen === id} disabled={!ready} onChange={() => onChosen(id)} />
      <span><strong>{t(title)}</strong><small>{hint}</small></span>
    </label>
  );
  return (
    <fieldset className="provider-options">
      <legend>{t("link.provider")}</legend>
      {providers.map((provider) => option(provider.id, provider.type === "microsoft" ? "link.microsoft" : "link.google",
        provider.ready ? t(provider.type === "microsoft" ? "link.microsoftHint" : "link.googleHint") : `${t("link.notReady")}. ${t(desk.user.admin ? "link.notReadyAdmin" : "link.notReadyUser")}`, provider.ready))}
      {option(PLAIN, "link.plain", t("link.plainHint"), true)}
    </fieldset>
  );
}

/* What is tried, once it was asked for. */
interface Trial {
  readonly of: Extract<CheckOf, { readonly address: string }>;
  readonly id: string;
}

function useTrial() {
  const desk = useDesk();
  const client = useQueryClient();
  const [trial, setTrial] = useState<Trial | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const check = useQuery(checkQuery(desk.userAccount, trial?.id ?? null));
  const start = async (of: Trial["of"]): Promise<void> => {
    setFailure(null);
    setTrial(null);
    try {
      const id = await runCheck(desk.userAccount, of);
      client.removeQueries({ queryKey: accountKeys.check(id) });
      setTrial({ of, id });
    } catch (error) {
      setFailure(failureOf(error));
    }
  };
  const forget = (): void => setTrial(null);
  return { trial, check: check.data, failure: failure ?? (check.isError ? failureOf(check.error) : null), start, forget };
}

/* The mailbox can be reached: from which day on, and then it is linked. */
function Agree({ trial, onCancel }: { readonly trial: Trial; readonly onCancel: () => void }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const [since, setSince] = useState(() => dayBefore(91));
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const link = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      const id = await createPlainAccount(client, desk.userAccount, { ...trial.of, since: `${since}T00:00:00Z` });
      showToast({ text: "link.created", values: { address: trial.of.address } });
      navigate({ screen: "link-done", accountId: id });
    } catch (error) {
      setFailure(failureOf(error));
      setBusy(false);
    }
  };
  return (
    <section className="card">
      <h2 ref={heading} tabIndex={-1}>{t("link.agreeTitle")}</h2>
      {failure && <Notice tone="problem" detail={failure.detail}>{t(failure.text, failure.values)}</Notice>}
      <StartDate of={trial.of} since={since} onSince={setSince} />
      <div className="form-foot">
        <Button onClick={onCancel}>{t("link.notNow")}</Button>
        <Button kind="primary" disabled={busy || since === ""} onClick={() => void link()}>{t("link.start")}</Button>
      </div>
    </section>
  );
}

const asValues = (server: { readonly host: string; readonly port: number; readonly security: "tls" | "starttls" }): ServerValues =>
  ({ host: server.host, port: String(server.port), security: server.security });

function useForm(initial: string, providers: readonly Provider[]) {
  const [address, setAddress] = useState(initial);
  const trimmed = address.trim();
  const finding = useFinding(trimmed);
  const first = providers.find((provider) => provider.ready)?.id ?? PLAIN;
  const [picked, setPicked] = useState<string | null>(null);
  const [plain, setPlain] = useState<PlainValues>(NO_SERVERS);
  const servers = finding.state === "found" ? finding.servers : null;
  useEffect(() => {
    if (!servers?.imap || !servers.smtp) return undefined;
    const login = servers.loginIsLocalPart ? trimmed.slice(0, trimmed.lastIndexOf("@")) : "";
    const [imap, smtp] = [asValues(servers.imap), asValues(servers.smtp)];
    setPlain((now) => ({ ...now, imap, smtp, login: login || now.login }));
    /* They are of this address: what nobody has changed goes with it. */
    return () => setPlain((now) => ({
      ...now, imap: now.imap === imap ? NO_SERVERS.imap : now.imap, smtp: now.smtp === smtp ? NO_SERVERS.smtp : now.smtp, login: now.login === login ? "" : now.login,
    }));
  }, [servers, trimmed]);
  const suggested = servers === null ? null
    : providers.find((provider) => provider.ready && provider.type === servers.providerType)?.id ?? (servers.imap ? PLAIN : null);
  const chosen = picked ?? suggested ?? first;
  return { address, setAddress, trimmed, finding, servers, chosen, setPicked, plain, setPlain };
}

function Form({ initial, providers, focused }: { readonly initial: string; readonly providers: readonly Provider[]; readonly focused: boolean }) {
  const t = useT();
  const form = useForm(initial, providers);
  const { trial, check, failure, start, forget } = useTrial();
  const [checked, setChecked] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const { chosen, plain, trimmed } = form;
  const type = providers.find((provider) => provider.id === chosen)?.type;
  const running = trial !== null && check?.state !== "done";
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (!isAddress(trimmed)) return field.current?.focus();
    if (chosen !== PLAIN) return goToProvider({ provider: chosen, address: trimmed, since: dayBefore(91), hold: true });
    if (!plainIsComplete(plain)) return;
    const login = plain.login.trim() || null;
    void start({ address: trimmed, password: plain.password, imapUrl: serverUrl("imap", plain.imap, login), smtpUrl: serverUrl("smtp", plain.smtp, login) });
  };
  const label: MessageId = type === "microsoft" ? "link.toMicrosoft" : type === "google" ? "link.toGoogle" : trial ? "link.checkAgain" : "link.check";
  const ready = useMemo(() => canFetch(check), [check]);
  return (
    <>
      <form className="card link-form" onSubmit={submit} noValidate>
        {failure && <Notice tone="problem" detail={failure.detail}>{t(failure.text, failure.values)}</Notice>}
        <label className="field">
          <span>{t("link.address")}</span>
          <input ref={field} className="input" type="email" dir="ltr" autoComplete="email" autoFocus={focused} value={form.address} aria-invalid={checked && !isAddress(trimmed)}
            onChange={(event) => { forget(); form.setAddress(event.target.value); }} />
        </label>
        {checked && !isAddress(trimmed) && <p className="field-error" role="alert">{t("link.addressInvalid")}</p>}
        <FindingLine finding={form.finding} plain={chosen === PLAIN} />
        <ProviderChoice providers={providers} chosen={chosen} onChosen={(id) => { forget(); form.setPicked(id); }} />
        {chosen !== PLAIN && <p className="field-hint">{t("link.addressHint")}</p>}
        {chosen === PLAIN && <PlainServerFields values={plain} onValues={(values) => { forget(); form.setPlain(values); }} appPassword={form.servers?.appPassword ?? false} checked={checked} />}
        <div className="form-foot">
          <Link className="button button-quiet" to={ACCOUNTS}>{t("common.cancel")}</Link>
          <Button kind={ready ? "quiet" : "primary"} type="submit" disabled={running}>{t(label)}</Button>
        </div>
      </form>
      {trial && <section className="card"><h2 ref={showFromHere}>{t("check.title")}</h2><CheckRows check={check} oauth={false} busy={running} /></section>}
      {trial && ready && <Agree trial={trial} onCancel={() => navigate(ACCOUNTS)} />}
    </>
  );
}

/* From an address to a mailbox that is being fetched. A plain one is tried before it is linked; the provider's own sign-in comes back to link/done, or here with what failed. */
export function LinkWizard({ address, failure }: { readonly address: string; readonly failure?: ReactNode }) {
  const t = useT();
  const desk = useDesk();
  const providers = useQuery(providersQuery(desk.userAccount));
  return (
    <div className="wizard">
      <div className="page-title"><div><h1>{t("link.title")}</h1><p>{t("link.lead")}</p></div></div>
      <div className="cards">
        {failure}
        {(providers.data || providers.isError) && <Form initial={address} providers={providers.data ?? []} focused={!failure} />}
      </div>
    </div>
  );
}
