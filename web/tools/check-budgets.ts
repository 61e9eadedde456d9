import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/* Gzipped sizes against our budgets, in KB of 1,000 bytes: what a route needs beyond what is loaded before it. */
interface Chunk { readonly file: string; readonly name?: string; readonly src?: string; readonly isEntry?: boolean; readonly isDynamicEntry?: boolean; readonly imports?: readonly string[]; readonly dynamicImports?: readonly string[]; readonly css?: readonly string[] }

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const manifest = JSON.parse(readFileSync(`${dist}manifest.json`, "utf8")) as Record<string, Chunk>;
const sizes = new Map<string, number>();

function sizeOf(file: string): number {
  const known = sizes.get(file);
  if (known !== undefined) return known;
  const size = gzipSync(readFileSync(dist + file), { level: 9 }).length;
  sizes.set(file, size);
  return size;
}

/* A chunk with everything it imports at once. */
function filesOf(key: string, into: Set<string> = new Set()): Set<string> {
  const chunk = manifest[key];
  if (!chunk || into.has(chunk.file)) return into;
  into.add(chunk.file);
  for (const css of chunk.css ?? []) into.add(css);
  for (const next of chunk.imports ?? []) filesOf(next, into);
  return into;
}

function keyOf(part: string): string {
  const found = Object.keys(manifest).find((key) => key.includes(part) || (manifest[key]?.src ?? "").includes(part));
  if (!found) throw new Error(`no chunk for ${part}`);
  return found;
}

const languages = Object.keys(manifest).filter((key) => manifest[key]?.isDynamicEntry && (key.includes("virtual:catalogue/") || /catalogue/.test(manifest[key]?.src ?? "")));
const entry = filesOf(keyOf("index.html"));
const sum = (files: Iterable<string>): number => [...files].reduce((total, file) => total + sizeOf(file), 0);
const beyond = (part: string, loaded: ReadonlySet<string>): number => sum([...filesOf(keyOf(part))].filter((file) => !loaded.has(file)));
/* The reader's frame is loaded as soon as a mail is opened, so it counts to the first route. */
const reader = new Set([...entry, ...filesOf(keyOf("MailFrame"))]);
/* Its texts, and the names of them that all languages share. */
const english = beyond("/en/mail", reader);

/* Every other part that is loaded when it is wanted: what the mail opens has to come at once, a page may take a moment. */
const NAMED = /catalogue|compose\/Composer|MailFrame|admin\/MicrosoftSection/;
const lazy = Object.keys(manifest).filter((key) => manifest[key]!.isDynamicEntry && !NAMED.test(key) && !NAMED.test(manifest[key]!.src ?? ""));
const withMail = (key: string): boolean => /screens\/(?:desk|list|mail|reader|search|organise)\//.test(key);
const withComposer = (key: string): boolean => /screens\/compose\//.test(key);
const composer = new Set([...reader, ...filesOf(keyOf("compose/Composer"))]);
const others = lazy.map((key): readonly [string, number, number] => [
  key.replace(/^src\/(?:screens\/)?|\.tsx?$/g, ""), beyond(key, withComposer(key) ? composer : withMail(key) ? reader : entry), withMail(key) || withComposer(key) ? 60 : 200,
]);

const lines: readonly (readonly [string, number, number])[] = [
  ["first route (page, reader, English)", sum(reader) + english, 250],
  ["composer", beyond("compose/Composer", reader), 160],
  ["administration", beyond("admin/MicrosoftSection", entry), 200],
  ...others,
  ...languages.map((key) => [`language ${key.split("/").slice(-2).join(" ")}`, sizeOf(manifest[key]!.file), 15] as const),
];

let failed = false;
for (const [name, bytes, budget] of lines) {
  const over = bytes > budget * 1000;
  failed ||= over;
  console.log(`${over ? "OVER" : "ok  "} ${name}: ${(bytes / 1000).toFixed(1)} KB of ${budget}`);
}
process.exit(failed ? 1 : 0);
