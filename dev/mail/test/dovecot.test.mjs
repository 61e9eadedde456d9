// Dovecot itself, as the tests of plain IMAP and SMTP use it: passwords, tokens, CONDSTORE, submission through the relay.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { hasIpv6 } from '../runtime.mjs';
import { makeXoauth2 } from '../tokens.mjs';
import { ANNA, JAMES, LIN, MAEVE, SAM, SmtpClient, WORKSHOP, simpleMail, testOrganisation } from './helper.mjs';

let org;
before(async () => { org = await testOrganisation(); });
after(async () => { await org.stop(); });

const password = 'Workshop-Lamp-42';
const plainLogin = Buffer.from(`\0${WORKSHOP}\0${password}`).toString('base64');

test('tokens open work and personal mailboxes, also by mail address; wrong ones are refused for good', async () => {
  for (const [user, owner, status] of [[ANNA, ANNA, 'OK'], [SAM, SAM, 'OK'], [MAEVE.mail, MAEVE.upn, 'OK'], [JAMES, ANNA, 'NO']]) {
    const c = await org.plainImap();
    const tag = c.nextTag();
    c.send(`${tag} AUTHENTICATE XOAUTH2 ${makeXoauth2(user, org.mint(owner))}`);
    const first = (await c.response()).text;
    if (status === 'NO') { assert.match(first, /^\+ /); c.send(''); }
    const last = status === 'NO' ? (await c.finish(tag)).text : first.slice(tag.length + 1);
    assert.ok(last.startsWith(status), `${user}: ${last}`);
    assert.doesNotMatch(last, /UNAVAILABLE/);
    c.close();
  }
});

test('the plain person has a password, CONDSTORE, QRESYNC, keywords', async () => {
  const c = await org.plainImap();
  await c.must(`LOGIN ${WORKSHOP} ${password}`);
  await c.must('ENABLE QRESYNC');
  const selected = (await c.must('SELECT INBOX')).untagged.map((r) => r.text).join('\n');
  assert.match(selected, /HIGHESTMODSEQ/);
  assert.match(selected, /PERMANENTFLAGS .*\\\*/);
  assert.equal((await c.command(`LOGIN ${ANNA} Anna-Lamp-42`)).status, 'BAD');
  c.close();
  const other = await org.plainImap();
  assert.equal((await other.command(`LOGIN ${ANNA} Anna-Lamp-42`)).status, 'NO');
  other.close();
});

test('UIDs of seed mail are in order of time; the empty mailbox is empty', async () => {
  const list = await org.control('messages', { person: ANNA });
  assert.ok(list.length > 50);
  const times = list.map((m) => Date.parse(m.date));
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
  assert.deepEqual(list.map((m) => m.uid), list.map((_, i) => i + 1));
  assert.equal((await org.control('messages', { person: LIN })).length, 0);
});

test('submission delivers, refuses unknown recipients and foreign senders, and confirms delivery', async () => {
  const c = await SmtpClient.connect(org.json.dovecot.submissionPort, org.ca);
  await c.secure();
  assert.match(await c.say(`AUTH PLAIN ${plainLogin}`), /^235/);
  assert.match(await c.say(`MAIL FROM:<${WORKSHOP}>`), /^250/);
  assert.match(await c.say(`RCPT TO:<${JAMES}> NOTIFY=SUCCESS,FAILURE`), /^250/);
  assert.match(await c.say('RCPT TO:<nobody@northlight.example>'), /^550 5\.1\.1/);
  assert.match(await c.say('DATA'), /^354/);
  c.socket.write(simpleMail(WORKSHOP, JAMES, 'sub1@test', 'Plain'));
  assert.match(await c.say('.'), /^250/);
  assert.match(await c.mail(ANNA, JAMES, simpleMail(ANNA, JAMES, 'sub2@test')), /^553/);
  c.close();
  const delivered = await org.control('messages', { person: JAMES });
  assert.equal(delivered.filter((m) => m.messageId === '<sub1@test>').length, 1);
  assert.equal(delivered.filter((m) => m.messageId === '<sub2@test>').length, 0);
  const subjects = (await org.control('messages', { person: WORKSHOP })).map((m) => m.subject);
  assert.ok(subjects.includes('Delivered: Plain'));
});

test('the control API wants its key and names its errors', async () => {
  const bare = await fetch(`${org.json.controlUrl}/counters`, { method: 'POST' });
  assert.equal(bare.status, 403);
  await assert.rejects(org.control('addFault', { service: 'imap', kind: 'nonsense' }), /kind must be one of/);
  await assert.rejects(org.control('messages', { person: 'nobody@northlight.example' }), /nobody has the address/);
});

test('another client can add, flag, move and expunge through the control', async () => {
  const uid = await org.control('append', { person: LIN, message: 'Subject: c\nMessage-ID: <c@test>\n\nx\n', flags: ['\\Seen'] });
  await org.control('flag', { person: LIN, uid, add: ['\\Flagged', 'Work'], remove: ['\\Seen'] });
  const [one] = await org.control('messages', { person: LIN });
  assert.deepEqual(one.flags.filter((f) => f !== '\\Recent').sort(), ['Work', '\\Flagged']);
  await org.control('move', { person: LIN, uid, to: 'Archive' });
  const [moved] = await org.control('messages', { person: LIN, folder: 'Archive' });
  await org.control('expunge', { person: LIN, folder: 'Archive', uid: moved.uid });
  assert.equal((await org.control('messages', { person: LIN, folder: 'Archive' })).length, 0);
});

test('localhost means ::1 as well as 127.0.0.1 on every port', { skip: !(await hasIpv6()) && 'no IPv6 here' }, async () => {
  const { imap, smtp, dovecot } = org.json;
  for (const port of [imap.port, smtp.port, dovecot.imapsPort, dovecot.submissionPort]) {
    await new Promise((resolve, reject) => {
      const socket = net.connect(port, '::1', () => { socket.destroy(); resolve(); });
      socket.once('error', reject);
    });
  }
  const socket = tls.connect({ host: '::1', port: imap.port, ca: org.ca, servername: 'localhost' });
  const greeting = await new Promise((resolve, reject) => { socket.once('data', resolve); socket.once('error', reject); });
  assert.match(greeting.toString(), /^\* OK The Microsoft Exchange/);
  socket.destroy();
});
