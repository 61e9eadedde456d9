// Sending when things go wrong: refused for a while, refused for good, an uncertain end, a service that renames messages.

import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, test } from 'node:test';

import { startLinked } from './support/linked.mjs';
import { sleep, until } from './support/organisation.mjs';
import { ADMIN } from './support/postroom.mjs';

let org, postroom, client, anna, james, account, close;

before(async () => {
  ({ org, postroom, client, person: anna, account, close } = await startLinked('main', { link: { since: '2026-11-01' } }));
  james = org.person('james.okafor@northlight.example');
}, { timeout: 300000 });

beforeEach(() => org.control('clearFaults'));

after(() => close?.());

/** Sends as the page does; the submission's id. */
async function send(subject, { accountId = account, from = anna, to = james.mail, fromAddress = from.mail, envelope, more = {} } = {}) {
  const boxes = await client.mailboxes(accountId);
  const [identity] = (await client.call('Identity/get', { accountId, ids: null })).list;
  const results = await client.calls([
    ['Email/set', { accountId, create: { d: { mailboxIds: { [boxes.drafts.id]: true }, keywords: { $draft: true }, from: [{ email: fromAddress }], to: [{ email: to }], subject, ...more, textBody: [{ partId: 't', type: 'text/plain' }], bodyValues: { t: { value: `About: ${subject}\n` } } } } }],
    ['EmailSubmission/set', { accountId, create: { s: { emailId: '#d', identityId: identity.id, ...(envelope ? { envelope } : {}) } },
      onSuccessUpdateEmail: { '#s': { [`mailboxIds/${boxes.drafts.id}`]: null, [`mailboxIds/${boxes.sent.id}`]: true, 'keywords/$draft': null } } }],
  ]);
  const created = results[1][1].created?.s;
  assert.ok(created, JSON.stringify(results));
  return created.id;
}

const submission = async (id, accountId = account) => (await client.call('EmailSubmission/get', { accountId, ids: [id], properties: null })).list[0];
const withSubject = async (person, folder, subject) => (await org.control('messages', { person, folder })).filter((m) => m.subject === subject);

test('432: it waits, also through a restart, and goes out once', { timeout: 300000 }, async () => {
  await org.control('addFault', { service: 'smtp', kind: 'reply', person: anna.mail, command: 'MAIL', reply: '432 4.3.2 Concurrent connections limit exceeded', times: 1 });
  const refused = Date.now() / 1000;
  await send('After a 432');
  await until('the refusal', async () => (await org.control('faults'))[0].left === 0);
  await postroom.stop();
  const db = new DatabaseSync(path.join(postroom.data, 'postroom.db'));
  const { next, attempts } = db.prepare('SELECT max(next_attempt) AS next, attempts FROM submission').get();
  assert.equal(attempts, 1);
  assert.ok(next >= refused + 22 && next <= Date.now() / 1000 + 46, `the next attempt is ${next - refused} s after the refusal`);
  db.exec(`UPDATE submission SET next_attempt = next_attempt - 44`); // as if it had waited until now
  db.close();
  await postroom.serve();
  client = await postroom.signIn();
  await until('the retry', async () => (await withSubject(james.mail, 'INBOX', 'After a 432')).length === 1, { ms: 60000 });
  await until('one copy in Sent', async () => (await withSubject(anna.mail, 'Sent Items', 'After a 432')).length === 1);
});

test('the connection breaks after the message was handed over, and it had been taken: not sent twice', { timeout: 300000 }, async () => {
  await org.control('addFault', { service: 'smtp', kind: 'closeAfterData', person: anna.mail, delivered: true, times: 1 });
  const id = await send('Uncertain but taken');
  await until('the arrival', async () => (await withSubject(james.mail, 'INBOX', 'Uncertain but taken')).length === 1);
  await until('the look into Sent', async () => (await submission(id)).undoStatus === 'final' && postroom.log().includes('outbox.looked'), { ms: 40000 });
  await sleep(3000);
  assert.equal((await withSubject(james.mail, 'INBOX', 'Uncertain but taken')).length, 1);
  assert.equal((await withSubject(anna.mail, 'Sent Items', 'Uncertain but taken')).length, 1);
});

test('SendAsDenied is final, is said, and the letter is a draft again', async () => {
  await org.control('addFault', { service: 'smtp', kind: 'reply', person: anna.mail, command: 'DATA', reply: '554 5.2.252 SendAsDenied; not allowed to send as this sender', times: 1 });
  const id = await send('Not allowed');
  await until('the failure', async () => JSON.stringify(await submission(id)).includes('SendAsDenied'));
  const boxes = await client.mailboxes(account);
  await until('the draft', async () => (await client.call('Email/query', { accountId: account, filter: { inMailbox: boxes.drafts.id, subject: 'Not allowed' } })).ids.length === 1);
  assert.equal((await withSubject(james.mail, 'INBOX', 'Not allowed')).length, 0);
});

