import { describe, expect, it } from "vitest";
import {
  answerRecipients, answerReferences, answerSubject, htmlToText, isAddress, joinDraft, parseAddresses, quoteForForward,
  quoteForReply, splitDraft,
} from "../../src/mail/answers.ts";
import { emailObject, sendCalls, readWishes, type WishedEmail } from "../../src/screens/compose/draft-mail.ts";
import { email } from "./fixtures.ts";

const ME = ["ada@example.org"];
const person = (name: string) => ({ name, email: `${name}@example.org` });

describe("the subject of an answer", () => {
  it.each([["Hello", "Re: Hello"], ["Re: Hello", "Re: Hello"], ["AW: Hallo", "AW: Hallo"], ["Re[2]: Hello", "Re[2]: Hello"], ["回复：会议", "回复：会议"], [null, "Re:"]])("%s becomes %s", (subject, answer) => {
    expect(answerSubject("reply", subject)).toBe(answer);
  });

  it("of a forward says so once", () => {
    expect(answerSubject("forward", "Re: Hello")).toBe("Fwd: Re: Hello");
    expect(answerSubject("forward", "WG: Hallo")).toBe("WG: Hallo");
  });
});

describe("threading headers (RFC 5322, 3.6.4)", () => {
  it("append the parent to its references", () => {
    expect(answerReferences({ messageId: ["c"], references: ["a", "b"], inReplyTo: ["b"] })).toEqual({ inReplyTo: ["c"], references: ["a", "b", "c"] });
  });
  it("fall back to a single in-reply-to", () => {
    expect(answerReferences({ messageId: ["c"], references: null, inReplyTo: ["b"] }).references).toEqual(["b", "c"]);
    expect(answerReferences({ messageId: ["c"], references: null, inReplyTo: ["a", "b"] }).references).toEqual(["c"]);
  });
  it("are absent when the parent has no Message-ID", () => {
    expect(answerReferences({ messageId: null, references: ["a"], inReplyTo: null })).toEqual({ inReplyTo: null, references: null });
  });
});

describe("the recipients of an answer", () => {
  const original = email("m", { from: [person("ben")], to: [person("ada"), person("clara")], cc: [person("dora"), person("ben")] });
  it("to one is the sender, or where the sender wants it", () => {
    expect(answerRecipients("reply", original, ME).to.map((one) => one.name)).toEqual(["ben"]);
    expect(answerRecipients("reply", { ...original, replyTo: [person("list")] }, ME).to.map((one) => one.name)).toEqual(["list"]);
  });
  it("to all leaves oneself and doubles out", () => {
    const answer = answerRecipients("replyAll", original, ["ADA@example.org"]);
    expect(answer.to.map((one) => one.name)).toEqual(["ben", "clara"]);
    expect(answer.cc.map((one) => one.name)).toEqual(["dora"]);
  });
  it("to one's own mail goes to its recipients", () => {
    const own = email("m", { from: [person("ada")], to: [person("ben")] });
    expect(answerRecipients("reply", own, ME).to.map((one) => one.name)).toEqual(["ben"]);
  });
  it("to a note to oneself stays with oneself", () => {
    const note = email("m", { from: [person("ada")], to: [person("ada")] });
    expect(answerRecipients("replyAll", note, ME).to.map((one) => one.name)).toEqual(["ada"]);
  });
});

