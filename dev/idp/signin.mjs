// The steps between an authorization request and its answer: sign-in, account choice, consent.

import { randomBytes } from 'node:crypto';

import { checkPerson, readAdminConsent, readAuthorize } from './authorize.mjs';
import { AadError, describe, errorIds } from './errors.mjs';
import { readBody, readCookies, readParams, redirect, sendHtml, withParams } from './http.mjs';
import { accountsPage, approvalPage, consentPage, errorPage, formPostPage, plainPage, signInPage } from './pages.mjs';
import { consentText } from './scopes.mjs';

const FLOW_LIFE = 3600e3;
const MAX_FLOWS = 10000;

/** Signed-in accounts of a browser, remembered by cookie. The name is unique, as ports share cookies. */
class Browsers {
  constructor() {
    this.name = `idp_${randomBytes(4).toString('hex')}`;
    this.sessions = new Map();
  }

  find(request) {
    return this.sessions.get(readCookies(request)[this.name]) ?? null;
  }

  remember(request, person) {
    let session = this.find(request);
    const headers = {};
    if (!session) {
      session = { id: randomBytes(24).toString('base64url'), accounts: [] };
      this.sessions.set(session.id, session);
      headers['Set-Cookie'] = `${this.name}=${session.id}; Path=/; HttpOnly; SameSite=Lax`;
    }
    if (!session.accounts.includes(person)) session.accounts.push(person);
    return headers;
  }

  forget(request) {
    const session = this.find(request);
    if (session) this.sessions.delete(session.id);
  }
}

export class SignIn {
  constructor(idp) {
    this.idp = idp;
    this.browsers = new Browsers();
    this.flows = new Map();
  }

