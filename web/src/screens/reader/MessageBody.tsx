import { useQuery } from "@tanstack/react-query";
import { ImageOff, ShieldCheck } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useT } from "../../i18n/i18n.ts";
import type { EmailSummary, EmailView, Id } from "../../jmap/types.ts";
import { failureOf } from "../../mail/failures.ts";
import { viewQuery } from "../../mail/queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice, Spinner } from "../../ui/Notice.tsx";
import { Attachments } from "./Attachments.tsx";
import { PlainText } from "./PlainText.tsx";

const MailFrame = lazy(() => import("./MailFrame.tsx").then((module) => ({ default: module.MailFrame })));

function PrivacyStrip({ view, images, onShow }: { readonly view: EmailView; readonly images: boolean; readonly onShow: () => void }) {
  const t = useT();
  const blocked = !images && view.blockedRemote > 0;
  if (!blocked && view.trackersRemoved === 0) return null;
  return (
    <div className="privacy">
      {blocked && (
        <>
          <ImageOff size={16} aria-hidden />
          <span className="privacy-blocked">{t("reader.imagesBlocked", { count: view.blockedRemote })}</span>
          <Button kind="plain" onClick={onShow}>{t("reader.showImages")}</Button>
        </>
      )}
      {view.trackersRemoved > 0 && (
        <span className="privacy-trackers"><ShieldCheck size={16} aria-hidden />{t("reader.trackersRemoved", { count: view.trackersRemoved })}</span>
      )}
    </div>
  );
}

function Content({ view, subject }: { readonly view: EmailView; readonly subject: string }) {
  const t = useT();
  if (view.html !== null)
    return (
      <Suspense fallback={<Spinner label={t("common.loading")} />}>
        <MailFrame html={view.html} title={t("reader.frame", { subject: subject || t("row.noSubject") })} />
      </Suspense>
    );
  if (view.text !== null && view.text.trim() !== "") return <PlainText text={view.text} />;
  return <p className="muted message-empty">{t("row.noText")}</p>;
}

export function MessageBody({ accountId, email }: { readonly accountId: Id; readonly email: EmailSummary }) {
  const t = useT();
  const [images, setImages] = useState(false);
  const blocked = useQuery(viewQuery(accountId, email.id, false));
  const shown = useQuery({ ...viewQuery(accountId, email.id, true), enabled: images });
  const view = (images ? shown.data : undefined) ?? blocked.data;
  const failed = blocked.error ?? shown.error;
  if (!view && failed) {
    const failure = failureOf(failed);
    return (
      <div className="message-body">
        <Notice tone="problem" detail={failure.detail} action={<Button onClick={() => void blocked.refetch()}>{t("common.retry")}</Button>}>{t(failure.text, failure.values)}</Notice>
      </div>
    );
  }
  if (!view) return <div className="message-body"><Spinner label={t("common.loading")} /></div>;
  if (view.state === "pending") return <div className="message-body"><Spinner label={t("reader.pending")} /></div>;
  return (
    <div className="message-body">
      {view.state === "unreadable" && <Notice tone="problem">{t("reader.unreadable")}</Notice>}
      <PrivacyStrip view={view} images={images && shown.data !== undefined} onShow={() => setImages(true)} />
      <Content view={view} subject={email.subject ?? ""} />
      <Attachments accountId={accountId} attachments={view.attachments} />
    </div>
  );
}
