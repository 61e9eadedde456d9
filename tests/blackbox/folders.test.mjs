// What other clients do with folders and messages: nothing loses its id, nothing is left behind.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startOrganisation, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

let org, anna, postroom, client, accountId;

before(async () => {
  org = await startOrganisation(['--mails', '20']);
  anna = org.person('main');
  postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider(org);
  await postroom.serve();
  client = await postroom.signIn();
  accountId = await client.linked(anna);
  await postroom.settled(anna.mail);
}, { timeout: 120000 });

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
