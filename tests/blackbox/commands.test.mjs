// The command line of scripts and checks: exit codes, one clear line, JSON shapes, with and without a running server.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

let org, postroom, plain;

before(async () => {
  org = await startOrganisation(['--mails', '30']);
  plain = org.person('plain');
  postroom = new Postroom();
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

const words = () => ['account', 'add', plain.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
  '--password-file', postroom.file('plain', `${plain.password}\n`), '--ca-file', org.caFile];

test('wrong usage is 2, help is 0, a failure is 1 with one line', () => {
  assert.equal(postroom.command(['nonsense']).status, 2);
  assert.equal(postroom.command(['user', 'add']).status, 2);
  assert.equal(postroom.command(['user', 'add', 'a@b.example', '--colour']).status, 2);
  for (const name of ['user add', 'provider set', 'account status', 'sync', 'search', 'token create', 'doctor', 'backup', 'restore', 'export', 'provider test', 'account set', 'serve']) {
    const help = postroom.command([...name.split(' '), '--help']);
    assert.equal(help.status, 0, name);
    assert.match(help.out, /usage|Usage/);
  }
  const failed = postroom.command(['account', 'status', 'nobody@nowhere.example']);
  assert.equal(failed.status, 1);
  assert.equal(failed.err.trim().split('\n').length, 1);
  for (const [args, say] of [[['backup', '/nowhere/x'], /No such file/], [['restore', '/nowhere/x'], /No such file|holds data/], [['export', 'a@b.example', '--maildir', 'x'], /no mailbox with this address/],
    [['provider', 'test', 'microsoft'], /no provider has this name/]]) {
    const { status, err } = postroom.command(args);
    assert.equal(status, 1, args.join(' '));
    assert.match(err, say);
    assert.equal(err.trim().split('\n').length, 1);
  }
});

test('users', () => {
  postroom.addUser();
  assert.deepEqual(postroom.json('user', 'list'), [{ email: ADMIN.email, admin: true }]);
  assert.equal(postroom.command(['user', 'add', ADMIN.email, '--password-file', postroom.file('p', 'long enough\n')]).status, 1);
  assert.match(postroom.command(['user', 'add', 'b@northlight.example', '--password-file', postroom.file('p', 'short\n')]).err, /8/);
  assert.equal(postroom.command(['user', 'add', 'c@northlight.example'], { input: 'from a pipe\n' }).status, 0);
  postroom.must('user', 'passwd', 'c@northlight.example', '--password-file', postroom.file('p', 'another one 5\n'));
  postroom.must('user', 'remove', 'c@northlight.example');
  assert.equal(postroom.json('user', 'list').length, 1);
});

test('the data directory and the key are private', () => {
  assert.equal(statSync(postroom.data).mode & 0o777, 0o700);
  assert.equal(statSync(postroom.env.POSTROOM_SERVER_KEY_FILE).mode & 0o777, 0o600);
  assert.equal(postroom.env.POSTROOM_SERVER_KEY_FILE.startsWith(postroom.data), false);
});

test('a mailbox by password: add, sync, status, search, without a server', () => {
  postroom.must(...words());
  const { accounts: [result] } = postroom.json('sync', plain.mail);
  assert.equal(result.email, plain.mail);
  assert.deepEqual(result.errors, []);
  for (const key of ['fetched', 'bytes', 'flagsChanged', 'removed', 'seconds']) assert.equal(typeof result[key], 'number', key);
  const status = postroom.status(plain.mail);
  for (const key of ['email', 'provider', 'state', 'error', 'emails', 'bytes', 'lastSync', 'mailboxes']) assert.ok(key in status, key);
  assert.equal(status.state, 'idle');
  assert.equal(status.provider, null);
  assert.equal(status.emails, result.fetched);
  assert.deepEqual(postroom.json('account', 'list').map((a) => a.email), [plain.mail]);
  const again = postroom.json('sync', plain.mail).accounts[0];
  assert.equal(again.fetched, 0);
  const found = postroom.json('search', plain.mail, 'nothinglikethis');
  assert.deepEqual([found.total, found.ids], [0, []]);
  assert.equal(typeof found.ms, 'number');
});

test('a command waits for another one that has the data directory', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, () => postroom.run('account', 'list', '--json')));
  assert.deepEqual(all.map((done) => done.status), [0, 0, 0, 0, 0, 0], all.map((done) => done.err).join(''));
  const holder = spawn('flock', [path.join(postroom.data, 'lock'), 'sleep', '1'], { stdio: 'ignore' });
  const gone = new Promise((resolve) => holder.once('exit', resolve));
  await until('the lock to be held', () => spawnSync('flock', ['-n', path.join(postroom.data, 'lock'), 'true']).status !== 0);
  await postroom.serve();
  await gone;
  await postroom.stop();
});

