import { useQuery } from "@tanstack/react-query";
import { useRef, useState, type FormEvent } from "react";
import { useT, type MessageId, type MessageValues } from "../../i18n/i18n.ts";
import { signIn, type User } from "../../jmap/auth.ts";
import { HttpProblem, pageUrl } from "../../jmap/http.ts";
import { failureOf } from "../../mail/failures.ts";
import { waysQuery } from "../../mail/people.ts";
import { Brand } from "../../ui/Brand.tsx";
import { Button } from "../../ui/Button.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { LanguageMenu, ThemeMenu } from "../../ui/Preferences.tsx";
import { IdentityComplaint } from "./IdentityComplaint.tsx";

interface Complaint {
  readonly text: MessageId;
  readonly values?: MessageValues;
}

function complaintOf(error: unknown): Complaint {
  if (error instanceof HttpProblem && error.status === 401) return { text: "signIn.wrong" };
  if (error instanceof HttpProblem && error.status === 429)
    return { text: "signIn.tooMany", values: { seconds: error.retryAfter ?? 60 } };
  return failureOf(error);
}

export function SignInPage({ onSignedIn }: { readonly onSignedIn: (user: User) => void }) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState<Complaint | null>(null);
  const ways = useQuery(waysQuery());
  const password = useRef<HTMLInputElement>(null);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    setComplaint(null);
    try {
      onSignedIn(await signIn(String(fields.get("email")).trim(), String(fields.get("password"))));
    } catch (error) {
      setComplaint(complaintOf(error));
      setBusy(false);
      password.current?.select();
    }
  };
  return (
    <main className="sign-in">
      <div className="sign-in-corner"><LanguageMenu placement="below-end" /><ThemeMenu placement="below-end" /></div>
      <form className="sign-in-card" onSubmit={(event) => void submit(event)}>
        <Brand large />
        <h1>{t("signIn.title")}</h1>
        <p className="muted">{t("signIn.lead")}</p>
        {!complaint && <IdentityComplaint />}
        {complaint && <Notice tone="problem">{t(complaint.text, complaint.values)}</Notice>}
        <label className="field">
          <span>{t("signIn.email")}</span>
          <input className="input" name="email" type="email" autoComplete="username" required autoFocus dir="ltr" />
        </label>
        <label className="field">
          <span>{t("signIn.password")}</span>
          <input className="input" name="password" type="password" autoComplete="current-password" required dir="ltr" ref={password} />
        </label>
        <Button kind="primary" type="submit" disabled={busy} className="button-wide">{t(busy ? "signIn.busy" : "signIn.submit")}</Button>
        {ways.data?.microsoft && (
          <>
            <span className="sign-in-or">{t("signIn.or")}</span>
            <a className="button button-quiet button-wide" href={pageUrl("oauth/microsoft/sign-in")}>{t("signIn.microsoft")}</a>
          </>
        )}
      </form>
    </main>
  );
}
