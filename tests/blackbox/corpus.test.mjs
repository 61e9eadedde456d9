// Real mail, thousands of them: every message of a corpus is delivered into a Dovecot mailbox and synced; none is lost, none is altered, none stops
// the sync, and each opens in the reader. The corpus lies beside the checkout, or where POSTROOM_CORPUS says; without it the tests are skipped.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { corpusMessages } from '../../dev/mail/corpus.mjs';
import { ImapClient, quote } from '../../dev/mail/imap-client.mjs';
import { ROOT, startOrganisation } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

const CORPUS = path.resolve(process.env.POSTROOM_CORPUS ?? path.join(ROOT, '../shared/corpus'));
const skip = existsSync(path.join(CORPUS, 'MANIFEST.tsv')) ? false : `no corpus at ${CORPUS}`;
const FOLDER = 'Corpus';
const BATCH = 100;
const HIGHEST_MEMORY = 600; // MB

let org, postroom, client, person, account;
let delivered = []; // by UID: { uid, topic, file, sha }
let emails = []; // { id, blobId, size }

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

before(async () => {
  if (skip) return;
  org = await startOrganisation(['--mails', '0']);
  person = org.person('plain');
  execFileSync(process.execPath, [path.join(ROOT, 'dev/org.mjs'), 'corpus', '--dir', org.dir, '--to', person.mail, '--folder', FOLDER, CORPUS], { stdio: ['ignore', 'ignore', 'inherit'] });
  // The folder was new, so UIDs count up in the order of delivery.
  delivered = [...corpusMessages([CORPUS])].map(({ file }, i) => ({ uid: i + 1, topic: file.split(path.sep)[0], file }));
  await readServer();
  postroom = new Postroom();
  postroom.addUser();
  await postroom.serve();
}, { timeout: 600000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

/** What Dovecot serves for each UID: the truth that everything is compared with. */
async function readServer() {
  const imap = await ImapClient.connect({ port: org.dovecot.imapPort });
  try {
    await imap.must(`LOGIN ${quote(person.mail)} ${quote(person.password)}`);
    await imap.must(`EXAMINE ${FOLDER}`);
    const { untagged } = await imap.must('UID FETCH 1:* (UID BODY.PEEK[])');
    for (const { text, literals } of untagged) {
      const uid = Number(/\bUID (\d+)/.exec(text)?.[1]);
      if (!uid) continue;
      // Dovecot sends an empty message as "", not as a literal.
      Object.assign(delivered[uid - 1], { sha: sha256(literals[0] ?? ''), size: literals[0]?.length ?? 0 });
    }
  } finally {
    imap.close();
  }
  assert.ok(delivered.every((m) => m.sha), 'Dovecot serves every message that was delivered');
}

const memory = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${postroom.child.pid}/status`, 'utf8'))[1]) / 1024;

/** Under ASan freed memory is kept for a while, and counts. */
function sanitised() {
  try {
    return readFileSync(`/proc/${postroom.child.pid}/maps`, 'utf8').includes('libasan');
  } catch {
    return false;
  }
}

const batches = (list) => Array.from({ length: Math.ceil(list.length / BATCH) }, (_, i) => list.slice(i * BATCH, (i + 1) * BATCH));

test('every message is synced', { skip, timeout: 600000 }, async (t) => {
  const started = Date.now();
  postroom.must('account', 'add', person.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
    '--password-file', postroom.file('plain', `${person.password}\n`), '--ca-file', org.caFile);
  const { mailboxes } = await postroom.settled(person.mail, { ms: 300000 });
  t.diagnostic(`${delivered.length} messages synced in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  const box = mailboxes.find((m) => m.name === FOLDER);
  assert.deepEqual({ server: box.serverCount, here: box.localCount, skipped: box.skipped ?? 0 }, { server: delivered.length, here: delivered.length, skipped: 0 });
  client = await postroom.signIn();
  account = await client.account(person.mail);
  const boxes = await client.mailboxes(account);
  const ids = [];
  for (let more = true; more;) {
    const page = await client.call('Email/query', { accountId: account, filter: { inMailbox: boxes[FOLDER].id }, sort: [{ property: 'receivedAt', isAscending: false }], position: ids.length, limit: 500, calculateTotal: true });
    assert.equal(page.total, delivered.length);
    ids.push(...page.ids);
    more = page.ids.length > 0 && ids.length < page.total;
  }
  assert.equal(new Set(ids).size, delivered.length);
  emails = ids.map((id) => ({ id }));
});

