import { useQuery, useQueryClient } from "@tanstack/react-query";
import { FileText, Paperclip, Plus, Users } from "lucide-react";
import { useState } from "react";
import { useDesk } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import { categoriesOf, copyTemplate, searchTemplates, templatesQuery, type Template } from "../../mail/templates.ts";
import { Button } from "../../ui/Button.tsx";
import { Empty, Spinner } from "../../ui/Notice.tsx";
import { useChange } from "./change.ts";
import { SectionTitle } from "./fields.tsx";
import { TemplateEditor } from "./TemplateEditor.tsx";
import { deleteWithUndo, useLeaving } from "./template-deletion.ts";

function SharedBadge({ template }: { readonly template: Template }) {
  const t = useT();
  const { accounts } = useDesk();
  if (template.sharedWith === null) return null;
  const address = accounts.find((one) => one.id === template.sharedWith)?.address ?? "";
  return <span className="writing-badge"><Users size={13} aria-hidden />{template.sharedWith === "everybody" ? t("writing.sharedEverybody") : t("writing.sharedAccount", { address })}</span>;
}

function TemplateRow({ template, onEdit }: { readonly template: Template; readonly onEdit: () => void }) {
  const t = useT();
  const desk = useDesk();
  const client = useQueryClient();
  const change = useChange();
  const account = desk.accounts.find((one) => !one.readOnly)?.id ?? null;
  const copy = (): void => void change.run(() => copyTemplate(client, desk.userAccount, account, template, t("writing.copyOf", { name: template.name })), "writing.copied");
  return (
    <li className="writing-row">
      <div className="writing-row-text">
        <strong><bdi>{template.name}</bdi></strong>
        <span className="writing-row-facts">
          {template.category && <span className="writing-badge"><bdi>{template.category}</bdi></span>}
          <SharedBadge template={template} />
          {template.attachments.length > 0 && <span className="writing-badge"><Paperclip size={13} aria-hidden />{t("writing.files", { count: template.attachments.length })}</span>}
          {template.author && template.author !== desk.user.email && <span><bdi>{template.author}</bdi></span>}
        </span>
        {template.subject && <small><bdi>{template.subject}</bdi></small>}
      </div>
      <div className="writing-row-tools">
        {template.mayEdit && <Button kind="plain" aria-label={t("writing.editNamed", { name: template.name })} onClick={onEdit}>{t("writing.edit")}</Button>}
        <Button kind="plain" aria-label={t("writing.copyNamed", { name: template.name })} disabled={change.busy} onClick={copy}>{t("writing.copy")}</Button>
        {template.mayEdit && <Button kind="plain" aria-label={t("writing.deleteNamed", { name: template.name })} onClick={() => deleteWithUndo(client, desk.userAccount, template)}>{t("writing.delete")}</Button>}
      </div>
    </li>
  );
}

export function TemplatesSection() {
  const t = useT();
  const desk = useDesk();
  const templates = useQuery(templatesQuery(desk.userAccount));
  const leaving = useLeaving();
  const [editing, setEditing] = useState<Template | "new" | null>(null);
  const [text, setText] = useState("");
  const [category, setCategory] = useState("");
  const all = templates.data?.filter((one) => !leaving.has(one.id));
  const shown = all ? searchTemplates(all, text, category) : [];
  const categories = categoriesOf(all ?? []);
  const add = <Button kind="primary" icon={Plus} onClick={() => setEditing("new")}>{t("writing.templateNew")}</Button>;
  return (
    <>
      <SectionTitle title={t("writing.templates")} lead={t("writing.templatesLead")} action={all && all.length > 0 && add} />
      {!all && <Spinner label={t("common.loading")} />}
      {all?.length === 0 && <Empty icon={FileText} title={t("writing.templatesNone")} action={add}>{t("writing.templatesNoneHint")}</Empty>}
      {all && all.length > 0 && (
        <section className="card">
          <div className="writing-search">
            <input className="input" type="search" value={text} placeholder={t("writing.templateSearch")} aria-label={t("writing.templateSearch")} onChange={(event) => setText(event.target.value)} />
            {categories.length > 0 && (
              <select className="input" aria-label={t("writing.category")} value={category} onChange={(event) => setCategory(event.target.value)}>
                <option value="">{t("writing.categoryAll")}</option>
                {categories.map((one) => <option key={one} value={one}>{one}</option>)}
              </select>
            )}
          </div>
          {shown.length === 0 && <p className="writing-hint" role="status">{t("writing.templateNoMatch")}</p>}
          <ul className="writing-rows">{shown.map((one) => <TemplateRow key={one.id} template={one} onEdit={() => setEditing(one)} />)}</ul>
        </section>
      )}
      {editing && <TemplateEditor template={editing === "new" ? null : editing} categories={categories} onClose={() => setEditing(null)} />}
    </>
  );
}
