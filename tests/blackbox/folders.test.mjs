// What other clients do with folders and messages: nothing loses its id, nothing is left behind.

import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';

import { differences, here } from './support/mirror.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

let org, anna, postroom, client, accountId;
const sides = [{ name: 'Exchange', keywords: false }, { name: 'Dovecot', keywords: true }];

before(async () => {
  org = await startOrganisation(['--mails', '20']);
  anna = org.person('main');
  postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider(org);
  await postroom.serve();
  client = await postroom.signIn();
  accountId = await client.linked(anna);
  Object.assign(sides[0], { person: anna, account: accountId });
  const person = org.person('workshop@lampworks.example');
  postroom.must('account', 'add', person.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
    '--password-file', postroom.file('pw-dovecot', `${person.password}\n`), '--ca-file', org.caFile);
  Object.assign(sides[1], { person, account: await client.account(person.mail) });
  for (const side of sides) await postroom.settled(side.person.mail);
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

const box = async (name) => (await client.call('Mailbox/get', { accountId, ids: null })).list.find((m) => m.name === name);
const emails = async (mailbox) => (await client.call('Email/query', { accountId, filter: { inMailbox: mailbox.id } })).ids;
const holds = (name, count) => until(`${count} messages in ${name}`, async () => {
  await postroom.run('sync', anna.mail);
  const mailbox = await box(name);
  const ids = mailbox ? await emails(mailbox) : [];
  return ids.length === count ? ids : null;
}, { ms: 60000, every: 500 });

test('mail of folders that others rename and delete keeps its ids', { timeout: 240000 }, async () => {
  await org.control('createFolder', { person: anna.mail, folder: 'Plans' });
  for (const n of [1, 2]) await org.control('append', { person: anna.mail, folder: 'Plans', message: `Message-ID: <plan${n}@test>\nSubject: Plan ${n}\n\nText\n` });
  const first = await holds('Plans', 2);
  await org.control('renameFolder', { person: anna.mail, folder: 'Plans', to: 'Old plans' });
  assert.deepEqual((await holds('Old plans', 2)).toSorted(), first.toSorted());
  const [message] = await org.control('messages', { person: anna.mail, folder: 'Old plans' });
  await org.control('move', { person: anna.mail, folder: 'Old plans', uid: message.uid, to: 'Archive' });
  const [kept] = await holds('Old plans', 1);
  const [moved] = first.filter((id) => id !== kept);
  await until('the moved message to be in Archive', async () => (await emails(await box('Archive'))).includes(moved), { ms: 60000 });
  await org.control('deleteFolder', { person: anna.mail, folder: 'Old plans' });
  await until('the folder to go', async () => { await postroom.run('sync', anna.mail); return !(await box('Old plans')); }, { ms: 60000, every: 500 });
  const { notFound } = await client.call('Email/get', { accountId, ids: [kept, moved], properties: ['id'] });
  assert.deepEqual(notFound, [kept]);
  for (const { name, localCount, serverCount } of (await postroom.settled(anna.mail)).mailboxes) assert.equal(localCount, serverCount, name);
});

/** Does something to the rows of an account while the server is down: change(db, INBOX, another folder). */
async function damaged(side, change) {
  await postroom.stop();
  const db = new DatabaseSync(path.join(postroom.data, 'postroom.db'));
  try {
    const boxes = db.prepare('SELECT m.id AS id, role FROM mailbox m JOIN account a ON a.id = m.account WHERE a.address = ? AND m.sync = 1 ORDER BY m.role = 1 DESC, m.id').all(side.person.mail);
    change(db, boxes[0].id, boxes[1].id);
  } finally {
    db.close();
  }
  await postroom.serve();
  client = await postroom.signIn();
}

const agree = (side) => until(`${side.name} to agree`, async () => {
  const full = await postroom.run('sync', side.person.mail, '--full', '--json');
  assert.equal(full.status, 0, full.err);
  const ignore = (await org.control('folders', { person: side.person.mail })).filter((f) => /^(Calendar|Contacts|Tasks|Notes|Journal)/.test(f));
  const found = await differences({ postroom, client, account: side.account, org, person: side.person, keywords: side.keywords, ignore });
  side.found = found;
  return found.length === 0;
}, { ms: 60000, every: 500 }).catch((error) => { throw new Error(`${error.message}: ${side.found?.slice(0, 10).join('; ')}\n${postroom.log().slice(-3000)}`); });

const idsOf = async (side) => (await here(client, side.account, { bytes: false })).map((e) => e.id).sort();

for (const side of sides)
  test(`${side.name}: damaged rows are named, mended and fetched anew`, { timeout: 300000 }, async () => {
    for (let n = 0; n < 5; n++) await org.control('append', { person: side.person.mail, folder: 'INBOX', message: `Message-ID: <kept${n}@test>\nSubject: Kept ${n}\n\nText ${n}\n` });
    await org.control('createFolder', { person: side.person.mail, folder: 'Elsewhere' });
    await agree(side);
    const before = await idsOf(side);
    const logged = postroom.log().length;
    let lost = 0;
    await damaged(side, (db, inbox, other) => {
      const rows = db.prepare('SELECT uid, email FROM remote WHERE mailbox = ? AND email IS NOT NULL ORDER BY uid LIMIT 4').all(inbox);
      lost = 2; // places that were forgotten
      for (const { uid } of rows.slice(0, lost)) db.prepare('DELETE FROM remote WHERE mailbox = ? AND uid = ?').run(inbox, uid);
      db.prepare('INSERT INTO remote(mailbox, uid, email, bits) VALUES(?, 900001, NULL, 0)').run(inbox); // a message that never was
      db.prepare('INSERT INTO member(mailbox, ord, email, thread, bits) SELECT ?, ord, id, thread, bits FROM email WHERE id = ?').run(other, rows[2].email); // in a folder where it is not
      for (const sql of ['UPDATE remote SET bits = (bits | 5) - (bits & 5) WHERE email = ?', 'UPDATE email SET bits = (bits | 5) - (bits & 5) WHERE id = ?', 'UPDATE member SET bits = (bits | 5) - (bits & 5) WHERE email = ?']) db.prepare(sql).run(rows[3].email);
    });
    await agree(side);
    assert.deepEqual(await idsOf(side), before);
    const named = [...postroom.log().slice(logged).matchAll(/sync\.differed.*?missing\D+(\d+)\D+surplus\D+(\d+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
    assert.ok(named.some(([missing, surplus]) => missing === lost && surplus === 1), postroom.log().slice(-3000));
    assert.match(postroom.log().slice(logged), /sync\.mended/);
    for (const { name, localCount, serverCount, reconciledAt } of (await postroom.settled(side.person.mail)).mailboxes) {
      assert.equal(localCount, serverCount, name);
      if (serverCount > 0) assert.ok(reconciledAt, name);
    }
    await damaged(side, (db, inbox) => { db.prepare('UPDATE mailbox SET uidvalidity = uidvalidity + 1 WHERE id = ?').run(inbox); });
    await agree(side);
    assert.deepEqual(await idsOf(side), before);
  });

test('a role that a person chose stays: over passes, restarts, renames and a refused deletion', { timeout: 300000 }, async () => {
  const roles = async () => Object.fromEntries((await client.call('Mailbox/get', { accountId, ids: null })).list.filter((m) => m.role).map((m) => [m.role, m.name]));
  await org.control('createFolder', { person: anna.mail, folder: 'Bin' });
  await until('the folder', async () => { await postroom.run('sync', anna.mail); return box('Bin'); }, { ms: 60000 });
  const [bin, own, before] = [await box('Bin'), await box('Deleted Items'), await roles()];
  assert.equal(before.trash, 'Deleted Items');
  const set = (update) => client.call('Mailbox/set', { accountId, update });
  assert.deepEqual(Object.keys((await set({ [bin.id]: { role: 'trash' } })).notUpdated), [bin.id], 'one folder has it');
  assert.equal(Object.keys((await set({ [bin.id]: { role: 'trash' }, [own.id]: { role: null } })).updated).length, 2);
  await postroom.run('sync', anna.mail, '--full');
  await postroom.stop();
  await postroom.serve();
  client = await postroom.signIn();
  await postroom.run('sync', anna.mail);
  assert.deepEqual(await roles(), { ...before, trash: 'Bin' });
  await org.control('renameFolder', { person: anna.mail, folder: 'Bin', to: 'Dustbin' });
  await until('the new name', async () => { await postroom.run('sync', anna.mail); return box('Dustbin'); }, { ms: 60000 });
  assert.deepEqual(await roles(), { ...before, trash: 'Dustbin' });
  await org.control('addFault', { service: 'imap', kind: 'no', person: anna.mail, command: 'DELETE', reply: '[CANNOT] Not this one' });
  await client.call('Mailbox/set', { accountId, destroy: [bin.id] });
  await until('the deletion to be undone', async () => (await box('Dustbin'))?.id === bin.id, { ms: 60000 });
  await org.control('clearFaults');
  await postroom.run('sync', anna.mail);
  assert.deepEqual(await roles(), { ...before, trash: 'Dustbin' });
  await org.control('deleteFolder', { person: anna.mail, folder: 'Dustbin' });
  await until('the server’s own Trash to be it again', async () => { await postroom.run('sync', anna.mail); return (await roles()).trash === 'Deleted Items'; }, { ms: 60000 });
  assert.deepEqual(await roles(), before);
});

test('what mail says does not reach the terminal as commands to it', { timeout: 300000 }, async () => {
  await org.control('append', { person: anna.mail, message: 'From: \x1b[2J <x@elsewhere.example>\nSubject: Bells \x07\x1b]0;whistles\x07 \x9b31m\n\nText\n' });
  await until('the mail', async () => (await client.call('Email/query', { accountId, filter: { subject: 'whistles' } })).ids.length === 1, { ms: 60000 });
  const said = postroom.must('search', anna.mail, 'whistles');
  assert.match(said, /Bells.*whistles/);
  assert.doesNotMatch(said, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

test('a folder that is not opened is named, and the others stay live', { timeout: 300000 }, async () => {
  await postroom.settled(anna.mail);
  const logged = postroom.log().length;
  await org.control('addFault', { service: 'imap', kind: 'no', person: anna.mail, command: 'SELECT', folder: 'Archive', reply: 'Not today' });
  for (const folder of ['Archive', 'Drafts', 'INBOX']) await org.control('append', { person: anna.mail, folder, message: `Message-ID: <news-${folder}@test>\nSubject: News\n\nText\n` });
  await postroom.run('sync', anna.mail);
  await until('the refusal to be said', () => /sync\.differs.*refused=1\b/.test(postroom.log().slice(logged)), { ms: 60000 });
  const { state, error } = await postroom.settled(anna.mail, { state: 'retrying' });
  assert.deepEqual([state, error.code, error.detail], ['retrying', 'folder-refused', 'Archive']);
  assert.match(postroom.must('account', 'status', anna.mail), /^ {2}The mail server does not open .*\(Archive\)\n {2}next attempt: 20\d\d-/m);
  const doctor = JSON.parse(postroom.command(['doctor', '--json']).out).checks.filter((c) => c.check === `account ${anna.mail}`);
  assert.match(doctor[0].text, /\(Archive\)$/);
  const news = async () => (await client.call('Email/query', { accountId, filter: { subject: 'News' } })).ids.length;
  await until('the news of the others', async () => await news() === 2, { ms: 60000 });
  assert.doesNotMatch(postroom.log().slice(logged), /refused=([2-9]|1\d)/);
  await org.control('clearFaults');
  const healed = await postroom.settled(anna.mail);
  assert.equal(healed.error, null);
  assert.equal(await news(), 3);
  for (const { name, localCount, serverCount } of healed.mailboxes) assert.equal(localCount, serverCount, name);
});
