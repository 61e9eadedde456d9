import type { MailRoute } from "../../app/router.ts";
import { LabelDialog } from "./LabelDialog.tsx";
import { MergeDialog } from "./MergeDialog.tsx";
import { NoteDialog } from "./NoteDialog.tsx";
import type { OrganiseSheet } from "./organise-store.ts";
import { SearchDialog } from "./SearchDialog.tsx";
import { WhyDialog } from "./WhyDialog.tsx";

export function Sheet({ sheet, route }: { readonly sheet: OrganiseSheet; readonly route: MailRoute }) {
  switch (sheet.kind) {
    case "labels": return <LabelDialog accountId={sheet.accountId} targets={sheet.targets} everything={sheet.everything} />;
    case "note": return <NoteDialog type={sheet.type} accountId={sheet.accountId} targets={sheet.targets} everything={sheet.everything} />;
    case "why": return <WhyDialog accountId={sheet.accountId} threadId={sheet.threadId} route={route} />;
    case "merge": return <MergeDialog accountId={sheet.accountId} threadId={sheet.threadId} route={route} />;
    case "save": return <SearchDialog accountId={sheet.accountId} text={sheet.text} />;
    case "edit": return <SearchDialog accountId={route.accountId} text={sheet.search.text} search={sheet.search} />;
  }
}
