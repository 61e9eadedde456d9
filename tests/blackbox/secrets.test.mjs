// SECURITY.md on credentials: linking that cannot be swapped, secrets that open nowhere else, servers that try to be told them.

import assert from 'node:assert/strict';
import { chmodSync, openSync, closeSync, readFileSync, readdirSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, test } from 'node:test';

import { mailServer } from './support/hostile.mjs';
import { sleep, startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

const MEMBER = { email: 'member@northlight.example', password: 'another horse 43' };
let org, postroom, client, member, anna, james, noa, account;

before(async () => {
  org = await startOrganisation(['--mails', '10']);
  anna = org.person('main');
  james = org.person('james.okafor@northlight.example');
  noa = org.person('noa.peretz@harborline.example');
  postroom = new Postroom();
  postroom.addUser();
  postroom.addUser(MEMBER.email, MEMBER.password, false);
  postroom.setProvider(org);
  postroom.must('provider', 'set', 'other', '--type', 'microsoft', '--client-id', org.apps[0].clientId, '--client-secret-file', org.apps[0].clientSecretFile, '--authority', org.authority, '--graph', org.graph);
  await begin();
  account = await client.linked(anna);
  await postroom.settled(anna.mail);
}, { timeout: 300000 });

async function begin() {
  await postroom.serve();
  client = await postroom.signIn();
  member = await postroom.signIn(MEMBER.email, MEMBER.password);
}

beforeEach(() => org.control('idp/clearFaults'));

after(async () => {
  await postroom?.close();
  await org?.close();
});

const accounts = () => postroom.json('account', 'list').map((a) => a.email).sort();
const ids = async (browser) => Object.keys((await browser.session()).accounts).sort();

function change(...statements) {
  const db = new DatabaseSync(path.join(postroom.data, 'postroom.db'));
  try {
    db.exec('PRAGMA foreign_keys = off');
    return statements.map((sql) => (/^SELECT/.test(sql) ? db.prepare(sql).all() : db.exec(sql))).at(-1);
  } finally {
    db.close();
  }
}

/* --- 15 --------------------------------------------------------------------------------------------------------------------------- */

for (const [what, claims, code] of [
  ['another nonce', { nonce: 'of-another-sign-in' }, 'link-expired'],
  ['no nonce', { nonce: null }, 'link-expired'],
  ['another audience', { aud: 'd15ea5e2-6f3c-4e70-9b48-2cad5f8e3071' }, 'provider-error'],
  ['two audiences', { aud: ['c0ffee1a-5e2b-4d6f-8a37-1b9c4e7d2f60', 'd15ea5e2-6f3c-4e70-9b48-2cad5f8e3071'] }, 'provider-error'],
  ['another issuer', { iss: 'https://evil.example/v2.0' }, 'provider-error'],
  ['an issuer of another tenant', { tid: 'b84e07a9-51c3-4f2d-8e6a-90c1f7d35e28' }, 'provider-error'],
  ['an expired id_token', { exp: 1000000000 }, 'provider-error'],
  ['no expiry', { exp: null }, 'provider-error'],
  ['another person than Graph says', { oid: '1a6b2f0c-7d41-4e5b-9a10-5f0c3e8d2b71' }, 'provider-error'],
  ['no oid', { oid: null }, 'provider-error'],
  ['no tid', { tid: null }, 'provider-error'],
]) {
  test(`15: ${what} links nothing`, async () => {
    const before = accounts();
    await org.control('idp/fault', [{ endpoint: 'token', grant: 'authorization_code', claims }]);
    const { done } = await client.link({ hint: james.mail, person: james });
    assert.equal(done.searchParams.get('code'), code, done.href);
    assert.deepEqual(accounts(), before);
  });
}

test('15: a code is worth nothing in another’s session, with another state, or twice', async () => {
  const before = accounts();
  const theirs = (await member.link({ hint: james.mail, person: james, hold: true })).done;
  assert.ok(theirs.searchParams.get('code'));
  const failed = async (browser, target) => {
    const to = new URL((await browser.fetch(target)).headers.get('location'));
    assert.ok(to.pathname.endsWith('/link/failed'), `${target}: ${to}`);
    return to.searchParams.get('code');
  };
  /* Login CSRF: an attacker's own callback, opened by the victim. */
  assert.equal(await failed(client, theirs), 'link-expired');
  /* Code injection: a code that leaked, handed to a sign-in of one's own. PKCE refuses it. */
  const own = (await client.fetch('oauth/microsoft/start')).headers.get('location');
  await failed(client, `oauth/microsoft/callback?code=${encodeURIComponent(theirs.searchParams.get('code'))}&state=${new URL(own).searchParams.get('state')}`);
  /* Mix-up: an answer of one provider at the callback of another. */
  const started = new URL((await client.fetch('oauth/microsoft/start')).headers.get('location')).searchParams.get('state');
  assert.equal(await failed(client, `oauth/other/callback?code=x&state=${started}`), 'link-expired');
  assert.deepEqual(accounts(), before);
  assert.deepEqual(await ids(client), [account, client.user.id].sort());

  const mine = (await client.link({ hint: james.mail, person: james, hold: true })).done;
  const first = new URL((await client.fetch(mine)).headers.get('location'));
  assert.ok(first.pathname.endsWith('/link/done'), first.href);
  assert.equal(await failed(client, mine), 'link-expired');
  await postroom.settled(james.mail);
});

test('15: an address that a foreign tenant claims opens nothing of its owner’s', async () => {
  try {
    await org.control('idp/person', [noa.upn, { mail: anna.mail }]);
    await org.control('idp/fault', [{ endpoint: 'token', grant: 'authorization_code', claims: { email: anna.mail, preferred_username: anna.upn } }]);
    const before = await ids(client);
    const { done } = await client.link({ hint: anna.mail, person: noa, account });
    assert.equal(done.searchParams.get('code'), 'wrong-account');
    const { done: linked } = await member.link({ hint: anna.mail, person: noa });
    const made = linked.searchParams.get('account');
    if (made) assert.notEqual(made, account);
    assert.equal((await ids(member)).includes(account), false);
    assert.deepEqual(await ids(client), before);
    await assert.rejects(member.call('Email/query', { accountId: account }), { type: 'accountNotFound' });
    if (made) await member.call('LinkedAccount/set', { accountId: member.user.id, destroy: [made] });
    assert.equal((await client.call('Email/query', { accountId: account, limit: 1 })).ids.length, 1);
  } finally {
    await org.control('idp/person', [noa.upn, { mail: noa.mail }]);
  }
});

/* --- 11 --------------------------------------------------------------------------------------------------------------------------- */

const PASSWORD = 'Never-Tell-42';
const tellsNothing = (heard, secret = PASSWORD) => {
  const words = heard.join('\n');
  assert.ok(heard.length > 0, 'nobody came');
  assert.doesNotMatch(words, /\b(LOGIN|AUTHENTICATE|AUTH)\b/i);
  for (const form of [secret, Buffer.from(secret).toString('base64'), Buffer.from(`\0workshop@lampworks.example\0${secret}`).toString('base64')]) assert.equal(words.includes(form), false);
};
const tag = (line) => line.split(' ')[0];
const CAPABLE = 'IMAP4rev1 STARTTLS AUTH=PLAIN';

const imapTricks = {
  'a server that signs us in by itself (PREAUTH)': { greeting: `* PREAUTH [CAPABILITY ${CAPABLE}] welcome\r\n`, answer: (line, say) => say(`${tag(line)} OK done\r\n`) },
  'PREAUTH inside TLS': { secure: true, greeting: `* PREAUTH [CAPABILITY ${CAPABLE}] welcome\r\n`, answer: (line, say) => say(`* CAPABILITY ${CAPABLE}\r\n${tag(line)} OK done\r\n`) },
  'STARTTLS stripped from the capabilities': { greeting: '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n', answer: (line, say) => say(`* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n${tag(line)} OK done\r\n`) },
  'STARTTLS refused': { greeting: `* OK [CAPABILITY ${CAPABLE}] hello\r\n`, answer: (line, say) => say(/STARTTLS/i.test(line) ? `${tag(line)} NO not now\r\n` : `${tag(line)} OK done\r\n`) },
  'bytes slipped in before the handshake': {
    greeting: `* OK [CAPABILITY ${CAPABLE}] hello\r\n`,
    answer: (line, say, { upgrade }) => {
      if (!/STARTTLS/i.test(line)) return say(`* CAPABILITY ${CAPABLE}\r\n${tag(line)} OK done\r\n`);
      say(`${tag(line)} OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA2 OK done\r\n`);
      upgrade();
    },
  },
  'capabilities from before the handshake that TLS takes back': {
    greeting: `* OK [CAPABILITY ${CAPABLE}] hello\r\n`,
    answer: (line, say, { upgrade }) => {
      if (!/STARTTLS/i.test(line)) return say(`* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n${tag(line)} OK done\r\n`);
      say(`${tag(line)} OK begin\r\n`);
      upgrade();
    },
  },
};

for (const [what, trick] of Object.entries(imapTricks)) {
  test(`11: IMAP, ${what}: no password is said`, { timeout: 120000 }, async () => {
    const server = await mailServer({ org, ...trick });
    try {
      const { status, err } = await postroom.run('account', 'add', 'workshop@lampworks.example', '--owner', ADMIN.email, '--imap', `${trick.secure ? 'imaps' : 'imap+starttls'}://127.0.0.1:${server.port}`, '--smtp', 'smtps://127.0.0.1:1', '--password-file', postroom.file('pw-never', `${PASSWORD}\n`), '--ca-file', org.caFile);
      assert.equal(status, 1, err);
      assert.ok(err.length > 20);
      tellsNothing(server.heard);
    } finally {
      await server.close();
    }
  });
}

const smtpTricks = {
  'STARTTLS not offered': (line, say) => say(/^EHLO/i.test(line) ? '250-here\r\n250 AUTH PLAIN LOGIN\r\n' : '502 no\r\n'),
  'bytes slipped in before the handshake': (line, say, { upgrade }) => {
    if (/^EHLO/i.test(line)) return say('250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n');
    if (!/^STARTTLS/i.test(line)) return say('502 no\r\n');
    say('220 go\r\n250-here\r\n250 AUTH PLAIN LOGIN\r\n');
    upgrade();
  },
  'AUTH from before the handshake that TLS takes back': (line, say, { upgrade }) => {
    if (/^EHLO/i.test(line)) return say(say.upgraded ? '250 here\r\n' : '250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n');
    if (!/^STARTTLS/i.test(line)) return say('502 no\r\n');
    say('220 go\r\n');
    upgrade();
  },
};

for (const [what, answer] of Object.entries(smtpTricks)) {
  test(`11: SMTP, ${what}: no password is said`, { timeout: 120000 }, async () => {
    const plain = org.person('plain');
    let upgraded = false;
    const server = await mailServer({
      org, greeting: '220 here ESMTP\r\n',
      answer: (line, say, tools) => answer(line, Object.assign((text) => say(text), { upgraded }), { ...tools, upgrade: () => { upgraded = true; tools.upgrade(); } }),
    });
    try {
      const added = await postroom.run('account', 'add', plain.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://127.0.0.1:${server.port}`, '--password-file', postroom.file('pw-workshop', `${plain.password}\n`), '--ca-file', org.caFile);
      assert.equal(added.status, 0, added.err);
      await until('the server to be asked', () => server.heard.some((line) => /^(EHLO|STARTTLS)/i.test(line)));
      await sleep(700);
      tellsNothing(server.heard, plain.password);
    } finally {
      postroom.command(['account', 'remove', plain.mail]);
      await server.close();
    }
  });
}

test('11: an account of a provider never falls back to a password mechanism', { timeout: 300000 }, async () => {
  const maeve = org.person('maeve.oneill@northlight.example');
  const imap = await mailServer({ org, secure: true, greeting: '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=LOGIN SASL-IR] hello\r\n', answer: (line, say) => say(`* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=LOGIN SASL-IR\r\n${tag(line)} ${/CAPABILITY|ID|NOOP/i.test(line) ? 'OK' : 'NO'} done\r\n`) });
  const elsewhere = { ...org, imap: { ...org.imap, port: imap.port } };
  try {
    postroom.setProvider(elsewhere);
    await client.linked(maeve);
    const status = await until('the problem', () => { const s = postroom.status(maeve.mail); return s.error ? s : null; });
    assert.notEqual(status.error.code, 'key-mismatch');
    tellsNothing(imap.heard);
  } finally {
    postroom.command(['account', 'remove', maeve.mail]);
    postroom.setProvider(org);
    await imap.close();
  }
});

/* --- 3, 9: with the data at hand -------------------------------------------------------------------------------------------------- */

test('3: the key file is 0600, lies outside the data, and is refused when others may read it', async () => {
  const key = postroom.env.POSTROOM_SERVER_KEY_FILE;
  assert.equal(statSync(key).mode & 0o777, 0o600);
  const bytes = readFileSync(key, 'utf8').trim().split(':')[1];
  const all = readdirSync(postroom.data, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).map((e) => path.join(e.parentPath ?? e.path, e.name));
  assert.ok(all.length > 0);
  for (const file of all) {
    const data = readFileSync(file);
    assert.equal(data.includes(bytes) || data.includes(Buffer.from(bytes, 'base64')), false, file);
    assert.equal(statSync(file).mode & 0o077, 0, `${file} may be read by others`);
  }
  assert.equal(statSync(postroom.data).mode & 0o077, 0);
  await postroom.stop();
  try {
    chmodSync(key, 0o644);
    const open = postroom.command(['account', 'list']);
    assert.equal(open.status, 1);
    assert.match(open.err, /chmod 600/);
  } finally {
    chmodSync(key, 0o600);
    await begin();
  }
});

test('3: a sealed value moved to another row does not open', { timeout: 300000 }, async () => {
  await postroom.settled(anna.mail);
  await client.linked(james);
  await postroom.settled(james.mail);
  await postroom.stop();
  const rows = change('SELECT account, user, hex(refresh) AS refresh, hex(access) AS access FROM credential JOIN account ON account.id = account WHERE provider IS NOT NULL ORDER BY account');
  assert.equal(rows.length, 2);
  const put = (to, from) => `UPDATE credential SET refresh = x'${from.refresh}', access = x'${from.access}' WHERE account = ${to.account} AND user = ${to.user}`;
  change(put(rows[0], rows[1]), put(rows[1], rows[0]));
  await begin();
  for (const person of [anna, james]) {
    const status = await postroom.settled(person.mail, { state: 'needs-relink' });
    assert.equal(status.error.code, 'key-mismatch');
    assert.match(status.error.action, /link the mailbox again/);
    assert.ok(status.emails > 0);
  }
  /* Linking anew mends it, and keeps the mail. */
  assert.equal(await client.linked(anna, { account }), account);
  assert.equal((await postroom.settled(anna.mail)).error, null);
  await client.linked(james);
  await postroom.settled(james.mail);
});

test('3: a client secret does not open for another provider’s row or another sign-in address', async () => {
  await postroom.stop();
  const [own] = change("SELECT hex(secret) AS secret, authority FROM provider WHERE name = 'microsoft'");
  const [other] = change("SELECT hex(secret) AS secret FROM provider WHERE name = 'other'");
  const attempts = [`UPDATE provider SET secret = x'${other.secret}' WHERE name = 'microsoft'`, "UPDATE provider SET authority = 'http://127.0.0.1:9' WHERE name = 'microsoft'",
    "UPDATE provider SET authority = 'http://127.0.0.1:9', secret_origin = 'http://127.0.0.1:9' WHERE name = 'microsoft'"];
  for (const sql of attempts) {
    change(sql);
    await begin();
    const to = (await client.fetch('oauth/microsoft/start')).headers.get('location');
    assert.match(to, /link\/failed\?code=key-mismatch/, sql);
    await postroom.stop();
    change(`UPDATE provider SET secret = x'${own.secret}', authority = '${own.authority}', secret_origin = '${own.authority}' WHERE name = 'microsoft'`);
  }
  await begin();
  assert.match((await client.fetch('oauth/microsoft/start')).headers.get('location'), /oauth2\/v2\.0\/authorize/);
});

test('3: another sign-in address wants the secret again, another mail host wants linking again', { timeout: 300000 }, async () => {
  const moved = postroom.command(['provider', 'set', 'microsoft', '--authority', 'http://127.0.0.1:9']);
  assert.equal(moved.status, 1);
  assert.match(moved.err, /enter the client secret again/);
  const spy = await mailServer({ org, secure: true, greeting: '* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] hello\r\n', answer: (line, say) => say(`${tag(line)} OK done\r\n`) });
  try {
    postroom.setProvider({ ...org, imap: { ...org.imap, port: spy.port } });
    await org.control('endSessions', { person: anna.mail });
    const status = await postroom.settled(anna.mail, { state: 'needs-relink' });
    assert.equal(status.error.code, 'key-mismatch');
    assert.doesNotMatch(spy.heard.join('\n'), /AUTHENTICATE/i);
    postroom.setProvider(org);
    await client.linked(anna, { account });
    await postroom.settled(anna.mail);
  } finally {
    await spy.close();
  }
});

test('3: a password does not go to another host than it was entered for', { timeout: 300000 }, async () => {
  const plain = org.person('plain');
  const added = await postroom.run('account', 'add', plain.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`, '--password-file', postroom.file('pw-workshop', `${plain.password}\n`), '--ca-file', org.caFile);
  assert.equal(added.status, 0, added.err);
  await postroom.settled(plain.mail);
  await postroom.stop();
  const spy = await mailServer({ org, secure: true, greeting: '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n', answer: (line, say) => say(`${tag(line)} OK done\r\n`) });
  try {
    change(`UPDATE account SET imap_port = ${spy.port} WHERE address = '${plain.mail}'`);
    await begin();
    const status = await postroom.settled(plain.mail, { state: 'needs-relink' });
    assert.equal(status.error.code, 'key-mismatch');
    assert.doesNotMatch(spy.heard.join('\n'), /LOGIN|AUTHENTICATE/i);
  } finally {
    postroom.command(['account', 'remove', plain.mail]);
    await spy.close();
  }
});

test('9: a message that two crashes died of is kept as it is, marked, and sync goes on', { timeout: 300000 }, async () => {
  await postroom.settled(anna.mail);
  await postroom.stop();
  const [inbox] = change(`SELECT id, uidvalidity FROM mailbox WHERE raw_name = 'INBOX' AND account = ${Number(account.slice(1))}`);
  const raw = (subject) => `From: x@elsewhere.example\r\nTo: ${anna.mail}\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@elsewhere.example>\r\n\r\nbody of ${subject}\r\n`;
  const append = (subject) => org.control('append', { person: anna.mail, raw: Buffer.from(raw(subject)).toString('base64') });
  const uid = await append('Deadly');
  await append('Harmless');
  /* What two runs leave that died while they parsed it: a slot of the mapped file. */
  const mixed = BigInt.asUintN(64, ((BigInt(inbox.id) << 32n) ^ BigInt(uid)) * 0x9E3779B97F4A7C15n);
  const slot = Buffer.alloc(24);
  slot.writeBigInt64LE(BigInt(inbox.id), 0);
  [inbox.uidvalidity, uid, 1, 1].forEach((n, i) => slot.writeUInt32LE(n, 8 + 4 * i));
  const file = openSync(path.join(postroom.data, 'parsing'), 'r+');
  writeSync(file, slot, 0, 24, Number((mixed >> 40n) % 4096n) * 24);
  closeSync(file);
  await begin();
  const found = await until('both messages', async () => {
    const { ids: all } = await client.call('Email/query', { accountId: account, sort: [{ property: 'receivedAt', isAscending: false }], limit: 10 });
    const { list } = await client.call('Email/get', { accountId: account, ids: all, properties: ['subject', 'blobId', 'postroom:state'] });
    const marked = list.find((e) => e['postroom:state'] === 'unreadable'), other = list.find((e) => e.subject === 'Harmless' && e['postroom:state'] === 'ready');
    return marked && other ? marked : null;
  });
  const { list: [shown] } = await client.call('EmailView/get', { accountId: account, ids: [found.id] });
  assert.deepEqual([shown.state, shown.html, shown.text], ['unreadable', null, null]);
  const { list: [email] } = await client.call('Email/get', { accountId: account, ids: [found.id], properties: ['bodyValues', 'textBody', 'attachments'], fetchTextBodyValues: true });
  assert.deepEqual(email.bodyValues, {});
  assert.equal((await client.download(account, found.blobId)).toString(), raw('Deadly'));
  const status = await postroom.settled(anna.mail);
  assert.equal(status.error, null);
  for (const mailbox of status.mailboxes) assert.equal(mailbox.localCount, mailbox.serverCount, mailbox.name);
});
