import { Button, Form, Input, Radio } from "antd";
import { useState } from "react";
import { formatDay } from "../../i18n/format.ts";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import type { Cloud, Provider } from "../../jmap/types.ts";
import { Choice } from "../../ui/Choice.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import {
  daysLeft, ENDPOINTS, isGuid, isHostPort, isProxy, isTenant, isUrl, looksLikeSecretId, PRESETS, valuesOf, type AccountTypes, type Endpoint, type MicrosoftValues,
} from "./microsoft-values.ts";

const TYPES: readonly (readonly [AccountTypes, MessageId])[] = [
  ["tenant", "ms.typeTenant"], ["organizations", "ms.typeOrganizations"], ["common", "ms.typeCommon"], ["consumers", "ms.typeConsumers"],
];
const CLOUDS: readonly (readonly [Cloud, MessageId])[] = [
  ["global", "ms.cloudGlobal"], ["usgov", "ms.cloudUsgov"], ["dod", "ms.cloudDod"], ["china", "ms.cloudChina"], ["custom", "ms.cloudCustom"],
];
const ENDPOINT_LABELS: Readonly<Record<Endpoint, MessageId>> = {
  authority: "ms.authority", graph: "ms.graph", imap: "ms.imap", smtp: "ms.smtp", scopePrefix: "ms.scopePrefix",
};
const SOON = 30;

function rule(test: (value: string) => boolean, text: string) {
  return { validator: (_: unknown, value: string | undefined) => (test((value ?? "").trim()) ? Promise.resolve() : Promise.reject(new Error(text))) };
}

function RedirectUri({ uri, warning }: { readonly uri: string; readonly warning: Provider["redirectWarning"] | undefined }) {
  const t = useT();
  return (
    <Form.Item label={t("ms.redirect")} extra={t("ms.redirectHint")}>
      <div className="copy-line"><code dir="ltr">{uri}</code><CopyButton text={uri} /></div>
      {warning && <div className="form-warning"><Notice tone="problem">{t("ms.redirectNotHttps")}</Notice></div>}
    </Form.Item>
  );
}

function AccountTypeFields({ types }: { readonly types: AccountTypes }) {
  const t = useT();
  return (
    <>
      <Form.Item name="accountTypes" label={t("ms.accountTypes")} extra={t("ms.accountTypesHint")}>
        <Radio.Group className="stacked-radios">
          {TYPES.map(([value, label]) => <Radio key={value} value={value}>{t(label)}</Radio>)}
        </Radio.Group>
      </Form.Item>
      {types === "tenant" && (
        <Form.Item name="tenant" label={t("ms.tenant")} extra={t("ms.tenantHint")} rules={[rule(isTenant, t("ms.tenantInvalid"))]}>
          <Input dir="ltr" spellCheck={false} autoComplete="off" />
        </Form.Item>
      )}
    </>
  );
}

function SecretFields({ provider, expires }: { readonly provider: Provider | undefined; readonly expires: string | undefined }) {
  const t = useT();
  const stored = provider?.hasClientSecret === true;
  const days = expires ? daysLeft(expires) : null;
  return (
    <>
      <Form.Item name="clientSecret" label={t("ms.secret")} extra={stored ? t("ms.secretStored") : t("ms.secretHint")}
        rules={[rule((value) => !looksLikeSecretId(value), t("ms.secretIsId")), rule((value) => stored || value !== "", t("ms.secretRequired"))]}>
        <Input.Password dir="ltr" spellCheck={false} autoComplete="new-password" placeholder={stored ? "••••••••••••" : undefined} />
      </Form.Item>
      <Form.Item name="secretExpires" label={t("ms.secretExpires")} extra={t("ms.secretExpiresHint")}>
        <Input type="date" className="since-input" />
      </Form.Item>
      {days !== null && days <= SOON && (
        <div className="form-note"><Notice tone={days <= 0 ? "problem" : "hint"}>{days <= 0 ? t("ms.secretExpired") : t("ms.secretExpiresSoon", { days })}</Notice></div>
      )}
    </>
  );
}

/* For a roll-over: it goes on where the first is refused. */
function SecondSecretFields({ provider, onRoll }: { readonly provider: Provider | undefined; readonly onRoll: Props["onRoll"] }) {
  const t = useT();
  const locale = useLocale();
  if (!provider?.hasClientSecret) return null;
  const stored = provider.hasSecondSecret === true;
  return (
    <details className="advanced" open={stored || undefined}>
      <summary>{t("ms.second")}</summary>
      <p className="muted">{t("ms.secondHint")}</p>
      {provider.secondSecretTakenAt && <div className="form-note"><Notice tone="hint">{t("ms.secondTaken", { date: formatDay(provider.secondSecretTakenAt, locale) })}</Notice></div>}
      <Form.Item name="secondSecret" label={t("ms.secondValue")} extra={stored ? t("ms.secretStored") : undefined} rules={[rule((value) => !looksLikeSecretId(value), t("ms.secretIsId"))]}>
        <Input.Password dir="ltr" spellCheck={false} autoComplete="new-password" placeholder={stored ? "••••••••••••" : undefined} />
      </Form.Item>
      <Form.Item name="secondSecretExpires" label={t("ms.secondExpires")}><Input type="date" className="since-input" /></Form.Item>
      {stored && <div className="button-row"><Button onClick={() => onRoll("promote")}>{t("ms.secondPromote")}</Button><Button danger onClick={() => onRoll("remove")}>{t("ms.secondRemove")}</Button></div>}
    </details>
  );
}

