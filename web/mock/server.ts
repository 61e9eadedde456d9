import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { handleRequest, MockError, sessionObject } from "./engine.ts";
import { linkedAccount } from "./seed.ts";
import { makeAccount, type World } from "./world.ts";

/* The mock's HTTP side: docs/api.md over Node's own server, with the headers the real one sends. */
export interface MockServer { readonly server: Server; readonly url: string; readonly close: () => Promise<void> }

interface Visitor { id: string; email: string; admin: boolean; accounts: string[] }

const TYPES: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8" };

function policy(nonce: string): string {
  return `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; media-src 'self' blob:; frame-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'`;
}

function problem(response: ServerResponse, status: number, title: string, detail: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "Content-Type": "application/problem+json", ...headers }).end(JSON.stringify({ type: "about:blank", status, title, detail }));
}

function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers }).end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export interface ServeOptions { readonly port?: number; readonly base?: string; readonly dist?: string; readonly latency?: number }

class Site {
  readonly #world: World;
  readonly #base: string;
  readonly #dist: string | null;
  readonly #latency: number;
  readonly #sessions = new Map<string, { email: string; csrf: string }>();
  readonly #streams = new Set<{ response: ServerResponse; visitor: Visitor }>();
  readonly log: string[] = [];

  constructor(world: World, options: ServeOptions) {
    this.#world = world;
    this.#base = options.base ?? "/";
    this.#dist = options.dist ?? null;
    this.#latency = options.latency ?? 0;
    world.onChange = (changed) => this.#push(changed);
  }

