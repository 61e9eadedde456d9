// What is changed here reaches the mail server, exactly once: at the Exchange-like front and at a plain Dovecot.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { sleep, startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

const WAIT = { ms: 60000 };
let org, postroom, client;
const sides = [{ name: 'Exchange' }, { name: 'Dovecot' }];

before(async () => {
  org = await startOrganisation(['--mails', '10']);
  postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider(org);
  await postroom.serve();
  client = await postroom.signIn();
  const [exchange, dovecot] = sides;
  exchange.person = org.person('main');
  exchange.account = await client.linked(exchange.person, { since: '2000-01-01' });
  dovecot.person = org.person('workshop@lampworks.example');
  postroom.must('account', 'add', dovecot.person.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
    '--password-file', postroom.file('pw-dovecot', `${dovecot.person.password}\n`), '--ca-file', org.caFile);
  dovecot.account = await client.account(dovecot.person.mail);
  for (const { person } of sides) await postroom.settled(person.mail);
}, { timeout: 300000 });

beforeEach(() => org.control('clearFaults'));

after(async () => {
  await postroom?.close();
  await org?.close();
});

/** One test for each side. */
const both = (name, body) => { for (const side of sides) test(`${side.name}: ${name}`, { timeout: 300000 }, () => body(side)); };

const atExchange = (name, body) => test(name, { timeout: 300000 }, () => body(sides[0]));

const there = (side, folder = 'INBOX') => org.control('messages', { person: side.person.mail, folder });
const withSubject = async (side, folder, subject) => (await there(side, folder)).filter((m) => m.subject === subject);
const folders = (side) => org.control('folders', { person: side.person.mail });
const boxes = (side) => client.mailboxes(side.account);
const emails = (side, filter) => client.call('Email/query', { accountId: side.account, filter });
const set = async (side, args) => client.call('Email/set', { accountId: side.account, ...args });
const setFolders = async (side, args) => client.call('Mailbox/set', { accountId: side.account, ...args });

const letter = (subject, id) => `From: James <james.okafor@northlight.example>\nTo: x@northlight.example\nSubject: ${subject}\nMessage-ID: <${id}>\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\nText.\n`;

/** Puts messages there as another client would, and waits until they are here; their ids. */
async function deliver(side, subject, count = 1, folder = 'INBOX') {
  for (let i = 0; i < count; i++)
    await org.control('append', { person: side.person.mail, folder, message: letter(subject, `${subject.replaceAll(' ', '-')}-${i}-${side.name}@changes.example`) });
  return until(`${subject} to be here`, async () => { const { ids } = await emails(side, { subject }); return ids.length === count && ids; }, WAIT);
}

/** A folder made here, that is there too; its id. */
async function makeFolder(side, name, parentId = null) {
  const { created, notCreated } = await setFolders(side, { create: { f: { name, parentId, isSubscribed: true } } });
  assert.ok(created?.f, JSON.stringify(notCreated));
  return created.f.id;
}

const equal = (side) => until('equal counts', () => postroom.status(side.person.mail).mailboxes.every((m) => m.localCount === m.serverCount), WAIT);

both('many messages are marked, archived and brought back in a few commands', async (side) => {
  const count = 60;
  const ids = await deliver(side, 'Many of them', count);
  const { archive, inbox } = await boxes(side);
  await org.control('clearCounters');
  await set(side, { update: Object.fromEntries(ids.map((id) => [id, { 'keywords/$seen': true, mailboxIds: { [archive.id]: true } }])) });
  await until('all to be in the archive', async () => (await withSubject(side, 'Archive', 'Many of them')).filter((m) => m.flags.includes('\\Seen')).length === count, WAIT);
  assert.equal((await withSubject(side, 'INBOX', 'Many of them')).length, 0);
  if (side.name === 'Exchange') {
    const counted = (await org.control('counters'))[side.person.upn];
    for (const verb of ['imap UID STORE', 'imap UID MOVE']) assert.ok(counted[verb] >= 1 && counted[verb] <= 3, JSON.stringify(counted));
  }
  await set(side, { update: Object.fromEntries(ids.map((id) => [id, { mailboxIds: { [inbox.id]: true } }])) });
  await until('all to be back', async () => (await withSubject(side, 'INBOX', 'Many of them')).length === count, WAIT);
  await set(side, { destroy: ids });
  await until('all to be gone', async () => (await withSubject(side, 'INBOX', 'Many of them')).length === 0, WAIT);
  assert.equal((await withSubject(side, 'Archive', 'Many of them')).length, 0);
  await equal(side);
});

