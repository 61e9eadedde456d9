// Linked mailboxes from the outside: checks row by row, settings that are only tried, a link that waits for its start date, health, the sync
// log, and a resync that keeps what people made of their mail.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

const MEMBER = ['member@northlight.example', 'another horse 43'];
let org, postroom, client, member, anna, elif, dmytro, workshop, account;

before(async () => {
  org = await startOrganisation(['--mails', '40']);
  [anna, elif, dmytro, workshop] = ['main', 'smtpAuthOff', 'imapOff', 'workshop@lampworks.example'].map(org.person);
  postroom = new Postroom({ env: { SSL_CERT_FILE: org.caFile } });
  postroom.addUser();
  postroom.addUser(...MEMBER, false);
  postroom.setProvider(org);
  await postroom.serve();
  [client, member] = [await postroom.signIn(), await postroom.signIn(...MEMBER)];
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

const own = (more, who = client) => ({ accountId: who.user.id, ...more });
const servers = ({ imap = org.dovecot.imapsPort, smtp = org.dovecot.submissionsPort, host = 'localhost' } = {}) => ({ imapUrl: `imaps://${host}:${imap}`, smtpUrl: `smtps://${host}:${smtp}` });

/** Runs a check to its end: { check, rows by name }. */
async function checked(args, who = client) {
  const { id } = await who.call('AccountCheck/run', own(args, who));
  const check = await until('the check to end', async () => {
    const { list } = await who.call('AccountCheck/get', own({ ids: [id] }, who));
    return list[0]?.state === 'done' && list[0];
  }, { ms: 30000, every: 100 });
  return { id, check, rows: Object.fromEntries(check.rows.map((row) => [row.check, row])) };
}

const states = (rows) => Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, row.state]));
const logOf = async (id, who = client) => (await who.call('SyncLogEntry/query', own({ account: id, limit: 100 }, who))).list;

/** Links by OAuth as the wizard does: nothing is fetched before the start date is agreed to. */
async function linkHeld(person) {
  const fetch = client.fetch.bind(client);
  client.fetch = (target, options) => fetch(String(target).replace('/start?', '/start?hold=1&'), options);
  try {
    return await client.linked(person, { since: '2024-01-01' });
  } finally {
    client.fetch = fetch;
  }
}

test('settings that are only tried: each row says what the server said, and nothing is kept', async () => {
  const { rows, check } = await checked({ address: workshop.mail, ...servers(), password: workshop.password });
  assert.deepEqual(states(rows), { address: 'ok', imap: 'ok', folders: 'ok', smtp: 'ok', start: 'ok' });
  assert.equal(check.account, null);
  assert.equal(rows.imap.evidence.server, `localhost:${org.dovecot.imapsPort}`);
  assert.ok(rows.folders.evidence.folders >= 1 && rows.folders.evidence.roles.includes('inbox'), JSON.stringify(rows.folders));
  assert.ok(rows.start.evidence.messages > 0 && rows.start.evidence.bytes > 0 && rows.start.evidence.complete);
  assert.deepEqual(postroom.json('account', 'list'), []);
  assert.deepEqual(await org.control('outside'), [], 'no test mail');
});

test('a wrong password, a host that is not there and one inside that nobody allowed', async () => {
  const wrong = await checked({ address: workshop.mail, ...servers(), password: 'not this one' });
  assert.deepEqual(states(wrong.rows), { address: 'ok', imap: 'bad', folders: 'skipped', smtp: 'bad', start: 'skipped' });
  assert.equal(wrong.rows.imap.problem.code, 'password-refused');
  assert.match(wrong.rows.imap.evidence.said, /failed/i);
  const away = await checked({ address: workshop.mail, ...servers({ imap: 1, smtp: 1 }), password: 'x' });
  assert.equal(away.rows.imap.problem.code, 'server-unreachable');
  const inside = await checked({ address: workshop.mail, ...servers({ host: '10.1.2.3' }), password: 'x' });
  assert.equal(inside.rows.imap.state, 'bad');
  assert.match(inside.rows.imap.problem.detail, /public address/);
  await assert.rejects(client.call('AccountCheck/run', own({ address: 'x', ...servers(), password: 'x' })), { type: 'invalidArguments', properties: ['address'] });
  await assert.rejects(client.call('AccountCheck/run', own({ address: workshop.mail, imapUrl: 'imap://localhost:143', smtpUrl: 'smtps://localhost', password: 'x' })), { properties: ['imapUrl'] });
});

