import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useDesk } from "../../app/context.ts";
import { formatFullDate } from "../../i18n/format.ts";
import { useLocale, useT, type MessageId, type Translate } from "../../i18n/i18n.ts";
import { jmapOne } from "../../jmap/client.ts";
import type { GetResponse, Id, Identity } from "../../jmap/types.ts";
import { displayName } from "../../mail/conversations.ts";
import { failureOf } from "../../mail/failures.ts";
import { byRole } from "../../mail/mailboxes.ts";
import { problemText } from "../../mail/problems.ts";
import { mailboxesQuery } from "../../mail/queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { confirmFirst } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { openDraft } from "./composer-store.ts";
import { destroyDraft } from "./draft-mail.ts";
import { sendDraft, undoSending } from "./outbox.ts";
import { dropWaiting, sendLeftCopiesSoon, useWaitingCopies } from "./recovery.ts";
import { SendTimeDialog } from "./SendTimeDialog.tsx";
import { useOutgoing, type Outgoing, type OutgoingState } from "./submissions.ts";

const STATES: Readonly<Record<OutgoingState, MessageId>> = {
  scheduled: "compose.stateScheduled", sending: "compose.stateSending", retrying: "compose.stateRetrying", failed: "compose.stateFailed", bounced: "compose.stateBounced",
};

interface Recipients { readonly to: readonly { readonly name: string | null; readonly email: string }[] | null; readonly cc: Recipients["to"]; readonly bcc: Recipients["to"]; readonly inReplyTo?: unknown }

/* Sends the draft of one that did not get there, or that is to go at another time. */
function useAgain() {
  const client = useQueryClient();
  return async ({ accountId, submission }: Outgoing, sendAt: string | null): Promise<void> => {
    const [emails, identities, mailboxes] = await Promise.all([
      jmapOne<GetResponse<Recipients>>("Email/get", { accountId, ids: [submission.emailId], properties: ["to", "cc", "bcc"] }),
      jmapOne<GetResponse<Identity>>("Identity/get", { accountId, ids: null }),
      client.ensureQueryData(mailboxesQuery(accountId)),
    ]);
    const [email] = emails.list;
    const identity = identities.list.find((one) => one.id === submission.identityId) ?? identities.list[0];
    const draftsId = byRole(mailboxes, "drafts")?.id;
    if (!email || !identity || !draftsId) throw new Error("there is nothing to send");
    await sendDraft(client, {
      accountId, emailId: submission.emailId, identity, recipients: [...(email.to ?? []), ...(email.cc ?? []), ...(email.bcc ?? [])], draftsId,
      sentId: byRole(mailboxes, "sent")?.id ?? null, answered: null, seconds: 0, sendAt,
    }, { accountId, draftId: submission.emailId });
  };
}

function reasonOf(one: Outgoing, t: Translate): string | null {
  const problem = one.submission["postroom:problem"];
  if (problem !== null) {
    const { title, action } = problemText({ code: problem }, t);
    return [title, action].filter(Boolean).join(" · ");
  }
  return one.refused.length > 0 ? t("compose.refusedFor", { count: one.refused.length, address: one.refused[0]!.address }) : null;
}

function attempt(job: () => Promise<unknown>): void {
  job().catch((error: unknown) => showToast({ ...failureOf(error), tone: "problem" }));
}

