// A server that syncs, is read and is written to again and again: memory, descriptors and threads stay where they are. SOAK_ROUNDS (default 300).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { ROOT, startOrganisation, until } from '../blackbox/support/organisation.mjs';
import { ADMIN, Postroom } from '../blackbox/support/postroom.mjs';

const ROUNDS = Number(process.env.SOAK_ROUNDS ?? 300);
const MESSAGES = 2000;
const GROWTH = 12; // MB between the second and the last quarter: caches fill in the first

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

function sample(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
  // Without core dumps, the list of descriptors is for root only.
  let files = 0;
  try { files = readdirSync(`/proc/${pid}/fd`).length; } catch { /* not root */ }
  return { rss: field('VmRSS') / 1024, peak: field('VmHWM') / 1024, threads: field('Threads'), files };
}

/** What people and other mail programs do to a mailbox, once. */
async function round(serial, { org, postroom, person, client, account, boxes }) {
  const uid = await org.control('append', { person: person.mail, raw: Buffer.from(`From: x@elsewhere.example\r\nTo: ${person.mail}\r\nSubject: Round ${serial}\r\nMessage-ID: <round-${serial}@elsewhere.example>\r\n\r\n${'words and words '.repeat(500)}\r\n`).toString('base64') });
  const pass = await postroom.run('sync', person.mail, '--json');
  assert.equal(pass.status, 0, pass.err);
  const { ids: [id] } = await client.call('Email/query', { accountId: account, filter: { subject: `Round ${serial}` }, limit: 1 });
  assert.ok(id, `the mail of round ${serial} is here after the sync`);
  const { ids } = await client.call('Email/query', { accountId: account, filter: { inMailbox: boxes.inbox.id, text: 'quality' }, position: (serial * 30) % 1000, limit: 30 });
  await client.call('Email/get', { accountId: account, ids, fetchAllBodyValues: true, properties: ['subject', 'bodyValues', 'textBody', 'bodyStructure'] });
  await client.call('EmailView/get', { accountId: account, ids });
  await client.call('Email/set', { accountId: account, update: { [id]: { 'keywords/$seen': true } } });
  await until('the flag to reach the server', async () => (await org.control('messages', { person: person.mail })).find((m) => m.uid === uid)?.flags.includes('\\Seen'), { every: 20 });
  await org.control('expunge', { person: person.mail, uid });
}

test(`${ROUNDS} rounds of sync, reading and writing`, { timeout: 14400000 }, async (t) => {
  const org = await startOrganisation(['--mails', '0']);
  t.after(() => org.close());
  const person = org.person('plain');
  execFileSync(process.execPath, [path.join(ROOT, 'dev/org.mjs'), 'mailbox', '--dir', org.dir, '--person', person.mail, '--messages', String(MESSAGES)]);
  const postroom = new Postroom();
  t.after(() => postroom.close());
  postroom.addUser();
  await postroom.serve();
  postroom.must('account', 'add', person.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
    '--password-file', postroom.file('plain', `${person.password}\n`), '--ca-file', org.caFile);
  await postroom.settled(person.mail);
  const client = await postroom.signIn();
  const account = await client.account(person.mail);
  const place = { org, postroom, person, client, account, boxes: await client.mailboxes(account) };
  const samples = [];
  for (let i = 0; i < ROUNDS; i++) {
    await round(i, place);
    samples.push(sample(postroom.child.pid));
  }
  const quarter = (n) => samples.slice(Math.floor(n * ROUNDS / 4), Math.floor((n + 1) * ROUNDS / 4));
  const of = (n, key) => median(quarter(n).map((s) => s[key]));
  const { peak } = samples.at(-1);
  t.diagnostic(`resident memory by quarter: ${[0, 1, 2, 3].map((n) => of(n, 'rss').toFixed(1)).join(', ')} MB; highest ${peak.toFixed(1)} MB; descriptors ${[0, 3].map((n) => of(n, 'files')).join(' to ')}; threads ${[0, 3].map((n) => of(n, 'threads')).join(' to ')}`);
  assert.ok(of(3, 'rss') - of(1, 'rss') <= GROWTH, 'memory grows');
  assert.ok(of(3, 'files') - of(1, 'files') <= 4, 'descriptors leak');
  assert.ok(of(3, 'threads') - of(1, 'threads') <= 2, 'threads leak');
});
