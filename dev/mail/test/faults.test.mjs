// Every fault that tests may switch on does what it says, once, and to the right person.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { deliverFiles } from '../commands.mjs';
import { Faults } from '../faults.mjs';
import { ANNA, JAMES, LIN, simpleMail, testOrganisation } from './helper.mjs';

let org;
before(async () => { org = await testOrganisation(); });
after(async () => { await org.stop(); });
afterEach(() => org.control('clearFaults'));

const fault = (service, kind, more = {}) => org.control('addFault', { service, kind, person: ANNA, times: 1, ...more });

async function using(client, work) {
  const open = await client;
  try { return await work(open); } finally { open.close(); }
}

test('a fault fits person, command and count, and lets some pass first', () => {
  const faults = new Faults();
  const [anna, james] = [{}, {}];
  faults.add({ service: 'imap', kind: 'no', owner: anna, command: 'NOOP', times: 1, skip: 1 });
  assert.equal(faults.take('imap', 'no', james, 'NOOP'), null);
  assert.equal(faults.take('imap', 'no', anna, 'FETCH'), null);
  assert.equal(faults.take('imap', 'no', anna, 'NOOP'), null, 'the first passes');
  assert.ok(faults.take('imap', 'no', anna, 'NOOP'));
  assert.equal(faults.take('imap', 'no', anna, 'NOOP'), null, 'used up');
});

test('one folder can be refused', async () => {
  await fault('imap', 'no', { command: 'SELECT', folder: 'Archive' });
  await using(org.imapAs(ANNA), async (c) => {
    assert.equal((await c.command('SELECT INBOX')).status, 'OK');
    assert.equal((await c.command('SELECT "Archive"')).status, 'NO');
    assert.equal((await c.command('SELECT Archive')).status, 'OK', 'used up');
  });
});

test('a login can be refused or left unconnected for one person', async () => {
  await fault('imap', 'refuseLogin');
  await using(org.imapAs(JAMES), (c) => assert.equal(c.login.status, 'OK'));
  await using(org.imapAs(ANNA), (c) => assert.equal(c.login.text, 'NO AUTHENTICATE failed.'));
  await fault('imap', 'notConnected');
  await using(org.imapAs(ANNA), async (c) => assert.equal((await c.command('NAMESPACE')).text, 'BAD User is authenticated but not connected.'));
  await using(org.imapAs(ANNA), async (c) => assert.equal((await c.command('NAMESPACE')).status, 'OK'));
});

test('the connection drops after so many bytes', () => using(org.imapAs(ANNA), async (c) => {
  await c.must('EXAMINE INBOX');
  await fault('imap', 'dropAfter', { command: 'UID FETCH', bytes: 5000 });
  const before = c.socket.bytesRead;
  await assert.rejects(c.command('UID FETCH 1:* (BODY.PEEK[])'), { message: 'closed' });
  assert.ok(c.socket.bytesRead - before < 5000 + 1000);
}));

test('a delay delays, a NO refuses, a BYE ends', () => using(org.imapAs(ANNA), async (c) => {
  await fault('imap', 'delay', { command: 'NOOP', ms: 150 });
  const began = Date.now();
  await c.must('NOOP');
  assert.ok(Date.now() - began >= 145);
  await fault('imap', 'no', { command: 'SELECT', reply: 'Server Busy' });
  assert.equal((await c.command('SELECT INBOX')).text, 'NO Server Busy');
  await fault('imap', 'bye');
  c.send('x NOOP');
  assert.equal((await c.response()).text, '* BYE Connection is closed. 13');
}));

test('a session can get broken BODYSTRUCTUREs', async () => {
  const structures = (c) => c.must('UID FETCH 1:* (BODYSTRUCTURE)').then((a) => a.untagged.map((r) => r.text).join('\n'));
  const good = await using(org.imapAs(ANNA), async (c) => { await c.must('EXAMINE INBOX'); return structures(c); });
  await fault('imap', 'brokenStructure');
  const broken = await using(org.imapAs(ANNA), async (c) => { await c.must('EXAMINE INBOX'); return structures(c); });
  assert.ok(/\("attachment" \(/.test(good) && !/\(NIL NIL\)/.test(good));
  assert.ok(/ \(NIL NIL\) /.test(broken) && / NIL "inline" /.test(broken) && !/\("attachment" \(/.test(broken));
});

test('open sessions are counted and can be ended', () => using(org.imapAs(ANNA), async (c) => {
  await c.must('NOOP');
  assert.equal(await org.control('sessions', { person: ANNA }), 1);
  await org.control('endSessions', { person: ANNA, text: 'Session invalidated - Revoked' });
  assert.equal((await c.response()).text, '* BYE Session invalidated - Revoked');
}));

test('more sessions than allowed are authenticated but not connected', async (t) => {
  t.after(() => org.control('limits', { imapConnections: 5000 }));
  await org.control('limits', { imapConnections: 1 });
  await using(org.imapAs(LIN), () => using(org.imapAs(LIN), async (c) => assert.match((await c.command('NOOP')).text, /not connected/)));
});

test('SMTP: throttled, cut, no copy, refused at the greeting or a recipient', async () => {
  await fault('smtp', 'throttle');
  await using(org.smtpAs(ANNA), (c) => assert.match(c.login, /^432 4\.3\.2/));
  await org.control('addFault', { service: 'smtp', kind: 'reply', command: 'CONNECT', reply: '421 4.3.2 Try later', times: 1 });
  await using(org.smtp(), (c) => assert.equal(c.greeting, '421 4.3.2 Try later'));
  await fault('smtp', 'reply', { command: 'RCPT', reply: '450 4.2.1 Mailbox busy' });
  await fault('smtp', 'noSentCopy');
  await using(org.smtpAs(ANNA), async (c) => {
    assert.match(await c.mail(ANNA, JAMES, simpleMail(ANNA, JAMES, 'n1@test')), /^450/);
    await c.say('RSET');
    assert.match(await c.mail(ANNA, JAMES, simpleMail(ANNA, JAMES, 'n2@test')), /^250/);
  });
  const sent = await org.control('messages', { person: ANNA, folder: 'Sent Items' });
  assert.ok(!sent.some((m) => m.messageId === '<n2@test>'));
  await org.control('addFault', { service: 'smtp', kind: 'dropAfter', bytes: 10, times: 1 });
  await using(org.smtp(), (c) => assert.rejects(c.say('EHLO a-name-that-is-long-enough')));
});

test('submissions are listed with what became of them', async () => {
  await org.control('clearSubmissions');
  await using(org.smtpAs(ANNA), (c) => c.mail(ANNA, JAMES, simpleMail(ANNA, JAMES, 'sub@test')));
  const [one, ...more] = await org.control('submissions');
  assert.equal(more.length, 0);
  assert.deepEqual([one.upn, one.to, one.messageId, one.delivered], [ANNA, [JAMES], '<sub@test>', true]);
});

test('a message of 64 MB passes the front unchanged', async () => {
  const bytes = Buffer.alloc(64 * 1024 * 1024, 'All work and no play makes a dull literal.\r\n');
  bytes.write('Subject: big\r\n\r\n');
  const file = path.join(org.dir, 'big.eml');
  fs.writeFileSync(file, bytes);
  await deliverFiles({ dir: org.dir, address: LIN, files: [file] });
  await using(org.imapAs(LIN), async (c) => {
    await c.must('EXAMINE INBOX');
    const { untagged: [{ literals }] } = await c.must('UID FETCH 1 (BODY.PEEK[])');
    const hash = (b) => createHash('sha256').update(b).digest('hex');
    assert.equal(hash(literals[0]), hash(bytes));
  });
});