function Actions({ one, onClose }: { readonly one: Outgoing; readonly onClose: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const again = useAgain();
  const [picking, setPicking] = useState(false);
  const { accountId, submission, state } = one;
  const pending = submission.undoStatus === "pending";
  const cancel = (): Promise<boolean> => (pending ? undoSending(client, accountId, submission.id, null, null) : Promise.resolve(true));
  const edit = async (): Promise<void> => {
    if (!(await cancel())) return;
    onClose();
    await openDraft(accountId, submission.emailId);
  };
  const discard = async (): Promise<void> => {
    if (!(await confirmFirst({ title: "compose.discardTitle", text: "compose.discardText", action: "compose.discard", danger: true })) || !(await cancel())) return;
    await destroyDraft(accountId, submission.emailId);
    showToast({ text: "compose.discarded" });
  };
  const now = async (): Promise<void> => { if (await cancel()) await again(one, null); };
  if (state === "bounced") return null;
  return (
    <div className="outgoing-actions">
      {state === "scheduled" && <Button onClick={() => setPicking(true)}>{t("compose.changeTime")}</Button>}
      {state !== "sending" && <Button kind={state === "failed" ? "primary" : "quiet"} onClick={() => attempt(now)}>{t(state === "scheduled" ? "compose.sendNow" : "compose.retry")}</Button>}
      <Button onClick={() => attempt(edit)}>{t(pending ? "compose.cancelAndEdit" : "draft.edit")}</Button>
      <Button onClick={() => attempt(discard)}>{t("compose.discard")}</Button>
      {picking && <SendTimeDialog start={new Date(submission.sendAt)} onClose={() => setPicking(false)}
        onChoose={(at) => { setPicking(false); attempt(async () => { if (await cancel()) await again(one, at); }); }} />}
    </div>
  );
}

function OutgoingRow({ one, onClose }: { readonly one: Outgoing; readonly onClose: () => void }) {
  const t = useT();
  const locale = useLocale();
  const { submission, state, email } = one;
  const when = submission["postroom:nextAttempt"] ?? submission.sendAt;
  const reason = reasonOf(one, t);
  return (
    <li className="outgoing" data-state={state}>
      <div className="outgoing-what">
        <strong dir="auto">{email?.subject || t("row.noSubject")}</strong>
        <span className="muted"><bdi>{(email?.to ?? []).map(displayName).join(", ")}</bdi></span>
        <span className="outgoing-state">{t(STATES[state], { at: formatFullDate(when, locale) })}</span>
        {reason && <span>{reason}</span>}
        {one.refused.length > 0 && <details><summary>{t("common.details")}</summary>{one.refused.map((refused) => <code key={refused.address} dir="ltr">{refused.address}: {refused.reply}</code>)}</details>}
      </div>
      <Actions one={one} onClose={onClose} />
    </li>
  );
}

function WaitingRows({ userAccount, onClose }: { readonly userAccount: Id; readonly onClose: () => void }) {
  const t = useT();
  return useWaitingCopies().map((copy) => (
    <li key={copy.id} className="outgoing" data-state="waiting">
      <div className="outgoing-what">
        <strong dir="auto">{copy.letter.subject || t("row.noSubject")}</strong>
        <span className="muted"><bdi>{(copy.letter.to ?? []).map(displayName).join(", ")}</bdi></span>
        <span className="outgoing-state">{t("compose.stateWaiting")}</span>
      </div>
      <div className="outgoing-actions">
        <Button onClick={sendLeftCopiesSoon}>{t("compose.retry")}</Button>
        <Button onClick={() => { onClose(); attempt(() => dropWaiting(userAccount, copy, true)); }}>{t("draft.edit")}</Button>
        <Button onClick={() => attempt(() => dropWaiting(userAccount, copy, false))}>{t("compose.discard")}</Button>
      </div>
    </li>
  ));
}

/* What is on its way out, what waits for its time, and what did not get there, with the reason and what can be done. */
export function OutboxDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useT();
  const { userAccount } = useDesk();
  const outgoing = useOutgoing();
  const waiting = useWaitingCopies();
  return (
    <Dialog title={t("compose.outbox")} onClose={onClose} wide>
      {outgoing.length + waiting.length === 0 && <p className="muted">{t("compose.outboxEmpty")}</p>}
      <ul className="outgoing-list">
        <WaitingRows userAccount={userAccount} onClose={onClose} />
        {outgoing.map((one) => <OutgoingRow key={one.submission.id} one={one} onClose={onClose} />)}
      </ul>
    </Dialog>
  );
}
