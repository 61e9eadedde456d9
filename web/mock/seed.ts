import { addEmail, makeAccount, makeWorld, type MockAccount, type MockAddress, type World } from "./world.ts";

const ADA: MockAddress = { name: "Ada Lindqvist", email: "ada@contoso.example" };
const BEN: MockAddress = { name: "Ben Okafor", email: "ben@contoso.example" };
const CLARA: MockAddress = { name: "Weiß, Clara", email: "clara.weiss@fabrikam.example" };
const NOA: MockAddress = { name: "נועה לוי", email: "noa@contoso.example" };
const OSMAN: MockAddress = { name: "Osman Yıldız", email: "osman@fabrikam.example" };
const NEWS: MockAddress = { name: "Nordlicht Weekly", email: "news@nordlicht.example" };

const PIXEL = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfz0AEYBxVSF+FAAhKDveksOjmAAAAAElFTkSuQmCC"), (character) => character.charCodeAt(0));
const CHART = `<svg xmlns="http://www.w3.org/2000/svg" width="420" height="150"><rect width="420" height="150" fill="#eef2fd"/><path d="M20 120 L90 90 L160 100 L230 60 L300 70 L400 25" fill="none" stroke="#3556c8" stroke-width="4"/></svg>`;

function harbour(world: World, account: MockAccount): void {
  const thread = "T-harbour";
  addEmail(world, account, { from: BEN, to: [ADA], cc: [CLARA], subject: "Harbour wall: survey results", daysAgo: 3.2, thread, keywords: ["$seen"],
    text: "Hi Ada,\n\nthe divers finished on Friday. The north section is in better shape than we feared, the south one is not.\n\nFull report at https://contoso.example/reports/harbour (needs VPN).\n\nBen" });
  addEmail(world, account, { from: ADA, to: [BEN], cc: [CLARA], subject: "Re: Harbour wall: survey results", daysAgo: 2.9, thread, mailbox: "mb3", keywords: ["$seen"],
    text: "Thanks, that is better than I hoped. Can we have the numbers for section 4?\n\nOn Fri, 20 Nov 2026 at 09:12, Ben Okafor <ben@contoso.example> wrote:\n> the divers finished on Friday.\n> The north section is in better shape than we feared." });
  addEmail(world, account, { from: CLARA, to: [ADA, BEN], subject: "Re: Harbour wall: survey results", daysAgo: 1.1, thread, keywords: ["$seen"],
    html: "<p>Dear both,</p><p>section 4 is the one that worries me. The old drawings and the survey disagree by <b>12 cm</b>.</p><p>Kind regards<br>Clara</p>" });
  addEmail(world, account, { from: BEN, to: [ADA, CLARA], subject: "Re: Harbour wall: survey results", daysAgo: 0.06, thread, keywords: ["$flagged"],
    html: `<p>Ada, Clara,</p><p>here are the numbers and the chart of the settlement since spring. The short version:</p>
<ul><li>sections 1 to 3: no movement</li><li>section 4: <b>9 mm</b> since April, and slowing</li><li>section 5: to be measured again</li></ul>
<p><img src="mail-image/chart" alt="Settlement since April" width="420"></p>
<p>The full table is attached. Shall we talk on Thursday?</p><p>Ben</p>
<div class="postroom-quote"><p>On Thu, 19 Nov 2026, Clara Weiß wrote:</p><blockquote><p>section 4 is the one that worries me. The old drawings and the survey disagree by <b>12 cm</b>.</p></blockquote></div>`,
    parts: [
      { partId: "2", type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", name: "settlement-2026.xlsx", cid: null, disposition: "attachment", bytes: new Uint8Array(48_213) },
      { partId: "3", type: "application/pdf", name: "Survey report, south section.pdf", cid: null, disposition: "attachment", bytes: new Uint8Array(1_843_200) },
      { partId: "4", type: "image/png", name: "chart.png", cid: "chart@example", disposition: "inline", bytes: PIXEL },
    ] });
}

const NEWSLETTER = `<style>.head{background:#20304f;color:#fff;padding:28px;font-family:Georgia,serif}.cell{padding:18px 28px;color:#333}</style>
<table width="100%" cellpadding="0" cellspacing="0" bgcolor="#f2f2ee"><tr><td align="center"><table width="600" cellpadding="0" cellspacing="0" bgcolor="#ffffff">
<tr><td class="head"><h1 style="margin:0;font-size:28px">Nordlicht Weekly</h1><p style="margin:6px 0 0">Quiet news about boats, bridges and the north</p></td></tr>
<tr><td class="cell"><h2>The bridge that would not stay up</h2><p>For thirty years the people of Varnsund crossed by ferry. This week they <a href="https://nordlicht.example/bridge">walked</a>.</p><img alt="The new bridge" width="540" height="180"></td></tr>
<tr><td class="cell"><h2>Three knots worth knowing</h2><p>A bowline, a sheet bend, and one whose name nobody agrees on.</p></td></tr></table></td></tr></table>`;

function others(world: World, account: MockAccount): void {
  addEmail(world, account, { from: NOA, to: [ADA], subject: "סיכום הפגישה מיום שלישי", daysAgo: 0.2, keywords: [],
    text: "שלום עדה,\n\nמצורף סיכום הפגישה. אשמח להערות עד יום חמישי, ובמיוחד לגבי סעיף 3 (תקציב).\n\nתודה,\nנועה" });
  addEmail(world, account, { from: NEWS, to: [ADA], subject: "The bridge that would not stay up", daysAgo: 0.4, keywords: [], html: NEWSLETTER, blockedRemote: 6, trackers: 1 });
  addEmail(world, account, { from: OSMAN, to: [ADA], cc: [BEN], subject: "Teklif güncellemesi", daysAgo: 1.4, keywords: ["$seen", "$answered"],
    text: "Merhaba Ada,\n\ngüncellenmiş teklifi ekte bulabilirsiniz. Iğdır sevkiyatı ayın 12'sinde.\n\nSelamlar\nOsman",
    parts: [{ partId: "2", type: "application/pdf", name: "Teklif-v3.pdf", cid: null, disposition: "attachment", bytes: new Uint8Array(220_500) }] });
  addEmail(world, account, { from: { name: null, email: "no-reply@accounts.example" }, to: [ADA], subject: "Your invoice for November", daysAgo: 2.3, keywords: ["$seen"],
    html: "<p>Hello Ada Lindqvist,</p><p>your invoice <b>2026-1107</b> over 42.00 is ready.</p>" });
  addEmail(world, account, { from: CLARA, to: [ADA], subject: "Photos of the site visit", daysAgo: 5, keywords: ["$seen"], state: "pending", text: "The photos." });
  addEmail(world, account, { from: { name: "张伟", email: "wei.zhang@northwind.example" }, to: [ADA], subject: "关于下周会议的安排", daysAgo: 6, keywords: ["$seen"],
    text: "您好，\n\n下周三上午十点的会议改到下午两点，请确认是否方便。\n\n张伟" });
  addEmail(world, account, { from: ADA, to: [CLARA], subject: "Quarterly plan", daysAgo: 0.5, mailbox: "mb2", keywords: ["$draft", "$seen"], html: "<p>Dear Clara,</p><p>about the plan for the next quarter</p>" });
}

const WORDS = ["Budget", "Delivery", "Minutes", "Schedule", "Offer", "Review", "Contract", "Site visit", "Timesheet", "Permit", "Inspection", "Lunch"];

function filler(world: World, account: MockAccount, count: number): void {
  const people = [BEN, CLARA, NOA, OSMAN];
  for (let index = 0; index < count; index += 1) {
    const word = WORDS[index % WORDS.length]!;
    const from = people[(index * 7) % people.length]!;
    addEmail(world, account, { from, to: [ADA], subject: `${word} no. ${index + 1}`, daysAgo: 8 + index * 0.7, keywords: index % 9 === 0 ? [] : ["$seen"],
      text: `Hello Ada,\n\nplease find below what we said about ${word.toLowerCase()} ${index + 1}.\n\nBest\n${from.name}` });
  }
}

const MICROSOFT = {
  id: "microsoft", name: "microsoft", type: "microsoft", clientId: "0f5e2a44-91c7-4f0e-9a51-0d2d6c1f7a10", tenant: "common", hasClientSecret: true,
  secretExpires: null, cloud: "global", authority: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com",
  imap: "outlook.office365.com:993", smtp: "smtp.office365.com:587", scopePrefix: "https://outlook.office.com/", caFile: null,
  redirectUri: "http://localhost:8025/oauth/microsoft/callback", redirectWarning: null, ready: true, problem: null,
};

export function linkedAccount(account: MockAccount, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: account.id, address: account.address, provider: "microsoft", providerType: "microsoft", state: "idle", problem: null,
    since: "2026-05-01T00:00:00Z", lastSync: new Date().toISOString(), nextAttempt: null, progress: null, canSend: true, sendProblem: null, maxSizeMessage: null, refused: [], unreadAttachments: 0, ...more,
  };
}

