// Everything that can go wrong between "Link a mailbox" and a linked one: a clear code, nothing linked, nothing lost.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

let org, postroom, client, anna, james;

before(async () => {
  org = await startOrganisation(['--mails', '20']);
  anna = org.person('main');
  james = org.person('james.okafor@northlight.example');
  postroom = new Postroom();
  postroom.addUser();
  postroom.addUser('second@northlight.example', 'another horse 43', false);
  postroom.setProvider(org);
  await postroom.serve();
}, { timeout: 300000 });

beforeEach(async () => {
  await org.control('idp/clearFaults');
  postroom.setProvider(org);
  client = await postroom.signIn();
});

after(async () => {
  await postroom?.close();
  await org?.close();
});

const accounts = () => postroom.json('account', 'list').map((a) => a.email);

async function fails(how, code) {
  const before = accounts();
  const { done, page } = await client.link(how);
  assert.ok(done, `stayed at the sign-in service: ${page?.slice(0, 500)}`);
  assert.ok(done.pathname.endsWith('/link/failed'), done.href);
  assert.equal(done.searchParams.get('code'), code);
  assert.deepEqual(accounts(), before);
  return done.searchParams;
}

test('declined consent', async () => {
  await fails({ hint: anna.mail, person: anna, answer: 'decline' }, 'declined');
});

test('a member sees where an administrator consents, and nothing else of the registration', async () => {
  const member = await postroom.signIn('second@northlight.example', 'another horse 43');
  const { list: [provider] } = await member.call('Provider/get', { accountId: member.user.id, ids: null });
  assert.deepEqual(Object.keys(provider).sort(), ['adminConsentUrl', 'id', 'name', 'ready', 'type']);
  const link = new URL(provider.adminConsentUrl);
  assert.ok(link.href.startsWith(org.authority), link.href);
  assert.deepEqual([...link.searchParams.keys()], ['client_id', 'redirect_uri', 'scope', 'state']);
});

test('another account chosen than the one typed', async () => {
  const params = await fails({ hint: anna.mail, person: james }, 'wrong-account');
  assert.equal(params.get('expected'), anna.mail);
  assert.equal(params.get('got'), james.mail);
});

test('wrong client secret, and the settings page says so', async () => {
  postroom.setProvider(org, { secretFile: postroom.file('wrong', 'not~the~secret\n') });
  const params = await fails({ hint: anna.mail, person: anna }, 'app-secret-wrong');
  assert.equal(params.get('aadsts'), '7000215');
  const { list } = await client.call('Provider/get', { accountId: client.user.id, ids: null });
  assert.equal(list[0].problem.code, 'app-secret-wrong');
  assert.equal(list[0].clientSecret ?? null, null);
});

test('expired client secret', async () => {
  postroom.setProvider(org, { secretFile: org.apps[0].expiredSecretFile });
  await fails({ hint: anna.mail, person: anna }, 'app-secret-expired');
});

test('a single-tenant application on the wrong tenant stays on the service’s own page', async () => {
  postroom.setProvider(org, { app: org.apps[1], tenant: 'common' });
  const { page } = await client.link({ hint: anna.mail, person: anna });
  assert.match(page, /50194/);
  assert.deepEqual(accounts(), []);
});

test('state is single use, bound to the session and to the provider', async () => {
  const start = await client.fetch(`oauth/microsoft/start?login_hint=${anna.mail}`);
  const state = new URL(start.headers.get('location')).searchParams.get('state');
  assert.ok(state.length >= 22);
  const other = await postroom.signIn('second@northlight.example', 'another horse 43');
  const stolen = await other.fetch(`oauth/microsoft/callback?code=x&state=${state}`);
  assert.match(stolen.headers.get('location'), /link\/failed\?code=link-expired/);
  const invented = await client.fetch('oauth/microsoft/callback?code=x&state=invented');
  assert.match(invented.headers.get('location'), /link\/failed\?code=link-expired/);
  assert.deepEqual(accounts(), []);
});

test('without a session nothing starts', async () => {
  const response = await fetch(`${postroom.url}/oauth/microsoft/start?login_hint=${anna.mail}`, { redirect: 'manual' });
  assert.ok(response.status === 401 || /not-signed-in/.test(response.headers.get('location') ?? ''), `${response.status}`);
});

test('the request uses PKCE S256, a nonce, select_account and the hint', async () => {
  const start = await client.fetch(`oauth/microsoft/start?login_hint=${encodeURIComponent(anna.mail)}`);
  const url = new URL(start.headers.get('location'));
  const get = (name) => url.searchParams.get(name);
  assert.equal(get('code_challenge_method'), 'S256');
  assert.ok(get('code_challenge').length >= 43);
  assert.ok(get('nonce').length >= 16);
  assert.equal(get('prompt'), 'select_account');
  assert.equal(get('login_hint'), anna.mail);
  assert.equal(get('redirect_uri'), `${postroom.url}/oauth/microsoft/callback`);
  assert.match(get('scope'), /offline_access/);
  const { list } = await client.call('Provider/get', { accountId: client.user.id, ids: ['microsoft'] });
  assert.equal(list[0].redirectUri, get('redirect_uri'));
});

