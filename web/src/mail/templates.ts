import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { GetResponse, Id, SetResponse } from "../jmap/types.ts";

/* docs/api.md, Writing. */
export interface TemplateFile {
  readonly blobId: Id;
  readonly name: string;
  readonly type: string;
  readonly size: number;
}

export interface Template {
  readonly id: Id;
  readonly name: string;
  readonly category: string;
  readonly subject: string;
  readonly html: string;
  /* null: the author alone; "everybody"; an account: those who see it. */
  readonly sharedWith: string | null;
  readonly attachments: readonly TemplateFile[];
  readonly author: string | null;
  readonly mayEdit: boolean;
}

export type TemplateContent = Pick<Template, "name" | "category" | "subject" | "html" | "sharedWith" | "attachments">;

export const MOST_FILES = 20;

export const templatesKey = (userAccount: Id) => ["templates", userAccount] as const;

export function templatesQuery(userAccount: Id) {
  return queryOptions({
    queryKey: templatesKey(userAccount),
    queryFn: async ({ signal }) => (await jmapOne<GetResponse<Template>>("Template/get", { accountId: userAccount, ids: null }, { signal })).list,
    staleTime: Infinity,
  });
}

async function set(client: QueryClient, userAccount: Id, change: Record<string, unknown>, keepalive = false): Promise<void> {
  const answer = await jmapOne<SetResponse>("Template/set", { accountId: userAccount, ...change }, { keepalive });
  await client.invalidateQueries({ queryKey: templatesKey(userAccount) });
  assertAccepted(answer);
}

export async function saveTemplate(client: QueryClient, userAccount: Id, id: Id | null, content: TemplateContent): Promise<void> {
  const attachments = content.attachments.map(({ blobId, name, type }) => ({ blobId, name, type: type || "application/octet-stream" }));
  const object = { ...content, attachments };
  await set(client, userAccount, id === null ? { create: { made: object } } : { update: { [id]: object } });
}

/* A copy is one's own, whoever wrote the original; its files come along as uploads of the person's. */
export async function copyTemplate(client: QueryClient, userAccount: Id, accountId: Id | null, template: Template, name: string): Promise<void> {
  const attachments = template.attachments.length > 0 && accountId !== null ? await attachFiles(accountId, template.id) : [];
  const { category, subject, html } = template;
  await saveTemplate(client, userAccount, null, { name, category, subject, html, sharedWith: null, attachments });
}

export async function destroyTemplate(client: QueryClient, userAccount: Id, id: Id, keepalive = false): Promise<void> {
  await set(client, userAccount, { destroy: [id] }, keepalive);
}

/* The files of a template as uploads of an account, for a draft there to attach. */
export async function attachFiles(accountId: Id, templateId: Id): Promise<readonly TemplateFile[]> {
  return (await jmapOne<{ attachments: readonly TemplateFile[] }>("Template/attach", { accountId, templateId })).attachments;
}

export function categoriesOf(templates: readonly Template[]): string[] {
  return [...new Set(templates.map((one) => one.category).filter(Boolean))].sort((a, b) => a.localeCompare(b));
}

function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/* Those that have all the words, best first: in the name, then anywhere. category "": any. */
export function searchTemplates(templates: readonly Template[], text: string, category: string): Template[] {
  const words = folded(text).split(/\s+/).filter(Boolean);
  const ranked = templates.filter((one) => !category || one.category === category).flatMap((one) => {
    const name = folded(one.name);
    const all = `${name} ${folded(one.category)} ${folded(one.subject)} ${folded(one.html.replace(/<[^>]*>/g, " "))}`;
    if (!words.every((word) => all.includes(word))) return [];
    return [{ one, rank: words.every((word) => name.includes(word)) ? 0 : 1 }];
  });
  return ranked.sort((a, b) => a.rank - b.rank || a.one.name.localeCompare(b.one.name)).map(({ one }) => one);
}