test('another person cannot see a trial', async () => {
  const { id } = await checked({ address: workshop.mail, ...servers(), password: workshop.password });
  assert.deepEqual((await member.call('AccountCheck/get', own({ ids: [id] }, member))).notFound, [id]);
});

test('a link that waits: checked whole, and nothing comes before the start date is agreed to', async () => {
  account = await linkHeld(anna);
  const [linked] = (await client.call('LinkedAccount/get', own({ ids: [account] }))).list;
  assert.equal(linked.awaitsStart, true);
  const { rows, check, id } = await checked({ account });
  assert.equal(id, account);
  assert.equal(check.account, account);
  assert.deepEqual(states(rows), { address: 'ok', authorise: 'ok', token: 'ok', imap: 'ok', folders: 'ok', smtp: 'ok', start: 'ok' });
  assert.deepEqual(rows.token.evidence.missing, []);
  assert.ok(rows.token.evidence.scopes.some((scope) => scope.endsWith('IMAP.AccessAsUser.All')), JSON.stringify(rows.token));
  assert.equal(rows.token.evidence.address, anna.mail);
  const later = await checked({ account, onlyStart: true, since: '2999-01-01T00:00:00Z' });
  assert.deepEqual(Object.keys(later.rows), ['start']);
  assert.equal(later.rows.start.evidence.messages, 0);
  assert.ok(rows.start.evidence.messages > 0);
  assert.equal(postroom.status(anna.mail).emails, 0);
  const { updated } = await client.call('LinkedAccount/set', own({ update: { [account]: { awaitsStart: false, since: '2024-01-01T00:00:00Z' } } }));
  assert.ok(account in updated);
  await postroom.settled(anna.mail);
  const estimate = rows.start.evidence.messages;
  const real = postroom.status(anna.mail).mailboxes.reduce((sum, one) => sum + one.serverCount, 0);
  assert.ok(Math.abs(estimate - real) <= 2, `estimated ${estimate}, there are ${real}`);
});

test('the last result of each check is kept, and SMTP AUTH that is off is named', async () => {
  await client.linked(elif);
  await postroom.settled(elif.mail);
  const [id] = (await client.call('LinkedAccount/get', own({ ids: null }))).list.filter((one) => one.address === elif.mail).map((one) => one.id);
  const { rows } = await checked({ account: id });
  assert.equal(rows.smtp.state, 'bad');
  assert.equal(rows.smtp.problem.code, 'smtp-auth-off');
  assert.equal(rows.imap.state, 'ok');
  const [kept] = (await client.call('AccountCheck/get', own({ ids: [id] }))).list;
  assert.equal(kept.state, 'done');
  assert.equal(kept.rows.find((row) => row.check === 'smtp').problem.code, 'smtp-auth-off');
});

test('IMAP that is off shows when the link is checked', async () => {
  const id = await linkHeld(dmytro);
  const { rows } = await checked({ account: id });
  assert.equal(rows.token.state, 'ok');
  assert.equal(rows.imap.state, 'bad');
  assert.ok(['imap-off', 'imap-refused', 'connected-not-authorised'].includes(rows.imap.problem.code), rows.imap.problem.code);
  await client.call('LinkedAccount/set', own({ destroy: [id] }));
  assert.ok(!postroom.json('account', 'list').some((one) => one.email === dmytro.mail), 'left without litter');
});