  #keep(flow) {
    const now = this.idp.clock.now();
    for (const [id, old] of this.flows) {
      if (old.until > now && this.flows.size < MAX_FLOWS) break;
      this.flows.delete(id);
    }
    flow.until = now + FLOW_LIFE;
    this.flows.set(flow.id, flow);
  }

  #showError(ctx, error) {
    const ids = errorIds(this.idp.clock.now(), ctx.correlation);
    ctx.note({ aadsts: error.code, correlation: ids.correlation_id, shown: true });
    sendHtml(ctx.response, 400, errorPage(error, ids));
  }

  /** Sends the browser back to the application, by the response mode it asked for. */
  #answer(ctx, flow, params, headers) {
    this.flows.delete(flow.id);
    const all = { ...params, state: flow.state };
    if (flow.mode === 'form_post') sendHtml(ctx.response, 200, formPostPage(flow.redirectUri, all), headers);
    else redirect(ctx.response, withParams(flow.redirectUri, all, flow.mode), headers);
  }

  #fail(ctx, flow, error, headers) {
    if (error.known.page) {
      this.#showError(ctx, error);
      return;
    }
    const ids = errorIds(this.idp.clock.now(), ctx.correlation);
    ctx.note({ aadsts: error.code, correlation: ids.correlation_id, user: flow.person?.upn });
    this.#answer(ctx, flow, {
      error: error.known.redirectError ?? error.known.error,
      error_description: describe(error, ids),
      error_subcode: error.known.subcode,
      error_uri: flow.mode === 'query' ? undefined : `https://login.microsoftonline.com/error?code=${error.code}`,
    }, headers);
  }

  #guard(ctx, flow, step) {
    try {
      step();
    } catch (error) {
      if (!(error instanceof AadError)) throw error;
      if (flow) this.#fail(ctx, flow, error);
      else this.#showError(ctx, error);
    }
  }

  /** GET or POST /{tenant}/oauth2/v2.0/authorize */
  async authorize(ctx) {
    const search = ctx.request.method === 'POST' ? new URLSearchParams(await readBody(ctx.request)) : ctx.url.searchParams;
    let flow = null;
    this.#guard(ctx, null, () => {
      flow = readAuthorize(this.idp.directory, ctx.tenant, readParams(search), ctx.base);
    });
    if (!flow) return;
    ctx.note({ client: flow.app.clientId, prompt: flow.prompts.join(' '), loginHint: flow.loginHint !== '' });
    this.#guard(ctx, flow, () => {
      if (flow.failed) throw flow.failed;
      const fault = this.idp.faults.take({ endpoint: 'authorize', client: flow.app.clientId, user: flow.loginHint }, ['early']);
      if (fault) throw new AadError(fault.early);
      this.#keep(flow);
      this.#firstPage(ctx, flow);
    });
  }

  /** GET /{tenant}/v2.0/adminconsent */
  adminConsent(ctx) {
    this.#guard(ctx, null, () => {
      const flow = readAdminConsent(this.idp.directory, ctx.tenant, readParams(ctx.url.searchParams), ctx.base);
      this.#keep(flow);
      this.#firstPage(ctx, flow);
    });
  }

  #firstPage(ctx, flow) {
    const accounts = this.browsers.find(ctx.request)?.accounts ?? [];
    const hinted = accounts.find((p) => p === this.idp.directory.person(flow.loginHint));
    if (flow.prompts.includes('none')) {
      const one = hinted ?? (accounts.length === 1 && !flow.loginHint ? accounts[0] : null);
      if (!one) throw new AadError(accounts.length > 1 ? 16000 : 50058);
      this.#signedIn(ctx, flow, one);
    } else if (flow.prompts.includes('login') || accounts.length === 0) {
      sendHtml(ctx.response, 200, signInPage(flow, { login: flow.loginHint }));
    } else if (flow.prompts.includes('select_account') || (!hinted && flow.loginHint === '' && accounts.length > 1)) {
      sendHtml(ctx.response, 200, accountsPage(flow, accounts));
    } else if (hinted || flow.loginHint === '') {
      this.#signedIn(ctx, flow, hinted ?? accounts[0]);
    } else {
      sendHtml(ctx.response, 200, signInPage(flow, { login: flow.loginHint }));
    }
  }

  async #step(ctx) {
    const params = new URLSearchParams(await readBody(ctx.request));
    const flow = this.flows.get(params.get('flow'));
    if (!flow || flow.until < this.idp.clock.now()) {
      sendHtml(ctx.response, 400, plainPage('This page has expired', 'Go back to the application and start again.'));
      return {};
    }
    ctx.note({ client: flow.app.clientId });
    return { params, flow };
  }

  /** POST /{tenant}/login */
  async login(ctx) {
    const { params, flow } = await this.#step(ctx);
    if (!flow) return;
    const login = params.get('username') ?? '';
    const person = this.idp.directory.person(login);
    const refuse = (code, text) => {
      ctx.note({ aadsts: code, user: person?.upn });
      sendHtml(ctx.response, 200, signInPage(flow, { login, error: { code, text } }));
    };
    if (!person) {
      refuse(50034, 'This username may be incorrect. Make sure you typed it correctly. Otherwise, contact your admin.');
    } else if (params.get('password') !== person.password) {
      refuse(50126, 'Your account or password is incorrect.');
    } else if (person.flags.disabled) {
      refuse(50057, 'Your account has been locked. Contact your support person to unlock it, then try again.');
    } else {
      const headers = this.browsers.remember(ctx.request, person);
      this.#guard(ctx, flow, () => this.#signedIn(ctx, flow, person, headers));
    }
  }

  /** POST /{tenant}/select */
  async select(ctx) {
    const { params, flow } = await this.#step(ctx);
    if (!flow) return;
    const accounts = this.browsers.find(ctx.request)?.accounts ?? [];
    const person = accounts.find((p) => p.upn === params.get('account'));
    if (!person || person.flags.disabled) {
      sendHtml(ctx.response, 200, signInPage(flow, { login: params.get('account') || flow.loginHint }));
      return;
    }
    this.#guard(ctx, flow, () => this.#signedIn(ctx, flow, person));
  }

  /** After the person is known: the authority's rules, policies, then consent or the answer. */
  #signedIn(ctx, flow, person, headers = {}) {
    flow.person = person;
    ctx.note({ user: person.upn });
    checkPerson(flow, person);
    const fault = this.idp.faults.take({ endpoint: 'authorize', user: person.upn, client: flow.app.clientId }, ['code']);
    if (fault) {
      const error = new AadError(fault.code, { clientId: flow.app.clientId, appName: flow.app.name, upn: person.upn, redirectUri: flow.redirectUri });
      if (error.known.approval) this.#needApproval(ctx, flow, error, headers);
      else throw error;
      return;
    }
    if (flow.kind === 'admin') this.#askAdmin(ctx, flow, headers);
    else this.#askConsent(ctx, flow, headers);
  }

  #needApproval(ctx, flow, error, headers) {
    flow.refusal = error;
    const ids = errorIds(this.idp.clock.now(), ctx.correlation);
    ctx.note({ aadsts: error.code, correlation: ids.correlation_id });
    sendHtml(ctx.response, 200, approvalPage(flow, flow.person, error, ids), headers);
  }

  #askAdmin(ctx, flow, headers) {
    const { person, authority } = flow;
    if (!person.admin || (authority.tenant && person.tenant !== authority.tenant)) {
      this.#needApproval(ctx, flow, new AadError(90094, { appName: flow.app.name }), headers);
      return;
    }
    sendHtml(ctx.response, 200, consentPage(flow, person, flow.names.map(consentText)), headers);
  }

  #askConsent(ctx, flow, headers) {
    const { person, app } = flow;
    const granted = this.idp.consents.granted(person, app);
    const missing = flow.names.filter((n) => !granted.includes(n));
    const details = { clientId: app.clientId, appName: app.name };
    if (missing.length === 0 && !flow.prompts.includes('consent')) {
      this.#issueCode(ctx, flow, headers);
    } else if (flow.prompts.includes('none')) {
      throw new AadError(65001, details);
    } else if ((!person.tenant.userConsent || person.flags.noUserConsent) && !person.admin) {
      this.#needApproval(ctx, flow, new AadError(90094, details), headers);
    } else {
      sendHtml(ctx.response, 200, consentPage(flow, person, flow.names.map(consentText)), headers);
    }
  }

  /** POST /{tenant}/consent */
  async consent(ctx) {
    const { params, flow } = await this.#step(ctx);
    if (!flow) return;
    const answer = params.get('answer');
    ctx.note({ user: flow.person?.upn, answer });
    this.#guard(ctx, flow, () => {
      if (!flow.person) throw new AadError(50058);
      if (flow.refusal) throw flow.refusal;
      if (answer !== 'accept') throw new AadError(65004);
      if (flow.kind === 'admin') this.#grantTenant(ctx, flow);
      else {
        this.idp.consents.grantUser(flow.person, flow.app, flow.names);
        this.#issueCode(ctx, flow);
      }
    });
  }

  #grantTenant(ctx, flow) {
    this.idp.consents.grantTenant(flow.person.tenant, flow.app, flow.names);
    this.#answer(ctx, flow, { admin_consent: 'True', tenant: flow.person.tenant.id, scope: flow.names.join(' ') });
  }

  #issueCode(ctx, flow, headers) {
    const code = this.idp.tokens.issueCode({
      app: flow.app, person: flow.person, names: flow.names, resources: flow.scopes.resources, pkce: flow.pkce,
      redirectUri: flow.redirectUri, platform: flow.platform, nonce: flow.nonce, authority: flow.authority,
    });
    this.#answer(ctx, flow, { code, session_state: randomBytes(16).toString('hex') }, headers);
  }

  /** GET /{tenant}/oauth2/v2.0/logout */
  logout(ctx) {
    this.browsers.forget(ctx.request);
    sendHtml(ctx.response, 200, plainPage('You signed out of your account', 'It is a good idea to close all browser windows.'));
  }
}
