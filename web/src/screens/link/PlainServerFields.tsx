import { Form, Input } from "antd";
import { Choice } from "../../ui/Choice.tsx";
import { useT } from "../../i18n/i18n.ts";
import { isHost, isPort, usualPort } from "./plain-servers.ts";

function ServerFields({ protocol }: { readonly protocol: "imap" | "smtp" }) {
  const t = useT();
  const form = Form.useFormInstance();
  const label = t(protocol === "imap" ? "link.imapServer" : "link.smtpServer");
  const rule = (test: (value: string) => boolean, text: string) =>
    ({ validator: (_: unknown, value: string) => (test((value ?? "").trim()) ? Promise.resolve() : Promise.reject(new Error(text))) });
  return (
    <Form.Item label={label} className="server-item">
      <div className="server-row">
        <Form.Item name={[protocol, "host"]} rules={[rule(isHost, t("link.hostInvalid"))]} className="server-host">
          <Input dir="ltr" placeholder={`${protocol}.example.com`} aria-label={`${label}, ${t("link.host")}`} autoCapitalize="none" spellCheck={false} />
        </Form.Item>
        <Form.Item name={[protocol, "security"]} className="server-security">
          <Choice aria-label={`${label}, ${t("link.security")}`} options={[{ value: "tls", label: t("link.tls") }, { value: "starttls", label: t("link.starttls") }]}
            onChange={({ target }) => form.setFieldValue([protocol, "port"], usualPort(protocol, target.value === "tls" ? "tls" : "starttls"))} />
        </Form.Item>
        <Form.Item name={[protocol, "port"]} rules={[rule(isPort, t("link.portInvalid"))]} className="server-port">
          <Input dir="ltr" inputMode="numeric" aria-label={`${label}, ${t("link.port")}`} />
        </Form.Item>
      </div>
    </Form.Item>
  );
}

export function PlainServerFields() {
  const t = useT();
  return (
    <>
      <ServerFields protocol="imap" />
      <ServerFields protocol="smtp" />
      <Form.Item name="login" label={t("link.login")}><Input dir="ltr" autoComplete="off" /></Form.Item>
      <Form.Item name="password" label={t("link.password")} extra={t("link.passwordHint")} rules={[{ required: true, message: t("link.required") }]}>
        <Input.Password dir="ltr" autoComplete="new-password" />
      </Form.Item>
    </>
  );
}
