// A folder deleted and made anew at the server, with the same mail, with half of it, with other mail: another UIDVALIDITY. What is the same keeps
// its id and its keywords and is not brought again: the bytes are counted at a proxy. At Dovecot itself and at the front like Exchange.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { faults } from '../../dev/fault/faults.mjs';
import { startFaultProxy } from '../../dev/fault/proxy.mjs';
import { quote } from '../../dev/mail/imap-client.mjs';
import { addAccount, proxiesFor } from './support/behind.mjs';
import { agrees, here, otherClient } from './support/mirror.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const FOLDER = 'Projects';
const MAILS = 8, SIZE = 100000;
const NO_MAIL = ['Calendar', 'Contacts', 'Conversation History', 'Files', 'Journal', 'Notes', 'Outbox', 'Sync Issues', 'Tasks'];

let org, postroom, client;
const closing = [];

before(async () => {
  org = await startOrganisation(['--mails', '3']);
  const front = await startFaultProxy({ to: { port: org.imap.port } });
  closing.push(front);
  postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider({ ...org, imap: { host: 'localhost', port: front.port } });
  await postroom.serve();
  client = await postroom.signIn();
  org.front = front;
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  for (const proxy of closing) await proxy.close();
  await org?.close();
});

const mail = (id) => Buffer.from(`From: x@elsewhere.example\r\nSubject: ${id}\r\nMessage-ID: <${id}@elsewhere.example>\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\n\r\n${`${id.padEnd(70, '.')}\r\n`.repeat(SIZE / 72)}`);

/** A mailbox with a folder of large mails, all of it here; and its means. */
async function beginning(person, account, proxy, keywords) {
  const what = { postroom, client, account, org, person, keywords, ignore: keywords ? [] : NO_MAIL };
  const dir = path.join(org.dovecot.maildirRoot, person.upn, 'mail', FOLDER);
  const imap = await otherClient(org, person);
  await imap.must(`CREATE ${quote(FOLDER)}`);
  for (let i = 0; i < MAILS; i++) {
    const { status, text } = await imap.append(FOLDER, mail(`kept-${i}`), i % 2 ? ['\\Seen', '\\Flagged'] : []);
    assert.equal(status, 'OK', text);
  }
  await agrees(what);
  const words = { 'keywords/blue': true, 'keywords/$answered': true };
  const mine = async () => (await here(client, account)).filter((e) => e.folders.includes(FOLDER));
  await client.call('Email/set', { accountId: account, update: Object.fromEntries((await mine()).map((e) => [e.id, words])) });
  await agrees(what);
  const bytes = () => proxy.connections.reduce((sum, c) => sum + c.bytes.server, 0);
  return { what, dir, imap, proxy, mine, bytes };
}

async function validityOf(imap) {
  const { untagged } = await imap.must(`STATUS ${quote(FOLDER)} (UIDVALIDITY)`);
  return Number(/UIDVALIDITY (\d+)/.exec(untagged[0].text)[1]);
}

/** Deletes the folder and makes it again with those of its files that `keep` wants, dates and flags as they were; Postroom sees the end of it only. */
async function renew({ imap, dir, proxy }, keep, added = []) {
  proxy.always(faults.hangUp());
  proxy.drop();
  const old = await validityOf(imap);
  const saved = `${dir}.saved`;
  spawnSync('cp', ['-a', dir, saved]);
  // A session that looks at the folder while it goes may leave its directory behind.
  await until('a new folder', async () => {
    await imap.command(`DELETE ${quote(FOLDER)}`);
    return (await imap.command(`CREATE ${quote(FOLDER)}`)).status === 'OK';
  });
  for (const name of readdirSync(path.join(saved, 'cur')).filter(keep)) spawnSync('cp', ['-a', path.join(saved, 'cur', name), path.join(dir, 'cur')]);
  if (existsSync(path.join(saved, 'dovecot-keywords'))) spawnSync('cp', ['-a', path.join(saved, 'dovecot-keywords'), dir]);
  rmSync(saved, { recursive: true });
  for (const id of added) await imap.append(FOLDER, mail(id));
  assert.notEqual(await validityOf(imap), old);
  proxy.always();
}

const byMessage = (list) => new Map(list.map((e) => [e.messageId, e]));

async function settle({ what }) {
  await postroom.run('sync', what.person.mail);
  await agrees(what);
  await postroom.settled(what.person.mail);
}

async function story(person, account, proxy, keywords) {
  const at = await beginning(person, account, proxy, keywords);
  const { mine, bytes, imap } = at;
  try {
    const first = byMessage(await mine());
    assert.equal(first.size, MAILS);
    assert.ok([...first.values()].every((e) => e.flags.includes('blue')), 'the keywords');

    let before = bytes();
    await renew(at, () => true);
    await settle(at);
    const same = await mine();
    assert.deepEqual(same.map((e) => [e.messageId, e.id, e.sha, e.flags]).sort(), [...first.values()].map((e) => [e.messageId, e.id, e.sha, e.flags]).sort());
    assert.ok(bytes() - before < SIZE, `${bytes() - before} bytes for the same mail`);

    before = bytes();
    const half = new Set([...readdirSync(path.join(at.dir, 'cur'))].sort().slice(0, MAILS / 2));
    await renew(at, (name) => half.has(name), ['new-0', 'new-1']);
    await settle(at);
    const mixed = await mine();
    assert.equal(mixed.length, MAILS / 2 + 2);
    for (const e of mixed.filter(({ messageId }) => first.has(messageId))) assert.deepEqual([e.id, e.sha, e.flags], [first.get(e.messageId).id, first.get(e.messageId).sha, first.get(e.messageId).flags]);
    assert.ok(bytes() - before < 3 * SIZE, `${bytes() - before} bytes for two new mails`);

    await renew(at, () => false, ['other-0', 'other-1']);
    await settle(at);
    const other = await mine();
    assert.deepEqual(other.map((e) => e.messageId).sort(), ['other-0@elsewhere.example', 'other-1@elsewhere.example']);
    assert.ok(other.every((e) => !mixed.some((m) => m.id === e.id)), 'other mail has ids of its own');
  } finally {
    imap.close();
  }
}

test('a folder made anew', { timeout: 300000, concurrency: true }, (t) => Promise.all([
  t.test('at Dovecot', async () => {
    const person = org.person('plain');
    const proxies = await proxiesFor(org);
    closing.push(proxies);
    const account = await addAccount({ postroom, client, org, person, proxies });
    await story(person, account, proxies.imap, true);
  }),
  t.test('at a server that behaves like Exchange', async () => {
    const person = org.person('james.okafor@northlight.example');
    await story(person, await client.linked(person), org.front, false);
  }),
]));