export interface SeedOptions { readonly filler?: number; readonly empty?: boolean }

export function seedWorld({ filler: count = 160, empty = false }: SeedOptions = {}): World {
  const world = makeWorld();
  world.users.set("ada@contoso.example", { id: "1", email: "ada@contoso.example", password: "correct horse", admin: true, accounts: empty ? [] : ["a1", "a2"] });
  world.users.set("new@contoso.example", { id: "2", email: "new@contoso.example", password: "correct horse", admin: false, accounts: [] });
  world.blobs.set("chart", { type: "image/svg+xml", bytes: new TextEncoder().encode(CHART) });
  world.providers.set("microsoft", { ...MICROSOFT });
  if (empty) return world;
  const first = makeAccount("a1", "ada@contoso.example", "Ada Lindqvist");
  const second = makeAccount("a2", "sales@contoso.example", "Contoso Sales");
  world.accounts.set("a1", first);
  world.accounts.set("a2", second);
  filler(world, first, count);
  others(world, first);
  harbour(world, first);
  addEmail(world, second, { from: OSMAN, to: [{ name: null, email: "sales@contoso.example" }], subject: "Order 4711", daysAgo: 0.9, text: "We would like to order again." });
  world.linked.set("a1", linkedAccount(first));
  world.linked.set("a2", linkedAccount(second));
  return world;
}
