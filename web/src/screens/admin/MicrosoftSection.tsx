import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useDesk } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import { assertAccepted, jmapOne } from "../../jmap/client.ts";
import type { Provider, SetResponse } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { problemText } from "../../mail/problems.ts";
import { change } from "../../mail/people.ts";
import { keys, providersQuery } from "../../mail/queries.ts";
import { AntdFrame } from "../../ui/AntdFrame.tsx";
import { Button } from "../../ui/Button.tsx";
import { Notice, Spinner } from "../../ui/Notice.tsx";
import { confirmFirst } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { Guide } from "./Guide.tsx";
import { MicrosoftForm } from "./MicrosoftForm.tsx";
import { changeOf, valuesOf, type MicrosoftValues } from "./microsoft-values.ts";
import { TestPanel } from "./TestPanel.tsx";

const NAME = "microsoft";

function useSave(provider: Provider | undefined) {
  const desk = useDesk();
  const client = useQueryClient();
  return async (values: MicrosoftValues): Promise<boolean> => {
    const change = changeOf(values);
    try {
      const answer = await jmapOne<SetResponse>("Provider/set", {
        accountId: desk.userAccount,
        ...(provider ? { update: { [provider.id]: change } } : { create: { [NAME]: { name: NAME, type: NAME, ...change } } }),
      });
      assertAccepted(answer);
      await client.invalidateQueries({ queryKey: keys.providers(desk.userAccount) });
      showToast({ text: "ms.saved" });
      return true;
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
      return false;
    }
  };
}

/* The field a test found wrong, opened and in view. */
function showField(field: string | null): void {
  if (field === null) return;
  const input = document.getElementById(field === "tenant" && !document.getElementById("tenant") ? "accountTypes" : field);
  for (let around = input?.parentElement; around; around = around.parentElement) if (around instanceof HTMLDetailsElement) around.open = true;
  input?.scrollIntoView({ block: "center" });
  input?.focus();
}

function Settings({ provider }: { readonly provider: Provider | undefined }) {
  const t = useT();
  const desk = useDesk();
  const [values, setValues] = useState(() => valuesOf(provider));
  const save = useSave(provider);
  const client = useQueryClient();
  const roll = async (what: "promote" | "remove"): Promise<void> => {
    if (!provider) return;
    const sure = await confirmFirst(what === "promote"
      ? { title: "ms.secondPromote", text: "ms.secondPromoteText", action: "ms.secondPromote" }
      : { title: "ms.secondRemove", text: "ms.secondRemoveText", action: "ms.secondRemove", danger: true });
    if (!sure) return;
    try {
      await change("Provider", desk.userAccount, { update: { [provider.id]: what === "promote" ? { promoteSecondSecret: true } : { hasSecondSecret: false } } });
      await client.invalidateQueries({ queryKey: keys.providers(desk.userAccount) });
      showToast({ text: "ms.saved" });
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
    }
  };
  /* It has to be registered before there is anything to save, and the server will use just this. */
  const redirectUri = provider?.redirectUri ?? `${desk.publicUrl}oauth/${NAME}/callback`;
  const problem = provider?.problem;
  const text = problem ? problemText(problem, t) : null;
  return (
    <>
      {problem && text && (
        <div className="form-note"><Notice tone="problem" detail={problem.detail ?? null}><strong>{text.title}</strong><p>{text.action}</p></Notice></div>
      )}
      <div className="settings">
        <div className="settings-main">
          <MicrosoftForm key={`${provider?.hasSecondSecret} ${provider?.secretExpires}`} provider={provider} redirectUri={redirectUri} values={values} onValues={setValues} onSave={save} onRoll={(what) => void roll(what)} />
          {provider && <TestPanel provider={provider} onField={showField} />}
        </div>
        <Guide values={values} redirectUri={redirectUri} />
      </div>
    </>
  );
}

export function MicrosoftSection() {
  const t = useT();
  const desk = useDesk();
  const providers = useQuery(providersQuery(desk.userAccount));
  if (providers.isError && !providers.data) {
    const failure = failureOf(providers.error);
    return <Notice tone="problem" detail={failure.detail} action={<Button onClick={() => void providers.refetch()}>{t("common.retry")}</Button>}>{t(failure.text, failure.values)}</Notice>;
  }
  if (!providers.data) return <Spinner label={t("common.loading")} />;
  const provider = providers.data.find((one) => one.type === NAME);
  return (
    <>
      <div className="page-title">
        <div><h1>{t("ms.title")}</h1><p>{t("ms.lead")}</p></div>
        <span className={provider?.ready ? "state state-good" : "state state-wait"}>{t(provider?.ready ? "ms.ready" : "ms.notReady")}</span>
      </div>
      <AntdFrame><Settings key={provider?.id ?? ""} provider={provider} /></AntdFrame>
    </>
  );
}
