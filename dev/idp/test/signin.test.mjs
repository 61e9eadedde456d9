import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { APP, authorizeUrl, Browser, CALLBACK, pkce, SINGLE, start, walk, WORK_ONLY, NORTH, SOUTH, SCOPES } from './fixture.mjs';

let idp;
before(async () => { idp = await start(); });
after(() => idp.close());

const visit = (change, tenant) => new Browser(idp.url).open(authorizeUrl(change, tenant));

describe('errors that stay on the page', () => {
  const rows = [
    ['a redirect URI that differs in case', 50011, { redirect_uri: 'http://localhost:8025/oauth/Microsoft/callback' }],
    ['a redirect URI with a trailing slash', 50011, { redirect_uri: `${CALLBACK}/` }],
    ['another port on a registered host that is not localhost', 50011, { redirect_uri: 'https://mail.north.example:8443/oauth/microsoft/callback' }],
    ['localhost by https when http is registered', 50011, { redirect_uri: CALLBACK.replace('http:', 'https:') }],
    ['a host that only begins with localhost', 50011, { redirect_uri: CALLBACK.replace('localhost:8025', 'localhost:8025@evil.example') }],
    ['no redirect URI', 900971, { redirect_uri: null }],
    ['an unknown application', 700016, { client_id: 'c0ffee1a-0000-4d6f-8a37-1b9c4e7d2f60' }],
    ['a single-tenant application on common', 50194, { client_id: SINGLE }],
    ['a single-tenant application in another tenant', 700016, { client_id: SINGLE }, SOUTH],
    ['an unknown tenant id', 90002, {}, '11111111-1111-4111-8111-111111111111'],
    ['an unknown domain', 90002, {}, 'west.example'],
    ['a work application on consumers', 9002332, { client_id: WORK_ONLY }, 'consumers'],
  ];
  for (const [name, code, change, tenant] of rows) {
    it(name, async () => {
      const page = await visit(change, tenant);
      assert.equal(page.location, null);
      assert.equal(page.code, code);
      assert.match(page.html, new RegExp(`AADSTS${code}`));
    });
  }
});

describe('errors that return to the application', () => {
  const rows = [
    ['a response type other than code', 700009, { response_type: 'token' }],
    ['no scope', 900144, { scope: null }],
    ['a scope that the resource lacks', 650053, { scope: 'https://outlook.office.com/Imap.Everything' }],
    ['an unknown resource', 500011, { scope: 'https://other.example/Mail.Read' }],
    ['a short code challenge', 90023, { code_challenge: 'short', code_challenge_method: 'S256' }],
    ['an unknown prompt', 90023, { prompt: 'please' }],
    ['prompt=none without a session', 50058, { prompt: 'none' }],
  ];
  for (const [name, code, change] of rows) {
    it(name, async () => {
      const page = await visit(change);
      assert.equal(page.status, 302);
      assert.ok(page.location.startsWith(`${CALLBACK}?`));
      assert.equal(page.answer.state, 'the-state');
      assert.match(page.answer.error_description, new RegExp(`^AADSTS${code}: .*Correlation ID: [0-9a-f-]{36} Timestamp: `));
      assert.equal(page.answer.code, undefined);
    });
  }

  it('a repeated parameter', async () => {
    const page = await new Browser(idp.url).open(`${authorizeUrl()}&state=again`);
    assert.match(page.answer.error_description, /^AADSTS9002313/);
  });
});

