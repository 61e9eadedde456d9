import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import type { GetResponse, Id, Identity, SetResponse } from "../jmap/types.ts";
import { sanitiseMailHtml, type ImagePolicy } from "./sanitise.ts";

/* docs/api.md, Writing. Pictures are in html as data: addresses. */
export interface Signature {
  readonly id: Id;
  readonly name: string;
  readonly html: string;
  readonly text: string;
  readonly defaultFor: readonly Id[];
  readonly answersFor: readonly Id[];
}

export type LetterKind = "new" | "answer";

export const signaturesKey = (userAccount: Id) => ["signatures", userAccount] as const;

export function signaturesQuery(userAccount: Id) {
  return queryOptions({
    queryKey: signaturesKey(userAccount),
    queryFn: async ({ signal }) => (await jmapOne<GetResponse<Signature>>("Signature/get", { accountId: userAccount, ids: null }, { signal })).list,
    staleTime: Infinity,
  });
}

/* The pictures that a signature or a template may have: those that came with it. */
export const ownImages: ImagePolicy = { allows: (address) => /^data:image\/(?:png|jpe?g|gif|webp);/i.test(address) };

export function cleanOwnHtml(html: string): string {
  return sanitiseMailHtml(html, ownImages);
}

async function set(client: QueryClient, userAccount: Id, change: Record<string, unknown>): Promise<SetResponse> {
  const answer = await jmapOne<SetResponse>("Signature/set", { accountId: userAccount, ...change });
  await client.invalidateQueries({ queryKey: signaturesKey(userAccount) });
  await client.invalidateQueries({ queryKey: ["identities"] });
  assertAccepted(answer);
  return answer;
}

export type SignatureText = Pick<Signature, "name" | "html" | "text">;

export async function saveSignature(client: QueryClient, userAccount: Id, id: Id | null, text: SignatureText): Promise<void> {
  await set(client, userAccount, id === null ? { create: { made: text } } : { update: { [id]: text } });
}

export async function destroySignature(client: QueryClient, userAccount: Id, id: Id): Promise<void> {
  await set(client, userAccount, { destroy: [id] });
}

/* chosen null: none. */
export async function chooseSignature(client: QueryClient, userAccount: Id, all: readonly Signature[], identityId: Id, kind: LetterKind, chosen: Id | null): Promise<void> {
  const property = kind === "new" ? "defaultFor" : "answersFor";
  const update: Record<Id, unknown> = {};
  for (const one of all) {
    const has = one[property].includes(identityId);
    if (has && one.id !== chosen) update[one.id] = { [property]: one[property].filter((id) => id !== identityId) };
    if (!has && one.id === chosen) update[one.id] = { [property]: [...one[property], identityId] };
  }
  if (Object.keys(update).length > 0) await set(client, userAccount, { update });
}

/* What a letter begins with. id null: the identity's own, which another program gave it (RFC 8621, 6). */
export interface ChosenSignature {
  readonly id: Id | null;
  readonly html: string;
  readonly text: string;
}

function ownOf(identity: Identity): ChosenSignature | null {
  if (!identity.htmlSignature && !identity.textSignature) return null;
  return { id: null, html: identity.htmlSignature, text: identity.textSignature };
}

/* isOwn: the account is this person's, so the server keeps the identity in step with the default; what differs there is newer. */
export function signatureFor(kind: LetterKind, identity: Identity, all: readonly Signature[], isOwn: boolean): ChosenSignature | null {
  const forNew = all.find((one) => one.defaultFor.includes(identity.id)) ?? null;
  if (kind === "answer") return all.find((one) => one.answersFor.includes(identity.id)) ?? null;
  const own = ownOf(identity);
  if (!forNew) return own;
  const differs = own !== null && (own.html !== forNew.html || own.text !== forNew.text);
  return isOwn && differs ? own : forNew;
}

/* A short hash of HTML, whatever addresses its pictures have: it tells a changed signature from one as it was put in. */
export function signatureHash(html: string): string {
  const plain = html.replace(/\ssrc="[^"]*"/g, "").replace(/\s+/g, " ").trim();
  let hash = 2166136261;
  for (let at = 0; at < plain.length; at++) hash = Math.imul(hash ^ plain.charCodeAt(at), 16777619) >>> 0;
  return hash.toString(36);
}
