import { setupI18n } from "@lingui/core";
import { describe, expect, it } from "vitest";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { readdirSync, readFileSync } from "node:fs";
import { LANGUAGES, preferredLanguage } from "../../src/i18n/languages.ts";
import type { Translate } from "../../src/i18n/i18n.ts";
import { formatBytes, formatListDate } from "../../src/i18n/format.ts";
import { ACCOUNT_CODES, LINK_CODES, problemText, remedyOf } from "../../src/mail/problems.ts";

function translator(code: string): Translate {
  const files = readdirSync(`locales/${code}`);
  const source = Object.assign({}, ...files.map((file) => JSON.parse(readFileSync(`locales/${code}/${file}`, "utf8")) as object)) as Record<string, string>;
  const messages = Object.fromEntries(Object.entries(source).map(([key, text]) => [key, compileMessage(text)]));
  const i18n = setupI18n({ locale: code, messages: { [code]: messages } });
  return (id, values) => i18n._(id, values);
}

/* A Chinese character says what takes two letters and more elsewhere. */
const lengthOf = (text: string): number => text.length + (text.match(/\p{Script=Han}/gu)?.length ?? 0);

const contract = readFileSync("../docs/api.md", "utf8");

describe.each(LANGUAGES.map((language) => language.code))("in %s", (code) => {
  const t = translator(code);
  it.each([...LINK_CODES, ...ACCOUNT_CODES])("the code %s has a cause and a next step", (problem) => {
    const text = problemText({ code: problem }, t);
    expect(text.title).not.toMatch(/^problem\./);
    expect(lengthOf(text.title)).toBeGreaterThan(5);
    expect(lengthOf(text.action)).toBeGreaterThan(15);
    expect(text.title).not.toContain("AADSTS");
  });
  it("an unknown code still gives a next step, and the server's own words when it sends some", () => {
    expect(problemText({ code: "brand-new" }, t).action.length).toBeGreaterThan(15);
    expect(problemText({ code: "brand-new", title: "T", action: "A" }, t)).toEqual({ title: "T", action: "A" });
  });
  it("plurals are right", () => {
    expect(t("reader.attachments", { count: 1 })).not.toContain("#");
    expect(t("reader.attachments", { count: 5 })).toContain("5");
  });
});

describe("the codes", () => {
  it("are those of docs/api.md", () => {
    const part = (from: string, to: string): string[] => {
      const start = contract.indexOf(from);
      return [...contract.slice(start + from.length, contract.indexOf(to, start)).matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)].map((match) => match[1]!);
    };
    expect([...LINK_CODES].sort()).toEqual(part("Codes: ", "Problem codes").sort());
    expect([...ACCOUNT_CODES].sort()).toEqual(part("those above and ", "## ").sort());
  });
  it("lead somewhere", () => {
    expect(remedyOf("sign-in-expired")).toBe("relink");
    expect(remedyOf("app-secret-expired")).toBe("settings");
    expect(remedyOf("unheard-of")).toBe("again");
  });
});

describe("languages", () => {
  it("follow the choice, then the browser, then English", () => {
    expect(preferredLanguage("he", ["en"])).toBe("he");
    expect(preferredLanguage(null, ["fr-FR", "iw-IL"])).toBe("he");
    expect(preferredLanguage("xx", ["fr"])).toBe("en");
  });
  it("write dates and sizes their own way", () => {
    const now = new Date(2026, 10, 21, 12);
    expect(formatListDate(new Date(2026, 10, 21, 9, 5).toISOString(), "en-GB", now)).toMatch(/^0?9:05$/);
    expect(formatListDate(new Date(2025, 0, 2).toISOString(), "en-GB", now)).toBe("2 Jan 2025");
    expect(formatBytes(1_843_200, "en")).toBe("1.8 MB");
    expect(formatBytes(0, "en")).toBe("0 bytes");
  });
});