describe('sign-in', () => {
  it('prefills the login hint', async () => {
    const page = await visit({ login_hint: 'anna@north.example' });
    assert.equal(page.value('username'), 'anna@north.example');
  });

  it('escapes the login hint', async () => {
    const page = await visit({ login_hint: '"><script>alert(1)</script>' });
    assert.ok(!page.html.includes('<script>'));
  });

  it('refuses a wrong password and an unknown name on the form', async () => {
    const browser = new Browser(idp.url);
    const page = await browser.open(authorizeUrl());
    const wrong = await browser.signIn(page, 'anna@north.example', 'no');
    assert.equal(wrong.code, 50126);
    assert.ok(wrong.has('signin-form'));
    assert.equal((await browser.signIn(wrong, 'who@north.example', 'no')).code, 50034);
    assert.equal((await browser.signIn(wrong, 'nobody@plain.example', 'x')).code, 50034);
    assert.equal(browser.cookies.size, 0);
  });

  it('does not accept the mail address where it is not the UPN', async () => {
    const { page } = await walk(idp.url, { user: 'maeve.fox@north.example', password: 'pw-maeve' });
    assert.equal(page.code, 50034);
  });

  it('refuses a disabled account', async () => {
    idp.control.flags('anna@north.example', { disabled: true });
    const { page } = await walk(idp.url);
    idp.control.flags('anna@north.example', { disabled: false });
    assert.equal(page.code, 50057);
  });

  it('offers remembered accounts on select_account, and another one with the hint prefilled', async () => {
    const { browser } = await walk(idp.url, { user: 'anna@north.example' });
    await walk(idp.url, { user: 'mfox@north.onmicrosoft.example', browser, prompt: 'login' });
    const page = await browser.open(authorizeUrl({ login_hint: 'noa@south.example' }));
    assert.deepEqual(page.tiles, ['anna@north.example', 'mfox@north.onmicrosoft.example']);
    const other = await browser.submit(page, { account: '' });
    assert.equal(other.value('username'), 'noa@south.example');
    const chosen = await browser.submit(page, { account: 'anna@north.example' });
    assert.ok(chosen.answer.code, 'no password asked again, consent is known');
  });

  it('does not offer one browser the accounts of another', async () => {
    await walk(idp.url);
    const page = await visit({});
    assert.deepEqual(page.tiles, []);
  });

  it('signs straight in without a prompt when one account is known', async () => {
    const { browser } = await walk(idp.url);
    const page = await browser.open(authorizeUrl({ prompt: null }));
    assert.ok(page.answer.code);
    const silent = await browser.open(authorizeUrl({ prompt: 'none', login_hint: 'anna@north.example' }));
    assert.ok(silent.answer.code);
  });
});

describe('who may come in', () => {
  const rows = [
    ['a foreign organisation at a tenant', 'noa@south.example', NORTH, {}, 50020],
    ['a foreign organisation at a verified domain', 'noa@south.example', 'north.example', {}, 50020],
    ['a personal account at organizations', 'sam@outlook.example', 'organizations', {}, 50020],
    ['a personal account for a work application', 'sam@outlook.example', 'common', { client_id: WORK_ONLY }, 50020],
    ['a work account at consumers', 'anna@north.example', 'consumers', {}, 50020],
  ];
  for (const [name, user, tenant, change, code] of rows) {
    it(`refuses ${name}`, async () => {
      const { page } = await walk(idp.url, { user, tenant, ...change });
      assert.equal(page.code, code);
      assert.equal(page.location, null);
    });
  }

  it('lets people in at their tenant id, verified domain, organizations and consumers', async () => {
    for (const tenant of [NORTH, 'north.onmicrosoft.example', 'organizations']) {
      assert.ok((await walk(idp.url, { tenant })).code, tenant);
    }
    assert.ok((await walk(idp.url, { user: 'sam@outlook.example', tenant: 'consumers' })).code);
    assert.ok((await walk(idp.url, { tenant: NORTH, client_id: SINGLE })).code);
  });

  it('shows Conditional Access and assignment on its own page', async () => {
    for (const [flag, code] of [['blocked', 53003], ['notAssigned', 50105]]) {
      idp.control.flags('anna@north.example', { [flag]: true });
      const { page } = await walk(idp.url);
      idp.control.flags('anna@north.example', { [flag]: false });
      assert.equal(page.code, code);
      assert.equal(page.location, null);
    }
  });

  it('shows any switched fault once for one person', async () => {
    idp.control.fault({ endpoint: 'authorize', user: 'anna@north.example', code: 50076, times: 1 });
    const { page } = await walk(idp.url);
    assert.match(page.answer.error_description, /^AADSTS50076/);
    assert.ok((await walk(idp.url)).code);
  });
});

