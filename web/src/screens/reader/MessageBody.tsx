import { useQuery } from "@tanstack/react-query";
import { Suspense, useCallback } from "react";
import { useT } from "../../i18n/i18n.ts";
import type { EmailDetail, EmailView, Id, ViewAttachment } from "../../jmap/types.ts";
import type { MailtoLetter } from "../../mail/links.ts";
import { failureOf } from "../../mail/failures.ts";
import { viewQuery } from "../../mail/queries.ts";
import { useTrustedSenders } from "../../mail/trusted.ts";
import { lazyAhead } from "../../ui/ahead.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice, Spinner } from "../../ui/Notice.tsx";
import { openLetter } from "../compose/composer-store.ts";
import { Attachments } from "./Attachments.tsx";
import { PlainText } from "./PlainText.tsx";
import { Privacy } from "./Privacy.tsx";
import type { ViewControl } from "./view-state.ts";

const MailFrame = lazyAhead(() => import("./MailFrame.tsx").then((module) => module.MailFrame));
const InvitationCard = lazyAhead(() => import("./InvitationCard.tsx").then((module) => module.InvitationCard));

interface ContentProps {
  readonly accountId: Id;
  readonly view: EmailView;
  readonly subject: string;
  readonly original: boolean;
}

function Content({ accountId, view, subject, original }: ContentProps) {
  const t = useT();
  const write = useCallback((letter: MailtoLetter) => openLetter({ accountId, ...letter }), [accountId]);
  if (view.html !== null)
    return (
      <Suspense fallback={<Spinner label={t("common.loading")} />}>
        <MailFrame html={view.html} original={original} onWrite={write} title={t("reader.frame", { subject: subject || t("row.noSubject") })} />
      </Suspense>
    );
  if (view.text !== null && view.text.trim() !== "") return <PlainText text={view.text} quotes={view.quotes} />;
  return <p className="muted message-empty">{t("row.noText")}</p>;
}

/* An invitation that is shown with its details is no file besides. */
function filesOf(view: EmailView): readonly ViewAttachment[] {
  return view.calendar ? view.attachments.filter((one) => one.name !== null || one.type !== "text/calendar") : view.attachments;
}

interface Props {
  readonly accountId: Id;
  readonly email: EmailDetail;
  readonly control: ViewControl;
}

export function MessageBody({ accountId, email, control }: Props) {
  const t = useT();
  const trusted = useTrustedSenders();
  const sender = email.from?.[0]?.email ?? null;
  const images = control.images || (sender !== null && trusted.find(sender) !== undefined);
  const safe = useQuery(viewQuery(accountId, email.id, "safe"));
  const shown = useQuery({ ...viewQuery(accountId, email.id, "images"), enabled: images && !control.plain });
  const plain = useQuery({ ...viewQuery(accountId, email.id, "plain"), enabled: control.plain });
  const view = (control.plain ? plain.data : images ? shown.data : undefined) ?? safe.data;
  const failed = safe.error ?? shown.error ?? plain.error;
  if (!view && failed) {
    const failure = failureOf(failed);
    return (
      <div className="message-body">
        <Notice tone="problem" detail={failure.detail} action={<Button onClick={() => void safe.refetch()}>{t("common.retry")}</Button>}>{t(failure.text, failure.values)}</Notice>
      </div>
    );
  }
  if (!view) return <div className="message-body"><Spinner label={t("common.loading")} /></div>;
  if (view.state === "pending") return <div className="message-body"><Spinner label={t("reader.pending")} /></div>;
  return (
    <div className="message-body">
      {view.state === "unreadable" && <Notice tone="problem">{t("reader.unreadable")}</Notice>}
      {view.calendar && <Suspense><InvitationCard invitation={view.calendar} accountId={accountId} email={email} /></Suspense>}
      {!control.plain && <Privacy view={view} images={images && shown.data !== undefined} sender={sender} trusted={trusted} onShow={() => control.change({ images: true })} />}
      <Content accountId={accountId} view={view} subject={email.subject ?? ""} original={control.original} />
      <Attachments accountId={accountId} email={email} attachments={filesOf(view)} />
    </div>
  );
}
