// A real Dovecot whose personal folders are all below "INBOX." and which shares others: roles, names and new folders are as a person
// expects, and what is shared has no role.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { PASSWORD, addressOf, startCrowd } from '../../bench/crowd.mjs';
import { ImapClient } from '../../dev/mail/imap-client.mjs';
import { until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

const namespaces = (base) => `namespace inbox {
  inbox = yes
  prefix = INBOX.
  separator = .
}
namespace shared {
  type = public
  prefix = shared.
  separator = .
  location = maildir:${base}/mail/public
  subscriptions = no
  mailbox Drafts {
    special_use = \\Drafts
  }
}
`;

let crowd, other, postroom, client, accountId;

before(async () => {
  crowd = await startCrowd({ accounts: 2, namespaces });
  other = await ImapClient.connect({ port: crowd.ports.imaps, ca: readFileSync(crowd.caFile) });
  await other.must(`LOGIN ${addressOf(1)} ${PASSWORD}`);
  for (const name of ['INBOX.Sent', 'INBOX.Trash', 'INBOX.Work', 'INBOX.Work.One', 'shared.Sent', 'shared.Drafts']) await other.must(`CREATE ${name}`);
  postroom = new Postroom();
  postroom.addUser();
  postroom.must('account', 'add', addressOf(1), '--owner', ADMIN.email, '--imap', `imaps://localhost:${crowd.ports.imaps}`, '--smtp', `smtp://localhost:${crowd.ports.lmtp}`,
    '--password-file', postroom.file('pw', `${PASSWORD}\n`), '--ca-file', crowd.caFile);
  await postroom.serve();
  client = await postroom.signIn();
  accountId = await client.account(addressOf(1));
  await until('the folders', async () => (await folders()).length >= 7, { ms: 60000 });
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  other?.close?.();
  await crowd?.close();
});

const folders = async () => (await client.call('Mailbox/get', { accountId, ids: null })).list;
const find = async (name, parent = null) => {
  const list = await folders();
  return list.find((m) => m.name === name && (list.find((p) => p.id === m.parentId)?.name ?? null) === parent);
};

test('personal folders stand at the top with their roles, shared ones have none', async () => {
  assert.equal((await find('INBOX')).role, 'inbox');
  assert.equal((await find('Sent')).role, 'sent');
  assert.equal((await find('Trash')).role, 'trash');
  assert.equal((await find('Work')).role, null);
  assert.ok(await find('One', 'Work'));
  const list = await folders();
  assert.deepEqual(list.filter((m) => m.role === 'sent' || m.role === 'drafts').map((m) => m.name), ['Sent']);
  assert.ok(list.some((m) => m.name.endsWith('Drafts')));
});

test('a new folder at the top is below the prefix there, and stays at the top here', { timeout: 300000 }, async () => {
  const { created } = await client.call('Mailbox/set', { accountId, create: { new: { name: 'Ideas', parentId: null } } });
  await until('the folder there', async () => (await other.must('LIST "" "*"')).untagged.some((r) => / INBOX\.Ideas$|"INBOX\.Ideas"$/.test(r.text)), { ms: 60000, every: 200 });
  await postroom.run('sync', addressOf(1));
  assert.equal((await find('Ideas')).id, created.new.id);
  await client.call('Mailbox/set', { accountId, update: { [created.new.id]: { parentId: (await find('Work')).id } } });
  await until('it to move there', async () => (await other.must('LIST "" "*"')).untagged.some((r) => /INBOX\.Work\.Ideas"?$/.test(r.text)), { ms: 60000, every: 200 });
  await client.call('Mailbox/set', { accountId, update: { [created.new.id]: { parentId: null } } });
  await until('it to move back', async () => (await other.must('LIST "" "*"')).untagged.some((r) => / "?INBOX\.Ideas"?$/.test(r.text)), { ms: 60000, every: 200 });
  await postroom.run('sync', addressOf(1));
  assert.equal((await find('Ideas')).id, created.new.id);
});
