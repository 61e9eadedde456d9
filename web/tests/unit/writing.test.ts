import { describe, expect, it } from "vitest";
import { composeLink, parseMailto } from "../../src/mail/mailto.ts";
import { signatureFor, signatureHash, type Signature } from "../../src/mail/signatures.ts";
import { categoriesOf, searchTemplates, type Template } from "../../src/mail/templates.ts";
import { fillHtml, fillText, firstName, knownValues, leftVariables, questionsIn, variablesIn } from "../../src/mail/variables.ts";
import { partsOf, signatureIn, withSignature, withTemplate } from "../../src/screens/writing/signature-text.ts";
import { isAnswering, localTime, utcTime } from "../../src/mail/vacation.ts";

const values = { known: knownValues({ name: "Weiß, Clara", email: "c@example.org" }, { name: "", email: "me@example.org" }, "22 November"), asked: { "Offer number": "<A&1>" } };

describe("variables of templates", () => {
  it("are known, asked for or neither", () => {
    expect(variablesIn("{{ recipient.NAME }} {{ask: What?}} {{nonsense}} {not} {{}}").map(({ kind, name }) => [kind, name])).toEqual([
      ["known", "recipient.name"], ["ask", "What?"], ["unknown", "nonsense"],
    ]);
  });

  it("are filled in, as text and into HTML", () => {
    expect(fillText("{{recipient.firstName}}: {{ask: Offer number}}", values)).toBe("Clara: <A&1>");
    expect(fillHtml("<p>{{ask: Offer number}}</p>", values)).toBe("<p>&lt;A&amp;1&gt;</p>");
  });

  it("stay where nothing is known, unless there is a fallback", () => {
    expect(fillText("{{sender.name}} {{sender.name|the team}} {{nonsense}}", values)).toBe("{{sender.name}} the team {{nonsense}}");
    expect(leftVariables("a {{x}}", "b {{x}} {{date}}")).toEqual(["{{x}}", "{{date}}"]);
  });

  it("do not fill in what a value brings along", () => {
    const nested = { known: values.known, asked: { q: "{{recipient.address}}" } };
    expect(fillText("{{ask: q}}", nested)).toBe("{{recipient.address}}");
  });

  it("ask each question once, entities and all", () => {
    expect(questionsIn("{{ask: Who &amp; when}}", "{{ask:Who & when}} {{ask: Why|}}")).toEqual(["Who & when", "Why"]);
  });

  it("do not reach over tags", () => {
    expect(variablesIn("{{recipient<b>.name</b>}}")).toEqual([]);
  });
});

describe("first names", () => {
  it.each([["Clara Weiß", "Clara"], ["Weiß, Clara", "Clara"], ["Dr. Clara Weiß", "Clara"], ["李雷", "李雷"], ["clara@example.org", ""], [null, ""], ["'Clara Weiß (Sales)'", "Clara"]])("of %s is %s", (name, first) => {
    expect(firstName(name)).toBe(first);
  });
});

describe("mailto links", () => {
  it("have addresses, subject and text", () => {
    expect(parseMailto("mailto:a@example.org,b@example.org?cc=c@example.org&subject=Caf%C3%A9%20%2B+1&body=One%0D%0ATwo")).toEqual({
      to: [{ name: null, email: "a@example.org" }, { name: null, email: "b@example.org" }], cc: [{ name: null, email: "c@example.org" }], bcc: [], subject: "Café ++1", text: "One\nTwo",
    });
  });

  it("bring no header fields and no files", () => {
    const link = parseMailto("mailto:a@example.org?subject=x%0D%0ABcc:%20eve@example.org&attach=/etc/passwd&From=eve@example.org");
    expect(link?.subject).toBe("x Bcc: eve@example.org");
    expect(link?.bcc).toEqual([]);
    expect(Object.keys(link ?? {})).toEqual(["to", "cc", "bcc", "subject", "text"]);
  });

  it("may be damaged", () => {
    expect(parseMailto("mailto:a@example.org?subject=50%&body")).toMatchObject({ subject: "50%", text: "" });
    expect(parseMailto("https://example.org")).toBeNull();
    expect(parseMailto("javascript:alert(1)")).toBeNull();
  });

  it("are asked for by the address of the page", () => {
    expect(composeLink("?compose=mailto%3Aa%40example.org%3Fsubject%3DHi")).toMatchObject({ to: [{ email: "a@example.org" }], subject: "Hi" });
    expect(composeLink("?compose=new&to=a@example.org&subject=Hi&body=There")).toMatchObject({ to: [{ email: "a@example.org" }], subject: "Hi", text: "There" });
    expect(composeLink("?q=x")).toBeNull();
  });
});

