/* The document inside a mail's frame: its own policy, neutral styles, and folding without script. */
export interface FrameOptions {
  readonly html: string;
  readonly base: string;
  readonly dark: boolean;
  readonly locale: string;
  readonly quoteLabel: string;
}

/* Mail that sets no colours of its own can follow the page into the dark; the rest stays on white paper. */
export function setsColours(html: string): boolean {
  return /bgcolor|background|<font[^>]+color|(?:^|[\s;"'{])color\s*:/i.test(html);
}

export function mailPolicy(base: string): string {
  const images = new URL("mail-image/", base).href;
  return `default-src 'none'; img-src data: blob: ${images}; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'`;
}

/*
 * The height is measured from outside, so nothing inside may depend on it: no vh, no percentages of the frame
 * (else every measurement makes the frame grow and the next one finds more).
 */
function styles(dark: boolean): string {
  const paper = dark
    ? "html{color-scheme:dark;background:transparent;color:#dcdde0}a{color:#9db3ff}@media print{html{color-scheme:light;background:#fff;color:#1d1f23}a{color:#2b4bb8}}"
    : "html{color-scheme:light;background:#fff;color:#1d1f23}a{color:#2b4bb8}";
  return `${paper}
html,body{height:auto!important;min-height:0!important;max-height:none!important;margin:0!important;overflow-y:hidden}
body{padding:0!important;font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans Hebrew",sans-serif;overflow-wrap:break-word}
.postroom-mail{overflow-x:auto;overflow-y:hidden;padding:2px 0}
.postroom-mail>:first-child,.postroom-mail>:first-child>:first-child{margin-top:0}
.postroom-mail>:last-child,.postroom-mail>:last-child>:last-child{margin-bottom:0}
img{max-width:100%}
img[src]{height:auto}
img:not([src]){background:#8881;border-radius:4px;font-size:12px}
img:not([src])[width][height]{display:inline-block;max-height:400px;overflow:hidden}
pre{white-space:pre-wrap}
table{max-width:100%}
blockquote{margin-block:.6em;margin-inline:0;padding-inline-start:1em;border-inline-start:2px solid #8886}
details.postroom-fold{margin-block:.6em}
details.postroom-fold>summary{list-style:none;cursor:pointer;display:inline-block;padding:0 .7em;border-radius:9px;background:#8882;color:inherit;font-size:12px;line-height:18px;user-select:none}
details.postroom-fold>summary::-webkit-details-marker{display:none}
details.postroom-fold>summary:focus-visible{outline:2px solid #3556c8;outline-offset:2px}
details.postroom-fold[open]>summary{margin-bottom:.6em}`;
}

function isWholeText(body: HTMLElement, quote: Element): boolean {
  const text = (node: Element): number => [...(node.textContent ?? "").replace(/\s/g, "")].length;
  const styles = [...body.querySelectorAll("style")].reduce((sum, style) => sum + text(style), 0);
  return text(body) - styles <= text(quote) && !body.querySelector("img:not(.postroom-quote img)");
}

/* Wraps each outermost marked quotation in a <details>, which opens and closes without script. */
export function foldQuotes(html: string, label: string): string {
  if (!html.includes("postroom-quote")) return html;
  const parsed = new DOMParser().parseFromString(`<body>${html}</body>`, "text/html");
  const quotes = [...parsed.body.querySelectorAll(".postroom-quote")].filter((node) => !node.parentElement?.closest(".postroom-quote"));
  for (const quote of quotes) {
    /* Where nothing but the quotation would be left to see, it stays open. */
    if (isWholeText(parsed.body, quote)) continue;
    const fold = parsed.createElement("details");
    fold.className = "postroom-fold";
    const summary = parsed.createElement("summary");
    summary.textContent = label;
    quote.replaceWith(fold);
    fold.append(summary, quote);
  }
  return parsed.body.innerHTML;
}

function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

export function frameDocument({ html, base, dark, locale, quoteLabel }: FrameOptions): string {
  return `<!doctype html><html lang="${escapeAttribute(locale)}"><head><meta charset="utf-8">` +
    `<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(mailPolicy(base))}">` +
    `<meta name="referrer" content="no-referrer"><style>${styles(dark)}</style></head>` +
    `<body><div class="postroom-mail" dir="auto">${foldQuotes(html, quoteLabel)}</div></body></html>`;
}
