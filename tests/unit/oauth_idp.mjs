// src/oauth against the sample identity provider, through oauth_driver (its path comes in OAUTH_DRIVER).

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, describe, it } from 'node:test';

import { APP, Browser, CALLBACK, EXPIRED, introspect, NORTH, SECRET, SECRET_ID, SINGLE, SOUTH, start } from '../../dev/idp/test/fixture.mjs';

const CANARIES = ['pw-anna', SECRET];
const RETRY = ['never', 'now', 'later', 'relink', 'admin'];
const SCOPE = { account: 3, app: 5 };

class Driver {
  constructor() {
    this.child = spawn(process.env.OAUTH_DRIVER, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.stderr = '';
    this.child.stderr.on('data', (part) => { this.stderr += part; });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async call(name, args = {}) {
    this.child.stdin.write(`${JSON.stringify({ do: name, ...args })}\n`);
    const { value } = await this.lines.next();
    return JSON.parse(value);
  }

  close() {
    return new Promise((done) => {
      this.child.on('exit', done);
      this.child.stdin.end();
    });
  }
}

let idp;
let driver;
let authority;
let directory;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'oauth-idp-'));
  const at = (name) => join(directory, name);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', at('key.pem'), '-out', at('ca.pem')], { stdio: 'ignore' });
  idp = await start({ tls: { key: readFileSync(at('key.pem')), cert: readFileSync(at('ca.pem')) } });
  authority = idp.tlsLocalhostUrl;
  driver = new Driver();
});

after(async () => {
  const status = await driver.close();
  await idp.close();
  rmSync(directory, { recursive: true });
  assert.equal(status, 0, driver.stderr);
  for (const canary of CANARIES) assert.ok(!driver.stderr.includes(canary), 'a secret is in the log');
});

const configure = (change = {}) => driver.call('provider', {
  name: 'microsoft', clientId: APP, clientSecret: SECRET, tenant: 'common', authority, graph: authority,
  caFile: join(directory, 'ca.pem'), redirectUri: CALLBACK, ...change,
});

beforeEach(async () => {
  idp.control.clearFaults();
  await configure();
});

/** Walks the browser's part over http, where no certificate is needed, and answers what comes back to the callback. */
async function signIn(user, { hint, answer = 'accept', session = 's1', browser = new Browser(idp.localhostUrl), change } = {}) {
  const begun = await driver.call('begin', { session, hint, since: 1234 });
  const url = new URL(begun.url);
  change?.(url.searchParams);
  let page = await browser.open(`${url.pathname}${url.search}`);
  if (page.has('signin-form')) page = await browser.signIn(page, user, `pw-${user.startsWith('mfox') ? 'maeve' : user.split('@')[0]}`);
  if (page.has('accept')) page = await browser.answer(page, answer);
  if (page.has('return-to-app')) page = await browser.answer(page, 'approval');
  return { page, session, state: page.answer?.state, code: page.answer?.code, error: page.answer?.error, description: page.answer?.error_description };
}

const finish = (came, change = {}) => {
  const { page, ...rest } = came;
  return driver.call('finish', { ...rest, ...change });
};

const link = async (user, options) => finish(await signIn(user, options));

describe('linking', () => {
  it('names a work account by tid, oid, UPN and address', async () => {
    const linked = await link('anna@north.example', { hint: 'Anna@North.example' });
    assert.equal(linked.problem, undefined, linked.message);
    assert.equal(linked.tid, NORTH);
    assert.equal(linked.login, 'anna@north.example');
    assert.equal(linked.address, 'anna@north.example');
    assert.equal(linked.displayName, 'Anna Berg');
    assert.equal(linked.since, 1234);
    const token = await introspect(idp.url, linked.accessToken, 'imap');
    assert.equal(token.active, true);
    assert.equal((await introspect(idp.url, linked.accessToken, 'submission')).active, true);
  });

  it('keeps login name and address apart, and takes either as typed', async () => {
    for (const hint of ['maeve.fox@north.example', 'MFOX@north.onmicrosoft.example', undefined]) {
      const linked = await link('mfox@north.onmicrosoft.example', { hint });
      assert.equal(linked.login, 'mfox@north.onmicrosoft.example', linked.message);
      assert.equal(linked.address, 'maeve.fox@north.example');
    }
  });

  it('links a personal account with its opaque token', async () => {
    const linked = await link('sam@outlook.example');
    assert.match(linked.accessToken, /^EwB/);
    assert.equal(linked.tid, '9188040d-6c67-4c5b-b112-36a304b66dad');
    assert.equal((await introspect(idp.url, linked.accessToken, 'imap')).active, true);
  });

  it('does without an email claim and without Graph mail', async () => {
    idp.control.flags('anna@north.example', { noEmailClaim: true, noMail: true });
    const linked = await link('anna@north.example');
    idp.control.flags('anna@north.example', { noEmailClaim: false, noMail: false });
    assert.equal(linked.address, 'anna@north.example', linked.message);
  });

  it('works at a tenant id, a verified domain, organizations and with a single-tenant application', async () => {
    for (const tenant of [NORTH, 'north.example', 'organizations']) {
      await configure({ tenant });
      assert.equal((await link('anna@north.example')).tid, NORTH, tenant);
    }
    await configure({ tenant: NORTH, clientId: SINGLE });
    assert.equal((await link('anna@north.example')).tid, NORTH);
    await configure({ tenant: 'consumers' });
    assert.equal((await link('sam@outlook.example')).login, 'sam@outlook.example');
  });

  it('falls back to the UPN where Graph is closed', async () => {
    idp.control.fault({ endpoint: 'graph', status: 403, times: 1 });
    const linked = await link('mfox@north.onmicrosoft.example');
    assert.equal(linked.address, 'mfox@north.onmicrosoft.example', linked.message);
  });
});

