import { useT } from "../../i18n/i18n.ts";
import { Choice } from "../../ui/Choice.tsx";
import { isHost, isPort, usualPort, type ServerValues } from "./plain-servers.ts";

interface ServerProps {
  readonly protocol: "imap" | "smtp";
  readonly value: ServerValues;
  readonly onValue: (value: ServerValues) => void;
  readonly checked: boolean;
}

function ServerFields({ protocol, value, onValue, checked }: ServerProps) {
  const t = useT();
  const label = t(protocol === "imap" ? "link.imapServer" : "link.smtpServer");
  const badHost = checked && !isHost(value.host.trim());
  const badPort = checked && !isPort(value.port.trim());
  return (
    <fieldset className="server">
      <legend>{label}</legend>
      <div className="server-row">
        <input className="input" dir="ltr" value={value.host} placeholder={`${protocol}.example.com`} aria-label={`${label}, ${t("link.host")}`} aria-invalid={badHost}
          autoCapitalize="none" spellCheck={false} onChange={(event) => onValue({ ...value, host: event.target.value })} />
        <Choice aria-label={`${label}, ${t("link.security")}`} value={value.security} options={[{ value: "tls", label: t("link.tls") }, { value: "starttls", label: t("link.starttls") }]}
          onChange={({ target }) => {
            const security = target.value === "tls" ? "tls" : "starttls";
            onValue({ ...value, security, port: usualPort(protocol, security) });
          }} />
        <input className="input" dir="ltr" inputMode="numeric" value={value.port} aria-label={`${label}, ${t("link.port")}`} aria-invalid={badPort} onChange={(event) => onValue({ ...value, port: event.target.value })} />
      </div>
      {badHost && <p className="field-error" role="alert">{t("link.hostInvalid")}</p>}
      {badPort && <p className="field-error" role="alert">{t("link.portInvalid")}</p>}
    </fieldset>
  );
}

export interface PlainValues {
  readonly imap: ServerValues;
  readonly smtp: ServerValues;
  readonly login: string;
  readonly password: string;
}

export const NO_SERVERS: PlainValues = {
  imap: { host: "", port: "993", security: "tls" }, smtp: { host: "", port: "465", security: "tls" }, login: "", password: "",
};

export function plainIsComplete(values: PlainValues): boolean {
  return [values.imap, values.smtp].every((server) => isHost(server.host.trim()) && isPort(server.port.trim())) && values.password !== "";
}

interface Props {
  readonly values: PlainValues;
  readonly onValues: (values: PlainValues) => void;
  readonly appPassword: boolean;
  readonly checked: boolean;
}

export function PlainServerFields({ values, onValues, appPassword, checked }: Props) {
  const t = useT();
  const missing = checked && values.password === "";
  return (
    <>
      <ServerFields protocol="imap" value={values.imap} onValue={(imap) => onValues({ ...values, imap })} checked={checked} />
      <ServerFields protocol="smtp" value={values.smtp} onValue={(smtp) => onValues({ ...values, smtp })} checked={checked} />
      <label className="field">
        <span>{t("link.login")}</span>
        <input className="input" dir="ltr" autoComplete="off" value={values.login} onChange={(event) => onValues({ ...values, login: event.target.value })} />
      </label>
      <label className="field">
        <span>{t("link.password")}</span>
        <input className="input" dir="ltr" type="password" autoComplete="new-password" value={values.password} aria-invalid={missing} aria-describedby="password-hint" onChange={(event) => onValues({ ...values, password: event.target.value })} />
      </label>
      <p id="password-hint" className={appPassword ? "field-hint field-hint-strong" : "field-hint"}>{t(appPassword ? "link.appPassword" : "link.passwordHint")}</p>
      {missing && <p className="field-error" role="alert">{t("link.required")}</p>}
    </>
  );
}
