import { useEffect, useState } from "react";
import { formatFullDate } from "../../i18n/format.ts";
import { useLocale, useT } from "../../i18n/i18n.ts";
import type { Id } from "../../jmap/types.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { closeLetter, openDraft, type Letter } from "./composer-store.ts";
import type { LetterState } from "./letter-state.ts";
import { similarDraft } from "./prepare.ts";

const WAIT = 900;

/* In a letter that has only begun: a draft to the same people may be what one is looking for. */
export function SimilarDraft({ letter, state }: { readonly letter: Letter; readonly state: LetterState }) {
  const t = useT();
  const locale = useLocale();
  const { accountId, to, cc } = state.fields;
  const fresh = letter.draftId === null && letter.answered === null && !letter.recovered;
  const [found, setFound] = useState<{ readonly id: Id; readonly receivedAt: string } | null>(null);
  const [refused, setRefused] = useState(false);
  const key = [...to, ...cc].map((one) => one.email).join();
  const { content } = state;
  useEffect(() => {
    if (!fresh || refused || key === "") return;
    let current = true;
    const timer = setTimeout(() => {
      if (content().text.trim() !== "") return;
      similarDraft(accountId, to, cc, state.draftId()).then((draft) => { if (current) setFound(draft); }, () => undefined);
    }, WAIT);
    return () => { current = false; clearTimeout(timer); };
  }, [fresh, refused, key, accountId]);
  if (!found || refused || key === "") return null;
  const use = (): void => {
    closeLetter(letter.key);
    void state.discard().then(() => openDraft(accountId, found.id));
  };
  return (
    <div className="composer-note"><Notice tone="hint">
      {t("compose.draftSimilar", { at: formatFullDate(found.receivedAt, locale) })} <Button kind="plain" onClick={use}>{t("compose.useDraft")}</Button>
      <Button kind="plain" onClick={() => setRefused(true)}>{t("compose.beginAnew")}</Button>
    </Notice></div>
  );
}