test('health: folders here and there, quotas, today’s bytes, who else sees it', async () => {
  const [health] = (await client.call('AccountHealth/get', own({ ids: [account] }))).list;
  assert.equal(health.address, anna.mail);
  assert.equal(health.mayChange, true);
  assert.deepEqual([health.isOwn, health.linkedBy, health.sharedWith], [true, [], []]);
  assert.equal(health.unsent, 0);
  assert.ok(health.bytesToday > 0 && health.bytesToday < 100e6, `${health.bytesToday} bytes today`);
  const inbox = health.folders.find((folder) => folder.role === 'inbox');
  assert.ok(inbox.serverCount > 0 && inbox.localCount === inbox.serverCount, JSON.stringify(inbox));
  assert.ok(inbox.comparedAt);
  assert.match(health.imapUrl, /^imaps:/);
  assert.equal(health.maxSizeMessage, 157286400);
  assert.ok(Math.abs(Date.parse(health.maxSizeMessageAt) - Date.now()) < 600e3, health.maxSizeMessageAt);
  const { drafts } = await client.mailboxes(account);
  const { list: [identity] } = await client.call('Identity/get', { accountId: account, ids: null });
  const [, [, { created }]] = await client.calls([
    ['Email/set', { accountId: account, create: { m: { mailboxIds: { [drafts.id]: true }, keywords: { $draft: true }, from: [{ email: anna.mail }], to: [{ email: elif.mail }], subject: 'Later', textBody: [{ partId: '1', type: 'text/plain' }], bodyValues: { 1: { value: 'x' } } } } }],
    ['EmailSubmission/set', { accountId: account, create: { s: { emailId: '#m', identityId: identity.id, envelope: { mailFrom: { email: anna.mail, parameters: { HOLDFOR: '3600' } }, rcptTo: [{ email: elif.mail }] } } } }],
  ]);
  assert.ok(created?.s);
  assert.equal((await client.call('AccountHealth/get', own({ ids: [account] }))).list[0].unsent, 1);
  await client.call('EmailSubmission/set', { accountId: account, update: { [created.s.id]: { undoStatus: 'canceled' } } });
  assert.equal((await client.call('AccountHealth/get', own({ ids: [account] }))).list[0].unsent, 0);
});

test('the sync log tells what was done in codes and numbers, never what mail says', async () => {
  const log = await until('the log', async () => { const list = await logOf(account); return list.some((one) => one.event === 'first-pass') && list; });
  const events = log.map((one) => one.event);
  assert.ok(events.includes('connected') && events.includes('checked'), events.join());
  const first = log.find((one) => one.event === 'first-pass');
  assert.ok(first.details.fetched > 0 && first.details.bytes > 0 && first.details.folders > 0);
  const text = JSON.stringify(log);
  const subjects = (await org.control('messages', { person: anna.mail })).map((one) => one.subject).filter((one) => one?.length > 8);
  assert.ok(subjects.length > 5);
  for (const word of [...subjects, '@']) assert.ok(!text.includes(word), `the log says ${word}`);
  const [[, all], [, page]] = await client.calls([['SyncLogEntry/query', own({ account })], ['SyncLogEntry/query', own({ account, position: 1, limit: 1 })]]);
  assert.equal(page.list.length, 1);
  assert.deepEqual(all.list.map((one) => one.at), all.list.map((one) => one.at).sort().reverse(), 'newest first');
  assert.ok(all.total === all.list.length && all.list.some((one) => one.id === page.list[0].id));
});

