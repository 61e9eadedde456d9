// A provider that asks to go slower, or cannot just now: what is waited for, how often it is asked meanwhile, what people see, and that it
// goes on by itself. Against the front that behaves like Exchange and its sign-in service; each test has a person of its own, and all
// run side by side but the one that closes the door for everybody.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';

import { faults } from '../../dev/fault/faults.mjs';
import { startFaultProxy } from '../../dev/fault/proxy.mjs';
import { sleep, startOrganisation, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const DAY_S = 86400;
let org, postroom, client, front;

before(async () => {
  org = await startOrganisation(['--mails', '3']);
  front = await startFaultProxy({ to: { port: org.imap.port } });
  postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider({ ...org, imap: { host: 'localhost', port: front.port } });
  await postroom.serve();
  client = await postroom.signIn();
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await front?.close();
  await org?.close();
});

async function someone(address) {
  const person = org.person(address);
  person.account = await client.linked(person);
  await postroom.settled(person.mail);
  return person;
}

const fault = (person, kind, more = {}) => org.control('addFault', { service: 'imap', person: person.mail, kind, ...more });
const logins = async (person) => (await org.control('counters'))[person.upn]?.['imap logins'] ?? 0;
const hits = async (id) => (await org.control('faults')).find((f) => f.id === id).hits;
const status = async (person) => JSON.parse((await postroom.run('account', 'status', person.mail, '--json')).out);
const ahead = (seen) => Date.parse(seen.nextAttempt) - Date.now();
/** Requests of the token endpoint about a person. */
const asked = async (person) => (await org.control('idp/log')).filter((r) => r.grant === 'refresh_token' && r.user === person.upn).length;
const waits = (person, code) => until(`${person.mail} to wait for ${code}`, async () => { const s = await status(person); return s.state === 'retrying' && s.error?.code === code ? s : null; }, { ms: 60000, every: 100 });
const append = (person, subject) => org.control('append', { person: person.mail, message: `From: x@elsewhere.example\nSubject: ${subject}\n\nhello\n` });

/** Mail that came meanwhile is here, without anybody's help, and all is well. */
async function recovers(person, subject, ms = 120000) {
  await until(`"${subject}"`, async () => (await client.call('Email/query', { accountId: person.account, filter: { subject: `"${subject}"` } })).ids.length === 1, { ms, every: 200 });
  assert.equal((await postroom.settled(person.mail)).error, null);
}

async function throttled(reply) {
  const person = await someone('main');
  await fault(person, 'no', { command: 'NAMESPACE', reply, times: 1 });
  await append(person, 'Through a throttling');
  await org.control('endSessions', { person: person.mail, text: 'Connection is closed. 13' });
  const seen = await waits(person, 'throttled');
  assert.ok(ahead(seen) > 1000 && ahead(seen) < 12000, seen.nextAttempt);
  const before = await logins(person);
  while (Date.now() < Date.parse(seen.nextAttempt) - 2500) {
    await sleep(500);
    assert.equal(await logins(person), before, 'it asked before the time');
  }
  await recovers(person, 'Through a throttling');
}

async function byeAtEachSignIn() {
  const person = await someone('james.okafor@northlight.example');
  const id = await fault(person, 'bye', { command: 'NAMESPACE' });
  await append(person, 'After many a BYE');
  await org.control('endSessions', { person: person.mail, text: 'Connection is closed. 13' });
  const begun = Date.now();
  await waits(person, 'server-unreachable');
  await sleep(4000);
  const [times, seconds] = [await hits(id), (Date.now() - begun) / 1000];
  assert.ok(times <= 3 + seconds / 2.5, `${times} sign-ins in ${seconds} s`);
  await org.control('removeFault', { id });
  await recovers(person, 'After many a BYE');
}

async function tooManyConnections() {
  const person = await someone('jonas.weber@northlight.example');
  const id = await fault(person, 'refuseLogin', { reply: 'NO [ALERT] Too many simultaneous connections. (Failure)' });
  await append(person, 'In a crowd');
  const tokens = await asked(person);
  await org.control('endSessions', { person: person.mail, text: 'Connection is closed. 13' });
  const seen = await waits(person, 'throttled');
  assert.ok(ahead(seen) > 50000, seen.nextAttempt);
  await sleep(4000);
  assert.equal(await hits(id), 1);
  assert.equal(await asked(person), tokens, 'another token does not help');
}

async function signInFails() {
  const person = await someone('maeve.oneill@northlight.example');
  await fault(person, 'refuseLogin', { times: 4 }); // each attempt but one that comes soon is two: the second with a fresh token
  await append(person, 'After refusals');
  const tokens = await asked(person);
  await org.control('endSessions', { person: person.mail, text: 'Connection is closed. 13' });
  const seen = await waits(person, 'imap-refused');
  assert.ok(ahead(seen) > 0, seen.nextAttempt);
  await recovers(person, 'After refusals');
  assert.ok(await asked(person) - tokens <= 2, 'one fresh token each attempt, at most');
}

/** The token is not accepted any more, and the sign-in service has no time. */
async function tokenEndpointBusy(address, code, problem) {
  const person = await someone(address);
  const WAIT_S = 9;
  await org.control('idp/fault', { endpoint: 'token', user: person.upn, code, retryAfter: WAIT_S, times: 1 });
  await org.control('idp/fault', { endpoint: 'introspect', user: person.upn, inactive: true, times: 1 });
  await append(person, 'With a late token');
  const before = await asked(person);
  await org.control('endSessions', { person: person.mail, text: 'Session invalidated - AccessTokenExpired' });
  const seen = await waits(person, problem);
  assert.ok(ahead(seen) > (WAIT_S - 4) * 1000 && ahead(seen) < 20000, seen.nextAttempt);
  await recovers(person, 'With a late token');
  assert.ok(await asked(person) - before <= 2, `${await asked(person) - before} requests`);
}

async function dailyLimit(t) {
  const small = new Postroom({ config: { 'exchange.megabytes_a_day': 1 } });
  t.after(() => small.close());
  const person = org.person('empty');
  const MAILS = 60, SIZE = 150000;
  const slow = await startFaultProxy({ to: { port: org.imap.port } }); // a step of a session is a second
  t.after(() => slow.close());
  slow.always(faults.delay({ ms: 30 }));
  for (let i = 0; i < MAILS; i++) await org.control('append', { person: person.mail, message: `From: x@elsewhere.example\nSubject: Large ${i}\nMessage-ID: <large-${i}@elsewhere.example>\n\n${`${'x'.repeat(71)}\n`.repeat(SIZE / 72)}` });
  small.addUser();
  small.setProvider({ ...org, imap: { host: 'localhost', port: slow.port } });
  await small.serve();
  const accountId = await (await small.signIn()).linked(person);
  const limited = (what) => until(what, async () => { const s = small.status(person.mail); return s.state === 'idle' && s.error?.code === 'daily-limit' ? s : null; }, { ms: 60000, every: 200 });
  const pending = (s) => s.mailboxes.reduce((sum, m) => sum + m.pending, 0);
  const first = await limited('the limit');
  assert.ok(pending(first) > 0 && pending(first) < MAILS, `${pending(first)} wait`);
  const midnight = (Math.floor(Date.now() / 1000 / DAY_S) + 1) * DAY_S * 1000;
  assert.ok(Math.abs(Date.parse(first.nextAttempt) - midnight) < 2000, first.nextAttempt);
  let browser = await small.signIn();
  const { ids } = await browser.call('Email/query', { accountId, limit: MAILS, sort: [{ property: 'receivedAt', isAscending: false }] });
  assert.equal(ids.length, MAILS, 'all are listed');
  const get = async () => (await browser.call('Email/get', { accountId, ids, properties: ['postroom:state'] })).list.filter((e) => e['postroom:state'] === 'pending');
  const [oldest] = (await get()).slice(-1);
  await browser.call('EmailView/get', { accountId, ids: [oldest.id] });
  await until('what was opened', async () => !(await get()).some((e) => e.id === oldest.id));
  const before = (await get()).length;
  await sleep(2500);
  assert.equal((await get()).length, before, 'the others wait');
  // The next day: what was counted is yesterday's.
  await small.stop();
  const db = new DatabaseSync(path.join(small.data, 'postroom.db'));
  assert.equal(db.prepare('UPDATE traffic SET day = day - 1').run().changes, 1);
  db.close();
  await small.serve();
  browser = await small.signIn();
  await until('more', async () => (await get()).length < before, { ms: 30000, every: 200 });
}

test('each asks for patience in its way', { timeout: 300000, concurrency: true }, (t) => Promise.all([
  t.test('NO with a Suggested Backoff Time', () => throttled('Request is throttled. Suggested Backoff Time: 9000 milliseconds')),
  t.test('BYE at each sign-in', byeAtEachSignIn),
  t.test('too many connections', tooManyConnections),
  t.test('AUTHENTICATE fails for a while: nobody has to link again', signInFails),
  t.test('token endpoint: 429 with Retry-After', () => tokenEndpointBusy('sam.carter@outlook.example', 90055, 'throttled')),
  t.test('token endpoint: 503 with Retry-After', () => tokenEndpointBusy('noa.peretz@harborline.example', 90006, 'provider-error')),
  t.test('a daily limit: older mail waits for the next day, and what is opened comes all the same', dailyLimit),
]));

test('refused connections: all wait, one tries, and they go on by themselves', { timeout: 300000 }, async () => {
  const people = ['main', 'james.okafor@northlight.example', 'sam.carter@outlook.example'].map((who) => org.person(who));
  const { port } = front;
  await front.close();
  for (const person of people) {
    const seen = await waits(person, 'server-unreachable');
    assert.ok(ahead(seen) < 60000, seen.nextAttempt);
    await append(person, 'Behind a closed door');
  }
  front = await startFaultProxy({ to: { port: org.imap.port }, port });
  for (const person of people) await recovers(person, 'Behind a closed door');
});
