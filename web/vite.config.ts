import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const CATALOGUE = "virtual:catalogue/";
const areas = JSON.parse(readFileSync(new URL("./locales/parts.json", import.meta.url), "utf8")) as Record<string, readonly string[]>;

/* A part's texts of a language, in the order of its files. */
function textsOf(language: string, part: string, watch: (file: string) => void): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const area of areas[part] ?? []) {
    const file = fileURLToPath(new URL(`./locales/${language}/${area}.json`, import.meta.url));
    watch(file);
    Object.assign(texts, JSON.parse(readFileSync(file, "utf8")));
  }
  return texts;
}

const asJson = (value: unknown): string => `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;

/*
 * Catalogues are compiled at build time, so that no parser of ICU messages is shipped. The names of the texts are one
 * module for all languages, "virtual:catalogue/names/PART"; a language has its texts in the order of these names.
 */
function catalogues(): Plugin {
  return {
    name: "postroom-catalogues",
    resolveId: (id) => (id.startsWith(CATALOGUE) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${CATALOGUE}`)) return undefined;
      const [language = "", part = ""] = id.slice(CATALOGUE.length + 1).split("/");
      const names = Object.keys(textsOf("en", part, (file) => this.addWatchFile(file)));
      if (language === "names") return `export const names = ${asJson(names)};`;
      const texts = textsOf(language, part, (file) => this.addWatchFile(file));
      const compiled = names.map((name) => compileMessage(texts[name] ?? name));
      return `import { names } from "${CATALOGUE}names/${part}";\nconst texts = ${asJson(compiled)};\nexport const messages = Object.fromEntries(names.map((name, index) => [name, texts[index]]));`;
    },
  };
}

/* In development Vite serves the page itself, so it fills what the server fills per request. */
function developmentPlaceholders(): Plugin {
  return {
    name: "postroom-development-placeholders",
    apply: "serve",
    transformIndexHtml: (html) => html.replaceAll("{{BASE}}", "/").replaceAll("{{NONCE}}", ""),
  };
}

const backend = process.env["POSTROOM_BACKEND"] ?? "http://127.0.0.1:8025";

export default defineConfig(({ command }) => ({
  base: "./",
  html: command === "build" ? { cspNonce: "{{NONCE}}" } : {},
  plugins: [catalogues(), react(), developmentPlaceholders()],
  build: {
    target: "es2022",
    /* Older ones would have :dir() by the language of the page, which is not what a text in another one goes by. */
    cssTarget: ["chrome120", "edge120", "firefox121", "safari17"],
    assetsInlineLimit: 0,
    manifest: "manifest.json",
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { output: { hashCharacters: "hex" } },
  },
  server: {
    proxy: Object.fromEntries(
      ["/auth", "/jmap", "/oauth", "/mail-image"].map((path) => [path, { target: backend, changeOrigin: false }]),
    ),
  },
  test: {
    projects: [
      { extends: true, test: { name: "unit", include: ["tests/unit/**/*.test.{ts,tsx}"], environment: "jsdom", restoreMocks: true } },
      /* The built page in a real browser, against the mock server. */
      { extends: true, test: { name: "browser", include: ["tests/browser/**/*.test.ts"], environment: "node", testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false, expect: { poll: { timeout: 8_000 } } } },
    ],
  },
}));
