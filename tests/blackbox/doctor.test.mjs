// "postroom provider test" and "postroom doctor": each fault has its own row with its plain cause.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, beforeEach, test } from 'node:test';

import { startOrganisation } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';
import { startProxies } from './support/proxies.mjs';

let org, proxies, postroom;

before(async () => {
  org = await startOrganisation(['--mails', '5']);
  proxies = await startProxies();
  postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider(org);
  await postroom.serve();
  const client = await postroom.signIn();
  await client.linked(org.person('main'));
  await postroom.settled(org.person('main').mail);
}, { timeout: 300000 });

beforeEach(() => postroom.setProvider(org));

after(async () => {
  await postroom?.close();
  await proxies?.close();
  await org?.close();
});

/** check -> { state, text }. */
async function examine(...words) {
  const { status, out, err } = await postroom.run(...words, '--json');
  assert.ok(out, err);
  const { ok, checks } = JSON.parse(out);
  assert.equal(status, ok ? 0 : 1);
  return Object.fromEntries(checks.map(({ check, ...row }) => [check, row]));
}

const testProvider = () => examine('provider', 'test', 'microsoft');
const set = (...words) => postroom.must('provider', 'set', 'microsoft', ...words);

test('all is well: every step is named', async () => {
  const rows = await testProvider();
  assert.deepEqual(Object.keys(rows).sort(), ['client', 'clock', 'graph', 'imap', 'sign-in', 'smtp']);
  for (const [check, { state, text }] of Object.entries(rows)) assert.equal(state, 'ok', `${check}: ${text}`);
  assert.match(postroom.must('provider', 'test', 'microsoft'), /^ok +imap +\S+:\d+ greets, with TLS$/m);
  assert.match(postroom.command(['provider', 'test', 'nobody']).err, /no provider has this name/);
});

test('a wrong, an expired secret and an unknown client are told apart', async () => {
  const client = async (words) => { set(...words); return (await testProvider()).client; };
  assert.match((await client(['--client-secret-file', postroom.file('wrong', 'not~the~secret\n')])).text, /client secret is wrong.*Value/);
  assert.match((await client(['--client-secret-file', org.apps[0].expiredSecretFile])).text, /expired/);
  assert.match((await client(['--client-id', '11111111-2222-4333-8444-555555555555', '--client-secret-file', org.apps[0].clientSecretFile])).text, /does not know this application/);
  set('--client-id', org.apps[0].clientId);
});

test('names, ports, certificates and strangers', async () => {
  const dead = net.createServer();
  await new Promise((resolve) => dead.listen(0, '127.0.0.1', resolve));
  const { port } = dead.address();
  await new Promise((resolve) => dead.close(resolve));
  set('--imap', 'nothing.invalid:993', '--smtp', `localhost:${port}`, '--tenant', '99999999-2222-4333-8444-555555555555');
  const rows = await testProvider();
  assert.match(rows.imap.text, /name is not known/);
  assert.match(rows.smtp.text, /cannot be reached/);
  assert.match(rows['sign-in'].text, /check authority and tenant/);
  assert.equal(rows.client, undefined);

  const stranger = net.createServer((socket) => { socket.on('error', () => {}); socket.end('HTTP/1.1 400 Bad request\r\n\r\n'); });
  await new Promise((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  postroom.setProvider(org);
  set('--smtp', `localhost:${stranger.address().port}`, '--imap', `localhost:${stranger.address().port}`);
  const odd = await testProvider();
  assert.match(odd.smtp.text, /does not greet like a mail server/);
  assert.equal(odd.imap.state, 'bad');
  await new Promise((resolve) => stranger.close(resolve));

  postroom.setProvider(org);
  postroom.must('provider', 'set', 'other', '--type', 'microsoft', '--client-id', org.apps[0].clientId, '--client-secret-file', org.apps[0].clientSecretFile, '--authority', org.authority, '--graph', org.graph,
    '--imap', `${org.imap.host}:${org.imap.port}`, '--smtp', `${org.smtp.host}:${org.smtp.port}`);
  const untrusted = await examine('provider', 'test', 'other');
  assert.match(untrusted.imap.text, /certificate cannot be trusted.*CA file/);
  assert.match(untrusted.smtp.text, /certificate cannot be trusted/);
  postroom.must('provider', 'remove', 'other');
});

test('through a proxy: all well, a wrong password, and one that is away', async () => {
  set('--proxy', proxies.http.address, '--proxy-password-file', postroom.file('right', `${proxies.http.password}\n`));
  const rows = await testProvider();
  assert.equal(rows.proxy.state, 'ok');
  for (const [check, { state, text }] of Object.entries(rows)) assert.equal(state, 'ok', `${check}: ${text}`);
  set('--proxy', proxies.http.address, '--proxy-password-file', postroom.file('bad', 'sesame-seed\n'));
  const wrong = await testProvider();
  assert.equal(wrong.proxy.state, 'ok');
  assert.match(wrong.imap.text, /proxy refuses the sign-in/);
  assert.match(wrong['sign-in'].text, /proxy refused the sign-in/);
  set('--proxy', 'socks5://127.0.0.1:1');
  const away = await testProvider();
  assert.match(away.proxy.text, /does not take connections/);
  assert.match(away.smtp.text, /proxy cannot be reached/);
  assert.ok(!JSON.stringify([rows, wrong, away]).includes('sesame-seed'));
  set('--proxy', 'default');
});

test('the doctor sees all of it, and both counts of every mailbox', async () => {
  const anna = org.person('main');
  await postroom.settled(anna.mail);
  const rows = await examine('doctor');
  for (const check of ['config', 'key', 'data', 'disk', 'clock', 'provider microsoft: imap', 'provider microsoft: client', `account ${anna.mail}`]) assert.equal(rows[check]?.state, 'ok', `${check}: ${rows[check]?.text}`);
  assert.match(rows[`account ${anna.mail}`].text, /, (\d+) on the server, \1 here/);
  postroom.must('account', 'set', anna.mail, '--proxy', 'http://127.0.0.1:1');
  const ill = await examine('doctor');
  assert.equal(ill[`account ${anna.mail}: proxy`].state, 'bad');
});