  #push(changed: Record<string, Record<string, string>>): void {
    for (const { response, visitor } of this.#streams) {
      const mine = Object.fromEntries(Object.entries(changed).filter(([id]) => visitor.accounts.includes(id) || id === `u${visitor.id}`));
      if (Object.keys(mine).length > 0) response.write(`event: state\ndata: ${JSON.stringify({ "@type": "StateChange", changed: mine })}\n\n`);
    }
  }

  #visitor(request: IncomingMessage): { visitor: Visitor; csrf: string } | null {
    const token = /postroom_session=([0-9a-f]+)/.exec(request.headers.cookie ?? "")?.[1];
    const session = token ? this.#sessions.get(token) : undefined;
    const user = session ? this.#world.users.get(session.email) : undefined;
    return session && user ? { visitor: user, csrf: session.csrf } : null;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://mock");
    if (!url.pathname.startsWith(this.#base)) return problem(response, 404, "Not here", "");
    const path = url.pathname.slice(this.#base.length);
    this.log.push(`${request.method} ${path}`);
    if (this.#latency > 0) await new Promise((resolve) => setTimeout(resolve, this.#latency));
    if (path === "auth/ways") return json(response, { password: true, microsoft: false });
    if (path === "auth/login") return this.#login(request, response);
    if (/^(?:auth|jmap|oauth|mail-image)(?:\/|$)/.test(path)) return this.#api(path, url, request, response);
    return this.#page(path, response);
  }

  async #login(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { email, password } = JSON.parse((await bodyOf(request)).toString()) as { email: string; password: string };
    const user = this.#world.users.get(email);
    if (email === "busy@contoso.example") return problem(response, 429, "Too many attempts.", "Wait.", { "Retry-After": "30" });
    if (!user || user.password !== password) return problem(response, 401, "Wrong e-mail or password.", "Check both.");
    const token = randomBytes(16).toString("hex");
    const csrf = randomBytes(16).toString("hex");
    this.#sessions.set(token, { email, csrf });
    json(response, { user: { id: user.id, email, admin: user.admin }, csrf }, { "Set-Cookie": `postroom_session=${token}; HttpOnly; SameSite=Lax; Path=${this.#base}` });
  }

  async #api(path: string, url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = this.#visitor(request);
    if (!found) return problem(response, 401, "Not signed in.", "Sign in.");
    const { visitor, csrf } = found;
    if (request.method === "POST" && request.headers["x-postroom-csrf"] !== csrf) return problem(response, 403, "CSRF header missing.", "");
    if (path === "auth/session") return json(response, { user: { id: visitor.id, email: visitor.email, admin: visitor.admin }, csrf });
    if (path === "auth/logout") { this.#sessions.clear(); response.writeHead(204).end(); return; }
    if (path === "jmap/session") return json(response, sessionObject(this.#world, visitor));
    if (path === "jmap") return this.#jmap(visitor, request, response);
    if (path === "jmap/eventsource") return this.#events(visitor, request, response);
    if (path.startsWith("jmap/upload/")) return this.#upload(path.split("/")[2] ?? "", request, response);
    if (path.startsWith("jmap/download/")) return this.#blob(decodeURIComponent(path.split("/")[3] ?? ""), response, true);
    if (path.startsWith("mail-image/")) return this.#blob(path.slice(11), response, false);
    if (path.startsWith("oauth/")) return this.#oauth(visitor, url, response);
    problem(response, 404, "Not here", "");
  }

  async #jmap(visitor: Visitor, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      json(response, handleRequest(this.#world, visitor, JSON.parse((await bodyOf(request)).toString()) as object));
    } catch (error) {
      problem(response, 400, error instanceof MockError ? error.type : "urn:ietf:params:jmap:error:notJSON", String(error));
    }
  }

  #events(visitor: Visitor, request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write("event: ping\ndata: {\"interval\":30}\n\n");
    const stream = { response, visitor };
    this.#streams.add(stream);
    request.on("close", () => this.#streams.delete(stream));
  }

  async #upload(accountId: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await bodyOf(request);
    const blobId = `U${this.#world.nextId++}`;
    const type = request.headers["content-type"] ?? "application/octet-stream";
    this.#world.blobs.set(blobId, { type, bytes });
    json(response, { accountId, blobId, type, size: bytes.length });
  }

  #blob(blobId: string, response: ServerResponse, attachment: boolean): void {
    const blob = this.#world.blobs.get(blobId);
    if (!blob) return problem(response, 404, "No such blob.", "");
    response.writeHead(200, { "Content-Type": blob.type, "X-Content-Type-Options": "nosniff", ...(attachment ? { "Content-Disposition": "attachment" } : {}) }).end(blob.bytes);
  }

  /* Stands for the whole trip to the provider: comes back linked, or failed when the address says so. */
  #oauth(visitor: Visitor, url: URL, response: ServerResponse): void {
    const address = url.searchParams.get("login_hint") ?? "";
    const again = url.searchParams.get("account");
    const go = (to: string): void => void response.writeHead(302, { Location: this.#base + to }).end();
    if (address.startsWith("wrong")) return go(`link/failed?code=wrong-account&aadsts=50020&correlation=6f9619ff-8b86-d011-b42d-00c04fc964ff&expected=${encodeURIComponent(address)}&got=someone%40else.example`);
    const id = again ?? `a${this.#world.nextId++}`;
    if (!again) {
      this.#world.accounts.set(id, makeAccount(id, address, address));
      visitor.accounts.push(id);
    }
    const progress = { phase: "messages", messagesDone: 1240, messagesTotal: 8122, bytesDone: 96_000_000, bytesTotal: 611_000_000, bytesPerSecond: 2_400_000, secondsLeft: 215, pending: 12 };
    this.#world.linked.set(id, linkedAccount(this.#world.accounts.get(id)!, { state: "syncing", since: url.searchParams.get("since"), progress: again ? null : progress }));
    go(`link/done?account=${id}`);
  }

  #page(path: string, response: ServerResponse): void {
    if (this.#dist === null) return problem(response, 404, "No page here", "The mock was started without one.");
    const file = join(this.#dist, normalize(`/${path}`));
    if (path !== "" && path !== "index.html" && statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable" }).end(readFileSync(file));
      return;
    }
    const nonce = randomBytes(16).toString("base64");
    const html = readFileSync(join(this.#dist, "index.html"), "utf8").replaceAll("{{BASE}}", this.#base).replaceAll("{{NONCE}}", nonce);
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Content-Security-Policy": policy(nonce), "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff" }).end(html);
  }
}

export async function serveMock(world: World, options: ServeOptions = {}): Promise<MockServer & { readonly log: string[] }> {
  const site = new Site(world, options);
  const server = createServer((request, response) => {
    site.handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) problem(response, 500, "Mock failed", String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const close = (): Promise<void> => new Promise((resolve) => { server.closeAllConnections(); server.close(() => resolve()); });
  return { server, url: `http://127.0.0.1:${port}${options.base ?? "/"}`, close, log: site.log };
}
