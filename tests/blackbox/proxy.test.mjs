// A server that reaches nothing but a proxy: sign-in, Graph, IMAP, IDLE and SMTP go through tinyproxy and microsocks, by the nearest setting.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';
import { FROM, startProxies } from './support/proxies.mjs';

let org, proxies, postroom, client, anna, james, plain, wrongFile;

/** Only what comes from the proxies is let in. */
async function close(only = FROM) {
  await org.control('limits', { onlyFrom: only });
  await org.control('idp/onlyFrom', [only]);
}

const turnedAway = async () => (await org.control('limits')).turnedAway + await org.control('idp/onlyFrom', [FROM]);
/** The words of a command that name a proxy. */
const through = (kind, file = postroom.file(`${kind}-password`, `${proxies[kind].password}\n`)) => ['--proxy', proxies[kind].address, '--proxy-password-file', file];
const setProxy = (...words) => postroom.must('provider', 'set', 'microsoft', ...words);
const problemOf = (address, code) => until(`${address} to say ${code}`, () => { const s = postroom.status(address); return s.error?.code === code ? s : null; }, { ms: 60000, every: 200 });

async function compose(person, to, subject) {
  const accountId = await client.account(person.mail);
  const { drafts } = await client.mailboxes(accountId);
  const { list: [identity] } = await client.call('Identity/get', { accountId, ids: null });
  const results = await client.calls([
    ['Email/set', { accountId, create: { m: { mailboxIds: { [drafts.id]: true }, keywords: { $draft: true, $seen: true }, from: [{ email: person.mail }], to: [{ email: to }], subject,
      textBody: [{ partId: '1', type: 'text/plain' }], bodyValues: { 1: { value: 'Hello\n' } } } } }],
    ['EmailSubmission/set', { accountId, create: { s: { emailId: '#m', identityId: identity.id } } }],
  ]);
  assert.ok(results[1][1].created?.s, JSON.stringify(results));
}

const arrives = (person, subject, ms = 60000) => until(`"${subject}" here`, async () => {
  const accountId = await client.account(person.mail);
  const { ids } = await client.call('Email/query', { accountId, filter: { subject } });
  return ids.length > 0;
}, { ms, every: 200 });

