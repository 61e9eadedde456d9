// Backup of a server that is being used, restore, and what the next sync makes of it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';

import { startLinked } from './support/linked.mjs';
import { sleep, until } from './support/organisation.mjs';
import { PROGRAM, Postroom } from './support/postroom.mjs';

let org, postroom, client, anna, close;

before(async () => { ({ org, postroom, client, person: anna, close } = await startLinked('main', { mails: 150 })); }, { timeout: 300000 });

after(() => close?.());

const files = (name) => path.join(postroom.dir, 'files', name);

/** A Postroom of its own out of a backup, with the same key file unless told otherwise. */
function restored(file, { key = postroom.env.POSTROOM_SERVER_KEY_FILE } = {}) {
  const other = new Postroom({ env: { POSTROOM_SERVER_KEY_FILE: key } });
  return { other, ...other.command(['restore', file]) };
}

/** Folder by folder: Message-IDs and flags as Postroom has them, sorted. */
async function here(server, person) {
  const browser = await server.signIn();
  const accountId = await browser.account(person.mail);
  const { list: boxes } = await browser.call('Mailbox/get', { accountId, ids: null });
  const all = {};
  for (const box of boxes) {
    const { ids } = await browser.call('Email/query', { accountId, filter: { inMailbox: box.id } });
    const { list } = await browser.call('Email/get', { accountId, ids, properties: ['messageId', 'keywords'] });
    all[`${box.name}`] = list.map((m) => `${m.messageId?.[0]} ${m.keywords.$seen ? 'seen' : ''} ${m.keywords.$flagged ? 'flagged' : ''}`).sort();
  }
  return all;
}

/** The same of the real server. */
async function there(person) {
  const all = {};
  for (const name of await org.control('folders', { person: person.mail })) {
    const list = await org.control('messages', { person: person.mail, folder: name }).catch(() => []);
    all[name.split('/').pop().split('.').pop()] = list.map((m) => `${m.messageId?.replace(/[<>]/g, '')} ${m.flags.includes('\\Seen') ? 'seen' : ''} ${m.flags.includes('\\Flagged') ? 'flagged' : ''}`).sort();
  }
  return all;
}

/** Every folder that Postroom shows is as on the server. */
async function agree(server, person) {
  let differing;
  await until('local and remote to agree', async () => {
    const [local, remote] = [await here(server, person), await there(person)];
    const find = (name) => remote[name] ?? Object.entries(remote).find(([k]) => k.toLowerCase() === name.toLowerCase())?.[1];
    differing = Object.keys(local).filter((name) => find(name) && JSON.stringify(find(name)) !== JSON.stringify(local[name]));
    return differing.length === 0 && Object.keys(local).some((name) => find(name)?.length > 0);
  }, { ms: 60000, every: 500 }).catch((error) => { throw new Error(`${error.message}: ${differing}`); });
}

async function compose(to, subject, more = {}) {
  const accountId = await client.account(anna.mail);
  const { drafts } = await client.mailboxes(accountId);
  const { list: [identity] } = await client.call('Identity/get', { accountId, ids: null });
  const results = await client.calls([
    ['Email/set', { accountId, create: { m: { mailboxIds: { [drafts.id]: true }, keywords: { $draft: true, $seen: true }, from: [{ email: anna.mail }], to: [{ email: to }], subject,
      textBody: [{ partId: '1', type: 'text/plain' }], bodyValues: { 1: { value: 'Hello\n' } } } } }],
    ['EmailSubmission/set', { accountId, create: { s: { emailId: '#m', identityId: identity.id, ...more } } }],
  ]);
  assert.ok(results[1][1].created?.s, JSON.stringify(results));
}

test('a backup under live traffic is whole, private, without the key, and comes back', { timeout: 300000 }, async () => {
  let going = true;
  const traffic = (async () => {
    const accountId = await client.account(anna.mail);
    const { ids } = await client.call('Email/query', { accountId, limit: 20 });
    for (let n = 0; going; n += 1) {
      await org.control('append', { person: anna.mail, message: `Message-ID: <live-${n}@x.example>\nSubject: live ${n}\n\n${'x'.repeat(5000)}\n` });
      await client.call('Email/set', { accountId, update: { [ids[n % ids.length]]: { [`keywords/$flagged`]: n % 2 === 0 || null } } });
      if (n % 3 === 0) await client.upload(accountId, Buffer.alloc(20000, n));
    }
  })();
  const names = [];
  for (let n = 0; n < 2; n += 1) {
    const { status, err, out } = await postroom.run('backup', files(`live-${n}`));
    assert.equal(status, 0, err);
    assert.match(out, /\d+ messages, .*does not contain the key file/);
    names.push(files(`live-${n}`));
  }
  going = false;
  await traffic;
  const key = readFileSync(postroom.env.POSTROOM_SERVER_KEY_FILE, 'utf8').trim().split(':')[1];
  for (const name of names) {
    assert.equal(statSync(name).mode & 0o777, 0o600);
    const bytes = readFileSync(name);
    for (const secret of [Buffer.from(key, 'base64'), Buffer.from(key), readFileSync(org.apps[0].clientSecretFile, 'utf8').trim()]) assert.equal(bytes.indexOf(secret), -1);
    assert.ok(!existsSync(`${name}.partial`));
    const { other, status, err } = restored(name);
    assert.equal(status, 0, err);
    /* Every message is there and opens: the export reads them all. */
    const { checks } = JSON.parse(other.command(['doctor', '--json']).out);
    assert.equal(checks.find((c) => c.check === 'data').state, 'ok');
    const exported = other.command(['export', anna.mail, '--maildir', path.join(other.dir, 'out')]);
    assert.ok(exported.status === 0 || /not here yet/.test(exported.err), exported.err);
    if (exported.status === 0) assert.ok(Number(/(\d+) messages written/.exec(exported.out)[1]) > 300, exported.out);
    await other.close();
  }
});

