// The IMAP front against what is known of Exchange Online.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeXoauth2 } from '../tokens.mjs';
import { ANNA, DMYTRO, JAMES, JONAS, LIN, MAEVE, OUTLOOK, SAM, testOrganisation } from './helper.mjs';

let org;
before(async () => { org = await testOrganisation(); });
after(async () => { await org.stop(); });

const BEFORE = '* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+';
const AFTER = '* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+';
const texts = (answer) => answer.untagged.map((r) => r.text);

async function using(client, work) {
  const open = await client;
  try { return await work(open); } finally { open.close(); }
}

test('greets and lists capabilities before and after login as Exchange does', () => using(org.imap(), async (c) => {
  assert.match(c.greeting, /^\* OK The Microsoft Exchange IMAP4 service is ready\. \[[A-Za-z0-9+/=]+\]$/);
  assert.deepEqual(texts(await c.command('CAPABILITY')), [BEFORE]);
  const login = await c.command(`AUTHENTICATE XOAUTH2 ${makeXoauth2(ANNA, org.mint(ANNA))}`);
  assert.equal(login.text, 'OK AUTHENTICATE completed.');
  assert.deepEqual(texts(await c.command('CAPABILITY')), [AFTER]);
}));

test('takes XOAUTH2 in two steps', () => using(org.imap(), async (c) => {
  const tag = c.nextTag();
  c.send(`${tag} AUTHENTICATE XOAUTH2`);
  assert.equal((await c.response()).text, '+ ');
  c.send(makeXoauth2(ANNA, org.mint(ANNA)));
  assert.equal((await c.finish(tag)).text, 'OK AUTHENTICATE completed.');
}));

test('refuses passwords, Graph tokens, tokens without the IMAP scope and rubbish in plain text', async () => {
  for (const line of [
    `AUTHENTICATE XOAUTH2 ${makeXoauth2(ANNA, org.mint(ANNA, 'https://graph.microsoft.com/User.Read'))}`,
    `AUTHENTICATE XOAUTH2 ${makeXoauth2(ANNA, org.mint(ANNA, 'https://outlook.office.com/SMTP.Send'))}`,
    `AUTHENTICATE XOAUTH2 ${makeXoauth2(ANNA, 'rubbish')}`, 'AUTHENTICATE XOAUTH2 ????',
  ]) await using(org.imap(), async (c) => assert.deepEqual(await c.command(line), { status: 'NO', text: 'NO AUTHENTICATE failed.', untagged: [] }));
  await using(org.imap(), async (c) => assert.equal((await c.command(`LOGIN ${ANNA} Anna-Lamp-42`)).text, 'NO LOGIN failed.'));
});

test('a person with basic authentication signs in with a password', async () => {
  await org.control('flags', { person: JAMES, basicAuth: { password: 'short "one"', token: org.mint(JAMES) } });
  await using(org.imap(), async (c) => assert.equal((await c.command(`LOGIN "${JAMES}" "short \\"one\\""`)).text, 'OK LOGIN completed.'));
  await using(org.imap(), async (c) => assert.equal((await c.command(`AUTHENTICATE PLAIN ${Buffer.from(`\0${JAMES}\0short "one"`).toString('base64')}`)).text, 'OK AUTHENTICATE completed.'));
  await using(org.imap(), async (c) => assert.equal((await c.command(`LOGIN ${JAMES} James-Lamp-42`)).text, 'NO LOGIN failed.'));
  await org.control('flags', { person: JAMES, basicAuth: false });
  await using(org.imap(), async (c) => assert.equal((await c.command(`LOGIN "${JAMES}" "short \\"one\\""`)).text, 'NO LOGIN failed.'));
});

test('a token of another mailbox, or IMAP switched off, is authenticated but not connected', async () => {
  for (const [person, token] of [[JAMES, org.mint(ANNA)], [DMYTRO, org.mint(DMYTRO)]]) {
    await using(org.imapAs(person, token), async (c) => {
      assert.equal(c.login.status, 'OK');
      assert.equal((await c.command('NAMESPACE')).text, 'BAD User is authenticated but not connected.');
      assert.match((await c.response()).text, /^\* BYE Connection closed/);
    });
  }
});

