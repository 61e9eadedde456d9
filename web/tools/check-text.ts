import { readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compileMessage } from "@lingui/message-utils/compileMessage";

/* Every language has every text, with the same values in it; every text of the page is in the catalogue; none lies idle. */
const root = fileURLToPath(new URL("../", import.meta.url));
const problems: string[] = [];

type Catalogue = Readonly<Record<string, string>>;

const parts = JSON.parse(readFileSync(`${root}locales/parts.json`, "utf8")) as Readonly<Record<"mail" | "pages", readonly string[]>>;
const areas = Object.values(parts).flat();

/* A language's folder, all areas together; an area that no part of the page loads would never be seen. */
function catalogue(language: string): Catalogue {
  const all: Record<string, string> = {};
  const files = readdirSync(`${root}locales/${language}`);
  for (const area of areas) if (!files.includes(`${area}.json`)) problems.push(`${language}/${area}.json is missing`);
  for (const file of files) {
    const name = `${language}/${file}`;
    if (!areas.includes(file.replace(".json", ""))) problems.push(`${name} is not in parts.json`);
    const text = readFileSync(`${root}locales/${name}`, "utf8");
    const keys = [...text.matchAll(/^\s*"([^"]+)":/gm)].map((match) => match[1]!);
    for (const key of keys.filter((one, index) => keys.indexOf(one) !== index || one in all)) problems.push(`${name}: ${key} is given twice`);
    Object.assign(all, JSON.parse(text));
  }
  return all;
}

/* The names of the values a message takes, plural forms included. */
function valuesOf(compiled: unknown, into: Set<string> = new Set()): Set<string> {
  if (!Array.isArray(compiled)) return into;
  for (const token of compiled as unknown[]) {
    if (!Array.isArray(token)) continue;
    into.add(String(token[0]));
    const forms: unknown = token[2];
    if (typeof forms === "object" && forms !== null) for (const form of Object.values(forms)) valuesOf(form, into);
  }
  return into;
}

function formsOf(compiled: unknown): string[][] {
  if (!Array.isArray(compiled)) return [];
  return (compiled as unknown[]).flatMap((token) =>
    Array.isArray(token) && token[1] === "plural" ? [Object.keys(token[2] as object).filter((form) => form !== "offset")] : []);
}

/* Names and terms that are the same in every language, and words that a language shares with English. */
const EVERYWHERE = ["Postroom", "Microsoft", "Google", "Gmail", "Outlook", "Graph", "Azure", "Entra", "AADSTS", "TLS", "STARTTLS", "IMAP", "SMTP", "JMAP", "OAuth", "HTTP", "HTTPS", "HOST", "PORT", "URL", "URI", "HTML", "PDF", "CSV", "ID", "Ctrl", "Enter", "Esc", "Shift", "Alt"];
const SHARED: Readonly<Record<string, readonly string[]>> = {
  de: ["Cc", "Bcc", "Link", "Links", "Port", "Code", "Details", "China", "21Vianet", "Orange", "Indigo", "Text", "Name", "Label", "Labels", "in", "In", "optional", "Filter", "Status", "Version", "System", "Server", "Proxy", "Token", "Administrator", "Person", "Browser", "Problem", "Rate"],
  tr: ["Cc", "Bcc", "Port"],
  uk: [], zh: [], he: [],
};

/* Whether a text that is the same as in English may be: it has names only, and what is filled in. */
function mayBeSame(text: string, language: string): boolean {
  const words = text.replace(/\{\w+\}/g, " ").match(/[\p{L}\d]{2,}/gu) ?? [];
  return words.every((word) => EVERYWHERE.includes(word) || (SHARED[language] ?? []).includes(word));
}

