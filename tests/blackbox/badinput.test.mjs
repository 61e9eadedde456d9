// Hostile and broken input from servers, mails and clients: a clear answer, no crash, no unbounded memory, nothing lost.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { startLinked } from './support/linked.mjs';
import { ROOT, until } from './support/organisation.mjs';

let org, postroom, client, anna, account, close;

before(async () => { ({ org, postroom, client, person: anna, account, close } = await startLinked('main', { mails: 60 })); }, { timeout: 300000 });

beforeEach(() => org.control('clearFaults'));

after(() => close?.());

const memory = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${postroom.child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
const alive = async () => assert.equal((await fetch(`${postroom.url}/healthz`)).status, 200);
let serial = 0;
const append = (message, more = {}) => org.control('append', { person: anna.mail, raw: Buffer.from(message, 'latin1').toString('base64'), ...more });
const head = (subject) => `From: x@elsewhere.example\r\nTo: ${anna.mail}\r\nSubject: ${subject}\r\nMessage-ID: <bad-${++serial}@elsewhere.example>\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n`;

/** Past the control API's limit: as a delivered file. */
function deliver(message) {
  const file = postroom.file('big.eml', message);
  const done = spawnSync(process.execPath, [path.join(ROOT, 'dev/org.mjs'), 'deliver', '--dir', org.dir, '--to', anna.mail, file], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
}

async function opens(subject) {
  const id = await until(subject, async () => {
    const { ids: [found] } = await client.call('Email/query', { accountId: account, filter: { subject }, limit: 1 });
    if (!found) return null;
    const { list: [email] } = await client.call('Email/get', { accountId: account, ids: [found], properties: ['postroom:state'] });
    return email['postroom:state'] === 'pending' ? null : found;
  }, { ms: 60000 });
  const { list: [view] } = await client.call('EmailView/get', { accountId: account, ids: [id] });
  assert.ok(view, 'no view');
  return view;
}

test('a mail of 64 MB is synced and opens within bounded memory', { timeout: 300000 }, async () => {
  const line = `${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0NTY3'.repeat(2).slice(0, 76)}\r\n`;
  deliver(`${head('Huge 64')}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsmall text\r\n--b\r\nContent-Type: application/octet-stream; name=big.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${line.repeat(Math.floor((64 << 20) / line.length))}--b--\r\n`);
  const view = await opens('Huge 64');
  assert.match(view.text ?? view.html, /small text/);
  assert.ok(memory() < 700, `${memory()} MB`);
});

test('a mail with 10,000 parts', async () => {
  await append(`${head('Manyparts')}Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\nContent-Type: text/plain\r\n\r\np\r\n'.repeat(10000)}--b--\r\n`);
  await opens('Manyparts');
});

test('a mail with 1,000 levels', async () => {
  const open = Array.from({ length: 1000 }, (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`).join('');
  await append(`${head('Deeplevels')}${open}Content-Type: text/plain\r\n\r\ndeep\r\n`);
  await opens('Deeplevels');
});

test('10,000 nested <div>, nested address groups, a header of a megabyte', async () => {
  await append(`${head('Nesteddivs')}Content-Type: text/html\r\n\r\n${'<div>'.repeat(20000)}x`);
  await append(`${head('Nestedgroups').replace(/To: .*\r\n/, `To: ${'g:'.repeat(20000)}\r\n`)}\r\nx`);
  await append(`${head('Bigheader')}X-Big: ${'y'.repeat(1 << 20)}\r\n\r\nx`);
  for (const subject of ['Nesteddivs', 'Nestedgroups', 'Bigheader']) await opens(subject);
});

test('no bytes at all, NULs, and no header', async () => {
  await append('\r\n');
  await append(`${head('Nulbytes')}\r\na\x00b`);
  await opens('Nulbytes');
  await postroom.settled(anna.mail);
});

for (const [name, fault] of [
  ['garbage from the server', { kind: 'garbage' }],
  ['the server gone in mid-literal', { kind: 'midLiteral', command: 'UID FETCH' }],
  ['the bare line of a server that is unavailable', { kind: 'unavailable' }],
  ['FETCH OK without data', { kind: 'emptyFetch', times: 1 }],
  ['a refused login', { kind: 'refuseLogin' }],
]) {
  test(`${name}: it says so, tries again, loses nothing`, { timeout: 300000 }, async (t) => {
    await org.control('addFault', { service: 'imap', person: anna.mail, ...fault });
    await org.control('endSessions', { person: anna.mail });
    await append(`${head(`After ${serial}`)}\r\nstill here`);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    t.diagnostic(`state: ${postroom.status(anna.mail).state}`);
    await alive();
    await org.control('clearFaults');
    const status = await postroom.settled(anna.mail);
    for (const mailbox of status.mailboxes) assert.equal(mailbox.localCount, mailbox.serverCount, mailbox.name);
  });
}

test('throttling is waited for as long as asked', { timeout: 300000 }, async () => {
  await org.control('addFault', { service: 'imap', kind: 'throttle', person: anna.mail, ms: 20000 });
  await org.control('endSessions', { person: anna.mail });
  const status = await until('the state', () => { const s = postroom.status(anna.mail); return s.state === 'retrying' && s.error?.code === 'throttled' ? s : null; });
  assert.ok(Date.parse(status.nextAttempt) > Date.now());
  await org.control('clearFaults');
  postroom.command(['sync', anna.mail]);
  await postroom.settled(anna.mail);
});

test('invalid JSON, deep JSON, duplicate keys, a wrong type', async () => {
  for (const [body, type] of [['{', 'notJSON'], ['['.repeat(1000) + ']'.repeat(1000), 'notJSON'], ['{"a":1,"a":2}', 'notJSON'], ['{"using":[]}', 'notRequest'], ['[]', 'notRequest']]) {
    const response = await client.post(body);
    assert.equal(response.status, 400, body.slice(0, 20));
    assert.equal((await response.json()).type, `urn:ietf:params:jmap:error:${type}`, body.slice(0, 20));
  }
  const unknown = await client.post({ using: ['urn:nobody'], methodCalls: [] });
  assert.equal((await unknown.json()).type, 'urn:ietf:params:jmap:error:unknownCapability');
  assert.equal((await client.post('{}', { 'Content-Type': 'text/plain' })).status, 400);
});

test('a request of 100 MB is refused by its length before it is read', async () => {
  const { port, hostname } = new URL(postroom.url);
  const answer = await new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname, () => {
      socket.write(`POST /jmap HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nAuthorization: Basic ${Buffer.from('admin@northlight.example:correct horse 42').toString('base64')}\r\nContent-Length: ${100 << 20}\r\n\r\n`);
    });
    socket.once('data', (d) => { resolve(d.toString()); socket.destroy(); });
    socket.once('error', reject);
    setTimeout(() => reject(new Error('no answer')), 5000).unref();
  });
  assert.match(answer, /^HTTP\/1\.1 413 /);
});

test('ambiguous framing is refused', async () => {
  const { port } = new URL(postroom.url);
  for (const extra of ['Content-Length: 5\r\nContent-Length: 6\r\n', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n']) {
    const answer = await new Promise((resolve, reject) => {
      const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(`POST /auth/login HTTP/1.1\r\nHost: x\r\n${extra}\r\nhello`));
      socket.once('data', (d) => { resolve(d.toString()); socket.destroy(); });
      socket.once('close', () => resolve(''));
      socket.once('error', reject);
    });
    assert.ok(answer === '' || /^HTTP\/1\.1 400 /.test(answer), answer.slice(0, 60));
  }
});

test('foreign and missing ids answer alike', async () => {
  const strange = await client.call('Email/get', { accountId: account, ids: ['e999999999', 'x', '', 'e-1', 'e18446744073709551616', '../../etc/passwd'] });
  assert.equal(strange.list.length, 0);
  assert.equal(strange.notFound.length, 6);
  for (const id of ['a999', 'u999', 'zzz']) await assert.rejects(client.call('Mailbox/get', { accountId: id, ids: null }), { type: 'accountNotFound' });
});

test('an unknown host and a refused password have plain words', () => {
  const file = postroom.file('pw-plain', 'wrong\n');
  const unknown = postroom.command(['account', 'add', 'x@nowhere.invalid', '--owner', 'admin@northlight.example', '--imap', 'imaps://imap.nowhere.invalid', '--smtp', 'smtps://smtp.nowhere.invalid', '--password-file', file]);
  assert.equal(unknown.status, 1);
  assert.match(unknown.err, /name is not known|cannot be reached/);
  const plain = org.person('plain');
  const wrong = postroom.command(['account', 'add', plain.mail, '--owner', 'admin@northlight.example', '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`, '--password-file', file, '--ca-file', org.caFile]);
  assert.equal(wrong.status, 1);
  assert.match(wrong.err, /user name or password/);
});

test('mail header injection by an API client is refused', async () => {
  const boxes = await client.mailboxes(account);
  for (const draft of [{ subject: 'a\r\nBcc: victim@elsewhere.example' }, { from: [{ name: 'x\nBcc: v@e.example', email: anna.mail }] }, { to: [{ email: 'a@b.example>\r\nRCPT TO:<c@d.example' }] }]) {
    const { notCreated } = await client.call('Email/set', { accountId: account, create: { d: { mailboxIds: { [boxes.drafts.id]: true }, ...draft } } });
    assert.equal(notCreated?.d?.type, 'invalidProperties', JSON.stringify(draft));
  }
});
