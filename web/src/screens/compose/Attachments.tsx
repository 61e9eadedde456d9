import { FileText, Mail, Pause, Play, RotateCcw, X, type LucideIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { formatBytes } from "../../i18n/format.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import type { DraftAttachment } from "./composer-store.ts";
import { encodedSize, isLargePhoto, shrinkPhoto, type UploadProgress, type UploadState, type Uploads } from "./uploads.ts";

const STATES: Readonly<Record<Exclude<UploadState, "running">, MessageId>> = { paused: "compose.uploadPaused", waiting: "compose.uploadWaiting", failed: "compose.uploadBroken" };

/* One button, so that the focus stays on it when it becomes another. */
const TOGGLES: Readonly<Record<UploadState, { readonly label: MessageId; readonly icon: LucideIcon }>> = {
  running: { label: "compose.uploadPause", icon: Pause }, paused: { label: "compose.uploadResume", icon: Play },
  waiting: { label: "compose.uploadRetry", icon: RotateCcw }, failed: { label: "compose.uploadRetry", icon: RotateCcw },
};

interface ItemProps {
  readonly one: DraftAttachment;
  readonly progress: UploadProgress | undefined;
  readonly uploads: Uploads;
}

function AttachmentItem({ one, progress, uploads }: ItemProps) {
  const t = useT();
  const locale = useLocale();
  const waiting = one.blobId === null;
  const state = progress?.state ?? "running";
  const percent = Math.round((progress?.fraction ?? 0) * 100);
  const Icon = one.type === "message/rfc822" ? Mail : FileText;
  const toggle = TOGGLES[state];
  const item = useRef<HTMLLIElement>(null);
  const waited = useRef(waiting);
  useEffect(() => {
    /* The button that had the focus is gone when the file has arrived. */
    if (waited.current && !waiting && document.activeElement === document.body) item.current?.querySelector("button")?.focus();
    waited.current = waiting;
  }, [waiting]);
  return (
    <li ref={item} className="composer-attachment" data-failed={waiting && state === "failed"}>
      {/* Away from "Remove", which must not come beneath a finger when the file arrives. */}
      {waiting
        ? <IconButton label={t(toggle.label, { name: one.name })} icon={toggle.icon} onClick={() => (state === "running" ? uploads.pause : uploads.resume)(one.key)} />
        : <Icon size={14} aria-hidden />}
      <bdi title={one.name}>{one.name}</bdi>
      <small>{!waiting ? formatBytes(one.size, locale) : state === "running" ? `${percent} %` : t(STATES[state])}</small>
      <IconButton label={t("compose.removeAttachment", { name: one.name })} icon={X} onClick={() => uploads.remove(one.key)} />
      {waiting && <span className="upload-bar" style={{ inlineSize: `${percent}%` }} role="progressbar" aria-label={one.name} aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100} />}
    </li>
  );
}

/* From this share on it is worth telling. */
const METER_FROM = 0.2;

/* How much of what the service takes is used, with what the encoding adds. */
function Meter({ bytes, usual, limit }: { readonly bytes: number; readonly usual: number; readonly limit: number }) {
  const t = useT();
  const locale = useLocale();
  if (bytes < usual * METER_FROM) return null;
  const tone = bytes > limit ? "over" : bytes > usual ? "doubtful" : "fine";
  const values = { used: formatBytes(bytes, locale), limit: formatBytes(tone === "over" ? limit : usual, locale) };
  return (
    <div className="size-meter" data-tone={tone}>
      <meter min={0} max={usual} high={usual * 0.9} value={Math.min(bytes, usual)} aria-label={t("compose.sizeMeter", values)} />
      <span>{t(tone === "over" ? "compose.sizeOver" : tone === "doubtful" ? "compose.sizeDoubtful" : "compose.sizeMeter", values)}</span>
    </div>
  );
}

interface Props {
  readonly attachments: readonly DraftAttachment[];
  readonly uploads: Uploads;
  readonly usual: number;
  readonly limit: number;
}

export function totalSize(attachments: readonly DraftAttachment[]): number {
  return attachments.reduce((sum, one) => sum + encodedSize(one.size), 0);
}

/* Photos out of a camera, which nobody needs that large. */
function Photos({ attachments, uploads }: Pick<Props, "attachments" | "uploads">) {
  const t = useT();
  const locale = useLocale();
  const [busy, setBusy] = useState(false);
  const [kept, setKept] = useState<readonly string[]>([]);
  const photos = attachments.filter((one) => !one.inline && !kept.includes(one.key) && isLargePhoto(uploads.fileOf(one.key)));
  if (photos.length === 0) return null;
  const shrink = async (): Promise<void> => {
    setBusy(true);
    for (const one of photos) {
      const file = uploads.fileOf(one.key);
      const small = file ? await shrinkPhoto(file).catch(() => null) : null;
      if (small) {
        uploads.remove(one.key);
        uploads.add([small], false);
      } else setKept((now) => [...now, one.key]);
    }
    setBusy(false);
  };
  return (
    <div className="photo-offer">
      <span>{t("compose.largePhotos", { count: photos.length, size: formatBytes(photos.reduce((sum, one) => sum + one.size, 0), locale) })}</span>
      <Button kind="plain" disabled={busy} onClick={() => void shrink()}>{t("compose.shrinkPhotos")}</Button>
      <Button kind="plain" onClick={() => setKept(photos.map((one) => one.key))}>{t("compose.keepPhotos")}</Button>
    </div>
  );
}

export function Attachments({ attachments, uploads, usual, limit }: Props) {
  const t = useT();
  const shown = attachments.filter((one) => !one.inline);
  const small = totalSize(attachments) < usual * METER_FROM;
  if (shown.length === 0 && small) return null;
  return (
    <div className="composer-files">
      {shown.length > 0 && (
        <ul className="composer-attachments" aria-label={t("compose.attachments")}>
          {shown.map((one) => <AttachmentItem key={one.key} one={one} progress={uploads.progress[one.key]} uploads={uploads} />)}
        </ul>
      )}
      <Photos attachments={attachments} uploads={uploads} />
      <Meter bytes={totalSize(attachments)} usual={usual} limit={limit} />
    </div>
  );
}