function compare(file: string, english: Catalogue, other: Catalogue): void {
  const rules = new Intl.PluralRules(file);
  const needed = new Set(Array.from({ length: 1000 }, (_, number) => rules.select(number)));
  for (const key of Object.keys(english)) {
    const text = other[key];
    if (text === undefined || text.trim() === "" && english[key]!.trim() !== "") {
      problems.push(`${file}: ${key} is missing`);
      continue;
    }
    if (file !== "en" && text === english[key] && !mayBeSame(text, file)) problems.push(`${file}: ${key} is still English: "${text}"`);
    const [ours, theirs] = [compileMessage(english[key]!), compileMessage(text)];
    const wanted = [...valuesOf(ours)].sort().join();
    const given = [...valuesOf(theirs)].sort().join();
    /* A language may spell out "one" and "two" and so do without the number as text. */
    if ([...valuesOf(theirs)].some((name) => !valuesOf(ours).has(name)) || (formsOf(theirs).length === 0 && wanted !== given))
      problems.push(`${file}: ${key} takes {${given}} instead of {${wanted}}`);
    for (const forms of formsOf(theirs)) for (const form of needed)
      if (!forms.includes(form)) problems.push(`${file}: ${key} lacks the plural form "${form}"`);
  }
  for (const key of Object.keys(other)) if (!(key in english)) problems.push(`${file}: ${key} is not English`);
}

function sources(folder: string): string[] {
  return readdirSync(root + folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}

const NAMES = /^(?:Postroom|AADSTS|[\s\d\W_]*)$/u;

/* Words between tags, or in attributes that are read out or shown. */
function literalTexts(source: string): string[] {
  const found: string[] = [];
  for (const match of source.matchAll(/(?:<\/?[A-Za-z][^<>{}=]*?|"|\}|\/)>([^<>{}]*[\p{L}]{2,}[^<>{}]*)<\/[A-Za-z]/gu)) found.push(match[1]!.trim());
  for (const match of source.matchAll(/\b(?:aria-label|title|placeholder|alt|label)="([^"]*)"/g)) found.push(match[1]!);
  for (const match of source.matchAll(/\b(?:alert|confirm|prompt)\((["'`])/g)) found.push(`${match[0]}…`);
  return found.filter((text) => !NAMES.test(text));
}

/* What is loaded before any page beside the mail is: everything from main.tsx on, but not through lazyPage(). */
function filesOfMail(): ReadonlySet<string> {
  const found = new Set<string>();
  const follow = (file: string): void => {
    if (found.has(file) || !/\.tsx?$/.test(file)) return;
    found.add(file);
    const text = readFileSync(file, "utf8").replace(/lazyPage\(\(\) => import\("[^"]+"\)/g, "").replace(/^(?:import|export) type .*$/gm, "");
    for (const match of text.matchAll(/(?:from|import\() ?"(\.{1,2}\/[^"]+)"/g)) follow(resolve(dirname(file), match[1]!));
  };
  follow(`${root}src/main.tsx`);
  return found;
}

function keysOf(part: "mail" | "pages"): string[] {
  return parts[part].flatMap((area) => Object.keys(JSON.parse(readFileSync(`${root}locales/en/${area}.json`, "utf8")) as Catalogue));
}

/* A text of the pages beside the mail would show its key where these have not been loaded. */
function checkParts(code: readonly (readonly [string, string])[]): void {
  const early = filesOfMail();
  const late = keysOf("pages");
  for (const [file, text] of code) {
    if (!early.has(resolve(file))) continue;
    for (const key of late) if (text.includes(`"${key}"`)) problems.push(`${file.slice(root.length)}: ${key} is not loaded with the mail (locales/parts.json)`);
  }
}

const languages = readdirSync(`${root}locales`, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
const english = catalogue("en");
compare("en", english, english);
for (const language of languages) if (language !== "en") compare(language, english, catalogue(language));

const code = sources("src").map((file) => [file, readFileSync(file, "utf8")] as const);
for (const [file, text] of code)
  for (const literal of literalTexts(text)) problems.push(`${file.slice(root.length)}: "${literal}" is not in the catalogue`);
checkParts(code);
const everything = code.map(([, text]) => text).join("\n");
for (const key of Object.keys(english)) {
  const built = /^(?:problem|refused|state)\./.test(key);
  if (!built && !everything.includes(`"${key}"`)) problems.push(`en: ${key} is not used`);
}

for (const problem of problems) console.error(problem);
console.log(`texts: ${Object.keys(english).length} in ${languages.length} languages, ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
