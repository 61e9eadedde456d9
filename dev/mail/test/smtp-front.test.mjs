// The submission front against what is known of Exchange Online.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../runtime.mjs';
import { makeXoauth2 } from '../tokens.mjs';
import { ANNA, ELIF, JAMES, MAEVE, SAM, simpleMail, testOrganisation } from './helper.mjs';

let org;
before(async () => { org = await testOrganisation(); });
after(async () => { await org.stop(); });

const inFolder = async (person, folder, id) => (await org.control('messages', { person, folder })).filter((m) => m.messageId === `<${id}>`);

async function using(client, work) {
  const open = await client;
  try { return await work(open); } finally { open.close(); }
}

test('announces what Exchange announces, AUTH only after STARTTLS', () => using(org.smtpAs(ANNA), (c) => {
  assert.doesNotMatch(c.plainEhlo, /AUTH/);
  assert.deepEqual(c.ehlo.split('\n').slice(1).map((l) => l.slice(4)), ['SIZE 157286400', 'PIPELINING', 'DSN', 'ENHANCEDSTATUSCODES', 'AUTH LOGIN XOAUTH2', '8BITMIME', 'BINARYMIME', 'CHUNKING', 'SMTPUTF8']);
  assert.equal(c.login, '235 2.7.0 Authentication successful');
}));

test('no mail without a login, no login without TLS, no long initial response', () => using(org.smtp(), async (c) => {
  await c.say('EHLO x');
  assert.match(await c.say('AUTH XOAUTH2'), /^504 5\.7\.4/);
  assert.match(await c.say(`MAIL FROM:<${ANNA}>`), /^530 5\.7\.57/);
  await c.secure();
  assert.equal(await c.say(`AUTH XOAUTH2 ${makeXoauth2(ANNA, org.mint(ANNA))}`), '500 5.5.2 Line too long');
  assert.match(await c.xoauth2(ANNA, org.mint(ANNA)), /^235/);
}));

