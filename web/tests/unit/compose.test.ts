import { describe, expect, it } from "vitest";
import { addRecipients, addressProblem, outsiders, readPasted } from "../../src/mail/recipients.ts";
import { directLists } from "../../src/mail/direction.ts";
import { linkTarget } from "../../src/screens/compose/link-target.ts";
import { chooseSender } from "../../src/screens/compose/senders.ts";
import { cleanPasted } from "../../src/screens/compose/paste.ts";
import { isUnformatted, ownText, quoteText, textOfLetter, wrapText } from "../../src/screens/compose/plain-text.ts";
import { chosenTime, sendTimes, utcDate } from "../../src/screens/compose/send-times.ts";
import type { Submission } from "../../src/jmap/types.ts";
import { outgoingOf, outgoingState } from "../../src/screens/compose/submissions.ts";
import { encodedSize, sizeLimits } from "../../src/screens/compose/uploads.ts";

const person = (email: string, name: string | null = null) => ({ name, email });

describe("pasted recipients", () => {
  it("come from lists, lines, spreadsheets and words parted by spaces", () => {
    expect(readPasted("a@x.org, B <b@x.org>\nc@x.org;d@x.org").addresses.map((one) => one.email)).toEqual(["a@x.org", "b@x.org", "c@x.org", "d@x.org"]);
    expect(readPasted("a@x.org b@x.org\nc@x.org").addresses).toHaveLength(3);
    expect(readPasted("Ada Lovelace\tada@x.org\nBen\tben@x.org").addresses).toEqual([person("ada@x.org", "Ada Lovelace"), person("ben@x.org", "Ben")]);
  });
  it("say which are wrong, and why", () => {
    expect(readPasted("a@x.org, ben, c@, @x.org, d@x, e@@x.org, f..g@x.org, h i@x.org").wrong).toEqual([
      { text: "ben", problem: "noAt" }, { text: "c@", problem: "noDomain" }, { text: "@x.org", problem: "noName" }, { text: "d@x", problem: "domainDot" },
      { text: "e@@x.org", problem: "manyAt" }, { text: "f..g@x.org", problem: "dots" }, { text: "h i@x.org", problem: "spaces" },
    ]);
  });
  it("are not taken for addresses with lines in them", () => expect(addressProblem("a@x.org\r\nBcc: b@x.org")).not.toBeNull());
  it("are there once", () => expect(addRecipients([person("a@x.org")], [person("A@X.org"), person("b@x.org")])).toEqual({ all: [person("a@x.org"), person("b@x.org")], doubles: [person("A@X.org")] }));
  it("outside are noticed beside those within", () => {
    expect(outsiders([person("a@in.org"), person("b@out.org")], ["me@in.org"])).toEqual([person("b@out.org")]);
    expect(outsiders([person("b@out.org")], ["me@in.org"])).toEqual([]);
  });
});

describe("the sender", () => {
  const identity = (id: string, email: string) => ({ accountId: "a1", identity: { id, email, name: "", textSignature: "", htmlSignature: "", replyTo: null, bcc: null } });
  const senders = [identity("i1", "me@x.org"), identity("i2", "sales@x.org")];
  it("is whoever was written to", () => expect(chooseSender(senders, "a1", null, ["sales@x.org"])?.identity.id).toBe("i2"));
  it("is the one that was chosen", () => expect(chooseSender(senders, "a1", "i1", ["sales@x.org"])?.identity.id).toBe("i1"));
  it("is of the account", () => expect(chooseSender(senders, "a2", null, [])).toBeNull());
});

describe("a link", () => {
  it.each([["example.org", "https://example.org"], ["ada@example.org", "mailto:ada@example.org"], ["https://x.org/a?b", "https://x.org/a?b"], ["javascript:alert(1)", null], ["data:text/html,x", null], ["vbscript:x", null], ["two words", null], ["word", null]])(
    "of %s leads to %s", (typed, target) => expect(linkTarget(typed)).toBe(target));
});