before(async () => {
  org = await startOrganisation(['--mails', '20']);
  proxies = await startProxies();
  [anna, james, plain] = [org.person('main'), org.person('james.okafor@northlight.example'), org.person('workshop@lampworks.example')];
  postroom = new Postroom({ config: { 'server.log_level': 'debug' }, env: { https_proxy: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1', NO_PROXY: '*' } });
  wrongFile = postroom.file('proxy-wrong', 'not-that-one\n');
  postroom.addUser();
  postroom.setProvider(org);
  await close();
  await postroom.serve();
  client = await postroom.signIn();
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await proxies?.close();
  await org?.close();
});

test('without a proxy nothing is reached', async () => {
  const { done } = await client.link({ hint: anna.mail, person: anna });
  assert.equal(done.searchParams.get('code'), 'provider-unreachable');
  assert.ok(await turnedAway() > 0);
});

test('a wrong password at the proxy is named while linking', async () => {
  setProxy(...through('http', wrongFile));
  const { done } = await client.link({ hint: anna.mail, person: anna });
  assert.equal(done.searchParams.get('code'), 'proxy-login-refused');
});

for (const kind of ['http', 'socks']) {
  test(`everything of a provider goes through its own ${kind} proxy`, { timeout: 300000 }, async () => {
    const person = kind === 'http' ? anna : james;
    setProxy(...through(kind));
    const before = await turnedAway();
    await client.linked(person);
    assert.equal((await postroom.settled(person.mail)).sendError, null);
    await org.control('append', { person: person.mail, message: `Subject: live through ${kind}\n\nx\n` });
    await arrives(person, `live through ${kind}`);
    await compose(person, 'outside@elsewhere.example', `sent through ${kind}`).catch(() => {});
    await compose(person, anna.mail, `to anna through ${kind}`);
    await until('it is sent', async () => (await org.control('submissions')).some((s) => s.from === person.mail), { ms: 60000 });
    assert.equal(await turnedAway(), before);
    if (kind === 'http') {
      const asked = new Set(proxies.connects());
      for (const target of [new URL(org.authority).host, `${org.imap.host}:${org.imap.port}`, `${org.smtp.host}:${org.smtp.port}`]) assert.ok(asked.has(target), `${target} in ${[...asked]}`);
    }
  });
}

test('an account of its own setting: through another proxy, direct, and the provider’s again', { timeout: 300000 }, async () => {
  setProxy(...through('socks'));
  await postroom.settled(anna.mail);
  const seen = proxies.connects().length;
  postroom.must('account', 'set', anna.mail, ...through('http'));
  await until('IMAP through the other proxy', () => proxies.connects().slice(seen).includes(`${org.imap.host}:${org.imap.port}`), { ms: 30000 });
  assert.equal(postroom.status(anna.mail).proxy, proxies.http.address);
  await postroom.settled(anna.mail);
  /* Its SMTP, and the next token, too: the provider's own proxy is the other one. */
  const asked = proxies.connects().length;
  await org.control('idp/fault', { endpoint: 'introspect', user: anna.upn, inactive: true, times: 1 });
  await org.control('endSessions', { person: anna.mail, text: 'Session invalidated - AccessTokenExpired' });
  await compose(anna, james.mail, 'through a proxy of its own');
  await arrives(james, 'through a proxy of its own');
  const targets = { SMTP: `${org.smtp.host}:${org.smtp.port}`, 'sign-in': new URL(org.authority).host };
  for (const [what, target] of Object.entries(targets)) await until(`${what} through it`, () => proxies.connects().slice(asked).includes(target), { ms: 30000 });
  await postroom.settled(anna.mail);
  const before = await turnedAway();
  postroom.must('account', 'set', anna.mail, '--proxy', 'direct');
  await until('it is turned away', async () => await turnedAway() > before, { ms: 30000 });
  assert.equal(postroom.status(james.mail).error, null);
  postroom.must('account', 'set', anna.mail, '--proxy', 'default');
  await postroom.settled(anna.mail);
  assert.equal(postroom.status(anna.mail).proxy, null);
});

test('the proxy goes away and comes back', { timeout: 300000 }, async () => {
  await proxies.socks.stop();
  await problemOf(james.mail, 'proxy-unreachable');
  await org.control('append', { person: james.mail, message: 'Subject: while it was away\n\nx\n' });
  await proxies.socks.start();
  await arrives(james, 'while it was away', 90000);
  await postroom.settled(james.mail);
});

test('a wrong password at the proxy stops sync with a plain sentence, and the right one brings it back', { timeout: 300000 }, async () => {
  postroom.must('account', 'set', james.mail, ...through('socks', wrongFile));
  const { error } = await problemOf(james.mail, 'proxy-login-refused');
  assert.match(error.title, /proxy refuses the sign-in/);
  postroom.must('account', 'set', james.mail, ...through('http'));
  await postroom.settled(james.mail);
});

test('a password account with a proxy of its own', { timeout: 300000 }, async () => {
  const words = ['account', 'add', plain.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
    '--password-file', postroom.file('plain', `${plain.password}\n`), '--ca-file', org.caFile];
  const wrong = await postroom.run(...words, ...through('http', wrongFile));
  assert.equal(wrong.status, 1);
  assert.match(wrong.err, /proxy refuses the sign-in/);
  postroom.must(...words, ...through('http'));
  await postroom.settled(plain.mail);
  assert.ok(proxies.connects().includes(`localhost:${org.dovecot.imapsPort}`));
});

test('the settings page sets a proxy and never shows its password', async () => {
  const update = (patch) => client.call('Provider/set', { accountId: client.user.id, update: { microsoft: patch } });
  const { list: [before] } = await client.call('Provider/get', { accountId: client.user.id, ids: ['microsoft'] });
  assert.equal(before.proxy, proxies.socks.address);
  assert.equal(before.proxyPassword, null);
  for (const wrong of ['ftp://x', `http://u:${encodeURIComponent(proxies.http.password)}@127.0.0.1:1`, 'http://']) {
    const { notUpdated } = await update({ proxy: wrong });
    assert.deepEqual(notUpdated.microsoft.properties, ['proxy'], wrong);
  }
  assert.deepEqual(Object.keys((await update({ proxy: proxies.http.address, proxyPassword: proxies.http.password })).updated), ['microsoft']);
  await postroom.settled(anna.mail);
  /* Another proxy never gets the password of the one before. */
  await update({ proxy: proxies.socks.address });
  await problemOf(anna.mail, 'proxy-login-refused');
  await update({ proxy: proxies.http.address, proxyPassword: proxies.http.password });
  await postroom.settled(anna.mail);
});

test('a proxy for all, from the configuration', { timeout: 300000 }, async () => {
  postroom.must('provider', 'set', 'microsoft', '--proxy', 'default');
  await problemOf(anna.mail, 'server-unreachable');
  await postroom.stop();
  Object.assign(postroom.env, { POSTROOM_NETWORK_PROXY: proxies.http.address, POSTROOM_NETWORK_PROXY_PASSWORD_FILE: postroom.file('http-password', `${proxies.http.password}\n`) });
  await postroom.serve();
  await postroom.settled(anna.mail, { ms: 90000 });
});

test('settings that cannot be are refused in words, and no password is in the log', () => {
  const refused = (args, say) => {
    const { status, err } = postroom.command(args);
    assert.notEqual(status, 0);
    assert.match(err, say);
    assert.doesNotMatch(err, /hunter2/);
  };
  refused(['account', 'set', anna.mail], /--proxy is needed/);
  refused(['account', 'set', anna.mail, '--proxy', 'http://u:hunter2@127.0.0.1:1'], /does not belong in its address/);
  refused(['account', 'set', anna.mail, '--proxy', 'ftp://hunter2'], /http:\/\/host:port/);
  refused(['account', 'set', anna.mail, '--proxy', 'http://127.0.0.1:1', '--proxy-password-file', wrongFile], /user name/);
  refused(['provider', 'set', 'microsoft', '--proxy-password-file', wrongFile], /needs --proxy/);
  for (const secret of [proxies.http.password, proxies.socks.password, encodeURIComponent(proxies.socks.password), 'not-that-one']) assert.ok(!postroom.log().includes(secret));
});
