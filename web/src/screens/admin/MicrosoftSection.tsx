import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useDesk } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import { jmapOne, RefusedError } from "../../jmap/client.ts";
import type { Provider, SetResponse } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { problemText } from "../../mail/problems.ts";
import { keys, providersQuery } from "../../mail/queries.ts";
import { AntdFrame } from "../../ui/AntdFrame.tsx";
import { Button } from "../../ui/Button.tsx";
import { Notice, Spinner } from "../../ui/Notice.tsx";
import { showToast } from "../../ui/toasts.ts";
import { Checklist } from "./Checklist.tsx";
import { MicrosoftForm } from "./MicrosoftForm.tsx";
import { changeOf, valuesOf, type MicrosoftValues } from "./microsoft-values.ts";

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
      const refused = [...Object.values(answer.notCreated ?? {}), ...Object.values(answer.notUpdated ?? {})][0];
      if (refused) throw new RefusedError(refused);
      await client.invalidateQueries({ queryKey: keys.providers(desk.userAccount) });
      showToast({ text: "ms.saved" });
      return true;
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
      return false;
    }
  };
}

function Settings({ provider }: { readonly provider: Provider | undefined }) {
  const t = useT();
  const desk = useDesk();
  const [values, setValues] = useState(() => valuesOf(provider));
  const save = useSave(provider);
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
        <MicrosoftForm provider={provider} redirectUri={redirectUri} values={values} onValues={setValues} onSave={save} />
        <Checklist values={values} redirectUri={redirectUri} />
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