both('a copy is one email here and two messages there', async (side) => {
  const [id] = await deliver(side, 'In two places');
  const { archive } = await boxes(side);
  await set(side, { update: { [id]: { [`mailboxIds/${archive.id}`]: true } } });
  await until('the copy', async () => (await withSubject(side, 'Archive', 'In two places')).length === 1, WAIT);
  await equal(side);
  assert.equal((await emails(side, { subject: 'In two places' })).ids.length, 1);
  await set(side, { update: { [id]: { [`mailboxIds/${archive.id}`]: null } } });
  await until('one again', async () => (await withSubject(side, 'Archive', 'In two places')).length === 0, WAIT);
  assert.equal((await withSubject(side, 'INBOX', 'In two places')).length, 1);
});

both('to the trash, then for good', async (side) => {
  const [id] = await deliver(side, 'Thrown away');
  const { trash } = await boxes(side);
  await set(side, { update: { [id]: { mailboxIds: { [trash.id]: true } } } });
  await until('it to be in the trash', async () => (await withSubject(side, 'Deleted Items', 'Thrown away')).length === 1, WAIT);
  await set(side, { destroy: [id] });
  await until('it to be gone', async () => (await withSubject(side, 'Deleted Items', 'Thrown away')).length === 0, WAIT);
  await equal(side);
});

both('each version of a draft replaces the one before', async (side) => {
  const { drafts } = await boxes(side);
  const draft = (n) => ({ mailboxIds: { [drafts.id]: true }, keywords: { $draft: true, $flagged: true }, subject: 'Growing', to: [{ email: 'x@northlight.example' }],
    textBody: [{ partId: 't', type: 'text/plain' }], bodyValues: { t: { value: `Version ${n}\n` } } });
  let last = null;
  for (let n = 0; n < 6; n++) {
    const { created, notCreated, notDestroyed } = await set(side, { create: { d: draft(n) }, ...(last ? { destroy: [last] } : {}) });
    assert.ok(created?.d, JSON.stringify({ notCreated, notDestroyed }));
    last = created.d.id;
    if (n % 2) await until('a draft there', async () => (await withSubject(side, 'Drafts', 'Growing')).length >= 1, WAIT);
  }
  await until('only the last one there', async () => (await withSubject(side, 'Drafts', 'Growing')).length === 1 && (await emails(side, { subject: 'Growing' })).ids.length === 1, WAIT);
  await sleep(2500);
  const left = await withSubject(side, 'Drafts', 'Growing');
  assert.equal(left.length, 1);
  assert.ok(left[0].flags.includes('\\Flagged') && left[0].flags.includes('\\Draft'), left[0].flags.join(' '));
  await set(side, { destroy: (await emails(side, { subject: 'Growing' })).ids });
  await until('none', async () => (await withSubject(side, 'Drafts', 'Growing')).length === 0, WAIT);
  await equal(side);
});

both('an imported message goes up, once', async (side) => {
  const { archive } = await boxes(side);
  const { blobId } = await client.upload(side.account, Buffer.from(letter('From elsewhere', `import-${side.name}@changes.example`).replaceAll('\n', '\r\n')), 'message/rfc822');
  const { created, notCreated } = await client.call('Email/import', { accountId: side.account, emails: { i: { blobId, mailboxIds: { [archive.id]: true }, keywords: { $seen: true } } } });
  assert.ok(created?.i, JSON.stringify(notCreated));
  await until('it to be there', async () => (await withSubject(side, 'Archive', 'From elsewhere')).length === 1, WAIT);
  await equal(side);
  assert.equal((await emails(side, { subject: 'From elsewhere' })).ids.length, 1);
});