describe("quoted mail", () => {
  const odd = '<p style="COLOR : Red">A&nbsp;&amp; B</P><IMG SRC="cid:x@y"  ALT=\'z\'>\r\n<td>stray';
  it("comes back byte for byte from a draft", () => {
    const quote = quoteForReply("On Monday, Ben <b@x> wrote:", odd);
    const { own, quote: found } = splitDraft(joinDraft("<p>mine</p>", quote));
    expect(own).toBe("<p>mine</p>");
    expect(found).toBe(quote);
    expect(found).toContain(odd);
  });
  it("runs as the quoted text does, with its line at that side", () => {
    expect(quoteForReply("ביום שני כתב בן:", "<p>Hello, שלום</p>")).toMatch(/<p dir="auto">ביום.*<blockquote type="cite" dir="ltr" style="[^"]*border-left:1px/);
    expect(quoteForReply("On Monday Ben wrote:", "<style>p{}</style><p>3. שלום, hello</p>")).toMatch(/<blockquote type="cite" dir="rtl" style="margin:0 .8ex 0 0;padding-right:1ex;border-right:1px/);
    expect(quoteForForward("הועבר", [], "<p>Hello</p>")).toContain('<div dir="ltr"><p>Hello</p></div>');
  });
  it("escapes what it adds, not what it quotes", () => {
    const quote = quoteForForward("Forwarded", [["From", "<script>"], ["Cc", ""]], odd);
    expect(quote).toContain("&lt;script&gt;");
    expect(quote).not.toContain("Cc");
    expect(quote).toContain(odd);
  });
});

const PLAIN = { format: "html", text: "", replyTo: [], priority: "normal", receipt: false } as const;
const NOW = { identity: { id: "i", email: "ada@example.org" }, recipients: [person("ben"), person("BEN")], seconds: 0, sendAt: null };

describe("what is sent", () => {
  const mail = {
    accountId: "a1", draftId: "old", identity: { id: "i", name: "Ada", email: "ada@example.org", textSignature: "", htmlSignature: "", replyTo: null, bcc: null }, to: [person("ben")], cc: [], bcc: [],
    subject: "Hi", ownHtml: "<p>Hello</p>", quoteHtml: quoteForReply("Ben wrote:", "<p>Q</p>"), inReplyTo: ["m@x"], references: ["m@x"], answered: null, ...PLAIN,
    attachments: [{ key: "k", name: "a.png", type: "image/png", size: 3, blobId: "b1", cid: "c@x", inline: true }, { key: "l", name: "b.pdf", type: "application/pdf", size: 3, blobId: "b2", cid: null, inline: false }],
  };
  it("has both texts, the draft keyword and every attachment by its blob", () => {
    expect(emailObject(mail, "drafts")).toMatchObject({
      mailboxIds: { drafts: true }, keywords: { $draft: true, $seen: true }, from: [{ name: "Ada", email: "ada@example.org" }], cc: null, inReplyTo: ["m@x"],
      attachments: [{ blobId: "b1", disposition: "inline", cid: "c@x" }, { blobId: "b2", disposition: "attachment", cid: null }],
    });
    const { bodyValues } = emailObject(mail, "drafts") as { bodyValues: { text: { value: string }; html: { value: string } } };
    expect(bodyValues.text.value).toBe("Hello\n\nBen wrote:\n\n> Q");
    expect(bodyValues.html.value).toContain(mail.quoteHtml);
  });
  it("moves from Drafts to Sent and stops being a draft once it is accepted", () => {
    const [submission, answered] = sendCalls({ accountId: "a1", emailId: "e", ...NOW, draftsId: "d", sentId: "s", answered: { accountId: "a2", emailId: "o", keyword: "$answered" } });
    expect(submission?.[1]["onSuccessUpdateEmail"]).toEqual({ "#sending": { "mailboxIds/d": null, "mailboxIds/s": true, "keywords/$draft": null } });
    expect(answered?.[1]).toEqual({ accountId: "a2", update: { o: { "keywords/$answered": true } } });
  });
  it("can be taken back for some seconds", () => {
    const [submission] = sendCalls({ accountId: "a1", emailId: "e", ...NOW, seconds: 10, draftsId: "d", sentId: "s", answered: null });
    expect(submission?.[1]["create"]).toMatchObject({ sending: { envelope: { mailFrom: { email: "ada@example.org", parameters: { HOLDFOR: "10" } }, rcptTo: [{ parameters: null }] } } });
  });
  it("stays a draft until its time comes", () => {
    const [submission] = sendCalls({ accountId: "a1", emailId: "e", ...NOW, sendAt: "2030-01-01T08:00:00Z", draftsId: "d", sentId: "s", answered: null });
    expect(submission?.[1]["create"]).toMatchObject({ sending: { "postroom:moveToSent": true, envelope: { mailFrom: { parameters: { HOLDUNTIL: "2030-01-01T08:00:00Z" } } } } });
    expect(submission?.[1]["onSuccessUpdateEmail"]).toBeUndefined();
  });
  it("is plain text alone where it was written so, with its wishes as headers", () => {
    const sent = emailObject({ ...mail, format: "text", text: "Hello", priority: "high", receipt: true }, "drafts");
    expect(sent["htmlBody"]).toBeUndefined();
    expect(sent).toMatchObject({ bodyValues: { text: { value: "Hello" } }, "header:Importance:asText": "high", "header:Disposition-Notification-To:asAddresses": [{ name: "Ada", email: "ada@example.org" }] });
  });
  it("has its wishes again when its draft is opened again", () => {
    const identity = { ...mail.identity, replyTo: [person("desk")] };
    const stored = { from: [{ name: "Ada", email: "ada@example.org" }], replyTo: null, "header:X-Priority:asText": null, "header:Importance:asText": null, "header:Disposition-Notification-To:asAddresses": null };
    const again = (wishes: object) => {
      const sent = emailObject({ ...mail, ...wishes }, "drafts");
      return readWishes({ ...stored, ...sent } as WishedEmail, [identity]);
    };
    for (const wishes of [{ replyTo: [], priority: "normal", receipt: false }, { replyTo: [person("office")], priority: "high", receipt: true }, { replyTo: [], priority: "low", receipt: false }])
      expect(again(wishes)).toEqual(wishes);
    expect(readWishes({ ...stored, replyTo: [person("desk")], "header:X-Priority:asText": "1 (Highest)" }, [identity])).toEqual({ replyTo: [], priority: "high", receipt: false });
  });
  it("stays where it is when there is no Sent mailbox", () => {
    const [submission] = sendCalls({ accountId: "a1", emailId: "e", ...NOW, draftsId: "d", sentId: null, answered: null });
    expect(submission?.[1]["onSuccessUpdateEmail"]).toEqual({ "#sending": { "keywords/$draft": null } });
  });
});

