import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { notifyLinked } from "../../mock/manage.ts";
import { linkedAccount, seedWorld } from "../../mock/seed.ts";
import { serveMock } from "../../mock/server.ts";
import { addEmail, record, type MockAccount, type World } from "../../mock/world.ts";
import { findChromium, launch, picture, signIn, visit, type Visit, type VisitOptions } from "./driver.ts";

const executable = findChromium();
const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const BEN = { name: "Ben Okafor", email: "ben@contoso.example" };
const ADA = { name: "Ada Lindqvist", email: "ada@contoso.example" };

let browser: Browser;
let world: World;
let account: MockAccount;
let mock: Awaited<ReturnType<typeof serveMock>>;
let visits: Visit[];

/* Signed in, with the list on screen. The page lives under a sub-path, as behind a reverse proxy. */
async function arrive(options: VisitOptions = {}): Promise<Page> {
  const one = await visit(browser, options);
  visits.push(one);
  await signIn(one.page, mock.url);
  await one.page.waitForSelector(".row:not(.row-skeleton)");
  return one.page;
}

const row = (page: Page, subject: string) => page.locator(".row", { hasText: subject });

async function openMail(page: Page, subject: string): Promise<void> {
  await row(page, subject).click();
  await page.locator(".reader-subject", { hasText: subject }).waitFor();
}

