import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useDesk } from "../../app/context.ts";
import type { MessageId } from "../../i18n/i18n.ts";
import { NetworkProblem } from "../../jmap/http.ts";
import { failureOf } from "../../mail/failures.ts";
import { mentionsAttachment } from "../../mail/forgotten.ts";
import { usePreferences } from "../../mail/preferences.ts";
import { addressProblem } from "../../mail/recipients.ts";
import { confirmFirst } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { variablesFilled } from "../writing/variables-left.ts";
import { closeLetter, type Letter } from "./composer-store.ts";
import type { Fields, LetterState } from "./letter-state.ts";
import { keepCopy } from "./local-copy.ts";
import { sendDraft } from "./outbox.ts";
import { ownText } from "./plain-text.ts";
import { sendLeftCopiesSoon } from "./recovery.ts";

export interface Complaint {
  readonly text: MessageId;
  readonly values?: Record<string, string>;
}

/* What keeps a letter from being sent, if anything does. */
function objection(fields: Fields, state: LetterState): Complaint | null {
  const all = [...fields.to, ...fields.cc, ...fields.bcc];
  if (all.length === 0) return { text: "compose.noRecipients" };
  const bad = all.find((address) => addressProblem(address.email) !== null);
  if (bad) return { text: "compose.invalidRecipient", values: { address: bad.email } };
  if (fields.attachments.some((one) => one.blobId === null)) return { text: "compose.uploading" };
  if (state.sender === null) return { text: "compose.cannotSend" };
  if (state.boxes.draftsId === null) return { text: "compose.noDrafts" };
  return null;
}

/* What people forget, asked for once before the mail goes. */
async function nothingForgotten(fields: Fields, text: string): Promise<boolean> {
  if (!fields.subject.trim() && !(await confirmFirst({ title: "compose.noSubject", text: "compose.noSubjectText", action: "compose.sendAnyway" }))) return false;
  if (fields.attachments.some((one) => !one.inline) || !mentionsAttachment(`${fields.subject}\n${text}`)) return true;
  return confirmFirst({ title: "compose.attachmentForgotten", text: "compose.attachmentForgottenText", action: "compose.sendAnyway" });
}

/* An answer's subject is the other's, and so may be what it promises. */
function checked(letter: Letter, state: LetterState): { readonly fields: Fields; readonly text: string } {
  const { fields } = state;
  const text = fields.format === "text" ? ownText(fields.text) : state.content().text;
  return { fields: letter.answered ? { ...fields, subject: fields.subject || " " } : fields, text };
}

export function useSend(letter: Letter, state: LetterState) {
  const client = useQueryClient();
  const { userAccount } = useDesk();
  const { undoSendSeconds } = usePreferences();
  const [complaint, setComplaint] = useState<Complaint | null>(null);
  const [busy, setBusy] = useState(false);
  const sendNow = useRef(async (_sendAt: string | null): Promise<void> => undefined);
  const send = async (sendAt: string | null = null): Promise<void> => {
    /* Leaving the recipient field takes what is typed there, and that has to be seen first. */
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    await new Promise((resolve) => setTimeout(resolve));
    await sendNow.current(sendAt);
  };
  /* Without a connection it is kept here, and goes out with the next one. */
  const sendWhenBack = async (sendAt: string | null): Promise<void> => {
    const snapshot = state.snapshot();
    state.release();
    await keepCopy({ id: letter.copyId, userAccount, savedAt: Date.now(), letter: snapshot, sending: { seconds: 0, sendAt } });
    closeLetter(letter.key);
    showToast({ text: "compose.sendsWhenBack", duration: 8_000 });
    sendLeftCopiesSoon();
  };
  const carryOut = async (sendAt: string | null): Promise<void> => {
    const { fields, sender, boxes } = state;
    if (sender === null || boxes.draftsId === null) return;
    state.touch();
    const emailId = await state.save();
    if (emailId === null) throw new Error("the draft was not saved");
    const snapshot = { ...state.snapshot(), draftId: emailId };
    const bcc = sender.identity.bcc ?? [];
    await sendDraft(client, {
      accountId: fields.accountId, emailId, identity: sender.identity, recipients: [...fields.to, ...fields.cc, ...fields.bcc, ...bcc],
      draftsId: boxes.draftsId, sentId: boxes.sentId, answered: letter.answered, seconds: undoSendSeconds, sendAt,
    }, snapshot);
    state.release();
    await state.copy.drop();
    closeLetter(letter.key);
  };
  sendNow.current = async (sendAt) => {
    const found = objection(state.fields, state);
    setComplaint(found);
    if (found || busy) return;
    const { fields, text } = checked(letter, state);
    if (!(await nothingForgotten(fields, text)) || !(await variablesFilled(fields.subject, text))) return;
    setBusy(true);
    try {
      await carryOut(sendAt);
    } catch (error) {
      if (error instanceof NetworkProblem) await sendWhenBack(sendAt).catch((reason: unknown) => showToast({ ...failureOf(reason), tone: "problem" }));
      else showToast({ ...failureOf(error), tone: "problem" });
      setBusy(false);
    }
  };
  return { send, busy, complaint };
}