function signature(id: string, more: Partial<Signature>): Signature {
  return { id, name: id, html: `<p>${id}</p>`, text: id, defaultFor: [], answersFor: [], ...more };
}

describe("signatures", () => {
  const identity = { id: "i1", name: "", email: "a@example.org", textSignature: "r1", htmlSignature: "<p>r1</p>", replyTo: null, bcc: null };
  const all = [signature("r1", { defaultFor: ["i1"] }), signature("r2", { answersFor: ["i1"] })];

  it("are chosen for new mail and for answers", () => {
    expect(signatureFor("new", identity, all, true)?.id).toBe("r1");
    expect(signatureFor("answer", identity, all, true)?.id).toBe("r2");
    expect(signatureFor("answer", { ...identity, id: "i2" }, all, true)).toBeNull();
  });

  it("are the identity's own where another program changed it, but not in somebody else's mailbox", () => {
    const changed = { ...identity, htmlSignature: "<b>new</b>" };
    expect(signatureFor("new", changed, all, true)).toEqual({ id: null, html: "<b>new</b>", text: "r1" });
    expect(signatureFor("new", changed, all, false)?.id).toBe("r1");
    expect(signatureFor("new", { ...changed, id: "i2" }, all, true)?.html).toBe("<b>new</b>");
  });

  it("are the same whatever addresses their pictures have", () => {
    expect(signatureHash('<p>a<img src="x"></p>')).toBe(signatureHash('<p>a<img src="y#cid=1"></p>'));
    expect(signatureHash("<p>a</p>")).not.toBe(signatureHash("<p>b</p>"));
  });
});

describe("signatures in plain text", () => {
  const answer = "Thanks\n\nOn Monday, Ben wrote:\n> a\n> -- \n> Ben";

  it("stand behind a divider, before what is quoted", () => {
    expect(withSignature("Hello\n", "Ada")).toBe("Hello\n\n-- \nAda");
    expect(withSignature(answer, "Ada")).toBe("Thanks\n\n-- \nAda\n\nOn Monday, Ben wrote:\n> a\n> -- \n> Ben");
  });

  it("are exchanged and taken away as one", () => {
    const signed = withSignature(answer, "Ada\nSales");
    expect(signatureIn(signed)).toBe("Ada\nSales");
    expect(withSignature(signed, "A.")).toBe(withSignature(answer, "A."));
    expect(withSignature(signed, null)).toBe(answer);
    expect(signatureIn(answer)).toBeNull();
  });

  it("are not eaten by a template", () => {
    expect(withTemplate(withSignature(answer, "Ada"), "Dear Ben")).toBe("Thanks\n\nDear Ben\n\n-- \nAda\n\nOn Monday, Ben wrote:\n> a\n> -- \n> Ben");
    expect(partsOf("").own).toBe("");
    expect(withTemplate("", "Dear Ben")).toBe("Dear Ben");
  });
});

function template(name: string, more: Partial<Template> = {}): Template {
  return { id: name, name, category: "", subject: "", html: "", sharedWith: null, attachments: [], author: null, mayEdit: true, ...more };
}

describe("templates", () => {
  const all = [template("Reminder", { html: "<p>The offer ends</p>" }), template("Öffer", { category: "Sales" }), template("Thanks", { category: "Service" })];

  it("are found by words anywhere, those named so first", () => {
    expect(searchTemplates(all, "OFFER", "").map((one) => one.name)).toEqual(["Öffer", "Reminder"]);
    expect(searchTemplates(all, "", "Service").map((one) => one.name)).toEqual(["Thanks"]);
    expect(searchTemplates(all, "p", "").map((one) => one.name)).toEqual([]);
    expect(categoriesOf(all)).toEqual(["Sales", "Service"]);
  });
});

describe("automatic replies", () => {
  const on = { isEnabled: true, fromDate: null, toDate: null, subject: null, textBody: null, htmlBody: null };
  const now = new Date("2026-11-22T12:00:00Z");

  it("are on between their dates", () => {
    expect(isAnswering(on, now)).toBe(true);
    expect(isAnswering({ ...on, isEnabled: false }, now)).toBe(false);
    expect(isAnswering({ ...on, fromDate: "2026-11-23T00:00:00Z" }, now)).toBe(false);
    expect(isAnswering({ ...on, toDate: "2026-11-22T12:00:00Z" }, now)).toBe(false);
  });

  it("have dates of the person's zone", () => {
    expect(utcTime(localTime("2026-11-22T12:00:00Z"))).toBe("2026-11-22T12:00:00Z");
    expect(utcTime("")).toBeNull();
    expect(localTime(null)).toBe("");
  });
});