function SignInFields({ types }: { readonly types: AccountTypes }) {
  const t = useT();
  return (
    <Form.Item name="signIn" label={t("ms.signIn")} extra={t("ms.signInHint")}>
      <Radio.Group className="stacked-radios">
        <Radio value="off">{t("ms.signInOff")}</Radio>
        <Radio value="linked">{t("ms.signInLinked")}</Radio>
        {types === "tenant" && <Radio value="tenant">{t("ms.signInTenant")}</Radio>}
      </Radio.Group>
    </Form.Item>
  );
}

function EndpointFields({ cloud }: { readonly cloud: Cloud }) {
  const t = useT();
  const custom = cloud === "custom";
  const test = (name: Endpoint) => (value: string): boolean =>
    value === "" ? !custom : name === "imap" || name === "smtp" ? isHostPort(value) : isUrl(value);
  return (
    <details className="advanced" open={custom || undefined}>
      <summary>{t("ms.advanced")}</summary>
      <p className="muted">{custom ? null : t("ms.advancedHint")}</p>
      {ENDPOINTS.map((name) => (
        <Form.Item key={name} name={name} label={t(ENDPOINT_LABELS[name])}
          rules={[rule(test(name), t(name === "imap" || name === "smtp" ? "ms.hostPortInvalid" : "ms.urlInvalid"))]}>
          <Input dir="ltr" spellCheck={false} autoComplete="off" placeholder={custom ? undefined : PRESETS[cloud][name]} />
        </Form.Item>
      ))}
      <Form.Item name="caFile" label={t("ms.caFile")}><Input dir="ltr" spellCheck={false} autoComplete="off" /></Form.Item>
      <Form.Item name="proxy" label={t("ms.proxy")} extra={t("ms.proxyHint")} rules={[rule((value) => value === "" || isProxy(value), t("ms.proxyInvalid"))]}>
        <Input dir="ltr" spellCheck={false} autoComplete="off" />
      </Form.Item>
      <Form.Item name="proxyPassword" label={t("ms.proxyPassword")} extra={t("ms.proxyPasswordHint")}>
        <Input.Password dir="ltr" spellCheck={false} autoComplete="new-password" />
      </Form.Item>
    </details>
  );
}

interface Props {
  readonly provider: Provider | undefined;
  readonly redirectUri: string;
  readonly values: MicrosoftValues;
  readonly onValues: (values: MicrosoftValues) => void;
  readonly onSave: (values: MicrosoftValues) => Promise<boolean>;
  readonly onRoll: (what: "promote" | "remove") => void;
}

export function MicrosoftForm({ provider, redirectUri, values, onValues, onSave, onRoll }: Props) {
  const t = useT();
  const [form] = Form.useForm<MicrosoftValues>();
  const [busy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    setBusy(true);
    /* Fields that are not on screen keep their values: all of them are set. */
    if (await onSave({ ...values, ...form.getFieldsValue() })) form.setFieldsValue({ clientSecret: "", secondSecret: "", proxyPassword: "" });
    setBusy(false);
  };
  return (
    <Form form={form} layout="vertical" requiredMark={false} className="card" initialValues={valuesOf(provider)} scrollToFirstError
      onValuesChange={(_, all) => onValues({ ...values, ...all })} onFinish={() => void submit()}>
      <RedirectUri uri={redirectUri} warning={provider?.redirectWarning} />
      <AccountTypeFields types={values.accountTypes} />
      <Form.Item name="clientId" label={t("ms.clientId")} extra={t("ms.clientIdHint")} rules={[rule(isGuid, t("ms.guidInvalid"))]}>
        <Input dir="ltr" spellCheck={false} autoComplete="off" />
      </Form.Item>
      <SecretFields provider={provider} expires={values.secretExpires} />
      <SecondSecretFields provider={provider} onRoll={onRoll} />
      <Form.Item name="cloud" label={t("ms.cloud")}>
        <Choice options={CLOUDS.map(([value, label]) => ({ value, label: t(label) }))} />
      </Form.Item>
      <SignInFields types={values.accountTypes} />
      <EndpointFields cloud={values.cloud} />
      <div className="form-foot"><Button type="primary" htmlType="submit" loading={busy}>{t("ms.save")}</Button></div>
    </Form>
  );
}
