import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Radio } from "antd";
import { useState } from "react";
import { useDesk } from "../../app/context.ts";
import { navigate } from "../../app/router.ts";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import type { Provider } from "../../jmap/types.ts";
import { isAddress } from "../../mail/answers.ts";
import { failureOf, type Failure } from "../../mail/failures.ts";
import { createPlainAccount } from "../../mail/linked.ts";
import { providersQuery } from "../../mail/queries.ts";
import { goToProvider } from "../../mail/relink.ts";
import { AntdFrame } from "../../ui/AntdFrame.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { showToast } from "../../ui/toasts.ts";
import { PlainServerFields } from "./PlainServerFields.tsx";
import { dayBefore, serverUrl, today, type ServerValues } from "./plain-servers.ts";

interface LinkValues {
  readonly provider: string;
  readonly address: string;
  readonly since: string;
  readonly imap: ServerValues;
  readonly smtp: ServerValues;
  readonly login?: string;
  readonly password: string;
}

const PLAIN = "";
const SPANS: readonly { readonly label: MessageId; readonly days: number }[] = [
  { label: "link.lastMonth", days: 30 }, { label: "link.lastQuarter", days: 91 }, { label: "link.lastYear", days: 365 },
];
const EVERYTHING = "1990-01-01";

function ProviderChoice({ providers }: { readonly providers: readonly Provider[] }) {
  const t = useT();
  const desk = useDesk();
  return (
    <Form.Item name="provider" label={t("link.provider")}>
      <Radio.Group className="provider-choice">
        {providers.map((provider) => (
          <Radio key={provider.id} value={provider.id} disabled={!provider.ready}>
            <strong>{t(provider.type === "microsoft" ? "link.microsoft" : "link.google")}</strong>
            <small>{provider.ready ? t(provider.type === "microsoft" ? "link.microsoftHint" : "link.googleHint")
              : `${t("link.notReady")}. ${t(desk.user.admin ? "link.notReadyAdmin" : "link.notReadyUser")}`}</small>
          </Radio>
        ))}
        <Radio value={PLAIN}><strong>{t("link.plain")}</strong><small>{t("link.plainHint")}</small></Radio>
      </Radio.Group>
    </Form.Item>
  );
}

function SinceField({ onPick }: { readonly onPick: (day: string) => void }) {
  const t = useT();
  return (
    <Form.Item label={t("link.since")} extra={t("link.sinceHint")} required>
      <div className="since-row">
        <Form.Item name="since" noStyle rules={[{ validator: (_, value: string) => (value && value <= today() ? Promise.resolve() : Promise.reject(new Error(t("link.sinceInvalid")))) }]}>
          <Input type="date" max={today()} aria-label={t("link.since")} className="since-input" />
        </Form.Item>
        <span className="since-spans">
          {SPANS.map((span) => <Button key={span.days} type="text" size="small" onClick={() => onPick(dayBefore(span.days))}>{t(span.label)}</Button>)}
          <Button type="text" size="small" onClick={() => onPick(EVERYTHING)}>{t("link.everything")}</Button>
        </span>
      </div>
    </Form.Item>
  );
}

function useLink(onClose: () => void) {
  const desk = useDesk();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const link = async (values: LinkValues): Promise<void> => {
    setFailure(null);
    setBusy(true);
    const address = values.address.trim();
    if (values.provider !== PLAIN) return goToProvider({ provider: values.provider, address, since: values.since });
    const login = values.login?.trim() || null;
    try {
      const id = await createPlainAccount(client, desk.userAccount, {
        address, password: values.password, since: `${values.since}T00:00:00Z`,
        imapUrl: serverUrl("imap", values.imap, login), smtpUrl: serverUrl("smtp", values.smtp, login),
      });
      showToast({ text: "link.created", values: { address } });
      onClose();
      if (id) navigate({ screen: "account", accountId: id });
    } catch (error) {
      setFailure(failureOf(error));
      setBusy(false);
    }
  };
  return { busy, failure, link };
}

function LinkForm({ address, providers, onClose }: { readonly address: string; readonly providers: readonly Provider[]; readonly onClose: () => void }) {
  const t = useT();
  const [form] = Form.useForm<LinkValues>();
  const { busy, failure, link } = useLink(onClose);
  const first = providers.find((provider) => provider.ready)?.id ?? PLAIN;
  const chosen = Form.useWatch("provider", form) ?? first;
  const type = providers.find((provider) => provider.id === chosen)?.type;
  const submit: MessageId = type === "microsoft" ? "link.toMicrosoft" : type === "google" ? "link.toGoogle" : "link.connect";
  return (
    <Form form={form} layout="vertical" requiredMark={false} onFinish={(values) => void link(values)} scrollToFirstError
      initialValues={{ provider: first, address, since: dayBefore(91), imap: { host: "", port: "993", security: "tls" }, smtp: { host: "", port: "587", security: "starttls" } }}>
      {failure && <div className="form-note"><Notice tone="problem" detail={failure.detail}>{t(failure.text, failure.values)}</Notice></div>}
      <ProviderChoice providers={providers} />
      <Form.Item name="address" label={t("link.address")} extra={chosen === PLAIN ? undefined : t("link.addressHint")}
        rules={[{ validator: (_, value: string) => (isAddress((value ?? "").trim()) ? Promise.resolve() : Promise.reject(new Error(t("link.addressInvalid")))) }]}>
        <Input type="email" dir="ltr" autoComplete="email" autoFocus />
      </Form.Item>
      {chosen === PLAIN && <PlainServerFields />}
      <SinceField onPick={(day) => form.setFieldValue("since", day)} />
      <div className="form-foot">
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="primary" htmlType="submit" loading={busy}>{t(submit)}</Button>
      </div>
    </Form>
  );
}

/* Where the mailbox is, whose it is, and from which day on. The provider's own sign-in follows in the browser. */
export function LinkDialog({ address, onClose }: { readonly address: string; readonly onClose: () => void }) {
  const t = useT();
  const desk = useDesk();
  const providers = useQuery(providersQuery(desk.userAccount));
  return (
    <AntdFrame>
      <Modal open title={t("link.title")} onCancel={onClose} footer={null} width={560} destroyOnHidden>
        {(providers.data || providers.isError) && <LinkForm address={address} providers={providers.data ?? []} onClose={onClose} />}
      </Modal>
    </AntdFrame>
  );
}
