import { useQuery } from "@tanstack/react-query";
import { Link2Off } from "lucide-react";
import { useState, type FormEvent } from "react";
import { navigate } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import type { User } from "../../jmap/auth.ts";
import { HttpProblem, pageUrl } from "../../jmap/http.ts";
import { failureOf } from "../../mail/failures.ts";
import { acceptInvitation, lookAtInvitation, waysQuery, type Invitation } from "../../mail/people.ts";
import { Brand } from "../../ui/Brand.tsx";
import { Button } from "../../ui/Button.tsx";
import { Empty, Notice, Spinner } from "../../ui/Notice.tsx";
import { LanguageMenu, ThemeMenu } from "../../ui/Preferences.tsx";
import { IdentityComplaint } from "../sign-in/IdentityComplaint.tsx";

const SHORTEST = 8;

interface Props {
  readonly token: string;
  readonly onSignedIn: (user: User) => void;
}

function Accept({ token, invitation, onSignedIn }: Props & { readonly invitation: Invitation }) {
  const t = useT();
  const ways = useQuery(waysQuery());
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const password = String(fields.get("password"));
    if (password !== String(fields.get("again"))) return setProblem(t("profile.differ"));
    setBusy(true);
    setProblem(null);
    try {
      const user = await acceptInvitation(token, password);
      navigate({ screen: "home" }, true);
      onSignedIn(user);
    } catch (error) {
      const failure = failureOf(error);
      setProblem(error instanceof HttpProblem && error.status === 404 ? t("invite.goneText") : t(failure.text, failure.values));
      setBusy(false);
    }
  };
  return (
    <form className="sign-in-card" onSubmit={(event) => void submit(event)}>
      <Brand large />
      <h1>{t(invitation.isReset ? "invite.reset" : "invite.welcome")}</h1>
      <p className="muted">{t(invitation.isReset ? "invite.resetLead" : "invite.lead", { email: invitation.email })}</p>
      <IdentityComplaint />
      {problem && <Notice tone="problem">{problem}</Notice>}
      <input type="hidden" name="email" autoComplete="username" value={invitation.email} readOnly />
      <label className="field"><span>{t("profile.new")}</span><input className="input" name="password" type="password" autoComplete="new-password" required minLength={SHORTEST} autoFocus dir="ltr" /></label>
      <label className="field"><span>{t("profile.again")}</span><input className="input" name="again" type="password" autoComplete="new-password" required minLength={SHORTEST} dir="ltr" /></label>
      <p className="muted">{t("invite.hint")}</p>
      <Button kind="primary" type="submit" disabled={busy} className="button-wide">{t("invite.accept")}</Button>
      {ways.data?.microsoft && !invitation.isReset && (
        <a className="button button-quiet button-wide" href={pageUrl(`oauth/microsoft/sign-in?invitation=${encodeURIComponent(token)}`)}>{t("signIn.microsoft")}</a>
      )}
    </form>
  );
}

/* The way in of somebody who was invited, or has to choose a password anew; whoever is signed in in this browser. */
export function InvitePage(props: Props) {
  const t = useT();
  const invitation = useQuery({ queryKey: ["invitation", props.token], queryFn: () => lookAtInvitation(props.token), retry: false, staleTime: Infinity });
  return (
    <main className="sign-in">
      <div className="sign-in-corner"><LanguageMenu placement="below-end" /><ThemeMenu placement="below-end" /></div>
      {invitation.isPending && <Spinner label={t("common.loading")} />}
      {invitation.isError && <div className="result"><Empty icon={Link2Off} title={t("invite.gone")} action={<Button kind="primary" onClick={() => navigate({ screen: "home" })}>{t("invite.toStart")}</Button>}>{t("invite.goneText")}</Empty></div>}
      {invitation.data && <Accept {...props} invitation={invitation.data} />}
    </main>
  );
}
