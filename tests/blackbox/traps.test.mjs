// Traps of Exchange Online that need a whole server to show (docs/internals/exchange.md has the table of all of them), against the front
// that behaves like it.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { agrees, here, otherClient, there } from './support/mirror.mjs';
import { startLinked } from './support/linked.mjs';
import { until } from './support/organisation.mjs';

let org, postroom, client, james, account, what, close;

before(async () => {
  ({ org, postroom, client, person: james, account, close } = await startLinked('james.okafor@northlight.example'));
  what = { postroom, client, account, org, person: james, keywords: false };
}, { timeout: 300000 });

beforeEach(() => org.control('clearFaults'));

after(() => close?.());

const fault = (kind, more = {}) => org.control('addFault', { service: 'imap', kind, person: james.mail, ...more });
const call = (name, args) => client.call(name, { accountId: account, ...args });
const count = async (name) => (await org.control('counters'))[james.upn]?.[`imap ${name}`] ?? 0;
const state = async (id) => (({ mailboxIds, keywords }) => ({ mailboxIds, keywords }))((await call('Email/get', { ids: [id], properties: ['mailboxIds', 'keywords'] })).list[0]);
const reasons = async (change) => (await client.call('LinkedAccount/get', { accountId: client.user.id, ids: [account], properties: ['refused'] })).list[0].refused.filter((r) => r.change === change);
let serial = 0;
const mail = (more = '', body = 'hello\r\n') => `From: x@elsewhere.example\r\nTo: ${james.mail}\r\nSubject: Trap ${++serial}\r\nMessage-ID: <trap-${serial}@elsewhere.example>\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\n${more}\r\n${body}`;

async function imported(text, keywords = {}) {
  const { blobId } = await client.upload(account, Buffer.from(text), 'message/rfc822');
  const boxes = await client.mailboxes(account);
  const { created } = await call('Email/import', { emails: { i: { blobId, mailboxIds: { [boxes.archive.id]: true }, keywords } } });
  assert.ok(created?.i);
  return created.i;
}

test('read receipts: an imported mail asks for none', async () => {
  const { id } = await imported(mail('disposition-notification-to: <x@elsewhere.example>,\r\n <y@elsewhere.example>\r\nX-Kept: yes\r\nReturn-Receipt-To: x@elsewhere.example\r\n', 'Disposition-Notification-To: in the text\r\n'));
  await agrees(what);
  const { list: [email] } = await call('Email/get', { ids: [id], properties: ['blobId', 'size'] });
  const raw = (await client.download(account, email.blobId)).toString();
  assert.match(raw, /^X-Kept: yes\r\n\r\nDisposition-Notification-To: in the text\r\n$/m);
  assert.equal(raw.match(/Notification-To|Return-Receipt-To/gi).length, 1);
  assert.equal(email.size, raw.length);
});

test('APPEND forgets \\Flagged: an imported mail is flagged there all the same', async () => {
  await imported(mail(), { $flagged: true });
  await agrees(what);
  const flagged = Object.values(await there(org, james)).flat().find((m) => m.messageId === `trap-${serial}@elsewhere.example`);
  assert.match(flagged.flags, /\\flagged/);
});

test('APPEND of a line over 10,000 bytes: refused, asked for once, and the mail is kept here', async () => {
  const { id } = await imported(mail('', `${'x'.repeat(12000)}\r\n`));
  await until('the refusal', () => /intent-refused .*Command Argument Error/.test(postroom.log()));
  const appends = await count('APPEND');
  await postroom.run('sync', james.mail);
  assert.equal(await count('APPEND'), appends);
  assert.equal((await call('Email/get', { ids: [id], properties: ['id'] })).list.length, 1);
  const { state, mailboxes } = await postroom.settled(james.mail);
  assert.equal(state, 'idle');
  for (const { name, localCount, serverCount } of mailboxes) assert.equal(localCount, serverCount, name); // what is here alone counts on neither side
  const { list: [{ refused }] } = await client.call('LinkedAccount/get', { accountId: client.user.id, ids: [account], properties: ['refused'] });
  assert.ok(refused.some((r) => /Argument Error/.test(JSON.stringify(r))), JSON.stringify(refused));
  await call('Email/set', { destroy: [id] });
  await agrees(what);
});