test('a file that is there is never written over, and a foreign partial one is left', async () => {
  const file = files('taken');
  writeFileSync(file, 'precious');
  const { status, err } = postroom.command(['backup', file]);
  assert.equal(status, 1);
  assert.match(err, /is there already/);
  assert.equal(readFileSync(file, 'utf8'), 'precious');
  assert.match(postroom.command(['backup', '/nowhere/at/all']).err, /backup - > FILE/);
});

test('a backup through standard output is the same', () => {
  const child = postroom.command(['backup', '-'], {});
  assert.equal(child.status, 0, child.err);
  assert.ok(child.out.startsWith('Postroom backup\n'));
});

test('damaged, cut, foreign and newer files are refused, and what is there stays', { timeout: 300000 }, async () => {
  const good = files('good');
  postroom.must('backup', good);
  const { other } = restored(good);
  const before = other.must('account', 'list', '--json');
  const damage = {
    'cut off': (f) => truncateSync(f, statSync(f).size - 40),
    'cut off: its end': (f) => truncateSync(f, Math.floor(statSync(f).size / 2)),
    'damaged': (f) => { const b = readFileSync(f); b[b.length >> 1] ^= 1; writeFileSync(f, b); },
    'check sum': (f) => appendFileSync(f, 'x'),
    'not a backup of Postroom': (f) => writeFileSync(f, 'SQLite format 3\0'),
    'not a backup': (f) => writeFileSync(f, ''),
    'newer Postroom': (f) => { const b = readFileSync(f); b.writeUInt32LE(99, 20); writeFileSync(f, b); },
    'by a newer': (f) => { const b = readFileSync(f); b.writeUInt32LE(2, 16); writeFileSync(f, b); },
    'No such file': (f) => rmSync(f),
  };
  for (const [words, spoil] of Object.entries(damage)) {
    const bad = files('bad');
    rmSync(bad, { force: true });
    copyFileSync(good, bad);
    spoil(bad);
    const { status, err } = other.command(['restore', bad, '--replace']);
    assert.equal(status, 1, words);
    assert.match(err, new RegExp(words));
    assert.equal(other.must('account', 'list', '--json'), before);
    assert.ok(!existsSync(path.join(other.data, 'restoring')) && !existsSync(path.join(other.data, 'before-restore')));
  }
  const refused = other.command(['restore', good]);
  assert.equal(refused.status, 1);
  assert.match(refused.err, /--replace/);
  assert.equal(other.command(['restore', good, '--replace']).status, 0);
  assert.ok(existsSync(path.join(other.data, 'before-restore/postroom.db')));
  assert.match(other.command(['restore', good, '--replace']).err, /move it away/);
  assert.match(postroom.command(['restore', good]).err, /stop the server first/);
  await other.close();
});

test('with another key file mail is there, and it says what to do about the secrets', async () => {
  const good = files('key');
  postroom.must('backup', good);
  const { other, status, err } = restored(good, { key: path.join(postroom.dir, 'files', 'other.key') });
  assert.equal(status, 0);
  assert.match(err, /do not open with the key file/);
  assert.equal(other.json('account', 'list')[0].email, anna.mail);
  await other.close();
});