test('IMAP switched off in a personal account refuses the login itself', async () => {
  await org.control('flags', { person: SAM, imapOff: true });
  await using(org.imapAs(SAM), (c) => assert.equal(c.login.text, 'NO AUTHENTICATE failed.'));
  await org.control('flags', { person: SAM, imapOff: false });
  await using(org.imapAs(SAM), (c) => assert.equal(c.login.status, 'OK'));
});

test('IMAP accepts the mail address where it differs from the UPN', () => using(org.imapAs(MAEVE.mail, org.mint(MAEVE.upn)), async (c) => {
  assert.equal((await c.command('SELECT INBOX')).status, 'OK');
}));

test('nothing that is not advertised is accepted', () => using(org.imapAs(LIN), async (c) => {
  await c.must('SELECT INBOX');
  for (const line of ['ENABLE CONDSTORE', 'SELECT INBOX (CONDSTORE)', 'LIST "" "*" RETURN (SPECIAL-USE)', 'STATUS INBOX (HIGHESTMODSEQ)',
    'UID SEARCH RETURN (ALL) ALL', 'UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)', 'FETCH 1 (MODSEQ)', 'SORT (DATE) UTF-8 ALL']) {
    if (c.socket.destroyed) break;
    assert.equal((await c.command(line)).status, 'BAD', line);
  }
}));

test('the connection is closed after ten errors', () => using(org.imapAs(LIN), async (c) => {
  for (let i = 0; i < 10; i++) assert.equal((await c.command('ENABLE QRESYNC')).text, 'BAD Command Error. 12');
  assert.match((await c.response()).text, /^\* BYE/);
}));

test('keywords are neither offered nor kept', () => using(org.imapAs(ANNA), async (c) => {
  const selected = texts(await c.must('SELECT INBOX'));
  assert.ok(selected.includes('* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)] Permanent flags'));
  assert.ok(selected.includes('* 0 RECENT'));
  assert.ok(!selected.join().includes('HIGHESTMODSEQ'));
  assert.equal((await c.must('UID STORE 1 +FLAGS ($Label1 $Forwarded)')).untagged.length, 0);
  await org.control('flag', { person: ANNA, uid: 2, add: ['Work', '\\Flagged'] });
  const [flags] = texts(await c.must('UID FETCH 2 (FLAGS)')).filter((t) => t.includes('UID 2'));
  assert.match(flags, /\\Flagged/);
  assert.doesNotMatch(flags, /Work|Recent/);
}));

test('RFC822.SIZE is only near the truth; the literal is exact', () => using(org.imapAs(ANNA), async (c) => {
  await c.must('EXAMINE INBOX');
  const answer = await c.must('UID FETCH 1:40 (RFC822.SIZE BODY.PEEK[])');
  assert.equal(answer.untagged.length, 40);
  for (const { text, literals } of answer.untagged) {
    const size = Number(/RFC822\.SIZE (\d+)/.exec(text)[1]);
    assert.notEqual(size, literals[0].length);
    assert.ok(Math.abs(size - literals[0].length) < 1024);
  }
}));

test('SEARCH knows US-ASCII only', () => using(org.imapAs(ANNA), async (c) => {
  await c.must('EXAMINE INBOX');
  assert.match((await c.command('UID SEARCH CHARSET UTF-8 SUBJECT "x"')).text, /^NO \[BADCHARSET \(US-ASCII\)\]/);
  assert.match(texts(await c.must('UID SEARCH CHARSET US-ASCII SUBJECT "Price list"'))[0], /^\* SEARCH( \d+)+/);
  assert.match(texts(await c.must('UID SEARCH SUBJECT "OLDER"'))[0], /^\* SEARCH/);
}));

test('folders carry no special-use flags, and German names for a German mailbox', async () => {
  await using(org.imapAs(ANNA), async (c) => {
    const list = texts(await c.must('LIST "" "*"'));
    assert.ok(list.some((l) => l.endsWith('"Sent Items"')));
    assert.ok(list.every((l) => !/\\(Sent|Trash|Drafts|Junk|Archive|All)/.test(l)));
  });
  await using(org.imapAs(JONAS), async (c) => {
    const list = texts(await c.must('LIST "" "*"')).join('\n');
    for (const name of ['"Gesendete Elemente"', 'Gel&APY-schte Elemente', 'Entw&APw-rfe', 'Junk-E-Mail', 'Archiv']) assert.ok(list.includes(name), name);
  });
});

