import { describe, expect, it } from "vitest";
import { linkFacts, mailtoLetter, namedHost, registered } from "../../src/mail/links.ts";

describe("where a link goes", () => {
  it.each([
    ["https://www.bank.example/", "https://evil.test/login", "www.bank.example"],
    ["bank.example", "https://bank.example.evil.test/", "bank.example"],
    ["www.bank.example/account", "http://198.51.100.7/", "www.bank.example"],
    ["\u200bhttps://bank.example", "https://evil.test", "bank.example"],
  ])("is told when the text names another host: %s -> %s", (text, href, named) => {
    expect(linkFacts(text, href)?.named).toBe(named);
  });
  it.each([
    ["Read more", "https://evil.test/"], ["https://bank.example/", "https://www.bank.example/x"], ["report.pdf", "https://files.test/report.pdf"],
    ["www.shop.co.uk", "https://click.shop.co.uk/1"], ["ada@x.test", "mailto:ada@x.test"],
    ["https://real.test/page", "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Freal.test%2Fpage&data=1"],
  ])("is no warning for %s -> %s", (text, href) => {
    expect(linkFacts(text, href)?.named).toBeNull();
  });
  it.each([
    ["https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Freal.test%2Fpage&data=1", "real.test"],
    ["https://urldefense.com/v3/__https://real.test/a__;!!abc$", "real.test"],
    ["https://urldefense.proofpoint.com/v2/url?u=https-3A__real.test_a&d=x", "real.test"],
    ["https://www.google.com/url?q=https://real.test/&sa=D", "real.test"],
    ["https://abc.awstrack.me/L0/https:%2F%2Freal.test%2F/1/x", "real.test"],
  ])("is read out of an address that passes on: %s", (href, target) => {
    expect(linkFacts("x", href)?.target).toBe(target);
  });
  it("names the service that counts", () => {
    expect(linkFacts("x", "https://us1.list-manage.com/track/click?u=1")?.service).toBe("Mailchimp");
    expect(linkFacts("x", "https://notlist-manage.com/")?.service).toBeNull();
  });
  it("never believes what is no address", () => {
    expect(linkFacts("x", "not an address")).toBeNull();
    expect(namedHost("e.g. this")).toBeNull();
    expect(registered("a.b.co.uk")).toBe("b.co.uk");
  });
});

describe("a link to an address", () => {
  it("begins a letter with what it says, and nothing hidden", () => {
    const letter = mailtoLetter("mailto:ada@x.test,ben%40x.test?subject=Stand%20plan%0d%0aBcc:%20evil@y.test&bcc=evil@y.test&attach=/etc/passwd&body=a%3Cb%3E%0Ac");
    expect(letter?.to.map((one) => one.email)).toEqual(["ada@x.test", "ben@x.test"]);
    expect(letter?.cc).toEqual([]);
    expect(letter?.subject).toBe("Stand plan Bcc: evil@y.test");
    expect(letter?.html).toBe("<p>a&#60;b&#62;</p><p>c</p>");
    expect(JSON.stringify(letter)).not.toContain("passwd");
  });
  it("is nothing for other addresses", () => {
    expect(mailtoLetter("https://x.test/")).toBeNull();
  });
});
