import { requestJson, setCsrfToken } from "./http.ts";
import type { Id, JmapSession } from "./types.ts";

export interface User {
  readonly id: Id;
  readonly email: string;
  readonly admin: boolean;
}

interface SignedIn {
  readonly user: User;
  readonly csrf: string;
}

export async function signIn(email: string, password: string): Promise<User> {
  const answer = await requestJson<SignedIn>("auth/login", { method: "POST", body: { email, password } });
  setCsrfToken(answer.csrf);
  return answer.user;
}

export async function currentUser(): Promise<User> {
  const answer = await requestJson<SignedIn>("auth/session");
  setCsrfToken(answer.csrf);
  return answer.user;
}

export async function signOut(): Promise<void> {
  await requestJson<void>("auth/logout", { method: "POST" });
  setCsrfToken("");
}

export function fetchSession(signal?: AbortSignal): Promise<JmapSession> {
  return requestJson<JmapSession>("jmap/session", signal ? { signal } : {});
}
