import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/* House rules of the page: logical CSS only, no any, no default export, files under 600 lines, no inline handlers. */
const root = fileURLToPath(new URL("../", import.meta.url));
const problems: string[] = [];
const MOST_LINES = 600;

const PHYSICAL: readonly (readonly [RegExp, string])[] = [
  [/(?:^|[\s;{"'])(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)\b/g, "a physical side"],
  [/(?:^|[\s;{])(?:left|right)\s*:/g, "a physical side"],
  [/\b(?:text-align|float|clear|caption-side)\s*:\s*(?:left|right)\b/g, "a physical side"],
  [/\bborder-(?:top|bottom)-(?:left|right)-radius\b/g, "a physical corner"],
  [/\b(?:marginLeft|marginRight|paddingLeft|paddingRight|borderLeft|borderRight)\b/g, "a physical side"],
];

function walk(folder: string): string[] {
  return readdirSync(root + folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(?:tsx?|css)$/.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}

/* A shorthand with four values names the sides too: the second and the last must agree. */
function unevenShorthands(text: string): string[] {
  return [...text.matchAll(/\b(?:margin|padding|inset)\s*:\s*([^;{}]+)/g)]
    .map((match) => match[1]!.trim())
    .filter((value) => !value.includes("("))
    .filter((value) => { const sides = value.split(/\s+/); return sides.length === 4 && sides[1] !== sides[3]; });
}

/* Quoted mail goes to other programs, which may know physical sides only. */
const OUTGOING = "mail/answers.ts";

function checkSides(name: string, text: string): void {
  if (name.endsWith(OUTGOING)) return;
  for (const [pattern, what] of PHYSICAL) for (const match of text.matchAll(pattern)) problems.push(`${name}: ${what}: ${match[0].trim()}`);
  if (name.endsWith(".css")) for (const value of unevenShorthands(text)) problems.push(`${name}: sides differ in "${value}"`);
}

function checkCode(name: string, text: string): void {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
  if (/(?::|<|\bas|,)\s*any\b/.test(code)) problems.push(`${name}: any`);
  if (/\bexport\s+default\b/.test(code) && !name.endsWith("vite.config.ts")) problems.push(`${name}: default export`);
  if (/\bdangerouslySetInnerHTML\b|\.innerHTML\s*=/.test(code)) problems.push(`${name}: raw HTML into the page`);
  if (/allow-scripts/.test(code)) problems.push(`${name}: a frame that may run scripts`);
  if (/@ts-(?:ignore|nocheck|expect-error)/.test(text)) problems.push(`${name}: a silenced type error`);
}

for (const file of [...walk("src"), ...walk("mock"), ...walk("tests"), ...walk("tools")]) {
  const name = file.slice(root.length);
  const text = readFileSync(file, "utf8");
  const lines = text.split("\n").length;
  if (lines > MOST_LINES) problems.push(`${name}: ${lines} lines`);
  if (name.startsWith("src/")) checkSides(name, text);
  if (!name.endsWith(".css") && !name.endsWith("check-source.ts")) checkCode(name, text);
}

for (const problem of problems) console.error(problem);
console.log(`sources: ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
