import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useDesk } from "../../app/context.ts";
import { formatAgo, formatDay } from "../../i18n/format.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { HttpProblem, pageUrl } from "../../jmap/http.ts";
import { failureOf } from "../../mail/failures.ts";
import { change, changePassword, listedQuery, waysQuery, type OwnSession } from "../../mail/people.ts";
import { problemText } from "../../mail/problems.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { ask, confirmFirst } from "../../ui/questions.ts";
import { showToast } from "../../ui/toasts.ts";
import { agentName } from "./agents.ts";
import { Loaded, Title, useDo } from "./parts.tsx";

const SHORTEST = 8;

function PasswordCard() {
  const t = useT();
  const act = useDo();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const fresh = String(fields.get("new"));
    if (fresh !== String(fields.get("again"))) return setProblem(t("profile.differ"));
    setBusy(true);
    setProblem(null);
    try {
      await changePassword(String(fields.get("old")), fresh);
      form.reset();
      await act(() => Promise.resolve(), "profile.changed");
    } catch (error) {
      const failure = failureOf(error);
      setProblem(error instanceof HttpProblem && error.status === 403 ? t("profile.oldWrong") : t(failure.text, failure.values));
    }
    setBusy(false);
  };
  return (
    <section className="card" aria-labelledby="profile-password">
      <h2 id="profile-password">{t("profile.password")}</h2>
      <form className="form-stack form-narrow" onSubmit={(event) => void submit(event)}>
        {problem && <Notice tone="problem">{problem}</Notice>}
        <label className="field"><span>{t("profile.old")}</span><input className="input" name="old" type="password" autoComplete="current-password" dir="ltr" /></label>
        <label className="field"><span>{t("profile.new")}</span><input className="input" name="new" type="password" autoComplete="new-password" required minLength={SHORTEST} dir="ltr" /></label>
        <label className="field"><span>{t("profile.again")}</span><input className="input" name="again" type="password" autoComplete="new-password" required minLength={SHORTEST} dir="ltr" /></label>
        <p className="muted">{t("profile.passwordHint")}</p>
        <div><Button kind="primary" type="submit" disabled={busy}>{t("profile.change")}</Button></div>
      </form>
    </section>
  );
}

/* What the way to Microsoft and back ended with, if the person comes from there. */
function IdentityResult() {
  const t = useT();
  const code = new URLSearchParams(location.search).get("identity");
  if (!code) return null;
  if (code === "done") return <Notice tone="hint">{t("profile.identityDone")}</Notice>;
  if (code === "taken") return <Notice tone="problem">{t("profile.identityTaken")}</Notice>;
  const text = problemText({ code }, t);
  return <Notice tone="problem"><strong>{text.title}</strong><p>{text.action}</p></Notice>;
}

function IdentityCard() {
  const t = useT();
  const desk = useDesk();
  const locale = useLocale();
  const act = useDo();
  const ways = useQuery(waysQuery());
  const identities = useQuery(listedQuery("UserIdentity", desk.userAccount));
  const one = identities.data?.find((identity) => identity.id === "microsoft");
  if (!one && !ways.data?.microsoft) return null;
  return (
    <section className="card" aria-labelledby="profile-microsoft">
      <h2 id="profile-microsoft">{t("profile.microsoft")}</h2>
      <IdentityResult />
      {one ? (
        <div className="card-line">
          <p>{t("profile.identityLinked", { login: one.login ?? "", date: one.linkedAt ? formatDay(one.linkedAt, locale) : "" })}</p>
          <Button onClick={() => void act(() => change("UserIdentity", desk.userAccount, { destroy: [one.id] }), "profile.identityRemoved")}>{t("profile.identityRemove")}</Button>
        </div>
      ) : (
        <div className="card-line">
          <p>{t("profile.identityHint")}</p>
          <a className="button button-quiet" href={pageUrl("oauth/microsoft/identity")}>{t("profile.identityLink")}</a>
        </div>
      )}
    </section>
  );
}

function SessionRow({ session }: { readonly session: OwnSession }) {
  const t = useT();
  const desk = useDesk();
  const locale = useLocale();
  const act = useDo();
  return (
    <tr>
      <td><strong>{agentName(session.agent) ?? t("profile.unknownAgent")}</strong>{session.isCurrent && <span className="tag">{t("profile.current")}</span>}</td>
      <td><bdi>{session.address}</bdi></td>
      <td className="muted">{formatAgo(session.usedAt, locale)}</td>
      <td className="table-tools">{!session.isCurrent && <Button kind="plain" onClick={() => void act(() => change("UserSession", desk.userAccount, { destroy: [session.id] }), "profile.ended")}>{t("profile.end")}</Button>}</td>
    </tr>
  );
}

