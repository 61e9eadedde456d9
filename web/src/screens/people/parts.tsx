import { useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useT, type MessageId } from "../../i18n/i18n.ts";
import { failureOf } from "../../mail/failures.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice, Spinner } from "../../ui/Notice.tsx";
import { showToast } from "../../ui/toasts.ts";

/* What is asked for, or why it is not here yet. */
export function Loaded<Data>({ query, children }: { readonly query: UseQueryResult<Data>; readonly children: (data: Data) => ReactNode }) {
  const t = useT();
  if (query.data !== undefined) return children(query.data);
  if (!query.isError) return <Spinner label={t("common.loading")} />;
  const failure = failureOf(query.error);
  return <Notice tone="problem" detail={failure.detail} action={<Button onClick={() => void query.refetch()}>{t("common.retry")}</Button>}>{t(failure.text, failure.values)}</Notice>;
}

export function Title({ heading, lead, action }: { readonly heading: MessageId; readonly lead: MessageId; readonly action?: ReactNode }) {
  const t = useT();
  return <div className="page-title"><div><h1>{t(heading)}</h1><p>{t(lead)}</p></div>{action}</div>;
}

/* Does it, says so, and asks anew for all of the people's types; a failure is told in a sentence. */
export function useDo(): (job: () => Promise<unknown>, done?: MessageId) => Promise<boolean> {
  const client = useQueryClient();
  return async (job, done) => {
    try {
      await job();
      if (done) showToast({ text: done });
      return true;
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
      return false;
    } finally {
      await client.invalidateQueries({ queryKey: ["people"] });
    }
  };
}