test('an empty COPYUID: a mail moved here is found again as the same', async () => {
  await org.control('append', { person: james.mail, message: mail() });
  await agrees(what);
  const { ids: [id] } = await call('Email/query', { filter: { subject: `"Trap ${serial}"` } });
  await fault('emptyCopyuid', { times: 1 });
  const boxes = await client.mailboxes(account);
  await call('Email/set', { update: { [id]: { mailboxIds: { [boxes.archive.id]: true } } } });
  await until('the move', async () => (await org.control('faults'))[0].left === 0);
  await agrees(what);
  assert.equal((await call('Email/get', { ids: [id], properties: ['id'] })).list.length, 1);
});

test('a reserved folder name is refused and gone again', async () => {
  const { created } = await call('Mailbox/set', { create: { f: { name: 'Files', parentId: null } } });
  assert.ok(created?.f);
  await until('the folder to go', async () => !(await client.mailboxes(account)).Files);
  await agrees(what);
  const [why] = await reasons('create-folder');
  assert.deepEqual([why.name, why.problem.code, why.problem.detail], ['Files', 'server-refused', 'CREATE: Folder name is reserved']);
});

test('what is refused for good is undone here, and says why', async () => {
  await org.control('append', { person: james.mail, message: mail() });
  await agrees(what);
  const { ids: [id] } = await call('Email/query', { filter: { subject: `"Trap ${serial}"` } });
  await fault('no', { command: 'UID MOVE', reply: '[CANNOT] Not with me' });
  await fault('no', { command: 'UID STORE', reply: '[CANNOT] Nor this' });
  const [before, boxes] = [await state(id), await client.mailboxes(account)];
  await call('Email/set', { update: { [id]: { mailboxIds: { [boxes.archive.id]: true }, 'keywords/$flagged': true } } });
  await until('both to be undone', async () => JSON.stringify(await state(id)) === JSON.stringify(before));
  await until('both reasons', async () => (await reasons('move')).length === 1 && (await reasons('flags')).length === 1);
  const [[moved], [flagged]] = [await reasons('move'), await reasons('flags')];
  assert.deepEqual([moved.emailId, flagged.emailId], [id, id]);
  assert.match(moved.problem.detail, /Not with me/);
  assert.match(flagged.problem.detail, /Nor this/);
  await org.control('clearFaults');
  await agrees(what);
});

test('keywords stay here', async () => {
  const { ids: [id] } = await call('Email/query', { filter: {}, limit: 1 });
  await call('Email/set', { update: { [id]: { 'keywords/blue': true } } });
  await agrees(what);
  await postroom.run('sync', james.mail);
  assert.equal((await call('Email/get', { ids: [id], properties: ['keywords'] })).list[0].keywords.blue, true);
});

test('folders in German have their roles', async () => {
  const jonas = org.person('jonas.weber@northlight.example');
  const accountId = await client.linked(jonas);
  await postroom.settled(jonas.mail);
  const boxes = await client.mailboxes(accountId);
  assert.deepEqual(['sent', 'trash', 'drafts', 'junk', 'archive'].map((role) => boxes[role]?.name), ['Gesendete Elemente', 'Gelöschte Elemente', 'Entwürfe', 'Junk-E-Mail', 'Archiv']);
});

