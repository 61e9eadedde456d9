/* Requests to our own server: relative to <base href>, cookie sent, CSRF header added, problems made readable. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly title: string | null;
  readonly detail: string | null;
  readonly retryAfter: number | null;

  constructor(status: number, title: string | null, detail: string | null, retryAfter: number | null) {
    super(title ?? `HTTP ${status}`);
    this.name = "HttpProblem";
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

/* No answer at all: the server is down or the network is gone. */
export class NetworkProblem extends Error {
  constructor(cause: unknown) {
    super("no answer from the server", { cause });
    this.name = "NetworkProblem";
  }
}

const csrf: { token: string; onSignedOut: () => void } = { token: "", onSignedOut: () => undefined };

export function setCsrfToken(token: string): void {
  csrf.token = token;
}

export function csrfToken(): string {
  return csrf.token;
}

export function whenSignedOut(callback: () => void): void {
  csrf.onSignedOut = callback;
}

export function pageUrl(path: string): string {
  return new URL(path, document.baseURI).href;
}

async function problemFrom(response: Response): Promise<HttpProblem> {
  const retry = Number(response.headers.get("Retry-After"));
  const retryAfter = Number.isFinite(retry) && retry > 0 ? retry : null;
  const body: unknown = await response.json().catch(() => null);
  const fields = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (key: string): string | null => (typeof fields[key] === "string" ? (fields[key] as string) : null);
  return new HttpProblem(response.status, text("title"), text("detail"), retryAfter);
}

export interface JsonRequest {
  readonly method?: "GET" | "POST";
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly keepalive?: boolean;
}

export async function requestJson<T>(path: string, options: JsonRequest = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.method === "POST" && csrf.token) headers["X-Postroom-CSRF"] = csrf.token;
  const init: RequestInit = { method: options.method ?? "GET", headers, credentials: "same-origin" };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;
  if (options.keepalive) init.keepalive = true;
  const response = await fetch(pageUrl(path), init).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new NetworkProblem(error);
  });
  if (!response.ok) {
    const problem = await problemFrom(response);
    if (problem.status === 401 && !path.startsWith("auth/")) csrf.onSignedOut();
    throw problem;
  }
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}
