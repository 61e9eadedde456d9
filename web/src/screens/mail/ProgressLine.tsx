import { useLocale, useT, type MessageId } from "../../i18n/i18n.ts";
import { formatBytes, formatDuration, formatNumber } from "../../i18n/format.ts";
import type { AccountState, Progress } from "../../jmap/types.ts";

const PHASES: Readonly<Record<Progress["phase"], MessageId>> = {
  folders: "progress.folders",
  headers: "progress.headers",
  messages: "progress.messages",
};

/* Bytes tell more than messages once they are known, since one mail may be a thousand times another. */
export function fractionOf(progress: Progress): number {
  const [done, total] = progress.bytesTotal > 0
    ? [progress.bytesDone, progress.bytesTotal] : [progress.messagesDone, progress.messagesTotal];
  return total > 0 ? Math.min(1, done / total) : 0;
}

interface Props {
  readonly progress: Progress;
  readonly state: AccountState;
  readonly wide?: boolean;
}

/* The first sync: how far, how fast, how long. */
export function ProgressLine({ progress, state, wide = false }: Props) {
  const t = useT();
  const locale = useLocale();
  const percent = Math.floor(fractionOf(progress) * 100);
  const paused = state === "paused";
  const left = progress.secondsLeft;
  const counts = t("progress.counts", {
    done: formatNumber(progress.messagesDone, locale), total: formatNumber(progress.messagesTotal, locale),
  });
  return (
    <div className={wide ? "progress progress-wide" : "progress"}>
      <div className="progress-bar" role="progressbar" aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100} aria-label={t(PHASES[progress.phase])}>
        <span style={{ inlineSize: `${percent}%` }} data-moving={!paused && progress.phase !== "messages"} />
      </div>
      <div className="progress-text">
        <span>{t(paused ? "progress.paused" : PHASES[progress.phase])}</span>
        {progress.messagesTotal > 0 && <span>{counts}</span>}
        {(wide || progress.phase === "messages") && progress.bytesTotal > 0 && (
          <span>{t("progress.bytes", { done: formatBytes(progress.bytesDone, locale), total: formatBytes(progress.bytesTotal, locale) })}</span>
        )}
        {!paused && progress.bytesPerSecond > 0 && wide && <span>{t("progress.rate", { rate: formatBytes(progress.bytesPerSecond, locale) })}</span>}
        {!paused && left !== null && progress.phase === "messages" && <span>{t("progress.left", { time: formatDuration(left, locale) })}</span>}
      </div>
    </div>
  );
}