test('a calendar is no place for mail: listed, not brought, and nothing is moved there', async () => {
  const lin = org.person('empty');
  await org.control('createFolder', { person: lin.mail, folder: 'Calendar' });
  await org.control('append', { person: lin.mail, folder: 'Calendar', message: 'Subject: An appointment\n\nx\n' });
  await org.control('append', { person: lin.mail, message: 'Subject: A mail\n\nx\n' });
  const accountId = await client.linked(lin);
  const { mailboxes } = await postroom.settled(lin.mail);
  assert.deepEqual(mailboxes.filter((m) => !m.synced).map((m) => m.name), ['Calendar']);
  assert.match(postroom.must('account', 'status', lin.mail), /^ {2}Calendar +not synced$/m);
  const { list } = await client.call('Mailbox/get', { accountId, ids: null });
  const calendar = list.find((m) => m.name === 'Calendar');
  assert.equal(calendar.myRights.mayAddItems, false);
  const { ids: [id] } = await client.call('Email/query', { accountId, filter: {} });
  const { notUpdated } = await client.call('Email/set', { accountId, update: { [id]: { mailboxIds: { [calendar.id]: true } } } });
  assert.deepEqual(notUpdated[id].properties, ['mailboxIds']);
  assert.match(JSON.parse(postroom.command(['doctor', '--json']).out).checks.find((c) => c.check === `account ${lin.mail}: reconciled`).text, /of (\d+) folders/);
});

test('a mailbox that was moved has another UIDVALIDITY: the mail is the same, and is not brought again', { timeout: 300000 }, async () => {
  for (let i = 0; i < 3; i++) await org.control('append', { person: james.mail, folder: 'Archive', message: mail() });
  await agrees(what);
  const before = new Map((await here(client, account)).map((e) => [e.messageId, e.id]));
  const folder = path.join(org.dovecot.maildirRoot, james.upn, 'mail/Archive');
  await org.control('endSessions', { person: james.mail });
  assert.ok(existsSync(path.join(folder, 'dovecot-uidlist')));
  const validity = async () => {
    const imap = await otherClient(org, james);
    const { untagged } = await imap.command('STATUS Archive (UIDVALIDITY)');
    imap.close();
    return /UIDVALIDITY (\d+)/.exec(untagged[0]?.text)?.[1] ?? null;
  };
  const old = await validity();
  const list = path.join(folder, 'dovecot-uidlist');
  writeFileSync(list, readFileSync(list, 'utf8').replace(/ V(\d+) /, (_, v) => ` V${Number(v) + 1} `));
  for (const name of readdirSync(folder).filter((n) => n.startsWith('dovecot.index'))) rmSync(path.join(folder, name));
  await until('another UIDVALIDITY', async () => { const now = await validity(); return now && now !== old; });
  await postroom.run('sync', james.mail);
  await agrees(what);
  for (const { messageId, id } of await here(client, account)) assert.equal(id, before.get(messageId), messageId);
});

test('an item without data is named and left: what comes after it is here', async () => {
  await org.control('append', { person: james.mail, message: mail('', 'Retrieval\r\n').replace(/Subject: .*/, 'Subject: Retrieval using the IMAP4 protocol failed for the following message: 5') });
  await org.control('append', { person: james.mail, message: mail() });
  await until('the next one', async () => (await call('Email/query', { filter: { subject: `"Trap ${serial}"` } })).ids.length === 1);
  const status = await postroom.settled(james.mail);
  assert.equal(status.mailboxes.find((m) => m.role === 'inbox').skipped, 1);
  await org.control('clearCounters');
  await postroom.run('sync', james.mail);
  assert.ok(await count('UID') < 40, 'it is not asked for again and again');
});

test('four connections are enough for everything', { timeout: 300000 }, async () => {
  let most = 0;
  const watch = setInterval(async () => { most = Math.max(most, await org.control('sessions', { person: james.mail }).catch(() => 0)); }, 20);
  await org.control('limits', { imapConnections: 4 });
  await Promise.all([postroom.run('sync', james.mail), imported(mail()), call('Email/query', { filter: { text: 'trap' } }), postroom.run('sync', james.mail)]);
  await postroom.settled(james.mail);
  clearInterval(watch);
  await org.control('limits', { imapConnections: 5000 });
  assert.ok(most >= 1 && most <= 4, `${most} at once`);
});
