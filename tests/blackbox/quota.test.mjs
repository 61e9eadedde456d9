// Quotas (RFC 9425) at a real Dovecot that has them: told, kept, pushed, shown, and what happens when a mailbox is full.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { addAccount } from './support/behind.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const KIB = 1024, LIMIT = 64;
let org, postroom, client, person, account, boxes;

before(async () => {
  org = await startOrganisation(['--mails', '3', '--quota', String(LIMIT)]);
  postroom = new Postroom();
  postroom.addUser();
  await postroom.serve();
  client = await postroom.signIn();
  person = org.person('lin.yue@northlight.example');
  account = await addAccount({ postroom, client, org, person });
  await postroom.settled(person.mail);
  boxes = await client.mailboxes(account);
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

const quotas = async () => (await client.call('Quota/get', { accountId: account, ids: null })).list;
const letter = (subject) => `From: Lin <${person.mail}>\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@quota>\r\n\r\n${'A line of forty characters, all in all.\r\n'.repeat(KIB)}`;

/** An import of 40 KiB: the answer's part about it. */
async function put(subject) {
  const { blobId } = await client.upload(account, letter(subject), 'message/rfc822');
  const { created, notCreated } = await client.call('Email/import', { accountId: account, emails: { k: { blobId, mailboxIds: { [boxes.inbox.id]: true } } } });
  return created?.k ?? notCreated.k;
}

const there = async () => (await org.control('messages', { person: person.mail })).map((m) => m.subject).toSorted();

test('RFC 9425, 4.1: what Dovecot tells is what the client is told', { timeout: 120000 }, async () => {
  const [quota, ...more] = await quotas();
  assert.deepEqual(more, []);
  assert.equal(quota.name, 'User quota');
  assert.equal(quota.resourceType, 'octets');
  assert.equal(quota.hardLimit, LIMIT * KIB);
  assert.ok(quota.used < 10 * KIB, `${quota.used} used`);
  assert.deepEqual(quota.types, ['Email']);
  assert.equal(quota.description, person.mail);
  const status = postroom.json('account', 'status', person.mail);
  assert.deepEqual(status.quotas, [{ name: 'User quota', of: 'bytes', used: quota.used, limit: LIMIT * KIB }]);
  assert.match(postroom.must('account', 'status', person.mail), new RegExp(`quota User quota: ${quota.used} of ${LIMIT * KIB} bytes used`));
});

test('RFC 9425, 6: a full mailbox is told, and the next change is refused at once', { timeout: 240000 }, async () => {
  const first = await put('one');
  assert.ok(first.id, JSON.stringify(first));
  await until('the mail to be there', async () => (await there()).length === 1);
  // The server was asked before: it is for Dovecot to refuse this one.
  const events = client.events({ types: 'Quota', ms: 100000 }, (event) => event.event === 'state' && JSON.parse(event.data).changed[account]?.Quota);
  const { state } = await client.call('Quota/get', { accountId: account, ids: [] });
  const second = await put('two');
  assert.ok(second.id, JSON.stringify(second));
  const told = (await events).at(-1);
  assert.deepEqual(Object.keys(JSON.parse(told.data).changed[account]), ['Quota']);
  const changes = await client.call('Quota/changes', { accountId: account, sinceState: state });
  assert.deepEqual(changes.updatedProperties, ['used']);
  const [quota] = await quotas();
  assert.ok(quota.used > 40 * KIB && quota.used < LIMIT * KIB, `${quota.used} used`);
  // It was undone here, with the reason.
  const own = Object.keys((await client.session()).accounts).find((id) => id.startsWith('u'));
  const [linked] = (await client.call('LinkedAccount/get', { accountId: own, ids: [account] })).list;
  assert.equal(linked.refused[0]?.problem.code, 'mailbox-full');
  assert.deepEqual(await there(), ['one']);
  const third = await put('three');
  assert.equal(third.type, 'overQuota');
  assert.deepEqual(await there(), ['one']);
  // Room that was made is found, though the quota was not asked for when it was.
  const { destroyed } = await client.call('Email/set', { accountId: account, destroy: [first.id] });
  assert.deepEqual(destroyed, [first.id]);
  await until('the mail to be gone there', async () => (await there()).length === 0);
  await until('room', async () => (await put('four')).id);
  await until('the mail to be there', async () => (await there()).join() === 'four');
});
