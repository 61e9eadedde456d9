import type { QueryClient } from "@tanstack/react-query";
import { formatFullDate } from "../../i18n/format.ts";
import type { Translate } from "../../i18n/i18n.ts";
import type { Address, EmailDetail, EmailView, Id } from "../../jmap/types.ts";
import { trustedKey, type TrustedSender } from "../../mail/trusted.ts";
import { viewQuery } from "../../mail/queries.ts";
import { displayImages, sanitiseMailHtml } from "../../mail/sanitise.ts";
import { mailPolicy } from "./frame-document.ts";

interface Job {
  readonly client: QueryClient;
  readonly accountId: Id;
  readonly emails: readonly EmailDetail[];
  /* Consent was given for the mail at hand. */
  readonly images: boolean;
  readonly locale: string;
  readonly t: Translate;
}

const PATIENCE_MS = 8_000;

/* Paper is white and has no folds: whatever the page looks like. */
const STYLES = `@page{margin:18mm 16mm}
html{color-scheme:light;background:#fff;color:#111}
body{margin:0;font:11pt/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans Hebrew",sans-serif;overflow-wrap:break-word}
h1{font-size:16pt;line-height:1.25;margin:0 0 10pt;text-align:-webkit-match-parent;text-align:match-parent}
.postroom-printed{break-inside:auto;margin-block-end:22pt}
.postroom-printed+.postroom-printed{border-block-start:1px solid #bbb;padding-block-start:14pt}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2pt 10pt;margin:0 0 12pt;font-size:10pt;break-after:avoid}
dt{color:#555}dd{margin:0}
pre{white-space:pre-wrap;font:inherit;margin:0}
img{max-width:100%;height:auto}
table{max-width:100%}
.postroom-mail{position:relative;overflow:hidden}
.postroom-files{font-size:10pt;color:#333;margin-block-start:10pt}`;

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function people(list: readonly Address[] | null): string {
  return (list ?? []).map(({ name, email }) => `<bdi>${escapeText(name ? `${name} <${email}>` : email)}</bdi>`).join(", ");
}

function headerLines(email: EmailDetail, locale: string, t: Translate): string {
  const lines: readonly (readonly [string, string])[] = [
    [t("compose.from"), people(email.from)], [t("compose.to"), people(email.to)], [t("compose.cc"), people(email.cc)], [t("reader.dateSent"), escapeText(formatFullDate(email.sentAt ?? email.receivedAt, locale))],
  ];
  return `<dl>${lines.filter(([, value]) => value !== "").map(([label, value]) => `<dt>${escapeText(label)}</dt><dd>${value}</dd>`).join("")}</dl>`;
}

function bodyOf(view: EmailView): string {
  if (view.html !== null) return `<div class="postroom-mail" dir="auto">${sanitiseMailHtml(view.html, displayImages(document.baseURI))}</div>`;
  return `<pre dir="auto">${escapeText(view.text ?? "")}</pre>`;
}

function filesOf(view: EmailView, t: Translate): string {
  const files = view.attachments.filter((one) => !one.inline);
  if (files.length === 0) return "";
  return `<p class="postroom-files">${escapeText(t("reader.attachments", { count: files.length }))}: ${files.map((one) => `<bdi>${escapeText(one.name ?? t("reader.unnamed"))}</bdi>`).join(", ")}</p>`;
}

/* The paper: one document with the policy of a mail's frame, and no script. */
export function printDocument(mails: readonly (readonly [EmailDetail, EmailView])[], locale: string, t: Translate): string {
  const subject = mails[0]?.[0].subject ?? t("row.noSubject");
  const parts = mails.map(([email, view]) => `<article class="postroom-printed">${headerLines(email, locale, t)}${bodyOf(view)}${filesOf(view, t)}</article>`);
  return `<!doctype html><html lang="${escapeText(locale)}" dir="${document.documentElement.dir === "rtl" ? "rtl" : "ltr"}"><head><meta charset="utf-8">` +
    `<meta http-equiv="Content-Security-Policy" content="${escapeText(mailPolicy(document.baseURI))}"><meta name="referrer" content="no-referrer">` +
    `<title>${escapeText(subject)}</title><style>${STYLES}</style></head><body><h1 dir="auto">${escapeText(subject)}</h1>${parts.join("")}</body></html>`;
}

async function viewsOf({ client, accountId, emails, images }: Job): Promise<(readonly [EmailDetail, EmailView])[]> {
  const session = client.getQueriesData<readonly TrustedSender[]>({ queryKey: [trustedKey("")[0]] }).flatMap(([, list]) => list ?? []);
  const trusted = new Set(session.map((one) => one.address.toLowerCase()));
  return Promise.all(emails.map(async (email) => {
    const consent = (images && emails.length === 1) || trusted.has(email.from?.[0]?.email.toLowerCase() ?? "");
    return [email, await client.ensureQueryData(viewQuery(accountId, email.id, consent ? "images" : "safe"))] as const;
  }));
}

/* All pictures are there, or never will be. */
async function settled(inner: Document): Promise<void> {
  const waiting = [...inner.images].filter((image) => !image.complete).map((image) => new Promise<void>((resolve) => {
    image.addEventListener("load", () => resolve());
    image.addEventListener("error", () => resolve());
  }));
  await Promise.race([Promise.all(waiting), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
}

/* Opens the browser's print dialog on a clean sheet; the frame is gone when it was closed. */
export async function printMails(job: Job): Promise<void> {
  const mails = await viewsOf(job);
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-same-origin allow-modals");
  frame.className = "print-frame";
  frame.title = job.t("reader.print");
  frame.setAttribute("aria-hidden", "true");
  frame.tabIndex = -1;
  const loaded = new Promise<void>((resolve) => frame.addEventListener("load", () => resolve(), { once: true }));
  frame.srcdoc = printDocument(mails, job.locale, job.t);
  document.querySelector(".print-frame")?.remove();
  document.body.append(frame);
  await loaded;
  const { contentDocument: inner, contentWindow: view } = frame;
  if (!inner || !view) return;
  await settled(inner);
  view.addEventListener("afterprint", () => setTimeout(() => frame.remove(), 0));
  view.print();
}
