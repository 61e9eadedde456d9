import { useT, type MessageId } from "../../i18n/i18n.ts";
import { isProblemCode, problemText } from "../../mail/problems.ts";
import { Notice } from "../../ui/Notice.tsx";

const SENTENCES: Readonly<Record<string, MessageId>> = {
  unknown: "signIn.identityUnknown", taken: "signIn.identityTaken", off: "signIn.identityOff", "link-expired": "signIn.identityExpired",
};

/* Why signing in by a provider did not work, when the browser comes back from there. */
export function IdentityComplaint() {
  const t = useT();
  const code = new URLSearchParams(location.search).get("identity");
  /* "done" is left over from the profile of whoever was signed in here. */
  if (!code || code === "done") return null;
  const sentence = SENTENCES[code];
  if (sentence) return <Notice tone="problem">{t(sentence)}</Notice>;
  if (!isProblemCode(code)) return <Notice tone="problem">{t("signIn.identityFailed")}</Notice>;
  const text = problemText({ code }, t);
  return <Notice tone="problem"><strong>{text.title}</strong><p>{text.action}</p></Notice>;
}