test('a stranger learns nothing; an administrator sees how it does, and none of its mail', async () => {
  const none = await member.call('AccountHealth/get', own({ ids: [account, 'a999'] }, member));
  assert.deepEqual([none.list, none.notFound.sort()], [[], [account, 'a999'].sort()]);
  assert.deepEqual((await member.call('AccountCheck/get', own({ ids: [account] }, member))).notFound, [account]);
  const answers = [];
  for (const id of [account, 'a999']) await member.call('SyncLogEntry/query', own({ account: id }, member)).catch((error) => answers.push([error.type, error.description]));
  assert.deepEqual(answers[0], answers[1]);
  await assert.rejects(member.call('AccountCheck/run', own({ account }, member)));
  await postroom.run('account', 'add', workshop.mail, '--owner', MEMBER[0], '--imap', servers().imapUrl, '--smtp', servers().smtpUrl, '--password-file', postroom.file('ws', `${workshop.password}\n`), '--ca-file', org.caFile);
  await postroom.settled(workshop.mail);
  const theirs = await member.account(workshop.mail);
  const [health] = (await client.call('AccountHealth/get', own({ ids: [theirs] }))).list;
  assert.equal(health.owner, MEMBER[0]);
  assert.ok((await logOf(theirs)).length > 0);
  await assert.rejects(client.call('Mailbox/get', { accountId: theirs, ids: null }), { type: 'accountNotFound' });
});

test('resync: every folder anew; ids, labels, notes, to-dos and marks stay', async () => {
  const properties = ['id', 'threadId', 'keywords', 'mailboxIds', 'blobId', 'messageId'];
  const { ids } = await client.call('Email/query', { accountId: account, limit: 1000 });
  const read = () => client.call('Email/get', { accountId: account, ids, properties });
  assert.ok(ids.length >= 30 && ids.length < 500);
  await client.call('Email/set', { accountId: account, update: Object.fromEntries(ids.slice(0, 5).map((id) => [id, { 'keywords/project-lamp': true, 'keywords/$flagged': true }])) });
  const { threadId } = (await read()).list[0];
  for (const [type, more] of [['Note', {}], ['Todo', { due: '2030-05-01' }]])
    assert.ok((await client.call(`${type}/set`, { accountId: account, create: { n: { threadId, text: 'Ask Priya first.', ...more } } })).created?.n, type);
  const organised = async () => [(await client.call('Note/get', { accountId: account, ids: null })).list, (await client.call('Todo/get', { accountId: account, ids: null })).list];
  await until('the marks to be at the server', async () => (await org.control('messages', { person: anna.mail })).some((one) => one.flags.includes('\\Flagged')));
  await postroom.settled(anna.mail);
  const [emails, kept] = [await read(), await organised()];
  assert.deepEqual(kept.map((list) => list.length), [1, 1]);
  // A change that is still on its way there is not lost by it.
  const late = emails.list.find((one) => !one.keywords.$answered);
  late.keywords.$answered = true;
  await client.calls([['Email/set', { accountId: account, update: { [late.id]: { 'keywords/$answered': true } } }], ['LinkedAccount/set', own({ update: { [account]: { resync: true } } })]]);
  await until('the resync to end', async () => {
    const log = await logOf(account);
    const at = log.findIndex((one) => one.event === 'resync');
    return at >= 0 && log.slice(0, at).some((one) => one.event === 'first-pass');
  });
  await postroom.settled(anna.mail);
  const later = await read();
  assert.deepEqual(later.notFound, []);
  assert.deepEqual(later.list, emails.list);
  assert.equal(later.list.filter((one) => one.keywords['project-lamp']).length, 5);
  assert.deepEqual(await organised(), kept);
  await until('the late change at the server', async () => (await org.control('messages', { person: anna.mail, folder: 'INBOX' })).some((one) => one.flags.includes('\\Answered')));
  assert.equal((await client.call('Email/query', { accountId: account, calculateTotal: true, limit: 1 })).total, ids.length, 'nothing came twice');
});

test('a check by itself, as often as is configured', async () => {
  const [health] = (await client.call('AccountCheck/get', own({ ids: [account] }))).list;
  await postroom.stop();
  postroom.env.POSTROOM_SYNC_CHECK = '1';
  await postroom.serve();
  client = await postroom.signIn();
  await until('another check', async () => (await client.call('AccountCheck/get', own({ ids: [account] }))).list[0].endedAt > health.endedAt);
});