describe('the wrong one', () => {
  it('account is refused with both addresses', async () => {
    const failed = await link('sam@outlook.example', { hint: 'anna@north.example' });
    assert.equal(failed.problem, 'wrong-account');
    assert.equal(failed.expected, 'anna@north.example');
    assert.equal(failed.got, 'sam@outlook.example');
  });

  const swaps = [
    ['session', { session: 's2' }],
    ['state', { state: 'x'.repeat(43) }],
    ['code', { code: '1.AXoAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }],
    ['code form', { code: 'nonsense' }],
    ['no code', { code: '' }],
  ];
  for (const [name, change] of swaps) {
    it(`${name} links nothing`, async () => {
      const failed = await finish(await signIn('anna@north.example'), change);
      assert.equal(failed.problem, 'link-expired');
      assert.equal(failed.accessToken, undefined);
    });
  }

  it('code of another person’s sign-in is refused by its nonce and verifier', async () => {
    const mine = await signIn('anna@north.example');
    const theirs = await signIn('sam@outlook.example', { session: 's2' });
    const failed = await finish(mine, { code: theirs.code });
    assert.equal(failed.problem, 'link-expired');
    assert.equal(failed.aadsts, 501481);
  });

  it('state works once', async () => {
    const came = await signIn('anna@north.example');
    assert.equal((await finish(came)).login, 'anna@north.example');
    assert.equal((await finish(came)).problem, 'link-expired');
  });

  const claims = [
    ['nonce', { nonce: 'other' }, 'link-expired'],
    ['aud', { aud: SINGLE }, 'provider-error'],
    ['iss', { iss: 'https://evil.example/v2.0' }, 'provider-error'],
    ['exp', { exp: 1000 }, 'provider-error'],
    ['tid', { tid: SOUTH }, 'provider-error'],
    ['no tid', { tid: null }, 'provider-error'],
    ['oid', { oid: SOUTH }, 'provider-error'],
    ['no oid', { oid: null }, 'provider-error'],
  ];
  for (const [name, change, problem] of claims) {
    it(`${name} in the id_token links nothing`, async () => {
      idp.control.fault({ endpoint: 'token', claims: change, times: 1 });
      const failed = await link('anna@north.example');
      assert.equal(failed.problem, problem, failed.message);
    });
  }

  it('redirect URI in between links nothing', async () => {
    const came = await signIn('anna@north.example');
    await configure({ redirectUri: CALLBACK.replace('8025', '8026') });
    assert.equal((await finish(came)).problem, 'link-expired');
  });
});

describe('what people and administrators are told', () => {
  it('declined', async () => {
    idp.control.consent('anna@north.example', null);
    const failed = await link('anna@north.example', { answer: 'decline' });
    assert.equal(failed.problem, 'declined');
    assert.equal(failed.aadsts, 65004);
    assert.match(failed.correlation, /^[0-9a-f-]{36}$/);
  });

  it('admin-consent, and the link that cures it', async () => {
    const failed = await link('noa@south.example');
    assert.equal(failed.problem, 'admin-consent');
    assert.equal(failed.aadsts, 90094);
    const { url } = await driver.call('consent-url', { state: 'adm' });
    const admin = new Browser(idp.localhostUrl);
    const { pathname, search } = new URL(url);
    const page = await admin.signIn(await admin.open(`${pathname}${search}`), 'avi@south.example', 'pw-avi');
    assert.equal((await admin.answer(page)).answer.admin_consent, 'True');
    assert.equal((await link('noa@south.example')).login, 'noa@south.example');
  });

  const secrets = [
    ['a wrong secret', { clientSecret: 'wrong' }, 'app-secret-wrong', 7000215],
    ['a pasted Secret ID', { clientSecret: SECRET_ID }, 'app-secret-wrong', 7000215],
    ['no secret', { clientSecret: null }, 'app-secret-wrong', 0],
    ['an expired secret', { clientSecret: EXPIRED }, 'app-secret-expired', 7000222],
  ];
  for (const [name, change, problem, aadsts] of secrets) {
    it(name, async () => {
      await configure(change);
      const failed = await link('anna@north.example');
      assert.equal(failed.problem, problem);
      assert.equal(failed.aadsts, aadsts);
      assert.equal(failed.scope, SCOPE.app);
      assert.equal(RETRY[failed.retry], 'admin');
    });
  }

  it('scopes-missing', async () => {
    idp.control.fault({ endpoint: 'token', grant: 'authorization_code', limitScopes: ['outlook/IMAP.AccessAsUser.All'], times: 1 });
    const failed = await link('anna@north.example');
    assert.equal(failed.problem, 'scopes-missing');
    assert.match(failed.message, /SMTP\.Send/);
  });

  it('no-refresh-token', async () => {
    idp.control.fault({ endpoint: 'token', omit: ['refresh_token'], times: 1 });
    assert.equal((await link('anna@north.example')).problem, 'no-refresh-token');
  });

  const wire = [
    ['a provider that is busy', { status: 503 }, 'provider-error'],
    ['a provider that hangs up', { drop: true }, 'provider-unreachable'],
    ['half an answer', { raw: '{"access_token":' }, 'provider-error'],
    ['a flood', { rawBytes: 3_000_000 }, 'provider-unreachable'],
  ];
  for (const [name, fault, problem] of wire) {
    it(name, async () => {
      idp.control.fault({ endpoint: 'token', ...fault, times: 1 });
      assert.equal((await link('anna@north.example')).problem, problem);
    });
  }

  it('an untrusted certificate', async () => {
    const came = await signIn('anna@north.example');
    await configure({ caFile: null });
    assert.equal((await finish(came)).problem, 'tls-untrusted');
  });

  it('throttling of Graph', async () => {
    idp.control.fault({ endpoint: 'graph', status: 429, retryAfter: 3, times: 1 });
    const failed = await link('anna@north.example');
    assert.equal(failed.problem, 'throttled');
    assert.equal(failed.retryAfterMs, 3000);
  });
});

describe('refreshing', () => {
  const token = (args) => driver.call('token', { forget: true, ...args });

  it('gives a token for the mailbox and keeps the rotated refresh token', async () => {
    await link('anna@north.example');
    for (let i = 0; i < 3; i += 1) {
      const { accessToken, message } = await token();
      assert.equal((await introspect(idp.url, accessToken, 'imap')).active, true, message);
    }
  });

  it('survives a revoked access token by one forced refresh', async () => {
    const { accessToken } = await link('anna@north.example');
    idp.control.revoke('anna@north.example', { refresh: false });
    assert.equal((await introspect(idp.url, accessToken, 'imap')).active, false);
    await new Promise((done) => { setTimeout(done, 5); });
    const fresh = await token({ force: true });
    assert.equal((await introspect(idp.url, fresh.accessToken, 'imap')).active, true);
  });

  const rows = [
    [50173, 'access-revoked', 'relink', 'account'], [50132, 'access-revoked', 'relink', 'account'],
    [700082, 'sign-in-expired', 'relink', 'account'], [70008, 'sign-in-expired', 'relink', 'account'],
    [70043, 'sign-in-expired', 'relink', 'account'], [65001, 'consent-needed', 'relink', 'account'],
    [50076, 'mfa-required', 'relink', 'account'], [53003, 'blocked-by-policy', 'admin', 'account'],
    [50057, 'account-disabled', 'admin', 'account'], [7000222, 'app-secret-expired', 'admin', 'app'],
    [7000215, 'app-secret-wrong', 'admin', 'app'], [700016, 'app-unknown', 'admin', 'app'],
    [50194, 'app-unknown', 'admin', 'app'], [28000, 'app-misconfigured', 'admin', 'app'],
    [90055, 'throttled', 'later', 'account'], [90024, 'throttled', 'later', 'account'],
    [50196, 'throttled', 'later', 'account'], [90006, 'provider-error', 'later', 'app'],
  ];
  for (const [code, problem, retry, scope] of rows) {
    it(`${code} is ${problem}`, async () => {
      await link('anna@north.example');
      idp.control.fault({ endpoint: 'token', grant: 'refresh_token', code, times: 1 });
      const failed = await token();
      assert.equal(failed.problem, problem, failed.message);
      assert.equal(RETRY[failed.retry], retry);
      assert.equal(failed.scope, SCOPE[scope]);
      assert.ok((await token()).accessToken, 'well again afterwards');
    });
  }

  it('waits as long as the provider asks', async () => {
    await link('anna@north.example');
    idp.control.fault({ endpoint: 'token', status: 429, retryAfter: 11, times: 1 });
    const failed = await token();
    assert.equal(failed.problem, 'throttled');
    assert.equal(failed.retryAfterMs, 11000);
  });

  it('ends with the real thing: revoked, unused for 91 days, disabled', async () => {
    await link('anna@north.example');
    idp.control.revoke('anna@north.example');
    assert.equal((await token()).problem, 'access-revoked');
    idp.control.advance(1);
    await link('anna@north.example');
    idp.control.flags('anna@north.example', { disabled: true });
    assert.equal((await token()).problem, 'account-disabled');
    idp.control.flags('anna@north.example', { disabled: false });
    idp.control.advance(91 * 86400);
    assert.equal((await token()).problem, 'sign-in-expired');
    idp.control.advance(-91 * 86400);
  });
});