test('APPEND keeps no \\Flagged and no keyword; APPENDUID, COPYUID and MOVE work', () => using(org.imapAs(LIN), async (c) => {
  const added = await c.append('INBOX', Buffer.from('Subject: appended\r\n\r\nbody\r\n'), ['\\Seen', '\\Flagged', '$Label1']);
  const uid = Number(/^OK \[APPENDUID \d+ (\d+)\] APPEND completed\.$/.exec(added.text)[1]);
  await c.must('SELECT INBOX');
  assert.match(texts(await c.must(`UID FETCH ${uid} (FLAGS)`))[0], /FLAGS \(\\Seen\)/);
  const moved = await c.must(`UID MOVE ${uid} Archive`);
  assert.match([moved.text, ...texts(moved)].join(), /\[COPYUID \d+ \d+ \d+\]/);
  const long = await c.append('INBOX', Buffer.from(`Subject: long\r\n\r\n${'x'.repeat(10500)}\r\n`));
  assert.equal(long.text, 'BAD Command Argument Error. 11');
  assert.equal((await org.control('messages', { person: LIN })).length, 0);
}));

test('a synchronising literal is asked for, and a folder may be named by one', () => using(org.imapAs(ANNA), async (c) => {
  const tag = c.nextTag();
  c.send(`${tag} EXAMINE {10}`);
  assert.match((await c.response()).text, /^\+ /);
  c.send('Sent Items');
  assert.equal((await c.finish(tag)).text, 'OK [READ-ONLY] EXAMINE completed.');
}));

test('IDLE tells of new mail at once', () => using(org.imapAs(LIN), async (c) => {
  await c.must('SELECT INBOX');
  const tag = c.nextTag();
  c.send(`${tag} IDLE`);
  assert.equal((await c.response()).text, '+ IDLE accepted, awaiting DONE command.');
  await org.control('append', { person: LIN, message: 'Subject: new\n\nhello\n' });
  assert.match((await c.response()).text, /^\* \d+ EXISTS$/);
  c.send('DONE');
  assert.equal((await c.finish(tag)).text, 'OK IDLE completed.');
}));

test('a session ends with its token', () => using(org.imapAs(ANNA, org.mint(ANNA, OUTLOOK, { seconds: 2 })), async (c) => {
  await c.must('SELECT INBOX');
  assert.equal((await c.response()).text, '* BYE Session invalidated - AccessTokenExpired');
}));

test('faults: throttling, no data, empty COPYUID, unavailable, goodbye while idle, a cut in a literal, garbage', async (t) => {
  const fault = (kind, more = {}) => org.control('addFault', { service: 'imap', kind, person: ANNA, times: 1, ...more });
  t.after(() => org.control('clearFaults'));
  await using(org.imapAs(ANNA), async (c) => {
    await c.must('SELECT INBOX');
    await fault('throttle', { command: 'UID FETCH', ms: 123456 });
    assert.equal((await c.command('UID FETCH 1 (FLAGS)')).text, 'BAD Request is throttled. Suggested Backoff Time: 123456 milliseconds');
    await fault('emptyFetch');
    assert.deepEqual(await c.command('UID FETCH 1 (BODY.PEEK[])'), { status: 'OK', text: 'OK FETCH completed.', untagged: [] });
    await fault('emptyCopyuid');
    assert.match((await c.command('UID COPY 1 Archive')).text, /^OK \[COPYUID \d+ {2}\] COPY completed\.$/);
    await fault('byeAfterIdle', { ms: 50 });
    c.send('i IDLE');
    assert.match((await c.response()).text, /^\+/);
    assert.equal((await c.response()).text, '* BYE Connection is closed. 13');
  });
  await using(org.imapAs(ANNA), async (c) => {
    await fault('unavailable');
    c.send('u NOOP');
    assert.equal((await c.response()).text, 'Server Unavailable. 15');
  });
  await using(org.imapAs(ANNA), async (c) => {
    await c.must('SELECT INBOX');
    await fault('midLiteral', { command: 'UID FETCH' });
    await assert.rejects(c.command('UID FETCH 1:* (BODY.PEEK[])'), { message: 'closed' });
  });
  await using(org.imapAs(ANNA), async (c) => {
    await fault('garbage');
    c.send('g NOOP');
    assert.match((await c.reader.line(1000, 'latin1')), /GARBAGE/);
  });
});
