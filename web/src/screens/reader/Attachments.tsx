import { Download, File, FileArchive, FileImage, FileMusic, FileSpreadsheet, FileText, type LucideIcon } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatBytes } from "../../i18n/format.ts";
import { allAttachmentsUrl, downloadUrl } from "../../jmap/blobs.ts";
import type { EmailDetail, Id, ViewAttachment } from "../../jmap/types.ts";

const Lightbox = lazy(() => import("./Lightbox.tsx").then((module) => ({ default: module.Lightbox })));

const ICONS: readonly (readonly [RegExp, LucideIcon])[] = [
  [/^image\//, FileImage],
  [/^audio\//, FileMusic],
  [/zip|compressed|tar|rar|7z/, FileArchive],
  [/spreadsheet|excel|csv/, FileSpreadsheet],
  [/^text\/|pdf|word|document|rfc822/, FileText],
];

export function attachmentIcon(type: string): LucideIcon {
  return ICONS.find(([pattern]) => pattern.test(type))?.[1] ?? File;
}

/* What a zip of a mail's attachments is called: its subject, as far as a file may be. */
export function bundleName(subject: string | null, fallback: string): string {
  const name = (subject ?? "").replace(/[\p{C}\s/\\:*?"<>|]+/gu, " ").trim().slice(0, 80).trim();
  return `${name || fallback}.zip`;
}

/* A long name loses its middle, so that one still sees what kind of file it is. */
function FileName({ name }: { readonly name: string }) {
  const ending = /(?<=.)\.[\p{L}\p{N}]{1,8}$/u.exec(name)?.[0] ?? "";
  return <bdi title={name}><span className="attachment-stem">{name.slice(0, name.length - ending.length)}</span>{ending && <span>{ending}</span>}</bdi>;
}

interface Props {
  readonly accountId: Id;
  readonly email: EmailDetail;
  readonly attachments: readonly ViewAttachment[];
}

/* Each is looked at on a click, and saved by the button beside its name. */
export function Attachments({ accountId, email, attachments }: Props) {
  const t = useT();
  const locale = useLocale();
  const [open, setOpen] = useState<number | null>(null);
  const listed = attachments.filter((attachment) => !attachment.inline);
  if (listed.length === 0) return null;
  return (
    <section className="attachments" aria-label={t("reader.attachments", { count: listed.length })}>
      <div className="attachments-head">
        <h3>{t("reader.attachments", { count: listed.length })}</h3>
        {listed.length > 1 && <a className="button button-plain" href={allAttachmentsUrl(accountId, email.blobId, bundleName(email.subject, t("reader.unnamed")))} download={bundleName(email.subject, t("reader.unnamed"))}>{t("reader.downloadAll")}</a>}
      </div>
      <ul>
        {listed.map((attachment, index) => {
          const Icon = attachmentIcon(attachment.type);
          const name = attachment.name || t("reader.unnamed");
          const size = formatBytes(attachment.size, locale);
          return (
            <li key={attachment.blobId + name} className="attachment">
              <button type="button" className="attachment-open" aria-label={`${t("reader.openFile", { name })}, ${size}`} aria-haspopup="dialog"
                onClick={() => setOpen(index)}>
                <Icon size={20} strokeWidth={1.5} aria-hidden />
                <span className="attachment-text"><FileName name={name} /> <small>{size}</small></span>
              </button>
              <a className="icon-button attachment-arrow" href={downloadUrl(accountId, attachment.blobId, name, attachment.type)} download={name}
                aria-label={t("reader.download", { name })} title={t("reader.download", { name })}>
                <Download size={16} aria-hidden />
              </a>
            </li>
          );
        })}
      </ul>
      {open !== null && <Suspense><Lightbox accountId={accountId} files={listed} at={open} onMove={setOpen} onClose={() => setOpen(null)} /></Suspense>}
    </section>
  );
}
