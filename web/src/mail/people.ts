import { queryOptions } from "@tanstack/react-query";
import { assertAccepted, jmapOne } from "../jmap/client.ts";
import { requestJson, setCsrfToken } from "../jmap/http.ts";
import type { User as SignedInUser } from "../jmap/auth.ts";
import type { GetResponse, Id, SetResponse, UTCDate } from "../jmap/types.ts";

/* Who works here (docs/api.md, People). What is optional is told to administrators only. */
export interface Person {
  readonly id: Id;
  readonly email: string;
  readonly name: string;
  readonly isSelf: boolean;
  readonly role?: Role;
  readonly state?: "active" | "disabled" | "invited";
  readonly createdAt?: UTCDate;
  readonly seenAt?: UTCDate | null;
  readonly invitedUntil?: UTCDate | null;
  readonly hasPassword?: boolean;
  readonly hasIdentity?: boolean;
  readonly soleAddresses?: readonly string[];
}

export type Role = "administrator" | "member";

export interface Share {
  readonly id: Id;
  readonly linkedAccountId: Id;
  readonly userId: Id;
  readonly address: string;
  readonly email: string;
  readonly access: ShareRight;
  readonly isOwner: boolean;
  readonly grantedBy: string | null;
  readonly grantedAt: UTCDate | null;
}

export type ShareRight = "read" | "work" | "send";

export interface OwnSession {
  readonly id: Id;
  readonly createdAt: UTCDate;
  readonly usedAt: UTCDate;
  readonly agent: string | null;
  readonly address: string | null;
  readonly isCurrent: boolean;
}

export interface ApiToken {
  readonly id: Id;
  readonly name: string;
  readonly createdAt: UTCDate;
  readonly usedAt: UTCDate | null;
}

export interface OwnIdentity {
  readonly id: Id;
  readonly login: string | null;
  readonly linkedAt: UTCDate | null;
}

export interface InviteLink {
  readonly url: string;
  readonly expiresAt: UTCDate;
  readonly isReset: boolean;
  readonly sent: boolean;
}

interface Listed {
  readonly User: Person;
  readonly AccountShare: Share;
  readonly UserSession: OwnSession;
  readonly ApiToken: ApiToken;
  readonly UserIdentity: OwnIdentity;
}

export function peopleKey(type: keyof Listed, userAccount: Id) {
  return ["people", type, userAccount] as const;
}

export function listedQuery<Type extends keyof Listed>(type: Type, userAccount: Id) {
  return queryOptions({
    queryKey: peopleKey(type, userAccount),
    queryFn: async ({ signal }): Promise<readonly Listed[Type][]> =>
      (await jmapOne<GetResponse<Listed[Type]>>(`${type}/get`, { accountId: userAccount, ids: null }, { signal })).list,
    staleTime: 5_000,
  });
}

/* Throws what was refused. */
export async function change(type: string, userAccount: Id, what: Readonly<Record<string, unknown>>): Promise<SetResponse> {
  const answer = await jmapOne<SetResponse>(`${type}/set`, { accountId: userAccount, ...what });
  assertAccepted(answer);
  return answer;
}

export function invite(userAccount: Id, id: Id, send: boolean, language: string): Promise<InviteLink> {
  return jmapOne<InviteLink>("User/invite", { accountId: userAccount, id, send, language });
}

interface SignedIn {
  readonly user: SignedInUser;
  readonly csrf: string;
}

function entered(answer: SignedIn): SignedInUser {
  setCsrfToken(answer.csrf);
  return answer.user;
}

export interface Invitation {
  readonly email: string;
  readonly name: string;
  readonly isReset: boolean;
}

export function lookAtInvitation(token: string): Promise<Invitation> {
  return requestJson<Invitation>("auth/invitation", { method: "POST", body: { token } });
}

export async function acceptInvitation(token: string, password: string): Promise<SignedInUser> {
  return entered(await requestJson<SignedIn>("auth/accept", { method: "POST", body: { token, password } }));
}

export async function changePassword(oldPassword: string, newPassword: string): Promise<void> {
  entered(await requestJson<SignedIn>("auth/password", { method: "POST", body: { oldPassword, newPassword } }));
}

export interface Ways {
  readonly password: boolean;
  readonly microsoft: boolean;
}

export function waysQuery() {
  return queryOptions({ queryKey: ["ways"], queryFn: () => requestJson<Ways>("auth/ways"), staleTime: 60_000, retry: false });
}
