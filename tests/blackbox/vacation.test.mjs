// The vacation response: Postroom itself answers mail that is delivered while it is on.

import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, test } from 'node:test';

import { startLinked } from './support/linked.mjs';
import { deliver } from './support/lmtp.mjs';
import { until } from './support/organisation.mjs';

let org, postroom, client, anna, james, lin, account, close;

before(async () => {
  ({ org, postroom, client, person: anna, account, close } = await startLinked('main', { link: { since: '2026-11-01' } }));
  james = org.person('james.okafor@northlight.example');
  lin = org.people.find((p) => p.mail.startsWith('lin'));
}, { timeout: 300000 });

beforeEach(() => org.control('clearFaults'));

after(() => close?.());

const using = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:vacationresponse'];

/** One call with no other capability in use. */
async function call(name, args) {
  const response = await client.post({ using, methodCalls: [[name, { accountId: account, ...args }, '0']] });
  assert.equal(response.status, 200);
  return (await response.json()).methodResponses[0][1];
}

async function set(patch) {
  const answer = await call('VacationResponse/set', { update: { singleton: patch } });
  assert.ok(answer.updated && 'singleton' in answer.updated, JSON.stringify(answer));
}

/** Mail to Anna; resolves when Postroom has all of it. */
async function write(subject, from, fields = '') {
  await deliver(org.dovecot.lmtpPort, anna.mail, subject, 'Hello\r\n', { from, fields });
  await until(`"${subject}"`, async () => {
    const { ids } = await client.call('Email/query', { accountId: account, filter: { subject } });
    if (ids.length === 0) return false;
    const { list } = await client.call('Email/get', { accountId: account, ids, properties: ['postroom:state'] });
    return list.every((email) => email['postroom:state'] === 'ready');
  }, { ms: 60000 });
}

/** What came from the responder, as it came. */
const answersTo = async (person) => (await org.control('messages', { person: person.mail, folder: 'INBOX', raw: true })).map((m) => Buffer.from(m.raw, 'base64').toString()).filter((raw) => /^Auto-Submitted: auto-replied/im.test(raw));

test('off: nobody is answered; what came before it was switched on is not answered either', { timeout: 300000 }, async () => {
  assert.deepEqual((await call('VacationResponse/get', {})).list, [{ id: 'singleton', isEnabled: false, fromDate: null, toDate: null, subject: null, textBody: null, htmlBody: null }]);
  await write('Before', james.mail);
  await set({ isEnabled: true, textBody: 'I am away.\n' });
});

test('RFC 8621, 8: the first mail is answered, the second and a list are not', { timeout: 300000 }, async () => {
  await write('First question', james.mail);
  const [raw] = await until('the answer', async () => {
    const found = await answersTo(james);
    return found.length > 0 && found;
  }, { ms: 60000 });
  const fields = raw.replace(/\r?\n[ \t]/g, ' ');
  assert.match(fields, /^Subject: Auto: First question\r?$/m);
  assert.match(fields, /^In-Reply-To: <First%20question@elsewhere\.example>\r?$/m);
  assert.match(fields, /^References: <First%20question@elsewhere\.example>\r?$/m);
  assert.match(fields, new RegExp(`^From: .*<?${anna.mail.replaceAll('.', '\\.')}>?\\r?$`, 'mi'));
  assert.match(raw, /I am away\./);
  await write('Second question', james.mail);
  await write('To the list', lin.mail, 'List-Id: <all.northlight.example>\r\n');
  await write('From a program', lin.mail, 'Auto-Submitted: auto-generated\r\n');
  await write('A bounce', '');
  // Answers go out in the order of the mail: when this one's is there, no other comes.
  await write('A question of another', lin.mail);
  await until('the other answer', async () => (await answersTo(lin)).length > 0, { ms: 60000 });
  assert.equal((await answersTo(james)).length, 1);
  assert.equal((await answersTo(lin)).length, 1);
  assert.deepEqual((await client.call('EmailSubmission/get', { accountId: account, ids: null })).list, []);
});

test('an answer that waits outlives a kill and goes out once', { timeout: 300000 }, async () => {
  const third = org.people.find((p) => ![anna, james, lin].includes(p) && p.mail.endsWith('@northlight.example'));
  await org.control('addFault', { service: 'smtp', kind: 'reply', person: anna.mail, command: 'MAIL', reply: '451 4.3.0 Later', times: 1 });
  await write('Third question', third.mail);
  await until('the refusal', async () => (await org.control('faults'))[0].left === 0, { ms: 60000 });
  await postroom.kill();
  const db = new DatabaseSync(path.join(postroom.data, 'postroom.db'));
  db.exec('UPDATE submission SET next_attempt = 0'); // as if it had waited
  db.close();
  await postroom.serve();
  client = await postroom.signIn();
  await until('the answer', async () => (await answersTo(third)).length > 0, { ms: 60000 });
  await postroom.settled(anna.mail);
  assert.equal((await answersTo(third)).length, 1);
});
