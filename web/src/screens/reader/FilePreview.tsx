import { useQuery } from "@tanstack/react-query";
import { FileQuestion } from "lucide-react";
import { useEffect, useState } from "react";
import { useT } from "../../i18n/i18n.ts";
import { downloadUrl, previewUrl } from "../../jmap/blobs.ts";
import type { Id, ViewAttachment } from "../../jmap/types.ts";
import { Empty, Spinner } from "../../ui/Notice.tsx";

const PICTURES = /^image\/(?:png|jpe?g|gif|webp|bmp|avif|x-ms-bmp|pjpeg)$/i;
const PICTURE_NAMES = /\.(?:png|jpe?g|gif|webp|bmp|avif)$/i;
const SOUNDS = /^audio\/|\.(?:mp3|m4a|ogg|oga|opus|wav|flac)$/i;
const MOST_PAGES = 200;
const PAGE_WIDTH = 900;

type Kind = "picture" | "sound" | "pdf" | "text";

function kindOf(file: ViewAttachment): Kind {
  if (PICTURES.test(file.type) || (file.type === "application/octet-stream" && PICTURE_NAMES.test(file.name ?? ""))) return "picture";
  if (SOUNDS.test(file.type) || (file.type === "application/octet-stream" && SOUNDS.test(file.name ?? ""))) return "sound";
  if (/\/(?:x-)?pdf$/i.test(file.type) || /\.pdf$/i.test(file.name ?? "")) return "pdf";
  return "text";
}

export function zooms(file: ViewAttachment): boolean {
  const kind = kindOf(file);
  return kind === "picture" || kind === "pdf";
}

interface Props {
  readonly accountId: Id;
  readonly file: ViewAttachment;
  readonly name: string;
  readonly zoom: number;
}

function None() {
  const t = useT();
  return <Empty icon={FileQuestion} title={t("reader.noPreview")}>{t("reader.noPreviewHint")}</Empty>;
}

function Picture({ accountId, file, name, zoom }: Props) {
  const [failed, setFailed] = useState(false);
  if (failed) return <None />;
  return <img className="preview-picture" data-zoomed={zoom !== 1} style={zoom === 1 ? undefined : { inlineSize: `${zoom * 100}%` }} src={downloadUrl(accountId, file.blobId, name, file.type)} alt={name} onError={() => setFailed(true)} />;
}

interface FirstPage {
  readonly address: string;
  readonly pages: number;
  readonly ratio: number;
}

async function fetchFirst(address: string, signal: AbortSignal): Promise<FirstPage | null> {
  const answer = await fetch(address, { signal, credentials: "same-origin" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(String(answer.status));
  const bitmap = await createImageBitmap(await answer.blob());
  return { address, pages: Number(answer.headers.get("X-Postroom-Pages") ?? 1), ratio: bitmap.width / bitmap.height };
}

/* Pages are pictures made by the server; each is asked for when it comes into sight. */
function Pages({ accountId, file, zoom }: Props) {
  const t = useT();
  const width = Math.min(2400, Math.ceil((PAGE_WIDTH * Math.max(1, zoom) * Math.min(2, devicePixelRatio)) / 200) * 200);
  const first = useQuery({ queryKey: ["preview", accountId, file.blobId], queryFn: ({ signal }) => fetchFirst(previewUrl(accountId, file, 1, width), signal), staleTime: 600_000, retry: 1 });
  if (first.isPending) return <Spinner label={t("common.loading")} />;
  if (!first.data) return <None />;
  const { pages, ratio } = first.data;
  return (
    <div className="preview-pages" style={{ inlineSize: `calc(min(${PAGE_WIDTH}px, 100cqi) * ${zoom})` }}>
      {Array.from({ length: Math.min(pages, MOST_PAGES) }, (_, index) => (
        <img key={index} loading="lazy" src={previewUrl(accountId, file, index + 1, width)} style={{ aspectRatio: String(ratio) }} alt={t("reader.pageOf", { page: index + 1, pages })} />
      ))}
      {pages > MOST_PAGES && <p className="muted">{t("reader.morePages", { count: pages - MOST_PAGES })}</p>}
    </div>
  );
}

async function fetchText(address: string, signal: AbortSignal): Promise<string | null> {
  const answer = await fetch(address, { signal, credentials: "same-origin" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

function Words({ accountId, file }: Props) {
  const t = useT();
  const text = useQuery({ queryKey: ["preview-text", accountId, file.blobId], queryFn: ({ signal }) => fetchText(previewUrl(accountId, file, "text"), signal), staleTime: 600_000, retry: 1 });
  if (text.isPending) return <Spinner label={t("common.loading")} />;
  if (!text.data?.trim()) return <None />;
  return <pre className="preview-text" dir="auto">{text.data}</pre>;
}

function Sound({ accountId, file, name }: Props) {
  const [failed, setFailed] = useState(false);
  useEffect(() => setFailed(false), [file.blobId]);
  if (failed) return <None />;
  return <audio className="preview-sound" controls preload="metadata" src={downloadUrl(accountId, file.blobId, name, file.type)} onError={() => setFailed(true)} />;
}

export function FilePreview(props: Props) {
  const Body = { picture: Picture, sound: Sound, pdf: Pages, text: Words }[kindOf(props.file)];
  return <Body {...props} />;
}
