// A submission host that hangs: the senders that wait for it do not stop the mailboxes, and what waits for a place goes out when it is back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { faults } from '../../dev/fault/faults.mjs';
import { startFaultProxy } from '../../dev/fault/proxy.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const WORKERS = 5; // fewer than there are senders, and one of them is for people alone
const PATIENCE = 60;
const PEOPLE = ['main', 'james.okafor@northlight.example', 'jonas.weber@northlight.example', 'sam.carter@outlook.example'];

let org, postroom, client, front;
const people = []; // { person, account }

before(async () => {
  org = await startOrganisation(['--mails', '3']);
  front = await startFaultProxy({ to: { port: org.smtp.port } });
  postroom = new Postroom({ config: { 'server.workers': WORKERS, 'sync.patience': PATIENCE } });
  postroom.addUser();
  postroom.setProvider({ ...org, smtp: { host: 'localhost', port: front.port } });
  await postroom.serve();
  client = await postroom.signIn();
  for (const name of PEOPLE) {
    const person = org.person(name);
    people.push({ person, account: await client.linked(person) });
    await postroom.settled(person.mail);
  }
}, { timeout: 120000 });

after(async () => {
  await postroom?.close();
  await front?.close();
  await org?.close();
});

async function send({ person, account }, to, subject) {
  const boxes = await client.mailboxes(account);
  const [identity] = (await client.call('Identity/get', { accountId: account, ids: null })).list;
  const results = await client.calls([
    ['Email/set', { accountId: account, create: { d: { mailboxIds: { [boxes.drafts.id]: true }, keywords: { $draft: true }, from: [{ email: person.mail }], to: [{ email: to }], subject, textBody: [{ partId: 't', type: 'text/plain' }], bodyValues: { t: { value: 'Hello\n' } } } } }],
    ['EmailSubmission/set', { accountId: account, create: { s: { emailId: '#d', identityId: identity.id } } }],
  ]);
  assert.ok(results[1][1].created?.s, JSON.stringify(results));
}

const arrivals = async (person) => (await org.control('messages', { person: person.mail, folder: 'INBOX' })).filter((m) => m.subject.startsWith('Waits')).length;

test('a submission host that hangs stops no mailbox, and gets what waits when it is back', { timeout: 180000 }, async () => {
  const [to] = people;
  front.always(faults.silence());
  for (const [i, from] of people.entries()) await send(from, to.person.mail, `Waits ${i}`);
  await until('senders to hang', async () => front.open >= Math.floor(WORKERS / 2), { ms: 60000 });
  for (const { person, account } of people) {
    const subject = `Comes to ${person.mail}`;
    await org.control('append', { person: person.mail, message: `From: x@elsewhere.example\nSubject: ${subject}\n\nhello\n` });
    await until(`mail of ${person.mail}`, async () => (await client.call('Email/query', { accountId: account, filter: { subject } })).ids.length === 1, { ms: (PATIENCE * 1000) / 3 });
  }
  assert.ok(front.open <= Math.floor(WORKERS / 2), `${front.open} connections to a host that hangs`);
  front.always();
  front.drop();
  // Those that hung are tried again later (outbox.test.mjs); the others take their places.
  await until('the others', async () => (await arrivals(to.person)) >= people.length - Math.floor(WORKERS / 2), { ms: 60000 });
});