test('the same commands are served by a running server', async () => {
  await postroom.serve();
  assert.equal(postroom.json('user', 'list').length, 1);
  assert.equal(postroom.status(plain.mail).email, plain.mail);
  assert.equal((await postroom.run('sync', plain.mail, '--json')).status, 0);
  const second = postroom.command(['serve']);
  assert.equal(second.status, 1);
  assert.match(second.err, /another Postroom/);
  assert.equal(statSync(path.join(postroom.data, 'control')).mode & 0o777, 0o600);
  assert.match(postroom.command(['key', 'rotate']).err, /stop the server/);
});

test('a token signs in to JMAP until it is revoked', async () => {
  const { out } = postroom.command(['token', 'create', ADMIN.email, '--name', 'script']);
  const token = out.trim();
  const ask = () => fetch(`${postroom.url}/.well-known/jmap`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal((await ask()).status, 200);
  const basic = await fetch(`${postroom.url}/.well-known/jmap`, { headers: { Authorization: `Basic ${Buffer.from(`${ADMIN.email}:${token}`).toString('base64')}` } });
  assert.equal(basic.status, 200);
  const [{ id }] = postroom.json('token', 'list');
  postroom.must('token', 'revoke', String(id));
  assert.equal((await ask()).status, 401);
});

test('doctor speaks JSON and finds nothing wrong with a sound installation', () => {
  const { status, out } = postroom.command(['doctor', '--json']);
  const report = JSON.parse(out);
  assert.equal(status, report.ok ? 0 : 1);
  assert.ok(report.ok, out);
  assert.ok(report.checks.length >= 4);
});

test('RFC 8621, 9.1: the administrator turns guessing of charsets off', async () => {
  await postroom.stop();
  const keep = postroom.env;
  const name = 'POSTROOM_MAIL_GUESS_CHARSETS';
  postroom.env = { ...keep, [name]: 'maybe' };
  assert.match(postroom.command(['doctor']).err, /guess_charsets = "maybe": yes or no is wanted/);
  for (const [guess, text] of [['yes', 'café'], ['no', 'caf\ufffd\ufffd']]) {
    postroom.env = { ...keep, [name]: guess };
    await postroom.serve();
    const client = await postroom.signIn(), accountId = await client.account(plain.mail);
    const { blobId } = await client.upload(accountId, Buffer.from('Subject: x\r\n\r\ncafé'));
    const { parsed } = await client.call('Email/parse', { accountId, blobIds: [blobId], fetchTextBodyValues: true });
    const [value] = Object.values(parsed[blobId].bodyValues);
    assert.deepEqual([value.value, value.isEncodingProblem], [text, guess === 'no']);
    await postroom.stop();
  }
  postroom.env = keep;
});

test('after a key rotation everything still opens', () => {
  const before = readFileSync(postroom.env.POSTROOM_SERVER_KEY_FILE, 'utf8');
  postroom.must('key', 'rotate');
  assert.notEqual(readFileSync(postroom.env.POSTROOM_SERVER_KEY_FILE, 'utf8'), before);
  assert.deepEqual(postroom.json('sync', plain.mail).accounts[0].errors, []);
});

test('without the right key nothing secret opens, and the mail stays', () => {
  const other = { ...postroom.env, POSTROOM_SERVER_KEY_FILE: path.join(postroom.dir, 'other/key') };
  const keep = postroom.env;
  postroom.env = other;
  const { status, err } = postroom.command(['sync', plain.mail]);
  assert.equal(status, 1);
  assert.match(err, /key file/);
  postroom.env = keep;
  assert.deepEqual(postroom.json('sync', plain.mail).accounts[0].errors, []);
});

test('removing the last mailbox leaves no trace of its address', () => {
  postroom.must('account', 'remove', plain.mail);
  for (const name of readdirSync(postroom.data)) {
    const file = path.join(postroom.data, name);
    if (existsSync(file) && statSync(file).isFile()) assert.equal(readFileSync(file).includes('workshop@lampworks.example'), false, name);
  }
});