describe('consent', () => {
  it('is asked once, and again with prompt=consent', async () => {
    idp.control.consent('anna@north.example', null);
    const browser = new Browser(idp.url);
    let page = await browser.signIn(await browser.open(authorizeUrl()), 'anna@north.example', 'pw-anna');
    assert.ok(page.has('accept') && page.has('decline'));
    assert.match(page.html, /through IMAP/);
    page = await browser.answer(page);
    assert.ok(page.answer.code);
    assert.equal(page.answer.state, 'the-state');
    assert.ok((await browser.open(authorizeUrl({ prompt: null }))).answer.code);
    assert.ok((await browser.open(authorizeUrl({ prompt: 'consent' }))).has('accept'));
  });

  it('declined comes back as access_denied with 65004', async () => {
    idp.control.consent('anna@north.example', null);
    const browser = new Browser(idp.url);
    const page = await browser.signIn(await browser.open(authorizeUrl()), 'anna@north.example', 'pw-anna');
    const { answer } = await browser.answer(page, 'decline');
    assert.equal(answer.error, 'access_denied');
    assert.equal(answer.error_subcode, 'cancel');
    assert.match(answer.error_description, /^AADSTS65004: User declined to consent/);
    assert.equal(answer.state, 'the-state');
  });

  it('missing with prompt=none is interaction_required with 65001', async () => {
    const { browser } = await walk(idp.url);
    idp.control.consent('anna@north.example', null);
    const { answer } = await browser.open(authorizeUrl({ prompt: 'none' }));
    assert.equal(answer.error, 'interaction_required');
    assert.match(answer.error_description, /^AADSTS65001/);
  });

  it('by administrators only: the page names 90094 and leads back with access_denied', async () => {
    const browser = new Browser(idp.url);
    const page = await browser.signIn(await browser.open(authorizeUrl()), 'noa@south.example', 'pw-noa');
    assert.equal(page.code, 90094);
    assert.ok(!page.has('accept'));
    const { answer } = await browser.answer(page, 'approval');
    assert.equal(answer.error, 'access_denied');
    assert.match(answer.error_description, /^AADSTS90094/);
  });

  it('cannot be forced by posting accept on the approval page', async () => {
    const browser = new Browser(idp.url);
    const page = await browser.signIn(await browser.open(authorizeUrl()), 'noa@south.example', 'pw-noa');
    const { answer } = await browser.answer(page, 'accept');
    assert.equal(answer.code, undefined);
    assert.equal(answer.error, 'access_denied');
  });

  it('cannot be posted before signing in', async () => {
    const browser = new Browser(idp.url);
    const page = await browser.open(authorizeUrl());
    const forced = await browser.post('/common/consent', { flow: page.value('flow'), answer: 'accept' });
    assert.equal(forced.answer.code, undefined);
    assert.equal(forced.answer.error, 'login_required');
  });

  it('by an administrator covers the whole tenant', async () => {
    const at = (tenant) => `/${tenant}/v2.0/adminconsent?${new URLSearchParams({ client_id: APP, redirect_uri: CALLBACK, state: 's1', scope: SCOPES })}`;
    assert.notEqual((await new Browser(idp.url).open(at('common'))).code, 0);
    const member = new Browser(idp.url);
    assert.equal((await member.signIn(await member.open(at(SOUTH)), 'noa@south.example', 'pw-noa')).code, 90094);
    const admin = new Browser(idp.url);
    const page = await admin.signIn(await admin.open(at(SOUTH)), 'avi@south.example', 'pw-avi');
    const { answer } = await admin.answer(page);
    assert.equal(answer.admin_consent, 'True');
    assert.equal(answer.tenant, SOUTH);
    assert.equal(answer.state, 's1');
    assert.ok((await walk(idp.url, { user: 'noa@south.example' })).code, 'no consent page for a member any more');
  });
});

it('answers by form_post and fragment when asked', async () => {
  const { browser } = await walk(idp.url);
  const { challenge } = pkce();
  const fragment = await browser.open(authorizeUrl({ prompt: null, response_mode: 'fragment', code_challenge: challenge, code_challenge_method: 'S256' }));
  assert.match(fragment.location, /#code=/);
  const post = await browser.open(authorizeUrl({ prompt: null, response_mode: 'form_post' }));
  assert.match(post.html, /name="code"/);
});
