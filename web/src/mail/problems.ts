import type { Translate } from "../i18n/i18n.ts";
import type { Problem } from "../jmap/types.ts";

/* Where linking may end (docs/api.md, "Linking by OAuth"). */
export const LINK_CODES = [
  "declined", "admin-consent", "wrong-account", "wrong-tenant", "blocked-by-policy", "mfa-required", "app-unknown",
  "app-secret-wrong", "app-secret-expired", "app-misconfigured", "redirect-mismatch", "scopes-missing", "link-expired",
  "no-refresh-token", "provider-unreachable", "provider-error", "imap-off", "imap-refused", "not-signed-in", "forbidden",
  "proxy-unreachable", "proxy-login-refused", "proxy-refused", "proxy-nonsense",
] as const;

/* What else can be wrong with a linked account. */
export const ACCOUNT_CODES = [
  "sign-in-expired", "access-revoked", "account-disabled", "consent-needed", "smtp-auth-off", "smtp-refused",
  "send-as-denied", "throttled", "server-unreachable", "tls-untrusted", "server-garbage", "connected-not-authorised",
  "password-refused", "disk-full", "message-too-large", "recipient-refused",
  "server-refused", "mailbox-gone", "message-gone", "folder-not-empty", "folder-refused",
  "mailbox-full", "counts-differ", "daily-limit", "address-forbidden", "key-mismatch", "store", "smtp-later", "smtp-failed",
] as const;

export type ProblemCode = (typeof LINK_CODES)[number] | (typeof ACCOUNT_CODES)[number];

/* What a person can do about it from here. */
export type Remedy = "relink" | "again" | "settings" | "sign-in" | "none";

const REMEDIES: Readonly<Record<ProblemCode, Remedy>> = {
  "declined": "again", "admin-consent": "again", "wrong-account": "again", "wrong-tenant": "again",
  "blocked-by-policy": "none", "mfa-required": "relink", "app-unknown": "settings", "app-secret-wrong": "settings",
  "app-secret-expired": "settings", "app-misconfigured": "settings", "redirect-mismatch": "settings",
  "scopes-missing": "again", "link-expired": "again", "no-refresh-token": "again", "provider-unreachable": "again",
  "provider-error": "again", "imap-off": "again", "imap-refused": "again", "not-signed-in": "sign-in", "forbidden": "none",
  "sign-in-expired": "relink", "access-revoked": "relink", "account-disabled": "none", "consent-needed": "relink",
  "smtp-auth-off": "none", "smtp-refused": "relink", "send-as-denied": "none", "throttled": "none",
  "server-unreachable": "none", "tls-untrusted": "none", "server-garbage": "none", "connected-not-authorised": "relink",
  "proxy-unreachable": "again", "proxy-login-refused": "settings", "proxy-refused": "settings", "proxy-nonsense": "settings",
  "password-refused": "relink", "disk-full": "none", "message-too-large": "none", "recipient-refused": "none",
  "server-refused": "none", "mailbox-gone": "none", "message-gone": "none", "folder-not-empty": "none",
  "folder-refused": "none", "mailbox-full": "none", "counts-differ": "none",
  "daily-limit": "none", "address-forbidden": "none", "key-mismatch": "relink", "store": "none", "smtp-later": "none", "smtp-failed": "none",
};

export function isProblemCode(code: string): code is ProblemCode {
  return code in REMEDIES;
}

export function remedyOf(code: string): Remedy {
  return isProblemCode(code) ? REMEDIES[code] : "again";
}

export interface ProblemText {
  readonly title: string;
  readonly action: string;
}

/* Our words for a code; the server's English where a newer server knows a code that this page does not. */
export function problemText(problem: Pick<Problem, "code"> & Partial<Problem>, t: Translate): ProblemText {
  const { code } = problem;
  if (isProblemCode(code)) return { title: t(`problem.${code}.title`), action: t(`problem.${code}.action`) };
  return { title: problem.title || t("problem.unknown.title"), action: problem.action || t("problem.unknown.action") };
}
