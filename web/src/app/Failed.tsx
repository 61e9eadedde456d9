import { CloudOff, Compass } from "lucide-react";
import { useT } from "../i18n/i18n.ts";
import { failureOf } from "../mail/failures.ts";
import { Button } from "../ui/Button.tsx";
import { Link } from "../ui/Link.tsx";
import { Empty } from "../ui/Notice.tsx";

/* The page cannot go on: says why, and offers to try again. */
export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  const t = useT();
  const failure = failureOf(error);
  return (
    <main className="full-page" role="alert">
      <Empty icon={CloudOff} title={t(failure.text, failure.values)} action={<Button kind="primary" onClick={onRetry}>{t("common.retry")}</Button>}>
        {failure.detail && <code dir="auto">{failure.detail}</code>}
      </Empty>
    </main>
  );
}

export function NotFound() {
  const t = useT();
  return (
    <main className="full-page">
      <Empty icon={Compass} title={t("notFound.title")} action={<Link className="button button-primary" to={{ screen: "home" }}>{t("common.toMail")}</Link>}>
        {t("notFound.text")}
      </Empty>
    </main>
  );
}
