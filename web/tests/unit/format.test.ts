import { afterEach, describe, expect, it } from "vitest";
import { formatStartDay, sentences } from "../../src/i18n/format.ts";
import { isEverything } from "../../src/screens/link/plain-servers.ts";

const ZONE = process.env["TZ"];
afterEach(() => { process.env["TZ"] = ZONE ?? "UTC"; });

describe("a start date", () => {
  it("is the same day west of Greenwich", () => {
    process.env["TZ"] = "America/New_York";
    expect(new Date("2026-03-01T00:00:00Z").getDate()).toBe(28);
    expect(formatStartDay("2026-03-01T00:00:00Z", "en-GB")).toBe("1 March 2026");
  });

  it("from which on everything is wanted", () => {
    expect([null, "1990-01-01T00:00:00Z", "1990-01-02T00:00:00Z"].map(isEverything)).toEqual([true, true, false]);
  });
});

describe("sentences", () => {
  it("stand apart but in Chinese", () => {
    expect(sentences(["One.", "Two."], "en")).toBe("One. Two.");
    expect(sentences(["一。", "二。"], "zh")).toBe("一。二。");
  });
});
