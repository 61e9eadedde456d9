// An organisation of the tests' own, and a browser made of fetch: cookies, forms, redirects stopped at the application.

import { createHash, randomBytes } from 'node:crypto';

import { startIdp } from '../idp.mjs';

export const NORTH = '6f1d8c52-3a0b-4b7e-9c46-2d5e0a71b3f4';
export const SOUTH = 'b84e07a9-51c3-4f2d-8e6a-90c1f7d35e28';
export const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';
export const APP = 'c0ffee1a-5e2b-4d6f-8a37-1b9c4e7d2f60';
export const SINGLE = 'd15ea5e2-6f3c-4e70-9b48-2cad5f8e3071';
export const WORK_ONLY = 'aa5ea5e2-6f3c-4e70-9b48-2cad5f8e3072';
export const SECRET = 'good~secret+with/odd=characters';
export const EXPIRED = 'old~secret';
export const SECRET_ID = 'b7c1d0aa-7f36-4a15-9d52-6f3c1e0b8a01';
export const CALLBACK = 'http://localhost:8025/oauth/microsoft/callback';

export const OUTLOOK = 'https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send';
export const GRAPH = 'https://graph.microsoft.com/User.Read';
export const SCOPES = `openid profile email offline_access ${OUTLOOK} ${GRAPH}`;

const tenants = [
  { id: NORTH, name: 'North', domains: ['north.example', 'north.onmicrosoft.example'] },
  { id: SOUTH, name: 'South', domains: ['south.example'], userConsent: false },
  { id: CONSUMERS, name: 'Microsoft account', domains: ['outlook.example'] },
];

const people = [
  { name: 'Anna Berg', upn: 'anna@north.example', mail: 'anna@north.example', password: 'pw-anna', tenant: NORTH },
  { name: 'Maeve Fox', upn: 'mfox@north.onmicrosoft.example', mail: 'maeve.fox@north.example', password: 'pw-maeve', tenant: NORTH },
  { name: 'Noa Adler', upn: 'noa@south.example', password: 'pw-noa', tenant: SOUTH },
  { name: 'Avi Stern', upn: 'avi@south.example', password: 'pw-avi', tenant: SOUTH, admin: true },
  { name: 'Sam Carter', upn: 'sam@outlook.example', password: 'pw-sam', tenant: CONSUMERS, oid: '00000000-0000-0000-9c1d-ebf80752c6a1' },
  { name: 'Nobody', upn: 'nobody@plain.example', password: 'x', tenant: null },
];

const redirectUris = ['http://localhost/oauth/microsoft/callback', 'https://mail.north.example/oauth/microsoft/callback'];
const secrets = [
  { id: SECRET_ID, value: SECRET, expires: '2099-01-01' },
  { id: 'b7c1d0aa-7f36-4a15-9d52-6f3c1e0b8a02', value: EXPIRED, expires: '2020-01-01' },
];
const apps = [
  { clientId: APP, name: 'Postroom', audience: 'multi', tenant: NORTH, redirectUris, secrets },
  { clientId: SINGLE, name: 'Postroom North', audience: 'single', tenant: NORTH, redirectUris, secrets },
  { clientId: WORK_ONLY, name: 'Postroom Work', audience: 'organizations', tenant: NORTH, redirectUris, secrets },
];

export function start(more = {}) {
  return startIdp({ tenants, people, apps, port: 0, tls: null, ...more });
}

/** A page or a redirect, with what a person would see of it. */
class Page {
  constructor(status, html, location) {
    Object.assign(this, { status, html, location });
    this.code = Number(/id="(?:aadsts|error-message)"[^>]*data-code="(\d+)"/.exec(html)?.[1] ?? 0);
    this.answer = location ? Object.fromEntries(new URL(location).searchParams) : null;
  }

  has(id) {
    return this.html.includes(`id="${id}"`);
  }

  get tiles() {
    return [...this.html.matchAll(/data-upn="([^"]+)"/g)].map((m) => m[1]);
  }

  value(name) {
    return new RegExp(`name="${name}"[^>]*value="([^"]*)"`).exec(this.html)?.[1];
  }
}

export class Browser {
  cookies = new Map();

  constructor(base) {
    this.base = base;
  }

  async #fetch(url, options = {}) {
    const cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', ...options, headers: { ...options.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';');
      this.cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return new Page(response.status, await response.text(), response.headers.get('location'));
  }

  open(path) {
    return this.#fetch(new URL(path, this.base));
  }

  /** Submits the form of a page with more fields. */
  submit(page, fields) {
    const action = /<form[^>]*action="([^"]+)"/.exec(page.html)[1];
    return this.#fetch(new URL(action, this.base), { method: 'POST', body: new URLSearchParams({ flow: page.value('flow'), ...fields }) });
  }

  post(path, fields) {
    return this.#fetch(new URL(path, this.base), { method: 'POST', body: new URLSearchParams(fields) });
  }

  signIn(page, username, password) {
    return this.submit(page, { username, password });
  }

  answer(page, answer = 'accept') {
    return this.submit(page, { answer });
  }
}

export function pkce() {
  const verifier = randomBytes(48).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export function authorizeUrl(change = {}, tenant = 'common') {
  const params = { client_id: APP, response_type: 'code', response_mode: 'query', redirect_uri: CALLBACK, scope: SCOPES,
    state: 'the-state', nonce: 'the-nonce', prompt: 'select_account', ...change };
  const pairs = Object.entries(params).filter(([, v]) => v !== null);
  return `/${tenant}/oauth2/v2.0/authorize?${new URLSearchParams(pairs)}`;
}

/** Walks sign-in and consent to the end; answers the redirect's parameters and the verifier. */
export async function walk(base, { user = 'anna@north.example', password, tenant, browser, ...change } = {}) {
  const { verifier, challenge } = pkce();
  const who = browser ?? new Browser(base);
  let page = await who.open(authorizeUrl({ code_challenge: challenge, code_challenge_method: 'S256', ...change }, tenant));
  if (page.has('signin-form')) page = await who.signIn(page, user, password ?? `pw-${{ 'mfox@north.onmicrosoft.example': 'maeve' }[user] ?? user.split('@')[0]}`);
  if (page.has('accept')) page = await who.answer(page);
  return { page, verifier, code: page.answer?.code, browser: who };
}

/** POSTs to the token endpoint. */
export async function token(base, change, tenant = 'common') {
  const params = { client_id: APP, client_secret: SECRET, redirect_uri: CALLBACK, ...change };
  const pairs = Object.entries(params).filter(([, v]) => v !== null);
  const response = await fetch(`${base}/${tenant}/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(pairs) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text.startsWith('{') ? JSON.parse(text) : null };
}

export function redeem(base, { code, verifier }, change = {}, tenant = 'common') {
  return token(base, { grant_type: 'authorization_code', code, code_verifier: verifier, scope: OUTLOOK, ...change }, tenant);
}

export function refresh(base, refreshToken, change = {}, tenant = 'common') {
  return token(base, { grant_type: 'refresh_token', refresh_token: refreshToken, scope: OUTLOOK, ...change }, tenant);
}

/** Links one person and answers the token body. */
export async function link(base, options = {}) {
  const done = await walk(base, options);
  return (await redeem(base, done, {}, options.tenant)).body;
}

export const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url').toString());

export async function introspect(base, accessToken, service) {
  const response = await fetch(`${base}/introspect`, {
    method: 'POST', body: new URLSearchParams({ token: accessToken }), headers: service ? { 'X-Dovecot-Auth-Service': service } : {},
  });
  return response.json();
}
