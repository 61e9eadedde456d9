/* The URLs of docs/configuration.md from what is typed into the form. */
export interface ServerValues {
  readonly host: string;
  readonly port: string;
  readonly security: "tls" | "starttls";
}

export function serverUrl(protocol: "imap" | "smtp", server: ServerValues, login: string | null): string {
  const scheme = server.security === "tls" ? `${protocol}s` : `${protocol}+starttls`;
  const user = login === null ? "" : `${encodeURIComponent(login)}@`;
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  return `${scheme}://${user}${host.trim()}:${server.port}`;
}

export function usualPort(protocol: "imap" | "smtp", security: ServerValues["security"]): string {
  if (protocol === "imap") return security === "tls" ? "993" : "143";
  return security === "tls" ? "465" : "587";
}

export function isHost(host: string): boolean {
  return /^(?=.{1,253}$)[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u.test(host) || /^[0-9a-f:]*:[0-9a-f:]+$/i.test(host);
}

export function isPort(port: string): boolean {
  return /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
}

function localDay(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

export function today(): string {
  return localDay(new Date());
}

export function dayBefore(days: number): string {
  return localDay(new Date(Date.now() - days * 86_400_000));
}

/* No mail is older: the start date of who wants everything. */
export const EVERYTHING = "1990-01-01";

export function isEverything(since: string | null): boolean {
  return since === null || since.slice(0, 10) <= EVERYTHING;
}