function SessionsCard() {
  const t = useT();
  const desk = useDesk();
  const sessions = useQuery(listedQuery("UserSession", desk.userAccount));
  return (
    <section className="card" aria-labelledby="profile-sessions">
      <h2 id="profile-sessions">{t("profile.sessions")}</h2>
      <p className="muted">{t("profile.sessionsHint")}</p>
      <Loaded query={sessions}>{(list) => (
        <div className="table-scroll" role="region" aria-labelledby="profile-sessions" tabIndex={0}><table className="quiet-table">
          <thead><tr><th scope="col">{t("profile.browser")}</th><th scope="col">{t("profile.address")}</th><th scope="col">{t("profile.used")}</th><th><span className="visually-hidden">{t("people.actions")}</span></th></tr></thead>
          <tbody>{list.map((session) => <SessionRow key={session.id} session={session} />)}</tbody>
        </table></div>
      )}</Loaded>
    </section>
  );
}

function TokensCard() {
  const t = useT();
  const desk = useDesk();
  const locale = useLocale();
  const act = useDo();
  const tokens = useQuery(listedQuery("ApiToken", desk.userAccount));
  const [fresh, setFresh] = useState<string | null>(null);
  const create = async (): Promise<void> => {
    const name = (await ask({ title: "profile.tokenTitle", text: "profile.tokenText", action: "profile.tokenCreate", field: "profile.tokenName" }))?.trim();
    if (!name) return;
    await act(async () => {
      const answer = await change("ApiToken", desk.userAccount, { create: { new: { name } } });
      setFresh(String(answer.created?.["new"]?.["token"] ?? ""));
    });
  };
  const revoke = async (id: string, name: string): Promise<void> => {
    if (await confirmFirst({ title: "profile.revokeTitle", text: "profile.revokeText", values: { name }, action: "profile.revoke", danger: true }))
      await act(() => change("ApiToken", desk.userAccount, { destroy: [id] }), "profile.revoked");
  };
  return (
    <section className="card" aria-labelledby="profile-tokens">
      <div className="card-line"><h2 id="profile-tokens">{t("profile.tokens")}</h2><Button icon={Plus} onClick={() => void create()}>{t("profile.tokenCreate")}</Button></div>
      <p className="muted">{t("profile.tokensHint")}</p>
      {fresh && <div role="status"><p>{t("profile.tokenOnce")}</p><div className="copy-line"><code dir="ltr" className="token-value">{fresh}</code><CopyButton text={fresh} /></div></div>}
      <Loaded query={tokens}>{(list) => list.length === 0 ? null : (
        <div className="table-scroll" role="region" aria-labelledby="profile-tokens" tabIndex={0}><table className="quiet-table">
          <thead><tr><th scope="col">{t("profile.tokenName")}</th><th scope="col">{t("profile.created")}</th><th scope="col">{t("profile.used")}</th><th><span className="visually-hidden">{t("people.actions")}</span></th></tr></thead>
          <tbody>{list.map((token) => (
            <tr key={token.id}>
              <td><strong dir="auto">{token.name}</strong></td><td className="muted">{formatDay(token.createdAt, locale)}</td><td className="muted">{token.usedAt ? formatAgo(token.usedAt, locale) : t("people.never")}</td>
              <td className="table-tools"><Button kind="plain" onClick={() => void revoke(token.id, token.name)}>{t("profile.revoke")}</Button></td>
            </tr>
          ))}</tbody>
        </table></div>
      )}</Loaded>
    </section>
  );
}

/* Signing out everywhere else: one question, all at once. */
function EndOthers() {
  const t = useT();
  const desk = useDesk();
  const act = useDo();
  const others = useQuery(listedQuery("UserSession", desk.userAccount)).data?.filter((session) => !session.isCurrent) ?? [];
  if (others.length === 0) return null;
  const end = async (): Promise<void> => {
    if (await act(() => change("UserSession", desk.userAccount, { destroy: others.map((session) => session.id) }))) showToast({ text: "profile.endedAll" });
  };
  return <Button onClick={() => void end()}>{t("profile.endOthers")}</Button>;
}

export function ProfileSection() {
  return (
    <>
      <Title heading="profile.title" lead="profile.lead" action={<EndOthers />} />
      <div className="cards"><PasswordCard /><IdentityCard /><SessionsCard /><TokensCard /></div>
    </>
  );
}
