import { describe, expect, it } from "vitest";
import { parseRoute, pathOf, type Route } from "../../src/app/router.ts";
import { adminConsentUrl, changeOf, daysLeft, isGuid, isHostPort, isTenant, looksLikeSecretId, valuesOf, type MicrosoftValues } from "../../src/screens/admin/microsoft-values.ts";
import { isHost, isPort, serverUrl } from "../../src/screens/link/plain-servers.ts";
import { assemble } from "../../src/screens/list/list-state.ts";
import { startAddress } from "../../src/mail/relink.ts";
import { groupConversations } from "../../src/mail/conversations.ts";
import { email } from "./fixtures.ts";

const GUID = "0f5e2a44-91c7-4f0e-9a51-0d2d6c1f7a10";
const values: MicrosoftValues = { accountTypes: "common", clientId: GUID, cloud: "global" };

describe("the Microsoft settings", () => {
  it("know a GUID, and a Secret ID pasted for the secret", () => {
    expect(isGuid(` ${GUID} `)).toBe(true);
    expect(isGuid(GUID.slice(1))).toBe(false);
    expect(looksLikeSecretId(GUID)).toBe(true);
    expect(looksLikeSecretId("abc8Q~aB.cD_eF-gH~iJkLmNoPqRsTuVwXyZ0123")).toBe(false);
    expect(isTenant("contoso.onmicrosoft.com")).toBe(true);
    expect(isTenant("contoso")).toBe(false);
    expect(isHostPort("outlook.office365.com:993")).toBe(true);
    expect(isHostPort("outlook.office365.com")).toBe(false);
  });
  it("map account types to the authority's tenant", () => {
    expect(changeOf(values)["tenant"]).toBe("common");
    expect(changeOf({ ...values, accountTypes: "tenant", tenant: ` ${GUID}` })["tenant"]).toBe(GUID);
    expect(valuesOf({ id: "microsoft", type: "microsoft", name: "microsoft", ready: true, tenant: GUID }).accountTypes).toBe("tenant");
  });
  it("send a secret only when one was typed", () => {
    expect("clientSecret" in changeOf({ ...values, clientSecret: " " })).toBe(false);
    expect(changeOf({ ...values, clientSecret: "s~x" })["clientSecret"]).toBe("s~x");
  });
  it("leave a cloud's own endpoints empty, so that they follow the cloud", () => {
    const stored = { id: "microsoft", type: "microsoft" as const, name: "microsoft", ready: true, cloud: "global" as const, imap: "outlook.office365.com:993", smtp: "mail.example:587" };
    expect(valuesOf(stored)).toMatchObject({ imap: "", smtp: "mail.example:587" });
    expect(changeOf({ ...valuesOf(stored), cloud: "china" })["imap"]).toBeNull();
  });
  it("never use common for the admin consent", () => {
    const url = new URL(adminConsentUrl(values, "https://mail.example/oauth/microsoft/callback")!);
    expect(url.pathname).toBe("/organizations/v2.0/adminconsent");
    expect(url.searchParams.get("scope")).toContain("https://outlook.office.com/SMTP.Send");
    expect(adminConsentUrl({ ...values, clientId: "x" }, "https://mail.example/cb")).toBeNull();
    expect(adminConsentUrl({ ...values, cloud: "china" }, "https://mail.example/cb")).toContain("login.partner.microsoftonline.cn");
  });
  it("count the days of the secret", () => {
    expect(daysLeft("2026-12-01", new Date("2026-11-21T12:00:00Z"))).toBe(10);
    expect(daysLeft("2026-11-20", new Date("2026-11-21T12:00:00Z"))).toBeLessThan(0);
  });
});

describe("a plain mailbox", () => {
  it("gives the URLs of the command line", () => {
    expect(serverUrl("imap", { host: "imap.x.org", port: "993", security: "tls" }, null)).toBe("imaps://imap.x.org:993");
    expect(serverUrl("smtp", { host: "smtp.x.org", port: "587", security: "starttls" }, "CORP\\ada@x")).toBe("smtp+starttls://CORP%5Cada%40x@smtp.x.org:587");
  });
  it("checks hosts and ports", () => {
    expect([isHost("imap.example.com"), isHost("localhost"), isHost("a b"), isHost("http://x"), isHost("::1")]).toEqual([true, true, false, false, true]);
    expect([isPort("993"), isPort("0"), isPort("65536"), isPort("x")]).toEqual([true, false, false, false]);
  });
});

describe("addresses of the page", () => {
  const routes: Route[] = [
    { screen: "mail", accountId: "a1", mailboxId: "m/1", threadId: "t 2", text: "größe & q", only: "unread" },
    { screen: "mail", accountId: "a1", mailboxId: null, threadId: null, text: "x", only: "all" },
    { screen: "account", accountId: "a1" }, { screen: "accounts", linking: true, address: "a@b.c" }, { screen: "settings", section: "microsoft" }, { screen: "home" }, { screen: "link-done", accountId: "a3" }, { screen: "account-health", accountId: "a4" },
  ];
  it.each(routes)("come back as they were: $screen", (route) => {
    const [path, search = ""] = pathOf(route).split("?");
    expect(parseRoute(path!, `?${search}`)).toEqual(route);
  });
  it("read how linking failed", () => {
    expect(parseRoute("link/failed", "?code=wrong-account&aadsts=50020&expected=a%40b&got=c%40d")).toMatchObject({ screen: "link-failed", code: "wrong-account", aadsts: "50020", expected: "a@b", got: "c@d" });
    expect(parseRoute("elsewhere", "").screen).toBe("not-found");
  });
  it("start the linking at the provider", () => {
    const url = new URL(startAddress({ provider: "microsoft", address: "ada+x@contoso.example", since: "2026-01-02", accountId: "a1" }));
    expect(url.pathname).toMatch(/\/oauth\/microsoft\/start$/);
    expect(Object.fromEntries(url.searchParams)).toEqual({ login_hint: "ada+x@contoso.example", since: "2026-01-02", account: "a1" });
  });
});

describe("the sparse list", () => {
  const page = (from: number, count: number, total: number) => ({
    total, mailboxId: "m", rows: groupConversations([...Array(count).keys()].map((n) => `e${from + n}`), [...Array(count).keys()].map((n) => email(`e${from + n}`))),
  });
  it("leaves room for pages that are not here", () => {
    const rows = assemble(new Map([[0, page(0, 50, 500)], [3, page(150, 50, 500)]]));
    expect(rows.total).toBe(500);
    expect(rows.at(49)?.leadId).toBe("e49");
    expect(rows.at(60)).toBeUndefined();
    expect(rows.at(150)?.leadId).toBe("e150");
    expect(rows.indexOf("thread-e151")).toBe(151);
  });
  it("closes the gap when rows have left a page", () => {
    const rows = assemble(new Map([[0, page(0, 48, 98)], [1, page(50, 50, 98)]]));
    expect(rows.at(48)?.leadId).toBe("e50");
  });
  it("ends where the last page ends", () => {
    expect(assemble(new Map([[0, page(0, 12, 14)]])).total).toBe(12);
    expect(assemble(new Map()).total).toBe(0);
  });
});
