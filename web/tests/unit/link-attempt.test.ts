import { describe, expect, it } from "vitest";
import { startAddress } from "../../src/mail/relink.ts";
import { attemptOf, lastAttempt, rememberAttempt } from "../../src/mail/link-attempt.ts";

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value), removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(), key: () => null, get length() { return kept.size; },
  };
}

const start = { provider: "microsoft", address: "ada@contoso.example", since: "2026-01-02", hold: true };

describe("what this tab went to the provider for", () => {
  it("comes back as it was", () => {
    const place = storage();
    expect(lastAttempt(place)).toBeNull();
    rememberAttempt(start, place);
    expect(lastAttempt(place)).toEqual(start);
  });
  it("needs no start date to link again in place", () => {
    const place = storage();
    rememberAttempt({ provider: "microsoft", address: "ada@contoso.example", accountId: "a3" }, place);
    expect(lastAttempt(place)).toEqual({ provider: "microsoft", address: "ada@contoso.example", accountId: "a3" });
    expect(startAddress(lastAttempt(place)!)).not.toMatch(/since/);
  });
  it.each(["no json", "null", "[]", '{"provider":"x"}', '{"provider":"x","address":"a@b","since":1}', '{"provider":"x","address":"a@b","since":"2026-01-01","accountId":"../x"}'])("is nothing when it makes no sense: %s", (text) => {
    const place = storage();
    place.setItem("postroom-link-attempt", text);
    expect(lastAttempt(place)).toBeNull();
  });
  it("counts where the way back says nothing else", () => {
    const again = { ...start, accountId: "a3" };
    expect(attemptOf({ accountId: null, expected: null }, start)).toBe(start);
    expect(attemptOf({ accountId: null, expected: start.address }, start)).toBe(start);
    expect(attemptOf({ accountId: null, expected: "eve@contoso.example" }, start)).toBeNull();
    expect(attemptOf({ accountId: "a3", expected: "ada.l@contoso.example" }, again)).toBe(again);
    expect(attemptOf({ accountId: "a4", expected: null }, again)).toBeNull();
    expect(attemptOf({ accountId: "a3", expected: null }, start)).toBeNull();
  });
});