describe("addresses", () => {
  it("are read from what people paste", () => {
    expect(parseAddresses('Ada <ada@x.org>, ben@x.org; "Weiß, Clara" <c@x.org>\nmailto:d@x.org')).toEqual([
      { name: "Ada", email: "ada@x.org" }, { name: null, email: "ben@x.org" }, { name: "Weiß, Clara", email: "c@x.org" }, { name: null, email: "d@x.org" },
    ]);
  });
  it.each([["ada@example.org", true], ["ada@localhost", true], ["ada", false], ["ada@", false], ["a b@x.org", false], ["ada@x..org", false], ["ada@x.org\r\nBcc: e@x.org", false], ["üser@exämple.org", true]])("%s is one: %s", (text, good) => {
    expect(isAddress(text)).toBe(good);
  });
});

describe("plain text of HTML", () => {
  it("keeps lists, quotations and links", () => {
    expect(htmlToText('<ul><li>one</li><li>two</li></ul><blockquote><p>a<br>b</p></blockquote><a href="https://x.org/y">here</a><style>p{}</style>'))
      .toBe("- one\n- two\n\n> a\n> b\nhere <https://x.org/y>");
  });
  it("does not run away with deep nesting", () => {
    expect(htmlToText("<table><tr><th>lamp</th><th>lux</th></tr><tr><td>1</td><td>2410</td></tr></table>")).toBe("lamp lux\n\n1 2410");
    expect(htmlToText(`${"<div>".repeat(5000)}deep`)).toBeTypeOf("string");
  });
});
