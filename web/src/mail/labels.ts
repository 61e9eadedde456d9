import { queryOptions, useQuery, type QueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useDesk } from "../app/context.ts";
import type { MessageId } from "../i18n/i18n.ts";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { EmailSummary, GetResponse, Id, SetResponse } from "../jmap/types.ts";
import { changeEmails } from "./actions.ts";
import { keywordPatch, type EmailPatch } from "./patches.ts";

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

/* How far conversations have a label: all of them, some, or none. */
export function stateOf(label: Label, conversations: readonly { readonly emails: readonly EmailSummary[] }[]): boolean | "mixed" {
  const having = conversations.filter((row) => row.emails.some((email) => email.keywords[label.keyword])).length;
  return having === 0 ? false : having === conversations.length ? true : "mixed";
}

/* Puts a label on all emails of the conversations, or takes it off, with Undo. */
export function setLabel(client: QueryClient, accountId: Id, label: Label, emails: readonly EmailSummary[], on: boolean): void {
  const patches = new Map<Id, EmailPatch>();
  for (const email of emails) if ((email.keywords[label.keyword] === true) !== on) patches.set(email.id, keywordPatch(label.keyword, on));
  const count = new Set(emails.map((email) => email.threadId)).size;
  const text: MessageId = on ? "label.added" : "label.removed";
  void changeEmails(client, accountId, patches, { text, values: { name: label.name, count } });
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
