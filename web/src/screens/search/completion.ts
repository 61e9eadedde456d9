import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { MailRoute } from "../../app/router.ts";
import { useT, type MessageId, type Translate } from "../../i18n/i18n.ts";
import type { Address, Mailbox } from "../../jmap/types.ts";
import { displayName } from "../../mail/conversations.ts";
import { findPeople } from "../../mail/correspondents.ts";
import { useLabels, type Label } from "../../mail/labels.ts";
import { mailboxPath, roleName } from "../../mail/mailboxes.ts";
import { keys } from "../../mail/queries.ts";
import { FIELDS, lastTerm, quoted, type Field } from "../../mail/search-terms.ts";

/* Something the search box offers to write. */
export interface Offer {
  readonly key: string;
  readonly label: string;
  readonly hint: string;
  /* What takes the place of the term that is being written; it is complete unless it ends in a colon. */
  readonly insert: string;
}

const PEOPLE: ReadonlySet<string> = new Set(["from", "to", "cc", "bcc"]);
const MOST = 8;

const FIELD_HINTS: Readonly<Record<Field, MessageId>> = {
  from: "searchField.from", to: "searchField.to", cc: "searchField.cc", bcc: "searchField.bcc", subject: "searchField.subject", body: "searchField.body",
  filename: "searchField.filename", has: "searchField.has", is: "searchField.is", in: "searchField.in", label: "searchField.label",
  before: "searchField.before", after: "searchField.after", on: "searchField.on", larger: "searchField.larger", smaller: "searchField.smaller",
};

const VALUES: Readonly<Partial<Record<Field, readonly (readonly [string, MessageId | null])[]>>> = {
  is: [["unread", "searchValue.unread"], ["read", "searchValue.read"], ["flagged", "searchValue.flagged"], ["answered", "searchValue.answered"], ["unanswered", "searchValue.unanswered"], ["forwarded", "searchValue.forwarded"], ["draft", "searchValue.draft"]],
  has: [["attachment", "row.hasAttachment"]],
  before: [["today", "searchValue.today"], ["7d", "searchValue.week"], ["1m", "searchValue.month"], ["1y", "searchValue.year"]],
  after: [["today", "searchValue.today"], ["yesterday", "searchValue.yesterday"], ["7d", "searchValue.week"], ["1m", "searchValue.month"], ["1y", "searchValue.year"]],
  on: [["today", "searchValue.today"], ["yesterday", "searchValue.yesterday"]],
  larger: [["1M", null], ["5M", null], ["10M", null]],
  smaller: [["100k", null], ["1M", null], ["5M", null]],
  filename: [["pdf", null], ["docx", null], ["xlsx", null], ["jpg", null]],
};

function fieldOffers(sign: string, word: string, t: Translate): Offer[] {
  return FIELDS.filter((field) => field.startsWith(word.toLowerCase()))
    .map((field) => ({ key: `field ${field}`, label: `${sign}${field}:`, hint: t(FIELD_HINTS[field]), insert: `${sign}${field}:` }));
}

function valueOffers(sign: string, field: Field, value: string, t: Translate): Offer[] {
  return (VALUES[field] ?? []).filter(([name]) => name.toLowerCase().startsWith(value.toLowerCase()))
    .map(([name, hint]) => ({ key: `${field} ${name}`, label: `${sign}${field}:${name}`, hint: hint ? t(hint) : "", insert: `${sign}${field}:${name}` }));
}

/* Roles by the name they have in this language, which the server knows; others by their path. */
function mailboxOffers(sign: string, value: string, mailboxes: readonly Mailbox[], t: Translate): Offer[] {
  const wanted = value.toLocaleLowerCase();
  return mailboxes.map((mailbox) => {
    const role = roleName(mailbox.role);
    return { mailbox, name: role ? t(role) : mailboxPath(mailboxes, mailbox) };
  }).filter(({ name }) => name.toLocaleLowerCase().includes(wanted))
    .map(({ mailbox, name }) => ({ key: `in ${mailbox.id}`, label: `${sign}in:${quoted(name)}`, hint: "", insert: `${sign}in:${quoted(mailbox.role ?? name)}` }));
}

/* Each name once, whichever accounts have it. */
function labelOffers(sign: string, value: string, labels: readonly Label[]): Offer[] {
  const wanted = value.toLocaleLowerCase();
  return [...new Set(labels.map((label) => label.name))].filter((name) => name.toLocaleLowerCase().includes(wanted))
    .map((name) => ({ key: `label ${name}`, label: `${sign}label:${quoted(name)}`, hint: "", insert: `${sign}label:${quoted(name)}` }));
}

function personOffer(sign: string, field: string, address: Address): Offer {
  return { key: `${field} ${address.email}`, label: displayName(address), hint: address.name ? address.email : "", insert: `${sign}${field}:${quoted(address.email)}` };
}

const TERM = /^(-?)(?:([a-z]+)[:：])?(.*)$/isu;

/* What may complete the term that is being written. */
export function useOffers(rest: string, route: MailRoute, open: boolean): readonly Offer[] {
  const t = useT();
  const client = useQueryClient();
  const labels = useLabels(route.accountId);
  const { term } = lastTerm(rest);
  const [, sign = "", field = "", raw = ""] = TERM.exec(term) ?? [];
  const value = raw.replaceAll('"', "");
  const name = field.toLowerCase();
  const asksPeople = open && (PEOPLE.has(name) || (name === "" && value.length >= 2));
  const [people, setPeople] = useState<readonly Address[]>([]);
  useEffect(() => {
    if (!asksPeople) return setPeople([]);
    let current = true;
    void findPeople(client, value).then((found) => { if (current) setPeople(found); });
    return () => { current = false; };
  }, [asksPeople, value, client]);
  if (!open || term === "") return [];
  if (name === "") return [...fieldOffers(sign, value, t), ...people.slice(0, 4).map((address) => personOffer(sign, "from", address))].slice(0, MOST);
  if (PEOPLE.has(name)) return people.map((address) => personOffer(sign, name, address));
  if (name === "in") return mailboxOffers(sign, value, client.getQueryData<readonly Mailbox[]>(keys.mailboxes(route.accountId)) ?? [], t).slice(0, MOST);
  if (name === "label") return labelOffers(sign, value, labels).slice(0, MOST);
  return (FIELDS as readonly string[]).includes(name) ? valueOffers(sign, name as Field, value, t) : [];
}
