import type { Address } from "../jmap/types.ts";

/* Where a link of a mail really goes, whom it tells on the way, and whether its text says something else. */
export interface LinkFacts {
  /* What is opened; its host, or the address of a mailto: link. */
  readonly href: string;
  readonly host: string;
  /* The host that a redirecting service sends on to, where the address tells. */
  readonly target: string | null;
  /* The service that counts who follows. */
  readonly service: string | null;
  /* The host that the text names, when it is another one. */
  readonly named: string | null;
}

const SERVICES: readonly (readonly [string, string])[] = [
  ["list-manage.com", "Mailchimp"], ["mailchi.mp", "Mailchimp"], ["mandrillapp.com", "Mailchimp"], ["sendgrid.net", "SendGrid"], ["mailgun.org", "Mailgun"],
  ["mjt.lu", "Mailjet"], ["mailjet.com", "Mailjet"], ["sendibt1.com", "Brevo"], ["sendibt2.com", "Brevo"], ["sendibt3.com", "Brevo"], ["sendibm1.com", "Brevo"], ["awstrack.me", "Amazon SES"],
  ["pstmrk.it", "Postmark"], ["spgo.io", "SparkPost"], ["hubspotlinks.com", "HubSpot"], ["hubspotemail.net", "HubSpot"], ["hs-sites.com", "HubSpot"], ["sidekickopen.com", "HubSpot"],
  ["exct.net", "Salesforce"], ["pardot.com", "Salesforce"], ["mktomail.com", "Marketo"], ["createsend.com", "Campaign Monitor"], ["createsend1.com", "Campaign Monitor"], ["cmail19.com", "Campaign Monitor"], ["cmail20.com", "Campaign Monitor"],
  ["constantcontact.com", "Constant Contact"], ["rs6.net", "Constant Contact"], ["klclick.com", "Klaviyo"], ["klclick1.com", "Klaviyo"], ["activehosted.com", "ActiveCampaign"], ["customeriomail.com", "Customer.io"],
  ["intercom-mail.com", "Intercom"], ["convertkit-mail.com", "Kit"], ["convertkit-mail2.com", "Kit"], ["mlsend.com", "MailerLite"], ["getresponse.com", "GetResponse"], ["aweber.com", "AWeber"], ["infusionsoft.com", "Keap"],
  ["yesware.com", "Yesware"], ["outreach.io", "Outreach"], ["salesloft.com", "Salesloft"], ["mixmax.com", "Mixmax"], ["cleverreach.com", "CleverReach"], ["crsend.com", "CleverReach"], ["beehiiv.com", "beehiiv"], ["doubleclick.net", "Google Ads"],
];

/* Services that pass on to an address given in their own; they tell where. */
const PASSING = ["safelinks.protection.outlook.com", "urldefense.com", "urldefense.proofpoint.com", "google.com", "facebook.com", "linkedin.com", "youtube.com", "awstrack.me", "slack-redir.net", "vk.com", "steamcommunity.com"];
const PARAMETERS = ["url", "q", "u", "target", "to", "redirect", "redirect_url", "dest", "destination", "link"];
const SECOND_LEVEL = new Set(["ac", "co", "com", "edu", "gov", "net", "org"]);
const FILE_ENDINGS = new Set(["pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "csv", "md", "zip", "png", "jpg", "jpeg", "gif", "html", "htm", "json", "xml", "js", "ts", "py", "sh", "rs", "cc", "pl", "eml", "ics"]);

function isBelow(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function webAddress(text: string | null | undefined): URL | null {
  const url = text ? parse(text) : null;
  return url && /^https?:$/.test(url.protocol) ? url : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/* The address within an address that only passes on. */
export function passedOn(url: URL): URL | null {
  if (!PASSING.some((host) => isBelow(url.hostname, host))) return null;
  const second = /^\/v3\/__(.+?)__;/.exec(url.pathname)?.[1];
  if (isBelow(url.hostname, "urldefense.com") && second) return webAddress(decoded(second));
  if (isBelow(url.hostname, "urldefense.proofpoint.com")) {
    const coded = url.searchParams.get("u");
    return coded ? webAddress(decoded(coded.replaceAll("-", "%").replaceAll("_", "/"))) : null;
  }
  if (isBelow(url.hostname, "awstrack.me")) return webAddress(decoded(/^\/L0\/([^/]+)/.exec(url.pathname)?.[1] ?? ""));
  for (const name of PARAMETERS) {
    const found = webAddress(url.searchParams.get(name));
    if (found) return found;
  }
  return null;
}

/* The part of a host that somebody registered, as far as can be told without a list of all registries. */
export function registered(host: string): string {
  const labels = host.replace(/\.$/, "").split(".");
  const deep = labels.length > 2 && labels.at(-1)!.length === 2 && SECOND_LEVEL.has(labels.at(-2)!);
  return labels.slice(deep ? -3 : -2).join(".");
}

/* The host that a text claims to lead to: an address, or nothing but a name of a host. */
export function namedHost(text: string): string | null {
  const line = text.replace(/[\u200b-\u200f\u2060\ufeff\u00ad]/g, "").trim();
  const address = /(?:https?:\/\/|\bwww\.)[^\s<>"']+/i.exec(line)?.[0];
  if (address) return webAddress(/^https?:/i.test(address) ? address : `https://${address}`)?.hostname ?? null;
  if (!/^(?:[\p{L}\d-]+\.)+\p{L}{2,}(?:[/?#]\S*)?$/u.test(line)) return null;
  const host = webAddress(`https://${line}`)?.hostname;
  return host && !FILE_ENDINGS.has(host.split(".").at(-1)!) ? host : null;
}

export function linkFacts(text: string, href: string): LinkFacts | null {
  const url = parse(href);
  if (!url) return null;
  if (!/^https?:$/.test(url.protocol)) return { href, host: decoded(url.pathname), target: null, service: null, named: null };
  const target = passedOn(url);
  const service = SERVICES.find(([host]) => isBelow(url.hostname, host))?.[1] ?? null;
  const claimed = namedHost(text);
  const real = (target ?? url).hostname;
  const another = claimed !== null && registered(claimed) !== registered(real) && registered(claimed) !== registered(url.hostname);
  return { href: url.href, host: url.hostname, target: target?.hostname ?? null, service, named: another ? claimed : null };
}

export interface MailtoLetter {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly subject: string;
  readonly html: string;
}

const MOST_ADDRESSES = 50;
const MOST_TEXT = 10_000;

function addressesOf(list: string): Address[] {
  return list.split(",").map((one) => decoded(one).replace(/[\s<>"]/g, "")).filter((one) => /^[^@\s]+@[^@\s]+$/.test(one)).slice(0, MOST_ADDRESSES).map((email) => ({ name: null, email }));
}

/* RFC 6068, without what a link could slip past its reader: blind copies, attachments, other headers. */
export function mailtoLetter(href: string): MailtoLetter | null {
  const url = parse(href);
  if (url?.protocol !== "mailto:") return null;
  /* "+" is no blank here. */
  const fields = new URLSearchParams(url.search.replaceAll("+", "%2B"));
  const line = (name: string): string => (fields.get(name) ?? "").replace(/\p{C}+/gu, " ").trim().slice(0, 500);
  const text = (fields.get("body") ?? "").slice(0, MOST_TEXT).split(/\r\n?|\n/);
  const escaped = text.map((one) => `<p>${one.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)}</p>`);
  return { to: [...addressesOf(url.pathname), ...addressesOf(fields.get("to") ?? "")], cc: addressesOf(fields.get("cc") ?? ""), subject: line("subject"), html: fields.get("body") ? escaped.join("") : "" };
}