test('delayed messages wait, and a cancelled one never goes', async () => {
  const later = (seconds) => ({ mailFrom: { email: anna.mail, parameters: { HOLDFOR: String(seconds) } }, rcptTo: [{ email: james.mail }] });
  const started = Date.now();
  await send('In three seconds', { envelope: later(3) });
  const never = await send('Better not', { envelope: later(4) });
  assert.equal((await submission(never)).undoStatus, 'pending');
  const { updated, notUpdated } = await client.call('EmailSubmission/set', { accountId: account, update: { [never]: { undoStatus: 'canceled' } } });
  assert.ok(updated && never in updated, JSON.stringify(notUpdated));
  await until('the delayed one', async () => (await withSubject(james.mail, 'INBOX', 'In three seconds')).length === 1, { ms: 60000 });
  assert.ok(Date.now() - started >= 2000, `after ${Date.now() - started} ms`);
  await sleep(3000);
  assert.equal((await withSubject(james.mail, 'INBOX', 'Better not')).length, 0);
  assert.equal((await submission(never)).undoStatus, 'canceled');
});

test('an unknown recipient is refused with the server’s words', async () => {
  const id = await send('To nobody', { to: 'nobody@northlight.example' });
  await until('the refusal', async () => /5\.1\.1/.test(JSON.stringify(await submission(id))));
});

test('what the server said that it takes of one message is known', async () => {
  const { list: [linked] } = await client.call('LinkedAccount/get', { accountId: client.user.id, ids: [account] });
  assert.equal(linked.maxSizeMessage, 157286400);
});

test('a personal account gets its Message-ID replaced, and there is one copy all the same', async () => {
  const sam = org.person('personal');
  const accountId = await client.linked(sam);
  await postroom.settled(sam.mail);
  await send('From a personal account', { accountId, from: sam, to: 'james.okafor@northlight.example' });
  await until('one copy at the server', async () => (await withSubject(sam.mail, 'Sent Items', 'From a personal account')).length === 1);
  await sleep(4000);
  const boxes = await client.mailboxes(accountId);
  await until('one copy here', async () => (await client.call('Email/query', { accountId, filter: { inMailbox: boxes.sent.id, subject: 'personal account' } })).ids.length === 1);
  assert.equal((await withSubject(sam.mail, 'Sent Items', 'From a personal account')).length, 1);
  assert.equal((await withSubject(sam.mail, 'Drafts', 'From a personal account')).length, 0);
});

test('thirty a minute: the next ones wait their turn, and are not refused', { timeout: 300000 }, async () => {
  const RATE = 30, MORE = 2;
  const accountId = await client.linked(james, { since: '2026-11-01' });
  await postroom.settled(james.mail);
  const ids = [];
  for (let i = 0; i < RATE + MORE; i++) ids.push(await send(`One of many ${i}`, { accountId, from: james, to: anna.mail }));
  const arrived = async () => (await org.control('submissions')).filter((s) => s.from === james.mail).length;
  await until('thirty to be sent', async () => await arrived() >= RATE, { ms: 50000 });
  await sleep(3000);
  assert.equal(await arrived(), RATE);
  const left = (await client.call('EmailSubmission/get', { accountId, ids, properties: ['undoStatus'] })).list.filter((s) => s.undoStatus === 'pending');
  assert.equal(left.length, MORE);

  // A new start is no new minute. What seems to be of tomorrow counts as of now: that is as long as it can be, on a slow machine too.
  await postroom.stop();
  const db = new DatabaseSync(path.join(postroom.data, 'postroom.db'));
  db.prepare('UPDATE submission SET handed_over = unixepoch() + 86400 WHERE handed_over > 0').run();
  db.close();
  await postroom.serve();
  await sleep(3000);
  assert.equal(await arrived(), RATE);
  client = await postroom.signIn();
});

test('nobody is told of a Bcc, not even by a server that passes on what it gets; the copy in Sent has it', { timeout: 300000 }, async () => {
  const workshop = org.person('workshop@lampworks.example');
  postroom.must('account', 'add', workshop.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
    '--password-file', postroom.file('pw-dovecot', `${workshop.password}\n`), '--ca-file', org.caFile);
  await postroom.settled(workshop.mail);
  const accountId = await client.account(workshop.mail);
  await send('Between us', { accountId, from: workshop, to: anna.mail, more: { bcc: [{ email: james.mail }] } });
  const headers = async (person, folder) => {
    const found = await until(`it in ${folder} of ${person.mail}`, async () => (await org.control('messages', { person: person.mail, folder, raw: true })).find((m) => m.subject === 'Between us'), { ms: 60000 });
    return Buffer.from(found.raw, 'base64').toString('latin1').split('\r\n\r\n')[0];
  };
  for (const person of [anna, james]) assert.doesNotMatch(await headers(person, 'INBOX'), /^Bcc:/im, 'RFC 8621, 7.5');
  assert.match(await headers(workshop, 'Sent Items'), /^Bcc: james\.okafor@/im);
});
