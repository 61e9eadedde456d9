import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState, type FormEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import { RefusedError } from "../../jmap/client.ts";
import type { Id } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { destroySearch, savedSearchesQuery, saveSearch, updateSearch, type SavedSearch } from "../../mail/saved-searches.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { showToast } from "../../ui/toasts.ts";
import { closeOrganise } from "./organise-store.ts";

interface Props {
  readonly accountId: Id;
  readonly text: string;
  readonly search?: SavedSearch;
}

function isTaken(error: unknown): boolean {
  return error instanceof RefusedError && (error.refusal.properties ?? []).includes("name");
}

/* A search gets a name and a place in the sidebar, or is changed. */
export function SearchDialog({ accountId, text, search }: Props) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const form = useId();
  const searches = useQuery(savedSearchesQuery(desk.userAccount)).data ?? [];
  const [values, setValues] = useState({ name: search?.name ?? "", text, inAccount: search ? search.inAccount : accountId === desk.userAccount ? null : accountId, showCount: search?.showCount ?? true });
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const wanted = { ...values, name: values.name.trim(), text: values.text.trim() };
    if (!wanted.name || !wanted.text) return;
    try {
      if (search) await updateSearch(client, desk.userAccount, search.id, wanted);
      else await saveSearch(client, desk.userAccount, { ...wanted, sortOrder: searches.length });
      closeOrganise();
      if (!search) showToast({ text: "saved.done", values: { name: wanted.name } });
    } catch (error) {
      const failure = failureOf(error);
      setProblem(isTaken(error) ? t("saved.taken") : t(failure.text, failure.values));
    }
  };
  const remove = async (): Promise<void> => {
    if (!search) return;
    closeOrganise();
    try {
      await destroySearch(client, desk.userAccount, search.id);
      const undo = (): void => void saveSearch(client, desk.userAccount, { name: search.name, text: search.text, inAccount: search.inAccount, showCount: search.showCount, sortOrder: search.sortOrder });
      showToast({ text: "saved.removed", values: { name: search.name }, undo });
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
    }
  };
  return (
    <Dialog title={t(search ? "saved.edit" : "saved.save")} onClose={closeOrganise} footer={
      <>
        {search && <Button kind="danger" onClick={() => void remove()}>{t("saved.remove")}</Button>}
        <span className="reader-bar-space" />
        <Button onClick={closeOrganise}>{t("common.cancel")}</Button>
        <Button kind="primary" type="submit" form={form}>{t("note.save")}</Button>
      </>
    }>
      <form id={form} className="stack" onSubmit={(event) => void submit(event)}>
        <label className="field"><span>{t("saved.name")}</span>
          <input className="input" data-autofocus required maxLength={60} dir="auto" value={values.name} onChange={(event) => setValues({ ...values, name: event.target.value })} autoComplete="off" />
        </label>
        <label className="field"><span>{t("saved.text")}</span>
          <input className="input" required maxLength={900} dir="auto" value={values.text} onChange={(event) => setValues({ ...values, text: event.target.value })} autoComplete="off" />
        </label>
        <label className="field"><span>{t("saved.where")}</span>
          <select className="input" value={values.inAccount ?? ""} onChange={(event) => setValues({ ...values, inAccount: event.target.value || null })}>
            <option value="">{t("saved.everywhere")}</option>
            {desk.accounts.map((account) => <option key={account.id} value={account.id}>{account.address}</option>)}
          </select>
        </label>
        <label className="check-field"><input type="checkbox" checked={values.showCount} onChange={(event) => setValues({ ...values, showCount: event.target.checked })} /><span>{t("saved.showCount")}</span></label>
        {problem && <p role="alert" className="form-problem">{problem}</p>}
      </form>
    </Dialog>
  );
}