describe("plain text", () => {
  it("is broken between words, and not in quotations", () => {
    const long = "word ".repeat(40).trim();
    expect(wrapText(long).split("\n").every((line) => line.length <= 76)).toBe(true);
    expect(wrapText(long).replaceAll("\n", " ")).toBe(long);
    expect(wrapText(`> ${long}`)).toBe(`> ${long}`);
    expect(wrapText(`https://x.org/${"a".repeat(100)}`)).toBe(`https://x.org/${"a".repeat(100)}`);
  });
  it("quotes, and tells what is one's own", () => {
    expect(quoteText("a\n> b\n\nc\n")).toBe("> a\n>> b\n>\n> c");
    expect(ownText("mine\n> attached\nmore")).toBe("mine\nmore");
    expect(textOfLetter("<p>mine</p>", "<blockquote><p>theirs</p></blockquote>")).toBe("mine\n\n> theirs\n");
  });
  it("loses nothing of unformatted text", () => {
    expect(isUnformatted('<p dir="auto">a<br>b</p>')).toBe(true);
    expect(isUnformatted("<p><strong>a</strong></p>")).toBe(false);
  });
});

describe("what is pasted", () => {
  it("of Word has its lists, and nothing of Word", () => {
    const { html } = cleanPasted("<html xmlns:o='x'><head><style>p{color:red}</style></head><body><!--[if gte mso 9]><xml><o:x/></xml><![endif]--><p class=MsoNormal style='margin:0;font-family:Calibri;color:black'>Hi <o:p></o:p></p>"
      + "<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·<span>&nbsp;</span></span>one</p><p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·</span>two</p></body></html>");
    expect(html).not.toMatch(/mso|Calibri|xml|o:p|color/i);
    expect(html.replace(/\s+/g, " ")).toContain("<ul><li>one</li><li>two</li></ul>");
  });
  it("of Google's documents keeps what is bold, and is not bold as a whole", () => {
    const { html } = cleanPasted('<b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr"><span style="font-weight:400;color:#000000">plain </span><span style="font-weight:700;font-style:italic">strong</span></p></b>');
    expect(html).toContain("<strong>");
    expect(html).toContain("<em>");
    expect(html).not.toMatch(/<b[ >]|#000000/);
  });
  it("runs nothing and loads nothing", () => {
    const { html, pictures } = cleanPasted('<p onclick="x()">a<script>x()</script><img src="https://evil.example/t.gif" onerror="x()"><a href="javascript:x()">b</a><svg onload="x()"></svg><iframe src="//e"></iframe><img src="data:image/png;base64,iVBORw0KGgo="></p><div style="background:url(https://evil.example)">c</div>');
    expect(html).not.toMatch(/script|evil|onclick|onerror|svg|iframe|url\(/i);
    expect(pictures).toHaveLength(1);
    expect(pictures[0]?.type).toBe("image/png");
  });
});

describe("sending later", () => {
  it("offers times that are to come", () => {
    const friday = new Date(2026, 4, 15, 9, 30);
    expect(sendTimes(friday).map(({ key, at }) => `${key} ${at.getDate()} ${at.getHours()}`)).toEqual(["evening 15 18", "morning 16 8", "afternoon 16 13", "monday 18 8"]);
    expect(sendTimes(new Date(2026, 4, 18, 17, 30)).map(({ key, at }) => `${key} ${at.getDate()}`)).toEqual(["morning 19", "afternoon 19", "monday 25"]);
    for (const { at } of sendTimes(friday)) expect(at.getTime()).toBeGreaterThan(friday.getTime());
  });
  it("takes no time that is over", () => {
    expect(chosenTime("2026-05-15", "09:00", new Date(2026, 4, 15, 9, 30))).toBeNull();
    expect(chosenTime("", "09:00", new Date())).toBeNull();
    expect(utcDate(new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 600)))).toBe("2026-01-02T03:04:05Z");
  });
});

