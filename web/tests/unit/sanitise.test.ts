import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { displayImages, harmlessCss, outgoingImages, sanitiseMailHtml } from "../../src/mail/sanitise.ts";

const BASE = "https://mail.example/app/";
const images = displayImages(BASE);
const clean = (html: string): string => sanitiseMailHtml(html, images);

/* What must not be left, whatever the input: parsed again, as a browser would. */
function dangers(html: string): string[] {
  const parsed = new DOMParser().parseFromString(`<body>${html}</body>`, "text/html");
  return [...parsed.querySelectorAll("*")].flatMap((node) => {
    const found: string[] = [];
    if (/^(?:script|iframe|object|embed|form|base|meta|link|svg|math|input|button)$/i.test(node.tagName) && !/^(?:HTML|HEAD)$/.test(node.tagName)) found.push(`<${node.tagName}>`);
    for (const { name, value } of [...node.attributes]) {
      if (/^on/i.test(name)) found.push(`${name}`);
      if (/^(?:href|src|action|formaction|xlink:href|data|background|poster)$/i.test(name) && /^[\s\u0000-\u001f]*(?:javascript|vbscript|data:(?!image\/))/i.test(value)) found.push(`${name}=${value}`);
      if (name === "src" && !images.allows(value)) found.push(`src=${value}`);
      if (name === "srcset" || name === "ping" || name === "background") found.push(name);
      if (name === "style" && !harmlessCss(value)) found.push(`style=${value}`);
      if (name === "href" && !/^(?:https?:|mailto:|tel:)/i.test(value)) found.push(`href=${value}`);
    }
    if (node.tagName === "STYLE" && !harmlessCss(node.textContent ?? "")) found.push("style element");
    return found;
  });
}

describe("mail HTML before display", () => {
  it.each([
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<a href=javascript:alert(1)>x</a>", "<a href='/oauth/microsoft/start'>x</a>",
    "<img src='/oauth/microsoft/start'>", "<img src='https://tracker.example/p.gif'>", "<img srcset='https://t.example/a 2x'>", "<iframe srcdoc='<script>1</script>'></iframe>",
    "<form action=/auth/logout><button>x</button></form>", "<base href=https://evil.example/>", "<meta http-equiv=refresh content='0;url=x'>", "<link rel=stylesheet href=https://e.example/x.css>",
    "<div style='background:url(https://t.example/x)'>x</div>", "<div style='background:u\\72l(https://t.example/x)'>x</div>", "<style>@import 'https://t.example/x.css'; a{background:url(//t.example)}</style>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>", "<td background='https://t.example/x'>x</td>", "<video poster='https://t.example/x'></video>",
    "<a href='https://x.example' ping='https://t.example'>x</a>", "<input autofocus onfocus=alert(1)>", "<img src='mail-image/../oauth/microsoft/start'>",
  ])("leaves nothing dangerous of %s", (html) => expect(dangers(clean(html))).toEqual([]));

  it("keeps what mail is made of", () => {
    const html = clean('<style>.a{color:red}</style><table bgcolor="#fff"><tbody><tr><td class="a" style="padding:4px;background:url(x);color:blue">x</td></tr></tbody></table><img src="mail-image/s1g?x=1"><div class="postroom-quote">q</div>');
    expect(html).toContain(".a{color:red}");
    expect(html).toContain("padding:4px");
    expect(html).toContain("color:blue");
    expect(html).not.toContain("url(");
    expect(html).toContain('src="mail-image/s1g?x=1"');
    expect(html).toContain('class="postroom-quote"');
  });

  it("opens links in a new tab without a way back and shows their real target", () => {
    const html = clean('<a href="https://bank.example.evil.example/">https://bank.example</a>');
    expect(html).toContain('target="_blank"');
    expect(html).toContain("noopener");
    expect(html).toContain('title="https://bank.example.evil.example/"');
  });

  it("is stable: cleaning again changes nothing", () => {
    const once = clean("<p>a<b>b</p></b><style>a{b:c}</style><table><td>x");
    expect(clean(once)).toBe(once);
  });

  it("keeps the pictures of the mail itself in an answer", () => {
    expect(sanitiseMailHtml('<img src="cid:a@b"><img src="http://t.example/x"><img src="/x">', outgoingImages)).toMatch(/^<img src="cid:a@b"[^>]*><img alt=""><img alt="">$/);
  });
});

const corpus = resolve("../../shared/corpus/html-safety");

describe.skipIf(!existsSync(corpus))("the corpus of hostile HTML", () => {
  const files = existsSync(corpus) ? readdirSync(corpus, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && !/ORIGIN/.test(entry.name)) : [];
  it.each(files.map((entry) => `${entry.parentPath}/${entry.name}`))("%s", (file) => {
    const text = readFileSync(file, "utf8");
    const pieces = text.length > 400_000 ? [text.slice(0, 400_000)] : [text, ...text.split(/\r?\n/).filter((line) => line.includes("<")).slice(0, 800)];
    for (const piece of pieces) expect(dangers(clean(piece)), piece.slice(0, 200)).toEqual([]);
  }, 60_000);
});
