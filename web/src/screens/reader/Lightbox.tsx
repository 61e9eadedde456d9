import { ChevronLeft, ChevronRight, Download, Maximize, X, ZoomIn, ZoomOut } from "lucide-react";
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatBytes } from "../../i18n/format.ts";
import { downloadUrl } from "../../jmap/blobs.ts";
import type { Id, ViewAttachment } from "../../jmap/types.ts";
import { IconButton } from "../../ui/Button.tsx";
import { FilePreview, zooms } from "./FilePreview.tsx";

interface Props {
  readonly accountId: Id;
  readonly files: readonly ViewAttachment[];
  readonly at: number;
  readonly onMove: (at: number) => void;
  readonly onClose: () => void;
}

const STEP = 1.4;
const LEAST = 0.25;
const MOST = 6;

/* All attachments of a mail one after another: arrows move, plus and minus zoom, Escape closes. */
export function Lightbox({ accountId, files, at, onMove, onClose }: Props) {
  const t = useT();
  const locale = useLocale();
  const dialog = useRef<HTMLDialogElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const titleId = useId();
  const [zoom, setZoom] = useState(1);
  const file = files[at];
  useLayoutEffect(() => {
    const box = dialog.current;
    if (box && !box.open) box.showModal();
    return () => box?.close();
  }, []);
  useEffect(() => {
    setZoom(1);
    /* The button that was pressed may be gone or spent with the next file; the keys are for the file. */
    const active = document.activeElement;
    if (!active?.matches(".lightbox-side:enabled")) stage.current?.focus();
  }, [at]);
  if (!file) return null;
  const name = file.name || t("reader.unnamed");
  const move = (step: number): void => {
    if (files[at + step]) onMove(at + step);
  };
  const magnify = (by: number): void => setZoom((before) => Math.min(MOST, Math.max(LEAST, before * by)));
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.target instanceof HTMLMediaElement) return;
    const forward = document.documentElement.dir === "rtl" ? -1 : 1;
    const actions: Record<string, () => void> = {
      ArrowRight: () => move(forward), ArrowLeft: () => move(-forward), "+": () => magnify(STEP), "=": () => magnify(STEP), "-": () => magnify(1 / STEP), "0": () => setZoom(1),
    };
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  };
  return (
    <dialog ref={dialog} className="lightbox" aria-labelledby={titleId} onKeyDown={onKeyDown} onCancel={(event) => { event.preventDefault(); onClose(); }}>
      <header className="lightbox-bar">
        <h2 id={titleId}><bdi>{name}</bdi> <small>{formatBytes(file.size, locale)}</small></h2>
        <span className="lightbox-count" role="status">{files.length > 1 ? t("reader.fileOf", { position: at + 1, count: files.length }) : ""}</span>
        {zooms(file) && (
          <>
            <IconButton label={t("reader.zoomOut")} shortcut="-" icon={ZoomOut} onClick={() => magnify(1 / STEP)} />
            <IconButton label={t("reader.fit")} shortcut="0" icon={Maximize} onClick={() => setZoom(1)} />
            <IconButton label={t("reader.zoomIn")} shortcut="+" icon={ZoomIn} onClick={() => magnify(STEP)} />
          </>
        )}
        <a className="icon-button" href={downloadUrl(accountId, file.blobId, name, file.type)} download={name} aria-label={t("reader.download", { name })} title={t("reader.download", { name })}><Download size={18} aria-hidden /></a>
        <IconButton label={t("common.close")} icon={X} onClick={onClose} />
      </header>
      <div className="lightbox-stage">
        {files.length > 1 && <IconButton label={t("reader.previousFile")} icon={ChevronLeft} directional className="lightbox-side" disabled={at === 0} onClick={() => move(-1)} />}
        <div className="lightbox-file" ref={stage} tabIndex={0} role="group" aria-label={name}><FilePreview key={file.blobId} accountId={accountId} file={file} name={name} zoom={zoom} /></div>
        {files.length > 1 && <IconButton label={t("reader.nextFile")} icon={ChevronRight} directional className="lightbox-side" disabled={at === files.length - 1} onClick={() => move(1)} />}
      </div>
    </dialog>
  );
}