both('folders: made, filled, renamed, moved, deleted', async (side) => {
  const top = await makeFolder(side, 'Projekte & Pläne');
  const below = await makeFolder(side, 'Lampen 灯', top);
  const [id] = await deliver(side, 'Into the folder');
  await set(side, { update: { [id]: { mailboxIds: { [below]: true } } } });
  await until('the folders there', async () => (await folders(side)).includes('Projekte & Pläne/Lampen 灯'), WAIT);
  await until('the message in it', async () => (await withSubject(side, 'Projekte & Pläne/Lampen 灯', 'Into the folder')).length === 1, WAIT);
  const { updated, notUpdated } = await setFolders(side, { update: { [top]: { name: 'Umbenannt' } } });
  assert.ok(updated && top in updated, JSON.stringify(notUpdated));
  await until('the new name there', async () => { const names = await folders(side); return names.includes('Umbenannt/Lampen 灯') && !names.includes('Projekte & Pläne'); }, WAIT);
  await setFolders(side, { update: { [below]: { parentId: null } } });
  await until('the move there', async () => { const names = await folders(side); return names.includes('Lampen 灯') && !names.includes('Umbenannt/Lampen 灯'); }, WAIT);
  await equal(side);
  assert.deepEqual((await emails(side, { inMailbox: below })).ids, [id]);
  const refused = await setFolders(side, { destroy: [below] });
  assert.equal(refused.notDestroyed[below].type, 'mailboxHasEmail');
  const gone = await setFolders(side, { destroy: [top, below], onDestroyRemoveEmails: true });
  assert.equal(gone.destroyed?.length, 2, JSON.stringify(gone.notDestroyed));
  await until('both gone there', async () => { const names = await folders(side); return !names.includes('Lampen 灯') && !names.includes('Umbenannt'); }, WAIT);
  await equal(side);
  assert.equal((await emails(side, { subject: 'Into the folder' })).ids.length, 0);
});

both('a folder that holds more on the server than here is not deleted', async (side) => {
  const id = await makeFolder(side, 'Nearly empty');
  await until('it there', async () => (await folders(side)).includes('Nearly empty'), WAIT);
  await equal(side);
  await postroom.settled(side.person.mail);
  // It comes between the last look and the deletion.
  await org.control('append', { person: side.person.mail, folder: 'Nearly empty', message: letter('Just in time', `in-time-${side.name}@changes.example`) });
  await setFolders(side, { destroy: [id], onDestroyRemoveEmails: false });
  await sleep(3000);
  if ((await folders(side)).includes('Nearly empty')) {
    assert.equal((await withSubject(side, 'Nearly empty', 'Just in time')).length, 1);
    await until('it to be here again', async () => (await emails(side, { subject: 'Just in time' })).ids.length === 1, WAIT);
  } else {
    assert.fail('a message was lost');
  }
});

atExchange('a refused folder is undone, with the reason', async (side) => {
  await org.control('addFault', { service: 'imap', kind: 'no', person: side.person.mail, command: 'CREATE', reply: 'Folder name is reserved', times: 1 });
  const id = await makeFolder(side, 'Files');
  await until('it to be gone again', async () => !(await boxes(side)).Files, WAIT);
  assert.equal((await folders(side)).includes('Files'), false);
  const { list: [account] } = await client.call('LinkedAccount/get', { accountId: Object.keys((await client.session()).accounts).find((a) => a.startsWith('u')), ids: [side.account] });
  assert.equal(account.refused[0].change, 'create-folder', JSON.stringify(account.refused));
  assert.equal(account.refused[0].name, 'Files');
  assert.ok(account.refused[0].problem.title && account.refused[0].problem.action && account.refused[0].problem.code === 'server-refused');
  assert.ok(id);
});

atExchange('a refused move is undone, with the reason', async (side) => {
  const [id] = await deliver(side, 'May not move');
  const { archive, inbox } = await boxes(side);
  await org.control('addFault', { service: 'imap', kind: 'no', person: side.person.mail, command: 'UID MOVE', times: 1 });
  await set(side, { update: { [id]: { mailboxIds: { [archive.id]: true } } } });
  await until('it to be back', async () => (await emails(side, { subject: 'May not move', inMailbox: inbox.id })).ids.length === 1, WAIT);
  assert.equal((await withSubject(side, 'INBOX', 'May not move')).length, 1);
  const user = Object.keys((await client.session()).accounts).find((a) => a.startsWith('u'));
  const { list: [account] } = await client.call('LinkedAccount/get', { accountId: user, ids: [side.account] });
  assert.equal(account.refused[0].change, 'move', JSON.stringify(account.refused));
  assert.equal(account.refused[0].name, 'May not move');
  await client.call('LinkedAccount/set', { accountId: user, update: { [side.account]: { refused: [] } } });
  assert.deepEqual((await client.call('LinkedAccount/get', { accountId: user, ids: [side.account] })).list[0].refused, []);
});

atExchange('empty COPYUID: the message is found all the same', async (side) => {
  const [id] = await deliver(side, 'Without a number');
  const { archive } = await boxes(side);
  await org.control('addFault', { service: 'imap', kind: 'emptyCopyuid', person: side.person.mail, times: 1 });
  await set(side, { update: { [id]: { mailboxIds: { [archive.id]: true } } } });
  await until('it there', async () => (await withSubject(side, 'Archive', 'Without a number')).length === 1, WAIT);
  await equal(side);
  assert.deepEqual((await emails(side, { subject: 'Without a number' })).ids, [id]);
});
