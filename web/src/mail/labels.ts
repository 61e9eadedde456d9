import { queryOptions, useQuery, type QueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useDesk } from "../app/context.ts";
import type { MessageId } from "../i18n/i18n.ts";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { EmailSummary, GetResponse, Id, SetResponse } from "../jmap/types.ts";
import { changeEmails } from "./actions.ts";
import { keywordPatch, type EmailPatch } from "./patches.ts";
import { cachedMailboxMap, isUnified } from "./unified.ts";

export const COLORS = ["gray", "red", "orange", "yellow", "olive", "green", "teal", "blue", "indigo", "purple", "pink", "brown"] as const;
export type LabelColor = (typeof COLORS)[number];

/* A name and a colour for a keyword of an account's mail (docs/api.md, Organising). */
export interface Label {
  readonly id: Id;
  readonly accountId: Id;
  readonly name: string;
  readonly color: LabelColor;
  readonly keyword: string;
  readonly sortOrder: number;
}

export const labelsKey = (userAccount: Id) => ["labels", userAccount] as const;

/* Those of all accounts, in their order. */
export function labelsQuery(userAccount: Id) {
  return queryOptions({
    queryKey: labelsKey(userAccount),
    queryFn: async ({ signal }) => {
      const answer = await jmapOne<GetResponse<Label>>("Label/get", { accountId: userAccount, ids: null }, { signal });
      return [...answer.list].sort((a, b) => a.sortOrder - b.sortOrder || a.name.localeCompare(b.name));
    },
    staleTime: Infinity,
  });
}

const NONE: readonly Label[] = [];

/* accountId: an account, or the person's own, which spans all. */
export function useLabels(accountId: Id): readonly Label[] {
  const desk = useDesk();
  const all = useQuery(labelsQuery(desk.userAccount)).data ?? NONE;
  return useMemo(() => (accountId === desk.userAccount ? all : all.filter((label) => label.accountId === accountId)), [all, accountId, desk.userAccount]);
}

/* Those that any of the emails has, one for each keyword. */
export function labelsOn(labels: readonly Label[], emails: readonly Pick<EmailSummary, "keywords">[]): Label[] {
  const found = new Map<string, Label>();
  for (const label of labels)
    if (!found.has(label.keyword) && emails.some((email) => email.keywords[label.keyword])) found.set(label.keyword, label);
  return [...found.values()];
}

/* Labels of one name are one label to people, whatever keyword it has in each account. */
export function foldedName(text: string): string {
  return text.normalize("NFKC").toLocaleLowerCase();
}

type KeywordOf = (email: Pick<EmailSummary, "mailboxIds">) => string | null;

/* The keyword that a label of that name has in each email's account; null: it has none there. */
export function keywordByAccount(labels: readonly Label[], label: Label, accountOf: (email: Pick<EmailSummary, "mailboxIds">) => Id | null): KeywordOf {
  const keywords = new Map(labels.filter((one) => foldedName(one.name) === foldedName(label.name)).map((one) => [one.accountId, one.keyword]));
  return (email) => keywords.get(accountOf(email) ?? "") ?? null;
}

/* How far conversations have a label: all of them, some, or none. */
export function stateOf(label: Label, conversations: readonly { readonly emails: readonly EmailSummary[] }[], keywordOf: KeywordOf = () => label.keyword): boolean | "mixed" {
  const having = conversations.filter((row) => row.emails.some((email) => email.keywords[keywordOf(email) ?? ""])).length;
  return having === 0 ? false : having === conversations.length ? true : "mixed";
}

/* What puts a label on an email or takes it off, null for nothing: of several accounts, each has the label of its own by that name, which is made where it is missing. */
export function labelStep(client: QueryClient, userAccount: Id, accountId: Id, label: Label, on: boolean): (email: EmailSummary) => Promise<EmailPatch | null> {
  const map = cachedMailboxMap(client);
  const labels = client.getQueryData<readonly Label[]>(labelsKey(userAccount)) ?? [];
  const known = new Map<Id, string | Promise<string>>([...labels.filter((one) => foldedName(one.name) === foldedName(label.name)), label].map((one) => [one.accountId, one.keyword]));
  return async (email) => {
    const home = isUnified(accountId) ? map.accountOf(email) : accountId;
    if (home === null || (!on && !known.has(home))) return null;
    if (!known.has(home)) known.set(home, createLabel(client, userAccount, home, label.name, label.color).then((made) => made.keyword));
    const keyword = await known.get(home)!;
    return (email.keywords[keyword] === true) === on ? null : keywordPatch(keyword, on);
  };
}

/* Puts a label on all emails of the conversations, or takes it off, with Undo. */
export async function setLabel(client: QueryClient, userAccount: Id, accountId: Id, label: Label, emails: readonly EmailSummary[], on: boolean): Promise<void> {
  const patches = new Map<Id, EmailPatch>();
  const step = labelStep(client, userAccount, accountId, label, on);
  for (const email of emails) {
    const patch = await step(email);
    if (patch) patches.set(email.id, patch);
  }
  const count = new Set(emails.map((email) => email.threadId)).size;
  const text: MessageId = on ? "label.added" : "label.removed";
  await changeEmails(client, accountId, patches, { text, values: { name: label.name, count } }, new Map(emails.map((email) => [email.id, email])));
}

async function set(accountId: Id, args: Readonly<Record<string, unknown>>): Promise<SetResponse> {
  const answer = await jmapOne<SetResponse>("Label/set", { accountId, ...args });
  assertAccepted(answer);
  return answer;
}

export async function createLabel(client: QueryClient, userAccount: Id, accountId: Id, name: string, color: LabelColor): Promise<Label> {
  const answer = await set(accountId, { create: { new: { name, color } } });
  await client.invalidateQueries({ queryKey: labelsKey(userAccount) });
  return { accountId, name, color, sortOrder: 0, keyword: "", ...answer.created!["new"]! } as Label;
}

export async function updateLabel(client: QueryClient, userAccount: Id, label: Label, change: Partial<Pick<Label, "name" | "color" | "sortOrder">>): Promise<void> {
  const key = labelsKey(userAccount);
  client.setQueryData<readonly Label[]>(key, (labels) => labels?.map((one) => (one.id === label.id ? { ...one, ...change } : one)));
  await set(label.accountId, { update: { [label.id]: change } }).finally(() => client.invalidateQueries({ queryKey: key }));
}

export async function destroyLabel(client: QueryClient, userAccount: Id, label: Label): Promise<void> {
  await set(label.accountId, { destroy: [label.id] });
  await client.invalidateQueries({ queryKey: labelsKey(userAccount) });
}