test('the parts and texts of each can be read', { skip, timeout: 600000 }, async (t) => {
  assert.equal(emails.length, delivered.length);
  let parts = 0, texts = 0;
  for (const batch of batches(emails)) {
    const { list, notFound } = await client.call('Email/get', { accountId: account, ids: batch.map((e) => e.id), fetchAllBodyValues: true,
      properties: ['blobId', 'size', 'threadId', 'from', 'subject', 'receivedAt', 'preview', 'keywords', 'bodyStructure', 'bodyValues', 'textBody', 'htmlBody', 'attachments', 'hasAttachment', 'postroom:state'] });
    assert.deepEqual(notFound, []);
    assert.deepEqual(list.map((e) => e.id), batch.map((e) => e.id));
    for (const [i, email] of list.entries()) {
      assert.equal(email['postroom:state'], 'ready', email.id);
      assert.ok(email.bodyStructure && email.blobId, email.id);
      Object.assign(batch[i], { blobId: email.blobId, size: email.size });
      for (const part of [...email.textBody, ...email.htmlBody]) {
        parts++;
        if (!part.type.startsWith('text/')) continue;
        assert.equal(typeof email.bodyValues[part.partId]?.value, 'string', `${email.id} part ${part.partId}`);
        texts++;
      }
    }
  }
  t.diagnostic(`${parts} body parts, ${texts} of them text`);
});

test('each is kept byte for byte as the server has it', { skip, timeout: 600000 }, async (t) => {
  const waiting = new Map(); // sha -> messages
  for (const message of delivered) waiting.set(message.sha, [...(waiting.get(message.sha) ?? []), message]);
  const altered = [];
  for (const email of emails) {
    const bytes = await client.download(account, email.blobId, 'mail.eml', 'message/rfc822');
    email.message = waiting.get(sha256(bytes))?.pop();
    if (!email.message) altered.push(email.id);
    assert.equal(email.size, bytes.length, email.id);
  }
  assert.deepEqual(altered, [], 'mails whose bytes are not those of a message on the server');
  assert.deepEqual([...waiting.values()].flat().map((m) => m.file), [], 'messages of the server that are not here');
  const topics = new Map();
  for (const { message } of emails) topics.set(message.topic, (topics.get(message.topic) ?? 0) + 1);
  for (const [topic, count] of [...topics].sort()) t.diagnostic(`${String(count).padStart(5)} ${topic}`);
});

test('each opens in the reader', { skip, timeout: 600000 }, async (t) => {
  assert.equal(emails.length, delivered.length);
  const closed = [];
  for (const email of emails) {
    const started = process.hrtime.bigint();
    const { list: [view] } = await client.call('EmailView/get', { accountId: account, ids: [email.id] });
    email.ms = Number(process.hrtime.bigint() - started) / 1e6;
    const shows = view?.state === 'ready' && (typeof view.html === 'string' || typeof view.text === 'string') && Array.isArray(view.attachments);
    if (!shows) closed.push(`${email.message?.file ?? email.id}: ${view?.state ?? 'no view'}`);
  }
  assert.deepEqual(closed, []);
  const slowest = [...emails].sort((a, b) => b.ms - a.ms);
  t.diagnostic(`median ${slowest[slowest.length >> 1].ms.toFixed(1)} ms; the slowest ten:`);
  for (const { ms, size, message } of slowest.slice(0, 10)) t.diagnostic(`${ms.toFixed(1).padStart(8)} ms ${String(size).padStart(9)} bytes ${message?.file}`);
});

test('the server is whole, its memory bounded, and nothing was marked as read', { skip, timeout: 600000 }, async (t) => {
  assert.equal(postroom.child.exitCode ?? postroom.child.signalCode, null, 'the server ended');
  const highest = memory();
  t.diagnostic(`highest resident memory ${highest.toFixed(0)} MB`);
  assert.ok(highest < HIGHEST_MEMORY * (sanitised() ? 3 : 1), `${highest} MB`);
  const seen = (await org.control('messages', { person: person.mail, folder: FOLDER })).filter((m) => m.flags.includes('\\Seen'));
  assert.equal(seen.length, 0);
});
