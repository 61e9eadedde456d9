import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatBytes } from "../../i18n/format.ts";
import { downloadUrl, fetchStart } from "../../jmap/blobs.ts";
import type { EmailDetail, Id } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Notice, Spinner } from "../../ui/Notice.tsx";

const MOST_BYTES = 512_000;

/* The first empty line ends the headers. */
export function headersOf(source: string): string {
  const end = /\r?\n\r?\n/.exec(source);
  return end ? source.slice(0, end.index) : source;
}

interface Props {
  readonly accountId: Id;
  readonly email: EmailDetail;
  readonly fileName: string;
  readonly onClose: () => void;
}

/* A mail as it came, byte for byte as far as it is shown. */
export function SourceDialog({ accountId, email, fileName, onClose }: Props) {
  const t = useT();
  const locale = useLocale();
  const [whole, setWhole] = useState(false);
  const address = downloadUrl(accountId, email.blobId, fileName, "message/rfc822");
  const source = useQuery({ queryKey: ["source", accountId, email.blobId], queryFn: ({ signal }) => fetchStart(address, MOST_BYTES, signal), staleTime: Infinity, gcTime: 60_000, retry: 1 });
  const text = source.data ? (whole ? source.data.text : headersOf(source.data.text)).replaceAll("\r\n", "\n") : "";
  const failure = source.error ? failureOf(source.error) : null;
  return (
    <Dialog wide title={t("reader.sourceTitle")} onClose={onClose} footer={
      <>
        <a className="button button-quiet" href={address} download={fileName}>{t("reader.downloadMail")}</a>
        <CopyButton text={text} />
      </>
    }>
      <div className="source-tabs" role="group" aria-label={t("reader.sourceTitle")}>
        <Button kind={whole ? "plain" : "quiet"} aria-pressed={!whole} onClick={() => setWhole(false)}>{t("reader.sourceHeaders")}</Button>
        <Button kind={whole ? "quiet" : "plain"} aria-pressed={whole} onClick={() => setWhole(true)}>{t("reader.sourceWhole")}</Button>
      </div>
      {source.isPending && <Spinner label={t("common.loading")} />}
      {failure && <Notice tone="problem" detail={failure.detail}>{t(failure.text, failure.values)}</Notice>}
      {source.data && <pre className="source-text" dir="ltr" tabIndex={0}>{text}</pre>}
      {whole && source.data?.cut && <p className="muted">{t("reader.sourceCut", { size: formatBytes(MOST_BYTES, locale) })}</p>}
    </Dialog>
  );
}