test('logs in by UPN only, with a token that may send', async () => {
  const refused = /^535 5\.7\.3 Authentication unsuccessful \[/;
  await using(org.smtpAs(MAEVE.mail, org.mint(MAEVE.upn)), (c) => assert.match(c.login, refused));
  await using(org.smtpAs(MAEVE.upn), (c) => assert.match(c.login, /^235/));
  await using(org.smtpAs(ANNA, org.mint(ANNA, 'https://outlook.office.com/IMAP.AccessAsUser.All')), (c) => assert.match(c.login, refused));
  await using(org.smtpAs(JAMES, org.mint(ANNA)), (c) => assert.match(c.login, refused));
});

test('SMTP AUTH switched off is 535 5.7.139, for the mailbox or the tenant', async () => {
  await using(org.smtpAs(ELIF), (c) => assert.match(c.login, /^535 5\.7\.139 .*SmtpClientAuthentication is disabled for the Mailbox/));
  await org.control('flags', { person: ELIF, smtpAuthOff: 'tenant' });
  await using(org.smtpAs(ELIF), (c) => assert.match(c.login, /disabled for the Tenant/));
});

test('delivers, files one copy in Sent Items, keeps dots', () => using(org.smtpAs(ANNA), async (c) => {
  assert.match(await c.mail(ANNA, JAMES, simpleMail(ANNA, JAMES, 'd1@test')), /^250 2\.0\.0 OK <d1@test> \[Hostname=/);
  assert.equal((await inFolder(JAMES, 'INBOX', 'd1@test')).length, 1);
  assert.deepEqual((await inFolder(ANNA, 'Sent Items', 'd1@test')).map((m) => m.flags.includes('\\Seen')), [true]);
  const [{ raw }] = (await org.control('messages', { person: JAMES, raw: true })).filter((m) => m.messageId === '<d1@test>');
  assert.match(Buffer.from(raw, 'base64').toString(), /\r\n\.a dot line\r\n/);
}));

test('an alias may be the sender, a stranger may not', () => using(org.smtpAs(ANNA), async (c) => {
  assert.match(await c.mail(ANNA, JAMES, simpleMail('sales@northlight.example', JAMES, 'a1@test')), /^250/);
  assert.match(await c.mail(ANNA, JAMES, simpleMail(JAMES, JAMES, 'a2@test')), /^554 5\.2\.252 SendAsDenied/);
  assert.match(await c.mail(JAMES, JAMES, simpleMail(ANNA, JAMES, 'a3@test')), /^550 5\.7\.60/);
  assert.equal((await inFolder(JAMES, 'INBOX', 'a2@test')).length, 0);
}));

test('personal accounts get another Message-ID, and the reply names it', () => using(org.smtpAs(SAM), async (c) => {
  const reply = await c.mail(SAM, ANNA, simpleMail(SAM, ANNA, 'p1@test'));
  const fresh = /^250 2\.0\.0 OK (<[^>]+prod\.outlook\.example>) \[Hostname=/.exec(reply)[1];
  const copy = (await org.control('messages', { person: SAM, folder: 'Sent Items' })).find((m) => m.messageId === fresh);
  assert.equal(copy.originalMessageId, '<p1@test>');
  assert.equal((await inFolder(ANNA, 'INBOX', 'p1@test')).length, 0);
}));

test('unknown recipients are refused, the bouncing domain bounces', () => using(org.smtpAs(ANNA), async (c) => {
  assert.match(await c.mail(ANNA, 'nobody@northlight.example', ''), /^550 5\.1\.10/);
  await c.say('RSET');
  assert.match(await c.mail(ANNA, 'somebody@bounce.example', simpleMail(ANNA, 'somebody@bounce.example', 'b1@test', 'Lost')), /^250/);
  const bounce = (await org.control('messages', { person: ANNA, raw: true })).find((m) => m.subject === 'Undeliverable: Lost');
  const text = Buffer.from(bounce.raw, 'base64').toString();
  assert.match(text, /report-type=delivery-status/);
  assert.match(text, /Final-Recipient: rfc822;somebody@bounce\.example\r\nAction: failed\r\nStatus: 5\.1\.1/);
  assert.match(text, /Message-ID: <b1@test>/);
}));

test('sizes: announced limit at MAIL, mailbox limit after the data', async () => {
  await org.control('flags', { person: ANNA, sendLimit: 200 });
  await using(org.smtpAs(ANNA), async (c) => {
    assert.match(await c.say(`MAIL FROM:<${ANNA}> SIZE=157286401`), /^552 5\.3\.4/);
    assert.match(await c.mail(ANNA, JAMES, simpleMail(ANNA, JAMES, 's1@test') + 'x'.repeat(300)), /^552/);
  });
  await org.control('flags', { person: ANNA, sendLimit: 36700160 });
});

test('a bare line feed is refused and cannot smuggle a second message', () => using(org.smtpAs(ANNA), async (c) => {
  assert.match(await c.mail(ANNA, JAMES, `${simpleMail(ANNA, JAMES, 'l1@test')}\n.\nMAIL FROM:<${ANNA}>\r\n`), /^550 5\.6\.11/);
}));

test('BDAT carries a message in pieces', () => using(org.smtpAs(ANNA), async (c) => {
  await c.say(`MAIL FROM:<${ANNA}> BODY=BINARYMIME`);
  await c.say(`RCPT TO:<${JAMES}>`);
  const text = simpleMail(ANNA, JAMES, 'c1@test');
  c.socket.write(`BDAT 20\r\n${text.slice(0, 20)}`);
  assert.match(await c.reply(), /^250/);
  c.socket.write(`BDAT ${text.length - 20} LAST\r\n${text.slice(20)}`);
  assert.match(await c.reply(), /^250 2\.0\.0 OK/);
  assert.equal((await inFolder(JAMES, 'INBOX', 'c1@test')).length, 1);
}));

test('more than three connections are refused with 432', async () => {
  const open = [];
  for (let i = 0; i < 3; i++) open.push(await org.smtpAs(JAMES));
  const fourth = await org.smtpAs(JAMES);
  assert.match(fourth.login, /^432 4\.3\.2/);
  for (const c of [...open, fourth]) c.close();
});

test('faults: a close after the final dot, delivered or not; 421, 451; a late copy', async () => {
  const fault = (kind, more = {}) => org.control('addFault', { service: 'smtp', kind, person: ANNA, times: 1, ...more });
  for (const delivered of [true, false]) {
    await fault('closeAfterData', { delivered });
    await using(org.smtpAs(ANNA), (c) => assert.rejects(c.mail(ANNA, JAMES, simpleMail(ANNA, JAMES, `u${delivered}@test`))));
    assert.equal((await inFolder(JAMES, 'INBOX', `u${delivered}@test`)).length, delivered ? 1 : 0);
    assert.equal((await inFolder(ANNA, 'Sent Items', `u${delivered}@test`)).length, delivered ? 1 : 0);
  }
  await fault('reply', { command: 'DATA', reply: '451 4.7.0 Temporary server error' });
  await fault('reply', { command: 'MAIL', reply: '421 4.3.2 Service not available' });
  await using(org.smtpAs(ANNA), async (c) => assert.match(await c.mail(ANNA, JAMES, simpleMail(ANNA, JAMES, 'f0@test')), /^421/));
  await using(org.smtpAs(ANNA), async (c) => assert.match(await c.mail(ANNA, JAMES, simpleMail(ANNA, JAMES, 'f1@test')), /^451/));
  await fault('sentDelay', { ms: 300 });
  await using(org.smtpAs(ANNA), async (c) => assert.match(await c.mail(ANNA, JAMES, simpleMail(ANNA, JAMES, 'f2@test')), /^250/));
  assert.equal((await inFolder(ANNA, 'Sent Items', 'f2@test')).length, 0);
  await until(async () => (await inFolder(ANNA, 'Sent Items', 'f2@test')).length === 1, 'the copy never came');
});
