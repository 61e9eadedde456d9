// The identity provider of the sample organisation: stands in for Microsoft Entra and for Graph's /me.
// Loopback only. Strict where Entra is strict, so that a client which works here has a chance there.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';

import { findAuthority } from './authorize.mjs';
import { Consents } from './consent.mjs';
import { callControl, Control } from './control.mjs';
import { Directory } from './directory.mjs';
import { AadError, errorBody, errorIds } from './errors.mjs';
import { Faults } from './faults.mjs';
import { readBody, readParams, sendHtml, sendJson } from './http.mjs';
import { plainPage } from './pages.mjs';
import { discovery, graphMe, introspect } from './resources.mjs';
import { SignIn } from './signin.mjs';
import { TokenEndpoint } from './token.mjs';
import { Tokens } from './tokens.mjs';

const LOG_LIMIT = 20000;
const TENANT_ROUTES = [
  ['authorize', /^\/([^/]+)\/oauth2\/v2\.0\/authorize$/],
  ['token', /^\/([^/]+)\/oauth2\/v2\.0\/token$/],
  ['logout', /^\/([^/]+)\/oauth2\/v2\.0\/logout$/],
  ['discovery', /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/],
  ['keys', /^\/([^/]+)\/discovery\/v2\.0\/keys$/],
  ['adminconsent', /^\/([^/]+)\/v2\.0\/adminconsent$/],
  ['login', /^\/([^/]+)\/login$/],
  ['select', /^\/([^/]+)\/select$/],
  ['consent', /^\/([^/]+)\/consent$/],
];

class Clock {
  ahead = 0;

  now() {
    return Date.now() + this.ahead;
  }
}

class Idp {
  constructor(options) {
    this.clock = new Clock();
    this.directory = new Directory(options);
    this.tokens = new Tokens({ directory: this.directory, clock: this.clock, seed: options.seed });
    this.consents = new Consents(this.clock);
    this.faults = new Faults();
    this.onlyFrom = { address: null, turnedAway: 0 };
    this.log = [];
    this.controlKey = options.controlKey ?? randomBytes(24).toString('base64url');
    this.control = new Control(this);
    this.signIn = new SignIn(this);
    this.tokenEndpoint = new TokenEndpoint(this);
  }

  /** Every request of a listener comes in here. */
  async handle(request, response, scheme) {
    const entry = { at: new Date(this.clock.now()).toISOString(), method: request.method };
    try {
      const base = `${scheme}://${request.headers.host}`;
      const url = new URL(request.url, base);
      const ctx = {
        request, response, url, base, correlation: request.headers['client-request-id'],
        now: () => this.clock.now(), note: (more) => Object.assign(entry, more),
      };
      this.#route(ctx, entry);
      if (entry.endpoint !== 'control') this.#keepLog(entry);
      await this.#dispatch(ctx, entry.endpoint);
    } catch (error) {
      entry.crash = error.message;
      if (!response.headersSent) sendHtml(response, 500, plainPage('Something went wrong', error.message));
      else response.destroy();
    } finally {
      entry.status = response.headersSent ? response.statusCode : 0;
    }
  }