describe.skipIf(executable === null)("the page in a browser", () => {
  beforeAll(async () => { browser = await launch(executable!); });
  afterAll(async () => { await browser?.close(); });
  beforeEach(async () => {
    visits = [];
    world = seedWorld({ filler: 160 });
    account = world.accounts.get("a1")!;
    mock = await serveMock(world, { dist, base: "/team/mail/" });
  });
  afterEach(async () => {
    const problems = visits.flatMap((one) => one.problems);
    for (const { context } of visits) await context.close();
    await mock.close();
    expect(problems).toEqual([]);
  });

  it("signs in, and says plainly when it cannot", async () => {
    const one = await visit(browser);
    visits.push(one);
    const { page } = one;
    await signIn(page, mock.url, "ada@contoso.example", "wrong");
    await expect.poll(() => page.locator("[role=alert]").textContent()).toContain("do not match");
    await signIn(page, mock.url, "busy@contoso.example");
    await expect.poll(() => page.locator("[role=alert]").textContent()).toContain("30 seconds");
    await picture(page, "sign-in");
    await signIn(page, mock.url);
    await page.waitForSelector(".row:not(.row-skeleton)");
    expect(new URL(page.url()).pathname).toBe("/team/mail/mail/a1/mb1");
    await page.reload();
    await page.waitForSelector(".row:not(.row-skeleton)");
  });

  it("shows a conversation with its newest mail open, folds quotes and marks it read", async () => {
    const page = await arrive();
    const unread = [...account.emails.values()].find((email) => email.threadId === "T-harbour" && !email.keywords["$seen"])!;
    await openMail(page, "Harbour wall: survey results");
    expect(await page.locator(".message-line").count()).toBe(3);
    const frame = page.frameLocator(".mail-frame iframe");
    await frame.getByText("here are the numbers").waitFor();
    expect(await frame.locator("blockquote").isVisible()).toBe(false);
    const height = () => page.locator(".mail-frame iframe").evaluate((node) => node.getBoundingClientRect().height);
    const fits = () => page.locator(".mail-frame iframe").evaluate((node) => {
      const inner = (node as HTMLIFrameElement).contentDocument!.documentElement;
      return Math.abs(inner.scrollHeight - node.getBoundingClientRect().height);
    });
    await expect.poll(fits).toBeLessThanOrEqual(2);
    const folded = await height();
    await frame.locator("summary").click();
    await expect.poll(height).toBeGreaterThan(folded + 20);
    await expect.poll(fits).toBeLessThanOrEqual(2);
    await expect.poll(() => account.emails.get(unread.id)?.keywords["$seen"]).toBe(true);
    await picture(page, "conversation");
    await page.locator(".message-line").first().click();
    await page.getByText("the divers finished on Friday").last().waitFor();
  });

  it("runs nothing of hostile mail and asks nobody for anything, even if the server had not cleaned it", async () => {
    addEmail(world, account, { from: BEN, to: [ADA], subject: "Hostile", daysAgo: 0.001, html:
      `<p>visible</p><script>parent.document.title='owned'</script><img src=x onerror="parent.document.title='owned'"><svg onload="parent.document.title='owned'"></svg>
       <img src="https://tracker.example/pixel.gif"><img src="/team/mail/oauth/microsoft/start?x=1"><div style="background:url(https://tracker.example/b.png)">b</div>
       <style>@import "https://tracker.example/c.css"; body{background:url(/team/mail/auth/session)}</style><a href="javascript:parent.document.title='owned'">click</a>
       <form action="/team/mail/auth/logout" method="post"><button>out</button></form><iframe src="/team/mail/"></iframe>` });
    const page = await arrive();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const before = mock.log.length;
    await openMail(page, "Hostile");
    const frame = page.frameLocator(".mail-frame iframe");
    await frame.getByText("visible").waitFor();
    await frame.getByText("click").click();
    await page.waitForTimeout(400);
    expect(await page.title()).not.toContain("owned");
    expect(asked.filter((url) => !url.startsWith(mock.url))).toEqual([]);
    expect(mock.log.slice(before).filter((line) => /oauth|auth\/|GET $/.test(line))).toEqual([]);
    expect(await frame.locator("form, iframe, script, button").count()).toBe(0);
    /* Chromium reports the handlers already while the cleaner parses them in its inert document. */
    const { problems } = visits[0]!;
    problems.splice(0, problems.length, ...problems.filter((text) => !text.includes("Executing inline event handler")));
    expect(await page.locator(".mail-frame iframe").getAttribute("sandbox")).toBe("allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  });

  it("keeps remote images back until asked, and says so", async () => {
    const page = await arrive();
    await openMail(page, "The bridge that would not stay up");
    await page.getByText("6 remote images are blocked").waitFor();
    await page.getByText("1 tracker removed").waitFor();
    await page.getByRole("button", { name: "Show images" }).click();
    await expect.poll(() => page.getByText("remote images are blocked").count()).toBe(0);
  });

  it("archives at once and undoes", async () => {
    const page = await arrive();
    await openMail(page, "Teklif güncellemesi");
    const email = [...account.emails.values()].find((one) => one.subject === "Teklif güncellemesi")!;
    await page.getByRole("toolbar").getByRole("button", { name: "Archive" }).click();
    await expect.poll(() => row(page, "Teklif güncellemesi").count()).toBe(0);
    await expect.poll(() => Object.keys(email.mailboxIds)).toEqual(["mb4"]);
    await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
    await row(page, "Teklif güncellemesi").waitFor();
    await expect.poll(() => Object.keys(email.mailboxIds)).toEqual(["mb1"]);
  });

  it("puts back what the server refuses, with the reason", async () => {
    const page = await arrive();
    const email = [...account.emails.values()].find((one) => one.subject === "Your invoice for November")!;
    world.refuse.set(email.id, { type: "forbidden", description: "no permission on Inbox" });
    await openMail(page, "Your invoice for November");
    await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
    await page.getByText("You are not allowed to do this here.").waitFor();
    await row(page, "Your invoice for November").waitFor();
  });

  it("works by keyboard alone", async () => {
    const page = await arrive();
    for (const key of ["j", "j"]) await page.keyboard.press(key);
    await page.keyboard.press("Enter");
    await page.locator(".reader-subject").waitFor();
    const subject = await page.locator(".reader-subject").textContent();
    const email = [...account.emails.values()].find((one) => one.subject === subject)!;
    await page.keyboard.press("s");
    await expect.poll(() => email.keywords["$flagged"]).toBe(true);
    await page.keyboard.press("Shift+U");
    await expect.poll(() => email.keywords["$seen"]).toBeUndefined();
    await page.keyboard.press("x");
    await page.getByText("1 selected").first().waitFor();
    await page.keyboard.press("Shift+?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await picture(page, "keys");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await page.keyboard.press("v");
    await page.keyboard.type("invoi");
    await page.keyboard.press("Enter");
    await expect.poll(() => Object.keys(email.mailboxIds)).toEqual(["mb9"]);
    await page.keyboard.press("z");
    await expect.poll(() => Object.keys(email.mailboxIds)).toEqual(["mb1"]);
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.getByRole("heading", { name: "Sent" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("harbour");
    await row(page, "Harbour wall").waitFor();
    expect(await page.locator(".row").count()).toBe(1);
  });

  it("answers with an attachment: draft kept, quote untouched, one copy in Sent", async () => {
    const page = await arrive();
    await openMail(page, "Harbour wall: survey results");
    await page.frameLocator(".mail-frame iframe").getByText("here are the numbers").waitFor();
    await page.keyboard.press("a");
    const editor = page.locator(".composer-editor");
    await editor.waitFor();
    await page.keyboard.type("Thursday at ten, see the plan attached.");
    await page.locator(".composer input[type=file]").first().setInputFiles({ name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("the plan") });
    await page.locator(".composer-attachment", { hasText: "plan.txt" }).waitFor();
    await page.getByText("Saved to Drafts").waitFor();
    const drafts = () => [...account.emails.values()].filter((one) => one.mailboxIds["mb2"] && one.subject === "Re: Harbour wall: survey results");
    expect(drafts()).toHaveLength(1);
    expect(await page.locator(".chip").allTextContents()).toEqual(["Ben Okafor", "Weiß, Clara"]);
    await picture(page, "reply");
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => page.locator(".composer").count()).toBe(0);
    await page.getByText("Sending…").waitFor();
    const sent = () => [...account.emails.values()].filter((one) => one.mailboxIds["mb3"] && one.subject === "Re: Harbour wall: survey results" && one.text?.includes("Thursday at ten"));
    await expect.poll(() => sent().length, { timeout: 15_000 }).toBe(1);
    const [mail] = sent();
    expect(drafts()).toHaveLength(0);
    expect(mail?.keywords["$draft"]).toBeUndefined();
    expect(mail?.threadId).toBe("T-harbour");
    expect(mail?.html).toContain('<ul><li>sections 1 to 3: no movement</li><li>section 4: <b>9 mm</b> since April, and slowing</li><li>section 5: to be measured again</li></ul>');
    expect(mail?.html).toContain("cid:chart@example");
    expect(mail?.parts.map((part) => [part.name, part.disposition])).toEqual([["chart.png", "inline"], ["plan.txt", "attachment"]]);
    expect(account.submissions.size).toBe(1);
  });

  it("does not send to what is no address", async () => {
    const page = await arrive();
    await page.keyboard.press("c");
    await page.getByLabel("To", { exact: true }).fill("ben at contoso");
    await page.getByLabel("Subject").fill("x");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("is not an e-mail address").waitFor();
    expect(account.submissions.size).toBe(0);
  });

  it("continues a draft where it was left", async () => {
    const page = await arrive();
    await page.getByRole("link", { name: /Drafts/ }).first().click();
    await row(page, "Quarterly plan").click();
    await page.getByRole("button", { name: "Continue writing" }).click();
    await expect.poll(() => page.locator(".composer-editor").textContent()).toContain("about the plan for the next quarter");
    expect(await page.locator(".chip").allTextContents()).toEqual(["Weiß, Clara"]);
  });

  it("shows new mail by itself, in every tab over one stream", async () => {
    const page = await arrive();
    const second = await visits[0]!.context.newPage();
    await second.goto(mock.url);
    await second.waitForSelector(".row:not(.row-skeleton)");
    addEmail(world, account, { from: BEN, to: [ADA], subject: "Just in", daysAgo: 0, text: "Now." });
    await row(page, "Just in").waitFor();
    await row(second, "Just in").waitFor();
    expect(mock.log.filter((line) => line.includes("eventsource"))).toHaveLength(1);
    const email = [...account.emails.values()].find((one) => one.subject === "Just in")!;
    email.keywords["$seen"] = true;
    record(world, account, [{ type: "Email", id: email.id, kind: "updated" }]);
    await expect.poll(() => page.locator(".row-unread", { hasText: "Just in" }).count()).toBe(0);
  });

  it("opens a pending mail when it has come", async () => {
    const page = await arrive();
    await openMail(page, "Photos of the site visit");
    await page.getByText("This mail is being fetched").waitFor();
    const email = [...account.emails.values()].find((one) => one.subject === "Photos of the site visit")!;
    email.state = "ready";
    record(world, account, [{ type: "Email", id: email.id, kind: "updated" }]);
    await page.locator(".plain-text", { hasText: "The photos." }).waitFor();
  });

  it("shows the first sync and an account's trouble as they happen", async () => {
    const page = await arrive();
    const set = (more: Record<string, unknown>): void => {
      world.linked.set("a1", linkedAccount(account, more));
      notifyLinked(world, "u1");
    };
    set({ state: "syncing", progress: { phase: "messages", messagesDone: 50, messagesTotal: 200, bytesDone: 5e6, bytesTotal: 2e7, bytesPerSecond: 1e6, secondsLeft: 15, pending: 0 } });
    await expect.poll(() => page.getByRole("progressbar").first().getAttribute("aria-valuenow")).toBe("25");
    set({ state: "needs-relink", problem: { code: "sign-in-expired", title: "x", action: "y", detail: "AADSTS700082: expired", at: null } });
    const banner = page.locator(".banners [role=alert]");
    await banner.waitFor();
    expect(await banner.innerText()).not.toContain("AADSTS");
    await banner.getByText("Details").click();
    expect(await banner.innerText()).toContain("AADSTS700082");
    await picture(page, "banner");
    await banner.getByRole("button", { name: "Sign in again" }).click();
    await page.getByText("ada@contoso.example is linked").waitFor();
    expect(mock.log.some((line) => line.startsWith("GET oauth/microsoft/start"))).toBe(true);
  });

  it("links a mailbox at the provider, and explains when it did not work", async () => {
    const page = await arrive();
    await page.getByRole("button", { name: "Link a mailbox" }).click();
    await page.getByLabel("E-mail address of the mailbox").fill("team@contoso.example");
    await picture(page, "link");
    await page.getByRole("button", { name: "Continue at Microsoft" }).click();
    await page.getByText("team@contoso.example is linked").waitFor();
    await picture(page, "link-done");
    await page.goto(`${mock.url}accounts/link`);
    await page.getByLabel("E-mail address of the mailbox").fill("wrong@contoso.example");
    await page.getByRole("button", { name: "Continue at Microsoft" }).click();
    await page.getByText("You signed in with another account").waitFor();
    await page.getByText("someone@else.example").waitFor();
    expect(await page.locator(".link-failure").innerText()).not.toContain("50020");
    await page.getByText("Details").click();
    expect(await page.locator(".link-failure").innerText()).toContain("50020");
    await picture(page, "link-failed");
    expect(await page.getByLabel("E-mail address of the mailbox").inputValue()).toBe("wrong@contoso.example");
  });

  it("links a plain mailbox, pauses and unlinks it", async () => {
    const page = await arrive();
    await page.goto(`${mock.url}accounts/link`);
    await page.getByText("Another mailbox (IMAP)").click();
    await page.getByLabel("E-mail address of the mailbox").fill("me@plain.example");
    await page.getByLabel("IMAP server (incoming), Host name").fill("imap.plain.example");
    await page.getByLabel("SMTP server (outgoing), Host name").fill("smtp.plain.example");
    await page.getByLabel("Password", { exact: true }).fill("secret");
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByRole("button", { name: "Link and fetch mail" }).click();
    await expect.poll(() => [...world.linked.values()].some((one) => one["address"] === "me@plain.example")).toBe(true);
    await page.goto(`${mock.url}accounts`);
    const card = page.locator(".card", { hasText: "me@plain.example" });
    await card.getByRole("button", { name: "Pause" }).click();
    await card.getByText("Paused").waitFor();
    await picture(page, "accounts");
    await card.getByRole("link", { name: "Health" }).click();
    await page.getByRole("button", { name: "Unlink" }).click();
    await page.getByRole("dialog").getByLabel("To confirm, type me@plain.example").fill("me@plain.example");
    await page.getByRole("dialog").getByRole("button", { name: "Unlink" }).click();
    await expect.poll(() => card.count()).toBe(0);
  });

  it("takes the Microsoft settings and notices a Secret ID", async () => {
    const page = await arrive();
    await page.goto(`${mock.url}settings/microsoft`);
    await page.locator("form").getByText("http://localhost:8025/oauth/microsoft/callback").waitFor();
    await page.getByLabel("Application (client) ID").fill("not-a-guid");
    await page.getByLabel("Client secret (Value)").fill("11111111-2222-3333-4444-555555555555");
    await page.getByRole("button", { name: "Save settings" }).click();
    await page.getByText("This is not a GUID").waitFor();
    await page.getByText("This looks like the Secret ID").waitFor();
    await picture(page, "microsoft");
    await page.getByLabel("Only accounts of one organization").check();
    await page.getByLabel("Directory (tenant) ID").fill("contoso.onmicrosoft.com");
    await page.getByLabel("Application (client) ID").fill("aaaaaaaa-2222-3333-4444-555555555555");
    await page.getByLabel("Client secret (Value)").fill("abc8Q~something.secret");
    await page.getByRole("button", { name: "Save settings" }).click();
    await page.getByText("Microsoft settings saved").waitFor();
    expect(world.providers.get("microsoft")).toMatchObject({ tenant: "contoso.onmicrosoft.com", clientId: "aaaaaaaa-2222-3333-4444-555555555555", imap: null });
    expect(await page.getByLabel("Client secret (Value)").inputValue()).toBe("");
  });

  it("runs from right to left in Hebrew, and switches language while one writes", async () => {
    const page = await arrive({ locale: "he-IL" });
    expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual(["he", "rtl"]);
    const x = (selector: string) => page.locator(selector).evaluate((node) => node.getBoundingClientRect().x);
    expect(await x(".sidebar")).toBeGreaterThan(await x(".list-pane"));
    expect(await x(".list-pane")).toBeGreaterThan(await x(".reader-pane"));
    await openMail(page, "סיכום הפגישה מיום שלישי");
    await page.keyboard.press("r");
    await page.locator(".composer-plain").waitFor();
    await page.keyboard.type("תודה נועה");
    await picture(page, "hebrew");
    await page.locator(".sidebar").getByRole("button", { name: "שפה", exact: true }).click();
    await page.getByRole("menuitemradio", { name: "English" }).click();
    await page.getByRole("button", { name: "Send", exact: true }).waitFor();
    expect(await page.locator(".composer-plain").inputValue()).toContain("תודה נועה");
    expect(await page.evaluate(() => document.documentElement.dir)).toBe("ltr");
  });

  it("has three panes, two, and one", async () => {
    const panes = (page: Page) => page.evaluate(() => [".sidebar", ".list-pane", ".reader-pane"].filter((selector) => {
      const node = document.querySelector(selector)!;
      return getComputedStyle(node).visibility === "visible" && node.getBoundingClientRect().width > 0;
    }).length);
    const page = await arrive();
    expect(await panes(page)).toBe(3);
    await page.setViewportSize({ width: 1000, height: 800 });
    await expect.poll(() => panes(page)).toBe(2);
    await page.setViewportSize({ width: 420, height: 800 });
    await expect.poll(() => panes(page)).toBe(1);
    await openMail(page, "Harbour wall: survey results");
    expect(await page.locator(".list-pane").isVisible()).toBe(false);
    await picture(page, "narrow");
    await page.getByRole("button", { name: "Back to the list" }).click();
    await page.getByRole("button", { name: "Show mailboxes" }).click();
    await expect.poll(() => page.locator(".sidebar").isVisible()).toBe(true);
    await page.getByRole("link", { name: /Archive/ }).first().click();
    await page.getByText("Nothing here").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });

  it("draws only what is in sight, however long the list", async () => {
    for (let index = 0; index < 4000; index += 1) addEmail(world, account, { from: BEN, to: [ADA], subject: `Old ${index}`, daysAgo: 400 + index, text: "x", keywords: ["$seen"] });
    const page = await arrive();
    await page.locator(".rows").evaluate((node) => node.scrollTo({ top: node.scrollHeight }));
    await row(page, "Old 3999").waitFor();
    expect(await page.locator(".row").count()).toBeLessThan(60);
  });

  it("is dark when the system is, and names every control", async () => {
    const page = await arrive({ dark: true });
    await openMail(page, "Harbour wall: survey results");
    await page.frameLocator(".mail-frame iframe").getByText("here are the numbers").waitFor();
    await picture(page, "dark");
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.map(Number));
    expect(Math.max(...ground.slice(0, 3))).toBeLessThan(60);
    const nameless = await page.evaluate(() => [...document.querySelectorAll("button, a, input, iframe, [role=option]")]
      .filter((node) => !(node.getAttribute("aria-label") || node.textContent?.trim() || node.getAttribute("title") || node.closest("label")) && !node.hasAttribute("hidden"))
      .map((node) => node.outerHTML.slice(0, 120)));
    expect(nameless).toEqual([]);
    await page.locator(".sidebar").getByRole("button", { name: "Appearance" }).click();
    await page.getByRole("menuitemradio", { name: "Light" }).click();
    /* The page changes after the menu has closed. */
    await page.waitForFunction(() => Math.min(...getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.slice(0, 3).map(Number)) > 200);
  });

  for (const [locale, dark, text] of [["en-GB", false, /attachments of 12 mails are still being read/], ["he-IL", false, /12 הודעות עדיין נקראים/], ["en-GB", true, /attachments of 12 mails/]] as const)
    it(`says in a search whose attachments are not read yet, ${locale}${dark ? ", dark" : ""}`, async () => {
      world.linked.set("a1", linkedAccount(account, { unreadAttachments: 12 }));
      const page = await arrive({ locale, dark });
      expect(await page.locator(".search-note").count()).toBe(0);
      await page.locator("#search").fill("harbour");
      await page.locator(".search-note", { hasText: text }).waitFor();
      await picture(page, `unread-attachments-${locale}${dark ? "-dark" : ""}`);
      world.linked.set("a1", linkedAccount(account));
      notifyLinked(world, "u1");
      await page.locator(".search-note").waitFor({ state: "detached" });
    });

  it("welcomes a person without a mailbox", async () => {
    const one = await visit(browser);
    visits.push(one);
    await signIn(one.page, mock.url, "new@contoso.example");
    await one.page.getByText("Welcome to Postroom").waitFor();
    await picture(one.page, "welcome");
    await one.page.goto(`${mock.url}settings/microsoft`);
    await one.page.getByText("Only administrators can see these settings").waitFor();
  });
});
