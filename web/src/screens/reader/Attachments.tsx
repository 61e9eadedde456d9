import { Download, File, FileArchive, FileImage, FileSpreadsheet, FileText, type LucideIcon } from "lucide-react";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatBytes } from "../../i18n/format.ts";
import { downloadUrl } from "../../jmap/blobs.ts";
import type { Id, ViewAttachment } from "../../jmap/types.ts";

const ICONS: readonly (readonly [RegExp, LucideIcon])[] = [
  [/^image\//, FileImage],
  [/zip|compressed|tar|rar|7z/, FileArchive],
  [/spreadsheet|excel|csv/, FileSpreadsheet],
  [/^text\/|pdf|word|document|rfc822/, FileText],
];

export function attachmentIcon(type: string): LucideIcon {
  return ICONS.find(([pattern]) => pattern.test(type))?.[1] ?? File;
}

/* A long name loses its middle, so that one still sees what kind of file it is. */
function FileName({ name }: { readonly name: string }) {
  const ending = /(?<=.)\.[\p{L}\p{N}]{1,8}$/u.exec(name)?.[0] ?? "";
  return <bdi title={name}><span className="attachment-stem">{name.slice(0, name.length - ending.length)}</span>{ending && <span>{ending}</span>}</bdi>;
}

export function Attachments({ accountId, attachments }: { readonly accountId: Id; readonly attachments: readonly ViewAttachment[] }) {
  const t = useT();
  const locale = useLocale();
  const listed = attachments.filter((attachment) => !attachment.inline);
  if (listed.length === 0) return null;
  return (
    <section className="attachments" aria-label={t("reader.attachments", { count: listed.length })}>
      <h3>{t("reader.attachments", { count: listed.length })}</h3>
      <ul>
        {listed.map((attachment) => {
          const Icon = attachmentIcon(attachment.type);
          const name = attachment.name || t("reader.unnamed");
          return (
            <li key={attachment.blobId + name}>
              <a className="attachment" href={downloadUrl(accountId, attachment.blobId, name, attachment.type)} download={name}
                aria-label={t("reader.download", { name })}>
                <Icon size={20} strokeWidth={1.5} aria-hidden />
                <span className="attachment-text"><FileName name={name} /><small>{formatBytes(attachment.size, locale)}</small></span>
                <Download size={15} aria-hidden className="attachment-arrow" />
              </a>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