  #route(ctx, entry) {
    const { pathname } = ctx.url;
    if (pathname.startsWith('/.control/')) entry.endpoint = 'control';
    else if (pathname === '/v1.0/me') entry.endpoint = 'graph';
    else if (pathname === '/introspect') entry.endpoint = 'introspect';
    else if (pathname === '/' || pathname === '/healthz') entry.endpoint = 'home';
    for (const [name, pattern] of entry.endpoint ? [] : TENANT_ROUTES) {
      const found = pattern.exec(pathname);
      if (found) {
        ctx.tenant = decodeURIComponent(found[1]);
        Object.assign(entry, { endpoint: name, tenant: ctx.tenant });
        return;
      }
    }
  }

  #keepLog(entry) {
    if (this.log.length >= LOG_LIMIT) this.log.splice(0, LOG_LIMIT / 2);
    this.log.push(entry);
  }

  async #dispatch(ctx, endpoint) {
    if (this.#turnAway(ctx, endpoint)) return;
    if (endpoint !== 'control' && await this.#brokenWire(ctx, endpoint)) return;
    const routes = {
      control: () => this.#control(ctx),
      graph: () => graphMe(this, ctx),
      introspect: () => introspect(this, ctx),
      home: () => sendHtml(ctx.response, 200, plainPage('Sample organisation', 'The identity provider is running.')),
      authorize: () => this.signIn.authorize(ctx),
      login: () => this.signIn.login(ctx),
      select: () => this.signIn.select(ctx),
      consent: () => this.signIn.consent(ctx),
      logout: () => this.signIn.logout(ctx),
      adminconsent: () => this.signIn.adminConsent(ctx),
      token: () => this.#token(ctx),
      discovery: () => this.#json(ctx, () => discovery(ctx, findAuthority(this.directory, ctx.tenant))),
      keys: () => this.#json(ctx, () => sendJson(ctx.response, 200, this.tokens.jwks(`${ctx.base}/{tenantid}/v2.0`))),
    };
    const run = routes[endpoint];
    if (run) await run();
    else sendHtml(ctx.response, 404, plainPage('Not found', 'There is nothing at this address.'));
  }

  /** What a server asks for (not the browser) is answered to onlyFrom alone, when that is set: as if a firewall let only the proxy through. */
  #turnAway({ request, response }, endpoint) {
    const { address } = this.onlyFrom;
    if (!address || !['graph', 'token', 'discovery', 'keys'].includes(endpoint) || request.socket.remoteAddress === address) return false;
    this.onlyFrom.turnedAway += 1;
    response.destroy();
    return true;
  }

  /** Faults below the protocol: delay, a dropped connection, raw bytes instead of an answer, a bare status. */
  async #brokenWire(ctx, endpoint) {
    const delay = this.faults.take({ endpoint }, ['delayMs']);
    if (delay) await new Promise((done) => { setTimeout(done, delay.delayMs); });
    const perUser = endpoint === 'graph' ? [] : ['status'];
    const fault = this.faults.take({ endpoint }, ['drop', 'raw', 'rawBytes', ...perUser]);
    if (!fault) return false;
    ctx.note({ fault: fault.id });
    if (fault.drop) {
      ctx.response.destroy();
    } else if (fault.raw !== undefined || fault.rawBytes !== undefined) {
      ctx.response.writeHead(fault.status ?? 200, { 'Content-Type': fault.type ?? 'application/json' });
      ctx.response.end(fault.raw ?? Buffer.alloc(fault.rawBytes, 0x20));
    } else {
      const headers = fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) };
      sendHtml(ctx.response, fault.status, plainPage(`Error ${fault.status}`, 'Service unavailable'), headers);
    }
    return true;
  }

  #sendError(ctx, error) {
    const ids = errorIds(this.clock.now(), ctx.correlation);
    ctx.note({ aadsts: error.code, correlation: ids.correlation_id });
    const throttled = error.known.status === 429 || error.known.status === 503;
    const wait = error.retryAfter ?? (throttled ? 5 : undefined);
    sendJson(ctx.response, error.known.status, errorBody(error, ids), wait === undefined ? {} : { 'Retry-After': String(wait) });
  }

  async #json(ctx, run) {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof AadError)) throw error;
      this.#sendError(ctx, error);
    }
  }

  #token(ctx) {
    return this.#json(ctx, async () => {
      if (ctx.request.method !== 'POST') throw new AadError(900561, { method: ctx.request.method });
      const type = (ctx.request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
      const body = await readBody(ctx.request);
      if (type !== 'application/x-www-form-urlencoded') throw new AadError(900144, { parameter: 'grant_type' });
      sendJson(ctx.response, 200, this.tokenEndpoint.handle(ctx, readParams(new URLSearchParams(body))));
    });
  }

  async #control(ctx) {
    const given = Buffer.from(ctx.request.headers['x-control-key'] ?? '');
    const wanted = Buffer.from(this.controlKey);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted) || ctx.request.method !== 'POST') {
      sendJson(ctx.response, 403, { error: 'POST with the header X-Control-Key' });
      return;
    }
    try {
      const text = await readBody(ctx.request);
      const name = ctx.url.pathname.slice('/.control/'.length);
      sendJson(ctx.response, 200, { result: callControl(this.control, name, text ? JSON.parse(text) : undefined) });
    } catch (error) {
      sendJson(ctx.response, 400, { error: error.message });
    }
  }
}

function listenOn(server, host, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve(server.address().port);
    });
  });
}

/** Browsers try ::1 first for "localhost"; machines without IPv6 do without. */
async function listenPair(make, port) {
  for (let attempt = 0; ; attempt += 1) {
    const four = make();
    const chosen = await listenOn(four, '127.0.0.1', port);
    const six = make();
    try {
      await listenOn(six, '::1', chosen);
      return { port: chosen, servers: [four, six] };
    } catch (error) {
      if (error.code !== 'EADDRINUSE') return { port: chosen, servers: [four] };
      four.close();
      if (port !== 0 || attempt >= 20) throw error;
    }
  }
}

function closeServer(server) {
  return new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
  });
}

/**
 * Starts the identity provider on 127.0.0.1 and ::1.
 * options: people, tenants, apps (see dev/people.mjs), port and tlsPort (0: free ones), tls { key, cert } or null,
 * controlKey (default: random), seed (a secret string: refresh tokens then outlive a restart).
 * Answers { url, localhostUrl, tlsUrl, tlsLocalhostUrl, control, controlUrl, controlKey, close() }.
 */
export async function startIdp(options) {
  const idp = new Idp(options);
  const plain = await listenPair(() => createHttp((q, r) => idp.handle(q, r, 'http')), options.port ?? 0);
  const secure = options.tls
    ? await listenPair(() => createHttps(options.tls, (q, r) => idp.handle(q, r, 'https')), options.tlsPort ?? 0)
    : null;
  return {
    url: `http://127.0.0.1:${plain.port}`,
    localhostUrl: `http://localhost:${plain.port}`,
    tlsUrl: secure && `https://127.0.0.1:${secure.port}`,
    tlsLocalhostUrl: secure && `https://localhost:${secure.port}`,
    control: idp.control,
    controlUrl: `http://127.0.0.1:${plain.port}/.control`,
    controlKey: idp.controlKey,
    async close() {
      await Promise.all([...plain.servers, ...(secure?.servers ?? [])].map(closeServer));
    },
  };
}
