import { Code, Download, EllipsisVertical, Forward, Info, MailOpen, Palette, Paperclip, Printer, ReplyAll, Type } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useReadOnly } from "../../app/context.ts";
import { useDark } from "../../app/theme.ts";
import { translate, useLocale, useT } from "../../i18n/i18n.ts";
import { allAttachmentsUrl, downloadUrl } from "../../jmap/blobs.ts";
import type { EmailDetail, Id } from "../../jmap/types.ts";
import { useMailActions } from "../../mail/actions.ts";
import { failureOf } from "../../mail/failures.ts";
import { viewQuery } from "../../mail/queries.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Menu, type MenuItem } from "../../ui/Menu.tsx";
import { showToast } from "../../ui/toasts.ts";
import { answer, forwardAsAttachment } from "../compose/composer-store.ts";
import { bundleName } from "./Attachments.tsx";
import type { ViewControl } from "./view-state.ts";

const SourceDialog = lazy(() => import("./SourceDialog.tsx").then((module) => ({ default: module.SourceDialog })));

function save(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

interface Props {
  readonly accountId: Id;
  readonly email: EmailDetail;
  /* The whole conversation, in order. */
  readonly emails: readonly EmailDetail[];
  readonly control: ViewControl;
}

function usePrint(accountId: Id, images: boolean): (emails: readonly EmailDetail[]) => void {
  const client = useQueryClient();
  const locale = useLocale();
  return (emails) => void import("./print.ts")
    .then(({ printMails }) => printMails({ client, accountId, emails, images, locale, t: translate }))
    .catch((error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
}

export function MessageMenu({ accountId, email, emails, control }: Props) {
  const t = useT();
  const dark = useDark();
  const readOnly = useReadOnly(accountId);
  const actions = useMailActions(accountId);
  const print = usePrint(accountId, control.images);
  const [source, setSource] = useState(false);
  const view = useQuery(viewQuery(accountId, email.id, "safe")).data;
  const files = view?.attachments.filter((one) => !one.inline) ?? [];
  const later = emails.slice(emails.indexOf(email)).filter((one) => !one.keywords["$draft"]);
  const fileName = bundleName(email.subject, t("reader.mailFile")).replace(/zip$/, "eml");
  const items: MenuItem[] = [
    { key: "replyAll", label: t("action.replyAll"), icon: ReplyAll, onSelect: () => answer("replyAll", accountId, email.id) },
    { key: "forward", label: t("action.forward"), icon: Forward, onSelect: () => answer("forward", accountId, email.id) },
    { key: "forwardAsFile", label: t("reader.forwardAsFile"), icon: Paperclip, onSelect: () => forwardAsAttachment(accountId, [email.id]) },
    ...(readOnly ? [] : [{ key: "unread", label: t("reader.unreadFromHere"), icon: MailOpen, onSelect: () => actions.markUnread(later) }]),
    ...(view?.html ? [{ key: "plain", label: t(control.plain ? "reader.asHtml" : "reader.asText"), icon: Type, separated: true, onSelect: () => control.change({ plain: !control.plain }) }] : []),
    ...(view?.html && dark && !control.plain ? [{ key: "original", label: t(control.original ? "reader.adaptedColours" : "reader.originalColours"), icon: Palette, onSelect: () => control.change({ original: !control.original }) }] : []),
    { key: "details", label: t(control.details ? "reader.hideDetails" : "reader.showDetails"), icon: Info, onSelect: () => control.change({ details: !control.details }) },
    { key: "source", label: t("reader.source"), icon: Code, onSelect: () => setSource(true) },
    { key: "print", label: t("reader.print"), icon: Printer, separated: true, onSelect: () => print([email]) },
    ...(emails.length > 1 ? [{ key: "printAll", label: t("reader.printAll"), icon: Printer, onSelect: () => print(emails.filter((one) => !one.keywords["$draft"])) }] : []),
    { key: "download", label: t("reader.downloadMail"), icon: Download, onSelect: () => save(downloadUrl(accountId, email.blobId, fileName, "message/rfc822"), fileName) },
    ...(files.length > 1 ? [{ key: "all", label: t("reader.downloadAll"), icon: Paperclip, onSelect: () => { const name = bundleName(email.subject, t("reader.unnamed")); save(allAttachmentsUrl(accountId, email.blobId, name), name); } }] : []),
  ];
  return (
    <>
      <Menu label={t("reader.menu")} items={items} placement="below-end" trigger={({ expanded, toggle, controls }) => (
        <IconButton label={t("reader.menu")} icon={EllipsisVertical} aria-haspopup="menu" aria-expanded={expanded} aria-controls={controls} onClick={toggle} />
      )} />
      {source && <Suspense><SourceDialog accountId={accountId} email={email} fileName={fileName} onClose={() => setSource(false)} /></Suspense>}
    </>
  );
}