test('UPN and mail address differ: linked under the address, signed in with the UPN', async () => {
  const maeve = org.person('maeve.oneill@northlight.example');
  await client.linked(maeve);
  const status = await postroom.settled(maeve.mail);
  assert.equal(status.email, maeve.mail);
  assert.equal(status.sendError, null);
});

test('a personal account with opaque tokens links as well', async () => {
  const sam = org.person('personal');
  await client.linked(sam);
  const status = await postroom.settled(sam.mail);
  assert.equal(status.error, null);
});

test('SMTP AUTH off: mail can be read, and the state says what to do', async () => {
  const elif = org.person('smtpAuthOff');
  await client.linked(elif);
  const status = await postroom.settled(elif.mail);
  assert.equal(status.sendError.code, 'smtp-auth-off');
  assert.match(status.sendError.action, /Authenticated SMTP/);
});

test('IMAP off: linked, with a problem that names it', async () => {
  const dmytro = org.person('imapOff');
  await client.linked(dmytro);
  const status = await until('the problem', () => { const s = postroom.status(dmytro.mail); return s.error ? s : null; });
  assert.ok(['connected-not-authorised', 'imap-off', 'imap-refused'].includes(status.error.code), status.error.code);
  assert.match(status.error.action, /IMAP/);
  postroom.must('account', 'remove', dmytro.mail);
});

test('an empty mailbox is idle at once', async () => {
  const empty = org.person('empty');
  await client.linked(empty);
  assert.equal((await postroom.settled(empty.mail)).emails, 0);
});

test('linking again in place keeps the mail and the account', async () => {
  const account = await client.linked(anna);
  const before = await postroom.settled(anna.mail);
  assert.equal(await client.linked(anna, { account }), account);
  const afterwards = await postroom.settled(anna.mail);
  assert.equal(afterwards.emails, before.emails);
  const { done } = await client.link({ hint: anna.mail, person: james, account });
  assert.equal(done.searchParams.get('code'), 'wrong-account');
});

test('a second person who links the same mailbox reaches the same account', async () => {
  const second = await postroom.signIn('second@northlight.example', 'another horse 43');
  assert.equal(Object.values((await second.session()).accounts).some((a) => a.name === anna.mail), false);
  const account = await client.account(anna.mail);
  assert.equal(await second.linked(anna), account);
  const { destroyed } = await second.call('LinkedAccount/set', { accountId: second.user.id, destroy: [account] });
  assert.deepEqual(destroyed, [account]);
  assert.equal(account in (await second.session()).accounts, false);
  assert.equal(account in (await client.session()).accounts, true);
  assert.equal((await postroom.settled(anna.mail)).error, null);
});

test('access revoked: mail stays, the account asks to be linked again, one click mends it', async () => {
  const account = await client.linked(james);
  const before = await postroom.settled(james.mail);
  await org.control('idp/revoke', [james.upn]);
  await org.control('endSessions', { person: james.mail });
  const status = await postroom.settled(james.mail, { state: 'needs-relink' });
  assert.ok(['access-revoked', 'sign-in-expired'].includes(status.error.code), status.error.code);
  assert.equal(status.emails, before.emails);
  const { ids } = await client.call('Email/query', { accountId: account, limit: 5 });
  assert.ok(ids.length > 0);
  await client.linked(james, { account });
  assert.equal((await postroom.settled(james.mail)).error, null);
});

test('a strange administrator setting is refused with the field that is wrong', () => {
  const bad = postroom.command(['provider', 'set', 'microsoft', '--tenant', 'not a tenant!']);
  assert.equal(bad.status, 1);
  assert.match(bad.err, /tenant/i);
  const id = postroom.command(['provider', 'set', 'microsoft', '--client-id', 'not-a-guid']);
  assert.equal(id.status, 1);
  assert.match(id.err, /client/i);
  const secretId = postroom.command(['provider', 'set', 'microsoft', '--client-secret-file', postroom.file('secret-id', 'b7c1d0aa-7f36-4a15-9d52-6f3c1e0b8a01\n')]);
  assert.equal(secretId.status, 1);
  assert.match(secretId.err, /Value/);
});

test('wrong passwords are refused, and after some the door is shut for a while', async () => {
  const attempt = (password) => fetch(`${postroom.url}/auth/login`, { method: 'POST', headers: { 'Content-Type': 'application/json', Origin: postroom.url }, body: JSON.stringify({ email: 'second@northlight.example', password }) });
  assert.equal((await attempt('wrong')).status, 401);
  let shut = null;
  for (let i = 0; i < 40 && !shut; i++) {
    const response = await attempt(`wrong ${i}`);
    if (response.status === 429) shut = response;
  }
  assert.ok(shut, 'never shut');
  assert.ok(Number(shut.headers.get('retry-after')) > 0);
  assert.notEqual(ADMIN.email, 'second@northlight.example');
});
