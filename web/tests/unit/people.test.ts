import { describe, expect, test } from "vitest";
import { csvCell, csvOf, type AuditEntry } from "../../src/mail/audit.ts";
import { hasProblem, sortFleet, type FleetAccount } from "../../src/mail/fleet.ts";
import { agentName } from "../../src/screens/people/agents.ts";

describe("the log of acts as a file", () => {
  test("what a spreadsheet would run begins with an apostrophe", () => {
    for (const text of ["=1+1", "+1", "-1", "@sum", " =cmd", "\t=x", "\r=x"]) expect(csvCell(text)).toMatch(/^"?'/);
    expect(csvCell("ann@example.org")).toBe("ann@example.org");
  });

  test("commas, quotes and line ends are quoted (RFC 4180)", () => {
    expect(csvCell('a, "b"')).toBe('"a, ""b"""');
    expect(csvCell("a\nb")).toBe('"a\nb"');
    expect(csvCell(null)).toBe("");
  });

  test("a row has the columns of the head", () => {
    const entry: AuditEntry = { id: "l1", at: "2026-01-02T03:04:05Z", userId: "u1", actor: "ann@example.org", act: "share.give", linkedAccountId: "a1", address: "box@example.org", subject: "ben@example.org", detail: "read" };
    expect(csvOf(["a", "b", "c", "d", "e", "f"], [entry]).split("\r\n")[1]).toBe("2026-01-02T03:04:05Z,ann@example.org,share.give,box@example.org,ben@example.org,read");
  });
});

const account = (id: string, more: Partial<FleetAccount>): FleetAccount => ({
  id, address: `${id}@example.org`, provider: null, providerType: null, state: "idle", problem: null, since: null, lastSync: null, nextAttempt: null,
  canSend: true, sendProblem: null, progress: null, owner: null, emails: 0, bytes: 0, pending: 0, sharedWith: 0, ...more,
});

describe("all mailboxes", () => {
  test("the worst state comes first, equals by address", () => {
    const list = [account("b", {}), account("a", {}), account("c", { state: "error" })];
    expect(sortFleet(list, "state", false).map(({ id }) => id)).toEqual(["c", "a", "b"]);
    expect(sortFleet(list, "state", true).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  test("numbers sort as numbers, and problems last when there are none", () => {
    const list = [account("a", { emails: 9 }), account("b", { emails: 100, problem: { code: "throttled", title: "", action: "" } })];
    expect(sortFleet(list, "emails", true).map(({ id }) => id)).toEqual(["b", "a"]);
    expect(sortFleet(list, "problem", false).map(({ id }) => id)).toEqual(["b", "a"]);
    expect(list.map(hasProblem)).toEqual([false, true]);
  });
});

test("a browser is named by itself and its system", () => {
  expect(agentName("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0")).toBe("Edge, Windows");
  expect(agentName("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")).toBe("Firefox, Linux");
  expect(agentName("curl/8.0")).toBeNull();
  expect(agentName(null)).toBeNull();
});