test('kill -9 of the server during a backup: no file, and the next one works', { timeout: 300000 }, async () => {
  const file = files('killed');
  const child = spawn(PROGRAM, ['backup', file, '--data', postroom.data], { env: postroom.env, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await sleep(15);
  await postroom.kill();
  await ended;
  if (existsSync(file)) assert.equal(restored(file).status, 0); /* it was done already */
  await postroom.serve();
  client = await postroom.signIn();
  rmSync(file, { force: true });
  postroom.must('backup', file);
  assert.ok(!existsSync(`${file}.partial`) && !readdirSync(postroom.data).includes('backup.tmp'));
});

test('kill -9 during a restore: the data before, or all of the backup', { timeout: 300000 }, async () => {
  const file = files('for-restore');
  postroom.must('backup', file);
  const whole = JSON.parse(postroom.must('account', 'status', anna.mail, '--json')).emails;
  const { other } = restored(file);
  other.must('user', 'add', 'kept@x.example', '--password-file', other.file('p', 'correct horse 42\n'));
  let olds = 0, news = 0;
  for (let n = 0; n < 7; n += 1) {
    rmSync(path.join(other.data, 'before-restore'), { recursive: true, force: true });
    const child = spawn(PROGRAM, ['restore', file, '--replace', '--data', other.data], { env: other.env, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await sleep(n * 20);
    child.kill('SIGKILL');
    await ended;
    const kept = other.must('user', 'list').includes('kept@x.example');
    if (kept) olds += 1; else news += 1;
    assert.equal(other.json('account', 'list')[0].emails, whole);
    assert.ok(!existsSync(path.join(other.data, 'restoring')) && !existsSync(path.join(other.data, 'restored')));
    if (!kept) other.must('user', 'add', 'kept@x.example', '--password-file', other.file('p', 'correct horse 42\n'));
  }
  assert.ok(olds > 0, `${olds} before, ${news} after`);
  await other.close();
});

/** Directory -> [{ name, bytes, mtime, flags }] of a Maildir++. */
function maildir(root) {
  const folders = ['.', ...readdirSync(root).filter((n) => n.startsWith('.'))];
  return Object.fromEntries(folders.map((f) => [f, readdirSync(path.join(root, f, 'cur')).map((name) => {
    const file = path.join(root, f, 'cur', name);
    return { name, bytes: readFileSync(file), mtime: statSync(file).mtimeMs, flags: name.split(':2,')[1] };
  })]));
}

const LETTERS = { '\\Draft': 'D', '\\Flagged': 'F', '$Forwarded': 'P', '\\Answered': 'R', '\\Seen': 'S' };

test('an export is what Dovecot holds, byte for byte, and a second one adds what is new', { timeout: 300000 }, async () => {
  const dir = files('maildir');
  await org.control('append', { person: anna.mail, message: 'Message-ID: <big@x.example>\nSubject: big\n\n' + 'y'.repeat(3 << 20) });
  await until('the big one here', async () => (await client.call('Email/query', { accountId: await client.account(anna.mail), filter: { subject: 'big' } })).ids.length === 1, { ms: 60000, every: 300 });
  await postroom.settled(anna.mail);
  await agree(postroom, anna);
  const first = postroom.command(['export', anna.mail, '--maildir', dir]);
  assert.equal(first.status, 0, first.err);
  const got = maildir(dir);
  let compared = 0;
  for (const folder of await org.control('folders', { person: anna.mail })) {
    const remote = await org.control('messages', { person: anna.mail, folder, raw: true }).catch(() => []);
    const name = folder === 'INBOX' ? '.' : `.${folder.split(/[/.]/).join('.')}`;
    if (!got[name]) continue; /* folders that hold no mail for people (Calendar, …) */
    const list = (entries) => entries.map(({ bytes, flags, at }) => `${at} ${flags} ${bytes.toString('latin1')}`).sort();
    assert.deepEqual(list(got[name].map((m) => ({ ...m, at: m.mtime / 1000 }))),
      list(remote.map((m) => ({ bytes: Buffer.from(m.raw, 'base64'), flags: Object.keys(LETTERS).filter((f) => m.flags.includes(f)).map((f) => LETTERS[f]).join(''), at: Date.parse(m.date.trim()) / 1000 }))), folder);
    compared += remote.length;
  }
  assert.ok(compared > 100, `${compared}`);
  /* Again: nothing is written anew; a changed flag is a new name. */
  const accountId = await client.account(anna.mail);
  const { ids: [id] } = await client.call('Email/query', { accountId, filter: { subject: 'big' } });
  await client.call('Email/set', { accountId, update: { [id]: { 'keywords/$flagged': true } } });
  assert.match(postroom.must('export', anna.mail, '--maildir', dir), / 0 messages written/);
  assert.ok(maildir(dir)['.'].some((m) => m.bytes.length > 3 << 20 && m.flags.includes('F')));
  /* Not over somebody's files. */
  mkdirSync(files('foreign'));
  writeFileSync(path.join(files('foreign'), 'x'), '');
  assert.match(postroom.command(['export', anna.mail, '--maildir', files('foreign')]).err, /not empty/);
  assert.deepEqual(readdirSync(files('foreign')), ['x']);
});

test('names of folders cannot leave the directory of an export', { timeout: 300000 }, async () => {
  const file = files('hostile');
  postroom.must('backup', file);
  const { other } = restored(file);
  const db = new DatabaseSync(path.join(other.data, 'postroom.db'));
  const rows = db.prepare('SELECT id FROM mailbox WHERE role = 0 OR role > 1 ORDER BY id').all();
  const names = ['../x', '/', '..', '.', '', '/etc/passwd', 'a/../../b', 'x'.repeat(5000), 'new\nline\u0000', '~root', '&AC8-', 'ünï.côde/…', 'cur', '-rf'];
  const put = db.prepare('UPDATE mailbox SET name = ?, parent = ?, selectable = 1 WHERE id = ?');
  rows.slice(0, names.length).forEach(({ id }, n) => put.run(names[n], n % 3 === 2 ? rows[n - 1].id : 0, id));
  /* A ring of parents has no end. */
  put.run('ring', rows.at(-2).id, rows.at(-1).id);
  put.run('ring', rows.at(-1).id, rows.at(-2).id);
  db.close();
  const around = path.join(other.dir, 'around');
  const dir = path.join(around, 'deep', 'out');
  mkdirSync(path.join(around, 'deep'), { recursive: true });
  const { status, err } = other.command(['export', anna.mail, '--maildir', dir]);
  assert.equal(status, 0, err);
  assert.deepEqual(readdirSync(around), ['deep']);
  assert.deepEqual(readdirSync(path.join(around, 'deep')), ['out']);
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    assert.ok(entry.isDirectory() || entry.isFile());
    assert.ok(/^[\x21-\x7e]+$/.test(entry.name.replaceAll(' ', '')), JSON.stringify(entry.name));
  }
  assert.equal(other.command(['export', anna.mail, '--maildir', dir]).status, 0);
  await other.close();
});

test('restored and synced: local and remote agree, and nothing of the old outbox is sent again', { timeout: 300000 }, async () => {
  const accountId = await client.account(anna.mail);
  /* Waiting at the time of the backup: one to be sent later, flag changes and a move that the server is not told yet. */
  const james = 'james.okafor@northlight.example';
  await compose(james, 'from the old outbox', { envelope: { mailFrom: { email: anna.mail, parameters: { HOLDFOR: '6' } }, rcptTo: [{ email: james }] } });
  const pause = async (paused) => {
    const { notUpdated } = await client.call('LinkedAccount/set', { accountId: client.user.id, update: { [accountId]: { paused } } });
    assert.equal(notUpdated ?? null, null);
  };
  await pause(true);
  const { inbox, archive, trash } = await client.mailboxes(accountId);
  const target = archive ?? trash;
  const { ids } = await client.call('Email/query', { accountId, filter: { inMailbox: inbox.id }, limit: 6 });
  await client.call('Email/set', { accountId, update: { [ids[0]]: { 'keywords/$flagged': true }, [ids[1]]: { 'keywords/$seen': true }, [ids[2]]: { mailboxIds: { [target.id]: true } }, [ids[3]]: { mailboxIds: { [target.id]: true } } } });
  const file = files('waiting');
  postroom.must('backup', file);
  const { state: oldState } = await client.call('Email/get', { accountId, ids: [] });

  /* Time goes on: all of that is carried out, and more. */
  await pause(false);
  await until('it is sent', async () => (await org.control('submissions')).some((s) => s.from === anna.mail), { ms: 90000 });
  await postroom.settled(anna.mail);
  await client.call('Email/set', { accountId, update: { [ids[0]]: { 'keywords/$flagged': null } }, destroy: [ids[4]] });
  await org.control('append', { person: anna.mail, message: 'Message-ID: <later@x.example>\nSubject: after the backup\n\nx\n' });
  await agree(postroom, anna);
  const sent = (await org.control('submissions')).length;
  await postroom.stop();

  const words = postroom.command(['restore', file, '--replace']);
  assert.equal(words.status, 0, words.err);
  assert.match(words.out, /1 messages that were waiting to be sent are held back/);
  await postroom.serve();
  client = await postroom.signIn();
  await pause(false);
  await postroom.settled(anna.mail, { ms: 90000 });
  await agree(postroom, anna);
  await org.control('append', { person: anna.mail, message: 'Message-ID: <last@x.example>\nSubject: a round later\n\nx\n' });
  await agree(postroom, anna);
  assert.equal((await org.control('submissions')).length, sent);
  const { list } = await client.call('EmailSubmission/get', { accountId, ids: null });
  assert.equal(list.filter((s) => s.undoStatus === 'pending').length, 0);
  /* Clients of before start anew instead of taking one thing for another. */
  await assert.rejects(client.call('Email/changes', { accountId, sinceState: oldState }), /cannotCalculateChanges/);
  const again = await there(anna);
  for (const [name, list] of Object.entries(again)) assert.equal(new Set(list.map((l) => l.split(' ')[0])).size, list.length, `twice in ${name}`);
});
