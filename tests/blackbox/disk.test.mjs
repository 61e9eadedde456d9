// A full disk: a clear state, no crash, nothing acknowledged is lost, and the sync goes on by itself once there is room again.
//
// The data directory lies on a small tmpfs where root can mount one; and, for everyone, its files may not grow beyond a limit (RLIMIT_FSIZE).

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { ROOT, startOrganisation, temporary, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

const MESSAGES = 120;
const SIZE = 200000; // of a message; random, so that compression gains little
const SMALL = 12; // MB the data directory may take at first

let org, person;
const wanted = new Map(); // sha -> subject

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const works = (program, ...words) => spawnSync(program, words, { stdio: 'ignore' }).status === 0;

/** The same noise in every run. */
function noise(serial) {
  const cipher = createCipheriv('aes-128-ctr', createHash('md5').update(`disk ${serial}`).digest(), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(Math.floor(SIZE * 3 / 4))).toString('base64').replace(/.{76}/g, '$&\r\n');
}

before(async () => {
  org = await startOrganisation(['--mails', '0']);
  person = org.person('plain');
  const { dir, remove } = temporary('mails');
  const files = Array.from({ length: MESSAGES }, (_, i) => {
    const text = `From: x@elsewhere.example\r\nTo: ${person.mail}\r\nSubject: Full ${i}\r\nMessage-ID: <full-${i}@elsewhere.example>\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${noise(i)}\r\n`;
    wanted.set(sha256(text), i);
    writeFileSync(path.join(dir, String(i)), text);
    return path.join(dir, String(i));
  });
  execFileSync(process.execPath, [path.join(ROOT, 'dev/org.mjs'), 'deliver', '--dir', org.dir, '--to', person.mail, '--folder', 'Archive', ...files]);
  remove();
}, { timeout: 300000 });

after(() => org?.close());

function tmpfs(postroom) {
  mkdirSync(postroom.data, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL}m,mode=0700`, 'postroom-test', postroom.data]);
  return {
    tighten() {},
    fill() {
      const { bavail, bsize } = statfsSync(postroom.data);
      spawnSync('dd', ['if=/dev/zero', `of=${path.join(postroom.data, 'ballast')}`, `bs=${bsize}`, `count=${bavail + 1}`], { stdio: 'ignore' });
    },
    free: () => execFileSync('mount', ['-o', 'remount,size=400m', postroom.data]),
    release: () => execFileSync('umount', ['-l', postroom.data]),
  };
}

/** A limit on the size of each file of the running server; a start lifts it. */
function fileLimit(postroom) {
  const limit = (bytes) => execFileSync('prlimit', ['--pid', String(postroom.child.pid), `--fsize=${bytes}:unlimited`]);
  return { tighten: () => limit(SMALL << 20), free: () => limit('unlimited'), release() {} };
}

function canMount() {
  const { dir, remove } = temporary('mount');
  const can = works('mount', '-t', 'tmpfs', '-o', 'size=1m', 'postroom-test', dir) && works('umount', dir);
  remove();
  return can;
}

async function start(postroom, room) {
  postroom.addUser();
  await postroom.serve();
  const client = await postroom.signIn();
  room.tighten();
  postroom.must('account', 'add', person.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
    '--password-file', postroom.file('plain', `${person.password}\n`), '--ca-file', org.caFile);
  return client;
}

async function saysDiskFull(postroom) {
  let status;
  await until('the end of the space', () => {
    status = postroom.status(person.mail);
    return status.error?.code === 'disk-full';
  }, { ms: 30000, every: 200 }).catch((error) => assert.fail(`${error.message}: ${JSON.stringify(status)} ${postroom.log().slice(-1500)}`));
  assert.ok(['retrying', 'error'].includes(status.state), status.state);
  assert.match(status.error.title, /disk .* is full/i);
  assert.match(status.error.action, /free space/i);
  return status;
}

/** The shas of the messages that are here whole; each must open. */
async function whole(client, account) {
  const boxes = await client.mailboxes(account);
  const { ids } = await client.call('Email/query', { accountId: account, filter: { inMailbox: boxes.archive.id }, limit: 500 });
  const { list } = await client.call('Email/get', { accountId: account, ids, properties: ['blobId', 'keywords', 'postroom:state'] });
  const ready = list.filter((e) => e['postroom:state'] === 'ready');
  const shas = [];
  for (const email of ready) shas.push(sha256(await client.download(account, email.blobId)));
  return { ids, ready, shas, flagged: list.filter((e) => e.keywords.$flagged).map((e) => e.id) };
}

/** Flags mails while the disk is full: each is either acknowledged or refused with an error. Those acknowledged. */
async function flagSome(client, account, ids) {
  const acknowledged = [];
  for (const id of ids.slice(0, 5)) {
    const [[name, result]] = await client.calls([['Email/set', { accountId: account, update: { [id]: { 'keywords/$flagged': true } } }]]);
    if (name === 'Email/set' && result.updated && id in result.updated) acknowledged.push(id);
    else assert.ok((name === 'error' ? result : result.notUpdated?.[id])?.type, `${name} ${JSON.stringify(result)}`);
  }
  return acknowledged;
}

const alive = (postroom) => assert.equal(postroom.child.exitCode ?? postroom.child.signalCode, null, `the server ended: ${postroom.log().slice(-1000)}`);

/** On a disk without a free byte the server starts, or says in one line why it cannot. */
async function startsOrSaysWhy(postroom) {
  try {
    await postroom.serve();
    return true;
  } catch (error) {
    assert.match(error.message, /the server ended \(1\)[^]*disk/, error.message);
    return false;
  }
}

async function story(t, postroom, room) {
  let client = await start(postroom, room);
  const { mailboxes } = await saysDiskFull(postroom);
  alive(postroom);
  const account = await client.account(person.mail);
  const { list: [linked] } = await client.call('LinkedAccount/get', { accountId: client.user.id, ids: [account] });
  assert.equal(linked.problem.code, 'disk-full');
  const partly = await whole(client, account);
  t.diagnostic(`full after ${partly.ready.length} of ${MESSAGES} messages, ${partly.ids.length} listed; ${mailboxes.length} mailboxes`);
  assert.ok(partly.ready.length < MESSAGES, 'the space was enough for everything: the test shows nothing');
  assert.ok(partly.shas.every((sha) => wanted.has(sha)), 'a message is here in part only');
  const flagged = await flagSome(client, account, partly.ids);
  alive(postroom);
  if (room.fill) {
    room.fill();
    await postroom.kill();
    t.diagnostic(`start on the full disk: ${(await startsOrSaysWhy(postroom)) ? 'serves' : 'refused with a reason'}`);
  }
  room.free();
  if (postroom.child.exitCode !== null) await postroom.serve();
  await postroom.settled(person.mail, { ms: 150000 });
  client = await postroom.signIn();
  const all = await whole(client, account);
  assert.deepEqual([...all.shas].sort(), [...wanted.keys()].sort(), 'every message, once, byte for byte');
  assert.deepEqual(flagged.filter((id) => !all.flagged.includes(id)), [], 'acknowledged flags that were lost');
  assert.equal(postroom.status(person.mail).error, null);
}

const rooms = [
  ['a data directory without room', tmpfs, canMount() ? false : 'mounting a tmpfs needs root'],
  ['files that may not grow', fileLimit, works('prlimit', '--version') ? false : 'prlimit of util-linux is not there'],
];
for (const [name, make, skip] of rooms) {
  test(`${name}: disk-full is said, nothing is lost, and the sync goes on by itself`, { skip, timeout: 300000 }, async (t) => {
    const postroom = new Postroom();
    const room = make(postroom);
    t.after(async () => {
      await postroom.stop();
      room.release();
      await postroom.close();
    });
    await story(t, postroom, room);
  });
}
