import { ImageOff, Images, ShieldCheck } from "lucide-react";
import { useId, useState } from "react";
import { useT } from "../../i18n/i18n.ts";
import type { EmailView, Tracker } from "../../jmap/types.ts";
import type { TrustedSenders } from "../../mail/trusted.ts";
import { Button } from "../../ui/Button.tsx";

function TrackerList({ trackers, id }: { readonly trackers: readonly Tracker[]; readonly id: string }) {
  const t = useT();
  return (
    <div className="tracker-list" id={id}>
      <p>{t("reader.trackersTold")}</p>
      <ul>
        {trackers.map(({ name, host, count }) => (
          <li key={host}><b>{name ?? t("reader.trackerUnknown")}</b> <bdi dir="ltr">{host}</bdi> <span className="muted">{t("reader.trackerImages", { count })}</span></li>
        ))}
      </ul>
    </div>
  );
}

interface Props {
  readonly view: EmailView;
  readonly images: boolean;
  /* The address that the mail says it is from; null: it does not say. */
  readonly sender: string | null;
  readonly trusted: TrustedSenders;
  readonly onShow: () => void;
}

/* What was left out so that the sender does not learn of the reading, and how to have it all the same. */
export function Privacy({ view, images, sender, trusted, onShow }: Props) {
  const t = useT();
  const listId = useId();
  const [listed, setListed] = useState(false);
  const trust = sender === null ? undefined : trusted.find(sender);
  const blocked = !images && view.blockedRemote > 0;
  if (!blocked && view.trackersRemoved === 0 && !(images && trust)) return null;
  return (
    <div className="privacy-box">
      <div className="privacy">
        {blocked && (
          <>
            <ImageOff size={16} aria-hidden />
            <span className="privacy-blocked">{t("reader.imagesBlocked", { count: view.blockedRemote })}</span>
            <Button kind="plain" onClick={onShow}>{t("reader.showImages")}</Button>
            {sender !== null && <Button kind="plain" className="privacy-always" onClick={() => void trusted.trust(sender)}>{t("reader.alwaysImages", { sender })}</Button>}
          </>
        )}
        {images && trust && (
          <>
            <Images size={16} aria-hidden />
            <span className="privacy-blocked">{t("reader.imagesTrusted", { sender: trust.address })}</span>
            <Button kind="plain" onClick={() => void trusted.forget(trust.id)}>{t("reader.untrust")}</Button>
          </>
        )}
        {view.trackersRemoved > 0 && (
          <button type="button" className="privacy-trackers" aria-expanded={listed} aria-controls={listed ? listId : undefined} onClick={() => setListed(!listed)}>
            <ShieldCheck size={16} aria-hidden />{t("reader.trackersRemoved", { count: view.trackersRemoved })}
            <span aria-hidden className={listed ? "caret caret-open" : "caret"} />
          </button>
        )}
      </div>
      {listed && <TrackerList trackers={view.trackers} id={listId} />}
    </div>
  );
}
