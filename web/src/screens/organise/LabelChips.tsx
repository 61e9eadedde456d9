import { useMemo } from "react";
import { useDesk } from "../../app/context.ts";
import { useT } from "../../i18n/i18n.ts";
import type { EmailSummary } from "../../jmap/types.ts";
import { labelsOn, useLabels, type Label } from "../../mail/labels.ts";

export function LabelChip({ label }: { readonly label: Pick<Label, "name" | "color"> }) {
  return <span className="label-chip" data-color={label.color}><bdi>{label.name}</bdi></span>;
}

/* The labels that any of the emails has. most: how many there is room for. */
export function LabelChips({ emails, most = 20 }: { readonly emails: readonly EmailSummary[]; readonly most?: number }) {
  const desk = useDesk();
  const found = labelsOn(useLabels(desk.userAccount), emails);
  if (found.length === 0) return null;
  return (
    <span className="label-chips">
      {found.slice(0, most).map((label) => <LabelChip key={label.id} label={label} />)}
      {found.length > most && <span className="label-more">+{found.length - most}</span>}
    </span>
  );
}

/* What a screen reader says of a row's labels, notes and to-dos. */
export function useRowWords(emails: readonly EmailSummary[]): readonly string[] {
  const t = useT();
  const desk = useDesk();
  const labels = useLabels(desk.userAccount);
  return useMemo(() => {
    const notes = emails[0]?.["postroom:notes"] ?? 0;
    const todos = emails[0]?.["postroom:todos"]?.open ?? 0;
    return [
      ...labelsOn(labels, emails).map((label) => t("label.named", { name: label.name })),
      ...(notes > 0 ? [t("note.count", { count: notes })] : []),
      ...(todos > 0 ? [t("todo.laterCount", { count: todos })] : []),
    ];
  }, [labels, emails, t]);
}