describe("the outbox", () => {
  const at = Date.parse("2026-05-15T10:00:00Z");
  const base = { id: "s1", identityId: "i1", emailId: "e1", sendAt: "2026-05-15T09:59:00Z", undoStatus: "final", deliveryStatus: null, "postroom:problem": null, "postroom:nextAttempt": null } as const;
  const refused = { smtpReply: "550 no", delivered: "no", displayed: "unknown" } as const, fine = { smtpReply: "250 ok", delivered: "unknown", displayed: "unknown" } as const;
  it("tells what is waiting, on its way and refused", () => {
    expect(outgoingState({ ...base, undoStatus: "pending", sendAt: "2026-05-16T08:00:00Z" }, at)).toBe("scheduled");
    expect(outgoingState({ ...base, undoStatus: "pending", sendAt: "2026-05-15T10:00:08Z" }, at)).toBe("sending");
    expect(outgoingState({ ...base, undoStatus: "pending", "postroom:problem": "server-unreachable" }, at)).toBe("retrying");
    expect(outgoingState({ ...base, "postroom:problem": "message-too-large", deliveryStatus: { "a@x.org": refused } }, at)).toBe("failed");
    expect(outgoingState({ ...base, deliveryStatus: { "a@x.org": refused, "b@x.org": fine } }, at)).toBe("bounced");
    expect(outgoingState({ ...base, deliveryStatus: { "b@x.org": fine } }, at)).toBeNull();
    expect(outgoingState({ ...base, undoStatus: "canceled", deliveryStatus: { "a@x.org": refused } }, at)).toBeNull();
  });
  it("is told once for a mail, by its last sending, and not when its draft is gone", () => {
    const email = { id: "e1", subject: "S", to: null, threadId: "t1" }, emails = new Map([["e1", email]]);
    const failed = { ...base, id: "s1", emailId: "e1", "postroom:problem": "message-too-large", deliveryStatus: { "a@x.org": refused } };
    const again = { ...base, id: "s2", emailId: "e1", sendAt: "2026-05-15T10:00:30Z", undoStatus: "pending" as const };
    const states = (...all: Submission[]) => outgoingOf("a1", all, emails, at).map((one) => [one.submission.id, one.state]);
    expect(states(failed)).toEqual([["s1", "failed"]]);
    expect(states(again, failed)).toEqual([["s2", "sending"]]);
    expect(states(failed, { ...again, undoStatus: "final", deliveryStatus: { "b@x.org": fine } })).toEqual([]);
    expect(states({ ...failed, emailId: "e2" })).toEqual([]);
    expect(states({ ...again, id: "s3", undoStatus: "canceled", sendAt: "2031-01-01T08:00:00Z" }, failed)).toEqual([["s1", "failed"]]);
  });
});

describe("sizes", () => {
  it("count what the encoding adds", () => {
    expect(encodedSize(57)).toBe(78);
    expect(encodedSize(3_000_000)).toBeGreaterThan(4_000_000);
  });
  it("are what the service takes, and what its server says that it takes", () => {
    const most = 50_000_000;
    expect(sizeLimits({ providerType: "microsoft", maxSizeMessage: 157_286_400 }, most)).toEqual({ usual: 36_700_160, limit: most, file: most });
    expect(sizeLimits({ providerType: null, maxSizeMessage: null }, most)).toEqual({ usual: most, limit: most, file: most });
    const { usual, limit, file } = sizeLimits({ providerType: null, maxSizeMessage: 10_240_000 }, most);
    expect([usual, limit]).toEqual([10_240_000, 10_240_000]);
    expect(encodedSize(file)).toBeLessThanOrEqual(limit + 80);
    expect(encodedSize(file + 200)).toBeGreaterThan(limit);
  });
});

describe("the direction of a list", () => {
  it("is that of its first item, unless the writer said so, and the items keep their own", () => {
    const item = (text: string, dir = "auto") => `<li dir="auto"><p dir="${dir}">${text}</p></li>`;
    const list = (...items: readonly string[]) => directLists(`<ul>${items.join("")}</ul>`);
    expect(list(item("30 € מחיר"), item("Price"))).toBe('<ul dir="rtl"><li><p dir="auto">30 € מחיר</p></li><li><p dir="auto">Price</p></li></ul>');
    expect(list(item("Price"), item("מחיר"))).toMatch(/^<ul dir="ltr">/);
    expect(list(item("Price", "rtl"))).toMatch(/^<ul dir="rtl">/);
    expect(list(item("Price"), `<li dir="auto"><p dir="auto">a</p><ol>${item("אחת")}</ol></li>`)).toMatch(/^<ul dir="ltr">.*<ol dir="rtl">/);
    expect(directLists('<p dir="auto">5 &lt; 6</p>')).toBe('<p dir="auto">5 &lt; 6</p>');
  });
});
